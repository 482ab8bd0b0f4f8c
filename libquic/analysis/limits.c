#include "analysis/limits.h"

#include "analysis/detector.h"
#include "analysis/evidence.h"

#define LIMITS_PACING_BURST 10 /* packets that a pacer sends at once */
#define LIMITS_PEAK_ROUNDS 8   /* round trips that a made out window is kept */

const char *quic_limit_name(quic_limit limit) {
  static const char *const names[QUIC_LIMITS] = {
      [QUIC_LIMIT_APPLICATION] = "application",
      [QUIC_LIMIT_CWND] = "cwnd",
      [QUIC_LIMIT_FLOW] = "flow_control",
      [QUIC_LIMIT_PACING] = "pacing",
      [QUIC_LIMIT_AMPLIFICATION] = "amplification",
      [QUIC_LIMIT_RECOVERY] = "loss_recovery",
      [QUIC_LIMIT_IDLE] = "idle",
  };

  return (unsigned)limit < QUIC_LIMITS ? names[limit] : "unknown";
}

void quic_limits_init(quic_limits *l) {
  *l = (quic_limits){.from = QUIC_TIME_NEVER,
                     .now = QUIC_LIMIT_IDLE,
                     .blocked = QLOG_UNSET,
                     .stream_blocked = QLOG_UNSET,
                     .sent = QUIC_TIME_NEVER,
                     .recover = QLOG_NONE,
                     .stream = QLOG_NONE};
}

/* limits_reason turns the reason of a *_data_blocked_updated into a limit. */
static int limits_reason(const char *reason) {
  static const struct {
    const char *name;
    quic_limit limit;
  } table[] = {
      {"congestion_control", QUIC_LIMIT_CWND},
      {"pacing", QUIC_LIMIT_PACING},
      {"connection_flow_control", QUIC_LIMIT_FLOW},
      {"stream_flow_control", QUIC_LIMIT_FLOW},
      {"stream_id", QUIC_LIMIT_FLOW},
      {"amplification_protection", QUIC_LIMIT_AMPLIFICATION},
      {"application", QUIC_LIMIT_APPLICATION},
      {"scheduling", QUIC_LIMIT_APPLICATION},
  };

  for (size_t i = 0; reason && i < sizeof(table) / sizeof(table[0]); i++) {
    if (strcmp(reason, table[i].name) == 0) {
      return (int)table[i].limit;
    }
  }
  return QLOG_UNSET;
}

static void limits_blocked(quic_limits *l, const qlog_event *e) {
  const qlog_data_blocked *b = &e->u.blocked;
  int limit =
      b->new_state == QLOG_UNBLOCKED ? QLOG_UNSET : limits_reason(b->reason);

  if (limit != QLOG_UNSET) {
    l->told[limit] = true;
  }
  if (e->type == QLOG_CONNECTION_DATA_BLOCKED_UPDATED) {
    l->blocked = limit;
  } else {
    l->stream_blocked = limit;
  }
}

/* limits_window returns the window, told or made out, and the flight. */
static uint64_t limits_window(quic_limits *l, const quic_picture *p,
                              uint64_t *flight) {
  *flight =
      p->metrics.bytes_in_flight == QLOG_NONE ? 0 : p->metrics.bytes_in_flight;
  if (p->told_cwnd) {
    l->no_window = false;
    return p->metrics.congestion_window;
  }
  l->no_window = true;
  if (p->now - l->peak_at > LIMITS_PEAK_ROUNDS * p->srtt) {
    l->peak[1] = l->peak[0];
    l->peak[0] = 0;
    l->peak_at = p->now;
  }
  if (*flight > l->peak[0]) {
    l->peak[0] = *flight;
  }
  return l->peak[0] > l->peak[1] ? l->peak[0] : l->peak[1];
}

/* limits_recovery: from a loss until a packet that was sent after it arrives,
   and while probes are sent. */
static bool limits_recovery(quic_limits *l, const quic_picture *p,
                            const qlog_event *e) {
  const quic_sent *s =
      quic_analysis_sent(p->analysis, p->local, QUIC_SPACE_APP);

  if (p->lost_now) {
    l->recovering = true;
    l->recover = s && s->started ? s->largest + 1 : QLOG_NONE;
  } else if (l->recovering && (!s || l->recover == QLOG_NONE ||
                               (s->largest_acked != QLOG_NONE &&
                                s->largest_acked >= l->recover))) {
    l->recovering = false;
  }
  if (p->acked_now) {
    l->probing = false;
  } else if (e->type == QLOG_RECOVERY_METRICS_UPDATED &&
             e->u.metrics.pto_count != QLOG_NONE) {
    l->probing = e->u.metrics.pto_count > 0;
  }
  return l->recovering || l->probing;
}

/* limits_stream remembers the stream that |e| sent of. */
static void limits_stream(quic_limits *l, const qlog_event *e) {
  for (size_t i = e->u.packet.nframes; i-- > 0;) {
    const quic_frame *f = &e->u.packet.frames[i];

    if ((f->type & ~(uint64_t)7) == QUIC_FRAME_STREAM) {
      l->stream = f->u.stream.stream_id;
      return;
    }
  }
}

