/* Round trips, loss detection and probe timeouts (RFC 9002). */

#include <string.h>

#include "tests/support/loggen_sim.h"

#define LOSS_PACKETS 3
#define LOSS_RANGE(f) (f)->offset, (f)->offset + (f)->length

void lg_rtt(lg_end *e, quic_duration latest, quic_duration ack_delay) {
  lg_metrics *m = &e->metrics;
  quic_duration adjusted = latest;

  m->latest = latest ? latest : 1;
  if (m->smoothed == 0) {
    m->min_rtt = m->smoothed = m->latest;
    e->sample_at = e->sim->now;
    m->variance = latest / 2;
  } else {
    if (latest < m->min_rtt) {
      m->min_rtt = m->latest;
    }
    if (latest >= m->min_rtt + ack_delay) {
      adjusted -= ack_delay;
    }
    m->variance =
        (3 * m->variance + (adjusted > m->smoothed ? adjusted - m->smoothed
                                                   : m->smoothed - adjusted)) /
        4;
    m->smoothed = (7 * m->smoothed + adjusted) / 8;
  }
  e->cc.rtt = m->smoothed;
  e->cc.latest = m->latest;
  e->cc.min_rtt = m->min_rtt;
  if (m->latest > e->facts.rtt_max) {
    e->facts.rtt_max = m->latest;
  }
  if (m->smoothed > e->facts.srtt_max) {
    e->facts.srtt_max = m->smoothed;
  }
  e->facts.rtt_min = m->min_rtt;
}

quic_duration lg_pto(const lg_end *e, bool application) {
  const lg_metrics *m = &e->metrics;
  quic_duration var = 4 * m->variance > LG_MS ? 4 * m->variance : LG_MS;

  if (m->smoothed == 0) {
    return 999 * LG_MS;
  }
  return m->smoothed + var +
         (application ? e->sim->set->end[!e->side].tp.max_ack_delay_ms * LG_MS
                      : 0);
}

/* lg_requeue makes what |p| carried wait to be sent again. */
void lg_requeue(lg_end *e, const lg_packet *p) {
  for (size_t i = 0; i < p->nframes; i++) {
    const lg_frame *f = &p->frames[i];
    lg_stream *st;

    switch (f->type) {
    case LG_CRYPTO:
      lg_ranges_add(&e->space[p->type].crypto_lost, LOSS_RANGE(f));
      break;
    case LG_STREAM:
      st = lg_stream_of(e, f->id);
      if (st->reset || st->done) {
        break;
      }
      if (!lg_ranges_has(&st->acked, LOSS_RANGE(f))) {
        lg_ranges_add(&st->lost, LOSS_RANGE(f));
      }
      st->fin_lost |= f->fin;
      break;
    case LG_PADDING:
    case LG_PING:
    case LG_ACK:
    case LG_DATAGRAM:
    case LG_PATH_CHALLENGE:
    case LG_PATH_RESPONSE:
    case LG_CLOSE_TRANSPORT:
    case LG_CLOSE_APPLICATION:
      break;
    default:
      lg_control(e, f);
      break;
    }
  }
}

static void loss_at_floor(lg_end *e) {
  lg_facts *f = &e->facts;

  if (e->cc.cwnd <= 1.05 * (double)e->cc.min) {
    f->pinned_lost++;
  }
  f->cycles = f->cycle_changes = 0;
  f->last_loss = e->sim->now;
}

static void loss_packet(lg_end *e, lg_packet *p, const char *trigger) {
  lg_space *sp = &e->space[p->type];

  p->fate = LG_LOST;
  e->flight -= p->in_flight ? p->size : 0;
  sp->flying -= p->eliciting;
  e->metrics.lost++;
  e->metrics.lost_octets += p->size;
  e->facts.lost++;
  e->facts.app_lost += p->type == LG_APP;
  e->facts.lost_octets += p->size;
  lg_emit_packet(e, LG_EV_LOST, p, trigger);
  lg_requeue(e, p);
  loss_at_floor(e);
}

/* Whether the packets [from, to] that were just lost span persistent
   congestion (RFC 9002 §7.6). */
