/* Finds what is the same in two records: connections, then packets. */

#include <stdlib.h>

#include "pcap/diff_data.h"

static const char *const by_names[] = {
    [QD_DIFF_BY_RANDOM] = "client random",
    [QD_DIFF_BY_ODCID] = "original destination connection ID",
    [QD_DIFF_BY_CIDS] = "connection IDs",
    [QD_DIFF_BY_OCTETS] = "octets of a packet",
    [QD_DIFF_BY_SINGLE] = "there being no other one",
};

const char *qd_diff_by_name(qd_diff_by by) {
  return by_names[by];
}

/* Order: connection, side, space, number or octets, time. */

static int compare(uint64_t a, uint64_t b) {
  return (a > b) - (a < b);
}

/* match_key compares what makes two packets of a connection the same. */
static int match_key(const qd_diff_packet *x, const qd_diff_packet *y) {
  int rv = compare(x->side, y->side);

  rv = rv ? rv : compare(x->space, y->space);
  rv = rv ? rv : compare(x->number, y->number);
  return rv || x->space % 4 != QD_DIFF_NUMBERLESS
             ? rv
             : compare(x->octets, y->octets);
}

static int match_order(const void *a, const void *b) {
  const qd_diff_packet *x = a, *y = b;
  int rv = compare(x->conn, y->conn);

  rv = rv ? rv : match_key(x, y);
  rv = rv ? rv : compare(x->time, y->time);
  return rv ? rv : compare(x->record, y->record);
}

static void match_sort(qd_diff_record *r) {
  if (r->npackets) {
    qsort(r->packets, r->npackets, sizeof(r->packets[0]), match_order);
  }
  for (size_t i = r->npackets; i-- > 0;) {
    qd_diff_conn *c = &r->conns[r->packets[i].conn];

    c->start = (uint32_t)i;
    c->len++;
  }
}

/* Connections. */

/* conn_index puts |key| of connection |at| into |map|; the first one stays. */
static int conn_index(quic_map *map, const void *key, size_t len, size_t at) {
  quic_bytes b = quic_bytes_of(key, len);

  return quic_map_get(map, b) ? 0 : quic_map_put(map, b, (void *)(at + 1));
}

/* One way to know a connection again: its keys. */
typedef struct conn_way {
  qd_diff_by by;
  /* Returns key |i| of |c|, empty when there are no more. */
  quic_bytes (*key)(const qd_diff_conn *c, size_t i);
} conn_way;

static quic_bytes key_random(const qd_diff_conn *c, size_t i) {
  return quic_bytes_of(c->random,
                       i == 0 && c->has_random ? sizeof(c->random) : 0);
}

static quic_bytes key_odcid(const qd_diff_conn *c, size_t i) {
  return quic_bytes_of(c->odcid, i == 0 ? c->odcid_len : 0);
}

static quic_bytes key_cid(const qd_diff_conn *c, size_t i) {
  const qd_diff_cids *client = &c->cids[QD_CLIENT];
  const qd_diff_cids *server = &c->cids[QD_SERVER];

  if (i < client->n) {
    return quic_bytes_of(client->data[i], client->len[i]);
  }
  i -= client->n;
  if (i < server->n) {
    return quic_bytes_of(server->data[i], server->len[i]);
  }
  /* Where the version is not known, a capture cannot tell it from the others.
   */
  return quic_bytes_of(c->odcid, i == server->n ? c->odcid_len : 0);
}

static const conn_way conn_ways[] = {
    {QD_DIFF_BY_RANDOM, key_random},
    {QD_DIFF_BY_ODCID, key_odcid},
    {QD_DIFF_BY_CIDS, key_cid},
};

