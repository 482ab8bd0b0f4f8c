#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/keys.h"
#include "tests/support/failmem.h"
#include "tests/vectors/initial.h"

static void assert_hex(const uint8_t *got, size_t len, const char *hex) {
  uint8_t want[128];

  assert_int_equal(hex_bytes(hex, want), len);
  assert_memory_equal(got, want, len);
}

static quic_secret secret_of(const char *hex) {
  quic_secret s = {.len = 0};

  s.len = (uint8_t)hex_bytes(hex, s.data);
  return s;
}

static void initial_secrets(const version_vector *vec, quic_secret *client,
                            quic_secret *server) {
  uint8_t dcid[20];
  size_t len = hex_bytes(VECTOR_DCID, dcid);

  assert_int_equal(quic_initial_secrets(
                       quic_crypto_gnutls(), quic_version_find(vec->version),
                       quic_bytes_of(dcid, len), client, server),
                   0);
}

static void check_expand(const quic_version *v, const quic_suite *suite,
                         const packet_vector *p) {
  const quic_crypto *c = quic_crypto_gnutls();
  quic_secret secret = secret_of(p->secret);
  uint8_t out[QUIC_AEAD_KEY_MAX];

  assert_int_equal(quic_hkdf_expand_label(c, suite->hash, &secret,
                                          v->labels->key, out, suite->key_len),
                   0);
  assert_hex(out, suite->key_len, p->key);
  assert_int_equal(
      quic_hkdf_expand_label(c, suite->hash, &secret, v->labels->iv, out, 12),
      0);
  assert_hex(out, 12, p->iv);
  assert_int_equal(quic_hkdf_expand_label(c, suite->hash, &secret,
                                          v->labels->hp, out, suite->key_len),
                   0);
  assert_hex(out, suite->key_len, p->hp);
}

/* RFC 9001 A.1, RFC 9369 A.1. */
static void test_initial(void **state) {
  (void)state;
  for (size_t i = 0; i < VERSION_VECTORS; i++) {
    const version_vector *vec = &version_vectors[i];
    const quic_version *v = quic_version_find(vec->version);
    quic_secret client, server;

    initial_secrets(vec, &client, &server);
    assert_hex(client.data, client.len, vec->client.secret);
    assert_hex(server.data, server.len, vec->server.secret);
    check_expand(v, quic_suite_find(0x1301), &vec->client);
    check_expand(v, quic_suite_find(0x1301), &vec->server);
  }
}

/* RFC 9001 A.5, RFC 9369 A.5: the ChaCha20 keys and the next secret. */
static void test_chacha(void **state) {
  (void)state;
  for (size_t i = 0; i < VERSION_VECTORS; i++) {
    const version_vector *vec = &version_vectors[i];
    const quic_version *v = quic_version_find(vec->version);
    const quic_suite *suite = quic_suite_find(0x1303);
    quic_secret secret = secret_of(vec->chacha.secret);

    check_expand(v, suite, &vec->chacha);
    assert_int_equal(
        quic_secret_update(quic_crypto_gnutls(), v, suite, &secret, &secret),
        0);
    assert_hex(secret.data, secret.len, vec->update);
  }
}

/* Handles made by quic_keys_init carry the vectors' keys. */
static void test_keys(void **state) {
  (void)state;
  for (size_t i = 0; i < VERSION_VECTORS; i++) {
    const version_vector *vec = &version_vectors[i];
    const packet_vector *rows[2] = {&vec->client, &vec->server};

    for (size_t k = 0; k < 2; k++) {
      quic_secret secret = secret_of(rows[k]->secret);
      uint8_t sample[16], mask[5];
      quic_keys keys;

      hex_bytes(rows[k]->sample, sample);
      assert_int_equal(quic_keys_init(&keys, quic_crypto_gnutls(),
                                      quic_mem_default(),
                                      quic_version_find(vec->version),
                                      quic_suite_find(0x1301), &secret),
                       0);
      assert_hex(keys.iv, sizeof(keys.iv), rows[k]->iv);
      assert_int_equal(keys.crypto->hp_mask(keys.hp, sample, mask), 0);
      assert_hex(mask, sizeof(mask), rows[k]->mask);
      quic_keys_free(&keys);
      assert_null(keys.suite);
      quic_keys_free(&keys);
    }
  }
}

