#include "qlogview/chart_legend.h"

#define LEGEND_GAP 2 /* cells between two entries */

static bool legend_empty(const qv_chart *c, const qv_chart_series *s) {
  for (size_t i = 0; s->columns && i < c->ncolumns; i++) {
    if (s->columns[i].any) {
      return false;
    }
  }
  return true;
}

/* legend_entry writes one entry at (x, y). */
static void legend_entry(const qv_chart *c, const qv_chart_series *s,
                         qv_grid *g, int x, int y) {
  qv_style style = {s->colour, QV_DEFAULT, QV_BOLD};
  bool empty = legend_empty(c, s);

  qv_grid_put(g, x, y, (uint32_t)s->marker, style);
  qv_grid_str(g, x + 2, y, s->name,
              (qv_style){QV_DEFAULT, QV_DEFAULT, empty ? QV_DIM : 0});
}

int qv_chart_legend(const qv_chart *c, qv_grid *g, int w, int x, int y) {
  int row = 0, at = 0;

  for (size_t i = 0; i < c->nseries; i++) {
    const qv_chart_series *s = &c->series[i];
    int cells;

    if (qv_chart_rowed(s->kind)) {
      continue;
    }
    cells = 2 + qv_text_cells(quic_bytes_of(s->name, strlen(s->name)));
    if (at > 0 && at + cells > w) {
      if (row + 1 == QV_CHART_LEGEND_MAX) {
        break;
      }
      row++;
      at = 0;
    }
    if (g) {
      legend_entry(c, s, g, x + at, y + row);
    }
    at += cells + LEGEND_GAP;
  }
  return row + 1;
}
