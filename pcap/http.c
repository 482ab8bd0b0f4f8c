#include "pcap/http_conn.h"

#include <stdarg.h>
#include <stdio.h>

#include "wire/names.h"
#include "wire/varint.h"

/* WebTransport's signal value on bidirectional streams has no length. */
#define HTTP_NO_LENGTH QUIC_H3_WEBTRANSPORT_STREAM

#define HTTP_PUSHES_MAX 1024 /* ranges of push IDs */

void http_note(qd_http *h, uint64_t stream_id, uint64_t code, const char *fmt,
               ...) {
  char buf[256];
  quic_text t;
  char clause[160];
  va_list ap;

  va_start(ap, fmt);
  vsnprintf(clause, sizeof(clause), fmt, ap);
  va_end(ap);
  quic_text_init(&t, buf, sizeof(buf));
  quic_text_str(&t, "stream ");
  quic_text_u64(&t, stream_id);
  quic_text_str(&t, ": ");
  quic_text_str(&t, clause);
  qd_trace_warn(h->trace, code, quic_text_cstr(&t));
}

/* http_list makes the fields of |fs| an array. */
static size_t http_list(qd_http *h, const qd_fields *fs) {
  void *items = h->list;

  if (!fs || quic_mem_grow(h->mem, &items, &h->list_cap, fs->len + 1,
                           sizeof(*h->list)) != 0) {
    return 0;
  }
  h->list = items;
  for (size_t i = 0; i < fs->len; i++) {
    h->list[i] = qd_fields_at(fs, i);
  }
  return fs->len;
}

void http_emit_frame(qd_http *h, const http_stream *hs, qd_side side,
                     const quic_h3_frame *f, uint64_t raw_length,
                     const qd_fields *fields) {
  qlog_event e;

  qlog_event_init(
      &e, side == QD_CLIENT ? QLOG_H3_FRAME_CREATED : QLOG_H3_FRAME_PARSED,
      h->trace->now);
  e.u.h3_frame.stream_id = hs->id;
  e.u.h3_frame.frame = f;
  e.u.h3_frame.nfields = http_list(h, fields);
  e.u.h3_frame.fields = h->list;
  e.u.h3_frame.raw_length = raw_length;
  qd_trace_emit(h->trace, &e);
}

/* Streams. */

http_stream *http_stream_find(qd_http *h, uint64_t id) {
  http_stream *hs = quic_map_get(&h->waiting, quic_bytes_of(&id, sizeof(id)));
  qd_stream *st;

  if (hs) {
    return hs;
  }
  st = qd_streams_get(&h->trace->streams, id);
  return st ? st->app : NULL;
}

static void http_stream_free(qd_http *h, http_stream *hs) {
  if (hs->request) {
    qd_request_free(hs->request, h->mem);
    quic_mem_free(h->mem, hs->request);
  }
  quic_mem_free(h->mem, hs->half[QD_CLIENT].buf);
  quic_mem_free(h->mem, hs->half[QD_SERVER].buf);
  quic_mem_free(h->mem, hs);
}

static void http_stream_end(qd_http *h, http_stream *hs) {
  if (hs->request) {
    qd_trace_request(h->trace, hs->request);
  }
  http_stream_free(h, hs);
}

void http_stream_settle(qd_http *h, http_stream *hs) {
  if (hs->gone && !hs->half[QD_CLIENT].pending &&
      !hs->half[QD_SERVER].pending) {
    quic_list_remove(&hs->node);
    (void)quic_map_remove(&h->waiting, quic_bytes_of(&hs->id, sizeof(hs->id)));
    http_stream_end(h, hs);
  }
}

static http_stream *http_stream_of(qd_http *h, qd_stream *st) {
  http_stream *hs = st->app;

  if (hs) {
    return hs;
  }
  hs = quic_mem_zalloc(h->mem, sizeof(*hs));
  if (!hs) {
    return NULL;
  }
  hs->id = st->id;
  hs->opener = http_opener(st->id);
  hs->push_id = QD_REQUEST_NONE;
  for (int side = 0; side < QD_SIDES; side++) {
    quic_tlv_reader_init(&hs->half[side].tlv);
    quic_tlv_reader_init(&hs->half[side].capsules);
    hs->half[side].length = QD_REQUEST_NONE;
    hs->half[side].first = hs->half[side].last = QUIC_TIME_NEVER;
  }
  if (!(st->id & 2)) {
    hs->kind = st->id & 1 ? HTTP_UNDECIDED : HTTP_REQUEST;
    hs->has_type = true;
  }
  st->app = hs;
  return hs;
}

