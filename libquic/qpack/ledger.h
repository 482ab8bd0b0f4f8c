#ifndef QUIC_QPACK_LEDGER_H
#define QUIC_QPACK_LEDGER_H

/* qpack_ledger is what an encoder knows of its decoder (RFC 9204 §2.1): the
   Known Received Count, which sections wait for an acknowledgment, which
   streams may be blocked, and which entries are therefore not to be evicted.

   Entries go from the oldest on, so of a section only the lowest entry that it
   refers to matters: none above goes before that one. */

#include "base/list.h"
#include "base/map.h"

/* A section that was sent and not acknowledged. */
typedef struct qpack_ledger_section {
  quic_list node;
  uint64_t required; /* Required Insert Count, not 0 */
  uint64_t lowest;   /* lowest absolute index referred to */
} qpack_ledger_section;

typedef struct qpack_ledger {
  const quic_mem *mem;
  quic_map streams; /* by stream ID: a list of sections, oldest first */
  quic_list risky;  /* the streams that may be blocked */
  size_t nrisky;
  size_t nsections;
  uint64_t known; /* the Known Received Count */
  uint32_t *pins; /* by index: sections whose lowest one it is */
  size_t mask;    /* places in |pins|, less one */
} qpack_ledger;

/* qpack_ledger_init makes it empty, for at most |entries| (a power of two)
   entries at a time.  Returns 0 or QUIC_ERR_NOMEM. */
int qpack_ledger_init(qpack_ledger *ledger, const quic_mem *mem, size_t entries,
                      const uint64_t seed[2]) QUIC_MUST_USE;
void qpack_ledger_free(qpack_ledger *ledger);

/* qpack_ledger_risky tells whether the stream may be blocked already. */
bool qpack_ledger_risky(const qpack_ledger *ledger, uint64_t stream_id);

/* qpack_ledger_evictable tells whether the entry was acknowledged and no
   section that waits has it as its lowest. */
static inline bool qpack_ledger_evictable(const qpack_ledger *ledger,
                                          uint64_t index) {
  return index < ledger->known && ledger->pins[index & ledger->mask] == 0;
}

/* qpack_ledger_add notes a section.  Returns 0 or QUIC_ERR_NOMEM. */
int qpack_ledger_add(qpack_ledger *ledger, uint64_t stream_id,
                     uint64_t required, uint64_t lowest) QUIC_MUST_USE;

/* qpack_ledger_acknowledge takes a Section Acknowledgment (§4.4.1).  False: no
   section of the stream waits for one. */
bool qpack_ledger_acknowledge(qpack_ledger *ledger, uint64_t stream_id);

/* qpack_ledger_cancel takes a Stream Cancellation (§4.4.2). */
void qpack_ledger_cancel(qpack_ledger *ledger, uint64_t stream_id);

/* qpack_ledger_advance raises the Known Received Count to |known|. */
void qpack_ledger_advance(qpack_ledger *ledger, uint64_t known);

#endif /* !defined(QUIC_QPACK_LEDGER_H) */
