/* Charts as SVG. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "qlogview/svg.h"
#include "tests/support/xmlvalid.h"

#define COLUMNS 500

static char buf[1 << 20];

static const char *drawn(const qv_chart *c, int w, int h) {
  quic_text t;

  quic_text_init(&t, buf, sizeof(buf));
  qv_svg_chart(c, w, h, &t);
  assert_false(t.cut);
  return quic_text_cstr(&t);
}

static size_t count(const char *text, const char *what) {
  size_t n = 0;

  for (const char *p = text; (p = strstr(p, what)) != NULL; p++) {
    n++;
  }
  return n;
}

static void test_text(void **state) {
  static const struct {
    const char *in, *out;
  } cases[] = {
      {"a<b>&\"'\\", "a&lt;b&gt;&amp;&quot;'\\"},
      {"\x01\x1b\n\x7f", "\ufffd\ufffd\ufffd\ufffd"},
      {"\xff\xc3z\u00b5\u6f22", "\ufffd\ufffdz\u00b5\u6f22"},
      {"\u202e\uffff", "\ufffd\ufffd"},
      {"", ""},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    quic_text t;

    quic_text_init(&t, buf, sizeof(buf));
    qv_svg_text(&t, cases[i].in);
    assert_string_equal(quic_text_cstr(&t), cases[i].out);
  }
}

/* The curve of four columns of known values, at places that can be computed:
   the plot is 100 by 100 pixels from (66, 40) on. */
static void test_curve(void **state) {
  static const char *const names[] = {"", "a<b", "recovery"};
  qv_column col[4] = {{true, true, 0, 0, 100, 50, 3},
                      {true, false, 50, 50, 50, 50, 0},
                      {false, false, 0, 0, 0, 0, 0},
                      {true, true, 100, 100, 100, 100, 1}};
  const qv_column states[4] = {{true, false, 1, 1, 1, 1, 0},
                               {true, false, 1, 1, 1, 1, 0},
                               {true, true, 1, 1, 2, 1, 5},
                               {true, false, 2, 2, 2, 2, 0}};
  const qv_chart_series series[] = {
      {.name = "x", .marker = 'X', .colour = QV_BLUE, .columns = col},
      {.name = "y",
       .kind = QV_CHART_DOTS,
       .marker = 'Y',
       .colour = QV_ORANGE,
       .columns = col},
      {.name = "m", .kind = QV_CHART_MARKS, .marker = 'M', .columns = col},
      {.name = "s",
       .kind = QV_CHART_BANDS,
       .columns = states,
       .names = names,
       .nnames = 3}};
  const qv_chart c = {.title = "A & B",
                      .to = 4 * QUIC_SECOND,
                      .series = series,
                      .nseries = 4,
                      .ncolumns = 4};
  const char *text;

  (void)state;
  text = drawn(&c, 66 + 18 + 100, 22 + 18 + 100 + 36 + 26);
  assert_true(xmlvalid(text));
  assert_int_equal(count(text, "<title>A &amp; B</title>"), 1);
  assert_int_equal(count(text, "<desc>x: 0 to 100; y: 0 to 100; m; s</desc>"),
                   1);
  assert_int_equal(
      count(text, "d=\"M66 140L66 140L66 40L66 90H91L91 90H116M141 40H166\""),
      1);
  assert_int_equal(
      count(text, "d=\"M66 140h0M66 40h0M66 90h0M91 90h0M141 40h0\""), 1);
  assert_int_equal(count(text, "d=\"M66 143v12M141 143v12\""), 1);
  assert_int_equal(count(text, "<title>a&lt;b</title></rect>"), 1);
  assert_int_equal(count(text, "<title>several</title></rect>"), 1);
  assert_int_equal(count(text, "<title>recovery</title></rect>"), 1);
}

/* Whatever the values and the size, it is well-formed, and draws inside. */
static void test_random(void **state) {
  static qv_column col[COLUMNS];
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 1);
  for (int round = 0; round < 200; round++) {
    const qv_chart_series series[] = {
        {.name = "<&>", .marker = '<', .columns = col, .axis = round % 2},
        {.name = "d", .kind = QV_CHART_DOTS, .marker = 'D', .columns = col},
        {.name = "none", .marker = 'N'},
        {.name = "m", .kind = QV_CHART_MARKS, .columns = col},
        {.name = "b", .kind = QV_CHART_BANDS, .columns = col}};
    uint64_t a = quic_rng_u64(&rng) >> quic_rng_below(&rng, 64);
    uint64_t b = quic_rng_u64(&rng) >> quic_rng_below(&rng, 64);
    const qv_chart c = {.title = "t",
                        .from = a,
                        .to = b,
                        .origin = quic_rng_below(&rng, 2) ? a : 0,
                        .unit = {(quic_unit)quic_rng_below(&rng, 8),
                                 (quic_unit)quic_rng_below(&rng, 8)},
                        .series = series,
                        .nseries = quic_rng_below(&rng, 6),
                        .ncolumns = quic_rng_below(&rng, COLUMNS + 1)};
    int w = (int)quic_rng_below(&rng, 3000) - 100;
    int h = (int)quic_rng_below(&rng, 2000) - 100;
    const char *text;
    int width = 0;

    for (size_t i = 0; i < COLUMNS; i++) {
      uint64_t x = quic_rng_u64(&rng) >> quic_rng_below(&rng, 64);
      uint64_t y = quic_rng_u64(&rng) >> quic_rng_below(&rng, 64);

      col[i] = (qv_column){quic_rng_below(&rng, 4) > 0,
                           quic_rng_below(&rng, 2) > 0,
                           x < y ? x : y,
                           x < y ? x : y,
                           x < y ? y : x,
                           x < y ? y : x,
                           1};
    }
    text = drawn(&c, w, h);
    assert_true(xmlvalid(text));
    assert_int_equal(
        sscanf(strstr(text, "viewBox=\"0 0 "), "viewBox=\"0 0 %d", &width), 1);
    assert_true(width >= w);
    for (const char *p = text; (p = strpbrk(p, "MLH")) != NULL; p++) {
      if (p[1] >= '0' && p[1] <= '9') {
        assert_true(strtod(p + 1, NULL) <= width);
      }
      assert_true(p[1] != '-');
    }
  }
}

static void test_sizes(void **state) {
  const qv_chart c = {.title = ""};

  (void)state;
  assert_true(xmlvalid(drawn(&c, -5, -5)));
  assert_int_equal(count(drawn(&c, 1 << 30, 1 << 30), "width=\"16384\""), 2);
}

static void test_checker(void **state) {
  (void)state;
  assert_true(xmlvalid("<a b=\"c\"><d/>x&amp;</a>\n"));
  assert_false(xmlvalid("<a><b></a></b>"));
  assert_false(xmlvalid("<a b=c/>"));
  assert_false(xmlvalid("<a>&</a>"));
  assert_false(xmlvalid("<a>\x01</a>"));
  assert_false(xmlvalid("<a>"));
  assert_false(xmlvalid("<a/>x"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text),    cmocka_unit_test(test_curve),
      cmocka_unit_test(test_random),  cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_checker),
  };

  return cmocka_run_group_tests_name("svg", tests, NULL, NULL);
}
