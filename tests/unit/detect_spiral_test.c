/* The death spiral, and a rate that stays low. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/spiral.h"
#include "tests/support/detected.h"
#include "tests/support/failmem.h"

#define MS QUIC_MILLISECOND
#define US QUIC_MICROSECOND
#define RTT (14 * MS)
#define FLOOR (2 * DETECTED_MDS)

/* What a logger tells. */
typedef struct story {
  bool states, metrics, losses, network;
  quic_duration gap;
} story;

static void tell_window(detected *d, const story *s, uint64_t cwnd) {
  if (s->metrics) {
    detected_metrics(d, cwnd, QLOG_NONE, QLOG_NONE, RTT);
  }
}

/* lose sends eight packets of which all but the last are lost, then the last
   ones to come to the floor. */
static void lose(detected *d, const story *s) {
  uint64_t first = d->next;

  detected_send(d, 8, 10 * US);
  detected_after(d, RTT);
  detected_ack(d, first + 7, first + 7, 0);
  if (s->losses) {
    for (uint64_t i = 0; i < 7; i++) {
      detected_lost(d, first + i);
    }
  }
  d->acked = d->next;
  tell_window(d, s, FLOOR);
}

/* cycle is one round of the spiral. */
static void cycle(detected *d, const story *s) {
  detected_send(d, 2, s->gap);
  if (s->states) {
    detected_state(d, "recovery");
  }
  detected_after(d, RTT - s->gap);
  detected_ack_all(d);
  if (s->states) {
    detected_state(d, "congestion_avoidance");
  }
  tell_window(d, s, FLOOR);
}

static int spiral(detected *d, const story *s, const quic_mem *mem,
                  unsigned cycles) {
  if (detected_begin(d, mem, s->network)) {
    return QUIC_ERR_NOMEM;
  }
  tell_window(d, s, 8 * DETECTED_MDS);
  for (int i = 0; i < 4; i++) {
    detected_round(d, 8, 10 * US, RTT);
  }
  lose(d, s);
  for (unsigned i = 0; i < cycles; i++) {
    cycle(d, s);
  }
  return 0;
}

static void test_told(void **state) {
  const story s = {true, true, true, false, 12 * US};
  const quic_spiral *found_spiral;
  const quic_finding *found;
  detected d;

  (void)state;
  assert_int_equal(spiral(&d, &s, quic_mem_default(), 200), 0);
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_SPIRAL, 0);
  assert_non_null(found);
  assert_int_equal(found->severity, QUIC_CRITICAL);
  assert_int_equal(found->side, QUIC_SIDE_SERVER);
  assert_int_equal(found->to - found->from, 200 * RTT);
  assert_int_equal(detected_fact(found, "window"), FLOOR);
  assert_int_equal(detected_fact(found, "cycles"), 200);
  /* The last told comes behind the last ACK. */
  assert_int_equal(detected_fact(found, "state_changes"), 399);
  assert_int_equal(detected_fact(found, "ahead"), 200);
  assert_in_range(detected_fact(found, "pair"), RTT, RTT + RTT / 100);
  assert_in_range(detected_fact(found, "single"), RTT / 2, RTT / 2 + RTT / 100);
  assert_int_equal(detected_fact(found, "rtt"), RTT);
  assert_int_equal(detected_fact(found, "idle"), 0);
  assert_in_range(detected_fact(found, "delta"), RTT - 12 * US, RTT);
  /* C is the time from the last send to the loss, d the gap. */
  assert_int_equal(detected_fact(found, "recovery_ahead"), RTT);
  assert_int_equal(detected_fact(found, "escape_cycles"), RTT / (12 * US));
  assert_non_null(strstr(found->text, "cwnd 2700 B (2 x 1350) for 2.800 s"));
  assert_non_null(strstr(found->text, "199 pairs, one pair each 14.0 ms"));
  assert_non_null(strstr(found->text, "in 200 of 200 cycles"));
  assert_non_null(strstr(found->text, "after about 1166 cycles"));
  assert_non_null(strstr(found->text, "cured by: lastack, clamp, or newreno"));
  found_spiral = quic_findings_spiral(d.f);
  assert_non_null(found_spiral);
  assert_true(found_spiral->at_floor && found_spiral->in_recovery &&
              found_spiral->empties);
  assert_false(found_spiral->escaped);
  assert_null(detected_find(&d, QUIC_FOUND_NO_GROWTH, 0));
  assert_null(detected_find(&d, QUIC_FOUND_FREEZE, 0));
  detected_free(&d);
}

