#ifndef QD_ATTEMPT_H
#define QD_ATTEMPT_H

/* One packet on its way through the candidates.  Only the files of the keyring
   include this: keyring.c, slot.c, generations.c. */

#include "pcap/keyring.h"

typedef struct qd_attempt {
  qd_keyring *ring;
  const quic_header *h;
  quic_bytes raw;
  uint32_t path_id;
  qd_pnspace space;
  uint8_t *out;
  qd_opened *res;
} qd_attempt;

/* What to do with a packet once its header is unmasked. */
typedef int qd_attempt_fn(const qd_attempt *at, const quic_unmasked *um,
                          bool guess, void *ctx);

/* qd_attempt_masked removes header protection with |hp| and goes on with |fn|.
   |guess|: the keys have not opened anything yet, so reserved bits that are
   not 0 speak against them.  Returns what quic_packet_unmask or |fn| does. */
int qd_attempt_masked(const qd_attempt *at, quic_hp *hp, bool guess,
                      qd_attempt_fn *fn, void *ctx) QUIC_MUST_USE;

/* qd_attempt_windows tries the packet number that follows the largest one
   opened, then the one that follows the largest acknowledged, then the window
   before, for late packets, and up to |windows| after, for holes in the
   capture.  Returns what quic_packet_open does. */
int qd_attempt_windows(const qd_attempt *at, const quic_keys *keys,
                       const quic_unmasked *um, uint64_t windows) QUIC_MUST_USE;

/* qd_attempt_depth: how many windows a guess is worth.  A suite that is proven
   leaves the packet number as the only doubt. */
uint64_t qd_attempt_depth(const qd_attempt *at, bool guess);

/* qd_work_left: there is work left to spend; counts what is not done without.
 */
bool qd_work_left(const qd_keyring *ring);
void qd_work_spend(const qd_keyring *ring, size_t amount);

#endif /* !defined(QD_ATTEMPT_H) */
