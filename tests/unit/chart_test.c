/* Charts: pictures compared with what they should be, and whether each column
   shows its least and its largest value. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "qlogview/chart.h"

#define COLUMNS 600

static const char *const states[] = {"", "slow_start", "recovery"};

/* value sets a column that holds |v| all along. */
static void value(qv_column *col, uint64_t v) {
  *col = (qv_column){true, false, v, v, v, v, 0};
}

static void span(qv_column *col, uint64_t first, uint64_t min, uint64_t max,
                 uint64_t last) {
  *col = (qv_column){true, true, first, min, max, last, 4};
}

static void check(const qv_chart *c, int w, int h, qv_chart_mode mode,
                  const char *want) {
  static char buf[65536];
  quic_text t;
  qv_grid g;

  assert_int_equal(qv_grid_init(&g, quic_mem_default(), w, h), 0);
  qv_chart_draw(c, &g, (qv_rect){0, 0, w, h}, mode);
  quic_text_init(&t, buf, sizeof(buf));
  qv_grid_render(&g, &t, mode == QV_CHART_ASCII ? QV_RENDER_ASCII : 0);
  qv_grid_free(&g);
  if (strcmp(quic_text_cstr(&t), want) != 0) {
    fputs(buf, stderr); /* cmocka would show half of it */
    fail_msg("not the picture above");
  }
}

/* A window that grows, falls and is held, its limit, losses and states. */
typedef struct sample {
  qv_column col[5][COLUMNS];
  qv_chart_series series[5];
  qv_chart chart;
} sample;

static void sample_make(sample *s, int w, int h, qv_chart_mode mode) {
  static const qv_chart_series series[5] = {
      {.name = "limit", .marker = 'M', .colour = QV_GREY},
      {.name = "congestion window", .marker = 'C', .colour = QV_BLUE},
      {.name = "RTT",
       .kind = QV_CHART_DOTS,
       .marker = 'R',
       .colour = QV_ORANGE,
       .axis = 1},
      {.name = "losses", .kind = QV_CHART_MARKS, .marker = 'L'},
      {.name = "state", .kind = QV_CHART_BANDS, .names = states, .nnames = 3}};
  size_t n;

  memset(s, 0, sizeof(*s));
  memcpy(s->series, series, sizeof(series));
  s->chart = (qv_chart){.title = "A picture",
                        .from = 1000 * QUIC_SECOND,
                        .to = 1004 * QUIC_SECOND,
                        .origin = 1000 * QUIC_SECOND,
                        .unit = {QUIC_UNIT_OCTETS, QUIC_UNIT_NS},
                        .series = s->series,
                        .nseries = 5};
  for (int i = 0; i < 5; i++) {
    s->series[i].columns = s->col[i];
  }
  n = qv_chart_columns(&s->chart, (qv_rect){0, 0, w, h}, mode);
  assert_in_range(n, 1, COLUMNS);
  s->chart.ncolumns = n;
  for (size_t i = 0; i < n; i++) {
    value(&s->col[0][i], 90000);
    value(&s->col[1][i], i < n / 2 ? 10000 + 60000 * i / n : 20000);
    if (i % 7 == 3) {
      span(&s->col[2][i], 11000000, 10000000, 14000000, 12000000);
    }
    if (i == n / 2 || i == n / 4) {
      span(&s->col[3][i], 1, 1, 1, 1);
    }
    value(&s->col[4][i], i < n / 2 ? 1 : i < 3 * n / 4 ? 2 : 0);
  }
  span(&s->col[1][n / 2], 39000, 20000, 40000, 20000);
}

static void test_braille(void **state) {
  static sample s;

  (void)state;
  sample_make(&s, 60, 14, QV_CHART_BRAILLE);
  check(&s.chart, 60, 14, QV_CHART_BRAILLE,

        "  octets A picture                                  ms\n"
        "M limit  C congestion window  R RTT\n"
        "    100k┤⣀⣠⣀⣀⣀⣄⣀⣀⣠⣀⣀⣀⣄⣀⣀⣠⣀⣀⣀⣄⣀⣀⣠⣀⣀⣀⣄⣀⣀⣠⣀⣀⣀⣄⣀⣀⣠⣀⣀⣀⣄M├15\n"
        "        │ ⠠   ⠄M ⠠   ⠄  ⠠   ⠄M ⠠   ⠄  ⠠   ⠄M ⠠   ⠄R│\n"
        "        │ ⠨   ⠅  ⠨   ⠅  ⠨   ⠅  ⠨   ⠅  ⠨   ⠅  ⠨   ⠅ ├10\n"
        "     50k┤                                          │\n"
        "        │                   ⣀⣀                     │\n"
        "        │        C ⣀⣀⡤⠤⠴⠒⠚⠉⠉⠁⢸ C             C     ├5\n"
        "        │ ⣀⣀⣠⠤⠴⠒⠚⠉⠉⠁         ⠘⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒⠒C│\n"
        "       0┤⠉⠁                                        ├0\n"
        "losses             L         L\n"
        "state    slow_start▄▄▄▄▄▄▄▄▄▄recovery▄▄\n"
        "        └┬─────────┬─────────┬─────────┬─────────┬\n"
        "        0 s       1 s       2 s       3 s       4 s\n");
}

