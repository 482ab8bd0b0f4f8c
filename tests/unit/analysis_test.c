/* A connection's events through all parts at once. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/analysis.h"
#include "tests/support/events.h"
#include "tests/support/failmem.h"

#define MS QUIC_MILLISECOND
#define C QUIC_SIDE_CLIENT
#define S QUIC_SIDE_SERVER

/* Takes what was inferred. */
typedef struct listener {
  qlog_sink sink;
  size_t count[QLOG_EVENT_TYPES];
  qlog_event last[QLOG_EVENT_TYPES];
  uint64_t lost; /* number of the last packet_lost */
  char state[32];
} listener;

static void listener_event(qlog_sink *sink, const qlog_event *e) {
  listener *l = (listener *)(void *)sink;

  l->count[e->type]++;
  l->last[e->type] = *e;
  if (e->type == QLOG_PACKET_LOST) {
    l->lost = e->u.packet.header->pn;
  } else if (e->type == QLOG_CONNECTION_STATE_UPDATED) {
    assert_true(strlen(e->u.state.new_state) < sizeof(l->state));
    strcpy(l->state, e->u.state.new_state);
  }
}

typedef struct fixture {
  quic_analysis *a;
  events ev;
  listener out;
} fixture;

static void begin(fixture *f, quic_vantage vantage) {
  quic_analysis_settings settings = {
      .vantage = vantage, .sent_is_client = vantage != QUIC_VANTAGE_SERVER};

  memset(f, 0, sizeof(*f));
  f->out.sink.event = listener_event;
  assert_int_equal(
      quic_analysis_new(&f->a, quic_mem_default(), &settings, &f->out.sink), 0);
  events_init(&f->ev, quic_analysis_sink(f->a));
  f->ev.server_sends = vantage == QUIC_VANTAGE_SERVER;
}

static void one(fixture *f, int side, uint64_t number, quic_frame frame) {
  events_packet(&f->ev, side, QUIC_PACKET_1RTT, number, &frame, 1);
}

static void test_totals(void **state) {
  quic_frame padded[2] = {events_acks(0, 0), events_frame(QUIC_FRAME_PADDING)};
  const quic_totals *c, *s;
  fixture f;

  (void)state;
  begin(&f, QUIC_VANTAGE_NETWORK);
  events_handshake(&f.ev);
  padded[1].u.padding.count = 30;
  events_packet(&f.ev, S, QUIC_PACKET_1RTT, 1, padded, 2);
  f.ev.closed = true;
  events_packet(&f.ev, C, QUIC_PACKET_1RTT, 0, NULL, 0);
  c = quic_analysis_totals(f.a, C);
  s = quic_analysis_totals(f.a, S);
  assert_int_equal(c->packets, 5);
  assert_int_equal(c->datagrams, 4);
  assert_int_equal(c->octets, 4 * 1200 + 100);
  assert_int_equal(c->datagram_octets, 3 * 1200 + 100);
  assert_int_equal(c->opened, 4);
  assert_int_equal(c->closed, 1);
  assert_int_equal(c->by_type[QUIC_PACKET_INITIAL], 2);
  assert_int_equal(c->by_type[QUIC_PACKET_1RTT], 2);
  assert_int_equal(c->eliciting, 2);
  assert_int_equal(c->ack_only, 2);
  assert_int_equal(c->acks, 3);
  assert_int_equal(s->packets, 5);
  assert_int_equal(s->padding, 30);
  assert_int_equal(s->ack_only, 2);
  assert_int_equal(c->first.record, 1);
  assert_int_equal(c->last.record, 10);
  assert_int_equal(s->last.time, f.ev.now);
  /* The handshake's spaces are over. */
  assert_int_equal(quic_analysis_sent(f.a, C, QUIC_SPACE_INITIAL)->cap, 0);
  assert_int_equal(quic_analysis_sent(f.a, S, QUIC_SPACE_HANDSHAKE)->in_flight,
                   0);
  quic_analysis_del(f.a);
}

