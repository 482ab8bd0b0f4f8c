/* Two logs side by side, before and after: for people, as JSON. */

#include "cli/complain.h"
#include "cli/table.h"
#include "qlog/json.h"
#include "qlogview/compare.h"
#include "qlogview/say.h"

#define COMPARE_CONNECTIONS_MAX 256 /* kept of each side */

/* A connection of one side. */
typedef struct compare_one {
  char *path;
  uint32_t number;
  char group[QV_GROUP_MAX + 1];
  const char *vantage;
  qv_figures figures;
} compare_one;

typedef struct compare_side {
  compare_one **items;
  size_t len, cap;
  uint64_t count; /* kept or not */
} compare_side;

typedef struct out_compare {
  qv_out base;
  compare_side sides[2];
  bool starved;
  qlog_json json;
} out_compare;

static compare_one *compare_keep(const qv_context *ctx, compare_side *side,
                                 const qv_connection *c) {
  void *items = side->items;
  size_t len = strlen(ctx->path) + 1;
  compare_one *one;

  if (quic_mem_grow(ctx->mem, &items, &side->cap, side->len + 1,
                    sizeof(*side->items))) {
    return NULL;
  }
  side->items = items;
  one = quic_mem_alloc(ctx->mem, sizeof(*one) + len);
  if (!one) {
    return NULL;
  }
  one->path = memcpy(one + 1, ctx->path, len);
  one->number = c->number;
  memcpy(one->group, c->group, sizeof(one->group));
  one->vantage = qv_vantage_name(c);
  qv_figures_take(&one->figures, ctx->mem, c);
  side->items[side->len++] = one;
  return one;
}

static void compare_ended(void *user, qv_connection *c) {
  out_compare *o = user;
  const qv_context *ctx = o->base.ctx;
  compare_side *side = &o->sides[ctx->arg != 0];

  if (!qv_wanted(ctx, c)) {
    return;
  }
  side->count++;
  if (side->len < COMPARE_CONNECTIONS_MAX && !compare_keep(ctx, side, c)) {
    o->starved = true;
  }
}

/* Text. */

typedef struct compare_table {
  cli_table table;
  const out_compare *o;
} compare_table;

static void compare_cell(compare_table *c) {
  if (cli_table_next(&c->table) == QUIC_ERR_LIMIT) {
    cli_table_write(&c->table, c->o->base.ctx->out,
                    c->o->base.ctx->opt->colour);
  }
}

static void compare_value(compare_table *c, quic_unit unit, uint64_t value) {
  if (value == QLOG_NONE) {
    quic_text_char(&c->table.text, '-');
  } else {
    qv_say_value(&c->table.text, c->o->base.ctx, NULL, unit, value);
  }
  compare_cell(c);
}

static void compare_row(compare_table *c, const char *label, quic_unit unit,
                        uint64_t a, uint64_t b) {
  quic_text_str(&c->table.text, label);
  compare_cell(c);
  compare_value(c, unit, a);
  compare_value(c, unit, b);
  if (unit != QUIC_UNIT_PERCENT_MILLI) {
    qv_compare_say_ratio(&c->table.text, qv_compare_ratio(a, b));
  }
  if (c->table.text.len == 0) {
    quic_text_char(&c->table.text, '-');
  }
  compare_cell(c);
}

static void compare_limits(compare_table *c, const qv_compare *cmp) {
  for (int i = 0; i < QUIC_LIMITS; i++) {
    uint64_t a = cmp->a->limits_known ? cmp->a->share[i] : QLOG_NONE;
    uint64_t b = cmp->b->limits_known ? cmp->b->share[i] : QLOG_NONE;
    char label[64];
    quic_text t;

    if ((a == 0 || a == QLOG_NONE) && (b == 0 || b == QLOG_NONE)) {
      continue;
    }
    quic_text_init(&t, label, sizeof(label));
    quic_text_printf(&t, "limited by %s", quic_limit_name((quic_limit)i));
    compare_row(c, quic_text_cstr(&t), QUIC_UNIT_PERCENT_MILLI, a, b);
  }
}

static void compare_figures(const out_compare *o, const qv_compare *cmp) {
  static const cli_table_column columns[] = {
      {"", false, 0}, {"A", true, 0}, {"B", true, 0}, {"B to A", true, 0}};
  const qv_compare_metric *m;
  compare_table c = {.o = o};

  cli_table_init(&c.table, o->base.ctx->mem, columns, 4);
  for (size_t i = 0; (m = qv_compare_metric_at(i)); i++) {
    compare_row(&c, m->label, m->unit, qv_compare_value(cmp, cmp->a, m),
                qv_compare_value(cmp, cmp->b, m));
  }
  compare_limits(&c, cmp);
  cli_table_write(&c.table, o->base.ctx->out, o->base.ctx->opt->colour);
  cli_table_free(&c.table);
}

