/* Prefixed integers and strings, Huffman code: RFC 9204 §4.1, RFC 7541. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "qpack/huffman.h"
#include "qpack/huffman_table.h"
#include "qpack/prefix.h"
#include "tests/support/octets.h"

/* check_integer: |hex| is |value| behind a prefix of |bits|, and no part of it
   is enough. */
static void check_integer(const char *hex, unsigned bits, uint64_t value) {
  uint8_t buf[16], out[16];
  quic_bytes in = octets_hex(hex, buf, sizeof(buf));
  quic_writer wr;
  uint64_t got;

  for (size_t len = 1; len <= in.len; len++) {
    uint8_t *cut = octets_exact(in.data, len);
    quic_reader rd;
    int rv;

    quic_reader_init(&rd, cut, len);
    (void)quic_reader_u8(&rd);
    rv = qpack_prefix_read(&rd, cut[0], bits, &got);
    assert_int_equal(rv, len == in.len ? 0 : QUIC_ERR_SHORT);
    assert_true(rv || (got == value && quic_reader_left(&rd) == 0));
    free(cut);
  }
  assert_int_equal(qpack_prefix_len(bits, value), in.len);
  quic_writer_init(&wr, out, sizeof(out));
  qpack_prefix_write(&wr, (uint8_t)(in.data[0] & ~((1u << bits) - 1)), bits,
                     value);
  assert_true(quic_bytes_eq(in, quic_bytes_of(out, quic_writer_len(&wr))));
}

static void test_integers(void **state) {
  (void)state;
  check_integer("0a", 5, 10); /* RFC 7541 C.1 */
  check_integer("ea", 5, 10);
  check_integer("1f9a0a", 5, 1337);
  check_integer("2a", 8, 42);
  check_integer("1e", 5, 30);
  check_integer("1f00", 5, 31);
  check_integer("ff00", 8, 255);
  check_integer("ff8001", 8, 255 + 128);
  check_integer("0700", 3, 7);
  check_integer("ffc0ffffffffffffff3f", 6, (UINT64_C(1) << 62) - 1);
  check_integer("ff80feffffffffffff3f", 8, (UINT64_C(1) << 62) - 1);
}

static void test_integer_limits(void **state) {
  static const struct {
    const char *hex;
    unsigned bits;
    int rv;
    uint64_t value;
  } rows[] = {
      {"ff81feffffffffffff3f", 8, QUIC_ERR_MALFORMED, 0}, /* 2^62 */
      {"ffffffffffffffffff7f", 8, QUIC_ERR_MALFORMED, 0},
      {"ffffffffffffffffffff01", 8, QUIC_ERR_MALFORMED, 0},
      {"ff8000", 8, 0, 255}, /* one octet too long is no fault */
      {"ff808080808080808000", 8, 0, 255},
      {"ff80808080808080808000", 8, QUIC_ERR_MALFORMED, 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[16];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    quic_reader rd;
    uint64_t got;

    quic_reader_init(&rd, in.data, in.len);
    (void)quic_reader_u8(&rd);
    assert_int_equal(qpack_prefix_read(&rd, in.data[0], rows[i].bits, &got),
                     rows[i].rv);
    assert_true(rows[i].rv || got == rows[i].value);
  }
}

static void test_integer_twins(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 7);
  for (int i = 0; i < 20000; i++) {
    unsigned bits = 1 + (unsigned)quic_rng_below(&rng, 8);
    uint64_t value = quic_rng_u64(&rng) >> (2 + quic_rng_below(&rng, 62)), got;
    uint8_t out[QPACK_PREFIX_OCTETS];
    quic_writer wr;
    quic_reader rd;

    quic_writer_init(&wr, out, sizeof(out));
    qpack_prefix_write(&wr, 0, bits, value);
    assert_int_equal(quic_writer_status(&wr), 0);
    assert_int_equal(quic_writer_len(&wr), qpack_prefix_len(bits, value));
    quic_reader_init(&rd, out + 1, quic_writer_len(&wr) - 1);
    assert_int_equal(qpack_prefix_read(&rd, out[0], bits, &got), 0);
    assert_true(got == value);
    assert_int_equal(quic_reader_left(&rd), 0);
  }
}

