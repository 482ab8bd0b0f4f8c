#include "qlog/write.h"

#include "wire/names.h"

/* How the fields of the frame table are written.  Most have the drafts' names
   and are numbers or octets; frame_differences lists those that are not so. */
typedef enum frame_op {
  FRAME_NUMBER,
  FRAME_HEX,
  FRAME_TEXT,   /* or key_bytes, when it is no UTF-8 */
  FRAME_DATA,   /* its length */
  FRAME_ALWAYS, /* a number, also of frames that do not have the field */
  FRAME_PADDING,
  FRAME_ACK_DELAY, /* as milliseconds */
  FRAME_RANGES,
  FRAME_TRANSPORT_ERROR,
  FRAME_APP_ERROR,
  FRAME_TYPE,
  FRAME_TOKEN,
  FRAME_BY_ROLE /* in frame_differences: what the role says */
} frame_op;

/* What a frame has besides its fields, out of its type. */
typedef enum frame_extra {
  FRAME_EXTRA_NONE,
  FRAME_EXTRA_FIN,
  FRAME_EXTRA_STREAM_TYPE,
  FRAME_EXTRA_ERROR_SPACE
} frame_extra;

/* By frame (NULL: all that follow no row of their own above) and by field. */
static const struct frame_difference {
  const char *frame;
  const char *field;
  frame_op op;
  const char *name;   /* NULL: not written */
  const char *compat; /* in qlog 0.3 */
} frame_differences[] = {
    {NULL, "count", FRAME_PADDING, "raw", "payload_length"},
    {NULL, "largest_acknowledged", FRAME_NUMBER, NULL, NULL},
    {NULL, "ack_delay", FRAME_ACK_DELAY, "ack_delay", "ack_delay"},
    {NULL, "ack_range_count", FRAME_NUMBER, NULL, NULL},
    {NULL, "first_ack_range", FRAME_NUMBER, NULL, NULL},
    {NULL, "ack_range", FRAME_RANGES, "acked_ranges", "acked_ranges"},
    {NULL, "ect0_count", FRAME_NUMBER, "ect0", "ect0"},
    {NULL, "ect1_count", FRAME_NUMBER, "ect1", "ect1"},
    {NULL, "ecn_ce_count", FRAME_NUMBER, "ce", "ce"},
    {NULL, "application_protocol_error_code", FRAME_BY_ROLE, "error",
     "error_code"},
    {NULL, "error_code", FRAME_BY_ROLE, "error", "error_code"},
    {NULL, "token", FRAME_TOKEN, "token", "token"},
    {"stream", "offset", FRAME_ALWAYS, "offset", "offset"},
    {NULL, "crypto_data", FRAME_DATA, "raw", "length"},
    {NULL, "stream_data", FRAME_DATA, "raw", "length"},
    {NULL, "datagram_data", FRAME_DATA, "raw", "length"},
    {"data_blocked", "maximum_data", FRAME_NUMBER, "limit", "limit"},
    {"stream_data_blocked", "maximum_stream_data", FRAME_NUMBER, "limit",
     "limit"},
    {"streams_blocked", "maximum_streams", FRAME_NUMBER, "limit", "limit"},
    {NULL, "maximum_data", FRAME_NUMBER, "maximum", "maximum"},
    {NULL, "maximum_stream_data", FRAME_NUMBER, "maximum", "maximum"},
    {NULL, "maximum_streams", FRAME_NUMBER, "maximum", "maximum"},
    {NULL, "frame_type", FRAME_TYPE, "trigger_frame_type",
     "trigger_frame_type"},
    {NULL, "reason_phrase", FRAME_TEXT, "reason", "reason"},
};

static const struct {
  const char *frame;
  frame_extra extra;
} frame_extras[] = {
    {"stream", FRAME_EXTRA_FIN},
    {"max_streams", FRAME_EXTRA_STREAM_TYPE},
    {"streams_blocked", FRAME_EXTRA_STREAM_TYPE},
    {"connection_close", FRAME_EXTRA_ERROR_SPACE},
};

static frame_op frame_op_of(const quic_frame_field *field) {
  switch (field->role) {
  case QUIC_ROLE_TRANSPORT_ERROR:
    return FRAME_TRANSPORT_ERROR;
  case QUIC_ROLE_APP_ERROR:
    return FRAME_APP_ERROR;
  case QUIC_ROLE_TEXT:
    return FRAME_TEXT;
  case QUIC_ROLE_DATA:
    return FRAME_DATA;
  default:
    return field->kind == QUIC_FIELD_VARINT ? FRAME_NUMBER : FRAME_HEX;
  }
}

