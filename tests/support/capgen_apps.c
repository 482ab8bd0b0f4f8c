/* Scenarios of application protocols, and of HTTP/3 where the handshake is
   missing or not over. */

#include "tests/support/capgen_http.h"
#include "tests/support/capgen_scenarios.h"

#define SITE "https://www.example.org"

static capgen_conn *apps_conn(capgen *g, const char *alpn) {
  capgen_options opt = capgen_defaults();
  capgen_conn *c;

  opt.alpn = alpn;
  c = capgen_conn_new(g, &opt);
  capgen_handshake(c);
  return c;
}

static void apps_send(capgen_conn *c, capgen_side side, uint64_t id,
                      uint64_t offset, const void *data, size_t len, bool fin) {
  capgen_packet *p = capgen_begin(c, side, QUIC_PACKET_1RTT);

  capgen_stream(p, id, offset, data, len, fin);
  capgen_end_packet(p);
  capgen_flush(c, side);
}

/* apps_truth writes the line of a request without HTTP/3. */
static void apps_truth(const capgen_conn *c, uint64_t id, const char *text) {
  if (c->g->files.requests) {
    fprintf(c->g->files.requests, "%d %llu %s\n", c->number,
            (unsigned long long)id, text);
  }
}

/* HTTP/0.9: one line and an answer; a line in pieces; no line at all; a reset.
 */
static void make_hq(capgen *g, unsigned arg) {
  capgen_conn *c = apps_conn(g, "hq-interop");
  quic_frame f = {.type = QUIC_FRAME_RESET_STREAM};
  capgen_packet *p;

  (void)arg;
  capgen_exchange(c, 0, 3000);
  apps_truth(c, 0, "GET - 0 3000 " SITE "/file");
  apps_send(c, CAPGEN_CLIENT, 4, 0, "GET /in", 7, false);
  apps_send(c, CAPGEN_CLIENT, 4, 7, "-pieces", 7, true);
  capgen_data(c, CAPGEN_SERVER, 4, 0, 10, true);
  apps_truth(c, 4, "GET - 0 10 " SITE "/in-pieces");
  apps_send(c, CAPGEN_CLIENT, 8, 0, "nonsense\r\n", 10, true);
  capgen_data(c, CAPGEN_SERVER, 8, 0, 0, true);
  apps_truth(c, 8, "- - 0 0 -");
  apps_send(c, CAPGEN_CLIENT, 12, 0, "GET /refused\n", 13, true);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  f.u.reset_stream.stream_id = 12;
  f.u.reset_stream.error_code = 7;
  capgen_frame(p, &f);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_SERVER);
  apps_truth(c, 12, "GET - 0 0 " SITE "/refused");
  capgen_bye(c);
  capgen_expect(g, "requests == 4 and alpn == \"hq-interop\"");
}

/* Queries: length, header of 12 octets with ID 0, one question. */
static const uint8_t apps_query_a[] =
    "\x00\x21\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
    "\x03www\x07"
    "example\x03org\x00\x00\x01\x00\x01";
static const uint8_t apps_answer_a[] =
    "\x00\x31\x00\x00\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"
    "\x03www\x07"
    "example\x03org\x00\x00\x01\x00\x01"
    "\xc0\x0c\x00\x01\x00\x01\x00\x00\x0e\x10\x00\x04\xc0\x00\x02\x01";
static const uint8_t apps_query_https[] =
    "\x00\x22\x00\x00\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"
    "\x04none\x07"
    "example\x03org\x00\x00\x41\x00\x01";
static const uint8_t apps_nxdomain[] =
    "\x00\x22\x00\x00\x81\x83\x00\x01\x00\x00\x00\x00\x00\x00"
    "\x04none\x07"
    "example\x03org\x00\x00\x41\x00\x01";

static void make_doq(capgen *g, unsigned arg) {
  capgen_conn *c = apps_conn(g, "doq");

  (void)arg;
  apps_send(c, CAPGEN_CLIENT, 0, 0, apps_query_a, sizeof(apps_query_a) - 1,
            true);
  apps_send(c, CAPGEN_SERVER, 0, 0, apps_answer_a, sizeof(apps_answer_a) - 1,
            true);
  apps_truth(c, 0, "QUERY 0 0 51 www.example.org.");
  /* One octet at a time. */
  for (size_t i = 0; i < sizeof(apps_query_https) - 1; i++) {
    apps_send(c, CAPGEN_CLIENT, 4, i, apps_query_https + i, 1,
              i + 2 == sizeof(apps_query_https));
  }
  for (size_t i = 0; i < sizeof(apps_nxdomain) - 1; i++) {
    apps_send(c, CAPGEN_SERVER, 4, i, apps_nxdomain + i, 1,
              i + 2 == sizeof(apps_nxdomain));
  }
  apps_truth(c, 4, "QUERY 3 0 36 none.example.org.");
  /* Cut by the end of the stream. */
  apps_send(c, CAPGEN_CLIENT, 8, 0, apps_query_a, 16, true);
  apps_truth(c, 8, "- - 0 0 -");
  capgen_bye(c);
}

