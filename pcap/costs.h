#ifndef QD_COSTS_H
#define QD_COSTS_H

/* qd_costs adds up where the octets and the time of a connection went, beside
   what the analysis keeps: what of the octets was no content, how
   acknowledgments came, the round trips of each path, the slowest requests. */

#include "analysis/analysis.h"
#include "pcap/request.h"
#include "qlog/event.h"

#define QD_COSTS_SLOWEST 5
#define QD_COSTS_URL 96
#define QD_COSTS_BINS 112 /* of the delay of ACKs: four to a power of two */

typedef struct qd_costs_request {
  uint64_t number, stream_id;
  unsigned status; /* 0 = none seen */
  quic_time begun;
  quic_duration ttfb, total; /* QUIC_TIME_NEVER: it did not come */
  uint64_t body;             /* octets of the response */
  char url[QD_COSTS_URL];    /* printable, cut */
} qd_costs_request;

typedef struct qd_costs_side {
  uint64_t payload;    /* octets of frames in packets that were opened */
  uint64_t opened;     /* octets of these packets */
  uint64_t closed;     /* octets of the others */
  uint64_t ack_octets; /* ACK frames */
  uint64_t acks;       /* of them in 1-RTT packets, with a delay */
  uint64_t delays[QD_COSTS_BINS];
  quic_duration delay_max;
  uint64_t stream, body; /* octets of request streams, of content in them */
  quic_time first_lost;  /* QUIC_TIME_NEVER: nothing was lost */
  uint64_t flight_lost;  /* most octets in flight before that */
  quic_rtt paths[QUIC_PATH_TUPLES_MAX]; /* by address pair */
} qd_costs_side;

typedef struct qd_costs {
  qd_costs_side side[QD_SIDES];
  qd_costs_request slowest[QD_COSTS_SLOWEST]; /* slowest first */
  size_t nslowest;
} qd_costs;

void qd_costs_init(qd_costs *c);

/* qd_costs_packet takes packet |e| of |side|. */
void qd_costs_packet(qd_costs *c, int side, const qlog_packet *p);

/* qd_costs_inferred takes what |a| concludes. */
void qd_costs_inferred(qd_costs *c, const quic_analysis *a,
                       const qlog_event *e);

/* qd_costs_request_add takes a request that ended at |now| at the latest. */
void qd_costs_request_add(qd_costs *c, const qd_request *rq, quic_time now);

/* qd_costs_delay returns the delay that |percent| of the ACKs of |side| do not
   pass, to a quarter of a power of two; 0 without any. */
quic_duration qd_costs_delay(const qd_costs *c, int side, unsigned percent);

#endif /* !defined(QD_COSTS_H) */
