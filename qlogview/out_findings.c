/* What is wrong, worst first: for people, as JSON, as SARIF 2.1.0. */

#include "cli/para.h"
#include "qlog/json.h"
#include "qlogview/say.h"

#define FINDINGS_SCHEMA "qlogview/1"

typedef struct out_findings {
  qv_out base;
  qlog_json json;
  bool begun; /* SARIF: its head is written */
  bool found;
  uint64_t shown;
} out_findings;

/* findings_wanted: inside the window, if there is one. */
static bool findings_wanted(const qv_context *ctx, const qv_connection *c,
                            const quic_finding *f) {
  const qv_options *opt = ctx->opt;

  return !opt->window || (quic_time_since(f->from, c->first) < opt->to &&
                          quic_time_since(f->to, c->first) >= opt->from);
}

/* findings_count: a finding that makes the exit status 1. */
static bool findings_counts(const quic_finding *f) {
  return f->determinable && f->severity != QUIC_NOTE;
}

/* Text. */

#define FINDINGS_INDENT 10 /* columns before what is said of a finding */

static void findings_lines(quic_text *t, const char *text) {
  while (*text) {
    size_t n = strcspn(text, "\n");
    cli_para para;

    cli_para_init(&para);
    quic_text_mem(&para.text, text, n);
    quic_text_pad(t, quic_text_pos(t), FINDINGS_INDENT);
    cli_para_put(&para, t, FINDINGS_INDENT, FINDINGS_INDENT + 2);
    text += n + (text[n] == '\n');
  }
}

static void findings_where(quic_text *t, const qv_context *ctx,
                           const qv_connection *c, const quic_finding *f) {
  quic_text_str(t, "          ");
  quic_text_str(t, "look: ");
  if (f->record != QLOG_NONE) {
    quic_text_str(t, "record ");
    quic_text_u64(t, f->record);
    if (f->last != QLOG_NONE && f->last != f->record) {
      quic_text_str(t, " to ");
      quic_text_u64(t, f->last);
    }
    quic_text_str(t, "; ");
  }
  quic_text_printf(
      t, "qlogview --events -t %llu.%03llu,%llu.%03llu ",
      (unsigned long long)(quic_time_since(f->from, c->first) / QUIC_SECOND),
      (unsigned long long)(quic_time_since(f->from, c->first) % QUIC_SECOND /
                           QUIC_MILLISECOND),
      (unsigned long long)((quic_time_since(f->to, c->first) +
                            QUIC_MILLISECOND) /
                           QUIC_SECOND),
      (unsigned long long)((quic_time_since(f->to, c->first) +
                            QUIC_MILLISECOND) %
                           QUIC_SECOND / QUIC_MILLISECOND));
  qv_say_untrusted(t, ctx->path);
  quic_text_char(t, '\n');
}

/* findings_again is for the later windows of a kind. */
static void findings_again(quic_text *t, const qv_context *ctx,
                           const qv_connection *c, const quic_finding *f) {
  quic_text_str(t, "          also ");
  qv_say_time(t, ctx, c, f->from);
  if (f->to != f->from) {
    quic_text_str(t, " .. ");
    qv_say_time(t, ctx, c, f->to);
  }
  if (f->stream_id != QLOG_NONE) {
    quic_text_str(t, ", stream ");
    quic_text_u64(t, f->stream_id);
  }
  quic_text_char(t, '\n');
}

static void findings_text(out_findings *o, const qv_connection *c,
                          const quic_finding *f) {
  const qv_context *ctx = o->base.ctx;
  const quic_finding_info *info = quic_finding_info_of(f->id);
  quic_text *t = ctx->out;
  size_t start;

  if (!f->determinable) {
    quic_text_str(t, "unknown   ");
    quic_text_str(t, info->title);
    quic_text_str(t, ": ");
    quic_text_str(t, f->text);
    quic_text_char(t, '\n');
    return;
  }
  if (f->count == 0) {
    findings_again(t, ctx, c, f);
    return;
  }
  qv_say_severity(t, ctx->opt->colour, f->severity);
  quic_text_str(t, "  ");
  start = quic_text_pos(t);
  cli_colour_on(t, ctx->opt->colour, CLI_COLOUR_BOLD);
  quic_text_str(t, info->title);
  cli_colour_off(t, ctx->opt->colour);
  quic_text_pad(t, start, 50);
  quic_text_str(t, "  ");
  qv_say_time(t, ctx, c, f->from);
  if (f->to != f->from) {
    quic_text_str(t, " .. ");
    qv_say_time(t, ctx, c, f->to);
  }
  quic_text_char(t, '\n');
  findings_lines(t, f->text);
  if (f->count > 1) {
    quic_text_str(t, "          ");
    qv_say_count(t, f->count, "time");
    quic_text_str(t, ", ");
    quic_close_duration(t, f->total);
    quic_text_str(t, " in all\n");
  }
  if (f->severity != QUIC_NOTE) {
    findings_where(t, ctx, c, f);
  }
}

