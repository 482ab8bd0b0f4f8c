#include "qlog/json.h"

#include <string.h>

/* The longest thing that is written in one piece, but for strings. */
#define JSON_PIECE 64

/* json_room returns where |n| octets can be written, after which json_wrote
   counts them; NULL when the buffer is too small even when empty. */
static inline char *json_room(qlog_json *j, size_t n) {
  quic_text *t = j->out;

  if (n >= t->cap - t->len) {
    quic_text_flush(t);
    if (n >= t->cap - t->len) {
      return NULL;
    }
  }
  return t->buf + t->len;
}

static inline void json_wrote(qlog_json *j, size_t n) {
  j->out->len += n;
}

/* json_put writes |n| octets, behind a comma when there must be one. */
static inline void json_put(qlog_json *j, const char *s, size_t n) {
  char *p = json_room(j, n + 1);

  if (p) {
    *p = ',';
    memcpy(p + j->comma, s, n);
    json_wrote(j, n + j->comma);
    return;
  }
  if (j->comma) {
    quic_text_char(j->out, ',');
  }
  quic_text_mem(j->out, s, n);
}

void qlog_json_init(qlog_json *j, quic_text *out) {
  j->out = out;
  j->comma = false;
}

static inline void json_open(qlog_json *j, char bracket) {
  json_put(j, &bracket, 1);
  j->comma = false;
}

static inline void json_close(qlog_json *j, char bracket) {
  j->comma = false;
  json_put(j, &bracket, 1);
  j->comma = true;
}

void qlog_json_object(qlog_json *j) {
  json_open(j, '{');
}

void qlog_json_object_end(qlog_json *j) {
  json_close(j, '}');
}

void qlog_json_array(qlog_json *j) {
  json_open(j, '[');
}

void qlog_json_array_end(qlog_json *j) {
  json_close(j, ']');
}

void qlog_json_end(qlog_json *j) {
  quic_text_char(j->out, '\n');
  j->comma = false;
}

void qlog_json_key_len(qlog_json *j, const char *name, size_t len) {
  char *p = json_room(j, len + 4);

  if (p) {
    char *start = p;

    if (j->comma) {
      *p++ = ',';
    }
    *p++ = '"';
    memcpy(p, name, len);
    p += len;
    *p++ = '"';
    *p++ = ':';
    json_wrote(j, (size_t)(p - start));
  } else {
    json_put(j, "\"", 1);
    quic_text_mem(j->out, name, len);
    quic_text_mem(j->out, "\":", 2);
  }
  j->comma = false;
}

void qlog_json_key(qlog_json *j, const char *name) {
  qlog_json_key_len(j, name, strlen(name));
}

void qlog_json_key_text(qlog_json *j, quic_bytes name) {
  qlog_json_text(j, name);
  quic_text_char(j->out, ':');
  j->comma = false;
}

void qlog_json_literal(qlog_json *j, const char *s, size_t len) {
  json_put(j, s, len);
  j->comma = true;
}

static const char json_pairs[] = "00010203040506070809101112131415161718192021"
                                 "22232425262728293031323334353637383940414243"
                                 "44454647484950515253545556575859606162636465"
                                 "66676869707172737475767778798081828384858687"
                                 "888990919293949596979899";

/* json_digits writes |v| so that it ends at |end| and returns its start. */
static inline char *json_digits(char *end, uint64_t v) {
  for (; v >= 100; v /= 100) {
    end -= 2;
    memcpy(end, json_pairs + 2 * (v % 100), 2);
  }
  if (v >= 10) {
    end -= 2;
    memcpy(end, json_pairs + 2 * v, 2);
  } else {
    *--end = (char)('0' + v);
  }
  return end;
}

void qlog_json_u64(qlog_json *j, uint64_t v) {
  char tmp[20];
  char *p = json_digits(tmp + sizeof(tmp), v);

  qlog_json_literal(j, p, (size_t)(tmp + sizeof(tmp) - p));
}

void qlog_json_i64(qlog_json *j, int64_t v) {
  char tmp[21];
  uint64_t size = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
  char *p = json_digits(tmp + sizeof(tmp), size);

  if (v < 0) {
    *--p = '-';
  }
  qlog_json_literal(j, p, (size_t)(tmp + sizeof(tmp) - p));
}

/* json_decimal writes |v| / 10^|decimals|. */
static void json_decimal(qlog_json *j, uint64_t v, unsigned decimals,
                         bool negative) {
  char tmp[JSON_PIECE];
  char *end = tmp + sizeof(tmp), *p;

  for (; decimals > 0 && v % 10 == 0; decimals--) {
    v /= 10;
  }
  p = json_digits(end, v);
  while ((size_t)(end - p) <= decimals) {
    *--p = '0';
  }
  if (decimals > 0) {
    size_t whole = (size_t)(end - p) - decimals;

    memmove(p - 1, p, whole);
    p--;
    p[whole] = '.';
  }
  if (negative) {
    *--p = '-';
  }
  qlog_json_literal(j, p, (size_t)(end - p));
}

void qlog_json_scaled(qlog_json *j, uint64_t v, unsigned decimals) {
  json_decimal(j, v, decimals < 19 ? decimals : 19, false);
}

void qlog_json_ms(qlog_json *j, quic_duration ns) {
  json_decimal(j, ns, 6, false);
}

void qlog_json_since(qlog_json *j, quic_time time, quic_time start) {
  bool negative = time < start;

  json_decimal(j, negative ? start - time : time - start, 6, negative);
}

