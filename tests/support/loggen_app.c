/* Streams, requests, credit, and what a scenario makes happen. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/loggen_sim.h"

#define APP_CONTROL 2 /* the first unidirectional stream, of the client */
#define APP_SETTINGS 20

static bool app_local(const lg_end *e, uint64_t id) {
  return (int)(id & 1) == e->side;
}

lg_stream *lg_stream_of(lg_end *e, uint64_t id) {
  const lg_parameters *mine = &e->set->tp;
  const lg_parameters *theirs = &e->sim->set->end[!e->side].tp;
  lg_stream *st;

  for (size_t i = e->nstreams; i-- > 0;) {
    if (e->streams[i]->id == id) {
      return e->streams[i];
    }
  }
  st = calloc(1, sizeof(*st));
  e->streams = realloc(e->streams, (e->nstreams + 1) * sizeof(*e->streams));
  if (!st || !e->streams) {
    perror("loggen");
    exit(1);
  }
  e->streams[e->nstreams++] = st;
  st->id = id;
  st->send_max = id & 2 ? (app_local(e, id) ? 65536 : 0) : theirs->stream_data;
  st->recv_max = id & 2 ? 65536 : mine->stream_data;
  st->final = st->credit_at = LG_NONE;
  return st;
}

static void app_h3_stream(lg_end *e, uint64_t id, const char *type, int side) {
  lg_event ev = {
      .type = LG_EV_H3_STREAM, .text = type, .value = id, .side = side};

  lg_emit(e, &ev);
}

/* lg_app_start opens what HTTP/3 needs, and schedules the requests. */
void lg_app_start(lg_end *e) {
  static const char *const types[] = {"control", "qpack_encode",
                                      "qpack_decode"};
  const lg_settings *set = e->sim->set;
  lg_event settings = {
      .type = LG_EV_H3_SETTINGS, .side = e->side, .flag = true};
  lg_stream *st;

  for (unsigned i = 0; i < 3 && set->http3; i++) {
    if (i == 0 && e->set->no_settings) {
      continue;
    }
    st = lg_stream_of(e, APP_CONTROL + (unsigned)e->side + 4 * i);
    st->total = i == 0 ? APP_SETTINGS : 1;
    app_h3_stream(e, st->id, types[i], e->side);
    if (i == 0) {
      lg_emit(e, &settings);
    }
  }
  if (e->side == LG_SERVER) {
    return;
  }
  for (size_t i = 0; i < set->nrequests; i++) {
    lg_sim_push(e->sim, (lg_item){.at = e->sim->now + set->requests[i].at,
                                  .request = &set->requests[i]});
  }
}

/* lg_app_request opens a stream for |r|, or for those that wait (NULL). */
void lg_app_request(lg_sim *s, const lg_request *r) {
  lg_end *c = &s->end[LG_CLIENT];
  lg_event headers = {.type = LG_EV_H3_HEADERS, .flag = true, .text = "/"};
  lg_frame blocked = {.type = LG_STREAMS_BLOCKED, .value = c->streams_max};

  if (c->closed || c->dead || c->forgot) {
    return;
  }
  if (r) {
    s->waiting[s->nwaiting++] = r;
  }
  while (s->nwaiting > 0 && c->streams_opened < c->streams_max) {
    lg_stream *st = lg_stream_of(c, 4 * c->streams_opened++);

    st->request = s->waiting[0];
    memmove(s->waiting, s->waiting + 1, --s->nwaiting * sizeof(*s->waiting));
    st->total = st->request->up;
    st->fin = true;
    headers.value = st->id;
    if (s->set->http3 && !st->request->unheard) {
      lg_emit(c, &headers);
    }
  }
  if (s->nwaiting > 0 && c->set->tell_blocked) {
    lg_control(c, &blocked);
  }
  lg_output(c);
}

void lg_app_credit(lg_end *e, lg_stream *st, bool now) {
  uint64_t used = st ? st->consumed : e->data_consumed;
  uint64_t window = st ? e->set->tp.stream_data : e->set->tp.max_data;
  uint64_t *max = st ? &st->recv_max : &e->recv_max;
  lg_frame f = {.type = st ? LG_MAX_STREAM_DATA : LG_MAX_DATA,
                .id = st ? st->id : 0};

  if (st && (st->final != LG_NONE || (st->id & 2))) {
    return;
  }
  if (window - (*max - used) < window * e->set->credit_percent / 100) {
    return;
  }
  if (e->set->credit_delay > 0 && !now) {
    quic_time at = e->sim->now + e->set->credit_delay;

    if (st && st->credit_at == LG_NONE) {
      st->credit_at = at;
    }
    e->credit_at = at < e->credit_at ? at : e->credit_at;
    return;
  }
  *max = used + window;
  f.value = *max;
  if (st) {
    st->credit_at = LG_NONE;
  }
  lg_control(e, &f);
}

/* The server's answer, as far as it is due. */
void lg_app_write(lg_end *e, lg_stream *st) {
  const lg_request *r = st->request;
  uint64_t chunk = r->chunk ? r->chunk : r->down;

  if (st->reset || st->written >= r->down) {
    return;
  }
  chunk = chunk < r->down - st->written ? chunk : r->down - st->written;
  st->written += chunk;
  st->total = st->written;
  st->fin = st->written == r->down;
  if (!st->fin) {
    lg_sim_push(e->sim, (lg_item){.at = e->sim->now + r->every,
                                  .request = r,
                                  .side = (int)(st->id / 4) + 1});
  }
}

