#include "pcap/event.h"

bool qd_event_packet(qlog_event *e, const qd_packet *p, const qd_frames *fs) {
  qlog_packet *q = &e->u.packet;

  if (p->state == QD_STATE_PADDING) {
    return false;
  }
  qlog_event_init(
      e, p->sender == QD_CLIENT ? QLOG_PACKET_SENT : QLOG_PACKET_RECEIVED,
      p->time);
  q->header = &p->header;
  q->has_frames = qd_packet_opened(p);
  if (q->has_frames) {
    q->frames = fs->items;
    q->nframes = fs->len;
    q->payload_length = p->payload.len;
    if (p->header.type == QUIC_PACKET_1RTT) {
      q->key_phase = p->generation;
    }
    if (p->path_id) {
      q->path_id = p->path_id;
    }
  }
  if (p->state == QD_STATE_RESET) {
    q->stateless_reset = true;
    if (p->raw.len >= QUIC_RESET_TOKEN_LEN) {
      q->reset_token =
          quic_bytes_of(p->raw.data + p->raw.len - QUIC_RESET_TOKEN_LEN,
                        QUIC_RESET_TOKEN_LEN);
    }
  }
  q->length = (uint64_t)p->header.packet_len + p->header.missing;
  q->datagram_id = p->frame;
  q->datagram_length = p->datagram_len;
  q->ecn = p->ecn;
  q->src = &p->src;
  q->dst = &p->dst;
  q->number = p->frame;
  q->late = (p->notes & QD_NOTE_LATE) != 0;
  return true;
}

void qd_event_suite(qlog_event *e, quic_time now, const qd_conn *conn) {
  qlog_event_init(e, QLOG_PARAMETERS_SET, now);
  e->u.parameters.initiator = QLOG_REMOTE;
  e->u.parameters.suite = conn->facts.suite;
}

void qd_event_parameters(qlog_event *e, quic_time now, const qd_conn *conn,
                         qd_side side) {
  const qd_endpoint *end = &conn->sides[side];

  qlog_event_init(e, QLOG_PARAMETERS_SET, now);
  e->u.parameters.initiator = qd_event_initiator(side);
  e->u.parameters.parameters = quic_bytes_of(end->tparams, end->tparams_len);
  e->u.parameters.version = quic_version_find(conn->version);
}