void qlog_json_bool(qlog_json *j, bool v) {
  if (v) {
    qlog_json_literal(j, "true", 4);
  } else {
    qlog_json_literal(j, "false", 5);
  }
}

void qlog_json_null(qlog_json *j) {
  qlog_json_literal(j, "null", 4);
}

static const char json_hexdigits[] = "0123456789abcdef";

static void json_unit(quic_text *t, uint32_t unit) {
  char six[6] = {'\\',
                 'u',
                 json_hexdigits[unit >> 12 & 15],
                 json_hexdigits[unit >> 8 & 15],
                 json_hexdigits[unit >> 4 & 15],
                 json_hexdigits[unit & 15]};

  quic_text_mem(t, six, sizeof(six));
}

/* json_escape writes a code point that cannot stand for itself. */
static void json_escape(quic_text *t, uint32_t cp) {
  static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";

  for (size_t i = 0; cp < 0x80 && i + 1 < sizeof(named); i += 2) {
    if ((uint32_t)named[i] == cp) {
      quic_text_char(t, '\\');
      quic_text_char(t, named[i + 1]);
      return;
    }
  }
  if (cp >= 0x10000) {
    json_unit(t, 0xd800 + ((cp - 0x10000) >> 10));
    json_unit(t, 0xdc00 + ((cp - 0x10000) & 0x3ff));
  } else {
    json_unit(t, cp);
  }
}

static inline bool json_plain(uint8_t c) {
  return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

void qlog_json_text(qlog_json *j, quic_bytes b) {
  quic_text *t = j->out;
  size_t i = 0;

  json_put(j, "\"", 1);
  while (i < b.len) {
    size_t start = i, n;
    uint32_t cp = 0;

    while (i < b.len && json_plain(b.data[i])) {
      i++;
    }
    if (i > start) {
      quic_text_mem(t, (const char *)b.data + start, i - start);
      continue;
    }
    n = quic_text_utf8(b.data + i, b.len - i, &cp);
    if (n == 0) {
      quic_text_mem(t, "\xef\xbf\xbd", 3);
      n = 1;
    } else if (cp == '"' || quic_text_unsafe(cp)) {
      json_escape(t, cp);
    } else {
      quic_text_mem(t, (const char *)b.data + i, n);
    }
    i += n;
  }
  quic_text_char(t, '"');
  j->comma = true;
}

void qlog_json_str(qlog_json *j, const char *s) {
  qlog_json_text(j, quic_bytes_of(s, strlen(s)));
}

bool qlog_json_utf8(quic_bytes b) {
  size_t i = 0;

  while (i < b.len) {
    uint32_t cp;
    size_t n =
        b.data[i] < 0x80 ? 1 : quic_text_utf8(b.data + i, b.len - i, &cp);

    if (n == 0) {
      return false;
    }
    i += n;
  }
  return true;
}

/* Octets that are turned into hexadecimals at a time. */
#define JSON_HEX 256

void qlog_json_hex(qlog_json *j, quic_bytes b) {
  char tmp[2 * JSON_HEX];

  json_put(j, "\"", 1);
  for (size_t i = 0; i < b.len; i += JSON_HEX) {
    size_t n = b.len - i < JSON_HEX ? b.len - i : JSON_HEX;

    for (size_t k = 0; k < n; k++) {
      tmp[2 * k] = json_hexdigits[b.data[i + k] >> 4];
      tmp[2 * k + 1] = json_hexdigits[b.data[i + k] & 15];
    }
    quic_text_mem(j->out, tmp, 2 * n);
  }
  quic_text_char(j->out, '"');
  j->comma = true;
}

/* json_padded writes |v| in |width| digits at |p| and returns its end. */
static char *json_padded(char *p, uint64_t v, int width) {
  for (int i = width; i-- > 0; v /= 10) {
    p[i] = (char)('0' + v % 10);
  }
  return p + width;
}

/* json_day writes the date of a day since 1970.  Years begin in March, so that
   the leap day is the last; 400 of them have 146097 days. */
static char *json_day(char *p, uint64_t day) {
  uint64_t era, of_era, year, of_year, month;

  day += 719468; /* since 1 March of year 0 */
  era = day / 146097;
  of_era = day % 146097;
  year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  of_year = of_era - (365 * year + year / 4 - year / 100);
  month = (5 * of_year + 2) / 153;
  p = json_padded(p, 400 * era + year + (month >= 10), 4);
  *p++ = '-';
  p = json_padded(p, month < 10 ? month + 3 : month - 9, 2);
  *p++ = '-';
  return json_padded(p, of_year - (153 * month + 2) / 5 + 1, 2);
}

void qlog_json_date(qlog_json *j, quic_time time) {
  uint64_t second = time / QUIC_SECOND, fraction = time % QUIC_SECOND;
  uint64_t of_day = second % 86400;
  char tmp[JSON_PIECE], *p = tmp;
  int digits = 9;

  *p++ = '"';
  p = json_day(p, second / 86400);
  *p++ = 'T';
  p = json_padded(p, of_day / 3600, 2);
  *p++ = ':';
  p = json_padded(p, of_day / 60 % 60, 2);
  *p++ = ':';
  p = json_padded(p, of_day % 60, 2);
  *p++ = '.';
  for (; digits > 3 && fraction % 10 == 0; digits--) {
    fraction /= 10;
  }
  p = json_padded(p, fraction, digits);
  *p++ = 'Z';
  *p++ = '"';
  qlog_json_literal(j, tmp, (size_t)(p - tmp));
}
