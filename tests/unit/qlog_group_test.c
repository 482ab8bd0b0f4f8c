#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "qlog/group.h"
#include "tests/support/failmem.h"

static const uint64_t seed[2] = {5, 6};

static quic_bytes text_of(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static qlog_group *group_of(qlog_groups *g, const char *name) {
  qlog_group *group;

  assert_int_equal(qlog_groups_of(g, text_of(name), &group), 0);
  return group;
}

static void test_groups(void **state) {
  qlog_groups g;
  qlog_group *own, *a, *b;

  (void)state;
  qlog_groups_init(&g, quic_mem_default(), seed);
  assert_int_equal(qlog_groups_start(&g, text_of("own")), 0);
  own = group_of(&g, "");
  assert_string_equal(own->name, "own");
  assert_ptr_equal(group_of(&g, "own"), own);
  a = group_of(&g, "a");
  b = group_of(&g, "b");
  assert_ptr_not_equal(a, b);
  assert_ptr_not_equal(a, own);
  a->last = 7;
  assert_ptr_equal(group_of(&g, "a"), a);
  assert_string_equal(a->name, "a");
  assert_int_equal(b->last, 0);

  assert_int_equal(qlog_groups_start(&g, text_of("")), 0);
  assert_int_equal(group_of(&g, "a")->last, 0);
  assert_int_equal(group_of(&g, "")->len, 0);
  qlog_groups_free(&g);
}

/* Above the bound, events are the trace's own. */
static void test_bound(void **state) {
  qlog_groups g;
  char name[32];

  (void)state;
  qlog_groups_init(&g, quic_mem_default(), seed);
  assert_int_equal(qlog_groups_start(&g, text_of("own")), 0);
  for (int i = 0; i <= QLOG_GROUPS_MAX; i++) {
    snprintf(name, sizeof(name), "%d", i);
    assert_int_equal(group_of(&g, name) == g.own, i == QLOG_GROUPS_MAX);
  }
  assert_string_equal(group_of(&g, "1234")->name, "1234");
  qlog_groups_free(&g);
}

static void test_long_names(void **state) {
  char name[QLOG_GROUP_NAME_MAX + 50];
  qlog_groups g;
  qlog_group *group;

  (void)state;
  memset(name, 'x', sizeof(name) - 1);
  name[sizeof(name) - 1] = '\0';
  qlog_groups_init(&g, quic_mem_default(), seed);
  assert_int_equal(qlog_groups_start(&g, text_of("")), 0);
  group = group_of(&g, name);
  assert_int_equal(group->len, QLOG_GROUP_NAME_MAX);
  name[sizeof(name) - 2] = '\0';
  assert_ptr_equal(group_of(&g, name), group);
  qlog_groups_free(&g);
}

static int groups_run(const quic_mem *mem, void *user) {
  static const char *const names[] = {"a", "b", "", "a", "own", "c"};
  qlog_groups g;
  qlog_group *group;
  int rv;

  (void)user;
  qlog_groups_init(&g, mem, seed);
  rv = qlog_groups_start(&g, text_of("own"));
  for (size_t i = 0; rv == 0 && i < sizeof(names) / sizeof(names[0]); i++) {
    rv = qlog_groups_of(&g, text_of(names[i]), &group);
  }
  qlog_groups_free(&g);
  return rv;
}

static void test_nomem(void **state) {
  failmem fm;

  (void)state;
  if (failmem_sweep(&fm, groups_run, NULL) == 0) {
    fail_msg("%s", fm.text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_groups),
      cmocka_unit_test(test_bound),
      cmocka_unit_test(test_long_names),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
