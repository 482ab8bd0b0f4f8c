/* Handshakes that stalled, and servers that had to wait for their client's
   address (RFC 9000 §8.1). */

#include <string.h>

#include "analysis/stretch.h"

/* One lost packet costs a client a PTO of at most the RFC's initial one, and a
   round trip.  What takes longer lost more, or waited for somebody. */
#define HANDSHAKE_NOTE (900 * QUIC_MILLISECOND)
#define HANDSHAKE_ROUNDS 3 /* round trips that explain any handshake */
#define HANDSHAKE_SLACK (10 * QUIC_MILLISECOND)
#define HANDSHAKE_STALLED (1600 * QUIC_MILLISECOND)
#define HANDSHAKE_BURST (20 * QUIC_MILLISECOND)
#define HANDSHAKE_TRIES 2 /* flights sent again in a row without an answer */
#define HANDSHAKE_TRYING (100 * QUIC_MILLISECOND) /* first to last */
#define HANDSHAKE_ROUND (10 * QUIC_MILLISECOND)   /* beyond two round trips */
#define HANDSHAKE_OVER (3 * QUIC_SECOND)          /* not complete by then */

/* Flights of a side sent again since the other sent anything new. */
typedef struct handshake_tries {
  uint64_t n;
  quic_stretch at;
  uint64_t flights; /* of the phases, seen so far */
} handshake_tries;

typedef struct handshake_state {
  quic_time last; /* packet of either side */
  uint64_t last_record;
  quic_stretch gap; /* the longest silence before completion */
  bool done;
  quic_time ended; /* when it was done */
  handshake_tries tries[QUIC_SIDES];
  handshake_tries most;
  /* A server that may send no more. */
  quic_time limit_at;
  uint64_t limit_record, limit_sent, limit_received;
  quic_stretch wait;  /* over, not known yet whether for want of credit */
  uint64_t crypto[2]; /* highest offset of the server's, Initial, Handshake */
  quic_longest waits;
  bool told;
} handshake_state;

static void handshake_init(void *state, const quic_mem *mem) {
  handshake_state *s = state;

  (void)mem;
  s->last = s->limit_at = s->ended = QUIC_TIME_NEVER;
  s->wait.from = QUIC_TIME_NEVER;
}

static bool handshake_has_crypto(const qlog_packet *p) {
  for (size_t i = 0; i < p->nframes; i++) {
    if (p->frames[i].type == QUIC_FRAME_CRYPTO) {
      return true;
    }
  }
  return false;
}

/* handshake_again counts the flights that |side| sends again: bursts of packets
   that repeat CRYPTO octets.  New ones of the other side answer them. */
static void handshake_again(handshake_state *s, const quic_phases *phases,
                            const qlog_event *e, int side) {
  handshake_tries *t = &s->tries[side];
  bool again = phases->flights[side] > t->flights;

  t->flights = phases->flights[side];
  if (!again) {
    if (handshake_has_crypto(&e->u.packet)) {
      s->tries[!side].n = 0;
    }
    return;
  }
  if (t->n == 0) {
    t->n = 1;
    t->at = (quic_stretch){e->time,   e->time,   quic_event_record(e),
                           QLOG_NONE, QLOG_NONE, side};
  } else if (quic_time_since(e->time, t->at.to) > HANDSHAKE_BURST) {
    t->n++;
  }
  t->at.to = e->time;
  t->at.last = quic_event_record(e);
  if (t->n > s->most.n) {
    s->most = *t;
  }
}

static void handshake_gap(handshake_state *s, const qlog_event *e, int side) {
  uint64_t record = quic_event_record(e);

  if (s->last != QUIC_TIME_NEVER &&
      quic_time_since(e->time, s->last) > s->gap.to - s->gap.from) {
    s->gap = (quic_stretch){s->last, e->time,   s->last_record,
                            record,  QLOG_NONE, quic_side_other(side)};
  }
  s->last = e->time;
  s->last_record = record;
}

/* handshake_crypto returns whether |packet| has CRYPTO octets of the server
   that were never sent before, in Initial or Handshake. */
static bool handshake_crypto(handshake_state *s, const qlog_packet *packet) {
  uint64_t *highest = &s->crypto[packet->header->type == QUIC_PACKET_HANDSHAKE];
  bool fresh = false;

  for (size_t i = 0; i < packet->nframes; i++) {
    const quic_frame *f = &packet->frames[i];
    uint64_t end = f->type == QUIC_FRAME_CRYPTO
                       ? f->u.crypto.offset + f->u.crypto.data.len + f->missing
                       : 0;

    if (end > *highest) {
      *highest = end;
      fresh = true;
    }
  }
  return fresh;
}

/* handshake_limit: the server came to its limit, and had more to send as soon
   as the client's next datagram let it. */
