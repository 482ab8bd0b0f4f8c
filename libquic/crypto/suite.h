#ifndef QUIC_CRYPTO_SUITE_H
#define QUIC_CRYPTO_SUITE_H

/* The TLS 1.3 cipher suites that QUIC uses (RFC 9001 §5.3). */

#include <stddef.h>
#include <stdint.h>

typedef enum quic_hash { QUIC_HASH_SHA256, QUIC_HASH_SHA384 } quic_hash;

typedef enum quic_aead_id {
  QUIC_AEAD_AES_128_GCM,
  QUIC_AEAD_AES_256_GCM,
  QUIC_AEAD_CHACHA20_POLY1305,
  QUIC_AEAD_AES_128_CCM
} quic_aead_id;

#define QUIC_AEAD_TAG_LEN 16
#define QUIC_AEAD_NONCE_LEN 12
#define QUIC_AEAD_KEY_MAX 32
#define QUIC_HASH_MAX 48

typedef struct quic_suite {
  uint16_t id; /* TLS value: 0x1301 to 0x1304 */
  quic_aead_id aead;
  quic_hash hash;
  uint8_t key_len;                /* octets, AEAD and header protection */
  uint8_t secret_len;             /* octets: 32 or 48 */
  uint64_t confidentiality_limit; /* packets (RFC 9001 §6.6) */
  uint64_t integrity_limit;
  uint16_t cost;    /* opening 1350 octets: about so many ns (GnuTLS 3.7) */
  const char *name; /* "TLS_AES_128_GCM_SHA256" */
} quic_suite;

/* quic_suite_find returns the static row of TLS suite |id|, or NULL. */
const quic_suite *quic_suite_find(uint16_t id);

/* quic_suite_at returns row |i|, NULL past the end. */
const quic_suite *quic_suite_at(size_t i);

#endif /* !defined(QUIC_CRYPTO_SUITE_H) */
