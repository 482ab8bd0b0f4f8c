/* HTTP/3 of capgen: streams and messages. */

#include "tests/support/capgen_http.h"

#include <stdlib.h>

#include "wire/varint.h"

#define HTTP_FIELDS_MAX 64

static void http_check(int rv) {
  if (rv != 0) {
    fprintf(stderr, "capgen: %s\n", quic_err_text(rv));
    abort();
  }
}

/* Octets. */

void capgen_buf_free(capgen_buf *b) {
  free(b->data);
  memset(b, 0, sizeof(*b));
}

/* buf_room makes room for |n| more octets. */
static uint8_t *buf_room(capgen_buf *b, size_t n) {
  b->data = capgen_grow(b->data, &b->cap, b->len + n + 1, 1);
  return b->data + b->len;
}

void capgen_buf_octets(capgen_buf *b, const void *data, size_t len) {
  uint8_t *to = buf_room(b, len);

  if (len) {
    memcpy(to, data, len);
  }
  b->len += len;
}

void capgen_buf_varint(capgen_buf *b, uint64_t v) {
  uint8_t octets[8];
  quic_writer wr;

  quic_writer_init(&wr, octets, sizeof(octets));
  quic_writer_varint(&wr, v);
  capgen_buf_octets(b, octets, quic_writer_len(&wr));
}

void capgen_buf_frame(capgen_buf *b, uint64_t type, const void *data,
                      size_t len) {
  capgen_buf_varint(b, type);
  capgen_buf_varint(b, len);
  capgen_buf_octets(b, data, len);
}

void capgen_buf_id(capgen_buf *b, uint64_t type, uint64_t id) {
  capgen_buf_varint(b, type);
  capgen_buf_varint(b, quic_varint_len(id));
  capgen_buf_varint(b, id);
}

void capgen_buf_text(capgen_buf *b, size_t len) {
  static const char line[] = "A page of text, nothing more than that; ";
  uint8_t *to = buf_room(b, len);

  for (size_t i = 0; i < len; i++) {
    to[i] = (uint8_t)line[i % (sizeof(line) - 1)];
  }
  b->len += len;
}

void capgen_buf_data(capgen_buf *b, size_t len) {
  capgen_buf_varint(b, QUIC_H3_DATA);
  capgen_buf_varint(b, len);
  capgen_buf_text(b, len);
}

/* QPACK.  Each side has a decoder, too, so that there is something to
   acknowledge. */

static void http_decoded(void *user, const qpack_section *section) {
  (void)user;
  (void)section;
}

static void http_qpack(capgen_http *h, int side) {
  const capgen_http_options *opt = &h->opt;
  qpack_encoder_settings es = {
      .max_table_capacity = opt->capacity,
      .max_blocked_streams = opt->blocked,
      .table_capacity = opt->own_capacity ? opt->own_capacity : opt->capacity,
      .plain = opt->plain};
  qpack_decoder_settings ds = {.max_table_capacity = opt->capacity,
                               .max_blocked_streams = opt->blocked,
                               .max_section_octets = 1 << 20,
                               .max_held_octets = 1 << 20};
  qpack_decoder_callbacks fns = {http_decoded, NULL};

  http_check(qpack_encoder_new(&h->encoder[side], quic_mem_default(), &es));
  http_check(
      qpack_decoder_new(&h->decoder[side], quic_mem_default(), &ds, &fns, h));
}

capgen_http *capgen_http_new(capgen_conn *c, const capgen_http_options *opt) {
  capgen_http *h = calloc(1, sizeof(*h));

  if (!h) {
    abort();
  }
  h->c = c;
  h->opt = opt ? *opt : (capgen_http_options){.capacity = 4096, .blocked = 16};
  h->piece = CAPGEN_HTTP_PIECE;
  h->type = QUIC_PACKET_1RTT;
  h->delay = 20 * QUIC_MILLISECOND;
  http_qpack(h, CAPGEN_CLIENT);
  http_qpack(h, CAPGEN_SERVER);
  return h;
}

void capgen_http_del(capgen_http *h) {
  for (int side = 0; side < CAPGEN_SIDES; side++) {
    qpack_encoder_del(h->encoder[side]);
    qpack_decoder_del(h->decoder[side]);
  }
  free(h->streams);
  free(h);
}

