/* Sections of --slow: where the time and the octets of a connection went. */

#include "analysis/limits.h"
#include "pcap/figures.h"
#include "pcap/report.h"
#include "pcap/report_slow.h"
#include "pcap/show.h"

#define SLOW_BAR 40         /* cells */
#define SLOW_FINDINGS_MAX 5 /* on the first screen */
#define SLOW_DATAGRAM 1200
#define SLOW_WINDOW_MIN (10 * SLOW_DATAGRAM) /* RFC 9002 §7.2 */
#define SLOW_IP_UDP 28 /* octets of IPv4 and UDP headers */

int qd_slow_sender(const qd_trace *tr) {
  const quic_flow *flow = quic_analysis_flow(tr->analysis);

  return flow && quic_flow_side_of(flow, QUIC_SIDE_CLIENT)->sum >
                     quic_flow_side_of(flow, QUIC_SIDE_SERVER)->sum
             ? QUIC_SIDE_CLIENT
             : QUIC_SIDE_SERVER;
}

/* slow_window_open: the flight never came close to the smallest window that a
   sender begins with, and no loss made it smaller. */
static bool slow_window_open(const qd_trace *tr) {
  int side = qd_slow_sender(tr);
  const quic_sent *s = quic_analysis_sent(tr->analysis, side, QUIC_SPACE_APP);
  quic_sent_counts c;

  quic_analysis_sum(tr->analysis, side, &c);
  return c.lost == 0 &&
         (!s || s->in_flight_max + SLOW_DATAGRAM <= SLOW_WINDOW_MIN);
}

bool qd_slow_shares_of(const qd_trace *tr, qd_slow_shares *out) {
  const quic_limits *l =
      tr->findings ? quic_findings_limits(tr->findings) : NULL;

  memset(out, 0, sizeof(*out));
  if (!l) {
    return false;
  }
  out->no_window = l->no_window;
  for (int i = 0; i < QUIC_LIMITS; i++) {
    int as = i == QUIC_LIMIT_CWND && l->no_window && slow_window_open(tr)
                 ? QUIC_LIMIT_APPLICATION
                 : i;

    out->share[as] += quic_limits_share(l, (quic_limit)i);
    out->time[as] += l->time[i];
  }
  for (int i = 1; i < QUIC_LIMITS; i++) {
    out->most = out->time[i] > out->time[out->most] ? (quic_limit)i : out->most;
  }
  return true;
}

quic_duration qd_slow_duration(const qd_trace *tr) {
  return quic_time_since(tr->conn->last, tr->conn->first);
}

static uint64_t slow_data(const qd_trace *tr, int side) {
  const quic_flow *flow = quic_analysis_flow(tr->analysis);

  return flow ? quic_flow_side_of(flow, side)->sum : 0;
}

/* slow_percent writes thousandths of a per cent as "62 %". */
static void slow_percent(quic_text *t, uint64_t milli) {
  quic_text_u64(t, (milli + 500) / 1000);
  quic_text_str(t, " %");
}

static void slow_rate(quic_text *t, uint64_t octets, quic_duration d) {
  static const char *const units[] = {"bit/s", "kbit/s", "Mbit/s", "Gbit/s"};
  double rate = d ? (double)octets * 8e9 / (double)d : 0;
  size_t unit = 0;

  while (rate >= 1000 && unit < 3) {
    rate /= 1000;
    unit++;
  }
  quic_text_printf(t, rate < 10 && unit ? "%.1f %s" : "%.0f %s", rate,
                   units[unit]);
}

/* The first screen. */

static void slow_verdict(quic_text *t, const qd_trace *tr) {
  static const char *const reasons[QUIC_LIMITS] = {
      [QUIC_LIMIT_APPLICATION] = "it had no more to send",
      [QUIC_LIMIT_CWND] =
          "as much was in flight as its congestion window seems to let",
      [QUIC_LIMIT_FLOW] = "flow control of its peer held it back",
      [QUIC_LIMIT_PACING] = "its pacer waited",
      [QUIC_LIMIT_AMPLIFICATION] =
          "it waited for its client's address to be validated",
      [QUIC_LIMIT_RECOVERY] = "it recovered from losses",
      [QUIC_LIMIT_IDLE] = "nothing was in flight",
  };
  int side = qd_slow_sender(tr);
  quic_duration lasted = qd_slow_duration(tr);
  qd_slow_shares s;

  qd_report_name(t, "verdict");
  quic_text_str(t, quic_side_name(side));
  quic_text_str(t, " sent ");
  qd_show_bytes(t, slow_data(tr, side));
  quic_text_str(t, " in ");
  quic_close_duration(t, lasted);
  if (lasted) {
    quic_text_str(t, " (");
    slow_rate(t, slow_data(tr, side), lasted);
    quic_text_char(t, ')');
  }
  if (qd_slow_shares_of(tr, &s) && lasted) {
    quic_text_str(t, "; for ");
    slow_percent(t, s.share[s.most]);
    quic_text_str(t, " of that time ");
    quic_text_str(t, reasons[s.most]);
  }
  quic_text_char(t, '\n');
}