/* Loggers that tell neither states nor losses, or nothing at all. */
static void test_fallbacks(void **state) {
  static const story stories[] = {
      {false, true, true, false, 12 * US},   /* no states */
      {true, true, false, false, 12 * US},   /* no packet_lost */
      {false, true, false, false, 0},        /* times too coarse */
      {false, false, false, false, 12 * US}, /* packets only */
      {false, false, false, true, 12 * US},  /* seen on the way */
  };

  (void)state;
  for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
    const quic_finding *found;
    detected d;

    assert_int_equal(spiral(&d, &stories[i], quic_mem_default(), 100), 0);
    detected_end(&d);
    found = detected_find(&d, QUIC_FOUND_SPIRAL, 0);
    assert_non_null(found);
    assert_int_equal(found->side, QUIC_SIDE_SERVER);
    assert_in_range(detected_fact(found, "cycles"), 95, 100);
    if (stories[i].gap == 0) {
      assert_int_equal(detected_fact(found, "escape_cycles"), QLOG_NONE);
      assert_non_null(strstr(found->text, "bear the same time"));
    }
    if (!stories[i].metrics) {
      assert_non_null(strstr(found->text, "made out from what was in flight"));
    }
    detected_free(&d);
  }
}

/* The same without what makes it one. */
static void test_none(void **state) {
  const story s = {true, true, true, false, 12 * US};
  detected d;

  (void)state;
  /* too short */
  assert_int_equal(spiral(&d, &s, quic_mem_default(), 17), 0);
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_SPIRAL, 0));
  detected_free(&d);
  /* with losses between */
  assert_int_equal(spiral(&d, &s, quic_mem_default(), 10), 0);
  for (int i = 0; i < 20; i++) {
    for (int j = 0; j < 8; j++) {
      cycle(&d, &s);
    }
    lose(&d, &s);
  }
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_SPIRAL, 0));
  detected_free(&d);
  /* the window grows */
  assert_int_equal(spiral(&d, &s, quic_mem_default(), 10), 0);
  for (unsigned i = 0; i < 100; i++) {
    tell_window(&d, &s, FLOOR + i * DETECTED_MDS);
    detected_round(&d, 2 + i, 12 * US, RTT);
  }
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_SPIRAL, 0));
  detected_free(&d);
  /* data comes from time to time only */
  assert_int_equal(spiral(&d, &s, quic_mem_default(), 10), 0);
  for (unsigned i = 0; i < 100; i++) {
    cycle(&d, &s);
    detected_after(&d, RTT);
  }
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_SPIRAL, 0));
  assert_null(quic_findings_spiral(d.f));
  detected_free(&d);
}

static void test_escape(void **state) {
  const story s = {true, true, true, false, 200 * US};
  const quic_spiral *found;
  char buf[4096];
  quic_text out;
  detected d;

  (void)state;
  assert_int_equal(spiral(&d, &s, quic_mem_default(), 70), 0);
  for (unsigned i = 1; i < 30; i++) {
    tell_window(&d, &s, FLOOR + i * DETECTED_MDS);
    detected_round(&d, 2 + i, 12 * US, RTT);
  }
  detected_end(&d);
  found = quic_findings_spiral(d.f);
  assert_non_null(found);
  assert_true(found->escaped);
  assert_int_equal(found->cycles, 70);
  assert_int_equal(found->escape, 70); /* 14 ms / 200 us */
  quic_text_init(&out, buf, sizeof(buf));
  quic_spiral_explain(found, QUIC_SECOND, &out);
  (void)quic_text_cstr(&out);
  assert_non_null(strstr(buf, "one of 70 cycles, each 14.0 ms (RTT 14.0 ms)"));
  assert_non_null(strstr(buf, "2700 B go out"));
  assert_non_null(strstr(buf, "left nothing in flight, 0 us later"));
  assert_non_null(strstr(buf, "from the last send it was 13.8 ms"));
  assert_non_null(strstr(buf, "ahead of this packet"));
  assert_non_null(strstr(buf, "the window stays at 2700 B"));
  assert_non_null(strstr(buf, "C / d = 14.0 ms / 200 us, about 70 cycles; "
                              "seen: 70 cycles, then the window grew"));
  for (int i = 1; i < QUIC_SPIRAL_STEPS; i++) {
    assert_true(found->step[i].time >= found->step[i - 1].time);
  }
  assert_int_equal(found->step[QUIC_SPIRAL_STAGNATION].time,
                   found->step[QUIC_SPIRAL_RECOVERY].time + RTT);
  detected_free(&d);
}