static void test_ascii(void **state) {
  static sample s;

  (void)state;
  sample_make(&s, 60, 14, QV_CHART_ASCII);
  check(&s.chart, 60, 14, QV_CHART_ASCII,

        "  octets A picture                                  ms\n"
        "M limit  C congestion window  R RTT\n"
        "    100k+   R      R      R      R      R      R  R+15\n"
        "        |MMMRMMMMMMRMMMMMMRMMMMMMRMMMMMMRMMMMMMRMMM|\n"
        "        |   R      R      R      R      R      R   +10\n"
        "     50k+                                          |\n"
        "        |                  CCC                     |\n"
        "        |        CCCCCCCCCCC C                     +5\n"
        "        |CCCCCCCCC           CCCCCCCCCCCCCCCCCCCCCC|\n"
        "       0+                                          +0\n"
        "losses             L         L\n"
        "state    slow_start==========recovery==\n"
        "        ++---------+---------+---------+---------+\n"
        "        0 s       1 s       2 s       3 s       4 s\n");
}

/* Rows alone, and no room. */
static void test_small(void **state) {
  static sample s;
  qv_chart c;

  (void)state;
  sample_make(&s, 40, 10, QV_CHART_BRAILLE);
  c = s.chart;
  c.series += 3;
  c.nseries = 2;
  c.ncolumns = qv_chart_columns(&c, (qv_rect){0, 0, 40, 5}, QV_CHART_BRAILLE);
  check(&c, 40, 5, QV_CHART_BRAILLE,
        "A picture\n"
        "losses        L    L\n"
        "state    slow_star▄reco▄\n"
        "        └┬──────────────┬─────────────┬\n"
        "        0 s            2 s           4 s\n");
  assert_int_equal(
      qv_chart_columns(&c, (qv_rect){0, 0, 40, 3}, QV_CHART_BRAILLE), 0);
  assert_int_equal(
      qv_chart_columns(&c, (qv_rect){0, 0, 13, 9}, QV_CHART_BRAILLE), 0);
  check(&c, 13, 2, QV_CHART_BRAILLE, "A picture\n\n");
  check(&s.chart, 1, 1, QV_CHART_ASCII, "\n");
  /* Columns for another size are not drawn. */
  check(&c, 60, 5, QV_CHART_BRAILLE, "A picture\n\n\n\n\n");
}

/* A cell with several changes says so; one with a single change is what it
   became. */
static void test_bands(void **state) {
  static qv_column col[16];
  const qv_chart_series series = {.name = "state of it",
                                  .kind = QV_CHART_BANDS,
                                  .columns = col,
                                  .names = states,
                                  .nnames = 3};
  qv_chart c = {.title = "Bands",
                .to = 1600,
                .series = &series,
                .nseries = 1,
                .ncolumns = 16};

  (void)state;
  for (int i = 0; i < 16; i++) {
    value(&col[i], i < 8 ? 1 : 2);
  }
  col[8] = (qv_column){true, true, 1, 1, 2, 2, 1};
  span(&col[12], 2, 1, 2, 2);
  value(&col[15], 9); /* nobody named it */
  assert_int_equal(
      qv_chart_columns(&c, (qv_rect){0, 0, 18, 4}, QV_CHART_BRAILLE), 16);
  check(&c, 18, 4, QV_CHART_BRAILLE,
        "Bands\n"
        "state of slo▄re##\n"
        "        └┬───────\n"
        "        0 µs\n");
}

/* dots_of returns which dots of |column| are set, bit 0 the lowest. */
static uint64_t dots_of(const qv_grid *g, const qv_chart_layout *lay,
                        int column) {
  static const uint8_t bits[2][4] = {{0x40, 0x04, 0x02, 0x01},
                                     {0x80, 0x20, 0x10, 0x08}};
  uint64_t dots = 0;

  for (int up = 0; up < lay->dots; up++) {
    const qv_cell *cell = qv_grid_at(g, lay->plot.x + column / 2,
                                     lay->plot.y + lay->plot.h - 1 - up / 4);

    if ((cell->cp & ~UINT32_C(0xff)) == 0x2800 &&
        (cell->cp & bits[column % 2][up % 4])) {
      dots |= UINT64_C(1) << up;
    }
  }
  return dots;
}

/* Every column shows where its least and its largest value are, and no dot
   lies outside of them, but for the line from the column before. */
