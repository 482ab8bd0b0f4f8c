#include "pcap/keyring.h"

#include "pcap/generations.h"
#include "pcap/slot.h"
#include "wire/frame.h"
#include "wire/pktnum.h"

static const qd_pnspace keyring_no_packet = {QUIC_PKTNUM_NONE,
                                             QUIC_PKTNUM_NONE};

void qd_keyring_init(qd_keyring *ring, const quic_crypto *crypto,
                     const quic_mem *mem) {
  memset(ring, 0, sizeof(*ring));
  ring->crypto = crypto;
  ring->mem = mem;
  ring->facts = 1;
  for (int side = 0; side < QD_SIDES; side++) {
    qd_pnspaces *sp = &ring->spaces[side];

    sp->initial = sp->handshake = keyring_no_packet;
    for (int i = 0; i < QD_PATHS_MAX; i++) {
      sp->app[i] = keyring_no_packet;
    }
    sp->npaths = 1;
  }
}

void qd_keyring_chill(qd_keyring *ring) {
  for (size_t i = 0; i < ring->ninitials; i++) {
    for (int side = 0; side < QD_SIDES; side++) {
      quic_keys_free(&ring->initials[i].keys[side]);
    }
    ring->initials[i].warm = false;
  }
  quic_keys_free(&ring->early.keys);
  for (int side = 0; side < QD_SIDES; side++) {
    quic_keys_free(&ring->handshake[side].keys);
    if (ring->app[side]) {
      qd_generations_chill(ring->app[side]);
    }
  }
}

void qd_keyring_free(qd_keyring *ring) {
  qd_keyring_chill(ring);
  quic_mem_free(ring->mem, ring->initials);
  for (int side = 0; side < QD_SIDES; side++) {
    quic_mem_free(ring->mem, ring->app[side]);
    ring->app[side] = NULL;
  }
  ring->initials = NULL;
  ring->ninitials = 0;
}

static void keyring_new_fact(qd_keyring *ring) {
  ring->facts++;
}

static uint8_t keyring_count_secrets(const quic_keylog_entry *entry) {
  uint8_t n = 0;

  for (int label = 0; label < QUIC_KEYLOG_LABELS; label++) {
    n += entry->secrets[label].len != 0;
  }
  return n;
}

void qd_keyring_add_entry(qd_keyring *ring, quic_keylog_entry *entry) {
  uint8_t secrets = keyring_count_secrets(entry);

  for (size_t i = 0; i < ring->nentries; i++) {
    if (ring->entries[i] == entry) {
      if (ring->nsecrets[i] != secrets) {
        ring->nsecrets[i] = secrets;
        keyring_new_fact(ring);
      }
      return;
    }
  }
  if (ring->nentries == QD_HELLOS_MAX) {
    memmove(&ring->entries[0], &ring->entries[1],
            (QD_HELLOS_MAX - 1) * sizeof(ring->entries[0]));
    memmove(&ring->nsecrets[0], &ring->nsecrets[1], QD_HELLOS_MAX - 1);
    ring->nentries--;
  }
  ring->nsecrets[ring->nentries] = secrets;
  ring->entries[ring->nentries++] = entry;
  keyring_new_fact(ring);
}

void qd_keyring_add_version(qd_keyring *ring, const quic_version *version) {
  size_t max = sizeof(ring->versions) / sizeof(ring->versions[0]);

  if (!version || version->kind != QUIC_VERSION_KIND_QUIC) {
    return;
  }
  for (size_t i = 0; i < ring->nversions; i++) {
    if (ring->versions[i] == version) {
      return;
    }
  }
  if (ring->nversions == max) {
    return; /* nobody changes versions that often */
  }
  ring->versions[ring->nversions++] = version;
  keyring_new_fact(ring);
}

void qd_keyring_set_suite(qd_keyring *ring, const quic_suite *suite) {
  if (suite && ring->suite != suite && !ring->suite_proven) {
    ring->suite = suite;
    keyring_new_fact(ring);
  }
}

void qd_keyring_add_initial(qd_keyring *ring, const quic_version *version,
                            quic_bytes dcid) {
  qd_initial *in;

  if (!version || version->kind != QUIC_VERSION_KIND_QUIC ||
      dcid.len > QUIC_CID_MAX) {
    return;
  }
  for (size_t i = 0; i < ring->ninitials; i++) {
    in = &ring->initials[i];
    if (in->version == version &&
        quic_bytes_eq(dcid, quic_bytes_of(in->cid, in->cid_len))) {
      return;
    }
  }
  if (ring->ninitials == QD_INITIALS_MAX) {
    /* The first pair stays: a server may answer it at any time. */
    in = &ring->initials[1];
    quic_keys_free(&in->keys[QD_CLIENT]);
    quic_keys_free(&in->keys[QD_SERVER]);
    memmove(in, in + 1, (QD_INITIALS_MAX - 2) * sizeof(*in));
    ring->ninitials--;
  }
  in = quic_mem_resize(ring->mem, ring->initials, ring->ninitials + 1,
                       sizeof(*in));
  if (!in) {
    return;
  }
  ring->initials = in;
  in = &ring->initials[ring->ninitials++];
  memset(in, 0, sizeof(*in));
  in->version = version;
  in->cid_len = (uint8_t)dcid.len;
  if (dcid.len) {
    memcpy(in->cid, dcid.data, dcid.len);
  }
  keyring_new_fact(ring);
}

