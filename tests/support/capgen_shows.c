/* The bundled captures of what HTTP/3 does, and how connections fail. */

#include <stdlib.h>

#include "tests/support/capgen_http.h"
#include "tests/support/capgen_scenarios.h"
#include "wire/varint.h"

#define SHOWS_SITE "https://www.example.org"

/* show_interim: 103 goes ahead of the page, trailers behind it. */
static void show_interim(capgen_http *h) {
  static const char *const hints[] = {
      ":status", "103", "link", "</style.css>; rel=preload; as=style", NULL};
  static const char *const page[] = {
      ":status", "200",           "content-type", "text/html", "server",
      "capgen",  "cache-control", "max-age=600",  "trailer",   "x-check",
      NULL};
  static const char *const trailers[] = {"x-check", "41b7", NULL};
  capgen_request rq = {.path = "/", .received = 2900};
  capgen_buf b = {NULL, 0, 0};

  capgen_http_ask(h, 0, &rq);
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_SERVER);
  capgen_http_headers(h, CAPGEN_SERVER, 0, &b, hints);
  capgen_http_send(h, CAPGEN_SERVER, 0, &b, false);
  h->c->g->now += 3 * QUIC_MILLISECOND;
  capgen_http_headers(h, CAPGEN_SERVER, 0, &b, page);
  capgen_buf_data(&b, rq.received);
  capgen_http_headers(h, CAPGEN_SERVER, 0, &b, trailers);
  capgen_http_send(h, CAPGEN_SERVER, 0, &b, true);
  capgen_buf_free(&b);
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_CLIENT);
  capgen_http_told(h, 0, &rq);
}

/* show_many: requests side by side, whose names the dynamic table knows. */
static void show_many(capgen_http *h) {
  static const capgen_request list[] = {
      {.path = "/style.css", .type = "text/css", .received = 1800},
      {.path = "/app.js", .type = "text/javascript", .received = 4200},
      {.path = "/logo.svg", .type = "image/svg+xml", .received = 700},
      {.path = "/favicon.ico", .status = 404, .received = 120},
  };

  for (size_t i = 0; i < CAPGEN_COUNT(list); i++) {
    capgen_http_ask(h, 4 + 4 * i, &list[i]);
  }
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_SERVER);
  for (size_t i = 0; i < CAPGEN_COUNT(list); i++) {
    capgen_http_answer(h, 4 + 4 * i, &list[i]);
    capgen_http_told(h, 4 + 4 * i, &list[i]);
  }
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_CLIENT);
}

/* show_upload: a packet gets lost behind us, and comes again. */
static void show_upload(capgen_http *h) {
  static const capgen_request rq = {.method = "POST",
                                    .path = "/upload?name=notes.txt",
                                    .type = "application/json",
                                    .status = 201,
                                    .sent = 6000,
                                    .received = 44};
  capgen_buf again = {NULL, 0, 0};
  uint64_t lost = h->c->end[CAPGEN_CLIENT].next_pn[2] + 2;

  capgen_http_ask(h, 20, &rq);
  capgen_http_wait(h);
  capgen_http_ack_but(h, CAPGEN_SERVER, lost);
  capgen_http_wait(h);
  /* The third piece; what is in front of its text is taken from the sum. */
  capgen_buf_text(&again, 6000);
  h->c->g->now += 2 * QUIC_MILLISECOND;
  capgen_http_send_at(
      h, CAPGEN_CLIENT, 20, 2200,
      again.data + 2200 -
          (capgen_http_stream_of(h, 20)->sent[CAPGEN_CLIENT] - 6000),
      1100, false);
  capgen_buf_free(&again);
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_SERVER);
  capgen_http_answer(h, 20, &rq);
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_CLIENT);
  capgen_http_told(h, 20, &rq);
}

