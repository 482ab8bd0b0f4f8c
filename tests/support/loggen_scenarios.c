/* What goes wrong. */

#include <string.h>

#include "tests/support/loggen_base.h"

static lg_way *scenario_way(lg_settings *s, const lg_draw *d) {
  return &s->way[d->sender];
}

static quic_duration scenario_transfer_time(const lg_draw *d) {
  return d->total * 8 * 1000 / (d->rate / 1000) * 1000;
}

static void scenario_cc(lg_settings *s, lg_cc_kind kind) {
  s->end[0].cc = s->end[1].cc = kind;
}

/* --- the congestion window ----------------------------------------------- */

/* The link of the post about the death spiral: 30 % lost for some time. */
static void setup_lossy_start(lg_settings *s, lg_draw *d, unsigned per_mille) {
  quic_duration phase;

  d->rtt = lg_between(d, 6, 60) * LG_MS + lg_between(d, 0, 900) * LG_US;
  d->rate = lg_between(d, 20, 80) * 1000000;
  phase = lg_between(d, 40, 150) * d->rtt;
  for (int i = 0; i < LG_SIDES; i++) {
    lg_way *w = &s->way[i];

    w->rate = d->rate;
    w->queue = d->rate / 8 / 40;
    w->delay = d->rtt / 2;
    w->loss_pm = per_mille;
    w->loss_from = 2 * d->rtt;
    w->loss_to = w->loss_from + phase;
    s->end[i].mds = s->end[d->sender].mds;
    s->end[i].ack_delay = LG_MS; /* one ACK for a burst */
    s->end[i].initial_window = 10 * s->end[i].mds;
  }
  lg_setup_transfer(s, d, 10000000);
}

static void setup_spiral(lg_settings *s, lg_draw *d) {
  setup_lossy_start(s, d, (unsigned)lg_between(d, 200, 350));
  scenario_cc(s, LG_CC_LASTSENT);
  /* what the peer waits for the download before it gives up */
  s->stop = s->way[0].loss_to + lg_between(d, 60, 700) * d->rtt;
}

/* setup_cured: the same link and transfer under a controller that keeps its
   recovery boundary and its epoch apart. */
static void setup_cured(lg_settings *s, lg_draw *d) {
  setup_spiral(s, d);
  scenario_cc(s, LG_CC_CUBIC);
}

static bool accept_spiral(const lg_settings *s, const lg_facts *f) {
  (void)s;
  /* the recovery may lie more than a round trip ahead for some time, and the
     state does not change then */
  return f->best_cycles >= 40 && f->best_changes >= 40;
}

static void setup_floor(lg_settings *s, lg_draw *d) {
  setup_lossy_start(s, d, (unsigned)lg_between(d, 280, 380));
  s->way[0].loss_to = s->way[1].loss_to = LG_NONE;
  s->stop = lg_between(d, 120, 400) * d->rtt;
}

static bool accept_floor(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->pinned_lost >= 15 && f->best_cycles < 8;
}

static void setup_freeze(lg_settings *s, lg_draw *d) {
  setup_lossy_start(s, d, (unsigned)lg_between(d, 200, 350));
  scenario_cc(s, LG_CC_NAIVE);
  s->stop = s->way[0].loss_to + lg_between(d, 60, 400) * d->rtt;
}

static bool accept_freeze(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->frozen >= 80 && f->best_cycles < 5;
}

