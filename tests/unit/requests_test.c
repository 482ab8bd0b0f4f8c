/* Requests by their times. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/requests.h"
#include "tests/support/events.h"
#include "tests/support/failmem.h"

#define MS QUIC_MILLISECOND
#define C QUIC_SIDE_CLIENT
#define S QUIC_SIDE_SERVER

static const uint64_t seed[2] = {1, 2};

typedef struct fixture {
  qlog_sink sink;
  quic_requests *r;
  events ev;
} fixture;

static void on_event(qlog_sink *sink, const qlog_event *e) {
  quic_requests_event(((fixture *)(void *)sink)->r, e);
}

static void begin(fixture *f, bool client) {
  memset(f, 0, sizeof(*f));
  f->sink.event = on_event;
  assert_int_equal(quic_requests_new(&f->r, quic_mem_default(), client, seed),
                   0);
  events_init(&f->ev, &f->sink);
  f->ev.server_sends = !client;
}

static void one(fixture *f, int side, uint64_t number, quic_frame frame) {
  events_packet(&f->ev, side, QUIC_PACKET_1RTT, number, &frame, 1);
}

static quic_field field(const char *name, const char *value) {
  return (quic_field){quic_bytes_of(name, strlen(name)),
                      quic_bytes_of(value, strlen(value))};
}

static void headers(fixture *f, qlog_event_type type, uint64_t id,
                    const quic_field *fields, size_t n) {
  quic_h3_frame h = {.type = QUIC_H3_HEADERS};
  qlog_event e;

  qlog_event_init(&e, type, f->ev.now);
  e.record = ++f->ev.record;
  e.u.h3_frame.stream_id = id;
  e.u.h3_frame.frame = &h;
  e.u.h3_frame.fields = fields;
  e.u.h3_frame.nfields = n;
  f->ev.sink->event(f->ev.sink, &e);
}

static void data(fixture *f, qlog_event_type type, uint64_t id,
                 uint64_t length) {
  quic_h3_frame h = {.type = QUIC_H3_DATA};
  qlog_event e;

  qlog_event_init(&e, type, f->ev.now);
  e.u.h3_frame.stream_id = id;
  e.u.h3_frame.frame = &h;
  e.u.h3_frame.raw_length = length;
  f->ev.sink->event(f->ev.sink, &e);
}

static void test_streams(void **state) {
  const quic_request *q;
  quic_frame reset = events_frame(QUIC_FRAME_RESET_STREAM);
  fixture f;

  (void)state;
  for (int client = 0; client < 2; client++) {
    begin(&f, client);
    one(&f, C, 0, events_stream(0, 0, 40, true));
    one(&f, C, 1, events_stream(2, 0, 40, false)); /* no request */
    events_after(&f.ev, 20 * MS);
    one(&f, S, 0, events_stream(0, 0, 1000, false));
    events_after(&f.ev, 5 * MS);
    one(&f, S, 2, events_stream(0, 2000, 500, true));
    events_after(&f.ev, 30 * MS);
    one(&f, S, 3, events_stream(0, 1000, 1000, false));
    events_after(&f.ev, 30 * MS);
    one(&f, S, 4, events_stream(0, 0, 1000, false)); /* for nothing */
    one(&f, C, 3, events_stream(4, 0, 40, true));
    reset.u.reset_stream.stream_id = 4;
    reset.u.reset_stream.error_code = 0x10c;
    one(&f, S, 5, reset);

    assert_int_equal(quic_requests_count(f.r), 2);
    q = quic_requests_at(f.r, 0);
    assert_int_equal(q->stream_id, 0);
    assert_int_equal(q->start.time, QUIC_SECOND);
    assert_int_equal(q->start.record, 1);
    assert_int_equal(q->first.time, QUIC_SECOND + 20 * MS);
    assert_int_equal(q->end.time, QUIC_SECOND + 55 * MS);
    assert_int_equal(q->sent, 40);
    assert_int_equal(q->received, 2500);
    assert_true(q->finished);
    assert_int_equal(q->reset, QLOG_NONE);
    q = quic_requests_at(f.r, 1);
    assert_int_equal(q->stream_id, 4);
    assert_int_equal(q->reset, 0x10c);
    assert_false(q->finished);
    assert_false(quic_mark_set(&q->first));
    assert_null(quic_requests_at(f.r, 2));
    quic_requests_del(f.r);
  }
}

