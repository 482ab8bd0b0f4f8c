/* Tracks: what events become over time. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/support/failmem.h"
#include "tests/support/viewed.h"

#define MS QUIC_MILLISECOND

/* whole returns all of a track. */
static quic_series_span whole(const viewed *v, qv_track_id id) {
  const quic_series *s = qv_tracks_series(v->tracks, id);
  quic_series_span span = {0};

  if (s) {
    quic_series_get(s, 0, QUIC_TIME_NEVER, &span);
  }
  return span;
}

static uint64_t at(const viewed *v, qv_track_id id, quic_time time) {
  const quic_series *s = qv_tracks_series(v->tracks, id);
  uint64_t value = QLOG_NONE;

  if (s) {
    (void)quic_series_at(s, time, &value);
  }
  return value;
}

static void test_table(void **state) {
  int stored = 0;

  (void)state;
  for (int i = 0; i < QV_TRACKS; i++) {
    const qv_track *row = qv_track_of((qv_track_id)i);

    assert_int_equal(qv_track_find(row->key), i);
    stored += row->how == QV_TRACK_SELF;
    assert_int_equal(row->base == (qv_track_id)i, row->how == QV_TRACK_SELF);
    assert_true(row->marker || row->kind == QV_CHART_BANDS ||
                row->kind == QV_CHART_MARKS);
    /* Red says nothing that a letter does not. */
    assert_true(row->colour != QV_RED || row->marker);
  }
  assert_int_equal(stored, QV_TRACKS_STORED);
  assert_int_equal(qv_track_find("cwnds"), QV_TRACKS);
  assert_in_range(QV_TRACKS_OCTETS_MAX, 1, 12 * 1000 * 1000);
}

static void test_story(void **state) {
  quic_time first, last;
  const qv_states *states;
  viewed v;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  assert_false(qv_tracks_reach(v.tracks, &first, &last));
  viewed_story(&v);
  assert_true(qv_tracks_reach(v.tracks, &first, &last));
  assert_true(first == QUIC_SECOND && last == v.ev.now);

  assert_int_equal(whole(&v, QV_TRACK_CWND).samples, 400);
  /* One that is not told holds. */
  assert_int_equal(whole(&v, QV_TRACK_FLIGHT).samples, 360);
  assert_int_equal(whole(&v, QV_TRACK_SMOOTHED_RTT).samples, 200);
  assert_false(whole(&v, QV_TRACK_MIN_RTT).any);
  assert_int_equal(whole(&v, QV_TRACK_PN_SENT).last, 409);
  assert_int_equal(whole(&v, QV_TRACK_PN_ACKED).last, 399);
  assert_int_equal(whole(&v, QV_TRACK_PN_LOST).min, 130);
  assert_int_equal(whole(&v, QV_TRACK_PN_LOST).max, 270);
  assert_int_equal(whole(&v, QV_TRACK_LOSSES).samples, 2);
  assert_int_equal(whole(&v, QV_TRACK_LOST).last, 2400);
  assert_int_equal(whole(&v, QV_TRACK_PTOS).samples, 3);
  assert_int_equal(whole(&v, QV_TRACK_PTOS).last, 3);
  assert_in_range(whole(&v, QV_TRACK_SENT).last, v.sent, v.sent + 5000);
  /* 39 ACKs of ten packets, but for those that were lost */
  assert_in_range(whole(&v, QV_TRACK_ACKED).last, 370 * 1200, 400 * 1200);
  assert_int_equal(whole(&v, QV_TRACK_LIMIT).min, 200000);
  assert_int_equal(whole(&v, QV_TRACK_LIMIT).last, 600000);
  assert_int_equal(
      whole(&v, QV_TRACK_USED).last,
      quic_flow_side_of(quic_analysis_flow(v.analysis), QUIC_SIDE_SERVER)->sum);

  states = qv_tracks_states(v.tracks, QV_TRACK_STATE);
  assert_int_equal(states->n, 4);
  assert_string_equal(states->names[at(&v, QV_TRACK_STATE, first)],
                      "slow_start");
  assert_string_equal(states->names[at(&v, QV_TRACK_STATE, last)],
                      "congestion_avoidance");
  states = qv_tracks_states(v.tracks, QV_TRACK_BLOCKED);
  assert_string_equal(states->names[whole(&v, QV_TRACK_BLOCKED).max],
                      "connection_flow_control");
  assert_int_equal(whole(&v, QV_TRACK_BLOCKED).last, 0);
  assert_null(qv_tracks_states(v.tracks, QV_TRACK_CWND));
  assert_int_equal(qv_tracks_lost(v.tracks), 0);
  viewed_free(&v);
}

