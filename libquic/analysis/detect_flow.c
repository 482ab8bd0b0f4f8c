/* Flow control: who stood before a limit, for how long, and whose fault that
   was. */

#include <string.h>

#include "analysis/stretch.h"
#include "analysis/gate.h"

#define FLOW_SETS 32 /* of streams watched at a time, each with FLOW_WAYS */
#define FLOW_WAYS 4
#define FLOW_SHARE_MIN 2000 /* thousandths of a per cent of the time */
#define FLOW_TOTAL_MIN (100 * QUIC_MILLISECOND)
#define FLOW_OPEN_RTTS 3 /* that a wait lasts which never ends */

typedef enum flow_kind {
  FLOW_KIND_CONNECTION,
  FLOW_KIND_STREAM,
  FLOW_KIND_COUNT,
  FLOW_KINDS
} flow_kind;

typedef struct flow_stream {
  uint64_t id; /* QLOG_NONE: free */
  int side;    /* who sends */
  quic_time used;
  quic_gate gate;
} flow_stream;

typedef struct flow_state {
  quic_gate connection[QUIC_SIDES];
  quic_gate count[QUIC_SIDES][2];
  flow_stream streams[FLOW_SETS][FLOW_WAYS];
  quic_longest waits[QUIC_SIDES][FLOW_KINDS];
  quic_longest late[QUIC_SIDES];
  uint64_t told[QUIC_SIDES][FLOW_KINDS]; /* *_BLOCKED frames and events */
} flow_state;

static void flow_init(void *state, const quic_mem *mem) {
  flow_state *s = state;

  (void)mem;
  for (int side = 0; side < QUIC_SIDES; side++) {
    quic_gate_init(&s->connection[side]);
    quic_gate_init(&s->count[side][0]);
    quic_gate_init(&s->count[side][1]);
  }
  for (size_t i = 0; i < FLOW_SETS * FLOW_WAYS; i++) {
    s->streams[i / FLOW_WAYS][i % FLOW_WAYS].id = QLOG_NONE;
  }
}

static quic_gate_view flow_view(const quic_picture *p, const qlog_event *e,
                                int side, bool octets) {
  quic_gate_view v = {.now = p->now,
                      .record = e ? quic_event_record(e) : QLOG_NONE,
                      .slack = octets && e ? p->mds : 0,
                      .srtt = p->srtt,
                      .remote = side != p->local};

  return v;
}

static void flow_waited(flow_state *s, const quic_picture *p, flow_kind kind,
                        int side, uint64_t id, const quic_wait *w) {
  quic_stretch at = w->at;

  at.side = side;
  at.id = id;
  quic_longest_add(&s->waits[side][kind], &at);
  if (p->srtt && w->late > p->srtt + (p->coarse ? QUIC_MILLISECOND : 0)) {
    at.side = quic_side_other(side);
    at.from = quic_time_since(at.to, w->late);
    quic_longest_add(&s->late[at.side], &at);
  }
}

/* flow_stream_of finds the gate of |side| on stream |id|, or makes one in place
   of one that does not wait, or waits longest. */
static flow_stream *flow_stream_of(flow_state *s, uint64_t id, int side,
                                   quic_time now) {
  uint64_t hash = (id * 2 + (uint64_t)side) * 0x9e3779b97f4a7c15u;
  flow_stream *set = s->streams[hash >> 32 & (FLOW_SETS - 1)], *victim = set;

  for (size_t i = 0; i < FLOW_WAYS; i++) {
    flow_stream *w = &set[i];
    bool waits = w->gate.full != QUIC_TIME_NEVER;
    bool keep = victim->gate.full != QUIC_TIME_NEVER;

    if (w->id == id && w->side == side) {
      w->used = now;
      return w;
    }
    if (victim->id != QLOG_NONE &&
        (w->id == QLOG_NONE || (keep && !waits) ||
         (keep == waits && w->used < victim->used))) {
      victim = w;
    }
  }
  victim->id = id;
  victim->side = side;
  victim->used = now;
  quic_gate_init(&victim->gate);
  return victim;
}

/* flow_stream_step looks at the direction of stream |id| in which |side|
   sends. */
