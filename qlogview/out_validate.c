/* What of a log is not as the newest drafts have it: for people, as JSON. */

#include "cli/complain.h"
#include "cli/table.h"
#include "qlog/json.h"
#include "qlogview/roll.h"
#include "qlogview/say.h"
#include "qlogview/violations.h"

#define VALIDATE_DRAFTS "main-schema-14, quic-events-13, h3-events-13"

typedef struct out_validate {
  qv_out base;
  qv_violations all;       /* of the file in work */
  uint64_t record, offset; /* in work */
  uint64_t records;
  qlog_time_format time_format;
  /* A head may stand behind events, so the last that is told counts. */
  struct {
    bool set;
    uint32_t trace;
    qlog_layout layout;
    char version[QV_TITLE_MAX + 1];
    char *text;
    size_t len, cap;
  } head;
  bool starved, errors;
  qv_roll roll;
  qlog_json json;
} out_validate;

/* The time before, of a connection. */
typedef struct validate_clock {
  bool set, negative;
  uint64_t time; /* us */
} validate_clock;

static void validate_on(void *user, const qlog_violation *v) {
  out_validate *o = user;

  qv_violations_add(&o->all, v, o->record, o->offset);
}

/* Heads. */

static void validate_head(out_validate *o) {
  qlog_validate_head_in in = {
      .layout = o->head.layout,
      .version = {(const uint8_t *)o->head.version, strlen(o->head.version)},
      .head = {(const uint8_t *)o->head.text, o->head.len}};

  if (o->head.set) {
    o->record = o->head.layout == QLOG_LAYOUT_SEQUENCE; /* the first */
    o->offset = 0;
    qlog_validate_head(&in, validate_on, o);
  }
  o->head.set = false;
}

static void validate_trace(void *user, const qlog_trace *trace) {
  out_validate *o = user;
  void *text = o->head.text;
  size_t n =
      trace->version.len < QV_TITLE_MAX ? trace->version.len : QV_TITLE_MAX;

  if (o->head.set && o->head.trace != trace->index) {
    validate_head(o);
  }
  o->time_format = trace->time_format;
  if (quic_mem_grow(o->base.ctx->mem, &text, &o->head.cap, trace->head.len + 1,
                    1)) {
    o->starved = true;
    return;
  }
  o->head.text = text;
  o->head.len = trace->head.len;
  if (trace->head.len) {
    memcpy(o->head.text, trace->head.data, trace->head.len);
  }
  if (n) {
    memcpy(o->head.version, trace->version.data, n);
  }
  o->head.version[n] = '\0';
  o->head.layout = trace->layout;
  o->head.trace = trace->index;
  o->head.set = true;
}

/* Records. */

static void validate_begin(void *user, qv_connection *c) {
  out_validate *o = user;

  c->data = quic_mem_zalloc(o->base.ctx->mem, sizeof(validate_clock));
  o->starved |= !c->data;
}

static void validate_ended(void *user, qv_connection *c) {
  out_validate *o = user;

  quic_mem_free(o->base.ctx->mem, c->data);
  c->data = NULL;
}

/* validate_back: |time| is before |clock|; a difference is when it is below 0.
 */
static bool validate_back(const out_validate *o, const validate_clock *clock,
                          const validate_clock *now) {
  if (o->time_format == QLOG_TIME_DELTA) {
    return now->negative;
  }
  if (!clock->set || now->negative != clock->negative) {
    return clock->set && now->negative;
  }
  return now->negative ? now->time > clock->time : now->time < clock->time;
}

static void validate_time(out_validate *o, qv_connection *c,
                          const qlog_record *record, quic_bytes time) {
  validate_clock *clock = c->data, now = {.set = true};
  qlog_violation v = {.rule = QLOG_RULE_TIME_BACK,
                      .event = "",
                      .path = "time",
                      .wants = "a time not before the one in front of it",
                      .found = time};

  if (!clock || time.len == 0 ||
      !qlog_token_scaled(time, 3, &now.time, &now.negative)) {
    return;
  }
  if (validate_back(o, clock, &now)) {
    v.at = (size_t)(time.data - record->text.data);
    validate_on(o, &v);
  }
  *clock = now;
}

static void validate_record(void *user, qv_connection *c,
                            const qlog_record *record) {
  out_validate *o = user;
  quic_bytes time;

  if (!qv_wanted(o->base.ctx, c) ||
      !qv_in_window(o->base.ctx, c, record->time)) {
    return;
  }
  o->records++;
  o->record = record->number;
  o->offset = record->offset;
  qlog_validate_record(record, validate_on, o, &time);
  validate_time(o, c, record, time);
}

