/* Streams in order, against a naive model. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/inorder.h"
#include "base/rng.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"

enum { LEN = 300 };

/* What was handed on. */
typedef struct taken {
  uint8_t data[LEN];
  uint64_t first; /* offset of the first octet */
  uint64_t end;
  size_t calls;
} taken;

static void take(void *user, uint64_t offset, quic_bytes data) {
  taken *t = user;

  assert_true(data.len > 0);
  if (t->calls == 0) {
    t->first = t->end = offset;
  }
  assert_int_equal(offset, t->end);
  assert_true(offset - t->first + data.len <= LEN);
  memcpy(t->data + (offset - t->first), data.data, data.len);
  t->end += data.len;
  t->calls++;
}

static void count(void *user, uint64_t offset, quic_bytes data) {
  uint64_t *end = user;

  assert_int_equal(offset, *end);
  *end += data.len;
}

/* A stream with an allocator that tells leaks. */
typedef struct stream {
  quic_inorder in;
  quic_inorder_budget budget;
  failmem fm;
  taken got;
} stream;

static void stream_init(stream *s) {
  memset(s, 0, sizeof(*s));
  failmem_init(&s->fm);
  quic_inorder_init(&s->in);
  s->budget.limit = 1 << 20;
}

static void stream_free(stream *s) {
  quic_inorder_free(&s->in, &s->fm.mem, &s->budget);
  assert_int_equal(s->in.waiting, 0);
  assert_int_equal(s->budget.used, 0);
  assert_true(failmem_balanced(&s->fm));
}

/* add gives |text| to |s| in a block of its size; returns what was found. */
static unsigned add(stream *s, uint64_t offset, const char *text, bool fin) {
  size_t len = strlen(text);
  uint8_t *block = octets_exact(text, len);
  unsigned found;

  assert_int_equal(quic_inorder_add(&s->in, &s->fm.mem, &s->budget, offset,
                                    quic_bytes_of(block, len), fin, take,
                                    &s->got, &found),
                   0);
  free(block);
  return found;
}

static void check_got(const stream *s, const char *text) {
  assert_int_equal(s->got.end - s->got.first, strlen(text));
  assert_memory_equal(s->got.data, text, strlen(text));
}

/* In order nothing is allocated, and each piece is one call. */
static void test_in_order(void **state) {
  stream s;

  (void)state;
  stream_init(&s);
  assert_int_equal(add(&s, 0, "abc", false), 0);
  assert_int_equal(add(&s, 3, "d", false), 0);
  assert_int_equal(add(&s, 4, "", false), 0);
  assert_false(quic_inorder_done(&s.in));
  assert_int_equal(add(&s, 4, "ef", true), 0);
  assert_true(quic_inorder_done(&s.in));
  check_got(&s, "abcdef");
  assert_int_equal(s.got.calls, 3);
  assert_int_equal(s.fm.calls, 0);
  assert_int_equal(s.in.repeated, 0);
  assert_int_equal(s.in.highest, 6);
  assert_int_equal(quic_inorder_hole(&s.in), 0);
  stream_free(&s);
}

static void test_hole(void **state) {
  stream s;

  (void)state;
  stream_init(&s);
  assert_int_equal(add(&s, 4, "ef", false), 0);
  assert_int_equal(add(&s, 8, "ij", true), 0);
  assert_int_equal(quic_inorder_hole(&s.in), 4);
  assert_int_equal(s.in.waiting, 4);
  assert_true(s.budget.used > 4 + 2 * sizeof(void *));
  assert_int_equal(s.in.final_size, 10);
  assert_int_equal(s.got.calls, 0);
  assert_int_equal(add(&s, 0, "abcd", false), 0);
  check_got(&s, "abcdef");
  assert_int_equal(quic_inorder_hole(&s.in), 2);
  assert_int_equal(add(&s, 6, "gh", false), 0);
  check_got(&s, "abcdefghij");
  assert_int_equal(s.budget.used, 0);
  assert_true(quic_inorder_done(&s.in));
  stream_free(&s);
}

