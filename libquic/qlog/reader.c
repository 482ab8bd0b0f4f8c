#include "qlog/reader.h"

#include "qlog/plain.h"
#include "qlog/reader_parts.h"

static const char *const layout_names[QLOG_LAYOUTS] = {
    [QLOG_LAYOUT_UNKNOWN] = "unknown",   [QLOG_LAYOUT_CONTAINED] = "contained",
    [QLOG_LAYOUT_ROWS] = "rows",         [QLOG_LAYOUT_PRESPEC] = "prespec",
    [QLOG_LAYOUT_SEQUENCE] = "json-seq", [QLOG_LAYOUT_NDJSON] = "ndjson",
};

const char *qlog_layout_name(qlog_layout layout) {
  return (unsigned)layout < QLOG_LAYOUTS ? layout_names[layout]
                                         : layout_names[QLOG_LAYOUT_UNKNOWN];
}

static const struct {
  const char *name, *text;
} repair_rows[QLOG_REPAIRS] = {
#define QLOG_REPAIR(id, name, text) [QLOG_REPAIR_##id] = {name, text},
#include "qlog/repair.def"
#undef QLOG_REPAIR
};

const char *qlog_repair_name(qlog_repair repair) {
  return (unsigned)repair < QLOG_REPAIRS ? repair_rows[repair].name : "unknown";
}

const char *qlog_repair_text(qlog_repair repair) {
  return (unsigned)repair < QLOG_REPAIRS ? repair_rows[repair].text : "unknown";
}

void reader_bad(qlog_reader *r, const reader_input *in, const char *why,
                size_t at) {
  qlog_bad bad = {r->stats.records, in->offset, in->text, why, at};

  r->stats.bad++;
  reader_batch_tell(r);
  if (r->ops->bad) {
    r->ops->bad(r->user, &bad);
  }
}

static void reader_count(qlog_reader *r, const reader_input *in) {
  r->stats.records++;
  if (in->text.len > r->stats.record_largest) {
    r->stats.record_largest = in->text.len;
  }
}

static void reader_truncated(qlog_reader *r) {
  r->stats.truncated = true;
  r->stats.repairs[QLOG_REPAIR_TRUNCATED] = 1;
}

/* reader_ready sees to a trace whose head was read. */
static int reader_ready(qlog_reader *r) {
  int rv = r->open ? 0 : reader_trace_start(r, quic_bytes_of(NULL, 0));

  return rv || r->ready ? rv : reader_trace_read(r);
}

/* reader_one takes the record in |r->out|, which is a whole one. */
static int reader_one(qlog_reader *r, const reader_input *in) {
  const qlog_envelope *e = &r->out.envelope;
  bool event = !r->out.why && r->out.name.len && e->time.text.len;
  int rv;

  if (!r->out.why && !event && e->head) {
    r->nheads++;
    return reader_trace_start(r, in->text);
  }
  if (r->out.why) {
    qlog_slicer_bad(r->slicer, r->out.at);
    reader_bad(r, in, r->out.why, r->out.at);
    return 0;
  }
  if (!event) {
    qlog_slicer_bad(r->slicer, 0);
    reader_bad(r, in,
               r->out.name.len ? "an event without a time"
                               : "an event without a name",
               0);
    return 0;
  }
  rv = reader_ready(r);
  return rv ? rv : reader_event(r, in);
}

/* reader_split finds the end of the first of several records in a broken text.
   Braces on new lines may have been taken for parts of a record that was cut in
   front of them. */
static size_t reader_split(const reader_output *out, quic_bytes text) {
  const uint8_t *line;

  if (out->envelope.behind && out->at > 0 && out->at < text.len) {
    return out->at;
  }
  line = memmem(text.data, text.len, "\n{", 2);
  return line ? (size_t)(line + 1 - text.data) : text.len;
}

static void reader_trim(quic_bytes *text) {
  while (text->len && qlog_plain_space(text->data[text->len - 1])) {
    text->len--;
  }
}

/* reader_advance goes on behind the first |n| octets of |in|. */
static void reader_advance(reader_input *in, size_t n) {
  const uint8_t *end = in->text.data + in->text.len;
  const uint8_t *p = qlog_plain_spaces(in->text.data + n, end);

  in->offset += (uint64_t)(p - in->text.data);
  in->text = quic_bytes_of(p, (size_t)(end - p));
  in->separated = false;
}

