/* quiche with qlog 0.18: a sequential file whose head says "JSON-SEQ", metrics
   only as far as they changed, no packet_lost but counts of lost packets, and
   every close before the handshake was complete as a handshake_timeout.
   Variant 1 has times of 32-bit floats, as before 2026. */

#include <inttypes.h>

#include "tests/support/loggen_write.h"

static void quiche_head(lg_writer *w) {
  const char *side = w->vantage == LG_CLIENT ? "client" : "server";

  fprintf(w->out,
          "\x1e{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\","
          "\"serialization_format\":\"JSON-SEQ\",\"title\":\"quiche-%s qlog\","
          "\"description\":\"quiche-%s qlog id=%s\",\"trace\":{\"title\":"
          "\"quiche-%s qlog\",\"description\":\"quiche-%s qlog id=%s\","
          "\"common_fields\":{\"reference_time\":{\"clock_type\":\"monotonic\","
          "\"epoch\":\"unknown\",\"wall_clock_time\":\"2026-02-20T10:00:00Z\"}}"
          ",\"vantage_point\":{\"type\":\"%s\"},\"event_schemas\":["
          "\"urn:ietf:params:qlog:events:quic-12\","
          "\"urn:ietf:params:qlog:events:http3-12\"]}}\n",
          side, side, w->scid, side, side, w->scid, side);
}

static void quiche_tail(lg_writer *w) {
  (void)w;
}

static void quiche_begin(lg_writer *w, const lg_event *e, const char *name) {
  uint64_t ns = e->time + w->base;

  fputc(0x1e, w->out);
  lg_json_begin(w);
  lg_json_open(w, NULL, '{');
  if (w->variant == 1) {
    fprintf(w->out, "\"time\":%.9g", (double)(float)((double)ns / 1e6));
    w->comma = true;
  } else {
    lg_json_ms(w, "time", ns);
  }
  lg_json_str(w, "name", name);
  lg_json_open(w, "data", '{');
}

static void quiche_end(lg_writer *w) {
  fputs("}}\n", w->out);
}

static void quiche_packet(lg_writer *w, const lg_event *e) {
  const lg_packet *p = e->packet;
  bool sent = e->type == LG_EV_SENT;
  int sender = sent ? w->vantage : !w->vantage;

  quiche_begin(w, e,
               sent                        ? "quic:packet_sent"
               : e->type == LG_EV_RECEIVED ? "quic:packet_received"
                                           : "quic:packet_dropped");
  lg_json_open(w, "header", '{');
  lg_json_str(w, "packet_type", lg_packet_name(p->type));
  if (p->type < LG_SPACES && e->type != LG_EV_DROPPED) {
    lg_json_u64(w, "packet_number", lg_write_number(w, p, sender));
  }
  if (p->type < LG_APP) {
    lg_json_str(w, "version", "1");
    lg_json_str(w, "scid", sent ? w->scid : w->dcid);
    lg_json_str(w, "dcid", sent ? w->dcid : w->scid);
  }
  lg_json_close(w, '}');
  if (p->type == LG_VERSIONS) {
    fputs(",\"supported_versions\":[\"1a2a3a4a\",\"6b3343cf\"]", w->out);
  }
  lg_json_open(w, "raw", '{');
  lg_json_u64(w, "length", p->size);
  lg_json_u64(w, "payload_length", p->size > 30 ? p->size - 30 : 0);
  lg_json_close(w, '}');
  if (sent) {
    lg_json_ms(w, "send_at_time", e->time + w->base);
  }
  if (p->type < LG_SPACES && e->type != LG_EV_DROPPED) {
    lg_write_frames(w, p, sender);
  } else if (e->trigger) {
    lg_json_str(w, "trigger", e->trigger);
  }
  quiche_end(w);
}

static void quiche_pair(lg_writer *w, const char *key, uint64_t total,
                        uint64_t delta) {
  lg_json_open(w, key, '{');
  lg_json_u64(w, "total", total);
  lg_json_u64(w, "delta", delta);
  lg_json_close(w, '}');
}

static void quiche_metrics(lg_writer *w, const lg_event *e) {
  const lg_metrics *m = e->metrics, *o = &w->told;
  bool rtt = m->smoothed != o->smoothed || m->latest != o->latest;

  if (w->told_any && m->cwnd == o->cwnd && m->in_flight == o->in_flight &&
      !rtt && m->lost == o->lost && m->pto_count == o->pto_count) {
    return;
  }
  quiche_begin(w, e, "quic:recovery_metrics_updated");
  if (m->min_rtt != o->min_rtt) {
    lg_json_ms(w, "min_rtt", m->min_rtt);
  }
  if (m->smoothed != o->smoothed) {
    lg_json_ms(w, "smoothed_rtt", m->smoothed);
  }
  if (m->latest != o->latest) {
    lg_json_ms(w, "latest_rtt", m->latest);
  }
  if (m->variance != o->variance) {
    lg_json_ms(w, "rtt_variance", m->variance);
  }
  if (!w->told_any || m->cwnd != o->cwnd) {
    lg_json_u64(w, "congestion_window", m->cwnd);
  }
  if (!w->told_any || m->in_flight != o->in_flight) {
    lg_json_u64(w, "bytes_in_flight", m->in_flight);
  }
  if (m->ssthresh != (w->told_any ? o->ssthresh : LG_NONE)) {
    lg_json_u64(w, "ssthresh", m->ssthresh);
  }
  if (m->pto_count != o->pto_count) {
    lg_json_u64(w, "pto_count", m->pto_count);
  }
  if (m->pacing_rate != o->pacing_rate) {
    lg_json_u64(w, "pacing_rate", m->pacing_rate);
  }
  if (m->lost != o->lost) {
    quiche_pair(w, "cf_lost_packets", m->lost, m->lost - o->lost);
    quiche_pair(w, "cf_lost_bytes", m->lost_octets,
                m->lost_octets - o->lost_octets);
  }
  quiche_end(w);
  w->told = *m;
  w->told_any = true;
}

