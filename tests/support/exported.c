#include "tests/support/exported.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/described.h"

typedef struct exported_sink {
  exported *e;
  size_t cap;
  quic_text text;
  char buf[4096];
} exported_sink;

static void exported_take(void *user, const char *data, size_t len) {
  exported_sink *s = user;
  exported *e = s->e;

  if (e->len + len >= s->cap) {
    s->cap = 2 * (e->len + len) + 1;
    e->text = realloc(e->text, s->cap);
    if (!e->text) {
      abort();
    }
  }
  memcpy(e->text + e->len, data, len);
  e->len += len;
  e->text[e->len] = '\0';
}

static void exported_start(exported_sink *s, exported *e) {
  memset(e, 0, sizeof(*e));
  memset(s, 0, sizeof(*s));
  s->e = e;
  quic_text_init(&s->text, s->buf, sizeof(s->buf));
  s->text.flush = exported_take;
  s->text.user = s;
  exported_take(s, "", 0);
}

void exported_file(exported *e, const quic_mem *mem, const qv_options *opt,
                   const char *path) {
  exported_sink s;
  qv_context ctx = {.opt = opt, .mem = mem, .path = path, .seed = {11, 12}};
  qv_load_settings set = {.mem = mem, .path = path, .seed = {11, 12}};
  qv_file file;
  qv_out *out;
  int rv;

  exported_start(&s, e);
  ctx.out = &s.text;
  out = qv_out_convert_new(&ctx);
  if (!out) {
    e->status = QV_EXIT_INPUT;
    return;
  }
  rv = qv_load(&set, &out->ops, out, &file);
  if (out->file) {
    out->file(out, &file, rv != 0);
  }
  e->status = out->finish(out);
  if (rv != 0 || out->broken) {
    e->status = QV_EXIT_INPUT;
  }
  out->del(out);
  quic_text_flush(&s.text);
}

void exported_run(exported *e, const quic_mem *mem, const qv_options *opt,
                  const char *text, size_t len) {
  char path[64];
  int fd = memfd_create("qlog", 0);

  if (fd < 0 || write(fd, text, len) != (ssize_t)len) {
    abort();
  }
  (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  exported_file(e, mem, opt, path);
  (void)close(fd);
}

void exported_free(exported *e) {
  free(e->text);
}

static void exported_record(void *user, const qlog_record *record) {
  described_record(user, record);
  quic_text_char(user, '\n');
}

char *exported_described(const char *text, size_t len) {
  static const qlog_reader_ops ops = {NULL, exported_record, NULL};
  const qlog_reader_settings set = {.seed = {1, 2}};
  exported_sink s;
  exported e;
  qlog_reader *r;

  exported_start(&s, &e);
  if (qlog_reader_new(&r, quic_mem_default(), &set, &ops, &s.text) != 0) {
    abort();
  }
  if (qlog_reader_feed(r, quic_bytes_of(text, len)) != 0 ||
      qlog_reader_finish(r) != 0) {
    exported_take(&s, "unreadable\n", 11);
  }
  qlog_reader_del(r);
  quic_text_flush(&s.text);
  return e.text;
}

static void exported_connection_record(void *user, qv_connection *c,
                                       const qlog_record *record) {
  (void)c;
  exported_record(user, record);
}

char *exported_described_file(const char *path, uint32_t *traces) {
  static const qv_load_ops ops = {.record = exported_connection_record};
  qv_load_settings set = {
      .mem = quic_mem_default(), .path = path, .lenient = true};
  exported_sink s;
  exported e;
  qv_file file;

  exported_start(&s, &e);
  if (qv_load(&set, &ops, &s.text, &file) != 0) {
    exported_free(&e);
    return NULL;
  }
  *traces = file.stats.traces;
  quic_text_flush(&s.text);
  return e.text;
}
