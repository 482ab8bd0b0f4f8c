#include "qlog/envelope.h"

#include "qlog/clear.h"
#include "qlog/plain.h"

static bool envelope_bad(qlog_envelope *e, const qlog_tokens *t,
                         const char *why) {
  e->why = why ? why : t->why;
  e->at = (size_t)((t->why ? t->where : t->at) - t->start);
  e->at -= !t->why && e->at > 0; /* the token before */
  e->cut = t->why && t->where == t->end;
  return false;
}

/* envelope_text takes a string or number; what else stands there is passed
   over. */
static bool envelope_text(qlog_tokens *t, qlog_token token,
                          qlog_envelope_text *out) {
  if (token == QLOG_TOKEN_STRING || token == QLOG_TOKEN_NUMBER) {
    out->text = t->text;
    out->string = token == QLOG_TOKEN_STRING;
    out->escaped = out->string && t->escaped;
    return true;
  }
  return qlog_tokens_skip(t, token, NULL);
}

/* envelope_data takes the data's octets, whose commas are not the
   envelope's. */
static bool envelope_data(qlog_envelope *e, qlog_tokens *t, qlog_token token) {
  uint32_t loose = t->loose;
  bool good = qlog_tokens_skip(t, token, &e->data);

  t->loose = loose;
  return good;
}

/* envelope_rest takes data up to the bracket that closes the record, if all
   that an event must have stands before it. */
static bool envelope_rest(qlog_envelope *e, const qlog_tokens *t,
                          qlog_token token) {
  const uint8_t *end = t->end, *start = t->at - 1;

  if (token != QLOG_TOKEN_OBJECT || e->time.text.len == 0 ||
      (e->name.text.len == 0 && e->type.text.len == 0)) {
    return false;
  }
  while (end > start && qlog_plain_space(end[-1])) {
    end--;
  }
  if (end == start || end[-1] != '}') {
    return false;
  }
  for (end--; end > start && qlog_plain_space(end[-1]); end--) {
  }
  if (end == start || end[-1] != '}') {
    return false;
  }
  e->data = quic_bytes_of(start, (size_t)(end - start));
  e->data_rest = true;
  return true;
}

static bool envelope_other(qlog_envelope *e, qlog_tokens *t) {
  e->head = e->head || qlog_head_key(t->text);
  return qlog_tokens_skip(t, qlog_tokens_next(t), NULL);
}

static bool envelope_format(qlog_envelope *e, qlog_tokens *t,
                            qlog_token token) {
  if (token == QLOG_TOKEN_STRING) {
    e->time_format = qlog_head_time_format(t->text);
  }
  return qlog_tokens_skip(t, token, NULL);
}

typedef enum envelope_key {
  ENVELOPE_OTHER,
  ENVELOPE_TIME,
  ENVELOPE_NAME,
  ENVELOPE_DATA,
  ENVELOPE_TYPE,
  ENVELOPE_CATEGORY,
  ENVELOPE_GROUP,
  ENVELOPE_TUPLE,
  ENVELOPE_TRIGGER,
  ENVELOPE_TIME_FORMAT
} envelope_key;

/* envelope_key_find finds the key just returned. */
static envelope_key envelope_key_find(const qlog_tokens *t) {
  static const struct {
    const char *name;
    envelope_key key;
  } keys[] = {
      {"time", ENVELOPE_TIME},       {"name", ENVELOPE_NAME},
      {"data", ENVELOPE_DATA},       {"type", ENVELOPE_TYPE},
      {"event", ENVELOPE_TYPE},      {"category", ENVELOPE_CATEGORY},
      {"group_id", ENVELOPE_GROUP},  {"ODCID", ENVELOPE_GROUP},
      {"tuple", ENVELOPE_TUPLE},     {"path", ENVELOPE_TUPLE},
      {"trigger", ENVELOPE_TRIGGER}, {"time_format", ENVELOPE_TIME_FORMAT},
  };

  for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
    if (qlog_token_is(t->text, keys[i].name)) {
      return keys[i].key;
    }
  }
  return ENVELOPE_OTHER;
}

