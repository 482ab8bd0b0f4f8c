#include "analysis/series.h"

#include <string.h>

/* Items are samples, or leaves once there are leaves.  Both have the same two
   levels of nodes above, SERIES_FAN items to a node. */
#define SERIES_FAN 64
#define SERIES_LEVELS 3 /* the items are level 0 */
#define SERIES_LOW (QUIC_SERIES_EXACT / SERIES_FAN)
#define SERIES_HIGH (SERIES_LOW / SERIES_FAN)
#define SERIES_NODES (SERIES_LOW + SERIES_HIGH)
#define SERIES_ROOM_MIN 64 /* samples that the first memory holds */

typedef struct series_node {
  uint64_t first, min, max, last;
  uint64_t samples; /* 0 = the rest means nothing */
} series_node;

/* The values of a leaf, in this order. */
enum { LEAF_FIRST, LEAF_MIN, LEAF_MAX, LEAF_LAST, LEAF_VALUES };

struct quic_series {
  const quic_mem *mem;
  quic_series_kind kind;
  bool leaves;      /* else samples one by one */
  bool wide;        /* values have 64 bits, else 32 */
  unsigned shift;   /* a leaf is 1 << shift ns */
  uint64_t base;    /* number of the first leaf since time 0 */
  size_t n;         /* items in use */
  size_t room;      /* items that there is memory for */
  void *values;     /* one for a sample, LEAF_VALUES for a leaf */
  quic_time *times; /* of samples */
  uint32_t *counts; /* samples in a leaf; stays at its largest */
  series_node *nodes;
  uint64_t count, lost;
  quic_time first, last;
};

int quic_series_new(quic_series **out, const quic_mem *mem,
                    quic_series_kind kind) {
  quic_series *s = quic_mem_zalloc(mem, sizeof(*s));

  *out = s;
  if (!s) {
    return QUIC_ERR_NOMEM;
  }
  s->mem = mem;
  s->kind = kind;
  return 0;
}

void quic_series_del(quic_series *s) {
  if (!s) {
    return;
  }
  quic_mem_free(s->mem, s->values);
  quic_mem_free(s->mem, s->times);
  quic_mem_free(s->mem, s->counts);
  quic_mem_free(s->mem, s->nodes);
  quic_mem_free(s->mem, s);
}

static size_t series_width(bool wide) {
  return wide ? sizeof(uint64_t) : sizeof(uint32_t);
}

/* series_max returns how many of |max| items there may be. */
static size_t series_max(size_t max, bool wide) {
  return wide ? max / 2 : max;
}

static uint64_t series_value(const quic_series *s, size_t i) {
  return s->wide ? ((const uint64_t *)s->values)[i]
                 : ((const uint32_t *)s->values)[i];
}

static void series_set(quic_series *s, size_t i, uint64_t value) {
  if (s->wide) {
    ((uint64_t *)s->values)[i] = value;
  } else {
    ((uint32_t *)s->values)[i] = (uint32_t)value;
  }
}

/* node_add appends |b| to |a|. */
static void node_add(series_node *a, const series_node *b) {
  if (b->samples == 0) {
    return;
  }
  if (a->samples == 0) {
    *a = *b;
    return;
  }
  a->min = b->min < a->min ? b->min : a->min;
  a->max = b->max > a->max ? b->max : a->max;
  a->last = b->last;
  a->samples += b->samples;
}

static series_node series_leaf_node(const quic_series *s, size_t i) {
  size_t v = i * LEAF_VALUES;

  return (series_node){series_value(s, v + LEAF_FIRST),
                       series_value(s, v + LEAF_MIN),
                       series_value(s, v + LEAF_MAX),
                       series_value(s, v + LEAF_LAST), s->counts[i]};
}

static void series_leaf_set(quic_series *s, size_t i, const series_node *n) {
  size_t v = i * LEAF_VALUES;

  series_set(s, v + LEAF_FIRST, n->first);
  series_set(s, v + LEAF_MIN, n->min);
  series_set(s, v + LEAF_MAX, n->max);
  series_set(s, v + LEAF_LAST, n->last);
  s->counts[i] = n->samples < UINT32_MAX ? (uint32_t)n->samples : UINT32_MAX;
}

/* series_item returns item |i| of |level|. */
static series_node series_item(const quic_series *s, int level, size_t i) {
  uint64_t value;

  if (level) {
    return s->nodes[level == 1 ? i : SERIES_LOW + i];
  }
  if (s->leaves) {
    return series_leaf_node(s, i);
  }
  value = series_value(s, i);
  return (series_node){value, value, value, value, 1};
}

/* series_raise adds |n|, which joined item |i|, to the levels above. */
static void series_raise(quic_series *s, size_t i, const series_node *n) {
  node_add(&s->nodes[i / SERIES_FAN], n);
  node_add(&s->nodes[SERIES_LOW + i / SERIES_FAN / SERIES_FAN], n);
}

/* series_sum adds the items [from, to) to |out|, in wide steps where the levels
   above allow. */
