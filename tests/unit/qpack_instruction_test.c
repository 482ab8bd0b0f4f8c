/* Instructions and field lines, and streams of them in pieces: RFC 9204 §4.3
   to §4.5. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "qpack/parser.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"

#define ENC QPACK_FAMILY_ENCODER
#define DEC QPACK_FAMILY_DECODER
#define LINE QPACK_FAMILY_LINE

/* Octets that stand for one instruction each. */
static const struct {
  qpack_family family;
  const char *hex;
  uint8_t kind;
  bool never;
  uint64_t number;
  const char *name, *value;
} rows[] = {
    {ENC, "3fbd01", QPACK_SET_CAPACITY, 0, 220, "", ""}, /* B.2 */
    {ENC, "20", QPACK_SET_CAPACITY, 0, 0, "", ""},
    {ENC, "c00f 7777772e6578616d706c652e636f6d", QPACK_INSERT_STATIC_NAME, 0, 0,
     "", "www.example.com"},
    {ENC, "ff2400", QPACK_INSERT_STATIC_NAME, 0, 99, "", ""},
    {ENC, "810d 637573746f6d2d76616c756532", QPACK_INSERT_DYNAMIC_NAME, 0, 1,
     "", "custom-value2"},
    {ENC, "4a 637573746f6d2d6b6579 0c 637573746f6d2d76616c7565",
     QPACK_INSERT_LITERAL, 0, 0, "custom-key", "custom-value"},
    {ENC, "68 25a849e95ba97d7f 89 25a849e95bb8e8b4bf", QPACK_INSERT_LITERAL, 0,
     0, "custom-key", "custom-value"},
    {ENC, "02", QPACK_DUPLICATE, 0, 2, "", ""},
    {ENC, "1f00", QPACK_DUPLICATE, 0, 31, "", ""},
    {DEC, "84", QPACK_SECTION_ACKNOWLEDGMENT, 0, 4, "", ""},
    {DEC, "ff00", QPACK_SECTION_ACKNOWLEDGMENT, 0, 127, "", ""},
    {DEC, "48", QPACK_STREAM_CANCELLATION, 0, 8, "", ""},
    {DEC, "7f01", QPACK_STREAM_CANCELLATION, 0, 64, "", ""},
    {DEC, "01", QPACK_INSERT_COUNT_INCREMENT, 0, 1, "", ""},
    {DEC, "3f00", QPACK_INSERT_COUNT_INCREMENT, 0, 63, "", ""},
    {LINE, "c1", QPACK_CODING_INDEXED_STATIC, 0, 1, "", ""},
    {LINE, "80", QPACK_CODING_INDEXED_DYNAMIC, 0, 0, "", ""},
    {LINE, "10", QPACK_CODING_INDEXED_POST_BASE, 0, 0, "", ""},
    {LINE, "1f02", QPACK_CODING_INDEXED_POST_BASE, 0, 17, "", ""},
    {LINE, "510b 2f696e6465782e68746d6c", QPACK_CODING_LITERAL_STATIC_NAME, 0,
     1, "", "/index.html"},
    {LINE, "7f45 00", QPACK_CODING_LITERAL_STATIC_NAME, 1, 84, "", ""},
    {LINE, "43 82 6402", QPACK_CODING_LITERAL_DYNAMIC_NAME, 0, 3, "", "302"},
    {LINE, "60 00", QPACK_CODING_LITERAL_DYNAMIC_NAME, 1, 0, "", ""},
    {LINE, "00 00", QPACK_CODING_LITERAL_POST_BASE_NAME, 0, 0, "", ""},
    {LINE, "0f00 0161", QPACK_CODING_LITERAL_POST_BASE_NAME, 1, 7, "", "a"},
    {LINE, "23 616263 00", QPACK_CODING_LITERAL, 0, 0, "abc", ""},
    {LINE, "2f01 25a849e95ba97d7f 0161", QPACK_CODING_LITERAL, 0, 0,
     "custom-key", "a"},
    {LINE, "33 616263 00", QPACK_CODING_LITERAL, 1, 0, "abc", ""},
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

static bool same(const qpack_string *str, const char *want) {
  uint8_t out[64];
  quic_bytes plain;

  return qpack_string_decode(str, out, &plain) == 0 &&
         quic_bytes_eq(plain, quic_bytes_of(want, strlen(want)));
}

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < ROWS; i++) {
    uint8_t buf[64], out[64];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    qpack_instruction ins;
    quic_writer wr;

    for (size_t len = 0; len <= in.len; len++) {
      uint8_t *cut = octets_exact(in.data, len);
      uint64_t missing;
      quic_reader rd;
      int rv;

      quic_reader_init(&rd, cut, len);
      rv = qpack_instruction_read(&ins, rows[i].family, &rd, 64, &missing);
      assert_int_equal(rv, len < in.len ? QUIC_ERR_SHORT : 0);
      assert_true(rv == 0 || (missing > 0 && missing <= in.len - len));
      if (rv == 0) {
        assert_int_equal(quic_reader_left(&rd), 0);
        assert_int_equal(ins.kind, rows[i].kind);
        assert_int_equal(ins.never_indexed, rows[i].never);
        assert_true(ins.number == rows[i].number);
        assert_true(same(&ins.name, rows[i].name));
        assert_true(same(&ins.value, rows[i].value));
        quic_writer_init(&wr, out, sizeof(out));
        qpack_instruction_write(&ins, &wr);
        assert_true(
            quic_bytes_eq(in, quic_bytes_of(out, quic_writer_len(&wr))));
        assert_int_equal(qpack_instruction_len(&ins), in.len);
      }
      free(cut);
    }
  }
}

