/* Silence: probe timeouts in a row, a path that went dead, and connections that
   were idle for almost too long. */

#include "analysis/stretch.h"

#define SILENCE_STORM 3 /* probe timeouts in a row */
#define SILENCE_PTOS 3  /* that a silence lasts, to mean something */
#define SILENCE_UNKNOWN                                                        \
  QUIC_SECOND /* the same before any round trip is known                       \
               */
#define SILENCE_BURST (5 * QUIC_MILLISECOND) /* apart, sends are two bursts */
#define SILENCE_GAPS 8                       /* kept, to be shown */

typedef struct silence_state {
  /* What was sent since something was received. */
  quic_time since; /* the last receipt, or the start */
  quic_time first, last;
  uint64_t record, last_record;
  uint64_t packets; /* that ask for an ACK */
  uint64_t probes;  /* of these, as far as gaps tell */
  quic_duration gap;
  quic_duration gaps[SILENCE_GAPS];
  size_t ngaps;
  quic_duration pto, least; /* of the first send: an answer after a long time
                               is a round trip, too */
  uint64_t pto_told;        /* largest count told meanwhile */
  uint64_t pto_before;
  bool storm; /* a count has risen to SILENCE_STORM */
  /* Of both sides together. */
  quic_time heard;
  uint64_t heard_record;
  quic_time ping; /* the last PING sent on its own */
  quic_duration cadence;
  uint64_t pings;
} silence_state;

static void silence_init(void *state, const quic_mem *mem) {
  silence_state *s = state;

  (void)mem;
  s->since = s->heard = s->ping = QUIC_TIME_NEVER;
}

/* silence_least: how long nothing must come for it to count. */
static quic_duration silence_least(const quic_picture *p) {
  return p->srtt && p->pto < UINT64_MAX / SILENCE_PTOS ? SILENCE_PTOS * p->pto
                                                       : SILENCE_UNKNOWN;
}

static void silence_clear(silence_state *s, quic_time now) {
  s->since = now;
  s->packets = s->probes = s->ngaps = 0;
  s->gap = 0;
  s->pto_told = 0;
  s->storm = false;
}

static void silence_gaps(const silence_state *s, quic_finding *found) {
  char buf[QUIC_FINDING_TEXT_MAX], one[QUIC_DURATION_TEXT];
  quic_text text;

  if (s->ngaps < 2) {
    return;
  }
  quic_text_init(&text, buf, sizeof(buf));
  for (size_t i = 0; i < s->ngaps; i++) {
    quic_text_str(&text, i ? ", " : "");
    quic_text_str(&text, quic_duration_text(one, s->gaps[i]));
  }
  quic_finding_line(found, "gaps between probes: %s", quic_text_cstr(&text));
}

/* silence_storm ends a run of probes at |now|, answered or not. */
static void silence_storm(silence_state *s, quic_findings *f,
                          const quic_picture *p, quic_time now, bool answered) {
  uint64_t probes = s->pto_told > s->probes ? s->pto_told : s->probes;
  quic_duration silence = quic_time_since(s->last, s->since);
  char took[QUIC_DURATION_TEXT];
  quic_finding *found;
  quic_stretch all;

  if (!s->packets ||
      (!s->storm && (s->probes < SILENCE_STORM || silence < s->least))) {
    return;
  }
  all = (quic_stretch){s->first,       now,       s->record,
                       s->last_record, QLOG_NONE, p->local};
  found = quic_finding_of(f, QUIC_FOUND_PTO_STORM, &all);
  if (!found) {
    return;
  }
  silence = quic_time_since(now, s->since);
  if (answered) {
    found->severity = QUIC_WARNING;
  }
  quic_finding_line(
      found, "%llu probe timeouts in a row, %s without a packet%s",
      (unsigned long long)probes, quic_duration_text(took, silence),
      answered ? "; then one came" : "; none came any more");
  silence_gaps(s, found);
  quic_finding_fact_add(found, "probes", QUIC_UNIT_COUNT, probes);
  if (s->pto_told) {
    quic_finding_fact_add(found, "pto_count", QUIC_UNIT_COUNT, s->pto_told);
  }
  quic_finding_fact_add(found, "packets", QUIC_UNIT_COUNT, s->packets);
  quic_finding_fact_add(found, "silence", QUIC_UNIT_NS, silence);
  quic_finding_fact_add(found, "pto", QUIC_UNIT_NS, s->pto);
}

/* silence_hole: after something had been received, nothing came any more,
   whatever was sent. */
static void silence_hole(const silence_state *s, quic_findings *f,
                         const quic_picture *p) {
  quic_duration tried = quic_time_since(s->last, s->first);
  char took[QUIC_DURATION_TEXT], quiet[QUIC_DURATION_TEXT];
  quic_finding *found;
  quic_stretch all;

  const quic_close *c = quic_analysis_close(p->analysis);

  if (quic_mark_set(&c->at) && !c->inferred && c->at.time <= s->first) {
    return; /* after a close nobody answers */
  }
  if (!p->received || s->packets < 2 || tried < s->least) {
    return;
  }
  all = (quic_stretch){s->first,       p->now,    s->record,
                       s->last_record, QLOG_NONE, p->local};
  found = quic_finding_of(f, QUIC_FOUND_BLACK_HOLE, &all);
  if (!found) {
    return;
  }
  quic_finding_line(
      found,
      "%llu packets sent in %s, nothing received for %s until "
      "the end",
      (unsigned long long)s->packets, quic_duration_text(took, tried),
      quic_duration_text(quiet, quic_time_since(p->now, s->since)));
  quic_finding_fact_add(found, "packets", QUIC_UNIT_COUNT, s->packets);
  quic_finding_fact_add(found, "tried", QUIC_UNIT_NS, tried);
  quic_finding_fact_add(found, "silence", QUIC_UNIT_NS,
                        quic_time_since(p->now, s->since));
  quic_finding_fact_add(found, "pto", QUIC_UNIT_NS, s->pto);
}

