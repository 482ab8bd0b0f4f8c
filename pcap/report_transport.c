#include "crypto/suite.h"
#include "pcap/figures.h"
#include "pcap/report.h"
#include "pcap/show.h"

/* What the transport did: packets, loss, round trips, flow control, paths and
   keys. */

/* transport_count writes ", 12 what", or "12 what" at the start of a line. */
static void transport_count(quic_text *t, size_t start, uint64_t n,
                            const char *what) {
  if (n) {
    quic_text_str(t, quic_text_pos(t) > start ? ", " : "");
    quic_text_u64(t, n);
    quic_text_char(t, ' ');
    quic_text_str(t, what);
  }
}

static void transport_side(quic_text *t, const quic_analysis *a, int side) {
  const quic_totals *sum = quic_analysis_totals(a, side);
  size_t start;

  qd_report_name(t, side ? "server sent" : "client sent");
  start = quic_text_pos(t);
  quic_text_u64(t, sum->packets);
  quic_text_str(t, " packets in ");
  quic_text_u64(t, sum->datagrams);
  quic_text_str(t, " datagrams, ");
  qd_show_bytes(t, sum->datagram_octets);
  transport_count(t, start, sum->closed, "not opened");
  transport_count(t, start, sum->eliciting, "ack-eliciting");
  transport_count(t, start, sum->ack_only, "only ACK");
  if (sum->padding) {
    quic_text_str(t, ", ");
    qd_show_bytes(t, sum->padding);
    quic_text_str(t, " padding");
  }
  quic_text_char(t, '\n');
}

static void transport_loss(quic_text *t, const quic_analysis *a, int side) {
  quic_sent_counts c;
  size_t start;

  quic_analysis_sum(a, side, &c);
  if (!c.packets) {
    return;
  }
  qd_report_name(t, side ? "server lost" : "client lost");
  start = quic_text_pos(t);
  if (qd_figures_judged(a, side)) {
    quic_text_u64(t, c.lost);
    quic_text_str(t, " (");
    qd_report_share(t, c.lost, c.packets);
    quic_text_char(t, ')');
  } else {
    quic_text_str(t, "unknown");
  }
  transport_count(t, start, c.lost_by_number, "by reordering threshold");
  transport_count(t, start, c.lost - c.lost_by_number, "by time");
  transport_count(t, start, c.spurious, "had arrived (spurious)");
  transport_count(t, start, c.probes, "probes (PTO)");
  transport_count(t, start, c.reordered, "reordered");
  if (c.reordered) {
    quic_text_str(t, " by up to ");
    quic_text_u64(t, c.reorder_max);
  }
  transport_count(t, start, c.duplicates, "numbers seen twice");
  transport_count(t, start, c.missed, "acknowledged but not captured");
  transport_count(t, start, c.optimistic, "acknowledged before they were sent");
  quic_text_char(t, '\n');
}

static void transport_rtt_one(quic_text *t, const char *name,
                              const quic_rtt *rtt) {
  if (!rtt->samples) {
    return;
  }
  qd_report_name(t, name);
  quic_text_str(t, "min ");
  quic_close_duration(t, rtt->min);
  quic_text_str(t, ", smoothed ");
  quic_close_duration(t, rtt->smoothed);
  quic_text_str(t, ", variation ");
  quic_close_duration(t, rtt->rttvar);
  quic_text_str(t, ", max ");
  quic_close_duration(t, rtt->max);
  quic_text_str(t, ", ");
  quic_text_u64(t, rtt->samples);
  quic_text_str(t, rtt->samples == 1 ? " sample\n" : " samples\n");
}

static void transport_flow(quic_text *t, const qd_trace *tr, int side) {
  const quic_flow *flow = quic_analysis_flow(tr->analysis);
  const quic_flow_side *s = flow ? quic_flow_side_of(flow, side) : NULL;
  quic_duration blocked;
  size_t start;

  if (!s || !(s->octets || s->crypto_octets || s->datagrams)) {
    return;
  }
  qd_report_name(t, side ? "server streams" : "client streams");
  start = quic_text_pos(t);
  qd_show_bytes(t, s->octets);
  if (s->repeated) {
    quic_text_str(t, ", ");
    qd_show_bytes(t, s->repeated);
    quic_text_str(t, " again (");
    qd_report_share(t, s->repeated, s->octets);
    quic_text_char(t, ')');
  }
  transport_count(t, start, s->opened[0], "bidirectional");
  transport_count(t, start, s->opened[1], "unidirectional");
  transport_count(t, start, s->resets, "RESET_STREAM");
  transport_count(t, start, s->stops, "STOP_SENDING");
  transport_count(t, start, s->datagrams, "DATAGRAM");
  transport_count(t, start, s->data_blocked, "DATA_BLOCKED");
  transport_count(t, start, s->stream_blocked, "STREAM_DATA_BLOCKED");
  blocked = quic_flow_blocked(flow, side, tr->now) + s->stream_blocked_time;
  if (blocked) {
    quic_text_str(t, ", waited ");
    quic_close_duration(t, blocked);
    quic_text_str(t, " for flow control");
  }
  quic_text_char(t, '\n');
}

