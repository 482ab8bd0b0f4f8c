/* The filter language. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/filter.h"
#include "base/rng.h"
#include "tests/support/failmem.h"

/* --- a record of fields ----------------------------------------------------
 */

enum { F_CONN, F_TYPE, F_FRAME, F_LEN, F_TIME, F_DECRYPTED, F_SNI, F_ALPN };

typedef struct packet {
  uint64_t conn, type, len, time, decrypted;
  uint64_t frames[4];
  size_t nframes;
  const char *sni;
  const char *alpn[3];
} packet;

static const quic_filter_symbol types[] = {
    {"initial", 0, 0}, {"0rtt", 1, 1}, {"handshake", 2, 2}, {"1rtt", 4, 4}};
static const quic_filter_symbol frames[] = {{"padding", 0, 0},
                                            {"ack", 2, 3},
                                            {"crypto", 6, 6},
                                            {"stream", 8, 15},
                                            {"connection_close", 0x1c, 0x1d}};

static bool type_symbol(size_t i, quic_filter_symbol *out) {
  if (i >= sizeof(types) / sizeof(types[0])) {
    return false;
  }
  *out = types[i];
  return true;
}

static bool frame_symbol(size_t i, quic_filter_symbol *out) {
  if (i >= sizeof(frames) / sizeof(frames[0])) {
    return false;
  }
  *out = frames[i];
  return true;
}

static const quic_filter_field fields[] = {
    {"conn", QUIC_FILTER_NUMBER, "connection", F_CONN, NULL},
    {"type", QUIC_FILTER_NUMBER, "packet type", F_TYPE, type_symbol},
    {"frame", QUIC_FILTER_NUMBER, "frame types", F_FRAME, frame_symbol},
    {"len", QUIC_FILTER_NUMBER, "octets", F_LEN, NULL},
    {"time", QUIC_FILTER_NUMBER, "since the start", F_TIME, NULL},
    {"decrypted", QUIC_FILTER_NUMBER, "keys were there", F_DECRYPTED, NULL},
    {"sni", QUIC_FILTER_TEXT, "server name", F_SNI, NULL},
    {"alpn", QUIC_FILTER_TEXT, "protocols", F_ALPN, NULL},
};
#define NFIELDS (sizeof(fields) / sizeof(fields[0]))

static unsigned asked; /* values() calls of a match */

static bool give_text(quic_filter_visitor *v, const char *s) {
  return s && quic_filter_text(v, quic_bytes_of(s, strlen(s)));
}

static void values(const void *record, int id, quic_filter_visitor *v) {
  const packet *p = record;

  asked++;
  switch (id) {
  case F_CONN:
    quic_filter_number(v, p->conn);
    break;
  case F_TYPE:
    quic_filter_number(v, p->type);
    break;
  case F_FRAME:
    for (size_t i = 0; i < p->nframes; i++) {
      if (quic_filter_number(v, p->frames[i])) {
        return;
      }
    }
    break;
  case F_LEN:
    quic_filter_number(v, p->len);
    break;
  case F_TIME:
    quic_filter_number(v, p->time);
    break;
  case F_DECRYPTED:
    quic_filter_number(v, p->decrypted);
    break;
  case F_SNI:
    give_text(v, p->sni);
    break;
  default:
    for (int i = 0; i < 3; i++) {
      if (give_text(v, p->alpn[i])) {
        return;
      }
    }
  }
}

/* One packet, which all expressions are put to. */
static const packet sample = {
    .conn = 3,
    .type = 4,
    .len = 1200,
    .time = 1500000,
    .decrypted = 1,
    .frames = {2, 9, 0x1d},
    .nframes = 3,
    .sni = "WWW.Example.com",
    .alpn = {"h3", "hq \"x\" \\"},
};

