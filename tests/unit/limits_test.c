/* What limits a sender, and for which share of the time. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/limits.h"
#include "tests/support/detected.h"

#define MS QUIC_MILLISECOND
#define US QUIC_MICROSECOND
#define RTT (20 * MS)
#define MDS ((uint64_t)DETECTED_MDS)

static void begin(detected *d) {
  assert_int_equal(detected_begin(d, quic_mem_default(), false), 0);
}

/* share returns that of |limit|, after all were added up. */
static uint64_t share(const detected *d, quic_limit limit) {
  const quic_limits *l = quic_findings_limits(d->f);
  uint64_t sum = 0;

  assert_non_null(l);
  for (int i = 0; i < QUIC_LIMITS; i++) {
    sum += quic_limits_share(l, (quic_limit)i);
  }
  assert_int_equal(sum, 100000);
  return quic_limits_share(l, limit);
}

static void rounds(detected *d, unsigned n, unsigned packets, uint64_t cwnd) {
  for (unsigned i = 0; i < n; i++) {
    detected_send(d, packets, 0);
    detected_metrics(d, cwnd, packets * MDS, QLOG_NONE, QLOG_NONE);
    detected_after(d, RTT);
    detected_ack_all(d);
    detected_metrics(d, cwnd, 0, RTT, RTT);
  }
}

static void test_cwnd(void **state) {
  detected d;

  (void)state;
  begin(&d);
  rounds(&d, 100, 10, 10 * MDS);
  detected_end(&d);
  assert_true(share(&d, QUIC_LIMIT_CWND) > 95000);
  assert_null(detected_find(&d, QUIC_FOUND_APP_LIMITED, 0));
  detected_free(&d);
}

static void test_application(void **state) {
  const quic_finding *found;
  detected d;

  (void)state;
  begin(&d);
  for (int i = 0; i < 100; i++) {
    rounds(&d, 1, 2, 10 * MDS);
    detected_after(&d, 3 * RTT);
  }
  detected_end(&d);
  assert_in_range(share(&d, QUIC_LIMIT_APPLICATION), 24000, 26000);
  assert_in_range(share(&d, QUIC_LIMIT_IDLE), 73000, 76000);
  found = detected_find(&d, QUIC_FOUND_APP_LIMITED, 0);
  assert_non_null(found);
  assert_int_equal(found->severity, QUIC_NOTE);
  detected_free(&d);
}

static void test_flow(void **state) {
  const uint64_t pairs[][2] = {
      {QUIC_TPARAM_INITIAL_MAX_DATA, 1 << 20},
      {QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL, 1 << 20}};
  quic_frame f;
  detected d;

  (void)state;
  begin(&d);
  events_parameters(&d.ev, QUIC_SIDE_CLIENT, pairs, 2);
  for (int i = 0; i < 50; i++) {
    f = events_limit(QUIC_FRAME_MAX_STREAM_DATA, 0, d.offset + 4 * (MDS - 50));
    events_packet(&d.ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, d.ack++, &f, 1);
    rounds(&d, 1, 4, 20 * MDS);
  }
  detected_end(&d);
  /* The first limit, a parameter, is larger. */
  assert_true(share(&d, QUIC_LIMIT_FLOW) < 1000);
  detected_free(&d);
  begin(&d);
  for (int i = 0; i < 50; i++) {
    f = events_limit(QUIC_FRAME_MAX_DATA, 0, d.offset + 4 * (MDS - 50));
    events_packet(&d.ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, d.ack++, &f, 1);
    rounds(&d, 1, 4, 20 * MDS);
  }
  detected_end(&d);
  assert_true(share(&d, QUIC_LIMIT_FLOW) > 90000);
  detected_free(&d);
}

/* Packets that follow each other as the pacer lets them. */
static void test_pacing(void **state) {
  detected d;

  (void)state;
  begin(&d);
  rounds(&d, 1, 2, 40 * MDS);
  for (int i = 0; i < 400; i++) {
    detected_send(&d, 1, 0);
    detected_metrics(&d, 40 * MDS, 20 * MDS, QLOG_NONE, RTT);
    detected_after(&d, RTT / 40);
  }
  detected_end(&d);
  assert_true(share(&d, QUIC_LIMIT_PACING) > 75000);
  detected_free(&d);
}

