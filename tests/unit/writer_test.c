/* The cursor that fills a buffer. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/reader.h"
#include "base/writer.h"

static void test_integers(void **state) {
  static const uint8_t want[] = {0xab, 0x01, 0x02, 0x01, 0x02, 0x03,
                                 0x04, 0x02, 0x03, 0x04, 0x04, 0x03,
                                 0x02, 0xee, 0xee, 0x09, 0x08};
  uint8_t buf[32];
  quic_writer wr;

  (void)state;
  quic_writer_init(&wr, buf, sizeof(buf));
  quic_writer_u8(&wr, 0xab);
  quic_writer_u16(&wr, 0x0102);
  quic_writer_u32(&wr, 0x01020304);
  quic_writer_uint(&wr, 0x01020304, 3); /* the low octets */
  quic_writer_uint_le(&wr, 0x01020304, 3);
  quic_writer_fill(&wr, 0xee, 2);
  quic_writer_bytes(&wr, quic_bytes_of("\x09\x08", 2));
  quic_writer_bytes(&wr, quic_bytes_of(NULL, 0));
  assert_int_equal(quic_writer_status(&wr), 0);
  assert_int_equal(quic_writer_len(&wr), sizeof(want));
  assert_int_equal(quic_writer_left(&wr), sizeof(buf) - sizeof(want));
  assert_memory_equal(buf, want, sizeof(want));
}

/* What was written is read back, both orders and all widths. */
static void test_twins(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 1);
  for (int i = 0; i < 1000; i++) {
    size_t n = 1 + quic_rng_below(&rng, 8);
    uint64_t v = quic_rng_u64(&rng) >> (64 - 8 * n);
    uint8_t buf[16];
    quic_writer wr;
    quic_reader rd;

    quic_writer_init(&wr, buf, sizeof(buf));
    quic_writer_uint(&wr, v, n);
    quic_writer_uint_le(&wr, v, 8);
    quic_reader_init(&rd, buf, quic_writer_len(&wr));
    assert_true(quic_reader_uint(&rd, n) == v);
    assert_true(quic_reader_u64_le(&rd) == v);
    assert_int_equal(quic_reader_left(&rd), 0);
  }
}

/* In every buffer that is too small the write that does not fit, and all after
   it, change nothing. */
static void test_full(void **state) {
  (void)state;
  for (size_t cap = 0; cap < 7; cap++) {
    uint8_t *buf = calloc(1, cap + 1);
    quic_writer wr;

    assert_non_null(buf);
    buf[cap] = 0x77;
    quic_writer_init(&wr, buf, cap);
    quic_writer_u16(&wr, 0x1111);
    quic_writer_u32(&wr, 0x22222222);
    quic_writer_u8(&wr, 0x33);
    assert_int_equal(quic_writer_status(&wr), QUIC_ERR_NOSPACE);
    assert_int_equal(quic_writer_len(&wr), cap < 2 ? 0 : cap < 6 ? 2 : 6);
    assert_int_equal(quic_writer_left(&wr), 0);
    assert_int_equal(buf[cap], 0x77);
    assert_true(cap == 0 || buf[0] == (cap < 2 ? 0 : 0x11));
    free(buf);
  }
}

static void test_empty(void **state) {
  quic_writer wr;

  (void)state;
  quic_writer_init(&wr, NULL, 0);
  quic_writer_bytes(&wr, quic_bytes_of(NULL, 0));
  quic_writer_fill(&wr, 1, 0);
  assert_int_equal(quic_writer_status(&wr), 0);
  assert_null(quic_writer_take(&wr, SIZE_MAX));
  assert_int_equal(quic_writer_status(&wr), QUIC_ERR_NOSPACE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers),
      cmocka_unit_test(test_twins),
      cmocka_unit_test(test_full),
      cmocka_unit_test(test_empty),
  };

  return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
