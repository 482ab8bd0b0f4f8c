#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qlogview/tally.h"
#include "tests/support/failmem.h"

static const uint64_t seed[2] = {1, 2};

static quic_close close_of(quic_close_class class, int by,
                           quic_close_space space, uint64_t code) {
  quic_close c;

  quic_close_init(&c);
  c.class = class;
  c.by = by;
  c.space = space;
  c.code = code;
  return c;
}

static void fill(qv_tally *tally) {
  quic_close c = close_of(QUIC_CLOSED_APPLICATION, QUIC_SIDE_CLIENT,
                          QUIC_CLOSE_SPACE_APPLICATION, 0x100);

  c.name = "H3_NO_ERROR";
  c.at.record = 17;
  qv_tally_add(tally, &c, "a.qlog", 3);
  c.at.record = 18;
  qv_tally_add(tally, &c, "b.qlog", 0);
  c.name = NULL; /* another application protocol */
  qv_tally_add(tally, &c, "c.qlog", 0);
  c.phrase = (const uint8_t *)"bye";
  c.phrase_len = 3;
  qv_tally_add(tally, &c, "d.qlog", 0);
  qv_tally_add(tally, &c, "d.qlog", 1);
  qv_tally_add(tally, &c, "d.qlog", 2);
  c = close_of(QUIC_CLOSED_HANDSHAKE, QUIC_SIDE_CLIENT,
               QUIC_CLOSE_SPACE_TRANSPORT, 0x100);
  qv_tally_add(tally, &c, "e.qlog", 0);
}

/* The same number in both spaces is two rows. */
static void test_rows(void **state) {
  qv_tally tally;

  (void)state;
  qv_tally_init(&tally, quic_mem_default(), seed);
  fill(&tally);
  qv_tally_sort(&tally);
  assert_int_equal(tally.total, 7);
  assert_int_equal(tally.other, 0);
  assert_int_equal(tally.len, 4);
  assert_int_equal(tally.rows[0]->count, 3);
  assert_memory_equal(tally.rows[0]->phrase.data, "bye", 3);
  assert_int_equal(tally.rows[1]->count, 2);
  assert_string_equal(tally.rows[1]->path, "a.qlog");
  assert_int_equal(tally.rows[1]->connection, 3);
  assert_int_equal(tally.rows[1]->record, 17);
  assert_int_equal(tally.rows[2]->space, QUIC_CLOSE_SPACE_APPLICATION);
  assert_null(tally.rows[2]->name);
  assert_int_equal(qv_tally_alert(tally.rows[2]), -1);
  assert_int_equal(tally.rows[3]->space, QUIC_CLOSE_SPACE_TRANSPORT);
  assert_int_equal(tally.rows[3]->code, tally.rows[2]->code);
  assert_int_equal(qv_tally_alert(tally.rows[3]), 0);
  qv_tally_free(&tally);
}

static void test_apart(void **state) {
  quic_close c = close_of(QUIC_CLOSED_TRANSPORT, QUIC_SIDE_SERVER,
                          QUIC_CLOSE_SPACE_TRANSPORT, 7);
  qv_tally tally;

  (void)state;
  qv_tally_init(&tally, quic_mem_default(), seed);
  qv_tally_add(&tally, &c, "a", 0);
  c.frame_type = 0; /* no frame to blame, as without one */
  qv_tally_add(&tally, &c, "a", 0);
  c.frame_type = 8;
  qv_tally_add(&tally, &c, "a", 0);
  c.trigger = QLOG_CLOSE_ERROR;
  qv_tally_add(&tally, &c, "a", 0);
  c.by = QUIC_SIDE_CLIENT;
  qv_tally_add(&tally, &c, "a", 0);
  c.code = 8;
  qv_tally_add(&tally, &c, "a", 0);
  qv_tally_sort(&tally);
  assert_int_equal(tally.len, 5);
  assert_int_equal(tally.rows[0]->count, 2);
  assert_null(qv_tally_trigger(tally.rows[0]));
  assert_int_equal(tally.rows[0]->frame_type, QLOG_NONE);
  assert_string_equal(qv_tally_trigger(tally.rows[1]), "error");
  qv_tally_free(&tally);
}

static void test_bound(void **state) {
  qv_tally tally;

  (void)state;
  qv_tally_init(&tally, quic_mem_default(), seed);
  tally.max = 10;
  for (unsigned i = 0; i < 100; i++) {
    quic_close c = close_of(QUIC_CLOSED_APPLICATION, QUIC_SIDE_CLIENT,
                            QUIC_CLOSE_SPACE_APPLICATION, i % 2 ? 0 : 1000 + i);

    qv_tally_add(&tally, &c, "a", i);
  }
  assert_int_equal(tally.len, 10);
  assert_int_equal(tally.total, 100);
  assert_int_equal(tally.other, 41);
  qv_tally_sort(&tally);
  assert_int_equal(tally.rows[0]->count, 50);
  qv_tally_free(&tally);
}

static void test_memory(void **state) {
  bool starved = true;

  (void)state;
  for (size_t n = 1; starved; n++) {
    uint64_t sum = 0;
    qv_tally tally;
    failmem fm;

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    qv_tally_init(&tally, &fm.mem, seed);
    fill(&tally);
    qv_tally_sort(&tally);
    for (size_t i = 0; i < tally.len; i++) {
      sum += tally.rows[i]->count;
    }
    assert_int_equal(tally.total, 7);
    assert_int_equal(sum + tally.other, 7);
    starved = fm.refused != 0;
    assert_true(starved ? tally.other > 0 : tally.other == 0);
    qv_tally_free(&tally);
    assert_true(failmem_balanced(&fm));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_apart),
      cmocka_unit_test(test_bound),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