/* Elements: frames of control, request and push streams. */

static const quic_h3_frame_info *http_known(uint64_t type) {
  return quic_h3_frame_info_find(type);
}

/* http_placed notes a frame where it must not be (RFC 9114 table 1, §7.2), and
   returns whether it may be there. */
static bool http_placed(qd_http *h, const http_stream *hs, qd_side side,
                        uint64_t type) {
  const quic_h3_frame_info *info = http_known(type);
  unsigned where = hs->kind == HTTP_CONTROL ? QUIC_H3_ON_CONTROL
                   : hs->kind == HTTP_PUSH  ? QUIC_H3_ON_PUSH
                                            : QUIC_H3_ON_REQUEST;
  unsigned from = side == QD_CLIENT ? QUIC_H3_FROM_CLIENT : QUIC_H3_FROM_SERVER;

  if (!info) {
    return true;
  }
  if (info->flags & QUIC_H3_HTTP2_ONLY) {
    http_note(h, hs->id, 0x105,
              "frame type 0x%llx is HTTP/2's (RFC 9114 7.2.8)",
              (unsigned long long)type);
  } else if (!(info->flags & where)) {
    http_note(h, hs->id, 0x105, "%s on a %s stream (RFC 9114 7.2)", info->name,
              hs->kind == HTTP_CONTROL ? "control"
              : hs->kind == HTTP_PUSH  ? "push"
                                       : "request");
  } else if (!(info->flags & from)) {
    http_note(h, hs->id, 0x105, "%s from the %s (RFC 9114 7.2)", info->name,
              side == QD_CLIENT ? "client" : "server");
  } else {
    return true;
  }
  return false;
}

/* http_heard: all that |side| sent on its control stream up to now was read, as
   far as the capture tells. */
static bool http_heard(const qd_http *h, qd_side side) {
  uint64_t id = h->ends[side].control;
  const qd_stream *st =
      id == QD_REQUEST_NONE ? NULL : qd_streams_get(&h->trace->streams, id);

  return st && !st->half[side].deaf && !quic_inorder_hole(&st->half[side].in);
}

void http_push_id(qd_http *h, const http_stream *hs, uint64_t push_id,
                  const char *what) {
  uint64_t max = h->ends[QD_CLIENT].max_push_id;

  if ((max == QD_REQUEST_NONE || push_id > max) && http_heard(h, QD_CLIENT)) {
    http_note(h, hs->id, 0x108,
              "%s of push ID %llu, above MAX_PUSH_ID (RFC 9114 4.6)", what,
              (unsigned long long)push_id);
  }
}

/* http_misplaced_data notes DATA where no content can be. */
static void http_misplaced_data(qd_http *h, const http_stream *hs,
                                const http_half *half) {
  if (half->phase == HTTP_TRAILERS) {
    http_note(h, hs->id, 0x105, "DATA behind the trailers (RFC 9114 4.1)");
  } else if (half->phase == HTTP_BEFORE && !half->pending && !half->blind) {
    http_note(h, hs->id, 0x105, "DATA before HEADERS (RFC 9114 4.1)");
  }
}

static void http_begin(qd_http *h, http_stream *hs, qd_side side) {
  http_half *half = &hs->half[side];
  const quic_h3_frame_info *info = http_known(half->tlv.type);
  quic_h3_frame f = {.type = half->tlv.type, .length = half->tlv.length};

  half->len = 0;
  if (hs->kind == HTTP_CONTROL) {
    http_control_first(h, hs, f.type);
  }
  if (hs->kind == HTTP_REQUEST && f.type == QUIC_H3_WEBTRANSPORT_STREAM) {
    hs->kind = HTTP_WEBTRANSPORT;
    hs->type = f.type;
    http_emit_type(h, hs);
    return;
  }
  if (hs->kind != HTTP_CONTROL) {
    (void)http_message_request(h, hs);
  }
  half->stray = !http_placed(h, hs, side, f.type);
  half->keep = info &&
               !(info->flags & (QUIC_H3_STREAMED | QUIC_H3_HTTP2_ONLY)) &&
               f.length <= QD_HTTP_FRAME_MAX;
  if (f.type == QUIC_H3_DATA && !half->stray) {
    http_misplaced_data(h, hs, half);
  }
  half->blind |= f.type == QUIC_H3_HEADERS && !half->keep;
  if (!half->keep) {
    http_emit_frame(h, hs, side, &f, half->tlv.header_len + f.length, NULL);
  }
}

