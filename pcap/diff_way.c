/* What two records of a connection tell of the way between them. */

#include <stdlib.h>

#include "pcap/diff_data.h"

#define WAY_SECOND 1e9 /* ns */

/* A packet that both have. */
typedef struct way_step {
  int64_t delta;  /* time in B less time in A */
  uint32_t up;    /* place in the record nearer to the sender ... */
  uint32_t down;  /* ... and in the other one */
  uint32_t front; /* largest |up| that arrived so far */
} way_step;

static const qd_diff_packet *way_packets(const qd_diff *d,
                                         qd_diff_which which) {
  return d->records[which].packets;
}

/* way_delta returns time in B less time in A, as if B's clock did not drift. */
static int64_t way_delta(const qd_diff *d, const qd_diff_pair *pr,
                         const qd_diff_packet *a) {
  /* Clocks of captures are far below 2^63 ns. */
  int64_t delta = (int64_t)(way_packets(d, QD_DIFF_B)[a->match].time - a->time);

  return pr->drifts ? delta - (int64_t)((double)pr->drift *
                                        (double)(int64_t)(a->time - pr->start) /
                                        WAY_SECOND)
                    : delta;
}

/* Clocks. */

typedef struct way_bound {
  int64_t delta;
  quic_time at;
} way_bound;

typedef struct way_bounds {
  uint64_t n[QD_SIDES];
  way_bound least[QD_SIDES], most[QD_SIDES];
} way_bounds;

typedef struct way_solution {
  qd_diff_which near;
  int64_t round_trip, offset;
  quic_time at; /* when |offset| was that */
} way_solution;

static void bounds_add(way_bounds *b, int side, int64_t delta, quic_time at) {
  if (b->n[side] == 0 || delta < b->least[side].delta) {
    b->least[side] = (way_bound){delta, at};
  }
  if (b->n[side] == 0 || delta > b->most[side].delta) {
    b->most[side] = (way_bound){delta, at};
  }
  b->n[side]++;
}

static way_solution bounds_of(qd_diff_which near, const way_bound *least,
                              const way_bound *most) {
  int64_t round_trip = least->delta - most->delta;
  quic_time early = least->at < most->at ? least->at : most->at;
  quic_time late = least->at < most->at ? most->at : least->at;

  return (way_solution){.near = near,
                        .round_trip = round_trip,
                        .offset = most->delta + round_trip / 2,
                        .at = early + (late - early) / 2};
}

/* bounds_near returns which of both an endpoint's log says is nearer to the
   client, or QD_DIFF_BOTH. */
static qd_diff_which bounds_near(const qd_diff_pair *pr) {
  int a = pr->conn[QD_DIFF_A]->end, b = pr->conn[QD_DIFF_B]->end;

  return a == QD_CLIENT || b == QD_SERVER   ? QD_DIFF_A
         : a == QD_SERVER || b == QD_CLIENT ? QD_DIFF_B
                                            : QD_DIFF_BOTH;
}

/* bounds_solve makes of the fastest packet each way who is nearer to the
   client, the round trip between both points, and the offset of the clocks:
   what goes from A to B arrives half a round trip after A's time, what comes
   back left as much before it. */
static way_solution bounds_solve(const qd_diff_pair *pr, const way_bounds *b) {
  way_solution a_near =
      bounds_of(QD_DIFF_A, &b->least[QD_CLIENT], &b->most[QD_SERVER]);
  way_solution b_near =
      bounds_of(QD_DIFF_B, &b->least[QD_SERVER], &b->most[QD_CLIENT]);
  qd_diff_which near = bounds_near(pr);

  return near == QD_DIFF_A                        ? a_near
         : near == QD_DIFF_B                      ? b_near
         : a_near.round_trip >= b_near.round_trip ? a_near
                                                  : b_near;
}

static void way_clocks(const qd_diff *d, qd_diff_pair *pr) {
  const qd_diff_conn *c = pr->conn[QD_DIFF_A];
  const qd_diff_packet *a = way_packets(d, QD_DIFF_A);
  way_bounds all = {0};
  way_solution found;

  for (size_t i = c->start; i < (size_t)c->start + c->len; i++) {
    if (a[i].match != QD_DIFF_NONE) {
      bounds_add(&all, a[i].side, way_delta(d, pr, &a[i]), a[i].time);
    }
  }
  pr->timed = all.n[QD_CLIENT] && all.n[QD_SERVER];
  pr->near = bounds_near(pr) == QD_DIFF_B ? QD_DIFF_B : QD_DIFF_A;
  if (pr->timed) {
    found = bounds_solve(pr, &all);
    pr->near = found.near;
    pr->offset = found.offset;
    pr->round_trip = found.round_trip > 0 ? (quic_duration)found.round_trip : 0;
  }
}

/* way_span finds the first and the last packet that both have, in A's time.
   Returns how long it is in between. */
