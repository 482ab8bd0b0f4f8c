#include "qlogview/lanes.h"

typedef struct lane {
  qv_lane seen;
  char name[QV_LANE_NAME];
  uint8_t slots[QV_LANE_SLOTS / 8]; /* a bit for each */
} lane;

struct qv_lanes {
  const quic_mem *mem;
  lane *lanes[QV_LANES_MAX + 1]; /* the last is for all others */
  size_t n;                      /* without the others */
  size_t hint;                   /* lane used last */
  uint64_t streams;
  uint64_t other_id; /* of the stream among the others seen last */
  unsigned shift;    /* a slot is 1 << shift ns */
  uint64_t base;     /* number of the first slot since time 0 */
  bool any;
};

int qv_lanes_new(qv_lanes **out, const quic_mem *mem) {
  qv_lanes *l = quic_mem_zalloc(mem, sizeof(*l));

  *out = l;
  if (!l) {
    return QUIC_ERR_NOMEM;
  }
  l->mem = mem;
  l->other_id = QLOG_NONE;
  return 0;
}

void qv_lanes_del(qv_lanes *l) {
  if (!l) {
    return;
  }
  for (size_t i = 0; i <= QV_LANES_MAX; i++) {
    quic_mem_free(l->mem, l->lanes[i]);
  }
  quic_mem_free(l->mem, l);
}

/* lanes_make makes lane |i|; NULL without memory. */
static lane *lanes_make(qv_lanes *l, size_t i, uint64_t id) {
  lane *made = quic_mem_zalloc(l->mem, sizeof(*made));
  quic_text t;

  l->lanes[i] = made;
  if (!made) {
    return NULL;
  }
  made->seen.stream_id = id;
  quic_text_init(&t, made->name, sizeof(made->name));
  if (id == QLOG_NONE) {
    quic_text_str(&t, "others");
  } else {
    quic_text_u64(&t, id);
  }
  made->seen.name = quic_text_cstr(&t);
  return made;
}

/* lanes_of returns the lane of |id|; NULL without memory. */
static lane *lanes_of(qv_lanes *l, uint64_t id) {
  if (l->n && l->lanes[l->hint]->seen.stream_id == id) {
    return l->lanes[l->hint];
  }
  for (size_t i = 0; i < l->n; i++) {
    if (l->lanes[i]->seen.stream_id == id) {
      l->hint = i;
      return l->lanes[i];
    }
  }
  if (l->n < QV_LANES_MAX && lanes_make(l, l->n, id)) {
    l->streams++;
    l->hint = l->n++;
    return l->lanes[l->hint];
  }
  if (id != l->other_id && (l->other_id == QLOG_NONE || id > l->other_id)) {
    l->streams++;
    l->other_id = id;
  }
  if (!l->lanes[QV_LANES_MAX]) {
    (void)lanes_make(l, QV_LANES_MAX, QLOG_NONE);
  }
  return l->lanes[QV_LANES_MAX];
}

/* lane_double makes one slot of two; the first one has the number |base|. */
static void lane_double(lane *one, uint64_t base) {
  uint8_t slots[sizeof(one->slots)] = {0};

  for (size_t i = 0; i < QV_LANE_SLOTS; i++) {
    if (one->slots[i / 8] >> (i % 8) & 1) {
      size_t to = (size_t)(((base + i) >> 1) - (base >> 1));

      slots[to / 8] |= (uint8_t)(1 << (to % 8));
    }
  }
  memcpy(one->slots, slots, sizeof(slots));
}

/* lanes_slot returns the slot of |time|. */
static size_t lanes_slot(qv_lanes *l, quic_time time) {
  if (!l->any) {
    l->any = true;
    l->base = time;
  }
  if (time >> l->shift < l->base) {
    return 0;
  }
  while ((time >> l->shift) - l->base >= QV_LANE_SLOTS) {
    for (size_t i = 0; i <= QV_LANES_MAX; i++) {
      if (l->lanes[i]) {
        lane_double(l->lanes[i], l->base);
      }
    }
    l->base >>= 1;
    l->shift++;
  }
  return (size_t)((time >> l->shift) - l->base);
}

void qv_lanes_event(qv_lanes *l, const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;
  int way = e->type == QLOG_PACKET_SENT ? 0 : 1;

  if ((e->type != QLOG_PACKET_SENT && e->type != QLOG_PACKET_RECEIVED) ||
      !p->has_frames) {
    return;
  }
  for (size_t i = 0; i < p->nframes; i++) {
    const quic_frame *f = &p->frames[i];
    lane *one;
    size_t slot;

    if ((quic_frame_meaning(f) & ~UINT64_C(7)) != QUIC_FRAME_STREAM) {
      continue;
    }
    slot = lanes_slot(l, e->time);
    one = lanes_of(l, f->u.stream.stream_id);
    if (one) {
      one->seen.frames[way]++;
      one->seen.octets[way] += f->u.stream.data.len + f->missing;
      one->slots[slot / 8] |= (uint8_t)(1 << (slot % 8));
    }
  }
}

size_t qv_lanes_count(const qv_lanes *l, uint64_t *streams) {
  *streams = l->streams;
  return l->n + (l->lanes[QV_LANES_MAX] ? 1 : 0);
}

static const lane *lanes_get(const qv_lanes *l, size_t i) {
  return i < l->n ? l->lanes[i] : i == l->n ? l->lanes[QV_LANES_MAX] : NULL;
}

bool qv_lanes_at(const qv_lanes *l, size_t i, qv_lane *out) {
  const lane *one = lanes_get(l, i);

  if (!one) {
    return false;
  }
  *out = one->seen;
  return true;
}

quic_duration qv_lanes_slot(const qv_lanes *l) {
  return (quic_duration)1 << l->shift;
}

/* lanes_any tells whether |one| has a frame in [from, to). */
static bool lanes_any(const qv_lanes *l, const lane *one, quic_time from,
                      quic_time to) {
  uint64_t i, end;

  if (from >= to || (to - 1) >> l->shift < l->base) {
    return false;
  }
  i = from >> l->shift > l->base ? (from >> l->shift) - l->base : 0;
  end = ((to - 1) >> l->shift) - l->base;
  for (; i <= end && i < QV_LANE_SLOTS; i++) {
    if (one->slots[i / 8] >> (i % 8) & 1) {
      return true;
    }
  }
  return false;
}

void qv_lanes_columns(const qv_lanes *l, size_t i, const qv_chart *c,
                      qv_column *out) {
  const lane *one = lanes_get(l, i);

  for (size_t k = 0; k < c->ncolumns; k++) {
    quic_time from, to;
    bool any;

    qv_chart_column_of(c, c->ncolumns, k, &from, &to);
    any = one && lanes_any(l, one, from, to);
    out[k] = (qv_column){any, any, any, any, any, any, any};
  }
}
