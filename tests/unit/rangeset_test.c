/* Sets of ranges, against a bitmap. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rangeset.h"
#include "base/rng.h"
#include "tests/support/failmem.h"

enum { SPAN = 64 };

/* check compares |set| with |bits|: the members, the ranges in order and never
   touching, and the first gap of every interval. */
static void check(const quic_rangeset *set, const bool *bits) {
  for (size_t i = 1; i < set->len; i++) {
    assert_true(set->items[i - 1].end < set->items[i].start);
  }
  for (uint64_t a = 0; a <= SPAN; a++) {
    assert_int_equal(quic_rangeset_has(set, a), a < SPAN && bits[a]);
    for (uint64_t b = a; b <= SPAN; b++) {
      uint64_t start = a, end;
      quic_range gap = {99, 99};

      while (start < b && bits[start]) {
        start++;
      }
      for (end = start; end < b && !bits[end];) {
        end++;
      }
      assert_int_equal(quic_rangeset_gap(set, a, b, &gap), start < b);
      if (start < b) {
        assert_int_equal(gap.start, start);
        assert_int_equal(gap.end, end);
      }
    }
  }
}

static void test_model(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 3);
  for (int round = 0; round < 40; round++) {
    bool bits[SPAN + 1] = {false};
    quic_rangeset set;

    quic_rangeset_init(&set, quic_mem_default(), SPAN);
    for (int i = 0; i < 14; i++) {
      uint64_t start = quic_rng_below(&rng, SPAN);
      uint64_t end = start + quic_rng_below(&rng, 7);

      end = end > SPAN ? SPAN : end;
      assert_int_equal(quic_rangeset_add(&set, start, end), 0);
      for (uint64_t v = start; v < end; v++) {
        bits[v] = true;
      }
      check(&set, bits);
    }
    quic_rangeset_free(&set);
  }
}

static void test_edges(void **state) {
  quic_rangeset set;
  quic_range gap;

  (void)state;
  quic_rangeset_init(&set, quic_mem_default(), 4);
  assert_int_equal(quic_rangeset_add(&set, 5, 5), 0);
  assert_int_equal(quic_rangeset_add(&set, 6, 5), 0);
  assert_int_equal(set.len, 0);
  assert_int_equal(quic_rangeset_add(&set, UINT64_MAX - 1, UINT64_MAX), 0);
  assert_true(quic_rangeset_has(&set, UINT64_MAX - 1));
  assert_false(quic_rangeset_has(&set, UINT64_MAX));
  assert_true(quic_rangeset_gap(&set, 0, UINT64_MAX, &gap));
  assert_true(gap.start == 0 && gap.end == UINT64_MAX - 1);
  assert_int_equal(quic_rangeset_add(&set, 0, UINT64_MAX), 0);
  assert_int_equal(set.len, 1);
  assert_false(quic_rangeset_gap(&set, 0, UINT64_MAX, &gap));
  quic_rangeset_free(&set);
}

/* At the limit only what joins a range is taken. */
static void test_limit(void **state) {
  quic_rangeset set;

  (void)state;
  quic_rangeset_init(&set, quic_mem_default(), 2);
  assert_int_equal(quic_rangeset_add(&set, 10, 20), 0);
  assert_int_equal(quic_rangeset_add(&set, 30, 40), 0);
  assert_int_equal(quic_rangeset_add(&set, 50, 60), QUIC_ERR_LIMIT);
  assert_int_equal(quic_rangeset_add(&set, 22, 23), QUIC_ERR_LIMIT);
  assert_false(quic_rangeset_has(&set, 22));
  assert_int_equal(quic_rangeset_add(&set, 40, 45), 0);
  assert_int_equal(quic_rangeset_add(&set, 20, 30), 0);
  assert_int_equal(set.len, 1);
  assert_int_equal(quic_rangeset_add(&set, 50, 60), 0);
  quic_rangeset_free(&set);
}

static int add_some(const quic_mem *mem, void *user) {
  quic_rangeset set;
  int rv = 0;

  (void)user;
  quic_rangeset_init(&set, mem, 100);
  for (uint64_t i = 0; i < 9 && rv == 0; i++) {
    rv = quic_rangeset_add(&set, 10 * i, 10 * i + 1);
    assert_int_equal(set.len, rv == 0 ? i + 1 : i);
  }
  quic_rangeset_free(&set);
  return rv;
}

static void test_nomem(void **state) {
  failmem fm;

  (void)state;
  assert_int_equal(failmem_sweep(&fm, add_some, NULL), 3);
  assert_string_equal(fm.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_model),
      cmocka_unit_test(test_edges),
      cmocka_unit_test(test_limit),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("rangeset", tests, NULL, NULL);
}
