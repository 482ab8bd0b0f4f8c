#include "qlog/read.h"

/* Categories of events, as bits: what drafts put where. */
enum {
  SPACE_QUIC = 1, /* quic, transport, and none */
  SPACE_RECOVERY = 2,
  SPACE_SECURITY = 4,
  SPACE_CONNECTIVITY = 8,
  SPACE_HTTP = 16,
  SPACE_LOG = 32,
  SPACE_SIMULATION = 64,
  SPACE_ANY_QUIC =
      SPACE_QUIC | SPACE_RECOVERY | SPACE_SECURITY | SPACE_CONNECTIVITY
};

static const struct {
  const char *name;
  uint8_t space;
} alias_spaces[] = {
    {"quic", SPACE_QUIC},
    {"transport", SPACE_QUIC},
    {"recovery", SPACE_RECOVERY},
    {"loss", SPACE_RECOVERY},
    {"metric_update", SPACE_RECOVERY},
    {"congestion_control", SPACE_RECOVERY},
    {"security", SPACE_SECURITY},
    {"connectivity", SPACE_CONNECTIVITY},
    {"http3", SPACE_HTTP},
    {"http", SPACE_HTTP},
    {"h3", SPACE_HTTP},
    {"loglevel", SPACE_LOG},
    {"generic", SPACE_LOG | SPACE_SIMULATION},
    {"info", SPACE_LOG},
    {"simulation", SPACE_SIMULATION},
};

/* Names that events had, or have in some logs, besides the draft's.  Where a
   name means several things the first row whose category fits is taken, and
   these rows come before the draft's. */
