/* A window at its floor, full without growing, frozen, or fallen at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/detected.h"

#define MS QUIC_MILLISECOND
#define US QUIC_MICROSECOND
#define RTT (20 * MS)
#define MDS ((uint64_t)DETECTED_MDS)

static void begin(detected *d) {
  assert_int_equal(detected_begin(d, quic_mem_default(), false), 0);
  detected_parameters(d);
}

static void window(detected *d, uint64_t cwnd, uint64_t flight) {
  detected_metrics(d, cwnd, flight, RTT, RTT);
}

/* round fills |cwnd| with |n| packets, and has them acknowledged. */
static void round_of(detected *d, uint64_t cwnd, unsigned n) {
  detected_send(d, n, 10 * US);
  window(d, cwnd, n * MDS);
  detected_after(d, RTT);
  detected_ack_all(d);
  window(d, cwnd, 0);
}

/* rounds_lossy sends two packets a round, the first of which is lost in every
   |every|th. */
static void rounds_lossy(detected *d, unsigned n, unsigned every,
                         uint64_t cwnd) {
  for (unsigned i = 0; i < n; i++) {
    uint64_t first = d->next;

    if (every && i % every == 0) {
      detected_send(d, 2, 10 * US);
      window(d, cwnd, 2 * MDS);
      detected_after(d, RTT);
      detected_ack(d, first + 1, first + 1, 0);
      detected_lost(d, first);
      d->acked = d->next;
      window(d, cwnd, 0);
    } else {
      round_of(d, cwnd, 2);
    }
  }
}

static void test_floor(void **state) {
  const quic_finding *found;
  detected d;

  (void)state;
  begin(&d);
  rounds_lossy(&d, 40, 4, 2 * MDS);
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_FLOOR, 0);
  assert_non_null(found);
  assert_int_equal(found->severity, QUIC_WARNING);
  assert_int_equal(detected_fact(found, "lost_packets"), 10);
  assert_int_equal(detected_fact(found, "window"), 2 * MDS);
  assert_true(detected_fact(found, "at_floor") >= 36 * RTT);
  assert_null(detected_find(&d, QUIC_FOUND_SPIRAL, 0));
  detected_free(&d);
  /* a visit */
  begin(&d);
  rounds_lossy(&d, 8, 2, 2 * MDS);
  rounds_lossy(&d, 40, 10, 12 * MDS);
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_FLOOR, 0));
  detected_free(&d);
  /* well above it */
  begin(&d);
  rounds_lossy(&d, 60, 4, 5 * MDS);
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_FLOOR, 0));
  detected_free(&d);
}

static void test_no_growth(void **state) {
  const quic_finding *found;
  detected d;

  (void)state;
  begin(&d);
  for (int i = 0; i < 15; i++) {
    round_of(&d, 10 * MDS, 10);
  }
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_NO_GROWTH, 0);
  assert_non_null(found);
  assert_int_equal(detected_fact(found, "window"), 10 * MDS);
  assert_in_range(detected_fact(found, "rounds"), 13, 15);
  assert_non_null(strstr(found->text, "in slow start"));
  detected_free(&d);
  /* not full: the application has less */
  begin(&d);
  for (int i = 0; i < 60; i++) {
    round_of(&d, 10 * MDS, 7);
  }
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_NO_GROWTH, 0));
  detected_free(&d);
  /* grows by a packet each round */
  begin(&d);
  for (unsigned i = 0; i < 60; i++) {
    round_of(&d, (10 + i) * MDS, 10 + i);
  }
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_NO_GROWTH, 0));
  detected_free(&d);
}

/* BBR probes the round trip with four packets for 200 ms; nothing is lost and
   no state is told. */
static void test_probe(void **state) {
  detected d;

  (void)state;
  begin(&d);
  for (int times = 0; times < 3; times++) {
    for (int i = 0; i < 20; i++) {
      round_of(&d, 40 * MDS, 20);
    }
    for (int i = 0; i < 12; i++) {
      round_of(&d, 4 * MDS, 4);
    }
  }
  round_of(&d, 40 * MDS, 20);
  detected_end(&d);
  assert_true(quic_findings_worst(d.f) <= (int)QUIC_NOTE);
  assert_null(detected_find(&d, QUIC_FOUND_NO_GROWTH, 0));
  detected_free(&d);
}

