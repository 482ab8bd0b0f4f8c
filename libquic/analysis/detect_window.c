/* 2, 3, 4: a window at its floor under loss, one that is full and never grows,
   and one that falls at once. */

#include "analysis/detector.h"
#include "analysis/evidence.h"
#include "analysis/limits.h"

#define WINDOW_ROUNDS 20      /* close to the floor, up to half above it */
#define WINDOW_FLOOR_ROUNDS 5 /* at it */
#define WINDOW_FLOOR_TIME (200 * QUIC_MILLISECOND)
#define WINDOW_FLOOR_LOST 3 /* packets, at least */
#define WINDOW_FLOOR_ACKED 10
#define WINDOW_FULL_ROUNDS 10 /* in slow start */
#define WINDOW_FULL_LONG 40   /* in congestion avoidance */
#define WINDOW_FREEZE_ROUNDS 20
#define WINDOW_FREEZE_TIME (250 * QUIC_MILLISECOND)
#define WINDOW_HELD_MAX 8
#define WINDOW_FULL_TIME (20 * QUIC_MILLISECOND)
#define WINDOW_BACK                                                            \
  (500 * QUIC_MILLISECOND)    /* BBR's RTT probe is over then                  \
                               */
#define WINDOW_DROP_PACKETS 5 /* a fall of fewer is none */
#define WINDOW_DROPS_MAX 8
#define WINDOW_TOLD (10 * QUIC_MILLISECOND) /* of findings of the same */

/* Time at the floor under loss. */
typedef struct window_floor {
  bool open;
  quic_time from, at; /* begin; the event before */
  bool low, near;     /* at the floor since |at|, or close to it */
  quic_duration time, near_time;
  uint64_t lost, acked; /* counts at the begin */
  /* as of the last loss */
  quic_time to;
  quic_duration time_to, near_to;
  uint64_t lost_to, acked_to;
  uint64_t record, last;
} window_floor;

/* A full window that stays as it is. */
typedef struct window_full {
  bool open;
  uint64_t window;
  quic_time from, at; /* first and last time that it was full */
  uint64_t record, last;
  uint64_t acked, acked_to; /* counts at its begin and end */
  bool slow_start;
  quic_duration rtt;
} window_full;

typedef struct window_drop {
  quic_time time;
  uint64_t record;
  uint64_t before, after;
  uint64_t lost; /* packets with it */
  uint64_t pto;  /* probe timeouts in a row before it */
} window_drop;

typedef struct window_state {
  window_floor floor;
  window_full full;
  bool blocked;                      /* by flow control */
  window_full held[WINDOW_HELD_MAX]; /* at the floor */
  size_t nheld;
  bool slow_start; /* as told last */
  bool told_state;
  uint64_t window_max; /* told so far */
  /* the window when the last packet was told */
  uint64_t base, base_pto;
  uint64_t base_lost;             /* packets lost with it and since */
  quic_time quiet_from, quiet_to; /* last silence of more than a PTO */
  quic_time active;
  window_drop drop; /* may recover at once; |time| 0 = none */
  window_drop drops[WINDOW_DROPS_MAX];
  size_t ndrops;
} window_state;

static void window_init(void *state, const quic_mem *mem) {
  window_state *s = state;

  (void)mem;
  s->base = QLOG_NONE;
  s->active = s->quiet_to = QUIC_TIME_NEVER;
}

/* window_rounds: |d| is at least |n| round trips. */
static bool window_rounds(const quic_picture *p, quic_duration d, unsigned n) {
  return d / n >= p->srtt;
}

static quic_finding *window_add(quic_findings *f, const quic_picture *p,
                                quic_finding_id id, quic_time from,
                                quic_time to, uint64_t record, uint64_t last) {
  quic_finding *found = quic_findings_add(f, id, from, to);

  if (found) {
    found->side = p->local;
    found->record = record;
    found->last = last;
  }
  return found;
}

/* The floor. */

static void window_floor_close(window_floor *w, quic_findings *f,
                               const quic_picture *p) {
  quic_duration span = w->to - w->from;
  quic_finding *found;

  if (!w->open) {
    return;
  }
  w->open = false;
  if (w->lost_to < WINDOW_FLOOR_LOST || w->acked_to < WINDOW_FLOOR_ACKED ||
      w->near_to < WINDOW_FLOOR_TIME || w->near_to < span / 2 ||
      !window_rounds(p, w->near_to, WINDOW_ROUNDS) ||
      !window_rounds(p, w->time_to, WINDOW_FLOOR_ROUNDS)) {
    return;
  }
  found =
      window_add(f, p, QUIC_FOUND_FLOOR, w->from, w->to, w->record, w->last);
  quic_finding_line(
      found,
      "the window was at its minimum, %llu B, for %s of %s, and "
      "%llu packets were lost meanwhile",
      (unsigned long long)p->floor, quic_evidence_duration(w->time_to).s,
      quic_evidence_duration(span).s, (unsigned long long)w->lost_to);
  quic_finding_line(found, "the controller does what it should: the losses "
                           "hold it there");
  quic_finding_fact_add(found, "window", QUIC_UNIT_OCTETS, p->floor);
  quic_finding_fact_add(found, "at_floor", QUIC_UNIT_NS, w->time_to);
  quic_finding_fact_add(found, "lost_packets", QUIC_UNIT_COUNT, w->lost_to);
  quic_finding_fact_add(found, "acked_packets", QUIC_UNIT_COUNT, w->acked_to);
  quic_finding_fact_add(found, "rtt", QUIC_UNIT_NS, p->srtt);
}

