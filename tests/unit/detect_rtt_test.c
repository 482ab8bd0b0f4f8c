/* Round trips that spike, step or wait in a queue, and acknowledgments that
   come late or seldom. */

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

static void begin(detected *d) {
  assert_int_equal(detected_begin(d, quic_mem_default(), false), 0);
}

static void rounds(detected *d, unsigned n, quic_duration rtt, bool told) {
  for (unsigned i = 0; i < n; i++) {
    detected_round(d, 10, 10 * US, rtt);
    if (told) {
      detected_metrics(d, QLOG_NONE, QLOG_NONE, rtt, rtt);
    }
  }
}

static void test_spike(void **state) {
  (void)state;
  for (int told = 0; told < 2; told++) {
    const quic_finding *found;
    detected d;

    begin(&d);
    rounds(&d, 20, RTT, told);
    rounds(&d, 2, 150 * MS, told);
    rounds(&d, 20, RTT, told);
    detected_end(&d);
    found = detected_find(&d, QUIC_FOUND_RTT_SPIKE, 0);
    assert_non_null(found);
    assert_int_equal(found->severity, QUIC_NOTE);
    assert_in_range(detected_fact(found, "peak"), 149 * MS, 150 * MS);
    assert_in_range(detected_fact(found, "min_rtt"), RTT - MS, RTT);
    assert_null(detected_find(&d, QUIC_FOUND_RTT_SPIKE, 1));
    assert_null(detected_find(&d, QUIC_FOUND_BUFFERBLOAT, 0));
    assert_null(detected_find(&d, QUIC_FOUND_RTT_STEP, 0));
    detected_free(&d);
    /* the delay of an ACK is none */
    begin(&d);
    rounds(&d, 20, 3 * MS, told);
    rounds(&d, 1, 28 * MS, told);
    rounds(&d, 20, 3 * MS, told);
    detected_end(&d);
    assert_null(detected_find(&d, QUIC_FOUND_RTT_SPIKE, 0));
    detected_free(&d);
  }
}

static void test_step(void **state) {
  (void)state;
  for (int up = 0; up < 2; up++) {
    const quic_finding *found;
    detected d;

    begin(&d);
    rounds(&d, 60, up ? RTT : 2 * RTT, true);
    rounds(&d, 60, up ? 2 * RTT : RTT, true);
    detected_end(&d);
    found = detected_find(&d, QUIC_FOUND_RTT_STEP, 0);
    assert_non_null(found);
    assert_null(detected_find(&d, QUIC_FOUND_RTT_STEP, 1));
    assert_null(detected_find(&d, QUIC_FOUND_BUFFERBLOAT, 0));
    detected_free(&d);
  }
}

static void test_bloat(void **state) {
  const quic_finding *found;
  detected d;

  (void)state;
  begin(&d);
  rounds(&d, 20, RTT, true);
  for (unsigned i = 0; i < 40; i++) {
    rounds(&d, 1, RTT + i * 4 * MS, true);
  }
  rounds(&d, 20, 9 * RTT, true);
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_BUFFERBLOAT, 0);
  assert_non_null(found);
  assert_int_equal(found->severity, QUIC_WARNING);
  assert_null(detected_find(&d, QUIC_FOUND_RTT_SPIKE, 0));
  assert_null(detected_find(&d, QUIC_FOUND_RTT_STEP, 0));
  detected_free(&d);
  /* a queue as long as the path is healthy */
  begin(&d);
  for (unsigned i = 0; i < 100; i++) {
    rounds(&d, 1, RTT + i % 20 * MS, true);
  }
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_BUFFERBLOAT, 0));
  assert_null(detected_find(&d, QUIC_FOUND_RTT_STEP, 0));
  detected_free(&d);
}

/* A log whose round trips are all 0 cannot tell. */
static void test_zero(void **state) {
  const quic_finding *found;
  bool need = false;
  detected d;

  (void)state;
  begin(&d);
  for (unsigned i = 0; i < 15; i++) {
    detected_round(&d, 10, 0, 0);
    detected_metrics(&d, QLOG_NONE, QLOG_NONE, 0, 0);
  }
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_BUFFERBLOAT, 0));
  for (size_t i = 0; (found = quic_findings_at(d.f, i)); i++) {
    need |= found->id == QUIC_FOUND_BUFFERBLOAT && !found->determinable &&
            strstr(found->text, "not determinable: needs round trips");
  }
  assert_true(need);
  detected_free(&d);
}

