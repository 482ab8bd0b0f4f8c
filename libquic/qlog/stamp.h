#ifndef QUIC_QLOG_STAMP_H
#define QUIC_QLOG_STAMP_H

/* Points in time as logs write them. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

/* qlog_stamp_date reads a date and time of RFC 3339, "2026-07-06T00:00:00.5Z",
   as ns since 1970; digits below ns are cut off.  False when it is none, or
   before 1970 or after 2554. */
bool qlog_stamp_date(quic_bytes text, quic_time *out) QUIC_MUST_USE;

/* qlog_stamp_wall tells whether |time|, ns since 1970, is in the age of QUIC:
   2010 to 2100.  Clocks that count from a start are far below. */
bool qlog_stamp_wall(quic_time time);

typedef enum qlog_stamp_unit {
  QLOG_STAMP_MS,
  QLOG_STAMP_US,
  QLOG_STAMP_S,
  QLOG_STAMP_NS
} qlog_stamp_unit;

/* qlog_stamp_decimals returns how many decimals of |unit| make ns. */
unsigned qlog_stamp_decimals(qlog_stamp_unit unit);

/* qlog_stamp_reference reads what relative times count from: a number in
   |*unit|, or in that unit in which it is a time in the age of QUIC, which
   |*unit| then is.  False when it is no number. */
bool qlog_stamp_reference(quic_bytes text, qlog_stamp_unit *unit,
                          quic_time *out) QUIC_MUST_USE;

#endif /* !defined(QUIC_QLOG_STAMP_H) */
