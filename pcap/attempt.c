#include "pcap/attempt.h"

#include "pcap/ahead.h"
#include "wire/pktnum.h"
#include "wire/varint.h"

bool qd_work_left(const qd_keyring *ring) {
  if (!ring->work || ring->work->left > 0) {
    return true;
  }
  ring->work->refused++;
  return false;
}

void qd_work_spend(const qd_keyring *ring, size_t amount) {
  if (ring->work) {
    ring->work->left -= (int64_t)amount;
  }
}

static int attempt_pn(const qd_attempt *at, const quic_keys *keys,
                      const quic_unmasked *um, uint64_t pn) {
  qd_opened *res = at->res;
  size_t len = at->h->packet_len;
  int rv;

  if (!qd_work_left(at->ring)) {
    return QUIC_ERR_AUTH;
  }
  if (at->h->missing) {
    rv = quic_packet_open_prefix(keys, at->raw.data, len, at->h, um,
                                 at->path_id, pn, at->out, &res->payload);
    if (rv == 0 && !qd_keyring_plausible(res->payload, at->h->type)) {
      rv = QUIC_ERR_AUTH;
    }
  } else if (!at->ring->ahead ||
             !qd_ahead_open(at->ring->ahead, keys, at->raw.data, at->h, um,
                            at->path_id, pn, &rv, &res->payload)) {
    rv = quic_packet_open(keys, at->raw.data, len, at->h, um, at->path_id, pn,
                          at->out, &res->payload);
  }
  if (rv != 0) {
    qd_work_spend(at->ring, len > QD_WORK_OPEN ? len : QD_WORK_OPEN);
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

int qd_attempt_windows(const qd_attempt *at, const quic_keys *keys,
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

int qd_attempt_masked(const qd_attempt *at, quic_hp *hp, bool guess,
                      qd_attempt_fn *fn, void *ctx) {
  uint8_t reserved =
      at->h->is_long ? QUIC_FIRST_RESERVED_LONG : QUIC_FIRST_RESERVED_SHORT;
  int loss_bits = at->ring->loss_bits && !at->h->is_long;
  int rv = QUIC_ERR_AUTH;

  for (; loss_bits >= 0 && rv == QUIC_ERR_AUTH; loss_bits--) {
    quic_unmasked um;

    rv = 0;
    if (!at->ring->ahead || !qd_ahead_unmask(at->ring->ahead, hp, at->raw.data,
                                             at->h, loss_bits != 0, &um)) {
      rv = quic_packet_unmask(at->ring->crypto, hp, at->raw.data,
                              at->h->packet_len, at->h, loss_bits != 0, &um);
    }
    if (rv != 0) {
      return rv;
    }
    rv = (guess || at->h->missing) && !loss_bits && (um.first & reserved)
             ? QUIC_ERR_AUTH
             : fn(at, &um, guess, ctx);
  }
  return rv;
}

uint64_t qd_attempt_depth(const qd_attempt *at, bool guess) {
  uint64_t depth = guess && !at->ring->suite_proven ? 4 : QD_PN_WINDOWS;

  return at->ring->depth && at->ring->depth < depth ? at->ring->depth : depth;
}
