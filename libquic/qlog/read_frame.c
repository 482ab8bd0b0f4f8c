#include "qlog/clear.h"
#include "qlog/read.h"
#include "wire/varint.h"

/* How the fields of the frame table are read.  As in write_frame.c most have
   the drafts' names and are numbers or octets. */
typedef enum frame_op {
  FRAME_NONE, /* comes with another field */
  FRAME_NUMBER,
  FRAME_HEX,
  FRAME_TOKEN,
  FRAME_TEXT,
  FRAME_DATA, /* its length, and what is there of it */
  FRAME_PADDING,
  FRAME_ACK_DELAY,
  FRAME_RANGES,
  FRAME_TRANSPORT_ERROR,
  FRAME_APP_ERROR,
  FRAME_TYPE,
  FRAME_BY_ROLE /* in frame_names: what the role says */
} frame_op;

/* What the type of a frame tells besides. */
typedef enum frame_extra {
  FRAME_EXTRA_NONE,
  FRAME_EXTRA_ECN,
  FRAME_EXTRA_STREAM,
  FRAME_EXTRA_STREAM_TYPE,
  FRAME_EXTRA_ERROR_SPACE,
  FRAME_EXTRA_LENGTH
} frame_extra;

/* Fields that have other names than in the frame table, the newest first. */
static const struct frame_names {
  const char *field;
  frame_op op;
  const char *names[QLOG_READ_NAMES];
} frame_names[] = {
    {"count", FRAME_PADDING, {NULL}},
    {"largest_acknowledged", FRAME_NONE, {NULL}},
    {"ack_range_count", FRAME_NONE, {NULL}},
    {"first_ack_range", FRAME_NONE, {NULL}},
    {"ack_delay", FRAME_ACK_DELAY, {"ack_delay"}},
    {"ack_range", FRAME_RANGES, {"acked_ranges"}},
    {"ect0_count", FRAME_NUMBER, {"ect0"}},
    {"ect1_count", FRAME_NUMBER, {"ect1"}},
    {"ecn_ce_count", FRAME_NUMBER, {"ce"}},
    {"application_protocol_error_code", FRAME_APP_ERROR, {NULL}},
    {"error_code", FRAME_BY_ROLE, {NULL}},
    {"stream_id", FRAME_NUMBER, {"stream_id", "id"}},
    {"token", FRAME_TOKEN, {"token", "new_token"}},
    {"maximum_data", FRAME_NUMBER, {"maximum", "max_data"}},
    {"maximum_stream_data", FRAME_NUMBER, {"maximum", "max_stream_data"}},
    {"maximum_streams", FRAME_NUMBER, {"maximum"}},
    {"maximum_path_identifier",
     FRAME_NUMBER,
     {"maximum_path_identifier", "max_path_id", "maximum"}},
    {"path_identifier", FRAME_NUMBER, {"path_identifier", "path_id"}},
    {"path_status_sequence_number",
     FRAME_NUMBER,
     {"path_status_sequence_number", "sequence_number", "sequence"}},
    {"next_sequence_number",
     FRAME_NUMBER,
     {"next_sequence_number", "sequence_number"}},
    {"retire_prior_to", FRAME_NUMBER, {"retire_prior_to", "retire_before"}},
    {"stateless_reset_token",
     FRAME_TOKEN,
     {"stateless_reset_token", "reset_token"}},
    {"data", FRAME_HEX, {"data", "path_challenge", "path_response"}},
    {"ack_eliciting_threshold",
     FRAME_NUMBER,
     {"ack_eliciting_threshold", "packet_tolerance"}},
    {"requested_max_ack_delay",
     FRAME_NUMBER,
     {"requested_max_ack_delay", "max_ack_delay"}},
    {"timestamp", FRAME_NUMBER, {"timestamp", "time_stamp"}},
    {"frame_type", FRAME_TYPE, {"trigger_frame_type"}},
    {"reason_phrase", FRAME_TEXT, {"reason"}},
};

/* Frames that call what is a maximum in others a limit. */
static bool frame_has_limit(const quic_frame_info *info) {
  return info->type_first >= QUIC_FRAME_DATA_BLOCKED &&
         info->type_last <= QUIC_FRAME_STREAMS_BLOCKED_UNI;
}

