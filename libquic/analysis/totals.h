#ifndef QUIC_ANALYSIS_TOTALS_H
#define QUIC_ANALYSIS_TOTALS_H

/* quic_totals counts what one side sent. */

#include "analysis/side.h"

typedef struct quic_totals {
  uint64_t packets, octets;            /* QUIC packets, their octets */
  uint64_t datagrams, datagram_octets; /* UDP; those with QUIC in them */
  uint64_t by_type[QUIC_PACKET_TYPES];
  uint64_t opened, closed; /* protected packets whose frames are known, or not;
                              the others are neither */
  uint64_t eliciting;      /* of the opened ones */
  uint64_t ack_only;       /* nothing but ACK and PADDING */
  uint64_t padding;        /* octets of PADDING frames */
  uint64_t acks;           /* ACK frames */
  uint64_t stateless_resets;
  uint64_t dropped; /* packet_dropped events: received by the endpoint
                       and not used */
  quic_mark first, last;
  uint64_t datagram_id; /* of the last one counted */
} quic_totals;

void quic_totals_init(quic_totals *t);

/* quic_totals_packet counts the packet |at|; one that is told late was counted
   before, as closed. */
void quic_totals_packet(quic_totals *t, const qlog_packet *p,
                        const quic_mark *at);

/* quic_totals_datagram counts the datagram of |p| when that is its first
   packet.  Returns its octets, or 0. */
uint64_t quic_totals_datagram(quic_totals *t, const qlog_packet *p);

/* quic_totals_frames counts kinds of packets by their frames.  Returns whether
   |p| is ack-eliciting and in flight (RFC 9002 §2), as flags of quic_sent.  A
   packet whose frames are not told is taken for one that is both. */
unsigned quic_totals_frames(quic_totals *t, const qlog_packet *p);

#endif /* !defined(QUIC_ANALYSIS_TOTALS_H) */
