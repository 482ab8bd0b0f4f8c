/* Scenarios about what a capture lacks, doubles, cuts or brings in another
   order. */

#include "tests/support/capgen_scenarios.h"

/* One long answer. */
static void make_long(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  capgen_handshake(c);
  capgen_exchange(c, 0, arg);
  capgen_bye(c);
}

/* Stream data twice: the same packet again after a while, and the same octets
   in new packets, cut elsewhere. */
static void make_again(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_handshake(c);
  for (unsigned i = 0; i < 4; i++) {
    capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
    capgen_datagram *dg;

    capgen_stream(p, 0, 100 * i, "0123456789", 10, false);
    capgen_end_packet(p);
    dg = capgen_take(c, CAPGEN_SERVER);
    capgen_send(g, dg);
    g->now += 60 * QUIC_MILLISECOND;
    capgen_send(g, dg);
    capgen_data(c, CAPGEN_SERVER, 0, 50 * i, 100, false);
    capgen_data(c, CAPGEN_SERVER, 0, 25 * i, 75, false);
  }
  capgen_bye(c);
}

static void make_reversed(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  uint64_t at = 0;

  capgen_handshake(c);
  for (unsigned group = 0; group < 6; group++) {
    capgen_datagram *dg[8];

    for (unsigned i = 0; i < arg; i++, at += 1100) {
      uint8_t body[1100] = {0};
      capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);

      capgen_stream(p, 0, at, body, sizeof(body), false);
      capgen_end_packet(p);
      dg[i] = capgen_take(c, CAPGEN_SERVER);
    }
    for (unsigned i = arg; i-- > 0;) {
      capgen_send(g, dg[i]);
    }
  }
  capgen_bye(c);
}

static capgen_datagram *loss_ping(capgen_conn *c, uint64_t pn, uint8_t pn_len) {
  capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);

  p->h.pn = pn;
  p->h.pn_len = pn_len;
  capgen_ping(p);
  capgen_pad(p, 50);
  capgen_end_packet(p);
  return capgen_take(c, CAPGEN_SERVER);
}

/* Packet numbers of one octet, late across a multiple of 256, a little and
   more than half a window. */
static void make_late_numbers(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_datagram *late[4];

  (void)arg;
  capgen_handshake(c);
  for (uint64_t pn = 200; pn < 250; pn += 10) {
    capgen_send(g, loss_ping(c, pn, 1));
  }
  for (uint64_t i = 0; i < 4; i++) {
    late[i] = loss_ping(c, 250 + i, 1);
  }
  for (uint64_t pn = 254; pn < 262; pn++) {
    capgen_send(g, loss_ping(c, pn, 1));
  }
  capgen_send(g, late[0]);
  capgen_send(g, late[1]);
  for (uint64_t pn = 262; pn < 400; pn += 46) {
    capgen_send(g, loss_ping(c, pn, 1));
  }
  capgen_send(g, late[2]);
  capgen_send(g, loss_ping(c, 420, 1));
  capgen_send(g, late[3]);
  capgen_bye(c);
}

/* Numbers up to the largest there is. */
static void make_large_numbers(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_handshake(c);
  capgen_send(g, loss_ping(c, 30000, 2));
  capgen_send(g, loss_ping(c, 62000, 2));
  capgen_send(g, loss_ping(c, 8000000, 3));
  capgen_send(g, loss_ping(c, 2000000000, 4));
  capgen_send(g, loss_ping(c, 4000000000, 4));
  capgen_send(g, loss_ping(c, 4000000100, 1));
  capgen_bye(c);
}

/* A capture that begins late: datagrams of the handshake are not there. */
static void make_headless(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  c->lost = arg;
  if (arg & 1) {
    c->end[CAPGEN_CLIENT].expect[QUIC_PACKET_INITIAL] = "no_hello";
    c->end[CAPGEN_SERVER].expect[QUIC_PACKET_INITIAL] = "no_hello";
  }
  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
  capgen_bye(c);
}

