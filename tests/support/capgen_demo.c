/* The scenarios whose captures are bundled: what one meets in the field. */

#include "tests/support/capgen_scenarios.h"

/* HTTP/3 with a QPACK that uses no dynamic table (RFC 9114, RFC 9204). */
static const uint8_t demo_settings[] = {0x00, 0x04, 0x05, 0x01,
                                        0x50, 0x00, 0x07, 0x10};
static const uint8_t demo_request[] =
    "\x01\x24\x00\x00\xd1\xd7\x50\x0fwww.example.org\x51\x0e/articles/quic";
static const uint8_t demo_answer[] = "\x01\x04\x00\x00\xd9\xf4";

static void demo_control(capgen_conn *c, capgen_side side) {
  capgen_packet *p = capgen_begin(c, side, QUIC_PACKET_1RTT);

  capgen_stream(p, side == CAPGEN_CLIENT ? 2 : 3, 0, demo_settings,
                sizeof(demo_settings), false);
  capgen_end_packet(p);
  capgen_flush(c, side);
}

/* demo_get fetches |len| octets on stream |id|; answers follow 20 ms later. */
static void demo_get(capgen_conn *c, uint64_t id, size_t len) {
  static const char line[] = "A page of text, nothing more than that; ";
  capgen *g = c->g;
  capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  uint8_t head[sizeof(demo_answer) - 1 + 5];
  quic_writer wr;
  uint64_t at;

  capgen_stream(p, id, 0, demo_request, sizeof(demo_request) - 1, true);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
  g->now += 20 * QUIC_MILLISECOND;
  quic_writer_init(&wr, head, sizeof(head));
  quic_writer_bytes(&wr, quic_bytes_of(demo_answer, sizeof(demo_answer) - 1));
  quic_writer_u8(&wr, 0);
  quic_writer_u32(&wr, UINT32_C(0x80000000) | (uint32_t)len);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  capgen_ack(p, c->end[CAPGEN_CLIENT].next_pn[2] - 1, 0);
  capgen_stream(p, id, 0, head, quic_writer_len(&wr), false);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_SERVER);
  at = quic_writer_len(&wr);
  for (size_t done = 0; done < len;) {
    size_t n = len - done < 1100 ? len - done : 1100;
    uint8_t body[1100];

    for (size_t i = 0; i < n; i++) {
      body[i] = (uint8_t)line[(done + i) % (sizeof(line) - 1)];
    }
    p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
    capgen_stream(p, id, at + done, body, n, done + n == len);
    capgen_end_packet(p);
    capgen_flush(c, CAPGEN_SERVER);
    done += n;
  }
  g->now += 5 * QUIC_MILLISECOND;
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  capgen_ack(p, c->end[CAPGEN_SERVER].next_pn[2] - 1, 3);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
}

static void demo_close(capgen_conn *c) {
  capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);

  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE_APP, 0x100, "bye");
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
}

/* The handshake with 20 ms between the two ends. */
static void demo_handshake(capgen_conn *c) {
  capgen *g = c->g;

  capgen_hello(c);
  g->now += 20 * QUIC_MILLISECOND;
  capgen_server_flight(c);
  capgen_client_finish(c);
  g->now += 20 * QUIC_MILLISECOND;
  capgen_server_done(c);
}

static capgen_options demo_options(void) {
  capgen_options opt = capgen_defaults();

  opt.alpn = "h3";
  return opt;
}

static void make_plain(capgen *g, unsigned arg) {
  capgen_options opt = demo_options();
  capgen_conn *c = capgen_conn_new(g, &opt);

  (void)arg;
  g->step = 137 * QUIC_MICROSECOND;
  demo_handshake(c);
  demo_control(c, CAPGEN_SERVER);
  demo_control(c, CAPGEN_CLIENT);
  demo_get(c, 0, 5000);
  demo_get(c, 4, 300);
  demo_close(c);
}

