/* An encoder and a decoder: what goes in comes out, and the encoder keeps the
   rules (tests/support/qpackcheck.h).  Two octets choose the settings.  Then
   commands, by the upper two bits of an octet:

     0  feedback for the encoder, as many octets as the rest says
     1  a stream is cancelled and not used again
     2  the capacity becomes that many times 64
     3  a section of (rest & 15) fields on stream (rest >> 4), each an octet:
        bits 0-2 the name, 3-6 the value, 7: the value is the octets that follow
        behind their length */

#include "base/reader.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/qpackcheck.h"

#define PAIR_FIELDS 16

static qpack_field pair_field(quic_reader *rd) {
  static const char *const names[] = {
      ":path",   "cookie", "x-one",         "",
      ":method", "x-two",  "authorization", "te"};
  static const char text[] = "GET and values of any length up to this one, and "
                             "not one octet more than that";
  uint8_t octet = quic_reader_u8(rd);
  const char *name = names[octet & 7];
  qpack_field f = {0};

  f.name = quic_bytes_of(name, strlen(name));
  f.value = quic_bytes_of(text, (size_t)(octet >> 3 & 15) * 5);
  if ((octet & 0x78) == 0x08) {
    f.value.len = 3; /* ":method: GET" */
  }
  if (octet & 0x80) {
    size_t len = quic_reader_u8(rd);

    f.value = quic_reader_bytes(
        rd, len < quic_reader_left(rd) ? len : quic_reader_left(rd));
    f.never_indexed = len == 13;
  }
  return f;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const uint64_t capacities[] = {0,   64,   150,  256,
                                        512, 1000, 4096, 70000};
  qpack_encoder_settings settings = {0};
  uint64_t streams[4] = {0, 1, 2, 3}, fresh = 4;
  qpackcheck c;
  quic_reader rd;
  uint8_t flags;

  quic_reader_init(&rd, data, size);
  flags = quic_reader_u8(&rd);
  settings.max_table_capacity = settings.table_capacity = capacities[flags & 7];
  settings.plain = flags & 8;
  settings.max_blocked_streams = flags >> 4 & 3;
  flags = quic_reader_u8(&rd);
  qpackcheck_init(&c, &settings);
  while (quic_reader_left(&rd) && !c.problem) {
    uint8_t op = quic_reader_u8(&rd), rest = op & 63;
    qpack_field fields[PAIR_FIELDS];
    size_t n = rest & 15;

    switch (op >> 6) {
    case 0:
      qpackcheck_feedback(&c, rest);
      break;
    case 1:
      qpackcheck_cancel(&c, streams[rest & 3]);
      streams[rest & 3] = fresh++;
      break;
    case 2:
      (void)!qpack_encoder_set_capacity(c.enc, rest * 64);
      break;
    default:
      for (size_t i = 0; i < n; i++) {
        fields[i] = pair_field(&rd);
      }
      qpackcheck_send(&c, streams[rest >> 4], fields, n, flags & 3);
      break;
    }
  }
  if (c.problem) {
    fprintf(stderr, "%s\n", c.problem);
  }
  FUZZ_CHECK(!c.problem);
  qpackcheck_free(&c);
  return 0;
}
