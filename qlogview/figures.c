#include "qlogview/figures.h"

#include <stdlib.h>

static void figures_sides(qv_figures *f, const qv_connection *c) {
  const quic_flow *flow = quic_analysis_flow(c->analysis);
  uint64_t data;

  for (int side = 0; side < QUIC_SIDES; side++) {
    const quic_totals *totals = quic_analysis_totals(c->analysis, side);
    qv_figures_side *s = &f->side[side];
    quic_sent_counts counts;

    quic_analysis_sum(c->analysis, side, &counts);
    s->packets = totals->packets;
    s->octets = totals->octets;
    s->data = flow ? quic_flow_side_of(flow, side)->sum : 0;
    s->lost_told = counts.told_lost != 0;
    s->lost = s->lost_told ? counts.told_lost : counts.lost;
    s->lost_share =
        s->packets ? (uint64_t)((double)s->lost * 100000 / (double)s->packets)
                   : 0;
    s->spurious = counts.spurious;
  }
  f->sender = f->side[QUIC_SIDE_SERVER].data >= f->side[QUIC_SIDE_CLIENT].data
                  ? QUIC_SIDE_SERVER
                  : QUIC_SIDE_CLIENT;
  data = f->side[f->sender].data;
  if (data && f->duration) {
    f->goodput = (uint64_t)((double)data * 8e9 / (double)f->duration);
  }
}

static void figures_rtt(qv_figures *f, const qv_connection *c) {
  int local = c->sent_is_client ? QUIC_SIDE_CLIENT : QUIC_SIDE_SERVER;
  const qlog_metrics *m = quic_analysis_metrics(c->analysis);
  const quic_rtt *rtt = quic_analysis_rtt(c->analysis, local);

  f->rtt_min = f->rtt_smoothed = QLOG_NONE;
  if (m && m->min_rtt != QLOG_NONE && m->smoothed_rtt != QLOG_NONE) {
    f->rtt_told = true;
    f->rtt_min = m->min_rtt;
    f->rtt_smoothed = m->smoothed_rtt;
  } else if (rtt->samples) {
    f->rtt_min = rtt->min;
    f->rtt_smoothed = rtt->smoothed;
  }
}

static void figures_limits(qv_figures *f, const qv_connection *c) {
  const quic_limits *l = quic_findings_limits(c->findings);

  f->limits_known = l && f->duration;
  for (int i = 0; f->limits_known && i < QUIC_LIMITS; i++) {
    f->share[i] = quic_limits_share(l, (quic_limit)i);
  }
}

static void figures_findings(qv_figures *f, const qv_connection *c) {
  const quic_finding *found;

  f->worst = -1;
  for (int id = 0; id < QUIC_FINDING_IDS; id++) {
    f->found[id].severity = -1;
  }
  for (size_t i = 0; (found = quic_findings_at(c->findings, i)); i++) {
    qv_figures_found *of = &f->found[found->id];

    if (!found->determinable) {
      continue;
    }
    f->findings++;
    f->serious += found->severity != QUIC_NOTE;
    if ((int)found->severity > of->severity) {
      of->severity = (int8_t)found->severity;
    }
    if ((int)found->severity > f->worst) {
      f->worst = (int)found->severity;
    }
    /* The first of a kind has the sums. */
    if (found->count > of->count) {
      of->count = found->count;
      of->total = found->total;
    }
  }
}

static int figures_order(const void *a, const void *b) {
  const quic_duration *x = a, *y = b;

  return *x < *y ? -1 : *x > *y;
}

static quic_duration figures_median(quic_duration *all, size_t n) {
  if (n == 0) {
    return QLOG_NONE;
  }
  qsort(all, n, sizeof(*all), figures_order);
  return n % 2 ? all[n / 2] : all[n / 2 - 1] / 2 + all[n / 2] / 2;
}

static void figures_requests(qv_figures *f, const quic_mem *mem,
                             const qv_connection *c) {
  quic_duration *times;
  const quic_request *r;
  size_t first = 0, total = 0;

  f->first_median = f->total_median = QLOG_NONE;
  for (size_t i = 0; (r = quic_requests_at(c->requests, i)); i++) {
    f->requests++;
    f->finished += r->finished;
  }
  times = f->requests
              ? quic_mem_resize(mem, NULL, f->requests, 2 * sizeof(*times))
              : NULL;
  for (size_t i = 0; times && (r = quic_requests_at(c->requests, i)); i++) {
    if (quic_mark_set(&r->start) && quic_mark_set(&r->first)) {
      times[first++] = quic_time_since(r->first.time, r->start.time);
    }
    if (quic_mark_set(&r->start) && quic_mark_set(&r->end) && r->finished) {
      times[f->requests + total++] =
          quic_time_since(r->end.time, r->start.time);
    }
  }
  if (times) {
    f->first_median = figures_median(times, first);
    f->total_median = figures_median(times + f->requests, total);
  }
  quic_mem_free(mem, times);
}

void qv_figures_take(qv_figures *out, const quic_mem *mem,
                     const qv_connection *c) {
  const quic_close *close = quic_analysis_close(c->analysis);
  quic_text t;

  memset(out, 0, sizeof(*out));
  out->duration = quic_time_since(c->last, c->first);
  out->events = c->events;
  figures_sides(out, c);
  figures_rtt(out, c);
  figures_limits(out, c);
  figures_findings(out, c);
  figures_requests(out, mem, c);
  out->class = close->class;
  quic_text_init(&t, out->ended, sizeof(out->ended));
  quic_close_sentence(close, &t);
  (void)quic_text_cstr(&t);
}
