/* What a log is made of, and how good it is: for people, as JSON. */

#include <stdlib.h>

#include "cli/complain.h"
#include "cli/table.h"
#include "qlog/field.h"
#include "qlog/json.h"
#include "qlogview/counts.h"
#include "qlogview/oddities.h"
#include "qlogview/roll.h"
#include "qlogview/say.h"

#define STATS_BAR 24      /* cells */
#define STATS_NAME_MAX 64 /* octets of a frame's name */

typedef struct out_stats {
  qv_out base;
  qv_oddities odd; /* of the file in work */
  qv_roll roll;
  uint64_t untold; /* connections without memory to count in */
  qlog_json json;
} out_stats;

/* Counting. */

static void stats_trace(void *user, const qlog_trace *trace) {
  qv_oddities_trace(&((out_stats *)user)->odd, trace);
}

static void stats_begin(void *user, qv_connection *c) {
  out_stats *o = user;

  if (!qv_wanted(o->base.ctx, c)) {
    return;
  }
  c->data = quic_mem_alloc(o->base.ctx->mem, sizeof(qv_counts));
  if (c->data) {
    qv_counts_init(c->data, c->sent_is_client);
  } else {
    o->untold++;
  }
}

static void stats_record(void *user, qv_connection *c,
                         const qlog_record *record) {
  out_stats *o = user;

  if (!c->data || !qv_in_window(o->base.ctx, c, record->time)) {
    return;
  }
  qv_counts_event(c->data, record->event);
  if (!record->event) {
    qv_oddities_unknown(&o->odd, record->space, record->name);
  }
}

static void stats_bad(void *user, const qlog_bad *bad) {
  qv_oddities_add(&((out_stats *)user)->odd, bad);
}

/* Tables. */

typedef struct stats_table {
  cli_table table;
  const qv_context *ctx;
} stats_table;

static void stats_cell(stats_table *s) {
  if (cli_table_next(&s->table) == QUIC_ERR_LIMIT) {
    cli_table_write(&s->table, s->ctx->out, s->ctx->opt->colour);
  }
}

static void stats_number(stats_table *s, uint64_t n) {
  if (n) {
    qv_say_number(&s->table.text, n);
  } else {
    quic_text_char(&s->table.text, '-');
  }
  stats_cell(s);
}

static void stats_open(stats_table *s, const qv_context *ctx,
                       const cli_table_column *columns, size_t n) {
  s->ctx = ctx;
  cli_table_init(&s->table, ctx->mem, columns, n);
}

static void stats_close(stats_table *s) {
  if (s->table.rows) {
    cli_table_write(&s->table, s->ctx->out, s->ctx->opt->colour);
    quic_text_char(s->ctx->out, '\n');
  }
  cli_table_free(&s->table);
}

/* stats_bar draws |n| of |most| in eighths of a cell. */
static void stats_bar(quic_text *t, bool ascii, uint64_t n, uint64_t most) {
  unsigned eighths =
      most ? (unsigned)((double)n * STATS_BAR * 8 / (double)most + 0.5) : 0;

  if (n && eighths == 0) {
    eighths = 1;
  }
  if (ascii) {
    for (unsigned i = 0; i < (eighths + 7) / 8; i++) {
      quic_text_char(t, '#');
    }
    return;
  }
  for (; eighths >= 8; eighths -= 8) {
    quic_text_str(t, "\u2588");
  }
  if (eighths) { /* U+258F is one eighth, U+2589 seven */
    const char cell[] = {'\xe2', '\x96', (char)(0x90 - eighths)};

    quic_text_mem(t, cell, sizeof(cell));
  }
}

/* A name and how often. */
typedef struct stats_item {
  const char *name;
  uint64_t count;
} stats_item;

static int stats_order(const void *a, const void *b) {
  const stats_item *x = a, *y = b;

  if (x->count != y->count) {
    return x->count < y->count ? 1 : -1;
  }
  return strcmp(x->name, y->name);
}

/* stats_histogram writes |n| items, most frequent first. */
static void stats_histogram(const qv_context *ctx, const char *title,
                            stats_item *items, size_t n) {
  const cli_table_column columns[] = {
      {title, false, 0}, {"count", true, 0}, {"relative", false, 0}};
  stats_table s;

  if (n == 0) {
    return;
  }
  qsort(items, n, sizeof(*items), stats_order);
  stats_open(&s, ctx, columns, 3);
  for (size_t i = 0; i < n; i++) {
    quic_text_str(&s.table.text, items[i].name);
    stats_cell(&s);
    stats_number(&s, items[i].count);
    stats_bar(&s.table.text, ctx->opt->ascii, items[i].count, items[0].count);
    stats_cell(&s);
  }
  stats_close(&s);
}

static size_t stats_events(const qv_counts *c, stats_item *items) {
  size_t n = 0;

  for (int type = 0; type < QLOG_EVENT_TYPES; type++) {
    if (c->events[type]) {
      items[n++] = (stats_item){qlog_event_info_of((qlog_event_type)type)->name,
                                c->events[type]};
    }
  }
  if (c->unknown) {
    items[n++] = (stats_item){"(unknown)", c->unknown};
  }
  return n;
}

