/* How the connections of many files ended, counted: for people, as JSON, as
   CSV. */

#include "cli/table.h"
#include "qlog/json.h"
#include "qlogview/csv.h"
#include "qlogview/roll.h"
#include "qlogview/say.h"
#include "qlogview/tally.h"
#include "wire/names.h"

#define CLOSES_PHRASE 60 /* octets of a phrase in the table */

typedef struct out_closes {
  qv_out base;
  qv_tally tally;
  qv_roll roll;
  cli_table table;
} out_closes;

static void closes_ended(void *user, qv_connection *c) {
  out_closes *o = user;

  if (qv_wanted(o->base.ctx, c)) {
    qv_tally_add(&o->tally, quic_analysis_close(c->analysis), o->base.ctx->path,
                 c->number);
  }
}

static void closes_file(qv_out *base, const qv_file *file, bool failed) {
  (void)qv_roll_tell(&((out_closes *)base)->roll, base->ctx, file, failed);
}

/* closes_name writes the name of the code, or of the TLS alert in it; "" when
   there is none. */
static void closes_name(quic_text *t, const qv_tally_row *row) {
  int alert = qv_tally_alert(row);
  const char *name = alert >= 0 ? quic_name_tls_alert((uint8_t)alert) : NULL;

  if (name) {
    quic_text_printf(t, "TLS alert %s", name);
  } else if (alert >= 0) {
    quic_text_printf(t, "TLS alert %d", alert);
  } else if (row->name) {
    quic_text_str(t, row->name);
  }
}

static void closes_frame(quic_text *t, const qv_tally_row *row) {
  const quic_frame_info *info = row->frame_type == QLOG_NONE
                                    ? NULL
                                    : quic_frame_info_find(row->frame_type);

  if (info) {
    quic_text_str(t, info->name);
  } else if (row->frame_type != QLOG_NONE) {
    quic_text_hex_u64(t, row->frame_type);
  }
}

/* Text. */

/* closes_cell ends a cell; an empty one is a dash. */
static void closes_cell(out_closes *o) {
  if (o->table.text.len == 0) {
    quic_text_char(&o->table.text, '-');
  }
  if (cli_table_next(&o->table) == QUIC_ERR_LIMIT) {
    cli_table_write(&o->table, o->base.ctx->out, o->base.ctx->opt->colour);
  }
}

static void closes_cell_str(out_closes *o, const char *s) {
  quic_text_str(&o->table.text, s ? s : "");
  closes_cell(o);
}

static void closes_row(out_closes *o, const qv_tally_row *row) {
  quic_text *t = &o->table.text;

  qv_say_number(t, row->count);
  closes_cell(o);
  closes_cell_str(o, row->by == QUIC_SIDE_UNKNOWN ? NULL
                                                  : quic_side_name(row->by));
  closes_cell_str(o, quic_close_class_name(row->class));
  closes_cell_str(o, quic_close_space_name(row->space));
  if (row->code != QLOG_NONE) {
    quic_text_hex_u64(t, row->code);
  }
  closes_cell(o);
  closes_name(t, row);
  closes_cell(o);
  closes_frame(t, row);
  closes_cell(o);
  quic_text_untrusted(t, row->phrase, CLOSES_PHRASE);
  closes_cell(o);
  closes_cell_str(o, qv_tally_trigger(row));
  qv_say_untrusted(t, row->path);
  quic_text_printf(t, " connection %u", row->connection);
  if (row->record != QLOG_NONE) {
    quic_text_str(t, " record ");
    quic_text_u64(t, row->record);
  }
  closes_cell(o);
}

static void closes_text(out_closes *o) {
  quic_text *t = o->base.ctx->out;

  for (size_t i = 0; i < o->tally.len; i++) {
    closes_row(o, o->tally.rows[i]);
  }
  if (o->tally.len) {
    cli_table_write(&o->table, t, o->base.ctx->opt->colour);
  }
  if (o->tally.other) {
    qv_say_number(t, o->tally.other);
    quic_text_str(t, " of other kinds\n");
  }
  qv_say_count(t, o->tally.total, "connection");
  quic_text_str(t, " in ");
  qv_say_count(t, o->roll.read, "log");
  if (o->roll.read > 1) {
    quic_text_str(t, "; one that both ends logged counts in both logs");
  }
  quic_text_char(t, '\n');
  qv_roll_say(&o->roll, t);
}

/* JSON: an object on a line. */

static void closes_json_str(qlog_json *j, const char *key, const char *s) {
  if (s && *s) {
    qlog_json_key_str(j, key, s);
  }
}