/* The first octets stand, wherever the overlap is. */
static void test_overlap(void **state) {
  static const struct {
    uint64_t offset;
    const char *text;
    unsigned found;
    const char *want; /* handed on once "..." came at 0 */
  } rows[] = {
      /* "DEF" at 3 and "IJ" at 8 are there */
      {3, "DEF", QUIC_INORDER_REPEATED, "...DEF"},
      {4, "E", QUIC_INORDER_REPEATED, "...DEF"},
      {4, "e", QUIC_INORDER_REPEATED | QUIC_INORDER_CONFLICT, "...DEF"},
      {2, "Cd", QUIC_INORDER_REPEATED | QUIC_INORDER_CONFLICT, "...DEF"},
      {5, "FG", QUIC_INORDER_REPEATED, "...DEFG"},
      {5, "fGHi", QUIC_INORDER_REPEATED | QUIC_INORDER_CONFLICT, "...DEFGHIJ"},
      {6, "GH", 0, "...DEFGHIJ"},
      {1, "BCDEFGHIJK", QUIC_INORDER_REPEATED, "...DEFGHIJK"},
      {1, "bcdefghijk", QUIC_INORDER_REPEATED | QUIC_INORDER_CONFLICT,
       "...DEFghIJk"},
      {9, "JK", QUIC_INORDER_REPEATED, "...DEF"},
      {11, "LM", 0, "...DEF"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    stream s;

    stream_init(&s);
    add(&s, 3, "DEF", false);
    add(&s, 8, "IJ", false);
    assert_int_equal(add(&s, rows[i].offset, rows[i].text, false),
                     rows[i].found);
    if (rows[i].offset == 2) {
      assert_int_equal(s.in.waiting, 6);
    }
    s.in.repeated = 0;
    add(&s, 0, "...", false);
    if (rows[i].offset > 2) {
      check_got(&s, rows[i].want);
    } else { /* octets that waited from 1 or 2 on */
      assert_int_equal(s.in.repeated, 3 - rows[i].offset);
      assert_int_equal(s.got.end, strlen(rows[i].want));
      assert_memory_equal(s.got.data + 3, rows[i].want + 3, s.got.end - 3);
    }
    stream_free(&s);
  }
}

/* A piece in order runs over pieces that wait. */
static void test_pass_over(void **state) {
  stream s;

  (void)state;
  stream_init(&s);
  add(&s, 2, "CD", false);
  add(&s, 5, "F", false);
  add(&s, 7, "HIJ", false);
  assert_int_equal(add(&s, 0, "abcdefghi", false),
                   QUIC_INORDER_REPEATED | QUIC_INORDER_CONFLICT);
  check_got(&s, "abCDeFgHIJ");
  assert_int_equal(s.in.repeated, 5);
  assert_int_equal(s.in.offset, 10);
  /* what was handed on is not compared */
  assert_int_equal(add(&s, 4, "xxxxxxK", true), QUIC_INORDER_REPEATED);
  check_got(&s, "abCDeFgHIJK");
  assert_int_equal(s.in.repeated, 11);
  stream_free(&s);
}

/* RFC 9000 §4.5. */
static void test_final_size(void **state) {
  stream s;

  (void)state;
  stream_init(&s); /* below octets seen */
  add(&s, 0, "abcd", false);
  assert_int_equal(add(&s, 2, "c", true),
                   QUIC_INORDER_REPEATED | QUIC_INORDER_FINAL_SIZE);
  assert_true(s.in.final_size == UINT64_MAX);
  assert_int_equal(quic_inorder_end(&s.in, 3), QUIC_INORDER_FINAL_SIZE);
  assert_int_equal(quic_inorder_end(&s.in, 4), 0);
  assert_true(quic_inorder_done(&s.in));
  stream_free(&s);

  stream_init(&s); /* two that differ; octets beyond */
  assert_int_equal(add(&s, 4, "", true), 0);
  assert_int_equal(add(&s, 4, "", true), 0);
  assert_int_equal(add(&s, 5, "", true), QUIC_INORDER_FINAL_SIZE);
  assert_int_equal(add(&s, 3, "", true), QUIC_INORDER_FINAL_SIZE);
  assert_int_equal(quic_inorder_end(&s.in, 5), QUIC_INORDER_FINAL_SIZE);
  assert_int_equal(quic_inorder_end(&s.in, 4), 0);
  assert_int_equal(add(&s, 2, "cde", false), QUIC_INORDER_FINAL_SIZE);
  assert_int_equal(add(&s, 4, "e", false), QUIC_INORDER_FINAL_SIZE);
  assert_int_equal(add(&s, 9, "x", false), QUIC_INORDER_FINAL_SIZE);
  assert_int_equal(s.in.highest, 4);
  assert_int_equal(s.in.waiting, 2);
  assert_int_equal(add(&s, 0, "abcdefg", true),
                   QUIC_INORDER_REPEATED | QUIC_INORDER_FINAL_SIZE);
  check_got(&s, "abcd");
  assert_true(quic_inorder_done(&s.in));
  stream_free(&s);

  stream_init(&s); /* a reset: octets seen stay seen */
  add(&s, 6, "gh", false);
  assert_int_equal(quic_inorder_end(&s.in, 7), QUIC_INORDER_FINAL_SIZE);
  assert_int_equal(quic_inorder_end(&s.in, 100), 0);
  assert_int_equal(s.in.highest, 8);
  assert_false(quic_inorder_done(&s.in));
  stream_free(&s);
}

static void test_offsets(void **state) {
  const uint64_t end = UINT64_C(1) << 62;
  stream s;
  unsigned found;

  (void)state;
  stream_init(&s);
  assert_int_equal(add(&s, end - 3, "xyz", true), 0);
  assert_int_equal(quic_inorder_hole(&s.in), end - 3);
  assert_int_equal(add(&s, end - 4, "wxyz", true), QUIC_INORDER_REPEATED);
  assert_int_equal(quic_inorder_add(&s.in, &s.fm.mem, &s.budget, end - 1,
                                    quic_bytes_of("ab", 2), false, take, &s.got,
                                    &found),
                   QUIC_ERR_INVALID);
  assert_int_equal(quic_inorder_add(&s.in, &s.fm.mem, &s.budget, UINT64_MAX,
                                    quic_bytes_of("ab", 2), false, take, &s.got,
                                    &found),
                   QUIC_ERR_INVALID);
  quic_inorder_skip(&s.in, &s.fm.mem, &s.budget, take, &s.got);
  assert_true(s.got.first == end - 4);
  check_got(&s, "wxyz");
  assert_true(quic_inorder_done(&s.in));
  stream_free(&s);
}

static void test_skip(void **state) {
  stream s;

  (void)state;
  stream_init(&s);
  quic_inorder_skip(&s.in, &s.fm.mem, &s.budget, take, &s.got);
  assert_int_equal(s.in.offset, 0);
  add(&s, 2, "cd", false);
  add(&s, 4, "ef", false);
  add(&s, 9, "jk", false);
  quic_inorder_skip(&s.in, &s.fm.mem, &s.budget, take, &s.got);
  assert_int_equal(s.got.first, 2);
  check_got(&s, "cdef");
  assert_int_equal(quic_inorder_hole(&s.in), 3);
  /* what was given up comes late */
  assert_int_equal(add(&s, 0, "ab", false), QUIC_INORDER_REPEATED);
  assert_int_equal(add(&s, 1, "bcdefghi", false), QUIC_INORDER_REPEATED);
  check_got(&s, "cdefghijk");
  stream_free(&s);
}

/* What does not fit is not kept, and what is in order passes anyway. */
static void test_budget(void **state) {
  stream s;
  unsigned found;
  uint64_t used, one;

  (void)state;
  stream_init(&s);
  add(&s, 5, "f", false);
  one = s.budget.used;
  assert_true(one > sizeof(void *) * 2 + sizeof(uint64_t));
  s.budget.limit = 2 * one + 1;
  add(&s, 7, "hi", false);
  used = s.budget.used;
  assert_int_equal(quic_inorder_add(&s.in, &s.fm.mem, &s.budget, 20,
                                    quic_bytes_of("u", 1), false, take, &s.got,
                                    &found),
                   QUIC_ERR_LIMIT);
  /* what joins two pieces makes their overhead free */
  assert_int_equal(add(&s, 5, "fghi", false), QUIC_INORDER_REPEATED);
  assert_true(s.budget.used < used);
  /* too much, over pieces that stay */
  assert_int_equal(quic_inorder_add(&s.in, &s.fm.mem, &s.budget, 1,
                                    quic_bytes_of(s.got.data, LEN), false, take,
                                    &s.got, &found),
                   QUIC_ERR_LIMIT);
  assert_int_equal(s.in.waiting, 4);
  assert_int_equal(add(&s, 0, "abcde", false), 0);
  check_got(&s, "abcdefghi");
  stream_free(&s);
}

/* The model: one octet after the other. */
typedef struct model {
  uint8_t data[LEN];
  bool have[LEN + 1];
  uint64_t offset;
  uint64_t repeated;
} model;

static unsigned model_add(model *m, size_t at, quic_bytes piece) {
  unsigned found = 0;

  for (size_t i = 0; i < piece.len; i++) {
    if (!m->have[at + i]) {
      m->have[at + i] = true;
      m->data[at + i] = piece.data[i];
      continue;
    }
    m->repeated++;
    found |= QUIC_INORDER_REPEATED;
    if (at + i >= m->offset && m->data[at + i] != piece.data[i]) {
      found |= QUIC_INORDER_CONFLICT;
    }
  }
  while (m->have[m->offset]) {
    m->offset++;
  }
  return found;
}

static void check_model(const stream *s, const model *m) {
  uint64_t waiting = 0, hole = 0;

  for (uint64_t i = LEN; i-- > m->offset;) {
    waiting += m->have[i];
    hole = m->have[i] ? i - m->offset : hole;
  }
  assert_int_equal(s->in.offset, m->offset);
  assert_int_equal(s->got.end, m->offset);
  assert_memory_equal(s->got.data, m->data, m->offset);
  assert_int_equal(s->in.waiting, waiting);
  assert_int_equal(quic_inorder_hole(&s->in), hole);
  assert_int_equal(s->in.repeated, m->repeated);
  assert_int_equal(s->in.pieces != NULL, waiting != 0);
}

static void test_model(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 5);
  for (int round = 0; round < 400; round++) {
    size_t longest = 1 + quic_rng_below(&rng, round % 4 ? 12 : 90);
    model m = {{0}, {0}, 0, 0};
    uint8_t text[LEN];
    stream s;

    stream_init(&s);
    quic_rng_fill(&rng, text, LEN);
    for (int i = 0; i < 200; i++) {
      size_t at = quic_rng_below(&rng, LEN);
      size_t len = quic_rng_below(&rng, longest + 1);
      unsigned found, want;
      quic_bytes piece;

      len = len > LEN - at ? LEN - at : len;
      if (quic_rng_below(&rng, 50) == 0) {
        text[at]++;
      }
      piece.data = octets_exact(text + at, len);
      piece.len = len;
      want = model_add(&m, at, piece);
      assert_int_equal(quic_inorder_add(&s.in, &s.fm.mem, &s.budget, at, piece,
                                        false, take, &s.got, &found),
                       0);
      free((void *)(uintptr_t)piece.data);
      assert_int_equal(found, want);
      check_model(&s, &m);
    }
    stream_free(&s);
  }
}

