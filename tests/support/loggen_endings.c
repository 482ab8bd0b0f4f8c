/* How a connection ends. */

#include <stdlib.h>
#include <string.h>

#include "tests/support/loggen.h"

typedef struct lg_ending {
  const char *name;
  void (*apply)(lg_settings *s, lg_draw *d, int side, uint64_t code);
  int relative;      /* 0 = vantage, 1 = peer, 2 = client, 3 = server */
  bool failure;      /* no connection comes about */
  bool client;       /* a client's log only */
  const char *class; /* quic_close_class_name */
} lg_ending;

static void ending_close(lg_settings *s, lg_draw *d, const lg_action *a) {
  if (s->stop < 100 * QUIC_SECOND) { /* the transfer is not over by then */
    s->actions[s->nactions] = *a;
    s->actions[s->nactions++].at = s->stop;
    s->stop += 120 * QUIC_SECOND;
    s->close_done = false;
  } else {
    s->close = *a;
  }
  d->close_side = a->side;
}

static void ending_app(lg_settings *s, lg_draw *d, int side, uint64_t code) {
  static const char *const phrases[] = {NULL, NULL, "done", "bye",
                                        "shutting down"};
  lg_action a = {.type = LG_DO_CLOSE,
                 .side = side,
                 .flag = true,
                 .phrase = phrases[lg_between(d, 0, 4)]};

  a.code = code == LG_NONE ? 0x100 : code;
  d->close_trigger = "application";
  ending_close(s, d, &a);
}

static void ending_transport(lg_settings *s, lg_draw *d, int side,
                             uint64_t code) {
  static const char *const phrases[] = {NULL, "protocol error",
                                        "stream offset beyond the limit"};
  lg_action a = {.type = LG_DO_CLOSE,
                 .side = side,
                 .phrase = phrases[lg_between(d, 0, 2)]};

  a.code = code == LG_NONE ? lg_between(d, 1, 0x0d) : code;
  d->close_trigger = "error";
  ending_close(s, d, &a);
}

static void ending_idle(lg_settings *s, lg_draw *d, int side, uint64_t code) {
  lg_action a = {.type = LG_DO_DIE, .side = !d->vantage};

  (void)side;
  (void)code;
  for (int i = 0; i < LG_SIDES; i++) {
    s->end[i].tp.idle_ms = lg_between(d, 3, 30) * 1000;
  }
  if (s->stop < 100 * QUIC_SECOND) {
    ending_close(s, d, &a);
  }
  s->close_done = false;
  s->stop += 60 * QUIC_SECOND;
  d->close_side = -1;
  d->close_trigger = "idle_timeout";
}

static void ending_reset(lg_settings *s, lg_draw *d, int side, uint64_t code) {
  lg_action a = {.type = LG_DO_FORGET, .side = !d->vantage};

  (void)side;
  (void)code;
  ending_close(s, d, &a);
  d->close_trigger = "stateless_reset";
}

static void ending_open(lg_settings *s, lg_draw *d, int side, uint64_t code) {
  (void)side;
  (void)code;
  s->close_done = false;
  if (s->stop > 100 * QUIC_SECOND) {
    s->stop = 10 * QUIC_SECOND;
  }
  d->close_side = -1;
}

static void ending_truncated(lg_settings *s, lg_draw *d, int side,
                             uint64_t code) {
  ending_open(s, d, side, code);
  d->truncate = true;
}

static void ending_alert(lg_settings *s, lg_draw *d, int side, uint64_t code) {
  static const uint8_t alerts[] = {40, 42, 43, 44, 45,  46,  47,  48,  49, 50,
                                   51, 70, 71, 80, 109, 110, 112, 116, 120};
  static const char *const phrases[] = {NULL, NULL, "TLS handshake failed"};

  (void)side;
  code = code == LG_NONE ? alerts[lg_between(d, 0, sizeof(alerts) - 1)] : code;
  s->fail = LG_FAIL_CLOSE;
  /* about certificates it is the client that complains */
  s->fail_side = (code >= 42 && code <= 51 && code != 47) || code == 110
                     ? LG_CLIENT
                     : LG_SERVER;
  s->fail_code = 0x100 + code;
  s->fail_phrase = phrases[lg_between(d, 0, 2)];
  d->close_side = s->fail_side;
  d->close_trigger = "error";
}

