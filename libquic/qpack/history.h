#ifndef QUIC_QPACK_HISTORY_H
#define QUIC_QPACK_HISTORY_H

/* qpack_history remembers how often things came lately, under 64-bit hashes, in
   memory of a fixed size: what was not seen for long is forgotten first.  An
   encoder guesses from it what comes again. */

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

/* Probabilities are parts of it. */
#define QPACK_HISTORY_ONE 65536

typedef struct qpack_history_item {
  uint64_t key;   /* 0: free */
  uint64_t last;  /* the section that it was in */
  uint32_t rate;  /* chance to be in a section, as of |last| */
  uint32_t times; /* that it was seen */
  uint32_t again; /* the caller's */
} qpack_history_item;

typedef struct qpack_history {
  const quic_mem *mem;
  qpack_history_item *items;
  size_t mask;   /* sets of QPACK_HISTORY_WAYS items, less one */
  uint32_t half; /* a rate halves in so many sections without the thing */
} qpack_history;

#define QPACK_HISTORY_WAYS 4

/* qpack_history_init makes room for |len| items, rounded up to a power of two;
   |half| is not 0.  Returns 0 or QUIC_ERR_NOMEM. */
int qpack_history_init(qpack_history *h, const quic_mem *mem, size_t len,
                       uint32_t half) QUIC_MUST_USE;
void qpack_history_free(qpack_history *h);

/* qpack_history_find returns what is known of |key|, or NULL; borrowed until
   something is seen. */
qpack_history_item *qpack_history_find(const qpack_history *h, uint64_t key);

/* qpack_history_see notes |key| in section |now| and returns its item. */
qpack_history_item *qpack_history_see(qpack_history *h, uint64_t key,
                                      uint64_t now);

/* qpack_history_rate returns the chance that |item| (NULL is allowed) comes in
   a section, after what came until |now|. */
uint32_t qpack_history_rate(const qpack_history *h,
                            const qpack_history_item *item, uint64_t now);

#endif /* !defined(QUIC_QPACK_HISTORY_H) */
