/* Scenarios of HTTP/3 messages and what is around them. */

#include "tests/support/capgen_http.h"
#include "tests/support/capgen_scenarios.h"
#include "wire/varint.h"

#define SITE "https://www.example.org"

static void messages_end(capgen_http *h) {
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "");
  capgen_http_del(h);
}

/* Octets of a text. */
static void messages_text(capgen_buf *b, const char *text) {
  capgen_buf_octets(b, text, strlen(text));
}

/* messages_headers sends one HEADERS frame. */
static void messages_headers(capgen_http *h, capgen_side side, uint64_t id,
                             const char *const *fields, bool fin) {
  capgen_buf b = {NULL, 0, 0};

  capgen_http_headers(h, side, id, &b, fields);
  capgen_http_send(h, side, id, &b, fin);
  capgen_buf_free(&b);
}

static void messages_control(capgen_http *h, capgen_side side, capgen_buf *b) {
  capgen_http_send(h, side, CAPGEN_CONTROL(side), b, false);
}

/* Methods, and responses without content. */
static void make_methods(capgen *g, unsigned arg) {
  static const capgen_request list[] = {
      {.path = "/", .received = 1500},
      {.method = "HEAD", .path = "/", .received = 1500},
      {.method = "POST", .path = "/form", .sent = 300, .received = 20},
      {.method = "PUT",
       .path = "/file",
       .sent = 4000,
       .status = 204,
       .no_length = true},
      {.method = "DELETE", .path = "/file", .status = 204, .no_length = true},
      {.method = "OPTIONS", .path = "*", .status = 200, .no_length = true},
      {.method = "GET", .path = "/same", .status = 304, .no_length = true},
      {.method = "QUERY", .path = "/?a=b&c=%20d", .sent = 12, .received = 9},
      {.path = "/nothing", .status = 404, .received = 10},
      {.path = "/broken", .status = 503, .received = 0},
  };
  static const char *const connect[] = {":method", "CONNECT", ":authority",
                                        "proxied.example.net:443", NULL};
  static const char *const ok[] = {":status", "200", NULL};
  capgen_http *h = capgen_http_conn(g, NULL, NULL);
  capgen_buf b = {NULL, 0, 0};
  uint64_t id = 0;

  (void)arg;
  capgen_http_open(h);
  for (size_t i = 0; i < CAPGEN_COUNT(list); i++, id += 4) {
    capgen_http_request(h, id, &list[i]);
  }
  messages_headers(h, CAPGEN_CLIENT, id, connect, false);
  messages_headers(h, CAPGEN_SERVER, id, ok, false);
  capgen_buf_data(&b, 500);
  capgen_http_send(h, CAPGEN_CLIENT, id, &b, false);
  capgen_buf_data(&b, 2500);
  capgen_http_send(h, CAPGEN_SERVER, id, &b, true);
  capgen_http_send(h, CAPGEN_CLIENT, id, &b, true);
  capgen_http_truth(h, id, "CONNECT", 200, 500, 2500,
                    "proxied.example.net:443");
  capgen_buf_free(&b);
  messages_end(h);
  capgen_expect(g, "requests == 11 and responses == 11 and failed == 2");
}

/* A capsule, in a DATA frame. */
static void messages_capsule(capgen_buf *b, uint64_t type, const char *value) {
  capgen_buf inside = {NULL, 0, 0};

  capgen_buf_frame(&inside, type, value, strlen(value));
  capgen_buf_frame(b, QUIC_H3_DATA, inside.data, inside.len);
  capgen_buf_free(&inside);
}

static void messages_extended(capgen_http *h, uint64_t id, const char *protocol,
                              const char *path, bool capsules) {
  const char *connect[] = {":method",    "CONNECT",          ":protocol",
                           protocol,     ":scheme",          "https",
                           ":authority", "www.example.org",  ":path",
                           path,         "capsule-protocol", "?1",
                           NULL};
  static const char *const ok[] = {":status", "200", NULL};

  if (!capsules) {
    connect[10] = NULL;
  }
  messages_headers(h, CAPGEN_CLIENT, id, connect, false);
  capgen_http_wait(h);
  messages_headers(h, CAPGEN_SERVER, id, ok, false);
  capgen_http_wait(h);
}

