#ifndef QUIC_ANALYSIS_PHASES_H
#define QUIC_ANALYSIS_PHASES_H

/* quic_phases is the waterfall of a handshake (RFC 9000 §7, RFC 9001 §4): when
   each step was first seen, what was sent again, and what made it wait. */

#include "analysis/side.h"

typedef enum quic_phase {
  QUIC_PHASE_CLIENT_INITIAL,
  QUIC_PHASE_VERSION_NEGOTIATION,
  QUIC_PHASE_RETRY,
  QUIC_PHASE_CLIENT_TOKEN, /* first Initial with a token */
  QUIC_PHASE_CLIENT_0RTT,
  QUIC_PHASE_SERVER_INITIAL, /* first of the server */
  QUIC_PHASE_SERVER_HELLO,   /* first CRYPTO in it */
  QUIC_PHASE_SERVER_HANDSHAKE,
  QUIC_PHASE_SERVER_1RTT,
  QUIC_PHASE_CLIENT_HANDSHAKE, /* validates the client's address */
  QUIC_PHASE_CLIENT_FINISHED,  /* first CRYPTO of the client there */
  QUIC_PHASE_CLIENT_1RTT,
  QUIC_PHASE_COMPLETE,  /* the client's Finished or 1-RTT packet passed, or the
                           endpoint says so */
  QUIC_PHASE_CONFIRMED, /* HANDSHAKE_DONE, or an ACK in 1-RTT to the client */
  QUIC_PHASE_CLIENT_STREAM, /* first octet of a STREAM frame */
  QUIC_PHASE_SERVER_STREAM,
  QUIC_PHASES_MAX
} quic_phase;

/* "client_initial", "version_negotiation", ... */
const char *quic_phase_name(quic_phase phase);

typedef enum quic_early {
  QUIC_EARLY_NONE,     /* no 0-RTT packet was seen */
  QUIC_EARLY_SENT,     /* nothing says what became of it */
  QUIC_EARLY_ACCEPTED, /* acknowledged in 1-RTT, or the hello says so */
  QUIC_EARLY_REJECTED
} quic_early;

/* "none", "sent", "accepted", "rejected". */
const char *quic_early_name(quic_early early);

typedef struct quic_phases {
  quic_mark at[QUIC_PHASES_MAX];
  quic_early early;
  uint64_t early_packets, early_octets; /* 0-RTT sent */
  uint64_t early_lost_octets;           /* of a rejected one */
  uint64_t crypto_repeated[QUIC_SIDES]; /* octets of flights sent again */
  uint64_t flights[QUIC_SIDES];         /* first flights sent again: packets
                                           that repeat CRYPTO octets */
  quic_duration stall; /* longest silence of both before completion */
  quic_mark stall_end; /* the packet that ended it */
  /* Amplification (RFC 9000 §8.1): UDP octets until the client's address is
     validated. */
  uint64_t received, sent;
  uint64_t ratio_max; /* of sent / received, times 100 */
  bool validated;
  bool limit_reached; /* the server came within a datagram of 3x */
  bool limit_broken;
  quic_duration limit_wait; /* from there to the client's next datagram */
  /* inner */
  quic_time last;
  quic_time limit_at;
  uint64_t datagram[QUIC_SIDES];    /* the last one counted */
  uint64_t early_first, early_last; /* packet numbers of 0-RTT */
} quic_phases;

void quic_phases_init(quic_phases *p);

/* What quic_phases_packet learns from walking the frames once elsewhere. */
typedef struct quic_phases_facts {
  bool crypto;              /* carries CRYPTO */
  uint64_t crypto_repeated; /* octets of it that were seen before */
  bool stream;              /* carries STREAM data */
  bool done;                /* HANDSHAKE_DONE */
  const quic_frame *ack;    /* an ACK frame, or NULL */
  uint64_t datagram;        /* octets of the UDP payload, when the packet is the
                               first in it; else 0 */
} quic_phases_facts;

/* quic_phases_packet takes a packet at |at|. */
void quic_phases_packet(quic_phases *p, const qlog_packet *packet,
                        const quic_mark *at, const quic_phases_facts *facts);

/* quic_phases_state takes what an endpoint says of its own state: the |name| of
   connection_state_updated. */
void quic_phases_state(quic_phases *p, const char *name, const quic_mark *at);

/* quic_phases_early takes the endpoint's or the hello's word on 0-RTT. */
void quic_phases_early(quic_phases *p, bool accepted);

/* quic_phases_limited: a whole datagram more would be above what the server may
   send to an address that it has not validated (RFC 9000 §8.1). */
bool quic_phases_limited(const quic_phases *p);

/* quic_phases_answered: the client sent what it cannot without an answer, also
   where that is not in the trace. */
bool quic_phases_answered(const quic_phases *p);

/* quic_phases_complete: the handshake was complete, as far as can be seen. */
bool quic_phases_complete(const quic_phases *p);

#endif /* !defined(QUIC_ANALYSIS_PHASES_H) */
