/* Scenarios about addresses and connection IDs: whose packet is this? */

#include "tests/support/capgen_scenarios.h"

/* paths_new_cid lets |side| give its peer another CID, which it uses from the
   next packet on. */
static void paths_new_cid(capgen_conn *c, capgen_side side, uint64_t sequence) {
  capgen_cid cid = capgen_cid_new(c->g, c->opt.cid_len[side]);
  capgen_packet *p = capgen_begin(c, side, QUIC_PACKET_1RTT);
  uint8_t token[QUIC_RESET_TOKEN_LEN];

  quic_rng_fill(&c->g->rng, token, sizeof(token));
  capgen_new_cid(p, sequence, &cid, token);
  capgen_end_packet(p);
  capgen_flush(c, side);
  c->end[side].cid = cid;
  memcpy(c->end[side].reset_token, token, sizeof(token));
}

static void paths_probe(capgen_conn *c, capgen_side side, uint64_t type) {
  quic_frame f = {.type = type};
  capgen_packet *p = capgen_begin(c, side, QUIC_PACKET_1RTT);

  f.u.path_challenge.data = quic_bytes_of("pathdata", 8);
  capgen_frame(p, &f);
  capgen_pad(p, 1200);
  capgen_end_packet(p);
  capgen_flush(c, side);
}

/* Rebinding, then migration; the client's CIDs have |arg| octets. */
static void make_migration(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;
  quic_addr *client;

  opt.cid_len[CAPGEN_CLIENT] = (uint8_t)arg;
  c = capgen_conn_new(g, &opt);
  client = &c->end[CAPGEN_CLIENT].addr;
  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
  client->port = 50999; /* a NAT forgot */
  capgen_exchange(c, 4, 3000);
  paths_new_cid(c, CAPGEN_SERVER, 1);
  if (arg) {
    paths_new_cid(c, CAPGEN_CLIENT, 1);
  }
  client->ip[3] = 77;
  client->port = 51000;
  paths_probe(c, CAPGEN_CLIENT, QUIC_FRAME_PATH_CHALLENGE);
  paths_probe(c, CAPGEN_SERVER, QUIC_FRAME_PATH_RESPONSE);
  paths_probe(c, CAPGEN_SERVER, QUIC_FRAME_PATH_CHALLENGE);
  paths_probe(c, CAPGEN_CLIENT, QUIC_FRAME_PATH_RESPONSE);
  capgen_exchange(c, 8, 3000);
  capgen_bye(c);
}

/* What the client sent from its new address was not captured: the server's
   packets to it come first. */
static void make_migration_server_first(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  opt.cid_len[CAPGEN_CLIENT] = (uint8_t)arg;
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
  c->end[CAPGEN_CLIENT].addr.port = 50999;
  capgen_data(c, CAPGEN_SERVER, 4, 0, 900, false);
  capgen_data(c, CAPGEN_SERVER, 4, 900, 900, true);
  capgen_bye(c);
}

/* The client moves, and takes with it a CID that was given in a packet which is
   not in the capture. */
static void make_unknown_cid(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
  c->end[CAPGEN_SERVER].cid = capgen_cid_new(g, 8);
  capgen_exchange(c, 4, 3000);
  capgen_bye(c);
}

static void make_preferred(capgen *g, unsigned arg) {
  static const quic_addr preferred = {{192, 0, 2, 99}, 4433, 4};
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  (void)arg;
  opt.preferred = true;
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  c->end[CAPGEN_SERVER].addr = preferred;
  c->end[CAPGEN_SERVER].cid = c->preferred;
  c->end[CAPGEN_CLIENT].addr.port = 52000;
  paths_probe(c, CAPGEN_CLIENT, QUIC_FRAME_PATH_CHALLENGE);
  paths_probe(c, CAPGEN_SERVER, QUIC_FRAME_PATH_RESPONSE);
  capgen_exchange(c, 0, 3000);
  capgen_bye(c);
}

static void make_reset(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  opt.cid_len[CAPGEN_CLIENT] = (uint8_t)arg;
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  capgen_exchange(c, 0, 3000);
  for (size_t len = 21; len < 60; len += 9) {
    capgen_data(c, CAPGEN_CLIENT, 4, len, 100, false);
    capgen_reset(c, CAPGEN_SERVER, len);
  }
  paths_new_cid(c, CAPGEN_SERVER, 1);
  capgen_data(c, CAPGEN_CLIENT, 4, 100, 100, false);
  capgen_reset(c, CAPGEN_SERVER, 43);
}