static void ending_handshake(lg_settings *s, lg_draw *d, int side,
                             uint64_t code) {
  static const uint8_t codes[] = {0x01, 0x02, 0x07, 0x08, 0x0a, 0x0b};

  (void)side;
  s->fail = LG_FAIL_CLOSE;
  s->fail_code = code == LG_NONE ? codes[lg_between(d, 0, 5)] : code;
  s->fail_side = s->fail_code == 0x02 || s->fail_code == 0x0b
                     ? LG_SERVER
                     : (int)lg_between(d, 0, 1);
  d->close_side = s->fail_side;
  d->close_trigger = "error";
}

static void ending_version(lg_settings *s, lg_draw *d, int side,
                           uint64_t code) {
  (void)side;
  (void)code;
  s->fail = LG_FAIL_VERSION;
  s->stop = 3 * QUIC_SECOND;
  d->close_trigger = "version_mismatch";
  d->close_side = -1;
}

static void ending_timeout(lg_settings *s, lg_draw *d) {
  lg_action a = {.type = LG_DO_CLOSE, .side = LG_CLIENT, .code = 10};

  s->end[0].tp.idle_ms = s->end[1].tp.idle_ms = lg_between(d, 3, 10) * 1000;
  d->close_trigger = "idle_timeout";
  d->close_side = -1;
  if (d->tongue == LG_NGTCP2) { /* closes what came to nothing with code 10 */
    a.at = lg_between(d, 3, 9) * QUIC_SECOND;
    s->end[0].tp.idle_ms = 30000;
    s->actions[s->nactions++] = a;
  }
  s->stop = 60 * QUIC_SECOND;
}

static void ending_unreachable(lg_settings *s, lg_draw *d, int side,
                               uint64_t code) {
  (void)side;
  (void)code;
  s->fail = LG_FAIL_SILENT;
  ending_timeout(s, d);
}

static void ending_stalled(lg_settings *s, lg_draw *d, int side,
                           uint64_t code) {
  (void)side;
  (void)code;
  s->way[LG_SERVER].drop_first[LG_HANDSHAKE] = 100000;
  s->way[LG_SERVER].dead_from = d->rtt;
  s->way[LG_SERVER].dead_to = LG_NONE;
  ending_timeout(s, d);
}

static const lg_ending endings[] = {
    {"app_client", ending_app, 2, false, false, "application_close"},
    {"app_server", ending_app, 3, false, false, "application_close"},
    {"app_local", ending_app, 0, false, false, "application_close"},
    {"app_peer", ending_app, 1, false, false, "application_close"},
    {"transport_local", ending_transport, 0, false, false, "transport_close"},
    {"transport_peer", ending_transport, 1, false, false, "transport_close"},
    {"idle", ending_idle, 0, false, false, "idle_timeout"},
    {"reset", ending_reset, 1, false, false, "stateless_reset"},
    {"open", ending_open, 0, false, false, "open_at_end"},
    {"truncated", ending_truncated, 0, false, false, "open_at_end"},
    {"tls_alert", ending_alert, 0, true, false, "handshake_failure"},
    {"handshake", ending_handshake, 0, true, false, "handshake_failure"},
    {"version", ending_version, 0, true, true, "version_negotiation"},
    {"unreachable", ending_unreachable, 0, true, true, "no_answer"},
    {"handshake_timeout", ending_stalled, 0, true, true, "handshake_timeout"},
};

static const lg_ending *ending_find(const char *name) {
  size_t len = strcspn(name, ":");

  for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
    if (strlen(endings[i].name) == len &&
        memcmp(endings[i].name, name, len) == 0) {
      return &endings[i];
    }
  }
  return NULL;
}

const char *loggen_ending_at(size_t i) {
  return i < sizeof(endings) / sizeof(endings[0]) ? endings[i].name : NULL;
}

bool lg_ending_is_failure(const char *ending) {
  const lg_ending *e = ending_find(ending);

  return e && e->failure;
}

bool lg_ending_by_peer(const char *ending, int vantage) {
  const lg_ending *e = ending_find(ending);

  return e && !e->failure && (e->relative == 1 || e->relative - 2 == !vantage);
}

bool lg_ending_fits(const char *ending, int vantage) {
  const lg_ending *e = ending_find(ending);

  return e && !(e->client && vantage == LG_SERVER);
}

int lg_ending_apply(const char *ending, lg_settings *s, lg_draw *d) {
  const lg_ending *e = ending_find(ending);
  const char *colon = strchr(ending, ':');
  int side;

  if (!e) {
    return -1;
  }
  side = e->relative == 0   ? d->vantage
         : e->relative == 1 ? !d->vantage
                            : e->relative - 2;
  d->close_class = e->class;
  d->close_trigger = NULL;
  d->close_early = e->failure;
  e->apply(s, d, side, colon ? strtoull(colon + 1, NULL, 0) : LG_NONE);
  return 0;
}
