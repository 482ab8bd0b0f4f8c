#ifndef QUIC_BASE_REASM_H
#define QUIC_BASE_REASM_H

/* quic_reasm puts the pieces of one byte stream in order, from offset 0, in
   one growing buffer.  It suits short streams that are kept whole, such as
   CRYPTO.  Pieces may overlap and arrive in any order. */

#include "base/bytes.h"
#include "base/rangeset.h"

typedef struct quic_reasm {
  const quic_mem *mem;
  uint8_t *data;
  size_t cap;
  size_t limit; /* octets at most */
  quic_rangeset have;
  bool conflict; /* two pieces disagreed about an octet; the first one stands */
} quic_reasm;

/* quic_reasm_init makes an empty stream that keeps at most |limit| octets. */
void quic_reasm_init(quic_reasm *re, const quic_mem *mem, size_t limit);
void quic_reasm_free(quic_reasm *re);

/* quic_reasm_add copies |piece| to |offset|.  Octets that were there already
   stay, and |conflict| is set when they differ.  Returns 0, QUIC_ERR_LIMIT
   (beyond the limit, or too many holes; nothing is added) or
   QUIC_ERR_NOMEM. */
int quic_reasm_add(quic_reasm *re, uint64_t offset,
                   quic_bytes piece) QUIC_MUST_USE;

/* quic_reasm_contradicts: octets that are there differ from |piece|'s at
   |offset|, which ends at or below 2^64. */
bool quic_reasm_contradicts(const quic_reasm *re, uint64_t offset,
                            quic_bytes piece);

/* quic_reasm_ready returns the octets from 0 up to the first hole, borrowed
   until the next call that adds. */
quic_bytes quic_reasm_ready(const quic_reasm *re);

#endif /* !defined(QUIC_BASE_REASM_H) */
