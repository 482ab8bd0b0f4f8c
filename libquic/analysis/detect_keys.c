/* Packets that came before their keys, and key updates after which nothing
   opened any more (RFC 9001 §6). */

#include <string.h>

#include "analysis/stretch.h"

#define KEYS_MISSING_PACKETS 2 /* that waited for keys, over a round trip */
#define KEYS_LONG (1600 * QUIC_MILLISECOND)
#define KEYS_BURST 3 /* packets that failed in a row */
#define KEYS_PTOS 3  /* after an update */
#define KEYS_SILENT                                                            \
  5 /* the same where no update was seen, and nothing opened again */

typedef struct keys_state {
  quic_stretch missing; /* packets without keys, first to last */
  uint64_t waiting;     /* of them since the last that opened */
  uint64_t dropped;
  quic_longest gaps;
  int phase[QUIC_SIDES]; /* key phase bit of 1-RTT packets; -1 */
  quic_time update;
  uint64_t update_record;
  quic_stretch failing; /* packets that did not open, in a row */
  uint64_t failures;
} keys_state;

static void keys_init(void *state, const quic_mem *mem) {
  keys_state *s = state;

  (void)mem;
  s->phase[0] = s->phase[1] = -1;
  s->update = QUIC_TIME_NEVER;
}

static quic_stretch keys_stretch(const quic_picture *p, const qlog_event *e) {
  uint64_t record = quic_event_record(e);

  return (quic_stretch){e->time, e->time,   record,
                        record,  QLOG_NONE, quic_side_other(p->local)};
}

static void keys_more(quic_stretch *s, const qlog_event *e) {
  s->to = e->time;
  s->last = quic_event_record(e);
}

/* keys_end_missing ends a time in which keys were missing.  That of a
   handshake packet which came twice, or once the handshake is over and its keys
   are thrown away, is none. */
static void keys_end_missing(keys_state *s, const quic_picture *p) {
  quic_duration least = p->srtt ? p->srtt : p->pto;

  quic_stretch *at = &s->missing;

  if (s->waiting) {
    at->to = p->now;
  }
  if (s->waiting >= KEYS_MISSING_PACKETS && at->to - at->from > least) {
    quic_longest_add(&s->gaps, &s->missing);
  }
  s->waiting = 0;
}

static void keys_without(keys_state *s, const quic_picture *p,
                         const qlog_event *e) {
  const quic_header *h = e->u.packet.header;

  if (p->handshake != QUIC_TIME_NEVER && h && h->type != QUIC_PACKET_1RTT &&
      h->type != QUIC_PACKET_UNKNOWN) {
    return; /* the keys are gone, as they must be */
  }
  s->dropped += e->type == QLOG_PACKET_DROPPED;
  if (s->waiting++ == 0) {
    s->missing = keys_stretch(p, e);
  }
  keys_more(&s->missing, e);
}

/* keys_end_failing ends a run of packets that did not open. */
static void keys_end_failing(keys_state *s, quic_findings *f,
                             const quic_picture *p, bool recovered) {
  quic_finding *found;
  char took[QUIC_DURATION_TEXT];

  bool update =
      s->update != QUIC_TIME_NEVER &&
      quic_time_since(s->failing.from, s->update) <= KEYS_PTOS * p->pto;
  bool silent = s->failures >= KEYS_SILENT && p->handshake != QUIC_TIME_NEVER &&
                (!recovered ||
                 quic_time_since(p->now, s->failing.from) > KEYS_PTOS * p->pto);

  if (s->failures >= KEYS_BURST && (update || silent)) {
    found = quic_finding_of(f, QUIC_FOUND_KEY_UPDATE, &s->failing);
    if (found && recovered) {
      found->severity = quic_time_since(p->now, s->failing.from) <= p->pto
                            ? QUIC_NOTE
                            : QUIC_WARNING;
    }
    if (update) {
      quic_finding_line(
          found, "%llu packets failed to open from %s after a key update on%s",
          (unsigned long long)s->failures,
          quic_duration_text(took, quic_time_since(s->failing.from, s->update)),
          recovered ? "; later ones opened" : "");
    } else {
      quic_finding_line(found,
                        "from one packet on %llu failed to open, as after a "
                        "key update that this side did not make%s",
                        (unsigned long long)s->failures,
                        recovered ? "; later ones opened" : "");
    }
    quic_finding_fact_add(found, "failed", QUIC_UNIT_COUNT, s->failures);
    if (update && s->update_record != QLOG_NONE) {
      quic_finding_fact_add(found, "update_record", QUIC_UNIT_ID,
                            s->update_record);
    }
  }
  s->failures = 0;
}

