#ifndef QV_SVG_H
#define QV_SVG_H

/* A chart as a picture of its own: SVG without scripts or references, readable
   on light and on dark ground, with a title and a description in words. */

#include "qlogview/chart.h"

#define QV_SVG_SIZE_MAX 16384 /* pixels each way */

/* qv_svg_chart appends |c| as one SVG document of |w| by |h| pixels, which are
   brought into what can be drawn.  |c->ncolumns| may be any number up to
   QV_CHART_COLUMNS_MAX; two for three pixels is plenty. */
void qv_svg_chart(const qv_chart *c, int w, int h, quic_text *t);

/* qv_svg_text appends text for XML: markup characters as entities, what XML
   must not have as U+FFFD. */
void qv_svg_text(quic_text *t, const char *s);

#endif /* !defined(QV_SVG_H) */
