/* Building packets. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/loggen_sim.h"

#define SEND_OVERHEAD_LONG 48
#define SEND_OVERHEAD_SHORT 30
#define SEND_THINKING                                                          \
  (150 * LG_US)            /* what the end takes to answer, at most            \
                            */
#define SEND_STREAM_MIN 24 /* octets worth a STREAM frame */

void lg_control(lg_end *e, const lg_frame *f) {
  for (size_t i = 0; i < e->ncontrol; i++) {
    lg_frame *have = &e->control[i];

    if (have->type == f->type && have->id == f->id) {
      have->value = f->value > have->value ? f->value : have->value;
      return;
    }
  }
  if (e->ncontrol < LG_CONTROL_MAX) {
    e->control[e->ncontrol++] = *f;
  }
}

static void send_limit(lg_end *e, lg_limit limit) {
  static const char *const reasons[] = {
      [LG_LIMIT_APP] = "application",
      [LG_LIMIT_WINDOW] = "congestion_control",
      [LG_LIMIT_PACING] = "pacing",
      [LG_LIMIT_CONNECTION] = "connection_flow_control",
      [LG_LIMIT_STREAM] = "stream_flow_control",
      [LG_LIMIT_STREAMS] = "stream_id",
      [LG_LIMIT_AMPLIFICATION] = "amplification_protection"};
  quic_duration d = e->sim->now - e->limit_since;
  lg_event ev = {.type = LG_EV_BLOCKED, .text = reasons[limit]};

  if (limit == e->limit) {
    return;
  }
  e->facts.limited[e->limit] += d;
  if (d > e->facts.longest[e->limit]) {
    e->facts.longest[e->limit] = d;
  }
  e->limit = limit;
  e->limit_since = e->sim->now;
  if (limit == LG_LIMIT_PACING) {
    return;
  }
  ev.text = limit == LG_LIMIT_WINDOW ? NULL : ev.text;
  lg_emit(e, &ev);
}

static void send_cc_state(lg_end *e) {
  const char *state = lg_cc_state(&e->cc, e->sim->now);
  lg_event ev = {.type = LG_EV_CC_STATE, .old = e->cc_state, .text = state};

  if (strcmp(state, e->cc_state) != 0) {
    e->cc_state = state;
    e->facts.changes++;
    e->facts.cycle_changes++;
    lg_emit(e, &ev);
  }
}

void lg_emit_metrics(lg_end *e) {
  lg_event ev = {.type = LG_EV_METRICS, .metrics = &e->metrics};
  uint64_t rate = 0;

  e->metrics.cwnd = (uint64_t)e->cc.cwnd;
  e->metrics.in_flight = e->flight;
  e->metrics.ssthresh = e->cc.ssthresh < 0 ? LG_NONE : (uint64_t)e->cc.ssthresh;
  e->metrics.app_limited = e->limit == LG_LIMIT_APP;
  if (e->cc.kind == LG_CC_PLATEAU || e->set->pacing) {
    rate =
        e->metrics.smoothed
            ? (uint64_t)(e->cc.cwnd * 8e9 * 1.25 / (double)e->metrics.smoothed)
            : 0;
    rate = e->cc.kind == LG_CC_PLATEAU ? rate * 2 / 5 : rate;
  }
  e->metrics.pacing_rate = rate;
  send_cc_state(e);
  lg_emit(e, &ev);
}

static void send_account(lg_end *e, lg_packet *p) {
  lg_space *sp = &e->space[p->type];

  if (p->eliciting) {
    if (e->facts.silence_from == LG_NONE) {
      e->facts.silence_from = p->sent;
    } else if (p->sent - e->facts.silence_from > e->facts.silence) {
      e->facts.silence = p->sent - e->facts.silence_from;
    }
    sp->eliciting_at = p->sent;
    sp->flying++;
    if (!e->silent) {
      e->silent = true; /* only the first since the last receipt counts */
      e->idle_from = p->sent;
    }
  }
  if (p->in_flight) {
    lg_cc_sent(&e->cc, p->sent, e->flight);
    e->flight += p->size;
    e->flight_max = e->flight > e->flight_max ? e->flight : e->flight_max;
  }
}

