#include "qlog/read.h"
#include "wire/varint.h"

static quic_bytes h3_bytes(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

/* --- settings --------------------------------------------------------------
   By the names that parameters_set and SETTINGS frames have or had; the latter
   with "settings_" in front. */

static const struct h3_setting {
  const char *name;
  uint64_t id;
} h3_settings[] = {
    {"max_table_capacity", QUIC_H3_SETTING_QPACK_MAX_TABLE_CAPACITY},
    {"qpack_max_table_capacity", QUIC_H3_SETTING_QPACK_MAX_TABLE_CAPACITY},
    {"max_field_section_size", QUIC_H3_SETTING_MAX_FIELD_SECTION_SIZE},
    {"max_header_list_size", QUIC_H3_SETTING_MAX_FIELD_SECTION_SIZE},
    {"blocked_streams_count", QUIC_H3_SETTING_QPACK_BLOCKED_STREAMS},
    {"qpack_blocked_streams", QUIC_H3_SETTING_QPACK_BLOCKED_STREAMS},
    {"extended_connect", QUIC_H3_SETTING_ENABLE_CONNECT_PROTOCOL},
    {"enable_connect_protocol", QUIC_H3_SETTING_ENABLE_CONNECT_PROTOCOL},
    {"h3_datagram", QUIC_H3_SETTING_H3_DATAGRAM},
    {"datagram", QUIC_H3_SETTING_H3_DATAGRAM},
};

#define H3_SETTINGS (sizeof(h3_settings) / sizeof(h3_settings[0]))
#define H3_RESERVED 0x21 /* a number like those that are reserved */

void qlog_read_init_settings(qlog_read_tables *tables) {
  for (size_t i = 0; i < H3_SETTINGS; i++) {
    (void)qlog_keys_add(&tables->keys, h3_settings[i].name);
  }
}

static void h3_setting_put(qlog_convert *c, quic_writer *wr, uint64_t id,
                           uint64_t value) {
  if (id > QUIC_VARINT_MAX || value > QUIC_VARINT_MAX) {
    qlog_read_bad(c);
    return;
  }
  quic_writer_varint(wr, id);
  quic_writer_varint(wr, value);
}

/* h3_setting_value takes numbers and flags. */
static bool h3_setting_value(qlog_convert *c, const qlog_value *v,
                             uint64_t *out) {
  if (v && (v->token == QLOG_TOKEN_TRUE || v->token == QLOG_TOKEN_FALSE)) {
    *out = v->token == QLOG_TOKEN_TRUE;
    return true;
  }
  return qlog_value_u64(c, v, out);
}

/* h3_setting_id finds the number of the setting in |c->item|. */
static bool h3_setting_id(qlog_convert *c, uint64_t *id) {
  static const char prefix[] = "settings_";
  const qlog_value *name = qlog_object_get(&c->item, QLOG_KEY_NAME);
  qlog_value start, rest;

  if (qlog_value_u64(c, qlog_object_get(&c->item, QLOG_KEY_NAME_BYTES), id) ||
      qlog_value_u64(c, qlog_object_get(&c->item, QLOG_KEY_ID), id)) {
    return true;
  }
  if (!name || name->token != QLOG_TOKEN_STRING) {
    return false;
  }
  if (qlog_value_is(name, "reserved")) {
    *id = H3_RESERVED;
    return true;
  }
  start = rest = *name;
  if (start.text.len > strlen(prefix)) {
    start.text.len = strlen(prefix);
    if (qlog_value_is(&start, prefix)) {
      rest.text.data += start.text.len;
      rest.text.len -= start.text.len;
    }
  }
  for (size_t i = 0; i < H3_SETTINGS; i++) {
    if (qlog_value_is(&rest, h3_settings[i].name)) {
      *id = h3_settings[i].id;
      return true;
    }
  }
  return qlog_token_u64(name->text, id);
}

/* h3_setting_list puts an array of {id or name, value}. */
static void h3_setting_list(qlog_convert *c, const qlog_value *v,
                            quic_writer *wr) {
  qlog_tokens t;

  if (!qlog_read_list(c, v, &t)) {
    return;
  }
  while (qlog_read_list_next_object(c, &t)) {
    uint64_t id, value;

    if (!h3_setting_id(c, &id)) {
      qlog_read_bad(c);
    } else if (h3_setting_value(c, qlog_object_get(&c->item, QLOG_KEY_VALUE),
                                &value)) {
      h3_setting_put(c, wr, id, value);
    }
  }
}

/* A setting takes 16 octets at most, and in a list two braces and a comma at
   least. */
static uint8_t *h3_setting_room(qlog_convert *c, const qlog_value *list,
                                size_t named, size_t *cap) {
  *cap = 16 * named + (list ? 16 * (list->text.len / 3 + 1) : 0);
  return (uint8_t *)qlog_scratch_take(&c->scratch, *cap);
}

void qlog_read_h3_settings(qlog_convert *c, qlog_event *e) {
  const qlog_value *list =
      qlog_object_get(&c->top, QLOG_KEY_UNKNOWN_PARAMETERS);
  quic_writer wr;
  size_t cap;
  uint8_t *p = h3_setting_room(c, list, H3_SETTINGS, &cap);

  if (!p) {
    return;
  }
  quic_writer_init(&wr, p, cap);
  for (size_t i = 0; i < H3_SETTINGS; i++) {
    qlog_key key =
        qlog_keys_find(&c->tables.keys, h3_bytes(h3_settings[i].name));
    uint64_t value;

    if (h3_setting_value(c, qlog_object_get(&c->top, key), &value)) {
      h3_setting_put(c, &wr, h3_settings[i].id, value);
    }
  }
  h3_setting_list(c, list, &wr);
  e->u.h3_settings.settings = quic_bytes_of(p, quic_writer_len(&wr));
}

/* --- frames ----------------------------------------------------------------
 */

/* h3_text takes name or name_bytes, value or value_bytes. */
static void h3_text(qlog_convert *c, qlog_key text, qlog_key octets,
                    quic_bytes *out) {
  const qlog_object *o = &c->item;

  *out = quic_bytes_of(NULL, 0);
  if (!qlog_value_text(c, qlog_object_get(o, text), out)) {
    (void)qlog_value_hex(c, qlog_object_get(o, octets), out);
  }
}

static void h3_headers(qlog_convert *c, qlog_h3_frame *h) {
  const qlog_value *v = qlog_object_get(&c->frame, QLOG_KEY_HEADERS);
  quic_field *fields;
  qlog_tokens t;

  if (!qlog_read_list(c, v, &t)) {
    return;
  }
  fields = (quic_field *)qlog_scratch_list(&c->scratch, v->text.len / 3 + 1,
                                           sizeof(*fields));
  while (fields && qlog_read_list_next_object(c, &t)) {
    quic_field *f = &fields[h->nfields++];

    h3_text(c, QLOG_KEY_NAME, QLOG_KEY_NAME_BYTES, &f->name);
    h3_text(c, QLOG_KEY_VALUE, QLOG_KEY_VALUE_BYTES, &f->value);
  }
  h->fields = fields;
}

static void h3_none(qlog_convert *c, qlog_h3_frame *h) {
  (void)c;
  (void)h;
}

/* h3_id reads the one number that a frame is about. */
static void h3_id(qlog_convert *c, qlog_h3_frame *h) {
  static const qlog_read_names names = {
      {QLOG_KEY_PUSH_ID, QLOG_KEY_ID, QLOG_KEY_STREAM_ID}};
  const qlog_value *v = NULL;

  (void)h;
  for (size_t i = 0; !v && names.keys[i]; i++) {
    v = qlog_object_get(&c->frame, names.keys[i]);
  }
  (void)qlog_value_u64(c, v, &c->h3->u.id);
}

static void h3_settings_frame(qlog_convert *c, qlog_h3_frame *h) {
  const qlog_value *list = qlog_object_get(&c->frame, QLOG_KEY_SETTINGS);
  quic_writer wr;
  size_t cap;
  uint8_t *p = h3_setting_room(c, list, 0, &cap);

  (void)h;
  if (p) {
    quic_writer_init(&wr, p, cap);
    h3_setting_list(c, list, &wr);
    c->h3->u.payload = quic_bytes_of(p, quic_writer_len(&wr));
  }
}

static void h3_push_promise(qlog_convert *c, qlog_h3_frame *h) {
  (void)qlog_value_u64(c, qlog_object_get(&c->frame, QLOG_KEY_PUSH_ID),
                       &c->h3->u.push_promise.push_id);
  h3_headers(c, h);
}

/* Entries of 16-bit lengths and ASCII (RFC 8336 section 2, RFC 9412). */
static void h3_origin(qlog_convert *c, qlog_h3_frame *h) {
  const qlog_value *v = qlog_object_get(&c->frame, QLOG_KEY_ORIGIN_ENTRIES);
  quic_writer wr;
  qlog_tokens t;
  uint8_t *p;

  (void)h;
  if (!qlog_read_list(c, v, &t)) {
    return;
  }
  /* Each entry is shorter than the object that tells it. */
  p = (uint8_t *)qlog_scratch_take(&c->scratch, v->text.len);
  if (!p) {
    return;
  }
  quic_writer_init(&wr, p, v->text.len);
  while (qlog_read_list_next_object(c, &t)) {
    quic_bytes origin = {NULL, 0};

    (void)qlog_value_text(c, qlog_object_get(&c->item, QLOG_KEY_ASCII_ORIGIN),
                          &origin);
    if (origin.len > UINT16_MAX) {
      qlog_read_bad(c);
      continue;
    }
    quic_writer_u16(&wr, (uint16_t)origin.len);
    quic_writer_bytes(&wr, origin);
  }
  c->h3->u.payload = quic_bytes_of(p, quic_writer_len(&wr));
}

static void h3_priority_update(qlog_convert *c, qlog_h3_frame *h) {
  static const qlog_read_names ids = {
      {QLOG_KEY_STREAM_ID, QLOG_KEY_PUSH_ID, QLOG_KEY_PRIORITIZED_ELEMENT_ID}};
  const qlog_object *o = &c->frame;
  const qlog_value *v = NULL;

  (void)h;
  for (size_t i = 0; !v && ids.keys[i]; i++) {
    v = qlog_object_get(o, ids.keys[i]);
  }
  if (qlog_object_has(o, QLOG_KEY_PUSH_ID) &&
      !qlog_object_has(o, QLOG_KEY_STREAM_ID)) {
    c->h3->type = QUIC_H3_PRIORITY_UPDATE_PUSH;
  }
  (void)qlog_value_u64(c, v, &c->h3->u.priority_update.element_id);
  (void)qlog_value_text(c, qlog_object_get(o, QLOG_KEY_PRIORITY_FIELD_VALUE),
                        &c->h3->u.priority_update.value);
}

static const struct h3_row {
  const char *name;
  uint64_t type;
  void (*read)(qlog_convert *c, qlog_h3_frame *h);
} h3_rows[] = {
    {"data", QUIC_H3_DATA, h3_none},
    {"headers", QUIC_H3_HEADERS, h3_headers},
    {"cancel_push", QUIC_H3_CANCEL_PUSH, h3_id},
    {"settings", QUIC_H3_SETTINGS, h3_settings_frame},
    {"push_promise", QUIC_H3_PUSH_PROMISE, h3_push_promise},
    {"goaway", QUIC_H3_GOAWAY, h3_id},
    {"max_push_id", QUIC_H3_MAX_PUSH_ID, h3_id},
    {"priority_update", QUIC_H3_PRIORITY_UPDATE_REQUEST, h3_priority_update},
    {"origin", QUIC_H3_ORIGIN, h3_origin},
    {"reserved", H3_RESERVED, h3_none},
};

/* h3_frame_type finds a frame by its name or its number. */
static const struct h3_row *h3_frame_type(qlog_convert *c, uint64_t *type) {
  static const qlog_read_names names = {
      {QLOG_KEY_FRAME_TYPE_BYTES, QLOG_KEY_FRAME_TYPE_VALUE,
       QLOG_KEY_RAW_FRAME_TYPE, QLOG_KEY_TYPE}};
  const qlog_value *v = qlog_object_get(&c->frame, QLOG_KEY_FRAME_TYPE);
  const struct h3_row *row = NULL;

  *type = QLOG_NONE;
  for (size_t i = 0; i < sizeof(h3_rows) / sizeof(h3_rows[0]); i++) {
    if (qlog_value_is(v, h3_rows[i].name)) {
      row = &h3_rows[i];
      *type = row->type;
      break;
    }
  }
  if (!row || row->read == h3_none) {
    (void)qlog_value_u64(c, qlog_read_first(c, &c->frame, &names), type);
  }
  return row;
}

/* h3_length: what follows type and length.  Where only the whole is told, that
   has to do. */
static void h3_length(qlog_convert *c, qlog_h3_frame *h) {
  const qlog_object *o = &c->frame;
  uint64_t *out = &c->h3->length;

  (void)qlog_value_u64(c, qlog_object_get(o, QLOG_KEY_RAW_LENGTH),
                       &h->raw_length);
  if (!qlog_value_u64(c, qlog_object_get(o, QLOG_KEY_RAW_PAYLOAD_LENGTH),
                      out) &&
      !qlog_value_u64(c, qlog_object_get(o, QLOG_KEY_LENGTH), out) &&
      !qlog_value_u64(c, qlog_object_get(&c->top, QLOG_KEY_LENGTH), out) &&
      !qlog_value_u64(c, qlog_object_get(&c->top, QLOG_KEY_BYTE_LENGTH), out) &&
      h->raw_length != QLOG_NONE) {
    *out = h->raw_length;
  }
}

void qlog_read_h3_frame(qlog_convert *c, qlog_event *e) {
  qlog_h3_frame *h = &e->u.h3_frame;
  const struct h3_row *row;

  (void)qlog_value_u64(c, qlog_object_get(&c->top, QLOG_KEY_STREAM_ID),
                       &h->stream_id);
  if (!qlog_object_has(&c->top, QLOG_KEY_FRAME)) {
    return;
  }
  if (!qlog_object_has(&c->frame, QLOG_KEY_FRAME_TYPE)) {
    qlog_read_bad(c);
    return;
  }
  c->h3 = (quic_h3_frame *)qlog_scratch_take(&c->scratch, sizeof(*c->h3));
  if (!c->h3) {
    return;
  }
  memset(c->h3, 0, sizeof(*c->h3));
  row = h3_frame_type(c, &c->h3->type);
  h->frame = c->h3;
  h3_length(c, h);
  if (row) {
    row->read(c, h);
  }
}

/* --- streams, capsules -----------------------------------------------------
 */

void qlog_read_h3_stream(qlog_convert *c, qlog_event *e) {
  static const qlog_read_names names = {
      {QLOG_KEY_STREAM_TYPE_BYTES, QLOG_KEY_STREAM_TYPE_VALUE}};

  (void)qlog_value_u64(c, qlog_read_first(c, &c->top, &names),
                       &e->u.h3_stream.type);
}

void qlog_read_capsule(qlog_convert *c, qlog_event *e) {
  static const qlog_read_names names = {
      {QLOG_KEY_CAPSULE_TYPE_VALUE, QLOG_KEY_CAPSULE_TYPE_BYTES}};
  const qlog_object *o = &c->item;
  qlog_capsule *capsule = &e->u.capsule;

  if (!qlog_read_span(c, qlog_object_get(&c->top, QLOG_KEY_CAPSULE),
                      &c->item)) {
    return;
  }
  if (qlog_value_is(qlog_object_get(o, QLOG_KEY_CAPSULE_TYPE), "datagram")) {
    capsule->type = 0; /* RFC 9297 section 3.5 */
  } else {
    (void)qlog_value_u64(c, qlog_read_first(c, o, &names), &capsule->type);
  }
  if (!qlog_value_u64(c, qlog_object_get(o, QLOG_KEY_RAW_PAYLOAD_LENGTH),
                      &capsule->length)) {
    (void)qlog_value_u64(c, qlog_object_get(o, QLOG_KEY_RAW_LENGTH),
                         &capsule->length);
  }
}
