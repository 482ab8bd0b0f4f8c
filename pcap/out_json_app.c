#include "pcap/out_json.h"
#include "wire/names.h"

/* Events. */

/* app_place writes where an event stands: in which packet, and who sent it. */
static void app_place(out_json *o, const qd_trace *tr, int side) {
  qlog_json *j = &o->j;

  JSON_KEY(j, "frame");
  json_known(j, tr->packet ? tr->packet->frame : UINT64_MAX);
  JSON_KEY(j, "index");
  json_known(j, tr->packet ? tr->packet->index : UINT64_MAX);
  JSON_KEY(j, "ms");
  json_relative(o, tr->now);
  JSON_U64(j, "conn", tr->number);
  JSON_KEY(j, "dir");
  json_side(j, side);
}

static void app_pair(qlog_json *j, const quic_field *f) {
  qlog_json_array(j);
  qlog_json_text(j, f->name);
  qlog_json_text(j, f->value);
  qlog_json_array_end(j);
}

/* app_settings writes an array of [name, value]: one may come twice. */
static void app_settings(qlog_json *j, quic_bytes payload) {
  quic_reader rd;
  uint64_t id, value;

  JSON_KEY(j, "settings");
  qlog_json_array(j);
  quic_reader_init(&rd, payload.len ? (const void *)payload.data : "",
                   payload.len);
  while (quic_h3_settings_next(&rd, &id, &value) == 0) {
    const char *name = quic_h3_reserved(id) ? NULL : quic_name_h3_setting(id);

    qlog_json_array(j);
    if (name) {
      qlog_json_str(j, name);
    } else {
      json_hex_number(j, id);
    }
    qlog_json_u64(j, value);
    qlog_json_array_end(j);
  }
  qlog_json_array_end(j);
}

static void app_content(qlog_json *j, const qlog_h3_frame *f) {
  const quic_h3_frame *fr = f->frame;

  switch (fr->type) {
  case QUIC_H3_PUSH_PROMISE:
    JSON_U64(j, "push_id", fr->u.push_promise.push_id);
    break;
  case QUIC_H3_CANCEL_PUSH:
  case QUIC_H3_MAX_PUSH_ID:
    JSON_U64(j, "push_id", fr->u.id);
    break;
  case QUIC_H3_GOAWAY:
    JSON_U64(j, "id", fr->u.id);
    break;
  case QUIC_H3_SETTINGS:
    app_settings(j, fr->u.payload);
    break;
  case QUIC_H3_PRIORITY_UPDATE_REQUEST:
  case QUIC_H3_PRIORITY_UPDATE_PUSH:
    JSON_U64(j, "element_id", fr->u.priority_update.element_id);
    JSON_TEXT(j, "priority", fr->u.priority_update.value);
    break;
  default:
    break;
  }
  if (fr->type == QUIC_H3_HEADERS || fr->type == QUIC_H3_PUSH_PROMISE) {
    JSON_KEY(j, "fields");
    qlog_json_array(j);
    for (size_t i = 0; i < f->nfields; i++) {
      app_pair(j, &f->fields[i]);
    }
    qlog_json_array_end(j);
  }
}

static void app_frame(qlog_json *j, const qlog_h3_frame *f) {
  const quic_h3_frame_info *info = quic_h3_frame_info_find(f->frame->type);

  JSON_STR(j, "event", "frame");
  JSON_U64(j, "stream_id", f->stream_id);
  JSON_KEY(j, "h3");
  if (info) {
    qlog_json_str(j, info->name);
  } else {
    json_hex_number(j, f->frame->type);
  }
  if (!info && quic_h3_reserved(f->frame->type)) {
    JSON_BOOL(j, "reserved", true);
  }
  JSON_U64(j, "length", f->frame->length);
  app_content(j, f);
}

static void app_stream(qlog_json *j, const qlog_h3_stream_type *s) {
  const char *name = quic_h3_stream_name(s->type);

  JSON_STR(j, "event", "stream");
  JSON_U64(j, "stream_id", s->stream_id);
  JSON_KEY(j, "stream_type");
  if (name) {
    qlog_json_str(j, name);
  } else {
    json_hex_number(j, s->type);
  }
  if (s->push_id != QLOG_NONE) {
    qlog_json_key_u64(
        j, s->type == QUIC_H3_STREAM_WEBTRANSPORT ? "session_id" : "push_id",
        s->push_id);
  }
}

static void app_capsule(qlog_json *j, const qlog_capsule *c) {
  const char *name = quic_name_capsule(c->type);

  JSON_STR(j, "event", "capsule");
  JSON_U64(j, "stream_id", c->stream_id);
  JSON_KEY(j, "capsule");
  if (name) {
    qlog_json_str(j, name);
  } else {
    json_hex_number(j, c->type);
  }
  JSON_U64(j, "length", c->length);
}

static void app_warning(out_json *o, const qd_trace *tr,
                        const qlog_message *m) {
  qlog_json *j = &o->j;
  const char *name = m->code == QLOG_NONE ? NULL
                     : m->code < 0x20     ? quic_name_transport_error(m->code)
                                          : quic_name_h3_error(m->code);

  json_begin(o, "warning");
  app_place(o, tr, tr->packet ? (int)tr->packet->sender : -1);
  JSON_KEY(j, "error_code");
  json_known(j, m->code);
  if (name) {
    JSON_STR(j, "error", name);
  }
  JSON_TEXT(j, "text", m->text);
  json_end(o);
}

static void app_datagram(qlog_json *j, const qlog_h3_datagram *d) {
  JSON_STR(j, "event", "datagram");
  JSON_U64(j, "stream_id", d->quarter_stream_id * 4);
  JSON_U64(j, "length", d->length);
}

