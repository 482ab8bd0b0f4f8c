#ifndef QUIC_WIRE_TLV_H
#define QUIC_WIRE_TLV_H

/* quic_tlv_reader cuts a byte stream of {type, length, value} with varints,
   as HTTP/3 frames and capsules are, into its elements.  It resumes at any
   octet and keeps nothing but a half-read varint: values are handed on as they
   come. */

#include "base/bytes.h"
#include "base/err.h"

typedef struct quic_tlv_reader {
  uint8_t state;      /* tlv_state */
  uint8_t have;       /* octets of the varint in |part| */
  uint8_t part[8];    /* varint cut by the end of a piece */
  uint8_t header_len; /* octets of type and length so far */
  uint64_t type;
  uint64_t length;
  uint64_t left; /* octets of the value to come; UINT64_MAX: no length */
} quic_tlv_reader;

typedef enum quic_tlv_event {
  QUIC_TLV_BEGIN, /* type and length are known */
  QUIC_TLV_VALUE, /* a piece of the value */
  QUIC_TLV_END    /* the value is complete (also for length 0) */
} quic_tlv_event;

void quic_tlv_reader_init(quic_tlv_reader *tlv);

/* quic_tlv_reader_next reads on in |*data|, which it moves forward.  Returns 0
   and stores the event; QUIC_ERR_AGAIN when |*data| is used up (the end of a
   value is told before that).  With QUIC_TLV_VALUE |*piece| borrows from
   |*data|; else it is empty.  |no_length| is a type after which no length
   follows (UINT64_MAX: none): its element begins with |length| UINT64_MAX and
   takes all that comes. */
int quic_tlv_reader_next(quic_tlv_reader *tlv, quic_bytes *data,
                         uint64_t no_length, quic_tlv_event *event,
                         quic_bytes *piece) QUIC_MUST_USE;

/* quic_tlv_reader_skip moves over |len| octets that are missing.  Returns
   false, and does nothing, unless they are all inside the value in work: then
   nothing behind them can be read. */
bool quic_tlv_reader_skip(quic_tlv_reader *tlv, uint64_t len);

/* quic_tlv_reader_between: the stream may end here, between two elements or in
   one without a length. */
bool quic_tlv_reader_between(const quic_tlv_reader *tlv);

#endif /* !defined(QUIC_WIRE_TLV_H) */