/* Each first octet is of one kind, whose pattern it has. */
static void test_first_octets(void **state) {
  (void)state;
  for (int family = ENC; family <= (int)LINE; family++) {
    for (int first = 0; first < 256; first++) {
      uint8_t octets[16] = {(uint8_t)first};
      const qpack_kind_info *info;
      qpack_instruction ins;
      uint64_t missing;
      quic_reader rd;
      int fits = 0;

      quic_reader_init(&rd, octets, sizeof(octets));
      (void)!qpack_instruction_read(&ins, (qpack_family)family, &rd, 300,
                                    &missing);
      info = qpack_kind_info_of(ins.kind);
      assert_int_equal(info->family, family);
      assert_int_equal(first & info->mask, info->pattern);
      for (uint8_t kind = 0; kind < QPACK_KINDS; kind++) {
        info = qpack_kind_info_of(kind);
        fits += (int)info->family == family &&
                (first & info->mask) == info->pattern;
      }
      assert_int_equal(fits, 1);
    }
  }
}

/* write_random writes |n| random instructions of |family|. */
static size_t write_random(quic_rng *rng, qpack_family family, size_t n,
                           uint8_t *out, size_t cap) {
  quic_writer wr;

  quic_writer_init(&wr, out, cap);
  for (size_t i = 0; i < n; i++) {
    uint8_t text[40];
    qpack_instruction ins = {0};

    do {
      ins.kind = (uint8_t)quic_rng_below(rng, QPACK_KINDS);
    } while (qpack_kind_info_of(ins.kind)->family != family);
    quic_rng_fill(rng, text, sizeof(text));
    ins.number = quic_rng_u64(rng) >> (2 + quic_rng_below(rng, 62));
    ins.name.data = quic_bytes_of(text, quic_rng_below(rng, 20));
    ins.value.data = quic_bytes_of(text + 20, quic_rng_below(rng, 20));
    ins.name.huffman = quic_rng_below(rng, 2);
    ins.value.huffman = quic_rng_below(rng, 2);
    qpack_instruction_write(&ins, &wr);
  }
  assert_int_equal(quic_writer_status(&wr), 0);
  return quic_writer_len(&wr);
}

/* sum_of reads a stream in pieces of at most |piece| octets, and returns a
   checksum of what the instructions say. */