/* A rate times its time is what the sum grew by, and a stall shows as 0. */
static void test_rate(void **state) {
  static qv_column col[300];
  quic_time first, last;
  uint64_t octets = 0, sent;
  viewed v;
  qv_chart c;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  viewed_story(&v);
  (void)qv_tracks_reach(v.tracks, &first, &last);
  c = (qv_chart){.title = "", .from = first, .to = last + 1, .ncolumns = 300};
  qv_tracks_columns(v.tracks, QV_TRACK_THROUGHPUT, &c, col);
  for (size_t i = 0; i < 300; i++) {
    quic_time from, to;

    assert_true(col[i].any || i < 3);
    assert_true(col[i].min == col[i / 3 * 3].min); /* 100 intervals */
    qv_chart_column_of(&c, 300, i, &from, &to);
    octets += col[i].last * (to - from) / (8 * QUIC_SECOND);
  }
  sent = whole(&v, QV_TRACK_SENT).last;
  assert_in_range(octets, sent - sent / 200, sent);
  assert_int_equal(col[299].max, 0);
  assert_true(col[299].any);
  viewed_free(&v);
}

static void test_inferred(void **state) {
  qlog_event e;
  viewed v;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  qlog_event_init(&e, QLOG_RECOVERY_METRICS_UPDATED, 0);
  e.u.metrics.inferred = 1;
  e.u.metrics.latest_rtt = 7 * MS;
  e.side = "server";
  viewed_tell(&v, &e);
  assert_int_equal(whole(&v, QV_TRACK_LATEST_RTT).last, 7 * MS);
  e.side = "client"; /* not the side that is looked at */
  e.u.metrics.latest_rtt = 8 * MS;
  viewed_tell(&v, &e);
  assert_int_equal(whole(&v, QV_TRACK_LATEST_RTT).last, 7 * MS);
  viewed_metrics(&v, 12000, 0, 9 * MS);
  e.side = NULL;
  viewed_tell(&v, &e); /* the endpoint told: no need to guess */
  assert_int_equal(whole(&v, QV_TRACK_LATEST_RTT).last, 10 * MS);
  viewed_free(&v);
}

/* Losses that only a count tells, thresholds that are none. */
static void test_metrics(void **state) {
  qlog_event e;
  viewed v;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  qlog_event_init(&e, QLOG_RECOVERY_METRICS_UPDATED, 0);
  e.u.metrics.ssthresh = UINT64_MAX - 1;
  e.u.metrics.lost = 0;
  viewed_tell(&v, &e);
  assert_null(qv_tracks_series(v.tracks, QV_TRACK_SSTHRESH));
  assert_null(qv_tracks_series(v.tracks, QV_TRACK_LOSSES));
  e.u.metrics.ssthresh = 30000;
  e.u.metrics.lost = 4;
  viewed_tell(&v, &e);
  assert_int_equal(whole(&v, QV_TRACK_SSTHRESH).last, 30000);
  assert_int_equal(whole(&v, QV_TRACK_LOSSES).last, 4);
  viewed_free(&v);
}

