/* aioquic: qlog 0.3 as one JSON text, absolute times since 1970 as floats of
   milliseconds, members of an event in the order data, name, time.  A log whose
   process dies is never written, but it may be cut when copied. */

#include <inttypes.h>
#include <string.h>

#include "tests/support/loggen_write.h"

static void aio_head(lg_writer *w) {
  fprintf(w->out,
          "{\"qlog_format\": \"JSON\", \"qlog_version\": \"0.3\", \"traces\": "
          "[{\"common_fields\": {\"ODCID\": \"%s\"}, \"events\": [",
          w->group);
}

static void aio_tail(lg_writer *w) {
  fprintf(
      w->out,
      "], \"vantage_point\": {\"name\": \"aioquic\", \"type\": \"%s\"}}]}\n",
      w->vantage == LG_CLIENT ? "client" : "server");
}

static void aio_begin(lg_writer *w) {
  fputs(w->records > 0 ? ", " : "", w->out);
  lg_json_begin(w);
  lg_json_open(w, NULL, '{');
  lg_json_open(w, "data", '{');
}

static void aio_end(lg_writer *w, const lg_event *e, const char *name) {
  lg_json_close(w, '}');
  lg_json_str(w, "name", name);
  /* a float has no more than 4 digits behind the point here */
  fprintf(w->out, ", \"time\": %.4f}",
          (double)w->epoch + (double)e->time / 1e6);
}

static void aio_datagram(lg_writer *w, const lg_event *e, const char *name) {
  aio_begin(w);
  lg_json_u64(w, "count", 1);
  fprintf(w->out, ", \"raw\": [{\"length\": %u, \"payload_length\": %u}]",
          (unsigned)e->packet->size + 8, (unsigned)e->packet->size);
  aio_end(w, e, name);
}

static void aio_packet(lg_writer *w, const lg_event *e) {
  const lg_packet *p = e->packet;
  bool sent = e->type == LG_EV_SENT;
  int sender = sent ? w->vantage : !w->vantage;

  if (!sent) {
    aio_datagram(w, e, "transport:datagrams_received");
  }
  if (p->type == LG_RESET) {
    return; /* only the datagram is told */
  }
  aio_begin(w);
  if (p->type < LG_SPACES) {
    lg_write_frames(w, p, sender);
  } else {
    fputs("\"frames\": []", w->out);
    w->comma = true;
  }
  lg_json_open(w, "header", '{');
  if (p->type < LG_SPACES) {
    lg_json_u64(w, "packet_number", lg_write_number(w, p, sender));
  }
  lg_json_str(w, "packet_type", lg_packet_name(p->type));
  if (sent) {
    lg_json_str(w, "scid", p->type == LG_APP ? "" : w->scid);
    lg_json_str(w, "dcid", w->dcid);
  } else {
    lg_json_str(w, "dcid", w->scid);
    lg_json_str(w, "scid", p->type == LG_APP ? "" : w->dcid);
  }
  lg_json_close(w, '}');
  lg_json_open(w, "raw", '{');
  lg_json_u64(w, "length", p->size);
  lg_json_close(w, '}');
  aio_end(w, e, sent ? "transport:packet_sent" : "transport:packet_received");
  if (sent) {
    aio_datagram(w, e, "transport:datagrams_sent");
  }
}

static void aio_lost(lg_writer *w, const lg_event *e) {
  const lg_packet *p = e->packet;

  aio_begin(w);
  lg_json_str(w, "type", lg_packet_name(p->type));
  lg_json_u64(w, "packet_number", lg_write_number(w, p, w->vantage));
  aio_end(w, e, "recovery:packet_lost");
}

static void aio_metrics(lg_writer *w, const lg_event *e) {
  const lg_metrics *m = e->metrics, *o = &w->told;
  bool rtt = m->smoothed != o->smoothed || m->latest != o->latest;

  if (w->told_any && m->cwnd == o->cwnd && m->in_flight == o->in_flight &&
      !rtt) {
    return;
  }
  aio_begin(w);
  lg_json_u64(w, "cwnd", m->cwnd);
  lg_json_u64(w, "bytes_in_flight", m->in_flight);
  if (m->ssthresh != LG_NONE && m->ssthresh != o->ssthresh) {
    lg_json_u64(w, "ssthresh", m->ssthresh);
  }
  if (rtt && m->smoothed > 0) {
    /* sums of floats end in noise */
    fprintf(w->out, ", \"latest_rtt\": %.13f, \"min_rtt\": %.13f",
            (double)m->latest / 1e6, (double)m->min_rtt / 1e6);
    fprintf(w->out, ", \"smoothed_rtt\": %.13f, \"rtt_variance\": %.13f",
            (double)m->smoothed / 1e6 + 5e-11, (double)m->variance / 1e6);
  }
  aio_end(w, e, "recovery:metrics_updated");
  w->told = *m;
  w->told_any = true;
}

