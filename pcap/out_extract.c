/* The content of requests and responses as files in a directory. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pcap/export.h"
#include "pcap/request.h"
#include "cli/safename.h"
#include "pcap/show.h"
#include "cli/sink.h"
#include "pcap/trace.h"

#define EXTRACT_OPEN_MAX 64 /* files open at one time */
#define EXTRACT_BUFFER (64 << 10)
/* Octets of one file that the capture has not and that are left out of it as
   holes; behind more of them nothing is written. */
#define EXTRACT_HOLES_MAX (64 << 20)
#define EXTRACT_NUMBERS 4096 /* hash classes of names */
#define EXTRACT_PART ".part"

typedef struct extract_file {
  quic_list lru; /* while open */
  int fd;        /* -1 = closed for now */
  dev_t dev;     /* who it is when it is opened again */
  ino_t ino;
  uint64_t octets;  /* up to here it was written, holes included */
  uint64_t missing; /* octets that the capture has not */
  bool ended;       /* too large holes: nothing more is written */
  bool named;       /* after the request, which was known when it came */
  char name[CLI_SAFENAME_MAX + 1]; /* in the directory */
} extract_file;

typedef struct out_extract {
  qd_output base;
  const quic_mem *mem;
  const char *dir;
  int dirfd;
  bool made;      /* the directory was not there */
  quic_map files; /* extract_key -> extract_file */
  quic_list open; /* oldest first */
  size_t nopen;
  extract_file *owner;               /* whose octets wait in |buffer| */
  size_t waiting;                    /* octets in it */
  uint32_t numbers[EXTRACT_NUMBERS]; /* tried last for names of a class */
  extract_file index_file;
  cli_sink index;
  uint64_t written, parts, octets; /* files, incomplete ones among them */
  uint8_t buffer[EXTRACT_BUFFER];
} out_extract;

/* A message: the number of its request, and its side. */
typedef struct extract_key {
  uint64_t number;
  uint64_t side;
} extract_key;

static quic_bytes extract_key_of(extract_key *key, const qd_request *rq,
                                 qd_side side) {
  key->number = rq->number;
  key->side = side;
  return quic_bytes_of(key, sizeof(*key));
}

/* extract_fail keeps the first error and ends the writing. */
static void extract_fail(out_extract *o, const char *name, int error) {
  if (o->base.error) {
    return;
  }
  o->base.error = error;
  if (*name) {
    char path[sizeof(o->base.subject)];

    snprintf(path, sizeof(path), "%s/%s", o->dir, name);
    qd_export_name(&o->base, path);
  } else {
    qd_export_name(&o->base, o->dir);
  }
}

/* Names. */

/* extract_class spreads names over the counters; who makes them fall together
   gets numbers with holes. */
static size_t extract_class(const cli_safename *base) {
  static const uint64_t seed[2] = {0, 0};
  char buf[2 * CLI_SAFENAME_MAX + 2];
  quic_text t;

  quic_text_init(&t, buf, sizeof(buf));
  cli_safename_text(base, 1, "", &t);
  return (size_t)(quic_siphash(seed, quic_bytes_of(buf, t.len)) %
                  EXTRACT_NUMBERS);
}

/* Takes a name for |f|, unless somebody has it.  Returns 0, EEXIST or another
   errno. */
typedef int extract_try(out_extract *o, extract_file *f, const char *name);

/* extract_pick gives |f| the first name of its kind that is free. */
static int extract_pick(out_extract *o, extract_file *f,
                        const cli_safename *base, const char *suffix,
                        extract_try *take) {
  uint32_t *last = &o->numbers[extract_class(base)];
  uint64_t number = 1;

  for (;;) {
    char name[CLI_SAFENAME_MAX + 1];
    quic_text t;
    int error;

    quic_text_init(&t, name, sizeof(name));
    cli_safename_text(base, number, suffix, &t);
    error = take(o, f, quic_text_cstr(&t));
    if (error == 0) {
      memcpy(f->name, name, sizeof(name));
    }
    if (error != EEXIST) {
      return error;
    }
    number = *last + 2;
    if (number > UINT32_MAX - 2) {
      return EEXIST;
    }
    (*last)++;
  }
}

