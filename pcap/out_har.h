#ifndef QD_OUT_HAR_H
#define QD_OUT_HAR_H

/* What the files of --har share; nobody else includes it.  out_har.c is the
   output: it keeps content, puts entries in order and writes the file.
   out_har_entry.c writes one entry, as HAR 1.2 says. */

#include "pcap/output.h"
#include "pcap/trace.h"
#include "qlog/json.h"

/* Content of one message, as far as it is kept: its first octets. */
typedef struct har_body {
  uint8_t *data;
  size_t len, cap;
  bool cut; /* there is more, or a hole */
} har_body;

/* An entry in the making. */
typedef struct har_entry {
  qlog_json j;
  const qd_trace *trace;
  const qd_request *request;
  bool bodies;                    /* content was asked for */
  const har_body *body[QD_SIDES]; /* NULL = none is kept */
  quic_time start;
  uint8_t url[QD_REQUEST_URL_MAX];
} har_entry;

/* har_entry_start returns when |rq| began: the first octet of either side. */
quic_time har_entry_start(const qd_request *rq);

/* har_entry_write writes the object, all of |e| but |url| being set. */
void har_entry_write(har_entry *e);

#endif /* !defined(QD_OUT_HAR_H) */
