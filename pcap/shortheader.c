#include "pcap/decoding.h"

#include "base/writer.h"

#define SHORT_GSO_MIN 1200 /* segment sizes that are guessed */
#define SHORT_GSO_MAX 1500
#define SHORT_GSO_PARTS 64 /* equal parts that are guessed */
/* Datagrams without a fit that end the guessing. */
#define SHORT_GSO_MISSES 32
#define SHORT_LENGTHS_DEPTH 8 /* packet number windows for each CID length */
#define SHORT_LONGS_MIN 2  /* long headers that make an unknown version sure */
#define SHORT_CID_MIN 4    /* octets of a CID that is looked for */
#define SHORT_CID_TRIES 64 /* places where the CID stands that are tried */
#define SHORT_SERVER_TRIES 8 /* connections of one server tried a packet */

/* short_as opens |len| octets at ctx->pos as a short header packet of
   |conn| from |sender|.  Returns what quic_header_decode or
   qd_decoding_open does; |p| is set up. */
static int short_as(qd_decoding *ctx, qd_conn *conn, qd_side sender,
                    bool sender_known, size_t cid_len, size_t len,
                    qd_packet *p) {
  const quic_datagram *dg = ctx->dg;
  const uint8_t *data = dg->payload.data + ctx->pos;
  size_t missing = dg->wire_len - dg->payload.len;
  const qd_cid *cid;
  int rv;

  qd_decoding_init(ctx, p);
  p->raw = quic_bytes_of(data, len);
  rv = quic_header_decode(
      &p->header, data, len,
      ctx->pos + len == dg->payload.len ? len + missing : len, cid_len);
  p->header.packet_len = len;
  p->conn = conn;
  p->sender = sender;
  p->sender_known = sender_known;
  if (rv != 0) {
    return rv;
  }
  cid = qd_conn_cid(conn, (qd_side)!sender, p->header.dcid);
  p->path_id = cid ? cid->path_id : 0;
  return qd_decoding_open(ctx->dec, conn, p);
}

/* short_boundary returns where the segment of |size| octets ends that the
   packet at ctx->pos is in. */
static size_t short_boundary(const qd_decoding *ctx, size_t size) {
  return ((ctx->base + ctx->pos) / size + 1) * size - ctx->base;
}

/* short_end tries the packet as ending at |end| of the datagram. */
static bool short_end(qd_decoding *ctx, qd_conn *conn, qd_side sender,
                      size_t cid_len, size_t end, qd_packet *p) {
  return end > ctx->pos && end < ctx->dg->payload.len &&
         short_as(ctx, conn, sender, true, cid_len, end - ctx->pos, p) == 0;
}

/* short_segment_cid tries the places where the CID stands again. */
static bool short_segment_cid(qd_decoding *ctx, qd_conn *conn, qd_side sender,
                              size_t cid_len, qd_packet *p) {
  const quic_bytes *all = &ctx->dg->payload;
  const uint8_t *cid = all->data + ctx->pos + 1;
  size_t left = all->len - ctx->pos;
  size_t at = 1 + cid_len + 20;

  for (int i = 0; cid_len >= SHORT_CID_MIN && i < SHORT_CID_TRIES &&
                  at + 1 + cid_len < left;
       i++, at++) {
    const uint8_t *next = memmem(cid + at, left - 1 - at, cid, cid_len);

    if (!next) {
      return false;
    }
    at = (size_t)(next - cid);
    if (!(next[-1] & QUIC_FIRST_LONG) &&
        short_end(ctx, conn, sender, cid_len, ctx->pos + at, p)) {
      conn->sides[sender].gso_size = (uint32_t)(ctx->base + ctx->pos + at);
      return true;
    }
  }
  return false;
}

/* short_segment_size tries segment sizes: equal parts, the usual packet sizes,
   then every other. */
static bool short_segment_size(qd_decoding *ctx, qd_conn *conn, qd_side sender,
                               size_t cid_len, qd_packet *p) {
  qd_endpoint *ep = &conn->sides[sender];
  size_t len = ctx->base + ctx->dg->payload.len;
  size_t size;

  if (ep->gso_misses >= SHORT_GSO_MISSES) {
    return false;
  }
  for (size_t parts = 2; parts <= SHORT_GSO_PARTS; parts++) {
    if (len % parts == 0 && (size = len / parts) > ctx->base + ctx->pos &&
        short_end(ctx, conn, sender, cid_len, size - ctx->base, p)) {
      ep->gso_size = (uint32_t)size;
      return true;
    }
  }
  for (size_t i = 0; i < SHORT_GSO_MAX; i++) {
    /* Counts from 1200 to 1500, then from 0 to 1199. */
    size = (SHORT_GSO_MIN - 1 + i) % SHORT_GSO_MAX + 1;
    if (size > 1 + cid_len + 20 &&
        short_end(ctx, conn, sender, cid_len, short_boundary(ctx, size), p)) {
      ep->gso_size = (uint32_t)size;
      return true;
    }
  }
  ep->gso_misses++;
  return false;
}

