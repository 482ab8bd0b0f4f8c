#include "qlogview/grid.h"

#define GRID_REPLACEMENT 0xfffd
#define GRID_BRAILLE 0x2800

typedef struct grid_range {
  uint32_t first, last;
} grid_range;

/* Characters that take two cells (East Asian Width W and F, in blocks). */
static const grid_range grid_wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2e80, 0x303e},
    {0x3041, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},
    {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},
    {0xffe0, 0xffe6},   {0x16fe0, 0x18aff}, {0x1b000, 0x1b2ff},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
    {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};

/* Characters that take none, as far as text has them. */
static const grid_range grid_combining[] = {
    {0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd},   {0x0610, 0x061a},
    {0x064b, 0x065f}, {0x06d6, 0x06dc}, {0x0900, 0x0902},   {0x093c, 0x093c},
    {0x0941, 0x0948}, {0x0e31, 0x0e31}, {0x0e34, 0x0e3a},   {0x0e47, 0x0e4e},
    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff},   {0xfe00, 0xfe0f},
    {0xfe20, 0xfe2f}, {0xfff9, 0xfffb}, {0x1d165, 0x1d182}, {0xe0000, 0xe0fff}};

/* What stands for a character where there is only ASCII. */
static const struct {
  uint32_t first, last;
  char c;
} grid_ascii[] = {
    {0x00b5, 0x00b5, 'u'},  {0x00b7, 0x00b7, '.'}, {0x2013, 0x2014, '-'},
    {0x2018, 0x2019, '\''}, {0x201c, 0x201d, '"'}, {0x2026, 0x2026, '~'},
    {0x2190, 0x2190, '<'},  {0x2192, 0x2192, '>'}, {0x2500, 0x2501, '-'},
    {0x2502, 0x2503, '|'},  {0x2504, 0x2505, '-'}, {0x250c, 0x254b, '+'},
    {0x2580, 0x2590, '='},  {0x2591, 0x2593, '%'}, {0x2800, 0x2800, ' '},
    {0x2801, 0x28ff, '*'}};

#define GRID_LEN(a) (sizeof(a) / sizeof((a)[0]))

static bool grid_among(uint32_t cp, const grid_range *list, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (cp >= list[i].first && cp <= list[i].last) {
      return true;
    }
  }
  return false;
}

/* grid_shown returns |cp|, or what stands for it. */
static uint32_t grid_shown(uint32_t cp) {
  /* Most of what is drawn: ASCII, lines, blocks, braille. */
  if ((cp >= ' ' && cp <= '~') || (cp >= 0x2500 && cp <= 0x28ff)) {
    return cp;
  }
  if (cp < ' ' || cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff) ||
      quic_text_unsafe(cp) ||
      grid_among(cp, grid_combining, GRID_LEN(grid_combining))) {
    return GRID_REPLACEMENT;
  }
  return cp;
}

static int grid_cells(uint32_t cp) {
  return cp >= grid_wide[0].first && (cp < 0x2500 || cp > 0x28ff) &&
                 grid_among(cp, grid_wide, GRID_LEN(grid_wide))
             ? 2
             : 1;
}

int qv_grid_init(qv_grid *g, const quic_mem *mem, int w, int h) {
  w = w < 1 ? 1 : w > QV_GRID_MAX ? QV_GRID_MAX : w;
  h = h < 1 ? 1 : h > QV_GRID_MAX ? QV_GRID_MAX : h;
  *g = (qv_grid){.mem = mem};
  g->cells =
      quic_mem_resize(mem, NULL, (size_t)w * (size_t)h, sizeof(g->cells[0]));
  if (!g->cells) {
    return QUIC_ERR_NOMEM;
  }
  g->w = w;
  g->h = h;
  qv_grid_fill(g, (qv_rect){0, 0, w, h}, ' ', (qv_style){0});
  return 0;
}

void qv_grid_free(qv_grid *g) {
  if (g->cells) {
    quic_mem_free(g->mem, g->cells);
  }
  *g = (qv_grid){0};
}

