#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qlog/token.h"
#include "tests/support/octets.h"

static quic_bytes text_of(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

/* spell writes one letter for each token of |json| into |out|, '!' for an error
   and '.' for the end. */
static void spell(quic_bytes json, char *out, size_t cap, qlog_tokens *t) {
  static const char letters[] = "!.{}[]ksntf0";
  size_t len = 0;
  qlog_token token;

  qlog_tokens_init(t, json);
  do {
    token = qlog_tokens_next(t);
    assert_true(len + 2 < cap);
    out[len++] = letters[token];
  } while (token != QLOG_TOKEN_ERROR && token != QLOG_TOKEN_END);
  out[len] = '\0';
}

static const struct {
  const char *json;
  const char *tokens;
  size_t where; /* of the error */
} texts[] = {
    {"{}", "{}.", 0},
    {" [ ] ", "[].", 0},
    {"0", "n.", 0},
    {"-0", "n.", 0},
    {"-0.5e-10", "n.", 0},
    {"1E+2", "n.", 0},
    {"18446744073709551615", "n.", 0},
    {"true", "t.", 0},
    {"false", "f.", 0},
    {"null", "0.", 0},
    {"\"\"", "s.", 0},
    {"\"a\\\"b\\\\\"", "s.", 0},
    {"\"\\u12aF\\ud800\\b\\f\\n\\r\\t\\/\"", "s.", 0},
    {"\"\xff\x80\x7f\"", "s.", 0},
    {"{\"a\":1,\"b\":[true,null,{}],\"c\":\"d\"}", "{knk[t0{}]ks}.", 0},
    {"\t{\r\n  \"a\" :\n [ 1 , 2 ] } \n", "{k[nn]}.", 0},
    {"{\"a\":1,}", "{kn}.", 0},
    {"[1, ]", "[n].", 0},
    {"[[0,0],]", "[[nn]].", 0},
    {"", "!", 0},
    {"  ", "!", 2},
    {"{", "{!", 1},
    {"[1", "[n!", 2},
    {"[,]", "[!", 1},
    {"[1,,]", "[n!", 3},
    {"{,}", "{!", 1},
    {"{\"a\":1,,}", "{kn!", 7},
    {"{\"a\":,}", "{k!", 5},
    {"{\"a\"}", "{!", 4},
    {"{\"a\" 1}", "{!", 5},
    {"{a:1}", "{!", 1},
    {"{1:1}", "{!", 1},
    {"{\"a\":1 \"b\":2}", "{kn!", 7},
    {"{\"a\":1]", "{kn!", 6},
    {"[1}", "[n!", 2},
    {"]", "!", 0},
    {"1 2", "n!", 2},
    {"{}{}", "{}!", 2},
    {"{},", "{}!", 2},
    {"01", "n!", 1},
    {"-", "!", 1},
    {"-a", "!", 1},
    {"1.", "!", 2},
    {"1.x", "!", 2},
    {".5", "!", 0},
    {"+1", "!", 0},
    {"1e", "!", 2},
    {"1e+", "!", 3},
    {"[1e]", "[!", 3},
    {"tru", "!", 3},
    {"trux", "!", 0},
    {"nul\"", "!", 0},
    {"NaN", "!", 0},
    {"Infinity", "!", 0},
    {"'a'", "!", 0},
    {"\"", "!", 1},
    {"\"a\\", "!", 3},
    {"\"\\x\"", "!", 1},
    {"\"\\u12g4\"", "!", 1},
    {"\"\\u12", "!", 5},
    {"\"a\nb\"", "!", 2},
    {"\"0123456789\x01\"", "!", 11},
    {"\x1e{}", "!", 0},
    {"/* */1", "!", 0},
};

static void test_grammar(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
    size_t len = strlen(texts[i].json);
    uint8_t *exact = octets_exact(texts[i].json, len);
    bool bad = strchr(texts[i].tokens, '!') != NULL;
    qlog_tokens t;
    char got[64];

    spell(quic_bytes_of(exact, len), got, sizeof(got), &t);
    if (strcmp(got, texts[i].tokens) != 0) {
      fail_msg("%s: %s instead of %s", texts[i].json, got, texts[i].tokens);
    }
    assert_int_equal(t.why != NULL, bad);
    if (bad) {
      assert_int_equal(t.where - t.start, texts[i].where);
      assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_ERROR);
    }
    free(exact);
  }
}

/* A prefix that is no text itself is cut, and says so by where it is wrong. */
static void test_prefixes(void **state) {
  static const char json[] =
      "{\"time\": 12.5e-1, \"name\":\"a\\u00e9\\n\",\"data\":{\"x\":[true,"
      "false,null,-1,[[0,1]]],\"long enough for words\":\"0123456789\"}}";
  size_t len = sizeof(json) - 1;

  (void)state;
  for (size_t n = 0; n <= len; n++) {
    uint8_t *exact = octets_exact(json, n);
    qlog_tokens t;
    char got[64];

    spell(quic_bytes_of(exact, n), got, sizeof(got), &t);
    if (n == len) {
      assert_string_equal(got, "{knksk{k[tf0n[[nn]]]ks}}.");
    } else {
      assert_non_null(strchr(got, '!'));
      assert_ptr_equal(t.where, t.end);
    }
    free(exact);
  }
}

