#ifndef QV_HARMLESS_H
#define QV_HARMLESS_H

/* Texts of logs that tell nothing of who or where: those that the drafts, the
   RFCs and known loggers have lists of.  Anything else could. */

#include "base/bytes.h"

/* qv_harmless_word: a state, trigger, reason or type of a qlog, or a number of
   up to four digits.  Letter case does not count. */
bool qv_harmless_word(quic_bytes text);

/* qv_harmless_field_name: of a pseudo-header field, or a common field. */
bool qv_harmless_field_name(quic_bytes name);

/* qv_harmless_field_value: a method, scheme, protocol or status. */
bool qv_harmless_field_value(quic_bytes name, quic_bytes value);

/* qv_harmless_priority: a Priority Field Value of RFC 9218 without
   extensions, such as "u=3, i". */
bool qv_harmless_priority(quic_bytes value);

#endif /* !defined(QV_HARMLESS_H) */