/* The best witness of PTOs counts. */
static void test_pto(void **state) {
  quic_frame ping = events_frame(QUIC_FRAME_PING);
  qlog_event e;
  viewed v;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  events_packet(&v.ev, QUIC_SIDE_SERVER, QUIC_PACKET_1RTT, 1, &ping, 1);
  e = v.ev.last;
  e.u.packet.trigger = "pto_probe";
  viewed_tell(&v, &e);
  assert_int_equal(whole(&v, QV_TRACK_PTOS).samples, 1);
  qlog_event_init(&e, QLOG_TIMER_UPDATED, 0);
  e.u.timer.timer_type = "pto";
  e.u.timer.change = QLOG_TIMER_EXPIRED;
  viewed_tell(&v, &e);
  assert_int_equal(whole(&v, QV_TRACK_PTOS).samples, 2);
  e = v.ev.last;
  e.u.packet.trigger = "pto_probe"; /* of the timer that was told */
  viewed_tell(&v, &e);
  assert_int_equal(whole(&v, QV_TRACK_PTOS).samples, 2);
  viewed_free(&v);
}

static void test_states(void **state) {
  char name[16] = "state 0";
  qv_states s;

  (void)state;
  qv_states_init(&s);
  assert_int_equal(qv_states_number(&s, NULL), 0);
  assert_int_equal(qv_states_number(&s, ""), 0);
  assert_int_equal(qv_states_number(&s, "\033[2J"), 1);
  assert_string_equal(s.names[1], "\\x1b[2J");
  for (int i = 0; i < 40; i++) {
    name[6] = (char)('A' + i);
    assert_int_equal(qv_states_number(&s, name),
                     i < 13 ? i + 2 : QV_STATES_MAX - 1);
  }
  assert_int_equal(s.n, QV_STATES_MAX);
  assert_string_equal(s.names[QV_STATES_MAX - 1], "other");
  qv_states_init(&s);
  assert_int_equal(
      qv_states_number(&s, "\001\002\003\004\005\006\001\002\003\004\005\006"
                           "\001\002\003\004\005\006\001\002\003\004\005\006"),
      1);
  assert_in_range(strlen(s.names[1]), 20, QV_STATE_OCTETS - 1);
}

/* Whatever comes, memory stays within its bound. */
static void test_bound(void **state) {
  qlog_event e;
  failmem fm;
  quic_rng rng;
  viewed v;

  (void)state;
  failmem_init(&fm);
  quic_rng_init(&rng, 1);
  assert_int_equal(viewed_init(&v, &fm.mem), 0);
  for (int i = 0; i < 60000; i++) {
    uint64_t wide = quic_rng_u64(&rng) >> (i < 40000 ? 33 : 0);

    qlog_event_init(&e, QLOG_RECOVERY_METRICS_UPDATED, 0);
    e.u.metrics = (qlog_metrics){wide,       wide, wide, wide, wide, wide, wide,
                                 wide >> 20, wide, wide, wide, 0,    0};
    v.ev.now += quic_rng_below(&rng, 100000);
    viewed_tell(&v, &e);
    assert_in_range(qv_tracks_memory(v.tracks), 1, QV_TRACKS_OCTETS_MAX);
  }
  assert_in_range(fm.bytes, qv_tracks_memory(v.tracks),
                  qv_tracks_memory(v.tracks) + 200000);
  assert_in_range(qv_tracks_memory(v.tracks), 10 * 300000, 11 * 420 * 1024);
  viewed_free(&v);
  assert_true(failmem_balanced(&fm));
}

/* Without memory values are lost, never the run. */
static void test_memory(void **state) {
  size_t calls = 1;
  failmem fm;

  (void)state;
  for (size_t n = 0; n <= calls; n++) {
    for (int from = 0; from < 2; from++) {
      viewed v;

      failmem_init(&fm);
      if (from) {
        failmem_fail_from(&fm, n);
      } else {
        failmem_fail_nth(&fm, n);
      }
      if (viewed_init(&v, &fm.mem) == 0) {
        viewed_story(&v);
        viewed_free(&v);
      }
      assert_true(failmem_balanced(&fm));
      calls = n ? calls : fm.calls;
    }
  }
  assert_in_range(calls, 30, 1000);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),   cmocka_unit_test(test_story),
      cmocka_unit_test(test_rate),    cmocka_unit_test(test_inferred),
      cmocka_unit_test(test_metrics), cmocka_unit_test(test_pto),
      cmocka_unit_test(test_states),  cmocka_unit_test(test_bound),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests_name("tracks", tests, NULL, NULL);
}
