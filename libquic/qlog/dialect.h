#ifndef QUIC_QLOG_DIALECT_H
#define QUIC_QLOG_DIALECT_H

/* What events were called in qlog 0.3 (main-schema-02 to -05), the last format
   that QVIS opens.  What fields were called stands beside them, in field.c and
   write_frame.c. */

#include "qlog/event.h"

/* qlog_dialect_name returns "quic:packet_sent", or with |compat|
   "transport:packet_sent". */
const char *qlog_dialect_name(qlog_event_type type, bool compat);

#endif /* !defined(QUIC_QLOG_DIALECT_H) */
