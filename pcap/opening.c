#include "pcap/decoding.h"
#include "pcap/handshake.h"
#include "pcap/walk.h"

/* Facts that opened frames bring. */

static void opening_new_cid(qd_decoder *dec, qd_conn *conn, qd_side sender,
                            const quic_frame *f) {
  qd_conntab_add_cid(&dec->tab, conn, sender, f->u.new_cid.cid,
                     (uint32_t)f->u.new_cid.path_id);
  (void)qd_conn_add_token(conn, sender, f->u.new_cid.reset_token);
  qd_conntab_add_tokens(&dec->tab, conn);
}

/* opening_limit_crypto drops handshake octets of old connections when there
   are too many in all; half of them, so that it is not done for each frame. */
static void opening_limit_crypto(qd_decoder *dec, const qd_conn *keep) {
  quic_list *at = dec->tab.lru.next;

  if (dec->tab.crypto_total <= QD_CRYPTO_BYTES) {
    return;
  }
  for (; dec->tab.crypto_total > QD_CRYPTO_BYTES / 2 && at != &dec->tab.lru;
       at = at->next) {
    qd_conn *conn = QUIC_LIST_ITEM(at, qd_conn, lru);

    if (conn != keep) {
      qd_conn_drop_crypto(conn);
    }
  }
}

static void opening_frame(qd_decoder *dec, qd_conn *conn, qd_packet *p,
                          const quic_frame *f, qd_level level) {
  if (!quic_frame_legal(f->info, p->header.type)) {
    p->notes |= QD_NOTE_ILLEGAL;
  }
  switch (quic_frame_meaning(f)) {
  case QUIC_FRAME_ACK:
  case QUIC_FRAME_ACK_ECN:
  case QUIC_FRAME_PATH_ACK:
  case QUIC_FRAME_PATH_ACK + 1:
    if (p->state == QD_STATE_OPEN) {
      qd_keyring_note_acked(&conn->ring, level, (qd_side)!p->sender,
                            (uint32_t)f->u.ack.path_id, f->u.ack.largest);
    }
    break;
  case QUIC_FRAME_CRYPTO:
    if (qd_handshake_crypto(conn, p, level, f->u.crypto.offset,
                            f->u.crypto.data, dec->settings.keylog) == 0) {
      opening_limit_crypto(dec, conn);
    }
    if (conn->facts.preferred.len) {
      qd_conntab_add_dcid(
          &dec->tab, conn, QD_SERVER,
          quic_bytes_of(conn->facts.preferred.data, conn->facts.preferred.len));
      conn->facts.preferred.len = 0;
    }
    qd_conntab_add_tokens(&dec->tab, conn);
    break;
  case QUIC_FRAME_NEW_CONNECTION_ID:
  case QUIC_FRAME_PATH_NEW_CONNECTION_ID:
    opening_new_cid(dec, conn, p->sender, f);
    break;
  default:
    break;
  }
}

/* opening_frames walks the frames of an opened packet. */
static void opening_frames(qd_decoder *dec, qd_conn *conn, qd_packet *p) {
  qd_level level = qd_packet_level(p->header.type);
  qd_walk walk;
  quic_frame f;
  int rv;

  qd_walk_init(&walk, p);
  while ((rv = qd_walk_next(&walk, &f)) == 0) {
    opening_frame(dec, conn, p, &f, level);
  }
  if (rv != QUIC_ERR_END && !p->header.missing) {
    p->notes |= QD_NOTE_BAD_FRAME;
  }
}

/* opening_opened makes |p| an opened packet and takes its facts. */
static void opening_opened(qd_decoder *dec, qd_conn *conn, qd_packet *p,
                           const qd_opened *res) {
  const quic_header *h = &p->header;
  uint8_t reserved =
      h->is_long ? QUIC_FIRST_RESERVED_LONG : QUIC_FIRST_RESERVED_SHORT;

  p->conn = conn;
  p->state = res->authenticated ? QD_STATE_OPEN : QD_STATE_UNAUTHENTICATED;
  p->reason = QD_REASON_NONE;
  p->payload = res->payload;
  p->header.first = res->unmasked.first;
  p->header.pn_len = res->unmasked.pn_len;
  p->header.pn = res->pn;
  p->generation = res->generation;
  p->suite = res->suite;
  if (res->other_version) {
    p->notes |= QD_NOTE_OTHER_VERSION;
  }
  if ((res->unmasked.first & reserved) && !conn->ring.loss_bits) {
    p->notes |= QD_NOTE_RESERVED;
  }
  if (!(res->unmasked.first & QUIC_FIRST_FIXED)) {
    p->notes |= QD_NOTE_FIXED_ZERO;
  }
  if (p->notes & QD_NOTE_ICMP) {
    return; /* an echo: it was, or should have been, seen already */
  }
  conn->sides_known = true;
  conn->vn_only = false;
  qd_keyring_note_opened(&conn->ring, qd_packet_level(h->type), p->sender,
                         p->path_id, res->pn);
  if (h->type == QUIC_PACKET_1RTT && conn->ring.suite &&
      conn->ring.suite->cost >= dec->costly) {
    qd_ahead_opened(dec->ahead, p);
  }
  if (h->is_long) {
    conn->version = h->version;
    qd_conntab_add_cid(&dec->tab, conn, p->sender, h->scid, 0);
  }
  opening_frames(dec, conn, p);
}

