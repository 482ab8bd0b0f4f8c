/* Address pairs, the networks that clients are in, and servers: what is sent
   before an address is validated, and what nobody goes on with. */

#include "pcap/audit_data.h"
#include "pcap/conn.h"

#define FLOW_NETWORK_V4 3 /* octets of an address that name its network */
#define FLOW_NETWORK_V6 6

/* flow_opens: |p| is what a client begins with. */
static bool flow_opens(const qd_packet *p) {
  return p->header.type == QUIC_PACKET_INITIAL ||
         p->header.type == QUIC_PACKET_UNKNOWN;
}

/* flow_octets counts a datagram of an address that is not validated. */
static void flow_octets(qd_audit *a, audit_flow *f, const qd_packet *p) {
  uint64_t in, out, milli;

  f->octets[p->sender] += p->datagram_len;
  in = f->octets[QD_CLIENT];
  out = f->octets[QD_SERVER];
  if (p->sender == QD_CLIENT) {
    f->initials++;
    return;
  }
  f->answer = p->time;
  if (!f->begun || f->token || in == 0) {
    return;
  }
  milli = out / in * 1000 + out % in * 1000 / in;
  if (milli > f->worst_milli) {
    f->worst_milli = milli;
    f->worst[QD_CLIENT] = in;
    f->worst[QD_SERVER] = out;
  }
  if (milli > a->totals.worst_milli) {
    a->totals.worst_milli = milli;
  }
}

/* flow_answers counts what asks the client to start over. */
static void flow_answers(audit_flow *f, const qd_packet *p) {
  if (p->header.type == QUIC_PACKET_VERSION_NEGOTIATION) {
    f->versions++;
    f->version_octets += p->datagram_len;
    f->followed = false;
  } else if (p->header.type == QUIC_PACKET_RETRY) {
    f->retries++;
    f->retry_octets += p->datagram_len;
    f->followed = false;
  } else if (p->sender == QD_CLIENT && p->header.type == QUIC_PACKET_INITIAL &&
             (p->header.token.len || f->retries == 0)) {
    f->followed = f->followed || f->versions || f->retries;
  }
}

static bool flow_has_close(const qd_audit *a) {
  for (size_t i = 0; i < a->frames.len; i++) {
    if (a->frames.items[i].type == QUIC_FRAME_CONNECTION_CLOSE ||
        a->frames.items[i].type == QUIC_FRAME_CONNECTION_CLOSE_APP) {
      return true;
    }
  }
  return false;
}

static void flow_closes(qd_audit *a, audit_flow *f, const qd_packet *p,
                        bool first) {
  qd_side other = (qd_side)!p->sender;

  if (first && f->closes[other]) {
    f->asked[other]++;
    f->asked_octets[other] += p->datagram_len;
  }
  if (f->close_frame[p->sender] == p->frame || !flow_has_close(a)) {
    return;
  }
  f->close_first[p->sender] =
      f->closes[p->sender] ? f->close_first[p->sender] : p->frame;
  f->close_frame[p->sender] = p->frame;
  f->closes[p->sender]++;
  f->close_octets[p->sender] += p->datagram_len;
}

/* flow_new fills a flow whose first packet is |p|. */
static void flow_new(qd_audit *a, audit_flow *f, const qd_packet *p) {
  f->client = p->sender == QD_CLIENT ? p->src : p->dst;
  f->server = p->sender == QD_CLIENT ? p->dst : p->src;
  f->begun = p->sender == QD_CLIENT && p->header.is_long && flow_opens(p);
  f->conn = p->conn->number;
  a->totals.flows++;
}