/* One connection after the other between the same ports. */
static void make_same_ports(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *a, *b;

  opt.cid_len[CAPGEN_CLIENT] = (uint8_t)arg;
  a = capgen_conn_new(g, &opt);
  capgen_handshake(a);
  capgen_exchange(a, 0, 3000);
  b = capgen_conn_new(g, &opt);
  capgen_handshake(b);
  capgen_exchange(b, 0, 3000);
  capgen_data(a, CAPGEN_CLIENT, 4, 0, 100, true); /* the old one lives */
  capgen_data(a, CAPGEN_SERVER, 4, 0, 100, true);
  capgen_exchange(b, 4, 3000);
  capgen_bye(b);
}

/* Two connections whose CIDs are the same octets. */
static void make_same_cids(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *a = capgen_conn_new(g, &opt), *b;

  (void)arg;
  opt.addr[CAPGEN_CLIENT].ip[3] = 11;
  opt.addr[CAPGEN_SERVER].ip[3] = 2;
  b = capgen_conn_new(g, &opt);
  b->odcid = a->odcid;
  b->end[CAPGEN_CLIENT].cid = a->end[CAPGEN_CLIENT].cid;
  b->end[CAPGEN_SERVER].cid = a->end[CAPGEN_SERVER].cid;
  capgen_conn_initial(b, b->version, &b->odcid);
  capgen_hello(a);
  capgen_hello(b);
  capgen_server_flight(b);
  capgen_server_flight(a);
  capgen_client_finish(a);
  capgen_client_finish(b);
  capgen_server_done(b);
  capgen_server_done(a);
  capgen_exchange(a, 0, 2000);
  capgen_exchange(b, 0, 2000);
  capgen_bye(a);
  capgen_bye(b);
}

/* Both ends have one address and one port. */
static void make_same_address(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();

  (void)arg;
  opt.addr[CAPGEN_CLIENT] = opt.addr[CAPGEN_SERVER];
  capgen_whole(capgen_conn_new(g, &opt));
}

/* A high port serves a low one. */
static void make_swapped_ports(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  opt.addr[CAPGEN_CLIENT].port = 443;
  opt.addr[CAPGEN_SERVER].port = 60000;
  c = capgen_conn_new(g, &opt);
  c->lost = arg;
  if (arg & 1) {
    c->end[CAPGEN_CLIENT].expect[QUIC_PACKET_INITIAL] = "no_hello";
    c->end[CAPGEN_SERVER].expect[QUIC_PACKET_INITIAL] = "no_hello";
  }
  capgen_whole(c);
}

/* CIDs of every length that a version allows, on both sides. */
static void make_cid_lengths(capgen *g, unsigned arg) {
  (void)arg;
  for (uint8_t len = 0; len <= QUIC_CID_MAX; len++) {
    capgen_options opt = capgen_defaults();
    capgen_conn *c;

    opt.cid_len[CAPGEN_CLIENT] = len;
    opt.cid_len[CAPGEN_SERVER] = (uint8_t)(QUIC_CID_MAX - len);
    opt.odcid_len = (uint8_t)(8 + len % 13);
    opt.addr[CAPGEN_CLIENT].port = (uint16_t)(50000 + len);
    c = capgen_conn_new(g, &opt);
    capgen_handshake(c);
    capgen_exchange(c, 0, 500);
  }
}

/* New CIDs in both directions, all the time. */
static void make_rotation(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  capgen_handshake(c);
  for (unsigned i = 1; i <= arg; i++) {
    paths_new_cid(c, CAPGEN_CLIENT, i);
    paths_new_cid(c, CAPGEN_SERVER, i);
    capgen_exchange(c, 4 * i, 300);
  }
  capgen_bye(c);
}

/* Multipath (RFC 10069): the path is part of the nonce, and each has its own
   packet numbers. */
static void paths_more(capgen_conn *c, capgen_side side, capgen_cid *cids) {
  capgen_packet *p = capgen_begin(c, side, QUIC_PACKET_1RTT);

  for (uint32_t path = 1; path <= 2; path++) {
    quic_frame f = {.type = QUIC_FRAME_PATH_NEW_CONNECTION_ID};

    cids[path] = capgen_cid_new(c->g, c->opt.cid_len[side]);
    f.u.new_cid.path_id = path;
    f.u.new_cid.cid = quic_bytes_of(cids[path].data, cids[path].len);
    f.u.new_cid.reset_token = quic_bytes_of("sixteen octets..", 16);
    capgen_frame(p, &f);
  }
  capgen_end_packet(p);
  capgen_flush(c, side);
}