static void app_requested(lg_end *e, lg_stream *st) {
  const lg_stream *asked = lg_stream_of(&e->sim->end[LG_CLIENT], st->id);
  lg_event ev = {.type = LG_EV_H3_HEADERS, .value = st->id, .text = "/"};

  st->request = asked->request;
  if (!st->request) {
    return;
  }
  if (e->sim->set->http3 && !st->request->unheard) {
    lg_emit(e, &ev);
    ev.flag = true;
    ev.text = NULL;
    lg_emit(e, &ev);
  }
  lg_app_write(e, st);
}

static void app_answered(lg_end *e, const lg_stream *st) {
  const lg_settings *set = e->sim->set;
  lg_event ev = {.type = LG_EV_H3_HEADERS, .value = st->id};
  lg_event data = {.type = LG_EV_H3_DATA, .value = st->id, .code = st->final};

  if (set->http3 && st->request && !st->request->unheard) {
    lg_emit(e, &ev);
    lg_emit(e, &data);
  }
  if (++e->sim->requests_done >= set->nrequests && set->close_done) {
    lg_sim_push(e->sim, (lg_item){.at = e->sim->now + set->linger,
                                  .action = &set->close});
  }
}

static void app_more_streams(lg_end *e) {
  lg_frame f = {.type = LG_MAX_STREAMS};

  if (e->set->streams_step > 0) {
    e->streams_recv_max += e->set->streams_step;
    f.value = e->streams_recv_max;
    lg_control(e, &f);
  }
}

/* lg_app_read consumes what came in order. */
void lg_app_read(lg_end *e, lg_stream *st) {
  uint64_t prefix = lg_ranges_prefix(&st->got);
  lg_event settings = {.type = LG_EV_H3_SETTINGS, .side = !e->side};

  if (prefix > st->consumed) {
    e->data_consumed += prefix - st->consumed;
    st->consumed = prefix;
    if ((st->id & 3) == (uint64_t)(APP_CONTROL + !e->side) && st->id < 4) {
      app_h3_stream(e, st->id, "control", !e->side);
      lg_emit(e, &settings);
    }
    lg_app_credit(e, st, false);
    lg_app_credit(e, NULL, false);
  }
  if (st->read_all || st->consumed != st->final) {
    return;
  }
  st->read_all = true;
  if (e->side == LG_SERVER) {
    app_requested(e, st);
    app_more_streams(e);
  } else if ((st->id & 3) == 0) {
    app_answered(e, st);
  }
}

static void app_migrate(lg_end *e, const lg_action *a) {
  lg_frame f = {.type = LG_PATH_CHALLENGE};
  lg_event ev = {.type = LG_EV_MIGRATION, .text = "migration_started"};

  lg_emit(e, &ev);
  if (a->flag) { /* a path on which nothing comes back */
    f.type = LG_PATH_CHALLENGE;
    e->sim->way[e->side].dead_from = e->sim->now;
    e->sim->way[e->side].dead_to = e->sim->now + a->value;
  }
  lg_control(e, &f);
  f.type = LG_RETIRE_CONNECTION_ID;
  lg_control(e, &f);
  e->challenge_at = e->sim->now + 3 * lg_pto(e, true);
}

static void app_key_update(lg_end *e) {
  lg_event ev = {.type = LG_EV_KEY, .code = LG_APP, .trigger = "local_update"};

  e->phase = !e->phase;
  ev.value = e->phase;
  for (ev.side = 0; ev.side < LG_SIDES; ev.side++) {
    lg_emit(e, &ev);
  }
}

static void app_stop(lg_end *e, const lg_action *a) {
  lg_frame f = {.type = LG_STOP_SENDING, .id = a->value, .code = a->code};
  lg_stream *st = lg_stream_of(e, a->value);

  e->facts.resets++;
  if (a->type == LG_DO_RESET) {
    f.type = LG_RESET_STREAM;
    f.value = st->next;
    st->reset = true;
  }
  lg_control(e, &f);
}

static void app_mds(lg_end *e, uint64_t mds) {
  lg_event ev = {.type = LG_EV_MTU, .value = e->mds, .code = mds};

  e->mds = mds;
  lg_emit(e, &ev);
}

void lg_app_act(lg_sim *s, const lg_action *a) {
  static const lg_action speak[LG_SIDES] = {{.type = LG_DO_SPEAK, .side = 0},
                                            {.type = LG_DO_SPEAK, .side = 1}};
  lg_end *e = &s->end[a->side];
  lg_frame f = {.type = LG_PING};

  if (e->closed || e->dead || e->forgot) {
    return;
  }
  switch (a->type) {
  case LG_DO_CLOSE:
    lg_close(e, a->code, a->flag, a->phrase, a->flag ? "application" : "error");
    break;
  case LG_DO_KEY_UPDATE:
    app_key_update(e);
    lg_control(e, &f);
    break;
  case LG_DO_PING:
  case LG_DO_SPEAK:
    lg_control(e, &f);
    break;
  case LG_DO_MIGRATE:
    app_migrate(e, a);
    break;
  case LG_DO_STOP:
  case LG_DO_RESET:
    app_stop(e, a);
    break;
  case LG_DO_FORGET:
    e->forgot = true;
    lg_sim_push(
        s, (lg_item){.at = s->now + 40 * LG_MS, .action = &speak[!a->side]});
    break;
  case LG_DO_DIE:
    e->dead = true;
    break;
  case LG_DO_MDS:
    app_mds(e, a->value);
    break;
  case LG_DO_BAD_KEYS:
    e->bad_keys = true;
    e->bad_keys_at = s->now;
    break;
  }
  lg_output(e);
}
