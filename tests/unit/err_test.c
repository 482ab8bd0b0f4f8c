/* The table of errors. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <string.h>

#include "base/err.h"

static const struct {
  int code;
  const char *name;
  bool fatal;
} rows[] = {
#define QUIC_ERR(name, code, fatal, text)                                      \
  {QUIC_ERR_##name, "QUIC_ERR_" #name, fatal},
#include "base/err.def"
#undef QUIC_ERR
};

static void test_rows(void **state) {
  size_t n = sizeof(rows) / sizeof(rows[0]);

  (void)state;
  for (size_t i = 0; i < n; i++) {
    assert_true(rows[i].code < 0);
    assert_string_equal(quic_err_name(rows[i].code), rows[i].name);
    assert_int_equal(quic_err_fatal(rows[i].code), rows[i].fatal);
    assert_true(strlen(quic_err_text(rows[i].code)) > 5);
    for (size_t j = 0; j < i; j++) {
      assert_int_not_equal(rows[i].code, rows[j].code);
      assert_string_not_equal(quic_err_text(rows[i].code),
                              quic_err_text(rows[j].code));
    }
  }
}

static void test_others(void **state) {
  (void)state;
  assert_string_equal(quic_err_name(0), "0");
  assert_string_equal(quic_err_text(0), "success");
  assert_false(quic_err_fatal(0));
  assert_string_equal(quic_err_name(1), "QUIC_ERR_UNKNOWN");
  assert_string_equal(quic_err_name(-9999), "QUIC_ERR_UNKNOWN");
  assert_string_equal(quic_err_text(-9999), "unknown error");
  assert_false(quic_err_fatal(-9999));
  assert_true(quic_err_fatal(QUIC_ERR_NOMEM));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_others),
  };

  return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
