/* qlogs written anew: as the newest drafts have them, or as 0.3, with or
   without what tells who and where.  All traces become one, for the sequential
   format has no more: each event says by its group_id where it belongs. */

#include "base/map.h"
#include "cli/complain.h"
#include "qlog/group.h"
#include "qlog/stamp.h"
#include "qlog/strange.h"
#include "qlog/writer.h"
#include "qlogview/anonymise.h"
#include "qlogview/out.h"
#include "qlogview/out_slice.h"
#include "qlogview/select.h"

#define CONVERT_TEXT 512 /* octets kept of a title */
#define CONVERT_GROUP (QLOG_GROUP_NAME_MAX + 24)

/* The trace that events come from. */
typedef struct convert_trace {
  uint32_t number; /* among all that were read */
  char title[CONVERT_TEXT + 1], description[CONVERT_TEXT + 1];
  char name[CONVERT_TEXT + 1]; /* of the vantage point */
  char group[QLOG_GROUP_NAME_MAX + 1];
  qlog_vantage vantage, flow;
  bool wall_clock, placed, again; /* |again|: another one has its group */
  quic_time reference;
  quic_time origin; /* its time of the file's reference */
} convert_trace;

typedef struct out_convert {
  qv_out base;
  qv_select select;
  qv_anonymiser *anonymiser; /* NULL: nothing is to be hidden */
  qlog_convert *names;       /* NULL: nobody wants to know what is lost */
  qlog_writer *writer;       /* NULL until the first event */
  quic_map groups;           /* of the traces so far */
  convert_trace trace;
  uint32_t traces, written_traces;
  uint32_t main; /* the trace that the head is of */
  quic_time reference;
  bool wall_clock;
  char common[CONVERT_GROUP + 1]; /* group of the head; empty = none */
  char group[CONVERT_GROUP + 1];  /* of the event at hand */
  uint64_t written, unknown, bad, moved, lost;
  bool failed, starved;
} out_convert;

static void convert_copy(char *out, size_t cap, quic_bytes from) {
  size_t n = from.len < cap ? from.len : cap;

  if (n) {
    memcpy(out, from.data, n);
  }
  out[n] = '\0';
}

static void convert_trace_told(void *user, const qlog_trace *trace) {
  out_convert *o = user;
  convert_trace *t = &o->trace;
  quic_bytes group;

  if (trace->again) {
    return;
  }
  memset(t, 0, sizeof(*t));
  t->number = o->traces++;
  convert_copy(t->title, CONVERT_TEXT, trace->title);
  convert_copy(t->description, CONVERT_TEXT, trace->description);
  convert_copy(t->name, CONVERT_TEXT, trace->vantage_name);
  convert_copy(t->group, QLOG_GROUP_NAME_MAX, trace->group);
  t->vantage = trace->vantage;
  t->flow = trace->flow;
  t->wall_clock = trace->wall_clock;
  t->reference = trace->reference;
  group = quic_bytes_of(t->group, strlen(t->group));
  t->again = quic_map_get(&o->groups, group) != NULL;
  o->starved |= !t->again && quic_map_put(&o->groups, group, o);
}

/* Groups. */

/* convert_group finds what the group of an event is called in the file: as in
   its trace, but for traces whose names are taken.  Returns NULL when the head
   says it. */
static const char *convert_group(out_convert *o, quic_bytes group) {
  const convert_trace *t = &o->trace;
  quic_text name;

  quic_text_init(&name, o->group, sizeof(o->group));
  if (group.len > QLOG_GROUP_NAME_MAX) {
    group.len = QLOG_GROUP_NAME_MAX;
  }
  if (o->anonymiser) {
    qv_anonymise_group(o->anonymiser, &name, group);
  } else if (group.len > 0) {
    quic_text_mem(&name, (const char *)group.data, group.len);
  }
  if (o->writer && t->number != o->main && (t->again || group.len == 0)) {
    quic_text_printf(&name, "%s%u", group.len ? "-" : "trace-",
                     (unsigned)t->number);
  }
  return strcmp(quic_text_cstr(&name), o->common) == 0 ? NULL : o->group;
}

/* The head. */

static qlog_vantage convert_vantage(const convert_trace *t,
                                    const qv_connection *c) {
  static const qlog_vantage vantages[] = {
      [QUIC_VANTAGE_CLIENT] = QLOG_VANTAGE_CLIENT,
      [QUIC_VANTAGE_SERVER] = QLOG_VANTAGE_SERVER,
      [QUIC_VANTAGE_NETWORK] = QLOG_VANTAGE_NETWORK};

  if (t->vantage != QLOG_VANTAGE_UNKNOWN || !c || !c->vantage_told) {
    return t->vantage;
  }
  return vantages[c->vantage];
}

