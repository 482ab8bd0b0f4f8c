#ifndef QUIC_BASE_HISTORY_H
#define QUIC_BASE_HISTORY_H

/* quic_history remembers stream octets that were handed on lately, of many
   streams in one ring, so that a repetition with other octets can be noticed.
   The oldest octets give way; a stream costs nothing but its handle. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"

/* The ring remembers one run of octets that lie together for so many of its
   octets.  When runs are shorter, they are forgotten before their octets. */
#define QUIC_HISTORY_RUN 256

/* How many runs one comparison looks at, at most, besides one for each of its
   octets. */
#define QUIC_HISTORY_STEPS 256

typedef struct quic_history_run quic_history_run;

typedef struct quic_history {
  const quic_mem *mem;
  uint8_t *data; /* the ring */
  quic_history_run *runs;
  uint64_t size;      /* octets in |data|, a power of two */
  uint64_t run_count; /* in |runs|, a power of two */
  uint64_t written;   /* octets so far; the next goes to |written| % |size| */
  uint64_t next;      /* runs so far */
} quic_history;

/* What a stream keeps; all zeros when it begins.  Needs no freeing, and may
   outlive the octets, but not go to another quic_history. */
typedef struct quic_history_stream {
  uint64_t newest; /* number of its newest run, from 1 on; 0: none */
} quic_history_stream;

/* quic_history_init makes a ring of |size| octets, rounded up to a power of
   two (at least QUIC_HISTORY_RUN), and a fifth more for its runs.  Returns 0,
   QUIC_ERR_NOMEM, or QUIC_ERR_INVALID (|size| is above 2^40). */
int quic_history_init(quic_history *h, const quic_mem *mem,
                      uint64_t size) QUIC_MUST_USE;
void quic_history_free(quic_history *h);

/* quic_history_add copies |data|, octets of |stream| at |offset|.  Offsets of a
   stream go up, as quic_inorder hands octets on: what is before the end of the
   octets added last is left out.  |offset| + len is below 2^64. */
void quic_history_add(quic_history *h, quic_history_stream *stream,
                      uint64_t offset, quic_bytes data);

/* quic_history_conflicts: octets of |stream| at |offset| that are still in the
   ring differ from |data|. */
bool quic_history_conflicts(const quic_history *h,
                            const quic_history_stream *stream, uint64_t offset,
                            quic_bytes data);

#endif /* !defined(QUIC_BASE_HISTORY_H) */