static quic_duration way_span(const qd_diff *d, qd_diff_pair *pr,
                              quic_time *last) {
  const qd_diff_conn *c = pr->conn[QD_DIFF_A];
  const qd_diff_packet *a = way_packets(d, QD_DIFF_A);

  pr->start = QUIC_TIME_NEVER;
  *last = 0;
  for (size_t i = c->start; i < (size_t)c->start + c->len; i++) {
    if (a[i].match != QD_DIFF_NONE) {
      pr->start = a[i].time < pr->start ? a[i].time : pr->start;
      *last = a[i].time > *last ? a[i].time : *last;
    }
  }
  return quic_time_since(*last, pr->start);
}

/* way_drift compares the offsets of the first and the last third. */
static void way_drift(const qd_diff *d, qd_diff_pair *pr) {
  const qd_diff_conn *c = pr->conn[QD_DIFF_A];
  const qd_diff_packet *a = way_packets(d, QD_DIFF_A);
  way_bounds part[2];
  way_solution found[2];
  quic_time last;
  quic_duration third = way_span(d, pr, &last) / 3;

  if (third < QD_DIFF_DRIFT_MIN / 3) {
    return;
  }
  memset(part, 0, sizeof(part));
  for (size_t i = c->start; i < (size_t)c->start + c->len; i++) {
    bool early = a[i].time < pr->start + third;

    if (a[i].match != QD_DIFF_NONE && (early || a[i].time > last - third)) {
      bounds_add(&part[!early], a[i].side, way_delta(d, pr, &a[i]), a[i].time);
    }
  }
  for (int i = 0; i < 2; i++) {
    if (part[i].n[QD_CLIENT] < QD_DIFF_DRIFT_PACKETS ||
        part[i].n[QD_SERVER] < QD_DIFF_DRIFT_PACKETS) {
      return;
    }
    found[i] = bounds_solve(pr, &part[i]);
  }
  if (found[1].near == found[0].near && found[1].at > found[0].at) {
    pr->drift = (int64_t)((double)(found[1].offset - found[0].offset) *
                          WAY_SECOND / (double)(found[1].at - found[0].at));
    pr->drifts = true;
  }
}

/* Delay and order. */

static int step_delta(const void *a, const void *b) {
  int64_t x = ((const way_step *)a)->delta, y = ((const way_step *)b)->delta;

  return (x > y) - (x < y);
}

/* step_down is the order of arrival. */
static int step_down(const void *a, const void *b) {
  const way_step *x = a, *y = b;

  return x->down != y->down ? (x->down > y->down) - (x->down < y->down)
                            : (x->up > y->up) - (x->up < y->up);
}

static void way_delays(qd_diff_way *w, way_step *steps, size_t n) {
  int64_t least;

  qsort(steps, n, sizeof(*steps), step_delta);
  least = steps[0].delta;
  w->median = (quic_duration)(steps[(n - 1) / 2].delta - least);
  w->p99 = (quic_duration)(steps[(n - 1) * 99 / 100].delta - least);
  w->max = (quic_duration)(steps[n - 1].delta - least);
}

/* steps_overtook returns the first of |n| steps behind which one stands that
   was sent after |up|: |front| never falls. */
static size_t steps_overtook(const way_step *steps, size_t n, uint32_t up) {
  size_t low = 0, high = n;

  while (low < high) {
    size_t mid = low + (high - low) / 2;

    if (steps[mid].front > up) {
      high = mid;
    } else {
      low = mid + 1;
    }
  }
  return low;
}

/* way_reordered counts what arrives behind something that was sent later, and
   how far behind (RFC 4737 §4.2.1). */
static void way_reordered(qd_diff_way *w, way_step *steps, size_t n) {
  qsort(steps, n, sizeof(*steps), step_down);
  for (size_t i = 0; i < n; i++) {
    uint32_t front = i ? steps[i - 1].front : 0;
    uint64_t extent;

    steps[i].front = steps[i].up > front ? steps[i].up : front;
    if (steps[i].up >= front) {
      continue;
    }
    w->reordered++;
    extent = i - steps_overtook(steps, i, steps[i].up);
    w->reorder_max = extent > w->reorder_max ? extent : w->reorder_max;
  }
}

static void way_steps(const qd_diff *d, qd_diff_pair *pr, int side) {
  const qd_diff_conn *c = pr->conn[QD_DIFF_A];
  const qd_diff_packet *a = way_packets(d, QD_DIFF_A);
  const qd_diff_packet *b = way_packets(d, QD_DIFF_B);
  bool a_up = (pr->near == QD_DIFF_A) == (side == QD_CLIENT);
  way_step *steps = d->scratch;
  size_t n = 0;

  for (size_t i = c->start; i < (size_t)c->start + c->len; i++) {
    if (a[i].side == side && a[i].match != QD_DIFF_NONE) {
      const qd_diff_packet *m = &b[a[i].match];

      steps[n++] = (way_step){.delta = a_up ? way_delta(d, pr, &a[i])
                                            : -way_delta(d, pr, &a[i]),
                              .up = a_up ? a[i].record : m->record,
                              .down = a_up ? m->record : a[i].record};
    }
  }
  pr->way[side].both = n;
  if (n) {
    way_delays(&pr->way[side], steps, n);
    way_reordered(&pr->way[side], steps, n);
  }
}

