/* Scenarios of what is rare, allowed only just, or meant to deceive. */

#include "tests/support/capgen_scenarios.h"

static void odd_send(capgen_packet *p) {
  capgen_conn *c = p->c;
  capgen_side side = p->side;

  capgen_end_packet(p);
  capgen_flush(c, side);
}

/* odd_flight appends a part of the messages of the packet's level. */
static void odd_flight(capgen_packet *p, size_t at, size_t len) {
  const capgen_end *end = &p->c->end[p->side];
  size_t left = end->flight_len[p->h.type] - at;

  capgen_crypto(p, at, end->flight[p->h.type] + at, len < left ? len : left);
}

/* The fixed bit is greased (RFC 9287), in all types of packets. */
static void make_grease_bit(capgen *g, unsigned arg) {
  static const uint8_t none[1];
  capgen_options opt = capgen_defaults();
  capgen_packet *p;
  capgen_conn *c;

  (void)arg;
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    opt.tparams[side][0] =
        (capgen_tparam){QUIC_TPARAM_GREASE_QUIC_BIT, quic_bytes_of(none, 0)};
    opt.ntparams[side] = 1;
  }
  c = capgen_conn_new(g, &opt);
  capgen_hello(c);
  capgen_server_flight(c);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_HANDSHAKE);
  p->h.first &= (uint8_t)~QUIC_FIRST_FIXED;
  odd_flight(p, 0, SIZE_MAX);
  odd_send(p);
  capgen_server_done(c);
  for (unsigned i = 0; i < 6; i++) {
    p = capgen_begin(c, (capgen_side)(i & 1), QUIC_PACKET_1RTT);
    if (i != 3) {
      p->h.first &= (uint8_t)~QUIC_FIRST_FIXED;
    }
    capgen_stream(p, i & 1, 0, "greased", 7, false);
    odd_send(p);
  }
  capgen_bye(c);
}

static void make_reserved_bits(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_packet *p;

  (void)arg;
  capgen_handshake(c);
  capgen_exchange(c, 0, 2000);
  for (unsigned i = 1; i < 4; i++) {
    p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
    p->h.first |= (uint8_t)(i << 3);
    capgen_ping(p);
    odd_send(p);
    p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);
    p->h.first |= (uint8_t)(i << 2);
    capgen_ping(p);
    odd_send(p);
  }
  capgen_bye(c);
}

/* Q and L bits in the place of the reserved ones, without a mask. */
static void make_loss_bits(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  (void)arg;
  opt.loss_bits = true;
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  for (unsigned i = 0; i < 12; i++) {
    capgen_packet *p = capgen_begin(c, (capgen_side)(i & 1), QUIC_PACKET_1RTT);

    p->h.first |= (uint8_t)((i & 2 ? 0x10 : 0) | (i & 4 ? 0x08 : 0));
    capgen_stream(p, i & 1, 100 * i, "measured", 8, false);
    odd_send(p);
  }
  capgen_bye(c);
}

static void make_spin(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_handshake(c);
  for (unsigned i = 0; i < 8; i++) {
    c->end[CAPGEN_CLIENT].spin = i & 1;
    capgen_data(c, CAPGEN_CLIENT, 0, 20 * i, 20, false);
    c->end[CAPGEN_SERVER].spin = i & 1;
    g->building->ecn = (uint8_t)(i & 3);
    capgen_data(c, CAPGEN_SERVER, 0, 20 * i, 20, false);
    g->now += 30 * QUIC_MILLISECOND;
  }
  capgen_bye(c);
}

/* Behind the last packet of a datagram stands what is none: zeros, noise, and
   a long header under another CID. */
