#include "pcap/news.h"

#include "pcap/event.h"
#include "pcap/show.h"

static void news_started(qd_trace *tr, const qd_packet *p) {
  quic_bytes scid = p->header.scid, dcid = p->header.dcid;
  bool client = p->sender == QD_CLIENT;
  qlog_event e;

  qlog_event_init(&e, QLOG_CONNECTION_STARTED, p->time);
  e.u.started.local.addr = client ? &p->src : &p->dst;
  e.u.started.remote.addr = client ? &p->dst : &p->src;
  if (client && p->header.is_long && p->header.dcid.len <= QUIC_CID_MAX) {
    tr->odcid_len = (uint8_t)p->header.dcid.len;
    memcpy(tr->odcid, dcid.data ? dcid.data : tr->odcid, tr->odcid_len);
  }
  if (p->header.is_long) {
    e.u.started.local.cids = client ? &scid : &dcid;
    e.u.started.local.ncids = 1;
    e.u.started.remote.cids = client ? &dcid : &scid;
    e.u.started.remote.ncids = 1;
  }
  qd_trace_emit(tr, &e);
}

static quic_bytes news_octets_of(uint32_t version, uint8_t out[4]) {
  for (int i = 0; i < 4; i++) {
    out[i] = (uint8_t)(version >> (24 - 8 * i));
  }
  return quic_bytes_of(out, version ? 4 : 0);
}

/* news_available: the versions that |side| named in version_information (RFC
   9368 §3), behind the one it chose; empty when it did not. */
static quic_bytes news_available(const qd_conn *conn, qd_side side) {
  const qd_endpoint *end = &conn->sides[side];
  const quic_tparam *p = NULL;
  quic_tparams list;

  if (end->has_tparams &&
      quic_tparams_decode(&list, quic_bytes_of(end->tparams, end->tparams_len),
                          quic_version_find(conn->version)) == 0) {
    p = quic_tparams_find(&list, QUIC_TPARAM_VERSION_INFORMATION);
  }
  return p && p->value.len > 4 && p->value.len % 4 == 0
             ? quic_bytes_of(p->value.data + 4, p->value.len - 4)
             : (quic_bytes){0};
}

/* news_versions tells which versions there were to choose from; |chosen| 0 =
   none yet. */
static void news_versions(qd_trace *tr, quic_time now, uint32_t chosen,
                          quic_bytes server) {
  uint8_t tried[4];
  qlog_event e;

  qlog_event_init(&e, QLOG_VERSION_INFORMATION, now);
  e.u.versions.client_versions = news_available(tr->conn, QD_CLIENT);
  if (!e.u.versions.client_versions.len) {
    e.u.versions.client_versions = news_octets_of(tr->told.version, tried);
  }
  e.u.versions.server_versions =
      server.len ? server : news_available(tr->conn, QD_SERVER);
  if (chosen) {
    e.u.versions.chosen = chosen;
  }
  tr->told.versions = true;
  qd_trace_emit(tr, &e);
}

/* news_version: the version is chosen when the server sends Handshake or
   1-RTT packets in it; before that it may upgrade (RFC 9368 §2.3). */
static void news_version(qd_trace *tr, const qd_packet *p) {
  const quic_header *h = &p->header;

  if (h->type == QUIC_PACKET_VERSION_NEGOTIATION) {
    news_versions(tr, p->time, 0, h->versions);
    return;
  }
  if (p->sender == QD_CLIENT && h->is_long && !tr->told.version) {
    tr->told.version = h->version;
  }
  if (p->sender == QD_SERVER && h->is_long) {
    tr->told.answered = h->version;
  }
  if (p->sender == QD_SERVER && !tr->told.chosen &&
      (h->type == QUIC_PACKET_HANDSHAKE || h->type == QUIC_PACKET_1RTT)) {
    tr->told.chosen = true;
    news_versions(tr, p->time, h->is_long ? h->version : tr->conn->version,
                  (quic_bytes){0});
  }
}

/* news_alpn_is: |alpn| begins with |name|, as those of drafts do. */
bool qd_news_alpn_is(quic_bytes alpn, const char *name) {
  size_t len = strlen(name);

  return alpn.len >= len && memcmp(alpn.data, name, len) == 0;
}

static void news_alpn(qd_trace *tr, quic_time now) {
  const qd_facts *facts = &tr->conn->facts;
  qlog_event e;

  if ((tr->told.offer || !facts->alpn_len) &&
      (tr->told.choice || !facts->alpn_chosen_len)) {
    return;
  }
  qlog_event_init(&e, QLOG_ALPN_INFORMATION, now);
  e.u.alpn.client_alpns = quic_bytes_of(facts->alpn, facts->alpn_len);
  e.u.alpn.chosen = quic_bytes_of(facts->alpn_chosen, facts->alpn_chosen_len);
  tr->http3 = qd_news_alpn_is(qd_conn_alpn(tr->conn), "h3");
  tr->told.offer = facts->alpn_len != 0;
  tr->told.choice = facts->alpn_chosen_len != 0;
  qd_trace_emit(tr, &e);
}

void qd_news_behind(qd_trace *tr, const qd_packet *p) {
  quic_time now = p->time;
  const qd_conn *conn = tr->conn;
  qlog_event e;

  news_alpn(tr, now);
  if (!tr->told.suite && conn->facts.suite) {
    tr->told.suite = true;
    qd_event_suite(&e, now, conn);
    qd_trace_emit(tr, &e);
  }
  for (int side = 0; side < QD_SIDES; side++) {
    if (!tr->told.tparams[side] && conn->sides[side].has_tparams) {
      tr->told.tparams[side] = true;
      tr->ack_delay_exponent[side] = qd_show_ack_exponent(conn, (qd_side)side);
      qd_event_parameters(&e, now, conn, (qd_side)side);
      qd_trace_emit(tr, &e);
    }
  }
}

void qd_news_before(qd_trace *tr, const qd_packet *p) {
  if (!tr->told.started) {
    tr->told.started = true;
    news_started(tr, p);
  }
  if (p->header.is_long || !tr->told.chosen) {
    news_version(tr, p);
  }
}

void qd_news_end(qd_trace *tr) {
  if (!tr->told.versions && tr->told.version) {
    news_versions(tr, tr->now, tr->told.answered, (quic_bytes){0});
  }
}
