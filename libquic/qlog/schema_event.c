/* Events: what field.c does not say of them. */

#include "qlog/schema_parts.h"

#include "wire/tparam.h"

/* clang-format off */
NAMES(connection_state, "attempted", "handshake_started", "handshake_complete",
      "closed", "peer_validated", "early_write", "handshake_confirmed",
      "closing", "draining");
NAMES(stream_state, "idle", "open", "closed", "half_closed_local",
      "half_closed_remote", "ready", "send", "data_sent", "reset_sent",
      "reset_received", "receive", "size_known", "data_read", "reset_read",
      "data_received", "destroyed");
NAMES(sent_trigger, "retransmit_reordered", "retransmit_timeout", "pto_probe",
      "retransmit_crypto", "cc_bandwidth_probe");
NAMES(received_trigger, "keys_available");
NAMES(buffered_trigger, "backpressure", "keys_unavailable");
NAMES(closed_trigger, "idle_timeout", "application", "error",
      "version_mismatch", "stateless_reset", "aborted", "unspecified");
NAMES(moved_info, "fin_set", "stream_reset");
NAMES(blocked_reason, "scheduling", "pacing", "amplification_protection",
      "congestion_control", "connection_flow_control", "stream_flow_control",
      "stream_id", "application");
NAMES(migration, "probing_started", "probing_abandoned", "probing_successful",
      "migration_started", "migration_abandoned", "migration_complete");
NAMES(timer, "ack", "pto", "loss_timeout", "path_validation",
      "handshake_timeout", "idle_timeout");
NAMES(key, "server_initial_secret", "client_initial_secret",
      "server_handshake_secret", "client_handshake_secret",
      "server_0rtt_secret", "client_0rtt_secret", "server_1rtt_secret",
      "client_1rtt_secret");
NAMES(key_trigger, "tls", "remote_update", "local_update");
NAMES(ecn_state, "testing", "unknown", "failed", "capable");
NAMES(priority_trigger, "client_signal_received", "local", "other");
NAMES(priority_reason, "client_signal_only", "client_server_merged",
      "local_policy", "other");

typedef const qlog_schema_field fields;

#define HEADER MAY("header", HEADER)
#define FRAMES LIST("frames", FRAME)
#define CHECKSUM MAY("datagram_payload_checksum", U32)

static fields event_raw[] = {RAW_MAY, END};
static fields event_listening[] = {ADDRESSES, END};
static fields event_closed[] = {
    MAY("connection_error", TRANSPORT_ERROR), MAY("application_error", TEXT),
    MAY("error_code", U64), ENUM("trigger", closed_trigger), END};
static fields event_connection_state[] = {
    SET("old", connection_state), SET("new", connection_state), END};
static fields event_mtu[] = {MAY("old", U32), MAY("new", U32), END};
static fields event_parameters[] = {
    MAY("tls_cipher", TEXT), LIST("unknown_parameters", UNKNOWN_PARAMETER),
    END};
static fields event_packet_sent[] = {
    HEADER, FRAMES, MAY("stateless_reset_token", HEX),
    SOME("supported_versions", HEX), RAW_MAY, CHECKSUM,
    ENUM("trigger", sent_trigger), END};
static fields event_packet_received[] = {
    HEADER, FRAMES, MAY("stateless_reset_token", HEX),
    SOME("supported_versions", HEX), RAW_MAY, CHECKSUM,
    ENUM("trigger", received_trigger), END};
static fields event_packet_dropped[] = {
    HEADER, RAW_MAY, CHECKSUM, MAY("details", MAP),
    FIELD("trigger", NAME, ONE, false, false, &qlog_names_drop), END};
static fields event_packet_buffered[] = {
    HEADER, RAW_MAY, CHECKSUM, ENUM("trigger", buffered_trigger), END};
static fields event_packet_lost[] = {
    HEADER, FRAMES,
    FIELD("trigger", NAME, ONE, false, false, &qlog_names_lost), END};
static fields event_acked[] = {SOME("packet_numbers", U64), END};
static fields event_datagrams[] = {
    MAY("count", U16), SOME("raw", RAW),
    FIELD("ecn", NAME, SOME, false, false, &qlog_names_ecn),
    SOME("datagram_payload_checksums", U32), END};
static fields event_stream_state[] = {
    SET("old", stream_state), SET("new", stream_state), END};
static fields event_frames[] = {FRAMES, LIST("packet_numbers", U64), END};
static fields event_marked[] = {SOME("frames", FRAME), END};
static fields event_moved[] = {SET("additional_info", moved_info), END};
static fields event_blocked[] = {SET("reason", blocked_reason), END};
static fields event_migration[] = {
    ENUM("old", migration), ENUM("new", migration), END};
