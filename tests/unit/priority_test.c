/* The Priority field: RFC 9218 §4, RFC 9651 §4.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/support/octets.h"
#include "wire/priority.h"

enum {
  NONE = QUIC_PRIORITY_ABSENT,
  VALID = QUIC_PRIORITY_VALID,
  BAD = QUIC_PRIORITY_INVALID
};

static int decode(quic_priority *p, const char *text, size_t len) {
  uint8_t *block = octets_exact(text, len);
  int rv = quic_priority_decode(p, quic_bytes_of(block, len));

  free(block);
  return rv;
}

static const struct {
  const char *text;
  int u_state, u, i_state, i;
} rows[] = {
    {"", NONE, 3, NONE, 0},
    {"  ", NONE, 3, NONE, 0},
    {"u=0", VALID, 0, NONE, 0},
    {"u=5, i", VALID, 5, VALID, 1},
    {"u=7,i=?0", VALID, 7, VALID, 0},
    {"i=?1,u=1", VALID, 1, VALID, 1},
    {" u=2 \t,\t i ", VALID, 2, VALID, 1},
    {"u=1, u=2", VALID, 2, NONE, 0},
    {"u=1, u=9", BAD, 3, NONE, 0},
    {"u=-0", VALID, 0, NONE, 0},
    {"u=007", VALID, 7, NONE, 0},
    {"u=8", BAD, 3, NONE, 0},
    {"u=-1", BAD, 3, NONE, 0},
    {"u=999999999999999", BAD, 3, NONE, 0},
    {"u=1.0", BAD, 3, NONE, 0},
    {"u", BAD, 3, NONE, 0},
    {"u=?1", BAD, 3, NONE, 0},
    {"u=(1 2);a, i", BAD, 3, VALID, 1},
    {"u=@1, i", BAD, 3, VALID, 1},
    {"u=\"1\", i=1", BAD, 3, BAD, 0},
    {"i=yes", NONE, 3, BAD, 0},
    {"u=1;a;b=2;*c=tok, i;x=?0", VALID, 1, VALID, 1},
    {"a=:aGk=:, b=\"q\\\"\\\\\", c=%\"f%c3\\\", d=(), *e.f-g_1=*t/x:y, u=4",
     VALID, 4, NONE, 0},
    {"uu=1, ii", NONE, 3, NONE, 0},
    {"a=( 1.5   \"x\";p )", NONE, 3, NONE, 0},
};

static const char *const malformed[] = {
    "u=",
    "u= 1",
    ",",
    "u=1,",
    "u=1,,i",
    "u=1 i",
    "U=1",
    "1",
    "=1",
    "u=1;",
    "u=1;A",
    "u==1",
    "u=-",
    "u=1.",
    "u=.1",
    "u=1.2345",
    "i=?",
    "i=?2",
    "a=\"x",
    "a=\"\\x\"",
    "a=:x",
    "a=(1",
    "a=(1,2)",
    "a=(1 (2))",
    "a=%x",
    "a=@1.5",
    "a=\"\t\"",
    "u=1\n",
    "\tu=1",
    "a=(1)2",
    "u=1234567890123456",
    "a=1234567890123.1",
    "u=1, \xc3",
    "a=\"\\",
};

static void test_decode(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    quic_priority p;

    assert_int_equal(decode(&p, rows[i].text, strlen(rows[i].text)), 0);
    assert_int_equal(p.urgency_state, rows[i].u_state);
    assert_int_equal(p.urgency, rows[i].u);
    assert_int_equal(p.incremental_state, rows[i].i_state);
    assert_int_equal(p.incremental, rows[i].i);
  }
}

static void check_malformed(const quic_priority *p) {
  assert_int_equal(p->urgency_state, BAD);
  assert_int_equal(p->urgency, 3);
  assert_int_equal(p->incremental_state, BAD);
  assert_false(p->incremental);
}

static void test_malformed(void **state) {
  quic_priority p;

  (void)state;
  for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
    assert_int_equal(decode(&p, malformed[i], strlen(malformed[i])),
                     QUIC_ERR_MALFORMED);
    check_malformed(&p);
  }
  assert_int_equal(decode(&p, "u=1\0", 4), QUIC_ERR_MALFORMED);
  assert_int_equal(decode(&p, "a=\"\0\"", 5), QUIC_ERR_MALFORMED);
}

/* Every prefix, and every octet replaced, is read to its end and no further. */
static void test_hostile(void **state) {
  quic_priority p;
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 2);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    size_t len = strlen(rows[i].text);

    for (size_t n = 0; n <= len; n++) {
      char text[80];
      int rv = decode(&p, rows[i].text, n);

      assert_true(rv == 0 || rv == QUIC_ERR_MALFORMED);
      assert_true(p.urgency <= QUIC_PRIORITY_URGENCY_MAX);
      memcpy(text, rows[i].text, len);
      text[n < len ? n : 0] = (char)quic_rng_below(&rng, 256);
      if (decode(&p, text, len) != 0) {
        check_malformed(&p);
      }
      assert_true(p.urgency_state == QUIC_PRIORITY_VALID || p.urgency == 3);
      assert_true(p.incremental_state == QUIC_PRIORITY_VALID || !p.incremental);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decode),
      cmocka_unit_test(test_malformed),
      cmocka_unit_test(test_hostile),
  };

  return cmocka_run_group_tests_name("priority", tests, NULL, NULL);
}
