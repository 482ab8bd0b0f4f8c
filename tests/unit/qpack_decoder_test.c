/* Field sections against RFC 9204: appendix B, each rule that can be broken,
   blocked streams, the decoder stream. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/text.h"
#include "qpack/decoder.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"

/* A decoder, and in |log| what it called back. */
typedef struct bench {
  qpack_decoder *dec;
  char buf[4096];
  quic_text log;
  qpack_section last; /* its fields are gone */
  size_t sections;
} bench;

static void log_bytes(quic_text *t, quic_bytes b) {
  quic_text_mem(t, (const char *)b.data, b.len);
}

static void on_section(void *user, const qpack_section *s) {
  bench *b = user;

  b->last = *s;
  b->sections++;
  quic_text_u64(&b->log, s->stream_id);
  if (s->token) {
    quic_text_str(&b->log, s->token);
  }
  quic_text_str(&b->log, s->was_blocked ? " late" : "");
  if (s->status) {
    quic_text_printf(&b->log, " error %d", s->status);
  }
  for (size_t i = 0; i < s->nfields; i++) {
    quic_text_char(&b->log, ' ');
    log_bytes(&b->log, s->fields[i].name);
    quic_text_char(&b->log, '=');
    log_bytes(&b->log, s->fields[i].value);
  }
  quic_text_char(&b->log, ';');
}

static void on_insertion(void *user, const qpack_insertion *in) {
  bench *b = user;

  if (in->instruction->kind == QPACK_SET_CAPACITY) {
    quic_text_printf(&b->log, "capacity %d;", (int)in->instruction->number);
    return;
  }
  quic_text_printf(&b->log, "+%d ", (int)in->index);
  log_bytes(&b->log, in->name);
  quic_text_char(&b->log, '=');
  log_bytes(&b->log, in->value);
  quic_text_char(&b->log, ';');
}

static const qpack_decoder_settings usual = {.max_table_capacity = 220,
                                             .max_blocked_streams = 2,
                                             .max_section_octets = 1000,
                                             .max_held_octets = 2000};
static const qpack_decoder_callbacks callbacks = {on_section, on_insertion};

static void open_bench(bench *b, const qpack_decoder_settings *settings) {
  memset(b, 0, sizeof(*b));
  quic_text_init(&b->log, b->buf, sizeof(b->buf));
  assert_int_equal(
      qpack_decoder_new(&b->dec, quic_mem_default(), settings, &callbacks, b),
      0);
}

static void close_bench(bench *b) {
  qpack_decoder_del(b->dec);
}

/* expect compares what was called back since the last time. */
static void expect(bench *b, const char *want) {
  assert_string_equal(quic_text_cstr(&b->log), want);
  quic_text_init(&b->log, b->buf, sizeof(b->buf));
}

static int feed(bench *b, const char *hex) {
  uint8_t buf[256];
  quic_bytes in = octets_hex(hex, buf, sizeof(buf));
  uint8_t *exact = octets_exact(in.data, in.len);
  int rv = qpack_decoder_encoder_stream(b->dec, quic_bytes_of(exact, in.len));

  free(exact);
  return rv;
}

static int section(bench *b, uint64_t id, const char *hex, const char *token) {
  uint8_t buf[256];
  quic_bytes in = octets_hex(hex, buf, sizeof(buf));
  uint8_t *exact = octets_exact(in.data, in.len);
  int rv = qpack_decoder_section(b->dec, id, quic_bytes_of(exact, in.len),
                                 (void *)(uintptr_t)token);

  free(exact);
  return rv;
}

static void said(bench *b, const char *hex) {
  uint8_t out[64], buf[64];
  quic_bytes want = octets_hex(hex, buf, sizeof(buf));
  size_t len = qpack_decoder_output(b->dec, out, sizeof(out));

  assert_true(quic_bytes_eq(want, quic_bytes_of(out, len)));
}

