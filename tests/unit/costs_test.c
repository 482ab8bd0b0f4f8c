#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "pcap/costs.h"
#include "pcap/output.h"
#include "tests/support/packets.h"

/* ack counts one ACK frame with |us| of delay in a 1-RTT packet. */
static void ack(qd_costs *c, int side, uint64_t us) {
  static const uint8_t wire[5] = {0x02};
  quic_header h = {.type = QUIC_PACKET_1RTT};
  quic_frame f = {.type = QUIC_FRAME_ACK};
  qlog_event e;

  qlog_event_init(&e, QLOG_PACKET_SENT, 0);
  f.wire = quic_bytes_of(wire, sizeof(wire));
  f.u.ack.delay = us;
  e.u.packet.header = &h;
  e.u.packet.frames = &f;
  e.u.packet.nframes = 1;
  e.u.packet.has_frames = true;
  e.u.packet.length = 40;
  e.u.packet.payload_length = 8;
  e.u.packet.ack_delay_exponent = 0;
  qd_costs_packet(c, side, &e.u.packet);
}

static void test_delays(void **state) {
  qd_costs c;

  (void)state;
  qd_costs_init(&c);
  assert_int_equal(qd_costs_delay(&c, 0, 50), 0);
  for (uint64_t i = 0; i < 100; i++) {
    ack(&c, 0, i < 98 ? 5 : 25000);
  }
  ack(&c, 1, UINT64_MAX >> 2);
  assert_int_equal(c.side[0].acks, 100);
  assert_int_equal(c.side[0].ack_octets, 500);
  assert_int_equal(c.side[0].payload, 800);
  assert_int_equal(c.side[0].opened, 4000);
  assert_int_equal(qd_costs_delay(&c, 0, 50), 5 * QUIC_MICROSECOND);
  assert_int_equal(qd_costs_delay(&c, 0, 97), 5 * QUIC_MICROSECOND);
  assert_int_equal(qd_costs_delay(&c, 0, 99), 25 * QUIC_MILLISECOND);
  assert_int_equal(c.side[0].delay_max, 25 * QUIC_MILLISECOND);
  assert_true(qd_costs_delay(&c, 1, 99) <= c.side[1].delay_max);
}

/* A delay is told a quarter of a power of two too long at most, never too
   short. */
static void test_precision(void **state) {
  (void)state;
  for (uint64_t us = 1; us < 1u << 20; us += us / 7 + 1) {
    quic_duration told;
    qd_costs c;

    qd_costs_init(&c);
    ack(&c, 0, us);
    ack(&c, 0, us * 10);
    told = qd_costs_delay(&c, 0, 49);
    assert_true(told >= us * QUIC_MICROSECOND);
    assert_true(told <= us * QUIC_MICROSECOND * 5 / 4 + QUIC_MICROSECOND);
  }
}

/* Packets that say nothing of their frames, or were counted before. */
static void test_closed(void **state) {
  quic_header h = {.type = QUIC_PACKET_1RTT};
  qlog_event e;
  qd_costs c;

  (void)state;
  qd_costs_init(&c);
  qlog_event_init(&e, QLOG_PACKET_SENT, 0);
  e.u.packet.header = &h;
  e.u.packet.length = 100;
  qd_costs_packet(&c, 1, &e.u.packet);
  e.u.packet.late = true;
  qd_costs_packet(&c, 1, &e.u.packet);
  assert_int_equal(c.side[1].closed, 100);
  assert_int_equal(c.side[1].opened, 0);
}

static void request(qd_costs *c, uint64_t number, quic_time begun,
                    quic_time ended) {
  qd_request rq;

  qd_request_init(&rq);
  rq.number = number;
  rq.side[QD_CLIENT].first = begun;
  rq.side[QD_CLIENT].last = begun;
  rq.side[QD_SERVER].first = begun + 1;
  rq.side[QD_SERVER].last = ended;
  rq.side[QD_SERVER].fin = rq.side[QD_CLIENT].fin = ended != QUIC_TIME_NEVER;
  rq.side[QD_SERVER].body = 10;
  rq.side[QD_SERVER].stream = 12;
  if (ended == QUIC_TIME_NEVER) {
    rq.side[QD_SERVER].first = rq.side[QD_SERVER].last = QUIC_TIME_NEVER;
  }
  qd_costs_request_add(c, &rq, 1000);
  qd_request_free(&rq, quic_mem_default());
}

/* The slowest stay, slowest first; what did not end took until now. */
static void test_slowest(void **state) {
  static const uint64_t order[] = {3, 100, 10, 9, 8};
  qd_costs c;

  (void)state;
  qd_costs_init(&c);
  for (uint64_t i = 0; i < 8; i++) {
    request(&c, 3 + i, 100, 110 + 10 * (i ? i : 40));
  }
  request(&c, 100, 850, QUIC_TIME_NEVER);
  request(&c, 101, QUIC_TIME_NEVER, QUIC_TIME_NEVER); /* never seen to begin */
  assert_int_equal(c.nslowest, QD_COSTS_SLOWEST);
  for (size_t i = 0; i < QD_COSTS_SLOWEST; i++) {
    assert_int_equal(c.slowest[i].number, order[i]);
  }
  assert_int_equal(c.side[QD_SERVER].body, 100);
  assert_int_equal(c.side[QD_SERVER].stream, 120);
}

static void test_output_memory(void **state) {
  (void)state;
  packets_check_memory(qd_output_slow_new);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_delays),        cmocka_unit_test(test_precision),
      cmocka_unit_test(test_closed),        cmocka_unit_test(test_slowest),
      cmocka_unit_test(test_output_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
