/* How connections end: each class, by whom, and its sentence. */

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

/* What is told before the end. */

static void tell_application(fixture *f) {
  quic_h3_frame goaway = {.type = QUIC_H3_GOAWAY};
  qlog_event e;

  established(f);
  one(f, C, QUIC_PACKET_1RTT, 1, events_stream(0, 0, 10, false));
  qlog_event_init(&e, QLOG_H3_FRAME_PARSED, f->ev.now);
  e.u.h3_frame.frame = &goaway;
  f->ev.sink->event(f->ev.sink, &e);
  one(f, S, QUIC_PACKET_1RTT, 1, events_close(0x1d, 0x100, ""));
  one(f, S, QUIC_PACKET_1RTT, 2, events_close(0x1d, 0x100, ""));
}

static void tell_answer(fixture *f) {
  established(f);
  one(f, C, QUIC_PACKET_1RTT, 1,
      events_close(0x1d, 0x10c, "user \x1b[2J \"left\""));
  one(f, S, QUIC_PACKET_1RTT, 1, events_close(0x1c, 0, ""));
}

static void tell_transport(fixture *f) {
  quic_frame frame = events_close(0x1c, 0x07, "bad");

  established(f);
  frame.u.close.frame_type = QUIC_FRAME_MAX_STREAMS_BIDI;
  one(f, S, QUIC_PACKET_1RTT, 1, frame);
}

static void tell_no_error(fixture *f) {
  established(f);
  one(f, C, QUIC_PACKET_1RTT, 1, events_close(0x1c, 0, ""));
}

static void tell_alert(fixture *f) {
  quic_frame frame = events_close(0x1c, 0x12a, "no");

  frame.u.close.frame_type = QUIC_FRAME_CRYPTO;
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 2 * MS);
  one(f, S, QUIC_PACKET_INITIAL, 0, events_crypto(0, 90));
  events_after(&f->ev, 2 * MS);
  one(f, C, QUIC_PACKET_HANDSHAKE, 0, frame);
}

/* Keys of 1-RTT are there before the certificate is liked. */
static void tell_alert_1rtt(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 2 * MS);
  one(f, S, QUIC_PACKET_INITIAL, 0, events_crypto(0, 90));
  events_after(&f->ev, 2 * MS);
  one(f, C, QUIC_PACKET_1RTT, 0, events_close(0x1c, 0x12a, ""));
}

/* TLS KeyUpdate, which QUIC has not (RFC 9001 §6). */
static void tell_alert_confirmed(fixture *f) {
  established(f);
  one(f, S, QUIC_PACKET_1RTT, 1, events_close(0x1c, 0x10a, ""));
}

static void tell_refused(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 900000);
  one(f, S, QUIC_PACKET_INITIAL, 0, events_close(0x1c, 0x02, ""));
}

/* Only the 1-RTT packets are in the trace. */
static void tell_middle(fixture *f) {
  one(f, C, QUIC_PACKET_1RTT, 50, events_frame(QUIC_FRAME_PING));
  events_after(&f->ev, 70 * MS);
  one(f, S, QUIC_PACKET_1RTT, 9, events_close(0x1c, 0x03, ""));
}

static void tell_idle(fixture *f) {
  established(f);
  one(f, C, QUIC_PACKET_1RTT, 1, events_frame(QUIC_FRAME_PING));
  one(f, S, QUIC_PACKET_1RTT, 1, events_acks(0, 1));
  f->end = f->ev.now + 31200 * MS;
}

static void tell_open(fixture *f) {
  tell_idle(f);
  f->end = f->ev.now + 2000 * MS;
}

static void tell_no_idle(fixture *f) {
  idle(f, C, 0);
  idle(f, S, 0);
  events_handshake(&f->ev);
  f->end = f->ev.now + 90 * QUIC_SECOND;
}

/* 3 PTO is the least (RFC 9000 §10.1). */
static void tell_short_idle(fixture *f) {
  idle(f, C, 1);
  events_handshake(&f->ev);
  f->end = f->ev.now + 50 * MS;
}

static void tell_reset(fixture *f) {
  qlog_event e;

  established(f);
  one(f, C, QUIC_PACKET_1RTT, 1, events_frame(QUIC_FRAME_PING));
  events_after(&f->ev, 6 * MS);
  qlog_event_init(&e, QLOG_PACKET_RECEIVED, f->ev.now);
  e.u.packet.header = &f->ev.header;
  e.u.packet.stateless_reset = true;
  f->ev.sink->event(f->ev.sink, &e);
}

