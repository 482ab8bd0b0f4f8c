#include "qlog/dialect.h"

static const char *const dialect_names[QLOG_EVENT_TYPES] = {
#define QLOG_EVENT(id, schema, name, importance, member)                       \
  [QLOG_##id] = schema ":" name,
#include "qlog/event.def"
#undef QLOG_EVENT
};

/* Events that came later have the category they would have had. */
static const char *const dialect_compat[QLOG_EVENT_TYPES] = {
    [QLOG_SERVER_LISTENING] = "connectivity:server_listening",
    [QLOG_CONNECTION_STARTED] = "connectivity:connection_started",
    [QLOG_CONNECTION_CLOSED] = "connectivity:connection_closed",
    [QLOG_CONNECTION_ID_UPDATED] = "connectivity:connection_id_updated",
    [QLOG_SPIN_BIT_UPDATED] = "connectivity:spin_bit_updated",
    [QLOG_CONNECTION_STATE_UPDATED] = "connectivity:connection_state_updated",
    [QLOG_TUPLE_ASSIGNED] = "connectivity:path_assigned",
    [QLOG_MTU_UPDATED] = "connectivity:mtu_updated",
    [QLOG_VERSION_INFORMATION] = "transport:version_information",
    [QLOG_ALPN_INFORMATION] = "transport:alpn_information",
    [QLOG_PARAMETERS_SET] = "transport:parameters_set",
    [QLOG_PARAMETERS_RESTORED] = "transport:parameters_restored",
    [QLOG_PACKET_SENT] = "transport:packet_sent",
    [QLOG_PACKET_RECEIVED] = "transport:packet_received",
    [QLOG_PACKET_DROPPED] = "transport:packet_dropped",
    [QLOG_PACKET_BUFFERED] = "transport:packet_buffered",
    [QLOG_PACKETS_ACKED] = "transport:packets_acked",
    [QLOG_UDP_DATAGRAMS_SENT] = "transport:datagrams_sent",
    [QLOG_UDP_DATAGRAMS_RECEIVED] = "transport:datagrams_received",
    [QLOG_UDP_DATAGRAM_DROPPED] = "transport:datagram_dropped",
    [QLOG_STREAM_STATE_UPDATED] = "transport:stream_state_updated",
    [QLOG_FRAMES_CREATED] = "transport:frames_created",
    [QLOG_FRAMES_PARSED] = "transport:frames_processed",
    [QLOG_STREAM_DATA_MOVED] = "transport:data_moved",
    [QLOG_DATAGRAM_DATA_MOVED] = "transport:datagram_data_moved",
    [QLOG_CONNECTION_DATA_BLOCKED_UPDATED] =
        "transport:connection_data_blocked_updated",
    [QLOG_STREAM_DATA_BLOCKED_UPDATED] =
        "transport:stream_data_blocked_updated",
    [QLOG_DATAGRAM_DATA_BLOCKED_UPDATED] =
        "transport:datagram_data_blocked_updated",
    [QLOG_MIGRATION_STATE_UPDATED] = "connectivity:migration_state_updated",
    [QLOG_TIMER_UPDATED] = "recovery:loss_timer_updated",
    [QLOG_KEY_UPDATED] = "security:key_updated",
    [QLOG_KEY_DISCARDED] = "security:key_discarded",
    [QLOG_RECOVERY_PARAMETERS_SET] = "recovery:parameters_set",
    [QLOG_RECOVERY_METRICS_UPDATED] = "recovery:metrics_updated",
    [QLOG_CONGESTION_STATE_UPDATED] = "recovery:congestion_state_updated",
    [QLOG_PACKET_LOST] = "recovery:packet_lost",
    [QLOG_MARKED_FOR_RETRANSMIT] = "recovery:marked_for_retransmit",
    [QLOG_ECN_STATE_UPDATED] = "recovery:ecn_state_updated",
    [QLOG_H3_PARAMETERS_SET] = "http:parameters_set",
    [QLOG_H3_PARAMETERS_RESTORED] = "http:parameters_restored",
    [QLOG_H3_STREAM_TYPE_SET] = "http:stream_type_set",
    [QLOG_H3_PRIORITY_UPDATED] = "http:priority_updated",
    [QLOG_H3_FRAME_CREATED] = "http:frame_created",
    [QLOG_H3_FRAME_PARSED] = "http:frame_parsed",
    [QLOG_H3_DATAGRAM_CREATED] = "http:datagram_created",
    [QLOG_H3_DATAGRAM_PARSED] = "http:datagram_parsed",
    [QLOG_H3_PUSH_RESOLVED] = "http:push_resolved",
    [QLOG_CAPSULE_CREATED] = "http:capsule_created",
    [QLOG_CAPSULE_PARSED] = "http:capsule_parsed",
    [QLOG_LOG_ERROR] = "generic:error",
    [QLOG_LOG_WARNING] = "generic:warning",
    [QLOG_LOG_INFO] = "generic:info",
    [QLOG_LOG_DEBUG] = "generic:debug",
    [QLOG_LOG_VERBOSE] = "generic:verbose",
    [QLOG_SIMULATION_SCENARIO] = "simulation:scenario",
    [QLOG_SIMULATION_MARKER] = "simulation:marker",
};

const char *qlog_dialect_name(qlog_event_type type, bool compat) {
  return compat ? dialect_compat[type] : dialect_names[type];
}
