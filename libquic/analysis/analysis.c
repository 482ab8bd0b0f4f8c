#include "analysis/analysis.h"

#include <string.h>

#include "analysis/inferred.h"

#define ANALYSIS_ACK_DELAY_EXPONENT_MAX 20   /* RFC 9000 §18.2 */
#define ANALYSIS_DATAGRAM_MIN 1200           /* §14.1 */
#define ANALYSIS_MAX_ACK_DELAY_MAX (1 << 14) /* ms */

/* What a side did since the other was last heard. */
typedef struct analysis_tail {
  quic_mark unanswered;
  uint64_t since, probes, not_opened;
} analysis_tail;

struct quic_analysis {
  qlog_sink sink; /* first, so that a sink is an analysis */
  const quic_mem *mem;
  quic_analysis_settings settings;
  qlog_sink *inferred;
  quic_totals totals[QUIC_SIDES];
  quic_recovery recovery;
  quic_flow *flow; /* NULL until used */
  quic_phases phases;
  quic_path path;
  quic_close *close; /* NULL until something ends */
  quic_analysis_limits limits;
  qlog_metrics *metrics; /* NULL until the endpoint tells some */
  analysis_tail tail[QUIC_SIDES];
  quic_mark first, reset, goaway;
  quic_mark begin, active; /* first event, last that is no timer's */
  quic_time now;
  bool fine; /* times are not in whole milliseconds */
  uint32_t version;
  bool no_version;
  bool told_closed;           /* to |inferred|, at its time */
  bool uncertain[QUIC_SIDES]; /* told to |flow| */
  uint8_t alpn_len;
  uint8_t alpn[QUIC_CLOSE_ALPN_MAX];
};

static int analysis_local(const quic_analysis *a) {
  return a->settings.sent_is_client ? QUIC_SIDE_CLIENT : QUIC_SIDE_SERVER;
}

int quic_analysis_new(quic_analysis **out, const quic_mem *mem,
                      const quic_analysis_settings *settings,
                      qlog_sink *inferred) {
  quic_analysis *a = quic_mem_zalloc(mem, sizeof(*a));

  *out = a;
  if (!a) {
    return QUIC_ERR_NOMEM;
  }
  a->sink = *quic_analysis_sink(a);
  a->mem = mem;
  a->settings = *settings;
  a->inferred = inferred;
  quic_phases_init(&a->phases);
  quic_path_init(&a->path, mem);
  quic_recovery_init(&a->recovery, mem,
                     settings->vantage == QUIC_VANTAGE_CLIENT ? QUIC_SIDE_CLIENT
                     : settings->vantage == QUIC_VANTAGE_SERVER
                         ? QUIC_SIDE_SERVER
                         : QUIC_SIDE_UNKNOWN,
                     inferred);
  a->first = a->reset = a->goaway = QUIC_MARK_NONE;
  a->begin = a->active = QUIC_MARK_NONE;
  for (int side = 0; side < QUIC_SIDES; side++) {
    quic_totals_init(&a->totals[side]);
    a->tail[side].unanswered = QUIC_MARK_NONE;
    a->limits.max_ack_delay[side] = QUIC_RTT_MAX_ACK_DELAY;
  }
  return 0;
}

void quic_analysis_del(quic_analysis *a) {
  if (!a) {
    return;
  }
  quic_recovery_free(&a->recovery);
  quic_flow_del(a->flow);
  quic_path_free(&a->path);
  quic_mem_free(a->mem, a->close);
  quic_mem_free(a->mem, a->metrics);
  quic_mem_free(a->mem, a);
}

/* Parts that are made when they are needed; NULL without memory. */

static quic_flow *analysis_flow(quic_analysis *a) {
  if (!a->flow) {
    (void)!quic_flow_new(&a->flow, a->mem, a->settings.seed,
                         a->settings.stream_retired, a->settings.user);
  }
  return a->flow;
}