/* short_one tries |conn| for the short header packet at ctx->pos: as the rest
   of the datagram, or as a segment of one that segmentation offload glued
   together.  Returns true when it opened, else |*rv| says why not. */
static bool short_one(qd_decoding *ctx, qd_conn *conn, qd_side sender,
                      bool sender_known, size_t cid_len, qd_packet *p,
                      int *rv) {
  size_t len = ctx->dg->payload.len - ctx->pos;
  bool whole = ctx->dg->wire_len == ctx->dg->payload.len;
  size_t size = conn->sides[sender].gso_size;
  uint32_t depth = conn->ring.depth;
  qd_packet rest;

  if (whole && size && len > size &&
      short_end(ctx, conn, sender, cid_len, short_boundary(ctx, size), p)) {
    p->notes |= QD_NOTE_GSO;
    return true;
  }
  /* A long datagram is more likely glued together than full of surprises. */
  if (whole && len > SHORT_GSO_MAX) {
    conn->ring.depth = 1;
  }
  *rv = short_as(ctx, conn, sender, sender_known, cid_len, len, p);
  if (*rv != QUIC_ERR_AUTH || !whole || len < 2 * (21 + cid_len)) {
    conn->ring.depth = depth;
    return *rv == 0;
  }
  rest = *p;
  conn->ring.depth = 1;
  if (short_segment_cid(ctx, conn, sender, cid_len, p) ||
      short_segment_size(ctx, conn, sender, cid_len, p)) {
    conn->ring.depth = depth;
    p->notes |= QD_NOTE_GSO;
    *rv = 0;
    return true;
  }
  conn->ring.depth = depth;
  *p = rest;
  return false;
}

/* short_lengths tries every length of the CID, where the receiver's is
   not known. */
static bool short_lengths(qd_decoding *ctx, qd_conn *conn, qd_side sender,
                          bool sender_known, qd_packet *p, int *rv) {
  size_t len = ctx->dg->payload.len - ctx->pos;

  if (!qd_keyring_has_secret(&conn->ring, QD_LEVEL_APP, sender)) {
    *rv = short_as(ctx, conn, sender, sender_known, 0, len, p);
    return *rv == 0;
  }
  conn->ring.depth = SHORT_LENGTHS_DEPTH;
  *rv = QUIC_ERR_AUTH;
  for (size_t cid_len = QUIC_CID_MAX + 1; cid_len-- > 0 && *rv != 0;) {
    *rv = short_as(ctx, conn, sender, sender_known, cid_len, len, p);
  }
  conn->ring.depth = 0;
  if (*rv == 0) {
    qd_conntab_add_cid(&ctx->dec->tab, conn, (qd_side)!p->sender,
                       p->header.dcid, 0);
  }
  return *rv == 0;
}

/* short_conn tries |conn|, whose CID lengths are perhaps unknown. */
static bool short_conn(qd_decoding *ctx, qd_conn *conn, qd_packet *p, int *rv) {
  qd_side sender;
  bool known = qd_decoding_sender(conn, ctx->dg, &sender);
  const quic_bytes *all = &ctx->dg->payload;
  int cid_len;

  if (!known) {
    /* Both ends have one address: only a CID tells who sent it. */
    for (int side = 0; side < QD_SIDES; side++) {
      cid_len = conn->sides[side].cid_len;
      if (cid_len > 0 && (size_t)cid_len < all->len - ctx->pos &&
          qd_conn_cid(
              conn, (qd_side)side,
              quic_bytes_of(all->data + ctx->pos + 1, (size_t)cid_len))) {
        sender = (qd_side)!side;
        known = true;
      }
    }
  }
  cid_len = conn->sides[!sender].cid_len;
  if (cid_len < 0) {
    return short_lengths(ctx, conn, sender, known, p, rv);
  }
  return short_one(ctx, conn, sender, known, (size_t)cid_len, p, rv);
}

/* short_cid looks for the connection by the CID alone, in every length
   that is in use: the packet came from addresses not seen before. */