static void test_http3(void **state) {
  quic_field request[3], response[1];
  char longer[300];
  const quic_request *q;
  fixture f;

  (void)state;
  memset(longer, 'x', sizeof(longer));
  longer[sizeof(longer) - 1] = '\0';
  request[0] = field(":method", "GET");
  request[1] = field(":path", longer);
  request[2] = field(":authority", "example.org");
  request[2].value.len = 12; /* with an octet 0 at its end */
  response[0] = field(":status", "103");
  begin(&f, true);
  headers(&f, QLOG_H3_FRAME_CREATED, 8, request, 3);
  events_after(&f.ev, 10 * MS);
  headers(&f, QLOG_H3_FRAME_PARSED, 8, response, 1);
  response[0] = field(":status", "404");
  headers(&f, QLOG_H3_FRAME_PARSED, 8, response, 1);
  events_after(&f.ev, 10 * MS);
  data(&f, QLOG_H3_FRAME_PARSED, 8, 700);
  data(&f, QLOG_H3_FRAME_PARSED, 8, 300);

  q = quic_requests_at(f.r, 0);
  assert_string_equal(q->method, "GET");
  assert_int_equal(strlen(q->path), QUIC_REQUEST_TEXT_MAX - 1);
  assert_string_equal(q->authority, "example.org ");
  assert_int_equal(q->status, 404);
  assert_int_equal(q->received, 1000);
  assert_int_equal(q->first.time - q->start.time, 10 * MS);
  assert_int_equal(q->end.time - q->start.time, 20 * MS);
  assert_int_equal(q->start.record, 1);

  response[0] = field(":status", "99999999999999999999");
  headers(&f, QLOG_H3_FRAME_PARSED, 8, response, 1);
  assert_int_equal(quic_requests_at(f.r, 0)->status, 0);
  quic_requests_del(f.r);
}

/* STREAM frames count best: then lengths of DATA frames do not. */
static void test_both(void **state) {
  const quic_request *q;
  fixture f;

  (void)state;
  begin(&f, false);
  one(&f, C, 0, events_stream(0, 0, 40, true));
  data(&f, QLOG_H3_FRAME_CREATED, 0, 900);
  one(&f, S, 0, events_stream(0, 0, 905, true));
  q = quic_requests_at(f.r, 0);
  assert_int_equal(q->received, 905);
  assert_true(q->finished);
  quic_requests_del(f.r);
}

static void test_bounded(void **state) {
  fixture f;

  (void)state;
  begin(&f, true);
  for (uint64_t i = 0; i < QUIC_REQUESTS_MAX + 10; i++) {
    for (int again = 0; again < 2; again++) {
      one(&f, C, 2 * i, events_stream(4 * i, 0, 40, true));
    }
  }
  assert_int_equal(quic_requests_count(f.r), QUIC_REQUESTS_MAX + 10);
  assert_non_null(quic_requests_at(f.r, QUIC_REQUESTS_MAX - 1));
  assert_null(quic_requests_at(f.r, QUIC_REQUESTS_MAX));
  quic_requests_del(f.r);
}

static void test_nomem(void **state) {
  failmem fm;
  bool refused = true;

  (void)state;
  for (size_t n = 1; refused; n++) {
    fixture f = {.sink = {on_event}};

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    if (quic_requests_new(&f.r, &fm.mem, true, seed) == 0) {
      events_init(&f.ev, &f.sink);
      for (uint64_t i = 0; i < 100; i++) {
        one(&f, C, i, events_stream(4 * i, 0, 40, true));
      }
      assert_int_equal(quic_requests_count(f.r), 100);
      quic_requests_del(f.r);
    }
    assert_true(failmem_balanced(&fm));
    refused = fm.refused > 0;
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_streams), cmocka_unit_test(test_http3),
      cmocka_unit_test(test_both),    cmocka_unit_test(test_bounded),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
