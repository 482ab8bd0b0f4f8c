/* qlog main-14, quic-13, h3-13: the full vocabulary.  Variant 1 is contained
   JSON, 2 tells a group for each event. */

#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "tests/support/loggen_write.h"
#include "wire/names.h"

static bool d14_contained(const lg_writer *w) {
  return w->variant == 1;
}

static void d14_head(lg_writer *w) {
  const char *side = w->vantage == LG_CLIENT ? "client" : "server";
  bool contained = d14_contained(w);
  char date[40];
  time_t t = (time_t)(w->epoch / 1000);
  struct tm tm;

  gmtime_r(&t, &tm);
  strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
  fprintf(w->out,
          "%s{\"file_schema\":\"urn:ietf:params:qlog:file:%s\","
          "\"serialization_format\":\"application/qlog+json%s\","
          "\"title\":\"loggen\",%s{\"vantage_point\":{\"name\":\"loggen\","
          "\"type\":\"%s\"},\"event_schemas\":["
          "\"urn:ietf:params:qlog:events:quic-13\","
          "\"urn:ietf:params:qlog:events:h3-13\"],\"common_fields\":{",
          contained ? "" : "\x1e", contained ? "contained" : "sequential",
          contained ? "" : "-seq",
          contained ? "\"traces\":[" : "\"trace\":", side);
  if (w->variant != 2) {
    fprintf(w->out, "\"group_id\":\"%s\",", w->group);
  }
  fprintf(w->out,
          "\"time_format\":\"relative_to_epoch\",\"reference_time\":{"
          "\"clock_type\":\"system\",\"epoch\":\"%s.%03uZ\"}}%s",
          date, (unsigned)(w->epoch % 1000),
          contained ? ",\"events\":[" : "}}\n");
}

static void d14_tail(lg_writer *w) {
  if (d14_contained(w)) {
    fputs("]}]}\n", w->out);
  }
}

static void d14_begin(lg_writer *w, const lg_event *e, const char *name) {
  w->comma = false;
  if (!d14_contained(w)) {
    fputc(0x1e, w->out);
  } else if (w->records > 0) {
    fputs(",\n", w->out);
  }
  w->records++;
  lg_json_open(w, NULL, '{');
  lg_json_ms(w, "time", e->time + w->base);
  lg_json_str(w, "name", name);
  if (w->variant == 2) {
    lg_json_str(w, "group_id", w->group);
  }
  lg_json_open(w, "data", '{');
}

static void d14_end(lg_writer *w) {
  lg_json_close(w, '}');
  lg_json_close(w, '}');
  if (!d14_contained(w)) {
    fputc('\n', w->out);
  }
}

static void d14_header(lg_writer *w, const lg_packet *p, int sender) {
  lg_json_open(w, "header", '{');
  lg_json_str(w, "packet_type", lg_packet_name(p->type));
  if (p->type < LG_SPACES) {
    lg_json_u64(w, "packet_number", lg_write_number(w, p, sender));
  }
  if (p->type == LG_APP) {
    lg_json_bool(w, "key_phase_bit", p->phase);
  } else if (p->type < LG_SPACES) {
    lg_json_str(w, "version", "00000001");
    lg_json_str(w, "scid", sender == w->vantage ? w->scid : w->dcid);
    lg_json_str(w, "dcid", sender == w->vantage ? w->dcid : w->scid);
  }
  lg_json_close(w, '}');
}

static void d14_packet(lg_writer *w, const lg_event *e) {
  static const char *const names[LG_EVENT_TYPES] = {
      [LG_EV_SENT] = "quic:packet_sent",
      [LG_EV_RECEIVED] = "quic:packet_received",
      [LG_EV_DROPPED] = "quic:packet_dropped",
      [LG_EV_BUFFERED] = "quic:packet_buffered",
      [LG_EV_LOST] = "quic:packet_lost"};
  const lg_packet *p = e->packet;
  bool own = e->type == LG_EV_SENT || e->type == LG_EV_LOST;
  int sender = own ? w->vantage : !w->vantage;

  d14_begin(w, e, names[e->type]);
  if (e->type == LG_EV_DROPPED) {
    lg_json_open(w, "header", '{');
    lg_json_str(w, "packet_type", lg_packet_name(p->type));
    lg_json_close(w, '}');
  } else {
    d14_header(w, p, sender);
  }
  if (p->type < LG_SPACES && e->type <= LG_EV_RECEIVED) {
    lg_write_frames(w, p, sender);
  }
  if (p->type == LG_VERSIONS) {
    lg_json_open(w, "supported_versions", '[');
    lg_json_str(w, NULL, "1a2a3a4a");
    lg_json_str(w, NULL, "6b3343cf");
    lg_json_close(w, ']');
  }
  if (p->type == LG_RESET) {
    lg_json_hex(w, "stateless_reset_token", w->epoch, 16);
  }
  if (e->type != LG_EV_LOST) {
    lg_json_open(w, "raw", '{');
    lg_json_u64(w, "length", p->size);
    lg_json_close(w, '}');
  }
  if (e->trigger) {
    lg_json_str(w, "trigger", e->trigger);
  } else if (p->probe && e->type == LG_EV_SENT) {
    lg_json_str(w, "trigger", "pto_probe");
  }
  d14_end(w);
}

