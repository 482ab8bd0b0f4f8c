/* --json: one JSON object per line (NDJSON).  A packet's line stands in front
   of what its octets completed, though the events are told before the packet:
   the first of them calls for the line. */

#include "pcap/out_json.h"

#include "wire/names.h"
#include "wire/tlspeek.h"

#define JSON_SCHEMA "quicdump/1"

static void json_start(out_json *o) {
  qlog_json *j = &o->j;

  o->begun = true;
  qlog_json_object(j);
  JSON_STR(j, "schema", JSON_SCHEMA);
  JSON_STR(j, "type", "begin");
  JSON_STR(j, "program", "h3kit " H3KIT_VERSION);
  JSON_KEY(j, "capture");
  if (o->settings.capture) {
    qlog_json_str(j, o->settings.capture);
  } else {
    qlog_json_null(j);
  }
  JSON_KEY(j, "time");
  json_absolute(j, o->base.started ? o->base.start : QUIC_TIME_NEVER);
  json_end(o);
}

void json_begin(out_json *o, const char *type) {
  if (!o->begun) {
    json_start(o);
  }
  qlog_json_object(&o->j);
  JSON_STR(&o->j, "type", type);
}

void json_end(out_json *o) {
  qlog_json_object_end(&o->j);
  qlog_json_end(&o->j);
}

/* Values. */

void json_absolute(qlog_json *j, quic_time time) {
  uint64_t seconds = time / QUIC_SECOND, ns = time % QUIC_SECOND;
  char tmp[24], *p = tmp + sizeof(tmp);

  if (time == QUIC_TIME_NEVER) {
    qlog_json_null(j);
    return;
  }
  *--p = '"';
  for (int i = 0; i < 9; i++, ns /= 10) {
    *--p = (char)('0' + ns % 10);
  }
  *--p = '.';
  do {
    *--p = (char)('0' + seconds % 10);
    seconds /= 10;
  } while (seconds);
  *--p = '"';
  qlog_json_literal(j, p, (size_t)(tmp + sizeof(tmp) - p));
}

void json_relative(out_json *o, quic_time time) {
  if (time == QUIC_TIME_NEVER) {
    qlog_json_null(&o->j);
  } else {
    qlog_json_since(&o->j, time, o->base.start);
  }
}

void json_duration(qlog_json *j, quic_duration d) {
  if (d == QUIC_TIME_NEVER) {
    qlog_json_null(j);
  } else {
    qlog_json_ms(j, d);
  }
}

void json_address(qlog_json *j, const quic_addr *addr) {
  char text[QUIC_ADDR_TEXT + 2];
  size_t len;

  text[0] = '"';
  len = strlen(quic_addr_text(addr, text + 1, QUIC_ADDR_TEXT)) + 1;
  text[len++] = '"';
  qlog_json_literal(j, text, len);
}

void json_version(qlog_json *j, uint32_t version) {
  static const char digits[] = "0123456789abcdef";
  char text[] = "\"0x00000000\"";

  for (int i = 0; i < 8; i++) {
    text[3 + i] = digits[version >> (28 - 4 * i) & 15];
  }
  qlog_json_literal(j, text, sizeof(text) - 1);
}

void json_versions(qlog_json *j, quic_bytes list) {
  quic_reader rd;

  quic_reader_init(&rd, list.len ? (const void *)list.data : "", list.len);
  qlog_json_array(j);
  while (quic_reader_left(&rd) >= 4) {
    json_version(j, quic_reader_u32(&rd));
  }
  qlog_json_array_end(j);
}

void json_hex_number(qlog_json *j, uint64_t v) {
  char text[24];
  quic_text t;

  quic_text_init(&t, text, sizeof(text));
  quic_text_char(&t, '"');
  quic_text_hex_u64(&t, v);
  quic_text_char(&t, '"');
  qlog_json_literal(j, text, t.len);
}

void json_side(qlog_json *j, int side) {
  switch (side) {
  case QD_CLIENT:
    qlog_json_literal(j, "\"client\"", 8);
    break;
  case QD_SERVER:
    qlog_json_literal(j, "\"server\"", 8);
    break;
  default:
    qlog_json_null(j);
    break;
  }
}