/* Frames that have or had other names, and some that the table lacks. */
static const struct {
  const char *name;
  uint64_t type;
} frame_renamed[] = {
    {"application_close", QUIC_FRAME_CONNECTION_CLOSE_APP},
    {"rst_stream", QUIC_FRAME_RESET_STREAM},
    {"ack_ecn", QUIC_FRAME_ACK_ECN},
    {"ack_mp", QUIC_FRAME_PATH_ACK},
    {"mp_ack", QUIC_FRAME_PATH_ACK},
    {"time_stamp", QUIC_FRAME_TIMESTAMP},
    {"path_backup", QUIC_FRAME_PATH_STATUS_BACKUP},
    {"path_available", QUIC_FRAME_PATH_STATUS_AVAILABLE},
    {"path_cid_blocked", QUIC_FRAME_PATH_CIDS_BLOCKED},
    {"bdp", 0xebd9},
    {"observed_address_v4", 0x9f81a6},
    {"observed_address_v6", 0x9f81a7},
};

#define FRAME_RENAMED (sizeof(frame_renamed) / sizeof(frame_renamed[0]))
#define FRAME_FIRST_RENAMED 100 /* in |tables->frames|; rows are below */

static const struct {
  const char *frame;
  frame_extra extra;
} frame_extras[] = {
    {"ack", FRAME_EXTRA_ECN},
    {"path_ack", FRAME_EXTRA_ECN},
    {"stream", FRAME_EXTRA_STREAM},
    {"max_streams", FRAME_EXTRA_STREAM_TYPE},
    {"streams_blocked", FRAME_EXTRA_STREAM_TYPE},
    {"connection_close", FRAME_EXTRA_ERROR_SPACE},
    {"datagram", FRAME_EXTRA_LENGTH},
};

/* --- tables ----------------------------------------------------------------
 */

static frame_op frame_op_of(const quic_frame_field *field) {
  switch (field->role) {
  case QUIC_ROLE_TRANSPORT_ERROR:
    return FRAME_TRANSPORT_ERROR;
  case QUIC_ROLE_APP_ERROR:
    return FRAME_APP_ERROR;
  case QUIC_ROLE_DATA:
    return FRAME_DATA;
  default:
    return field->kind == QUIC_FIELD_VARINT ? FRAME_NUMBER : FRAME_HEX;
  }
}

static void frame_step_fill(qlog_keys *keys, qlog_read_step *step,
                            const quic_frame_info *info,
                            const quic_frame_field *field) {
  size_t n = 0;

  if (frame_has_limit(info) && strncmp(field->name, "maximum_", 8) == 0) {
    step->names.keys[n++] = qlog_keys_add(keys, "limit");
  }
  if (info->means == QUIC_FRAME_PATH_ABANDON &&
      field->role == QUIC_ROLE_TRANSPORT_ERROR) {
    step->names.keys[n++] = QLOG_KEY_REASON; /* of picoquic */
  }
  step->op = (uint8_t)frame_op_of(field);
  for (size_t i = 0; i < sizeof(frame_names) / sizeof(frame_names[0]); i++) {
    const struct frame_names *row = &frame_names[i];

    if (strcmp(row->field, field->name) == 0) {
      if (row->op != FRAME_BY_ROLE) {
        step->op = (uint8_t)row->op;
      }
      for (size_t k = 0; n < QLOG_READ_NAMES && row->names[k]; k++) {
        step->names.keys[n++] = qlog_keys_add(keys, row->names[k]);
      }
      return;
    }
  }
  step->names.keys[0] = qlog_keys_add(keys, field->name);
}

void qlog_read_init_frames(qlog_read_tables *tables) {
  const quic_frame_info *info;
  qlog_keys *keys = &tables->keys;

  for (size_t i = 0; i < QLOG_READ_ROWS && (info = quic_frame_info_at(i));
       i++) {
    qlog_read_row *row = &tables->rows[i];
    qlog_key key = qlog_keys_add(keys, info->short_name);

    for (size_t k = 0; info->fields[k].kind != QUIC_FIELD_END; k++) {
      frame_step_fill(keys, &row->steps[k], info, &info->fields[k]);
    }
    for (size_t k = 0; k < sizeof(frame_extras) / sizeof(frame_extras[0]);
         k++) {
      if (strcmp(frame_extras[k].frame, info->short_name) == 0) {
        row->extra = (uint8_t)frame_extras[k].extra;
      }
    }
    if (tables->frames[key] == 0) { /* the drafts' numbers come later */
      tables->frames[key] = (uint8_t)(i + 1);
    }
  }
  for (size_t i = 0; i < FRAME_RENAMED; i++) {
    tables->frames[qlog_keys_add(keys, frame_renamed[i].name)] =
        (uint8_t)(FRAME_FIRST_RENAMED + i);
  }
}

