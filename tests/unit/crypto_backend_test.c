#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "crypto/backend.h"
#include "tests/support/failmem.h"
#include "tests/vectors/hex.h"

#define MAX_LEN 1500

static const quic_crypto *backend_at(size_t i) {
  return i == 0 ? quic_crypto_gnutls() : i == 1 ? quic_crypto_null() : NULL;
}

/* RFC 5869 A.1 to A.3. */
static const struct {
  const char *salt;
  const char *ikm;
  const char *info;
  const char *prk;
  const char *okm;
} hkdfs[] = {
    {"000102030405060708090a0b0c",
     "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "f0f1f2f3f4f5f6f7f8f9",
     "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d"
     "5"
     "b887185865"},
    {"", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "",
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395f"
     "a"
     "a4b61a96c8"},
};

static void test_hkdf(void **state) {
  const quic_crypto *crypto = quic_crypto_gnutls();

  (void)state;
  for (size_t i = 0; i < sizeof(hkdfs) / sizeof(hkdfs[0]); i++) {
    uint8_t salt[32], ikm[32], info[32], want[64], prk[QUIC_HASH_MAX], okm[64];
    size_t salt_len = hex_bytes(hkdfs[i].salt, salt);
    size_t ikm_len = hex_bytes(hkdfs[i].ikm, ikm);
    size_t info_len = hex_bytes(hkdfs[i].info, info);
    size_t len;

    assert_int_equal(crypto->hkdf_extract(QUIC_HASH_SHA256,
                                          quic_bytes_of(salt, salt_len),
                                          quic_bytes_of(ikm, ikm_len), prk),
                     0);
    len = hex_bytes(hkdfs[i].prk, want);
    assert_memory_equal(prk, want, len);
    len = hex_bytes(hkdfs[i].okm, want);
    assert_int_equal(crypto->hkdf_expand(QUIC_HASH_SHA256, prk,
                                         quic_bytes_of(info, info_len), okm,
                                         len),
                     0);
    assert_memory_equal(okm, want, len);
  }
}

/* RFC 5869 §2.3: no more than 255 times the hash's length. */
static void test_hkdf_too_long(void **state) {
  static uint8_t out[255 * 32 + 1];
  uint8_t prk[QUIC_HASH_MAX] = {1};
  const quic_crypto *c;

  (void)state;
  for (size_t b = 0; (c = backend_at(b)) != NULL; b++) {
    assert_int_equal(c->hkdf_expand(QUIC_HASH_SHA256, prk,
                                    quic_bytes_of("x", 1), out,
                                    sizeof(out) - 1),
                     0);
    assert_int_equal(c->hkdf_expand(QUIC_HASH_SHA256, prk,
                                    quic_bytes_of("x", 1), out, sizeof(out)),
                     QUIC_ERR_CRYPTO);
  }
}

/* Key, nonce, AAD, plaintext, ciphertext with tag.  Sources: RFC 8439 §2.8.2;
   GCM specification (McGrew, Viega) test cases 4 and 16. */
static const struct {
  quic_aead_id id;
  const char *key;
  const char *nonce;
  const char *aad;
  const char *plain;
  const char *sealed;
} aeads[] = {
    {QUIC_AEAD_CHACHA20_POLY1305,
     "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f662"
     "0"
     "2739393a204966204920636f756c64206f6666657220796f75206f6e6c79206f6e6520746"
     "9"
     "7020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652"
     "0"
     "69742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8"
     "c"
     "a9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c980"
     "3"
     "aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec"
     "6"
     "4b61161ae10b594f09e26a7e902ecbd0600691"},
    {QUIC_AEAD_AES_128_GCM, "feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c959"
     "5"
     "6809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25"
     "4"
     "66931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae71"
     "2"
     "1a47"},
    {QUIC_AEAD_AES_256_GCM,
     "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c959"
     "5"
     "6809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e485"
     "9"
     "0dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2"
     "d"
     "551b"},
};

