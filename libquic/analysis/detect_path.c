/* The path: sizes that do not get through, ECN that is not reported back, and
   migrations that nobody confirms. */

#include <string.h>

#include "analysis/stretch.h"

#define PATH_SAMPLES 8   /* large packets watched at a time */
#define PATH_WINDOW 4096 /* numbers whose sizes are known */
#define PATH_LARGE 1200  /* octets that every path carries (RFC 9000 §14) */
#define PATH_LOST_MIN 5  /* large ones passed over by acknowledgments */
#define PATH_SMALL_MIN 3 /* smaller ones acknowledged meanwhile */
#define PATH_SHRUNK                                                            \
  10 /* packets sent since that are full at a smaller size                     \
      */
#define PATH_SHRUNK_LEAST 1000 /* octets of these at least */
#define PATH_PASSED 3          /* kPacketThreshold */
#define PATH_RANGES 32         /* looked at of an ACK frame */
#define PATH_PTOS 3            /* for a PATH_RESPONSE to come */
#define PATH_ECN_MIN 10        /* packets marked and acknowledged */

typedef struct path_sample {
  uint64_t number;
  quic_time time;
  uint64_t record;
  bool used;
} path_sample;

typedef struct path_state {
  /* Large packets that wait for their ACK, and how many of them in a row were
     passed over. */
  path_sample samples[PATH_SAMPLES];
  uint64_t large[PATH_WINDOW / 64]; /* by number: was it a large one? */
  uint64_t largest;                 /* acknowledged; QLOG_NONE */
  uint64_t small; /* ACKs that went on, with no large one in them */
  uint64_t lost;
  quic_time lost_last; /* sent */
  uint64_t shrunk;     /* packets sent since the last large one */
  uint64_t passes;     /* ACKs that passed over some */
  quic_stretch hole;
  uint64_t size; /* of the smallest of the lost */
  bool told;     /* in this run */
  uint64_t mtu;  /* told last; QLOG_NONE */
  /* PATH_CHALLENGE without an answer, by who asks. */
  quic_stretch asked[QUIC_SIDES];
  bool waiting[QUIC_SIDES];
  bool failed[QUIC_SIDES];        /* told */
  quic_time answered[QUIC_SIDES]; /* last answer; QUIC_TIME_NEVER */
  /* ECN of the local side. */
  uint64_t marked;   /* packets or datagrams sent with ECT */
  uint64_t acks;     /* ACK frames for 1-RTT after the first was marked */
  uint64_t counting; /* of these with counts */
  uint64_t ect, ce;  /* the largest of them */
  quic_stretch ecn;
  bool ecn_failed;
} path_state;

static void path_init(void *state, const quic_mem *mem) {
  path_state *s = state;

  (void)mem;
  s->largest = s->mtu = QLOG_NONE;
  s->hole.from = QUIC_TIME_NEVER;
  s->ecn.from = QUIC_TIME_NEVER;
  s->answered[0] = s->answered[1] = QUIC_TIME_NEVER;
}

/* Sizes. */

static void path_run_over(path_state *s) {
  s->lost = s->small = s->passes = 0;
  s->lost_last = 0;
  s->hole.from = QUIC_TIME_NEVER;
  s->told = false;
}

static void path_note(path_state *s, uint64_t number, bool large) {
  uint64_t *word = &s->large[number / 64 % (PATH_WINDOW / 64)];
  uint64_t bit = (uint64_t)1 << (number & 63);

  *word = large ? *word | bit : *word & ~bit;
}

/* path_large tells whether |ack| goes on beyond |before| with a large packet.
   Each number is looked at once. */
static bool path_large(const path_state *s, const quic_frame *ack,
                       uint64_t before) {
  uint64_t last = ack->u.ack.largest;
  uint64_t first =
      last - (ack->u.ack.first_range < last ? ack->u.ack.first_range : last);

  if (before != QLOG_NONE && before >= first) {
    first = before + 1;
  }
  if (last - first >= PATH_WINDOW) {
    first = last - PATH_WINDOW + 1;
  }
  for (uint64_t n = first; n <= last; n++) {
    if (s->large[n / 64 % (PATH_WINDOW / 64)] >> (n & 63) & 1) {
      return true;
    }
  }
  return false;
}

