#include "wire/chlo.h"

#include "base/reader.h"

#define CHLO_TAGS_MAX 128 /* as Google's own parser */

/* chlo_value finds the value of |tag| in a message whose tag was just read. */
static bool chlo_value(quic_reader *rd, const char tag[4], quic_bytes *value) {
  uint16_t count = quic_reader_u16_le(rd);
  uint32_t start = 0, from = 0, to = 0;
  bool found = false;

  quic_reader_skip(rd, 2); /* padding */
  if (count > CHLO_TAGS_MAX) {
    return false;
  }
  for (uint16_t i = 0; i < count; i++) {
    const uint8_t *name = quic_reader_take(rd, 4);
    uint32_t end = quic_reader_u32_le(rd);

    if (!name || quic_reader_failed(rd) || end < start) {
      return false;
    }
    if (memcmp(name, tag, 4) == 0) {
      found = true;
      from = start;
      to = end;
    }
    start = end;
  }
  if (!found) {
    return false;
  }
  quic_reader_skip(rd, from);
  *value = quic_reader_bytes(rd, to - from);
  return !quic_reader_failed(rd) && value->len > 0;
}

bool quic_chlo_sni(quic_bytes datagram, quic_bytes *sni) {
  static const char chlo[4] = {'C', 'H', 'L', 'O'};

  for (size_t at = 0; at + sizeof(chlo) <= datagram.len; at++) {
    quic_reader rd;

    if (datagram.data[at] != 'C' ||
        memcmp(datagram.data + at, chlo, sizeof(chlo)) != 0) {
      continue;
    }
    quic_reader_init(&rd, datagram.data + at + sizeof(chlo),
                     datagram.len - at - sizeof(chlo));
    if (chlo_value(&rd, "SNI", sni)) {
      return true;
    }
  }
  return false;
}
