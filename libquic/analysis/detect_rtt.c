/* 10: round trips that spike, move to another level, or wait in a queue. */

#include "analysis/detector.h"
#include "analysis/evidence.h"

#define RTT_SPIKE_TIMES 4
#define RTT_SPIKE_LEAST (10 * QUIC_MILLISECOND) /* above what ACKs may wait */
#define RTT_BLOAT_TIMES 3
#define RTT_BLOAT_LEAST (25 * QUIC_MILLISECOND)
#define RTT_BLOAT_ROUNDS 20 /* of the shortest round trip */
#define RTT_BLOAT_TIME QUIC_SECOND
#define RTT_BLOAT_PACKETS 20
#define RTT_SILENT (50 * QUIC_MILLISECOND)
#define RTT_STEP_LEAST (4 * QUIC_MILLISECOND)
#define RTT_LEVEL_ROUNDS 3 /* that a level is measured for */
#define RTT_LEVEL_TIME (100 * QUIC_MILLISECOND)
#define RTT_LEVEL_SAMPLES 3
#define RTT_LEVELS 4
#define RTT_ACKED 100 /* packets, for round trips to be of interest */

/* The shortest round trip of a stretch of time. */
typedef struct rtt_level {
  quic_time from;
  quic_duration min, max;
  quic_duration jump; /* largest change within two samples: either half of the
                         way may change first */
  uint64_t record;
  uint64_t lost; /* packets before */
  unsigned samples;
} rtt_level;

typedef struct rtt_window {
  bool open;
  quic_time from, to;
  uint64_t record, last;
  quic_duration peak;
  quic_duration least; /* what it is compared with */
  uint64_t samples, sent;
} rtt_window;

typedef struct rtt_state {
  uint64_t samples;            /* of the analysis */
  quic_duration least;         /* shortest of the path as it is now */
  quic_duration last, before;  /* the last two samples */
  uint64_t count, zeros;       /* samples, and those of 0 */
  rtt_level level[RTT_LEVELS]; /* the last one under way */
  size_t nlevels;
  rtt_window spike, bloat;
} rtt_state;

static quic_finding *rtt_add(quic_findings *f, const quic_picture *p,
                             quic_finding_id id, const rtt_window *w) {
  quic_finding *found = quic_findings_add(f, id, w->from, w->to);

  if (found) {
    found->side = p->local;
    found->record = w->record;
    found->last = w->last;
    quic_finding_fact_add(found, "peak", QUIC_UNIT_NS, w->peak);
    quic_finding_fact_add(found, "min_rtt", QUIC_UNIT_NS, w->least);
    quic_finding_fact_add(found, "samples", QUIC_UNIT_COUNT, w->samples);
  }
  return found;
}

/* rtt_silent: no round trip was measured for long, and none is known. */
static bool rtt_silent(const rtt_window *w, const quic_picture *p) {
  return w->open && p->now - w->to > 2 * p->srtt + RTT_SILENT;
}

/* rtt_follow keeps a window open while |high|, and tells when it ends. */
static bool rtt_follow(rtt_window *w, bool high, bool low, quic_duration value,
                       const rtt_state *s, const quic_picture *p,
                       const qlog_event *e) {
  if (!w->open) {
    if (high) {
      *w = (rtt_window){.open = true,
                        .from = e->time,
                        .to = e->time,
                        .record = quic_event_record(e),
                        .last = quic_event_record(e),
                        .peak = value,
                        .least = s->least,
                        .samples = 1,
                        .sent = p->sent};
    }
    return false;
  }
  if (low) {
    w->open = false;
    return true;
  }
  w->to = e->time;
  w->last = quic_event_record(e);
  w->samples++;
  if (value > w->peak) {
    w->peak = value;
  }
  return false;
}

/* rtt_lasts: too long for a spike. */
static bool rtt_lasts(const rtt_window *w) {
  return w->to - w->from >= RTT_BLOAT_TIME &&
         (w->to - w->from) / RTT_BLOAT_ROUNDS >= w->least;
}