/* slow_bar draws the shares as letters, and names them. */
static void slow_bar(quic_text *t, const qd_trace *tr) {
  static const char letters[QUIC_LIMITS] = {'A', 'C', 'F', 'P', 'X', 'R', '.'};
  uint64_t sum = 0, done = 0;
  bool any = false;
  qd_slow_shares s;

  if (!qd_slow_shares_of(tr, &s) || !qd_slow_duration(tr)) {
    return;
  }
  qd_report_name(t, "limited by");
  quic_text_char(t, '[');
  for (int i = 0; i < QUIC_LIMITS; i++) {
    sum += s.share[i];
    for (; done < sum * SLOW_BAR / 100000; done++) {
      quic_text_char(t, letters[i]);
    }
  }
  quic_text_str(t, "] (inferred)\n");
  qd_report_name(t, "");
  for (int i = 0; i < QUIC_LIMITS; i++) {
    if (s.share[i] >= 500) {
      quic_text_str(t, any ? ", " : "");
      quic_text_char(t, letters[i]);
      quic_text_char(t, ' ');
      quic_text_str(t, quic_limit_name((quic_limit)i));
      quic_text_char(t, ' ');
      slow_percent(t, s.share[i]);
      any = true;
    }
  }
  quic_text_char(t, '\n');
  if (s.no_window) {
    qd_report_name(t, "");
    quic_text_str(t, "a capture does not show the window: application and cwnd "
                     "are told by the most that was in flight\n");
  }
}

static void slow_handshake(quic_text *t, const qd_trace *tr) {
  const quic_phases *ph = quic_analysis_phases(tr->analysis);
  const quic_mark *from = &ph->at[QUIC_PHASE_CLIENT_INITIAL];
  const quic_mark *to = &ph->at[QUIC_PHASE_COMPLETE];

  if (!quic_mark_set(from) || !quic_mark_set(to)) {
    return;
  }
  qd_report_name(t, "handshake");
  quic_close_duration(t, quic_time_since(to->time, from->time));
  quic_text_str(t, " (");
  qd_report_share(t, quic_time_since(to->time, from->time),
                  qd_slow_duration(tr));
  quic_text_str(t, " of all)\n");
}

static void slow_network(quic_text *t, const qd_trace *tr) {
  const quic_rtt *rtt = qd_figures_rtt(tr->analysis);
  qd_figures_loss loss;

  if (rtt) {
    qd_report_name(t, "round trip");
    quic_close_duration(t, rtt->min);
    quic_text_str(t, " at least, ");
    quic_close_duration(t, rtt->smoothed);
    quic_text_str(t, " smoothed, ");
    quic_close_duration(t, rtt->max);
    quic_text_str(t, " at most\n");
  }
  if (qd_figures_lost(tr->analysis, &loss)) {
    qd_report_name(t, "lost");
    qd_report_share(t, loss.lost, loss.packets);
    quic_text_str(t, " of packets");
    if (loss.spurious) {
      quic_text_str(t, "; ");
      quic_text_u64(t, loss.spurious);
      quic_text_str(t, " more were declared lost and had arrived");
    }
    quic_text_char(t, '\n');
  }
}