static void setup_plateau(lg_settings *s, lg_draw *d) {
  lg_end_settings *e = &s->end[d->sender];

  d->rtt = lg_between(d, 20, 80) * LG_MS;
  d->rate = lg_between(d, 6, 15) * 1000000;
  for (int i = 0; i < LG_SIDES; i++) {
    s->way[i].delay = d->rtt / 2;
    s->way[i].rate = d->rate;
    s->way[i].queue = 1 << 20;
  }
  scenario_cc(s, LG_CC_PLATEAU);
  e->plateau_percent = lg_between(d, 3, 12);
  e->plateau_at = lg_between(d, 600, 1500) * LG_MS;
  s->way[d->sender].nbursts = 1;
  s->way[d->sender].burst_at[0] = e->plateau_at - d->rtt;
  s->way[d->sender].burst_drop = 4;
  lg_setup_transfer(s, d, 40000000);
  s->end[0].tp.max_data = s->end[1].tp.max_data = 64 << 20;
  s->end[0].tp.stream_data = s->end[1].tp.stream_data = 64 << 20;
  s->stop = e->plateau_at + lg_between(d, 3, 8) * QUIC_SECOND;
}

static bool accept_any(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->sent > 0;
}

static void setup_never_grows(lg_settings *s, lg_draw *d) {
  scenario_cc(s, LG_CC_FIXED);
  lg_setup_wide(s, d);
  lg_setup_transfer(s, d, lg_between(d, 40, 90) * 10 * 1200);
}

static void setup_collapse(lg_settings *s, lg_draw *d) {
  lg_way *w = scenario_way(s, d);

  lg_setup_wide(s, d);
  d->rtt = lg_between(d, 10, 80) * LG_MS;
  s->way[0].delay = s->way[1].delay = d->rtt / 2;
  scenario_cc(s, LG_CC_COLLAPSE);
  lg_setup_transfer(s, d, lg_between(d, 500, 1500) * 1000);
  w->nbursts = 1;
  w->burst_drop = 1;
  w->burst_at[0] = lg_between(d, 5, 6) * d->rtt;
}

static bool accept_collapse(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->fall > 0.7 && f->persistent == 0;
}

/* --- loss ---------------------------------------------------------------- */

static void setup_steady(lg_settings *s, lg_draw *d) {
  lg_setup_wide(s, d);
  d->rtt = lg_between(d, 8, 90) * LG_MS + lg_between(d, 0, 900) * LG_US;
  s->way[0].delay = s->way[1].delay = d->rtt / 2;
  d->rate = lg_between(d, 8, 20) * 1000000;
  s->way[0].rate = s->way[1].rate = d->rate;
  lg_setup_transfer(s, d, lg_between(d, 800, 2500) * 1000);
}

static void setup_persistent(lg_settings *s, lg_draw *d) {
  lg_way *w;

  setup_steady(s, d);
  w = scenario_way(s, d);
  w->dead_from = 4 * d->rtt + lg_between(d, 50, 200) * LG_MS;
  w->dead_to = w->dead_from + 7 * (3 * d->rtt + 60 * LG_MS);
}

static bool accept_persistent(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->persistent > 0;
}

static void setup_spurious(lg_settings *s, lg_draw *d) {
  lg_way *w;

  setup_steady(s, d);
  w = scenario_way(s, d);
  w->reorder_pm = (unsigned)lg_between(d, 8, 30);
  w->reorder_by = d->rtt / 4 + lg_between(d, 2, 8) * LG_MS;
}

static bool accept_spurious(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->spurious >= 3;
}

static void setup_burst(lg_settings *s, lg_draw *d) {
  lg_way *w;

  setup_steady(s, d);
  w = scenario_way(s, d);
  w->nbursts = lg_between(d, 1, 3);
  w->burst_drop = (unsigned)lg_between(d, 7, 12);
  for (size_t i = 0; i < w->nbursts; i++) {
    w->burst_at[i] = 5 * d->rtt + (i + 1) * scenario_transfer_time(d) / 5;
  }
}

static bool accept_burst(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->longest_run >= 6;
}

static void setup_periodic(lg_settings *s, lg_draw *d) {
  lg_way *w;

  setup_steady(s, d);
  w = scenario_way(s, d);
  w->queue = 4 << 20;
  w->period = 2 * d->rtt + lg_between(d, 60, 160) * LG_MS;
  w->period_drop = 1;
  s->requests[0].up *= d->sender == LG_CLIENT ? 2 : 1;
  s->requests[0].down *= d->sender == LG_SERVER ? 2 : 1;
}