quic_bytes capgen_http_section(capgen_http *h, capgen_side side, uint64_t id,
                               const char *const *fields) {
  qpack_field list[HTTP_FIELDS_MAX];
  quic_bytes section;
  size_t n = 0;

  memset(list, 0, sizeof(list));
  for (; fields[2 * n]; n++) {
    const char *name = fields[2 * n], *value = fields[2 * n + 1];

    if (n == HTTP_FIELDS_MAX) {
      abort();
    }
    list[n].name = quic_bytes_of(name, strlen(name));
    list[n].value = quic_bytes_of(value, strlen(value));
  }
  http_check(qpack_encoder_section(h->encoder[side], id, list, n, &section));
  return section;
}

void capgen_http_headers(capgen_http *h, capgen_side side, uint64_t id,
                         capgen_buf *b, const char *const *fields) {
  quic_bytes section = capgen_http_section(h, side, id, fields);
  qpack_decoder *dec = h->decoder[!side];
  int rv;

  capgen_buf_frame(b, QUIC_H3_HEADERS, section.data, section.len);
  rv = qpack_decoder_section(dec, id, section, NULL);
  if (rv != 0 && rv != QUIC_ERR_AGAIN) {
    http_check(rv);
  }
}

/* Streams. */

capgen_http_stream *capgen_http_stream_of(capgen_http *h, uint64_t id) {
  capgen_http_stream *st;

  for (size_t i = h->nstreams; i > 0; i--) {
    if (h->streams[i - 1].id == id) {
      return &h->streams[i - 1];
    }
  }
  h->streams = capgen_grow(h->streams, &h->streams_cap, h->nstreams + 1,
                           sizeof(*h->streams));
  st = &h->streams[h->nstreams++];
  memset(st, 0, sizeof(*st));
  st->id = id;
  return st;
}

static capgen_packet *http_begin(capgen_http *h, capgen_side side) {
  return capgen_begin(h->c, side,
                      side == CAPGEN_CLIENT ? h->type : QUIC_PACKET_1RTT);
}

static void http_end(capgen_http *h, capgen_side side, capgen_packet *p) {
  capgen_end_packet(p);
  if (h->silent) {
    capgen_lose(h->c->g);
  } else {
    capgen_flush(h->c, side);
  }
}

/* http_stream appends the next octets of a stream. */
static void http_stream(capgen_http *h, capgen_packet *p, capgen_side side,
                        uint64_t id, const void *data, size_t len, bool fin) {
  capgen_http_stream *st = capgen_http_stream_of(h, id);

  capgen_stream(p, id, st->sent[side], data, len, fin);
  st->sent[side] += len;
}

/* http_encoder appends what waits for the encoder stream; the peer gets it. */
static void http_encoder(capgen_http *h, capgen_packet *p, capgen_side side) {
  uint8_t octets[900];
  size_t n;

  if (h->hold || qpack_encoder_pending(h->encoder[side]) == 0) {
    return;
  }
  n = qpack_encoder_output(h->encoder[side], octets, sizeof(octets));
  http_stream(h, p, side, CAPGEN_ENCODER(side), octets, n, false);
  http_check(qpack_decoder_encoder_stream(h->decoder[!side],
                                          quic_bytes_of(octets, n)));
}

/* http_decoder appends acknowledgments of QPACK. */
static void http_decoder(capgen_http *h, capgen_packet *p, capgen_side side) {
  uint8_t octets[900];
  size_t n = qpack_decoder_output(h->decoder[side], octets, sizeof(octets));

  if (n) {
    http_stream(h, p, side, CAPGEN_DECODER(side), octets, n, false);
    http_check(qpack_encoder_decoder_stream(h->encoder[!side],
                                            quic_bytes_of(octets, n)));
  }
}

void capgen_http_send(capgen_http *h, capgen_side side, uint64_t id,
                      capgen_buf *b, bool fin) {
  size_t at = 0;

  do {
    size_t n = b->len - at < h->piece ? b->len - at : h->piece;
    size_t room =
        (h->piece > CAPGEN_HTTP_PIECE ? h->piece : CAPGEN_HTTP_PIECE) + 64;
    capgen_packet *p = http_begin(h, side);

    http_encoder(h, p, side);
    if (p->len + n > room && p->len) {
      n = room - p->len;
    }
    http_stream(h, p, side, id, b->data ? b->data + at : NULL, n,
                fin && at + n == b->len);
    http_end(h, side, p);
    at += n;
  } while (at < b->len);
  b->len = 0;
}