static const struct {
  const char *expr;
  bool match;
} matches[] = {
    {"conn == 3", true},
    {"conn==3", true},
    {"conn == 4", false},
    {"conn != 3", false},
    {"conn != 4", true},
    {"conn < 3", false},
    {"conn <= 3", true},
    {"conn > 2", true},
    {"conn >= 4", false},
    {"conn in (1, 2, 3)", true},
    {"conn in (1,2)", false},
    {"conn not in (1,2)", true},
    {"conn not in (3)", false},
    {"CONN == 0x3", true},
    /* symbols, of which some look like numbers, and ranges */
    {"type == 1rtt", true},
    {"type == 0rtt", false},
    {"type == \"1RTT\"", true},
    {"type == 4", true},
    {"type in (initial, Handshake)", false},
    {"frame == stream", true},
    {"frame == ack", true},
    {"frame == crypto", false},
    {"frame == 9", true},
    {"frame == 8", false},
    {"frame in (crypto, connection_close)", true},
    {"frame > stream", true},
    {"frame >= stream", true},
    {"frame < ack", false},
    {"frame <= ack", true},
    {"frame < stream", true},
    {"frame > connection_close", false},
    /* != negates ==: none of the values */
    {"frame != stream", false},
    {"frame != crypto", true},
    {"not frame == crypto", true},
    /* numbers and units */
    {"len == 1200", true},
    {"len == 1.2k", true},
    {"len < 1k", false},
    {"len < 1M and len < 1G", true},
    {"len == 0x4B0", true},
    {"time == 1.5ms", true},
    {"time == 1500us", true},
    {"time == 1500000ns", true},
    {"time < 1s", true},
    {"time == 0.0015s", true},
    {"time < 18446744073709551615", true},
    /* text */
    {"sni == www.example.com", true},
    {"sni == example.com", false},
    {"sni != example.com", true},
    {"sni contains EXAMPLE", true},
    {"sni contains \"example\"", true},
    {"sni contains examples", false},
    {"sni contains www.example.com.", false},
    {"sni not contains org", true},
    {"sni contains \"\"", true},
    {"sni == \"\"", false},
    {"alpn == h3", true},
    {"alpn in (h2, h3)", true},
    {"alpn in (h2, http/1.1)", false},
    {"alpn == \"hq \\\"x\\\" \\\\\"", true},
    {"alpn != h3", false},
    /* alone */
    {"conn", true},
    {"sni", true},
    {"frame", true},
    {"!sni", false},
    {"not not sni", true},
    {"!!!sni", false},
    /* and before or, both from the left; not binds closest */
    {"conn == 9 and conn == 9 or conn == 3", true},
    {"conn == 3 or conn == 9 and conn == 9", true},
    {"(conn == 3 or conn == 9) and conn == 9", false},
    {"conn == 3 || conn == 9 && conn == 9", true},
    {"not conn == 9 and conn == 9", false},
    {"not (conn == 9 and conn == 9)", true},
    {"!(conn == 3 or conn == 9)", false},
    {"conn == 9 or conn == 8 or conn == 3", true},
    {"conn == 3 and type == 4 and len == 1200 and sni", true},
    {"conn == 3 and type == 4 and len == 1201 and sni", false},
    {"CONN == 3 AND NOT TYPE == 0RTT OR SNI CONTAINS x", true},
    {" \t( ( conn == 3 ) )\n", true},
    {"conn==3&&frame==stream", true},
};

static quic_filter *compile(const char *expr) {
  quic_filter_error error;
  quic_filter *f;
  int rv =
      quic_filter_new(&f, quic_mem_default(), expr, fields, NFIELDS, &error);

  if (rv != 0) {
    fail_msg("\"%s\", column %zu: %s", expr, error.column, error.text);
  }
  return f;
}

static void test_matches(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(matches) / sizeof(matches[0]); i++) {
    quic_filter *f = compile(matches[i].expr);

    if (quic_filter_match(f, &sample, values) != matches[i].match) {
      fail_msg("\"%s\" is %d", matches[i].expr, !matches[i].match);
    }
    quic_filter_del(f);
  }
}

