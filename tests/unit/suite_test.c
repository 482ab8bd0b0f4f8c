#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/suite.h"

/* RFC 8446 B.4 for ids and names, RFC 9001 §6.6 for limits. */
static const struct {
  uint16_t id;
  const char *name;
  size_t key_len;
  size_t secret_len;
  uint64_t confidentiality;
  uint64_t integrity;
} rows[] = {
    {0x1301, "TLS_AES_128_GCM_SHA256", 16, 32, 8388608, 4503599627370496},
    {0x1302, "TLS_AES_256_GCM_SHA384", 32, 48, 8388608, 4503599627370496},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256", 32, 32, 4611686018427387904,
     68719476736},
    {0x1304, "TLS_AES_128_CCM_SHA256", 16, 32, 2965820, 2965820},
};

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const quic_suite *s = quic_suite_find(rows[i].id);

    assert_non_null(s);
    assert_ptr_equal(s, quic_suite_at(i));
    assert_int_equal(s->id, rows[i].id);
    assert_string_equal(s->name, rows[i].name);
    assert_int_equal(s->key_len, rows[i].key_len);
    assert_int_equal(s->secret_len, rows[i].secret_len);
    assert_true(s->confidentiality_limit == rows[i].confidentiality);
    assert_true(s->integrity_limit == rows[i].integrity);
    assert_int_equal(s->hash == QUIC_HASH_SHA384, s->secret_len == 48);
  }
  assert_null(quic_suite_at(sizeof(rows) / sizeof(rows[0])));
}

static void test_unknown(void **state) {
  (void)state;
  assert_null(quic_suite_find(0));
  assert_null(quic_suite_find(0x1305)); /* CCM_8: RFC 9001 §5.3 */
  assert_null(quic_suite_find(0xc02f));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_unknown),
  };

  return cmocka_run_group_tests_name("suite", tests, NULL, NULL);
}