/* silence_sent notes a send.  The first probe comes a PTO after what it is for,
   each other one after a gap twice as long as the one before. */
static void silence_sent(silence_state *s, const quic_picture *p,
                         const qlog_event *e) {
  quic_duration gap = s->packets ? quic_time_since(e->time, s->last) : 0;
  quic_duration burst =
      p->srtt / 4 > SILENCE_BURST ? p->srtt / 4 : SILENCE_BURST;

  if (!quic_eliciting(&e->u.packet)) {
    return;
  }
  s->last = e->time;
  s->last_record = quic_event_record(e);
  if (s->packets++ == 0) {
    s->first = e->time;
    s->pto = p->pto;
    s->least = silence_least(p);

    s->record = s->last_record;
    return;
  }
  if (gap < burst) {
    return;
  }
  if (s->gap ? gap >= s->gap + s->gap / 3 : gap >= s->pto - s->pto / 4) {
    s->probes++;
  }
  s->gap = gap;
  if (s->ngaps < SILENCE_GAPS) {
    s->gaps[s->ngaps++] = gap;
  }
}

/* silence_metrics takes the endpoint's own count. */
static void silence_metrics(silence_state *s, const qlog_event *e) {
  uint64_t count = e->u.metrics.pto_count;

  if (count == QLOG_NONE) {
    return;
  }
  if (count > s->pto_before) {
    s->storm |= count >= SILENCE_STORM;
    s->pto_told = count > s->pto_told ? count : s->pto_told;
  }
  s->pto_before = count;
}

static quic_duration silence_timeout(const quic_picture *p) {
  const quic_analysis_limits *l = quic_analysis_limits_of(p->analysis);
  quic_duration least = 0;

  for (int side = 0; side < QUIC_SIDES; side++) {
    if (l->known[side] && l->idle[side] && (!least || l->idle[side] < least)) {
      least = l->idle[side];
    }
  }
  return least;
}

/* silence_idle: nothing at all came or went for most of the idle timeout, and
   then the connection went on. */
static void silence_idle(silence_state *s, quic_findings *f,
                         const quic_picture *p, const qlog_event *e) {
  quic_duration gap = quic_time_since(e->time, s->heard), timeout;
  char took[QUIC_DURATION_TEXT], limit[QUIC_DURATION_TEXT];
  quic_finding *found;
  quic_stretch all;

  if (s->heard != QUIC_TIME_NEVER && gap >= QUIC_MILLISECOND) {
    timeout = silence_timeout(p);
    if (timeout && gap > timeout - timeout / 5) {
      all = (quic_stretch){s->heard,        e->time,
                           s->heard_record, quic_event_record(e),
                           QLOG_NONE,       QUIC_SIDE_UNKNOWN};
      found = quic_finding_of(f, QUIC_FOUND_IDLE_GAP, &all);
      quic_finding_line(found, "silent for %s of an idle timeout of %s",
                        quic_duration_text(took, gap),
                        quic_duration_text(limit, timeout));
      quic_finding_fact_add(found, "silence", QUIC_UNIT_NS, gap);
      quic_finding_fact_add(found, "idle_timeout", QUIC_UNIT_NS, timeout);
      if (s->pings > 1) {
        quic_finding_line(found, "PING every %s",
                          quic_duration_text(took, s->cadence));
        quic_finding_fact_add(found, "keep_alive", QUIC_UNIT_NS, s->cadence);
      }
    }
  }
  s->heard = e->time;
  s->heard_record = quic_event_record(e);
}

/* silence_ping follows PINGs that come after a silence, and their cadence. */
static void silence_ping(silence_state *s, const quic_picture *p,
                         const qlog_event *e) {
  const qlog_packet *packet = &e->u.packet;

  if (packet->nframes == 0 || packet->frames[0].type != QUIC_FRAME_PING ||
      quic_time_since(e->time, s->heard) < p->pto) {
    return;
  }
  if (s->ping != QUIC_TIME_NEVER) {
    s->cadence = quic_time_since(e->time, s->ping);
  }
  s->ping = e->time;
  s->pings++;
}

static void silence_event(void *state, quic_findings *f, const quic_picture *p,
                          const qlog_event *e) {
  silence_state *s = state;

  if (e->type == QLOG_RECOVERY_METRICS_UPDATED) {
    silence_metrics(s, e);
    return;
  }
  if (s->since == QUIC_TIME_NEVER) {
    silence_clear(s, e->time);
  }
  silence_ping(s, p, e);
  silence_idle(s, f, p, e);
  if (quic_analysis_side(p->analysis, e) == p->local) {
    silence_sent(s, p, e);
    return;
  }
  if (s->probes >= SILENCE_STORM || s->storm) {
    silence_storm(s, f, p, e->time, true);
  }
  silence_clear(s, e->time);
}

static void silence_end(void *state, quic_findings *f, const quic_picture *p) {
  silence_state *s = state;

  silence_storm(s, f, p, p->now, false);
  silence_hole(s, f, p);
}

const quic_detector quic_detect_silence = {
    .name = "silence",
    .size = sizeof(silence_state),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(PACKET_RECEIVED) |
              QUIC_DETECTOR_ON(RECOVERY_METRICS_UPDATED),
    .init = silence_init,
    .event = silence_event,
    .end = silence_end,
};
