/* The grid of cells. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "qlogview/grid.h"
#include "tests/support/failmem.h"

static const qv_style plain = {0};

static void check(const qv_grid *g, unsigned how, const char *want) {
  char buf[4096];
  quic_text t;

  quic_text_init(&t, buf, sizeof(buf));
  qv_grid_render(g, &t, how);
  assert_false(t.cut);
  assert_string_equal(quic_text_cstr(&t), want);
}

static qv_grid made(int w, int h) {
  qv_grid g;

  assert_int_equal(qv_grid_init(&g, quic_mem_default(), w, h), 0);
  return g;
}

static void test_text(void **state) {
  qv_grid g = made(8, 3);

  (void)state;
  assert_int_equal(qv_grid_str(&g, 1, 0, "µ ⣿█", plain), 4);
  assert_int_equal(qv_grid_str(&g, 5, 1, "cut off", plain), 7);
  assert_int_equal(
      qv_grid_text(&g, 0, 2, quic_bytes_of("at most", 7), 4, plain), 4);
  assert_int_equal(qv_grid_str(&g, 0, 3, "below", plain), 5);
  assert_int_equal(qv_grid_str(&g, 0, -1, "above", plain), 5);
  check(&g, 0, " µ ⣿█\n     cut\nat m\n");
  check(&g, QV_RENDER_ASCII, " u *=\n     cut\nat m\n");
  qv_grid_free(&g);
  qv_grid_free(&g);
}

/* Text from outside neither moves the cursor nor shifts what is to its right.
 */
static void test_untrusted(void **state) {
  static const char text[] = "a\033[2J\n\xff\u0301\u202e\u200bz";
  qv_grid g = made(20, 1);

  (void)state;
  assert_int_equal(qv_grid_str(&g, 0, 0, text, plain), 11);
  check(&g, 0, "a\ufffd[2J\ufffd\ufffd\ufffd\ufffd\ufffdz\n");
  check(&g, QV_RENDER_ASCII, "a?[2J?????z\n");
  qv_grid_put(&g, 0, 0, 0xd800, plain);
  qv_grid_put(&g, 1, 0, 0x110000, plain);
  qv_grid_put(&g, 2, 0, 0, plain);
  assert_int_equal(qv_grid_at(&g, 0, 0)->cp, 0xfffd);
  assert_int_equal(qv_grid_at(&g, 1, 0)->cp, 0xfffd);
  assert_int_equal(qv_grid_at(&g, 2, 0)->cp, 0xfffd);
  qv_grid_free(&g);
}

static void test_wide(void **state) {
  qv_grid g = made(6, 1);

  (void)state;
  assert_int_equal(qv_text_cells(quic_bytes_of("漢字a", 7)), 5);
  assert_int_equal(qv_grid_str(&g, 0, 0, "漢字a", plain), 5);
  check(&g, 0, "漢字a\n");
  check(&g, QV_RENDER_ASCII, "????a\n");
  qv_grid_put(&g, 1, 0, 'x', plain); /* over the right half of the first */
  check(&g, 0, " x字a\n");
  qv_grid_put(&g, 2, 0, 'y', plain); /* over the left half of the second */
  check(&g, 0, " xy a\n");
  qv_grid_put(&g, 5, 0, 0x6f22, plain); /* no room for it */
  check(&g, 0, " xy a\n");
  qv_grid_str(&g, 0, 0, "漢字漢", plain);
  qv_grid_fill(&g, (qv_rect){1, 0, 4, 1}, '-', plain);
  check(&g, 0, " ----\n");
  qv_grid_free(&g);
}

static void test_colours(void **state) {
  qv_grid g = made(6, 2);

  (void)state;
  qv_grid_str(&g, 0, 0, "ab", (qv_style){QV_BLUE, QV_DEFAULT, QV_BOLD});
  qv_grid_str(&g, 2, 0, "c", plain);
  qv_grid_put(&g, 4, 0, ' ', (qv_style){QV_DEFAULT, QV_ORANGE, 0});
  qv_grid_put(&g, 0, 1, ' ', (qv_style){QV_RED, QV_DEFAULT, QV_BOLD});
  check(&g, QV_RENDER_COLOURS,
        "\033[0;1;38;5;33mab\033[0mc \033[0;48;5;208m \033[0m\n\n");
  check(&g, QV_RENDER_COLOURS | QV_RENDER_EIGHT,
        "\033[0;1;34mab\033[0mc \033[0;43m \033[0m\n\n");
  check(&g, 0, "abc\n\n");
  qv_grid_free(&g);
}

static void test_bounds(void **state) {
  qv_grid g = made(0, QV_GRID_MAX + 7);
  quic_rng rng;

  (void)state;
  assert_int_equal(g.w, 1);
  assert_int_equal(g.h, QV_GRID_MAX);
  qv_grid_free(&g);
  g = made(7, 5);
  quic_rng_init(&rng, 1);
  for (int i = 0; i < 20000; i++) {
    int v[4];

    for (int j = 0; j < 4; j++) {
      v[j] = (int)quic_rng_below(&rng, 30) - 10;
      if (quic_rng_below(&rng, 20) == 0) {
        v[j] = (int)(uint32_t)quic_rng_u64(&rng);
      }
    }
    v[2] = v[2] < 0 ? -(v[2] / 2) : v[2];
    v[3] = v[3] < 0 ? -(v[3] / 2) : v[3];
    qv_grid_fill(&g, (qv_rect){v[0], v[1], v[2], v[3]}, 'f', plain);
    qv_grid_put(&g, v[0], v[1], 0x6f22, plain);
    qv_grid_str(&g, v[2], v[3], "字x", plain);
    for (int y = 0; y < g.h; y++) {
      assert_int_not_equal(qv_grid_at(&g, 0, y)->cp, 0);
    }
  }
  assert_null(qv_grid_at(&g, 7, 0));
  assert_null(qv_grid_at(&g, 0, -1));
  qv_grid_free(&g);
}

static void test_memory(void **state) {
  failmem fm;
  qv_grid g;

  (void)state;
  failmem_init(&fm);
  failmem_fail_nth(&fm, 1);
  assert_int_equal(qv_grid_init(&g, &fm.mem, 5, 5), QUIC_ERR_NOMEM);
  assert_null(qv_grid_at(&g, 0, 0));
  qv_grid_put(&g, 0, 0, 'x', plain);
  qv_grid_free(&g);
  assert_true(failmem_balanced(&fm));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text),   cmocka_unit_test(test_untrusted),
      cmocka_unit_test(test_wide),   cmocka_unit_test(test_colours),
      cmocka_unit_test(test_bounds), cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests_name("grid", tests, NULL, NULL);
}
