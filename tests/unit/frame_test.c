/* Frames: RFC 9000 §12.4, §19 and the extensions, by the table itself. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/support/octets.h"
#include "wire/frame.h"
#include "wire/varint.h"

/* Frames written out by hand, and what is in them. */
static const struct vector {
  const char *hex;
  const char *name;
  const char *fields; /* "name=value ..." of the numbers, bytes as lengths */
} vectors[] = {
    {"00", "PADDING", "count=1"},
    {"0000000000000000000000", "PADDING", "count=11"},
    {"4000", "PADDING", "count=2"},
    {"01", "PING", ""},
    {"020a00000a", "ACK",
     "largest_acknowledged=10 ack_delay=0 ack_range_count=0 "
     "first_ack_range=10 ack_range=0"},
    {"0340640102050a001004010203", "ACK",
     "largest_acknowledged=100 ack_delay=1 ack_range_count=2 "
     "first_ack_range=5 ack_range=4 ect0_count=1 ect1_count=2 "
     "ecn_ce_count=3"},
    {"04040507", "RESET_STREAM",
     "stream_id=4 application_protocol_error_code=5 final_size=7"},
    {"050405", "STOP_SENDING", "stream_id=4 application_protocol_error_code=5"},
    {"06020401020304", "CRYPTO", "offset=2 crypto_data=4"},
    {"0703aabbcc", "NEW_TOKEN", "token=3"},
    {"0804aabb", "STREAM", "stream_id=4 stream_data=2"},
    {"0b0402aabb", "STREAM", "stream_id=4 stream_data=2"},
    {"0c0409aabbcc", "STREAM", "stream_id=4 offset=9 stream_data=3"},
    {"0f040902aabb", "STREAM", "stream_id=4 offset=9 stream_data=2"},
    {"1040ff", "MAX_DATA", "maximum_data=255"},
    {"110409", "MAX_STREAM_DATA", "stream_id=4 maximum_stream_data=9"},
    {"1309", "MAX_STREAMS", "maximum_streams=9"},
    {"1409", "DATA_BLOCKED", "maximum_data=9"},
    {"150409", "STREAM_DATA_BLOCKED", "stream_id=4 maximum_stream_data=9"},
    {"1609", "STREAMS_BLOCKED", "maximum_streams=9"},
    {"18010004aabbccdd000102030405060708090a0b0c0d0e0f", "NEW_CONNECTION_ID",
     "sequence_number=1 retire_prior_to=0 connection_id=4 "
     "stateless_reset_token=16"},
    {"1903", "RETIRE_CONNECTION_ID", "sequence_number=3"},
    {"1a0001020304050607", "PATH_CHALLENGE", "data=8"},
    {"1b0001020304050607", "PATH_RESPONSE", "data=8"},
    {"1c0a06036f6f70", "CONNECTION_CLOSE",
     "error_code=10 frame_type=6 reason_phrase=3"},
    {"1d410000", "CONNECTION_CLOSE", "error_code=256 reason_phrase=0"},
    {"1e", "HANDSHAKE_DONE", ""},
    {"1f", "IMMEDIATE_ACK", ""},
    {"2404050702", "RESET_STREAM_AT",
     "stream_id=4 application_protocol_error_code=5 final_size=7 "
     "reliable_size=2"},
    {"30aabb", "DATAGRAM", "datagram_data=2"},
    {"3102aabb", "DATAGRAM", "datagram_data=2"},
    {"3e010a00000a", "PATH_ACK",
     "path_identifier=1 largest_acknowledged=10 ack_delay=0 "
     "ack_range_count=0 first_ack_range=10 ack_range=0"},
    {"40ac", "IMMEDIATE_ACK", ""},
    {"40af01020304", "ACK_FREQUENCY",
     "sequence_number=1 ack_eliciting_threshold=2 requested_max_ack_delay=3 "
     "reordering_threshold=4"},
    {"42f509", "TIMESTAMP", "timestamp=9"},
    {"7e750107", "PATH_ABANDON", "path_identifier=1 error_code=7"},
    {"7e770107", "PATH_STATUS_AVAILABLE",
     "path_identifier=1 path_status_sequence_number=7"},
    {"7e7a07", "MAX_PATH_ID", "maximum_path_identifier=7"},
    {"7e7c0207", "PATH_CIDS_BLOCKED",
     "path_identifier=2 next_sequence_number=7"},
    {"95228c0c07", "MAX_PATH_ID", "maximum_path_identifier=7"},
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

static bool field_is_number(const quic_frame_field *field) {
  return field->kind == QUIC_FIELD_VARINT || field->kind == QUIC_FIELD_ZEROS;
}

static void frame_describe(const quic_frame *f, char *out, size_t cap) {
  size_t n = 0;

  out[0] = '\0';
  for (const quic_frame_field *p = f->info->fields; p->kind; p++) {
    if (!quic_frame_field_present(f, p)) {
      continue;
    }
    n += (size_t)snprintf(out + n, cap - n, "%s%s=%llu", n ? " " : "", p->name,
                          field_is_number(p)
                              ? (unsigned long long)quic_frame_uint(f, p)
                              : (unsigned long long)quic_frame_bytes(f, p).len);
  }
}

/* check_twin: |f|, decoded from |in|, encodes to it. */
static void check_twin(const quic_frame *f, quic_bytes in) {
  uint8_t *out = octets_exact(in.data, in.len);
  quic_writer wr;

  memset(out, 0xee, in.len);
  quic_writer_init(&wr, out, in.len);
  assert_int_equal(quic_frame_encode(f, &wr), 0);
  assert_int_equal(quic_writer_len(&wr), in.len);
  assert_memory_equal(out, in.data, in.len);
  quic_writer_init(&wr, out, in.len - 1);
  assert_int_equal(quic_frame_encode(f, &wr), QUIC_ERR_NOSPACE);
  free(out);
}

/* frame_open tells whether every prefix behind its fixed part is a frame too:
   it ends with the packet, or is a run. */
static bool frame_open(const quic_frame *f) {
  for (const quic_frame_field *p = f->info->fields; p->kind; p++) {
    if (quic_frame_field_present(f, p) &&
        (p->kind == QUIC_FIELD_REST || p->kind == QUIC_FIELD_ZEROS)) {
      return true;
    }
  }
  return false;
}

/* check_cut: of a cut frame there is what was captured, and the rest is
   counted. */
static void check_cut(const quic_frame *whole, const uint8_t *cut, size_t len) {
  uint8_t out[1024];
  quic_frame f;
  quic_reader rd;
  quic_writer wr;
  int rv;

  quic_reader_init(&rd, cut, len);
  rv = quic_frame_decode_cut(&f, &rd);
  if (rv != 0) {
    assert_int_equal(rv, len ? QUIC_ERR_SHORT : QUIC_ERR_END);
    return;
  }
  assert_int_equal(f.wire.len, len);
  assert_int_equal(quic_reader_left(&rd), 0);
  if (frame_open(whole)) {
    assert_int_equal(f.missing, 0);
    return;
  }
  assert_int_equal(f.missing, whole->wire.len - len);
  quic_writer_init(&wr, out, sizeof(out));
  assert_int_equal(quic_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  for (const quic_frame_field *p = f.info->fields; p->kind; p++) {
    if (p->kind == QUIC_FIELD_LV) {
      assert_int_equal(
          p[1].kind == QUIC_FIELD_END || p[1].kind == QUIC_FIELD_REST, true);
      if (quic_frame_field_present(&f, p)) {
        assert_int_equal(quic_frame_bytes(&f, p).len + f.missing,
                         quic_frame_bytes(whole, p).len);
      }
    }
  }
}

static void check_prefixes(const quic_frame *whole, quic_bytes in) {
  for (size_t len = 0; len < in.len; len++) {
    uint8_t *cut = octets_exact(in.data, len);
    quic_frame f;
    quic_reader rd;
    int rv;

    quic_reader_init(&rd, cut, len);
    rv = quic_frame_decode(&f, &rd);
    if (len == 0) {
      assert_int_equal(rv, QUIC_ERR_END);
    } else if (!frame_open(whole)) {
      assert_int_equal(rv, QUIC_ERR_SHORT);
      assert_true(rd.fail_offset <= len);
    } else if (rv == 0) {
      assert_int_equal(quic_reader_left(&rd), 0);
    } else {
      assert_int_equal(rv, QUIC_ERR_SHORT);
    }
    check_cut(whole, cut, len);
    free(cut);
  }
}

static void test_cut(void **state) {
  static const struct {
    const char *hex;
    int rv;
    uint64_t missing;
  } rows[] = {
      {"0a 04 4100 aabb", 0, 254},
      {"0a 04 4100", 0, 256},
      {"0a 04 41", QUIC_ERR_SHORT, 0},
      {"08 04 aabb", 0, 0},
      {"06 00 10 aabbcc", 0, 13},
      {"1a 0001", QUIC_ERR_SHORT, 0},
      {"18 010004 aabbcc", QUIC_ERR_SHORT, 0},
      {"18 010004 aabbccdd 00", QUIC_ERR_SHORT, 0},
      {"1c 00 00 05 4142", 0, 3},
      {"02 0a 00 01 00", QUIC_ERR_SHORT, 0},
      {"0e 04 ffffffffffffffff 01", QUIC_ERR_MALFORMED, 0},
      {"06 ffffffffffffffff 01", QUIC_ERR_MALFORMED, 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[64];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    uint8_t *exact = octets_exact(in.data, in.len);
    quic_frame f;
    quic_reader rd;

    quic_reader_init(&rd, exact, in.len);
    assert_int_equal(quic_frame_decode_cut(&f, &rd), rows[i].rv);
    if (rows[i].rv == 0) {
      assert_int_equal(f.missing, rows[i].missing);
    }
    free(exact);
  }
}

static void test_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    uint8_t buf[64];
    char text[256];
    quic_bytes in = octets_hex(vectors[i].hex, buf, sizeof(buf));
    uint8_t *exact = octets_exact(in.data, in.len);
    quic_frame f;
    quic_reader rd;

    quic_reader_init(&rd, exact, in.len);
    assert_int_equal(quic_frame_decode(&f, &rd), 0);
    assert_string_equal(f.info->name, vectors[i].name);
    frame_describe(&f, text, sizeof(text));
    assert_string_equal(text, vectors[i].fields);
    assert_ptr_equal(f.wire.data, exact);
    assert_int_equal(f.wire.len, in.len);
    assert_int_equal(quic_frame_decode(&f, &rd), QUIC_ERR_END);
    quic_reader_init(&rd, exact, in.len);
    assert_int_equal(quic_frame_decode(&f, &rd), 0);
    check_twin(&f, in);
    check_prefixes(&f, in);
    free(exact);
  }
}

static void test_errors(void **state) {
  static const struct {
    const char *hex;
    int rv;
  } rows[] = {
      {"0205000006", QUIC_ERR_MALFORMED},      /* first range below 0 */
      {"020500010400 00", QUIC_ERR_MALFORMED}, /* gap below 0 */
      {"020500010200 01", 0},                  /* 5..3, then 1..0 */
      {"020500010200 02", QUIC_ERR_MALFORMED},
      {"02050001050000", QUIC_ERR_MALFORMED},
      {"02 ffffffffffffffff 00 01 00 ffffffffffffffff 00", QUIC_ERR_MALFORMED},
      {"02 40ff 00 ffffffffffffffff 00 0000", QUIC_ERR_SHORT},
      {"18010000aabbccdd000102030405060708090a0b0c0d0e0f", QUIC_ERR_MALFORMED},
      {"18010015", QUIC_ERR_MALFORMED},
      {"1801001400", QUIC_ERR_SHORT},
      {"06 ffffffffffffffff 01 00", QUIC_ERR_MALFORMED},
      {"06 ffffffffffffffff 00", 0},
      {"06 fffffffffffffffe 01 00", 0},
      {"0c 04 ffffffffffffffff 00", QUIC_ERR_MALFORMED},
      {"0e 04 ffffffffffffffff 00", 0},
      {"06 00 ffffffffffffffff 00", QUIC_ERR_SHORT},
      {"21", QUIC_ERR_UNSUPPORTED},
      {"b0000000", QUIC_ERR_UNSUPPORTED},
      {"95228c06 00", QUIC_ERR_UNSUPPORTED},
      {"40", QUIC_ERR_SHORT},
      {"", QUIC_ERR_END},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[64];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    uint8_t *exact = octets_exact(in.data, in.len);
    quic_frame f;
    quic_reader rd;
    int want = rows[i].rv;

    quic_reader_init(&rd, exact, in.len);
    assert_int_equal(quic_frame_decode(&f, &rd), want);
    if (want == QUIC_ERR_UNSUPPORTED) {
      assert_int_equal(quic_reader_offset(&rd), 0);
      assert_false(quic_reader_failed(&rd));
      assert_null(f.info);
      assert_true(f.type == 0x21 || f.type == 0x30000000 ||
                  f.type == 0x15228c06);
    }
    if (want == QUIC_ERR_SHORT && in.len > 1) {
      /* it stays failed */
      assert_int_equal(quic_frame_decode(&f, &rd), QUIC_ERR_SHORT);
    }
    free(exact);
  }
}

static uint64_t random_varint(quic_rng *rng) {
  return quic_rng_u64(rng) >> (2 + quic_rng_below(rng, 62));
}

static uint8_t random_width(quic_rng *rng, uint64_t v) {
  uint8_t w = (uint8_t)(1u << quic_rng_below(rng, 4));
  uint8_t least = (uint8_t)quic_varint_len(v);

  return w > least ? w : least;
}

/* random_ranges makes a valid ACK of |f| and stores its pairs in |buf|. */
static void random_ranges(quic_frame *f, quic_rng *rng, uint8_t *buf,
                          size_t cap) {
  uint64_t pairs = quic_rng_below(rng, 12);
  uint64_t smallest;
  quic_writer wr;

  quic_writer_init(&wr, buf, cap);
  f->u.ack.first_range = quic_rng_below(rng, f->u.ack.largest + 1);
  smallest = f->u.ack.largest - f->u.ack.first_range;
  f->u.ack.range_count = 0;
  while (f->u.ack.range_count < pairs && smallest >= 2) {
    uint64_t gap = quic_rng_below(rng, smallest - 1);
    uint64_t len = quic_rng_below(rng, smallest - gap - 1);

    quic_writer_varint_width(&wr, gap, random_width(rng, gap));
    quic_writer_varint_width(&wr, len, random_width(rng, len));
    smallest -= gap + 2 + len;
    f->u.ack.range_count++;
  }
  f->u.ack.ranges = quic_bytes_of(buf, quic_writer_len(&wr));
}

static void random_field(quic_frame *f, const quic_frame_field *p, size_t i,
                         quic_rng *rng, uint8_t *buf) {
  void *member = (uint8_t *)f + p->offset;
  quic_bytes bytes = quic_bytes_of(buf, quic_rng_below(rng, 40));
  uint64_t number = random_varint(rng);

  switch (p->kind) {
  case QUIC_FIELD_ZEROS:
    number = f->type_width + quic_rng_below(rng, 50);
    memcpy(member, &number, sizeof(number));
    break;
  case QUIC_FIELD_VARINT:
    /* offset + length must stay below 2^62 */
    if (p->role == QUIC_ROLE_OFFSET && number > QUIC_VARINT_MAX - 40) {
      number -= 40;
    }
    memcpy(member, &number, sizeof(number));
    f->width[i] = random_width(rng, number);
    break;
  case QUIC_FIELD_FIXED:
    bytes.len = p->size;
    memcpy(member, &bytes, sizeof(bytes));
    break;
  case QUIC_FIELD_LV8:
    bytes.len = 1 + quic_rng_below(rng, QUIC_CID_MAX);
    memcpy(member, &bytes, sizeof(bytes));
    break;
  case QUIC_FIELD_LV:
    f->width[i] = random_width(rng, bytes.len);
    memcpy(member, &bytes, sizeof(bytes));
    break;
  case QUIC_FIELD_REST:
    memcpy(member, &bytes, sizeof(bytes));
    break;
  case QUIC_FIELD_RANGES:
    random_ranges(f, rng, buf + 64, 256);
    f->width[i - 2] = random_width(rng, f->u.ack.range_count);
    f->width[i - 1] = random_width(rng, f->u.ack.first_range);
    break;
  case QUIC_FIELD_END:
    break;
  }
}

static void random_frame(quic_frame *f, uint64_t type, quic_rng *rng,
                         uint8_t *buf) {
  const quic_frame_info *info = quic_frame_info_find(type);

  memset(f, 0, sizeof(*f));
  f->type = type;
  f->info = info;
  f->type_width = random_width(rng, type);
  for (size_t i = 0; info->fields[i].kind; i++) {
    if (quic_frame_field_present(f, &info->fields[i])) {
      random_field(f, &info->fields[i], i, rng, buf + 512 * i);
    }
  }
}

static void check_same(const quic_frame *a, const quic_frame *b) {
  assert_int_equal(a->type, b->type);
  assert_ptr_equal(a->info, b->info);
  assert_int_equal(a->type_width, b->type_width);
  assert_memory_equal(a->width, b->width, sizeof(a->width));
  for (const quic_frame_field *p = a->info->fields; p->kind; p++) {
    if (!quic_frame_field_present(a, p)) {
      continue;
    }
    if (field_is_number(p)) {
      assert_int_equal(quic_frame_uint(a, p), quic_frame_uint(b, p));
    } else {
      assert_true(
          quic_bytes_eq(quic_frame_bytes(a, p), quic_frame_bytes(b, p)));
    }
  }
}

/* Every type of every row, filled at random by its own list of fields. */
static void test_random_frames(void **state) {
  static uint8_t buf[512 * (QUIC_FRAME_FIELDS_MAX + 1)];
  const quic_frame_info *info;
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 4);
  quic_rng_fill(&rng, buf, sizeof(buf));
  for (size_t row = 0; (info = quic_frame_info_at(row)) != NULL; row++) {
    for (uint64_t type = info->type_first; type <= info->type_last; type++) {
      for (int i = 0; i < 60; i++) {
        uint8_t out[1024];
        quic_frame f, back;
        quic_writer wr;
        quic_reader rd;
        quic_bytes wire;
        uint8_t *exact;

        random_frame(&f, type, &rng, buf);
        quic_writer_init(&wr, out, sizeof(out));
        assert_int_equal(quic_frame_encode(&f, &wr), 0);
        wire = quic_bytes_of(out, quic_writer_len(&wr));
        exact = octets_exact(wire.data, wire.len);
        quic_reader_init(&rd, exact, wire.len);
        assert_int_equal(quic_frame_decode(&back, &rd), 0);
        assert_int_equal(back.wire.len, wire.len);
        check_same(&f, &back);
        check_twin(&back, wire);
        if (i < 10) {
          check_prefixes(&back, wire);
        }
        free(exact);
      }
    }
  }
}

