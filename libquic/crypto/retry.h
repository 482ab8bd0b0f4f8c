#ifndef QUIC_CRYPTO_RETRY_H
#define QUIC_CRYPTO_RETRY_H

/* The Retry Integrity Tag (RFC 9001 §5.8). */

#include "crypto/backend.h"
#include "wire/header.h"

/* quic_retry_tag computes the tag of the Retry |packet| without its tag, for
   the client's first destination CID |odcid|.  Returns 0, QUIC_ERR_UNSUPPORTED
   (the version has no tag), QUIC_ERR_INVALID (|odcid| above 255 octets),
   QUIC_ERR_NOMEM, or QUIC_ERR_CRYPTO. */
int quic_retry_tag(const quic_crypto *crypto, const quic_mem *mem,
                   const quic_version *version, quic_bytes odcid,
                   quic_bytes packet,
                   uint8_t tag[QUIC_RETRY_TAG_LEN]) QUIC_MUST_USE;

/* quic_retry_verify checks a whole Retry |packet|.  Returns 0, QUIC_ERR_AUTH
   (also when too short for a tag), or what quic_retry_tag returns. */
int quic_retry_verify(const quic_crypto *crypto, const quic_mem *mem,
                      const quic_version *version, quic_bytes odcid,
                      quic_bytes packet) QUIC_MUST_USE;

#endif /* !defined(QUIC_CRYPTO_RETRY_H) */
