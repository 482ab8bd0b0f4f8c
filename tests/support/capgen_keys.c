/* Scenarios about secrets: which are there, when, and for what.  The names
   that start with v and a number are those of known decoder failures. */

#include "tests/support/capgen_scenarios.h"

/* keys_early adds a 0-RTT packet with a request to the datagram. */
static void keys_early(capgen_conn *c, uint64_t id, const char *reason) {
  capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_0RTT);

  p->reason = reason;
  capgen_stream(p, id, 0, "GET /early\r\n", 12, true);
  capgen_end_packet(p);
}

static void keys_early_hello(capgen_conn *c) {
  const capgen_end *end = &c->end[CAPGEN_CLIENT];
  capgen_packet *p;

  capgen_flight_hello(c);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_INITIAL);
  capgen_crypto(p, 0, end->flight[QUIC_PACKET_INITIAL],
                end->flight_len[QUIC_PACKET_INITIAL]);
  capgen_pad(p, 1200);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
}

/* 0-RTT under any suite, alone and coalesced; the rest of the connection
   under suite |arg|. */
static void make_early(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  opt.suite = (uint16_t)arg;
  opt.early = true;
  c = capgen_conn_new(g, &opt);
  keys_early_hello(c);
  keys_early(c, 0, NULL);
  capgen_flush(c, CAPGEN_CLIENT);
  keys_early(c, 4, NULL);
  keys_early(c, 8, NULL);
  capgen_flush(c, CAPGEN_CLIENT);
  capgen_server_flight(c);
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_exchange(c, 12, 2000);
  capgen_bye(c);
}

/* The ticket's suite is not the one that the server chooses now. */
static void make_early_other(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  opt.early = true;
  opt.suite = (uint16_t)arg;
  c = capgen_conn_new(g, &opt);
  c->early_suite = quic_suite_find(0x1303);
  capgen_conn_rehello(c);
  keys_early_hello(c);
  keys_early(c, 0, NULL);
  capgen_flush(c, CAPGEN_CLIENT);
  c->opt.early = false;
  capgen_server_flight(c);
  keys_early(c, 4, NULL);
  capgen_flush(c, CAPGEN_CLIENT);
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_bye(c);
}

static void make_early_missing(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  (void)arg;
  opt.early = true;
  opt.keylog &= ~CAPGEN_LOG(CLIENT_EARLY);
  c = capgen_conn_new(g, &opt);
  keys_early_hello(c);
  keys_early(c, 0, "no_secret");
  capgen_flush(c, CAPGEN_CLIENT);
  capgen_server_flight(c);
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_bye(c);
}

/* An ordinary connection under suite |arg|. */
static void make_suite(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();

  opt.suite = (uint16_t)arg;
  capgen_whole(capgen_conn_new(g, &opt));
}

static void make_suites(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();

  (void)arg;
  for (size_t i = 0; quic_suite_at(i); i++) {
    opt.suite = quic_suite_at(i)->id;
    opt.addr[CAPGEN_CLIENT].port++;
    capgen_whole(capgen_conn_new(g, &opt));
  }
}

/* Secrets stand in the capture behind the packets that need them. */
static void make_late(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_handshake(c);
  capgen_exchange(c, 0, 12000);
  if (g->secrets == CAPGEN_SECRETS_ASKED) {
    capgen_secrets(g);
  }
  capgen_exchange(c, 4, 3000);
  capgen_bye(c);
}

/* The log lacks secrets: |arg| has those that it has. */
static void make_missing(capgen *g, unsigned arg) {
  static const struct {
    quic_keylog_label label;
    capgen_side side;
    quic_packet_type type;
  } rows[] = {
      {QUIC_KEYLOG_CLIENT_HANDSHAKE, CAPGEN_CLIENT, QUIC_PACKET_HANDSHAKE},
      {QUIC_KEYLOG_SERVER_HANDSHAKE, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE},
      {QUIC_KEYLOG_CLIENT_APP, CAPGEN_CLIENT, QUIC_PACKET_1RTT},
      {QUIC_KEYLOG_SERVER_APP, CAPGEN_SERVER, QUIC_PACKET_1RTT},
  };
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  opt.keylog = arg;
  c = capgen_conn_new(g, &opt);
  for (size_t i = 0; i < CAPGEN_COUNT(rows); i++) {
    if (!(arg & 1u << rows[i].label)) {
      c->end[rows[i].side].expect[rows[i].type] = "no_secret";
    }
  }
  capgen_whole(c);
}

