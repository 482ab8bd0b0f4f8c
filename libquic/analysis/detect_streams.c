/* Streams that waited for a hole while other data came, and those that were
   reset, stopped or left unfinished. */

#include "analysis/stretch.h"
#include "wire/names.h"

#define STREAMS_HOLES 64       /* streams with a hole, watched at a time */
#define STREAMS_SENDING 16     /* streams whose sending times are kept */
#define STREAMS_CHECKPOINTS 32 /* of each */
#define STREAMS_CODES 16       /* codes of resets that are told apart */
#define STREAMS_RTTS 3         /* that a hole is open, to be told */
#define STREAMS_WARNING_RTTS 5 /* to be more than a packet lost again */
#define STREAMS_LEAST (50 * QUIC_MILLISECOND)
#define STREAMS_OTHERS 4 /* packets with stream data that came meanwhile */

/* Octets that are missing while later ones are there. */
typedef struct streams_hole {
  uint64_t id; /* QLOG_NONE: free */
  int side;    /* who sends */
  uint64_t prefix;
  quic_time since;
  uint64_t record;
  uint64_t packets; /* counter then */
} streams_hole;

/* When octets were sent first. */
typedef struct streams_point {
  uint64_t offset;
  quic_time time;
  uint64_t record;
  uint64_t packets;
} streams_point;

typedef struct streams_sending {
  uint64_t id; /* QLOG_NONE: free */
  uint64_t highest;
  quic_time used;
  uint32_t n; /* points noted so far */
  streams_point points[STREAMS_CHECKPOINTS];
} streams_sending;

typedef struct streams_code {
  uint64_t code, count;
  bool stop; /* STOP_SENDING */
  int side;  /* who sent it */
} streams_code;

typedef struct streams_state {
  streams_hole holes[STREAMS_HOLES];
  streams_sending sending[STREAMS_SENDING];
  uint64_t packets[QUIC_SIDES]; /* with stream data */
  quic_time run[QUIC_SIDES];    /* since then they come without a pause */
  quic_time data[QUIC_SIDES];   /* the last of them */
  quic_longest stalls;
  uint64_t serious; /* of them no plain loss */
  streams_code codes[STREAMS_CODES];
  size_t ncodes;
  uint64_t resets, stops;
  uint64_t goaways;
  quic_stretch reset; /* the first and last of them */
} streams_state;

static void streams_init(void *state, const quic_mem *mem) {
  streams_state *s = state;

  (void)mem;
  for (size_t i = 0; i < STREAMS_HOLES; i++) {
    s->holes[i].id = QLOG_NONE;
  }
  for (size_t i = 0; i < STREAMS_SENDING; i++) {
    s->sending[i].id = QLOG_NONE;
  }
}

/* streams_patience: a hole that is open for longer than |rounds| was not filled
   as loss recovery fills one. */
static quic_duration streams_patience(const quic_picture *p, unsigned rounds) {
  const quic_rtt *rtt = quic_analysis_rtt(p->analysis, p->local);
  quic_duration round = p->srtt, least = rounds * p->pto / 2;

  if (least < STREAMS_LEAST) {
    least = STREAMS_LEAST;
  }
  if (rtt->samples && rtt->latest > round) {
    round = rtt->latest;
  }
  if (p->metrics.latest_rtt != QLOG_NONE && p->metrics.latest_rtt > round) {
    round = p->metrics.latest_rtt;
  }
  round = round > QUIC_RTT_MAX ? QUIC_RTT_MAX : round;
  return rounds * round > least ? rounds * round : least;
}

/* streams_stall notes that |at| is missing for too long, while data was flowing
   for all that time and |packets| had come before. */
