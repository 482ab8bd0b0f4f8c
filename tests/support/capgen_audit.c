/* What an attacker does, or an endpoint that helps one: a scenario for each
   kind of trouble that --audit tells. */

#include "tests/support/capgen_scenarios.h"

/* audit_conn makes connection |i| of a client whose address depends on it. */
static capgen_conn *audit_conn(capgen *g, unsigned i) {
  static const uint8_t network[4] = {203, 0, 113, 0};
  capgen_options opt = capgen_defaults();

  memcpy(opt.addr[CAPGEN_CLIENT].ip, network, sizeof(network));
  opt.addr[CAPGEN_CLIENT].ip[3] = (uint8_t)(i + 1);
  opt.addr[CAPGEN_CLIENT].port = (uint16_t)(40000 + 7 * i);
  return capgen_conn_new(g, &opt);
}

/* audit_later lets an honest client come, so that the capture goes on. */
static void audit_later(capgen *g) {
  g->now += 2 * QUIC_SECOND;
  capgen_whole(capgen_conn_new(g, NULL));
}

static void audit_frame(capgen_conn *c, capgen_side side, quic_packet_type type,
                        uint64_t frame, size_t size) {
  quic_frame f = {.type = frame};
  capgen_packet *p = capgen_begin(c, side, type);

  if (frame == QUIC_FRAME_PATH_CHALLENGE || frame == QUIC_FRAME_PATH_RESPONSE) {
    f.u.path_challenge.data = quic_bytes_of("pathdata", 8);
  }
  capgen_frame(p, &f);
  if (size) {
    capgen_pad(p, size);
  }
  capgen_end_packet(p);
  capgen_flush(c, side);
}

/* Four times what came in. */
static void make_amplification(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_hello(c);
  capgen_server_flight(c);
  for (int i = 0; i < 3; i++) {
    audit_frame(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE, QUIC_FRAME_PING, 1200);
  }
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_exchange(c, 0, 20000);
  capgen_bye(c);
}

static void make_spoofed(capgen *g, unsigned arg) {
  for (unsigned i = 0; i < arg; i++) {
    capgen_conn *c = audit_conn(g, i);

    capgen_hello(c);
    capgen_server_flight(c);
  }
  audit_later(g);
}

/* Answers that ask the client to start over, to clients that do not. */
static void make_reflector(capgen *g, unsigned retry) {
  static const uint32_t versions[] = {QUIC_VERSION_1, QUIC_VERSION_2};

  for (unsigned i = 0; i < 20; i++) {
    capgen_conn *c = audit_conn(g, i);

    capgen_hello(c);
    if (retry) {
      capgen_retry(c, false);
    } else {
      capgen_version_negotiation(c, versions, CAPGEN_COUNT(versions));
    }
  }
  audit_later(g);
}

/* Two sides that lost their connection: each answers what it does not know with
   a reset, one octet shorter; with |even| as long as what came. */
static void make_reset_loop(capgen *g, unsigned even) {
  static const quic_addr addr[2] = {{{192, 0, 2, 10}, 50000, 4},
                                    {{192, 0, 2, 1}, 443, 4}};
  uint8_t buf[64];
  size_t len = even ? 42 : 43;
  unsigned n = even ? 70 : 23;

  g->step = 3 * QUIC_MILLISECOND;
  for (unsigned i = 0; i < n; i++) {
    capgen_datagram dg = {
        .src = addr[i % 2], .dst = addr[!(i % 2)], .data = buf, .len = len};

    quic_rng_fill(&g->rng, buf, len);
    buf[0] = (uint8_t)((buf[0] & 0x3f) | 0x40);
    capgen_send(g, &dg);
    len -= !even;
  }
  audit_later(g);
}

/* The client asks three times and is told thirteen times. */
static void make_close_flood(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_handshake(c);
  for (int i = 0; i < 13; i++) {
    capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);

    capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE_APP, 0x101, "enough");
    capgen_end_packet(p);
    capgen_flush(c, CAPGEN_SERVER);
    if (i < 3) {
      audit_frame(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT, QUIC_FRAME_PING, 0);
    }
  }
}

static void make_initial_flood(capgen *g, unsigned arg) {
  g->step = 5 * QUIC_MILLISECOND;
  for (unsigned i = 0; i < arg; i++) {
    capgen_hello(audit_conn(g, i));
  }
  audit_later(g);
}

/* The client acknowledges what the server will send next. */
static void make_acks(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  capgen_handshake(c);
  for (unsigned i = 0; i < arg; i++) {
    capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);

    capgen_ack(p, c->end[CAPGEN_SERVER].next_pn[2], 0);
    capgen_end_packet(p);
    capgen_flush(c, CAPGEN_CLIENT);
    capgen_data(c, CAPGEN_SERVER, 3, 1000 * i, 1000, false);
  }
  capgen_bye(c);
}

/* A token of one client is used by |arg| others. */
static void make_token(capgen *g, unsigned arg) {
  for (unsigned i = 0; i <= arg; i++) {
    capgen_conn *c = audit_conn(g, i);

    c->token = quic_bytes_of("a token that was stolen", 23);
    capgen_whole(c);
  }
}

static void make_challenges(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  capgen_handshake(c);
  for (unsigned i = 0; i < arg; i++) {
    audit_frame(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT, QUIC_FRAME_PATH_CHALLENGE,
                0);
    if (i < 3) {
      audit_frame(c, CAPGEN_SERVER, QUIC_PACKET_1RTT, QUIC_FRAME_PATH_RESPONSE,
                  0);
    }
  }
  capgen_bye(c);
}

static void make_migrations(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  capgen_handshake(c);
  for (unsigned i = 0; i < arg; i++) {
    c->end[CAPGEN_CLIENT].addr.port++;
    audit_frame(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT, QUIC_FRAME_PING, 0);
  }
  capgen_bye(c);
}

const capgen_scenario capgen_audit_scenarios[] = {
    {"audit-amplification", make_amplification, 0, CAPGEN_SECRETS_FIRST, false},
    {"audit-spoofed", make_spoofed, 12, CAPGEN_SECRETS_FIRST, false},
    {"audit-versions", make_reflector, 0, CAPGEN_SECRETS_FIRST, false},
    {"audit-retries", make_reflector, 1, CAPGEN_SECRETS_FIRST, false},
    {"audit-reset-loop", make_reset_loop, 0, CAPGEN_SECRETS_FIRST, false},
    {"audit-reset-endless", make_reset_loop, 1, CAPGEN_SECRETS_FIRST, false},
    {"audit-close-flood", make_close_flood, 0, CAPGEN_SECRETS_FIRST, false},
    {"audit-initial-flood", make_initial_flood, 120, CAPGEN_SECRETS_FIRST,
     false},
    {"audit-acks", make_acks, 9, CAPGEN_SECRETS_FIRST, false},
    {"audit-token", make_token, 2, CAPGEN_SECRETS_FIRST, false},
    {"audit-challenges", make_challenges, 64, CAPGEN_SECRETS_FIRST, false},
    {"audit-migrations", make_migrations, 17, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
