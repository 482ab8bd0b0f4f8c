/* The decoder stream, at an encoder that has sections and insertions
   outstanding: whole and octet by octet it does the same, and the encoder keeps
   its promises behind it.  The first octet chooses limits. */

#include "base/reader.h"
#include "qpack/encoder.h"
#include "tests/fuzz/fuzz.h"

#define FEEDBACK_STREAMS 8

static qpack_field feedback_field(uint64_t i) {
  static const char *const values[] = {"a value", "another value", "a third"};
  qpack_field f = {0};

  f.name = quic_bytes_of("x-name", 6);
  f.value = quic_bytes_of(values[i % 3], strlen(values[i % 3]));
  return f;
}

static qpack_encoder *feedback_open(uint8_t flags) {
  qpack_encoder_settings settings = {.max_table_capacity = flags & 1 ? 128 : 0,
                                     .table_capacity = 128,
                                     .max_blocked_streams = flags >> 1 & 7};
  qpack_encoder *enc;

  FUZZ_CHECK(qpack_encoder_new(&enc, quic_mem_default(), &settings) == 0);
  for (uint64_t i = 0; i < 2 * FEEDBACK_STREAMS; i++) {
    qpack_field f = feedback_field(i);
    quic_bytes section;

    FUZZ_CHECK(
        qpack_encoder_section(enc, i % FEEDBACK_STREAMS, &f, 1, &section) == 0);
  }
  return enc;
}

/* feedback_close encodes more and returns a sum of it. */
static uint64_t feedback_close(qpack_encoder *enc) {
  uint64_t sum = qpack_encoder_known(enc);
  uint8_t out[64];
  size_t n;

  FUZZ_CHECK(sum <= qpack_encoder_table(enc)->inserted);
  for (uint64_t i = 0; i < FEEDBACK_STREAMS; i++) {
    qpack_field f = feedback_field(i);
    quic_bytes section;

    FUZZ_CHECK(qpack_encoder_section(enc, 100 + i, &f, 1, &section) == 0);
    sum = sum * 31 + fuzz_sum(section);
  }
  while ((n = qpack_encoder_output(enc, out, sizeof(out)))) {
    sum = sum * 31 + fuzz_sum(quic_bytes_of(out, n));
  }
  qpack_encoder_del(enc);
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  qpack_encoder *whole, *octets;
  quic_reader rd;
  quic_bytes body;
  uint8_t flags, *copy;
  int rv, rv_octets = 0;

  quic_reader_init(&rd, data, size);
  flags = quic_reader_u8(&rd);
  body = quic_reader_rest(&rd);
  copy = fuzz_copy(body);
  whole = feedback_open(flags);
  octets = feedback_open(flags);
  rv = qpack_encoder_decoder_stream(whole, quic_bytes_of(copy, body.len));
  for (size_t i = 0; i < body.len && rv_octets == 0; i++) {
    rv_octets =
        qpack_encoder_decoder_stream(octets, quic_bytes_of(copy + i, 1));
  }
  FUZZ_CHECK(rv == rv_octets && (rv == 0 || rv == QUIC_ERR_PROTOCOL));
  FUZZ_CHECK(rv == 0 ||
             qpack_encoder_error(whole)->code == QPACK_DECODER_STREAM_ERROR);
  FUZZ_CHECK(qpack_encoder_error(whole)->reason ==
             qpack_encoder_error(octets)->reason);
  FUZZ_CHECK(qpack_encoder_error(whole)->offset ==
             qpack_encoder_error(octets)->offset);
  FUZZ_CHECK(feedback_close(whole) == feedback_close(octets));
  free(copy);
  return 0;
}
