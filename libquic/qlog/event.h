#ifndef QUIC_QLOG_EVENT_H
#define QUIC_QLOG_EVENT_H

/* The events of qlog (draft-ietf-quic-qlog-main-schema-14, quic-events-13,
   h3-events-13) as C structs.  Whoever sees a connection makes them: a live
   one, the capture decoder, the qlog reader.  Whoever wants to know takes them:
   a qlog writer, the analysis, a viewer.  event.def lists each event once.

   A value that is absent has a form of its own: QLOG_NONE in integers and
   durations, NULL in pointers, empty quic_bytes, QLOG_UNSET in enumerations and
   flags.  qlog_event_init makes all of an event absent.  Everything an event
   points to is borrowed for the call that hands it over. */

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/time.h"
#include "wire/field.h"
#include "wire/frame.h"
#include "wire/h3.h"
#include "wire/header.h"

#define QLOG_NONE UINT64_MAX
#define QLOG_UNSET (-1)

typedef enum qlog_event_type {
#define QLOG_EVENT(id, schema, name, importance, member) QLOG_##id,
#include "qlog/event.def"
#undef QLOG_EVENT
  QLOG_EVENT_TYPES
} qlog_event_type;

typedef enum qlog_importance {
  QLOG_CORE,
  QLOG_BASE,
  QLOG_EXTRA
} qlog_importance;

typedef enum qlog_initiator { QLOG_LOCAL, QLOG_REMOTE } qlog_initiator;

typedef enum qlog_space {
  QLOG_SPACE_INITIAL,
  QLOG_SPACE_HANDSHAKE,
  QLOG_SPACE_APPLICATION
} qlog_space;

/* What opened a packet is what one sends it with: the header, once
   unprotected, is the one of wire/. */
typedef struct qlog_packet {
  const quic_header *header;
  const quic_frame *frames; /* in wire order */
  size_t nframes;
  bool has_frames;      /* false: closed, or the log does not tell */
  bool stateless_reset; /* header is then only what it looks like */
  quic_bytes reset_token;
  uint64_t length;          /* octets of the packet, header and tag included */
  uint64_t payload_length;  /* of its frames; QLOG_NONE */
  uint64_t key_phase;       /* key updates before this key; QLOG_NONE */
  uint64_t path_id;         /* multipath; QLOG_NONE = single path */
  uint64_t datagram_id;     /* packets with the same one share a datagram */
  uint64_t datagram_length; /* UDP payload, octets */
  int ecn;                  /* 0-3 as in the IP header; QLOG_UNSET */
  int drop;                 /* packet_dropped: qlog_drop */
  int lost;                 /* packet_lost: qlog_lost */
  int is_mtu_probe;
  bool late; /* told before without its frames: the key came since */
  const quic_addr *src, *dst; /* NULL when not known */
  uint64_t number; /* of the record it comes from, to be shown as evidence:
                      frame of a capture, record of a log; QLOG_NONE */
  quic_bytes raw;  /* the packet's octets, if the source wants them shown */
  uint64_t datagram_checksum;  /* CRC-32C of the UDP payload; QLOG_NONE */
  uint64_t ack_delay_exponent; /* of the packet's sender; init sets 3 */
  const char *trigger; /* packet_sent, _received, _buffered: the draft's name */
  const quic_field *details; /* packet_dropped: more about why, in words */
  size_t ndetails;
} qlog_packet;

typedef enum qlog_drop {
  QLOG_DROP_INTERNAL_ERROR,
  QLOG_DROP_REJECTED,
  QLOG_DROP_UNSUPPORTED,
  QLOG_DROP_INVALID,
  QLOG_DROP_DUPLICATE,
  QLOG_DROP_CONNECTION_UNKNOWN,
  QLOG_DROP_DECRYPTION_FAILURE,
  QLOG_DROP_KEY_UNAVAILABLE,
  QLOG_DROP_GENERAL
} qlog_drop;

typedef enum qlog_lost {
  QLOG_LOST_REORDERING_THRESHOLD,
  QLOG_LOST_TIME_THRESHOLD,
  QLOG_LOST_PTO_EXPIRED
} qlog_lost;

typedef struct qlog_endpoint {
  const quic_addr *addr;
  const quic_bytes *cids;
  size_t ncids;
} qlog_endpoint;

