#ifndef QD_TRIAL_H
#define QD_TRIAL_H

/* Finds, for a short header packet of an unknown connection, the secret in the
   key log that opens it: no handshake is in the capture, so client random,
   suite, direction and CID length are all guessed, in bounded work. */

#include "pcap/keyring.h"

#define QD_TRIAL_FLOWS 256 /* flows remembered as tried, a power of two */
#define QD_TRIAL_PACKETS 5 /* packets tried for one flow: 0, 1, 8, 64, 512 */
#define QD_TRIAL_SPACING 8
#define QD_TRIAL_LEN_MAX 1500    /* octets of a packet that is tried */
#define QD_TRIAL_ENTRY_KEYS 256  /* keys granted for an entry of the key log */
#define QD_TRIAL_KEYS_MAX 400000 /* keys granted in all */
#define QD_TRIAL_SCAN 16 /* entries passed over that cost as much as a key */
#define QD_TRIAL_GENERATIONS 5 /* key updates tried, from none */

typedef struct qd_trial {
  const quic_crypto *crypto;
  const quic_mem *mem;
  uint32_t budget;  /* keys that may still be derived */
  uint32_t granted; /* keys that were allowed in all */
  struct {
    uint64_t hash; /* of the flow */
    uint32_t seen; /* packets */
  } flows[QD_TRIAL_FLOWS];
} qd_trial;

typedef struct qd_trial_found {
  quic_keylog_entry *entry;
  const quic_version *version;
  qd_side sender;
  uint8_t cid_len;
} qd_trial_found;

void qd_trial_init(qd_trial *trial, const quic_crypto *crypto,
                   const quic_mem *mem, uint32_t budget);

/* qd_trial_spend takes |keys| from the budget, which grows with the |entries|
   of the key log.  Returns false when it is used up. */
bool qd_trial_spend(qd_trial *trial, size_t entries, uint32_t keys);

/* qd_trial_packet tries every secret of |keylog| whose hello was not seen on
   the packet |raw| (all of it captured) of the flow hashed to |flow|.  |out|
   is scratch of |raw|.len octets.  Returns true and |*found|. */
bool qd_trial_packet(qd_trial *trial, quic_keylog *keylog, uint64_t flow,
                     quic_bytes raw, uint8_t *out, qd_trial_found *found);

#endif /* !defined(QD_TRIAL_H) */