void json_known(qlog_json *j, uint64_t v) {
  if (v == UINT64_MAX) {
    qlog_json_null(j);
  } else {
    qlog_json_u64(j, v);
  }
}

void json_error(qlog_json *j, const char *key, quic_field_role role,
                uint64_t code, const qd_conn *conn) {
  quic_bytes alpn = conn ? qd_conn_alpn(conn) : (quic_bytes){0};
  const char *name = role == QUIC_ROLE_APP_ERROR
                         ? quic_name_app_error(alpn.data, alpn.len, code)
                         : quic_name_transport_error(code);

  qlog_json_key_u64(j, key, code);
  if (name) {
    JSON_STR(j, "error", name);
  }
  if (role == QUIC_ROLE_TRANSPORT_ERROR && code >> 8 == 1) {
    JSON_U64(j, "alert", code & 0xff);
    name = quic_name_tls_alert((uint8_t)code);
    if (name) {
      JSON_STR(j, "alert_name", name);
    }
  }
}

void json_alpns(qlog_json *j, quic_bytes list) {
  quic_bytes name;
  quic_reader rd;

  quic_reader_init(&rd, list.len ? (const void *)list.data : "", list.len);
  qlog_json_array(j);
  while (quic_tls_alpn_next(&rd, &name)) {
    qlog_json_text(j, name);
  }
  qlog_json_array_end(j);
}

/* The output. */

/* json_lead writes the line of the packet that is in work, once. */
static void json_lead(out_json *o, const qd_trace *tr) {
  if (tr->packet && tr->shown && o->written != tr->packet) {
    o->written = tr->packet;
    json_packet(o, tr->packet);
  }
}

static void json_on_packet(qd_output *out, const qd_packet *p) {
  out_json *o = (out_json *)(void *)out;

  qd_output_start(out, p);
  if (o->written != p) {
    json_packet(o, p);
  }
  o->written = NULL;
  o->packets++;
  o->opened += qd_packet_opened(p);
}

static void json_on_event(qd_output *out, struct qd_trace *tr,
                          const qlog_event *e) {
  out_json *o = (out_json *)(void *)out;

  switch (e->type) {
  case QLOG_H3_FRAME_CREATED:
  case QLOG_H3_FRAME_PARSED:
  case QLOG_H3_STREAM_TYPE_SET:
  case QLOG_H3_DATAGRAM_CREATED:
  case QLOG_H3_DATAGRAM_PARSED:
  case QLOG_CAPSULE_CREATED:
  case QLOG_CAPSULE_PARSED:
  case QLOG_LOG_WARNING:
    json_lead(o, tr);
    json_event(o, tr, e);
    break;
  default:
    break;
  }
}

static void json_on_request(qd_output *out, struct qd_trace *tr,
                            struct qd_request *rq) {
  out_json *o = (out_json *)(void *)out;

  json_lead(o, tr);
  json_request(o, tr, rq);
  o->requests++;
}

static void json_on_ended(qd_output *out, struct qd_trace *tr) {
  out_json *o = (out_json *)(void *)out;

  json_connection(o, tr);
  o->connections++;
}

/* json_finish writes the last line: without it the text was cut. */
static void json_finish(qd_output *out) {
  out_json *o = (out_json *)(void *)out;
  qlog_json *j = &o->j;

  json_begin(o, "end");
  JSON_U64(j, "packets", o->packets);
  JSON_U64(j, "opened", o->opened);
  JSON_U64(j, "connections", o->connections);
  JSON_U64(j, "requests", o->requests);
  json_end(o);
}

static void json_del(qd_output *out) {
  out_json *o = (out_json *)(void *)out;

  quic_mem_free(o->settings.mem, o);
}

int qd_output_json_new(qd_output **out, const qd_output_settings *settings) {
  out_json *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.packet = json_on_packet;
  o->base.event = json_on_event;
  o->base.request = json_on_request;
  o->base.ended = json_on_ended;
  o->base.finish = json_finish;
  o->base.del = json_del;
  o->settings = *settings;
  qlog_json_init(&o->j, settings->text);
  *out = &o->base;
  return 0;
}
