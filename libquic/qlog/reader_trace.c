#include "qlog/reader_parts.h"

/* A logger whose clock starts with the log has its first event before that. */
#define LOG_START (60 * QUIC_SECOND)

static bool trace_contained(const qlog_reader *r) {
  qlog_layout layout = qlog_slicer_layout(r->slicer);

  return layout == QLOG_LAYOUT_CONTAINED;
}

static quic_bytes trace_file_head(const qlog_reader *r) {
  return trace_contained(r) ? qlog_slicer_head(r->slicer)
                            : quic_bytes_of(r->head, r->head_len);
}

static quic_bytes trace_own_head(const qlog_reader *r) {
  return trace_contained(r) ? qlog_slicer_trace_head(r->slicer)
                            : quic_bytes_of(NULL, 0);
}

reader_trace *reader_trace_now(const qlog_reader *r) {
  return &r->traces[r->stats.traces - 1];
}

static int trace_keep_head(qlog_reader *r, quic_bytes head) {
  size_t len = head.len < QLOG_HEAD_MAX ? head.len : QLOG_HEAD_MAX;
  int rv = quic_mem_grow(r->mem, (void **)&r->head, &r->head_cap, len, 1);

  if (rv == 0 && len) {
    memcpy(r->head, head.data, len);
  }
  r->head_len = rv ? 0 : len;
  return rv;
}

int reader_trace_start(qlog_reader *r, quic_bytes head) {
  int rv;

  reader_batch_tell(r);
  rv = r->ended ? 0 : reader_trace_end(r);

  if (rv == 0 && r->stats.traces < QLOG_TRACES_MAX) {
    rv = quic_mem_grow(r->mem, (void **)&r->traces, &r->traces_cap,
                       (size_t)r->stats.traces + 1, sizeof(*r->traces));
    if (rv == 0) {
      r->stats.traces++;
    }
  }
  if (rv == 0) {
    rv = trace_keep_head(r, head);
  }
  if (rv != 0) {
    return rv;
  }
  memset(reader_trace_now(r), 0, sizeof(reader_trace));
  r->open = true;
  r->ready = r->told = r->ended = false;
  return 0;
}

/* trace_parse reads the heads; that of one JSON text again only when it grew,
   for it may hold many traces. */
static void trace_parse(qlog_reader *r, qlog_head *h) {
  quic_bytes head = trace_file_head(r);

  if (!trace_contained(r) || !r->file_head_known ||
      r->file_head_text.data != head.data ||
      r->file_head_text.len != head.len) {
    qlog_head_init(&r->file_head);
    qlog_head_read(&r->file_head, head);
    r->file_head_text = head;
    r->file_head_known = true;
  }
  *h = r->file_head;
  qlog_head_read(h, trace_own_head(r));
}

int reader_trace_read(qlog_reader *r) {
  reader_trace *t = reader_trace_now(r);
  char name[QLOG_READER_TEXT + 1];
  qlog_head h;

  trace_parse(r, &h);
  t->unit = (uint8_t)h.unit;
  t->prespec = h.prespec;
  t->ncolumns = h.ncolumns;
  memcpy(t->columns, h.columns, sizeof(t->columns));
  r->ready = true;
  r->claim = r->claim ? r->claim : h.claim;
  r->stats.repairs[QLOG_REPAIR_SECONDS] +=
      h.reference_unit == QLOG_STAMP_S && h.unit != QLOG_STAMP_S;
  return qlog_groups_start(
      &r->groups,
      reader_plain(h.group.text, h.group.escaped, name, QLOG_READER_TEXT));
}

/* trace_times decides what the times of the trace count from. */
static void trace_times(qlog_reader *r, const qlog_head *h,
                        const qlog_envelope *first) {
  quic_time time = 0;
  bool negative = true;

  r->time_format = h->time_format;
  r->reference = h->reference;
  if (first &&
      !reader_value(reader_trace_now(r), &first->time, &time, &negative)) {
    time = 0;
  }
  if (r->reference == 0 && h->logging_start) {
    r->reference = h->logging_start;
    if (!negative && time >= LOG_START && time < h->logging_start) {
      r->reference -= time; /* some clock that ran before the log */
    }
  }
  r->base = r->reference;
  if (h->offset_negative) {
    r->base = quic_time_since(r->base, h->offset);
  } else if (h->offset <= UINT64_MAX - r->base) {
    r->base += h->offset;
  }
  r->previous = r->base;
  r->wall_clock =
      qlog_stamp_wall(r->reference) || (!negative && qlog_stamp_wall(time));
}

