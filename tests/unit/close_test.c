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

/* Logs of endpoints. */

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
      cmocka_unit_test(test_logs),          cmocka_unit_test(test_log_records),
  };

  return cmocka_run_group_tests_name("close", tests, NULL, NULL);
}
