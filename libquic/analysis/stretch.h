#ifndef QUIC_ANALYSIS_STRETCH_H
#define QUIC_ANALYSIS_STRETCH_H

/* What detectors share: stretches of time with their records, the longest of
   many, and what frames say. */

#include "analysis/detector.h"

/* A stretch of time and the records at its ends. */
typedef struct quic_stretch {
  quic_time from, to;
  uint64_t record, last; /* QLOG_NONE */
  uint64_t id;           /* stream, packet; QLOG_NONE */
  int side;
} quic_stretch;

/* The longest of those that were told, and all of them counted. */
typedef struct quic_longest {
  quic_stretch items[QUIC_FINDING_EACH_MAX];
  size_t len;
  uint64_t count;
  quic_duration total;
} quic_longest;

void quic_longest_add(quic_longest *l, const quic_stretch *s);

/* quic_finding_of makes a finding of |id| over |s|, or NULL. */
quic_finding *quic_finding_of(quic_findings *f, quic_finding_id id,
                              const quic_stretch *s);

/* quic_duration_text writes |d| for people into |buf| and returns it. */
#define QUIC_DURATION_TEXT 24
const char *quic_duration_text(char buf[QUIC_DURATION_TEXT], quic_duration d);

/* quic_over returns when the connection was closed, where something says so,
   else the current time. */
quic_time quic_over(const quic_picture *p);

/* quic_eliciting: |p| asks for an acknowledgment, as far as is told. */
bool quic_eliciting(const qlog_packet *p);

static inline bool quic_frame_is_stream(const quic_frame *f) {
  return f->type >= QUIC_FRAME_STREAM && f->type < QUIC_FRAME_STREAM + 8;
}

/* quic_share returns |part| of |whole| in thousandths of a per cent. */
uint64_t quic_share(quic_duration part, quic_duration whole);

#endif /* !defined(QUIC_ANALYSIS_STRETCH_H) */
