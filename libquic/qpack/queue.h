#ifndef QUIC_QPACK_QUEUE_H
#define QUIC_QPACK_QUEUE_H

/* qpack_queue holds instructions until their stream takes them. */

#include "qpack/instruction.h"
#include "base/mem.h"

/* Octets that may wait. */
#define QPACK_QUEUE_MAX 65536

typedef struct qpack_queue {
  const quic_mem *mem;
  uint8_t *data; /* from |done| to |len| */
  size_t len;
  size_t done;
  size_t cap;
} qpack_queue;

/* qpack_queue_init makes it empty, without allocating. */
void qpack_queue_init(qpack_queue *queue, const quic_mem *mem);
void qpack_queue_free(qpack_queue *queue);

/* qpack_queue_len returns how many octets wait. */
static inline size_t qpack_queue_len(const qpack_queue *queue) {
  return queue->len - queue->done;
}

/* qpack_queue_add puts an instruction behind the others.  Returns 0,
   QUIC_ERR_LIMIT (QPACK_QUEUE_MAX) or QUIC_ERR_NOMEM. */
int qpack_queue_add(qpack_queue *queue,
                    const qpack_instruction *ins) QUIC_MUST_USE;

/* qpack_queue_undo takes the last |octets| off again; nothing was taken since
   they were added. */
void qpack_queue_undo(qpack_queue *queue, size_t octets);

/* qpack_queue_take moves at most |cap| octets to |out|; returns how many. */
size_t qpack_queue_take(qpack_queue *queue, uint8_t *out, size_t cap);

#endif /* !defined(QUIC_QPACK_QUEUE_H) */
