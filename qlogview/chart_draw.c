#include "qlogview/chart.h"
#include "qlogview/chart_legend.h"

#define DRAW_BRAILLE 0x2800
#define DRAW_TICK_CELLS 3 /* rows from tick to tick, about */
#define DRAW_TICKS_MIN 3
#define DRAW_LABEL_CELLS 10 /* the same along the time axis */
#define DRAW_LETTERS 3      /* of a curve within the plot */
#define DRAW_BAR 0x2584     /* lower half block */
#define DRAW_SEVERAL '#'    /* more than one change in a cell */

/* One drawing: what all of its parts need. */
typedef struct draw {
  const qv_chart *c;
  qv_grid *g;
  qv_rect r;
  qv_chart_mode mode;
  qv_chart_layout lay;
  qv_axis axis[2];
} draw;

static const qv_style draw_plain = {0};
static const qv_style draw_quiet = {QV_GREY, QV_DEFAULT, 0};

/* Scales. */

/* draw_right writes |s| so that it ends before |x|. */
static void draw_right(const draw *d, int x, int y, quic_bytes s,
                       qv_style style) {
  qv_grid_text(d->g, x - qv_text_cells(s), y, s, QV_GRID_MAX, style);
}

/* draw_scale draws a vertical axis and its labels. */
static void draw_scale(const draw *d, int side) {
  const qv_axis *a = &d->axis[side];
  const qv_rect *p = &d->lay.plot;
  int x = side ? p->x + p->w + 1 : p->x - 1;
  uint64_t v = a->lo;
  int above = p->y + p->h; /* the tick before */

  for (int y = 0; y < p->h; y++) {
    qv_grid_put(d->g, x, p->y + y, 0x2502, draw_quiet);
  }
  do {
    char buf[QV_AXIS_LABEL_OCTETS];
    quic_text t;
    int y = p->y + p->h - 1 - qv_axis_place(a, v, p->h);

    if (y >= above) {
      continue;
    }
    above = y;
    quic_text_init(&t, buf, sizeof(buf));
    qv_axis_label(a, v, &t);
    qv_grid_put(d->g, x, y, side ? 0x251c : 0x2524, draw_quiet);
    if (side) {
      qv_grid_text(d->g, x + 1, y, quic_bytes_of(buf, t.len), QV_GRID_MAX,
                   draw_plain);
    } else {
      draw_right(d, x, y, quic_bytes_of(buf, t.len), draw_plain);
    }
  } while (qv_axis_next(a, &v));
}

/* draw_head writes the title, and the units of both scales beside it. */
static void draw_head(const draw *d) {
  qv_rect r = d->r;
  quic_bytes title = quic_bytes_of(d->c->title, strlen(d->c->title));
  int x = d->lay.plot.h > 0 ? r.x + 9 : r.x;

  for (int side = 0; side < 2 && d->lay.plot.h > 0; side++) {
    const char *unit =
        d->c->what[side] ? d->c->what[side] : qv_axis_title(&d->axis[side]);
    quic_bytes b = quic_bytes_of(unit, strlen(unit));

    if (side == 0) {
      draw_right(d, r.x + 8, r.y, b, draw_quiet);
    } else if (d->lay.right) {
      qv_grid_text(d->g, d->lay.plot.x + d->lay.plot.w + 2, r.y, b,
                   QV_AXIS_LABEL_MAX, draw_quiet);
    }
  }
  qv_grid_text(d->g, x, r.y, title, r.x + r.w - x - (d->lay.right ? 9 : 0),
               (qv_style){QV_DEFAULT, QV_DEFAULT, QV_BOLD});
}

/* draw_time draws the time axis in row |y| and its labels below. */
static void draw_time(const draw *d, int y) {
  const qv_rect *p = &d->lay.plot;
  quic_duration width = quic_time_since(d->c->to, d->c->from), begin;
  uint64_t v;
  qv_axis a;
  int free = p->x - 9;

  begin = quic_time_since(d->c->from, d->c->origin);
  qv_axis_fit(&a, QUIC_UNIT_NS, begin, begin + width, p->w / DRAW_LABEL_CELLS);
  for (int x = -1; x < p->w; x++) {
    qv_grid_put(d->g, p->x + x, y, x < 0 ? 0x2514 : 0x2500, draw_quiet);
  }
  for (v = a.lo; v < begin && qv_axis_next(&a, &v);) {
  }
  for (; v >= begin && v - begin <= width;) {
    char buf[QV_AXIS_LABEL_OCTETS];
    int x = (int)((double)(v - begin) / (double)(width ? width : 1) * p->w);
    int cells;
    quic_text t;

    x = x < p->w ? x : p->w - 1;
    quic_text_init(&t, buf, sizeof(buf));
    qv_axis_label(&a, v, &t);
    quic_text_char(&t, ' ');
    quic_text_str(&t, qv_axis_title(&a));
    cells = qv_text_cells(quic_bytes_of(buf, t.len));
    qv_grid_put(d->g, p->x + x, y, 0x252c, draw_quiet);
    /* The label stands under its tick, and never on its neighbour. */
    x = p->x + x - (cells - 1) / 2;
    x = x + cells > d->r.x + d->r.w ? d->r.x + d->r.w - cells : x;
    if (x >= free) {
      qv_grid_text(d->g, x, y + 1, quic_bytes_of(buf, t.len), cells,
                   draw_plain);
      free = x + cells + 1;
    }
    if (!qv_axis_next(&a, &v)) {
      break;
    }
  }
}

