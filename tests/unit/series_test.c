/* quic_series against all samples kept in a list. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "analysis/series.h"
#include "base/rng.h"
#include "tests/support/failmem.h"

typedef struct sample {
  quic_time time;
  uint64_t value;
} sample;

/* The truth, and the series that is held against it. */
typedef struct pair {
  sample *list;
  size_t n;
  quic_series_kind kind;
  quic_series *series;
} pair;

static void pair_init(pair *p, quic_series_kind kind, size_t cap) {
  p->list = malloc(cap * sizeof(*p->list));
  assert_non_null(p->list);
  p->n = 0;
  p->kind = kind;
  assert_int_equal(quic_series_new(&p->series, quic_mem_default(), kind), 0);
}

static void pair_free(pair *p) {
  quic_series_del(p->series);
  free(p->list);
}

static void pair_add(pair *p, quic_time time, uint64_t value) {
  p->list[p->n++] = (sample){time, value};
  quic_series_add(p->series, time, value);
}

/* pair_first returns the first sample at |time| or later. */
static size_t pair_first(const pair *p, quic_time time) {
  size_t lo = 0, hi = p->n;

  while (lo < hi) {
    size_t mid = (lo + hi) / 2;

    if (p->list[mid].time < time) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo;
}

static void pair_check(const pair *p, quic_time from, quic_time to) {
  size_t i = pair_first(p, from), start;
  quic_series_span want = {0}, got;

  if (p->kind == QUIC_SERIES_STEP && i > 0) {
    want.any = true;
    want.first = want.min = want.max = want.last = p->list[i - 1].value;
  }
  for (start = i; i < p->n && (p->list[i].time < to || to == QUIC_TIME_NEVER);
       i++) {
    uint64_t v = p->list[i].value;

    if (!want.any) {
      want = (quic_series_span){true, true, v, v, v, v, 0};
    }
    want.min = v < want.min ? v : want.min;
    want.max = v > want.max ? v : want.max;
    want.last = v;
    want.sampled = true;
  }
  want.samples = i - start;
  quic_series_get(p->series, from, to, &got);
  assert_int_equal(got.any, want.any);
  assert_int_equal(got.sampled, want.sampled);
  assert_true(got.samples == want.samples);
  if (want.any) {
    assert_true(got.first == want.first && got.last == want.last);
    assert_true(got.min == want.min && got.max == want.max);
  }
}

/* pair_at holds quic_series_at against the list where no leaf blurs it: at the
   last time of a leaf. */
static void pair_at(const pair *p, quic_time time) {
  quic_duration leaf = quic_series_leaf(p->series);
  uint64_t value = 0;
  size_t i;
  bool any;

  time |= leaf - 1;
  i = time == UINT64_MAX ? p->n : pair_first(p, time + 1);
  any = quic_series_at(p->series, time, &value);
  assert_int_equal(any, i > 0);
  if (i > 0) {
    assert_true(value == p->list[i - 1].value);
  }
}

/* pair_checks looks at |n| stretches that begin and end on leaves. */
static void pair_checks(const pair *p, quic_rng *rng, size_t n) {
  quic_duration leaf = quic_series_leaf(p->series);
  quic_time last = p->n ? p->list[p->n - 1].time : 0;
  uint64_t leaves = last / leaf + 3;

  for (size_t i = 0; i < n; i++) {
    quic_time from = quic_rng_below(rng, leaves) * leaf;
    quic_time to = quic_rng_below(rng, leaves) * leaf;

    if (i % 2) { /* a short one */
      to = from + quic_rng_below(rng, 4) * leaf;
    }
    pair_check(p, from, to);
    pair_at(p, from);
  }
  pair_check(p, 0, QUIC_TIME_NEVER);
  pair_check(p, 0, 0);
}

/* fill adds |n| samples, at most |gap| apart, many at equal times. */
static void fill(pair *p, quic_rng *rng, size_t n, quic_duration gap,
                 quic_time start, bool wide) {
  quic_time now = start;

  for (size_t i = 0; i < n; i++) {
    uint64_t value = quic_rng_u64(rng) >> (wide ? quic_rng_below(rng, 64) : 40);

    if (quic_rng_below(rng, 4)) {
      now += quic_rng_below(rng, gap + 1);
    }
    pair_add(p, now, value);
    if (p->n % 9973 == 0) {
      pair_checks(p, rng, 40);
    }
  }
}

static void test_brute_force(void **state) {
  static const struct {
    size_t n;
    quic_duration gap;
    quic_time start;
  } cases[] = {
      {1, 1, 0},
      {63, 5, 7},
      {64, 1000, 0},
      {5000, 100000, 1},
      {QUIC_SERIES_EXACT, 3, 12345},
      {QUIC_SERIES_EXACT + 1, 1, 3},
      {QUIC_SERIES_EXACT + 1, 1000, UINT64_C(1700000000000000001)},
      {120000, 50, 999},
      {90000, 700000, 0},
  };
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 1);
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    for (int kind = QUIC_SERIES_STEP; kind <= QUIC_SERIES_DOTS; kind++) {
      pair p;

      pair_init(&p, (quic_series_kind)kind, cases[i].n);
      fill(&p, &rng, cases[i].n, cases[i].gap, cases[i].start, i % 2);
      pair_checks(&p, &rng, 300);
      assert_int_equal(quic_series_count(p.series), cases[i].n);
      assert_int_equal(quic_series_lost(p.series), 0);
      assert_in_range(quic_series_memory(p.series), 1, QUIC_SERIES_OCTETS_MAX);
      pair_free(&p);
    }
  }
}

