#include "qlog/scan.h"

#include "qlog/plain.h"

/* What an octet outside of strings is. */
enum {
  SCAN_BAD, /* nothing of JSON */
  SCAN_PLAIN,
  SCAN_MARK, /* a colon or comma: what may follow depends on it */
  SCAN_QUOTE,
  SCAN_OPEN,
  SCAN_CLOSE
};

/* clang-format off */
#define P SCAN_PLAIN
static const uint8_t scan_classes[256] = {
    ['\t'] = P, ['\n'] = P, ['\r'] = P, [' '] = P, ['+'] = P, ['-'] = P,
    ['.'] = P, ['0'] = P, ['1'] = P, ['2'] = P, ['3'] = P, ['4'] = P,
    ['5'] = P, ['6'] = P, ['7'] = P, ['8'] = P, ['9'] = P, ['E'] = P,
    ['e'] = P, ['t'] = P, ['r'] = P, ['u'] = P, ['f'] = P, ['a'] = P,
    ['l'] = P, ['s'] = P, ['n'] = P,
    [','] = SCAN_MARK, [':'] = SCAN_MARK, ['"'] = SCAN_QUOTE,
    ['{'] = SCAN_OPEN, ['['] = SCAN_OPEN,
    ['}'] = SCAN_CLOSE, [']'] = SCAN_CLOSE,
};
#undef P
/* clang-format on */

void qlog_scan_start(qlog_scan *s) {
  memset(s, 0, sizeof(*s));
}

static qlog_scan_result scan_broken(qlog_scan *s, const char *why) {
  s->why = why;
  return QLOG_SCAN_BROKEN;
}

/* scan_in tells what the innermost bracket is; deeper than 64 levels it
   is not known, and taken for what fits. */
static inline bool scan_in(const qlog_scan *s, bool object) {
  return s->depth > 64 || ((s->objects >> (s->depth - 1)) & 1) == object;
}

/* scan_open: in an object nothing opens but a member's value, and a value is no
   neighbour of another one without a comma. */
static inline bool scan_open(qlog_scan *s, uint8_t c) {
  uint8_t before = s->before;

  if (s->depth > 0 && !(before == ':' && scan_in(s, true)) &&
      !((before == ',' || before == '[') && scan_in(s, false))) {
    s->why = "a value where none can be";
    return false;
  }
  if (s->depth < 64) {
    s->objects &= ~(UINT64_C(1) << s->depth);
    s->objects |= (uint64_t)(c == '{') << s->depth;
  }
  s->depth++;
  s->before = c;
  return true;
}

static inline bool scan_close(qlog_scan *s, uint8_t c) {
  if (!scan_in(s, c == '}')) {
    s->why = "a bracket that closes another one's";
    return false;
  }
  s->depth--;
  s->before = c;
  return true;
}

/* scan_string goes on inside a string, to behind its end. */
static qlog_scan_result scan_string(qlog_scan *s, const uint8_t **at,
                                    const uint8_t *end) {
  const uint8_t *p = *at;

  while (p < end) {
    if (s->escape) {
      s->escape = false;
      p++;
      continue;
    }
    p = qlog_plain(p, end);
    *at = p;
    if (p == end) {
      break;
    }
    if (*p == '"') {
      *at = p + 1;
      s->string = false;
      return s->depth ? QLOG_SCAN_MORE : QLOG_SCAN_END;
    }
    if (*p != '\\') {
      return scan_broken(s, "a control character in a string");
    }
    s->escape = true;
    p++;
  }
  *at = p;
  return QLOG_SCAN_MORE;
}

/* scan_scalar goes on inside a number or a word without brackets around it. */
static qlog_scan_result scan_scalar(qlog_scan *s, const uint8_t **at,
                                    const uint8_t *end) {
  const uint8_t *p = *at;

  for (; p < end; p++) {
    uint8_t class = scan_classes[*p];

    if (qlog_plain_space(*p) || class == SCAN_MARK || class == SCAN_CLOSE) {
      *at = p;
      return QLOG_SCAN_END;
    }
    if (class != SCAN_PLAIN) {
      *at = p;
      return scan_broken(s, "not a value");
    }
  }
  *at = p;
  return QLOG_SCAN_MORE;
}

/* scan_brackets goes on outside of strings, and passes over those that are all
   there and have no escapes. */
static qlog_scan_result scan_brackets(qlog_scan *s, const uint8_t **at,
                                      const uint8_t *end) {
  qlog_scan now = *s; /* so that it can be in registers */
  qlog_scan_result result = QLOG_SCAN_MORE;
  const uint8_t *p = *at;

  while (p < end && result == QLOG_SCAN_MORE && !now.string) {
    uint8_t c = *p;

    switch (scan_classes[c]) {
    case SCAN_PLAIN:
      p = c > ' ' ? p + 1 : qlog_plain_spaces(p, end);
      break;
    case SCAN_MARK:
      now.before = c;
      p++;
      break;
    case SCAN_QUOTE:
      now.before = c;
      p = qlog_plain(p + 1, end);
      now.string = p == end || *p != '"';
      p += !now.string;
      break;
    case SCAN_OPEN:
      result = scan_open(&now, c) ? QLOG_SCAN_MORE : QLOG_SCAN_BROKEN;
      p += result == QLOG_SCAN_MORE;
      break;
    case SCAN_CLOSE:
      result = !scan_close(&now, c) ? QLOG_SCAN_BROKEN
               : now.depth          ? QLOG_SCAN_MORE
                                    : QLOG_SCAN_END;
      p += result != QLOG_SCAN_BROKEN;
      break;
    default:
      result = scan_broken(&now, "not a value");
      break;
    }
  }
  *at = p;
  *s = now;
  return result;
}

/* scan_first takes the first octet of a value, if it opens no bracket. */
static bool scan_first(qlog_scan *s, const uint8_t **at,
                       qlog_scan_result *result) {
  switch (scan_classes[**at]) {
  case SCAN_OPEN:
    return false;
  case SCAN_QUOTE:
    s->string = true;
    ++*at;
    return false;
  case SCAN_PLAIN:
    s->scalar = true;
    return false;
  default:
    *result = scan_broken(s, "not a value");
    return true;
  }
}

qlog_scan_result qlog_scan_run(qlog_scan *s, const uint8_t **at,
                               const uint8_t *end) {
  qlog_scan_result result = QLOG_SCAN_MORE;

  if (*at < end && s->depth == 0 && !s->string && !s->scalar &&
      scan_first(s, at, &result)) {
    return result;
  }
  if (s->scalar) {
    return scan_scalar(s, at, end);
  }
  while (*at < end && result == QLOG_SCAN_MORE) {
    result = s->string ? scan_string(s, at, end) : scan_brackets(s, at, end);
  }
  return result;
}