static quic_close *analysis_close(quic_analysis *a) {
  if (!a->close) {
    a->close = quic_mem_alloc(a->mem, sizeof(*a->close));
    if (a->close) {
      quic_close_init(a->close);
    }
  }
  return a->close;
}

/* analysis_leftover notes on |c| what the end leaves undone: nothing that is
   known where one direction is not in the trace. */
static void analysis_leftover(quic_analysis *a, quic_close *c) {
  c->unacked = c->unacked_octets = 0;
  c->open_streams = c->open_requests = 0;
  if (a->totals[QUIC_SIDE_CLIENT].packets == 0 ||
      (a->totals[QUIC_SIDE_SERVER].packets == 0 &&
       quic_phases_answered(&a->phases))) {
    return;
  }
  for (int side = 0; side < QUIC_SIDES; side++) {
    for (int space = 0; space < QUIC_SPACES; space++) {
      const quic_sent *s = a->recovery.sent[side][space];

      c->unacked += s ? s->packets_in_flight : 0;
      c->unacked_octets += s ? s->in_flight : 0;
    }
  }
  if (!a->flow) {
    return;
  }
  c->open_streams = quic_flow_open(a->flow);
  for (const quic_flow_stream *s = quic_flow_first(a->flow); s; s = s->next) {
    c->open_requests += (s->id & 3) == 0;
  }
}

/* Packets. */

static bool analysis_confirmed(const quic_analysis *a) {
  return quic_mark_set(&a->phases.at[QUIC_PHASE_CONFIRMED]);
}

static void analysis_ack(quic_analysis *a, const quic_frame *ack,
                         quic_space space, const quic_mark *at,
                         unsigned exponent) {
  a->totals[at->side].acks++;
  if (ack->type == QUIC_FRAME_ACK_ECN) {
    quic_path_frame(&a->path, ack, at);
  }
  quic_recovery_ack(&a->recovery, at, space, ack, exponent,
                    analysis_confirmed(a));
}

/* analysis_stands_in: APPLICATION_ERROR in an Initial or Handshake packet
   stands for an application's close, which a 1-RTT packet of the same datagram
   may tell (RFC 9000 §10.2.3). */
static bool analysis_stands_in(const quic_frame *f) {
  return f->type == QUIC_FRAME_CONNECTION_CLOSE && f->u.close.error_code == 0xc;
}

static void analysis_close_frame(quic_analysis *a, const quic_frame *f,
                                 const quic_mark *at) {
  quic_close *c = analysis_close(a);

  if (!c) {
    return;
  }
  if (quic_close_on_frame(c, f, at)) {
    analysis_leftover(a, c);
  }
  if (a->settings.vantage == QUIC_VANTAGE_NETWORK && !a->told_closed &&
      !analysis_stands_in(f) && !quic_mark_set(&c->frames[!at->side].at)) {
    quic_inferred_close_frame(a->inferred, f, at, analysis_local(a));
    a->told_closed = true;
  }
}

/* analysis_frame hands |f| to the part it is for. */
static void analysis_frame(quic_analysis *a, const quic_frame *f,
                           quic_space space, const quic_mark *at,
                           unsigned exponent, quic_phases_facts *facts) {
  uint64_t type = f->type > 0xff ? quic_frame_meaning(f) : f->type;
  uint64_t repeated;

  switch (type) {
  case QUIC_FRAME_PADDING:
    return;
  case QUIC_FRAME_PATH_ACK:
  case QUIC_FRAME_PATH_ACK + 1:
    if (f->u.ack.path_id == 0) {
      analysis_ack(a, f, space, at, exponent);
    }
    return;
  case QUIC_FRAME_PATH_CHALLENGE:
  case QUIC_FRAME_PATH_RESPONSE:
    quic_path_frame(&a->path, f, at);
    return;
  case QUIC_FRAME_CONNECTION_CLOSE:
  case QUIC_FRAME_CONNECTION_CLOSE_APP:
    analysis_close_frame(a, f, at);
    return;
  case QUIC_FRAME_HANDSHAKE_DONE:
    facts->done = true;
    return;
  default:
    break;
  }
  repeated = analysis_flow(a) ? quic_flow_frame(a->flow, f, space, at) : 0;
  if (type == QUIC_FRAME_CRYPTO) {
    facts->crypto = true;
    facts->crypto_repeated += repeated;
  } else if (type >= QUIC_FRAME_STREAM && type < QUIC_FRAME_STREAM + 8) {
    facts->stream |= f->u.stream.data.len + f->missing > 0;
  }
}