static int extract_open(const out_extract *o, const char *name, int flags) {
  return openat(o->dirfd, name, flags | O_WRONLY | O_NOFOLLOW | O_CLOEXEC,
                0600);
}

/* extract_final writes |name| without EXTRACT_PART. */
static void extract_final(char *final, const char *name) {
  size_t len = strlen(name) - strlen(EXTRACT_PART);

  memcpy(final, name, len);
  final[len] = '\0';
}

/* extract_create makes |name|, which ends in EXTRACT_PART; the name without
   that must be free, too. */
static int extract_create(out_extract *o, extract_file *f, const char *name) {
  char final[CLI_SAFENAME_MAX + 1];
  struct stat st;

  extract_final(final, name);
  if (fstatat(o->dirfd, final, &st, AT_SYMLINK_NOFOLLOW) == 0) {
    return EEXIST;
  }
  f->fd = extract_open(o, name, O_CREAT | O_EXCL);
  if (f->fd < 0) {
    return errno;
  }
  if (fstat(f->fd, &st) != 0) {
    int error = errno;

    close(f->fd);
    f->fd = -1;
    return error;
  }
  f->dev = st.st_dev;
  f->ino = st.st_ino;
  return 0;
}

/* extract_rename gives |f| the name |name|, without taking it from another. */
static int extract_rename(out_extract *o, extract_file *f, const char *name) {
  if (renameat2(o->dirfd, f->name, o->dirfd, name, RENAME_NOREPLACE) == 0) {
    return 0;
  }
  if (errno != EINVAL && errno != ENOSYS) {
    return errno;
  }
  /* A file system that cannot rename so. */
  if (linkat(o->dirfd, f->name, o->dirfd, name, 0) != 0 ||
      unlinkat(o->dirfd, f->name, 0) != 0) {
    return errno;
  }
  return 0;
}

static void extract_base(const qd_trace *tr, const qd_request *rq, qd_side side,
                         cli_safename *base) {
  const qd_fields *fs = &rq->side[QD_CLIENT].fields;
  quic_bytes authority = qd_fields_find(fs, ":authority");
  quic_bytes path = qd_fields_find(fs, ":path");
  char buf[64];
  quic_text t;

  if (!authority.data) {
    authority = qd_fields_find(fs, "host");
  }
  quic_text_init(&t, buf, sizeof(buf));
  if (authority.len == 0 && path.len == 0) {
    quic_text_printf(&t, "connection-%u-stream-%llu", tr->number,
                     (unsigned long long)rq->stream_id);
    path = quic_bytes_of(buf, t.len);
  }
  cli_safename_init(base, authority, path, side == QD_CLIENT ? ".request" : "");
}

/* Octets. */

static bool extract_put(out_extract *o, const extract_file *f,
                        const uint8_t *data, size_t len, uint64_t at) {
  while (len) {
    ssize_t n = pwrite(f->fd, data, len, (off_t)at);

    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      extract_fail(o, f->name, errno);
      return false;
    }
    data += n;
    len -= (size_t)n;
    at += (uint64_t)n;
  }
  return true;
}

static void extract_close(out_extract *o, extract_file *f) {
  if (f->fd < 0) {
    return;
  }
  /* Some file systems tell only here that there was no room. */
  if (close(f->fd) != 0) {
    extract_fail(o, f->name, errno);
  }
  f->fd = -1;
  quic_list_remove(&f->lru);
  o->nopen--;
}

/* extract_opened notes that |f| has a descriptor, and takes it from the one
   that was used longest ago if there are too many. */