/* convert_clock decides what the file's times count from. */
static void convert_clock(out_convert *o, quic_time first) {
  const convert_trace *t = &o->trace;

  o->wall_clock = t->wall_clock;
  o->reference = 0;
  if (o->anonymiser) {
    o->wall_clock = false;
    o->reference = first;
  } else if (t->wall_clock) {
    o->reference = qlog_stamp_wall(t->reference) && t->reference <= first
                       ? t->reference
                       : first;
  }
}

static const char *convert_text(const out_convert *o, const char *s) {
  return *s && !o->anonymiser ? s : NULL;
}

/* convert_start writes the head, which is the one of the trace at hand. */
static void convert_start(out_convert *o, const qv_connection *c,
                          quic_bytes group, quic_time first) {
  const qv_context *ctx = o->base.ctx;
  const convert_trace *t = &o->trace;
  qlog_writer_settings set = {
      .out = ctx->out, .compat = ctx->opt->compat, .undescribed = true};

  convert_clock(o, first);
  if (!ctx->opt->connection) {
    group = quic_bytes_of(t->group, strlen(t->group));
  }
  (void)convert_group(o, group);
  memcpy(o->common, o->group, sizeof(o->common));
  o->main = t->number;
  set.title = convert_text(o, t->title);
  set.description = convert_text(o, t->description);
  set.name = convert_text(o, t->name);
  set.vantage = convert_vantage(t, c);
  set.flow = t->flow;
  set.reference = o->reference;
  set.monotonic = !o->wall_clock;
  set.group = *o->common ? o->common : NULL;
  set.schemas = QLOG_SCHEMA_QUIC | QLOG_SCHEMA_HTTP3 | QLOG_SCHEMA_HTTP |
                QLOG_SCHEMA_LOGLEVEL | QLOG_SCHEMA_SIMULATION;
  set.raw_max = o->anonymiser ? 0 : SIZE_MAX;
  o->starved |= qlog_writer_new(&o->writer, ctx->mem, &set) != 0;
}

/* Events. */

/* convert_place finds where a trace lies on the clock of the file: where it
   says, or at the start when it counts from something else. */
static void convert_place(out_convert *o, quic_time first) {
  convert_trace *t = &o->trace;

  t->placed = true;
  o->written_traces++;
  t->origin = o->reference;
  if (t->number != o->main &&
      (first < o->reference ||
       (!o->anonymiser && t->wall_clock != o->wall_clock))) {
    t->origin = first;
    o->moved++;
  }
}

static quic_time convert_time(const out_convert *o, quic_time time) {
  quic_time origin = o->trace.origin;

  if (time >= origin) {
    time -= origin;
    return time < UINT64_MAX - o->reference ? o->reference + time : UINT64_MAX;
  }
  return quic_time_since(o->reference, origin - time);
}

/* convert_lost counts what the newest drafts have no place for. */
static void convert_lost(out_convert *o, const qlog_record *record) {
  const qlog_event *e = record->event;

  if (!o->names) {
    return;
  }
  o->lost += qlog_strange_members(o->names, record->text, record->data);
  if (e->type == QLOG_PACKET_LOST) {
    o->lost += e->u.packet.length != QLOG_NONE;
  } else if (e->type == QLOG_PACKET_DROPPED ||
             e->type == QLOG_PACKET_BUFFERED) {
    o->lost += e->u.packet.has_frames;
  }
}

static void convert_event(out_convert *o, const qlog_record *record) {
  qlog_event e = *record->event;

  convert_lost(o, record);

  e.time = convert_time(o, record->time);
  e.group = convert_group(o, record->group);
  if (o->anonymiser && qv_anonymise_event(o->anonymiser, &e) != 0) {
    o->starved = true;
    return;
  }
  qlog_writer_sink(o->writer)->event(qlog_writer_sink(o->writer), &e);
}

static void convert_foreign(out_convert *o, const qlog_record *record) {
  const qlog_foreign e = {.time = convert_time(o, record->time),
                          .space = record->space,
                          .name = record->name,
                          .group = convert_group(o, record->group),
                          .record = record->text,
                          .data = record->data};

  qlog_writer_foreign(o->writer, &e);
}

