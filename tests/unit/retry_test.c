#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "crypto/retry.h"
#include "tests/support/failmem.h"
#include "tests/vectors/initial.h"

static int verify(const quic_version *v, quic_bytes odcid, quic_bytes packet) {
  return quic_retry_verify(quic_crypto_gnutls(), quic_mem_default(), v, odcid,
                           packet);
}

/* RFC 9001 A.4, RFC 9369 A.4. */
static void test_vectors(void **state) {
  uint8_t odcid[20];
  size_t odcid_len = hex_bytes(VECTOR_DCID, odcid);

  (void)state;
  for (size_t i = 0; i < VERSION_VECTORS; i++) {
    const quic_version *v = quic_version_find(version_vectors[i].version);
    const quic_version *other =
        quic_version_find(version_vectors[1 - i].version);
    uint8_t packet[64], tag[QUIC_RETRY_TAG_LEN];
    size_t len = hex_bytes(version_vectors[i].retry, packet);

    assert_int_equal(quic_retry_tag(quic_crypto_gnutls(), quic_mem_default(), v,
                                    quic_bytes_of(odcid, odcid_len),
                                    quic_bytes_of(packet, len - 16), tag),
                     0);
    assert_memory_equal(tag, packet + len - 16, 16);
    assert_int_equal(
        verify(v, quic_bytes_of(odcid, odcid_len), quic_bytes_of(packet, len)),
        0);
    assert_int_equal(verify(other, quic_bytes_of(odcid, odcid_len),
                            quic_bytes_of(packet, len)),
                     QUIC_ERR_AUTH);
  }
}

/* In every version with a tag: what is sealed verifies, each changed bit of
   packet or ODCID fails. */
static void test_every_bit(void **state) {
  const quic_version *v;
  size_t with_tag = 0;

  (void)state;
  for (size_t i = 0; (v = quic_version_at(i)) != NULL; i++) {
    uint8_t odcid[8] = "original";
    uint8_t packet[24 + QUIC_RETRY_TAG_LEN] = "a Retry, without its tag";
    quic_bytes o = quic_bytes_of(odcid, sizeof(odcid));
    quic_bytes p = quic_bytes_of(packet, sizeof(packet));
    int rv = quic_retry_tag(quic_crypto_gnutls(), quic_mem_default(), v, o,
                            quic_bytes_of(packet, 24), packet + 24);

    if (!v->retry_key) {
      assert_int_equal(rv, QUIC_ERR_UNSUPPORTED);
      assert_int_equal(verify(v, o, p), QUIC_ERR_UNSUPPORTED);
      continue;
    }
    with_tag++;
    assert_int_equal(rv, 0);
    assert_int_equal(verify(v, o, p), 0);
    for (size_t bit = 0; bit < 8 * sizeof(packet); bit++) {
      packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
      assert_int_equal(verify(v, o, p), QUIC_ERR_AUTH);
      packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof(odcid); bit++) {
      odcid[bit / 8] ^= (uint8_t)(1u << bit % 8);
      assert_int_equal(verify(v, o, p), QUIC_ERR_AUTH);
      odcid[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
  }
  assert_true(with_tag >= 3); /* v1, v2, and drafts */
}

/* Drafts of the two generations of keys do not take each other's tags. */
static void test_drafts(void **state) {
  const quic_version *d25 = quic_version_find(0xff000019);
  const quic_version *d29 = quic_version_find(0xff00001d);
  uint8_t packet[8 + QUIC_RETRY_TAG_LEN] = "packet..";
  quic_bytes o = quic_bytes_of("odcid", 5);

  (void)state;
  assert_non_null(d25);
  assert_non_null(d29);
  assert_int_equal(quic_retry_tag(quic_crypto_gnutls(), quic_mem_default(), d25,
                                  o, quic_bytes_of(packet, 8), packet + 8),
                   0);
  assert_int_equal(verify(d25, o, quic_bytes_of(packet, sizeof(packet))), 0);
  assert_int_equal(verify(d29, o, quic_bytes_of(packet, sizeof(packet))),
                   QUIC_ERR_AUTH);
}

static void test_edges(void **state) {
  const quic_version *v1 = quic_version_find(QUIC_VERSION_1);
  uint8_t odcid[256] = {0}, tag[QUIC_RETRY_TAG_LEN];

  (void)state;
  for (size_t n = 0; n < QUIC_RETRY_TAG_LEN; n++) {
    uint8_t *packet = calloc(1, n ? n : 1);

    assert_int_equal(
        verify(v1, quic_bytes_of(odcid, 8), quic_bytes_of(packet, n)),
        QUIC_ERR_AUTH);
    free(packet);
  }
  assert_int_equal(quic_retry_tag(quic_crypto_gnutls(), quic_mem_default(), v1,
                                  quic_bytes_of(NULL, 0),
                                  quic_bytes_of(NULL, 0), tag),
                   0);
  assert_int_equal(verify(v1, quic_bytes_of(NULL, 0), quic_bytes_of(tag, 16)),
                   0);
  assert_int_equal(quic_retry_tag(quic_crypto_gnutls(), quic_mem_default(), v1,
                                  quic_bytes_of(odcid, 255),
                                  quic_bytes_of(NULL, 0), tag),
                   0);
  assert_int_equal(quic_retry_tag(quic_crypto_gnutls(), quic_mem_default(), v1,
                                  quic_bytes_of(odcid, 256),
                                  quic_bytes_of(NULL, 0), tag),
                   QUIC_ERR_INVALID);
}

static int make_tag(const quic_mem *mem, void *user) {
  uint8_t tag[QUIC_RETRY_TAG_LEN];

  (void)user;
  return quic_retry_tag(quic_crypto_gnutls(), mem,
                        quic_version_find(QUIC_VERSION_1),
                        quic_bytes_of("x", 1), quic_bytes_of("y", 1), tag);
}

static void test_nomem(void **state) {
  failmem fm;

  (void)state;
  assert_int_equal(failmem_sweep(&fm, make_tag, NULL), 2);
  assert_string_equal(fm.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vectors), cmocka_unit_test(test_every_bit),
      cmocka_unit_test(test_drafts),  cmocka_unit_test(test_edges),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
