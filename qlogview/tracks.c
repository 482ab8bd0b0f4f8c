#include "qlogview/tracks.h"

#include <stddef.h>

/* Senders tell a threshold that is not set yet as a number that no window
   reaches. */
#define TRACKS_SSTHRESH_MAX (UINT64_C(1) << 48)

/* Who tells of PTOs; the best one that did counts. */
typedef enum tracks_pto {
  PTO_NOBODY,
  PTO_TRIGGER, /* packets sent as probes */
  PTO_TIMER,
  PTO_METRICS
} tracks_pto;

struct qv_tracks {
  const quic_mem *mem;
  qv_tracks_settings settings;
  quic_series *series[QV_TRACKS]; /* NULL until there is a value */
  uint64_t last[QV_TRACKS];       /* value told last */
  uint64_t lost;
  quic_time first_event, last_event;
  bool any, told;       /* events; metrics by the endpoint itself */
  uint64_t in_flight;   /* octets, by the analysis */
  uint64_t lost_octets; /* by the analysis */
  tracks_pto pto;
  bool blocked;             /* the connection */
  uint64_t blocked_streams; /* streams that were told so */
  qv_states states, reasons;
};

static const qv_track tracks_table[QV_TRACKS] = {
#define TRACK(id, key, title, unit, kind, colour, marker, how, base)           \
  {key,         title,  QUIC_UNIT_##unit, QV_CHART_##kind,                     \
   QV_##colour, marker, QV_TRACK_##how,   QV_TRACK_##base},
#include "qlogview/tracks.def"
#undef TRACK
};

const qv_track *qv_track_of(qv_track_id id) {
  return &tracks_table[id];
}

qv_track_id qv_track_find(const char *key) {
  for (int i = 0; i < QV_TRACKS; i++) {
    if (strcmp(tracks_table[i].key, key) == 0) {
      return (qv_track_id)i;
    }
  }
  return QV_TRACKS;
}

int qv_tracks_new(qv_tracks **out, const quic_mem *mem,
                  const qv_tracks_settings *settings) {
  qv_tracks *t = quic_mem_zalloc(mem, sizeof(*t));

  *out = t;
  if (!t) {
    return QUIC_ERR_NOMEM;
  }
  t->mem = mem;
  t->settings = *settings;
  qv_states_init(&t->states);
  qv_states_init(&t->reasons);
  return 0;
}

void qv_tracks_del(qv_tracks *t) {
  if (!t) {
    return;
  }
  for (int i = 0; i < QV_TRACKS; i++) {
    quic_series_del(t->series[i]);
  }
  quic_mem_free(t->mem, t);
}

/* Values. */

static void tracks_add(qv_tracks *t, qv_track_id id, quic_time time,
                       uint64_t value) {
  t->last[id] = value;
  if (t->settings.value) {
    t->settings.value(t->settings.user, id, time, value);
  }
  if (!t->series[id] &&
      quic_series_new(&t->series[id], t->mem,
                      tracks_table[id].kind == QV_CHART_DOTS ||
                              tracks_table[id].kind == QV_CHART_MARKS
                          ? QUIC_SERIES_DOTS
                          : QUIC_SERIES_STEP) != 0) {
    t->lost++;
    return;
  }
  quic_series_add(t->series[id], time, value);
}

/* tracks_change adds |value| when it is another than the last. */
static void tracks_change(qv_tracks *t, qv_track_id id, quic_time time,
                          uint64_t value) {
  if (!t->series[id] || t->last[id] != value) {
    tracks_add(t, id, time, value);
  }
}

/* tracks_grow adds |more| to a sum. */
static void tracks_grow(qv_tracks *t, qv_track_id id, quic_time time,
                        uint64_t more) {
  if (more) {
    tracks_add(t, id, time,
               more > UINT64_MAX - t->last[id] ? UINT64_MAX
                                               : t->last[id] + more);
  }
}

static bool tracks_ours(const qv_tracks *t, const qlog_event *e) {
  return !e->side || t->settings.local < 0 ||
         strcmp(e->side, quic_side_name(t->settings.local)) == 0;
}

bool qv_tracks_sent(const qv_tracks *t, const qlog_event *e) {
  if (!t->settings.analysis || t->settings.local < 0) {
    return e->type == QLOG_PACKET_SENT;
  }
  return quic_analysis_side(t->settings.analysis, e) == t->settings.local;
}

/* Events. */

static void tracks_pto_mark(qv_tracks *t, tracks_pto who, quic_time time,
                            uint64_t count) {
  if (who >= t->pto) {
    t->pto = who;
    tracks_add(t, QV_TRACK_PTOS, time, count);
  }
}

static void tracks_metrics(qv_tracks *t, const qlog_event *e) {
  static const struct {
    qv_track_id id;
    size_t offset;
  } members[] = {
      {QV_TRACK_CWND, offsetof(qlog_metrics, congestion_window)},
      {QV_TRACK_FLIGHT, offsetof(qlog_metrics, bytes_in_flight)},
      {QV_TRACK_SSTHRESH, offsetof(qlog_metrics, ssthresh)},
      {QV_TRACK_MIN_RTT, offsetof(qlog_metrics, min_rtt)},
      {QV_TRACK_SMOOTHED_RTT, offsetof(qlog_metrics, smoothed_rtt)},
      {QV_TRACK_LATEST_RTT, offsetof(qlog_metrics, latest_rtt)},
      {QV_TRACK_RTT_VARIANCE, offsetof(qlog_metrics, rtt_variance)},
      {QV_TRACK_PTO_COUNT, offsetof(qlog_metrics, pto_count)},
      {QV_TRACK_PACING_RATE, offsetof(qlog_metrics, pacing_rate)},
  };
  const qlog_metrics *m = &e->u.metrics;

  if (m->inferred == 1 && t->told) {
    return;
  }
  t->told = t->told || m->inferred != 1;
  if (m->pto_count != QLOG_NONE && m->pto_count > t->last[QV_TRACK_PTO_COUNT]) {
    tracks_pto_mark(t, PTO_METRICS, e->time, m->pto_count);
  }
  for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
    uint64_t value;

    memcpy(&value, (const uint8_t *)m + members[i].offset, sizeof(value));
    if (value == QLOG_NONE ||
        (members[i].id == QV_TRACK_SSTHRESH && value >= TRACKS_SSTHRESH_MAX)) {
      continue;
    }
    tracks_add(t, members[i].id, e->time, value);
  }
  if (m->lost != QLOG_NONE && m->lost > 0) {
    tracks_add(t, QV_TRACK_LOSSES, e->time, m->lost);
  }
}