static void flow_stream_step(flow_state *s, const quic_picture *p,
                             const qlog_event *e, const quic_flow *flow,
                             uint64_t id, int side) {
  const quic_flow_stream *st = quic_flow_find(flow, id);
  const quic_flow_half *h;
  quic_gate_view v;
  flow_stream *w;
  quic_wait wait;

  if (!st) {
    return;
  }
  h = &st->half[side];
  w = flow_stream_of(s, id, side, p->now);
  v = flow_view(p, e, side, true);
  if (quic_gate_step(&w->gate, h->highest, h->limit, &v, &wait)) {
    flow_waited(s, p, FLOW_KIND_STREAM, side, id, &wait);
  }
  if (h->final_size != QLOG_NONE) {
    w->id = QLOG_NONE; /* nothing more to send */
    quic_gate_init(&w->gate);
  }
}

/* flow_told: the sender says in a frame that it is blocked, and by what. */
static void flow_told(flow_state *s, const quic_picture *p, const qlog_event *e,
                      const quic_flow *flow, const quic_frame *f, int side) {
  quic_gate_view v = flow_view(p, e, side, true);
  quic_gate *g;
  flow_kind kind;

  switch (f->type) {
  case QUIC_FRAME_DATA_BLOCKED:
    kind = FLOW_KIND_CONNECTION;
    g = &s->connection[side];
    break;
  case QUIC_FRAME_STREAM_DATA_BLOCKED:
    kind = FLOW_KIND_STREAM;
    flow_stream_step(s, p, e, flow, f->u.limit.stream_id, side);
    g = &flow_stream_of(s, f->u.limit.stream_id, side, p->now)->gate;
    break;
  case QUIC_FRAME_STREAMS_BLOCKED_BIDI:
  case QUIC_FRAME_STREAMS_BLOCKED_UNI:
    kind = FLOW_KIND_COUNT;
    g = &s->count[side][f->type == QUIC_FRAME_STREAMS_BLOCKED_UNI];
    break;
  default:
    return;
  }
  s->told[side][kind]++;
  /* What was raised meanwhile blocks nobody. */
  if (g->limit == QLOG_NONE || f->u.limit.limit >= g->limit) {
    quic_gate_told(g, &v);
  }
}

static void flow_frames(flow_state *s, const quic_picture *p,
                        const qlog_event *e, const quic_flow *flow, int side) {
  const qlog_packet *packet = &e->u.packet;

  for (size_t i = 0; i < packet->nframes; i++) {
    const quic_frame *f = &packet->frames[i];

    if (quic_frame_is_stream(f)) {
      flow_stream_step(s, p, e, flow, f->u.stream.stream_id, side);
    } else if (f->type == QUIC_FRAME_MAX_STREAM_DATA) {
      flow_stream_step(s, p, e, flow, f->u.limit.stream_id, !side);
    } else if (f->type >= QUIC_FRAME_DATA_BLOCKED &&
               f->type <= QUIC_FRAME_STREAMS_BLOCKED_UNI) {
      flow_told(s, p, e, flow, f, side);
    }
  }
}

/* flow_sides looks at what counts for a whole side. */
static void flow_sides(flow_state *s, const quic_picture *p,
                       const qlog_event *e, const quic_flow *flow) {
  for (int side = 0; side < QUIC_SIDES; side++) {
    const quic_flow_side *fs = quic_flow_side_of(flow, side);
    quic_gate_view v = flow_view(p, e, side, true);
    quic_wait wait;

    if (quic_gate_step(&s->connection[side], fs->sum, fs->max_data, &v,
                       &wait)) {
      flow_waited(s, p, FLOW_KIND_CONNECTION, side, QLOG_NONE, &wait);
    }
    v.slack = 0;
    for (int uni = 0; uni < 2; uni++) {
      if (quic_gate_step(&s->count[side][uni], fs->opened[uni],
                         fs->max_streams[uni], &v, &wait)) {
        flow_waited(s, p, FLOW_KIND_COUNT, side, QLOG_NONE, &wait);
      }
    }
  }
}

