#ifndef QUIC_QLOG_SCRATCH_H
#define QUIC_QLOG_SCRATCH_H

/* qlog_scratch is memory that is given out piece by piece and taken back all at
   once.  Pieces stay where they are until then. */

#include "base/bytes.h"
#include "base/mem.h"

#define QLOG_SCRATCH_KEEP ((size_t)1 << 20) /* octets kept from use to use */

#define QLOG_SCRATCH_MUCH ((size_t)1 << 16)

typedef struct qlog_scratch_block qlog_scratch_block;

typedef struct qlog_scratch {
  const quic_mem *mem;
  qlog_scratch_block *blocks; /* the newest first */
  size_t used;                /* octets of the newest */
  bool failed;                /* out of memory since the last reset */
} qlog_scratch;

void qlog_scratch_init(qlog_scratch *s, const quic_mem *mem);
void qlog_scratch_free(qlog_scratch *s);

/* qlog_scratch_reset takes all pieces back. */
void qlog_scratch_reset(qlog_scratch *s);

/* qlog_scratch_much tells that so much was given out that taking it back soon
   is better than going on: more than was ever needed at once, or more than
   QLOG_SCRATCH_MUCH octets. */
bool qlog_scratch_much(const qlog_scratch *s);

/* qlog_scratch_take returns |n| octets, aligned for any of the structs of
   event.h, or NULL, and then |failed| is set. */
void *qlog_scratch_take(qlog_scratch *s, size_t n);

/* qlog_scratch_list returns room for |count| items of |size| octets, or NULL as
   above. */
void *qlog_scratch_list(qlog_scratch *s, size_t count, size_t size);

/* qlog_scratch_trim gives back what the last piece, taken with |n| octets, has
   behind its first |used|. */
void qlog_scratch_trim(qlog_scratch *s, size_t n, size_t used);

#endif /* !defined(QUIC_QLOG_SCRATCH_H) */