static void slow_blocked(quic_text *t, const qd_trace *tr) {
  const quic_flow *flow = quic_analysis_flow(tr->analysis);

  for (int side = 0; flow && side < QUIC_SIDES; side++) {
    const quic_flow_side *s = quic_flow_side_of(flow, side);
    quic_duration data = quic_flow_blocked(flow, side, tr->now);

    if (!data && !s->stream_blocked_time && !s->streams_blocked_time) {
      continue;
    }
    qd_report_name(t, "flow control");
    quic_text_str(t, quic_side_name(side));
    quic_text_str(t, " waited for the ");
    quic_text_str(t, quic_side_name(!side));
    quic_text_str(t, ": MAX_DATA ");
    quic_close_duration(t, data);
    quic_text_str(t, ", MAX_STREAM_DATA ");
    quic_close_duration(t, s->stream_blocked_time);
    quic_text_str(t, ", MAX_STREAMS ");
    quic_close_duration(t, s->streams_blocked_time);
    quic_text_char(t, '\n');
  }
}

/* slow_place writes "#12-#40 0.012-0.300": records and times of |f|. */
static void slow_place(quic_text *t, const quic_finding *f, quic_time start) {
  if (f->record != QLOG_NONE) {
    quic_text_char(t, '#');
    quic_text_u64(t, f->record);
    if (f->last != QLOG_NONE && f->last != f->record) {
      quic_text_str(t, "-#");
      quic_text_u64(t, f->last);
    }
    quic_text_str(t, "  ");
  }
  qd_show_seconds(t, f->from, start, 0);
  if (f->to != f->from) {
    quic_text_str(t, " .. ");
    qd_show_seconds(t, f->to, start, 0);
  }
}

static void slow_findings(quic_text *t, const qd_trace *tr, quic_time start) {
  const quic_finding *f;
  size_t shown = 0, more = 0;

  for (size_t i = 0; tr->findings && (f = quic_findings_at(tr->findings, i));
       i++) {
    if (!f->determinable) {
      continue;
    }
    if (shown == SLOW_FINDINGS_MAX) {
      more++;
      continue;
    }
    qd_report_name(t, shown++ ? "" : "findings");
    quic_text_str(t, quic_severity_name(f->severity));
    quic_text_str(t, ": ");
    quic_text_str(t, quic_finding_info_of(f->id)->title);
    quic_text_str(t, "  ");
    slow_place(t, f, start);
    quic_text_char(t, '\n');
  }
  if (more) {
    qd_report_name(t, "");
    quic_text_u64(t, more);
    quic_text_str(t, " more below\n");
  }
}

void qd_report_slow(quic_text *t, const qd_trace *tr, quic_time start) {
  slow_verdict(t, tr);
  slow_bar(t, tr);
  slow_handshake(t, tr);
  slow_network(t, tr);
  slow_blocked(t, tr);
  slow_findings(t, tr, start);
}

/* Details: the handshake. */

void qd_report_waterfall(quic_text *t, const qd_trace *tr) {
  const quic_phases *ph = quic_analysis_phases(tr->analysis);
  quic_time first = QUIC_TIME_NEVER, last = 0, before;

  for (int i = 0; i < QUIC_PHASES_MAX; i++) {
    if (quic_mark_set(&ph->at[i])) {
      first = ph->at[i].time < first ? ph->at[i].time : first;
      last = ph->at[i].time > last ? ph->at[i].time : last;
    }
  }
  before = first;
  for (int i = 0; i < QUIC_PHASES_MAX; i++) {
    const quic_mark *m = &ph->at[i];
    quic_duration whole = quic_time_since(last, first) + 1;
    double cell = (double)SLOW_BAR / (double)whole;
    unsigned from, to;

    if (!quic_mark_set(m)) {
      continue;
    }
    from = (unsigned)((double)quic_time_since(before, first) * cell);
    to = (unsigned)((double)quic_time_since(m->time, first) * cell);
    qd_report_name(t, quic_phase_name((quic_phase)i));
    quic_text_char(t, '|');
    for (unsigned at = 0; at < SLOW_BAR; at++) {
      quic_text_char(t, at == to ? '*' : at >= from && at < to ? '-' : ' ');
    }
    quic_text_str(t, "| ");
    quic_close_duration(t, quic_time_since(m->time, first));
    if (m->record != QLOG_NONE) {
      quic_text_str(t, "  #");
      quic_text_u64(t, m->record);
    }
    quic_text_char(t, '\n');
    before = m->time > before ? m->time : before;
  }
}

/* Flight and round trips. */

