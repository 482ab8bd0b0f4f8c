#include "pcap/decoding.h"
#include "pcap/handshake.h"

#include "base/reader.h"

/* Google QUIC before Q044 had a public header of its own: flags with bits for a
   version and an 8-octet connection ID, and the version as text behind both.
   It is named and left closed. */

#define GQUIC_FLAG_VERSION 0x01
#define GQUIC_FLAG_CID 0x08
#define GQUIC_CID_LEN 8

static uint32_t gquic_version(quic_bytes dg) {
  quic_reader rd;
  uint8_t flags;
  uint32_t version;
  const quic_version *row;

  quic_reader_init(&rd, dg.data, dg.len);
  flags = quic_reader_u8(&rd);
  if ((flags & 0xc0) || !(flags & GQUIC_FLAG_VERSION) ||
      !(flags & GQUIC_FLAG_CID)) {
    return 0;
  }
  quic_reader_skip(&rd, GQUIC_CID_LEN);
  version = quic_reader_u32(&rd);
  row = quic_version_find(version);
  if (quic_reader_failed(&rd) || !row || row->kind != QUIC_VERSION_KIND_GQUIC) {
    return 0;
  }
  return version;
}

/* qd_decoding_gquic handles a whole datagram of old Google QUIC; returns the
   octets it takes, 0 when it is something else. */
size_t qd_decoding_gquic(qd_decoding *ctx) {
  const quic_bytes *all = &ctx->dg->payload;
  uint32_t version = gquic_version(*all);
  qd_conn *conn = ctx->flow && ctx->flow->nconns ? ctx->flow->conns[0] : NULL;
  qd_packet p;

  if (ctx->pos || (!version && !(conn && conn->gquic))) {
    return 0;
  }
  qd_decoding_init(ctx, &p);
  if (!conn) {
    conn = qd_decoding_new_conn(ctx, qd_decoding_guess_sender(ctx->dg));
    if (!conn) {
      return 0;
    }
    conn->gquic = true;
    conn->version = version;
  }
  p.raw = *all;
  p.header.first = all->data[0];
  p.header.version = conn->version;
  p.header.version_info = quic_version_find(conn->version);
  p.header.packet_len = all->len;
  if ((all->data[0] & GQUIC_FLAG_CID) && all->len > GQUIC_CID_LEN) {
    p.header.dcid = quic_bytes_of(all->data + 1, GQUIC_CID_LEN);
  }
  p.conn = conn;
  p.sender_known = qd_decoding_sender(conn, ctx->dg, &p.sender);
  p.state = QD_STATE_CLOSED;
  p.reason = QD_REASON_UNKNOWN_VERSION;
  qd_handshake_chlo(conn, &p);
  if (ctx->pos == 0) {
    ctx->dcid = p.header.dcid;
  }
  ctx->conn = conn;
  ctx->sender = p.sender;
  qd_decoding_emit(ctx, &p);
  return all->len;
}