static void d14_metrics(lg_writer *w, const lg_event *e) {
  const lg_metrics *m = e->metrics, *o = &w->told;
  bool all = !w->told_any;

  if (!all && m->cwnd == o->cwnd && m->in_flight == o->in_flight &&
      m->smoothed == o->smoothed && m->pto_count == o->pto_count) {
    return;
  }
  d14_begin(w, e, "quic:recovery_metrics_updated");
  if (m->smoothed > 0 && (m->min_rtt != o->min_rtt)) {
    lg_json_ms(w, "min_rtt", m->min_rtt);
  }
  if (m->smoothed > 0 && m->smoothed != o->smoothed) {
    lg_json_ms(w, "smoothed_rtt", m->smoothed);
    lg_json_ms(w, "latest_rtt", m->latest);
    lg_json_ms(w, "rtt_variance", m->variance);
  }
  if (all || m->pto_count != o->pto_count) {
    lg_json_u64(w, "pto_count", m->pto_count);
  }
  if (all || m->cwnd != o->cwnd) {
    lg_json_u64(w, "congestion_window", m->cwnd);
  }
  if (all || m->in_flight != o->in_flight) {
    lg_json_u64(w, "bytes_in_flight", m->in_flight);
  }
  if (m->ssthresh != o->ssthresh) {
    lg_json_u64(w, "ssthresh", m->ssthresh);
  }
  if (m->pacing_rate != o->pacing_rate) {
    lg_json_u64(w, "pacing_rate", m->pacing_rate);
  }
  d14_end(w);
  w->told = *m;
  w->told_any = true;
}

static void d14_parameters(lg_writer *w, const lg_event *e) {
  const lg_parameters *p = e->parameters;

  d14_begin(w, e, "quic:parameters_set");
  lg_json_str(w, "initiator", e->side == w->vantage ? "local" : "remote");
  lg_json_u64(w, "max_idle_timeout", p->idle_ms);
  lg_json_u64(w, "max_udp_payload_size", p->max_udp);
  lg_json_u64(w, "ack_delay_exponent", p->ack_exponent);
  lg_json_u64(w, "max_ack_delay", p->max_ack_delay_ms);
  lg_json_u64(w, "active_connection_id_limit", 4);
  lg_json_u64(w, "initial_max_data", p->max_data);
  lg_json_u64(w, "initial_max_stream_data_bidi_local", p->stream_data);
  lg_json_u64(w, "initial_max_stream_data_bidi_remote", p->stream_data);
  lg_json_u64(w, "initial_max_stream_data_uni", 65536);
  lg_json_u64(w, "initial_max_streams_bidi", p->streams_bidi);
  lg_json_u64(w, "initial_max_streams_uni", p->streams_uni);
  d14_end(w);
}

static void d14_closed(lg_writer *w, const lg_event *e) {
  bool has = e->code != LG_NONE;
  const char *name = !has      ? NULL
                     : e->flag ? quic_name_h3_error(e->code)
                               : quic_name_transport_error(e->code);
  char text[64] = "unknown";

  d14_begin(w, e, "quic:connection_closed");
  lg_json_str(w, "initiator", e->side == w->vantage ? "local" : "remote");
  if (has) {
    if (!e->flag && e->code >= 0x100) {
      snprintf(text, sizeof(text), "crypto_error_0x%03x", (unsigned)e->code);
    } else if (name && strncmp(name, "H3_", 3) == 0 && e->code != 0x10e) {
      snprintf(text, sizeof(text), "http_%s", name + 3);
    } else if (name && !e->flag) {
      snprintf(text, sizeof(text), "%s", name);
    }
    for (char *c = text; *c; c++) {
      *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 32 : *c);
    }
    lg_json_str(w, e->flag ? "application_error" : "connection_error", text);
    if (strcmp(text, "unknown") == 0) {
      lg_json_u64(w, "error_code", e->code);
    }
  }
  if (e->text) {
    lg_json_str(w, "reason", e->text);
  }
  lg_json_str(w, "trigger", e->trigger);
  d14_end(w);
}