void capgen_http_send_at(capgen_http *h, capgen_side side, uint64_t id,
                         uint64_t offset, const void *data, size_t len,
                         bool fin) {
  capgen_packet *p = http_begin(h, side);

  capgen_stream(p, id, offset, data, len, fin);
  http_end(h, side, p);
}

void capgen_http_frame(capgen_http *h, capgen_side side, const quic_frame *f) {
  capgen_packet *p = http_begin(h, side);

  capgen_frame(p, f);
  http_end(h, side, p);
}

void capgen_http_reset(capgen_http *h, capgen_side side, uint64_t id,
                       uint64_t code) {
  quic_frame f = {.type = QUIC_FRAME_RESET_STREAM};

  f.u.reset_stream.stream_id = id;
  f.u.reset_stream.error_code = code;
  f.u.reset_stream.final_size = capgen_http_stream_of(h, id)->sent[side];
  capgen_http_frame(h, side, &f);
}

void capgen_http_stop(capgen_http *h, capgen_side side, uint64_t id,
                      uint64_t code) {
  quic_frame f = {.type = QUIC_FRAME_STOP_SENDING};

  f.u.stop_sending.stream_id = id;
  f.u.stop_sending.error_code = code;
  capgen_http_frame(h, side, &f);
}

void capgen_http_datagram(capgen_http *h, capgen_side side, uint64_t id,
                          const void *data, size_t len) {
  quic_frame f = {.type = QUIC_FRAME_DATAGRAM + 1};
  capgen_buf b = {NULL, 0, 0};

  capgen_buf_varint(&b, id / 4);
  capgen_buf_octets(&b, data, len);
  f.u.datagram.data = quic_bytes_of(b.data, b.len);
  capgen_http_frame(h, side, &f);
  capgen_buf_free(&b);
}

void capgen_http_ack(capgen_http *h, capgen_side side) {
  uint64_t next = h->c->end[!side].next_pn[2];
  uint64_t from = h->acked[side];
  capgen_packet *p = http_begin(h, side);

  if (next > from) {
    capgen_ack(p, next - 1, next - 1 - from);
    h->acked[side] = next;
  }
  http_decoder(h, p, side);
  http_end(h, side, p);
}

void capgen_http_ack_but(capgen_http *h, capgen_side side, uint64_t pn) {
  uint64_t next = h->c->end[!side].next_pn[2];
  uint8_t range[16];
  quic_frame f = {.type = QUIC_FRAME_ACK};
  quic_writer wr;

  if (pn + 2 > next || pn == 0) {
    abort();
  }
  quic_writer_init(&wr, range, sizeof(range));
  quic_writer_varint(&wr, 0);
  quic_writer_varint(&wr, pn - 1);
  f.u.ack.largest = next - 1;
  f.u.ack.delay = 25;
  f.u.ack.first_range = next - 1 - (pn + 1);
  f.u.ack.range_count = 1;
  f.u.ack.ranges = quic_bytes_of(range, quic_writer_len(&wr));
  capgen_http_frame(h, side, &f);
  h->acked[side] = next;
}

void capgen_http_wait(capgen_http *h) {
  h->c->g->now += h->delay;
}

void capgen_http_close(capgen_http *h, capgen_side side, uint64_t code,
                       const char *reason) {
  capgen_packet *p = http_begin(h, side);

  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE_APP, code, reason);
  http_end(h, side, p);
}

void capgen_http_note(const capgen_http *h, const char *note) {
  FILE *out = h->c->g->files.notes;

  if (out) {
    fprintf(out, "%d %s\n", h->c->number, note);
  }
}

/* The beginning. */

void capgen_http_settings(capgen_http *h, capgen_side side, capgen_buf *b) {
  const capgen_setting *more = h->opt.more[side];
  capgen_buf list = {NULL, 0, 0};

  if (h->opt.capacity) {
    capgen_buf_varint(&list, QUIC_H3_SETTING_QPACK_MAX_TABLE_CAPACITY);
    capgen_buf_varint(&list, h->opt.capacity);
    capgen_buf_varint(&list, QUIC_H3_SETTING_QPACK_BLOCKED_STREAMS);
    capgen_buf_varint(&list, h->opt.blocked);
  }
  for (; more && more->id != UINT64_MAX; more++) {
    capgen_buf_varint(&list, more->id);
    capgen_buf_varint(&list, more->value);
  }
  capgen_buf_frame(b, QUIC_H3_SETTINGS, list.data, list.len);
  capgen_buf_free(&list);
}

