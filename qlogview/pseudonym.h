#ifndef QV_PSEUDONYM_H
#define QV_PSEUDONYM_H

/* Names in place of names: the same one each time for the same thing, another
   one for every other, and no way back without the seed. */

#include "base/addr.h"
#include "base/map.h"

#define QV_PSEUDONYM_ADDRS_MAX                                                 \
  65536 /* addresses that are told apart for sure */

typedef struct qv_pseudonyms {
  uint64_t seed[2];
  quic_map addrs; /* family and IP: their index + 1 */
  uint32_t v4, v6;
} qv_pseudonyms;

/* qv_pseudonyms_init starts without allocating.  |seed| is to be secret. */
void qv_pseudonyms_init(qv_pseudonyms *p, const quic_mem *mem,
                        const uint64_t seed[2]);
void qv_pseudonyms_free(qv_pseudonyms *p);

/* qv_pseudonym_octets writes as many octets as |from| has to |out|.  No two
   inputs have the same result. */
void qv_pseudonym_octets(const qv_pseudonyms *p, quic_bytes from, uint8_t *out);

/* qv_pseudonym_addr gives an address of those for documentation (RFC 5737, RFC
   3849): the first one seen becomes 192.0.2.1 or 2001:db8::1.  There are 762
   for IPv4; more share them.  The unspecified address stays, and so do ports
   below 1024; others become others.  |out| may be |from|.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qv_pseudonym_addr(qv_pseudonyms *p, const quic_addr *from,
                      quic_addr *out) QUIC_MUST_USE;

/* qv_pseudonym_number gives 64 bits for |from|. */
uint64_t qv_pseudonym_number(const qv_pseudonyms *p, quic_bytes from);

#endif /* !defined(QV_PSEUDONYM_H) */
