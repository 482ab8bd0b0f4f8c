/* Numbers that a sequence left out, against a bitmap. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/gaps.h"
#include "base/rng.h"
#include "tests/support/failmem.h"

enum { SPAN = 400 };

static void check(const quic_gaps *gaps, const bool *out) {
  uint64_t total = 0;

  for (uint32_t i = 0; i < gaps->len; i++) {
    assert_true(gaps->items[i].start < gaps->items[i].end);
    assert_true(i == 0 || gaps->items[i - 1].end <= gaps->items[i].start);
    for (uint64_t v = gaps->items[i].start; v < gaps->items[i].end; v++) {
      assert_true(out[v]);
      total++;
    }
  }
  for (int v = 0; v < SPAN; v++) {
    total -= out[v];
  }
  assert_int_equal(total, 0);
}

static void test_model(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 7);
  for (int round = 0; round < 60; round++) {
    bool out[SPAN] = {false};
    uint64_t next = 0, count = 0;
    quic_gaps gaps;

    quic_gaps_init(&gaps, quic_mem_default());
    while (next + 8 < SPAN) {
      uint64_t end = next + quic_rng_below(&rng, 7);
      uint64_t from = quic_rng_below(&rng, SPAN);
      uint64_t to = from + quic_rng_below(&rng, 20), taken = 0;

      quic_gaps_push(&gaps, next, end);
      for (; next < end; next++) {
        out[next] = true;
        count++;
      }
      next += 1 + quic_rng_below(&rng, 3);
      to = to > SPAN ? SPAN : to;
      for (uint64_t v = from; v < to; v++) {
        taken += out[v];
        out[v] = false;
      }
      assert_int_equal(quic_gaps_take(&gaps, from, to), taken);
      count -= taken;
      assert_int_equal(gaps.total, count);
      check(&gaps, out);
    }
    assert_int_equal(gaps.forgotten, 0);
    quic_gaps_free(&gaps);
  }
}

/* The oldest range gives way, and no number is lost from the sums. */
static void test_limit(void **state) {
  quic_gaps gaps;

  (void)state;
  quic_gaps_init(&gaps, quic_mem_default());
  for (uint64_t i = 0; i < QUIC_GAPS_MAX + 5; i++) {
    quic_gaps_push(&gaps, 10 * i, 10 * i + 4);
  }
  assert_int_equal(gaps.len, QUIC_GAPS_MAX);
  assert_int_equal(gaps.forgotten, 5 * 4);
  assert_int_equal(gaps.total, QUIC_GAPS_MAX * 4);
  assert_int_equal(quic_gaps_take(&gaps, 0, 50), 0);
  /* There is no room to split: the smaller part is forgotten. */
  assert_int_equal(quic_gaps_take(&gaps, 1001, 1002), 1);
  assert_int_equal(gaps.forgotten, 5 * 4 + 1);
  assert_int_equal(gaps.total, QUIC_GAPS_MAX * 4 - 2);
  assert_int_equal(quic_gaps_take(&gaps, 1012, 1013), 1);
  assert_int_equal(gaps.forgotten, 5 * 4 + 2);
  assert_int_equal(quic_gaps_take(&gaps, 0, UINT64_MAX), QUIC_GAPS_MAX * 4 - 4);
  assert_int_equal(gaps.len, 0);
  quic_gaps_push(&gaps, UINT64_MAX - 2, UINT64_MAX);
  assert_int_equal(quic_gaps_take(&gaps, UINT64_MAX - 1, UINT64_MAX), 1);
  quic_gaps_free(&gaps);
}

static void test_nomem(void **state) {
  failmem fm;
  quic_gaps gaps;

  (void)state;
  failmem_init(&fm);
  failmem_fail_from(&fm, 1);
  quic_gaps_init(&gaps, &fm.mem);
  quic_gaps_push(&gaps, 1, 5);
  assert_int_equal(gaps.len, 0);
  assert_int_equal(gaps.forgotten, 4);
  assert_int_equal(gaps.total, 0);
  quic_gaps_free(&gaps);
  assert_true(failmem_balanced(&fm));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_model),
      cmocka_unit_test(test_limit),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("gaps", tests, NULL, NULL);
}
