/* Scales with round ticks. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "qlogview/axis.h"

/* A scale, and its labels as they should be. */
static const struct {
  quic_unit unit;
  uint64_t min, max;
  int ticks;
  const char *title, *labels;
} cases[] = {
    {QUIC_UNIT_OCTETS, 0, 550000, 5, "octets", "0 200k 400k 600k "},
    {QUIC_UNIT_OCTETS, 0, 1200000, 4, "octets", "0 0.5M 1.0M 1.5M "},
    {QUIC_UNIT_OCTETS, 0, 999, 2, "octets", "0 0.5k 1.0k "},
    {QUIC_UNIT_COUNT, 0, 7, 5, "", "0 2 4 6 8 "},
    {QUIC_UNIT_COUNT, 0, 0, 5, "", "0 1 "},
    {QUIC_UNIT_COUNT, 9, 9, 3, "", "9 10 "},
    {QUIC_UNIT_NS, 0, 13400000, 3, "ms", "0 5 10 15 "},
    {QUIC_UNIT_NS, 0, 900, 2, "\u00b5s", "0 0.5 1.0 "},
    {QUIC_UNIT_NS, 10200000, 10900000, 2, "ms", "10.0 10.5 11.0 "},
    {QUIC_UNIT_NS, 0, 250000, 5, "\u00b5s", "0 50 100 150 200 250 "},
    {QUIC_UNIT_BPS, 0, 94000000, 2, "Mbit/s", "0 50 100 "},
    {QUIC_UNIT_ID, 1000000000, 1000000010, 2, "",
     "\u20260000000 \u20260000005 \u20260000010 "},
    {QUIC_UNIT_OCTETS, 0, UINT64_MAX, 2, "octets", "0 10E "},
    {QUIC_UNIT_COUNT, UINT64_MAX, UINT64_MAX, 2, "",
     "\u20269551614 \u20269551615 "},
};

static void test_cases(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char buf[256];
    quic_text t;
    uint64_t v;
    qv_axis a;

    qv_axis_fit(&a, cases[i].unit, cases[i].min, cases[i].max, cases[i].ticks);
    quic_text_init(&t, buf, sizeof(buf));
    v = a.lo;
    do {
      qv_axis_label(&a, v, &t);
      quic_text_char(&t, ' ');
    } while (qv_axis_next(&a, &v));
    assert_string_equal(quic_text_cstr(&t), cases[i].labels);
    assert_string_equal(qv_axis_title(&a), cases[i].title);
  }
}

/* Whatever the values, they lie on the scale, which has few ticks. */
static void test_random(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 1);
  for (int i = 0; i < 20000; i++) {
    uint64_t x = quic_rng_u64(&rng) >> quic_rng_below(&rng, 64);
    uint64_t y = quic_rng_u64(&rng) >> quic_rng_below(&rng, 64);
    uint64_t min = x < y ? x : y, max = x < y ? y : x, v;
    int ticks = 1 + (int)quic_rng_below(&rng, 12), n = 1;
    qv_axis a;

    qv_axis_fit(&a, (quic_unit)quic_rng_below(&rng, QUIC_UNIT_ID + 1), min, max,
                ticks);
    assert_true(a.lo <= min && a.hi >= max && a.hi > a.lo && a.step > 0);
    for (v = a.lo; qv_axis_next(&a, &v); n++) {
      char buf[64];
      quic_text t;

      quic_text_init(&t, buf, sizeof(buf));
      qv_axis_label(&a, v, &t);
      assert_in_range(t.len, 1, QV_AXIS_LABEL_MAX + 2);
    }
    assert_in_range(n, 1, ticks + 3);
    assert_int_equal(qv_axis_place(&a, a.lo, 40), 0);
    assert_int_equal(qv_axis_place(&a, a.hi, 40), 39);
    assert_true(qv_axis_place(&a, min, 40) <= qv_axis_place(&a, max, 40));
    assert_in_range(qv_axis_place(&a, x, 40), 0, 39);
  }
}

static void test_place(void **state) {
  qv_axis a;

  (void)state;
  qv_axis_fit(&a, QUIC_UNIT_COUNT, 0, 10, 5);
  assert_int_equal(qv_axis_place(&a, 5, 11), 5);
  assert_int_equal(qv_axis_place(&a, 99, 11), 10);
  assert_int_equal(qv_axis_place(&a, 5, 1), 0);
  assert_int_equal(qv_axis_place(&a, 5, 0), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cases),
      cmocka_unit_test(test_random),
      cmocka_unit_test(test_place),
  };

  return cmocka_run_group_tests_name("axis", tests, NULL, NULL);
}
