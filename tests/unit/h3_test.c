/* HTTP/3 frames and streams: RFC 9114 §6.2, §7.2, and extensions. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/octets.h"
#include "wire/h3.h"
#include "wire/varint.h"

/* decode reads |payload| from a block of its size; what borrows from it may
   only be compared by place, so the caller frees |*block|. */
static int decode(quic_h3_frame *f, uint64_t type, quic_bytes payload,
                  uint8_t **block) {
  *block = octets_exact(payload.data, payload.len);
  return quic_h3_frame_decode(f, type, quic_bytes_of(*block, payload.len));
}

static const struct {
  const char *wire; /* the whole frame */
  uint64_t type;
  uint64_t id;
  const char *octets;
  size_t shortest; /* payload octets without which it is malformed */
} frames[] = {
    {"00 03 616263", QUIC_H3_DATA, 0, "abc", 0},
    {"00 00", QUIC_H3_DATA, 0, "", 0},
    {"01 02 4142", QUIC_H3_HEADERS, 0, "AB", 0},
    {"03 01 05", QUIC_H3_CANCEL_PUSH, 5, "", 1},
    {"03 02 4567", QUIC_H3_CANCEL_PUSH, 0x567, "", 2},
    {"04 02 3332", QUIC_H3_SETTINGS, 0, "32", 0},
    {"05 04 07 616263", QUIC_H3_PUSH_PROMISE, 7, "abc", 1},
    {"05 02 4567", QUIC_H3_PUSH_PROMISE, 0x567, "", 2},
    {"07 08 ffffffffffffffff", QUIC_H3_GOAWAY, QUIC_VARINT_MAX, "", 8},
    {"0d 04 80123456", QUIC_H3_MAX_PUSH_ID, 0x123456, "", 4},
    {"0c 04 00024142", QUIC_H3_ORIGIN, 0, NULL, 0},
    {"800f0700 04 08 753d31", QUIC_H3_PRIORITY_UPDATE_REQUEST, 8, "u=1", 1},
    {"800f0701 01 08", QUIC_H3_PRIORITY_UPDATE_PUSH, 8, "", 1},
    {"21 01 78", 0x21, 0, "x", 0},
    {"02 01 78", 0x02, 0, "x", 0},
};

enum { FRAMES = sizeof(frames) / sizeof(frames[0]) };

/* The integer and the octets of |f|, wherever its layout has them. */
static uint64_t id_of(const quic_h3_frame *f) {
  switch (f->type) {
  case QUIC_H3_CANCEL_PUSH:
  case QUIC_H3_GOAWAY:
  case QUIC_H3_MAX_PUSH_ID:
    return f->u.id;
  case QUIC_H3_PUSH_PROMISE:
    return f->u.push_promise.push_id;
  case QUIC_H3_PRIORITY_UPDATE_REQUEST:
  case QUIC_H3_PRIORITY_UPDATE_PUSH:
    return f->u.priority_update.element_id;
  default:
    return 0;
  }
}

static quic_bytes octets_of(const quic_h3_frame *f) {
  switch (f->type) {
  case QUIC_H3_CANCEL_PUSH:
  case QUIC_H3_GOAWAY:
  case QUIC_H3_MAX_PUSH_ID:
    return quic_bytes_of(NULL, 0);
  case QUIC_H3_PUSH_PROMISE:
    return f->u.push_promise.section;
  case QUIC_H3_PRIORITY_UPDATE_REQUEST:
  case QUIC_H3_PRIORITY_UPDATE_PUSH:
    return f->u.priority_update.value;
  default:
    return f->u.payload;
  }
}

/* split gives the payload of the frame |wire|. */
static quic_bytes split(quic_bytes wire, uint64_t type) {
  quic_reader rd;
  quic_bytes payload;

  quic_reader_init(&rd, wire.data, wire.len);
  assert_int_equal(quic_reader_varint(&rd), type);
  payload = quic_reader_bytes(&rd, quic_reader_varint(&rd));
  assert_false(quic_reader_failed(&rd));
  assert_int_equal(quic_reader_left(&rd), 0);
  return payload;
}

static void test_decode(void **state) {
  (void)state;
  for (size_t i = 0; i < FRAMES; i++) {
    uint8_t buf[64], *block;
    quic_bytes wire = octets_hex(frames[i].wire, buf, sizeof(buf));
    quic_bytes payload = split(wire, frames[i].type);
    quic_h3_frame f;

    assert_int_equal(decode(&f, frames[i].type, payload, &block), 0);
    assert_int_equal(f.type, frames[i].type);
    assert_int_equal(f.length, payload.len);
    assert_true(id_of(&f) == frames[i].id);
    if (frames[i].octets) {
      assert_true(quic_bytes_eq(
          octets_of(&f),
          quic_bytes_of(frames[i].octets, strlen(frames[i].octets))));
    }
    free(block);
  }
}