/* Curves. */

/* draw_dot sets the dot of |column| that is |up| dots above the lowest. */
static void draw_dot(const draw *d, const qv_chart_series *s, int column,
                     int up) {
  static const uint8_t bits[4][2] = {
      {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
  qv_style style = {s->colour, QV_DEFAULT, 0};
  const qv_rect *p = &d->lay.plot;
  int down = d->lay.dots - 1 - up, x, y;
  uint32_t cp = DRAW_BRAILLE;
  const qv_cell *cell;

  if (d->mode == QV_CHART_ASCII) {
    qv_grid_put(d->g, p->x + column, p->y + down, (uint32_t)s->marker, style);
    return;
  }
  x = p->x + column / 2;
  y = p->y + down / 4;
  cell = qv_grid_at(d->g, x, y);
  if (cell && (cell->cp & ~UINT32_C(0xff)) == DRAW_BRAILLE) {
    cp = cell->cp;
  }
  qv_grid_put(d->g, x, y, cp | bits[down % 4][column % 2], style);
}

static int draw_up(const draw *d, const qv_chart_series *s, uint64_t value) {
  return qv_axis_place(&d->axis[s->axis ? 1 : 0], value, d->lay.dots);
}

/* draw_line draws the columns as their spans, each joined to the one before. */
static void draw_line(const draw *d, const qv_chart_series *s) {
  const qv_column *before = NULL;

  for (int i = 0; i < d->lay.columns; i++) {
    const qv_column *col = &s->columns[i];
    uint64_t lo, hi;
    int top;

    if (!col->any) {
      before = NULL;
      continue;
    }
    lo = col->min;
    hi = col->max;
    if (before) {
      lo = before->last < lo ? before->last : lo;
      hi = before->last > hi ? before->last : hi;
    }
    top = draw_up(d, s, hi);
    for (int up = draw_up(d, s, lo); up <= top; up++) {
      draw_dot(d, s, i, up);
    }
    before = col;
  }
}

static void draw_dots(const draw *d, const qv_chart_series *s) {
  for (int i = 0; i < d->lay.columns; i++) {
    const qv_column *col = &s->columns[i];

    if (col->any) {
      draw_dot(d, s, i, draw_up(d, s, col->min));
      draw_dot(d, s, i, draw_up(d, s, col->max));
      draw_dot(d, s, i, draw_up(d, s, col->first));
      draw_dot(d, s, i, draw_up(d, s, col->last));
    }
  }
}

/* Letters. */

static bool draw_blank(const draw *d, int x, int y) {
  const qv_cell *cell = qv_grid_at(d->g, x, y);

  return cell && cell->cp == ' ';
}

/* draw_letter writes the letter of |s| at the blank cell that is nearest to
   row |y| of the plot, at most |reach| rows away. */
static void draw_letter(const draw *d, const qv_chart_series *s, int x, int y,
                        int reach) {
  const qv_rect *p = &d->lay.plot;

  for (int off = 0; off <= reach; off++) {
    for (int sign = -1; sign <= 1; sign += 2) {
      int at = y + sign * off;

      if (at >= 0 && at < p->h && draw_blank(d, x, p->y + at)) {
        qv_grid_put(d->g, x, p->y + at, (uint32_t)s->marker,
                    (qv_style){s->colour, QV_DEFAULT, QV_BOLD});
        return;
      }
    }
  }
}

/* draw_row_of returns the row of the plot in which |value| is drawn. */
static int draw_row_of(const draw *d, const qv_chart_series *s,
                       uint64_t value) {
  int down = d->lay.dots - 1 - draw_up(d, s, value);

  return d->mode == QV_CHART_ASCII ? down : down / 4;
}

/* draw_letters names the curve |i|: at the right of its end, and now and then
   beside it where there is a blank. */
static void draw_letters(const draw *d, size_t i) {
  const qv_chart_series *s = &d->c->series[i];
  const qv_rect *p = &d->lay.plot;

  for (int n = d->lay.columns - 1; n >= 0; n--) {
    if (s->columns[n].any) {
      draw_letter(d, s, p->x + p->w, draw_row_of(d, s, s->columns[n].last),
                  p->h);
      break;
    }
  }
  for (int k = 0; d->mode == QV_CHART_BRAILLE && k < DRAW_LETTERS; k++) {
    int x = p->w * (2 * k + 1) / (2 * DRAW_LETTERS) + (int)i * 2;

    if (x < p->w && s->columns[2 * x].any) {
      draw_letter(d, s, p->x + x, draw_row_of(d, s, s->columns[2 * x].max), 1);
    }
  }
}

static void draw_plot(const draw *d) {
  for (size_t i = 0; i < d->c->nseries; i++) {
    const qv_chart_series *s = &d->c->series[i];

    if (s->columns && s->kind == QV_CHART_STEP) {
      draw_line(d, s);
    } else if (s->columns && s->kind == QV_CHART_DOTS) {
      draw_dots(d, s);
    }
  }
  for (size_t i = 0; i < d->c->nseries; i++) {
    if (d->c->series[i].columns && !qv_chart_rowed(d->c->series[i].kind)) {
      draw_letters(d, i);
    }
  }
}

/* Rows. */

/* draw_cell returns what |s| is in cell |x| of a row. */
static qv_column draw_cell(const draw *d, const qv_chart_series *s, int x) {
  int each = d->lay.columns / d->lay.plot.w;
  qv_column sum = {0};

  for (int i = x * each; i < (x + 1) * each; i++) {
    const qv_column *col = &s->columns[i];

    if (!col->any) {
      continue;
    }
    if (!sum.any) {
      sum = *col;
      continue;
    }
    sum.sampled = sum.sampled || col->sampled;
    sum.min = col->min < sum.min ? col->min : sum.min;
    sum.max = col->max > sum.max ? col->max : sum.max;
    sum.last = col->last;
    sum.samples += col->samples;
  }
  return sum;
}

static void draw_marks(const draw *d, const qv_chart_series *s, int y) {
  uint32_t cp = s->marker ? (uint32_t)s->marker : DRAW_BAR;

  for (int x = 0; x < d->lay.plot.w; x++) {
    if (draw_cell(d, s, x).sampled) {
      qv_grid_put(d->g, d->lay.plot.x + x, y, cp,
                  (qv_style){s->colour, QV_DEFAULT, s->marker ? QV_BOLD : 0});
    }
  }
}

/* draw_bands draws runs of one state: its name as far as it fits, then a bar.
   A state whose name is "" is left blank. */
static void draw_bands(const draw *d, const qv_chart_series *s, int y) {
  static const uint8_t colours[] = {QV_BLUE, QV_ORANGE, QV_GREY, QV_SKY,
                                    QV_YELLOW};
  int w = d->lay.plot.w;

  for (int x = 0, end; x < w; x = end) {
    qv_column col = draw_cell(d, s, x);
    int state = qv_chart_state(s, &col), len;
    qv_style style;
    quic_bytes name;

    for (end = x + 1; end < w; end++) {
      col = draw_cell(d, s, end);
      if (qv_chart_state(s, &col) != state) {
        break;
      }
    }
    if (state < 0) {
      qv_grid_fill(d->g, (qv_rect){d->lay.plot.x + x, y, end - x, 1},
                   state == QV_CHART_SEVERAL ? DRAW_SEVERAL : ' ', draw_plain);
      continue;
    }
    style = (qv_style){colours[(size_t)state % sizeof(colours)], QV_DEFAULT, 0};
    name = quic_bytes_of(s->names[state], strlen(s->names[state]));
    len = end - x > 2 ? end - x - 1 : end - x;
    qv_grid_fill(d->g, (qv_rect){d->lay.plot.x + x, y, end - x, 1},
                 name.len ? DRAW_BAR : ' ', style);
    qv_grid_text(d->g, d->lay.plot.x + x, y, name, len, style);
  }
}

/* draw_rows draws marks and bands below the plot.  Returns the row behind. */
static int draw_rows(const draw *d, int y) {
  int left = d->lay.rows;

  for (size_t i = 0; i < d->c->nseries && left > 0; i++) {
    const qv_chart_series *s = &d->c->series[i];

    if (!qv_chart_rowed(s->kind)) {
      continue;
    }
    qv_grid_text(d->g, d->r.x, y, quic_bytes_of(s->name, strlen(s->name)), 8,
                 draw_plain);
    if (s->columns && s->kind == QV_CHART_MARKS) {
      draw_marks(d, s, y);
    } else if (s->columns) {
      draw_bands(d, s, y);
    }
    y++;
    left--;
  }
  return y;
}

void qv_chart_draw(const qv_chart *c, qv_grid *g, qv_rect r,
                   qv_chart_mode mode) {
  draw d = {.c = c, .g = g, .r = r, .mode = mode};
  int ticks;

  qv_grid_fill(g, r, ' ', draw_plain);
  qv_chart_lay(c, r, mode, &d.lay);
  ticks = d.lay.plot.h / DRAW_TICK_CELLS;
  for (int side = 0; side < 2; side++) {
    qv_chart_scale(c, side, ticks > DRAW_TICKS_MIN ? ticks : DRAW_TICKS_MIN,
                   &d.axis[side]);
  }
  draw_head(&d);
  if (d.lay.columns == 0 || (size_t)d.lay.columns != c->ncolumns) {
    return;
  }
  if (d.lay.plot.h > 0) {
    qv_chart_legend(c, g, r.w, r.x, r.y + 1);
    draw_scale(&d, 0);
    if (d.lay.right) {
      draw_scale(&d, 1);
    }
    draw_plot(&d);
  }
  draw_time(&d, draw_rows(&d, d.lay.plot.y + d.lay.plot.h));
}