static void d14_started(lg_writer *w, const lg_event *e) {
  d14_begin(w, e, "quic:connection_started");
  for (int i = 0; i < 2; i++) {
    lg_json_open(w, i ? "remote" : "local", '{');
    lg_json_str(w, "ip_v4", i ? "192.0.2.1" : "198.51.100.7");
    lg_json_u64(w, "port_v4", i == w->vantage ? 50123 : 443);
    lg_json_open(w, "connection_ids", '[');
    lg_json_str(w, NULL, i ? w->dcid : w->scid);
    lg_json_close(w, ']');
    lg_json_close(w, '}');
  }
  d14_end(w);
}

static void d14_two(lg_writer *w, const lg_event *e, const char *name) {
  d14_begin(w, e, name);
  if (e->old) {
    lg_json_str(w, "old", e->old);
  }
  lg_json_str(w, "new", e->text);
  if (e->type == LG_EV_MIGRATION) {
    lg_json_str(w, "tuple_id", "p1");
  }
  if (e->trigger) {
    lg_json_str(w, "trigger", e->trigger);
  }
  d14_end(w);
}

static void d14_key(lg_writer *w, const lg_event *e) {
  static const char *const spaces[] = {"initial", "handshake", "1rtt"};
  bool gone = e->type == LG_EV_KEY_DISCARDED;
  char type[48];

  for (int side = 0; side < (gone ? 2 : 1); side++) {
    int who = gone ? side : e->side;

    snprintf(type, sizeof(type), "%s_%s_secret",
             who == LG_CLIENT ? "client" : "server",
             spaces[gone ? e->value : e->code]);
    d14_begin(w, e, gone ? "quic:key_discarded" : "quic:key_updated");
    lg_json_str(w, "key_type", type);
    if (!gone && e->value != LG_NONE) {
      lg_json_u64(w, "key_phase", e->value);
    }
    lg_json_str(w, "trigger", e->trigger ? e->trigger : "tls");
    d14_end(w);
  }
}

static void d14_blocked(lg_writer *w, const lg_event *e) {
  d14_begin(w, e, "quic:connection_data_blocked_updated");
  lg_json_str(w, "old", e->text ? "unblocked" : "blocked");
  lg_json_str(w, "new", e->text ? "blocked" : "unblocked");
  if (e->text) {
    lg_json_str(w, "reason", e->text);
  }
  d14_end(w);
}

static void d14_http(lg_writer *w, const lg_event *e) {
  static const char *const made[] = {"http3:frame_parsed",
                                     "http3:frame_created"};

  d14_begin(w, e, made[e->flag]);
  lg_json_u64(w, "stream_id",
              e->type == LG_EV_H3_SETTINGS ? 2 + (unsigned)e->side : e->value);
  lg_json_open(w, "frame", '{');
  if (e->type == LG_EV_H3_SETTINGS) {
    fputs("\"frame_type\":\"settings\",\"settings\":[{\"name\":"
          "\"settings_qpack_max_table_capacity\",\"value\":4096}]",
          w->out);
  } else if (e->type == LG_EV_H3_DATA) {
    lg_json_str(w, "frame_type", "data");
    lg_json_open(w, "raw", '{');
    lg_json_u64(w, "payload_length", e->code);
    lg_json_close(w, '}');
  } else if (e->text) {
    fputs("\"frame_type\":\"headers\",\"headers\":[{\"name\":\":method\","
          "\"value\":\"GET\"},{\"name\":\":scheme\",\"value\":\"https\"},"
          "{\"name\":\":authority\",\"value\":\"example.org\"},{\"name\":"
          "\":path\",\"value\":\"/\"}]",
          w->out);
  } else {
    fputs("\"frame_type\":\"headers\",\"headers\":[{\"name\":\":status\","
          "\"value\":\"200\"}]",
          w->out);
  }
  lg_json_close(w, '}');
  d14_end(w);
}

