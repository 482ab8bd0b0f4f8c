/* picoquic: "draft-00" rows over several lines, microseconds, ack_delay as on
   the wire, congestion states as numbers.  Variant 1 lacks the brackets at the
   end, as after a crash. */

#include <inttypes.h>
#include <string.h>

#include "tests/support/loggen_write.h"

static void pico_head(lg_writer *w) {
  fprintf(
      w->out,
      "{ \"qlog_version\": \"draft-00\", \"title\": \"picoquic\", "
      "\"traces\": [\n{ \"vantage_point\": { \"name\": \"backend-67\", "
      "\"type\": \"%s\" },\n\"title\": \"picoquic\", \"description\": "
      "\"%s\",\"event_fields\": [\"relative_time\", \"category\", \"event\", "
      "\"data\"],\n\"configuration\": {\"time_units\": \"us\"},\n"
      "\"common_fields\": { \"protocol_type\": \"QUIC_HTTP3\", "
      "\"reference_time\": \"%" PRIu64 "\"},\n\"events\": [",
      w->vantage == LG_CLIENT ? "client" : "server", w->group,
      w->variant == 2 ? w->epoch * 1000 : 11001);
}

static void pico_tail(lg_writer *w) {
  fputs(w->variant == 1 ? "\n" : "]}]}\n", w->out);
}

static void pico_begin(lg_writer *w, const lg_event *e, const char *category,
                       const char *name) {
  fprintf(w->out, "%s\n[%" PRIu64 ", \"%s\", \"%s\", ", w->records ? "," : "",
          e->time / 1000, category, name);
  lg_json_begin(w);
  lg_json_open(w, NULL, '{');
}

static void pico_end(lg_writer *w) {
  fputs("}]", w->out);
}

static void pico_datagram(lg_writer *w, const lg_event *e, const char *name) {
  pico_begin(w, e, "transport", name);
  lg_json_u64(w, "byte_length", e->packet->size);
  pico_end(w);
}

static void pico_packet(lg_writer *w, const lg_event *e) {
  const lg_packet *p = e->packet;
  bool sent = e->type == LG_EV_SENT;
  int sender = sent ? w->vantage : !w->vantage;

  if (!sent) {
    pico_datagram(w, e, "datagram_received");
  }
  if (p->type == LG_RESET) {
    return; /* only the datagram is told */
  }
  pico_begin(w, e, "transport", sent ? "packet_sent" : "packet_received");
  lg_json_str(w, "packet_type", lg_packet_name(p->type));
  lg_json_open(w, "header", '{');
  lg_json_u64(w, "packet_size", p->size - 16);
  if (p->type < LG_SPACES) {
    lg_json_u64(w, "packet_number", lg_write_number(w, p, sender));
  }
  if (p->type < LG_APP) {
    lg_json_u64(w, "payload_length", p->size > 46 ? p->size - 46 : 0);
    lg_json_str(w, "scid", sent ? w->scid : w->dcid);
  }
  lg_json_str(w, "dcid", sent ? w->dcid : w->scid);
  if (p->type == LG_APP && p->phase) {
    lg_json_u64(w, "key_phase", 1);
  }
  lg_json_close(w, '}');
  if (p->type == LG_VERSIONS) {
    fputs(", \"versions\": [\"1a2a3a4a\", \"6b3343cf\"]", w->out);
  } else {
    lg_write_frames(w, p, sender);
  }
  pico_end(w);
  if (sent) {
    pico_datagram(w, e, "datagram_sent");
  }
}

static void pico_lost(lg_writer *w, const lg_event *e) {
  const lg_packet *p = e->packet;
  uint64_t number = lg_write_number(w, p, w->vantage);

  pico_begin(w, e, "recovery", "packet_lost");
  fprintf(w->out,
          "\n    \"packet_type\" : \"%s\",\n    \"packet_number\" : %" PRIu64
          ",\n    \"trigger\": \"%s\",\n    \"header\": {\n        "
          "\"packet_type\" : \"%s\",\n        \"packet_number\" : %" PRIu64
          ",\n        \"dcid\" : \"%s\",\n        \"packet_size\" : %u}",
          lg_packet_name(p->type), number,
          strcmp(e->trigger, "time_threshold") == 0 ? "timer" : "repeat",
          lg_packet_name(p->type), number, w->dcid, (unsigned)p->size - 16);
  pico_end(w);
}

static void pico_metric(lg_writer *w, const char *key, uint64_t v,
                        uint64_t told) {
  if (v != told || !w->told_any) {
    fprintf(w->out, "%s\"%s\": %" PRIu64, w->comma ? "," : "", key, v);
    w->comma = true;
  }
}