typedef struct qlog_server_listening {
  const quic_addr *v4, *v6;
  int retry_required;
} qlog_server_listening;

typedef struct qlog_connection_started {
  qlog_endpoint local, remote;
} qlog_connection_started;

typedef enum qlog_close_trigger {
  QLOG_CLOSE_IDLE_TIMEOUT,
  QLOG_CLOSE_APPLICATION,
  QLOG_CLOSE_ERROR,
  QLOG_CLOSE_VERSION_MISMATCH,
  QLOG_CLOSE_STATELESS_RESET,
  QLOG_CLOSE_ABORTED,
  QLOG_CLOSE_UNSPECIFIED,
  QLOG_CLOSE_CLEAN, /* older drafts, as the next */
  QLOG_CLOSE_HANDSHAKE_TIMEOUT
} qlog_close_trigger;

typedef struct qlog_connection_closed {
  int initiator;
  uint64_t connection_error; /* transport code; QLOG_NONE */
  uint64_t application_error;
  uint64_t internal_code;
  quic_bytes reason;
  int trigger; /* qlog_close_trigger */
} qlog_connection_closed;

typedef struct qlog_version_information {
  quic_bytes server_versions; /* 4 octets each, network order */
  quic_bytes client_versions;
  uint64_t chosen; /* QLOG_NONE */
} qlog_version_information;

typedef struct qlog_alpn_information {
  quic_bytes server_alpns; /* as in the extension: 8-bit lengths and names */
  quic_bytes client_alpns;
  quic_bytes chosen;
} qlog_alpn_information;

/* Transport parameters come as they were on the wire. */
typedef struct qlog_parameters_set {
  int initiator;
  int resumption_allowed;
  int early_data_enabled;
  uint64_t suite;              /* TLS number; QLOG_NONE */
  quic_bytes parameters;       /* body of the extension; empty = none */
  const quic_version *version; /* layout of |parameters|; NULL = the RFC's */
} qlog_parameters_set;         /* and parameters_restored */

typedef struct qlog_cid_updated {
  int initiator;
  quic_bytes old_cid, new_cid;
} qlog_cid_updated;

typedef struct qlog_flag_updated {
  int state;
} qlog_flag_updated; /* spin_bit_updated */

typedef struct qlog_text_updated {
  const char *old_state; /* names of the draft, or of an implementation */
  const char *new_state;
  const char *trigger;
} qlog_text_updated; /* connection_state_updated, congestion_state_updated,
                        ecn_state_updated */

typedef struct qlog_tuple_assigned {
  const char *tuple_id;
  qlog_endpoint local, remote;
} qlog_tuple_assigned;

typedef struct qlog_mtu_updated {
  uint64_t old_mtu, new_mtu; /* octets */
  int done;                  /* discovery ended */
} qlog_mtu_updated;

/* udp_datagrams_sent and _received, udp_datagram_dropped (count 1). */
typedef struct qlog_datagrams {
  uint64_t count;
  const uint64_t *lengths; /* UDP payloads, octets */
  size_t nlengths;
  const uint8_t *ecn; /* 0-3 as in the IP header */
  size_t necn;
  const uint32_t *checksums; /* CRC-32C of the payloads */
  size_t nchecksums;
} qlog_datagrams;

typedef enum qlog_stream_side { QLOG_SENDING, QLOG_RECEIVING } qlog_stream_side;

typedef enum qlog_stream_kind {
  QLOG_UNIDIRECTIONAL,
  QLOG_BIDIRECTIONAL
} qlog_stream_kind;

typedef struct qlog_stream_state {
  uint64_t stream_id;
  int kind; /* qlog_stream_kind */
  const char *old_state;
  const char *new_state;
  int side;    /* qlog_stream_side */
  int trigger; /* qlog_initiator */
} qlog_stream_state;

/* frames_created, frames_parsed, marked_for_retransmit. */
typedef struct qlog_frames {
  const quic_frame *frames;
  size_t nframes;
  const uint64_t *packet_numbers; /* one for each frame, or none */
  size_t npacket_numbers;
  uint64_t ack_delay_exponent; /* init sets 3 */
} qlog_frames;

typedef enum qlog_location {
  QLOG_APPLICATION,
  QLOG_TRANSPORT,
  QLOG_NETWORK
} qlog_location;

