#ifndef QV_CHART_H
#define QV_CHART_H

/* qv_chart draws series over time into a grid: lines and dots in a plot with
   one or two scales, then rows of marks and of states, all above one time axis.

     size_t n = qv_chart_columns(&chart, rect, mode);

     for (i = 0; i < n; i++) {
       qv_chart_column_of(&chart, n, i, &from, &to);
       quic_series_get(cwnd, from, to, &columns[i]);
     }
     ...
     qv_chart_draw(&chart, &grid, rect, mode);

   The plot shows the true minimum and maximum of every column. Series are told
   apart by a letter as well as by colour. */

#include "analysis/series.h"
#include "qlogview/axis.h"
#include "qlogview/grid.h"

#define QV_CHART_SERIES_MAX 96
#define QV_CHART_COLUMNS_MAX (2 * QV_GRID_MAX)

typedef enum qv_chart_kind {
  QV_CHART_STEP,  /* a line; a value holds until the next */
  QV_CHART_DOTS,  /* a dot for each value: of a column the first, the least, the
                     largest and the last */
  QV_CHART_MARKS, /* a row with a mark where there is a sample */
  QV_CHART_BANDS, /* a row with the states that values number */
  QV_CHART_KINDS
} qv_chart_kind;

/* What a series is in a stretch of time. */
typedef quic_series_span qv_column;

typedef struct qv_chart_series {
  const char *name; /* trusted */
  const char *key;  /* in numbers; NULL = name */
  qv_chart_kind kind;
  char marker; /* a letter; MARKS: 0 = a bar */
  uint8_t colour;
  uint8_t axis;             /* 0 left, 1 right */
  const qv_column *columns; /* as many as asked for; NULL: there is nothing */
  const char *const *names; /* BANDS: of the values; printable UTF-8 */
  size_t nnames;
} qv_chart_series;

typedef struct qv_chart {
  const char *title;   /* trusted */
  quic_time from, to;  /* what is shown, [from, to) */
  quic_time origin;    /* 0 of the time axis */
  quic_duration leaf;  /* columns begin at its multiples if they can; 0, 1 = at
                          any time */
  quic_unit unit[2];   /* of the left and the right scale */
  const char *what[2]; /* of what, if the unit does not say; NULL */
  bool fit[2];         /* the scale need not begin at 0 */
  const qv_chart_series *series; /* later ones are drawn over earlier ones */
  size_t nseries;
  size_t ncolumns; /* in each series */
} qv_chart;

typedef enum qv_chart_mode {
  QV_CHART_BRAILLE, /* 2 by 4 dots in a cell */
  QV_CHART_ASCII    /* letters; to be rendered as ASCII */
} qv_chart_mode;

/* Where things are in a grid. */
typedef struct qv_chart_layout {
  qv_rect plot; /* cells of the curves; h may be 0 */
  int legend;   /* rows of it, below the title */
  int rows;     /* marks and bands that have room */
  int columns;  /* of time, 0 when there is no room */
  int dots;     /* rows of dots */
  bool right;   /* there is a second scale */
} qv_chart_layout;

void qv_chart_lay(const qv_chart *c, qv_rect r, qv_chart_mode mode,
                  qv_chart_layout *out);

/* qv_chart_columns returns into how many columns [from, to) is to be reduced
   to be drawn in |r|; 0: there is no room. */
size_t qv_chart_columns(const qv_chart *c, qv_rect r, qv_chart_mode mode);

/* qv_chart_column_of tells which stretch of time column |i| of |n| is. */
void qv_chart_column_of(const qv_chart *c, size_t n, size_t i, quic_time *from,
                        quic_time *to);

/* qv_chart_scale fits the scale of |axis| to what is shown. Returns false when
   no series uses it. */
bool qv_chart_scale(const qv_chart *c, int axis, int ticks, qv_axis *out);

/* qv_chart_draw draws |c| into |r|, whose ncolumns must be qv_chart_columns. */
void qv_chart_draw(const qv_chart *c, qv_grid *g, qv_rect r,
                   qv_chart_mode mode);

#define QV_CHART_SEVERAL (-1)
#define QV_CHART_NO_STATE (-2)

/* qv_chart_state returns which state of the BANDS |s| a stretch of time shows:
   the one after its only change, QV_CHART_SEVERAL, or QV_CHART_NO_STATE. */
int qv_chart_state(const qv_chart_series *s, const qv_column *col);

/* qv_chart_values appends what is drawn as CSV: a head, then for each column of
   each series that has something "series,from,to,first,min,max,last,samples",
   times in ns from |c->origin|. */
void qv_chart_values(const qv_chart *c, quic_text *t);

/* qv_chart_rowed: the kind is a row of its own. */
static inline bool qv_chart_rowed(qv_chart_kind kind) {
  return kind == QV_CHART_MARKS || kind == QV_CHART_BANDS;
}

#endif /* !defined(QV_CHART_H) */
