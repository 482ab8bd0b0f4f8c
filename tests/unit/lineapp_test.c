#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pcap/doq.h"
#include "pcap/hq.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"
#include "tests/support/talk.h"

/* What goes over stream 0, and what is told of it. */
typedef struct row {
  const char *alpn;
  const char *client, *server; /* hexadecimal; NULL = nothing, not even FIN */
  const char *want;
} row;

/* "GET /a\r\n", "GET /a", "nonsense" */
#define LINE "474554202f610d0a"
#define NO_END "474554202f61"
#define NONSENSE "6e6f6e73656e73650a"

#define QUERY                                                                  \
  "0021 0000 0100 0001000000000000 03777777 076578616d706c65 "                 \
  "036f7267 00 0001 0001"
#define ANSWER "000c 0000 8183 0001000000000000"

static const row rows[] = {
    {"hq-interop", LINE, "616263",
     "GET https://sni.example/a client 0/8 fin server 3/3 fin\n"},
    {"hq-29", NO_END, "",
     "GET https://sni.example/a client 0/6 fin server 0/0 fin\n"},
    {"http/0.9", NONSENSE, NULL, "  client 0/9 fin server 0/0\n"},
    {"hq-interop", "", NULL, "  client 0/0 fin server 0/0\n"},
    {"doq", QUERY, ANSWER,
     "QUERY www.example.org. A 3 client 0/35 fin server 14/14 fin\n"},
    {"doq", "0011 0000 0100 0001000000000000 00 0002 0001", "",
     "QUERY . NS client 0/19 fin server 0/0 fin\n"},
    {"doq", "0014 0000 0100 0001000000000000 02 1b20 00 ff9a 0001", "",
     "QUERY \\x1b . TYPE65434 client 0/22 fin server 0/0 fin\n"},
    /* compressed, cut, a label too long */
    {"doq", "0011 0000 0100 0001000000000000 c00c 0001 0001", "",
     "  client 0/20 fin server 0/0 fin\n"},
    {"doq", "0021 0000 0100 00010000", "0003 0000",
     "  client 0/10 fin server 4/4 fin\n"},
    {"doq", "0021 0000 0100 0001000000000000 40 61", "",
     "  client 0/16 fin server 0/0 fin\n"},
    {"doq", "", "", "  client 0/0 fin server 0/0 fin\n"},
};

static const char *told_of(talk *t, const quic_mem *mem, const row *r,
                           size_t step) {
  const char *request;

  talk_init(t, mem, r->alpn);
  t->step = step;
  talk_hex(t, QD_CLIENT, 0, r->client, true);
  if (r->server) {
    talk_hex(t, QD_SERVER, 0, r->server, true);
  }
  talk_end(t);
  talk_free(t);
  request = strstr(t->told, "stream 0 ");
  return request ? request + strlen("stream 0 ") : "";
}

static void test_rows(void **state) {
  static talk t;

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    for (size_t step = 0; step < 12; step++) {
      assert_string_equal(told_of(&t, quic_mem_default(), &rows[i], step),
                          rows[i].want);
      assert_null(strstr(t.told, "!"));
    }
  }
}

/* Every prefix of a query, in frames of one octet: no more than what is there
   is read. */
static void test_prefixes(void **state) {
  static talk t;
  uint8_t octets[64];
  quic_bytes query = octets_hex(QUERY, octets, sizeof(octets));

  (void)state;
  for (size_t len = 0; len < query.len; len++) {
    uint8_t *exact = octets_exact(query.data, len);

    talk_init(&t, quic_mem_default(), "doq");
    talk_octets(&t, QD_CLIENT, 0, quic_bytes_of(exact, len), true);
    talk_end(&t);
    talk_free(&t);
    /* Up to the class the question is not whole. */
    assert_null(strstr(t.told, "www.example.org."));
    free(exact);
  }
}

/* Resets, stops, holes; streams of other kinds carry no requests. */
static void test_ends(void **state) {
  static talk t;

  (void)state;
  talk_init(&t, quic_mem_default(), "hq-interop");
  talk_hex(&t, QD_CLIENT, 0, LINE, false);
  talk_stop(&t, QD_CLIENT, 0, 5);
  talk_reset(&t, QD_SERVER, 0, 6);
  talk_hex(&t, QD_CLIENT, 4, LINE, true);
  talk_at(&t, QD_SERVER, 4, 10, quic_bytes_of("xyz", 3), true);
  talk_hex(&t, QD_CLIENT, 2, LINE, true);
  talk_hex(&t, QD_SERVER, 1, LINE, true);
  talk_at(&t, QD_CLIENT, 8, 4, quic_bytes_of("/lost\n", 6), true);
  talk_end(&t);
  talk_free(&t);
  assert_non_null(strstr(t.told, "stream 0 GET https://sni.example/a client "
                                 "0/8 server 0/0 reset 0x6 stopped 0x5\n"));
  assert_non_null(strstr(t.told, "stream 4 GET https://sni.example/a client "
                                 "0/8 fin server 3/3 fin lost 10\n"));
  assert_null(strstr(t.told, "stream 2 "));
  assert_null(strstr(t.told, "stream 1 "));
  assert_null(strstr(t.told, "/lost"));
}

/* A line that never ends is given up. */
static void test_long(void **state) {
  static talk t;
  static char line[QD_HQ_LINE_MAX + 2000];

  (void)state;
  memset(line, 'a', sizeof(line));
  memcpy(line, "GET /", 5);
  talk_init(&t, quic_mem_default(), "hq-interop");
  t.step = 700;
  talk_octets(&t, QD_CLIENT, 0, quic_bytes_of(line, sizeof(line)), true);
  talk_end(&t);
  talk_free(&t);
  assert_non_null(strstr(t.told, "request 1 hq stream 0 "));
}

static void test_memory(void **state) {
  static talk t;

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    size_t calls = 0;

    for (size_t n = 0; n == 0 || n <= calls; n++) {
      failmem fm;

      failmem_init(&fm);
      failmem_fail_nth(&fm, n);
      told_of(&t, &fm.mem, &rows[i], 3);
      assert_true(failmem_balanced(&fm));
      calls = n ? calls : fm.calls;
    }
    assert_true(calls > 5);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),   cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_ends),   cmocka_unit_test(test_long),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