/* The client gives up while its log has no secret of the last level. */
static void make_unfinished(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_packet *p;
  capgen_conn *c;

  (void)arg;
  opt.keylog &= ~(CAPGEN_LOG(CLIENT_APP) | CAPGEN_LOG(SERVER_APP));
  c = capgen_conn_new(g, &opt);
  c->end[CAPGEN_CLIENT].expect[QUIC_PACKET_1RTT] = "no_secret";
  c->end[CAPGEN_SERVER].expect[QUIC_PACKET_1RTT] = "no_secret";
  capgen_hello(c);
  capgen_server_flight(c);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_HANDSHAKE);
  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE, 0x12a, "bad certificate");
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE, 0x12a, "bad certificate");
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
}

static void make_prefix(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();

  (void)arg;
  opt.label_prefix = "QUIC_";
  capgen_whole(capgen_conn_new(g, &opt));
}

/* A log that disagrees with itself: the first line stands, and it is wrong. */
static void make_conflict(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  quic_secret wrong = {{0}, 32};
  capgen_conn *c;

  (void)arg;
  opt.keylog &= ~CAPGEN_LOG(SERVER_APP);
  c = capgen_conn_new(g, &opt);
  quic_rng_fill(&g->rng, wrong.data, wrong.len);
  capgen_keylog(g, QUIC_KEYLOG_SERVER_APP, c->random, &wrong);
  capgen_keylog(g, QUIC_KEYLOG_SERVER_APP, c->random,
                &c->secrets[QUIC_KEYLOG_SERVER_APP]);
  c->end[CAPGEN_SERVER].expect[QUIC_PACKET_1RTT] = "aead_fail";
  capgen_whole(c);
}

/* A log that was written by hand, by other programs, and for others. */
static void make_untidy_log(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_keylog_text(g, "# a comment\r\n\r\n");
  capgen_keylog_text(g, "CLIENT_RANDOM 00 11\n");
  capgen_keylog_text(g, "SERVER_TRAFFIC_SECRET_0 0011 2233\n");
  capgen_keylog_text(g, "SOME_OTHER_SECRET 00 11\n");
  capgen_keylog_text(g, "not a line at all\n");
  capgen_whole(c);
}

/* Packets under keys of nobody, among good ones. */
static void make_damaged(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_handshake(c);
  for (unsigned i = 0; i < 6; i++) {
    capgen_packet *p = capgen_begin(c, (capgen_side)(i & 1), QUIC_PACKET_1RTT);

    p->damaged = i >= 2 && i < 4;
    p->reason = p->damaged ? "aead_fail" : NULL;
    capgen_ping(p);
    capgen_pad(p, 100 + i);
    capgen_end_packet(p);
    capgen_flush(c, (capgen_side)(i & 1));
  }
  capgen_bye(c);
}

/* Key updates in both directions, one after the other. */
static void make_updates(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  capgen_handshake(c);
  for (unsigned i = 0; i <= arg; i++) {
    capgen_exchange(c, 4 * i, 2500);
    capgen_update(c, i & 1 ? CAPGEN_SERVER : CAPGEN_CLIENT);
    capgen_data(c, CAPGEN_CLIENT, 4 * i + 400, 0, 30, true);
    capgen_data(c, CAPGEN_SERVER, 4 * i + 400, 0, 30, true);
    capgen_update(c, i & 1 ? CAPGEN_CLIENT : CAPGEN_SERVER);
  }
  capgen_bye(c);
}

/* Around an update: packets of the old keys that come after it. */
static void make_update_reordered(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_datagram *old[2];

  (void)arg;
  capgen_handshake(c);
  capgen_exchange(c, 0, 2500);
  for (unsigned i = 0; i < 2; i++) {
    capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);

    capgen_ping(p);
    capgen_pad(p, 60);
    capgen_end_packet(p);
    old[i] = capgen_take(c, CAPGEN_SERVER);
  }
  capgen_update(c, CAPGEN_SERVER);
  capgen_data(c, CAPGEN_SERVER, 4, 0, 500, false);
  capgen_send(g, old[1]);
  capgen_data(c, CAPGEN_SERVER, 4, 500, 500, true);
  capgen_send(g, old[0]);
  capgen_bye(c);
}

/* keys_lose_phase uses the next |n| generations without anyone watching. */
static void keys_lose_phase(capgen_conn *c, capgen_side side, unsigned n) {
  while (n--) {
    capgen_packet *p;

    capgen_update(c, side);
    p = capgen_begin(c, side, QUIC_PACKET_1RTT);
    capgen_ping(p);
    capgen_end_packet(p);
    capgen_lose(c->g);
  }
  capgen_update(c, side);
}