/* A capture in the middle: 4 ms to the client and back, 16 ms to the server. */
static void test_shares(void **state) {
  const quic_rtt *rtt;
  fixture f;

  (void)state;
  begin(&f, QUIC_VANTAGE_NETWORK);
  for (uint64_t i = 0; i < 50; i++) {
    one(&f, C, i, events_frame(QUIC_FRAME_PING));
    events_after(&f.ev, 16 * MS);
    one(&f, S, 2 * i, events_acks(0, i));
    one(&f, S, 2 * i + 1, events_frame(QUIC_FRAME_PING));
    events_after(&f.ev, 4 * MS);
    one(&f, C, 1000 + i, events_acks(0, 2 * i + 1));
  }
  assert_int_equal(quic_analysis_share(f.a, C)->min, 4 * MS);
  assert_int_equal(quic_analysis_share(f.a, S)->min, 16 * MS);
  for (int side = 0; side < QUIC_SIDES; side++) {
    rtt = quic_analysis_rtt(f.a, side);
    assert_int_equal(rtt->min, 20 * MS);
    assert_in_range(rtt->smoothed, 20 * MS - 10, 20 * MS);
    assert_true(rtt->samples >= 49);
  }
  assert_int_equal(f.out.count[QLOG_RECOVERY_METRICS_UPDATED], 99);
  assert_int_equal(f.out.last[QLOG_RECOVERY_METRICS_UPDATED].u.metrics.inferred,
                   1);
  assert_string_equal(f.out.last[QLOG_RECOVERY_METRICS_UPDATED].side, "server");
  quic_analysis_del(f.a);
}

/* At an endpoint its own packets measure the whole. */
static void test_endpoint(void **state) {
  static const uint64_t pairs[][2] = {{QUIC_TPARAM_ACK_DELAY_EXPONENT, 10}};
  quic_frame ack = events_acks(0, 1);
  qlog_event e;
  fixture f;

  (void)state;
  begin(&f, QUIC_VANTAGE_SERVER);
  events_parameters(&f.ev, C, pairs, 1);
  one(&f, S, 0, events_frame(QUIC_FRAME_PING));
  events_after(&f.ev, 30 * MS);
  one(&f, C, 0, events_acks(0, 0));
  assert_int_equal(quic_analysis_rtt(f.a, S)->min, 30 * MS);
  one(&f, S, 1, events_frame(QUIC_FRAME_PING));
  events_after(&f.ev, 46 * MS);
  ack.u.ack.delay = 1000; /* 8 ms: a log scales by what it says, here 3 */
  one(&f, C, 1, ack);
  assert_int_equal(quic_analysis_rtt(f.a, S)->smoothed, 31 * MS);
  assert_int_equal(quic_analysis_totals(f.a, S)->packets, 2);
  /* Its own word counts. */
  qlog_event_init(&e, QLOG_RECOVERY_METRICS_UPDATED, f.ev.now);
  assert_null(quic_analysis_metrics(f.a));
  e.u.metrics.congestion_window = 12000;
  e.u.metrics.min_rtt = 7;
  f.ev.sink->event(f.ev.sink, &e);
  qlog_event_init(&e, QLOG_RECOVERY_METRICS_UPDATED, f.ev.now);
  e.u.metrics.min_rtt = 6;
  f.ev.sink->event(f.ev.sink, &e);
  assert_int_equal(quic_analysis_metrics(f.a)->congestion_window, 12000);
  assert_int_equal(quic_analysis_metrics(f.a)->min_rtt, 6);
  assert_true(quic_analysis_metrics(f.a)->ssthresh == QLOG_NONE);
  one(&f, S, 5, events_frame(QUIC_FRAME_PING));
  e = f.ev.last;
  e.type = QLOG_PACKET_LOST;
  e.group = NULL;
  f.ev.sink->event(f.ev.sink, &e);
  assert_int_equal(quic_analysis_sent(f.a, S, QUIC_SPACE_APP)->counts.told_lost,
                   1);
  e.type = QLOG_PACKET_DROPPED;
  f.ev.sink->event(f.ev.sink, &e);
  assert_int_equal(quic_analysis_totals(f.a, C)->dropped, 1);
  qlog_event_init(&e, QLOG_CONNECTION_STATE_UPDATED, f.ev.now);
  e.u.state.new_state = "handshake_complete";
  f.ev.sink->event(f.ev.sink, &e);
  assert_true(quic_phases_complete(quic_analysis_phases(f.a)));
  /* An endpoint tells its states itself. */
  assert_int_equal(f.out.count[QLOG_CONNECTION_STATE_UPDATED], 0);
  quic_analysis_del(f.a);
}