/* RFC 7541 C.4 and C.6 */
static const struct {
  const char *plain;
  const char *hex;
} vectors[] = {
    {"www.example.com", "f1e3c2e5f23a6ba0ab90f4ff"},
    {"no-cache", "a8eb10649cbf"},
    {"custom-key", "25a849e95ba97d7f"},
    {"custom-value", "25a849e95bb8e8b4bf"},
    {"302", "6402"},
    {"private", "aec3771a4b"},
    {"Mon, 21 Oct 2013 20:13:21 GMT",
     "d07abe941054d444a8200595040b8166e082a62d1bff"},
    {"https://www.example.com", "9d29ad171863c78f0b97c8e9ae82ae43d3"},
    {"307", "640eff"},
    {"gzip", "9bd9ab"},
    {"foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
     "94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c0"
     "03ed4ee5b1063d5007"},
    {"", ""},
};

static void test_huffman_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
    uint8_t buf[64], out[128];
    quic_bytes code = octets_hex(vectors[i].hex, buf, sizeof(buf));
    quic_bytes plain =
        quic_bytes_of(vectors[i].plain, strlen(vectors[i].plain));
    uint8_t *cut = octets_exact(code.data, code.len);
    quic_writer wr;
    size_t len;

    assert_int_equal(qpack_huffman_len(plain), code.len);
    quic_writer_init(&wr, out, sizeof(out));
    qpack_huffman_encode(&wr, plain);
    assert_true(quic_bytes_eq(code, quic_bytes_of(out, quic_writer_len(&wr))));
    assert_int_equal(
        qpack_huffman_decode(quic_bytes_of(cut, code.len), out, &len), 0);
    assert_true(quic_bytes_eq(plain, quic_bytes_of(out, len)));
    free(cut);
  }
}

/* The code is complete and in canonical order, as RFC 7541 appendix B says, so
   one wrong row would show. */
static void test_huffman_table(void **state) {
  uint64_t sum = 1; /* EOS: 30 bits */

  (void)state;
  for (int s = 0; s < 256; s++) {
    const qpack_huffman_code *c = &qpack_huffman_codes[s];

    assert_in_range(c->len, 5, 30);
    assert_int_equal(c->code >> c->len, 0);
    sum += UINT64_C(1) << (30 - c->len);
    for (int t = 0; t < s; t++) {
      const qpack_huffman_code *d = &qpack_huffman_codes[t];
      uint32_t left = c->code << (32 - c->len),
               other = d->code << (32 - d->len);

      assert_true(left != other);
      if (c->len != d->len) {
        assert_true((left < other) == (c->len < d->len));
      } else {
        assert_true(left > other);
      }
    }
  }
  assert_true(sum == UINT64_C(1) << 30);
}

static void test_huffman_random(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 3);
  for (int i = 0; i < 20000; i++) {
    uint8_t plain[80], code[400];
    size_t n = quic_rng_below(&rng, sizeof(plain) + 1), len;
    bool text = quic_rng_below(&rng, 2);
    uint8_t *in, *out;
    quic_writer wr;

    quic_rng_fill(&rng, plain, n);
    for (size_t j = 0; j < n && text; j++) {
      plain[j] = (uint8_t)('0' + plain[j] % 64);
    }
    quic_writer_init(&wr, code, sizeof(code));
    qpack_huffman_encode(&wr, quic_bytes_of(plain, n));
    assert_int_equal(quic_writer_len(&wr),
                     qpack_huffman_len(quic_bytes_of(plain, n)));
    in = octets_exact(code, quic_writer_len(&wr));
    out = malloc(qpack_huffman_decoded_max(quic_writer_len(&wr)) + 1);
    assert_non_null(out);
    assert_int_equal(qpack_huffman_decode(
                         quic_bytes_of(in, quic_writer_len(&wr)), out, &len),
                     0);
    assert_true(
        quic_bytes_eq(quic_bytes_of(plain, n), quic_bytes_of(out, len)));
    free(out);
    free(in);
  }
}

