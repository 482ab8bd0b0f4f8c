/* Frames: decoded to the end of the input, encoded again, cut. The first two
   octets say where a frame is cut. */

#include "base/reader.h"
#include "tests/fuzz/fuzz.h"
#include "wire/frame.h"

/* frame_fields reads all that a printer would. */
static void frame_fields(const quic_frame *f, quic_bytes input) {
  const quic_frame_field *field = f->info->fields;

  FUZZ_CHECK(f->info == quic_frame_info_find(f->type));
  FUZZ_CHECK(f->type >= f->info->type_first && f->type <= f->info->type_last);
  for (size_t i = 0; field[i].kind != QUIC_FIELD_END; i++) {
    FUZZ_CHECK(i < QUIC_FRAME_FIELDS_MAX);
    if (!quic_frame_field_present(f, &field[i])) {
      continue;
    }
    if (field[i].kind == QUIC_FIELD_VARINT) {
      FUZZ_CHECK(quic_frame_uint(f, &field[i]) >> 62 == 0);
      FUZZ_CHECK(f->width[i] >= 1 && f->width[i] <= 8);
    } else if (field[i].kind != QUIC_FIELD_ZEROS) {
      FUZZ_CHECK(fuzz_inside(input, quic_frame_bytes(f, &field[i])));
    }
  }
  for (int type = 0; type < QUIC_PACKET_TYPES; type++) {
    (void)quic_frame_legal(f->info, (quic_packet_type)type);
  }
}

/* frame_ack: as many ranges as announced, descending, with gaps. */
static void frame_ack(const quic_frame *f) {
  quic_ack_iter it;
  uint64_t smallest, largest, below = 0, count = 0;

  quic_ack_iter_init(&it, f);
  while (quic_ack_iter_next(&it, &smallest, &largest)) {
    FUZZ_CHECK(smallest <= largest);
    FUZZ_CHECK(count == 0 || largest + 1 < below);
    below = smallest;
    count++;
  }
  FUZZ_CHECK(count == f->u.ack.range_count + 1);
  FUZZ_CHECK(!quic_ack_iter_next(&it, &smallest, &largest));
}

static bool frame_is_ack(const quic_frame *f) {
  return strcmp(f->info->short_name, "ack") == 0 ||
         strcmp(f->info->short_name, "path_ack") == 0;
}

static void frame_encode(const quic_frame *f) {
  uint8_t *out = malloc(f->wire.len);
  quic_writer wr;

  quic_writer_init(&wr, out, f->wire.len);
  FUZZ_CHECK(quic_frame_encode(f, &wr) == 0);
  FUZZ_CHECK(quic_writer_len(&wr) == f->wire.len);
  FUZZ_CHECK(memcmp(out, f->wire.data, f->wire.len) == 0);
  quic_writer_init(&wr, out, f->wire.len - 1);
  FUZZ_CHECK(quic_frame_encode(f, &wr) == QUIC_ERR_NOSPACE);
  free(out);
}

/* frame_shortest: with the shortest widths it is the same frame. */
static void frame_shortest(const quic_frame *f) {
  uint8_t *out = malloc(f->wire.len);
  quic_frame small = *f, again;
  const quic_frame_field *field = f->info->fields;
  quic_writer wr;
  quic_reader rd;

  memset(small.width, 0, sizeof(small.width));
  if (f->type != QUIC_FRAME_PADDING) { /* its width is part of its count */
    small.type_width = 0;
  }
  quic_writer_init(&wr, out, f->wire.len);
  FUZZ_CHECK(quic_frame_encode(&small, &wr) == 0);
  quic_reader_init(&rd, out, quic_writer_len(&wr));
  FUZZ_CHECK(quic_frame_decode(&again, &rd) == 0);
  FUZZ_CHECK(quic_reader_left(&rd) == 0 && again.type == f->type);
  for (size_t i = 0; field[i].kind != QUIC_FIELD_END; i++) {
    bool number =
        field[i].kind == QUIC_FIELD_VARINT || field[i].kind == QUIC_FIELD_ZEROS;

    if (!quic_frame_field_present(f, &field[i])) {
      continue;
    }
    if (number) {
      FUZZ_CHECK(quic_frame_uint(f, &field[i]) ==
                 quic_frame_uint(&again, &field[i]));
    } else if (field[i].kind != QUIC_FIELD_RANGES) {
      FUZZ_CHECK(quic_bytes_eq(quic_frame_bytes(f, &field[i]),
                               quic_frame_bytes(&again, &field[i])));
    }
  }
  free(out);
}

/* frame_cut decodes the first |len| octets of the sound frame |f| as what a
   capture left of it. */
static void frame_cut(const quic_frame *f, size_t len) {
  uint8_t *part = fuzz_copy(quic_bytes_of(f->wire.data, len));
  quic_frame cut;
  quic_reader rd;
  int rv;

  quic_reader_init(&rd, part, len);
  rv = quic_frame_decode_cut(&cut, &rd);
  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_SHORT || rv == QUIC_ERR_END);
  FUZZ_CHECK((rv == QUIC_ERR_END) == (len == 0));
  if (rv == 0) {
    FUZZ_CHECK(cut.type == f->type && cut.wire.len == len);
    FUZZ_CHECK(cut.missing == 0 || cut.missing == f->wire.len - len);
    frame_fields(&cut, quic_bytes_of(part, len));
  }
  free(part);
}

/* frame_both decodes one frame in both ways. */
static int frame_both(quic_frame *f, quic_reader *rd, quic_bytes input) {
  quic_reader cut_rd = *rd;
  const uint8_t *start = rd->pos;
  quic_frame cut;
  int rv = quic_frame_decode(f, rd);
  int cut_rv = quic_frame_decode_cut(&cut, &cut_rd);

  if (rv == 0) {
    FUZZ_CHECK(cut_rv == 0 && cut.missing == 0 && cut_rd.pos == rd->pos);
    FUZZ_CHECK(f->missing == 0);
    FUZZ_CHECK(f->wire.data == start && f->wire.len > 0);
    FUZZ_CHECK(f->wire.len == (size_t)(rd->pos - start));
  } else if (cut_rv == 0) {
    FUZZ_CHECK(rv == QUIC_ERR_SHORT && cut.missing > 0);
    FUZZ_CHECK(quic_reader_left(&cut_rd) == 0);
    frame_fields(&cut, input);
  } else {
    FUZZ_CHECK(rv == cut_rv || rv == QUIC_ERR_SHORT);
  }
  if (rv == QUIC_ERR_UNSUPPORTED) {
    FUZZ_CHECK(rd->pos == start && !f->info);
  }
  return rv;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  quic_reader rd;
  uint16_t at;
  quic_bytes rest;
  uint8_t *copy;
  quic_frame f;

  quic_reader_init(&rd, data, size);
  at = quic_reader_u16(&rd);
  rest = quic_reader_rest(&rd);
  copy = fuzz_copy(rest);
  rest.data = copy;
  quic_reader_init(&rd, copy, rest.len);
  while (frame_both(&f, &rd, rest) == 0) {
    frame_fields(&f, rest);
    frame_encode(&f);
    frame_shortest(&f);
    frame_cut(&f, at % f.wire.len);
    if (frame_is_ack(&f)) {
      frame_ack(&f);
    }
  }
  free(copy);
  return 0;
}
