/* Whole exchanges of capgen: handshakes, requests. */

#include <stdlib.h>

#include "tests/support/capgen.h"
#include "tests/support/capgen_tls.h"
#include "wire/varint.h"

#define FLOW_DATAGRAM 1200
#define FLOW_PIECE 1200 /* octets of an answer in one packet */

/* Transport parameters. */

typedef struct parameters {
  quic_tparams list;
  uint8_t octets[512]; /* values */
  quic_writer values;
} parameters;

static void parameters_add(parameters *pa, uint64_t id, quic_bytes value) {
  quic_tparam *tp = &pa->list.items[pa->list.len++];

  tp->id = id;
  tp->value = value;
}

static void parameters_number(parameters *pa, uint64_t id, uint64_t value) {
  uint8_t *start = pa->values.pos;

  quic_writer_varint(&pa->values, value);
  parameters_add(pa, id,
                 quic_bytes_of(start, (size_t)(pa->values.pos - start)));
}

static void parameters_cid(parameters *pa, uint64_t id, const capgen_cid *cid) {
  parameters_add(pa, id, quic_bytes_of(cid->data, cid->len));
}

static void parameters_preferred(parameters *pa, capgen_conn *c) {
  static const uint8_t ipv4[] = {192, 0, 2, 99, 0x11, 0x51};
  uint8_t *start = pa->values.pos;

  quic_writer_bytes(&pa->values, quic_bytes_of(ipv4, sizeof(ipv4)));
  quic_writer_fill(&pa->values, 0, 18);
  quic_writer_u8(&pa->values, c->preferred.len);
  quic_writer_bytes(&pa->values,
                    quic_bytes_of(c->preferred.data, c->preferred.len));
  quic_writer_fill(&pa->values, 0x77, QUIC_RESET_TOKEN_LEN);
  parameters_add(pa, QUIC_TPARAM_PREFERRED_ADDRESS,
                 quic_bytes_of(start, (size_t)(pa->values.pos - start)));
}

static void parameters_server(parameters *pa, capgen_conn *c) {
  const capgen_end *end = &c->end[CAPGEN_SERVER];

  parameters_cid(pa, QUIC_TPARAM_ORIGINAL_DCID, &c->odcid);
  parameters_add(pa, QUIC_TPARAM_STATELESS_RESET_TOKEN,
                 quic_bytes_of(end->reset_token, QUIC_RESET_TOKEN_LEN));
  if (c->retried) {
    parameters_cid(pa, QUIC_TPARAM_RETRY_SCID, &c->retry_scid);
  }
  if (c->opt.preferred) {
    parameters_preferred(pa, c);
  }
}

/* flow_tparams encodes the parameters of |side| into |out|. */
static void flow_tparams(capgen_conn *c, capgen_side side, quic_writer *out) {
  parameters pa = {.list = {.len = 0}};
  const capgen_options *opt = &c->opt;

  quic_writer_init(&pa.values, pa.octets, sizeof(pa.octets));
  parameters_number(&pa, QUIC_TPARAM_MAX_IDLE_TIMEOUT, 30000);
  parameters_number(&pa, QUIC_TPARAM_INITIAL_MAX_DATA, opt->max_data);
  parameters_number(&pa, QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL,
                    opt->max_stream_data);
  parameters_number(&pa, QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_REMOTE,
                    opt->max_stream_data);
  parameters_number(&pa, QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_UNI,
                    opt->max_stream_data);
  parameters_number(&pa, QUIC_TPARAM_INITIAL_MAX_STREAMS_BIDI,
                    opt->max_streams);
  parameters_number(&pa, QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI, 100);
  parameters_number(&pa, QUIC_TPARAM_ACTIVE_CONNECTION_ID_LIMIT, 4);
  parameters_cid(&pa, QUIC_TPARAM_INITIAL_SCID, &c->end[side].cid);
  if (side == CAPGEN_SERVER) {
    parameters_server(&pa, c);
  }
  if (opt->loss_bits) {
    parameters_number(&pa, QUIC_TPARAM_LOSS_BITS, 1);
  }
  if (opt->multipath) {
    parameters_number(&pa, QUIC_TPARAM_INITIAL_MAX_PATH_ID, 4);
  }
  for (size_t i = 0; i < opt->ntparams[side]; i++) {
    parameters_add(&pa, opt->tparams[side][i].id, opt->tparams[side][i].value);
  }
  if (pa.values.failed ||
      quic_tparams_encode(&pa.list, out, quic_version_find(c->version)) != 0) {
    abort();
  }
}