static void series_sum(const quic_series *s, size_t from, size_t to,
                       series_node *out) {
  while (from < to) {
    size_t step = 1;
    series_node n;
    int level = 0;

    while (level < SERIES_LEVELS - 1 && from % (step * SERIES_FAN) == 0 &&
           to - from >= step * SERIES_FAN) {
      step *= SERIES_FAN;
      level++;
    }
    n = series_item(s, level, from / step);
    node_add(out, &n);
    from += step;
  }
}

/* Memory. */

/* series_room makes room for one sample more. */
static bool series_room(quic_series *s) {
  size_t room = s->room ? 2 * s->room : SERIES_ROOM_MIN;
  void *p;

  if (!s->nodes) {
    s->nodes = quic_mem_zalloc(s->mem, SERIES_NODES * sizeof(*s->nodes));
    if (!s->nodes) {
      return false;
    }
  }
  if (s->n < s->room) {
    return true;
  }
  p = quic_mem_resize(s->mem, s->times, room, sizeof(*s->times));
  if (!p) {
    return false;
  }
  s->times = p;
  p = quic_mem_resize(s->mem, s->values, room, series_width(s->wide));
  if (!p) {
    return false;
  }
  s->values = p;
  s->room = room;
  return true;
}

/* Leaves. */

static uint64_t series_number(const quic_series *s, quic_time time) {
  return time >> s->shift;
}

/* series_join puts |n| at |time|, whose leaf must exist. */
static void series_join(quic_series *s, quic_time time, const series_node *n) {
  size_t i = (size_t)(series_number(s, time) - s->base);
  series_node leaf;

  while (s->n <= i) {
    s->counts[s->n++] = 0;
  }
  leaf = series_leaf_node(s, i);
  node_add(&leaf, n);
  series_leaf_set(s, i, &leaf);
  series_raise(s, i, n);
}

/* series_double makes one leaf of two. */
static void series_double(quic_series *s) {
  uint64_t base = s->base >> 1;
  size_t n = 0;

  for (size_t i = 0; i < s->n; i++) {
    size_t to = (size_t)(((s->base + i) >> 1) - base);
    series_node leaf = series_leaf_node(s, i), sum = {0};

    if (to < n) {
      sum = series_leaf_node(s, to);
    }
    node_add(&sum, &leaf);
    series_leaf_set(s, to, &sum);
    n = to + 1;
  }
  s->n = n;
  s->base = base;
  s->shift++;
}

/* series_stretch widens the leaves until |max| of them reach |time|. */
static void series_stretch(quic_series *s, quic_time time, size_t max) {
  unsigned shift = s->shift;

  while (series_number(s, time) - s->base >= max) {
    series_double(s);
  }
  if (s->shift == shift) {
    return;
  }
  memset(s->nodes, 0, SERIES_NODES * sizeof(*s->nodes));
  for (size_t i = 0; i < s->n; i++) {
    series_node leaf = series_leaf_node(s, i);

    series_raise(s, i, &leaf);
  }
}

/* series_condense makes leaves, |wide| or not, of the samples. */
static bool series_condense(quic_series *s, bool wide) {
  size_t max = series_max(QUIC_SERIES_BUCKETS, wide);
  quic_series old = *s;
  uint32_t *counts = quic_mem_resize(s->mem, NULL, max, sizeof(*counts));
  void *values =
      quic_mem_resize(s->mem, NULL, max * LEAF_VALUES, series_width(wide));

  if (!counts || !values) {
    quic_mem_free(s->mem, counts);
    quic_mem_free(s->mem, values);
    return false;
  }
  s->counts = counts;
  s->values = values;
  s->times = NULL;
  s->leaves = true;
  s->wide = wide;
  s->n = 0;
  s->room = max;
  while ((s->last >> s->shift) - (s->first >> s->shift) >= max) {
    s->shift++;
  }
  s->base = s->first >> s->shift;
  memset(s->nodes, 0, SERIES_NODES * sizeof(*s->nodes));
  for (size_t i = 0; i < old.n; i++) {
    series_node n = series_item(&old, 0, i);

    series_join(s, old.times[i], &n);
  }
  quic_mem_free(s->mem, old.values);
  quic_mem_free(s->mem, old.times);
  return true;
}

/* series_widen gives values 64 bits. */
static bool series_widen(quic_series *s) {
  size_t room = s->leaves ? QUIC_SERIES_BUCKETS / 2 : s->room;
  size_t each = s->leaves ? LEAF_VALUES : 1;
  uint64_t *wide = NULL;
  uint32_t *counts;

  if (!s->leaves && s->n > QUIC_SERIES_EXACT / 2) {
    return series_condense(s, true);
  }
  if (room) {
    wide = quic_mem_resize(s->mem, NULL, room * each, sizeof(*wide));
    if (!wide) {
      return false;
    }
  }
  if (s->leaves) {
    series_stretch(s, s->last, room);
    counts = quic_mem_resize(s->mem, s->counts, room, sizeof(*counts));
    s->counts = counts ? counts : s->counts; /* larger than need be */
  }
  for (size_t i = 0; i < s->n * each; i++) {
    wide[i] = series_value(s, i);
  }
  quic_mem_free(s->mem, s->values);
  s->values = wide;
  s->room = room;
  s->wide = true;
  return true;
}

