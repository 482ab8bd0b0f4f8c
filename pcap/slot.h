#ifndef QD_SLOT_H
#define QD_SLOT_H

/* Slots: keys made from the secrets of a key log entry.  Only the files of the
   keyring include this. */

#include "pcap/attempt.h"

/* qd_slot_make makes |slot|'s keys under |suite|.  Returns what quic_keys_init
   does. */
int qd_slot_make(qd_keyring *ring, qd_slot *slot,
                 const quic_suite *suite) QUIC_MUST_USE;

/* qd_slot_prove notes that |slot|'s keys opened a packet whose tag fitted. */
void qd_slot_prove(const qd_attempt *at, qd_slot *slot);

/* qd_slot_doubt forgets keys that only cut packets spoke for, when a whole
   packet contradicts them. */
bool qd_slot_doubt(const qd_attempt *at, qd_slot *slot);

/* qd_slot_guess tries every entry, version and suite that could be behind a
   packet until one opens it; |slot| then keeps it.  Returns what
   qd_keyring_open does. */
int qd_slot_guess(const qd_attempt *at, qd_slot *slot, quic_keylog_label label,
                  qd_attempt_fn *fn, void *ctx) QUIC_MUST_USE;

/* qd_slot_open opens a packet of a level without key updates: 0-RTT, Handshake.
   Returns what qd_keyring_open does. */
int qd_slot_open(const qd_attempt *at, qd_slot *slot,
                 quic_keylog_label label) QUIC_MUST_USE;

#endif /* !defined(QD_SLOT_H) */
