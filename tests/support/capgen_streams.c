/* Scenarios of the streams below HTTP/3: how their octets are cut, ordered,
   repeated, contradicted and lost. */

#include <stdlib.h>

#include "tests/support/capgen_http.h"
#include "tests/support/capgen_scenarios.h"
#include "wire/varint.h"

#define SITE "https://www.example.org"
#define STREAMS_PIECES 64

static capgen_http *streams_new(capgen *g) {
  capgen_http *h = capgen_http_conn(g, NULL, NULL);

  capgen_http_open(h);
  return h;
}

static void streams_end(capgen_http *h) {
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "");
  capgen_http_del(h);
}

/* streams_answer makes a response of |len| octets on stream |id|; what the
   encoder stream needs is sent before. */
static void streams_answer(capgen_http *h, uint64_t id, capgen_buf *b,
                           size_t len) {
  static const char *const ok[] = {":status", "200", "content-type",
                                   "application/octet-stream", NULL};
  capgen_buf none = {NULL, 0, 0};

  capgen_http_headers(h, CAPGEN_SERVER, id, b, ok);
  capgen_buf_frame(&none, 0x21, "", 0);
  capgen_http_send(h, CAPGEN_SERVER, CAPGEN_CONTROL(CAPGEN_SERVER), &none,
                   false);
  capgen_buf_data(b, len);
  capgen_buf_free(&none);
}

/* streams_take makes the packet of one piece without sending it. */
static capgen_datagram *streams_take(capgen_http *h, uint64_t id,
                                     const capgen_buf *b, size_t from,
                                     size_t to) {
  capgen_packet *p = capgen_begin(h->c, CAPGEN_SERVER, QUIC_PACKET_1RTT);

  capgen_stream(p, id, from, b->data + from, to - from, to == b->len);
  capgen_end_packet(p);
  return capgen_take(h->c, CAPGEN_SERVER);
}

/* One octet in a packet: of requests, responses, and the encoder stream. */
static void make_cut(capgen *g, unsigned arg) {
  static const char *const more[] = {"x-field", "a value for the table", NULL};
  capgen_request rq = {.method = "POST",
                       .path = "/cut",
                       .sent = 20,
                       .received = 70,
                       .more = more};
  capgen_http *h = streams_new(g);

  g->step = 10 * QUIC_MICROSECOND;
  h->piece = arg;
  capgen_http_request(h, 0, &rq);
  capgen_http_request(h, 4, &rq);
  streams_end(h);
}

/* Groups of four packets in reverse; with |arg| each packet twice, too. */
static void make_reordered(capgen *g, unsigned arg) {
  static const capgen_request rq = {.path = "/mixed"};
  capgen_http *h = streams_new(g);
  capgen_datagram *dg[STREAMS_PIECES];
  capgen_buf b = {NULL, 0, 0};
  size_t n = 0;

  capgen_http_ask(h, 0, &rq);
  streams_answer(h, 0, &b, 12000);
  for (size_t at = 0; at < b.len; at += 300) {
    dg[n++] = streams_take(h, 0, &b, at, at + 300 < b.len ? at + 300 : b.len);
  }
  for (size_t i = 0; i < n; i += 4) {
    for (size_t j = i + 4 < n ? i + 4 : n; j-- > i;) {
      capgen_send(g, dg[j]);
      if (arg) {
        g->now += 100 * QUIC_MILLISECOND; /* no copy of the capture's making */
        capgen_send(g, dg[j]);
      }
    }
  }
  capgen_buf_free(&b);
  capgen_http_truth(h, 0, "GET", 200, 0, 12000, SITE "/mixed");
  streams_end(h);
}

/* Pieces that overlap each other in all ways; the octets are the same. */
static void make_overlap(capgen *g, unsigned arg) {
  static const capgen_request rq = {.path = "/overlap"};
  static const size_t pieces[][2] = {
      {500, 900},   {100, 300},   {250, 600},   {850, 1000},
      {0, 150},     {0, 1000},    {990, 1400},  {1600, 1700},
      {1500, 1800}, {1390, 1650}, {1300, 1900}, {1200, 2012},
  };
  capgen_http *h = streams_new(g);
  capgen_buf b = {NULL, 0, 0};

  (void)arg;
  capgen_http_ask(h, 0, &rq);
  streams_answer(h, 0, &b, 2000);
  for (size_t i = 0; i < CAPGEN_COUNT(pieces); i++) {
    size_t to = pieces[i][1] < b.len ? pieces[i][1] : b.len;

    capgen_http_send_at(h, CAPGEN_SERVER, 0, pieces[i][0],
                        b.data + pieces[i][0], to - pieces[i][0], to == b.len);
  }
  if (b.len > 2012) {
    abort();
  }
  capgen_buf_free(&b);
  capgen_http_truth(h, 0, "GET", 200, 0, 2000, SITE "/overlap");
  streams_end(h);
}

