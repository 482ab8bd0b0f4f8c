#ifndef TESTS_SUPPORT_EVENTS_H
#define TESTS_SUPPORT_EVENTS_H

/* A connection told by hand: packets as events, for whoever takes events. */

#include "analysis/side.h"
#include "wire/tparam.h"

typedef struct events {
  qlog_sink *sink;
  quic_time now;        /* of the next event */
  uint64_t record;      /* of the last packet */
  quic_addr addr[2];    /* client, server */
  bool server_sends;    /* packet_sent means: by the server */
  bool joins;           /* the next packet shares the datagram of the last */
  bool closed;          /* packets have no frames and no number */
  uint64_t datagram_id; /* of the last datagram */
  uint64_t length;      /* of packets, octets */
  uint64_t key_phase;
  uint64_t path_id;
  uint32_t version;
  uint8_t first; /* first octet of 1-RTT packets */
  int ecn;
  qlog_event last; /* the packet handed on last */
  quic_header header;
} events;

/* events_init starts at one second, with packets of 100 octets. */
void events_init(events *ev, qlog_sink *sink);

/* events_packet hands on a packet of |side| with |n| frames. */
void events_packet(events *ev, int side, quic_packet_type type, uint64_t number,
                   const quic_frame *frames, size_t n);

/* events_after moves the clock. */
void events_after(events *ev, quic_duration d);

/* events_parameters hands on transport parameters of |side|: |n| pairs of id
   and value. */
void events_parameters(events *ev, int side, const uint64_t (*pairs)[2],
                       size_t n);

/* events_handshake tells a whole handshake, 10 ms long, with numbers 0 to 1 in
   each space and HANDSHAKE_DONE in the server's 1-RTT packet 0. */
void events_handshake(events *ev);

/* Frames. */
quic_frame events_frame(uint64_t type);
quic_frame events_stream(uint64_t id, uint64_t offset, size_t len, bool fin);
quic_frame events_crypto(uint64_t offset, size_t len);
quic_frame events_limit(uint64_t type, uint64_t id, uint64_t limit);
quic_frame events_close(uint64_t type, uint64_t code, const char *phrase);

#define EVENTS_RANGES_MAX 64 /* ranges of an ACK */

typedef struct events_ranges {
  uint8_t octets[16 * EVENTS_RANGES_MAX];
} events_ranges;

/* events_ack makes an ACK of |n| ranges [smallest, largest], descending; its
   octets live in |*store|. */
quic_frame events_ack(events_ranges *store, const uint64_t (*ranges)[2],
                      size_t n);

/* events_acks is events_ack of one range. */
quic_frame events_acks(uint64_t smallest, uint64_t largest);

#endif /* !defined(TESTS_SUPPORT_EVENTS_H) */
