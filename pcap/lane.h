#ifndef QD_LANE_H
#define QD_LANE_H

/* One direction of a connection, as far as its 1-RTT packets can be foreseen:
   copies of the keys for each thread, and the packet number to come. */

#include "crypto/protect.h"
#include "pcap/conn.h"
#include "pcap/workers.h"

/* A packet number so much above the largest may be chance, and is not taken for
   the largest. */
#define QD_LANE_JUMP 4096
/* Packets opened in vain, in the balance, after which a lane is given up. */
#define QD_LANE_CREDIT 1024

typedef struct qd_lane {
  uint64_t id; /* of connection and side; 0 = unused */
  uint32_t generation;
  uint32_t fill;                      /* grows when the lane gets other keys */
  quic_keys keys[1 + QD_WORKERS_MAX]; /* one for each that opens packets */
  quic_hp *hp;
  bool loss_bits;
  uint64_t largest; /* packet number foreseen */
  uint32_t epoch;   /* grows when |largest| is put right */
  uint32_t credit;  /* QD_LANE_CREDIT at the start; 0 = given up */
  uint64_t used;    /* by the clock of who owns it */
} qd_lane;

/* What is foreseen of a packet. */
typedef struct qd_foreseen {
  size_t pn_offset;
  quic_unmasked um;
  uint64_t pn;
} qd_foreseen;

/* qd_lane_id names |side| of |conn|; never 0. */
uint64_t qd_lane_id(const qd_conn *conn, qd_side side);

/* qd_lane_fits: the lane is that of |side| of |conn|, and has its keys. */
bool qd_lane_fits(const qd_lane *lane, const qd_conn *conn, qd_side side);

/* qd_lane_fill makes the lane that of |side| of |conn|.  No job may use it.
   Returns 0, QUIC_ERR_AGAIN (no keys have opened anything), or what
   quic_keys_copy does; the lane is then unused. */
int qd_lane_fill(qd_lane *lane, const quic_mem *mem, const qd_conn *conn,
                 qd_side side) QUIC_MUST_USE;
void qd_lane_free(qd_lane *lane);

/* qd_lane_keys returns the keys for thread |who|, which is the one that calls:
   it makes them when it first needs them, so that they are in memory of its own
   and not beside another's, who writes there all the time.  NULL without
   memory. */
const quic_keys *qd_lane_keys(qd_lane *lane, const quic_mem *mem, unsigned who);

/* qd_lane_foresee unmasks the short header packet |raw| with a CID of |cid_len|
   octets and tells its number.  Returns 0, QUIC_ERR_AGAIN (another key
   generation), or what quic_packet_unmask does. */
int qd_lane_foresee(qd_lane *lane, quic_bytes raw, size_t cid_len,
                    qd_foreseen *out) QUIC_MUST_USE;

/* qd_lane_correct puts the lane right: what was foreseen in |epoch| as |pn| was
   |real|. */
void qd_lane_correct(qd_lane *lane, uint32_t epoch, uint64_t pn, uint64_t real);

/* qd_lane_score counts a packet that was opened for use, or in vain. */
void qd_lane_score(qd_lane *lane, bool of_use);

#endif /* !defined(QD_LANE_H) */
