#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "pcap/workers.h"
#include "tests/support/failmem.h"

#define ROOM 64
#define JOBS 5000

typedef struct job {
  unsigned runs;
  unsigned who;
  unsigned last; /* of those that |who| did; they count for themselves */
  bool signals;  /* SIGINT would come here */
  uint64_t sum;  /* some work */
} job;

static unsigned count[1 + QD_WORKERS_MAX]; /* each its own */

static void work(void *user, unsigned who) {
  job *j = user;
  sigset_t set;

  (void)pthread_sigmask(SIG_SETMASK, NULL, &set);
  j->signals = !sigismember(&set, SIGINT);
  j->runs++;
  j->who = who;
  j->last = ++count[who];
  for (uint64_t i = 0; i < 500; i++) {
    j->sum = j->sum * 31 + i;
  }
}

/* Each job is done once, by whoever; threads take no signals, the owner does;
   and what was waited for is done. */
static void test_jobs(void **state) {
  static job jobs[JOBS];

  (void)state;
  for (unsigned threads = 0; threads <= QD_WORKERS_MAX + 1; threads++) {
    unsigned total = 0;
    qd_workers *w;

    memset(jobs, 0, sizeof(jobs));
    memset(count, 0, sizeof(count));
    assert_int_equal(
        qd_workers_new(&w, quic_mem_default(), threads, ROOM, work), 0);
    assert_true(qd_workers_threads(w) <= threads);
    assert_true(qd_workers_threads(w) <= QD_WORKERS_MAX);
    for (uint64_t i = 0; i < JOBS; i++) {
      assert_int_equal(qd_workers_post(w, &jobs[i]), i);
      if (i >= ROOM) {
        assert_int_equal(jobs[i - ROOM].runs, 1);
      }
      if (i % 100 == 99) {
        qd_workers_wait(w, i - 50);
        assert_int_equal(jobs[i - 50].runs, 1);
      }
    }
    for (uint64_t i = JOBS - ROOM; i < JOBS; i++) {
      qd_workers_wait(w, i);
    }
    qd_workers_wait(w, 0); /* long ago */
    for (size_t i = 0; i < JOBS; i++) {
      assert_int_equal(jobs[i].runs, 1);
      assert_true(jobs[i].who <= threads);
      assert_true(jobs[i].signals == (jobs[i].who == 0));
    }
    for (unsigned who = 0; who <= QD_WORKERS_MAX; who++) {
      total += count[who];
    }
    assert_int_equal(total, JOBS);
    assert_true(threads || count[0] == JOBS);
    qd_workers_del(w);
  }
}

/* Without threads the owner does jobs in their order, and only when it must. */
static void test_alone(void **state) {
  job jobs[4] = {{0}};
  qd_workers *w;

  (void)state;
  memset(count, 0, sizeof(count));
  assert_int_equal(qd_workers_new(&w, quic_mem_default(), 0, 4, work), 0);
  for (size_t i = 0; i < 4; i++) {
    (void)qd_workers_post(w, &jobs[i]);
  }
  assert_int_equal(count[0], 0);
  qd_workers_wait(w, 1);
  assert_int_equal(count[0], 2);
  assert_int_equal(jobs[0].last, 1);
  assert_int_equal(jobs[1].last, 2);
  qd_workers_wait(w, 0);
  assert_int_equal(count[0], 2);
  qd_workers_del(w); /* the others are not done */
  assert_int_equal(count[0], 2);
}

/* Threads that sleep, or have yet to begin, end as well. */
static void test_end(void **state) {
  (void)state;
  for (int i = 0; i < 50; i++) {
    job jobs[32] = {{0}};
    qd_workers *w;

    assert_int_equal(qd_workers_new(&w, quic_mem_default(), 3, ROOM, work), 0);
    for (int k = 0; k < i % 32; k++) {
      (void)qd_workers_post(w, &jobs[k]);
    }
    qd_workers_del(w);
    for (int k = 0; k < 32; k++) {
      assert_true(jobs[k].runs <= 1);
    }
  }
  qd_workers_del(NULL);
}

static int make_workers(const quic_mem *mem, void *user) {
  qd_workers *w;
  int rv = qd_workers_new(&w, mem, 0, ROOM, user ? work : NULL);

  qd_workers_del(w);
  return rv;
}

static void test_nomem(void **state) {
  failmem fm;
  int user;

  (void)state;
  assert_int_equal(failmem_sweep(&fm, make_workers, &user), 2);
  assert_string_equal(fm.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_jobs),
      cmocka_unit_test(test_alone),
      cmocka_unit_test(test_end),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