static void streams_stall(streams_state *s, const quic_picture *p,
                          const quic_stretch *at, uint64_t packets) {
  quic_time from = s->run[at->side] > at->from ? s->run[at->side] : at->from;
  quic_duration length = quic_time_since(at->to, from);
  quic_longest *l = &s->stalls;

  if (length <= streams_patience(p, STREAMS_RTTS) ||
      s->packets[at->side] - packets < STREAMS_OTHERS) {
    return;
  }
  if (length > streams_patience(p, STREAMS_WARNING_RTTS)) {
    s->serious++;
  }
  for (size_t i = 0; i < l->len; i++) {
    if (l->items[i].id == at->id && l->items[i].from == at->from &&
        l->items[i].side == at->side) {
      l->items[i] = *at; /* still the same */
      return;
    }
  }
  quic_longest_add(l, at);
}

/* streams_flow follows how long data of |side| has come without a pause. */
static void streams_flow(streams_state *s, const quic_picture *p, int side,
                         quic_time now) {
  if (s->packets[side]++ == 0 || quic_time_since(now, s->data[side]) > p->pto) {
    s->run[side] = now;
  }
  s->data[side] = now;
}

static streams_hole *streams_hole_of(streams_state *s, uint64_t id, int side) {
  uint64_t hash = (id * 2 + (uint64_t)side) * 0x9e3779b97f4a7c15u;

  return &s->holes[hash >> 32 & (STREAMS_HOLES - 1)];
}

/* streams_filled ends the hole |h| at |now|. */
static void streams_filled(streams_state *s, const quic_picture *p,
                           streams_hole *h, quic_time now, uint64_t record) {
  quic_stretch at = {h->since, now, h->record, record, h->id, h->side};

  streams_stall(s, p, &at, h->packets);
  h->id = QLOG_NONE;
}

/* streams_received looks for a hole in the stream of |f|. */
static void streams_received(streams_state *s, const quic_picture *p,
                             const qlog_event *e, const quic_flow *flow,
                             const quic_frame *f, int side) {
  uint64_t id = f->u.stream.stream_id;
  const quic_flow_stream *st = quic_flow_find(flow, id);
  const quic_span *seen = st ? &st->half[side].seen : NULL;
  streams_hole *h = streams_hole_of(s, id, side);
  bool open = seen && seen->islands && seen->islands->len;

  if (h->id == id && h->side == side && (!open || seen->prefix != h->prefix)) {
    streams_filled(s, p, h, e->time, quic_event_record(e));
  }
  if (open && h->id == QLOG_NONE) {
    *h = (streams_hole){.id = id,
                        .side = side,
                        .prefix = seen->prefix,
                        .since = e->time,
                        .record = quic_event_record(e),
                        .packets = s->packets[side]};
  }
}

static streams_sending *streams_sending_of(streams_state *s, uint64_t id,
                                           quic_time now) {
  streams_sending *least = &s->sending[0];

  for (size_t i = 0; i < STREAMS_SENDING; i++) {
    streams_sending *w = &s->sending[i];

    if (w->id == id) {
      w->used = now;
      return w;
    }
    if (least->id != QLOG_NONE &&
        (w->id == QLOG_NONE || w->used < least->used)) {
      least = w;
    }
  }
  *least = (streams_sending){.id = id, .used = now};
  return least;
}

/* streams_sent_first returns when the octets at |offset| were sent first, as
   far as is still known, or NULL. */
static const streams_point *streams_sent_first(const streams_sending *w,
                                               uint64_t offset) {
  uint32_t kept = w->n < STREAMS_CHECKPOINTS ? w->n : STREAMS_CHECKPOINTS;

  for (uint32_t i = 0; i < kept; i++) {
    const streams_point *point =
        &w->points[(w->n - 1 - i) % STREAMS_CHECKPOINTS];

    if (point->offset <= offset) {
      return point;
    }
  }
  return NULL;
}

