#ifndef QD_HOLD_H
#define QD_HOLD_H

/* Packets that wait: for a key, or for an earlier packet that does, so that
   what is shown stays in the order of the capture.  Bounded in octets. */

#include "pcap/conn.h"

#define QD_HOLD_CONN_BYTES (8u << 20) /* waiting packets of one connection */
#define QD_HOLD_BYTES (32u << 20)     /* all */

#define QD_HOLD_HANDSHAKE (10 * QUIC_SECOND) /* for a hello, in the capture */

typedef void qd_packet_fn(void *user, const qd_packet *p);

typedef struct qd_held {
  quic_list order;   /* in qd_hold.order, or .parked once |shown| */
  quic_list pending; /* in qd_conn.pending while |waiting| */
  bool waiting;      /* for a key */
  bool shown;        /* as closed, when patience ended */
  quic_time since;   /* it is held, by the clock of qd_hold_tick */
  size_t bytes;
  qd_packet p;     /* its octets are in |block| */
  uint8_t block[]; /* raw packet, then room for the opened one */
} qd_held;

typedef struct qd_hold {
  const quic_mem *mem;
  quic_list order;  /* held back, oldest first */
  quic_list parked; /* shown as closed, and waiting on; oldest first */
  size_t bytes;
  quic_duration patience; /* ns that a waiting packet may hold others back,
                             before it is shown as closed; it then goes on
                             waiting.  QUIC_TIME_NEVER = to the end. */
  quic_time now;          /* of the last qd_hold_tick */
  uint64_t given_up;      /* packets that waited until memory was short */
  qd_packet_fn *fn;
  void *user;
} qd_hold;

void qd_hold_init(qd_hold *hold, const quic_mem *mem, quic_duration patience,
                  qd_packet_fn *fn, void *user);

/* qd_hold_free drops what is held, without handing it out. */
void qd_hold_free(qd_hold *hold);

/* qd_hold_packet takes a copy of |p| that waits for a key of its connection,
   or shows it at once when that fails. */
void qd_hold_packet(qd_hold *hold, const qd_packet *p);

/* qd_hold_show hands |p| out, after all that is held back. */
void qd_hold_show(qd_hold *hold, const qd_packet *p);

/* qd_hold_replace puts |p| in the place of |held|, which stays behind it;
   called again it adds another.  qd_hold_discard then drops |held| unseen. */
void qd_hold_replace(qd_hold *hold, qd_held *held, const qd_packet *p);
void qd_hold_discard(qd_hold *hold, qd_held *held);

/* qd_hold_settle ends the waiting of |held|: its packet is final.  One that was
   shown as closed is shown again when it was opened; |held| is then gone. */
void qd_hold_settle(qd_hold *hold, qd_held *held);

/* qd_hold_expire shows as closed what waits for a handshake and is older than
   QD_HOLD_HANDSHAKE at |now|, by the time of the capture; it goes on waiting
   without holding others back. */
void qd_hold_expire(qd_hold *hold, quic_time now);

/* qd_hold_tick tells the time, by any clock that does not go back, and shows
   what lost patience. */
void qd_hold_tick(qd_hold *hold, quic_time now);

/* qd_hold_release hands out what no longer waits. */
void qd_hold_release(qd_hold *hold);

/* qd_hold_finish hands out everything; those that wait stay closed. */
void qd_hold_finish(qd_hold *hold);

#endif /* !defined(QD_HOLD_H) */