/* stats_named: the |n| - 1 values of |names|, and those that are not told. */
static size_t stats_named(const uint64_t *counts, size_t n,
                          const qlog_names *names, stats_item *items) {
  size_t len = 0;

  for (size_t i = 0; i < n; i++) {
    const char *name = qlog_names_at(names, (int)i);

    if (counts[i]) {
      items[len++] = (stats_item){name ? name : "(not told)", counts[i]};
    }
  }
  return len;
}

static const char *const stats_ways[QV_COUNTS_WAYS] = {
    "client", "server", "dropped", "buffered", "lost"};

static void stats_packets(const qv_context *ctx, const qv_counts *c) {
  const cli_table_column columns[] = {
      {"packets", false, 0},    {stats_ways[0], true, 0},
      {stats_ways[1], true, 0}, {stats_ways[2], true, 0},
      {stats_ways[3], true, 0}, {stats_ways[4], true, 0}};
  stats_table s;

  stats_open(&s, ctx, columns, 1 + QV_COUNTS_WAYS);
  for (int type = 0; type < QUIC_PACKET_TYPES; type++) {
    uint64_t any = 0;

    for (int way = 0; way < QV_COUNTS_WAYS; way++) {
      any |= c->packets[type][way];
    }
    if (any == 0) {
      continue;
    }
    quic_text_str(&s.table.text, quic_packet_type_name((quic_packet_type)type));
    stats_cell(&s);
    for (int way = 0; way < QV_COUNTS_WAYS; way++) {
      stats_number(&s, c->packets[type][way]);
    }
  }
  stats_close(&s);
}

/* stats_frame_name: rows that share a name, such as the two spaces of
   CONNECTION_CLOSE, are told apart by their types. */
static const char *stats_frame_name(size_t row, char *buf, size_t cap) {
  const quic_frame_info *info = quic_frame_info_at(row), *other;
  quic_text t;

  for (size_t i = 0; (other = quic_frame_info_at(i)); i++) {
    if (i != row && strcmp(other->short_name, info->short_name) == 0) {
      quic_text_init(&t, buf, cap);
      quic_text_printf(&t, "%s 0x%llx", info->short_name,
                       (unsigned long long)info->type_first);
      return quic_text_cstr(&t);
    }
  }
  return info->short_name;
}

static void stats_frames_row(stats_table *s, const char *name,
                             const uint64_t *counts) {
  if (counts[0] || counts[1]) {
    quic_text_str(&s->table.text, name);
    stats_cell(s);
    stats_number(s, counts[0]);
    stats_number(s, counts[1]);
  }
}

static void stats_frames(const qv_context *ctx, const qv_counts *c) {
  const cli_table_column columns[] = {
      {"frames", false, 0}, {stats_ways[0], true, 0}, {stats_ways[1], true, 0}};
  char name[STATS_NAME_MAX];
  stats_table s;

  stats_open(&s, ctx, columns, 3);
  for (size_t i = 0; i < QV_COUNTS_FRAMES && quic_frame_info_at(i); i++) {
    stats_frames_row(&s, stats_frame_name(i, name, sizeof(name)), c->frames[i]);
  }
  stats_frames_row(&s, "(unknown)", c->unknown_frames);
  stats_close(&s);
}

static void stats_text(out_stats *o, const qv_connection *c) {
  const qv_context *ctx = o->base.ctx;
  const qv_counts *counts = c->data;
  stats_item items[QLOG_EVENT_TYPES + 1];

  cli_colour_on(ctx->out, ctx->opt->colour, CLI_COLOUR_BOLD);
  qv_say_connection(ctx->out, ctx, c);
  cli_colour_off(ctx->out, ctx->opt->colour);
  quic_text_str(ctx->out, ": ");
  qv_say_count(ctx->out, counts->total, "event");
  quic_text_str(ctx->out, " in ");
  quic_close_duration(ctx->out, quic_time_since(c->last, c->first));
  quic_text_str(ctx->out, "\n\n");
  stats_histogram(ctx, "events", items, stats_events(counts, items));
  stats_packets(ctx, counts);
  stats_frames(ctx, counts);
  stats_histogram(
      ctx, "dropped because", items,
      stats_named(counts->drops, QV_COUNTS_DROPS, &qlog_names_drop, items));
  stats_histogram(
      ctx, "lost because", items,
      stats_named(counts->losses, QV_COUNTS_LOSSES, &qlog_names_lost, items));
}

/* JSON. */

static void stats_json_text(qlog_json *j, const char *key, const char *s) {
  qlog_json_key_text_value(j, key, quic_bytes_of(s, strlen(s)));
}

static void stats_json_items(qlog_json *j, const char *key,
                             const stats_item *items, size_t n) {
  qlog_json_key(j, key);
  qlog_json_object(j);
  for (size_t i = 0; i < n; i++) {
    qlog_json_key_u64(j, items[i].name, items[i].count);
  }
  qlog_json_object_end(j);
}

