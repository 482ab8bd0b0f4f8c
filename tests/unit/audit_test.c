#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "pcap/audit.h"
#include "pcap/output.h"
#include "tests/support/failmem.h"
#include "tests/support/packets.h"

static const uint64_t seed[2] = {1, 2};

static qd_audit *audit(void) {
  qd_audit *a;

  assert_int_equal(qd_audit_new(&a, quic_mem_default(), seed), 0);
  return a;
}

/* say lets |side| send the packet in a datagram of |len| octets. */
static void say(qd_audit *a, packets *pk, qd_side side, quic_packet_type type,
                uint32_t len) {
  qd_packet p = pk->p;

  pk->p.frame++;
  pk->p.time += QUIC_MILLISECOND;
  p.frame = pk->p.frame;
  p.time = pk->p.time;
  p.sender_known = true;
  p.header.type = type;
  p.header.is_long = type != QUIC_PACKET_1RTT;
  p.datagram_len = len;
  p.sender = side;
  if (side == QD_SERVER) {
    p.src = pk->p.dst;
    p.dst = pk->p.src;
  }
  qd_audit_packet(a, &p);
}

static const qd_audit_found *finish(qd_audit *a, qd_audit_kind kind) {
  qd_audit_finish(a);
  return qd_audit_found_of(a, kind);
}

/* Three times as much is allowed, an octet more is not; what comes behind the
   validation does not count. */
static void test_amplification(void **state) {
  (void)state;
  for (uint32_t more = 0; more < 2; more++) {
    qd_audit *a = audit();
    const qd_audit_found *f;
    packets pk;

    packets_init(&pk, QUIC_PACKET_INITIAL);
    say(a, &pk, QD_CLIENT, QUIC_PACKET_INITIAL, 1000);
    say(a, &pk, QD_SERVER, QUIC_PACKET_HANDSHAKE, 3000 + more * 3);
    say(a, &pk, QD_CLIENT, QUIC_PACKET_HANDSHAKE, 100);
    say(a, &pk, QD_SERVER, QUIC_PACKET_1RTT, 60000);
    f = finish(a, QD_AUDIT_AMPLIFICATION);
    assert_int_equal(f->cases, more);
    assert_int_equal(qd_audit_totals_of(a)->worst_milli, 3000 + more * 3);
    if (more) {
      assert_int_equal(f->worst[0].facts[0], 1000);
      assert_int_equal(f->worst[0].facts[1], 3003);
      assert_int_equal(f->worst[0].side, QD_SERVER);
    }
    packets_free(&pk);
    qd_audit_del(a);
  }
}

/* A token may have proved the address; a path that the capture did not see
   begin is not judged. */
static void test_amplification_unknown(void **state) {
  qd_audit *a = audit();
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_INITIAL);
  pk.p.header.token = quic_bytes_of("t", 1);
  say(a, &pk, QD_CLIENT, QUIC_PACKET_INITIAL, 1200);
  say(a, &pk, QD_SERVER, QUIC_PACKET_HANDSHAKE, 9000);
  pk.p.header.token = (quic_bytes){0};
  pk.p.src.port++;
  say(a, &pk, QD_SERVER, QUIC_PACKET_HANDSHAKE, 9000);
  assert_int_equal(finish(a, QD_AUDIT_AMPLIFICATION)->cases, 0);
  packets_free(&pk);
  qd_audit_del(a);
}

/* Half-open handshakes of one network, one more or less. */
static void test_spoofed(void **state) {
  (void)state;
  for (unsigned n = QD_AUDIT_SPOOFED_MIN - 1; n <= QD_AUDIT_SPOOFED_MIN; n++) {
    qd_audit *a = audit();
    const qd_audit_found *f;
    packets pk;

    packets_init(&pk, QUIC_PACKET_INITIAL);
    for (unsigned i = 0; i < n; i++) {
      pk.p.src.ip[3] = (uint8_t)(10 + i);
      say(a, &pk, QD_CLIENT, QUIC_PACKET_INITIAL, 1200);
      say(a, &pk, QD_SERVER, QUIC_PACKET_INITIAL, 1200);
    }
    pk.p.time += 2 * QD_AUDIT_PATIENCE;
    pk.p.src.ip[0] = 99;
    say(a, &pk, QD_CLIENT, QUIC_PACKET_1RTT, 50);
    f = finish(a, QD_AUDIT_SPOOFED);
    assert_int_equal(f->cases, n == QD_AUDIT_SPOOFED_MIN);
    assert_int_equal(qd_audit_totals_of(a)->half_open, n);
    if (f->cases) {
      assert_int_equal(f->worst[0].prefix, 24);
      assert_int_equal(f->worst[0].client.ip[3], 0);
      assert_int_equal(f->worst[0].facts[0], n);
    }
    packets_free(&pk);
    qd_audit_del(a);
  }
}

