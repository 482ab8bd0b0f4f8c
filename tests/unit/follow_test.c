/* What --follow takes, and what it shows of a stream. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "pcap/follow.h"
#include "pcap/options.h"
#include "pcap/request.h"
#include "pcap/stream.h"
#include "pcap/trace.h"
#include "tests/support/failmem.h"

static void test_parse(void **state) {
  static const struct {
    const char *spec;
    bool terminal;
    uint64_t stream;
    bool client, server;
    qd_follow_format format;
  } rows[] = {
      {"3:4", false, 4, true, true, QD_FOLLOW_TEXT},
      {"3:4", true, 4, true, true, QD_FOLLOW_TEXT},
      {"3:4:c", false, 4, true, false, QD_FOLLOW_RAW},
      {"3:4:c", true, 4, true, false, QD_FOLLOW_TEXT},
      {"3:4:server", false, 4, false, true, QD_FOLLOW_RAW},
      {"3:4:s:text", false, 4, false, true, QD_FOLLOW_TEXT},
      {"3:4:hex:client", false, 4, true, false, QD_FOLLOW_HEX},
      {"3:4:raw:c", true, 4, true, false, QD_FOLLOW_RAW},
      {"3:4:http", false, 4, true, true, QD_FOLLOW_HTTP},
      {"3:2", false, 2, true, false, QD_FOLLOW_TEXT},
      {"3:3:raw", true, 3, false, true, QD_FOLLOW_RAW},
      {"3:4611686018427387903", false, 4611686018427387903u, false, true,
       QD_FOLLOW_TEXT},
  };
  qd_follow_error error;
  qd_follow what;

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_int_equal(
        qd_follow_parse(&what, rows[i].spec, rows[i].terminal, &error), 0);
    assert_int_equal(what.conn, 3);
    assert_int_equal(what.stream, rows[i].stream);
    assert_int_equal(what.sides[QD_CLIENT], rows[i].client);
    assert_int_equal(what.sides[QD_SERVER], rows[i].server);
    assert_int_equal(what.format, rows[i].format);
  }
}

static void test_mistakes(void **state) {
  static const struct {
    const char *spec;
    size_t column;
    const char *cure;
  } rows[] = {
      {"", 0, "number of a connection"},
      {"x", 0, "number of a connection"},
      {"-1:4", 0, "number of a connection"},
      {"1x:4", 1, "number of a connection"},
      {"1", 1, "\":\" and the number of a stream"},
      {"1:", 2, "number of a stream"},
      {"1:4x", 3, "number of a stream"},
      {"1: 4", 2, "number of a stream"},
      {"4294967296:4", 0, "large"},
      {"1:4611686018427387904", 2, "large"},
      {"1:99999999999999999999", 2, "large"},
      {"1:4:", 4, "expected c"},
      {"1:4:d", 4, "expected c"},
      {"1:4:cs", 4, "expected c"},
      {"1:4:clientele", 4, "expected c"},
      {"1:4:c:s", 6, "one side"},
      {"1:4:hex:raw", 8, "one format"},
      {"1:2:s", 4, "use c"},
      {"1:3:c", 4, "use s"},
      {"1:4:raw", 7, "put c or s"},
  };
  qd_follow_error error;
  qd_follow what;

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_int_equal(qd_follow_parse(&what, rows[i].spec, false, &error),
                     QUIC_ERR_INVALID);
    assert_int_equal(error.column, rows[i].column);
    assert_non_null(strstr(error.text, rows[i].cure));
  }
}

/* A connection made by hand: what one stream of it says. */

typedef struct fixture {
  qd_trace trace;
  qd_stream stream;
  qd_output *out;
  quic_text text;
  char buf[300000];
  uint64_t next[QD_SIDES];
} fixture;

static void begin(fixture *fx, const char *spec) {
  qd_output_settings set = {.mem = quic_mem_default(), .text = &fx->text};
  qd_follow_error error;
  qd_follow what;

  memset(fx, 0, sizeof(*fx));
  quic_text_init(&fx->text, fx->buf, sizeof(fx->buf));
  fx->trace.now = QUIC_SECOND;
  assert_int_equal(qd_follow_parse(&what, spec, false, &error), 0);
  assert_int_equal(qd_output_follow_new(&fx->out, &set, &what), 0);
  fx->out->started = true;
  fx->out->start = QUIC_SECOND;
}

/* packet tells of a packet with the one frame |f|. */
static void packet(fixture *fx, qd_side side, const quic_frame *f) {
  qlog_event e;

  qlog_event_init(&e,
                  side == QD_CLIENT ? QLOG_PACKET_SENT : QLOG_PACKET_RECEIVED,
                  fx->trace.now);
  e.u.packet.frames = f;
  e.u.packet.nframes = 1;
  fx->out->event(fx->out, &fx->trace, &e);
}

