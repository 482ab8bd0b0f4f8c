/* The clock of the simulation, and the link. */

#include "tests/support/loggen_sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIM_STEPS_MAX 4000000 /* no scenario needs as many */

bool lg_chance(quic_rng *rng, unsigned per_mille) {
  return per_mille > 0 && quic_rng_below(rng, 1000) < per_mille;
}

static bool sim_before(const lg_item *a, const lg_item *b) {
  return a->at != b->at ? a->at < b->at : a->order < b->order;
}

void lg_sim_push(lg_sim *s, lg_item item) {
  size_t i = s->nheap++;

  if (i == s->cap) {
    s->cap = s->cap ? 2 * s->cap : 64;
    s->heap = realloc(s->heap, s->cap * sizeof(*s->heap));
    if (!s->heap) {
      perror("loggen");
      exit(1);
    }
  }
  item.order = s->order++;
  for (; i > 0 && sim_before(&item, &s->heap[(i - 1) / 2]); i = (i - 1) / 2) {
    s->heap[i] = s->heap[(i - 1) / 2];
  }
  s->heap[i] = item;
}

static lg_item sim_pop(lg_sim *s) {
  lg_item top = s->heap[0], last = s->heap[--s->nheap];
  size_t i = 0;

  for (;;) {
    size_t child = 2 * i + 1;

    if (child >= s->nheap) {
      break;
    }
    if (child + 1 < s->nheap &&
        sim_before(&s->heap[child + 1], &s->heap[child])) {
      child++;
    }
    if (!sim_before(&s->heap[child], &last)) {
      break;
    }
    s->heap[i] = s->heap[child];
    i = child;
  }
  s->heap[i] = last;
  return top;
}

static bool way_drops_frame(lg_way *w, const lg_packet *p) {
  for (size_t i = 0; i < p->nframes; i++) {
    const lg_frame *f = &p->frames[i];

    if (f->type != LG_STREAM) {
      continue;
    }
    if (w->drop_fins > 0 && f->fin && f->length > 0) {
      w->drop_fins--;
      return true;
    }
    if (w->drop_times > 0 && f->id == w->drop_stream &&
        f->offset <= w->drop_offset && w->drop_offset < f->offset + f->length) {
      w->drop_times--;
      return true;
    }
  }
  return false;
}

/* Losses that come in a pattern. */
static bool way_drops_pattern(lg_way *w, quic_time now) {
  if (w->burst < w->nbursts && now >= w->burst_at[w->burst]) {
    w->burst++;
    w->burst_left = w->burst_drop;
  }
  if (w->burst_left > 0) {
    w->burst_left--;
    return true;
  }
  if (w->period && now >= w->period_next) {
    w->period_left = w->period_drop;
    while (w->period_next <= now) {
      w->period_next += w->period;
    }
  }
  if (w->period_left > 0) {
    w->period_left--;
    return true;
  }
  return false;
}

static bool way_drops(lg_sim *s, lg_way *w, const lg_packet *p) {
  quic_time now = s->now;

  if (p->type < LG_SPACES && w->drop_first[p->type] > 0) {
    w->drop_first[p->type]--;
    return true;
  }
  if ((now >= w->dead_from && now < w->dead_to) ||
      (w->mtu && now >= w->mtu_at && p->size > w->mtu)) {
    return true;
  }
  if (way_drops_frame(w, p) ||
      (p->type == LG_APP && p->size > 200 && way_drops_pattern(w, now))) {
    return true;
  }
  return now >= w->loss_from && now < w->loss_to &&
         lg_chance(&s->rng, w->loss_pm);
}

