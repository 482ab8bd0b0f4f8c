#include "pcap/slot.h"

static int slot_windows(const qd_attempt *at, const quic_unmasked *um,
                        bool guess, void *ctx) {
  const qd_slot *slot = ctx;

  return qd_attempt_windows(at, &slot->keys, um, qd_attempt_depth(at, guess));
}

int qd_slot_make(qd_keyring *ring, qd_slot *slot, const quic_suite *suite) {
  slot->suite = suite;
  qd_work_spend(ring, QD_WORK_KEY);
  return quic_keys_init(&slot->keys, ring->crypto, ring->mem, slot->version,
                        suite, &slot->entry->secrets[slot->label]);
}

void qd_slot_prove(const qd_attempt *at, qd_slot *slot) {
  qd_keyring *ring = at->ring;

  if (!at->res->authenticated) {
    return;
  }
  slot->proven = true;
  /* Early data may be under another suite than what follows. */
  if (!ring->suite_proven && slot->label != QUIC_KEYLOG_CLIENT_EARLY) {
    ring->suite = slot->suite;
    ring->suite_proven = true;
    ring->facts++;
  }
}

bool qd_slot_doubt(const qd_attempt *at, qd_slot *slot) {
  if (slot->proven || at->h->missing) {
    return false;
  }
  quic_keys_free(&slot->keys);
  slot->verified = false;
  return true;
}

/* slot_suite_fits: |suite| may be that of |slot|'s secret. */
static bool slot_suite_fits(const qd_attempt *at, const qd_slot *slot,
                            const quic_suite *suite) {
  const qd_keyring *ring = at->ring;

  if (slot->entry->secrets[slot->label].len != suite->secret_len) {
    return false;
  }
  if (at->h->missing) {
    /* No tag will tell: the ServerHello must. */
    return ring->suite == suite;
  }
  return !ring->suite_proven || ring->suite == suite ||
         slot->label == QUIC_KEYLOG_CLIENT_EARLY;
}

/* slot_try makes |slot|'s keys and tries them on the packet. */
static int slot_try(const qd_attempt *at, qd_slot *slot,
                    const quic_suite *suite, qd_attempt_fn *fn, void *ctx) {
  qd_keyring *ring = at->ring;
  int rv;

  if (!qd_work_left(ring) || qd_slot_make(ring, slot, suite) != 0) {
    return QUIC_ERR_AUTH;
  }
  rv = qd_attempt_masked(at, slot->keys.hp, true, fn, ctx);
  if (rv != 0) {
    quic_keys_free(&slot->keys);
    return rv;
  }
  slot->verified = true;
  slot->entry->used[slot->label] = true;
  ring->facts++;
  qd_slot_prove(at, slot);
  return 0;
}

int qd_slot_guess(const qd_attempt *at, qd_slot *slot, quic_keylog_label label,
                  qd_attempt_fn *fn, void *ctx) {
  qd_keyring *ring = at->ring;
  const quic_version *const *versions = ring->versions;
  size_t nversions = ring->nversions;
  int found = QUIC_ERR_AGAIN;

  if (at->h->is_long) {
    versions = &at->h->version_info;
    nversions = 1;
  }
  slot->label = label;
  if (slot->facts != ring->facts) {
    slot->facts = ring->facts;
    slot->trials = 0;
  }
  for (size_t e = ring->nentries; e-- > 0;) {
    const quic_suite *suite;

    slot->entry = ring->entries[e];
    for (size_t v = nversions; v-- > 0;) {
      slot->version = versions[v];
      for (size_t s = 0; (suite = quic_suite_at(s)); s++) {
        int rv;

        if (!slot_suite_fits(at, slot, suite)) {
          continue;
        }
        if (slot->trials >= QD_TRIALS_MAX) {
          return QUIC_ERR_AUTH;
        }
        slot->trials++;
        rv = slot_try(at, slot, suite, fn, ctx);
        if (rv != QUIC_ERR_AUTH) {
          return rv;
        }
        found = rv;
      }
    }
  }
  return found;
}

/* slot_guess_anew looks for other keys than those in |slot|, and keeps them
   there when they open the packet. */
static int slot_guess_anew(const qd_attempt *at, qd_slot *slot) {
  qd_slot other = {.trials = slot->trials, .facts = slot->facts};
  int rv = qd_slot_guess(at, &other, slot->label, slot_windows, &other);

  if (rv == 0) {
    quic_keys_free(&slot->keys);
    *slot = other;
  } else {
    slot->trials = other.trials;
    slot->facts = other.facts;
  }
  return rv;
}

int qd_slot_open(const qd_attempt *at, qd_slot *slot, quic_keylog_label label) {
  int rv;

  if (!slot->verified) {
    return qd_slot_guess(at, slot, label, slot_windows, slot);
  }
  if (slot->version != at->h->version_info) {
    /* A compatible upgrade in between: other labels, other keys. */
    return slot_guess_anew(at, slot);
  }
  if (!slot->keys.suite && qd_slot_make(at->ring, slot, slot->suite) != 0) {
    return QUIC_ERR_AUTH;
  }
  rv = qd_attempt_masked(at, slot->keys.hp, false, slot_windows, slot);
  if (rv == 0) {
    qd_slot_prove(at, slot);
  } else if (rv == QUIC_ERR_AUTH && qd_slot_doubt(at, slot)) {
    return qd_slot_guess(at, slot, label, slot_windows, slot);
  } else if (rv == QUIC_ERR_AUTH && at->ring->nentries > 1) {
    /* After a Retry with a new hello another random may be meant. */
    return slot_guess_anew(at, slot);
  }
  return rv;
}
