/* Packets and datagrams of capgen. */

#include <stdlib.h>

#include "crypto/retry.h"
#include "tests/support/capgen.h"

#define PACKET_TAG QUIC_AEAD_TAG_LEN
#define PACKET_HEADER_MAX 2048
#define PACKET_LENGTH_2 16000 /* longer ones need 4 octets of Length */

static void packet_check(int rv) {
  if (rv != 0) {
    fprintf(stderr, "capgen: %s\n", quic_err_text(rv));
    abort();
  }
}

static quic_bytes packet_cid(const capgen_cid *cid) {
  return quic_bytes_of(cid->data, cid->len);
}

static uint64_t *packet_space(capgen_end *end, quic_packet_type type,
                              uint32_t path_id) {
  return &end->next_pn[type == QUIC_PACKET_INITIAL     ? 0
                       : type == QUIC_PACKET_HANDSHAKE ? 1
                                                       : 2 + path_id];
}

/* packet_dcid: a client uses its own invention until it has heard from the
   server. */
static const capgen_cid *packet_dcid(const capgen_conn *c, capgen_side side) {
  if (side == CAPGEN_SERVER) {
    return &c->end[CAPGEN_CLIENT].cid;
  }
  if (c->server_known) {
    return &c->end[CAPGEN_SERVER].cid;
  }
  return c->retried ? &c->retry_scid : &c->odcid;
}

capgen_packet *capgen_begin(capgen_conn *c, capgen_side side,
                            quic_packet_type type) {
  capgen_packet *p = calloc(1, sizeof(*p));
  capgen_end *end = &c->end[side];
  quic_header *h;

  if (!p) {
    abort();
  }
  p->c = c;
  p->side = side;
  p->generation = type == QUIC_PACKET_1RTT ? end->generation : 0;
  p->loss_bits = c->opt.loss_bits && type == QUIC_PACKET_1RTT;
  p->first_mark = c->g->building->nmarks;
  p->reason = end->expect[type];
  h = &p->h;
  h->type = type;
  h->is_long = type != QUIC_PACKET_1RTT;
  h->version = c->version;
  h->version_info = quic_version_find(c->version);
  h->first = quic_header_first(type, h->version_info);
  if (type == QUIC_PACKET_1RTT && end->spin) {
    h->first |= QUIC_FIRST_SPIN;
  }
  h->dcid = packet_cid(packet_dcid(c, side));
  if (h->is_long) {
    h->scid = packet_cid(&end->cid);
  }
  if (type == QUIC_PACKET_INITIAL && side == CAPGEN_CLIENT) {
    h->token = c->token;
  }
  h->pn = *packet_space(end, type, 0);
  h->pn_len = 2;
  return p;
}

void capgen_note(capgen_packet *p, const char *name) {
  size_t len = strlen(p->notes);

  snprintf(p->notes + len, sizeof(p->notes) - len, "%s%s", len ? "," : "",
           name);
}

/* packet_reserve makes room for |n| more octets in the datagram. */
static quic_writer packet_reserve(capgen_datagram *dg, size_t n) {
  quic_writer wr;

  dg->data = capgen_grow(dg->data, &dg->cap, dg->len + n, 1);
  quic_writer_init(&wr, dg->data + dg->len, n);
  return wr;
}

static capgen_truth *packet_truth(capgen_datagram *dg) {
  capgen_truth *tp;

  dg->packets = capgen_grow(dg->packets, &dg->packets_cap, dg->npackets + 1,
                            sizeof(*dg->packets));
  tp = &dg->packets[dg->npackets++];
  memset(tp, 0, sizeof(*tp));
  tp->notes = "";
  tp->reason = "-";
  tp->start = dg->len;
  return tp;
}

/* packet_header_len measures the header with its packet number. */
static size_t packet_header_len(const capgen_packet *p) {
  uint8_t buf[PACKET_HEADER_MAX];
  quic_header h = p->h;
  quic_writer wr;

  if (h.length_width == 0) {
    h.length_width = p->len > PACKET_LENGTH_2 ? 4 : 2;
  }
  h.length = 1;
  quic_writer_init(&wr, buf, sizeof(buf));
  packet_check(quic_header_encode(&h, &wr));
  return quic_writer_len(&wr);
}

void capgen_pad(capgen_packet *p, size_t size) {
  size_t have =
      p->c->g->building->len + packet_header_len(p) + p->len + PACKET_TAG;

  if (have < size) {
    capgen_padding(p, size - have);
  }
}

