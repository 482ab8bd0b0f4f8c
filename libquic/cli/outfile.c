#include "cli/outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Shorter than most names, so that there is room for it where the target is. */
#define OUTFILE_TEMPORARY ".quicdump-XXXXXX"

struct cli_outfile {
  const quic_mem *mem;
  cli_sink *sink; /* NULL while parked */
  int error;      /* errno of the first failure; 0 */
  bool committed;
  bool direct;     /* a device or pipe: there is no temporary */
  char *target;    /* links resolved, when they may be */
  char *temporary; /* in the same directory; NULL = none */
};

static char *outfile_copy(const quic_mem *mem, const char *s, size_t len,
                          const char *more) {
  size_t add = strlen(more);
  char *copy = quic_mem_alloc(mem, len + add + 1);

  if (copy) {
    memcpy(copy, s, len);
    memcpy(copy + len, more, add + 1);
  }
  return copy;
}

/* outfile_target finds where the file goes.  Returns 0 or an errno. */
static int outfile_target(cli_outfile *f, const char *path, bool follow) {
  char real[PATH_MAX];
  struct stat st;

  if (*path == '\0') {
    return ENOENT;
  }
  if ((follow ? stat(path, &st) : lstat(path, &st)) != 0) {
    if (errno != ENOENT) {
      return errno;
    }
  } else if (S_ISDIR(st.st_mode)) {
    return EISDIR;
  } else if (follow && !S_ISREG(st.st_mode)) {
    f->direct = true;
  } else if (follow) {
    if (!realpath(path, real)) {
      return errno;
    }
    path = real;
  }
  f->target = outfile_copy(f->mem, path, strlen(path), "");
  return f->target ? 0 : ENOMEM;
}

static int outfile_open(cli_outfile *f, int *fd) {
  const char *slash = strrchr(f->target, '/');
  size_t dir = slash ? (size_t)(slash - f->target) + 1 : 0;

  if (f->direct) {
    *fd = open(f->target, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    return *fd < 0 ? errno : 0;
  }
  f->temporary = outfile_copy(f->mem, f->target, dir, OUTFILE_TEMPORARY);
  if (!f->temporary) {
    return ENOMEM;
  }
  *fd = mkostemp(f->temporary, O_CLOEXEC);
  if (*fd < 0) {
    int error = errno;

    quic_mem_free(f->mem, f->temporary);
    f->temporary = NULL;
    return error;
  }
  return 0;
}

/* outfile_attach gives |f| a buffer in front of |fd|, which is closed when that
   fails. */
static bool outfile_attach(cli_outfile *f, int fd) {
  f->sink = quic_mem_alloc(f->mem, sizeof(*f->sink));
  if (!f->sink) {
    (void)close(fd);
    return false;
  }
  cli_sink_init(f->sink, fd);
  return true;
}

int cli_outfile_new(cli_outfile **out, const quic_mem *mem, const char *path,
                    bool follow) {
  cli_outfile *f = quic_mem_zalloc(mem, sizeof(*f));
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
    cli_outfile_del(f);
    return error;
  }
  if (!outfile_attach(f, fd)) {
    cli_outfile_del(f);
    return ENOMEM;
  }
  *out = f;
  return 0;
}

quic_text *cli_outfile_text(cli_outfile *f) {
  int fd;

  if (!f->sink && !f->error) {
    fd = open(f->direct ? f->target : f->temporary,
              O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
    f->error = fd < 0 ? errno : 0;
    if (fd >= 0 && !outfile_attach(f, fd)) {
      f->error = ENOMEM;
    }
  }
  return f->sink ? &f->sink->text : NULL;
}

int cli_outfile_error(const cli_outfile *f) {
  return f->error ? f->error : f->sink ? f->sink->error : 0;
}

void cli_outfile_park(cli_outfile *f) {
  if (!f->sink) {
    return;
  }
  if (!f->error) {
    f->error = cli_sink_flush(f->sink);
  }
  /* Some file systems tell only here that there was no room. */
  if (close(f->sink->fd) != 0 && !f->error) {
    f->error = errno;
  }
  quic_mem_free(f->mem, f->sink);
  f->sink = NULL;
}

int cli_outfile_commit(cli_outfile *f) {
  cli_outfile_park(f);
  if (!f->error && !f->direct && rename(f->temporary, f->target) != 0) {
    f->error = errno;
  }
  f->committed = f->error == 0;
  return f->error;
}

void cli_outfile_del(cli_outfile *f) {
  if (!f) {
    return;
  }
  if (f->sink) {
    (void)close(f->sink->fd);
    quic_mem_free(f->mem, f->sink);
  }
  if (!f->committed && f->temporary) {
    (void)unlink(f->temporary);
  }
  quic_mem_free(f->mem, f->temporary);
  quic_mem_free(f->mem, f->target);
  quic_mem_free(f->mem, f);
}