/* TLS flights. */

static void flow_spec(capgen_conn *c, capgen_side side, capgen_hello_spec *spec,
                      quic_writer *tparams) {
  memset(spec, 0, sizeof(*spec));
  flow_tparams(c, side, tparams);
  spec->random = quic_bytes_of(c->random, sizeof(c->random));
  spec->sni = c->opt.sni;
  spec->sni_raw = c->opt.sni_raw;
  spec->alpn = c->opt.alpn;
  spec->tparams = quic_bytes_of(tparams->base, quic_writer_len(tparams));
  spec->tparam_extension = quic_version_find(c->version)->tparam_extension;
  spec->early = c->opt.early;
  spec->pad = c->opt.hello_pad;
}

static quic_writer flight_begin(capgen_end *end, quic_packet_type type) {
  quic_writer wr;

  quic_writer_init(&wr, end->flight[type], sizeof(end->flight[type]));
  return wr;
}

static void flight_end(capgen_end *end, quic_packet_type type,
                       const quic_writer *wr) {
  if (wr->failed) {
    abort();
  }
  end->flight_len[type] = quic_writer_len(wr);
}

void capgen_flight_hello(capgen_conn *c) {
  static const uint16_t suites[] = {0x1301, 0x1302, 0x1303, 0x1304, 0};
  capgen_end *end = &c->end[CAPGEN_CLIENT];
  uint8_t octets[1024];
  capgen_hello_spec spec;
  quic_writer tparams, wr = flight_begin(end, QUIC_PACKET_INITIAL);

  if (end->flight_len[QUIC_PACKET_INITIAL]) {
    return; /* sent again, it is the same (RFC 9000 §17.2.5.3) */
  }
  quic_writer_init(&tparams, octets, sizeof(octets));
  flow_spec(c, CAPGEN_CLIENT, &spec, &tparams);
  spec.suites = suites;
  capgen_tls_client_hello(&wr, &c->g->rng, &spec);
  flight_end(end, QUIC_PACKET_INITIAL, &wr);
}

void capgen_flight_server(capgen_conn *c) {
  const uint16_t suites[] = {c->suite->id, 0};
  capgen_end *end = &c->end[CAPGEN_SERVER];
  quic_rng *rng = &c->g->rng;
  uint8_t octets[1024];
  capgen_hello_spec spec;
  quic_writer tparams, wr = flight_begin(end, QUIC_PACKET_INITIAL);

  quic_writer_init(&tparams, octets, sizeof(octets));
  flow_spec(c, CAPGEN_SERVER, &spec, &tparams);
  spec.suites = suites;
  capgen_tls_server_hello(&wr, rng, &spec);
  flight_end(end, QUIC_PACKET_INITIAL, &wr);
  wr = flight_begin(end, QUIC_PACKET_HANDSHAKE);
  capgen_tls_encrypted_extensions(&wr, &spec);
  capgen_tls_certificate(&wr);
  capgen_tls_certificate_verify(&wr, rng);
  capgen_tls_finished(&wr, rng, c->suite->secret_len);
  flight_end(end, QUIC_PACKET_HANDSHAKE, &wr);
  wr = flight_begin(end, QUIC_PACKET_1RTT);
  capgen_tls_ticket(&wr, rng);
  flight_end(end, QUIC_PACKET_1RTT, &wr);
  end = &c->end[CAPGEN_CLIENT];
  wr = flight_begin(end, QUIC_PACKET_HANDSHAKE);
  capgen_tls_finished(&wr, rng, c->suite->secret_len);
  flight_end(end, QUIC_PACKET_HANDSHAKE, &wr);
}

/* flow_crypto appends the whole flight of the packet's type. */
static void flow_crypto(capgen_packet *p) {
  const capgen_end *end = &p->c->end[p->side];

  capgen_crypto(p, 0, end->flight[p->h.type], end->flight_len[p->h.type]);
}