/* Every version of the table that has keys gives other Initial secrets than
   the others, unless it has the same salt. */
static void test_all_versions(void **state) {
  const quic_version *a;
  const quic_version *b;
  size_t with_keys = 0;

  (void)state;
  for (size_t i = 0; (a = quic_version_at(i)) != NULL; i++) {
    quic_secret ca, sa;
    int rv = quic_initial_secrets(quic_crypto_gnutls(), a,
                                  quic_bytes_of("12345678", 8), &ca, &sa);

    assert_int_equal(rv, a->salt ? 0 : QUIC_ERR_UNSUPPORTED);
    if (!a->salt) {
      continue;
    }
    with_keys++;
    for (size_t j = 0; j < i; j++) {
      quic_secret cb, sb;

      b = quic_version_at(j);
      if (b->salt) {
        assert_int_equal(quic_initial_secrets(quic_crypto_gnutls(), b,
                                              quic_bytes_of("12345678", 8), &cb,
                                              &sb),
                         0);
        assert_int_equal(memcmp(ca.data, cb.data, ca.len) == 0,
                         memcmp(a->salt, b->salt, 20) == 0);
        assert_int_equal(memcmp(sa.data, sb.data, sa.len) == 0,
                         memcmp(a->salt, b->salt, 20) == 0);
      }
    }
  }
  assert_true(with_keys >= 3);
}

static void test_invalid(void **state) {
  const quic_version *v1 = quic_version_find(QUIC_VERSION_1);
  quic_version nothing = {.number = 1};
  quic_secret s32 = {.len = 32}, s48 = {.len = 48}, none = {.len = 0};
  uint8_t out[32];
  quic_keys keys;
  size_t i;

  (void)state;
  for (i = 0; quic_suite_at(i); i++) {
    const quic_suite *suite = quic_suite_at(i);
    const quic_secret *good = suite->secret_len == 32 ? &s32 : &s48;
    const quic_secret *bad = suite->secret_len == 32 ? &s48 : &s32;
    const quic_crypto *c = quic_crypto_gnutls();

    assert_int_equal(
        quic_keys_init(&keys, c, quic_mem_default(), v1, suite, bad),
        QUIC_ERR_INVALID);
    assert_null(keys.suite);
    assert_int_equal(
        quic_keys_init(&keys, c, quic_mem_default(), v1, suite, &none),
        QUIC_ERR_INVALID);
    assert_int_equal(
        quic_keys_init(&keys, c, quic_mem_default(), &nothing, suite, good),
        QUIC_ERR_UNSUPPORTED);
    assert_null(keys.suite);
    assert_int_equal(quic_secret_update(c, v1, suite, bad, &none),
                     QUIC_ERR_INVALID);
    assert_int_equal(quic_secret_update(c, &nothing, suite, good, &none),
                     QUIC_ERR_UNSUPPORTED);
    assert_int_equal(
        quic_hkdf_expand_label(c, suite->hash, bad, "quic key", out, 32),
        QUIC_ERR_INVALID);
    none.len = 0;
  }
}

/* Keys of an update have no header protection key and another IV. */
static void test_update(void **state) {
  const quic_version *v1 = quic_version_find(QUIC_VERSION_1);

  (void)state;
  for (size_t i = 0; quic_suite_at(i); i++) {
    const quic_suite *suite = quic_suite_at(i);
    quic_secret secret = {.len = suite->secret_len};
    quic_keys a, b;

    assert_int_equal(quic_keys_init(&a, quic_crypto_gnutls(),
                                    quic_mem_default(), v1, suite, &secret),
                     0);
    assert_int_equal(
        quic_secret_update(quic_crypto_gnutls(), v1, suite, &secret, &secret),
        0);
    assert_int_equal(secret.len, suite->secret_len);
    assert_int_equal(quic_keys_init_update(&b, quic_crypto_gnutls(),
                                           quic_mem_default(), v1, suite,
                                           &secret),
                     0);
    assert_non_null(a.hp);
    assert_null(b.hp);
    assert_memory_not_equal(a.iv, b.iv, sizeof(a.iv));
    quic_keys_free(&a);
    quic_keys_free(&b);
  }
}

