#ifndef QD_FIGURES_H
#define QD_FIGURES_H

/* Figures of a whole connection, both sides taken together, that tables show
   and expectations ask for. */

#include "analysis/analysis.h"

/* What was lost by the sides of which that can be told. */
typedef struct qd_figures_loss {
  uint64_t packets;  /* that these sides sent */
  uint64_t lost;     /* for good: without the spurious ones */
  uint64_t spurious; /* declared lost, but had arrived (RFC 9002 §6.1) */
} qd_figures_loss;

/* qd_figures_judged: it can be told what of |side| was lost, for the other's
   ACKs were seen and most of its own packets opened. */
bool qd_figures_judged(const quic_analysis *a, int side);

/* qd_figures_lost adds up what the judged sides lost.  Returns false when there
   is no such side: nothing is known. */
bool qd_figures_lost(const quic_analysis *a, qd_figures_loss *loss);

/* qd_figures_rtt returns the round trip as the client would measure it, else
   as the server would; NULL without a sample.  Borrowed from |a|. */
const quic_rtt *qd_figures_rtt(const quic_analysis *a);

/* qd_figures_streams returns how many streams were opened. */
uint64_t qd_figures_streams(const quic_analysis *a);

#endif /* !defined(QD_FIGURES_H) */
