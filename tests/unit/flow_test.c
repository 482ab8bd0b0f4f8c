/* Streams and flow control (RFC 9000 §2 to §4, §19). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/flow.h"
#include "base/rng.h"
#include "tests/support/events.h"
#include "tests/support/failmem.h"
#include "wire/varint.h"

#define MS QUIC_MILLISECOND
#define C QUIC_SIDE_CLIENT
#define S QUIC_SIDE_SERVER

static const uint64_t seed[2] = {1, 2};

static quic_flow *begin(void) {
  quic_flow *flow;

  assert_int_equal(quic_flow_new(&flow, quic_mem_default(), seed, NULL, NULL),
                   0);
  return flow;
}

static uint64_t give(quic_flow *flow, int side, quic_frame f, quic_time now) {
  quic_mark at = {now, 7, 3, (int8_t)side, QUIC_PACKET_1RTT};

  return quic_flow_frame(flow, &f, QUIC_SPACE_APP, &at);
}

/* parameters allows the other side 100 octets on what |side| opens, 200 on what
   the other opens, 50 on its unidirectional streams, 1000 in all, 3 and 2
   streams. */
static void parameters(quic_flow *flow, int side) {
  static const uint64_t pairs[][2] = {{0x05, 100},  {0x06, 200}, {0x07, 50},
                                      {0x04, 1000}, {0x08, 3},   {0x09, 2}};
  uint8_t body[64];
  quic_tparams list;
  quic_writer wr;

  quic_writer_init(&wr, body, sizeof(body));
  for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
    quic_writer_varint(&wr, pairs[i][0]);
    quic_writer_varint(&wr, quic_varint_len(pairs[i][1]));
    quic_writer_varint(&wr, pairs[i][1]);
  }
  assert_int_equal(quic_tparams_decode(
                       &list, quic_bytes_of(body, quic_writer_len(&wr)), NULL),
                   0);
  quic_flow_parameters(flow, side, &list);
}

static void test_octets(void **state) {
  quic_flow *flow = begin();
  const quic_flow_stream *s;
  const quic_flow_side *side = quic_flow_side_of(flow, C);

  (void)state;
  assert_int_equal(give(flow, C, events_stream(0, 0, 10, false), 1), 0);
  assert_int_equal(give(flow, C, events_stream(0, 20, 10, false), 2), 0);
  assert_int_equal(give(flow, C, events_stream(0, 5, 10, false), 3), 5);
  s = quic_flow_find(flow, 0);
  assert_non_null(s);
  assert_int_equal(s->half[C].seen.prefix, 15);
  assert_int_equal(s->half[C].highest, 30);
  assert_int_equal(s->half[C].octets, 30);
  assert_int_equal(s->half[C].repeated, 5);
  assert_int_equal(s->half[C].first, 1);
  assert_int_equal(s->half[C].last, 3);
  assert_false(s->half[S].used);
  assert_int_equal(side->octets, 30);
  assert_int_equal(side->repeated, 5);
  assert_int_equal(side->sum, 30);
  give(flow, C, events_stream(4, 0, 0, false), 3);
  give(flow, S, events_stream(0, 0, 7, true), 3);
  assert_int_equal(side->opened[0], 2);
  assert_int_equal(quic_flow_open(flow), 2);
  /* The last octets finish it in both directions. */
  give(flow, C, events_stream(0, 15, 5, false), 4);
  give(flow, C, events_stream(0, 30, 0, true), 5);
  assert_null(quic_flow_find(flow, 0));
  assert_int_equal(quic_flow_open(flow), 1);
  assert_ptr_equal(quic_flow_first(flow), quic_flow_find(flow, 4));
  assert_int_equal(quic_flow_open_max(flow), 2);
  /* What comes after that is known. */
  assert_int_equal(give(flow, C, events_stream(0, 0, 12, false), 6), 12);
  assert_int_equal(quic_flow_open(flow), 1);
  assert_int_equal(quic_flow_streams(flow, 0), 2);
  for (int i = 0; i < QUIC_FLOW_KINDS; i++) {
    assert_int_equal(quic_flow_violations(flow, (quic_flow_kind)i), 0);
  }
  quic_flow_del(flow);
}

