#include "pcap/lane.h"

#include "wire/pktnum.h"

uint64_t qd_lane_id(const qd_conn *conn, qd_side side) {
  return 1 + 2 * (uint64_t)conn->number + (side == QD_SERVER);
}

bool qd_lane_fits(const qd_lane *lane, const qd_conn *conn, qd_side side) {
  qd_current now;

  if (lane->id != qd_lane_id(conn, side) ||
      lane->loss_bits != conn->ring.loss_bits) {
    return false;
  }
  /* Keys that were chilled are the same when they are made again. */
  return !qd_keyring_current(&conn->ring, side, &now) ||
         (now.generation == lane->generation &&
          quic_keys_same(now.keys, &lane->keys[0]));
}

int qd_lane_fill(qd_lane *lane, const quic_mem *mem, const qd_conn *conn,
                 qd_side side) {
  const quic_crypto *crypto = conn->ring.crypto;
  qd_current now;
  int rv;

  qd_lane_free(lane);
  if (!qd_keyring_current(&conn->ring, side, &now)) {
    return QUIC_ERR_AGAIN;
  }
  rv = quic_keys_copy(&lane->keys[0], mem, now.keys);
  if (rv == 0) {
    rv = crypto->hp_copy(&lane->hp, mem, now.hp);
  }
  if (rv != 0) {
    qd_lane_free(lane);
    return rv;
  }
  lane->id = qd_lane_id(conn, side);
  lane->generation = now.generation;
  lane->loss_bits = conn->ring.loss_bits;
  lane->largest = now.largest;
  lane->epoch = 0;
  lane->credit = QD_LANE_CREDIT;
  return 0;
}

void qd_lane_free(qd_lane *lane) {
  const quic_crypto *crypto = lane->keys[0].crypto;

  if (lane->hp) {
    crypto->hp_del(lane->hp);
    lane->hp = NULL;
  }
  for (size_t i = 0; i < sizeof(lane->keys) / sizeof(lane->keys[0]); i++) {
    quic_keys_free(&lane->keys[i]);
  }
  lane->id = 0;
  lane->fill++;
}

const quic_keys *qd_lane_keys(qd_lane *lane, const quic_mem *mem,
                              unsigned who) {
  quic_keys *keys = &lane->keys[who];

  if (!keys->suite && quic_keys_copy(keys, mem, &lane->keys[0]) != 0) {
    return NULL;
  }
  return keys;
}

int qd_lane_foresee(qd_lane *lane, quic_bytes raw, size_t cid_len,
                    qd_foreseen *out) {
  quic_header h = {.pn_offset = 1 + cid_len};
  int rv = quic_packet_unmask(lane->keys[0].crypto, lane->hp, raw.data, raw.len,
                              &h, lane->loss_bits, &out->um);

  if (rv != 0) {
    return rv;
  }
  if (((out->um.first & QUIC_FIRST_KEY_PHASE) != 0) != (lane->generation & 1)) {
    return QUIC_ERR_AGAIN;
  }
  out->pn_offset = h.pn_offset;
  out->pn =
      quic_pktnum_decode(lane->largest, out->um.truncated, out->um.pn_len);
  if (lane->largest == QUIC_PKTNUM_NONE ||
      (out->pn > lane->largest && out->pn - lane->largest <= QD_LANE_JUMP)) {
    lane->largest = out->pn;
  }
  return 0;
}

void qd_lane_correct(qd_lane *lane, uint32_t epoch, uint64_t pn,
                     uint64_t real) {
  if (epoch != lane->epoch) {
    return;
  }
  if (pn != real) {
    lane->largest += real - pn; /* what came since was off by as much */
    lane->epoch++;
  } else if (pn > lane->largest) {
    lane->largest = pn;
  }
}

void qd_lane_score(qd_lane *lane, bool of_use) {
  if (!of_use && lane->credit) {
    lane->credit--;
  } else if (of_use && lane->credit && lane->credit < QD_LANE_CREDIT) {
    lane->credit++;
  }
}
