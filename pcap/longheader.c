#include "crypto/retry.h"
#include "pcap/decoding.h"
#include "pcap/handshake.h"

#define LONG_CID_MIN 4 /* octets of a CID that no other has by chance */

static bool long_to_odcid(const qd_conn *conn, const quic_header *h) {
  return h->type == QUIC_PACKET_INITIAL && conn->has_odcid &&
         quic_bytes_eq(h->dcid, quic_bytes_of(conn->odcid, conn->odcid_len));
}

/* long_elsewhere: a packet from addresses that |conn| never had, with a CID of
   its, is of |conn|: both CIDs must fit; an empty one fits when that side's are
   empty, but not in a first Initial, whose DCID anybody may choose. */
static bool long_elsewhere(const qd_conn *conn, const quic_header *h,
                           qd_side sender) {
  if (h->scid.len) {
    return qd_conn_cid(conn, sender, h->scid) != NULL;
  }
  return conn->sides[sender].cid_len <= 0 && h->dcid.len >= LONG_CID_MIN &&
         !long_to_odcid(conn, h);
}

/* long_by_cid finds the connection that |h|'s destination, then source CID
   belongs to; a connection of this flow first. */
static qd_conn *long_by_cid(qd_decoding *ctx, const quic_header *h,
                            qd_side *sender) {
  qd_cid_owner owners[QD_CID_OWNERS_MAX];
  qd_conn *elsewhere = NULL;

  for (int which = 0; which < 2; which++) {
    size_t n = qd_conntab_cid(&ctx->dec->tab, which ? h->scid : h->dcid, owners,
                              QD_CID_OWNERS_MAX);

    for (size_t i = 0; i < n; i++) {
      qd_side side = which ? owners[i].side : (qd_side)!owners[i].side;

      if (qd_decoding_in_flow(ctx->flow, owners[i].conn)) {
        *sender = side;
        return owners[i].conn;
      }
      if (which == 0 && !elsewhere && long_elsewhere(owners[i].conn, h, side)) {
        *sender = side;
        elsewhere = owners[i].conn;
      }
    }
  }
  return elsewhere;
}

/* long_plausible: bytes that look like a long header are one.  A version
   that the table decodes is proof enough; others need more. */
static bool long_plausible(const qd_decoding *ctx, const quic_header *h,
                           const qd_conn *conn) {
  const quic_version *v = h->version_info;

  if (v && v->kind == QUIC_VERSION_KIND_QUIC) {
    return h->dcid.len <= QUIC_CID_MAX;
  }
  if (conn) {
    return true;
  }
  if (h->dcid.len > QUIC_CID_MAX || h->scid.len > QUIC_CID_MAX) {
    return false;
  }
  if (h->type == QUIC_PACKET_VERSION_NEGOTIATION) {
    return h->versions.len >= 4 && h->versions.len % 4 == 0 &&
           h->dcid.len + h->scid.len >= 8;
  }
  if (v && v->kind != QUIC_VERSION_KIND_GREASE) {
    return (h->first & QUIC_FIRST_FIXED) != 0;
  }
  return (h->first & QUIC_FIRST_FIXED) && h->dcid.len >= 8 &&
         ctx->dg->wire_len >= 1200;
}

/* long_add_initial makes Initial keys known: for the DCID of a client's
   first Initial, and for every earlier DCID under a version that is new. */
static void long_add_initial(qd_conn *conn, const quic_version *version,
                             quic_bytes dcid) {
  if (!conn->has_odcid && dcid.len <= QUIC_CID_MAX) {
    conn->has_odcid = true;
    conn->odcid_len = (uint8_t)dcid.len;
    if (dcid.len) {
      memcpy(conn->odcid, dcid.data, dcid.len);
    }
  }
  qd_keyring_add_initial(&conn->ring, version, dcid);
  /* The server's answer under another version may be there already. */
  for (size_t i = 0; i < conn->ring.nversions; i++) {
    qd_keyring_add_initial(&conn->ring, conn->ring.versions[i], dcid);
  }
}