/* show_reset: the client has seen enough of a film. */
static void show_reset(capgen_http *h) {
  static const char *const film[] = {
      ":status",  "200", "content-type", "video/mp4", "content-length",
      "48000000", NULL};
  capgen_request rq = {.path = "/film.mp4"};
  capgen_buf b = {NULL, 0, 0};

  capgen_http_ask(h, 24, &rq);
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_SERVER);
  capgen_http_headers(h, CAPGEN_SERVER, 24, &b, film);
  capgen_buf_varint(&b, QUIC_H3_DATA);
  capgen_buf_varint(&b, 48000000);
  capgen_buf_text(&b, 5000);
  capgen_http_send(h, CAPGEN_SERVER, 24, &b, false);
  capgen_http_wait(h);
  capgen_http_stop(h, CAPGEN_CLIENT, 24, 0x10c);
  capgen_http_wait(h);
  capgen_http_reset(h, CAPGEN_SERVER, 24, 0x10c);
  capgen_buf_free(&b);
  capgen_http_truth(h, 24, "GET", 200, 0, 5000, SHOWS_SITE "/film.mp4");
}

/* show_blocked: the packet with what the table needs is lost before us, so the
   section has to wait for it. */
static void show_blocked(capgen_http *h) {
  static const char *const more[] = {"accept-language", "de-CH, de;q=0.9",
                                     "x-request-group", "measurements-2026",
                                     NULL};
  static const capgen_request rq = {.path = "/data.json",
                                    .type = "application/json",
                                    .received = 300,
                                    .more = more};
  uint64_t id = CAPGEN_ENCODER(CAPGEN_CLIENT);
  capgen_http_stream *enc = capgen_http_stream_of(h, id);
  uint8_t octets[512];
  size_t n;

  h->hold = true;
  capgen_http_ask(h, 28, &rq);
  h->hold = false;
  n = qpack_encoder_output(h->encoder[CAPGEN_CLIENT], octets, sizeof(octets));
  capgen_http_wait(h);
  capgen_http_wait(h);
  capgen_http_send_at(h, CAPGEN_CLIENT, id, enc->sent[CAPGEN_CLIENT], octets, n,
                      false);
  enc = capgen_http_stream_of(h, id);
  enc->sent[CAPGEN_CLIENT] += n;
  if (qpack_decoder_encoder_stream(h->decoder[CAPGEN_SERVER],
                                   quic_bytes_of(octets, n)) != 0) {
    abort();
  }
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_SERVER);
  capgen_http_answer(h, 28, &rq);
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_CLIENT);
  capgen_http_told(h, 28, &rq);
  capgen_http_request(h, 32, &rq);
}

static void make_requests(capgen *g, unsigned arg) {
  capgen_buf b = {NULL, 0, 0};
  capgen_http *h = capgen_http_conn(g, NULL, NULL);

  (void)arg;
  capgen_http_open(h);
  show_interim(h);
  show_many(h);
  show_upload(h);
  show_reset(h);
  show_blocked(h);
  capgen_buf_id(&b, QUIC_H3_GOAWAY, 36);
  capgen_http_send(h, CAPGEN_SERVER, CAPGEN_CONTROL(CAPGEN_SERVER), &b, false);
  capgen_buf_free(&b);
  capgen_http_wait(h);
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "bye");
  capgen_http_del(h);
  capgen_expect(
      g, "requests == 9 and responses == 9 and failed == 1 and lost == 1 "
         "and broken == 0 and class == application_close");
}

/* Failures, each a connection of its own; the idle one comes first. */

static capgen_options fail_options(unsigned n, const char *sni) {
  capgen_options opt = capgen_defaults();

  opt.alpn = "h3";
  opt.sni = sni;
  opt.addr[CAPGEN_CLIENT].port = (uint16_t)(51000 + n);
  opt.addr[CAPGEN_SERVER].ip[3] = (uint8_t)(1 + n);
  return opt;
}

static capgen_http *fail_new(capgen *g, unsigned n, const char *sni) {
  capgen_options opt = fail_options(n, sni);

  return capgen_http_conn(g, &opt, NULL);
}

static void fail_idle(capgen *g) {
  capgen_http *h = fail_new(g, 0, "idle.example.org");

  capgen_http_open(h);
  capgen_http_get(h, 0, "/", 600);
  capgen_http_del(h);
}