static void test_aead_vectors(void **state) {
  const quic_crypto *c = quic_crypto_gnutls();

  (void)state;
  for (size_t i = 0; i < sizeof(aeads) / sizeof(aeads[0]); i++) {
    uint8_t key[32], nonce[12], aad[32], plain[128], sealed[144], out[144];
    size_t aad_len = hex_bytes(aeads[i].aad, aad);
    size_t plain_len = hex_bytes(aeads[i].plain, plain);
    size_t sealed_len = hex_bytes(aeads[i].sealed, sealed);
    quic_aead *aead;

    hex_bytes(aeads[i].key, key);
    hex_bytes(aeads[i].nonce, nonce);
    assert_int_equal(sealed_len, plain_len + QUIC_AEAD_TAG_LEN);
    assert_int_equal(c->aead_new(&aead, quic_mem_default(), aeads[i].id, key),
                     0);
    assert_int_equal(c->aead_seal(aead, nonce, quic_bytes_of(aad, aad_len),
                                  quic_bytes_of(plain, plain_len), out),
                     0);
    assert_memory_equal(out, sealed, sealed_len);
    assert_int_equal(c->aead_open(aead, nonce, quic_bytes_of(aad, aad_len),
                                  quic_bytes_of(sealed, sealed_len), out),
                     0);
    assert_memory_equal(out, plain, plain_len);
    c->aead_del(aead);
  }
}

/* What a round trip needs, with blocks of the exact size so that sanitizers
   see any overrun. */
typedef struct trip {
  const quic_crypto *c;
  quic_aead *aead;
  uint8_t nonce[12];
  uint8_t aad[40];
  size_t aad_len;
  uint8_t *plain;
  uint8_t *sealed;
  size_t len;
} trip;

static void trip_seal(trip *t, quic_rng *rng, size_t len) {
  t->len = len;
  t->aad_len = (size_t)quic_rng_below(rng, sizeof(t->aad) + 1);
  quic_rng_fill(rng, t->nonce, sizeof(t->nonce));
  quic_rng_fill(rng, t->aad, t->aad_len);
  t->plain = malloc(len ? len : 1);
  t->sealed = malloc(len + QUIC_AEAD_TAG_LEN);
  assert_non_null(t->plain);
  assert_non_null(t->sealed);
  quic_rng_fill(rng, t->plain, len);
  assert_int_equal(t->c->aead_seal(t->aead, t->nonce,
                                   quic_bytes_of(t->aad, t->aad_len),
                                   quic_bytes_of(t->plain, len), t->sealed),
                   0);
}

static int trip_open(trip *t, const uint8_t *sealed, uint8_t *out) {
  return t->c->aead_open(t->aead, t->nonce, quic_bytes_of(t->aad, t->aad_len),
                         quic_bytes_of(sealed, t->len + QUIC_AEAD_TAG_LEN),
                         out);
}

static void trip_check_open(trip *t) {
  uint8_t *out = malloc(t->len ? t->len : 1);
  uint8_t *inplace = malloc(t->len + QUIC_AEAD_TAG_LEN);

  assert_non_null(out);
  assert_non_null(inplace);
  assert_int_equal(trip_open(t, t->sealed, out), 0);
  assert_memory_equal(out, t->plain, t->len);
  memcpy(inplace, t->sealed, t->len + QUIC_AEAD_TAG_LEN);
  assert_int_equal(trip_open(t, inplace, inplace), 0);
  assert_memory_equal(inplace, t->plain, t->len);
  assert_int_equal(t->c->aead_seal(t->aead, t->nonce,
                                   quic_bytes_of(t->aad, t->aad_len),
                                   quic_bytes_of(inplace, t->len), inplace),
                   0);
  assert_memory_equal(inplace, t->sealed, t->len + QUIC_AEAD_TAG_LEN);
  free(inplace);
  free(out);
}

/* Any changed bit of ciphertext, nonce or AAD is noticed. */
static void trip_check_auth(trip *t, quic_rng *rng) {
  size_t at = (size_t)quic_rng_below(rng, t->len + QUIC_AEAD_TAG_LEN);
  uint8_t bit = (uint8_t)(1u << quic_rng_below(rng, 8));
  uint8_t *out = malloc(t->len ? t->len : 1);

  assert_non_null(out);
  t->sealed[at] ^= bit;
  assert_int_equal(trip_open(t, t->sealed, out), QUIC_ERR_AUTH);
  t->sealed[at] ^= bit;
  t->nonce[at % 12] ^= bit;
  assert_int_equal(trip_open(t, t->sealed, out), QUIC_ERR_AUTH);
  t->nonce[at % 12] ^= bit;
  if (t->aad_len) {
    t->aad[at % t->aad_len] ^= bit;
    assert_int_equal(trip_open(t, t->sealed, out), QUIC_ERR_AUTH);
    t->aad[at % t->aad_len] ^= bit;
    t->aad_len--;
    assert_int_equal(trip_open(t, t->sealed, out), QUIC_ERR_AUTH);
    t->aad_len++;
  }
  free(out);
}

