#ifndef QV_PATHS_H
#define QV_PATHS_H

/* qv_paths are the files to look at: those that were named, and all that lie
   in directories that were named, sorted. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

#define QV_PATHS_MAX 1000000
#define QV_PATHS_DEPTH 32 /* directories inside each other */

typedef struct qv_path {
  char *name;
  uint32_t arg; /* by which argument it came in, from 0 */
  bool named;   /* it is that argument, not found in a directory */
} qv_path;

typedef struct qv_paths {
  const quic_mem *mem;
  qv_path *items;
  size_t len, cap;
  uint32_t args;  /* added */
  bool directory; /* one was among the arguments */
} qv_paths;

void qv_paths_init(qv_paths *paths, const quic_mem *mem);
void qv_paths_free(qv_paths *paths);

/* qv_paths_add takes |arg|, and what is in it.  Hidden files and symbolic links
   in directories are passed over.  Returns 0, or -1 after a complaint. */
int qv_paths_add(qv_paths *paths, const char *arg) QUIC_MUST_USE;

#endif /* !defined(QV_PATHS_H) */