static void compare_findings(const out_compare *o, const qv_compare *cmp) {
  static const char *const fates[] = {[QV_COMPARE_GONE] = "only in A",
                                      [QV_COMPARE_NEW] = "only in B",
                                      [QV_COMPARE_BOTH] = "in both"};
  quic_text *t = o->base.ctx->out;

  for (int fate = QV_COMPARE_GONE; fate <= QV_COMPARE_BOTH; fate++) {
    for (int i = 0; i < QUIC_FINDING_IDS; i++) {
      quic_finding_id id = (quic_finding_id)i;
      const qv_figures_found *a = &cmp->a->found[id], *b = &cmp->b->found[id];
      size_t start = quic_text_pos(t);

      if (qv_compare_fate_of(cmp, id) != (qv_compare_fate)fate) {
        continue;
      }
      quic_text_str(t, fates[fate]);
      quic_text_pad(t, start, 11);
      qv_say_severity(t, o->base.ctx->opt->colour,
                      (quic_severity)(a->severity > b->severity ? a->severity
                                                                : b->severity));
      quic_text_printf(t, "  %s (%s)", quic_finding_info_of(id)->title,
                       quic_finding_info_of(id)->key);
      if (fate == QV_COMPARE_BOTH && a->count != b->count) {
        quic_text_printf(t, ", %llu and %llu times",
                         (unsigned long long)a->count,
                         (unsigned long long)b->count);
      }
      quic_text_char(t, '\n');
    }
  }
}

static void compare_name(const out_compare *o, const char *letter,
                         const compare_one *one) {
  quic_text *t = o->base.ctx->out;

  cli_colour_on(t, o->base.ctx->opt->colour, CLI_COLOUR_BOLD);
  quic_text_str(t, letter);
  quic_text_str(t, "  ");
  qv_say_untrusted(t, one->path);
  quic_text_printf(t, ": connection %u", one->number);
  if (one->group[0]) {
    quic_text_char(t, ' ');
    qv_say_untrusted(t, one->group);
  }
  quic_text_printf(t, ", by the %s\n", one->vantage);
  cli_colour_off(t, o->base.ctx->opt->colour);
}

static void compare_text(const out_compare *o, const compare_one *a,
                         const compare_one *b) {
  quic_text *t = o->base.ctx->out;
  qv_compare cmp;

  qv_compare_init(&cmp, &a->figures, &b->figures);
  compare_name(o, "A", a);
  compare_name(o, "B", b);
  qv_compare_verdict(&cmp, t);
  quic_text_str(t, "\n\n");
  compare_figures(o, &cmp);
  quic_text_char(t, '\n');
  compare_findings(o, &cmp);
  quic_text_str(t, "A ended    "); /* printable, and longer than printf's */
  quic_text_str(t, a->figures.ended);
  quic_text_str(t, "\nB ended    ");
  quic_text_str(t, b->figures.ended);
  quic_text_char(t, '\n');
}

/* JSON. */

static void compare_json_value(qlog_json *j, quic_unit unit, uint64_t value) {
  if (value == QLOG_NONE) {
    qlog_json_null(j);
  } else if (unit == QUIC_UNIT_NS) {
    qlog_json_ms(j, value);
  } else if (unit == QUIC_UNIT_PERCENT_MILLI) {
    qlog_json_scaled(j, value, 3);
  } else {
    qlog_json_u64(j, value);
  }
}

/* compare_json_key: durations are milliseconds. */
static void compare_json_key(qlog_json *j, const qv_compare_metric *m) {
  char buf[64];
  quic_text key;

  quic_text_init(&key, buf, sizeof(buf));
  quic_text_printf(&key, "%s%s", m->key,
                   m->unit == QUIC_UNIT_NS    ? "_ms"
                   : m->unit == QUIC_UNIT_BPS ? "_bps"
                                              : "");
  qlog_json_key(j, quic_text_cstr(&key));
}

static void compare_json_text(qlog_json *j, const char *key, const char *s) {
  qlog_json_key_text_value(j, key, quic_bytes_of(s, strlen(s)));
}

static void compare_json_one(qlog_json *j, const qv_compare *cmp,
                             const compare_one *one) {
  const qv_figures *f = &one->figures;
  const qv_compare_metric *m;

  qlog_json_object(j);
  compare_json_text(j, "file", one->path);
  qlog_json_key_u64(j, "connection", one->number);
  compare_json_text(j, "group", one->group);
  qlog_json_key_str(j, "vantage", one->vantage);
  for (size_t i = 0; (m = qv_compare_metric_at(i)); i++) {
    compare_json_key(j, m);
    compare_json_value(j, m->unit, qv_compare_value(cmp, f, m));
  }
  if (f->limits_known) {
    qlog_json_key(j, "limited_by");
    qlog_json_object(j);
    for (int i = 0; i < QUIC_LIMITS; i++) {
      qlog_json_key(j, quic_limit_name((quic_limit)i));
      qlog_json_scaled(j, f->share[i], 3);
    }
    qlog_json_object_end(j);
  }
  compare_json_text(j, "ended", f->ended);
  qlog_json_object_end(j);
}