/* stream_data_moved, datagram_data_moved. */
typedef struct qlog_data_moved {
  uint64_t stream_id, offset;
  int from, to;     /* qlog_location */
  const char *info; /* "fin_set", "stream_reset" */
  uint64_t length;  /* octets */
} qlog_data_moved;

typedef enum qlog_blocked { QLOG_BLOCKED, QLOG_UNBLOCKED } qlog_blocked;

/* connection_, stream_ and datagram_data_blocked_updated. */
typedef struct qlog_data_blocked {
  int old_state, new_state; /* qlog_blocked */
  uint64_t stream_id;
  const char *reason; /* "congestion_control", "pacing", ... */
} qlog_data_blocked;

typedef struct qlog_migration_state {
  const char *old_state;
  const char *new_state; /* "probing_started", ... */
  const char *tuple_id;
  qlog_endpoint local, remote;
} qlog_migration_state;

typedef enum qlog_timer_change {
  QLOG_TIMER_SET,
  QLOG_TIMER_EXPIRED,
  QLOG_TIMER_CANCELLED
} qlog_timer_change;

typedef struct qlog_timer {
  const char *timer_type; /* "ack", "pto", "loss_timeout", ... */
  uint64_t timer_id;
  int space;           /* qlog_space */
  int change;          /* qlog_timer_change */
  quic_duration delta; /* until it expires; QLOG_TIMER_SET */
} qlog_timer;

typedef struct qlog_key_updated {
  const char *key_type; /* "client_1rtt_secret" */
  uint64_t key_phase;
  const char *trigger;         /* "tls", "remote_update", "local_update" */
  quic_bytes old_key, new_key; /* secrets: only who must tell them does;
                                  key_discarded: old_key */
} qlog_key_updated;

typedef struct qlog_recovery_parameters {
  uint64_t reordering_threshold;   /* packets */
  uint64_t time_threshold;         /* thousandths of the RTT */
  quic_duration timer_granularity; /* the draft wants whole ms */
  quic_duration initial_rtt;       /* ns */
  uint64_t max_datagram_size;      /* octets, as the next two */
  uint64_t initial_congestion_window;
  uint64_t minimum_congestion_window;
  uint64_t loss_reduction_factor;           /* thousandths */
  uint64_t persistent_congestion_threshold; /* PTOs */
} qlog_recovery_parameters;

typedef struct qlog_metrics {
  quic_duration min_rtt, smoothed_rtt, latest_rtt, rtt_variance; /* ns */
  uint64_t pto_count;
  uint64_t congestion_window, bytes_in_flight, ssthresh; /* octets */
  uint64_t packets_in_flight;
  uint64_t pacing_rate; /* bit/s */
  uint64_t lost;        /* packets declared lost since the event before, where
                           a logger tells no packet_lost; QLOG_NONE */
  int app_limited;      /* picoquic, mvfst; QLOG_UNSET */
  int inferred;         /* 1: from packets seen on the way, not told by the
                           sender (custom field) */
} qlog_metrics;

typedef struct qlog_packets_acked {
  int space;                /* qlog_space */
  const quic_frame *ranges; /* the ACK frame, or ... */
  const uint64_t *packet_numbers;
  size_t npacket_numbers;
} qlog_packets_acked;

/* http3 */
typedef enum qlog_h3_stream {
  QLOG_H3_REQUEST,
  QLOG_H3_CONTROL,
  QLOG_H3_PUSH,
  QLOG_H3_RESERVED,
  QLOG_H3_UNKNOWN,
  QLOG_H3_QPACK_ENCODE,
  QLOG_H3_QPACK_DECODE
} qlog_h3_stream;

typedef struct qlog_h3_stream_type {
  int initiator;
  uint64_t stream_id;
  int kind;      /* qlog_h3_stream */
  uint64_t type; /* as on the wire; QLOG_NONE for requests */
  uint64_t push_id;
} qlog_h3_stream_type;

/* frame_created and frame_parsed.  A DATA frame has no payload here. */
typedef struct qlog_h3_frame {
  uint64_t stream_id;
  const quic_h3_frame *frame;
  const quic_field *fields; /* HEADERS, PUSH_PROMISE */
  size_t nfields;
  uint64_t raw_length; /* type and length fields included */
} qlog_h3_frame;

