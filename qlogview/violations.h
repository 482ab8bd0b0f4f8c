#ifndef QV_VIOLATIONS_H
#define QV_VIOLATIONS_H

/* qv_violations are what of a file is not as the newest drafts have it: one row
   for each rule, event, field and expectation, however often it is broken. */

#include "base/map.h"
#include "qlog/validate.h"

#define QV_VIOLATIONS_MAX 512      /* rows; violations of other kinds count */
#define QV_VIOLATIONS_FOUND_MAX 60 /* octets kept of what was found */

typedef struct qv_violation {
  qlog_rule rule;
  uint64_t count;
  const char *event, *path, *wants; /* printable */
  quic_bytes found;                 /* untrusted; in the first one */
  uint64_t record, offset;          /* of the first one; octets of the file */
} qv_violation;

typedef struct qv_violations {
  const quic_mem *mem;
  uint64_t seed[2];
  quic_map by_key;
  qv_violation **rows;
  size_t len, cap;
  uint64_t rules[QLOG_RULES]; /* all, kept or not */
  uint64_t other;             /* that got no row */
} qv_violations;

void qv_violations_init(qv_violations *all, const quic_mem *mem,
                        const uint64_t seed[2]);
void qv_violations_free(qv_violations *all);

/* qv_violations_clear begins another file. */
void qv_violations_clear(qv_violations *all);

/* qv_violations_add counts |v| in record |record|, which stands at octet
   |offset| of the file. */
void qv_violations_add(qv_violations *all, const qlog_violation *v,
                       uint64_t record, uint64_t offset);

/* qv_violations_sort sorts: errors first, then by how often. */
void qv_violations_sort(qv_violations *all);

/* qv_violations_sum returns how many errors there were, or warnings. */
uint64_t qv_violations_sum(const qv_violations *all, bool errors);

#endif /* !defined(QV_VIOLATIONS_H) */
