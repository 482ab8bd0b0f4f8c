/* Rules of HTTP/3 (RFC 9114) that were broken, as far as frames and streams
   tell. */

#include "analysis/stretch.h"
#include "wire/h3.h"

#define HTTP3_CRITICAL 16 /* control and QPACK streams kept */
#define HTTP3_LOST 4      /* times that, when no loss explains it */
#define HTTP3_LATE_PTOS 2 /* beyond a round trip, for SETTINGS to be late */

typedef struct http3_stream {
  uint64_t id;
  int side;
  int kind; /* qlog_h3_stream */
} http3_stream;

typedef struct http3_state {
  http3_stream critical[HTTP3_CRITICAL];
  size_t ncritical;
  quic_mark settings[QUIC_SIDES];
  uint64_t control[QUIC_SIDES]; /* stream ID; QLOG_NONE */
  uint64_t frames[QUIC_SIDES];  /* that were told of each side */
  quic_mark first[QUIC_SIDES];
  bool said[QUIC_SIDES]; /* SETTINGS twice */
} http3_state;

static void http3_init(void *state, const quic_mem *mem) {
  http3_state *s = state;

  (void)mem;
  for (int side = 0; side < QUIC_SIDES; side++) {
    s->settings[side] = s->first[side] = QUIC_MARK_NONE;
    s->control[side] = QLOG_NONE;
  }
}

static quic_finding *http3_found(quic_findings *f, const qlog_event *e,
                                 int side, uint64_t stream_id) {
  uint64_t record = quic_event_record(e);
  quic_stretch at = {e->time, e->time, record, record, stream_id, side};

  return quic_finding_of(f, QUIC_FOUND_HTTP3, &at);
}

static quic_mark http3_mark(const qlog_event *e, int side) {
  quic_mark at = QUIC_MARK_NONE;

  at.time = e->time;
  at.record = quic_event_record(e);
  at.side = (int8_t)side;
  return at;
}

/* http3_initiator: whose a stream or setting is. */
static int http3_initiator(const quic_picture *p, int initiator,
                           uint64_t stream_id) {
  if (initiator == QLOG_UNSET) {
    return stream_id & 1 ? QUIC_SIDE_SERVER : QUIC_SIDE_CLIENT;
  }
  return initiator == QLOG_LOCAL ? p->logger : !p->logger;
}

static void http3_stream_type(http3_state *s, quic_findings *f,
                              const quic_picture *p, const qlog_event *e) {
  const qlog_h3_stream_type *t = &e->u.h3_stream;
  int side = http3_initiator(p, t->initiator, t->stream_id);

  if ((t->kind != QLOG_H3_CONTROL && t->kind != QLOG_H3_QPACK_ENCODE &&
       t->kind != QLOG_H3_QPACK_DECODE) ||
      t->stream_id == QLOG_NONE) {
    return;
  }
  for (size_t i = 0; i < s->ncritical; i++) {
    const http3_stream *c = &s->critical[i];

    if (c->id == t->stream_id) {
      return;
    }
    if (c->side == side && c->kind == t->kind) {
      quic_finding_line(http3_found(f, e, side, t->stream_id),
                        "%s opened a second %s stream, %llu beside %llu",
                        quic_side_name(side),
                        t->kind == QLOG_H3_CONTROL ? "control" : "QPACK",
                        (unsigned long long)t->stream_id,
                        (unsigned long long)c->id);
    }
  }
  if (s->ncritical < HTTP3_CRITICAL) {
    s->critical[s->ncritical++] = (http3_stream){t->stream_id, side, t->kind};
  }
}

static void http3_settings(http3_state *s, const qlog_event *e, int side) {
  if (!quic_mark_set(&s->settings[side])) {
    s->settings[side] = http3_mark(e, side);
  }
}

/* http3_misplaced returns why |type| must not be on stream |id|, or NULL. */
static const char *http3_misplaced(const http3_state *s, uint64_t type,
                                   uint64_t id, int side) {
  const quic_h3_frame_info *info = quic_h3_frame_info_find(type);

  if (!info) {
    return NULL;
  }
  if (info->flags & QUIC_H3_HTTP2_ONLY) {
    return "is HTTP/2's alone";
  }
  if ((id & 3) == 0) {
    return info->flags & QUIC_H3_ON_REQUEST ? NULL
                                            : "must not be on a request stream";
  }
  if (id == s->control[side] && !(info->flags & QUIC_H3_ON_CONTROL)) {
    return "must not be on a control stream";
  }
  return NULL;
}

