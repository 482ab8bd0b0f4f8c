#ifndef QD_REQUEST_H
#define QD_REQUEST_H

/* A request and its response, as far as the capture shows them: of HTTP/3, of
   HTTP/0.9 over QUIC, of DNS over QUIC. */

#include "base/text.h"
#include "base/time.h"
#include "pcap/fields.h"
#include "pcap/packet.h"

#define QD_REQUEST_NONE UINT64_MAX

/* What one side sent. */
typedef struct qd_http_message {
  qd_fields fields;        /* of the final header section */
  qd_fields trailers;      /* fields.len 0 = none */
  quic_time first;         /* first octet; QUIC_TIME_NEVER = none came */
  quic_time headers;       /* the header section was complete and readable */
  quic_time body_first;    /* first octet of content */
  quic_time last;          /* newest octet */
  uint64_t frame;          /* capture record of the header section; 0 = none */
  uint64_t body;           /* octets of content */
  uint64_t stream;         /* octets of the stream, each once */
  uint64_t retransmitted;  /* octets that came again */
  uint64_t lost;           /* octets that the capture has not */
  uint64_t section_octets; /* encoded header and trailer sections */
  uint64_t field_octets;   /* the same decoded: names and values */
  quic_duration blocked;   /* waited for the QPACK encoder stream */
  uint64_t reset_code;     /* QD_REQUEST_NONE = it was not reset */
  uint64_t stop_code;      /* its receiver asked to stop; QD_REQUEST_NONE */
  uint32_t interim;        /* 1xx responses */
  uint32_t malformed;      /* sections that could not be decoded */
  bool has_headers, has_trailers;
  bool fin; /* it came whole */
} qd_http_message;

typedef struct qd_request {
  uint64_t number; /* in the capture, in the order of the first octet, from 1 */
  uint64_t stream_id;
  uint64_t push_id;     /* QD_REQUEST_NONE = not pushed */
  const char *protocol; /* "h3", "hq", "doq" */
  qd_http_message side[QD_SIDES];
  unsigned status; /* final status code; DNS: response code; 0 = none seen */
  bool has_status;
  uint64_t capsules, datagrams; /* of an extended CONNECT */
  uint64_t datagram_octets;
  void *note; /* an output's own, to tell requests apart while they run */
} qd_request;

void qd_request_init(qd_request *rq);
void qd_request_free(qd_request *rq, const quic_mem *mem);

/* qd_request_method: "GET", "CONNECT"; empty when unknown. */
quic_bytes qd_request_method(const qd_request *rq);

/* What a request is for: parts of its URL, borrowed; data NULL = not known.
   |authority| may come from the field "host". */
typedef struct qd_request_target {
  quic_bytes scheme, authority, path;
} qd_request_target;

qd_request_target qd_request_target_of(const qd_request *rq);

/* qd_request_join puts the parts together as they are, for who escapes them.
   QD_REQUEST_URL_MAX octets have room for those of one field section; what does
   not fit into |cap| is left out.  Returns how many were written. */
#define QD_REQUEST_URL_MAX (QD_FIELDS_OCTETS_MAX + 8)
size_t qd_request_join(const qd_request_target *target, uint8_t *out,
                       size_t cap);

/* qd_request_url appends scheme, authority and path as far as they are known,
   escaped; "example.org A" of a DNS query. */
void qd_request_url(const qd_request *rq, quic_text *t);

/* Durations in ns; QUIC_TIME_NEVER when one of both moments is missing. */
quic_duration qd_request_ttfb(const qd_request *rq);
quic_duration qd_request_total(const qd_request *rq);

/* qd_request_complete: both messages came whole. */
bool qd_request_complete(const qd_request *rq);

#endif /* !defined(QD_REQUEST_H) */
