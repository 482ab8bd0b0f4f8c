#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "pcap/fields.h"
#include "tests/support/failmem.h"

static quic_bytes text(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static void test_add(void **state) {
  const quic_mem *mem = quic_mem_default();
  qd_fields fs = {0};

  (void)state;
  assert_null(qd_fields_find(&fs, ":path").data);
  assert_int_equal(qd_fields_add(&fs, mem, text(":path"), text("/a")), 0);
  assert_int_equal(qd_fields_add(&fs, mem, text("x"), text("")), 0);
  assert_int_equal(qd_fields_add(&fs, mem, text(""), text("nameless")), 0);
  assert_int_equal(qd_fields_add(&fs, mem, text("x"), text("second")), 0);
  assert_int_equal(fs.len, 4);
  assert_true(quic_bytes_eq(qd_fields_find(&fs, ":path"), text("/a")));
  /* The first of a name; an empty value is there, and not NULL. */
  assert_int_equal(qd_fields_find(&fs, "x").len, 0);
  assert_non_null(qd_fields_find(&fs, "x").data);
  assert_true(quic_bytes_eq(qd_fields_at(&fs, 3).value, text("second")));
  assert_int_equal(qd_fields_at(&fs, 2).name.len, 0);
  assert_null(qd_fields_find(&fs, "X").data);
  assert_null(qd_fields_find(&fs, ":pat").data);
  qd_fields_free(&fs, mem);
  assert_int_equal(fs.len, 0);
  qd_fields_free(&fs, mem);
}

static void test_limits(void **state) {
  static char octets[QD_FIELDS_OCTETS_MAX + 1];
  const quic_mem *mem = quic_mem_default();
  qd_fields fs = {0};

  (void)state;
  for (size_t i = 0; i < QD_FIELDS_MAX; i++) {
    assert_int_equal(qd_fields_add(&fs, mem, text("n"), text("v")), 0);
  }
  assert_int_equal(qd_fields_add(&fs, mem, text("n"), text("v")),
                   QUIC_ERR_LIMIT);
  assert_int_equal(fs.dropped, 1);
  assert_int_equal(fs.len, QD_FIELDS_MAX);
  qd_fields_free(&fs, mem);
  assert_int_equal(qd_fields_add(&fs, mem, text("name"),
                                 quic_bytes_of(octets, sizeof(octets) - 5)),
                   0);
  assert_int_equal(qd_fields_add(&fs, mem, text(""), text("")), 0);
  assert_int_equal(qd_fields_add(&fs, mem, text("a"), text("")),
                   QUIC_ERR_LIMIT);
  qd_fields_free(&fs, mem);
  assert_int_equal(
      qd_fields_add(&fs, mem, quic_bytes_of(octets, sizeof(octets)), text("")),
      QUIC_ERR_LIMIT);
  assert_int_equal(fs.dropped, 1);
  qd_fields_free(&fs, mem);
}

static int add_some(const quic_mem *mem, void *user) {
  qd_fields fs = {0};
  int rv = 0;

  (void)user;
  for (int i = 0; i < 40 && rv == 0; i++) {
    rv = qd_fields_add(&fs, mem, text("some-name"), text("and its value"));
    assert_true(fs.len + fs.dropped == (size_t)i + 1);
  }
  qd_fields_free(&fs, mem);
  return rv;
}

static void test_decimal(void **state) {
  static const char *const wrong[] = {
      "", "-1", "+1", " 1", "1 ", "0x1", "1,1", "12345678901234567890",
  };
  uint64_t n;

  (void)state;
  assert_true(qd_fields_decimal(text("0"), &n));
  assert_int_equal(n, 0);
  assert_true(qd_fields_decimal(text("0042"), &n));
  assert_int_equal(n, 42);
  assert_true(qd_fields_decimal(text("9999999999999999999"), &n));
  assert_true(n == UINT64_C(9999999999999999999));
  for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
    assert_false(qd_fields_decimal(text(wrong[i]), &n));
  }
}

static void test_memory(void **state) {
  failmem fm;

  (void)state;
  assert_true(failmem_sweep(&fm, add_some, NULL) > 2);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_add),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_decimal),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
