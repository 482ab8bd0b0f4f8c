#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qlogview/violations.h"
#include "tests/support/failmem.h"

static const uint64_t seed[2] = {3, 4};

static void add(qv_violations *all, qlog_rule rule, const char *path,
                const char *found, uint64_t record) {
  const qlog_violation v = {.rule = rule,
                            .event = "quic:packet_sent",
                            .path = path,
                            .wants = "a number",
                            .found = {(const uint8_t *)found, strlen(found)},
                            .at = 7};

  qv_violations_add(all, &v, record, 100 * record);
}

static void fill(qv_violations *all) {
  add(all, QLOG_RULE_EVENT_OLD, "name", "a", 1);
  add(all, QLOG_RULE_EVENT_OLD, "name", "b", 2);
  add(all, QLOG_RULE_EVENT_OLD, "name", "c", 3);
  add(all, QLOG_RULE_FIELD_TYPE, "x", "1", 4);
  add(all, QLOG_RULE_FIELD_TYPE, "y", "2", 5);
  add(all, QLOG_RULE_FIELD_TYPE, "y", "3", 6);
}

/* What is broken alike is one row; errors come first, then what is frequent. */
static void test_rows(void **state) {
  qv_violations all;

  (void)state;
  qv_violations_init(&all, quic_mem_default(), seed);
  fill(&all);
  qv_violations_sort(&all);
  assert_int_equal(all.len, 3);
  assert_string_equal(all.rows[0]->path, "y");
  assert_int_equal(all.rows[0]->count, 2);
  assert_int_equal(all.rows[0]->record, 5);
  assert_int_equal(all.rows[0]->offset, 507);
  assert_memory_equal(all.rows[0]->found.data, "2", 1);
  assert_string_equal(all.rows[1]->path, "x");
  assert_int_equal(all.rows[2]->rule, QLOG_RULE_EVENT_OLD);
  assert_int_equal(all.rows[2]->count, 3);
  assert_int_equal(qv_violations_sum(&all, true), 3);
  assert_int_equal(qv_violations_sum(&all, false), 3);
  qv_violations_clear(&all);
  assert_int_equal(all.len, 0);
  assert_int_equal(qv_violations_sum(&all, true), 0);
  fill(&all);
  assert_int_equal(all.len, 3);
  qv_violations_free(&all);
}

static void test_bound(void **state) {
  qv_violations all;
  char path[32];
  quic_text t;

  (void)state;
  qv_violations_init(&all, quic_mem_default(), seed);
  for (unsigned i = 0; i < 2 * QV_VIOLATIONS_MAX; i++) {
    quic_text_init(&t, path, sizeof(path));
    quic_text_u64(&t, i);
    add(&all, QLOG_RULE_VALUE, quic_text_cstr(&t), "", i);
  }
  assert_int_equal(all.len, QV_VIOLATIONS_MAX);
  assert_int_equal(all.other, QV_VIOLATIONS_MAX);
  assert_int_equal(qv_violations_sum(&all, true), 2 * QV_VIOLATIONS_MAX);
  qv_violations_free(&all);
}

/* Texts longer than a key has room for. */
static void test_long(void **state) {
  static char path[4096];
  qv_violations all;

  (void)state;
  memset(path, 'p', sizeof(path) - 1);
  qv_violations_init(&all, quic_mem_default(), seed);
  add(&all, QLOG_RULE_VALUE, path, path, 1);
  add(&all, QLOG_RULE_VALUE, path, path, 2);
  assert_int_equal(all.len, 1);
  assert_int_equal(all.rows[0]->found.len, QV_VIOLATIONS_FOUND_MAX);
  assert_int_equal(strlen(all.rows[0]->path), sizeof(path) - 1);
  qv_violations_free(&all);
}

static void test_memory(void **state) {
  bool refused = true;

  (void)state;
  for (size_t n = 1; refused; n++) {
    uint64_t sum = 0;
    qv_violations all;
    failmem fm;

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    qv_violations_init(&all, &fm.mem, seed);
    fill(&all);
    for (size_t i = 0; i < all.len; i++) {
      sum += all.rows[i]->count;
    }
    assert_int_equal(sum + all.other, 6);
    assert_int_equal(qv_violations_sum(&all, true), 3);
    refused = fm.refused != 0;
    assert_true(refused == (all.other != 0));
    qv_violations_free(&all);
    assert_true(failmem_balanced(&fm));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_bound),
      cmocka_unit_test(test_long),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
