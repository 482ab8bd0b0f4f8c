#ifndef QUIC_QPACK_FIELD_H
#define QUIC_QPACK_FIELD_H

/* A field line, and how it came (RFC 9204 §4.5). */

#include "base/bytes.h"

/* What is added to the lengths of name and value, both for the size of a table
   entry (RFC 9204 §3.2.1) and for that of a field (RFC 9114 §4.2.2). */
#define QPACK_FIELD_OVERHEAD 32

typedef enum qpack_coding {
  QPACK_CODING_INDEXED_STATIC,         /* §4.5.2, T = 1 */
  QPACK_CODING_INDEXED_DYNAMIC,        /* §4.5.2, T = 0 */
  QPACK_CODING_INDEXED_POST_BASE,      /* §4.5.3 */
  QPACK_CODING_LITERAL_STATIC_NAME,    /* §4.5.4, T = 1 */
  QPACK_CODING_LITERAL_DYNAMIC_NAME,   /* §4.5.4, T = 0 */
  QPACK_CODING_LITERAL_POST_BASE_NAME, /* §4.5.5 */
  QPACK_CODING_LITERAL                 /* §4.5.6 */
} qpack_coding;

#define QPACK_CODINGS 7

typedef struct qpack_field {
  quic_bytes name;
  quic_bytes value;
  /* An intermediary must send it as a literal again (§7.1.3). */
  bool never_indexed;
  uint8_t coding; /* qpack_coding; an encoder does not look at it */
  /* Strings that came in this line as Huffman code. */
  bool huffman_name;
  bool huffman_value;
  /* Of the entry referred to: static, or absolute; 0 for a pure literal. */
  uint64_t index;
} qpack_field;

/* qpack_field_size returns what |f| counts in octets, RFC 9114 §4.2.2. */
static inline uint64_t qpack_field_size(const qpack_field *f) {
  return (uint64_t)f->name.len + f->value.len + QPACK_FIELD_OVERHEAD;
}

static inline bool qpack_coding_dynamic(uint8_t coding) {
  return coding == QPACK_CODING_INDEXED_DYNAMIC ||
         coding == QPACK_CODING_INDEXED_POST_BASE ||
         coding == QPACK_CODING_LITERAL_DYNAMIC_NAME ||
         coding == QPACK_CODING_LITERAL_POST_BASE_NAME;
}

#endif /* !defined(QUIC_QPACK_FIELD_H) */
