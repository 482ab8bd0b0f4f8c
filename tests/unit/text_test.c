/* Text in a caller's buffer, and text from outside. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"

typedef struct sink {
  char all[4096];
  size_t len;
  unsigned calls;
} sink;

static void sink_take(void *user, const char *data, size_t len) {
  sink *s = user;

  assert_true(s->len + len < sizeof(s->all));
  memcpy(s->all + s->len, data, len);
  s->len += len;
  s->all[s->len] = '\0';
  s->calls++;
}

static void test_append(void **state) {
  char buf[128];
  quic_text t;

  (void)state;
  quic_text_init(&t, buf, sizeof(buf));
  quic_text_str(&t, "a");
  quic_text_char(&t, '-');
  quic_text_mem(&t, "bcd", 2);
  quic_text_mem(&t, NULL, 0);
  quic_text_printf(&t, "/%d%%/", 50);
  quic_text_u64(&t, UINT64_MAX);
  quic_text_char(&t, '|');
  quic_text_u64(&t, 0);
  quic_text_u64_width(&t, 42, 5);
  quic_text_u64_width(&t, 12345, 2);
  quic_text_char(&t, '|');
  quic_text_hex_u64(&t, 0);
  quic_text_hex_u64(&t, UINT64_MAX);
  quic_text_hex(&t, quic_bytes_of("\x00\xfa", 2));
  assert_string_equal(quic_text_cstr(&t),
                      "a-bc/50%/18446744073709551615|0   4212345|"
                      "0x00xffffffffffffffff00fa");
  assert_false(t.cut);
}

/* Without a flush a text is cut at every size, keeps its NUL, and says so. */
static void test_cut(void **state) {
  static const char want[] = "0123456789";

  (void)state;
  for (size_t cap = 1; cap <= 12; cap++) {
    char *buf = malloc(cap);
    quic_text t;

    assert_non_null(buf);
    quic_text_init(&t, buf, cap);
    quic_text_str(&t, "012345");
    quic_text_u64(&t, 67);
    quic_text_pad(&t, 0, 5); /* already wide enough */
    quic_text_str(&t, "89");
    assert_int_equal(t.cut, cap < sizeof(want));
    assert_memory_equal(quic_text_cstr(&t), want, t.len);
    assert_int_equal(strlen(buf), cap < sizeof(want) ? cap - 1 : 10);
    free(buf);
  }
}

/* With a flush nothing is lost, whatever the size of the buffer. */
static void test_flush(void **state) {
  (void)state;
  for (size_t cap = 1; cap < 40; cap++) {
    sink s = {{0}, 0, 0};
    char *buf = malloc(cap);
    quic_text t;
    size_t start;

    assert_non_null(buf);
    quic_text_init(&t, buf, cap);
    t.flush = sink_take;
    t.user = &s;
    quic_text_str(&t, "head ");
    start = quic_text_pos(&t);
    assert_int_equal(start, 5);
    quic_text_str(&t, "abc");
    quic_text_pad(&t, start, 12);
    quic_text_char(&t, '|');
    quic_text_pad(&t, start, 4); /* is wider: nothing */
    quic_text_printf(&t, "%s", "a text that is longer than the buffer");
    assert_int_equal(quic_text_pos(&t), 55);
    quic_text_flush(&t);
    assert_string_equal(
        s.all, "head abc         |a text that is longer than the buffer");
    assert_false(t.cut);
    quic_text_flush(&t);
    assert_int_equal(t.len, 0);
    free(buf);
  }
}

static void test_pad_cut(void **state) {
  char buf[8];
  quic_text t;

  (void)state;
  quic_text_init(&t, buf, sizeof(buf));
  quic_text_str(&t, "ab");
  quic_text_pad(&t, 0, 1000000);
  assert_true(t.cut);
  assert_string_equal(quic_text_cstr(&t), "ab     ");
}

static void test_printf_long(void **state) {
  char buf[2048];
  quic_text t;

  (void)state;
  quic_text_init(&t, buf, sizeof(buf));
  quic_text_printf(&t, "%1500d", 1);
  assert_int_equal(t.len, 1023);
}

