#ifndef QUIC_QPACK_TABLE_H
#define QUIC_QPACK_TABLE_H

/* The dynamic table, RFC 9204 §3.2: a queue of entries under absolute indices,
   which count all insertions from 0.  Entries from |dropped| up to |inserted|
   are there. */

#include "base/err.h"
#include "base/mem.h"
#include "qpack/field.h"

/* A copy of octets, which all entries share that refer to it: to insert one by
   an instruction of an octet or two copies nothing. */
typedef struct qpack_text {
  size_t refs;
  uint8_t octets[];
} qpack_text;

typedef struct qpack_entry {
  quic_bytes name; /* the entry's own, until it is evicted */
  quic_bytes value;
  qpack_text *texts[2]; /* where they are; NULL for empty ones */
} qpack_entry;

typedef struct qpack_table {
  const quic_mem *mem;
  qpack_entry **ring; /* entry i is at i modulo |room| */
  size_t room;        /* power of two, or 0 */
  uint64_t inserted;  /* the Insert Count */
  uint64_t dropped;   /* evictions; the absolute index of the oldest entry */
  uint64_t capacity;  /* octets, §3.2.2 */
  uint64_t size;      /* octets, never above |capacity| */
  uint64_t peak;      /* the largest |size| ever */
} qpack_table;

/* qpack_table_init makes an empty table of capacity 0, without allocating. */
void qpack_table_init(qpack_table *table, const quic_mem *mem);
void qpack_table_free(qpack_table *table);

/* qpack_table_set_capacity sets the capacity and evicts what is too much. */
void qpack_table_set_capacity(qpack_table *table, uint64_t capacity);

/* qpack_table_insert copies |name| and |value| to a new entry, of absolute
   index |inserted|, and evicts from the oldest on to make room.  Both may be
   those of an entry that goes.  What is that of |source|, an entry or NULL, is
   shared and not copied.  |*entry| is the new one, borrowed until it is
   evicted. Returns 0, QUIC_ERR_LIMIT (larger than the capacity) or
   QUIC_ERR_NOMEM; then nothing changes. */
int qpack_table_insert(qpack_table *table, const qpack_entry *source,
                       quic_bytes name, quic_bytes value,
                       const qpack_entry **entry) QUIC_MUST_USE;

/* qpack_table_get returns the entry of that absolute index, or NULL when it was
   evicted or not inserted yet.  Borrowed until it is evicted. */
static inline const qpack_entry *qpack_table_get(const qpack_table *table,
                                                 uint64_t absolute) {
  return absolute >= table->dropped && absolute < table->inserted
             ? table->ring[absolute & (table->room - 1)]
             : NULL;
}

/* qpack_table_at is qpack_table_get for an index that is there. */
static inline const qpack_entry *qpack_table_at(const qpack_table *table,
                                                uint64_t absolute) {
  return table->ring[absolute & (table->room - 1)];
}

/* qpack_entry_size returns what an entry counts, §3.2.1. */
static inline uint64_t qpack_entry_size(const qpack_entry *e) {
  return (uint64_t)e->name.len + e->value.len + QPACK_FIELD_OVERHEAD;
}

/* qpack_table_max_entries returns MaxEntries of §4.5.1.1. */
static inline uint64_t qpack_table_max_entries(uint64_t max_capacity) {
  return max_capacity / QPACK_FIELD_OVERHEAD;
}

#endif /* !defined(QUIC_QPACK_TABLE_H) */