quic_keylog_label qd_keyring_secret_label(qd_level level, qd_side side) {
  static const quic_keylog_label labels[QD_LEVELS][QD_SIDES] = {
      [QD_LEVEL_INITIAL] = {QUIC_KEYLOG_LABELS, QUIC_KEYLOG_LABELS},
      [QD_LEVEL_EARLY] = {QUIC_KEYLOG_CLIENT_EARLY, QUIC_KEYLOG_LABELS},
      [QD_LEVEL_HANDSHAKE] = {QUIC_KEYLOG_CLIENT_HANDSHAKE,
                              QUIC_KEYLOG_SERVER_HANDSHAKE},
      [QD_LEVEL_APP] = {QUIC_KEYLOG_CLIENT_APP, QUIC_KEYLOG_SERVER_APP},
  };

  return labels[level][side];
}

bool qd_keyring_has_secret(const qd_keyring *ring, qd_level level,
                           qd_side side) {
  quic_keylog_label label = qd_keyring_secret_label(level, side);

  for (size_t i = 0; i < ring->nentries && label < QUIC_KEYLOG_LABELS; i++) {
    if (ring->entries[i]->secrets[label].len) {
      return true;
    }
  }
  return false;
}

/* Packet number spaces. */

static qd_pnspace *keyring_space(qd_keyring *ring, qd_level level, qd_side side,
                                 uint32_t path_id) {
  qd_pnspaces *sp = &ring->spaces[side];

  if (level == QD_LEVEL_INITIAL) {
    return &sp->initial;
  }
  if (level == QD_LEVEL_HANDSHAKE) {
    return &sp->handshake;
  }
  for (uint8_t i = 0; i < sp->npaths; i++) {
    if (sp->path_id[i] == path_id) {
      return &sp->app[i];
    }
  }
  if (sp->npaths == QD_PATHS_MAX) {
    sp->npaths--; /* the newest gives way */
  }
  sp->path_id[sp->npaths] = path_id;
  sp->app[sp->npaths] = keyring_no_packet;
  return &sp->app[sp->npaths++];
}

void qd_keyring_note_opened(qd_keyring *ring, qd_level level, qd_side side,
                            uint32_t path_id, uint64_t pn) {
  qd_pnspace *space = keyring_space(ring, level, side, path_id);

  if (space->largest == QUIC_PKTNUM_NONE || pn > space->largest) {
    space->largest = pn;
  }
}

void qd_keyring_note_acked(qd_keyring *ring, qd_level level, qd_side side,
                           uint32_t path_id, uint64_t pn) {
  qd_pnspace *space = keyring_space(ring, level, side, path_id);

  if (space->largest == QUIC_PKTNUM_NONE && space->acked == QUIC_PKTNUM_NONE) {
    keyring_new_fact(ring);
  }
  if (space->acked == QUIC_PKTNUM_NONE || pn > space->acked) {
    space->acked = pn;
  }
}

bool qd_keyring_plausible(quic_bytes payload, quic_packet_type type) {
  quic_reader rd;
  quic_frame f;
  size_t good = 0;
  int rv;

  quic_reader_init(&rd, payload.data, payload.len);
  do {
    rv = quic_frame_decode_cut(&f, &rd);
    if (f.info && !quic_frame_legal(f.info, type)) {
      return false;
    }
    good += rv == 0;
  } while (rv == 0);
  return rv == QUIC_ERR_END || rv == QUIC_ERR_SHORT ||
         (rv == QUIC_ERR_UNSUPPORTED && good);
}

/* initial_windows: endpoints start low in this space, or with a long number. */
static int initial_windows(const qd_attempt *at, const quic_unmasked *um,
                           bool guess, void *ctx) {
  const quic_keys *keys = ctx;

  (void)guess;
  return qd_attempt_windows(at, keys, um, 4);
}

/* Initial: every (version, DCID) pair that the connection has used. */

static void initial_make(qd_keyring *ring, qd_initial *in) {
  const quic_suite *suite = quic_suite_find(0x1301);
  quic_secret secrets[QD_SIDES];

  in->warm = true;
  if (quic_initial_secrets(ring->crypto, in->version,
                           quic_bytes_of(in->cid, in->cid_len),
                           &secrets[QD_CLIENT], &secrets[QD_SERVER]) != 0) {
    return;
  }
  for (int side = 0; side < QD_SIDES; side++) {
    if (quic_keys_init(&in->keys[side], ring->crypto, ring->mem, in->version,
                       suite, &secrets[side]) != 0) {
      return; /* the keys stay empty, and the pair is passed over */
    }
  }
}

