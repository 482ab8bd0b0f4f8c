/* All connections of many files, worst first: for people, as JSON, as CSV, as
   JUnit XML. */

#include <stdlib.h>

#include "cli/complain.h"
#include "cli/table.h"
#include "qlog/json.h"
#include "qlogview/csv.h"
#include "qlogview/figures.h"
#include "qlogview/junit.h"
#include "qlogview/roll.h"
#include "qlogview/say.h"
#include "qlogview/scan.h"

#define SCAN_KEYS 3   /* of a row of the table; the others are counted */
#define SCAN_GROUP 16 /* octets of a group_id there */

typedef struct out_scan {
  qv_out base;
  qv_scan scan;
  qv_roll roll;
  cli_table table;
  qlog_json json;
  qv_figures figures; /* of the connection in work */
} out_scan;

/* Rows. */

static int scan_kind_order(const void *a, const void *b) {
  const qv_scan_kind *x = a, *y = b;

  if (x->severity != y->severity) {
    return x->severity < y->severity ? 1 : -1;
  }
  return x->id < y->id ? -1 : x->id > y->id;
}

static size_t scan_kinds(const qv_figures *f, qv_scan_kind *kinds) {
  size_t n = 0;

  for (int id = 0; id < QUIC_FINDING_IDS; id++) {
    if (f->found[id].severity >= 0) {
      kinds[n++] =
          (qv_scan_kind){.id = (quic_finding_id)id,
                         .severity = (quic_severity)f->found[id].severity,
                         .count = f->found[id].count};
    }
  }
  qsort(kinds, n, sizeof(*kinds), scan_kind_order);
  return n;
}

static void scan_ended(void *user, qv_connection *c) {
  out_scan *o = user;
  const qv_context *ctx = o->base.ctx;
  const qv_figures *f = &o->figures;
  qv_scan_kind kinds[QUIC_FINDING_IDS];
  qv_scan_row row = {.path = ctx->path,
                     .group = c->group,
                     .connection = c->number,
                     .vantage = qv_vantage_name(c),
                     .vantage_told = c->vantage_told,
                     .ended = f->ended,
                     .kinds = kinds};

  if (!qv_wanted(ctx, c)) {
    return;
  }
  qv_figures_take(&o->figures, ctx->mem, c);
  row.rank = f->worst < 0 ? QV_SCAN_NONE : f->worst;
  row.serious = f->serious;
  row.findings = f->findings;
  row.duration = f->duration;
  row.goodput = f->goodput;
  row.nkinds = scan_kinds(f, kinds);
  qv_scan_add(&o->scan, &row);
}

static void scan_file(qv_out *base, const qv_file *file, bool failed) {
  out_scan *o = (out_scan *)base;
  const char *why = file->problem[0] ? file->problem : "it could not be read";
  qv_scan_row row = {.rank = QV_SCAN_FAILED,
                     .path = base->ctx->path,
                     .group = "",
                     .vantage = "",
                     .ended = why};

  if (qv_roll_file(&o->roll, base->ctx, file, failed) == QV_ROLL_FAILED) {
    qv_scan_add(&o->scan, &row);
  }
}

/* Text. */

static void scan_cell(out_scan *o) {
  if (cli_table_next(&o->table) == QUIC_ERR_LIMIT) {
    cli_table_write(&o->table, o->base.ctx->out, o->base.ctx->opt->colour);
  }
}

static void scan_severity(quic_text *t, bool colour, int rank) {
  static const cli_colour colours[QV_SCAN_RANKS] = {
      CLI_COLOUR_BAD, CLI_COLOUR_NONE, CLI_COLOUR_DIM, CLI_COLOUR_NOTE,
      CLI_COLOUR_BAD};
  cli_colour is = colours[rank - QV_SCAN_FAILED];

  if (is != CLI_COLOUR_NONE) {
    cli_colour_on(t, colour, is);
  }
  quic_text_str(t, rank == (int)QUIC_CRITICAL ? "CRITICAL"
                   : rank == QV_SCAN_NONE     ? "-"
                                              : qv_scan_rank_name(rank));
  if (is != CLI_COLOUR_NONE) {
    cli_colour_off(t, colour);
  }
}