/* acks acknowledges |n| rounds with |delay|, claimed as |claimed|. */
static void acks(detected *d, unsigned n, quic_duration delay,
                 quic_duration claimed) {
  for (unsigned i = 0; i < n; i++) {
    detected_send(d, 2, 10 * US);
    detected_after(d, RTT + delay);
    detected_ack(d, d->acked, d->next - 1, claimed);
    d->acked = d->next;
  }
}

static void test_ack_delay(void **state) {
  const uint64_t pairs[][2] = {{QUIC_TPARAM_MAX_ACK_DELAY, 25}};
  const quic_finding *found;
  detected d;

  (void)state;
  begin(&d);
  events_parameters(&d.ev, QUIC_SIDE_CLIENT, pairs, 1);
  acks(&d, 20, 0, 0);
  acks(&d, 5, 60 * MS, 60 * MS);
  acks(&d, 20, 0, 0);
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_ACK_DELAY, 0);
  assert_non_null(found);
  assert_int_equal(found->severity, QUIC_WARNING);
  assert_int_equal(found->side, QUIC_SIDE_CLIENT);
  assert_int_equal(detected_fact(found, "acks"), 5);
  assert_int_equal(detected_fact(found, "longest"), 60 * MS);
  detected_free(&d);
  /* up to what was promised, and a little */
  begin(&d);
  events_parameters(&d.ev, QUIC_SIDE_CLIENT, pairs, 1);
  acks(&d, 40, 28 * MS, 28 * MS);
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_ACK_DELAY, 0));
  detected_free(&d);
  /* a mistaken unit */
  begin(&d);
  events_parameters(&d.ev, QUIC_SIDE_CLIENT, pairs, 1);
  acks(&d, 40, 0, 900 * MS);
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_ACK_DELAY, 0);
  assert_non_null(found);
  assert_non_null(strstr(found->text, "longer than the whole round trip"));
  detected_free(&d);
}

static void test_starvation(void **state) {
  const quic_finding *found;
  quic_frame ping = events_frame(QUIC_FRAME_PING), ack;
  detected d;

  (void)state;
  /* one ACK for 100 packets */
  begin(&d);
  for (int i = 0; i < 25; i++) {
    detected_round(&d, 100, 10 * US, RTT);
  }
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_ACK_STARVATION, 0);
  assert_non_null(found);
  assert_int_equal(found->side, QUIC_SIDE_CLIENT);
  assert_non_null(strstr(found->text, "one ACK for 96 packets"));
  detected_free(&d);
  /* one for 50 */
  begin(&d);
  for (int i = 0; i < 50; i++) {
    detected_round(&d, 50, 10 * US, RTT);
  }
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_ACK_STARVATION, 0));
  detected_free(&d);
  /* our own ACKs, late and in time */
  for (int late = 0; late < 2; late++) {
    begin(&d);
    for (int i = 0; i < 10; i++) {
      events_packet(&d.ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, d.ack++, &ping,
                    1);
      detected_after(&d, late ? 150 * MS : 30 * MS);
      ack = events_acks(0, d.ack - 1);
      events_packet(&d.ev, QUIC_SIDE_SERVER, QUIC_PACKET_1RTT, d.next++, &ack,
                    1);
    }
    detected_end(&d);
    found = detected_find(&d, QUIC_FOUND_ACK_STARVATION, 0);
    assert_int_equal(found != NULL, late);
    if (found) {
      assert_int_equal(found->side, QUIC_SIDE_SERVER);
      assert_int_equal(detected_fact(found, "longest"), 150 * MS);
    }
    detected_free(&d);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_spike),     cmocka_unit_test(test_step),
      cmocka_unit_test(test_bloat),     cmocka_unit_test(test_zero),
      cmocka_unit_test(test_ack_delay), cmocka_unit_test(test_starvation),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
