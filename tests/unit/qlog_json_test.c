/* The JSON emitter. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "qlog/json.h"

/* What was written since begin(). */
typedef struct page {
  char all[8192];
  size_t len;
  char buf[4096];
  quic_text text;
  qlog_json json;
} page;

static void page_take(void *user, const char *data, size_t len) {
  page *p = user;

  assert_true(p->len + len < sizeof(p->all));
  memcpy(p->all + p->len, data, len);
  p->len += len;
}

static qlog_json *page_begin(page *p, size_t cap) {
  p->len = 0;
  quic_text_init(&p->text, p->buf, cap);
  p->text.flush = page_take;
  p->text.user = p;
  qlog_json_init(&p->json, &p->text);
  return &p->json;
}

static const char *page_end(page *p) {
  quic_text_flush(&p->text);
  p->all[p->len] = '\0';
  return p->all;
}

static quic_bytes bytes(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static void page_sample(qlog_json *j) {
  qlog_json_object(j);
  qlog_json_key_u64(j, "a", UINT64_MAX);
  qlog_json_key(j, "b");
  qlog_json_array(j);
  qlog_json_object(j);
  qlog_json_object_end(j);
  qlog_json_array(j);
  qlog_json_array_end(j);
  qlog_json_i64(j, INT64_MIN);
  qlog_json_i64(j, 0);
  qlog_json_i64(j, INT64_MAX);
  qlog_json_bool(j, true);
  qlog_json_bool(j, false);
  qlog_json_null(j);
  qlog_json_array_end(j);
  qlog_json_key_str(j, "c", "x");
  qlog_json_key_bool(j, "d", false);
  qlog_json_key_hex(j, "e", quic_bytes_of("\x00\xfa", 2));
  qlog_json_key_hex(j, "f", quic_bytes_of(NULL, 0));
  qlog_json_key_text_value(j, "g", bytes("y"));
  qlog_json_key_text(j, bytes("k\"\n"));
  qlog_json_u64(j, 7);
  qlog_json_object_end(j);
  qlog_json_end(j);
  qlog_json_u64(j, 1);
  qlog_json_u64(j, 2);
}

static const char sample[] =
    "{\"a\":18446744073709551615,\"b\":[{},[],-9223372036854775808,0,"
    "9223372036854775807,true,false,null],\"c\":\"x\",\"d\":false,"
    "\"e\":\"00fa\",\"f\":\"\",\"g\":\"y\",\"k\\\"\\n\":7}\n1,2";

/* The same octets come out whatever the size of the buffer. */
static void test_structure(void **state) {
  page p;

  (void)state;
  for (size_t cap = 1; cap <= sizeof(p.buf); cap += cap < 200 ? 1 : 650) {
    page_sample(page_begin(&p, cap));
    assert_string_equal(page_end(&p), sample);
  }
}

/* Without a flush the text is cut and nothing is overrun. */
static void test_cut(void **state) {
  (void)state;
  for (size_t cap = 1; cap < sizeof(sample); cap++) {
    char *buf = malloc(cap);
    quic_text t;
    qlog_json j;

    assert_non_null(buf);
    quic_text_init(&t, buf, cap);
    qlog_json_init(&j, &t);
    page_sample(&j);
    assert_true(t.cut && t.len < cap);
    free(buf);
  }
}

static void test_u64(void **state) {
  page p;
  char want[32];
  uint64_t v = 1;

  (void)state;
  for (int i = 0; i < 64; i++, v = v * 2) {
    for (uint64_t n = v - 1; n <= v + 1 && n >= v - 1; n++) {
      qlog_json_u64(page_begin(&p, 256), n);
      snprintf(want, sizeof(want), "%llu", (unsigned long long)n);
      assert_string_equal(page_end(&p), want);
    }
  }
}

static void test_decimals(void **state) {
  static const struct {
    uint64_t v;
    unsigned decimals;
    const char *want;
  } cases[] = {
      {0, 0, "0"},
      {0, 6, "0"},
      {1, 6, "0.000001"},
      {10, 6, "0.00001"},
      {999999, 6, "0.999999"},
      {1000000, 6, "1"},
      {1500000, 6, "1.5"},
      {1234567, 6, "1.234567"},
      {1200, 0, "1200"},
      {1125, 3, "1.125"},
      {UINT64_MAX, 6, "18446744073709.551615"},
      {UINT64_MAX, 19, "1.8446744073709551615"},
      {UINT64_MAX, 99, "1.8446744073709551615"},
      {1, 19, "0.0000000000000000001"},
  };
  page p;

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    qlog_json_scaled(page_begin(&p, 256), cases[i].v, cases[i].decimals);
    assert_string_equal(page_end(&p), cases[i].want);
  }
  qlog_json_ms(page_begin(&p, 256), 25 * QUIC_MILLISECOND + 1);
  assert_string_equal(page_end(&p), "25.000001");
  qlog_json_since(page_begin(&p, 256), 1750000000123456789u,
                  1750000000000000000u);
  assert_string_equal(page_end(&p), "123.456789");
  qlog_json_since(page_begin(&p, 256), 5, 1000005);
  assert_string_equal(page_end(&p), "-1");
  qlog_json_since(page_begin(&p, 256), 0, UINT64_MAX);
  assert_string_equal(page_end(&p), "-18446744073709.551615");
}