static bool grid_inside(const qv_grid *g, int x, int y) {
  return x >= 0 && y >= 0 && x < g->w && y < g->h;
}

static qv_cell *grid_cell(qv_grid *g, int x, int y) {
  return &g->cells[(size_t)y * (size_t)g->w + (size_t)x];
}

const qv_cell *qv_grid_at(const qv_grid *g, int x, int y) {
  if (!grid_inside(g, x, y)) {
    return NULL;
  }
  return &g->cells[(size_t)y * (size_t)g->w + (size_t)x];
}

/* grid_clear makes way at (x, y): the other half of a wide character that is
   there becomes a blank. */
static void grid_clear(qv_grid *g, int x, int y) {
  if (grid_cell(g, x, y)->cp == 0 && x > 0) {
    grid_cell(g, x - 1, y)->cp = ' ';
  }
  if (x + 1 < g->w && grid_cell(g, x + 1, y)->cp == 0) {
    grid_cell(g, x + 1, y)->cp = ' ';
  }
}

void qv_grid_put(qv_grid *g, int x, int y, uint32_t cp, qv_style style) {
  int cells;

  if (!grid_inside(g, x, y)) {
    return;
  }
  cp = grid_shown(cp);
  cells = grid_cells(cp);
  if (cells == 2 && x + 1 >= g->w) {
    cp = ' ';
    cells = 1;
  }
  grid_clear(g, x, y);
  if (cells == 2) {
    grid_clear(g, x + 1, y);
    *grid_cell(g, x + 1, y) = (qv_cell){0, style};
  }
  *grid_cell(g, x, y) = (qv_cell){cp, style};
}

/* grid_next takes one character off |text|. */
static uint32_t grid_next(quic_bytes *text) {
  uint32_t cp = GRID_REPLACEMENT;
  size_t n = quic_text_utf8(text->data, text->len, &cp);

  if (n == 0) {
    n = 1;
    cp = GRID_REPLACEMENT;
  }
  text->data += n;
  text->len -= n;
  return grid_shown(cp);
}

int qv_grid_text(qv_grid *g, int x, int y, quic_bytes text, int max,
                 qv_style style) {
  int used = 0;

  while (text.len) {
    uint32_t cp = grid_next(&text);
    int cells = grid_cells(cp);

    if (cells > max - used) {
      break;
    }
    if (x < g->w) {
      qv_grid_put(g, x, y, cp, style);
      x += cells;
    }
    used += cells;
  }
  return used;
}

int qv_grid_str(qv_grid *g, int x, int y, const char *s, qv_style style) {
  return qv_grid_text(g, x, y, quic_bytes_of(s, strlen(s)), QV_GRID_MAX, style);
}

int qv_text_cells(quic_bytes text) {
  int cells = 0;

  while (text.len && cells < QV_GRID_MAX) {
    cells += grid_cells(grid_next(&text));
  }
  return cells;
}

/* grid_end returns where |len| cells from |start| on end, |max| at most. */
static int grid_end(int start, int len, int max) {
  int64_t end = (int64_t)start + len;

  return end < 0 ? 0 : end < max ? (int)end : max;
}

void qv_grid_fill(qv_grid *g, qv_rect r, uint32_t cp, qv_style style) {
  int x0 = r.x < 0 ? 0 : r.x, y0 = r.y < 0 ? 0 : r.y;
  int x1 = grid_end(r.x, r.w, g->w), y1 = grid_end(r.y, r.h, g->h);

  cp = grid_shown(cp);
  cp = grid_cells(cp) == 2 ? GRID_REPLACEMENT : cp;
  for (int y = y0; y < y1; y++) {
    for (int x = x0; x < x1; x++) {
      if (x == x0 || x == x1 - 1) {
        grid_clear(g, x, y);
      }
      *grid_cell(g, x, y) = (qv_cell){cp, style};
    }
  }
}

/* Rendering. */

/* Colours as parameters of SGR: of 256, and of the first eight. */
static const struct {
  uint8_t of256, of8;
} grid_colours[QV_COLOURS] = {
    [QV_BLUE] = {33, 4}, [QV_ORANGE] = {208, 3}, [QV_GREY] = {245, 7},
    [QV_SKY] = {117, 6}, [QV_YELLOW] = {220, 3}, [QV_RED] = {196, 1},
};

