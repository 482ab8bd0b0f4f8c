#ifndef QUIC_QLOG_CONVERT_H
#define QUIC_QLOG_CONVERT_H

/* qlog_convert makes a qlog_event of one record's "data", whichever generation
   of names, fields and units it is written in.  What events point to lives in
   its scratch memory until qlog_convert_release. */

#include "base/mem.h"
#include "qlog/event.h"
#include "qlog/reader.h"

/* What is known of a trace that matters for reading values. */
typedef struct qlog_convert_trace {
  bool microseconds; /* time_units "us": durations in data, too */
  bool rows;         /* of draft-00 and -01, or before */
  bool prespec;
  uint64_t *repairs; /* QLOG_REPAIRS counters */
} qlog_convert_trace;

typedef struct qlog_convert qlog_convert;

/* qlog_convert_new makes a converter; from record to record it remembers
   nothing.  Returns 0 or QUIC_ERR_NOMEM. */
int qlog_convert_new(qlog_convert **out, const quic_mem *mem) QUIC_MUST_USE;
void qlog_convert_del(qlog_convert *c);

typedef struct qlog_convert_in {
  quic_bytes space; /* before the ':', or the category column; may be empty */
  quic_bytes name;
  quic_bytes trigger; /* column of rows; may be empty */
  quic_bytes data;    /* JSON value; empty = none */
  const qlog_convert_trace *trace;
} qlog_convert_in;

typedef struct qlog_convert_error {
  const char *why; /* static, a clause */
  size_t at;       /* octet of |data| */
} qlog_convert_error;

/* qlog_convert_event fills |out| (its time, record and group stay the
   caller's).  Values of the wrong kind are left out and counted as a repair.
   Returns 0, QUIC_ERR_UNSUPPORTED (no such event in any draft),
   QUIC_ERR_MALFORMED (|data| is no JSON; |error| is filled), or
   QUIC_ERR_NOMEM. */
int qlog_convert_event(qlog_convert *c, const qlog_convert_in *in,
                       qlog_event *out,
                       qlog_convert_error *error) QUIC_MUST_USE;

/* qlog_convert_full tells that the events so far take so much memory that they
   have to be released before the next one is made. */
bool qlog_convert_full(const qlog_convert *c);

/* qlog_convert_release takes back what the events so far point to. */
void qlog_convert_release(qlog_convert *c);

#endif /* !defined(QUIC_QLOG_CONVERT_H) */