void audit_flow_packet(qd_audit *a, const qd_packet *p) {
  uint8_t key[AUDIT_KEY_MAX];
  const quic_addr *client = p->sender == QD_CLIENT ? &p->src : &p->dst;
  const quic_addr *server = p->sender == QD_CLIENT ? &p->dst : &p->src;
  size_t len = audit_key_addr(key, client);
  bool made, first;
  audit_flow *f;

  len += audit_key_addr(key + len, server);
  f = audit_take(a, AUDIT_FLOWS, key, len, &made);
  if (!f) {
    return;
  }
  if (made) {
    flow_new(a, f, p);
  }
  first = f->datagram != p->frame && !(p->notes & QD_NOTE_LATE);
  f->datagram = p->frame;
  f->conn = p->conn->number;
  if (p->conn->facts.sni[0] && !f->name) {
    f->name = quic_siphash(
        a->seed, quic_bytes_of(p->conn->facts.sni, strlen(p->conn->facts.sni)));
  }
  f->token = f->token ||
             (p->sender == QD_CLIENT && p->header.type == QUIC_PACKET_INITIAL &&
              p->header.token.len > 0);
  f->validated = f->validated || audit_validates(p);
  if (first && !f->validated) {
    flow_octets(a, f, p);
  }
  if (first) {
    flow_answers(f, p);
  }
  flow_closes(a, f, p, first);
}

/* Networks. */

static audit_network *flow_network(qd_audit *a, const audit_flow *f) {
  quic_addr addr = f->client;
  size_t keep = addr.family == 4 ? FLOW_NETWORK_V4 : FLOW_NETWORK_V6;
  uint8_t key[AUDIT_KEY_MAX];
  audit_network *n;
  bool made;

  memset(addr.ip + keep, 0, sizeof(addr.ip) - keep);
  addr.port = 0;
  n = audit_take(a, AUDIT_NETWORKS, key, audit_key_addr(key, &addr), &made);
  if (n) {
    n->addr = addr;
  }
  return n;
}

/* network_frames: |f| counts for |n|. */
static void network_frames(audit_network *n, const audit_flow *f) {
  n->first =
      n->first == 0 || f->item.first < n->first ? f->item.first : n->first;
  n->last = f->item.last > n->last ? f->item.last : n->last;
}

static void network_name(audit_network *n, uint64_t name) {
  for (size_t i = 0; i < n->nnames; i++) {
    if (n->names[i] == name) {
      return;
    }
  }
  if (name && n->nnames < AUDIT_NAMES_MAX) {
    n->names[n->nnames++] = name;
  }
}

/* flow_half_open: the server answered, had time to hear more, and did not. */
static bool flow_half_open(const qd_audit *a, const audit_flow *f) {
  return f->begun && !f->validated && f->octets[QD_SERVER] && !f->versions &&
         !f->retries && !f->closes[QD_CLIENT] && !f->closes[QD_SERVER] &&
         quic_time_since(a->now, f->answer) >= QD_AUDIT_PATIENCE;
}

static void flow_to_network(qd_audit *a, const audit_flow *f) {
  audit_network *n = f->begun ? flow_network(a, f) : NULL;

  if (!n) {
    return;
  }
  n->begun++;
  n->validated += f->validated;
  if (flow_half_open(a, f)) {
    a->totals.half_open++;
    network_frames(n, f);
    n->half_open++;
    n->octets[QD_CLIENT] += f->octets[QD_CLIENT];
    n->octets[QD_SERVER] += f->octets[QD_SERVER];
    network_name(n, f->name);
  }
  if (!f->followed && !f->validated && (f->versions || f->retries)) {
    network_frames(n, f);
    n->versions += f->versions;
    n->version_octets += f->version_octets;
    n->retries += f->retries;
    n->retry_octets += f->retry_octets;
  }
}

static qd_audit_case network_case(const audit_network *n) {
  qd_audit_case c = audit_case(&n->item);

  c.first = n->first;
  c.last = n->last;
  c.client = n->addr;
  c.prefix = 8 * (n->addr.family == 4 ? FLOW_NETWORK_V4 : FLOW_NETWORK_V6);
  return c;
}

