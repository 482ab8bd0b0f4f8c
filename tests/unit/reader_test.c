/* The cursor over untrusted bytes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/reader.h"
#include "tests/support/octets.h"

static void test_integers(void **state) {
  static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7, 8};
  quic_reader rd;

  (void)state;
#define READS(fn, value, width)                                                \
  quic_reader_init(&rd, in, sizeof(in));                                       \
  assert_true(fn(&rd) == (value));                                             \
  assert_int_equal(quic_reader_offset(&rd), (width))

  READS(quic_reader_u8, 1, 1);
  READS(quic_reader_u16, 0x0102, 2);
  READS(quic_reader_u24, 0x010203, 3);
  READS(quic_reader_u32, 0x01020304, 4);
  READS(quic_reader_u64, UINT64_C(0x0102030405060708), 8);
  READS(quic_reader_u16_le, 0x0201, 2);
  READS(quic_reader_u32_le, 0x04030201, 4);
  READS(quic_reader_u64_le, UINT64_C(0x0807060504030201), 8);
#undef READS
  for (size_t n = 0; n <= 8; n++) {
    uint64_t want = 0;

    for (size_t i = 0; i < n; i++) {
      want = want << 8 | in[i];
    }
    quic_reader_init(&rd, in, sizeof(in));
    assert_true(quic_reader_uint(&rd, n) == want);
    assert_int_equal(quic_reader_offset(&rd), n);
  }
}

/* What is there is read up to the end; the first read that does not fit fails
   for good, and its offset is kept. */
static void test_sticky(void **state) {
  static const uint8_t in[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

  (void)state;
  for (size_t len = 0; len <= sizeof(in); len++) {
    uint8_t *exact = octets_exact(in, len);
    quic_reader rd;

    quic_reader_init(&rd, exact, len);
    (void)quic_reader_u16(&rd);
    (void)quic_reader_u24(&rd);
    (void)quic_reader_u16_le(&rd);
    assert_int_equal(quic_reader_failed(&rd), len < 7);
    if (len < 7) {
      assert_int_equal(quic_reader_status(&rd), QUIC_ERR_SHORT);
      assert_int_equal(rd.fail_offset, len < 2 ? 0 : len < 5 ? 2 : 5);
      assert_int_equal(quic_reader_offset(&rd), rd.fail_offset);
      assert_int_equal(quic_reader_left(&rd), 0);
      /* octets may be left, but not after a failure */
      assert_int_equal(quic_reader_u8(&rd), 0);
      assert_true(quic_reader_u64(&rd) == 0);
      assert_int_equal(quic_reader_bytes(&rd, 1).len, 0);
    } else {
      assert_int_equal(quic_reader_status(&rd), 0);
    }
    free(exact);
  }
}

/* A 64-bit integer of which only half is there is 0, not half. */
static void test_halves(void **state) {
  static const uint8_t in[] = {1, 2, 3, 4, 5, 6, 7};
  quic_reader rd;

  (void)state;
  quic_reader_init(&rd, in, sizeof(in));
  assert_true(quic_reader_u64(&rd) == 0);
  quic_reader_init(&rd, in, sizeof(in));
  assert_true(quic_reader_u64_le(&rd) == 0);
}

static void test_borrow(void **state) {
  static const uint8_t in[] = {1, 2, 3, 4};
  quic_reader rd;
  quic_bytes b;

  (void)state;
  quic_reader_init(&rd, in, sizeof(in));
  quic_reader_skip(&rd, 1);
  b = quic_reader_bytes(&rd, 2);
  assert_ptr_equal(b.data, in + 1);
  assert_int_equal(b.len, 2);
  b = quic_reader_rest(&rd);
  assert_ptr_equal(b.data, in + 3);
  assert_int_equal(b.len, 1);
  assert_int_equal(quic_reader_rest(&rd).len, 0);
  assert_false(quic_reader_failed(&rd));
  b = quic_reader_bytes(&rd, UINT64_MAX); /* must not wrap */
  assert_null(b.data);
  assert_true(quic_reader_failed(&rd));
  assert_int_equal(rd.fail_offset, 4);
}

static void test_fail(void **state) {
  static const uint8_t in[] = {1, 2};
  quic_reader rd;

  (void)state;
  quic_reader_init(&rd, in, sizeof(in));
  quic_reader_skip(&rd, 1);
  quic_reader_fail(&rd);
  quic_reader_fail(&rd);
  assert_int_equal(quic_reader_offset(&rd), 1);
  assert_int_equal(quic_reader_u8(&rd), 0);
  quic_reader_init(&rd, NULL, 0);
  assert_int_equal(quic_reader_rest(&rd).len, 0);
  assert_false(quic_reader_failed(&rd));
  assert_int_equal(quic_reader_u8(&rd), 0);
  assert_true(quic_reader_failed(&rd));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_integers), cmocka_unit_test(test_sticky),
      cmocka_unit_test(test_halves),   cmocka_unit_test(test_borrow),
      cmocka_unit_test(test_fail),
  };

  return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
