#ifndef QUIC_QLOG_TOKEN_H
#define QUIC_QLOG_TOKEN_H

/* qlog_tokens pulls the tokens of one JSON text (RFC 8259) out of memory.  It
   allocates nothing and copies nothing: a string is the octets between its
   quotation marks, escapes and all, a number the octets it is written with, so
   that 64-bit integers stay exact.

   Strict as the RFC, but for two things that loggers do: octets in strings that
   are no UTF-8 are left for the caller to judge, and one comma between a value
   and the closing bracket is passed over and counted (|loose|). */

#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"

#define QLOG_DEPTH_MAX 64   /* nested arrays and objects */
#define QLOG_DECIMALS_MAX 9 /* of qlog_token_scaled */

typedef enum qlog_token {
  QLOG_TOKEN_ERROR,  /* |why| tells; the next call gives it again */
  QLOG_TOKEN_END,    /* of the text */
  QLOG_TOKEN_OBJECT, /* { */
  QLOG_TOKEN_OBJECT_END,
  QLOG_TOKEN_ARRAY, /* [ */
  QLOG_TOKEN_ARRAY_END,
  QLOG_TOKEN_KEY, /* of a member; its value follows */
  QLOG_TOKEN_STRING,
  QLOG_TOKEN_NUMBER,
  QLOG_TOKEN_TRUE,
  QLOG_TOKEN_FALSE,
  QLOG_TOKEN_NULL
} qlog_token;

typedef struct qlog_tokens {
  const uint8_t *start, *at, *end;
  quic_bytes text; /* of the last KEY, STRING (inside the marks) or NUMBER */
  bool escaped;    /* that string has backslashes */
  uint32_t loose;  /* commas passed over */
  const char *why; /* static; NULL without an error */
  const uint8_t *where; /* of the error; |end| when the text is cut there */
  /* inner */
  uint64_t objects; /* bit n: level n is an object */
  uint8_t depth;
  uint8_t expect;
} qlog_tokens;

/* qlog_tokens_init starts at the beginning of |json|, which must outlive |t|.
   One value, and nothing but white space behind it, is a text. */
void qlog_tokens_init(qlog_tokens *t, quic_bytes json);

/* qlog_tokens_next returns the next token.  Errors: an octet that cannot stand
   there, a string or value that is cut, a bad escape or number, more than
   QLOG_DEPTH_MAX levels, something behind the value. */
qlog_token qlog_tokens_next(qlog_tokens *t);

/* qlog_tokens_skip passes over the value whose first token |first| was just
   returned, just as strictly as next.  Returns false on an error inside.
   |*span| (may be NULL) gets the octets of the whole value as they stand in the
   text. */
bool qlog_tokens_skip(qlog_tokens *t, qlog_token first, quic_bytes *span);

/* qlog_tokens_member hands over an object member by member: it returns true
   with |t->text| = the key, and the value is to be taken by one call of next
   (and skip, if that opened something) before the next call; false at the
   closing brace or on an error. */
bool qlog_tokens_member(qlog_tokens *t);

/* Values of what was just returned. */

/* qlog_token_u64 reads an unsigned integer: a NUMBER or a STRING of digits
   (I-JSON), or a number with a fraction or exponent whose value is whole (1e3,
   5.0).  False when it is none or does not fit. */
bool qlog_token_u64(quic_bytes text, uint64_t *out);

/* qlog_token_scaled reads a decimal number as a whole number of 10^-|decimals|
   (at most QLOG_DECIMALS_MAX), digits below cut off: "1.25", 6 gives 1250000.
   |*negative| tells its sign; 0 has none.  Exact, no floating point.  False
   when it is no number or does not fit. */
bool qlog_token_scaled(quic_bytes text, unsigned decimals, uint64_t *out,
                       bool *negative);

/* qlog_token_unescape writes the octets that the string |text| stands for to
   |out| of |cap|, \u escapes as UTF-8, lone surrogates as U+FFFD.  Returns the
   length; what does not fit is cut off. */
size_t qlog_token_unescape(quic_bytes text, uint8_t *out, size_t cap);

/* qlog_token_is compares a KEY or STRING without escapes with |name|. */
static inline bool qlog_token_is(quic_bytes text, const char *name) {
  return text.len == strlen(name) && memcmp(text.data, name, text.len) == 0;
}

#endif /* !defined(QUIC_QLOG_TOKEN_H) */