static void stats_json_packets(qlog_json *j, const qv_counts *c) {
  qlog_json_key(j, "packets");
  qlog_json_object(j);
  for (int type = 0; type < QUIC_PACKET_TYPES; type++) {
    bool open = false;

    for (int way = 0; way < QV_COUNTS_WAYS; way++) {
      if (c->packets[type][way]) {
        if (!open) {
          qlog_json_key(j, quic_packet_type_name((quic_packet_type)type));
          qlog_json_object(j);
          open = true;
        }
        qlog_json_key_u64(j, stats_ways[way], c->packets[type][way]);
      }
    }
    if (open) {
      qlog_json_object_end(j);
    }
  }
  qlog_json_object_end(j);
}

static void stats_json_frames_row(qlog_json *j, const char *name,
                                  const uint64_t *counts) {
  if (counts[0] || counts[1]) {
    qlog_json_key(j, name);
    qlog_json_object(j);
    qlog_json_key_u64(j, stats_ways[0], counts[0]);
    qlog_json_key_u64(j, stats_ways[1], counts[1]);
    qlog_json_object_end(j);
  }
}

static void stats_json(out_stats *o, const qv_connection *c) {
  const qv_counts *counts = c->data;
  stats_item items[QLOG_EVENT_TYPES + 1];
  char name[STATS_NAME_MAX];
  qlog_json *j = &o->json;

  qlog_json_object(j);
  qlog_json_key_str(j, "schema", "qlogview/1");
  stats_json_text(j, "file", o->base.ctx->path);
  qlog_json_key_u64(j, "connection", c->number);
  stats_json_text(j, "group", c->group);
  qlog_json_key_str(j, "vantage", qv_vantage_name(c));
  qlog_json_key(j, "duration_ms");
  qlog_json_since(j, c->last, c->first);
  qlog_json_key_u64(j, "total", counts->total);
  stats_json_items(j, "events", items, stats_events(counts, items));
  stats_json_packets(j, counts);
  qlog_json_key(j, "frames");
  qlog_json_object(j);
  for (size_t i = 0; i < QV_COUNTS_FRAMES && quic_frame_info_at(i); i++) {
    stats_json_frames_row(j, stats_frame_name(i, name, sizeof(name)),
                          counts->frames[i]);
  }
  stats_json_frames_row(j, "(unknown)", counts->unknown_frames);
  qlog_json_object_end(j);
  stats_json_items(
      j, "dropped", items,
      stats_named(counts->drops, QV_COUNTS_DROPS, &qlog_names_drop, items));
  stats_json_items(
      j, "lost", items,
      stats_named(counts->losses, QV_COUNTS_LOSSES, &qlog_names_lost, items));
  qlog_json_object_end(j);
  qlog_json_end(j);
}

static void stats_ended(void *user, qv_connection *c) {
  out_stats *o = user;

  if (c->data) {
    if (o->base.ctx->opt->format == QV_JSON) {
      stats_json(o, c);
    } else {
      stats_text(o, c);
    }
    quic_mem_free(o->base.ctx->mem, c->data);
    c->data = NULL;
  }
}

static void stats_file(qv_out *base, const qv_file *file, bool failed) {
  out_stats *o = (out_stats *)base;
  qlog_json *j = &o->json;

  if (qv_roll_tell(&o->roll, base->ctx, file, failed) != QV_ROLL_READ &&
      file->stats.records == 0) {
    /* The complaint said all there is. */
  } else if (base->ctx->opt->format == QV_JSON) {
    qlog_json_object(j);
    qlog_json_key_str(j, "schema", "qlogview/1");
    stats_json_text(j, "file", base->ctx->path);
    qv_oddities_json(&o->odd, file, j);
    qlog_json_object_end(j);
    qlog_json_end(j);
  } else {
    qv_oddities_say(&o->odd, file, base->ctx->out);
    quic_text_str(base->ctx->out, base->ctx->many ? "\n" : "");
  }
  qv_oddities_init(&o->odd);
}

static int stats_finish(qv_out *base) {
  out_stats *o = (out_stats *)base;

  if (o->untold) {
    cli_complain("out of memory: %llu connections were not counted",
                 (unsigned long long)o->untold);
    return QV_EXIT_INPUT;
  }
  return qv_roll_status(&o->roll, 0);
}

static void stats_del(qv_out *base) {
  qv_roll_free(&((out_stats *)base)->roll);
  qv_out_free(base);
}

qv_out *qv_out_stats_new(const qv_context *ctx) {
  out_stats *o = qv_out_alloc(ctx, sizeof(*o));

  if (o) {
    o->base.analyse = false;
    o->base.lenient = true;
    o->base.ops = (qv_load_ops){.trace = stats_trace,
                                .begin = stats_begin,
                                .record = stats_record,
                                .bad = stats_bad,
                                .ended = stats_ended};
    o->base.file = stats_file;
    o->base.finish = stats_finish;
    o->base.del = stats_del;
    qv_roll_init(&o->roll, ctx->mem);
    qlog_json_init(&o->json, ctx->out);
  }
  return (qv_out *)o;
}
