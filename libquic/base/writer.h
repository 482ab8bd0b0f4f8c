#ifndef QUIC_BASE_WRITER_H
#define QUIC_BASE_WRITER_H

/* quic_writer is the twin of quic_reader: it fills a caller's buffer, with a
   sticky error when the buffer is full. */

#include "base/bytes.h"
#include "base/err.h"

typedef struct quic_writer {
  uint8_t *base; /* start, borrowed */
  uint8_t *pos;
  uint8_t *end;
  bool failed;
} quic_writer;

static inline void quic_writer_init(quic_writer *wr, void *data, size_t cap) {
  wr->base = wr->pos = (uint8_t *)data;
  wr->end = cap ? wr->base + cap : wr->base; /* |data| NULL: no room */
  wr->failed = false;
}

/* quic_writer_status returns 0, or QUIC_ERR_NOSPACE after a failed write. */
static inline int quic_writer_status(const quic_writer *wr) {
  return wr->failed ? QUIC_ERR_NOSPACE : 0;
}

static inline size_t quic_writer_len(const quic_writer *wr) {
  return (size_t)(wr->pos - wr->base);
}

static inline size_t quic_writer_left(const quic_writer *wr) {
  return wr->failed ? 0 : (size_t)(wr->end - wr->pos);
}

/* quic_writer_take reserves |n| octets and returns their start, or NULL. */
static inline uint8_t *quic_writer_take(quic_writer *wr, size_t n) {
  uint8_t *p = wr->pos;

  if (wr->failed || n > (size_t)(wr->end - wr->pos)) {
    wr->failed = true;
    return NULL;
  }
  if (n) {
    wr->pos += n;
  }
  return p;
}

static inline void quic_writer_bytes(quic_writer *wr, quic_bytes b) {
  uint8_t *p = quic_writer_take(wr, b.len);

  if (p && b.len) {
    memcpy(p, b.data, b.len);
  }
}

/* quic_writer_fill writes |n| octets of value |octet|. */
static inline void quic_writer_fill(quic_writer *wr, uint8_t octet, size_t n) {
  uint8_t *p = quic_writer_take(wr, n);

  if (p && n) {
    memset(p, octet, n);
  }
}

/* quic_writer_uint writes the low |n| octets of |v|, network byte order. */
static inline void quic_writer_uint(quic_writer *wr, uint64_t v, size_t n) {
  uint8_t *p = quic_writer_take(wr, n);

  for (size_t i = n; p && i-- > 0; v >>= 8) {
    p[i] = (uint8_t)v;
  }
}

static inline void quic_writer_u8(quic_writer *wr, uint8_t v) {
  quic_writer_uint(wr, v, 1);
}

static inline void quic_writer_u16(quic_writer *wr, uint16_t v) {
  quic_writer_uint(wr, v, 2);
}

static inline void quic_writer_u32(quic_writer *wr, uint32_t v) {
  quic_writer_uint(wr, v, 4);
}

/* quic_writer_uint_le writes the low |n| octets of |v|, little endian. */
static inline void quic_writer_uint_le(quic_writer *wr, uint64_t v, size_t n) {
  uint8_t *p = quic_writer_take(wr, n);

  for (size_t i = 0; p && i < n; i++, v >>= 8) {
    p[i] = (uint8_t)v;
  }
}

#endif /* !defined(QUIC_BASE_WRITER_H) */