/* streams_sent: what is sent again late was missing at the peer until then. */
static void streams_sent(streams_state *s, const quic_picture *p,
                         const qlog_event *e, const quic_frame *f) {
  uint64_t len = f->u.stream.data.len + f->missing;
  uint64_t offset = f->u.stream.offset, end = offset + len;
  streams_sending *w = streams_sending_of(s, f->u.stream.stream_id, e->time);
  const streams_point *first;
  quic_stretch at;
  streams_point *last = &w->points[(w->n - 1) % STREAMS_CHECKPOINTS];

  if (offset >= w->highest) {
    if (w->n == 0 || quic_time_since(e->time, last->time) > p->srtt / 2) {
      w->points[w->n++ % STREAMS_CHECKPOINTS] = (streams_point){
          offset, e->time, quic_event_record(e), s->packets[p->local]};
    }
    w->highest = end;
    return;
  }
  if (end > w->highest) {
    w->highest = end;
  }
  first = streams_sent_first(w, offset);
  /* While ACKs come: a probe sends again, too, and for less. */
  if (first && len && p->last_ack != QUIC_TIME_NEVER &&
      quic_time_since(e->time, p->last_ack) < p->pto - p->pto / 4) {
    at = (quic_stretch){first->time,          e->time, first->record,
                        quic_event_record(e), w->id,   p->local};
    streams_stall(s, p, &at, first->packets);
  }
}

static void streams_ended(streams_state *s, const qlog_event *e, int side,
                          uint64_t code, bool stop) {
  size_t i = 0;

  if (s->resets + s->stops == 0) {
    s->reset = (quic_stretch){
        e->time,   e->time, quic_event_record(e), quic_event_record(e),
        QLOG_NONE, side};
  }
  s->reset.to = e->time;
  s->reset.last = quic_event_record(e);
  s->resets += !stop;
  s->stops += stop;
  while (i < s->ncodes &&
         !(s->codes[i].code == code && s->codes[i].stop == stop &&
           s->codes[i].side == side)) {
    i++;
  }
  if (i == s->ncodes) {
    if (i == STREAMS_CODES) {
      return;
    }
    s->codes[s->ncodes++] = (streams_code){code, 0, stop, side};
  }
  s->codes[i].count++;
}

static void streams_packet(streams_state *s, const quic_picture *p,
                           const qlog_event *e, const quic_flow *flow) {
  const qlog_packet *packet = &e->u.packet;
  int side = quic_analysis_side(p->analysis, e);
  bool data = false;

  for (size_t i = 0; i < packet->nframes; i++) {
    const quic_frame *f = &packet->frames[i];

    if (quic_frame_is_stream(f)) {
      if (!data) {
        streams_flow(s, p, side, e->time);
      }
      data = true;
      if (side != p->local) {
        streams_received(s, p, e, flow, f, side);
      } else {
        streams_sent(s, p, e, f);
      }
    } else if (f->type == QUIC_FRAME_RESET_STREAM ||
               f->type == QUIC_FRAME_RESET_STREAM_AT) {
      streams_ended(s, e, side, f->u.reset_stream.error_code, false);
    } else if (f->type == QUIC_FRAME_STOP_SENDING) {
      streams_ended(s, e, side, f->u.stop_sending.error_code, true);
    }
  }
}

static void streams_event(void *state, quic_findings *f, const quic_picture *p,
                          const qlog_event *e) {
  const quic_flow *flow = quic_analysis_flow(p->analysis);
  streams_state *s = state;

  (void)f;
  if (!qlog_event_is_packet(e)) {
    s->goaways +=
        e->u.h3_frame.frame && e->u.h3_frame.frame->type == QUIC_H3_GOAWAY;
  } else if (flow) {
    streams_packet(s, p, e, flow);
  }
}