/* The same among other connections' secrets, with CIDs of many lengths. */
static void make_headless_many(capgen *g, unsigned arg) {
  static const uint8_t lens[] = {8, 0, 20, 4, 1, 18};

  (void)arg;
  for (unsigned i = 0; i < CAPGEN_COUNT(lens); i++) {
    capgen_options opt = capgen_defaults();
    capgen_conn *c;

    opt.suite = (uint16_t)(0x1301 + i % 4);
    opt.cid_len[CAPGEN_CLIENT] = lens[i];
    opt.cid_len[CAPGEN_SERVER] = lens[(i + 2) % CAPGEN_COUNT(lens)];
    opt.addr[CAPGEN_CLIENT].port = (uint16_t)(50000 + i);
    opt.version = i == 3 ? QUIC_VERSION_2 : QUIC_VERSION_1;
    c = capgen_conn_new(g, &opt);
    c->lost = 0xf;
    capgen_handshake(c);
    capgen_exchange(c, 0, 3000);
    capgen_bye(c);
  }
}

/* A capture that starts in the middle of a connection's life: |arg| key updates
   and thousands of packets are past. */
static void make_middle(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  c->lost = 0xf;
  capgen_handshake(c);
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    c->end[side].generation = arg;
    c->end[side].next_pn[2] = side == CAPGEN_CLIENT ? 9000 : 150000;
  }
  capgen_exchange(c, 400, 6000);
  capgen_update(c, CAPGEN_CLIENT);
  capgen_update(c, CAPGEN_SERVER);
  capgen_exchange(c, 404, 3000);
  capgen_bye(c);
}

/* The datagrams of the handshake in the order |arg|: a digit for each. */
static void make_shuffled_handshake(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_datagram *dg[4];
  capgen_packet *p;

  capgen_flight_hello(c);
  capgen_flight_server(c);
  for (unsigned i = 0; i < 4; i++) {
    static const quic_packet_type types[] = {
        QUIC_PACKET_INITIAL, QUIC_PACKET_INITIAL, QUIC_PACKET_HANDSHAKE,
        QUIC_PACKET_HANDSHAKE};
    static const capgen_side sides[] = {CAPGEN_CLIENT, CAPGEN_SERVER,
                                        CAPGEN_SERVER, CAPGEN_CLIENT};
    const capgen_end *end = &c->end[sides[i]];

    c->server_known = i > 1;
    p = capgen_begin(c, sides[i], types[i]);
    capgen_crypto(p, 0, end->flight[types[i]], end->flight_len[types[i]]);
    capgen_pad(p, 1200);
    capgen_end_packet(p);
    dg[i] = capgen_take(c, sides[i]);
  }
  for (; arg; arg /= 10) {
    capgen_send(g, dg[arg % 10 - 1]);
  }
  capgen_server_done(c);
  capgen_exchange(c, 0, 3000);
  capgen_bye(c);
}

/* What the server sends after its flight arrives before it. */
static void make_half_rtt_first(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_datagram *flight;
  capgen_packet *p;

  (void)arg;
  capgen_hello(c);
  c->lost = 2;
  capgen_server_flight(c);
  /* Built again, with the same messages, so that it can be kept. */
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_INITIAL);
  capgen_crypto(p, 0, c->end[CAPGEN_SERVER].flight[QUIC_PACKET_INITIAL],
                c->end[CAPGEN_SERVER].flight_len[QUIC_PACKET_INITIAL]);
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);
  capgen_crypto(p, 0, c->end[CAPGEN_SERVER].flight[QUIC_PACKET_HANDSHAKE],
                c->end[CAPGEN_SERVER].flight_len[QUIC_PACKET_HANDSHAKE]);
  capgen_end_packet(p);
  flight = capgen_take(c, CAPGEN_SERVER);
  capgen_data(c, CAPGEN_SERVER, 3, 0, 400, false);
  capgen_send(g, flight);
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_exchange(c, 0, 2000);
  capgen_bye(c);
}