static void validate_bad(void *user, const qlog_bad *bad) {
  const qlog_violation v = {.rule = QLOG_RULE_UNREADABLE,
                            .event = "",
                            .path = "",
                            .wants = bad->why,
                            .found = bad->text,
                            .at = bad->at};
  out_validate *o = user;

  qv_violations_add(&o->all, &v, bad->number, bad->offset);
}

/* Text. */

static void validate_cell(out_validate *o, cli_table *table) {
  if (cli_table_next(table) == QUIC_ERR_LIMIT) {
    cli_table_write(table, o->base.ctx->out, o->base.ctx->opt->colour);
  }
}

static void validate_severity(quic_text *t, bool colour, bool error) {
  cli_colour_on(t, colour, error ? CLI_COLOUR_BAD : CLI_COLOUR_NOTE);
  quic_text_str(t, error ? "error" : "warning");
  cli_colour_off(t, colour);
}

/* validate_expected says what is wrong. */
static void validate_expected(quic_text *t, const qv_violation *row) {
  quic_text_str(t, qlog_rule_info_of(row->rule)->text);
  if (row->wants[0]) {
    quic_text_str(t, row->rule == QLOG_RULE_FIELD_OLD ||
                             row->rule == QLOG_RULE_EVENT_OLD
                         ? ": now "
                     : row->rule == QLOG_RULE_UNREADABLE ? ": "
                                                         : ": wants ");
    quic_text_str(t, row->wants);
  }
  if (row->found.len && row->rule != QLOG_RULE_FIELD_OLD &&
      row->rule != QLOG_RULE_EVENT_OLD) {
    quic_text_str(t, "; has ");
    quic_text_untrusted(t, row->found, 0);
  }
}

static void validate_row(out_validate *o, cli_table *table,
                         const qv_violation *row) {
  quic_text *t = &table->text;

  validate_severity(t, o->base.ctx->opt->colour,
                    qlog_rule_info_of(row->rule)->error);
  validate_cell(o, table);
  qv_say_number(t, row->count);
  validate_cell(o, table);
  if (row->record) {
    quic_text_u64(t, row->record);
  } else {
    quic_text_char(t, '-'); /* a head that is no record */
  }
  validate_cell(o, table);
  quic_text_u64(t, row->offset);
  validate_cell(o, table);
  quic_text_str(t, row->event[0] ? row->event : "-");
  validate_cell(o, table);
  quic_text_str(t, row->path[0] ? row->path : "-");
  validate_cell(o, table);
  validate_expected(t, row);
  validate_cell(o, table);
}

static void validate_sums(out_validate *o, quic_text *t) {
  uint64_t errors = qv_violations_sum(&o->all, true);
  uint64_t warnings = qv_violations_sum(&o->all, false);

  if (o->base.ctx->many) {
    qv_say_untrusted(t, o->base.ctx->path);
    quic_text_str(t, ": ");
  }
  qv_say_count(t, errors, "error");
  quic_text_str(t, " and ");
  qv_say_count(t, warnings, "warning");
  quic_text_str(t, " in ");
  qv_say_count(t, o->records, "event");
  quic_text_str(t, " by " VALIDATE_DRAFTS "\n");
  for (int rule = 0; rule < QLOG_RULES; rule++) {
    if (o->all.rules[rule]) {
      const qlog_rule_info *info = qlog_rule_info_of((qlog_rule)rule);

      quic_text_str(t, "  ");
      qv_say_number(t, o->all.rules[rule]);
      quic_text_printf(t, "  %s: %s\n", info->key, info->text);
    }
  }
  if (o->all.other) {
    qv_say_number(t, o->all.other);
    quic_text_str(t, " of other kinds are not shown\n");
  }
}

static void validate_text(out_validate *o) {
  static const cli_table_column columns[] = {
      {"severity", false, 0}, {"times", true, 0},  {"record", true, 0},
      {"octet", true, 0},     {"event", false, 0}, {"field", false, 0},
      {"what", false, 0}};
  const qv_context *ctx = o->base.ctx;
  cli_table table;

  validate_sums(o, ctx->out);
  cli_table_init(&table, ctx->mem, columns,
                 sizeof(columns) / sizeof(columns[0]));
  for (size_t i = 0; i < o->all.len; i++) {
    validate_row(o, &table, o->all.rows[i]);
  }
  if (o->all.len) {
    quic_text_char(ctx->out, '\n');
    cli_table_write(&table, ctx->out, ctx->opt->colour);
  }
  if (ctx->many) {
    quic_text_char(ctx->out, '\n');
  }
  cli_table_free(&table);
}