static void long_widen_versions(qd_conn *conn, const quic_version *version) {
  qd_keyring *ring = &conn->ring;
  size_t n = ring->ninitials;

  for (size_t i = 0; i < ring->nversions; i++) {
    if (ring->versions[i] == version) {
      return;
    }
  }
  for (size_t i = 0; i < n && i < ring->ninitials; i++) {
    uint8_t cid[QUIC_CID_MAX];
    uint8_t len = ring->initials[i].cid_len;

    memcpy(cid, ring->initials[i].cid, sizeof(cid));
    qd_keyring_add_initial(ring, version, quic_bytes_of(cid, len));
  }
  qd_keyring_add_version(ring, version);
}

static void long_retry(qd_decoding *ctx, qd_conn *conn, qd_packet *p) {
  const qd_decoder_settings *set = &ctx->dec->settings;
  qd_keyring *ring = &conn->ring;
  bool wrong = false, right = false;

  p->state = QD_STATE_CLEAR;
  p->sender = QD_SERVER;
  p->sender_known = true;
  for (size_t i = 0; i < ring->ninitials && !right && p->header.missing == 0;
       i++) {
    const qd_initial *in = &ring->initials[i];
    int rv = quic_retry_verify(set->crypto, set->mem, p->header.version_info,
                               quic_bytes_of(in->cid, in->cid_len), p->raw);

    right = rv == 0;
    wrong = wrong || rv == QUIC_ERR_AUTH;
  }
  p->notes |= right ? QD_NOTE_RETRY_OK : wrong ? QD_NOTE_RETRY_BAD : 0;
  if (p->notes & (QD_NOTE_RETRY_BAD | QD_NOTE_ICMP)) {
    return;
  }
  qd_conntab_add_cid(&ctx->dec->tab, conn, QD_SERVER, p->header.scid, 0);
  if (!conn->retried) {
    /* Only the first Retry counts (RFC 9000 §17.2.5.2). */
    conn->retried = true;
    conn->facts.hello_stale = true;
    qd_conn_restart_hello(conn);
  }
  qd_keyring_add_initial(ring, p->header.version_info, p->header.scid);
}

/* long_continues: a first Initial under another DCID goes on with |conn|: after
   Version Negotiation, after a Retry that the capture lost, or when the
   server's answer was captured before it. */
static bool long_continues(const qd_conn *conn, const quic_header *h) {
  return conn->vn_only || !conn->sides_known ||
         (h->scid.len && qd_conn_cid(conn, QD_CLIENT, h->scid)) ||
         (h->token.len && !conn->facts.suite);
}

/* long_proves: |p| opens with the keys of its own DCID, as a client's first
   Initial does. */
static bool long_proves(qd_decoding *ctx, const qd_packet *p, qd_opened *res) {
  const qd_decoder_settings *set = &ctx->dec->settings;

  return p->header.type == QUIC_PACKET_INITIAL && p->header.dcid.len &&
         p->raw.len <= ctx->dec->scratch_cap &&
         qd_keyring_try_initial(set->crypto, set->mem, &ctx->dec->tab.work,
                                &p->header, p->raw, ctx->dec->scratch,
                                res) == 0;
}

/* long_anew: an Initial with a CID of |conn|'s begins another connection: it
   goes to a DCID that |conn| never had, long after its handshake; or it carries
   another hello, from other addresses. */
static bool long_anew(qd_decoding *ctx, const qd_conn *conn,
                      const qd_packet *p) {
  const quic_header *h = &p->header;
  qd_opened res;

  if (h->type != QUIC_PACKET_INITIAL || h->dcid.len == 0) {
    return false;
  }
  if (long_to_odcid(conn, h)) {
    return !qd_decoding_in_flow(ctx->flow, conn) && h->missing == 0 &&
           long_proves(ctx, p, &res) &&
           qd_handshake_contradicts(conn, res.payload);
  }
  return qd_keyring_ready(&conn->ring, QD_LEVEL_APP, QD_SERVER) &&
         !qd_conn_cid(conn, QD_SERVER, h->dcid) &&
         !qd_conn_cid(conn, QD_CLIENT, h->dcid);
}

/* long_is_first: |p| is the first Initial of a client.  |conn| is the flow's
   connection, or NULL. */