/* At the end of the capture nobody knows whether a client would have gone on.
 */
static void test_spoofed_at_end(void **state) {
  qd_audit *a = audit();
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_INITIAL);
  for (unsigned i = 0; i < 2 * QD_AUDIT_SPOOFED_MIN; i++) {
    pk.p.src.port++;
    say(a, &pk, QD_CLIENT, QUIC_PACKET_INITIAL, 1200);
    say(a, &pk, QD_SERVER, QUIC_PACKET_INITIAL, 1200);
  }
  assert_int_equal(finish(a, QD_AUDIT_SPOOFED)->cases, 0);
  packets_free(&pk);
  qd_audit_del(a);
}

/* CONNECTION_CLOSE for each packet that came is slow to learn, but no flood
   below QD_AUDIT_CLOSES_MAX. */
static void test_closes(void **state) {
  static const struct {
    unsigned closes, asked;
    bool flood;
  } rows[] = {
      {QD_AUDIT_CLOSES_MIN, QD_AUDIT_CLOSES_MIN - 1, false},
      {QD_AUDIT_CLOSES_MIN, QD_AUDIT_CLOSES_MIN - 2, true},
      {QD_AUDIT_CLOSES_MIN - 1, 0, false},
      {QD_AUDIT_CLOSES_MAX, 2 * QD_AUDIT_CLOSES_MAX, true},
  };

  (void)state;
  for (size_t r = 0; r < sizeof(rows) / sizeof(rows[0]); r++) {
    qd_audit *a = audit();
    packets pk, ping;

    packets_init(&pk, QUIC_PACKET_1RTT);
    packets_init(&ping, QUIC_PACKET_1RTT);
    packets_hex(&pk, "1c 00 00 00");
    packets_hex(&ping, "01");
    pk.p.payload = quic_bytes_of(pk.payload, quic_writer_len(&pk.wr));
    ping.p.payload = quic_bytes_of(ping.payload, quic_writer_len(&ping.wr));
    for (unsigned i = 0; i < rows[r].closes; i++) {
      say(a, &pk, QD_SERVER, QUIC_PACKET_1RTT, 40);
      ping.p.frame = pk.p.frame;
    }
    for (unsigned i = 0; i < rows[r].asked; i++) {
      say(a, &ping, QD_CLIENT, QUIC_PACKET_1RTT, 40);
    }
    assert_int_equal(finish(a, QD_AUDIT_CLOSES)->cases, rows[r].flood);
    packets_free(&pk);
    packets_free(&ping);
    qd_audit_del(a);
  }
}

static void datagram(qd_audit *a, uint64_t frame, bool back, size_t len,
                     uint8_t first) {
  uint8_t data[64] = {first};
  quic_datagram dg = {.src = {{10, 0, 0, 1}, 1000, 4},
                      .dst = {{10, 0, 0, 2}, 2000, 4},
                      .payload = {data, len},
                      .wire_len = len};
  quic_addr src = dg.src;

  if (back) {
    dg.src = dg.dst;
    dg.dst = src;
  }
  qd_audit_datagram(a, frame, frame * QUIC_MILLISECOND, &dg);
}

static void test_loop(void **state) {
  (void)state;
  for (unsigned n = QD_AUDIT_LOOP_MIN - 1; n <= QD_AUDIT_LOOP_MIN; n++) {
    qd_audit *a = audit();
    const qd_audit_found *f;

    for (unsigned i = 0; i < n; i++) {
      datagram(a, i + 1, i & 1, 40 - i, 0x40);
    }
    datagram(a, n + 1, false, 60, 0x40); /* ends it */
    f = finish(a, QD_AUDIT_RESETS);
    assert_int_equal(f->cases, n == QD_AUDIT_LOOP_MIN);
    if (f->cases) {
      assert_int_equal(f->worst[0].first, 1);
      assert_int_equal(f->worst[0].last, n);
      assert_int_equal(f->worst[0].facts[1], 40);
      assert_int_equal(f->worst[0].facts[2], 40 - n + 1);
    }
    qd_audit_del(a);
  }
}