static void flight_side(quic_text *t, const qd_trace *tr, int side,
                        quic_time start) {
  const quic_sent *s = quic_analysis_sent(tr->analysis, side, QUIC_SPACE_APP);
  const qd_costs_side *c = &tr->costs->side[side];

  if (!s || !s->in_flight_max) {
    return;
  }
  qd_report_name(t, side ? "server in flight" : "client in flight");
  qd_show_bytes(t, s->in_flight_max);
  quic_text_str(t, " at most, at ");
  qd_show_seconds(t, s->in_flight_max_at, start, 0);
  if (c->first_lost != QUIC_TIME_NEVER) {
    quic_text_str(t, "; first loss at ");
    qd_show_seconds(t, c->first_lost, start, 0);
    quic_text_str(t, " with up to ");
    qd_show_bytes(t, c->flight_lost);
    quic_text_str(t, " out: slow start ended there at the latest\n");
  } else {
    quic_text_str(t, "; nothing lost: no loss ended its slow start\n");
  }
}

static void flight_paths(quic_text *t, const qd_trace *tr) {
  const quic_path *path = quic_analysis_path(tr->analysis);

  for (size_t i = 0; path->ntuples > 1 && i < path->ntuples; i++) {
    for (int side = 0; side < QUIC_SIDES; side++) {
      const quic_rtt *rtt = &tr->costs->side[side].paths[i];

      if (!rtt->samples) {
        continue;
      }
      qd_report_name(t, side ? "server's RTT on" : "client's RTT on");
      qd_show_addr(t, &path->tuples[i].client);
      quic_text_str(t, " > ");
      qd_show_addr(t, &path->tuples[i].server);
      quic_text_str(t, ": min ");
      quic_close_duration(t, rtt->min);
      quic_text_str(t, ", max ");
      quic_close_duration(t, rtt->max);
      quic_text_str(t, ", ");
      quic_text_u64(t, rtt->samples);
      quic_text_str(t, rtt->samples == 1 ? " sample\n" : " samples\n");
    }
  }
}

void qd_report_flight(quic_text *t, const qd_trace *tr, quic_time start) {
  for (int side = 0; side < QUIC_SIDES; side++) {
    flight_side(t, tr, side, start);
  }
  flight_paths(t, tr);
}

/* Acknowledgments and overhead. */

static void acks_side(quic_text *t, const qd_trace *tr, int side) {
  const quic_totals *own = quic_analysis_totals(tr->analysis, side);
  const quic_totals *peer = quic_analysis_totals(tr->analysis, !side);

  if (!own->acks) {
    return;
  }
  qd_report_name(t, side ? "server's ACKs" : "client's ACKs");
  quic_text_u64(t, own->acks);
  quic_text_str(t, ", one for ");
  quic_text_printf(t, "%.1f", (double)peer->eliciting / (double)own->acks);
  quic_text_str(t, " ack-eliciting packets; ");
  qd_report_share(t, own->ack_only, own->packets);
  quic_text_str(t, " of its packets are only ACK");
  if (tr->costs->side[side].acks) {
    quic_text_str(t, "; delay told: median ");
    quic_close_duration(t, qd_costs_delay(tr->costs, side, 50));
    quic_text_str(t, ", p99 ");
    quic_close_duration(t, qd_costs_delay(tr->costs, side, 99));
    quic_text_str(t, ", max ");
    quic_close_duration(t, tr->costs->side[side].delay_max);
  }
  quic_text_char(t, '\n');
}

void qd_costs_split_of(const qd_trace *tr, int side, qd_costs_split *out) {
  const quic_totals *sum = quic_analysis_totals(tr->analysis, side);
  const quic_flow *flow = quic_analysis_flow(tr->analysis);
  const qd_costs_side *c = &tr->costs->side[side];
  uint64_t known;

  memset(out, 0, sizeof(*out));
  out->octets = sum->datagram_octets;
  out->ip_udp = sum->datagrams * SLOW_IP_UDP;
  out->headers = c->opened - c->payload;
  out->closed = c->closed;
  out->padding = sum->padding;
  out->acks = c->ack_octets;
  if (flow) {
    const quic_flow_side *s = quic_flow_side_of(flow, side);

    out->repeated = s->repeated + s->crypto_repeated;
    out->tls = s->crypto_octets - s->crypto_repeated;
    out->datagrams = s->datagram_octets;
    out->body = c->body;
    out->stream = s->octets - s->repeated;
    out->stream -= out->body < out->stream ? out->body : out->stream;
  }
  known = out->headers + out->closed + out->padding + out->acks +
          out->repeated + out->tls + out->datagrams + out->body + out->stream;
  /* What is left: headers of frames, frames without data, octets behind the
     last packet of a datagram. */
  out->frames = out->octets > known ? out->octets - known : 0;
}

