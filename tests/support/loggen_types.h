#ifndef TESTS_SUPPORT_LOGGEN_TYPES_H
#define TESTS_SUPPORT_LOGGEN_TYPES_H

/* What the simulated endpoints of loggen exchange and tell: frames, packets,
   metrics, events.  All times are ns of the simulation, which starts at 0. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

#define LG_NONE UINT64_MAX
#define LG_MS QUIC_MILLISECOND
#define LG_US QUIC_MICROSECOND
#define LG_FRAMES_MAX 12
#define LG_RANGES_MAX 24

enum { LG_CLIENT, LG_SERVER, LG_SIDES };

typedef enum lg_packet_type {
  LG_INITIAL,
  LG_HANDSHAKE,
  LG_APP, /* 1-RTT */
  LG_SPACES,
  LG_VERSIONS = LG_SPACES, /* Version Negotiation */
  LG_RESET,                /* stateless reset */
  LG_PACKET_TYPES
} lg_packet_type;

typedef enum lg_frame_type {
  LG_PADDING,
  LG_PING,
  LG_ACK,
  LG_CRYPTO,
  LG_STREAM,
  LG_MAX_DATA,
  LG_MAX_STREAM_DATA,
  LG_MAX_STREAMS,
  LG_DATA_BLOCKED,
  LG_STREAM_DATA_BLOCKED,
  LG_STREAMS_BLOCKED,
  LG_RESET_STREAM,
  LG_STOP_SENDING,
  LG_NEW_CONNECTION_ID,
  LG_RETIRE_CONNECTION_ID,
  LG_NEW_TOKEN,
  LG_PATH_CHALLENGE,
  LG_PATH_RESPONSE,
  LG_CLOSE_TRANSPORT,
  LG_CLOSE_APPLICATION,
  LG_HANDSHAKE_DONE,
  LG_DATAGRAM,
  LG_FRAME_TYPES
} lg_frame_type;

typedef struct lg_range {
  uint64_t lo, hi; /* the first one, and the one behind the last */
} lg_range;

typedef struct lg_frame {
  lg_frame_type type;
  uint64_t id;             /* stream; sequence number of a connection ID */
  uint64_t offset, length; /* STREAM, CRYPTO */
  uint64_t value;          /* maximum, limit, final size */
  uint64_t code;
  bool fin;
  const char *phrase; /* static; NULL = empty */
} lg_frame;

typedef enum lg_fate { LG_FLYING, LG_ACKED, LG_LOST } lg_fate;

typedef struct lg_packet {
  lg_packet_type type;
  uint64_t number;
  uint32_t size; /* of the UDP payload's share */
  uint8_t nframes, nranges;
  bool eliciting, probe, mtu_probe, phase, ect;
  bool in_flight; /* counts towards the window */
  bool ce;        /* marked on the way */
  lg_fate fate;
  quic_time sent;
  lg_frame frames[LG_FRAMES_MAX];
  lg_range ranges[LG_RANGES_MAX]; /* of its ACK, highest first */
  quic_duration ack_delay;
  uint64_t ect0, ect1, ce_count; /* of its ACK */
  bool ack_ecn;
} lg_packet;

typedef struct lg_metrics {
  quic_duration min_rtt, smoothed, latest, variance; /* 0 = none yet */
  uint64_t cwnd, in_flight, packets_in_flight;
  uint64_t ssthresh;    /* LG_NONE: none */
  uint64_t pacing_rate; /* bit/s; 0 = none */
  unsigned pto_count;
  uint64_t lost, lost_octets; /* so far */
  bool app_limited;
} lg_metrics;

typedef struct lg_parameters {
  uint64_t idle_ms, max_ack_delay_ms, ack_exponent;
  uint64_t max_data, stream_data, streams_bidi, streams_uni, max_udp;
} lg_parameters;

typedef enum lg_event_type {
  LG_EV_STARTED,
  LG_EV_VERSIONS,   /* flag: none in common */
  LG_EV_ALPN,       /* text */
  LG_EV_PARAMETERS, /* parameters, side */
  LG_EV_RECOVERY_PARAMETERS,
  LG_EV_SENT,
  LG_EV_RECEIVED,
  LG_EV_DROPPED,  /* packet, trigger */
  LG_EV_BUFFERED, /* packet */
  LG_EV_LOST,     /* packet, trigger */
  LG_EV_METRICS,
  LG_EV_CC_STATE, /* old, text, trigger */
  LG_EV_STATE,    /* of the connection: old, text */
  LG_EV_TIMER,    /* text: kind; trigger: set, expired, cancelled; value */
  LG_EV_KEY,      /* text: its name; value: phase or LG_NONE */
  LG_EV_KEY_DISCARDED,
  LG_EV_BLOCKED,   /* text: reason, NULL = not blocked any more */
  LG_EV_MTU,       /* value: old, code: new */
  LG_EV_ECN,       /* old, text */
  LG_EV_MIGRATION, /* text: state */
  LG_EV_H3_STREAM, /* text: stream type, value: id, side */
  LG_EV_H3_SETTINGS,
  LG_EV_H3_HEADERS, /* value: stream, flag: created, text: path or NULL */
  LG_EV_H3_DATA,    /* value: stream, code: length, flag: created */
  LG_EV_SPIN,       /* flag */
  LG_EV_WARNING,    /* text */
  LG_EV_CLOSED,     /* side, trigger, code, flag: application, text: phrase */
  LG_EVENT_TYPES
} lg_event_type;

typedef struct lg_event {
  lg_event_type type;
  quic_time time;
  const lg_packet *packet;
  const lg_metrics *metrics;
  const lg_parameters *parameters;
  const char *old, *text, *trigger;
  uint64_t value, code;
  int side;
  bool flag;
  bool early; /* CLOSED: before the handshake was complete */
} lg_event;

#endif /* !defined(TESTS_SUPPORT_LOGGEN_TYPES_H) */
