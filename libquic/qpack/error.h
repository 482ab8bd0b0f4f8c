#ifndef QUIC_QPACK_ERROR_H
#define QUIC_QPACK_ERROR_H

/* Why QPACK failed: the code for the wire, and words. */

#include <stdint.h>

#include "base/err.h"

/* RFC 9204 §6, error codes of HTTP/3 connections. */
#define QPACK_DECOMPRESSION_FAILED 0x200
#define QPACK_ENCODER_STREAM_ERROR 0x201
#define QPACK_DECODER_STREAM_ERROR 0x202

typedef enum qpack_reason {
#define QPACK_REASON(name, code, section, clause) QPACK_REASON_##name,
#include "qpack/error.def"
#undef QPACK_REASON
  QPACK_REASONS
} qpack_reason;

typedef struct qpack_error {
  qpack_reason reason;
  uint64_t code;       /* for the wire; 0: not the peer's fault by QPACK */
  const char *section; /* of the RFC that has the rule, "RFC 9204 §3.1" */
  const char *clause;  /* what is wrong, in words */
  uint64_t offset;     /* octets before the bad item, in section or stream */
} qpack_error;

/* qpack_error_set fills |err| and returns the QUIC_ERR_* that goes with it:
   PROTOCOL when there is a wire code, NOMEM for MEMORY, LIMIT for the rest, 0
   for NONE. */
int qpack_error_set(qpack_error *err, qpack_reason reason, uint64_t offset);

/* qpack_error_name returns "QPACK_DECOMPRESSION_FAILED" and the like, or NULL
   for a code that RFC 9204 does not have. */
const char *qpack_error_name(uint64_t code);

#endif /* !defined(QUIC_QPACK_ERROR_H) */
