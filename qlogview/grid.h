#ifndef QV_GRID_H
#define QV_GRID_H

/* qv_grid is a picture of character cells.  Charts and screens draw into one;
   it goes out as text, with colours or without.  Whatever is drawn outside is
   cut. */

#include "base/mem.h"
#include "base/text.h"

#define QV_GRID_MAX 4096 /* cells in a row, rows in a grid */

/* Colours that most eyes tell apart.  Red stands only beside a symbol that says
   the same. */
typedef enum qv_colour {
  QV_DEFAULT, /* the terminal's own */
  QV_BLUE,
  QV_ORANGE,
  QV_GREY,
  QV_SKY,
  QV_YELLOW,
  QV_RED,
  QV_COLOURS
} qv_colour;

#define QV_BOLD 0x01
#define QV_DIM 0x02
#define QV_UNDERLINE 0x04
#define QV_REVERSE 0x08

typedef struct qv_style {
  uint8_t fg, bg; /* qv_colour */
  uint8_t attr;
} qv_style;

typedef struct qv_cell {
  uint32_t cp; /* 0: the right half of the wide character before */
  qv_style style;
} qv_cell;

typedef struct qv_grid {
  const quic_mem *mem;
  qv_cell *cells; /* row by row */
  int w, h;
} qv_grid;

typedef struct qv_rect {
  int x, y, w, h;
} qv_rect;

/* qv_grid_init makes a grid of blanks; sizes are brought into 1 to QV_GRID_MAX.
   Returns 0 or QUIC_ERR_NOMEM. */
int qv_grid_init(qv_grid *g, const quic_mem *mem, int w, int h) QUIC_MUST_USE;
void qv_grid_free(qv_grid *g);

/* qv_grid_at returns the cell at column |x|, row |y|; NULL outside. */
const qv_cell *qv_grid_at(const qv_grid *g, int x, int y);

/* qv_grid_put sets a cell.  What a terminal must not get becomes U+FFFD; so
   does what combines with the character before. */
void qv_grid_put(qv_grid *g, int x, int y, uint32_t cp, qv_style style);

/* qv_grid_text writes UTF-8 to the right of |x|, at most |max| cells of it.
   Returns the cells that the text took.  Octets that are no UTF-8 become
   U+FFFD. */
int qv_grid_text(qv_grid *g, int x, int y, quic_bytes text, int max,
                 qv_style style);

/* qv_grid_str is qv_grid_text of a NUL-terminated string, as far as it goes. */
int qv_grid_str(qv_grid *g, int x, int y, const char *s, qv_style style);

void qv_grid_fill(qv_grid *g, qv_rect r, uint32_t cp, qv_style style);

/* qv_text_cells returns how many cells |text| takes. */
int qv_text_cells(quic_bytes text);

#define QV_RENDER_ASCII 0x01   /* nothing but ASCII */
#define QV_RENDER_COLOURS 0x02 /* SGR sequences, 256 colours */
#define QV_RENDER_EIGHT 0x04   /* with these, the first eight only */

/* qv_grid_render appends the grid, a line for each row, without the blanks at
   the right. */
void qv_grid_render(const qv_grid *g, quic_text *t, unsigned how);

#endif /* !defined(QV_GRID_H) */
