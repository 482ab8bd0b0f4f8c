/* How connections end, as the logs of endpoints tell it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/analysis.h"
#include "tests/support/events.h"

#define MS QUIC_MILLISECOND
#define C QUIC_SIDE_CLIENT
#define S QUIC_SIDE_SERVER

typedef struct fixture {
  quic_analysis *a;
  events ev;
  quic_time end; /* of the trace; 0 = the last event */
  quic_analysis_reason reason;
} fixture;

static void alpn(fixture *f, const char *name) {
  qlog_event e;

  qlog_event_init(&e, QLOG_ALPN_INFORMATION, f->ev.now);
  e.u.alpn.chosen = quic_bytes_of(name, strlen(name));
  f->ev.sink->event(f->ev.sink, &e);
}

static void idle(fixture *f, int side, uint64_t ms) {
  const uint64_t pairs[][2] = {{QUIC_TPARAM_MAX_IDLE_TIMEOUT, ms}};

  events_parameters(&f->ev, side, pairs, 1);
}

static void established(fixture *f) {
  alpn(f, "h3");
  idle(f, C, 30000);
  idle(f, S, 60000);
  events_handshake(&f->ev);
  events_after(&f->ev, 1234 * MS);
}

static void one(fixture *f, int side, quic_packet_type type, uint64_t number,
                quic_frame frame) {
  events_packet(&f->ev, side, type, number, &frame, 1);
}

static void closed(fixture *f, int initiator, int trigger, uint64_t app,
                   uint64_t transport) {
  qlog_event e;

  qlog_event_init(&e, QLOG_CONNECTION_CLOSED, f->ev.now);
  e.u.closed.initiator = initiator;
  e.u.closed.trigger = trigger;
  e.u.closed.application_error = app;
  e.u.closed.connection_error = transport;
  f->ev.sink->event(f->ev.sink, &e);
}

typedef struct close_row {
  void (*tell)(fixture *f);
  quic_close_class class;
  int by;
  quic_close_state state;
  const char *sentence;
} close_row;

static const quic_close *settle(fixture *f) {
  quic_analysis_end(f->a, f->end ? f->end : f->ev.now, f->reason);
  return quic_analysis_close(f->a);
}

static void begin_log(fixture *f, quic_vantage vantage) {
  quic_analysis_settings settings = {
      .vantage = vantage, .sent_is_client = vantage == QUIC_VANTAGE_CLIENT};

  memset(f, 0, sizeof(*f));
  assert_int_equal(
      quic_analysis_new(&f->a, quic_mem_default(), &settings, NULL), 0);
  events_init(&f->ev, quic_analysis_sink(f->a));
  f->ev.server_sends = vantage == QUIC_VANTAGE_SERVER;
}

/* quiche calls every end before the handshake's a timeout of it. */
static void log_failed(fixture *f) {
  qlog_event e;

  qlog_event_init(&e, QLOG_CONNECTION_CLOSED, f->ev.now);
  e.record = 77;
  e.u.closed.trigger = QLOG_CLOSE_HANDSHAKE_TIMEOUT;
  e.u.closed.reason = quic_bytes_of("Failed to establish connection", 30);
  f->ev.sink->event(f->ev.sink, &e);
}

static void log_alert(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  one(f, S, QUIC_PACKET_INITIAL, 0, events_close(0x1c, 0x128, ""));
  log_failed(f);
}

static void log_timeout(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 20 * MS);
  one(f, S, QUIC_PACKET_INITIAL, 0, events_crypto(0, 90));
  one(f, C, QUIC_PACKET_HANDSHAKE, 0, events_crypto(0, 30));
  events_after(&f->ev, 5000 * MS);
}

static void log_stalled(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 20 * MS);
  one(f, S, QUIC_PACKET_INITIAL, 0, events_crypto(0, 90));
  events_after(&f->ev, 5000 * MS);
  one(f, C, QUIC_PACKET_INITIAL, 1, events_acks(0, 0));
  log_failed(f);
}

static void log_versions(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 20 * MS);
  events_packet(&f->ev, S, QUIC_PACKET_VERSION_NEGOTIATION, 0, NULL, 0);
  log_failed(f);
}

static void log_nobody(fixture *f) {
  for (uint64_t i = 0; i < 3; i++) {
    one(f, C, QUIC_PACKET_INITIAL, i, events_crypto(0, 300));
    events_after(&f->ev, 1000 * MS);
  }
}

/* ngtcp2 gives up with a code that says nothing. */
static void log_nobody_code(fixture *f) {
  log_nobody(f);
  one(f, C, QUIC_PACKET_INITIAL, 3, events_close(0x1c, 0xa, ""));
}

static void log_nobody_event(fixture *f) {
  log_nobody(f);
  log_failed(f);
}