static quic_frame reset(uint64_t id, uint64_t code, uint64_t size) {
  quic_frame f = events_frame(QUIC_FRAME_RESET_STREAM);

  f.u.reset_stream.stream_id = id;
  f.u.reset_stream.error_code = code;
  f.u.reset_stream.final_size = size;
  return f;
}

static quic_frame stop(uint64_t id, uint64_t code) {
  quic_frame f = events_frame(QUIC_FRAME_STOP_SENDING);

  f.u.stop_sending.stream_id = id;
  f.u.stop_sending.error_code = code;
  return f;
}

/* A rule that is broken: what leads to it, the frame, what is told. */
typedef struct violation_row {
  const char *what;
  int side;
  quic_frame first, frame;
  quic_flow_kind kind;
  uint64_t stream_id, value, limit;
} violation_row;

static void test_violations(void **state) {
  const violation_row rows[] = {
      {"§4.1 more than initial_max_stream_data_bidi_remote", C,
       events_stream(0, 0, 200, false), events_stream(0, 200, 1, false),
       QUIC_FLOW_STREAM_DATA, 0, 201, 200},
      {"§4.1 ..._bidi_local", S, events_stream(0, 0, 100, false),
       events_stream(0, 100, 5, false), QUIC_FLOW_STREAM_DATA, 0, 105, 100},
      {"§4.1 ..._uni", C, events_stream(2, 0, 50, false),
       events_stream(2, 40, 20, false), QUIC_FLOW_STREAM_DATA, 2, 60, 50},
      {"§4.5 a final size counts too", C, events_stream(2, 0, 1, false),
       reset(2, 0, 51), QUIC_FLOW_STREAM_DATA, 2, 51, 50},
      {"§4.6 more than initial_max_streams_bidi", C,
       events_stream(8, 0, 1, false), events_stream(12, 0, 1, false),
       QUIC_FLOW_STREAM_LIMIT, 12, 4, 3},
      {"§4.6 more than initial_max_streams_uni", S,
       events_stream(7, 0, 1, false), events_stream(11, 0, 1, false),
       QUIC_FLOW_STREAM_LIMIT, 11, 3, 2},
      {"§4.5 another final size", C, events_stream(0, 5, 5, true),
       events_stream(0, 6, 5, true), QUIC_FLOW_FINAL_SIZE, 0, 11, 10},
      {"§4.5 data beyond it", C, events_stream(0, 5, 5, true),
       events_stream(0, 10, 1, false), QUIC_FLOW_FINAL_SIZE, 0, 11, 10},
      {"§4.5 below what was sent", C, events_stream(0, 50, 5, false),
       reset(0, 1, 54), QUIC_FLOW_FINAL_SIZE, 0, 54, 55},
      {"§19.8 the wrong way",
       S,
       {0},
       events_stream(2, 0, 1, false),
       QUIC_FLOW_STREAM_STATE,
       2,
       2,
       0},
      {"§19.4 the wrong way",
       C,
       {0},
       reset(3, 0, 0),
       QUIC_FLOW_STREAM_STATE,
       3,
       3,
       0},
      {"§19.5 the wrong way",
       C,
       {0},
       stop(2, 0),
       QUIC_FLOW_STREAM_STATE,
       2,
       2,
       0},
      {"§19.10 a stream that was not opened",
       S,
       {0},
       events_limit(QUIC_FRAME_MAX_STREAM_DATA, 4, 500),
       QUIC_FLOW_STREAM_STATE,
       4,
       2,
       0},
      {"§19.13 the wrong way",
       C,
       {0},
       events_limit(QUIC_FRAME_STREAM_DATA_BLOCKED, 3, 5),
       QUIC_FLOW_STREAM_STATE,
       3,
       3,
       0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const violation_row *r = &rows[i];
    quic_flow *flow = begin();
    const quic_flow_violation *v;

    parameters(flow, C);
    parameters(flow, S);
    if (r->first.info) {
      give(flow, C, events_stream(0, 0, 0, false), 1);
      give(flow, r->side, r->first, 1);
    }
    assert_null(quic_flow_violation_at(flow, 0));
    give(flow, r->side, r->frame, 2);
    v = quic_flow_violation_at(flow, 0);
    if (!v || v->kind != r->kind || v->stream_id != r->stream_id ||
        v->value != r->value) {
      fail_msg("%s: %s", r->what, v ? quic_flow_kind_name(v->kind) : "-");
    }
    assert_true(v->at.side == r->side && v->at.record == 7);
    assert_true(v->certain);
    assert_int_equal(v->limit, r->limit);
    assert_int_equal(v->frame, r->frame.type);
    quic_flow_del(flow);
  }
}

/* The connection's limit, told once until it is raised; uncertain where the
   trace may lack what raised it. */
static void test_connection(void **state) {
  quic_flow *flow = begin();
  const quic_flow_violation *v;

  (void)state;
  parameters(flow, S);
  give(flow, S, events_limit(QUIC_FRAME_MAX_STREAM_DATA, 0, 5000), 1);
  give(flow, C, events_stream(0, 0, 1000, false), 2);
  assert_int_equal(quic_flow_violations(flow, QUIC_FLOW_CONNECTION_DATA), 0);
  give(flow, C, events_stream(0, 1000, 1, false), 3);
  give(flow, C, events_stream(0, 1001, 1, false), 4);
  assert_int_equal(quic_flow_violations(flow, QUIC_FLOW_CONNECTION_DATA), 1);
  quic_flow_uncertain(flow, S);
  give(flow, S, events_limit(QUIC_FRAME_MAX_DATA, 0, 1500), 5);
  give(flow, C, events_stream(0, 1500, 1, false), 6);
  assert_int_equal(quic_flow_violations(flow, QUIC_FLOW_CONNECTION_DATA), 2);
  for (size_t i = 0; (v = quic_flow_violation_at(flow, i)); i++) {
    if (v->kind == QUIC_FLOW_CONNECTION_DATA) {
      assert_int_equal(v->certain, v->at.time == 3);
      assert_true(v->stream_id == QLOG_NONE);
    }
  }
  quic_flow_del(flow);
}

static void test_blocked(void **state) {
  quic_flow *flow = begin();
  const quic_flow_side *c = quic_flow_side_of(flow, C);

  (void)state;
  parameters(flow, S);
  /* At the limit of the stream, and at that of the connection. */
  give(flow, C, events_stream(0, 0, 200, false), 10 * MS);
  give(flow, S, events_limit(QUIC_FRAME_MAX_STREAM_DATA, 0, 1000), 30 * MS);
  assert_int_equal(c->stream_blocked_time, 20 * MS);
  assert_int_equal(quic_flow_find(flow, 0)->half[C].blocked, 20 * MS);
  give(flow, C, events_stream(0, 200, 800, false), 40 * MS);
  assert_int_equal(quic_flow_blocked(flow, C, 50 * MS), 10 * MS);
  give(flow, S, events_limit(QUIC_FRAME_MAX_DATA, 0, 900), 50 * MS);
  give(flow, S, events_limit(QUIC_FRAME_MAX_DATA, 0, 3000), 55 * MS);
  assert_int_equal(c->blocked, 15 * MS);
  assert_int_equal(quic_flow_blocked(flow, C, 90 * MS), 15 * MS);
  /* By frames; one that names an older limit comes too late. */
  give(flow, C, events_limit(QUIC_FRAME_DATA_BLOCKED, 0, 1000), 60 * MS);
  assert_true(c->blocked_at == QUIC_TIME_NEVER);
  give(flow, C, events_limit(QUIC_FRAME_DATA_BLOCKED, 0, 3000), 61 * MS);
  assert_int_equal(c->blocked_at, 61 * MS);
  give(flow, C, events_limit(QUIC_FRAME_STREAMS_BLOCKED_BIDI, 0, 3), 70 * MS);
  give(flow, S, events_limit(QUIC_FRAME_MAX_STREAMS_BIDI, 0, 3), 71 * MS);
  give(flow, S, events_limit(QUIC_FRAME_MAX_STREAMS_BIDI, 0, 9), 75 * MS);
  assert_int_equal(c->streams_blocked_time, 5 * MS);
  assert_int_equal(c->max_streams[0], 9);
  assert_int_equal(c->data_blocked, 2);
  assert_int_equal(c->streams_blocked, 1);
  /* With a FIN nothing waits. */
  give(flow, C, events_stream(2, 0, 50, true), 80 * MS);
  assert_int_equal(c->stream_blocked, 0);
  give(flow, C, events_limit(QUIC_FRAME_STREAM_DATA_BLOCKED, 0, 1000), 81 * MS);
  assert_int_equal(c->stream_blocked, 1);
  give(flow, C, reset(0, 0x10c, 1000), 91 * MS);
  /* From the 40th, when the stream was at its limit. */
  assert_int_equal(c->stream_blocked_time, 71 * MS);
  give(flow, S, stop(0, 0x100), 92 * MS);
  assert_int_equal(c->resets, 1);
  assert_int_equal(quic_flow_side_of(flow, S)->stops, 1);
  assert_int_equal(quic_flow_find(flow, 0)->half[C].reset_code, 0x10c);
  assert_int_equal(quic_flow_find(flow, 0)->half[C].stop_code, 0x100);
  assert_int_equal(quic_flow_side_of(flow, S)->raises, 3);
  quic_flow_del(flow);
}

/* Streams may come before the parameters, in 0-RTT. */
static void test_late_parameters(void **state) {
  quic_flow *flow = begin();

  (void)state;
  give(flow, C, events_stream(0, 0, 150, false), 1);
  assert_true(quic_flow_find(flow, 0)->half[C].limit == QLOG_NONE);
  parameters(flow, S);
  assert_int_equal(quic_flow_find(flow, 0)->half[C].limit, 200);
  assert_true(quic_flow_find(flow, 0)->half[S].limit == QLOG_NONE);
  parameters(flow, C);
  assert_int_equal(quic_flow_find(flow, 0)->half[S].limit, 100);
  give(flow, C, events_stream(0, 150, 51, false), 2);
  assert_int_equal(quic_flow_violations(flow, QUIC_FLOW_STREAM_DATA), 1);
  quic_flow_del(flow);
}

static void test_crypto(void **state) {
  quic_flow *flow = begin();
  quic_mark at = {1, 1, 1, C, QUIC_PACKET_INITIAL};
  quic_frame f = events_crypto(100, 50);
  quic_frame d = events_frame(QUIC_FRAME_DATAGRAM + 1);

  (void)state;
  assert_int_equal(quic_flow_frame(flow, &f, QUIC_SPACE_INITIAL, &at), 0);
  assert_int_equal(quic_flow_frame(flow, &f, QUIC_SPACE_INITIAL, &at), 50);
  assert_int_equal(quic_flow_frame(flow, &f, QUIC_SPACE_HANDSHAKE, &at), 0);
  quic_flow_restart(flow);
  assert_int_equal(quic_flow_frame(flow, &f, QUIC_SPACE_INITIAL, &at), 0);
  assert_int_equal(quic_flow_side_of(flow, C)->crypto_octets, 200);
  assert_int_equal(quic_flow_side_of(flow, C)->crypto_repeated, 50);
  d.missing = 30; /* a log tells the length alone */
  give(flow, S, d, 1);
  assert_int_equal(quic_flow_side_of(flow, S)->datagrams, 1);
  assert_int_equal(quic_flow_side_of(flow, S)->datagram_octets, 30);
  quic_flow_del(flow);
}

static void on_retired(void *user, const quic_flow_stream *s) {
  uint64_t *sum = user;

  sum[0]++;
  sum[1] += s->half[C].octets + s->half[S].octets;
}

/* A million streams one after the other keep nothing but their count. */
static void test_many(void **state) {
  uint64_t sum[2] = {0, 0};
  quic_flow *flow;
  failmem fm;

  (void)state;
  failmem_init(&fm);
  assert_int_equal(quic_flow_new(&flow, &fm.mem, seed, on_retired, sum), 0);
  for (uint64_t i = 0; i < 1000000; i++) {
    give(flow, C, events_stream(4 * i, 0, 10, true), i);
    give(flow, S, events_stream(4 * i, 0, 20, true), i);
  }
  assert_int_equal(sum[0], 1000000);
  assert_int_equal(sum[1], 30000000);
  assert_int_equal(quic_flow_streams(flow, 0), 1000000);
  assert_int_equal(quic_flow_evicted(flow), 0);
  assert_true(fm.peak < 4096);
  quic_flow_del(flow);
  assert_true(failmem_balanced(&fm));
}

/* Streams that never end give way to new ones; every second one finishing
   makes the ranges of what is over overflow. */
static void test_cap(void **state) {
  quic_flow *flow;
  failmem fm;

  (void)state;
  failmem_init(&fm);
  assert_int_equal(quic_flow_new(&flow, &fm.mem, seed, NULL, NULL), 0);
  for (uint64_t i = 0; i < 3 * QUIC_FLOW_STREAMS_MAX; i++) {
    give(flow, C, events_stream(4 * i + 2, 0, 10, i % 2 == 0), i);
  }
  assert_int_equal(quic_flow_open(flow), QUIC_FLOW_STREAMS_MAX);
  for (uint64_t i = 0; i < 2 * QUIC_FLOW_STREAMS_MAX; i++) {
    give(flow, S, events_stream(4 * i + 3, 0, 10, false), i);
  }
  assert_int_equal(quic_flow_open(flow), QUIC_FLOW_STREAMS_MAX);
  /* Half of the first, all of the second, but those that are alive. */
  assert_int_equal(quic_flow_evicted(flow),
                   (3 + 4 - 2) * QUIC_FLOW_STREAMS_MAX / 2);
  assert_true(fm.peak < 1000000);
  for (const quic_flow_stream *s = quic_flow_first(flow); s; s = s->next) {
    assert_ptr_equal(quic_flow_find(flow, s->id), s);
    assert_true(!s->next || s->next->prev == s);
  }
  assert_null(quic_flow_find(flow, 2));
  /* What gave way may still bring something new. */
  assert_int_equal(give(flow, C, events_stream(6, 10, 10, false), 9), 0);
  quic_flow_del(flow);
  assert_true(failmem_balanced(&fm));
}

/* The table against an array of what is alive. */
static void test_model(void **state) {
  enum { IDS = 400 };
  bool alive[IDS] = {false}, over[IDS] = {false};
  quic_flow *flow = begin();
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 4);
  for (int i = 0; i < 20000; i++) {
    uint64_t n = quic_rng_below(&rng, IDS), open = 0;
    bool fin = quic_rng_below(&rng, 40) == 0;

    give(flow, C, events_stream(4 * n + 2, 0, 1, fin), 1);
    if (!over[n]) {
      alive[n] = !fin;
      over[n] = fin;
    }
    for (uint64_t k = 0; k < IDS && i % 50 == 0; k++) {
      assert_int_equal(quic_flow_find(flow, 4 * k + 2) != NULL, alive[k]);
      open += alive[k];
    }
    if (i % 50 == 0) {
      assert_int_equal(quic_flow_open(flow), open);
    }
  }
  quic_flow_del(flow);
}

