#ifndef QUIC_QPACK_LOOKUP_H
#define QUIC_QPACK_LOOKUP_H

/* qpack_lookup finds entries of a dynamic table by hashes of name and of name
   with value, the newest first.  Chains run from newer to older entries, and
   end where the table's |dropped| is; so nothing is done when an entry goes. */

#include "qpack/table.h"

/* What an encoder knows of an entry. */
typedef struct qpack_lookup_row {
  uint64_t pair;      /* hash of name and value */
  uint64_t name;      /* hash of the name */
  uint64_t pair_next; /* the next older one in the chain, plus 1, or 0 */
  uint64_t name_next;
  uint32_t saving;      /* octets that a reference saves */
  uint32_t name_saving; /* octets that one to the name saves */
  uint64_t mark;        /* the last section that refers to it */
  size_t slot;          /* by which of its references */
  bool keep;            /* encoder_clear wants it rotated */
} qpack_lookup_row;

typedef struct qpack_lookup {
  const quic_mem *mem;
  qpack_lookup_row *rows; /* entry i is at i modulo their number */
  uint64_t *pairs;        /* heads of chains: index plus 1, or 0 */
  uint64_t *names;
  size_t mask; /* of all three */
} qpack_lookup;

/* qpack_lookup_init makes room for |entries| (a power of two) entries at a
   time.  Returns 0 or QUIC_ERR_NOMEM, and then it can be freed. */
int qpack_lookup_init(qpack_lookup *lookup, const quic_mem *mem,
                      size_t entries) QUIC_MUST_USE;
void qpack_lookup_free(qpack_lookup *lookup);

/* qpack_lookup_row_of returns the row of entry |index|, which is in the
   table. */
static inline qpack_lookup_row *qpack_lookup_row_of(const qpack_lookup *lookup,
                                                    uint64_t index) {
  return &lookup->rows[index & lookup->mask];
}

/* qpack_lookup_add takes entry |index| in, whose row has |pair| and |name| and
   the rest from |*row|. */
void qpack_lookup_add(qpack_lookup *lookup, uint64_t index,
                      const qpack_lookup_row *row);

/* qpack_lookup_pair looks for the newest entry below |limit| with that name and
   value, whose hash is |key|.  Returns false, or true and its |*index|. */
bool qpack_lookup_pair(const qpack_lookup *lookup, const qpack_table *table,
                       uint64_t key, quic_bytes name, quic_bytes value,
                       uint64_t limit, uint64_t *index);

/* qpack_lookup_name is the same for the name alone. */
bool qpack_lookup_name(const qpack_lookup *lookup, const qpack_table *table,
                       uint64_t key, quic_bytes name, uint64_t limit,
                       uint64_t *index);

#endif /* !defined(QUIC_QPACK_LOOKUP_H) */