/* Each prefix, decrypted without the tag, is the plaintext's. */
static void trip_check_prefix(trip *t, quic_rng *rng) {
  size_t n = (size_t)quic_rng_below(rng, t->len + 1);
  uint8_t *cut = malloc(n ? n : 1);

  assert_non_null(cut);
  memcpy(cut, t->sealed, n);
  assert_int_equal(
      t->c->aead_open_prefix(t->aead, t->nonce, quic_bytes_of(cut, n), cut), 0);
  assert_memory_equal(cut, t->plain, n);
  free(cut);
}

static void test_aead_round_trips(void **state) {
  quic_rng rng;
  const quic_crypto *c;

  (void)state;
  quic_rng_init(&rng, 1);
  for (size_t b = 0; (c = backend_at(b)) != NULL; b++) {
    for (int id = QUIC_AEAD_AES_128_GCM; id <= QUIC_AEAD_AES_128_CCM; id++) {
      trip t = {.c = c};
      uint8_t key[QUIC_AEAD_KEY_MAX];

      quic_rng_fill(&rng, key, sizeof(key));
      assert_int_equal(
          c->aead_new(&t.aead, quic_mem_default(), (quic_aead_id)id, key), 0);
      for (int i = 0; i < 300; i++) {
        size_t len =
            i < 100 ? (size_t)i : (size_t)quic_rng_below(&rng, MAX_LEN);

        trip_seal(&t, &rng, len);
        trip_check_open(&t);
        trip_check_auth(&t, &rng);
        trip_check_prefix(&t, &rng);
        free(t.plain);
        free(t.sealed);
      }
      c->aead_del(t.aead);
    }
  }
}

static void test_open_short(void **state) {
  uint8_t key[QUIC_AEAD_KEY_MAX] = {0};
  uint8_t nonce[12] = {0};
  const quic_crypto *c;

  (void)state;
  for (size_t b = 0; (c = backend_at(b)) != NULL; b++) {
    quic_aead *aead;

    assert_int_equal(
        c->aead_new(&aead, quic_mem_default(), QUIC_AEAD_AES_128_GCM, key), 0);
    for (size_t n = 0; n < QUIC_AEAD_TAG_LEN; n++) {
      uint8_t *sealed = calloc(1, n ? n : 1);
      uint8_t out[1];

      assert_int_equal(c->aead_open(aead, nonce, quic_bytes_of(NULL, 0),
                                    quic_bytes_of(sealed, n), out),
                       QUIC_ERR_SHORT);
      free(sealed);
    }
    c->aead_del(aead);
    c->aead_del(NULL);
    c->hp_del(NULL);
  }
}

/* A mask depends on its own sample only, whatever came before. */
static void test_hp_stateless(void **state) {
  const quic_crypto *c = quic_crypto_gnutls();
  uint8_t key[QUIC_AEAD_KEY_MAX] = {7};

  (void)state;
  for (int id = QUIC_AEAD_AES_128_GCM; id <= QUIC_AEAD_AES_128_CCM; id++) {
    uint8_t a[16] = {1}, b[16] = {2};
    uint8_t mask_a[5], mask_b[5], again[5];
    quic_hp *hp;

    assert_int_equal(c->hp_new(&hp, quic_mem_default(), (quic_aead_id)id, key),
                     0);
    assert_int_equal(c->hp_mask(hp, a, mask_a), 0);
    assert_int_equal(c->hp_mask(hp, b, mask_b), 0);
    assert_int_equal(c->hp_mask(hp, a, again), 0);
    assert_memory_equal(mask_a, again, 5);
    assert_memory_not_equal(mask_a, mask_b, 5);
    c->hp_del(hp);
  }
}