/* After a loss it takes longer to tell. */
static void test_no_growth_late(void **state) {
  const quic_finding *found;

  (void)state;
  for (int n = 25; n <= 60; n += 35) {
    detected d;

    begin(&d);
    rounds_lossy(&d, 1, 1, 10 * MDS);
    for (int i = 0; i < n; i++) {
      round_of(&d, 10 * MDS, 10);
    }
    detected_end(&d);
    found = detected_find(&d, QUIC_FOUND_NO_GROWTH, 0);
    assert_int_equal(found != NULL, n == 60);
    assert_true(!found || strstr(found->text, "without a loss"));
    detected_free(&d);
  }
}

/* Flow control fills the window by chance. */
static void test_blocked(void **state) {
  quic_frame f;
  detected d;

  (void)state;
  begin(&d);
  for (int i = 0; i < 30; i++) {
    f = events_limit(QUIC_FRAME_MAX_STREAM_DATA, 0, d.offset + 10 * (MDS - 50));
    events_packet(&d.ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, d.ack++, &f, 1);
    round_of(&d, 10 * MDS + MDS / 2, 10);
  }
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_NO_GROWTH, 0));
  detected_free(&d);
}

static void test_freeze(void **state) {
  const quic_finding *found;
  detected d;

  (void)state;
  begin(&d);
  rounds_lossy(&d, 2, 1, 3000);
  for (int i = 0; i < 40; i++) {
    round_of(&d, 3000, 2);
  }
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_FREEZE, 0);
  assert_non_null(found);
  assert_int_equal(found->severity, QUIC_CRITICAL);
  assert_non_null(strstr(found->text, "cwnd 3000 B (2.2 x 1350)"));
  assert_null(detected_find(&d, QUIC_FOUND_SPIRAL, 0));
  assert_null(detected_find(&d, QUIC_FOUND_NO_GROWTH, 0));
  detected_free(&d);
  /* A client that acknowledges each packet never lets the flight end. */
  begin(&d);
  rounds_lossy(&d, 2, 1, 3000);
  detected_send(&d, 1, 0);
  for (int i = 0; i < 80; i++) {
    detected_send(&d, 1, 0);
    window(&d, 3000, 2 * MDS);
    detected_after(&d, RTT / 2);
    detected_ack(&d, d.acked, d.acked, 0);
    d.acked++;
    window(&d, 3000, MDS);
  }
  detected_end(&d);
  assert_non_null(detected_find(&d, QUIC_FOUND_FREEZE, 0));
  detected_free(&d);
  /* short */
  begin(&d);
  rounds_lossy(&d, 2, 1, 3000);
  for (int i = 0; i < 15; i++) {
    round_of(&d, 3000, 2);
  }
  round_of(&d, 5000, 3);
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_FREEZE, 0));
  detected_free(&d);
}

/* fall has a window of 40 packets become |after|; |back| is what it is half a
   round trip later. */
static void fall(detected *d, uint64_t after, uint64_t back, bool lost) {
  begin(d);
  for (int i = 0; i < 5; i++) {
    round_of(d, 40 * MDS, 30);
  }
  detected_send(d, 10, 10 * US);
  detected_after(d, RTT);
  if (lost) {
    detected_ack(d, d->acked + 1, d->next - 1, 0);
    detected_lost(d, d->acked);
    d->acked = d->next;
  } else {
    detected_ack_all(d);
  }
  window(d, after, 0);
  round_of(d, back, 2);
  for (int i = 0; i < 60; i++) {
    round_of(d, back, 2);
  }
  detected_end(d);
}

static void test_collapse(void **state) {
  const quic_finding *found;
  detected d;

  (void)state;
  fall(&d, 10 * MDS, 10 * MDS, true);
  found = detected_find(&d, QUIC_FOUND_COLLAPSE, 0);
  assert_non_null(found);
  assert_int_equal(detected_fact(found, "before"), 40 * MDS);
  assert_int_equal(detected_fact(found, "after"), 10 * MDS);
  assert_int_equal(detected_fact(found, "lost_packets"), 1);
  assert_non_null(strstr(found->text, "by 75.0 %"));
  detected_free(&d);
  /* a cut as controllers make it */
  fall(&d, 20 * MDS, 20 * MDS, true);
  assert_null(detected_find(&d, QUIC_FOUND_COLLAPSE, 0));
  detected_free(&d);
  /* given back: BBR's probe of the round trip */
  fall(&d, 4 * MDS, 40 * MDS, false);
  assert_null(detected_find(&d, QUIC_FOUND_COLLAPSE, 0));
  detected_free(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_floor),    cmocka_unit_test(test_no_growth),
      cmocka_unit_test(test_probe),    cmocka_unit_test(test_no_growth_late),
      cmocka_unit_test(test_blocked),  cmocka_unit_test(test_freeze),
      cmocka_unit_test(test_collapse),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
