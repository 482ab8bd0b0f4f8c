#include "pcap/diff.h"

#include "analysis/side.h"
#include "base/text.h"
#include "pcap/diff_data.h"

#define DIFF_HASHED 64   /* octets at the end of a packet: tag and more */
#define DIFF_TYPE_MAX 63 /* bit of a frame type without a bit of its own */
#define DIFF_ADDR_NONE 255

int qd_diff_new(qd_diff **out, const quic_mem *mem, const uint64_t seed[2]) {
  qd_diff *d = quic_mem_zalloc(mem, sizeof(*d));

  *out = d;
  if (!d) {
    return QUIC_ERR_NOMEM;
  }
  d->mem = mem;
  memcpy(d->seed, seed, sizeof(d->seed));
  qd_frames_init(&d->frames, mem);
  for (int i = 0; i < QD_DIFF_BOTH; i++) {
    quic_map_init(&d->numbers[i], mem, seed);
    d->records[i].first = QUIC_TIME_NEVER;
    d->records[i].last = QUIC_TIME_NEVER;
  }
  return 0;
}

void qd_diff_del(qd_diff *d) {
  if (!d) {
    return;
  }
  for (int i = 0; i < QD_DIFF_BOTH; i++) {
    quic_map_free(&d->numbers[i]);
    quic_mem_free(d->mem, d->records[i].conns);
    quic_mem_free(d->mem, d->records[i].packets);
  }
  qd_frames_free(&d->frames);
  quic_mem_free(d->mem, d->scratch);
  quic_mem_free(d->mem, d);
}

qd_diff_record *qd_diff_record_of(qd_diff *d, qd_diff_which which) {
  return &d->records[which];
}

/* Connections. */

/* conn_take returns connection |number|, made if it is new; NULL when there is
   no room.  The map holds index + 1 as a pointer. */
static qd_diff_conn *conn_take(qd_diff *d, qd_diff_which which,
                               uint32_t number) {
  qd_diff_record *r = &d->records[which];
  quic_bytes key = quic_bytes_of(&number, sizeof(number));
  uintptr_t at = (uintptr_t)quic_map_get(&d->numbers[which], key);
  void *items = r->conns;

  if (at) {
    return &r->conns[at - 1];
  }
  if (r->nconns == QD_DIFF_CONNS_MAX ||
      quic_mem_grow(d->mem, &items, &r->conns_cap, r->nconns + 1,
                    sizeof(*r->conns)) != 0) {
    return NULL;
  }
  r->conns = items;
  if (quic_map_put(&d->numbers[which], key, (void *)(r->nconns + 1)) != 0) {
    return NULL;
  }
  memset(&r->conns[r->nconns], 0, sizeof(*r->conns));
  r->conns[r->nconns].number = number;
  r->conns[r->nconns].match = QD_DIFF_NONE;
  r->conns[r->nconns].end = -1;
  return &r->conns[r->nconns++];
}

static void conn_cid(qd_diff_cids *cids, quic_bytes cid) {
  for (uint8_t i = 0; i < cids->n; i++) {
    if (quic_bytes_eq(cid, quic_bytes_of(cids->data[i], cids->len[i]))) {
      return;
    }
  }
  if (cids->n < QD_DIFF_CIDS_MAX && cid.len && cid.len <= QUIC_CID_MAX) {
    memcpy(cids->data[cids->n], cid.data, cid.len);
    cids->len[cids->n++] = (uint8_t)cid.len;
  }
}

static void conn_odcid(qd_diff_conn *c, quic_bytes odcid) {
  if (!c->odcid_len && odcid.len && odcid.len <= QUIC_CID_MAX) {
    c->odcid_len = (uint8_t)odcid.len;
    memcpy(c->odcid, odcid.data, odcid.len);
  }
}

static uint8_t conn_addr(qd_diff_conn *c, const quic_addr *client,
                         const quic_addr *server) {
  for (uint8_t i = 0; i < c->naddrs; i++) {
    if (quic_addr_eq(&c->addrs[i][QD_CLIENT], client) &&
        quic_addr_eq(&c->addrs[i][QD_SERVER], server)) {
      return i;
    }
  }
  if (c->naddrs == QD_DIFF_ADDRS_MAX) {
    return DIFF_ADDR_NONE;
  }
  c->addrs[c->naddrs][QD_CLIENT] = *client;
  c->addrs[c->naddrs][QD_SERVER] = *server;
  return c->naddrs++;
}

/* conn_learn copies what the capture knows of |conn| by now. */
static void conn_learn(qd_diff_conn *c, const qd_conn *conn) {
  const qd_facts *facts = &conn->facts;

  if (facts->has_random && !c->has_random) {
    c->has_random = true;
    memcpy(c->random, facts->random, sizeof(c->random));
  }
  if (conn->has_odcid) {
    conn_odcid(c, quic_bytes_of(conn->odcid, conn->odcid_len));
  }
  if (facts->sni[0] && !c->sni[0]) {
    quic_text t;

    quic_text_init(&t, c->sni, sizeof(c->sni));
    quic_text_untrusted(&t, quic_bytes_of(facts->sni, strlen(facts->sni)),
                        sizeof(c->sni) / 4);
    (void)quic_text_cstr(&t);
  }
  for (int side = 0; side < QD_SIDES; side++) {
    const qd_endpoint *end = &conn->sides[side];

    for (uint8_t i = c->cids[side].n;
         i < end->ncids && c->cids[side].n < QD_DIFF_CIDS_MAX; i++) {
      conn_cid(&c->cids[side],
               quic_bytes_of(end->cids[i].data, end->cids[i].len));
    }
  }
}

/* Packets. */