static void test_truth(void **state) {
  static qv_column col[COLUMNS];
  const qv_rect r = {0, 0, 70, 16};
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 5);
  for (int round = 0; round < 200; round++) {
    qv_chart_series series = {.name = "x",
                              .kind = round % 2 ? QV_CHART_DOTS : QV_CHART_STEP,
                              .marker = 'X',
                              .columns = col};
    qv_chart c = {.title = "", .to = 1000000, .series = &series, .nseries = 1};
    qv_chart_layout lay;
    qv_grid g;

    c.ncolumns = qv_chart_columns(&c, r, QV_CHART_BRAILLE);
    qv_chart_lay(&c, r, QV_CHART_BRAILLE, &lay);
    assert_in_range(lay.dots, 20, 63);
    for (size_t i = 0; i < c.ncolumns; i++) {
      uint64_t a = quic_rng_below(&rng, 1001), b = quic_rng_below(&rng, 1001);
      uint64_t min = a < b ? a : b, max = a < b ? b : a;

      span(&col[i], min + quic_rng_below(&rng, max - min + 1), min, max,
           min + quic_rng_below(&rng, max - min + 1));
      col[i].any = quic_rng_below(&rng, 5) > 0;
    }
    span(&col[round % 100], 0, 0, 1000, 1000); /* the scale is 0 to 1000 */
    assert_int_equal(qv_grid_init(&g, quic_mem_default(), r.w, r.h), 0);
    qv_chart_draw(&c, &g, r, QV_CHART_BRAILLE);
    for (size_t i = 0; i < c.ncolumns; i++) {
      uint64_t dots = dots_of(&g, &lay, (int)i), lo, hi, n;

      if (!col[i].any) {
        assert_int_equal(dots, 0);
        continue;
      }
      n = (uint64_t)lay.dots - 1;
      lo = (col[i].min * n + 500) / 1000;
      hi = (col[i].max * n + 500) / 1000;
      assert_true(dots >> lo & 1 && dots >> hi & 1);
      if (series.kind == QV_CHART_STEP && i > 0 && col[i - 1].any) {
        uint64_t last = (col[i - 1].last * n + 500) / 1000;

        lo = last < lo ? last : lo;
        hi = last > hi ? last : hi;
      }
      assert_true((dots & ((UINT64_C(1) << lo) - 1)) == 0 && dots >> hi == 1);
    }
    qv_grid_free(&g);
  }
}

static void test_columns(void **state) {
  quic_time from, to, before;
  qv_chart c = {.title = "", .from = 1003, .to = 5000, .leaf = 16};
  quic_rng rng;

  (void)state;
  before = c.from;
  for (size_t i = 0; i < 100; i++) {
    qv_chart_column_of(&c, 100, i, &from, &to);
    assert_true(from == before && to >= from);
    assert_true(i == 99 ? to == 5000 : to % 16 == 0);
    before = to;
  }
  quic_rng_init(&rng, 6);
  for (int i = 0; i < 1000; i++) {
    size_t n = 1 + quic_rng_below(&rng, QV_CHART_COLUMNS_MAX);
    uint64_t a = quic_rng_u64(&rng), b = quic_rng_u64(&rng);

    c = (qv_chart){.title = "", .from = a < b ? a : b, .to = a < b ? b : a};
    qv_chart_column_of(&c, n, n - 1, &from, &to);
    assert_true(to == c.to && from >= c.from && from <= to);
    qv_chart_column_of(&c, n, 0, &from, &to);
    assert_true(from == c.from && to >= from);
  }
  qv_chart_column_of(&c, 0, 0, &from, &to);
  assert_true(from == to);
}

static void test_values(void **state) {
  static qv_column col[4];
  const qv_chart_series series = {.name = "x", .columns = col};
  const qv_chart c = {.title = "",
                      .from = 100,
                      .to = 500,
                      .origin = 100,
                      .series = &series,
                      .nseries = 1,
                      .ncolumns = 4};
  char buf[256];
  quic_text t;

  (void)state;
  span(&col[1], 5, 2, 9, 7);
  value(&col[3], UINT64_MAX);
  quic_text_init(&t, buf, sizeof(buf));
  qv_chart_values(&c, &t);
  assert_string_equal(quic_text_cstr(&t),
                      "series,from,to,first,min,max,last,samples\n"
                      "x,100,200,5,2,9,7,4\n"
                      "x,300,400,18446744073709551615,18446744073709551615,"
                      "18446744073709551615,18446744073709551615,0\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_braille), cmocka_unit_test(test_ascii),
      cmocka_unit_test(test_small),   cmocka_unit_test(test_bands),
      cmocka_unit_test(test_truth),   cmocka_unit_test(test_columns),
      cmocka_unit_test(test_values),
  };

  return cmocka_run_group_tests_name("chart", tests, NULL, NULL);
}
