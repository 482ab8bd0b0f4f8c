/* Octets handed on lately, against all octets ever handed on. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/history.h"
#include "base/rng.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"

enum { SIZE = 4096, STREAMS = 5, LEN = 1 << 18 };

static void test_repetition(void **state) {
  quic_history_stream a = {0}, b = {0};
  quic_history h;

  (void)state;
  assert_int_equal(quic_history_init(&h, quic_mem_default(), SIZE), 0);
  assert_false(quic_history_conflicts(&h, &a, 0, quic_bytes_of("x", 1)));
  quic_history_add(&h, &a, 10, quic_bytes_of("abc", 3));
  quic_history_add(&h, &b, 10, quic_bytes_of("ABC", 3));
  quic_history_add(&h, &a, 13, quic_bytes_of("def", 3));
  quic_history_add(&h, &a, 16, quic_bytes_of("ghi", 3)); /* the same run */
  quic_history_add(&h, &a, 30, quic_bytes_of("z", 1));
  assert_false(
      quic_history_conflicts(&h, &a, 10, quic_bytes_of("abcdefghi", 9)));
  assert_false(quic_history_conflicts(&h, &a, 12, quic_bytes_of("cde", 3)));
  assert_false(quic_history_conflicts(&h, &b, 9, quic_bytes_of(".ABC.", 5)));
  assert_false(quic_history_conflicts(&h, &a, 12, quic_bytes_of(NULL, 0)));
  for (size_t i = 0; i < 9; i++) {
    char text[] = "abcdefghi";

    text[i]++;
    assert_true(quic_history_conflicts(&h, &a, 10, quic_bytes_of(text, 9)));
    assert_true(
        quic_history_conflicts(&h, &a, 10 + i, quic_bytes_of(text + i, 9 - i)));
    assert_false(quic_history_conflicts(&h, &a, 11 + i,
                                        quic_bytes_of(text + i + 1, 8 - i)));
  }
  assert_true(quic_history_conflicts(&h, &a, 30, quic_bytes_of("y", 1)));
  /* octets that were not there conflict with nothing */
  assert_false(quic_history_conflicts(&h, &a, 19, quic_bytes_of("xxxx", 4)));
  assert_false(quic_history_conflicts(&h, &a, 0, quic_bytes_of("xxxx", 4)));
  assert_false(quic_history_conflicts(&h, &a, 31, quic_bytes_of("xxxx", 4)));
  /* what is before the end of the last octets is left out */
  quic_history_add(&h, &a, 29, quic_bytes_of("..!", 3));
  assert_false(quic_history_conflicts(&h, &a, 30, quic_bytes_of("z!", 2)));
  quic_history_add(&h, &a, 0, quic_bytes_of(".", 1));
  assert_false(quic_history_conflicts(&h, &a, 0, quic_bytes_of("!", 1)));
  quic_history_free(&h);
}

/* All octets that the streams handed on, and where the ring has them. */
typedef struct model {
  uint8_t data[STREAMS][LEN];
  uint64_t place[STREAMS][LEN]; /* + 1; 0: was not handed on */
  uint64_t end[STREAMS];
  uint64_t written;
} model;

static bool model_conflicts(const model *m, size_t stream, uint64_t offset,
                            quic_bytes data) {
  for (size_t i = 0; i < data.len; i++) {
    uint64_t place = m->place[stream][offset + i];

    if (place && place + SIZE > m->written &&
        m->data[stream][offset + i] != data.data[i]) {
      return true;
    }
  }
  return false;
}