/* reader_piece takes the first record of |all|, |*n| octets. */
static int reader_piece(qlog_reader *r, const reader_input *all, size_t *n) {
  static const reader_trace none; /* in front of a head, or without one */
  const reader_trace *t = r->open ? reader_trace_now(r) : &none;
  reader_input in = *all;
  uint64_t *repairs = r->stats.repairs;
  int rv = r->open ? reader_ready(r) : 0;

  *n = in.text.len;
  if (rv == 0) {
    rv = reader_read(r, t, repairs, in.text);
  }
  if (rv == 0 && r->out.why) {
    *n = reader_split(&r->out, in.text);
    if (*n < in.text.len) {
      in.last = false;
      in.text.len = *n;
      reader_trim(&in.text);
      rv = reader_read(r, t, repairs, in.text);
    }
  }
  if (rv != 0) {
    return rv;
  }
  reader_count(r, &in);
  repairs[QLOG_REPAIR_NO_SEPARATOR] +=
      !in.separated && r->stats.layout == QLOG_LAYOUT_SEQUENCE;
  if (in.last && r->out.why && r->out.envelope.cut) {
    reader_truncated(r);
  }
  return reader_one(r, &in);
}

static int reader_texts(qlog_reader *r, reader_input in) {
  int rv = 0;

  r->stats.layout = qlog_slicer_layout(r->slicer);
  while (rv == 0 && in.text.len) {
    size_t n;

    rv = reader_piece(r, &in, &n);
    reader_advance(&in, n);
  }
  return rv;
}

/* reader_row: the first event tells what the events are. */
static void reader_row(qlog_reader *r, quic_bytes text) {
  reader_trace *t = reader_trace_now(r);

  if (text.data[0] == '[' && !r->told && !t->rows) {
    t->rows = true;
    r->stats.layout = t->prespec ? QLOG_LAYOUT_PRESPEC : QLOG_LAYOUT_ROWS;
  }
}

/* reader_empty: converters of draft-00 end their lists with an empty row. */
static bool reader_empty(quic_bytes text) {
  return text.len >= 2 && text.data[0] == '[' &&
         qlog_plain_spaces(text.data + 1, text.data + text.len) ==
             text.data + text.len - 1;
}

static int reader_element(qlog_reader *r, const reader_input *in) {
  int rv = reader_ready(r);

  if (rv != 0 || reader_empty(in->text)) {
    qlog_slicer_bad(r->slicer, in->text.len); /* no example to go by */
    return rv;
  }
  reader_row(r, in->text);
  rv = reader_read(r, reader_trace_now(r), r->stats.repairs, in->text);
  if (rv != 0) {
    return rv;
  }
  reader_count(r, in);
  return reader_one(r, in);
}

/* reader_broken takes what the slicer could not make a record of.  If it is bad
   JSON before that, the slicer may find others in it. */
static int reader_broken(qlog_reader *r, const qlog_slice *slice) {
  reader_input in = {slice->text, slice->offset, slice->last, false};
  const char *why = slice->why;
  size_t at = slice->text.len;
  qlog_envelope e;
  int rv;

  if (slice->kind == QLOG_SLICE_EVENT && slice->whole) {
    rv = reader_ready(r);
    if (rv != 0) {
      return rv;
    }
    if (!qlog_envelope_read(&e, slice->text, reader_trace_now(r)->columns,
                            reader_trace_now(r)->ncolumns, false) &&
        !e.cut) {
      why = e.why;
      at = e.at;
      qlog_slicer_bad(r->slicer, at);
    }
  }
  reader_count(r, &in);
  reader_bad(r, &in, why, at);
  if (slice->last) {
    reader_truncated(r);
  }
  return 0;
}

/* reader_stays tells whether |text| is there as long as what is fed. */
static bool reader_stays(const qlog_reader *r, quic_bytes text) {
  uintptr_t at = (uintptr_t)text.data, fed = (uintptr_t)r->fed.data;

  return text.len == 0 || (at >= fed && at - fed < r->fed.len);
}

/* reader_slice takes what the slicer cut. */
static int reader_slice(void *user, const qlog_slice *slice) {
  qlog_reader *r = user;
  reader_input in = {slice->text, slice->offset, slice->last, slice->separated};
  int rv = 0;

  switch (slice->kind) {
  case QLOG_SLICE_TEXT:
    rv = slice->why ? reader_broken(r, slice) : reader_texts(r, in);
    break;
  case QLOG_SLICE_EVENT:
    rv = slice->why ? reader_broken(r, slice) : reader_element(r, &in);
    break;
  case QLOG_SLICE_TRACE:
    r->nheads++;
    rv = reader_trace_start(r, quic_bytes_of(NULL, 0));
    break;
  case QLOG_SLICE_CONTAINED:
    r->stats.layout = QLOG_LAYOUT_CONTAINED;
    break;
  case QLOG_SLICE_TRACE_END:
    rv = reader_trace_end(r);
    r->ended = true;
    break;
  case QLOG_SLICE_CONTAINED_END:
    rv = reader_trace_end(r);
    break;
  }
  if (!reader_stays(r, slice->text)) {
    reader_batch_end(r);
  }
  if (rv == 0 && r->stats.bad >= QLOG_READER_TRIES && r->nheads == 0 &&
      r->stats.events + r->stats.unknown == 0) {
    r->problem = "none of its records is one";
    rv = QUIC_ERR_UNSUPPORTED;
  }
  return rv;
}

