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

/* What one end told of itself, for reports. */
typedef struct qd_http_settings {
  bool seen;
  uint64_t max_table_capacity;
  uint64_t blocked_streams;
  uint64_t max_field_section_size; /* QD_REQUEST_NONE = no limit */
  uint64_t enable_connect_protocol;
  uint64_t h3_datagram;
} qd_http_settings;

/* How one end used QPACK. */
typedef struct qd_http_qpack {
  uint64_t encoder_octets; /* of its encoder stream */
  uint64_t inserts;
  uint64_t capacity; /* of its table, now */
  uint64_t entries;
  uint64_t section_octets;
  uint64_t field_octets; /* names and values, decoded */
  uint64_t sections;
  uint64_t blocked; /* sections that had to wait */
  quic_duration blocked_time;
  uint64_t failed; /* sections that could not be decoded */
} qd_http_qpack;

/* qd_http_settings_of and qd_http_qpack_of look at |app|, which must be an
   "h3". */
const qd_http_settings *qd_http_settings_of(const qd_protocol *app,
                                            qd_side side);
const qd_http_qpack *qd_http_qpack_of(const qd_protocol *app, qd_side side);

#endif /* !defined(QD_HTTP_H) */
