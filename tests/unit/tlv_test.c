/* Streams of {type, length, value}: RFC 9114 §7.1, RFC 9297 §3.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/octets.h"
#include "wire/tlv.h"

/* Three elements: an empty one, types and lengths of all widths. */
static const char stream[] = "00 00"
                             "01 03 616263"
                             "4041 4002 7879"
                             "800f0700 80000001 7a"
                             "c000000000000021 c000000000000005 3132333435";

/* What |stream| holds. */
static const struct {
  uint64_t type;
  uint8_t header_len;
  const char *value;
} elements[] = {{0x00, 2, ""},
                {0x01, 2, "abc"},
                {0x41, 4, "xy"},
                {0xf0700, 8, "z"},
                {0x21, 16, "12345"}};

enum { ELEMENTS = sizeof(elements) / sizeof(elements[0]) };

/* What a reader gave so far. */
typedef struct seen {
  size_t begun, ended;
  char value[64];
  size_t value_len;
} seen;

/* feed hands a piece to the reader in a block of its size. */
static void feed(quic_tlv_reader *tlv, seen *s, quic_bytes piece) {
  uint8_t *copy = octets_exact(piece.data, piece.len);
  quic_bytes data = quic_bytes_of(copy, piece.len), part;
  quic_tlv_event event;
  int rv;

  while ((rv = quic_tlv_reader_next(tlv, &data, UINT64_MAX, &event, &part)) ==
         0) {
    if (event == QUIC_TLV_BEGIN) {
      assert_int_equal(s->begun, s->ended);
      assert_true(s->begun < ELEMENTS);
      assert_int_equal(tlv->type, elements[s->begun].type);
      assert_int_equal(tlv->length, strlen(elements[s->begun].value));
      assert_int_equal(tlv->header_len, elements[s->begun].header_len);
      s->begun++;
      s->value_len = 0;
    } else if (event == QUIC_TLV_VALUE) {
      assert_true(part.len > 0 && s->value_len + part.len <= 64);
      memcpy(s->value + s->value_len, part.data, part.len);
      s->value_len += part.len;
    } else {
      assert_int_equal(s->begun, s->ended + 1);
      assert_int_equal(s->value_len, tlv->length);
      assert_memory_equal(s->value, elements[s->ended].value, s->value_len);
      s->ended++;
    }
    assert_true(event == QUIC_TLV_VALUE || part.len == 0);
  }
  assert_int_equal(rv, QUIC_ERR_AGAIN);
  assert_int_equal(data.len, 0);
  free(copy);
}

/* between tells whether |n| octets of |stream| end an element. */
static bool between(size_t n) {
  size_t end = 0;

  for (size_t i = 0; i < ELEMENTS && end < n; i++) {
    end += elements[i].header_len + strlen(elements[i].value);
  }
  return end == n;
}

/* Each way to cut the stream in three gives the same elements. */
static void test_cuts(void **state) {
  uint8_t buf[64];
  quic_bytes in = octets_hex(stream, buf, sizeof(buf));

  (void)state;
  for (size_t a = 0; a <= in.len; a++) {
    for (size_t b = a; b <= in.len; b++) {
      quic_tlv_reader tlv;
      seen s = {0};

      quic_tlv_reader_init(&tlv);
      feed(&tlv, &s, quic_bytes_of(in.data, a));
      assert_int_equal(quic_tlv_reader_between(&tlv), between(a));
      feed(&tlv, &s, quic_bytes_of(in.data + a, b - a));
      assert_int_equal(quic_tlv_reader_between(&tlv), between(b));
      feed(&tlv, &s, quic_bytes_of(in.data + b, in.len - b));
      assert_int_equal(s.ended, ELEMENTS);
      assert_true(quic_tlv_reader_between(&tlv));
    }
  }
}