static void scan_row_connection(out_scan *o, const qv_scan_row *row) {
  quic_text *t = &o->table.text;

  quic_text_u64(t, row->connection);
  if (row->group[0]) {
    quic_text_char(t, ' ');
    quic_text_untrusted(t, quic_bytes_of(row->group, strlen(row->group)),
                        SCAN_GROUP);
  }
  scan_cell(o);
  quic_text_str(t, row->vantage);
  quic_text_str(t, row->vantage_told ? "" : "?");
  scan_cell(o);
  quic_close_duration(t, row->duration);
  scan_cell(o);
  if (row->goodput) {
    qv_say_rate(t, row->goodput);
  } else {
    quic_text_char(t, '-');
  }
  scan_cell(o);
  if (row->nkinds) {
    qv_scan_kinds(t, row, SCAN_KEYS, ", ");
  } else {
    quic_text_char(t, '-');
  }
  scan_cell(o);
}

static void scan_row_text(out_scan *o, const qv_scan_row *row) {
  quic_text *t = &o->table.text;

  scan_severity(t, o->base.ctx->opt->colour, row->rank);
  scan_cell(o);
  qv_say_untrusted(t, row->path);
  scan_cell(o);
  if (row->rank == QV_SCAN_FAILED) {
    for (int i = 0; i < 5; i++) {
      quic_text_char(t, '-');
      scan_cell(o);
    }
    qv_say_untrusted(t, row->ended);
  } else {
    scan_row_connection(o, row);
    quic_text_str(t, row->ended); /* printable already */
  }
  scan_cell(o);
}

/* scan_sum says how many there are of each kind. */
static void scan_sum(const out_scan *o, quic_text *t) {
  static const struct {
    int rank;
    const char *what;
  } ranks[] = {{QUIC_CRITICAL, " critical"},
               {QUIC_WARNING, " with warnings"},
               {QUIC_NOTE, " with notes"},
               {QV_SCAN_NONE, " without findings"}};
  uint64_t failed = qv_scan_rank(&o->scan, QV_SCAN_FAILED);

  qv_say_count(t, o->scan.added - failed, "connection");
  for (size_t i = 0; i < sizeof(ranks) / sizeof(ranks[0]); i++) {
    uint64_t n = qv_scan_rank(&o->scan, ranks[i].rank);

    if (n) {
      quic_text_str(t, ", ");
      qv_say_number(t, n);
      quic_text_str(t, ranks[i].what);
    }
  }
  quic_text_char(t, '\n');
}

static void scan_text(out_scan *o) {
  const qv_context *ctx = o->base.ctx;

  for (size_t i = 0; i < o->scan.len; i++) {
    scan_row_text(o, o->scan.rows[i]);
  }
  if (o->scan.len) {
    cli_table_write(&o->table, ctx->out, ctx->opt->colour);
  }
  scan_sum(o, ctx->out);
  qv_roll_say(&o->roll, ctx->out);
}

/* JSON: an object on a line. */

static void scan_json_text(qlog_json *j, const char *key, const char *s) {
  qlog_json_key_text_value(j, key, quic_bytes_of(s, strlen(s)));
}

