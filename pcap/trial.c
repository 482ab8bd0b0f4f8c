#include "pcap/trial.h"

#include "wire/pktnum.h"

/* 1 + CID + packet number + sample: less cannot be unmasked. */
#define TRIAL_PACKET_MIN 21
#define TRIAL_WINDOWS 4

void qd_trial_init(qd_trial *trial, const quic_crypto *crypto,
                   const quic_mem *mem, uint32_t budget) {
  memset(trial, 0, sizeof(*trial));
  trial->crypto = crypto;
  trial->mem = mem;
  trial->budget = budget;
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

static bool trial_generations(const qd_trial *trial,
                              const qd_trial_found *found,
                              const quic_keys *keys, quic_bytes raw,
                              const quic_header *h, const quic_unmasked *um,
                              uint8_t *out) {
  const quic_secret *first =
      &found->entry
           ->secrets[qd_keyring_secret_label(QD_LEVEL_APP, found->sender)];
  bool odd = (um->first & QUIC_FIRST_KEY_PHASE) != 0;
  quic_keys later;
  quic_secret next;
  bool opened;

  if (!odd) {
    return trial_pn(keys, raw, h, um, out);
  }
  if (quic_secret_update(trial->crypto, found->version, keys->suite, first,
                         &next) != 0 ||
      quic_keys_init_update(&later, trial->crypto, trial->mem, found->version,
                            keys->suite, &next) != 0) {
    return false;
  }
  opened = trial_pn(&later, raw, h, um, out);
  quic_keys_free(&later);
  return opened;
}

/* trial_keys tries one set of keys with every length of the CID. */
static bool trial_keys(const qd_trial *trial, qd_trial_found *found,
                       const quic_keys *keys, quic_bytes raw, uint8_t *out) {
  for (uint8_t len = 0; len <= QUIC_CID_MAX; len++) {
    quic_header h;
    quic_unmasked um;

    if (quic_header_decode(&h, raw.data, raw.len, raw.len, len) != 0 ||
        quic_packet_unmask(trial->crypto, keys->hp, raw.data, raw.len, &h,
                           false, &um) != 0) {
      return false;
    }
    if (um.first & QUIC_FIRST_RESERVED_SHORT) {
      continue;
    }
    if (trial_generations(trial, found, keys, raw, &h, &um, out)) {
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
        quic_keys keys;
        bool opened;

        if (secret->len != suite->secret_len || trial->budget == 0) {
          continue;
        }
        trial->budget--;
        found->version = quic_version_find(versions[v]);
        if (quic_keys_init(&keys, trial->crypto, trial->mem, found->version,
                           suite, secret) != 0) {
          continue;
        }
        opened = trial_keys(trial, found, &keys, raw, out);
        quic_keys_free(&keys);
        if (opened) {
          return true;
        }
      }
    }
  }
  return false;
}

bool qd_trial_packet(qd_trial *trial, quic_keylog *keylog, uint64_t flow,
                     quic_bytes raw, uint8_t *out, qd_trial_found *found) {
  size_t slot = flow & (QD_TRIAL_FLOWS - 1);

  if (raw.len < TRIAL_PACKET_MIN || trial->budget == 0) {
    return false;
  }
  if (trial->flows[slot].hash != flow) {
    trial->flows[slot].hash = flow;
    trial->flows[slot].tries = 0;
  }
  if (trial->flows[slot].tries >= QD_TRIAL_PACKETS) {
    return false;
  }
  trial->flows[slot].tries++;
  for (size_t i = 0; (found->entry = quic_keylog_at(keylog, i)); i++) {
    if (!found->entry->seen && trial_entry(trial, found, raw, out)) {
      return true;
    }
  }
  return false;
}
