#include "analysis/close.h"

#include <string.h>

#include "wire/names.h"

/* From how many unanswered packets on a side counts as having vanished, and
   over how many PTOs. */
#define CLOSE_VANISHED_PACKETS 3
#define CLOSE_VANISHED_PTOS 3

/* A connection was tried in vain when a client gave up after so many packets
   or so long. */
#define CLOSE_TRIED_PACKETS 3
#define CLOSE_TRIED QUIC_SECOND

#define CLOSE_H3_CODES 0x100
#define CLOSE_APPLICATION_ERROR 0x0c
#define CLOSE_VERSION_ERROR 0x11 /* VERSION_NEGOTIATION_ERROR, RFC 9368 */

const char *quic_close_class_name(quic_close_class c) {
  static const char *const names[QUIC_CLOSED_CLASSES] = {
      [QUIC_CLOSED_NOT] = "open_at_end",
      [QUIC_CLOSED_TRANSPORT] = "transport_close",
      [QUIC_CLOSED_APPLICATION] = "application_close",
      [QUIC_CLOSED_HANDSHAKE] = "handshake_failure",
      [QUIC_CLOSED_IDLE] = "idle_timeout",
      [QUIC_CLOSED_RESET] = "stateless_reset",
      [QUIC_CLOSED_VERSION] = "version_negotiation",
      [QUIC_CLOSED_NO_ANSWER] = "no_answer",
      [QUIC_CLOSED_STALLED] = "handshake_timeout",
      [QUIC_CLOSED_VANISHED] = "vanished",
      [QUIC_CLOSED_SUPERSEDED] = "superseded",
      [QUIC_CLOSED_UNKNOWN] = "unknown",
  };

  return names[c];
}

const char *quic_close_space_name(quic_close_space s) {
  static const char *const names[] = {NULL, "transport", "application"};

  return names[s];
}

const char *quic_close_state_name(quic_close_state s) {
  static const char *const names[] = {"unknown", "initial", "handshake",
                                      "complete", "confirmed"};

  return names[s];
}

const char *quic_close_shows_name(quic_close_shows s) {
  static const char *const names[QUIC_SHOWS_KINDS] = {
      [QUIC_SHOWS_CLOSE] = "close",
      [QUIC_SHOWS_REPEAT] = "repeat",
      [QUIC_SHOWS_ANSWER] = "answer",
      [QUIC_SHOWS_EVENT] = "event",
      [QUIC_SHOWS_RESET] = "stateless_reset",
      [QUIC_SHOWS_VERSIONS] = "version_negotiation",
      [QUIC_SHOWS_RETRY] = "retry",
      [QUIC_SHOWS_GOAWAY] = "goaway",
      [QUIC_SHOWS_LAST] = "last_packet",
      [QUIC_SHOWS_UNANSWERED] = "unanswered",
      [QUIC_SHOWS_NOT_OPENED] = "not_opened",
  };

  return names[s];
}

static void close_frame_init(quic_close_frame *f) {
  memset(f, 0, sizeof(*f));
  f->at = QUIC_MARK_NONE;
  f->code = f->frame_type = QLOG_NONE;
}

void quic_close_init(quic_close *c) {
  memset(c, 0, sizeof(*c));
  close_frame_init(&c->frames[0]);
  close_frame_init(&c->frames[1]);
  close_frame_init(&c->event);
  c->trigger = QLOG_UNSET;
  c->by = c->idle_by = c->goaway_by = QUIC_SIDE_UNKNOWN;
  c->at = QUIC_MARK_NONE;
  c->code = c->frame_type = QLOG_NONE;
  c->alert = -1;
  c->local = c->first = QUIC_SIDE_UNKNOWN;
}

static void close_phrase(quic_close_frame *to, quic_bytes phrase) {
  to->phrase_cut = phrase.len > QUIC_CLOSE_PHRASE_MAX;
  to->phrase_len =
      to->phrase_cut ? QUIC_CLOSE_PHRASE_MAX : (uint16_t)phrase.len;
  if (to->phrase_len) {
    memcpy(to->phrase, phrase.data, to->phrase_len);
  }
}

