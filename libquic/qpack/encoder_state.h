#ifndef QUIC_QPACK_ENCODER_STATE_H
#define QUIC_QPACK_ENCODER_STATE_H

/* What encoder.c, which speaks with the decoder, and encoder_plan.c, which
   decides how fields are coded, share. */

#include "qpack/encoder.h"
#include "qpack/history.h"
#include "qpack/ledger.h"
#include "qpack/lookup.h"
#include "qpack/parser.h"
#include "qpack/queue.h"
#include "qpack/static.h"

/* A reference to what the section may not refer to any more. */
#define QPACK_ENCODER_GONE UINT64_MAX

/* A field of the section that is being encoded. */
typedef struct qpack_encoder_line {
  qpack_instruction ins;
  const qpack_field *field;
  uint64_t pair; /* hash of name and value */
  uint64_t name; /* hash of the name */
  size_t slot;   /* of |refs|, when the coding is a dynamic one */
  qpack_static_match match;
  uint64_t place; /* in the static table */
} qpack_encoder_line;

struct qpack_encoder {
  const quic_mem *mem;
  qpack_encoder_settings settings;
  qpack_table table;
  qpack_lookup lookup;
  qpack_history pairs;
  qpack_history names;
  qpack_ledger ledger;
  qpack_parser parser;
  qpack_error error;
  bool ready;        /* what the table needs was allocated */
  uint64_t wanted;   /* capacity that the decoder is to be told, if ... */
  bool untold;       /* ... it was not yet */
  uint64_t credit;   /* octets that may still be queued */
  uint64_t untested; /* octets of insertions without an answer */
  qpack_queue output;

  /* The section that is being encoded. */
  uint64_t now;   /* its number, from 1 */
  bool may_block; /* it may refer to what is not acknowledged, */
  uint64_t limit; /* and in any case to what is below that */
  qpack_encoder_line *lines;
  size_t lines_cap;
  uint64_t *refs; /* entries referred to, each once; by slot */
  size_t nrefs;
  size_t refs_cap;
  uint8_t *section;
  size_t section_cap;
};

/* qpack_encoder_tell sends the capacity if the decoder does not know it yet.
   Returns 0, QUIC_ERR_LIMIT (no credit) or QUIC_ERR_NOMEM. */
int qpack_encoder_tell(qpack_encoder *enc) QUIC_MUST_USE;

/* qpack_encoder_say queues an instruction for the encoder stream.  Errors as
   above. */
int qpack_encoder_say(qpack_encoder *enc,
                      const qpack_instruction *ins) QUIC_MUST_USE;

/* qpack_encoder_unsay takes the last |octets| back. */
void qpack_encoder_unsay(qpack_encoder *enc, size_t octets);

/* qpack_encoder_plan decides how each of |n| fields is coded, which it writes
   to |enc->lines| and |enc->refs|, and makes entries that pay. */
void qpack_encoder_plan(qpack_encoder *enc, const qpack_field *fields,
                        size_t n);

#endif /* !defined(QUIC_QPACK_ENCODER_STATE_H) */