/* envelope_is tells whether the key |quoted| stands at |p|, and takes it. */
#define ENVELOPE_IS(t, p, quoted)                                              \
  (memcmp((p), (quoted), sizeof(quoted) - 1) == 0 &&                           \
   ((t)->at = (p) + sizeof(quoted) - 1, (t)->expect = QLOG_EXPECT_VALUE,       \
    true))

/* envelope_next takes the next key; false at the closing brace or on an
   error. */
static inline bool envelope_next(qlog_tokens *t, envelope_key *key) {
  const uint8_t *p = qlog_tokens_at(t);

  if (p && t->end - p >= 16) {
    if (ENVELOPE_IS(t, p, "\"time\":")) {
      *key = ENVELOPE_TIME;
      return true;
    }
    if (ENVELOPE_IS(t, p, "\"name\":")) {
      *key = ENVELOPE_NAME;
      return true;
    }
    if (ENVELOPE_IS(t, p, "\"data\":")) {
      *key = ENVELOPE_DATA;
      return true;
    }
    if (ENVELOPE_IS(t, p, "\"group_id\":")) {
      *key = ENVELOPE_GROUP;
      return true;
    }
  }
  if (qlog_tokens_member(t)) {
    *key = envelope_key_find(t);
    return true;
  }
  return false;
}

/* envelope_value takes a value, mostly a plain text or number. */
static inline bool envelope_value(qlog_tokens *t, qlog_envelope_text *out) {
  qlog_number number = {0, 0};
  qlog_token token = qlog_tokens_usual(t, &number);

  out->digits = number.digits;
  out->behind = number.behind;
  out->read = token == QLOG_TOKEN_NUMBER;
  return envelope_text(
      t, token != QLOG_TOKEN_ERROR ? token : qlog_tokens_next(t), out);
}

/* envelope_member takes the value of |key|. */
static bool envelope_member(qlog_envelope *e, qlog_tokens *t,
                            envelope_key key) {
  switch (key) {
  case ENVELOPE_TIME:
    return envelope_value(t, &e->time);
  case ENVELOPE_NAME:
    return envelope_value(t, &e->name);
  case ENVELOPE_TYPE:
    return envelope_value(t, &e->type);
  case ENVELOPE_CATEGORY:
    return envelope_value(t, &e->category);
  case ENVELOPE_GROUP:
    return envelope_value(t, &e->group);
  case ENVELOPE_TUPLE:
    return envelope_value(t, &e->tuple);
  case ENVELOPE_TRIGGER:
    return envelope_value(t, &e->trigger);
  case ENVELOPE_TIME_FORMAT:
    return envelope_format(e, t, qlog_tokens_next(t));
  default:
    return envelope_other(e, t);
  }
}

static bool envelope_object(qlog_envelope *e, qlog_tokens *t, bool guess) {
  bool early = false; /* data came when all else had come */
  envelope_key key;

  while (envelope_next(t, &key)) {
    bool good;

    e->data_inside = e->data_inside || early;
    if (key == ENVELOPE_DATA) {
      qlog_token token = qlog_tokens_nested(t);

      if (token == QLOG_TOKEN_ERROR) {
        token = qlog_tokens_next(t);
      }
      if (guess && envelope_rest(e, t, token)) {
        return true;
      }
      early = e->time.text.len && (e->name.text.len || e->type.text.len);
      good = envelope_data(e, t, token);
    } else {
      good = envelope_member(e, t, key);
    }
    if (!good) {
      return envelope_bad(e, t, NULL);
    }
  }
  return true;
}

