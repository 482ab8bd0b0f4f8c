#include "qlog/token.h"

#define EXPONENT_MAX 100000 /* above, a number is 0 or does not fit anyway */

/* A decimal number taken apart: whole digits, digits behind the point. */
typedef struct token_decimal {
  quic_bytes whole, fraction;
  int32_t exponent;
  bool negative;
} token_decimal;

static quic_bytes decimal_digits(const uint8_t **p, const uint8_t *end) {
  const uint8_t *start = *p;

  while (*p < end && (uint8_t)(**p - '0') <= 9) {
    (*p)++;
  }
  return quic_bytes_of(start, (size_t)(*p - start));
}

static bool decimal_exponent(token_decimal *d, const uint8_t *p,
                             const uint8_t *end) {
  bool negative = false;
  quic_bytes digits;
  int32_t v = 0;

  if (p < end && (*p == '+' || *p == '-')) {
    negative = *p++ == '-';
  }
  digits = decimal_digits(&p, end);
  for (size_t i = 0; i < digits.len && v < EXPONENT_MAX; i++) {
    v = v * 10 + (digits.data[i] - '0');
  }
  d->exponent = negative ? -v : v;
  return digits.len > 0 && p == end;
}

static bool decimal_parse(token_decimal *d, quic_bytes text) {
  const uint8_t *p = text.data, *end;

  memset(d, 0, sizeof(*d));
  if (text.len == 0) {
    return false;
  }
  end = p + text.len;
  if (*p == '-') {
    d->negative = true;
    p++;
  }
  d->whole = decimal_digits(&p, end);
  if (d->whole.len == 0) {
    return false;
  }
  if (p < end && *p == '.') {
    p++;
    d->fraction = decimal_digits(&p, end);
    if (d->fraction.len == 0) {
      return false;
    }
  }
  if (p < end && (*p | 0x20) == 'e') {
    return decimal_exponent(d, p + 1, end);
  }
  return p == end;
}

static uint8_t decimal_digit(const token_decimal *d, size_t i) {
  return i < d->whole.len ? d->whole.data[i]
                          : d->fraction.data[i - d->whole.len];
}

/* decimal_scale stores |d| * 10^|decimals|, without the digits behind the
   point; |*whole| tells whether these were zeros.  False when it does not
   fit. */
static bool decimal_scale(const token_decimal *d, unsigned decimals,
                          uint64_t *out, bool *whole) {
  int64_t point = (int64_t)d->whole.len + d->exponent + (int64_t)decimals;
  size_t n = d->whole.len + d->fraction.len, i = 0;
  uint64_t v = 0;

  for (; i < n && (int64_t)i < point; i++) {
    uint8_t digit = decimal_digit(d, i) - '0';

    if (v > (UINT64_MAX - digit) / 10) {
      return false;
    }
    v = v * 10 + digit;
  }
  for (int64_t zeros = point - (int64_t)i; v && zeros > 0; zeros--) {
    if (v > UINT64_MAX / 10) {
      return false;
    }
    v *= 10;
  }
  *whole = true;
  for (; i < n; i++) {
    *whole = *whole && decimal_digit(d, i) == '0';
  }
  *out = v;
  return true;
}

/* decimal_plain reads up to 19 digits and nothing else, which is what numbers
   mostly are. */
static bool decimal_plain(quic_bytes text, uint64_t *out) {
  uint64_t v = 0;

  if (text.len == 0 || text.len > 19) {
    return false;
  }
  for (size_t i = 0; i < text.len; i++) {
    uint8_t digit = (uint8_t)(text.data[i] - '0');

    if (digit > 9) {
      return false;
    }
    v = v * 10 + digit;
  }
  *out = v;
  return true;
}

bool qlog_token_u64(quic_bytes text, uint64_t *out) {
  token_decimal d;
  uint64_t v;
  bool whole;

  if (decimal_plain(text, out)) {
    return true;
  }
  if (!decimal_parse(&d, text) || !decimal_scale(&d, 0, &v, &whole) || !whole ||
      (d.negative && v)) {
    return false;
  }
  *out = v;
  return true;
}

/* decimal_usual reads what times look like: "12.345678", with so few digits
   that they fit. */
