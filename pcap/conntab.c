#include "pcap/conntab.h"

/* The connections behind a CID. */
typedef struct cid_entry {
  qd_cid_owner owners[QD_CID_OWNERS_MAX];
  uint8_t len;
} cid_entry;

/* The connections of a server address, a ring of the newest. */
typedef struct server_entry {
  qd_conn *conns[QD_SERVER_CONNS_MAX];
  uint32_t next;
} server_entry;

#define ADDR_KEY 19
#define CIDS_WHEN_FULL 2 /* CIDs of a side that are always kept */

static void conntab_addr_key(const quic_addr *a, uint8_t out[ADDR_KEY]) {
  memcpy(out, a->ip, 16);
  out[16] = (uint8_t)(a->port >> 8);
  out[17] = (uint8_t)a->port;
  out[18] = a->family;
}

static size_t conntab_flow_key(const quic_addr *a, const quic_addr *b,
                               uint8_t out[2 * ADDR_KEY]) {
  uint8_t ka[ADDR_KEY], kb[ADDR_KEY];
  bool swap;

  conntab_addr_key(a, ka);
  conntab_addr_key(b, kb);
  swap = memcmp(ka, kb, ADDR_KEY) > 0;
  memcpy(out, swap ? kb : ka, ADDR_KEY);
  memcpy(out + ADDR_KEY, swap ? ka : kb, ADDR_KEY);
  return 2 * ADDR_KEY;
}

void qd_conntab_init(qd_conntab *tab, const quic_mem *mem,
                     const quic_crypto *crypto, const uint64_t seed[2]) {
  memset(tab, 0, sizeof(*tab));
  tab->mem = mem;
  tab->crypto = crypto;
  quic_map_init(&tab->cids, mem, seed);
  quic_map_init(&tab->flows, mem, seed);
  quic_map_init(&tab->servers, mem, seed);
  quic_map_init(&tab->tokens, mem, seed);
  quic_list_init(&tab->lru);
  quic_list_init(&tab->warm);
  tab->work.left = QD_WORK_MAX;
}

static void conntab_free_value(void *user, quic_bytes key, void *value) {
  (void)key;
  quic_mem_free(user, value);
}

void qd_conntab_free(qd_conntab *tab) {
  /* The cast drops const for the callback's sake only. */
  void *mem = (void *)(uintptr_t)tab->mem;

  while (!quic_list_empty(&tab->lru)) {
    qd_conn *conn = QUIC_LIST_ITEM(tab->lru.next, qd_conn, lru);

    quic_list_remove(&conn->lru);
    qd_conn_unref(conn);
  }
  quic_map_each(&tab->cids, conntab_free_value, mem);
  quic_map_each(&tab->flows, conntab_free_value, mem);
  quic_map_each(&tab->servers, conntab_free_value, mem);
  quic_map_free(&tab->cids);
  quic_map_free(&tab->flows);
  quic_map_free(&tab->servers);
  quic_map_free(&tab->tokens);
}

void qd_conn_ref(qd_conn *conn) {
  conn->refs++;
}

void qd_conn_unref(qd_conn *conn) {
  if (--conn->refs == 0) {
    quic_list_remove(&conn->warm);
    qd_conn_del(conn);
  }
}

/* conntab_forget_cid takes |conn| out of the owners of |cid|. */
static void conntab_forget_cid(qd_conntab *tab, qd_conn *conn, quic_bytes cid) {
  cid_entry *e = quic_map_get(&tab->cids, cid);

  if (!e) {
    return;
  }
  for (uint8_t i = 0; i < e->len;) {
    if (e->owners[i].conn == conn) {
      e->owners[i] = e->owners[--e->len];
    } else {
      i++;
    }
  }
  if (e->len == 0) {
    tab->cid_lens[cid.len]--;
    quic_map_remove(&tab->cids, cid);
    quic_mem_free(tab->mem, e);
  }
}