static fields event_timer[] = {SET("timer_type", timer), END};
static fields event_key[] = {
    SET("key_type", key), ENUM("trigger", key_trigger), END};
static fields event_recovery[] = {
    MAY("reordering_threshold", U16), MAY("timer_granularity", U16),
    MAY("max_datagram_size", U32), MAY("persistent_congestion_threshold", U16),
    END};
static fields event_metrics[] = {MAY("pto_count", U16), END};
static fields event_ecn[] = {
    ENUM("old", ecn_state), ENUM("new", ecn_state), END};
static fields event_h3_settings[] = {
    MAY("max_field_section_size", U64), MAY("max_table_capacity", U64),
    MAY("blocked_streams_count", U64), MAY("extended_connect", U16),
    MAY("h3_datagram", U16), END};
static fields event_h3_stream[] = {MAY("stream_type_bytes", U64), END};
static fields event_h3_priority[] = {
    ENUM("trigger", priority_trigger), ENUM("reason", priority_reason), END};
static fields event_h3_frame[] = {
    MAY("stream_id", U64), MAY("frame", H3_FRAME), END};
static fields event_capsule[] = {MAY("capsule", CAPSULE), END};
static fields event_scenario[] = {MAY("details", MAP), END};

#define SCHEMA_MUST_MAX 3

static const struct schema_event {
  fields *list;                     /* goes before field.c; may be NULL */
  const char *must[SCHEMA_MUST_MAX]; /* required */
  bool open; /* the names of field.c are those that extensions add to */
  bool parameters; /* transport parameters are fields, too */
} schema_events[QLOG_EVENT_TYPES] = {
    [QLOG_SERVER_LISTENING] = {event_listening, {NULL}, false, false},
    [QLOG_CONNECTION_STARTED] = {NULL, {"local", "remote"}, false, false},
    [QLOG_CONNECTION_CLOSED] = {event_closed, {NULL}, false, false},
    [QLOG_CONNECTION_ID_UPDATED] = {NULL, {"initiator"}, false, false},
    [QLOG_SPIN_BIT_UPDATED] = {NULL, {"state"}, false, false},
    [QLOG_CONNECTION_STATE_UPDATED] = {event_connection_state, {"new"}, false,
                                       false},
    [QLOG_TUPLE_ASSIGNED] = {NULL, {"tuple_id"}, false, false},
    [QLOG_MTU_UPDATED] = {event_mtu, {"new"}, false, false},
    [QLOG_PARAMETERS_SET] = {event_parameters, {NULL}, false, true},
    [QLOG_PARAMETERS_RESTORED] = {NULL, {NULL}, false, true},
    [QLOG_PACKET_SENT] = {event_packet_sent, {"header"}, false, false},
    [QLOG_PACKET_RECEIVED] = {event_packet_received, {"header"}, false, false},
    [QLOG_PACKET_DROPPED] = {event_packet_dropped, {NULL}, false, false},
    [QLOG_PACKET_BUFFERED] = {event_packet_buffered, {NULL}, false, false},
    [QLOG_PACKETS_ACKED] = {event_acked, {NULL}, true, false},
    [QLOG_UDP_DATAGRAMS_SENT] = {event_datagrams, {NULL}, false, false},
    [QLOG_UDP_DATAGRAMS_RECEIVED] = {event_datagrams, {NULL}, false, false},
    [QLOG_UDP_DATAGRAM_DROPPED] = {event_raw, {NULL}, false, false},
    [QLOG_STREAM_STATE_UPDATED] = {event_stream_state,
                                   {"stream_id", "new", "stream_side"}, false,
                                   false},
    [QLOG_FRAMES_CREATED] = {event_frames, {"frames"}, false, false},
    [QLOG_FRAMES_PARSED] = {event_frames, {"frames"}, false, false},
    [QLOG_STREAM_DATA_MOVED] = {event_moved, {NULL}, true, false},
    [QLOG_DATAGRAM_DATA_MOVED] = {NULL, {NULL}, true, false},
    [QLOG_CONNECTION_DATA_BLOCKED_UPDATED] = {event_blocked, {"new"}, true,
                                              false},
    [QLOG_STREAM_DATA_BLOCKED_UPDATED] = {event_blocked, {"new", "stream_id"},
                                          true, false},
    [QLOG_DATAGRAM_DATA_BLOCKED_UPDATED] = {event_blocked, {"new"}, true,
                                            false},
    [QLOG_MIGRATION_STATE_UPDATED] = {event_migration, {"new"}, false, false},
    [QLOG_TIMER_UPDATED] = {event_timer, {"event_type"}, false, false},
    [QLOG_KEY_UPDATED] = {event_key, {"key_type"}, false, false},
    [QLOG_KEY_DISCARDED] = {event_key, {"key_type"}, false, false},
    [QLOG_RECOVERY_PARAMETERS_SET] = {event_recovery, {"timer_granularity"},
                                      false, false},
    [QLOG_RECOVERY_METRICS_UPDATED] = {event_metrics, {NULL}, false, false},
    [QLOG_CONGESTION_STATE_UPDATED] = {NULL, {"new"}, false, false},
    [QLOG_PACKET_LOST] = {event_packet_lost, {NULL}, false, false},
    [QLOG_MARKED_FOR_RETRANSMIT] = {event_marked, {"frames"}, false, false},
    [QLOG_ECN_STATE_UPDATED] = {event_ecn, {"new"}, false, false},
    [QLOG_H3_PARAMETERS_SET] = {event_h3_settings, {NULL}, false, false},
    [QLOG_H3_PARAMETERS_RESTORED] = {event_h3_settings, {NULL}, false, false},
    [QLOG_H3_STREAM_TYPE_SET] = {event_h3_stream, {"stream_id", "stream_type"},
                                 true, false},
    [QLOG_H3_PRIORITY_UPDATED] = {event_h3_priority, {"new"}, false, false},
    [QLOG_H3_FRAME_CREATED] = {event_h3_frame, {"stream_id", "frame"}, false,
                               false},
    [QLOG_H3_FRAME_PARSED] = {event_h3_frame, {"stream_id", "frame"}, false,
                              false},
    [QLOG_H3_DATAGRAM_CREATED] = {NULL, {"quarter_stream_id"}, false, false},
    [QLOG_H3_DATAGRAM_PARSED] = {NULL, {"quarter_stream_id"}, false, false},
    [QLOG_H3_PUSH_RESOLVED] = {NULL, {"decision"}, false, false},
    [QLOG_CAPSULE_CREATED] = {event_capsule, {"stream_id", "capsule"}, false,
                              false},
    [QLOG_CAPSULE_PARSED] = {event_capsule, {"stream_id", "capsule"}, false,
                             false},
    [QLOG_LOG_INFO] = {NULL, {"message"}, false, false},
    [QLOG_LOG_DEBUG] = {NULL, {"message"}, false, false},
    [QLOG_LOG_VERBOSE] = {NULL, {"message"}, false, false},
    [QLOG_SIMULATION_SCENARIO] = {event_scenario, {NULL}, false, false},
};
/* clang-format on */