static bool accept_periodic(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->app_lost >= 10 && f->app_lost <= 150;
}

static void setup_tail(lg_settings *s, lg_draw *d) {
  lg_setup_bulk(s, d);
  scenario_way(s, d)->drop_fins = 1;
}

static bool accept_tail(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->app_lost >= 1 && f->app_lost <= 2;
}

static void setup_pto_storm(lg_settings *s, lg_draw *d) {
  lg_way *w;

  setup_steady(s, d);
  w = scenario_way(s, d);
  w->dead_from = 4 * d->rtt + lg_between(d, 50, 200) * LG_MS;
  w->dead_to = w->dead_from + 14 * (3 * d->rtt + 40 * LG_MS);
}

static bool accept_pto_storm(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->pto_max >= 3;
}

static void setup_black_hole(lg_settings *s, lg_draw *d) {
  setup_steady(s, d);
  for (int i = 0; i < LG_SIDES; i++) {
    s->way[i].dead_from = 4 * d->rtt + lg_between(d, 50, 200) * LG_MS;
    s->way[i].dead_to = LG_NONE;
  }
  s->stop = lg_between(d, 6, 14) * QUIC_SECOND + 20 * d->rtt;
}

/* --- round trips --------------------------------------------------------- */

static void setup_spike(lg_settings *s, lg_draw *d) {
  lg_setup_bulk(s, d);
  d->rtt = lg_between(d, 10, 40) * LG_MS;
  s->way[0].delay = s->way[1].delay = d->rtt / 2;
  scenario_way(s, d)->nspikes = 1;
  scenario_way(s, d)->spike_at[0] = 4 * d->rtt;
  scenario_way(s, d)->spike_to[0] = 4 * d->rtt + lg_between(d, 6, 12) * d->rtt;
}

static bool accept_spike(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->rtt_max > 5 * f->rtt_min;
}

static void setup_step(lg_settings *s, lg_draw *d) {
  lg_setup_wide(s, d);
  d->rtt = lg_between(d, 10, 50) * LG_MS;
  for (int i = 0; i < LG_SIDES; i++) {
    s->way[i].delay = d->rtt / 2;
    s->way[i].step_at = 18 * d->rtt;
    s->way[i].step_by = d->rtt / 2 + lg_between(d, 2, 15) * LG_MS;
  }
  for (size_t i = 0; i < 140; i++) { /* so that both sides take samples */
    lg_setup_transfer(s, d, lg_between(d, 600, 3000));
    s->requests[i].at = i * d->rtt / 3;
  }
}

static bool accept_step(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->rtt_max > f->rtt_min * 9 / 5 && f->srtt_max > f->rtt_min * 8 / 5;
}

static void setup_bloat(lg_settings *s, lg_draw *d) {
  d->rtt = lg_between(d, 8, 30) * LG_MS;
  d->rate = lg_between(d, 4, 12) * 1000000;
  for (int i = 0; i < LG_SIDES; i++) {
    s->way[i].delay = d->rtt / 2;
    s->way[i].rate = d->rate;
    s->way[i].queue = 2 << 20;
    s->end[i].careful = false;
  }
  lg_setup_transfer(s, d, lg_between(d, 2500, 4000) * 1000);
}

static bool accept_bloat(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->srtt_max > 5 * f->rtt_min;
}

static void setup_ack_delay(lg_settings *s, lg_draw *d) {
  lg_setup_pushes(s, d);
  d->sender = d->vantage;
  s->nrequests = 0;
  d->total = 0;
  lg_setup_transfer(s, d, lg_between(d, 60, 200) * 1000);
  s->end[!d->sender].ack_every = 1000;
  s->end[!d->sender].ack_delay = lg_between(d, 60, 180) * LG_MS;
}