static void make_padding(capgen *g, unsigned arg) {
  static const uint8_t zeros[300];
  static const uint8_t foreign[40] = {0xc0, 0, 0, 0, 1, 4,    1,
                                      2,    3, 4, 0, 0, 0x40, 20};
  capgen_options opt = capgen_defaults();
  uint8_t noise[200];
  capgen_packet *p;
  capgen_conn *c;

  opt.cid_len[CAPGEN_CLIENT] = (uint8_t)arg;
  c = capgen_conn_new(g, &opt);
  quic_rng_fill(&g->rng, noise, sizeof(noise));
  noise[0] = 0x5a;
  capgen_hello(c);
  capgen_flight_server(c);
  for (unsigned i = 0; i < 3; i++) {
    p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_INITIAL);
    odd_flight(p, 0, SIZE_MAX);
    capgen_end_packet(p);
    p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);
    odd_flight(p, 300 * i, 300 * (i + 1));
    capgen_end_packet(p);
    if (i == 0) {
      capgen_raw(g, zeros, sizeof(zeros), NULL);
    } else if (i == 1) {
      capgen_raw(g, noise, sizeof(noise), NULL);
    } else {
      capgen_raw(g, foreign, sizeof(foreign), NULL);
    }
    capgen_flush(c, CAPGEN_SERVER);
  }
  c->server_known = true;
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_bye(c);
}

/* The server's datagrams have a lot of noise behind them, before its client's
   keys have opened anything; the CID, which is empty, does not tell that it is
   noise.  Guesses about it must not use up what later packets need. */
static void make_noise(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  uint8_t noise[1300];
  capgen_packet *p;
  capgen_conn *c;

  opt.cid_len[CAPGEN_CLIENT] = 0;
  c = capgen_conn_new(g, &opt);
  capgen_hello(c);
  capgen_flight_server(c);
  for (unsigned i = 0; i < arg; i++) {
    p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_INITIAL);
    odd_flight(p, 0, SIZE_MAX);
    capgen_end_packet(p);
    p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);
    odd_flight(p, 0, SIZE_MAX);
    capgen_end_packet(p);
    quic_rng_fill(&g->rng, noise, sizeof(noise));
    noise[0] = 0x5a;
    capgen_raw(g, noise, sizeof(noise), NULL);
    capgen_flush(c, CAPGEN_SERVER);
  }
  c->server_known = true;
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_exchange(c, 0, 2000);
  capgen_bye(c);
}

/* All levels in one datagram, and a short header right behind an Initial. */
static void make_coalesced(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_packet *p;
  capgen_conn *c;

  opt.early = true;
  opt.cid_len[CAPGEN_CLIENT] = (uint8_t)arg;
  c = capgen_conn_new(g, &opt);
  capgen_flight_hello(c);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_INITIAL);
  odd_flight(p, 0, SIZE_MAX);
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_0RTT);
  capgen_stream(p, 0, 0, "GET /\r\n", 7, true);
  capgen_pad(p, 1200);
  odd_send(p);
  capgen_flight_server(c);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_INITIAL);
  odd_flight(p, 0, SIZE_MAX);
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);
  odd_flight(p, 0, SIZE_MAX);
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  capgen_stream(p, 0, 0, "early answer", 12, true);
  capgen_pad(p, 1200);
  odd_send(p);
  c->server_known = true;
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_INITIAL);
  capgen_ack(p, 0, 0);
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  capgen_ack(p, 0, 0);
  odd_send(p);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_HANDSHAKE);
  odd_flight(p, 0, SIZE_MAX);
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  capgen_ping(p);
  odd_send(p);
  capgen_server_done(c);
  capgen_bye(c);
}