static void test_inferred(void **state) {
  fixture f;

  (void)state;
  begin(&f, QUIC_VANTAGE_NETWORK);
  events_handshake(&f.ev);
  assert_int_equal(f.out.count[QLOG_CONNECTION_STATE_UPDATED], 2);
  assert_string_equal(f.out.state, "handshake_confirmed");
  for (uint64_t i = 1; i < 6; i++) {
    one(&f, S, i, events_stream(0, 10 * i, 10, false));
  }
  one(&f, C, 1, events_acks(3, 5));
  assert_int_equal(f.out.count[QLOG_PACKET_LOST], 2);
  assert_int_equal(f.out.lost, 2);
  assert_string_equal(f.out.last[QLOG_PACKET_LOST].side, "server");
  f.ev.key_phase = 1;
  f.ev.first = QUIC_FIRST_FIXED | QUIC_FIRST_SPIN;
  one(&f, S, 6, events_close(0x1d, 0x100, "bye"));
  assert_int_equal(f.out.count[QLOG_KEY_UPDATED], 1);
  assert_int_equal(f.out.last[QLOG_KEY_UPDATED].u.key.key_phase, 1);
  assert_string_equal(f.out.last[QLOG_KEY_UPDATED].u.key.key_type,
                      "server_1rtt_secret");
  assert_int_equal(f.out.count[QLOG_SPIN_BIT_UPDATED], 1);
  assert_int_equal(f.out.last[QLOG_SPIN_BIT_UPDATED].u.flag.state, 1);
  assert_int_equal(f.out.count[QLOG_CONNECTION_CLOSED], 1); /* at once */
  quic_analysis_end(f.a, f.ev.now, QUIC_END_OF_TRACE);
  quic_analysis_end(f.a, f.ev.now, QUIC_END_OF_TRACE);
  assert_int_equal(f.out.count[QLOG_CONNECTION_CLOSED], 1);
  assert_int_equal(
      f.out.last[QLOG_CONNECTION_CLOSED].u.closed.application_error, 0x100);
  assert_int_equal(f.out.last[QLOG_CONNECTION_CLOSED].u.closed.initiator,
                   QLOG_REMOTE);
  quic_analysis_del(f.a);
}

/* No keys at all: what the wire shows still counts. */
static void test_closed(void **state) {
  fixture f;

  (void)state;
  begin(&f, QUIC_VANTAGE_NETWORK);
  f.ev.closed = true;
  events_handshake(&f.ev);
  assert_true(quic_phases_complete(quic_analysis_phases(f.a)));
  assert_null(quic_analysis_flow(f.a));
  assert_null(quic_analysis_sent(f.a, C, QUIC_SPACE_APP));
  assert_int_equal(quic_analysis_path(f.a)->ntuples, 1);
  assert_int_equal(quic_analysis_close(f.a)->class, QUIC_CLOSED_UNKNOWN);
  quic_analysis_end(f.a, f.ev.now, QUIC_END_OF_TRACE);
  assert_true(quic_analysis_close(f.a)->needs_keys);
  quic_analysis_del(f.a);
}

/* Clocks jump, and captures are made by hand: no sum of times overflows. */
static void test_clock(void **state) {
  fixture f;

  (void)state;
  begin(&f, QUIC_VANTAGE_NETWORK);
  events_handshake(&f.ev);
  one(&f, C, 5, events_frame(QUIC_FRAME_PING));
  f.ev.now = UINT64_MAX - 9;
  one(&f, S, 5, events_acks(5, 5));
  assert_int_equal(quic_analysis_share(f.a, S)->max, QUIC_RTT_MAX);
  assert_true(quic_analysis_rtt(f.a, C)->latest >= QUIC_RTT_MAX);
  assert_true(quic_analysis_rtt(f.a, C)->latest < 2 * QUIC_RTT_MAX);
  quic_analysis_del(f.a);
}

/* That nobody answers is no close of anybody. */
static void test_unanswered(void **state) {
  fixture f;

  (void)state;
  begin(&f, QUIC_VANTAGE_NETWORK);
  events_handshake(&f.ev);
  for (uint64_t i = 2; i < 8; i++) {
    events_after(&f.ev, QUIC_SECOND);
    one(&f, S, i, events_frame(QUIC_FRAME_PING));
  }
  quic_analysis_end(f.a, f.ev.now, QUIC_END_OF_TRACE);
  assert_int_equal(quic_analysis_close(f.a)->class, QUIC_CLOSED_VANISHED);
  assert_int_equal(f.out.count[QLOG_CONNECTION_CLOSED], 0);
  quic_analysis_del(f.a);
}

/* The stand-in for the application's close is not told: what it stands for is,
   or the verdict at the end. */