static void test_huffman_bad(void **state) {
  static const struct {
    const char *hex;
    int rv;
  } rows[] = {
      {"1f", 0},                    /* 'a', 3 ones */
      {"1fff", QUIC_ERR_MALFORMED}, /* 11 ones */
      {"1e", QUIC_ERR_MALFORMED},   /* padding with a zero */
      {"18", QUIC_ERR_MALFORMED},
      {"ff", QUIC_ERR_MALFORMED},           /* 8 ones and nothing else */
      {"07", 0},                            /* '0', 3 ones */
      {"ffffffff", QUIC_ERR_MALFORMED},     /* EOS, then 2 ones */
      {"fffffffc", QUIC_ERR_MALFORMED},     /* EOS */
      {"1fffffffff", QUIC_ERR_MALFORMED},   /* 'a', EOS, 5 ones */
      {"fffffff3", 0},                      /* symbol 22, 2 ones */
      {"18ee7fffffff", QUIC_ERR_MALFORMED}, /* "aa:", EOS, a one */
      {"ffffffffffffffffffffff", QUIC_ERR_MALFORMED},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[16], out[32];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    size_t len;

    assert_int_equal(qpack_huffman_decode(in, out, &len), rows[i].rv);
  }
}

static void test_strings(void **state) {
  static const struct {
    const char *hex; /* with a prefix of 3 bits, H above them */
    uint64_t max;
    int rv;
    uint64_t missing;
  } rows[] = {
      {"03616263", 3, 0, 0},
      {"03616263", 2, QUIC_ERR_LIMIT, 0},
      {"036162", 3, QUIC_ERR_SHORT, 1},
      {"03", 3, QUIC_ERR_SHORT, 3},
      {"07", 9, QUIC_ERR_SHORT, 1},
      {"0702", 9, QUIC_ERR_SHORT, 9},
      {"0f", 9, QUIC_ERR_SHORT, 1},
      {"0a6402", 3, 0, 0},              /* Huffman "302" */
      {"0fa001", 4, QUIC_ERR_LIMIT, 0}, /* 167 octets are above 41 */
      {"07ffffffffffffffffff7f", 9, QUIC_ERR_MALFORMED, 0},
      {"07f8ffffffffffffff3f", 9, QUIC_ERR_LIMIT, 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[16];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    uint8_t *cut = octets_exact(in.data, in.len);
    qpack_string str = {0};
    uint64_t missing;
    quic_reader rd;
    int rv;

    quic_reader_init(&rd, cut + 1, in.len - 1);
    rv = qpack_string_read(&rd, cut[0], 3, rows[i].max, &str, &missing);
    assert_int_equal(rv, rows[i].rv);
    if (rv == QUIC_ERR_SHORT) {
      assert_true(missing == rows[i].missing);
    }
    if (rv == 0) {
      uint8_t out[16];
      quic_bytes plain;
      quic_writer wr;

      assert_int_equal(qpack_string_decode(&str, out, &plain), 0);
      assert_int_equal(plain.len, 3);
      quic_writer_init(&wr, out, sizeof(out));
      qpack_string_write(&wr, 0, 3, &str);
      assert_true(quic_bytes_eq(in, quic_bytes_of(out, quic_writer_len(&wr))));
      assert_int_equal(qpack_string_len(3, &str), in.len);
    }
    free(cut);
  }
}

static void test_shorter(void **state) {
  qpack_string str = qpack_string_plain(quic_bytes_of("302", 3), true);

  (void)state;
  assert_true(str.huffman && !str.coded);
  assert_int_equal(qpack_string_len(7, &str), 3);
  str = qpack_string_plain(quic_bytes_of("302", 3), false);
  assert_false(str.huffman);
  str = qpack_string_plain(quic_bytes_of("\x01\x02", 2), true);
  assert_false(str.huffman); /* it would be longer */
  str = qpack_string_plain(quic_bytes_of("a", 1), true);
  assert_false(str.huffman); /* it would be as long */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_integer_limits),
      cmocka_unit_test(test_integer_twins),
      cmocka_unit_test(test_huffman_vectors),
      cmocka_unit_test(test_huffman_table),
      cmocka_unit_test(test_huffman_random),
      cmocka_unit_test(test_huffman_bad),
      cmocka_unit_test(test_strings),
      cmocka_unit_test(test_shorter),
  };

  return cmocka_run_group_tests_name("qpack_prefix", tests, NULL, NULL);
}