static void opening_swap_sides(qd_decoder *dec, qd_conn *conn) {
  qd_endpoint old[QD_SIDES];

  qd_conntab_forget_cids(&dec->tab, conn);
  memcpy(old, conn->sides, sizeof(old));
  conn->sides[QD_CLIENT] = old[QD_SERVER];
  conn->sides[QD_SERVER] = old[QD_CLIENT];
  for (int side = 0; side < QD_SIDES; side++) {
    qd_endpoint *ep = &conn->sides[side];
    qd_cid *cids = ep->cids;
    uint8_t ncids = ep->ncids;

    ep->cids = NULL;
    ep->ncids = 0;
    for (uint8_t i = 0; i < ncids; i++) {
      qd_conntab_add_cid(&dec->tab, conn, (qd_side)side,
                         quic_bytes_of(cids[i].data, cids[i].len),
                         cids[i].path_id);
    }
    quic_mem_free(conn->mem, cids);
  }
  qd_conntab_set_server(&dec->tab, conn);
}

void qd_decoding_sent_by(qd_decoder *dec, qd_conn *conn, const quic_addr *src,
                         const quic_addr *dst, qd_side side) {
  if (!conn->sides_known && !quic_addr_eq(src, dst) &&
      !quic_addr_eq(src, &conn->sides[side].addr)) {
    opening_swap_sides(dec, conn);
  }
}

/* opening_may_borrow: the secrets of |conn| go by a random that the capture
   does not show: no hello was captured, or only the one before a Retry, or it
   is encrypted (ECH). */
static bool opening_may_borrow(const qd_decoder *dec, const qd_conn *conn,
                               const qd_packet *p) {
  const qd_facts *facts = &conn->facts;

  if (!dec->settings.keylog || p->header.missing ||
      conn->borrows >= QD_BORROWS_MAX) {
    return false;
  }
  return !facts->has_random || facts->hello_stale ||
         (facts->ech && conn->ring.nentries == 0);
}

/* opening_borrow tries each unclaimed entry of the key log on |p|. */
static int opening_borrow(qd_decoder *dec, qd_conn *conn, const qd_packet *p,
                          qd_side side, qd_opened *res) {
  qd_keyring *ring = &conn->ring;
  quic_keylog_label label =
      qd_keyring_secret_label(qd_packet_level(p->header.type), side);
  quic_keylog_entry *saved[QD_HELLOS_MAX];
  size_t nsaved = ring->nentries;
  size_t entries = quic_keylog_count(dec->settings.keylog);
  quic_keylog_entry *entry;

  if (label >= QUIC_KEYLOG_LABELS) {
    return QUIC_ERR_AGAIN;
  }
  conn->borrows++;
  if (!qd_trial_spend(&dec->trial, entries,
                      (uint32_t)(entries / QD_TRIAL_SCAN))) {
    return QUIC_ERR_AGAIN;
  }
  memcpy(saved, ring->entries, sizeof(saved));
  ring->work = NULL; /* has a budget of its own */
  for (size_t i = 0; (entry = quic_keylog_at(dec->settings.keylog, i)); i++) {
    if (entry->seen || !entry->secrets[label].len) {
      continue;
    }
    if (!qd_trial_spend(&dec->trial, entries, QD_BORROW_COST)) {
      break;
    }
    ring->entries[0] = entry;
    ring->nentries = 1;
    ring->facts++; /* guesses start anew */
    if (qd_keyring_open(ring, &p->header, p->raw, side, p->path_id,
                        dec->scratch, res) == 0) {
      qd_conn_claim(conn, entry);
      ring->facts++;
      ring->work = &dec->tab.work;
      return 0;
    }
  }
  ring->work = &dec->tab.work;
  memcpy(ring->entries, saved, sizeof(saved));
  ring->nentries = nsaved;
  return QUIC_ERR_AGAIN;
}