static const struct {
  const char *in, *out;
} untrusted[] = {
    {"plain ASCII ~", "plain ASCII ~"},
    {"a\\b", "a\\\\b"},
    {"\x1b[31mred\x07\x7f\n\t", "\\x1b[31mred\\x07\\x7f\\x0a\\x09"},
    {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82",
     "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82"},
    /* C1 as one octet, and as a character */
    {"\x9b"
     "31m",
     "\\x9b31m"},
    {"\xc2\x9b"
     "31m",
     "\\u{009b}31m"},
    /* overlong, surrogate, beyond Unicode, lonely, cut */
    {"\xc0\xaf", "\\xc0\\xaf"},
    {"\xe0\x80\xaf", "\\xe0\\x80\\xaf"},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},
    {"\xf8\x88\x80\x80\x80", "\\xf8\\x88\\x80\\x80\\x80"},
    {"\x80", "\\x80"},
    {"\xe2\x82", "\\xe2\\x82"},
    {"\xe2\x82"
     "A",
     "\\xe2\\x82A"},
    /* right-to-left override, zero width space, isolate, BOM, tag */
    {"\xe2\x80\xae", "\\u{202e}"},
    {"\xe2\x80\x8b", "\\u{200b}"},
    {"\xe2\x81\xa6", "\\u{2066}"},
    {"\xef\xbb\xbf", "\\u{feff}"},
    {"\xf3\xa0\x81\x81", "\\u{e0041}"},
    {"\xe2\x80\xa8", "\\u{2028}"},
    {"\xc2\xad", "\\u{00ad}"},
    /* noncharacters, in every plane */
    {"\xef\xbf\xbf", "\\u{ffff}"},
    {"\xf0\x9f\xbf\xbe", "\\u{1fffe}"},
};

static void test_untrusted(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(untrusted) / sizeof(untrusted[0]); i++) {
    char buf[128];
    quic_text t;

    quic_text_init(&t, buf, sizeof(buf));
    quic_text_untrusted(
        &t, quic_bytes_of(untrusted[i].in, strlen(untrusted[i].in)), 0);
    assert_string_equal(quic_text_cstr(&t), untrusted[i].out);
  }
}

/* No octet that is given alone, and no pair, comes out as a control. */
static void test_untrusted_controls(void **state) {
  (void)state;
  for (unsigned v = 0; v < 65536; v++) {
    uint8_t in[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    char buf[32];
    quic_text t;

    quic_text_init(&t, buf, sizeof(buf));
    quic_text_untrusted(&t, quic_bytes_of(in, 2), 0);
    assert_false(t.cut);
    for (size_t i = 0; i < t.len; i++) {
      uint8_t c = (uint8_t)buf[i];

      assert_true(c >= 0x20 && c != 0x7f);
      /* above ASCII only a whole character from U+00A0 on */
      assert_true(c < 0x80 ||
                  (t.len == 2 && (uint8_t)buf[0] >= 0xc2 && v >= 0xc2a0));
    }
  }
}

static void test_untrusted_max(void **state) {
  static const struct {
    const char *in;
    size_t max;
    const char *out;
  } rows[] = {{"abcdef", 6, "abcdef"},
              {"abcdef", 3, "abc..."},
              {"ab\xe2\x82\xac", 3, "ab..."},
              {"ab\xe2\x82\xac", 4, "ab..."},
              {"ab\xe2\x82\xac", 5, "ab\xe2\x82\xac"},
              {"\xe2\x82\xac", 1, "..."},
              {"", 1, ""}};

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    char buf[64];
    quic_text t;

    quic_text_init(&t, buf, sizeof(buf));
    quic_text_untrusted(&t, quic_bytes_of(rows[i].in, strlen(rows[i].in)),
                        rows[i].max);
    assert_string_equal(quic_text_cstr(&t), rows[i].out);
  }
}

static void quoted(void **state) {
  char buf[64];
  quic_text t;

  (void)state;
  quic_text_init(&t, buf, sizeof(buf));
  quic_text_quoted(&t, quic_bytes_of("a\"b\x1b\"", 5), 0);
  assert_string_equal(quic_text_cstr(&t), "\"a\\\"b\\x1b\\\"\"");
  quic_text_init(&t, buf, sizeof(buf));
  quic_text_quoted(&t, quic_bytes_of("abcdef", 6), 3);
  assert_string_equal(quic_text_cstr(&t), "\"abc...\"");
  quic_text_init(&t, buf, sizeof(buf));
  quic_text_quoted(&t, quic_bytes_of(NULL, 0), 0);
  assert_string_equal(quic_text_cstr(&t), "\"\"");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quoted),
      cmocka_unit_test(test_append),
      cmocka_unit_test(test_cut),
      cmocka_unit_test(test_flush),
      cmocka_unit_test(test_pad_cut),
      cmocka_unit_test(test_printf_long),
      cmocka_unit_test(test_untrusted),
      cmocka_unit_test(test_untrusted_controls),
      cmocka_unit_test(test_untrusted_max),
  };

  return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