static bool close_any(const quic_close *c) {
  return quic_mark_set(&c->frames[0].at) || quic_mark_set(&c->frames[1].at);
}

bool quic_close_on_frame(quic_close *c, const quic_frame *f,
                         const quic_mark *at) {
  quic_close_frame *to = &c->frames[at->side];
  bool first = !close_any(c), app = f->type == QUIC_FRAME_CONNECTION_CLOSE_APP;

  /* With the same error in several packets (RFC 9000 §10.2.3), the one in 1-RTT
     says most; below it APPLICATION_ERROR stands for it. */
  if (first) {
    c->first = at->side;
  }
  if (to->count++ &&
      !(app && to->space == QUIC_CLOSE_SPACE_TRANSPORT &&
        (to->at.time == at->time || to->code == CLOSE_APPLICATION_ERROR))) {
    return false;
  }
  to->at = *at;
  to->space = app ? QUIC_CLOSE_SPACE_APPLICATION : QUIC_CLOSE_SPACE_TRANSPORT;
  to->code = f->u.close.error_code;
  to->frame_type = app ? QLOG_NONE : f->u.close.frame_type;
  close_phrase(to, f->u.close.reason);
  return first;
}

bool quic_close_on_event(quic_close *c, const qlog_connection_closed *e,
                         const quic_mark *at) {
  quic_close_frame *to = &c->event;

  if (to->count++) {
    return false;
  }
  to->at = *at;
  if (e->application_error != QLOG_NONE) {
    to->space = QUIC_CLOSE_SPACE_APPLICATION;
    to->code = e->application_error;
  } else if (e->connection_error != QLOG_NONE) {
    to->space = QUIC_CLOSE_SPACE_TRANSPORT;
    to->code = e->connection_error;
  }
  close_phrase(to, e->reason);
  c->trigger = e->trigger;
  return !close_any(c);
}

static void close_evidence(quic_close *c, quic_close_shows shows,
                           const quic_mark *at) {
  if (quic_mark_set(at) && c->nevidence < QUIC_CLOSE_EVIDENCE_MAX) {
    c->evidence[c->nevidence++] = (quic_close_evidence){shows, *at};
  }
}

static bool close_by_then(const quic_close *c, const quic_close_facts *f,
                          quic_phase phase) {
  return quic_mark_set(&f->phases->at[phase]) &&
         f->phases->at[phase].time <= c->at.time;
}

/* close_when sets where in the connection's life |c->at| is. */
static void close_when(quic_close *c, const quic_close_facts *f) {
  const quic_mark *complete = &f->phases->at[QUIC_PHASE_COMPLETE];

  c->since_start = quic_time_since(
      c->at.time, quic_mark_set(&f->first) ? f->first.time : f->begin.time);
  c->since_handshake = QLOG_NONE;
  if (close_by_then(c, f, QUIC_PHASE_COMPLETE) &&
      quic_mark_set(&f->phases->at[QUIC_PHASE_CLIENT_INITIAL])) {
    c->since_handshake = quic_time_since(c->at.time, complete->time);
  }
  if (close_by_then(c, f, QUIC_PHASE_CONFIRMED)) {
    c->state = QUIC_STATE_CONFIRMED;
  } else if (close_by_then(c, f, QUIC_PHASE_COMPLETE)) {
    c->state = QUIC_STATE_COMPLETE;
  } else if (close_by_then(c, f, QUIC_PHASE_SERVER_INITIAL) ||
             close_by_then(c, f, QUIC_PHASE_SERVER_HANDSHAKE)) {
    c->state = QUIC_STATE_HANDSHAKE;
  } else if (close_by_then(c, f, QUIC_PHASE_CLIENT_INITIAL)) {
    c->state = QUIC_STATE_INITIAL;
  } else {
    c->state = QUIC_STATE_UNKNOWN;
  }
  c->goaway = quic_mark_set(&f->goaway) && f->goaway.time <= c->at.time;
  if (c->goaway) {
    c->goaway_by = f->goaway.side;
    close_evidence(c, QUIC_SHOWS_GOAWAY, &f->goaway);
  }
}

