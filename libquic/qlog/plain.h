#ifndef QUIC_QLOG_PLAIN_H
#define QUIC_QLOG_PLAIN_H

/* Runs of octets in JSON text, a word at a time. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define QLOG_PLAIN_ONES UINT64_C(0x0101010101010101)
#define QLOG_PLAIN_HIGHS UINT64_C(0x8080808080808080)

static inline uint64_t qlog_plain_word(const uint8_t *p) {
  uint64_t w;

  memcpy(&w, p, sizeof(w));
  return w;
}

/* qlog_plain_zeros flags the octets of |w| that are 0.  Above the lowest flag
   there may be wrong ones, so no flag counts but the first. */
static inline uint64_t qlog_plain_zeros(uint64_t w) {
  return (w - QLOG_PLAIN_ONES) & ~w & QLOG_PLAIN_HIGHS;
}

/* qlog_plain_stops flags the octets at which a run of plain octets in a string
   ends: quotation marks, backslashes and control characters. */
static inline uint64_t qlog_plain_stops(uint64_t w) {
  uint64_t controls = (w - QLOG_PLAIN_ONES * 0x20) & ~w & QLOG_PLAIN_HIGHS;

  return qlog_plain_zeros(w ^ (QLOG_PLAIN_ONES * '"')) |
         qlog_plain_zeros(w ^ (QLOG_PLAIN_ONES * '\\')) | controls;
}

static inline const uint8_t *qlog_plain_octets(const uint8_t *p,
                                               const uint8_t *end) {
  while (p < end && *p != '"' && *p != '\\' && *p >= 0x20) {
    p++;
  }
  return p;
}

/* qlog_plain returns the first octet from |p| on at which a run of plain octets
   ends, or |end|. */
static inline const uint8_t *qlog_plain(const uint8_t *p, const uint8_t *end) {
  while ((size_t)(end - p) >= sizeof(uint64_t)) {
    uint64_t stops = qlog_plain_stops(qlog_plain_word(p));

    if (stops) {
#if defined(__GNUC__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
      return p + (__builtin_ctzll(stops) >> 3);
#else
      return qlog_plain_octets(p, end);
#endif
    }
    p += sizeof(uint64_t);
  }
  return qlog_plain_octets(p, end);
}

/* qlog_plain_space tells whether |c| is JSON's white space. */
static inline int qlog_plain_space(uint8_t c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* qlog_plain_spaces returns the first octet from |p| on that is no white space,
   or |end|. */
static inline const uint8_t *qlog_plain_spaces(const uint8_t *p,
                                               const uint8_t *end) {
  if (p == end || *p > ' ') {
    return p;
  }
  while (p < end && qlog_plain_space(*p)) {
    p++;
    while ((size_t)(end - p) >= sizeof(uint64_t) &&
           qlog_plain_word(p) == QLOG_PLAIN_ONES * ' ') {
      p += sizeof(uint64_t); /* indentation */
    }
  }
  return p;
}

#endif /* !defined(QUIC_QLOG_PLAIN_H) */
