/* 6, 7, 26: losses that were none, that come in bursts or at a steady period,
   or that end a flight; and what was sent in vain. */

#include "analysis/detector.h"
#include "analysis/episodes.h"
#include "analysis/evidence.h"
#include "analysis/spurious.h"

#define LOSS_SPURIOUS_MIN 5  /* for a warning */
#define LOSS_TAILS_MAX 8     /* kept with their time */
#define LOSS_TAILS_WARN 3    /* and a fifth of the time, for a warning */
#define LOSS_FOLLOWERS 16    /* records looked at */
#define LOSS_WASTE_MIN 65536 /* octets */
#define LOSS_WASTE_PART 20   /* one octet in so many */

typedef struct loss_tail {
  quic_time from, to; /* sent; the probe */
  uint64_t number;
} loss_tail;

typedef struct loss_state {
  quic_losses losses;
  quic_episodes episodes;
  quic_spurious spurious;
  uint64_t lost;
  loss_tail tail[LOSS_TAILS_MAX];
  uint64_t tails;
  quic_duration tail_wait;
} loss_state;

static void loss_init(void *state, const quic_mem *mem) {
  loss_state *s = state;

  quic_losses_init(&s->losses);
  quic_spurious_init(&s->spurious, mem);
}

static void loss_free(void *state) {
  quic_spurious_free(&((loss_state *)state)->spurious);
}

/* Bursts. */

static void loss_episode(quic_findings *f, const quic_picture *p,
                         const quic_episode *ep) {
  uint64_t span = ep->last - ep->first + 1;
  bool row = ep->row_max >= QUIC_EPISODES_BURST;
  bool dense = ep->lost >= QUIC_EPISODES_BURST && ep->lost > span / 5 * 3;
  quic_finding *found;

  if (!row && !dense) {
    return;
  }
  found = quic_findings_add(f, QUIC_FOUND_LOSS_BURST, ep->from, ep->found);
  if (!found) {
    return;
  }
  found->side = p->local;
  found->record = found->last = ep->record;
  quic_finding_line(found,
                    "%llu packets from %llu to %llu were lost, up to %llu in a "
                    "row, sent within %s",
                    (unsigned long long)ep->lost, (unsigned long long)ep->first,
                    (unsigned long long)ep->last,
                    (unsigned long long)ep->row_max,
                    quic_evidence_duration(ep->to - ep->from).s);
  if (ep->start && ep->queue) {
    found->severity = QUIC_NOTE;
    quic_finding_line(found, "the first losses, and round trips had grown: "
                             "slow start filled the queue, as it does");
  } else if (ep->early) {
    found->severity = QUIC_NOTE;
    quic_finding_line(found, "the handshake was not confirmed yet: the other "
                             "side may have lacked keys or state");
  } else if (ep->queue) {
    quic_finding_line(found, "round trips had grown before: a queue was full");
  } else {
    quic_finding_line(found, "round trips had not grown: no full queue, rather "
                             "an outage or a policer");
  }
  quic_finding_fact_add(found, "lost_packets", QUIC_UNIT_COUNT, ep->lost);
  quic_finding_fact_add(found, "in_a_row", QUIC_UNIT_COUNT, ep->row_max);
  quic_finding_fact_add(found, "first", QUIC_UNIT_ID, ep->first);
  quic_finding_fact_add(found, "last", QUIC_UNIT_ID, ep->last);
  quic_finding_fact_add(found, "in_flight", QUIC_UNIT_COUNT, ep->flight);
}

static void loss_periodic(const loss_state *s, quic_findings *f,
                          const quic_picture *p) {
  quic_episodes_period period;
  quic_finding *found;

  if (!quic_episodes_regular(&s->episodes, p, &period)) {
    return;
  }
  found =
      quic_findings_add(f, QUIC_FOUND_LOSS_PERIODIC, period.from, period.to);
  if (!found) {
    return;
  }
  found->side = p->local;
  quic_finding_line(found,
                    "losses came every %s, %llu of %llu times within a fifth "
                    "of it",
                    quic_evidence_duration(period.period).s,
                    (unsigned long long)period.regular,
                    (unsigned long long)period.periods);
  quic_finding_line(found, "round trips had not grown before them: a policer "
                           "or another clock drops them, not a full queue");
  quic_finding_fact_add(found, "period", QUIC_UNIT_NS, period.period);
  quic_finding_fact_add(found, "periods", QUIC_UNIT_COUNT, period.periods);
  quic_finding_fact_add(found, "regular", QUIC_UNIT_COUNT, period.regular);
  quic_finding_fact_add(found, "lost_packets", QUIC_UNIT_COUNT, s->lost);
}

/* Tails. */

