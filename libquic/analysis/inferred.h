#ifndef QUIC_ANALYSIS_INFERRED_H
#define QUIC_ANALYSIS_INFERRED_H

/* quic_inferred hands on, as events, what the analysis concluded.  Without a
   sink each of these does nothing.  Events that belong to a side have its name
   as |group|. */

#include "analysis/close.h"
#include "analysis/rtt.h"
#include "analysis/sent.h"

void quic_inferred_lost(qlog_sink *sink, quic_time now, int side,
                        quic_space space, const quic_sent_record *r, int why);

void quic_inferred_metrics(qlog_sink *sink, quic_time now, int side,
                           const quic_rtt *rtt, const quic_sent *sent);

void quic_inferred_state(qlog_sink *sink, quic_time now, const char *old_state,
                         const char *new_state);

void quic_inferred_spin(qlog_sink *sink, quic_time now, int side, int state);

void quic_inferred_key(qlog_sink *sink, quic_time now, int side,
                       uint64_t phase);

/* quic_inferred_close_frame tells of the first CONNECTION_CLOSE, when it comes;
   quic_inferred_closed of an end without one, when the verdict is settled; of
   silence alone it tells nothing, unless an idle timeout must have fired.
   |sent_side| is the side that the trace calls local. */
void quic_inferred_close_frame(qlog_sink *sink, const quic_frame *f,
                               const quic_mark *at, int sent_side);
void quic_inferred_closed(qlog_sink *sink, const quic_close *c, quic_time now,
                          int sent_side);

#endif /* !defined(QUIC_ANALYSIS_INFERRED_H) */
