/* What an endpoint does with a packet. */

#include <string.h>

#include "tests/support/loggen_sim.h"

#define RECEIVE_RANGES 96 /* of packet numbers remembered */

static void receive_key(lg_end *e, lg_packet_type space) {
  lg_event ev = {.type = LG_EV_KEY, .value = LG_NONE};

  e->keys[space] = true;
  for (int i = 0; i < LG_SIDES; i++) {
    ev.side = i;
    ev.code = space;
    lg_emit(e, &ev);
  }
}

static void receive_state(lg_end *e, const char *old, const char *text) {
  lg_event ev = {.type = LG_EV_STATE, .old = old, .text = text};

  lg_emit(e, &ev);
}

static void receive_parameters(lg_end *e) {
  lg_event ev = {.type = LG_EV_PARAMETERS,
                 .side = !e->side,
                 .parameters = &e->sim->set->end[!e->side].tp};

  lg_emit(e, &ev);
}

/* The server's answer to a whole ClientHello. */
static void receive_hello(lg_end *e) {
  const lg_settings *set = e->sim->set;

  receive_parameters(e);
  receive_state(e, "attempted", "handshake_started");
  if (set->fail == LG_FAIL_CLOSE && set->fail_side == LG_SERVER) {
    lg_close(e, set->fail_code, false, set->fail_phrase, "error");
    return;
  }
  e->space[LG_INITIAL].crypto_len = set->server_hello;
  e->space[LG_HANDSHAKE].crypto_len = set->flight;
  receive_key(e, LG_HANDSHAKE);
  receive_key(e, LG_APP);
}

static void receive_client_flight(lg_end *e) {
  const lg_settings *set = e->sim->set;

  receive_parameters(e);
  if (set->fail == LG_FAIL_CLOSE && set->fail_side == LG_CLIENT) {
    lg_close(e, set->fail_code, false, set->fail_phrase, "error");
    return;
  }
  e->space[LG_HANDSHAKE].crypto_len = set->finished;
  receive_key(e, LG_APP);
  e->complete = true;
  receive_state(e, "handshake_started", "handshake_complete");
  lg_app_start(e);
}

static void receive_finished(lg_end *e) {
  lg_frame f = {.type = LG_HANDSHAKE_DONE};

  e->complete = e->confirmed = true;
  receive_state(e, "handshake_started", "handshake_complete");
  receive_state(e, "handshake_complete", "handshake_confirmed");
  lg_control(e, &f);
  for (f.type = LG_NEW_CONNECTION_ID, f.id = 1; f.id < 4; f.id++) {
    lg_control(e, &f);
  }
  lg_app_start(e);
}

static void receive_crypto(lg_end *e, lg_packet_type space, const lg_frame *f) {
  const lg_settings *set = e->sim->set;
  lg_space *sp = &e->space[space];
  uint64_t before = lg_ranges_prefix(&sp->crypto_got), now;

  lg_ranges_add(&sp->crypto_got, f->offset, f->offset + f->length);
  now = lg_ranges_prefix(&sp->crypto_got);
  if (now == before) {
    return;
  }
  if (e->side == LG_SERVER && space == LG_INITIAL && now == set->hello) {
    receive_hello(e);
  } else if (e->side == LG_SERVER && now == set->finished) {
    receive_finished(e);
  } else if (e->side == LG_CLIENT && space == LG_INITIAL &&
             now == set->server_hello) {
    receive_key(e, LG_HANDSHAKE);
  } else if (e->side == LG_CLIENT && space == LG_HANDSHAKE &&
             now == set->flight) {
    receive_client_flight(e);
  }
}

/* A packet that an ACK names for the first time. */
static void receive_acked(lg_end *e, lg_packet *p) {
  lg_space *sp = &e->space[p->type];

  if (p->fate == LG_LOST) {
    e->facts.spurious++;
    p->fate = LG_ACKED;
  } else {
    p->fate = LG_ACKED;
    e->flight -= p->in_flight ? p->size : 0;
    sp->flying -= p->eliciting;
  }
  for (size_t i = 0; i < p->nframes; i++) {
    const lg_frame *f = &p->frames[i];
    lg_stream *st;

    if (f->type == LG_STREAM) {
      st = lg_stream_of(e, f->id);
      lg_ranges_add(&st->acked, f->offset, f->offset + f->length);
      st->done = f->fin || st->done;
    }
  }
}

