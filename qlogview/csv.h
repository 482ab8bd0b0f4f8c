#ifndef QV_CSV_H
#define QV_CSV_H

/* Fields of comma-separated values (RFC 4180), from wherever they come. */

#include "base/bytes.h"
#include "base/text.h"

/* qv_csv_text writes |b| as one field, in quotation marks where a comma, a
   quotation mark or a space at either end asks for them.  What could fool a
   terminal, line ends included, is escaped as quic_text_untrusted does. */
void qv_csv_text(quic_text *t, quic_bytes b);

/* qv_csv_str does so with a NUL-terminated text. */
void qv_csv_str(quic_text *t, const char *s);

#endif /* !defined(QV_CSV_H) */
