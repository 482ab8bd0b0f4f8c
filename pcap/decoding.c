#include "pcap/decoding.h"

static void decoding_count(qd_decoder *dec, const qd_packet *p) {
  if (p->state == QD_STATE_PADDING) {
    return;
  }
  dec->stats.packets++;
  if (p->state != QD_STATE_CLEAR && p->state != QD_STATE_RESET) {
    dec->stats.encrypted++;
  }
  if (qd_packet_opened(p)) {
    dec->stats.opened++;
  }
}

/* decoding_again decodes a held short header packet from the start: CID
   lengths, paths and segments may be known by now. */
static int decoding_again(qd_decoder *dec, qd_conn *conn, qd_held *held) {
  const qd_packet *p = &held->p;
  quic_datagram dg = {.src = p->src,
                      .dst = p->dst,
                      .payload = p->raw,
                      .wire_len = p->raw.len + p->header.missing,
                      .ecn = p->ecn};
  qd_decoding ctx = {.dec = dec,
                     .dg = &dg,
                     .frame = p->frame,
                     .now = p->time,
                     .flow = qd_conntab_flow(&dec->tab, &p->src, &p->dst),
                     .index = p->index,
                     .base = p->offset,
                     .held = held,
                     .notes = p->notes};
  int rv = qd_decoding_short_again(&ctx, conn);

  if (rv == 0) {
    qd_hold_discard(&dec->hold, held);
  }
  return rv;
}

/* decoding_open_held opens a held long header packet in its place. */
static int decoding_open_held(qd_decoder *dec, qd_conn *conn, qd_held *held) {
  qd_packet *p = &held->p;
  uint8_t *room = held->block + p->raw.len;
  int rv = qd_decoding_open(dec, conn, p);

  if (rv == 0) {
    memcpy(room, p->payload.data, p->payload.len);
    p->payload.data = room;
    conn->sides[p->sender].opened++;
    dec->stats.opened++;
    dec->stats.late++;
    qd_hold_settle(&dec->hold, held);
  }
  return rv;
}

void qd_decoding_retry(qd_decoder *dec, qd_conn *conn) {
  while (conn->retry_facts != conn->ring.facts &&
         !quic_list_empty(&conn->pending)) {
    quic_list *at = conn->pending.next;

    conn->retry_facts = conn->ring.facts;
    while (at != &conn->pending) {
      qd_held *held = QUIC_LIST_ITEM(at, qd_held, pending);
      qd_packet *p = &held->p;
      int rv;

      at = at->next;
      rv = p->header.type == QUIC_PACKET_1RTT
               ? decoding_again(dec, conn, held)
               : decoding_open_held(dec, conn, held);
      if (rv != 0) {
        p->reason = qd_decoding_reason(conn, p, rv);
        if (!qd_decoding_may_open(dec, conn, p)) {
          qd_hold_settle(&dec->hold, held);
        }
      }
    }
    qd_hold_release(&dec->hold);
  }
  conn->retry_facts = conn->ring.facts;
}

/* decoding_emit_again hands out what came of a held packet. */
static void decoding_emit_again(qd_decoding *ctx, const qd_packet *p) {
  qd_decoder *dec = ctx->dec;

  if (p->index != ctx->held->p.index) {
    decoding_count(dec, p);
  } else if (qd_packet_opened(p)) {
    dec->stats.opened++;
  }
  if (qd_packet_opened(p)) {
    dec->stats.late++;
    p->conn->sides[p->sender].opened++;
  }
  qd_hold_replace(&dec->hold, ctx->held, p);
}