static void extract_opened(out_extract *o, extract_file *f) {
  if (o->nopen == EXTRACT_OPEN_MAX) {
    extract_close(o, QUIC_LIST_ITEM(o->open.next, extract_file, lru));
  }
  quic_list_push_back(&o->open, &f->lru);
  o->nopen++;
}

/* extract_reopen opens a file of ours again, if it still is the same. */
static bool extract_reopen(out_extract *o, extract_file *f) {
  struct stat st;
  int fd;

  if (f->fd >= 0) {
    quic_list_remove(&f->lru);
    quic_list_push_back(&o->open, &f->lru);
    return true;
  }
  fd = extract_open(o, f->name, 0);
  if (fd < 0 || fstat(fd, &st) != 0) {
    extract_fail(o, f->name, errno);
  } else if (st.st_dev != f->dev || st.st_ino != f->ino) {
    extract_fail(o, f->name, ESTALE);
  }
  if (o->base.error) {
    if (fd >= 0) {
      close(fd);
    }
    return false;
  }
  f->fd = fd;
  extract_opened(o, f);
  return true;
}

static void extract_flush(out_extract *o) {
  extract_file *f = o->owner;
  size_t len = o->waiting;

  o->owner = NULL;
  o->waiting = 0;
  if (f && len && !o->base.error && extract_reopen(o, f)) {
    (void)extract_put(o, f, o->buffer, len, f->octets - len);
  }
}

/* extract_octets takes what belongs at offset |at|, at or behind what is
   there. */
static void extract_octets(out_extract *o, extract_file *f, uint64_t at,
                           quic_bytes data) {
  if (at > f->octets) {
    f->missing += at - f->octets;
    f->ended = f->ended || f->missing > EXTRACT_HOLES_MAX;
  }
  if (f->ended) {
    return;
  }
  if (o->owner != f || at != f->octets || data.len > EXTRACT_BUFFER ||
      o->waiting + data.len > EXTRACT_BUFFER) {
    extract_flush(o);
  }
  f->octets = at + data.len;
  if (data.len > EXTRACT_BUFFER) {
    if (!o->base.error && extract_reopen(o, f)) {
      (void)extract_put(o, f, data.data, data.len, at);
    }
    return;
  }
  o->owner = f;
  memcpy(o->buffer + o->waiting, data.data, data.len);
  o->waiting += data.len;
}

static const char extract_head[] =
    "connection\tstream\tmessage\tstatus\tmethod\turl\tcontent-type\t"
    "content-encoding\toctets\tmissing\tcomplete\tfile\n";

static int extract_index(out_extract *o) {
  cli_safename base = {"index", ".tsv"};
  int error =
      extract_pick(o, &o->index_file, &base, EXTRACT_PART, extract_create);

  if (error == 0) {
    cli_sink_init(&o->index, o->index_file.fd);
    quic_text_str(&o->index.text, extract_head);
  }
  return error;
}

/* extract_start opens the directory and begins the index. */
static void extract_start(out_extract *o) {
  int error = 0;

  o->made = mkdir(o->dir, 0700) == 0;
  if (!o->made && errno != EEXIST) {
    error = errno;
  } else {
    o->dirfd = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    error = o->dirfd < 0 ? errno : extract_index(o);
  }
  if (error) {
    extract_fail(o, "", error);
  }
}

static extract_file *extract_begin(out_extract *o, const qd_trace *tr,
                                   const qd_request *rq, qd_side side) {
  extract_file *f;
  cli_safename base;
  extract_key key;
  int error;

  if (o->dirfd < 0) {
    extract_start(o);
  }
  if (o->base.error) {
    return NULL;
  }
  f = quic_mem_zalloc(o->mem, sizeof(*f));
  if (!f || quic_map_put(&o->files, extract_key_of(&key, rq, side), f) != 0) {
    quic_mem_free(o->mem, f);
    extract_fail(o, "", ENOMEM);
    return NULL;
  }
  f->fd = -1;
  f->named = rq->side[QD_CLIENT].fields.len != 0;
  extract_base(tr, rq, side, &base);
  error = extract_pick(o, f, &base, EXTRACT_PART, extract_create);
  if (error) {
    extract_fail(o, base.stem, error);
    return NULL;
  }
  extract_opened(o, f);
  return f;
}