/* Orders that make simple structures quadratic.  131072 pieces take some
   hundredths of a second; with a list they would take a minute. */
static void test_orders(void **state) {
  enum { PIECES = 1 << 17, ORDERS = 5 };
  static const uint8_t octets[2 * PIECES];

  (void)state;
  for (int order = 0; order < ORDERS; order++) {
    quic_inorder_budget budget = {0, UINT64_MAX};
    const quic_mem *mem = quic_mem_default();
    clock_t start = clock();
    uint64_t end = 0;
    unsigned found;
    quic_inorder in;
    quic_rng rng;

    quic_inorder_init(&in);
    quic_rng_init(&rng, 1);
    for (uint64_t i = 0; i < PIECES; i++) {
      uint64_t at[ORDERS] = {
          i, PIECES - 1 - i, i & 1 ? PIECES - 1 - i / 2 : i / 2,
          (i * 77773) % PIECES, quic_rng_below(&rng, PIECES)};

      assert_int_equal(quic_inorder_add(&in, mem, &budget, 2 * at[order] + 1,
                                        quic_bytes_of(octets, 1), false, count,
                                        &end, &found),
                       0);
      assert_int_not_equal(quic_inorder_hole(&in), 0);
    }
    assert_int_equal(quic_inorder_add(&in, mem, &budget, 0,
                                      quic_bytes_of(octets, 2 * PIECES), false,
                                      count, &end, &found),
                     0);
    assert_int_equal(found, QUIC_INORDER_REPEATED);
    assert_int_equal(end, 2 * PIECES);
    assert_int_equal(budget.used, 0);
    quic_inorder_free(&in, mem, &budget);
    assert_true(clock() - start < 10 * CLOCKS_PER_SEC);
  }
}

