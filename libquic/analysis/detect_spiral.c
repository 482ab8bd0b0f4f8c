/* 1: a window that stays at its floor without a loss, and a rate that stays
   low. */

#include <stdio.h>

#include "analysis/detector.h"
#include "analysis/evidence.h"
#include "analysis/pinned.h"
#include "analysis/plateau.h"

#define SPIRAL_PACKETS 200 /* sent, for the window to be of interest */

typedef struct spiral_state {
  quic_pinned pinned;
  quic_plateau plateau;
  quic_spiral longest;
  bool found;
} spiral_state;

static void spiral_init(void *state, const quic_mem *mem) {
  spiral_state *s = state;

  (void)mem;
  quic_pinned_init(&s->pinned);
  quic_plateau_init(&s->plateau);
}

/* spiral_window tells of the window, in packets where it is a whole number of
   them. */
static void spiral_window(quic_finding *found, const quic_spiral *s,
                          bool told) {
  quic_evidence_text span = quic_evidence_duration(s->to - s->from);
  quic_evidence_text pair = quic_evidence_duration(s->pair);
  quic_evidence_text rtt = quic_evidence_duration(s->rtt);
  unsigned long long window = s->window, mds = s->mds ? s->mds : 1;
  char packets[48] = "";

  if (window % mds == 0) {
    (void)snprintf(packets, sizeof(packets), " (%llu x %llu)", window / mds,
                   mds);
  }
  if (s->changes) {
    quic_finding_line(found,
                      "cwnd %llu B%s for %s, 0 losses, %llu state changes = "
                      "%llu pairs, one pair each %s (RTT %s)",
                      window, packets, span.s, (unsigned long long)s->changes,
                      (unsigned long long)s->changes / 2, pair.s, rtt.s);
  } else {
    quic_finding_line(found,
                      "%s %llu B%s for %s, 0 losses, %llu flights that an ACK "
                      "emptied, one each %s (RTT %s)",
                      told ? "cwnd" : "no more than", window, packets, span.s,
                      (unsigned long long)s->cycles, pair.s, rtt.s);
  }
}

static void spiral_escape(quic_finding *found, const quic_spiral *s) {
  if (s->escape != QLOG_NONE && s->pair && s->escape < UINT64_MAX / s->pair) {
    quic_finding_line(
        found,
        "cause: idle time measured from the last send (cubic idle rule "
        "\"lastsent\"); escapes after about %llu cycles (%s): it starts %s "
        "ahead and loses %s in each",
        (unsigned long long)s->escape,
        quic_evidence_duration(s->escape * s->pair).s,
        quic_evidence_duration(s->recovery_ahead).s,
        quic_evidence_duration(s->gap).s);
  } else {
    quic_finding_line(found,
                      "cause: idle time measured from the last send (cubic "
                      "idle rule \"lastsent\"); when it would escape is not to "
                      "be told: the packets of a flight bear the same time");
  }
}

static void spiral_facts(quic_finding *found, const quic_spiral *s) {
  quic_finding_fact_add(found, "window", QUIC_UNIT_OCTETS, s->window);
  quic_finding_fact_add(found, "cycles", QUIC_UNIT_COUNT, s->cycles);
  quic_finding_fact_add(found, "state_changes", QUIC_UNIT_COUNT, s->changes);
  quic_finding_fact_add(found, "single", QUIC_UNIT_NS, s->single);
  quic_finding_fact_add(found, "pair", QUIC_UNIT_NS, s->pair);
  quic_finding_fact_add(found, "rtt", QUIC_UNIT_NS, s->rtt);
  quic_finding_fact_add(found, "cycles_per_rtt", QUIC_UNIT_MILLI, s->per_rtt);
  quic_finding_fact_add(found, "ahead", QUIC_UNIT_COUNT, s->ahead);
  quic_finding_fact_add(found, "delta", QUIC_UNIT_NS, s->delta);
  quic_finding_fact_add(found, "idle", QUIC_UNIT_NS, s->idle);
  quic_finding_fact_add(found, "recovery_ahead", QUIC_UNIT_NS,
                        s->recovery_ahead);
  if (s->escape != QLOG_NONE) {
    quic_finding_fact_add(found, "escape_cycles", QUIC_UNIT_COUNT, s->escape);
  }
}