/* tracks_frame looks at a frame that our side |sent|, or received. */
static void tracks_frame(qv_tracks *t, const qlog_event *e, const quic_frame *f,
                         bool sent) {
  uint64_t type = quic_frame_meaning(f);

  if (!sent && (type == QUIC_FRAME_ACK || type == QUIC_FRAME_ACK_ECN)) {
    tracks_add(t, QV_TRACK_PN_ACKED, e->time, f->u.ack.largest);
  }
  if (!sent && type == QUIC_FRAME_ACK_ECN &&
      e->u.packet.header->type == QUIC_PACKET_1RTT) {
    tracks_change(t, QV_TRACK_CE, e->time, f->u.ack.ce);
  }
  if (sent && type >= QUIC_FRAME_DATA_BLOCKED &&
      type <= QUIC_FRAME_STREAMS_BLOCKED_UNI) {
    tracks_add(t, QV_TRACK_BLOCKED_FRAMES, e->time, 1);
  }
}

/* tracks_flight returns what the analysis takes to be in flight. */
static uint64_t tracks_flight(const qv_tracks *t) {
  uint64_t octets = 0;

  for (int space = 0; space < QUIC_SPACES; space++) {
    const quic_sent *s = quic_analysis_sent(
        t->settings.analysis, t->settings.local, (quic_space)space);

    octets += s ? s->in_flight : 0;
  }
  return octets;
}

/* tracks_settled looks at what an event changed in the accounts of the
   analysis.  What left the flight and is not lost was acknowledged; |settles|
   is false for events that put something into flight. */
static void tracks_settled(qv_tracks *t, const qlog_event *e, bool settles) {
  const quic_analysis *a = t->settings.analysis;
  uint64_t flight, lost, left;
  quic_sent_counts counts;

  if (!a || t->settings.local < 0) {
    return;
  }
  flight = tracks_flight(t);
  quic_analysis_sum(a, t->settings.local, &counts);
  lost = counts.lost_octets - t->lost_octets;
  left = t->in_flight > flight ? t->in_flight - flight : 0;
  t->in_flight = flight;
  t->lost_octets = counts.lost_octets;
  if (settles && left > lost) {
    tracks_grow(t, QV_TRACK_ACKED, e->time, left - lost);
  }
}