/* Of a field without any value all comparisons are false, but != . */
static void test_no_values(void **state) {
  static const struct {
    const char *expr;
    bool match;
  } none[] = {{"frame", false},       {"frame == ack", false},
              {"frame != ack", true}, {"frame >= 0", false},
              {"sni", false},         {"sni contains \"\"", false},
              {"sni != x", true},     {"conn", false},
              {"conn == 0", true},    {"decrypted", false}};
  static const packet empty = {0};

  (void)state;
  for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
    quic_filter *f = compile(none[i].expr);

    assert_int_equal(quic_filter_match(f, &empty, values), none[i].match);
    quic_filter_del(f);
  }
}

/* What is decided is not asked further. */
static void test_short_circuit(void **state) {
  static const struct {
    const char *expr;
    unsigned asked;
  } costs[] = {
      {"conn == 3 or type == 4 or len == 1", 1},
      {"conn == 9 and type == 4 and len == 1", 1},
      {"conn == 9 or type == 4 and len == 1", 3},
      {"(conn == 9 and type == 4) or len == 1", 2},
      {"not (conn == 3 or type == 4) and len == 1", 1},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
    quic_filter *f = compile(costs[i].expr);

    asked = 0;
    (void)quic_filter_match(f, &sample, values);
    assert_int_equal(asked, costs[i].asked);
    quic_filter_del(f);
  }
}

static const struct {
  const char *expr;
  size_t column;
  const char *text;
} errors[] = {
    {"", 0,
     "expected a field name: conn, type, frame, len, time, decrypted, sni, "
     "alpn"},
    {"  ", 2,
     "expected a field name: conn, type, frame, len, time, decrypted, sni, "
     "alpn"},
    {"quux == 3", 0,
     "no field \"quux\", expected a field name: conn, type, frame, len, time, "
     "decrypted, sni, alpn"},
    {"frames == ack", 0, "no field \"frames\"; nearest is frame"},
    {"conn == 3 and lne > 3", 14, "no field \"lne\"; nearest is len"},
    {"\x1b[2J", 0,
     "no field \"\\x1b[2J\", expected a field name: conn, type, frame, len, "
     "time, decrypted, sni, alpn"},
    {"conn ==", 7, "expected a value"},
    {"conn == )", 8, "expected a value"},
    {"conn == abc", 8, "conn is a number, not \"abc\""},
    {"conn == -1", 8, "conn is a number, not \"-1\""},
    {"conn == 0x", 8, "conn is a number, not \"0x\""},
    {"conn == 0x1k", 8, "conn is a number, not \"0x1k\""},
    {"conn == 1kk", 8, "conn is a number, not \"1kk\""},
    {"conn == 1.5", 8, "conn is a number, not \"1.5\""},
    {"conn == 1.", 8, "conn is a number, not \"1.\""},
    {"conn == 1.0000000001s", 8, "conn is a number, not \"1.0000000001s\""},
    {"conn == 18446744073709551616", 8, "the number exceeds 2^64 - 1"},
    {"conn == 18446744073709551615k", 8, "the number exceeds 2^64 - 1"},
    {"conn == 18446744073.8s", 8, "the number exceeds 2^64 - 1"},
    {"conn == 0x10000000000000000", 8, "the number exceeds 2^64 - 1"},
    {"type == intial", 8, "type has no value \"intial\"; nearest is initial"},
    {"frame in (ack, strem)", 15,
     "frame has no value \"strem\"; nearest is stream"},
    {"type == zzzzzz", 8, "type has no value \"zzzzzz\""},
    {"conn = 3", 5, "expected \"==\" for equality"},
    {"conn & 3", 5, "expected \"&&\""},
    {"conn | 3", 5, "expected \"||\""},
    {"conn in 3", 8, "expected \"(\" and a list"},
    {"conn in ()", 9, "expected a value"},
    {"conn in (3", 10, "expected \",\" or \")\""},
    {"conn in (3 4)", 11, "expected \",\" or \")\""},
    {"conn in (3,)", 11, "expected a value"},
    {"conn not 3", 9, "expected in or contains behind not"},
    {"conn contains 3", 5, "conn is a number: contains needs text"},
    {"sni < b", 4, "sni is text: use ==, !=, contains or in"},
    {"sni == \"abc", 7, "expected a closing quote"},
    {"sni == \"abc\\\"", 7, "expected a closing quote"},
    {"sni == \"abc\\", 7, "expected a closing quote"},
    {"(conn == 3", 10, "expected and, or, or \")\""},
    {"conn == 3)", 9, "expected and, or, or the end"},
    {"conn == 3 type == 4", 10, "expected and, or, or the end"},
    {"conn == 3 and", 13,
     "expected a field name: conn, type, frame, len, time, decrypted, sni, "
     "alpn"},
    {"3 == conn", 0,
     "no field \"3\", expected a field name: conn, type, frame, len, time, "
     "decrypted, sni, alpn"},
};

