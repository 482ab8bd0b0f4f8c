/* The tokenizer against json-c, over texts that are made at random. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/text.h"
#include "qlog/token.h"
#include "tests/support/octets.h"

#define SEED 20261120
#define TEXTS 4000
#define MUTATIONS 20 /* of each text */

/* A text made at random, with all that the grammar has. */

typedef struct maker {
  quic_rng rng;
  quic_text text;
  char buf[16384];
} maker;

static const char *pick(maker *m, const char *const *from, size_t n) {
  return from[quic_rng_below(&m->rng, n)];
}

#define PICK(m, from) pick(m, from, sizeof(from) / sizeof(from[0]))

static void make_space(maker *m) {
  static const char *const spaces[] = {
      "", "", "", " ", "\n", "\r\n\t", "    ", "                 "};

  quic_text_str(&m->text, PICK(m, spaces));
}

static void make_number(maker *m) {
  static const char *const numbers[] = {"0",
                                        "-0",
                                        "7",
                                        "-1",
                                        "1.5",
                                        "-0.25",
                                        "1e3",
                                        "2.5E-3",
                                        "1E+2",
                                        "4611686018427387903",
                                        "18446744073709551615",
                                        "1745672125961.5925"};

  if (quic_rng_below(&m->rng, 2)) {
    quic_text_u64(&m->text,
                  quic_rng_u64(&m->rng) >> quic_rng_below(&m->rng, 64));
  } else {
    quic_text_str(&m->text, PICK(m, numbers));
  }
}

static void make_string(maker *m) {
  static const char *const parts[] = {
      "a",   "time",    "quic:packet_sent", "\\n",      "\\\"", "\\\\",
      "\\/", "\\u00e9", "\\ud83d\\ude00",   "\xc3\xa9", " ",    "{",
      "]",   ",",       "0123456789abcdef"};

  quic_text_char(&m->text, '"');
  for (uint64_t n = quic_rng_below(&m->rng, 5); n > 0; n--) {
    quic_text_str(&m->text, PICK(m, parts));
  }
  quic_text_char(&m->text, '"');
}

static void make_value(maker *m, int depth) {
  static const char *const words[] = {"true", "false", "null"};
  uint64_t kind = quic_rng_below(&m->rng, depth < 6 ? 8 : 4);
  uint64_t n = quic_rng_below(&m->rng, 4);

  make_space(m);
  if (kind < 2) {
    make_number(m);
  } else if (kind == 2) {
    make_string(m);
  } else if (kind == 3) {
    quic_text_str(&m->text, PICK(m, words));
  } else {
    bool object = kind < 6;

    quic_text_char(&m->text, object ? '{' : '[');
    for (uint64_t i = 0; i < n; i++) {
      quic_text_str(&m->text, i ? "," : "");
      if (object) { /* keys that differ, so that all members count */
        make_space(m);
        quic_text_printf(&m->text, "\"k%d\"", (int)i);
        make_space(m);
        quic_text_char(&m->text, ':');
      }
      make_value(m, depth + 1);
    }
    make_space(m);
    quic_text_char(&m->text, object ? '}' : ']');
  }
  make_space(m);
}

static quic_bytes make_text(maker *m) {
  quic_text_init(&m->text, m->buf, sizeof(m->buf));
  make_value(m, 0);
  return quic_bytes_of(m->buf, m->text.cut ? 0 : m->text.len);
}

/* mutate changes a few octets, but writes no NUL, at which json-c stops. */
static quic_bytes mutate(maker *m, quic_bytes text, char *out) {
  static const char octets[] = "{}[],:\"\\0123456789.eE+-truefalsn \n\x01\x7f";
  size_t len = text.len;

  memcpy(out, text.data, len);
  for (uint64_t n = 1 + quic_rng_below(&m->rng, 3); n > 0 && len > 1; n--) {
    size_t at = quic_rng_below(&m->rng, len);

    switch (quic_rng_below(&m->rng, 4)) {
    case 0:
      len = at + 1;
      break;
    case 1:
      memmove(out + at, out + at + 1, len - at - 1);
      len--;
      break;
    default:
      out[at] = octets[quic_rng_below(&m->rng, sizeof(octets) - 1)];
      break;
    }
  }
  return quic_bytes_of(out, len);
}

/* accepts reads all of |text|. */
static bool accepts(quic_bytes text, qlog_tokens *t) {
  qlog_tokens_init(t, text);
  return qlog_tokens_skip(t, qlog_tokens_next(t), NULL) &&
         qlog_tokens_next(t) == QLOG_TOKEN_END;
}

/* All that is made is JSON; skip and next agree on all that is not. */
static void test_made(void **state) {
  static maker m;
  static char changed[sizeof(m.buf)];
  qlog_tokens t, u;

  (void)state;
  quic_rng_init(&m.rng, SEED);
  for (int i = 0; i < TEXTS; i++) {
    quic_bytes text = make_text(&m);

    if (text.len == 0) {
      continue;
    }
    assert_true(accepts(text, &t));
    text = mutate(&m, text, changed);
    if (accepts(text, &t)) {
      continue;
    }
    qlog_tokens_init(&u, text);
    while (qlog_tokens_next(&u) != QLOG_TOKEN_ERROR) {
    }
    assert_ptr_equal(t.where, u.where);
    assert_ptr_equal(t.why, u.why);
  }
}

#ifdef H3KIT_JSONC

#include <json-c/json.h>