static void tell_version(fixture *f) {
  f->ev.version = 0x1a2a3a4a;
  f->ev.closed = true;
  events_packet(&f->ev, C, QUIC_PACKET_UNKNOWN, 0, NULL, 0);
  events_after(&f->ev, MS);
  events_packet(&f->ev, S, QUIC_PACKET_VERSION_NEGOTIATION, 0, NULL, 0);
}

static void tell_new_version(fixture *f) {
  tell_version(f);
  f->reason = QUIC_END_SUPERSEDED;
}

static void tell_no_version(fixture *f) {
  static const uint8_t versions[4] = {0, 0, 0, 2};
  qlog_event e;

  qlog_event_init(&e, QLOG_VERSION_INFORMATION, f->ev.now);
  e.u.versions.server_versions = quic_bytes_of(versions, sizeof(versions));
  f->ev.sink->event(f->ev.sink, &e);
}

/* One that comes when the handshake is over tells of some other packet. */
static void tell_late_version(fixture *f) {
  established(f);
  tell_no_version(f);
  events_packet(&f->ev, S, QUIC_PACKET_VERSION_NEGOTIATION, 0, NULL, 0);
  events_after(&f->ev, MS);
  one(f, C, QUIC_PACKET_1RTT, 2, events_frame(QUIC_FRAME_PING));
}

/* The client went on in another version, and then there was nothing. */
static void tell_version_stall(fixture *f) {
  tell_version(f);
  tell_no_version(f);
  f->ev.closed = false;
  f->ev.version = 1;
  events_after(&f->ev, MS);
  one(f, C, QUIC_PACKET_INITIAL, 1, events_crypto(0, 300));
  events_after(&f->ev, MS);
  one(f, S, QUIC_PACKET_INITIAL, 0, events_crypto(0, 90));
  f->end = f->ev.now + 60 * QUIC_SECOND;
}

/* Captures of one direction. */

static void tell_client_only(fixture *f) {
  idle(f, C, 30000);
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 30 * MS);
  one(f, C, QUIC_PACKET_HANDSHAKE, 0, events_crypto(0, 52));
  for (uint64_t i = 0; i < 10; i++) {
    one(f, C, QUIC_PACKET_1RTT, i, events_stream(0, 10 * i, 10, false));
    events_after(&f->ev, 1000 * MS);
  }
  f->end = f->ev.now + 100 * QUIC_SECOND;
}

static void tell_server_only(fixture *f) {
  f->ev.closed = true;
  for (uint64_t i = 0; i < 10; i++) {
    events_packet(&f->ev, S, QUIC_PACKET_1RTT, 0, NULL, 0);
    events_after(&f->ev, 1000 * MS);
  }
}

static void tell_no_answer(fixture *f) {
  for (uint64_t i = 0; i < 4; i++) {
    one(f, C, QUIC_PACKET_INITIAL, i, events_crypto(0, 300));
    events_after(&f->ev, (1000 * MS) << i);
  }
}

static void tell_one_try(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  f->end = f->ev.now + 60 * QUIC_SECOND;
}

static void tell_just_begun(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  f->end = f->ev.now + 800 * MS;
}

static void tell_stall(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 10 * MS);
  one(f, S, QUIC_PACKET_INITIAL, 0, events_crypto(0, 90));
  for (uint64_t i = 0; i < 4; i++) {
    one(f, S, QUIC_PACKET_HANDSHAKE, i, events_crypto(0, 900));
    events_after(&f->ev, (1000 * MS) << i);
  }
}

/* RFC 9000 §8.1: what the server may send is used up. */
static void tell_limited(fixture *f) {
  f->ev.length = 1200;
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 5 * MS);
  one(f, S, QUIC_PACKET_INITIAL, 0, events_crypto(0, 90));
  one(f, S, QUIC_PACKET_HANDSHAKE, 0, events_crypto(0, 1100));
  one(f, S, QUIC_PACKET_HANDSHAKE, 1, events_crypto(1100, 1100));
  events_after(&f->ev, 20 * MS);
  f->ev.length = 60;
  one(f, C, QUIC_PACKET_INITIAL, 1, events_acks(0, 0));
  f->end = f->ev.now + 60 * QUIC_SECOND;
}