void capgen_http_open_side(capgen_http *h, capgen_side side) {
  static const uint8_t types[] = {QUIC_H3_STREAM_CONTROL,
                                  QUIC_H3_STREAM_QPACK_ENCODER,
                                  QUIC_H3_STREAM_QPACK_DECODER};
  capgen_buf b = {NULL, 0, 0};
  capgen_packet *p = http_begin(h, side);

  capgen_buf_octets(&b, types, 1);
  capgen_http_settings(h, side, &b);
  http_stream(h, p, side, CAPGEN_CONTROL(side), b.data, b.len, false);
  if (h->opt.capacity) {
    http_stream(h, p, side, CAPGEN_ENCODER(side), types + 1, 1, false);
    http_stream(h, p, side, CAPGEN_DECODER(side), types + 2, 1, false);
  }
  http_end(h, side, p);
  capgen_buf_free(&b);
}

void capgen_http_open(capgen_http *h) {
  capgen_http_open_side(h, CAPGEN_SERVER);
  capgen_http_open_side(h, CAPGEN_CLIENT);
}

void capgen_http_handshake(capgen_http *h) {
  capgen_conn *c = h->c;

  capgen_hello(c);
  capgen_http_wait(h);
  capgen_server_flight(c);
  capgen_client_finish(c);
  capgen_http_wait(h);
  capgen_server_done(c);
}

capgen_http *capgen_http_conn(capgen *g, const capgen_options *opt,
                              const capgen_http_options *http) {
  capgen_options own = opt ? *opt : capgen_defaults();
  capgen_http *h;

  own.alpn = "h3";
  if (!opt) {
    g->step = 137 * QUIC_MICROSECOND;
  }
  h = capgen_http_new(capgen_conn_new(g, &own), http);
  capgen_http_handshake(h);
  return h;
}

/* Messages. */

void capgen_http_truth(const capgen_http *h, uint64_t id, const char *method,
                       int status, uint64_t sent, uint64_t received,
                       const char *url) {
  FILE *out = h->c->g->files.requests;
  char code[16] = "-";

  if (status) {
    snprintf(code, sizeof(code), "%d", status);
  }
  if (out) {
    fprintf(out, "%d %llu %s %s %llu %llu %s\n", h->c->number,
            (unsigned long long)id, method, code, (unsigned long long)sent,
            (unsigned long long)received, url);
  }
}

typedef struct http_fields {
  const char *list[2 * HTTP_FIELDS_MAX + 1];
  size_t n;
} http_fields;

static void http_add(http_fields *f, const char *name, const char *value) {
  if (value && f->n < 2 * HTTP_FIELDS_MAX) {
    f->list[f->n++] = name;
    f->list[f->n++] = value;
  }
}

static const char *http_digits(char out[24], size_t v) {
  snprintf(out, 24, "%zu", v);
  return out;
}

static const char *http_method(const capgen_request *rq) {
  return rq->method ? rq->method : "GET";
}

void capgen_http_ask(capgen_http *h, uint64_t id, const capgen_request *rq) {
  http_fields f = {{NULL}, 0};
  capgen_buf b = {NULL, 0, 0};
  char digits[24];

  http_add(&f, ":method", http_method(rq));
  http_add(&f, ":scheme", "https");
  http_add(&f, ":authority", h->c->opt.sni);
  http_add(&f, ":path", rq->path);
  http_add(&f, "user-agent", "capgen/1.0 (captures for tests)");
  if (rq->sent) {
    http_add(&f, "content-length", http_digits(digits, rq->sent));
  }
  for (const char *const *m = rq->more; m && *m; m += 2) {
    http_add(&f, m[0], m[1]);
  }
  capgen_http_headers(h, CAPGEN_CLIENT, id, &b, f.list);
  if (rq->sent) {
    capgen_buf_data(&b, rq->sent);
  }
  capgen_http_send(h, CAPGEN_CLIENT, id, &b, true);
  capgen_buf_free(&b);
}