/* Runs are long enough here for the octets to give way before them. */
static void test_model(void **state) {
  static model m;
  quic_history_stream streams[STREAMS] = {{0}};
  quic_history h;
  quic_rng rng;
  size_t conflicts = 0;

  (void)state;
  quic_rng_init(&rng, 9);
  for (size_t i = 0; i < STREAMS; i++) {
    quic_rng_fill(&rng, m.data[i], LEN);
  }
  assert_int_equal(quic_history_init(&h, quic_mem_default(), SIZE - 100), 0);
  assert_int_equal(h.size, SIZE);
  for (int round = 0; round < 3000; round++) {
    size_t s = quic_rng_below(&rng, STREAMS);
    uint64_t at = m.end[s] + (quic_rng_below(&rng, 9) ? 0 : 100);
    uint64_t len = SIZE / h.run_count + quic_rng_below(&rng, 400);

    len = round % 500 == 499 ? 2 * SIZE : len;
    if (at + len > LEN) {
      continue;
    }
    quic_history_add(&h, &streams[s], at,
                     quic_bytes_of(m.data[s] + at, (size_t)len));
    for (uint64_t i = 0; i < len; i++) {
      m.place[s][at + i] = ++m.written;
    }
    m.end[s] = at + len;
    for (int i = 0; i < 20; i++) {
      bool late = quic_rng_below(&rng, 4);
      uint64_t back = quic_rng_below(&rng, 3000);
      uint8_t *block;
      bool want;

      s = quic_rng_below(&rng, STREAMS);
      at =
          late && back < m.end[s] ? m.end[s] - back : quic_rng_below(&rng, LEN);
      len = quic_rng_below(&rng, 600);
      len = len < LEN - at ? len : LEN - at;
      block = octets_exact(m.data[s] + at, (size_t)len);
      if (len && i & 1) {
        block[quic_rng_below(&rng, len)] ^= 4;
      }
      want = model_conflicts(&m, s, at, quic_bytes_of(block, (size_t)len));
      conflicts += want;
      assert_int_equal(
          quic_history_conflicts(&h, &streams[s], at,
                                 quic_bytes_of(block, (size_t)len)),
          want);
      free(block);
    }
  }
  assert_true(conflicts > 1000);
  quic_history_free(&h);
}

/* Streams that take turns octet by octet: no run holds two, and yet all that
   are kept are found, with few steps. */
static void test_short_runs(void **state) {
  enum { RUNS = 1 << 14, TURNS = 3 * RUNS / STREAMS };
  quic_history_stream streams[STREAMS] = {{0}};
  quic_history h;

  (void)state;
  assert_int_equal(
      quic_history_init(&h, quic_mem_default(), RUNS * QUIC_HISTORY_RUN), 0);
  assert_int_equal(h.run_count, RUNS);
  for (uint64_t i = 0; i < TURNS; i++) {
    for (size_t s = 0; s < STREAMS; s++) {
      quic_history_add(&h, &streams[s], i, quic_bytes_of("x", 1));
    }
  }
  for (size_t s = 0; s < STREAMS; s++) {
    uint64_t kept = 0;

    for (uint64_t i = TURNS; i-- > 0;) {
      kept += quic_history_conflicts(&h, &streams[s], i, quic_bytes_of("y", 1));
      assert_true(i + kept >= TURNS || kept >= (RUNS - 1) / STREAMS);
    }
    assert_true(kept <= RUNS / STREAMS + 1);
  }
  quic_history_free(&h);
}

static void test_sizes(void **state) {
  quic_history h;

  (void)state;
  assert_int_equal(quic_history_init(&h, quic_mem_default(), 0), 0);
  assert_int_equal(h.size, QUIC_HISTORY_RUN);
  quic_history_free(&h);
  assert_int_equal(
      quic_history_init(&h, quic_mem_default(), (UINT64_C(1) << 40) + 1),
      QUIC_ERR_INVALID);
}

static int init_one(const quic_mem *mem, void *user) {
  quic_history h;
  int rv = quic_history_init(&h, mem, SIZE);

  (void)user;
  if (rv == 0) {
    quic_history_free(&h);
  }
  return rv;
}

static void test_nomem(void **state) {
  failmem fm;

  (void)state;
  assert_int_equal(failmem_sweep(&fm, init_one, NULL), 2);
  assert_string_equal(fm.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_repetition), cmocka_unit_test(test_model),
      cmocka_unit_test(test_short_runs), cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