static void scan_json_connection(qlog_json *j, const qv_scan_row *row) {
  qlog_json_key_u64(j, "connection", row->connection);
  scan_json_text(j, "group", row->group);
  qlog_json_key_str(j, "vantage", row->vantage);
  qlog_json_key(j, "duration_ms");
  qlog_json_ms(j, row->duration);
  qlog_json_key_u64(j, "goodput_bps", row->goodput);
  qlog_json_key_u64(j, "findings", row->findings);
  qlog_json_key_u64(j, "serious", row->serious);
  qlog_json_key(j, "kinds");
  qlog_json_array(j);
  for (size_t i = 0; i < row->nkinds; i++) {
    qlog_json_object(j);
    qlog_json_key_str(j, "finding",
                      quic_finding_info_of(row->kinds[i].id)->key);
    qlog_json_key_str(j, "severity",
                      quic_severity_name(row->kinds[i].severity));
    qlog_json_key_u64(j, "count", row->kinds[i].count);
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
  scan_json_text(j, "ended", row->ended);
}

static void scan_json(out_scan *o) {
  qlog_json *j = &o->json;

  for (size_t i = 0; i < o->scan.len; i++) {
    const qv_scan_row *row = o->scan.rows[i];

    qlog_json_object(j);
    qlog_json_key_str(j, "schema", "qlogview/1");
    scan_json_text(j, "file", row->path);
    qlog_json_key_str(j, "severity", qv_scan_rank_name(row->rank));
    if (row->rank == QV_SCAN_FAILED) {
      scan_json_text(j, "error", row->ended);
    } else {
      scan_json_connection(j, row);
    }
    qlog_json_object_end(j);
    qlog_json_end(j);
  }
}

/* CSV. */

static void scan_csv_row(quic_text *t, const qv_scan_row *row) {
  quic_text_printf(t, "%s,", qv_scan_rank_name(row->rank));
  qv_csv_str(t, row->path);
  if (row->rank == QV_SCAN_FAILED) {
    quic_text_str(t, ",,,,,,,,,");
  } else {
    quic_text_printf(t, ",%u,", row->connection);
    qv_csv_str(t, row->group);
    quic_text_printf(t, ",%s,%llu.%06llu,%llu,%llu,%llu,", row->vantage,
                     (unsigned long long)(row->duration / QUIC_MILLISECOND),
                     (unsigned long long)(row->duration % QUIC_MILLISECOND),
                     (unsigned long long)row->goodput,
                     (unsigned long long)row->findings,
                     (unsigned long long)row->serious);
    qv_scan_kinds(t, row, 0, "; ");
    quic_text_char(t, ',');
  }
  qv_csv_str(t, row->ended);
  quic_text_str(t, "\r\n");
}

static void scan_csv(out_scan *o) {
  quic_text *t = o->base.ctx->out;

  quic_text_str(t, "severity,file,connection,group,vantage,duration_ms,"
                   "goodput_bps,findings,serious,kinds,ended\r\n");
  for (size_t i = 0; i < o->scan.len; i++) {
    scan_csv_row(t, o->scan.rows[i]);
  }
}

static void scan_junit(out_scan *o) {
  qv_junit_write(&o->scan, o->base.ctx->out);
}

/* The end. */

static void scan_complain(const out_scan *o) {
  if (o->scan.left_out) {
    cli_complain("only the %zu worst connections are shown: %llu are left out",
                 o->scan.max, (unsigned long long)o->scan.left_out);
  }
  if (o->scan.starved) {
    cli_complain("out of memory: %llu connections are not shown",
                 (unsigned long long)o->scan.starved);
  }
  if (o->base.ctx->opt->format != QV_TEXT && !o->base.ctx->opt->quiet) {
    qv_roll_complain(&o->roll);
  }
}

static int scan_finish(qv_out *base) {
  static void (*const show[])(out_scan *) = {[QV_TEXT] = scan_text,
                                             [QV_JSON] = scan_json,
                                             [QV_CSV_TABLE] = scan_csv,
                                             [QV_JUNIT] = scan_junit};
  out_scan *o = (out_scan *)base;
  bool found = qv_scan_rank(&o->scan, QUIC_CRITICAL) ||
               qv_scan_rank(&o->scan, QUIC_WARNING);

  qv_scan_worst(&o->scan);
  show[base->ctx->opt->format](o);
  scan_complain(o);
  if (o->scan.starved) {
    return QV_EXIT_INPUT;
  }
  return qv_roll_status(&o->roll, found ? QV_EXIT_FOUND : 0);
}

static void scan_del(qv_out *base) {
  out_scan *o = (out_scan *)base;

  cli_table_free(&o->table);
  qv_roll_free(&o->roll);
  qv_scan_free(&o->scan);
  qv_out_free(base);
}

qv_out *qv_out_scan_new(const qv_context *ctx) {
  static const cli_table_column columns[] = {
      {"severity", false, 0}, {"file", false, 0},  {"connection", false, 0},
      {"seen by", false, 0},  {"lasted", true, 0}, {"goodput", true, 0},
      {"findings", false, 0}, {"ended", false, 0}};
  out_scan *o = qv_out_alloc(ctx, sizeof(*o));

  if (o) {
    o->base.lenient = true;
    o->base.ops.ended = scan_ended;
    o->base.file = scan_file;
    o->base.finish = scan_finish;
    o->base.del = scan_del;
    qv_scan_init(&o->scan, ctx->mem);
    qv_roll_init(&o->roll, ctx->mem);
    cli_table_init(&o->table, ctx->mem, columns,
                   sizeof(columns) / sizeof(columns[0]));
    qlog_json_init(&o->json, ctx->out);
  }
  return (qv_out *)o;
}
