#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "pcap/stream.h"
#include "tests/support/failmem.h"

/* An application protocol that writes down what it is told. */
typedef struct note_app {
  qd_protocol base;
  quic_text text;
  char told[1 << 16];
  bool through; /* what is behind a hole still means something */
} note_app;

static note_app *note_of(qd_protocol *app) {
  return (note_app *)(void *)app;
}

static void note(qd_protocol *app, const qd_stream *st, qd_side side,
                 const char *what) {
  quic_text_printf(&note_of(app)->text, "%llu%c%s ", (unsigned long long)st->id,
                   side == QD_CLIENT ? 'c' : 's', what);
}

static void note_octets(qd_protocol *app, qd_stream *st, qd_side side,
                        quic_bytes data) {
  note(app, st, side, "+");
  note_of(app)->text.len--; /* the space */
  quic_text_mem(&note_of(app)->text, (const char *)data.data, data.len);
  quic_text_char(&note_of(app)->text, ' ');
}

static bool note_hole(qd_protocol *app, qd_stream *st, qd_side side,
                      uint64_t len) {
  char what[32];

  snprintf(what, sizeof(what), "?%llu", (unsigned long long)len);
  note(app, st, side, what);
  return note_of(app)->through;
}

static void note_fin(qd_protocol *app, qd_stream *st, qd_side side) {
  note(app, st, side, ".");
}

static void note_reset(qd_protocol *app, qd_stream *st, qd_side side,
                       uint64_t code) {
  char what[32];

  snprintf(what, sizeof(what), "!%llu", (unsigned long long)code);
  note(app, st, side, what);
}

static void note_stop(qd_protocol *app, qd_stream *st, qd_side side,
                      uint64_t code) {
  char what[32];

  snprintf(what, sizeof(what), "-%llu", (unsigned long long)code);
  note(app, st, side, what);
}

static void note_forget(qd_protocol *app, qd_stream *st) {
  quic_text_printf(&note_of(app)->text, "%llu~ ", (unsigned long long)st->id);
}

static void note_finish(qd_protocol *app) {
  quic_text_str(&note_of(app)->text, "finish");
}

static void note_del(qd_protocol *app) {
  (void)app; /* the test reads it still */
}

typedef struct fixture {
  qd_stream_pool pool;
  qd_streams streams;
  note_app app;
  unsigned found;
} fixture;

static int setup(fixture *f, const quic_mem *mem) {
  static const uint64_t seed[2] = {3, 4};
  int rv = qd_stream_pool_init(&f->pool, mem, seed);

  if (rv != 0) {
    return rv;
  }
  qd_streams_init(&f->streams, &f->pool);
  f->app.base = (qd_protocol){"note",      note_octets, note_hole, note_fin,
                              note_reset,  note_stop,   NULL,      note_forget,
                              note_finish, note_del};
  f->app.through = false;
  quic_text_init(&f->app.text, f->app.told, sizeof(f->app.told));
  f->streams.app = &f->app.base;
  f->found = 0;
  return 0;
}

static void teardown(fixture *f) {
  qd_streams_free(&f->streams);
  (void)quic_text_cstr(&f->app.text);
  qd_stream_pool_free(&f->pool);
}

static int put(fixture *f, qd_side side, uint64_t id, uint64_t offset,
               const char *text, bool fin) {
  quic_frame fr = {.type = QUIC_FRAME_STREAM | 0x06 | (fin ? 1 : 0)};

  fr.u.stream.stream_id = id;
  fr.u.stream.offset = offset;
  fr.u.stream.data = quic_bytes_of(text, strlen(text));
  return qd_streams_frame(&f->streams, side, &fr, &f->found);
}

static int reset(fixture *f, qd_side side, uint64_t id, uint64_t code,
                 uint64_t final_size) {
  quic_frame fr = {.type = QUIC_FRAME_RESET_STREAM};

  fr.u.reset_stream.stream_id = id;
  fr.u.reset_stream.error_code = code;
  fr.u.reset_stream.final_size = final_size;
  return qd_streams_frame(&f->streams, side, &fr, &f->found);
}