static void handshake_limit(handshake_state *s, const quic_phases *phases,
                            const qlog_event *e, int side) {
  quic_packet_type type = e->u.packet.header->type;
  bool fresh;

  if (type != QUIC_PACKET_INITIAL && type != QUIC_PACKET_HANDSHAKE) {
    return;
  }
  if (side == QUIC_SIDE_CLIENT) {
    if (s->limit_at != QUIC_TIME_NEVER) {
      s->wait =
          (quic_stretch){s->limit_at,          e->time,   s->limit_record,
                         quic_event_record(e), QLOG_NONE, QUIC_SIDE_SERVER};
      s->limit_at = QUIC_TIME_NEVER;
    }
    return;
  }
  fresh = handshake_crypto(s, &e->u.packet);
  if (s->wait.from != QUIC_TIME_NEVER) {
    if (fresh && s->wait.to > s->wait.from) {
      quic_longest_add(&s->waits, &s->wait);
    }
    s->wait.from = QUIC_TIME_NEVER;
  }
  if (quic_phases_limited(phases)) {
    s->limit_at = e->time;
    s->limit_record = quic_event_record(e);
    s->limit_sent = phases->sent;
    s->limit_received = phases->received;
  }
}

/* handshake_blocked takes the endpoint's word. */
static void handshake_blocked(handshake_state *s, const qlog_event *e) {
  const char *reason = e->u.blocked.reason;

  if (e->u.blocked.new_state == QLOG_BLOCKED && reason &&
      strcmp(reason, "amplification_protection") == 0) {
    s->told = true;
    s->wait = (quic_stretch){e->time,   e->time,   e->record,
                             e->record, QLOG_NONE, QUIC_SIDE_SERVER};
  } else if (e->u.blocked.new_state == QLOG_UNBLOCKED && s->told &&
             s->wait.from != QUIC_TIME_NEVER) {
    s->wait.to = e->time;
    s->wait.last = e->record;
    quic_longest_add(&s->waits, &s->wait);
    s->wait.from = QUIC_TIME_NEVER;
    s->told = false;
  }
}

static void handshake_event(void *state, quic_findings *f,
                            const quic_picture *p, const qlog_event *e) {
  const quic_phases *phases = quic_analysis_phases(p->analysis);
  handshake_state *s = state;
  int side;

  (void)f;
  if (s->done) {
    return;
  }
  if (!qlog_event_is_packet(e)) {
    handshake_blocked(s, e);
    return;
  }
  if (!e->u.packet.header) {
    return;
  }
  side = quic_analysis_side(p->analysis, e);
  handshake_gap(s, e, side);
  handshake_again(s, phases, e, side);
  handshake_limit(s, phases, e, side);
  /* A client is not done before its Finished has arrived. */
  s->done = quic_mark_set(&phases->at[QUIC_PHASE_CONFIRMED]) ||
            (quic_phases_complete(phases) &&
             (p->vantage == QUIC_VANTAGE_SERVER ||
              (side == QUIC_SIDE_SERVER &&
               e->u.packet.header->type == QUIC_PACKET_1RTT)));
  if (s->done) {
    s->ended = e->time;
  }
}

static void handshake_facts(const handshake_state *s, quic_finding *found,
                            const quic_picture *p) {
  const quic_phases *ph = quic_analysis_phases(p->analysis);
  const quic_mark *begin = &ph->at[QUIC_PHASE_CLIENT_INITIAL];
  const quic_mark *complete = &ph->at[QUIC_PHASE_COMPLETE];
  char took[QUIC_DURATION_TEXT];

  if (quic_mark_set(complete) && quic_mark_set(begin)) {
    quic_duration d = quic_time_since(complete->time, begin->time);

    quic_finding_line(
        found, "the handshake took %s%s%s", quic_duration_text(took, d),
        quic_mark_set(&ph->at[QUIC_PHASE_RETRY]) ? ", with a Retry" : "",
        ph->early != QUIC_EARLY_NONE ? ", with 0-RTT" : "");
    quic_finding_fact_add(found, "handshake", QUIC_UNIT_NS, d);
    if (p->srtt) {
      quic_finding_fact_add(found, "round_trips", QUIC_UNIT_MILLI,
                            d / (p->srtt / 1000 ? p->srtt / 1000 : 1));
    }
  } else {
    quic_finding_line(found, "it never completed");
  }
  quic_finding_fact_add(found, "silence", QUIC_UNIT_NS,
                        s->gap.to - s->gap.from);
  quic_finding_fact_add(found, "client_flights_again", QUIC_UNIT_COUNT,
                        ph->flights[QUIC_SIDE_CLIENT]);
  quic_finding_fact_add(found, "server_flights_again", QUIC_UNIT_COUNT,
                        ph->flights[QUIC_SIDE_SERVER]);
}

/* handshake_wait returns how long it took from the first Initial to the first
   Handshake packet, 0 when not known. */
static quic_duration handshake_wait(const quic_phases *ph) {
  const quic_mark *from = &ph->at[QUIC_PHASE_CLIENT_INITIAL];
  const quic_mark *to = &ph->at[QUIC_PHASE_SERVER_HANDSHAKE];

  if (!quic_mark_set(from) || !quic_mark_set(to)) {
    return 0;
  }
  return quic_time_since(to->time, from->time);
}