/* analysis_holes: where packets of |side| may be missing, limits that it raised
   may be too. */
static void analysis_holes(quic_analysis *a, int side, bool closed) {
  if (a->uncertain[side] || !a->flow ||
      (!closed && !quic_recovery_holes(&a->recovery, side, QUIC_SPACE_APP) &&
       quic_mark_set(&a->phases.at[QUIC_PHASE_CLIENT_INITIAL]))) {
    return;
  }
  a->uncertain[side] = true;
  quic_flow_uncertain(a->flow, side);
}

/* analysis_number enters the packet among those sent.  Returns the flags of its
   record, or -1 when it was seen before. */
static int analysis_number(quic_analysis *a, const qlog_packet *p,
                           const quic_mark *at, quic_space space,
                           unsigned flags) {
  int rv = (int)flags;

  /* Other paths have numbers of their own. */
  if (at->number != QLOG_NONE && (p->path_id == QLOG_NONE || p->path_id == 0)) {
    rv = quic_recovery_packet(&a->recovery, at, space, quic_packet_octets(p),
                              flags);
  }
  if (space == QUIC_SPACE_APP) {
    analysis_holes(a, at->side, !p->has_frames);
  }
  return rv;
}

/* analysis_over ends the packet number spaces whose keys are gone (RFC 9001
   §4.9). */
static void analysis_over(quic_analysis *a) {
  if (analysis_confirmed(a)) {
    quic_recovery_discard(&a->recovery, QUIC_SPACE_APP);
  } else if (quic_mark_set(&a->phases.at[QUIC_PHASE_CLIENT_HANDSHAKE])) {
    quic_recovery_discard(&a->recovery, QUIC_SPACE_HANDSHAKE);
  }
}

static void analysis_phases(quic_analysis *a, const qlog_packet *p,
                            const quic_mark *at,
                            const quic_phases_facts *facts) {
  static const struct analysis_state {
    quic_phase phase;
    const char *before, *after;
  } states[] = {
      {QUIC_PHASE_COMPLETE, "handshake_started", "handshake_complete"},
      {QUIC_PHASE_CONFIRMED, "handshake_complete", "handshake_confirmed"}};
  quic_phase stream = at->side == QUIC_SIDE_CLIENT ? QUIC_PHASE_CLIENT_STREAM
                                                   : QUIC_PHASE_SERVER_STREAM;
  bool had[2];

  /* After the handshake only the first octets on streams are news. */
  if (at->type == QUIC_PACKET_1RTT && analysis_confirmed(a) &&
      a->phases.early != QUIC_EARLY_SENT &&
      (!facts->stream || quic_mark_set(&a->phases.at[stream]))) {
    return;
  }
  for (size_t i = 0; i < 2; i++) {
    had[i] = quic_mark_set(&a->phases.at[states[i].phase]);
  }
  quic_phases_packet(&a->phases, p, at, facts);
  for (size_t i = 0; i < 2; i++) {
    if (!had[i] && quic_mark_set(&a->phases.at[states[i].phase]) &&
        a->settings.vantage == QUIC_VANTAGE_NETWORK) {
      quic_inferred_state(a->inferred, at->time, states[i].before,
                          states[i].after);
    }
  }
  analysis_over(a);
  if (at->type == QUIC_PACKET_RETRY && a->flow) {
    quic_flow_restart(a->flow);
  }
}

