#include "qlogview/input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/complain.h"
#include "cli/interrupt.h"
#include "qlogview/unpack.h"

#define INPUT_WAIT 200 /* ms between looks at a file that may grow */

struct qv_input {
  const quic_mem *mem;
  const char *path;
  int fd;
  bool follow;
  bool regular;
  uint64_t size, done;
  bool begun;                  /* the first octets were looked at */
  const qv_unpacker *unpacker; /* NULL = plain */
  void *state;
  bool between; /* packed streams: nothing is missing if it ends here */
  bool cut;
  quic_bytes left; /* packed octets that wait */
  uint8_t *in;
  uint8_t *out; /* with an unpacker */
};

void qv_input_del(qv_input *in) {
  if (!in) {
    return;
  }
  if (in->unpacker && in->state) {
    in->unpacker->end(in->state);
  }
  if (in->fd > STDIN_FILENO) {
    close(in->fd);
  }
  quic_mem_free(in->mem, in->in);
  quic_mem_free(in->mem, in->out);
  quic_mem_free(in->mem, in);
}

static int input_open(qv_input *in) {
  struct stat st;

  if (strcmp(in->path, "-") == 0) {
    in->fd = STDIN_FILENO;
  } else {
    in->fd = open(in->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in->fd < 0) {
      cli_complain("%s: %s", in->path, strerror(errno));
      return -1;
    }
  }
  if (fstat(in->fd, &st) == 0) {
    if (S_ISDIR(st.st_mode)) {
      cli_complain("%s: is a directory (qlogview scan %s looks at all in it)",
                   in->path, in->path);
      return -1;
    }
    in->regular = S_ISREG(st.st_mode);
    in->size = in->regular ? (uint64_t)st.st_size : 0;
  }
  return 0;
}

int qv_input_new(qv_input **out, const quic_mem *mem,
                 const qv_input_settings *settings) {
  qv_input *in = quic_mem_zalloc(mem, sizeof(*in));

  *out = NULL;
  if (!in) {
    goto nomem;
  }
  in->mem = mem;
  in->fd = -1;
  in->path = settings->path;
  in->follow = settings->follow;
  in->in = quic_mem_alloc(mem, QV_INPUT_CHUNK);
  if (!in->in) {
    goto nomem;
  }
  if (input_open(in)) {
    qv_input_del(in);
    return -1;
  }
  *out = in;
  return 0;

nomem:
  cli_complain("%s: out of memory", settings->path);
  qv_input_del(in);
  return -1;
}

/* input_grown waits until there is more in a file that is followed.  Returns
   false when nobody wants to wait any more. */
static bool input_grown(qv_input *in, bool *again) {
  struct stat st;

  for (;;) {
    if (cli_interrupted()) {
      return false;
    }
    if (fstat(in->fd, &st) == 0 && in->regular) {
      if ((uint64_t)st.st_size < in->done) {
        (void)lseek(in->fd, 0, SEEK_SET);
        in->done = 0;
        *again = true;
        return true;
      }
      in->size = (uint64_t)st.st_size;
      if (in->size > in->done) {
        return true;
      }
    }
    (void)poll(NULL, 0, INPUT_WAIT);
  }
}

/* input_read fills |in->in| from |have| on.  Returns the octets, 0 at the end,
   -1 after a complaint. */
static ssize_t input_read(qv_input *in, size_t have, bool *again) {
  for (;;) {
    ssize_t n = read(in->fd, in->in + have, QV_INPUT_CHUNK - have);

    if (n > 0) {
      in->done += (uint64_t)n;
      return n;
    }
    if (n == 0) {
      if (!in->follow || !in->regular || !input_grown(in, again)) {
        return 0;
      }
      have = *again ? 0 : have;
    } else if (errno != EINTR) {
      cli_complain("%s: %s", in->path, strerror(errno));
      return -1;
    } else if (cli_interrupted()) {
      return 0;
    }
  }
}

static int input_choose(qv_input *in, quic_bytes first) {
  static const qv_unpacker *const unpackers[] = {&qv_gzip, &qv_zstd};

  for (size_t i = 0; i < sizeof(unpackers) / sizeof(unpackers[0]); i++) {
    const qv_unpacker *u = unpackers[i];

    if (first.len < u->magic_len ||
        memcmp(first.data, u->magic, u->magic_len) != 0) {
      continue;
    }
    if (!u->begin) {
      cli_complain("%s: is %s, which this build cannot unpack; unpack it: "
                   "%s -dc FILE | qlogview -",
                   in->path, u->name, u->name);
      return -1;
    }
    in->unpacker = u;
    in->state = u->begin(in->mem);
    in->out = quic_mem_alloc(in->mem, QV_INPUT_CHUNK);
    if (!in->state || !in->out) {
      cli_complain("%s: out of memory", in->path);
      return -1;
    }
  }
  return 0;
}

/* input_begin reads until the packing is known. */
static int input_begin(qv_input *in, bool *again) {
  size_t have = 0;

  while (have < QV_UNPACK_MAGIC) {
    ssize_t n = input_read(in, have, again);

    if (n < 0) {
      return -1;
    }
    if (n == 0) {
      break;
    }
    have = (*again ? 0 : have) + (size_t)n;
    if (in->in[0] == '{' || in->in[0] == 0x1e) {
      break; /* no packing begins so */
    }
  }
  in->begun = true;
  in->left = quic_bytes_of(in->in, have);
  return input_choose(in, in->left);
}

static int input_broken(qv_input *in, size_t len, quic_bytes *out) {
  cli_complain("%s: %s: %s after %llu octets of the file; what comes before is "
               "shown",
               in->path, in->unpacker->name, in->unpacker->why(in->state),
               (unsigned long long)(in->done - in->left.len));
  in->cut = true;
  in->left.len = 0;
  in->between = true;
  *out = quic_bytes_of(in->out, len);
  return len ? 0 : -1;
}

static int input_unpack(qv_input *in, quic_bytes *out, bool *again) {
  for (;;) {
    bool ended = false;
    size_t len = 0;
    qv_unpacked rv;

    if (in->left.len == 0) {
      ssize_t n = input_read(in, 0, again);

      if (n < 0) {
        return -1;
      }
      in->left = quic_bytes_of(in->in, (size_t)n);
      ended = n == 0;
    }
    if (ended && in->between) {
      return 0;
    }
    rv =
        in->unpacker->step(in->state, &in->left, in->out, QV_INPUT_CHUNK, &len);
    if (rv == QV_UNPACKED_BAD) {
      return input_broken(in, len, out);
    }
    in->between = rv == QV_UNPACKED_END;
    if (len) {
      *out = quic_bytes_of(in->out, len);
      return 0;
    }
    if (ended) {
      in->cut = !in->between;
      return 0;
    }
  }
}

int qv_input_next(qv_input *in, quic_bytes *out, bool *again) {
  ssize_t n;

  *out = quic_bytes_of(NULL, 0);
  *again = false;
  if (!in->begun && input_begin(in, again)) {
    return -1;
  }
  if (in->unpacker) {
    return input_unpack(in, out, again);
  }
  if (in->left.len) {
    *out = in->left;
    in->left.len = 0;
    return 0;
  }
  n = input_read(in, 0, again);
  if (n < 0) {
    return -1;
  }
  *out = quic_bytes_of(in->in, (size_t)n);
  return 0;
}

bool qv_input_cut(const qv_input *in) {
  return in->cut;
}

uint64_t qv_input_done(const qv_input *in) {
  return in->done;
}

uint64_t qv_input_size(const qv_input *in) {
  return in->size;
}

bool qv_input_regular(const qv_input *in) {
  return in->regular;
}
