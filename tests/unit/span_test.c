/* Which octets of a sequence were seen, against a bitmap. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/span.h"
#include "base/rng.h"
#include "tests/support/failmem.h"

enum { SPAN = 120 };

static void test_model(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 5);
  for (int round = 0; round < 200; round++) {
    bool seen[SPAN] = {false};
    quic_span span = {0};

    for (int i = 0; i < 60; i++) {
      uint64_t start = quic_rng_below(&rng, SPAN), known = 0, prefix = 0;
      uint64_t end = start + quic_rng_below(&rng, 9);

      end = end > SPAN ? SPAN : end;
      for (uint64_t v = start; v < end; v++) {
        known += seen[v];
        seen[v] = true;
      }
      assert_int_equal(quic_span_add(&span, quic_mem_default(), start, end),
                       known);
      while (prefix < SPAN && seen[prefix]) {
        prefix++;
      }
      assert_int_equal(span.prefix, prefix);
      assert_true(!span.islands || span.islands->items[0].start > prefix);
    }
    quic_span_clear(&span, quic_mem_default());
  }
}

/* With too many holes the first one counts as filled. */
static void test_limit(void **state) {
  quic_span span = {0};
  const quic_mem *mem = quic_mem_default();

  (void)state;
  for (uint64_t i = 1; i <= QUIC_SPAN_ISLANDS_MAX; i++) {
    assert_int_equal(quic_span_add(&span, mem, 10 * i, 10 * i + 1), 0);
  }
  assert_int_equal(span.prefix, 0);
  assert_int_equal(quic_span_add(&span, mem, 5000, 5001), 0);
  assert_int_equal(span.prefix, 11);
  assert_int_equal(span.islands->len, QUIC_SPAN_ISLANDS_MAX);
  assert_int_equal(quic_span_add(&span, mem, 0, 5001), 11 + 32);
  assert_null(span.islands);
  assert_int_equal(span.prefix, 5001);
  assert_int_equal(quic_span_add(&span, mem, 9, 9), 0);
  assert_int_equal(quic_span_add(&span, mem, UINT64_MAX - 1, UINT64_MAX), 0);
  quic_span_clear(&span, mem);
}

static void test_nomem(void **state) {
  (void)state;
  for (size_t n = 1; n <= 2; n++) {
    quic_span span = {0};
    failmem fm;

    failmem_init(&fm);
    failmem_fail_from(&fm, n);
    assert_int_equal(quic_span_add(&span, &fm.mem, 10, 20), 0);
    assert_int_equal(span.prefix, 20);
    assert_int_equal(quic_span_add(&span, &fm.mem, 15, 25), 5);
    quic_span_clear(&span, &fm.mem);
    assert_true(failmem_balanced(&fm));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_model),
      cmocka_unit_test(test_limit),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
