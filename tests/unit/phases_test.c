/* The waterfall of a handshake. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/phases.h"
#include "tests/support/events.h"

#define MS QUIC_MILLISECOND
#define C QUIC_SIDE_CLIENT
#define S QUIC_SIDE_SERVER

/* A packet as quic_phases wants it; the token and number matter at times. */
static void packet(quic_phases *p, quic_time now, int side,
                   quic_packet_type type, uint64_t number, uint64_t datagram,
                   quic_phases_facts facts) {
  static const uint8_t token[4];
  quic_header header = {.type = type};
  qlog_packet packet = {.header = &header, .length = datagram};
  quic_mark at = {now, now, number, (int8_t)side, (int8_t)type};

  if (side == C && type == QUIC_PACKET_INITIAL && number >= 50) {
    header.token = quic_bytes_of(token, sizeof(token));
  }
  facts.datagram = datagram;
  quic_phases_packet(p, &packet, &at, &facts);
}

#define NOTHING ((quic_phases_facts){0})
#define CRYPTO ((quic_phases_facts){.crypto = true})

static quic_time at(const quic_phases *p, quic_phase phase) {
  return p->at[phase].time;
}

static void test_plain(void **state) {
  quic_frame ack = events_acks(0, 1);
  quic_phases p;

  (void)state;
  quic_phases_init(&p);
  packet(&p, 10 * MS, C, QUIC_PACKET_INITIAL, 0, 1200, CRYPTO);
  packet(&p, 20 * MS, S, QUIC_PACKET_INITIAL, 0, 1200, NOTHING);
  packet(&p, 20 * MS, S, QUIC_PACKET_INITIAL, 1, 0, CRYPTO);
  packet(&p, 21 * MS, S, QUIC_PACKET_HANDSHAKE, 0, 1000, CRYPTO);
  packet(&p, 22 * MS, S, QUIC_PACKET_1RTT, 0, 100, NOTHING);
  assert_false(quic_phases_complete(&p));
  packet(&p, 30 * MS, C, QUIC_PACKET_HANDSHAKE, 0, 1200, NOTHING);
  assert_false(quic_phases_complete(&p));
  packet(&p, 35 * MS, C, QUIC_PACKET_HANDSHAKE, 1, 100, CRYPTO);
  assert_true(quic_phases_complete(&p));
  packet(&p, 36 * MS, C, QUIC_PACKET_1RTT, 1, 100,
         (quic_phases_facts){.stream = true});
  assert_true(at(&p, QUIC_PHASE_CONFIRMED) == QUIC_TIME_NEVER);
  packet(&p, 40 * MS, S, QUIC_PACKET_1RTT, 1, 100,
         (quic_phases_facts){.ack = &ack});
  packet(&p, 41 * MS, S, QUIC_PACKET_1RTT, 2, 100,
         (quic_phases_facts){.done = true, .stream = true});
  assert_int_equal(at(&p, QUIC_PHASE_CLIENT_INITIAL), 10 * MS);
  assert_int_equal(at(&p, QUIC_PHASE_SERVER_INITIAL), 20 * MS);
  assert_int_equal(p.at[QUIC_PHASE_SERVER_HELLO].number, 1);
  assert_int_equal(at(&p, QUIC_PHASE_SERVER_HANDSHAKE), 21 * MS);
  assert_int_equal(at(&p, QUIC_PHASE_SERVER_1RTT), 22 * MS);
  assert_int_equal(at(&p, QUIC_PHASE_CLIENT_HANDSHAKE), 30 * MS);
  assert_int_equal(at(&p, QUIC_PHASE_COMPLETE), 35 * MS);
  assert_int_equal(at(&p, QUIC_PHASE_CLIENT_1RTT), 36 * MS);
  /* An ACK of a 1-RTT packet confirms as well (RFC 9001 §4.1.2). */
  assert_int_equal(at(&p, QUIC_PHASE_CONFIRMED), 40 * MS);
  assert_int_equal(at(&p, QUIC_PHASE_CLIENT_STREAM), 36 * MS);
  assert_int_equal(at(&p, QUIC_PHASE_SERVER_STREAM), 41 * MS);
  assert_int_equal(p.stall, 10 * MS);
  assert_int_equal(p.stall_end.time, 20 * MS);
  assert_int_equal(p.early, QUIC_EARLY_NONE);
  assert_true(at(&p, QUIC_PHASE_RETRY) == QUIC_TIME_NEVER);
  for (int i = 0; i < QUIC_PHASES_MAX; i++) {
    assert_non_null(quic_phase_name((quic_phase)i));
  }
}

static void test_retry(void **state) {
  quic_phases p;

  (void)state;
  quic_phases_init(&p);
  packet(&p, 1 * MS, C, QUIC_PACKET_UNKNOWN, QLOG_NONE, 1200, NOTHING);
  packet(&p, 2 * MS, S, QUIC_PACKET_VERSION_NEGOTIATION, QLOG_NONE, 50,
         NOTHING);
  packet(&p, 3 * MS, C, QUIC_PACKET_INITIAL, 0, 1200, CRYPTO);
  packet(&p, 4 * MS, S, QUIC_PACKET_RETRY, QLOG_NONE, 100, NOTHING);
  packet(&p, 5 * MS, C, QUIC_PACKET_INITIAL, 50, 1200, CRYPTO);
  assert_int_equal(at(&p, QUIC_PHASE_CLIENT_INITIAL), 1 * MS);
  assert_int_equal(at(&p, QUIC_PHASE_VERSION_NEGOTIATION), 2 * MS);
  assert_int_equal(at(&p, QUIC_PHASE_RETRY), 4 * MS);
  assert_int_equal(at(&p, QUIC_PHASE_CLIENT_TOKEN), 5 * MS);
  assert_true(p.validated);
}

