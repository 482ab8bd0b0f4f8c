/* Handshakes that stall, and the amplification limit. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/found.h"

#define MS QUIC_MILLISECOND
#define C QUIC_SIDE_CLIENT
#define S QUIC_SIDE_SERVER

static void one(found *fd, int side, quic_packet_type type, uint64_t number,
                quic_frame frame) {
  fd->frame = frame;
  events_packet(&fd->ev, side, type, number, &fd->frame, 1);
}

static void finish(found *fd) {
  one(fd, C, QUIC_PACKET_HANDSHAKE, 0, events_crypto(0, 50));
  events_after(&fd->ev, 10 * MS);
  found_app(fd, S, 0, events_frame(QUIC_FRAME_HANDSHAKE_DONE));
  found_app(fd, C, 0, events_acks(0, 0));
}

/* The client's Initial is lost |n| times. */
static void lose(found *fd, int n) {
  found_begin(fd, QUIC_VANTAGE_CLIENT);
  fd->ev.length = 1200;
  for (int i = 0; i <= n; i++) {
    one(fd, C, QUIC_PACKET_INITIAL, (uint64_t)i, events_crypto(0, 300));
    events_after(&fd->ev, i == n ? 50 * MS : (1000 * MS) << i);
  }
  one(fd, S, QUIC_PACKET_INITIAL, 0, events_crypto(0, 90));
  one(fd, S, QUIC_PACKET_HANDSHAKE, 0, events_crypto(0, 1000));
  finish(fd);
  found_end(fd);
}

static void test_stall(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  lose(&fd, 0);
  assert_null(found_first(&fd, QUIC_FOUND_HANDSHAKE_STALL));
  found_free(&fd);

  lose(&fd, 1); /* as happens */
  assert_true(found_worst(&fd) <= QUIC_NOTE);
  found_free(&fd);

  lose(&fd, 2);
  f = found_first(&fd, QUIC_FOUND_HANDSHAKE_STALL);
  assert_non_null(f);
  assert_int_equal(f->severity, QUIC_WARNING);
  assert_int_equal(found_fact(f, "silence"), 2 * QUIC_SECOND);
  assert_int_equal(found_fact(f, "handshake"), 3050 * MS);
  assert_int_equal(found_fact(f, "client_flights_again"), 2);
  found_free(&fd);
}

/* The server acknowledged the hello, and thought for two seconds. */
static void test_slow_server(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  found_begin(&fd, QUIC_VANTAGE_CLIENT);
  fd.ev.length = 1200;
  one(&fd, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  for (uint64_t i = 0; i < 4; i++) {
    events_after(&fd.ev, i ? 650 * MS : 50 * MS);
    one(&fd, S, QUIC_PACKET_INITIAL, i, events_acks(0, 0));
  }
  one(&fd, S, QUIC_PACKET_HANDSHAKE, 0, events_crypto(0, 1000));
  finish(&fd);
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_HANDSHAKE_STALL);
  assert_non_null(f);
  assert_int_equal(f->severity, QUIC_WARNING);
  found_free(&fd);
}

/* |second| datagrams more than three fit wait for the client. */
static void limited(found *fd, bool more, quic_duration wait) {
  found_begin(fd, QUIC_VANTAGE_SERVER);
  fd->ev.length = 1200;
  one(fd, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  one(fd, S, QUIC_PACKET_INITIAL, 0, events_crypto(0, 90));
  one(fd, S, QUIC_PACKET_HANDSHAKE, 0, events_crypto(0, 1100));
  one(fd, S, QUIC_PACKET_HANDSHAKE, 1, events_crypto(1100, 1100));
  events_after(&fd->ev, wait);
  one(fd, C, QUIC_PACKET_INITIAL, 1, events_acks(0, 0));
  one(fd, S, QUIC_PACKET_HANDSHAKE, 2,
      more ? events_crypto(2200, 1100) : events_crypto(0, 1100));
  events_after(&fd->ev, 20 * MS);
  finish(fd);
  found_end(fd);
}

static void test_amplification(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  limited(&fd, true, 40 * MS);
  f = found_first(&fd, QUIC_FOUND_AMPLIFICATION);
  assert_non_null(f);
  assert_int_equal(f->side, S);
  assert_int_equal(found_fact(f, "waited"), 40 * MS);
  found_free(&fd);

  limited(&fd, false, 40 * MS); /* there was nothing more */
  assert_null(found_first(&fd, QUIC_FOUND_AMPLIFICATION));
  found_free(&fd);
}

static void test_told(void **state) {
  qlog_event e;
  found fd;

  (void)state;
  found_begin(&fd, QUIC_VANTAGE_SERVER);
  one(&fd, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  e = found_event(&fd, QLOG_CONNECTION_DATA_BLOCKED_UPDATED);
  e.u.blocked.new_state = QLOG_BLOCKED;
  e.u.blocked.reason = "amplification_protection";
  found_tell(&fd, &e);
  events_after(&fd.ev, 30 * MS);
  e = found_event(&fd, QLOG_CONNECTION_DATA_BLOCKED_UPDATED);
  e.u.blocked.new_state = QLOG_UNBLOCKED;
  found_tell(&fd, &e);
  found_end(&fd);
  assert_int_equal(
      found_fact(found_first(&fd, QUIC_FOUND_AMPLIFICATION), "waited"),
      30 * MS);
  found_free(&fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stall),
      cmocka_unit_test(test_slow_server),
      cmocka_unit_test(test_amplification),
      cmocka_unit_test(test_told),
  };

  return cmocka_run_group_tests_name("detect_handshake", tests, NULL, NULL);
}