/* A copy does what the original does, also when that is gone. */
static void test_copies(void **state) {
  const quic_crypto *c;

  (void)state;
  for (size_t b = 0; (c = backend_at(b)) != NULL; b++) {
    for (int id = QUIC_AEAD_AES_128_GCM; id <= QUIC_AEAD_AES_128_CCM; id++) {
      uint8_t key[QUIC_AEAD_KEY_MAX] = {9}, nonce[QUIC_AEAD_NONCE_LEN] = {4};
      uint8_t sealed[3 + QUIC_AEAD_TAG_LEN], out[3 + QUIC_AEAD_TAG_LEN];
      uint8_t sample[16] = {1}, mask[5], again[5];
      quic_bytes aad = quic_bytes_of("aad", 3);
      const quic_mem *mem = quic_mem_default();
      quic_aead *aead, *copy, *other;
      quic_hp *hp, *hp_copy, *hp_other;

      assert_int_equal(c->aead_new(&aead, mem, (quic_aead_id)id, key), 0);
      assert_int_equal(c->hp_new(&hp, mem, (quic_aead_id)id, key), 0);
      key[15]++;
      assert_int_equal(c->aead_new(&other, mem, (quic_aead_id)id, key), 0);
      assert_int_equal(c->hp_new(&hp_other, mem, (quic_aead_id)id, key), 0);
      assert_int_equal(c->aead_copy(&copy, mem, aead), 0);
      assert_int_equal(c->hp_copy(&hp_copy, mem, hp), 0);
      assert_true(c->aead_same(aead, copy) && c->aead_same(copy, aead));
      assert_false(c->aead_same(aead, other));
      assert_true(c->hp_same(hp, hp_copy) && c->hp_same(hp_copy, hp));
      assert_int_equal(c->hp_same(hp, hp_other), c == quic_crypto_null());
      assert_int_equal(
          c->aead_seal(aead, nonce, aad, quic_bytes_of("abc", 3), sealed), 0);
      assert_int_equal(c->hp_mask(hp, sample, mask), 0);
      c->aead_del(aead);
      c->hp_del(hp);
      assert_int_equal(c->aead_open(copy, nonce, aad,
                                    quic_bytes_of(sealed, sizeof(sealed)), out),
                       0);
      assert_memory_equal(out, "abc", 3);
      assert_int_equal(
          c->aead_open_prefix(copy, nonce, quic_bytes_of(sealed, 3), out), 0);
      assert_memory_equal(out, "abc", 3);
      assert_int_equal(c->hp_mask(hp_copy, sample, again), 0);
      assert_memory_equal(mask, again, sizeof(mask));
      c->aead_del(copy);
      c->aead_del(other);
      c->hp_del(hp_copy);
      c->hp_del(hp_other);
    }
  }
}

/* FIPS 197 C.1 and C.3: the mask is the start of one AES block.  ChaCha20: RFC
   8439 §2.4.2's state with block counter 1, XORed with its plaintext. */
static void test_hp_vectors(void **state) {
  static const struct {
    quic_aead_id id;
    const char *key;
    const char *sample;
    const char *mask;
  } hps[] = {
      {QUIC_AEAD_AES_128_GCM, "000102030405060708090a0b0c0d0e0f",
       "00112233445566778899aabbccddeeff", "69c4e0d86a"},
      {QUIC_AEAD_AES_128_CCM, "000102030405060708090a0b0c0d0e0f",
       "00112233445566778899aabbccddeeff", "69c4e0d86a"},
      {QUIC_AEAD_AES_256_GCM,
       "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
       "00112233445566778899aabbccddeeff", "8ea2b7ca51"},
      {QUIC_AEAD_CHACHA20_POLY1305,
       "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
       "01000000000000000000004a00000000", "224f51f340"},
  };
  const quic_crypto *c = quic_crypto_gnutls();

  (void)state;
  for (size_t i = 0; i < sizeof(hps) / sizeof(hps[0]); i++) {
    uint8_t key[32], sample[16], want[5], mask[5];
    quic_hp *hp;

    hex_bytes(hps[i].key, key);
    hex_bytes(hps[i].sample, sample);
    hex_bytes(hps[i].mask, want);
    assert_int_equal(c->hp_new(&hp, quic_mem_default(), hps[i].id, key), 0);
    assert_int_equal(c->hp_mask(hp, sample, mask), 0);
    assert_memory_equal(mask, want, 5);
    c->hp_del(hp);
  }
}