/* Each allocation fails once, and everything is still accounted for that the
   memory allows. */
static void test_nomem(void **state) {
  failmem fm;
  quic_flow *flow;
  size_t n = 1;

  (void)state;
  for (size_t calls = n; n <= calls; n++) {
    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    if (quic_flow_new(&flow, &fm.mem, seed, NULL, NULL) != 0) {
      assert_int_equal(n, 1);
      assert_null(flow);
      calls = 2;
      continue;
    }
    for (uint64_t i = 0; i < 40; i++) {
      give(flow, C, events_stream(4 * i, 5 * (i % 3), 10, true), i);
      give(flow, S, events_stream(4 * i, 0, 10, i % 5 != 0), i);
      give(flow, C, events_stream(3, 0, 1, false), i);
    }
    assert_int_equal(quic_flow_side_of(flow, C)->octets, 440);
    quic_flow_del(flow);
    assert_true(failmem_balanced(&fm));
    calls = fm.refused ? n + 1 : n;
  }
  assert_true(n > 6);
  quic_flow_del(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_octets),
      cmocka_unit_test(test_violations),
      cmocka_unit_test(test_connection),
      cmocka_unit_test(test_blocked),
      cmocka_unit_test(test_late_parameters),
      cmocka_unit_test(test_crypto),
      cmocka_unit_test(test_many),
      cmocka_unit_test(test_cap),
      cmocka_unit_test(test_model),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("flow", tests, NULL, NULL);
}
