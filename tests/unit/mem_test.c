/* The allocator's helpers, and the ring. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/err.h"
#include "base/list.h"
#include "base/mem.h"
#include "tests/support/failmem.h"

static void test_default(void **state) {
  const quic_mem *mem = quic_mem_default();
  uint8_t *p = quic_mem_zalloc(mem, 100);

  (void)state;
  assert_non_null(p);
  for (int i = 0; i < 100; i++) {
    assert_int_equal(p[i], 0);
  }
  p[99] = 7;
  p = quic_mem_resize(mem, p, 50, 4);
  assert_non_null(p);
  assert_int_equal(p[99], 7);
  quic_mem_free(mem, p);
  quic_mem_free(mem, NULL);
  p = quic_mem_alloc(mem, 0); /* a block of its own */
  assert_non_null(p);
  quic_mem_free(mem, p);
}

static void test_overflow(void **state) {
  failmem fm;
  char *p;

  (void)state;
  failmem_init(&fm);
  p = quic_mem_alloc(&fm.mem, 1);
  assert_non_null(p);
  p[0] = 'k';
  assert_null(quic_mem_resize(&fm.mem, p, SIZE_MAX / 2, 3));
  assert_int_equal(fm.calls, 1); /* never asked for */
  assert_int_equal(p[0], 'k');
  quic_mem_free(&fm.mem, p);
  assert_true(failmem_balanced(&fm));
}

static void test_grow(void **state) {
  uint32_t *items = NULL;
  size_t cap = 0, calls;
  failmem fm;

  (void)state;
  failmem_init(&fm);
  for (uint32_t i = 0; i < 1000; i++) {
    assert_int_equal(quic_mem_grow(&fm.mem, (void **)&items, &cap, i + 1, 4),
                     0);
    assert_true(cap > i);
    items[i] = i;
  }
  for (uint32_t i = 0; i < 1000; i++) {
    assert_int_equal(items[i], i);
  }
  assert_int_equal(cap, 1024);
  assert_int_equal(fm.calls, 9); /* 4, 8, ... 1024 */
  calls = fm.calls;
  assert_int_equal(quic_mem_grow(&fm.mem, (void **)&items, &cap, SIZE_MAX, 4),
                   QUIC_ERR_NOMEM);
  assert_int_equal(
      quic_mem_grow(&fm.mem, (void **)&items, &cap, SIZE_MAX / 4, 8),
      QUIC_ERR_NOMEM);
  assert_int_equal(fm.calls, calls);
  failmem_fail_nth(&fm, 1);
  assert_int_equal(quic_mem_grow(&fm.mem, (void **)&items, &cap, 1025, 4),
                   QUIC_ERR_NOMEM);
  assert_int_equal(cap, 1024);
  assert_int_equal(items[999], 999);
  quic_mem_free(&fm.mem, items);
  assert_true(failmem_balanced(&fm));
}

typedef struct item {
  int value;
  quic_list node;
} item;

static void test_list(void **state) {
  item items[3] = {{1, {NULL, NULL}}, {2, {NULL, NULL}}, {3, {NULL, NULL}}};
  quic_list head;
  int sum = 0;

  (void)state;
  quic_list_init(&head);
  assert_true(quic_list_empty(&head));
  for (int i = 0; i < 3; i++) {
    quic_list_push_back(&head, &items[i].node);
  }
  for (quic_list *n = head.next; n != &head; n = n->next) {
    sum = sum * 10 + QUIC_LIST_ITEM(n, item, node)->value;
  }
  assert_int_equal(sum, 123);
  quic_list_remove(&items[1].node);
  quic_list_remove(&items[1].node); /* a lone node is its own ring */
  assert_ptr_equal(items[0].node.next, &items[2].node);
  assert_ptr_equal(items[2].node.prev, &items[0].node);
  quic_list_remove(&items[0].node);
  quic_list_remove(&items[2].node);
  assert_true(quic_list_empty(&head));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_default),
      cmocka_unit_test(test_overflow),
      cmocka_unit_test(test_grow),
      cmocka_unit_test(test_list),
  };

  return cmocka_run_group_tests_name("mem", tests, NULL, NULL);
}