lg_packet *lg_send(lg_end *e, lg_packet *p) {
  lg_space *sp = &e->space[p->type];

  if (sp->next == sp->cap) {
    sp->cap = sp->cap ? 2 * sp->cap : 16;
    sp->sent = realloc(sp->sent, sp->cap * sizeof(*sp->sent));
    if (!sp->sent) {
      perror("loggen");
      exit(1);
    }
  }
  p->number = sp->next;
  p->sent = e->sim->now;
  p->phase = e->phase && p->type == LG_APP;
  p->ect = e->set->ecn;
  p->fate = p->in_flight || p->eliciting ? LG_FLYING : LG_ACKED;
  e->tx += p->size;
  e->facts.sent++;
  send_account(e, p);
  sp->sent[sp->next++] = *p;
  lg_emit_packet(e, LG_EV_SENT, p, NULL);
  lg_way_send(e->sim, e->side, p);
  lg_emit_metrics(e);
  return &sp->sent[sp->next - 1];
}

static lg_frame *send_frame(lg_packet *p, lg_frame_type type, uint32_t octets) {
  lg_frame *f = &p->frames[p->nframes++];

  memset(f, 0, sizeof(*f));
  f->type = type;
  p->size += octets;
  p->eliciting |= type != LG_ACK && type != LG_PADDING;
  return f;
}

static void send_ack(lg_end *e, lg_packet *p) {
  lg_space *sp = &e->space[p->type];
  lg_ranges *got = &sp->received;
  quic_duration held = e->sim->now - sp->received_at +
                       quic_rng_below(&e->sim->rng, SEND_THINKING);

  if (got->n == 0) {
    return;
  }
  p->nranges = 0;
  for (size_t i = got->n; i-- > 0 && p->nranges < LG_RANGES_MAX;) {
    p->ranges[p->nranges++] = got->r[i];
  }
  p->ack_delay = p->type == LG_INITIAL ? 0 : held;
  p->ack_ecn = e->sim->set->end[!e->side].ecn && sp->ect0 + sp->ce > 0;
  p->ect0 = sp->ect0;
  p->ce_count = sp->ce;
  send_frame(p, LG_ACK, 4u + 3u * p->nranges + (p->ack_ecn ? 4u : 0u));
  if (sp->unacked > 0 && held > e->facts.hold_max && p->type == LG_APP) {
    e->facts.hold_max = held;
  }
  sp->unacked = 0;
  sp->ack_at = LG_NONE;
}

static void send_crypto(lg_end *e, lg_packet *p, uint32_t budget) {
  lg_space *sp = &e->space[p->type];

  while (p->nframes < LG_FRAMES_MAX && p->size + 24 < budget) {
    uint64_t room = budget - p->size - 8;
    lg_range r = lg_ranges_take(&sp->crypto_lost, room);
    lg_frame *f;

    if (r.hi == r.lo && sp->crypto_next < sp->crypto_len) {
      r.lo = sp->crypto_next;
      r.hi = r.lo + room < sp->crypto_len ? r.lo + room : sp->crypto_len;
      sp->crypto_next = r.hi;
    }
    if (r.hi == r.lo) {
      return;
    }
    f = send_frame(p, LG_CRYPTO, 8 + (uint32_t)(r.hi - r.lo));
    f->offset = r.lo;
    f->length = r.hi - r.lo;
  }
}

static void send_control(lg_end *e, lg_packet *p, uint32_t budget) {
  static const uint8_t octets[LG_FRAME_TYPES] = {[LG_PING] = 1,
                                                 [LG_MAX_DATA] = 5,
                                                 [LG_MAX_STREAM_DATA] = 7,
                                                 [LG_MAX_STREAMS] = 3,
                                                 [LG_DATA_BLOCKED] = 5,
                                                 [LG_STREAM_DATA_BLOCKED] = 7,
                                                 [LG_STREAMS_BLOCKED] = 3,
                                                 [LG_RESET_STREAM] = 8,
                                                 [LG_STOP_SENDING] = 4,
                                                 [LG_NEW_CONNECTION_ID] = 28,
                                                 [LG_RETIRE_CONNECTION_ID] = 2,
                                                 [LG_NEW_TOKEN] = 60,
                                                 [LG_PATH_CHALLENGE] = 9,
                                                 [LG_PATH_RESPONSE] = 9,
                                                 [LG_HANDSHAKE_DONE] = 1,
                                                 [LG_DATAGRAM] = 60};
  size_t taken = 0;

  while (taken < e->ncontrol && p->nframes < LG_FRAMES_MAX - 2 &&
         p->size + octets[e->control[taken].type] < budget) {
    *send_frame(p, e->control[taken].type, octets[e->control[taken].type]) =
        e->control[taken];
    taken++;
  }
  memmove(e->control, e->control + taken,
          (e->ncontrol - taken) * sizeof(*e->control));
  e->ncontrol -= taken;
}

static bool send_stream_pending(const lg_end *e, const lg_stream *st) {
  if (st->reset) {
    return false;
  }
  return st->lost.n > 0 || st->fin_lost ||
         (st->next < st->total && st->next < st->send_max &&
          e->data_sent < e->data_max) ||
         (st->fin && !st->fin_sent && st->next == st->total);
}

