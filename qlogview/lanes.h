#ifndef QV_LANES_H
#define QV_LANES_H

/* qv_lanes keeps when STREAM frames of each stream passed: who shares the
   connection with whom (multiplexing).  Time is cut into slots whose width
   doubles when they are full; the streams that come first have a lane each, all
   later ones share the last. */

#include "qlogview/chart.h"
#include "qlog/event.h"

#define QV_LANES_MAX 64
#define QV_LANE_SLOTS 4096
#define QV_LANE_NAME 32

typedef struct qv_lanes qv_lanes;

int qv_lanes_new(qv_lanes **out, const quic_mem *mem) QUIC_MUST_USE;
void qv_lanes_del(qv_lanes *l);

/* qv_lanes_event takes packet_sent and packet_received; times must not fall. */
void qv_lanes_event(qv_lanes *l, const qlog_event *e);

/* qv_lanes_count returns how many lanes there are, and with |*streams| of how
   many streams at least. */
size_t qv_lanes_count(const qv_lanes *l, uint64_t *streams);

/* What is known of a lane. */
typedef struct qv_lane {
  const char *name;   /* "0", "others"; valid as long as the lanes */
  uint64_t stream_id; /* QLOG_NONE: others */
  uint64_t frames[2]; /* sent, received */
  uint64_t octets[2]; /* of STREAM data in them */
} qv_lane;

/* qv_lanes_at tells of lane |i|; false past the end. */
bool qv_lanes_at(const qv_lanes *l, size_t i, qv_lane *out);

/* qv_lanes_slot returns the width of a slot: what is drawn is exact at its
   multiples. */
quic_duration qv_lanes_slot(const qv_lanes *l);

/* qv_lanes_columns reduces lane |i| to the |c->ncolumns| columns of |c|: marks
   where there was a frame. */
void qv_lanes_columns(const qv_lanes *l, size_t i, const qv_chart *c,
                      qv_column *out);

#endif /* !defined(QV_LANES_H) */