/* A WebTransport session on stream 0: streams of both kinds, from both sides,
   a datagram, the end. */
static void messages_webtransport(capgen_http *h) {
  capgen_buf b = {NULL, 0, 0};

  messages_extended(h, 0, "webtransport", "/chat", false);
  capgen_buf_varint(&b, QUIC_H3_WEBTRANSPORT_STREAM);
  capgen_buf_varint(&b, 0);
  messages_text(&b, "hello");
  capgen_http_send(h, CAPGEN_CLIENT, 4, &b, true);
  messages_text(&b, "hello to you");
  capgen_http_send(h, CAPGEN_SERVER, 4, &b, true);
  capgen_buf_varint(&b, QUIC_H3_WEBTRANSPORT_STREAM);
  capgen_buf_varint(&b, 0);
  messages_text(&b, "news");
  capgen_http_send(h, CAPGEN_SERVER, 1, &b, true);
  capgen_http_send(h, CAPGEN_CLIENT, 1, &b, true);
  capgen_buf_varint(&b, QUIC_H3_STREAM_WEBTRANSPORT);
  capgen_buf_varint(&b, 0);
  messages_text(&b, "one way");
  capgen_http_send(h, CAPGEN_CLIENT, 14, &b, true);
  capgen_http_datagram(h, CAPGEN_SERVER, 0, "tick", 4);
  messages_capsule(&b, 0x78ae, "");
  messages_capsule(&b, 0x2843,
                   "\x01\x02\x03\x04"
                   "bye");
  capgen_http_send(h, CAPGEN_CLIENT, 0, &b, true);
  capgen_http_send(h, CAPGEN_SERVER, 0, &b, true);
  capgen_http_truth(h, 0, "CONNECT", 200, 15, 0, SITE "/chat");
  capgen_buf_free(&b);
}

static void make_extended(capgen *g, unsigned arg) {
  static const capgen_setting client[] = {{QUIC_H3_SETTING_H3_DATAGRAM, 1},
                                          CAPGEN_SETTINGS_END};
  static const capgen_setting server[] = {
      {QUIC_H3_SETTING_ENABLE_CONNECT_PROTOCOL, 1},
      {QUIC_H3_SETTING_H3_DATAGRAM, 1},
      {0x2b603742, 1},
      CAPGEN_SETTINGS_END};
  static const capgen_http_options opt = {
      .capacity = 4096, .blocked = 16, .more = {client, server}};
  capgen_http *h = capgen_http_conn(g, NULL, &opt);
  capgen_buf b = {NULL, 0, 0};

  (void)arg;
  capgen_http_open(h);
  messages_webtransport(h);
  /* UDP: datagrams both ways, a capsule of the same, in pieces. */
  messages_extended(h, 8, "connect-udp",
                    "/.well-known/masque/udp/192.0.2.6/53/", true);
  capgen_http_datagram(h, CAPGEN_CLIENT, 8, "\0query", 6);
  capgen_http_datagram(h, CAPGEN_SERVER, 8, "\0response", 9);
  messages_capsule(&b, 0, "too long for a datagram");
  messages_capsule(&b, 0x29 * 4 + 0x17, "grease");
  h->piece = 5;
  capgen_http_send(h, CAPGEN_CLIENT, 8, &b, true);
  h->piece = CAPGEN_HTTP_PIECE;
  capgen_http_send(h, CAPGEN_SERVER, 8, &b, true);
  capgen_http_truth(h, 8, "CONNECT", 200, 34, 0,
                    SITE "/.well-known/masque/udp/192.0.2.6/53/");
  /* What a WebSocket carries are no capsules. */
  messages_extended(h, 12, "websocket", "/socket", false);
  capgen_buf_data(&b, 40);
  capgen_http_send(h, CAPGEN_CLIENT, 12, &b, true);
  capgen_buf_data(&b, 400);
  capgen_http_send(h, CAPGEN_SERVER, 12, &b, true);
  capgen_http_truth(h, 12, "CONNECT", 200, 40, 400, SITE "/socket");
  capgen_buf_free(&b);
  messages_end(h);
  capgen_expect(g, "requests == 3 and responses == 3 and broken == 0");
}

