/* Packets sent and what becomes of them (RFC 9002 §6, A). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/sent.h"
#include "base/rng.h"
#include "tests/support/events.h"
#include "tests/support/failmem.h"

#define MS QUIC_MILLISECOND
#define IN_FLIGHT (QUIC_SENT_ELICITING | QUIC_SENT_IN_FLIGHT)

typedef struct fixture {
  quic_sent sent;
  quic_sent_rules rules;
  uint64_t lost[64]; /* numbers, in the order of their loss */
  int why[64];
  size_t nlost;
} fixture;

static void on_lost(void *user, const quic_sent_record *r, int why) {
  fixture *f = user;

  if (f->nlost < 64) {
    f->lost[f->nlost] = r->number;
    f->why[f->nlost++] = why;
  }
}

static void begin(fixture *f, const quic_mem *mem) {
  memset(f, 0, sizeof(*f));
  quic_sent_init(&f->sent, mem);
  f->rules = (quic_sent_rules){
      .loss_delay = 90 * MS, .pto = 250 * MS, .lost = on_lost, .user = f};
}

static int put(fixture *f, uint64_t number, unsigned flags, quic_time now) {
  return quic_sent_packet(&f->sent, number, 1000, flags, now, &f->rules);
}

static quic_sent_ack ack(fixture *f, uint64_t smallest, uint64_t largest,
                         quic_time now) {
  quic_frame frame = events_acks(smallest, largest);
  quic_sent_ack out;

  quic_sent_on_ack(&f->sent, &frame, now, &f->rules, &out);
  return out;
}

/* A.7: a sample when the largest is newly acknowledged and one of the newly
   acknowledged is ack-eliciting. */
static void test_samples(void **state) {
  quic_sent_ack out;
  fixture f;

  (void)state;
  begin(&f, quic_mem_default());
  assert_int_equal(put(&f, 0, IN_FLIGHT, 10 * MS), IN_FLIGHT);
  put(&f, 1, 0, 20 * MS);
  put(&f, 2, IN_FLIGHT, 30 * MS);
  put(&f, 3, 0, 40 * MS);
  assert_int_equal(f.sent.in_flight, 2000);
  assert_int_equal(f.sent.packets_in_flight, 2);
  out = ack(&f, 0, 1, 70 * MS);
  assert_true(out.sample);
  assert_int_equal(out.rtt, 50 * MS); /* the largest need not elicit */
  assert_int_equal(out.newly_acked, 2);
  assert_int_equal(out.newly_octets, 2000);
  out = ack(&f, 0, 1, 80 * MS); /* nothing new */
  assert_false(out.sample);
  assert_int_equal(out.newly_acked, 0);
  out = ack(&f, 3, 3, 90 * MS); /* nothing eliciting */
  assert_false(out.sample);
  assert_int_equal(out.newly_acked, 1);
  out = ack(&f, 0, 3, 95 * MS); /* the largest is not new */
  assert_false(out.sample);
  assert_int_equal(out.newly_acked, 1);
  assert_int_equal(f.sent.in_flight, 0);
  assert_int_equal(f.sent.in_flight_max, 2000);
  assert_int_equal(f.sent.in_flight_max_at, 30 * MS);
  assert_null(quic_sent_oldest(&f.sent));
  quic_sent_free(&f.sent);
}

/* §6.1.1 and §6.1.2, A.10. */
static void test_loss(void **state) {
  fixture f;

  (void)state;
  begin(&f, quic_mem_default());
  for (uint64_t i = 0; i < 10; i++) {
    put(&f, i, IN_FLIGHT, 10 * MS + i);
  }
  /* Three below the largest: lost by number, at once. */
  ack(&f, 4, 4, 50 * MS);
  assert_int_equal(f.nlost, 2);
  assert_int_equal(f.lost[0], 0);
  assert_int_equal(f.lost[1], 1);
  assert_int_equal(f.why[0], QLOG_LOST_REORDERING_THRESHOLD);
  /* Less than that: when 9/8 of an RTT went by. */
  assert_int_equal(f.sent.loss_time, 100 * MS + 2);
  assert_int_equal(f.sent.counts.lost, 2);
  assert_int_equal(f.sent.counts.lost_octets, 2000);
  put(&f, 10, IN_FLIGHT, 100 * MS + 1);
  assert_int_equal(f.nlost, 2);
  put(&f, 11, IN_FLIGHT, 100 * MS + 2);
  assert_int_equal(f.nlost, 3);
  assert_int_equal(f.lost[2], 2);
  assert_int_equal(f.why[2], QLOG_LOST_TIME_THRESHOLD);
  assert_int_equal(f.sent.loss_time, 100 * MS + 3);
  ack(&f, 5, 5, 101 * MS);
  assert_int_equal(f.nlost, 4);
  assert_int_equal(f.sent.counts.lost_by_number, 2);
  /* 4 and 5 acknowledged, 0 to 3 lost, 6 to 11 in flight. */
  assert_int_equal(f.sent.packets_in_flight, 6);
  assert_int_equal(quic_sent_oldest(&f.sent)->number, 6);
  /* Spurious: acknowledged after all. */
  assert_int_equal(ack(&f, 2, 2, 110 * MS).spurious, 1);
  assert_int_equal(f.sent.counts.spurious, 1);
  assert_int_equal(f.sent.packets_in_flight, 6);
  quic_sent_free(&f.sent);
}

