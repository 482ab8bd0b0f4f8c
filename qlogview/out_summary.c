/* What happened, in a few lines: verdict, speed and what limited it, findings,
   how it ended. */

#include "analysis/limits.h"
#include "cli/para.h"
#include "qlogview/say.h"

#define SUMMARY_INDENT 12   /* columns before what is said */
#define SUMMARY_FINDINGS 5  /* shown; --findings has the others */
#define SUMMARY_BAR 40      /* cells */
#define SUMMARY_RECEIVER 10 /* times the data: a log of a receiver */

typedef struct out_summary {
  qv_out base;
} out_summary;

static void summary_title(quic_text *t, const char *title) {
  size_t start = quic_text_pos(t);

  quic_text_str(t, title);
  quic_text_pad(t, start, SUMMARY_INDENT);
}

/* summary_data: octets of STREAM data that |side| sent, each counted once. */
static uint64_t summary_data(const qv_connection *c, int side) {
  const quic_flow *flow = quic_analysis_flow(c->analysis);

  return flow ? quic_flow_side_of(flow, side)->sum : 0;
}

static int summary_local(const qv_connection *c) {
  return c->sent_is_client ? QUIC_SIDE_CLIENT : QUIC_SIDE_SERVER;
}

static void summary_side(quic_text *t, const qv_connection *c, int side) {
  const quic_totals *totals = quic_analysis_totals(c->analysis, side);
  uint64_t data = summary_data(c, side);
  quic_duration lasted = c->last - c->first;
  quic_sent_counts counts;

  quic_analysis_sum(c->analysis, side, &counts);
  summary_title(t, quic_side_name(side));
  qv_say_count(t, totals->packets, "packet");
  quic_text_str(t, ", ");
  qv_say_octets(t, totals->octets);
  quic_text_str(t, "; data ");
  qv_say_octets(t, data);
  if (data && lasted) {
    quic_text_str(t, ", ");
    qv_say_rate(t, (uint64_t)((double)data * 8e9 / (double)lasted));
  }
  if (counts.told_lost || counts.lost) {
    quic_text_str(t, "; lost ");
    qv_say_number(t, counts.told_lost ? counts.told_lost : counts.lost);
    if (!counts.told_lost) {
      quic_text_str(t, " (made out)");
    }
  }
  if (counts.spurious) {
    quic_text_str(t, ", of these ");
    qv_say_number(t, counts.spurious);
    quic_text_str(t, " in vain");
  }
  quic_text_char(t, '\n');
}

static void summary_between(quic_text *t, quic_duration min, quic_duration last,
                            const char *how) {
  summary_title(t, "round trip");
  quic_close_duration(t, min);
  quic_text_str(t, " at least, ");
  quic_close_duration(t, last);
  quic_text_str(t, " at the end");
  quic_text_str(t, how);
  quic_text_char(t, '\n');
}

/* summary_rtt: what the log tells, or what packets and their ACKs show. */
static void summary_rtt(quic_text *t, const qv_connection *c) {
  const qlog_metrics *m = quic_analysis_metrics(c->analysis);
  const quic_rtt *rtt = quic_analysis_rtt(c->analysis, summary_local(c));

  if (m && m->min_rtt != QLOG_NONE && m->smoothed_rtt != QLOG_NONE) {
    if (m->min_rtt == 0 && m->smoothed_rtt == 0) {
      summary_title(t, "round trip");
      quic_text_str(t, "below the resolution of the log\n");
    } else {
      summary_between(t, m->min_rtt, m->smoothed_rtt, "");
    }
  } else if (rtt->samples) {
    summary_between(t, rtt->min, rtt->smoothed, " (made out)");
  }
}

static void summary_shares(quic_text *t, const quic_limits *l) {
  cli_para para;
  int any = 0;

  cli_para_init(&para);
  for (int i = 0; i < QUIC_LIMITS; i++) {
    uint64_t share = quic_limits_share(l, (quic_limit)i);

    if (share) {
      quic_text_str(&para.text, any++ ? ", " : "");
      quic_text_printf(&para.text, "%s ", quic_limit_name((quic_limit)i));
      qv_say_percent(&para.text, share);
    }
  }
  if (l->no_window) {
    quic_text_str(&para.text, " (guessed: the log tells no window)");
  }
  summary_title(t, "");
  cli_para_put(&para, t, SUMMARY_INDENT, SUMMARY_INDENT);
}