/* JSON: an object for each row, and one for the file. */

static void validate_json_text(qlog_json *j, const char *key, const char *s) {
  if (*s) {
    qlog_json_key_text_value(j, key, quic_bytes_of(s, strlen(s)));
  }
}

static void validate_json_row(out_validate *o, const qv_violation *row) {
  const qlog_rule_info *info = qlog_rule_info_of(row->rule);
  qlog_json *j = &o->json;

  qlog_json_object(j);
  qlog_json_key_str(j, "schema", "qlogview/1");
  validate_json_text(j, "file", o->base.ctx->path);
  qlog_json_key_str(j, "severity", info->error ? "error" : "warning");
  qlog_json_key_str(j, "rule", info->key);
  qlog_json_key_u64(j, "count", row->count);
  qlog_json_key_u64(j, "record", row->record);
  qlog_json_key_u64(j, "offset", row->offset);
  validate_json_text(j, "event", row->event);
  validate_json_text(j, "path", row->path);
  validate_json_text(j, "expected", row->wants);
  if (row->found.len) {
    qlog_json_key_text_value(j, "found", row->found);
  }
  qlog_json_object_end(j);
  qlog_json_end(j);
}

static void validate_json(out_validate *o) {
  qlog_json *j = &o->json;

  for (size_t i = 0; i < o->all.len; i++) {
    validate_json_row(o, o->all.rows[i]);
  }
  qlog_json_object(j);
  qlog_json_key_str(j, "schema", "qlogview/1");
  validate_json_text(j, "file", o->base.ctx->path);
  qlog_json_key_str(j, "drafts", VALIDATE_DRAFTS);
  qlog_json_key_u64(j, "events", o->records);
  qlog_json_key_u64(j, "errors", qv_violations_sum(&o->all, true));
  qlog_json_key_u64(j, "warnings", qv_violations_sum(&o->all, false));
  qlog_json_key_u64(j, "not_shown", o->all.other);
  qlog_json_key(j, "rules");
  qlog_json_object(j);
  for (int rule = 0; rule < QLOG_RULES; rule++) {
    if (o->all.rules[rule]) {
      qlog_json_key_u64(j, qlog_rule_info_of((qlog_rule)rule)->key,
                        o->all.rules[rule]);
    }
  }
  qlog_json_object_end(j);
  qlog_json_object_end(j);
  qlog_json_end(j);
}

/* The end. */

static void validate_file(qv_out *base, const qv_file *file, bool failed) {
  const qlog_violation cut = {
      .rule = QLOG_RULE_TRUNCATED, .event = "", .path = "", .wants = ""};
  out_validate *o = (out_validate *)base;

  validate_head(o);
  if (file->stats.truncated || file->cut) {
    qv_violations_add(&o->all, &cut, file->stats.records, file->stats.octets);
  }
  if (qv_roll_tell(&o->roll, base->ctx, file, failed) == QV_ROLL_READ ||
      file->stats.records) {
    qv_violations_sort(&o->all);
    if (base->ctx->opt->format == QV_JSON) {
      validate_json(o);
    } else {
      validate_text(o);
    }
  }
  o->errors |= qv_violations_sum(&o->all, true) != 0;
  qv_violations_clear(&o->all);
  o->records = 0;
}

static int validate_finish(qv_out *base) {
  out_validate *o = (out_validate *)base;

  if (o->starved) {
    cli_complain("out of memory: not all of it was compared");
    return QV_EXIT_INPUT;
  }
  return qv_roll_status(&o->roll, o->errors ? QV_EXIT_FOUND : 0);
}

static void validate_del(qv_out *base) {
  out_validate *o = (out_validate *)base;

  qv_violations_free(&o->all);
  qv_roll_free(&o->roll);
  quic_mem_free(base->ctx->mem, o->head.text);
  qv_out_free(base);
}

qv_out *qv_out_validate_new(const qv_context *ctx) {
  out_validate *o = qv_out_alloc(ctx, sizeof(*o));

  if (o) {
    o->base.analyse = false;
    o->base.lenient = true;
    o->base.ops = (qv_load_ops){.trace = validate_trace,
                                .begin = validate_begin,
                                .record = validate_record,
                                .bad = validate_bad,
                                .ended = validate_ended};
    o->base.file = validate_file;
    o->base.finish = validate_finish;
    o->base.del = validate_del;
    qv_violations_init(&o->all, ctx->mem, ctx->seed);
    qv_roll_init(&o->roll, ctx->mem);
    qlog_json_init(&o->json, ctx->out);
  }
  return (qv_out *)o;
}
