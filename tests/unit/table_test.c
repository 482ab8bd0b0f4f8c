#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/table.h"
#include "tests/support/failmem.h"

static const cli_table_column columns[] = {
    {"#", true, 0}, {"name", false, 0}, {"last", false, 0}};

typedef struct shown {
  quic_text text;
  char out[4096];
} shown;

static void shown_init(shown *s) {
  quic_text_init(&s->text, s->out, sizeof(s->out));
}

static void row(cli_table *t, const char *a, const char *b, const char *c) {
  quic_text_str(&t->text, a);
  assert_int_equal(cli_table_next(t), 0);
  quic_text_str(&t->text, b);
  assert_int_equal(cli_table_next(t), 0);
  quic_text_str(&t->text, c);
  assert_int_equal(cli_table_next(t), 0);
}

static void test_layout(void **state) {
  static cli_table t;
  static shown s;

  (void)state;
  cli_table_init(&t, quic_mem_default(), columns, 3);
  shown_init(&s);
  row(&t, "7", "a", "end");
  quic_text_str(&t.text, "a note");
  cli_table_note(&t);
  row(&t, "1000", "", "");
  /* Characters count, not octets. */
  row(&t, "2", "\xc3\xa4\xe2\x82\xac\xc3\xb6\xc3\xbc\xc3\x9f", "x");
  assert_int_equal(t.rows, 3);
  cli_table_write(&t, &s.text, false);
  assert_string_equal(
      quic_text_cstr(&s.text),
      "   #  name   last\n"
      "   7  a      end\n"
      "    a note\n"
      "1000         \n"
      "   2  \xc3\xa4\xe2\x82\xac\xc3\xb6\xc3\xbc\xc3\x9f  x\n");
  /* Colours take no place. */
  shown_init(&s);
  row(&t, "\033[31m3\033[0m", "\033[2mb\033[0m", "x");
  cli_table_write(&t, &s.text, false);
  assert_string_equal(quic_text_cstr(&s.text),
                      "   \033[31m3\033[0m  \033[2mb\033[0m      x\n");
  /* The titles stand once, the widths stay. */
  shown_init(&s);
  row(&t, "1", "b", "c");
  cli_table_write(&t, &s.text, false);
  assert_string_equal(quic_text_cstr(&s.text), "   1  b      c\n");
  shown_init(&s);
  cli_table_write(&t, &s.text, false);
  assert_string_equal(quic_text_cstr(&s.text), "");
  cli_table_free(&t);
}

static void test_colour(void **state) {
  static cli_table t;
  static shown s;

  (void)state;
  cli_table_init(&t, quic_mem_default(), columns, 3);
  shown_init(&s);
  row(&t, "1", "b", "c");
  quic_text_str(&t.text, "note");
  cli_table_note(&t);
  cli_table_write(&t, &s.text, true);
  assert_non_null(strstr(quic_text_cstr(&s.text), "\x1b["));
  assert_non_null(strstr(s.out, "note"));
  cli_table_free(&t);
}

/* Cells are cut at CLI_TABLE_CELL_MAX; a note without a row is none. */
static void test_bounds(void **state) {
  static cli_table t;
  static shown s;
  char wide[2 * CLI_TABLE_CELL_MAX];

  (void)state;
  memset(wide, 'w', sizeof(wide) - 1);
  wide[sizeof(wide) - 1] = '\0';
  cli_table_init(&t, quic_mem_default(), columns, 3);
  cli_table_note(&t);
  row(&t, "1", "x", wide);
  assert_int_equal(t.rows, 1);
  shown_init(&s);
  cli_table_write(&t, &s.text, false);
  assert_true(strlen(quic_text_cstr(&s.text)) < CLI_TABLE_CELL_MAX + 64);
  cli_table_free(&t);
}

/* Enough cells, and the table wants to be written. */
static void test_full(void **state) {
  static cli_table t;
  char cell[CLI_TABLE_CELL_MAX];
  int rv = 0;
  size_t rows = 0;

  (void)state;
  memset(cell, 'c', sizeof(cell) - 1);
  cell[sizeof(cell) - 1] = '\0';
  cli_table_init(&t, quic_mem_default(), columns, 3);
  while (rv == 0) {
    quic_text_str(&t.text, cell);
    rv = cli_table_next(&t);
    rows += t.cell == 0;
    assert_true(rows < 3 * (size_t)CLI_TABLE_OCTETS_MAX / sizeof(cell));
  }
  assert_int_equal(rv, QUIC_ERR_LIMIT);
  assert_int_equal(t.cell, 0);
  cli_table_free(&t);
}

/* Without memory a table gets empty, and goes on. */
static void test_memory(void **state) {
  static cli_table t;
  static shown s;
  size_t calls = 0;

  (void)state;
  for (size_t n = 0; n == 0 || n <= calls; n++) {
    failmem fm;

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    cli_table_init(&t, &fm.mem, columns, 3);
    for (int i = 0; i < 9; i++) {
      row(&t, "12345", "some text for a cell", "and more of it, longer");
      quic_text_str(&t.text, "note");
      cli_table_note(&t);
    }
    shown_init(&s);
    cli_table_write(&t, &s.text, false);
    assert_true(n > 0 || t.rows == 0);
    cli_table_free(&t);
    assert_true(failmem_balanced(&fm));
    calls = n ? calls : fm.calls;
  }
  assert_true(calls > 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_layout), cmocka_unit_test(test_colour),
      cmocka_unit_test(test_bounds), cmocka_unit_test(test_full),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