void lg_way_send(lg_sim *s, int from, const lg_packet *p) {
  lg_way *w = &s->way[from];
  quic_time start = w->busy > s->now ? w->busy : s->now, at;
  uint64_t queued = w->rate ? (start - s->now) * (w->rate / 1000) / 8000000 : 0;
  lg_packet *copy;

  if (way_drops(s, w, p) || queued + p->size > w->queue) {
    return;
  }
  w->busy = start + (w->rate ? p->size * 8 * QUIC_SECOND / w->rate : 0);
  at = w->busy + w->delay;
  at += w->jitter ? quic_rng_below(&s->rng, w->jitter) : 0;
  at += s->now >= w->step_at ? w->step_by : 0;
  for (size_t i = 0; i < w->nspikes; i++) {
    if (at >= w->spike_at[i] && at < w->spike_to[i]) {
      at = w->spike_to[i];
    }
  }
  if (lg_chance(&s->rng, w->reorder_pm)) {
    at += w->reorder_by;
  } else {
    at = at < w->last ? w->last : at;
    w->last = at;
  }
  copy = malloc(sizeof(*copy));
  if (!copy) {
    perror("loggen");
    exit(1);
  }
  *copy = *p;
  copy->ect = p->ect && !w->bleach;
  copy->ce = copy->ect && w->mark_at && queued >= w->mark_at;
  lg_sim_push(s, (lg_item){.at = at, .packet = copy, .side = !from});
}

void lg_emit(lg_end *e, const lg_event *ev) {
  lg_event copy = *ev;

  copy.time = e->sim->now;
  if (ev->type == LG_EV_CLOSED) {
    e->facts.closed = true;
    e->facts.idled |= ev->trigger && strcmp(ev->trigger, "idle_timeout") == 0;
  }
  if (e->log && !e->ended) {
    e->log(e->user, &copy);
  }
}

void lg_emit_packet(lg_end *e, lg_event_type type, const lg_packet *p,
                    const char *trigger) {
  lg_event ev = {.type = type, .packet = p, .trigger = trigger};

  lg_emit(e, &ev);
}

void lg_begin(lg_end *e) {
  const lg_event events[] = {
      {.type = LG_EV_STARTED},
      {.type = LG_EV_ALPN, .text = e->sim->set->http3 ? "h3" : "hq-interop"},
      {.type = LG_EV_PARAMETERS, .side = e->side, .parameters = &e->set->tp},
      {.type = LG_EV_RECOVERY_PARAMETERS,
       .value = e->mds,
       .code = e->set->initial_window},
      {.type = LG_EV_STATE, .text = "attempted"}};

  e->facts.start = e->sim->now;
  for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
    lg_emit(e, &events[i]);
  }
}

static void sim_end_init(lg_sim *s, int side) {
  lg_end *e = &s->end[side];
  const lg_end_settings *set = &s->set->end[side];
  const lg_end_settings *peer = &s->set->end[!side];

  e->sim = s;
  e->side = side;
  e->set = set;
  e->mds = set->mds;
  lg_cc_init(&e->cc, set->cc, set->mds, set->initial_window);
  if (set->cc == LG_CC_PLATEAU) {
    e->cc.low_at = set->plateau_at;
    e->cc.low = (double)set->plateau_percent / 100;
    e->cc.rate = (double)s->set->way[side].rate / 8;
    e->cc.rtt = 10 * LG_MS;
  }
  e->cc.careful = set->careful;
  e->cc_state = "slow_start";
  for (int i = 0; i < LG_SPACES; i++) {
    e->space[i].largest = LG_NONE;
    e->space[i].ack_at = e->space[i].loss_at = LG_NONE;
    e->space[i].eliciting_at = LG_NONE;
  }
  e->data_max = peer->tp.max_data;
  e->recv_max = set->tp.max_data;
  e->streams_max = peer->tp.streams_bidi;
  e->streams_recv_max = set->tp.streams_bidi;
  e->wants = e->anti_deadlock = e->credit_at = e->challenge_at = LG_NONE;
  e->bad_keys_at = LG_NONE;
  e->keys[LG_INITIAL] = true;
  e->validated = side == LG_CLIENT;
  e->facts.rtt_min = e->facts.last_loss = LG_NONE;
  e->facts.silence_from = LG_NONE;
}