/* A hello in pieces, the last piece first, with 0-RTT in between. */
static void make_shuffled_hello(capgen *g, unsigned arg) {
  static const uint16_t pieces[][2] = {
      {900, 2000}, {40, 160}, {200, 700}, {0, 40}};
  capgen_options opt = capgen_defaults();
  capgen_packet *p;
  capgen_conn *c;

  opt.early = true;
  opt.hello_pad = arg; /* as a post-quantum key share is long */
  c = capgen_conn_new(g, &opt);
  capgen_flight_hello(c);
  for (size_t i = 0; i < CAPGEN_COUNT(pieces); i++) {
    p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_INITIAL);
    capgen_ping(p);
    odd_flight(p, pieces[i][0], pieces[i][1]);
    capgen_padding(p, 10);
    if (i == 0) {
      capgen_ping(p);
      capgen_pad(p, 1200);
      odd_send(p);
      continue;
    }
    capgen_ping(p);
    capgen_end_packet(p);
    p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_0RTT);
    capgen_stream(p, 4 * i, 0, "GET /\r\n", 7, true);
    capgen_pad(p, 1200);
    odd_send(p);
  }
  capgen_server_flight(c);
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_exchange(c, 40, 2000);
  capgen_bye(c);
}

/* Strings that would do something to a terminal, or to a line. */
static void make_hostile(capgen *g, unsigned arg) {
  static const char sni[] = "evil\x1b[31m.example\r\nP 1 0 initial\t\"\\\x7f";
  static const char reason[] = "\x1b]0;title\x07 \xe2\x80\xae"
                               "desrever \xff\xfe\nnew line \xc3\xa9"
                               "\"  STREAM 0 0-9 fin \\";
  capgen_options opt = capgen_defaults();
  capgen_conn *c;
  capgen_packet *p;

  (void)arg;
  opt.sni_raw = quic_bytes_of(sni, sizeof(sni) - 1);
  opt.alpn = "h3\x1b[2J\n,\xe2\x80\x8b,a b";
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE_APP, 0x107, reason);
  odd_send(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE, 0x10, reason);
  odd_send(p);
}

/* The server refuses in its first packet, with the alert |arg|. */
static void make_refusal(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_packet *p;

  capgen_hello(c);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_INITIAL);
  capgen_ack(p, 0, 0);
  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE, 0x100 + arg, "");
  odd_send(p);
}

/* Nobody answers. */
static void make_silence(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  capgen_hello(c);
  for (unsigned i = 0; i < arg; i++) {
    capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_INITIAL);

    g->now += (QUIC_SECOND / 3) << i;
    odd_flight(p, 0, SIZE_MAX);
    capgen_pad(p, 1200);
    odd_send(p);
  }
}

static void make_datagrams(capgen *g, unsigned arg) {
  static const uint8_t size[] = {0x44, 0xb0}; /* 1200 */
  capgen_options opt = capgen_defaults();
  uint8_t body[1000] = {0};
  capgen_conn *c;

  for (int side = 0; side < CAPGEN_SIDES; side++) {
    opt.tparams[side][0] = (capgen_tparam){QUIC_TPARAM_MAX_DATAGRAM_FRAME_SIZE,
                                           quic_bytes_of(size, 2)};
    opt.ntparams[side] = 1;
  }
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  for (unsigned i = 0; i < arg; i++) {
    capgen_packet *p = capgen_begin(c, (capgen_side)(i & 1), QUIC_PACKET_1RTT);
    quic_frame f = {.type = QUIC_FRAME_DATAGRAM + 1};

    f.u.datagram.data = quic_bytes_of(body, i * 40);
    capgen_frame(p, &f);
    f.type = QUIC_FRAME_DATAGRAM;
    f.u.datagram.data = quic_bytes_of(body, i * 3);
    capgen_frame(p, &f);
    odd_send(p);
  }
  capgen_bye(c);
}

/* Probes for a larger datagram size, up to a jumbo frame. */
static void make_probes(capgen *g, unsigned arg) {
  static const uint16_t sizes[] = {1400, 1452, 1472, 4096, 8972};
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_handshake(c);
  for (size_t i = 0; i < CAPGEN_COUNT(sizes); i++) {
    capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);

    capgen_ping(p);
    capgen_pad(p, sizes[i]);
    odd_send(p);
  }
  capgen_exchange(c, 0, 2000);
  capgen_bye(c);
}