static void tell_retry_stall(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 5 * MS);
  f->ev.closed = true;
  events_packet(&f->ev, S, QUIC_PACKET_RETRY, 0, NULL, 0);
  f->end = f->ev.now + 60 * QUIC_SECOND;
}

static void tell_vanished(fixture *f) {
  established(f);
  one(f, C, QUIC_PACKET_1RTT, 1, events_stream(0, 0, 10, true));
  for (uint64_t i = 1; i < 6; i++) {
    events_after(&f->ev, (50 * MS) << i);
    one(f, S, QUIC_PACKET_1RTT, i, events_stream(0, 10 * i, 10, false));
  }
}

static void tell_superseded(fixture *f) {
  one(f, C, QUIC_PACKET_INITIAL, 0, events_crypto(0, 300));
  events_after(&f->ev, 3 * MS);
  f->ev.closed = true;
  events_packet(&f->ev, S, QUIC_PACKET_RETRY, 0, NULL, 0);
  f->reason = QUIC_END_SUPERSEDED;
}

static void tell_closed_tail(fixture *f) {
  established(f);
  f->ev.closed = true;
  events_packet(&f->ev, C, QUIC_PACKET_1RTT, 0, NULL, 0);
  events_packet(&f->ev, S, QUIC_PACKET_1RTT, 0, NULL, 0);
  f->end = f->ev.now + 100 * QUIC_SECOND;
}

static void tell_unknown_version(fixture *f) {
  f->ev.closed = true;
  f->ev.version = 0x51303433;
  events_packet(&f->ev, C, QUIC_PACKET_UNKNOWN, 0, NULL, 0);
  events_after(&f->ev, MS);
  events_packet(&f->ev, S, QUIC_PACKET_UNKNOWN, 0, NULL, 0);
  f->end = f->ev.now + 100 * QUIC_SECOND;
}

static void tell_event_idle(fixture *f) {
  established(f);
  closed(f, QLOG_LOCAL, QLOG_CLOSE_IDLE_TIMEOUT, QLOG_NONE, QLOG_NONE);
}

static void tell_event_code(fixture *f) {
  established(f);
  closed(f, QLOG_REMOTE, QLOG_CLOSE_APPLICATION, 0x101, QLOG_NONE);
}

/* The frame says more than the event (some triggers lie). */
static void tell_event_and_frame(fixture *f) {
  tell_alert(f);
  closed(f, QLOG_LOCAL, QLOG_CLOSE_IDLE_TIMEOUT, QLOG_NONE, QLOG_NONE);
}

/* "unspecified" says nothing: the packets decide. */
static void tell_event_empty(fixture *f) {
  tell_idle(f);
  closed(f, QLOG_UNSET, QLOG_CLOSE_UNSPECIFIED, QLOG_NONE, QLOG_NONE);
}

typedef struct close_row {
  void (*tell)(fixture *f);
  quic_close_class class;
  int by;
  quic_close_state state;
  const char *sentence;
} close_row;

