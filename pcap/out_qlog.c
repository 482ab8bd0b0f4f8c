/* A qlog of each connection, written as its events come.  Files are parked when
   there are more connections than a process may have open files. */

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "pcap/export.h"
#include "cli/outfile.h"
#include "pcap/trace.h"
#include "qlog/writer.h"

#define QLOG_OPEN_MAX 128 /* files open at one time */
#define QLOG_BUFFER 4096  /* octets in front of each */
#define QLOG_PATH_MAX 4096

typedef struct qlog_file {
  uint32_t number; /* of the connection */
  quic_list lru;   /* those that are open, oldest first */
  bool open;
  struct out_qlog *all;
  cli_outfile *file;
  qlog_writer *writer;
  quic_text text;
  char buffer[QLOG_BUFFER];
} qlog_file;

typedef struct out_qlog {
  qd_output base;
  qd_output_settings settings;
  const char *dir;
  bool compat;
  quic_map files; /* connection number -> qlog_file */
  qlog_file *last;
  quic_list lru;
  size_t nopen;
  uint64_t written;
} out_qlog;

static void qlog_fail(out_qlog *o, const char *path, int error) {
  if (!o->base.error) {
    o->base.error = error;
    qd_export_name(&o->base, path);
  }
}

static void qlog_flush(void *user, const char *data, size_t len) {
  qlog_file *f = user;
  out_qlog *o = f->all;
  quic_text *t = cli_outfile_text(f->file);

  if (!t) {
    return; /* the file keeps the error */
  }
  quic_text_mem(t, data, len);
  if (f->open) {
    quic_list_remove(&f->lru);
  } else {
    f->open = true;
    o->nopen++;
  }
  quic_list_push_back(&o->lru, &f->lru);
  if (o->nopen > QLOG_OPEN_MAX) {
    qlog_file *oldest = QUIC_LIST_ITEM(o->lru.next, qlog_file, lru);

    quic_list_remove(&oldest->lru);
    oldest->open = false;
    o->nopen--;
    cli_outfile_park(oldest->file);
  }
}

static void qlog_let_go(out_qlog *o, qlog_file *f) {
  if (f->open) {
    quic_list_remove(&f->lru);
    o->nopen--;
  }
  (void)quic_map_remove(&o->files, quic_bytes_of(&f->number, 4));
  o->last = o->last == f ? NULL : o->last;
  qlog_writer_del(f->writer);
  cli_outfile_del(f->file);
  quic_mem_free(o->settings.mem, f);
}

/* qlog_odcid writes the original destination connection ID, which is the custom
   name of a connection. */
static void qlog_odcid(quic_text *t, const qd_trace *tr) {
  quic_bytes odcid = qd_trace_odcid(tr);

  if (odcid.len) {
    quic_text_hex(t, odcid);
  } else {
    quic_text_str(t, "unknown");
  }
}

static int qlog_begin(out_qlog *o, qlog_file *f, const qd_trace *tr,
                      quic_time start) {
  char group[2 * QUIC_CID_MAX + 1], path[QLOG_PATH_MAX];
  quic_text t;
  qlog_writer_settings set = {.out = &f->text,
                              .title = "quicdump",
                              .name = "capture",
                              .vantage = QLOG_VANTAGE_NETWORK,
                              .flow = QLOG_VANTAGE_CLIENT,
                              .reference = start,
                              .group = group,
                              .compat = o->compat};
  int error;

  quic_text_init(&t, group, sizeof(group));
  qlog_odcid(&t, tr);
  (void)quic_text_cstr(&t);
  quic_text_init(&t, path, sizeof(path));
  quic_text_str(&t, o->dir);
  quic_text_char(&t, '/');
  quic_text_u64(&t, tr->number);
  quic_text_char(&t, '_');
  quic_text_str(&t, group);
  quic_text_str(&t, o->compat ? "_network.qlog" : "_network.sqlog");
  error = t.cut ? ENAMETOOLONG
                : cli_outfile_new(&f->file, o->settings.mem, quic_text_cstr(&t),
                                  false);
  if (error) {
    qlog_fail(o, quic_text_cstr(&t), error);
    return error;
  }
  f->open = true;
  o->nopen++;
  quic_list_push_back(&o->lru, &f->lru);
  quic_text_init(&f->text, f->buffer, sizeof(f->buffer));
  f->text.flush = qlog_flush;
  f->text.user = f;
  return qlog_writer_new(&f->writer, o->settings.mem, &set) == 0 ? 0 : ENOMEM;
}