static void quiche_closed(lg_writer *w, const lg_event *e) {
  const char *trigger = e->trigger;

  quiche_begin(w, e, "quic:connection_closed");
  if (e->early) { /* whatever the cause was */
    lg_json_str(w, "initiator", "local");
    lg_json_str(w, "reason", "Failed to establish connection");
    lg_json_str(w, "trigger", "handshake_timeout");
    quiche_end(w);
    return;
  }
  lg_json_str(w, "initiator", e->side == w->vantage ? "local" : "remote");
  if (e->code != LG_NONE) {
    lg_json_str(w, e->flag ? "application_error" : "connection_error",
                "unknown");
    lg_json_u64(w, "error_code", e->code);
    lg_json_str(w, "reason", e->text ? e->text : "");
    trigger = e->flag || e->code == 0 ? "clean" : "error";
  }
  lg_json_str(w, "trigger", trigger);
  quiche_end(w);
}

static void quiche_parameters(lg_writer *w, const lg_event *e) {
  const lg_parameters *p = e->parameters;

  quiche_begin(w, e, "quic:parameters_set");
  lg_json_str(w, "initiator", e->side == w->vantage ? "local" : "remote");
  lg_json_str(w, "tls_cipher", "AES128_GCM");
  lg_json_bool(w, "disable_active_migration", true);
  lg_json_u64(w, "max_idle_timeout", p->idle_ms);
  lg_json_u64(w, "max_udp_payload_size", p->max_udp);
  lg_json_u64(w, "ack_delay_exponent", p->ack_exponent);
  lg_json_u64(w, "max_ack_delay", p->max_ack_delay_ms);
  lg_json_u64(w, "active_connection_id_limit", 2);
  lg_json_u64(w, "initial_max_data", p->max_data);
  lg_json_u64(w, "initial_max_stream_data_bidi_local", p->stream_data);
  lg_json_u64(w, "initial_max_stream_data_bidi_remote", p->stream_data);
  lg_json_u64(w, "initial_max_stream_data_uni", 65536);
  lg_json_u64(w, "initial_max_streams_bidi", p->streams_bidi);
  lg_json_u64(w, "initial_max_streams_uni", p->streams_uni);
  quiche_end(w);
}

static void quiche_http(lg_writer *w, const lg_event *e) {
  quiche_begin(w, e, e->flag ? "http3:frame_created" : "http3:frame_parsed");
  lg_json_u64(w, "stream_id",
              e->type == LG_EV_H3_SETTINGS ? 2 + (unsigned)e->side : e->value);
  lg_json_open(w, "frame", '{');
  if (e->type == LG_EV_H3_SETTINGS) {
    lg_json_str(w, "frame_type", "settings");
    fputs(",\"settings\":[]", w->out);
  } else if (e->type == LG_EV_H3_DATA) {
    lg_json_str(w, "frame_type", "data");
    lg_json_open(w, "raw", '{');
    lg_json_u64(w, "payload_length", e->code);
    lg_json_close(w, '}');
  } else {
    lg_json_str(w, "frame_type", "headers");
    fputs(e->text ? ",\"headers\":[{\"name\":\":method\",\"value\":\"GET\"},"
                    "{\"name\":\":path\",\"value\":\"/\"}]"
                  : ",\"headers\":[{\"name\":\":status\",\"value\":\"200\"}]",
          w->out);
  }
  lg_json_close(w, '}');
  quiche_end(w);
}

static void quiche_event(lg_writer *w, const lg_event *e) {
  switch (e->type) {
  case LG_EV_SENT:
  case LG_EV_RECEIVED:
  case LG_EV_DROPPED:
    quiche_packet(w, e);
    break;
  case LG_EV_METRICS:
    quiche_metrics(w, e);
    break;
  case LG_EV_PARAMETERS:
    quiche_parameters(w, e);
    break;
  case LG_EV_CC_STATE:
    quiche_begin(w, e, "quic:congestion_state_updated");
    lg_json_str(w, "new", e->text);
    quiche_end(w);
    break;
  case LG_EV_H3_STREAM:
    quiche_begin(w, e, "http3:stream_type_set");
    lg_json_str(w, "initiator", e->side == w->vantage ? "local" : "remote");
    lg_json_u64(w, "stream_id", e->value);
    lg_json_str(w, "stream_type", e->text);
    quiche_end(w);
    break;
  case LG_EV_H3_SETTINGS:
  case LG_EV_H3_HEADERS:
  case LG_EV_H3_DATA:
    quiche_http(w, e);
    break;
  case LG_EV_CLOSED:
    quiche_closed(w, e);
    break;
  default:
    break;
  }
}

const lg_writer_kind lg_writer_quiche = {.name = "quiche",
                                         .suffix = "sqlog",
                                         .tongue = LG_QUICHE,
                                         .head = quiche_head,
                                         .event = quiche_event,
                                         .tail = quiche_tail,
                                         .closes = true,
                                         .states = true,
                                         .dropped = true,
                                         .http = true};
