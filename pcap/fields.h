#ifndef QD_FIELDS_H
#define QD_FIELDS_H

/* A field section that is kept: names and values in one block. */

#include "base/err.h"
#include "base/mem.h"
#include "wire/field.h"

#define QD_FIELDS_OCTETS_MAX (64u << 10) /* names and values of a section */
#define QD_FIELDS_MAX 1024               /* field lines of a section */

typedef struct qd_field_place {
  uint32_t offset; /* of the name; the value follows */
  uint32_t name_len;
  uint32_t value_len;
} qd_field_place;

typedef struct qd_fields {
  uint8_t *octets;
  size_t octets_len, octets_cap;
  qd_field_place *places;
  size_t len, cap;
  uint64_t dropped; /* field lines beyond the limits */
} qd_fields;

void qd_fields_free(qd_fields *fs, const quic_mem *mem);

/* qd_fields_add copies one field line.  Returns 0, QUIC_ERR_LIMIT (counted in
   |dropped|) or QUIC_ERR_NOMEM. */
int qd_fields_add(qd_fields *fs, const quic_mem *mem, quic_bytes name,
                  quic_bytes value);

/* qd_fields_at returns field line |i| < |len|, borrowed until one is added. */
quic_field qd_fields_at(const qd_fields *fs, size_t i);

/* qd_fields_find returns the value of the first field line |name|; data NULL
   when there is none. */
quic_bytes qd_fields_find(const qd_fields *fs, const char *name);

/* qd_fields_decimal reads |value| of digits alone, at most 19 of them, as
   content-length is written (RFC 9110 §8.6).  Returns false when it is none;
   |*number| then means nothing. */
bool qd_fields_decimal(quic_bytes value, uint64_t *number);

#endif /* !defined(QD_FIELDS_H) */
