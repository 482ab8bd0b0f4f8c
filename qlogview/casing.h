#ifndef QV_CASING_H
#define QV_CASING_H

/* What stands around the records of one JSON text: a head that goes as far as
   "events":[ at first, and may go on behind the records.  It is copied as it
   is, and closed where its end did not come. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/text.h"

typedef struct qv_casing {
  const quic_mem *mem;
  uint8_t *text;
  size_t len, cap;
  size_t written; /* octets of |text| in the output */
} qv_casing;

void qv_casing_init(qv_casing *f, const quic_mem *mem);
void qv_casing_free(qv_casing *f);

/* qv_casing_set copies |head|, of which nothing is written yet.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qv_casing_set(qv_casing *f, quic_bytes head) QUIC_MUST_USE;

/* qv_casing_grow takes |head| for what it has become, if it begins as before.
   Returns 0 or QUIC_ERR_NOMEM. */
int qv_casing_grow(qv_casing *f, quic_bytes head) QUIC_MUST_USE;

/* qv_casing_begins: |head| begins with all that was written. */
bool qv_casing_begins(const qv_casing *f, quic_bytes head);

/* qv_casing_whole: the text is one JSON value. */
bool qv_casing_whole(const qv_casing *f);

/* qv_casing_open writes what is there, which is to end where elements of an
   array begin.  Returns 0, or QUIC_ERR_MALFORMED for other texts and writes
   nothing. */
int qv_casing_open(qv_casing *f, quic_text *out) QUIC_MUST_USE;

/* qv_casing_close writes what came behind, or brackets where it is not whole.
 */
void qv_casing_close(qv_casing *f, quic_text *out);

#endif /* !defined(QV_CASING_H) */