static void d14_recovery(lg_writer *w, const lg_event *e) {
  d14_begin(w, e, "quic:recovery_parameters_set");
  lg_json_u64(w, "reordering_threshold", 3);
  fputs(",\"time_threshold\":1.125", w->out);
  lg_json_u64(w, "timer_granularity", 1);
  lg_json_u64(w, "initial_rtt", 333);
  lg_json_u64(w, "max_datagram_size", e->value);
  lg_json_u64(w, "initial_congestion_window", e->code);
  lg_json_u64(w, "minimum_congestion_window", 2 * e->value);
  d14_end(w);
}

static void d14_other(lg_writer *w, const lg_event *e) {
  switch (e->type) {
  case LG_EV_TIMER:
    d14_begin(w, e, "quic:timer_updated");
    lg_json_str(w, "timer_type", e->text);
    lg_json_str(w, "event_type", e->trigger);
    lg_json_str(w, "packet_number_space",
                e->value == LG_APP ? "application_data"
                                   : lg_packet_name((lg_packet_type)e->value));
    break;
  case LG_EV_MTU:
    d14_begin(w, e, "quic:mtu_updated");
    lg_json_u64(w, "old", e->value);
    lg_json_u64(w, "new", e->code);
    break;
  case LG_EV_VERSIONS:
    d14_begin(w, e, "quic:version_information");
    fputs(e->flag ? "\"client_versions\":[\"00000001\"],\"server_versions\":["
                    "\"1a2a3a4a\",\"6b3343cf\"]"
                  : "\"client_versions\":[\"00000001\"],"
                    "\"chosen_version\":\"00000001\"",
          w->out);
    break;
  case LG_EV_ALPN:
    d14_begin(w, e, "quic:alpn_information");
    lg_json_open(w, "chosen_alpn", '{');
    lg_json_str(w, "string_value", e->text);
    lg_json_close(w, '}');
    break;
  case LG_EV_H3_STREAM:
    d14_begin(w, e, "http3:stream_type_set");
    lg_json_str(w, "initiator", e->side == w->vantage ? "local" : "remote");
    lg_json_u64(w, "stream_id", e->value);
    lg_json_str(w, "stream_type", e->text);
    break;
  default:
    d14_begin(w, e, "loglevel:warning");
    lg_json_str(w, "message", e->text ? e->text : "");
    break;
  }
  d14_end(w);
}

static void d14_event(lg_writer *w, const lg_event *e) {
  switch (e->type) {
  case LG_EV_STARTED:
    d14_started(w, e);
    break;
  case LG_EV_PARAMETERS:
    d14_parameters(w, e);
    break;
  case LG_EV_RECOVERY_PARAMETERS:
    d14_recovery(w, e);
    break;
  case LG_EV_SENT:
  case LG_EV_RECEIVED:
  case LG_EV_DROPPED:
  case LG_EV_BUFFERED:
  case LG_EV_LOST:
    d14_packet(w, e);
    break;
  case LG_EV_METRICS:
    d14_metrics(w, e);
    break;
  case LG_EV_CC_STATE:
    d14_two(w, e, "quic:congestion_state_updated");
    break;
  case LG_EV_STATE:
    d14_two(w, e, "quic:connection_state_updated");
    break;
  case LG_EV_ECN:
    d14_two(w, e, "quic:ecn_state_updated");
    break;
  case LG_EV_MIGRATION:
    d14_two(w, e, "quic:migration_state_updated");
    break;
  case LG_EV_KEY:
  case LG_EV_KEY_DISCARDED:
    d14_key(w, e);
    break;
  case LG_EV_BLOCKED:
    d14_blocked(w, e);
    break;
  case LG_EV_H3_SETTINGS:
  case LG_EV_H3_HEADERS:
  case LG_EV_H3_DATA:
    d14_http(w, e);
    break;
  case LG_EV_CLOSED:
    d14_closed(w, e);
    break;
  case LG_EV_SPIN:
    break;
  default:
    d14_other(w, e);
    break;
  }
}

const lg_writer_kind lg_writer_draft14 = {.name = "draft14",
                                          .suffix = "sqlog",
                                          .tongue = LG_DRAFT14,
                                          .head = d14_head,
                                          .event = d14_event,
                                          .tail = d14_tail,
                                          .closes = true,
                                          .losses = true,
                                          .states = true,
                                          .dropped = true,
                                          .http = true,
                                          .blocked = true,
                                          .migration = true,
                                          .mtu = true,
                                          .ecn = true};
