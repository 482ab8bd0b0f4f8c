/* How connections end: every class that a capture can show. */

#include "tests/support/capgen_http.h"
#include "tests/support/capgen_scenarios.h"

static capgen_options closes_options(const char *sni) {
  capgen_options opt = capgen_defaults();

  opt.alpn = "h3";
  opt.sni = sni;
  return opt;
}

static capgen_http *closes_new(capgen *g, const char *sni) {
  capgen_options opt = closes_options(sni);
  capgen_http *h;

  g->step = 137 * QUIC_MICROSECOND;
  h = capgen_http_conn(g, &opt, NULL);
  capgen_http_open(h);
  return h;
}

/* closes_frame sends a CONNECTION_CLOSE in a packet of |type|. */
static void closes_frame(capgen_conn *c, capgen_side side,
                         quic_packet_type type, const quic_frame *f) {
  capgen_packet *p = capgen_begin(c, side, type);

  capgen_frame(p, f);
  capgen_end_packet(p);
  capgen_flush(c, side);
}

static quic_frame closes_transport(uint64_t code, uint64_t frame_type,
                                   const char *reason) {
  quic_frame f = {.type = QUIC_FRAME_CONNECTION_CLOSE};

  f.u.close.error_code = code;
  f.u.close.frame_type = frame_type;
  f.u.close.reason = quic_bytes_of(reason, strlen(reason));
  return f;
}

/* closes_ping lets |side| send |n| PINGs, each after twice the time. */
static void closes_ping(capgen_conn *c, capgen_side side, quic_packet_type type,
                        int n, quic_duration pto) {
  for (int i = 0; i < n; i++, pto *= 2) {
    capgen_packet *p;

    c->g->now += pto;
    p = capgen_begin(c, side, type);
    capgen_ping(p);
    if (type == QUIC_PACKET_INITIAL) {
      capgen_pad(p, 1200);
    }
    capgen_end_packet(p);
    capgen_flush(c, side);
  }
}

/* The capture just ends. */
static void make_open(capgen *g, unsigned arg) {
  capgen_http *h = closes_new(g, "open.example.org");

  (void)arg;
  capgen_http_get(h, 0, "/", 100);
  capgen_http_del(h);
  capgen_expect(g, "class == open_at_end and handshake");
}

static void make_transport(capgen *g, unsigned arg) {
  quic_frame f = closes_transport(0x03, QUIC_FRAME_STREAM + 4, "too much");
  capgen_http *h = closes_new(g, "transport.example.org");

  (void)arg;
  capgen_http_get(h, 0, "/", 100);
  closes_frame(h->c, CAPGEN_SERVER, QUIC_PACKET_1RTT, &f);
  capgen_http_wait(h);
  f = closes_transport(0x00, 0, "");
  closes_frame(h->c, CAPGEN_CLIENT, QUIC_PACKET_1RTT, &f);
  capgen_http_del(h);
  capgen_expect(g, "class == transport_close and by == server and "
                   "space == transport and error == flow_control_error");
}

/* No error: how an application without protocol leaves. */
static void make_no_error(capgen *g, unsigned arg) {
  quic_frame f = closes_transport(0x00, 0, "");
  capgen_http *h = closes_new(g, "quiet.example.org");

  (void)arg;
  closes_frame(h->c, CAPGEN_CLIENT, QUIC_PACKET_1RTT, &f);
  closes_frame(h->c, CAPGEN_CLIENT, QUIC_PACKET_1RTT, &f);
  capgen_http_del(h);
  capgen_expect(g, "class == transport_close and by == client and error == 0");
}

/* Both sides at the same time; the client's is seen first. */
static void make_application(capgen *g, unsigned arg) {
  capgen_http *h = closes_new(g, "app.example.org");

  (void)arg;
  capgen_http_ask(h, 0, &(capgen_request){.path = "/"});
  capgen_http_close(h, CAPGEN_CLIENT, 0x10c, "navigated away");
  capgen_http_close(h, CAPGEN_SERVER, 0x102, "internal");
  capgen_http_truth(h, 0, "GET", 0, 0, 0, "https://app.example.org/");
  capgen_http_del(h);
  capgen_expect(g, "class == application_close and by == client and "
                   "space == application and error == h3_request_cancelled");
}

/* An application error code that nobody knows, with a hostile phrase. */
static void make_unknown_code(capgen *g, unsigned arg) {
  capgen_http *h = closes_new(g, "codes.example.org");

  (void)arg;
  capgen_http_close(h, CAPGEN_SERVER, 0x2a2a2a2a, "\x1b[31mred\n\"");
  capgen_http_del(h);
  capgen_expect(g, "class == application_close and by == server and "
                   "error == 0x2a2a2a2a");
}

/* No protocol in common: an alert in the server's first Initial. */
static void make_alert(capgen *g, unsigned arg) {
  capgen_options opt = closes_options("alert.example.org");
  quic_frame f = closes_transport(0x100 + 120, QUIC_FRAME_CRYPTO, "");
  capgen_conn *c = capgen_conn_new(g, &opt);

  (void)arg;
  capgen_hello(c);
  g->now += 20 * QUIC_MILLISECOND;
  closes_frame(c, CAPGEN_SERVER, QUIC_PACKET_INITIAL, &f);
  capgen_expect(g, "class == handshake_failure and by == server and "
                   "alert == 120 and not handshake");
}

