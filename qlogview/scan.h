#ifndef QV_SCAN_H
#define QV_SCAN_H

/* qv_scan is a list of rows, one for each connection of many files, that keeps
   the worst ones when there are too many. */

#include "analysis/findings.h"
#include "base/mem.h"

#define QV_SCAN_ROWS_MAX 32768 /* kept; at times twice as many */

#define QV_SCAN_NONE (-1)   /* rank: nothing found */
#define QV_SCAN_FAILED (-2) /* rank: a file that could not be read */
#define QV_SCAN_RANKS 5     /* those two and the severities */

/* Findings of one kind. */
typedef struct qv_scan_kind {
  quic_finding_id id;
  quic_severity severity;
  uint64_t count; /* windows */
} qv_scan_kind;

typedef struct qv_scan_row {
  int rank;         /* severity of the worst finding, or as above */
  uint64_t serious; /* findings that are warnings or worse */
  uint64_t findings;
  const char *path;    /* untrusted, as the next two */
  const char *group;   /* group_id; "" */
  const char *ended;   /* how it ended, or why it could not be read */
  uint32_t connection; /* its number */
  const char *vantage; /* static */
  bool vantage_told;
  quic_duration duration;
  uint64_t goodput;          /* bit/s */
  const qv_scan_kind *kinds; /* worst first */
  size_t nkinds;
  uint64_t order; /* in which it was added: the list's to set */
} qv_scan_row;

typedef struct qv_scan {
  const quic_mem *mem;
  qv_scan_row **rows;
  size_t len, cap;
  size_t max;        /* QV_SCAN_ROWS_MAX; tests set less */
  uint64_t added;    /* in all */
  uint64_t left_out; /* of them: better ones, for which there is no room */
  uint64_t starved;  /* rows for which there was no memory */
  uint64_t ranks[QV_SCAN_RANKS]; /* of all, by rank + 2 */
} qv_scan;

void qv_scan_init(qv_scan *scan, const quic_mem *mem);
void qv_scan_free(qv_scan *scan);

/* qv_scan_add copies |row| with its texts and kinds. */
void qv_scan_add(qv_scan *scan, const qv_scan_row *row);

/* qv_scan_worst sorts and cuts to |max|: worst severity first, then more
   serious findings, then more findings, then as they came. */
void qv_scan_worst(qv_scan *scan);

/* qv_scan_by_folder cuts as _worst, then sorts by folder, file and connection.
 */
void qv_scan_by_folder(qv_scan *scan);

/* qv_scan_rank returns how many rows there were of |rank|. */
uint64_t qv_scan_rank(const qv_scan *scan, int rank);

/* qv_scan_rank_name returns "critical", "warning", "note", "none" or "error".
 */
const char *qv_scan_rank_name(int rank);

/* qv_scan_folder returns how many octets of |path| name its folder, without the
   slash at its end; 0 = the working directory. */
size_t qv_scan_folder(const char *path);

/* qv_scan_kinds writes at most |max| keys (0 = all), "death_spiral, pto_storm
   x3, +2", with |between| for the comma. */
void qv_scan_kinds(quic_text *t, const qv_scan_row *row, size_t max,
                   const char *between);

#endif /* !defined(QV_SCAN_H) */