/* flow_ack acknowledges all that the peer sent in the packet's space. */
static void flow_ack(capgen_packet *p) {
  size_t space = p->h.type == QUIC_PACKET_INITIAL     ? 0
                 : p->h.type == QUIC_PACKET_HANDSHAKE ? 1
                                                      : 2;
  uint64_t next = p->c->end[!p->side].next_pn[space];

  if (next) {
    capgen_ack(p, next - 1, next - 1);
  }
}

/* Datagrams of the handshake. */

static void flow_out(capgen_conn *c, capgen_side side, unsigned number) {
  if (c->lost & 1u << number) {
    capgen_lose(c->g);
  } else {
    capgen_flush(c, side);
  }
}

void capgen_hello(capgen_conn *c) {
  capgen_packet *p;

  capgen_flight_hello(c);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_INITIAL);
  flow_crypto(p);
  capgen_pad(p, FLOW_DATAGRAM);
  capgen_end_packet(p);
  flow_out(c, CAPGEN_CLIENT, 0);
}

void capgen_server_flight(capgen_conn *c) {
  capgen_packet *p;

  capgen_flight_server(c);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_INITIAL);
  flow_ack(p);
  flow_crypto(p);
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);
  flow_crypto(p);
  capgen_pad(p, FLOW_DATAGRAM);
  capgen_end_packet(p);
  flow_out(c, CAPGEN_SERVER, 1);
  c->server_known = true;
}

void capgen_client_finish(capgen_conn *c) {
  capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_INITIAL);

  flow_ack(p);
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_HANDSHAKE);
  flow_ack(p);
  flow_crypto(p);
  capgen_pad(p, FLOW_DATAGRAM);
  capgen_end_packet(p);
  flow_out(c, CAPGEN_CLIENT, 2);
}

void capgen_server_done(capgen_conn *c) {
  const quic_version *v = quic_version_find(c->version);
  quic_frame token = {.type = QUIC_FRAME_NEW_TOKEN};
  capgen_packet *p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_HANDSHAKE);

  flow_ack(p);
  capgen_end_packet(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  if (!v->retry_odcid) {
    capgen_simple(p, QUIC_FRAME_HANDSHAKE_DONE); /* since draft-25 */
  }
  flow_crypto(p);
  token.u.new_token.token = quic_bytes_of("a token for next time", 21);
  capgen_frame(p, &token);
  capgen_end_packet(p);
  flow_out(c, CAPGEN_SERVER, 3);
}

void capgen_handshake(capgen_conn *c) {
  capgen_hello(c);
  capgen_server_flight(c);
  capgen_client_finish(c);
  capgen_server_done(c);
}

/* Data. */

/* flow_body is what every stream carries: text whose place can be told. */
static void flow_body(uint8_t *out, uint64_t offset, size_t len) {
  for (size_t i = 0; i < len; i++) {
    uint64_t at = offset + i;

    out[i] = at % 64 == 63 ? '\n' : (uint8_t)('a' + at / 64 % 26);
  }
}

void capgen_data(capgen_conn *c, capgen_side side, uint64_t id, uint64_t offset,
                 size_t len, bool fin) {
  uint8_t body[CAPGEN_PAYLOAD];
  capgen_packet *p = capgen_begin(c, side, QUIC_PACKET_1RTT);

  flow_body(body, offset, len);
  capgen_stream(p, id, offset, body, len, fin);
  capgen_end_packet(p);
  capgen_flush(c, side);
}

static void flow_acknowledge(capgen_conn *c) {
  capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);

  flow_ack(p);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
}

void capgen_exchange(capgen_conn *c, uint64_t id, size_t len) {
  static const char request[] = "GET /file\r\n";
  capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  unsigned n = 0;

  capgen_stream(p, id, 0, request, sizeof(request) - 1, true);
  capgen_end_packet(p);
  capgen_flush(c, CAPGEN_CLIENT);
  for (size_t at = 0; at < len || n == 0;) {
    size_t piece = len - at < FLOW_PIECE ? len - at : FLOW_PIECE;

    capgen_data(c, CAPGEN_SERVER, id, at, piece, at + piece == len);
    at += piece;
    n++;
    if (n % 2 == 0 || at == len) {
      flow_acknowledge(c);
    }
  }
}

void capgen_update(capgen_conn *c, capgen_side side) {
  if (++c->end[side].generation == CAPGEN_GENERATIONS) {
    abort();
  }
}
