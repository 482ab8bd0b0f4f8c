/* Stalled streams, resets, and what a close cuts off. */

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

static void established(found *fd, quic_vantage vantage) {
  int local = vantage == QUIC_VANTAGE_CLIENT ? C : S;

  found_begin(fd, vantage);
  events_handshake(&fd->ev);
  for (uint64_t i = 1; i < 10; i++) {
    found_app(fd, local, i, events_frame(QUIC_FRAME_PING));
    events_after(&fd->ev, 20 * MS);
    found_app(fd, !local, i, events_acks(0, i));
  }
}

/* A hole in stream 0 for |open|, with |others| packets of stream 4 in it. */
static void hole(found *fd, quic_duration open, uint64_t others) {
  found_app(fd, S, 20, events_stream(0, 0, 1000, false));
  found_app(fd, S, 22, events_stream(0, 2000, 1000, true));
  for (uint64_t i = 0; i < others; i++) {
    events_after(&fd->ev, open / (others + 1));
    found_app(fd, S, 30 + i, events_stream(4, i * 1000, 1000, false));
  }
  events_after(&fd->ev, open / (others + 1));
  found_app(fd, S, 60, events_stream(0, 1000, 1000, false));
}

static void test_stall(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_CLIENT);
  hole(&fd, 660 * MS, 21);
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_STREAM_STALL);
  assert_non_null(f);
  assert_int_equal(f->severity, QUIC_WARNING);
  assert_int_equal(f->stream_id, 0);
  assert_int_equal(f->to - f->from, 660 * MS);
  assert_int_equal(f->side, S);
  found_free(&fd);
}

/* What recovery fills in time, and silence of the whole connection, is none. */
static void test_no_stall(void **state) {
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_CLIENT);
  hole(&fd, 77 * MS, 10);
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_STREAM_STALL));
  found_free(&fd);

  established(&fd, QUIC_VANTAGE_CLIENT);
  hole(&fd, 900 * MS, 0);
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_STREAM_STALL));
  found_free(&fd);
}

/* A hole that is open when the connection closes. */
static void test_open(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_CLIENT);
  found_app(&fd, S, 20, events_stream(0, 5000, 1000, true));
  for (uint64_t i = 0; i < 10; i++) {
    events_after(&fd.ev, 50 * MS);
    found_app(&fd, S, 30 + i, events_stream(4, i * 1000, 1000, false));
  }
  found_app(&fd, C, 20, events_close(0x1d, 0x10c, ""));
  events_after(&fd.ev, QUIC_SECOND);
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_STREAM_STALL);
  assert_non_null(f);
  assert_int_equal(f->to - f->from, 500 * MS);
  f = found_first(&fd, QUIC_FOUND_RESETS);
  assert_non_null(f);
  assert_int_equal(found_fact(f, "lost_requests"), 2);
  found_free(&fd);
}

/* The sender sends again late what was lost. */
static void test_sender(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_SERVER);
  for (uint64_t i = 0; i < 30; i++) {
    found_app(&fd, S, 20 + i, events_stream(0, i * 1000, 1000, false));
    events_after(&fd.ev, 20 * MS);
    found_app(&fd, C, 20 + i, events_acks(20 + i, 20 + i));
  }
  found_app(&fd, S, 60, events_stream(0, 2000, 1000, false));
  found_app(&fd, S, 61, events_stream(0, 28000, 1000, false));
  found_end(&fd);
  assert_int_equal(found_count(&fd, QUIC_FOUND_STREAM_STALL), 1);
  f = found_first(&fd, QUIC_FOUND_STREAM_STALL);
  assert_int_equal(f->side, S);
  assert_in_range(f->to - f->from, 540 * MS, 570 * MS);
  found_free(&fd);
}

static void test_resets(void **state) {
  quic_frame frame = events_frame(QUIC_FRAME_RESET_STREAM);
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_CLIENT);
  for (uint64_t i = 0; i < 3; i++) {
    frame.u.reset_stream.stream_id = 4 * i;
    frame.u.reset_stream.error_code = 0x10c;
    found_app(&fd, C, 20 + i, frame);
  }
  frame = events_frame(QUIC_FRAME_STOP_SENDING);
  frame.u.stop_sending.error_code = 0x4242;
  found_app(&fd, S, 20, frame);
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_RESETS);
  assert_non_null(f);
  assert_int_equal(f->severity, QUIC_NOTE);
  assert_int_equal(found_fact(f, "resets"), 3);
  assert_int_equal(found_fact(f, "stops"), 1);
  assert_non_null(strstr(f->text, "client sent 3 RESET_STREAM with "
                                  "H3_REQUEST_CANCELLED (0x10c)"));
  assert_non_null(strstr(f->text, "server sent 1 STOP_SENDING with 0x4242"));
  found_free(&fd);
}

/* Hundreds of codes and of streams with holes. */
static void test_bounded(void **state) {
  quic_frame frame = events_frame(QUIC_FRAME_RESET_STREAM);
  found fd;

  (void)state;
  established(&fd, QUIC_VANTAGE_CLIENT);
  for (uint64_t i = 0; i < 400; i++) {
    frame.u.reset_stream.stream_id = 4 * i;
    frame.u.reset_stream.error_code = i;
    found_app(&fd, C, 20 + i, frame);
    found_app(&fd, S, 20 + i, events_stream(4 * i, 1000, 10, false));
  }
  events_after(&fd.ev, QUIC_SECOND);
  found_end(&fd);
  assert_int_equal(found_count(&fd, QUIC_FOUND_RESETS), 1);
  assert_int_equal(found_fact(found_first(&fd, QUIC_FOUND_RESETS), "resets"),
                   400);
  found_free(&fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_stall),  cmocka_unit_test(test_no_stall),
      cmocka_unit_test(test_open),   cmocka_unit_test(test_sender),
      cmocka_unit_test(test_resets), cmocka_unit_test(test_bounded),
  };

  return cmocka_run_group_tests_name("detect_streams", tests, NULL, NULL);
}
