#ifndef QD_WORKERS_H
#define QD_WORKERS_H

/* A few threads that do small jobs of one owner, who does them, too, when it
   waits for one.  So it is never slower than alone by more than one job, even
   where the threads get no processor. */

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

#define QD_WORKERS_MAX 4 /* threads */

typedef struct qd_workers qd_workers;

/* Does |job|.  |who| is 0 for the owner, else the number of the thread, from 1:
   what only one may use at a time is chosen by it. */
typedef void qd_workers_fn(void *job, unsigned who);

/* qd_workers_spare returns how many threads would have a processor beside the
   caller's, QD_WORKERS_MAX at most. */
unsigned qd_workers_spare(void);

/* qd_workers_new starts |threads| threads, QD_WORKERS_MAX at most; fewer, down
   to none, where the system has no more.  |room| is a power of two: jobs that
   may be under way.  The threads take no signals.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qd_workers_new(qd_workers **out, const quic_mem *mem, unsigned threads,
                   size_t room, qd_workers_fn *fn) QUIC_MUST_USE;

/* qd_workers_del ends the threads; jobs not begun are not done.  NULL is
   allowed. */
void qd_workers_del(qd_workers *w);

/* qd_workers_threads returns how many threads there are. */
unsigned qd_workers_threads(const qd_workers *w);

/* qd_workers_post gives |job| away, which must live until it was waited for,
   and returns its ticket: 0, 1, 2, ...  The job |room| tickets before is
   waited for. */
uint64_t qd_workers_post(qd_workers *w, void *job);

/* qd_workers_wait returns when the job of |ticket| is done; until then it does
   jobs that nobody began. */
void qd_workers_wait(qd_workers *w, uint64_t ticket);

#endif /* !defined(QD_WORKERS_H) */
