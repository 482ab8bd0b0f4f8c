#ifndef QUIC_CLI_TABLE_H
#define QUIC_CLI_TABLE_H

/* A table of text whose columns are as wide as what stands in them, colours
   (cli/colour.h) apart.  The last column is not padded.  A row may have a note,
   on lines of its own. */

#include "base/mem.h"
#include "base/text.h"

#define CLI_TABLE_COLUMNS 16
#define CLI_TABLE_OCTETS_MAX (24u << 20) /* of all cells that wait */
#define CLI_TABLE_CELL_MAX 1024          /* octets of one cell */

typedef struct cli_table_column {
  const char *title;
  bool right;  /* numbers stand at the right */
  uint8_t min; /* columns at least, see cli_table_widen */
} cli_table_column;

typedef struct cli_table {
  const quic_mem *mem;
  const cli_table_column *columns; /* borrowed */
  size_t ncolumns;
  size_t width[CLI_TABLE_COLUMNS]; /* columns of the terminal */
  char *cells;                     /* NUL-terminated, one after the other */
  size_t len, cap;
  size_t rows;
  size_t cell;  /* of the row in work */
  bool titled;  /* the titles were written */
  bool starved; /* a cell of the row in work had no memory */
  size_t note;  /* where the note of the last row stands */
  char buffer[CLI_TABLE_CELL_MAX];
  quic_text text; /* of the cell in work: write here, then cli_table_next */
} cli_table;

void cli_table_init(cli_table *table, const quic_mem *mem,
                    const cli_table_column *columns, size_t ncolumns);
void cli_table_free(cli_table *table);

/* cli_table_widen gives columns their |min|, for a table that is written row by
   row. */
void cli_table_widen(cli_table *table);

/* cli_table_next ends a cell; with the last cell of a row the row ends. Returns
   0, or QUIC_ERR_LIMIT when the table should be written out; a cell that has no
   memory makes the table empty. */
int cli_table_next(cli_table *table);

/* cli_table_note ends the note of the row that ended last; without it a row has
   none.  Lines are told apart by newlines, and stand indented below the row. */
void cli_table_note(cli_table *table);

/* cli_table_write writes the rows, with titles in front the first time, and
   empties the table. */
void cli_table_write(cli_table *table, quic_text *out, bool colour);

#endif /* !defined(QUIC_CLI_TABLE_H) */