static void path_sent(path_state *s, const qlog_event *e) {
  const qlog_packet *packet = &e->u.packet;

  if (packet->header->type != QUIC_PACKET_1RTT || !packet->header->pn_len ||
      packet->length == QLOG_NONE || packet->is_mtu_probe == 1) {
    return;
  }
  path_note(s, packet->header->pn, packet->length > PATH_LARGE);
  if (packet->length <= PATH_LARGE) {
    s->shrunk += packet->length >= PATH_SHRUNK_LEAST;
    return;
  }
  s->shrunk = 0;
  for (size_t i = 0; i < PATH_SAMPLES; i++) {
    if (!s->samples[i].used) {
      s->samples[i] = (path_sample){packet->header->pn, e->time,
                                    quic_event_record(e), true};
      if (s->size == 0 || packet->length < s->size) {
        s->size = packet->length;
      }
      return;
    }
  }
  /* The last one stands for all that follow. */
  s->samples[PATH_SAMPLES - 1] =
      (path_sample){packet->header->pn, e->time, quic_event_record(e), true};
}

static bool path_covers(const quic_frame *ack, uint64_t number) {
  uint64_t smallest, largest;
  quic_ack_iter it;

  quic_ack_iter_init(&it, ack);
  for (int i = 0; i < PATH_RANGES; i++) {
    if (!quic_ack_iter_next(&it, &smallest, &largest) || largest < number) {
      return false;
    }
    if (smallest <= number) {
      return true;
    }
  }
  return true; /* not looked at: nothing is said against it */
}

static void path_passed(path_state *s, const path_sample *sample,
                        const quic_picture *p, const qlog_event *e) {
  if (s->lost++ == 0) {
    s->hole = (quic_stretch){sample->time,   e->time,   sample->record,
                             sample->record, QLOG_NONE, p->local};
  }
  s->hole.to = e->time;
  s->hole.last = quic_event_record(e);
  if (sample->time > s->lost_last) {
    s->lost_last = sample->time;
  }
}

/* path_come: large packets come through. */
static void path_come(path_state *s, uint64_t largest) {
  path_run_over(s);
  s->size = 0;
  for (size_t i = 0; i < PATH_SAMPLES; i++) {
    s->samples[i].used &= s->samples[i].number > largest;
  }
}

/* path_acked: large packets come through, or are passed over by smaller ones
   that do. */
static void path_acked(path_state *s, const quic_picture *p,
                       const qlog_event *e, const quic_frame *ack) {
  uint64_t largest = ack->u.ack.largest, before = s->lost;
  bool large;

  if (s->largest != QLOG_NONE && largest <= s->largest) {
    return;
  }
  large = path_large(s, ack, s->largest);
  s->largest = largest;
  for (size_t i = 0; i < PATH_SAMPLES && !large; i++) {
    path_sample *sample = &s->samples[i];

    if (!sample->used || sample->number > largest) {
      continue;
    }
    large = path_covers(ack, sample->number);
    if (!large && largest - sample->number >= PATH_PASSED) {
      path_passed(s, sample, p, e);
      sample->used = false;
    }
  }
  if (large) {
    path_come(s, largest);
    return;
  }
  s->small += s->lost > 0;
  s->passes += s->lost > before;
}

static void path_tell_mtu(path_state *s, quic_findings *f,
                          const quic_picture *p, bool over) {
  /* The last flight of all is not followed by others. */
  uint64_t small = over ? 1 : PATH_SMALL_MIN;
  quic_duration least = over ? p->srtt / 2 : p->srtt;

  quic_finding *found;

  if (s->told || s->lost < PATH_LOST_MIN || s->small < small ||
      (!over && s->passes < PATH_SMALL_MIN && s->shrunk < PATH_SHRUNK) ||
      quic_time_since(s->lost_last, s->hole.from) < least) {
    return;
  }
  s->told = true;
  found = quic_finding_of(f, QUIC_FOUND_MTU, &s->hole);
  quic_finding_line(found,
                    "packets of %llu octets and more were lost, smaller ones "
                    "arrived",
                    (unsigned long long)s->size);
  quic_finding_fact_add(found, "size", QUIC_UNIT_OCTETS, s->size);
  quic_finding_fact_add(found, "lost", QUIC_UNIT_COUNT, s->lost);
  quic_finding_fact_add(found, "acked", QUIC_UNIT_COUNT, s->small);
}