static void split_part(quic_text *t, uint64_t part, uint64_t whole,
                       const char *name, bool *any) {
  if (part) {
    quic_text_str(t, *any ? ", " : "");
    quic_text_str(t, name);
    quic_text_char(t, ' ');
    qd_report_share(t, part, whole);
    *any = true;
  }
}

static void split_side(quic_text *t, const qd_trace *tr, int side) {
  qd_costs_split s;
  bool any = false;

  qd_costs_split_of(tr, side, &s);
  if (!s.octets) {
    return;
  }
  qd_report_name(t, side ? "server's octets" : "client's octets");
  qd_show_bytes(t, s.octets);
  quic_text_str(t, ": ");
  split_part(t, s.body, s.octets, "content", &any);
  split_part(t, s.stream, s.octets, "rest of streams", &any);
  split_part(t, s.datagrams, s.octets, "DATAGRAM", &any);
  split_part(t, s.tls, s.octets, "TLS", &any);
  split_part(t, s.repeated, s.octets, "sent again", &any);
  split_part(t, s.acks, s.octets, "ACK", &any);
  split_part(t, s.padding, s.octets, "padding", &any);
  split_part(t, s.frames, s.octets, "other frames", &any);
  split_part(t, s.headers, s.octets, "headers and tags", &any);
  split_part(t, s.closed, s.octets, "not opened", &any);
  quic_text_str(t, "; IP and UDP add ");
  qd_show_bytes(t, s.ip_udp);
  quic_text_char(t, '\n');
}

void qd_report_overhead(quic_text *t, const qd_trace *tr) {
  for (int side = 0; side < QUIC_SIDES; side++) {
    acks_side(t, tr, side);
  }
  for (int side = 0; side < QUIC_SIDES; side++) {
    split_side(t, tr, side);
  }
}

/* Requests and findings. */

void qd_report_slowest(quic_text *t, const qd_trace *tr, quic_time start) {
  for (size_t i = 0; i < tr->costs->nslowest; i++) {
    const qd_costs_request *rq = &tr->costs->slowest[i];

    qd_report_name(t, i ? "" : "slowest requests");
    if (rq->total == QUIC_TIME_NEVER) {
      quic_text_str(t, "never ended");
    } else {
      quic_close_duration(t, rq->total);
    }
    if (rq->ttfb != QUIC_TIME_NEVER) {
      quic_text_str(t, " (first octet after ");
      quic_close_duration(t, rq->ttfb);
      quic_text_char(t, ')');
    }
    quic_text_str(t, ", ");
    qd_show_bytes(t, rq->body);
    quic_text_str(t, ", from ");
    qd_show_seconds(t, rq->begun, start, 0);
    quic_text_str(t, "  stream ");
    quic_text_u64(t, rq->stream_id);
    quic_text_str(t, "  ");
    quic_text_str(t, rq->url);
    quic_text_char(t, '\n');
  }
}

static void finding_lines(quic_text *t, const char *text) {
  while (*text) {
    size_t len = strcspn(text, "\n");

    quic_text_str(t, "      ");
    quic_text_mem(t, text, len);
    quic_text_char(t, '\n');
    text += len + (text[len] == '\n');
  }
}

void qd_report_findings(quic_text *t, const qd_trace *tr, quic_time start) {
  const quic_finding *f;

  for (size_t i = 0; tr->findings && (f = quic_findings_at(tr->findings, i));
       i++) {
    if (!f->determinable) {
      continue;
    }
    quic_text_str(t, "  ");
    quic_text_str(t, quic_severity_name(f->severity));
    quic_text_str(t, ": ");
    quic_text_str(t, quic_finding_info_of(f->id)->title);
    quic_text_str(t, "  ");
    slow_place(t, f, start);
    if (f->count > 1) {
      quic_text_str(t, "; ");
      quic_text_u64(t, f->count);
      quic_text_str(t, " times, ");
      quic_close_duration(t, f->total);
      quic_text_str(t, " in all");
    }
    quic_text_char(t, '\n');
    finding_lines(t, f->text);
  }
}