/* 1xx in front, trailers behind, of both sides; content in several DATA frames,
   an empty one among them. */
static void make_interim(capgen *g, unsigned arg) {
  static const char *const post[] = {
      ":method",         "POST",   ":scheme", "https",  ":authority",
      "www.example.org", ":path",  "/sum",    "expect", "100-continue",
      "trailer",         "digest", NULL};
  static const char *const more[] = {":status", "100", NULL};
  static const char *const early[] = {":status", "103", "link", "</a>", NULL};
  static const char *const ok[] = {":status", "200", "content-length", "70",
                                   NULL};
  static const char *const digest[] = {"digest", "sha-256=abc", NULL};
  static const char *const timing[] = {"server-timing", "all;dur=4", "x-other",
                                       "1", NULL};
  capgen_http *h = capgen_http_conn(g, NULL, NULL);
  capgen_buf b = {NULL, 0, 0};

  (void)arg;
  capgen_http_open(h);
  messages_headers(h, CAPGEN_CLIENT, 0, post, false);
  messages_headers(h, CAPGEN_SERVER, 0, more, false);
  capgen_buf_data(&b, 100);
  capgen_buf_data(&b, 0);
  capgen_buf_data(&b, 50);
  capgen_http_headers(h, CAPGEN_CLIENT, 0, &b, digest);
  capgen_http_send(h, CAPGEN_CLIENT, 0, &b, true);
  messages_headers(h, CAPGEN_SERVER, 0, early, false);
  messages_headers(h, CAPGEN_SERVER, 0, early, false);
  capgen_http_headers(h, CAPGEN_SERVER, 0, &b, ok);
  capgen_buf_data(&b, 30);
  capgen_buf_data(&b, 40);
  capgen_http_headers(h, CAPGEN_SERVER, 0, &b, timing);
  capgen_http_send(h, CAPGEN_SERVER, 0, &b, true);
  capgen_http_truth(h, 0, "POST", 200, 150, 70, SITE "/sum");
  capgen_buf_free(&b);
  messages_end(h);
}

/* messages_promise promises |path| as |push_id| on stream |id|. */
static void messages_promise(capgen_http *h, capgen_buf *b, uint64_t id,
                             uint64_t push_id, const char *path) {
  const char *fields[] = {":method", "GET",        ":scheme",
                          "https",   ":authority", "www.example.org",
                          ":path",   path,         NULL};
  quic_bytes section = capgen_http_section(h, CAPGEN_SERVER, id, fields);
  capgen_buf inside = {NULL, 0, 0};

  capgen_buf_varint(&inside, push_id);
  capgen_buf_octets(&inside, section.data, section.len);
  capgen_buf_frame(b, QUIC_H3_PUSH_PROMISE, inside.data, inside.len);
  capgen_buf_free(&inside);
}

static void messages_push(capgen_http *h, uint64_t stream_id, uint64_t push_id,
                          size_t len) {
  static const char *const ok[] = {":status", "200", "content-type", "text/css",
                                   NULL};
  capgen_buf b = {NULL, 0, 0};

  capgen_buf_varint(&b, QUIC_H3_STREAM_PUSH);
  capgen_buf_varint(&b, push_id);
  capgen_http_headers(h, CAPGEN_SERVER, stream_id, &b, ok);
  capgen_buf_data(&b, len);
  capgen_http_send(h, CAPGEN_SERVER, stream_id, &b, true);
  capgen_buf_free(&b);
}

/* Pushes: one as promised, one that comes before its promise, one cancelled,
   and one promised and never sent, which is no request of the capture. */
