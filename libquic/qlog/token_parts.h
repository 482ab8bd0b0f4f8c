#ifndef QUIC_QLOG_TOKEN_PARTS_H
#define QUIC_QLOG_TOKEN_PARTS_H

/* The tokenizer from inside: what token.c shares with who takes members and
   elements faster than one token at a time.  Each function here does what
   qlog_tokens_next would do, but only in the usual case; in all others it
   leaves |t| as it was, and next sees to them. */

#include "qlog/plain.h"
#include "qlog/token.h"

/* What may come next. */
enum {
  QLOG_EXPECT_VALUE,       /* of the text, of a member, or behind a comma */
  QLOG_EXPECT_FIRST_VALUE, /* or ] */
  QLOG_EXPECT_FIRST_KEY,   /* or } */
  QLOG_EXPECT_REST,        /* a comma or a closing bracket */
  QLOG_EXPECT_END,         /* of the text */
  QLOG_EXPECT_NOTHING      /* there was an error */
};

/* A number as it stands in the text: |digits| without the point, and how many
   of them are behind it. */
typedef struct qlog_number {
  uint64_t digits;
  uint8_t behind;
} qlog_number;

/* qlog_number_scaled is qlog_token_scaled of a number that was read; false when
   that takes more care. */
static inline bool qlog_number_scaled(qlog_number n, unsigned decimals,
                                      uint64_t *out) {
  static const uint64_t powers[QLOG_DECIMALS_MAX + 1] = {
      1,      10,      100,      1000,      10000,
      100000, 1000000, 10000000, 100000000, 1000000000};
  uint64_t power;

  if (n.behind > decimals || decimals > QLOG_DECIMALS_MAX) {
    return false;
  }
  power = powers[decimals - n.behind];
  if (n.digits > UINT64_MAX / powers[QLOG_DECIMALS_MAX] &&
      n.digits > UINT64_MAX / power) {
    return false;
  }
  *out = n.digits * power;
  return true;
}

/* qlog_tokens_done ends a value in front of |p|. */
static inline void qlog_tokens_done(qlog_tokens *t, const uint8_t *p) {
  t->at = p;
  t->expect = t->depth ? QLOG_EXPECT_REST : QLOG_EXPECT_END;
}

static inline bool qlog_tokens_in_object(const qlog_tokens *t) {
  return (t->objects >> (t->depth - 1)) & 1;
}

/* qlog_tokens_enter opens the array or object whose bracket is at |p|; there
   must be a level left. */
static inline void qlog_tokens_enter(qlog_tokens *t, const uint8_t *p,
                                     bool object) {
  t->objects &= ~(UINT64_C(1) << t->depth);
  t->objects |= (uint64_t)object << t->depth;
  t->depth++;
  t->at = p + 1;
  t->expect = object ? QLOG_EXPECT_FIRST_KEY : QLOG_EXPECT_FIRST_VALUE;
}

/* qlog_tokens_leave closes the array or object whose bracket is at |p|. */
static inline void qlog_tokens_leave(qlog_tokens *t, const uint8_t *p) {
  t->depth--;
  qlog_tokens_done(t, p + 1);
}

/* qlog_tokens_at returns where the next value or key of the array or object at
   hand begins, or NULL when that is not plain to see. */
static inline const uint8_t *qlog_tokens_at(const qlog_tokens *t) {
  const uint8_t *p = t->at;

  if (t->expect == QLOG_EXPECT_REST) {
    if (p == t->end || *p != ',') {
      return NULL;
    }
    p++;
  }
  return p < t->end && t->expect <= QLOG_EXPECT_REST ? p : NULL;
}

/* qlog_tokens_open takes |bracket|, which opens the next element of the array
   at hand.  Returns false when something else is there. */
static inline bool qlog_tokens_open(qlog_tokens *t, uint8_t bracket) {
  const uint8_t *p = qlog_tokens_at(t);

  if (!p || *p != bracket || t->depth == QLOG_DEPTH_MAX) {
    return false;
  }
  qlog_tokens_enter(t, p, bracket == '{');
  return true;
}

/* qlog_tokens_shut takes |bracket| behind a value of what it closes. */
static inline bool qlog_tokens_shut(qlog_tokens *t, uint8_t bracket) {
  if (t->expect != QLOG_EXPECT_REST || t->at == t->end || *t->at != bracket) {
    return false;
  }
  qlog_tokens_leave(t, t->at);
  return true;
}

/* qlog_tokens_nested takes the bracket of a value, which comes next.  Returns
   OBJECT or ARRAY, or ERROR when something else is there. */
static inline qlog_token qlog_tokens_nested(qlog_tokens *t) {
  bool object = t->at < t->end && *t->at == '{';

  if ((!object && (t->at == t->end || *t->at != '[')) ||
      t->depth == QLOG_DEPTH_MAX) {
    return QLOG_TOKEN_ERROR;
  }
  qlog_tokens_enter(t, t->at, object);
  return object ? QLOG_TOKEN_OBJECT : QLOG_TOKEN_ARRAY;
}

/* qlog_tokens_usual takes a text without escapes or a number without sign and
   exponent, the value that comes next.  Returns STRING, or NUMBER and what it
   is in |number|, or ERROR when something else is there. */
static inline qlog_token qlog_tokens_usual(qlog_tokens *t,
                                           qlog_number *number) {
  const uint8_t *p = t->at, *rest;

  if (p == t->end) {
    return QLOG_TOKEN_ERROR;
  }
  if (*p == '"') {
    rest = qlog_plain(p + 1, t->end);
    if (rest == t->end || *rest != '"') {
      return QLOG_TOKEN_ERROR;
    }
    t->text = quic_bytes_of(p + 1, (size_t)(rest - p - 1));
    t->escaped = false;
    qlog_tokens_done(t, rest + 1);
    return QLOG_TOKEN_STRING;
  }
  rest = qlog_plain_number(p, t->end, &number->digits, &number->behind);
  if (!rest) {
    return QLOG_TOKEN_ERROR;
  }
  t->text = quic_bytes_of(p, (size_t)(rest - p));
  qlog_tokens_done(t, rest);
  return QLOG_TOKEN_NUMBER;
}

#endif /* !defined(QUIC_QLOG_TOKEN_PARTS_H) */
