#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pcap/http.h"
#include "tests/support/failmem.h"
#include "tests/support/talk.h"

/* Sections without a dynamic table: GET https://a/, and 200. */
#define GET "0108 0000 d1 d7 c1 50 01 61"
#define OK "0103 0000 d9"
#define SETTINGS "00 04 06 01 5000 07 40 10" /* 4096, 16 blocked streams */

/* What goes over a stream; |end| 'f' = FIN, 'r' = reset, 's' = stopped. */
typedef struct step {
  char from; /* 'c', 's'; 0 ends the list */
  uint64_t id;
  const char *hex;
  char end;
} step;

static void say(talk *t, const step *s) {
  qd_side side = s->from == 'c' ? QD_CLIENT : QD_SERVER;

  if (s->end == 's') {
    talk_stop(t, side, s->id, 0x10c);
    return;
  }
  if (*s->hex || s->end == 'f') {
    talk_hex(t, side, s->id, s->hex, s->end == 'f');
  }
  if (s->end == 'r') {
    talk_reset(t, side, s->id, 0x10c);
  }
}

static void say_all(talk *t, const step *steps) {
  for (const step *s = steps; s->from; s++) {
    say(t, s);
  }
}

/* A conversation with a bit of everything. */
static const step everything[] = {
    {'s', 3, SETTINGS, 0},
    {'c', 2,
     SETTINGS "0d 01 05"
              "21 03 616263",
     0},
    {'c', 6, "02 3fe11f 43 616263 03 313233", 0}, /* abc: 123 */
    {'c', 10, "03", 0},
    {'s', 7, "02", 0},
    {'s', 11, "03 01", 0},
    /* a request with the entry above, content and trailers; 1xx, and push */
    {'c', 0, "0109 0200 d1 d7 c1 50 01 61 80", 0},
    {'c', 4, "0109 0200 d4 d7 c1 50 01 61 80 0003 414243 01050000 2161 00",
     'f'},
    {'s', 4, "01030000 d8 0506 00 0000 d1d7c1", 0},
    {'s', 4, OK "0002 6869 0003 212121 0105 0000 2162 00", 'f'},
    {'s', 15, "01 00" OK "0001 78", 'f'},
    /* blocked until stream 6 goes on */
    {'c', 8, "0109 0300 d1 d7 c1 50 01 61 80", 'f'},
    {'s', 8, OK "00 44 00 61", 'r'},
    {'c', 6, "43 646566 03 343536", 0},
    {'c', 2, "800f0700 03 08 753d 07 01 00", 0},
    {'s', 3, "07 01 08", 0},
    /* a tunnel with capsules */
    {'c', 12,
     "011f 0000 cf d7 c1 50 01 61 27 02 3a70726f746f636f6c 0b "
     "636f6e6e6563742d756470",
     0},
    {'c', 12, "0005 00 03 616263", 0},
    {'s', 12, OK "0002 00 00", 0},
    {'s', 12, NULL, 's'},
    {'c', 16, "4041 00 6162", 'f'},
    {'s', 19, "4054 00 6162", 'f'},
    {'s', 23, "21 616263", 'f'},
    {'c', 12, "", 'f'},
    {0, 0, NULL, 0},
};

/* told_of returns what is told when the octets come in frames of |step|. */
static const char *told_of(talk *t, const step *steps, size_t cut) {
  talk_init(t, quic_mem_default(), "h3");
  t->step = cut;
  say_all(t, steps);
  talk_end(t);
  talk_free(t);
  return t->told;
}

static void test_cuts(void **state) {
  static talk whole, cut;

  (void)state;
  told_of(&whole, everything, 0);
  assert_non_null(strstr(whole.told, "capsule"));
  for (size_t n = 1; n < 24; n++) {
    assert_string_equal(told_of(&cut, everything, n), whole.told);
  }
}

/* The same, every stream cut once at every place. */
static void test_every_place(void **state) {
  static talk whole, cut;

  (void)state;
  told_of(&whole, everything, 0);
  for (const step *s = everything; s->from; s++) {
    for (size_t at = 1; s->hex && at < 40; at++) {
      talk_init(&cut, quic_mem_default(), "h3");
      for (const step *o = everything; o->from; o++) {
        cut.step = o == s ? at : 0;
        say(&cut, o);
      }
      talk_end(&cut);
      talk_free(&cut);
      assert_string_equal(cut.told, whole.told);
    }
  }
}

