/* Pieces of a stream in any order. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/reasm.h"
#include "base/rng.h"
#include "tests/support/failmem.h"

/* Any order of overlapping pieces gives the stream, and at each step just its
   prefix up to the first hole. */
static void test_any_order(void **state) {
  enum { LEN = 300 };
  uint8_t in[LEN];
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 5);
  quic_rng_fill(&rng, in, LEN);
  for (int round = 0; round < 50; round++) {
    bool have[LEN + 1] = {false};
    quic_reasm re;
    quic_bytes ready;

    quic_reasm_init(&re, quic_mem_default(), LEN);
    do {
      size_t at = quic_rng_below(&rng, LEN);
      size_t n = quic_rng_below(&rng, 40);
      size_t want = 0;

      n = n > LEN - at ? LEN - at : n;
      assert_int_equal(quic_reasm_add(&re, at, quic_bytes_of(in + at, n)), 0);
      memset(have + at, true, n);
      while (have[want]) {
        want++;
      }
      ready = quic_reasm_ready(&re);
      assert_int_equal(ready.len, want);
      assert_true(want == 0 || memcmp(ready.data, in, want) == 0);
    } while (ready.len < LEN);
    assert_false(re.conflict);
    quic_reasm_free(&re);
  }
}

static void test_conflict(void **state) {
  quic_reasm re;

  (void)state;
  quic_reasm_init(&re, quic_mem_default(), 100);
  assert_int_equal(quic_reasm_add(&re, 2, quic_bytes_of("CD", 2)), 0);
  assert_int_equal(quic_reasm_add(&re, 1, quic_bytes_of("BCD", 3)), 0);
  assert_false(re.conflict);
  /* the octets that were there first stay */
  assert_int_equal(quic_reasm_add(&re, 0, quic_bytes_of("abcdef", 6)), 0);
  assert_true(re.conflict);
  assert_true(quic_bytes_eq(quic_reasm_ready(&re), quic_bytes_of("aBCDef", 6)));
  quic_reasm_free(&re);
}

static void test_limits(void **state) {
  quic_reasm re;
  int rv = 0;
  uint64_t holes;

  (void)state;
  quic_reasm_init(&re, quic_mem_default(), 10000);
  assert_int_equal(quic_reasm_add(&re, 0, quic_bytes_of(NULL, 0)), 0);
  assert_int_equal(quic_reasm_ready(&re).len, 0);
  assert_int_equal(quic_reasm_add(&re, 9999, quic_bytes_of("ab", 2)),
                   QUIC_ERR_LIMIT);
  assert_int_equal(quic_reasm_add(&re, UINT64_MAX, quic_bytes_of("ab", 2)),
                   QUIC_ERR_LIMIT);
  assert_int_equal(quic_reasm_add(&re, 9999, quic_bytes_of("a", 1)), 0);
  for (holes = 0; rv == 0; holes++) {
    rv = quic_reasm_add(&re, 1 + 2 * holes, quic_bytes_of("x", 1));
  }
  assert_int_equal(rv, QUIC_ERR_LIMIT);
  assert_int_equal(holes, 1024);
  /* what fills a hole is still taken */
  assert_int_equal(quic_reasm_add(&re, 0, quic_bytes_of("y", 1)), 0);
  assert_true(quic_bytes_eq(quic_reasm_ready(&re), quic_bytes_of("yx", 2)));
  quic_reasm_free(&re);
}

static int add_some(const quic_mem *mem, void *user) {
  quic_reasm re;
  int rv;

  (void)user;
  quic_reasm_init(&re, mem, 1000);
  rv = quic_reasm_add(&re, 100, quic_bytes_of("abc", 3));
  if (rv == 0) {
    rv = quic_reasm_add(&re, 0, quic_bytes_of("abc", 3));
  }
  if (rv == 0) {
    rv = quic_reasm_add(&re, 200, quic_bytes_of("abc", 3));
  }
  quic_reasm_free(&re);
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
      cmocka_unit_test(test_any_order),
      cmocka_unit_test(test_conflict),
      cmocka_unit_test(test_limits),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("reasm", tests, NULL, NULL);
}
