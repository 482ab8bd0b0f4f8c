#include "qlog/read.h"

static bool value_absent(const qlog_value *v) {
  return !v || v->token == QLOG_TOKEN_NULL;
}

static bool value_bad(qlog_convert *c) {
  qlog_read_bad(c);
  return false;
}

/* value_numeric: a number, also between quotation marks (I-JSON). */
static bool value_numeric(const qlog_value *v) {
  return v->token == QLOG_TOKEN_NUMBER ||
         (v->token == QLOG_TOKEN_STRING && !v->escaped);
}

static uint8_t value_lower(uint8_t ch) {
  return ch >= 'A' && ch <= 'Z' ? ch + 32 : ch;
}

const qlog_value *qlog_read_first_old(qlog_convert *c, const qlog_object *o,
                                      const qlog_read_names *names) {
  for (size_t i = 1; i < QLOG_READ_NAMES && names->keys[i]; i++) {
    if (qlog_object_has(o, names->keys[i])) {
      qlog_read_repair(c, QLOG_REPAIR_OLD_FIELD);
      return &o->values[names->keys[i]];
    }
  }
  return NULL;
}

/* value_scaled_other reads a number that is not negative. */
static bool value_scaled_other(qlog_convert *c, const qlog_value *v,
                               unsigned decimals, uint64_t *out) {
  bool negative;
  uint64_t n;

  if (value_absent(v)) {
    return false;
  }
  if (!value_numeric(v) ||
      !qlog_token_scaled(v->text, decimals, &n, &negative) || negative) {
    return value_bad(c);
  }
  if (n == QLOG_NONE) {
    return false; /* what loggers write for "no limit" */
  }
  *out = n;
  return true;
}

static inline bool value_scaled(qlog_convert *c, const qlog_value *v,
                                unsigned decimals, uint64_t *out) {
  return (v && v->read &&
          qlog_number_scaled((qlog_number){v->digits, v->behind}, decimals,
                             out)) ||
         (v && value_scaled_other(c, v, decimals, out));
}

bool qlog_value_u64_other(qlog_convert *c, const qlog_value *v, uint64_t *out) {
  return value_scaled(c, v, 0, out);
}

bool qlog_value_thousandths(qlog_convert *c, const qlog_value *v,
                            uint64_t *out) {
  return value_scaled(c, v, 3, out);
}

bool qlog_value_duration(qlog_convert *c, const qlog_value *v, uint64_t *out) {
  if (!value_scaled(c, v, c->microseconds ? 3 : 6, out)) {
    return false;
  }
  if (c->microseconds) {
    qlog_read_repair(c, QLOG_REPAIR_METRIC_UNIT);
  }
  return true;
}

bool qlog_value_is(const qlog_value *v, const char *name) {
  size_t len = strlen(name);

  if (!v || v->token != QLOG_TOKEN_STRING || v->escaped || v->text.len != len) {
    return false;
  }
  for (size_t i = 0; i < len; i++) {
    if (value_lower(v->text.data[i]) != value_lower((uint8_t)name[i])) {
      return false;
    }
  }
  return true;
}

bool qlog_value_flag(qlog_convert *c, const qlog_value *v, int *out) {
  if (value_absent(v)) {
    return false;
  }
  if (v->token == QLOG_TOKEN_TRUE || v->token == QLOG_TOKEN_FALSE) {
    *out = v->token == QLOG_TOKEN_TRUE;
    return true;
  }
  if (v->text.len == 1 && value_numeric(v) &&
      (v->text.data[0] == '0' || v->text.data[0] == '1')) {
    *out = v->text.data[0] == '1';
    return true;
  }
  if (qlog_value_is(v, "true") || qlog_value_is(v, "false")) {
    *out = qlog_value_is(v, "true");
    return true;
  }
  return value_bad(c);
}

/* What values were called before, or by some. */
static const struct {
  const char *old, *name;
} value_renamed[] = {
    {"qpack_encoder", "qpack_encode"},
    {"qpack_decoder", "qpack_decode"},
    {"appdata", "application_data"},
    {"application", "application_data"},
    {"1rtt", "application_data"},
    {"canceled", "cancelled"},
    {"bidi", "bidirectional"},
    {"uni", "unidirectional"},
    {"ect0", "ECT(0)"},
    {"ect1", "ECT(1)"},
    {"not-ect", "Not-ECT"},
    {"user", "application"},
    {"header_parse_error", "invalid"},
    {"protocol_violation", "invalid"},
    {"unexpected_packet", "invalid"},
    {"unexpected_source_connection_id", "invalid"},
    {"invalid_initial", "invalid"},
    {"payload_decrypt_error", "decryption_failure"},
    {"unknown_connection_id", "connection_unknown"},
    {"dos_prevention", "rejected"},
    {"unsupported_version", "unsupported"},
    {"unexpected_version", "unsupported"},
};

