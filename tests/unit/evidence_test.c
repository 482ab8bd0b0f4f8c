/* What detectors show of a finding. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/evidence.h"
#include "tests/support/detected.h"

static void test_texts(void **state) {
  (void)state;
  assert_string_equal(quic_evidence_duration(13400 * QUIC_MICROSECOND).s,
                      "13.4 ms");
  assert_string_equal(quic_evidence_duration(0).s, "0 us");
  assert_string_equal(quic_evidence_percent(31, 1000).s, "3.1 %");
  assert_string_equal(quic_evidence_percent(5, 5).s, "100.0 %");
  assert_string_equal(quic_evidence_percent(5, 0).s, "-");
  /* no overflow, and it fits */
  assert_string_equal(quic_evidence_percent(UINT64_MAX, UINT64_MAX).s,
                      "100.0 %");
  assert_string_equal(quic_evidence_percent(UINT64_MAX, 1).s,
                      "1844674407370955161.5 %");
}

static void test_ratio(void **state) {
  (void)state;
  assert_int_equal(quic_evidence_ratio(1, 2), 500);
  assert_int_equal(quic_evidence_ratio(1, 0), 0);
  assert_int_equal(quic_evidence_ratio(UINT64_MAX, 10), UINT64_MAX);
  assert_int_equal(quic_evidence_ratio(UINT64_MAX, UINT64_MAX / 2), 2000);
}

static void test_told(void **state) {
  detected d;

  (void)state;
  assert_int_equal(detected_begin(&d, quic_mem_default(), false), 0);
  assert_false(quic_evidence_told(d.f, QUIC_FOUND_FLOOR, 0, UINT64_MAX));
  assert_non_null(quic_findings_add(d.f, QUIC_FOUND_FLOOR, 100, 200));
  quic_findings_need(d.f, QUIC_FOUND_SPIRAL, "more");
  assert_true(quic_evidence_told(d.f, QUIC_FOUND_FLOOR, 0, 100));
  assert_true(quic_evidence_told(d.f, QUIC_FOUND_FLOOR, 200, 300));
  assert_false(quic_evidence_told(d.f, QUIC_FOUND_FLOOR, 0, 99));
  assert_false(quic_evidence_told(d.f, QUIC_FOUND_FLOOR, 201, 300));
  assert_false(quic_evidence_told(d.f, QUIC_FOUND_SPIRAL, 0, UINT64_MAX));
  detected_free(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_texts),
      cmocka_unit_test(test_ratio),
      cmocka_unit_test(test_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