static void paths_on(capgen_conn *c, capgen_side side, uint32_t path,
                     const capgen_cid *cid) {
  capgen_packet *p = capgen_begin(c, side, QUIC_PACKET_1RTT);
  quic_frame f = {.type = QUIC_FRAME_PATH_ACK};

  p->path_id = path;
  p->h.dcid = quic_bytes_of(cid->data, cid->len);
  p->h.pn = c->end[side].next_pn[2 + path];
  f.u.ack.path_id = path;
  f.u.ack.largest = 3;
  f.u.ack.first_range = 3;
  capgen_frame(p, &f);
  capgen_stream(p, 0, 10 * path, "multi path", 10, false);
  capgen_end_packet(p);
  capgen_flush(c, side);
}

static void make_multipath(capgen *g, unsigned arg) {
  capgen_cid cids[CAPGEN_SIDES][CAPGEN_PATHS];
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  (void)arg;
  opt.multipath = true;
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  paths_more(c, CAPGEN_CLIENT, cids[CAPGEN_CLIENT]);
  paths_more(c, CAPGEN_SERVER, cids[CAPGEN_SERVER]);
  for (unsigned i = 0; i < 3; i++) {
    for (uint32_t path = 1; path <= 2; path++) {
      c->end[CAPGEN_CLIENT].addr.port = (uint16_t)(50000 + path);
      paths_on(c, CAPGEN_CLIENT, path, &cids[CAPGEN_SERVER][path]);
      paths_on(c, CAPGEN_SERVER, path, &cids[CAPGEN_CLIENT][path]);
    }
  }
  c->end[CAPGEN_CLIENT].addr.port = 50000;
  capgen_exchange(c, 4, 2000);
  capgen_bye(c);
}

/* Many connections of one server at a time. */
static void make_crowd(capgen *g, unsigned arg) {
  capgen_conn *conns[64];

  for (unsigned i = 0; i < arg; i++) {
    capgen_options opt = capgen_defaults();

    opt.cid_len[CAPGEN_CLIENT] = i & 1 ? 0 : 8;
    opt.suite = (uint16_t)(0x1301 + i % 3);
    opt.addr[CAPGEN_CLIENT].port = (uint16_t)(50000 + i);
    conns[i] = capgen_conn_new(g, &opt);
    capgen_hello(conns[i]);
  }
  for (unsigned i = 0; i < arg; i++) {
    capgen_server_flight(conns[i]);
  }
  for (unsigned i = 0; i < arg; i++) {
    capgen_client_finish(conns[i]);
    capgen_server_done(conns[i]);
    capgen_exchange(conns[i], 0, 100);
  }
}

const capgen_scenario capgen_paths_scenarios[] = {
    {"v10-migration-cid-0", make_migration, 0, CAPGEN_SECRETS_FIRST, false},
    {"v10-migration-cid-8", make_migration, 8, CAPGEN_SECRETS_FIRST, false},
    {"v10-server-first-cid-0", make_migration_server_first, 0,
     CAPGEN_SECRETS_FIRST, false},
    {"v10-server-first-cid-8", make_migration_server_first, 8,
     CAPGEN_SECRETS_FIRST, false},
    {"v11-reset-cid-0", make_reset, 0, CAPGEN_SECRETS_FIRST, false},
    {"v11-reset-cid-8", make_reset, 8, CAPGEN_SECRETS_FIRST, false},
    {"unknown-cid", make_unknown_cid, 0, CAPGEN_SECRETS_FIRST, false},
    {"preferred-address", make_preferred, 0, CAPGEN_SECRETS_FIRST, false},
    {"same-ports-cid-0", make_same_ports, 0, CAPGEN_SECRETS_FIRST, false},
    {"same-ports-cid-8", make_same_ports, 8, CAPGEN_SECRETS_FIRST, false},
    {"same-cids", make_same_cids, 0, CAPGEN_SECRETS_FIRST, false},
    {"same-address", make_same_address, 0, CAPGEN_SECRETS_FIRST, false},
    {"swapped-ports", make_swapped_ports, 0, CAPGEN_SECRETS_FIRST, false},
    {"swapped-ports-no-hello", make_swapped_ports, 1, CAPGEN_SECRETS_FIRST,
     false},
    {"cid-lengths", make_cid_lengths, 0, CAPGEN_SECRETS_FIRST, false},
    {"cid-rotation", make_rotation, 70, CAPGEN_SECRETS_FIRST, false},
    {"multipath", make_multipath, 0, CAPGEN_SECRETS_FIRST, false},
    {"crowd", make_crowd, 40, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