static bool short_cid(qd_decoding *ctx, qd_packet *p, int *rv) {
  const quic_bytes *all = &ctx->dg->payload;
  size_t left = all->len - ctx->pos;

  for (size_t len = QUIC_CID_MAX; len > 0; len--) {
    qd_cid_owner owners[QD_CID_OWNERS_MAX];
    size_t n;

    if (!ctx->dec->tab.cid_lens[len] || left <= len) {
      continue;
    }
    n = qd_conntab_cid(&ctx->dec->tab,
                       quic_bytes_of(all->data + ctx->pos + 1, len), owners,
                       QD_CID_OWNERS_MAX);
    for (size_t i = 0; i < n; i++) {
      if (short_one(ctx, owners[i].conn, (qd_side)!owners[i].side, true, len, p,
                    rv)) {
        return true;
      }
    }
    if (n && len >= SHORT_CID_MIN) {
      return true; /* closed, but the CID says whose it is */
    }
  }
  return false;
}

/* short_server tries the connections of either address's server: a
   client with empty CIDs moved. */
static bool short_server(qd_decoding *ctx, qd_packet *p, int *rv) {
  bool cut = ctx->dg->wire_len != ctx->dg->payload.len;

  /* Of a cut packet nothing would tell that it is another's. */
  for (int end = 0; end < 2 && !cut; end++) {
    qd_conn *conns[SHORT_SERVER_TRIES];
    const quic_addr *server = end ? &ctx->dg->dst : &ctx->dg->src;
    size_t n =
        qd_conntab_server(&ctx->dec->tab, server, conns, SHORT_SERVER_TRIES);

    for (size_t i = 0; i < n; i++) {
      qd_side sender = end ? QD_CLIENT : QD_SERVER;
      int cid_len = conns[i]->sides[!sender].cid_len;

      if (cid_len >= 0 &&
          qd_keyring_ready(&conns[i]->ring, QD_LEVEL_APP, sender) &&
          short_one(ctx, conns[i], sender, true, (size_t)cid_len, p, rv)) {
        return true;
      }
    }
  }
  return false;
}

/* short_reset: the last 16 octets are a token that a known connection
   may be reset with (RFC 9000 §10.3). */
static bool short_reset(qd_decoding *ctx, qd_packet *p) {
  const quic_bytes *all = &ctx->dg->payload;
  qd_conn *conn;

  if (all->len - ctx->pos < 5 + QUIC_RESET_TOKEN_LEN || ctx->pos ||
      ctx->dg->wire_len != all->len) {
    return false;
  }
  conn = qd_conntab_token(
      &ctx->dec->tab, quic_bytes_of(all->data + all->len - QUIC_RESET_TOKEN_LEN,
                                    QUIC_RESET_TOKEN_LEN));
  if (!conn) {
    return false;
  }
  qd_decoding_init(ctx, p);
  p->raw = *all;
  p->header.type = QUIC_PACKET_1RTT;
  p->header.first = all->data[0];
  p->header.packet_len = all->len;
  p->conn = conn;
  p->sender_known = qd_decoding_sender(conn, ctx->dg, &p->sender);
  p->state = QD_STATE_RESET;
  p->reason = QD_REASON_RESET_TOKEN;
  return true;
}

/* short_flow_hash tells one direction of a flow from others. */
static uint64_t short_flow_hash(const qd_decoder *dec,
                                const quic_datagram *dg) {
  const quic_addr *ends[2] = {&dg->src, &dg->dst};
  uint8_t key[2 * 18];
  quic_writer wr;

  quic_writer_init(&wr, key, sizeof(key));
  for (int i = 0; i < 2; i++) {
    quic_writer_bytes(&wr, quic_bytes_of(ends[i]->ip, sizeof(ends[i]->ip)));
    quic_writer_u16(&wr, ends[i]->port);
  }
  return quic_siphash(dec->settings.seed,
                      quic_bytes_of(key, quic_writer_len(&wr)));
}

/* short_trial looks through the key log for a connection whose
   handshake was not captured. */
static bool short_trial(qd_decoding *ctx, qd_conn *conn, qd_packet *p,
                        int *rv) {
  qd_decoder *dec = ctx->dec;
  const quic_bytes *all = &ctx->dg->payload;
  qd_trial_found found;

  if (!dec->settings.keylog || ctx->pos || ctx->held ||
      !(all->data[0] & QUIC_FIRST_FIXED) || ctx->dg->wire_len != all->len ||
      ctx->dg->in_icmp || all->len > dec->scratch_cap ||
      (conn && (conn->facts.has_random || conn->ring.nentries))) {
    return false;
  }
  if (!qd_trial_packet(&dec->trial, dec->settings.keylog,
                       short_flow_hash(dec, ctx->dg), *all, dec->scratch,
                       &found)) {
    return false;
  }
  if (conn) {
    qd_decoding_sent_by(dec, conn, &ctx->dg->src, &ctx->dg->dst, found.sender);
  } else {
    conn = qd_decoding_new_conn(ctx, found.sender);
  }
  if (!conn) {
    return false;
  }
  qd_conn_claim(conn, found.entry);
  conn->sides_known = true;
  conn->version = found.version->number;
  qd_keyring_add_version(&conn->ring, found.version);
  qd_keyring_add_entry(&conn->ring, found.entry);
  qd_conntab_add_cid(&dec->tab, conn, (qd_side)!found.sender,
                     quic_bytes_of(all->data + 1, found.cid_len), 0);
  return short_one(ctx, conn, found.sender, true, found.cid_len, p, rv);
}