static void extract_body(qd_output *out, struct qd_trace *tr,
                         struct qd_request *rq, qd_side side, quic_bytes data) {
  out_extract *o = (out_extract *)(void *)out;
  const qd_http_message *m = &rq->side[side];
  extract_file *f;
  extract_key key;

  if (o->base.error || data.len == 0) {
    return;
  }
  f = quic_map_get(&o->files, extract_key_of(&key, rq, side));
  if (!f) {
    f = extract_begin(o, tr, rq, side);
  }
  if (f) {
    extract_octets(o, f, m->body - data.len + m->lost, data);
  }
}

/* The index. */

static void extract_field(quic_text *t, quic_bytes value) {
  if (value.len) {
    quic_text_untrusted(t, value, 0);
  } else {
    quic_text_char(t, '-');
  }
  quic_text_char(t, '\t');
}

static void extract_number(quic_text *t, uint64_t n) {
  quic_text_u64(t, n);
  quic_text_char(t, '\t');
}

static void extract_row(out_extract *o, const qd_trace *tr,
                        const qd_request *rq, qd_side side,
                        const extract_file *f, bool complete) {
  const qd_fields *fs = &rq->side[side].fields;
  quic_text *t = &o->index.text;
  size_t before;

  extract_number(t, tr->number);
  extract_number(t, rq->stream_id);
  quic_text_str(t, side == QD_CLIENT ? "request\t" : "response\t");
  if (rq->has_status) {
    quic_text_u64(t, rq->status);
  } else {
    quic_text_char(t, '-');
  }
  quic_text_char(t, '\t');
  extract_field(t, qd_request_method(rq));
  before = quic_text_pos(t);
  qd_request_url(rq, t);
  quic_text_str(t, quic_text_pos(t) == before ? "-\t" : "\t");
  extract_field(t, qd_fields_find(fs, "content-type"));
  extract_field(t, qd_fields_find(fs, "content-encoding"));
  extract_number(t, rq->side[side].body);
  extract_number(t, f->missing);
  quic_text_str(t, complete ? "yes\t" : "no\t");
  quic_text_str(t, f->name);
  quic_text_char(t, '\n');
}

static bool extract_complete(const qd_http_message *m, const extract_file *f) {
  uint64_t length;

  return m->fin && !m->lost && !f->missing && !f->ended &&
         m->reset_code == QD_REQUEST_NONE &&
         (!qd_fields_decimal(qd_fields_find(&m->fields, "content-length"),
                             &length) ||
          length <= m->body);
}

/* extract_settle gives a file that is complete its own name.  Returns an
   errno. */
static int extract_settle(out_extract *o, const qd_trace *tr,
                          const qd_request *rq, qd_side side, extract_file *f) {
  char final[CLI_SAFENAME_MAX + 1];
  cli_safename base;
  int error = EEXIST;

  if (f->named) {
    extract_final(final, f->name);
    error = extract_rename(o, f, final);
    if (error == 0) {
      memcpy(f->name, final, sizeof(final));
    }
  }
  if (error == EEXIST) {
    extract_base(tr, rq, side, &base);
    error = extract_pick(o, f, &base, "", extract_rename);
  }
  return error;
}

static void extract_end(out_extract *o, const qd_trace *tr,
                        const qd_request *rq, qd_side side) {
  extract_key key;
  extract_file *f = quic_map_remove(&o->files, extract_key_of(&key, rq, side));
  bool complete;
  int error = 0;

  if (!f) {
    return;
  }
  complete = extract_complete(&rq->side[side], f);
  if (o->owner == f) {
    extract_flush(o);
  }
  extract_close(o, f);
  if (complete && !o->base.error) {
    error = extract_settle(o, tr, rq, side, f);
  }
  if (error) {
    extract_fail(o, f->name, error);
  }
  if (!o->base.error) {
    o->written++;
    o->parts += !complete;
    o->octets += rq->side[side].body;
    extract_row(o, tr, rq, side, f, complete);
  }
  quic_mem_free(o->mem, f);
}

