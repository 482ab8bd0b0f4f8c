#include "analysis/plateau.h"

#include "analysis/evidence.h"

#define PLATEAU_PACKETS 10 /* delivered in a slot that counts as the best */
#define PLATEAU_FIRST 8    /* slots until its first rate has settled */
#define PLATEAU_SLOTS_MISSED 4

void quic_plateau_init(quic_plateau *pl) {
  memset(pl, 0, sizeof(*pl));
  pl->slot = QUIC_TIME_NEVER;
}

/* plateau_delivered returns the octets of |p->local| that arrived so far. */
static uint64_t plateau_delivered(const quic_picture *p) {
  uint64_t sent = quic_analysis_totals(p->analysis, p->local)->octets;
  quic_sent_counts counts;
  uint64_t gone;
  const quic_sent *s =
      quic_analysis_sent(p->analysis, p->local, QUIC_SPACE_APP);

  quic_analysis_sum(p->analysis, p->local, &counts);
  gone = counts.lost_octets + (s ? s->in_flight : 0);
  return sent > gone ? sent - gone : 0;
}

static void plateau_slot(quic_plateau *pl, const quic_picture *p) {
  pl->slot = p->now;
  pl->length = p->srtt > QUIC_PLATEAU_SLOT ? p->srtt : QUIC_PLATEAU_SLOT;
  pl->delivered = plateau_delivered(p);
  pl->sent = p->sent;
  pl->lost = p->lost;
  pl->flight = 0;
}

/* plateau_rate returns |octets| in |d| as bit/s. */
static uint64_t plateau_rate(uint64_t octets, quic_duration d) {
  uint64_t us = d / QUIC_MICROSECOND;

  return us && octets < UINT64_MAX / 8000000 ? octets * 8000000 / us : 0;
}

/* plateau_pending: data waits, as the controller fills its own window, keeps
   its own pace, or has cut its window without a loss and still uses it. */
static bool plateau_pending(const quic_plateau *pl, const quic_picture *p,
                            uint64_t rate) {
  uint64_t window = p->metrics.congestion_window;
  uint64_t pacing = p->metrics.pacing_rate;

  if (p->metrics.app_limited == 1 || p->sent == pl->sent) {
    return false;
  }
  if (pl->flight >= window - window / 5) {
    return true;
  }
  if (pacing != QLOG_NONE && pacing && rate >= pacing - pacing / 3 &&
      rate <= pacing + pacing / 3) {
    return true;
  }
  return window <= pl->window_max / 5 * 2 && pl->flight >= window / 3;
}

static bool plateau_close(quic_plateau *pl, const quic_picture *p,
                          quic_time now, uint64_t last,
                          quic_plateau_found *out) {
  quic_duration span = pl->open ? now - pl->from : 0;
  uint64_t rounds, window = p->metrics.congestion_window;

  if (!pl->open) {
    return false;
  }
  pl->open = false;
  rounds = p->srtt ? span / p->srtt : 0;
  if (window < 4 * p->mds || span < QUIC_PLATEAU_TIME ||
      rounds < QUIC_PLATEAU_ROUNDS || pl->slots < 2 * PLATEAU_FIRST ||
      pl->recent > pl->first + pl->first / 4 ||
      (window > pl->window && (window - pl->window) / rounds >= p->mds / 4)) {
    return false;
  }
  *out = (quic_plateau_found){.from = pl->from,
                              .to = now,
                              .record = pl->record,
                              .last = last,
                              .rate = plateau_rate(pl->octets, span),
                              .best = pl->base,
                              .window = window,
                              .pacing = p->metrics.pacing_rate,
                              .rtt = p->srtt};
  return true;
}

/* plateau_low adds a slot at a low rate to the stretch. */
static void plateau_low(quic_plateau *pl, const quic_picture *p,
                        const qlog_event *e, uint64_t rate, uint64_t octets) {
  if (!pl->open) {
    pl->open = true;
    pl->from = pl->slot;
    pl->record = quic_event_record(e);
    pl->base = pl->best;
    pl->octets = 0;
    pl->window = p->metrics.congestion_window;
    pl->first = pl->recent = rate;
    pl->slots = 0;
  }
  pl->slots++;
  pl->octets += octets;
  pl->recent = 3 * (pl->recent / 4) + rate / 4;
  if (pl->slots <= PLATEAU_FIRST) {
    pl->first = pl->recent;
  }
}

bool quic_plateau_event(quic_plateau *pl, const quic_picture *p,
                        const qlog_event *e, quic_plateau_found *out) {
  uint64_t delivered, octets, rate;
  quic_duration took;
  bool found = false;

  if (!p->told_cwnd || p->srtt == 0) {
    return false;
  }
  if (p->metrics.bytes_in_flight != QLOG_NONE &&
      p->metrics.bytes_in_flight > pl->flight) {
    pl->flight = p->metrics.bytes_in_flight;
  }
  if (p->metrics.congestion_window > pl->window_max) {
    pl->window_max = p->metrics.congestion_window;
  }
  if (pl->slot == QUIC_TIME_NEVER) {
    plateau_slot(pl, p);
    return false;
  }
  took = e->time - pl->slot;
  if (took < pl->length) {
    return false;
  }
  delivered = plateau_delivered(p);
  octets = delivered > pl->delivered ? delivered - pl->delivered : 0;
  rate = plateau_rate(octets, took);
  if (took > PLATEAU_SLOTS_MISSED * pl->length || p->lost != pl->lost ||
      rate > pl->best / QUIC_PLATEAU_PART || !plateau_pending(pl, p, rate)) {
    found = plateau_close(pl, p, pl->slot, quic_event_record(e), out);
  } else {
    plateau_low(pl, p, e, rate, octets);
  }
  if (rate > pl->best && octets / PLATEAU_PACKETS >= p->mds) {
    pl->best = rate;
  }
  plateau_slot(pl, p);
  return found;
}

bool quic_plateau_end(quic_plateau *pl, const quic_picture *p,
                      quic_plateau_found *out) {
  return plateau_close(pl, p, pl->slot, QLOG_NONE, out);
}