static void window_floor_open(window_floor *w, const quic_picture *p,
                              const qlog_event *e) {
  *w = (window_floor){.open = true,
                      .from = e->time,
                      .at = e->time,
                      .to = e->time,
                      .lost = p->lost - p->lost_now,
                      .acked = p->acked,
                      .record = quic_event_record(e)};
}

static void window_on_floor(window_floor *w, quic_findings *f,
                            const quic_picture *p, const qlog_event *e) {
  uint64_t window = p->metrics.congestion_window;
  bool low = window <= p->floor + p->floor / 20;

  if (!w->open) {
    if (!low) {
      return;
    }
    window_floor_open(w, p, e);
  }
  w->time += w->low ? e->time - w->at : 0;
  w->near_time += w->near ? e->time - w->at : 0;
  w->at = e->time;
  w->low = low && p->metrics.bytes_in_flight != 0;
  w->near =
      window <= p->floor + p->floor / 2 && p->metrics.bytes_in_flight != 0;
  if (p->lost_now) {
    w->to = e->time;
    w->time_to = w->time;
    w->near_to = w->near_time;
    w->lost_to = p->lost - w->lost;
    w->acked_to = p->acked - w->acked;
    w->last = quic_event_record(e);
  }
  if (window > 4 * p->floor ||
      (e->time - w->to > WINDOW_FLOOR_TIME &&
       window_rounds(p, e->time - w->to, WINDOW_ROUNDS))) {
    window_floor_close(w, f, p);
  }
}

/* Growth. */

/* window_slow_start: as told, or else because no loss ended it and nothing took
   from the window, as BBR does when it probes the round trip. */
static bool window_slow_start(const window_state *s, const quic_picture *p) {
  if (p->told_ssthresh && p->metrics.ssthresh != QLOG_NONE) {
    return p->metrics.congestion_window < p->metrics.ssthresh;
  }
  return s->told_state ? s->slow_start
                       : p->lost == 0 && s->full.window >= s->window_max;
}

/* window_freeze: room for two packets and a part of one. */
static void window_freeze(const window_full *w, quic_findings *f,
                          const quic_picture *p) {
  quic_duration span = w->at - w->from;
  quic_finding *found;

  if (span < WINDOW_FREEZE_TIME ||
      !window_rounds(p, span, WINDOW_FREEZE_ROUNDS)) {
    return;
  }
  found =
      window_add(f, p, QUIC_FOUND_FREEZE, w->from, w->at, w->record, w->last);
  quic_finding_line(found,
                    "cwnd %llu B (%llu.%llu x %llu) for %s = %llu round trips, "
                    "0 losses: two packets fit, and a part of a third",
                    (unsigned long long)w->window,
                    (unsigned long long)(w->window / p->mds),
                    (unsigned long long)(w->window % p->mds * 10 / p->mds),
                    (unsigned long long)p->mds, quic_evidence_duration(span).s,
                    (unsigned long long)(span / w->rtt));
  quic_finding_line(found, "cause: a sender of full packets cannot fill it, is "
                           "taken for one limited by its application, and so "
                           "no ACK grows the window");
  quic_finding_line(found, "cured by: not counting as limited when data was "
                           "left because the window had no room");
  quic_finding_fact_add(found, "window", QUIC_UNIT_OCTETS, w->window);
  quic_finding_fact_add(found, "rounds", QUIC_UNIT_COUNT, span / w->rtt);
  quic_finding_fact_add(found, "acked_packets", QUIC_UNIT_COUNT,
                        w->acked_to - w->acked);
  quic_finding_fact_add(found, "rtt", QUIC_UNIT_NS, w->rtt);
}

