#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "qlog/envelope.h"
#include "tests/support/octets.h"

static const uint8_t columns[] = {
    QLOG_COLUMN_RELATIVE_TIME, QLOG_COLUMN_CATEGORY, QLOG_COLUMN_NAME,
    QLOG_COLUMN_OTHER,         QLOG_COLUMN_DATA,     QLOG_COLUMN_GROUP,
    QLOG_COLUMN_TUPLE};

static qlog_envelope envelope_of(const char *json, bool guess, bool good) {
  qlog_envelope e;

  if (qlog_envelope_read(&e, quic_bytes_of(json, strlen(json)), columns,
                         sizeof(columns), guess) != good) {
    fail_msg("%s: %s", json, e.why ? e.why : "good");
  }
  return e;
}

static void assert_text(quic_bytes text, const char *want) {
  if (text.len != strlen(want) ||
      (text.len && memcmp(text.data, want, text.len) != 0)) {
    fail_msg("%.*s instead of %s", (int)text.len, (const char *)text.data,
             want);
  }
}

static void test_object(void **state) {
  qlog_envelope e = envelope_of(
      "{\"group_id\":7,\"type\":\"y\",\"data\":{\"a\":[1,],},\"x\":[{},],"
      "\"name\":\"q:n\\u0041\",\"category\":\"c\",\"time\":1.5,\"path\":\"p\","
      "\"time_format\":\"delta\",\"trigger\":null,}",
      false, true);

  (void)state;
  assert_text(e.name.text, "q:n\\u0041");
  assert_true(e.name.escaped && !e.time.string);
  assert_text(e.category.text, "c");
  assert_text(e.time.text, "1.5");
  assert_text(e.group.text, "7");
  assert_text(e.tuple.text, "p");
  assert_text(e.trigger.text, "");
  assert_text(e.data, "{\"a\":[1,],}");
  assert_int_equal(e.time_format, QLOG_TIME_DELTA);
  assert_int_equal(e.loose, 2);
  assert_false(e.head || e.data_rest || e.data_inside);
}

static void test_row(void **state) {
  qlog_envelope e = envelope_of(
      "[\"12\",\"t\",\"n\",[1],{\"x\":[[1]]},\"g\",3,\"more\"]", false, true);

  (void)state;
  assert_text(e.time.text, "12");
  assert_true(e.time.string);
  assert_int_equal(e.time_format, QLOG_TIME_RELATIVE);
  assert_text(e.category.text, "t");
  assert_text(e.name.text, "n");
  assert_text(e.data, "{\"x\":[[1]]}");
  assert_text(e.group.text, "g");
  assert_text(e.tuple.text, "3");
  assert_false(e.time_column);
}

static void test_row_without_columns(void **state) {
  static const char json[] = "[1,\"c\",\"n\",{}]";
  qlog_envelope e;

  (void)state;
  assert_true(qlog_envelope_read(&e, quic_bytes_of(json, sizeof(json) - 1),
                                 NULL, 0, true));
  assert_true(e.time_column);
  assert_text(e.time.text, "1");
  assert_text(e.category.text, "c");
  assert_text(e.name.text, "n");
  assert_text(e.data, "{}");
  assert_text(e.trigger.text, "");
}

/* Data that can go to the end is taken so only on a guess. */
static void test_guess(void **state) {
  static const struct {
    const char *json, *data;
    bool rest;
  } guesses[] = {
      {"{\"time\":1,\"name\":\"n\",\"data\":{\"a\":{}} } ", "{\"a\":{}}", true},
      {"{\"time\":1,\"name\":\"n\",\"data\":{},\"x\":{}}", "{},\"x\":{}", true},
      {"{\"time\":1,\"name\":\"n\",\"data\":{},\"x\":1}", "{}", false},
      {"{\"time\":1,\"name\":\"n\",\"data\":[]}", "[]", false},
      {"{\"time\":1,\"data\":{},\"name\":\"n\"}", "{}", false},
      {"{\"name\":\"n\",\"data\":{},\"time\":1}", "{}", false},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++) {
    qlog_envelope e = envelope_of(guesses[i].json, true, true);

    assert_text(e.data, guesses[i].data);
    assert_int_equal(e.data_rest, guesses[i].rest);
    e = envelope_of(guesses[i].json, false, true);
    assert_false(e.data_rest);
    assert_int_equal(e.data_inside, i == 1 || i == 2);
  }
}

static void test_heads(void **state) {
  (void)state;
  assert_true(envelope_of("{\"trace\":{},\"x\":1}", true, true).head);
  assert_true(envelope_of("{\"qlog_version\":\"0.3\"}", true, true).head);
  assert_false(envelope_of("{\"title\":\"t\"}", true, true).head);
}

static void test_bad(void **state) {
  static const struct {
    const char *json;
    size_t at;
    bool cut, behind;
  } bad[] = {
      {"", 0, true, false},
      {"7", 0, false, false},
      {"\"x\"", 0, false, false},
      {"x", 0, false, false},
      {"{\"time\":}", 8, false, false},
      {"{\"data\":{\"a\":[1}}", 15, false, false},
      {"{\"time\":1", 9, true, false},
      {"{\"time\":1}}", 10, false, true},
      {"{\"time\":1} {}", 11, false, true},
      {"[1,{\"a\":]", 8, false, false},
      {"[1,2", 4, true, false},
      {"[1,2],", 5, false, true},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    qlog_envelope e = envelope_of(bad[i].json, false, false);

    assert_non_null(e.why);
    assert_int_equal(e.at, bad[i].at);
    assert_int_equal(e.cut, bad[i].cut);
    assert_int_equal(e.behind, bad[i].behind);
  }
}

static void test_prefixes(void **state) {
  static const char *const jsons[] = {
      "{\"time\":1,\"name\":\"n\",\"data\":{\"a\":{\"b\":[1]}},\"x\":null}",
      "[1,\"c\",\"n\",\"t\",{\"a\":[[]]},\"g\",\"p\",true]"};

  (void)state;
  for (size_t i = 0; i < 2; i++) {
    for (size_t n = 0; n < strlen(jsons[i]); n++) {
      uint8_t *exact = octets_exact(jsons[i], n);
      qlog_envelope e;

      assert_false(qlog_envelope_read(&e, quic_bytes_of(exact, n), columns,
                                      sizeof(columns), false));
      assert_true(e.cut);
      if (qlog_envelope_read(&e, quic_bytes_of(exact, n), columns,
                             sizeof(columns), true)) {
        assert_true(e.data_rest);
      }
      free(exact);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_object),
      cmocka_unit_test(test_row),
      cmocka_unit_test(test_row_without_columns),
      cmocka_unit_test(test_guess),
      cmocka_unit_test(test_heads),
      cmocka_unit_test(test_bad),
      cmocka_unit_test(test_prefixes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