static void aio_parameters(lg_writer *w, const lg_event *e) {
  const lg_parameters *p = e->parameters;

  aio_begin(w);
  lg_json_str(w, "owner", e->side == w->vantage ? "local" : "remote");
  lg_json_u64(w, "max_idle_timeout", p->idle_ms);
  lg_json_u64(w, "initial_max_data", p->max_data);
  lg_json_u64(w, "initial_max_stream_data_bidi_local", p->stream_data);
  lg_json_u64(w, "initial_max_stream_data_bidi_remote", p->stream_data);
  lg_json_u64(w, "initial_max_stream_data_uni", 65536);
  lg_json_u64(w, "initial_max_streams_bidi", p->streams_bidi);
  lg_json_u64(w, "initial_max_streams_uni", p->streams_uni);
  lg_json_u64(w, "ack_delay_exponent", p->ack_exponent);
  lg_json_u64(w, "max_ack_delay", p->max_ack_delay_ms);
  lg_json_bool(w, "disable_active_migration", false);
  lg_json_u64(w, "active_connection_id_limit", 8);
  lg_json_str(w, "initial_source_connection_id",
              e->side == w->vantage ? w->scid : w->dcid);
  aio_end(w, e, "transport:parameters_set");
}

static void aio_http(lg_writer *w, const lg_event *e) {
  aio_begin(w);
  if (e->type == LG_EV_H3_DATA) {
    fputs("\"frame\": {\"frame_type\": \"data\"}", w->out);
  } else if (e->text) {
    fputs("\"frame\": {\"frame_type\": \"headers\", \"headers\": [{\"name\": "
          "\":method\", \"value\": \"GET\"}, {\"name\": \":path\", \"value\": "
          "\"/\"}]}",
          w->out);
  } else {
    fputs("\"frame\": {\"frame_type\": \"headers\", \"headers\": [{\"name\": "
          "\":status\", \"value\": \"200\"}]}",
          w->out);
  }
  w->comma = true;
  lg_json_u64(w, "length", e->type == LG_EV_H3_DATA ? e->code : 35);
  lg_json_u64(w, "stream_id", e->value);
  aio_end(w, e, e->flag ? "http:frame_created" : "http:frame_parsed");
}

static void aio_key(lg_writer *w, const lg_event *e) {
  static const char *const gone[] = {
      "client_initial_secret", "client_handshake_secret", "client_1rtt_secret"};

  aio_begin(w);
  if (e->type == LG_EV_KEY) {
    lg_json_str(w, "key_type", lg_key_name(e));
    lg_json_str(w, "trigger", e->trigger ? e->trigger : "tls");
    aio_end(w, e, "security:key_updated");
  } else {
    lg_json_str(w, "key_type", gone[e->value]);
    lg_json_str(w, "trigger", "tls");
    aio_end(w, e, "security:key_retired");
  }
}

static void aio_told(lg_writer *w, const lg_event *e) {
  bool keys = e->trigger && strcmp(e->trigger, "key_unavailable") == 0;

  switch (e->type) {
  case LG_EV_DROPPED:
    aio_datagram(w, e, "transport:datagrams_received");
    aio_begin(w);
    lg_json_str(w, "trigger",
                keys ? "key_unavailable" : "payload_decrypt_error");
    lg_json_open(w, "raw", '{');
    lg_json_u64(w, "length", e->packet->size);
    lg_json_close(w, '}');
    aio_end(w, e, "transport:packet_dropped");
    break;
  case LG_EV_ALPN:
    aio_begin(w);
    fprintf(w->out, "\"client_alpns\": [\"%s\"]", e->text);
    aio_end(w, e, "transport:alpn_information");
    break;
  case LG_EV_H3_STREAM:
    aio_begin(w);
    lg_json_str(w, "new",
                e->text[0] == 'c'   ? "control"
                : e->text[6] == 'e' ? "qpack_encoder"
                                    : "qpack_decoder");
    lg_json_u64(w, "stream_id", e->value);
    aio_end(w, e, "http:stream_type_set");
    break;
  default:
    break;
  }
}

static void aio_event(lg_writer *w, const lg_event *e) {
  switch (e->type) {
  case LG_EV_SENT:
  case LG_EV_RECEIVED:
    aio_packet(w, e);
    break;
  case LG_EV_LOST:
    aio_lost(w, e);
    break;
  case LG_EV_METRICS:
    aio_metrics(w, e);
    break;
  case LG_EV_PARAMETERS:
    aio_parameters(w, e);
    break;
  case LG_EV_KEY:
  case LG_EV_KEY_DISCARDED:
    aio_key(w, e);
    break;
  case LG_EV_H3_HEADERS:
  case LG_EV_H3_DATA:
    aio_http(w, e);
    break;
  default:
    aio_told(w, e);
    break;
  }
}

const lg_writer_kind lg_writer_aioquic = {.name = "aioquic",
                                          .suffix = "qlog",
                                          .tongue = LG_AIOQUIC,
                                          .head = aio_head,
                                          .event = aio_event,
                                          .tail = aio_tail,
                                          .losses = true,
                                          .dropped = true,
                                          .http = true};
