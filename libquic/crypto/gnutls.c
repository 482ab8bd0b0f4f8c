/* The GnuTLS back end.  GnuTLS initialises itself when it is loaded, so no
   call of ours has to come first; it allocates its contexts by itself. */

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "crypto/backend.h"
#include "crypto/wipe.h"

#define GNUTLS_BLOCK 16 /* AES block, and counter + nonce of ChaCha20 */

typedef struct aead_info {
  gnutls_cipher_algorithm_t aead;
  /* the cipher that decrypts what has lost its tag */
  gnutls_cipher_algorithm_t prefix;
  gnutls_cipher_algorithm_t hp;
  uint8_t key_len;
} aead_info;

/* clang-format off */
/* GnuTLS has no ECB: CBC of one block with a zero IV is the same. */
static const aead_info aead_infos[] = {
    [QUIC_AEAD_AES_128_GCM] = {GNUTLS_CIPHER_AES_128_GCM,
      GNUTLS_CIPHER_AES_128_GCM, GNUTLS_CIPHER_AES_128_CBC, 16},
    [QUIC_AEAD_AES_256_GCM] = {GNUTLS_CIPHER_AES_256_GCM,
      GNUTLS_CIPHER_AES_256_GCM, GNUTLS_CIPHER_AES_256_CBC, 32},
    [QUIC_AEAD_CHACHA20_POLY1305] = {GNUTLS_CIPHER_CHACHA20_POLY1305,
      GNUTLS_CIPHER_CHACHA20_32, GNUTLS_CIPHER_CHACHA20_32, 32},
    [QUIC_AEAD_AES_128_CCM] = {GNUTLS_CIPHER_AES_128_CCM,
      GNUTLS_CIPHER_AES_128_CBC, GNUTLS_CIPHER_AES_128_CBC, 16},
};
/* clang-format on */

struct quic_aead {
  const quic_mem *mem;
  gnutls_aead_cipher_hd_t cipher;
  gnutls_cipher_hd_t prefix; /* made by the first aead_open_prefix */
  quic_aead_id id;
  uint8_t key[QUIC_AEAD_KEY_MAX]; /* kept for |prefix| and copies */
};

struct quic_hp {
  const quic_mem *mem;
  gnutls_cipher_hd_t cipher;
  quic_aead_id id;
  uint8_t key[QUIC_AEAD_KEY_MAX];
};

static const uint8_t zero_block[GNUTLS_BLOCK];

/* GnuTLS takes its inputs through pointers to non-const and only reads. */
static gnutls_datum_t gnutls_input(const uint8_t *data, size_t len) {
  union {
    const uint8_t *in;
    uint8_t *out;
  } p = {data};
  gnutls_datum_t d = {p.out, (unsigned)len};

  return d;
}

static int gnutls_error(int err) {
  switch (err) {
  case GNUTLS_E_MEMORY_ERROR:
    return QUIC_ERR_NOMEM;
  case GNUTLS_E_UNKNOWN_CIPHER_TYPE:
  case GNUTLS_E_UNWANTED_ALGORITHM:
  case GNUTLS_E_UNIMPLEMENTED_FEATURE:
    return QUIC_ERR_UNSUPPORTED;
  default:
    return QUIC_ERR_CRYPTO;
  }
}

static gnutls_mac_algorithm_t hash_mac(quic_hash hash) {
  return hash == QUIC_HASH_SHA384 ? GNUTLS_MAC_SHA384 : GNUTLS_MAC_SHA256;
}

static size_t hash_len(quic_hash hash) {
  return hash == QUIC_HASH_SHA384 ? 48 : 32;
}

static int hkdf_extract(quic_hash hash, quic_bytes salt, quic_bytes ikm,
                        uint8_t *out_prk) {
  gnutls_datum_t key = gnutls_input(ikm.data, ikm.len);
  gnutls_datum_t s = gnutls_input(salt.data, salt.len);

  return gnutls_hkdf_extract(hash_mac(hash), &key, &s, out_prk) < 0
             ? QUIC_ERR_CRYPTO
             : 0;
}

static int hkdf_expand(quic_hash hash, const uint8_t *prk, quic_bytes info,
                       uint8_t *out, size_t out_len) {
  gnutls_datum_t key = gnutls_input(prk, hash_len(hash));
  gnutls_datum_t i = gnutls_input(info.data, info.len);

  return gnutls_hkdf_expand(hash_mac(hash), &key, &i, out, out_len) < 0
             ? QUIC_ERR_CRYPTO
             : 0;
}

static void aead_del(quic_aead *aead) {
  if (!aead) {
    return;
  }
  if (aead->cipher) {
    gnutls_aead_cipher_deinit(aead->cipher);
  }
  if (aead->prefix) {
    gnutls_cipher_deinit(aead->prefix);
  }
  quic_wipe(aead->key, sizeof(aead->key));
  quic_mem_free(aead->mem, aead);
}

