#ifndef QUIC_WIRE_FIELD_H
#define QUIC_WIRE_FIELD_H

/* An HTTP field line (RFC 9110 §5), pseudo-header fields included. */

#include "base/bytes.h"

typedef struct quic_field {
  quic_bytes name;
  quic_bytes value;
} quic_field;

#endif /* !defined(QUIC_WIRE_FIELD_H) */
