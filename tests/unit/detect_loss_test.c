/* Losses: none after all, in bursts, at a steady period, at the end of a
   flight; persistent congestion; data sent in vain. */

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

static void begin(detected *d, bool network) {
  assert_int_equal(detected_begin(d, quic_mem_default(), network), 0);
  for (int i = 0; i < 5; i++) {
    detected_round(d, 20, 10 * US, RTT);
  }
}

/* lossy sends |n| packets of which [skip, skip + lost) do not arrive. */
static uint64_t lossy(detected *d, unsigned n, unsigned skip, unsigned lost,
                      bool told) {
  uint64_t first = d->next;
  const uint64_t ranges[2][2] = {{first + skip + lost, first + n - 1},
                                 {first, first + skip - 1}};
  events_ranges store;
  quic_frame f;

  detected_send(d, n, 10 * US);
  detected_after(d, RTT);
  f = events_ack(&store, ranges, 2);
  events_packet(&d->ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, d->ack++, &f, 1);
  for (unsigned i = 0; told && i < lost; i++) {
    /* ngtcp2 tells them from the last to the first */
    detected_lost(d, first + skip + lost - 1 - i);
  }
  d->acked = d->next;
  return first + skip;
}

static void test_burst(void **state) {
  (void)state;
  for (int told = 0; told < 2; told++) {
    const quic_finding *found;
    detected d;

    begin(&d, false);
    (void)lossy(&d, 40, 10, 12, told);
    detected_round(&d, 20, 10 * US, RTT);
    detected_end(&d);
    found = detected_find(&d, QUIC_FOUND_LOSS_BURST, 0);
    assert_non_null(found);
    assert_int_equal(found->severity, QUIC_WARNING);
    assert_int_equal(detected_fact(found, "lost_packets"), 12);
    assert_int_equal(detected_fact(found, "in_a_row"), 12);
    detected_free(&d);
    /* fewer, and apart */
    begin(&d, false);
    (void)lossy(&d, 40, 10, 7, told);
    for (int i = 0; i < 10; i++) {
      detected_round(&d, 20, 10 * US, RTT);
      (void)lossy(&d, 40, 10, 1, told);
    }
    detected_end(&d);
    assert_null(detected_find(&d, QUIC_FOUND_LOSS_BURST, 0));
    detected_free(&d);
  }
}

/* Slow start fills a queue, as it does. */
static void test_overshoot(void **state) {
  const quic_finding *found;
  detected d;

  (void)state;
  begin(&d, false);
  for (int i = 1; i < 10; i++) {
    detected_round(&d, 20, 10 * US, RTT + (unsigned)i * 4 * MS);
  }
  (void)lossy(&d, 40, 10, 12, true);
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_LOSS_BURST, 0);
  assert_non_null(found);
  assert_int_equal(found->severity, QUIC_NOTE);
  detected_free(&d);
}

/* periodic loses a packet before each of |n| groups of rounds, all as long
   unless there is |jitter|. */
static void periodic(detected *d, unsigned n, unsigned jitter) {
  begin(d, false);
  for (unsigned i = 0; i < n; i++) {
    unsigned rounds = jitter ? 1 + i * i * jitter % 13 : 4;

    (void)lossy(d, 20, 10, 1, true);
    for (unsigned j = 0; j < rounds; j++) {
      detected_round(d, 20, 10 * US, RTT);
    }
  }
  detected_end(d);
}

static void test_periodic(void **state) {
  const quic_finding *found;
  detected d;

  (void)state;
  periodic(&d, 12, 0);
  found = detected_find(&d, QUIC_FOUND_LOSS_PERIODIC, 0);
  assert_non_null(found);
  assert_in_range(detected_fact(found, "period"), 5 * RTT, 5 * RTT + MS);
  assert_int_equal(detected_fact(found, "periods"), 11);
  assert_int_equal(detected_fact(found, "regular"), 11);
  detected_free(&d);
  periodic(&d, 12, 5); /* irregular */
  assert_null(detected_find(&d, QUIC_FOUND_LOSS_PERIODIC, 0));
  detected_free(&d);
  periodic(&d, 5, 0); /* too few */
  assert_null(detected_find(&d, QUIC_FOUND_LOSS_PERIODIC, 0));
  detected_free(&d);
}

static void test_spurious(void **state) {
  (void)state;
  for (int i = 0; i < 3; i++) {
    bool told = i == 0, network = i == 2;
    const quic_finding *found;
    detected d;
    uint64_t first;

    begin(&d, network);
    first = lossy(&d, 40, 10, 6, told);
    detected_after(&d, 5 * MS);
    detected_ack(&d, first, first + 5, 0);
    detected_round(&d, 20, 10 * US, RTT);
    detected_end(&d);
    found = detected_find(&d, QUIC_FOUND_SPURIOUS, 0);
    assert_non_null(found);
    assert_int_equal(found->severity, network ? QUIC_NOTE : QUIC_WARNING);
    assert_int_equal(detected_fact(found, "spurious"), 6);
    assert_int_equal(detected_fact(found, "reordering"), 29);
    assert_non_null(strstr(found->text, "a packet threshold of 30 instead"));
    assert_int_equal(strstr(found->text, "on the way") != NULL, network);
    detected_free(&d);
    /* really lost */
    begin(&d, network);
    (void)lossy(&d, 40, 10, 6, told);
    detected_round(&d, 20, 10 * US, RTT);
    detected_end(&d);
    assert_null(detected_find(&d, QUIC_FOUND_SPURIOUS, 0));
    detected_free(&d);
  }
}