void qd_decoding_emit(qd_decoding *ctx, qd_packet *p) {
  qd_decoder *dec = ctx->dec;
  qd_conn *conn = p->conn;

  p->index = ctx->index++;
  if (ctx->held) {
    decoding_emit_again(ctx, p);
    return;
  }
  decoding_count(dec, p);
  if (conn) {
    qd_conntab_touch(&dec->tab, conn, ctx->now);
    if (p->state != QD_STATE_PADDING && p->sender_known) {
      conn->sides[p->sender].packets++;
      conn->sides[p->sender].opened += qd_packet_opened(p);
    }
  }
  if (conn && p->state == QD_STATE_CLOSED &&
      qd_decoding_may_open(dec, conn, p)) {
    qd_hold_packet(&dec->hold, p);
  } else {
    qd_hold_show(&dec->hold, p);
  }
  if (conn && conn->retry_facts != conn->ring.facts) {
    qd_decoding_retry(dec, conn);
  }
}

void qd_decoding_init(const qd_decoding *ctx, qd_packet *p) {
  memset(p, 0, sizeof(*p));
  p->frame = ctx->frame;
  p->time = ctx->now;
  p->src = ctx->dg->src;
  p->dst = ctx->dg->dst;
  p->datagram_len = (uint32_t)ctx->dg->wire_len;
  p->ecn = ctx->dg->ecn;
  p->notes = ctx->notes;
  p->offset = (uint32_t)(ctx->base + ctx->pos);
  p->header.type = QUIC_PACKET_UNKNOWN;
}

bool qd_decoding_sender(const qd_conn *conn, const quic_datagram *dg,
                        qd_side *sender) {
  const quic_addr *client = &conn->sides[QD_CLIENT].addr;
  const quic_addr *server = &conn->sides[QD_SERVER].addr;

  *sender = QD_CLIENT;
  if (quic_addr_eq(client, server)) {
    return false;
  }
  if (quic_addr_eq(&dg->src, client) || quic_addr_eq(&dg->dst, server)) {
    return true;
  }
  *sender = QD_SERVER;
  return quic_addr_eq(&dg->src, server) || quic_addr_eq(&dg->dst, client);
}

#define DECODING_SERVER_PORTS 1024 /* ports below are those of servers */

qd_side qd_decoding_guess_sender(const quic_datagram *dg) {
  bool low_src = dg->src.port < DECODING_SERVER_PORTS;
  bool low_dst = dg->dst.port < DECODING_SERVER_PORTS;

  return low_src && !low_dst ? QD_SERVER : QD_CLIENT;
}

qd_conn *qd_decoding_new_conn(qd_decoding *ctx, qd_side sender) {
  const quic_addr *client = sender == QD_CLIENT ? &ctx->dg->src : &ctx->dg->dst;
  const quic_addr *server = sender == QD_CLIENT ? &ctx->dg->dst : &ctx->dg->src;
  qd_conn *conn = qd_conntab_new(&ctx->dec->tab, client, server, ctx->now);

  ctx->flow = qd_conntab_flow(&ctx->dec->tab, &ctx->dg->src, &ctx->dg->dst);
  return conn;
}

bool qd_decoding_in_flow(const qd_flow *flow, const qd_conn *conn) {
  for (uint8_t i = 0; flow && i < flow->nconns; i++) {
    if (flow->conns[i] == conn) {
      return true;
    }
  }
  return false;
}

void qd_decoding_moved(qd_decoding *ctx, qd_conn *conn, qd_side sender) {
  if (ctx->dg->in_icmp) {
    return;
  }
  if (!qd_decoding_in_flow(ctx->flow, conn) &&
      qd_conntab_bind(&ctx->dec->tab, conn, &ctx->dg->src, &ctx->dg->dst) ==
          0) {
    ctx->flow = qd_conntab_flow(&ctx->dec->tab, &ctx->dg->src, &ctx->dg->dst);
  }
  conn->sides[sender].addr = ctx->dg->src;
  conn->sides[!sender].addr = ctx->dg->dst;
  if (!quic_addr_eq(&conn->server_key, &conn->sides[QD_SERVER].addr)) {
    qd_conntab_set_server(&ctx->dec->tab, conn);
  }
}