static const close_row rows[] = {
    {tell_application, QUIC_CLOSED_APPLICATION, S, QUIC_STATE_CONFIRMED,
     "server closed with application error H3_NO_ERROR (0x100) after GOAWAY, "
     "1.236 s after the handshake, 1 request open"},
    {tell_answer, QUIC_CLOSED_APPLICATION, C, QUIC_STATE_CONFIRMED,
     "client closed with application error H3_REQUEST_CANCELLED (0x10c) "
     "\"user \\x1b[2J \\\"left\\\"\", 1.236 s after the handshake; server "
     "answered with transport error 0x0"},
    {tell_transport, QUIC_CLOSED_TRANSPORT, S, QUIC_STATE_CONFIRMED,
     "server closed with transport error FRAME_ENCODING_ERROR (0x7) \"bad\" at "
     "a frame MAX_STREAMS, 1.236 s after the handshake"},
    {tell_no_error, QUIC_CLOSED_TRANSPORT, C, QUIC_STATE_CONFIRMED,
     "client closed without an error, transport error NO_ERROR (0x0), 1.236 s "
     "after the handshake"},
    {tell_alert, QUIC_CLOSED_HANDSHAKE, C, QUIC_STATE_HANDSHAKE,
     "client ended the handshake with TLS alert 42 bad_certificate (0x12a) "
     "\"no\" at a frame CRYPTO, 4.0 ms after the first packet"},
    {tell_alert_1rtt, QUIC_CLOSED_HANDSHAKE, C, QUIC_STATE_COMPLETE,
     "client ended the handshake with TLS alert 42 bad_certificate (0x12a), "
     "4.0 ms after the first packet"},
    {tell_alert_confirmed, QUIC_CLOSED_TRANSPORT, S, QUIC_STATE_CONFIRMED,
     "server closed with TLS alert 10 unexpected_message (0x10a), 1.236 s "
     "after the handshake"},
    {tell_refused, QUIC_CLOSED_HANDSHAKE, S, QUIC_STATE_HANDSHAKE,
     "server closed during the handshake with transport error "
     "CONNECTION_REFUSED (0x2), 900 us after the first packet"},
    {tell_middle, QUIC_CLOSED_TRANSPORT, S, QUIC_STATE_COMPLETE,
     "server closed with transport error FLOW_CONTROL_ERROR (0x3), 70.0 ms "
     "after the first packet"},
    {tell_idle, QUIC_CLOSED_IDLE, -1, QUIC_STATE_CONFIRMED,
     "idle timeout must have fired: silent 31.200 s, longer than the client's "
     "max_idle_timeout of 30.000 s"},
    {tell_open, QUIC_CLOSED_NOT, -1, QUIC_STATE_CONFIRMED,
     "still open: the trace ends 2.000 s after the last packet, before the "
     "client's max_idle_timeout of 30.000 s"},
    {tell_no_idle, QUIC_CLOSED_NOT, -1, QUIC_STATE_CONFIRMED,
     "still open: the trace ends 90.000 s after the last packet, and neither "
     "side has an idle timeout"},
    {tell_short_idle, QUIC_CLOSED_NOT, -1, QUIC_STATE_CONFIRMED,
     "still open: the trace ends 50.0 ms after the last packet, before 3 "
     "PTOs of 47.2 ms, more than the client's max_idle_timeout"},
    {tell_reset, QUIC_CLOSED_RESET, S, QUIC_STATE_CONFIRMED,
     "server sent a stateless reset: it no longer knew the connection, 1.242 s "
     "after the handshake"},
    {tell_version, QUIC_CLOSED_VERSION, S, QUIC_STATE_INITIAL,
     "server does not speak greased 0x1a2a3a4a, and nothing followed its "
     "Version Negotiation"},
    {tell_new_version, QUIC_CLOSED_SUPERSEDED, S, QUIC_STATE_INITIAL,
     "server does not speak greased 0x1a2a3a4a: the client started over as "
     "another connection"},
    {tell_no_version, QUIC_CLOSED_VERSION, -1, QUIC_STATE_UNKNOWN,
     "no version in common, and nothing followed"},
    {tell_late_version, QUIC_CLOSED_NOT, -1, QUIC_STATE_CONFIRMED,
     "still open: the trace ends with its last packet, before the client's "
     "max_idle_timeout of 30.000 s"},
    {tell_version_stall, QUIC_CLOSED_STALLED, C, QUIC_STATE_HANDSHAKE,
     "handshake never completed: client silent for 60.001 s, server sent 1 "
     "packet"},
    {tell_client_only, QUIC_CLOSED_UNKNOWN, -1, QUIC_STATE_COMPLETE,
     "not determinable: only one direction is in the trace, silent 101.000 s"},
    {tell_server_only, QUIC_CLOSED_UNKNOWN, -1, QUIC_STATE_UNKNOWN,
     "not determinable: only one direction is in the trace, silent 1.000 s"},
    {tell_no_answer, QUIC_CLOSED_NO_ANSWER, S, QUIC_STATE_INITIAL,
     "no answer: client sent 4 packets (3 probes) in 7.000 s, the server none"},
    {tell_one_try, QUIC_CLOSED_NO_ANSWER, S, QUIC_STATE_INITIAL,
     "no answer: client sent 1 packet, the server none"},
    {tell_just_begun, QUIC_CLOSED_NOT, -1, QUIC_STATE_INITIAL,
     "still open: the trace ends 800.0 ms after the last packet"},
    {tell_stall, QUIC_CLOSED_STALLED, C, QUIC_STATE_HANDSHAKE,
     "handshake never completed: client silent for 15.010 s, server sent 5 "
     "packets (3 probes) in 7.000 s"},
    {tell_limited, QUIC_CLOSED_STALLED, S, QUIC_STATE_HANDSHAKE,
     "handshake never completed: server silent for 60.020 s at 3 times what "
     "the client sent"},
    {tell_retry_stall, QUIC_CLOSED_STALLED, C, QUIC_STATE_INITIAL,
     "handshake never completed: client silent for 60.005 s after the Retry, "
     "server sent 1 packet"},
    {tell_vanished, QUIC_CLOSED_VANISHED, C, QUIC_STATE_CONFIRMED,
     "client fell silent, 1.236 s after the handshake: server sent 5 packets "
     "(4 probes) in 3.000 s without an answer, 1 request open"},
    {tell_superseded, QUIC_CLOSED_SUPERSEDED, C, QUIC_STATE_INITIAL,
     "the client started over as another connection, 3.0 ms after the first "
     "packet"},
    {tell_closed_tail, QUIC_CLOSED_UNKNOWN, -1, QUIC_STATE_CONFIRMED,
     "not determinable: the last packets were not opened, silent 100.000 s"},
    {tell_unknown_version, QUIC_CLOSED_UNKNOWN, -1, QUIC_STATE_INITIAL,
     "not determinable: the last packets were not opened, silent 100.000 s"},
    {tell_event_idle, QUIC_CLOSED_IDLE, C, QUIC_STATE_CONFIRMED,
     "idle timeout, as the endpoint says, 1.236 s after the handshake"},
    {tell_event_code, QUIC_CLOSED_APPLICATION, S, QUIC_STATE_CONFIRMED,
     "server closed with application error H3_GENERAL_PROTOCOL_ERROR (0x101), "
     "1.236 s after the handshake"},
    {tell_event_and_frame, QUIC_CLOSED_HANDSHAKE, C, QUIC_STATE_HANDSHAKE,
     "client ended the handshake with TLS alert 42 bad_certificate (0x12a) "
     "\"no\" at a frame CRYPTO, 4.0 ms after the first packet"},
    {tell_event_empty, QUIC_CLOSED_IDLE, -1, QUIC_STATE_CONFIRMED,
     "idle timeout must have fired: silent 31.200 s, longer than the client's "
     "max_idle_timeout of 30.000 s"},
};