static void spiral_floor(spiral_state *st, quic_findings *f,
                         const quic_picture *p, const quic_spiral *s) {
  quic_finding *found = quic_findings_add(f, QUIC_FOUND_SPIRAL, s->from, s->to);

  if (found) {
    found->side = p->local;
    found->record = s->record;
    found->last = s->last;
  }
  spiral_facts(found, s);
  spiral_window(found, s, p->told_cwnd);
  if (!st->found || s->to - s->from > st->longest.to - st->longest.from) {
    st->found = true;
    st->longest = *s;
  }
  if (s->in_recovery) {
    quic_finding_line(found,
                      "the recovery start time is ahead of the send time in "
                      "%llu of %llu cycles: every ACK counts as \"in "
                      "recovery\", so the window never grows",
                      (unsigned long long)s->ahead,
                      (unsigned long long)s->cycles);
    spiral_escape(found, s);
    quic_finding_line(found, "cured by: lastack, clamp, or newreno");
  } else {
    quic_finding_line(found,
                      "each ACK empties the flight and data follows at once, "
                      "yet the window does not grow; idle time measured from "
                      "the last send would explain %llu of %llu cycles",
                      (unsigned long long)s->ahead,
                      (unsigned long long)s->cycles);
  }
  if (!p->told_cwnd) {
    quic_finding_line(found, "the window is made out from what was in flight; "
                             "the sender's log would tell for sure");
  }
}

static void spiral_plateau(quic_findings *f, const quic_picture *p,
                           const quic_plateau_found *pl) {
  quic_finding *found;

  /* A rate at the floor is low as well. */
  if (quic_evidence_told(f, QUIC_FOUND_SPIRAL, pl->from, pl->to)) {
    return;
  }
  found = quic_findings_add(f, QUIC_FOUND_PLATEAU, pl->from, pl->to);
  if (!found) {
    return;
  }
  found->side = p->local;
  found->record = pl->record;
  found->last = pl->last;
  quic_finding_line(found,
                    "%llu kbit/s for %s without a loss; %llu kbit/s were "
                    "delivered before (%s)",
                    (unsigned long long)pl->rate / 1000,
                    quic_evidence_duration(pl->to - pl->from).s,
                    (unsigned long long)pl->best / 1000,
                    quic_evidence_percent(pl->rate, pl->best).s);
  quic_finding_line(found, "the model of the path is stuck: what it delivers "
                           "is what it allows itself, so it never finds more");
  quic_finding_fact_add(found, "rate", QUIC_UNIT_BPS, pl->rate);
  quic_finding_fact_add(found, "best", QUIC_UNIT_BPS, pl->best);
  quic_finding_fact_add(found, "window", QUIC_UNIT_OCTETS, pl->window);
  quic_finding_fact_add(found, "rtt", QUIC_UNIT_NS, pl->rtt);
  if (pl->pacing != QLOG_NONE) {
    quic_finding_fact_add(found, "pacing_rate", QUIC_UNIT_BPS, pl->pacing);
  }
}

static void spiral_event(void *state, quic_findings *f, const quic_picture *p,
                         const qlog_event *e) {
  spiral_state *st = state;
  quic_plateau_found plateau;
  quic_spiral s;

  if (quic_pinned_event(&st->pinned, p, e, &s)) {
    spiral_floor(st, f, p, &s);
  }
  if (quic_plateau_event(&st->plateau, p, e, &plateau)) {
    spiral_plateau(f, p, &plateau);
  }
}

static void spiral_end(void *state, quic_findings *f, const quic_picture *p) {
  spiral_state *st = state;
  quic_plateau_found plateau;
  quic_spiral s;

  if (quic_pinned_end(&st->pinned, p, &s)) {
    spiral_floor(st, f, p, &s);
  }
  if (quic_plateau_end(&st->plateau, p, &plateau)) {
    spiral_plateau(f, p, &plateau);
  }
  if (!p->told_cwnd && p->vantage != QUIC_VANTAGE_NETWORK && p->lost &&
      p->sent >= SPIRAL_PACKETS && !st->found) {
    quic_findings_need(f, QUIC_FOUND_SPIRAL,
                       "congestion_window (recovery:metrics_updated)");
  }
}

const quic_spiral *quic_findings_spiral(const quic_findings *f) {
  const spiral_state *st = quic_findings_state(f, &quic_detect_spiral);

  return st && st->found ? &st->longest : NULL;
}

const quic_detector quic_detect_spiral = {
    .name = "spiral",
    .size = sizeof(spiral_state),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(PACKET_RECEIVED) |
              QUIC_DETECTOR_ON(PACKET_LOST) |
              QUIC_DETECTOR_ON(RECOVERY_METRICS_UPDATED) |
              QUIC_DETECTOR_ON(CONGESTION_STATE_UPDATED),
    .init = spiral_init,
    .event = spiral_event,
    .end = spiral_end,
};
