#ifndef QUIC_ANALYSIS_EVIDENCE_H
#define QUIC_ANALYSIS_EVIDENCE_H

/* What detectors need to show where a finding comes from. */

#include "analysis/findings.h"

/* A short text as a value, to be an argument of quic_finding_line. */
typedef struct quic_evidence_text {
  char s[32];
} quic_evidence_text;

/* quic_evidence_duration returns |d| as people read it: "13.4 ms". */
quic_evidence_text quic_evidence_duration(quic_duration d);

/* quic_evidence_percent returns |part| of |whole|: "3.1 %"; "-" of nothing. */
quic_evidence_text quic_evidence_percent(uint64_t part, uint64_t whole);

/* quic_evidence_ratio returns |a| / |b| in thousandths, 0 when |b| is 0;
   saturates. */
uint64_t quic_evidence_ratio(uint64_t a, uint64_t b);

/* quic_evidence_app tells whether |e| is a packet of the application's packet
   number space that |side| sent. */
bool quic_evidence_app(const quic_analysis *a, const qlog_event *e, int side);

/* quic_evidence_told tells whether a finding of |id| in |f| covers a part of
   [from, to]. */
bool quic_evidence_told(const quic_findings *f, quic_finding_id id,
                        quic_time from, quic_time to);

#endif /* !defined(QUIC_ANALYSIS_EVIDENCE_H) */
