#ifndef QUIC_CRYPTO_KEYS_H
#define QUIC_CRYPTO_KEYS_H

/* Secrets and the keys made from them (RFC 9001 §5, §6). */

#include "crypto/backend.h"
#include "wire/version.h"

typedef struct quic_secret {
  uint8_t data[QUIC_HASH_MAX];
  uint8_t len; /* 32 or 48 octets; 0 = none */
} quic_secret;

/* Keys of one direction, one encryption level, one generation. */
typedef struct quic_keys {
  const quic_crypto *crypto;
  const quic_suite *suite; /* NULL = no keys */
  quic_aead *aead;
  quic_hp *hp; /* NULL in a key that came from an update */
  uint8_t iv[QUIC_AEAD_NONCE_LEN];
} quic_keys;

/* quic_hkdf_expand_label is HKDF-Expand-Label of RFC 8446 §7.1, with an empty
   context; |label| is without "tls13 " (at most 64 octets).  Returns 0,
   QUIC_ERR_INVALID (secret of another length than the hash), or
   QUIC_ERR_CRYPTO. */
int quic_hkdf_expand_label(const quic_crypto *crypto, quic_hash hash,
                           const quic_secret *secret, const char *label,
                           uint8_t *out, size_t out_len) QUIC_MUST_USE;

/* quic_initial_secrets derives both Initial secrets from the client's first
   destination CID (RFC 9001 §5.2).  Returns 0, QUIC_ERR_UNSUPPORTED (the
   version has no salt), or QUIC_ERR_CRYPTO. */
int quic_initial_secrets(const quic_crypto *crypto, const quic_version *version,
                         quic_bytes dcid, quic_secret *client,
                         quic_secret *server) QUIC_MUST_USE;

/* quic_keys_init makes key, IV and header protection from |secret| under
   |suite| with |version|'s labels.  Returns 0, QUIC_ERR_INVALID (secret of
   another length than the suite's), QUIC_ERR_NOMEM, QUIC_ERR_UNSUPPORTED or
   QUIC_ERR_CRYPTO; |keys| is then empty. */
int quic_keys_init(quic_keys *keys, const quic_crypto *crypto,
                   const quic_mem *mem, const quic_version *version,
                   const quic_suite *suite,
                   const quic_secret *secret) QUIC_MUST_USE;

/* quic_keys_init_update is quic_keys_init without header protection, whose
   key a key update does not change (RFC 9001 §6). */
int quic_keys_init_update(quic_keys *keys, const quic_crypto *crypto,
                          const quic_mem *mem, const quic_version *version,
                          const quic_suite *suite,
                          const quic_secret *secret) QUIC_MUST_USE;

/* quic_keys_copy makes |copy| the keys of |keys| with an AEAD handle of its
   own, for another thread, and without header protection.  Returns 0,
   QUIC_ERR_NOMEM, QUIC_ERR_UNSUPPORTED or QUIC_ERR_CRYPTO; |copy| is then
   empty. */
int quic_keys_copy(quic_keys *copy, const quic_mem *mem,
                   const quic_keys *keys) QUIC_MUST_USE;

/* quic_keys_same: both open the same packets.  Header protection is not looked
   at, and empty keys are like no others. */
bool quic_keys_same(const quic_keys *a, const quic_keys *b);

/* quic_keys_free releases the handles and empties |keys|; empty is allowed. */
void quic_keys_free(quic_keys *keys);

/* quic_secret_update derives the secret of the next generation (RFC 9001
   §6.1).  |next| may be |secret|.  Returns 0, QUIC_ERR_INVALID (secret of
   another length), QUIC_ERR_UNSUPPORTED (the version has no labels), or
   QUIC_ERR_CRYPTO. */
int quic_secret_update(const quic_crypto *crypto, const quic_version *version,
                       const quic_suite *suite, const quic_secret *secret,
                       quic_secret *next) QUIC_MUST_USE;

#endif /* !defined(QUIC_CRYPTO_KEYS_H) */