static void test_date(void **state) {
  static const struct {
    quic_time time;
    const char *want;
  } cases[] = {
      {0, "\"1970-01-01T00:00:00.000Z\""},
      {951782399 * QUIC_SECOND + 1, "\"2000-02-28T23:59:59.000000001Z\""},
      {951782400 * QUIC_SECOND, "\"2000-02-29T00:00:00.000Z\""},
      {951868800 * QUIC_SECOND, "\"2000-03-01T00:00:00.000Z\""},
      {1078099199 * QUIC_SECOND, "\"2004-02-29T23:59:59.000Z\""},
      {1767225599 * QUIC_SECOND + 999 * QUIC_MILLISECOND,
       "\"2025-12-31T23:59:59.999Z\""},
      {1767225600 * QUIC_SECOND + 123456 * QUIC_MICROSECOND,
       "\"2026-01-01T00:00:00.123456Z\""},
      {4107542400 * QUIC_SECOND, "\"2100-03-01T00:00:00.000Z\""},
      {UINT64_MAX, "\"2554-07-21T23:34:33.709551615Z\""},
  };
  page p;

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    qlog_json_date(page_begin(&p, 256), cases[i].time);
    assert_string_equal(page_end(&p), cases[i].want);
  }
}

static void test_text(void **state) {
  static const struct {
    const char *in;
    const char *want; /* without the marks */
    bool utf8;
  } cases[] = {
      {"", "", true},
      {"plain ~", "plain ~", true},
      {"a\"b\\c/", "a\\\"b\\\\c/", true},
      {"\b\f\n\r\t", "\\b\\f\\n\\r\\t", true},
      {"\x01\x1e\x1b[31m\x7f", "\\u0001\\u001e\\u001b[31m\\u007f", true},
      {"\xc2\x85", "\\u0085", true},
      {"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
       "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", true},
      {"\xe2\x80\xae", "\\u202e", true},            /* RLO */
      {"\xf3\xa0\x80\x81", "\\udb40\\udc01", true}, /* a tag */
      {"a\xff"
       "b",
       "a\xef\xbf\xbd"
       "b",
       false},
      {"\xc0\x80", "\xef\xbf\xbd\xef\xbf\xbd", false}, /* not shortest */
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", false},
      {"x\xe2\x82", "x\xef\xbf\xbd\xef\xbf\xbd", false}, /* cut */
  };
  page p;
  char want[256];

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    qlog_json_text(page_begin(&p, 16), bytes(cases[i].in));
    snprintf(want, sizeof(want), "\"%s\"", cases[i].want);
    assert_string_equal(page_end(&p), want);
    assert_int_equal(qlog_json_utf8(bytes(cases[i].in)), cases[i].utf8);
  }
  qlog_json_text(page_begin(&p, 16), quic_bytes_of("a\0b", 3));
  assert_string_equal(page_end(&p), "\"a\\u0000b\"");
}

static void test_hex(void **state) {
  uint8_t octets[700];
  char want[2 * sizeof(octets) + 3] = "\"";
  page p;

  (void)state;
  for (size_t i = 0; i < sizeof(octets); i++) {
    octets[i] = (uint8_t)(i * 7);
    snprintf(want + 1 + 2 * i, 3, "%02x", octets[i]);
  }
  strcat(want, "\"");
  qlog_json_hex(page_begin(&p, 100), quic_bytes_of(octets, sizeof(octets)));
  assert_string_equal(page_end(&p), want);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_structure), cmocka_unit_test(test_cut),
      cmocka_unit_test(test_u64),       cmocka_unit_test(test_decimals),
      cmocka_unit_test(test_date),      cmocka_unit_test(test_text),
      cmocka_unit_test(test_hex),
  };

  return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