/* Cycles of the window at its floor, each emptied by an ACK, without loss. */
static void receive_cycle(lg_end *e) {
  lg_facts *f = &e->facts;

  if (e->cc.cwnd > 1.05 * (double)e->cc.min) {
    f->cycles = f->cycle_changes = 0;
    return;
  }
  if (e->flight != 0 || e->limit != LG_LIMIT_WINDOW) {
    return;
  }
  f->cycles_from = f->cycles == 0 ? e->sim->now : f->cycles_from;
  f->cycles++;
  if (f->cycles > f->best_cycles) {
    f->best_cycles = f->cycles;
    f->best_changes = f->cycle_changes;
    f->best_from = f->cycles_from;
    f->best_to = e->sim->now;
    f->best_rtt = e->metrics.smoothed;
  }
}

static void receive_growth(lg_end *e, const lg_packet *acked, uint64_t flight) {
  bool room = flight + 3 * e->mds < (uint64_t)e->cc.cwnd;
  bool limited = room && e->limit != LG_LIMIT_WINDOW;

  if (acked->in_flight) {
    if (e->cc.kind == LG_CC_NAIVE && e->flight_max <= 2 * e->mds &&
        (double)e->flight_max < e->cc.cwnd) {
      e->facts.frozen++;
    }
    lg_cc_acked(&e->cc, e->sim->now, acked->sent, acked->size, limited,
                e->flight_max);
  }
}

/* ECT was sent, and no ACK counts it (RFC 9000 §13.4.2). */
static void receive_ecn(lg_end *e, const lg_packet *ack) {
  lg_event ev = {.type = LG_EV_ECN, .old = "testing", .text = "failed"};

  if (e->set->ecn && ack->type == LG_APP && !ack->ack_ecn && !e->ecn_failed &&
      ack->ranges[0].hi > 4) {
    e->ecn_failed = true;
    lg_emit(e, &ev);
  }
}

static void receive_ack(lg_end *e, const lg_packet *ack) {
  lg_space *sp = &e->space[ack->type];
  const lg_packet *largest = NULL;
  uint64_t flight = e->flight, from;
  quic_duration late = ack->ack_delay;
  uint64_t max_delay = e->sim->set->end[!e->side].tp.max_ack_delay_ms * LG_MS;
  bool news = false;

  for (size_t i = 0; i < ack->nranges; i++) {
    for (uint64_t n = ack->ranges[i].lo; n < ack->ranges[i].hi; n++) {
      lg_packet *p = &sp->sent[n];
      bool flying = p->fate == LG_FLYING;

      if (p->fate == LG_ACKED) {
        continue;
      }
      receive_acked(e, p);
      news = true;
      if (!largest || n > largest->number) {
        largest = p;
      }
      if (flying) {
        receive_growth(e, p, flight);
      }
    }
  }
  if (!news || !largest) {
    return;
  }
  if (ack->type == LG_APP && e->confirmed && late > e->facts.ack_delay_max) {
    e->facts.ack_delay_max = late;
  }
  from = ack->ranges[0].hi - 1;
  if (sp->largest == LG_NONE || from > sp->largest) {
    sp->largest = from;
    if (largest->number == from && largest->eliciting) {
      lg_rtt(e, e->sim->now - largest->sent,
             late < max_delay || !e->confirmed ? late : max_delay);
    }
  }
  if (e->side == LG_SERVER || ack->type != LG_INITIAL) {
    e->metrics.pto_count = 0; /* RFC 9002 §6.2.1: the address is validated */
  }
  receive_ecn(e, ack);
  lg_detect(e, ack->type);
  receive_cycle(e);
  if (e->sim->now - e->flight_reset > e->metrics.smoothed) {
    e->flight_reset = e->sim->now;
    e->flight_max = e->flight;
  }
}

static void receive_stream(lg_end *e, const lg_frame *f) {
  lg_stream *st = lg_stream_of(e, f->id);
  uint64_t end = f->offset + f->length;

  if (end > st->highest) {
    e->data_recv += end - st->highest;
    st->highest = end;
  }
  if (f->fin) {
    st->final = end;
  }
  lg_ranges_add(&st->got, f->offset, end);
  lg_app_read(e, st);
}