static void make_retry_v2(capgen *g, unsigned arg) {
  capgen_options opt = demo_options();
  capgen_conn *c;

  (void)arg;
  g->step = 137 * QUIC_MICROSECOND;
  opt.version = QUIC_VERSION_2;
  opt.suite = 0x1303;
  capgen_ipv6(&opt);
  c = capgen_conn_new(g, &opt);
  capgen_hello(c);
  g->now += 20 * QUIC_MILLISECOND;
  capgen_retry(c, false);
  demo_handshake(c);
  demo_control(c, CAPGEN_SERVER);
  demo_control(c, CAPGEN_CLIENT);
  demo_get(c, 0, 3000);
  demo_close(c);
}

static void make_missing_secret(capgen *g, unsigned arg) {
  capgen_options opt = demo_options();
  capgen_conn *c;

  (void)arg;
  g->step = 137 * QUIC_MICROSECOND;
  opt.keylog &= ~CAPGEN_LOG(SERVER_APP);
  c = capgen_conn_new(g, &opt);
  c->end[CAPGEN_SERVER].expect[QUIC_PACKET_1RTT] = "no_secret";
  demo_handshake(c);
  demo_control(c, CAPGEN_CLIENT);
  demo_get(c, 0, 4000);
  demo_close(c);
  opt.sni = "mail.example.org";
  opt.addr[CAPGEN_CLIENT].port++;
  opt.keylog = 0;
  c = capgen_conn_new(g, &opt);
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    c->end[side].expect[QUIC_PACKET_HANDSHAKE] = "no_secret";
    c->end[side].expect[QUIC_PACKET_1RTT] = "no_secret";
  }
  demo_handshake(c);
  demo_get(c, 0, 1500);
  demo_close(c);
}

static void demo_path(capgen_conn *c, capgen_side side, uint64_t type) {
  quic_frame f = {.type = type};
  capgen_packet *p = capgen_begin(c, side, QUIC_PACKET_1RTT);

  f.u.path_challenge.data =
      quic_bytes_of("\x8a\x11\x70\x03\x55\x3e\x90\x41", 8);
  capgen_frame(p, &f);
  capgen_pad(p, 1200);
  capgen_end_packet(p);
  capgen_flush(c, side);
}

/* A client with empty CIDs is rebound by a NAT and then moves; in the middle
   the keys are updated; at the end the server has lost its state. */
static void make_moving(capgen *g, unsigned arg) {
  capgen_options opt = demo_options();
  capgen_packet *p;
  capgen_conn *c;
  capgen_cid cid;

  (void)arg;
  g->step = 137 * QUIC_MICROSECOND;
  opt.cid_len[CAPGEN_CLIENT] = 0;
  c = capgen_conn_new(g, &opt);
  cid = capgen_cid_new(g, 8);
  demo_handshake(c);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  capgen_new_cid(p, 1, &cid, c->end[CAPGEN_SERVER].reset_token);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_SERVER);
  demo_get(c, 0, 2000);
  c->end[CAPGEN_CLIENT].addr.port = 61007;
  demo_get(c, 4, 1500);
  capgen_update(c, CAPGEN_CLIENT);
  capgen_update(c, CAPGEN_SERVER);
  c->end[CAPGEN_SERVER].cid = cid;
  c->end[CAPGEN_CLIENT].addr = (quic_addr){{198, 51, 100, 23}, 50444, 4};
  demo_path(c, CAPGEN_CLIENT, QUIC_FRAME_PATH_CHALLENGE);
  g->now += 20 * QUIC_MILLISECOND;
  demo_path(c, CAPGEN_SERVER, QUIC_FRAME_PATH_RESPONSE);
  demo_path(c, CAPGEN_SERVER, QUIC_FRAME_PATH_CHALLENGE);
  demo_path(c, CAPGEN_CLIENT, QUIC_FRAME_PATH_RESPONSE);
  demo_get(c, 8, 2500);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  capgen_ping(p);
  capgen_pad(p, 60);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
  g->now += 20 * QUIC_MILLISECOND;
  capgen_reset(c, CAPGEN_SERVER, 43);
}

const capgen_scenario capgen_demo_scenarios[] = {
    {"handshake", make_plain, 0, CAPGEN_SECRETS_FIRST, false},
    {"retry-v2", make_retry_v2, 0, CAPGEN_SECRETS_FIRST, false},
    {"missing-secret", make_missing_secret, 0, CAPGEN_SECRETS_FIRST, false},
    {"migration", make_moving, 0, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
