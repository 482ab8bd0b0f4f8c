#include "tests/support/jsonvalid.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"

#define JSONVALID_DEPTH 64

typedef struct jsonvalid_cursor {
  const uint8_t *p, *end;
} jsonvalid_cursor;

static bool jsonvalid_take(jsonvalid_cursor *c, uint8_t octet) {
  if (c->p == c->end || *c->p != octet) {
    return false;
  }
  c->p++;
  return true;
}

static void jsonvalid_space(jsonvalid_cursor *c) {
  while (c->p < c->end && strchr(" \t\r\n", *c->p) && *c->p) {
    c->p++;
  }
}

static bool jsonvalid_word(jsonvalid_cursor *c, const char *word) {
  for (; *word; word++) {
    if (!jsonvalid_take(c, (uint8_t)*word)) {
      return false;
    }
  }
  return true;
}

static bool jsonvalid_digits(jsonvalid_cursor *c) {
  const uint8_t *start = c->p;

  while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
    c->p++;
  }
  return c->p > start;
}

static bool jsonvalid_exponent(jsonvalid_cursor *c) {
  if (!jsonvalid_take(c, 'e') && !jsonvalid_take(c, 'E')) {
    return true;
  }
  if (!jsonvalid_take(c, '-')) {
    (void)jsonvalid_take(c, '+');
  }
  return jsonvalid_digits(c);
}

/* No leading zeros, and digits on both sides of a point. */
static bool jsonvalid_number(jsonvalid_cursor *c) {
  (void)jsonvalid_take(c, '-');
  if (!jsonvalid_take(c, '0') && !jsonvalid_digits(c)) {
    return false;
  }
  return (!jsonvalid_take(c, '.') || jsonvalid_digits(c)) &&
         jsonvalid_exponent(c);
}

static bool jsonvalid_escape(jsonvalid_cursor *c) {
  if (c->p == c->end || !*c->p || !strchr("\"\\/bfnrtu", *c->p)) {
    return false;
  }
  if (*c->p++ != 'u') {
    return true;
  }
  for (int i = 0; i < 4; i++, c->p++) {
    if (c->p == c->end || !*c->p || !strchr("0123456789abcdefABCDEF", *c->p)) {
      return false;
    }
  }
  return true;
}

static bool jsonvalid_string(jsonvalid_cursor *c) {
  if (!jsonvalid_take(c, '"')) {
    return false;
  }
  while (c->p < c->end && *c->p != '"') {
    uint32_t cp;
    size_t n;

    if (*c->p == '\\') {
      c->p++;
      if (!jsonvalid_escape(c)) {
        return false;
      }
      continue;
    }
    n = quic_text_utf8(c->p, (size_t)(c->end - c->p), &cp);
    if (n == 0 || cp < 0x20) {
      return false;
    }
    c->p += n;
  }
  return jsonvalid_take(c, '"');
}

static bool jsonvalid_scalar(jsonvalid_cursor *c) {
  if (c->p == c->end) {
    return false;
  }
  switch (*c->p) {
  case '"':
    return jsonvalid_string(c);
  case 't':
    return jsonvalid_word(c, "true");
  case 'f':
    return jsonvalid_word(c, "false");
  case 'n':
    return jsonvalid_word(c, "null");
  default:
    return jsonvalid_number(c);
  }
}

static bool jsonvalid_key(jsonvalid_cursor *c) {
  jsonvalid_space(c);
  if (!jsonvalid_string(c)) {
    return false;
  }
  jsonvalid_space(c);
  return jsonvalid_take(c, ':');
}

/* jsonvalid_close goes on behind a value: up while levels end, or over a comma
   to the next value. */
static bool jsonvalid_close(jsonvalid_cursor *c, const char *stack,
                            size_t *depth) {
  while (*depth) {
    char open = stack[*depth - 1];

    jsonvalid_space(c);
    if (jsonvalid_take(c, ',')) {
      return open == '[' || jsonvalid_key(c);
    }
    if (!jsonvalid_take(c, open == '[' ? ']' : '}')) {
      return false;
    }
    (*depth)--;
  }
  return true;
}

size_t jsonvalid(quic_bytes text) {
  jsonvalid_cursor c = {text.data, text.data + text.len};
  char stack[JSONVALID_DEPTH];
  size_t depth = 0;

  do {
    jsonvalid_space(&c);
    if (c.p < c.end && (*c.p == '{' || *c.p == '[')) {
      bool object = *c.p == '{';

      if (depth == JSONVALID_DEPTH) {
        return 0;
      }
      stack[depth++] = (char)*c.p++;
      jsonvalid_space(&c);
      if (!jsonvalid_take(&c, object ? '}' : ']')) {
        if (object && !jsonvalid_key(&c)) {
          return 0;
        }
        continue;
      }
      depth--;
    } else if (!jsonvalid_scalar(&c)) {
      return 0;
    }
    if (!jsonvalid_close(&c, stack, &depth)) {
      return 0;
    }
  } while (depth);
  return (size_t)(c.p - text.data);
}

size_t jsonvalid_lines(const char *text) {
  size_t n = 0;

  for (; *text; n++) {
    const char *end = strchr(text, '\n');

    if (!end || *text != '{' ||
        jsonvalid(quic_bytes_of(text, (size_t)(end - text))) !=
            (size_t)(end - text)) {
      fail_msg("no JSON: %.512s", text);
      return 0;
    }
    text = end + 1;
  }
  return n;
}
