/* HTTP/3 frames and capsules: any way to cut a stream gives the elements that
   reading it whole gives.  The first octet chooses the type without a length,
   the next two seed the cuts. */

#include "base/reader.h"
#include "base/rng.h"
#include "tests/fuzz/fuzz.h"
#include "wire/h3.h"
#include "wire/h3datagram.h"
#include "wire/priority.h"
#include "wire/tlv.h"
#include "wire/varint.h"

/* A reader of pieces next to one of the whole stream. */
typedef struct h3_twin {
  quic_tlv_reader tlv;
  quic_reader whole;
  uint64_t no_length;
  uint64_t left; /* octets of the value to come */
  bool inside;   /* an element has begun */
} h3_twin;

static void h3_begin(h3_twin *t) {
  const uint8_t *start = t->whole.pos;

  FUZZ_CHECK(!t->inside);
  FUZZ_CHECK(t->tlv.type == quic_reader_varint(&t->whole));
  t->left = UINT64_MAX;
  if (t->tlv.type != t->no_length) {
    t->left = quic_reader_varint(&t->whole);
  }
  FUZZ_CHECK(!quic_reader_failed(&t->whole));
  FUZZ_CHECK(t->tlv.length == t->left && t->tlv.left == t->left);
  FUZZ_CHECK(t->tlv.header_len == t->whole.pos - start);
  t->inside = true;
}

static void h3_feed(h3_twin *t, quic_bytes piece) {
  uint8_t *copy = fuzz_copy(piece);
  quic_bytes data = quic_bytes_of(copy, piece.len), part;
  quic_tlv_event event;
  int rv;

  while ((rv = quic_tlv_reader_next(&t->tlv, &data, t->no_length, &event,
                                    &part)) == 0) {
    if (event == QUIC_TLV_BEGIN) {
      h3_begin(t);
    } else if (event == QUIC_TLV_VALUE) {
      FUZZ_CHECK(t->inside && part.len && part.len <= t->left);
      FUZZ_CHECK(fuzz_inside(quic_bytes_of(copy, piece.len), part));
      FUZZ_CHECK(quic_bytes_eq(part, quic_reader_bytes(&t->whole, part.len)));
      t->left -= t->left == UINT64_MAX ? 0 : part.len;
      FUZZ_CHECK(t->tlv.left == t->left);
    } else {
      FUZZ_CHECK(event == QUIC_TLV_END && t->inside && t->left == 0);
      t->inside = false;
    }
  }
  FUZZ_CHECK(rv == QUIC_ERR_AGAIN && data.len == 0);
  free(copy);
}

static void h3_cut(quic_bytes in, uint64_t no_length, quic_rng *rng) {
  h3_twin t = {.no_length = no_length};
  uint64_t most = 1 + quic_rng_below(rng, 2 * in.len + 1);
  size_t at = 0;

  quic_tlv_reader_init(&t.tlv);
  quic_reader_init(&t.whole, in.data, in.len);
  while (at < in.len) {
    size_t len = (size_t)quic_rng_below(rng, most + 1);

    len = len < in.len - at ? len : in.len - at;
    h3_feed(&t, quic_bytes_of(in.data + at, len));
    at += len;
    FUZZ_CHECK(
        quic_tlv_reader_between(&t.tlv) ==
        (t.inside ? t.left == UINT64_MAX : quic_reader_offset(&t.whole) == at));
  }
  if (!t.inside) { /* what is left is no header yet */
    uint64_t type = quic_reader_varint(&t.whole);

    if (!quic_reader_failed(&t.whole)) {
      FUZZ_CHECK(type != no_length);
      quic_reader_varint(&t.whole);
    }
    FUZZ_CHECK(quic_reader_failed(&t.whole));
  }
}

static void h3_settings(quic_bytes payload) {
  quic_reader rd;
  uint64_t id, value;
  size_t n = 0;
  int rv;

  quic_reader_init(&rd, payload.data, payload.len);
  while ((rv = quic_h3_settings_next(&rd, &id, &value)) == 0) {
    FUZZ_CHECK(id <= QUIC_VARINT_MAX && value <= QUIC_VARINT_MAX);
    (void)quic_name_h3_setting(id);
    n++;
  }
  FUZZ_CHECK(n <= payload.len / 2);
  FUZZ_CHECK(rv == QUIC_ERR_END || rv == QUIC_ERR_MALFORMED);
  FUZZ_CHECK((rv == QUIC_ERR_END) == !quic_reader_failed(&rd));
}

