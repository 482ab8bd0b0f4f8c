#ifndef QUIC_WIRE_PRIORITY_H
#define QUIC_WIRE_PRIORITY_H

/* quic_priority is a Priority field value, of a header field or of a
   PRIORITY_UPDATE frame (RFC 9218 §4, §5): a Dictionary of RFC 9651. */

#include "base/bytes.h"
#include "base/err.h"

#define QUIC_PRIORITY_URGENCY_DEFAULT 3
#define QUIC_PRIORITY_URGENCY_MAX 7

typedef enum quic_priority_state {
  QUIC_PRIORITY_ABSENT,
  QUIC_PRIORITY_VALID,
  QUIC_PRIORITY_INVALID /* out of range or of another type: is ignored */
} quic_priority_state;

typedef struct quic_priority {
  quic_priority_state urgency_state;
  quic_priority_state incremental_state;
  uint8_t urgency;  /* 0 (first) to 7; the default unless valid */
  bool incremental; /* false unless valid */
} quic_priority;

/* quic_priority_decode reads |value|.  The last of several u or i counts, and
   members that are not known are passed over.  Returns 0, or
   QUIC_ERR_MALFORMED when |value| is no Dictionary: then both are invalid. */
int quic_priority_decode(quic_priority *p, quic_bytes value) QUIC_MUST_USE;

#endif /* !defined(QUIC_WIRE_PRIORITY_H) */
