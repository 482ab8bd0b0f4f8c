#ifndef QD_LINEAPP_H
#define QD_LINEAPP_H

/* What HTTP/0.9 and DNS have in common: one request on each bidirectional
   stream of the client.  A protocol adds how to read the two messages. */

#include "pcap/trace.h"

typedef struct qd_lineapp qd_lineapp;

/* The start of what one side sent, kept until it can be read. */
typedef struct qd_lineapp_half {
  uint8_t *buf;
  size_t len, cap;
  bool read; /* understood, or given up */
} qd_lineapp_half;

typedef struct qd_lineapp_ops {
  const char *name;
  size_t keep[QD_SIDES]; /* octets kept for |read| */
  /* Reads what |side| sent so far; |all| = nothing follows.  Returns false when
     more is needed. */
  bool (*read)(qd_lineapp *app, qd_request *rq, qd_side side, quic_bytes data,
               bool all);
} qd_lineapp_ops;

struct qd_lineapp {
  qd_protocol base;
  const quic_mem *mem;
  qd_trace *trace;
  const qd_lineapp_ops *ops;
};

/* qd_lineapp_new makes an application protocol of |ops|, which must outlive it.
   Returns 0 or QUIC_ERR_NOMEM. */
int qd_lineapp_new(qd_protocol **out, qd_trace *tr,
                   const qd_lineapp_ops *ops) QUIC_MUST_USE;

#endif /* !defined(QD_LINEAPP_H) */