/* The sum of the offsets, or the offset of the stream that was
   sent last, is at its limit. */
bool quic_limits_flow(const quic_limits *l, const quic_picture *p) {
  const quic_flow *flow = quic_analysis_flow(p->analysis);
  const quic_flow_side *side;
  const quic_flow_stream *s;

  if (!flow) {
    return false;
  }
  side = quic_flow_side_of(flow, p->local);
  if (side->blocked_at != QUIC_TIME_NEVER ||
      side->streams_blocked_at[0] != QUIC_TIME_NEVER ||
      side->streams_blocked_at[1] != QUIC_TIME_NEVER) {
    return true;
  }
  s = l->stream == QLOG_NONE ? NULL : quic_flow_find(flow, l->stream);
  return s && s->half[p->local].blocked_at != QUIC_TIME_NEVER;
}

static quic_limit limits_judge(quic_limits *l, const quic_picture *p,
                               const qlog_event *e) {
  bool recovery = limits_recovery(l, p, e);
  uint64_t flight, window = limits_window(l, p, &flight);

  if (l->blocked != QLOG_UNSET || l->stream_blocked != QLOG_UNSET) {
    return (quic_limit)(l->blocked != QLOG_UNSET ? l->blocked
                                                 : l->stream_blocked);
  }
  if (p->local == QUIC_SIDE_SERVER && p->handshake == QUIC_TIME_NEVER &&
      quic_phases_limited(quic_analysis_phases(p->analysis))) {
    return QUIC_LIMIT_AMPLIFICATION;
  }
  if (recovery) {
    return QUIC_LIMIT_RECOVERY;
  }
  if (window && flight + p->mds > window) {
    return QUIC_LIMIT_CWND;
  }
  if (quic_limits_flow(l, p)) {
    return QUIC_LIMIT_FLOW;
  }
  return flight ? QUIC_LIMIT_APPLICATION : QUIC_LIMIT_IDLE;
}

/* limits_paced: a packet follows the last one as soon as a pacer would have let
   it, so what looked like a lack of data was its wait. */
static void limits_paced(quic_limits *l, const quic_picture *p, quic_time now) {
  uint64_t rate = p->metrics.pacing_rate, window, wait = 0;

  if (l->open && l->sent != QUIC_TIME_NEVER && p->mds <= UINT16_MAX) {
    window = p->metrics.congestion_window;
    if (rate != QLOG_NONE && rate) {
      wait = LIMITS_PACING_BURST * p->mds * 8 * QUIC_SECOND / rate;
    } else if (p->told_cwnd && window && p->srtt < 10 * QUIC_SECOND) {
      wait = 2 * p->mds * p->srtt / window;
    }
    if (now - l->sent <= wait) {
      l->time[QUIC_LIMIT_APPLICATION] -= l->open;
      l->time[QUIC_LIMIT_PACING] += l->open;
    }
  }
  l->open = 0;
  l->sent = now;
}

static void limits_pass(quic_limits *l, quic_time now) {
  quic_duration d = quic_time_since(now, l->last);

  l->time[l->now] += d;
  if (l->now == QUIC_LIMIT_APPLICATION) {
    l->open += d;
  }
  l->last = now > l->last ? now : l->last;
}

void quic_limits_event(quic_limits *l, const quic_picture *p,
                       const qlog_event *e) {
  if (l->from == QUIC_TIME_NEVER) {
    l->from = l->last = l->peak_at = p->start;
  }
  limits_pass(l, e->time);
  if (qlog_event_is_packet(e) &&
      quic_analysis_side(p->analysis, e) == p->local) {
    limits_paced(l, p, e->time);
    limits_stream(l, e);
  } else if (e->type == QLOG_CONNECTION_DATA_BLOCKED_UPDATED ||
             e->type == QLOG_STREAM_DATA_BLOCKED_UPDATED) {
    limits_blocked(l, e);
  }
  l->now = limits_judge(l, p, e);
}

void quic_limits_end(quic_limits *l, quic_time last) {
  if (l->from != QUIC_TIME_NEVER) {
    limits_pass(l, last);
  }
}

/* limits_upto returns the share of all limits below |limit|, so that rounding
   makes the shares neither more nor less than the whole. */
static uint64_t limits_upto(const quic_limits *l, unsigned limit) {
  quic_duration sum = 0, whole = l->last - l->from;
  uint64_t unit;

  for (unsigned i = 0; i < limit; i++) {
    sum += l->time[i];
  }
  if (sum >= whole) {
    return 100000;
  }
  unit = whole / 100000;
  return whole <= UINT64_MAX / 100000 ? sum * 100000 / whole : sum / unit;
}

uint64_t quic_limits_share(const quic_limits *l, quic_limit limit) {
  if (l->from == QUIC_TIME_NEVER || l->last == l->from ||
      (unsigned)limit >= QUIC_LIMITS) {
    return 0;
  }
  return limits_upto(l, (unsigned)limit + 1) - limits_upto(l, (unsigned)limit);
}

const quic_limits *quic_findings_limits(const quic_findings *f) {
  return quic_findings_state(f, &quic_detect_limits);
}
