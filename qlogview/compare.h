#ifndef QV_COMPARE_H
#define QV_COMPARE_H

/* qv_compare sets the figures of two connections beside each other: which
   figures there are, how each changed, which findings came and went, and a
   verdict. */

#include "qlogview/figures.h"

#define QV_COMPARE_MILLI 1000 /* a ratio of 1 */
#define QV_COMPARE_SAME 50    /* within 5 %: as fast */

/* A figure with a name. */
typedef struct qv_compare_metric {
  const char *key;   /* of JSON: "rtt_min" */
  const char *label; /* for people */
  quic_unit unit;
  bool of_sender; /* of the side that sent more data */
  uint16_t offset;
} qv_compare_metric;

typedef struct qv_compare {
  const qv_figures *a, *b; /* before, after */
  int sender;              /* of both: quic_side */
} qv_compare;

void qv_compare_init(qv_compare *cmp, const qv_figures *a, const qv_figures *b);

/* qv_compare_metric_at returns metric |i|, NULL past the end;
   qv_compare_value its value in |f|, QLOG_NONE when it is not known. */
const qv_compare_metric *qv_compare_metric_at(size_t i);
uint64_t qv_compare_value(const qv_compare *cmp, const qv_figures *f,
                          const qv_compare_metric *metric);

/* qv_compare_ratio returns |b| / |a| in thousandths, QLOG_NONE when one is not
   known or |a| is 0. */
uint64_t qv_compare_ratio(uint64_t a, uint64_t b);

/* qv_compare_say_ratio writes "2.1x", or nearer to 1 "+12.3 %"; "" when it is
   QLOG_NONE. */
void qv_compare_say_ratio(quic_text *t, uint64_t ratio);

/* qv_compare_speed returns how many times as fast the second is, in
   thousandths: by the median of requests where both finished some, else by
   goodput; QLOG_NONE.  |*by| names what it is made of. */
uint64_t qv_compare_speed(const qv_compare *cmp, const qv_compare_metric **by);

typedef enum qv_compare_fate {
  QV_COMPARE_NEITHER,
  QV_COMPARE_GONE, /* only the first has it */
  QV_COMPARE_NEW,  /* only the second */
  QV_COMPARE_BOTH
} qv_compare_fate;

/* qv_compare_fate_of tells what became of findings of |id|. */
qv_compare_fate qv_compare_fate_of(const qv_compare *cmp, quic_finding_id id);

/* qv_compare_verdict writes a sentence: "B is 2.1x as fast; gone:
   death_spiral". */
void qv_compare_verdict(const qv_compare *cmp, quic_text *t);

#endif /* !defined(QV_COMPARE_H) */