static const quic_keys *packet_keys(const capgen_packet *p) {
  const capgen_conn *c = p->c;

  if (p->keys) {
    return p->keys;
  }
  switch (p->h.type) {
  case QUIC_PACKET_INITIAL:
    return &c->initial[p->side];
  case QUIC_PACKET_0RTT:
    return &c->early;
  case QUIC_PACKET_HANDSHAKE:
    return &c->handshake[p->side];
  default:
    return &c->app[p->side][p->generation];
  }
}

/* packet_notes adds what the first octet shows. */
static void packet_notes(capgen_packet *p) {
  uint8_t reserved =
      p->h.is_long ? QUIC_FIRST_RESERVED_LONG : QUIC_FIRST_RESERVED_SHORT;

  if (!(p->h.first & QUIC_FIRST_FIXED)) {
    capgen_note(p, "fixed_zero");
  }
  if ((p->h.first & reserved) && !p->loss_bits) {
    capgen_note(p, "reserved");
  }
}

static void packet_tell(const capgen_packet *p, capgen_datagram *dg,
                        size_t header_len, size_t len) {
  capgen_truth *tp = packet_truth(dg);

  tp->state = p->reason ? CAPGEN_CLOSED : CAPGEN_OPEN;
  tp->reason = p->reason ? p->reason : "-";
  tp->type = p->h.type;
  tp->is_long = p->h.is_long;
  tp->version = p->h.version;
  tp->dcid_len = (uint8_t)p->h.dcid.len;
  if (p->h.dcid.len) {
    memcpy(tp->dcid, p->h.dcid.data, p->h.dcid.len);
  }
  tp->pn = p->h.pn;
  tp->key_phase = (p->h.first & QUIC_FIRST_KEY_PHASE) != 0;
  tp->conn = p->c->number;
  tp->side = p->side;
  tp->generation = p->generation;
  tp->path_id = p->path_id;
  tp->pn_offset = header_len - p->h.pn_len;
  tp->payload = header_len;
  tp->len = len;
  tp->first_mark = p->first_mark;
  tp->nmarks = dg->nmarks - p->first_mark;
  /* The names live as long as the texts of frames do. */
  dg->text =
      capgen_grow(dg->text, &dg->text_cap, dg->text_len + sizeof(p->notes), 1);
  memcpy(dg->text + dg->text_len, p->notes, sizeof(p->notes));
  tp->notes = NULL;
  tp->notes_at = dg->text_len;
  dg->text_len += strlen(p->notes) + 1;
}

void capgen_end_packet(capgen_packet *p) {
  capgen_datagram *dg = p->c->g->building;
  const quic_keys *keys;
  uint64_t *space = packet_space(&p->c->end[p->side], p->h.type, p->path_id);
  size_t header_len;
  quic_writer wr;

  if (p->h.pn_len + p->len < 4) {
    capgen_padding(p, 4 - p->h.pn_len - p->len);
  }
  if (p->h.type == QUIC_PACKET_1RTT) {
    p->h.first = (uint8_t)((p->h.first & ~QUIC_FIRST_KEY_PHASE) |
                           (p->generation & 1 ? QUIC_FIRST_KEY_PHASE : 0));
  }
  keys = packet_keys(p);
  header_len = packet_header_len(p);
  wr = packet_reserve(dg, header_len + p->len + PACKET_TAG + 8);
  packet_check(quic_packet_seal(
      keys, keys->hp ? keys->hp : p->c->app[p->side][0].hp, &p->h,
      quic_bytes_of(p->payload, p->len), p->path_id, p->loss_bits, &wr));
  if (p->damaged) {
    wr.pos[-1] ^= 1;
  }
  packet_notes(p);
  packet_tell(p, dg, header_len, quic_writer_len(&wr));
  dg->len += quic_writer_len(&wr);
  if (p->h.pn >= *space) {
    *space = p->h.pn + 1;
  }
  free(p);
}

void capgen_raw(capgen *g, const void *data, size_t len,
                const capgen_truth *told) {
  capgen_datagram *dg = g->building;
  quic_writer wr = packet_reserve(dg, len);
  capgen_truth *tp = packet_truth(dg);

  if (told) {
    *tp = *told;
    tp->start = dg->len;
  } else {
    tp->state = CAPGEN_PADDING;
    if (dg->npackets > 1) {
      tp->conn = tp[-1].conn;
      tp->side = tp[-1].side;
    }
  }
  tp->len = len;
  tp->pn_offset = tp->payload = len;
  quic_writer_bytes(&wr, quic_bytes_of(data, len));
  dg->len += len;
}

capgen_datagram *capgen_take(capgen_conn *c, capgen_side side) {
  capgen *g = c->g;
  capgen_datagram *dg = g->building;

  dg->src = c->end[side].addr;
  dg->dst = c->end[!side].addr;
  dg->next = g->held;
  g->held = dg;
  g->building = calloc(1, sizeof(*g->building));
  if (!g->building) {
    abort();
  }
  return dg;
}

