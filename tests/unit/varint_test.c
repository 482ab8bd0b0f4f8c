/* Variable-length integers: RFC 9000 §16, appendix A.1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/support/octets.h"
#include "wire/varint.h"

static const struct {
  const char *hex;
  uint64_t value;
  size_t shortest;
} vectors[] = {
    {"c2197c5eff14e88c", UINT64_C(151288809941952652), 8},
    {"9d7f3e7d", 494878333, 4},
    {"7bbd", 15293, 2},
    {"25", 37, 1},
    {"4025", 37, 1},
    {"00", 0, 1},
    {"3f", 63, 1},
    {"4040", 64, 2},
    {"7fff", 16383, 2},
    {"80004000", 16384, 4},
    {"bfffffff", 1073741823, 4},
    {"c000000040000000", 1073741824, 8},
    {"ffffffffffffffff", QUIC_VARINT_MAX, 8},
    {"c000000000000000", 0, 1},
};

static void test_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
    uint8_t buf[8], out[8];
    quic_bytes in = octets_hex(vectors[i].hex, buf, sizeof(buf));
    quic_reader rd;
    quic_writer wr;
    uint8_t width = 99;

    quic_reader_init(&rd, in.data, in.len);
    assert_int_equal(quic_reader_varint_width(&rd, &width), vectors[i].value);
    assert_false(quic_reader_failed(&rd));
    assert_int_equal(width, in.len);
    assert_int_equal(quic_varint_len(vectors[i].value), vectors[i].shortest);
    quic_writer_init(&wr, out, sizeof(out));
    quic_writer_varint_width(&wr, vectors[i].value, width);
    assert_int_equal(quic_writer_status(&wr), 0);
    assert_true(quic_bytes_eq(in, quic_bytes_of(out, quic_writer_len(&wr))));
    quic_writer_init(&wr, out, sizeof(out));
    quic_writer_varint(&wr, vectors[i].value);
    assert_int_equal(quic_writer_len(&wr), vectors[i].shortest);
  }
}

static void test_prefixes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
    uint8_t buf[8];
    quic_bytes in = octets_hex(vectors[i].hex, buf, sizeof(buf));

    for (size_t len = 0; len < in.len; len++) {
      uint8_t *cut = octets_exact(in.data, len);
      quic_reader rd;
      uint8_t width = 99;

      quic_reader_init(&rd, cut, len);
      assert_int_equal(quic_reader_varint_width(&rd, &width), 0);
      assert_true(quic_reader_failed(&rd));
      assert_int_equal(rd.fail_offset, 0);
      assert_int_equal(width, 0);
      free(cut);
    }
  }
}

static void test_full(void **state) {
  uint8_t out[8];
  quic_writer wr;

  (void)state;
  assert_int_equal(quic_varint_len(QUIC_VARINT_MAX + 1), 0);
  quic_writer_init(&wr, out, sizeof(out));
  quic_writer_varint(&wr, QUIC_VARINT_MAX + 1);
  assert_int_equal(quic_writer_status(&wr), QUIC_ERR_NOSPACE);
  quic_writer_init(&wr, out, 7);
  quic_writer_varint(&wr, QUIC_VARINT_MAX);
  assert_int_equal(quic_writer_status(&wr), QUIC_ERR_NOSPACE);
  /* A width that is too small gives way. */
  quic_writer_init(&wr, out, sizeof(out));
  quic_writer_varint_width(&wr, 16384, 2);
  assert_int_equal(quic_writer_len(&wr), 4);
}

static void test_random(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 1);
  for (int i = 0; i < 20000; i++) {
    uint64_t v = quic_rng_u64(&rng) >> (2 + quic_rng_below(&rng, 62));
    size_t want = (size_t)1 << quic_rng_below(&rng, 4);
    uint8_t out[8], width;
    quic_writer wr;
    quic_reader rd;

    quic_writer_init(&wr, out, sizeof(out));
    quic_writer_varint_width(&wr, v, want);
    quic_reader_init(&rd, out, quic_writer_len(&wr));
    assert_int_equal(quic_reader_varint_width(&rd, &width), v);
    assert_int_equal(width,
                     want > quic_varint_len(v) ? want : quic_varint_len(v));
    assert_int_equal(quic_reader_left(&rd), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vectors),
      cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_full),
      cmocka_unit_test(test_random),
  };

  return cmocka_run_group_tests_name("varint", tests, NULL, NULL);
}