/* quic-go tells of the packet after the event, and no code in the event. */
static void log_no_code(fixture *f) {
  established(f);
  closed(f, QLOG_LOCAL, QLOG_UNSET, QLOG_NONE, QLOG_NONE);
  one(f, C, QUIC_PACKET_1RTT, 2, events_close(0x1d, 0x10c, "bye"));
}

/* Both in the same millisecond: the first that is told closed. */
static void log_same_time(fixture *f) {
  established(f);
  one(f, S, QUIC_PACKET_1RTT, 2, events_close(0x1d, 0x100, ""));
  one(f, C, QUIC_PACKET_1RTT, 2, events_close(0x1c, 0, ""));
}

static void log_reset(fixture *f) {
  qlog_event e;

  established(f);
  qlog_event_init(&e, QLOG_PACKET_DROPPED, f->ev.now);
  e.record = 78;
  e.u.packet.stateless_reset = true;
  f->ev.sink->event(f->ev.sink, &e);
}

static void log_reset_event(fixture *f) {
  established(f);
  closed(f, QLOG_REMOTE, QLOG_CLOSE_STATELESS_RESET, QLOG_NONE, QLOG_NONE);
}

/* A reset is the end; what an endpoint sends then is none. */
static void log_reset_first(fixture *f) {
  log_reset(f);
  events_after(&f->ev, MS);
  one(f, C, QUIC_PACKET_1RTT, 2, events_close(0x1c, 1, ""));
}

static void log_clean(fixture *f) {
  established(f);
  closed(f, QLOG_LOCAL, QLOG_CLOSE_CLEAN, QLOG_NONE, QLOG_NONE);
}

static void log_error(fixture *f) {
  established(f);
  closed(f, QLOG_REMOTE, QLOG_CLOSE_ERROR, QLOG_NONE, QLOG_NONE);
}

static void log_application(fixture *f) {
  established(f);
  closed(f, QLOG_REMOTE, QLOG_CLOSE_APPLICATION, QLOG_NONE, QLOG_NONE);
}

static void log_bare(fixture *f) {
  established(f);
  closed(f, QLOG_LOCAL, QLOG_UNSET, QLOG_NONE, QLOG_NONE);
}

static void log_cut(fixture *f) {
  established(f);
  one(f, C, QUIC_PACKET_1RTT, 2, events_frame(QUIC_FRAME_PING));
  one(f, S, QUIC_PACKET_1RTT, 2, events_acks(2, 2));
  f->end = f->ev.now + 2000 * MS;
}

/* Times are cut to whole milliseconds: the timer may seem early. */
static void log_idle(fixture *f) {
  log_cut(f);
  f->end = f->ev.now + 29999 * MS;
}

/* The application's code without an ALPN that names it. */
static void log_no_alpn(fixture *f) {
  events_handshake(&f->ev);
  one(f, C, QUIC_PACKET_1RTT, 2, events_close(0x1d, 0x100, ""));
}

/* quinn once told nothing but metrics and the end. */
static void log_no_packets(fixture *f) {
  qlog_event e;

  qlog_event_init(&e, QLOG_RECOVERY_METRICS_UPDATED, f->ev.now);
  f->ev.sink->event(f->ev.sink, &e);
  events_after(&f->ev, 700 * MS);
  closed(f, QLOG_REMOTE, QLOG_UNSET, 0x100, QLOG_NONE);
}

/* Packets without frames were opened all the same. */
static void log_no_frames(fixture *f) {
  established(f);
  f->ev.closed = true;
  events_packet(&f->ev, S, QUIC_PACKET_1RTT, 0, NULL, 0);
  events_after(&f->ev, 10 * MS);
}