/* RFC 9114 §7.1: octets that miss or are left over. */
static void test_prefixes(void **state) {
  (void)state;
  for (size_t i = 0; i < FRAMES; i++) {
    uint8_t buf[64], *block;
    quic_bytes wire = octets_hex(frames[i].wire, buf, sizeof(buf));
    quic_bytes payload = split(wire, frames[i].type);
    bool exact = frames[i].shortest == payload.len && frames[i].octets &&
                 frames[i].octets[0] == '\0' && frames[i].shortest &&
                 frames[i].type != QUIC_H3_PUSH_PROMISE &&
                 frames[i].type != QUIC_H3_PRIORITY_UPDATE_PUSH;
    quic_h3_frame f;

    for (size_t len = 0; len <= payload.len; len++) {
      assert_int_equal(
          decode(&f, frames[i].type, quic_bytes_of(payload.data, len), &block),
          len < frames[i].shortest ? QUIC_ERR_MALFORMED : 0);
      free(block);
    }
    buf[wire.len] = 0;
    assert_int_equal(decode(&f, frames[i].type,
                            quic_bytes_of(payload.data, payload.len + 1),
                            &block),
                     exact ? QUIC_ERR_MALFORMED : 0);
    free(block);
  }
}

static void test_twin(void **state) {
  (void)state;
  for (size_t i = 0; i < FRAMES; i++) {
    uint8_t buf[64], out[64], *block;
    quic_bytes wire = octets_hex(frames[i].wire, buf, sizeof(buf));
    quic_writer wr;
    quic_h3_frame f;

    assert_int_equal(
        decode(&f, frames[i].type, split(wire, frames[i].type), &block), 0);
    f.length = 99;
    quic_writer_init(&wr, out, sizeof(out));
    assert_int_equal(quic_h3_frame_encode(&f, &wr), 0);
    assert_true(quic_bytes_eq(wire, quic_bytes_of(out, quic_writer_len(&wr))));
    for (size_t cap = 0; cap < wire.len; cap++) {
      uint8_t *exact = octets_exact(out, cap);

      quic_writer_init(&wr, exact, cap);
      assert_int_equal(quic_h3_frame_encode(&f, &wr), QUIC_ERR_NOSPACE);
      free(exact);
    }
    free(block);
  }
}

