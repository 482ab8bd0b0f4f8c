/* 16, 17: acknowledgments that wait longer than was promised, that come too
   late or too seldom. */

#include "analysis/detector.h"
#include "analysis/evidence.h"

#define ACKS_GRACE (5 * QUIC_MILLISECOND)
#define ACKS_COUNT 3 /* for a warning */
#define ACKS_STARVED_GRACE (10 * QUIC_MILLISECOND)
#define ACKS_THIN 64     /* packets for one ACK */
#define ACKS_THIN_MIN 20 /* ACKs */

typedef struct acks_window {
  uint64_t count;
  quic_time from, to;
  uint64_t record, last;
  quic_duration worst;
} acks_window;

/* What one side acknowledges. */
typedef struct acks_side {
  uint64_t acks, acked; /* that brought news; packets */
  quic_time since;      /* packets wait for an ACK; QUIC_TIME_NEVER */
  uint64_t largest;     /* acknowledged; QLOG_NONE */
  uint64_t samples;     /* round trips to it and back */
  uint64_t lost;        /* p->lost at the ACK before */
  uint64_t holes;       /* of its packets, when these began to wait */
  bool starved;         /* that ACK came late, if nothing was lost */
  quic_time starved_from, starved_to;
  uint64_t starved_record;
  quic_duration starved_for;
  acks_window delay, impossible, starvation;
} acks_side;

typedef struct acks_state {
  acks_side side[QUIC_SIDES]; /* by who acknowledges */
} acks_state;

static void acks_init(void *state, const quic_mem *mem) {
  acks_state *s = state;

  (void)mem;
  for (int side = 0; side < QUIC_SIDES; side++) {
    s->side[side].since = QUIC_TIME_NEVER;
    s->side[side].largest = QLOG_NONE;
  }
}

static void acks_note(acks_window *w, quic_time from, quic_time to,
                      uint64_t record, quic_duration value) {
  if (w->count++ == 0) {
    w->from = from;
    w->record = record;
  }
  w->to = to;
  w->last = record;
  if (value > w->worst) {
    w->worst = value;
  }
}

/* acks_delay checks what the newest ACK frame of |e| says of its delay. */
static void acks_delay(acks_side *s, const quic_picture *p, const qlog_event *e,
                       const quic_frame *ack, int acker) {
  const quic_analysis_limits *limits = quic_analysis_limits_of(p->analysis);
  const quic_rtt *share = quic_analysis_share(p->analysis, acker);
  quic_duration max = limits->max_ack_delay[acker];
  uint64_t exponent = e->u.packet.ack_delay_exponent;
  quic_duration delay =
      quic_rtt_ack_delay(ack->u.ack.delay, exponent > 20 ? 20 : exponent);
  uint64_t record = quic_event_record(e);

  if (delay > max + ACKS_GRACE) {
    acks_note(&s->delay, e->time, e->time, record, delay);
  }
  /* An endpoint does not measure its own. */
  if (share->samples != s->samples &&
      delay > share->latest + share->latest / 8 + QUIC_MILLISECOND) {
    acks_note(&s->impossible, e->time, e->time, record, delay);
  }
}

/* acks_holes counts packets of |acker| that never came: ACKs may be lost. */
static uint64_t acks_holes(const quic_picture *p, int acker) {
  const quic_sent *s = quic_analysis_sent(p->analysis, acker, QUIC_SPACE_APP);

  return s ? quic_sent_never_seen(s) : 0;
}

/* acks_starved settles the late ACK before this one: where packets were lost,
   the acknowledging side was not to blame. */
static void acks_starved(acks_side *s, const quic_picture *p, int acker) {
  if (s->starved && p->lost == s->lost && acks_holes(p, acker) == s->holes) {
    acks_note(&s->starvation, s->starved_from, s->starved_to, s->starved_record,
              s->starved_for);
  }
  s->starved = false;
}

static void acks_wait(acks_side *s, const quic_picture *p, const qlog_event *e,
                      int acker) {
  const quic_rtt *share = quic_analysis_share(p->analysis, acker);
  quic_duration wait = quic_time_since(e->time, s->since);
  quic_duration max =
      quic_analysis_limits_of(p->analysis)->max_ack_delay[acker];

  wait -= share->samples && wait > share->min    ? share->min
          : share->samples && wait <= share->min ? wait
                                                 : 0;
  if (p->srtt && wait / 2 > p->srtt + (max + ACKS_STARVED_GRACE) / 2) {
    s->starved = true;
    s->lost = p->lost;
    s->starved_from = s->since;
    s->starved_to = e->time;
    s->starved_record = quic_event_record(e);
    s->starved_for = wait;
  }
}

/* acks_took handles a packet of |acker| whose ACK frame brought news. */
static void acks_took(acks_side *s, const quic_picture *p, const qlog_event *e,
                      int acker, const quic_sent *sent) {
  const qlog_packet *packet = &e->u.packet;
  bool newest = sent->largest_acked != s->largest;

  acks_starved(s, p, acker);
  s->acks++;
  if (p->handshake != QUIC_TIME_NEVER && p->confirmed) {
    for (size_t i = 0; i < packet->nframes && newest; i++) {
      const quic_frame *f = &packet->frames[i];

      if (f->type == QUIC_FRAME_ACK || f->type == QUIC_FRAME_ACK_ECN) {
        acks_delay(s, p, e, f, acker);
        break;
      }
    }
    if (s->since != QUIC_TIME_NEVER) {
      acks_wait(s, p, e, acker);
    }
  }
  s->since = sent->eliciting_in_flight ? e->time : QUIC_TIME_NEVER;
  s->holes = s->starved ? s->holes : acks_holes(p, acker);
}

