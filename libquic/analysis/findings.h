#ifndef QUIC_ANALYSIS_FINDINGS_H
#define QUIC_ANALYSIS_FINDINGS_H

/* quic_findings are what is wrong with a connection, or worth a look, each with
   the window of time and the records that show it.  Detectors
   (analysis/detector.h) make them from the same events that quic_analysis
   takes, whatever log or capture these come from.

     quic_analysis_event(a, e);
     quic_findings_event(f, e);
     ...
     quic_analysis_end(a, last, reason);
     quic_findings_end(f, last);
     for (i = 0; (found = quic_findings_at(f, i)); i++) ...

   A detector that lacks what it needs says so with a finding that is not
   determinable, once, and only if nothing else rules the matter out. */

#include "analysis/analysis.h"
#include "base/text.h"
#include "qlog/reader.h"

#define QUIC_FINDINGS_MAX 256 /* kept for a connection */
#define QUIC_FINDING_EACH_MAX                                                  \
  8 /* windows kept of one kind; the others count                              \
     */
#define QUIC_FINDING_TEXT_MAX 1024 /* octets of |text| */
#define QUIC_FINDING_FACTS_MAX 12

typedef enum quic_severity {
  QUIC_NOTE,    /* worth knowing; no fault by itself */
  QUIC_WARNING, /* costs time or octets */
  QUIC_CRITICAL /* the connection failed, or might as well have */
} quic_severity;

/* "note", "warning", "critical". */
const char *quic_severity_name(quic_severity s);

typedef enum quic_finding_id {
#define QUIC_FINDING(id, key, severity, title) QUIC_FOUND_##id,
#include "analysis/finding.def"
#undef QUIC_FINDING
  QUIC_FINDING_IDS
} quic_finding_id;

typedef struct quic_finding_info {
  const char *key; /* "death_spiral" */
  quic_severity severity;
  const char *title;
} quic_finding_info;

const quic_finding_info *quic_finding_info_of(quic_finding_id id);

typedef enum quic_unit {
  QUIC_UNIT_COUNT,
  QUIC_UNIT_OCTETS,
  QUIC_UNIT_NS, /* a duration */
  QUIC_UNIT_TIME,
  QUIC_UNIT_BPS,           /* bit/s */
  QUIC_UNIT_MILLI,         /* thousandths of a ratio */
  QUIC_UNIT_PERCENT_MILLI, /* thousandths of a per cent */
  QUIC_UNIT_ID             /* packet number, stream ID, code */
} quic_unit;

typedef struct quic_finding_fact {
  const char *name; /* static, snake case: "period", "lost_packets" */
  quic_unit unit;
  uint64_t value;
} quic_finding_fact;

typedef struct quic_finding {
  quic_finding_id id;
  quic_severity severity;
  bool determinable;     /* false: |text| says what is needed */
  quic_time from, to;    /* evidence window, events' clock */
  uint64_t record, last; /* its first and last record; QLOG_NONE */
  int side;              /* whom it concerns: quic_side */
  uint64_t stream_id;    /* QLOG_NONE */
  uint64_t count;        /* windows of this kind in all, on the first;
                                  0 on the others */
  quic_duration total;   /* their time, on the first */
  quic_finding_fact facts[QUIC_FINDING_FACTS_MAX];
  size_t nfacts;
  char text[QUIC_FINDING_TEXT_MAX]; /* lines, "\n" between them; printable */
} quic_finding;

typedef struct quic_findings quic_findings;

/* quic_findings_new starts over |analysis|, which must outlive it and gets each
   event first.  Returns 0 or QUIC_ERR_NOMEM. */
int quic_findings_new(quic_findings **out, const quic_mem *mem,
                      const quic_analysis_settings *settings,
                      const quic_analysis *analysis) QUIC_MUST_USE;
void quic_findings_del(quic_findings *f);

void quic_findings_event(quic_findings *f, const qlog_event *e);

/* quic_findings_log hands over what the reader of the log had to repair or to
   skip; before quic_findings_end, until which |stats| must live. */
void quic_findings_log(quic_findings *f, const qlog_reader_stats *stats);

/* quic_findings_end closes all windows at |last| and sorts: worst first, then
   by time.  Nothing may follow. */
void quic_findings_end(quic_findings *f, quic_time last);

/* quic_findings_at returns finding |i|, NULL past the end; sorted after
   quic_findings_end. */
const quic_finding *quic_findings_at(const quic_findings *f, size_t i);

/* quic_findings_worst returns the severity of the worst one that is
   determinable, or -1 when there is none. */
int quic_findings_worst(const quic_findings *f);

/* For detectors. */

/* quic_findings_add makes a finding of |id| with the table's severity over
   [from, to], or returns NULL: without memory, past QUIC_FINDINGS_MAX, or when
   QUIC_FINDING_EACH_MAX of the kind are kept and the new one is not longer than
   the shortest of them, which gives way.  It is counted all the same.  Valid
   until the next call. */
quic_finding *quic_findings_add(quic_findings *f, quic_finding_id id,
                                quic_time from, quic_time to);

/* quic_findings_need makes the one that says that |id| cannot be determined;
   |needs| is a clause: "cwnd (recovery_metrics_updated)". */
void quic_findings_need(quic_findings *f, quic_finding_id id,
                        const char *needs);

/* quic_finding_fact_add and quic_finding_line fill |found|; NULL is allowed.
   _line appends a line to the text; never give it strings from outside. */
void quic_finding_fact_add(quic_finding *found, const char *name,
                           quic_unit unit, uint64_t value);
void quic_finding_line(quic_finding *found, const char *fmt, ...)
    QUIC_PRINTF(2, 3);

#endif /* !defined(QUIC_ANALYSIS_FINDINGS_H) */