/* opening_open_as opens |p| as sent by |side|. */
static int opening_open_as(qd_decoder *dec, qd_conn *conn, const qd_packet *p,
                           qd_side side, qd_opened *res) {
  int rv = qd_keyring_open(&conn->ring, &p->header, p->raw, side, p->path_id,
                           dec->scratch, res);

  if ((rv == QUIC_ERR_AGAIN || rv == QUIC_ERR_AUTH) &&
      opening_may_borrow(dec, conn, p)) {
    int borrowed = opening_borrow(dec, conn, p, side, res);

    rv = borrowed == 0 ? 0 : rv;
  }
  return rv;
}

int qd_decoding_open(qd_decoder *dec, qd_conn *conn, qd_packet *p) {
  qd_opened res;
  int rv;

  if (p->raw.len > dec->scratch_cap) {
    return QUIC_ERR_AUTH;
  }
  qd_conntab_warm(&dec->tab, conn);
  rv = opening_open_as(dec, conn, p, p->sender, &res);
  if ((rv == QUIC_ERR_AUTH || rv == QUIC_ERR_AGAIN) &&
      (!conn->sides_known || !p->sender_known)) {
    int other = opening_open_as(dec, conn, p, (qd_side)!p->sender, &res);

    if (other == 0) {
      p->sender = (qd_side)!p->sender;
      qd_decoding_sent_by(dec, conn, &p->src, &p->dst, p->sender);
      rv = 0;
    }
  }
  if (rv == 0) {
    p->sender_known = true;
    opening_opened(dec, conn, p, &res);
  }
  return rv;
}

qd_reason qd_decoding_reason(const qd_conn *conn, const qd_packet *p, int rv) {
  qd_level level = qd_packet_level(p->header.type);
  const qd_keyring *ring = &conn->ring;
  const quic_version *version = quic_version_find(conn->version);

  if (!version || version->kind != QUIC_VERSION_KIND_QUIC) {
    return QD_REASON_UNKNOWN_VERSION;
  }
  if (rv == QUIC_ERR_SHORT) {
    return p->header.missing ? QD_REASON_TRUNCATED : QD_REASON_MALFORMED;
  }
  if (p->header.missing && p->header.packet_len < p->header.pn_offset +
                                                      QUIC_HP_SAMPLE_OFFSET +
                                                      QUIC_HP_SAMPLE_LEN) {
    return QD_REASON_TRUNCATED;
  }
  if (level == QD_LEVEL_INITIAL) {
    return rv == QUIC_ERR_AUTH && conn->has_odcid
               ? (p->header.missing ? QD_REASON_TRUNCATED : QD_REASON_AEAD_FAIL)
               : QD_REASON_NO_HELLO;
  }
  if (rv == QUIC_ERR_AGAIN) {
    return conn->facts.has_random || ring->nentries ? QD_REASON_NO_SECRET
                                                    : QD_REASON_NO_HELLO;
  }
  if (p->header.missing) {
    return QD_REASON_TRUNCATED;
  }
  if (level == QD_LEVEL_APP && p->header.dcid.len &&
      !qd_conn_cid(conn, (qd_side)!p->sender, p->header.dcid)) {
    return QD_REASON_UNKNOWN_CID;
  }
  return QD_REASON_AEAD_FAIL;
}

bool qd_decoding_may_open(const qd_decoder *dec, const qd_conn *conn,
                          const qd_packet *p) {
  bool few = conn->pending_bytes < QD_NO_HELLO_HELD;
  bool keys = dec->settings.keylog &&
              (!dec->keys_final || quic_keylog_count(dec->settings.keylog));

  if (p->notes & QD_NOTE_ICMP) {
    return false;
  }
  switch (p->reason) {
  case QD_REASON_NO_HELLO:
    /* An Initial that was captured before the client's first one needs no
       secret. */
    return few && (keys || p->header.type == QUIC_PACKET_INITIAL);
  case QD_REASON_NO_SECRET:
    return dec->settings.keylog && !dec->keys_final;
  case QD_REASON_AEAD_FAIL:
  case QD_REASON_UNKNOWN_CID:
    /* The right suite or version may not have been seen yet. */
    return few && keys && !conn->ring.suite_proven;
  default:
    return false;
  }
}