/* The same offsets with other octets: behind a hole, and after they were
   read. */
static void make_conflict(capgen *g, unsigned arg) {
  static const capgen_request rq = {.path = "/conflict"};
  capgen_http *h = streams_new(g);
  capgen_buf b = {NULL, 0, 0};

  (void)arg;
  capgen_http_ask(h, 0, &rq);
  streams_answer(h, 0, &b, 900);
  capgen_http_send_at(h, CAPGEN_SERVER, 0, 500, b.data + 500, 200, false);
  b.data[600] ^= 1;
  capgen_http_send_at(h, CAPGEN_SERVER, 0, 500, b.data + 500, 200, false);
  capgen_http_note(h, "0 PROTOCOL_VIOLATION");
  b.data[600] ^= 1;
  capgen_http_send_at(h, CAPGEN_SERVER, 0, 0, b.data, 500, false);
  b.data[100] ^= 1;
  capgen_http_send_at(h, CAPGEN_SERVER, 0, 50, b.data + 50, 100, false);
  capgen_http_note(h, "0 PROTOCOL_VIOLATION");
  b.data[100] ^= 1;
  capgen_http_send_at(h, CAPGEN_SERVER, 0, 700, b.data + 700, b.len - 700,
                      true);
  capgen_buf_free(&b);
  capgen_http_truth(h, 0, "GET", 200, 0, 900, SITE "/conflict");
  streams_end(h);
  capgen_expect(g, "broken == 2");
}

/* Final sizes that contradict: another FIN, octets behind it, a FIN in front of
   octets, a reset that says otherwise. */
static void make_final_size(capgen *g, unsigned arg) {
  static const char *const notes[] = {
      "0 FINAL_SIZE_ERROR", "4 FINAL_SIZE_ERROR", "8 FINAL_SIZE_ERROR",
      "12 FINAL_SIZE_ERROR"};
  capgen_http *h = streams_new(g);
  capgen_buf b = {NULL, 0, 0};
  quic_frame f = {.type = QUIC_FRAME_RESET_STREAM};

  (void)arg;
  for (uint64_t id = 0; id < 16; id += 4) {
    capgen_http_ask(h, id, &(capgen_request){.path = "/size"});
    b.len = 0;
    streams_answer(h, id, &b, 500);
    if (id == 0) {
      capgen_http_send_at(h, CAPGEN_SERVER, id, b.len, "", 0, true);
      capgen_http_send_at(h, CAPGEN_SERVER, id, b.len + 10, "", 0, true);
    } else if (id == 4) {
      capgen_http_send_at(h, CAPGEN_SERVER, id, b.len, "", 0, true);
      capgen_http_send_at(h, CAPGEN_SERVER, id, b.len, "more", 4, false);
    } else if (id == 8) {
      capgen_http_send_at(h, CAPGEN_SERVER, id, 300, b.data + 300, b.len - 300,
                          false);
      capgen_http_send_at(h, CAPGEN_SERVER, id, 400, "", 0, true);
    } else {
      capgen_http_send_at(h, CAPGEN_SERVER, id, 300, b.data + 300, b.len - 300,
                          false);
      f.u.reset_stream.stream_id = id;
      f.u.reset_stream.error_code = 0x102;
      f.u.reset_stream.final_size = 299;
      capgen_http_frame(h, CAPGEN_SERVER, &f);
    }
    capgen_http_note(h, notes[id / 4]);
    if (id < 12) {
      capgen_http_send_at(h, CAPGEN_SERVER, id, 0, b.data, b.len, true);
    }
    capgen_http_truth(h, id, "GET", id < 12 ? 200 : 0, 0, id < 12 ? 500 : 0,
                      SITE "/size");
  }
  capgen_buf_free(&b);
  streams_end(h);
}

/* Frames on streams on which their sender cannot send. */
static void make_wrong_side(capgen *g, unsigned arg) {
  capgen_http *h = streams_new(g);

  (void)arg;
  capgen_http_send_at(h, CAPGEN_CLIENT, 3, 0, "x", 1, false);
  capgen_http_note(h, "3 STREAM_STATE_ERROR");
  capgen_http_send_at(h, CAPGEN_SERVER, 6, 1, "x", 1, false);
  capgen_http_note(h, "6 STREAM_STATE_ERROR");
  capgen_http_reset(h, CAPGEN_SERVER, 14, 0x100);
  capgen_http_note(h, "14 STREAM_STATE_ERROR");
  capgen_http_stop(h, CAPGEN_CLIENT, 14, 0x100);
  capgen_http_note(h, "14 STREAM_STATE_ERROR");
  streams_end(h);
}

