/* The same connection as it is seen at two points: at the client, and at the
   server, where packets of the client come later, if at all, from another
   address, and the clock is another one. */

#include <stdlib.h>

#include "tests/support/capgen_scenarios.h"

#define VIEWS_MAX 1024 /* datagrams */

/* What happens between the two points, and where this capture is made. */
typedef struct views {
  bool at_server;
  quic_duration way[CAPGEN_SIDES]; /* from that side to the other */
  quic_duration offset;            /* server's clock ahead of the client's */
  uint64_t ppb;                    /* and so much faster */
  quic_time start;
  bool nat;
  /* What is lost, and added to |way|, for datagram |i| of |side|. */
  bool (*lost)(capgen_side side, unsigned i);
  quic_duration (*more)(capgen_side side, unsigned i);
  unsigned sent[CAPGEN_SIDES];
  quic_addr client, outside; /* of the client: before the NAT, and behind */
  capgen_datagram *seen[VIEWS_MAX];
  quic_time time[VIEWS_MAX];
  size_t n;
} views;

static void *views_copy(const void *data, size_t size) {
  void *copy = malloc(size + 1);

  if (!copy) {
    abort();
  }
  if (size) {
    memcpy(copy, data, size);
  }
  return copy;
}

static quic_time views_clock(const views *v, quic_time now) {
  return v->at_server
             ? now + v->offset + (now - v->start) * v->ppb / QUIC_SECOND
             : now;
}

/* views_tap keeps what is seen of |dg|, which its sender sends now. */
static void views_tap(capgen *g, const capgen_datagram *dg) {
  views *v = g->tapped;
  capgen_side side =
      quic_addr_eq(&dg->src, &v->client) ? CAPGEN_CLIENT : CAPGEN_SERVER;
  bool near = (side == CAPGEN_SERVER) == v->at_server;
  unsigned i = v->sent[side]++;
  quic_time now = g->now;
  capgen_datagram *copy;

  if (!near && v->lost && v->lost(side, i)) {
    return;
  }
  if (!near) {
    now += v->way[side] + (v->more ? v->more(side, i) : 0);
  }
  if (v->n == VIEWS_MAX) {
    abort();
  }
  copy = views_copy(dg, sizeof(*dg));
  copy->data = views_copy(dg->data, dg->len);
  copy->packets =
      views_copy(dg->packets, dg->npackets * sizeof(dg->packets[0]));
  copy->marks = views_copy(dg->marks, dg->nmarks * sizeof(dg->marks[0]));
  copy->text = views_copy(dg->text, dg->text_len);
  if (v->nat && v->at_server) {
    *(side == CAPGEN_CLIENT ? &copy->src : &copy->dst) = v->outside;
  }
  v->seen[v->n] = copy;
  v->time[v->n++] = views_clock(v, now);
}

/* views_write sends what was seen, in the order of time. */
static void views_write(capgen *g, views *v) {
  bool done[VIEWS_MAX] = {false};

  g->tap = NULL;
  g->step = 0;
  for (size_t k = 0; k < v->n; k++) {
    size_t next = VIEWS_MAX;

    for (size_t i = 0; i < v->n; i++) {
      if (!done[i] && (next == VIEWS_MAX || v->time[i] < v->time[next])) {
        next = i;
      }
    }
    done[next] = true;
    g->now = v->time[next];
    capgen_send(g, v->seen[next]);
    capgen_datagram_del(v->seen[next]);
  }
}

static capgen_conn *views_begin(capgen *g, views *v) {
  capgen_conn *c;

  quic_rng_init(&g->rng, 2026); /* both views have the same octets */
  c = capgen_conn_new(g, NULL);
  v->client = c->end[CAPGEN_CLIENT].addr;
  v->outside = (quic_addr){{203, 0, 113, 9}, 61000, 4};
  v->start = g->now;
  g->tap = views_tap;
  g->tapped = v;
  g->step = 0;
  return c;
}

static void views_handshake(capgen *g, capgen_conn *c, quic_duration wait) {
  capgen_hello(c);
  g->now += wait;
  capgen_server_flight(c);
  g->now += wait;
  capgen_client_finish(c);
  g->now += wait;
  capgen_server_done(c);
  g->now += wait;
}

/* Of the server's datagrams 0 and 1 are its handshake, 2 to 101 data; of the
   client's 0 and 1 are its handshake, 2 to 21 acknowledgements, 22 the close.
 */
static bool views_lost(capgen_side side, unsigned i) {
  return side == CAPGEN_SERVER ? i == 22 || i == 23 || i == 42
                               : i == 7 || i == 22;
}

/* Up to 0.9 ms for every datagram of the server, and 3.5 ms for one, which two
   others overtake. */
static quic_duration views_more(capgen_side side, unsigned i) {
  return side == CAPGEN_CLIENT ? 0
         : i == 62             ? 3500 * QUIC_MICROSECOND
                               : i % 10 * 100 * QUIC_MICROSECOND;
}

/* Loss, jitter, a reordered packet, a NAT, and a clock that is 3 ms ahead. */
static void make_lossy(capgen *g, unsigned at_server) {
  views v = {.at_server = at_server,
             .way = {10 * QUIC_MILLISECOND, 10 * QUIC_MILLISECOND},
             .offset = 3 * QUIC_MILLISECOND,
             .nat = true,
             .lost = views_lost,
             .more = views_more};
  capgen_conn *c = views_begin(g, &v);

  views_handshake(g, c, 20 * QUIC_MILLISECOND);
  for (unsigned i = 0; i < 100; i++) {
    capgen_data(c, CAPGEN_SERVER, 3, 1000 * i, 1000, i == 99);
    if (i % 5 == 4) {
      capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);

      capgen_ack(p, i, i);
      capgen_end_packet(p);
      capgen_flush(c, CAPGEN_CLIENT);
    }
    g->now += QUIC_MILLISECOND;
  }
  g->now += 20 * QUIC_MILLISECOND;
  capgen_bye(c);
  views_write(g, &v);
}

/* Half a minute, in which the server's clock gains 100 ppm. */
static void make_drift(capgen *g, unsigned at_server) {
  views v = {.at_server = at_server,
             .way = {5 * QUIC_MILLISECOND, 5 * QUIC_MILLISECOND},
             .ppb = 100000};
  capgen_conn *c = views_begin(g, &v);

  views_handshake(g, c, 10 * QUIC_MILLISECOND);
  for (unsigned i = 0; i < 30; i++) {
    capgen_exchange(c, 4 * i, 1000);
    g->now += QUIC_SECOND;
  }
  views_write(g, &v);
}

const capgen_scenario capgen_views_scenarios[] = {
    {"view-lossy-client", make_lossy, 0, CAPGEN_SECRETS_FIRST, false},
    {"view-lossy-server", make_lossy, 1, CAPGEN_SECRETS_FIRST, false},
    {"view-drift-client", make_drift, 0, CAPGEN_SECRETS_FIRST, false},
    {"view-drift-server", make_drift, 1, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
