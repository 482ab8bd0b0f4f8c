#include "qlog/reader_parts.h"

#include "qlog/token.h"

static bool record_is(quic_bytes text, uint8_t first) {
  return text.len && text.data[0] == first;
}

/* record_names splits "transport:packet_sent"; without a colon the category is
   the space. */
static void record_names(qlog_reader *r, reader_output *out) {
  const qlog_envelope *e = &out->envelope;
  const uint8_t *colon;

  if (e->name.escaped || e->category.escaped) {
    reader_batch_tell(r); /* an earlier one may have been unescaped there */
  }
  out->name = reader_plain(e->name.text, e->name.escaped, r->name.text,
                           QLOG_READER_WORD);
  colon = out->name.len ? memchr(out->name.data, ':', out->name.len) : NULL;
  if (colon) {
    out->space =
        quic_bytes_of(out->name.data, (size_t)(colon - out->name.data));
    out->name = quic_bytes_of(colon + 1, out->name.len - out->space.len - 1);
  } else {
    out->space = reader_plain(e->category.text, e->category.escaped,
                              r->space.text, QLOG_READER_WORD);
  }
}

/* record_convert makes the event.  Returns what qlog_convert_event does. */
static int record_convert(qlog_reader *r, const reader_trace *t,
                          uint64_t *repairs, quic_bytes text) {
  reader_output *out = &r->out;
  const qlog_envelope *e = &out->envelope;
  qlog_convert_trace trace = {t->unit == QLOG_STAMP_US, t->rows, t->prespec,
                              repairs};
  qlog_convert_in in = {.space = out->space, .name = out->name};
  qlog_convert_error error = {NULL, 0};
  int rv;

  in.trigger = reader_plain(e->trigger.text, e->trigger.escaped,
                            r->trigger.text, QLOG_READER_WORD);
  in.data = e->data;
  in.trace = &trace;
  rv = qlog_convert_event(r->convert, &in, out->event, &error);
  out->known = rv == 0;
  if (rv == QUIC_ERR_MALFORMED) {
    out->why = error.why ? error.why : "data that is not JSON";
    out->at = error.at;
    if (e->data.len) {
      out->at += (size_t)(e->data.data - text.data);
    }
  }
  return rv;
}

/* record_sound tells whether |data| is JSON, where no converter read it. */
static bool record_sound(quic_bytes data) {
  qlog_tokens t;

  qlog_tokens_init(&t, data);
  return qlog_tokens_skip(&t, qlog_tokens_next(&t), NULL) &&
         qlog_tokens_next(&t) == QLOG_TOKEN_END;
}

/* record_guess reads a record on the guess that its data goes to its end, which
   spares looking for that.  If the data is one JSON value then, the guess was
   right.  Returns false when it was not. */
static bool record_guess(qlog_reader *r, const reader_trace *t,
                         uint64_t *repairs, quic_bytes text, int *rv) {
  uint64_t before[QLOG_REPAIRS];
  reader_output *out = &r->out;

  if (!qlog_envelope_read(&out->envelope, text, t->columns, t->ncolumns,
                          true) ||
      !out->envelope.data_rest) {
    return false;
  }
  memcpy(before, repairs, sizeof(before));
  record_names(r, out);
  *rv = record_convert(r, t, repairs, text);
  if (*rv == 0 || *rv == QUIC_ERR_NOMEM ||
      (*rv == QUIC_ERR_UNSUPPORTED && record_sound(out->envelope.data))) {
    return true;
  }
  memcpy(repairs, before, sizeof(before));
  out->why = NULL;
  return false;
}

int reader_read(qlog_reader *r, const reader_trace *t, uint64_t *repairs,
                quic_bytes text) {
  reader_output *out = &r->out;
  int rv = 0;

  out->why = NULL;
  out->known = false;
  out->event = reader_batch_event(r);
  if (r->guess && record_is(text, '{')) {
    if (record_guess(r, t, repairs, text, &rv)) {
      return rv == QUIC_ERR_NOMEM ? rv : 0;
    }
  }
  if (!qlog_envelope_read(&out->envelope, text, t->columns, t->ncolumns,
                          false)) {
    out->why = out->envelope.why;
    out->at = out->envelope.at;
    return 0;
  }
  r->guess = r->guess && !out->envelope.data_inside;
  record_names(r, out);
  if (out->name.len && out->envelope.time.text.len) {
    rv = record_convert(r, t, repairs, text);
  }
  return rv == QUIC_ERR_NOMEM ? rv : 0;
}

bool reader_value(const reader_trace *t, const qlog_envelope_text *text,
                  quic_time *out, bool *negative) {
  unsigned decimals = qlog_stamp_decimals((qlog_stamp_unit)t->unit);

  *negative = false;
  return (text->read &&
          qlog_number_scaled((qlog_number){text->digits, text->behind},
                             decimals, out)) ||
         qlog_token_scaled(text->text, decimals, out, negative);
}

/* record_time puts the time of the record at hand on the clock of the trace.
   Returns NULL, or why it cannot. */
