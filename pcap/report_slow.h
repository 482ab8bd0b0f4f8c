#ifndef QD_REPORT_SLOW_H
#define QD_REPORT_SLOW_H

/* What --slow tells of a connection.  The trace has findings and costs, if
   there was memory for them. */

#include "analysis/limits.h"
#include "base/text.h"
#include "pcap/trace.h"

/* qd_slow_sender returns the side that sent more data, whose limits count. */
int qd_slow_sender(const qd_trace *tr);

/* What limited it, in thousandths of a per cent of the time. */
typedef struct qd_slow_shares {
  uint64_t share[QUIC_LIMITS];
  quic_duration time[QUIC_LIMITS];
  quic_limit most;
  bool no_window; /* the capture does not show it */
} qd_slow_shares;

/* qd_slow_shares_of fills |out|; false without findings.  As long as nothing
   was lost and less was in flight than any sender may begin with, the window
   was not what limited it. */
bool qd_slow_shares_of(const qd_trace *tr, qd_slow_shares *out);

/* qd_slow_duration returns the time from its first to its last packet. */
quic_duration qd_slow_duration(const qd_trace *tr);

/* Where the octets of one side went; all but |ip_udp| add up to |octets|. */
typedef struct qd_costs_split {
  uint64_t octets; /* UDP payload */
  uint64_t body;   /* content of requests and responses */
  uint64_t stream; /* other stream data, each once: HTTP/3, QPACK */
  uint64_t datagrams;
  uint64_t tls;      /* CRYPTO, each once */
  uint64_t repeated; /* STREAM and CRYPTO again */
  uint64_t acks, padding;
  uint64_t frames;  /* all that is left of frames */
  uint64_t headers; /* of packets, and their tags */
  uint64_t closed;  /* packets that were not opened */
  uint64_t ip_udp;  /* at least, and not in |octets| */
} qd_costs_split;

/* qd_costs_split_of needs |tr->costs|. */
void qd_costs_split_of(const qd_trace *tr, int side, qd_costs_split *out);

/* The first screen, then the details; each but the first two needs
   |tr->costs|. */
void qd_report_slow(quic_text *t, const qd_trace *tr, quic_time start);
void qd_report_waterfall(quic_text *t, const qd_trace *tr);
void qd_report_flight(quic_text *t, const qd_trace *tr, quic_time start);
void qd_report_overhead(quic_text *t, const qd_trace *tr);
void qd_report_slowest(quic_text *t, const qd_trace *tr, quic_time start);
void qd_report_findings(quic_text *t, const qd_trace *tr, quic_time start);

#endif /* !defined(QD_REPORT_SLOW_H) */
