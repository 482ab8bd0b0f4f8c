#include "analysis/totals.h"

#include "analysis/sent.h"

void quic_totals_init(quic_totals *t) {
  *t = (quic_totals){.first = QUIC_MARK_NONE,
                     .last = QUIC_MARK_NONE,
                     .datagram_id = QLOG_NONE};
}

void quic_totals_packet(quic_totals *t, const qlog_packet *p,
                        const quic_mark *at) {
  if (p->late) {
    t->opened++;
    t->closed -= t->closed > 0;
    return;
  }
  t->packets++;
  t->octets += quic_packet_octets(p);
  t->by_type[p->header->type]++;
  if (p->has_frames) {
    t->opened++;
  } else if (!p->stateless_reset &&
             (quic_packet_type_encrypted(p->header->type) ||
              p->header->type == QUIC_PACKET_UNKNOWN)) {
    t->closed++;
  }
  if (!quic_mark_set(&t->first)) {
    t->first = *at;
  }
  t->last = *at;
}

uint64_t quic_totals_datagram(quic_totals *t, const qlog_packet *p) {
  uint64_t octets = p->datagram_length;

  if (p->late ||
      (p->datagram_id != QLOG_NONE && p->datagram_id == t->datagram_id)) {
    return 0;
  }
  t->datagram_id = p->datagram_id;
  if (octets == QLOG_NONE || octets == 0) {
    octets = quic_packet_octets(p);
  }
  t->datagrams++;
  t->datagram_octets += octets;
  return octets;
}

unsigned quic_totals_frames(quic_totals *t, const qlog_packet *p) {
  unsigned flags = p->has_frames ? 0 : QUIC_FRAME_ELICITING;
  bool acks = false, others = false;

  for (size_t i = 0; i < p->nframes; i++) {
    const quic_frame *f = &p->frames[i];
    const quic_frame_info *info =
        f->info ? f->info : quic_frame_info_find(f->type);

    flags |= info ? info->flags : QUIC_FRAME_ELICITING;
    if (f->type == QUIC_FRAME_PADDING) {
      t->padding += f->u.padding.count;
    } else if (f->type == QUIC_FRAME_ACK || f->type == QUIC_FRAME_ACK_ECN) {
      acks = true;
    } else {
      others = true;
    }
  }
  t->ack_only += acks && !others;
  if (flags & QUIC_FRAME_ELICITING) {
    t->eliciting += p->has_frames;
    return QUIC_SENT_ELICITING | QUIC_SENT_IN_FLIGHT;
  }
  return flags & QUIC_FRAME_FLOW ? QUIC_SENT_IN_FLIGHT : 0;
}