static bool accept_ack_delay(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->ack_delay_max > 40 * LG_MS;
}

static void setup_starvation(lg_settings *s, lg_draw *d) {
  setup_steady(s, d);
  d->rtt = lg_between(d, 8, 25) * LG_MS;
  s->way[0].delay = s->way[1].delay = d->rtt / 2;
  s->end[!d->sender].ack_every = 100000;
  s->end[!d->sender].ack_delay = lg_between(d, 8, 14) * d->rtt;
}

/* --- flow control -------------------------------------------------------- */

static void setup_credit(lg_settings *s, lg_draw *d) {
  lg_setup_wide(s, d);
  d->rtt = lg_between(d, 15, 120) * LG_MS;
  s->way[0].delay = s->way[1].delay = d->rtt / 2;
  lg_setup_transfer(s, d, lg_between(d, 400, 1200) * 1000);
}

static void setup_fc_connection(lg_settings *s, lg_draw *d) {
  setup_credit(s, d);
  s->end[!d->sender].tp.max_data = lg_between(d, 16, 40) * 1024;
}

static bool accept_fc_connection(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->limited[LG_LIMIT_CONNECTION] > 6 * f->rtt_min;
}

static void setup_fc_stream(lg_settings *s, lg_draw *d) {
  setup_credit(s, d);
  s->end[!d->sender].tp.stream_data = lg_between(d, 16, 40) * 1024;
}

static bool accept_fc_stream(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->limited[LG_LIMIT_STREAM] > 6 * f->rtt_min;
}

static void setup_stream_limit(lg_settings *s, lg_draw *d) {
  size_t n = lg_between(d, 20, 60);

  lg_setup_wide(s, d);
  for (size_t i = 0; i < n; i++) {
    lg_setup_transfer(s, d, lg_between(d, 100, 4000));
  }
  s->end[LG_SERVER].tp.streams_bidi = lg_between(d, 2, 5);
  s->end[LG_CLIENT].tell_blocked = true;
}

static bool accept_stream_limit(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->sent > 10;
}

static void setup_slow_credit(lg_settings *s, lg_draw *d) {
  setup_credit(s, d);
  s->end[!d->sender].tp.max_data = lg_between(d, 48, 96) * 1024;
  s->end[!d->sender].credit_delay = 3 * d->rtt + lg_between(d, 20, 80) * LG_MS;
}

static void setup_stall(lg_settings *s, lg_draw *d) {
  lg_way *w;

  setup_credit(s, d);
  for (int i = 0; i < 3; i++) {
    lg_setup_transfer(s, d, lg_between(d, 500, 900) * 1000);
  }
  d->rate = 20000000;
  s->way[0].rate = s->way[1].rate = d->rate;
  w = scenario_way(s, d);
  w->drop_stream = 4 * lg_between(d, 0, 3);
  w->drop_offset = lg_between(d, 5000, 30000);
  w->drop_times = (unsigned)lg_between(d, 4, 6);
}

/* --- handshake and keys -------------------------------------------------- */

static void setup_hs_stall(lg_settings *s, lg_draw *d) {
  lg_setup_requests(s, d);
  if (lg_between(d, 0, 1)) {
    s->way[LG_SERVER].drop_first[LG_INITIAL] = (unsigned)lg_between(d, 1, 2);
    s->way[LG_SERVER].drop_first[LG_HANDSHAKE] = 3;
  } else {
    s->way[LG_CLIENT].drop_first[LG_HANDSHAKE] = (unsigned)lg_between(d, 2, 4);
  }
}

static bool accept_hs_stall(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->probes >= 1 && f->received >= 6;
}

static void setup_amplification(lg_settings *s, lg_draw *d) {
  lg_setup_requests(s, d);
  s->flight = lg_between(d, 5500, 9000);
  s->server_hello = lg_between(d, 90, 1210);
}

static bool accept_amplification(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->received >= 6;
}

