/* Waits for MAX_DATA, MAX_STREAM_DATA and MAX_STREAMS. */

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

/* A server that sends, seen by itself, with a round trip of 20 ms. */
static void established(found *fd, quic_vantage vantage, uint64_t data,
                        uint64_t stream) {
  found_begin(fd, vantage);
  found_limits(fd, C, 30000, data, stream, 100);
  found_limits(fd, S, 30000, 1 << 20, 1 << 20, 3);
  events_handshake(&fd->ev);
  for (uint64_t i = 1; i < 10; i++) {
    found_app(fd, vantage == QUIC_VANTAGE_CLIENT ? C : S, i,
              events_frame(QUIC_FRAME_PING));
    events_after(&fd->ev, 20 * MS);
    found_app(fd, vantage == QUIC_VANTAGE_CLIENT ? S : C, i, events_acks(0, i));
  }
}

/* Stands before a limit of 10000 for 300 ms, and goes on or not. */
static void blocked(found *fd, bool fin, quic_duration pause) {
  for (uint64_t i = 0; i < 10; i++) {
    found_app(fd, S, 20 + i, events_stream(0, i * 1000, 1000, fin && i == 9));
    events_after(&fd->ev, MS);
  }
  events_after(&fd->ev, 299 * MS);
  found_app(fd, C, 20, events_limit(QUIC_FRAME_MAX_DATA, 0, 20000));
  found_app(fd, C, 21, events_limit(QUIC_FRAME_MAX_STREAM_DATA, 0, 20000));
  events_after(&fd->ev, pause);
  found_app(fd, S, 40, events_stream(fin ? 4 : 0, fin ? 0 : 10000, 500, false));
  events_after(&fd->ev, 700 * MS);
  found_app(fd, C, 22, events_acks(0, 40));
}

static void test_connection(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_SERVER, 10000, 1 << 20);
  blocked(&fd, false, MS);
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_FLOW_CONNECTION);
  assert_non_null(f);
  assert_int_equal(f->severity, QUIC_WARNING);
  assert_int_equal(f->side, S);
  assert_int_equal(found_fact(f, "blocked"), 300 * MS);
  assert_int_equal(found_fact(f, "waits"), 1);
  assert_int_equal(found_fact(f, "share"), 25000);
  assert_int_equal(f->to - f->from, 300 * MS);
  assert_null(found_first(&fd, QUIC_FOUND_FLOW_STREAM));
  /* Half of it was used 304 ms before the raise, a round trip of 20 ms off. */
  f = found_first(&fd, QUIC_FOUND_SLOW_CREDIT);
  assert_non_null(f);
  assert_int_equal(f->side, C);
  assert_true(found_fact(f, "late") > 280 * MS);
  found_free(&fd);
}

static void test_stream(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_SERVER, 1 << 20, 10000);
  blocked(&fd, false, MS);
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_FLOW_STREAM);
  assert_non_null(f);
  assert_int_equal(f->stream_id, 0);
  assert_int_equal(found_fact(f, "blocked"), 300 * MS);
  assert_null(found_first(&fd, QUIC_FOUND_FLOW_CONNECTION));
  found_free(&fd);
}

/* Who ends at the limit, or goes on much later, had nothing to send. */
static void test_not_blocked(void **state) {
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_SERVER, 10000, 10000);
  blocked(&fd, false, 100 * MS);
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_FLOW_CONNECTION));
  assert_null(found_first(&fd, QUIC_FOUND_FLOW_STREAM));
  assert_null(found_first(&fd, QUIC_FOUND_SLOW_CREDIT));
  found_free(&fd);

  established(&fd, QUIC_VANTAGE_SERVER, 20000, 10000);
  blocked(&fd, true, MS);
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_FLOW_CONNECTION));
  assert_null(found_first(&fd, QUIC_FOUND_FLOW_STREAM));
  found_free(&fd);
}