static qd_diff_packet *packet_new(qd_diff *d, qd_diff_which which,
                                  const qd_diff_conn *c, quic_time time) {
  qd_diff_record *r = &d->records[which];
  void *items = r->packets;
  qd_diff_packet *p;

  if (r->npackets == QD_DIFF_PACKETS_MAX ||
      quic_mem_grow(d->mem, &items, &r->packets_cap, r->npackets + 1,
                    sizeof(*p)) != 0) {
    r->dropped++;
    return NULL;
  }
  r->packets = items;
  p = &r->packets[r->npackets++];
  memset(p, 0, sizeof(*p));
  p->time = time;
  p->conn = (uint32_t)(c - r->conns);
  p->number = UINT64_MAX;
  p->space = QD_DIFF_NUMBERLESS;
  p->match = QD_DIFF_NONE;
  p->addr = DIFF_ADDR_NONE;
  r->first = time < r->first ? time : r->first;
  r->last = r->last == QUIC_TIME_NEVER || time > r->last ? time : r->last;
  return p;
}

/* packet_frames makes a mask of the types, those flags left out that a log does
   not tell. */
static uint64_t packet_frames(const quic_frame *frames, size_t n) {
  uint64_t mask = 0;

  for (size_t i = 0; i < n; i++) {
    uint64_t type = quic_frame_meaning(&frames[i]);

    if (type == QUIC_FRAME_PADDING) {
      continue; /* a log may leave it out */
    }
    type = type >> 3 == QUIC_FRAME_STREAM >> 3 ? QUIC_FRAME_STREAM
           : type == QUIC_FRAME_ACK_ECN        ? QUIC_FRAME_ACK
           : type == QUIC_FRAME_DATAGRAM + 1   ? QUIC_FRAME_DATAGRAM
           : type > DIFF_TYPE_MAX              ? DIFF_TYPE_MAX
                                               : type;
    mask |= (uint64_t)1 << type;
  }
  return mask;
}

static void packet_number(qd_diff_packet *p, const quic_header *h,
                          uint64_t path) {
  int space = quic_space_of(h->type);

  p->type = (uint8_t)h->type;
  if (space >= 0 && path < UINT32_MAX / 4) {
    p->space = (uint32_t)(4 * path + (uint64_t)space);
    p->number = h->pn;
  }
}

void qd_diff_packet_add(qd_diff *d, qd_diff_which which, const qd_packet *p) {
  qd_diff_record *r = &d->records[which];
  qd_diff_conn *c;
  qd_diff_packet *q;

  if (!p->conn || p->state == QD_STATE_PADDING ||
      p->notes & (QD_NOTE_ICMP | QD_NOTE_DUPLICATE | QD_NOTE_LATE)) {
    return;
  }
  c = conn_take(d, which, p->conn->number);
  if (!c) {
    r->dropped++;
    return;
  }
  conn_learn(c, p->conn);
  q = packet_new(d, which, c, p->time);
  if (!q) {
    return;
  }
  q->record = (uint32_t)p->frame;
  q->side = (uint8_t)p->sender;
  q->size = (uint32_t)p->header.packet_len + (uint32_t)p->header.missing;
  q->type = (uint8_t)p->header.type;
  q->addr = p->sender == QD_CLIENT ? conn_addr(c, &p->src, &p->dst)
                                   : conn_addr(c, &p->dst, &p->src);
  if (!p->header.missing && p->raw.len) {
    size_t n = p->raw.len < DIFF_HASHED ? p->raw.len : DIFF_HASHED;

    q->octets =
        quic_siphash(d->seed, quic_bytes_of(p->raw.data + p->raw.len - n, n));
    q->octets += q->octets == 0;
  }
  if (qd_packet_opened(p)) {
    packet_number(q, &p->header, p->path_id);
    if (p->state == QD_STATE_OPEN && qd_frames_read(&d->frames, p) == 0) {
      q->frames = packet_frames(d->frames.items, d->frames.len);
    }
  }
}

/* event_cids learns connection IDs from the long header |h| of |sender|. */
static void event_cids(qd_diff_conn *c, int sender, const quic_header *h) {
  if (!h->is_long) {
    return;
  }
  conn_cid(&c->cids[sender], h->scid);
  if (sender == QD_CLIENT && h->type == QUIC_PACKET_INITIAL) {
    conn_odcid(c, h->dcid);
  } else {
    conn_cid(&c->cids[!sender], h->dcid);
  }
}

void qd_diff_event(qd_diff *d, qd_diff_which which, uint32_t number,
                   quic_bytes odcid, bool sent_is_client, const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;
  bool client = (e->type == QLOG_PACKET_SENT) == sent_is_client;
  qd_diff_conn *c;
  qd_diff_packet *q;

  if (!qlog_event_is_packet(e) || !p->header) {
    return;
  }
  c = conn_take(d, which, number);
  if (!c) {
    d->records[which].dropped++;
    return;
  }
  c->end = sent_is_client ? QD_CLIENT : QD_SERVER;
  conn_odcid(c, odcid);
  event_cids(c, client ? QD_CLIENT : QD_SERVER, p->header);
  q = packet_new(d, which, c, e->time);
  if (!q) {
    return;
  }
  q->record = (uint32_t)e->record;
  q->side = client ? QD_CLIENT : QD_SERVER;
  q->type = (uint8_t)p->header->type;
  q->size = p->length < UINT32_MAX ? (uint32_t)p->length : 0;
  if (p->src && p->dst) {
    q->addr =
        client ? conn_addr(c, p->src, p->dst) : conn_addr(c, p->dst, p->src);
  }
  if (p->header->pn_len) {
    packet_number(q, p->header, p->path_id == QLOG_NONE ? 0 : p->path_id);
  }
  if (p->has_frames) {
    q->frames = packet_frames(p->frames, p->nframes);
  }
}
