#include "qlog/stamp.h"

#include "qlog/token.h"

#define STAMP_FIRST (UINT64_C(1262304000) * QUIC_SECOND) /* 2010 */
#define STAMP_LAST (UINT64_C(4102444800) * QUIC_SECOND)  /* 2100 */

/* stamp_number reads |n| digits. */
static bool stamp_number(const uint8_t **p, const uint8_t *end, size_t n,
                         uint64_t *out) {
  uint64_t v = 0;

  if ((size_t)(end - *p) < n) {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    uint8_t digit = (uint8_t)((*p)[i] - '0');

    if (digit > 9) {
      return false;
    }
    v = v * 10 + digit;
  }
  *p += n;
  *out = v;
  return true;
}

/* stamp_parts reads numbers as |form| has them: a digit for how many digits,
   every other octet for itself, in either case. */
static bool stamp_parts(const uint8_t **p, const uint8_t *end, const char *form,
                        uint64_t *out) {
  for (; *form; form++) {
    if (*form >= '0' && *form <= '9') {
      if (!stamp_number(p, end, (size_t)(*form - '0'), out++)) {
        return false;
      }
    } else if (*p < end && (**p | 0x20) == (*form | 0x20)) {
      ++*p;
    } else {
      return false;
    }
  }
  return true;
}

/* stamp_days counts the days from 1970 to a date of the Gregorian calendar. */
static uint64_t stamp_days(uint64_t year, uint64_t month, uint64_t day) {
  static const uint16_t before[] = {0,   31,  59,  90,  120, 151,
                                    181, 212, 243, 273, 304, 334};
  uint64_t leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  uint64_t last = year - 1;
  uint64_t leaps = last / 4 - last / 100 + last / 400; /* before this year */

  return (year - 1970) * 365 + leaps - 477 + before[month - 1] +
         (month > 2 ? leap : 0) + day - 1;
}

static uint64_t stamp_fraction(const uint8_t **p, const uint8_t *end) {
  uint64_t ns = 0, unit = QUIC_SECOND / 10;

  if (*p == end || **p != '.') {
    return 0;
  }
  for (++*p; *p < end && (uint8_t)(**p - '0') <= 9; ++*p, unit /= 10) {
    ns += (uint64_t)(**p - '0') * unit;
  }
  return ns;
}

/* stamp_zone reads "Z" or "+01:30"; |*minutes| is what is to be taken off. */
static bool stamp_zone(const uint8_t **p, const uint8_t *end,
                       int64_t *minutes) {
  uint64_t part[2];
  bool minus;

  *minutes = 0;
  if (*p == end) {
    return false;
  }
  if ((**p | 0x20) == 'z') {
    ++*p;
    return *p == end;
  }
  minus = **p == '-';
  if ((!minus && **p != '+') || (++*p, !stamp_parts(p, end, "2:2", part))) {
    return false;
  }
  *minutes = (int64_t)(part[0] * 60 + part[1]) * (minus ? -1 : 1);
  return *p == end && part[0] < 24 && part[1] < 60;
}

bool qlog_stamp_date(quic_bytes text, quic_time *out) {
  const uint8_t *p = text.data, *end = text.len ? p + text.len : p;
  uint64_t d[6] = {0}, ns;
  int64_t minutes, second;
  bool space = text.len > 10 && p[10] == ' '; /* as RFC 3339 allows */

  if (!stamp_parts(&p, end, space ? "4-2-2 2:2:2" : "4-2-2t2:2:2", d) ||
      d[0] < 1970 || d[0] > 2553 || d[1] < 1 || d[1] > 12 || d[2] < 1 ||
      d[2] > 31 || d[3] > 23 || d[4] > 59 || d[5] > 60) {
    return false;
  }
  ns = stamp_fraction(&p, end);
  if (!stamp_zone(&p, end, &minutes)) {
    return false;
  }
  second = (int64_t)(stamp_days(d[0], d[1], d[2]) * 86400 + d[3] * 3600 +
                     d[4] * 60 + d[5]) -
           minutes * 60;
  if (second < 0) {
    return false;
  }
  *out = (uint64_t)second * QUIC_SECOND + ns;
  return true;
}

bool qlog_stamp_wall(quic_time time) {
  return time >= STAMP_FIRST && time < STAMP_LAST;
}

unsigned qlog_stamp_decimals(qlog_stamp_unit unit) {
  static const uint8_t decimals[] = {
      [QLOG_STAMP_MS] = 6,
      [QLOG_STAMP_US] = 3,
      [QLOG_STAMP_S] = 9,
      [QLOG_STAMP_NS] = 0,
  };

  return decimals[unit];
}

bool qlog_stamp_reference(quic_bytes text, qlog_stamp_unit *unit,
                          quic_time *out) {
  static const qlog_stamp_unit others[] = {QLOG_STAMP_MS, QLOG_STAMP_US,
                                           QLOG_STAMP_NS, QLOG_STAMP_S};
  uint64_t v;
  bool negative;

  if (!qlog_token_scaled(text, 0, &v, &negative)) {
    return false;
  }
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    /* A count of us that looks like one of s is a clock that started less than
       an hour or two ago. */
    if ((others[i] == QLOG_STAMP_S && *unit == QLOG_STAMP_US) ||
        !qlog_token_scaled(text, qlog_stamp_decimals(others[i]), &v,
                           &negative) ||
        negative || !qlog_stamp_wall(v)) {
      continue;
    }
    *unit = others[i];
    *out = v;
    return true;
  }
  if (!qlog_token_scaled(text, qlog_stamp_decimals(*unit), &v, &negative) ||
      negative) {
    v = 0;
  }
  *out = v;
  return true;
}
