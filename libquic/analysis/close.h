#ifndef QUIC_ANALYSIS_CLOSE_H
#define QUIC_ANALYSIS_CLOSE_H

/* quic_close is the verdict on how a connection ended (RFC 9000 §10), with what
   shows it. */

#include "analysis/phases.h"
#include "analysis/side.h"
#include "base/text.h"

#define QUIC_CLOSE_PHRASE_MAX 256 /* octets kept of a reason phrase */
#define QUIC_CLOSE_EVIDENCE_MAX 8
#define QUIC_CLOSE_ALPN_MAX 32

typedef enum quic_close_class {
  QUIC_CLOSED_NOT,         /* the trace ends, the connection need not */
  QUIC_CLOSED_TRANSPORT,   /* CONNECTION_CLOSE 0x1c after the handshake */
  QUIC_CLOSED_APPLICATION, /* CONNECTION_CLOSE 0x1d */
  QUIC_CLOSED_HANDSHAKE,   /* CONNECTION_CLOSE before it was complete, or a
                              TLS alert before it was confirmed */
  QUIC_CLOSED_IDLE,        /* silent for longer than max_idle_timeout */
  QUIC_CLOSED_RESET,       /* stateless reset */
  QUIC_CLOSED_VERSION,     /* Version Negotiation, and nothing after it */
  QUIC_CLOSED_NO_ANSWER,   /* no packet of the server at all */
  QUIC_CLOSED_STALLED,     /* handshake never completed, then silence */
  QUIC_CLOSED_VANISHED,    /* one side silent while the other kept sending */
  QUIC_CLOSED_SUPERSEDED,  /* the client went on as another connection */
  QUIC_CLOSED_UNKNOWN,     /* not determinable: packets that were not opened, or
                              one direction only */
  QUIC_CLOSED_CLASSES
} quic_close_class;

/* Stable keys: "open_at_end", "transport_close", "application_close",
   "handshake_failure", "idle_timeout", "stateless_reset",
   "version_negotiation", "no_answer", "handshake_timeout", "vanished",
   "superseded", "unknown". */
const char *quic_close_class_name(quic_close_class c);

typedef enum quic_close_space {
  QUIC_CLOSE_SPACE_NONE,
  QUIC_CLOSE_SPACE_TRANSPORT,
  QUIC_CLOSE_SPACE_APPLICATION
} quic_close_space;

const char *quic_close_space_name(quic_close_space s); /* "transport", ...;
    NULL for none */

/* How far the handshake was, as it could be seen. */
typedef enum quic_close_state {
  QUIC_STATE_UNKNOWN, /* the handshake is not in the trace */
  QUIC_STATE_INITIAL, /* no answer yet */
  QUIC_STATE_HANDSHAKE,
  QUIC_STATE_COMPLETE,
  QUIC_STATE_CONFIRMED
} quic_close_state;

const char *quic_close_state_name(quic_close_state s); /* "unknown",
    "initial", "handshake", "complete", "confirmed" */

typedef enum quic_close_shows {
  QUIC_SHOWS_CLOSE,    /* CONNECTION_CLOSE */
  QUIC_SHOWS_REPEAT,   /* the same again, by the same side */
  QUIC_SHOWS_ANSWER,   /* CONNECTION_CLOSE of the other side */
  QUIC_SHOWS_EVENT,    /* the endpoint's connection_closed */
  QUIC_SHOWS_RESET,    /* stateless reset */
  QUIC_SHOWS_VERSIONS, /* Version Negotiation */
  QUIC_SHOWS_RETRY,
  QUIC_SHOWS_GOAWAY,
  QUIC_SHOWS_LAST,       /* last packet of a side */
  QUIC_SHOWS_UNANSWERED, /* first packet that nothing answered */
  QUIC_SHOWS_NOT_OPENED, /* last packet, which could not be opened */
  QUIC_SHOWS_KINDS
} quic_close_shows;

const char *quic_close_shows_name(quic_close_shows s); /* "close", "repeat",
    "answer", "event", "stateless_reset", "version_negotiation", "retry",
    "goaway", "last_packet", "unanswered", "not_opened" */

typedef struct quic_close_evidence {
  quic_close_shows shows;
  quic_mark at;
} quic_close_evidence;

/* A CONNECTION_CLOSE, or what an event says of one. */
typedef struct quic_close_frame {
  quic_mark at; /* not set: there is none */
  quic_close_space space;
  uint64_t code;       /* QLOG_NONE: not told */
  uint64_t frame_type; /* that triggered it; QLOG_NONE (0x1d has none) */
  uint64_t count;      /* how often this side sent it */
  uint16_t phrase_len; /* octets kept */
  bool phrase_cut;
  uint8_t phrase[QUIC_CLOSE_PHRASE_MAX];
} quic_close_frame;