static bool decimal_usual(quic_bytes text, unsigned decimals, uint64_t *out) {
  static const uint64_t powers[] = {1,         10,        100,     1000,
                                    10000,     100000,    1000000, 10000000,
                                    100000000, 1000000000};
  uint64_t v = 0;
  size_t i = 0, behind = 0;

  if (text.len == 0 || text.len > 20) {
    return false;
  }
  for (; i < text.len && (uint8_t)(text.data[i] - '0') <= 9; i++) {
    v = v * 10 + (uint8_t)(text.data[i] - '0');
  }
  if (i == 0 || i + decimals > 19) {
    return false;
  }
  if (i < text.len) {
    behind = text.len - i - 1;
    if (text.data[i] != '.' || behind == 0 || behind > decimals) {
      return false;
    }
    for (i++; i < text.len; i++) {
      uint8_t digit = (uint8_t)(text.data[i] - '0');

      if (digit > 9) {
        return false;
      }
      v = v * 10 + digit;
    }
  }
  *out = v * powers[decimals - behind];
  return true;
}

bool qlog_token_scaled(quic_bytes text, unsigned decimals, uint64_t *out,
                       bool *negative) {
  token_decimal d;
  uint64_t v;
  bool whole;

  *negative = false;
  if (decimals > QLOG_DECIMALS_MAX) {
    return false;
  }
  if (decimal_usual(text, decimals, out)) {
    return true;
  }
  if (!decimal_parse(&d, text) || !decimal_scale(&d, decimals, &v, &whole)) {
    return false;
  }
  *negative = d.negative && v;
  *out = v;
  return true;
}

/* escape_hex reads the four digits behind \u; -1 when they are none. */
static int32_t escape_hex(const uint8_t *p, const uint8_t *end) {
  int32_t v = 0;

  if (end - p < 4) {
    return -1;
  }
  for (int i = 0; i < 4; i++) {
    uint8_t c = p[i], letter = c | 0x20;

    if (c >= '0' && c <= '9') {
      v = v * 16 + (c - '0');
    } else if (letter >= 'a' && letter <= 'f') {
      v = v * 16 + (letter - 'a' + 10);
    } else {
      return -1;
    }
  }
  return v;
}

/* escape_point reads the code point of the escape at |*p|, a backslash, and
   moves behind it. */
static uint32_t escape_point(const uint8_t **p, const uint8_t *end) {
  static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
  const char *known;
  int32_t v, low;

  if (end - *p < 2) {
    *p = end;
    return 0xfffd;
  }
  if ((*p)[1] != 'u') {
    uint8_t c = (*p)[1];

    *p += 2;
    known = c ? strchr(from, c) : NULL;
    return known ? (uint8_t)to[known - from] : c;
  }
  v = escape_hex(*p + 2, end);
  if (v < 0) {
    *p = end;
    return 0xfffd;
  }
  *p += 6;
  if (v < 0xd800 || v > 0xdfff) {
    return (uint32_t)v;
  }
  if (v > 0xdbff || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u') {
    return 0xfffd;
  }
  low = escape_hex(*p + 2, end);
  if (low < 0xdc00 || low > 0xdfff) {
    return 0xfffd;
  }
  *p += 6;
  return 0x10000 + (((uint32_t)v - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
}

static size_t escape_utf8(uint32_t cp, uint8_t out[4]) {
  if (cp < 0x80) {
    out[0] = (uint8_t)cp;
    return 1;
  }
  if (cp < 0x800) {
    out[0] = (uint8_t)(0xc0 | cp >> 6);
    out[1] = (uint8_t)(0x80 | (cp & 0x3f));
    return 2;
  }
  if (cp < 0x10000) {
    out[0] = (uint8_t)(0xe0 | cp >> 12);
    out[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
    out[2] = (uint8_t)(0x80 | (cp & 0x3f));
    return 3;
  }
  out[0] = (uint8_t)(0xf0 | cp >> 18);
  out[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
  out[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
  out[3] = (uint8_t)(0x80 | (cp & 0x3f));
  return 4;
}

size_t qlog_token_unescape(quic_bytes text, uint8_t *out, size_t cap) {
  const uint8_t *p = text.data, *end = text.len ? p + text.len : p;
  size_t len = 0;

  while (p < end) {
    uint8_t utf8[4];
    size_t n = 1;

    if (*p == '\\') {
      n = escape_utf8(escape_point(&p, end), utf8);
    } else {
      utf8[0] = *p++;
    }
    if (n > cap - len) {
      break;
    }
    memcpy(out + len, utf8, n);
    len += n;
  }
  return len;
}
