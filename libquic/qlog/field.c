#include "qlog/field.h"

/* clang-format off */
#define NAMES(id, ...)                                                         \
  static const char *const id##_text[] = {__VA_ARGS__};                        \
  static const qlog_names names_##id = {id##_text,                             \
                                        sizeof(id##_text) / sizeof(char *)}
#define SHARED_NAMES(id, ...)                                                  \
  static const char *const id##_text[] = {__VA_ARGS__};                        \
  const qlog_names qlog_names_##id = {id##_text,                               \
                                      sizeof(id##_text) / sizeof(char *)}

SHARED_NAMES(ecn, "Not-ECT", "ECT(1)", "ECT(0)", "CE");
SHARED_NAMES(drop, "internal_error", "rejected", "unsupported", "invalid",
             "duplicate", "connection_unknown", "decryption_failure",
             "key_unavailable", "general");
SHARED_NAMES(lost, "reordering_threshold", "time_threshold", "pto_expired");
NAMES(initiator, "local", "remote");
NAMES(space, "initial", "handshake", "application_data");
NAMES(close, "idle_timeout", "application", "error", "version_mismatch",
      "stateless_reset", "aborted", "unspecified", "clean",
      "handshake_timeout");
NAMES(kind, "unidirectional", "bidirectional");
NAMES(side, "sending", "receiving");
NAMES(location, "application", "transport", "network");
NAMES(blocked, "blocked", "unblocked");
NAMES(change, "set", "expired", "cancelled");
NAMES(h3_stream, "request", "control", "push", "reserved", "unknown",
      "qpack_encode", "qpack_decode");
NAMES(push, "claimed", "abandoned");

/* FIELD(kind, struct, member, name, name in 0.3 or NULL). */
#define FIELD(kind, type, member, name, compat)                                \
  {name, compat, QLOG_FIELD_##kind, offsetof(type, member), false, NULL}
#define MUST(kind, type, member, name, compat)                                 \
  {name, compat, QLOG_FIELD_##kind, offsetof(type, member), true, NULL}
#define NAMED(list, type, member, name, compat)                                \
  {name, compat, QLOG_FIELD_NAME, offsetof(type, member), false, &names_##list}
#define END {NULL, NULL, QLOG_FIELD_END, 0, false, NULL}

typedef const qlog_field fields;

static fields fields_packet[] = {
    FIELD(FLAG, qlog_packet, is_mtu_probe, "is_mtu_probe_packet", NULL),
    FIELD(U64, qlog_packet, datagram_checksum, "datagram_payload_checksum",
          NULL),
    /* not the draft's: */
    FIELD(U64, qlog_packet, datagram_id, "datagram_id", NULL),
    FIELD(U64, qlog_packet, datagram_length, "datagram_length", NULL),
    {"ecn", NULL, QLOG_FIELD_NAME, offsetof(qlog_packet, ecn), false,
     &qlog_names_ecn},
    FIELD(U64, qlog_packet, path_id, "path_id", NULL),
    FIELD(U64, qlog_packet, number, "capture_frame", NULL),
    END};

static fields fields_listening[] = {
    FIELD(ADDR, qlog_server_listening, v4, NULL, NULL),
    FIELD(ADDR, qlog_server_listening, v6, NULL, NULL),
    FIELD(FLAG, qlog_server_listening, retry_required, "retry_required", NULL),
    END};

static fields fields_started[] = {
    MUST(ENDPOINT, qlog_connection_started, local, "local", "src"),
    MUST(ENDPOINT, qlog_connection_started, remote, "remote", "dst"), END};

static fields fields_closed[] = {
    NAMED(initiator, qlog_connection_closed, initiator, "initiator", "owner"),
    FIELD(U64, qlog_connection_closed, internal_code, "internal_code", NULL),
    FIELD(TEXT, qlog_connection_closed, reason, "reason", NULL),
    NAMED(close, qlog_connection_closed, trigger, "trigger", NULL), END};

static fields fields_versions[] = {
    FIELD(VERSIONS, qlog_version_information, server_versions,
          "server_versions", NULL),
    FIELD(VERSIONS, qlog_version_information, client_versions,
          "client_versions", NULL),
    FIELD(VERSION, qlog_version_information, chosen, "chosen_version", NULL),
    END};

static fields fields_alpn[] = {
    FIELD(ALPNS, qlog_alpn_information, server_alpns, "server_alpns", NULL),
    FIELD(ALPNS, qlog_alpn_information, client_alpns, "client_alpns", NULL),
    FIELD(ALPN, qlog_alpn_information, chosen, "chosen_alpn", NULL), END};

static fields fields_parameters[] = {
    NAMED(initiator, qlog_parameters_set, initiator, "initiator", "owner"),
    FIELD(FLAG, qlog_parameters_set, resumption_allowed, "resumption_allowed",
          NULL),
    FIELD(FLAG, qlog_parameters_set, early_data_enabled, "early_data_enabled",
          NULL),
    END};

static fields fields_cid[] = {
    NAMED(initiator, qlog_cid_updated, initiator, "initiator", "owner"),
    FIELD(HEX, qlog_cid_updated, old_cid, "old", NULL),
    FIELD(HEX, qlog_cid_updated, new_cid, "new", NULL), END};

static fields fields_flag[] = {
    FIELD(FLAG, qlog_flag_updated, state, "state", NULL), END};

static fields fields_state[] = {
    FIELD(STR, qlog_text_updated, old_state, "old", NULL),
    FIELD(STR, qlog_text_updated, new_state, "new", NULL),
    FIELD(STR, qlog_text_updated, trigger, "trigger", NULL), END};

static fields fields_tuple[] = {
    FIELD(STR, qlog_tuple_assigned, tuple_id, "tuple_id", "path_id"),
    FIELD(ENDPOINT, qlog_tuple_assigned, remote, "tuple_remote", "path_remote"),
    FIELD(ENDPOINT, qlog_tuple_assigned, local, "tuple_local", "path_local"),
    END};

static fields fields_mtu[] = {
    FIELD(U64, qlog_mtu_updated, old_mtu, "old", NULL),
    FIELD(U64, qlog_mtu_updated, new_mtu, "new", NULL),
    FIELD(FLAG, qlog_mtu_updated, done, "done", NULL), END};

static fields fields_datagrams[] = {
    FIELD(U64, qlog_datagrams, count, "count", NULL), END};

static fields fields_dropped_datagram[] = {END};

static fields fields_stream_state[] = {
    FIELD(U64, qlog_stream_state, stream_id, "stream_id", NULL),
    NAMED(kind, qlog_stream_state, kind, "stream_type", NULL),
    FIELD(STR, qlog_stream_state, old_state, "old", NULL),
    FIELD(STR, qlog_stream_state, new_state, "new", NULL),
    NAMED(side, qlog_stream_state, side, "stream_side", NULL),
    NAMED(initiator, qlog_stream_state, trigger, "trigger", NULL), END};

static fields fields_frames[] = {END};

static fields fields_moved[] = {
    FIELD(U64, qlog_data_moved, stream_id, "stream_id", NULL),
    FIELD(U64, qlog_data_moved, offset, "offset", NULL),
    NAMED(location, qlog_data_moved, from, "from", NULL),
    NAMED(location, qlog_data_moved, to, "to", NULL),
    FIELD(STR, qlog_data_moved, info, "additional_info", NULL),
    FIELD(RAW_LENGTH, qlog_data_moved, length, "raw", "length"), END};

static fields fields_blocked[] = {
    NAMED(blocked, qlog_data_blocked, old_state, "old", NULL),
    NAMED(blocked, qlog_data_blocked, new_state, "new", NULL),
    FIELD(U64, qlog_data_blocked, stream_id, "stream_id", NULL),
    FIELD(STR, qlog_data_blocked, reason, "reason", NULL), END};

static fields fields_migration[] = {
    FIELD(STR, qlog_migration_state, old_state, "old", NULL),
    FIELD(STR, qlog_migration_state, new_state, "new", NULL),
    FIELD(STR, qlog_migration_state, tuple_id, "tuple_id", "path_id"),
    FIELD(ENDPOINT, qlog_migration_state, remote, "tuple_remote",
          "path_remote"),
    FIELD(ENDPOINT, qlog_migration_state, local, "tuple_local", "path_local"),
    END};

static fields fields_timer[] = {
    FIELD(STR, qlog_timer, timer_type, "timer_type", NULL),
    FIELD(U64, qlog_timer, timer_id, "timer_id", NULL),
    NAMED(space, qlog_timer, space, "packet_number_space", NULL),
    NAMED(change, qlog_timer, change, "event_type", NULL),
    FIELD(MS, qlog_timer, delta, "delta", NULL), END};

static fields fields_key[] = {
    FIELD(STR, qlog_key_updated, key_type, "key_type", NULL),
    FIELD(HEX, qlog_key_updated, old_key, "old", NULL),
    FIELD(HEX, qlog_key_updated, new_key, "new", NULL),
    FIELD(U64, qlog_key_updated, key_phase, "key_phase", "generation"),
    FIELD(STR, qlog_key_updated, trigger, "trigger", NULL), END};

static fields fields_discarded[] = {
    FIELD(STR, qlog_key_updated, key_type, "key_type", NULL),
    FIELD(HEX, qlog_key_updated, old_key, "key", NULL),
    FIELD(U64, qlog_key_updated, key_phase, "key_phase", "generation"),
    FIELD(STR, qlog_key_updated, trigger, "trigger", NULL), END};

static fields fields_recovery[] = {
    FIELD(U64, qlog_recovery_parameters, reordering_threshold,
          "reordering_threshold", NULL),
    FIELD(THOUSANDTHS, qlog_recovery_parameters, time_threshold,
          "time_threshold", NULL),
    FIELD(MS, qlog_recovery_parameters, timer_granularity, "timer_granularity",
          NULL),
    FIELD(MS, qlog_recovery_parameters, initial_rtt, "initial_rtt", NULL),
    FIELD(U64, qlog_recovery_parameters, max_datagram_size,
          "max_datagram_size", NULL),
    FIELD(U64, qlog_recovery_parameters, initial_congestion_window,
          "initial_congestion_window", NULL),
    FIELD(U64, qlog_recovery_parameters, minimum_congestion_window,
          "minimum_congestion_window", NULL),
    FIELD(THOUSANDTHS, qlog_recovery_parameters, loss_reduction_factor,
          "loss_reduction_factor", NULL),
    FIELD(U64, qlog_recovery_parameters, persistent_congestion_threshold,
          "persistent_congestion_threshold", NULL),
    END};

static fields fields_metrics[] = {
    FIELD(MS, qlog_metrics, min_rtt, "min_rtt", NULL),
    FIELD(MS, qlog_metrics, smoothed_rtt, "smoothed_rtt", NULL),
    FIELD(MS, qlog_metrics, latest_rtt, "latest_rtt", NULL),
    FIELD(MS, qlog_metrics, rtt_variance, "rtt_variance", NULL),
    FIELD(U64, qlog_metrics, pto_count, "pto_count", NULL),
    FIELD(U64, qlog_metrics, congestion_window, "congestion_window", NULL),
    FIELD(U64, qlog_metrics, bytes_in_flight, "bytes_in_flight", NULL),
    FIELD(U64, qlog_metrics, ssthresh, "ssthresh", NULL),
    FIELD(U64, qlog_metrics, packets_in_flight, "packets_in_flight", NULL),
    FIELD(U64, qlog_metrics, pacing_rate, "pacing_rate", NULL),
    FIELD(U64, qlog_metrics, lost, "lost_packets", NULL), /* no draft's */
    FIELD(FLAG, qlog_metrics, app_limited, "app_limited", NULL), /* as well */
    FIELD(FLAG, qlog_metrics, inferred, "inferred", NULL), /* ours */
    END};

static fields fields_acked[] = {
    NAMED(space, qlog_packets_acked, space, "packet_number_space", NULL), END};

static fields fields_h3_stream[] = {
    NAMED(initiator, qlog_h3_stream_type, initiator, "initiator", "owner"),
    FIELD(U64, qlog_h3_stream_type, stream_id, "stream_id", NULL),
    NAMED(h3_stream, qlog_h3_stream_type, kind, "stream_type", NULL),
    FIELD(U64, qlog_h3_stream_type, push_id, "associated_push_id", NULL), END};

static fields fields_h3_frame[] = {END};

static fields fields_h3_settings[] = {
    NAMED(initiator, qlog_h3_settings, initiator, "initiator", "owner"),
    FIELD(FLAG, qlog_h3_settings, waits_for_settings, "waits_for_settings",
          NULL),
    END};

static fields fields_h3_priority[] = {
    FIELD(U64, qlog_h3_priority, stream_id, "stream_id", NULL),
    FIELD(U64, qlog_h3_priority, push_id, "push_id", NULL),
    FIELD(TEXT, qlog_h3_priority, old_value, "old", NULL),
    MUST(TEXT, qlog_h3_priority, new_value, "new", NULL),
    FIELD(STR, qlog_h3_priority, trigger, "trigger", NULL),
    FIELD(STR, qlog_h3_priority, reason, "reason", NULL), END};

static fields fields_h3_datagram[] = {
    FIELD(U64, qlog_h3_datagram, quarter_stream_id, "quarter_stream_id", NULL),
    FIELD(RAW_LENGTH, qlog_h3_datagram, length, "raw", "length"), END};

static fields fields_h3_push[] = {
    FIELD(U64, qlog_h3_push_resolved, push_id, "push_id", NULL),
    FIELD(U64, qlog_h3_push_resolved, stream_id, "stream_id", NULL),
    NAMED(push, qlog_h3_push_resolved, decision, "decision", NULL), END};

static fields fields_capsule[] = {
    FIELD(U64, qlog_capsule, stream_id, "stream_id", NULL), END};

static fields fields_message[] = {
    FIELD(U64, qlog_message, code, "code", NULL),
    MUST(TEXT, qlog_message, text, "message", NULL), END};

static fields fields_simulation[] = {
    FIELD(TEXT, qlog_simulation, label, "type", NULL),
    FIELD(TEXT, qlog_simulation, message, "message", NULL), END};

static fields fields_scenario[] = {
    FIELD(TEXT, qlog_simulation, label, "name", NULL), END};
/* clang-format on */

static const qlog_field *const field_lists[QLOG_EVENT_TYPES] = {
#define QLOG_EVENT(id, schema, name, importance, member)                       \
  [QLOG_##id] = fields_##member,
#include "qlog/event.def"
#undef QLOG_EVENT
};

const qlog_field *qlog_field_list(qlog_event_type type) {
  /* Those whose struct is called otherwise than their siblings'. */
  switch (type) {
  case QLOG_KEY_DISCARDED:
    return fields_discarded;
  case QLOG_SIMULATION_SCENARIO:
    return fields_scenario;
  case QLOG_UDP_DATAGRAM_DROPPED:
    return fields_dropped_datagram;
  default:
    return field_lists[type];
  }
}