/* loss_follower returns the first ack-eliciting packet sent after |number|. */
static const quic_sent_record *loss_follower(const quic_sent *sent,
                                             uint64_t number) {
  for (int i = 0; i < LOSS_FOLLOWERS; i++) {
    const quic_sent_record *r = quic_losses_record(sent, number + 1);

    if (!r || r->flags & QUIC_SENT_ELICITING) {
      return r;
    }
    number = r->number;
  }
  return NULL;
}

/* loss_tail_check: the packet lost last was followed by nothing that could tell
   so, until a probe timeout. */
static void loss_tail_check(loss_state *s, const quic_picture *p,
                            const quic_loss *last) {
  const quic_sent *sent =
      quic_analysis_sent(p->analysis, p->local, QUIC_SPACE_APP);
  const quic_sent_record *next =
      sent && sent->len ? loss_follower(sent, last->number) : NULL;
  quic_duration wait, least = p->srtt + 4 * p->rttvar + QUIC_MILLISECOND;

  if (!next || last->sent == QUIC_TIME_NEVER || next->time < last->sent) {
    return;
  }
  wait = next->time - last->sent;
  if (!(next->flags & QUIC_SENT_PROBE) && wait < least) {
    return;
  }
  if (s->tails < LOSS_TAILS_MAX) {
    s->tail[s->tails] = (loss_tail){last->sent, next->time, last->number};
  }
  s->tails++;
  s->tail_wait += wait;
}

static void loss_tails(const loss_state *s, quic_findings *f,
                       const quic_picture *p) {
  bool much =
      s->tails >= LOSS_TAILS_WARN && s->tail_wait > (p->now - p->start) / 5;

  for (size_t i = 0; i < s->tails && i < LOSS_TAILS_MAX; i++) {
    const loss_tail *t = &s->tail[i];
    quic_finding *found =
        quic_findings_add(f, QUIC_FOUND_LOSS_TAIL, t->from, t->to);

    if (!found) {
      continue;
    }
    found->side = p->local;
    found->severity = much ? QUIC_WARNING : QUIC_NOTE;
    quic_finding_line(found,
                      "nothing was sent behind packet %llu that could tell of "
                      "its loss; a probe had to, after %s",
                      (unsigned long long)t->number,
                      quic_evidence_duration(t->to - t->from).s);
    quic_finding_fact_add(found, "packet", QUIC_UNIT_ID, t->number);
    quic_finding_fact_add(found, "wait", QUIC_UNIT_NS, t->to - t->from);
    quic_finding_fact_add(found, "tails", QUIC_UNIT_COUNT, s->tails);
    quic_finding_fact_add(found, "waits", QUIC_UNIT_NS, s->tail_wait);
  }
}

/* Losses that were none. */

static void loss_thresholds(quic_finding *found, const quic_spurious *s) {
  uint64_t eighths = s->rtt ? (s->wait / (s->rtt / 8 + 1)) + 1 : 0;

  if (s->by_number) {
    quic_finding_line(found,
                      "a packet threshold of %llu instead of 3 would have "
                      "kept them",
                      (unsigned long long)s->distance + 1);
  } else if (eighths > 9) {
    quic_finding_line(found,
                      "a time threshold of %llu/8 of the round trip instead "
                      "of 9/8 would have kept them",
                      (unsigned long long)eighths);
  }
}

static void loss_spurious(const loss_state *st, quic_findings *f,
                          const quic_picture *p) {
  const quic_spurious *s = &st->spurious;
  bool told = quic_losses_told(p);
  uint64_t count = told ? s->count : s->by_number;
  quic_finding *found;

  if (count == 0 || (!told && count < LOSS_SPURIOUS_MIN)) {
    return;
  }
  found = quic_findings_add(f, QUIC_FOUND_SPURIOUS, s->first, s->last);
  if (!found) {
    return;
  }
  found->side = p->local;
  found->record = s->record;
  found->last = s->last_record;
  if ((count < LOSS_SPURIOUS_MIN && count <= st->lost / 5) ||
      (!told && p->vantage == QUIC_VANTAGE_NETWORK)) {
    found->severity = QUIC_NOTE;
  }
  quic_finding_line(found,
                    "%llu of %llu packets %s were acknowledged later: "
                    "reordered by up to %llu packets, %s after it was "
                    "declared",
                    (unsigned long long)count, (unsigned long long)st->lost,
                    told ? "declared lost" : "lost by the rules of RFC 9002",
                    (unsigned long long)s->distance,
                    quic_evidence_duration(s->late).s);
  loss_thresholds(found, s);
  if (!told) {
    quic_finding_line(found, p->vantage == QUIC_VANTAGE_NETWORK
                                 ? "what the sender itself declared lost is "
                                   "not to be seen on the way"
                                 : "the log names no lost packets; these are "
                                   "by the rules of RFC 9002");
  }
  quic_finding_fact_add(found, "spurious", QUIC_UNIT_COUNT, count);
  quic_finding_fact_add(found, "lost_packets", QUIC_UNIT_COUNT, st->lost);
  quic_finding_fact_add(found, "reordering", QUIC_UNIT_COUNT, s->distance);
  quic_finding_fact_add(found, "late", QUIC_UNIT_NS, s->late);
  quic_finding_fact_add(found, "wait", QUIC_UNIT_NS, s->wait);
}