static void closes_json_row(qlog_json *j, const qv_tally_row *row) {
  char buf[128];
  quic_text name;

  quic_text_init(&name, buf, sizeof(buf));
  closes_name(&name, row);
  qlog_json_object(j);
  qlog_json_key_str(j, "schema", "qlogview/1");
  qlog_json_key_u64(j, "count", row->count);
  if (row->by != QUIC_SIDE_UNKNOWN) {
    qlog_json_key_str(j, "by", quic_side_name(row->by));
  }
  qlog_json_key_str(j, "class", quic_close_class_name(row->class));
  closes_json_str(j, "space", quic_close_space_name(row->space));
  if (row->code != QLOG_NONE) {
    qlog_json_key_u64(j, "code", row->code);
  }
  closes_json_str(j, "name", quic_text_cstr(&name));
  if (row->frame_type != QLOG_NONE) {
    qlog_json_key_u64(j, "frame_type", row->frame_type);
  }
  if (row->phrase.len) {
    qlog_json_key_text_value(j, "phrase", row->phrase);
  }
  closes_json_str(j, "trigger", qv_tally_trigger(row));
  qlog_json_key(j, "example");
  qlog_json_object(j);
  qlog_json_key_text_value(j, "file",
                           quic_bytes_of(row->path, strlen(row->path)));
  qlog_json_key_u64(j, "connection", row->connection);
  if (row->record != QLOG_NONE) {
    qlog_json_key_u64(j, "record", row->record);
  }
  qlog_json_object_end(j);
  qlog_json_object_end(j);
  qlog_json_end(j);
}

static void closes_json(out_closes *o) {
  qlog_json j;

  qlog_json_init(&j, o->base.ctx->out);
  for (size_t i = 0; i < o->tally.len; i++) {
    closes_json_row(&j, o->tally.rows[i]);
  }
  if (o->tally.other) {
    qlog_json_object(&j);
    qlog_json_key_str(&j, "schema", "qlogview/1");
    qlog_json_key_u64(&j, "count", o->tally.other);
    qlog_json_key_str(&j, "class", "other");
    qlog_json_object_end(&j);
    qlog_json_end(&j);
  }
}

/* CSV. */

static void closes_csv_row(quic_text *t, const qv_tally_row *row) {
  const char *space = quic_close_space_name(row->space);
  const char *trigger = qv_tally_trigger(row);

  quic_text_u64(t, row->count);
  quic_text_printf(t, ",%s,%s,%s,",
                   row->by == QUIC_SIDE_UNKNOWN ? "" : quic_side_name(row->by),
                   quic_close_class_name(row->class), space ? space : "");
  if (row->code != QLOG_NONE) {
    quic_text_hex_u64(t, row->code);
  }
  quic_text_char(t, ',');
  closes_name(t, row);
  quic_text_char(t, ',');
  closes_frame(t, row);
  quic_text_char(t, ',');
  qv_csv_text(t, row->phrase);
  quic_text_printf(t, ",%s,", trigger ? trigger : "");
  qv_csv_str(t, row->path);
  quic_text_printf(t, ",%u,", row->connection);
  if (row->record != QLOG_NONE) {
    quic_text_u64(t, row->record);
  }
  quic_text_str(t, "\r\n");
}

static void closes_csv(out_closes *o) {
  quic_text *t = o->base.ctx->out;

  quic_text_str(t, "count,by,class,space,code,name,frame,phrase,trigger,file,"
                   "connection,record\r\n");
  for (size_t i = 0; i < o->tally.len; i++) {
    closes_csv_row(t, o->tally.rows[i]);
  }
  if (o->tally.other) {
    quic_text_u64(t, o->tally.other);
    quic_text_str(t, ",,other,,,,,,,,,\r\n");
  }
}

static int closes_finish(qv_out *base) {
  out_closes *o = (out_closes *)base;
  qv_format format = base->ctx->opt->format;

  qv_tally_sort(&o->tally);
  if (format == QV_JSON) {
    closes_json(o);
  } else if (format == QV_CSV_TABLE) {
    closes_csv(o);
  } else {
    closes_text(o);
  }
  if (format != QV_TEXT && !base->ctx->opt->quiet) {
    qv_roll_complain(&o->roll);
  }
  return qv_roll_status(&o->roll, 0);
}

static void closes_del(qv_out *base) {
  out_closes *o = (out_closes *)base;

  cli_table_free(&o->table);
  qv_roll_free(&o->roll);
  qv_tally_free(&o->tally);
  qv_out_free(base);
}

qv_out *qv_out_closes_new(const qv_context *ctx) {
  static const cli_table_column columns[] = {
      {"count", true, 0},       {"by", false, 0},     {"class", false, 0},
      {"space", false, 0},      {"code", true, 0},    {"name", false, 0},
      {"frame", false, 0},      {"phrase", false, 0}, {"trigger", false, 0},
      {"for example", false, 0}};
  out_closes *o = qv_out_alloc(ctx, sizeof(*o));

  if (o) {
    o->base.lenient = true;
    o->base.ops.ended = closes_ended;
    o->base.file = closes_file;
    o->base.finish = closes_finish;
    o->base.del = closes_del;
    qv_tally_init(&o->tally, ctx->mem, ctx->seed);
    qv_roll_init(&o->roll, ctx->mem);
    cli_table_init(&o->table, ctx->mem, columns,
                   sizeof(columns) / sizeof(columns[0]));
  }
  return (qv_out *)o;
}
