#include "pcap/keyring.h"

#include "wire/frame.h"
#include "wire/pktnum.h"
#include "wire/varint.h"

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

static void keyring_free_app(qd_app *app) {
  quic_keys_free(&app->first.keys);
  for (size_t i = 0; i < sizeof(app->window) / sizeof(app->window[0]); i++) {
    quic_keys_free(&app->window[i]);
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
      keyring_free_app(ring->app[side]);
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

/* One packet on its way through the candidates. */
typedef struct qd_attempt {
  qd_keyring *ring;
  const quic_header *h;
  quic_bytes raw;
  uint32_t path_id;
  qd_pnspace space;
  uint8_t *out;
  qd_opened *res;
} qd_attempt;

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

/* work_left: there is work left to spend; counts what is not done without. */
static bool work_left(const qd_keyring *ring) {
  if (!ring->work || ring->work->left > 0) {
    return true;
  }
  ring->work->refused++;
  return false;
}

static void work_spend(const qd_keyring *ring, size_t amount) {
  if (ring->work) {
    ring->work->left -= (int64_t)amount;
  }
}

static int attempt_pn(const qd_attempt *at, const quic_keys *keys,
                      const quic_unmasked *um, uint64_t pn) {
  qd_opened *res = at->res;
  size_t len = at->h->packet_len;
  int rv;

  if (!work_left(at->ring)) {
    return QUIC_ERR_AUTH;
  }
  if (at->h->missing) {
    rv = quic_packet_open_prefix(keys, at->raw.data, len, at->h, um,
                                 at->path_id, pn, at->out, &res->payload);
    if (rv == 0 && !qd_keyring_plausible(res->payload, at->h->type)) {
      rv = QUIC_ERR_AUTH;
    }
  } else {
    rv = quic_packet_open(keys, at->raw.data, len, at->h, um, at->path_id, pn,
                          at->out, &res->payload);
  }
  if (rv != 0) {
    work_spend(at->ring, len > QD_WORK_OPEN ? len : QD_WORK_OPEN);
  } else {
    res->pn = pn;
    res->unmasked = *um;
    res->suite = keys->suite->id;
    res->authenticated = at->h->missing == 0;
  }
  return rv;
}

/* attempt_from tries the packet number that RFC 9000 A.3 expects after
   |largest|, unless it is one that was |tried|. */
static int attempt_from(const qd_attempt *at, const quic_keys *keys,
                        const quic_unmasked *um, uint64_t largest,
                        uint64_t *tried) {
  uint64_t pn = quic_pktnum_decode(largest, um->truncated, um->pn_len);

  if (pn == *tried) {
    return QUIC_ERR_AUTH;
  }
  *tried = pn;
  return attempt_pn(at, keys, um, pn);
}

/* attempt_window tries the packet number |k| windows after |pn|. */
static int attempt_window(const qd_attempt *at, const quic_keys *keys,
                          const quic_unmasked *um, uint64_t pn, uint64_t k) {
  uint64_t win = UINT64_C(1) << (8 * um->pn_len);

  if (pn > QUIC_VARINT_MAX - k * win) {
    return QUIC_ERR_AUTH;
  }
  at->ring->pn_guesses++;
  return attempt_pn(at, keys, um, pn + k * win);
}

/* attempt_windows tries the packet number that follows the largest one opened,
   then the one that follows the largest acknowledged, then the window before,
   for late packets, and up to |windows| after, for holes in the capture. */
static int attempt_windows(const qd_attempt *at, const quic_keys *keys,
                           const quic_unmasked *um, uint64_t windows) {
  uint64_t win = UINT64_C(1) << (8 * um->pn_len);
  uint64_t tried = QUIC_PKTNUM_NONE;
  uint64_t pn;
  int rv = attempt_from(at, keys, um, at->space.largest, &tried);

  pn = tried;
  if (rv != QUIC_ERR_AUTH || at->h->missing) {
    return rv;
  }
  if (at->space.acked != QUIC_PKTNUM_NONE) {
    rv = attempt_from(at, keys, um, at->space.acked, &tried);
    if (at->space.largest == QUIC_PKTNUM_NONE) {
      pn = tried;
    }
  }
  if (rv == QUIC_ERR_AUTH && pn >= win) {
    rv = attempt_pn(at, keys, um, pn - win);
  }
  for (uint64_t k = 1; k < windows && um->pn_len <= 2 && rv == QUIC_ERR_AUTH &&
                       at->ring->pn_guesses < QD_PN_GUESSES;
       k++) {
    rv = attempt_window(at, keys, um, pn, k);
  }
  if (rv == QUIC_ERR_AUTH && um->pn_len > 2) {
    rv = attempt_window(at, keys, um, pn, 1);
  }
  return rv;
}

/* What to do with a packet once its header is unmasked. */
typedef int attempt_fn(const qd_attempt *at, const quic_unmasked *um,
                       bool guess, void *ctx);

/* attempt_masked removes header protection with |hp| and goes on with |fn|.
   |guess|: the keys have not opened anything yet, so reserved bits that are
   not 0 speak against them. */
static int attempt_masked(const qd_attempt *at, quic_hp *hp, bool guess,
                          attempt_fn *fn, void *ctx) {
  uint8_t reserved =
      at->h->is_long ? QUIC_FIRST_RESERVED_LONG : QUIC_FIRST_RESERVED_SHORT;
  int loss_bits = at->ring->loss_bits && !at->h->is_long;
  int rv = QUIC_ERR_AUTH;

  for (; loss_bits >= 0 && rv == QUIC_ERR_AUTH; loss_bits--) {
    quic_unmasked um;

    rv = quic_packet_unmask(at->ring->crypto, hp, at->raw.data,
                            at->h->packet_len, at->h, loss_bits != 0, &um);
    if (rv != 0) {
      return rv;
    }
    rv = (guess || at->h->missing) && !loss_bits && (um.first & reserved)
             ? QUIC_ERR_AUTH
             : fn(at, &um, guess, ctx);
  }
  return rv;
}

/* attempt_depth: how many windows a guess is worth.  A suite that is proven
   leaves the packet number as the only doubt. */
static uint64_t attempt_depth(const qd_attempt *at, bool guess) {
  uint64_t depth = guess && !at->ring->suite_proven ? 4 : QD_PN_WINDOWS;

  return at->ring->depth && at->ring->depth < depth ? at->ring->depth : depth;
}

static int attempt_slot(const qd_attempt *at, const quic_unmasked *um,
                        bool guess, void *ctx) {
  const qd_slot *slot = ctx;

  return attempt_windows(at, &slot->keys, um, attempt_depth(at, guess));
}

/* attempt_initial: endpoints start low in this space, or with a long number. */
static int attempt_initial(const qd_attempt *at, const quic_unmasked *um,
                           bool guess, void *ctx) {
  const quic_keys *keys = ctx;

  (void)guess;
  return attempt_windows(at, keys, um, 4);
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
    rv = attempt_masked(at, keys->hp, false, attempt_initial, keys);
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
  work_spend(&ring, 2 * QD_WORK_KEY);
  qd_keyring_add_initial(&ring, h->version_info, h->dcid);
  memset(res, 0, sizeof(*res));
  rv = open_initial(&at, QD_CLIENT);
  qd_keyring_free(&ring);
  return rv;
}

/* Slots: secrets of a key log entry. */

static int slot_make(qd_keyring *ring, qd_slot *slot, const quic_suite *suite) {
  slot->suite = suite;
  work_spend(ring, QD_WORK_KEY);
  return quic_keys_init(&slot->keys, ring->crypto, ring->mem, slot->version,
                        suite, &slot->entry->secrets[slot->label]);
}

/* slot_prove notes that |slot|'s keys opened a packet whose tag fitted. */
static void slot_prove(const qd_attempt *at, qd_slot *slot) {
  qd_keyring *ring = at->ring;

  if (!at->res->authenticated) {
    return;
  }
  slot->proven = true;
  /* Early data may be under another suite than what follows. */
  if (!ring->suite_proven && slot->label != QUIC_KEYLOG_CLIENT_EARLY) {
    ring->suite = slot->suite;
    ring->suite_proven = true;
    keyring_new_fact(ring);
  }
}

/* slot_doubt forgets keys that only cut packets spoke for, when a whole packet
   contradicts them. */
static bool slot_doubt(const qd_attempt *at, qd_slot *slot) {
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
                    const quic_suite *suite, attempt_fn *fn, void *ctx) {
  qd_keyring *ring = at->ring;
  int rv;

  if (!work_left(ring) || slot_make(ring, slot, suite) != 0) {
    return QUIC_ERR_AUTH;
  }
  rv = attempt_masked(at, slot->keys.hp, true, fn, ctx);
  if (rv != 0) {
    quic_keys_free(&slot->keys);
    return rv;
  }
  slot->verified = true;
  slot->entry->used[slot->label] = true;
  keyring_new_fact(ring);
  slot_prove(at, slot);
  return 0;
}

/* slot_guess tries every entry, version and suite that could be behind a
   packet until one opens it; |slot| then keeps it. */
static int slot_guess(const qd_attempt *at, qd_slot *slot,
                      quic_keylog_label label, attempt_fn *fn, void *ctx) {
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
  int rv = slot_guess(at, &other, slot->label, attempt_slot, &other);

  if (rv == 0) {
    quic_keys_free(&slot->keys);
    *slot = other;
  } else {
    slot->trials = other.trials;
    slot->facts = other.facts;
  }
  return rv;
}

static int open_slot(const qd_attempt *at, qd_slot *slot,
                     quic_keylog_label label) {
  int rv;

  if (!slot->verified) {
    return slot_guess(at, slot, label, attempt_slot, slot);
  }
  if (slot->version != at->h->version_info) {
    /* A compatible upgrade in between: other labels, other keys. */
    return slot_guess_anew(at, slot);
  }
  if (!slot->keys.suite && slot_make(at->ring, slot, slot->suite) != 0) {
    return QUIC_ERR_AUTH;
  }
  rv = attempt_masked(at, slot->keys.hp, false, attempt_slot, slot);
  if (rv == 0) {
    slot_prove(at, slot);
  } else if (rv == QUIC_ERR_AUTH && slot_doubt(at, slot)) {
    return slot_guess(at, slot, label, attempt_slot, slot);
  } else if (rv == QUIC_ERR_AUTH && at->ring->nentries > 1) {
    /* After a Retry with a new hello another random may be meant. */
    return slot_guess_anew(at, slot);
  }
  return rv;
}

/* 1-RTT: generations of keys. */

#define APP_WINDOW (QD_GENERATIONS_AHEAD + 2)

/* app_rebase moves the window up so that it starts at generation |base|. */
static void app_rebase(qd_app *app, uint32_t base) {
  uint32_t by = base - app->base;

  for (size_t i = 0; i < APP_WINDOW; i++) {
    if (i < by) {
      quic_keys_free(&app->window[i]);
    }
  }
  for (size_t i = 0; i < APP_WINDOW; i++) {
    if (by < APP_WINDOW - i) {
      app->window[i] = app->window[i + by];
    } else {
      memset(&app->window[i], 0, sizeof(app->window[i]));
    }
  }
  app->base = base;
}

/* app_keys returns the keys of generation |gen|, at or after |base|, made when
   first asked for; NULL when that fails. */
static quic_keys *app_keys(qd_keyring *ring, qd_app *app, uint32_t gen) {
  const qd_slot *first = &app->first;
  quic_keys *keys;

  if (gen == 0) {
    return &app->first.keys;
  }
  keys = &app->window[gen - app->base];
  if (keys->suite) {
    return keys;
  }
  if (app->made == 0 || gen < app->made) {
    app->secret = first->entry->secrets[first->label];
    app->made = 0;
  }
  for (; app->made < gen; app->made++) {
    if (quic_secret_update(ring->crypto, first->version, first->suite,
                           &app->secret, &app->secret) != 0) {
      app->made = 0;
      return NULL;
    }
  }
  return quic_keys_init_update(keys, ring->crypto, ring->mem, first->version,
                               first->suite, &app->secret) == 0
             ? keys
             : NULL;
}

static int app_generation(const qd_attempt *at, qd_app *app, uint32_t gen,
                          const quic_unmasked *um, bool guess) {
  quic_keys *keys = app_keys(at->ring, app, gen);
  int rv;

  if (!keys || !keys->suite) {
    return QUIC_ERR_AUTH;
  }
  /* Far packet numbers are looked for under the likely generations only. */
  rv = attempt_windows(at, keys, um,
                       gen <= app->current + 1 ? attempt_depth(at, guess) : 1);
  if (rv == 0) {
    at->res->generation = gen;
    if (gen > app->current) {
      app->current = gen;
      if (gen - 1 > app->base) {
        app_rebase(app, gen - 1);
      }
    }
  }
  return rv;
}

/* app_cut picks the generation of a packet whose end is lost: nothing would
   tell a wrong one from a right one, but the packet number does. */
static int app_cut(const qd_attempt *at, qd_app *app, const quic_unmasked *um,
                   bool guess) {
  uint32_t phase = (um->first & QUIC_FIRST_KEY_PHASE) != 0;
  uint32_t gen = app->current;
  uint64_t pn =
      quic_pktnum_decode(at->space.largest, um->truncated, um->pn_len);

  if ((gen & 1) != phase) {
    if (at->space.largest != QUIC_PKTNUM_NONE && pn < at->space.largest &&
        gen > app->base) {
      gen--;
    } else {
      gen++;
    }
  }
  return app_generation(at, app, gen, um, guess);
}

/* app_generations tries the generations whose key phase bit is the packet's:
   the current one, the one before, and those after. */
static int app_generations(const qd_attempt *at, const quic_unmasked *um,
                           bool guess, void *ctx) {
  qd_app *app = ctx;
  uint32_t phase = (um->first & QUIC_FIRST_KEY_PHASE) != 0;
  uint32_t current = app->current;
  uint32_t last = app->base + APP_WINDOW - 1;
  int rv = QUIC_ERR_AUTH;

  if (at->h->missing) {
    return app_cut(at, app, um, guess);
  }
  if (at->ring->depth == 1) {
    last = current + 1;
  }
  if ((current & 1) == phase) {
    rv = app_generation(at, app, current, um, guess);
  } else if (current > app->base) {
    rv = app_generation(at, app, current - 1, um, guess);
  }
  for (uint32_t gen = current + 1; gen <= last && rv == QUIC_ERR_AUTH; gen++) {
    if ((gen & 1) == phase) {
      rv = app_generation(at, app, gen, um, guess);
    }
  }
  return rv;
}

/* app_reset forgets generations, to start from |base|. */
static void app_reset(qd_app *app, uint32_t base) {
  for (size_t i = 0; i < APP_WINDOW; i++) {
    quic_keys_free(&app->window[i]);
  }
  app->current = app->base = base;
  app->made = 0;
}

/* app_guess tries all generations of keys that have opened nothing yet, from
   about where the other direction is. */
static int app_guess(const qd_attempt *at, const quic_unmasked *um, bool guess,
                     void *ctx) {
  qd_app *app = ctx;
  const qd_keyring *ring = at->ring;
  const qd_app *other = ring->app[app == ring->app[QD_CLIENT]];
  uint32_t start = other && other->current > 1 ? other->current - 1 : 0;
  int rv;

  app_reset(app, start);
  rv = app_generations(at, um, guess, app);
  if (rv != 0) {
    app_reset(app, 0);
  }
  return rv;
}

static int open_app(const qd_attempt *at, qd_side side) {
  qd_keyring *ring = at->ring;
  quic_keylog_label label = qd_keyring_secret_label(QD_LEVEL_APP, side);
  qd_app *app = ring->app[side];
  const qd_app *other = ring->app[!side];
  int rv;

  if (!app) {
    app = ring->app[side] = quic_mem_zalloc(ring->mem, sizeof(*app));
    if (!app) {
      return QUIC_ERR_AUTH;
    }
  }
  if (!app->first.verified) {
    return slot_guess(at, &app->first, label, app_guess, app);
  }
  if (!app->first.keys.suite &&
      slot_make(ring, &app->first, app->first.suite) != 0) {
    return QUIC_ERR_AUTH;
  }
  if (other && other->current > app->base + APP_WINDOW - 1) {
    /* An endpoint is at most one key update behind its peer (RFC 9001 §6). */
    app_rebase(app, other->current - 1);
    app->current = app->base;
  }
  rv = attempt_masked(at, app->first.keys.hp, false, app_generations, app);
  if (rv == 0) {
    slot_prove(at, &app->first);
  } else if (rv == QUIC_ERR_AUTH && slot_doubt(at, &app->first)) {
    rv = slot_guess(at, &app->first, label, app_guess, app);
  }
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
             ? open_slot(&at, &ring->early, QUIC_KEYLOG_CLIENT_EARLY)
             : QUIC_ERR_AGAIN;
    break;
  case QD_LEVEL_HANDSHAKE:
    rv = open_slot(&at, &ring->handshake[side],
                   qd_keyring_secret_label(level, side));
    break;
  default:
    rv = open_app(&at, side);
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
