#ifndef QUIC_BASE_READER_H
#define QUIC_BASE_READER_H

/* quic_reader is a cursor over untrusted bytes with a sticky error: read all
   fields, then test quic_reader_failed once.  After a failure every read
   returns zeros, and |fail_offset| keeps the offset of the first field that
   did not fit. */

#include "base/bytes.h"
#include "base/err.h"

typedef struct quic_reader {
  const uint8_t *base; /* start, borrowed */
  const uint8_t *pos;
  const uint8_t *end;
  size_t fail_offset; /* valid when failed */
  bool failed;
} quic_reader;

static inline void quic_reader_init(quic_reader *rd, const void *data,
                                    size_t len) {
  /* No arithmetic on NULL, which an empty input may be. */
  rd->base = rd->pos = (const uint8_t *)(data ? data : "");
  rd->end = rd->base + len;
  rd->fail_offset = 0;
  rd->failed = false;
}

static inline bool quic_reader_failed(const quic_reader *rd) {
  return rd->failed;
}

/* quic_reader_status returns 0, or QUIC_ERR_SHORT after a failed read. */
static inline int quic_reader_status(const quic_reader *rd) {
  return rd->failed ? QUIC_ERR_SHORT : 0;
}

static inline size_t quic_reader_left(const quic_reader *rd) {
  return rd->failed ? 0 : (size_t)(rd->end - rd->pos);
}

static inline size_t quic_reader_offset(const quic_reader *rd) {
  return rd->failed ? rd->fail_offset : (size_t)(rd->pos - rd->base);
}

/* quic_reader_fail makes |rd| fail at the current offset. */
static inline void quic_reader_fail(quic_reader *rd) {
  if (!rd->failed) {
    rd->fail_offset = (size_t)(rd->pos - rd->base);
    rd->failed = true;
  }
}

/* quic_reader_take moves over |n| octets and returns their start, or NULL
   after failing. */
static inline const uint8_t *quic_reader_take(quic_reader *rd, uint64_t n) {
  const uint8_t *p = rd->pos;

  if (rd->failed || n > (uint64_t)(rd->end - rd->pos)) {
    quic_reader_fail(rd);
    return NULL;
  }
  rd->pos += n;
  return p;
}

/* quic_reader_bytes borrows the next |n| octets; empty after a failure. */
static inline quic_bytes quic_reader_bytes(quic_reader *rd, uint64_t n) {
  quic_bytes b = {quic_reader_take(rd, n), 0};

  b.len = b.data ? (size_t)n : 0;
  return b;
}

/* quic_reader_rest borrows all octets that are left. */
static inline quic_bytes quic_reader_rest(quic_reader *rd) {
  return quic_reader_bytes(rd, quic_reader_left(rd));
}

static inline void quic_reader_skip(quic_reader *rd, uint64_t n) {
  (void)quic_reader_take(rd, n);
}

/* Fixed-width integers, network byte order unless the name ends in _le. */
static inline uint8_t quic_reader_u8(quic_reader *rd) {
  const uint8_t *p = quic_reader_take(rd, 1);
  return p ? p[0] : 0;
}

static inline uint16_t quic_reader_u16(quic_reader *rd) {
  const uint8_t *p = quic_reader_take(rd, 2);
  return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t quic_reader_u24(quic_reader *rd) {
  const uint8_t *p = quic_reader_take(rd, 3);
  return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t quic_reader_u32(quic_reader *rd) {
  const uint8_t *p = quic_reader_take(rd, 4);
  return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
                 p[3]
           : 0;
}

static inline uint64_t quic_reader_u64(quic_reader *rd) {
  uint64_t hi = quic_reader_u32(rd);
  uint64_t lo = quic_reader_u32(rd);
  return rd->failed ? 0 : hi << 32 | lo;
}

static inline uint16_t quic_reader_u16_le(quic_reader *rd) {
  const uint8_t *p = quic_reader_take(rd, 2);
  return p ? (uint16_t)(p[1] << 8 | p[0]) : 0;
}

static inline uint32_t quic_reader_u32_le(quic_reader *rd) {
  const uint8_t *p = quic_reader_take(rd, 4);
  return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
                 p[0]
           : 0;
}

static inline uint64_t quic_reader_u64_le(quic_reader *rd) {
  uint64_t lo = quic_reader_u32_le(rd);
  uint64_t hi = quic_reader_u32_le(rd);
  return rd->failed ? 0 : hi << 32 | lo;
}

/* quic_reader_uint reads |n| octets (0 to 8), network byte order. */
static inline uint64_t quic_reader_uint(quic_reader *rd, size_t n) {
  const uint8_t *p = quic_reader_take(rd, n);
  uint64_t v = 0;

  for (size_t i = 0; p && i < n; i++) {
    v = v << 8 | p[i];
  }
  return v;
}

#endif /* !defined(QUIC_BASE_READER_H) */
