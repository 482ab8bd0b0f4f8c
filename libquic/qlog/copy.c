#include "qlog/copy.h"

/* copy_escape writes \uNNNN, or two of them. */
static void copy_escape(quic_text *out, uint32_t cp) {
  if (cp > 0xffff) {
    cp -= 0x10000;
    quic_text_printf(out, "\\u%04x", (unsigned)(0xd800 + (cp >> 10)));
    cp = 0xdc00 + (cp & 0x3ff);
  }
  quic_text_printf(out, "\\u%04x", (unsigned)cp);
}

/* copy_string writes what stands between quotation marks.  Octets that are no
   UTF-8 may not be in JSON. */
static void copy_string(qlog_json *j, quic_bytes text) {
  quic_text *out = j->out;
  size_t n;

  qlog_json_literal(j, "\"", 1);
  for (size_t i = 0; i < text.len; i += n) {
    const uint8_t *p = text.data + i;
    uint32_t cp = 0;

    n = quic_text_utf8(p, text.len - i, &cp);
    if (n == 0) {
      quic_text_mem(out, "\xef\xbf\xbd", 3);
      n = 1;
    } else if (cp != '\\' && quic_text_unsafe(cp)) {
      copy_escape(out, cp);
    } else {
      quic_text_mem(out, (const char *)p, n);
    }
  }
  quic_text_char(out, '"');
}

static void copy_key(qlog_json *j, quic_bytes text) {
  copy_string(j, text);
  quic_text_char(j->out, ':');
  j->comma = false;
}

/* copy_token writes the token that |t| returned. */
static void copy_token(qlog_json *j, qlog_tokens *t, qlog_token token) {
  switch (token) {
  case QLOG_TOKEN_OBJECT:
    qlog_json_object(j);
    break;
  case QLOG_TOKEN_OBJECT_END:
    qlog_json_object_end(j);
    break;
  case QLOG_TOKEN_ARRAY:
    qlog_json_array(j);
    break;
  case QLOG_TOKEN_ARRAY_END:
    qlog_json_array_end(j);
    break;
  case QLOG_TOKEN_KEY:
    copy_key(j, t->text);
    break;
  case QLOG_TOKEN_STRING:
    copy_string(j, t->text);
    break;
  case QLOG_TOKEN_NUMBER:
    qlog_json_literal(j, (const char *)t->text.data, t->text.len);
    break;
  case QLOG_TOKEN_TRUE:
  case QLOG_TOKEN_FALSE:
    qlog_json_bool(j, token == QLOG_TOKEN_TRUE);
    break;
  default:
    qlog_json_null(j);
    break;
  }
}

void qlog_copy_value(qlog_json *j, quic_bytes json) {
  qlog_tokens t;
  qlog_token token;

  /* Once to see that it is whole, so that what is written is, too. */
  qlog_tokens_init(&t, json);
  if (!qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL) ||
      qlog_tokens_next(&t) != QLOG_TOKEN_END) {
    qlog_json_null(j);
    return;
  }
  qlog_tokens_init(&t, json);
  while ((token = qlog_tokens_next(&t)) != QLOG_TOKEN_END &&
         token != QLOG_TOKEN_ERROR) {
    copy_token(j, &t, token);
  }
}

void qlog_copy_members(qlog_json *j, quic_bytes json,
                       bool (*skip)(const void *user, quic_bytes key),
                       const void *user) {
  qlog_tokens t;

  qlog_tokens_init(&t, json);
  if (qlog_tokens_next(&t) != QLOG_TOKEN_OBJECT) {
    return;
  }
  while (qlog_tokens_member(&t)) {
    quic_bytes key = t.text, span;

    if (!qlog_tokens_skip(&t, qlog_tokens_next(&t), &span)) {
      return;
    }
    if (!skip(user, key)) {
      copy_key(j, key);
      qlog_copy_value(j, span);
    }
  }
}

bool qlog_copy_has(quic_bytes json, const char *name) {
  qlog_tokens t;

  qlog_tokens_init(&t, json);
  if (qlog_tokens_next(&t) != QLOG_TOKEN_OBJECT) {
    return false;
  }
  while (qlog_tokens_member(&t)) {
    if (qlog_token_is(t.text, name)) {
      return true;
    }
    if (!qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL)) {
      return false;
    }
  }
  return false;
}
