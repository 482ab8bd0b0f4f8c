#include "wire/frame.h"

#include "wire/varint.h"

/* The member that |field| names. */
static void *frame_member(quic_frame *f, const quic_frame_field *field) {
  return (uint8_t *)f + field->offset;
}

uint64_t quic_frame_uint(const quic_frame *f, const quic_frame_field *field) {
  uint64_t v;

  memcpy(&v, (const uint8_t *)f + field->offset, sizeof(v));
  return v;
}

quic_bytes quic_frame_bytes(const quic_frame *f,
                            const quic_frame_field *field) {
  quic_bytes b;

  memcpy(&b, (const uint8_t *)f + field->offset, sizeof(b));
  return b;
}

bool quic_frame_field_present(const quic_frame *f,
                              const quic_frame_field *field) {
  return (f->type & field->if_mask) == field->if_value;
}

/* frame_range_below moves |*smallest| to the smallest number of the next range
   down.  Returns false when that is below 0. */
static bool frame_range_below(uint64_t *smallest, uint64_t gap, uint64_t len,
                              uint64_t *largest) {
  if (gap + 2 > *smallest) {
    return false;
  }
  *largest = *smallest - gap - 2;
  if (len > *largest) {
    return false;
  }
  *smallest = *largest - len;
  return true;
}

/* frame_skip_ranges moves over the pairs of |f|'s ACK and checks them. */
static int frame_skip_ranges(const quic_frame *f, quic_reader *rd) {
  uint64_t smallest = f->u.ack.largest - f->u.ack.first_range;
  uint64_t largest;

  if (f->u.ack.first_range > f->u.ack.largest) {
    return QUIC_ERR_MALFORMED;
  }
  for (uint64_t i = 0; i < f->u.ack.range_count; i++) {
    uint64_t gap = quic_reader_varint(rd);
    uint64_t len = quic_reader_varint(rd);

    if (quic_reader_failed(rd)) {
      return QUIC_ERR_SHORT;
    }
    if (!frame_range_below(&smallest, gap, len, &largest)) {
      return QUIC_ERR_MALFORMED;
    }
  }
  return 0;
}

static int frame_decode_ranges(quic_frame *f, quic_reader *rd,
                               quic_bytes *out) {
  const uint8_t *start = rd->pos;
  int rv;

  if (quic_reader_failed(rd)) {
    return QUIC_ERR_SHORT;
  }
  rv = frame_skip_ranges(f, rd);
  *out = quic_bytes_of(start, (size_t)(rd->pos - start));
  return rv;
}

static int frame_decode_cid(quic_reader *rd, quic_bytes *cid) {
  size_t len = quic_reader_u8(rd);

  if (!quic_reader_failed(rd) && (len < 1 || len > QUIC_CID_MAX)) {
    return QUIC_ERR_MALFORMED;
  }
  *cid = quic_reader_bytes(rd, len);
  return 0;
}

/* frame_take borrows |len| octets, or with |cut| what there is of them. */
static quic_bytes frame_take(quic_frame *f, quic_reader *rd, uint64_t len,
                             bool cut) {
  uint64_t left = quic_reader_left(rd);

  if (cut && len > left && !quic_reader_failed(rd)) {
    f->missing = len - left;
    len = left;
  }
  return quic_reader_bytes(rd, len);
}

/* frame_decode_zeros counts the zeros after the type, many at a time: most
   Initial packets end with a thousand. */
static uint64_t frame_decode_zeros(const quic_frame *f, quic_reader *rd) {
  const uint8_t *start = rd->pos;
  uint64_t word;

  for (; rd->end - rd->pos >= 8; rd->pos += 8) {
    memcpy(&word, rd->pos, sizeof(word));
    if (word != 0) {
      break;
    }
  }
  while (rd->pos < rd->end && *rd->pos == 0) {
    rd->pos++;
  }
  return f->type_width + (uint64_t)(rd->pos - start);
}

/* frame_decode_field reads field |i| of the row.  Failures of |rd| are left to
   the caller. */
