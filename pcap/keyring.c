#include "pcap/keyring.h"

#include "wire/frame.h"
#include "wire/pktnum.h"
#include "wire/varint.h"

void qd_keyring_init(qd_keyring *ring, const quic_crypto *crypto,
                     const quic_mem *mem) {
  memset(ring, 0, sizeof(*ring));
  ring->crypto = crypto;
  ring->mem = mem;
  ring->facts = 1;
  for (int side = 0; side < QD_SIDES; side++) {
    qd_pnspaces *sp = &ring->spaces[side];

    sp->initial = sp->handshake = QUIC_PKTNUM_NONE;
    for (int i = 0; i < QD_PATHS_MAX; i++) {
      sp->app[i] = QUIC_PKTNUM_NONE;
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
  ring->trials = 0;
}

void qd_keyring_add_entry(qd_keyring *ring, quic_keylog_entry *entry) {
  for (size_t i = 0; i < ring->nentries; i++) {
    if (ring->entries[i] == entry) {
      /* Known, but it may have gained secrets. */
      keyring_new_fact(ring);
      return;
    }
  }
  if (ring->nentries == QD_HELLOS_MAX) {
    memmove(&ring->entries[0], &ring->entries[1],
            (QD_HELLOS_MAX - 1) * sizeof(ring->entries[0]));
    ring->nentries--;
  }
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
    memmove(&ring->versions[0], &ring->versions[1],
            (max - 1) * sizeof(ring->versions[0]));
    ring->nversions--;
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

static uint64_t *keyring_largest(qd_keyring *ring, qd_level level, qd_side side,
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
  sp->app[sp->npaths] = QUIC_PKTNUM_NONE;
  return &sp->app[sp->npaths++];
}

void qd_keyring_note_opened(qd_keyring *ring, qd_level level, qd_side side,
                            uint32_t path_id, uint64_t pn) {
  uint64_t *largest = keyring_largest(ring, level, side, path_id);

  if (*largest == QUIC_PKTNUM_NONE || pn > *largest) {
    *largest = pn;
  }
}

/* One packet on its way through the candidates. */
typedef struct qd_attempt {
  qd_keyring *ring;
  const quic_header *h;
  quic_bytes raw;
  uint32_t path_id;
  uint64_t largest;
  uint8_t *out;
  qd_opened *res;
} qd_attempt;

bool qd_keyring_plausible(quic_bytes payload, quic_packet_type type) {
  quic_reader rd;
  quic_frame f;
  int rv;

  quic_reader_init(&rd, payload.data, payload.len);
  for (rv = 0; rv == 0;) {
    rv = quic_frame_decode(&f, &rd);
    if ((rv == 0 || rv == QUIC_ERR_SHORT) && f.info &&
        !quic_frame_legal(f.info, type)) {
      return false;
    }
  }
  return rv == QUIC_ERR_END || rv == QUIC_ERR_SHORT;
}

static int attempt_pn(const qd_attempt *at, const quic_keys *keys,
                      const quic_unmasked *um, uint64_t pn) {
  qd_opened *res = at->res;
  size_t len = at->h->packet_len;
  int rv;

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
  if (rv == 0) {
    res->pn = pn;
    res->unmasked = *um;
    res->suite = keys->suite->id;
    res->authenticated = at->h->missing == 0;
  }
  return rv;
}

/* attempt_windows tries the packet number that RFC 9000 A.3 expects, then its
   neighbour windows, for a late packet or a hole in the capture; and without
   any context the lowest windows. */
static int attempt_windows(const qd_attempt *at, const quic_keys *keys,
                           const quic_unmasked *um, bool guess) {
  uint64_t win = UINT64_C(1) << (8 * um->pn_len);
  uint64_t pn = quic_pktnum_decode(at->largest, um->truncated, um->pn_len);
  int rv = attempt_pn(at, keys, um, pn);
  uint64_t windows = guess ? 4 : QD_PN_WINDOWS;

  if (rv != QUIC_ERR_AUTH || at->h->missing) {
    return rv;
  }
  if (at->largest != QUIC_PKTNUM_NONE) {
    if (pn >= win) {
      rv = attempt_pn(at, keys, um, pn - win);
    }
    if (rv == QUIC_ERR_AUTH && pn + win <= QUIC_VARINT_MAX) {
      rv = attempt_pn(at, keys, um, pn + win);
    }
    return rv;
  }
  if (um->pn_len > 2) {
    return rv;
  }
  for (uint64_t k = 1;
       k < windows && rv == QUIC_ERR_AUTH && at->ring->trials < QD_TRIALS_MAX;
       k++) {
    at->ring->trials++;
    rv = attempt_pn(at, keys, um, pn + k * win);
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
    rv = guess && !loss_bits && (um.first & reserved) ? QUIC_ERR_AUTH
                                                      : fn(at, &um, guess, ctx);
  }
  return rv;
}

static int attempt_slot(const qd_attempt *at, const quic_unmasked *um,
                        bool guess, void *ctx) {
  const qd_slot *slot = ctx;

  return attempt_windows(at, &slot->keys, um, guess);
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
    qd_slot slot = {0};
    int rv;

    if ((in->version == at->h->version_info) != same) {
      continue;
    }
    if (!in->warm) {
      initial_make(ring, in);
    }
    if (!in->keys[side].suite) {
      continue;
    }
    slot.keys = in->keys[side];
    rv = attempt_masked(at, slot.keys.hp, false, attempt_slot, &slot);
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
                           const quic_header *h, quic_bytes raw, uint8_t *out,
                           qd_opened *res) {
  qd_keyring ring;
  qd_attempt at = {&ring, h, raw, 0, QUIC_PKTNUM_NONE, out, res};
  int rv;

  qd_keyring_init(&ring, crypto, mem);
  qd_keyring_add_initial(&ring, h->version_info, h->dcid);
  memset(res, 0, sizeof(*res));
  rv = open_initial(&at, QD_CLIENT);
  qd_keyring_free(&ring);
  return rv;
}

/* Slots: secrets of a key log entry. */

static int slot_make(qd_keyring *ring, qd_slot *slot, const quic_suite *suite) {
  slot->suite = suite;
  return quic_keys_init(&slot->keys, ring->crypto, ring->mem, slot->version,
                        suite, &slot->entry->secrets[slot->label]);
}

/* slot_try makes |slot|'s keys and tries them on the packet. */
static int slot_try(const qd_attempt *at, qd_slot *slot,
                    const quic_suite *suite, attempt_fn *fn, void *ctx) {
  qd_keyring *ring = at->ring;
  int rv;

  ring->trials++;
  if (slot_make(ring, slot, suite) != 0) {
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
  if (slot->label != QUIC_KEYLOG_CLIENT_EARLY) {
    /* Early data may be under another suite than what follows. */
    ring->suite = suite;
    ring->suite_proven = at->res->authenticated;
  }
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
  for (size_t e = ring->nentries; e-- > 0;) {
    const quic_suite *suite;

    slot->entry = ring->entries[e];
    for (size_t v = nversions; v-- > 0;) {
      slot->version = versions[v];
      for (size_t s = 0; (suite = quic_suite_at(s)); s++) {
        int rv;

        if (slot->entry->secrets[label].len != suite->secret_len ||
            (ring->suite_proven && ring->suite != suite &&
             label != QUIC_KEYLOG_CLIENT_EARLY)) {
          continue;
        }
        if (ring->trials >= QD_TRIALS_MAX) {
          return QUIC_ERR_AUTH;
        }
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
  qd_slot other = {0};
  int rv = slot_guess(at, &other, slot->label, attempt_slot, &other);

  if (rv == 0) {
    quic_keys_free(&slot->keys);
    *slot = other;
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
  if (rv == QUIC_ERR_AUTH && at->ring->nentries > 1) {
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
  rv = gen == app->current
           ? attempt_windows(at, keys, um, guess)
           : attempt_pn(
                 at, keys, um,
                 quic_pktnum_decode(at->largest, um->truncated, um->pn_len));
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

/* app_generations tries the generations whose key phase bit is the packet's:
   the current one, the one before, and those after. */
static int app_generations(const qd_attempt *at, const quic_unmasked *um,
                           bool guess, void *ctx) {
  qd_app *app = ctx;
  uint32_t phase = (um->first & QUIC_FIRST_KEY_PHASE) != 0;
  uint32_t current = app->current;
  uint32_t last = app->base + APP_WINDOW - 1;
  int rv = QUIC_ERR_AUTH;

  if ((current & 1) == phase) {
    rv = app_generation(at, app, current, um, guess);
  } else if (current > app->base) {
    rv = app_generation(at, app, current - 1, um, guess);
  }
  if (at->h->missing && rv == QUIC_ERR_AUTH && !guess) {
    /* Without a tag nothing would tell a wrong generation: one step only. */
    last = current + 1;
  }
  for (uint32_t gen = current + 1; gen <= last && rv == QUIC_ERR_AUTH; gen++) {
    if ((gen & 1) == phase) {
      rv = app_generation(at, app, gen, um, guess);
    }
  }
  return rv;
}

/* app_guess tries all generations of keys that have opened nothing yet. */
static int app_guess(const qd_attempt *at, const quic_unmasked *um, bool guess,
                     void *ctx) {
  qd_app *app = ctx;
  int rv;

  app->current = app->base = app->made = 0;
  rv = app_generations(at, um, guess, app);
  if (rv != 0) {
    for (size_t i = 0; i < APP_WINDOW; i++) {
      quic_keys_free(&app->window[i]);
    }
    app->current = app->base = app->made = 0;
  }
  return rv;
}

static int open_app(const qd_attempt *at, qd_side side) {
  qd_keyring *ring = at->ring;
  qd_app *app = ring->app[side];
  const qd_app *other = ring->app[!side];

  if (!app) {
    app = ring->app[side] = quic_mem_zalloc(ring->mem, sizeof(*app));
    if (!app) {
      return QUIC_ERR_AUTH;
    }
  }
  if (!app->first.verified) {
    return slot_guess(at, &app->first,
                      qd_keyring_secret_label(QD_LEVEL_APP, side), app_guess,
                      app);
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
  return attempt_masked(at, app->first.keys.hp, false, app_generations, app);
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

int qd_keyring_open(qd_keyring *ring, const quic_header *h, quic_bytes raw,
                    qd_side side, uint32_t path_id, uint8_t *out,
                    qd_opened *res) {
  qd_level level = qd_packet_level(h->type);
  qd_attempt at = {ring, h, raw, path_id, QUIC_PKTNUM_NONE, out, res};

  memset(res, 0, sizeof(*res));
  if (level >= QD_LEVELS) {
    return QUIC_ERR_AGAIN;
  }
  at.largest = *keyring_largest(ring, level, side, path_id);
  switch (level) {
  case QD_LEVEL_INITIAL:
    return open_initial(&at, side);
  case QD_LEVEL_EARLY:
    return side == QD_CLIENT
               ? open_slot(&at, &ring->early, QUIC_KEYLOG_CLIENT_EARLY)
               : QUIC_ERR_AGAIN;
  case QD_LEVEL_HANDSHAKE:
    return open_slot(&at, &ring->handshake[side],
                     qd_keyring_secret_label(level, side));
  default:
    return open_app(&at, side);
  }
}