/* summary_limits draws the shares as letters, and names them. */
static void summary_limits(quic_text *t, const qv_connection *c) {
  static const char letters[QUIC_LIMITS] = {'A', 'C', 'F', 'P', 'X', 'R', '.'};
  const quic_limits *l = quic_findings_limits(c->findings);
  int local = summary_local(c);
  uint64_t sum = 0;
  unsigned done = 0;

  if (!l || c->last == c->first) {
    return;
  }
  summary_title(t, "limited by");
  quic_text_char(t, '[');
  for (int i = 0; i < QUIC_LIMITS; i++) {
    sum += quic_limits_share(l, (quic_limit)i);
    while (done < sum * SUMMARY_BAR / 100000) {
      quic_text_char(t, letters[i]);
      done++;
    }
  }
  while (done++ < SUMMARY_BAR) {
    quic_text_char(t, ' ');
  }
  quic_text_str(t, "]\n");
  summary_shares(t, l);
  if (c->vantage != QUIC_VANTAGE_NETWORK &&
      summary_data(c, !local) / SUMMARY_RECEIVER > summary_data(c, local)) {
    summary_title(t, "");
    quic_text_printf(t,
                     "that is the %s as sender; what limited the %s is in "
                     "its own log\n",
                     quic_side_name(local), quic_side_name(!local));
  }
}

static void summary_findings(quic_text *t, const qv_context *ctx,
                             const qv_connection *c) {
  const quic_finding *f;
  uint64_t shown = 0, more = 0, unknown = 0;

  for (size_t i = 0; (f = quic_findings_at(c->findings, i)); i++) {
    if (!f->determinable) {
      unknown++;
    } else if (f->count == 0) {
      continue;
    } else if (shown == SUMMARY_FINDINGS) {
      more++;
    } else {
      summary_title(t, shown++ ? "" : "findings");
      qv_say_severity(t, ctx->opt->colour, f->severity);
      quic_text_str(t, "  ");
      quic_text_str(t, quic_finding_info_of(f->id)->title);
      quic_text_str(t, ", ");
      qv_say_time(t, ctx, c, f->from);
      if (f->count > 1) {
        quic_text_str(t, " and later, ");
        qv_say_count(t, f->count, "time");
      }
      quic_text_char(t, '\n');
    }
  }
  if (shown == 0) {
    summary_title(t, "findings");
    quic_text_str(t, "none\n");
  }
  if (more || unknown) {
    summary_title(t, "");
    if (more) {
      qv_say_number(t, more);
      quic_text_str(t, " more");
    }
    if (unknown) {
      quic_text_str(t, more ? ", " : "");
      qv_say_number(t, unknown);
      quic_text_str(t, " not determinable");
    }
    quic_text_str(t, ": qlogview --findings\n");
  }
}

static void summary_head(quic_text *t, const qv_context *ctx,
                         const qv_connection *c) {
  cli_colour_on(t, ctx->opt->colour, CLI_COLOUR_BOLD);
  qv_say_connection(t, ctx, c);
  cli_colour_off(t, ctx->opt->colour);
  quic_text_str(t, ": ");
  qv_say_count(t, c->events, "event");
  quic_text_str(t, " in ");
  quic_close_duration(t, c->last - c->first);
  quic_text_char(t, '\n');
}

static void summary_ended(void *user, qv_connection *c) {
  out_summary *o = user;
  const qv_context *ctx = o->base.ctx;
  quic_text *t = ctx->out;
  cli_para para;

  if (!qv_wanted(ctx, c)) {
    return;
  }
  summary_head(t, ctx, c);
  for (int side = 0; side < QUIC_SIDES; side++) {
    summary_side(t, c, side);
  }
  summary_rtt(t, c);
  summary_limits(t, c);
  summary_findings(t, ctx, c);
  summary_title(t, "ended");
  cli_para_init(&para);
  quic_close_sentence(quic_analysis_close(c->analysis), &para.text);
  cli_para_put(&para, t, SUMMARY_INDENT, SUMMARY_INDENT);
}

/* summary_file says how good the log is, where it is not. */
static void summary_file(qv_out *base, const qv_file *file, bool failed) {
  const qlog_reader_stats *s = &file->stats;
  quic_text *t = base->ctx->out;

  (void)failed;
  if (s->bad || s->truncated || file->cut) {
    summary_title(t, "the log");
    if (s->bad) {
      qv_say_count(t, s->bad, "record");
      quic_text_str(t, " could not be read");
    }
    if (s->truncated || file->cut) {
      quic_text_str(t, s->bad ? ", " : "");
      quic_text_str(t, "its end is missing");
    }
    quic_text_str(t, " (--stats tells more)\n");
  }
  if (file->early) {
    summary_title(t, "");
    qv_say_count(t, file->early, "connection");
    quic_text_str(t, " of this file ended early to save memory\n");
  }
}

qv_out *qv_out_summary_new(const qv_context *ctx) {
  out_summary *o = qv_out_alloc(ctx, sizeof(*o));

  if (o) {
    o->base.ops.ended = summary_ended;
    o->base.file = summary_file;
  }
  return o ? &o->base : NULL;
}
