#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qlogview/compare.h"

static qv_figures figures_of(uint64_t goodput) {
  qv_figures f;

  memset(&f, 0, sizeof(f));
  f.goodput = goodput;
  f.side[QUIC_SIDE_SERVER].data = goodput;
  f.rtt_min = f.rtt_smoothed = QLOG_NONE;
  f.first_median = f.total_median = QLOG_NONE;
  for (int id = 0; id < QUIC_FINDING_IDS; id++) {
    f.found[id].severity = -1;
  }
  return f;
}

static void expect_verdict(const qv_figures *a, const qv_figures *b,
                           const char *expected) {
  qv_compare cmp;
  char buf[512];
  quic_text t;

  qv_compare_init(&cmp, a, b);
  quic_text_init(&t, buf, sizeof(buf));
  qv_compare_verdict(&cmp, &t);
  assert_string_equal(quic_text_cstr(&t), expected);
}

static void test_verdict(void **state) {
  qv_figures a = figures_of(1000000), b = figures_of(2100000);

  (void)state;
  expect_verdict(&a, &b,
                 "B is 2.1x as fast (goodput); neither has a finding of "
                 "weight");
  a.found[QUIC_FOUND_SPIRAL].severity = QUIC_CRITICAL;
  a.found[QUIC_FOUND_APP_LIMITED].severity = QUIC_NOTE;
  expect_verdict(&a, &b, "B is 2.1x as fast (goodput); gone: death_spiral");
  expect_verdict(&b, &a,
                 "B is slower: A is 2.1x as fast (goodput); new: "
                 "death_spiral");
  b.found[QUIC_FOUND_SPIRAL].severity = QUIC_CRITICAL;
  b.goodput = 1040000;
  expect_verdict(&a, &b,
                 "B is as fast as A (goodput); both have: death_spiral");
  b.goodput = 1123000;
  expect_verdict(&a, &b,
                 "B is 12.3 % faster (goodput); both have: death_spiral");
  b.goodput = 0;
  expect_verdict(&a, &b,
                 "no data to tell the speed by; both have: death_spiral");
}

/* The end of a request says more than the end of the log, which may be an idle
   timeout later. */
static void test_requests(void **state) {
  qv_figures a = figures_of(1000000), b = figures_of(1000000);

  (void)state;
  a.total_median = 3 * QUIC_SECOND;
  expect_verdict(&a, &b,
                 "B is as fast as A (goodput); neither has a finding of "
                 "weight");
  b.total_median = QUIC_SECOND;
  expect_verdict(&a, &b,
                 "B is 3.0x as fast (whole request, median); neither has a "
                 "finding of weight");
}

static void expect_ratio(uint64_t a, uint64_t b, const char *expected) {
  char buf[64];
  quic_text t;

  quic_text_init(&t, buf, sizeof(buf));
  qv_compare_say_ratio(&t, qv_compare_ratio(a, b));
  assert_string_equal(quic_text_cstr(&t), expected);
}

static void test_ratio(void **state) {
  (void)state;
  expect_ratio(10, 21, "2.1x");
  expect_ratio(10, 15, "+50.0 %");
  expect_ratio(10, 10, "=");
  expect_ratio(10, 9, "-10.0 %");
  expect_ratio(10, 0, "-100.0 %");
  expect_ratio(0, 5, "");
  expect_ratio(QLOG_NONE, 5, "");
  expect_ratio(5, QLOG_NONE, "");
  expect_ratio(1, UINT64_MAX - 1, "over 1000x");
}

static void test_metrics(void **state) {
  qv_figures a = figures_of(10), b = figures_of(20);
  const qv_compare_metric *m;
  qv_compare cmp;
  size_t n = 0;

  (void)state;
  a.side[QUIC_SIDE_CLIENT].data = 100;
  a.side[QUIC_SIDE_CLIENT].packets = 7;
  qv_compare_init(&cmp, &a, &b);
  assert_int_equal(cmp.sender, QUIC_SIDE_CLIENT);
  for (; (m = qv_compare_metric_at(n)); n++) {
    if (strcmp(m->key, "packets") == 0) {
      assert_int_equal(qv_compare_value(&cmp, &a, m), 7);
      assert_int_equal(qv_compare_value(&cmp, &b, m), 0);
    } else if (strcmp(m->key, "rtt_min") == 0) {
      assert_true(qv_compare_value(&cmp, &a, m) == QLOG_NONE);
    }
  }
  assert_true(n > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_verdict),
      cmocka_unit_test(test_requests),
      cmocka_unit_test(test_ratio),
      cmocka_unit_test(test_metrics),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