static int frame_decode_field(quic_frame *f, const quic_frame_field *field,
                              size_t i, quic_reader *rd, bool cut) {
  uint64_t *number = frame_member(f, field);
  quic_bytes *bytes = frame_member(f, field);

  switch (field->kind) {
  case QUIC_FIELD_VARINT:
    *number = quic_reader_varint_width(rd, &f->width[i]);
    return 0;
  case QUIC_FIELD_FIXED:
    *bytes = quic_reader_bytes(rd, field->size);
    return 0;
  case QUIC_FIELD_LV8:
    return frame_decode_cid(rd, bytes);
  case QUIC_FIELD_LV:
    *bytes = frame_take(f, rd, quic_reader_varint_width(rd, &f->width[i]), cut);
    return 0;
  case QUIC_FIELD_REST:
    *bytes = quic_reader_rest(rd);
    return 0;
  case QUIC_FIELD_RANGES:
    return frame_decode_ranges(f, rd, bytes);
  case QUIC_FIELD_ZEROS:
    *number = frame_decode_zeros(f, rd);
    return 0;
  case QUIC_FIELD_END:
    break;
  }
  return 0;
}

/* frame_beyond tells whether |data| at |offset| of a stream end above the
   largest offset there is. */
static bool frame_beyond(const quic_frame *f, uint64_t offset,
                         quic_bytes data) {
  return data.len + f->missing > QUIC_VARINT_MAX - offset;
}

static int frame_decode_fields(quic_frame *f, quic_reader *rd, bool cut) {
  const quic_frame_field *fields = f->info->fields;

  for (size_t i = 0; fields[i].kind != QUIC_FIELD_END; i++) {
    if (quic_frame_field_present(f, &fields[i])) {
      int rv = frame_decode_field(f, &fields[i], i, rd, cut);

      if (rv != 0) {
        return rv;
      }
    }
  }
  if (quic_reader_failed(rd)) {
    return QUIC_ERR_SHORT;
  }
  return f->type == QUIC_FRAME_CRYPTO &&
                 frame_beyond(f, f->u.crypto.offset, f->u.crypto.data)
             ? QUIC_ERR_MALFORMED
             : 0;
}

/* The bulk of all octets comes in STREAM frames, so these do without the
   interpreter; the indices are those of the row's fields. */
enum { STREAM_ID_AT, STREAM_OFFSET_AT, STREAM_DATA_AT };

static int frame_decode_stream(quic_frame *f, quic_reader *rd, bool cut) {
  uint64_t len;

  f->u.stream.stream_id = quic_reader_varint_width(rd, &f->width[STREAM_ID_AT]);
  if (f->type & 0x04) {
    f->u.stream.offset =
        quic_reader_varint_width(rd, &f->width[STREAM_OFFSET_AT]);
  }
  len = f->type & 0x02 ? quic_reader_varint_width(rd, &f->width[STREAM_DATA_AT])
                       : quic_reader_left(rd);
  f->u.stream.data = frame_take(f, rd, len, cut);
  if (quic_reader_failed(rd)) {
    return QUIC_ERR_SHORT;
  }
  return frame_beyond(f, f->u.stream.offset, f->u.stream.data)
             ? QUIC_ERR_MALFORMED
             : 0;
}

static int frame_decode(quic_frame *f, quic_reader *rd, bool cut) {
  static const quic_frame empty; /* a copy is faster than gcc's memset */
  const uint8_t *start = rd->pos;
  int rv;

  *f = empty;
  if (quic_reader_failed(rd)) {
    return QUIC_ERR_SHORT;
  }
  if (start == rd->end) {
    return QUIC_ERR_END;
  }
  f->type = quic_reader_varint_width(rd, &f->type_width);
  if (quic_reader_failed(rd)) {
    return QUIC_ERR_SHORT;
  }
  f->info = quic_frame_info_find(f->type);
  if (!f->info) {
    rd->pos = start;
    return QUIC_ERR_UNSUPPORTED;
  }
  rv = f->type >> 3 == QUIC_FRAME_STREAM >> 3 ? frame_decode_stream(f, rd, cut)
                                              : frame_decode_fields(f, rd, cut);
  f->wire = quic_bytes_of(start, (size_t)(rd->pos - start));
  return rv;
}

int quic_frame_decode(quic_frame *f, quic_reader *rd) {
  return frame_decode(f, rd, false);
}

int quic_frame_decode_cut(quic_frame *f, quic_reader *rd) {
  return frame_decode(f, rd, true);
}

/* frame_ranges_valid: exactly |range_count| pairs, none below 0. */
static bool frame_ranges_valid(const quic_frame *f, quic_bytes ranges) {
  quic_reader rd;

  quic_reader_init(&rd, ranges.data, ranges.len);
  return frame_skip_ranges(f, &rd) == 0 && quic_reader_left(&rd) == 0;
}

