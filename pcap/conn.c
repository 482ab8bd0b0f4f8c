#include "pcap/conn.h"

qd_conn *qd_conn_new(const quic_mem *mem, const quic_crypto *crypto,
                     uint64_t *crypto_total) {
  qd_conn *conn = quic_mem_zalloc(mem, sizeof(*conn));

  if (!conn) {
    return NULL;
  }
  conn->mem = mem;
  conn->crypto_total = crypto_total;
  conn->sides[QD_CLIENT].cid_len = conn->sides[QD_SERVER].cid_len = -1;
  quic_list_init(&conn->lru);
  quic_list_init(&conn->warm);
  quic_list_init(&conn->pending);
  qd_keyring_init(&conn->ring, crypto, mem);
  return conn;
}

void qd_conn_drop_crypto(qd_conn *conn) {
  for (int side = 0; side < QD_SIDES; side++) {
    for (int level = 0; level < QD_LEVELS; level++) {
      qd_crypto *cr = conn->sides[side].crypto[level];

      if (cr && !cr->dropped) {
        *conn->crypto_total -= cr->data.cap;
        quic_reasm_free(&cr->data);
        cr->dropped = true;
      }
    }
  }
}

void qd_conn_del(qd_conn *conn) {
  if (!conn) {
    return;
  }
  qd_conn_drop_crypto(conn);
  for (int side = 0; side < QD_SIDES; side++) {
    qd_endpoint *ep = &conn->sides[side];

    for (int level = 0; level < QD_LEVELS; level++) {
      quic_mem_free(conn->mem, ep->crypto[level]);
    }
    quic_mem_free(conn->mem, ep->cids);
    quic_mem_free(conn->mem, ep->tokens);
    quic_mem_free(conn->mem, ep->tparams);
  }
  qd_keyring_free(&conn->ring);
  quic_mem_free(conn->mem, conn);
}

const qd_cid *qd_conn_cid(const qd_conn *conn, qd_side side, quic_bytes cid) {
  const qd_endpoint *ep = &conn->sides[side];

  for (uint8_t i = 0; i < ep->ncids; i++) {
    if (quic_bytes_eq(cid, quic_bytes_of(ep->cids[i].data, ep->cids[i].len))) {
      return &ep->cids[i];
    }
  }
  return NULL;
}

bool qd_conn_add_cid(qd_conn *conn, qd_side side, quic_bytes cid,
                     uint32_t path_id, qd_cid *dropped) {
  qd_endpoint *ep = &conn->sides[side];
  qd_cid *item;

  dropped->len = 0;
  if (cid.len > QUIC_CID_MAX) {
    return false;
  }
  ep->cid_len = (int)cid.len;
  if (cid.len == 0 || qd_conn_cid(conn, side, cid)) {
    return false;
  }
  if (!ep->cids || (ep->ncids & (ep->ncids - 1)) == 0) {
    size_t cap = ep->ncids ? (size_t)ep->ncids * 2 : 1;

    if (cap <= QD_CIDS_MAX) {
      item = quic_mem_resize(conn->mem, ep->cids, cap, sizeof(*item));
      if (!item) {
        return false;
      }
      ep->cids = item;
    }
  }
  if (ep->ncids == QD_CIDS_MAX) {
    *dropped = ep->cids[1];
    memmove(&ep->cids[1], &ep->cids[2],
            (QD_CIDS_MAX - 2) * sizeof(ep->cids[0]));
    ep->ncids--;
  }
  item = &ep->cids[ep->ncids++];
  item->len = (uint8_t)cid.len;
  item->path_id = path_id;
  memcpy(item->data, cid.data, cid.len);
  return true;
}

bool qd_conn_add_token(qd_conn *conn, qd_side side, quic_bytes token) {
  qd_endpoint *ep = &conn->sides[side];
  void *grown;

  if (token.len != QUIC_RESET_TOKEN_LEN || ep->ntokens == QD_TOKENS_MAX) {
    return false;
  }
  for (uint8_t i = 0; i < ep->ntokens; i++) {
    if (memcmp(ep->tokens[i], token.data, token.len) == 0) {
      return false;
    }
  }
  grown = quic_mem_resize(conn->mem, ep->tokens, (size_t)ep->ntokens + 1,
                          QUIC_RESET_TOKEN_LEN);
  if (!grown) {
    return false;
  }
  ep->tokens = grown;
  memcpy(ep->tokens[ep->ntokens++], token.data, token.len);
  return true;
}

qd_crypto *qd_conn_crypto(qd_conn *conn, qd_side side, qd_level level) {
  qd_crypto **slot = &conn->sides[side].crypto[level];

  if (!*slot) {
    *slot = quic_mem_zalloc(conn->mem, sizeof(**slot));
    if (*slot) {
      quic_reasm_init(&(*slot)->data, conn->mem, QD_CRYPTO_MAX);
    }
  }
  return *slot;
}

void qd_conn_restart_hello(qd_conn *conn) {
  qd_crypto *cr = conn->sides[QD_CLIENT].crypto[QD_LEVEL_INITIAL];

  if (!cr) {
    return;
  }
  if (!cr->dropped) {
    *conn->crypto_total -= cr->data.cap;
    quic_reasm_free(&cr->data);
  }
  quic_reasm_init(&cr->data, conn->mem, QD_CRYPTO_MAX);
  cr->dropped = false;
  cr->parsed = 0;
  cr->peeked = 0;
  cr->epoch++;
}

void qd_conn_claim(qd_conn *conn, quic_keylog_entry *entry) {
  entry->seen = true;
  conn->facts.hello_stale = false;
  if (!conn->facts.has_random) {
    conn->facts.has_random = true;
    memcpy(conn->facts.random, entry->random, sizeof(entry->random));
  }
}

quic_bytes qd_conn_alpn(const qd_conn *conn) {
  const qd_facts *facts = &conn->facts;
  size_t first;

  if (facts->alpn_chosen_len) {
    return quic_bytes_of(facts->alpn_chosen, facts->alpn_chosen_len);
  }
  first = facts->alpn_len ? facts->alpn[0] : 0;
  if (first + 1 > facts->alpn_len) {
    return quic_bytes_of(NULL, 0);
  }
  return quic_bytes_of(facts->alpn + 1, first);
}

quic_bytes qd_conn_message(const qd_conn *conn, qd_side side,
                           const qd_message *msg) {
  const qd_crypto *cr = conn->sides[side].crypto[msg->level];
  quic_bytes have;

  if (!cr || cr->dropped || cr->epoch != msg->epoch) {
    return quic_bytes_of(NULL, 0);
  }
  have = quic_reasm_ready(&cr->data);
  if (msg->offset > have.len || msg->len > have.len - msg->offset) {
    return quic_bytes_of(NULL, 0);
  }
  return quic_bytes_of(have.data + msg->offset, msg->len);
}