static void compare_json_findings(qlog_json *j, const qv_compare *cmp) {
  static const char *const fates[] = {[QV_COMPARE_GONE] = "only_a",
                                      [QV_COMPARE_NEW] = "only_b",
                                      [QV_COMPARE_BOTH] = "both"};

  qlog_json_key(j, "findings");
  qlog_json_object(j);
  for (int fate = QV_COMPARE_GONE; fate <= QV_COMPARE_BOTH; fate++) {
    qlog_json_key(j, fates[fate]);
    qlog_json_array(j);
    for (int id = 0; id < QUIC_FINDING_IDS; id++) {
      if (qv_compare_fate_of(cmp, (quic_finding_id)id) ==
          (qv_compare_fate)fate) {
        qlog_json_str(j, quic_finding_info_of((quic_finding_id)id)->key);
      }
    }
    qlog_json_array_end(j);
  }
  qlog_json_object_end(j);
}

static void compare_json(out_compare *o, const compare_one *a,
                         const compare_one *b) {
  const qv_compare_metric *by;
  qlog_json *j = &o->json;
  qv_compare cmp;
  uint64_t speed;
  char buf[2048];
  quic_text verdict;

  qv_compare_init(&cmp, &a->figures, &b->figures);
  speed = qv_compare_speed(&cmp, &by);
  quic_text_init(&verdict, buf, sizeof(buf));
  qv_compare_verdict(&cmp, &verdict);
  qlog_json_object(j);
  qlog_json_key_str(j, "schema", "qlogview/1");
  qlog_json_key(j, "a");
  compare_json_one(j, &cmp, a);
  qlog_json_key(j, "b");
  compare_json_one(j, &cmp, b);
  compare_json_findings(j, &cmp);
  if (speed != QLOG_NONE) {
    qlog_json_key(j, "speed");
    qlog_json_scaled(j, speed, 3);
    qlog_json_key_str(j, "speed_by", by->key);
  }
  qlog_json_key_str(j, "verdict", quic_text_cstr(&verdict));
  qlog_json_object_end(j);
  qlog_json_end(j);
}

/* Pairs. */

static void compare_pair(out_compare *o, const compare_one *a,
                         const compare_one *b) {
  if (o->base.ctx->opt->format == QV_JSON) {
    compare_json(o, a, b);
  } else {
    compare_text(o, a, b);
  }
}

/* compare_groups compares what has the same group_id in both; returns how many
   pairs there are. */
static size_t compare_groups(out_compare *o) {
  const compare_side *a = &o->sides[0], *b = &o->sides[1];
  size_t pairs = 0;

  for (size_t i = 0; i < a->len; i++) {
    for (size_t k = 0; a->items[i]->group[0] && k < b->len; k++) {
      if (strcmp(a->items[i]->group, b->items[k]->group) == 0) {
        if (pairs++ && o->base.ctx->opt->format == QV_TEXT) {
          quic_text_char(o->base.ctx->out, '\n');
        }
        compare_pair(o, a->items[i], b->items[k]);
        break;
      }
    }
  }
  return pairs;
}

static int compare_finish(qv_out *base) {
  out_compare *o = (out_compare *)base;
  const compare_side *a = &o->sides[0], *b = &o->sides[1];

  if (o->starved) {
    cli_complain("out of memory");
    return QV_EXIT_INPUT;
  }
  if (a->len == 0 || b->len == 0) {
    cli_complain("%s: no connection to compare",
                 base->ctx->opt->files[a->len != 0]);
    return QV_EXIT_INPUT;
  }
  if (compare_groups(o) == 0) {
    if (!base->ctx->opt->quiet && (a->count > 1 || b->count > 1)) {
      cli_complain("the first connections of %llu and %llu are compared; -c "
                   "chooses others",
                   (unsigned long long)a->count, (unsigned long long)b->count);
    }
    compare_pair(o, a->items[0], b->items[0]);
  }
  return 0;
}

static void compare_del(qv_out *base) {
  out_compare *o = (out_compare *)base;

  for (size_t side = 0; side < 2; side++) {
    for (size_t i = 0; i < o->sides[side].len; i++) {
      quic_mem_free(base->ctx->mem, o->sides[side].items[i]);
    }
    quic_mem_free(base->ctx->mem, o->sides[side].items);
  }
  qv_out_free(base);
}

qv_out *qv_out_compare_new(const qv_context *ctx) {
  out_compare *o = qv_out_alloc(ctx, sizeof(*o));

  if (o) {
    o->base.ops.ended = compare_ended;
    o->base.finish = compare_finish;
    o->base.del = compare_del;
    qlog_json_init(&o->json, ctx->out);
  }
  return (qv_out *)o;
}