static void send(fixture *fx, qd_side side, uint64_t skip, const char *octets,
                 size_t len, bool fin) {
  quic_frame f = {.type = QUIC_FRAME_STREAM | 6 | (fin ? 1 : 0)};

  fx->trace.now += QUIC_MILLISECOND;
  fx->next[side] += skip;
  f.u.stream.stream_id = fx->stream.id;
  f.u.stream.offset = fx->next[side];
  f.u.stream.data = quic_bytes_of(octets, len);
  packet(fx, side, &f);
  if (len) {
    fx->out->octets(fx->out, &fx->trace, &fx->stream, side, fx->next[side],
                    f.u.stream.data);
  }
  fx->next[side] += len;
}

static void say(fixture *fx, qd_side side, const char *text, bool fin) {
  send(fx, side, 0, text, strlen(text), fin);
}

static const char *end(fixture *fx) {
  fx->out->ended(fx->out, &fx->trace);
  fx->out->finish(fx->out);
  return quic_text_cstr(&fx->text);
}

/* A turn is what one side says until the other does. */
static void test_turns(void **state) {
  static fixture fx;

  (void)state;
  begin(&fx, "0:0");
  say(&fx, QD_CLIENT, "GET /\r\n", false);
  say(&fx, QD_CLIENT, "x: y\tz\n\n", true);
  say(&fx, QD_SERVER, "one\n\xc3\xa4\x1b[31m\\", false);
  fx.stream.id = 4; /* is not followed */
  say(&fx, QD_SERVER, "other", false);
  fx.stream.id = 0;
  fx.next[QD_SERVER] -= 5;
  fx.trace.now += 2 * QUIC_SECOND;
  send(&fx, QD_SERVER, 5, "\rtwo", 4, true);
  assert_string_equal(end(&fx), "client, 15 octets at 0.001000 s:\n"
                                "  GET /\n"
                                "  x: y\tz\n"
                                "\n"
                                "server, 12 octets at 0.003000 s:\n"
                                "  one\n"
                                "  \xc3\xa4\\x1b[31m\\\\\n"
                                "[server: 5 octets not in the capture]\n"
                                "server, 4 octets at 2.005000 s:\n"
                                "  \\x0dtwo\n");
  assert_int_equal(fx.out->status, 0);
  assert_string_equal(fx.out->problem, "");
  fx.out->del(fx.out);
}

/* One side alone has no head lines; what a piece cuts apart stays whole. */
static void test_side(void **state) {
  static fixture fx;

  (void)state;
  begin(&fx, "0:0:s:text");
  say(&fx, QD_CLIENT, "GET /\r\n", true);
  say(&fx, QD_SERVER, "a\r", false);
  say(&fx, QD_SERVER, "\nb\xe2\x82", false);
  say(&fx, QD_SERVER, "\xac\xf0\x9f", false);
  say(&fx, QD_SERVER, "\x98\x80\xc3", true);
  assert_string_equal(end(&fx), "a\nb\xe2\x82\xac\xf0\x9f\x98\x80\\xc3\n");
  fx.out->del(fx.out);
}

static void test_hex(void **state) {
  static fixture fx;

  (void)state;
  begin(&fx, "0:0:c:hex");
  say(&fx, QD_CLIENT, "0123456", false);
  say(&fx, QD_CLIENT, "789abcdef\n", false);
  send(&fx, QD_CLIENT, 14, "\xff", 1, true);
  assert_string_equal(
      end(&fx),
      "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  "
      "0123456789abcdef\n"
      "00000010  0a                                                .\n"
      "[14 octets not in the capture]\n"
      "0000001f  ff                                                .\n");
  fx.out->del(fx.out);
}

/* Raw octets are all there is on standard output; holes make a status. */
static void test_raw(void **state) {
  static fixture fx;

  (void)state;
  begin(&fx, "0:0:s:raw");
  send(&fx, QD_SERVER, 0, "a\0\x1b\n", 4, false);
  send(&fx, QD_SERVER, 0, "b", 1, true);
  (void)end(&fx);
  assert_int_equal(fx.text.len, 5);
  assert_memory_equal(fx.buf, "a\0\x1b\nb", 5);
  assert_int_equal(fx.out->status, 0);
  assert_string_equal(fx.out->note, "");
  fx.out->del(fx.out);

  begin(&fx, "0:0:s:raw");
  send(&fx, QD_SERVER, 1, "b", 1, false);
  send(&fx, QD_SERVER, 2, "", 0, true);
  (void)end(&fx);
  assert_int_equal(fx.text.len, 1);
  assert_int_equal(fx.out->status, QD_EXIT_INPUT);
  assert_string_equal(fx.out->problem,
                      "3 octets of stream 0 are not in the capture and left "
                      "out of what was written");
  fx.out->del(fx.out);
}

/* How a stream ended is said, unless it was with FIN. */
static void test_ends(void **state) {
  static fixture fx;
  quic_frame f = {.type = QUIC_FRAME_RESET_STREAM};

  (void)state;
  begin(&fx, "0:0");
  say(&fx, QD_CLIENT, "x", false);
  f.u.reset_stream.error_code = 7;
  packet(&fx, QD_SERVER, &f);
  assert_string_equal(end(&fx),
                      "client, 1 octet at 0.001000 s:\n  x\n"
                      "[the client does not end the stream in this capture]\n"
                      "[the server reset the stream: 0x7]\n");
  fx.out->del(fx.out);
  begin(&fx, "0:0:c:raw");
  say(&fx, QD_CLIENT, "x", false);
  assert_string_equal(end(&fx), "x");
  assert_string_equal(fx.out->note,
                      "the client does not end the stream in this capture");
  fx.out->del(fx.out);
}