static const struct frame_difference *
frame_difference_find(const char *frame, const quic_frame_field *field) {
  for (size_t i = 0;
       i < sizeof(frame_differences) / sizeof(frame_differences[0]); i++) {
    const struct frame_difference *d = &frame_differences[i];

    if ((!d->frame || strcmp(d->frame, frame) == 0) &&
        strcmp(d->field, field->name) == 0) {
      return d;
    }
  }
  return NULL;
}

/* frame_row_fill compares names once, so that frames are written without. */
static void frame_row_fill(const qlog_writer *w, qlog_write_row *row,
                           const quic_frame_info *info) {
  for (size_t i = 0; info->fields[i].kind != QUIC_FIELD_END; i++) {
    const quic_frame_field *field = &info->fields[i];
    const struct frame_difference *d =
        frame_difference_find(info->short_name, field);
    qlog_write_step *step = &row->steps[i];

    step->key = !d ? field->name : w->compat ? d->compat : d->name;
    step->key_len = step->key ? (uint8_t)strlen(step->key) : 0;
    step->op =
        (uint8_t)(d && d->op != FRAME_BY_ROLE ? d->op : frame_op_of(field));
  }
  for (size_t i = 0; i < sizeof(frame_extras) / sizeof(frame_extras[0]); i++) {
    if (strcmp(frame_extras[i].frame, info->short_name) == 0) {
      row->extra = (uint8_t)frame_extras[i].extra;
    }
  }
  row->name_len = (uint8_t)strlen(info->short_name);
  row->ready = true;
}

static const qlog_write_row *frame_row(qlog_writer *w,
                                       const quic_frame_info *info) {
  size_t i = (size_t)(info - quic_frame_info_at(0));

  if (i >= QLOG_WRITE_ROWS) {
    return NULL;
  }
  if (!w->rows[i].ready) {
    frame_row_fill(w, &w->rows[i], info);
  }
  return &w->rows[i];
}

/* frame_name_lower writes |prefix| and |name| in lower case as a string. */
static void frame_name_lower(qlog_json *j, const char *prefix,
                             const char *name) {
  char tmp[64];
  size_t n = 0;

  for (; *prefix && n < sizeof(tmp); prefix++) {
    tmp[n++] = *prefix;
  }
  for (; *name && n < sizeof(tmp); name++) {
    tmp[n++] = *name >= 'A' && *name <= 'Z' ? (char)(*name + 32) : *name;
  }
  qlog_json_text(j, quic_bytes_of(tmp, n));
}

/* The drafts have names for RFC 9000's codes, the last being NO_VIABLE_PATH,
   and one for each TLS alert. */
#define FRAME_TRANSPORT_ERROR_LAST 0x10
#define FRAME_CRYPTO_ERROR_FIRST 0x100
#define FRAME_CRYPTO_ERROR_LAST 0x1ff

bool qlog_write_transport_error(qlog_writer *w, uint64_t code) {
  const char *name;

  if (code >= FRAME_CRYPTO_ERROR_FIRST && code <= FRAME_CRYPTO_ERROR_LAST) {
    static const char digits[] = "0123456789abcdef";
    char tmp[] = "crypto_error_0x1??";

    tmp[sizeof(tmp) - 3] = digits[code >> 4 & 15];
    tmp[sizeof(tmp) - 2] = digits[code & 15];
    qlog_json_str(&w->json, tmp);
    return true;
  }
  name = code <= FRAME_TRANSPORT_ERROR_LAST ? quic_name_transport_error(code)
                                            : NULL;
  if (!name) {
    return false;
  }
  frame_name_lower(&w->json, "", name);
  return true;
}

/* Of HTTP/3's codes (RFC 9114 §8.1) the draft lacks H3_MESSAGE_ERROR; those of
   extensions are not in it either. */
#define FRAME_H3_ERROR_FIRST 0x100
#define FRAME_H3_ERROR_LAST 0x110
#define FRAME_H3_MESSAGE_ERROR 0x10e

bool qlog_write_app_error(qlog_writer *w, uint64_t code, bool http3) {
  const char *name;

  if (!http3 || code < FRAME_H3_ERROR_FIRST || code > FRAME_H3_ERROR_LAST ||
      code == FRAME_H3_MESSAGE_ERROR) {
    return false;
  }
  name = quic_name_h3_error(code);
  if (!name) {
    return false;
  }
  frame_name_lower(&w->json, "http_", name + strlen("H3_"));
  return true;
}