static void setup_keys_missing(lg_settings *s, lg_draw *d) {
  lg_setup_requests(s, d);
  s->way[LG_CLIENT].drop_first[LG_HANDSHAKE] = 3;
  for (size_t i = 0; i < s->nrequests; i++) {
    s->requests[i].at = i * 2 * LG_MS;
  }
}

static void setup_key_failure(lg_settings *s, lg_draw *d) {
  int who = d->vantage;

  setup_steady(s, d);
  lg_setup_action(s, (lg_action){.type = LG_DO_KEY_UPDATE,
                                 .at = 6 * d->rtt + 100 * LG_MS,
                                 .side = !who});
  lg_setup_action(s, (lg_action){.type = LG_DO_BAD_KEYS,
                                 .at = 6 * d->rtt + 100 * LG_MS + d->rtt / 2,
                                 .side = who});
  d->sender = !who;
  s->nrequests = 0;
  d->total = 0;
  lg_setup_transfer(s, d, 2000000);
  s->stop = 4 * QUIC_SECOND + 20 * d->rtt;
}

static bool accept_key_failure(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->key_drops >= 5;
}

/* --- the path ------------------------------------------------------------ */

static void setup_mtu(lg_settings *s, lg_draw *d) {
  uint64_t small = 1200;
  lg_way *w;
  quic_time at;

  setup_steady(s, d);
  w = scenario_way(s, d);
  s->end[d->sender].mds = 1400 + lg_between(d, 0, 52);
  w->mtu = 1280;
  w->mtu_at = at = 6 * d->rtt + lg_between(d, 60, 150) * LG_MS;
  lg_setup_action(s, (lg_action){.type = LG_DO_MDS,
                                 .at = at + 6 * (3 * d->rtt + 30 * LG_MS),
                                 .side = d->sender,
                                 .value = small});
}

static bool accept_mtu(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->app_lost >= 6;
}

static void setup_ecn(lg_settings *s, lg_draw *d) {
  lg_setup_bulk(s, d);
  s->end[0].ecn = s->end[1].ecn = true;
  scenario_way(s, d)->bleach = true;
}

static void setup_bad_migration(lg_settings *s, lg_draw *d) {
  setup_steady(s, d);
  d->sender = LG_CLIENT;
  lg_setup_action(s,
                  (lg_action){.type = LG_DO_MIGRATE,
                              .flag = true,
                              .at = 4 * d->rtt + lg_between(d, 60, 200) * LG_MS,
                              .value = 12 * d->rtt + 600 * LG_MS});
}

static bool accept_migration(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->sent > 20;
}

/* --- the application ----------------------------------------------------- */

static void setup_resets(lg_settings *s, lg_draw *d) {
  size_t n = lg_between(d, 2, 5);

  for (size_t i = 0; i < n; i++) {
    lg_setup_transfer(s, d, 400000);
    lg_setup_action(
        s, (lg_action){.type = lg_between(d, 0, 1) ? LG_DO_STOP : LG_DO_RESET,
                       .at = 3 * d->rtt + lg_between(d, 5, 30) * LG_MS,
                       .side = LG_CLIENT,
                       .value = 4 * i,
                       .code = 0x100 + lg_between(d, 0, 16)});
    if (s->actions[s->nactions - 1].type == LG_DO_RESET) {
      s->actions[s->nactions - 1].side = LG_SERVER;
    }
  }
  d->rate = 8000000;
  s->way[0].rate = s->way[1].rate = d->rate;
  s->stop = 4 * QUIC_SECOND + 30 * d->rtt;
}

static bool accept_resets(const lg_settings *s, const lg_facts *f) {
  (void)s;
  return f->resets >= 1;
}

static void setup_http3(lg_settings *s, lg_draw *d) {
  lg_setup_requests(s, d);
  s->end[!d->vantage].no_settings = true;
}

/* --- the log ------------------------------------------------------------- */

