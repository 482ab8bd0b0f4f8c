#include "qlogview/chart.h"

#include "qlogview/chart_legend.h"

#define CHART_GUTTER (QV_AXIS_LABEL_MAX + 1) /* labels and the line itself */
#define CHART_PLOT_W_MIN 4
#define CHART_PLOT_H_MIN 3 /* rows give way to it */
#define CHART_FOOT 2       /* time axis and its labels */

void qv_chart_lay(const qv_chart *c, qv_rect r, qv_chart_mode mode,
                  qv_chart_layout *out) {
  int rows = 0, room;
  bool plotted = false;

  *out = (qv_chart_layout){0};
  for (size_t i = 0; i < c->nseries; i++) {
    const qv_chart_series *s = &c->series[i];

    rows += qv_chart_rowed(s->kind) ? 1 : 0;
    plotted = plotted || !qv_chart_rowed(s->kind);
    out->right = out->right || (!qv_chart_rowed(s->kind) && s->axis == 1);
  }
  out->legend = plotted ? qv_chart_legend(c, NULL, r.w, 0, 0) : 0;
  room = r.h - 1 - out->legend - CHART_FOOT;
  out->plot.x = r.x + CHART_GUTTER;
  out->plot.y = r.y + 1 + out->legend;
  /* One column at the right is for the letters of the curves. */
  out->plot.w = r.w - CHART_GUTTER - 1 - (out->right ? CHART_GUTTER : 0);
  if (out->plot.w < CHART_PLOT_W_MIN ||
      room < (plotted ? CHART_PLOT_H_MIN : 1)) {
    return;
  }
  room -= plotted ? CHART_PLOT_H_MIN : 0;
  out->rows = rows < room ? rows : room;
  room += plotted ? CHART_PLOT_H_MIN : 0;
  out->plot.h = plotted ? room - out->rows : 0;
  out->columns = out->plot.w * (mode == QV_CHART_ASCII ? 1 : 2);
  out->dots = out->plot.h * (mode == QV_CHART_ASCII ? 1 : 4);
}

size_t qv_chart_columns(const qv_chart *c, qv_rect r, qv_chart_mode mode) {
  qv_chart_layout lay;

  qv_chart_lay(c, r, mode, &lay);
  return (size_t)lay.columns;
}

/* chart_edge returns where column |i| of |n| begins. */
static quic_time chart_edge(const qv_chart *c, size_t n, size_t i) {
  uint64_t width = c->to > c->from ? c->to - c->from : 0;
  quic_time edge = c->from + width / n * i + width % n * i / n;

  if (i == 0 || i == n) {
    return i ? c->from + width : c->from;
  }
  if (c->leaf > 1) {
    edge -= edge % c->leaf;
  }
  return edge < c->from ? c->from : edge;
}

void qv_chart_column_of(const qv_chart *c, size_t n, size_t i, quic_time *from,
                        quic_time *to) {
  if (n == 0 || n > QV_CHART_COLUMNS_MAX || i >= n) {
    *from = *to = c->from;
    return;
  }
  *from = chart_edge(c, n, i);
  *to = chart_edge(c, n, i + 1);
}

bool qv_chart_scale(const qv_chart *c, int axis, int ticks, qv_axis *out) {
  uint64_t min = UINT64_MAX, max = 0;
  bool any = false, used = false;

  for (size_t i = 0; i < c->nseries; i++) {
    const qv_chart_series *s = &c->series[i];

    if (qv_chart_rowed(s->kind) || s->axis != axis) {
      continue;
    }
    used = true;
    for (size_t j = 0; s->columns && j < c->ncolumns; j++) {
      const qv_column *col = &s->columns[j];

      if (col->any) {
        any = true;
        min = col->min < min ? col->min : min;
        max = col->max > max ? col->max : max;
      }
    }
  }
  if (!any || !c->fit[axis]) {
    min = 0;
  }
  qv_axis_fit(out, c->unit[axis], min, max, ticks);
  return used;
}

int qv_chart_state(const qv_chart_series *s, const qv_column *col) {
  if (!col->any) {
    return QV_CHART_NO_STATE;
  }
  if ((col->min != col->max && col->samples > 1) || col->last >= s->nnames) {
    return QV_CHART_SEVERAL;
  }
  return (int)col->last;
}

void qv_chart_values(const qv_chart *c, quic_text *t) {
  quic_text_str(t, "series,from,to,first,min,max,last,samples\n");
  for (size_t i = 0; i < c->nseries; i++) {
    const qv_chart_series *s = &c->series[i];

    for (size_t j = 0; s->columns && j < c->ncolumns; j++) {
      const qv_column *col = &s->columns[j];
      quic_time from, to;

      if (!col->any) {
        continue;
      }
      qv_chart_column_of(c, c->ncolumns, j, &from, &to);
      quic_text_str(t, s->key ? s->key : s->name);
      for (int k = 0; k < 7; k++) {
        const uint64_t values[] = {quic_time_since(from, c->origin),
                                   quic_time_since(to, c->origin),
                                   col->first,
                                   col->min,
                                   col->max,
                                   col->last,
                                   col->samples};

        quic_text_char(t, ',');
        quic_text_u64(t, values[k]);
      }
      quic_text_char(t, '\n');
    }
  }
}