static const close_row log_rows[] = {
    {log_alert, QUIC_CLOSED_HANDSHAKE, S, QUIC_STATE_HANDSHAKE,
     "server ended the handshake with TLS alert 40 handshake_failure (0x128), "
     "0 us after the first packet"},
    {log_timeout, QUIC_CLOSED_NOT, -1, QUIC_STATE_COMPLETE,
     "no close recorded: the log ends at 5.020 s, 5.000 s after the last "
     "packet"},
    {log_stalled, QUIC_CLOSED_STALLED, S, QUIC_STATE_HANDSHAKE,
     "handshake never completed: server silent for 5.000 s"},
    {log_versions, QUIC_CLOSED_VERSION, S, QUIC_STATE_INITIAL,
     "server does not speak v1, and nothing followed its Version "
     "Negotiation"},
    {log_nobody, QUIC_CLOSED_NO_ANSWER, S, QUIC_STATE_INITIAL,
     "no answer: client sent 3 packets (2 probes) in 2.000 s, the server none"},
    {log_nobody_code, QUIC_CLOSED_NO_ANSWER, S, QUIC_STATE_INITIAL,
     "no answer: client sent 3 packets (2 probes) in 3.000 s, the server "
     "none; then client closed with transport error PROTOCOL_VIOLATION (0xa)"},
    {log_nobody_event, QUIC_CLOSED_NO_ANSWER, S, QUIC_STATE_INITIAL,
     "no answer: client sent 3 packets (2 probes) in 2.000 s, the server none"},
    {log_no_code, QUIC_CLOSED_APPLICATION, C, QUIC_STATE_CONFIRMED,
     "client closed with application error H3_REQUEST_CANCELLED (0x10c) "
     "\"bye\", 1.236 s after the handshake"},
    {log_same_time, QUIC_CLOSED_APPLICATION, S, QUIC_STATE_CONFIRMED,
     "server closed with application error H3_NO_ERROR (0x100), 1.236 s after "
     "the handshake; client answered with transport error 0x0"},
    {log_reset, QUIC_CLOSED_RESET, S, QUIC_STATE_CONFIRMED,
     "server sent a stateless reset: it no longer knew the connection, 1.236 s "
     "after the handshake"},
    {log_reset_event, QUIC_CLOSED_RESET, S, QUIC_STATE_CONFIRMED,
     "server sent a stateless reset: it no longer knew the connection, 1.236 s "
     "after the handshake"},
    {log_reset_first, QUIC_CLOSED_RESET, S, QUIC_STATE_CONFIRMED,
     "server sent a stateless reset: it no longer knew the connection, 1.236 s "
     "after the handshake"},
    {log_clean, QUIC_CLOSED_TRANSPORT, C, QUIC_STATE_CONFIRMED,
     "client closed without an error, 1.236 s after the handshake"},
    {log_error, QUIC_CLOSED_TRANSPORT, S, QUIC_STATE_CONFIRMED,
     "server closed with an error that is not told, 1.236 s after the "
     "handshake"},
    {log_application, QUIC_CLOSED_APPLICATION, S, QUIC_STATE_CONFIRMED,
     "server closed with application error of unknown code, 1.236 s after the "
     "handshake"},
    {log_bare, QUIC_CLOSED_TRANSPORT, C, QUIC_STATE_CONFIRMED,
     "client closed, and the log does not tell why, 1.236 s after the "
     "handshake"},
    {log_cut, QUIC_CLOSED_NOT, -1, QUIC_STATE_CONFIRMED,
     "no close recorded: the log ends at 3.244 s, 2.000 s after the last "
     "packet, before the client's max_idle_timeout of 30.000 s"},
    {log_idle, QUIC_CLOSED_IDLE, -1, QUIC_STATE_CONFIRMED,
     "idle timeout must have fired: silent 29.999 s, the whole of the client's "
     "max_idle_timeout of 30.000 s"},
    {log_no_alpn, QUIC_CLOSED_APPLICATION, C, QUIC_STATE_CONFIRMED,
     "client closed with application error H3_NO_ERROR (0x100), 2.0 ms after "
     "the handshake"},
    {log_no_packets, QUIC_CLOSED_APPLICATION, S, QUIC_STATE_UNKNOWN,
     "server closed with application error H3_NO_ERROR (0x100), 700.0 ms after "
     "the first packet"},
    {log_no_frames, QUIC_CLOSED_NOT, -1, QUIC_STATE_CONFIRMED,
     "no close recorded: the log ends at 1.254 s, 10.0 ms after the last "
     "packet, before the client's max_idle_timeout of 30.000 s"},
};

static void test_logs(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(log_rows) / sizeof(log_rows[0]); i++) {
    const close_row *r = &log_rows[i];
    const quic_close *c;
    char buf[512];
    quic_text t;
    fixture f;

    begin_log(&f, QUIC_VANTAGE_CLIENT);
    r->tell(&f);
    c = settle(&f);
    quic_text_init(&t, buf, sizeof(buf));
    quic_close_sentence(c, &t);
    if (c->class != r->class || c->by != r->by || c->state != r->state ||
        strcmp(quic_text_cstr(&t), r->sentence) != 0) {
      fail_msg("row %zu: %s by %s in %s: %s", i,
               quic_close_class_name(c->class), quic_side_name(c->by),
               quic_close_state_name(c->state), quic_text_cstr(&t));
    }
    assert_int_equal(c->local, C);
    quic_analysis_del(f.a);
  }
}

/* Evidence names the records of a log; who received is the other side. */
static void test_log_records(void **state) {
  const quic_close *c;
  fixture f;

  (void)state;
  begin_log(&f, QUIC_VANTAGE_SERVER);
  log_reset(&f);
  c = settle(&f);
  assert_int_equal(c->by, C);
  assert_int_equal(c->at.record, 78);
  quic_analysis_del(f.a);

  begin_log(&f, QUIC_VANTAGE_SERVER);
  log_stalled(&f);
  c = settle(&f);
  assert_int_equal(c->evidence[0].shows, QUIC_SHOWS_EVENT);
  assert_int_equal(c->evidence[0].at.record, 77);
  assert_int_equal(c->phrase_len, 30);
  quic_analysis_del(f.a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_logs),
      cmocka_unit_test(test_log_records),
  };

  return cmocka_run_group_tests_name("close_log", tests, NULL, NULL);
}