/* Between the endpoints the sender sees an ACK later by its own share. */
static void test_near(void **state) {
  fixture f;

  (void)state;
  begin(&f, quic_mem_default());
  f.rules.near_rtt = 30 * MS;
  put(&f, 0, IN_FLIGHT, 10 * MS);
  put(&f, 1, IN_FLIGHT, 11 * MS);
  ack(&f, 1, 1, 69 * MS);
  assert_int_equal(f.nlost, 0);
  assert_int_equal(f.sent.loss_time, 70 * MS);
  put(&f, 2, IN_FLIGHT, 70 * MS);
  assert_int_equal(f.nlost, 1);
  quic_sent_free(&f.sent);
}

/* Packets that are not in flight are neither lost nor waited for. */
static void test_ack_only(void **state) {
  fixture f;

  (void)state;
  begin(&f, quic_mem_default());
  for (uint64_t i = 0; i < 1000; i++) {
    put(&f, i, 0, i * MS);
  }
  put(&f, 1000, IN_FLIGHT, 1000 * MS);
  ack(&f, 1000, 1000, 1010 * MS);
  assert_int_equal(f.nlost, 0);
  assert_true(f.sent.len <= QUIC_SENT_IDLE_MAX + 1);
  assert_int_equal(f.sent.counts.dropped, 0);
  quic_sent_free(&f.sent);
}

static void test_order(void **state) {
  fixture f;

  (void)state;
  begin(&f, quic_mem_default());
  put(&f, 100, IN_FLIGHT, 10 * MS);
  put(&f, 105, IN_FLIGHT, 11 * MS);
  assert_int_equal(quic_sent_never_seen(&f.sent), 4);
  assert_true(put(&f, 102, IN_FLIGHT, 14 * MS) >= 0);
  assert_int_equal(f.sent.counts.reordered, 1);
  assert_int_equal(f.sent.counts.reorder_max, 3);
  assert_int_equal(f.sent.counts.reorder_time_max, 3 * MS);
  assert_int_equal(quic_sent_never_seen(&f.sent), 3);
  assert_int_equal(put(&f, 102, IN_FLIGHT, 15 * MS), -1);
  assert_int_equal(put(&f, 105, IN_FLIGHT, 15 * MS), -1);
  assert_int_equal(put(&f, 100, IN_FLIGHT, 15 * MS), -1);
  assert_int_equal(f.sent.counts.duplicates, 3);
  /* Before the first one seen. */
  assert_true(put(&f, 98, IN_FLIGHT, 16 * MS) >= 0);
  assert_int_equal(f.sent.counts.reordered, 2);
  /* What is told late says nothing of the order. */
  assert_true(put(&f, 103, IN_FLIGHT | QUIC_SENT_TOLD_LATE, 12 * MS) >= 0);
  assert_int_equal(f.sent.counts.reordered, 2);
  assert_int_equal(f.sent.counts.packets, 5);
  assert_int_equal(f.sent.packets_in_flight, 5);
  for (uint32_t i = 1; i < f.sent.len; i++) {
    assert_true(f.sent.ring[i - 1].number < f.sent.ring[i].number);
  }
  /* A number acknowledged and forgotten is still known as a copy. */
  ack(&f, 98, 105, 20 * MS);
  assert_int_equal(f.sent.len, 0);
  assert_int_equal(put(&f, 103, IN_FLIGHT, 21 * MS), -1);
  quic_sent_free(&f.sent);
}

/* Numbers that were acknowledged were sent, so the trace missed them; others
   were lost before, or never sent. */