/* JSON: one object on a line. */

static void findings_json_time(qlog_json *j, const char *key,
                               const qv_connection *c, quic_time time) {
  qlog_json_key(j, key);
  qlog_json_since(j, time, c->first);
}

static void findings_json_facts(qlog_json *j, const char *key,
                                const qv_connection *c, const quic_finding *f) {
  qlog_json_key(j, key);
  qlog_json_object(j);
  for (size_t i = 0; i < f->nfacts; i++) {
    const quic_finding_fact *fact = &f->facts[i];

    qlog_json_key(j, fact->name);
    switch (fact->unit) {
    case QUIC_UNIT_NS:
      qlog_json_ms(j, fact->value);
      break;
    case QUIC_UNIT_TIME:
      qlog_json_since(j, fact->value, c->first);
      break;
    case QUIC_UNIT_MILLI:
    case QUIC_UNIT_PERCENT_MILLI:
      qlog_json_scaled(j, fact->value, 3);
      break;
    default:
      qlog_json_u64(j, fact->value);
      break;
    }
  }
  qlog_json_object_end(j);
}

static void findings_json(out_findings *o, const qv_connection *c,
                          const quic_finding *f) {
  const quic_finding_info *info = quic_finding_info_of(f->id);
  qlog_json *j = &o->json;

  qlog_json_object(j);
  qlog_json_key_str(j, "schema", FINDINGS_SCHEMA);
  qlog_json_key_text_value(
      j, "file", quic_bytes_of(o->base.ctx->path, strlen(o->base.ctx->path)));
  qlog_json_key_u64(j, "connection", c->number);
  qlog_json_key_text_value(j, "group",
                           quic_bytes_of(c->group, strlen(c->group)));
  qlog_json_key_str(j, "vantage", qv_vantage_name(c));
  qlog_json_key_str(j, "finding", info->key);
  qlog_json_key_str(j, "severity", quic_severity_name(f->severity));
  qlog_json_key_bool(j, "determinable", f->determinable);
  qlog_json_key_str(j, "title", info->title);
  findings_json_time(j, "from_ms", c, f->from);
  findings_json_time(j, "to_ms", c, f->to);
  if (f->record != QLOG_NONE) {
    qlog_json_key_u64(j, "record", f->record);
    qlog_json_key_u64(j, "last_record",
                      f->last == QLOG_NONE ? f->record : f->last);
  }
  if (f->side != QUIC_SIDE_UNKNOWN) {
    qlog_json_key_str(j, "side", quic_side_name(f->side));
  }
  if (f->stream_id != QLOG_NONE) {
    qlog_json_key_u64(j, "stream_id", f->stream_id);
  }
  qlog_json_key_u64(j, "count", f->count);
  qlog_json_key(j, "total_ms");
  qlog_json_ms(j, f->total);
  findings_json_facts(j, "facts", c, f);
  qlog_json_key_text_value(j, "text", quic_bytes_of(f->text, strlen(f->text)));
  qlog_json_object_end(j);
  qlog_json_end(j);
}

/* SARIF: one run; a finding is a result of the rule that has its key. */