static void conn_marry(qd_diff *d, size_t a, size_t b, qd_diff_by by) {
  qd_diff_conn *x = &d->records[QD_DIFF_A].conns[a];
  qd_diff_conn *y = &d->records[QD_DIFF_B].conns[b];

  if (x->match == QD_DIFF_NONE && y->match == QD_DIFF_NONE) {
    x->match = (uint32_t)b;
    y->match = (uint32_t)a;
    x->by = y->by = (uint8_t)by;
  }
}

static int conn_match_way(qd_diff *d, const conn_way *way) {
  const qd_diff_record *a = &d->records[QD_DIFF_A];
  const qd_diff_record *b = &d->records[QD_DIFF_B];
  quic_bytes key;
  quic_map map;
  int rv = 0;

  quic_map_init(&map, d->mem, d->seed);
  for (size_t i = 0; rv == 0 && i < b->nconns; i++) {
    for (size_t k = 0; rv == 0 && b->conns[i].match == QD_DIFF_NONE &&
                       (key = way->key(&b->conns[i], k)).len;
         k++) {
      rv = conn_index(&map, key.data, key.len, i);
    }
  }
  for (size_t i = 0; rv == 0 && i < a->nconns; i++) {
    for (size_t k = 0; a->conns[i].match == QD_DIFF_NONE &&
                       (key = way->key(&a->conns[i], k)).len;
         k++) {
      uintptr_t at = (uintptr_t)quic_map_get(&map, key);

      if (at) {
        conn_marry(d, i, at - 1, way->by);
      }
    }
  }
  quic_map_free(&map);
  return rv;
}

/* conn_match_octets: a connection is the one that has the same packet. */
static int conn_match_octets(qd_diff *d) {
  const qd_diff_record *a = &d->records[QD_DIFF_A];
  const qd_diff_record *b = &d->records[QD_DIFF_B];
  quic_map map;
  int rv = 0;

  quic_map_init(&map, d->mem, d->seed);
  for (size_t i = 0; rv == 0 && i < b->npackets; i++) {
    const qd_diff_packet *p = &b->packets[i];

    if (p->octets && b->conns[p->conn].match == QD_DIFF_NONE) {
      rv = conn_index(&map, &p->octets, sizeof(p->octets), p->conn);
    }
  }
  for (size_t i = 0; rv == 0 && map.len && i < a->npackets; i++) {
    const qd_diff_packet *p = &a->packets[i];
    uintptr_t at = 0;

    if (p->octets && a->conns[p->conn].match == QD_DIFF_NONE) {
      at = (uintptr_t)quic_map_get(
          &map, quic_bytes_of(&p->octets, sizeof(p->octets)));
    }
    if (at) {
      conn_marry(d, p->conn, at - 1, QD_DIFF_BY_OCTETS);
    }
  }
  quic_map_free(&map);
  return rv;
}

/* conn_match_single: where a log names nothing, one connection in each is taken
   for the same. */
static void conn_match_single(qd_diff *d) {
  const qd_diff_record *a = &d->records[QD_DIFF_A];
  const qd_diff_record *b = &d->records[QD_DIFF_B];

  if ((a->log || b->log) && a->nconns == 1 && b->nconns == 1) {
    conn_marry(d, 0, 0, QD_DIFF_BY_SINGLE);
  }
}

/* Packets. */

static void match_two(qd_diff *d, size_t a, size_t b) {
  d->records[QD_DIFF_A].packets[a].match = (uint32_t)b;
  d->records[QD_DIFF_B].packets[b].match = (uint32_t)a;
}

/* match_merge goes through the sorted packets of both; those that are there
   twice match in their order. */
static void match_merge(qd_diff *d, const qd_diff_conn *x,
                        const qd_diff_conn *y) {
  const qd_diff_packet *a = d->records[QD_DIFF_A].packets;
  const qd_diff_packet *b = d->records[QD_DIFF_B].packets;
  size_t i = x->start, j = y->start;

  while (i < (size_t)x->start + x->len && j < (size_t)y->start + y->len) {
    int rv = match_key(&a[i], &b[j]);

    if (rv == 0 && a[i].space % 4 == QD_DIFF_NUMBERLESS && !a[i].octets) {
      rv = -1; /* nothing is known of either */
    }
    if (rv == 0) {
      match_two(d, i, j);
    }
    i += rv <= 0;
    j += rv >= 0;
  }
}

