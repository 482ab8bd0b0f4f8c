/* Views of a connection that is told by hand. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "qlogview/views.h"
#include "tests/support/failmem.h"
#include "tests/support/viewed.h"
#include "tests/support/xmlvalid.h"

static const qv_view_range all = {0, QUIC_TIME_NEVER};
static char buf[1 << 20];

static qv_view_source source(const viewed *v) {
  return (qv_view_source){quic_mem_default(), v->tracks, v->lanes};
}

static const char *drawn(const viewed *v, const char *key, qv_view_range range,
                         int w, int h, qv_chart_mode mode) {
  qv_view_source src = source(v);
  quic_text t;
  qv_grid g;

  assert_int_equal(qv_grid_init(&g, quic_mem_default(), w, h), 0);
  assert_int_equal(qv_view_draw(qv_view_find(key), &src, range, &g,
                                (qv_rect){0, 0, w, h}, mode),
                   0);
  quic_text_init(&t, buf, sizeof(buf));
  qv_grid_render(&g, &t, mode == QV_CHART_ASCII ? QV_RENDER_ASCII : 0);
  qv_grid_free(&g);
  return quic_text_cstr(&t);
}

static void check(const char *got, const char *want) {
  if (strcmp(got, want) != 0) {
    fputs(got, stderr); /* cmocka would show half of it */
    fail_msg("not the picture above");
  }
}

static void test_table(void **state) {
  const qv_view *v;

  (void)state;
  for (size_t i = 0; (v = qv_view_at(i)) != NULL; i++) {
    assert_ptr_equal(qv_view_find(v->key), v);
    assert_in_range(v->ntracks, v->lanes ? 0 : 1, QV_VIEW_TRACKS_MAX);
    for (size_t a = 0; a < v->ntracks; a++) {
      const qv_track *row = qv_track_of(v->tracks[a].id);

      for (size_t b = 0; b < a; b++) {
        const qv_track *other = qv_track_of(v->tracks[b].id);

        /* Curves of one picture have letters of their own, and one unit on
           each scale. */
        if (qv_chart_rowed(row->kind) || qv_chart_rowed(other->kind)) {
          continue;
        }
        assert_int_not_equal(row->marker, other->marker);
        assert_true(v->tracks[a].axis != v->tracks[b].axis ||
                    row->unit == other->unit);
      }
    }
  }
  assert_null(qv_view_find("congestio"));
}

static void test_congestion(void **state) {
  viewed v;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  viewed_story(&v);
  check(
      drawn(&v, "congestion", all, 80, 18, QV_CHART_BRAILLE),
      "  octets Congestion control\n"
      "S ssthresh  F bytes in flight  C congestion window\n"
      "    150k┤                  ⡀\n"
      "        │               C⣠⠞⣿\n"
      "        │             ⢀⣴⠟⠁ ⣿\n"
      "    100k┤           ⢀⡴⠛⠁   ⣿\n"
      "        │         ⣠⡾⠋ F    ⣿    ⢀⣀⣀⣠⣤⣤⠤⠶⠶⠖⠚⠛⠋⢹                       F "
      "C       C\n"
      "        │       ⣠⡾⠋        ⠻⠒⠛⠛⠋⠉⠉⠁          ⢸  C         "
      "⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀F\n"
      "     50k┤    ⢀⣠⠞⠁                            ⢸⣀⣀⣤⣤⠤⠶⠶⠖⠚⠛⠛⠉⠉⠉\n"
      "        │  ⢀⣴⠟⠁                              ⠈⠉\n"
      "        │⢀⡴⠋⠁                                 F\n"
      "       0┤⠉\n"
      "losses                     L                 L\n"
      "PTOs                                                           P    P   "
      "      P\n"
      "state    "
      "slow_start▄▄▄▄▄▄▄▄rcongestion_avoid▄re▄congestion_avoidance▄▄▄▄▄▄▄▄▄▄▄\n"
      "blocked                          con▄\n"
      "        "
      "└┬───────────┬────────────┬────────────┬────────────┬────────────┬─────"
      "\n"
      "        0 s        0.5 s        1.0 s        1.5 s        2.0 s        "
      "2.5 s\n");
  check(drawn(&v, "congestion",
              (qv_view_range){1700 * QUIC_MILLISECOND, 1800 * QUIC_MILLISECOND},
              60, 12, QV_CHART_ASCII),
        "  octets Congestion control\n"
        "S ssthresh  F bytes in flight  C congestion window\n"
        "    150k+CCCCCCCCFFF\n"
        "    100k+       C  F                                       C\n"
        "     50k+       CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCF\n"
        "       0+\n"
        "losses          L\n"
        "PTOs\n"
        "state    slow_s=recovery=================congestion_avoida=\n"
        "blocked\n"
        "        ++---------+---------+---------+---------+--------+\n"
        "       700 ms    720 ms    740 ms    760 ms    780 ms 800 ms\n");
  viewed_free(&v);
}