static void pico_metrics(lg_writer *w, const lg_event *e) {
  const lg_metrics *m = e->metrics, *o = &w->told;

  if (w->told_any && m->cwnd == o->cwnd && m->in_flight == o->in_flight &&
      m->smoothed == o->smoothed) {
    return;
  }
  pico_begin(w, e, "recovery", "metrics_updated");
  pico_metric(w, "cwnd", m->cwnd, o->cwnd);
  if (m->pacing_rate > 0) {
    pico_metric(w, "pacing_rate", m->pacing_rate, o->pacing_rate);
  }
  pico_metric(w, "bytes_in_flight", m->in_flight, o->in_flight);
  if (m->smoothed > 0) {
    pico_metric(w, "smoothed_rtt", m->smoothed / 1000, 0);
    pico_metric(w, "min_rtt", m->min_rtt / 1000, o->min_rtt / 1000);
    pico_metric(w, "latest_rtt", m->latest / 1000, o->latest / 1000);
  }
  pico_metric(w, "app_limited", m->app_limited, o->app_limited);
  pico_end(w);
  w->told = *m;
  w->told_any = true;
}

static const char *pico_state(const char *state) {
  static const char *const names[] = {"slow_start", "recovery",
                                      "congestion_avoidance"};
  static const char *const numbers[] = {"0", "1", "2"};

  for (size_t i = 0; i < 3; i++) {
    if (strcmp(names[i], state) == 0) {
      return numbers[i];
    }
  }
  return "3";
}

static void pico_parameters(lg_writer *w, const lg_event *e) {
  const lg_parameters *p = e->parameters;

  pico_begin(w, e, "transport", "parameters_set");
  fprintf(w->out,
          "\n    \"owner\": \"%s\",\n"
          "    \"initial_max_stream_data_bidi_local\" : %" PRIu64
          ",\n    \"initial_max_data\" : %" PRIu64
          ",\n    \"initial_max_streams_bidi\" : %" PRIu64
          ",\n    \"idle_timeout\" : %" PRIu64
          ",\n    \"max_packet_size\" : %" PRIu64
          ",\n    \"initial_max_streams_uni\" : %" PRIu64
          ",\n    \"initial_max_stream_data_bidi_remote\" : %" PRIu64
          ",\n    \"initial_max_stream_data_uni\" : 65535"
          ",\n    \"active_connection_id_limit\" : 8"
          ",\n    \"max_ack_delay\" : %" PRIu64
          ",\n    \"handshake_connection_id\": \"%s\""
          ",\n    \"enable_loss_bit\" : 1,\n    \"min_ack_delay\" : 1000",
          e->side == w->vantage ? "local" : "remote", p->stream_data,
          p->max_data, p->streams_bidi, p->idle_ms, p->max_udp, p->streams_uni,
          p->stream_data, p->max_ack_delay_ms,
          e->side == w->vantage ? w->scid : w->dcid);
  pico_end(w);
}

static void pico_event(lg_writer *w, const lg_event *e) {
  switch (e->type) {
  case LG_EV_SENT:
  case LG_EV_RECEIVED:
    pico_packet(w, e);
    break;
  case LG_EV_DROPPED:
    pico_begin(w, e, "transport", "packet_dropped");
    fprintf(w->out,
            "\n    \"packet_type\" : \"%s\",\n    \"packet_size\" : %u,\n    "
            "\"trigger\": \"%s\"",
            lg_packet_name(e->packet->type), (unsigned)e->packet->size,
            strcmp(e->trigger, "decryption_failure") == 0
                ? "payload_decrypt_error"
                : "key_unavailable");
    pico_end(w);
    break;
  case LG_EV_LOST:
    pico_lost(w, e);
    break;
  case LG_EV_METRICS:
    pico_metrics(w, e);
    break;
  case LG_EV_CC_STATE:
    pico_begin(w, e, "recovery", "congestion_state_updated");
    fprintf(w->out, "\"old\": \"%s\",\"new\": \"%s\",\"cc_param\": 0",
            pico_state(e->old), pico_state(e->text));
    pico_end(w);
    break;
  case LG_EV_PARAMETERS:
    pico_parameters(w, e);
    break;
  case LG_EV_ALPN:
    pico_begin(w, e, "info", "message");
    fprintf(w->out, "\"message\": \"ALPN[0] matches default alpn (%s)\"",
            e->text);
    pico_end(w);
    break;
  default:
    break;
  }
}

const lg_writer_kind lg_writer_picoquic = {.name = "picoquic",
                                           .suffix = "qlog",
                                           .tongue = LG_PICOQUIC,
                                           .head = pico_head,
                                           .event = pico_event,
                                           .tail = pico_tail,
                                           .cuts = true,
                                           .losses = true,
                                           .states = true,
                                           .dropped = true};