static const char *close_code_name(const quic_close *c, quic_close_space space,
                                   uint64_t code) {
  if (code == QLOG_NONE || space == QUIC_CLOSE_SPACE_NONE) {
    return NULL;
  }
  if (space == QUIC_CLOSE_SPACE_TRANSPORT) {
    return quic_name_transport_error(code);
  }
  /* Many logs do not tell the ALPN, and few codes are this large but those of
     HTTP/3. */
  return c->alpn_len == 0 && c->local != QUIC_SIDE_UNKNOWN
             ? code >= CLOSE_H3_CODES ? quic_name_h3_error(code) : NULL
             : quic_name_app_error(c->alpn, c->alpn_len, code);
}

/* close_classify names what |from| says. */
static void close_classify(quic_close *c, const quic_close_frame *from) {
  bool alert, early;

  c->space = from->space;
  c->code = from->code;
  c->frame_type = from->frame_type;
  c->name = close_code_name(c, c->space, c->code);
  c->phrase = from->phrase_len ? from->phrase : NULL;
  c->phrase_len = from->phrase_len;
  alert = c->space == QUIC_CLOSE_SPACE_TRANSPORT && c->code >= 0x100 &&
          c->code <= 0x1ff;
  c->alert = alert ? (int)(c->code & 0xff) : -1;
  early = c->state == QUIC_STATE_INITIAL || c->state == QUIC_STATE_HANDSHAKE;
  /* A close in Initial or Handshake packets is one of the handshake, also where
     the rest of it is not in the trace. */
  early |= c->state == QUIC_STATE_UNKNOWN &&
           (from->at.type == QUIC_PACKET_INITIAL ||
            from->at.type == QUIC_PACKET_HANDSHAKE);
  if ((alert && c->state != QUIC_STATE_CONFIRMED) ||
      (early && c->space != QUIC_CLOSE_SPACE_NONE)) {
    c->class = QUIC_CLOSED_HANDSHAKE;
  } else {
    c->class = c->space == QUIC_CLOSE_SPACE_APPLICATION
                   ? QUIC_CLOSED_APPLICATION
                   : QUIC_CLOSED_TRANSPORT;
  }
}

/* The tree; the first that returns true has decided. */

/* close_unanswered: the server sent nothing, as far as the client's packets
   tell. */
static bool close_unanswered(const quic_close_facts *f) {
  return f->packets[QUIC_SIDE_SERVER] == 0 &&
         quic_mark_set(&f->phases->at[QUIC_PHASE_CLIENT_INITIAL]) &&
         !quic_phases_answered(f->phases);
}

/* close_gave_up: the client ended at |at| what nobody had answered for a while.
   The code it then gives is its own business. */
static bool close_gave_up(quic_close *c, const quic_close_facts *f,
                          const quic_mark *at) {
  if (!close_unanswered(f) || at->side == QUIC_SIDE_SERVER ||
      (quic_time_since(at->time, f->first.time) < CLOSE_TRIED &&
       f->packets[QUIC_SIDE_CLIENT] < CLOSE_TRIED_PACKETS)) {
    return false;
  }
  c->class = QUIC_CLOSED_NO_ANSWER;
  c->by = QUIC_SIDE_SERVER;
  c->at = *at;
  close_evidence(c, QUIC_SHOWS_UNANSWERED, &f->first);
  close_evidence(c, QUIC_SHOWS_LAST, &f->last[QUIC_SIDE_CLIENT]);
  return true;
}

/* close_only_versions: of the server there is a Version Negotiation and nothing
   else. */
static bool close_only_versions(const quic_close_facts *f) {
  static const quic_phase others[] = {
      QUIC_PHASE_RETRY, QUIC_PHASE_SERVER_INITIAL, QUIC_PHASE_SERVER_HANDSHAKE,
      QUIC_PHASE_SERVER_1RTT};

  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    if (quic_mark_set(&f->phases->at[others[i]])) {
      return false;
    }
  }
  return f->no_version ||
         quic_mark_set(&f->phases->at[QUIC_PHASE_VERSION_NEGOTIATION]);
}

