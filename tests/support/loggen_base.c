/* Connections in which nothing goes wrong. */

#include <string.h>

#include "tests/support/loggen_base.h"

#define SCENARIO_ACK_DELAY (25 * LG_MS)

uint64_t lg_between(lg_draw *d, uint64_t lo, uint64_t hi) {
  return lo + quic_rng_below(&d->rng, hi - lo + 1);
}

void lg_setup_action(lg_settings *s, lg_action a) {
  if (s->nactions < LG_ACTIONS_MAX) {
    s->actions[s->nactions++] = a;
  }
}

/* One transfer of |octets| by the side that sends most. */
void lg_setup_transfer(lg_settings *s, lg_draw *d, uint64_t octets) {
  lg_request *r = &s->requests[s->nrequests++];

  d->total += octets;
  r->up = d->sender == LG_CLIENT ? octets : lg_between(d, 30, 300);
  r->down = d->sender == LG_SERVER ? octets : lg_between(d, 30, 2000);
}

void lg_scenario_base(lg_settings *s, lg_draw *d) {
  static const unsigned rtts[] = {1, 5, 10, 14, 20, 30, 50, 80, 120, 250};
  static const unsigned mds[] = {1200, 1252, 1280, 1350, 1357, 1400, 1452};
  uint64_t bdp;

  memset(s, 0, sizeof(*s));
  d->rtt = rtts[lg_between(d, 0, 9)] * LG_MS + lg_between(d, 0, 900) * LG_US;
  d->rate = lg_between(d, 8, 100) * 1000000;
  bdp = d->rate / 8 * (d->rtt / LG_US) / 1000000;
  for (int i = 0; i < LG_SIDES; i++) {
    lg_end_settings *e = &s->end[i];
    lg_way *w = &s->way[i];

    w->rate = d->rate;
    w->delay = d->rtt / 2;
    w->queue = (bdp > 40000 ? bdp : 40000) * 2;
    e->mds = mds[lg_between(d, 0, 6)];
    e->cc = lg_between(d, 0, 3) ? LG_CC_CUBIC : LG_CC_RENO;
    e->initial_window = 10 * e->mds;
    e->gap = lg_between(d, 1, 10) * LG_US;
    e->ack_every = 2;
    e->careful = true;
    e->ack_delay = SCENARIO_ACK_DELAY;
    e->credit_percent = 50;
    e->tell_blocked = lg_between(d, 0, 1);
    e->streams_step = 1;
    e->tp = (lg_parameters){.idle_ms = 30000,
                            .max_ack_delay_ms = 25,
                            .ack_exponent = 3,
                            .max_data = 16 << 20,
                            .stream_data = 8 << 20,
                            .streams_bidi = 100,
                            .streams_uni = 3,
                            .max_udp = lg_between(d, 1452, 65527)};
  }
  s->hello = lg_between(d, 270, 520);
  s->server_hello = lg_between(d, 90, 130);
  s->flight = lg_between(d, 700, 2600);
  s->finished = lg_between(d, 36, 52);
  s->http3 = true;
  s->stop = 120 * QUIC_SECOND;
  s->close_done = true;
  s->linger = lg_between(d, 1, 40) * LG_MS;
}

/* --- nothing goes wrong -------------------------------------------------- */

bool lg_accept_clean(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->lost <= 1 && f->probes == 0 && f->srtt_max < 2 * f->rtt_min &&
         f->rtt_max < 3 * f->rtt_min && f->spurious == 0;
}

void lg_setup_requests(lg_settings *s, lg_draw *d) {
  size_t n = lg_between(d, 1, 12);

  for (size_t i = 0; i < n; i++) {
    lg_setup_transfer(s, d, lg_between(d, 100, 9000));
    s->requests[i].at = i * lg_between(d, 0, 30) * LG_MS;
  }
}

void lg_setup_wide(lg_settings *s, lg_draw *d) {
  d->rate = lg_between(d, 200, 900) * 1000000;
  s->way[0].rate = s->way[1].rate = d->rate;
  s->way[0].queue = s->way[1].queue = 4 << 20;
}

void lg_setup_bulk(lg_settings *s, lg_draw *d) {
  uint64_t bdp;

  lg_setup_wide(s, d);
  bdp = d->rate / 8 * (d->rtt / LG_US) / 1000000;
  bdp = bdp < 60000 ? 60000 : bdp > 1000000 ? 1000000 : bdp;
  lg_setup_transfer(s, d, lg_between(d, 30000, bdp));
}

void lg_setup_pushes(lg_settings *s, lg_draw *d) {
  lg_setup_wide(s, d);
  d->sender = LG_SERVER;
  lg_setup_transfer(s, d, lg_between(d, 40, 200) * 1000);
  s->requests[0].chunk = lg_between(d, 300, 6000);
  s->requests[0].every = lg_between(d, 5, 60) * LG_MS;
}

void lg_setup_keepalive(lg_settings *s, lg_draw *d) {
  quic_duration every = lg_between(d, 4, 12) * QUIC_SECOND;

  lg_setup_requests(s, d);
  for (unsigned i = 1; i <= 5; i++) {
    lg_setup_action(s, (lg_action){.type = LG_DO_PING, .at = i * every});
  }
  s->close_done = true;
  s->linger = 6 * every;
}

void lg_setup_key_update(lg_settings *s, lg_draw *d) {
  lg_setup_bulk(s, d);
  lg_setup_action(s,
                  (lg_action){.type = LG_DO_KEY_UPDATE,
                              .at = 2 * d->rtt + lg_between(d, 1, 20) * LG_MS,
                              .side = (int)lg_between(d, 0, 1)});
}

void lg_setup_migrates(lg_settings *s, lg_draw *d) {
  lg_setup_bulk(s, d);
  lg_setup_action(s,
                  (lg_action){.type = LG_DO_MIGRATE,
                              .at = 3 * d->rtt + lg_between(d, 1, 20) * LG_MS});
}

void lg_setup_lan(lg_settings *s, lg_draw *d) {
  d->rtt = lg_between(d, 60, 800) * LG_US;
  s->way[0].delay = s->way[1].delay = d->rtt / 2;
  lg_setup_wide(s, d);
  lg_setup_transfer(s, d, lg_between(d, 30000, 400000));
}

bool lg_accept_lan(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->lost == 0 && f->probes == 0;
}

void lg_setup_clean(lg_settings *s, lg_draw *d) {
  static void (*const ways[])(lg_settings *, lg_draw *) = {
      lg_setup_requests, lg_setup_bulk, lg_setup_pushes, lg_setup_bulk};

  ways[lg_between(d, 0, 3)](s, d);
}