/* Datagrams of one length are a loop only when their first octets look like
   chance, and when nobody waited. */
static void test_loop_even(void **state) {
  (void)state;
  for (int how = 0; how < 4; how++) {
    qd_audit *a = audit();

    for (unsigned i = 0; i < QD_AUDIT_LOOP_EVEN_MIN; i++) {
      uint64_t frame = how == 2 ? 2000 * (i + 1) : i + 1;

      datagram(a, frame, how == 3 ? false : i & 1, 50,
               (uint8_t)(0x40 | (how == 1 ? 5 : i % 9)));
    }
    assert_int_equal(finish(a, QD_AUDIT_RESETS)->cases, how == 0);
    qd_audit_del(a);
  }
}

/* The worst stay, worst first, and all are counted. */
static void test_worst(void **state) {
  qd_audit *a = audit();
  const qd_audit_found *f;
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_INITIAL);
  for (uint32_t i = 0; i < 3 * QD_AUDIT_WORST; i++) {
    pk.p.src.port++;
    say(a, &pk, QD_CLIENT, QUIC_PACKET_INITIAL, 1000);
    say(a, &pk, QD_SERVER, QUIC_PACKET_HANDSHAKE, 4000 + i * 7 % 15 * 1000);
  }
  f = finish(a, QD_AUDIT_AMPLIFICATION);
  assert_int_equal(f->cases, 3 * QD_AUDIT_WORST);
  assert_int_equal(f->nworst, QD_AUDIT_WORST);
  for (size_t i = 0; i < f->nworst; i++) {
    assert_int_equal(f->worst[i].facts[1], 18000 - 1000 * i);
  }
  assert_int_equal(f->first, 1 + pk.p.frame - 6 * QD_AUDIT_WORST);
  assert_int_equal(f->last, pk.p.frame);
  packets_free(&pk);
  qd_audit_del(a);
}

/* A table that is full judges who was silent longest. */
static void test_bounded(void **state) {
  qd_audit *a = audit();
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_INITIAL);
  say(a, &pk, QD_CLIENT, QUIC_PACKET_INITIAL, 1000);
  say(a, &pk, QD_SERVER, QUIC_PACKET_HANDSHAKE, 4000);
  for (uint32_t i = 0; i < QD_AUDIT_FLOWS_MAX; i++) {
    pk.p.src.ip[1] = (uint8_t)(1 + (i >> 16));
    pk.p.src.ip[2] = (uint8_t)(i >> 8);
    pk.p.src.ip[3] = (uint8_t)i;
    say(a, &pk, QD_CLIENT, QUIC_PACKET_INITIAL, 1200);
  }
  assert_int_equal(qd_audit_found_of(a, QD_AUDIT_AMPLIFICATION)->cases, 1);
  assert_true(qd_audit_totals_of(a)->evicted >= 1);
  packets_free(&pk);
  qd_audit_del(a);
}

/* Without memory something is not kept, and nothing breaks. */
static void test_memory(void **state) {
  (void)state;
  for (size_t n = 1; n < 40; n++) {
    failmem fm;
    qd_audit *a;
    packets pk;

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    packets_init(&pk, QUIC_PACKET_INITIAL);
    if (qd_audit_new(&a, &fm.mem, seed) == 0) {
      pk.p.header.token = quic_bytes_of("token", 5);
      say(a, &pk, QD_CLIENT, QUIC_PACKET_INITIAL, 1000);
      say(a, &pk, QD_SERVER, QUIC_PACKET_HANDSHAKE, 4000);
      for (unsigned i = 0; i < 10; i++) {
        datagram(a, i + 10, i & 1, 40 - i, 0x40);
      }
      qd_audit_finish(a);
      qd_audit_del(a);
    }
    packets_free(&pk);
    assert_true(failmem_balanced(&fm));
  }
}

static void test_output_memory(void **state) {
  (void)state;
  packets_check_memory(qd_output_audit_new);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_amplification),
      cmocka_unit_test(test_amplification_unknown),
      cmocka_unit_test(test_spoofed),
      cmocka_unit_test(test_spoofed_at_end),
      cmocka_unit_test(test_closes),
      cmocka_unit_test(test_loop),
      cmocka_unit_test(test_loop_even),
      cmocka_unit_test(test_worst),
      cmocka_unit_test(test_bounded),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_output_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