static void begin(fixture *f) {
  quic_analysis_settings settings = {.vantage = QUIC_VANTAGE_NETWORK,
                                     .sent_is_client = true};

  memset(f, 0, sizeof(*f));
  assert_int_equal(
      quic_analysis_new(&f->a, quic_mem_default(), &settings, NULL), 0);
  events_init(&f->ev, quic_analysis_sink(f->a));
}

static const quic_close *settle(fixture *f) {
  quic_analysis_end(f->a, f->end ? f->end : f->ev.now, f->reason);
  return quic_analysis_close(f->a);
}

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const close_row *r = &rows[i];
    const quic_close *c;
    char buf[512];
    quic_text t;
    fixture f;

    begin(&f);
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
    assert_true(c->nevidence > 0 || r->tell == tell_no_version);
    for (size_t k = 0; k < c->nevidence; k++) {
      assert_true(quic_mark_set(&c->evidence[k].at));
    }
    quic_analysis_del(f.a);
  }
}

/* Every class has a row, a key and, cut anywhere, a sentence. */
static void test_names(void **state) {
  bool tried[QUIC_CLOSED_CLASSES] = {false};

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    tried[rows[i].class] = true;
  }
  for (int i = 0; i < QUIC_CLOSED_CLASSES; i++) {
    assert_true(tried[i]);
    assert_non_null(quic_close_class_name((quic_close_class)i));
    for (int k = 0; k < i; k++) {
      assert_string_not_equal(quic_close_class_name((quic_close_class)i),
                              quic_close_class_name((quic_close_class)k));
    }
  }
  for (int i = 0; i < QUIC_SHOWS_KINDS; i++) {
    assert_non_null(quic_close_shows_name((quic_close_shows)i));
  }
  assert_null(quic_close_space_name(QUIC_CLOSE_SPACE_NONE));
}