static void analysis_tails(quic_analysis *a, const quic_mark *at, bool opened,
                           bool counts, bool probe) {
  analysis_tail *t = &a->tail[at->side], *other = &a->tail[!at->side];

  if (other->since) {
    other->since = other->probes = 0;
    other->unanswered = QUIC_MARK_NONE;
  }
  if (opened) {
    t->not_opened = 0;
  } else if (at->type == QUIC_PACKET_UNKNOWN ||
             (at->type != QUIC_PACKET_0RTT &&
              quic_packet_type_encrypted((quic_packet_type)at->type))) {
    t->not_opened++;
  }
  if (counts && t->since++ == 0) {
    t->unanswered = *at;
  }
  t->probes += probe;
}

static void analysis_reset(quic_analysis *a, const quic_mark *at) {
  quic_close *c = analysis_close(a);

  a->totals[at->side].stateless_resets++;
  if (!quic_mark_set(&a->reset)) {
    a->reset = *at;
    if (c && !quic_mark_set(&c->frames[0].at) &&
        !quic_mark_set(&c->frames[1].at)) {
      analysis_leftover(a, c);
    }
  }
}

static void analysis_news(quic_analysis *a, const quic_mark *at,
                          unsigned news) {
  const quic_path_side *s = &a->path.side[at->side];

  if (news & QUIC_PATH_SPIN) {
    quic_inferred_spin(a->inferred, at->time, at->side, s->spin);
  }
  if (news & QUIC_PATH_KEY) {
    quic_inferred_key(a->inferred, at->time, at->side,
                      s->generations[s->ngenerations - 1].phase);
  }
}

/* analysis_exponent: what scales the acknowledgment delays in |p|.  A log tells
   them as times, and with them by what they were scaled back; what passes on a
   network is scaled by the parameter. */
static unsigned analysis_exponent(const quic_analysis *a, const qlog_packet *p,
                                  int side) {
  if (p->ack_delay_exponent > ANALYSIS_ACK_DELAY_EXPONENT_MAX ||
      (a->settings.vantage == QUIC_VANTAGE_NETWORK && a->limits.known[side])) {
    return a->recovery.limits[side].ack_delay_exponent;
  }
  return (unsigned)p->ack_delay_exponent;
}

/* analysis_walk hands the frames of |p| to the parts.  Returns the flags of its
   record, or -1 for a copy of what was seen, whose frames do not count. */
static int analysis_walk(quic_analysis *a, const qlog_packet *p,
                         const quic_mark *at, unsigned flags,
                         quic_phases_facts *facts) {
  int space = quic_space_of(p->header->type), rv;
  unsigned exponent = analysis_exponent(a, p, at->side);

  if (space < 0) {
    return (int)flags;
  }
  rv = analysis_number(a, p, at, (quic_space)space, flags);
  for (size_t i = 0; rv >= 0 && i < p->nframes; i++) {
    const quic_frame *f = &p->frames[i];

    if (f->type == QUIC_FRAME_ACK || f->type == QUIC_FRAME_ACK_ECN) {
      facts->ack = f;
      analysis_ack(a, f, (quic_space)space, at, exponent);
    } else {
      analysis_frame(a, f, (quic_space)space, at, exponent, facts);
    }
  }
  return rv;
}

static quic_mark analysis_mark(const qlog_event *e, int side) {
  quic_mark at = QUIC_MARK_NONE;

  at.time = e->time;
  at.record = quic_event_record(e);
  at.side = (int8_t)side;
  return at;
}

/* analysis_padded: a log tells the length of packets, often without the padding
   of the datagram, which a client's Initial always has (RFC 9000 §14.1). */
static uint64_t analysis_padded(const quic_analysis *a, const qlog_packet *p,
                                int side, uint64_t octets) {
  return a->settings.vantage != QUIC_VANTAGE_NETWORK &&
                 side == QUIC_SIDE_CLIENT && octets &&
                 p->header->type == QUIC_PACKET_INITIAL &&
                 octets < ANALYSIS_DATAGRAM_MIN
             ? ANALYSIS_DATAGRAM_MIN
             : octets;
}

