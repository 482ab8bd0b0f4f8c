/* ngtcp2: qlog 0.3, JSON-SEQ, whole milliseconds; parameters, packets, metrics
   and losses are all it tells.  Variant 1 was stopped by a signal inside a
   record. */

#include <inttypes.h>

#include "tests/support/loggen_write.h"

static void ngtcp2_head(lg_writer *w) {
  fprintf(
      w->out,
      "\x1e{\"qlog_format\":\"JSON-SEQ\",\"qlog_version\":\"0.3\",\"trace\":"
      "{\"vantage_point\":{\"name\":\"ngtcp2\",\"type\":\"%s\"},"
      "\"common_fields\":{\"protocol_type\":[\"QUIC\"],\"time_format\":"
      "\"relative\",\"reference_time\":0,\"group_id\":\"%s\"}}}\n",
      w->vantage == LG_CLIENT ? "client" : "server", w->group);
}

static void ngtcp2_tail(lg_writer *w) {
  if (w->variant == 1) {
    fputs("\x1e{\"time\":", w->out);
  }
}

static void ngtcp2_begin(lg_writer *w, const lg_event *e, const char *name) {
  fputc(0x1e, w->out);
  lg_json_begin(w);
  lg_json_open(w, NULL, '{');
  lg_json_ms(w, "time", e->time);
  lg_json_str(w, "name", name);
  lg_json_open(w, "data", '{');
}

static void ngtcp2_end(lg_writer *w) {
  fputs("}}\n", w->out);
}

static void ngtcp2_packet(lg_writer *w, const lg_event *e) {
  const lg_packet *p = e->packet;
  bool lost = e->type == LG_EV_LOST;
  int sender = e->type == LG_EV_RECEIVED ? !w->vantage : w->vantage;

  ngtcp2_begin(w, e,
               lost                    ? "recovery:packet_lost"
               : e->type == LG_EV_SENT ? "transport:packet_sent"
                                       : "transport:packet_received");
  if (p->type < LG_SPACES && !lost) {
    lg_write_frames(w, p, sender);
  }
  lg_json_open(w, "header", '{');
  lg_json_str(w, "packet_type", lg_packet_name(p->type));
  lg_json_u64(w, "packet_number",
              p->type < LG_SPACES ? lg_write_number(w, p, sender) : 0);
  lg_json_close(w, '}');
  if (p->type == LG_VERSIONS) {
    fputs(",\"supported_versions\":[\"1a2a3a4a\",\"6b3343cf\"]", w->out);
  } else if (p->type == LG_RESET) {
    lg_json_open(w, "stateless_reset_token", '{');
    lg_json_hex(w, "data", w->epoch, 16);
    lg_json_close(w, '}');
  } else if (!lost) {
    lg_json_open(w, "raw", '{');
    lg_json_u64(w, "length", p->size);
    lg_json_close(w, '}');
  }
  ngtcp2_end(w);
}

static void ngtcp2_metrics(lg_writer *w, const lg_event *e) {
  const lg_metrics *m = e->metrics;

  ngtcp2_begin(w, e, "recovery:metrics_updated");
  if (m->smoothed > 0) {
    lg_json_ms(w, "min_rtt", m->min_rtt);
  }
  lg_json_ms(w, "smoothed_rtt", m->smoothed ? m->smoothed : 333 * LG_MS);
  lg_json_ms(w, "latest_rtt", m->latest);
  lg_json_ms(w, "rtt_variance", m->smoothed ? m->variance : 166 * LG_MS);
  lg_json_u64(w, "pto_count", m->pto_count);
  lg_json_u64(w, "congestion_window", m->cwnd);
  lg_json_u64(w, "bytes_in_flight", m->in_flight);
  if (m->ssthresh != LG_NONE) {
    lg_json_u64(w, "ssthresh", m->ssthresh);
  }
  ngtcp2_end(w);
}

static void ngtcp2_parameters(lg_writer *w, const lg_event *e) {
  const lg_parameters *p = e->parameters;

  ngtcp2_begin(w, e, "transport:parameters_set");
  lg_json_str(w, "owner", e->side == w->vantage ? "local" : "remote");
  lg_json_str(w, "initial_source_connection_id",
              e->side == w->vantage ? w->scid : w->dcid);
  lg_json_bool(w, "disable_active_migration", false);
  lg_json_u64(w, "max_idle_timeout", p->idle_ms);
  lg_json_u64(w, "max_udp_payload_size", p->max_udp);
  lg_json_u64(w, "ack_delay_exponent", p->ack_exponent);
  lg_json_u64(w, "max_ack_delay", p->max_ack_delay_ms);
  lg_json_u64(w, "active_connection_id_limit", 7);
  lg_json_u64(w, "initial_max_data", p->max_data);
  lg_json_u64(w, "initial_max_stream_data_bidi_local", p->stream_data);
  lg_json_u64(w, "initial_max_stream_data_bidi_remote", p->stream_data);
  lg_json_u64(w, "initial_max_stream_data_uni", 65536);
  lg_json_u64(w, "initial_max_streams_bidi", p->streams_bidi);
  lg_json_u64(w, "initial_max_streams_uni", p->streams_uni);
  lg_json_u64(w, "max_datagram_frame_size", 0);
  lg_json_bool(w, "grease_quic_bit", true);
  ngtcp2_end(w);
}

static void ngtcp2_event(lg_writer *w, const lg_event *e) {
  switch (e->type) {
  case LG_EV_PARAMETERS:
    ngtcp2_parameters(w, e);
    break;
  case LG_EV_SENT:
  case LG_EV_RECEIVED:
  case LG_EV_LOST:
    ngtcp2_packet(w, e);
    break;
  case LG_EV_METRICS:
    ngtcp2_metrics(w, e);
    break;
  default:
    break;
  }
}

const lg_writer_kind lg_writer_ngtcp2 = {.name = "ngtcp2",
                                         .suffix = "sqlog",
                                         .tongue = LG_NGTCP2,
                                         .head = ngtcp2_head,
                                         .event = ngtcp2_event,
                                         .tail = ngtcp2_tail,
                                         .cuts = true,
                                         .losses = true};