/* A turn of any length is shown in pieces, nothing lost between. */
static void test_long(void **state) {
  static fixture fx;
  char piece[1001];
  size_t shown = 0;

  (void)state;
  memset(piece, 'y', sizeof(piece));
  begin(&fx, "0:0");
  for (int i = 0; i < 200; i++) {
    send(&fx, QD_CLIENT, 0, piece, sizeof(piece), i == 199);
  }
  say(&fx, QD_SERVER, "", true);
  for (const char *p = end(&fx); (p = strchr(p, 'y')) != NULL; p++) {
    shown++;
  }
  assert_int_equal(shown, 200 * sizeof(piece));
  assert_non_null(strstr(fx.buf, "client, 65536 octets at"));
  fx.out->del(fx.out);
}

static void test_absent(void **state) {
  static fixture fx;
  char want[] = "connection 0 has no stream 8; there are 0, 4";

  (void)state;
  begin(&fx, "0:8");
  for (int i = 0; i < 3; i++) {
    fx.stream.id = i == 1 ? 4 : 0;
    say(&fx, QD_CLIENT, "x", false);
  }
  assert_string_equal(end(&fx), "");
  assert_int_equal(fx.out->status, QD_EXIT_NOTHING);
  assert_string_equal(fx.out->problem, want);
  fx.out->del(fx.out);

  begin(&fx, "0:400");
  for (fx.stream.id = 100; fx.stream.id-- > 0;) {
    packet(&fx, QD_CLIENT,
           &(quic_frame){.type = QUIC_FRAME_STREAM,
                         .u.stream.stream_id = fx.stream.id});
  }
  (void)end(&fx);
  assert_string_equal(fx.out->problem,
                      "connection 0 has no stream 400; there are 0, 1, 2, 3, "
                      "4, 5, 6, 7, 8, 9, 10, 11 and more");
  fx.out->del(fx.out);

  begin(&fx, "7:0");
  say(&fx, QD_CLIENT, "x", true);
  fx.trace.number = 2;
  say(&fx, QD_CLIENT, "x", true);
  (void)end(&fx);
  assert_string_equal(fx.out->problem,
                      "there is no connection 7; there are 0 to 2");
  fx.out->del(fx.out);
}

/* HTTP/3: field lines and content. */
static void test_http(void **state) {
  static fixture fx;
  static const quic_field fields[] = {
      {{(const uint8_t *)":status", 7}, {(const uint8_t *)"200", 3}},
      {{(const uint8_t *)"x", 1}, {(const uint8_t *)"\x1b", 1}}};
  quic_h3_frame frame = {.type = QUIC_H3_HEADERS};
  qd_protocol app = {.name = "h3"};
  qd_request rq;
  qlog_event e;

  (void)state;
  begin(&fx, "0:0:http");
  fx.trace.streams.app = &app;
  say(&fx, QD_SERVER, "\x01\x02 framing", true);
  qlog_event_init(&e, QLOG_H3_FRAME_PARSED, fx.trace.now);
  e.u.h3_frame.frame = &frame;
  e.u.h3_frame.stream_id = 0;
  e.u.h3_frame.fields = fields;
  e.u.h3_frame.nfields = 2;
  fx.out->event(fx.out, &fx.trace, &e);
  qd_request_init(&rq);
  rq.protocol = "h3";
  rq.side[QD_SERVER].body = 4;
  fx.out->body(fx.out, &fx.trace, &rq, QD_SERVER, quic_bytes_of("body", 4));
  say(&fx, QD_CLIENT, "", true);
  assert_string_equal(end(&fx), "server, header section at 0.001000 s:\n"
                                "  :status: 200\n"
                                "  x: \\x1b\n"
                                "server, 4 octets at 0.001000 s:\n"
                                "  body\n");
  fx.out->del(fx.out);
}

static int run(const quic_mem *mem, void *user) {
  qd_output_settings set = {.mem = mem};
  qd_follow what = {0};
  qd_output *out;
  int rv = qd_output_follow_new(&out, &set, &what);

  (void)user;
  if (rv == 0) {
    out->del(out);
  }
  return rv;
}

static void test_memory(void **state) {
  failmem fm;

  (void)state;
  assert_int_not_equal(failmem_sweep(&fm, run, NULL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parse),  cmocka_unit_test(test_mistakes),
      cmocka_unit_test(test_turns),  cmocka_unit_test(test_side),
      cmocka_unit_test(test_hex),    cmocka_unit_test(test_raw),
      cmocka_unit_test(test_ends),   cmocka_unit_test(test_long),
      cmocka_unit_test(test_absent), cmocka_unit_test(test_http),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
