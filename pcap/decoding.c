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

/* decoding_retry tries the packets of |conn| that wait for a key. */
void qd_decoding_retry(qd_decoder *dec, qd_conn *conn) {
  while (conn->retry_facts != conn->ring.facts &&
         !quic_list_empty(&conn->pending)) {
    quic_list *at = conn->pending.next;

    conn->retry_facts = conn->ring.facts;
    while (at != &conn->pending) {
      qd_held *held = QUIC_LIST_ITEM(at, qd_held, pending);
      qd_packet *p = &held->p;

      at = at->next;
      if (qd_decoding_open(dec, conn, p) == 0) {
        uint8_t *room = held->block + p->raw.len;

        memcpy(room, p->payload.data, p->payload.len);
        p->payload.data = room;
        conn->sides[p->sender].opened++;
        dec->stats.opened++;
        dec->stats.late++;
        qd_hold_settle(&dec->hold, held);
      } else if (!qd_decoding_may_open(dec, conn, p)) {
        qd_hold_settle(&dec->hold, held);
      }
    }
    qd_hold_release(&dec->hold);
  }
  conn->retry_facts = conn->ring.facts;
}

/* decoding_emit counts |p| and hands it out or holds it. */
void qd_decoding_emit(qd_decoding *ctx, qd_packet *p) {
  qd_decoder *dec = ctx->dec;
  qd_conn *conn = p->conn;

  p->index = ctx->index++;
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
  p->header.type = QUIC_PACKET_UNKNOWN;
}

/* Who sent it, by addresses; false when they do not tell. */
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

/* Servers listen on low ports: the guess while nothing better is known. */
qd_side qd_decoding_guess_sender(const quic_datagram *dg) {
  return dg->src.port < dg->dst.port ? QD_SERVER : QD_CLIENT;
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

/* decoding_moved binds |conn| to the addresses of a packet that it opened. */
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