static void window_no_growth(const window_full *w, quic_findings *f,
                             const quic_picture *p) {
  quic_duration span = w->at - w->from;
  quic_finding *found = window_add(f, p, QUIC_FOUND_NO_GROWTH, w->from, w->at,
                                   w->record, w->last);

  quic_finding_line(found,
                    "cwnd stayed at %llu B for %s = %llu round trips %s, "
                    "though it was full and every packet arrived",
                    (unsigned long long)w->window,
                    quic_evidence_duration(span).s,
                    (unsigned long long)(span / w->rtt),
                    w->slow_start ? "in slow start" : "without a loss");
  quic_finding_line(found, "a controller grows it with each ACK: an upper "
                           "bound, or growth that is ruled out by mistake");
  quic_finding_fact_add(found, "window", QUIC_UNIT_OCTETS, w->window);
  quic_finding_fact_add(found, "rounds", QUIC_UNIT_COUNT, span / w->rtt);
  quic_finding_fact_add(found, "acked_packets", QUIC_UNIT_COUNT,
                        w->acked_to - w->acked);
  quic_finding_fact_add(found, "rtt", QUIC_UNIT_NS, w->rtt);
}

static void window_full_close(window_state *s, quic_findings *f,
                              const quic_picture *p) {
  window_full *w = &s->full;
  quic_duration span = w->at - w->from;

  if (!w->open) {
    return;
  }
  w->open = false;
  w->slow_start = window_slow_start(s, p);
  w->rtt = p->srtt;
  w->acked_to = p->acked;
  if (p->srtt == 0 || p->mds == 0 || span < WINDOW_FULL_TIME ||
      (p->acked - w->acked) / WINDOW_FULL_ROUNDS < w->window / p->mds / 2) {
    return;
  }
  if (w->window < 3 * p->mds && w->window > p->floor + p->floor / 20) {
    window_freeze(w, f, p);
    return;
  }
  if ((!w->slow_start && span < QUIC_SECOND) ||
      !window_rounds(p, span,
                     w->slow_start ? WINDOW_FULL_ROUNDS : WINDOW_FULL_LONG)) {
    return;
  }
  if (s->nheld < WINDOW_HELD_MAX) {
    s->held[s->nheld++] = *w;
  }
}

static void window_on_full(window_state *s, quic_findings *f,
                           const quic_picture *p, const qlog_event *e) {
  uint64_t window = p->metrics.congestion_window;
  uint64_t flight = p->metrics.bytes_in_flight;
  window_full *w = &s->full;
  uint64_t moved = window > w->window ? window - w->window : w->window - window;

  if (qlog_event_is_packet(e)) {
    s->blocked = quic_limits_flow(quic_findings_limits(f), p);
  }
  if (w->open && (p->lost_now || s->blocked || moved > p->mds / 16 ||
                  e->time - w->at > 2 * p->srtt + 10 * QUIC_MILLISECOND)) {
    window_full_close(s, f, p);
  }
  /* Few packets do not fill a window to nine tenths. */
  if (flight == QLOG_NONE ||
      (flight < window - window / 10 &&
       (window >= 3 * p->mds || flight + p->mds <= window)) ||
      s->blocked) {
    return;
  }
  if (!w->open) {
    *w = (window_full){.open = true,
                       .window = window,
                       .from = e->time,
                       .record = quic_event_record(e),
                       .acked = p->acked};
  }
  w->at = e->time;
  w->last = quic_event_record(e);
}

/* Falls. */

static void window_drop_keep(window_state *s) {
  if (s->drop.time && s->ndrops < WINDOW_DROPS_MAX) {
    s->drops[s->ndrops++] = s->drop;
  }
  s->drop.time = 0;
}

/* window_on_drop compares the window with the one that the last packet found,
   so that a fall told in several steps is one. */
static void window_on_drop(window_state *s, const quic_picture *p,
                           const qlog_event *e) {
  uint64_t window = p->metrics.congestion_window;
  window_drop *d = &s->drop;

  if (d->time) {
    bool back = window >= d->before / 4 * 3;

    if (back && s->base < d->before / 2 && d->lost == 0) {
      d->time = 0; /* given back at once: BBR's RTT probe */
    } else if (back || e->time - d->time > WINDOW_BACK + 4 * p->srtt) {
      window_drop_keep(s);
    } else if (window < d->after) {
      d->after = window;
    }
    return;
  }
  if (s->base == QLOG_NONE || window >= s->base / 5 * 2 ||
      s->base - window < WINDOW_DROP_PACKETS * p->mds || e->tuple ||
      !p->confirmed ||
      (s->quiet_to != QUIC_TIME_NEVER && e->time - s->quiet_to <= p->srtt &&
       s->base_lost == 0)) {
    return;
  }
  *d = (window_drop){.time = e->time,
                     .record = quic_event_record(e),
                     .before = s->base,
                     .after = window,
                     .lost = s->base_lost,
                     .pto = s->base_pto};
}