/* frame_error writes an error: by name, or as "unknown" with its code; in 0.3
   the code stood for itself. */
static void frame_error(qlog_writer *w, const qlog_write_step *step,
                        uint64_t code, bool http3) {
  qlog_json *j = &w->json;

  qlog_json_key_len(j, step->key, step->key_len);
  if (step->op == FRAME_TRANSPORT_ERROR
          ? qlog_write_transport_error(w, code)
          : qlog_write_app_error(w, code, http3)) {
    return;
  }
  if (w->compat) {
    qlog_json_u64(j, code);
    return;
  }
  qlog_json_literal(j, "\"unknown\"", 9);
  WRITE_KEY(j, "error_code");
  qlog_json_u64(j, code);
}

/* frame_ack_delay writes |delay| * 2^|exponent| us as milliseconds; what is too
   large for 64 bits is as much as they hold. */
static void frame_ack_delay(qlog_json *j, uint64_t delay, uint64_t exponent) {
  exponent = exponent <= 20 ? exponent : 20;
  qlog_json_scaled(
      j, delay > UINT64_MAX >> exponent ? UINT64_MAX : delay << exponent, 3);
}

static void frame_range(qlog_json *j, uint64_t smallest, uint64_t largest) {
  qlog_json_array(j);
  qlog_json_u64(j, smallest);
  if (largest > smallest) {
    qlog_json_u64(j, largest);
  }
  qlog_json_array_end(j);
}

bool qlog_write_collect(qlog_writer *w, const quic_frame *ack, size_t *n) {
  quic_ack_iter it;
  uint64_t smallest, largest;

  *n = 0;
  quic_ack_iter_init(&it, ack);
  while (quic_ack_iter_next(&it, &smallest, &largest)) {
    if (quic_mem_grow(w->mem, (void **)&w->ranges, &w->ranges_cap, *n + 1,
                      sizeof(*w->ranges)) != 0) {
      return false;
    }
    w->ranges[*n].start = smallest;
    w->ranges[(*n)++].end = largest;
  }
  return true;
}

void qlog_write_ack(qlog_writer *w, const quic_frame *ack) {
  qlog_json *j = &w->json;
  quic_ack_iter it;
  uint64_t smallest, largest;
  size_t n;

  qlog_json_array(j);
  if (qlog_write_collect(w, ack, &n)) {
    while (n-- > 0) {
      frame_range(j, w->ranges[n].start, w->ranges[n].end);
    }
  } else { /* in the order of the frame, which is legal as well */
    quic_ack_iter_init(&it, ack);
    while (quic_ack_iter_next(&it, &smallest, &largest)) {
      frame_range(j, smallest, largest);
    }
  }
  qlog_json_array_end(j);
}

static void frame_text(qlog_writer *w, const qlog_write_step *step,
                       quic_bytes text) {
  qlog_json *j = &w->json;

  if (w->compat || qlog_json_utf8(text)) {
    qlog_json_key_len(j, step->key, step->key_len);
    qlog_json_text(j, text);
  } else {
    WRITE_KEY(j, "reason_bytes");
    qlog_json_hex(j, text);
  }
}

static void frame_trigger_type(qlog_json *j, const qlog_write_step *step,
                               uint64_t type) {
  const quic_frame_info *info = quic_frame_info_find(type);

  if (type == 0) {
    return; /* not known (RFC 9000 §19.19) */
  }
  qlog_json_key_len(j, step->key, step->key_len);
  if (info) {
    qlog_json_str(j, info->short_name);
  } else {
    qlog_json_u64(j, type);
  }
}

static void frame_data(qlog_writer *w, const qlog_write_step *step,
                       const quic_frame *f, quic_bytes data) {
  uint64_t len = data.len + f->missing;

  if (!w->compat) {
    qlog_write_raw(w, step->key, len, data);
    return;
  }
  qlog_json_key_len(&w->json, step->key, step->key_len);
  qlog_json_u64(&w->json, len);
  if (w->raw_max > 0) {
    qlog_write_raw(w, "raw", len, data);
  }
}

static void frame_padding(qlog_writer *w, const qlog_write_step *step,
                          uint64_t count) {
  qlog_json *j = &w->json;

  qlog_json_key_len(j, step->key, step->key_len);
  if (w->compat) {
    qlog_json_u64(j, count);
    return;
  }
  qlog_json_object(j);
  WRITE_KEY(j, "payload_length");
  qlog_json_u64(j, count);
  qlog_json_object_end(j);
}