static bool long_is_first(qd_decoding *ctx, const qd_conn *conn,
                          const qd_packet *p) {
  qd_opened res;

  if (p->header.type != QUIC_PACKET_INITIAL ||
      (conn && conn->sides_known && p->sender_known &&
       p->sender == QD_SERVER)) {
    return false;
  }
  ctx->tried = !long_proves(ctx, p, &res);
  return !ctx->tried;
}

/* long_other returns the flow's |conn|, or a new connection that begins with a
   packet that is no client's first Initial. */
static qd_conn *long_other(qd_decoding *ctx, qd_conn *conn, qd_packet *p) {
  const quic_header *h = &p->header;

  if (!conn) {
    p->sender = h->type == QUIC_PACKET_RETRY ||
                        h->type == QUIC_PACKET_VERSION_NEGOTIATION
                    ? QD_SERVER
                    : qd_decoding_guess_sender(ctx->dg);
    conn = qd_decoding_new_conn(ctx, p->sender);
    if (conn) {
      p->sender_known = false;
      conn->vn_only = h->type == QUIC_PACKET_VERSION_NEGOTIATION ||
                      h->type == QUIC_PACKET_UNKNOWN;
      conn->gquic =
          h->version_info && h->version_info->kind == QUIC_VERSION_KIND_GQUIC;
    }
  }
  return conn;
}

/* long_find finds or makes the connection of a long header packet. A
   client's first Initial proves itself: it opens with the keys of its own
   DCID. */
static qd_conn *long_find(qd_decoding *ctx, qd_packet *p) {
  const quic_header *h = &p->header;
  qd_conn *conn = long_by_cid(ctx, h, &p->sender);

  if (conn && !long_anew(ctx, conn, p)) {
    p->sender_known = conn->sides_known;
    return conn;
  }
  conn = ctx->flow && ctx->flow->nconns ? ctx->flow->conns[0] : NULL;
  if (conn) {
    p->sender_known = qd_decoding_sender(conn, ctx->dg, &p->sender);
  }
  if (!long_plausible(ctx, h, conn && h->dcid.len == 0 ? conn : NULL) ||
      (conn && h->type == QUIC_PACKET_UNKNOWN && h->version != conn->version)) {
    return NULL; /* nobody changes from one unknown version to another */
  }
  if (!long_is_first(ctx, conn, p)) {
    return long_other(ctx, conn, p);
  }
  if (!conn || !long_continues(conn, h)) {
    conn = qd_decoding_new_conn(ctx, QD_CLIENT);
  }
  p->sender = QD_CLIENT;
  p->sender_known = true;
  if (conn) {
    qd_decoding_sent_by(ctx->dec, conn, &p->src, &p->dst, QD_CLIENT);
    conn->sides_known = !quic_addr_eq(&p->src, &p->dst);
    long_add_initial(conn, h->version_info, h->dcid);
    qd_conntab_add_dcid(&ctx->dec->tab, conn, QD_SERVER, h->dcid);
  }
  return conn;
}

/* long_bad emits a long header that breaks off or contradicts itself,
   where the version leaves no doubt that it is one. */
static size_t long_bad(qd_decoding *ctx, qd_packet *p, size_t len, int rv) {
  const quic_version *v = p->header.version_info;
  bool cut = ctx->dg->payload.len < ctx->dg->wire_len;

  if (!v || v->kind != QUIC_VERSION_KIND_QUIC ||
      p->header.dcid.len > QUIC_CID_MAX) {
    return 0;
  }
  p->raw.len = len;
  p->header.packet_len = len;
  p->conn = long_by_cid(ctx, &p->header, &p->sender);
  p->sender_known = p->conn != NULL;
  p->state = QD_STATE_CLOSED;
  p->reason =
      rv == QUIC_ERR_SHORT && cut ? QD_REASON_TRUNCATED : QD_REASON_MALFORMED;
  qd_decoding_emit(ctx, p);
  return len;
}

/* long_restarted: a client's Initial that opens with the keys of its own DCID
   although the connection has others: the first one after Version Negotiation
   or after a Retry that the capture lost, or a client that starts over. */
static bool long_restarted(qd_decoding *ctx, qd_conn *conn,
                           const qd_packet *p) {
  qd_opened res;

  if (ctx->tried || (p->sender == QD_SERVER && conn->sides_known) ||
      !long_proves(ctx, p, &res)) {
    return false;
  }
  long_add_initial(conn, p->header.version_info, p->header.dcid);
  return true;
}