typedef struct quic_close {
  quic_close_class class;
  bool inferred;   /* from silence or circumstances, no packet says it */
  bool needs_keys; /* packets at the end were not opened: a close may be among
                      them */
  int by;          /* quic_side: who ended it; VANISHED: who was silent */
  quic_mark at;    /* the event itself, or the last packet */
  quic_close_space space;
  uint64_t code;         /* QLOG_NONE */
  uint64_t frame_type;   /* QLOG_NONE */
  const char *name;      /* of |code|, static; NULL = none */
  int alert;             /* TLS alert, or -1 */
  const uint8_t *phrase; /* from outside; lives as long as the verdict */
  size_t phrase_len;
  bool answered;             /* the other side sent a CONNECTION_CLOSE too */
  quic_close_state state;    /* of the handshake at that time */
  quic_duration since_start; /* from the first packet to |at| */
  quic_duration since_handshake; /* from completion; QLOG_NONE */
  quic_duration silence; /* from the last packet of both to the trace's end */
  quic_duration silent[QUIC_SIDES]; /* the same, for each; QLOG_NONE: never
                                       heard */
  quic_duration idle_timeout; /* effective, ns; 0 = none; QLOG_NONE = unknown */
  int idle_by;                /* whose parameter that is */
  bool idle_floor;            /* 3 PTO, more than the parameter */
  bool limited;               /* the server may send no more (RFC 9000 §8.1) */
  uint64_t unanswered; /* ack-eliciting packets, or closed ones, since the
                          last of the other side */
  quic_duration unanswered_time; /* from the first to the last of them */
  uint64_t probes;               /* of them PTOs, as it seems */
  uint64_t open_streams;         /* at that time */
  uint64_t open_requests;        /* of them bidirectional, by the client */
  uint64_t unacked;              /* packets that nobody acknowledged */
  uint64_t unacked_octets;
  bool goaway; /* HTTP/3 GOAWAY before */
  int goaway_by;
  uint32_t version; /* the client's; 0 */
  uint8_t alpn[QUIC_CLOSE_ALPN_MAX];
  uint8_t alpn_len;
  quic_close_evidence evidence[QUIC_CLOSE_EVIDENCE_MAX];
  size_t nevidence;
  quic_close_frame frames[QUIC_SIDES]; /* first close of each side */
  quic_close_frame event;              /* what connection_closed says */
  int trigger; /* of it: qlog_close_trigger; QLOG_UNSET */
  int local;   /* the endpoint that tells this, QUIC_SIDE_UNKNOWN between */
  quic_duration length; /* from the first packet to the end of the trace */
  int first;            /* whose CONNECTION_CLOSE came first */
} quic_close;

/* What the verdict is drawn from, besides frames and events. */
typedef struct quic_close_facts {
  quic_time end;           /* of the trace */
  bool superseded;         /* the source knows that the client started anew */
  bool no_version;         /* the endpoint found no version in common */
  int local;               /* the endpoint that tells this; QUIC_SIDE_UNKNOWN */
  bool coarse;             /* times in whole milliseconds, cut off */
  quic_mark begin, active; /* first and last event that is no timer's; they
                              stand in where no packets are told */
  const quic_phases *phases;
  quic_mark first, last[QUIC_SIDES]; /* packets */
  quic_mark reset;                   /* a stateless reset */
  quic_mark goaway;
  uint64_t packets[QUIC_SIDES];
  uint64_t not_opened[QUIC_SIDES];  /* at the end, of each side */
  quic_mark unanswered[QUIC_SIDES]; /* first packet since the other's last */
  uint64_t since[QUIC_SIDES];       /* packets since then */
  uint64_t probes[QUIC_SIDES];      /* of them */
  quic_duration pto;
  bool known[QUIC_SIDES];         /* transport parameters */
  quic_duration idle[QUIC_SIDES]; /* max_idle_timeout; 0 = none */
} quic_close_facts;

void quic_close_init(quic_close *c);

/* quic_close_on_frame takes a CONNECTION_CLOSE frame.  Returns whether it is
   the first of both sides. */
bool quic_close_on_frame(quic_close *c, const quic_frame *f,
                         const quic_mark *at);

/* quic_close_on_event takes the endpoint's connection_closed; |at->side| is its
   initiator.  Returns whether it is the first. */
bool quic_close_on_event(quic_close *c, const qlog_connection_closed *e,
                         const quic_mark *at);

/* quic_close_settle draws the verdict.  It may be called again when more is
   known. */
void quic_close_settle(quic_close *c, const quic_close_facts *facts);

/* quic_close_sentence writes the verdict as one plain English sentence without
   an end mark: "server closed with application error H3_NO_ERROR (0x100) after
   GOAWAY, 1.234 s after the handshake". */
void quic_close_sentence(const quic_close *c, quic_text *out);

/* quic_close_duration writes "3 days", "2.5 h", "1.234 s", "15.2 ms" or
   "870 us". */
void quic_close_duration(quic_text *out, quic_duration d);

#endif /* !defined(QUIC_ANALYSIS_CLOSE_H) */
