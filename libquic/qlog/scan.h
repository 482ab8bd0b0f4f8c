#ifndef QUIC_QLOG_SCAN_H
#define QUIC_QLOG_SCAN_H

/* qlog_scan finds the end of a JSON value by its brackets, at any octet where
   the input happens to pause.  It keeps 64 levels; what is deeper is counted
   only. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum qlog_scan_result {
  QLOG_SCAN_MORE,  /* the octets end inside the value */
  QLOG_SCAN_END,   /* the value ended */
  QLOG_SCAN_BROKEN /* this cannot be inside a value */
} qlog_scan_result;

typedef struct qlog_scan {
  uint64_t objects; /* bit n: level n is an object */
  uint32_t depth;
  uint8_t before; /* the last octet outside of strings that matters */
  bool string, escape, scalar;
  const char *why; /* BROKEN: static, a clause */
} qlog_scan;

/* qlog_scan_start begins a value whose first octet is the next. */
void qlog_scan_start(qlog_scan *s);

/* qlog_scan_run takes octets from |*p| on.  Behind END, |*p| is the first octet
   that is not of the value; behind BROKEN the one that cannot be. */
qlog_scan_result qlog_scan_run(qlog_scan *s, const uint8_t **p,
                               const uint8_t *end);

#endif /* !defined(QUIC_QLOG_SCAN_H) */