static void keys_updated(keys_state *s, const qlog_event *e) {
  s->update = e->time;
  s->update_record = quic_event_record(e);
}

/* keys_phase follows the key phase bit of |side|. */
static void keys_phase(keys_state *s, const qlog_event *e, int side) {
  const quic_header *h = e->u.packet.header;
  int phase = (h->first & QUIC_FIRST_KEY_PHASE) != 0;

  if (e->u.packet.key_phase != QLOG_NONE) {
    phase = (int)(e->u.packet.key_phase & 1);
  }
  if (s->phase[side] >= 0 && s->phase[side] != phase) {
    keys_updated(s, e);
  }
  s->phase[side] = phase;
}

static void keys_failed(keys_state *s, const quic_picture *p,
                        const qlog_event *e) {
  const quic_header *h = e->u.packet.header;

  if (h && (h->type == QUIC_PACKET_INITIAL ||
            h->type == QUIC_PACKET_HANDSHAKE || h->type == QUIC_PACKET_0RTT)) {
    return;
  }
  if (s->failures++ == 0) {
    s->failing = keys_stretch(p, e);
  }
  keys_more(&s->failing, e);
}

static void keys_packet(keys_state *s, quic_findings *f, const quic_picture *p,
                        const qlog_event *e) {
  const quic_header *h = e->u.packet.header;

  if (!h || h->type != QUIC_PACKET_1RTT) {
    return;
  }
  keys_phase(s, e, quic_analysis_side(p->analysis, e));
  if (e->type == QLOG_PACKET_RECEIVED) {
    if (s->failures) {
      keys_end_failing(s, f, p, true);
    }
    if (s->waiting) {
      keys_end_missing(s, p);
    }
  }
}

static void keys_event(void *state, quic_findings *f, const quic_picture *p,
                       const qlog_event *e) {
  keys_state *s = state;

  switch (e->type) {
  case QLOG_KEY_UPDATED:
    if (e->u.key.trigger && strcmp(e->u.key.trigger, "tls") != 0) {
      keys_updated(s, e);
    } else if (e->u.key.key_phase != QLOG_NONE && e->u.key.key_phase != 0) {
      keys_updated(s, e);
    }
    break;
  case QLOG_PACKET_BUFFERED:
    if (e->u.packet.trigger &&
        strcmp(e->u.packet.trigger, "backpressure") == 0) {
      break;
    }
    keys_without(s, p, e);
    break;
  case QLOG_PACKET_DROPPED:
    if (e->u.packet.drop == QLOG_DROP_KEY_UNAVAILABLE) {
      keys_without(s, p, e);
    } else if (e->u.packet.drop == QLOG_DROP_DECRYPTION_FAILURE) {
      keys_failed(s, p, e);
    }
    break;
  default:
    keys_packet(s, f, p, e);
  }
}

static void keys_end(void *state, quic_findings *f, const quic_picture *p) {
  keys_state *s = state;
  char took[QUIC_DURATION_TEXT];

  keys_end_failing(s, f, p, false);
  keys_end_missing(s, p);
  for (size_t i = 0; i < s->gaps.len; i++) {
    const quic_stretch *at = &s->gaps.items[i];
    quic_finding *found = quic_finding_of(f, QUIC_FOUND_KEYS_MISSING, at);

    if (found && at->to - at->from <= KEYS_LONG + p->srtt) {
      found->severity = QUIC_NOTE; /* as one lost packet does */
    }
    quic_finding_line(found, "packets came for which there were no keys for %s",
                      quic_duration_text(took, at->to - at->from));
    quic_finding_fact_add(found, "waited", QUIC_UNIT_NS, at->to - at->from);
    quic_finding_fact_add(found, "dropped", QUIC_UNIT_COUNT, s->dropped);
  }
}

const quic_detector quic_detect_keys = {
    .name = "keys",
    .size = sizeof(keys_state),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(PACKET_RECEIVED) |
              QUIC_DETECTOR_ON(PACKET_DROPPED) |
              QUIC_DETECTOR_ON(PACKET_BUFFERED) | QUIC_DETECTOR_ON(KEY_UPDATED),
    .init = keys_init,
    .event = keys_event,
    .end = keys_end,
};
