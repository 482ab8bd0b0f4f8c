#include "pcap/keyfiles.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYFILES_BYTES_MAX (UINT64_C(1) << 30) /* octets of one file */
#define KEYFILES_CHUNK (64 << 10)              /* octets read at a time */

typedef struct keyfile {
  const char *path;
  int fd; /* -1 while absent */
  dev_t dev;
  ino_t ino;
  uint64_t offset;
  int trouble; /* errno that was told; 0 = none */
} keyfile;

struct qd_keyfiles {
  const quic_mem *mem;
  quic_keylog *log;
  keyfile files[QD_KEYFILES_MAX];
  size_t nfiles;
  uint64_t last_block; /* file offset of the last secrets block + 1 */
  uint32_t nblocks;
  bool trouble; /* not told yet */
  char error[512];
};

int qd_keyfiles_new(qd_keyfiles **out, const quic_mem *mem) {
  qd_keyfiles *kf = quic_mem_zalloc(mem, sizeof(*kf));

  *out = NULL;
  if (!kf) {
    return QUIC_ERR_NOMEM;
  }
  kf->mem = mem;
  if (quic_keylog_new(&kf->log, mem) != 0) {
    quic_mem_free(mem, kf);
    return QUIC_ERR_NOMEM;
  }
  *out = kf;
  return 0;
}

void qd_keyfiles_del(qd_keyfiles *kf) {
  if (!kf) {
    return;
  }
  for (size_t i = 0; i < kf->nfiles; i++) {
    if (kf->files[i].fd >= 0) {
      close(kf->files[i].fd);
    }
  }
  quic_keylog_del(kf->log);
  quic_mem_free(kf->mem, kf);
}

quic_keylog *qd_keyfiles_log(qd_keyfiles *kf) {
  return kf->log;
}

const char *qd_keyfiles_error(const qd_keyfiles *kf) {
  return kf->error;
}

bool qd_keyfiles_any(const qd_keyfiles *kf) {
  return kf->nfiles || kf->nblocks;
}

static int keyfiles_fail(qd_keyfiles *kf, int rv, const char *path,
                         const char *why) {
  snprintf(kf->error, sizeof(kf->error), "%s: %s", path, why);
  return rv;
}

/* keyfile_read feeds what stands behind |offset| to the log. */
static int keyfile_read(qd_keyfiles *kf, keyfile *file) {
  uint8_t chunk[KEYFILES_CHUNK];
  uint16_t source = (uint16_t)(file - kf->files);

  for (;;) {
    ssize_t n = read(file->fd, chunk, sizeof(chunk));
    int rv;

    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n < 0) {
      return keyfiles_fail(kf, QUIC_ERR_INVALID, file->path, strerror(errno));
    }
    if (n == 0) {
      return 0;
    }
    file->offset += (uint64_t)n;
    if (file->offset > KEYFILES_BYTES_MAX) {
      return keyfiles_fail(kf, QUIC_ERR_LIMIT, file->path,
                           "longer than any key log that is of use");
    }
    rv = quic_keylog_feed(kf->log, source, quic_bytes_of(chunk, (size_t)n));
    if (rv != 0) {
      return keyfiles_fail(kf, rv, file->path, quic_err_text(rv));
    }
  }
}

static int keyfile_close(keyfile *file, int error) {
  close(file->fd);
  file->fd = -1;
  return error;
}

/* keyfile_open opens the file without waiting, unless it is a FIFO and
   |may_wait|: then for whoever writes it.  Returns an errno. */
static int keyfile_open(keyfile *file, bool may_wait) {
  struct stat st;

  file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file->fd < 0) {
    return errno;
  }
  if (fstat(file->fd, &st) != 0) {
    return keyfile_close(file, errno);
  }
  if (S_ISDIR(st.st_mode)) {
    return keyfile_close(file, EISDIR);
  }
  if (!S_ISREG(st.st_mode)) {
    if (!may_wait) {
      return keyfile_close(file, EAGAIN);
    }
    (void)keyfile_close(file, 0);
    file->fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0) {
      return errno;
    }
  }
  file->dev = st.st_dev;
  file->ino = st.st_ino;
  file->offset = 0;
  return 0;
}