static int open_initial_as(const qd_attempt *at, qd_side side, bool same) {
  qd_keyring *ring = at->ring;
  int found = QUIC_ERR_AGAIN;

  for (size_t i = ring->ninitials; i-- > 0;) {
    qd_initial *in = &ring->initials[i];
    quic_keys *keys = &in->keys[side];
    int rv;

    if ((in->version == at->h->version_info) != same) {
      continue;
    }
    if (!in->warm) {
      initial_make(ring, in);
    }
    if (!keys->suite) {
      continue;
    }
    rv = qd_attempt_masked(at, keys->hp, false, initial_windows, keys);
    if (rv != QUIC_ERR_AUTH) {
      at->res->other_version = rv == 0 && !same;
      return rv;
    }
    found = rv;
  }
  return found;
}

static int open_initial(const qd_attempt *at, qd_side side) {
  int rv = open_initial_as(at, side, true);

  if (rv == QUIC_ERR_AUTH && at->ring->nversions > 1 && !at->h->missing &&
      open_initial_as(at, side, false) == 0) {
    /* Seen in the field: after a compatible upgrade the header has the new
       version, and the keys are those of the old one. */
    return 0;
  }
  return rv;
}

int qd_keyring_try_initial(const quic_crypto *crypto, const quic_mem *mem,
                           qd_work *work, const quic_header *h, quic_bytes raw,
                           uint8_t *out, qd_opened *res) {
  qd_keyring ring;
  qd_attempt at = {&ring, h, raw, 0, keyring_no_packet, out, res};
  int rv;

  qd_keyring_init(&ring, crypto, mem);
  ring.work = work;
  qd_work_spend(&ring, 2 * QD_WORK_KEY);
  qd_keyring_add_initial(&ring, h->version_info, h->dcid);
  memset(res, 0, sizeof(*res));
  rv = open_initial(&at, QD_CLIENT);
  qd_keyring_free(&ring);
  return rv;
}

bool qd_keyring_ready(const qd_keyring *ring, qd_level level, qd_side side) {
  switch (level) {
  case QD_LEVEL_EARLY:
    return ring->early.verified;
  case QD_LEVEL_HANDSHAKE:
    return ring->handshake[side].verified;
  case QD_LEVEL_APP:
    return ring->app[side] && ring->app[side]->first.verified;
  default:
    return ring->ninitials > 0;
  }
}

/* Cut packets of a direction whose packet numbers are not known mostly open to
   nonsense.  One in twenty looks sound by chance; the others give it away. */

static void keyring_count_cut(qd_keyring *ring, qd_side side, bool opened) {
  uint16_t *count = opened ? &ring->cut_good[side] : &ring->cut_bad[side];

  if (*count < UINT16_MAX) {
    (*count)++;
  }
}

static bool keyring_cut_in_vain(const qd_keyring *ring, qd_side side) {
  return ring->cut_bad[side] >= QD_CUT_BAD_MIN &&
         ring->cut_bad[side] > ring->cut_good[side];
}

int qd_keyring_open(qd_keyring *ring, const quic_header *h, quic_bytes raw,
                    qd_side side, uint32_t path_id, uint8_t *out,
                    qd_opened *res) {
  qd_level level = qd_packet_level(h->type);
  qd_attempt at = {ring, h, raw, path_id, keyring_no_packet, out, res};

  int rv;

  memset(res, 0, sizeof(*res));
  if (level >= QD_LEVELS) {
    return QUIC_ERR_AGAIN;
  }
  if (h->missing && level == QD_LEVEL_APP && keyring_cut_in_vain(ring, side)) {
    return QUIC_ERR_AUTH;
  }
  at.space = *keyring_space(ring, level, side, path_id);
  switch (level) {
  case QD_LEVEL_INITIAL:
    rv = open_initial(&at, side);
    break;
  case QD_LEVEL_EARLY:
    rv = side == QD_CLIENT
             ? qd_slot_open(&at, &ring->early, QUIC_KEYLOG_CLIENT_EARLY)
             : QUIC_ERR_AGAIN;
    break;
  case QD_LEVEL_HANDSHAKE:
    rv = qd_slot_open(&at, &ring->handshake[side],
                      qd_keyring_secret_label(level, side));
    break;
  default:
    rv = qd_generations_open(&at, side);
    break;
  }
  if (rv == 0 && res->authenticated) {
    ring->pn_guesses = 0;
  }
  if (h->missing && level == QD_LEVEL_APP && rv != QUIC_ERR_AGAIN) {
    keyring_count_cut(ring, side, rv == 0);
  }
  return rv;
}