/* Frames are cut after 200 octets. */
static void make_cut(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  g->snaplen = 200;
  opt.suite = (uint16_t)arg;
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  capgen_exchange(c, 0, 6000);
  capgen_update(c, CAPGEN_CLIENT);
  capgen_update(c, CAPGEN_SERVER);
  capgen_exchange(c, 4, 3000);
  capgen_bye(c);
}

/* Nothing but the first headers' octets. */
static void make_cut_short(capgen *g, unsigned arg) {
  capgen_conn *c;

  g->snaplen = arg;
  c = capgen_conn_new(g, NULL);
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    c->end[side].expect[QUIC_PACKET_INITIAL] = "truncated";
    c->end[side].expect[QUIC_PACKET_HANDSHAKE] = "truncated";
  }
  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
}

/* Each frame twice, as a capture on all interfaces has it. */
static void make_doubled(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  for (unsigned i = 0; i < 4; i++) {
    capgen_packet *p;
    capgen_datagram *dg;

    if (i == 0) {
      capgen_handshake(c);
    }
    p = capgen_begin(c, (capgen_side)(i & 1), QUIC_PACKET_1RTT);
    capgen_stream(p, i & 1, 0, "twice", 5, false);
    capgen_end_packet(p);
    dg = capgen_take(c, (capgen_side)(i & 1));
    capgen_send(g, dg);
    g->notes = "duplicate";
    capgen_send(g, dg);
    g->notes = "";
  }
}

/* Segmentation offload: |arg| is the length of the client's CID. */
static void make_segments(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  uint64_t at = 0;
  capgen_conn *c;

  opt.cid_len[CAPGEN_CLIENT] = (uint8_t)arg;
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  for (unsigned n = 0; n < 3; n++) {
    size_t size = n == 2 ? 1352 : 1252;

    for (unsigned i = 0; i < 7; i++) {
      uint8_t body[1500] = {0};
      size_t len = i == 6 ? 600 : size - arg - 40;
      capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
      quic_frame f = {.type = QUIC_FRAME_STREAM + 6};

      f.u.stream.offset = at;
      f.u.stream.data = quic_bytes_of(body, len);
      capgen_frame(p, &f);
      capgen_pad(p, i == 6 ? 0 : (i + 1) * size);
      if (i < 6) {
        capgen_note(p, "gso");
      }
      capgen_end_packet(p);
      at += len;
    }
    capgen_flush(c, CAPGEN_SERVER);
  }
  capgen_bye(c);
}

/* A server's whole first flight as one offloaded datagram: Initial, Handshake,
   zeros up to the segment's end, Handshake, and 1-RTT behind it. */
static void make_segmented_flight(capgen *g, unsigned arg) {
  static const uint8_t zeros[1200];
  capgen_options opt = capgen_defaults();
  const capgen_end *end;
  const uint8_t *messages;
  capgen_packet *p;
  capgen_conn *c;

  opt.cid_len[CAPGEN_CLIENT] = (uint8_t)arg;
  c = capgen_conn_new(g, &opt);
  end = &c->end[CAPGEN_SERVER];
  messages = end->flight[QUIC_PACKET_HANDSHAKE];
  capgen_hello(c);
  capgen_flight_server(c);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_INITIAL);
  capgen_ack(p, 0, 0);
  capgen_crypto(p, 0, end->flight[QUIC_PACKET_INITIAL],
                end->flight_len[QUIC_PACKET_INITIAL]);
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);
  capgen_crypto(p, 0, messages, 500);
  capgen_end_packet(p);
  capgen_raw(g, zeros, 1200 - g->building->len, NULL);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);
  capgen_crypto(p, 500, messages + 500,
                end->flight_len[QUIC_PACKET_HANDSHAKE] - 500);
  capgen_pad(p, 2400);
  capgen_end_packet(p);
  for (unsigned i = 0; i < 3; i++) {
    p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
    capgen_stream(p, 3, 300 * i, messages, 300, false);
    capgen_pad(p, i == 2 ? 0 : 3600 + 1200 * i);
    if (i < 2) {
      capgen_note(p, "gso");
    }
    capgen_end_packet(p);
  }
  capgen_flush(c, CAPGEN_SERVER);
  c->server_known = true;
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_bye(c);
}