static void make_push(capgen *g, unsigned arg) {
  static const capgen_request page = {.path = "/", .received = 200};
  capgen_http *h;
  capgen_buf b = {NULL, 0, 0};
  static const capgen_http_options opt = {0}; /* no dynamic table */

  (void)arg;
  h = capgen_http_conn(g, NULL, &opt);
  capgen_http_open(h);
  capgen_buf_id(&b, QUIC_H3_MAX_PUSH_ID, 8);
  messages_control(h, CAPGEN_CLIENT, &b);
  capgen_http_ask(h, 0, &page);
  messages_promise(h, &b, 0, 0, "/style.css");
  capgen_http_send(h, CAPGEN_SERVER, 0, &b, false);
  messages_push(h, 15, 0, 900);
  messages_push(h, 19, 1, 60);
  messages_promise(h, &b, 0, 1, "/late.css");
  messages_promise(h, &b, 0, 2, "/unwanted.css");
  messages_promise(h, &b, 0, 3, "/never.css");
  capgen_http_send(h, CAPGEN_SERVER, 0, &b, false);
  capgen_buf_id(&b, QUIC_H3_CANCEL_PUSH, 2);
  messages_control(h, CAPGEN_CLIENT, &b);
  capgen_http_answer(h, 0, &page);
  capgen_buf_free(&b);
  capgen_http_truth(h, 15, "GET", 200, 0, 900, SITE "/style.css");
  capgen_http_truth(h, 19, "-", 200, 0, 60, "-");
  capgen_http_told(h, 0, &page);
  messages_end(h);
}

/* Priorities: the field, and updates of a request and of a push. */
static void make_priority(capgen *g, unsigned arg) {
  static const char *const urgent[] = {"priority", "u=1, i", NULL};
  capgen_request rq = {.path = "/now", .received = 50, .more = urgent};
  capgen_http *h = capgen_http_conn(g, NULL, NULL);
  capgen_buf b = {NULL, 0, 0}, inside = {NULL, 0, 0};

  (void)arg;
  capgen_http_open(h);
  /* The update may overtake its request. */
  capgen_buf_varint(&inside, 4);
  messages_text(&inside, "u=0");
  capgen_buf_frame(&b, QUIC_H3_PRIORITY_UPDATE_REQUEST, inside.data,
                   inside.len);
  messages_control(h, CAPGEN_CLIENT, &b);
  capgen_http_request(h, 0, &rq);
  rq = (capgen_request){.path = "/later", .received = 60};
  capgen_http_request(h, 4, &rq);
  inside.len = 0;
  capgen_buf_varint(&inside, 0);
  messages_text(&inside, "u=7, i=?0");
  capgen_buf_id(&b, QUIC_H3_MAX_PUSH_ID, 0);
  capgen_buf_frame(&b, QUIC_H3_PRIORITY_UPDATE_PUSH, inside.data, inside.len);
  messages_control(h, CAPGEN_CLIENT, &b);
  capgen_buf_free(&b);
  capgen_buf_free(&inside);
  messages_end(h);
}

/* GOAWAY from both sides, the server's twice; requests above it are refused. */
static void make_goaway(capgen *g, unsigned arg) {
  static const capgen_request late = {.path = "/late"};
  capgen_http *h = capgen_http_conn(g, NULL, NULL);
  capgen_buf b = {NULL, 0, 0};

  (void)arg;
  capgen_http_open(h);
  capgen_http_get(h, 0, "/", 80);
  capgen_buf_id(&b, QUIC_H3_GOAWAY, QUIC_VARINT_MAX - 3);
  messages_control(h, CAPGEN_SERVER, &b);
  capgen_http_ask(h, 4, &late);
  capgen_buf_id(&b, QUIC_H3_GOAWAY, 4);
  messages_control(h, CAPGEN_SERVER, &b);
  capgen_http_stop(h, CAPGEN_SERVER, 4, 0x10b);
  capgen_http_reset(h, CAPGEN_SERVER, 4, 0x10b);
  capgen_http_truth(h, 4, "GET", 0, 0, 0, SITE "/late");
  capgen_buf_id(&b, QUIC_H3_GOAWAY, 0);
  messages_control(h, CAPGEN_CLIENT, &b);
  capgen_buf_free(&b);
  capgen_http_close(h, CAPGEN_SERVER, 0x100, "");
  capgen_http_del(h);
  capgen_expect(g, "class == application_close and by == server");
}

