#ifndef QUIC_QPACK_HELD_H
#define QUIC_QPACK_HELD_H

/* qpack_held keeps the field sections that wait for insertions (RFC 9204
   §2.2.1), in order on each stream.  A heap knows which stream can go on
   first. */

#include "base/list.h"
#include "base/map.h"

typedef struct qpack_held_section {
  quic_list node;
  uint64_t stream_id;
  uint64_t required; /* Required Insert Count */
  uint64_t base;
  void *token;        /* the caller's */
  quic_bytes section; /* the section's own copy, with prefix */
  size_t lines;       /* offset of the first field line */
  uint64_t order;     /* by qpack_held_add */
} qpack_held_section;

typedef struct qpack_held_stream qpack_held_stream;

typedef struct qpack_held {
  const quic_mem *mem;
  quic_map streams; /* by stream ID */
  qpack_held_stream **heap;
  size_t len; /* blocked streams */
  size_t cap;
  uint64_t added; /* sections ever */
  size_t octets;  /* memory that sections take */
  size_t max_octets;
} qpack_held;

/* qpack_held_init makes it empty, without allocating; |seed| is for the hash of
   stream IDs. */
void qpack_held_init(qpack_held *held, const quic_mem *mem, size_t max_octets,
                     const uint64_t seed[2]);
void qpack_held_free(qpack_held *held);

/* qpack_held_has tells whether sections of the stream wait. */
bool qpack_held_has(const qpack_held *held, uint64_t stream_id);

/* qpack_held_add keeps a copy of |section| behind those of its stream.  Returns
   0, QUIC_ERR_LIMIT (|max_octets|) or QUIC_ERR_NOMEM. */
int qpack_held_add(qpack_held *held,
                   const qpack_held_section *section) QUIC_MUST_USE;

/* qpack_held_take takes out a section that |inserted| insertions are enough
   for, or returns NULL.  The caller gives it to qpack_held_release. */
qpack_held_section *qpack_held_take(qpack_held *held, uint64_t inserted);
void qpack_held_release(qpack_held *held, qpack_held_section *section);

/* qpack_held_cancel drops what waits on a stream. */
void qpack_held_cancel(qpack_held *held, uint64_t stream_id);

#endif /* !defined(QUIC_QPACK_HELD_H) */