static void analysis_packet(quic_analysis *a, const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;
  int side = quic_analysis_side(a, e), rv;
  quic_phases_facts facts = {0};
  unsigned flags;
  quic_mark at;

  if (p->stateless_reset && !p->header) {
    at = analysis_mark(e, side);
    analysis_reset(a, &at);
    return;
  }
  if (!p->header || p->header->type >= QUIC_PACKET_TYPES) {
    return;
  }
  at = (quic_mark){e->time, quic_event_record(e),
                   p->header->pn_len ? p->header->pn : QLOG_NONE, (int8_t)side,
                   (int8_t)p->header->type};
  facts.datagram =
      analysis_padded(a, p, side, quic_totals_datagram(&a->totals[side], p));

  if (p->stateless_reset) {
    analysis_reset(a, &at);
    return;
  }
  quic_totals_packet(&a->totals[side], p, &at);
  flags = quic_totals_frames(&a->totals[side], p);
  if (!quic_mark_set(&a->first)) {
    a->first = at;
  }
  if (a->version == 0 && side == QUIC_SIDE_CLIENT && p->header->is_long) {
    a->version = p->header->version;
  }
  if (p->late) {
    (void)analysis_walk(a, p, &at, flags | QUIC_SENT_TOLD_LATE, &facts);
    analysis_phases(a, p, &at, &facts);
    a->tail[side].not_opened -= a->tail[side].not_opened > 0;
    return;
  }
  analysis_news(a, &at,
                quic_path_packet(&a->path, p, &at, facts.datagram != 0));
  rv = analysis_walk(a, p, &at, flags, &facts);
  analysis_phases(a, p, &at, &facts);
  /* An endpoint has opened what it tells of. */
  analysis_tails(a, &at,
                 p->has_frames || a->settings.vantage != QUIC_VANTAGE_NETWORK,
                 (flags & QUIC_SENT_ELICITING) != 0,
                 rv >= 0 && (rv & QUIC_SENT_PROBE) != 0);
}

/* Other events. */

/* analysis_told_side: the side that an event names, or |otherwise|. */
static int analysis_told_side(const qlog_event *e, int otherwise) {
  for (int side = 0; e->side && side < QUIC_SIDES; side++) {
    if (strcmp(e->side, quic_side_name(side)) == 0) {
      return side;
    }
  }
  return otherwise;
}

/* analysis_initiator turns local and remote into sides. */
static int analysis_initiator(const quic_analysis *a, int initiator) {
  return initiator == QLOG_LOCAL    ? analysis_local(a)
         : initiator == QLOG_REMOTE ? !analysis_local(a)
                                    : QUIC_SIDE_UNKNOWN;
}

static void analysis_parameters(quic_analysis *a, const qlog_event *e) {
  const qlog_parameters_set *set = &e->u.parameters;
  int side = analysis_initiator(a, set->initiator);
  quic_tparams list;
  uint64_t value;

  if (set->early_data_enabled >= 0 && a->phases.early != QUIC_EARLY_NONE) {
    quic_phases_early(&a->phases, set->early_data_enabled != 0);
  }
  if (side == QUIC_SIDE_UNKNOWN || set->parameters.len == 0) {
    return;
  }
  /* What stands before an error counts. */
  (void)!quic_tparams_decode(&list, set->parameters, set->version);
  a->limits.known[side] = true;
  value = quic_tparams_integer(&list, QUIC_TPARAM_MAX_IDLE_TIMEOUT);
  a->limits.idle[side] = value > UINT64_MAX / QUIC_MILLISECOND
                             ? UINT64_MAX - 1
                             : value * QUIC_MILLISECOND;
  value = quic_tparams_integer(&list, QUIC_TPARAM_MAX_ACK_DELAY);
  if (value < ANALYSIS_MAX_ACK_DELAY_MAX) {
    a->recovery.limits[side].max_ack_delay = value * QUIC_MILLISECOND;
    a->limits.max_ack_delay[side] = value * QUIC_MILLISECOND;
  }
  value = quic_tparams_integer(&list, QUIC_TPARAM_ACK_DELAY_EXPONENT);
  if (value <= ANALYSIS_ACK_DELAY_EXPONENT_MAX) {
    a->recovery.limits[side].ack_delay_exponent = (unsigned)value;
  }
  if (analysis_flow(a)) {
    quic_flow_parameters(a->flow, side, &list);
  }
}