static qlog_file *qlog_file_of(out_qlog *o, const qd_trace *tr,
                               quic_time start) {
  qlog_file *f = o->last;

  if (f && f->number == tr->number) {
    return f;
  }
  f = quic_map_get(&o->files, quic_bytes_of(&tr->number, 4));
  if (f || o->base.error) {
    return o->last = f;
  }
  f = quic_mem_zalloc(o->settings.mem, sizeof(*f));
  if (!f) {
    qlog_fail(o, o->dir, ENOMEM);
    return NULL;
  }
  f->number = tr->number;
  f->all = o;
  if (qlog_begin(o, f, tr, start) != 0 ||
      quic_map_put(&o->files, quic_bytes_of(&f->number, 4), f) != 0) {
    qlog_fail(o, o->dir, ENOMEM);
    qlog_let_go(o, f);
    return NULL;
  }
  return o->last = f;
}

static void qlog_event_of(qd_output *out, struct qd_trace *tr,
                          const qlog_event *e) {
  out_qlog *o = (out_qlog *)(void *)out;
  qlog_file *f = qlog_file_of(o, tr, e->time);
  qlog_sink *sink;

  if (f) {
    sink = qlog_writer_sink(f->writer);
    sink->event(sink, e);
  }
}

static void qlog_ended(qd_output *out, struct qd_trace *tr) {
  out_qlog *o = (out_qlog *)(void *)out;
  qlog_file *f = quic_map_get(&o->files, quic_bytes_of(&tr->number, 4));
  int error;

  if (!f) {
    return;
  }
  qlog_writer_finish(f->writer);
  error = cli_outfile_commit(f->file);
  if (error) {
    qlog_fail(o, o->dir, error);
  } else {
    o->written++;
  }
  qlog_let_go(o, f);
}

static void qlog_finish(qd_output *out) {
  out_qlog *o = (out_qlog *)(void *)out;

  if (!o->base.error) {
    qd_export_note(out, "%s: %llu qlog file%s", o->dir,
                   (unsigned long long)o->written, o->written == 1 ? "" : "s");
  }
}

static void qlog_free_file(void *user, quic_bytes key, void *value) {
  out_qlog *o = user;
  qlog_file *f = value;

  (void)key;
  qlog_writer_del(f->writer);
  cli_outfile_del(f->file);
  quic_mem_free(o->settings.mem, f);
}

static void qlog_del(qd_output *out) {
  out_qlog *o = (out_qlog *)(void *)out;

  quic_map_each(&o->files, qlog_free_file, o);
  quic_map_free(&o->files);
  quic_mem_free(o->settings.mem, o);
}

int qd_output_qlog_new(qd_output **out, const qd_output_settings *settings,
                       const char *dir, bool compat) {
  static const uint64_t seed[2] = {0, 0}; /* keys count up from 0 */
  out_qlog *o = quic_mem_zalloc(settings->mem, sizeof(*o));
  struct stat st;

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.event = qlog_event_of;
  o->base.ended = qlog_ended;
  o->base.finish = qlog_finish;
  o->base.del = qlog_del;
  o->settings = *settings;
  o->dir = dir;
  o->compat = compat;
  quic_map_init(&o->files, settings->mem, seed);
  quic_list_init(&o->lru);
  if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
    qlog_fail(o, dir, errno);
  } else if (stat(dir, &st) == 0 && !S_ISDIR(st.st_mode)) {
    qlog_fail(o, dir, ENOTDIR);
  }
  *out = &o->base;
  return 0;
}
