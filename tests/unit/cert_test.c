#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "crypto/cert.h"
#include "tests/vectors/cert.h"

static void test_ecdsa(void **state) {
  quic_cert c;

  (void)state;
  assert_int_equal(
      quic_cert_describe(&c, quic_bytes_of(cert_ecdsa, sizeof(cert_ecdsa))), 0);
  assert_string_equal(c.subject, "CN=www.example.org,O=Example GmbH,C=CH");
  assert_string_equal(c.issuer, c.subject);
  assert_string_equal(c.names,
                      "www.example.org, *.example.net, 192.0.2.7, "
                      "2001:db8::1, https://example.org/, root@example.org");
  assert_string_equal(c.key, "ECDSA 256 bits");
  assert_string_equal(c.signature, "ECDSA-SHA256");
  assert_string_equal(c.serial, "0a1b2c3d4e5f");
  assert_true(c.not_before == 1795183954);
  assert_true(c.not_after == 2110543954);
}

/* A long name is cut between characters. */
static void test_cut(void **state) {
  quic_cert c;
  size_t n;

  (void)state;
  assert_int_equal(
      quic_cert_describe(&c, quic_bytes_of(cert_rsa, sizeof(cert_rsa))), 0);
  assert_string_equal(c.key, "RSA 2048 bits");
  assert_string_equal(c.signature, "RSA-SHA384");
  assert_string_equal(c.names, "");
  n = strlen(c.subject);
  assert_true(n == sizeof(c.subject) - 1 || n == sizeof(c.subject) - 2);
  assert_int_equal((uint8_t)c.subject[n - 1] & 0xc0, 0x80);
  assert_string_equal(c.subject, c.issuer);
}

static void test_ed25519(void **state) {
  quic_cert c;

  (void)state;
  assert_int_equal(
      quic_cert_describe(&c, quic_bytes_of(cert_ed25519, sizeof(cert_ed25519))),
      0);
  assert_string_equal(c.subject, "CN=ed");
  assert_non_null(strstr(c.key, "Ed25519"));
  assert_non_null(strstr(c.signature, "Ed25519"));
  assert_true(c.not_after == 4948783955); /* beyond 32 bits */
}

/* A NUL inside a name must not end it. */
static void test_nul(void **state) {
  static const char name[] = "www.example.org";
  uint8_t der[sizeof(cert_ecdsa)];
  size_t hits = 0;
  quic_cert c;

  (void)state;
  memcpy(der, cert_ecdsa, sizeof(der));
  for (size_t i = 0; i + sizeof(name) - 1 <= sizeof(der); i++) {
    if (memcmp(der + i, name, sizeof(name) - 1) == 0) {
      der[i + 3] = 0;
      hits++;
    }
  }
  assert_int_equal(hits, 3);
  assert_int_equal(quic_cert_describe(&c, quic_bytes_of(der, sizeof(der))), 0);
  assert_memory_equal(c.names, "www\\00example.org, *.", 21);
}

static void test_every_prefix(void **state) {
  (void)state;
  for (size_t n = 0; n < sizeof(cert_ecdsa); n++) {
    uint8_t *der = malloc(n ? n : 1);
    quic_cert c;

    assert_non_null(der);
    memcpy(der, cert_ecdsa, n);
    assert_int_equal(quic_cert_describe(&c, quic_bytes_of(der, n)),
                     QUIC_ERR_MALFORMED);
    assert_string_equal(c.subject, "");
    free(der);
  }
}

static void assert_terminated(const char *s, size_t size) {
  assert_non_null(memchr(s, 0, size));
}

/* Whatever octets change, the answer is an error or terminated texts. */
static void test_mutations(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 3);
  for (int i = 0; i < 3000; i++) {
    size_t size = i % 2 ? sizeof(cert_ecdsa) : sizeof(cert_rsa);
    uint8_t *der = malloc(size);
    quic_cert c;
    int rv;

    assert_non_null(der);
    memcpy(der, i % 2 ? cert_ecdsa : cert_rsa, size);
    for (uint64_t k = 1 + quic_rng_below(&rng, 3); k > 0; k--) {
      der[quic_rng_below(&rng, size)] = (uint8_t)quic_rng_u64(&rng);
    }
    rv = quic_cert_describe(&c, quic_bytes_of(der, size));
    assert_true(rv == 0 || rv == QUIC_ERR_MALFORMED);
    assert_terminated(c.subject, sizeof(c.subject));
    assert_terminated(c.issuer, sizeof(c.issuer));
    assert_terminated(c.names, sizeof(c.names));
    assert_terminated(c.key, sizeof(c.key));
    assert_terminated(c.signature, sizeof(c.signature));
    assert_terminated(c.serial, sizeof(c.serial));
    free(der);
  }
}

static void test_too_large(void **state) {
  uint8_t *der = calloc(1, QUIC_CERT_MAX + 1);
  quic_cert c;

  (void)state;
  assert_non_null(der);
  memcpy(der, cert_ecdsa, sizeof(cert_ecdsa));
  assert_int_equal(
      quic_cert_describe(&c, quic_bytes_of(der, QUIC_CERT_MAX + 1)),
      QUIC_ERR_MALFORMED);
  free(der);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_ecdsa),        cmocka_unit_test(test_cut),
      cmocka_unit_test(test_ed25519),      cmocka_unit_test(test_nul),
      cmocka_unit_test(test_every_prefix), cmocka_unit_test(test_mutations),
      cmocka_unit_test(test_too_large),
  };

  return cmocka_run_group_tests_name("cert", tests, NULL, NULL);
}
