#include "qlogview/paths.h"

#include <errno.h>
#include <fts.h>
#include <sys/stat.h>

#include "cli/complain.h"

void qv_paths_init(qv_paths *paths, const quic_mem *mem) {
  memset(paths, 0, sizeof(*paths));
  paths->mem = mem;
}

void qv_paths_free(qv_paths *paths) {
  for (size_t i = 0; i < paths->len; i++) {
    quic_mem_free(paths->mem, paths->items[i].name);
  }
  quic_mem_free(paths->mem, paths->items);
}

static int paths_push(qv_paths *paths, const char *path, bool named) {
  size_t len = strlen(path) + 1;
  char *copy;

  if (paths->len == QV_PATHS_MAX) {
    cli_complain("more than %d files", QV_PATHS_MAX);
    return -1;
  }
  copy = quic_mem_alloc(paths->mem, len);
  if (!copy || quic_mem_grow(paths->mem, (void **)&paths->items, &paths->cap,
                             paths->len + 1, sizeof(*paths->items))) {
    quic_mem_free(paths->mem, copy);
    cli_complain("%s: out of memory", path);
    return -1;
  }
  memcpy(copy, path, len);
  paths->items[paths->len++] =
      (qv_path){.name = copy, .arg = paths->args, .named = named};
  return 0;
}

static int paths_order(const FTSENT **a, const FTSENT **b) {
  return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int paths_walk(qv_paths *paths, const char *arg) {
  char *const roots[] = {(char *)(uintptr_t)arg, NULL};
  FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, paths_order);
  FTSENT *e;
  int rv = 0;

  if (!fts) {
    cli_complain("%s: %s", arg, strerror(errno));
    return -1;
  }
  while (rv == 0 && (e = fts_read(fts))) {
    bool hidden = e->fts_level > 0 && e->fts_name[0] == '.';

    if (e->fts_info == FTS_D && (hidden || e->fts_level > QV_PATHS_DEPTH)) {
      fts_set(fts, e, FTS_SKIP);
    } else if (e->fts_info == FTS_F && !hidden) {
      rv = paths_push(paths, e->fts_path, false);
    } else if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR ||
               e->fts_info == FTS_NS) {
      cli_complain("%s: %s", e->fts_path, strerror(e->fts_errno));
    }
  }
  fts_close(fts);
  return rv;
}

int qv_paths_add(qv_paths *paths, const char *arg) {
  struct stat st;
  int rv;

  if (strcmp(arg, "-") != 0 && stat(arg, &st) == 0 && S_ISDIR(st.st_mode)) {
    paths->directory = true;
    rv = paths_walk(paths, arg);
  } else {
    rv = paths_push(paths, arg, true);
  }
  paths->args++;
  return rv;
}
