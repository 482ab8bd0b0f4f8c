/* JSON written again, and members that no event can hold. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qlog/copy.h"
#include "qlog/strange.h"
#include "tests/support/jsonvalid.h"

static quic_bytes text_of(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static bool is_dropped(const void *user, quic_bytes key) {
  return qlog_token_is(key, user);
}

static void test_value(void **state) {
  static const char *const rows[][2] = {
      {" { \"a\" : [ 1 , -2.50e+3 , true, false,null ,{ } ,[ ] ] } ",
       "{\"a\":[1,-2.50e+3,true,false,null,{},[]]}"},
      {"[1,2,]", "[1,2]"},
      {"\"\\u00e9\\n\\\\\"", "\"\\u00e9\\n\\\\\""},
      {"\"\xc3\xa9\"", "\"\xc3\xa9\""},
      {"\"a\xff\xc3\"", "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
      {"\"\xe2\x80\xae\xf3\xa0\x80\xa0\"", "\"\\u202e\\udb40\\udc20\""},
      {"{\"\xff\":0}", "{\"\xef\xbf\xbd\":0}"},
      {"17", "17"},
      {"{\"a\":", "null"},
      {"1 2", "null"},
      {"", "null"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char buf[128];
    quic_text t;
    qlog_json j;

    quic_text_init(&t, buf, sizeof(buf));
    qlog_json_init(&j, &t);
    qlog_copy_value(&j, text_of(rows[i][0]));
    assert_string_equal(quic_text_cstr(&t), rows[i][1]);
    assert_int_equal(jsonvalid(quic_bytes_of(buf, t.len)), t.len);
    assert_true(j.comma);
  }
}

static void test_members(void **state) {
  char buf[128];
  quic_text t;
  qlog_json j;

  (void)state;
  quic_text_init(&t, buf, sizeof(buf));
  qlog_json_init(&j, &t);
  qlog_json_object(&j);
  qlog_copy_members(&j, text_of("{\"a\": 1, \"b\": [2], \"c\": \"3\",}"),
                    is_dropped, "b");
  qlog_copy_members(&j, text_of("[1]"), is_dropped, "b");
  qlog_copy_members(&j, text_of("{\"d\":4,\"e\":"), is_dropped, "b");
  qlog_json_object_end(&j);
  assert_string_equal(quic_text_cstr(&t), "{\"a\":1,\"c\":\"3\",\"d\":4}");
}

static void test_has(void **state) {
  (void)state;
  assert_true(qlog_copy_has(text_of("{\"a\":{\"b\":1},\"c\":2}"), "c"));
  assert_false(qlog_copy_has(text_of("{\"a\":{\"b\":1},\"c\":2}"), "b"));
  assert_false(qlog_copy_has(text_of("[\"c\"]"), "c"));
  assert_false(qlog_copy_has(text_of("{\"a\":tru,\"c\":2}"), "c"));
}

static void test_strange(void **state) {
  static const struct {
    const char *record, *data;
    uint64_t n;
  } rows[] = {
      {"{\"time\":1,\"name\":\"x\",\"data\":{}}", "{}", 0},
      {"{\"time\":1,\"system_info\":{\"process_id\":1}}", "{}", 1},
      {"[1,\"a\"]", "{\"cwnd\":1,\"cwnd_of_mine\":2}", 1},
      {"{}", "{\"frames\":[{\"frame_type\":\"ack\",\"mine\":{\"own\":1}}]}", 2},
      {"{}", "{\"details\":{\"mine\":1},\"header\":{\"dcil\":8}}", 0},
      {"{}", "{\"mine\":", 1},
      {"", "", 0},
  };
  qlog_convert *c;

  (void)state;
  assert_int_equal(qlog_convert_new(&c, quic_mem_default()), 0);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_int_equal(
        qlog_strange_members(c, text_of(rows[i].record), text_of(rows[i].data)),
        rows[i].n);
  }
  qlog_convert_del(c);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_value), cmocka_unit_test(test_members),
      cmocka_unit_test(test_has), cmocka_unit_test(test_strange)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
