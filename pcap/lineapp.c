#include "pcap/lineapp.h"

typedef struct lineapp_stream {
  qd_request request;
  qd_lineapp_half half[QD_SIDES];
} lineapp_stream;

static lineapp_stream *lineapp_of(qd_lineapp *app, qd_stream *st) {
  lineapp_stream *ls = st->app;

  if (ls || st->id & 3) {
    return ls; /* only the client's bidirectional streams carry requests */
  }
  ls = quic_mem_zalloc(app->mem, sizeof(*ls));
  if (!ls) {
    return NULL;
  }
  qd_request_init(&ls->request);
  ls->request.protocol = app->ops->name;
  ls->request.stream_id = st->id;
  ls->request.number = qd_trace_request_number(app->trace);
  app->trace->requests++;
  st->app = ls;
  return ls;
}

static void lineapp_read(qd_lineapp *app, lineapp_stream *ls, qd_side side,
                         quic_bytes data, bool all) {
  qd_lineapp_half *half = &ls->half[side];
  qd_http_message *m = &ls->request.side[side];
  size_t room = app->ops->keep[side] - half->len;
  size_t take = data.len < room ? data.len : room;
  void *buf = half->buf;

  if (half->read) {
    return;
  }
  if (quic_mem_grow(app->mem, &buf, &half->cap, half->len + take + 1, 1) != 0) {
    half->read = true;
    return;
  }
  half->buf = buf;
  if (take) {
    memcpy(half->buf + half->len, data.data, take);
    half->len += take;
  }
  half->read = app->ops->read(app, &ls->request, side,
                              quic_bytes_of(half->buf, half->len),
                              all || half->len == app->ops->keep[side]) ||
               all;
  if (half->read && m->headers == QUIC_TIME_NEVER) {
    m->has_headers = true;
    m->headers = app->trace->now;
    m->frame = app->trace->packet ? app->trace->packet->frame : 0;
  }
}

static void lineapp_octets(qd_protocol *base, qd_stream *st, qd_side side,
                           quic_bytes data) {
  qd_lineapp *app = (qd_lineapp *)(void *)base;
  lineapp_stream *ls = lineapp_of(app, st);
  qd_http_message *m;

  if (!ls) {
    return;
  }
  m = &ls->request.side[side];
  m->first = m->first == QUIC_TIME_NEVER ? app->trace->now : m->first;
  m->last = app->trace->now;
  m->stream += data.len;
  lineapp_read(app, ls, side, data, false);
  if (side == QD_SERVER) {
    m->body += data.len;
    m->body_first = m->first;
    qd_trace_body(app->trace, &ls->request, side, data);
  }
}

static bool lineapp_hole(qd_protocol *base, qd_stream *st, qd_side side,
                         uint64_t len) {
  lineapp_stream *ls = lineapp_of((qd_lineapp *)(void *)base, st);

  if (!ls) {
    return false;
  }
  ls->request.side[side].lost += len;
  ls->half[side].read = true; /* whatever was not read is lost */
  return side == QD_SERVER;
}

static void lineapp_fin(qd_protocol *base, qd_stream *st, qd_side side) {
  qd_lineapp *app = (qd_lineapp *)(void *)base;
  lineapp_stream *ls = lineapp_of(app, st);

  if (ls) {
    lineapp_read(app, ls, side, quic_bytes_of(NULL, 0), true);
    ls->request.side[side].fin = true;
  }
}

static void lineapp_reset(qd_protocol *base, qd_stream *st, qd_side side,
                          uint64_t code) {
  lineapp_stream *ls = lineapp_of((qd_lineapp *)(void *)base, st);

  if (ls) {
    ls->request.side[side].reset_code = code;
  }
}

static void lineapp_stop(qd_protocol *base, qd_stream *st, qd_side side,
                         uint64_t code) {
  lineapp_stream *ls = lineapp_of((qd_lineapp *)(void *)base, st);

  if (ls) {
    ls->request.side[!side].stop_code = code;
  }
}

static void lineapp_forget(qd_protocol *base, qd_stream *st) {
  qd_lineapp *app = (qd_lineapp *)(void *)base;
  lineapp_stream *ls = st->app;

  st->app = NULL;
  if (!ls) {
    return;
  }
  for (int side = 0; side < QD_SIDES; side++) {
    ls->request.side[side].retransmitted = st->half[side].in.repeated;
  }
  app->trace->responses += ls->request.side[QD_SERVER].has_headers;
  qd_trace_request(app->trace, &ls->request);
  qd_request_free(&ls->request, app->mem);
  quic_mem_free(app->mem, ls->half[QD_CLIENT].buf);
  quic_mem_free(app->mem, ls->half[QD_SERVER].buf);
  quic_mem_free(app->mem, ls);
}

static void lineapp_finish(qd_protocol *base) {
  (void)base;
}

static void lineapp_del(qd_protocol *base) {
  qd_lineapp *app = (qd_lineapp *)(void *)base;

  quic_mem_free(app->mem, app);
}

int qd_lineapp_new(qd_protocol **out, qd_trace *tr, const qd_lineapp_ops *ops) {
  const quic_mem *mem = qd_trace_mem(tr);
  qd_lineapp *app = quic_mem_zalloc(mem, sizeof(*app));

  *out = NULL;
  if (!app) {
    return QUIC_ERR_NOMEM;
  }
  app->base = (qd_protocol){.name = ops->name,
                            .octets = lineapp_octets,
                            .hole = lineapp_hole,
                            .fin = lineapp_fin,
                            .reset = lineapp_reset,
                            .stop = lineapp_stop,
                            .forget = lineapp_forget,
                            .finish = lineapp_finish,
                            .del = lineapp_del};
  app->mem = mem;
  app->trace = tr;
  app->ops = ops;
  *out = &app->base;
  return 0;
}
