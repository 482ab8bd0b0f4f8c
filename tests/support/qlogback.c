#include "tests/support/qlogback.h"

#include <stdlib.h>

#include "qlog/token.h"

static void back_ok(bool ok) {
  if (!ok) {
    abort();
  }
}

static void back_take(void *user, const char *data, size_t len) {
  qlogback *b = user;

  if (b->len + len >= b->cap) {
    b->cap = 2 * (b->len + len) + 1;
    b->text = realloc(b->text, b->cap);
    back_ok(b->text);
  }
  memcpy(b->text + b->len, data, len);
  b->len += len;
}

void qlogback_init(qlogback *b, bool compat) {
  qlog_writer_settings set = {
      .out = &b->out, .compat = compat, .raw_max = 4096};

  memset(b, 0, sizeof(*b));
  quic_text_init(&b->out, b->buf, sizeof(b->buf));
  b->out.flush = back_take;
  b->out.user = b;
  b->trace.repairs = b->repairs;
  back_ok(qlog_writer_new(&b->writer, quic_mem_default(), &set) == 0);
  back_ok(qlog_convert_new(&b->convert, quic_mem_default()) == 0);
}

void qlogback_free(qlogback *b) {
  qlog_writer_del(b->writer);
  qlog_convert_del(b->convert);
  free(b->text);
}

quic_bytes qlogback_write(qlogback *b, const qlog_event *e) {
  qlog_sink *sink = qlog_writer_sink(b->writer);
  const char *start, *end;

  quic_text_flush(&b->out);
  b->len = 0;
  sink->event(sink, e);
  quic_text_flush(&b->out);
  start = memchr(b->text, '{', b->len);
  back_ok(start);
  end = b->text + b->len;
  while (end > start && end[-1] != '}') {
    end--;
  }
  return quic_bytes_of(start, (size_t)(end - start));
}

quic_bytes qlogback_member(quic_bytes record, const char *name) {
  quic_bytes span = {NULL, 0};
  qlog_tokens t;

  qlog_tokens_init(&t, record);
  back_ok(qlog_tokens_next(&t) == QLOG_TOKEN_OBJECT);
  while (qlog_tokens_member(&t)) {
    bool found = qlog_token_is(t.text, name);
    qlog_token token = qlog_tokens_next(&t);

    if (token == QLOG_TOKEN_STRING && found) {
      return t.text;
    }
    back_ok(qlog_tokens_skip(&t, token, &span));
    if (found) {
      return span;
    }
  }
  return quic_bytes_of(NULL, 0);
}

int qlogback_convert(qlogback *b, quic_bytes name, quic_bytes data,
                     qlog_event *e) {
  const uint8_t *colon = memchr(name.data, ':', name.len);
  qlog_convert_in in = {.name = name, .data = data, .trace = &b->trace};

  if (colon) {
    in.space = quic_bytes_of(name.data, (size_t)(colon - name.data));
    in.name = quic_bytes_of(colon + 1, name.len - in.space.len - 1);
  }
  memset(e, 0, sizeof(*e));
  qlog_convert_release(b->convert); /* |e| of the call before */
  return qlog_convert_event(b->convert, &in, e, &b->error);
}
