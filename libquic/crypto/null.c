/* The null back end: nothing is hidden, everything is checked.  It needs no
   library and gives the same octets everywhere, so that fuzzers can build and
   open packets cheaply.  HKDF is replaced by a mix of SipHash: different
   inputs give different keys, and that is all. */

#include "base/map.h"
#include "crypto/backend.h"

struct quic_aead {
  const quic_mem *mem;
  uint64_t key[2]; /* digest of the key */
};

struct quic_hp {
  const quic_mem *mem;
};

static size_t hash_len(quic_hash hash) {
  return hash == QUIC_HASH_SHA384 ? 48 : 32;
}

static void store_u64(uint8_t *out, uint64_t v, size_t n) {
  for (size_t i = 0; i < n; i++, v >>= 8) {
    out[i] = (uint8_t)v;
  }
}

/* mix_fill fills |out| with hashes of |data| under |seed| and a counter. */
static void mix_fill(uint64_t seed, quic_bytes data, uint8_t *out, size_t len) {
  for (size_t i = 0; i < len; i += 8) {
    uint64_t s[2] = {seed, i};

    store_u64(out + i, quic_siphash(s, data), len - i < 8 ? len - i : 8);
  }
}

static int hkdf_extract(quic_hash hash, quic_bytes salt, quic_bytes ikm,
                        uint8_t *out_prk) {
  static const uint64_t seed[2] = {1, 0};

  mix_fill(quic_siphash(seed, salt), ikm, out_prk, hash_len(hash));
  return 0;
}

static int hkdf_expand(quic_hash hash, const uint8_t *prk, quic_bytes info,
                       uint8_t *out, size_t out_len) {
  static const uint64_t seed[2] = {2, 0};

  if (out_len > 255 * hash_len(hash)) {
    return QUIC_ERR_CRYPTO; /* as RFC 5869 §2.3 has it */
  }
  mix_fill(quic_siphash(seed, quic_bytes_of(prk, hash_len(hash))), info, out,
           out_len);
  return 0;
}

static size_t key_len(quic_aead_id id) {
  return id == QUIC_AEAD_AES_256_GCM || id == QUIC_AEAD_CHACHA20_POLY1305 ? 32
                                                                          : 16;
}

static int aead_new(quic_aead **out, const quic_mem *mem, quic_aead_id id,
                    const uint8_t *key) {
  quic_aead *aead = quic_mem_zalloc(mem, sizeof(*aead));

  *out = aead;
  if (!aead) {
    return QUIC_ERR_NOMEM;
  }
  aead->mem = mem;
  for (size_t i = 0; i < 2; i++) {
    uint64_t seed[2] = {3 + i, (uint64_t)id};

    aead->key[i] = quic_siphash(seed, quic_bytes_of(key, key_len(id)));
  }
  return 0;
}

static void aead_del(quic_aead *aead) {
  if (aead) {
    quic_mem_free(aead->mem, aead);
  }
}

static int aead_copy(quic_aead **out, const quic_mem *mem,
                     const quic_aead *aead) {
  *out = quic_mem_zalloc(mem, sizeof(**out));
  if (!*out) {
    return QUIC_ERR_NOMEM;
  }
  (*out)->mem = mem;
  memcpy((*out)->key, aead->key, sizeof(aead->key));
  return 0;
}

static bool aead_same(const quic_aead *a, const quic_aead *b) {
  return memcmp(a->key, b->key, sizeof(a->key)) == 0;
}

static uint64_t load_u64(const uint8_t *p, size_t n) {
  uint64_t v = 0;

  for (size_t i = 0; i < n; i++) {
    v |= (uint64_t)p[i] << (8 * i);
  }
  return v;
}

static uint64_t sum_step(uint64_t h, uint64_t word) {
  h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 32;
}

/* sum is a checksum: each step is a bijection of the state, so that no single
   changed octet goes unnoticed. */
static uint64_t sum(uint64_t h, quic_bytes data) {
  size_t i = 0;

  for (; data.len - i >= 8; i += 8) {
    h = sum_step(h, load_u64(data.data + i, 8));
  }
  if (i < data.len) {
    h = sum_step(h, load_u64(data.data + i, data.len - i));
  }
  return sum_step(h, data.len);
}

static void aead_tag(const quic_aead *aead, const uint8_t *nonce,
                     quic_bytes aad, quic_bytes plain,
                     uint8_t tag[QUIC_AEAD_TAG_LEN]) {
  uint64_t h = sum(aead->key[0], quic_bytes_of(nonce, QUIC_AEAD_NONCE_LEN));

  h = sum(sum(h, aad), plain);
  store_u64(tag, h, 8);
  store_u64(tag + 8, sum_step(h, aead->key[1]), 8);
}

static int aead_seal(quic_aead *aead, const uint8_t nonce[12], quic_bytes aad,
                     quic_bytes plain, uint8_t *out) {
  uint8_t tag[QUIC_AEAD_TAG_LEN];

  aead_tag(aead, nonce, aad, plain, tag);
  if (plain.len) {
    memmove(out, plain.data, plain.len);
  }
  memcpy(out + plain.len, tag, sizeof(tag));
  return 0;
}

static int aead_open(quic_aead *aead, const uint8_t nonce[12], quic_bytes aad,
                     quic_bytes sealed, uint8_t *out) {
  uint8_t tag[QUIC_AEAD_TAG_LEN];
  quic_bytes plain;

  if (sealed.len < sizeof(tag)) {
    return QUIC_ERR_SHORT;
  }
  plain = quic_bytes_of(sealed.data, sealed.len - sizeof(tag));
  aead_tag(aead, nonce, aad, plain, tag);
  if (memcmp(tag, sealed.data + plain.len, sizeof(tag)) != 0) {
    return QUIC_ERR_AUTH;
  }
  if (plain.len) {
    memmove(out, plain.data, plain.len);
  }
  return 0;
}

static int aead_open_prefix(quic_aead *aead, const uint8_t nonce[12],
                            quic_bytes sealed, uint8_t *out) {
  (void)aead;
  (void)nonce;
  if (sealed.len) {
    memmove(out, sealed.data, sealed.len);
  }
  return 0;
}

static int hp_new(quic_hp **out, const quic_mem *mem, quic_aead_id id,
                  const uint8_t *key) {
  quic_hp *hp = quic_mem_zalloc(mem, sizeof(*hp));

  (void)id;
  (void)key;
  *out = hp;
  if (!hp) {
    return QUIC_ERR_NOMEM;
  }
  hp->mem = mem;
  return 0;
}

static void hp_del(quic_hp *hp) {
  if (hp) {
    quic_mem_free(hp->mem, hp);
  }
}

static int hp_copy(quic_hp **out, const quic_mem *mem, const quic_hp *hp) {
  (void)hp;
  return hp_new(out, mem, QUIC_AEAD_AES_128_GCM, NULL);
}

static bool hp_same(const quic_hp *a, const quic_hp *b) {
  (void)a;
  (void)b;
  return true; /* all mask with zeros */
}

static int hp_mask(quic_hp *hp, const uint8_t sample[16], uint8_t mask[5]) {
  (void)hp;
  (void)sample;
  memset(mask, 0, 5);
  return 0;
}

const quic_crypto *quic_crypto_null(void) {
  static const quic_crypto crypto = {
      .name = "null",
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
