#include "pcap/source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/interrupt.h"

#define SOURCE_WINDOW (1 << 20) /* octets read at a time */
#define SOURCE_IDLE_MS 200

struct qd_source {
  const quic_mem *mem;
  const char *path; /* borrowed */
  int fd;
  bool seekable;
  bool eof;
  uint64_t size;
  uint8_t *window;
  size_t cap, start, end; /* window[start..end) is not consumed */
  quic_capture_reader *reader;
  void (*idle)(void *user);
  void *idle_user;
  char error[512];
};

static int source_fail(qd_source *src, int rv, const char *what) {
  snprintf(src->error, sizeof(src->error), "%s: %s", src->path, what);
  return rv;
}

/* source_fail_at names the offset too, as a reader of hex dumps wants it. */
static int source_fail_at(qd_source *src, int rv) {
  snprintf(src->error, sizeof(src->error), "%s: offset %llu: %s", src->path,
           (unsigned long long)quic_capture_reader_offset(src->reader),
           quic_capture_reader_problem(src->reader));
  return rv;
}

int qd_source_open(qd_source **out, const quic_mem *mem, const char *path) {
  qd_source *src = quic_mem_zalloc(mem, sizeof(*src));
  bool pipe = strcmp(path, "-") == 0;
  struct stat st;

  *out = src;
  if (!src) {
    return QUIC_ERR_NOMEM;
  }
  src->mem = mem;
  src->path = pipe ? "standard input" : path;
  src->fd = pipe ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
  if (src->fd < 0) {
    return source_fail(src, QUIC_ERR_INVALID, strerror(errno));
  }
  if (fstat(src->fd, &st) == 0) {
    if (S_ISDIR(st.st_mode)) {
      return source_fail(src, QUIC_ERR_INVALID, "is a directory");
    }
    src->seekable = S_ISREG(st.st_mode) && lseek(src->fd, 0, SEEK_CUR) == 0;
    src->size = S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
  }
  src->cap = SOURCE_WINDOW;
  src->window = quic_mem_alloc(mem, src->cap);
  if (!src->window || quic_capture_reader_new(&src->reader, mem) != 0) {
    return source_fail(src, QUIC_ERR_NOMEM, quic_err_text(QUIC_ERR_NOMEM));
  }
  return 0;
}

void qd_source_close(qd_source *src) {
  if (!src) {
    return;
  }
  if (src->fd > STDIN_FILENO) {
    close(src->fd);
  }
  quic_capture_reader_del(src->reader);
  quic_mem_free(src->mem, src->window);
  quic_mem_free(src->mem, src);
}

bool qd_source_seekable(const qd_source *src) {
  return src->seekable;
}

bool qd_source_plain(const qd_source *src) {
  return strcmp(quic_capture_reader_format(src->reader), "pcap") == 0;
}

const char *qd_source_error(const qd_source *src) {
  return src->error;
}

uint64_t qd_source_position(const qd_source *src) {
  return quic_capture_reader_offset(src->reader);
}

uint64_t qd_source_size(const qd_source *src) {
  return src->size;
}

void qd_source_idle(qd_source *src, void (*fn)(void *user), void *user) {
  src->idle = fn;
  src->idle_user = user;
}

/* source_wait calls the idle function until there is something to read. */
static void source_wait(const qd_source *src) {
  struct pollfd pfd = {src->fd, POLLIN, 0};

  while (!cli_interrupted() && poll(&pfd, 1, SOURCE_IDLE_MS) == 0) {
    src->idle(src->idle_user);
  }
}

/* source_fill reads until |need| octets are in the window, or the end. */
static int source_fill(qd_source *src, size_t need) {
  if (src->start) {
    memmove(src->window, src->window + src->start, src->end - src->start);
    src->end -= src->start;
    src->start = 0;
  }
  if (need > src->cap) {
    uint8_t *grown = quic_mem_resize(src->mem, src->window, need, 1);

    if (!grown) {
      return source_fail(src, QUIC_ERR_NOMEM, quic_err_text(QUIC_ERR_NOMEM));
    }
    src->window = grown;
    src->cap = need;
  }
  while (src->end < need && !src->eof) {
    ssize_t n;

    if (src->idle && !src->seekable) {
      source_wait(src);
    }
    n = cli_interrupted()
            ? 0
            : read(src->fd, src->window + src->end, src->cap - src->end);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return source_fail(src, QUIC_ERR_INVALID, strerror(errno));
    }
    src->eof = n == 0;
    src->end += (size_t)n;
  }
  return 0;
}

int qd_source_block(qd_source *src, quic_capture_record *rec, quic_bytes *raw) {
  for (;;) {
    size_t used = 0, need = 0;
    int rv = quic_capture_reader_next(
        src->reader,
        quic_bytes_of(src->window + src->start, src->end - src->start),
        src->eof, &used, &need, rec);

    *raw = quic_bytes_of(src->window + src->start, used);
    src->start += used;
    switch (rv) {
    case 0:
    case QUIC_ERR_END:
      return rv;
    case QUIC_ERR_AGAIN:
      rv = source_fill(src, need);
      if (rv != 0) {
        return rv;
      }
      break;
    default:
      return source_fail_at(src, rv);
    }
  }
}

int qd_source_next(qd_source *src, quic_capture_record *rec) {
  quic_bytes raw;
  int rv;

  do {
    rv = qd_source_block(src, rec, &raw);
  } while (rv == 0 && rec->kind == QUIC_CAPTURE_OTHER);
  return rv;
}

/* source_rewind starts over at the beginning of the file. */
static int source_rewind(qd_source *src) {
  quic_capture_reader_del(src->reader);
  src->reader = NULL;
  src->start = src->end = 0;
  src->eof = false;
  if (lseek(src->fd, 0, SEEK_SET) < 0) {
    return source_fail(src, QUIC_ERR_INVALID, strerror(errno));
  }
  return quic_capture_reader_new(&src->reader, src->mem);
}

/* source_jump moves over |len| octets, by seeking where they are not in the
   window. */
static int source_jump(qd_source *src, uint64_t len) {
  uint64_t have = src->end - src->start;

  if (len <= have) {
    src->start += (size_t)len;
    return 0;
  }
  src->start = src->end = 0;
  if (len - have > INT64_MAX ||
      lseek(src->fd, (off_t)(len - have), SEEK_CUR) < 0) {
    return source_fail(src, QUIC_ERR_INVALID, strerror(errno));
  }
  return 0;
}

int qd_source_secrets(qd_source *src,
                      void (*fn)(void *user, const quic_capture_record *rec),
                      void *user) {
  int rv = 0;

  while (rv == 0) {
    quic_bytes window =
        quic_bytes_of(src->window + src->start, src->end - src->start);
    uint64_t skip = quic_capture_reader_skip(src->reader, window);
    size_t used = 0, need = 0;
    quic_capture_record rec;

    if (skip && quic_capture_reader_offset(src->reader) + skip <= src->size) {
      rv = source_jump(src, skip);
      quic_capture_reader_seek(src->reader, skip);
      continue;
    }
    if (strcmp(quic_capture_reader_format(src->reader), "pcap") == 0) {
      break; /* has no secrets */
    }
    rv = quic_capture_reader_next(src->reader, window, src->eof, &used, &need,
                                  &rec);
    src->start += used;
    if (rv == QUIC_ERR_AGAIN) {
      rv = source_fill(src, need);
    } else if (rv == 0 && rec.kind == QUIC_CAPTURE_SECRETS) {
      fn(user, &rec);
    }
  }
  /* What is broken is reported when the packets are read. */
  return source_rewind(src);
}
