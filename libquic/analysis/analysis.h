#ifndef QUIC_ANALYSIS_ANALYSIS_H
#define QUIC_ANALYSIS_ANALYSIS_H

/* quic_analysis takes the events of one connection and keeps what its parts
   make of them.  It decodes nothing and knows no source.

   What a source must give: packet_sent for what the side of |sent_is_client|
   sent and packet_received for the other; header.pn with header.pn_len > 0 when
   the packet number is known; frames with has_frames; the length of STREAM and
   CRYPTO data as data.len + missing; record numbers and addresses where it has
   them; times that do not fall. */

#include "analysis/close.h"
#include "analysis/flow.h"
#include "analysis/path.h"
#include "analysis/phases.h"
#include "analysis/recovery.h"
#include "analysis/side.h"
#include "analysis/totals.h"

typedef struct quic_analysis_settings {
  quic_vantage vantage;
  bool sent_is_client;                  /* packet_sent means: by the client */
  uint64_t seed[2];                     /* for hash tables */
  quic_flow_retired_fn *stream_retired; /* NULL = nobody */
  void *user;
} quic_analysis_settings;

typedef struct quic_analysis quic_analysis;

/* quic_analysis_new starts an analysis.  |inferred| may be NULL; it takes what
   was concluded and not recorded: packet_lost, recovery_metrics_updated
   (inferred = 1), connection_state_updated, spin_bit_updated, key_updated,
   connection_closed.  Of events that belong to one of both sides, |side| is
   "client" or "server"; the others have none.  Returns 0 or QUIC_ERR_NOMEM. */
int quic_analysis_new(quic_analysis **out, const quic_mem *mem,
                      const quic_analysis_settings *settings,
                      qlog_sink *inferred) QUIC_MUST_USE;
void quic_analysis_del(quic_analysis *a);

/* quic_analysis_event takes one event.  Memory that is not there costs what
   could not be kept, never the run. */
void quic_analysis_event(quic_analysis *a, const qlog_event *e);

/* quic_analysis_sink returns |a| as a sink. */
qlog_sink *quic_analysis_sink(quic_analysis *a);

/* Why no more events come. */
typedef enum quic_analysis_reason {
  QUIC_END_OF_TRACE,
  QUIC_END_SUPERSEDED /* the source knows that the client started anew */
} quic_analysis_reason;

/* quic_analysis_end settles the verdict: the trace goes on until |last|, the
   time of its last record of whatever connection.  Events may follow, and it
   may be called again. */
void quic_analysis_end(quic_analysis *a, quic_time last,
                       quic_analysis_reason reason);

/* quic_analysis_side returns what |e| says is its sender: for packet events who
   sent the packet. */
int quic_analysis_side(const quic_analysis *a, const qlog_event *e);

/* The parts; valid as long as |a|.  flow is NULL before the first frame. */
const quic_totals *quic_analysis_totals(const quic_analysis *a, int side);
const quic_sent *quic_analysis_sent(const quic_analysis *a, int side,
                                    quic_space space);
const quic_flow *quic_analysis_flow(const quic_analysis *a);
const quic_phases *quic_analysis_phases(const quic_analysis *a);
const quic_path *quic_analysis_path(const quic_analysis *a);
const quic_close *quic_analysis_close(const quic_analysis *a); /* settled by
    quic_analysis_end; QUIC_CLOSED_UNKNOWN before, and without memory */

/* quic_analysis_share returns the round trips between the vantage point and
   |side|: from seeing a packet on its way there to seeing its ACK come back,
   less the acknowledgment delay.  At an endpoint that of the other side is the
   whole. */
const quic_rtt *quic_analysis_share(const quic_analysis *a, int side);

/* quic_analysis_rtt returns the whole round trip as the sender |side| would
   measure it: the sum of both shares. */
const quic_rtt *quic_analysis_rtt(const quic_analysis *a, int side);

/* quic_analysis_metrics returns what the endpoint itself told last
   (recovery_metrics_updated, absent values carried on), or NULL. */
const qlog_metrics *quic_analysis_metrics(const quic_analysis *a);

/* quic_analysis_sum adds up the counts of all spaces of |side|. */
void quic_analysis_sum(const quic_analysis *a, int side, quic_sent_counts *out);

/* What the transport parameters say of time. */
typedef struct quic_analysis_limits {
  bool known[QUIC_SIDES];         /* its transport parameters were seen */
  quic_duration idle[QUIC_SIDES]; /* max_idle_timeout; 0 = none */
  quic_duration max_ack_delay[QUIC_SIDES]; /* the RFC's default if not known */
} quic_analysis_limits;

const quic_analysis_limits *quic_analysis_limits_of(const quic_analysis *a);

#endif /* !defined(QUIC_ANALYSIS_ANALYSIS_H) */