static void long_encrypted(qd_decoding *ctx, qd_conn *conn, qd_packet *p) {
  const quic_header *h = &p->header;
  qd_endpoint *server = &conn->sides[QD_SERVER];
  int rv;

  long_widen_versions(conn, h->version_info);
  rv = qd_decoding_open(ctx->dec, conn, p);
  if ((rv == QUIC_ERR_AUTH || rv == QUIC_ERR_AGAIN) &&
      long_restarted(ctx, conn, p)) {
    qd_decoding_sent_by(ctx->dec, conn, &p->src, &p->dst, QD_CLIENT);
    p->sender = QD_CLIENT;
    rv = qd_decoding_open(ctx->dec, conn, p);
  }
  if (rv != 0) {
    p->reason = qd_decoding_reason(conn, p, rv);
    if (conn->sides[p->sender].ncids == 0) {
      qd_conntab_add_cid(&ctx->dec->tab, conn, p->sender, h->scid, 0);
    }
    if (conn->sides[!p->sender].ncids == 0) {
      qd_conntab_add_dcid(&ctx->dec->tab, conn, (qd_side)!p->sender, h->dcid);
    }
    return;
  }
  qd_decoding_moved(ctx, conn, p->sender);
  if (p->sender == QD_CLIENT) {
    qd_conntab_add_dcid(&ctx->dec->tab, conn, QD_SERVER, h->dcid);
    if (server->cid_len < 0 && h->type == QUIC_PACKET_HANDSHAKE) {
      server->cid_len = (int)h->dcid.len;
    }
  }
}

size_t qd_decoding_long(qd_decoding *ctx) {
  const quic_datagram *dg = ctx->dg;
  const uint8_t *data = dg->payload.data + ctx->pos;
  size_t len = dg->payload.len - ctx->pos;
  quic_header *h;
  qd_packet p;
  qd_conn *conn;
  int rv;

  qd_decoding_init(ctx, &p);
  h = &p.header;
  rv = quic_header_decode(h, data, len, dg->wire_len - ctx->pos, 0);
  p.raw = quic_bytes_of(data, rv == 0 ? h->packet_len : len);
  if (ctx->pos && (rv == QUIC_ERR_MALFORMED || !h->version_info ||
                   !quic_bytes_eq(h->dcid, ctx->dcid) ||
                   (rv != 0 && dg->payload.len == dg->wire_len))) {
    return 0;
  }
  if (rv != 0) {
    return long_bad(ctx, &p, len, rv);
  }
  ctx->tried = false;
  conn = long_find(ctx, &p);
  if (!conn) {
    return 0;
  }
  p.conn = conn;
  if (h->type == QUIC_PACKET_0RTT) {
    p.sender = QD_CLIENT;
  }
  conn->longs += h->version == conn->version;
  if (!conn->version || conn->vn_only) {
    conn->version = h->version;
  }
  if (!(h->first & QUIC_FIRST_FIXED) &&
      h->type != QUIC_PACKET_VERSION_NEGOTIATION) {
    p.notes |= QD_NOTE_FIXED_ZERO;
  }
  if (h->type == QUIC_PACKET_VERSION_NEGOTIATION) {
    p.state = QD_STATE_CLEAR;
    p.sender_known = true;
  } else if (h->type == QUIC_PACKET_UNKNOWN) {
    p.reason = QD_REASON_UNKNOWN_VERSION;
    if (conn->gquic) {
      qd_handshake_chlo(conn, &p);
    }
    if (conn->vn_only) {
      qd_conntab_add_dcid(&ctx->dec->tab, conn, QD_SERVER, h->dcid);
      qd_conntab_add_cid(&ctx->dec->tab, conn, p.sender, h->scid, 0);
    }
  } else if (h->type == QUIC_PACKET_RETRY) {
    long_retry(ctx, conn, &p);
  } else {
    long_encrypted(ctx, conn, &p);
  }
  if (ctx->pos == 0) {
    ctx->dcid = p.header.dcid;
  }
  ctx->conn = conn;
  ctx->sender = p.sender;
  qd_decoding_emit(ctx, &p);
  return h->packet_len;
}