typedef struct qlog_h3_settings {
  int initiator;
  quic_bytes settings; /* payload of the SETTINGS frame */
  int waits_for_settings;
} qlog_h3_settings; /* parameters_set, parameters_restored */

typedef struct qlog_h3_priority {
  uint64_t stream_id, push_id; /* one is QLOG_NONE */
  quic_bytes old_value, new_value;
  const char *trigger; /* "client_signal_received", "local", "other" */
  const char *reason;  /* "client_signal_only", ... */
} qlog_h3_priority;

typedef struct qlog_h3_datagram {
  uint64_t quarter_stream_id;
  uint64_t length; /* octets, the ID included */
} qlog_h3_datagram;

typedef enum qlog_h3_push {
  QLOG_PUSH_CLAIMED,
  QLOG_PUSH_ABANDONED
} qlog_h3_push;

typedef struct qlog_h3_push_resolved {
  uint64_t push_id, stream_id;
  int decision; /* qlog_h3_push */
} qlog_h3_push_resolved;

typedef struct qlog_capsule {
  uint64_t stream_id;
  uint64_t type;
  uint64_t length; /* of the value */
} qlog_capsule;

/* loglevel: error, warning, info, debug, verbose */
typedef struct qlog_message {
  quic_bytes text;
  uint64_t code; /* error, warning; QLOG_NONE */
} qlog_message;

/* simulation: scenario (label is its name), marker (label is its type) */
typedef struct qlog_simulation {
  quic_bytes label;
  quic_bytes message;        /* marker */
  const quic_field *details; /* scenario */
  size_t ndetails;
} qlog_simulation;

typedef struct qlog_event {
  qlog_event_type type;
  quic_time time;    /* ns since 1970, or since the log's own epoch */
  uint64_t record;   /* of a log, to be shown as evidence; QLOG_NONE */
  const char *tuple; /* NULL = the initial one */
  const char *group; /* NULL = the trace's */
  const char *side;  /* whose it is, where a trace of the network tells of both:
                        "client", "server"; NULL = it says so itself */
  bool http3;        /* application error codes are HTTP/3's */
  union {
    qlog_packet packet; /* packet_sent, _received, _dropped, _buffered, _lost */
    qlog_server_listening listening;
    qlog_connection_started started;
    qlog_connection_closed closed;
    qlog_version_information versions;
    qlog_alpn_information alpn;
    qlog_parameters_set parameters;
    qlog_cid_updated cid;
    qlog_flag_updated flag;
    qlog_text_updated state;
    qlog_tuple_assigned tuple;
    qlog_mtu_updated mtu;
    qlog_datagrams datagrams;
    qlog_stream_state stream_state;
    qlog_frames frames;
    qlog_data_moved moved;
    qlog_data_blocked blocked;
    qlog_migration_state migration;
    qlog_timer timer;
    qlog_key_updated key;
    qlog_recovery_parameters recovery;
    qlog_metrics metrics;
    qlog_packets_acked acked;
    qlog_h3_stream_type h3_stream;
    qlog_h3_frame h3_frame;
    qlog_h3_settings h3_settings;
    qlog_h3_priority h3_priority;
    qlog_h3_datagram h3_datagram;
    qlog_h3_push_resolved h3_push;
    qlog_capsule capsule;
    qlog_message message;
    qlog_simulation simulation;
  } u;
} qlog_event;

/* Takes events, one after the other.  No sink sees a connection. */
typedef struct qlog_sink {
  void (*event)(struct qlog_sink *sink, const qlog_event *e);
} qlog_sink;

/* qlog_event_init makes an event of |type| at |time| with everything absent
   (but ack_delay_exponent, which is its default). */
void qlog_event_init(qlog_event *e, qlog_event_type type, quic_time time);

/* A row of event.def. */
typedef struct qlog_event_info {
  const char *schema; /* "quic", "http3", "http", "loglevel", "simulation" */
  const char *name;   /* "packet_sent" */
  qlog_importance importance;
} qlog_event_info;

/* qlog_event_info_of returns the row of |type|, NULL when it is none. */
const qlog_event_info *qlog_event_info_of(qlog_event_type type);

static inline bool qlog_event_is_packet(const qlog_event *e) {
  return e->type == QLOG_PACKET_SENT || e->type == QLOG_PACKET_RECEIVED;
}

#endif /* !defined(QUIC_QLOG_EVENT_H) */