int qlog_reader_new(qlog_reader **out, const quic_mem *mem,
                    const qlog_reader_settings *settings,
                    const qlog_reader_ops *ops, void *user) {
  size_t max = settings->record_max ? settings->record_max : QLOG_RECORD_MAX;
  qlog_reader *r = quic_mem_zalloc(mem, sizeof(*r));
  int rv;

  if (!r) {
    return QUIC_ERR_NOMEM;
  }
  r->mem = mem;
  r->ops = ops;
  r->user = user;
  r->guess = true;
  r->time_format = QLOG_UNSET;
  qlog_groups_init(&r->groups, mem, settings->seed);
  rv = qlog_slicer_new(&r->slicer, mem, max, reader_slice, r);
  if (rv == 0) {
    rv = qlog_convert_new(&r->convert, mem);
  }
  if (rv != 0) {
    qlog_reader_del(r);
    return rv;
  }
  *out = r;
  return 0;
}

void qlog_reader_del(qlog_reader *r) {
  if (!r) {
    return;
  }
  qlog_slicer_del(r->slicer);
  if (r->convert) {
    qlog_convert_del(r->convert);
  }
  qlog_groups_free(&r->groups);
  quic_mem_free(r->mem, r->traces);
  quic_mem_free(r->mem, r->head);
  quic_mem_free(r->mem, r);
}

int qlog_reader_feed(qlog_reader *r, quic_bytes octets) {
  if (r->finished) {
    return r->err ? r->err : QUIC_ERR_INVALID;
  }
  if (r->err == 0) {
    r->stats.octets += octets.len;
    r->fed = octets;
    r->err = qlog_slicer_feed(r->slicer, octets);
    reader_batch_end(r);
    r->fed = quic_bytes_of(NULL, 0);
  }
  return r->err;
}

int qlog_reader_pause(qlog_reader *r) {
  if (r->finished) {
    return r->err ? r->err : QUIC_ERR_INVALID;
  }
  if (r->err == 0) {
    r->err = qlog_slicer_pause(r->slicer);
    reader_batch_end(r);
  }
  return r->err;
}

/* reader_claim compares what the head says of the layout with what it is. */
static void reader_claim(qlog_reader *r) {
  qlog_layout layout = r->stats.layout;

  if (layout == QLOG_LAYOUT_ROWS || layout == QLOG_LAYOUT_PRESPEC) {
    layout = QLOG_LAYOUT_CONTAINED;
  }
  if (r->claim && r->claim != layout && r->stats.records > 1) {
    r->stats.repairs[QLOG_REPAIR_LYING_HEAD] = 1;
  }
}

/* reader_nothing: a file in which nothing was found may be the start of a
   qlog. */
static int reader_nothing(qlog_reader *r) {
  if (r->stats.records == 0 || r->stats.truncated) {
    return QUIC_ERR_SHORT;
  }
  r->problem = "none of its records is one";
  return QUIC_ERR_UNSUPPORTED;
}

int qlog_reader_finish(qlog_reader *r) {
  if (r->finished) {
    return r->err;
  }
  if (r->err == 0) {
    r->err = qlog_slicer_finish(r->slicer);
  }
  if (r->err == 0) {
    r->err = reader_trace_end(r);
  }
  if (r->err != 0) {
    return r->err;
  }
  r->finished = true;
  if (qlog_slicer_cut(r->slicer)) {
    reader_truncated(r);
  }
  r->stats.repairs[QLOG_REPAIR_LOOSE_COMMA] += qlog_slicer_loose(r->slicer);
  reader_claim(r);
  if (r->stats.records == 0 ||
      (r->nheads == 0 && r->stats.events + r->stats.unknown == 0)) {
    r->err = reader_nothing(r);
  }
  return r->err;
}

const char *qlog_reader_problem(const qlog_reader *r) {
  return r->problem ? r->problem : qlog_slicer_problem(r->slicer);
}

const qlog_reader_stats *qlog_reader_stats_of(const qlog_reader *r) {
  return &r->stats;
}
