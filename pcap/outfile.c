#include "pcap/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Shorter than most names, so that there is room for it where the target is. */
#define OUTFILE_TEMPORARY ".quicdump-XXXXXX"

struct qd_outfile {
  const quic_mem *mem;
  qd_sink sink;
  bool committed;
  bool direct;              /* a device or pipe: there is no temporary */
  char target[PATH_MAX];    /* links resolved, when they may be */
  char temporary[PATH_MAX]; /* in the same directory */
};

/* outfile_target finds where the file goes.  Returns 0 or an errno. */
static int outfile_target(qd_outfile *f, const char *path, bool follow) {
  struct stat st;
  size_t len = strlen(path);

  if (len == 0) {
    return ENOENT;
  }
  if (len >= sizeof(f->target)) {
    return ENAMETOOLONG;
  }
  memcpy(f->target, path, len + 1);
  if ((follow ? stat(path, &st) : lstat(path, &st)) != 0) {
    return errno == ENOENT ? 0 : errno;
  }
  if (S_ISDIR(st.st_mode)) {
    return EISDIR;
  }
  if (follow && !S_ISREG(st.st_mode)) {
    f->direct = true;
  } else if (follow && !realpath(path, f->target)) {
    return errno;
  }
  return 0;
}

static int outfile_open(qd_outfile *f, int *fd) {
  const char *slash = strrchr(f->target, '/');
  size_t dir = slash ? (size_t)(slash - f->target) + 1 : 0;

  if (f->direct) {
    *fd = open(f->target, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return *fd < 0 ? errno : 0;
  }
  if (dir + sizeof(OUTFILE_TEMPORARY) > sizeof(f->temporary)) {
    return ENAMETOOLONG;
  }
  memcpy(f->temporary, f->target, dir);
  memcpy(f->temporary + dir, OUTFILE_TEMPORARY, sizeof(OUTFILE_TEMPORARY));
  *fd = mkostemp(f->temporary, O_CLOEXEC);
  return *fd < 0 ? errno : 0;
}

int qd_outfile_new(qd_outfile **out, const quic_mem *mem, const char *path,
                   bool follow) {
  qd_outfile *f = quic_mem_zalloc(mem, sizeof(*f));
  int fd = -1;
  int error;

  *out = NULL;
  if (!f) {
    return ENOMEM;
  }
  f->mem = mem;
  error = outfile_target(f, path, follow);
  if (error == 0) {
    error = outfile_open(f, &fd);
  }
  if (error) {
    quic_mem_free(mem, f);
    return error;
  }
  qd_sink_init(&f->sink, fd);
  *out = f;
  return 0;
}

quic_text *qd_outfile_text(qd_outfile *f) {
  return &f->sink.text;
}

int qd_outfile_error(const qd_outfile *f) {
  return f->sink.error;
}

int qd_outfile_commit(qd_outfile *f) {
  int error = qd_sink_flush(&f->sink);

  /* Some file systems tell only here that there was no room. */
  if (close(f->sink.fd) != 0 && !error) {
    error = errno;
  }
  f->sink.fd = -1;
  if (!error && !f->direct && rename(f->temporary, f->target) != 0) {
    error = errno;
  }
  f->committed = error == 0;
  return error;
}

void qd_outfile_del(qd_outfile *f) {
  if (!f) {
    return;
  }
  if (f->sink.fd >= 0) {
    (void)close(f->sink.fd);
  }
  if (!f->committed && !f->direct) {
    (void)unlink(f->temporary);
  }
  quic_mem_free(f->mem, f);
}
