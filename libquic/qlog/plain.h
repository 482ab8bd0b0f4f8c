#ifndef QUIC_QLOG_PLAIN_H
#define QUIC_QLOG_PLAIN_H

/* Runs of octets in JSON text, a word at a time. */

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* qlog_plain_words is qlog_plain by words, for any machine. */
static inline const uint8_t *qlog_plain_words(const uint8_t *p,
                                              const uint8_t *end) {
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

/* qlog_plain returns the first octet from |p| on at which a run of plain octets
   ends, or |end|. */
static inline const uint8_t *qlog_plain(const uint8_t *p, const uint8_t *end) {
#ifdef __SSE2__
  const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);

  for (; end - p >= 16; p += 16) {
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i stop = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
        _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
    unsigned stops = (unsigned)_mm_movemask_epi8(stop);

    if (stops) {
      return p + __builtin_ctz(stops);
    }
  }
#endif
  return qlog_plain_words(p, end);
}

/* qlog_plain_digits counts the digits that |w|, eight octets of text, begins
   with. */
static inline unsigned qlog_plain_digits(uint64_t w) {
  uint64_t digits = w ^ QLOG_PLAIN_ONES * '0', others;

  /* Adding carries out of octets that are no digits only, so the first one is
     right. */
  others = ((digits + QLOG_PLAIN_ONES * 0x76) | digits) & QLOG_PLAIN_HIGHS;
  return others ? (unsigned)__builtin_ctzll(others) >> 3 : 8;
}

/* qlog_plain_value returns the number that the first |n| octets of |w|, 1 to 8
   digits, are. */
static inline uint32_t qlog_plain_value(uint64_t w, unsigned n) {
  w = (w ^ QLOG_PLAIN_ONES * '0') << (64 - 8 * n); /* zeros in front */
  w = w * 10 + (w >> 8);
  return (uint32_t)(((w & UINT64_C(0xff000000ff)) * UINT64_C(0xf424000000064) +
                     ((w >> 16) & UINT64_C(0xff000000ff)) *
                         UINT64_C(0x271000000001)) >>
                    32);
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define QLOG_PLAIN_LITTLE 1
#else
#define QLOG_PLAIN_LITTLE 0
#endif

#define QLOG_PLAIN_DIGITS_MAX 18 /* of qlog_plain_number */

/* qlog_plain_run reads digits from |p| on and goes on with |*v|; numbers of
   more than QLOG_PLAIN_DIGITS_MAX digits give nonsense.  Returns what follows
   them. */
static inline const uint8_t *qlog_plain_run(const uint8_t *p,
                                            const uint8_t *end, uint64_t *v) {
  static const uint32_t powers[] = {1,      10,      100,      1000,     10000,
                                    100000, 1000000, 10000000, 100000000};

  while (QLOG_PLAIN_LITTLE && end - p >= 8) {
    uint64_t w = qlog_plain_word(p);
    unsigned n = qlog_plain_digits(w);

    if (n == 0) {
      return p;
    }
    *v = *v * powers[n] + qlog_plain_value(w, n);
    p += n;
    if (n < 8) {
      return p;
    }
  }
  for (; p < end && (uint8_t)(*p - '0') <= 9; p++) {
    *v = *v * 10 + (uint8_t)(*p - '0');
  }
  return p;
}

/* qlog_plain_number reads a number of JSON without sign and exponent, such as
   "12.345": |*v| gets its digits, |*behind| how many of them stand behind the
   point.  Returns what follows, or NULL when there is another number, or none,
   or nothing follows. */
static inline const uint8_t *qlog_plain_number(const uint8_t *p,
                                               const uint8_t *end, uint64_t *v,
                                               uint8_t *behind) {
  const uint8_t *start = p, *point;

  *v = 0;
  *behind = 0;
  p = qlog_plain_run(p, end, v);
  if (p == start || p == end || (*start == '0' && p - start > 1)) {
    return NULL;
  }
  if (*p == '.') {
    point = p++;
    p = qlog_plain_run(p, end, v);
    if (p == end || p - point < 2) {
      return NULL;
    }
    *behind = (uint8_t)(p - point - 1 < 255 ? p - point - 1 : 255);
  }
  return p - start > QLOG_PLAIN_DIGITS_MAX || (*p | 0x20) == 'e' ? NULL : p;
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
