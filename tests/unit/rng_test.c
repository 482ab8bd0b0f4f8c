/* The seeded generator. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"

/* xoshiro256** from the state 1, 2, 3, 4, as its authors publish it. */
static void test_vector(void **state) {
  static const uint64_t want[] = {11520,
                                  0,
                                  1509978240,
                                  UINT64_C(1215971899390074240),
                                  UINT64_C(1216172134540287360),
                                  UINT64_C(607988272756665600)};
  quic_rng rng = {{1, 2, 3, 4}};

  (void)state;
  for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
    assert_true(quic_rng_u64(&rng) == want[i]);
  }
}

/* splitmix64 from the seed 0 fills the state. */
static void test_seed(void **state) {
  quic_rng a, b;

  (void)state;
  quic_rng_init(&a, 0);
  assert_true(a.s[0] == UINT64_C(0xe220a8397b1dcdaf));
  assert_true(a.s[1] == UINT64_C(0x6e789e6aa1b965f4));
  assert_true(a.s[2] == UINT64_C(0x06c45d188009454f));
  assert_true(a.s[3] == UINT64_C(0xf88bb8a8724c81ec));
  quic_rng_init(&b, 1);
  assert_true(quic_rng_u64(&a) != quic_rng_u64(&b));
}

static void test_below(void **state) {
  unsigned seen[10] = {0};
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 1);
  for (int i = 0; i < 10000; i++) {
    uint64_t v = quic_rng_below(&rng, 10);

    assert_true(v < 10);
    seen[v]++;
  }
  for (int i = 0; i < 10; i++) {
    assert_true(seen[i] > 800 && seen[i] < 1200);
  }
  assert_int_equal(quic_rng_below(&rng, 0), 0);
  assert_int_equal(quic_rng_below(&rng, 1), 0);
}

static void test_fill(void **state) {
  uint8_t a[64] = {0}, b[64] = {0};
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 9);
  quic_rng_fill(&rng, a, 63);
  assert_int_equal(a[63], 0);
  quic_rng_init(&rng, 9);
  quic_rng_fill(&rng, b, 63);
  assert_memory_equal(a, b, 64);
  quic_rng_fill(&rng, b, 63);
  assert_memory_not_equal(a, b, 64);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vector),
      cmocka_unit_test(test_seed),
      cmocka_unit_test(test_below),
      cmocka_unit_test(test_fill),
  };

  return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
