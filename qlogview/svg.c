#include "qlogview/svg.h"

#define SVG_GUTTER 66 /* pixels at the sides of the plot */
#define SVG_EDGE 18
#define SVG_TITLE 22
#define SVG_LEGEND 18
#define SVG_ROW 18 /* of marks or states */
#define SVG_FOOT 26
#define SVG_LETTER 7 /* width of a character, about */
#define SVG_PLOT_MIN 20
#define SVG_TICK 60  /* pixels from tick to tick, about */
#define SVG_LABEL 90 /* the same along the time axis */

/* One picture.  Coordinates are tenths of a pixel. */
typedef struct svg {
  const qv_chart *c;
  quic_text *t;
  int w, h; /* pixels */
  int x, y; /* of the plot */
  int plot_w, plot_h;
  qv_axis axis[2];
} svg;

/* The head: what colours are called, on light ground and on dark. */
static const char svg_style[] =
    "<style>"
    "text{font:12px sans-serif;fill:#222}.q{fill:#666}"
    ".a{stroke:#999;fill:none}.p{fill:none;stroke-width:1.3}"
    ".d{fill:none;stroke-width:2.6;stroke-linecap:round}"
    ".g{fill:#fff}.n{fill:#fff;font-weight:bold}"
    ".s0{stroke:#222}.s1{stroke:#0072b2}.s2{stroke:#d55e00}.s3{stroke:#777}"
    ".s4{stroke:#2a9dd6}.s5{stroke:#b08900}.s6{stroke:#c00}"
    ".f0{fill:#222}.f1{fill:#0072b2}.f2{fill:#d55e00}.f3{fill:#777}"
    ".f4{fill:#2a9dd6}.f5{fill:#b08900}.f6{fill:#c00}"
    "@media(prefers-color-scheme:dark){"
    "text{fill:#ddd}.q{fill:#aaa}.a{stroke:#777}.g{fill:#181818}"
    ".s0{stroke:#ddd}.s1{stroke:#56a8e0}.s2{stroke:#f0913a}.s3{stroke:#aaa}"
    ".s4{stroke:#8fd0f5}.s5{stroke:#e3c04a}.s6{stroke:#ff6b6b}"
    ".f0{fill:#ddd}.f1{fill:#56a8e0}.f2{fill:#f0913a}.f3{fill:#aaa}"
    ".f4{fill:#8fd0f5}.f5{fill:#e3c04a}.f6{fill:#ff6b6b}.n{fill:#111}}"
    "</style>\n";