/* path_mtu: what the endpoint says of the size it uses. */
static void path_mtu(path_state *s, quic_findings *f, const quic_picture *p,
                     const qlog_event *e) {
  uint64_t before = e->u.mtu.old_mtu == QLOG_NONE ? s->mtu : e->u.mtu.old_mtu;
  uint64_t now = e->u.mtu.new_mtu;
  uint64_t record = quic_event_record(e);
  quic_stretch at = {e->time, e->time, record, record, QLOG_NONE, p->local};
  quic_finding *found;

  if (now == QLOG_NONE) {
    return;
  }
  s->mtu = now;
  if (before == QLOG_NONE || now >= before) {
    return;
  }
  found = quic_finding_of(f, QUIC_FOUND_MTU, &at);
  quic_finding_line(found, "the endpoint went back from %llu to %llu octets",
                    (unsigned long long)before, (unsigned long long)now);
  quic_finding_fact_add(found, "old_mtu", QUIC_UNIT_OCTETS, before);
  quic_finding_fact_add(found, "new_mtu", QUIC_UNIT_OCTETS, now);
}

/* Migration. */

/* path_asks notes a challenge.  They come in pairs, of which a log may tell but
   one answer. */
static void path_asks(path_state *s, const quic_picture *p, const qlog_event *e,
                      int side) {
  uint64_t record = quic_event_record(e);

  if (s->answered[side] != QUIC_TIME_NEVER &&
      quic_time_since(e->time, s->answered[side]) <= p->pto) {
    return;
  }

  if (!s->waiting[side]) {
    s->waiting[side] = true;
    s->asked[side] =
        (quic_stretch){e->time, e->time, record, record, QLOG_NONE, side};
  }
  s->asked[side].last = record;
}

/* path_unanswered tells of a challenge that waits for too long at |now|. */
static void path_unanswered(path_state *s, quic_findings *f,
                            const quic_picture *p, quic_time now) {
  for (int side = 0; side < QUIC_SIDES; side++) {
    quic_finding *found;
    char took[QUIC_DURATION_TEXT];

    if (!s->waiting[side] || s->failed[side] ||
        quic_time_since(now, s->asked[side].from) <= PATH_PTOS * p->pto) {
      continue;
    }
    s->failed[side] = true;
    s->asked[side].to = now;
    found = quic_finding_of(f, QUIC_FOUND_MIGRATION, &s->asked[side]);
    quic_finding_line(
        found, "PATH_CHALLENGE of the %s without a PATH_RESPONSE for %s",
        quic_side_name(side),
        quic_duration_text(took, quic_time_since(now, s->asked[side].from)));
    quic_finding_fact_add(found, "waited", QUIC_UNIT_NS,
                          quic_time_since(now, s->asked[side].from));
  }
}

static void path_migration(quic_findings *f, const quic_picture *p,
                           const qlog_event *e) {
  const char *state = e->u.migration.new_state;
  uint64_t record = quic_event_record(e);
  quic_stretch at = {e->time, e->time, record, record, QLOG_NONE, p->local};
  quic_finding *found;

  if (!state || (strcmp(state, "probing_abandoned") != 0 &&
                 strcmp(state, "migration_abandoned") != 0)) {
    return;
  }
  found = quic_finding_of(f, QUIC_FOUND_MIGRATION, &at);
  quic_finding_line(found, "the endpoint gave up %s",
                    state[0] == 'p' ? "probing a path" : "a migration");
}

/* ECN. */

static void path_marked(path_state *s, const qlog_event *e, uint64_t n,
                        int ecn) {
  if (ecn != 1 && ecn != 2) {
    return;
  }
  if (s->ecn.from == QUIC_TIME_NEVER) {
    s->ecn.from = e->time;
    s->ecn.record = quic_event_record(e);
    s->ecn.id = QLOG_NONE;
  }
  s->ecn.to = e->time;
  s->ecn.last = quic_event_record(e);
  s->marked += n;
}

static void path_datagrams(path_state *s, const qlog_event *e) {
  const qlog_datagrams *d = &e->u.datagrams;

  for (size_t i = 0; i < d->necn; i++) {
    path_marked(s, e, 1, d->ecn[i]);
  }
}

static void path_counts(path_state *s, const quic_frame *ack) {
  uint64_t ect = ack->u.ack.ect0 + ack->u.ack.ect1;

  s->acks += s->marked >= PATH_ECN_MIN;
  if (ack->type != QUIC_FRAME_ACK_ECN) {
    return;
  }
  s->counting++;
  s->ect = ect > s->ect ? ect : s->ect;
  s->ce = ack->u.ack.ce > s->ce ? ack->u.ack.ce : s->ce;
}

static void path_state_updated(path_state *s, quic_findings *f,
                               const quic_picture *p, const qlog_event *e) {
  uint64_t record = quic_event_record(e);
  quic_stretch at = {e->time, e->time, record, record, QLOG_NONE, p->local};
  quic_finding *found;

  if (!e->u.state.new_state || strcmp(e->u.state.new_state, "failed") != 0 ||
      s->ecn_failed) {
    return;
  }
  s->ecn_failed = true;
  found = quic_finding_of(f, QUIC_FOUND_ECN, &at);
  quic_finding_line(found, "the endpoint found that ECN does not work");
  quic_finding_fact_add(found, "marked", QUIC_UNIT_COUNT, s->marked);
}