/* Fields of field.c that no draft has; whoever logs them does as he likes. */
static const char *const schema_own[] = {
    "datagram_id",   "datagram_length", "ecn",         "path_id",
    "capture_frame", "lost_packets",    "app_limited", "inferred"};

/* Older names that field.c does not have. */
static const struct {
  qlog_event_type event;
  const char *older, *newer;
} schema_newer_data[] = {
    {QLOG_PACKET_SENT, "packet_type", "header"},
    {QLOG_PACKET_RECEIVED, "packet_type", "header"},
    {QLOG_PACKET_LOST, "packet_type", "header"},
    {QLOG_PACKET_LOST, "packet_number", "header"},
    {QLOG_PACKET_DROPPED, "packet_type", "header"},
    {QLOG_PACKET_SENT, "packet_size", "raw"},
    {QLOG_PACKET_RECEIVED, "packet_size", "raw"},
    {QLOG_CONNECTION_CLOSED, "connection_code", "connection_error"},
    {QLOG_CONNECTION_CLOSED, "application_code", "application_error"},
    {QLOG_CONNECTION_STARTED, "src_ip", "local"},
    {QLOG_CONNECTION_STARTED, "dst_ip", "remote"},
    {QLOG_CONNECTION_STARTED, "src_cid", "local"},
    {QLOG_CONNECTION_STARTED, "dst_cid", "remote"},
    {QLOG_CONNECTION_STARTED, "src_port", "local"},
    {QLOG_CONNECTION_STARTED, "dst_port", "remote"},
    {QLOG_MTU_UPDATED, "mtu", "new"},
    {QLOG_H3_STREAM_TYPE_SET, "new", "stream_type"},
    {QLOG_H3_STREAM_TYPE_SET, "old", "stream_type"},
    {QLOG_RECOVERY_METRICS_UPDATED, "cwnd", "congestion_window"},
    {QLOG_RECOVERY_METRICS_UPDATED, "current_cwnd", "congestion_window"},
    {QLOG_STREAM_DATA_MOVED, "length", "raw"},
};