/* Reserved frames, streams and settings, and unknown ones: nobody minds. */
static void make_grease(capgen *g, unsigned arg) {
  static const capgen_setting more[] = {{0x1f * 3 + 0x21, 77},
                                        {0x1f * UINT64_C(0x1000000) + 0x21, 1},
                                        {0x1234, 5},
                                        CAPGEN_SETTINGS_END};
  static const capgen_http_options opt = {
      .capacity = 4096, .blocked = 16, .more = {more, more}};
  static const char *const get[] = {":method", "GET",        ":scheme",
                                    "https",   ":authority", "www.example.org",
                                    ":path",   "/",          NULL};
  static const char *const ok[] = {":status", "200", NULL};
  capgen_http *h = capgen_http_conn(g, NULL, &opt);
  capgen_buf b = {NULL, 0, 0};

  (void)arg;
  capgen_http_open(h);
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    uint64_t id = side == CAPGEN_CLIENT ? 14 : 15;

    capgen_buf_frame(&b, 0x1f * 7 + 0x21, "grease", 6);
    capgen_buf_frame(&b, 0x7777, "an extension", 12);
    messages_control(h, (capgen_side)side, &b);
    capgen_buf_varint(&b, 0x1f * 9 + 0x21);
    messages_text(&b, "reserved stream");
    capgen_http_send(h, (capgen_side)side, id, &b, true);
    capgen_buf_varint(&b, 0x4321);
    messages_text(&b, "unknown stream");
    capgen_http_send(h, (capgen_side)side, id + 4, &b, true);
  }
  capgen_buf_frame(&b, 0x21, "", 0);
  capgen_http_headers(h, CAPGEN_CLIENT, 0, &b, get);
  capgen_buf_frame(&b, 0x1f * 2 + 0x21, "x", 1);
  capgen_http_send(h, CAPGEN_CLIENT, 0, &b, true);
  capgen_buf_frame(&b, 0x1f * 1 + 0x21, "y", 1);
  capgen_http_headers(h, CAPGEN_SERVER, 0, &b, ok);
  capgen_buf_data(&b, 10);
  capgen_buf_frame(&b, 0x1f * 5 + 0x21, "between", 7);
  capgen_buf_data(&b, 20);
  capgen_http_send(h, CAPGEN_SERVER, 0, &b, true);
  capgen_http_truth(h, 0, "GET", 200, 0, 30, SITE "/");
  capgen_buf_free(&b);
  messages_end(h);
}

/* The dynamic table of both sides, so small (|arg| octets) that entries are
   evicted, or large. */
static void make_table(capgen *g, unsigned arg) {
  capgen_http_options opt = {.capacity = arg, .blocked = 8, .plain = arg < 512};
  capgen_http *h = capgen_http_conn(g, NULL, &opt);

  capgen_http_open(h);
  for (uint64_t i = 0; i < 40; i++) {
    char path[64], value[64];
    const char *const more[] = {"x-trace", value, "cookie",
                                "session=0123456789abcdef0123456789", NULL};
    capgen_request rq = {
        .path = path, .received = 10 * (size_t)i, .more = more};

    snprintf(path, sizeof(path), "/page/%u", (unsigned)i % 7);
    snprintf(value, sizeof(value), "run-%u", (unsigned)i / 3);
    capgen_http_request(h, 4 * i, &rq);
  }
  messages_end(h);
}