/* A transport error in the handshake, without an alert. */
static void make_parameters(capgen *g, unsigned arg) {
  capgen_options opt = closes_options("parameters.example.org");
  quic_frame f = closes_transport(0x08, QUIC_FRAME_CRYPTO, "bad parameter");
  capgen_conn *c = capgen_conn_new(g, &opt);

  (void)arg;
  capgen_hello(c);
  g->now += 20 * QUIC_MILLISECOND;
  capgen_server_flight(c);
  closes_frame(c, CAPGEN_CLIENT, QUIC_PACKET_HANDSHAKE, &f);
  capgen_expect(g, "class == handshake_failure and by == client and "
                   "error == transport_parameter_error");
}

/* closes_later makes another connection, |seconds| later, so that the capture
   goes on. */
static void closes_later(capgen *g, unsigned seconds) {
  capgen_options opt = closes_options("later.example.org");
  capgen_http *h;

  g->now += seconds * QUIC_SECOND;
  opt.addr[CAPGEN_CLIENT].port++;
  h = capgen_http_conn(g, &opt, NULL);
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "");
  capgen_http_del(h);
}

static void make_idle(capgen *g, unsigned arg) {
  capgen_http *h = closes_new(g, "idle.example.org");

  (void)arg;
  capgen_http_get(h, 0, "/", 100);
  capgen_http_del(h);
  closes_later(g, 45);
  capgen_expect(g, "conn == 1 or class == idle_timeout");
}

static void make_reset(capgen *g, unsigned arg) {
  capgen_http *h = closes_new(g, "reset.example.org");

  (void)arg;
  capgen_http_get(h, 0, "/", 100);
  g->now += QUIC_SECOND;
  capgen_http_ask(h, 4, &(capgen_request){.path = "/again"});
  capgen_http_wait(h);
  capgen_reset(h->c, CAPGEN_SERVER, 41);
  capgen_http_truth(h, 4, "GET", 0, 0, 0, "https://reset.example.org/again");
  capgen_http_del(h);
  capgen_expect(g, "class == stateless_reset and by == server");
}

static void make_version(capgen *g, unsigned arg) {
  static const uint32_t versions[] = {0x0a1a2a3a, QUIC_VERSION_2};
  capgen_options opt = closes_options("version.example.org");
  capgen_conn *c = capgen_conn_new(g, &opt);

  (void)arg;
  capgen_hello(c);
  g->now += 20 * QUIC_MILLISECOND;
  capgen_version_negotiation(c, versions, CAPGEN_COUNT(versions));
  closes_later(g, 5);
  capgen_expect(g, "conn == 1 or class == version_negotiation");
}

static void make_no_answer(capgen *g, unsigned arg) {
  capgen_options opt = closes_options("nobody.example.org");
  capgen_conn *c = capgen_conn_new(g, &opt);

  (void)arg;
  capgen_hello(c);
  closes_ping(c, CAPGEN_CLIENT, QUIC_PACKET_INITIAL, 5, QUIC_SECOND);
  capgen_expect(g, "class == no_answer and by == server and not handshake");
}

/* The server's flight never arrives at the client. */
static void make_stalled(capgen *g, unsigned arg) {
  capgen_options opt = closes_options("stalled.example.org");
  capgen_conn *c = capgen_conn_new(g, &opt);

  (void)arg;
  capgen_hello(c);
  g->now += 20 * QUIC_MILLISECOND;
  capgen_server_flight(c);
  closes_ping(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE, 5, QUIC_SECOND);
  capgen_expect(g, "class == handshake_timeout and by == client");
}

static void make_vanished(capgen *g, unsigned arg) {
  capgen_http *h = closes_new(g, "gone.example.org");

  (void)arg;
  capgen_http_get(h, 0, "/", 100);
  capgen_http_ask(h, 4, &(capgen_request){.path = "/anybody"});
  closes_ping(h->c, CAPGEN_SERVER, QUIC_PACKET_1RTT, 7, 200 * QUIC_MILLISECOND);
  capgen_http_truth(h, 4, "GET", 0, 0, 0, "https://gone.example.org/anybody");
  capgen_http_del(h);
  capgen_expect(g, "class == vanished and by == client");
}

/* The last packets cannot be opened. */
static void make_unknown(capgen *g, unsigned arg) {
  capgen_options opt = closes_options("keys.example.org");
  capgen_conn *c;

  (void)arg;
  opt.keylog = CAPGEN_LOG(CLIENT_HANDSHAKE) | CAPGEN_LOG(SERVER_HANDSHAKE);
  c = capgen_conn_new(g, &opt);
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    c->end[side].expect[QUIC_PACKET_1RTT] = "no_secret";
  }
  capgen_handshake(c);
  capgen_bye(c);
  capgen_expect(g, "class == unknown and closed == 2");
}

const capgen_scenario capgen_closes_scenarios[] = {
    {"close-open", make_open, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-transport", make_transport, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-no-error", make_no_error, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-application", make_application, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-unknown-code", make_unknown_code, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-alert", make_alert, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-parameters", make_parameters, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-idle", make_idle, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-reset", make_reset, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-version", make_version, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-no-answer", make_no_answer, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-stalled", make_stalled, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-vanished", make_vanished, 0, CAPGEN_SECRETS_FIRST, false},
    {"close-unknown", make_unknown, 0, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
