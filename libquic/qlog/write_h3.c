#include "qlog/write.h"

#include "wire/varint.h"

/* --- settings --------------------------------------------------------------
 */

/* In parameters_set, and in a SETTINGS frame. */
static const struct h3_setting {
  uint64_t id;
  const char *parameter;
  const char *name;
} h3_settings[] = {
    {QUIC_H3_SETTING_QPACK_MAX_TABLE_CAPACITY, "max_table_capacity",
     "settings_qpack_max_table_capacity"},
    {QUIC_H3_SETTING_MAX_FIELD_SECTION_SIZE, "max_field_section_size",
     "settings_max_field_section_size"},
    {QUIC_H3_SETTING_QPACK_BLOCKED_STREAMS, "blocked_streams_count",
     "settings_qpack_blocked_streams"},
    {QUIC_H3_SETTING_ENABLE_CONNECT_PROTOCOL, "extended_connect",
     "settings_enable_connect_protocol"},
    {QUIC_H3_SETTING_H3_DATAGRAM, "h3_datagram", "settings_h3_datagram"},
};

#define H3_SETTINGS (sizeof(h3_settings) / sizeof(h3_settings[0]))

static size_t h3_setting_find(uint64_t id) {
  size_t i = 0;

  while (i < H3_SETTINGS && h3_settings[i].id != id) {
    i++;
  }
  return i;
}

/* h3_setting_named: |id| is told by its name, for it has one and is there for
   the first time. */
static bool h3_setting_named(uint64_t id, unsigned *seen) {
  size_t i = h3_setting_find(id);

  if (i == H3_SETTINGS || *seen & 1u << i) {
    return false;
  }
  *seen |= 1u << i;
  return true;
}

void qlog_write_h3_settings(qlog_writer *w, const qlog_event *e) {
  quic_bytes settings = e->u.h3_settings.settings;
  qlog_json *j = &w->json;
  uint64_t id, value;
  unsigned seen = 0;
  bool any = false;
  quic_reader rd;

  quic_reader_init(&rd, settings.data, settings.len);
  while (quic_h3_settings_next(&rd, &id, &value) == 0) {
    if (h3_setting_named(id, &seen)) {
      qlog_json_key_u64(j, h3_settings[h3_setting_find(id)].parameter, value);
    } else {
      any = true;
    }
  }
  if (!any) {
    return;
  }
  /* The draft leaves it open how others are told: as in the quic schema. */
  seen = 0;
  qlog_json_key(j, "unknown_parameters");
  qlog_json_array(j);
  quic_reader_init(&rd, settings.data, settings.len);
  while (quic_h3_settings_next(&rd, &id, &value) == 0) {
    if (!h3_setting_named(id, &seen)) {
      qlog_json_object(j);
      qlog_json_key_u64(j, "id", id);
      qlog_json_key_u64(j, "value", value);
      qlog_json_object_end(j);
    }
  }
  qlog_json_array_end(j);
}

/* --- frames ----------------------------------------------------------------
 */