static void http3_frame(http3_state *s, quic_findings *f, const quic_picture *p,
                        const qlog_event *e) {
  const qlog_h3_frame *h = &e->u.h3_frame;
  int side = e->type == QLOG_H3_FRAME_CREATED ? p->logger : !p->logger;
  const quic_h3_frame_info *info;
  const char *why;

  if (!h->frame) {
    return;
  }
  if (s->frames[side]++ == 0) {
    s->first[side] = http3_mark(e, side);
  }
  if (h->frame->type == QUIC_H3_SETTINGS) {
    if (s->control[side] == h->stream_id && h->stream_id != QLOG_NONE &&
        quic_mark_set(&s->settings[side])) {
      quic_finding_line(http3_found(f, e, side, h->stream_id),
                        "%s sent SETTINGS twice", quic_side_name(side));
    }
    http3_settings(s, e, side);
    if (h->stream_id != QLOG_NONE && (h->stream_id & 2) != 0) {
      s->control[side] = h->stream_id;
    }
  }
  if (h->stream_id == QLOG_NONE) {
    return;
  }
  why = http3_misplaced(s, h->frame->type, h->stream_id, side);
  if (why) {
    info = quic_h3_frame_info_find(h->frame->type);
    quic_finding_line(http3_found(f, e, side, h->stream_id),
                      "%s of the %s on stream %llu %s", info->name,
                      quic_side_name(side), (unsigned long long)h->stream_id,
                      why);
  }
}

/* http3_closed: control and QPACK streams live as long as the connection. */
static void http3_closed(http3_state *s, quic_findings *f,
                         const quic_picture *p, const qlog_event *e) {
  const qlog_packet *packet = &e->u.packet;

  for (size_t i = 0; i < packet->nframes; i++) {
    const quic_frame *fr = &packet->frames[i];
    bool reset = fr->type == QUIC_FRAME_RESET_STREAM;
    bool fin = quic_frame_is_stream(fr) && (fr->type & 1);
    uint64_t id = reset ? fr->u.reset_stream.stream_id : fr->u.stream.stream_id;

    for (size_t k = 0; (reset || fin) && k < s->ncritical; k++) {
      int side = quic_analysis_side(p->analysis, e);

      if (s->critical[k].id == id && s->critical[k].side == side) {
        quic_finding_line(http3_found(f, e, side, id),
                          "%s closed its %s stream %llu", quic_side_name(side),
                          s->critical[k].kind == QLOG_H3_CONTROL ? "control"
                                                                 : "QPACK",
                          (unsigned long long)id);
        s->critical[k].id = QLOG_NONE;
      }
    }
  }
}

/* http3_warning takes what a reader of packets found: a message with the code
   that an endpoint would close with. */
static void http3_warning(quic_findings *f, const qlog_event *e) {
  const char *name = e->u.message.code == QLOG_NONE
                         ? NULL
                         : quic_name_h3_error(e->u.message.code);
  char buf[256];
  quic_text text;
  quic_finding *found;

  if (!name || e->u.message.code < 0x100) {
    return;
  }
  quic_text_init(&text, buf, sizeof(buf));
  quic_text_untrusted(&text, e->u.message.text, 160);
  found = http3_found(f, e, QUIC_SIDE_UNKNOWN, QLOG_NONE);
  quic_finding_line(found, "%s: %s", name, quic_text_cstr(&text));
  quic_finding_fact_add(found, "code", QUIC_UNIT_ID, e->u.message.code);
}

static void http3_event(void *state, quic_findings *f, const quic_picture *p,
                        const qlog_event *e) {
  http3_state *s = state;

  switch (e->type) {
  case QLOG_H3_PARAMETERS_SET:
    http3_settings(s, e, http3_initiator(p, e->u.h3_settings.initiator, 0));
    break;
  case QLOG_H3_STREAM_TYPE_SET:
    http3_stream_type(s, f, p, e);
    break;
  case QLOG_H3_FRAME_CREATED:
  case QLOG_H3_FRAME_PARSED:
    http3_frame(s, f, p, e);
    break;
  case QLOG_LOG_WARNING:
    http3_warning(f, e);
    break;
  default:
    if (s->ncritical) {
      http3_closed(s, f, p, e);
    }
  }
}

