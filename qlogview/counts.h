#ifndef QV_COUNTS_H
#define QV_COUNTS_H

/* qv_counts counts what the events of a connection are made of. */

#include "analysis/side.h"

#define QV_COUNTS_FRAMES 64 /* rows of the frame table, at most */

/* What may become of a packet. */
typedef enum qv_counts_way {
  QV_COUNTS_CLIENT, /* the client sent it: quic_side */
  QV_COUNTS_SERVER,
  QV_COUNTS_DROPPED,
  QV_COUNTS_BUFFERED,
  QV_COUNTS_LOST,
  QV_COUNTS_WAYS
} qv_counts_way;

#define QV_COUNTS_DROPS (QLOG_DROP_GENERAL + 2) /* the last: not told */
#define QV_COUNTS_LOSSES (QLOG_LOST_PTO_EXPIRED + 2)

typedef struct qv_counts {
  bool sent_is_client;
  uint64_t total; /* events, unknown ones included */
  uint64_t unknown;
  uint64_t events[QLOG_EVENT_TYPES];
  uint64_t packets[QUIC_PACKET_TYPES][QV_COUNTS_WAYS];
  uint64_t frames[QV_COUNTS_FRAMES][QUIC_SIDES]; /* by row of the frame table */
  uint64_t unknown_frames[QUIC_SIDES];
  uint64_t drops[QV_COUNTS_DROPS];
  uint64_t losses[QV_COUNTS_LOSSES];
} qv_counts;

void qv_counts_init(qv_counts *counts, bool sent_is_client);

/* qv_counts_event counts |e|; NULL is an event that no draft knows. */
void qv_counts_event(qv_counts *counts, const qlog_event *e);

#endif /* !defined(QV_COUNTS_H) */