static void test_values(void **state) {
  qlog_tokens t;

  (void)state;
  qlog_tokens_init(&t, text_of(" {\"a\\n\":\"bc\",\"d\":-1.50}"));
  assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_OBJECT);
  assert_true(qlog_tokens_member(&t));
  assert_true(quic_bytes_eq(t.text, text_of("a\\n")));
  assert_true(t.escaped);
  assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_STRING);
  assert_true(qlog_token_is(t.text, "bc"));
  assert_false(t.escaped);
  assert_true(qlog_tokens_member(&t));
  assert_true(qlog_token_is(t.text, "d"));
  assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_NUMBER);
  assert_true(qlog_token_is(t.text, "-1.50"));
  assert_false(qlog_tokens_member(&t));
  assert_null(t.why);
  assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_END);
  assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_END);
  assert_int_equal(t.loose, 0);
}

static void test_loose(void **state) {
  qlog_tokens t;
  char got[64];

  (void)state;
  spell(text_of("[{\"a\":[1,],},]"), got, sizeof(got), &t);
  assert_string_equal(got, "[{k[n]}].");
  assert_int_equal(t.loose, 3);
}

static void test_skip(void **state) {
  static const char *const values[] = {"{\"a\":[{}],\"b\":\"]\"}",
                                       "[]",
                                       "\"x\\\"y\"",
                                       "-12.5",
                                       "true",
                                       "false",
                                       "null"};

  (void)state;
  for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
    char json[128];
    quic_bytes span;
    qlog_tokens t;

    snprintf(json, sizeof(json), "[ %s , 7]", values[i]);
    qlog_tokens_init(&t, text_of(json));
    assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_ARRAY);
    assert_true(qlog_tokens_skip(&t, qlog_tokens_next(&t), &span));
    assert_true(quic_bytes_eq(span, text_of(values[i])));
    assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_NUMBER);
    assert_true(qlog_token_is(t.text, "7"));
  }
}

static void test_skip_errors(void **state) {
  static const char *const bad[] = {"[{\"a\":01}]", "[{\"a\":[}]", "[[1,2",
                                    "[\"\\q\"]", "[[tru]]"};
  qlog_tokens t;

  (void)state;
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    qlog_tokens_init(&t, text_of(bad[i]));
    assert_false(qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL));
    assert_non_null(t.why);
  }
  qlog_tokens_init(&t, text_of("1"));
  assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_NUMBER);
  assert_false(qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL));
}

static void test_depth(void **state) {
  char json[2 * QLOG_DEPTH_MAX + 4];
  qlog_tokens t;

  (void)state;
  for (size_t depth = QLOG_DEPTH_MAX; depth <= QLOG_DEPTH_MAX + 1; depth++) {
    memset(json, '[', depth);
    memset(json + depth, ']', depth);
    qlog_tokens_init(&t, quic_bytes_of(json, 2 * depth));
    if (depth == QLOG_DEPTH_MAX) {
      assert_true(qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL));
      assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_END);
    } else {
      assert_false(qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL));
      assert_int_equal(t.where - t.start, QLOG_DEPTH_MAX);
    }
  }
}

/* Every octet at every place of a string, around the width of a word. */
static void test_string_octets(void **state) {
  (void)state;
  for (size_t len = 1; len < 20; len++) {
    for (size_t at = 0; at < len; at++) {
      for (int c = 0; c < 256; c++) {
        uint8_t *json = malloc(len + 2);
        qlog_tokens t;
        qlog_token token;

        assert_non_null(json);
        memset(json, 'x', len + 2);
        json[0] = json[len + 1] = '"';
        json[at + 1] = (uint8_t)c;
        qlog_tokens_init(&t, quic_bytes_of(json, len + 2));
        token = qlog_tokens_next(&t);
        if (c < 0x20 || c == '\\') {
          assert_int_equal(token, QLOG_TOKEN_ERROR);
        } else {
          assert_int_equal(token, QLOG_TOKEN_STRING);
          assert_int_equal(t.text.len, c == '"' ? at : len);
        }
        free(json);
      }
    }
  }
}

#define NOT UINT64_MAX