static void test_details(void **state) {
  char phrase[400];
  const quic_close *c;
  fixture f;

  (void)state;
  begin(&f);
  tell_application(&f);
  c = settle(&f);
  assert_false(c->inferred);
  assert_false(c->needs_keys);
  assert_int_equal(c->frames[S].count, 2);
  assert_int_equal(c->open_streams, 1);
  assert_int_equal(c->unacked, 1); /* the client's last packet */
  assert_int_equal(c->goaway_by, S);
  assert_int_equal(c->idle_timeout, 30 * QUIC_SECOND);
  assert_int_equal(c->idle_by, C);
  assert_int_equal(c->evidence[0].shows, QUIC_SHOWS_CLOSE);
  assert_int_equal(c->evidence[0].at.number, 1);
  assert_int_equal(c->evidence[0].at.type, QUIC_PACKET_1RTT);
  quic_analysis_del(f.a);

  /* A phrase is kept as far as there is room. */
  memset(phrase, 'x', sizeof(phrase));
  phrase[sizeof(phrase) - 1] = 0;
  begin(&f);
  established(&f);
  one(&f, C, QUIC_PACKET_1RTT, 1, events_close(0x1c, 0x1, phrase));
  c = settle(&f);
  assert_int_equal(c->phrase_len, QUIC_CLOSE_PHRASE_MAX);
  assert_true(c->frames[C].phrase_cut);
  quic_analysis_del(f.a);

  /* One error in several packets: the one in 1-RTT says what it is (RFC 9000
     §10.2.3). */
  begin(&f);
  events_handshake(&f.ev);
  one(&f, S, QUIC_PACKET_HANDSHAKE, 5, events_close(0x1c, 0x0c, ""));
  f.ev.joins = true;
  one(&f, S, QUIC_PACKET_1RTT, 5, events_close(0x1d, 0x102, "why"));
  c = settle(&f);
  assert_int_equal(c->class, QUIC_CLOSED_APPLICATION);
  assert_int_equal(c->code, 0x102);
  quic_analysis_del(f.a);
}

/* Where one direction is missing, nothing is known to be left undone. */
static void test_one_direction(void **state) {
  const quic_close *c;
  fixture f;

  (void)state;
  begin(&f);
  tell_client_only(&f);
  one(&f, C, QUIC_PACKET_1RTT, 10, events_close(0x1d, 0x100, ""));
  c = settle(&f);
  assert_int_equal(c->class, QUIC_CLOSED_APPLICATION);
  assert_int_equal(c->open_streams, 0);
  assert_int_equal(c->open_requests, 0);
  assert_int_equal(c->unacked, 0);
  quic_analysis_del(f.a);
}

/* Settled again when more came. */
static void test_again(void **state) {
  fixture f;

  (void)state;
  begin(&f);
  tell_idle(&f);
  assert_int_equal(settle(&f)->class, QUIC_CLOSED_IDLE);
  f.end = 0;
  one(&f, S, QUIC_PACKET_1RTT, 3, events_close(0x1d, 0x100, ""));
  assert_int_equal(settle(&f)->class, QUIC_CLOSED_APPLICATION);
  quic_analysis_del(f.a);
}

static void test_duration(void **state) {
  static const struct duration_row {
    quic_duration d;
    const char *text;
  } durations[] = {
      {0, "0 us"},
      {999, "0 us"},
      {870000, "870 us"},
      {MS, "1.0 ms"},
      {15290000, "15.2 ms"},
      {999999999, "999.9 ms"},
      {QUIC_SECOND, "1.000 s"},
      {61 * QUIC_SECOND + 5 * MS, "61.005 s"},
      {QLOG_NONE, "?"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(durations) / sizeof(durations[0]); i++) {
    char buf[64];
    quic_text t;

    quic_text_init(&t, buf, sizeof(buf));
    quic_close_duration(&t, durations[i].d);
    assert_string_equal(quic_text_cstr(&t), durations[i].text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),          cmocka_unit_test(test_names),
      cmocka_unit_test(test_details),       cmocka_unit_test(test_again),
      cmocka_unit_test(test_one_direction), cmocka_unit_test(test_duration),
  };

  return cmocka_run_group_tests_name("close", tests, NULL, NULL);
}