static void receive_close(lg_end *e, const lg_frame *f) {
  lg_event ev = {.type = LG_EV_CLOSED,
                 .side = !e->side,
                 .code = f->code,
                 .flag = f->type == LG_CLOSE_APPLICATION,
                 .text = f->phrase,
                 .trigger =
                     f->type == LG_CLOSE_APPLICATION ? "application" : "error",
                 .early = !e->complete};

  lg_emit(e, &ev);
  e->closed = true;
}

static void receive_limit(lg_end *e, const lg_frame *f) {
  lg_stream *st;

  switch (f->type) {
  case LG_MAX_DATA:
    if (f->value > e->data_max) {
      e->data_max = f->value;
      e->data_blocked_told = false;
    }
    break;
  case LG_MAX_STREAM_DATA:
    st = lg_stream_of(e, f->id);
    if (f->value > st->send_max) {
      st->send_max = f->value;
      st->blocked_told = false;
    }
    break;
  case LG_MAX_STREAMS:
    if (f->value > e->streams_max) {
      e->streams_max = f->value;
      lg_app_request(e->sim, NULL);
    }
    break;
  default:
    break;
  }
}

static void receive_frame(lg_end *e, const lg_packet *p, const lg_frame *f) {
  lg_frame answer = {.type = LG_PATH_RESPONSE};
  lg_event ev = {.type = LG_EV_MIGRATION, .text = "migration_complete"};

  switch (f->type) {
  case LG_CRYPTO:
    receive_crypto(e, p->type, f);
    break;
  case LG_STREAM:
    receive_stream(e, f);
    break;
  case LG_HANDSHAKE_DONE:
    if (!e->confirmed) {
      e->confirmed = true;
      receive_state(e, "handshake_complete", "handshake_confirmed");
      lg_discard(e, LG_HANDSHAKE);
    }
    break;
  case LG_PATH_CHALLENGE:
    lg_control(e, &answer);
    break;
  case LG_PATH_RESPONSE:
    if (e->challenge_at != LG_NONE) {
      e->challenge_at = LG_NONE;
      lg_emit(e, &ev);
    }
    break;
  case LG_RESET_STREAM:
    lg_stream_of(e, f->id)->read_all = true;
    e->facts.resets++;
    break;
  case LG_STOP_SENDING:
    answer = *f;
    answer.type = LG_RESET_STREAM;
    answer.value = lg_stream_of(e, f->id)->next;
    lg_stream_of(e, f->id)->reset = true;
    lg_control(e, &answer);
    e->facts.resets++;
    break;
  case LG_CLOSE_TRANSPORT:
  case LG_CLOSE_APPLICATION:
    receive_close(e, f);
    break;
  default:
    receive_limit(e, f);
    break;
  }
}

/* Version Negotiation and stateless resets have no frames. */
static void receive_special(lg_end *e, const lg_packet *p) {
  lg_event ev = {.type = LG_EV_CLOSED,
                 .side = e->side,
                 .code = LG_NONE,
                 .early = !e->complete,
                 .flag = false};

  lg_emit_packet(e, LG_EV_RECEIVED, p, NULL);
  ev.trigger = p->type == LG_RESET ? "stateless_reset" : "version_mismatch";
  ev.side = p->type == LG_RESET ? !e->side : e->side;
  if (p->type == LG_VERSIONS) {
    lg_event versions = {.type = LG_EV_VERSIONS, .flag = true};

    lg_emit(e, &versions);
  }
  lg_emit(e, &ev);
  e->closed = true;
}

/* What an endpoint says that cannot have a connection. */
static bool receive_stateless(lg_end *e, const lg_packet *p) {
  lg_packet answer = {.type = LG_RESET, .size = 42, .sent = e->sim->now};

  if (e->forgot && p->type == LG_APP) {
    lg_way_send(e->sim, e->side, &answer);
    return true;
  }
  if (e->side == LG_SERVER && e->sim->set->fail == LG_FAIL_VERSION) {
    answer.type = LG_VERSIONS;
    lg_emit_packet(e, LG_EV_RECEIVED, p, NULL);
    lg_emit_packet(e, LG_EV_SENT, &answer, NULL);
    lg_way_send(e->sim, e->side, &answer);
    return true;
  }
  return e->closed || e->dead || e->forgot ||
         (e->side == LG_SERVER && e->sim->set->fail == LG_FAIL_SILENT);
}