/* Server messages in several packets out of order, and again. */
static void make_shuffled_flight(capgen *g, unsigned arg) {
  static const uint16_t at[] = {600, 0, 300, 0};
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_packet *p;

  (void)arg;
  capgen_hello(c);
  capgen_flight_server(c);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_INITIAL);
  odd_flight(p, 0, SIZE_MAX);
  odd_send(p);
  for (size_t i = 0; i < CAPGEN_COUNT(at); i++) {
    p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);
    odd_flight(p, at[i], i == 0 ? SIZE_MAX : 350);
    odd_send(p);
  }
  c->server_known = true;
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_bye(c);
}

/* CRYPTO octets that contradict what came before. */
static void make_contradiction(capgen *g, unsigned arg) {
  static const uint8_t lie[40] = "these are not the octets you have seen";
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_packet *p;

  (void)arg;
  capgen_hello(c);
  capgen_server_flight(c);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);
  capgen_crypto(p, 100, lie, sizeof(lie));
  capgen_note(p, "conflict");
  odd_send(p);
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_bye(c);
}

/* Datagrams that come back inside ICMP errors: whole, cut, with a known
   connection and an unknown one. */
static void make_icmp(capgen *g, unsigned arg) {
  static const capgen_link quote = {"icmp", 1, "eth icmp ip udp", 0, false};
  const capgen_link *plain = g->link;
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  if (arg == 6) {
    capgen_ipv6(&opt);
  }
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  for (unsigned i = 0; i < 3; i++) {
    capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
    capgen_datagram *dg;

    capgen_ping(p);
    capgen_pad(p, i == 0 ? 80 : 1200 + 100 * i);
    capgen_end_packet(p);
    dg = capgen_take(c, CAPGEN_CLIENT);
    capgen_send(g, dg);
    g->link = &quote;
    g->notes = "icmp";
    capgen_send(g, dg);
    g->link = plain;
    g->notes = "";
  }
  capgen_exchange(c, 0, 2000);
  capgen_bye(c);
}

const capgen_scenario capgen_odd_scenarios[] = {
    {"grease-bit", make_grease_bit, 0, CAPGEN_SECRETS_FIRST, false},
    {"reserved-bits", make_reserved_bits, 0, CAPGEN_SECRETS_FIRST, false},
    {"loss-bits", make_loss_bits, 0, CAPGEN_SECRETS_FIRST, false},
    {"spin-bit", make_spin, 0, CAPGEN_SECRETS_FIRST, false},
    {"padding-behind", make_padding, 8, CAPGEN_SECRETS_FIRST, false},
    {"padding-behind-cid-0", make_padding, 0, CAPGEN_SECRETS_FIRST, false},
    {"noise-behind", make_noise, 10, CAPGEN_SECRETS_FIRST, false},
    {"coalesced", make_coalesced, 8, CAPGEN_SECRETS_FIRST, false},
    {"coalesced-cid-0", make_coalesced, 0, CAPGEN_SECRETS_FIRST, false},
    {"shuffled-hello", make_shuffled_hello, 700, CAPGEN_SECRETS_FIRST, false},
    {"shuffled-flight", make_shuffled_flight, 0, CAPGEN_SECRETS_FIRST, false},
    {"contradiction", make_contradiction, 0, CAPGEN_SECRETS_FIRST, false},
    {"hostile-strings", make_hostile, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-in-initial", make_refusal, 40, CAPGEN_SECRETS_FILE, false},
    {"silence", make_silence, 4, CAPGEN_SECRETS_FILE, false},
    {"datagrams", make_datagrams, 12, CAPGEN_SECRETS_FIRST, false},
    {"pmtu-probes", make_probes, 0, CAPGEN_SECRETS_FIRST, false},
    {"icmp", make_icmp, 4, CAPGEN_SECRETS_FIRST, false},
    {"icmp6", make_icmp, 6, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