/* Every packet twice, and each pair in reverse: the same requests. */
static void test_repeated(void **state) {
  static const step steps[] = {{'c', 0, GET "0003 616263", 'f'},
                               {'s', 0, OK "0004 64656667", 'f'},
                               {0, 0, NULL, 0}};
  static talk t;
  (void)state;
  talk_init(&t, quic_mem_default(), "h3");
  talk_at(&t, QD_CLIENT, 0, 5, quic_bytes_of("\xd7\xc1\x50\x01\x61", 5), false);
  talk_at(&t, QD_CLIENT, 0, 0, quic_bytes_of("\x01\x08\0\0\xd1", 5), false);
  talk_at(&t, QD_CLIENT, 0, 10, quic_bytes_of("\0\3abc", 5), true);
  say_all(&t, steps);
  memset(t.next, 0, sizeof(t.next));
  say(&t, &steps[1]);
  talk_end(&t);
  talk_free(&t);
  assert_non_null(strstr(t.told, "stream 0 GET https://a/ 200"));
  assert_null(strstr(t.told, "!"));
}

/* What is noted, and nothing else. */
static void test_notes(void **state) {
  static const struct {
    step steps[6];
    const char *note; /* NULL = none */
  } cases[] = {
      {{{'c', 0, GET, 'f'}, {'s', 0, OK, 'f'}}, NULL},
      {{{'s', 3, "00 07 01 00", 0}},
       "stream 3: the first frame is not "
       "SETTINGS (RFC 9114 6.2.1): "
       "H3_MISSING_SETTINGS"},
      {{{'s', 3, "00 0400 0400", 0}},
       "stream 3: a second SETTINGS (RFC 9114 7.2.4): H3_FRAME_UNEXPECTED"},
      {{{'c', 2, "00 0400", 0}, {'c', 6, "00 0400", 0}},
       "stream 6: a second control stream (RFC 9114 6.2): "
       "H3_STREAM_CREATION_ERROR"},
      {{{'c', 2, "00 0400", 'f'}},
       "stream 2: the control stream was closed (RFC 9114 6.2.1): "
       "H3_CLOSED_CRITICAL_STREAM"},
      {{{'c', 2, "02", 'r'}},
       "stream 2: the QPACK encoder stream was reset (RFC 9114 6.2.1): "
       "H3_CLOSED_CRITICAL_STREAM"},
      {{{'c', 2, "03", 0}, {'s', 2, "", 's'}},
       "stream 2: the server asked to close the QPACK decoder stream (RFC "
       "9114 6.2.1): H3_CLOSED_CRITICAL_STREAM"},
      {{{'c', 2, "00 0402 02 00", 0}},
       "stream 2: setting 0x2 is HTTP/2's (RFC 9114 7.2.4.1, 11.2.2): "
       "H3_SETTINGS_ERROR"},
      {{{'c', 2, "00 0403 06 01 06", 0}},
       "stream 2: SETTINGS ends inside a setting (RFC 9114 7.1): "
       "H3_FRAME_ERROR"},
      {{{'c', 0, "0001 61", 0}},
       "stream 0: DATA before HEADERS (RFC 9114 4.1): H3_FRAME_UNEXPECTED"},
      {{{'c', 0, GET "0605 0000000000", 'f'}},
       "stream 0: frame type 0x6 is HTTP/2's (RFC 9114 7.2.8): "
       "H3_FRAME_UNEXPECTED"},
      {{{'c', 0, GET "07 01 00", 'f'}},
       "stream 0: GOAWAY on a request stream (RFC 9114 7.2): "
       "H3_FRAME_UNEXPECTED"},
      {{{'s', 3, "00 0400 0d 01 00", 0}},
       "stream 3: MAX_PUSH_ID from the server (RFC 9114 7.2): "
       "H3_FRAME_UNEXPECTED"},
      {{{'c', 0, "01 10 0000", 'f'}},
       "stream 0: the stream ends inside a frame (RFC 9114 7.1): "
       "H3_FRAME_ERROR"},
      {{{'c', 0, "", 'f'}},
       "stream 0: the request ended without HEADERS (RFC 9114 4.1): "
       "H3_REQUEST_INCOMPLETE"},
      {{{'c', 0, GET, 'f'}, {'s', 0, "01030000d8", 'f'}},
       "stream 0: the response ended without a final status (RFC 9114 4.1): "
       "H3_MESSAGE_ERROR"},
      {{{'s', 3, "00 0400", 0}, {'c', 0, "0104 0000 ff24", 'f'}},
       "stream 0: the static table has no such entry (RFC 9204 3.1): "
       "QPACK_DECOMPRESSION_FAILED"},
      {{{'s', 3, "00 0400", 0}, {'c', 2, "02 3fe11f", 0}},
       "stream 2: the table capacity is set above its maximum (RFC 9204 "
       "3.2.3): QPACK_ENCODER_STREAM_ERROR"},
      {{{'c', 2, "03 00", 0}},
       "stream 2: the Insert Count Increment is 0 (RFC 9204 4.4.3): "
       "QPACK_DECODER_STREAM_ERROR"},
      {{{'s', 1, GET, 'f'}},
       "stream 1: a bidirectional stream of the server (RFC 9114 6.1): "
       "H3_STREAM_CREATION_ERROR"},
      {{{'c', 2, "00 0400", 0}, {'s', 3, "01 00" OK, 'f'}},
       "stream 3: a push stream of push ID 0, above MAX_PUSH_ID (RFC 9114 "
       "4.6): H3_ID_ERROR"},
      {{{'s', 3, "00 0400 07 01 04 07 01 08", 0}},
       "stream 3: GOAWAY grows from 4 to 8 (RFC 9114 5.2): H3_ID_ERROR"},
      /* nothing that is noted: not over, reset, or not understood by us */
      {{{'c', 0, "01 10 0000", 0}}, NULL},
      {{{'c', 0, "01 10 0000", 'r'}, {'s', 0, "", 'r'}}, NULL},
      {{{'c', 0, GET, 'f'}, {'s', 0, "", 's'}}, NULL},
      {{{'c', 0, "40 41 00 0061", 'f'}}, NULL},
      {{{'c', 2, "00 0400 40ff 02 6161", 0}, {'c', 6, "40ff 00", 'f'}}, NULL},
      {{{'s', 1, "4041 00 61", 'f'}}, NULL},
      /* blocked for good, with content behind */
      {{{'s', 3, SETTINGS, 0}, {'c', 0, "0103 0500 80 0001 61", 'f'}}, NULL},
      /* a header section that nobody can keep, and what follows it */
      {{{'c', 0, "01 c000010000000000 6161", 0}}, NULL},
  };
  static talk t;

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    const char *note = strstr(told_of(&t, cases[i].steps, 0), "! ");

    if (!cases[i].note) {
      assert_null(note);
      continue;
    }
    if (!note || strncmp(note + 2, cases[i].note, strlen(cases[i].note)) != 0 ||
        note[2 + strlen(cases[i].note)] != '\n') {
      fail_msg("case %zu: %s", i, t.told);
    }
    assert_null(strstr(note + 2, "! "));
  }
}