/* http_whole takes a frame whose payload is there. */
static void http_whole(qd_http *h, http_stream *hs, qd_side side,
                       quic_bytes payload) {
  http_half *half = &hs->half[side];
  quic_h3_frame f;

  if (quic_h3_frame_decode(&f, half->tlv.type, payload) != 0) {
    const quic_h3_frame_info *info = http_known(half->tlv.type);

    http_note(h, hs->id, 0x106, "%s of %zu octets is malformed (RFC 9114 7.1)",
              info ? info->name : "frame", payload.len);
    return;
  }
  if (half->stray) {
    http_emit_frame(h, hs, side, &f, half->tlv.header_len + f.length, NULL);
  } else if (f.type == QUIC_H3_HEADERS) {
    half->sections++;
    http_qpack_section(h, hs, side, f.u.payload, QD_REQUEST_NONE);
  } else if (f.type == QUIC_H3_PUSH_PROMISE) {
    http_qpack_section(h, hs, side, f.u.push_promise.section,
                       f.u.push_promise.push_id);
  } else {
    http_emit_frame(h, hs, side, &f, half->tlv.header_len + f.length, NULL);
    http_control_frame(h, hs, side, &f);
  }
}

static void http_value(qd_http *h, http_stream *hs, qd_side side,
                       quic_bytes piece) {
  http_half *half = &hs->half[side];
  void *buf = half->buf;

  if (half->tlv.type == QUIC_H3_DATA && !half->stray) {
    http_message_data(h, hs, side, piece);
    return;
  }
  if (!half->keep) {
    return;
  }
  if (half->len == 0 && piece.len == half->tlv.length) {
    half->keep = false; /* here whole: nothing to copy */
    http_whole(h, hs, side, piece);
    return;
  }
  if (quic_mem_grow(h->mem, &buf, &half->cap, half->len + piece.len, 1) != 0) {
    half->keep = false;
    half->blind = true;
    return;
  }
  half->buf = buf;
  memcpy(half->buf + half->len, piece.data, piece.len);
  half->len += piece.len;
}

static void http_end_frame(qd_http *h, http_stream *hs, qd_side side) {
  http_half *half = &hs->half[side];

  if (half->keep) {
    half->keep = false;
    http_whole(h, hs, side, quic_bytes_of(half->buf, half->len));
  }
  if (half->cap > 4096) {
    quic_mem_free(h->mem, half->buf);
    half->buf = NULL;
    half->cap = 0;
  }
}

static void http_elements(qd_http *h, http_stream *hs, qd_side side,
                          quic_bytes data) {
  http_half *half = &hs->half[side];
  quic_tlv_event event;
  quic_bytes piece;

  while (quic_tlv_reader_next(&half->tlv, &data,
                              hs->kind == HTTP_REQUEST ? HTTP_NO_LENGTH
                                                       : UINT64_MAX,
                              &event, &piece) == 0) {
    switch (event) {
    case QUIC_TLV_BEGIN:
      http_begin(h, hs, side);
      break;
    case QUIC_TLV_VALUE:
      http_value(h, hs, side, piece);
      break;
    case QUIC_TLV_END:
      http_end_frame(h, hs, side);
      break;
    }
  }
}

/* What the streams call. */

static void http_octets(qd_protocol *app, qd_stream *st, qd_side side,
                        quic_bytes data) {
  qd_http *h = (qd_http *)(void *)app;
  http_stream *hs = http_stream_of(h, st);

  if (!hs || !http_opened(h, hs, side, &data) || data.len == 0) {
    return;
  }
  switch (hs->kind) {
  case HTTP_REQUEST:
  case HTTP_PUSH:
    http_message_octets(h, hs, side, data.len);
    http_elements(h, hs, side, data);
    break;
  case HTTP_CONTROL:
    http_elements(h, hs, side, data);
    break;
  case HTTP_ENCODER:
    http_qpack_encoder(h, side, data);
    break;
  case HTTP_DECODER:
    http_qpack_decoder(h, side, data);
    break;
  default:
    break; /* not ours to read */
  }
}