/* flow_gate_named returns the gate that an event of the endpoint is about. */
static quic_gate *flow_gate_named(flow_state *s, const quic_picture *p,
                                  const qlog_event *e, flow_kind *kind) {
  const char *reason = e->u.blocked.reason;

  if (reason && strcmp(reason, "connection_flow_control") == 0) {
    *kind = FLOW_KIND_CONNECTION;
    return &s->connection[p->local];
  }
  if (reason && strcmp(reason, "stream_flow_control") == 0 &&
      e->u.blocked.stream_id != QLOG_NONE) {
    *kind = FLOW_KIND_STREAM;
    return &flow_stream_of(s, e->u.blocked.stream_id, p->local, p->now)->gate;
  }
  if (reason && strcmp(reason, "stream_id") == 0) {
    *kind = FLOW_KIND_COUNT;
    return &s->count[p->local][0];
  }
  if (reason || e->u.blocked.new_state != QLOG_UNBLOCKED) {
    return NULL; /* by something else, or who knows */
  }
  if (e->type == QLOG_STREAM_DATA_BLOCKED_UPDATED) {
    *kind = FLOW_KIND_STREAM;
    return &flow_stream_of(s, e->u.blocked.stream_id, p->local, p->now)->gate;
  }
  return &s->connection[p->local];
}

static void flow_blocked(flow_state *s, const quic_picture *p,
                         const qlog_event *e) {
  flow_kind kind = FLOW_KIND_CONNECTION;
  quic_gate *g = flow_gate_named(s, p, e, &kind);
  quic_gate_view v = flow_view(p, e, p->local, false);
  quic_wait wait;

  if (g && e->u.blocked.new_state == QLOG_BLOCKED) {
    s->told[p->local][kind]++;
    quic_gate_told(g, &v);
  } else if (g && quic_gate_untold(g, &v, &wait)) {
    flow_waited(s, p, kind, p->local, e->u.blocked.stream_id, &wait);
  }
}

static void flow_event(void *state, quic_findings *f, const quic_picture *p,
                       const qlog_event *e) {
  const quic_flow *flow = quic_analysis_flow(p->analysis);
  flow_state *s = state;

  (void)f;
  if (!qlog_event_is_packet(e)) {
    if (e->type != QLOG_PARAMETERS_SET) {
      flow_blocked(s, p, e);
      return;
    }
  } else if (flow) {
    flow_frames(s, p, e, flow, quic_analysis_side(p->analysis, e));
  }
  if (flow) {
    flow_sides(s, p, e, flow);
  }
}

/* flow_unfinished: |side| has a stream that it did not end. */
static bool flow_unfinished(const quic_flow *flow, int side) {
  for (const quic_flow_stream *st = quic_flow_first(flow); st; st = st->next) {
    if (st->half[side].octets && st->half[side].final_size == QLOG_NONE &&
        (st->id & 2) == 0) {
      return true;
    }
  }
  return false;
}

/* flow_left settles the waits that never ended. */
static void flow_left(flow_state *s, const quic_picture *p,
                      const quic_flow *flow, int side) {
  quic_gate_view v = flow_view(p, NULL, side, false);
  quic_duration least = FLOW_OPEN_RTTS * (p->srtt ? p->srtt : p->pto);
  quic_wait wait;

  v.now = quic_over(p);
  if (quic_gate_open(&s->connection[side], flow_unfinished(flow, side), &v,
                     &wait) &&
      wait.at.to - wait.at.from > least) {
    flow_waited(s, p, FLOW_KIND_CONNECTION, side, QLOG_NONE, &wait);
  }
  for (int uni = 0; uni < 2; uni++) {
    if (quic_gate_open(&s->count[side][uni], false, &v, &wait)) {
      flow_waited(s, p, FLOW_KIND_COUNT, side, QLOG_NONE, &wait);
    }
  }
  for (size_t i = 0; i < FLOW_SETS * FLOW_WAYS; i++) {
    flow_stream *w = &s->streams[i / FLOW_WAYS][i % FLOW_WAYS];
    const quic_flow_stream *st =
        w->id == QLOG_NONE ? NULL : quic_flow_find(flow, w->id);

    if (st && w->side == side && st->half[side].final_size == QLOG_NONE &&
        quic_gate_open(&w->gate, (w->id & 2) == 0, &v, &wait) &&
        wait.at.to - wait.at.from > least) {
      flow_waited(s, p, FLOW_KIND_STREAM, side, w->id, &wait);
    }
  }
}

/* flow_small: it cost some round trips, but nobody felt it. */
static bool flow_small(quic_duration total, uint64_t share) {
  return share < FLOW_SHARE_MIN && total < FLOW_TOTAL_MIN;
}