/* send_stream puts what |st| has into |p|. */
static void send_stream(lg_end *e, lg_packet *p, lg_stream *st,
                        uint32_t budget) {
  uint64_t room = budget - p->size - 10, left;
  lg_range r = lg_ranges_take(&st->lost, room);
  lg_frame *f;

  if (r.hi == r.lo) {
    left = st->total - st->next;
    left = left < room ? left : room;
    left = left < st->send_max - st->next ? left : st->send_max - st->next;
    left =
        left < e->data_max - e->data_sent ? left : e->data_max - e->data_sent;
    r.lo = st->next;
    r.hi = st->next += left;
    e->data_sent += left;
  }
  f = send_frame(p, LG_STREAM, 10 + (uint32_t)(r.hi - r.lo));
  f->id = st->id;
  f->offset = r.lo;
  f->length = r.hi - r.lo;
  f->fin = st->fin && r.hi == st->total;
  if (f->fin) {
    st->fin_sent = true;
    st->fin_lost = false;
  } else if (st->fin_lost && st->lost.n == 0 && r.hi == r.lo) {
    st->fin_lost = false;
  }
}

static void send_streams(lg_end *e, lg_packet *p, uint32_t budget) {
  size_t n = e->nstreams;

  for (size_t i = 0; i < n; i++) {
    lg_stream *st = e->streams[(e->turn + i) % n];

    while (p->nframes < LG_FRAMES_MAX && p->size + SEND_STREAM_MIN < budget &&
           send_stream_pending(e, st)) {
      send_stream(e, p, st, budget);
      e->turn = (e->turn + i) % n;
      i = 0;
      n = e->nstreams;
      st = e->streams[e->turn];
    }
    if (p->nframes == LG_FRAMES_MAX || p->size + SEND_STREAM_MIN >= budget) {
      e->turn = (e->turn + 1) % e->nstreams;
      return;
    }
  }
}

static void send_blocked(lg_end *e, const lg_stream *st) {
  lg_frame f = {.type = LG_DATA_BLOCKED, .value = e->data_max};

  if (st) {
    f.type = LG_STREAM_DATA_BLOCKED;
    f.id = st->id;
    f.value = st->send_max;
  }
  lg_control(e, &f);
}

/* Why there is nothing to send, told once by *_BLOCKED where that is done. */
static lg_limit send_why(lg_end *e) {
  lg_limit why = LG_LIMIT_APP;

  for (size_t i = 0; i < e->nstreams; i++) {
    lg_stream *st = e->streams[i];

    if (st->reset || st->next >= st->total) {
      continue;
    }
    if (e->data_sent >= e->data_max) {
      if (e->set->tell_blocked && !e->data_blocked_told) {
        e->data_blocked_told = true;
        send_blocked(e, NULL);
      }
      return LG_LIMIT_CONNECTION;
    }
    if (st->next >= st->send_max) {
      if (e->set->tell_blocked && !st->blocked_told) {
        st->blocked_told = true;
        send_blocked(e, st);
      }
      why = LG_LIMIT_STREAM;
    }
  }
  if (why == LG_LIMIT_APP && e->side == LG_CLIENT && e->sim->nwaiting > 0) {
    why = LG_LIMIT_STREAMS;
  }
  return why;
}

static bool send_has_data(const lg_end *e) {
  for (size_t i = 0; i < e->nstreams; i++) {
    if (send_stream_pending(e, e->streams[i])) {
      return true;
    }
  }
  return e->ncontrol > 0;
}

/* send_long builds an Initial or Handshake packet, if there is need. */
static bool send_long(lg_end *e, lg_packet_type type) {
  lg_space *sp = &e->space[type];
  lg_packet p = {.type = type, .size = SEND_OVERHEAD_LONG};
  bool crypto = sp->crypto_lost.n > 0 || sp->crypto_next < sp->crypto_len;
  bool ack = sp->ack_at <= e->sim->now;
  uint32_t mtu = e->mds < 1200 ? (uint32_t)e->mds : 1200;
  bool limited = !e->validated && e->tx + mtu > 3 * e->rx;
  bool probe = e->probes > 0 && e->probe_space == type;

  if (sp->discarded || !e->keys[type] || (!crypto && !ack && !probe)) {
    return false;
  }
  if (limited && (crypto || probe)) {
    if (e->limit != LG_LIMIT_AMPLIFICATION) {
      send_limit(e, LG_LIMIT_AMPLIFICATION);
    }
    crypto = false;
    if (!ack) {
      return false;
    }
  }
  if (sp->received.n > 0) {
    send_ack(e, &p);
  }
  if (crypto) {
    send_crypto(e, &p, mtu);
  }
  if (probe && !limited) {
    if (!p.eliciting) {
      send_frame(&p, LG_PING, 1);
    }
    p.probe = true;
    e->probes--;
  }
  if (type == LG_INITIAL && p.eliciting &&
      (e->side == LG_CLIENT || p.size > 400) && p.size < mtu) {
    send_frame(&p, LG_PADDING, mtu - p.size);
  }
  p.in_flight = p.eliciting;
  lg_send(e, &p);
  if (type == LG_HANDSHAKE && e->side == LG_CLIENT) {
    lg_discard(e, LG_INITIAL);
  }
  return true;
}