static void test_empty(void **state) {
  (void)state;
  for (int kind = QUIC_SERIES_STEP; kind <= QUIC_SERIES_DOTS; kind++) {
    quic_time first, last;
    uint64_t value;
    pair p;

    pair_init(&p, (quic_series_kind)kind, 1);
    pair_check(&p, 0, QUIC_TIME_NEVER);
    pair_check(&p, 5, 3);
    assert_false(quic_series_at(p.series, QUIC_TIME_NEVER, &value));
    assert_false(quic_series_reach(p.series, &first, &last));
    assert_in_range(quic_series_memory(p.series), 1, 256);
    pair_free(&p);
  }
}

/* Leaves double, and grow by many doublings at once over a long silence. */
static void test_doubling(void **state) {
  quic_duration leaf;
  quic_rng rng;
  pair p;

  (void)state;
  quic_rng_init(&rng, 2);
  pair_init(&p, QUIC_SERIES_STEP, 70000);
  for (size_t i = 0; i < QUIC_SERIES_EXACT; i++) {
    pair_add(&p, 100 + i, i ^ 5);
  }
  assert_int_equal(quic_series_leaf(p.series), 1);
  pair_add(&p, 100 + QUIC_SERIES_EXACT, 1);
  /* 32,769 ns in 16,384 leaves from a multiple of the width on */
  assert_int_equal(quic_series_leaf(p.series), 4);
  pair_checks(&p, &rng, 300);
  pair_add(&p, UINT64_C(1) << 40, 77);
  leaf = quic_series_leaf(p.series);
  assert_in_range(leaf, 1 << 26, 1 << 27);
  pair_checks(&p, &rng, 300);
  for (size_t i = 0; i < 30000; i++) {
    pair_add(&p, (UINT64_C(1) << 40) + i * leaf, i);
  }
  assert_int_equal(quic_series_leaf(p.series), 4 * leaf);
  pair_checks(&p, &rng, 300);
  assert_in_range(quic_series_memory(p.series), 1, QUIC_SERIES_OCTETS_MAX);
  pair_free(&p);
}

static void test_extremes(void **state) {
  quic_time first, last;
  quic_rng rng;
  pair p;

  (void)state;
  quic_rng_init(&rng, 3);
  pair_init(&p, QUIC_SERIES_DOTS, QUIC_SERIES_EXACT + 10);
  pair_add(&p, 0, UINT64_MAX);
  for (size_t i = 0; i < QUIC_SERIES_EXACT; i++) {
    pair_add(&p, 0, 0);
  }
  pair_add(&p, 1, UINT32_MAX);
  pair_add(&p, UINT64_MAX - 1, UINT64_C(1) << 32);
  pair_add(&p, UINT64_MAX, 9);
  pair_check(&p, 0, QUIC_TIME_NEVER);
  pair_at(&p, 0);
  pair_at(&p, UINT64_MAX);
  assert_true(quic_series_reach(p.series, &first, &last));
  assert_true(first == 0 && last == UINT64_MAX);
  pair_free(&p);

  /* An earlier time counts as the last. */
  pair_init(&p, QUIC_SERIES_STEP, 2);
  quic_series_add(p.series, 50, 1);
  quic_series_add(p.series, 20, 2);
  p.list[0] = (sample){50, 1};
  p.list[1] = (sample){50, 2};
  p.n = 2;
  pair_check(&p, 0, 50);
  pair_check(&p, 50, 51);
  pair_check(&p, 51, 60);
  pair_free(&p);
}