/* --- types -----------------------------------------------------------------
 */

uint64_t qlog_read_frame_type(qlog_convert *c, const qlog_value *v) {
  uint64_t type = QLOG_NONE;
  bool folded;
  qlog_key key;
  unsigned row;

  if (!v || v->token == QLOG_TOKEN_NULL) {
    return QLOG_NONE;
  }
  if (v->token == QLOG_TOKEN_STRING && !v->escaped) {
    key = qlog_keys_find_any_case(&c->tables.keys, v->text, &folded);
    row = c->tables.frames[key];
    if (row) {
      if (folded) {
        qlog_read_repair(c, QLOG_REPAIR_LETTER_CASE);
      }
      return row < FRAME_FIRST_RENAMED
                 ? quic_frame_info_at(row - 1)->type_first
                 : frame_renamed[row - FRAME_FIRST_RENAMED].type;
    }
    if (!qlog_token_u64(v->text, &type)) {
      return QLOG_NONE;
    }
  } else if (v->token != QLOG_TOKEN_NUMBER) {
    qlog_read_bad(c);
    return QLOG_NONE;
  } else {
    (void)qlog_value_u64(c, v, &type);
  }
  return type;
}

/* frame_unknown_type finds the number that a frame without a known name was
   told with. */
static uint64_t frame_unknown_type(qlog_convert *c) {
  static const qlog_read_names names = {
      {QLOG_KEY_FRAME_TYPE_BYTES, QLOG_KEY_FRAME_TYPE_VALUE,
       QLOG_KEY_RAW_FRAME_TYPE, QLOG_KEY_UNKNOWN_TYPE, QLOG_KEY_TYPE}};
  uint64_t type = QLOG_NONE;

  (void)qlog_value_u64(c, qlog_read_first(c, &c->frame, &names), &type);
  return type;
}

static bool frame_flag(qlog_convert *c, qlog_key key, bool otherwise) {
  int flag = otherwise;

  (void)qlog_value_flag(c, qlog_object_get(&c->frame, key), &flag);
  return flag;
}

static unsigned frame_stream_flags(qlog_convert *c) {
  const qlog_value *offset = qlog_object_get(&c->frame, QLOG_KEY_OFFSET);
  unsigned flags = 0;

  if (frame_flag(c, QLOG_KEY_FIN, false) ||
      frame_flag(c, QLOG_KEY_FINAL_FRAME, false)) {
    flags |= 0x01;
  }
  if (frame_flag(c, QLOG_KEY_HAS_LENGTH, true)) {
    flags |= 0x02;
  }
  if (offset && (offset->text.len != 1 || offset->text.data[0] != '0')) {
    flags |= 0x04;
  }
  return flags;
}

/* frame_flags returns the bits that a frame's members set in its type. */
static unsigned frame_flags(qlog_convert *c, frame_extra extra) {
  const qlog_object *o = &c->frame;
  const qlog_value *v;

  switch (extra) {
  case FRAME_EXTRA_ECN:
    return qlog_object_has(o, QLOG_KEY_ECT0) ||
           qlog_object_has(o, QLOG_KEY_ECT1) || qlog_object_has(o, QLOG_KEY_CE);
  case FRAME_EXTRA_STREAM:
    return frame_stream_flags(c);
  case FRAME_EXTRA_STREAM_TYPE:
    v = qlog_object_get(o, QLOG_KEY_STREAM_TYPE);
    return qlog_value_is(v, "unidirectional") || qlog_value_is(v, "uni");
  case FRAME_EXTRA_ERROR_SPACE:
    v = qlog_object_get(o, QLOG_KEY_ERROR_SPACE);
    return qlog_value_is(v, "application") ||
           qlog_value_is(v, "application_error") || qlog_value_is(v, "app");
  case FRAME_EXTRA_LENGTH:
    return frame_flag(c, QLOG_KEY_HAS_LENGTH, true);
  default:
    return 0;
  }
}

/* --- fields ----------------------------------------------------------------
 */

/* frame_length finds how much a frame carries: its payload where both lengths
   are told, for what the length of a frame means has changed. */