static bool loss_persistent(const lg_end *e, const lg_packet *first,
                            const lg_packet *last) {
  return first && e->metrics.smoothed > 0 && first->sent > e->sample_at &&
         last->sent - first->sent > 3 * lg_pto(e, true);
}

void lg_detect(lg_end *e, lg_packet_type space) {
  lg_space *sp = &e->space[space];
  lg_metrics *m = &e->metrics;
  quic_duration longer = m->latest > m->smoothed ? m->latest : m->smoothed;
  quic_duration delay = longer + longer / 8;
  const lg_packet *first = NULL;
  double before = e->cc.cwnd;
  uint64_t run = 0;
  bool persistent = false;

  delay = delay > LG_MS ? delay : LG_MS;
  sp->loss_at = LG_NONE;
  for (uint64_t n = sp->first; sp->largest != LG_NONE && n < sp->largest; n++) {
    lg_packet *p = &sp->sent[n];
    bool late = p->sent + delay <= e->sim->now;

    if (p->fate != LG_FLYING) {
      first = p->fate == LG_ACKED && p->eliciting ? NULL : first;
      run = p->fate == LG_ACKED ? 0 : run;
      continue;
    }
    if (!late && sp->largest - n < LOSS_PACKETS) {
      if (p->sent + delay < sp->loss_at) {
        sp->loss_at = p->sent + delay;
      }
      continue;
    }
    loss_packet(e, p,
                sp->largest - n >= LOSS_PACKETS ? "reordering_threshold"
                                                : "time_threshold");
    if (p->eliciting) {
      first = first ? first : p;
      persistent |= loss_persistent(e, first, p);
    }
    if (++run > e->facts.longest_run) {
      e->facts.longest_run = run;
    }
    if (p->in_flight && !p->mtu_probe) {
      lg_cc_lost(&e->cc, e->sim->now, p->sent);
    }
  }
  while (sp->first < sp->next && sp->sent[sp->first].fate != LG_FLYING) {
    sp->first++;
  }
  if (persistent) {
    e->facts.persistent++;
    lg_cc_persistent(&e->cc);
  }
  if (1 - e->cc.cwnd / before > e->facts.fall) {
    e->facts.fall = 1 - e->cc.cwnd / before;
  }
}

void lg_discard(lg_end *e, lg_packet_type space) {
  lg_space *sp = &e->space[space];
  lg_event ev = {.type = LG_EV_KEY_DISCARDED, .value = space};

  if (sp->discarded) {
    return;
  }
  sp->discarded = true;
  for (uint64_t n = sp->first; n < sp->next; n++) {
    if (sp->sent[n].fate == LG_FLYING) {
      e->flight -= sp->sent[n].in_flight ? sp->sent[n].size : 0;
    }
  }
  sp->flying = 0;
  sp->ack_at = sp->loss_at = sp->eliciting_at = LG_NONE;
  e->metrics.pto_count = 0;
  lg_emit(e, &ev);
}

/* The space whose probe timeout comes first, or -1. */
static int loss_pto(const lg_end *e, quic_time *at) {
  int best = -1;

  *at = LG_NONE;
  if (!e->validated && e->tx + 1200 > 3 * e->rx) {
    return best; /* the server has to wait (RFC 9002 §6.2.2.1) */
  }
  for (int i = 0; i < LG_SPACES; i++) {
    const lg_space *sp = &e->space[i];
    quic_time t;

    if (sp->discarded || sp->flying == 0 || sp->eliciting_at == LG_NONE ||
        (i == LG_APP && !e->complete)) {
      continue;
    }
    t = sp->eliciting_at + (lg_pto(e, i == LG_APP) << e->metrics.pto_count);
    if (t < *at) {
      *at = t;
      best = i;
    }
  }
  /* A client whose server may not send (RFC 9002 §6.2.2.1). */
  if (best < 0 && e->side == LG_CLIENT && !e->confirmed && !e->complete &&
      e->anti_deadlock != LG_NONE) {
    *at = e->anti_deadlock + (lg_pto(e, false) << e->metrics.pto_count);
    best = e->keys[LG_HANDSHAKE] ? LG_HANDSHAKE : LG_INITIAL;
  }
  return best;
}

