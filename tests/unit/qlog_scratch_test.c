/* Memory that is taken in pieces and given back at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "qlog/scratch.h"
#include "tests/support/failmem.h"

static void test_pieces(void **state) {
  uint8_t *pieces[300];
  qlog_scratch s;
  failmem fm;

  (void)state;
  failmem_init(&fm);
  qlog_scratch_init(&s, &fm.mem);
  for (int round = 0; round < 3; round++) {
    for (size_t i = 0; i < 300; i++) {
      pieces[i] = qlog_scratch_take(&s, i + 1);
      assert_non_null(pieces[i]);
      assert_int_equal((uintptr_t)pieces[i] % sizeof(uint64_t), 0);
      memset(pieces[i], (int)(i & 0xff), i + 1);
    }
    for (size_t i = 0; i < 300; i++) { /* none moved, none overlaps */
      assert_int_equal(pieces[i][0], i & 0xff);
      assert_int_equal(pieces[i][i], i & 0xff);
    }
    qlog_scratch_reset(&s);
    assert_int_equal(fm.blocks, 1);
  }
  qlog_scratch_free(&s);
  assert_true(failmem_balanced(&fm));
}

static void test_trim(void **state) {
  qlog_scratch s;
  uint8_t *a, *b;

  (void)state;
  qlog_scratch_init(&s, quic_mem_default());
  a = qlog_scratch_take(&s, 100);
  qlog_scratch_trim(&s, 100, 17);
  b = qlog_scratch_take(&s, 1);
  assert_ptr_equal(b, a + 24);
  qlog_scratch_trim(&s, 1, 0);
  assert_ptr_equal(qlog_scratch_take(&s, 8), b);
  qlog_scratch_free(&s);
}

static void test_large(void **state) {
  qlog_scratch s;
  failmem fm;

  (void)state;
  failmem_init(&fm);
  qlog_scratch_init(&s, &fm.mem);
  assert_non_null(qlog_scratch_take(&s, 2 * QLOG_SCRATCH_KEEP));
  qlog_scratch_reset(&s);
  assert_int_equal(fm.blocks, 0); /* too large to be kept */
  fm.limit = (size_t)64 << 20;
  assert_null(qlog_scratch_take(&s, SIZE_MAX));
  assert_true(s.failed);
  assert_null(qlog_scratch_list(&s, SIZE_MAX / 2, 3));
  assert_null(qlog_scratch_take(&s, SIZE_MAX - 64));
  qlog_scratch_reset(&s);
  assert_false(s.failed);
  failmem_fail_nth(&fm, 1);
  assert_null(qlog_scratch_take(&s, 1));
  assert_true(s.failed);
  assert_non_null(qlog_scratch_take(&s, 1));
  qlog_scratch_free(&s);
  assert_true(failmem_balanced(&fm));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pieces),
      cmocka_unit_test(test_trim),
      cmocka_unit_test(test_large),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