static void test_appendix_b(void **state) {
  bench b;

  (void)state;
  open_bench(&b, &usual);
  /* B.1 */
  assert_int_equal(section(&b, 0, "0000 510b 2f696e6465782e68746d6c", NULL), 0);
  expect(&b, "0 :path=/index.html;");
  assert_int_equal(b.last.required_insert_count, 0);
  assert_int_equal(b.last.decoded_len, 48);
  said(&b, "");
  /* B.2, with the section before its insertions */
  assert_int_equal(section(&b, 4, "0381 10 11", NULL), QUIC_ERR_AGAIN);
  assert_int_equal(qpack_decoder_blocked(b.dec), 1);
  assert_int_equal(feed(&b, "3fbd01 c00f 7777772e6578616d706c652e636f6d"
                            "c10c 2f73616d706c652f70617468"),
                   0);
  expect(&b, "capacity 220;+0 :authority=www.example.com;"
             "+1 :path=/sample/path;"
             "4 late :authority=www.example.com :path=/sample/path;");
  assert_int_equal(b.last.required_insert_count, 2);
  assert_int_equal(b.last.base, 0);
  assert_int_equal(b.last.needed, 2);
  assert_int_equal(qpack_decoder_table(b.dec)->size, 106);
  said(&b, "84");
  /* B.3 */
  assert_int_equal(
      feed(&b, "4a637573746f6d2d6b6579 0c637573746f6d2d76616c7565"), 0);
  expect(&b, "+2 custom-key=custom-value;");
  assert_int_equal(qpack_decoder_table(b.dec)->size, 160);
  said(&b, "01");
  /* B.4 */
  assert_int_equal(section(&b, 8, "0500 80 c1 81", NULL), QUIC_ERR_AGAIN);
  assert_int_equal(qpack_decoder_cancel(b.dec, 8), 0);
  said(&b, "48");
  assert_int_equal(feed(&b, "02"), 0);
  expect(&b, "+3 :authority=www.example.com;");
  assert_int_equal(qpack_decoder_table(b.dec)->size, 217);
  said(&b, "01");
  assert_int_equal(section(&b, 12, "0500 80 c1 81", NULL), 0);
  expect(&b, "12 :authority=www.example.com :path=/ custom-key=custom-value;");
  said(&b, "8c");
  /* B.5 */
  assert_int_equal(feed(&b, "810d 637573746f6d2d76616c756532"), 0);
  expect(&b, "+4 custom-key=custom-value2;");
  assert_int_equal(qpack_decoder_table(b.dec)->size, 215);
  assert_int_equal(qpack_decoder_table(b.dec)->dropped, 1);
  said(&b, "01");
  close_bench(&b);
}

/* What each section or stream breaks.  Three entries are in the table before:
   0 and 1 as in B.2, 2 as in B.3; with |evict| also B.4's and B.5's, so that 0
   is gone. */