static void streams_tell_stalls(const streams_state *s, quic_findings *f,
                                const quic_picture *p) {
  char took[QUIC_DURATION_TEXT];

  for (size_t i = 0; i < s->stalls.len; i++) {
    const quic_stretch *at = &s->stalls.items[i];
    quic_finding *found = quic_finding_of(f, QUIC_FOUND_STREAM_STALL, at);

    if (found && !s->serious) {
      found->severity = QUIC_NOTE; /* as packets that are lost again */
    }

    quic_finding_line(
        found,
        at->side == p->local
            ? "octets of stream %llu were sent again only %s after the first "
              "time, while other data went on"
            : "stream %llu waited %s for missing octets while other data came",
        (unsigned long long)at->id,
        quic_duration_text(took, quic_time_since(at->to, at->from)));
    quic_finding_fact_add(found, "stream", QUIC_UNIT_ID, at->id);
    quic_finding_fact_add(found, "stalled", QUIC_UNIT_NS,
                          quic_time_since(at->to, at->from));
    quic_finding_fact_add(found, "srtt", QUIC_UNIT_NS, p->srtt);
  }
}

static const char *streams_code_name(const quic_picture *p, uint64_t code) {
  const quic_close *c = quic_analysis_close(p->analysis);

  return c->alpn_len ? quic_name_app_error(c->alpn, c->alpn_len, code)
                     : quic_name_h3_error(code);
}

static void streams_tell_codes(const streams_state *s, quic_finding *found,
                               const quic_picture *p) {
  for (size_t i = 0; i < s->ncodes; i++) {
    const streams_code *c = &s->codes[i];
    const char *name = streams_code_name(p, c->code);

    quic_finding_line(found, "%s sent %llu %s with %s%s0x%llx%s",
                      quic_side_name(c->side), (unsigned long long)c->count,
                      c->stop ? "STOP_SENDING" : "RESET_STREAM",
                      name ? name : "", name ? " (" : "",
                      (unsigned long long)c->code, name ? ")" : "");
  }
}

/* streams_tell_resets: and what the close cut off. */
static void streams_tell_resets(const streams_state *s, quic_findings *f,
                                const quic_picture *p) {
  const quic_close *c = quic_analysis_close(p->analysis);
  uint64_t lost = c->class == QUIC_CLOSED_NOT || c->class == QUIC_CLOSED_UNKNOWN
                      ? 0
                      : c->open_requests;
  quic_stretch at = s->reset;
  quic_finding *found;

  if (s->resets + s->stops == 0) {
    if (lost == 0) {
      return;
    }
    at = (quic_stretch){c->at.time,   c->at.time, c->at.record,
                        c->at.record, QLOG_NONE,  c->by};
  }
  found = quic_finding_of(f, QUIC_FOUND_RESETS, &at);
  streams_tell_codes(s, found, p);
  if (lost) {
    quic_finding_line(found, "%llu request%s not finished when it closed",
                      (unsigned long long)lost, lost == 1 ? "" : "s");
  }
  quic_finding_fact_add(found, "resets", QUIC_UNIT_COUNT, s->resets);
  quic_finding_fact_add(found, "stops", QUIC_UNIT_COUNT, s->stops);
  quic_finding_fact_add(found, "lost_requests", QUIC_UNIT_COUNT, lost);
  quic_finding_fact_add(found, "goaways", QUIC_UNIT_COUNT, s->goaways);
}

static void streams_end(void *state, quic_findings *f, const quic_picture *p) {

  streams_state *s = state;

  for (size_t i = 0; i < STREAMS_HOLES; i++) {
    streams_hole *h = &s->holes[i];

    if (h->id != QLOG_NONE) {
      streams_filled(s, p, h, quic_over(p), QLOG_NONE);
    }
  }
  streams_tell_stalls(s, f, p);
  streams_tell_resets(s, f, p);
}

const quic_detector quic_detect_streams = {
    .name = "streams",
    .size = sizeof(streams_state),
    .events =
        QUIC_DETECTOR_ON(PACKET_SENT) | QUIC_DETECTOR_ON(PACKET_RECEIVED) |
        QUIC_DETECTOR_ON(H3_FRAME_CREATED) | QUIC_DETECTOR_ON(H3_FRAME_PARSED),
    .init = streams_init,
    .event = streams_event,
    .end = streams_end,
};
