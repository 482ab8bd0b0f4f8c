#ifndef QUIC_BASE_BASE64_H
#define QUIC_BASE_BASE64_H

/* Base64 with the alphabet of RFC 4648 section 4, padded, on one line. */

#include "base/text.h"

/* quic_base64 appends |b|: 4 characters for each 3 octets. */
void quic_base64(quic_text *t, quic_bytes b);

#endif /* !defined(QUIC_BASE_BASE64_H) */