/* close_no_version settles that there was none in common. */
static void close_no_version(quic_close *c, const quic_close_facts *f) {
  const quic_mark *vn = &f->phases->at[QUIC_PHASE_VERSION_NEGOTIATION];

  c->class = f->superseded ? QUIC_CLOSED_SUPERSEDED : QUIC_CLOSED_VERSION;
  c->by = quic_mark_set(vn) ? vn->side : QUIC_SIDE_UNKNOWN;
  close_evidence(c, QUIC_SHOWS_VERSIONS, vn);
}

/* close_first returns the side that closed first.  Times of logs may be
   equal. */
static const quic_close_frame *close_first(const quic_close *c) {
  const quic_close_frame *a = &c->frames[0], *b = &c->frames[1];

  if (!quic_mark_set(&a->at) || !quic_mark_set(&b->at)) {
    return quic_mark_set(&a->at) ? a : b;
  }
  if (a->at.time != b->at.time) {
    return a->at.time < b->at.time ? a : b;
  }
  if (a->at.record != b->at.record && a->at.record != QLOG_NONE &&
      b->at.record != QLOG_NONE) {
    return a->at.record < b->at.record ? a : b;
  }
  return c->first == b->at.side ? b : a;
}

/* close_by_frame: a CONNECTION_CLOSE was seen.  The first one counts, one of
   the other side is its answer. */
static bool close_by_frame(quic_close *c, const quic_close_facts *f) {
  const quic_close_frame *from;

  if (!close_any(c)) {
    return false;
  }
  from = close_first(c);
  if (quic_mark_set(&f->reset) && f->reset.time < from->at.time) {
    return false;
  }
  c->at = from->at;
  c->by = from->at.side;
  close_evidence(c, QUIC_SHOWS_CLOSE, &from->at);
  close_when(c, f);
  close_classify(c, from);
  c->answered = quic_mark_set(&c->frames[!c->by].at);
  close_evidence(c, QUIC_SHOWS_ANSWER, &c->frames[!c->by].at);
  close_evidence(c, QUIC_SHOWS_EVENT, &c->event.at);
  if (c->space == QUIC_CLOSE_SPACE_TRANSPORT &&
      c->code == CLOSE_VERSION_ERROR && close_only_versions(f)) {
    close_no_version(c, f);
  } else {
    (void)close_gave_up(c, f, &from->at);
  }
  return true;
}

static bool close_by_reset(quic_close *c, const quic_close_facts *f) {
  if (!quic_mark_set(&f->reset)) {
    return false;
  }
  c->class = QUIC_CLOSED_RESET;
  c->at = f->reset;
  c->by = f->reset.side;
  close_evidence(c, QUIC_SHOWS_RESET, &c->at);
  close_when(c, f);
  close_evidence(c, QUIC_SHOWS_LAST, &f->last[quic_side_other(c->by)]);
  return true;
}

/* What a trigger says by itself: a class, or that the codes or circumstances
   must (QUIC_CLOSED_NOT). */
static quic_close_class close_told(const quic_close *c) {
  static const quic_close_class classes[] = {
      [QLOG_CLOSE_IDLE_TIMEOUT] = QUIC_CLOSED_IDLE,
      [QLOG_CLOSE_APPLICATION] = QUIC_CLOSED_NOT,
      [QLOG_CLOSE_ERROR] = QUIC_CLOSED_NOT,
      [QLOG_CLOSE_VERSION_MISMATCH] = QUIC_CLOSED_VERSION,
      [QLOG_CLOSE_STATELESS_RESET] = QUIC_CLOSED_RESET,
      [QLOG_CLOSE_ABORTED] = QUIC_CLOSED_NOT,
      [QLOG_CLOSE_UNSPECIFIED] = QUIC_CLOSED_NOT,
      [QLOG_CLOSE_CLEAN] = QUIC_CLOSED_NOT,
      [QLOG_CLOSE_HANDSHAKE_TIMEOUT] = QUIC_CLOSED_STALLED,
  };

  return c->trigger >= 0 &&
                 (size_t)c->trigger < sizeof(classes) / sizeof(classes[0])
             ? classes[c->trigger]
             : QUIC_CLOSED_NOT;
}

