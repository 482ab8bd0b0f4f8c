#ifndef QUIC_BASE_RANGESET_H
#define QUIC_BASE_RANGESET_H

/* quic_rangeset is a sorted set of disjoint half-open ranges of 64-bit
   integers, [start, end). */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/mem.h"

typedef struct quic_range {
  uint64_t start;
  uint64_t end; /* exclusive */
} quic_range;

typedef struct quic_rangeset {
  const quic_mem *mem;
  quic_range *items; /* ascending, never touching */
  size_t len;
  size_t cap;
  size_t limit; /* ranges at most */
} quic_rangeset;

/* quic_rangeset_init makes an empty set of at most |limit| ranges. */
void quic_rangeset_init(quic_rangeset *set, const quic_mem *mem, size_t limit);
void quic_rangeset_free(quic_rangeset *set);

/* quic_rangeset_add adds [start, end), joining what touches.  Returns 0,
   QUIC_ERR_NOMEM, or QUIC_ERR_LIMIT; on error the set is as it was. */
int quic_rangeset_add(quic_rangeset *set, uint64_t start,
                      uint64_t end) QUIC_MUST_USE;

/* quic_rangeset_seek returns the index of the first range that ends at or after
   |value|, or |len|. */
size_t quic_rangeset_seek(const quic_rangeset *set, uint64_t value);

/* quic_rangeset_has: |value| is in the set. */
bool quic_rangeset_has(const quic_rangeset *set, uint64_t value);

/* quic_rangeset_gap finds the first range inside [start, end) that is not in
   the set.  Returns false when all of it is. */
bool quic_rangeset_gap(const quic_rangeset *set, uint64_t start, uint64_t end,
                       quic_range *gap);

#endif /* !defined(QUIC_BASE_RANGESET_H) */