/* More than flow control allows: on a stream (0), on the connection (1), and
   too many streams (2). */
static void make_flow(capgen *g, unsigned arg) {
  static const char *const notes[] = {
      "0 FLOW_CONTROL_ERROR", "- FLOW_CONTROL_ERROR", "8 STREAM_LIMIT_ERROR"};
  static const capgen_request rq = {.path = "/much", .received = 3000};
  capgen_options opt = capgen_defaults();
  capgen_http *h;

  g->step = 137 * QUIC_MICROSECOND;
  opt.max_stream_data = arg == 0 ? 2500 : 1 << 16;
  opt.max_data = arg == 1 ? 2500 : 1 << 16;
  opt.max_streams = arg == 2 ? 2 : 100;
  h = capgen_http_conn(g, &opt, NULL);
  capgen_http_open(h);
  capgen_http_get(h, 0, "/much", 3000);
  if (arg == 2) {
    capgen_http_get(h, 4, "/much", 30);
    capgen_http_get(h, 8, "/much", 30);
  } else {
    quic_frame f = {.type = QUIC_FRAME_MAX_DATA};

    f.u.limit.limit = 1 << 20;
    capgen_http_frame(h, CAPGEN_CLIENT, &f);
    f.type = QUIC_FRAME_MAX_STREAM_DATA;
    f.u.limit.stream_id = 4;
    capgen_http_ask(h, 4, &rq);
    capgen_http_frame(h, CAPGEN_CLIENT, &f);
    capgen_http_answer(h, 4, &rq);
    capgen_http_told(h, 4, &rq);
  }
  capgen_http_note(h, notes[arg]);
  streams_end(h);
}

/* Offsets near 2^62, on a stream of an unknown type. */
static void make_far(capgen *g, unsigned arg) {
  capgen_http *h = streams_new(g);
  const uint64_t end = QUIC_VARINT_MAX;

  (void)arg;
  capgen_http_send_at(h, CAPGEN_CLIENT, 14, 0,
                      "\x40\xfa"
                      "begins",
                      8, false);
  capgen_http_send_at(h, CAPGEN_CLIENT, 14, end - 10, "0123456789", 10, false);
  capgen_http_send_at(h, CAPGEN_CLIENT, 14, end, "", 0, true);
  capgen_http_send_at(h, CAPGEN_CLIENT, 0, end - 4, "far", 3, false);
  capgen_http_note(h, "14 FLOW_CONTROL_ERROR");
  capgen_http_note(h, "- FLOW_CONTROL_ERROR");
  capgen_http_note(h, "0 FLOW_CONTROL_ERROR");
  capgen_http_truth(h, 0, "-", 0, 0, 0, "-");
  streams_end(h);
}

/* One DATA frame over very many packets. */
static void make_large(capgen *g, unsigned arg) {
  static const capgen_request rq = {.path = "/large", .received = 1 << 20};
  capgen_options opt = capgen_defaults();
  capgen_http *h;

  (void)arg;
  opt.max_data = opt.max_stream_data = 1 << 24;
  g->step = 20 * QUIC_MICROSECOND;
  h = capgen_http_conn(g, &opt, NULL);
  capgen_http_open(h);
  capgen_http_request(h, 0, &rq);
  streams_end(h);
}

/* A DATA frame of 3 GiB is announced; little of it comes. */
static void make_huge(capgen *g, unsigned arg) {
  static const char *const ok[] = {":status", "200", NULL};
  capgen_http *h = streams_new(g);
  capgen_buf b = {NULL, 0, 0};

  (void)arg;
  capgen_http_ask(h, 0, &(capgen_request){.path = "/huge"});
  capgen_http_headers(h, CAPGEN_SERVER, 0, &b, ok);
  capgen_buf_varint(&b, QUIC_H3_DATA);
  capgen_buf_varint(&b, UINT64_C(3) << 30);
  capgen_buf_text(&b, 5000);
  capgen_http_send(h, CAPGEN_SERVER, 0, &b, false);
  /* A header section and a frame of another kind that nobody can keep. */
  capgen_http_ask(h, 4, &(capgen_request){.path = "/huge-fields"});
  capgen_buf_varint(&b, QUIC_H3_HEADERS);
  capgen_buf_varint(&b, UINT64_C(1) << 40);
  capgen_buf_text(&b, 2000);
  capgen_http_send(h, CAPGEN_SERVER, 4, &b, false);
  capgen_buf_varint(&b, 0x21);
  capgen_buf_varint(&b, QUIC_VARINT_MAX);
  capgen_buf_text(&b, 2000);
  capgen_http_send(h, CAPGEN_SERVER, CAPGEN_CONTROL(CAPGEN_SERVER), &b, false);
  capgen_buf_free(&b);
  capgen_http_truth(h, 0, "GET", 200, 0, 5000, SITE "/huge");
  capgen_http_truth(h, 4, "GET", 0, 0, 0, SITE "/huge-fields");
  streams_end(h);
}

