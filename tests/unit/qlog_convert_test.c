/* Records become events again: what the writer writes, and what it does not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "qlog/read.h"
#include "tests/support/failmem.h"
#include "tests/support/qlogback.h"
#include "tests/support/qlogsample.h"

/* A sink that writes each event, reads it back, writes that, and compares. */
typedef struct there_and_back {
  qlog_sink sink;
  qlogback b;
  size_t n;
} there_and_back;

/* back_same shows where two records differ. */
static void back_same(quic_bytes a, quic_bytes b) {
  size_t at = 0, from;

  if (quic_bytes_eq(a, b)) {
    return;
  }
  while (at < a.len && at < b.len && a.data[at] == b.data[at]) {
    at++;
  }
  from = at > 150 ? at - 150 : 0;
  print_error("%.*s\nbecame\n%.*s\n",
              (int)(a.len - from < 300 ? a.len - from : 300),
              (const char *)a.data + from,
              (int)(b.len - from < 300 ? b.len - from : 300),
              (const char *)b.data + from);
  fail();
}

static void back_event(qlog_sink *sink, const qlog_event *e) {
  there_and_back *t = (there_and_back *)sink;
  quic_bytes record = qlogback_write(&t->b, e), again;
  char *first = malloc(record.len + 1);
  qlog_event got;

  t->n++;
  assert_non_null(first);
  memcpy(first, record.data, record.len);
  first[record.len] = '\0';
  record.data = (const uint8_t *)first;
  assert_int_equal(qlogback_convert(&t->b, qlogback_member(record, "name"),
                                    qlogback_member(record, "data"), &got),
                   0);
  assert_int_equal(got.type, e->type);
  got.time = e->time;
  got.group = e->group;
  got.tuple = e->tuple;
  got.side = e->side;
  again = qlogback_write(&t->b, &got);
  if (e->type == QLOG_H3_PARAMETERS_SET ||
      e->type == QLOG_H3_PARAMETERS_RESTORED) {
    /* Members have no order, so settings come back in ours. */
    assert_int_equal(again.len, record.len);
  } else if (e->type == QLOG_CONNECTION_CLOSED &&
             e->u.closed.connection_error != QLOG_NONE &&
             e->u.closed.application_error != QLOG_NONE) {
    /* There is one error_code only. */
    assert_true(got.u.closed.connection_error == e->u.closed.connection_error);
  } else {
    back_same(record, again);
  }
  if (t->b.repairs[QLOG_REPAIR_BAD_VALUE] != 0) {
    fail_msg("a bad value in %s", first);
  }
  free(first);
}

static void back_all(bool compat) {
  there_and_back *t = calloc(1, sizeof(*t));
  size_t n;

  assert_non_null(t);
  qlogback_init(&t->b, compat);
  t->sink.event = back_event;
  n = qlogsample_all(&t->sink);
  assert_int_equal(n, t->n);
  if (!compat) {
    assert_int_equal(t->b.repairs[QLOG_REPAIR_OLD_NAME], 0);
    assert_int_equal(t->b.repairs[QLOG_REPAIR_OLD_FIELD], 0);
  } else {
    assert_true(t->b.repairs[QLOG_REPAIR_OLD_NAME] > 0);
    assert_true(t->b.repairs[QLOG_REPAIR_OLD_FIELD] > 0);
  }
  qlogback_free(&t->b);
  free(t);
}

static void test_written(void **state) {
  (void)state;
  back_all(false);
}

static void test_written_compat(void **state) {
  (void)state;
  back_all(true);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_written),
      cmocka_unit_test(test_written_compat),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