void json_event(out_json *o, const qd_trace *tr, const qlog_event *e) {
  bool client = e->type == QLOG_H3_FRAME_CREATED ||
                e->type == QLOG_H3_DATAGRAM_CREATED ||
                e->type == QLOG_CAPSULE_CREATED ||
                (e->type == QLOG_H3_STREAM_TYPE_SET &&
                 e->u.h3_stream.initiator == QLOG_LOCAL);

  if (e->type == QLOG_LOG_WARNING) {
    app_warning(o, tr, &e->u.message);
    return;
  }
  json_begin(o, "http3");
  app_place(o, tr, client ? QD_CLIENT : QD_SERVER);
  switch (e->type) {
  case QLOG_H3_FRAME_CREATED:
  case QLOG_H3_FRAME_PARSED:
    app_frame(&o->j, &e->u.h3_frame);
    break;
  case QLOG_H3_STREAM_TYPE_SET:
    app_stream(&o->j, &e->u.h3_stream);
    break;
  case QLOG_CAPSULE_CREATED:
  case QLOG_CAPSULE_PARSED:
    app_capsule(&o->j, &e->u.capsule);
    break;
  default:
    app_datagram(&o->j, &e->u.h3_datagram);
    break;
  }
  json_end(o);
}

/* Requests. */

static void app_fields(qlog_json *j, const qd_fields *fs) {
  qlog_json_array(j);
  for (size_t i = 0; i < fs->len; i++) {
    quic_field f = qd_fields_at(fs, i);

    app_pair(j, &f);
  }
  qlog_json_array_end(j);
}

static void app_message(out_json *o, const qd_trace *tr,
                        const qd_http_message *m) {
  qlog_json *j = &o->j;

  qlog_json_object(j);
  JSON_KEY(j, "frame");
  json_known(j, m->frame ? m->frame : UINT64_MAX);
  JSON_KEY(j, "headers");
  app_fields(j, &m->fields);
  if (m->has_trailers) {
    JSON_KEY(j, "trailers");
    app_fields(j, &m->trailers);
  }
  JSON_KEY(j, "first_ms");
  json_relative(o, m->first);
  JSON_KEY(j, "headers_ms");
  json_relative(o, m->headers);
  JSON_KEY(j, "body_first_ms");
  json_relative(o, m->body_first);
  JSON_KEY(j, "last_ms");
  json_relative(o, m->last);
  JSON_U64(j, "body", m->body);
  JSON_U64(j, "stream", m->stream);
  JSON_U64(j, "retransmitted", m->retransmitted);
  JSON_U64(j, "lost", m->lost);
  JSON_U64(j, "section_octets", m->section_octets);
  JSON_U64(j, "field_octets", m->field_octets);
  JSON_U64(j, "dropped_fields", m->fields.dropped + m->trailers.dropped);
  JSON_KEY(j, "blocked_ms");
  json_duration(j, m->blocked);
  JSON_U64(j, "interim", m->interim);
  JSON_U64(j, "malformed", m->malformed);
  JSON_BOOL(j, "fin", m->fin);
  if (m->reset_code != QD_REQUEST_NONE) {
    JSON_KEY(j, "reset");
    qlog_json_object(j);
    json_error(j, "error_code", QUIC_ROLE_APP_ERROR, m->reset_code, tr->conn);
    qlog_json_object_end(j);
  }
  if (m->stop_code != QD_REQUEST_NONE) {
    JSON_KEY(j, "stop");
    qlog_json_object(j);
    json_error(j, "error_code", QUIC_ROLE_APP_ERROR, m->stop_code, tr->conn);
    qlog_json_object_end(j);
  }
  qlog_json_object_end(j);
}

static void app_url(out_json *o, const qd_request *rq) {
  qd_request_target target = qd_request_target_of(rq);
  size_t len = qd_request_join(&target, o->url, sizeof(o->url));

  JSON_TEXT(&o->j, "url", quic_bytes_of(o->url, len));
}

void json_request(out_json *o, const qd_trace *tr, const qd_request *rq) {
  quic_time start = rq->side[QD_CLIENT].first;
  quic_bytes method = qd_request_method(rq);
  qlog_json *j = &o->j;

  if (start == QUIC_TIME_NEVER) {
    start = rq->side[QD_SERVER].first;
  }
  json_begin(o, "request");
  JSON_U64(j, "request", rq->number);
  JSON_U64(j, "conn", tr->number);
  JSON_U64(j, "stream_id", rq->stream_id);
  if (rq->push_id != QD_REQUEST_NONE) {
    JSON_U64(j, "push_id", rq->push_id);
  }
  JSON_STR(j, "protocol", rq->protocol);
  JSON_KEY(j, "method");
  if (method.data) {
    qlog_json_text(j, method);
  } else {
    qlog_json_null(j);
  }
  app_url(o, rq);
  JSON_KEY(j, "status");
  json_known(j, rq->has_status ? rq->status : UINT64_MAX);
  JSON_KEY(j, "time");
  json_absolute(j, start);
  JSON_KEY(j, "ms");
  json_relative(o, start);
  JSON_KEY(j, "ttfb_ms");
  json_duration(j, qd_request_ttfb(rq));
  JSON_KEY(j, "total_ms");
  json_duration(j, qd_request_total(rq));
  JSON_BOOL(j, "complete", qd_request_complete(rq));
  JSON_KEY(j, "client");
  app_message(o, tr, &rq->side[QD_CLIENT]);
  JSON_KEY(j, "server");
  app_message(o, tr, &rq->side[QD_SERVER]);
  JSON_U64(j, "capsules", rq->capsules);
  JSON_U64(j, "datagrams", rq->datagrams);
  JSON_U64(j, "datagram_octets", rq->datagram_octets);
  json_end(o);
}