static void convert_record(void *user, qv_connection *c,
                           const qlog_record *record) {
  out_convert *o = user;
  const qv_context *ctx = o->base.ctx;

  if (!qv_wanted(ctx, c) || !qv_in_window(ctx, c, record->time) ||
      !qv_select_match(&o->select, c, record)) {
    return;
  }
  o->unknown += !record->event;
  if (!record->event && o->anonymiser) {
    return;
  }
  if (!o->writer) {
    convert_start(o, c, record->group, record->time);
  }
  if (!o->writer) {
    return;
  }
  if (!o->trace.placed) {
    convert_place(o, record->time);
  }
  o->written++;
  if (record->event) {
    convert_event(o, record);
  } else {
    convert_foreign(o, record);
  }
}

static void convert_bad(void *user, const qlog_bad *bad) {
  (void)bad;
  ((out_convert *)user)->bad++;
}

/* The end. */

static void convert_file(qv_out *base, const qv_file *file, bool failed) {
  out_convert *o = (out_convert *)base;

  (void)file;
  o->failed |= failed;
}

static void convert_note(uint64_t n, const char *one, const char *many) {
  if (n == 1) {
    cli_complain("note: %s", one);
  } else if (n > 0) {
    cli_complain("note: %llu %s", (unsigned long long)n, many);
  }
}

static void convert_notes(const out_convert *o) {
  convert_note(o->bad, "a record could not be read and was left out",
               "records could not be read and were left out");
  if (o->anonymiser) {
    convert_note(o->unknown,
                 "an event that no draft knows was left out: nobody can tell "
                 "what it gives away",
                 "events that no draft knows were left out: nobody can tell "
                 "what they give away");
  }
  convert_note(o->lost,
               "a field for which the drafts have no place was left out",
               "fields for which the drafts have no place were left out");
  if (o->written_traces > 1) {
    cli_complain("note: %u traces became one, and their events go by group_id",
                 (unsigned)o->written_traces);
  }
  convert_note(o->moved,
               "a trace counts its times from something else, and was put at "
               "the start",
               "traces count their times from something else, and were put at "
               "the start");
  if (o->written == 0) {
    cli_complain("note: no event was written");
  }
}

static int convert_finish(qv_out *base) {
  out_convert *o = (out_convert *)base;

  if (!o->writer && !o->failed) {
    convert_start(o, NULL, quic_bytes_of(NULL, 0), 0);
  }
  if (o->starved) {
    cli_complain("out of memory: not all of it could be converted");
    base->broken = true;
    return QV_EXIT_INPUT;
  }
  if (o->writer) {
    qlog_writer_finish(o->writer);
  }
  if (!o->failed && !base->ctx->opt->quiet) {
    convert_notes(o);
  }
  return 0;
}

static void convert_del(qv_out *base) {
  out_convert *o = (out_convert *)base;

  qlog_writer_del(o->writer);
  if (o->names) {
    qlog_convert_del(o->names);
  }
  qv_anonymiser_del(o->anonymiser);
  quic_map_free(&o->groups);
  qv_select_free(&o->select);
  qv_out_free(base);
}

/* convert_parts makes what the command line asks for. */
static int convert_parts(out_convert *o, const qv_context *ctx) {
  const qv_options *opt = ctx->opt;

  if (qv_select_init(&o->select, ctx->mem, opt->filter)) {
    qv_mistake(ctx);
    return QUIC_ERR_INVALID;
  }
  if (opt->anonymise) {
    return qv_anonymiser_new(&o->anonymiser, ctx->mem, ctx->seed);
  }
  return opt->quiet ? 0 : qlog_convert_new(&o->names, ctx->mem);
}

qv_out *qv_out_convert_new(const qv_context *ctx) {
  out_convert *o;

  if (ctx->many) {
    cli_complain("one file at a time is written: give a file, no directory");
    return NULL;
  }
  if (ctx->opt->slice) {
    return qv_out_slice_new(ctx);
  }
  o = qv_out_alloc(ctx, sizeof(*o));
  if (!o) {
    return NULL;
  }
  quic_map_init(&o->groups, ctx->mem, ctx->seed);
  if (convert_parts(o, ctx) != 0) {
    convert_del(&o->base);
    return NULL;
  }
  o->base.analyse = false;
  o->base.ops.trace = convert_trace_told;
  o->base.ops.record = convert_record;
  o->base.ops.bad = convert_bad;
  o->base.file = convert_file;
  o->base.finish = convert_finish;
  o->base.del = convert_del;
  return o ? &o->base : NULL;
}