/* schema_of_kind makes a field of one of field.c. */
static qlog_schema_field schema_of_kind(const qlog_field *f, bool open) {
  static const struct {
    qlog_schema_type type;
    qlog_schema_list list;
  } kinds[] = {
      [QLOG_FIELD_U64] = {QLOG_SCHEMA_U64, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_MS] = {QLOG_SCHEMA_FLOAT, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_THOUSANDTHS] = {QLOG_SCHEMA_FLOAT, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_FLAG] = {QLOG_SCHEMA_BOOL, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_NAME] = {QLOG_SCHEMA_NAME, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_STR] = {QLOG_SCHEMA_TEXT, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_TEXT] = {QLOG_SCHEMA_TEXT, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_HEX] = {QLOG_SCHEMA_HEX, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_VERSION] = {QLOG_SCHEMA_HEX, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_VERSIONS] = {QLOG_SCHEMA_HEX, QLOG_SCHEMA_SOME},
      [QLOG_FIELD_ALPN] = {QLOG_SCHEMA_ALPN, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_ALPNS] = {QLOG_SCHEMA_ALPN, QLOG_SCHEMA_LIST},
      [QLOG_FIELD_ENDPOINT] = {QLOG_SCHEMA_ENDPOINT, QLOG_SCHEMA_ONE},
      [QLOG_FIELD_RAW_LENGTH] = {QLOG_SCHEMA_RAW, QLOG_SCHEMA_ONE},
  };

  return (qlog_schema_field){.name = f->name,
                             .type = kinds[f->kind].type,
                             .list = kinds[f->kind].list,
                             .open = open,
                             .names = f->names};
}

static bool schema_find_own(quic_bytes name) {
  for (size_t i = 0; i < sizeof(schema_own) / sizeof(schema_own[0]); i++) {
    if (schema_is(name, schema_own[i])) {
      return true;
    }
  }
  return false;
}

static bool schema_find_plain(qlog_event_type type, quic_bytes name,
                              qlog_schema_field *out) {
  const qlog_field *f = qlog_field_list(type);

  for (; f->kind != QLOG_FIELD_END; f++) {
    if (f->name && schema_is(name, f->name)) {
      *out = schema_of_kind(f, schema_events[type].open);
      return true;
    }
  }
  return false;
}

static bool schema_find_parameter(quic_bytes name, qlog_schema_field *out) {
  static const qlog_schema_type kinds[] = {
      [QUIC_TPARAM_OPAQUE] = QLOG_SCHEMA_HEX,
      [QUIC_TPARAM_INTEGER] = QLOG_SCHEMA_U64,
      [QUIC_TPARAM_FLAG] = QLOG_SCHEMA_BOOL,
      [QUIC_TPARAM_CID] = QLOG_SCHEMA_HEX,
      [QUIC_TPARAM_TOKEN] = QLOG_SCHEMA_HEX,
      [QUIC_TPARAM_PREFERRED] = QLOG_SCHEMA_PREFERRED_ADDRESS,
      [QUIC_TPARAM_VERSIONS] = QLOG_SCHEMA_ANY,
  };
  const quic_tparam_info *info;

  for (size_t i = 0; (info = quic_tparam_info_at(i)); i++) {
    if (schema_is(name, info->name)) {
      *out = (qlog_schema_field){.name = info->name, .type = kinds[info->kind]};
      return true;
    }
  }
  return false;
}

bool qlog_schema_event(qlog_event_type type, quic_bytes name,
                       qlog_schema_field *out) {
  const struct schema_event *e = &schema_events[type];
  bool found = false;

  for (fields *f = e->list; f && f->name && !found; f++) {
    if (schema_is(name, f->name)) {
      *out = *f;
      found = true;
    }
  }
  if (!found && !schema_find_own(name)) {
    found = schema_find_plain(type, name, out);
  }
  if (!found && e->parameters) {
    found = schema_find_parameter(name, out);
  }
  for (size_t i = 0; found && i < SCHEMA_MUST_MAX && e->must[i]; i++) {
    out->required |= schema_is(name, e->must[i]);
  }
  return found;
}

const char *qlog_schema_required(qlog_event_type type, size_t i) {
  return i < SCHEMA_MUST_MAX ? schema_events[type].must[i] : NULL;
}

const char *qlog_schema_event_newer(qlog_event_type event, quic_bytes name) {
  const qlog_field *f = qlog_field_list(event);

  for (size_t i = 0;
       i < sizeof(schema_newer_data) / sizeof(schema_newer_data[0]); i++) {
    if (schema_newer_data[i].event == event &&
        schema_is(name, schema_newer_data[i].older)) {
      return schema_newer_data[i].newer;
    }
  }
  for (; f->kind != QLOG_FIELD_END; f++) {
    if (f->name && f->compat && f->kind != QLOG_FIELD_RAW_LENGTH &&
        schema_is(name, f->compat)) {
      return f->name;
    }
  }
  return NULL;
}