/* analysis_restored: a client remembers the limits of its server for 0-RTT. */
static void analysis_restored(quic_analysis *a, const qlog_event *e) {
  quic_tparams list;

  if (e->u.parameters.parameters.len && analysis_flow(a)) {
    (void)!quic_tparams_decode(&list, e->u.parameters.parameters,
                               e->u.parameters.version);
    quic_flow_parameters(a->flow, QUIC_SIDE_SERVER, &list);
  }
}

static void analysis_closed(quic_analysis *a, const qlog_event *e) {
  quic_mark at = analysis_mark(e, analysis_initiator(a, e->u.closed.initiator));
  quic_close *c = analysis_close(a);

  if (c && quic_close_on_event(c, &e->u.closed, &at)) {
    analysis_leftover(a, c);
  }
}

static void analysis_versions(quic_analysis *a, const qlog_event *e) {
  a->no_version = e->u.versions.chosen == QLOG_NONE &&
                  e->u.versions.server_versions.len != 0;
}

/* analysis_alpn keeps the chosen protocol, or the only one that was offered. */
static void analysis_alpn(quic_analysis *a, const qlog_event *e) {
  quic_bytes chosen = e->u.alpn.chosen, offered = e->u.alpn.client_alpns;

  if (chosen.len == 0 && a->alpn_len == 0 && offered.len > 1 &&
      offered.data[0] == offered.len - 1) {
    chosen = quic_bytes_of(offered.data + 1, offered.len - 1);
  }
  if (chosen.len && chosen.len <= sizeof(a->alpn)) {
    memcpy(a->alpn, chosen.data, chosen.len);
    a->alpn_len = (uint8_t)chosen.len;
  }
}

static void analysis_state(quic_analysis *a, const qlog_event *e) {
  quic_mark at = analysis_mark(e, analysis_local(a));

  quic_phases_state(&a->phases, e->u.state.new_state, &at);
  analysis_over(a);
}

static void analysis_told_lost(quic_analysis *a, const qlog_event *e) {
  const quic_header *h = e->u.packet.header;
  int side = analysis_told_side(e, analysis_local(a));
  int space = h && h->type < QUIC_PACKET_TYPES ? quic_space_of(h->type) : -1;

  /* Between the endpoints nobody declares losses: who writes of some has
     concluded them from the same packets. */
  if (a->settings.vantage == QUIC_VANTAGE_NETWORK) {
    return;
  }
  if (space >= 0 && h->pn_len && a->recovery.sent[side][space]) {
    quic_sent_on_lost(a->recovery.sent[side][space], h->pn);
  }
}

static void analysis_carry(uint64_t *to, uint64_t from) {
  if (from != QLOG_NONE) {
    *to = from;
  }
}

static void analysis_metrics(quic_analysis *a, const qlog_event *e) {
  const qlog_metrics *m = &e->u.metrics;

  if (!a->metrics) {
    a->metrics = quic_mem_alloc(a->mem, sizeof(*a->metrics));
    if (a->metrics) {
      *a->metrics = *m;
    }
    return;
  }
  analysis_carry(&a->metrics->min_rtt, m->min_rtt);
  analysis_carry(&a->metrics->smoothed_rtt, m->smoothed_rtt);
  analysis_carry(&a->metrics->latest_rtt, m->latest_rtt);
  analysis_carry(&a->metrics->rtt_variance, m->rtt_variance);
  analysis_carry(&a->metrics->pto_count, m->pto_count);
  analysis_carry(&a->metrics->congestion_window, m->congestion_window);
  analysis_carry(&a->metrics->bytes_in_flight, m->bytes_in_flight);
  analysis_carry(&a->metrics->ssthresh, m->ssthresh);
  analysis_carry(&a->metrics->packets_in_flight, m->packets_in_flight);
  analysis_carry(&a->metrics->pacing_rate, m->pacing_rate);
}