static void ignore(void *user, uint64_t offset, quic_bytes data) {
  (void)user;
  (void)offset;
  (void)data;
}

static int add_some(const quic_mem *mem, void *user) {
  static const uint64_t offsets[] = {10, 20, 15, 12, 0};
  quic_inorder_budget budget = {0, 1000};
  quic_inorder in;
  unsigned found;
  int rv = 0;

  (void)user;
  quic_inorder_init(&in);
  for (size_t i = 0; i < 5 && rv == 0; i++) {
    uint64_t waiting = in.waiting;

    rv = quic_inorder_add(&in, mem, &budget, offsets[i],
                          quic_bytes_of("abcdefghijk", 11), false, ignore, NULL,
                          &found);
    assert_true(rv == 0 || in.waiting == waiting);
  }
  quic_inorder_free(&in, mem, &budget);
  assert_int_equal(budget.used, 0);
  return rv;
}

static void test_nomem(void **state) {
  failmem fm;

  (void)state;
  assert_int_equal(failmem_sweep(&fm, add_some, NULL), 2);
  assert_string_equal(fm.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_in_order),   cmocka_unit_test(test_hole),
      cmocka_unit_test(test_overlap),    cmocka_unit_test(test_pass_over),
      cmocka_unit_test(test_final_size), cmocka_unit_test(test_offsets),
      cmocka_unit_test(test_skip),       cmocka_unit_test(test_budget),
      cmocka_unit_test(test_model),      cmocka_unit_test(test_orders),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("inorder", tests, NULL, NULL);
}