static const struct alias_row {
  const char *name;
  uint8_t spaces;
  qlog_event_type type;
  const char *hint; /* see qlog_read_event */
} alias_rows[] = {
    {"parameters_set", SPACE_RECOVERY, QLOG_RECOVERY_PARAMETERS_SET, NULL},
    {"metrics_updated", SPACE_ANY_QUIC, QLOG_RECOVERY_METRICS_UPDATED, NULL},
    {"metric_update", SPACE_ANY_QUIC, QLOG_RECOVERY_METRICS_UPDATED, NULL},
    {"metrics_update", SPACE_ANY_QUIC, QLOG_RECOVERY_METRICS_UPDATED, NULL},
    {"congestion_metric_update", SPACE_ANY_QUIC, QLOG_RECOVERY_METRICS_UPDATED,
     NULL},
    {"rtt_update", SPACE_ANY_QUIC, QLOG_RECOVERY_METRICS_UPDATED, NULL},
    {"cwnd_update", SPACE_ANY_QUIC, QLOG_RECOVERY_METRICS_UPDATED, NULL},
    {"bytes_in_flight_update", SPACE_ANY_QUIC, QLOG_RECOVERY_METRICS_UPDATED,
     NULL},
    {"pacing_rate_update", SPACE_ANY_QUIC, QLOG_RECOVERY_METRICS_UPDATED, NULL},
    {"cc_state_update", SPACE_ANY_QUIC, QLOG_CONGESTION_STATE_UPDATED, NULL},
    {"congestion_state_update", SPACE_ANY_QUIC, QLOG_CONGESTION_STATE_UPDATED,
     NULL},
    {"packets_lost", SPACE_ANY_QUIC, QLOG_PACKET_LOST, NULL},
    {"packet_loss", SPACE_ANY_QUIC, QLOG_PACKET_LOST, NULL},
    {"packet_tx", SPACE_ANY_QUIC, QLOG_PACKET_SENT, NULL},
    {"packet_rx", SPACE_ANY_QUIC, QLOG_PACKET_RECEIVED, NULL},
    {"packet_drop", SPACE_ANY_QUIC, QLOG_PACKET_DROPPED, NULL},
    {"datagrams_sent", SPACE_ANY_QUIC, QLOG_UDP_DATAGRAMS_SENT, NULL},
    {"datagrams_received", SPACE_ANY_QUIC, QLOG_UDP_DATAGRAMS_RECEIVED, NULL},
    {"datagram_sent", SPACE_ANY_QUIC, QLOG_UDP_DATAGRAMS_SENT, NULL},
    {"datagram_received", SPACE_ANY_QUIC, QLOG_UDP_DATAGRAMS_RECEIVED, NULL},
    {"datagram_dropped", SPACE_ANY_QUIC, QLOG_UDP_DATAGRAM_DROPPED, NULL},
    {"frames_processed", SPACE_ANY_QUIC, QLOG_FRAMES_PARSED, NULL},
    {"data_moved", SPACE_ANY_QUIC | SPACE_HTTP, QLOG_STREAM_DATA_MOVED, NULL},
    {"stream_state_update", SPACE_ANY_QUIC, QLOG_STREAM_STATE_UPDATED, NULL},
    {"loss_timer_updated", SPACE_ANY_QUIC, QLOG_TIMER_UPDATED, NULL},
    {"loss_alarm_set", SPACE_ANY_QUIC, QLOG_TIMER_UPDATED, "set"},
    {"loss_alarm_fired", SPACE_ANY_QUIC, QLOG_TIMER_UPDATED, "expired"},
    {"loss_timer_set", SPACE_ANY_QUIC, QLOG_TIMER_UPDATED, "set"},
    {"loss_timer_fired", SPACE_ANY_QUIC, QLOG_TIMER_UPDATED, "expired"},
    {"loss_detection_armed", SPACE_ANY_QUIC, QLOG_TIMER_UPDATED, "set"},
    {"loss_detection_postponed", SPACE_ANY_QUIC, QLOG_TIMER_UPDATED, "set"},
    {"loss_detection_triggered", SPACE_ANY_QUIC, QLOG_TIMER_UPDATED, "expired"},
    {"key_update", SPACE_ANY_QUIC, QLOG_KEY_UPDATED, NULL},
    {"key_retired", SPACE_ANY_QUIC, QLOG_KEY_DISCARDED, NULL},
    {"key_retire", SPACE_ANY_QUIC, QLOG_KEY_DISCARDED, NULL},
    {"connection_new", SPACE_ANY_QUIC, QLOG_CONNECTION_STARTED, NULL},
    {"connection_attempt", SPACE_ANY_QUIC, QLOG_CONNECTION_STARTED, NULL},
    {"connection_close", SPACE_ANY_QUIC, QLOG_CONNECTION_CLOSED, NULL},
    {"connection_id_update", SPACE_ANY_QUIC, QLOG_CONNECTION_ID_UPDATED, NULL},
    {"connection_state_update", SPACE_ANY_QUIC, QLOG_CONNECTION_STATE_UPDATED,
     NULL},
    {"spin_bit_update", SPACE_ANY_QUIC, QLOG_SPIN_BIT_UPDATED, NULL},
    {"path_assigned", SPACE_ANY_QUIC, QLOG_TUPLE_ASSIGNED, NULL},
    {"alpn_update", SPACE_ANY_QUIC, QLOG_ALPN_INFORMATION, NULL},
    {"transport_parameters_set", SPACE_ANY_QUIC, QLOG_PARAMETERS_SET, NULL},
    {"parameters_set_transport", SPACE_ANY_QUIC, QLOG_PARAMETERS_SET, NULL},
    {"ack_new", SPACE_QUIC, QLOG_FRAMES_CREATED, "ack"},
    {"stream_new", SPACE_QUIC, QLOG_FRAMES_CREATED, "stream"},
    {"crypto_new", SPACE_QUIC, QLOG_FRAMES_CREATED, "crypto"},
    {"maxdata_new", SPACE_QUIC, QLOG_FRAMES_CREATED, "max_data"},
    {"maxstreamdata_new", SPACE_QUIC, QLOG_FRAMES_CREATED, "max_stream_data"},
    {"padding_new", SPACE_QUIC, QLOG_FRAMES_CREATED, "padding"},
    {"ping_new", SPACE_QUIC, QLOG_FRAMES_CREATED, "ping"},
    {"rst_stream_new", SPACE_QUIC, QLOG_FRAMES_CREATED, "reset_stream"},
    {"stop_sending_new", SPACE_QUIC, QLOG_FRAMES_CREATED, "stop_sending"},
    {"connection_close_new", SPACE_QUIC, QLOG_FRAMES_CREATED,
     "connection_close"},
    {"priority_update", SPACE_HTTP, QLOG_H3_PRIORITY_UPDATED, NULL},
    {"stream_type_update", SPACE_HTTP, QLOG_H3_STREAM_TYPE_SET, NULL},
    {"connection_error", SPACE_LOG, QLOG_LOG_ERROR, NULL},
    {"application_error", SPACE_LOG, QLOG_LOG_ERROR, NULL},
    {"internal_error", SPACE_LOG, QLOG_LOG_ERROR, NULL},
    {"internal_warning", SPACE_LOG, QLOG_LOG_WARNING, NULL},
    {"message", SPACE_LOG, QLOG_LOG_INFO, NULL},
};

static uint8_t alias_space_of(const char *schema) {
  uint8_t space = 0;

  for (size_t i = 0; i < sizeof(alias_spaces) / sizeof(alias_spaces[0]); i++) {
    if (strcmp(alias_spaces[i].name, schema) == 0) {
      space = alias_spaces[i].space;
    }
  }
  return space == SPACE_QUIC ? SPACE_ANY_QUIC : space;
}

