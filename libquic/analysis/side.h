#ifndef QUIC_ANALYSIS_SIDE_H
#define QUIC_ANALYSIS_SIDE_H

/* The words that all of the analysis shares: who, in which packet number space,
   seen from where, and where that stands in the trace. */

#include "base/time.h"
#include "qlog/event.h"

typedef enum quic_side {
  QUIC_SIDE_UNKNOWN = -1,
  QUIC_SIDE_CLIENT,
  QUIC_SIDE_SERVER,
  QUIC_SIDES
} quic_side;

typedef enum quic_space {
  QUIC_SPACE_INITIAL,
  QUIC_SPACE_HANDSHAKE,
  QUIC_SPACE_APP, /* 0-RTT and 1-RTT */
  QUIC_SPACES
} quic_space;

/* Where the events were recorded. */
typedef enum quic_vantage {
  QUIC_VANTAGE_NETWORK, /* both directions as they pass, possibly with holes */
  QUIC_VANTAGE_CLIENT,
  QUIC_VANTAGE_SERVER
} quic_vantage;

/* A place in the trace, to be shown as evidence. */
typedef struct quic_mark {
  quic_time time;  /* QUIC_TIME_NEVER: it did not happen */
  uint64_t record; /* frame of the capture, record of the log; QLOG_NONE */
  uint64_t number; /* packet number; QLOG_NONE when it is not known */
  int8_t side;     /* who sent the packet: quic_side */
  int8_t type;     /* quic_packet_type; -1 when there is no packet */
} quic_mark;

#define QUIC_MARK_NONE                                                         \
  ((quic_mark){QUIC_TIME_NEVER, QLOG_NONE, QLOG_NONE, QUIC_SIDE_UNKNOWN, -1})

static inline bool quic_mark_set(const quic_mark *m) {
  return m->time != QUIC_TIME_NEVER;
}

/* quic_side_other returns the peer; unknown stays unknown. */
static inline int quic_side_other(int side) {
  return side < 0 ? side : !side;
}

/* quic_packet_octets returns the length of |p|, 0 where it is not told. */
static inline uint64_t quic_packet_octets(const qlog_packet *p) {
  return p->length == QLOG_NONE ? 0 : p->length;
}

/* quic_event_record returns where |e| is from, to be shown as evidence: the
   record of its packet or its own; QLOG_NONE. */
static inline uint64_t quic_event_record(const qlog_event *e) {
  bool packet = qlog_event_is_packet(e) || e->type == QLOG_PACKET_DROPPED ||
                e->type == QLOG_PACKET_BUFFERED || e->type == QLOG_PACKET_LOST;

  return packet && e->u.packet.number != QLOG_NONE ? e->u.packet.number
                                                   : e->record;
}

/* quic_side_name returns "client", "server" or "unknown". */
const char *quic_side_name(int side);

/* quic_space_name returns "initial", "handshake" or "application_data". */
const char *quic_space_name(quic_space space);

/* quic_space_of returns the packet number space of a packet of |type|, or -1
   when it has none (Retry, Version Negotiation, unknown). */
int quic_space_of(quic_packet_type type);

#endif /* !defined(QUIC_ANALYSIS_SIDE_H) */
