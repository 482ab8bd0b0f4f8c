/* A view of each connection as a text chart or as SVG. */

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/complain.h"
#include "qlogview/say.h"
#include "qlogview/views.h"

#define CHART_W 100 /* cells, when nobody says and there is no terminal */
#define CHART_H 24
#define CHART_CELL_W 10 /* pixels of SVG for a cell of the size asked for */
#define CHART_CELL_H 20

typedef struct chart_data {
  qv_tracks *tracks;
  qv_lanes *lanes;
} chart_data;

typedef struct out_chart {
  qv_out base;
  const qv_view *view;
  int w, h;
  uint64_t drawn;
  bool starved;
} out_chart;

static void chart_begin(void *user, qv_connection *c) {
  out_chart *o = user;
  const quic_mem *mem = o->base.ctx->mem;
  qv_tracks_settings set = {.analysis = c->analysis,
                            .local = c->sent_is_client ? QUIC_SIDE_CLIENT
                                                       : QUIC_SIDE_SERVER};
  chart_data *d;

  if (!qv_wanted(o->base.ctx, c)) {
    return;
  }
  d = quic_mem_zalloc(mem, sizeof(*d));
  if (!d || qv_tracks_new(&d->tracks, mem, &set) != 0 ||
      (o->view->lanes && qv_lanes_new(&d->lanes, mem) != 0)) {
    o->starved = true;
  }
  c->data = d;
}

static void chart_record(void *user, qv_connection *c, const qlog_record *r) {
  chart_data *d = c->data;

  (void)user;
  if (!d || !r->event) {
    return;
  }
  if (d->tracks) {
    qv_tracks_event(d->tracks, r->event);
  }
  if (d->lanes) {
    qv_lanes_event(d->lanes, r->event);
  }
}

static qv_view_range chart_range(const qv_context *ctx,
                                 const qv_connection *c) {
  qv_view_range range = {0, QUIC_TIME_NEVER};

  if (ctx->opt->window) {
    range.from = c->first + ctx->opt->from;
    range.to = ctx->opt->to >= QUIC_TIME_NEVER - c->first
                   ? QUIC_TIME_NEVER
                   : c->first + ctx->opt->to;
  }
  return range;
}

static int chart_text(out_chart *o, const qv_view_source *src,
                      qv_view_range range) {
  const qv_options *opt = o->base.ctx->opt;
  unsigned how = (opt->ascii ? QV_RENDER_ASCII : 0) |
                 (opt->colour ? QV_RENDER_COLOURS : 0);
  qv_rect all = {0, 0, o->w, o->h};
  qv_grid grid;
  int rv = qv_grid_init(&grid, o->base.ctx->mem, o->w, o->h);

  if (rv) {
    return rv;
  }
  rv = qv_view_draw(o->view, src, range, &grid, all,
                    opt->ascii ? QV_CHART_ASCII : QV_CHART_BRAILLE);
  if (rv == 0) {
    qv_grid_render(&grid, o->base.ctx->out, how);
  }
  qv_grid_free(&grid);
  return rv;
}

static void chart_show(out_chart *o, const qv_connection *c,
                       const chart_data *d) {
  const qv_context *ctx = o->base.ctx;
  const qv_view_source src = {ctx->mem, d->tracks, d->lanes};
  qv_view_range range = chart_range(ctx, c);
  bool svg = ctx->opt->mode == QV_SVG;
  int rv;

  if (!svg && ctx->opt->format == QV_TEXT && (ctx->many || c->number)) {
    qv_say_connection(ctx->out, ctx, c);
    quic_text_char(ctx->out, '\n');
  }
  if (!qv_view_any(o->view, &src)) {
    if (!ctx->opt->quiet) {
      cli_complain("%s: connection %u has nothing to show as '%s'", ctx->path,
                   c->number, o->view->key);
    }
    return;
  }
  if (svg && o->drawn) {
    cli_complain("%s: one picture to a file: connection %u is left out, choose "
                 "it with -c",
                 ctx->path, c->number);
    return;
  }
  if (ctx->opt->format == QV_CSV_TABLE) {
    rv = qv_view_values(o->view, &src, range, (size_t)o->w, ctx->out);
  } else if (svg) {
    rv = qv_view_svg(o->view, &src, range, o->w * CHART_CELL_W,
                     o->h * CHART_CELL_H, ctx->out);
  } else {
    rv = chart_text(o, &src, range);
  }
  o->starved |= rv != 0;
  o->drawn++;
}

static void chart_ended(void *user, qv_connection *c) {
  out_chart *o = user;
  chart_data *d = c->data;

  if (!d) {
    return;
  }
  if (d->tracks && !o->starved) {
    chart_show(o, c, d);
  }
  qv_tracks_del(d->tracks);
  qv_lanes_del(d->lanes);
  quic_mem_free(o->base.ctx->mem, d);
}

static int chart_finish(qv_out *base) {
  if (((out_chart *)base)->starved) {
    cli_complain("out of memory");
    return QV_EXIT_INPUT;
  }
  return 0;
}

/* chart_size takes what was asked for, else the terminal's size. */
static void chart_size(out_chart *o) {
  const qv_options *opt = o->base.ctx->opt;
  struct winsize ws;

  o->w = (int)opt->w;
  o->h = (int)opt->h;
  if (o->w) {
    return;
  }
  o->w = CHART_W;
  o->h = CHART_H;
  if (!opt->output && opt->mode == QV_PRINT &&
      ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) == 0 && ws.ws_col && ws.ws_row) {
    o->w = ws.ws_col;
    o->h = ws.ws_row > 2 ? ws.ws_row - 1 : ws.ws_row;
  }
}

qv_out *qv_out_chart_new(const qv_context *ctx) {
  const qv_view *view = qv_view_find(ctx->opt->view);
  out_chart *o;

  if (!view) {
    cli_complain("no view is called '%s'; --print=list names them",
                 ctx->opt->view);
    qv_mistake(ctx);
    return NULL;
  }
  o = qv_out_alloc(ctx, sizeof(*o));
  if (o) {
    o->view = view;
    chart_size(o);
    o->base.ops.begin = chart_begin;
    o->base.ops.record = chart_record;
    o->base.ops.ended = chart_ended;
    o->base.finish = chart_finish;
  }
  return o ? &o->base : NULL;
}