/* path_bleached: what was marked was never counted by the peer. */
static void path_bleached(const path_state *s, quic_findings *f,
                          const quic_picture *p) {
  quic_finding *found;
  quic_stretch at = s->ecn;

  if (s->ecn_failed || s->marked < PATH_ECN_MIN || s->acks < PATH_ECN_MIN ||
      p->acked < PATH_ECN_MIN || s->ect + s->ce != 0) {
    return;
  }
  at.side = p->local;
  found = quic_finding_of(f, QUIC_FOUND_ECN, &at);
  quic_finding_line(found,
                    s->counting
                        ? "%llu packets sent with ECT, the peer counted none"
                        : "%llu packets sent with ECT, the peer's ACKs have no "
                          "counts",
                    (unsigned long long)s->marked);
  quic_finding_fact_add(found, "marked", QUIC_UNIT_COUNT, s->marked);
  quic_finding_fact_add(found, "acks", QUIC_UNIT_COUNT, s->acks);
}

/* Events. */

static void path_frames(path_state *s, const quic_picture *p,
                        const qlog_event *e, int side) {
  const qlog_packet *packet = &e->u.packet;

  for (size_t i = 0; i < packet->nframes; i++) {
    const quic_frame *f = &packet->frames[i];

    switch (f->type) {
    case QUIC_FRAME_ACK:
    case QUIC_FRAME_ACK_ECN:
      if (side != p->local && packet->header->type == QUIC_PACKET_1RTT) {
        path_acked(s, p, e, f);
        path_counts(s, f);
      }
      break;
    case QUIC_FRAME_PATH_CHALLENGE:
      path_asks(s, p, e, side);
      break;
    case QUIC_FRAME_PATH_RESPONSE:
      s->waiting[!side] = s->failed[!side] = false;
      s->answered[!side] = e->time;

      break;
    default:
      break;
    }
  }
}

static void path_packet(path_state *s, quic_findings *f, const quic_picture *p,
                        const qlog_event *e) {
  int side = quic_analysis_side(p->analysis, e);

  if (!e->u.packet.header) {
    return;
  }
  if (side == p->local) {
    path_sent(s, e);
    path_marked(s, e, 1, e->u.packet.ecn);
  }
  path_frames(s, p, e, side);
  if (s->lost >= PATH_LOST_MIN) {
    path_tell_mtu(s, f, p, false);
  }
  /* Only while packets come is the silence of one path its own. */
  if (side != p->local && (s->waiting[0] || s->waiting[1])) {
    path_unanswered(s, f, p, e->time);
  }
}

static void path_event(void *state, quic_findings *f, const quic_picture *p,
                       const qlog_event *e) {
  path_state *s = state;

  switch (e->type) {
  case QLOG_MTU_UPDATED:
    path_mtu(s, f, p, e);
    break;
  case QLOG_UDP_DATAGRAMS_SENT:
    path_datagrams(s, e);
    break;
  case QLOG_ECN_STATE_UPDATED:
    path_state_updated(s, f, p, e);
    break;
  case QLOG_MIGRATION_STATE_UPDATED:
    path_migration(f, p, e);
    break;
  default:
    path_packet(s, f, p, e);
  }
}

static void path_end(void *state, quic_findings *f, const quic_picture *p) {
  path_state *s = state;

  /* The last one was passed over, too, if not by three. */
  for (size_t i = 0; i < PATH_SAMPLES && s->lost; i++) {
    if (s->samples[i].used && s->samples[i].number < s->largest &&
        s->samples[i].time > s->lost_last) {
      s->lost_last = s->samples[i].time;
    }
  }
  path_tell_mtu(state, f, p, true);
  path_bleached(state, f, p);
}

const quic_detector quic_detect_path = {
    .name = "path",
    .size = sizeof(path_state),
    .events =
        QUIC_DETECTOR_ON(PACKET_SENT) | QUIC_DETECTOR_ON(PACKET_RECEIVED) |
        QUIC_DETECTOR_ON(MTU_UPDATED) | QUIC_DETECTOR_ON(UDP_DATAGRAMS_SENT) |
        QUIC_DETECTOR_ON(ECN_STATE_UPDATED) |
        QUIC_DETECTOR_ON(MIGRATION_STATE_UPDATED),
    .init = path_init,
    .event = path_event,
    .end = path_end,
};