/* A pinned model: 40 packets a round trip, then 8 without a loss. */
static void plateau(detected *d, unsigned low, unsigned growth,
                    uint64_t window) {
  assert_int_equal(detected_begin(d, quic_mem_default(), false), 0);
  detected_metrics(d, 50 * DETECTED_MDS, QLOG_NONE, RTT, RTT);
  for (int i = 0; i < 100; i++) {
    detected_round(d, 40, 100 * US, RTT);
  }
  for (unsigned i = 0; i < 120; i++) {
    detected_metrics(d, window + i * growth, QLOG_NONE, RTT, RTT);
    detected_round(d, low, 100 * US, RTT);
  }
  detected_end(d);
}

static void test_plateau(void **state) {
  const quic_finding *found;
  detected d;

  (void)state;
  plateau(&d, 8, 0, 10 * DETECTED_MDS);
  found = detected_find(&d, QUIC_FOUND_PLATEAU, 0);
  assert_non_null(found);
  assert_int_equal(found->severity, QUIC_WARNING);
  assert_true(found->to - found->from > QUIC_SECOND);
  assert_in_range(detected_fact(found, "rate"), 5500000, 6500000);
  assert_in_range(detected_fact(found, "best"), 28000000, 33000000);
  assert_null(detected_find(&d, QUIC_FOUND_COLLAPSE, 0));
  detected_free(&d);
  /* grows as newreno does */
  plateau(&d, 8, DETECTED_MDS, 9 * DETECTED_MDS);
  assert_null(detected_find(&d, QUIC_FOUND_PLATEAU, 0));
  detected_free(&d);
  /* a window with room: the application sends less */
  plateau(&d, 8, 0, 50 * DETECTED_MDS);
  assert_null(detected_find(&d, QUIC_FOUND_PLATEAU, 0));
  detected_free(&d);
  /* not low enough */
  plateau(&d, 16, 0, 18 * DETECTED_MDS);
  assert_null(detected_find(&d, QUIC_FOUND_PLATEAU, 0));
  detected_free(&d);
}

static int sweep(const quic_mem *mem, void *user) {
  const story s = {true, true, true, false, 12 * US};
  detected d;

  (void)user;
  if (spiral(&d, &s, mem, 30)) {
    return QUIC_ERR_NOMEM;
  }
  detected_end(&d);
  /* What could not be kept costs the finding, not the run. */
  bool found = detected_find(&d, QUIC_FOUND_SPIRAL, 0) != NULL;
  detected_free(&d);
  return found ? 0 : QUIC_ERR_NOMEM;
}

static void test_memory(void **state) {
  failmem fm;

  (void)state;
  failmem_init(&fm);
  assert_int_equal(sweep(&fm.mem, NULL), 0);
  assert_true(failmem_balanced(&fm));
  for (size_t n = 1, calls = fm.calls; n <= calls; n++) {
    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    (void)sweep(&fm.mem, NULL);
    assert_true(failmem_balanced(&fm));
    failmem_init(&fm);
    failmem_fail_from(&fm, n);
    (void)sweep(&fm.mem, NULL);
    assert_true(failmem_balanced(&fm));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_told),    cmocka_unit_test(test_fallbacks),
      cmocka_unit_test(test_none),    cmocka_unit_test(test_escape),
      cmocka_unit_test(test_plateau), cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