static void acks_event(void *state, quic_findings *f, const quic_picture *p,
                       const qlog_event *e) {
  acks_state *st = state;

  (void)f;
  for (int acker = 0; acker < QUIC_SIDES; acker++) {
    const quic_sent *sent =
        quic_analysis_sent(p->analysis, !acker, QUIC_SPACE_APP);
    acks_side *s = &st->side[acker];

    if (!sent) {
      continue;
    }
    if (sent->counts.acked != s->acked) {
      acks_took(s, p, e, acker, sent);
    } else if (s->since == QUIC_TIME_NEVER && sent->eliciting_in_flight) {
      s->since = e->time;
      s->holes = s->starved ? s->holes : acks_holes(p, acker);
    } else if (sent->eliciting_in_flight == 0) {
      s->since = QUIC_TIME_NEVER;
    }
    s->acked = sent->counts.acked;
    s->largest = sent->largest_acked;
    s->samples = quic_analysis_share(p->analysis, acker)->samples;
  }
}

static quic_finding *acks_add(quic_findings *f, quic_finding_id id,
                              const acks_window *w, int side) {
  quic_finding *found = quic_findings_add(f, id, w->from, w->to);

  if (found) {
    found->side = side;
    found->record = w->record;
    found->last = w->last;
    if (w->count < ACKS_COUNT) {
      found->severity = QUIC_NOTE;
    }
    quic_finding_fact_add(found, "acks", QUIC_UNIT_COUNT, w->count);
    quic_finding_fact_add(found, "longest", QUIC_UNIT_NS, w->worst);
  }
  return found;
}

static void acks_delay_tell(const acks_side *s, quic_findings *f,
                            const quic_picture *p, int side) {
  const quic_analysis_limits *limits = quic_analysis_limits_of(p->analysis);
  bool unit =
      s->impossible.count >= ACKS_COUNT && s->impossible.count > s->acks / 4;
  const acks_window *w = unit ? &s->impossible : &s->delay;
  quic_finding *found;

  if (w->count == 0) {
    return;
  }
  found = acks_add(f, QUIC_FOUND_ACK_DELAY, w, side);
  if (unit) {
    quic_finding_line(found,
                      "%llu ACKs of the %s claim a delay longer than the whole "
                      "round trip, up to %s: its unit is mistaken "
                      "(ack_delay_exponent?)",
                      (unsigned long long)w->count, quic_side_name(side),
                      quic_evidence_duration(w->worst).s);
    return;
  }
  quic_finding_line(found,
                    "%llu of %llu ACKs of the %s waited longer than its "
                    "max_ack_delay of %s%s, up to %s",
                    (unsigned long long)w->count, (unsigned long long)s->acks,
                    quic_side_name(side),
                    quic_evidence_duration(limits->max_ack_delay[side]).s,
                    limits->known[side] ? ""
                                        : " (the default; its own was not "
                                          "seen)",
                    quic_evidence_duration(w->worst).s);
  quic_finding_line(found, "the other side counts that as round trip, and its "
                           "probe timeout may fire in vain");
  if (found && !limits->known[side]) {
    found->severity = QUIC_NOTE;
  }
  quic_finding_fact_add(found, "max_ack_delay", QUIC_UNIT_NS,
                        limits->max_ack_delay[side]);
}

static void acks_starvation_tell(const acks_side *s, quic_findings *f,
                                 const quic_picture *p, int side) {
  bool thin = s->acks >= ACKS_THIN_MIN && s->acked / ACKS_THIN > s->acks;
  acks_window w = s->starvation;
  quic_finding *found;

  /* From afar a path that stalls looks the same; it does not do so often. */
  if (!thin && (w.count == 0 || (side != p->local && w.count < ACKS_COUNT) ||
                p->vantage == QUIC_VANTAGE_NETWORK)) {
    return;
  }
  if (w.count == 0) {
    w = (acks_window){
        .from = p->start, .to = p->now, .record = QLOG_NONE, .last = QLOG_NONE};
  }
  found = acks_add(f, QUIC_FOUND_ACK_STARVATION, &w, side);
  if (thin && found) {
    found->severity = QUIC_WARNING;
    quic_finding_line(found,
                      "the %s sent one ACK for %llu packets: the sender learns "
                      "of losses late and sends in bursts",
                      quic_side_name(side),
                      (unsigned long long)(s->acked / s->acks));
  }
  if (w.count) {
    quic_finding_line(found,
                      "%llu times packets waited more than two round trips for "
                      "an ACK of the %s, up to %s",
                      (unsigned long long)w.count, quic_side_name(side),
                      quic_evidence_duration(w.worst).s);
  }
  quic_finding_fact_add(found, "acks_in_all", QUIC_UNIT_COUNT, s->acks);
  quic_finding_fact_add(found, "acked_packets", QUIC_UNIT_COUNT, s->acked);
}

static void acks_end(void *state, quic_findings *f, const quic_picture *p) {
  acks_state *st = state;

  for (int side = 0; side < QUIC_SIDES; side++) {
    acks_starved(&st->side[side], p, side);
    acks_delay_tell(&st->side[side], f, p, side);
    acks_starvation_tell(&st->side[side], f, p, side);
  }
}

const quic_detector quic_detect_acks = {
    .name = "acks",
    .size = sizeof(acks_state),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) | QUIC_DETECTOR_ON(PACKET_RECEIVED),
    .init = acks_init,
    .event = acks_event,
    .end = acks_end,
};