/* Whatever comes in, what decodes encodes to the same octets. */
static void test_random_bytes(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 5);
  for (int i = 0; i < 30000; i++) {
    uint8_t fill[64];
    size_t len = quic_rng_below(&rng, sizeof(fill));
    uint8_t *data;
    quic_frame f;
    quic_reader rd;

    quic_rng_fill(&rng, fill, sizeof(fill));
    fill[0] &= 0x3f;
    for (size_t k = 1; k < sizeof(fill); k++) {
      fill[k] &= i & 1 ? 0x0f : 0xff;
    }
    data = octets_exact(fill, len);
    quic_reader_init(&rd, data, len);
    while (quic_frame_decode(&f, &rd) == 0) {
      check_twin(&f, f.wire);
    }
    free(data);
  }
}

static void test_invalid(void **state) {
  static const uint8_t cid[32];
  static const uint8_t pair[] = {0, 0};
  uint8_t out[128];
  quic_writer wr;
  quic_frame f;

  (void)state;
  quic_writer_init(&wr, out, sizeof(out));
  memset(&f, 0, sizeof(f));
  f.type = 0x21;
  assert_int_equal(quic_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  f.type = QUIC_FRAME_PADDING;
  assert_int_equal(quic_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  f.type = QUIC_FRAME_MAX_DATA;
  f.u.limit.limit = QUIC_VARINT_MAX + 1;
  assert_int_equal(quic_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  memset(&f, 0, sizeof(f));
  f.type = QUIC_FRAME_NEW_CONNECTION_ID;
  f.u.new_cid.reset_token = quic_bytes_of(cid, 16);
  assert_int_equal(quic_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  f.u.new_cid.cid = quic_bytes_of(cid, 21);
  assert_int_equal(quic_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  f.u.new_cid.cid = quic_bytes_of(cid, 20);
  f.u.new_cid.reset_token.len = 15;
  assert_int_equal(quic_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  memset(&f, 0, sizeof(f));
  f.type = QUIC_FRAME_ACK;
  f.u.ack.largest = 9;
  f.u.ack.range_count = 1;
  assert_int_equal(quic_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  f.u.ack.ranges = quic_bytes_of(pair, 1);
  assert_int_equal(quic_frame_encode(&f, &wr), QUIC_ERR_INVALID);
  assert_int_equal(quic_writer_len(&wr), 0);
  f.u.ack.ranges = quic_bytes_of(pair, 2);
  assert_int_equal(quic_frame_encode(&f, &wr), 0);
}

static void test_ack_iter(void **state) {
  uint8_t buf[64];
  /* 100..95, then a gap of 10: 83..83, then 65..61 */
  quic_bytes in = octets_hex("0240640002 05 0a00 1004", buf, sizeof(buf));
  static const uint64_t want[][2] = {{95, 100}, {83, 83}, {61, 65}};
  quic_frame f;
  quic_reader rd;
  quic_ack_iter it;
  uint64_t smallest, largest;

  (void)state;
  quic_reader_init(&rd, in.data, in.len);
  assert_int_equal(quic_frame_decode(&f, &rd), 0);
  quic_ack_iter_init(&it, &f);
  for (size_t i = 0; i < 3; i++) {
    assert_true(quic_ack_iter_next(&it, &smallest, &largest));
    assert_int_equal(smallest, want[i][0]);
    assert_int_equal(largest, want[i][1]);
  }
  assert_false(quic_ack_iter_next(&it, &smallest, &largest));
  assert_false(quic_ack_iter_next(&it, &smallest, &largest));
  /* one built by hand that lies */
  f.u.ack.first_range = 101;
  quic_ack_iter_init(&it, &f);
  assert_false(quic_ack_iter_next(&it, &smallest, &largest));
  assert_false(quic_ack_iter_next(&it, &smallest, &largest));
  f.u.ack.first_range = 95;
  quic_ack_iter_init(&it, &f);
  assert_true(quic_ack_iter_next(&it, &smallest, &largest));
  assert_false(quic_ack_iter_next(&it, &smallest, &largest));
}

/* RFC 9000 table 3, row by row: packets I 0 H 1, ack-eliciting, probing. */
static void test_legality(void **state) {
  static const struct {
    uint64_t type;
    const char *where;
    bool eliciting, probing;
  } rows[] = {
      {0x00, "IZHO", false, true},  {0x01, "IZHO", true, false},
      {0x02, "IHO", false, false},  {0x03, "IHO", false, false},
      {0x04, "ZO", true, false},    {0x05, "ZO", true, false},
      {0x06, "IHO", true, false},   {0x07, "O", true, false},
      {0x08, "ZO", true, false},    {0x0f, "ZO", true, false},
      {0x10, "ZO", true, false},    {0x11, "ZO", true, false},
      {0x12, "ZO", true, false},    {0x13, "ZO", true, false},
      {0x14, "ZO", true, false},    {0x15, "ZO", true, false},
      {0x16, "ZO", true, false},    {0x17, "ZO", true, false},
      {0x18, "ZO", true, true},     {0x19, "ZO", true, false},
      {0x1a, "ZO", true, true},     {0x1b, "O", true, true},
      {0x1c, "IZHO", false, false}, {0x1d, "ZO", false, false},
      {0x1e, "O", true, false},     {0x1f, "O", true, false},
      {0x24, "ZO", true, false},    {0x30, "ZO", true, false},
      {0x3e, "O", false, false},    {0xaf, "O", true, false},
      {0x3e78, "O", true, false},
  };
  static const struct {
    char letter;
    quic_packet_type type;
  } packets[] = {
      {'I', QUIC_PACKET_INITIAL},   {'Z', QUIC_PACKET_0RTT},
      {'H', QUIC_PACKET_HANDSHAKE}, {'O', QUIC_PACKET_1RTT},
      {'-', QUIC_PACKET_RETRY},     {'-', QUIC_PACKET_VERSION_NEGOTIATION}};

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const quic_frame_info *info = quic_frame_info_find(rows[i].type);

    for (size_t p = 0; p < sizeof(packets) / sizeof(packets[0]); p++) {
      assert_int_equal(quic_frame_legal(info, packets[p].type),
                       strchr(rows[i].where, packets[p].letter) != NULL);
    }
    assert_int_equal((info->flags & QUIC_FRAME_ELICITING) != 0,
                     rows[i].eliciting);
    assert_int_equal((info->flags & QUIC_FRAME_PROBING) != 0, rows[i].probing);
  }
}

static void test_table(void **state) {
  const quic_frame_info *info;
  uint64_t next = 0;
  size_t rows = 0;

  (void)state;
  for (; (info = quic_frame_info_at(rows)) != NULL; rows++) {
    size_t fields = 0;

    assert_true(info->type_first >= next);
    assert_true(info->type_last >= info->type_first);
    next = info->type_last + 1;
    for (uint64_t t = info->type_first; t <= info->type_last; t++) {
      assert_ptr_equal(quic_frame_info_find(t), info);
    }
    while (info->fields[fields].kind) {
      const quic_frame_field *p = &info->fields[fields++];

      assert_non_null(p->name);
      assert_true(p->offset < sizeof(quic_frame));
      assert_int_equal(p->if_value & ~p->if_mask, 0);
    }
    assert_true(fields <= QUIC_FRAME_FIELDS_MAX);
  }
  assert_int_equal(rows, 45);
  assert_null(quic_frame_info_find(0x20));
  assert_null(quic_frame_info_find(0x15228c06));
  assert_null(quic_frame_info_find(QUIC_VARINT_MAX));
}

/* What the numbers of drafts mean; all others mean themselves. */
static void test_meaning(void **state) {
  static const struct {
    uint64_t type, means;
  } drafts[] = {
      {0xac, QUIC_FRAME_IMMEDIATE_ACK},
      {0x15228c00, QUIC_FRAME_PATH_ACK},
      {0x15228c01, QUIC_FRAME_PATH_ACK + 1},
      {0x15228c05, QUIC_FRAME_PATH_ABANDON},
      {0x15228c07, QUIC_FRAME_PATH_STATUS_BACKUP},
      {0x15228c08, QUIC_FRAME_PATH_STATUS_AVAILABLE},
      {0x15228c09, QUIC_FRAME_PATH_NEW_CONNECTION_ID},
      {0x15228c0a, QUIC_FRAME_PATH_RETIRE_CONNECTION_ID},
      {0x15228c0c, QUIC_FRAME_MAX_PATH_ID},
      {0x15228c0d, QUIC_FRAME_PATHS_BLOCKED},
      {0x15228c0e, QUIC_FRAME_PATH_CIDS_BLOCKED},
  };
  const quic_frame_info *info;
  quic_frame f = {.type = 0x15228c06};
  size_t next = 0;

  (void)state;
  assert_int_equal(quic_frame_meaning(&f), 0x15228c06); /* no row */
  for (size_t row = 0; (info = quic_frame_info_at(row)) != NULL; row++) {
    for (f.type = info->type_first; f.type <= info->type_last; f.type++) {
      uint64_t means = f.type;
      const quic_frame_info *final;

      f.info = info;
      if (next < sizeof(drafts) / sizeof(drafts[0]) &&
          drafts[next].type == f.type) {
        means = drafts[next++].means;
      }
      assert_int_equal(quic_frame_meaning(&f), means);
      /* One name and one layout, whatever the number. */
      final = quic_frame_info_find(means);
      assert_non_null(final);
      assert_string_equal(final->name, info->name);
      assert_ptr_equal(final->fields, info->fields);
      assert_int_equal(final->flags, info->flags);
      assert_int_equal(final->means, final->type_first);
    }
  }
  assert_int_equal(next, sizeof(drafts) / sizeof(drafts[0]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),         cmocka_unit_test(test_vectors),
      cmocka_unit_test(test_errors),        cmocka_unit_test(test_cut),
      cmocka_unit_test(test_random_frames), cmocka_unit_test(test_random_bytes),
      cmocka_unit_test(test_invalid),       cmocka_unit_test(test_ack_iter),
      cmocka_unit_test(test_legality),      cmocka_unit_test(test_meaning),
  };

  return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