static void test_holes(void **state) {
  quic_sent_ack out;
  fixture f;

  (void)state;
  begin(&f, quic_mem_default());
  put(&f, 0, IN_FLIGHT, 1 * MS);
  put(&f, 10, IN_FLIGHT, 2 * MS);
  out = ack(&f, 4, 10, 5 * MS);
  assert_int_equal(out.missed, 6);
  assert_int_equal(f.sent.counts.missed, 6);
  assert_int_equal(quic_sent_never_seen(&f.sent), 3);
  assert_int_equal(ack(&f, 4, 10, 6 * MS).missed, 0);
  /* Above the largest: missed when larger ones come, */
  out = ack(&f, 0, 14, 7 * MS);
  assert_int_equal(out.above, 4);
  assert_int_equal(out.missed, 3);
  assert_false(out.sample);
  put(&f, 20, IN_FLIGHT, 8 * MS);
  assert_int_equal(f.sent.counts.missed, 6 + 3 + 4);
  assert_int_equal(quic_sent_never_seen(&f.sent), 5);
  assert_int_equal(f.sent.counts.optimistic, 0);
  /* and acknowledged too early when they come themselves. */
  ack(&f, 20, 25, 9 * MS);
  assert_true(put(&f, 22, IN_FLIGHT, 10 * MS) & QUIC_SENT_ACKED);
  assert_int_equal(f.sent.counts.optimistic, 1);
  assert_int_equal(f.sent.packets_in_flight, 0);
  quic_sent_free(&f.sent);
}

/* §6.2: what comes after a silence of a PTO is a probe. */
static void test_probes(void **state) {
  fixture f;

  (void)state;
  begin(&f, quic_mem_default());
  put(&f, 0, IN_FLIGHT, 10 * MS);
  assert_false(put(&f, 1, IN_FLIGHT, 100 * MS) & QUIC_SENT_PROBE);
  assert_true(put(&f, 2, IN_FLIGHT, 350 * MS) & QUIC_SENT_PROBE);
  assert_false(put(&f, 3, IN_FLIGHT, 351 * MS) & QUIC_SENT_PROBE);
  assert_true(put(&f, 4, IN_FLIGHT, 851 * MS) & QUIC_SENT_PROBE);
  assert_int_equal(f.sent.counts.probe_run, 2);
  ack(&f, 0, 4, 900 * MS);
  assert_int_equal(f.sent.counts.probe_run, 0);
  /* With nothing in flight no timer runs. */
  assert_false(put(&f, 5, IN_FLIGHT, 5000 * MS) & QUIC_SENT_PROBE);
  assert_int_equal(f.sent.counts.probes, 2);
  assert_int_equal(f.sent.counts.probe_run_max, 2);
  quic_sent_free(&f.sent);
}

static void test_told(void **state) {
  fixture f;

  (void)state;
  begin(&f, quic_mem_default());
  for (uint64_t i = 0; i < 4; i++) {
    put(&f, i, IN_FLIGHT, 10 * MS);
  }
  quic_sent_on_lost(&f.sent, 1);
  quic_sent_on_lost(&f.sent, 1);
  quic_sent_on_lost(&f.sent, 99);
  assert_int_equal(f.sent.counts.told_lost, 3);
  assert_int_equal(f.sent.counts.lost, 2);
  assert_int_equal(f.sent.packets_in_flight, 3);
  quic_sent_discard(&f.sent);
  assert_int_equal(f.sent.in_flight, 0);
  assert_int_equal(f.sent.cap, 0);
  assert_int_equal(f.sent.counts.packets, 4);
  put(&f, 4, IN_FLIGHT, 11 * MS);
  assert_int_equal(f.sent.packets_in_flight, 1);
  quic_sent_free(&f.sent);
}

/* Never more than the cap; what gave way is in flight no longer. */
static void test_cap(void **state) {
  fixture f;

  (void)state;
  begin(&f, quic_mem_default());
  for (uint64_t i = 0; i < QUIC_SENT_MAX + 100; i++) {
    put(&f, i, IN_FLIGHT, i);
  }
  assert_int_equal(f.sent.cap, QUIC_SENT_MAX);
  assert_int_equal(f.sent.counts.dropped, 100);
  assert_int_equal(f.sent.packets_in_flight, QUIC_SENT_MAX);
  ack(&f, 0, QUIC_SENT_MAX + 99, MS);
  assert_int_equal(f.sent.in_flight, 0);
  assert_int_equal(f.sent.counts.acked, QUIC_SENT_MAX);
  quic_sent_free(&f.sent);
}

/* An ACK over all numbers, again and again, costs what it settles: this would
   not end otherwise. */