/* What only one of them has. */

/* only_outside: |p| of |which| passed when the other one did not record. */
static bool only_outside(const qd_diff *d, const qd_diff_pair *pr,
                         qd_diff_which which, const qd_diff_packet *p) {
  const qd_diff_record *other = &d->records[!which];
  int64_t offset = which == QD_DIFF_A ? pr->offset : -pr->offset;
  quic_time then = p->time + (quic_time)offset;

  return pr->timed && (then < other->first || then > other->last);
}

static void only_add(qd_diff_only *o, const qd_diff_packet *p) {
  bool goes_on = o->run && o->space == p->space && p->number <= o->next;

  o->packets++;
  if (p->space % 4 == QD_DIFF_NUMBERLESS) {
    o->numberless++;
    return;
  }
  if (!goes_on) {
    o->run = 0;
    o->more += o->nranges == QD_DIFF_RANGES_MAX;
    o->kept = o->nranges < QD_DIFF_RANGES_MAX;
    if (o->kept) {
      o->ranges[o->nranges++] = (qd_diff_range){
          .space = p->space, .type = p->type, .from = p->number};
    }
  }
  o->run += !goes_on || p->number == o->next;
  o->run_max = o->run > o->run_max ? o->run : o->run_max;
  o->space = p->space;
  o->next = p->number + 1;
  if (o->kept) {
    o->ranges[o->nranges - 1].to = p->number;
  }
}

static void way_only(const qd_diff *d, qd_diff_pair *pr, qd_diff_which which) {
  const qd_diff_conn *c = pr->conn[which];
  const qd_diff_packet *p = way_packets(d, which);

  for (size_t i = c->start; i < (size_t)c->start + c->len; i++) {
    qd_diff_way *w = &pr->way[p[i].side];

    w->packets[which]++;
    if (p[i].match != QD_DIFF_NONE) {
      continue;
    }
    if (only_outside(d, pr, which, &p[i])) {
      w->only[which].outside++;
    } else {
      only_add(&w->only[which], &p[i]);
    }
  }
}

/* What differs. */

static bool way_differs(const qd_diff_packet *a, const qd_diff_packet *b) {
  return (a->size && b->size && a->size != b->size) ||
         (a->octets && b->octets && a->octets != b->octets) ||
         (a->frames && b->frames && a->frames != b->frames);
}

static void way_differences(const qd_diff *d, qd_diff_pair *pr) {
  const qd_diff_conn *c = pr->conn[QD_DIFF_A];
  const qd_diff_packet *a = way_packets(d, QD_DIFF_A);
  const qd_diff_packet *b = way_packets(d, QD_DIFF_B);

  for (size_t i = c->start; i < (size_t)c->start + c->len; i++) {
    const qd_diff_packet *m;

    if (a[i].match == QD_DIFF_NONE) {
      continue;
    }
    m = &b[a[i].match];
    if (a[i].addr < QD_DIFF_ADDRS_MAX && m->addr < QD_DIFF_ADDRS_MAX) {
      pr->moved |= (uint64_t)1 << (8 * a[i].addr + m->addr);
    }
    if (!way_differs(&a[i], m)) {
      continue;
    }
    pr->differ++;
    if (!pr->first[QD_DIFF_A] || a[i].time < pr->first[QD_DIFF_A]->time) {
      pr->first[QD_DIFF_A] = &a[i];
      pr->first[QD_DIFF_B] = m;
    }
  }
}

int qd_diff_pair_of(qd_diff *d, uint32_t conn, qd_diff_pair *out) {
  const qd_diff_conn *c = &d->records[QD_DIFF_A].conns[conn];
  void *scratch = d->scratch;

  memset(out, 0, sizeof(*out));
  if (quic_mem_grow(d->mem, &scratch, &d->scratch_cap, c->len,
                    sizeof(way_step)) != 0) {
    return QUIC_ERR_NOMEM;
  }
  d->scratch = scratch;
  out->conn[QD_DIFF_A] = c;
  out->conn[QD_DIFF_B] = &d->records[QD_DIFF_B].conns[c->match];
  out->by = (qd_diff_by)c->by;
  way_drift(d, out);
  way_clocks(d, out);
  for (int side = 0; side < QD_SIDES; side++) {
    way_steps(d, out, side);
  }
  way_only(d, out, QD_DIFF_A);
  way_only(d, out, QD_DIFF_B);
  way_differences(d, out);
  return 0;
}