/* fail_alert: no certificate for that name. */
static void fail_alert(capgen *g) {
  capgen_options opt = fail_options(1, "wrong.example.org");
  capgen_conn *c = capgen_conn_new(g, &opt);
  capgen_packet *p;

  capgen_hello(c);
  g->now += 20 * QUIC_MILLISECOND;
  capgen_server_flight(c);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_HANDSHAKE);
  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE, 0x100 + 42,
               "certificate is for another name");
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
}

static void fail_versions(capgen *g) {
  static const uint32_t versions[] = {QUIC_VERSION_2, 0xff00001d, 0x1a2a3a4a};
  capgen_options opt = fail_options(2, "old.example.org");
  capgen_conn *c = capgen_conn_new(g, &opt);

  capgen_hello(c);
  g->now += 20 * QUIC_MILLISECOND;
  capgen_version_negotiation(c, versions, CAPGEN_COUNT(versions));
}

static void fail_goaway(capgen *g) {
  capgen_http *h = fail_new(g, 3, "busy.example.org");
  capgen_buf b = {NULL, 0, 0};

  capgen_http_open(h);
  capgen_http_get(h, 0, "/", 900);
  capgen_buf_id(&b, QUIC_H3_GOAWAY, 4);
  capgen_http_send(h, CAPGEN_SERVER, CAPGEN_CONTROL(CAPGEN_SERVER), &b, false);
  capgen_buf_free(&b);
  capgen_http_wait(h);
  capgen_http_close(h, CAPGEN_SERVER, 0x107, "too many requests");
  capgen_http_del(h);
}

static void fail_reset(capgen *g) {
  capgen_http *h = fail_new(g, 4, "restarted.example.org");
  capgen_request rq = {.path = "/again"};

  capgen_http_open(h);
  capgen_http_get(h, 0, "/", 500);
  g->now += 5 * QUIC_SECOND;
  capgen_http_ask(h, 4, &rq);
  capgen_http_wait(h);
  capgen_reset(h->c, CAPGEN_SERVER, 43);
  capgen_http_truth(h, 4, "GET", 0, 0, 0,
                    "https://restarted.example.org/again");
  capgen_http_del(h);
}

/* fail_vanished: the client asks again and again. */
static void fail_vanished(capgen *g) {
  capgen_http *h = fail_new(g, 5, "gone.example.org");
  capgen_request rq = {.path = "/anybody"};
  quic_duration pto = 200 * QUIC_MILLISECOND;

  capgen_http_open(h);
  capgen_http_get(h, 0, "/", 500);
  capgen_http_ask(h, 4, &rq);
  for (int i = 0; i < 8; i++) {
    capgen_packet *p;

    g->now += pto;
    pto *= 2;
    p = capgen_begin(h->c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
    capgen_ping(p);
    capgen_end_packet(p);
    capgen_flush(h->c, CAPGEN_CLIENT);
  }
  capgen_http_truth(h, 4, "GET", 0, 0, 0, "https://gone.example.org/anybody");
  capgen_http_del(h);
}

static void make_failure(capgen *g, unsigned arg) {
  (void)arg;
  g->step = 137 * QUIC_MICROSECOND;
  fail_idle(g);
  fail_alert(g);
  fail_versions(g);
  fail_goaway(g);
  fail_reset(g);
  fail_vanished(g);
  capgen_expect(g, "conn != 0 or class == idle_timeout");
  capgen_expect(g, "conn != 1 or (class == handshake_failure and by == client "
                   "and alert == 42)");
  capgen_expect(g, "conn != 2 or class == version_negotiation");
  capgen_expect(g, "conn != 3 or (class == application_close and by == server "
                   "and error == h3_excessive_load)");
  capgen_expect(g, "conn != 4 or (class == stateless_reset and by == server)");
  capgen_expect(g, "conn != 5 or (class == vanished and by == server)");
}

const capgen_scenario capgen_shows_scenarios[] = {
    {"requests", make_requests, 0, CAPGEN_SECRETS_FIRST, false},
    {"failure", make_failure, 0, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