static void h3_frame_settings(qlog_writer *w, const qlog_h3_frame *h) {
  quic_bytes settings = h->frame->u.payload;
  qlog_json *j = &w->json;
  uint64_t id, value;
  quic_reader rd;

  qlog_json_key(j, "settings");
  qlog_json_array(j);
  quic_reader_init(&rd, settings.data, settings.len);
  while (quic_h3_settings_next(&rd, &id, &value) == 0) {
    size_t i = h3_setting_find(id);

    qlog_json_object(j);
    if (i < H3_SETTINGS) {
      qlog_json_key_str(j, "name", h3_settings[i].name);
    } else if (quic_h3_reserved(id)) {
      qlog_json_key_str(j, "name", "reserved");
    } else {
      qlog_json_key_str(j, "name", "unknown");
      qlog_json_key_u64(j, "name_bytes", id);
    }
    qlog_json_key_u64(j, "value", value);
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

/* h3_name_safe: the octets of a field name (RFC 9110 §5.1) and of the names of
   pseudo-header fields can be told as text; others as *_bytes. */
static bool h3_name_safe(quic_bytes name) {
  for (size_t i = 0; i < name.len; i++) {
    if (name.data[i] <= 0x20 || name.data[i] >= 0x7f) {
      return false;
    }
  }
  return true;
}

static bool h3_value_safe(quic_bytes value) {
  for (size_t i = 0; i < value.len; i++) {
    if ((value.data[i] < 0x20 && value.data[i] != '\t') ||
        value.data[i] == 0x7f) {
      return false;
    }
  }
  return qlog_json_utf8(value);
}

static void h3_headers(qlog_writer *w, const qlog_h3_frame *h) {
  qlog_json *j = &w->json;

  WRITE_KEY(j, "headers");
  qlog_json_array(j);
  for (size_t i = 0; i < h->nfields; i++) {
    const quic_field *f = &h->fields[i];

    qlog_json_object(j);
    if (h3_name_safe(f->name)) {
      qlog_json_key_text_value(j, "name", f->name);
    } else {
      qlog_json_key_hex(j, "name_bytes", f->name);
    }
    if (h3_value_safe(f->value)) {
      qlog_json_key_text_value(j, "value", f->value);
    } else {
      qlog_json_key_hex(j, "value_bytes", f->value);
    }
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

static void h3_none(qlog_writer *w, const qlog_h3_frame *h) {
  (void)w;
  (void)h;
}

static void h3_push_id(qlog_writer *w, const qlog_h3_frame *h) {
  qlog_json_key_u64(&w->json, "push_id", h->frame->u.id);
}

static void h3_goaway(qlog_writer *w, const qlog_h3_frame *h) {
  qlog_json_key_u64(&w->json, "id", h->frame->u.id);
}

static void h3_push_promise(qlog_writer *w, const qlog_h3_frame *h) {
  qlog_json_key_u64(&w->json, "push_id", h->frame->u.push_promise.push_id);
  h3_headers(w, h);
}

/* Entries of 16-bit lengths and ASCII (RFC 8336 §2, RFC 9412 §2.1). */
static void h3_origin(qlog_writer *w, const qlog_h3_frame *h) {
  quic_bytes payload = h->frame->u.payload;
  qlog_json *j = &w->json;
  quic_reader rd;

  qlog_json_key(j, "origin_entries");
  qlog_json_array(j);
  quic_reader_init(&rd, payload.data, payload.len);
  while (quic_reader_left(&rd) > 0) {
    quic_bytes origin = quic_reader_bytes(&rd, quic_reader_u16(&rd));

    if (!quic_reader_failed(&rd)) {
      qlog_json_object(j);
      qlog_json_key_u64(j, "origin_len", origin.len);
      if (origin.len > 0) {
        qlog_json_key_text_value(j, "ascii_origin", origin);
      }
      qlog_json_object_end(j);
    }
  }
  qlog_json_array_end(j);
}

static void h3_priority_update(qlog_writer *w, const qlog_h3_frame *h) {
  qlog_json *j = &w->json;
  bool push = h->frame->type == QUIC_H3_PRIORITY_UPDATE_PUSH;

  qlog_json_key_u64(j, push ? "push_id" : "stream_id",
                    h->frame->u.priority_update.element_id);
  qlog_json_key_text_value(j, "priority_field_value",
                           h->frame->u.priority_update.value);
}

static const struct h3_frame_row {
  uint64_t type;
  const char *name;
  void (*write)(qlog_writer *w, const qlog_h3_frame *h);
} h3_frames[] = {
    {QUIC_H3_DATA, "data", h3_none},
    {QUIC_H3_HEADERS, "headers", h3_headers},
    {QUIC_H3_CANCEL_PUSH, "cancel_push", h3_push_id},
    {QUIC_H3_SETTINGS, "settings", h3_frame_settings},
    {QUIC_H3_PUSH_PROMISE, "push_promise", h3_push_promise},
    {QUIC_H3_GOAWAY, "goaway", h3_goaway},
    {QUIC_H3_ORIGIN, "origin", h3_origin},
    {QUIC_H3_MAX_PUSH_ID, "max_push_id", h3_push_id},
    {QUIC_H3_PRIORITY_UPDATE_REQUEST, "priority_update", h3_priority_update},
    {QUIC_H3_PRIORITY_UPDATE_PUSH, "priority_update", h3_priority_update},
};

static const struct h3_frame_row *h3_frame_find(uint64_t type) {
  for (size_t i = 0; i < sizeof(h3_frames) / sizeof(h3_frames[0]); i++) {
    if (h3_frames[i].type == type) {
      return &h3_frames[i];
    }
  }
  return NULL;
}

/* The raw of an HTTP/3 frame has both lengths. */
static void h3_raw(qlog_json *j, const qlog_h3_frame *h) {
  qlog_json_key(j, "raw");
  qlog_json_object(j);
  if (h->raw_length != QLOG_NONE) {
    qlog_json_key_u64(j, "length", h->raw_length);
  }
  qlog_json_key_u64(j, "payload_length", h->frame->length);
  qlog_json_object_end(j);
}

static void h3_frame(qlog_writer *w, const qlog_h3_frame *h) {
  const struct h3_frame_row *row = h3_frame_find(h->frame->type);
  qlog_json *j = &w->json;

  qlog_json_object(j);
  if (row) {
    qlog_json_key_str(j, "frame_type", row->name);
    row->write(w, h);
  } else {
    qlog_json_key_str(j, "frame_type",
                      quic_h3_reserved(h->frame->type) ? "reserved"
                                                       : "unknown");
    qlog_json_key_u64(j, w->compat ? "frame_type_value" : "frame_type_bytes",
                      h->frame->type);
  }
  h3_raw(j, h);
  qlog_json_object_end(j);
}

void qlog_write_h3_frame(qlog_writer *w, const qlog_event *e) {
  const qlog_h3_frame *h = &e->u.h3_frame;
  qlog_json *j = &w->json;

  if (h->stream_id != QLOG_NONE) {
    qlog_json_key_u64(j, "stream_id", h->stream_id);
  }
  if (h->frame) {
    if (w->compat) {
      qlog_json_key_u64(j, "length", h->frame->length);
    }
    qlog_json_key(j, "frame");
    h3_frame(w, h);
  }
}

/* --- streams, capsules -----------------------------------------------------
 */

void qlog_write_h3_stream(qlog_writer *w, const qlog_event *e) {
  const qlog_h3_stream_type *s = &e->u.h3_stream;

  if (s->kind == QLOG_H3_UNKNOWN && s->type != QLOG_NONE) {
    qlog_json_key_u64(&w->json,
                      w->compat ? "stream_type_value" : "stream_type_bytes",
                      s->type);
  }
}

void qlog_write_capsule(qlog_writer *w, const qlog_event *e) {
  const qlog_capsule *c = &e->u.capsule;
  qlog_json *j = &w->json;

  qlog_json_key(j, "capsule");
  qlog_json_object(j);
  if (c->type == 0) { /* RFC 9297 §3.5 */
    qlog_json_key_str(j, "capsule_type", "datagram");
  } else {
    qlog_json_key_str(j, "capsule_type", "unknown");
    if (c->type != QLOG_NONE) {
      qlog_json_key_u64(j, "capsule_type_value", c->type);
    }
  }
  if (c->length != QLOG_NONE) {
    qlog_json_key(j, "raw");
    qlog_json_object(j);
    qlog_json_key_u64(j, "payload_length", c->length);
    qlog_json_object_end(j);
  }
  qlog_json_object_end(j);
}
