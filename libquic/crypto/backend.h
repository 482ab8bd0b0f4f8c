#ifndef QUIC_CRYPTO_BACKEND_H
#define QUIC_CRYPTO_BACKEND_H

/* The contract between packet protection and a cryptographic library.  Two
   back ends keep it: GnuTLS, and a null one whose AEAD does not hide (for
   fuzzing and simulation). */

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "crypto/suite.h"

typedef struct quic_crypto quic_crypto;
typedef struct quic_aead quic_aead; /* one key, one direction */
typedef struct quic_hp quic_hp;     /* one header protection key */

struct quic_crypto {
  const char *name; /* "gnutls", "null" */

  /* HKDF-Extract and HKDF-Expand (RFC 5869); |prk| and |out_prk| have the
     hash's length.  Return 0 or QUIC_ERR_CRYPTO. */
  int (*hkdf_extract)(quic_hash hash, quic_bytes salt, quic_bytes ikm,
                      uint8_t *out_prk);
  int (*hkdf_expand)(quic_hash hash, const uint8_t *prk, quic_bytes info,
                     uint8_t *out, size_t out_len);

  /* aead_new returns 0, QUIC_ERR_NOMEM, QUIC_ERR_UNSUPPORTED or
     QUIC_ERR_CRYPTO.  aead_del allows NULL. */
  int (*aead_new)(quic_aead **out, const quic_mem *mem, quic_aead_id id,
                  const uint8_t *key);
  void (*aead_del)(quic_aead *aead);

  /* A handle is for one thread at a time.  aead_copy makes another one of the
     same key, and returns what aead_new does; aead_same compares the keys. */
  int (*aead_copy)(quic_aead **out, const quic_mem *mem, const quic_aead *aead);
  bool (*aead_same)(const quic_aead *a, const quic_aead *b);

  /* aead_seal writes |plain|.len + 16 octets to |out|, which may be
     |plain|.data.  Returns 0 or QUIC_ERR_CRYPTO. */
  int (*aead_seal)(quic_aead *aead, const uint8_t nonce[12], quic_bytes aad,
                   quic_bytes plain, uint8_t *out);

  /* aead_open writes |sealed|.len - 16 octets to |out|, which may be
     |sealed|.data.  Returns 0, QUIC_ERR_AUTH, or QUIC_ERR_SHORT; after an
     error |out| is undefined. */
  int (*aead_open)(quic_aead *aead, const uint8_t nonce[12], quic_bytes aad,
                   quic_bytes sealed, uint8_t *out);

  /* aead_open_prefix decrypts |sealed|, the first octets of a ciphertext
     whose end is lost, without authentication, into as many octets of
     |out|.  Returns 0 or QUIC_ERR_CRYPTO. */
  int (*aead_open_prefix)(quic_aead *aead, const uint8_t nonce[12],
                          quic_bytes sealed, uint8_t *out);

  /* Header protection (RFC 9001 §5.4): mask from a 16-octet sample. */
  int (*hp_new)(quic_hp **out, const quic_mem *mem, quic_aead_id id,
                const uint8_t *key);
  void (*hp_del)(quic_hp *hp);
  int (*hp_copy)(quic_hp **out, const quic_mem *mem, const quic_hp *hp);
  bool (*hp_same)(const quic_hp *a, const quic_hp *b);
  int (*hp_mask)(quic_hp *hp, const uint8_t sample[16], uint8_t mask[5]);
};

/* The GnuTLS back end (static). */
const quic_crypto *quic_crypto_gnutls(void);

/* The null back end (static): the ciphertext is the plaintext, the tag is a
   checksum of key, nonce, AAD and plaintext, which aead_open checks, the mask
   is 5 zeros, and HKDF is a cheap mix, the same everywhere. */
const quic_crypto *quic_crypto_null(void);

/* quic_crypto_gnutls_version returns a name and version for --version, such as
   "GnuTLS 3.7.9"; static. */
const char *quic_crypto_gnutls_version(void);

#endif /* !defined(QUIC_CRYPTO_BACKEND_H) */