/* A protocol that nobody knows: no requests, no notes. */
static void make_other(capgen *g, unsigned arg) {
  capgen_conn *c = apps_conn(g, "moq-00");

  (void)arg;
  apps_send(c, CAPGEN_CLIENT, 0, 0, "\x01\x10nothing of HTTP/3", 19, false);
  apps_send(c, CAPGEN_CLIENT, 2, 0, "\x00\x00", 2, true);
  apps_send(c, CAPGEN_SERVER, 0, 0, "GET /", 5, true);
  capgen_bye(c);
  capgen_expect(g, "requests == 0 and broken == 0 and streams == 2");
}

/* The handshake is not in the capture; the key log is there. */
static void make_headless(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_http *h;

  (void)arg;
  g->step = 137 * QUIC_MICROSECOND;
  opt.alpn = "h3";
  h = capgen_http_new(capgen_conn_new(g, &opt), NULL);
  h->c->lost = 0xf;
  capgen_http_handshake(h);
  capgen_http_open(h);
  capgen_http_get(h, 0, "/", 1000);
  capgen_http_get(h, 4, "/next", 2000);
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "");
  capgen_http_del(h);
  capgen_expect(g, "requests == 2 and responses == 2 and broken == 0");
}

/* The same, and the capture starts after the streams were opened: stream 4 is
   the first that is whole.  With a dynamic table (|arg| octets) its fields
   cannot be known. */
static void make_middle(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();
  capgen_http_options http = {.capacity = arg, .blocked = 16};
  capgen_request rq = {.path = "/seen", .received = 900};
  capgen_http *h;

  g->step = 137 * QUIC_MICROSECOND;
  opt.alpn = "h3";
  h = capgen_http_new(capgen_conn_new(g, &opt), &http);
  h->c->lost = 0xf;
  capgen_http_handshake(h);
  h->silent = true;
  capgen_http_open(h);
  capgen_http_request(h, 0, &rq);
  h->silent = false;
  capgen_http_ask(h, 4, &rq);
  capgen_http_answer(h, 4, &rq);
  if (arg) {
    capgen_http_truth(h, 4, "-", 0, 0, 900, "-");
  } else {
    capgen_http_told(h, 4, &rq);
  }
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "");
  capgen_http_del(h);
  capgen_expect(g, "requests == 1 and broken == 0");
}

/* Requests in 0-RTT packets, with the dynamic table of earlier SETTINGS; the
   encoder takes |arg| octets of it. */
static void make_early(capgen *g, unsigned arg) {
  static const char *const more[] = {"x-resumed", "yes and this is long", NULL};
  capgen_options opt = capgen_defaults();
  capgen_http_options http = {
      .capacity = 4096, .blocked = 16, .own_capacity = arg};
  capgen_request rq = {.path = "/early", .received = 700, .more = more};
  capgen_http *h;

  g->step = 137 * QUIC_MICROSECOND;
  opt.alpn = "h3";
  opt.early = true;
  opt.max_streams = 1000;
  h = capgen_http_new(capgen_conn_new(g, &opt), &http);
  capgen_hello(h->c);
  h->type = QUIC_PACKET_0RTT;
  capgen_http_open_side(h, CAPGEN_CLIENT);
  capgen_http_ask(h, 0, &rq);
  capgen_http_ask(h, 4, &rq);
  capgen_http_wait(h);
  capgen_server_flight(h->c);
  capgen_http_open_side(h, CAPGEN_SERVER);
  capgen_http_ack(h, CAPGEN_SERVER);
  capgen_http_answer(h, 0, &rq);
  h->type = QUIC_PACKET_1RTT;
  capgen_client_finish(h->c);
  capgen_http_wait(h);
  capgen_server_done(h->c);
  capgen_http_answer(h, 4, &rq);
  capgen_http_told(h, 0, &rq);
  capgen_http_told(h, 4, &rq);
  /* Enough insertions that the Required Insert Count wraps around. */
  for (uint64_t id = 8; id < 1200; id += 4) {
    char path[32];

    snprintf(path, sizeof(path), "/page/%u", (unsigned)id);
    rq = (capgen_request){.path = path, .received = 10};
    capgen_http_request(h, id, &rq);
  }
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "");
  capgen_http_del(h);
  capgen_expect(g, "early == accepted and broken == 0");
}

const capgen_scenario capgen_apps_scenarios[] = {
    {"app-hq", make_hq, 0, CAPGEN_SECRETS_FIRST, false},
    {"app-doq", make_doq, 0, CAPGEN_SECRETS_FIRST, false},
    {"app-other", make_other, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-headless", make_headless, 0, CAPGEN_SECRETS_FILE, false},
    {"http-middle", make_middle, 0, CAPGEN_SECRETS_FILE, false},
    {"http-middle-table", make_middle, 4096, CAPGEN_SECRETS_FILE, false},
    {"http-early", make_early, 4096, CAPGEN_SECRETS_FIRST, false},
    {"http-early-part", make_early, 1024, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