/* tracks_flow looks at the accounts of flow control. */
static void tracks_flow(qv_tracks *t, quic_time now) {
  static const struct {
    qv_track_id used, limit;
  } tracks[] = {{QV_TRACK_USED, QV_TRACK_LIMIT},
                {QV_TRACK_USED_IN, QV_TRACK_LIMIT_IN}};
  const quic_flow *flow =
      t->settings.analysis ? quic_analysis_flow(t->settings.analysis) : NULL;

  if (!flow || t->settings.local < 0) {
    return;
  }
  for (int i = 0; i < 2; i++) {
    const quic_flow_side *side =
        quic_flow_side_of(flow, i ? !t->settings.local : t->settings.local);

    if (side->sum || t->series[tracks[i].used]) {
      tracks_change(t, tracks[i].used, now, side->sum);
    }
    if (side->max_data != QLOG_NONE) {
      tracks_change(t, tracks[i].limit, now, side->max_data);
    }
  }
}

static void tracks_packet(qv_tracks *t, const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;
  bool sent = qv_tracks_sent(t, e);

  if (!p->header || p->stateless_reset) {
    return;
  }
  if (!p->late) {
    tracks_grow(t, sent ? QV_TRACK_SENT : QV_TRACK_RECEIVED, e->time,
                quic_packet_octets(p));
    if (p->header->pn_len) {
      tracks_add(t, sent ? QV_TRACK_PN_SENT : QV_TRACK_PN_RECEIVED, e->time,
                 p->header->pn);
    }
  }
  for (size_t i = 0; p->has_frames && i < p->nframes; i++) {
    tracks_frame(t, e, &p->frames[i], sent);
  }
  if (sent && p->trigger &&
      (strcmp(p->trigger, "pto_probe") == 0 ||
       strcmp(p->trigger, "retransmit_timeout") == 0)) {
    tracks_pto_mark(t, PTO_TRIGGER, e->time, 1);
  }
  tracks_settled(t, e, !sent);
}

static void tracks_packet_lost(qv_tracks *t, const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;

  tracks_add(t, QV_TRACK_LOSSES, e->time, 1);
  if (p->header && p->header->pn_len) {
    tracks_add(t, QV_TRACK_PN_LOST, e->time, p->header->pn);
  }
  tracks_grow(t, QV_TRACK_LOST, e->time, quic_packet_octets(p));
  tracks_settled(t, e, false);
}

static void tracks_packets_acked(qv_tracks *t, const qlog_event *e) {
  const qlog_packets_acked *a = &e->u.acked;
  uint64_t largest = 0;

  if (a->ranges) {
    tracks_add(t, QV_TRACK_PN_ACKED, e->time, a->ranges->u.ack.largest);
    return;
  }
  for (size_t i = 0; i < a->npacket_numbers; i++) {
    largest = a->packet_numbers[i] > largest ? a->packet_numbers[i] : largest;
  }
  if (a->npacket_numbers) {
    tracks_add(t, QV_TRACK_PN_ACKED, e->time, largest);
  }
}

static void tracks_state(qv_tracks *t, const qlog_event *e) {
  const qlog_text_updated *s = &e->u.state;

  if (!t->series[QV_TRACK_STATE] && s->old_state) {
    tracks_add(t, QV_TRACK_STATE, t->first_event,
               qv_states_number(&t->states, s->old_state));
  }
  tracks_add(t, QV_TRACK_STATE, e->time,
             qv_states_number(&t->states, s->new_state));
}

/* tracks_data_blocked: the reason why the connection is blocked, else that
   streams are. */
static void tracks_data_blocked(qv_tracks *t, const qlog_event *e) {
  const qlog_data_blocked *b = &e->u.blocked;
  bool now = b->new_state == QLOG_BLOCKED;
  const char *name = NULL;

  if (e->type == QLOG_STREAM_DATA_BLOCKED_UPDATED) {
    if (now) {
      t->blocked_streams++;
    } else if (t->blocked_streams > 0) {
      t->blocked_streams--;
    }
  } else {
    t->blocked = now;
  }
  if (t->blocked && e->type == QLOG_STREAM_DATA_BLOCKED_UPDATED) {
    return;
  }
  if (t->blocked) {
    name = b->reason ? b->reason : "blocked";
  } else if (t->blocked_streams) {
    name = "streams";
  }
  tracks_add(t, QV_TRACK_BLOCKED, e->time, qv_states_number(&t->reasons, name));
}

static void tracks_timer(qv_tracks *t, const qlog_event *e) {
  const qlog_timer *timer = &e->u.timer;

  if (timer->change == QLOG_TIMER_EXPIRED && timer->timer_type &&
      strcmp(timer->timer_type, "pto") == 0) {
    tracks_pto_mark(t, PTO_TIMER, e->time, 1);
  }
}

