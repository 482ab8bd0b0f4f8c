/* Connections, and the tokens that they begin with: acknowledgments of what was
   not sent, challenges, changes of address. */

#include "pcap/audit_data.h"
#include "pcap/conn.h"

#define CONN_SPACES 3

static int conn_space(const qd_packet *p) {
  switch (p->header.type) {
  case QUIC_PACKET_INITIAL:
    return 0;
  case QUIC_PACKET_HANDSHAKE:
    return 1;
  case QUIC_PACKET_0RTT:
  case QUIC_PACKET_1RTT:
    return p->path_id ? -1 : 2;
  default:
    return -1;
  }
}

/* conn_number takes the packet number of an opened packet: what the other side
   acknowledged already was not there to be acknowledged. */
static void conn_number(audit_conn *c, const qd_packet *p, int space) {
  uint64_t next = p->header.pn + 1;

  if (next <= c->sent[p->sender][space]) {
    return; /* late, or repeated */
  }
  c->sent[p->sender][space] = next;
  c->early[p->sender] += next <= c->acked[p->sender][space];
}

static void conn_ack(audit_conn *c, const qd_packet *p, int space,
                     const quic_frame *f) {
  uint64_t next = f->u.ack.largest + 1;
  uint64_t *acked = &c->acked[!p->sender][space];

  /* Without its own packets nothing says that it did not send them. */
  if (c->sent[!p->sender][space] && next > *acked) {
    *acked = next;
  }
}

static void conn_frames(qd_audit *a, audit_conn *c, const qd_packet *p) {
  int space = conn_space(p);

  if (p->state != QD_STATE_OPEN || space < 0) {
    return;
  }
  conn_number(c, p, space);
  for (size_t i = 0; i < a->frames.len; i++) {
    const quic_frame *f = &a->frames.items[i];

    switch (f->type) {
    case QUIC_FRAME_ACK:
    case QUIC_FRAME_ACK_ECN:
      conn_ack(c, p, space, f);
      break;
    case QUIC_FRAME_PATH_CHALLENGE:
      c->challenges[p->sender]++;
      break;
    case QUIC_FRAME_PATH_RESPONSE:
      c->responses[p->sender]++;
      break;
    default:
      break;
    }
  }
}

/* Tokens. */

static void conn_token(qd_audit *a, audit_conn *c, const qd_packet *p) {
  uint64_t other[2] = {~a->seed[0], a->seed[1]};
  uint64_t key[2] = {quic_siphash(a->seed, p->header.token),
                     quic_siphash(other, p->header.token)};
  audit_token *t;
  bool made;

  t = audit_take(a, AUDIT_TOKENS, key, sizeof(key), &made);
  if (!t) {
    return;
  }
  c->token = true;
  if (made) {
    t->client = p->src;
    t->server = p->dst;
    t->octets = p->header.token.len;
  }
  t->conns++;
  t->others += memcmp(t->client.ip, p->src.ip, sizeof(p->src.ip)) != 0 ||
               t->client.family != p->src.family;
}

void audit_token_settle(qd_audit *a, audit_item *item) {
  const audit_token *t = (const audit_token *)(const void *)item;
  qd_audit_case c = audit_case(item);

  if (!t->others && t->conns < QD_AUDIT_TOKEN_USES_MIN) {
    return;
  }
  c.client = t->client;
  c.server = t->server;
  c.side = QD_CLIENT;
  c.weight = t->conns;
  c.facts[0] = t->conns;
  c.facts[1] = t->others;
  c.facts[2] = t->octets;
  audit_add(a, QD_AUDIT_TOKENS, &c);
}

/* Connections. */

static void conn_new(qd_audit *a, audit_conn *c, const qd_packet *p) {
  c->number = p->conn->number;
  c->client = p->sender == QD_CLIENT ? p->src : p->dst;
  c->server = p->sender == QD_CLIENT ? p->dst : p->src;
  c->begun = p->sender == QD_CLIENT && p->header.type == QUIC_PACKET_INITIAL;
  a->totals.connections++;
  if (c->begun) {
    audit_flow_begun(a, &c->server);
  }
}

void audit_conn_packet(qd_audit *a, const qd_packet *p) {
  bool made;
  audit_conn *c = audit_take(a, AUDIT_CONNS, &p->conn->number,
                             sizeof(p->conn->number), &made);

  if (!c) {
    return;
  }
  if (made) {
    conn_new(a, c, p);
  }
  if (p->sender == QD_CLIENT && !quic_addr_eq(&c->client, &p->src)) {
    c->client = p->src;
    c->changes++;
  }
  if (c->begun && !c->validated && audit_validates(p)) {
    c->validated = true;
    audit_flow_done(a, &c->server);
  }
  if (p->sender == QD_CLIENT && p->header.type == QUIC_PACKET_INITIAL &&
      p->header.token.len && !c->token) {
    conn_token(a, c, p);
  }
  conn_frames(a, c, p);
}

static void conn_settle_acks(qd_audit *a, qd_audit_case c,
                             const audit_conn *conn, int sender) {
  uint64_t ahead = 0;

  for (int space = 0; space < CONN_SPACES; space++) {
    uint64_t sent = conn->sent[sender][space];
    uint64_t acked = conn->acked[sender][space];

    ahead = acked > sent && acked - sent > ahead ? acked - sent : ahead;
  }
  if (conn->early[sender] < QD_AUDIT_EARLY_ACKS_MIN &&
      ahead < QD_AUDIT_AHEAD_MIN) {
    return;
  }
  c.side = !sender;
  c.facts[0] = conn->early[sender];
  c.facts[1] = ahead;
  c.weight = conn->early[sender] > ahead ? conn->early[sender] : ahead;
  audit_add(a, QD_AUDIT_ACKS, &c);
}

void audit_conn_settle(qd_audit *a, audit_item *item) {
  const audit_conn *conn = (const audit_conn *)(const void *)item;
  qd_audit_case c = audit_case(item);

  c.client = conn->client;
  c.server = conn->server;
  c.conn = conn->number;
  for (int side = 0; side < QD_SIDES; side++) {
    conn_settle_acks(a, c, conn, side);
    if (conn->challenges[side] >= QD_AUDIT_CHALLENGES_MIN) {
      c.side = side;
      c.weight = c.facts[0] = conn->challenges[side];
      c.facts[1] = conn->responses[!side];
      audit_add(a, QD_AUDIT_CHALLENGES, &c);
    }
  }
  if (conn->changes >= QD_AUDIT_MIGRATIONS_MIN) {
    c.side = QD_CLIENT;
    c.weight = c.facts[0] = conn->changes;
    c.facts[1] = conn->challenges[QD_CLIENT] + conn->challenges[QD_SERVER];
    audit_add(a, QD_AUDIT_MIGRATIONS, &c);
  }
}