/* The null back end is the same on every machine: a known answer. */
static void test_null(void **state) {
  const quic_crypto *c = quic_crypto_null();
  uint8_t key[16] = {1}, nonce[12] = {2}, sample[16] = {3};
  uint8_t out[3 + 16], mask[5], zero[5] = {0}, prk[2][QUIC_HASH_MAX];
  uint8_t again[3 + 16], known[QUIC_AEAD_TAG_LEN];
  quic_aead *aead, *other;
  quic_hp *hp;

  (void)state;
  assert_int_equal(
      c->aead_new(&aead, quic_mem_default(), QUIC_AEAD_AES_128_GCM, key), 0);
  key[15] ^= 1;
  assert_int_equal(
      c->aead_new(&other, quic_mem_default(), QUIC_AEAD_AES_128_GCM, key), 0);
  assert_int_equal(c->aead_seal(aead, nonce, quic_bytes_of("h", 1),
                                quic_bytes_of("abc", 3), out),
                   0);
  assert_memory_equal(out, "abc", 3);
  hex_bytes("6d039b567b1c1076d23a18e6cfb188c3", known);
  assert_memory_equal(out + 3, known, sizeof(known));
  assert_int_equal(c->aead_open(other, nonce, quic_bytes_of("h", 1),
                                quic_bytes_of(out, sizeof(out)), again),
                   QUIC_ERR_AUTH);
  assert_int_equal(
      c->hp_new(&hp, quic_mem_default(), QUIC_AEAD_AES_128_GCM, key), 0);
  assert_int_equal(c->hp_mask(hp, sample, mask), 0);
  assert_memory_equal(mask, zero, 5);
  assert_int_equal(c->hkdf_extract(QUIC_HASH_SHA384, quic_bytes_of("a", 1),
                                   quic_bytes_of("b", 1), prk[0]),
                   0);
  assert_int_equal(c->hkdf_extract(QUIC_HASH_SHA384, quic_bytes_of("a", 1),
                                   quic_bytes_of("c", 1), prk[1]),
                   0);
  assert_memory_not_equal(prk[0], prk[1], QUIC_HASH_MAX);
  c->hp_del(hp);
  c->aead_del(aead);
  c->aead_del(other);
}

static int make_handles(const quic_mem *mem, void *user) {
  const quic_crypto *c = user;
  uint8_t key[QUIC_AEAD_KEY_MAX] = {0};
  quic_aead *aead;
  quic_hp *hp;
  int rv = c->aead_new(&aead, mem, QUIC_AEAD_AES_256_GCM, key);

  if (rv == 0) {
    rv = c->hp_new(&hp, mem, QUIC_AEAD_AES_256_GCM, key);
    c->hp_del(hp); /* NULL after a failure */
  }
  c->aead_del(aead);
  return rv;
}

static void test_nomem(void **state) {
  (void)state;
  for (size_t b = 0; backend_at(b); b++) {
    quic_crypto c = *backend_at(b);
    failmem fm;

    assert_int_equal(failmem_sweep(&fm, make_handles, &c), 2);
    assert_string_equal(fm.text, "");
  }
}

static void test_names(void **state) {
  (void)state;
  assert_string_equal(quic_crypto_gnutls()->name, "gnutls");
  assert_string_equal(quic_crypto_null()->name, "null");
  assert_memory_equal(quic_crypto_gnutls_version(), "GnuTLS 3.", 9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_hkdf),
      cmocka_unit_test(test_hkdf_too_long),
      cmocka_unit_test(test_aead_vectors),
      cmocka_unit_test(test_aead_round_trips),
      cmocka_unit_test(test_open_short),
      cmocka_unit_test(test_hp_stateless),
      cmocka_unit_test(test_copies),
      cmocka_unit_test(test_hp_vectors),
      cmocka_unit_test(test_null),
      cmocka_unit_test(test_nomem),
      cmocka_unit_test(test_names),
  };

  return cmocka_run_group_tests_name("crypto_backend", tests, NULL, NULL);
}