static void analysis_dropped(quic_analysis *a, const qlog_event *e) {
  quic_mark at = analysis_mark(e, !analysis_local(a));

  a->totals[at.side].dropped++;
  if (e->u.packet.stateless_reset) {
    analysis_reset(a, &at);
  }
}

/* analysis_h3 looks for GOAWAY; frames say nothing else of how it ends. */
static void analysis_h3(quic_analysis *a, const qlog_event *e) {
  int local = analysis_local(a);
  int side = e->type == QLOG_H3_FRAME_CREATED ? local : !local;

  if (e->u.h3_frame.frame && e->u.h3_frame.frame->type == QUIC_H3_GOAWAY) {
    const quic_mark *last = &a->totals[side].last;

    /* The packet that brought it, where it is told right before. */
    a->goaway = last->time == e->time ? *last : analysis_mark(e, side);
  }
}

/* analysis_clock keeps the time.  What timers and keys do is no sign of
   life. */
static void analysis_clock(quic_analysis *a, const qlog_event *e) {
  quic_mark at = analysis_mark(e, analysis_local(a));

  if (!quic_mark_set(&a->begin)) {
    a->begin = at;
  }
  if (e->type != QLOG_TIMER_UPDATED && e->type != QLOG_KEY_DISCARDED &&
      e->type != QLOG_CONNECTION_CLOSED &&
      e->type != QLOG_CONNECTION_STATE_UPDATED) {
    a->active = at;
  }
  a->fine |= e->time % QUIC_MILLISECOND != 0;
  if (e->time > a->now) {
    a->now = e->time;
  }
}

void quic_analysis_event(quic_analysis *a, const qlog_event *e) {
  typedef void analysis_fn(quic_analysis *, const qlog_event *);
  static analysis_fn *const handlers[QLOG_EVENT_TYPES] = {
      [QLOG_PACKET_SENT] = analysis_packet,
      [QLOG_PACKET_RECEIVED] = analysis_packet,
      [QLOG_PACKET_DROPPED] = analysis_dropped,
      [QLOG_PACKET_LOST] = analysis_told_lost,
      [QLOG_PARAMETERS_SET] = analysis_parameters,
      [QLOG_PARAMETERS_RESTORED] = analysis_restored,
      [QLOG_CONNECTION_CLOSED] = analysis_closed,
      [QLOG_CONNECTION_STATE_UPDATED] = analysis_state,
      [QLOG_VERSION_INFORMATION] = analysis_versions,
      [QLOG_ALPN_INFORMATION] = analysis_alpn,
      [QLOG_RECOVERY_METRICS_UPDATED] = analysis_metrics,
      [QLOG_H3_FRAME_CREATED] = analysis_h3,
      [QLOG_H3_FRAME_PARSED] = analysis_h3,
  };

  analysis_clock(a, e);
  if ((size_t)e->type < QLOG_EVENT_TYPES && handlers[e->type]) {
    handlers[e->type](a, e);
  }
}

static void analysis_on_event(qlog_sink *sink, const qlog_event *e) {
  quic_analysis_event((quic_analysis *)sink, e);
}

qlog_sink *quic_analysis_sink(quic_analysis *a) {
  a->sink.event = analysis_on_event;
  return &a->sink;
}

int quic_analysis_side(const quic_analysis *a, const qlog_event *e) {
  int local = analysis_local(a);

  return e->type == QLOG_PACKET_SENT ? local : !local;
}