void qv_svg_text(quic_text *t, const char *s) {
  static const struct {
    uint32_t cp;
    const char *entity;
  } entities[] = {
      {'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}};
  const uint8_t *p = (const uint8_t *)s;
  size_t left = strlen(s);

  while (left) {
    uint32_t cp = 0;
    size_t n = quic_text_utf8(p, left, &cp);
    const char *as = n == 0 || cp < ' ' || cp == 0xfffe || cp == 0xffff ||
                             (quic_text_unsafe(cp) && cp != '\\')
                         ? "\xef\xbf\xbd"
                         : NULL;

    for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++) {
      as = n && cp == entities[i].cp ? entities[i].entity : as;
    }
    n = n ? n : 1;
    if (as) {
      quic_text_str(t, as);
    } else {
      quic_text_mem(t, (const char *)p, n);
    }
    p += n;
    left -= n;
  }
}

/* svg_num writes a coordinate. */
static void svg_num(quic_text *t, int tenths) {
  if (tenths < 0) {
    quic_text_char(t, '-');
    tenths = -tenths;
  }
  quic_text_u64(t, (uint64_t)tenths / 10);
  if (tenths % 10) {
    quic_text_char(t, '.');
    quic_text_char(t, (char)('0' + tenths % 10));
  }
}

/* svg_at writes a command of a path with its two numbers. */
static void svg_at(quic_text *t, char command, int x, int y) {
  quic_text_char(t, command);
  svg_num(t, x);
  quic_text_char(t, ' ');
  svg_num(t, y);
}

/* svg_words writes a text element; |anchor| is "start", "middle" or "end". */
static void svg_words(const svg *v, int x, int y, const char *anchor,
                      const char *class, const char *words) {
  quic_text_printf(v->t, "<text x=\"%d\" y=\"%d\" text-anchor=\"%s\"", x, y,
                   anchor);
  if (*class) {
    quic_text_printf(v->t, " class=\"%s\"", class);
  }
  quic_text_char(v->t, '>');
  qv_svg_text(v->t, words);
  quic_text_str(v->t, "</text>\n");
}

static int svg_x(const svg *v, size_t column) {
  return v->x * 10 +
         (int)((uint64_t)v->plot_w * 10 * column / (uint64_t)v->c->ncolumns);
}

static int svg_y(const svg *v, const qv_chart_series *s, uint64_t value) {
  int n = v->plot_h * 10;

  return v->y * 10 + n - qv_axis_place(&v->axis[s->axis ? 1 : 0], value, n + 1);
}

/* svg_label writes the label of a tick, with the unit where it is |whole|. */
static const char *svg_label(const qv_axis *a, uint64_t value, bool whole,
                             char buf[2 * QV_AXIS_LABEL_OCTETS]) {
  quic_text t;

  quic_text_init(&t, buf, 2 * QV_AXIS_LABEL_OCTETS);
  qv_axis_label(a, value, &t);
  if (whole && *qv_axis_title(a)) {
    quic_text_char(&t, ' ');
    quic_text_str(&t, qv_axis_title(a));
  }
  return quic_text_cstr(&t);
}

/* Words. */

/* svg_describe says in words what there is to see. */
static void svg_describe(const svg *v) {
  const qv_chart *c = v->c;
  quic_text *t = v->t;

  quic_text_str(t, "<title>");
  qv_svg_text(t, c->title);
  quic_text_str(t, "</title>\n<desc>");
  for (size_t i = 0; i < c->nseries; i++) {
    const qv_chart_series *s = &c->series[i];
    uint64_t min = UINT64_MAX, max = 0;

    for (size_t j = 0; s->columns && j < c->ncolumns; j++) {
      if (s->columns[j].any) {
        min = s->columns[j].min < min ? s->columns[j].min : min;
        max = s->columns[j].max > max ? s->columns[j].max : max;
      }
    }
    quic_text_str(t, i ? "; " : "");
    qv_svg_text(t, s->name);
    if (min > max) {
      quic_text_str(t, ": none");
    } else if (!qv_chart_rowed(s->kind)) {
      quic_text_str(t, ": ");
      quic_text_u64(t, min);
      quic_text_str(t, " to ");
      quic_text_u64(t, max);
      quic_text_str(t, c->unit[s->axis ? 1 : 0] == QUIC_UNIT_NS ? " ns" : "");
    }
  }
  quic_text_str(t, "</desc>\n");
}

static void svg_legend(const svg *v) {
  int x = v->x;

  for (size_t i = 0; i < v->c->nseries; i++) {
    const qv_chart_series *s = &v->c->series[i];
    char letter[2] = {s->marker, '\0'}, class[] = "f0";

    if (qv_chart_rowed(s->kind)) {
      continue;
    }
    class[1] = (char)('0' + s->colour % QV_COLOURS);
    svg_words(v, x, SVG_TITLE + 12, "start", class, letter);
    svg_words(v, x + 14, SVG_TITLE + 12, "start", "", s->name);
    x += 14 + SVG_LETTER *
                  (2 + qv_text_cells(quic_bytes_of(s->name, strlen(s->name))));
  }
}

/* Scales. */

static void svg_scale(const svg *v, int side) {
  const qv_axis *a = &v->axis[side];
  int x = side ? v->x + v->plot_w : v->x;
  const char *unit = v->c->what[side] ? v->c->what[side] : qv_axis_title(a);
  const char *anchor = side ? "start" : "end";
  int beside = side ? 6 : -6;
  uint64_t value = a->lo;

  svg_words(v, x + beside, SVG_TITLE - 6, anchor, "q", unit);
  do {
    char buf[2 * QV_AXIS_LABEL_OCTETS];
    int y = v->y + v->plot_h - qv_axis_place(a, value, v->plot_h + 1);

    svg_words(v, x + beside, y + 4, anchor, "",
              svg_label(a, value, false, buf));
    quic_text_printf(v->t, "<path class=\"a\" d=\"M%d %dh%d\"/>\n", x, y,
                     side ? 4 : -4);
  } while (qv_axis_next(a, &value));
  quic_text_printf(v->t, "<path class=\"a\" d=\"M%d %dv%d\"/>\n", x, v->y,
                   v->plot_h);
}

static void svg_time(const svg *v, int y) {
  quic_duration width = quic_time_since(v->c->to, v->c->from);
  uint64_t begin = quic_time_since(v->c->from, v->c->origin), value;
  qv_axis a;

  qv_axis_fit(&a, QUIC_UNIT_NS, begin, begin + width, v->plot_w / SVG_LABEL);
  quic_text_printf(v->t, "<path class=\"a\" d=\"M%d %dh%d\"/>\n", v->x, y,
                   v->plot_w);
  value = a.lo;
  do {
    char buf[2 * QV_AXIS_LABEL_OCTETS];
    int x;

    if (value < begin || value - begin > width || width == 0) {
      continue;
    }
    x = v->x +
        (int)((double)(value - begin) / (double)width * (double)v->plot_w);
    quic_text_printf(v->t, "<path class=\"a\" d=\"M%d %dv4\"/>\n", x, y);
    svg_words(v, x, y + 18, "middle", "", svg_label(&a, value, true, buf));
  } while (qv_axis_next(&a, &value));
}

/* Curves. */

/* svg_line draws columns as their spans, each joined to the one before. */
static void svg_line(const svg *v, const qv_chart_series *s) {
  bool joined = false;

  for (size_t i = 0; i < v->c->ncolumns; i++) {
    const qv_column *col = &s->columns[i];
    int x = svg_x(v, i), end = svg_x(v, i + 1);

    if (!col->any) {
      joined = false;
      continue;
    }
    svg_at(v->t, joined ? 'L' : 'M', x, svg_y(v, s, col->first));
    if (col->min != col->max) {
      svg_at(v->t, 'L', x, svg_y(v, s, col->min));
      svg_at(v->t, 'L', x, svg_y(v, s, col->max));
      svg_at(v->t, 'L', x, svg_y(v, s, col->last));
    }
    quic_text_char(v->t, 'H');
    svg_num(v->t, end);
    joined = true;
  }
}

static void svg_dots(const svg *v, const qv_chart_series *s) {
  for (size_t i = 0; i < v->c->ncolumns; i++) {
    const qv_column *col = &s->columns[i];
    const uint64_t values[] = {col->min, col->max, col->first, col->last};

    for (size_t k = 0; col->any && k < 4; k++) {
      if (k == 0 ||
          (values[k] != col->min && (k < 2 || values[k] != col->max))) {
        svg_at(v->t, 'M', svg_x(v, i), svg_y(v, s, values[k]));
        quic_text_str(v->t, "h0");
      }
    }
  }
}

static void svg_curve(const svg *v, const qv_chart_series *s) {
  char letter[2] = {s->marker, '\0'}, class[] = "f0";
  size_t last = v->c->ncolumns;

  class[1] = (char)('0' + s->colour % QV_COLOURS);
  while (last > 0 && !s->columns[last - 1].any) {
    last--;
  }
  if (last == 0) {
    return;
  }
  quic_text_str(v->t, "<g><title>");
  qv_svg_text(v->t, s->name);
  quic_text_printf(v->t, "</title><path class=\"%c s%d\" d=\"",
                   s->kind == QV_CHART_DOTS ? 'd' : 'p',
                   s->colour % QV_COLOURS);
  if (s->kind == QV_CHART_DOTS) {
    svg_dots(v, s);
  } else {
    svg_line(v, s);
  }
  quic_text_str(v->t, "\"/></g>\n");
  svg_words(v, svg_x(v, last) / 10 + 2,
            svg_y(v, s, s->columns[last - 1].last) / 10 + 4, "start", class,
            letter);
}

/* Rows. */

static void svg_marks(const svg *v, const qv_chart_series *s, int y) {
  quic_text_printf(v->t, "<path class=\"p s%d\" d=\"", s->colour % QV_COLOURS);
  for (size_t i = 0; i < v->c->ncolumns; i++) {
    if (s->columns[i].any && s->columns[i].sampled) {
      svg_at(v->t, 'M', svg_x(v, i), (y + 3) * 10);
      quic_text_printf(v->t, "v%d", SVG_ROW - 6);
    }
  }
  quic_text_str(v->t, "\"/>\n");
}

/* svg_run draws the state |name| from column |i| to |end|. */
static void svg_run(const svg *v, const char *name, size_t colour, size_t i,
                    size_t end, int y) {
  int x = svg_x(v, i), w = svg_x(v, end) - x;

  quic_text_str(v->t, "<rect x=\"");
  svg_num(v->t, x);
  quic_text_printf(v->t, "\" y=\"%d\" height=\"%d\" class=\"f%d\" width=\"",
                   y + 2, SVG_ROW - 4, (int)colour);
  svg_num(v->t, w);
  quic_text_str(v->t, "\"><title>");
  qv_svg_text(v->t, name);
  quic_text_str(v->t, "</title></rect>\n");
  if (qv_text_cells(quic_bytes_of(name, strlen(name))) * SVG_LETTER * 10 < w) {
    svg_words(v, x / 10 + 3, y + SVG_ROW - 5, "start", "n", name);
  }
}

static void svg_bands(const svg *v, const qv_chart_series *s, int y) {
  static const uint8_t colours[] = {QV_BLUE, QV_ORANGE, QV_GREY, QV_SKY,
                                    QV_YELLOW};
  size_t n = v->c->ncolumns;

  for (size_t i = 0, end; i < n; i = end) {
    const qv_column *col = &s->columns[i];
    int state = qv_chart_state(s, col);

    for (end = i + 1; end < n; end++) {
      if (qv_chart_state(s, &s->columns[end]) != state) {
        break;
      }
    }
    if (state == QV_CHART_SEVERAL) {
      svg_run(v, "several", QV_RED, i, end, y);
    } else if (state >= 0 && *s->names[state]) {
      svg_run(v, s->names[state], colours[(size_t)state % sizeof(colours)], i,
              end, y);
    }
  }
}

static void svg_rows(const svg *v, int y) {
  for (size_t i = 0; i < v->c->nseries; i++) {
    const qv_chart_series *s = &v->c->series[i];

    if (!qv_chart_rowed(s->kind)) {
      continue;
    }
    svg_words(v, v->x - 6, y + SVG_ROW - 5, "end", "", s->name);
    if (s->columns && s->kind == QV_CHART_MARKS) {
      svg_marks(v, s, y);
    } else if (s->columns) {
      svg_bands(v, s, y);
    }
    y += SVG_ROW;
  }
  svg_time(v, y);
}

/* svg_lay shares out the pixels.  Returns whether there are curves. */
static bool svg_lay(svg *v) {
  int rows = 0, need;
  bool plotted = false, right = false;

  for (size_t i = 0; i < v->c->nseries; i++) {
    const qv_chart_series *s = &v->c->series[i];

    rows += qv_chart_rowed(s->kind) ? 1 : 0;
    plotted = plotted || !qv_chart_rowed(s->kind);
    right = right || (!qv_chart_rowed(s->kind) && s->axis == 1);
  }
  v->x = SVG_GUTTER;
  v->y = SVG_TITLE + (plotted ? SVG_LEGEND : 0);
  need = v->x + (right ? SVG_GUTTER : SVG_EDGE) + SVG_PLOT_MIN;
  v->w = v->w < need ? need : v->w > QV_SVG_SIZE_MAX ? QV_SVG_SIZE_MAX : v->w;
  v->plot_w = v->w - need + SVG_PLOT_MIN;
  need = v->y + rows * SVG_ROW + SVG_FOOT + (plotted ? SVG_PLOT_MIN : 0);
  v->h = v->h < need || !plotted  ? need
         : v->h > QV_SVG_SIZE_MAX ? QV_SVG_SIZE_MAX
                                  : v->h;
  v->plot_h = plotted ? v->h - need + SVG_PLOT_MIN : 0;
  return plotted;
}

void qv_svg_chart(const qv_chart *c, int w, int h, quic_text *t) {
  svg v = {.c = c, .t = t, .w = w, .h = h};
  bool plotted = svg_lay(&v);

  quic_text_printf(t,
                   "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
                   "viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n",
                   v.w, v.h, v.w, v.h);
  svg_describe(&v);
  quic_text_str(t, svg_style);
  quic_text_printf(t, "<rect class=\"g\" width=\"%d\" height=\"%d\"/>\n", v.w,
                   v.h);
  svg_words(&v, v.x, SVG_TITLE - 6, "start", "", c->title);
  if (c->ncolumns > 0 && c->ncolumns <= QV_CHART_COLUMNS_MAX) {
    for (int side = 0; side < 2 && plotted; side++) {
      int ticks = v.plot_h / SVG_TICK;

      if (qv_chart_scale(c, side, ticks > 2 ? ticks : 2, &v.axis[side])) {
        svg_scale(&v, side);
      }
    }
    svg_legend(&v);
    for (size_t i = 0; i < c->nseries; i++) {
      if (c->series[i].columns && !qv_chart_rowed(c->series[i].kind)) {
        svg_curve(&v, &c->series[i]);
      }
    }
    svg_rows(&v, v.y + v.plot_h);
  }
  quic_text_str(t, "</svg>\n");
}