static const char *record_time(qlog_reader *r, quic_time *out, bool *delta) {
  const qlog_envelope *e = &r->out.envelope;
  int format = e->time_format != QLOG_UNSET ? e->time_format : r->time_format;
  uint64_t *repairs = r->stats.repairs;
  quic_time from = r->base, v;
  bool negative;

  if (!reader_value(reader_trace_now(r), &e->time, &v, &negative)) {
    return "a time that is no number, or too large";
  }
  repairs[QLOG_REPAIR_TEXT_NUMBER] += e->time.string;
  repairs[QLOG_REPAIR_MICROSECONDS] +=
      reader_trace_now(r)->unit == QLOG_STAMP_US;
  if (e->time_column || format == QLOG_UNSET) {
    format = r->reference && v >= r->reference && qlog_stamp_wall(v)
                 ? QLOG_TIME_ABSOLUTE
                 : QLOG_TIME_RELATIVE;
  }
  *delta = format == QLOG_TIME_DELTA;
  if (format == QLOG_TIME_ABSOLUTE) {
    from = 0;
  } else if (format == QLOG_TIME_DELTA) {
    from = r->previous;
    repairs[QLOG_REPAIR_DELTA_TIME]++;
  }
  if (negative) {
    repairs[format == QLOG_TIME_DELTA ? QLOG_REPAIR_TIME_BACK
                                      : QLOG_REPAIR_TIME_BELOW]++;
    v = 0;
  }
  if (v > QUIC_TIME_NEVER - 1 - from) {
    return "a time that is too large";
  }
  *out = r->previous = from + v;
  return NULL;
}

/* record_tuple returns the tuple of the event, with a NUL behind it. */
static const char *record_tuple(qlog_reader *r, const qlog_envelope *e) {
  quic_bytes text = e->tuple.text;
  reader_word word;

  if (text.len == 0) {
    return NULL;
  }
  text.len = qlog_token_unescape(text, (uint8_t *)word.text, QLOG_READER_WORD);
  word.text[text.len] = '\0';
  if (memcmp(word.text, r->tuple.text, text.len + 1) != 0) {
    reader_batch_tell(r); /* those before point there */
    memcpy(r->tuple.text, word.text, text.len + 1);
  }
  return r->tuple.text;
}

static void record_count(qlog_reader *r, const reader_output *out) {
  qlog_reader_stats *stats = &r->stats;

  stats->repairs[QLOG_REPAIR_LOOSE_COMMA] += out->envelope.loose;
  if (out->known) {
    stats->events++;
    stats->types[out->event->type]++;
  } else {
    stats->unknown++;
  }
}

/* record_fill fills |record| but for what the caller knows. */
static void record_fill(qlog_reader *r, qlog_record *record,
                        const char *group) {
  const reader_output *out = &r->out;

  record->space = out->space;
  record->name = out->name;
  record->stamp = out->envelope.time.text;
  record->data = out->envelope.data;
  record->event = NULL;
  if (out->known) {
    out->event->time = record->time;
    out->event->record = record->number;
    out->event->group = group;
    out->event->tuple = record_tuple(r, &out->envelope);
    record->event = out->event;
  }
}

int reader_event(qlog_reader *r, const reader_input *in) {
  const qlog_envelope *e = &r->out.envelope;
  qlog_record *record = reader_batch_record(r);
  qlog_group *group;
  const char *why;
  int rv;

  if (!r->told) {
    rv = reader_trace_tell(r, e);
    if (rv != 0) {
      return rv;
    }
  }
  why = record_time(r, &record->time, &record->delta);
  if (why) {
    reader_bad(r, in, why, (size_t)(e->time.text.data - in->text.data));
    return 0;
  }
  rv = qlog_groups_of(&r->groups,
                      reader_plain(e->group.text, e->group.escaped,
                                   r->group.text, QLOG_READER_WORD),
                      &group);
  if (rv != 0) {
    return rv;
  }
  if (record->time < group->last) {
    r->stats.repairs[QLOG_REPAIR_TIME_BACK]++;
    record->time = group->last;
  }
  group->last = record->time;
  record_count(r, &r->out);
  record->offset = in->offset;
  record->text = in->text;
  record->number = r->stats.records;
  record->trace = r->stats.traces - 1;
  record->group = quic_bytes_of(group->name, group->len);
  record_fill(r, record, group == r->groups.own ? NULL : group->name);
  reader_batch_add(r);
  return 0;
}

int qlog_reader_again(qlog_reader *r, const qlog_record *given) {
  uint64_t repairs[QLOG_REPAIRS] = {0};
  const qlog_envelope *e = &r->out.envelope;
  qlog_record record = *given;
  quic_bytes group;
  int rv;

  if (record.trace >= r->stats.traces) {
    return QUIC_ERR_MALFORMED;
  }
  reader_batch_end(r);
  rv = reader_read(r, &r->traces[record.trace], repairs, record.text);
  if (rv != 0) {
    return rv;
  }
  if (r->out.why || r->out.name.len == 0) {
    return QUIC_ERR_MALFORMED;
  }
  group.len = qlog_token_unescape(e->group.text, (uint8_t *)r->group.text,
                                  QLOG_READER_WORD);
  r->group.text[group.len] = '\0';
  record_fill(r, &record, group.len ? r->group.text : NULL);
  r->ops->record(r->user, &record);
  return 0;
}