/* RFC 9000 §8.1. */
static void test_amplification(void **state) {
  quic_phases p;

  (void)state;
  quic_phases_init(&p);
  packet(&p, 1 * MS, S, QUIC_PACKET_INITIAL, 0, 5000, NOTHING);
  assert_false(p.limit_broken); /* nothing to compare with */
  quic_phases_init(&p);
  packet(&p, 1 * MS, C, QUIC_PACKET_INITIAL, 0, 1200, CRYPTO);
  packet(&p, 2 * MS, S, QUIC_PACKET_INITIAL, 0, 1200, CRYPTO);
  packet(&p, 2 * MS, S, QUIC_PACKET_HANDSHAKE, 0, 1200, CRYPTO);
  assert_false(p.limit_reached);
  packet(&p, 3 * MS, S, QUIC_PACKET_HANDSHAKE, 1, 1200, CRYPTO);
  assert_true(p.limit_reached);
  assert_false(p.limit_broken);
  assert_int_equal(p.ratio_max, 300);
  packet(&p, 9 * MS, C, QUIC_PACKET_INITIAL, 1, 400, NOTHING);
  assert_int_equal(p.limit_wait, 6 * MS);
  packet(&p, 10 * MS, S, QUIC_PACKET_HANDSHAKE, 2, 1300, CRYPTO);
  assert_true(p.limit_broken);
  packet(&p, 11 * MS, C, QUIC_PACKET_HANDSHAKE, 0, 1200, NOTHING);
  packet(&p, 12 * MS, S, QUIC_PACKET_HANDSHAKE, 3, 9000, NOTHING);
  assert_int_equal(p.sent, 4900);
  assert_int_equal(p.received, 2800);
}

typedef struct early_row {
  uint64_t smallest, largest; /* acknowledged */
  quic_early early;
} early_row;

/* 0-RTT in packets 3 and 4, 1-RTT from 6 on. */
static void test_early(void **state) {
  static const early_row rows[] = {
      {0, 2, QUIC_EARLY_SENT},     {3, 3, QUIC_EARLY_ACCEPTED},
      {4, 9, QUIC_EARLY_ACCEPTED}, {5, 5, QUIC_EARLY_SENT},
      {6, 6, QUIC_EARLY_REJECTED}, {0, 9, QUIC_EARLY_ACCEPTED},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    quic_frame ack = events_acks(rows[i].smallest, rows[i].largest);
    quic_phases p;

    quic_phases_init(&p);
    packet(&p, 1, C, QUIC_PACKET_INITIAL, 0, 1200, CRYPTO);
    packet(&p, 1, C, QUIC_PACKET_0RTT, 3, 500, NOTHING);
    packet(&p, 1, C, QUIC_PACKET_0RTT, 4, 700, NOTHING);
    assert_int_equal(p.early, QUIC_EARLY_SENT);
    packet(&p, 2, C, QUIC_PACKET_1RTT, 6, 100, NOTHING);
    packet(&p, 3, S, QUIC_PACKET_1RTT, 0, 100,
           (quic_phases_facts){.ack = &ack});
    if (p.early != rows[i].early) {
      fail_msg("row %zu: %s", i, quic_early_name(p.early));
    }
    assert_int_equal(p.early_packets, 2);
    assert_int_equal(p.early_octets, 1200);
    assert_int_equal(p.early_lost_octets,
                     p.early == QUIC_EARLY_REJECTED ? 1200 : 0);
  }
}

static void test_told(void **state) {
  quic_mark mark = {5, 1, QLOG_NONE, S, -1};
  quic_phases p;

  (void)state;
  quic_phases_init(&p);
  quic_phases_state(&p, NULL, &mark);
  quic_phases_state(&p, "handshake_started", &mark);
  assert_false(quic_phases_complete(&p));
  quic_phases_state(&p, "handshake_complete", &mark);
  assert_true(quic_phases_complete(&p));
  quic_phases_state(&p, "handshake_confirmed", &mark);
  assert_int_equal(at(&p, QUIC_PHASE_CONFIRMED), 5);
  packet(&p, 9, S, QUIC_PACKET_HANDSHAKE, 1, 100,
         (quic_phases_facts){.crypto = true, .crypto_repeated = 77});
  packet(&p, 9, S, QUIC_PACKET_HANDSHAKE, 2, 100,
         (quic_phases_facts){.crypto = true, .crypto_repeated = 3});
  assert_int_equal(p.crypto_repeated[S], 80);
  assert_int_equal(p.flights[S], 2);
  assert_int_equal(p.flights[C], 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),         cmocka_unit_test(test_retry),
      cmocka_unit_test(test_amplification), cmocka_unit_test(test_early),
      cmocka_unit_test(test_told),
  };

  return cmocka_run_group_tests_name("phases", tests, NULL, NULL);
}
