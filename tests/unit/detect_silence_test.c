/* Probe timeouts in a row, dead paths and long silences. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/failmem.h"
#include "tests/support/found.h"

#define MS QUIC_MILLISECOND
#define C QUIC_SIDE_CLIENT
#define S QUIC_SIDE_SERVER

static void established(found *fd) {
  found_begin(fd, QUIC_VANTAGE_CLIENT);
  found_limits(fd, C, 30000, 1 << 20, 1 << 20, 100);
  found_limits(fd, S, 30000, 1 << 20, 1 << 20, 100);
  events_handshake(&fd->ev);
}

/* Sends, |n| times, at gaps that double from |gap|. */
static void probes(found *fd, uint64_t first, int n, quic_duration gap) {
  for (int i = 0; i < n; i++) {
    found_app(fd, C, first + (uint64_t)i, events_frame(QUIC_FRAME_PING));
    events_after(&fd->ev, gap << i);
  }
}

static void pto_count(found *fd, uint64_t n) {
  qlog_event e = found_event(fd, QLOG_RECOVERY_METRICS_UPDATED);

  e.u.metrics.pto_count = n;
  found_tell(fd, &e);
}

static void test_storm(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd);
  probes(&fd, 1, 6, 60 * MS);
  found_app(&fd, S, 1, events_acks(0, 6));
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_PTO_STORM);
  assert_non_null(f);
  assert_int_equal(f->severity, QUIC_WARNING); /* it was answered */
  assert_int_equal(found_fact(f, "probes"), 5);
  assert_int_equal(f->to, fd.ev.now);
  assert_int_equal(f->record, 9);
  assert_non_null(strstr(f->text, "60.0 ms, 120.0 ms, 240.0 ms"));
  assert_null(found_first(&fd, QUIC_FOUND_BLACK_HOLE));
  found_free(&fd);
}

/* The endpoint's own count is enough, and rises again only after an answer. */
static void test_told(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd);
  found_app(&fd, C, 1, events_frame(QUIC_FRAME_PING));
  pto_count(&fd, 2);
  events_after(&fd.ev, 30 * MS);
  pto_count(&fd, 4);
  events_after(&fd.ev, 30 * MS);
  found_app(&fd, S, 1, events_acks(0, 1));
  pto_count(&fd, 4);
  found_app(&fd, C, 2, events_frame(QUIC_FRAME_PING));
  found_app(&fd, S, 2, events_acks(0, 2));
  found_end(&fd);
  assert_int_equal(found_count(&fd, QUIC_FOUND_PTO_STORM), 1);
  f = found_first(&fd, QUIC_FOUND_PTO_STORM);
  assert_int_equal(found_fact(f, "pto_count"), 4);
  found_free(&fd);
}

static void test_black_hole(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd);
  probes(&fd, 1, 5, 60 * MS);
  found_end(&fd);
  f = found_first(&fd, QUIC_FOUND_BLACK_HOLE);
  assert_non_null(f);
  assert_int_equal(f->severity, QUIC_CRITICAL);
  assert_int_equal(found_fact(f, "packets"), 5);
  assert_int_equal(found_fact(f, "tried"), 15 * 60 * MS);
  f = found_first(&fd, QUIC_FOUND_PTO_STORM);
  assert_non_null(f);
  assert_int_equal(f->severity, QUIC_CRITICAL);
  found_free(&fd);
}

/* Nobody answers the first Initial: a storm, but nothing went dead. */
static void test_unreachable(void **state) {
  quic_frame hello = events_crypto(0, 300);
  found fd;

  (void)state;
  found_begin(&fd, QUIC_VANTAGE_CLIENT);
  for (uint64_t i = 0; i < 5; i++) {
    events_packet(&fd.ev, C, QUIC_PACKET_INITIAL, i, &hello, 1);
    events_after(&fd.ev, (200 * MS) << i);
  }
  found_end(&fd);
  assert_non_null(found_first(&fd, QUIC_FOUND_PTO_STORM));
  assert_null(found_first(&fd, QUIC_FOUND_BLACK_HOLE));
  assert_non_null(found_first(&fd, QUIC_FOUND_UNREACHABLE));
  found_free(&fd);
}

/* Two probes lost, a flight sent at once, a close that nobody answers, and
   pauses of the application are nothing. */
static void test_quiet(void **state) {
  found fd;

  (void)state;
  established(&fd);
  for (uint64_t i = 1; i < 40; i++) {
    found_app(&fd, C, i, events_stream(0, i * 100, 100, false));
    events_after(&fd.ev, MS / 4);
  }
  found_app(&fd, S, 1, events_acks(0, 39));
  probes(&fd, 40, 3, 50 * MS);
  found_app(&fd, S, 2, events_acks(0, 42));
  events_after(&fd.ev, 5 * QUIC_SECOND);
  found_app(&fd, C, 43, events_close(0x1d, 0x100, ""));
  events_after(&fd.ev, QUIC_SECOND);
  found_end(&fd);
  assert_true(found_worst(&fd) <= QUIC_NOTE);
  found_free(&fd);
}

static void test_idle(void **state) {
  const quic_finding *f;
  found fd;

  (void)state;
  established(&fd);
  for (uint64_t i = 1; i < 5; i++) {
    events_after(&fd.ev, (i < 4 ? 10 : 27) * QUIC_SECOND);
    found_app(&fd, C, i, events_frame(QUIC_FRAME_PING));
    found_app(&fd, S, i, events_acks(0, i));
  }
  found_end(&fd);
  assert_int_equal(found_count(&fd, QUIC_FOUND_IDLE_GAP), 1);
  f = found_first(&fd, QUIC_FOUND_IDLE_GAP);
  assert_int_equal(f->severity, QUIC_NOTE);
  assert_int_equal(found_fact(f, "silence"), 27 * QUIC_SECOND);
  assert_int_equal(found_fact(f, "idle_timeout"), 30 * QUIC_SECOND);
  assert_int_equal(found_fact(f, "keep_alive"), 27 * QUIC_SECOND);
  assert_int_equal(f->to - f->from, 27 * QUIC_SECOND);
  found_free(&fd);
}

/* Without memory things are missed, and nothing else happens. */
static void test_nomem(void **state) {
  failmem fm;
  bool refused = true;

  (void)state;
  for (size_t n = 1; refused; n++) {
    found fd;

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    if (found_begin_with(&fd, QUIC_VANTAGE_CLIENT, &fm.mem) == 0) {
      events_handshake(&fd.ev);
      probes(&fd, 1, 5, 60 * MS);
      found_end(&fd);
      found_free(&fd);
    }
    assert_true(failmem_balanced(&fm));
    refused = fm.refused > 0;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_storm),      cmocka_unit_test(test_told),
      cmocka_unit_test(test_black_hole), cmocka_unit_test(test_unreachable),
      cmocka_unit_test(test_quiet),      cmocka_unit_test(test_idle),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("detect_silence", tests, NULL, NULL);
}
