/* Runs of octets, and numbers, by words: the same as octet by octet. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "qlog/token_parts.h"
#include "tests/support/octets.h"

/* A stop at each place behind each number of plain octets. */
static void test_runs(void **state) {
  static const uint8_t stops[] = {'"', '\\', 0x1f, 0, '\n'};
  static const uint8_t plains[] = {'a', ' ', '!', '#', ']', 0x7f, 0x80, 0xff};

  (void)state;
  for (size_t len = 0; len <= 50; len++) {
    for (size_t at = 0; at <= len; at++) {
      for (size_t s = 0; s < sizeof(stops); s++) {
        uint8_t text[50], *copy;
        const uint8_t *end;

        for (size_t i = 0; i < len; i++) {
          text[i] = plains[(i + at + s) % sizeof(plains)];
        }
        if (at < len) {
          text[at] = stops[s];
        }
        copy = octets_exact(text, len);
        end = copy + len;
        assert_ptr_equal(qlog_plain(copy, end), copy + at);
        assert_ptr_equal(qlog_plain_words(copy, end), copy + at);
        assert_ptr_equal(qlog_plain_octets(copy, end), copy + at);
        free(copy);
      }
    }
  }
}

/* What is taken at the beginning of a text; -1 = it takes more care. */
static const struct {
  const char *text;
  int taken;
  uint64_t digits;
  uint8_t behind;
} numbers[] = {
    {"0,", 1, 0, 0},
    {"7}", 1, 7, 0},
    {"1234567,", 7, 1234567, 0},
    {"12345678,", 8, 12345678, 0},
    {"12345678]90123456", 8, 12345678, 0},
    {"123456789,", 9, 123456789, 0},
    {"123456789012345678,", 18, UINT64_C(123456789012345678), 0},
    {"1234567890123456789,", -1, 0, 0},
    {"99999999999999999999999999,", -1, 0, 0},
    {"12.5 ", 4, 125, 1},
    {"0.000001,", 8, 1, 6},
    {"5000000030.476795,", 17, UINT64_C(5000000030476795), 6},
    {"12345678.12345678,", 17, UINT64_C(1234567812345678), 8},
    {"1.00000000000000001,", -1, 0, 0},
    {"12", -1, 0, 0},
    {"12345678", -1, 0, 0},
    {"12.", -1, 0, 0},
    {"12.5", -1, 0, 0},
    {"12.,", -1, 0, 0},
    {".5,", -1, 0, 0},
    {"01,", -1, 0, 0},
    {"00000000,", -1, 0, 0},
    {"-1,", -1, 0, 0},
    {"1e3,", -1, 0, 0},
    {"1E3,", -1, 0, 0},
    {"12345678e1,", -1, 0, 0},
    {"1.5e1,", -1, 0, 0},
    {"x", -1, 0, 0},
    {"\"1\"", -1, 0, 0},
    {"", -1, 0, 0},
};

static void test_numbers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
    size_t len = strlen(numbers[i].text);
    uint8_t *copy = octets_exact(numbers[i].text, len), behind;
    uint64_t digits;
    const uint8_t *rest = qlog_plain_number(copy, copy + len, &digits, &behind);

    if (numbers[i].taken < 0
            ? rest != NULL
            : rest != copy + numbers[i].taken || digits != numbers[i].digits ||
                  behind != numbers[i].behind) {
      fail_msg("%s", numbers[i].text);
    }
    free(copy);
  }
}

/* Whatever is taken is what the careful way finds. */
static void test_scaled(void **state) {
  quic_rng rng;
  unsigned taken = 0;

  (void)state;
  quic_rng_init(&rng, 7);
  for (int i = 0; i < 100000; i++) {
    uint64_t v = quic_rng_u64(&rng) >> quic_rng_u64(&rng) % 64;
    unsigned behind = (unsigned)(quic_rng_u64(&rng) % 13);
    unsigned decimals = (unsigned)(quic_rng_u64(&rng) % 10);
    char text[64];
    int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)v);
    uint64_t fast, careful;
    const uint8_t *rest;
    qlog_number number;
    bool negative;

    if (behind) {
      n += snprintf(text + n, sizeof(text) - (size_t)n, ".%0*llu", (int)behind,
                    (unsigned long long)(quic_rng_u64(&rng) % 1000));
    }
    text[n] = ',';
    rest = qlog_plain_number((uint8_t *)text, (uint8_t *)text + n + 1,
                             &number.digits, &number.behind);
    if (!rest || !qlog_number_scaled(number, decimals, &fast)) {
      continue;
    }
    taken++;
    assert_ptr_equal(rest, text + n);
    assert_true(qlog_token_scaled(quic_bytes_of(text, (size_t)n), decimals,
                                  &careful, &negative));
    if (fast != careful || negative) {
      fail_msg("%.*s, %u decimals", n, text, decimals);
    }
  }
  assert_in_range(taken, 20000, 100000);
}

static void test_too_large(void **state) {
  uint64_t out;

  (void)state;
  assert_true(qlog_number_scaled((qlog_number){UINT64_MAX, 3}, 3, &out));
  assert_true(out == UINT64_MAX);
  assert_false(qlog_number_scaled((qlog_number){UINT64_MAX, 3}, 4, &out));
  assert_true(
      qlog_number_scaled((qlog_number){UINT64_C(18446744073), 0}, 9, &out));
  assert_true(out == UINT64_C(18446744073000000000));
  assert_false(
      qlog_number_scaled((qlog_number){UINT64_C(18446744074), 0}, 9, &out));
  assert_false(qlog_number_scaled((qlog_number){1, 4}, 3, &out));
  assert_false(qlog_number_scaled((qlog_number){1, 0}, 10, &out));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_runs),
      cmocka_unit_test(test_numbers),
      cmocka_unit_test(test_scaled),
      cmocka_unit_test(test_too_large),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
