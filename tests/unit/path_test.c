/* Addresses, spin bit, ECN, key generations. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/path.h"
#include "tests/support/events.h"
#include "tests/support/failmem.h"

#define MS QUIC_MILLISECOND
#define C QUIC_SIDE_CLIENT
#define S QUIC_SIDE_SERVER

typedef struct way {
  quic_path path;
  quic_addr client, server;
  uint8_t cid; /* the client's destination */
  uint64_t key_phase, number;
  int ecn;
  bool spin, opened;
} way;

static void begin(way *w, const quic_mem *mem) {
  memset(w, 0, sizeof(*w));
  quic_path_init(&w->path, mem);
  w->client = (quic_addr){{10, 0, 0, 1}, 1000, 4};
  w->server = (quic_addr){{10, 0, 0, 2}, 443, 4};
  w->cid = 1;
  w->ecn = QLOG_UNSET;
  w->opened = true;
}

static unsigned packet(way *w, int side, quic_time now) {
  uint8_t cid[8] = {w->cid};
  quic_header h = {.type = QUIC_PACKET_1RTT,
                   .first = w->spin ? QUIC_FIRST_SPIN : 0,
                   .dcid = {cid, sizeof(cid)}};
  qlog_packet p = {.header = &h,
                   .length = 100,
                   .datagram_length = 100 + w->number,
                   .key_phase = w->key_phase,
                   .ecn = w->ecn};
  quic_mark at = {now, 1, w->opened ? w->number : QLOG_NONE, (int8_t)side,
                  QUIC_PACKET_1RTT};

  w->number++;
  p.src = side == C ? &w->client : &w->server;
  p.dst = side == C ? &w->server : &w->client;
  return quic_path_packet(&w->path, &p, &at, true);
}

static void challenge(way *w, int side, uint64_t type, uint8_t data,
                      quic_time now) {
  uint8_t octets[8] = {data};
  quic_frame f = events_frame(type);
  quic_mark at = {now, 1, 1, (int8_t)side, QUIC_PACKET_1RTT};

  f.u.path_challenge.data = quic_bytes_of(octets, sizeof(octets));
  quic_path_frame(&w->path, &f, &at);
}

static void test_migration(void **state) {
  way w;

  (void)state;
  begin(&w, quic_mem_default());
  assert_int_equal(packet(&w, C, 1) & QUIC_PATH_NEW_TUPLE, 1);
  assert_int_equal(packet(&w, S, 2) & QUIC_PATH_NEW_TUPLE, 0);
  /* The same connection ID: the client does not know (RFC 9000 §9.5). */
  w.client.port = 2000;
  assert_int_equal(packet(&w, C, 3) & QUIC_PATH_NEW_TUPLE, 1);
  packet(&w, S, 4);
  challenge(&w, S, QUIC_FRAME_PATH_CHALLENGE, 9, 4 * MS);
  challenge(&w, C, QUIC_FRAME_PATH_RESPONSE, 8, 5 * MS); /* another one */
  challenge(&w, S, QUIC_FRAME_PATH_RESPONSE, 9, 5 * MS); /* its own */
  assert_int_equal(w.path.matched, 0);
  challenge(&w, C, QUIC_FRAME_PATH_RESPONSE, 9, 6 * MS);
  w.client.ip[3] = 77;
  w.cid = 2;
  packet(&w, C, 7 * MS);
  w.server.port = 444;
  w.cid = 3;
  packet(&w, C, 8 * MS);
  w.server.port = 443;
  packet(&w, C, 9 * MS);
  assert_int_equal(w.path.ntuples, 4);
  assert_int_equal(w.path.tuples[0].change, QUIC_PATH_FIRST);
  assert_int_equal(w.path.tuples[1].change, QUIC_PATH_REBINDING);
  assert_int_equal(w.path.tuples[2].change, QUIC_PATH_MIGRATION);
  assert_int_equal(w.path.tuples[3].change, QUIC_PATH_PREFERRED);
  assert_int_equal(w.path.current, 2);
  assert_int_equal(w.path.tuples[1].challenged, 4 * MS);
  assert_int_equal(w.path.tuples[1].validated, 6 * MS);
  assert_true(w.path.tuples[0].validated == QUIC_TIME_NEVER);
  assert_int_equal(w.path.challenges, 1);
  assert_int_equal(w.path.responses, 3);
  assert_int_equal(w.path.matched, 1);
  assert_int_equal(w.path.validation_max, 2 * MS);
  assert_int_equal(w.path.nwaiting, 0);
  assert_int_equal(w.path.tuples[0].packets[S], 1);
  assert_int_equal(w.path.tuples[2].octets[C], 200);
  assert_string_equal(quic_path_change_name(QUIC_PATH_REBINDING), "rebinding");
  quic_path_free(&w.path);
}

