#include "qlogview/compare.h"

#include "qlogview/say.h"

#define COMPARE_RATIO_MAX 1000000 /* told as a figure; beyond: "> 1000x" */

/* clang-format off */
#define OF(member) false, offsetof(qv_figures, member)
#define SENT(member) true, offsetof(qv_figures_side, member)
static const qv_compare_metric compare_metrics[] = {
    {"duration", "lasted", QUIC_UNIT_NS, OF(duration)},
    {"packets", "packets sent", QUIC_UNIT_COUNT, SENT(packets)},
    {"octets", "octets sent", QUIC_UNIT_OCTETS, SENT(octets)},
    {"data", "stream data sent", QUIC_UNIT_OCTETS, SENT(data)},
    {"goodput", "goodput", QUIC_UNIT_BPS, OF(goodput)},
    {"lost", "packets lost", QUIC_UNIT_COUNT, SENT(lost)},
    {"lost_share", "lost of those sent", QUIC_UNIT_PERCENT_MILLI,
     SENT(lost_share)},
    {"spurious", "declared lost in vain", QUIC_UNIT_COUNT, SENT(spurious)},
    {"rtt_min", "round trip, least", QUIC_UNIT_NS, OF(rtt_min)},
    {"rtt_smoothed", "round trip, at the end", QUIC_UNIT_NS, OF(rtt_smoothed)},
    {"requests", "requests", QUIC_UNIT_COUNT, OF(requests)},
    {"finished", "requests finished", QUIC_UNIT_COUNT, OF(finished)},
    {"first_median", "to first octet, median", QUIC_UNIT_NS, OF(first_median)},
    {"total_median", "whole request, median", QUIC_UNIT_NS, OF(total_median)},
};
/* clang-format on */

void qv_compare_init(qv_compare *cmp, const qv_figures *a,
                     const qv_figures *b) {
  uint64_t client =
      a->side[QUIC_SIDE_CLIENT].data / 2 + b->side[QUIC_SIDE_CLIENT].data / 2;
  uint64_t server =
      a->side[QUIC_SIDE_SERVER].data / 2 + b->side[QUIC_SIDE_SERVER].data / 2;

  cmp->a = a;
  cmp->b = b;
  cmp->sender = client > server ? QUIC_SIDE_CLIENT : QUIC_SIDE_SERVER;
}

const qv_compare_metric *qv_compare_metric_at(size_t i) {
  return i < sizeof(compare_metrics) / sizeof(compare_metrics[0])
             ? &compare_metrics[i]
             : NULL;
}

uint64_t qv_compare_value(const qv_compare *cmp, const qv_figures *f,
                          const qv_compare_metric *metric) {
  const char *base =
      metric->of_sender ? (const char *)&f->side[cmp->sender] : (const char *)f;
  uint64_t value;

  memcpy(&value, base + metric->offset, sizeof(value));
  return value;
}

uint64_t qv_compare_ratio(uint64_t a, uint64_t b) {
  double ratio;

  if (a == QLOG_NONE || b == QLOG_NONE || a == 0) {
    return QLOG_NONE;
  }
  ratio = (double)b * QV_COMPARE_MILLI / (double)a;
  return ratio < (double)COMPARE_RATIO_MAX ? (uint64_t)(ratio + 0.5)
                                           : COMPARE_RATIO_MAX;
}

void qv_compare_say_ratio(quic_text *t, uint64_t ratio) {
  if (ratio == QLOG_NONE) {
    return;
  }
  if (ratio >= COMPARE_RATIO_MAX) {
    quic_text_str(t, "over 1000x");
  } else if (ratio >= 2 * QV_COMPARE_MILLI) {
    quic_text_printf(t, "%llu.%llux", (unsigned long long)(ratio / 1000),
                     (unsigned long long)(ratio % 1000 / 100));
  } else if (ratio == QV_COMPARE_MILLI) {
    quic_text_char(t, '=');
  } else if (ratio > QV_COMPARE_MILLI) {
    quic_text_printf(t, "+%llu.%llu %%",
                     (unsigned long long)((ratio - 1000) / 10),
                     (unsigned long long)(ratio % 10));
  } else {
    quic_text_printf(t, "-%llu.%llu %%",
                     (unsigned long long)((1000 - ratio) / 10),
                     (unsigned long long)((1000 - ratio) % 10));
  }
}