static bool frame_length(qlog_convert *c, uint64_t *out) {
  static const qlog_read_names names = {
      {QLOG_KEY_RAW_PAYLOAD_LENGTH, QLOG_KEY_RAW_LENGTH}};
  static const qlog_read_names old = {
      {QLOG_KEY_LENGTH, QLOG_KEY_PAYLOAD_LENGTH, QLOG_KEY_BYTE_LENGTH}};
  const qlog_value *v = NULL;

  for (size_t i = 0; !v && names.keys[i]; i++) {
    v = qlog_object_get(&c->frame, names.keys[i]);
  }
  if (!v) {
    v = qlog_read_first(c, &c->frame, &old);
    if (v) {
      qlog_read_repair(c, QLOG_REPAIR_OLD_FIELD);
    }
  }
  if (!qlog_value_u64(c, v, out)) {
    return false;
  }
  if (*out > QUIC_VARINT_MAX) {
    qlog_read_bad(c);
    return false;
  }
  return true;
}

static void frame_data(qlog_convert *c, quic_frame *f, quic_bytes *data) {
  uint64_t len = 0;
  bool told = frame_length(c, &len);

  (void)qlog_value_hex(c, qlog_object_get(&c->frame, QLOG_KEY_RAW_DATA), data);
  if (told && data->len > len) {
    data->len = (size_t)len; /* of the whole frame, it seems */
  }
  f->missing = told ? len - data->len : 0;
}

static void frame_token(qlog_convert *c, const qlog_read_step *step,
                        quic_frame *f, quic_bytes *token) {
  uint64_t len = QLOG_NONE;

  (void)qlog_value_token(c, qlog_read_first(c, &c->frame, &step->names), token,
                         &len);
  if (len != QLOG_NONE && len > token->len && len <= QUIC_VARINT_MAX) {
    f->missing = len - token->len;
  }
}

/* frame_ack_delay reads milliseconds as whole microseconds, or what was on the
   wire. */
static void frame_ack_delay(qlog_convert *c, const qlog_value *v,
                            uint64_t *out) {
  uint64_t delay;

  if (!(c->ack_raw ? qlog_value_u64(c, v, &delay)
                   : qlog_value_thousandths(c, v, &delay))) {
    return;
  }
  if (c->ack_raw) {
    qlog_read_repair(c, QLOG_REPAIR_RAW_ACK_DELAY);
  }
  *out = delay;
}

static void frame_error(qlog_convert *c, qlog_error_space space,
                        const qlog_value *otherwise, uint64_t *out) {
  const qlog_object *o = &c->frame;
  const qlog_value *v = qlog_object_get(o, QLOG_KEY_ERROR);
  bool http3 = false;

  if (!v) {
    v = qlog_object_get(o, QLOG_KEY_ERROR_CODE);
  }
  if (!v) {
    v = otherwise;
  }
  if (!qlog_read_error_code(o, out) &&
      !(v && qlog_read_error(v, space, out, &http3))) {
    if (!qlog_value_is(v, "unknown")) {
      qlog_read_bad(c);
    }
    return;
  }
  c->http3 = c->http3 || http3;
}

static void frame_trigger_type(qlog_convert *c, const qlog_value *v,
                               uint64_t *out) {
  uint64_t type = qlog_read_frame_type(c, v);

  *out = type != QLOG_NONE ? type : 0;
}

static void frame_text(qlog_convert *c, const qlog_value *v, quic_bytes *out) {
  if (!qlog_value_text(c, v, out) || out->len == 0) {
    (void)qlog_value_hex(c, qlog_object_get(&c->frame, QLOG_KEY_REASON_BYTES),
                         out);
  }
}