static void sim_end_free(lg_end *e) {
  for (int i = 0; i < LG_SPACES; i++) {
    free(e->space[i].sent);
    lg_ranges_free(&e->space[i].received);
    lg_ranges_free(&e->space[i].crypto_lost);
    lg_ranges_free(&e->space[i].crypto_got);
  }
  for (size_t i = 0; i < e->nstreams; i++) {
    lg_ranges_free(&e->streams[i]->lost);
    lg_ranges_free(&e->streams[i]->acked);
    lg_ranges_free(&e->streams[i]->got);
    free(e->streams[i]);
  }
  free(e->streams);
}

static void sim_item(lg_sim *s, lg_item *item) {
  if (item->packet) {
    lg_receive(&s->end[item->side], item->packet);
    lg_output(&s->end[item->side]);
    free(item->packet);
  } else if (item->action) {
    lg_app_act(s, item->action);
  } else if (item->side > 0) { /* the next piece of an answer */
    lg_app_write(
        &s->end[LG_SERVER],
        lg_stream_of(&s->end[LG_SERVER], 4 * ((uint64_t)item->side - 1)));
    lg_output(&s->end[LG_SERVER]);
  } else {
    lg_app_request(s, item->request);
  }
}

static bool sim_over(const lg_sim *s) {
  const lg_end *c = &s->end[LG_CLIENT], *v = &s->end[LG_SERVER];

  return s->nheap == 0 && (c->closed || c->dead || c->forgot) &&
         (v->closed || v->dead || v->forgot || v->rx == 0);
}

/* sim_step plays the next thing to happen. */
static bool sim_step(lg_sim *s) {
  quic_time at = s->nheap ? s->heap[0].at : LG_NONE;
  int who = -1;

  for (int i = 0; i < LG_SIDES; i++) {
    quic_time d = lg_deadline(&s->end[i]);

    if (d < at) {
      at = d;
      who = i;
    }
  }
  if (at == LG_NONE || at >= s->set->stop || sim_over(s)) {
    return false;
  }
  s->now = at > s->now ? at : s->now;
  if (who >= 0) {
    lg_timers(&s->end[who]);
    lg_output(&s->end[who]);
  } else {
    lg_item item = sim_pop(s);

    sim_item(s, &item);
  }
  return true;
}

static void sim_limit_end(lg_end *e) {
  quic_duration d = e->sim->now - e->limit_since;

  e->facts.limited[e->limit] += d;
  if (d > e->facts.longest[e->limit]) {
    e->facts.longest[e->limit] = d;
  }
}

void lg_sim_run(const lg_settings *set, uint64_t seed, int vantage,
                void (*log)(void *user, const lg_event *e), void *user,
                lg_facts *facts) {
  lg_sim *s = calloc(1, sizeof(*s));
  size_t steps = 0;

  if (!s) {
    perror("loggen");
    exit(1);
  }
  s->set = set;
  memcpy(s->way, set->way, sizeof(s->way));
  quic_rng_init(&s->rng, seed);
  for (int i = 0; i < LG_SIDES; i++) {
    s->way[i].period_next = s->way[i].period;
    sim_end_init(s, i);
  }
  s->end[vantage].log = log;
  s->end[vantage].user = user;
  for (size_t i = 0; i < set->nactions; i++) {
    lg_sim_push(
        s, (lg_item){.at = set->actions[i].at, .action = &set->actions[i]});
  }
  s->end[LG_CLIENT].space[LG_INITIAL].crypto_len = set->hello;
  lg_begin(&s->end[LG_CLIENT]);
  lg_output(&s->end[LG_CLIENT]);
  while (sim_step(s) && ++steps < SIM_STEPS_MAX) {
  }
  for (int i = 0; i < LG_SIDES; i++) {
    sim_limit_end(&s->end[i]);
  }
  *facts = s->end[vantage].facts;
  while (s->nheap > 0) {
    free(s->heap[--s->nheap].packet);
  }
  free(s->heap);
  sim_end_free(&s->end[LG_CLIENT]);
  sim_end_free(&s->end[LG_SERVER]);
  free(s);
}