/* close_trigger settles |told|, the class that a trigger names. */
static void close_trigger(quic_close *c, const quic_close_facts *f,
                          quic_close_class told) {
  if (told == QUIC_CLOSED_IDLE && !quic_phases_complete(f->phases) &&
      quic_mark_set(&f->phases->at[QUIC_PHASE_CLIENT_INITIAL])) {
    told = QUIC_CLOSED_STALLED;
  }
  if ((told == QUIC_CLOSED_STALLED || told == QUIC_CLOSED_IDLE) &&
      close_only_versions(f)) {
    told = QUIC_CLOSED_VERSION;
  }
  c->class = told;
  c->phrase = c->event.phrase_len ? c->event.phrase : NULL;
  c->phrase_len = c->event.phrase_len;
  switch (told) {
  case QUIC_CLOSED_VERSION:
    close_no_version(c, f);
    break;
  case QUIC_CLOSED_RESET:
    /* Who says so has received it. */
    c->by = quic_side_other(c->local);
    break;
  case QUIC_CLOSED_STALLED:
    c->limited = quic_phases_limited(f->phases);
    c->by =
        f->last[0].time < f->last[1].time ? QUIC_SIDE_CLIENT : QUIC_SIDE_SERVER;
    break;
  default:
    break;
  }
}

/* close_without_code: an end that an endpoint tells without a code. */
static bool close_without_code(quic_close *c) {
  if (c->trigger != QLOG_CLOSE_APPLICATION && c->trigger != QLOG_CLOSE_ERROR &&
      c->trigger != QLOG_CLOSE_CLEAN && c->trigger != QLOG_CLOSE_ABORTED) {
    return false;
  }
  close_classify(c, &c->event);
  if (c->trigger == QLOG_CLOSE_APPLICATION) {
    c->space = QUIC_CLOSE_SPACE_APPLICATION;
    c->class = QUIC_CLOSED_APPLICATION;
  }
  if (c->trigger != QLOG_CLOSE_CLEAN &&
      (c->state == QUIC_STATE_INITIAL || c->state == QUIC_STATE_HANDSHAKE)) {
    c->class = QUIC_CLOSED_HANDSHAKE;
  }
  return true;
}

/* close_by_event: the endpoint says how it ended. */
static bool close_by_event(quic_close *c, const quic_close_facts *f) {
  quic_close_class told = close_told(c);

  if (!quic_mark_set(&c->event.at)) {
    return false;
  }
  close_evidence(c, QUIC_SHOWS_EVENT, &c->event.at);
  c->at = c->event.at;
  c->by = c->at.side;
  close_when(c, f);
  if (told != QUIC_CLOSED_RESET && told != QUIC_CLOSED_VERSION &&
      close_gave_up(c, f, &c->event.at)) {
    return true;
  }
  if (c->event.space != QUIC_CLOSE_SPACE_NONE &&
      (told == QUIC_CLOSED_NOT || told == QUIC_CLOSED_STALLED)) {
    close_classify(c, &c->event);
    return true;
  }
  if (told != QUIC_CLOSED_NOT) {
    close_trigger(c, f, told);
    return true;
  }
  return close_without_code(c);
}

/* close_by_version: after a Version Negotiation nothing went on.  Beside other
   packets of the server it answers none of this connection (RFC 9000 §6.2). */
static bool close_by_version(quic_close *c, const quic_close_facts *f) {
  const quic_mark *vn = &f->phases->at[QUIC_PHASE_VERSION_NEGOTIATION];

  if (!close_only_versions(f) ||
      (!f->no_version && quic_mark_set(&f->last[QUIC_SIDE_CLIENT]) &&
       f->last[QUIC_SIDE_CLIENT].time > vn->time)) {
    return false;
  }
  close_no_version(c, f);
  return true;
}

static bool close_by_superseded(quic_close *c, const quic_close_facts *f) {
  if (!f->superseded) {
    return false;
  }
  c->class = QUIC_CLOSED_SUPERSEDED;
  c->by = QUIC_SIDE_CLIENT;
  close_evidence(c, QUIC_SHOWS_RETRY, &f->phases->at[QUIC_PHASE_RETRY]);
  return true;
}

