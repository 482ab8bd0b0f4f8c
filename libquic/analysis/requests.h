#ifndef QUIC_ANALYSIS_REQUESTS_H
#define QUIC_ANALYSIS_REQUESTS_H

/* quic_requests are the HTTP requests of a connection by their times, from
   HTTP/3 frames where they are told and from STREAM frames of client-initiated
   bidirectional streams where not. */

#include "analysis/side.h"
#include "base/mem.h"

#define QUIC_REQUESTS_MAX 4096    /* kept; later ones are counted */
#define QUIC_REQUEST_TEXT_MAX 128 /* octets of :path and :authority */

typedef struct quic_request {
  uint64_t stream_id;
  quic_mark start;         /* first octet or HEADERS of the request */
  quic_mark first;         /* of the response */
  quic_mark end;           /* FIN or last octet of the response */
  uint64_t sent, received; /* octets of STREAM data, by the client's view */
  uint32_t status;         /* 0 = not told */
  bool finished;           /* FIN seen in the direction of the response */
  uint64_t reset;          /* code of a reset; QLOG_NONE */
  char method[16];
  char path[QUIC_REQUEST_TEXT_MAX]; /* untrusted octets, NUL-terminated */
  char authority[QUIC_REQUEST_TEXT_MAX];
} quic_request;

typedef struct quic_requests quic_requests;

int quic_requests_new(quic_requests **out, const quic_mem *mem,
                      bool sent_is_client,
                      const uint64_t seed[2]) QUIC_MUST_USE;
void quic_requests_del(quic_requests *r);
void quic_requests_event(quic_requests *r, const qlog_event *e);

/* quic_requests_at returns request |i| in order of their starts, NULL past the
   end; quic_requests_count all of them, kept or not. */
const quic_request *quic_requests_at(const quic_requests *r, size_t i);
uint64_t quic_requests_count(const quic_requests *r);

#endif /* !defined(QUIC_ANALYSIS_REQUESTS_H) */
