#ifndef QD_HQ_H
#define QD_HQ_H

/* HTTP/0.9 over QUIC, as interop tests speak it (ALPN hq-interop): "GET path"
   on a client's bidirectional stream, the content as the answer. */

#include "pcap/trace.h"

#define QD_HQ_LINE_MAX 4096 /* octets of a request line */

/* qd_hq_new makes the application protocol of |tr|.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qd_hq_new(qd_protocol **out, qd_trace *tr) QUIC_MUST_USE;

#endif /* !defined(QD_HQ_H) */
