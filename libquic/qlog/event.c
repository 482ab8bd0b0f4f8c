#include "qlog/event.h"

#include <string.h>

/* What a member of qlog_event.u is with everything absent.  What is not named
   is NULL, empty or false. */
static const qlog_packet absent_packet = {.length = QLOG_NONE,
                                          .payload_length = QLOG_NONE,
                                          .key_phase = QLOG_NONE,
                                          .path_id = QLOG_NONE,
                                          .datagram_id = QLOG_NONE,
                                          .datagram_length = QLOG_NONE,
                                          .ecn = QLOG_UNSET,
                                          .drop = QLOG_UNSET,
                                          .lost = QLOG_UNSET,
                                          .is_mtu_probe = QLOG_UNSET,
                                          .number = QLOG_NONE,
                                          .datagram_checksum = QLOG_NONE,
                                          .ack_delay_exponent = 3};
static const qlog_server_listening absent_listening = {.retry_required =
                                                           QLOG_UNSET};
static const qlog_connection_started absent_started = {.local = {.addr = NULL}};
static const qlog_connection_closed absent_closed = {
    .initiator = QLOG_UNSET,
    .connection_error = QLOG_NONE,
    .application_error = QLOG_NONE,
    .internal_code = QLOG_NONE,
    .trigger = QLOG_UNSET};
static const qlog_version_information absent_versions = {.chosen = QLOG_NONE};
static const qlog_alpn_information absent_alpn = {.chosen = {NULL, 0}};
static const qlog_parameters_set absent_parameters = {
    .initiator = QLOG_UNSET,
    .resumption_allowed = QLOG_UNSET,
    .early_data_enabled = QLOG_UNSET,
    .suite = QLOG_NONE};
static const qlog_cid_updated absent_cid = {.initiator = QLOG_UNSET};
static const qlog_flag_updated absent_flag = {.state = QLOG_UNSET};
static const qlog_text_updated absent_state = {.old_state = NULL};
static const qlog_tuple_assigned absent_tuple = {.tuple_id = NULL};
static const qlog_mtu_updated absent_mtu = {QLOG_NONE, QLOG_NONE, QLOG_UNSET};
static const qlog_datagrams absent_datagrams = {.count = QLOG_NONE};
static const qlog_stream_state absent_stream_state = {.stream_id = QLOG_NONE,
                                                      .kind = QLOG_UNSET,
                                                      .side = QLOG_UNSET,
                                                      .trigger = QLOG_UNSET};
static const qlog_frames absent_frames = {.ack_delay_exponent = 3};
static const qlog_data_moved absent_moved = {.stream_id = QLOG_NONE,
                                             .offset = QLOG_NONE,
                                             .from = QLOG_UNSET,
                                             .to = QLOG_UNSET,
                                             .length = QLOG_NONE};
static const qlog_data_blocked absent_blocked = {
    .old_state = QLOG_UNSET, .new_state = QLOG_UNSET, .stream_id = QLOG_NONE};
static const qlog_migration_state absent_migration = {.old_state = NULL};
static const qlog_timer absent_timer = {.timer_id = QLOG_NONE,
                                        .space = QLOG_UNSET,
                                        .change = QLOG_UNSET,
                                        .delta = QLOG_NONE};
static const qlog_key_updated absent_key = {.key_phase = QLOG_NONE};
static const qlog_recovery_parameters absent_recovery = {
    QLOG_NONE, QLOG_NONE, QLOG_NONE, QLOG_NONE, QLOG_NONE,
    QLOG_NONE, QLOG_NONE, QLOG_NONE, QLOG_NONE};
static const qlog_metrics absent_metrics = {
    .min_rtt = QLOG_NONE,
    .smoothed_rtt = QLOG_NONE,
    .latest_rtt = QLOG_NONE,
    .rtt_variance = QLOG_NONE,
    .pto_count = QLOG_NONE,
    .congestion_window = QLOG_NONE,
    .bytes_in_flight = QLOG_NONE,
    .ssthresh = QLOG_NONE,
    .packets_in_flight = QLOG_NONE,
    .pacing_rate = QLOG_NONE,
    .lost = QLOG_NONE,
    .app_limited = QLOG_UNSET,
    .inferred = QLOG_UNSET,
};
static const qlog_packets_acked absent_acked = {.space = QLOG_UNSET};
static const qlog_h3_stream_type absent_h3_stream = {.initiator = QLOG_UNSET,
                                                     .stream_id = QLOG_NONE,
                                                     .kind = QLOG_UNSET,
                                                     .type = QLOG_NONE,
                                                     .push_id = QLOG_NONE};
static const qlog_h3_frame absent_h3_frame = {.stream_id = QLOG_NONE,
                                              .raw_length = QLOG_NONE};
static const qlog_h3_settings absent_h3_settings = {
    .initiator = QLOG_UNSET, .waits_for_settings = QLOG_UNSET};
static const qlog_h3_priority absent_h3_priority = {.stream_id = QLOG_NONE,
                                                    .push_id = QLOG_NONE};
static const qlog_h3_datagram absent_h3_datagram = {QLOG_NONE, QLOG_NONE};
static const qlog_h3_push_resolved absent_h3_push = {QLOG_NONE, QLOG_NONE,
                                                     QLOG_UNSET};
static const qlog_capsule absent_capsule = {QLOG_NONE, QLOG_NONE, QLOG_NONE};
static const qlog_message absent_message = {.code = QLOG_NONE};
static const qlog_simulation absent_simulation = {.label = {NULL, 0}};

static const struct event_row {
  qlog_event_info info;
  const void *absent;
  size_t size;
} event_table[QLOG_EVENT_TYPES] = {
#define QLOG_EVENT(id, schema, name, importance, member)                       \
  [QLOG_##id] = {                                                              \
      {schema, name, importance}, &absent_##member, sizeof(absent_##member)},
#include "qlog/event.def"
#undef QLOG_EVENT
};

void qlog_event_init(qlog_event *e, qlog_event_type type, quic_time time) {
  const struct event_row *row = &event_table[type];

  e->type = type;
  e->time = time;
  e->record = QLOG_NONE;
  e->tuple = NULL;
  e->group = NULL;
  e->side = NULL;
  e->http3 = false;
  memcpy(&e->u, row->absent, row->size);
}

const qlog_event_info *qlog_event_info_of(qlog_event_type type) {
  return (unsigned)type < QLOG_EVENT_TYPES ? &event_table[type].info : NULL;
}
