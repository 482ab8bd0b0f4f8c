#ifndef QUIC_CRYPTO_CERT_H
#define QUIC_CRYPTO_CERT_H

/* What a certificate says of itself.  Nothing is verified. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

/* All texts are cut to fit, NUL-terminated and untrusted. */
typedef struct quic_cert {
  char subject[256]; /* distinguished name */
  char issuer[256];
  char names[512];   /* DNS names and addresses, separated by ", " */
  char key[64];      /* "ECDSA 256 bits" */
  char signature[64];
  char serial[64];   /* hexadecimal */
  uint64_t not_before; /* seconds since 1970 */
  uint64_t not_after;
} quic_cert;

/* quic_cert_describe reads the DER certificate |der|.  Returns 0,
   QUIC_ERR_MALFORMED, or QUIC_ERR_CRYPTO. */
int quic_cert_describe(quic_cert *cert, quic_bytes der) QUIC_MUST_USE;

#endif /* !defined(QUIC_CRYPTO_CERT_H) */
