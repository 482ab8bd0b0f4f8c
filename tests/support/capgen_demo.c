/* The scenarios whose captures are bundled: what one meets in the field. */

#include "tests/support/capgen_http.h"
#include "tests/support/capgen_scenarios.h"

static capgen_options demo_options(void) {
  capgen_options opt = capgen_defaults();

  opt.alpn = "h3";
  return opt;
}

static capgen_http *demo_new(capgen *g, const capgen_options *opt) {
  g->step = 137 * QUIC_MICROSECOND;
  return capgen_http_new(capgen_conn_new(g, opt), NULL);
}

static void demo_bye(capgen_http *h) {
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "bye");
  capgen_http_del(h);
}

static void make_plain(capgen *g, unsigned arg) {
  static const capgen_request post = {.method = "POST",
                                      .path = "/comments",
                                      .type = "application/json",
                                      .status = 201,
                                      .sent = 120,
                                      .received = 36};
  static const capgen_request missing = {
      .path = "/favicon.ico", .status = 404, .received = 180};
  capgen_options opt = demo_options();
  capgen_http *h = demo_new(g, &opt);

  (void)arg;
  capgen_http_handshake(h);
  capgen_http_open(h);
  capgen_http_get(h, 0, "/articles/quic", 3000);
  capgen_http_request(h, 4, &missing);
  capgen_http_request(h, 8, &post);
  demo_bye(h);
}

static void make_retry_v2(capgen *g, unsigned arg) {
  capgen_options opt = demo_options();
  capgen_http *h;

  (void)arg;
  opt.version = QUIC_VERSION_2;
  opt.suite = 0x1303;
  capgen_ipv6(&opt);
  h = demo_new(g, &opt);
  capgen_hello(h->c);
  capgen_http_wait(h);
  capgen_retry(h->c, false);
  capgen_http_wait(h);
  capgen_http_handshake(h);
  capgen_http_open(h);
  capgen_http_get(h, 0, "/articles/quic", 3000);
  demo_bye(h);
}

static void make_missing_secret(capgen *g, unsigned arg) {
  capgen_options opt = demo_options();
  capgen_http *h;

  (void)arg;
  opt.keylog &= ~CAPGEN_LOG(SERVER_APP);
  h = demo_new(g, &opt);
  h->c->end[CAPGEN_SERVER].expect[QUIC_PACKET_1RTT] = "no_secret";
  capgen_http_handshake(h);
  capgen_http_open(h);
  capgen_http_ask(h, 0, &(capgen_request){.path = "/articles/quic"});
  capgen_http_wait(h);
  capgen_http_answer(h, 0, &(capgen_request){.received = 4000});
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_CLIENT);
  capgen_http_truth(h, 0, "GET", 0, 0, 0,
                    "https://www.example.org/articles/quic");
  demo_bye(h);
  opt.sni = "mail.example.org";
  opt.addr[CAPGEN_CLIENT].port++;
  opt.keylog = 0;
  h = demo_new(g, &opt);
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    h->c->end[side].expect[QUIC_PACKET_HANDSHAKE] = "no_secret";
    h->c->end[side].expect[QUIC_PACKET_1RTT] = "no_secret";
  }
  capgen_http_handshake(h);
  capgen_http_open(h);
  capgen_http_ask(h, 0, &(capgen_request){.path = "/inbox"});
  capgen_http_wait(h);
  capgen_http_answer(h, 0, &(capgen_request){.received = 1500});
  demo_bye(h);
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
  capgen_http *h;
  capgen_conn *c;
  capgen_cid cid;

  (void)arg;
  opt.cid_len[CAPGEN_CLIENT] = 0;
  h = demo_new(g, &opt);
  c = h->c;
  cid = capgen_cid_new(g, 8);
  capgen_http_handshake(h);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  capgen_new_cid(p, 1, &cid, c->end[CAPGEN_SERVER].reset_token);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_SERVER);
  capgen_http_open(h);
  capgen_http_get(h, 0, "/", 2000);
  c->end[CAPGEN_CLIENT].addr.port = 61007;
  capgen_http_get(h, 4, "/style.css", 1500);
  capgen_update(c, CAPGEN_CLIENT);
  capgen_update(c, CAPGEN_SERVER);
  c->end[CAPGEN_SERVER].cid = cid;
  c->end[CAPGEN_CLIENT].addr = (quic_addr){{198, 51, 100, 23}, 50444, 4};
  demo_path(c, CAPGEN_CLIENT, QUIC_FRAME_PATH_CHALLENGE);
  capgen_http_wait(h);
  demo_path(c, CAPGEN_SERVER, QUIC_FRAME_PATH_RESPONSE);
  demo_path(c, CAPGEN_SERVER, QUIC_FRAME_PATH_CHALLENGE);
  capgen_http_wait(h);
  demo_path(c, CAPGEN_CLIENT, QUIC_FRAME_PATH_RESPONSE);
  capgen_http_get(h, 8, "/photo.jpg", 2500);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  capgen_ping(p);
  capgen_pad(p, 60);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
  capgen_http_wait(h);
  capgen_reset(c, CAPGEN_SERVER, 43);
  capgen_http_del(h);
}

const capgen_scenario capgen_demo_scenarios[] = {
    {"handshake", make_plain, 0, CAPGEN_SECRETS_FIRST, false},
    {"retry-v2", make_retry_v2, 0, CAPGEN_SECRETS_FIRST, false},
    {"missing-secret", make_missing_secret, 0, CAPGEN_SECRETS_FIRST, false},
    {"migration", make_moving, 0, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