/* alias_add puts an event behind those of the same name. */
static void alias_add(qlog_read_tables *tables, const char *name,
                      const qlog_read_event *event) {
  uint8_t *link = &tables->event_of[qlog_keys_add(&tables->keys, name)];

  if (tables->nevents == QLOG_READ_EVENTS) {
    tables->keys.full = true;
    return;
  }
  while (*link) {
    link = &tables->events[*link].next;
  }
  *link = (uint8_t)tables->nevents;
  tables->events[tables->nevents++] = *event;
}

void qlog_read_init_events(qlog_read_tables *tables) {
  tables->nevents = 1; /* 0 is none */
  for (size_t i = 0; i < sizeof(alias_spaces) / sizeof(alias_spaces[0]); i++) {
    tables->spaces[qlog_keys_add(&tables->keys, alias_spaces[i].name)] =
        alias_spaces[i].space;
  }
  for (size_t i = 0; i < sizeof(alias_rows) / sizeof(alias_rows[0]); i++) {
    const struct alias_row *row = &alias_rows[i];
    const qlog_read_event event = {row->type, row->spaces, true, 0, row->hint};

    alias_add(tables, row->name, &event);
  }
  for (int type = 0; type < QLOG_EVENT_TYPES; type++) {
    const qlog_event_info *info = qlog_event_info_of((qlog_event_type)type);
    const qlog_read_event event = {
        (qlog_event_type)type, alias_space_of(info->schema), false, 0, NULL};

    alias_add(tables, info->name, &event);
  }
}

/* alias_space returns the categories of |name|, 0 for one that is no draft's.
   An event without one may be in any, but for what recovery alone calls so. */
static uint8_t alias_space(const qlog_read_tables *tables, quic_bytes name,
                           bool *folded) {
  *folded = false;
  if (name.len == 0) {
    return UINT8_MAX & ~SPACE_RECOVERY;
  }
  return tables->spaces[qlog_keys_find_any_case(&tables->keys, name, folded)];
}

/* alias_look finds the row of an event, and whether its name took a repair. */
static const qlog_read_event *alias_look(const qlog_read_tables *tables,
                                         const qlog_convert_in *in,
                                         bool *folded, bool *old) {
  bool space_folded, name_folded;
  uint8_t spaces = alias_space(tables, in->space, &space_folded);
  qlog_key key = qlog_keys_find_any_case(&tables->keys, in->name, &name_folded);
  unsigned i = tables->event_of[key];

  while (i && !(tables->events[i].spaces & spaces)) {
    i = tables->events[i].next;
  }
  if (!i) {
    return NULL;
  }
  *folded = space_folded || name_folded;
  *old = tables->events[i].old ||
         !qlog_token_is(in->space,
                        qlog_event_info_of(tables->events[i].type)->schema);
  return &tables->events[i];
}

/* alias_text returns "space:name" where it stands in one piece, and is short
   enough to be remembered; else nothing. */
static quic_bytes alias_text(const qlog_convert_in *in) {
  quic_bytes text = {in->space.data, in->space.len + 1 + in->name.len};

  if (in->space.len == 0 || in->name.len == 0 ||
      text.len > QLOG_READ_RECENT_LEN ||
      (uintptr_t)in->name.data - (uintptr_t)in->space.data !=
          in->space.len + 1) {
    text.len = 0;
  }
  return text;
}

const qlog_read_event *qlog_read_event_find(qlog_convert *c,
                                            const qlog_convert_in *in) {
  quic_bytes text = alias_text(in);
  qlog_read_recent *recent = &c->recent[text.len & (QLOG_READ_RECENT - 1)];
  bool folded = false, old = false;
  const qlog_read_event *event;

  if (text.len && recent->space_len == in->space.len &&
      quic_bytes_eq(text, quic_bytes_of(recent->text, recent->len))) {
    event = recent->event;
    folded = recent->folded;
    old = recent->old;
  } else {
    event = alias_look(&c->tables, in, &folded, &old);
    if (text.len) {
      *recent = (qlog_read_recent){.event = event,
                                   .len = (uint8_t)text.len,
                                   .space_len = (uint8_t)in->space.len,
                                   .folded = folded,
                                   .old = old};
      memcpy(recent->text, text.data, text.len);
    }
  }
  c->repairs[QLOG_REPAIR_LETTER_CASE] += folded;
  c->repairs[QLOG_REPAIR_OLD_NAME] += old;
  return event;
}