/* window_quiet remembers silences: some controllers start over after them. */
static void window_quiet(window_state *s, const quic_picture *p) {
  if (s->active != QUIC_TIME_NEVER && p->pto && p->now - s->active > p->pto) {
    s->quiet_from = s->active;
    s->quiet_to = p->now;
  }
  s->active = p->now;
  s->base = p->told_cwnd ? p->metrics.congestion_window : QLOG_NONE;
  s->base_lost = p->lost_now;
  s->base_pto = p->metrics.pto_count == QLOG_NONE ? 0 : p->metrics.pto_count;
}

static void window_drop_tell(quic_findings *f, const quic_picture *p,
                             const window_drop *d) {
  quic_finding *found;

  /* Persistent congestion takes all down to the minimum; a plateau begins with
     a fall. */
  if (quic_evidence_told(f, QUIC_FOUND_PERSISTENT, d->time - WINDOW_TOLD,
                         d->time) ||
      quic_evidence_told(f, QUIC_FOUND_PLATEAU, d->time,
                         d->time + QUIC_SECOND)) {
    return;
  }
  found = window_add(f, p, QUIC_FOUND_COLLAPSE, d->time, d->time, d->record,
                     d->record);
  quic_finding_line(found, "cwnd fell from %llu B to %llu B at once, by %s",
                    (unsigned long long)d->before, (unsigned long long)d->after,
                    quic_evidence_percent(d->before - d->after, d->before).s);
  if (d->lost) {
    quic_finding_line(found,
                      "with it %llu packet%s declared lost; a loss takes 30 %% "
                      "(cubic) or 50 %% (newreno)",
                      (unsigned long long)d->lost,
                      d->lost == 1 ? " was" : "s were");
  } else if (d->pto) {
    quic_finding_line(found,
                      "after %llu probe timeouts, which alone take nothing "
                      "from a window",
                      (unsigned long long)d->pto);
  } else {
    quic_finding_line(found, "no loss was told with it");
  }
  quic_finding_fact_add(found, "before", QUIC_UNIT_OCTETS, d->before);
  quic_finding_fact_add(found, "after", QUIC_UNIT_OCTETS, d->after);
  quic_finding_fact_add(found, "lost_packets", QUIC_UNIT_COUNT, d->lost);
  quic_finding_fact_add(found, "pto_count", QUIC_UNIT_COUNT, d->pto);
}

static void window_event(void *state, quic_findings *f, const quic_picture *p,
                         const qlog_event *e) {
  window_state *s = state;

  if (e->type == QLOG_CONGESTION_STATE_UPDATED) {
    s->told_state = p->state != NULL;
    s->slow_start = p->state && strcmp(p->state, "slow_start") == 0;
    return;
  }
  if (!qlog_event_is_packet(e)) {
    /* A logger that tells its first loss tells again what was concluded. */
    s->base_lost = p->told[QLOG_PACKET_LOST] == 1 && p->lost_now
                       ? p->lost_now
                       : s->base_lost + p->lost_now;
  }
  if (p->told_cwnd) {
    if (p->metrics.congestion_window > s->window_max) {
      s->window_max = p->metrics.congestion_window;
    }
    window_on_floor(&s->floor, f, p, e);
    window_on_full(s, f, p, e);
    window_on_drop(s, p, e);
  }
  if (qlog_event_is_packet(e)) {
    window_quiet(s, p);
  }
}

/* window_held tells of full windows that nothing else explains. */
static void window_held(const window_state *s, quic_findings *f,
                        const quic_picture *p) {
  for (size_t i = 0; i < s->nheld; i++) {
    const window_full *w = &s->held[i];

    if (quic_evidence_told(f, QUIC_FOUND_SPIRAL, w->from, w->at) ||
        quic_evidence_told(f, QUIC_FOUND_PLATEAU, w->from, w->at)) {
      continue;
    }
    if (w->window > p->floor && w->window < 3 * p->mds) {
      window_freeze(w, f, p);
    } else {
      window_no_growth(w, f, p);
    }
  }
}

static void window_end(void *state, quic_findings *f, const quic_picture *p) {
  window_state *s = state;

  window_floor_close(&s->floor, f, p);
  window_full_close(s, f, p);
  window_held(s, f, p);
  window_drop_keep(s);
  for (size_t i = 0; i < s->ndrops; i++) {
    window_drop_tell(f, p, &s->drops[i]);
  }
}

const quic_detector quic_detect_window = {
    .name = "window",
    .size = sizeof(window_state),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(PACKET_RECEIVED) |
              QUIC_DETECTOR_ON(PACKET_LOST) |
              QUIC_DETECTOR_ON(RECOVERY_METRICS_UPDATED) |
              QUIC_DETECTOR_ON(CONGESTION_STATE_UPDATED),
    .init = window_init,
    .event = window_event,
    .end = window_end,
};