static bool frame_encodable(const quic_frame *f,
                            const quic_frame_field *field) {
  switch (field->kind) {
  case QUIC_FIELD_VARINT:
    return quic_frame_uint(f, field) <= QUIC_VARINT_MAX;
  case QUIC_FIELD_FIXED:
    return quic_frame_bytes(f, field).len == field->size;
  case QUIC_FIELD_LV8:
    return quic_frame_bytes(f, field).len >= 1 &&
           quic_frame_bytes(f, field).len <= QUIC_CID_MAX;
  case QUIC_FIELD_RANGES:
    return frame_ranges_valid(f, quic_frame_bytes(f, field));
  case QUIC_FIELD_ZEROS:
    return quic_frame_uint(f, field) >= (f->type_width ? f->type_width : 1);
  case QUIC_FIELD_LV:
  case QUIC_FIELD_REST:
  case QUIC_FIELD_END:
    break;
  }
  return true;
}

static void frame_encode_field(const quic_frame *f,
                               const quic_frame_field *field, size_t i,
                               quic_writer *wr) {
  quic_bytes bytes = {NULL, 0};
  uint64_t number = 0;

  if (field->kind == QUIC_FIELD_VARINT || field->kind == QUIC_FIELD_ZEROS) {
    number = quic_frame_uint(f, field);
  } else {
    bytes = quic_frame_bytes(f, field);
  }
  switch (field->kind) {
  case QUIC_FIELD_VARINT:
    quic_writer_varint_width(wr, number, f->width[i]);
    break;
  case QUIC_FIELD_ZEROS:
    number -= f->type_width ? f->type_width : 1;
    if (number > quic_writer_left(wr)) {
      wr->failed = true;
    }
    quic_writer_fill(wr, 0, wr->failed ? 0 : (size_t)number);
    break;
  case QUIC_FIELD_LV8:
    quic_writer_u8(wr, (uint8_t)bytes.len);
    quic_writer_bytes(wr, bytes);
    break;
  case QUIC_FIELD_LV:
    quic_writer_varint_width(wr, bytes.len, f->width[i]);
    quic_writer_bytes(wr, bytes);
    break;
  case QUIC_FIELD_FIXED:
  case QUIC_FIELD_REST:
  case QUIC_FIELD_RANGES:
    quic_writer_bytes(wr, bytes);
    break;
  case QUIC_FIELD_END:
    break;
  }
}

int quic_frame_encode(const quic_frame *f, quic_writer *wr) {
  const quic_frame_info *info = quic_frame_info_find(f->type);
  const quic_frame_field *fields;

  if (!info || f->missing > 0) {
    return QUIC_ERR_INVALID;
  }
  fields = info->fields;
  for (size_t i = 0; fields[i].kind != QUIC_FIELD_END; i++) {
    if (quic_frame_field_present(f, &fields[i]) &&
        !frame_encodable(f, &fields[i])) {
      return QUIC_ERR_INVALID;
    }
  }
  quic_writer_varint_width(wr, f->type, f->type_width);
  for (size_t i = 0; fields[i].kind != QUIC_FIELD_END; i++) {
    if (quic_frame_field_present(f, &fields[i])) {
      frame_encode_field(f, &fields[i], i, wr);
    }
  }
  return quic_writer_status(wr);
}

void quic_ack_iter_init(quic_ack_iter *it, const quic_frame *ack) {
  quic_bytes ranges = ack->u.ack.ranges;

  memset(it, 0, sizeof(*it));
  quic_reader_init(&it->ranges, ranges.data, ranges.len);
  it->left = ack->u.ack.range_count;
  it->frame = ack;
}

bool quic_ack_iter_next(quic_ack_iter *it, uint64_t *smallest,
                        uint64_t *largest) {
  uint64_t gap, len;

  if (!it->started) {
    it->started = true;
    *largest = it->frame->u.ack.largest;
    if (it->frame->u.ack.first_range > *largest) {
      it->left = 0;
      return false;
    }
    *smallest = it->smallest = *largest - it->frame->u.ack.first_range;
    return true;
  }
  if (it->left == 0) {
    return false;
  }
  it->left--;
  gap = quic_reader_varint(&it->ranges);
  len = quic_reader_varint(&it->ranges);
  if (quic_reader_failed(&it->ranges) ||
      !frame_range_below(&it->smallest, gap, len, largest)) {
    it->left = 0;
    return false;
  }
  *smallest = it->smallest;
  return true;
}
