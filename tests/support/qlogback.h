#ifndef TESTS_SUPPORT_QLOGBACK_H
#define TESTS_SUPPORT_QLOGBACK_H

/* Events to qlog records and back. */

#include "base/text.h"
#include "qlog/convert.h"
#include "qlog/writer.h"

typedef struct qlogback {
  char *text; /* of what was written last */
  size_t len, cap;
  quic_text out;
  char buf[4096];
  qlog_writer *writer;
  qlog_convert *convert;
  uint64_t repairs[QLOG_REPAIRS];
  qlog_convert_trace trace;
  qlog_convert_error error;
} qlogback;

/* qlogback_init makes a writer of qlog as it is now, or with |compat| of 0.3,
   and a converter; aborts when out of memory. */
void qlogback_init(qlogback *b, bool compat);
void qlogback_free(qlogback *b);

/* qlogback_write returns the record of |e|, without the separator in front and
   the line's end. */
quic_bytes qlogback_write(qlogback *b, const qlog_event *e);

/* qlogback_member returns the value of a member of the object |record|, as it
   stands there; a string without its quotation marks.  Empty when there is
   none. */
quic_bytes qlogback_member(quic_bytes record, const char *name);

/* qlogback_convert splits |name| at its colon and converts |data| with
   |b->trace|; |e| is made from nothing. */
int qlogback_convert(qlogback *b, quic_bytes name, quic_bytes data,
                     qlog_event *e);

#endif /* !defined(TESTS_SUPPORT_QLOGBACK_H) */