static void test_errors(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
    quic_filter_error error;
    quic_filter *f;
    int rv = quic_filter_new(&f, quic_mem_default(), errors[i].expr, fields,
                             NFIELDS, &error);

    assert_int_equal(rv, QUIC_ERR_MALFORMED);
    assert_null(f);
    assert_string_equal(error.text, errors[i].text);
    assert_int_equal(error.column, errors[i].column);
  }
}

/* The list of names is cut to what the clause has room for. */
static void test_many_names(void **state) {
  quic_filter_field many[40];
  quic_filter_error error;
  quic_filter *f;
  size_t n;

  (void)state;
  for (size_t i = 0; i < 40; i++) {
    many[i] = fields[5];
  }
  assert_int_equal(
      quic_filter_new(&f, quic_mem_default(), "(", many, 40, &error),
      QUIC_ERR_MALFORMED);
  n = strlen(error.text);
  assert_true(n < sizeof(error.text));
  assert_string_equal(error.text + n - 13, "decrypted ...");
}

static void test_limits(void **state) {
  char expr[QUIC_FILTER_LEN_MAX + 2];
  quic_filter_error error;
  quic_filter *f;

  (void)state;
  memset(expr, ' ', sizeof(expr));
  memcpy(expr, "conn", 4);
  expr[QUIC_FILTER_LEN_MAX] = '\0';
  f = compile(expr);
  quic_filter_del(f);
  expr[QUIC_FILTER_LEN_MAX] = ' ';
  expr[QUIC_FILTER_LEN_MAX + 1] = '\0';
  assert_int_equal(
      quic_filter_new(&f, quic_mem_default(), expr, fields, NFIELDS, &error),
      QUIC_ERR_LIMIT);
  assert_string_equal(error.text, "longer than 4096 octets");

  for (int kind = 0; kind < 2; kind++) {
    for (int depth = 64; depth <= 65; depth++) {
      memset(expr, kind ? '!' : '(', (size_t)depth);
      strcpy(expr + depth, "conn");
      memset(expr + depth + 4, ')', (size_t)depth);
      expr[depth + 4 + (kind ? 0 : depth)] = '\0';
      assert_int_equal(quic_filter_new(&f, quic_mem_default(), expr, fields,
                                       NFIELDS, &error),
                       depth == 64 ? 0 : QUIC_ERR_LIMIT);
      if (depth == 65) {
        assert_string_equal(error.text, "nested more than 64 deep");
        assert_int_equal(error.column, 64);
      }
      quic_filter_del(f);
    }
  }
  /* depth is what is open, not how often something was opened */
  expr[0] = '\0';
  for (int i = 0; i < 100; i++) {
    strcat(expr, "!(conn) or ");
  }
  strcat(expr, "conn");
  f = compile(expr);
  assert_true(quic_filter_match(f, &sample, values));
  quic_filter_del(f);
}

/* --- against an evaluator of trees -----------------------------------------
 */

typedef struct text {
  char s[QUIC_FILTER_LEN_MAX];
  size_t len;
} text;

