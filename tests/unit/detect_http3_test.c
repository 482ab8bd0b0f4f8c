/* Rules of HTTP/3 that are broken, and what logs lack. */

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

static void established(found *fd) {
  found_begin(fd, QUIC_VANTAGE_CLIENT);
  events_handshake(&fd->ev);
  for (uint64_t i = 1; i < 10; i++) {
    found_app(fd, C, i, events_frame(QUIC_FRAME_PING));
    events_after(&fd->ev, 20 * MS);
    found_app(fd, S, i, events_acks(0, i));
  }
}

static void settings(found *fd, int initiator) {
  qlog_event e = found_event(fd, QLOG_H3_PARAMETERS_SET);

  e.u.h3_settings.initiator = initiator;
  found_tell(fd, &e);
}

static void frame(found *fd, qlog_event_type type, uint64_t id, uint64_t kind) {
  quic_h3_frame h = {.type = kind};
  qlog_event e = found_event(fd, type);

  e.u.h3_frame.stream_id = id;
  e.u.h3_frame.frame = &h;
  found_tell(fd, &e);
}

static void stream(found *fd, uint64_t id, int kind) {
  qlog_event e = found_event(fd, QLOG_H3_STREAM_TYPE_SET);

  e.u.h3_stream.stream_id = id;
  e.u.h3_stream.kind = kind;
  found_tell(fd, &e);
}

static void healthy(found *fd) {
  found_begin(fd, QUIC_VANTAGE_CLIENT);
  events_handshake(&fd->ev);
  stream(fd, 2, QLOG_H3_CONTROL);
  stream(fd, 6, QLOG_H3_QPACK_ENCODE);
  stream(fd, 3, QLOG_H3_CONTROL);
  frame(fd, QLOG_H3_FRAME_CREATED, 2, QUIC_H3_SETTINGS);
  frame(fd, QLOG_H3_FRAME_PARSED, 3, QUIC_H3_SETTINGS);
  frame(fd, QLOG_H3_FRAME_CREATED, 0, QUIC_H3_HEADERS);
  frame(fd, QLOG_H3_FRAME_PARSED, 0, QUIC_H3_HEADERS);
  frame(fd, QLOG_H3_FRAME_PARSED, 0, QUIC_H3_DATA);
  frame(fd, QLOG_H3_FRAME_PARSED, 3, QUIC_H3_GOAWAY);
}

static void broken(found *fd, const char *text) {
  const quic_finding *f;

  found_end(fd);
  f = found_first(fd, QUIC_FOUND_HTTP3);
  assert_non_null(f);
  if (!strstr(f->text, text)) {
    fail_msg("%s", f->text);
  }
  found_free(fd);
}

static void test_frames(void **state) {
  found fd;

  (void)state;
  healthy(&fd);
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_HTTP3));
  found_free(&fd);

  healthy(&fd);
  frame(&fd, QLOG_H3_FRAME_PARSED, 3, QUIC_H3_HEADERS);
  broken(&fd, "HEADERS of the server on stream 3 must not be on a control");
  healthy(&fd);
  frame(&fd, QLOG_H3_FRAME_CREATED, 4, QUIC_H3_GOAWAY);
  broken(&fd, "GOAWAY of the client on stream 4 must not be on a request");
  healthy(&fd);
  frame(&fd, QLOG_H3_FRAME_PARSED, 3, QUIC_H3_SETTINGS);
  broken(&fd, "server sent SETTINGS twice");
  healthy(&fd);
  stream(&fd, 7, QLOG_H3_CONTROL);
  broken(&fd, "server opened a second control stream, 7 beside 3");
  healthy(&fd);
  found_app(&fd, S, 30, events_stream(3, 100, 0, true));
  broken(&fd, "server closed its control stream 3");
}

static void test_settings(void **state) {
  found fd;

  (void)state;
  established(&fd);
  settings(&fd, QLOG_LOCAL);
  settings(&fd, QLOG_REMOTE);
  broken(&fd, "SETTINGS of the server came 180.0 ms after the handshake");

  found_begin(&fd, QUIC_VANTAGE_CLIENT);
  settings(&fd, QLOG_LOCAL);
  events_handshake(&fd.ev);
  frame(&fd, QLOG_H3_FRAME_PARSED, 0, QUIC_H3_HEADERS);
  events_after(&fd.ev, 200 * MS);
  found_app(&fd, S, 1, events_acks(0, 0));
  broken(&fd, "SETTINGS of the server never came");

  established(&fd); /* a log that does not tell */
  frame(&fd, QLOG_H3_FRAME_PARSED, 0, QUIC_H3_HEADERS);
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_HTTP3));
  found_free(&fd);
}

static void test_codes(void **state) {
  qlog_event e;
  found fd;

  (void)state;
  established(&fd);
  found_app(&fd, S, 20, events_close(0x1d, 0x10a, ""));
  broken(&fd, "server closed with H3_MISSING_SETTINGS");

  established(&fd);
  e = found_event(&fd, QLOG_LOG_WARNING);
  e.u.message.text = quic_bytes_of("so\x1b[2Jso", 8);
  found_tell(&fd, &e);
  e.u.message.code = 0x105;
  found_tell(&fd, &e);
  found_end(&fd);
  assert_int_equal(found_count(&fd, QUIC_FOUND_HTTP3), 1);
  assert_string_equal(found_first(&fd, QUIC_FOUND_HTTP3)->text,
                      "H3_FRAME_UNEXPECTED: so\\x1b[2Jso");
  found_free(&fd);
}

/* The log. */

static void test_holes(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd);
  found_app(&fd, C, 20, events_frame(QUIC_FRAME_PING));
  found_app(&fd, S, 30, events_acks(0, 20));
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_LOG);
  assert_non_null(f);
  assert_int_equal(f->severity, QUIC_NOTE);
  assert_int_equal(found_fact(f, "packets_missing"), 10);
  found_free(&fd);
}

static void test_times(void **state) {
  found fd;

  (void)state;
  established(&fd);
  for (uint64_t i = 0; i < 2000; i++) {
    found_app(&fd, C, 20 + i, events_frame(QUIC_FRAME_PING));
    if (i % 20 == 0) {
      events_after(&fd.ev, MS);
    }
  }
  found_end(&fd);
  /* A coarse clock alone is no fault of the log. */
  assert_null(found_first(&fd, QUIC_FOUND_LOG));
  found_free(&fd);

  established(&fd);
  found_end(&fd);
  assert_null(found_first(&fd, QUIC_FOUND_LOG));
  found_free(&fd);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames), cmocka_unit_test(test_settings),
      cmocka_unit_test(test_codes),  cmocka_unit_test(test_holes),
      cmocka_unit_test(test_times),
  };

  return cmocka_run_group_tests_name("detect_http3", tests, NULL, NULL);
}