static bool value_name_find(const qlog_value *v, const qlog_names *names,
                            int *out) {
  for (int i = 0; i < names->len; i++) {
    if (names->names[i] && qlog_value_is(v, names->names[i])) {
      *out = i;
      return true;
    }
  }
  return false;
}

static bool value_name_renamed(const qlog_value *v, const qlog_names *names,
                               int *out) {
  for (size_t i = 0; i < sizeof(value_renamed) / sizeof(value_renamed[0]);
       i++) {
    const char *name = value_renamed[i].name;
    const qlog_value newer = {.text = quic_bytes_of(name, strlen(name)),
                              .token = QLOG_TOKEN_STRING};

    if (qlog_value_is(v, value_renamed[i].old) &&
        value_name_find(&newer, names, out)) {
      return true;
    }
  }
  return false;
}

bool qlog_value_name(qlog_convert *c, const qlog_value *v,
                     const qlog_names *names, int *out) {
  if (value_absent(v)) {
    return false;
  }
  return value_name_find(v, names, out) || value_name_renamed(v, names, out) ||
         value_bad(c);
}

/* value_copy copies a text, with a NUL behind it. */
static bool value_copy(qlog_convert *c, const qlog_value *v, quic_bytes *out) {
  size_t len = v->text.len;
  uint8_t *p = (uint8_t *)qlog_scratch_take(&c->scratch, len + 1);

  if (!p) {
    return false;
  }
  if (v->escaped) {
    len = qlog_token_unescape(v->text, p, len);
  } else if (len > 0) {
    memcpy(p, v->text.data, len);
  }
  p[len] = 0;
  *out = quic_bytes_of(p, len);
  return true;
}

bool qlog_value_text(qlog_convert *c, const qlog_value *v, quic_bytes *out) {
  if (value_absent(v)) {
    return false;
  }
  if (v->token != QLOG_TOKEN_STRING && v->token != QLOG_TOKEN_NUMBER) {
    return value_bad(c);
  }
  return value_copy(c, v, out);
}

bool qlog_value_str(qlog_convert *c, const qlog_value *v, const char **out) {
  quic_bytes text;

  if (!qlog_value_text(c, v, &text)) {
    return false;
  }
  *out = (const char *)text.data;
  return true;
}

/* --- octets ----------------------------------------------------------------
 */

/* value_digit returns what |ch| is as a hexadecimal, 16 when it is none. */
static inline unsigned value_digit(uint8_t ch) {
  unsigned digit = (unsigned)ch - '0', letter = (unsigned)(ch | 0x20) - 'a';

  return digit <= 9 ? digit : letter <= 5 ? letter + 10 : 16;
}

bool qlog_read_hex(quic_bytes text, uint8_t *out) {
  unsigned wrong = text.len & 1;

  for (size_t i = 0; i + 1 < text.len; i += 2) {
    unsigned high = value_digit(text.data[i]);
    unsigned low = value_digit(text.data[i + 1]);

    wrong |= (high | low) & 16;
    *out++ = (uint8_t)(high << 4 | (low & 15));
  }
  return !wrong;
}

/* value_hex_colons decodes "b6:90:73". */
static bool value_hex_colons(quic_bytes text, uint8_t *out, size_t *len) {
  size_t n = 0;

  if (text.len % 3 != 2) {
    return false;
  }
  for (size_t i = 0; i < text.len; i += 3) {
    if ((i > 0 && text.data[i - 1] != ':') ||
        !qlog_read_hex(quic_bytes_of(text.data + i, 2), &out[n++])) {
      return false;
    }
  }
  *len = n;
  return true;
}

static quic_bytes value_without_0x(quic_bytes text) {
  if (text.len >= 2 && text.data[0] == '0' && (text.data[1] | 0x20) == 'x') {
    text.data += 2;
    text.len -= 2;
  }
  return text;
}

bool qlog_value_hex(qlog_convert *c, const qlog_value *v, quic_bytes *out) {
  quic_bytes text;
  uint8_t *p;
  size_t len;

  if (value_absent(v)) {
    return false;
  }
  if (v->token != QLOG_TOKEN_STRING || v->escaped) {
    return value_bad(c);
  }
  text = value_without_0x(v->text);
  if (text.len == 0 || qlog_value_is(v, "(empty)")) {
    *out = quic_bytes_of(NULL, 0);
    return true;
  }
  len = text.len / 2;
  p = (uint8_t *)qlog_scratch_take(&c->scratch, len + 1);
  if (!p) {
    return false;
  }
  if (!(text.len > 2 && text.data[2] == ':' ? value_hex_colons(text, p, &len)
                                            : qlog_read_hex(text, p))) {
    return value_bad(c);
  }
  *out = quic_bytes_of(p, len);
  return true;
}