static void test_hostile(void **state) {
  static const uint64_t all = (UINT64_C(1) << 62) - 1;
  fixture f;

  (void)state;
  begin(&f, quic_mem_default());
  put(&f, 5, IN_FLIGHT, 1);
  put(&f, 7, IN_FLIGHT, 1);
  for (int i = 0; i < 100000; i++) {
    quic_sent_ack out = ack(&f, 0, all, 2 * MS);

    assert_int_equal(out.above, all - 7);
    assert_int_equal(out.newly_acked, i == 0 ? 2 : 0);
  }
  assert_int_equal(f.sent.counts.missed, 1);
  quic_sent_free(&f.sent);
  /* A lost packet holds 8000 acknowledged ones, which each ACK covers. */
  begin(&f, quic_mem_default());
  for (uint64_t i = 0; i < 8000; i++) {
    put(&f, i, IN_FLIGHT, MS);
  }
  ack(&f, 1, 7999, 2 * MS);
  for (int i = 0; i < 200000; i++) {
    assert_int_equal(ack(&f, 1, 7999, 3 * MS).newly_acked, 0);
  }
  assert_int_equal(f.sent.len, 8000);
  assert_int_equal(ack(&f, 0, 0, 4 * MS).spurious, 1);
  assert_int_equal(f.sent.len, 0);
  quic_sent_free(&f.sent);
  /* Numbers at the very end. */
  begin(&f, quic_mem_default());
  put(&f, UINT64_MAX - 3, IN_FLIGHT, 1);
  put(&f, UINT64_MAX - 1, IN_FLIGHT, 1);
  ack(&f, UINT64_MAX - 1, UINT64_MAX - 1, 2);
  assert_int_equal(f.sent.counts.acked, 1);
  quic_sent_free(&f.sent);
}

/* Random packets and ACKs against arrays. */
enum { NUMBERS = 300 };

typedef struct model {
  bool seen[NUMBERS], acked[NUMBERS];
  bool gone[NUMBERS]; /* acknowledged though not seen */
} model;

static void model_ack(fixture *f, model *m, quic_rng *rng, quic_time now) {
  uint64_t ranges[EVENTS_RANGES_MAX][2], at = NUMBERS - 1;
  events_ranges store;
  quic_sent_ack out;
  quic_frame frame;
  uint64_t newly = 0;
  size_t n = 0;

  while (n < 20) {
    uint64_t largest = at - quic_rng_below(rng, 30) % (at + 1);
    uint64_t smallest = largest - quic_rng_below(rng, 20) % (largest + 1);

    ranges[n][0] = smallest;
    ranges[n++][1] = largest;
    for (uint64_t i = smallest; i <= largest; i++) {
      newly += m->seen[i] && !m->acked[i];
      m->acked[i] |= m->seen[i];
      m->gone[i] |= !m->seen[i];
    }
    if (smallest < 2) {
      break;
    }
    at = smallest - 2;
  }
  frame = events_ack(&store, (const uint64_t(*)[2])ranges, n);
  quic_sent_on_ack(&f->sent, &frame, now, &f->rules, &out);
  assert_int_equal(out.newly_acked, newly);
}

static void test_model(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 9);
  for (int round = 0; round < 200; round++) {
    uint64_t next = 0, packets = 0;
    model m = {{false}, {false}, {false}};
    fixture f;

    begin(&f, quic_mem_default());
    f.rules.pto = 1000 * QUIC_SECOND; /* records of lost ones stay */
    for (int i = 0; i < 250 && next < NUMBERS; i++) {
      uint64_t late = quic_rng_below(&rng, 12), number = next;

      if (late < 3 && next > 10) {
        number = next - 1 - late;
      } else {
        next += 1 + quic_rng_below(&rng, 2);
      }
      if (!m.seen[number] && !m.gone[number]) {
        assert_true(put(&f, number, IN_FLIGHT, i * MS) >= 0);
        m.seen[number] = true;
        packets++;
      }
      if (quic_rng_below(&rng, 6) == 0) {
        model_ack(&f, &m, &rng, i * MS);
        f.sent.ahead = (quic_range){0, 0};
      }
    }
    assert_int_equal(f.sent.counts.packets, packets);
    packets = 0;
    for (int i = 0; i < NUMBERS; i++) {
      packets += m.acked[i];
    }
    assert_int_equal(f.sent.counts.acked, packets);
    assert_true(f.sent.in_flight == f.sent.packets_in_flight * 1000);
    quic_sent_free(&f.sent);
  }
}

/* Without memory there are no records, but the counts stay right. */
static void test_nomem(void **state) {
  (void)state;
  for (size_t n = 1; n < 12; n++) {
    failmem fm;
    fixture f;

    failmem_init(&fm);
    failmem_fail_from(&fm, n);
    begin(&f, &fm.mem);
    for (uint64_t i = 0; i < 2000; i += 2) {
      put(&f, i, IN_FLIGHT, i * MS / 10);
      if (i % 100 == 98) {
        ack(&f, i - 40, i, i * MS / 10);
      }
    }
    assert_int_equal(f.sent.counts.packets, 1000);
    quic_sent_free(&f.sent);
    assert_true(failmem_balanced(&fm));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_samples), cmocka_unit_test(test_loss),
      cmocka_unit_test(test_near),    cmocka_unit_test(test_ack_only),
      cmocka_unit_test(test_order),   cmocka_unit_test(test_holes),
      cmocka_unit_test(test_probes),  cmocka_unit_test(test_told),
      cmocka_unit_test(test_cap),     cmocka_unit_test(test_hostile),
      cmocka_unit_test(test_model),   cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("sent", tests, NULL, NULL);
}