static int stop(fixture *f, qd_side side, uint64_t id, uint64_t code) {
  quic_frame fr = {.type = QUIC_FRAME_STOP_SENDING};

  fr.u.stop_sending.stream_id = id;
  fr.u.stop_sending.error_code = code;
  return qd_streams_frame(&f->streams, side, &fr, &f->found);
}

/* Frames in the order of the text, and what the application hears. */
typedef struct piece {
  char kind; /* 'c', 's': octets of a side; 'C', 'S': with FIN; 'r', 'R': reset
                by client, server; 'p', 'P': stop; 0 ends */
  uint64_t id, offset;
  const char *text;
} piece;

static void run_piece(fixture *f, const piece *p) {
  int rv;

  switch (p->kind) {
  case 'r':
  case 'R':
    rv = reset(f, p->kind == 'r' ? QD_CLIENT : QD_SERVER, p->id, 7, p->offset);
    break;
  case 'p':
  case 'P':
    rv = stop(f, p->kind == 'p' ? QD_CLIENT : QD_SERVER, p->id, 9);
    break;
  default:
    rv = put(f, p->kind == 'c' || p->kind == 'C' ? QD_CLIENT : QD_SERVER, p->id,
             p->offset, p->text, p->kind < 'a');
    break;
  }
  assert_int_equal(rv, 0);
}