static void rtt_spike_tell(quic_findings *f, const quic_picture *p,
                           const rtt_window *w) {
  quic_finding *found =
      rtt_lasts(w) ? NULL : rtt_add(f, p, QUIC_FOUND_RTT_SPIKE, w);

  quic_finding_line(found,
                    "round trips of up to %s, %llu times the shortest (%s)",
                    quic_evidence_duration(w->peak).s,
                    (unsigned long long)(w->peak / (w->least ? w->least : 1)),
                    quic_evidence_duration(w->least).s);
}

static void rtt_bloat_tell(quic_findings *f, const quic_picture *p,
                           const rtt_window *w) {
  quic_finding *found;

  if (!rtt_lasts(w) || w->samples < RTT_BLOAT_PACKETS ||
      p->sent - w->sent < RTT_BLOAT_PACKETS) {
    return;
  }
  found = rtt_add(f, p, QUIC_FOUND_BUFFERBLOAT, w);
  quic_finding_line(found,
                    "the smoothed RTT was more than %d times the shortest for "
                    "%s, %s at most against %s",
                    RTT_BLOAT_TIMES, quic_evidence_duration(w->to - w->from).s,
                    quic_evidence_duration(w->peak).s,
                    quic_evidence_duration(w->least).s);
  quic_finding_line(found, "it grew with what was sent: the packets wait in a "
                           "queue that is too long");
}

/* Levels. */

static void rtt_level_begin(rtt_state *s, const quic_picture *p,
                            quic_duration value, const qlog_event *e) {
  if (s->nlevels == RTT_LEVELS) {
    memmove(s->level, s->level + 1, (RTT_LEVELS - 1) * sizeof(s->level[0]));
    s->nlevels--;
  }
  s->level[s->nlevels++] = (rtt_level){.from = e->time,
                                       .min = value,
                                       .max = value,
                                       .lost = p->lost,
                                       .record = quic_event_record(e)};
}

/* rtt_apart: |a| is half as much again as |b|. */
static bool rtt_apart(quic_duration a, quic_duration b) {
  return a > b + b / 2 && a > b + RTT_STEP_LEAST;
}

/* rtt_step: the first level differs from the last two, which agree, and a
   single sample made a third of the way, for either half of it may change
   first; a queue grows and drains in many. */
static void rtt_step(rtt_state *s, quic_findings *f, const quic_picture *p,
                     const qlog_event *e) {
  const rtt_level *l = s->level;
  quic_duration was = l[0].min, now = l[2].min < l[3].min ? l[2].min : l[3].min;
  quic_duration high = l[2].min < l[3].min ? l[3].min : l[2].min, jump, way;
  rtt_window w;
  quic_finding *found;

  if (high > now + now / 4 || !(rtt_apart(now, was) || rtt_apart(was, high))) {
    return;
  }
  way = now > was ? now - was : was - now;
  jump = l[1].jump > l[2].jump ? l[1].jump : l[2].jump;
  if (jump < way / 3) {
    return;
  }
  /* A queue drains at once when its sender pauses. */
  if (now < was && (l[0].max > was + was / 3 || l[0].lost != p->lost)) {
    return;
  }
  w = (rtt_window){.from = l[1].from,
                   .to = e->time,
                   .record = l[1].record,
                   .last = quic_event_record(e),
                   .peak = now > was ? now : was,
                   .least = now > was ? was : now,
                   .samples = l[1].samples + l[2].samples + l[3].samples};
  found = rtt_add(f, p, QUIC_FOUND_RTT_STEP, &w);
  quic_finding_line(found,
                    "the shortest round trip moved from %s to %s at once and "
                    "stayed there: another way through the network",
                    quic_evidence_duration(was).s,
                    quic_evidence_duration(now).s);
  s->least = now;
  s->bloat.open = false;
  s->spike.open = false;
  s->level[0] = s->level[3];
  s->nlevels = 1;
}