static void setup_holes(lg_settings *s, lg_draw *d) {
  lg_setup_bulk(s, d);
  d->hole = (double)lg_between(d, 20, 60) / 100;
}

static void setup_time_back(lg_settings *s, lg_draw *d) {
  lg_setup_bulk(s, d);
  d->back = (double)lg_between(d, 20, 80) / 100;
}

static void setup_garbage(lg_settings *s, lg_draw *d) {
  lg_setup_bulk(s, d);
  d->garbage = true;
}

static void setup_cut(lg_settings *s, lg_draw *d) {
  lg_setup_bulk(s, d);
  d->truncate = true;
}

/* clang-format off */
const lg_scenario lg_scenarios[] = {
    {"clean", lg_setup_clean, lg_accept_clean, {NULL}, {NULL}, NULL},
    {"clean_requests", lg_setup_requests, lg_accept_clean,
     {NULL}, {NULL}, NULL},
    {"clean_bulk", lg_setup_bulk, lg_accept_clean,
     {NULL}, {NULL}, NULL},
    {"clean_pushes", lg_setup_pushes, lg_accept_clean,
     {NULL}, {NULL}, NULL},
    {"clean_keepalive", lg_setup_keepalive, lg_accept_clean,
     {NULL}, {NULL}, NULL},
    {"clean_key_update", lg_setup_key_update, lg_accept_clean,
     {NULL}, {NULL}, NULL},
    {"clean_migration", lg_setup_migrates, lg_accept_clean,
     {NULL}, {NULL}, NULL},
    {"clean_lan", lg_setup_lan, lg_accept_lan, {NULL}, {NULL}, NULL},
    {"death_spiral", setup_spiral, accept_spiral, {"death_spiral"},
     {"loss_burst", "window_at_floor", "window_collapse"}, "open"},
    {"spiral_cured", setup_cured, accept_any, {NULL},
     {"loss_burst", "window_at_floor", "window_collapse"}, "open"},
    {"floor_loss", setup_floor, accept_floor, {"window_at_floor"},
     {"loss_burst", "window_collapse", "black_hole"}, "open"},
    {"app_limited_freeze", setup_freeze, accept_freeze, {"app_limited_freeze"},
     {"loss_burst", "window_at_floor", "window_never_grows"}, "open"},
    {"bandwidth_plateau", setup_plateau, accept_any, {"bandwidth_plateau"},
     {"loss_burst", "window_collapse", "window_never_grows", "rtt_step"},
     "open"},
    {"never_grows", setup_never_grows, accept_any, {"window_never_grows"},
     {"bandwidth_plateau"}, NULL},
    {"window_collapse", setup_collapse, accept_collapse, {"window_collapse"},
     {"window_at_floor", "bandwidth_plateau"}, NULL},
    {"persistent_congestion", setup_persistent, accept_persistent,
     {"persistent_congestion"},
     {"black_hole", "loss_burst", "window_collapse", "window_at_floor",
      "stream_stall"}, NULL},
    {"spurious_loss", setup_spurious, accept_spurious, {"spurious_loss"},
     {"stream_stall", "retransmission_waste"}, NULL},
    {"loss_burst", setup_burst, accept_burst, {"loss_burst"},
     {"stream_stall"}, NULL},
    {"loss_periodic", setup_periodic, accept_periodic, {"loss_periodic"},
     {"stream_stall"}, NULL},
    {"tail_loss", setup_tail, accept_tail, {"tail_loss"},
     {"stream_stall"}, NULL},
    {"pto_storm", setup_pto_storm, accept_pto_storm, {"pto_storm"},
     {"black_hole", "loss_burst", "window_collapse", "window_at_floor",
      "stream_stall"}, NULL},
    {"black_hole", setup_black_hole, accept_pto_storm,
     {"black_hole", "pto_storm"},
     {"loss_burst", "window_at_floor", "stream_stall", "vanished"}, "open"},
    {"rtt_spike", setup_spike, accept_spike, {"rtt_spike"},
     {"spurious_loss", "black_hole", "stream_stall", "rtt_step",
      "bufferbloat"}, NULL},
    {"rtt_step", setup_step, accept_step, {"rtt_step"},
     {"spurious_loss", "rtt_spike"}, NULL},
    {"bufferbloat", setup_bloat, accept_bloat, {"bufferbloat"},
     {"rtt_spike", "rtt_step"}, NULL},
    {"ack_delay", setup_ack_delay, accept_ack_delay, {"ack_delay"},
     {"ack_starvation", "rtt_spike", "rtt_step", "spurious_loss"}, NULL},
    {"ack_starvation", setup_starvation, accept_any, {"ack_starvation"},
     {"ack_delay", "rtt_spike", "bufferbloat", "rtt_step", "spurious_loss",
      "pto_storm", "black_hole", "window_never_grows", "retransmission_waste"},
     NULL},
    {"flow_control_connection", setup_fc_connection, accept_fc_connection,
     {"flow_control_connection"}, {"slow_credit"}, NULL},
    {"flow_control_stream", setup_fc_stream, accept_fc_stream,
     {"flow_control_stream"}, {"slow_credit"}, NULL},
    {"stream_limit", setup_stream_limit, accept_stream_limit, {"stream_limit"},
     {"slow_credit"}, NULL},
    {"slow_credit", setup_slow_credit, accept_fc_connection, {"slow_credit"},
     {"flow_control_connection"}, NULL},
    {"stream_stall", setup_stall, accept_any, {"stream_stall"},
     {"loss_burst", "tail_loss", "bufferbloat"}, NULL},
    {"handshake_stall", setup_hs_stall, accept_hs_stall, {"handshake_stall"},
     {"keys_missing", "amplification_blocked"}, NULL},
    {"amplification_blocked", setup_amplification, accept_amplification,
     {"amplification_blocked"}, {"handshake_stall"}, NULL},
    {"keys_missing", setup_keys_missing, accept_any, {"keys_missing"},
     {"handshake_stall", "pto_storm"}, NULL},
    {"key_update_failure", setup_key_failure, accept_key_failure,
     {"key_update_failure"},
     {"ack_starvation", "black_hole", "keys_missing", "stream_stall"}, "open"},
    {"mtu_black_hole", setup_mtu, accept_mtu, {"mtu_black_hole"},
     {"loss_burst", "black_hole", "pto_storm", "persistent_congestion",
      "window_collapse", "window_at_floor", "stream_stall"}, NULL},
    {"ecn", setup_ecn, accept_any, {"ecn"}, {NULL}, NULL},
    {"migration", setup_bad_migration, accept_migration, {"migration"},
     {"black_hole", "pto_storm", "loss_burst", "persistent_congestion",
      "window_collapse", "window_at_floor", "stream_stall", "tail_loss"},
     NULL},
    {"streams_reset", setup_resets, accept_resets, {"streams_reset"},
     {"stream_stall", "loss_burst", "bufferbloat", "rtt_step"}, NULL},
    {"http3", setup_http3, accept_any, {"http3"}, {NULL}, NULL},
    {"log_holes", setup_holes, accept_any, {"log_quality"},
     {"ack_starvation", "stream_stall", "spurious_loss", "rtt_spike"}, NULL},
    {"log_time_back", setup_time_back, accept_any, {"log_quality"},
     {"ack_starvation", "rtt_spike", "rtt_step"}, NULL},
    {"log_garbage", setup_garbage, accept_any, {"log_quality"},
     {"ack_starvation", "stream_stall", "spurious_loss"}, NULL},
    {"log_truncated", setup_cut, accept_any, {"log_quality"},
     {"stream_stall"}, "open"},
};
/* clang-format on */

const size_t lg_nscenarios = sizeof(lg_scenarios) / sizeof(lg_scenarios[0]);