/* The capture has a hole over |arg| key phases, of both sides. */
static void make_hole(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
  keys_lose_phase(c, CAPGEN_CLIENT, arg);
  keys_lose_phase(c, CAPGEN_SERVER, arg);
  capgen_exchange(c, 4, 3000);
  capgen_update(c, CAPGEN_SERVER);
  capgen_update(c, CAPGEN_CLIENT);
  capgen_exchange(c, 8, 3000);
  capgen_bye(c);
}

/* Only the server's packets are missing for |arg| updates: the client's tell
   how far it got. */
static void make_one_sided_hole(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
  for (unsigned i = 0; i < arg; i++) {
    capgen_update(c, CAPGEN_CLIENT);
    capgen_update(c, CAPGEN_SERVER);
    capgen_data(c, CAPGEN_CLIENT, 4, 50 * i, 50, false);
  }
  capgen_data(c, CAPGEN_SERVER, 4, 0, 500, true);
  capgen_exchange(c, 8, 3000);
  capgen_bye(c);
}

/* The packet numbers jump, too. */
static void make_long_hole(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
  keys_lose_phase(c, CAPGEN_SERVER, 1);
  c->end[CAPGEN_SERVER].next_pn[2] += arg;
  capgen_exchange(c, 4, 3000);
  capgen_bye(c);
}

const capgen_scenario capgen_keys_scenarios[] = {
    {"v6-early-chacha", make_early, 0x1303, CAPGEN_SECRETS_FILE, false},
    {"v6-early-aes", make_early, 0x1301, CAPGEN_SECRETS_FIRST, false},
    {"v6-early-other-suite", make_early_other, 0x1301, CAPGEN_SECRETS_FILE,
     false},
    {"v6-early-other-hash", make_early_other, 0x1302, CAPGEN_SECRETS_FILE,
     false},
    {"v6-early-missing", make_early_missing, 0, CAPGEN_SECRETS_FILE, false},
    {"v12-secrets-in-the-middle", make_late, 0, CAPGEN_SECRETS_ASKED, false},
    {"v13-no-server-secret", make_missing,
     CAPGEN_LOG_ALL & ~CAPGEN_LOG(SERVER_APP), CAPGEN_SECRETS_FILE, false},
    {"v13-no-client-secret", make_missing,
     CAPGEN_LOG_ALL & ~CAPGEN_LOG(CLIENT_APP), CAPGEN_SECRETS_FILE, false},
    {"v13-no-handshake-secrets", make_missing,
     CAPGEN_LOG(CLIENT_APP) | CAPGEN_LOG(SERVER_APP), CAPGEN_SECRETS_FILE,
     false},
    {"v13-no-secrets", make_missing, 0, CAPGEN_SECRETS_FILE, false},
    {"v14-hole-1", make_hole, 1, CAPGEN_SECRETS_FIRST, false},
    {"v14-hole-2", make_hole, 2, CAPGEN_SECRETS_FIRST, false},
    {"v14-hole-6", make_hole, 6, CAPGEN_SECRETS_FIRST, false},
    {"v14-hole-7", make_hole, 7, CAPGEN_SECRETS_FIRST, false},
    {"v14-hole-one-side", make_one_sided_hole, 14, CAPGEN_SECRETS_FIRST, false},
    {"v14-hole-and-jump", make_long_hole, 20000, CAPGEN_SECRETS_FIRST, false},
    {"v19-secrets-last", make_late, 0, CAPGEN_SECRETS_LAST, false},
    {"v20-quic-labels", make_prefix, 0, CAPGEN_SECRETS_FILE, false},
    {"v23-unfinished", make_unfinished, 0, CAPGEN_SECRETS_FILE, false},
    {"v24-aes-128-ccm", make_suite, 0x1304, CAPGEN_SECRETS_FILE, false},
    {"suites", make_suites, 0, CAPGEN_SECRETS_FIRST, false},
    {"key-updates", make_updates, 4, CAPGEN_SECRETS_FIRST, false},
    {"key-update-reordered", make_update_reordered, 0, CAPGEN_SECRETS_FIRST,
     false},
    {"conflicting-log", make_conflict, 0, CAPGEN_SECRETS_FILE, false},
    {"untidy-log", make_untidy_log, 0, CAPGEN_SECRETS_FILE, false},
    {"damaged-packets", make_damaged, 0, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