/* Waste. */

static void loss_waste_add(quic_findings *f, const quic_picture *p, int side,
                           uint64_t waste, const quic_flow_side *flow,
                           uint64_t lost) {
  quic_finding *found =
      quic_findings_add(f, QUIC_FOUND_WASTE, p->start, p->now);
  quic_sent_counts counts;

  if (!found) {
    return;
  }
  quic_analysis_sum(p->analysis, side, &counts);
  found->side = side;
  quic_finding_line(found,
                    "%s of the stream data of the %s were sent again though "
                    "not lost: %llu of %llu octets",
                    quic_evidence_percent(waste, flow->octets).s,
                    quic_side_name(side), (unsigned long long)waste,
                    (unsigned long long)flow->octets);
  quic_finding_fact_add(found, "wasted", QUIC_UNIT_OCTETS, waste);
  quic_finding_fact_add(found, "repeated", QUIC_UNIT_OCTETS, flow->repeated);
  quic_finding_fact_add(found, "octets", QUIC_UNIT_OCTETS, flow->octets);
  quic_finding_fact_add(found, "lost_octets", QUIC_UNIT_OCTETS, lost);
  quic_finding_fact_add(found, "duplicates", QUIC_UNIT_COUNT,
                        counts.duplicates);
}

/* loss_waste: what arrives twice at an endpoint was sent in vain; what an
   endpoint repeats beyond what it lost is. */
static void loss_waste(const loss_state *s, quic_findings *f,
                       const quic_picture *p) {
  const quic_flow *flow = quic_analysis_flow(p->analysis);

  for (int side = 0; flow && side < QUIC_SIDES; side++) {
    const quic_flow_side *fs = quic_flow_side_of(flow, side);
    quic_sent_counts counts;
    uint64_t lost = 0;

    quic_analysis_sum(p->analysis, side, &counts);
    if (p->vantage == QUIC_VANTAGE_NETWORK || side == p->local) {
      lost = counts.lost_octets;
      if (side == p->local && s->spurious.count) {
        uint64_t none = s->spurious.count * p->mds;

        lost = lost > none ? lost - none : 0;
      }
    }
    if (fs->repeated > lost && fs->repeated - lost >= LOSS_WASTE_MIN &&
        fs->repeated - lost > fs->octets / LOSS_WASTE_PART) {
      loss_waste_add(f, p, side, fs->repeated - lost, fs, lost);
    }
  }
}

static void loss_batch(loss_state *s, quic_findings *f, const quic_picture *p,
                       const quic_loss *batch, size_t n) {
  quic_episode ended;

  for (size_t i = 0; i < n; i++) {
    if (quic_episodes_loss(&s->episodes, p, &batch[i], s->losses.found,
                           &ended)) {
      loss_episode(f, p, &ended);
    }
    quic_spurious_lost(&s->spurious, &batch[i], s->losses.found);
  }
  s->lost += n + s->losses.missed;
  loss_tail_check(s, p, &batch[n - 1]);
}

static void loss_event(void *state, quic_findings *f, const quic_picture *p,
                       const qlog_event *e) {
  loss_state *s = state;
  const quic_loss *batch;
  size_t n;

  batch = quic_losses_event(&s->losses, p, e, &n);
  if (batch) {
    loss_batch(s, f, p, batch, n);
  }
  if (e->type != QLOG_PACKET_LOST) {
    quic_spurious_event(&s->spurious, p, e);
  }
}

static void loss_end(void *state, quic_findings *f, const quic_picture *p) {
  loss_state *s = state;
  const quic_loss *batch;
  quic_episode ended;
  size_t n;

  batch = quic_losses_end(&s->losses, &n);
  if (batch) {
    loss_batch(s, f, p, batch, n);
  }
  if (quic_episodes_end(&s->episodes, &ended)) {
    loss_episode(f, p, &ended);
  }
  loss_periodic(s, f, p);
  loss_tails(s, f, p);
  loss_spurious(s, f, p);
  loss_waste(s, f, p);
}

const quic_detector quic_detect_loss = {
    .name = "loss",
    .size = sizeof(loss_state),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(PACKET_RECEIVED) | QUIC_DETECTOR_ON(PACKET_LOST),
    .init = loss_init,
    .event = loss_event,
    .end = loss_end,
    .free = loss_free,
};