static void h3_priority(quic_bytes value) {
  quic_priority p;
  int rv = quic_priority_decode(&p, value);

  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_MALFORMED);
  FUZZ_CHECK(p.urgency <= QUIC_PRIORITY_URGENCY_MAX);
  FUZZ_CHECK(p.urgency_state == QUIC_PRIORITY_VALID ||
             p.urgency == QUIC_PRIORITY_URGENCY_DEFAULT);
  FUZZ_CHECK(p.incremental_state == QUIC_PRIORITY_VALID || !p.incremental);
  FUZZ_CHECK(rv == 0 || (p.urgency_state == QUIC_PRIORITY_INVALID &&
                         p.incremental_state == QUIC_PRIORITY_INVALID));
}

static void h3_datagram(quic_bytes in) {
  quic_h3datagram dg;
  int rv = quic_h3datagram_decode(&dg, in);

  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_SHORT || rv == QUIC_ERR_MALFORMED);
  FUZZ_CHECK(fuzz_inside(in, dg.payload));
  FUZZ_CHECK(rv != 0 || quic_h3datagram_stream_id(&dg) <= QUIC_VARINT_MAX);
}

/* h3_frame: what was decoded is encoded to something that decodes alike. */
static void h3_frame(uint64_t type, quic_bytes payload) {
  size_t cap = payload.len + 32, len;
  uint8_t *out = malloc(cap), *again = malloc(cap);
  quic_h3_frame f, g;
  quic_writer wr;
  quic_reader rd;
  int rv = quic_h3_frame_decode(&f, type, payload);

  FUZZ_CHECK(f.type == type && f.length == payload.len);
  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_MALFORMED);
  if (rv == 0) {
    quic_writer_init(&wr, out, cap);
    FUZZ_CHECK(quic_h3_frame_encode(&f, &wr) == 0);
    len = quic_writer_len(&wr);
    quic_reader_init(&rd, out, len);
    FUZZ_CHECK(quic_reader_varint(&rd) == type);
    if (type != QUIC_H3_WEBTRANSPORT_STREAM) {
      FUZZ_CHECK(quic_reader_varint(&rd) == quic_reader_left(&rd));
    }
    FUZZ_CHECK(quic_reader_left(&rd) <= payload.len);
    FUZZ_CHECK(quic_h3_frame_decode(&g, type, quic_reader_rest(&rd)) == 0);
    quic_writer_init(&wr, again, cap);
    FUZZ_CHECK(quic_h3_frame_encode(&g, &wr) == 0);
    FUZZ_CHECK(quic_writer_len(&wr) == len && memcmp(out, again, len) == 0);
  }
  if (type == QUIC_H3_SETTINGS) {
    h3_settings(payload);
  } else if (rv == 0 && (type == QUIC_H3_PRIORITY_UPDATE_REQUEST ||
                         type == QUIC_H3_PRIORITY_UPDATE_PUSH)) {
    h3_priority(f.u.priority_update.value);
  }
  free(out);
  free(again);
}

static void h3_frames(quic_bytes in) {
  quic_reader rd;

  quic_reader_init(&rd, in.data, in.len);
  while (quic_reader_left(&rd)) {
    uint64_t type = quic_reader_varint(&rd);
    quic_bytes value = quic_reader_bytes(&rd, quic_reader_varint(&rd));
    const quic_h3_frame_info *info = quic_h3_frame_info_find(type);
    uint8_t *copy;

    if (quic_reader_failed(&rd)) {
      return;
    }
    FUZZ_CHECK(!info || (info->type == type && info->name[0]));
    FUZZ_CHECK(!info || !quic_h3_reserved(type));
    (void)quic_name_capsule(type);
    copy = fuzz_copy(value);
    h3_frame(type, quic_bytes_of(copy, value.len));
    h3_datagram(quic_bytes_of(copy, value.len));
    free(copy);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  quic_reader rd;
  quic_bytes in;
  quic_rng rng;
  uint8_t flags;

  quic_reader_init(&rd, data, size);
  flags = quic_reader_u8(&rd);
  quic_rng_init(&rng, quic_reader_u16(&rd));
  in = quic_reader_rest(&rd);
  h3_cut(in, flags & 1 ? QUIC_H3_WEBTRANSPORT_STREAM : UINT64_MAX, &rng);
  h3_frames(in);
  return 0;
}