static bool series_store(quic_series *s, quic_time time, uint64_t value) {
  series_node n = {value, value, value, value, 1};

  if (value > UINT32_MAX && !s->wide && !series_widen(s)) {
    return false;
  }
  if (!s->leaves && s->n == series_max(QUIC_SERIES_EXACT, s->wide) &&
      !series_condense(s, s->wide)) {
    return false;
  }
  if (s->leaves) {
    series_stretch(s, time, series_max(QUIC_SERIES_BUCKETS, s->wide));
    series_join(s, time, &n);
    return true;
  }
  if (!series_room(s)) {
    return false;
  }
  s->times[s->n] = time;
  series_set(s, s->n, value);
  series_raise(s, s->n++, &n);
  return true;
}

void quic_series_add(quic_series *s, quic_time time, uint64_t value) {
  if (s->count == 0) {
    s->first = time;
  } else if (time < s->last) {
    time = s->last;
  }
  if (!series_store(s, time, value)) {
    s->lost++;
    return;
  }
  s->last = time;
  s->count++;
}

/* Questions. */

/* series_seek returns the first item that is at |time| or later; a leaf is
   where it begins, so that of |time| itself counts. */
static size_t series_seek(const quic_series *s, quic_time time) {
  size_t lo = 0, hi = s->n;

  if (s->leaves) {
    uint64_t number = series_number(s, time);

    if (number <= s->base) {
      return 0;
    }
    return number - s->base < s->n ? (size_t)(number - s->base) : s->n;
  }
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;

    if (s->times[mid] < time) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo;
}

/* series_before returns whether an item below |i| has a value, and its last. */
static bool series_before(const quic_series *s, size_t i, uint64_t *value) {
  while (i > 0) {
    size_t step = 1, up = SERIES_FAN;
    series_node n;

    /* Over empty leaves in wide steps. */
    while (i % up == 0 && up <= SERIES_FAN * SERIES_FAN &&
           series_item(s, up == SERIES_FAN ? 1 : 2, i / up - 1).samples == 0) {
      step = up;
      up *= SERIES_FAN;
    }
    n = series_item(s, 0, i - 1);
    if (n.samples) {
      *value = n.last;
      return true;
    }
    i -= step;
  }
  return false;
}

/* series_end returns the item behind the last one of [.., to). */
static size_t series_end(const quic_series *s, quic_time to) {
  if (to == QUIC_TIME_NEVER) {
    return s->n;
  }
  if (!s->leaves) {
    return series_seek(s, to);
  }
  if (to == 0 || series_number(s, to - 1) < s->base) {
    return 0;
  }
  to = series_number(s, to - 1) - s->base;
  return to < s->n ? (size_t)to + 1 : s->n;
}

void quic_series_get(const quic_series *s, quic_time from, quic_time to,
                     quic_series_span *out) {
  size_t start = series_seek(s, from);
  size_t end = from < to ? series_end(s, to) : start;
  series_node sum = {0}, in = {0};
  uint64_t value;

  series_sum(s, start, end > start ? end : start, &in);
  if (s->kind == QUIC_SERIES_STEP && series_before(s, start, &value)) {
    sum = (series_node){value, value, value, value, 1};
  }
  node_add(&sum, &in);
  *out = (quic_series_span){.any = sum.samples > 0,
                            .sampled = in.samples > 0,
                            .first = sum.first,
                            .min = sum.min,
                            .max = sum.max,
                            .last = sum.last,
                            .samples = in.samples};
}

bool quic_series_at(const quic_series *s, quic_time time, uint64_t *value) {
  if (s->count == 0 || time < s->first) {
    return false;
  }
  return series_before(
      s, series_end(s, time == QUIC_TIME_NEVER ? time : time + 1), value);
}

bool quic_series_reach(const quic_series *s, quic_time *first,
                       quic_time *last) {
  *first = s->first;
  *last = s->last;
  return s->count > 0;
}

uint64_t quic_series_count(const quic_series *s) {
  return s->count;
}

quic_duration quic_series_leaf(const quic_series *s) {
  return (quic_duration)1 << s->shift;
}

uint64_t quic_series_lost(const quic_series *s) {
  return s->lost;
}

size_t quic_series_memory(const quic_series *s) {
  size_t octets = sizeof(*s);

  octets += s->room * series_width(s->wide) * (s->leaves ? LEAF_VALUES : 1);
  octets += s->times ? s->room * sizeof(*s->times) : 0;
  octets += s->counts ? s->room * sizeof(*s->counts) : 0;
  octets += s->nodes ? SERIES_NODES * sizeof(*s->nodes) : (size_t)0;
  return octets;
}
