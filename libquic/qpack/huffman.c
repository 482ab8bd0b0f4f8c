#include "qpack/huffman.h"

#include "qpack/huffman_table.h"

size_t qpack_huffman_len(quic_bytes plain) {
  uint64_t bits = 0;

  for (size_t i = 0; i < plain.len; i++) {
    bits += qpack_huffman_codes[plain.data[i]].len;
  }
  return (size_t)((bits + 7) / 8);
}

void qpack_huffman_encode(quic_writer *wr, quic_bytes plain) {
  uint64_t acc = 0;
  unsigned pending = 0; /* low bits of |acc|, below 32 between the rounds */

  for (size_t i = 0; i < plain.len; i++) {
    const qpack_huffman_code *c = &qpack_huffman_codes[plain.data[i]];

    acc = acc << c->len | c->code;
    pending += c->len;
    if (pending >= 32) {
      pending -= 32;
      quic_writer_u32(wr, (uint32_t)(acc >> pending));
    }
  }
  if (pending % 8) {
    unsigned pad = 8 - pending % 8;

    acc = acc << pad | ((1u << pad) - 1);
    pending += pad;
  }
  quic_writer_uint(wr, acc, pending / 8);
}

/* The length of EOS, more than there ever are bits: it is no symbol. */
#define HUFFMAN_EOS 64

/* huffman_long finds the code above 8 bits that |top| begins with.  Returns its
   length, or HUFFMAN_EOS. */
static unsigned huffman_long(uint32_t top, uint8_t *symbol) {
  for (size_t i = 0; i < QPACK_HUFFMAN_ROWS; i++) {
    const qpack_huffman_row *row = &qpack_huffman_rows[i];

    if (top < row->limit) {
      *symbol =
          qpack_huffman_long_symbols[row->start +
                                     ((top >> (32 - row->len)) - row->first)];
      return row->len;
    }
  }
  return HUFFMAN_EOS;
}

static uint64_t huffman_load(const uint8_t *p) {
  uint64_t v = 0;

  for (int i = 0; i < 8; i++) { /* compilers make one load of it */
    v = v << 8 | p[i];
  }
  return v;
}

int qpack_huffman_decode(quic_bytes code, uint8_t *out, size_t *len) {
  /* No arithmetic on NULL, which an empty string may be. */
  const uint8_t *p = code.len ? code.data : (const uint8_t *)"";
  const uint8_t *end = p + code.len;
  uint8_t *o = out;
  uint64_t acc = 0;  /* the next bits, aligned to the left */
  unsigned bits = 0; /* how many of them are input */

  for (;;) {
    if (end - p >= 8) {
      acc |= huffman_load(p) >> bits;
      p += (63 - bits) / 8;
      bits |= 56;
    } else {
      while (bits <= 56 && p < end) {
        acc |= (uint64_t)*p++ << (56 - bits);
        bits += 8;
      }
      if (bits < 32) {
        break;
      }
    }
    while (bits >= 32) {
      qpack_huffman_step step = qpack_huffman_short[acc >> 56];
      unsigned n = step.len;

      *o = step.symbol;
      if (n == 0) {
        n = huffman_long((uint32_t)(acc >> 32), o);
        if (n == HUFFMAN_EOS) {
          return QUIC_ERR_MALFORMED;
        }
      }
      o++;
      acc <<= n;
      bits -= n;
    }
  }
  for (;;) { /* what is left, with ones behind it, which no symbol fits */
    uint64_t padded = acc | UINT64_MAX >> bits;
    qpack_huffman_step step = qpack_huffman_short[padded >> 56];
    uint8_t symbol = step.symbol;
    unsigned n =
        step.len ? step.len : huffman_long((uint32_t)(padded >> 32), &symbol);

    if (n > bits) {
      *len = (size_t)(o - out);
      return bits < 8 && padded == UINT64_MAX ? 0 : QUIC_ERR_MALFORMED;
    }
    *o++ = symbol;
    acc <<= n;
    bits -= n;
  }
}
