#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "pcap/budget.h"
#include "tests/support/failmem.h"

/* What is given out is counted, and taken off again. */
static void test_count(void **state) {
  qd_budget b;
  void *one, *two;
  size_t before;

  (void)state;
  qd_budget_init(&b, quic_mem_default());
  assert_int_equal(b.used, 0);
  one = quic_mem_alloc(&b.mem, 100);
  assert_non_null(one);
  assert_true(b.used >= 100 && b.used < 200);
  assert_int_equal((uintptr_t)one % 16, 0);
  before = b.used;
  two = quic_mem_zalloc(&b.mem, 5000);
  assert_non_null(two);
  assert_true(b.used >= before + 5000);
  memset(one, 0x5a, 100);
  one = quic_mem_resize(&b.mem, one, 1000, 10);
  assert_non_null(one);
  assert_int_equal(((uint8_t *)one)[99], 0x5a);
  assert_true(b.used >= 15000);
  quic_mem_free(&b.mem, two);
  quic_mem_free(&b.mem, NULL);
  one = quic_mem_resize(&b.mem, one, 1, 1);
  assert_true(b.used < 100);
  quic_mem_free(&b.mem, one);
  assert_int_equal(b.used, 0);
}

/* What could not be had counts nothing, and the block stays. */
static void test_no_memory(void **state) {
  failmem fm;
  qd_budget b;
  uint8_t *block;
  size_t used;

  (void)state;
  failmem_init(&fm);
  failmem_fail_nth(&fm, 2);
  qd_budget_init(&b, &fm.mem);
  block = quic_mem_alloc(&b.mem, 10);
  assert_non_null(block);
  block[9] = 7;
  used = b.used;
  assert_null(quic_mem_resize(&b.mem, block, 4096, 1));
  assert_int_equal(b.used, used);
  assert_int_equal(block[9], 7);
  assert_null(b.mem.resize(b.mem.user, NULL, SIZE_MAX - 3));
  assert_int_equal(b.used, used);
  quic_mem_free(&b.mem, block);
  assert_int_equal(b.used, 0);
  assert_true(failmem_balanced(&fm));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_count),
      cmocka_unit_test(test_no_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