void audit_network_settle(qd_audit *a, audit_item *item) {
  const audit_network *n = (const audit_network *)(const void *)item;
  qd_audit_case c = network_case(n);

  if (n->half_open >= QD_AUDIT_SPOOFED_MIN &&
      n->half_open * 10 >= n->begun * 9) {
    uint64_t facts[] = {n->half_open, n->begun, n->nnames, n->octets[QD_CLIENT],
                        n->octets[QD_SERVER]};

    memcpy(c.facts, facts, sizeof(facts));
    c.weight = n->half_open;
    audit_add(a, QD_AUDIT_SPOOFED, &c);
  }
  if (n->versions >= QD_AUDIT_REFLECTED_MIN) {
    c.facts[0] = c.weight = n->versions;
    c.facts[1] = n->version_octets;
    audit_add(a, QD_AUDIT_VERSIONS, &c);
  }
  if (n->retries >= QD_AUDIT_REFLECTED_MIN) {
    c.facts[0] = c.weight = n->retries;
    c.facts[1] = n->retry_octets;
    audit_add(a, QD_AUDIT_RETRIES, &c);
  }
}

/* The end of a flow. */

static qd_audit_case flow_case(const audit_flow *f) {
  qd_audit_case c = audit_case(&f->item);

  c.client = f->client;
  c.server = f->server;
  c.conn = f->conn;
  return c;
}

static void flow_settle_closes(qd_audit *a, const audit_flow *f, int side) {
  qd_audit_case c = flow_case(f);
  uint64_t facts[] = {f->closes[side], f->asked[side], f->asked_octets[side],
                      f->close_octets[side]};

  /* The first one answers nothing. */
  if (f->closes[side] < QD_AUDIT_CLOSES_MIN ||
      (f->closes[side] - 1 <= f->asked[side] &&
       f->closes[side] < QD_AUDIT_CLOSES_MAX)) {
    return;
  }
  memcpy(c.facts, facts, sizeof(facts));
  c.side = side;
  c.weight = f->closes[side];
  c.first = f->close_first[side];
  c.last = f->close_frame[side];
  audit_add(a, QD_AUDIT_CLOSES, &c);
}

void audit_flow_settle(qd_audit *a, audit_item *item) {
  const audit_flow *f = (const audit_flow *)(const void *)item;

  if (f->worst_milli > QD_AUDIT_RATIO * 1000) {
    qd_audit_case c = flow_case(f);

    c.side = QD_SERVER;
    c.weight = f->worst_milli;
    c.facts[0] = f->worst[QD_CLIENT];
    c.facts[1] = f->worst[QD_SERVER];
    c.facts[2] = f->worst_milli;
    audit_add(a, QD_AUDIT_AMPLIFICATION, &c);
  }
  for (int side = 0; side < QD_SIDES; side++) {
    flow_settle_closes(a, f, side);
  }
  flow_to_network(a, f);
}

/* Servers. */

void audit_flow_begun(qd_audit *a, const quic_addr *server) {
  uint8_t key[AUDIT_KEY_MAX];
  uint64_t second = a->now / QUIC_SECOND;
  bool made;
  audit_server *s =
      audit_take(a, AUDIT_SERVERS, key, audit_key_addr(key, server), &made);

  if (!s) {
    return;
  }
  s->addr = *server;
  s->begun++;
  if (made || s->window != second) {
    s->window = second;
    s->in_window = 0;
    s->window_first = a->frame;
  }
  if (++s->in_window > s->peak) {
    s->peak = s->in_window;
    s->peak_first = s->window_first;
    s->peak_last = a->frame;
  }
}

void audit_flow_done(qd_audit *a, const quic_addr *server) {
  uint8_t key[AUDIT_KEY_MAX];
  audit_server *s =
      audit_look(a, AUDIT_SERVERS, key, audit_key_addr(key, server));

  if (s) {
    s->validated++;
  }
}

void audit_server_settle(qd_audit *a, audit_item *item) {
  const audit_server *s = (const audit_server *)(const void *)item;
  qd_audit_case c = audit_case(item);

  if (s->peak < QD_AUDIT_INITIALS_MIN || s->validated * 2 >= s->begun) {
    return;
  }
  c.server = s->addr;
  c.first = s->peak_first;
  c.last = s->peak_last;
  c.weight = c.facts[0] = s->peak;
  c.facts[1] = s->begun;
  c.facts[2] = s->validated;
  audit_add(a, QD_AUDIT_INITIALS, &c);
}