static void transport_violations(quic_text *t, const qd_trace *tr) {
  const quic_flow *flow = quic_analysis_flow(tr->analysis);
  const quic_flow_violation *v;

  for (size_t i = 0; flow && (v = quic_flow_violation_at(flow, i)); i++) {
    qd_report_name(t, i ? "" : "violations");
    quic_text_str(t, quic_side_name(v->at.side));
    quic_text_str(t, ": ");
    quic_text_str(t, quic_flow_kind_name(v->kind));
    if (v->stream_id != QLOG_NONE) {
      quic_text_str(t, ", stream ");
      quic_text_u64(t, v->stream_id);
    }
    quic_text_str(t, ", ");
    quic_text_u64(t, v->value);
    quic_text_str(t, " beyond ");
    quic_text_u64(t, v->limit);
    if (v->at.record != QLOG_NONE) {
      quic_text_str(t, ", #");
      quic_text_u64(t, v->at.record);
    }
    quic_text_str(t, v->certain ? "\n" : " (if nothing is missing)\n");
  }
}

void qd_report_transport(quic_text *t, const qd_trace *tr) {
  const quic_analysis *a = tr->analysis;
  const quic_path *path = quic_analysis_path(a);

  for (int side = 0; side < QUIC_SIDES; side++) {
    transport_side(t, a, side);
    transport_loss(t, a, side);
    transport_flow(t, tr, side);
  }
  transport_rtt_one(t, "RTT, client", quic_analysis_rtt(a, QUIC_SIDE_CLIENT));
  transport_rtt_one(t, "RTT, server", quic_analysis_rtt(a, QUIC_SIDE_SERVER));
  transport_rtt_one(t, "here to client",
                    quic_analysis_share(a, QUIC_SIDE_CLIENT));
  transport_rtt_one(t, "here to server",
                    quic_analysis_share(a, QUIC_SIDE_SERVER));
  transport_rtt_one(t, "spin bit, client", &path->spin[QUIC_SIDE_CLIENT]);
  transport_rtt_one(t, "spin bit, server", &path->spin[QUIC_SIDE_SERVER]);
  transport_violations(t, tr);
}

/* Paths and keys. */

static void paths_tuple(quic_text *t, const quic_path_tuple *tuple, size_t i,
                        quic_time start) {
  qd_report_name(t, i ? "" : "paths");
  quic_text_str(t, quic_path_change_name(tuple->change));
  quic_text_str(t, "  ");
  qd_show_addr(t, &tuple->client);
  quic_text_str(t, " > ");
  qd_show_addr(t, &tuple->server);
  quic_text_str(t, "  from ");
  qd_report_mark(t, &tuple->first, start);
  if (tuple->validated != QUIC_TIME_NEVER) {
    quic_text_str(t, ", validated in ");
    quic_close_duration(t,
                        quic_time_since(tuple->validated, tuple->challenged));
  } else if (tuple->challenged != QUIC_TIME_NEVER) {
    quic_text_str(t, ", challenged, not validated");
  }
  quic_text_char(t, '\n');
}

static void paths_generation(quic_text *t, const qd_trace *tr, int side,
                             const quic_path_generation *g, quic_time start) {
  const quic_suite *suite = quic_suite_find(tr->conn->facts.suite);

  qd_report_name(t, side ? "server key" : "client key");
  quic_text_str(t, "generation ");
  quic_text_u64(t, g->phase);
  quic_text_str(t, ": ");
  quic_text_u64(t, g->packets);
  quic_text_str(t, " packets from ");
  qd_report_mark(t, &g->first, start);
  if (suite && g->packets > suite->confidentiality_limit) {
    quic_text_str(t, "  ! more than its AEAD allows (RFC 9001 6.6)");
  }
  quic_text_char(t, '\n');
}

static void paths_ecn(quic_text *t, const quic_path *path, int side) {
  const quic_path_side *s = &path->side[side];
  uint64_t marked = s->ecn[1] + s->ecn[2] + s->ecn[3];

  if (!marked) {
    return;
  }
  qd_report_name(t, side ? "server ECN" : "client ECN");
  quic_text_u64(t, s->ecn[2]);
  quic_text_str(t, " ECT(0), ");
  quic_text_u64(t, s->ecn[1]);
  quic_text_str(t, " ECT(1), ");
  quic_text_u64(t, s->ecn[3]);
  quic_text_str(t, " CE here; its ACKs report ");
  quic_text_u64(t, s->ect0);
  quic_text_char(t, '/');
  quic_text_u64(t, s->ect1);
  quic_text_char(t, '/');
  quic_text_u64(t, s->ce);
  quic_text_char(t, '\n');
}

void qd_report_paths(quic_text *t, const qd_trace *tr, quic_time start) {
  const quic_path *path = quic_analysis_path(tr->analysis);

  for (size_t i = 0; path->ntuples > 1 && i < path->ntuples; i++) {
    paths_tuple(t, &path->tuples[i], i, start);
  }
  for (int side = 0; side < QUIC_SIDES; side++) {
    const quic_path_side *s = &path->side[side];

    for (size_t i = 0; i < s->ngenerations; i++) {
      paths_generation(t, tr, side, &s->generations[i], start);
    }
    paths_ecn(t, path, side);
  }
}