static int aead_new(quic_aead **out, const quic_mem *mem, quic_aead_id id,
                    const uint8_t *key) {
  const aead_info *info = &aead_infos[id];
  gnutls_datum_t k = gnutls_input(key, info->key_len);
  quic_aead *aead = quic_mem_zalloc(mem, sizeof(*aead));
  int rv;

  *out = NULL;
  if (!aead) {
    return QUIC_ERR_NOMEM;
  }
  aead->mem = mem;
  aead->id = id;
  memcpy(aead->key, key, info->key_len);
  rv = gnutls_aead_cipher_init(&aead->cipher, info->aead, &k);
  if (rv < 0) {
    aead->cipher = NULL;
    aead_del(aead);
    return gnutls_error(rv);
  }
  *out = aead;
  return 0;
}

static int aead_copy(quic_aead **out, const quic_mem *mem,
                     const quic_aead *aead) {
  return aead_new(out, mem, aead->id, aead->key);
}

static bool aead_same(const quic_aead *a, const quic_aead *b) {
  return a->id == b->id && memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

static int aead_seal(quic_aead *aead, const uint8_t nonce[12], quic_bytes aad,
                     quic_bytes plain, uint8_t *out) {
  size_t out_len = plain.len + QUIC_AEAD_TAG_LEN;

  return gnutls_aead_cipher_encrypt(aead->cipher, nonce, QUIC_AEAD_NONCE_LEN,
                                    aad.data, aad.len, QUIC_AEAD_TAG_LEN,
                                    plain.data, plain.len, out, &out_len) < 0
             ? QUIC_ERR_CRYPTO
             : 0;
}

static int aead_open(quic_aead *aead, const uint8_t nonce[12], quic_bytes aad,
                     quic_bytes sealed, uint8_t *out) {
  size_t out_len;

  if (sealed.len < QUIC_AEAD_TAG_LEN) {
    return QUIC_ERR_SHORT;
  }
  out_len = sealed.len - QUIC_AEAD_TAG_LEN;
  return gnutls_aead_cipher_decrypt(aead->cipher, nonce, QUIC_AEAD_NONCE_LEN,
                                    aad.data, aad.len, QUIC_AEAD_TAG_LEN,
                                    sealed.data, sealed.len, out, &out_len) < 0
             ? QUIC_ERR_AUTH
             : 0;
}

static int aead_prefix_cipher(quic_aead *aead) {
  const aead_info *info = &aead_infos[aead->id];
  gnutls_datum_t key = gnutls_input(aead->key, info->key_len);
  gnutls_datum_t iv =
      gnutls_input(zero_block, (size_t)gnutls_cipher_get_iv_size(info->prefix));

  if (aead->prefix) {
    return 0;
  }
  if (gnutls_cipher_init(&aead->prefix, info->prefix, &key, &iv) < 0) {
    aead->prefix = NULL;
    return QUIC_ERR_CRYPTO;
  }
  return 0;
}

/* cipher_block encrypts one AES block.  The IV is set again because CBC
   chains. */
static int cipher_block(gnutls_cipher_hd_t cipher, const uint8_t *in,
                        uint8_t *out) {
  uint8_t iv[GNUTLS_BLOCK] = {0};

  gnutls_cipher_set_iv(cipher, iv, sizeof(iv));
  return gnutls_cipher_encrypt2(cipher, in, GNUTLS_BLOCK, out, GNUTLS_BLOCK) < 0
             ? QUIC_ERR_CRYPTO
             : 0;
}

/* aead_prefix_ccm runs CCM's counter mode (RFC 3610 §2.3, L = 3).  Block 0
   belongs to the tag. */
static int aead_prefix_ccm(quic_aead *aead, const uint8_t *nonce,
                           quic_bytes sealed, uint8_t *out) {
  uint8_t block[GNUTLS_BLOCK] = {2};
  uint8_t stream[GNUTLS_BLOCK];

  memcpy(block + 1, nonce, QUIC_AEAD_NONCE_LEN);
  for (size_t i = 0; i < sealed.len; i++) {
    if (i % GNUTLS_BLOCK == 0) {
      size_t counter = i / GNUTLS_BLOCK + 1;

      block[13] = (uint8_t)(counter >> 16);
      block[14] = (uint8_t)(counter >> 8);
      block[15] = (uint8_t)counter;
      if (cipher_block(aead->prefix, block, stream) != 0) {
        return QUIC_ERR_CRYPTO;
      }
    }
    out[i] = sealed.data[i] ^ stream[i % GNUTLS_BLOCK];
  }
  return 0;
}

/* aead_prefix_iv makes what the stream cipher starts from: GCM takes the
   nonce, ChaCha20 counter 1 (RFC 8439 §2.8) and the nonce. */
static size_t aead_prefix_iv(quic_aead_id id, const uint8_t *nonce,
                             uint8_t iv[GNUTLS_BLOCK]) {
  size_t counter_len = id == QUIC_AEAD_CHACHA20_POLY1305 ? 4 : 0;

  memset(iv, 0, GNUTLS_BLOCK);
  iv[0] = 1;
  memcpy(iv + counter_len, nonce, QUIC_AEAD_NONCE_LEN);
  return counter_len + QUIC_AEAD_NONCE_LEN;
}

static int aead_open_prefix(quic_aead *aead, const uint8_t nonce[12],
                            quic_bytes sealed, uint8_t *out) {
  uint8_t iv[GNUTLS_BLOCK];
  size_t iv_len;

  if (sealed.len == 0) {
    return 0;
  }
  if (aead_prefix_cipher(aead) != 0) {
    return QUIC_ERR_CRYPTO;
  }
  if (aead->id == QUIC_AEAD_AES_128_CCM) {
    return aead_prefix_ccm(aead, nonce, sealed, out);
  }
  iv_len = aead_prefix_iv(aead->id, nonce, iv);
  gnutls_cipher_set_iv(aead->prefix, iv, iv_len);
  return gnutls_cipher_decrypt2(aead->prefix, sealed.data, sealed.len, out,
                                sealed.len) < 0
             ? QUIC_ERR_CRYPTO
             : 0;
}

static void hp_del(quic_hp *hp) {
  if (!hp) {
    return;
  }
  if (hp->cipher) {
    gnutls_cipher_deinit(hp->cipher);
  }
  quic_wipe(hp->key, sizeof(hp->key));
  quic_mem_free(hp->mem, hp);
}

static int hp_new(quic_hp **out, const quic_mem *mem, quic_aead_id id,
                  const uint8_t *key) {
  const aead_info *info = &aead_infos[id];
  gnutls_datum_t k = gnutls_input(key, info->key_len);
  gnutls_datum_t iv = gnutls_input(zero_block, sizeof(zero_block));
  quic_hp *hp = quic_mem_zalloc(mem, sizeof(*hp));
  int rv;

  *out = NULL;
  if (!hp) {
    return QUIC_ERR_NOMEM;
  }
  hp->mem = mem;
  hp->id = id;
  memcpy(hp->key, key, info->key_len);
  rv = gnutls_cipher_init(&hp->cipher, info->hp, &k, &iv);
  if (rv < 0) {
    hp->cipher = NULL;
    hp_del(hp);
    return gnutls_error(rv);
  }
  *out = hp;
  return 0;
}

static int hp_copy(quic_hp **out, const quic_mem *mem, const quic_hp *hp) {
  return hp_new(out, mem, hp->id, hp->key);
}

static bool hp_same(const quic_hp *a, const quic_hp *b) {
  return a->id == b->id && memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

/* hp_mask_chacha: RFC 9001 §5.4.4.  CHACHA20_32 takes counter and nonce in
   the order in which they stand in the sample. */
static int hp_mask_chacha(quic_hp *hp, const uint8_t *sample, uint8_t *mask) {
  uint8_t iv[GNUTLS_BLOCK];

  memcpy(iv, sample, sizeof(iv));
  gnutls_cipher_set_iv(hp->cipher, iv, sizeof(iv));
  return gnutls_cipher_encrypt2(hp->cipher, zero_block, 5, mask, 5) < 0
             ? QUIC_ERR_CRYPTO
             : 0;
}

static int hp_mask(quic_hp *hp, const uint8_t sample[16], uint8_t mask[5]) {
  uint8_t block[GNUTLS_BLOCK];

  if (hp->id == QUIC_AEAD_CHACHA20_POLY1305) {
    return hp_mask_chacha(hp, sample, mask);
  }
  if (cipher_block(hp->cipher, sample, block) != 0) {
    return QUIC_ERR_CRYPTO;
  }
  memcpy(mask, block, 5);
  return 0;
}

const quic_crypto *quic_crypto_gnutls(void) {
  static const quic_crypto crypto = {
      .name = "gnutls",
      .hkdf_extract = hkdf_extract,
      .hkdf_expand = hkdf_expand,
      .aead_new = aead_new,
      .aead_del = aead_del,
      .aead_copy = aead_copy,
      .aead_same = aead_same,
      .aead_seal = aead_seal,
      .aead_open = aead_open,
      .aead_open_prefix = aead_open_prefix,
      .hp_new = hp_new,
      .hp_del = hp_del,
      .hp_copy = hp_copy,
      .hp_same = hp_same,
      .hp_mask = hp_mask,
  };

  return &crypto;
}

const char *quic_crypto_gnutls_version(void) {
  return "GnuTLS " GNUTLS_VERSION;
}
