#include "pcap/workers.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#define WORKERS_WAKE 16  /* jobs that are worth waking a thread for */
#define WORKERS_SPIN 100 /* looks at the queue before a thread sleeps */
#define WORKERS_LINE 64  /* octets that processors pass on at a time */

typedef struct workers_slot {
  void *job;
  atomic_uint_least64_t done; /* ticket + 1 of the last job done in it */
  char apart[WORKERS_LINE - sizeof(void *) - sizeof(uint64_t)];
} workers_slot;

typedef struct workers_thread {
  qd_workers *w;
  pthread_t id;
  unsigned who;
} workers_thread;

/* Tickets below |next| are taken, those below |posted| are there.  Only the
   owner posts; the slot of a ticket is written before |posted| tells of it. */
struct qd_workers {
  const quic_mem *mem;
  qd_workers_fn *fn;
  workers_slot *slots;
  uint64_t mask;
  char apart1[WORKERS_LINE];
  atomic_uint_least64_t next;
  char apart2[WORKERS_LINE];
  atomic_uint_least64_t posted;
  char apart3[WORKERS_LINE];
  atomic_uint sleeping;
  atomic_bool stop;
  pthread_mutex_t lock; /* only for going to sleep and waking */
  pthread_cond_t wake;
  unsigned nthreads;
  workers_thread threads[QD_WORKERS_MAX];
};

/* workers_take does the oldest job that nobody began; false: there is none. */
static bool workers_take(qd_workers *w, unsigned who) {
  uint64_t ticket = atomic_load_explicit(&w->next, memory_order_relaxed);
  workers_slot *slot;

  do {
    if (ticket == atomic_load_explicit(&w->posted, memory_order_acquire)) {
      return false;
    }
  } while (!atomic_compare_exchange_weak_explicit(&w->next, &ticket, ticket + 1,
                                                  memory_order_acq_rel,
                                                  memory_order_relaxed));
  slot = &w->slots[ticket & w->mask];
  w->fn(slot->job, who);
  atomic_store_explicit(&slot->done, ticket + 1, memory_order_release);
  return true;
}

static bool workers_idle(qd_workers *w) {
  return atomic_load(&w->next) == atomic_load(&w->posted) &&
         !atomic_load(&w->stop);
}

static void workers_sleep(qd_workers *w) {
  pthread_mutex_lock(&w->lock);
  atomic_fetch_add(&w->sleeping, 1);
  while (workers_idle(w)) {
    pthread_cond_wait(&w->wake, &w->lock);
  }
  atomic_fetch_sub(&w->sleeping, 1);
  pthread_mutex_unlock(&w->lock);
}

static void *workers_run(void *user) {
  const workers_thread *self = user;
  qd_workers *w = self->w;
  unsigned idle = 0;

  while (!atomic_load(&w->stop)) {
    if (workers_take(w, self->who)) {
      idle = 0;
    } else if (++idle > WORKERS_SPIN) {
      workers_sleep(w);
      idle = 0;
    }
  }
  return NULL;
}

/* workers_start starts the threads with all signals blocked: those that end the
   input must interrupt the thread that reads it. */
static void workers_start(qd_workers *w, unsigned threads) {
  sigset_t all, old;

  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0) {
    return;
  }
  while (w->nthreads < threads && w->nthreads < QD_WORKERS_MAX) {
    workers_thread *t = &w->threads[w->nthreads];

    t->w = w;
    t->who = w->nthreads + 1;
    if (pthread_create(&t->id, NULL, workers_run, t) != 0) {
      break; /* the others do the work */
    }
    w->nthreads++;
  }
  (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
}

unsigned qd_workers_spare(void) {
  long online = sysconf(_SC_NPROCESSORS_ONLN);

  return online <= 1                   ? 0
         : online - 1 < QD_WORKERS_MAX ? (unsigned)online - 1
                                       : QD_WORKERS_MAX;
}

int qd_workers_new(qd_workers **out, const quic_mem *mem, unsigned threads,
                   size_t room, qd_workers_fn *fn) {
  qd_workers *w = quic_mem_zalloc(mem, sizeof(*w));

  *out = NULL;
  if (!w) {
    return QUIC_ERR_NOMEM;
  }
  w->mem = mem;
  w->fn = fn;
  w->mask = room - 1;
  w->slots = quic_mem_resize(mem, NULL, room, sizeof(*w->slots));
  if (!w->slots) {
    quic_mem_free(mem, w);
    return QUIC_ERR_NOMEM;
  }
  for (size_t i = 0; i < room; i++) {
    w->slots[i].job = NULL;
    atomic_init(&w->slots[i].done, 0);
  }
  pthread_mutex_init(&w->lock, NULL);
  pthread_cond_init(&w->wake, NULL);
  workers_start(w, threads);
  *out = w;
  return 0;
}

void qd_workers_del(qd_workers *w) {
  if (!w) {
    return;
  }
  atomic_store(&w->stop, true);
  pthread_mutex_lock(&w->lock);
  pthread_cond_broadcast(&w->wake);
  pthread_mutex_unlock(&w->lock);
  for (unsigned i = 0; i < w->nthreads; i++) {
    pthread_join(w->threads[i].id, NULL);
  }
  pthread_cond_destroy(&w->wake);
  pthread_mutex_destroy(&w->lock);
  quic_mem_free(w->mem, w->slots);
  quic_mem_free(w->mem, w);
}

unsigned qd_workers_threads(const qd_workers *w) {
  return w->nthreads;
}

/* workers_wake wakes a thread when there is enough to do.  A call that comes
   too early to see it asleep does no harm: the next one does, or the owner does
   the jobs. */
static void workers_wake(qd_workers *w, uint64_t posted) {
  if (posted - atomic_load_explicit(&w->next, memory_order_relaxed) >=
          WORKERS_WAKE &&
      atomic_load_explicit(&w->sleeping, memory_order_relaxed)) {
    pthread_mutex_lock(&w->lock);
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
  }
}

uint64_t qd_workers_post(qd_workers *w, void *job) {
  uint64_t ticket = atomic_load_explicit(&w->posted, memory_order_relaxed);

  if (ticket > w->mask) {
    qd_workers_wait(w, ticket - w->mask - 1);
  }
  w->slots[ticket & w->mask].job = job;
  atomic_store_explicit(&w->posted, ticket + 1, memory_order_release);
  workers_wake(w, ticket + 1);
  return ticket;
}

void qd_workers_wait(qd_workers *w, uint64_t ticket) {
  workers_slot *slot = &w->slots[ticket & w->mask];

  /* A later job in the slot means that this one is done, too. */
  while (atomic_load_explicit(&slot->done, memory_order_acquire) <= ticket) {
    if (!workers_take(w, 0)) {
      (void)sched_yield(); /* a thread is at it */
    }
  }
}
