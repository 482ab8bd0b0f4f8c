#ifndef QV_FIGURES_H
#define QV_FIGURES_H

/* qv_figures are what can be said of a connection in numbers when it is over,
   for outputs that set connections beside each other: plain values, nothing
   borrowed. */

#include "analysis/limits.h"
#include "qlogview/load.h"

#define QV_FIGURES_ENDED_MAX 1536 /* octets kept of how it ended */

typedef struct qv_figures_side {
  uint64_t packets, octets; /* QUIC packets that this side sent */
  uint64_t data;            /* octets of STREAM data, each counted once */
  uint64_t lost;            /* packets */
  uint64_t lost_share;      /* of the packets, thousandths of a per cent */
  bool lost_told;           /* by the endpoint, else made out */
  uint64_t spurious;        /* of them: in vain */
} qv_figures_side;

/* Findings of one kind. */
typedef struct qv_figures_found {
  int8_t severity;     /* quic_severity; -1 = none determinable */
  uint64_t count;      /* windows */
  quic_duration total; /* their time */
} qv_figures_found;

typedef struct qv_figures {
  quic_duration duration;
  uint64_t events;
  qv_figures_side side[QUIC_SIDES];
  int sender;                          /* the side with more data: quic_side */
  uint64_t goodput;                    /* of its data, bit/s */
  quic_duration rtt_min, rtt_smoothed; /* QLOG_NONE */
  bool rtt_told;
  bool limits_known;
  uint64_t share[QUIC_LIMITS]; /* thousandths of a per cent */
  qv_figures_found found[QUIC_FINDING_IDS];
  int worst;                  /* quic_severity; -1 */
  uint64_t findings;          /* determinable ones, kept */
  uint64_t serious;           /* of them warnings and worse */
  uint64_t requests;          /* that were kept */
  uint64_t finished;          /* of them */
  quic_duration first_median; /* to the first octet; QLOG_NONE */
  quic_duration total_median; /* of those that finished; QLOG_NONE */
  quic_close_class class;
  char ended[QV_FIGURES_ENDED_MAX]; /* a sentence, printable */
} qv_figures;

/* qv_figures_take fills |out| from the settled analysis of |c|.  |mem| is for
   medians, which are absent without memory. */
void qv_figures_take(qv_figures *out, const quic_mem *mem,
                     const qv_connection *c);

#endif /* !defined(QV_FIGURES_H) */
