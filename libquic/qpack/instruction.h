#ifndef QUIC_QPACK_INSTRUCTION_H
#define QUIC_QPACK_INSTRUCTION_H

/* What the three kinds of QPACK octets consist of: instructions of the encoder
   stream (RFC 9204 §4.3), of the decoder stream (§4.4), and the lines of a
   field section (§4.5).  One table describes them all; reading and writing are
   twins and check no rule, so that a tool can show and send anything. */

#include "qpack/field.h"
#include "qpack/prefix.h"

typedef enum qpack_family {
  QPACK_FAMILY_ENCODER,
  QPACK_FAMILY_DECODER,
  QPACK_FAMILY_LINE
} qpack_family;

/* The kinds; a line has its qpack_coding. */
typedef enum qpack_kind {
  QPACK_INSERT_STATIC_NAME = QPACK_CODINGS, /* §4.3.2, T = 1 */
  QPACK_INSERT_DYNAMIC_NAME,                /* §4.3.2, T = 0 */
  QPACK_INSERT_LITERAL,                     /* §4.3.3 */
  QPACK_SET_CAPACITY,                       /* §4.3.1 */
  QPACK_DUPLICATE,                          /* §4.3.4 */
  QPACK_SECTION_ACKNOWLEDGMENT,             /* §4.4.1 */
  QPACK_STREAM_CANCELLATION,                /* §4.4.2 */
  QPACK_INSERT_COUNT_INCREMENT,             /* §4.4.3 */
  QPACK_KINDS
} qpack_kind;

typedef struct qpack_instruction {
  uint8_t kind; /* qpack_kind or qpack_coding */
  bool never_indexed;
  /* The integer as on the wire: an index (relative, post-Base or static), a
     capacity, a stream ID, an increment; 0 when the kind has none. */
  uint64_t number;
  qpack_string name;  /* empty when the kind has none; borrowed */
  qpack_string value; /* likewise */
} qpack_instruction;

/* What a kind looks like. */
typedef struct qpack_kind_info {
  const char *name; /* in words, for display */
  qpack_family family;
  uint8_t pattern; /* the fixed bits of the first octet */
  uint8_t mask;    /* which those are, all in its upper half */
  uint8_t never;   /* the N bit, or 0 */
  uint8_t bits;    /* prefix of the number, or of the name's length */
  bool has_name;   /* a string, not a number, begins in the first octet */
  bool has_value;  /* a string of its own follows */
} qpack_kind_info;

/* qpack_kind_info_of returns the row of |kind|, below QPACK_KINDS. */
const qpack_kind_info *qpack_kind_info_of(uint8_t kind);

/* qpack_instruction_read reads one instruction of |family| from |rd|; its
   strings borrow from there and are still coded.  Returns 0,
   QUIC_ERR_SHORT: it ends early, and |*missing| is how many octets are wanting
   at least; QUIC_ERR_MALFORMED: an integer is above 62 bits; QUIC_ERR_LIMIT: a
   string has more than |max| octets when decoded.  |ins| holds what was read
   before. */
int qpack_instruction_read(qpack_instruction *ins, qpack_family family,
                           quic_reader *rd, uint64_t max,
                           uint64_t *missing) QUIC_MUST_USE;

/* qpack_instruction_write is the twin.  |ins->number| up to 2^64 - 1 is
   written, though nobody has to read more than QPACK_PREFIX_MAX. */
void qpack_instruction_write(const qpack_instruction *ins, quic_writer *wr);

/* qpack_instruction_len returns the octets that it writes. */
size_t qpack_instruction_len(const qpack_instruction *ins);

#endif /* !defined(QUIC_QPACK_INSTRUCTION_H) */
