/* The allocator of the other tests. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/err.h"
#include "tests/support/failmem.h"

static void test_counts(void **state) {
  failmem fm;
  char *a, *b;

  (void)state;
  failmem_init(&fm);
  a = quic_mem_alloc(&fm.mem, 10);
  b = quic_mem_zalloc(&fm.mem, 5);
  assert_non_null(a);
  assert_non_null(b);
  assert_int_equal((unsigned char)a[9], 0xa5);
  assert_int_equal(b[4], 0);
  assert_int_equal(fm.blocks, 2);
  assert_int_equal(fm.bytes, 15);
  quic_mem_free(&fm.mem, a);
  assert_int_equal(fm.bytes, 5);
  assert_false(failmem_balanced(&fm));
  quic_mem_free(&fm.mem, b);
  assert_true(failmem_balanced(&fm));
  assert_int_equal(fm.peak, 15);
  assert_int_equal(fm.calls, 2);
  assert_int_equal(fm.refused, 0);
}

static void test_resize(void **state) {
  failmem fm;
  char *a, *b;

  (void)state;
  failmem_init(&fm);
  a = quic_mem_zalloc(&fm.mem, 4);
  assert_non_null(a);
  a[0] = 'x';
  b = quic_mem_resize(&fm.mem, a, 8, 2);
  assert_non_null(b);
  assert_int_equal(b[0], 'x');
  assert_int_equal((unsigned char)b[4], 0xa5);
  assert_int_equal(fm.bytes, 16);
  assert_int_equal(fm.blocks, 1);
  b = quic_mem_resize(&fm.mem, b, 1, 1);
  assert_non_null(b);
  assert_int_equal(b[0], 'x');
  assert_int_equal(fm.bytes, 1);
  quic_mem_free(&fm.mem, b);
  assert_true(failmem_balanced(&fm));
  assert_int_equal(fm.peak, 16);
}

static void test_refusals(void **state) {
  failmem fm;
  void *p[4];
  int i;

  (void)state;
  failmem_init(&fm);
  failmem_fail_nth(&fm, 2);
  for (i = 0; i < 4; ++i) {
    p[i] = quic_mem_alloc(&fm.mem, 1);
    assert_int_equal(p[i] == NULL, i == 1);
    quic_mem_free(&fm.mem, p[i]);
  }
  assert_int_equal(fm.refused, 1);
  failmem_fail_from(&fm, 3);
  for (i = 0; i < 4; ++i) {
    p[i] = quic_mem_alloc(&fm.mem, 1);
    assert_int_equal(p[i] == NULL, i >= 2);
    quic_mem_free(&fm.mem, p[i]);
  }
  assert_int_equal(fm.refused, 3);
  assert_true(failmem_balanced(&fm));
}

/* A refused resize leaves the block and its octets. */
static void test_refused_resize(void **state) {
  failmem fm;
  char *a;

  (void)state;
  failmem_init(&fm);
  a = quic_mem_zalloc(&fm.mem, 2);
  assert_non_null(a);
  failmem_fail_nth(&fm, 1);
  assert_null(quic_mem_resize(&fm.mem, a, 9, 9));
  assert_int_equal(a[1], 0);
  assert_int_equal(fm.bytes, 2);
  quic_mem_free(&fm.mem, a);
}

static void test_limit(void **state) {
  failmem fm;
  void *a, *b;

  (void)state;
  failmem_init(&fm);
  fm.limit = 10;
  a = quic_mem_alloc(&fm.mem, 6);
  assert_non_null(a);
  assert_null(quic_mem_alloc(&fm.mem, 5));
  b = quic_mem_alloc(&fm.mem, 4);
  assert_non_null(b);
  fm.limit = 1;
  assert_null(quic_mem_resize(&fm.mem, a, 1, 7));
  a = quic_mem_resize(&fm.mem, a, 1, 2);
  assert_non_null(a);
  assert_null(quic_mem_alloc(&fm.mem, SIZE_MAX));
  quic_mem_free(&fm.mem, a);
  quic_mem_free(&fm.mem, b);
  assert_int_equal(fm.refused, 3);
}

enum run_kind { RUN_GOOD, RUN_LEAKS, RUN_HIDES, RUN_FAILS, RUN_NOTHING };

typedef struct run_plan {
  enum run_kind kind;
  void *leaked;
} run_plan;

static int run_pair(const quic_mem *mem, void *user) {
  run_plan *plan = user;
  enum run_kind kind = plan->kind;
  void *a, *b;

  if (kind == RUN_NOTHING) {
    return 0;
  }
  a = quic_mem_alloc(mem, 3);
  b = a ? quic_mem_alloc(mem, 4) : NULL;
  quic_mem_free(mem, b);
  if (b || kind != RUN_LEAKS) {
    quic_mem_free(mem, a);
  } else {
    plan->leaked = a;
  }
  if (kind == RUN_FAILS) {
    return QUIC_ERR_SHORT;
  }
  return b || kind == RUN_HIDES ? 0 : QUIC_ERR_NOMEM;
}

static void test_sweep(void **state) {
  static const struct {
    enum run_kind kind;
    size_t count;
    const char *text;
  } rows[] = {
      {RUN_GOOD, 2, ""},
      {RUN_LEAKS, 0, "request 2 refused: 1 blocks of 3 octets leaked"},
      {RUN_HIDES, 0, "request 1 refused: returned 0"},
      {RUN_FAILS, 0, "undisturbed: returned QUIC_ERR_SHORT"},
      {RUN_NOTHING, 0, "undisturbed: no request was made"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
    run_plan plan = {rows[i].kind, NULL};
    failmem fm;

    assert_int_equal(failmem_sweep(&fm, run_pair, &plan), rows[i].count);
    assert_string_equal(fm.text, rows[i].text);
    quic_mem_free(&fm.mem, plan.leaked);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_counts),   cmocka_unit_test(test_resize),
      cmocka_unit_test(test_refusals), cmocka_unit_test(test_refused_resize),
      cmocka_unit_test(test_limit),    cmocka_unit_test(test_sweep),
  };

  return cmocka_run_group_tests_name("failmem", tests, NULL, NULL);
}