/* close_patience: how long a silence must be to mean something. */
static quic_duration close_patience(const quic_close_facts *f) {
  return f->pto > UINT64_MAX / CLOSE_VANISHED_PTOS
             ? UINT64_MAX
             : CLOSE_VANISHED_PTOS * f->pto;
}

static bool close_by_no_answer(quic_close *c, const quic_close_facts *f) {
  quic_duration tried = quic_time_since(f->end, f->first.time);

  if (!close_unanswered(f) ||
      (tried < close_patience(f) &&
       (tried < CLOSE_TRIED ||
        f->packets[QUIC_SIDE_CLIENT] < CLOSE_TRIED_PACKETS))) {
    return false;
  }
  c->class = QUIC_CLOSED_NO_ANSWER;
  c->by = QUIC_SIDE_SERVER;
  close_evidence(c, QUIC_SHOWS_UNANSWERED, &f->first);
  close_evidence(c, QUIC_SHOWS_LAST, &f->last[QUIC_SIDE_CLIENT]);
  return true;
}

/* close_by_absence: one direction is not in the trace at all, and with it what
   the other one answers. */
static bool close_by_absence(quic_close *c, const quic_close_facts *f) {
  if ((f->packets[QUIC_SIDE_CLIENT] == 0) ==
          (f->packets[QUIC_SIDE_SERVER] == 0) ||
      close_unanswered(f)) {
    return false;
  }
  c->class = QUIC_CLOSED_UNKNOWN;
  close_evidence(c, QUIC_SHOWS_LAST, &c->at);
  return true;
}

/* close_by_stall: the handshake never completed, and then there was nothing.
   Who is waited for is who has been silent longest. */
static bool close_by_stall(quic_close *c, const quic_close_facts *f) {
  const quic_mark *last = f->last;

  if (quic_phases_complete(f->phases) ||
      !quic_mark_set(&f->phases->at[QUIC_PHASE_CLIENT_INITIAL]) ||
      f->packets[QUIC_SIDE_SERVER] == 0 || c->needs_keys ||
      (c->silence < close_patience(f) &&
       c->unanswered_time < close_patience(f))) {
    return false;
  }
  c->class = QUIC_CLOSED_STALLED;
  c->limited = quic_phases_limited(f->phases);
  c->by = last[0].time < last[1].time ? QUIC_SIDE_CLIENT : QUIC_SIDE_SERVER;
  close_evidence(c, QUIC_SHOWS_RETRY, &f->phases->at[QUIC_PHASE_RETRY]);
  close_evidence(c, QUIC_SHOWS_LAST, &last[c->by]);
  close_evidence(c, QUIC_SHOWS_UNANSWERED, &f->unanswered[!c->by]);
  close_evidence(c, QUIC_SHOWS_LAST, &last[!c->by]);
  return true;
}

/* close_by_vanishing: one side went on sending without an answer. */
static bool close_by_vanishing(quic_close *c, const quic_close_facts *f) {
  if (c->unanswered < CLOSE_VANISHED_PACKETS ||
      c->unanswered_time < close_patience(f)) {
    return false;
  }
  c->class = QUIC_CLOSED_VANISHED;
  c->by = f->since[0] ? QUIC_SIDE_SERVER : QUIC_SIDE_CLIENT;
  close_evidence(c, QUIC_SHOWS_LAST, &f->last[c->by]);
  close_evidence(c, QUIC_SHOWS_UNANSWERED, &f->unanswered[!c->by]);
  close_evidence(c, QUIC_SHOWS_LAST, &f->last[!c->by]);
  c->at = f->last[c->by];
  return true;
}

/* close_by_silence tells an idle timeout that must have fired from a trace that
   ended too early for one. */