/* Octets on the wire that stand for ten thousand each: interim responses that
   refer to a large entry of the table. */
static void make_bomb(capgen *g, unsigned arg) {
  static const capgen_http_options http = {.capacity = 1 << 16, .blocked = 16};
  static const uint8_t insert[] = {0x41, 'x', 0x7f, 0xe1, 0xd3, 0x03};
  static const uint8_t section[] = {2, 0, 0xd8, 0x80}; /* 103, the entry */
  capgen_options opt = capgen_defaults();
  capgen_buf b = {NULL, 0, 0};
  capgen_http *h;

  opt.max_data = opt.max_stream_data = 1 << 24;
  g->step = 20 * QUIC_MICROSECOND;
  h = capgen_http_conn(g, &opt, &http);
  capgen_http_open(h);
  capgen_http_ask(h, 0, &(capgen_request){.path = "/bomb"});
  capgen_buf_octets(&b, "\x3f\xe1\xff\x03", 4);  /* a capacity of 65536 */
  capgen_buf_octets(&b, insert, sizeof(insert)); /* 60000 octets */
  capgen_buf_text(&b, 60000);
  capgen_http_send(h, CAPGEN_SERVER, CAPGEN_ENCODER(CAPGEN_SERVER), &b, false);
  for (unsigned i = 0; i < arg; i++) {
    capgen_buf_frame(&b, QUIC_H3_HEADERS, section, sizeof(section));
  }
  capgen_http_send(h, CAPGEN_SERVER, 0, &b, false);
  capgen_buf_free(&b);
  capgen_http_truth(h, 0, "GET", 0, 0, 0, SITE "/bomb");
  streams_end(h);
}

/* A packet is lost before the capture, and nothing repeats it: inside DATA (0),
   inside HEADERS (1), at the start of the request (2), at the end (3). */
static void make_hole(capgen *g, unsigned arg) {
  static const struct {
    size_t from, to;
    int status;
    size_t received;
  } rows[] = {{1100, 2200, 200, 1900},
              {5, 12, 0, 0},
              {0, 0, 200, 3000},
              {2600, 4000, 200, 2589}};
  capgen_http_options opt = {.plain = true}; /* a long section */
  capgen_http *h = capgen_http_conn(g, NULL, &opt);
  capgen_buf b = {NULL, 0, 0};
  size_t to;

  capgen_http_open(h);
  h->silent = arg == 2;
  capgen_http_ask(h, 0, &(capgen_request){.path = "/hole"});
  h->silent = false;
  streams_answer(h, 0, &b, 3000);
  to = rows[arg].to < b.len ? rows[arg].to : b.len;
  if (arg == 3) {
    to = b.len;
  }
  if (rows[arg].from) {
    capgen_http_send_at(h, CAPGEN_SERVER, 0, 0, b.data, rows[arg].from, false);
  }
  for (size_t at = to; at < b.len; at += 1000) {
    size_t n = b.len - at < 1000 ? b.len - at : 1000;

    capgen_http_send_at(h, CAPGEN_SERVER, 0, at, b.data + at, n,
                        at + n == b.len);
  }
  capgen_http_truth(h, 0, arg == 2 ? "-" : "GET", rows[arg].status, 0,
                    arg == 3 ? rows[arg].from - (b.len - 3000)
                             : rows[arg].received,
                    arg == 2 ? "-" : SITE "/hole");
  capgen_buf_free(&b);
  streams_end(h);
}

/* A packet of the encoder stream is lost before the capture: sections that need
   it cannot be read, those before can. */
