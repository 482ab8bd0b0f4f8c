/* Records of a window as they are, under the heads and in the layout that they
   had.  Only times that count from the record before are told anew, where that
   one is not there any more. */

#include "qlogview/out_slice.h"

#include "cli/complain.h"
#include "qlog/json.h"
#include "qlog/token.h"
#include "qlogview/casing.h"
#include "qlogview/select.h"

#define SLICE_SEPARATOR "\x1e" /* RFC 7464 */

typedef struct out_slice {
  qv_out base;
  qv_select select;
  qlog_layout layout;
  qv_casing file, trace; /* heads; of a stream |file| is its record */
  bool head_due;         /* stream: the head is not written yet */
  bool document;         /* one JSON text: begun, ... */
  bool elements;         /* has traces already, ... */
  bool element;          /* and one is open, ... */
  bool records;          /* with records */
  unsigned decimals;
  bool chain;     /* |kept| is known */
  quic_time kept; /* what the next delta counts from */
  uint64_t written, changed, bad;
  bool failed;
} out_slice;

static bool slice_streams(const out_slice *o) {
  return o->layout == QLOG_LAYOUT_SEQUENCE || o->layout == QLOG_LAYOUT_NDJSON;
}

static void slice_broken(out_slice *o, const char *why) {
  if (!o->base.broken) {
    cli_complain("%s: %s", o->base.ctx->path, why);
  }
  o->base.broken = true;
}

static void slice_memory(out_slice *o, int rv) {
  if (rv != 0) {
    slice_broken(o, "out of memory");
  }
}

/* Heads. */

static void slice_close_element(out_slice *o) {
  if (o->element) {
    qv_casing_close(&o->trace, o->base.ctx->out);
  }
  o->element = false;
}

static void slice_close_document(out_slice *o) {
  slice_close_element(o);
  if (o->document) {
    qv_casing_close(&o->file, o->base.ctx->out);
    quic_text_char(o->base.ctx->out, '\n');
  }
  o->document = o->elements = o->records = false;
}

/* slice_grown: the head of the trace at hand goes on behind its records. */
static void slice_grown(out_slice *o, const qlog_trace *trace) {
  if (slice_streams(o)) {
    return;
  }
  slice_memory(o, qv_casing_grow(&o->file, trace->file_head));
  if (o->element) {
    slice_memory(o, qv_casing_grow(&o->trace, trace->head));
  }
}

/* slice_apart: the heads of a trace are one and the same where it stands in no
   list of traces. */
static bool slice_apart(const qlog_trace *trace) {
  return trace->head.data != trace->file_head.data;
}

static void slice_trace(void *user, const qlog_trace *trace) {
  out_slice *o = user;

  if (trace->again) {
    slice_grown(o, trace);
    return;
  }
  slice_close_element(o);
  if (trace->index == 0 || !slice_apart(trace) ||
      !qv_casing_begins(&o->file, trace->file_head)) {
    slice_close_document(o);
  }
  o->layout = trace->layout;
  o->decimals = trace->decimals;
  o->chain = false;
  if (slice_streams(o)) {
    o->head_due = trace->head.len > 0;
    slice_memory(o, qv_casing_set(&o->file, trace->head));
    return;
  }
  if (o->document) {
    slice_memory(o, qv_casing_grow(&o->file, trace->file_head));
  } else {
    slice_memory(o, qv_casing_set(&o->file, trace->file_head));
  }
  slice_memory(o, qv_casing_set(&o->trace, slice_apart(trace)
                                               ? trace->head
                                               : quic_bytes_of(NULL, 0)));
}

/* slice_open writes the heads that a record needs in front of it. */
static void slice_open(out_slice *o) {
  quic_text *out = o->base.ctx->out;
  int rv = 0;

  if (!o->document) {
    rv = qv_casing_open(&o->file, out);
    o->document = true;
    o->records = o->elements = false;
  }
  if (rv == 0 && o->trace.len > 0 && !o->element) {
    if (o->elements) {
      quic_text_str(out, ",\n");
    }
    rv = qv_casing_open(&o->trace, out);
    o->element = o->elements = true;
    o->records = false;
  }
  if (rv != 0) {
    slice_broken(o, "its head is too large or broken, and cannot be copied");
  }
}

static void slice_stream_head(out_slice *o) {
  quic_text *out = o->base.ctx->out;

  o->head_due = false;
  if (!qv_casing_whole(&o->file)) {
    slice_broken(o, "its head is too large or broken, and cannot be copied");
    return;
  }
  if (o->layout == QLOG_LAYOUT_SEQUENCE) {
    quic_text_str(out, SLICE_SEPARATOR);
  }
  quic_text_mem(out, (const char *)o->file.text, o->file.len);
  quic_text_char(out, '\n');
}

/* Records. */