/* short_fixed: the fixed bit is set, or the receiver allowed to clear it (RFC
   9287). */
static bool short_fixed(const qd_packet *p) {
  return (p->header.first & QUIC_FIRST_FIXED) ||
         p->conn->sides[!p->sender].grease_bit;
}

/* short_trusted: |conn| is QUIC beyond doubt.  One long header of a version
   that nobody knows may be chance. */
static bool short_trusted(const qd_conn *conn) {
  const quic_version *v = quic_version_find(conn->version);

  return (v && v->kind != QUIC_VERSION_KIND_GREASE) ||
         conn->longs >= SHORT_LONGS_MIN;
}

/* short_behind: what stands closed behind other packets is one of the same
   connection and not padding: it has their CID, or there is none and a key may
   still tell. */
static bool short_behind(const qd_decoding *ctx, const qd_packet *p) {
  return ctx->dcid.len ? quic_bytes_eq(p->header.dcid, ctx->dcid)
                       : p->header.dcid.len == 0 && short_fixed(p) &&
                             qd_decoding_may_open(ctx->dec, p->conn, p);
}

/* short_opened takes what the addresses and the CID of an opened packet tell.
 */
static void short_opened(qd_decoding *ctx, const qd_packet *p) {
  qd_conn *conn = p->conn;
  qd_side receiver = (qd_side)!p->sender;

  qd_decoding_moved(ctx, conn, p->sender);
  if (p->header.dcid.len && !qd_conn_cid(conn, receiver, p->header.dcid)) {
    qd_conntab_add_cid(&ctx->dec->tab, conn, receiver, p->header.dcid,
                       p->path_id);
  }
}

int qd_decoding_short_again(qd_decoding *ctx, qd_conn *conn) {
  qd_packet p;
  int rv = QUIC_ERR_AGAIN;

  if (!short_conn(ctx, conn, &p, &rv)) {
    return rv;
  }
  do {
    short_opened(ctx, &p);
    qd_decoding_emit(ctx, &p);
    ctx->pos += p.raw.len;
  } while (ctx->pos < ctx->dg->payload.len && short_conn(ctx, conn, &p, &rv));
  if (ctx->pos < ctx->dg->payload.len) {
    p.reason = qd_decoding_reason(conn, &p, rv);
    qd_decoding_emit(ctx, &p);
  }
  return 0;
}

size_t qd_decoding_short(qd_decoding *ctx) {
  qd_flow *flow = ctx->flow;
  bool found = false;
  qd_packet p, mine;
  int rv = QUIC_ERR_AGAIN, mine_rv = QUIC_ERR_AGAIN;

  if (ctx->pos && ctx->conn) {
    found = short_conn(ctx, ctx->conn, &p, &rv);
    mine = p;
    mine_rv = rv;
  }
  for (uint8_t i = 0; flow && i < flow->nconns && !found; i++) {
    if (ctx->pos && flow->conns[i] == ctx->conn) {
      continue;
    }
    if (i > 0 && ctx->dg->wire_len != ctx->dg->payload.len) {
      break;
    }
    found = short_conn(ctx, flow->conns[i], &p, &rv);
    if (!found && i == 0 && !ctx->pos) {
      mine = p;
      mine_rv = rv;
    }
  }
  if (!found && ctx->dec->tab.len) {
    found = short_cid(ctx, &p, &rv) || short_server(ctx, &p, &rv) ||
            short_reset(ctx, &p);
  }
  if (!found) {
    found =
        short_trial(ctx, flow && flow->nconns ? flow->conns[0] : NULL, &p, &rv);
  }
  if (!found) {
    if (!flow || flow->nconns == 0 || !short_fixed(&mine) ||
        !short_trusted(mine.conn)) {
      return 0;
    }
    p = mine;
    rv = mine_rv;
  }
  if (p.state == QD_STATE_CLOSED) {
    p.reason = qd_decoding_reason(p.conn, &p, rv);
    if (ctx->pos && !short_behind(ctx, &p)) {
      return 0;
    }
  } else if (p.state != QD_STATE_RESET) {
    short_opened(ctx, &p);
  }
  if (ctx->pos == 0) {
    ctx->dcid = p.header.dcid;
  }
  ctx->conn = p.conn;
  ctx->sender = p.sender;
  qd_decoding_emit(ctx, &p);
  return p.raw.len;
}