/* What a section needs comes behind it, and behind the whole message. */
static void make_blocked(capgen *g, unsigned arg) {
  static const char *const more[] = {"x-long-field-one", "value number one",
                                     "x-long-field-two", "value number two",
                                     NULL};
  static const char *const trailers[] = {"x-sum", "1", NULL};
  capgen_http *h = capgen_http_conn(g, NULL, NULL);
  capgen_request rq = {.method = "POST",
                       .path = "/blocked",
                       .sent = 2000,
                       .received = 100,
                       .more = more};
  capgen_buf b = {NULL, 0, 0};

  (void)arg;
  capgen_http_open(h);
  for (uint64_t id = 0; id < 12; id += 4) {
    h->hold = true;
    capgen_http_ask(h, id, &rq);
    capgen_http_wait(h);
    h->hold = false;
    /* Anything sends what was held. */
    capgen_buf_frame(&b, 0x21, "", 0);
    messages_control(h, CAPGEN_CLIENT, &b);
    capgen_http_wait(h);
    capgen_http_ack(h, CAPGEN_SERVER);
    h->hold = true;
    capgen_http_answer(h, id, &rq);
    capgen_http_wait(h);
    h->hold = false;
    capgen_buf_frame(&b, 0x21, "", 0);
    messages_control(h, CAPGEN_SERVER, &b);
    capgen_http_wait(h);
    capgen_http_ack(h, CAPGEN_CLIENT);
    capgen_http_told(h, id, &rq);
  }
  /* The trailers need nothing, but have to wait for the headers. */
  h->hold = true;
  rq.path = "/with-trailers";
  rq.more = (const char *const[]){"x-third", "value number three", NULL};
  capgen_http_ask(h, 12, &rq);
  {
    const char *const ok[] = {":status", "200", "x-fourth", "value number four",
                              NULL};

    capgen_http_headers(h, CAPGEN_SERVER, 12, &b, ok);
    capgen_buf_data(&b, 64);
    capgen_http_headers(h, CAPGEN_SERVER, 12, &b, trailers);
    capgen_http_send(h, CAPGEN_SERVER, 12, &b, true);
  }
  capgen_http_wait(h);
  h->hold = false;
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    capgen_buf_frame(&b, 0x21, "", 0);
    messages_control(h, (capgen_side)side, &b);
  }
  capgen_http_truth(h, 12, "POST", 200, 2000, 64, SITE "/with-trailers");
  capgen_buf_free(&b);
  messages_end(h);
}

/* Strings that must not reach a terminal, in every place. */
static void make_hostile(capgen *g, unsigned arg) {
  static const char *const get[] = {":method",
                                    "G\x1b[31mET",
                                    ":scheme",
                                    "ht\ttp",
                                    ":authority",
                                    "evil\x1b]0;x\x07",
                                    ":path",
                                    "/\xff\xfe\xe2\x80\xae",
                                    "x-\x1b[2J",
                                    "a\x9b"
                                    "31mb",
                                    "priority",
                                    "u=\x1b[0m",
                                    "content-type",
                                    "\x1b[1m",
                                    NULL};
  static const char *const answer[] = {":status", "2\x1b[", "content-type",
                                       "\x1b[5mtext", NULL};
  capgen_http_options opt = {.plain = true};
  capgen_http *h = capgen_http_conn(g, NULL, &opt);

  (void)arg;
  capgen_http_open(h);
  messages_headers(h, CAPGEN_CLIENT, 0, get, true);
  messages_headers(h, CAPGEN_SERVER, 0, answer, true);
  capgen_http_note(h, "0 H3_MESSAGE_ERROR");
  capgen_http_note(h, "0 H3_MESSAGE_ERROR");
  messages_end(h);
}

const capgen_scenario capgen_messages_scenarios[] = {
    {"http-methods", make_methods, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-extended-connect", make_extended, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-interim", make_interim, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-push", make_push, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-priority", make_priority, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-goaway", make_goaway, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-grease", make_grease, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-table-300", make_table, 300, CAPGEN_SECRETS_FIRST, false},
    {"http-table-4096", make_table, 4096, CAPGEN_SECRETS_FIRST, false},
    {"http-no-table", make_table, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-blocked", make_blocked, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-hostile", make_hostile, 0, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