void quic_analysis_end(quic_analysis *a, quic_time last,
                       quic_analysis_reason reason) {
  quic_close *c = analysis_close(a);
  bool first = c && c->at.time == QUIC_TIME_NEVER;
  quic_close_facts facts = {
      .end = last > a->now ? last : a->now,
      .superseded = reason == QUIC_END_SUPERSEDED,
      .no_version = a->no_version,
      .local = a->settings.vantage == QUIC_VANTAGE_NETWORK ? QUIC_SIDE_UNKNOWN
                                                           : analysis_local(a),
      .coarse = !a->fine,
      .begin = a->begin,
      .active = a->active,
      .phases = &a->phases,
      .first = a->first,
      .reset = a->reset,
      .goaway = a->goaway,
  };

  if (!c) {
    return;
  }
  for (int side = 0; side < QUIC_SIDES; side++) {
    const analysis_tail *t = &a->tail[side];
    quic_duration pto = quic_recovery_pto(&a->recovery, side, QUIC_SPACE_APP);

    facts.last[side] = a->totals[side].last;
    facts.packets[side] = a->totals[side].packets;
    facts.not_opened[side] = t->not_opened;
    facts.unanswered[side] = t->unanswered;
    facts.since[side] = t->since;
    facts.probes[side] = t->probes;
    facts.known[side] = a->limits.known[side];
    facts.idle[side] = a->limits.idle[side];
    facts.pto = pto > facts.pto ? pto : facts.pto;
  }
  if (!quic_mark_set(&c->frames[0].at) && !quic_mark_set(&c->frames[1].at) &&
      !quic_mark_set(&c->event.at) && !quic_mark_set(&a->reset)) {
    analysis_leftover(a, c);
  }
  c->version = a->version;
  memcpy(c->alpn, a->alpn, sizeof(c->alpn));
  c->alpn_len = a->alpn_len;
  quic_close_settle(c, &facts);
  if (first && !a->told_closed && !quic_mark_set(&c->event.at)) {
    /* Known now only, and events do not go back in time. */
    quic_inferred_closed(a->inferred, c, a->now, analysis_local(a));
  }
}

const quic_totals *quic_analysis_totals(const quic_analysis *a, int side) {
  return &a->totals[side];
}

const quic_sent *quic_analysis_sent(const quic_analysis *a, int side,
                                    quic_space space) {
  return a->recovery.sent[side][space];
}

const quic_flow *quic_analysis_flow(const quic_analysis *a) {
  return a->flow;
}

const quic_phases *quic_analysis_phases(const quic_analysis *a) {
  return &a->phases;
}

const quic_path *quic_analysis_path(const quic_analysis *a) {
  return &a->path;
}

const quic_close *quic_analysis_close(const quic_analysis *a) {
  static const quic_close none = {
      .class = QUIC_CLOSED_UNKNOWN,
      .inferred = true,
      .by = QUIC_SIDE_UNKNOWN,
      .at = {QUIC_TIME_NEVER, QLOG_NONE, QLOG_NONE, QUIC_SIDE_UNKNOWN, -1},
      .code = QLOG_NONE,
      .frame_type = QLOG_NONE,
      .alert = -1,
      .since_handshake = QLOG_NONE,
      .silent = {QLOG_NONE, QLOG_NONE},
      .idle_timeout = QLOG_NONE,
      .idle_by = QUIC_SIDE_UNKNOWN,
      .local = QUIC_SIDE_UNKNOWN,
      .first = QUIC_SIDE_UNKNOWN,
      .goaway_by = QUIC_SIDE_UNKNOWN,
      .trigger = QLOG_UNSET,
  };

  return a->close ? a->close : &none;
}

const quic_rtt *quic_analysis_share(const quic_analysis *a, int side) {
  return &a->recovery.share[side];
}

const quic_rtt *quic_analysis_rtt(const quic_analysis *a, int side) {
  return &a->recovery.whole[side];
}

const qlog_metrics *quic_analysis_metrics(const quic_analysis *a) {
  return a->metrics;
}

const quic_analysis_limits *quic_analysis_limits_of(const quic_analysis *a) {
  return &a->limits;
}

void quic_analysis_sum(const quic_analysis *a, int side,
                       quic_sent_counts *out) {
  quic_recovery_sum(&a->recovery, side, out);
}