static void findings_sarif_rules(qlog_json *j) {
  qlog_json_key(j, "rules");
  qlog_json_array(j);
  for (int id = 0; id < QUIC_FINDING_IDS; id++) {
    const quic_finding_info *info = quic_finding_info_of((quic_finding_id)id);

    qlog_json_object(j);
    qlog_json_key_str(j, "id", info->key);
    qlog_json_key(j, "shortDescription");
    qlog_json_object(j);
    qlog_json_key_str(j, "text", info->title);
    qlog_json_object_end(j);
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

static void findings_sarif_begin(out_findings *o) {
  qlog_json *j = &o->json;

  if (o->begun) {
    return;
  }
  o->begun = true;
  qlog_json_object(j);
  qlog_json_key_str(j, "version", "2.1.0");
  qlog_json_key_str(j, "$schema",
                    "https://json.schemastore.org/sarif-2.1.0.json");
  qlog_json_key(j, "runs");
  qlog_json_array(j);
  qlog_json_object(j);
  qlog_json_key(j, "tool");
  qlog_json_object(j);
  qlog_json_key(j, "driver");
  qlog_json_object(j);
  qlog_json_key_str(j, "name", "qlogview");
  qlog_json_key_str(j, "version", H3KIT_VERSION);
  findings_sarif_rules(j);
  qlog_json_object_end(j);
  qlog_json_object_end(j);
  qlog_json_key(j, "results");
  qlog_json_array(j);
}

/* findings_uri writes a path as a relative reference (RFC 3986). */
static void findings_uri(qlog_json *j, const char *path) {
  static const char hex[] = "0123456789ABCDEF";
  char buf[3 * 1024];
  quic_text t;

  quic_text_init(&t, buf, sizeof(buf));
  for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
    bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                 (*p >= '0' && *p <= '9') || strchr("/-._~", *p);

    if (plain) {
      quic_text_char(&t, (char)*p);
    } else {
      quic_text_char(&t, '%');
      quic_text_char(&t, hex[*p >> 4]);
      quic_text_char(&t, hex[*p & 15]);
    }
  }
  qlog_json_str(j, quic_text_cstr(&t));
}

static void findings_sarif(out_findings *o, const qv_connection *c,
                           const quic_finding *f) {
  static const char *const levels[] = {"note", "warning", "error"};
  const quic_finding_info *info = quic_finding_info_of(f->id);
  qlog_json *j = &o->json;
  char buf[QUIC_FINDING_TEXT_MAX + 256];
  quic_text t;

  if (!f->determinable) {
    return;
  }
  quic_text_init(&t, buf, sizeof(buf));
  quic_text_str(&t, info->title);
  quic_text_str(&t, ", ");
  qv_say_time(&t, o->base.ctx, c, f->from);
  quic_text_str(&t, " .. ");
  qv_say_time(&t, o->base.ctx, c, f->to);
  quic_text_char(&t, '\n');
  quic_text_str(&t, f->text);
  qlog_json_object(j);
  qlog_json_key_str(j, "ruleId", info->key);
  qlog_json_key_str(j, "level", levels[f->severity]);
  qlog_json_key(j, "message");
  qlog_json_object(j);
  qlog_json_key_str(j, "text", quic_text_cstr(&t));
  qlog_json_object_end(j);
  qlog_json_key(j, "locations");
  qlog_json_array(j);
  qlog_json_object(j);
  qlog_json_key(j, "physicalLocation");
  qlog_json_object(j);
  qlog_json_key(j, "artifactLocation");
  qlog_json_object(j);
  qlog_json_key(j, "uri");
  findings_uri(j, o->base.ctx->path);
  qlog_json_object_end(j);
  if (f->record != QLOG_NONE && f->record) {
    /* A record is a line of a JSON text sequence. */
    qlog_json_key(j, "region");
    qlog_json_object(j);
    qlog_json_key_u64(j, "startLine", f->record);
    qlog_json_object_end(j);
  }
  qlog_json_object_end(j);
  qlog_json_object_end(j);
  qlog_json_array_end(j);
  findings_json_facts(j, "properties", c, f);
  qlog_json_object_end(j);
}

static void findings_ended(void *user, qv_connection *c) {
  static void (*const show[])(out_findings *, const qv_connection *,
                              const quic_finding *) = {
      [QV_TEXT] = findings_text,
      [QV_JSON] = findings_json,
      [QV_SARIF] = findings_sarif,
  };
  out_findings *o = user;
  const qv_context *ctx = o->base.ctx;
  bool text = ctx->opt->format == QV_TEXT;
  const quic_finding *f;
  uint64_t before = o->shown;

  if (!qv_wanted(ctx, c)) {
    return;
  }
  if (text && (ctx->many || c->number)) {
    qv_say_connection(ctx->out, ctx, c);
    quic_text_char(ctx->out, '\n');
  }
  for (size_t i = 0; (f = quic_findings_at(c->findings, i)); i++) {
    if (findings_wanted(ctx, c, f)) {
      show[ctx->opt->format](o, c, f);
      o->found |= findings_counts(f);
      o->shown++;
    }
  }
  if (text && o->shown == before) {
    quic_text_str(ctx->out, "nothing found\n");
  }
}

static int findings_finish(qv_out *base) {
  out_findings *o = (out_findings *)base;

  if (base->ctx->opt->format == QV_SARIF) {
    findings_sarif_begin(o);
    qlog_json_array_end(&o->json);
    qlog_json_object_end(&o->json);
    qlog_json_array_end(&o->json);
    qlog_json_object_end(&o->json);
    quic_text_char(base->ctx->out, '\n');
  }
  return o->found ? QV_EXIT_FOUND : 0;
}

qv_out *qv_out_findings_new(const qv_context *ctx) {
  out_findings *o = qv_out_alloc(ctx, sizeof(*o));

  if (o) {
    o->base.ops.ended = findings_ended;
    o->base.finish = findings_finish;
    qlog_json_init(&o->json, ctx->out);
    if (ctx->opt->format == QV_SARIF) {
      findings_sarif_begin(o);
    }
  }
  return o ? &o->base : NULL;
}
