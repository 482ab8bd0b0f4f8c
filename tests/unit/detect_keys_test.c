/* Missing keys and failed key updates. */

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

static void unopened(found *fd, qlog_event_type type, int drop,
                     quic_packet_type packet) {
  qlog_event e = found_event(fd, type);
  quic_header header = {.type = packet};

  e.u.packet.header = &header;
  e.u.packet.drop = drop;
  e.u.packet.trigger = "keys_unavailable";
  found_tell(fd, &e);
}

static void established(found *fd) {
  found_begin(fd, QUIC_VANTAGE_CLIENT);
  events_handshake(&fd->ev);
  for (uint64_t i = 1; i < 10; i++) {
    found_app(fd, C, i, events_frame(QUIC_FRAME_PING));
    events_after(&fd->ev, 20 * MS);
    found_app(fd, S, i, events_acks(0, i));
  }
}

static void test_missing(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd);
  for (int i = 0; i < 5; i++) {
    unopened(&fd, i & 1 ? QLOG_PACKET_BUFFERED : QLOG_PACKET_DROPPED,
             QLOG_DROP_KEY_UNAVAILABLE, QUIC_PACKET_1RTT);
    events_after(&fd.ev, 10 * MS);
  }
  found_app(&fd, S, 20, events_acks(0, 9));
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_KEYS_MISSING);
  assert_non_null(f);
  assert_int_equal(found_fact(f, "waited"), 50 * MS);
  assert_int_equal(found_fact(f, "dropped"), 3);
  found_free(&fd);
}

/* A little reordering, and what comes when keys are thrown away. */
static void test_not_missing(void **state) {
  found fd;

  (void)state;
  established(&fd);
  for (int i = 0; i < 5; i++) {
    unopened(&fd, QLOG_PACKET_DROPPED, QLOG_DROP_KEY_UNAVAILABLE,
             QUIC_PACKET_HANDSHAKE);
    events_after(&fd.ev, 50 * MS);
  }
  for (int i = 0; i < 3; i++) {
    unopened(&fd, QLOG_PACKET_BUFFERED, QLOG_UNSET, QUIC_PACKET_1RTT);
    events_after(&fd.ev, 5 * MS);
  }
  found_app(&fd, S, 20, events_acks(0, 9));
  found_end(&fd);
  assert_int_equal(found_worst(&fd), -1);
  found_free(&fd);
}

static void test_update(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd);
  fd.ev.first |= QUIC_FIRST_KEY_PHASE;
  fd.ev.key_phase = 1;
  found_app(&fd, C, 20, events_frame(QUIC_FRAME_PING));
  for (int i = 0; i < 4; i++) {
    events_after(&fd.ev, 10 * MS);
    unopened(&fd, QLOG_PACKET_DROPPED, QLOG_DROP_DECRYPTION_FAILURE,
             QUIC_PACKET_1RTT);
  }
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_KEY_UPDATE);
  assert_non_null(f);
  assert_int_equal(f->severity, QUIC_CRITICAL);
  assert_int_equal(found_fact(f, "failed"), 4);
  found_free(&fd);
}

/* One packet that fails, and failures far from any update. */
static void test_no_update(void **state) {
  qlog_event e;
  found fd;

  (void)state;
  established(&fd);
  e = found_event(&fd, QLOG_KEY_UPDATED);
  e.u.key.trigger = "remote_update";
  e.u.key.key_phase = 1;
  found_tell(&fd, &e);
  for (uint64_t i = 0; i < 6; i++) {
    unopened(&fd, QLOG_PACKET_DROPPED, QLOG_DROP_DECRYPTION_FAILURE,
             QUIC_PACKET_1RTT);
    found_app(&fd, S, 20 + i, events_frame(QUIC_FRAME_PING));
    events_after(&fd.ev, 10 * MS);
  }
  events_after(&fd.ev, 10 * QUIC_SECOND);
  for (int i = 0; i < 6; i++) {
    unopened(&fd, QLOG_PACKET_DROPPED, QLOG_DROP_DECRYPTION_FAILURE,
             QUIC_PACKET_1RTT);
  }
  found_app(&fd, S, 30, events_frame(QUIC_FRAME_PING));
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_KEY_UPDATE));
  found_free(&fd);
}

/* All fails from one packet on, and who made the update is not told. */
static void test_silent_update(void **state) {
  found fd;

  (void)state;
  established(&fd);
  for (int i = 0; i < 6; i++) {
    events_after(&fd.ev, 20 * MS);
    unopened(&fd, QLOG_PACKET_DROPPED, QLOG_DROP_DECRYPTION_FAILURE,
             QUIC_PACKET_1RTT);
  }
  found_end(&fd);
  assert_int_equal(found_first(&fd, QUIC_FOUND_KEY_UPDATE)->severity,
                   QUIC_CRITICAL);
  found_free(&fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_missing),       cmocka_unit_test(test_not_missing),
      cmocka_unit_test(test_update),        cmocka_unit_test(test_no_update),
      cmocka_unit_test(test_silent_update),
  };

  return cmocka_run_group_tests_name("detect_keys", tests, NULL, NULL);
}
