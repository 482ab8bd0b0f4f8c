#ifndef QV_CHART_LEGEND_H
#define QV_CHART_LEGEND_H

/* The legend of a chart. */

#include "qlogview/chart.h"

#define QV_CHART_LEGEND_MAX 3 /* rows */

/* qv_chart_legend writes the letter and the name of each curve into rows of |w|
   cells from (x, y) on, as many as fit.  |g| NULL: writes nothing. Returns the
   rows it takes. */
int qv_chart_legend(const qv_chart *c, qv_grid *g, int w, int x, int y);

#endif /* !defined(QV_CHART_LEGEND_H) */
