#ifndef QD_HTTP_H
#define QD_HTTP_H

/* HTTP/3 as the two ends of a connection speak it: control and QPACK streams,
   requests, pushes, datagrams and capsules.  It follows what is said, notes
   what the rules forbid, and never stops because of it. */

#include "pcap/trace.h"

#define QD_HTTP_FRAME_MAX (1u << 20) /* octets of a frame kept whole */
#define QD_HTTP_WAITING_MAX 1024     /* streams that are over but for QPACK */
#define QD_HTTP_PROMISES_MAX 1024    /* pushes promised and not begun */
#define QD_HTTP_CAPACITY_MAX (1u << 20)  /* octets of a dynamic table */
#define QD_HTTP_SECTION_MAX (256u << 10) /* octets of a section, decoded */
#define QD_HTTP_HELD_MAX (1u << 20)      /* octets of blocked sections */

/* qd_http_new makes the application protocol of |tr|.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qd_http_new(qd_protocol **out, qd_trace *tr) QUIC_MUST_USE;

#endif /* !defined(QD_HTTP_H) */