/* Between leaves, the leaves at both edges count as a whole. */
static void test_edges(void **state) {
  quic_series_span all, part;
  quic_duration leaf;
  quic_rng rng;
  pair p;

  (void)state;
  quic_rng_init(&rng, 4);
  pair_init(&p, QUIC_SERIES_DOTS, 50000);
  fill(&p, &rng, 50000, 1000, 0, false);
  leaf = quic_series_leaf(p.series);
  assert_true(leaf > 8);
  for (size_t i = 0; i < 100; i++) {
    quic_time from = quic_rng_below(&rng, 100) * leaf;
    quic_time to = from + (1 + quic_rng_below(&rng, 20)) * leaf;

    quic_series_get(p.series, from, to, &all);
    quic_series_get(p.series, from + leaf - 1, to - leaf + 1, &part);
    if (to - from > leaf) {
      assert_true(part.samples == all.samples && part.first == all.first);
      assert_true(part.min == all.min && part.max == all.max);
      assert_true(part.last == all.last);
    }
  }
  pair_free(&p);
}

/* Without memory samples are lost, and what is kept stays right. */
static void memory(size_t wide) {
  const size_t n = QUIC_SERIES_EXACT + 2000;
  failmem fm;
  size_t calls = 1;

  for (size_t fail = 0; fail <= calls; fail++) {
    quic_series *s;
    quic_series_span span;
    int err;

    failmem_init(&fm);
    failmem_fail_nth(&fm, fail);
    err = quic_series_new(&s, &fm.mem, QUIC_SERIES_STEP);
    if (fail == 1) {
      assert_int_equal(err, QUIC_ERR_NOMEM);
      assert_null(s);
      continue;
    }
    for (size_t i = 0; i < n; i++) {
      quic_series_add(s, i, i == wide ? UINT64_MAX : i);
    }
    if (fail == 0) {
      calls = fm.calls;
      assert_in_range(calls, 10, 100);
    }
    assert_in_range(quic_series_lost(s), 0, fail ? 1 : 0);
    assert_int_equal(quic_series_count(s), n - quic_series_lost(s));
    quic_series_get(s, 0, QUIC_TIME_NEVER, &span);
    assert_int_equal(span.samples, quic_series_count(s));
    assert_int_equal(span.last, n - 1);
    /* A block that cannot be made smaller is counted as if it were. */
    assert_in_range(quic_series_memory(s),
                    fm.bytes - (fail ? QUIC_SERIES_BUCKETS * 2 : 0), fm.bytes);
    quic_series_del(s);
    assert_true(failmem_balanced(&fm));
  }
}

static void test_memory(void **state) {
  (void)state;
  memory(10);
  memory(QUIC_SERIES_EXACT - 1000); /* too many to be kept in 64 bits */
  memory(QUIC_SERIES_EXACT + 1000); /* leaves */
}

static void test_no_memory(void **state) {
  quic_series_span span;
  quic_series *s;
  failmem fm;

  (void)state;
  failmem_init(&fm);
  assert_int_equal(quic_series_new(&s, &fm.mem, QUIC_SERIES_DOTS), 0);
  failmem_fail_from(&fm, 1);
  for (size_t i = 0; i < 100; i++) {
    quic_series_add(s, i, UINT64_MAX - i);
  }
  assert_int_equal(quic_series_count(s), 0);
  assert_int_equal(quic_series_lost(s), 100);
  quic_series_get(s, 0, QUIC_TIME_NEVER, &span);
  assert_false(span.any);
  quic_series_del(s);
  quic_series_del(NULL);
  assert_true(failmem_balanced(&fm));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_brute_force), cmocka_unit_test(test_empty),
      cmocka_unit_test(test_doubling),    cmocka_unit_test(test_extremes),
      cmocka_unit_test(test_edges),       cmocka_unit_test(test_memory),
      cmocka_unit_test(test_no_memory),
  };

  return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