static void test_encode_odd(void **state) {
  quic_h3_frame f = {.type = QUIC_H3_WEBTRANSPORT_STREAM};
  uint8_t out[16];
  quic_writer wr;

  (void)state;
  f.u.payload = quic_bytes_of("\x08rest", 5);
  quic_writer_init(&wr, out, sizeof(out));
  assert_int_equal(quic_h3_frame_encode(&f, &wr), 0);
  assert_int_equal(quic_writer_len(&wr), 7);
  assert_memory_equal(out, "\x40\x41\x08rest", 7);

  quic_writer_init(&wr, out, sizeof(out));
  f.type = QUIC_VARINT_MAX + 1;
  assert_int_equal(quic_h3_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  f.type = QUIC_H3_GOAWAY;
  f.u.id = QUIC_VARINT_MAX + 1;
  assert_int_equal(quic_h3_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  f.type = QUIC_H3_PUSH_PROMISE;
  f.u.push_promise.push_id = UINT64_MAX;
  f.u.push_promise.section = quic_bytes_of(NULL, 0);
  assert_int_equal(quic_h3_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  assert_int_equal(quic_writer_len(&wr), 0);
}

static void test_settings(void **state) {
  uint8_t buf[64];
  quic_bytes in =
      octets_hex("01 4064 06 80010000 07 10 33 01 4021 00", buf, sizeof(buf));
  static const uint64_t want[][2] = {
      {QUIC_H3_SETTING_QPACK_MAX_TABLE_CAPACITY, 100},
      {QUIC_H3_SETTING_MAX_FIELD_SECTION_SIZE, 65536},
      {QUIC_H3_SETTING_QPACK_BLOCKED_STREAMS, 16},
      {QUIC_H3_SETTING_H3_DATAGRAM, 1},
      {0x21, 0}};
  static const size_t ends[] = {0, 3, 8, 10, 12, 15};

  (void)state;
  for (size_t len = 0; len <= in.len; len++) {
    uint8_t *block = octets_exact(in.data, len);
    size_t n = 0;
    quic_reader rd;
    uint64_t id, value;
    int rv;

    quic_reader_init(&rd, block, len);
    while ((rv = quic_h3_settings_next(&rd, &id, &value)) == 0) {
      assert_int_equal(id, want[n][0]);
      assert_int_equal(value, want[n][1]);
      n++;
      assert_true(ends[n] <= len);
    }
    assert_true(n == 5 || ends[n + 1] > len);
    assert_int_equal(rv, ends[n] == len ? QUIC_ERR_END : QUIC_ERR_MALFORMED);
    assert_int_equal(quic_h3_settings_next(&rd, &id, &value), rv);
    free(block);
  }
}

/* RFC 9114 table 1, RFC 9218 §7.2, RFC 9412 §2. */
static void test_places(void **state) {
  enum {
    C = QUIC_H3_ON_CONTROL,
    R = QUIC_H3_ON_REQUEST,
    P = QUIC_H3_ON_PUSH,
    CLIENT = QUIC_H3_FROM_CLIENT,
    SERVER = QUIC_H3_FROM_SERVER,
    BOTH = CLIENT | SERVER
  };
  static const struct {
    uint64_t type;
    const char *name;
    const char *qlog_name;
    unsigned flags;
  } rows[] = {
      {0x00, "DATA", "data", R | P | BOTH | QUIC_H3_STREAMED},
      {0x01, "HEADERS", "headers", R | P | BOTH},
      {0x02, "PRIORITY (HTTP/2)", "unknown", QUIC_H3_HTTP2_ONLY},
      {0x03, "CANCEL_PUSH", "cancel_push", C | BOTH},
      {0x04, "SETTINGS", "settings", C | BOTH},
      {0x05, "PUSH_PROMISE", "push_promise", R | SERVER},
      {0x06, "PING (HTTP/2)", "unknown", QUIC_H3_HTTP2_ONLY},
      {0x07, "GOAWAY", "goaway", C | BOTH},
      {0x08, "WINDOW_UPDATE (HTTP/2)", "unknown", QUIC_H3_HTTP2_ONLY},
      {0x09, "CONTINUATION (HTTP/2)", "unknown", QUIC_H3_HTTP2_ONLY},
      {0x0c, "ORIGIN", "origin", C | SERVER},
      {0x0d, "MAX_PUSH_ID", "max_push_id", C | CLIENT},
      {0x41, "WEBTRANSPORT_STREAM", "unknown", R | BOTH | QUIC_H3_NO_LENGTH},
      {0xf0700, "PRIORITY_UPDATE", "priority_update", C | CLIENT},
      {0xf0701, "PRIORITY_UPDATE", "priority_update", C | CLIENT},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const quic_h3_frame_info *info = quic_h3_frame_info_find(rows[i].type);

    assert_non_null(info);
    assert_int_equal(info->type, rows[i].type);
    assert_string_equal(info->name, rows[i].name);
    assert_string_equal(info->qlog_name, rows[i].qlog_name);
    assert_int_equal(info->flags, rows[i].flags);
  }
  assert_null(quic_h3_frame_info_find(0x0a));
  assert_null(quic_h3_frame_info_find(0x21));
  assert_null(quic_h3_frame_info_find(UINT64_MAX));
}

static void test_streams(void **state) {
  (void)state;
  assert_string_equal(quic_h3_stream_name(0x00), "control");
  assert_string_equal(quic_h3_stream_name(0x01), "push");
  assert_string_equal(quic_h3_stream_name(0x02), "QPACK encoder");
  assert_string_equal(quic_h3_stream_name(0x03), "QPACK decoder");
  assert_string_equal(quic_h3_stream_name(0x54), "WebTransport");
  assert_null(quic_h3_stream_name(0x04));
  assert_null(quic_h3_stream_name(0x21));
}

static void test_reserved(void **state) {
  (void)state;
  assert_true(quic_h3_reserved(0x21));
  assert_true(quic_h3_reserved(0x40));
  assert_true(quic_h3_reserved(0x21 + UINT64_C(0x1f) * 1000000007));
  assert_false(quic_h3_reserved(0x02)); /* 0x21 - 0x1f */
  assert_false(quic_h3_reserved(0));
  assert_false(quic_h3_reserved(0x20));
  assert_false(quic_h3_reserved(0x22));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decode),   cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_twin),     cmocka_unit_test(test_encode_odd),
      cmocka_unit_test(test_settings), cmocka_unit_test(test_places),
      cmocka_unit_test(test_streams),  cmocka_unit_test(test_reserved),
  };

  return cmocka_run_group_tests_name("h3", tests, NULL, NULL);
}
