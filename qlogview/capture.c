#include "qlogview/capture.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/complain.h"

#define CAPTURE_MAGIC 4
#define CAPTURE_ARGUMENTS (2 * QV_KEYS_MAX + 8)

struct qv_capture {
  const quic_mem *mem;
  char dir[PATH_MAX];
  char **files; /* whole paths */
  size_t nfiles, cap;
};

bool qv_capture_is(const char *path) {
  static const uint8_t magics[][CAPTURE_MAGIC] = {
      {0xa1, 0xb2, 0xc3, 0xd4}, {0xd4, 0xc3, 0xb2, 0xa1},
      {0xa1, 0xb2, 0x3c, 0x4d}, {0x4d, 0x3c, 0xb2, 0xa1},
      {0x0a, 0x0d, 0x0d, 0x0a},
  };
  uint8_t first[CAPTURE_MAGIC];
  struct stat st;
  ssize_t n;
  int fd;

  if (strcmp(path, "-") == 0 || stat(path, &st) || !S_ISREG(st.st_mode)) {
    return false;
  }
  fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return false;
  }
  n = read(fd, first, sizeof(first));
  close(fd);
  for (size_t i = 0; n == CAPTURE_MAGIC && i < sizeof(magics) / CAPTURE_MAGIC;
       i++) {
    if (memcmp(first, magics[i], CAPTURE_MAGIC) == 0) {
      return true;
    }
  }
  return false;
}

/* capture_program finds quicdump. */
static const char *capture_program(char *buf, size_t cap) {
  ssize_t n = readlink("/proc/self/exe", buf, cap - 1);
  char *slash;

  if (n > 0) {
    buf[n] = '\0';
    slash = strrchr(buf, '/');
    if (slash && (size_t)(slash - buf) + sizeof("/quicdump") <= cap) {
      memcpy(slash, "/quicdump", sizeof("/quicdump"));
      if (access(buf, X_OK) == 0) {
        return buf;
      }
    }
  }
  return "quicdump";
}

/* capture_keys finds a key log beside the capture: STEM.keys, STEM.log or
   keys.log. */
static const char *capture_keys(const char *path, char *buf, size_t cap) {
  static const char *const ends[] = {".keys", ".log"};
  const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
  const char *dot = strrchr(base, '.');
  int stem = (int)(dot && dot != base ? (size_t)(dot - path) : strlen(path));

  for (size_t i = 0; i < 2; i++) {
    if (snprintf(buf, cap, "%.*s%s", stem, path, ends[i]) < (int)cap &&
        strcmp(buf, path) != 0 && access(buf, R_OK) == 0) {
      return buf;
    }
  }
  if (snprintf(buf, cap, "%.*skeys.log", (int)(base - path), path) < (int)cap &&
      access(buf, R_OK) == 0) {
    return buf;
  }
  return NULL;
}

static int capture_spawn(const qv_capture *c, const char *path,
                         const qv_options *opt) {
  char program[PATH_MAX], keys[PATH_MAX], into[PATH_MAX + 8];
  const char *argv[CAPTURE_ARGUMENTS], *found;
  posix_spawn_file_actions_t actions;
  extern char **environ;
  size_t n = 0;
  int rv, status;
  pid_t pid;

  argv[n++] = capture_program(program, sizeof(program));
  snprintf(into, sizeof(into), "--qlog=%s", c->dir);
  argv[n++] = into;
  argv[n++] = "-q";
  for (size_t i = 0; i < opt->nkeys; i++) {
    argv[n++] = "-k";
    argv[n++] = opt->keys[i];
  }
  found = opt->nkeys ? NULL : capture_keys(path, keys, sizeof(keys));
  if (found) {
    argv[n++] = "-k";
    argv[n++] = found;
  }
  argv[n++] = "-r";
  argv[n++] = path;
  argv[n] = NULL;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null",
                                   O_WRONLY, 0);
  rv = posix_spawnp(&pid, argv[0], &actions, NULL,
                    (char *const *)(uintptr_t)argv, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (rv) {
    cli_complain("%s: is a capture; quicdump, which opens those, cannot be "
                 "run: %s",
                 path, strerror(rv));
    return -1;
  }
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) > 1) {
    cli_complain("%s: quicdump failed", path);
    return -1;
  }
  return 0;
}

/* capture_order: names begin with the number of the connection. */
static int capture_order(const void *a, const void *b) {
  const char *x = strrchr(*(char *const *)a, '/');
  const char *y = strrchr(*(char *const *)b, '/');
  unsigned long m = strtoul(x + 1, NULL, 10), n = strtoul(y + 1, NULL, 10);

  return m < n ? -1 : m > n;
}

static int capture_list(qv_capture *c) {
  DIR *dir = opendir(c->dir);
  struct dirent *e;

  if (!dir) {
    return -1;
  }
  while ((e = readdir(dir)) && c->nfiles < QV_CAPTURE_FILES_MAX) {
    size_t len = strlen(c->dir) + strlen(e->d_name) + 2;
    char *path;

    if (e->d_name[0] == '.' ||
        quic_mem_grow(c->mem, (void **)&c->files, &c->cap, c->nfiles + 1,
                      sizeof(*c->files))) {
      continue;
    }
    path = quic_mem_alloc(c->mem, len);
    if (path) {
      snprintf(path, len, "%s/%s", c->dir, e->d_name);
      c->files[c->nfiles++] = path;
    }
  }
  closedir(dir);
  if (c->nfiles) {
    qsort(c->files, c->nfiles, sizeof(*c->files), capture_order);
  }
  return 0;
}

int qv_capture_new(qv_capture **out, const quic_mem *mem, const char *path,
                   const qv_options *opt) {
  const char *tmp = getenv("TMPDIR");
  qv_capture *c = quic_mem_zalloc(mem, sizeof(*c));
  int rv;

  *out = NULL;
  if (!c) {
    cli_complain("%s: out of memory", path);
    return -1;
  }
  c->mem = mem;
  snprintf(c->dir, sizeof(c->dir), "%s/qlogview.XXXXXX",
           tmp && *tmp ? tmp : "/tmp");
  if (!mkdtemp(c->dir)) {
    cli_complain("%s: %s", c->dir, strerror(errno));
    quic_mem_free(mem, c);
    return -1;
  }
  rv = capture_spawn(c, path, opt);
  if (capture_list(c) || rv) {
    qv_capture_del(c);
    return -1;
  }
  *out = c;
  return 0;
}

const char *qv_capture_at(const qv_capture *c, size_t i) {
  return i < c->nfiles ? c->files[i] : NULL;
}

void qv_capture_del(qv_capture *c) {
  if (!c) {
    return;
  }
  for (size_t i = 0; i < c->nfiles; i++) {
    (void)unlink(c->files[i]);
    quic_mem_free(c->mem, c->files[i]);
  }
  (void)rmdir(c->dir);
  quic_mem_free(c->mem, c->files);
  quic_mem_free(c->mem, c);
}