/* http3_ready returns when both sides had what SETTINGS need. */
static quic_time http3_ready(const quic_picture *p) {
  const quic_mark *at =
      &quic_analysis_phases(p->analysis)->at[QUIC_PHASE_CONFIRMED];

  return quic_mark_set(at) && p->handshake < at->time ? at->time : p->handshake;
}

/* http3_late: SETTINGS of the peer came late after the handshake, or never.
   Whether a log tells of SETTINGS at all, shows in its own. */
static void http3_late(const http3_state *s, quic_findings *f,
                       const quic_picture *p) {
  int peer = quic_side_other(p->local);
  const quic_mark *at = &s->settings[peer];
  quic_time until = quic_mark_set(at) ? at->time : p->last_received;
  quic_time from = http3_ready(p);
  quic_duration late, limit = p->srtt + HTTP3_LATE_PTOS * p->pto;
  char took[QUIC_DURATION_TEXT];
  quic_stretch all;
  quic_finding *found;

  if (from == QUIC_TIME_NEVER || until == QUIC_TIME_NEVER ||
      !quic_mark_set(&s->settings[p->local])) {
    return;
  }
  late = quic_time_since(until, from);
  if (!quic_mark_set(at) ? s->frames[peer] == 0 && late <= 4 * limit
                         : late <= limit) {
    return;
  }
  all = (quic_stretch){from, until, QLOG_NONE, at->record, QLOG_NONE, peer};
  found = quic_finding_of(f, QUIC_FOUND_HTTP3, &all);
  if (found && quic_mark_set(at) &&
      (late <= HTTP3_LOST * limit || p->lost != 0)) {
    found->severity = QUIC_NOTE; /* as lost packets make them */
  }
  quic_duration_text(took, late);
  if (quic_mark_set(at)) {
    quic_finding_line(found, "SETTINGS of the %s came %s after the handshake",
                      quic_side_name(peer), took);
  } else {
    quic_finding_line(found,
                      "SETTINGS of the %s never came, in %s after the "
                      "handshake",
                      quic_side_name(peer), took);
  }
  quic_finding_fact_add(found, "late", QUIC_UNIT_NS, late);
}

/* http3_code: the close itself names a rule of HTTP/3 or QPACK. */
static void http3_code(quic_findings *f, const quic_picture *p) {
  static const uint16_t codes[] = {0x103, 0x104, 0x105, 0x106, 0x108,
                                   0x109, 0x10a, 0x200, 0x201, 0x202};
  const quic_close *c = quic_analysis_close(p->analysis);
  const char *name;
  quic_stretch at;

  for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    if (c->class != QUIC_CLOSED_APPLICATION || c->code != codes[i]) {
      continue;
    }
    name = quic_name_h3_error(c->code);
    at = (quic_stretch){c->at.time,   c->at.time, c->at.record,
                        c->at.record, QLOG_NONE,  quic_side_other(c->by)};
    quic_finding_line(quic_finding_of(f, QUIC_FOUND_HTTP3, &at),
                      "%s closed with %s", quic_side_name(c->by),
                      name ? name : "an error of HTTP/3");
  }
}

static void http3_end(void *state, quic_findings *f, const quic_picture *p) {
  http3_late(state, f, p);
  http3_code(f, p);
}

const quic_detector quic_detect_http3 = {
    .name = "http3",
    .size = sizeof(http3_state),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(PACKET_RECEIVED) |
              QUIC_DETECTOR_ON(H3_PARAMETERS_SET) |
              QUIC_DETECTOR_ON(H3_STREAM_TYPE_SET) |
              QUIC_DETECTOR_ON(H3_FRAME_CREATED) |
              QUIC_DETECTOR_ON(H3_FRAME_PARSED) | QUIC_DETECTOR_ON(LOG_WARNING),
    .init = http3_init,
    .event = http3_event,
    .end = http3_end,
};