/* slice_before returns the time that the delta of |record| counts from. */
static quic_time slice_before(const out_slice *o, const qlog_record *record) {
  uint64_t delta;
  bool negative;

  if (!qlog_token_scaled(record->stamp, o->decimals, &delta, &negative) ||
      negative) {
    delta = 0;
  }
  return quic_time_since(record->time, delta);
}

/* slice_text writes the record, and its time anew where |changed|. */
static void slice_text(out_slice *o, const qlog_record *record, bool changed) {
  quic_text *out = o->base.ctx->out;
  const char *text = (const char *)record->text.data;
  size_t at = (size_t)(record->stamp.data - record->text.data);
  size_t end = at + record->stamp.len;
  qlog_json j;

  if (!changed) {
    quic_text_mem(out, text, record->text.len);
    return;
  }
  quic_text_mem(out, text, at);
  qlog_json_init(&j, out);
  qlog_json_scaled(&j, quic_time_since(record->time, o->kept), o->decimals);
  quic_text_mem(out, text + end, record->text.len - end);
  o->changed++;
}

static void slice_write(out_slice *o, const qlog_record *record, bool changed) {
  quic_text *out = o->base.ctx->out;

  if (slice_streams(o)) {
    if (o->head_due) {
      slice_stream_head(o);
    }
    if (o->layout == QLOG_LAYOUT_SEQUENCE) {
      quic_text_str(out, SLICE_SEPARATOR);
    }
    slice_text(o, record, changed);
    quic_text_char(out, '\n');
    return;
  }
  slice_open(o);
  quic_text_str(out, o->records ? ",\n" : "\n");
  o->records = true;
  slice_text(o, record, changed);
}

static void slice_record(void *user, qv_connection *c,
                         const qlog_record *record) {
  out_slice *o = user;
  const qv_context *ctx = o->base.ctx;
  quic_time before = record->delta ? slice_before(o, record) : o->kept;

  if (!o->chain) {
    o->kept = before;
    o->chain = record->delta;
  }
  if (o->base.broken || !qv_wanted(ctx, c) ||
      !qv_in_window(ctx, c, record->time) ||
      !qv_select_match(&o->select, c, record)) {
    return;
  }
  slice_write(o, record, record->delta && before != o->kept);
  o->kept = record->time;
  o->written++;
}

static void slice_bad(void *user, const qlog_bad *bad) {
  (void)bad;
  ((out_slice *)user)->bad++;
}

/* The end. */

static void slice_file(qv_out *base, const qv_file *file, bool failed) {
  out_slice *o = (out_slice *)base;

  (void)file;
  o->failed |= failed;
}

static void slice_notes(const out_slice *o) {
  if (o->written == 0) {
    cli_complain("note: no record lies there, so the head stands alone");
  }
  if (o->bad > 0) {
    cli_complain("note: %llu of the records could not be read and were left "
                 "out",
                 (unsigned long long)o->bad);
  }
  if (o->changed > 0) {
    cli_complain("note: %llu of the times, which count from the record before, "
                 "were told anew",
                 (unsigned long long)o->changed);
  }
}

/* slice_empty writes the heads alone, so that the file is a qlog. */
static void slice_empty(out_slice *o) {
  quic_text *out = o->base.ctx->out;

  if (slice_streams(o) || qv_casing_whole(&o->file)) {
    slice_stream_head(o);
  } else if (qv_casing_open(&o->file, out) == 0) {
    o->document = true;
  }
}

static int slice_finish(qv_out *base) {
  out_slice *o = (out_slice *)base;

  if (o->written == 0 && !o->failed && o->file.len > 0) {
    slice_empty(o);
  }
  slice_close_document(o);
  if (!o->failed && !base->broken && !base->ctx->opt->quiet) {
    slice_notes(o);
  }
  return 0;
}

static void slice_del(qv_out *base) {
  out_slice *o = (out_slice *)base;

  qv_casing_free(&o->file);
  qv_casing_free(&o->trace);
  qv_select_free(&o->select);
  qv_out_free(base);
}

qv_out *qv_out_slice_new(const qv_context *ctx) {
  out_slice *o = qv_out_alloc(ctx, sizeof(*o));

  if (!o) {
    return NULL;
  }
  qv_casing_init(&o->file, ctx->mem);
  qv_casing_init(&o->trace, ctx->mem);
  if (qv_select_init(&o->select, ctx->mem, ctx->opt->filter)) {
    qv_mistake(ctx);
    slice_del(&o->base);
    return NULL;
  }
  o->base.analyse = false;
  o->base.ops.trace = slice_trace;
  o->base.ops.record = slice_record;
  o->base.ops.bad = slice_bad;
  o->base.file = slice_file;
  o->base.finish = slice_finish;
  o->base.del = slice_del;
  return o ? &o->base : NULL;
}