static void test_octet_by_octet(void **state) {
  uint8_t buf[64];
  quic_bytes in = octets_hex(stream, buf, sizeof(buf));
  quic_tlv_reader tlv;
  seen s = {0};

  (void)state;
  quic_tlv_reader_init(&tlv);
  for (size_t i = 0; i < in.len; i++) {
    feed(&tlv, &s, quic_bytes_of(in.data + i, 1));
    assert_int_equal(quic_tlv_reader_between(&tlv), between(i + 1));
  }
  assert_int_equal(s.ended, ELEMENTS);
}

/* The largest length is told, and nothing is kept of the value. */
static void test_long_value(void **state) {
  uint8_t buf[64];
  quic_bytes data = octets_hex("00 ffffffffffffffff 0102", buf, sizeof(buf));
  quic_bytes part;
  quic_tlv_reader tlv;
  quic_tlv_event event;

  (void)state;
  quic_tlv_reader_init(&tlv);
  assert_int_equal(quic_tlv_reader_next(&tlv, &data, UINT64_MAX, &event, &part),
                   0);
  assert_int_equal(event, QUIC_TLV_BEGIN);
  assert_int_equal(tlv.length, (UINT64_C(1) << 62) - 1);
  assert_int_equal(quic_tlv_reader_next(&tlv, &data, UINT64_MAX, &event, &part),
                   0);
  assert_int_equal(event, QUIC_TLV_VALUE);
  assert_ptr_equal(part.data, buf + 9);
  assert_int_equal(part.len, 2);
  assert_int_equal(tlv.left, tlv.length - 2);
  assert_int_equal(quic_tlv_reader_next(&tlv, &data, UINT64_MAX, &event, &part),
                   QUIC_ERR_AGAIN);
  assert_false(quic_tlv_reader_between(&tlv));
}

/* draft-ietf-webtrans-http3 §4.3: 0x41 and all that follows, in any width of
   the type; a length for any other reader. */
static void test_no_length(void **state) {
  static const char *const starts[] = {"4041", "80000041", "c000000000000041"};

  (void)state;
  for (size_t i = 0; i < 3; i++) {
    uint8_t buf[64];
    quic_bytes data = octets_hex(starts[i], buf, sizeof(buf)), part;
    quic_bytes more = quic_bytes_of("\x00\x01\x02", 3);
    quic_tlv_reader tlv;
    quic_tlv_event event;

    quic_tlv_reader_init(&tlv);
    assert_int_equal(quic_tlv_reader_next(&tlv, &data, 0x41, &event, &part), 0);
    assert_int_equal(event, QUIC_TLV_BEGIN);
    assert_int_equal(tlv.type, 0x41);
    assert_true(tlv.length == UINT64_MAX);
    assert_int_equal(tlv.header_len, strlen(starts[i]) / 2);
    assert_int_equal(quic_tlv_reader_next(&tlv, &data, 0x41, &event, &part),
                     QUIC_ERR_AGAIN);
    assert_true(quic_tlv_reader_between(&tlv));
    for (int round = 0; round < 3; round++) {
      data = more;
      assert_int_equal(quic_tlv_reader_next(&tlv, &data, 0x41, &event, &part),
                       0);
      assert_int_equal(event, QUIC_TLV_VALUE);
      assert_true(part.data == more.data && part.len == 3);
      assert_int_equal(data.len, 0);
    }
    assert_true(tlv.left == UINT64_MAX);

    data = octets_hex(starts[i], buf, sizeof(buf));
    quic_tlv_reader_init(&tlv);
    assert_int_equal(quic_tlv_reader_next(&tlv, &data, 0x42, &event, &part),
                     QUIC_ERR_AGAIN);
    data = more;
    assert_int_equal(quic_tlv_reader_next(&tlv, &data, 0x42, &event, &part), 0);
    assert_int_equal(event, QUIC_TLV_BEGIN);
    assert_int_equal(tlv.length, 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cuts),
      cmocka_unit_test(test_octet_by_octet),
      cmocka_unit_test(test_long_value),
      cmocka_unit_test(test_no_length),
  };

  return cmocka_run_group_tests_name("tlv", tests, NULL, NULL);
}