static void test_order(void **state) {
  static const struct {
    piece pieces[8];
    unsigned found; /* by the last one */
    const char *want;
  } cases[] = {
      {{{'c', 0, 0, "ab"}, {'c', 0, 2, "cd"}}, 0, "0c+ab 0c+cd 0~ finish"},
      /* out of order, and a FIN that comes first */
      {{{'C', 0, 4, "ef"}, {'c', 0, 2, "cd"}, {'c', 0, 0, "ab"}},
       0,
       "0c+ab 0c+cd 0c+ef 0c. 0~ finish"},
      /* overlaps */
      {{{'c', 0, 2, "cdef"}, {'c', 0, 1, "bc"}, {'c', 0, 0, "abcd"}},
       QUIC_INORDER_REPEATED,
       "0c+a 0c+b 0c+cdef 0~ finish"},
      /* a repetition, the same and another */
      {{{'c', 0, 0, "abc"}, {'c', 0, 1, "bc"}},
       QUIC_INORDER_REPEATED,
       "0c+abc 0~ finish"},
      {{{'c', 0, 0, "abc"}, {'c', 0, 1, "bx"}},
       QUIC_INORDER_REPEATED | QUIC_INORDER_CONFLICT,
       "0c+abc 0~ finish"},
      {{{'c', 0, 2, "cd"}, {'c', 0, 2, "cx"}},
       QUIC_INORDER_REPEATED | QUIC_INORDER_CONFLICT,
       "0c?2 0~ finish"},
      /* both directions end: the stream is retired, what comes then unheard */
      {{{'C', 0, 0, "q"}, {'S', 0, 0, "a"}, {'c', 0, 0, "zzz"}},
       0,
       "0c+q 0c. 0s+a 0s. 0~ finish"},
      /* unidirectional streams have one direction */
      {{{'C', 2, 0, "u"}, {'c', 2, 0, "u"}}, 0, "2c+u 2c. 2~ finish"},
      {{{'S', 3, 0, "u"}}, 0, "3s+u 3s. 3~ finish"},
      {{{'c', 3, 0, "u"}}, QD_STREAM_WRONG_SIDE, "finish"},
      {{{'S', 2, 0, "u"}}, QD_STREAM_WRONG_SIDE, "finish"},
      {{{'P', 3, 0, NULL}}, QD_STREAM_WRONG_SIDE, "finish"},
      /* an empty FIN */
      {{{'c', 4, 0, "x"}, {'C', 4, 1, ""}}, 0, "4c+x 4c. 4~ finish"},
      {{{'C', 4, 0, ""}}, 0, "4c. 4~ finish"},
      /* final sizes */
      {{{'C', 0, 0, "abc"}, {'C', 0, 0, "ab"}},
       QUIC_INORDER_REPEATED | QUIC_INORDER_FINAL_SIZE,
       "0c+abc 0c. 0~ finish"},
      {{{'C', 0, 0, "abc"}, {'c', 0, 3, "d"}},
       QUIC_INORDER_FINAL_SIZE,
       "0c+abc 0c. 0~ finish"},
      {{{'c', 0, 0, "abc"}, {'r', 0, 2, NULL}},
       QUIC_INORDER_FINAL_SIZE,
       "0c+abc 0c!7 0~ finish"},
      /* resets: octets may still come, and the second changes nothing */
      {{{'c', 0, 0, "ab"},
        {'r', 0, 5, NULL},
        {'c', 0, 2, "cd"},
        {'r', 0, 5, NULL}},
       0,
       "0c+ab 0c!7 0c+cd 0~ finish"},
      {{{'r', 0, 0, NULL}, {'R', 0, 0, NULL}}, 0, "0c!7 0s!7 0~ finish"},
      /* STOP_SENDING, told once */
      {{{'p', 0, 0, NULL}, {'p', 0, 0, NULL}, {'P', 0, 0, NULL}},
       0,
       "0c-9 0s-9 0~ finish"},
      /* a hole at the end is given up, and nothing behind it is heard */
      {{{'c', 0, 0, "a"}, {'C', 0, 3, "d"}}, 0, "0c+a 0c?2 0c. 0~ finish"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    static fixture f;

    assert_int_equal(setup(&f, quic_mem_default()), 0);
    for (const piece *p = cases[i].pieces; p->kind; p++) {
      run_piece(&f, p);
    }
    assert_int_equal(f.found, cases[i].found);
    teardown(&f);
    assert_string_equal(f.app.told, cases[i].want);
  }
}

/* Where the application goes on behind holes, it hears what is there. */
static void test_holes(void **state) {
  static fixture f;
  const qd_stream *st;

  (void)state;
  assert_int_equal(setup(&f, quic_mem_default()), 0);
  f.app.through = true;
  assert_int_equal(put(&f, QD_CLIENT, 0, 2, "cd", false), 0);
  assert_int_equal(put(&f, QD_CLIENT, 0, 10, "kl", true), 0);
  st = qd_streams_get(&f.streams, 0);
  assert_non_null(st);
  assert_int_equal(st->half[QD_CLIENT].in.waiting, 4);
  teardown(&f);
  assert_string_equal(f.app.told, "0c?2 0c+cd 0c?6 0c+kl 0c. 0~ finish");
}

/* The octets behind holes have a bound: then holes are given up. */
static void test_budget(void **state) {
  static fixture f;
  char octets[512];
  uint64_t at = 1;

  (void)state;
  memset(octets, 'x', sizeof(octets) - 1);
  octets[sizeof(octets) - 1] = '\0';
  assert_int_equal(setup(&f, quic_mem_default()), 0);
  f.pool.budget.limit = 4000;
  for (int i = 0; i < 20; i++) {
    assert_int_equal(put(&f, QD_CLIENT, 0, at, octets, false), 0);
    assert_true(f.pool.budget.used <= f.pool.budget.limit);
    at += sizeof(octets) - 1;
  }
  assert_int_equal(qd_streams_get(&f.streams, 0)->half[QD_CLIENT].lost, 1);
  teardown(&f);
  assert_int_equal(f.pool.budget.used, 0);
  assert_memory_equal(f.app.told, "0c?1 ", 5);
}

/* No more than QD_STREAMS_MAX are open: the one that was silent longest goes,
   and does not come back. */
static void test_eviction(void **state) {
  static fixture f;
  uint64_t id = 0;

  (void)state;
  assert_int_equal(setup(&f, quic_mem_default()), 0);
  f.streams.app = NULL;
  for (; id < 4 * (uint64_t)QD_STREAMS_MAX; id += 4) {
    assert_int_equal(put(&f, QD_CLIENT, id, 0, "x", false), 0);
  }
  assert_int_equal(put(&f, QD_CLIENT, 0, 1, "y", false), 0);
  assert_int_equal(f.streams.evicted, 0);
  assert_int_equal(put(&f, QD_CLIENT, id, 0, "x", false), 0);
  assert_int_equal(f.streams.evicted, 1);
  assert_non_null(qd_streams_get(&f.streams, 0));
  assert_null(qd_streams_get(&f.streams, 4));
  assert_int_equal(put(&f, QD_CLIENT, 4, 1, "late", false), 0);
  assert_null(qd_streams_get(&f.streams, 4));
  assert_int_equal(f.streams.opened, QD_STREAMS_MAX + 1);
  assert_int_equal(f.streams.open.len, QD_STREAMS_MAX);
  teardown(&f);
}

/* Streams that are done are remembered as ranges: any number of them. */
static void test_retire(void **state) {
  static fixture f;

  (void)state;
  assert_int_equal(setup(&f, quic_mem_default()), 0);
  f.streams.app = NULL;
  for (uint64_t id = 0; id < 4 * 200000; id += 4) {
    assert_int_equal(put(&f, QD_CLIENT, id, 0, "q", true), 0);
    assert_int_equal(put(&f, QD_SERVER, id, 0, "a", true), 0);
  }
  assert_int_equal(f.streams.open.len, 0);
  assert_int_equal(f.streams.retired[0].len, 1);
  assert_int_equal(f.streams.evicted, 0);
  teardown(&f);
}

/* A stream whose octets were cut by the capture does not end with them. */
static void test_cut(void **state) {
  static fixture f;
  quic_frame fr = {.type = QUIC_FRAME_STREAM | 0x07, .missing = 3};

  (void)state;
  assert_int_equal(setup(&f, quic_mem_default()), 0);
  fr.u.stream.data = quic_bytes_of("ab", 2);
  assert_int_equal(qd_streams_frame(&f.streams, QD_CLIENT, &fr, &f.found), 0);
  teardown(&f);
  assert_string_equal(f.app.told, "0c+ab 0~ finish");
}

/* Without memory octets are missing, and nothing else happens. */
static void test_memory(void **state) {
  static fixture f;
  size_t calls = 0;

  (void)state;
  for (size_t n = 0; n == 0 || n <= calls; n++) {
    failmem fm;
    int rv;

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    rv = setup(&f, &fm.mem);
    if (rv == 0) {
      int bad = 0;

      bad |= put(&f, QD_CLIENT, 0, 2, "cd", false);
      bad |= put(&f, QD_CLIENT, 0, 0, "ab", false);
      bad |= put(&f, QD_CLIENT, 4, 9, "far", true);
      bad |= put(&f, QD_SERVER, 3, 0, "u", true);
      bad |= reset(&f, QD_CLIENT, 8, 1, 0);
      bad |= stop(&f, QD_CLIENT, 8, 1);
      assert_true(bad == 0 || (n > 0 && bad == QUIC_ERR_NOMEM));
      teardown(&f);
    } else {
      assert_int_equal(rv, QUIC_ERR_NOMEM);
    }
    assert_true(failmem_balanced(&fm));
    if (n == 0) {
      calls = fm.calls;
    }
  }
  assert_true(calls > 8);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order),  cmocka_unit_test(test_holes),
      cmocka_unit_test(test_budget), cmocka_unit_test(test_eviction),
      cmocka_unit_test(test_retire), cmocka_unit_test(test_cut),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
