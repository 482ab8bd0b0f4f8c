#include "pcap/http_conn.h"

void http_control_first(qd_http *h, const http_stream *hs, uint64_t type) {
  http_end *end = &h->ends[hs->opener];

  if (type == QUIC_H3_SETTINGS) {
    if (end->settings.seen) {
      http_note(h, hs->id, 0x105, "a second SETTINGS (RFC 9114 7.2.4)");
    }
    return;
  }
  if (!end->settings.seen) {
    http_note(h, hs->id, 0x10a,
              "the first frame is not SETTINGS (RFC 9114 6.2.1)");
    end->settings.seen = true; /* said once */
  }
}

static void control_setting(qd_http *h, const http_stream *hs, http_end *end,
                            uint64_t id, uint64_t value) {
  qd_http_settings *set = &end->settings;

  switch (id) {
  case QUIC_H3_SETTING_QPACK_MAX_TABLE_CAPACITY:
    set->max_table_capacity = value;
    break;
  case QUIC_H3_SETTING_QPACK_BLOCKED_STREAMS:
    set->blocked_streams = value;
    break;
  case QUIC_H3_SETTING_MAX_FIELD_SECTION_SIZE:
    set->max_field_section_size = value;
    break;
  case QUIC_H3_SETTING_ENABLE_CONNECT_PROTOCOL:
    set->enable_connect_protocol = value;
    break;
  case QUIC_H3_SETTING_H3_DATAGRAM:
    set->h3_datagram = value;
    break;
  default:
    break;
  }
  if (id == 0 || (id >= 0x02 && id <= 0x05)) {
    http_note(h, hs->id, 0x109,
              "setting 0x%llx is %s (RFC 9114 7.2.4.1, 11.2.2)",
              (unsigned long long)id, id ? "HTTP/2's" : "reserved");
  }
  if ((id == QUIC_H3_SETTING_ENABLE_CONNECT_PROTOCOL ||
       id == QUIC_H3_SETTING_H3_DATAGRAM) &&
      value > 1) {
    http_note(h, hs->id, 0x109, "setting 0x%llx is neither 0 nor 1",
              (unsigned long long)id);
  }
}

#define CONTROL_SETTINGS_MAX 64 /* compared with each other */

/* The settings of a frame: how often each was there, up to two. */
typedef struct control_seen {
  uint64_t id;
  bool twice;
} control_seen;

/* control_again notes |id| among the |*n| that were seen.  Returns whether it
   is there for the second time. */
static bool control_again(control_seen *seen, size_t *n, uint64_t id) {
  bool again;

  for (size_t i = 0; i < *n; i++) {
    if (seen[i].id == id) {
      again = !seen[i].twice;
      seen[i].twice = true;
      return again;
    }
  }
  if (*n < CONTROL_SETTINGS_MAX) {
    seen[(*n)++] = (control_seen){.id = id};
  }
  return false;
}

static void control_settings(qd_http *h, const http_stream *hs, qd_side side,
                             quic_bytes payload) {
  http_end *end = &h->ends[side];
  control_seen seen[CONTROL_SETTINGS_MAX];
  size_t n = 0;
  quic_reader rd;
  qlog_event e;
  uint64_t id, value;
  int rv;

  if (end->settings.seen) {
    return;
  }
  end->settings.seen = true;
  quic_reader_init(&rd, payload.data, payload.len);
  while ((rv = quic_h3_settings_next(&rd, &id, &value)) == 0) {
    if (control_again(seen, &n, id)) {
      http_note(h, hs->id, 0x109,
                "setting 0x%llx stands twice (RFC 9114 7.2.4)",
                (unsigned long long)id);
    }
    control_setting(h, hs, end, id, value);
  }
  if (rv != QUIC_ERR_END) {
    http_note(h, hs->id, 0x106,
              "SETTINGS ends inside a setting (RFC 9114 7.1)");
  }
  qlog_event_init(&e, QLOG_H3_PARAMETERS_SET, h->trace->now);
  e.u.h3_settings.initiator = side == QD_CLIENT ? QLOG_LOCAL : QLOG_REMOTE;
  e.u.h3_settings.settings = payload;
  qd_trace_emit(h->trace, &e);
  http_qpack_limits(h, side);
}

static void control_goaway(qd_http *h, const http_stream *hs, qd_side side,
                           uint64_t id) {
  http_end *end = &h->ends[side];

  if (side == QD_SERVER && id % 4 != 0) {
    http_note(h, hs->id, 0x108,
              "GOAWAY names no request stream: %llu (RFC 9114 7.2.6)",
              (unsigned long long)id);
  }
  if (end->goaway != QD_REQUEST_NONE && id > end->goaway) {
    http_note(h, hs->id, 0x108, "GOAWAY grows from %llu to %llu (RFC 9114 5.2)",
              (unsigned long long)end->goaway, (unsigned long long)id);
  }
  end->goaway = id;
}

static void control_priority(qd_http *h, const http_stream *hs,
                             const quic_h3_frame *f) {
  bool push = f->type == QUIC_H3_PRIORITY_UPDATE_PUSH;
  uint64_t id = f->u.priority_update.element_id;
  qlog_event e;

  if (!push && id % 4 != 0) {
    http_note(h, hs->id, 0x108,
              "PRIORITY_UPDATE names no request stream: %llu (RFC 9218 7.2)",
              (unsigned long long)id);
  }
  qlog_event_init(&e, QLOG_H3_PRIORITY_UPDATED, h->trace->now);
  if (push) {
    http_push_id(h, hs, id, "PRIORITY_UPDATE");
    e.u.h3_priority.push_id = id;
  } else {
    e.u.h3_priority.stream_id = id;
  }
  e.u.h3_priority.new_value = f->u.priority_update.value;
  qd_trace_emit(h->trace, &e);
}

void http_control_frame(qd_http *h, http_stream *hs, qd_side side,
                        const quic_h3_frame *f) {
  http_end *end = &h->ends[side];

  if (hs->kind != HTTP_CONTROL) {
    return;
  }
  switch (f->type) {
  case QUIC_H3_CANCEL_PUSH:
    http_push_id(h, hs, f->u.id, "CANCEL_PUSH");
    break;
  case QUIC_H3_SETTINGS:
    control_settings(h, hs, side, f->u.payload);
    break;
  case QUIC_H3_GOAWAY:
    control_goaway(h, hs, side, f->u.id);
    break;
  case QUIC_H3_MAX_PUSH_ID:
    if (end->max_push_id != QD_REQUEST_NONE && f->u.id < end->max_push_id) {
      http_note(h, hs->id, 0x108,
                "MAX_PUSH_ID falls from %llu to %llu (RFC 9114 7.2.7)",
                (unsigned long long)end->max_push_id,
                (unsigned long long)f->u.id);
    }
    end->max_push_id = f->u.id;
    break;
  case QUIC_H3_PRIORITY_UPDATE_REQUEST:
  case QUIC_H3_PRIORITY_UPDATE_PUSH:
    control_priority(h, hs, f);
    break;
  default:
    break;
  }
}