/* The sender says so in a frame, and no limit is ever raised. */
static void test_told(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_SERVER, 1 << 20, 1 << 20);
  found_app(&fd, S, 20, events_stream(0, 0, 1000, false));
  found_app(&fd, S, 21, events_limit(QUIC_FRAME_DATA_BLOCKED, 0, 1 << 20));
  found_app(&fd, S, 22,
            events_limit(QUIC_FRAME_STREAM_DATA_BLOCKED, 0, 1 << 20));
  events_after(&fd.ev, QUIC_SECOND);
  found_app(&fd, S, 23, events_frame(QUIC_FRAME_PING));
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_FLOW_CONNECTION);
  assert_non_null(f);
  assert_int_equal(f->to - f->from, QUIC_SECOND);
  assert_int_equal(found_fact(f, "blocked_frames"), 1);
  assert_non_null(found_first(&fd, QUIC_FOUND_FLOW_STREAM));
  found_free(&fd);
}

static void test_event(void **state) {
  const quic_finding *f;
  qlog_event e;
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_SERVER, 1 << 20, 1 << 20);
  e = found_event(&fd, QLOG_CONNECTION_DATA_BLOCKED_UPDATED);
  e.u.blocked.new_state = QLOG_BLOCKED;
  e.u.blocked.reason = "connection_flow_control";
  found_tell(&fd, &e);
  found_app(&fd, S, 20, events_stream(0, 0, 1000, false));
  events_after(&fd.ev, 400 * MS);
  e = found_event(&fd, QLOG_CONNECTION_DATA_BLOCKED_UPDATED);
  e.u.blocked.new_state = QLOG_UNBLOCKED;
  found_tell(&fd, &e);
  e.u.blocked.new_state = QLOG_BLOCKED;
  e.u.blocked.reason = "pacing";
  found_tell(&fd, &e);
  events_after(&fd.ev, 400 * MS);
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_FLOW_CONNECTION);
  assert_non_null(f);
  assert_int_equal(found_fact(f, "blocked"), 400 * MS);
  found_free(&fd);
}

/* The receiver sees what arrives: data stops at a limit, and goes on a round
   trip after the raise. */
static void test_receiver(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_CLIENT, 10000, 1 << 20);
  blocked(&fd, false, 20 * MS);
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_FLOW_CONNECTION);
  assert_non_null(f);
  assert_int_equal(f->side, S);
  assert_int_equal(found_fact(f, "blocked"), 320 * MS);
  found_free(&fd);
}

static void test_count(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_CLIENT, 1 << 20, 1 << 20);
  for (uint64_t i = 0; i < 3; i++) {
    found_app(&fd, C, 20 + i, events_stream(4 * i, 0, 10, true));
  }
  events_after(&fd.ev, 500 * MS);
  found_app(&fd, S, 20, events_limit(QUIC_FRAME_MAX_STREAMS_BIDI, 0, 10));
  events_after(&fd.ev, MS);
  found_app(&fd, C, 30, events_stream(12, 0, 10, true));
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_STREAM_LIMIT);
  assert_non_null(f);
  assert_int_equal(f->side, C);
  assert_int_equal(found_fact(f, "blocked"), 500 * MS);
  found_free(&fd);
}

/* More streams at their limits than are watched cost nothing but sight. */
static void test_bounded(void **state) {
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_SERVER, 1 << 30, 1000);
  for (uint64_t i = 0; i < 3000; i++) {
    found_app(&fd, S, 20 + i, events_stream(4 * i, 0, 1000, false));
  }
  events_after(&fd.ev, QUIC_SECOND);
  found_end(&fd);
  assert_int_equal(found_count(&fd, QUIC_FOUND_FLOW_STREAM),
                   QUIC_FINDING_EACH_MAX);
  found_free(&fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_connection),  cmocka_unit_test(test_stream),
      cmocka_unit_test(test_not_blocked), cmocka_unit_test(test_told),
      cmocka_unit_test(test_event),       cmocka_unit_test(test_receiver),
      cmocka_unit_test(test_count),       cmocka_unit_test(test_bounded),
  };

  return cmocka_run_group_tests_name("detect_flow", tests, NULL, NULL);
}