static void extract_request(qd_output *out, struct qd_trace *tr,
                            struct qd_request *rq) {
  out_extract *o = (out_extract *)(void *)out;

  extract_end(o, tr, rq, QD_CLIENT);
  extract_end(o, tr, rq, QD_SERVER);
}

/* The whole. */

static void extract_size(quic_text *t, uint64_t n) {
  static const char *const units[] = {" octets", " kB", " MB", " GB", " TB"};
  size_t unit = 0;
  uint64_t whole = n;

  while (whole >= 10000 && unit < 4) {
    whole = (whole + 500) / 1000;
    unit++;
  }
  quic_text_u64(t, whole);
  quic_text_str(t, n == 1 ? " octet" : units[unit]);
}

static void extract_end_index(out_extract *o) {
  char final[CLI_SAFENAME_MAX + 1];
  int error = cli_sink_flush(&o->index);

  if (close(o->index.fd) != 0 && !error) {
    error = errno;
  }
  o->index_file.fd = -1;
  extract_final(final, o->index_file.name);
  if (error == 0 && !o->base.error) {
    error = extract_rename(o, &o->index_file, final);
  }
  if (error) {
    extract_fail(o, o->index_file.name, error);
  }
}

static void extract_finish(qd_output *out) {
  out_extract *o = (out_extract *)(void *)out;
  char buf[32], parts[64] = "";
  quic_text size;

  if (o->index_file.fd >= 0) {
    extract_end_index(o);
  }
  if (o->base.error) {
    return;
  }
  quic_text_init(&size, buf, sizeof(buf));
  extract_size(&size, o->octets);
  if (o->parts) {
    snprintf(parts, sizeof(parts), "; %llu of them not complete (%s)",
             (unsigned long long)o->parts, EXTRACT_PART);
  }
  qd_export_note(&o->base, "extracted %llu file%s, %s, into %s%s",
                 (unsigned long long)o->written, o->written == 1 ? "" : "s",
                 quic_text_cstr(&size), o->dir, parts);
}

static void extract_forget(void *user, quic_bytes key, void *value) {
  out_extract *o = user;
  extract_file *f = value;

  (void)key;
  extract_close(o, f);
  quic_mem_free(o->mem, f);
}

static void extract_del(qd_output *out) {
  out_extract *o = (out_extract *)(void *)out;

  quic_map_each(&o->files, extract_forget, o);
  quic_map_free(&o->files);
  if (o->index_file.fd >= 0) {
    /* Nothing was told of the end: the capture could not be read. */
    close(o->index_file.fd);
    (void)unlinkat(o->dirfd, o->index_file.name, 0);
    if (o->made && o->written == 0) {
      (void)rmdir(o->dir);
    }
  }
  if (o->dirfd >= 0) {
    close(o->dirfd);
  }
  quic_mem_free(o->mem, o);
}

int qd_output_extract_new(qd_output **out, const qd_output_settings *settings,
                          const char *dir, bool late) {
  static const uint64_t seed[2] = {0, 0}; /* keys are numbers we give */
  out_extract *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.request = extract_request;
  o->base.body = extract_body;
  o->base.finish = extract_finish;
  o->base.del = extract_del;
  o->mem = settings->mem;
  o->dir = dir;
  o->dirfd = -1;
  o->index_file.fd = -1;
  quic_map_init(&o->files, o->mem, seed);
  quic_list_init(&o->open);
  *out = &o->base;
  if (!late) {
    extract_start(o);
  }
  return 0;
}
