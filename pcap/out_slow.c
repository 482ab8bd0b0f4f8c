/* --slow: what made each connection slow, on one screen, and what is behind
   it. */

#include "pcap/out_json.h"
#include "pcap/report.h"
#include "pcap/report_slow.h"

typedef struct out_slow {
  qd_output base;
  qd_output_settings settings;
  bool begun; /* of JSON: the first line is written */
} out_slow;

static void slow_text(out_slow *o, const qd_trace *tr) {
  quic_text *t = o->settings.text;
  quic_time start = o->settings.absolute_time ? 0 : o->base.start;

  qd_report_who(t, tr, o->settings.colour);
  qd_report_slow(t, tr, start);
  quic_text_str(t, "\n");
  qd_report_waterfall(t, tr);
  qd_report_transport(t, tr);
  if (tr->costs) {
    qd_report_flight(t, tr, start);
    qd_report_overhead(t, tr);
    qd_report_slowest(t, tr, start);
  }
  qd_report_findings(t, tr, start);
}

/* JSON. */

static void slow_ms(const out_slow *o, qlog_json *j, quic_time time) {
  if (time == QUIC_TIME_NEVER) {
    qlog_json_null(j);
  } else {
    qlog_json_since(j, time, o->base.start);
  }
}

static void json_limits(qlog_json *j, const qd_trace *tr) {
  qd_slow_shares s;

  JSON_KEY(j, "limited_by");
  if (!qd_slow_shares_of(tr, &s)) {
    qlog_json_null(j);
    return;
  }
  qlog_json_object(j);
  JSON_BOOL(j, "inferred", true);
  JSON_BOOL(j, "window_unknown", s.no_window);
  for (int i = 0; i < QUIC_LIMITS; i++) {
    qlog_json_key(j, quic_limit_name((quic_limit)i));
    qlog_json_object(j);
    JSON_KEY(j, "ms");
    json_duration(j, s.time[i]);
    JSON_KEY(j, "percent");
    qlog_json_scaled(j, s.share[i], 3);
    qlog_json_object_end(j);
  }
  qlog_json_object_end(j);
}

static void json_facts(const out_slow *o, qlog_json *j, const quic_finding *f) {
  JSON_KEY(j, "facts");
  qlog_json_object(j);
  for (size_t i = 0; i < f->nfacts; i++) {
    const quic_finding_fact *fact = &f->facts[i];

    qlog_json_key(j, fact->name);
    switch (fact->unit) {
    case QUIC_UNIT_NS:
      json_duration(j, fact->value);
      break;
    case QUIC_UNIT_TIME:
      slow_ms(o, j, fact->value);
      break;
    case QUIC_UNIT_MILLI:
    case QUIC_UNIT_PERCENT_MILLI:
      qlog_json_scaled(j, fact->value, 3);
      break;
    default:
      json_known(j, fact->value);
    }
  }
  qlog_json_object_end(j);
}

static void json_finding(const out_slow *o, qlog_json *j,
                         const quic_finding *f) {
  const quic_finding_info *info = quic_finding_info_of(f->id);

  qlog_json_object(j);
  JSON_STR(j, "finding", info->key);
  JSON_STR(j, "severity", quic_severity_name(f->severity));
  JSON_STR(j, "title", info->title);
  JSON_KEY(j, "side");
  json_side(j, f->side);
  JSON_KEY(j, "from_ms");
  slow_ms(o, j, f->from);
  JSON_KEY(j, "to_ms");
  slow_ms(o, j, f->to);
  JSON_KEY(j, "frame");
  json_known(j, f->record);
  JSON_KEY(j, "last_frame");
  json_known(j, f->last);
  JSON_KEY(j, "stream");
  json_known(j, f->stream_id);
  json_facts(o, j, f);
  JSON_STR(j, "text", f->text);
  qlog_json_object_end(j);
}

static void json_findings(const out_slow *o, qlog_json *j, const qd_trace *tr) {
  const quic_finding *f;

  JSON_KEY(j, "findings");
  qlog_json_array(j);
  for (size_t i = 0; tr->findings && (f = quic_findings_at(tr->findings, i));
       i++) {
    if (f->determinable) {
      json_finding(o, j, f);
    }
  }
  qlog_json_array_end(j);
}

static void json_waterfall(const out_slow *o, qlog_json *j,
                           const qd_trace *tr) {
  const quic_phases *ph = quic_analysis_phases(tr->analysis);

  JSON_KEY(j, "handshake");
  qlog_json_array(j);
  for (int i = 0; i < QUIC_PHASES_MAX; i++) {
    if (quic_mark_set(&ph->at[i])) {
      qlog_json_object(j);
      JSON_STR(j, "phase", quic_phase_name((quic_phase)i));
      JSON_KEY(j, "ms");
      slow_ms(o, j, ph->at[i].time);
      JSON_KEY(j, "frame");
      json_known(j, ph->at[i].record);
      qlog_json_object_end(j);
    }
  }
  qlog_json_array_end(j);
}

static void json_split(qlog_json *j, const qd_trace *tr, int side) {
  qd_costs_split s;

  qd_costs_split_of(tr, side, &s);
  JSON_KEY(j, "octets");
  qlog_json_object(j);
  JSON_U64(j, "all", s.octets);
  JSON_U64(j, "content", s.body);
  JSON_U64(j, "streams", s.stream);
  JSON_U64(j, "datagrams", s.datagrams);
  JSON_U64(j, "tls", s.tls);
  JSON_U64(j, "repeated", s.repeated);
  JSON_U64(j, "acks", s.acks);
  JSON_U64(j, "padding", s.padding);
  JSON_U64(j, "frames", s.frames);
  JSON_U64(j, "headers", s.headers);
  JSON_U64(j, "closed", s.closed);
  JSON_U64(j, "ip_udp", s.ip_udp);
  qlog_json_object_end(j);
}

