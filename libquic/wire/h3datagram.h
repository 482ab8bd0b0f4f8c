#ifndef QUIC_WIRE_H3DATAGRAM_H
#define QUIC_WIRE_H3DATAGRAM_H

/* quic_h3datagram is what a QUIC DATAGRAM frame holds in HTTP/3 (RFC 9297
   §2.1). */

#include "base/bytes.h"
#include "base/err.h"
#include "base/writer.h"

/* The largest quarter stream ID. */
#define QUIC_H3DATAGRAM_QUARTER_MAX ((UINT64_C(1) << 60) - 1)

typedef struct quic_h3datagram {
  uint64_t quarter_stream_id; /* of the request stream */
  quic_bytes payload; /* what the request's extension defines: often a context
                         ID first (RFC 9298 §4) */
} quic_h3datagram;

/* quic_h3datagram_decode reads |data|, from which |dg->payload| borrows.
   Returns 0, QUIC_ERR_SHORT, or QUIC_ERR_MALFORMED (the quarter stream ID is
   above QUIC_H3DATAGRAM_QUARTER_MAX); both are an H3_DATAGRAM_ERROR. */
int quic_h3datagram_decode(quic_h3datagram *dg, quic_bytes data) QUIC_MUST_USE;

/* quic_h3datagram_encode writes |dg|.  Returns 0, QUIC_ERR_NOSPACE, or
   QUIC_ERR_INVALID (the quarter stream ID is too large; nothing is written). */
int quic_h3datagram_encode(const quic_h3datagram *dg,
                           quic_writer *wr) QUIC_MUST_USE;

static inline uint64_t quic_h3datagram_stream_id(const quic_h3datagram *dg) {
  return 4 * dg->quarter_stream_id;
}

#endif /* !defined(QUIC_WIRE_H3DATAGRAM_H) */