static const struct {
  qlog_event_type type;
  void (*take)(qv_tracks *t, const qlog_event *e);
} tracks_takers[] = {
    {QLOG_RECOVERY_METRICS_UPDATED, tracks_metrics},
    {QLOG_PACKET_LOST, tracks_packet_lost},
    {QLOG_PACKETS_ACKED, tracks_packets_acked},
    {QLOG_CONGESTION_STATE_UPDATED, tracks_state},
    {QLOG_CONNECTION_DATA_BLOCKED_UPDATED, tracks_data_blocked},
    {QLOG_STREAM_DATA_BLOCKED_UPDATED, tracks_data_blocked},
    {QLOG_TIMER_UPDATED, tracks_timer},
};

void qv_tracks_event(qv_tracks *t, const qlog_event *e) {
  if (!t->any) {
    t->any = true;
    t->first_event = e->time;
  }
  t->last_event = e->time > t->last_event ? e->time : t->last_event;
  if (e->type == QLOG_PACKET_SENT || e->type == QLOG_PACKET_RECEIVED) {
    tracks_packet(t, e);
  }
  for (size_t i = 0; i < sizeof(tracks_takers) / sizeof(tracks_takers[0]);
       i++) {
    if (tracks_takers[i].type == e->type && tracks_ours(t, e)) {
      tracks_takers[i].take(t, e);
    }
  }
  tracks_flow(t, e->time);
}

/* Questions. */

bool qv_tracks_reach(const qv_tracks *t, quic_time *first, quic_time *last) {
  *first = t->first_event;
  *last = t->last_event;
  return t->any;
}

const quic_series *qv_tracks_series(const qv_tracks *t, qv_track_id id) {
  const quic_series *s = t->series[tracks_table[id].base];

  return s && quic_series_count(s) ? s : NULL;
}

/* tracks_bps returns |octets| in |time| as bit/s. */
static uint64_t tracks_bps(uint64_t octets, quic_duration time) {
  double rate;

  if (time == 0) {
    return 0;
  }
  if (octets <= UINT64_MAX / (8 * QUIC_SECOND)) {
    return octets * (8 * QUIC_SECOND) / time;
  }
  rate = (double)octets / (double)time * (8 * (double)QUIC_SECOND);
  return rate < 1e19 ? (uint64_t)rate : UINT64_MAX;
}

/* tracks_rate gives the columns from |i| to |end| the rate of all of them. */
static void tracks_rate(const qv_tracks *t, const quic_series *s,
                        const qv_chart *c, size_t i, size_t end,
                        qv_column *out) {
  quic_time from, to, skip;
  qv_column span;
  uint64_t before = 0, rate;

  qv_chart_column_of(c, c->ncolumns, i, &from, &skip);
  qv_chart_column_of(c, c->ncolumns, end - 1, &skip, &to);
  quic_series_get(s, from, to, &span);
  if (from > 0) {
    (void)quic_series_at(s, from - 1, &before);
  }
  rate = span.any && span.last > before
             ? tracks_bps(span.last - before, to - from)
             : 0;
  for (; i < end; i++) {
    out[i] = (qv_column){span.any && from <= t->last_event && to > from,
                         span.sampled,
                         rate,
                         rate,
                         rate,
                         rate,
                         span.samples};
  }
}

void qv_tracks_columns(const qv_tracks *t, qv_track_id id, const qv_chart *c,
                       qv_column *out) {
  const quic_series *s = qv_tracks_series(t, id);
  size_t each = (c->ncolumns + QV_TRACKS_INTERVALS - 1) / QV_TRACKS_INTERVALS;

  for (size_t i = 0; i < c->ncolumns;) {
    size_t end = i + 1;
    quic_time from, to;

    if (!s) {
      out[i] = (qv_column){0};
    } else if (tracks_table[id].how == QV_TRACK_RATE) {
      end = i + each < c->ncolumns ? i + each : c->ncolumns;
      tracks_rate(t, s, c, i, end, out);
    } else {
      qv_chart_column_of(c, c->ncolumns, i, &from, &to);
      quic_series_get(s, from, to, &out[i]);
    }
    i = end;
  }
}

const qv_states *qv_tracks_states(const qv_tracks *t, qv_track_id id) {
  return id == QV_TRACK_STATE     ? &t->states
         : id == QV_TRACK_BLOCKED ? &t->reasons
                                  : NULL;
}

uint64_t qv_tracks_lost(const qv_tracks *t) {
  uint64_t lost = t->lost;

  for (int i = 0; i < QV_TRACKS; i++) {
    lost += t->series[i] ? quic_series_lost(t->series[i]) : 0;
  }
  return lost;
}

size_t qv_tracks_memory(const qv_tracks *t) {
  size_t octets = sizeof(*t);

  for (int i = 0; i < QV_TRACKS; i++) {
    octets += t->series[i] ? quic_series_memory(t->series[i]) : 0;
  }
  return octets;
}
