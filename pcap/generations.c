#include "pcap/generations.h"

#include "pcap/slot.h"
#include "wire/pktnum.h"

#define GENERATIONS_WINDOW (QD_GENERATIONS_AHEAD + 2)

void qd_generations_chill(qd_app *app) {
  quic_keys_free(&app->first.keys);
  for (size_t i = 0; i < sizeof(app->window) / sizeof(app->window[0]); i++) {
    quic_keys_free(&app->window[i]);
  }
}

/* generations_rebase moves the window up so that it starts at generation
 * |base|. */
static void generations_rebase(qd_app *app, uint32_t base) {
  uint32_t by = base - app->base;

  for (size_t i = 0; i < GENERATIONS_WINDOW; i++) {
    if (i < by) {
      quic_keys_free(&app->window[i]);
    }
  }
  for (size_t i = 0; i < GENERATIONS_WINDOW; i++) {
    if (by < GENERATIONS_WINDOW - i) {
      app->window[i] = app->window[i + by];
    } else {
      memset(&app->window[i], 0, sizeof(app->window[i]));
    }
  }
  app->base = base;
}

/* generations_keys returns the keys of generation |gen|, at or after |base|,
   made when first asked for; NULL when that fails. */
static quic_keys *generations_keys(qd_keyring *ring, qd_app *app,
                                   uint32_t gen) {
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

static int generations_one(const qd_attempt *at, qd_app *app, uint32_t gen,
                           const quic_unmasked *um, bool guess) {
  quic_keys *keys = generations_keys(at->ring, app, gen);
  int rv;

  if (!keys || !keys->suite) {
    return QUIC_ERR_AUTH;
  }
  /* Far packet numbers are looked for under the likely generations only. */
  rv = qd_attempt_windows(
      at, keys, um, gen <= app->current + 1 ? qd_attempt_depth(at, guess) : 1);
  if (rv == 0) {
    at->res->generation = gen;
    if (gen > app->current) {
      app->current = gen;
      if (gen - 1 > app->base) {
        generations_rebase(app, gen - 1);
      }
    }
  }
  return rv;
}

bool qd_keyring_current(const qd_keyring *ring, qd_side side, qd_current *out) {
  const qd_app *app = ring->app[side];

  if (!app || !app->first.verified || !app->first.keys.suite) {
    return false;
  }
  out->keys = app->current == 0 ? &app->first.keys
                                : &app->window[app->current - app->base];
  out->hp = app->first.keys.hp;
  out->generation = app->current;
  out->largest = ring->spaces[side].app[0].largest;
  return out->keys->suite != NULL;
}

/* generations_cut picks the generation of a packet whose end is lost: nothing
   would tell a wrong one from a right one, but the packet number does. */
static int generations_cut(const qd_attempt *at, qd_app *app,
                           const quic_unmasked *um, bool guess) {
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
  return generations_one(at, app, gen, um, guess);
}

/* generations_all tries the generations whose key phase bit is the packet's:
   the current one, the one before, and those after. */
static int generations_all(const qd_attempt *at, const quic_unmasked *um,
                           bool guess, void *ctx) {
  qd_app *app = ctx;
  uint32_t phase = (um->first & QUIC_FIRST_KEY_PHASE) != 0;
  uint32_t current = app->current;
  uint32_t last = app->base + GENERATIONS_WINDOW - 1;
  int rv = QUIC_ERR_AUTH;

  if (at->h->missing) {
    return generations_cut(at, app, um, guess);
  }
  if (at->ring->depth == 1) {
    last = current + 1;
  }
  if ((current & 1) == phase) {
    rv = generations_one(at, app, current, um, guess);
  } else if (current > app->base) {
    rv = generations_one(at, app, current - 1, um, guess);
  }
  for (uint32_t gen = current + 1; gen <= last && rv == QUIC_ERR_AUTH; gen++) {
    if ((gen & 1) == phase) {
      rv = generations_one(at, app, gen, um, guess);
    }
  }
  return rv;
}

/* generations_reset forgets generations, to start from |base|. */
static void generations_reset(qd_app *app, uint32_t base) {
  for (size_t i = 0; i < GENERATIONS_WINDOW; i++) {
    quic_keys_free(&app->window[i]);
  }
  app->current = app->base = base;
  app->made = 0;
}

/* generations_guess tries all generations of keys that have opened nothing yet,
   from about where the other direction is. */
static int generations_guess(const qd_attempt *at, const quic_unmasked *um,
                             bool guess, void *ctx) {
  qd_app *app = ctx;
  const qd_keyring *ring = at->ring;
  const qd_app *other = ring->app[app == ring->app[QD_CLIENT]];
  uint32_t start = other && other->current > 1 ? other->current - 1 : 0;
  int rv;

  generations_reset(app, start);
  rv = generations_all(at, um, guess, app);
  if (rv != 0) {
    generations_reset(app, 0);
  }
  return rv;
}

int qd_generations_open(const qd_attempt *at, qd_side side) {
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
    return qd_slot_guess(at, &app->first, label, generations_guess, app);
  }
  if (!app->first.keys.suite &&
      qd_slot_make(ring, &app->first, app->first.suite) != 0) {
    return QUIC_ERR_AUTH;
  }
  if (other && other->current > app->base + GENERATIONS_WINDOW - 1) {
    /* An endpoint is at most one key update behind its peer (RFC 9001 §6). */
    generations_rebase(app, other->current - 1);
    app->current = app->base;
  }
  rv = qd_attempt_masked(at, app->first.keys.hp, false, generations_all, app);
  if (rv == 0) {
    qd_slot_prove(at, &app->first);
  } else if (rv == QUIC_ERR_AUTH && qd_slot_doubt(at, &app->first)) {
    rv = qd_slot_guess(at, &app->first, label, generations_guess, app);
  }
  return rv;
}