static void test_stand_in(void **state) {
  quic_frame close = events_close(0x1c, 0xc, "");
  const qlog_connection_closed *told;
  fixture f;

  (void)state;
  for (int follows = 0; follows < 2; follows++) {
    begin(&f, QUIC_VANTAGE_NETWORK);
    told = &f.out.last[QLOG_CONNECTION_CLOSED].u.closed;
    events_packet(&f.ev, C, QUIC_PACKET_HANDSHAKE, 7, &close, 1);
    assert_int_equal(f.out.count[QLOG_CONNECTION_CLOSED], 0);
    if (follows) {
      one(&f, C, 8, events_close(0x1d, 0x100, ""));
      assert_int_equal(f.out.count[QLOG_CONNECTION_CLOSED], 1);
      assert_int_equal(told->application_error, 0x100);
    }
    one(&f, S, 8, events_close(0x1c, 0, ""));
    quic_analysis_end(f.a, f.ev.now, QUIC_END_OF_TRACE);
    assert_int_equal(f.out.count[QLOG_CONNECTION_CLOSED], 1);
    assert_int_equal(told->initiator, QLOG_LOCAL);
    if (!follows) {
      assert_int_equal(told->connection_error, 0xc);
    }
    quic_analysis_del(f.a);
  }
}

/* A packet is shown closed, and again when its key came. */
static void test_late(void **state) {
  quic_frame frame = events_close(0x1d, 0x100, "");
  qlog_event e;
  fixture f;

  (void)state;
  begin(&f, QUIC_VANTAGE_NETWORK);
  events_handshake(&f.ev);
  f.ev.closed = true;
  one(&f, S, 1, frame);
  quic_analysis_end(f.a, f.ev.now, QUIC_END_OF_TRACE);
  assert_true(quic_analysis_close(f.a)->needs_keys);
  assert_int_equal(quic_analysis_totals(f.a, S)->closed, 1);
  e = f.ev.last;
  f.ev.header.pn = 1;
  f.ev.header.pn_len = 2;
  e.u.packet.has_frames = true;
  e.u.packet.frames = &frame;
  e.u.packet.nframes = 1;
  e.u.packet.late = true;
  f.ev.sink->event(f.ev.sink, &e);
  quic_analysis_end(f.a, f.ev.now, QUIC_END_OF_TRACE);
  assert_int_equal(quic_analysis_close(f.a)->class, QUIC_CLOSED_APPLICATION);
  assert_int_equal(quic_analysis_totals(f.a, S)->packets, 5);
  assert_int_equal(quic_analysis_totals(f.a, S)->opened, 5);
  assert_int_equal(quic_analysis_totals(f.a, S)->closed, 0);
  quic_analysis_del(f.a);
}

/* A copy of a packet counts as one, and its frames not twice. */
static void test_copies(void **state) {
  quic_sent_counts sum;
  fixture f;

  (void)state;
  begin(&f, QUIC_VANTAGE_NETWORK);
  events_handshake(&f.ev);
  for (int i = 0; i < 3; i++) {
    one(&f, C, 1, events_stream(0, 0, 10, false));
  }
  quic_analysis_sum(f.a, C, &sum);
  assert_int_equal(sum.duplicates, 2);
  assert_int_equal(sum.packets, 5);
  assert_int_equal(quic_flow_side_of(quic_analysis_flow(f.a), C)->octets, 10);
  /* Another path has numbers of its own. */
  f.ev.path_id = 1;
  one(&f, C, 1, events_stream(0, 10, 5, false));
  quic_analysis_sum(f.a, C, &sum);
  assert_int_equal(sum.duplicates, 2);
  assert_int_equal(quic_flow_side_of(quic_analysis_flow(f.a), C)->octets, 15);
  quic_analysis_del(f.a);
}

/* Where the trace has holes, a limit may have been raised in one. */
static void test_uncertain(void **state) {
  static const uint64_t pairs[][2] = {
      {QUIC_TPARAM_INITIAL_MAX_DATA, 5},
      {QUIC_TPARAM_INITIAL_MAX_STREAMS_BIDI, 9}};

  (void)state;
  for (int holes = 0; holes < 2; holes++) {
    const quic_flow_violation *v = NULL;
    fixture f;

    begin(&f, QUIC_VANTAGE_NETWORK);
    events_parameters(&f.ev, S, pairs, 2);
    events_handshake(&f.ev);
    one(&f, S, holes ? 7 : 1, events_frame(QUIC_FRAME_PING));
    one(&f, C, 1, events_stream(0, 0, 10, false));
    for (size_t i = 0; (v = quic_flow_violation_at(quic_analysis_flow(f.a), i));
         i++) {
      assert_int_equal(v->certain, !holes);
    }
    assert_int_equal(quic_flow_violations(quic_analysis_flow(f.a),
                                          QUIC_FLOW_CONNECTION_DATA),
                     1);
    quic_analysis_del(f.a);
  }
}