/* A hole costs what is in it, and no note. */
static void test_holes(void **state) {
  static const struct {
    size_t lost_from, lost_to; /* octets of the response that never come */
    const char *want;
  } cases[] = {
      {7, 9,
       "request 1 h3 stream 0 GET https://a/ 200 client 0/10 fin server "
       "4/11 fin lost 2\n"},
      {0, 2,
       "request 1 h3 stream 0 GET https://a/ client 0/10 fin server 0/0 "
       "fin lost 2\n"},
      {2, 4,
       "request 1 h3 stream 0 GET https://a/ client 0/10 fin server 0/2 "
       "fin lost 2\n"},
      {5, 6,
       "request 1 h3 stream 0 GET https://a/ 200 client 0/10 fin server "
       "0/5 fin lost 1\n"},
  };
  static const char response[] = "\x01\x03\0\0\xd9\0\6abcdef";
  const size_t len = 11; /* the last two octets of DATA are not there */
  static talk t;

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    size_t from = cases[i].lost_from, to = cases[i].lost_to;
    const char *request;

    talk_init(&t, quic_mem_default(), "h3");
    talk_hex(&t, QD_CLIENT, 0, GET, true);
    talk_at(&t, QD_SERVER, 0, 0, quic_bytes_of(response, from), false);
    talk_at(&t, QD_SERVER, 0, to, quic_bytes_of(response + to, len + 2 - to),
            true);
    talk_end(&t);
    talk_free(&t);
    request = strstr(t.told, "request ");
    assert_non_null(request);
    assert_string_equal(request, cases[i].want);
    assert_null(strstr(t.told, "!"));
  }
}

