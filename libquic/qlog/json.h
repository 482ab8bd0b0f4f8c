#ifndef QUIC_QLOG_JSON_H
#define QUIC_QLOG_JSON_H

/* qlog_json writes JSON (RFC 8259) into a quic_text: compact, on one line, in
   ASCII where a terminal could be fooled.  It keeps no stack: commas come from
   one bit, and whoever opens something closes it.

     qlog_json_object(&j);
     qlog_json_key(&j, "name");
     qlog_json_text(&j, field.name);
     qlog_json_key(&j, "sizes");
     qlog_json_array(&j);
     qlog_json_u64(&j, 17);
     qlog_json_array_end(&j);
     qlog_json_object_end(&j);

   Keys are trusted constants of printable ASCII without quotation mark or
   backslash, but for qlog_json_key_text.  Values may come from anywhere. */

#include <stdbool.h>

#include "base/bytes.h"
#include "base/text.h"
#include "base/time.h"

typedef struct qlog_json {
  quic_text *out;
  bool comma; /* a value stands in front, on the same level */
} qlog_json;

/* qlog_json_init starts a text in |out|, which is borrowed. */
void qlog_json_init(qlog_json *j, quic_text *out);

void qlog_json_object(qlog_json *j);
void qlog_json_object_end(qlog_json *j);
void qlog_json_array(qlog_json *j);
void qlog_json_array_end(qlog_json *j);

/* qlog_json_end ends a text with a line feed; the next value begins another
   one. */
void qlog_json_end(qlog_json *j);

/* A key; its value comes next.  _key_len takes the |len| octets of |name|,
   _key_text any octets. */
void qlog_json_key(qlog_json *j, const char *name);
void qlog_json_key_len(qlog_json *j, const char *name, size_t len);
void qlog_json_key_text(qlog_json *j, quic_bytes name);

void qlog_json_u64(qlog_json *j, uint64_t v); /* all digits */
void qlog_json_i64(qlog_json *j, int64_t v);
void qlog_json_bool(qlog_json *j, bool v);
void qlog_json_null(qlog_json *j);

/* qlog_json_scaled writes |v| / 10^|decimals| (at most 19), exactly, without
   zeros at the end: 1500, 3 is 1.5. */
void qlog_json_scaled(qlog_json *j, uint64_t v, unsigned decimals);

/* qlog_json_ms writes a duration as milliseconds: 1234567 ns is 1.234567. */
void qlog_json_ms(qlog_json *j, quic_duration ns);

/* qlog_json_since writes |time| - |start| as milliseconds, below 0 when |time|
   is the earlier one. */
void qlog_json_since(qlog_json *j, quic_time time, quic_time start);

/* qlog_json_str writes a string; _text the string in |b|, octets that are no
   UTF-8 as U+FFFD.  Code points that quic_text_unsafe names become \uNNNN. */
void qlog_json_str(qlog_json *j, const char *s);
void qlog_json_text(qlog_json *j, quic_bytes b);

/* qlog_json_utf8: _text loses nothing of |b|. */
bool qlog_json_utf8(quic_bytes b);

/* qlog_json_hex writes octets as a string of lower-case hexadecimals. */
void qlog_json_hex(qlog_json *j, quic_bytes b);

/* qlog_json_date writes |time| (ns since 1970) as RFC 3339 in UTC,
   "2026-07-06T00:00:00.123Z", with 3 to 9 digits of the second. */
void qlog_json_date(qlog_json *j, quic_time time);

/* qlog_json_literal writes |s| of |len| octets as it is: one value, or a run
   of text that leaves the commas as they are after a value. */
void qlog_json_literal(qlog_json *j, const char *s, size_t len);

/* A key with its value. */
static inline void qlog_json_key_u64(qlog_json *j, const char *key,
                                     uint64_t v) {
  qlog_json_key(j, key);
  qlog_json_u64(j, v);
}

static inline void qlog_json_key_bool(qlog_json *j, const char *key, bool v) {
  qlog_json_key(j, key);
  qlog_json_bool(j, v);
}

static inline void qlog_json_key_str(qlog_json *j, const char *key,
                                     const char *s) {
  qlog_json_key(j, key);
  qlog_json_str(j, s);
}

static inline void qlog_json_key_text_value(qlog_json *j, const char *key,
                                            quic_bytes b) {
  qlog_json_key(j, key);
  qlog_json_text(j, b);
}

static inline void qlog_json_key_hex(qlog_json *j, const char *key,
                                     quic_bytes b) {
  qlog_json_key(j, key);
  qlog_json_hex(j, b);
}

#endif /* !defined(QUIC_QLOG_JSON_H) */