static void add(text *t, const char *s) {
  size_t n = strlen(s);

  assert_true(t->len + n < sizeof(t->s));
  memcpy(t->s + t->len, s, n + 1);
  t->len += n;
}

/* random_expr writes an expression and returns its value for the sample. */
static bool random_expr(quic_rng *rng, text *t, int depth) {
  uint64_t kind = depth ? quic_rng_below(rng, 5) : 0;
  bool a, b;

  if (kind < 2) {
    a = quic_rng_below(rng, 2);
    add(t, a ? "conn == 3" : "conn > 3");
    return a;
  }
  if (kind == 2) {
    add(t, quic_rng_below(rng, 2) ? "not (" : "!(");
    a = random_expr(rng, t, depth - 1);
    add(t, ")");
    return !a;
  }
  add(t, "(");
  a = random_expr(rng, t, depth - 1);
  add(t, kind == 3 ? ") and (" : ") or (");
  b = random_expr(rng, t, depth - 1);
  add(t, ")");
  return kind == 3 ? a && b : a || b;
}

static void test_random(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 4);
  for (int i = 0; i < 2000; i++) {
    text t = {{0}, 0};
    bool want = random_expr(&rng, &t, 6);
    quic_filter *f = compile(t.s);

    if (quic_filter_match(f, &sample, values) != want) {
      fail_msg("\"%s\" is not %d", t.s, want);
    }
    quic_filter_del(f);
  }
}

/* Any text at all compiles or is refused with a clause in printable ASCII. */
static void test_garbage(void **state) {
  static const char *const pieces[] = {
      "conn", "sni",      "frame", " ",    "==",  "!=", "(",    ")",    ",",
      "\"",   "\\",       "in",    "not",  "!",   "&&", "||",   "or",   "and",
      "<=",   "contains", "0x",    "1.5s", "ack", "=",  "\x80", "\x1b", "12"};
  quic_rng rng;
  unsigned good = 0;

  (void)state;
  quic_rng_init(&rng, 6);
  for (int i = 0; i < 50000; i++) {
    text t = {{0}, 0};
    quic_filter_error error;
    quic_filter *f;
    int rv;

    for (uint64_t n = quic_rng_below(&rng, 8); n-- > 0;) {
      add(&t, pieces[quic_rng_below(&rng, sizeof(pieces) / sizeof(*pieces))]);
    }
    rv = quic_filter_new(&f, quic_mem_default(), t.s, fields, NFIELDS, &error);
    if (rv == 0) {
      good++;
      (void)quic_filter_match(f, &sample, values);
    } else {
      assert_int_equal(rv, QUIC_ERR_MALFORMED);
      assert_true(error.column <= t.len);
      assert_true(error.text[0] != '\0');
      for (const char *p = error.text; *p; p++) {
        assert_in_range(*p, 0x20, 0x7e);
      }
    }
    quic_filter_del(f);
  }
  assert_true(good > 100);
}

static int build(const quic_mem *mem, void *user) {
  quic_filter_error error;
  quic_filter *f;
  int rv = quic_filter_new(&f, mem,
                           "conn in (1,2,3,4,5) and sni contains "
                           "\"a long text that grows\" or type and len and "
                           "frame or time",
                           fields, NFIELDS, &error);

  (void)user;
  assert_true((rv == 0) == (f != NULL));
  if (rv != 0) {
    assert_string_equal(error.text, "out of memory");
  }
  quic_filter_del(f);
  return rv;
}

static void test_nomem(void **state) {
  failmem fm;

  (void)state;
  assert_true(failmem_sweep(&fm, build, NULL) >= 6);
  assert_string_equal(fm.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_matches),       cmocka_unit_test(test_no_values),
      cmocka_unit_test(test_short_circuit), cmocka_unit_test(test_errors),
      cmocka_unit_test(test_many_names),    cmocka_unit_test(test_limits),
      cmocka_unit_test(test_random),        cmocka_unit_test(test_garbage),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
