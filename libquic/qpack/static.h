#ifndef QUIC_QPACK_STATIC_H
#define QUIC_QPACK_STATIC_H

/* The static table, RFC 9204 appendix A. */

#include "base/bytes.h"

#define QPACK_STATIC_LEN 99

typedef struct qpack_static_entry {
  quic_bytes name; /* static storage */
  quic_bytes value;
} qpack_static_entry;

/* qpack_static_get returns entry |index|, or NULL from QPACK_STATIC_LEN up. */
const qpack_static_entry *qpack_static_get(uint64_t index);

typedef enum qpack_static_match {
  QPACK_STATIC_NONE,
  QPACK_STATIC_NAME, /* the first entry of that name */
  QPACK_STATIC_BOTH
} qpack_static_match;

/* qpack_static_find looks for a field and writes the place of the best match to
   |*index|, which it leaves alone when there is none. */
qpack_static_match qpack_static_find(quic_bytes name, quic_bytes value,
                                     uint64_t *index);

#endif /* !defined(QUIC_QPACK_STATIC_H) */
