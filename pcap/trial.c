#include "pcap/trial.h"

/* 1 + CID + packet number + sample: less cannot be unmasked. */
#define TRIAL_PACKET_MIN 21
#define TRIAL_WINDOWS 4

void qd_trial_init(qd_trial *trial, const quic_crypto *crypto,
                   const quic_mem *mem, uint32_t budget) {
  memset(trial, 0, sizeof(*trial));
  trial->crypto = crypto;
  trial->mem = mem;
  trial->budget = trial->granted = budget;
}

bool qd_trial_spend(qd_trial *trial, size_t entries, uint32_t keys) {
  uint64_t want = (uint64_t)entries * QD_TRIAL_ENTRY_KEYS;

  want = want < QD_TRIAL_KEYS_MAX ? want : QD_TRIAL_KEYS_MAX;
  if (want > trial->granted) {
    trial->budget += (uint32_t)want - trial->granted;
    trial->granted = (uint32_t)want;
  }
  if (trial->budget == 0) {
    return false;
  }
  trial->budget -= keys < trial->budget ? keys : trial->budget;
  return true;
}

/* trial_pn opens the unmasked packet as one of the lowest packet numbers. */
static bool trial_pn(const quic_keys *keys, quic_bytes raw,
                     const quic_header *h, const quic_unmasked *um,
                     uint8_t *out) {
  uint64_t win = UINT64_C(1) << (8 * um->pn_len);
  quic_bytes payload;

  for (uint64_t k = 0; k < TRIAL_WINDOWS; k++) {
    if (quic_packet_open(keys, raw.data, raw.len, h, um, 0,
                         um->truncated + k * win, out, &payload) == 0) {
      return true;
    }
  }
  return false;
}

/* Keys of one secret, generation by generation, made when first asked for. */
typedef struct trial_chain {
  const qd_trial *trial;
  const quic_version *version;
  quic_secret secret; /* of generation |made| */
  quic_keys keys[QD_TRIAL_GENERATIONS];
  size_t made;
} trial_chain;

static int trial_chain_init(trial_chain *chain, const qd_trial *trial,
                            const quic_version *version,
                            const quic_suite *suite,
                            const quic_secret *secret) {
  memset(chain, 0, sizeof(*chain));
  chain->trial = trial;
  chain->version = version;
  chain->secret = *secret;
  return quic_keys_init(&chain->keys[0], trial->crypto, trial->mem, version,
                        suite, secret);
}

static void trial_chain_free(trial_chain *chain) {
  for (size_t i = 0; i < QD_TRIAL_GENERATIONS; i++) {
    quic_keys_free(&chain->keys[i]);
  }
}

/* trial_chain_keys returns the keys of generation |gen|, or NULL. */
static const quic_keys *trial_chain_keys(trial_chain *chain, size_t gen) {
  const qd_trial *trial = chain->trial;
  const quic_suite *suite = chain->keys[0].suite;

  for (; chain->made < gen; chain->made++) {
    if (quic_secret_update(trial->crypto, chain->version, suite, &chain->secret,
                           &chain->secret) != 0 ||
        quic_keys_init_update(&chain->keys[chain->made + 1], trial->crypto,
                              trial->mem, chain->version, suite,
                              &chain->secret) != 0) {
      return NULL;
    }
  }
  return &chain->keys[gen];
}

/* trial_generations tries the generations of the packet's key phase. */
static bool trial_generations(trial_chain *chain, quic_bytes raw,
                              const quic_header *h, const quic_unmasked *um,
                              uint8_t *out) {
  size_t gen = (um->first & QUIC_FIRST_KEY_PHASE) != 0;

  for (; gen < QD_TRIAL_GENERATIONS; gen += 2) {
    const quic_keys *keys = trial_chain_keys(chain, gen);

    if (keys && trial_pn(keys, raw, h, um, out)) {
      return true;
    }
  }
  return false;
}

/* trial_lengths tries one secret with every length of the CID. */
static bool trial_lengths(trial_chain *chain, qd_trial_found *found,
                          quic_bytes raw, uint8_t *out) {
  for (uint8_t len = 0; len <= QUIC_CID_MAX; len++) {
    quic_header h;
    quic_unmasked um;

    if (quic_header_decode(&h, raw.data, raw.len, raw.len, len) != 0 ||
        quic_packet_unmask(chain->trial->crypto, chain->keys[0].hp, raw.data,
                           raw.len, &h, false, &um) != 0) {
      return false;
    }
    if (!(um.first & QUIC_FIRST_RESERVED_SHORT) &&
        trial_generations(chain, raw, &h, &um, out)) {
      found->cid_len = len;
      return true;
    }
  }
  return false;
}

static bool trial_entry(qd_trial *trial, qd_trial_found *found, quic_bytes raw,
                        uint8_t *out) {
  static const uint32_t versions[] = {QUIC_VERSION_1, QUIC_VERSION_2};
  const quic_suite *suite;

  for (int side = 0; side < QD_SIDES; side++) {
    const quic_secret *secret =
        &found->entry
             ->secrets[qd_keyring_secret_label(QD_LEVEL_APP, (qd_side)side)];

    found->sender = (qd_side)side;
    for (size_t s = 0; secret->len && (suite = quic_suite_at(s)); s++) {
      for (size_t v = 0; v < sizeof(versions) / sizeof(versions[0]); v++) {
        trial_chain chain;
        bool opened;

        if (secret->len != suite->secret_len || trial->budget == 0) {
          continue;
        }
        trial->budget--;
        found->version = quic_version_find(versions[v]);
        if (trial_chain_init(&chain, trial, found->version, suite, secret) !=
            0) {
          continue;
        }
        opened = trial_lengths(&chain, found, raw, out);
        trial_chain_free(&chain);
        if (opened) {
          return true;
        }
      }
    }
  }
  return false;
}

/* trial_turn counts a packet of |flow| and tells whether it is one of those
   that are tried: the first, and few of a long flow, so that short ones of
   other protocols leave work for it. */
static bool trial_turn(qd_trial *trial, uint64_t flow) {
  size_t slot = flow & (QD_TRIAL_FLOWS - 1);
  uint32_t seen;

  if (trial->flows[slot].hash != flow) {
    trial->flows[slot].hash = flow;
    trial->flows[slot].seen = 0;
  }
  seen = trial->flows[slot].seen++;
  for (uint32_t n = 0, at = 0; n < QD_TRIAL_PACKETS; n++) {
    if (seen == at) {
      return true;
    }
    at = at ? at * QD_TRIAL_SPACING : 1;
  }
  return false;
}

bool qd_trial_packet(qd_trial *trial, quic_keylog *keylog, uint64_t flow,
                     quic_bytes raw, uint8_t *out, qd_trial_found *found) {
  size_t entries = quic_keylog_count(keylog);

  if (raw.len < TRIAL_PACKET_MIN || raw.len > QD_TRIAL_LEN_MAX) {
    return false;
  }
  if (!trial_turn(trial, flow) ||
      !qd_trial_spend(trial, entries, (uint32_t)(entries / QD_TRIAL_SCAN))) {
    return false;
  }
  for (size_t i = 0; (found->entry = quic_keylog_at(keylog, i)); i++) {
    if (!found->entry->seen && trial_entry(trial, found, raw, out)) {
      return true;
    }
  }
  return false;
}