void qd_conntab_forget_cids(qd_conntab *tab, qd_conn *conn) {
  for (int side = 0; side < QD_SIDES; side++) {
    const qd_endpoint *ep = &conn->sides[side];

    for (uint8_t i = 0; i < ep->ncids; i++) {
      conntab_forget_cid(tab, conn,
                         quic_bytes_of(ep->cids[i].data, ep->cids[i].len));
    }
  }
}

static void conntab_unbind(qd_conntab *tab, qd_conn *conn, qd_flow *flow) {
  for (uint8_t i = 0; i < flow->nconns; i++) {
    if (flow->conns[i] == conn) {
      flow->nconns--;
      memmove(&flow->conns[i], &flow->conns[i + 1],
              (size_t)(flow->nconns - i) * sizeof(flow->conns[0]));
      break;
    }
  }
  if (flow->nconns == 0) {
    tab->last_flow = NULL;
    quic_map_remove(&tab->flows, quic_bytes_of(flow->key, flow->keylen));
    quic_mem_free(tab->mem, flow);
  }
}

static void conntab_leave_server(qd_conntab *tab, qd_conn *conn) {
  uint8_t key[ADDR_KEY];
  server_entry *e;
  bool any = false;

  if (!conn->server_bound) {
    return;
  }
  conn->server_bound = false;
  conntab_addr_key(&conn->server_key, key);
  e = quic_map_get(&tab->servers, quic_bytes_of(key, sizeof(key)));
  if (!e) {
    return;
  }
  for (size_t i = 0; i < QD_SERVER_CONNS_MAX; i++) {
    if (e->conns[i] == conn) {
      e->conns[i] = NULL;
    }
    any = any || e->conns[i];
  }
  if (!any) {
    quic_map_remove(&tab->servers, quic_bytes_of(key, sizeof(key)));
    quic_mem_free(tab->mem, e);
  }
}

static void conntab_evict(qd_conntab *tab) {
  qd_conn *conn = QUIC_LIST_ITEM(tab->lru.next, qd_conn, lru);

  qd_conntab_forget_cids(tab, conn);
  for (int side = 0; side < QD_SIDES; side++) {
    const qd_endpoint *ep = &conn->sides[side];

    for (uint8_t i = 0; i < ep->ntokens; i++) {
      quic_bytes token = quic_bytes_of(ep->tokens[i], QUIC_RESET_TOKEN_LEN);

      if (quic_map_get(&tab->tokens, token) == conn) {
        quic_map_remove(&tab->tokens, token);
      }
    }
  }
  while (conn->nflows) {
    conntab_unbind(tab, conn, conn->flows[--conn->nflows]);
  }
  conntab_leave_server(tab, conn);
  if (conn->is_warm) {
    conn->is_warm = false;
    quic_list_remove(&conn->warm);
    tab->nwarm--;
  }
  qd_keyring_chill(&conn->ring);
  quic_list_remove(&conn->lru);
  tab->len--;
  tab->evicted++;
  qd_conn_unref(conn);
}

qd_conn *qd_conntab_new(qd_conntab *tab, const quic_addr *client,
                        const quic_addr *server, quic_time now) {
  qd_conn *conn = qd_conn_new(tab->mem, tab->crypto, &tab->crypto_total);

  if (!conn) {
    return NULL;
  }
  conn->refs = 1;
  conn->ring.work = &tab->work;
  conn->ring.ahead = tab->ahead;
  conn->number = tab->next_number++;
  conn->first = conn->last = now;
  conn->sides[QD_CLIENT].addr = *client;
  conn->sides[QD_SERVER].addr = *server;
  if (tab->len == QD_CONNS_MAX) {
    conntab_evict(tab);
  }
  quic_list_push_back(&tab->lru, &conn->lru);
  tab->len++;
  if (qd_conntab_bind(tab, conn, client, server) != 0) {
    quic_list_remove(&conn->lru);
    tab->len--;
    qd_conn_unref(conn);
    return NULL;
  }
  qd_conntab_set_server(tab, conn);
  return conn;
}