void capgen_http_answer(capgen_http *h, uint64_t id, const capgen_request *rq) {
  http_fields f = {{NULL}, 0};
  capgen_buf b = {NULL, 0, 0};
  char status[24], digits[24];
  bool head = strcmp(http_method(rq), "HEAD") == 0;

  http_add(&f, ":status",
           http_digits(status, rq->status ? (size_t)rq->status : 200));
  http_add(&f, "content-type", rq->type ? rq->type : "text/html");
  if (!rq->no_length) {
    http_add(&f, "content-length", http_digits(digits, rq->received));
  }
  http_add(&f, "server", "capgen");
  capgen_http_headers(h, CAPGEN_SERVER, id, &b, f.list);
  if (rq->received && !head) {
    capgen_buf_data(&b, rq->received);
  }
  capgen_http_send(h, CAPGEN_SERVER, id, &b, true);
  capgen_buf_free(&b);
}

void capgen_http_told(const capgen_http *h, uint64_t id,
                      const capgen_request *rq) {
  char url[512];
  bool head = strcmp(http_method(rq), "HEAD") == 0;

  snprintf(url, sizeof(url), "https://%s%s", h->c->opt.sni, rq->path);
  capgen_http_truth(h, id, http_method(rq), rq->status ? rq->status : 200,
                    rq->sent, head ? 0 : rq->received, url);
}

void capgen_http_request(capgen_http *h, uint64_t id,
                         const capgen_request *rq) {
  capgen_http_ask(h, id, rq);
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_SERVER);
  capgen_http_answer(h, id, rq);
  capgen_http_wait(h);
  capgen_http_ack(h, CAPGEN_CLIENT);
  if (!h->silent) {
    capgen_http_told(h, id, rq);
  }
}

void capgen_http_get(capgen_http *h, uint64_t id, const char *path,
                     size_t len) {
  capgen_request rq = {.path = path, .received = len};

  capgen_http_request(h, id, &rq);
}

/* Requests in packets of up to so many. */
#define HTTP_PACKED 24

/* http_pack sends the messages of |n| streams from |id| on in one packet. */
static void http_pack(capgen_http *h, capgen_side side, uint64_t id, unsigned n,
                      const char *const *fields, size_t body) {
  capgen_packet *p;
  capgen_buf b[HTTP_PACKED] = {{NULL, 0, 0}};

  for (unsigned i = 0; i < n; i++) {
    capgen_http_headers(h, side, id + 4 * (uint64_t)i, &b[i], fields);
    if (body) {
      capgen_buf_data(&b[i], body);
    }
  }
  p = http_begin(h, side);
  http_encoder(h, p, side);
  for (unsigned i = 0; i < n; i++) {
    capgen_stream(p, id + 4 * (uint64_t)i, 0, b[i].data, b[i].len, true);
    capgen_buf_free(&b[i]);
  }
  http_end(h, side, p);
}

void capgen_http_many(capgen *g, const capgen_options *opt, unsigned n) {
  static const char *const get[] = {":method", "GET",        ":scheme",
                                    "https",   ":authority", "www.example.org",
                                    ":path",   "/many",      NULL};
  static const char *const ok[] = {":status", "200", NULL};
  capgen_http *h = capgen_http_conn(g, opt, NULL);

  h->delay = QUIC_MILLISECOND;
  capgen_http_open(h);
  for (unsigned i = 0; i < n; i += HTTP_PACKED) {
    unsigned part = n - i < HTTP_PACKED ? n - i : HTTP_PACKED;
    uint64_t id = 4 * (uint64_t)i;

    http_pack(h, CAPGEN_CLIENT, id, part, get, 0);
    capgen_http_wait(h);
    capgen_http_ack(h, CAPGEN_SERVER);
    http_pack(h, CAPGEN_SERVER, id, part, ok, 12);
    capgen_http_wait(h);
    capgen_http_ack(h, CAPGEN_CLIENT);
    for (unsigned j = 0; j < part; j++) {
      capgen_http_truth(h, id + 4 * (uint64_t)j, "GET", 200, 0, 12,
                        "https://www.example.org/many");
    }
  }
  capgen_http_close(h, CAPGEN_CLIENT, 0x100, "");
  capgen_http_del(h);
}
