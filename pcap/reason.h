#ifndef QD_REASON_H
#define QD_REASON_H

/* The one list of reasons for which a packet stays closed. */

typedef enum qd_reason {
#define QD_REASON(code, name, text) QD_REASON_##code,
#include "pcap/reason.def"
#undef QD_REASON
  QD_REASONS
} qd_reason;

const char *qd_reason_name(qd_reason reason); /* "no_secret" */
const char *qd_reason_text(qd_reason reason); /* one clause */

#endif /* !defined(QD_REASON_H) */