void qd_conntab_set_ahead(qd_conntab *tab, struct qd_ahead *ahead) {
  tab->ahead = ahead;
  for (quic_list *at = tab->lru.next; at != &tab->lru; at = at->next) {
    QUIC_LIST_ITEM(at, qd_conn, lru)->ring.ahead = ahead;
  }
}

void qd_conntab_touch(qd_conntab *tab, qd_conn *conn, quic_time now) {
  conn->last = now;
  quic_list_remove(&conn->lru);
  quic_list_push_back(&tab->lru, &conn->lru);
}

void qd_conntab_warm(qd_conntab *tab, qd_conn *conn) {
  if (conn->is_warm) {
    quic_list_remove(&conn->warm);
  } else {
    conn->is_warm = true;
    tab->nwarm++;
  }
  quic_list_push_back(&tab->warm, &conn->warm);
  if (tab->nwarm > QD_WARM_MAX) {
    qd_conn *cold = QUIC_LIST_ITEM(tab->warm.next, qd_conn, warm);

    qd_keyring_chill(&cold->ring);
    quic_list_remove(&cold->warm);
    cold->is_warm = false;
    tab->nwarm--;
  }
}

qd_flow *qd_conntab_flow(qd_conntab *tab, const quic_addr *a,
                         const quic_addr *b) {
  uint8_t key[2 * ADDR_KEY];
  size_t len = conntab_flow_key(a, b, key);
  qd_flow *last = tab->last_flow;

  if (!last || memcmp(last->key, key, len) != 0) {
    last = quic_map_get(&tab->flows, quic_bytes_of(key, len));
    tab->last_flow = last;
  }
  return last;
}

int qd_conntab_bind(qd_conntab *tab, qd_conn *conn, const quic_addr *a,
                    const quic_addr *b) {
  qd_flow *flow = qd_conntab_flow(tab, a, b);
  uint8_t i;

  if (!flow) {
    flow = quic_mem_zalloc(tab->mem, sizeof(*flow));
    if (!flow) {
      return QUIC_ERR_NOMEM;
    }
    flow->keylen = (uint8_t)conntab_flow_key(a, b, flow->key);
    if (quic_map_put(&tab->flows, quic_bytes_of(flow->key, flow->keylen),
                     flow) != 0) {
      quic_mem_free(tab->mem, flow);
      return QUIC_ERR_NOMEM;
    }
  }
  for (i = 0; i < flow->nconns && flow->conns[i] != conn;) {
    i++;
  }
  if (i == flow->nconns) { /* not there yet */
    if (conn->nflows == QD_CONN_FLOWS_MAX) {
      qd_flow *oldest = conn->flows[0];

      memmove(&conn->flows[0], &conn->flows[1],
              (QD_CONN_FLOWS_MAX - 1) * sizeof(conn->flows[0]));
      conn->nflows--;
      conntab_unbind(tab, conn, oldest);
    }
    conn->flows[conn->nflows++] = flow;
    if (flow->nconns == QD_FLOW_CONNS_MAX) {
      qd_conn *oldest = flow->conns[--flow->nconns];

      for (uint8_t f = 0; f < oldest->nflows; f++) {
        if (oldest->flows[f] == flow) {
          oldest->flows[f] = oldest->flows[--oldest->nflows];
          break;
        }
      }
    }
    i = flow->nconns++;
  }
  for (; i > 0; i--) {
    flow->conns[i] = flow->conns[i - 1];
  }
  flow->conns[0] = conn;
  return 0;
}