static bool receive_opens(lg_end *e, const lg_packet *p) {
  if (!e->keys[p->type] || e->space[p->type].discarded ||
      (p->type == LG_APP && !e->complete)) {
    e->facts.missing_keys += !e->space[p->type].discarded;
    lg_emit_packet(e, LG_EV_DROPPED, p, "key_unavailable");
    return false;
  }
  if (e->bad_keys && p->type == LG_APP && e->sim->now >= e->bad_keys_at) {
    e->facts.key_drops++;
    lg_emit_packet(e, LG_EV_DROPPED, p, "decryption_failure");
    return false;
  }
  if (lg_ranges_has(&e->space[p->type].received, p->number, p->number + 1)) {
    lg_emit_packet(e, LG_EV_DROPPED, p, "duplicate");
    return false;
  }
  return true;
}

static void receive_phase(lg_end *e, const lg_packet *p) {
  lg_event ev = {.type = LG_EV_KEY, .code = LG_APP, .trigger = "remote_update"};

  if (p->type != LG_APP || p->phase == e->phase ||
      p->number + 1 <
          (e->space[LG_APP].received.n > 0
               ? e->space[LG_APP].received.r[e->space[LG_APP].received.n - 1].hi
               : 0)) {
    return;
  }
  e->phase = p->phase;
  ev.value = e->phase;
  for (ev.side = 0; ev.side < LG_SIDES; ev.side++) {
    lg_emit(e, &ev);
  }
}

static void receive_number(lg_end *e, const lg_packet *p) {
  lg_space *sp = &e->space[p->type];
  uint64_t top = sp->received.n > 0 ? sp->received.r[sp->received.n - 1].hi : 0;
  quic_time at = e->sim->now + e->set->ack_delay;

  if (p->number + 1 > top) {
    sp->received_at = e->sim->now;
  }
  lg_ranges_add(&sp->received, p->number, p->number + 1);
  lg_ranges_keep(&sp->received, RECEIVE_RANGES);
  sp->ect0 += p->ect && !p->ce;
  sp->ce += p->ce;
  e->facts.ce += p->ce;
  if (!p->eliciting) {
    return;
  }
  sp->unacked++;
  if (p->type != LG_APP || sp->unacked >= e->set->ack_every ||
      (p->number != top && e->set->ack_every < 64)) {
    at = e->sim->now;
  }
  sp->ack_at = at < sp->ack_at ? at : sp->ack_at;
}

void lg_receive(lg_end *e, const lg_packet *p) {
  if (receive_stateless(e, p)) {
    return;
  }
  if (p->type >= LG_SPACES) {
    receive_special(e, p);
    return;
  }
  if (e->side == LG_SERVER && e->rx == 0) {
    lg_begin(e);
  }
  e->rx += p->size;
  if (!receive_opens(e, p)) {
    e->facts.dropped++;
    return;
  }
  e->facts.received++;
  e->last_rx = e->idle_from = e->sim->now;
  e->silent = false;
  e->facts.silence_from = LG_NONE;
  lg_emit_packet(e, LG_EV_RECEIVED, p, NULL);
  receive_phase(e, p);
  receive_number(e, p);
  if (p->type == LG_HANDSHAKE && e->side == LG_SERVER) {
    e->validated = true;
    lg_discard(e, LG_INITIAL);
  }
  if (p->nranges > 0) {
    receive_ack(e, p);
  }
  for (size_t i = 0; i < p->nframes && !e->closed; i++) {
    receive_frame(e, p, &p->frames[i]);
  }
  if (!e->closed && e->side == LG_SERVER && e->confirmed &&
      !e->space[LG_HANDSHAKE].discarded && p->type == LG_APP) {
    lg_discard(e, LG_HANDSHAKE);
  }
  lg_emit_metrics(e);
}
