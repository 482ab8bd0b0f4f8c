#ifndef QUIC_QLOG_ENVELOPE_H
#define QUIC_QLOG_ENVELOPE_H

/* What stands around the data of an event, in an object with members in any
   order or in a row of columns. */

#include "qlog/head.h"
#include "qlog/token_parts.h"

/* A string or number as it stands in JSON; empty = none. */
typedef struct qlog_envelope_text {
  quic_bytes text;
  uint64_t digits; /* qlog_number, if |read| */
  uint8_t behind;
  bool read;
  bool escaped;
  bool string;
} qlog_envelope_text;

typedef struct qlog_envelope {
  qlog_envelope_text time, name, category, trigger, group, tuple;
  qlog_envelope_text type; /* of draft-02: the name, where none is */
  int time_format;         /* QLOG_UNSET = the trace's */
  bool time_column;        /* "time" of rows: absolute only when it can be */
  quic_bytes data;         /* a JSON value; empty = none */
  bool data_rest;   /* |data| goes on to the end of the record, which only
                       its reader can tell to be right */
  bool data_inside; /* that would have been wrong: members follow */
  bool behind;      /* |why|: something stands behind the record, at |at| */
  bool head;        /* no event: it has members that only heads have */
  uint32_t loose;   /* commas, not counting those in |data| */
  const char *why;  /* not NULL: not JSON, or no object or row */
  size_t at;        /* where */
  bool cut;         /* the record ends inside */
} qlog_envelope;

/* qlog_envelope_read reads one |record|.  |columns| are those of rows; without
   any they are guessed.  With |guess| data that can be the last member is not
   read but taken to the end, see |data_rest|.  Returns false when |why| is
   set. */
bool qlog_envelope_read(qlog_envelope *e, quic_bytes record,
                        const uint8_t *columns, size_t ncolumns,
                        bool guess) QUIC_MUST_USE;

#endif /* !defined(QUIC_QLOG_ENVELOPE_H) */
