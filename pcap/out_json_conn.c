#include "pcap/out_json.h"
#include "wire/names.h"

/* A member of a struct of the analysis, and how its value is written. */
typedef enum conn_kind {
  CONN_COUNT,    /* uint64_t */
  CONN_KNOWN,    /* uint64_t, or null when it is UINT64_MAX */
  CONN_DURATION, /* ns, written as ms */
} conn_kind;

typedef struct conn_member {
  const char *key;
  size_t offset;
  conn_kind kind;
} conn_member;

#define COUNT(type, member)                                                    \
  { #member, offsetof(type, member), CONN_COUNT }
#define KNOWN(type, member)                                                    \
  { #member, offsetof(type, member), CONN_KNOWN }
#define DURATION(type, key, member)                                            \
  { key, offsetof(type, member), CONN_DURATION }
#define LENGTH(rows) (sizeof(rows) / sizeof((rows)[0]))

static void conn_members(qlog_json *j, const void *object,
                         const conn_member *rows, size_t n) {
  for (size_t i = 0; i < n; i++) {
    uint64_t v;

    memcpy(&v, (const uint8_t *)object + rows[i].offset, sizeof(v));
    qlog_json_key(j, rows[i].key);
    if (rows[i].kind == CONN_COUNT) {
      qlog_json_u64(j, v);
    } else if (rows[i].kind == CONN_KNOWN) {
      json_known(j, v);
    } else {
      json_duration(j, v);
    }
  }
}

/* conn_both writes an object with one of |write| for each side. */
static void conn_both(out_json *o, const qd_trace *tr, const char *key,
                      void (*write)(out_json *o, const qd_trace *tr,
                                    int side)) {
  qlog_json_key(&o->j, key);
  qlog_json_object(&o->j);
  JSON_KEY(&o->j, "client");
  write(o, tr, QUIC_SIDE_CLIENT);
  JSON_KEY(&o->j, "server");
  write(o, tr, QUIC_SIDE_SERVER);
  qlog_json_object_end(&o->j);
}

/* conn_mark writes a place in the capture. */
static void conn_mark(out_json *o, const quic_mark *m) {
  qlog_json *j = &o->j;

  if (!quic_mark_set(m)) {
    qlog_json_null(j);
    return;
  }
  qlog_json_object(j);
  JSON_KEY(j, "frame");
  json_known(j, m->record);
  JSON_KEY(j, "ms");
  json_relative(o, m->time);
  JSON_KEY(j, "dir");
  json_side(j, m->side);
  JSON_KEY(j, "pn");
  json_known(j, m->number);
  qlog_json_object_end(j);
}

/* Identity. */

static void conn_addresses(out_json *o, const qd_trace *tr) {
  const qd_conn *conn = tr->conn;
  const quic_path *path = quic_analysis_path(tr->analysis);
  bool known = path->ntuples > 0;

  JSON_KEY(&o->j, "client");
  json_address(&o->j,
               known ? &path->tuples[0].client : &conn->sides[QD_CLIENT].addr);
  JSON_KEY(&o->j, "server");
  json_address(&o->j,
               known ? &path->tuples[0].server : &conn->sides[QD_SERVER].addr);
}

static void conn_cids(out_json *o, const qd_trace *tr, int side) {
  const qd_endpoint *end = &tr->conn->sides[side];

  qlog_json_array(&o->j);
  for (uint8_t i = 0; i < end->ncids; i++) {
    qlog_json_hex(&o->j, quic_bytes_of(end->cids[i].data, end->cids[i].len));
  }
  qlog_json_array_end(&o->j);
}

static void conn_name(qlog_json *j, const char *name) {
  if (name) {
    qlog_json_str(j, name);
  } else {
    qlog_json_null(j);
  }
}

static void conn_tls(out_json *o, const qd_trace *tr) {
  const qd_facts *facts = &tr->conn->facts;
  quic_bytes alpn = qd_conn_alpn(tr->conn);
  qlog_json *j = &o->j;

  JSON_KEY(j, "sni");
  conn_name(j, facts->sni[0] ? facts->sni : NULL);
  JSON_KEY(j, "alpn");
  if (alpn.len) {
    qlog_json_text(j, alpn);
  } else {
    qlog_json_null(j);
  }
  JSON_KEY(j, "alpn_offered");
  json_alpns(j, quic_bytes_of(facts->alpn, facts->alpn_len));
  JSON_KEY(j, "cipher_suite");
  conn_name(j, quic_name_cipher_suite(facts->suite));
  JSON_KEY(j, "group");
  conn_name(j, quic_name_group(facts->group));
  JSON_BOOL(j, "psk", facts->psk);
  JSON_BOOL(j, "ech", facts->ech);
  JSON_BOOL(j, "retry", tr->conn->retried);
}

static void conn_identity(out_json *o, const qd_trace *tr) {
  const qd_conn *conn = tr->conn;
  qlog_json *j = &o->j;

  conn_addresses(o, tr);
  JSON_KEY(j, "time");
  json_absolute(j, conn->first);
  JSON_KEY(j, "ms");
  json_relative(o, conn->first);
  JSON_KEY(j, "duration_ms");
  json_duration(j, quic_time_since(conn->last, conn->first));
  JSON_KEY(j, "version");
  /* A Version Negotiation has none of its own: what the client asked for. */
  json_version(j, conn->version ? conn->version
                                : quic_analysis_close(tr->analysis)->version);
  JSON_KEY(j, "odcid");
  if (qd_trace_odcid(tr).len) {
    qlog_json_hex(j, qd_trace_odcid(tr));
  } else {
    qlog_json_null(j);
  }
  conn_both(o, tr, "cids", conn_cids);
  conn_tls(o, tr);
}

static void conn_tparams(out_json *o, const qd_trace *tr, int side) {
  json_parameters(&o->j, tr->conn, (qd_side)side);
}

/* The handshake: when each of its steps was first seen. */
static void conn_handshake(out_json *o, const qd_trace *tr) {
  const quic_phases *ph = quic_analysis_phases(tr->analysis);
  qlog_json *j = &o->j;

  JSON_KEY(j, "handshake");
  qlog_json_object(j);
  JSON_BOOL(j, "complete", quic_phases_complete(ph));
  JSON_STR(j, "early_data", quic_early_name(ph->early));
  JSON_U64(j, "early_octets", ph->early_octets);
  JSON_U64(j, "received_before_validation", ph->received);
  JSON_U64(j, "sent_before_validation", ph->sent);
  JSON_BOOL(j, "amplification_limit_reached", ph->limit_reached);
  JSON_BOOL(j, "amplification_limit_broken", ph->limit_broken);
  JSON_KEY(j, "phases");
  qlog_json_object(j);
  for (int i = 0; i < QUIC_PHASES_MAX; i++) {
    if (quic_mark_set(&ph->at[i])) {
      qlog_json_key(j, quic_phase_name((quic_phase)i));
      conn_mark(o, &ph->at[i]);
    }
  }
  qlog_json_object_end(j);
  qlog_json_object_end(j);
}

/* Figures of each side. */

static void conn_totals(out_json *o, const qd_trace *tr, int side) {
  static const conn_member rows[] = {
      COUNT(quic_totals, packets),          COUNT(quic_totals, octets),
      COUNT(quic_totals, datagrams),        COUNT(quic_totals, datagram_octets),
      COUNT(quic_totals, opened),           COUNT(quic_totals, closed),
      COUNT(quic_totals, eliciting),        COUNT(quic_totals, ack_only),
      COUNT(quic_totals, padding),          COUNT(quic_totals, acks),
      COUNT(quic_totals, stateless_resets),
  };
  const quic_totals *totals = quic_analysis_totals(tr->analysis, side);
  qlog_json *j = &o->j;

  qlog_json_object(j);
  conn_members(j, totals, rows, LENGTH(rows));
  JSON_KEY(j, "by_type");
  qlog_json_object(j);
  for (int i = 0; i < QUIC_PACKET_TYPES; i++) {
    if (totals->by_type[i]) {
      qlog_json_key_u64(j, quic_packet_type_name((quic_packet_type)i),
                        totals->by_type[i]);
    }
  }
  qlog_json_object_end(j);
  qlog_json_object_end(j);
}

static void conn_rtt_of(qlog_json *j, const quic_rtt *rtt) {
  static const conn_member rows[] = {
      COUNT(quic_rtt, samples),
      DURATION(quic_rtt, "min_ms", min),
      DURATION(quic_rtt, "smoothed_ms", smoothed),
      DURATION(quic_rtt, "rttvar_ms", rttvar),
      DURATION(quic_rtt, "latest_ms", latest),
      DURATION(quic_rtt, "max_ms", max),
  };

  if (!rtt->samples) {
    qlog_json_null(j);
    return;
  }
  qlog_json_object(j);
  conn_members(j, rtt, rows, LENGTH(rows));
  qlog_json_object_end(j);
}

static void conn_rtt(out_json *o, const qd_trace *tr, int side) {
  conn_rtt_of(&o->j, quic_analysis_rtt(tr->analysis, side));
}

static void conn_share(out_json *o, const qd_trace *tr, int side) {
  conn_rtt_of(&o->j, quic_analysis_share(tr->analysis, side));
}

static void conn_loss(out_json *o, const qd_trace *tr, int side) {
  static const conn_member rows[] = {
      COUNT(quic_sent_counts, packets),
      COUNT(quic_sent_counts, acked),
      COUNT(quic_sent_counts, lost),
      COUNT(quic_sent_counts, lost_octets),
      COUNT(quic_sent_counts, spurious),
      COUNT(quic_sent_counts, probes),
      COUNT(quic_sent_counts, reordered),
      COUNT(quic_sent_counts, reorder_max),
      DURATION(quic_sent_counts, "reorder_time_max_ms", reorder_time_max),
      COUNT(quic_sent_counts, duplicates),
      COUNT(quic_sent_counts, missed),
      COUNT(quic_sent_counts, optimistic),
  };
  quic_sent_counts counts;

  quic_analysis_sum(tr->analysis, side, &counts);
  qlog_json_object(&o->j);
  conn_members(&o->j, &counts, rows, LENGTH(rows));
  qlog_json_object_end(&o->j);
}

static void conn_flow(out_json *o, const qd_trace *tr, int side) {
  static const conn_member rows[] = {
      COUNT(quic_flow_side, octets),
      COUNT(quic_flow_side, repeated),
      COUNT(quic_flow_side, sum),
      KNOWN(quic_flow_side, max_data),
      COUNT(quic_flow_side, resets),
      COUNT(quic_flow_side, stops),
      COUNT(quic_flow_side, raises),
      COUNT(quic_flow_side, data_blocked),
      COUNT(quic_flow_side, stream_blocked),
      COUNT(quic_flow_side, streams_blocked),
      DURATION(quic_flow_side, "stream_blocked_ms", stream_blocked_time),
      DURATION(quic_flow_side, "streams_blocked_ms", streams_blocked_time),
      COUNT(quic_flow_side, crypto_octets),
      COUNT(quic_flow_side, crypto_repeated),
      COUNT(quic_flow_side, datagrams),
      COUNT(quic_flow_side, datagram_octets),
  };
  const quic_flow *flow = quic_analysis_flow(tr->analysis);
  qlog_json *j = &o->j;

  if (!flow) {
    qlog_json_null(j);
    return;
  }
  qlog_json_object(j);
  conn_members(j, quic_flow_side_of(flow, side), rows, LENGTH(rows));
  JSON_KEY(j, "blocked_ms");
  json_duration(j, quic_flow_blocked(flow, side, tr->now));
  JSON_U64(j, "streams_bidirectional",
           quic_flow_streams(flow, side == QUIC_SIDE_SERVER));
  JSON_U64(j, "streams_unidirectional",
           quic_flow_streams(flow, 2 + (side == QUIC_SIDE_SERVER)));
  qlog_json_object_end(j);
}

static void conn_violations(out_json *o, const qd_trace *tr) {
  const quic_flow *flow = quic_analysis_flow(tr->analysis);
  const quic_flow_violation *v;
  qlog_json *j = &o->j;

  JSON_KEY(j, "violations");
  qlog_json_array(j);
  for (size_t i = 0; flow && (v = quic_flow_violation_at(flow, i)); i++) {
    qlog_json_object(j);
    JSON_STR(j, "kind", quic_flow_kind_name(v->kind));
    JSON_KEY(j, "at");
    conn_mark(o, &v->at);
    JSON_KEY(j, "stream_id");
    json_known(j, v->stream_id);
    JSON_U64(j, "value", v->value);
    JSON_U64(j, "limit", v->limit);
    JSON_BOOL(j, "certain", v->certain);
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

/* The ways it took. */

static void conn_path(out_json *o, const qd_trace *tr, int side) {
  static const conn_member rows[] = {
      COUNT(quic_path_side, ect0),    COUNT(quic_path_side, ect1),
      COUNT(quic_path_side, ce),      COUNT(quic_path_side, datagram_max),
      COUNT(quic_path_side, updates), COUNT(quic_path_side, spin_edges),
  };
  const quic_path_side *s = &quic_analysis_path(tr->analysis)->side[side];
  qlog_json *j = &o->j;

  qlog_json_object(j);
  JSON_KEY(j, "ecn");
  qlog_json_array(j);
  for (int i = 0; i < 4; i++) {
    qlog_json_u64(j, s->ecn[i]);
  }
  qlog_json_array_end(j);
  conn_members(j, s, rows, LENGTH(rows));
  qlog_json_object_end(j);
}

static void conn_tuples(out_json *o, const qd_trace *tr) {
  const quic_path *path = quic_analysis_path(tr->analysis);
  qlog_json *j = &o->j;

  JSON_KEY(j, "paths");
  qlog_json_array(j);
  for (size_t i = 0; i < path->ntuples; i++) {
    const quic_path_tuple *tuple = &path->tuples[i];

    qlog_json_object(j);
    JSON_KEY(j, "client");
    json_address(j, &tuple->client);
    JSON_KEY(j, "server");
    json_address(j, &tuple->server);
    JSON_STR(j, "change", quic_path_change_name(tuple->change));
    JSON_KEY(j, "first");
    conn_mark(o, &tuple->first);
    JSON_KEY(j, "challenged_ms");
    json_relative(o, tuple->challenged);
    JSON_KEY(j, "validated_ms");
    json_relative(o, tuple->validated);
    JSON_U64(j, "packets",
             tuple->packets[QUIC_SIDE_CLIENT] +
                 tuple->packets[QUIC_SIDE_SERVER]);
    JSON_U64(j, "octets",
             tuple->octets[QUIC_SIDE_CLIENT] + tuple->octets[QUIC_SIDE_SERVER]);
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

/* How it ended. */

static void conn_evidence(out_json *o, const quic_close *c) {
  qlog_json *j = &o->j;

  JSON_KEY(j, "evidence");
  qlog_json_array(j);
  for (size_t i = 0; i < c->nevidence; i++) {
    qlog_json_object(j);
    JSON_STR(j, "shows", quic_close_shows_name(c->evidence[i].shows));
    JSON_KEY(j, "at");
    conn_mark(o, &c->evidence[i].at);
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

static void conn_code(qlog_json *j, const quic_close *c) {
  JSON_KEY(j, "space");
  conn_name(j, quic_close_space_name(c->space));
  JSON_KEY(j, "error_code");
  json_known(j, c->code);
  JSON_KEY(j, "error");
  conn_name(j, c->name);
  JSON_KEY(j, "alert");
  json_known(j, c->alert < 0 ? UINT64_MAX : (uint64_t)c->alert);
  JSON_KEY(j, "frame_type");
  json_known(j, c->frame_type);
  JSON_TEXT(j, "reason_phrase", quic_bytes_of(c->phrase, c->phrase_len));
}

static void conn_close(out_json *o, const qd_trace *tr) {
  static const conn_member rows[] = {
      DURATION(quic_close, "since_start_ms", since_start),
      DURATION(quic_close, "since_handshake_ms", since_handshake),
      DURATION(quic_close, "silence_ms", silence),
      DURATION(quic_close, "idle_timeout_ms", idle_timeout),
      COUNT(quic_close, unanswered),
      COUNT(quic_close, open_streams),
      COUNT(quic_close, open_requests),
      COUNT(quic_close, unacked),
      COUNT(quic_close, unacked_octets),
  };
  const quic_close *c = quic_analysis_close(tr->analysis);
  qlog_json *j = &o->j;
  char sentence[1024];
  quic_text t;

  quic_text_init(&t, sentence, sizeof(sentence));
  quic_close_sentence(c, &t);
  JSON_KEY(j, "close");
  qlog_json_object(j);
  JSON_STR(j, "class", quic_close_class_name(c->class));
  JSON_KEY(j, "by");
  json_side(j, c->by);
  JSON_BOOL(j, "inferred", c->inferred);
  JSON_BOOL(j, "needs_keys", c->needs_keys);
  JSON_TEXT(j, "sentence", quic_bytes_of(sentence, t.len));
  JSON_KEY(j, "at");
  conn_mark(o, &c->at);
  conn_code(j, c);
  JSON_BOOL(j, "answered", c->answered);
  JSON_STR(j, "handshake", quic_close_state_name(c->state));
  JSON_BOOL(j, "goaway", c->goaway);
  conn_members(j, c, rows, LENGTH(rows));
  conn_evidence(o, c);
  qlog_json_object_end(j);
}

static void conn_application(out_json *o, const qd_trace *tr) {
  qlog_json *j = &o->j;

  JSON_U64(j, "requests", tr->requests);
  JSON_U64(j, "responses", tr->responses);
  JSON_U64(j, "failed", tr->failed);
  JSON_U64(j, "warnings", tr->notes);
}

void json_connection(out_json *o, const qd_trace *tr) {
  json_begin(o, "connection");
  JSON_U64(&o->j, "conn", tr->number);
  conn_identity(o, tr);
  conn_both(o, tr, "parameters", conn_tparams);
  conn_handshake(o, tr);
  conn_both(o, tr, "sent", conn_totals);
  conn_both(o, tr, "rtt", conn_rtt);
  conn_both(o, tr, "rtt_share", conn_share);
  conn_both(o, tr, "recovery", conn_loss);
  conn_both(o, tr, "flow", conn_flow);
  conn_violations(o, tr);
  conn_both(o, tr, "network", conn_path);
  conn_tuples(o, tr);
  conn_application(o, tr);
  conn_close(o, tr);
  json_end(o);
}