static void frame_step(qlog_writer *w, const qlog_write_step *step,
                       const quic_frame *f, const quic_frame_field *field,
                       const qlog_write_context *ctx) {
  qlog_json *j = &w->json;

  switch ((frame_op)step->op) {
  case FRAME_NUMBER:
  case FRAME_ALWAYS:
    qlog_json_key_len(j, step->key, step->key_len);
    qlog_json_u64(j, quic_frame_uint(f, field));
    break;
  case FRAME_HEX:
    qlog_json_key_len(j, step->key, step->key_len);
    qlog_json_hex(j, quic_frame_bytes(f, field));
    break;
  case FRAME_TEXT:
    frame_text(w, step, quic_frame_bytes(f, field));
    break;
  case FRAME_DATA:
    frame_data(w, step, f, quic_frame_bytes(f, field));
    break;
  case FRAME_PADDING:
    frame_padding(w, step, quic_frame_uint(f, field));
    break;
  case FRAME_ACK_DELAY:
    qlog_json_key_len(j, step->key, step->key_len);
    frame_ack_delay(j, quic_frame_uint(f, field), ctx->ack_delay_exponent);
    break;
  case FRAME_RANGES:
    qlog_json_key_len(j, step->key, step->key_len);
    qlog_write_ack(w, f);
    break;
  case FRAME_TRANSPORT_ERROR:
  case FRAME_APP_ERROR:
    frame_error(w, step, quic_frame_uint(f, field), ctx->http3);
    break;
  case FRAME_TYPE:
    frame_trigger_type(j, step, quic_frame_uint(f, field));
    break;
  case FRAME_TOKEN: {
    quic_bytes token = quic_frame_bytes(f, field);

    qlog_write_token(w, "resumption", token.len + f->missing, token);
    break;
  }
  case FRAME_BY_ROLE:
    break;
  }
}

static void frame_extra_fields(qlog_json *j, const qlog_write_row *row,
                               const quic_frame *f) {
  switch ((frame_extra)row->extra) {
  case FRAME_EXTRA_FIN:
    if (f->type & 1) {
      WRITE_KEY(j, "fin");
      qlog_json_bool(j, true);
    }
    break;
  case FRAME_EXTRA_STREAM_TYPE:
    qlog_json_key_str(j, "stream_type",
                      f->type & 1 ? "unidirectional" : "bidirectional");
    break;
  case FRAME_EXTRA_ERROR_SPACE:
    qlog_json_key_str(j, "error_space",
                      f->type & 1 ? "application" : "transport");
    break;
  case FRAME_EXTRA_NONE:
    break;
  }
}

static void frame_unknown(qlog_writer *w, const quic_frame *f) {
  qlog_json *j = &w->json;

  qlog_json_key_str(j, "frame_type", "unknown");
  qlog_json_key_u64(j, w->compat ? "frame_type_value" : "frame_type_bytes",
                    f->type);
  if (f->wire.len > 0 || f->missing > 0) {
    qlog_write_raw(w, "raw", f->wire.len + f->missing, f->wire);
  }
}

static void frame_write(qlog_writer *w, const quic_frame *f,
                        const qlog_write_context *ctx) {
  qlog_json *j = &w->json;
  const qlog_write_row *row = f->info ? frame_row(w, f->info) : NULL;

  qlog_json_object(j);
  if (row) {
    WRITE_KEY(j, "frame_type");
    qlog_json_text(j, quic_bytes_of(f->info->short_name, row->name_len));
    frame_extra_fields(j, row, f);
    for (size_t i = 0; f->info->fields[i].kind != QUIC_FIELD_END; i++) {
      const quic_frame_field *field = &f->info->fields[i];

      if (row->steps[i].key && (quic_frame_field_present(f, field) ||
                                row->steps[i].op == FRAME_ALWAYS)) {
        frame_step(w, &row->steps[i], f, field, ctx);
      }
    }
  } else {
    frame_unknown(w, f);
  }
  qlog_json_object_end(j);
}

void qlog_write_frames(qlog_writer *w, const quic_frame *frames, size_t n,
                       const qlog_write_context *ctx) {
  qlog_json_array(&w->json);
  for (size_t i = 0; i < n; i++) {
    frame_write(w, &frames[i], ctx);
  }
  qlog_json_array_end(&w->json);
}