static void test_tail(void **state) {
  const quic_finding *found;
  detected d;
  uint64_t first;

  (void)state;
  begin(&d, false);
  first = d.next;
  detected_send(&d, 10, 10 * US);
  detected_after(&d, RTT);
  detected_ack(&d, first, first + 7, 0);
  detected_after(&d, 80 * MS); /* a probe */
  detected_send(&d, 1, 0);
  detected_after(&d, RTT);
  detected_ack(&d, first + 10, first + 10, 0);
  detected_lost(&d, first + 8);
  detected_lost(&d, first + 9);
  d.acked = d.next;
  detected_round(&d, 20, 10 * US, RTT);
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_LOSS_TAIL, 0);
  assert_non_null(found);
  assert_int_equal(detected_fact(found, "packet"), first + 9);
  assert_int_equal(detected_fact(found, "wait"), RTT + 80 * MS);
  assert_null(detected_find(&d, QUIC_FOUND_PERSISTENT, 0));
  detected_free(&d);
  begin(&d, false);
  (void)lossy(&d, 20, 10, 2, true);
  detected_round(&d, 20, 10 * US, RTT);
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_LOSS_TAIL, 0));
  detected_free(&d);
}

/* probes sends |n| packets 80 ms apart, of which |arrives| arrives (n: none),
   then one that tells of the loss of the others. */
static uint64_t probes(detected *d, unsigned n, unsigned arrives, bool told) {
  uint64_t first = d->next;
  const uint64_t ranges[3][2] = {{first + n, first + n},
                                 {first + arrives, first + arrives},
                                 {0, first - 1}};
  const uint64_t two[2][2] = {{first + n, first + n}, {0, first - 1}};
  events_ranges store;
  quic_frame f;

  detected_send(d, n, 80 * MS);
  detected_after(d, 80 * MS);
  detected_send(d, 1, 0);
  detected_after(d, RTT);
  f = arrives < n ? events_ack(&store, ranges, 3) : events_ack(&store, two, 2);
  events_packet(&d->ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, d->ack++, &f, 1);
  for (unsigned i = 0; told && i < n; i++) {
    if (i != arrives) {
      detected_lost(d, first + i);
    }
  }
  d->acked = d->next;
  detected_round(d, 2, 10 * US, RTT);
  detected_end(d);
  return first;
}

/* RFC 9002 §7.6.2: the PTO is about 20 + 1 + 25 ms, or a little more. */
static void test_persistent(void **state) {
  (void)state;
  for (int told = 0; told < 2; told++) {
    const quic_finding *found;
    detected d;
    uint64_t first;

    begin(&d, false);
    first = probes(&d, 6, 6, told);
    found = detected_find(&d, QUIC_FOUND_PERSISTENT, 0);
    assert_non_null(found);
    assert_int_equal(detected_fact(found, "first_lost"), first);
    assert_true(detected_fact(found, "span") >
                detected_fact(found, "threshold"));
    assert_in_range(detected_fact(found, "threshold"), 3 * 46 * MS, 300 * MS);
    assert_null(detected_find(&d, QUIC_FOUND_PERSISTENT, 1));
    detected_free(&d);
    /* one between them arrived */
    begin(&d, false);
    (void)probes(&d, 4, 2, told);
    assert_null(detected_find(&d, QUIC_FOUND_PERSISTENT, 0));
    detected_free(&d);
    /* not long enough */
    begin(&d, false);
    (void)probes(&d, 2, 2, told);
    assert_null(detected_find(&d, QUIC_FOUND_PERSISTENT, 0));
    detected_free(&d);
  }
}

/* No loss is told, but the window says it. */
static void test_persistent_window(void **state) {
  detected d;

  (void)state;
  for (int silent = 0; silent < 2; silent++) {
    begin(&d, false);
    (void)lossy(&d, 20, 10, 1, true);
    detected_metrics(&d, 30 * DETECTED_MDS, QLOG_NONE, RTT, RTT);
    detected_send(&d, 10, 10 * US);
    detected_after(&d, silent ? QUIC_SECOND : RTT);
    detected_send(&d, 1, 0);
    detected_after(&d, RTT);
    detected_ack_all(&d);
    detected_metrics(&d, 2 * DETECTED_MDS, QLOG_NONE, RTT, RTT);
    detected_round(&d, 2, 10 * US, RTT);
    detected_end(&d);
    assert_int_equal(detected_find(&d, QUIC_FOUND_PERSISTENT, 0) != NULL,
                     silent);
    detected_free(&d);
  }
}

static void test_waste(void **state) {
  const quic_finding *found;
  detected d;

  (void)state;
  begin(&d, false);
  d.offset = 0; /* all over again, though it had arrived */
  for (int i = 0; i < 5; i++) {
    detected_round(&d, 20, 10 * US, RTT);
  }
  detected_end(&d);
  found = detected_find(&d, QUIC_FOUND_WASTE, 0);
  assert_non_null(found);
  assert_int_equal(detected_fact(found, "wasted"), 100 * 1300);
  assert_int_equal(found->side, QUIC_SIDE_SERVER);
  detected_free(&d);
  /* as much, but lost */
  begin(&d, false);
  (void)lossy(&d, 100, 1, 98, true);
  d.offset -= 99 * 1300;
  detected_round(&d, 98, 10 * US, RTT);
  detected_end(&d);
  assert_null(detected_find(&d, QUIC_FOUND_WASTE, 0));
  detected_free(&d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_burst),
      cmocka_unit_test(test_overshoot),
      cmocka_unit_test(test_periodic),
      cmocka_unit_test(test_spurious),
      cmocka_unit_test(test_tail),
      cmocka_unit_test(test_persistent),
      cmocka_unit_test(test_persistent_window),
      cmocka_unit_test(test_waste),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