/* Many streams on one connection, several in a packet. */
static void make_many_streams(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  uint64_t id = 0;

  capgen_handshake(c);
  while (id < 4 * (uint64_t)arg) {
    capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);

    for (unsigned i = 0; i < 40; i++, id += 4) {
      capgen_stream(p, id, 0, "GET /\r\n", 7, true);
    }
    capgen_end_packet(p);
    capgen_flush(c, CAPGEN_CLIENT);
  }
  capgen_bye(c);
}

const capgen_scenario capgen_loss_scenarios[] = {
    {"v1-long-body", make_long, 60000, CAPGEN_SECRETS_FIRST, false},
    {"v3-retransmitted", make_again, 0, CAPGEN_SECRETS_FIRST, false},
    {"v4-reversed", make_reversed, 4, CAPGEN_SECRETS_FIRST, false},
    {"v5-late-numbers", make_late_numbers, 0, CAPGEN_SECRETS_FIRST, false},
    {"v5-large-numbers", make_large_numbers, 0, CAPGEN_SECRETS_FIRST, false},
    {"v9-gso-cid-8", make_segments, 8, CAPGEN_SECRETS_FIRST, false},
    {"v9-gso-cid-0", make_segments, 0, CAPGEN_SECRETS_FIRST, false},
    {"v9-gso-flight", make_segmented_flight, 8, CAPGEN_SECRETS_FIRST, false},
    {"v9-gso-flight-cid-0", make_segmented_flight, 0, CAPGEN_SECRETS_FIRST,
     false},
    {"v15-no-first-initial", make_headless, 1, CAPGEN_SECRETS_FILE, false},
    {"v15-no-initials", make_headless, 3, CAPGEN_SECRETS_FILE, false},
    {"v15-only-done", make_headless, 7, CAPGEN_SECRETS_FILE, false},
    {"v15-no-handshake", make_headless, 15, CAPGEN_SECRETS_FILE, false},
    {"v15-no-handshake-many", make_headless_many, 0, CAPGEN_SECRETS_FILE,
     false},
    {"v15-middle", make_middle, 0, CAPGEN_SECRETS_FILE, false},
    {"v15-middle-update-1", make_middle, 1, CAPGEN_SECRETS_FILE, false},
    {"v15-middle-update-4", make_middle, 4, CAPGEN_SECRETS_FILE, false},
    {"v17-handshake-1324", make_shuffled_handshake, 4231, CAPGEN_SECRETS_FIRST,
     false},
    {"v17-handshake-1432", make_shuffled_handshake, 2341, CAPGEN_SECRETS_FIRST,
     false},
    {"v17-handshake-2341", make_shuffled_handshake, 1432, CAPGEN_SECRETS_FIRST,
     false},
    {"v17-handshake-4321", make_shuffled_handshake, 1234, CAPGEN_SECRETS_FIRST,
     false},
    {"v16-no-server-flight", make_headless, 2, CAPGEN_SECRETS_FILE, false},
    {"v17-half-rtt-first", make_half_rtt_first, 0, CAPGEN_SECRETS_FIRST, false},
    {"v18-cut-aes-128", make_cut, 0x1301, CAPGEN_SECRETS_FIRST, false},
    {"v18-cut-aes-256", make_cut, 0x1302, CAPGEN_SECRETS_FIRST, false},
    {"v18-cut-chacha", make_cut, 0x1303, CAPGEN_SECRETS_FIRST, false},
    {"v18-cut-ccm", make_cut, 0x1304, CAPGEN_SECRETS_FIRST, false},
    {"v18-cut-to-headers", make_cut_short, 76, CAPGEN_SECRETS_FILE, true},
    {"v21-many-streams", make_many_streams, 2000, CAPGEN_SECRETS_FIRST, false},
    {"duplicates", make_doubled, 0, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
