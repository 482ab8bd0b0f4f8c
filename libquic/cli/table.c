#include "cli/table.h"

#include "cli/colour.h"

void cli_table_init(cli_table *table, const quic_mem *mem,
                    const cli_table_column *columns, size_t ncolumns) {
  memset(table, 0, sizeof(*table));
  table->mem = mem;
  table->columns = columns;
  table->ncolumns = ncolumns;
  for (size_t i = 0; i < ncolumns; i++) {
    table->width[i] = strlen(columns[i].title);
  }
  quic_text_init(&table->text, table->buffer, sizeof(table->buffer));
}

void cli_table_widen(cli_table *table) {
  for (size_t i = 0; i < table->ncolumns; i++) {
    if (table->columns[i].min > table->width[i]) {
      table->width[i] = table->columns[i].min;
    }
  }
}

void cli_table_free(cli_table *table) {
  quic_mem_free(table->mem, table->cells);
  table->cells = NULL;
  table->len = table->cap = 0;
}

/* table_columns counts the columns that |s| takes: its characters, but for
   colours. */
static size_t table_columns(const char *s) {
  size_t n = 0;

  for (; *s; s++) {
    if (*s == '\033' && strchr(s, 'm')) {
      s = strchr(s, 'm');
    } else {
      n += ((unsigned char)*s & 0xc0) != 0x80;
    }
  }
  return n;
}

/* table_keep stores the cell in work; false when out of memory. */
static bool table_keep(cli_table *table) {
  const char *cell = quic_text_cstr(&table->text);
  size_t len = strlen(cell) + 1;
  void *cells = table->cells;
  bool kept = quic_mem_grow(table->mem, &cells, &table->cap,
                            table->len + len + 1, 1) == 0;

  if (kept) {
    table->cells = cells;
    memcpy(table->cells + table->len, cell, len);
    table->len += len;
  } else {
    table->len = 0; /* a table with holes would lie */
    table->rows = 0;
    table->starved = true;
  }
  quic_text_init(&table->text, table->buffer, sizeof(table->buffer));
  return kept;
}

int cli_table_next(cli_table *table) {
  size_t columns = table_columns(quic_text_cstr(&table->text));

  if (table_keep(table) && columns > table->width[table->cell]) {
    table->width[table->cell] = columns;
  }
  if (++table->cell < table->ncolumns) {
    return 0;
  }
  table->cell = 0;
  if (table->starved) {
    table->starved = false;
    table->len = 0; /* the cells behind the one that had no memory */
    return 0;
  }
  table->rows++;
  table->note = table->len;
  table->cells[table->len++] = '\0';
  return table->len > CLI_TABLE_OCTETS_MAX ? QUIC_ERR_LIMIT : 0;
}

void cli_table_note(cli_table *table) {
  if (table->rows) {
    table->len = table->note;
    (void)!table_keep(table);
    table->starved = false;
  }
  quic_text_init(&table->text, table->buffer, sizeof(table->buffer));
}

static void table_cell(const cli_table *table, size_t i, const char *cell,
                       quic_text *out) {
  size_t pad = table->width[i] - table_columns(cell);

  if (table->columns[i].right) {
    for (size_t n = 0; n < pad; n++) {
      quic_text_char(out, ' ');
    }
  }
  quic_text_str(out, cell);
  if (i + 1 == table->ncolumns) {
    quic_text_char(out, '\n');
    return;
  }
  for (size_t n = 0; !table->columns[i].right && n < pad; n++) {
    quic_text_char(out, ' ');
  }
  quic_text_str(out, "  ");
}

/* table_write_note indents the lines of a note; all but the first are dim. */
static void table_write_note(const char *note, quic_text *out, bool colour) {
  bool first = true;

  while (*note) {
    size_t len = strcspn(note, "\n");

    if (!first) {
      cli_colour_on(out, colour, CLI_COLOUR_DIM);
    }
    quic_text_str(out, "    ");
    quic_text_mem(out, note, len);
    if (!first) {
      cli_colour_off(out, colour);
    }
    quic_text_char(out, '\n');
    note += len + (note[len] == '\n');
    first = false;
  }
}

void cli_table_write(cli_table *table, quic_text *out, bool colour) {
  const char *cell = table->cells;

  if (!table->titled) {
    table->titled = true;
    cli_colour_on(out, colour, CLI_COLOUR_BOLD);
    for (size_t i = 0; i < table->ncolumns; i++) {
      table_cell(table, i, table->columns[i].title, out);
    }
    cli_colour_off(out, colour);
  }
  for (size_t row = 0; row < table->rows; row++) {
    for (size_t i = 0; i < table->ncolumns; i++) {
      table_cell(table, i, cell, out);
      cell += strlen(cell) + 1;
    }
    table_write_note(cell, out, colour);
    cell += strlen(cell) + 1;
  }
  table->len = 0;
  table->rows = 0;
}