static bool http_hole(qd_protocol *app, qd_stream *st, qd_side side,
                      uint64_t len) {
  qd_http *h = (qd_http *)(void *)app;
  http_stream *hs = http_stream_of(h, st);
  http_half *half = hs ? &hs->half[side] : NULL;

  if (!hs) {
    return false;
  }
  http_message_lost(h, hs, side, len);
  if (hs->kind == HTTP_ENCODER) {
    h->ends[side].deaf_encoder = true;
    return false;
  }
  /* Inside a DATA frame the hole costs content only. */
  if ((hs->kind == HTTP_REQUEST || hs->kind == HTTP_PUSH) &&
      half->tlv.type == QUIC_H3_DATA && !half->tunnel &&
      quic_tlv_reader_skip(&half->tlv, len)) {
    return true;
  }
  half->keep = false;
  half->blind = true;
  return false;
}

static bool http_is_critical(const http_stream *hs) {
  return hs->kind == HTTP_CONTROL || hs->kind == HTTP_ENCODER ||
         hs->kind == HTTP_DECODER;
}

static void http_fin(qd_protocol *app, qd_stream *st, qd_side side) {
  qd_http *h = (qd_http *)(void *)app;
  http_stream *hs = http_stream_of(h, st);

  if (!hs) {
    return;
  }
  if (http_is_critical(hs)) {
    http_note(h, hs->id, 0x104, "the %s stream was closed (RFC 9114 6.2.1)",
              quic_h3_stream_name(hs->type));
    return;
  }
  if (hs->kind == HTTP_REQUEST || hs->kind == HTTP_PUSH) {
    if (!quic_tlv_reader_between(&hs->half[side].tlv) && !st->half[side].deaf) {
      http_note(h, hs->id, 0x106,
                "the stream ends inside a frame (RFC 9114 7.1)");
      hs->half[side].blind = true;
    }
    http_message_end(h, hs, side);
  }
}

static void http_reset(qd_protocol *app, qd_stream *st, qd_side side,
                       uint64_t code) {
  qd_http *h = (qd_http *)(void *)app;
  http_stream *hs = http_stream_of(h, st);
  qd_request *rq = NULL;

  if (hs && hs->kind == HTTP_REQUEST) {
    rq = http_message_request(h, hs);
  }
  if (rq || (hs && hs->request)) {
    (rq ? rq : hs->request)->side[side].reset_code = code;
  }
  if (hs && http_is_critical(hs)) {
    http_note(h, hs->id, 0x104, "the %s stream was reset (RFC 9114 6.2.1)",
              quic_h3_stream_name(hs->type));
  }
}

static void http_stop(qd_protocol *app, qd_stream *st, qd_side side,
                      uint64_t code) {
  qd_http *h = (qd_http *)(void *)app;
  http_stream *hs = http_stream_of(h, st);
  qd_request *rq =
      hs && hs->kind == HTTP_REQUEST ? http_message_request(h, hs) : NULL;

  if (rq) {
    rq->side[http_other(side)].stop_code = code;
  }
  if (hs && http_is_critical(hs)) {
    http_note(h, hs->id, 0x104,
              "the %s asked to close the %s stream (RFC 9114 6.2.1)",
              side == QD_CLIENT ? "client" : "server",
              quic_h3_stream_name(hs->type));
  }
}

static void http_datagram(qd_protocol *app, qd_side side, quic_bytes data) {
  qd_http *h = (qd_http *)(void *)app;
  quic_reader rd;
  qlog_event e;
  uint64_t quarter;
  http_stream *hs;

  quic_reader_init(&rd, data.data, data.len);
  quarter = quic_reader_varint(&rd);
  if (quic_reader_failed(&rd) || quarter > QUIC_VARINT_MAX / 4) {
    qd_trace_warn(h->trace, 0x33,
                  "a datagram without a Quarter Stream ID (RFC 9297 2.1)");
    return;
  }
  qlog_event_init(&e,
                  side == QD_CLIENT ? QLOG_H3_DATAGRAM_CREATED
                                    : QLOG_H3_DATAGRAM_PARSED,
                  h->trace->now);
  e.u.h3_datagram.quarter_stream_id = quarter;
  e.u.h3_datagram.length = data.len;
  qd_trace_emit(h->trace, &e);
  hs = http_stream_find(h, quarter * 4);
  if (hs && hs->request) {
    hs->request->datagrams++;
    hs->request->datagram_octets += quic_reader_left(&rd);
  }
}

