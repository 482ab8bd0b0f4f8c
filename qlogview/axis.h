#ifndef QV_AXIS_H
#define QV_AXIS_H

/* qv_axis is a scale with round ticks (1, 2 or 5 times a power of ten) and how
   its values are written. */

#include "analysis/findings.h"
#include "base/text.h"

#define QV_AXIS_LABEL_MAX 8 /* cells of a label */
#define QV_AXIS_LABEL_OCTETS 32

typedef struct qv_axis {
  quic_unit unit;
  uint64_t lo, hi, step; /* hi > lo */
  /* inner */
  uint64_t scale;
  int decimals;
  const char *suffix, *title;
} qv_axis;

/* qv_axis_fit makes a scale that holds |min| and |max| and has about |ticks|
   (> 0) steps.  Times are taken as durations. */
void qv_axis_fit(qv_axis *a, quic_unit unit, uint64_t min, uint64_t max,
                 int ticks);

/* qv_axis_title returns what stands above the axis: "octets", "ms", "Mbit/s";
   "" for counts. */
const char *qv_axis_title(const qv_axis *a);

/* qv_axis_label writes a tick's value: "1.5M", "20".  One that takes more than
   QV_AXIS_LABEL_MAX characters loses its first digits to an ellipsis. */
void qv_axis_label(const qv_axis *a, uint64_t value, quic_text *t);

/* qv_axis_next moves |*value| to the next tick; the first is |a->lo|. Returns
   false behind the last. */
bool qv_axis_next(const qv_axis *a, uint64_t *value);

/* qv_axis_place returns where |value|, brought inside, stands among |n| (> 0)
   places: 0 is the lowest, n - 1 the highest. */
int qv_axis_place(const qv_axis *a, uint64_t value, int n);

#endif /* !defined(QV_AXIS_H) */
