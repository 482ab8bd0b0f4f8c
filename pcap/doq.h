#ifndef QD_DOQ_H
#define QD_DOQ_H

/* DNS over dedicated QUIC connections (RFC 9250): on each bidirectional stream
   of the client one query and its answers, each behind a length of two octets.
   A query is a request whose method is QUERY and whose path says what was
   asked; the response code is its status. */

#include "pcap/trace.h"

/* qd_doq_new makes the application protocol of |tr|.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qd_doq_new(qd_protocol **out, qd_trace *tr) QUIC_MUST_USE;

#endif /* !defined(QD_DOQ_H) */
