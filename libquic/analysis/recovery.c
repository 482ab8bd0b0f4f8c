#include "analysis/recovery.h"

#include "analysis/inferred.h"

/* What the rules call back with. */
typedef struct recovery_loser {
  const quic_recovery *r;
  quic_time now;
  int side;
  quic_space space;
} recovery_loser;

static void recovery_timing(quic_recovery *r, int side) {
  r->loss_delay[side] = quic_rtt_loss_delay(&r->whole[side]);
  r->pto[side] = quic_rtt_pto(&r->whole[side], 0);
}

void quic_recovery_init(quic_recovery *r, const quic_mem *mem, int endpoint,
                        qlog_sink *inferred) {
  *r = (quic_recovery){.mem = mem, .inferred = inferred, .endpoint = endpoint};
  for (int side = 0; side < QUIC_SIDES; side++) {
    quic_rtt_init(&r->share[side]);
    quic_rtt_init(&r->whole[side]);
    r->limits[side] = (quic_recovery_limits){QUIC_RTT_MAX_ACK_DELAY,
                                             QUIC_RTT_ACK_DELAY_EXPONENT};
    recovery_timing(r, side);
  }
}

void quic_recovery_free(quic_recovery *r) {
  for (int side = 0; side < QUIC_SIDES; side++) {
    for (int space = 0; space < QUIC_SPACES; space++) {
      if (r->sent[side][space]) {
        quic_sent_free(r->sent[side][space]);
        quic_mem_free(r->mem, r->sent[side][space]);
        r->sent[side][space] = NULL;
      }
    }
  }
}

static quic_sent *recovery_sent(quic_recovery *r, int side, quic_space space) {
  quic_sent **s = &r->sent[side][space];

  if (!*s) {
    *s = quic_mem_alloc(r->mem, sizeof(**s));
    if (*s) {
      quic_sent_init(*s, r->mem);
    }
  }
  return *s;
}

static void recovery_lost(void *user, const quic_sent_record *record, int why) {
  const recovery_loser *l = user;

  quic_inferred_lost(l->r->inferred, l->now, l->side, l->space, record, why);
}

/* recovery_near: the part of the round trip between |side| and here.  Often
   there are few samples of it, with all delays of a handshake in them, so the
   least says most. */
static quic_duration recovery_near(const quic_recovery *r, int side) {
  return r->endpoint != side && r->share[side].samples ? r->share[side].min : 0;
}

quic_duration quic_recovery_pto(const quic_recovery *r, int side,
                                quic_space space) {
  return r->pto[side] +
         (space == QUIC_SPACE_APP ? r->limits[!side].max_ack_delay : 0);
}

static quic_sent_rules recovery_rules(const quic_recovery *r,
                                      recovery_loser *l) {
  quic_sent_rules rules = {
      .loss_delay = r->loss_delay[l->side],
      .pto = quic_recovery_pto(r, l->side, l->space),
      .near_rtt = recovery_near(r, l->side),
      .lost = r->inferred ? recovery_lost : NULL,
      .user = l,
  };

  return rules;
}

int quic_recovery_packet(quic_recovery *r, const quic_mark *at,
                         quic_space space, uint64_t octets, unsigned flags) {
  recovery_loser loser = {r, at->time, at->side, space};
  quic_sent *s = recovery_sent(r, at->side, space);
  quic_sent_rules rules;
  int rv;

  if (!s) {
    return (int)flags;
  }
  rules = recovery_rules(r, &loser);
  rv = quic_sent_packet(s, at->number, octets > SIZE_MAX ? SIZE_MAX : octets,
                        flags, at->time, &rules);
  if (space < r->discarded) {
    quic_sent_discard(s);
  }
  return rv;
}

/* recovery_sample takes the round trip from here to |acker| and back. */
static void recovery_sample(quic_recovery *r, int acker, quic_space space,
                            quic_duration delay, quic_duration rtt,
                            bool confirmed, quic_time now) {
  int sender = !acker;
  const quic_recovery_limits *limits = &r->limits[acker];

  if (rtt > QUIC_RTT_MAX) {
    rtt = QUIC_RTT_MAX;
  }
  quic_rtt_sample(&r->share[acker], rtt, delay, limits->max_ack_delay,
                  confirmed);
  /* Without the other part this would be no round trip of anybody. */
  if (r->endpoint != sender && r->share[sender].samples == 0) {
    return;
  }
  quic_rtt_sample(&r->whole[sender], rtt + recovery_near(r, sender), delay,
                  limits->max_ack_delay, confirmed);
  recovery_timing(r, sender);
  quic_inferred_metrics(r->inferred, now, sender, &r->whole[sender],
                        r->sent[sender][space]);
}

void quic_recovery_ack(quic_recovery *r, const quic_mark *at, quic_space space,
                       const quic_frame *ack, unsigned exponent,
                       bool confirmed) {
  recovery_loser loser = {r, at->time, !at->side, space};
  quic_sent *s = r->sent[!at->side][space];
  quic_sent_rules rules;
  quic_sent_ack out;

  if (!s) {
    return;
  }
  rules = recovery_rules(r, &loser);
  quic_sent_on_ack(s, ack, at->time, &rules, &out);
  if (out.sample) {
    /* The parameter comes too late for the handshake; an Initial is not to be
       delayed. */
    quic_duration delay =
        space == QUIC_SPACE_INITIAL
            ? 0
            : quic_rtt_ack_delay(ack->u.ack.delay,
                                 space == QUIC_SPACE_APP
                                     ? exponent
                                     : QUIC_RTT_ACK_DELAY_EXPONENT);

    recovery_sample(r, at->side, space, delay, out.rtt, confirmed, at->time);
  }
}

void quic_recovery_discard(quic_recovery *r, quic_space space) {
  for (; r->discarded < space; r->discarded++) {
    for (int side = 0; side < QUIC_SIDES; side++) {
      if (r->sent[side][r->discarded]) {
        quic_sent_discard(r->sent[side][r->discarded]);
      }
    }
  }
}

bool quic_recovery_holes(const quic_recovery *r, int side, quic_space space) {
  const quic_sent *s = r->sent[side][space];

  return s && (s->gaps.total || s->gaps.forgotten || s->counts.missed);
}

static uint64_t recovery_larger(uint64_t a, uint64_t b) {
  return a > b ? a : b;
}

void quic_recovery_sum(const quic_recovery *r, int side,
                       quic_sent_counts *out) {
  *out = (quic_sent_counts){0};
  for (int space = 0; space < QUIC_SPACES; space++) {
    const quic_sent_counts *c =
        r->sent[side][space] ? &r->sent[side][space]->counts : NULL;

    if (!c) {
      continue;
    }
    out->packets += c->packets;
    out->acked += c->acked;
    out->lost += c->lost;
    out->lost_octets += c->lost_octets;
    out->lost_by_number += c->lost_by_number;
    out->told_lost += c->told_lost;
    out->spurious += c->spurious;
    out->probes += c->probes;
    out->probe_run += c->probe_run;
    out->reordered += c->reordered;
    out->duplicates += c->duplicates;
    out->missed += c->missed;
    out->optimistic += c->optimistic;
    out->dropped += c->dropped;
    out->out_of_memory += c->out_of_memory;
    out->probe_run_max = recovery_larger(out->probe_run_max, c->probe_run_max);
    out->reorder_max = recovery_larger(out->reorder_max, c->reorder_max);
    out->reorder_time_max =
        recovery_larger(out->reorder_time_max, c->reorder_time_max);
    out->acked_size_max =
        recovery_larger(out->acked_size_max, c->acked_size_max);
  }
}