void qd_conntab_add_cid(qd_conntab *tab, qd_conn *conn, qd_side side,
                        quic_bytes cid, uint32_t path_id) {
  qd_cid dropped;
  cid_entry *e;

  if (cid.len && tab->cids.len >= QD_CIDS_ALL_MAX &&
      conn->sides[side].ncids >= CIDS_WHEN_FULL) {
    return; /* found by its addresses only */
  }
  if (!qd_conn_add_cid(conn, side, cid, path_id, &dropped)) {
    return;
  }
  if (dropped.len) {
    conntab_forget_cid(tab, conn, quic_bytes_of(dropped.data, dropped.len));
  }
  e = quic_map_get(&tab->cids, cid);
  if (!e) {
    e = quic_mem_zalloc(tab->mem, sizeof(*e));
    if (!e || quic_map_put(&tab->cids, cid, e) != 0) {
      quic_mem_free(tab->mem, e);
      return; /* found by its addresses only */
    }
    tab->cid_lens[cid.len]++;
  }
  if (e->len == QD_CID_OWNERS_MAX) {
    e->len--;
  }
  memmove(&e->owners[1], &e->owners[0], e->len * sizeof(e->owners[0]));
  e->owners[0] = (qd_cid_owner){conn, side};
  e->len++;
}

void qd_conntab_add_dcid(qd_conntab *tab, qd_conn *conn, qd_side side,
                         quic_bytes dcid) {
  int len = conn->sides[side].cid_len;

  qd_conntab_add_cid(tab, conn, side, dcid, 0);
  conn->sides[side].cid_len = len;
}

size_t qd_conntab_cid(const qd_conntab *tab, quic_bytes cid,
                      qd_cid_owner *owners, size_t max) {
  const cid_entry *e;
  size_t n;

  if (cid.len == 0 || cid.len > QUIC_CID_MAX || !tab->cid_lens[cid.len]) {
    return 0;
  }
  e = quic_map_get(&tab->cids, cid);
  if (!e) {
    return 0;
  }
  n = e->len < max ? e->len : max;
  memcpy(owners, e->owners, n * sizeof(owners[0]));
  return n;
}

void qd_conntab_add_tokens(qd_conntab *tab, qd_conn *conn) {
  for (int side = 0; side < QD_SIDES; side++) {
    qd_endpoint *ep = &conn->sides[side];

    for (; ep->tokens_mapped < ep->ntokens; ep->tokens_mapped++) {
      quic_bytes token =
          quic_bytes_of(ep->tokens[ep->tokens_mapped], QUIC_RESET_TOKEN_LEN);

      if (tab->tokens.len >= QD_CIDS_ALL_MAX ||
          quic_map_put(&tab->tokens, token, conn) != 0) {
        return;
      }
    }
  }
}

qd_conn *qd_conntab_token(const qd_conntab *tab, quic_bytes token) {
  return quic_map_get(&tab->tokens, token);
}

void qd_conntab_set_server(qd_conntab *tab, qd_conn *conn) {
  uint8_t key[ADDR_KEY];
  server_entry *e;

  conntab_leave_server(tab, conn);
  conntab_addr_key(&conn->sides[QD_SERVER].addr, key);
  e = quic_map_get(&tab->servers, quic_bytes_of(key, sizeof(key)));
  if (!e) {
    e = quic_mem_zalloc(tab->mem, sizeof(*e));
    if (!e ||
        quic_map_put(&tab->servers, quic_bytes_of(key, sizeof(key)), e) != 0) {
      quic_mem_free(tab->mem, e);
      return;
    }
  }
  if (e->conns[e->next % QD_SERVER_CONNS_MAX]) {
    e->conns[e->next % QD_SERVER_CONNS_MAX]->server_bound = false;
  }
  e->conns[e->next++ % QD_SERVER_CONNS_MAX] = conn;
  conn->server_bound = true;
  conn->server_key = conn->sides[QD_SERVER].addr;
}

size_t qd_conntab_server(const qd_conntab *tab, const quic_addr *addr,
                         qd_conn **conns, size_t max) {
  uint8_t key[ADDR_KEY];
  const server_entry *e;
  size_t n = 0;

  conntab_addr_key(addr, key);
  e = quic_map_get(&tab->servers, quic_bytes_of(key, sizeof(key)));
  for (uint32_t i = 1; e && i <= QD_SERVER_CONNS_MAX && n < max; i++) {
    qd_conn *conn = e->conns[(e->next - i) % QD_SERVER_CONNS_MAX];

    if (conn) {
      conns[n++] = conn;
    }
  }
  return n;
}