static quic_time loss_idle(const lg_end *e) {
  uint64_t a = e->set->tp.idle_ms, b = e->sim->set->end[!e->side].tp.idle_ms;
  uint64_t ms = a == 0 ? b : b == 0 ? a : a < b ? a : b;
  quic_duration d = ms * LG_MS, floor = 3 * lg_pto(e, true);

  if (ms == 0 || (e->side == LG_SERVER && e->rx == 0)) {
    return LG_NONE;
  }
  return e->idle_from + (d > floor ? d : floor);
}

quic_time lg_deadline(const lg_end *e) {
  quic_time at = e->wants, t;

  if (e->closed || e->dead || e->forgot) {
    return LG_NONE;
  }
  for (int i = 0; i < LG_SPACES; i++) {
    const lg_space *sp = &e->space[i];

    at = sp->ack_at < at ? sp->ack_at : at;
    at = sp->loss_at < at ? sp->loss_at : at;
  }
  if (loss_pto(e, &t) >= 0 && t < at) {
    at = t;
  }
  at = e->credit_at < at ? e->credit_at : at;
  at = e->challenge_at < at ? e->challenge_at : at;
  t = loss_idle(e);
  return t < at ? t : at;
}

/* loss_probe answers a probe timeout: what is oldest goes again. */
static void loss_probe(lg_end *e, lg_packet_type space) {
  static const lg_frame ping = {.type = LG_PING};
  lg_event ev = {
      .type = LG_EV_TIMER, .text = "pto", .trigger = "expired", .value = space};
  lg_space *sp = &e->space[space];
  bool found = false;

  lg_emit(e, &ev);
  e->metrics.pto_count++;
  e->facts.probes++;
  if (e->metrics.pto_count > e->facts.pto_max) {
    e->facts.pto_max = e->metrics.pto_count;
  }
  e->probes = space == LG_APP ? 2 : 1;
  e->probe_space = space;
  for (uint64_t n = sp->first; n < sp->next && !found; n++) {
    const lg_packet *p = &sp->sent[n];

    if (p->fate == LG_FLYING && p->eliciting) {
      lg_requeue(e, p);
      found = p->nframes > 0 && p->frames[p->nframes - 1].type != LG_PING;
    }
  }
  if (space == LG_APP) {
    lg_control(e, &ping);
  }
  e->anti_deadlock = e->anti_deadlock == LG_NONE ? LG_NONE : e->sim->now;
}

static void loss_late_credit(lg_end *e) {
  e->credit_at = LG_NONE;
  lg_app_credit(e, NULL, true);
  for (size_t i = 0; i < e->nstreams; i++) {
    if (e->streams[i]->credit_at <= e->sim->now) {
      lg_app_credit(e, e->streams[i], true);
    } else if (e->streams[i]->credit_at < e->credit_at) {
      e->credit_at = e->streams[i]->credit_at;
    }
  }
}

void lg_timers(lg_end *e) {
  quic_time now = e->sim->now, t;
  lg_event closed = {.type = LG_EV_CLOSED,
                     .trigger = "idle_timeout",
                     .side = e->side,
                     .code = LG_NONE,
                     .early = !e->complete};
  int space;

  if (loss_idle(e) <= now) {
    lg_emit(e, &closed);
    e->closed = true;
    return;
  }
  for (int i = 0; i < LG_SPACES; i++) {
    if (e->space[i].loss_at <= now) {
      lg_detect(e, i);
      lg_emit_metrics(e);
    }
  }
  if (e->challenge_at <= now) {
    lg_event ev = {.type = LG_EV_MIGRATION, .text = "migration_abandoned"};

    e->challenge_at = LG_NONE;
    e->facts.path_failed++;
    lg_emit(e, &ev);
  }
  if (e->credit_at <= now) {
    loss_late_credit(e);
  }
  space = loss_pto(e, &t);
  if (space >= 0 && t <= now) {
    loss_probe(e, space);
  }
}
