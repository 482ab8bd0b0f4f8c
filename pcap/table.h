#ifndef QD_TABLE_H
#define QD_TABLE_H

/* A table of text whose columns are as wide as what stands in them.  The last
   column is not padded.  A row may have a note, on lines of its own. */

#include "base/mem.h"
#include "base/text.h"

#define QD_TABLE_COLUMNS 16
#define QD_TABLE_OCTETS_MAX (24u << 20) /* of all cells that wait */
#define QD_TABLE_CELL_MAX 1024          /* octets of one cell */

typedef struct qd_table_column {
  const char *title;
  bool right;  /* numbers stand at the right */
  uint8_t min; /* columns at least, see qd_table_widen */
} qd_table_column;

typedef struct qd_table {
  const quic_mem *mem;
  const qd_table_column *columns; /* borrowed */
  size_t ncolumns;
  size_t width[QD_TABLE_COLUMNS]; /* columns of the terminal */
  char *cells;                    /* NUL-terminated, one after the other */
  size_t len, cap;
  size_t rows;
  size_t cell;  /* of the row in work */
  bool titled;  /* the titles were written */
  bool starved; /* a cell of the row in work had no memory */
  size_t note;  /* where the note of the last row stands */
  char buffer[QD_TABLE_CELL_MAX];
  quic_text text; /* of the cell in work: write here, then qd_table_next */
} qd_table;

void qd_table_init(qd_table *table, const quic_mem *mem,
                   const qd_table_column *columns, size_t ncolumns);
void qd_table_free(qd_table *table);

/* qd_table_widen gives columns their |min|, for a table that is written row by
   row. */
void qd_table_widen(qd_table *table);

/* qd_table_next ends a cell; with the last cell of a row the row ends.  Returns
   0, or QUIC_ERR_LIMIT when the table should be written out; a cell that has no
   memory makes the table empty. */
int qd_table_next(qd_table *table);

/* qd_table_note ends the note of the row that ended last; without it a row has
   none.  Lines are told apart by newlines, and stand indented below the row. */
void qd_table_note(qd_table *table);

/* qd_table_write writes the rows, with titles in front the first time, and
   empties the table. */
void qd_table_write(qd_table *table, quic_text *out, bool colour);

#endif /* !defined(QD_TABLE_H) */
