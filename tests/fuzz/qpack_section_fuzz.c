/* Field sections, blocked and not, among octets of the encoder stream and
   cancellations.  The first octet chooses limits.  Then commands: an octet with
   the stream ID in its upper 5 bits, and below what it is; a length; octets. */

#include "base/reader.h"
#include "qpack/decoder.h"
#include "tests/fuzz/fuzz.h"

#define SECTION_HELD 4096

typedef struct section_run {
  qpack_decoder *dec;
  qpack_decoder_settings settings;
  size_t delivered;
  size_t waiting; /* at most so many */
} section_run;

static void section_fields(const section_run *run, const qpack_section *s) {
  uint64_t octets = 0;

  for (size_t i = 0; i < s->nfields; i++) {
    const qpack_field *f = &s->fields[i];

    octets += qpack_field_size(f);
    (void)(fuzz_sum(f->name) + fuzz_sum(f->value));
    FUZZ_CHECK(f->coding < QPACK_CODINGS);
    if (qpack_coding_dynamic(f->coding)) {
      FUZZ_CHECK(f->index < s->needed);
      FUZZ_CHECK(qpack_table_get(qpack_decoder_table(run->dec), f->index));
    }
  }
  FUZZ_CHECK(octets == s->decoded_len);
  FUZZ_CHECK(octets <= run->settings.max_section_octets);
}

static void section_done(void *user, const qpack_section *s) {
  section_run *run = user;

  run->delivered++;
  FUZZ_CHECK(!s->was_blocked || run->waiting > 0);
  run->waiting -= s->was_blocked;
  section_fields(run, s);
  FUZZ_CHECK(s->status != QUIC_ERR_AGAIN && s->status != QUIC_ERR_NOMEM);
  FUZZ_CHECK(s->needed <= s->required_insert_count);
  if (s->status == 0) {
    FUZZ_CHECK(s->required_insert_count <=
               qpack_decoder_table(run->dec)->inserted);
    return;
  }
  FUZZ_CHECK(qpack_decoder_error(run->dec)->offset <= s->encoded_len);
  FUZZ_CHECK(qpack_decoder_error(run->dec)->reason != QPACK_REASON_NONE);
}

static void section_command(section_run *run, uint8_t op, quic_bytes octets) {
  uint8_t *copy = fuzz_copy(octets);
  uint64_t id = op >> 3;
  size_t delivered = run->delivered, blocked = qpack_decoder_blocked(run->dec);
  int rv;

  octets.data = copy;
  switch (op & 7) {
  case 0:
    rv = qpack_decoder_cancel(run->dec, id);
    FUZZ_CHECK(rv == 0);
    break;
  case 1:
  case 2:
  case 3:
    rv = qpack_decoder_encoder_stream(run->dec, octets);
    FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_PROTOCOL);
    FUZZ_CHECK(qpack_decoder_blocked(run->dec) <= blocked);
    break;
  default:
    rv = qpack_decoder_section(run->dec, id, octets, run);
    FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_AGAIN || rv == QUIC_ERR_PROTOCOL ||
               rv == QUIC_ERR_LIMIT);
    FUZZ_CHECK(run->delivered - delivered == (rv != QUIC_ERR_AGAIN));
    run->waiting += rv == QUIC_ERR_AGAIN;
    break;
  }
  FUZZ_CHECK(qpack_decoder_blocked(run->dec) <=
             run->settings.max_blocked_streams);
  FUZZ_CHECK(qpack_decoder_blocked(run->dec) <= run->waiting);
  free(copy);
}

/* section_output: what the decoder says can be read. */
static void section_output(section_run *run) {
  uint8_t said[3];
  quic_bytes piece;
  qpack_parser parser;
  qpack_instruction ins;

  qpack_parser_init(&parser, quic_mem_default(), QPACK_FAMILY_DECODER, 0);
  while ((piece.len = qpack_decoder_output(run->dec, said, sizeof(said)))) {
    FUZZ_CHECK(!run->settings.passive);
    piece.data = said;
    while (qpack_parser_next(&parser, &piece, &ins) == 0) {
      FUZZ_CHECK(ins.kind == QPACK_INSERT_COUNT_INCREMENT ? ins.number > 0
                                                          : ins.number < 32);
    }
  }
  FUZZ_CHECK(parser.held_len == 0);
  qpack_parser_free(&parser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const qpack_decoder_callbacks callbacks = {section_done, NULL};
  static const uint64_t capacities[] = {0, 64, 220, 4096};
  section_run run = {0};
  quic_reader rd;
  uint8_t flags;

  quic_reader_init(&rd, data, size);
  flags = quic_reader_u8(&rd);
  run.settings.max_table_capacity = capacities[flags & 3];
  run.settings.initial_capacity = flags & 4 ? capacities[flags & 3] : 0;
  run.settings.max_blocked_streams = flags >> 3 & 3;
  run.settings.max_section_octets = flags & 32 ? 100 : 4096;
  run.settings.max_held_octets = SECTION_HELD;
  run.settings.passive = flags & 64;
  FUZZ_CHECK(qpack_decoder_new(&run.dec, quic_mem_default(), &run.settings,
                               &callbacks, &run) == 0);
  while (quic_reader_left(&rd) > 1) {
    uint8_t op = quic_reader_u8(&rd);
    size_t len = quic_reader_u8(&rd);

    len = len < quic_reader_left(&rd) ? len : quic_reader_left(&rd);
    section_command(&run, op, quic_reader_bytes(&rd, len));
  }
  section_output(&run);
  qpack_decoder_del(run.dec);
  return 0;
}
