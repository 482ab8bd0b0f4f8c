#ifndef QD_INJECT_H
#define QD_INJECT_H

/* Copies of a capture with other secrets inside: only those that opened
   packets, or none. */

#include "base/mem.h"
#include "crypto/keylog.h"

typedef struct qd_inject_settings {
  const quic_mem *mem;
  const char *input;  /* a file; without |log| also "-" */
  const char *output; /* may be there already, but not be the input */
  /* The used secrets of it go into the copy, which is a pcapng; NULL = secrets
     are left out and all else stays as it is. */
  quic_keylog *log;
} qd_inject_settings;

typedef struct qd_inject_report {
  uint64_t secrets;     /* written */
  uint64_t connections; /* client randoms that they belong to */
  uint64_t dropped;     /* Decryption Secrets Blocks left out */
  bool cut;             /* the last record was cut and is not in the copy */
  char text[512];       /* what went wrong, or where the input is cut */
} qd_inject_report;

/* qd_inject_allowed: |output| is not the very file |input|.  On false
   |report|->text says so. */
bool qd_inject_allowed(const char *input, const char *output,
                       qd_inject_report *report);

/* qd_inject_run writes the copy; it is there whole or not at all.  With |log|
   the input must be a regular file that was read before.  Returns 0;
   QUIC_ERR_INVALID or QUIC_ERR_NOMEM with |report|->text. */
int qd_inject_run(const qd_inject_settings *settings,
                  qd_inject_report *report) QUIC_MUST_USE;

#endif /* !defined(QD_INJECT_H) */