int qd_keyfiles_add(qd_keyfiles *kf, const char *path, bool may_be_absent) {
  keyfile *file = &kf->files[kf->nfiles];
  int error;

  if (kf->nfiles == QD_KEYFILES_MAX) {
    return keyfiles_fail(kf, QUIC_ERR_LIMIT, path, "too many key logs");
  }
  file->path = path;
  error = keyfile_open(file, true);
  if (error && !(may_be_absent && error == ENOENT)) {
    return keyfiles_fail(kf, QUIC_ERR_INVALID, path, strerror(error));
  }
  kf->nfiles++;
  return file->fd >= 0 ? keyfile_read(kf, file) : 0;
}

int qd_keyfiles_follow(qd_keyfiles *kf, const char *path) {
  keyfile *file = &kf->files[kf->nfiles];
  int error;

  if (kf->nfiles == QD_KEYFILES_MAX) {
    return keyfiles_fail(kf, QUIC_ERR_LIMIT, path, "too many key logs");
  }
  file->path = path;
  error = keyfile_open(file, false);
  if (error && error != ENOENT) {
    return keyfiles_fail(kf, QUIC_ERR_INVALID, path,
                         error == EAGAIN ? "only a regular file can be followed"
                                         : strerror(error));
  }
  kf->nfiles++;
  return 0;
}

int qd_keyfiles_secrets(qd_keyfiles *kf, const quic_capture_record *rec) {
  uint16_t source;
  int rv;

  if (rec->secrets_type != QUIC_CAPTURE_SECRETS_TLS ||
      rec->offset < kf->last_block || kf->nblocks == QD_SECRETS_BLOCKS_MAX) {
    return 0;
  }
  kf->last_block = rec->offset + 1;
  source = (uint16_t)(QD_KEYFILES_MAX + kf->nblocks++);
  rv = quic_keylog_feed(kf->log, source, rec->data);
  return rv ? rv : quic_keylog_finish(kf->log, source);
}

bool qd_keyfiles_present(const qd_keyfiles *kf, size_t i) {
  return i < kf->nfiles && kf->files[i].fd >= 0;
}

bool qd_keyfiles_trouble(qd_keyfiles *kf) {
  bool trouble = kf->trouble;

  kf->trouble = false;
  return trouble;
}

/* keyfile_trouble notes that |file| cannot be read, once for each |error|. */
static void keyfile_trouble(qd_keyfiles *kf, keyfile *file, int error) {
  if (error == ENOENT || error == file->trouble) {
    return;
  }
  file->trouble = error;
  kf->trouble = true;
  (void)keyfiles_fail(kf, QUIC_ERR_INVALID, file->path, strerror(error));
}

bool qd_keyfiles_poll(qd_keyfiles *kf) {
  uint64_t before = quic_keylog_generation(kf->log);

  for (size_t i = 0; i < kf->nfiles; i++) {
    keyfile *file = &kf->files[i];
    struct stat st;

    if (stat(file->path, &st) != 0) {
      keyfile_trouble(kf, file, errno);
      continue;
    }
    if (!S_ISREG(st.st_mode)) {
      continue;
    }
    if (file->fd >= 0 && (st.st_ino != file->ino || st.st_dev != file->dev ||
                          (uint64_t)st.st_size < file->offset)) {
      close(file->fd);
      file->fd = -1;
      /* A line that was cut short is not continued by the new file. */
      if (quic_keylog_finish(kf->log, (uint16_t)i) != 0) {
        continue;
      }
    }
    if (file->fd < 0) {
      int error = keyfile_open(file, false);

      if (error) {
        keyfile_trouble(kf, file, error);
        continue;
      }
    }
    if ((uint64_t)st.st_size != file->offset) {
      (void)keyfile_read(kf, file);
    }
  }
  return quic_keylog_generation(kf->log) != before;
}

int qd_keyfiles_finish(qd_keyfiles *kf) {
  int rv = 0;

  for (size_t i = 0; i < kf->nfiles && rv == 0; i++) {
    rv = quic_keylog_finish(kf->log, (uint16_t)i);
  }
  return rv;
}

const char *qd_keyfiles_name(const qd_keyfiles *kf, uint16_t source, char *buf,
                             size_t cap) {
  if (source < kf->nfiles) {
    return kf->files[source].path;
  }
  snprintf(buf, cap, "secrets block %u", source - QD_KEYFILES_MAX + 1u);
  return buf;
}
