#ifndef QUIC_ANALYSIS_LIMITS_H
#define QUIC_ANALYSIS_LIMITS_H

/* quic_limits shares out the time of a connection by what kept its sender from
   sending more.  At each time exactly one holds; the shares add up to the whole
   from the first event to the last. */

#include "analysis/picture.h"

typedef enum quic_limit {
  QUIC_LIMIT_APPLICATION,   /* window open, nothing (more) to send */
  QUIC_LIMIT_CWND,          /* flight fills the window */
  QUIC_LIMIT_FLOW,          /* MAX_DATA, MAX_STREAM_DATA, MAX_STREAMS */
  QUIC_LIMIT_PACING,        /* window open, data waits for the pacer */
  QUIC_LIMIT_AMPLIFICATION, /* RFC 9000 §8.1 */
  QUIC_LIMIT_RECOVERY,      /* in recovery, or probing after a timeout */
  QUIC_LIMIT_IDLE,          /* nothing in flight, nothing to send */
  QUIC_LIMITS
} quic_limit;

/* "application", "cwnd", "flow_control", "pacing", "amplification",
   "loss_recovery", "idle". */
const char *quic_limit_name(quic_limit limit);

typedef struct quic_limits {
  quic_duration time[QUIC_LIMITS];
  quic_time from; /* QUIC_TIME_NEVER before the first event */
  quic_time last;
  quic_limit now;         /* what holds since |last| */
  bool told[QUIC_LIMITS]; /* by the logger itself, not only made out */
  bool no_window;         /* neither told nor to be made out: application, cwnd
                             and pacing are guesses */
  /* inner */
  int blocked; /* what connection_data_blocked_updated said last: quic_limit;
                  QLOG_UNSET */
  int stream_blocked; /* and stream_data_blocked_updated */
  quic_time sent;     /* last packet of the sender; QUIC_TIME_NEVER */
  quic_duration open; /* time since then that looks like APPLICATION */
  uint64_t lost;      /* packets so far */
  bool probing;       /* a probe timeout was told, and no ACK since */
  bool recovering;    /* until what was sent after a loss arrives */
  uint64_t recover;   /* the packet that ends it; QLOG_NONE: the next */
  uint64_t stream;    /* that the sender sent last; QLOG_NONE */
  uint64_t peak[2];   /* most octets in flight lately, and before */
  quic_time peak_at;
} quic_limits;

void quic_limits_init(quic_limits *l);

/* quic_limits_event takes an event with the picture after it; the time up to
   it belongs to what held before. */
void quic_limits_event(quic_limits *l, const quic_picture *p,
                       const qlog_event *e);
void quic_limits_end(quic_limits *l, quic_time last);

/* quic_limits_share returns the share of |limit| in thousandths of a per cent;
   all together are 100000, or all 0 when no time passed. */
uint64_t quic_limits_share(const quic_limits *l, quic_limit limit);

/* quic_limits_flow tells whether flow control stops the sender now, whatever
   else does. */
bool quic_limits_flow(const quic_limits *l, const quic_picture *p);

/* quic_findings_limits returns those that |f| keeps. */
struct quic_findings;
const quic_limits *quic_findings_limits(const struct quic_findings *f);

#endif /* !defined(QUIC_ANALYSIS_LIMITS_H) */