/* handshake_slow: it took longer than its round trips explain. */
static bool handshake_slow(const handshake_state *s, const quic_picture *p) {
  const quic_mark *from =
      &quic_analysis_phases(p->analysis)->at[QUIC_PHASE_CLIENT_INITIAL];

  return s->ended != QUIC_TIME_NEVER && p->min_rtt &&
         p->min_rtt < QUIC_RTT_MAX && s->most.n &&
         quic_time_since(s->ended, from->time) >
             HANDSHAKE_ROUNDS * p->min_rtt + HANDSHAKE_SLACK;
}

static void handshake_tell_stall(const handshake_state *s, quic_findings *f,
                                 const quic_picture *p) {
  const quic_phases *ph = quic_analysis_phases(p->analysis);
  quic_duration gap = s->gap.to - s->gap.from, first = handshake_wait(ph);
  bool over = !quic_phases_complete(ph) && p->received && p->sent &&
              quic_mark_set(&ph->at[QUIC_PHASE_CLIENT_INITIAL]) &&
              (ph->at[QUIC_PHASE_SERVER_INITIAL].time != QUIC_TIME_NEVER) &&
              quic_time_since(s->last, p->start) > HANDSHAKE_OVER;
  quic_duration trying = s->most.at.to - s->most.at.from;
  bool tried = s->most.n >= HANDSHAKE_TRIES && trying > 2 * p->srtt &&
               trying > HANDSHAKE_TRYING;
  bool long_gap = gap > HANDSHAKE_STALLED + p->srtt;
  char took[QUIC_DURATION_TEXT];
  quic_finding *found;
  quic_stretch at = tried && !long_gap ? s->most.at : s->gap;

  if (!quic_mark_set(&ph->at[QUIC_PHASE_CLIENT_INITIAL]) ||
      (!over && !tried && gap <= HANDSHAKE_NOTE && !handshake_slow(s, p) &&
       first <= HANDSHAKE_STALLED + p->srtt)) {
    return;
  }
  if (!(p->received && p->sent)) {
    return; /* nobody was there: that is another finding */
  }
  found = quic_finding_of(f, QUIC_FOUND_HANDSHAKE_STALL, &at);
  if (!found) {
    return;
  }
  if (!over && !tried && !long_gap && first <= HANDSHAKE_STALLED + p->srtt) {
    found->severity = QUIC_NOTE; /* as one lost packet does */
  }
  quic_finding_line(found, "silent for %s before it went on",
                    quic_duration_text(took, gap));
  if (s->most.n) {
    quic_finding_line(found,
                      "%s sent its flight again %llu time%s without an answer",
                      quic_side_name(s->most.at.side),
                      (unsigned long long)s->most.n, s->most.n == 1 ? "" : "s");
  }
  handshake_facts(s, found, p);
}

static void handshake_tell_limit(handshake_state *s, quic_findings *f,
                                 const quic_picture *p) {
  const quic_close *c = quic_analysis_close(p->analysis);
  char took[QUIC_DURATION_TEXT];

  if (c->class == QUIC_CLOSED_STALLED && c->limited &&
      s->limit_at != QUIC_TIME_NEVER) {
    quic_stretch at = {s->limit_at, p->now,    s->limit_record,
                       QLOG_NONE,   QLOG_NONE, QUIC_SIDE_SERVER};

    quic_longest_add(&s->waits, &at);
  }
  for (size_t i = 0; i < s->waits.len; i++) {
    const quic_stretch *at = &s->waits.items[i];
    quic_finding *found = quic_finding_of(f, QUIC_FOUND_AMPLIFICATION, at);

    if (found && at->to - at->from <= 2 * p->srtt + HANDSHAKE_ROUND) {
      found->severity = QUIC_NOTE; /* a large certificate costs as much */
    }
    quic_finding_line(found,
                      "server had sent %llu octets for %llu of its client, "
                      "and waited %s for more of it",
                      (unsigned long long)s->limit_sent,
                      (unsigned long long)s->limit_received,
                      quic_duration_text(took, at->to - at->from));
    quic_finding_fact_add(found, "waited", QUIC_UNIT_NS, at->to - at->from);
    quic_finding_fact_add(found, "sent", QUIC_UNIT_OCTETS, s->limit_sent);
    quic_finding_fact_add(found, "received", QUIC_UNIT_OCTETS,
                          s->limit_received);
  }
}

static void handshake_end(void *state, quic_findings *f,
                          const quic_picture *p) {
  handshake_tell_stall(state, f, p);
  handshake_tell_limit(state, f, p);
}

const quic_detector quic_detect_handshake = {
    .name = "handshake",
    .size = sizeof(handshake_state),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(PACKET_RECEIVED) |
              QUIC_DETECTOR_ON(CONNECTION_DATA_BLOCKED_UPDATED),
    .init = handshake_init,
    .event = handshake_event,
    .end = handshake_end,
};