static bool close_by_silence(quic_close *c, const quic_close_facts *f) {
  for (int side = 0; side < QUIC_SIDES; side++) {
    close_evidence(
        c, f->not_opened[side] ? QUIC_SHOWS_NOT_OPENED : QUIC_SHOWS_LAST,
        &f->last[side]);
  }
  if (c->needs_keys) {
    c->class = QUIC_CLOSED_UNKNOWN;
  } else if (c->idle_timeout != QLOG_NONE && c->idle_timeout != 0 &&
             c->silence + (f->coarse ? QUIC_MILLISECOND : 0) >=
                 c->idle_timeout) {
    c->class = QUIC_CLOSED_IDLE;
  } else if (quic_mark_set(&c->event.at)) {
    /* It closed, and does not say why. */
    c->class = QUIC_CLOSED_TRANSPORT;
    c->at = c->event.at;
    c->by = c->at.side;
    c->phrase = c->event.phrase_len ? c->event.phrase : NULL;
    c->phrase_len = c->event.phrase_len;
  } else {
    c->class = QUIC_CLOSED_NOT;
  }
  return true;
}

/* close_idle sets the effective timeout: the smaller one that is not 0, at
   least 3 PTO (RFC 9000 §10.1). */
static void close_idle(quic_close *c, const quic_close_facts *f) {
  quic_duration floor = close_patience(f), least = 0;

  c->idle_by = QUIC_SIDE_UNKNOWN;
  c->idle_timeout = QLOG_NONE;
  c->idle_floor = false;
  for (int side = 0; side < QUIC_SIDES; side++) {
    if (f->known[side] && f->idle[side] && (!least || f->idle[side] < least)) {
      least = f->idle[side];
      c->idle_by = side;
    }
  }
  /* One side's alone is an upper bound, and enough. */
  if (least) {
    c->idle_floor = least < floor;
    c->idle_timeout = c->idle_floor ? floor : least;
  } else if (f->known[0] && f->known[1]) {
    c->idle_timeout = 0;
  }
}

static void close_silence(quic_close *c, const quic_close_facts *f) {
  quic_time last = 0;
  int talker;

  for (int side = 0; side < QUIC_SIDES; side++) {
    c->silent[side] = QLOG_NONE;
    if (quic_mark_set(&f->last[side])) {
      c->silent[side] = quic_time_since(f->end, f->last[side].time);
      last = f->last[side].time > last ? f->last[side].time : last;
    }
  }
  if (f->packets[0] == 0 && f->packets[1] == 0 && quic_mark_set(&f->active)) {
    last = f->active.time;
  }
  c->silence = quic_time_since(f->end, last);
  c->length =
      quic_mark_set(&f->begin) ? quic_time_since(f->end, f->begin.time) : 0;
  talker = f->since[QUIC_SIDE_CLIENT] ? QUIC_SIDE_CLIENT : QUIC_SIDE_SERVER;
  c->unanswered = f->since[talker];
  c->probes = f->probes[talker];
  c->unanswered_time =
      c->unanswered
          ? quic_time_since(f->last[talker].time, f->unanswered[talker].time)
          : 0;
  c->needs_keys = f->not_opened[0] || f->not_opened[1];
}

void quic_close_settle(quic_close *c, const quic_close_facts *f) {
  typedef bool close_rule(quic_close *, const quic_close_facts *);
  static close_rule *const rules[] = {close_by_frame,      close_by_reset,
                                      close_by_event,      close_by_version,
                                      close_by_superseded, close_by_no_answer,
                                      close_by_absence,    close_by_stall,
                                      close_by_vanishing,  close_by_silence};
  size_t i = 0;

  c->nevidence = 0;
  c->inferred = c->answered = c->goaway = c->limited = false;
  c->code = c->frame_type = QLOG_NONE;
  c->space = QUIC_CLOSE_SPACE_NONE;
  c->name = NULL;
  c->alert = -1;
  c->phrase = NULL;
  c->phrase_len = 0;
  c->by = QUIC_SIDE_UNKNOWN;
  c->at = f->last[0];
  if (!quic_mark_set(&c->at) ||
      (quic_mark_set(&f->last[1]) && f->last[1].time > c->at.time)) {
    c->at = f->last[1];
  }
  if (!quic_mark_set(&c->at)) {
    c->at = f->active;
  }
  c->local = f->local;
  close_silence(c, f);
  close_idle(c, f);
  while (!rules[i](c, f)) {
    i++;
  }
  if (i > 2) {
    c->inferred = c->class != QUIC_CLOSED_TRANSPORT;
    close_when(c, f);
  } else {
    c->needs_keys = false;
  }
}
