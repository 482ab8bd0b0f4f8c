#ifndef QUIC_ANALYSIS_EVIDENCE_H
#define QUIC_ANALYSIS_EVIDENCE_H

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

/* quic_eliciting: |p| asks for an acknowledgment, as far as is told. */
bool quic_eliciting(const qlog_packet *p);

static inline bool quic_frame_is_stream(const quic_frame *f) {
  return f->type >= QUIC_FRAME_STREAM && f->type < QUIC_FRAME_STREAM + 8;
}

/* quic_share returns |part| of |whole| in thousandths of a per cent. */
uint64_t quic_share(quic_duration part, quic_duration whole);

/* What detectors need to show where a finding comes from. */

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

/* quic_evidence_record returns the record that |e| was told by. */
static inline uint64_t quic_evidence_record(const qlog_event *e) {
  return e->record == QLOG_NONE && qlog_event_is_packet(e) ? e->u.packet.number
                                                           : e->record;
}

/* quic_evidence_app tells whether |e| is a packet of the application's packet
   number space that |side| sent. */
bool quic_evidence_app(const quic_analysis *a, const qlog_event *e, int side);

#endif /* !defined(QUIC_ANALYSIS_EVIDENCE_H) */