/* oracle tells whether json-c takes |text|, |len| octets and a NUL. */
static bool oracle(const char *text, size_t len) {
  struct json_tokener *k = json_tokener_new_ex(QLOG_DEPTH_MAX);
  struct json_object *value;
  bool good;

  assert_non_null(k);
  json_tokener_set_flags(k, JSON_TOKENER_STRICT);
  value = json_tokener_parse_ex(k, text, (int)len + 1);
  good = json_tokener_get_error(k) == json_tokener_success;
  for (size_t i = json_tokener_get_parse_end(k); good && i < len; i++) {
    good = strchr(" \t\r\n", text[i]) != NULL;
  }
  json_tokener_free(k);
  json_object_put(value);
  return good;
}

static void same_scalar(const qlog_tokens *t, qlog_token token,
                        struct json_object *value) {
  char plain[4096];
  uint64_t v;
  size_t n;

  switch (token) {
  case QLOG_TOKEN_STRING:
    n = qlog_token_unescape(t->text, (uint8_t *)plain, sizeof(plain));
    assert_int_equal(json_object_get_type(value), json_type_string);
    assert_int_equal(json_object_get_string_len(value), n);
    assert_memory_equal(json_object_get_string(value), plain, n);
    break;
  case QLOG_TOKEN_NUMBER:
    if (json_object_get_type(value) == json_type_int &&
        qlog_token_u64(t->text, &v)) {
      assert_true(json_object_get_uint64(value) == v);
    } else if (json_object_get_type(value) == json_type_int) {
      assert_int_equal(t->text.data[0], '-');
    } else {
      assert_int_equal(json_object_get_type(value), json_type_double);
      assert_true(json_object_get_double(value) ==
                  strtod((const char *)t->text.data, NULL));
    }
    break;
  case QLOG_TOKEN_NULL:
    assert_null(value);
    break;
  default:
    assert_int_equal(json_object_get_type(value), json_type_boolean);
    assert_int_equal(json_object_get_boolean(value), token == QLOG_TOKEN_TRUE);
    break;
  }
}

static void same_value(qlog_tokens *t, struct json_object *value) {
  qlog_token token = qlog_tokens_next(t);
  size_t n = 0;

  if (token == QLOG_TOKEN_OBJECT) {
    assert_int_equal(json_object_get_type(value), json_type_object);
    for (; qlog_tokens_member(t); n++) {
      char key[64];
      struct json_object *member;

      snprintf(key, sizeof(key), "%.*s", (int)t->text.len,
               (const char *)t->text.data);
      assert_true(json_object_object_get_ex(value, key, &member));
      same_value(t, member);
    }
    assert_int_equal(json_object_object_length(value), n);
  } else if (token == QLOG_TOKEN_ARRAY) {
    size_t len = json_object_array_length(value);

    for (; n < len; n++) {
      same_value(t, json_object_array_get_idx(value, n));
    }
    assert_int_equal(qlog_tokens_next(t), QLOG_TOKEN_ARRAY_END);
  } else {
    same_scalar(t, token, value);
  }
}

/* json-c takes some texts that RFC 8259 does not know: control characters in
   strings, numbers such as 1., -.5 and 01.5, Infinity and NaN. */
static bool lax(const qlog_tokens *t) {
  const uint8_t *p = t->where;

  if (p == t->end) {
    return p > t->start && p[-1] == '.';
  }
  if (strstr(t->why, "control character")) {
    return true;
  }
  if (p > t->start && p[-1] == '.') {
    return strchr("eE,]} \t\r\n", *p) != NULL;
  }
  if (p > t->start && p[-1] == '-' && *p == '.') {
    return true;
  }
  return p > t->start && p[-1] == '0' && *p >= '0' && *p <= '9';
}

static void compare(quic_bytes text) {
  char *exact = malloc(text.len + 1);
  qlog_tokens t;
  bool good;

  assert_non_null(exact);
  memcpy(exact, text.data, text.len);
  exact[text.len] = '\0';
  good = accepts(quic_bytes_of(exact, text.len), &t);
  if (good != oracle(exact, text.len) && t.loose == 0 && (good || !lax(&t))) {
    fail_msg("%s is %s (%s) here", exact, good ? "JSON" : "none",
             t.why ? t.why : "");
  }
  free(exact);
}

static void test_oracle_values(void **state) {
  static maker m;

  (void)state;
  quic_rng_init(&m.rng, SEED);
  for (int i = 0; i < TEXTS; i++) {
    quic_bytes text = make_text(&m);
    struct json_object *value;
    qlog_tokens t;

    if (text.len == 0) {
      continue;
    }
    m.buf[text.len] = '\0';
    value = json_tokener_parse(m.buf);
    qlog_tokens_init(&t, text);
    same_value(&t, value);
    assert_int_equal(qlog_tokens_next(&t), QLOG_TOKEN_END);
    json_object_put(value);
  }
}

static void test_oracle_mutations(void **state) {
  static maker m;
  static char changed[sizeof(m.buf)];

  (void)state;
  quic_rng_init(&m.rng, SEED + 1);
  for (int i = 0; i < TEXTS; i++) {
    quic_bytes text = make_text(&m);

    for (int k = 0; text.len && k < MUTATIONS; k++) {
      compare(mutate(&m, text, changed));
    }
  }
}

#else

static void test_oracle_values(void **state) {
  (void)state;
  print_message("no json-c to compare with\n");
  skip();
}

static void test_oracle_mutations(void **state) {
  (void)state;
  print_message("no json-c to compare with\n");
  skip();
}

#endif

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_made),
      cmocka_unit_test(test_oracle_values),
      cmocka_unit_test(test_oracle_mutations),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
