#ifndef QUIC_CRYPTO_CERT_H
#define QUIC_CRYPTO_CERT_H

/* What a certificate says of itself.  Nothing is verified. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

/* A larger one is not read: GnuTLS spends some microseconds on each of its
   names, and an honest certificate has 2 KB. */
#define QUIC_CERT_MAX 65536 /* octets */

/* All texts are cut to fit, NUL-terminated and untrusted. */
typedef struct quic_cert {
  char subject[256]; /* distinguished name */
  char issuer[256];
  char names[512]; /* DNS names, addresses, mail, URIs; ", " between */
  char key[64];    /* "ECDSA 256 bits" */
  char signature[64];
  char serial[64];     /* hexadecimal */
  uint64_t not_before; /* seconds since 1970 */
  uint64_t not_after;
} quic_cert;

/* quic_cert_describe reads the DER certificate |der|.  Returns 0,
   QUIC_ERR_MALFORMED (also above QUIC_CERT_MAX), or QUIC_ERR_CRYPTO. */
int quic_cert_describe(quic_cert *cert, quic_bytes der) QUIC_MUST_USE;

#endif /* !defined(QUIC_CRYPTO_CERT_H) */