static const struct {
  const char *text;
  unsigned decimals;
  uint64_t value; /* NOT: none */
  bool negative;
} scaled[] = {
    {"0", 0, 0, false},
    {"1.25", 6, 1250000, false},
    {"1.25", 1, 12, false},
    {"-1.25", 6, 1250000, true},
    {"-0", 6, 0, false},
    {"-0.0000001", 6, 0, false},
    {"1745672125961.5925", 6, UINT64_C(1745672125961592500), false},
    {"1536681899.999675904", 9, UINT64_C(1536681899999675904), false},
    {"1795175765915.0693", 6, UINT64_C(1795175765915069300), false},
    {"18446744073.709551614", 9, UINT64_MAX - 1, false},
    {"18446744073.709551616", 9, NOT, false},
    {"18446744073709551614", 0, UINT64_MAX - 1, false},
    {"18446744073709551616", 0, NOT, false},
    {"99999999999999999999", 0, NOT, false},
    {"1e3", 6, 1000000000, false},
    {"1.5E+2", 3, 150000, false},
    {"1500e-3", 6, 1500000, false},
    {"1e-100000000000", 9, 0, false},
    {"0e100000000000", 9, 0, false},
    {"0.000e99", 9, 0, false},
    {"1e100000000000", 9, NOT, false},
    {"1e19", 0, UINT64_C(10000000000000000000), false},
    {"1e20", 0, NOT, false},
    {"00000000000000000000000000000007", 0, 7, false},
    {"0.00000000000000000000000000000007", 9, 0, false},
    {"1.2345678901234567890123", 9, 1234567890, false},
    {"12", 10, NOT, false},
    {"", 0, NOT, false},
    {"-", 0, NOT, false},
    {".5", 0, NOT, false},
    {"5.", 0, NOT, false},
    {"1e", 0, NOT, false},
    {"1e-", 0, NOT, false},
    {"1e5x", 0, NOT, false},
    {"1.5.1", 3, NOT, false},
    {"+1", 0, NOT, false},
    {" 1", 0, NOT, false},
    {"1 ", 0, NOT, false},
    {"0x10", 0, NOT, false},
    {"NaN", 0, NOT, false},
    {"inf", 0, NOT, false},
};

static void test_scaled(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(scaled) / sizeof(scaled[0]); i++) {
    size_t len = strlen(scaled[i].text);
    uint8_t *exact = octets_exact(scaled[i].text, len);
    uint64_t v = NOT;
    bool negative = true, good;

    good = qlog_token_scaled(quic_bytes_of(exact, len), scaled[i].decimals, &v,
                             &negative);
    if (good != (scaled[i].value != NOT) || v != scaled[i].value ||
        negative != scaled[i].negative) {
      fail_msg("%s by 10^%u", scaled[i].text, scaled[i].decimals);
    }
    free(exact);
  }
}

static const struct {
  const char *text;
  bool good;
  uint64_t value;
} integers[] = {
    {"0", true, 0},
    {"4611686018427387903", true, (UINT64_C(1) << 62) - 1},
    {"18446744073709551615", true, UINT64_MAX},
    {"18446744073709551616", false, 0},
    {"36893488147419103232", false, 0},
    {"1e3", true, 1000},
    {"5.0", true, 5},
    {"1.25e2", true, 125},
    {"1.25e1", false, 0},
    {"120e-1", true, 12},
    {"121e-1", false, 0},
    {"5.5", false, 0},
    {"-1", false, 0},
    {"-0", true, 0},
    {"", false, 0},
    {"ab", false, 0},
    {"1a", false, 0},
};

static void test_u64(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
    uint64_t v = 0;

    if (qlog_token_u64(text_of(integers[i].text), &v) != integers[i].good ||
        v != integers[i].value) {
      fail_msg("%s", integers[i].text);
    }
  }
}

static const struct {
  const char *text;
  const char *octets;
} escapes[] = {
    {"", ""},
    {"plain \xc3\xa9", "plain \xc3\xa9"},
    {"\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t"},
    {"\\u0041\\u00e9\\u20AC", "A\xc3\xa9\xe2\x82\xac"},
    {"\\ud83d\\ude00!", "\xf0\x9f\x98\x80!"},
    {"\\ud83dx", "\xef\xbf\xbdx"},
    {"\\ude00x", "\xef\xbf\xbdx"},
    {"\\ud83d\\u0041", "\xef\xbf\xbd"
                       "A"},
    {"\\ud83d\\n", "\xef\xbf\xbd\n"},
    {"a\\", "a\xef\xbf\xbd"},
    {"a\\u12", "a\xef\xbf\xbd"},
};

static void test_unescape(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
    size_t want = strlen(escapes[i].octets), len = strlen(escapes[i].text);
    uint8_t *exact = octets_exact(escapes[i].text, len);

    for (size_t cap = 0; cap <= want + 1; cap++) {
      uint8_t *out = malloc(cap ? cap : 1);
      size_t n;

      assert_non_null(out);
      n = qlog_token_unescape(quic_bytes_of(exact, len), out, cap);
      assert_true(n <= cap && n <= want);
      assert_memory_equal(out, escapes[i].octets, n);
      if (cap >= want) {
        assert_int_equal(n, want);
      }
      free(out);
    }
    free(exact);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_grammar),       cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_values),        cmocka_unit_test(test_loose),
      cmocka_unit_test(test_skip),          cmocka_unit_test(test_skip_errors),
      cmocka_unit_test(test_depth),         cmocka_unit_test(test_scaled),
      cmocka_unit_test(test_string_octets), cmocka_unit_test(test_u64),
      cmocka_unit_test(test_unescape),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