bool qlog_value_token(qlog_convert *c, const qlog_value *v, quic_bytes *out,
                      uint64_t *length) {
  const qlog_object *o = &c->item;
  const qlog_value *data;
  uint64_t n;

  if (value_absent(v)) {
    return false;
  }
  if (v->token == QLOG_TOKEN_STRING) {
    return qlog_value_hex(c, v, out);
  }
  if (!qlog_read_span(c, v, &c->item)) {
    return false;
  }
  data = qlog_object_get(o, QLOG_KEY_RAW_LENGTH);
  if (length && (qlog_value_u64(c, data, &n) ||
                 qlog_value_u64(c, qlog_object_get(o, QLOG_KEY_LENGTH), &n))) {
    *length = n;
  }
  data = qlog_object_get(o, QLOG_KEY_RAW_DATA);
  return qlog_value_hex(c, data ? data : qlog_object_get(o, QLOG_KEY_DATA),
                        out);
}

bool qlog_value_version(qlog_convert *c, const qlog_value *v, uint32_t *out) {
  quic_bytes text;
  uint32_t version = 0;
  uint64_t n;

  if (value_absent(v)) {
    return false;
  }
  if (v->token == QLOG_TOKEN_NUMBER) {
    if (!qlog_token_u64(v->text, &n) || n > UINT32_MAX) {
      return value_bad(c);
    }
    *out = (uint32_t)n;
    return true;
  }
  if (v->token != QLOG_TOKEN_STRING || v->escaped) {
    return value_bad(c);
  }
  text = value_without_0x(v->text);
  if (text.len == 0 || text.len > 8) {
    return value_bad(c);
  }
  for (size_t i = 0; i < text.len; i++) {
    unsigned digit = value_digit(text.data[i]);

    if (digit > 15) {
      return value_bad(c);
    }
    version = version << 4 | digit;
  }
  *out = version;
  return true;
}

/* --- lists -----------------------------------------------------------------
 */

bool qlog_value_versions(qlog_convert *c, const qlog_value *v,
                         quic_bytes *out) {
  qlog_tokens t;
  qlog_value item;
  uint32_t version;
  uint8_t *p;
  size_t n = 0;

  if (!qlog_read_list(c, v, &t)) {
    return false;
  }
  p = (uint8_t *)qlog_scratch_list(&c->scratch, v->text.len / 2 + 1, 4);
  while (p && qlog_read_list_next(&t, &item)) {
    if (qlog_value_version(c, &item, &version)) {
      p[n++] = (uint8_t)(version >> 24);
      p[n++] = (uint8_t)(version >> 16);
      p[n++] = (uint8_t)(version >> 8);
      p[n++] = (uint8_t)version;
    }
  }
  *out = quic_bytes_of(p, n);
  return p != NULL;
}

bool qlog_value_numbers(qlog_convert *c, const qlog_value *v,
                        const uint64_t **out, size_t *n) {
  qlog_tokens t;
  qlog_value item;
  uint64_t *p;

  if (!qlog_read_list(c, v, &t)) {
    return false;
  }
  p = (uint64_t *)qlog_scratch_list(&c->scratch, v->text.len / 2 + 1,
                                    sizeof(*p));
  *n = 0;
  while (p && qlog_read_list_next(&t, &item)) {
    *n += qlog_value_u64(c, &item, &p[*n]);
  }
  *out = p;
  return p != NULL;
}

/* value_literal gives true, false and null their text. */
static void value_literal(qlog_value *v) {
  const char *text = v->token == QLOG_TOKEN_TRUE    ? "true"
                     : v->token == QLOG_TOKEN_FALSE ? "false"
                     : v->token == QLOG_TOKEN_NULL  ? "null"
                                                    : NULL;

  if (text) {
    v->text = quic_bytes_of(text, strlen(text));
    v->escaped = false;
  }
}

bool qlog_value_details(qlog_convert *c, const qlog_value *v,
                        const quic_field **out, size_t *n) {
  qlog_value item;
  quic_field *p;
  qlog_tokens t;

  if (value_absent(v)) {
    return false;
  }
  if (v->token != QLOG_TOKEN_OBJECT) {
    return value_bad(c);
  }
  /* A member has four octets at least. */
  p = (quic_field *)qlog_scratch_list(&c->scratch, v->text.len / 4 + 1,
                                      sizeof(*p));
  qlog_tokens_init(&t, v->text);
  *n = 0;
  if (!p || qlog_tokens_next(&t) != QLOG_TOKEN_OBJECT) {
    return false;
  }
  while (qlog_tokens_member(&t)) {
    const qlog_value name = {
        .text = t.text, .token = QLOG_TOKEN_STRING, .escaped = t.escaped};

    if (!qlog_read_list_next(&t, &item)) {
      break;
    }
    value_literal(&item);
    if (value_copy(c, &name, &p[*n].name) &&
        value_copy(c, &item, &p[*n].value)) {
      (*n)++;
    }
  }
  *out = p;
  return true;
}