/* match_rest finds packets by their octets that only one side could open. */
static int match_rest(qd_diff *d, const qd_diff_conn *x,
                      const qd_diff_conn *y) {
  const qd_diff_packet *a = d->records[QD_DIFF_A].packets;
  const qd_diff_packet *b = d->records[QD_DIFF_B].packets;
  quic_map map;
  int rv = 0;

  quic_map_init(&map, d->mem, d->seed);
  for (size_t j = y->start; rv == 0 && j < (size_t)y->start + y->len; j++) {
    if (b[j].match == QD_DIFF_NONE && b[j].octets) {
      rv = conn_index(&map, &b[j].octets, sizeof(b[j].octets), j);
    }
  }
  for (size_t i = x->start; rv == 0 && map.len && i < (size_t)x->start + x->len;
       i++) {
    quic_bytes key = quic_bytes_of(&a[i].octets, sizeof(a[i].octets));

    if (a[i].match == QD_DIFF_NONE && a[i].octets) {
      uintptr_t at = (uintptr_t)quic_map_remove(&map, key);

      if (at && a[i].side == b[at - 1].side) {
        match_two(d, i, at - 1);
      }
    }
  }
  quic_map_free(&map);
  return rv;
}

/* match_clear finds packets that have no number, such as a Retry, in a log: in
   their order, for it has no octets. */
static void match_clear(qd_diff *d, const qd_diff_conn *x,
                        const qd_diff_conn *y) {
  const qd_diff_packet *a = d->records[QD_DIFF_A].packets;
  const qd_diff_packet *b = d->records[QD_DIFF_B].packets;
  size_t at[QD_SIDES][QUIC_PACKET_TYPES];

  for (int side = 0; side < QD_SIDES; side++) {
    for (int type = 0; type < QUIC_PACKET_TYPES; type++) {
      at[side][type] = y->start;
    }
  }
  for (size_t i = x->start; i < (size_t)x->start + x->len; i++) {
    size_t *j = &at[a[i].side][a[i].type];

    if (a[i].match != QD_DIFF_NONE || a[i].space % 4 != QD_DIFF_NUMBERLESS) {
      continue;
    }
    while (*j < (size_t)y->start + y->len &&
           (b[*j].match != QD_DIFF_NONE || b[*j].side != a[i].side ||
            b[*j].type != a[i].type || b[*j].space % 4 != QD_DIFF_NUMBERLESS)) {
      ++*j;
    }
    if (*j < (size_t)y->start + y->len) {
      match_two(d, i, (*j)++);
    }
  }
}

int qd_diff_match(qd_diff *d) {
  const qd_diff_record *a = &d->records[QD_DIFF_A];
  const qd_diff_record *b = &d->records[QD_DIFF_B];
  int rv = 0;

  for (int i = 0; i < QD_DIFF_BOTH; i++) {
    match_sort(&d->records[i]);
  }
  for (size_t i = 0; rv == 0 && i < sizeof(conn_ways) / sizeof(conn_ways[0]);
       i++) {
    rv = conn_match_way(d, &conn_ways[i]);
  }
  if (rv == 0) {
    rv = conn_match_octets(d);
  }
  conn_match_single(d);
  for (size_t i = 0; rv == 0 && i < a->nconns; i++) {
    if (a->conns[i].match != QD_DIFF_NONE) {
      const qd_diff_conn *y = &b->conns[a->conns[i].match];

      match_merge(d, &a->conns[i], y);
      rv = match_rest(d, &a->conns[i], y);
      if (a->log || b->log) {
        match_clear(d, &a->conns[i], y);
      }
    }
  }
  return rv;
}