static void rtt_levels(rtt_state *s, quic_findings *f, const quic_picture *p,
                       const qlog_event *e, quic_duration value) {
  rtt_level *l = s->nlevels ? &s->level[s->nlevels - 1] : NULL;
  quic_duration from = s->count > 1 ? s->before : s->last;
  quic_duration jump = value > from ? value - from : from - value;

  if (!l) {
    rtt_level_begin(s, p, value, e);
    return;
  }
  if (s->count && jump > l->jump) {
    l->jump = jump;
  }
  if (value < l->min) {
    l->min = value;
  }
  if (value > l->max) {
    l->max = value;
  }
  l->samples++;
  if (l->samples < RTT_LEVEL_SAMPLES || e->time - l->from < RTT_LEVEL_TIME ||
      (e->time - l->from) / RTT_LEVEL_ROUNDS < p->srtt) {
    return;
  }
  if (s->nlevels == RTT_LEVELS) {
    rtt_step(s, f, p, e);
  }
  rtt_level_begin(s, p, value, e);
}

/* rtt_sample returns the round trip that |e| tells, or 0. */
static quic_duration rtt_sample(rtt_state *s, const quic_picture *p,
                                const qlog_event *e) {
  const quic_rtt *rtt = quic_analysis_rtt(p->analysis, p->local);
  bool fresh = rtt->samples != s->samples;

  s->samples = rtt->samples;
  if (p->told_rtt && p->metrics.latest_rtt != QLOG_NONE) {
    return e->type == QLOG_RECOVERY_METRICS_UPDATED &&
                   e->u.metrics.latest_rtt != QLOG_NONE
               ? e->u.metrics.latest_rtt
               : 0;
  }
  return fresh && qlog_event_is_packet(e) ? rtt->latest : 0;
}

static void rtt_event(void *state, quic_findings *f, const quic_picture *p,
                      const qlog_event *e) {
  rtt_state *s = state;
  quic_duration value = rtt_sample(s, p, e), least, grace;

  s->zeros += value == 0 && p->acked_now != 0;
  if (value == 0 || p->srtt == 0 || p->handshake == QUIC_TIME_NEVER) {
    return;
  }
  if (s->least == 0 || value < s->least) {
    s->least = value;
  }
  least = s->least;
  grace = quic_analysis_limits_of(p->analysis)
              ->max_ack_delay[quic_side_other(p->local)] +
          RTT_SPIKE_LEAST;
  rtt_levels(s, f, p, e, value);
  least = s->least;
  if (rtt_follow(
          &s->spike, value / RTT_SPIKE_TIMES > least && value - least > grace,
          value < 2 * least || value - least < grace / 2, value, s, p, e)) {
    rtt_spike_tell(f, p, &s->spike);
  }
  if (rtt_silent(&s->bloat, p)) {
    s->bloat.open = false;
    rtt_bloat_tell(f, p, &s->bloat);
  }
  if (rtt_follow(&s->bloat,
                 p->srtt / RTT_BLOAT_TIMES > least &&
                     p->srtt - least >= RTT_BLOAT_LEAST,
                 p->srtt / 5 * 2 < least || p->srtt - least < RTT_BLOAT_LEAST,
                 p->srtt, s, p, e)) {
    rtt_bloat_tell(f, p, &s->bloat);
  }
  s->before = s->last;
  s->last = value;
  s->count++;
}

static void rtt_end(void *state, quic_findings *f, const quic_picture *p) {
  rtt_state *s = state;

  if (s->spike.open) {
    rtt_spike_tell(f, p, &s->spike);
  }
  if (s->bloat.open) {
    rtt_bloat_tell(f, p, &s->bloat);
  }
  if (s->zeros / 4 >= s->count && p->rtt_zero && p->acked >= RTT_ACKED) {
    quic_findings_need(f, QUIC_FOUND_BUFFERBLOAT,
                       "round trips (all that the log tells are 0)");
  }
}

const quic_detector quic_detect_rtt = {
    .name = "rtt",
    .size = sizeof(rtt_state),
    .events = QUIC_DETECTOR_ON(PACKET_RECEIVED) |
              QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(RECOVERY_METRICS_UPDATED),
    .event = rtt_event,
    .end = rtt_end,
};