/* Behind a hole in the encoder stream no index means anything. */
static void test_lost_table(void **state) {
  static talk t;

  (void)state;
  talk_init(&t, quic_mem_default(), "h3");
  talk_hex(&t, QD_SERVER, 3, SETTINGS, false);
  talk_hex(&t, QD_CLIENT, 6, "02 3fe11f 43 616263 03 313233", false);
  t.next[QD_CLIENT][6] += 300; /* lost */
  for (int i = 0; i < 20; i++) {
    talk_hex(&t, QD_CLIENT, 6, "43 646566 03 343536", false);
  }
  talk_hex(&t, QD_CLIENT, 0, "0109 0200 d1 d7 c1 50 01 61 80", true);
  talk_hex(&t, QD_CLIENT, 4, GET, true);
  talk_end(&t);
  talk_free(&t);
  assert_non_null(strstr(t.told, "request 2 h3 stream 4 GET https://a/"));
  assert_non_null(
      strstr(t.told, "request 1 h3 stream 0   client 0/11 fin malformed 1"));
  assert_null(strstr(t.told, "!"));
}

/* WebTransport streams are no requests; promises without a push neither. */
static void test_no_requests(void **state) {
  static const step steps[] = {{'c', 2, "00 0400 0d 01 05", 0},
                               {'c', 0, GET, 'f'},
                               {'c', 4, "4041 00 6162", 'f'},
                               {'s', 4, "63", 'f'},
                               {'s', 0, "0506 00 0000 d1d7c1 " OK, 'f'},
                               {0, 0, NULL, 0}};
  static talk t;

  (void)state;
  told_of(&t, steps, 1);
  assert_non_null(strstr(t.told, "h3 4 opens WebTransport\n"));
  assert_non_null(strstr(t.told, "request 1 h3 stream 0 GET"));
  assert_null(strstr(t.told, "request 2"));
  assert_null(strstr(t.told, "request 3"));
}

/* Datagrams belong to the request that their Quarter Stream ID names. */
static void test_datagrams(void **state) {
  static const struct {
    const char *octets;
    size_t len;
  } rows[] = {{"\x01payload", 8},
              {"\x02payload", 8},
              {"", 0},
              {"\x40", 1},
              {"\xff\xff\xff\xff\xff\xff\xff\xff", 8}};
  static const char note[] = "! a datagram without a Quarter Stream ID (RFC "
                             "9297 2.1): H3_DATAGRAM_ERROR\n";
  static talk t;
  const char *at;

  (void)state;
  talk_init(&t, quic_mem_default(), "h3");
  talk_hex(&t, QD_CLIENT, 4, GET, false);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    quic_frame f = {.type = QUIC_FRAME_DATAGRAM | 1};

    f.u.datagram.data = quic_bytes_of(rows[i].octets, rows[i].len);
    talk_frame(&t, QD_CLIENT, &f);
  }
  talk_end(&t);
  talk_free(&t);
  assert_non_null(strstr(t.told, "h3 4 datagram 8\n  h3 8 datagram 8\n"));
  at = t.told;
  for (int i = 0; i < 3; i++) {
    at = strstr(at, note);
    assert_non_null(at);
    at += strlen(note);
  }
  assert_null(strstr(at, note));
  assert_non_null(strstr(t.told, "client 0/10 server 0/0 capsules 0 datagrams "
                                 "1\n"));
}

/* Memory that runs out costs what could not be kept. */
static void test_memory(void **state) {
  static talk t;
  size_t calls = 0;

  (void)state;
  for (int from = 0; from < 2; from++) {
    for (size_t n = 0; n == 0 || n <= calls; n++) {
      failmem fm;

      failmem_init(&fm);
      if (from) {
        failmem_fail_from(&fm, n);
      } else {
        failmem_fail_nth(&fm, n);
      }
      talk_init(&t, &fm.mem, "h3");
      t.step = 5;
      say_all(&t, everything);
      talk_end(&t);
      talk_free(&t);
      assert_true(failmem_balanced(&fm));
      assert_true(n > 0 || !t.starved);
      calls = n ? calls : fm.calls;
    }
  }
  assert_true(calls > 50);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cuts),        cmocka_unit_test(test_every_place),
      cmocka_unit_test(test_repeated),    cmocka_unit_test(test_notes),
      cmocka_unit_test(test_holes),       cmocka_unit_test(test_lost_table),
      cmocka_unit_test(test_no_requests), cmocka_unit_test(test_datagrams),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