static const qv_compare_metric *compare_metric(const char *key) {
  const qv_compare_metric *m = compare_metrics;

  while (strcmp(m->key, key) != 0) {
    m++;
  }
  return m;
}

uint64_t qv_compare_speed(const qv_compare *cmp, const qv_compare_metric **by) {
  uint64_t ratio = qv_compare_ratio(cmp->b->total_median, cmp->a->total_median);

  /* A request's end is no idle timeout later. */
  if (ratio != QLOG_NONE && cmp->a->total_median) {
    *by = compare_metric("total_median");
    return ratio;
  }
  *by = compare_metric("goodput");
  return cmp->b->goodput ? qv_compare_ratio(cmp->a->goodput, cmp->b->goodput)
                         : QLOG_NONE;
}

qv_compare_fate qv_compare_fate_of(const qv_compare *cmp, quic_finding_id id) {
  return (qv_compare_fate)((cmp->a->found[id].severity >= 0) * QV_COMPARE_GONE +
                           (cmp->b->found[id].severity >= 0) * QV_COMPARE_NEW);
}

/* compare_findings names findings of weight that have this |fate|. */
static bool compare_findings(const qv_compare *cmp, qv_compare_fate fate,
                             const char *title, quic_text *t) {
  const qv_figures *f = fate == QV_COMPARE_GONE ? cmp->a : cmp->b;
  bool any = false;

  for (int id = 0; id < QUIC_FINDING_IDS; id++) {
    if (qv_compare_fate_of(cmp, (quic_finding_id)id) == fate &&
        f->found[id].severity > (int)QUIC_NOTE) {
      quic_text_str(t, any ? ", " : title);
      quic_text_str(t, quic_finding_info_of((quic_finding_id)id)->key);
      any = true;
    }
  }
  return any;
}

/* compare_faster says how much: "2.1x as fast", "12.3 % faster". */
static void compare_faster(quic_text *t, uint64_t ratio) {
  if (ratio < 2 * QV_COMPARE_MILLI) {
    quic_text_printf(t, "%llu.%llu %% faster",
                     (unsigned long long)((ratio - QV_COMPARE_MILLI) / 10),
                     (unsigned long long)((ratio - QV_COMPARE_MILLI) % 10));
  } else {
    qv_compare_say_ratio(t, ratio);
    quic_text_str(t, " as fast");
  }
}

static void compare_speed(const qv_compare *cmp, quic_text *t) {
  const qv_compare_metric *by;
  uint64_t ratio = qv_compare_speed(cmp, &by);

  if (ratio == QLOG_NONE) {
    quic_text_str(t, "no data to tell the speed by");
    return;
  }
  if (ratio + QV_COMPARE_SAME >= QV_COMPARE_MILLI &&
      ratio <= QV_COMPARE_MILLI + QV_COMPARE_SAME) {
    quic_text_str(t, "B is as fast as A");
  } else if (ratio > QV_COMPARE_MILLI) {
    quic_text_str(t, "B is ");
    compare_faster(t, ratio);
  } else {
    quic_text_str(t, "B is slower: A is ");
    compare_faster(t,
                   ratio ? (uint64_t)QV_COMPARE_MILLI * QV_COMPARE_MILLI / ratio
                         : COMPARE_RATIO_MAX);
  }
  quic_text_printf(t, " (%s)", by->label);
}

void qv_compare_verdict(const qv_compare *cmp, quic_text *t) {
  bool gone, come;

  compare_speed(cmp, t);
  gone = compare_findings(cmp, QV_COMPARE_GONE, "; gone: ", t);
  come = compare_findings(cmp, QV_COMPARE_NEW, "; new: ", t);
  if (!gone && !come &&
      !compare_findings(cmp, QV_COMPARE_BOTH, "; both have: ", t)) {
    quic_text_str(t, "; neither has a finding of weight");
  }
}
