#include "qpack/prefix.h"

#include "qpack/huffman.h"

int qpack_prefix_more(quic_reader *rd, uint64_t *value) {
  uint64_t v = *value;

  /* Nine octets have 63 bits; no sum overflows 64. */
  for (unsigned shift = 0; shift < 63; shift += 7) {
    uint8_t octet = quic_reader_u8(rd);

    if (quic_reader_failed(rd)) {
      return QUIC_ERR_SHORT;
    }
    v += (uint64_t)(octet & 0x7f) << shift;
    if (v > QPACK_PREFIX_MAX) {
      return QUIC_ERR_MALFORMED;
    }
    if (!(octet & 0x80)) {
      *value = v;
      return 0;
    }
  }
  return QUIC_ERR_MALFORMED;
}

size_t qpack_prefix_len(unsigned bits, uint64_t value) {
  uint64_t full = (UINT64_C(1) << bits) - 1;
  size_t len = 1;

  if (value < full) {
    return len;
  }
  for (value -= full, len++; value >= 0x80; value >>= 7) {
    len++;
  }
  return len;
}

void qpack_prefix_write(quic_writer *wr, uint8_t first, unsigned bits,
                        uint64_t value) {
  uint64_t full = (UINT64_C(1) << bits) - 1;

  if (value < full) {
    quic_writer_u8(wr, (uint8_t)(first | value));
    return;
  }
  quic_writer_u8(wr, (uint8_t)(first | full));
  for (value -= full; value >= 0x80; value >>= 7) {
    quic_writer_u8(wr, (uint8_t)(value | 0x80));
  }
  quic_writer_u8(wr, (uint8_t)value);
}

int qpack_string_read(quic_reader *rd, uint8_t first, unsigned bits,
                      uint64_t max, qpack_string *str, uint64_t *missing) {
  uint64_t len;
  int rv = qpack_prefix_read(rd, first, bits, &len);

  *missing = 1;
  if (rv) {
    return rv;
  }
  str->huffman = str->coded = first >> bits & 1;
  /* No code has more than 30 bits: 4 octets give at least one. */
  if ((str->huffman ? len / 4 : len) > max) {
    return QUIC_ERR_LIMIT;
  }
  if (len > quic_reader_left(rd)) {
    *missing = len - quic_reader_left(rd);
    quic_reader_fail(rd);
    return QUIC_ERR_SHORT;
  }
  str->data = quic_reader_bytes(rd, len);
  return 0;
}

/* string_octets returns what |str| takes without its length. */
static size_t string_octets(const qpack_string *str) {
  if (!str->huffman || str->coded) {
    return str->data.len;
  }
  return str->octets ? str->octets : qpack_huffman_len(str->data);
}

size_t qpack_string_len(unsigned bits, const qpack_string *str) {
  size_t len = string_octets(str);

  return qpack_prefix_len(bits, len) + len;
}

void qpack_string_write(quic_writer *wr, uint8_t first, unsigned bits,
                        const qpack_string *str) {
  uint8_t h = (uint8_t)(str->huffman ? 1u << bits : 0);

  qpack_prefix_write(wr, first | h, bits, string_octets(str));
  if (str->huffman && !str->coded) {
    qpack_huffman_encode(wr, str->data);
  } else {
    quic_writer_bytes(wr, str->data);
  }
}

qpack_string qpack_string_plain(quic_bytes plain, bool huffman) {
  qpack_string str = {plain, false, false, 0};

  if (huffman) {
    str.octets = qpack_huffman_len(plain);
    str.huffman = str.octets < plain.len;
  }
  return str;
}

size_t qpack_string_room(const qpack_string *str) {
  return str->coded ? qpack_huffman_decoded_max(str->data.len) : str->data.len;
}

int qpack_string_decode(const qpack_string *str, uint8_t *out,
                        quic_bytes *plain) {
  if (!str->coded) {
    *plain = str->data;
    return 0;
  }
  plain->data = out;
  return qpack_huffman_decode(str->data, out, &plain->len);
}