static void test_rules(void **state) {
  static const struct {
    const char *section; /* or NULL */
    const char *stream;
    qpack_reason reason;
    uint64_t offset;
    bool evict;
  } rows[] = {
      {"", NULL, QPACK_REASON_PREFIX_SHORT, 0, 0},
      {"00", NULL, QPACK_REASON_PREFIX_SHORT, 0, 0},
      {"ff", NULL, QPACK_REASON_PREFIX_SHORT, 0, 0},
      {"00ff", NULL, QPACK_REASON_PREFIX_SHORT, 0, 0},
      {"ffffffffffffffffffff7f 00", NULL, QPACK_REASON_LINE_INTEGER, 0, 0},
      {"00 7fffffffffffffffffff7f", NULL, QPACK_REASON_LINE_INTEGER, 0, 0},
      {"0c00", NULL, QPACK_REASON_NONE, 0, 1},
      {"0d00", NULL, QPACK_REASON_INSERT_COUNT, 0, 0}, /* above FullRange */
      {"0100", NULL, QPACK_REASON_INSERT_COUNT, 0, 0}, /* 0 */
      {"0b00", NULL, QPACK_REASON_INSERT_COUNT, 0, 0}, /* 10, 9 is the most */
      {"0080", NULL, QPACK_REASON_BASE, 0, 0},
      {"0484", NULL, QPACK_REASON_BASE, 0, 0},
      {"0483", NULL, QPACK_REASON_BASE, 0, 0},
      {"0482", NULL, QPACK_REASON_NONE, 0, 0},
      {"0000 c1 ff24", NULL, QPACK_REASON_LINE_STATIC, 3, 0},
      {"0000 5f5400", NULL, QPACK_REASON_LINE_STATIC, 2, 0}, /* 99 */
      {"0000 5f5300", NULL, QPACK_REASON_NONE, 0, 0},        /* 98 */
      {"0000 80", NULL, QPACK_REASON_LINE_BELOW, 2, 0},
      {"0400 83", NULL, QPACK_REASON_LINE_BELOW, 2, 0},
      {"0400 82", NULL, QPACK_REASON_NONE, 0, 0},
      {"0400 4300", NULL, QPACK_REASON_LINE_BELOW, 2, 0},
      {"0000 10", NULL, QPACK_REASON_LINE_BEYOND, 2, 0},
      {"0381 12", NULL, QPACK_REASON_LINE_BEYOND, 2, 0},
      {"0381 11", NULL, QPACK_REASON_NONE, 0, 0},
      {"0301 80", NULL, QPACK_REASON_LINE_BEYOND, 2, 0},
      {"0381 0200", NULL, QPACK_REASON_LINE_BEYOND, 2, 0},
      {"0600 84", NULL, QPACK_REASON_LINE_EVICTED, 2, 1},
      {"0600 83", NULL, QPACK_REASON_NONE, 0, 1},
      {"0000 51", NULL, QPACK_REASON_LINE_SHORT, 2, 0},
      {"0000 5181", NULL, QPACK_REASON_LINE_SHORT, 2, 0},
      {"0000 c1 27", NULL, QPACK_REASON_LINE_SHORT, 3, 0},
      {"0000 bf", NULL, QPACK_REASON_LINE_SHORT, 2, 0},
      {"0000 ffffffffffffffffffff7f", NULL, QPACK_REASON_LINE_INTEGER, 2, 0},
      {"0000 5181ff", NULL, QPACK_REASON_LINE_HUFFMAN, 2, 0},
      {"0000 29ff00", NULL, QPACK_REASON_LINE_HUFFMAN, 2, 0},
      {"0000 517fee07", NULL, QPACK_REASON_SECTION_SIZE, 2, 0}, /* 1005 */
      {NULL, "20 3fbe01", QPACK_REASON_CAPACITY, 1, 0},
      {NULL, "3fbd01", QPACK_REASON_NONE, 0, 0},
      {NULL, "20 4000", QPACK_REASON_ENTRY_SIZE, 1, 0},
      {NULL, "3fbd01 5f9e01", QPACK_REASON_ENTRY_SIZE, 3, 0}, /* 189 */
      {NULL, "3fbd01 c17fbe00", QPACK_REASON_ENTRY_SIZE, 3, 0},
      {NULL, "ff2400", QPACK_REASON_INSERT_STATIC, 0, 0},
      {NULL, "8300", QPACK_REASON_INSERT_EVICTED, 0, 0},
      {NULL, "8400", QPACK_REASON_INSERT_EVICTED, 0, 1},
      {NULL, "8300", QPACK_REASON_NONE, 0, 1},
      {NULL, "03", QPACK_REASON_INSERT_EVICTED, 0, 0},
      {NULL, "04", QPACK_REASON_INSERT_EVICTED, 0, 1},
      {NULL, "c181ff", QPACK_REASON_INSERT_HUFFMAN, 0, 0},
      {NULL, "61ff00", QPACK_REASON_INSERT_HUFFMAN, 0, 0},
      {NULL, "1fffffffffffffffffff7f", QPACK_REASON_INSERT_INTEGER, 0, 0},
      {NULL, "3fffffffffffffffffffff7f", QPACK_REASON_INSERT_INTEGER, 0, 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const qpack_error *err;
    uint64_t before = 58;
    bench b;
    int rv;

    open_bench(&b, &usual);
    assert_int_equal(feed(&b, "3fbd01 c00f 7777772e6578616d706c652e636f6d"
                              "c10c 2f73616d706c652f70617468"
                              "4a637573746f6d2d6b6579"
                              "0c637573746f6d2d76616c7565"),
                     0);
    if (rows[i].evict) {
      assert_int_equal(feed(&b, "02 810d 637573746f6d2d76616c756532"), 0);
      before += 16;
    }
    rv = rows[i].section ? section(&b, 4, rows[i].section, NULL)
                         : feed(&b, rows[i].stream);
    err = qpack_decoder_error(b.dec);
    if (rows[i].reason == QPACK_REASON_NONE) {
      if (rv != 0 && rv != QUIC_ERR_AGAIN) {
        print_message("row %d: %s\n", (int)i, err->clause);
      }
      assert_true(rv == 0 || rv == QUIC_ERR_AGAIN);
      close_bench(&b);
      continue;
    }
    if (err->reason != rows[i].reason) {
      print_message("row %d: %s\n", (int)i, err->clause);
    }
    assert_int_equal(err->reason, rows[i].reason);
    assert_int_equal(rv, err->code ? QUIC_ERR_PROTOCOL : QUIC_ERR_LIMIT);
    assert_int_equal(err->code, rows[i].stream ? QPACK_ENCODER_STREAM_ERROR
                                : err->reason == QPACK_REASON_SECTION_SIZE
                                    ? 0
                                    : QPACK_DECOMPRESSION_FAILED);
    assert_int_equal(err->offset,
                     rows[i].offset + (rows[i].section ? 0 : before));
    assert_int_equal(b.sections, rows[i].section ? 1 : 0);
    if (rows[i].section) { /* the decoder itself goes on */
      assert_int_equal(b.last.status, rv);
      assert_int_equal(section(&b, 8, "0000 c1", NULL), 0);
    } else {
      assert_int_equal(feed(&b, "3fbd01"), rv); /* the stream does not */
      assert_int_equal(qpack_decoder_error(b.dec)->reason, rows[i].reason);
    }
    close_bench(&b);
  }
}

static void test_order_on_a_stream(void **state) {
  bench b;

  (void)state;
  open_bench(&b, &usual);
  assert_int_equal(section(&b, 0, "0300 80", "a"), QUIC_ERR_AGAIN);
  /* What could go on waits behind what cannot. */
  assert_int_equal(section(&b, 0, "0000 c1", "b"), QUIC_ERR_AGAIN);
  assert_int_equal(section(&b, 4, "0200 80", "c"), QUIC_ERR_AGAIN);
  assert_int_equal(qpack_decoder_blocked(b.dec), 2);
  assert_int_equal(section(&b, 8, "0000 c1", "d"), 0);
  expect(&b, "8d :path=/;");
  /* A third stream is too much, another section is not. */
  assert_int_equal(section(&b, 12, "0200 80", "e"), QUIC_ERR_PROTOCOL);
  assert_int_equal(qpack_decoder_error(b.dec)->reason, QPACK_REASON_BLOCKED);
  expect(&b, "12e error -18;");
  assert_int_equal(section(&b, 4, "0300 80", "f"), QUIC_ERR_AGAIN);
  assert_int_equal(feed(&b, "3fbd01 4161 0131"), 0);
  expect(&b, "capacity 220;+0 a=1;4c late a=1;");
  assert_int_equal(feed(&b, "4162 0132"), 0);
  assert_int_equal(b.sections, 6);
  assert_int_equal(qpack_decoder_blocked(b.dec), 0);
  said(&b, "84 80 84"); /* of 0, only the first refers to the table */
  close_bench(&b);
}

static void test_late_errors(void **state) {
  bench b;

  (void)state;
  open_bench(&b, &usual);
  assert_int_equal(section(&b, 0, "0200 c1 81", "a"), QUIC_ERR_AGAIN);
  assert_int_equal(feed(&b, "3fbd01 4161 0131"), 0);
  expect(&b, "capacity 220;+0 a=1;0a late error -18 :path=/;");
  assert_int_equal(qpack_decoder_error(b.dec)->reason, QPACK_REASON_LINE_BELOW);
  assert_int_equal(qpack_decoder_error(b.dec)->offset, 3);
  said(&b, "01"); /* no acknowledgment */
  close_bench(&b);
}

static void test_held_limit(void **state) {
  qpack_decoder_settings settings = usual;
  bench b;

  (void)state;
  settings.max_held_octets = 500;
  open_bench(&b, &settings);
  assert_int_equal(section(&b, 0, "0200 80", "a"), QUIC_ERR_AGAIN);
  while (section(&b, 0, "0200 80", "b") == QUIC_ERR_AGAIN) {
    assert_int_equal(b.sections, 0);
  }
  assert_int_equal(qpack_decoder_error(b.dec)->reason, QPACK_REASON_HELD);
  assert_int_equal(b.last.status, QUIC_ERR_LIMIT);
  assert_int_equal(qpack_decoder_cancel(b.dec, 0), 0);
  assert_int_equal(section(&b, 4, "0200 80", "c"), QUIC_ERR_AGAIN);
  close_bench(&b);
}

static void late_limits(bool passive) {
  qpack_decoder_settings settings = usual;
  bench b;

  settings.max_table_capacity = settings.max_blocked_streams = 0;
  settings.passive = passive;
  open_bench(&b, &settings);
  assert_int_equal(section(&b, 0, "0000 c1", NULL), 0);
  assert_int_equal(section(&b, 0, "0200 80", NULL), QUIC_ERR_PROTOCOL);
  assert_int_equal(qpack_decoder_set_limits(b.dec, 100, 1), 0);
  assert_int_equal(qpack_decoder_set_limits(b.dec, 220, 1), 0);
  assert_int_equal(section(&b, 4, "0200 80", NULL), QUIC_ERR_AGAIN);
  /* Who only watches may have guessed. */
  assert_int_equal(qpack_decoder_set_limits(b.dec, 100, 1),
                   passive ? 0 : QUIC_ERR_CONFLICT);
  assert_int_equal(qpack_decoder_set_limits(b.dec, 220, 5), 0);
  assert_int_equal(feed(&b, "3fbd01 4161 0131"), 0);
  if (passive) {
    said(&b, "");
  }
  close_bench(&b);
}

static void test_late_limits(void **state) {
  (void)state;
  late_limits(true);
  late_limits(false);
}

/* Required Insert Counts wrap at twice MaxEntries, §4.5.1.1. */
static void test_wrap(void **state) {
  bench b;

  (void)state;
  open_bench(&b, &usual);
  assert_int_equal(feed(&b, "3fbd01"), 0);
  for (uint64_t count = 1; count <= 100; count++) {
    uint8_t octets[] = {(uint8_t)(count % 12 + 1), 0, 0x80};

    assert_int_equal(feed(&b, "4161 0131"), 0);
    assert_int_equal(
        qpack_decoder_section(b.dec, 0, quic_bytes_of(octets, 3), NULL), 0);
    assert_int_equal(b.last.required_insert_count, count);
    quic_text_init(&b.log, b.buf, sizeof(b.buf));
  }
  close_bench(&b);
}

/* A few octets that refer to a large entry again and again are cut off. */
static void test_bomb(void **state) {
  qpack_decoder_settings settings = usual;
  uint8_t bomb[2002] = {2, 0};
  uint8_t insertion[4 + 3500] = {0x41, 'a', 0x7f, 0xad};
  bench b;

  (void)state;
  settings.max_table_capacity = 4096;
  settings.max_section_octets = 100000;
  open_bench(&b, &settings);
  insertion[3] = 0xac; /* 3500 = 127 + 0x2c + 26 * 128 */
  memset(bomb + 2, 0x80, 2000);
  assert_int_equal(feed(&b, "3fe11f"), 0);
  assert_int_equal(
      qpack_decoder_encoder_stream(b.dec, quic_bytes_of("\x41"
                                                        "a\x7f\xad\x1a",
                                                        5)),
      0);
  memset(insertion, 'v', sizeof(insertion));
  assert_int_equal(qpack_decoder_encoder_stream(
                       b.dec, quic_bytes_of(insertion, 127 + 0x2d + 26 * 128)),
                   0);
  assert_int_equal(qpack_decoder_table(b.dec)->inserted, 1);
  assert_int_equal(
      qpack_decoder_section(b.dec, 0, quic_bytes_of(bomb, sizeof(bomb)), NULL),
      QUIC_ERR_LIMIT);
  assert_int_equal(b.last.nfields, 100000 / (32 + 1 + 3500));
  assert_true(b.last.decoded_len <= 100000);
  close_bench(&b);
}

static void test_output_limit(void **state) {
  bench b;
  uint8_t out[100];
  size_t sections = 0, octets = 0, n;

  (void)state;
  open_bench(&b, &usual);
  assert_int_equal(feed(&b, "3fbd01 4161 0131"), 0);
  while (section(&b, 0, "0200 80", NULL) == 0) {
    sections++;
    quic_text_init(&b.log, b.buf, sizeof(b.buf));
  }
  assert_int_equal(qpack_decoder_error(b.dec)->reason, QPACK_REASON_OUTPUT);
  assert_int_equal(b.last.status, QUIC_ERR_LIMIT);
  while ((n = qpack_decoder_output(b.dec, out, sizeof(out)))) {
    octets += n;
  }
  assert_int_equal(octets, sections); /* one octet each, no increment */
  assert_int_equal(section(&b, 0, "0200 80", NULL), 0);
  close_bench(&b);
}

static void count_section(void *user, const qpack_section *s) {
  size_t *n = user;

  *n += s->status == 0;
}

static int run_decoder(const quic_mem *mem, void *user) {
  static const qpack_decoder_callbacks counting = {count_section, NULL};
  static const uint8_t late[] = {2, 0, 0x80, 0x51, 0x82, 0x64, 0x02};
  static const uint8_t stream[] = {0x3f, 0xbd, 1, 0x41, 'a', 0x82, 0x64, 2};
  qpack_decoder *dec;
  size_t delivered = 0;
  uint8_t out[8];
  int rv = qpack_decoder_new(&dec, mem, &usual, &counting, &delivered);

  (void)user;
  if (rv == 0) {
    rv = qpack_decoder_section(dec, 4, quic_bytes_of(late, 7), NULL);
    rv = rv == QUIC_ERR_AGAIN ? 0 : rv;
  }
  for (size_t i = 0; i < sizeof(stream) && rv == 0; i++) {
    rv = qpack_decoder_encoder_stream(dec, quic_bytes_of(stream + i, 1));
  }
  if (rv == 0) {
    rv = qpack_decoder_section(dec, 0, quic_bytes_of(late, 7), NULL);
  }
  if (rv == 0) {
    rv = qpack_decoder_cancel(dec, 0);
  }
  if (rv == 0 && qpack_decoder_output(dec, out, sizeof(out)) != 3) {
    rv = QUIC_ERR_NOMEM; /* the acknowledgment of 4 found no memory */
  }
  if (rv == 0 && delivered != 2) {
    rv = QUIC_ERR_NOMEM;
  }
  qpack_decoder_del(dec);
  return rv;
}

static void test_memory(void **state) {
  failmem fm;

  (void)state;
  assert_true(failmem_sweep(&fm, run_decoder, NULL) > 5);
}

static void test_error_names(void **state) {
  (void)state;
  assert_string_equal(qpack_error_name(0x200), "QPACK_DECOMPRESSION_FAILED");
  assert_string_equal(qpack_error_name(0x201), "QPACK_ENCODER_STREAM_ERROR");
  assert_string_equal(qpack_error_name(0x202), "QPACK_DECODER_STREAM_ERROR");
  assert_null(qpack_error_name(0x1ff));
  assert_null(qpack_error_name(0x203));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_appendix_b),
      cmocka_unit_test(test_rules),
      cmocka_unit_test(test_order_on_a_stream),
      cmocka_unit_test(test_late_errors),
      cmocka_unit_test(test_held_limit),
      cmocka_unit_test(test_late_limits),
      cmocka_unit_test(test_wrap),
      cmocka_unit_test(test_bomb),
      cmocka_unit_test(test_output_limit),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_error_names),
  };

  return cmocka_run_group_tests_name("qpack_decoder", tests, NULL, NULL);
}
