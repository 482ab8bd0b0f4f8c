/* The table of events, and what an event is before anybody fills it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "qlog/event.h"

static void test_table(void **state) {
  size_t quic = 0, http3 = 0;

  (void)state;
  for (int i = 0; i < QLOG_EVENT_TYPES; i++) {
    const qlog_event_info *info = qlog_event_info_of((qlog_event_type)i);

    assert_non_null(info);
    quic += strcmp(info->schema, "quic") == 0;
    http3 += strcmp(info->schema, "http3") == 0;
    for (int k = 0; k < i; k++) {
      const qlog_event_info *other = qlog_event_info_of((qlog_event_type)k);

      assert_false(strcmp(info->schema, other->schema) == 0 &&
                   strcmp(info->name, other->name) == 0);
    }
  }
  assert_int_equal(quic, 38);
  assert_int_equal(http3, 9);
  assert_null(qlog_event_info_of(QLOG_EVENT_TYPES));
  assert_null(qlog_event_info_of((qlog_event_type)-1));
}

static void test_init(void **state) {
  qlog_event e;

  (void)state;
  memset(&e, 0x5a, sizeof(e));
  qlog_event_init(&e, QLOG_PACKET_SENT, 17);
  assert_true(qlog_event_is_packet(&e));
  assert_int_equal(e.time, 17);
  assert_null(e.tuple);
  assert_null(e.group);
  assert_false(e.http3);
  assert_null(e.u.packet.header);
  assert_null(e.u.packet.trigger);
  assert_false(e.u.packet.has_frames || e.u.packet.stateless_reset);
  assert_true(e.u.packet.length == QLOG_NONE);
  assert_true(e.u.packet.number == QLOG_NONE);
  assert_int_equal(e.u.packet.ecn, QLOG_UNSET);
  assert_int_equal(e.u.packet.raw.len, 0);
  assert_int_equal(e.u.packet.ack_delay_exponent, 3);

  memset(&e, 0x5a, sizeof(e));
  qlog_event_init(&e, QLOG_RECOVERY_METRICS_UPDATED, 0);
  assert_false(qlog_event_is_packet(&e));
  assert_true(e.u.metrics.min_rtt == QLOG_NONE);
  assert_true(e.u.metrics.pacing_rate == QLOG_NONE);
  assert_int_equal(e.u.metrics.inferred, QLOG_UNSET);

  memset(&e, 0x5a, sizeof(e));
  qlog_event_init(&e, QLOG_RECOVERY_PARAMETERS_SET, 0);
  assert_true(e.u.recovery.persistent_congestion_threshold == QLOG_NONE);

  memset(&e, 0x5a, sizeof(e));
  qlog_event_init(&e, QLOG_CONNECTION_STARTED, 0);
  assert_null(e.u.started.local.addr);
  assert_int_equal(e.u.started.remote.ncids, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),
      cmocka_unit_test(test_init),
  };

  return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