/* frame_step reads a field; false when the frame says nothing without it. */
static bool frame_step(qlog_convert *c, const qlog_read_step *step,
                       quic_frame *f, const quic_frame_field *field) {
  void *at = (uint8_t *)f + field->offset;
  const qlog_value *v = qlog_read_first(c, &c->frame, &step->names);

  switch ((frame_op)step->op) {
  case FRAME_NUMBER:
    return qlog_value_u64(c, v, (uint64_t *)at) ||
           field->role != QUIC_ROLE_STREAM_ID;
  case FRAME_HEX:
    (void)qlog_value_hex(c, v, (quic_bytes *)at);
    break;
  case FRAME_TOKEN:
    frame_token(c, step, f, (quic_bytes *)at);
    break;
  case FRAME_TEXT:
    frame_text(c, v, (quic_bytes *)at);
    break;
  case FRAME_DATA:
    frame_data(c, f, (quic_bytes *)at);
    break;
  case FRAME_PADDING:
    *(uint64_t *)at = 1;
    (void)frame_length(c, (uint64_t *)at);
    break;
  case FRAME_ACK_DELAY:
    frame_ack_delay(c, v, (uint64_t *)at);
    break;
  case FRAME_RANGES:
    return qlog_read_ack(c, f);
  case FRAME_TRANSPORT_ERROR:
    frame_error(c, QLOG_ERROR_TRANSPORT, v, (uint64_t *)at);
    break;
  case FRAME_APP_ERROR:
    frame_error(c, QLOG_ERROR_APPLICATION, v, (uint64_t *)at);
    break;
  case FRAME_TYPE:
    frame_trigger_type(c, v, (uint64_t *)at);
    break;
  case FRAME_NONE:
  case FRAME_BY_ROLE:
    break;
  }
  return true;
}

/* frame_unknown makes |f| a frame of which nothing but |type| and the length is
   known; without a type it has one that no frame can have. */
static void frame_unknown(qlog_convert *c, quic_frame *f, uint64_t type) {
  qlog_clear(f, sizeof(*f));
  f->type = type;
  (void)frame_length(c, &f->missing);
  (void)qlog_value_hex(c, qlog_object_get(&c->frame, QLOG_KEY_RAW_DATA),
                       &f->wire);
  f->missing -= f->wire.len < f->missing ? f->wire.len : f->missing;
}

static quic_frame *frame_push(qlog_convert *c) {
  if (c->nframes == QLOG_READ_FRAMES_MAX) {
    qlog_read_bad(c);
    return NULL;
  }
  if (quic_mem_grow(c->mem, (void **)&c->frames, &c->frames_cap, c->nframes + 1,
                    sizeof(*c->frames)) != 0) {
    c->scratch.failed = true;
    return NULL;
  }
  return &c->frames[c->nframes++];
}

const quic_frame *qlog_read_frames(qlog_convert *c) {
  const size_t size = c->nframes * sizeof(*c->frames);
  quic_frame *frames;

  if (c->nframes == 0) {
    return NULL;
  }
  if (c->nframes > QLOG_READ_FRAMES_FEW) {
    c->lent = true;
    return c->frames;
  }
  frames = (quic_frame *)qlog_scratch_take(&c->scratch, size);
  if (frames) {
    memcpy(frames, c->frames, size);
  }
  return frames;
}

/* frame_fill reads the fields of a frame whose type the table has.  Returns
   false when one is not there without which the rest would mislead. */
static bool frame_fill(qlog_convert *c, quic_frame *f) {
  const quic_frame_info *info = f->info;
  const qlog_read_row *row = &c->tables.rows[info - quic_frame_info_at(0)];

  if (f->type == info->type_first) {
    f->type += frame_flags(c, (frame_extra)row->extra);
    if (f->type > info->type_last) {
      /* CONNECTION_CLOSE has a row for each of its types. */
      f->info = info = quic_frame_info_find(f->type);
      row = &c->tables.rows[info - quic_frame_info_at(0)];
    }
  }
  for (size_t i = 0; info->fields[i].kind != QUIC_FIELD_END; i++) {
    if (quic_frame_field_present(f, &info->fields[i]) &&
        !frame_step(c, &row->steps[i], f, &info->fields[i])) {
      return false;
    }
  }
  return true;
}

void qlog_read_frame(qlog_convert *c) {
  const qlog_value *v = qlog_object_get(&c->frame, QLOG_KEY_FRAME_TYPE);
  uint64_t type = qlog_read_frame_type(c, v);
  quic_frame *f;

  if (!v) {
    qlog_read_bad(c);
    return;
  }
  f = frame_push(c);
  if (!f) {
    return;
  }
  if (type == QLOG_NONE) {
    frame_unknown(c, f, frame_unknown_type(c));
    return;
  }
  qlog_clear(f, sizeof(*f));
  f->type = type;
  f->info = quic_frame_info_find(type);
  if (!f->info) {
    frame_unknown(c, f, type);
  } else if (!frame_fill(c, f)) {
    qlog_read_bad(c);
    frame_unknown(c, f, QLOG_NONE);
  }
}