static void test_copy(void **state) {
  const quic_version *v1 = quic_version_find(QUIC_VERSION_1);
  const quic_mem *mem = quic_mem_default();

  (void)state;
  for (size_t i = 0; quic_suite_at(i); i++) {
    const quic_suite *suite = quic_suite_at(i);
    quic_secret secret = {.len = suite->secret_len};
    quic_keys a, b, copy, none = {0};

    assert_int_equal(
        quic_keys_init(&a, quic_crypto_gnutls(), mem, v1, suite, &secret), 0);
    secret.data[0]++;
    assert_int_equal(
        quic_keys_init(&b, quic_crypto_gnutls(), mem, v1, suite, &secret), 0);
    assert_int_equal(quic_keys_copy(&copy, mem, &a), 0);
    assert_null(copy.hp);
    assert_ptr_not_equal(copy.aead, a.aead);
    assert_true(quic_keys_same(&a, &a) && quic_keys_same(&a, &copy));
    assert_false(quic_keys_same(&a, &b) || quic_keys_same(&b, &copy));
    memcpy(b.iv, a.iv, sizeof(b.iv)); /* the key alone makes them differ */
    assert_false(quic_keys_same(&a, &b));
    copy.iv[0]++; /* and the IV alone */
    assert_false(quic_keys_same(&a, &copy));
    assert_false(quic_keys_same(&none, &a) || quic_keys_same(&a, &none) ||
                 quic_keys_same(&none, &none));
    quic_keys_free(&a);
    quic_keys_free(&b);
    quic_keys_free(&copy);
  }
}

static int copy_keys(const quic_mem *mem, void *user) {
  quic_keys copy;
  int rv = quic_keys_copy(&copy, mem, user);

  if (rv != 0) {
    assert_null(copy.suite);
    assert_null(copy.aead);
  }
  quic_keys_free(&copy);
  return rv;
}

static int make_keys(const quic_mem *mem, void *user) {
  const quic_crypto *c = user;
  quic_secret secret = {.len = 32};
  quic_keys keys;
  int rv = quic_keys_init(&keys, c, mem, quic_version_find(QUIC_VERSION_1),
                          quic_suite_find(0x1303), &secret);

  if (rv != 0) {
    assert_null(keys.suite);
    assert_null(keys.aead);
  }
  quic_keys_free(&keys);
  return rv;
}

static void test_nomem(void **state) {
  quic_crypto backends[2] = {*quic_crypto_gnutls(), *quic_crypto_null()};

  (void)state;
  for (size_t b = 0; b < 2; b++) {
    quic_secret secret = {.len = 32};
    quic_keys keys;
    failmem fm;

    assert_int_equal(failmem_sweep(&fm, make_keys, &backends[b]), 2);
    assert_string_equal(fm.text, "");
    assert_int_equal(quic_keys_init(&keys, &backends[b], quic_mem_default(),
                                    quic_version_find(QUIC_VERSION_1),
                                    quic_suite_find(0x1303), &secret),
                     0);
    assert_int_equal(failmem_sweep(&fm, copy_keys, &keys), 1);
    quic_keys_free(&keys);
    assert_string_equal(fm.text, "");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_initial), cmocka_unit_test(test_chacha),
      cmocka_unit_test(test_keys),    cmocka_unit_test(test_all_versions),
      cmocka_unit_test(test_invalid), cmocka_unit_test(test_update),
      cmocka_unit_test(test_copy),    cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