static const struct {
  uint8_t bit, sgr;
} grid_attrs[] = {
    {QV_BOLD, 1}, {QV_DIM, 2}, {QV_UNDERLINE, 4}, {QV_REVERSE, 7}};

static bool grid_same(qv_style a, qv_style b) {
  return a.fg == b.fg && a.bg == b.bg && a.attr == b.attr;
}

/* grid_blank tells whether nothing is seen of |c|. */
static bool grid_blank(const qv_cell *c, unsigned how) {
  if (c->cp != ' ' && c->cp != GRID_BRAILLE) {
    return false;
  }
  return !(how & QV_RENDER_COLOURS) ||
         (c->style.bg == QV_DEFAULT &&
          !(c->style.attr & (QV_UNDERLINE | QV_REVERSE)));
}

static void grid_colour(quic_text *t, uint8_t colour, bool back, unsigned how) {
  if (colour == QV_DEFAULT || colour >= QV_COLOURS) {
    return;
  }
  if (how & QV_RENDER_EIGHT) {
    quic_text_printf(t, ";%d", (back ? 40 : 30) + grid_colours[colour].of8);
  } else {
    quic_text_printf(t, ";%d;5;%d", back ? 48 : 38, grid_colours[colour].of256);
  }
}

static void grid_style(quic_text *t, qv_style style, unsigned how) {
  quic_text_str(t, "\033[0");
  for (size_t i = 0; i < GRID_LEN(grid_attrs); i++) {
    if (style.attr & grid_attrs[i].bit) {
      quic_text_printf(t, ";%d", grid_attrs[i].sgr);
    }
  }
  grid_colour(t, style.fg, false, how);
  grid_colour(t, style.bg, true, how);
  quic_text_char(t, 'm');
}

static void grid_utf8(quic_text *t, uint32_t cp) {
  char s[4];
  size_t n = 0;

  if (cp < 0x80) {
    s[n++] = (char)cp;
  } else if (cp < 0x800) {
    s[n++] = (char)(0xc0 | cp >> 6);
  } else if (cp < 0x10000) {
    s[n++] = (char)(0xe0 | cp >> 12);
    s[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
  } else {
    s[n++] = (char)(0xf0 | cp >> 18);
    s[n++] = (char)(0x80 | (cp >> 12 & 0x3f));
    s[n++] = (char)(0x80 | (cp >> 6 & 0x3f));
  }
  if (cp >= 0x80) {
    s[n++] = (char)(0x80 | (cp & 0x3f));
  }
  quic_text_mem(t, s, n);
}

static void grid_char(quic_text *t, uint32_t cp, unsigned how) {
  if (!(how & QV_RENDER_ASCII) || cp < 0x80) {
    grid_utf8(t, cp);
    return;
  }
  for (size_t i = 0; i < GRID_LEN(grid_ascii); i++) {
    if (cp >= grid_ascii[i].first && cp <= grid_ascii[i].last) {
      quic_text_char(t, grid_ascii[i].c);
      return;
    }
  }
  quic_text_str(t, grid_cells(cp) == 2 ? "??" : "?");
}

void qv_grid_render(const qv_grid *g, quic_text *t, unsigned how) {
  for (int y = 0; y < g->h; y++) {
    const qv_cell *row = &g->cells[(size_t)y * (size_t)g->w];
    qv_style now = {0};
    int end = g->w;

    while (end > 0 && grid_blank(&row[end - 1], how)) {
      end--;
    }
    for (int x = 0; x < end; x++) {
      const qv_cell *c = &row[x];

      if (c->cp == 0) {
        continue;
      }
      if ((how & QV_RENDER_COLOURS) && !grid_same(c->style, now)) {
        grid_style(t, c->style, how);
        now = c->style;
      }
      grid_char(t, c->cp, how);
    }
    if (!grid_same(now, (qv_style){0})) {
      quic_text_str(t, "\033[0m");
    }
    quic_text_char(t, '\n');
  }
}
