/* One row for each HTTP request: what, when, how long. */

#include "cli/table.h"
#include "qlog/json.h"
#include "qlogview/say.h"

typedef struct out_requests {
  qv_out base;
  cli_table table;
  qlog_json json;
} out_requests;

static void requests_duration(quic_text *t, const quic_mark *from,
                              const quic_mark *to) {
  if (quic_mark_set(from) && quic_mark_set(to)) {
    quic_close_duration(t, quic_time_since(to->time, from->time));
  } else {
    quic_text_char(t, '-');
  }
}

static void requests_cell(out_requests *o) {
  if (cli_table_next(&o->table) == QUIC_ERR_LIMIT) {
    cli_table_write(&o->table, o->base.ctx->out, o->base.ctx->opt->colour);
  }
}

static void requests_outcome(quic_text *t, const quic_request *r) {
  if (r->reset != QLOG_NONE) {
    quic_text_str(t, "reset ");
    quic_text_hex_u64(t, r->reset);
  } else if (!r->finished) {
    quic_text_str(t, "not finished");
  } else {
    quic_text_str(t, "finished");
  }
}

static void requests_row(out_requests *o, const qv_connection *c,
                         const quic_request *r) {
  quic_text *t = &o->table.text;

  if (quic_mark_set(&r->start)) {
    qv_say_time(t, o->base.ctx, c, r->start.time);
  } else {
    quic_text_char(t, '-');
  }
  requests_cell(o);
  quic_text_u64(t, r->stream_id);
  requests_cell(o);
  qv_say_untrusted(t, r->method[0] ? r->method : "-");
  requests_cell(o);
  if (r->status) {
    quic_text_u64(t, r->status);
  } else {
    quic_text_char(t, '-');
  }
  requests_cell(o);
  requests_duration(t, &r->start, &r->first);
  requests_cell(o);
  requests_duration(t, &r->start, &r->end);
  requests_cell(o);
  qv_say_octets(t, r->sent);
  requests_cell(o);
  qv_say_octets(t, r->received);
  requests_cell(o);
  requests_outcome(t, r);
  requests_cell(o);
  qv_say_untrusted(t, r->authority);
  qv_say_untrusted(t, r->path);
  requests_cell(o);
}

static void requests_json_time(qlog_json *j, const char *key,
                               const qv_connection *c, const quic_mark *m) {
  if (quic_mark_set(m)) {
    qlog_json_key(j, key);
    qlog_json_since(j, m->time, c->first);
  }
}

static void requests_json_text(qlog_json *j, const char *key, const char *s) {
  if (*s) {
    qlog_json_key_text_value(j, key, quic_bytes_of(s, strlen(s)));
  }
}

static void requests_json(out_requests *o, const qv_connection *c,
                          const quic_request *r) {
  qlog_json *j = &o->json;

  qlog_json_object(j);
  qlog_json_key_str(j, "schema", "qlogview/1");
  requests_json_text(j, "file", o->base.ctx->path);
  qlog_json_key_u64(j, "connection", c->number);
  qlog_json_key_u64(j, "stream_id", r->stream_id);
  requests_json_text(j, "method", r->method);
  requests_json_text(j, "authority", r->authority);
  requests_json_text(j, "path", r->path);
  if (r->status) {
    qlog_json_key_u64(j, "status", r->status);
  }
  requests_json_time(j, "start_ms", c, &r->start);
  requests_json_time(j, "first_ms", c, &r->first);
  requests_json_time(j, "end_ms", c, &r->end);
  qlog_json_key_u64(j, "sent", r->sent);
  qlog_json_key_u64(j, "received", r->received);
  qlog_json_key_bool(j, "finished", r->finished);
  if (r->reset != QLOG_NONE) {
    qlog_json_key_u64(j, "reset", r->reset);
  }
  qlog_json_object_end(j);
  qlog_json_end(j);
}

static void requests_ended(void *user, qv_connection *c) {
  out_requests *o = user;
  const qv_context *ctx = o->base.ctx;
  bool text = ctx->opt->format != QV_JSON;
  const quic_request *r;

  if (!qv_wanted(ctx, c) || quic_requests_count(c->requests) == 0) {
    return;
  }
  if (text && (ctx->many || c->number)) {
    qv_say_connection(ctx->out, ctx, c);
    quic_text_char(ctx->out, '\n');
  }
  for (size_t i = 0; (r = quic_requests_at(c->requests, i)); i++) {
    if (!qv_in_window(ctx, c, r->start.time)) {
      continue;
    }
    if (text) {
      requests_row(o, c, r);
    } else {
      requests_json(o, c, r);
    }
  }
  if (text) {
    cli_table_write(&o->table, ctx->out, ctx->opt->colour);
    if (quic_requests_count(c->requests) > QUIC_REQUESTS_MAX) {
      qv_say_count(ctx->out,
                   quic_requests_count(c->requests) - QUIC_REQUESTS_MAX,
                   "later request");
      quic_text_str(ctx->out, " not shown\n");
    }
  }
}

static void requests_del(qv_out *base) {
  cli_table_free(&((out_requests *)base)->table);
  qv_out_free(base);
}

qv_out *qv_out_requests_new(const qv_context *ctx) {
  static const cli_table_column columns[] = {
      {"start", true, 0},  {"stream", true, 0},   {"method", false, 0},
      {"status", true, 0}, {"to first", true, 0}, {"total", true, 0},
      {"sent", true, 0},   {"received", true, 0}, {"outcome", false, 0},
      {"URL", false, 0}};
  out_requests *o = qv_out_alloc(ctx, sizeof(*o));

  if (o) {
    o->base.ops.ended = requests_ended;
    o->base.del = requests_del;
    cli_table_init(&o->table, ctx->mem, columns,
                   sizeof(columns) / sizeof(columns[0]));
    qlog_json_init(&o->json, ctx->out);
  }
  return o ? &o->base : NULL;
}