static uint64_t sum_of(qpack_family family, const uint8_t *in, size_t len,
                       size_t piece, size_t *count) {
  qpack_parser parser;
  uint64_t sum = 1, end = 0;

  *count = 0;
  qpack_parser_init(&parser, quic_mem_default(), family, 100);
  for (size_t at = 0; at < len; at += piece) {
    size_t n = piece < len - at ? piece : len - at;
    uint8_t *part = octets_exact(in + at, n);
    quic_bytes rest = quic_bytes_of(part, n);
    qpack_instruction ins;
    int rv;

    while ((rv = qpack_parser_next(&parser, &rest, &ins)) == 0) {
      ++*count;
      assert_true(parser.start == end);
      end += parser.len;
      assert_int_equal(parser.len, qpack_instruction_len(&ins));
      sum = sum * 31 + ins.kind + ins.number * 7;
      for (size_t i = 0; i < ins.name.data.len; i++) {
        sum = sum * 33 + ins.name.data.data[i];
      }
      for (size_t i = 0; i < ins.value.data.len; i++) {
        sum = sum * 35 + ins.value.data.data[i];
      }
    }
    assert_int_equal(rv, QUIC_ERR_AGAIN);
    free(part);
  }
  assert_int_equal(end, len);
  qpack_parser_free(&parser);
  return sum;
}

static void test_pieces(void **state) {
  uint8_t stream[4096];
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 11);
  for (int round = 0; round < 100; round++) {
    qpack_family family = round & 1 ? ENC : DEC;
    size_t len = write_random(&rng, family, 20, stream, sizeof(stream));
    size_t count;
    uint64_t whole = sum_of(family, stream, len, len, &count);

    assert_int_equal(count, 20);
    for (size_t piece = 1; piece < 30; piece++) {
      assert_true(sum_of(family, stream, len, piece, &count) == whole);
      assert_int_equal(count, 20);
    }
  }
}

static void test_parser_errors(void **state) {
  static const struct {
    qpack_family family;
    const char *hex;
    int rv;
  } bad[] = {
      {DEC, "84 ffffffffffffffffffffff", QUIC_ERR_MALFORMED},
      {ENC, "02 450000000000 04", QUIC_ERR_LIMIT}, /* a name of 5 octets */
      {ENC, "02 c104", QUIC_ERR_AGAIN},
      {ENC, "02 c105", QUIC_ERR_LIMIT},
      {ENC, "02 c191", QUIC_ERR_AGAIN}, /* 17 of code are 4 at least */
      {ENC, "02 c194", QUIC_ERR_LIMIT},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    for (size_t piece = 1; piece < 20; piece += 18) {
      uint8_t buf[32];
      quic_bytes in = octets_hex(bad[i].hex, buf, sizeof(buf));
      qpack_instruction ins;
      qpack_parser parser;
      int rv = 0;

      qpack_parser_init(&parser, quic_mem_default(), bad[i].family, 4);
      while (in.len && (rv == 0 || rv == QUIC_ERR_AGAIN)) {
        quic_bytes rest =
            quic_bytes_of(in.data, piece < in.len ? piece : in.len);

        in.data += rest.len;
        in.len -= rest.len;
        while ((rv = qpack_parser_next(&parser, &rest, &ins)) == 0) {
        }
      }
      assert_int_equal(rv, bad[i].rv);
      assert_int_equal(parser.start, 1);
      qpack_parser_free(&parser);
    }
  }
}

static int run_parser(const quic_mem *mem, void *user) {
  static const uint8_t octets[] = {0x43, 'a', 'b', 'c', 2, 'd', 'e'};
  qpack_parser parser;
  int rv = QUIC_ERR_AGAIN;

  (void)user;
  qpack_parser_init(&parser, mem, ENC, 100);
  for (size_t i = 0; i < sizeof(octets) && rv == QUIC_ERR_AGAIN; i++) {
    quic_bytes piece = quic_bytes_of(octets + i, 1);
    qpack_instruction ins;

    rv = qpack_parser_next(&parser, &piece, &ins);
  }
  qpack_parser_free(&parser);
  return rv;
}

static void test_memory(void **state) {
  failmem fm;

  (void)state;
  assert_true(failmem_sweep(&fm, run_parser, NULL) > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),   cmocka_unit_test(test_first_octets),
      cmocka_unit_test(test_pieces), cmocka_unit_test(test_parser_errors),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests_name("qpack_instruction", tests, NULL, NULL);
}
