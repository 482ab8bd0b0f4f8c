#include "qlog/envelope.h"

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

/* envelope_member takes the value of the key at hand. */
static bool envelope_member(qlog_envelope *e, qlog_tokens *t) {
  quic_bytes key = t->text;
  qlog_envelope_text *out = NULL;

  if (qlog_token_is(key, "time")) {
    out = &e->time;
  } else if (qlog_token_is(key, "name")) {
    out = &e->name;
  } else if (qlog_token_is(key, "type") || qlog_token_is(key, "event")) {
    out = &e->type;
  } else if (qlog_token_is(key, "category")) {
    out = &e->category;
  } else if (qlog_token_is(key, "group_id") || qlog_token_is(key, "ODCID")) {
    out = &e->group;
  } else if (qlog_token_is(key, "tuple") || qlog_token_is(key, "path")) {
    out = &e->tuple;
  } else if (qlog_token_is(key, "time_format")) {
    return envelope_format(e, t, qlog_tokens_next(t));
  } else if (qlog_token_is(key, "trigger")) {
    out = &e->trigger;
  }
  return out ? envelope_text(t, qlog_tokens_next(t), out)
             : envelope_other(e, t);
}

static bool envelope_object(qlog_envelope *e, qlog_tokens *t, bool guess) {
  bool early = false; /* data came when all else had come */

  while (qlog_tokens_member(t)) {
    bool good;

    e->data_inside = e->data_inside || early;
    if (qlog_token_is(t->text, "data")) {
      qlog_token token = qlog_tokens_next(t);

      if (guess && envelope_rest(e, t, token)) {
        return true;
      }
      early = e->time.text.len && (e->name.text.len || e->type.text.len);
      good = envelope_data(e, t, token);
    } else {
      good = envelope_member(e, t);
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
  bool good;

  memset(e, 0, sizeof(*e));
  e->time_format = QLOG_UNSET;
  qlog_tokens_init(&t, record);
  switch (qlog_tokens_next(&t)) {
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