static void test_streams(void **state) {
  viewed v;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  viewed_story(&v);
  check(drawn(&v, "streams", all, 60, 6, QV_CHART_BRAILLE),
        "Streams\n"
        "0        ▄▄▄▄▄          ▄▄▄▄▄▄▄          ▄▄▄▄▄▄\n"
        "4            ▄▄▄▄▄▄▄          ▄▄▄▄▄▄\n"
        "8                  ▄▄▄▄▄▄           ▄▄▄▄▄▄\n"
        "        └┬─────────────────┬─────────────────┬─────────────\n"
        "        0 s               1 s               2 s\n");
  check(drawn(&v, "streams", all, 60, 5, QV_CHART_BRAILLE),
        "Streams: 2 rows of 3\n"
        "0        ▄▄▄▄▄          ▄▄▄▄▄▄▄          ▄▄▄▄▄▄\n"
        "4            ▄▄▄▄▄▄▄          ▄▄▄▄▄▄\n"
        "        └┬─────────────────┬─────────────────┬─────────────\n"
        "        0 s               1 s               2 s\n");
  viewed_free(&v);
}

static void test_empty(void **state) {
  qv_view_source src;
  viewed v;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  src = source(&v);
  for (size_t i = 0; qv_view_at(i); i++) {
    assert_false(qv_view_any(qv_view_at(i), &src));
    assert_non_null(
        strstr(drawn(&v, qv_view_at(i)->key, all, 100, 10, QV_CHART_BRAILLE),
               "the log has nothing of it"));
  }
  src.lanes = NULL;
  assert_false(qv_view_any(qv_view_find("streams"), &src));
  viewed_free(&v);
}

/* Every view is drawn, written as SVG and as numbers, at any size. */
static void test_all(void **state) {
  static const int sizes[][2] = {{1, 1},   {20, 3},  {14, 40},
                                 {80, 24}, {300, 9}, {400, 90}};
  qv_view_source src;
  viewed v;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  viewed_story(&v);
  src = source(&v);
  for (size_t i = 0; qv_view_at(i); i++) {
    const qv_view *view = qv_view_at(i);
    quic_text t;

    assert_true(qv_view_any(view, &src) || strcmp(view->key, "pacing") == 0);
    for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
      for (int mode = 0; mode < 2; mode++) {
        drawn(&v, view->key, all, sizes[k][0], sizes[k][1],
              (qv_chart_mode)mode);
      }
    }
    quic_text_init(&t, buf, sizeof(buf));
    assert_int_equal(qv_view_svg(view, &src, all, 900, 400, &t), 0);
    assert_false(t.cut);
    assert_true(xmlvalid(quic_text_cstr(&t)));
    quic_text_init(&t, buf, sizeof(buf));
    assert_int_equal(qv_view_values(view, &src, all, 50, &t), 0);
    assert_false(t.cut);
  }
  viewed_free(&v);
}

/* The numbers are those of the tracks. */
static void test_values(void **state) {
  qv_view_source src;
  quic_text t;
  viewed v;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  v.ev.now += 5;
  viewed_metrics(&v, 12000, QLOG_NONE, QLOG_NONE);
  v.ev.now += 10;
  viewed_metrics(&v, 15000, QLOG_NONE, QLOG_NONE);
  v.ev.now += 9;
  viewed_metrics(&v, 11000, QLOG_NONE, QLOG_NONE);
  src = source(&v);
  quic_text_init(&t, buf, sizeof(buf));
  assert_int_equal(qv_view_values(qv_view_find("congestion"), &src, all, 2, &t),
                   0);
  check(quic_text_cstr(&t), "series,from,to,first,min,max,last,samples\n"
                            "cwnd,0,10,12000,12000,12000,12000,1\n"
                            "cwnd,10,20,12000,11000,15000,11000,2\n");
  viewed_free(&v);
}

static int every_view(const quic_mem *mem, void *user) {
  const viewed *v = user;
  qv_view_source src = {mem, v->tracks, v->lanes};
  int rv = 0;

  for (size_t i = 0; qv_view_at(i); i++) {
    quic_text t;
    qv_grid g;
    int err;

    quic_text_init(&t, buf, sizeof(buf));
    err = qv_grid_init(&g, mem, 80, 24);
    if (err == 0) {
      err = qv_view_draw(qv_view_at(i), &src, all, &g, (qv_rect){0, 0, 80, 24},
                         QV_CHART_BRAILLE);
    }
    qv_grid_free(&g);
    rv = err ? err : rv;
    err = qv_view_svg(qv_view_at(i), &src, all, 300, 200, &t);
    rv = err ? err : rv;
    err = qv_view_values(qv_view_at(i), &src, all, 9, &t);
    rv = err ? err : rv;
  }
  return rv;
}

static void test_memory(void **state) {
  failmem fm;
  viewed v;

  (void)state;
  assert_int_equal(viewed_init(&v, quic_mem_default()), 0);
  viewed_story(&v);
  if (!failmem_sweep(&fm, every_view, &v)) {
    fail_msg("%s", fm.text);
  }
  viewed_free(&v);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_table),   cmocka_unit_test(test_congestion),
      cmocka_unit_test(test_streams), cmocka_unit_test(test_empty),
      cmocka_unit_test(test_all),     cmocka_unit_test(test_values),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests_name("views", tests, NULL, NULL);
}