/* A loss, until what was sent after it arrives. */
static void test_recovery(void **state) {
  uint64_t lost;
  detected d;

  (void)state;
  begin(&d);
  for (int i = 0; i < 20; i++) {
    lost = d.next;
    detected_send(&d, 10, 0);
    detected_after(&d, RTT);
    detected_ack(&d, lost + 1, d.next - 1, 0);
    detected_lost(&d, lost);
    d.acked = d.next;
    rounds(&d, 3, 10, 10 * MDS);
  }
  detected_end(&d);
  assert_in_range(share(&d, QUIC_LIMIT_RECOVERY), 20000, 30000);
  detected_free(&d);
}

static void block(detected *d, const char *reason) {
  qlog_event e;

  qlog_event_init(&e, QLOG_CONNECTION_DATA_BLOCKED_UPDATED, d->ev.now);
  e.u.blocked.new_state = reason ? QLOG_BLOCKED : QLOG_UNBLOCKED;
  e.u.blocked.reason = reason;
  detected_event(d, &e);
}

/* What the logger says itself wins. */
static void test_told(void **state) {
  static const struct {
    const char *reason;
    quic_limit limit;
  } reasons[] = {
      {"congestion_control", QUIC_LIMIT_CWND},
      {"pacing", QUIC_LIMIT_PACING},
      {"connection_flow_control", QUIC_LIMIT_FLOW},
      {"stream_flow_control", QUIC_LIMIT_FLOW},
      {"stream_id", QUIC_LIMIT_FLOW},
      {"amplification_protection", QUIC_LIMIT_AMPLIFICATION},
      {"application", QUIC_LIMIT_APPLICATION},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
    detected d;

    begin(&d);
    block(&d, reasons[i].reason);
    detected_after(&d, QUIC_SECOND);
    block(&d, NULL);
    detected_end(&d);
    assert_true(share(&d, reasons[i].limit) > 90000);
    assert_true(quic_findings_limits(d.f)->told[reasons[i].limit]);
    assert_string_not_equal(quic_limit_name(reasons[i].limit), "unknown");
    detected_free(&d);
  }
}

/* Nothing that is told about the window: it is made out. */
static void test_no_window(void **state) {
  detected d;

  (void)state;
  begin(&d);
  for (int i = 0; i < 100; i++) {
    detected_round(&d, 10, 0, RTT);
  }
  detected_end(&d);
  assert_true(share(&d, QUIC_LIMIT_CWND) > 90000);
  assert_true(quic_findings_limits(d.f)->no_window);
  detected_free(&d);
}

static void test_shares(void **state) {
  quic_limits l;

  (void)state;
  quic_limits_init(&l);
  assert_int_equal(quic_limits_share(&l, QUIC_LIMIT_IDLE), 0);
  /* thirds, and times so large that a product would overflow */
  for (int big = 0; big < 2; big++) {
    uint64_t unit = big ? UINT64_MAX / 8 : 1, sum = 0;

    l.from = 0;
    l.last = 3 * unit;
    l.time[QUIC_LIMIT_CWND] = l.time[QUIC_LIMIT_FLOW] = unit;
    l.time[QUIC_LIMIT_IDLE] = unit;
    for (int i = 0; i < QUIC_LIMITS; i++) {
      sum += quic_limits_share(&l, (quic_limit)i);
    }
    assert_int_equal(sum, 100000);
    assert_in_range(quic_limits_share(&l, QUIC_LIMIT_FLOW), 33333, 33334);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cwnd),      cmocka_unit_test(test_application),
      cmocka_unit_test(test_flow),      cmocka_unit_test(test_pacing),
      cmocka_unit_test(test_recovery),  cmocka_unit_test(test_told),
      cmocka_unit_test(test_no_window), cmocka_unit_test(test_shares),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