/* trace_format names the format of the trace's times by those of the first. */
static qlog_time_format trace_format(const qlog_reader *r,
                                     const qlog_envelope *first) {
  quic_time time;
  bool negative;

  if (first && first->time_format != QLOG_UNSET) {
    return (qlog_time_format)first->time_format;
  }
  if (r->time_format != QLOG_UNSET) {
    return (qlog_time_format)r->time_format;
  }
  if (first &&
      reader_value(reader_trace_now(r), &first->time, &time, &negative) &&
      !negative && qlog_stamp_wall(time)) {
    return QLOG_TIME_ABSOLUTE;
  }
  return QLOG_TIME_RELATIVE;
}

quic_bytes reader_plain(quic_bytes text, bool escaped, char *out, size_t cap) {
  if (!escaped) {
    return text;
  }
  text.len = qlog_token_unescape(text, (uint8_t *)out, cap);
  text.data = (const uint8_t *)out;
  out[text.len] = '\0';
  return text;
}

static void trace_out(qlog_reader *r, const qlog_head *h, bool again,
                      qlog_time_format format) {
  enum { TEXTS = 6 };
  const qlog_head_text *from[TEXTS] = {&h->version,      &h->title,
                                       &h->description,  &h->group,
                                       &h->vantage_name, &h->error};
  char plain[TEXTS][QLOG_READER_TEXT + 1];
  qlog_trace out = {.index = r->stats.traces - 1, .again = again};
  quic_bytes *to[TEXTS] = {&out.version, &out.title,        &out.description,
                           &out.group,   &out.vantage_name, &out.error};

  if (!r->ops->trace) {
    return;
  }
  reader_batch_tell(r);
  for (int i = 0; i < TEXTS; i++) {
    *to[i] = reader_plain(from[i]->text, from[i]->escaped, plain[i],
                          QLOG_READER_TEXT);
  }
  out.layout = r->stats.layout;
  out.vantage = h->vantage;
  out.flow = h->flow;
  out.time_format = format;
  out.wall_clock = r->wall_clock;
  out.reference = r->reference;
  out.decimals =
      qlog_stamp_decimals((qlog_stamp_unit)reader_trace_now(r)->unit);
  if (trace_contained(r)) {
    out.file_head = trace_file_head(r);
  }
  out.head = trace_own_head(r).len ? trace_own_head(r) : trace_file_head(r);
  r->ops->trace(r->user, &out);
}

int reader_trace_tell(qlog_reader *r, const qlog_envelope *first) {
  qlog_head h;

  trace_parse(r, &h);
  trace_times(r, &h, first);
  r->told = true;
  r->told_head = trace_file_head(r).len;
  r->told_trace = trace_own_head(r).len;
  r->told_format = trace_format(r, first);
  trace_out(r, &h, false, r->told_format);
  return 0;
}

/* trace_grew tells whether a head has members that it had not. */
static bool trace_grew(quic_bytes head, size_t told) {
  return head.len > told && memchr(head.data + told, '"', head.len - told);
}

int reader_trace_end(qlog_reader *r) {
  qlog_head h;
  int rv = 0;

  if (!r->open) {
    return 0;
  }
  if (!r->told) {
    rv = r->ready ? 0 : reader_trace_read(r);
    return rv ? rv : reader_trace_tell(r, NULL);
  }
  if (trace_grew(trace_file_head(r), r->told_head) ||
      trace_grew(trace_own_head(r), r->told_trace)) {
    trace_parse(r, &h);
    r->told_head = trace_file_head(r).len;
    r->told_trace = trace_own_head(r).len;
    trace_out(r, &h, true, r->told_format);
  }
  return 0;
}