/* envelope_cell takes the value of one column. */
static bool envelope_cell(qlog_envelope *e, qlog_tokens *t, qlog_column column,
                          qlog_token token) {
  switch (column) {
  case QLOG_COLUMN_TIME:
    e->time_column = true;
    return envelope_text(t, token, &e->time);
  case QLOG_COLUMN_RELATIVE_TIME:
    e->time_format = QLOG_TIME_RELATIVE;
    return envelope_text(t, token, &e->time);
  case QLOG_COLUMN_DELTA_TIME:
    e->time_format = QLOG_TIME_DELTA;
    return envelope_text(t, token, &e->time);
  case QLOG_COLUMN_CATEGORY:
    return envelope_text(t, token, &e->category);
  case QLOG_COLUMN_NAME:
    return envelope_text(t, token, &e->name);
  case QLOG_COLUMN_TRIGGER:
    return envelope_text(t, token, &e->trigger);
  case QLOG_COLUMN_DATA:
    return token != QLOG_TOKEN_ARRAY && envelope_data(e, t, token);
  case QLOG_COLUMN_GROUP:
    return envelope_text(t, token, &e->group);
  case QLOG_COLUMN_TUPLE:
    return envelope_text(t, token, &e->tuple);
  default:
    return qlog_tokens_skip(t, token, NULL);
  }
}

/* envelope_guess: without event_fields, what comes first is the time, the first
   object the data, and texts between are category, name and trigger. */
static qlog_column envelope_guess(size_t i, qlog_token token) {
  static const uint8_t usual[] = {QLOG_COLUMN_TIME, QLOG_COLUMN_CATEGORY,
                                  QLOG_COLUMN_NAME, QLOG_COLUMN_TRIGGER};

  if (token == QLOG_TOKEN_OBJECT) {
    return QLOG_COLUMN_DATA;
  }
  return i < sizeof(usual) ? (qlog_column)usual[i] : QLOG_COLUMN_OTHER;
}

/* envelope_row: an array where data should be, or behind the last column, is
   the next row, and this one has no end. */
static bool envelope_row(qlog_envelope *e, qlog_tokens *t,
                         const uint8_t *columns, size_t ncolumns) {
  static const char inside[] = "another row inside";
  qlog_token token = qlog_tokens_next(t);

  for (size_t i = 0; token != QLOG_TOKEN_ARRAY_END; i++) {
    qlog_column column = i < ncolumns ? (qlog_column)columns[i]
                         : ncolumns   ? QLOG_COLUMN_OTHER
                                      : envelope_guess(i, token);

    if (token == QLOG_TOKEN_ARRAY && i >= ncolumns) {
      return envelope_bad(e, t, inside);
    }
    if (!envelope_cell(e, t, column, token)) {
      return envelope_bad(e, t, t->why ? NULL : inside);
    }
    token = qlog_tokens_next(t);
  }
  return true;
}

bool qlog_envelope_read(qlog_envelope *e, quic_bytes record,
                        const uint8_t *columns, size_t ncolumns, bool guess) {
  qlog_tokens t;
  qlog_token first;
  bool good;

  qlog_clear(e, sizeof(*e));
  e->time_format = QLOG_UNSET;
  qlog_tokens_init(&t, record);
  first = qlog_tokens_nested(&t);
  switch (first != QLOG_TOKEN_ERROR ? first : qlog_tokens_next(&t)) {
  case QLOG_TOKEN_OBJECT:
    good = envelope_object(e, &t, guess);
    break;
  case QLOG_TOKEN_ARRAY:
    good = envelope_row(e, &t, columns, ncolumns);
    break;
  default:
    t.at = t.why ? t.at : t.start;
    return envelope_bad(e, &t, t.why ? NULL : "neither an object nor a row");
  }
  e->loose = t.loose;
  if (e->name.text.len == 0) {
    e->name = e->type;
  }
  if (!good) {
    return false;
  }
  if (e->data_rest) {
    return true;
  }
  e->behind = t.why == NULL;
  if (qlog_tokens_next(&t) != QLOG_TOKEN_END) {
    return envelope_bad(e, &t, NULL);
  }
  e->behind = false;
  return true;
}
