#ifndef QUIC_WIRE_VARINT_H
#define QUIC_WIRE_VARINT_H

/* Variable-length integers (RFC 9000 §16) on the cursors of base/. */

#include "base/reader.h"
#include "base/writer.h"

#define QUIC_VARINT_MAX ((UINT64_C(1) << 62) - 1)

/* quic_varint_len returns the shortest encoding of |v| in octets: 1, 2, 4 or
   8; 0 when |v| is above QUIC_VARINT_MAX. */
static inline size_t quic_varint_len(uint64_t v) {
  return v < 0x40               ? 1
         : v < 0x4000           ? 2
         : v < 0x40000000       ? 4
         : v <= QUIC_VARINT_MAX ? 8
                                : 0;
}

/* quic_reader_varint reads a varint; 0 after a failure. */
static inline uint64_t quic_reader_varint(quic_reader *rd) {
  size_t n;
  uint64_t v;

  if (rd->failed || rd->pos == rd->end) {
    quic_reader_fail(rd);
    return 0;
  }
  n = (size_t)1 << (*rd->pos >> 6);
  if ((size_t)(rd->end - rd->pos) < n) {
    quic_reader_fail(rd);
    return 0;
  }
  v = *rd->pos & 0x3f;
  for (size_t i = 1; i < n; i++) {
    v = v << 8 | rd->pos[i];
  }
  rd->pos += n;
  return v;
}

/* quic_reader_varint_width is quic_reader_varint, and stores in |*width| how
   many octets it took (0 after a failure). */
static inline uint64_t quic_reader_varint_width(quic_reader *rd,
                                                uint8_t *width) {
  const uint8_t *start = rd->pos;
  uint64_t v = quic_reader_varint(rd);

  *width = rd->failed ? 0 : (uint8_t)(rd->pos - start);
  return v;
}

/* quic_writer_varint_width writes |v| in |width| octets, or in the shortest
   form when |width| is 0 or too small for |v|.  Fails when |v| is above
   QUIC_VARINT_MAX. */
static inline void quic_writer_varint_width(quic_writer *wr, uint64_t v,
                                            size_t width) {
  size_t n = quic_varint_len(v);
  uint8_t *p;

  if (n == 0) {
    wr->failed = true;
    return;
  }
  n = width > n ? width : n;
  p = wr->pos;
  quic_writer_uint(wr, v, n);
  if (!wr->failed) {
    p[0] |= (uint8_t)(n == 8 ? 0xc0 : n == 4 ? 0x80 : n == 2 ? 0x40 : 0);
  }
}

static inline void quic_writer_varint(quic_writer *wr, uint64_t v) {
  quic_writer_varint_width(wr, v, 0);
}

#endif /* !defined(QUIC_WIRE_VARINT_H) */
