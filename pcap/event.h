#ifndef QD_EVENT_H
#define QD_EVENT_H

/* From what the decoder hands out to events of qlog.  What a client sends is
   "sent", what a server sends "received": a trace of the network has no ends of
   its own, and "flow" says whose view the words take (main-schema §5). */

#include "pcap/conn.h"
#include "pcap/frames.h"
#include "qlog/event.h"

/* qd_event_packet fills |e| with |p| and its frames, which must outlive it.
   Returns false when |p| is no packet: padding. */
bool qd_event_packet(qlog_event *e, const qd_packet *p, const qd_frames *fs);

static inline int qd_event_initiator(qd_side side) {
  return side == QD_CLIENT ? QLOG_LOCAL : QLOG_REMOTE;
}

/* qd_event_suite fills a parameters_set with the cipher suite. */
void qd_event_suite(qlog_event *e, quic_time now, const qd_conn *conn);

/* qd_event_parameters fills a parameters_set with the transport parameters of
   |side|. */
void qd_event_parameters(qlog_event *e, quic_time now, const qd_conn *conn,
                         qd_side side);

#endif /* !defined(QD_EVENT_H) */