static void json_paths(qlog_json *j, const qd_trace *tr, int side) {
  const quic_path *path = quic_analysis_path(tr->analysis);

  JSON_KEY(j, "rtt");
  qlog_json_array(j);
  for (size_t i = 0; i < path->ntuples; i++) {
    const quic_rtt *rtt = &tr->costs->side[side].paths[i];

    if (!rtt->samples) {
      continue;
    }
    qlog_json_object(j);
    JSON_KEY(j, "client");
    json_address(j, &path->tuples[i].client);
    JSON_KEY(j, "server");
    json_address(j, &path->tuples[i].server);
    JSON_U64(j, "samples", rtt->samples);
    JSON_KEY(j, "min_ms");
    json_duration(j, rtt->min);
    JSON_KEY(j, "smoothed_ms");
    json_duration(j, rtt->smoothed);
    JSON_KEY(j, "max_ms");
    json_duration(j, rtt->max);
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

static void json_side_of(const out_slow *o, qlog_json *j, const qd_trace *tr,
                         int side) {
  const quic_sent *sent =
      quic_analysis_sent(tr->analysis, side, QUIC_SPACE_APP);
  const quic_totals *sum = quic_analysis_totals(tr->analysis, side);
  const qd_costs_side *c = &tr->costs->side[side];

  qlog_json_key(j, quic_side_name(side));
  qlog_json_object(j);
  json_paths(j, tr, side);
  JSON_U64(j, "in_flight_max", sent ? sent->in_flight_max : 0);
  JSON_KEY(j, "first_loss_ms");
  slow_ms(o, j, c->first_lost);
  JSON_U64(j, "acks", sum->acks);
  JSON_U64(j, "ack_only", sum->ack_only);
  JSON_KEY(j, "ack_delay_median_ms");
  json_duration(j, qd_costs_delay(tr->costs, side, 50));
  JSON_KEY(j, "ack_delay_p99_ms");
  json_duration(j, qd_costs_delay(tr->costs, side, 99));
  JSON_KEY(j, "ack_delay_max_ms");
  json_duration(j, c->delay_max);
  json_split(j, tr, side);
  qlog_json_object_end(j);
}

static void json_slowest(const out_slow *o, qlog_json *j, const qd_trace *tr) {
  JSON_KEY(j, "slowest");
  qlog_json_array(j);
  for (size_t i = 0; i < tr->costs->nslowest; i++) {
    const qd_costs_request *rq = &tr->costs->slowest[i];

    qlog_json_object(j);
    JSON_U64(j, "request", rq->number);
    JSON_U64(j, "stream", rq->stream_id);
    JSON_U64(j, "status", rq->status);
    JSON_STR(j, "url", rq->url);
    JSON_KEY(j, "ms");
    slow_ms(o, j, rq->begun);
    JSON_KEY(j, "ttfb_ms");
    json_duration(j, rq->ttfb);
    JSON_KEY(j, "total_ms");
    json_duration(j, rq->total);
    JSON_U64(j, "octets", rq->body);
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

static void json_begin_slow(out_slow *o, qlog_json *j) {
  if (o->begun) {
    return;
  }
  o->begun = true;
  qlog_json_object(j);
  JSON_STR(j, "schema", "quicdump/1");
  JSON_STR(j, "type", "slow_begin");
  JSON_STR(j, "program", "h3kit " H3KIT_VERSION);
  JSON_KEY(j, "time");
  json_absolute(j, o->base.started ? o->base.start : QUIC_TIME_NEVER);
  qlog_json_object_end(j);
  qlog_json_end(j);
}

static void slow_json(out_slow *o, const qd_trace *tr) {
  qlog_json j;

  qlog_json_init(&j, o->settings.text);
  json_begin_slow(o, &j);
  qlog_json_object(&j);
  JSON_STR(&j, "type", "slow");
  JSON_U64(&j, "conn", tr->number);
  JSON_STR(&j, "sender", quic_side_name(qd_slow_sender(tr)));
  JSON_KEY(&j, "duration_ms");
  json_duration(&j, qd_slow_duration(tr));
  json_limits(&j, tr);
  json_findings(o, &j, tr);
  json_waterfall(o, &j, tr);
  if (tr->costs) {
    for (int side = 0; side < QUIC_SIDES; side++) {
      json_side_of(o, &j, tr, side);
    }
    json_slowest(o, &j, tr);
  }
  qlog_json_object_end(&j);
  qlog_json_end(&j);
}

static void slow_ended(qd_output *out, struct qd_trace *tr) {
  out_slow *o = (out_slow *)(void *)out;

  if (o->settings.json) {
    slow_json(o, tr);
  } else {
    slow_text(o, tr);
  }
}

static void slow_finish(qd_output *out) {
  out_slow *o = (out_slow *)(void *)out;
  qlog_json j;

  if (!o->settings.json) {
    return;
  }
  qlog_json_init(&j, o->settings.text);
  json_begin_slow(o, &j);
  qlog_json_object(&j);
  JSON_STR(&j, "type", "slow_end");
  qlog_json_object_end(&j);
  qlog_json_end(&j);
}

static void slow_del(qd_output *out) {
  out_slow *o = (out_slow *)(void *)out;

  quic_mem_free(o->settings.mem, o);
}

int qd_output_slow_new(qd_output **out, const qd_output_settings *settings) {
  out_slow *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.ended = slow_ended;
  o->base.finish = slow_finish;
  o->base.del = slow_del;
  o->settings = *settings;
  *out = &o->base;
  return 0;
}
