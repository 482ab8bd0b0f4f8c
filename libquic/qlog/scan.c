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

static bool scan_in_object(const qlog_scan *s) {
  return s->depth <= 64 && (s->objects >> (s->depth - 1)) & 1;
}

/* scan_open: in an object nothing opens but a member's value, and a value is no
   neighbour of another one without a comma. */
static bool scan_open(qlog_scan *s, uint8_t c) {
  if (s->depth > 0 && s->depth <= 64 &&
      (scan_in_object(s) ? s->before != ':'
                         : s->before != ',' && s->before != '[')) {
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

static bool scan_close(qlog_scan *s, uint8_t c) {
  if (s->depth <= 64 && scan_in_object(s) != (c == '}')) {
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

/* scan_special takes an octet that is not plain. */
static qlog_scan_result scan_special(qlog_scan *s, const uint8_t **at) {
  uint8_t c = **at;

  switch (scan_classes[c]) {
  case SCAN_MARK:
    s->before = c;
    break;
  case SCAN_QUOTE:
    s->before = c;
    s->string = true;
    break;
  case SCAN_OPEN:
    if (!scan_open(s, c)) {
      return QLOG_SCAN_BROKEN;
    }
    break;
  case SCAN_CLOSE:
    if (!scan_close(s, c)) {
      return QLOG_SCAN_BROKEN;
    }
    break;
  default:
    return scan_broken(s, "not a value");
  }
  ++*at;
  return s->depth || s->string ? QLOG_SCAN_MORE : QLOG_SCAN_END;
}

qlog_scan_result qlog_scan_run(qlog_scan *s, const uint8_t **at,
                               const uint8_t *end) {
  qlog_scan_result result = QLOG_SCAN_MORE;

  if (s->scalar) {
    return scan_scalar(s, at, end);
  }
  if (*at < end && s->depth == 0 && !s->string) {
    uint8_t class = scan_classes[**at];

    if (class == SCAN_PLAIN) {
      s->scalar = true;
      return scan_scalar(s, at, end);
    }
    if (class != SCAN_QUOTE && class != SCAN_OPEN) {
      return scan_broken(s, "not a value");
    }
  }
  while (*at < end && result == QLOG_SCAN_MORE) {
    if (s->string) {
      result = scan_string(s, at, end);
      continue;
    }
    while (*at < end && scan_classes[**at] == SCAN_PLAIN) {
      ++*at;
    }
    if (*at < end) {
      result = scan_special(s, at);
    }
  }
  return result;
}