static void make_hole_encoder(capgen *g, unsigned arg) {
  static const char *const more[] = {"x-one", "some value", NULL};
  capgen_request rq = {.path = "/before", .received = 100};
  capgen_http *h = streams_new(g);
  capgen_buf b = {NULL, 0, 0};

  (void)arg;
  capgen_http_request(h, 0, &rq);
  h->hold = true;
  rq.path = "/after";
  rq.more = more;
  capgen_http_ask(h, 4, &rq);
  h->hold = false;
  h->silent = true;
  capgen_buf_frame(&b, 0x21, "", 0); /* lost with what the table needs */
  capgen_http_send(h, CAPGEN_CLIENT, CAPGEN_CONTROL(CAPGEN_CLIENT), &b, false);
  h->silent = false;
  capgen_http_ack(h, CAPGEN_SERVER);
  capgen_http_answer(h, 4, &rq);
  capgen_http_truth(h, 4, "-", 200, 0, 100, "-");
  for (uint64_t id = 8; id < 400; id += 4) {
    char path[32];

    snprintf(path, sizeof(path), "/new/%u", (unsigned)id);
    rq.path = path;
    capgen_http_ask(h, id, &rq);
    capgen_http_ack(h, CAPGEN_SERVER);
    capgen_http_answer(h, id, &rq);
    capgen_http_truth(h, id, "-", 200, 0, 100, "-");
    capgen_http_ack(h, CAPGEN_CLIENT);
  }
  capgen_buf_free(&b);
  streams_end(h);
}

/* The capture ends in the middle of three requests. */
static void make_unfinished(capgen *g, unsigned arg) {
  static const char *const ok[] = {":status", "200", NULL};
  static const char *const post[] = {":method", "POST",       ":scheme",
                                     "https",   ":authority", "www.example.org",
                                     ":path",   "/upload",    NULL};
  capgen_http *h = streams_new(g);
  capgen_buf b = {NULL, 0, 0};

  (void)arg;
  capgen_http_ask(h, 0, &(capgen_request){.path = "/asked"});
  capgen_http_ask(h, 4, &(capgen_request){.path = "/half"});
  capgen_http_headers(h, CAPGEN_SERVER, 4, &b, ok);
  capgen_buf_data(&b, 4000);
  b.len -= 1000;
  capgen_http_send(h, CAPGEN_SERVER, 4, &b, false);
  capgen_http_headers(h, CAPGEN_CLIENT, 8, &b, post);
  capgen_buf_data(&b, 4000);
  b.len -= 3000;
  capgen_http_send(h, CAPGEN_CLIENT, 8, &b, false);
  capgen_buf_free(&b);
  capgen_http_truth(h, 0, "GET", 0, 0, 0, SITE "/asked");
  capgen_http_truth(h, 4, "GET", 200, 0, 3000, SITE "/half");
  capgen_http_truth(h, 8, "POST", 0, 1000, 0, SITE "/upload");
  capgen_http_del(h);
  capgen_expect(g, "class == open_at_end and requests == 3 and broken == 0");
}

/* |arg| streams on one connection, many in a packet. */
static void make_many(capgen *g, unsigned arg) {
  capgen_options opt = capgen_defaults();

  opt.max_streams = opt.max_data = 1 << 24;
  g->step = 100 * QUIC_MICROSECOND;
  capgen_http_many(g, &opt, arg);
  capgen_expect(g, "broken == 0 and responses == 20000");
}

const capgen_scenario capgen_streams_scenarios[] = {
    {"http-cut-1", make_cut, 1, CAPGEN_SECRETS_FIRST, false},
    {"http-cut-3", make_cut, 3, CAPGEN_SECRETS_FIRST, false},
    {"http-reordered", make_reordered, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-doubled", make_reordered, 1, CAPGEN_SECRETS_FIRST, false},
    {"http-overlap", make_overlap, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-conflict", make_conflict, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-final-size", make_final_size, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-wrong-side", make_wrong_side, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-flow-stream", make_flow, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-flow-connection", make_flow, 1, CAPGEN_SECRETS_FIRST, false},
    {"http-flow-streams", make_flow, 2, CAPGEN_SECRETS_FIRST, false},
    {"http-far", make_far, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-large", make_large, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-huge", make_huge, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-bomb", make_bomb, 20000, CAPGEN_SECRETS_FIRST, false},
    {"http-hole-data", make_hole, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-hole-headers", make_hole, 1, CAPGEN_SECRETS_FIRST, false},
    {"http-hole-request", make_hole, 2, CAPGEN_SECRETS_FIRST, false},
    {"http-hole-end", make_hole, 3, CAPGEN_SECRETS_FIRST, false},
    {"http-hole-encoder", make_hole_encoder, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-unfinished", make_unfinished, 0, CAPGEN_SECRETS_FIRST, false},
    {"http-streams", make_many, 20000, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
