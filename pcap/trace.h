#ifndef QD_TRACE_H
#define QD_TRACE_H

/* One connection as reports see it: its packets as events, what the analysis
   makes of them, its streams and what the application says on them.  The
   decoder knows nothing of it. */

#include "analysis/findings.h"
#include "base/list.h"
#include "pcap/conn.h"
#include "pcap/costs.h"
#include "pcap/frames.h"
#include "pcap/httpstats.h"
#include "pcap/request.h"
#include "pcap/stream.h"

struct qd_traces;

/* What was told as an event already. */
typedef struct qd_trace_told {
  bool started;
  bool offer;  /* ALPN that the client offers */
  bool choice; /* ALPN that the server chose */
  bool suite;
  bool tparams[QD_SIDES];
  bool versions;     /* some were told of */
  bool chosen;       /* and which was chosen */
  uint32_t version;  /* that the client tried first; 0 = not seen */
  uint32_t answered; /* of the newest long header of the server; 0 */
  size_t violations; /* of flow control */
} qd_trace_told;

/* Takes what the analysis concludes. */
typedef struct qd_inferred {
  qlog_sink base;
  struct qd_trace *trace;
} qd_inferred;

typedef struct qd_trace {
  uint32_t number; /* of the connection */
  quic_list lru;
  struct qd_traces *all;
  qd_conn *conn; /* a reference is held */
  quic_analysis *analysis;
  quic_findings *findings; /* both NULL unless they are asked for */
  qd_costs *costs;
  qd_inferred inferred;
  qd_streams streams;
  qd_trace_told told;
  uint8_t odcid_len; /* of the first packet, whatever its version */
  uint8_t odcid[QUIC_CID_MAX];
  bool selected; /* a packet of it fitted the filter */
  bool shown;    /* the one in work does */
  bool http3;    /* by its ALPN */
  unsigned ack_delay_exponent[QD_SIDES];
  bool unknown_app;        /* the application protocol cannot be told */
  bool early;              /* streams hold what came in 0-RTT packets */
  const qd_packet *packet; /* in work; NULL behind the last one */
  quic_time now;           /* of the newest packet */
  uint64_t requests;       /* begun */
  uint64_t responses;      /* final status seen */
  uint64_t failed;         /* status 400 and above */
  qd_httpstats http;       /* filled when the connection ended */
  uint64_t notes;          /* violations noticed in the application protocol */
} qd_trace;

/* qd_trace_emit hands |e| to the analysis and the outputs. */
void qd_trace_emit(qd_trace *tr, const qlog_event *e);

/* qd_trace_warn emits a loglevel:warning: something that a rule forbids.
   |text| may quote only what was escaped. */
void qd_trace_warn(qd_trace *tr, uint64_t code, const char *text);

/* qd_trace_request tells of a request that ended, or of which no more can come.
   qd_trace_body hands on its content as it comes. */
void qd_trace_request(qd_trace *tr, qd_request *rq);
void qd_trace_body(qd_trace *tr, qd_request *rq, qd_side side, quic_bytes data);

/* qd_trace_mem is the allocator of everything that belongs to |tr|. */
const quic_mem *qd_trace_mem(const qd_trace *tr);

/* qd_trace_odcid returns the original destination connection ID, as far as it
   is known; borrowed from |tr|. */
quic_bytes qd_trace_odcid(const qd_trace *tr);

/* qd_trace_request_number counts the requests of the capture. */
uint64_t qd_trace_request_number(qd_trace *tr);

#endif /* !defined(QD_TRACE_H) */
