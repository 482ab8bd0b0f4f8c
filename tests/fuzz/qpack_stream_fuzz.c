/* The encoder stream: whole and in pieces it does the same, and what it does
   can be written again.  The first octet chooses capacity and pieces. */

#include "base/map.h"
#include "base/reader.h"
#include "qpack/decoder.h"
#include "tests/fuzz/fuzz.h"

typedef struct stream_run {
  qpack_decoder *dec;
  uint64_t sum;
  uint64_t end; /* octets of instructions so far */
  uint64_t inserted;
} stream_run;

static void stream_section(void *user, const qpack_section *s) {
  (void)user;
  (void)s;
  FUZZ_CHECK(!"no section was given");
}

static void stream_insertion(void *user, const qpack_insertion *in) {
  const uint64_t seed[2] = {1, 2};
  stream_run *run = user;
  const qpack_table *table = qpack_decoder_table(run->dec);
  const qpack_entry *e;

  FUZZ_CHECK(in->offset == run->end);
  /* An integer may be longer than it need be. */
  FUZZ_CHECK(in->len >= qpack_instruction_len(in->instruction));
  run->end += in->len;
  run->sum = run->sum * 31 + in->instruction->kind + in->instruction->number;
  if (in->instruction->kind != QPACK_SET_CAPACITY) {
    FUZZ_CHECK(in->index == run->inserted++);
    e = qpack_table_get(table, in->index);
    FUZZ_CHECK(e && quic_bytes_eq(e->name, in->name) &&
               quic_bytes_eq(e->value, in->value));
    run->sum +=
        quic_siphash(seed, in->name) * 3 + quic_siphash(seed, in->value);
  }
  FUZZ_CHECK(table->inserted == run->inserted);
  FUZZ_CHECK(table->size <= table->capacity);
}

/* stream_table: the size is that of the entries. */
static void stream_table(const qpack_table *table) {
  uint64_t size = 0;

  for (uint64_t i = table->dropped; i < table->inserted; i++) {
    size += qpack_entry_size(qpack_table_at(table, i));
  }
  FUZZ_CHECK(size == table->size);
}

/* stream_feed returns the sum of what the octets did, in |*error| why they
   ended. */
static uint64_t stream_feed(quic_bytes data, uint64_t capacity, size_t piece,
                            qpack_error *error) {
  static const qpack_decoder_callbacks callbacks = {stream_section,
                                                    stream_insertion};
  qpack_decoder_settings settings = {.max_table_capacity = capacity,
                                     .initial_capacity = capacity / 2,
                                     .max_section_octets = 1 << 16};
  stream_run run = {.sum = 1};
  size_t held;
  int rv = 0;

  FUZZ_CHECK(qpack_decoder_new(&run.dec, quic_mem_default(), &settings,
                               &callbacks, &run) == 0);
  for (size_t at = 0; at < data.len && rv == 0; at += piece) {
    size_t n = piece < data.len - at ? piece : data.len - at;
    uint8_t *copy = fuzz_copy(quic_bytes_of(data.data + at, n));

    rv = qpack_decoder_encoder_stream(run.dec, quic_bytes_of(copy, n));
    free(copy);
  }
  stream_table(qpack_decoder_table(run.dec));
  *error = *qpack_decoder_error(run.dec);
  FUZZ_CHECK(rv == (error->reason ? QUIC_ERR_PROTOCOL : 0));
  FUZZ_CHECK(!error->reason || error->code == QPACK_ENCODER_STREAM_ERROR);
  FUZZ_CHECK(!error->reason || error->offset == run.end);
  if (!error->reason) {
    FUZZ_CHECK(qpack_decoder_partial(run.dec, &held) == run.end);
    FUZZ_CHECK(run.end + held == data.len);
  }
  qpack_decoder_del(run.dec);
  return run.sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint64_t capacities[] = {0, 64, 220, 4096};
  quic_reader rd;
  quic_bytes body;
  qpack_error whole, pieces;
  uint8_t flags;
  uint64_t capacity;

  quic_reader_init(&rd, data, size);
  flags = quic_reader_u8(&rd);
  body = quic_reader_rest(&rd);
  capacity = capacities[flags & 3];
  FUZZ_CHECK(stream_feed(body, capacity, SIZE_MAX / 2, &whole) ==
             stream_feed(body, capacity, 1 + (flags >> 2) % 8, &pieces));
  FUZZ_CHECK(whole.reason == pieces.reason && whole.offset == pieces.offset);
  return 0;
}
