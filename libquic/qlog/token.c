#include "qlog/token.h"

#include "qlog/token_parts.h"

static qlog_token token_error(qlog_tokens *t, const uint8_t *where,
                              const char *why) {
  t->at = t->where = where;
  t->why = why;
  t->expect = QLOG_EXPECT_NOTHING;
  return QLOG_TOKEN_ERROR;
}

static qlog_token token_cut(qlog_tokens *t) {
  return token_error(t, t->end, "the text ends inside a value");
}

static bool token_is_hex(uint8_t c) {
  return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* token_escape passes over the escape at |p|; returns NULL after an error. */
static const uint8_t *token_escape(qlog_tokens *t, const uint8_t *p) {
  const uint8_t *start = p++;

  if (p == t->end) {
    (void)token_cut(t);
    return NULL;
  }
  if (*p != 'u') {
    if (*p == 0 || !strchr("\"\\/bfnrt", *p)) {
      (void)token_error(t, start, "an escape that JSON does not know");
      return NULL;
    }
    return p + 1;
  }
  p++;
  for (int i = 0; i < 4; i++, p++) {
    if (p == t->end) {
      (void)token_cut(t);
      return NULL;
    }
    if (!token_is_hex(*p)) {
      (void)token_error(t, start, "an escape without four digits");
      return NULL;
    }
  }
  return p;
}

static const uint8_t *token_string_rest(qlog_tokens *t, const uint8_t *p) {
  while (p < t->end && *p == '\\') {
    t->escaped = true;
    p = token_escape(t, p);
    if (!p) {
      return NULL;
    }
    p = qlog_plain(p, t->end);
  }
  if (p == t->end) {
    (void)token_cut(t);
    return NULL;
  }
  if (*p != '"') {
    (void)token_error(t, p, "a control character in a string");
    return NULL;
  }
  return p;
}

/* token_string takes the string whose quotation mark is at |p| and returns what
   follows it, NULL after an error. */
static inline const uint8_t *token_string(qlog_tokens *t, const uint8_t *p) {
  const uint8_t *start = ++p;

  t->escaped = false;
  p = qlog_plain(p, t->end);
  if (p == t->end || *p != '"') {
    p = token_string_rest(t, p);
    if (!p) {
      return NULL;
    }
  }
  t->text = quic_bytes_of(start, (size_t)(p - start));
  return p + 1;
}

static inline const uint8_t *token_digits(const uint8_t *p,
                                          const uint8_t *end) {
  while (p < end && (uint8_t)(*p - '0') <= 9) {
    p++;
  }
  return p;
}

/* token_some_digits wants at least one; returns NULL after an error. */
static const uint8_t *token_some_digits(qlog_tokens *t, const uint8_t *p) {
  const uint8_t *rest = token_digits(p, t->end);

  if (rest == p) {
    if (p == t->end) {
      (void)token_cut(t);
    } else {
      (void)token_error(t, p, "a number without digits");
    }
    return NULL;
  }
  return rest;
}

static qlog_token token_number(qlog_tokens *t, const uint8_t *p) {
  const uint8_t *start = p;

  p += *p == '-';
  if (p < t->end && *p == '0') {
    p++; /* 01 is two values, and so wrong */
  } else if (!(p = token_some_digits(t, p))) {
    return QLOG_TOKEN_ERROR;
  }
  if (p < t->end && *p == '.' && !(p = token_some_digits(t, p + 1))) {
    return QLOG_TOKEN_ERROR;
  }
  if (p < t->end && (*p | 0x20) == 'e') {
    p++;
    p += p < t->end && (*p == '+' || *p == '-');
    p = token_some_digits(t, p);
    if (!p) {
      return QLOG_TOKEN_ERROR;
    }
  }
  t->text = quic_bytes_of(start, (size_t)(p - start));
  qlog_tokens_done(t, p);
  return QLOG_TOKEN_NUMBER;
}

static qlog_token token_literal(qlog_tokens *t, const uint8_t *p,
                                const char *name, qlog_token token) {
  size_t len = strlen(name), left = (size_t)(t->end - p);

  if (memcmp(p, name, left < len ? left : len) != 0) {
    return token_error(t, p, "not a value");
  }
  if (left < len) {
    return token_cut(t);
  }
  qlog_tokens_done(t, p + len);
  return token;
}

static qlog_token token_open(qlog_tokens *t, const uint8_t *p, bool object) {
  if (t->depth == QLOG_DEPTH_MAX) {
    return token_error(t, p, "nested too deeply");
  }
  qlog_tokens_enter(t, p, object);
  return object ? QLOG_TOKEN_OBJECT : QLOG_TOKEN_ARRAY;
}

static qlog_token token_close(qlog_tokens *t, const uint8_t *p) {
  bool object = qlog_tokens_in_object(t);

  qlog_tokens_leave(t, p);
  return object ? QLOG_TOKEN_OBJECT_END : QLOG_TOKEN_ARRAY_END;
}

static inline qlog_token token_value(qlog_tokens *t, const uint8_t *p) {
  switch (*p) {
  case '"':
    p = token_string(t, p);
    if (!p) {
      return QLOG_TOKEN_ERROR;
    }
    qlog_tokens_done(t, p);
    return QLOG_TOKEN_STRING;
  case '{':
    return token_open(t, p, true);
  case '[':
    return token_open(t, p, false);
  case 't':
    return token_literal(t, p, "true", QLOG_TOKEN_TRUE);
  case 'f':
    return token_literal(t, p, "false", QLOG_TOKEN_FALSE);
  case 'n':
    return token_literal(t, p, "null", QLOG_TOKEN_NULL);
  default:
    if (*p == '-' || (uint8_t)(*p - '0') <= 9) {
      return token_number(t, p);
    }
    return token_error(t, p, "not a value");
  }
}

static inline qlog_token token_key(qlog_tokens *t, const uint8_t *p) {
  if (*p != '"') {
    return token_error(t, p, "not a key");
  }
  p = token_string(t, p);
  if (!p) {
    return QLOG_TOKEN_ERROR;
  }
  p = qlog_plain_spaces(p, t->end);
  if (p == t->end) {
    return token_cut(t);
  }
  if (*p != ':') {
    return token_error(t, p, "a key without a colon");
  }
  t->at = p + 1;
  t->expect = QLOG_EXPECT_VALUE;
  return QLOG_TOKEN_KEY;
}

/* token_rest takes what stands behind a value inside an array or object. */
static inline qlog_token token_rest(qlog_tokens *t, const uint8_t *p) {
  bool object = qlog_tokens_in_object(t);
  uint8_t closing = object ? '}' : ']';

  if (*p == closing) {
    return token_close(t, p);
  }
  if (*p != ',') {
    return token_error(t, p, "neither a comma nor the closing bracket");
  }
  p = qlog_plain_spaces(p + 1, t->end);
  if (p == t->end) {
    return token_cut(t);
  }
  if (*p == closing) {
    t->loose++;
    return token_close(t, p);
  }
  return object ? token_key(t, p) : token_value(t, p);
}

void qlog_tokens_init(qlog_tokens *t, quic_bytes json) {
  static const uint8_t nothing;

  memset(t, 0, sizeof(*t));
  t->start = t->at = json.len ? json.data : &nothing;
  t->end = t->start + json.len;
  t->expect = QLOG_EXPECT_VALUE;
}

qlog_token qlog_tokens_next(qlog_tokens *t) {
  const uint8_t *p;

  if (t->expect == QLOG_EXPECT_NOTHING) {
    return QLOG_TOKEN_ERROR;
  }
  p = qlog_plain_spaces(t->at, t->end);
  if (p == t->end) {
    return t->expect == QLOG_EXPECT_END ? QLOG_TOKEN_END : token_cut(t);
  }
  switch (t->expect) {
  case QLOG_EXPECT_REST:
    return token_rest(t, p);
  case QLOG_EXPECT_FIRST_KEY:
    return *p == '}' ? token_close(t, p) : token_key(t, p);
  case QLOG_EXPECT_FIRST_VALUE:
    return *p == ']' ? token_close(t, p) : token_value(t, p);
  case QLOG_EXPECT_END:
    return token_error(t, p, "something behind the value");
  default:
    return token_value(t, p);
  }
}

static const uint8_t *token_begin(const qlog_tokens *t, qlog_token first) {
  switch (first) {
  case QLOG_TOKEN_STRING:
    return t->text.data - 1;
  case QLOG_TOKEN_NUMBER:
    return t->text.data;
  case QLOG_TOKEN_TRUE:
  case QLOG_TOKEN_NULL:
    return t->at - 4;
  case QLOG_TOKEN_FALSE:
    return t->at - 5;
  default:
    return t->at - 1;
  }
}

bool qlog_tokens_skip(qlog_tokens *t, qlog_token first, quic_bytes *span) {
  const uint8_t *start;

  if (first == QLOG_TOKEN_ERROR || first == QLOG_TOKEN_END) {
    return false;
  }
  start = token_begin(t, first);
  if (first == QLOG_TOKEN_OBJECT || first == QLOG_TOKEN_ARRAY) {
    uint8_t outside = t->depth - 1;

    while (t->depth > outside) {
      if (qlog_tokens_next(t) == QLOG_TOKEN_ERROR) {
        return false;
      }
    }
  }
  if (span) {
    *span = quic_bytes_of(start, (size_t)(t->at - start));
  }
  return true;
}

bool qlog_tokens_member(qlog_tokens *t) {
  return qlog_tokens_next(t) == QLOG_TOKEN_KEY;
}