static void flow_tell(const flow_state *s, quic_findings *f,
                      const quic_picture *p, flow_kind kind, int side) {
  static const struct flow_row {
    quic_finding_id id;
    const char *what;
  } rows[FLOW_KINDS] = {
      {QUIC_FOUND_FLOW_CONNECTION, "MAX_DATA"},
      {QUIC_FOUND_FLOW_STREAM, "MAX_STREAM_DATA"},
      {QUIC_FOUND_STREAM_LIMIT, "MAX_STREAMS"},
  };
  const quic_longest *l = &s->waits[side][kind];
  quic_duration whole = quic_time_since(quic_over(p), p->start);
  uint64_t share = quic_share(l->total, whole);
  bool small = flow_small(l->total, share);
  char took[QUIC_DURATION_TEXT];

  if (l->total == 0 ||
      ((p->srtt == 0 || l->total < p->srtt) && share < FLOW_SHARE_MIN)) {
    return;
  }
  for (size_t i = 0; i < l->len; i++) {
    const quic_stretch *w = &l->items[i];
    quic_finding *found;

    if (i && w->to == w->from) {
      continue; /* as times in whole milliseconds have it */
    }
    found = quic_finding_of(f, rows[kind].id, w);
    if (found && small) {
      found->severity = QUIC_NOTE;
    }

    quic_finding_line(found, "%s waited %s for %s", quic_side_name(side),
                      quic_duration_text(took, w->to - w->from),
                      rows[kind].what);
    if (i) {
      continue;
    }
    quic_finding_line(
        found, "in all %llu waits, %s, %llu.%llu %% of the time%s",
        (unsigned long long)l->count, quic_duration_text(took, l->total),
        (unsigned long long)(share / 1000),
        (unsigned long long)(share % 1000 / 100),
        s->told[side][kind] ? ""
                            : "; its sender did not say that it was blocked");
    quic_finding_fact_add(found, "waits", QUIC_UNIT_COUNT, l->count);
    quic_finding_fact_add(found, "blocked", QUIC_UNIT_NS, l->total);
    quic_finding_fact_add(found, "share", QUIC_UNIT_PERCENT_MILLI, share);
    quic_finding_fact_add(found, "blocked_frames", QUIC_UNIT_COUNT,
                          s->told[side][kind]);
  }
}

static void flow_tell_late(const flow_state *s, quic_findings *f,
                           const quic_picture *p, int side) {
  const quic_longest *l = &s->late[side];
  quic_duration whole = quic_time_since(quic_over(p), p->start);

  char took[QUIC_DURATION_TEXT];

  for (size_t i = 0; i < l->len; i++) {
    const quic_stretch *w = &l->items[i];
    quic_finding *found = quic_finding_of(f, QUIC_FOUND_SLOW_CREDIT, w);

    if (found && flow_small(l->total, quic_share(l->total, whole))) {
      found->severity = QUIC_NOTE;
    }
    quic_finding_line(found,
                      "%s raised a limit %s after half of it had been used, "
                      "and its peer had to wait",
                      quic_side_name(side),
                      quic_duration_text(took, w->to - w->from));
    quic_finding_fact_add(found, "late", QUIC_UNIT_NS, w->to - w->from);
    quic_finding_fact_add(found, "times", QUIC_UNIT_COUNT, l->count);
  }
}

static void flow_end(void *state, quic_findings *f, const quic_picture *p) {
  const quic_flow *flow = quic_analysis_flow(p->analysis);
  flow_state *s = state;

  for (int side = 0; flow && side < QUIC_SIDES; side++) {
    flow_left(s, p, flow, side);
    for (int kind = 0; kind < FLOW_KINDS; kind++) {
      flow_tell(s, f, p, (flow_kind)kind, side);
    }
    flow_tell_late(s, f, p, quic_side_other(side));
  }
}

const quic_detector quic_detect_flow = {
    .name = "flow",
    .size = sizeof(flow_state),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(PACKET_RECEIVED) |
              QUIC_DETECTOR_ON(PARAMETERS_SET) |
              QUIC_DETECTOR_ON(CONNECTION_DATA_BLOCKED_UPDATED) |
              QUIC_DETECTOR_ON(STREAM_DATA_BLOCKED_UPDATED),
    .init = flow_init,
    .event = flow_event,
    .end = flow_end,
};
