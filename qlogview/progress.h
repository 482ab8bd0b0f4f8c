#ifndef QV_PROGRESS_H
#define QV_PROGRESS_H

/* A line on standard error that tells how far a long file has been read, when
   that is a terminal and takes longer than a moment. */

#include <stdbool.h>
#include <stdint.h>

typedef struct qv_progress {
  bool enabled, shown;
  const char *name;
  uint64_t next;       /* octets at which the clock is looked at again */
  int64_t begun, last; /* ms */
} qv_progress;

void qv_progress_init(qv_progress *p, bool enabled, const char *name);

/* qv_progress_step tells that |done| of |total| octets (0 = not known) were
   read. */
void qv_progress_step(qv_progress *p, uint64_t done, uint64_t total);

/* qv_progress_end takes the line away. */
void qv_progress_end(qv_progress *p);

#endif /* !defined(QV_PROGRESS_H) */