static void test_caps(void **state) {
  way w;

  (void)state;
  begin(&w, quic_mem_default());
  for (int i = 0; i < 40; i++) {
    w.client.port++;
    w.key_phase++;
    packet(&w, C, (quic_time)i);
    challenge(&w, C, QUIC_FRAME_PATH_CHALLENGE, (uint8_t)i, 1);
  }
  assert_int_equal(w.path.ntuples, QUIC_PATH_TUPLES_MAX);
  assert_int_equal(w.path.tuples_dropped, 40 - QUIC_PATH_TUPLES_MAX);
  assert_int_equal(w.path.nwaiting, QUIC_PATH_CHALLENGES_MAX);
  assert_int_equal(w.path.side[C].ngenerations, QUIC_PATH_UPDATES_MAX);
  assert_int_equal(w.path.side[C].updates, 40);
  challenge(&w, S, QUIC_FRAME_PATH_RESPONSE, 39, 2); /* the newest is kept */
  assert_int_equal(w.path.matched, 1);
  quic_path_free(&w.path);
}

static void test_spin(void **state) {
  way w;

  (void)state;
  begin(&w, quic_mem_default());
  packet(&w, S, 10 * MS);
  w.spin = true;
  assert_int_equal(packet(&w, S, 20 * MS) & QUIC_PATH_SPIN, QUIC_PATH_SPIN);
  packet(&w, S, 25 * MS);
  w.spin = false;
  packet(&w, S, 50 * MS);
  assert_int_equal(w.path.spin[S].samples, 1);
  assert_int_equal(w.path.spin[S].latest, 30 * MS);
  /* A late packet is no edge (§17.4: in the order of packet numbers). */
  w.spin = true;
  w.number = 2;
  packet(&w, S, 55 * MS);
  assert_int_equal(w.path.side[S].spin_edges, 2);
  /* Without keys the order of arrival has to do. */
  w.opened = false;
  packet(&w, S, 90 * MS);
  assert_int_equal(w.path.spin[S].latest, 40 * MS);
  assert_int_equal(w.path.spin[C].samples, 0);
  assert_int_equal(w.path.side[S].spin_packets, 6);
  quic_path_free(&w.path);
}

static void test_counts(void **state) {
  quic_frame f = events_frame(QUIC_FRAME_ACK_ECN);
  quic_mark at = {1, 1, 1, S, QUIC_PACKET_1RTT};
  way w;

  (void)state;
  begin(&w, quic_mem_default());
  for (int i = 0; i < 5; i++) {
    w.ecn = i < 4 ? i : QLOG_UNSET;
    packet(&w, C, (quic_time)i);
  }
  for (int i = 0; i < 4; i++) {
    assert_int_equal(w.path.side[C].ecn[i], 1);
  }
  assert_int_equal(w.path.side[C].ecn_unset, 1);
  assert_int_equal(w.path.side[C].datagrams, 5);
  assert_int_equal(w.path.side[C].datagram_max, 104);
  assert_int_equal(w.path.side[C].datagram_max_at.number, 4);
  f.u.ack.ect0 = 9;
  f.u.ack.ce = 2;
  quic_path_frame(&w.path, &f, &at);
  f.u.ack.ect0 = 8; /* older */
  f.u.ack.ect1 = 1;
  quic_path_frame(&w.path, &f, &at);
  assert_int_equal(w.path.side[S].ect0, 9);
  assert_int_equal(w.path.side[S].ect1, 1);
  assert_int_equal(w.path.side[S].ce, 2);
  assert_int_equal(w.path.side[C].ect0, 0);
  quic_path_free(&w.path);
}

static void test_keys(void **state) {
  static const uint64_t phases[] = {0, 0, 1, 0, 1, 2};
  way w;

  (void)state;
  begin(&w, quic_mem_default());
  for (size_t i = 0; i < 6; i++) {
    bool news;

    w.key_phase = phases[i];
    news = packet(&w, C, i) & QUIC_PATH_KEY;
    assert_int_equal(news, i == 2 || i == 5);
  }
  w.key_phase = QLOG_NONE;
  packet(&w, C, 7);
  assert_int_equal(w.path.side[C].updates, 2);
  assert_int_equal(w.path.side[C].ngenerations, 3);
  assert_int_equal(w.path.side[C].generations[0].packets, 3);
  assert_int_equal(w.path.side[C].generations[1].packets, 2);
  assert_int_equal(w.path.side[C].generations[2].first.time, 5);
  assert_int_equal(w.path.side[S].ngenerations, 0);
  quic_path_free(&w.path);
}

static void test_nomem(void **state) {
  (void)state;
  for (size_t n = 1; n < 6; n++) {
    failmem fm;
    way w;

    failmem_init(&fm);
    failmem_fail_from(&fm, n);
    begin(&w, &fm.mem);
    for (int i = 0; i < 20; i++) {
      w.client.port++;
      packet(&w, C, (quic_time)i);
      challenge(&w, C, QUIC_FRAME_PATH_CHALLENGE, (uint8_t)i, 1);
      challenge(&w, S, QUIC_FRAME_PATH_RESPONSE, (uint8_t)i, 1);
    }
    assert_int_equal(w.path.side[C].datagrams, 20);
    quic_path_free(&w.path);
    assert_true(failmem_balanced(&fm));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_migration), cmocka_unit_test(test_caps),
      cmocka_unit_test(test_spin),      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_keys),      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
