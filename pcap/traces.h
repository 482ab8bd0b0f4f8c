#ifndef QD_TRACES_H
#define QD_TRACES_H

/* All traces: takes what the decoder hands out, keeps a bounded number of
   connections, and tells the outputs. */

#include "base/map.h"
#include "pcap/output.h"
#include "pcap/trace.h"

#define QD_TRACES_MAX 8192 /* connections followed at one time */
/* Octets that all of them may take; beyond that the one that was silent longest
   is ended, or streams of the only one. */
#define QD_TRACES_OCTETS (48u << 20)
/* Ranges of numbers of connections that were ended for want of room. */
#define QD_TRACES_DONE_MAX 65536

typedef struct qd_traces qd_traces;

typedef struct qd_traces_settings {
  const quic_mem *mem;
  uint64_t seed[2];
  qd_output *const *outputs; /* borrowed */
  size_t noutputs;
  bool findings; /* keep findings and costs of each, too */
} qd_traces_settings;

/* qd_traces_new returns 0 or QUIC_ERR_NOMEM. */
int qd_traces_new(qd_traces **out,
                  const qd_traces_settings *settings) QUIC_MUST_USE;
void qd_traces_del(qd_traces *ts);

/* qd_traces_packet takes one packet; |shown| = it fits the filter.  Returns 0,
   or QUIC_ERR_NOMEM: something is missing from the reports now. */
int qd_traces_packet(qd_traces *ts, const qd_packet *p,
                     bool shown) QUIC_MUST_USE;

/* qd_traces_finish ends all connections, in the order of their numbers. */
void qd_traces_finish(qd_traces *ts);

/* Connections ended before their time, for want of room. */
uint64_t qd_traces_evicted(const qd_traces *ts);

#endif /* !defined(QD_TRACES_H) */