/* http_end_waiting: what the section waits for is not in the capture. */
static void http_end_waiting(qd_http *h, http_stream *hs) {
  for (int side = 0; hs->request && side < QD_SIDES; side++) {
    hs->request->side[side].malformed += hs->half[side].pending;
  }
  http_stream_end(h, hs);
}

/* http_forget keeps a stream on which a section still waits. */
static void http_forget(qd_protocol *app, qd_stream *st) {
  qd_http *h = (qd_http *)(void *)app;
  http_stream *hs = st->app;

  st->app = NULL;
  if (!hs) {
    return;
  }
  if (hs->request) {
    for (int side = 0; side < QD_SIDES; side++) {
      hs->request->side[side].retransmitted = st->half[side].in.repeated;
    }
  }
  if ((hs->half[QD_CLIENT].pending || hs->half[QD_SERVER].pending) &&
      h->waiting.len < QD_HTTP_WAITING_MAX &&
      quic_map_put(&h->waiting, quic_bytes_of(&hs->id, sizeof(hs->id)), hs) ==
          0) {
    hs->gone = true;
    quic_list_push_back(&h->gone, &hs->node);
    return;
  }
  http_end_waiting(h, hs);
}

static void http_finish(qd_protocol *app) {
  qd_http *h = (qd_http *)(void *)app;

  for (int side = 0; side < QD_SIDES; side++) {
    h->trace->http.settings[side] = h->ends[side].settings;
    h->trace->http.qpack[side] = h->ends[side].stats;
  }
  while (!quic_list_empty(&h->gone)) {
    http_stream *hs = QUIC_LIST_ITEM(h->gone.next, http_stream, node);

    quic_list_remove(&hs->node);
    (void)quic_map_remove(&h->waiting, quic_bytes_of(&hs->id, sizeof(hs->id)));
    http_end_waiting(h, hs);
  }
}

static void http_free_promise(void *user, quic_bytes key, void *value) {
  qd_http *h = user;

  (void)key;
  qd_request_free(value, h->mem);
  quic_mem_free(h->mem, value);
}

static void http_del(qd_protocol *app) {
  qd_http *h = (qd_http *)(void *)app;

  for (int side = 0; side < QD_SIDES; side++) {
    http_qpack_free(h, (qd_side)side);
    quic_rangeset_free(&h->ends[side].pushes);
  }
  quic_map_each(&h->promises, http_free_promise, h);
  quic_map_free(&h->promises);
  quic_map_free(&h->waiting);
  qd_fields_free(&h->fields, h->mem);
  quic_mem_free(h->mem, h->list);
  quic_mem_free(h->mem, h);
}

int qd_http_new(qd_protocol **out, qd_trace *tr) {
  static const qd_protocol ops = {
      "h3",      http_octets,   http_hole,   http_fin,    http_reset,
      http_stop, http_datagram, http_forget, http_finish, http_del};
  const quic_mem *mem = qd_trace_mem(tr);
  qd_http *h = quic_mem_zalloc(mem, sizeof(*h));
  int rv = 0;

  *out = NULL;
  if (!h) {
    return QUIC_ERR_NOMEM;
  }
  h->base = ops;
  h->mem = mem;
  h->trace = tr;
  quic_map_init(&h->waiting, mem, tr->streams.pool->seed);
  quic_list_init(&h->gone);
  quic_map_init(&h->promises, mem, tr->streams.pool->seed);
  for (int side = 0; side < QD_SIDES && rv == 0; side++) {
    http_end *end = &h->ends[side];

    end->control = end->encoder = end->decoder = QD_REQUEST_NONE;
    end->goaway = end->max_push_id = QD_REQUEST_NONE;
    end->settings.max_field_section_size = QD_REQUEST_NONE;
    quic_rangeset_init(&end->pushes, mem, HTTP_PUSHES_MAX);
    rv = http_qpack_init(h, (qd_side)side);
  }
  if (rv != 0) {
    http_del(&h->base);
    return rv;
  }
  *out = &h->base;
  return 0;
}