/* Nothing of an event is taken on trust. */
static void test_odd(void **state) {
  quic_header header = {.type = (quic_packet_type)99};
  qlog_event e;
  fixture f;

  (void)state;
  begin(&f, QUIC_VANTAGE_NETWORK);
  for (int type = 0; type < QLOG_EVENT_TYPES; type++) {
    qlog_event_init(&e, (qlog_event_type)type, 5);
    f.ev.sink->event(f.ev.sink, &e);
  }
  qlog_event_init(&e, QLOG_PACKET_SENT, 5);
  e.u.packet.header = &header;
  f.ev.sink->event(f.ev.sink, &e);
  assert_int_equal(quic_analysis_totals(f.a, C)->packets, 0);
  header.type = QUIC_PACKET_1RTT;
  f.ev.sink->event(f.ev.sink, &e); /* of unknown length, on no address */
  assert_int_equal(quic_analysis_totals(f.a, C)->packets, 1);
  assert_int_equal(quic_analysis_totals(f.a, C)->octets, 0);
  quic_analysis_end(f.a, 0, QUIC_END_OF_TRACE);
  quic_analysis_del(f.a);
  quic_analysis_del(NULL);
}

/* A hostile connection takes no more memory than the caps allow. */
static void test_bounded(void **state) {
  quic_analysis_settings settings = {.sent_is_client = true};
  quic_analysis *a;
  failmem fm;
  events ev;

  (void)state;
  failmem_init(&fm);
  assert_int_equal(quic_analysis_new(&a, &fm.mem, &settings, NULL), 0);
  events_init(&ev, quic_analysis_sink(a));
  events_handshake(&ev);
  assert_true(fm.bytes < 16384);
  for (uint64_t i = 0; i < 60000; i++) {
    quic_frame f[2] = {events_stream(4 * i, 100 * i, 1, false),
                       events_acks(0, 3 * i)};

    ev.addr[C].port++;
    ev.key_phase++;
    events_packet(&ev, i & 1, QUIC_PACKET_1RTT, 5 * i + 2, f, 2);
  }
  quic_analysis_end(a, ev.now, QUIC_END_OF_TRACE);
  assert_true(fm.peak < 2 << 20);
  quic_analysis_del(a);
  assert_true(failmem_balanced(&fm));
}

static int sweep(const quic_mem *mem) {
  quic_analysis_settings settings = {.sent_is_client = true};
  quic_analysis *a;
  events ev;
  int rv = quic_analysis_new(&a, mem, &settings, NULL);

  if (rv != 0) {
    assert_null(a);
    return rv;
  }
  events_init(&ev, quic_analysis_sink(a));
  events_handshake(&ev);
  for (uint64_t i = 1; i < 60; i++) {
    quic_frame f[2] = {events_stream(4 * i, 10, 10, i % 2), events_acks(0, i)};

    ev.addr[C].port += i % 20 == 0;
    ev.key_phase = i / 20;
    events_packet(&ev, C, QUIC_PACKET_1RTT, 2 * i, f, 1);
    events_packet(&ev, S, QUIC_PACKET_1RTT, i, f, 2);
  }
  assert_int_equal(quic_analysis_totals(a, C)->packets, 59 + 4);
  quic_analysis_end(a, ev.now + 1, QUIC_END_OF_TRACE);
  assert_non_null(quic_analysis_close(a));
  quic_analysis_del(a);
  return 0;
}

/* Memory that is not there costs what it was for, never the run. */
static void test_nomem(void **state) {
  (void)state;
  for (int rest = 0; rest < 2; rest++) {
    size_t n = 1;

    for (;; n++) {
      failmem fm;
      int rv;

      failmem_init(&fm);
      if (rest) {
        failmem_fail_from(&fm, n);
      } else {
        failmem_fail_nth(&fm, n);
      }
      rv = sweep(&fm.mem);
      assert_int_equal(rv, n == 1 ? QUIC_ERR_NOMEM : 0);
      assert_true(failmem_balanced(&fm));
      if (fm.refused == 0) {
        break;
      }
    }
    assert_true(n > 20);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_totals),     cmocka_unit_test(test_shares),
      cmocka_unit_test(test_endpoint),   cmocka_unit_test(test_inferred),
      cmocka_unit_test(test_closed),     cmocka_unit_test(test_clock),
      cmocka_unit_test(test_unanswered), cmocka_unit_test(test_stand_in),
      cmocka_unit_test(test_late),       cmocka_unit_test(test_copies),
      cmocka_unit_test(test_uncertain),  cmocka_unit_test(test_odd),
      cmocka_unit_test(test_bounded),    cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("analysis", tests, NULL, NULL);
}