static bool send_pure_ack(lg_end *e) {
  lg_packet p = {.type = LG_APP, .size = SEND_OVERHEAD_SHORT};

  if (e->space[LG_APP].ack_at > e->sim->now) {
    return false;
  }
  send_ack(e, &p);
  lg_send(e, &p);
  return true;
}

static void send_pace(lg_end *e, const lg_packet *p) {
  quic_duration gap = e->set->gap;
  uint64_t rate = e->metrics.pacing_rate;

  if ((e->set->pacing || e->cc.kind == LG_CC_PLATEAU) && rate > 0 &&
      p->in_flight) {
    gap = p->size * 8 * QUIC_SECOND / rate;
  }
  e->next_send = e->sim->now + gap;
}

/* send_app builds a 1-RTT packet; false when there is nothing, or no room. */
static bool send_app(lg_end *e) {
  lg_packet p = {.type = LG_APP, .size = SEND_OVERHEAD_SHORT};
  lg_space *sp = &e->space[LG_APP];
  bool probe = e->probes > 0 && e->probe_space == LG_APP;
  bool data = send_has_data(e);
  bool limited = !e->validated && e->tx + e->mds > 3 * e->rx;

  if (!e->keys[LG_APP] || limited || (!e->complete && e->side == LG_CLIENT)) {
    return false;
  }
  if (!data) {
    send_limit(e, send_why(e));
    if (e->ncontrol == 0) { /* a *_BLOCKED may be due now */
      return send_pure_ack(e);
    }
  }
  if (!probe && e->flight + e->mds > (uint64_t)e->cc.cwnd) {
    send_limit(e, LG_LIMIT_WINDOW);
    return send_pure_ack(e);
  }
  if (e->next_send > e->sim->now && !probe) {
    e->wants = e->next_send;
    return send_pure_ack(e);
  }
  if (sp->unacked > 0) {
    send_ack(e, &p);
  }
  send_control(e, &p, (uint32_t)e->mds);
  send_streams(e, &p, (uint32_t)e->mds);
  if (p.nframes == 0) {
    return false;
  }
  if (probe) {
    p.probe = true;
    e->probes--;
  }
  p.in_flight = p.eliciting;
  lg_send(e, &p);
  send_pace(e, &p);
  send_limit(e, LG_LIMIT_WINDOW);
  return true;
}

void lg_output(lg_end *e) {
  e->wants = LG_NONE;
  if (e->closed || e->dead || e->forgot) {
    return;
  }
  while (send_long(e, LG_INITIAL) || send_long(e, LG_HANDSHAKE)) {
  }
  while (send_app(e)) {
  }
  if (e->side == LG_CLIENT && !e->complete && e->anti_deadlock == LG_NONE) {
    e->anti_deadlock = e->sim->now;
  }
}

void lg_close(lg_end *e, uint64_t code, bool application, const char *phrase,
              const char *trigger) {
  lg_packet p = {.size = SEND_OVERHEAD_SHORT};
  lg_event ev = {.type = LG_EV_CLOSED,
                 .side = e->side,
                 .code = code,
                 .flag = application,
                 .text = phrase,
                 .trigger = trigger,
                 .early = !e->complete};
  lg_frame *f;

  p.type = e->keys[LG_APP] && e->complete ? LG_APP
           : e->keys[LG_HANDSHAKE]        ? LG_HANDSHAKE
                                          : LG_INITIAL;
  f = send_frame(&p,
                 application && p.type == LG_APP ? LG_CLOSE_APPLICATION
                                                 : LG_CLOSE_TRANSPORT,
                 6 + (phrase ? (uint32_t)strlen(phrase) : 0));
  p.eliciting = false;
  f->code = code;
  f->phrase = phrase;
  if (p.type == LG_INITIAL && e->side == LG_CLIENT) {
    send_frame(&p, LG_PADDING, 1200 - p.size);
  }
  lg_send(e, &p);
  lg_emit(e, &ev);
  e->closed = true;
}