void capgen_flush(capgen_conn *c, capgen_side side) {
  capgen_datagram *dg = c->g->building;

  dg->src = c->end[side].addr;
  dg->dst = c->end[!side].addr;
  capgen_send(c->g, dg);
  capgen_datagram_clear(dg);
}

void capgen_lose(capgen *g) {
  capgen_datagram_clear(g->building);
}

/* Packets without protection. */

static void clear_send(capgen_conn *c, const quic_header *h, const char *notes,
                       quic_bytes packet) {
  capgen_truth tp = {.state = CAPGEN_CLEAR,
                     .reason = "-",
                     .notes = notes,
                     .type = h->type,
                     .is_long = true,
                     .version = h->version,
                     .conn = c->number,
                     .side = CAPGEN_SERVER};

  tp.dcid_len = (uint8_t)h->dcid.len;
  if (h->dcid.len) {
    memcpy(tp.dcid, h->dcid.data, h->dcid.len);
  }
  capgen_raw(c->g, packet.data, packet.len, &tp);
  capgen_flush(c, CAPGEN_SERVER);
}

void capgen_version_negotiation(capgen_conn *c, const uint32_t *versions,
                                size_t n) {
  uint8_t buf[512], list[256];
  quic_header h = {
      .type = QUIC_PACKET_VERSION_NEGOTIATION, .is_long = true, .first = 0xea};
  quic_writer wr;

  quic_writer_init(&wr, list, sizeof(list));
  for (size_t i = 0; i < n; i++) {
    quic_writer_u32(&wr, versions[i]);
  }
  h.versions = quic_bytes_of(list, quic_writer_len(&wr));
  h.dcid = packet_cid(&c->end[CAPGEN_CLIENT].cid);
  h.scid = packet_cid(&c->odcid);
  quic_writer_init(&wr, buf, sizeof(buf));
  packet_check(quic_header_encode(&h, &wr));
  clear_send(c, &h, "", quic_bytes_of(buf, quic_writer_len(&wr)));
}

void capgen_retry(capgen_conn *c, bool damaged) {
  static const char token[] = "an address validation token, 32.";
  const quic_version *v = quic_version_find(c->version);
  uint8_t buf[512], tag[QUIC_RETRY_TAG_LEN];
  capgen_cid scid = capgen_cid_new(c->g, c->opt.cid_len[CAPGEN_SERVER]);
  quic_header h = {.type = QUIC_PACKET_RETRY,
                   .is_long = true,
                   .version = c->version,
                   .version_info = v,
                   .first = quic_header_first(QUIC_PACKET_RETRY, v)};
  const char *notes = "";
  quic_writer wr;

  h.dcid = packet_cid(&c->end[CAPGEN_CLIENT].cid);
  h.scid = packet_cid(&scid);
  h.token = quic_bytes_of(token, sizeof(token) - 1);
  if (v->retry_odcid) {
    h.odcid = packet_cid(&c->odcid);
  }
  quic_writer_init(&wr, buf, sizeof(buf));
  packet_check(quic_header_encode(&h, &wr));
  if (v->retry_key) {
    packet_check(quic_retry_tag(quic_crypto_gnutls(), quic_mem_default(), v,
                                packet_cid(&c->odcid),
                                quic_bytes_of(buf, quic_writer_len(&wr)), tag));
    tag[0] ^= damaged ? 0x80 : 0;
    quic_writer_bytes(&wr, quic_bytes_of(tag, sizeof(tag)));
    notes = damaged ? "retry_bad" : "retry_ok";
  }
  clear_send(c, &h, notes, quic_bytes_of(buf, quic_writer_len(&wr)));
  if (!damaged) {
    c->retried = true;
    c->retry_scid = scid;
    c->token = quic_bytes_of(token, sizeof(token) - 1);
    capgen_conn_initial(c, c->version, &scid);
  }
}

void capgen_reset(capgen_conn *c, capgen_side side, size_t len) {
  uint8_t buf[1500];
  capgen_truth tp = {.state = CAPGEN_RESET,
                     .reason = "reset_token",
                     .notes = "",
                     .type = QUIC_PACKET_1RTT,
                     .conn = c->number,
                     .side = side};

  if (len < 21 || len > sizeof(buf)) {
    abort();
  }
  quic_rng_fill(&c->g->rng, buf, len);
  buf[0] = (uint8_t)((buf[0] & 0x3f) | QUIC_FIRST_FIXED);
  memcpy(buf + len - QUIC_RESET_TOKEN_LEN, c->end[side].reset_token,
         QUIC_RESET_TOKEN_LEN);
  capgen_raw(c->g, buf, len, &tp);
  capgen_flush(c, side);
}
