#include "analysis/sent.h"

#include <string.h>

#define SENT_CAP_MIN 16

static quic_sent_record *sent_at(const quic_sent *s, uint32_t i) {
  return &s->ring[(s->head + i) & (s->cap - 1)];
}

void quic_sent_init(quic_sent *s, const quic_mem *mem) {
  *s = (quic_sent){
      .mem = mem, .largest_acked = QLOG_NONE, .loss_time = QUIC_TIME_NEVER};
  quic_gaps_init(&s->gaps, mem);
}

void quic_sent_free(quic_sent *s) {
  quic_mem_free(s->mem, s->ring);
  s->ring = NULL;
  s->head = s->len = s->cap = s->undecided = 0;
  quic_gaps_free(&s->gaps);
}

/* sent_waits: in flight as RFC 9002 counts it. */
static bool sent_waits(const quic_sent_record *r) {
  return (r->flags & (QUIC_SENT_IN_FLIGHT | QUIC_SENT_ACKED |
                      QUIC_SENT_LOST)) == QUIC_SENT_IN_FLIGHT;
}

/* sent_leave takes |r| out of what is in flight. */
static void sent_leave(quic_sent *s, const quic_sent_record *r) {
  if (!sent_waits(r)) {
    return;
  }
  s->in_flight -= r->size;
  s->packets_in_flight--;
  if (r->flags & QUIC_SENT_ELICITING) {
    s->eliciting_in_flight--;
  }
}

static void sent_pop(quic_sent *s) {
  s->head = (s->head + 1) & (s->cap - 1);
  s->len--;
  if (s->undecided) {
    s->undecided--;
  }
}

/* sent_trim releases records that nothing more is to be learned from: what is
   acknowledged, what was lost so long ago that no late ACK is likely, and what
   needs no ACK. */
static void sent_trim(quic_sent *s, quic_time now, quic_duration keep) {
  while (s->len) {
    const quic_sent_record *r = sent_at(s, 0);

    if (!(r->flags & QUIC_SENT_ACKED) &&
        !(r->flags & QUIC_SENT_LOST && quic_time_since(now, r->time) > keep) &&
        !(!(r->flags & QUIC_SENT_IN_FLIGHT) && s->len > QUIC_SENT_IDLE_MAX)) {
      return;
    }
    sent_pop(s);
  }
}

static bool sent_grow(quic_sent *s) {
  uint32_t cap = s->cap ? s->cap * 2 : SENT_CAP_MIN;
  quic_sent_record *ring;

  if (cap > QUIC_SENT_MAX) {
    return false;
  }
  ring = quic_mem_alloc(s->mem, cap * sizeof(ring[0]));
  if (!ring) {
    s->counts.out_of_memory++;
    return false;
  }
  for (uint32_t i = 0; i < s->len; i++) {
    ring[i] = *sent_at(s, i);
  }
  quic_mem_free(s->mem, s->ring);
  s->ring = ring;
  s->cap = cap;
  s->head = 0;
  return true;
}

/* sent_insert makes a place before record |i|, or returns NULL. */
static quic_sent_record *sent_insert(quic_sent *s, uint32_t i) {
  if (s->len == s->cap && !sent_grow(s)) {
    if (s->cap == 0 || i == 0) {
      return NULL;
    }
    sent_leave(s, sent_at(s, 0));
    s->counts.dropped++;
    sent_pop(s);
    i--;
  }
  s->len++;
  for (uint32_t j = s->len - 1; j > i; j--) {
    *sent_at(s, j) = *sent_at(s, j - 1);
    sent_at(s, j)->run = 1; /* it may have reached over the new place */
  }
  if (s->undecided > i) {
    s->undecided = i;
  }
  return sent_at(s, i);
}

/* sent_upto returns how many of the first |n| records have numbers up to
   |number|.  It gallops from the end, where the answer mostly is. */
static uint32_t sent_upto(const quic_sent *s, uint32_t n, uint64_t number) {
  uint32_t lo, hi = n, step = 1;

  while (hi && sent_at(s, hi - 1)->number > number) {
    lo = hi > step ? hi - step : 0;
    if (lo == 0 || sent_at(s, lo - 1)->number <= number) {
      while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;

        if (sent_at(s, mid)->number <= number) {
          lo = mid + 1;
        } else {
          hi = mid;
        }
      }
      return lo;
    }
    hi = lo;
    step *= 2;
  }
  return hi;
}

/* sent_lose declares |r| lost. */
static void sent_lose(quic_sent *s, quic_sent_record *r, int why,
                      const quic_sent_rules *rules) {
  sent_leave(s, r);
  r->flags |= QUIC_SENT_LOST;
  s->counts.lost++;
  s->counts.lost_octets += r->size;
  s->counts.lost_by_number += why == QLOG_LOST_REORDERING_THRESHOLD;
  if (rules && rules->lost) {
    rules->lost(rules->user, r, why);
  }
}

/* sent_detect finds what is lost (RFC 9002 §6.1, A.10).  All that is more than
   the threshold below the largest acknowledged is decided, so that |undecided|
   stops at most a few records short of it. */
static void sent_detect(quic_sent *s, quic_time now,
                        const quic_sent_rules *rules) {
  s->loss_time = QUIC_TIME_NEVER;
  if (s->largest_acked == QLOG_NONE) {
    return;
  }
  while (s->undecided < s->len && !sent_waits(sent_at(s, s->undecided))) {
    s->undecided++;
  }
  for (uint32_t i = s->undecided; i < s->len; i++) {
    quic_sent_record *r = sent_at(s, i);
    quic_duration age = quic_time_since(now, r->time) + rules->near_rtt;

    if (r->number >= s->largest_acked) {
      return;
    }
    if (!sent_waits(r)) {
      continue;
    }
    if (s->largest_acked - r->number >= QUIC_SENT_THRESHOLD) {
      sent_lose(s, r, QLOG_LOST_REORDERING_THRESHOLD, rules);
    } else if (age >= rules->loss_delay) {
      sent_lose(s, r, QLOG_LOST_TIME_THRESHOLD, rules);
    } else if (now + (rules->loss_delay - age) < s->loss_time) {
      s->loss_time = now + (rules->loss_delay - age);
    }
  }
}

/* sent_late notes a number up to the largest.  Returns where its record goes,
   or -1: it was seen before. */
static int64_t sent_late(quic_sent *s, uint64_t number, quic_time now,
                         bool told_late) {
  uint64_t distance = s->largest - number;
  uint32_t i = sent_upto(s, s->len, number);

  if ((i > 0 && sent_at(s, i - 1)->number == number) ||
      (number >= s->first &&
       quic_gaps_take(&s->gaps, number, number + 1) == 0 &&
       s->gaps.forgotten == 0)) {
    s->counts.duplicates++;
    return -1;
  }
  if (told_late) {
    return i;
  }
  s->counts.reordered++;
  if (distance > s->counts.reorder_max) {
    s->counts.reorder_max = distance;
  }
  if (i < s->len) {
    quic_duration late = quic_time_since(now, sent_at(s, i)->time);

    if (late > s->counts.reorder_time_max) {
      s->counts.reorder_time_max = late;
    }
  }
  return i;
}

/* sent_probe: an eliciting packet after a silence of a PTO, with others in
   flight and no ACK meanwhile.  Nothing but that timer sends it. */
static bool sent_probe(quic_sent *s, quic_time now, quic_duration pto) {
  quic_time since = s->last_eliciting > s->last_progress ? s->last_eliciting
                                                         : s->last_progress;

  /* The sender's estimate may be a little below ours. */
  if (s->eliciting_in_flight == 0 ||
      quic_time_since(now, since) < pto - pto / 8) {
    return false;
  }
  s->counts.probes++;
  if (++s->counts.probe_run > s->counts.probe_run_max) {
    s->counts.probe_run_max = s->counts.probe_run;
  }
  return true;
}

static void sent_enter(quic_sent *s, const quic_sent_record *r) {
  if (!sent_waits(r)) {
    return;
  }
  s->packets_in_flight++;
  s->in_flight += r->size;
  if (r->flags & QUIC_SENT_ELICITING) {
    s->eliciting_in_flight++;
  }
  if (s->in_flight > s->in_flight_max) {
    s->in_flight_max = s->in_flight;
    s->in_flight_max_at = r->time;
  }
}

/* sent_next notes a number above the largest.  Returns whether it had been
   acknowledged already. */
static bool sent_next(quic_sent *s, uint64_t number) {
  const quic_range *ahead = &s->ahead;

  quic_gaps_push(&s->gaps, s->largest + 1, number);
  if (ahead->end > s->largest + 1) {
    s->counts.missed += quic_gaps_take(
        &s->gaps, ahead->start, ahead->end < number ? ahead->end : number);
  }
  s->largest = number;
  return number >= ahead->start && number < ahead->end;
}

/* sent_record keeps a record at |place|. */
static void sent_record(quic_sent *s, uint32_t place, uint64_t number,
                        size_t size, unsigned flags, quic_time now) {
  quic_sent_record *r = NULL;

  if (s->len - place <= QUIC_SENT_REORDER_MAX) {
    r = sent_insert(s, place);
  }
  if (r) {
    *r = (quic_sent_record){.number = number,
                            .time = now,
                            .run = 1,
                            .size =
                                size > UINT16_MAX ? UINT16_MAX : (uint16_t)size,
                            .flags = (uint8_t)flags};
    sent_enter(s, r);
  }
}

int quic_sent_packet(quic_sent *s, uint64_t number, size_t size, unsigned flags,
                     quic_time now, const quic_sent_rules *rules) {
  int64_t place = s->len;

  if (!s->started) {
    s->started = true;
    s->first = s->largest = number;
  } else if (number > s->largest) {
    if (sent_next(s, number)) {
      s->counts.optimistic++;
      flags |= QUIC_SENT_ACKED;
    }
  } else {
    place = sent_late(s, number, now, flags & QUIC_SENT_TOLD_LATE);
    if (place < 0) {
      return -1;
    }
  }
  s->counts.packets++;
  if (flags & QUIC_SENT_ELICITING && !(flags & QUIC_SENT_TOLD_LATE)) {
    if (sent_probe(s, now, rules->pto)) {
      flags |= QUIC_SENT_PROBE;
    }
    s->last_eliciting = now;
  }
  sent_record(s, (uint32_t)place, number, size, flags, now);
  if (now >= s->loss_time) {
    sent_detect(s, now, rules);
  }
  sent_trim(s, now, 3 * rules->pto);
  return (int)flags;
}

/* sent_settle marks |r| acknowledged. */
static void sent_settle(quic_sent *s, quic_sent_record *r, quic_sent_ack *out) {
  if (r->flags & QUIC_SENT_LOST) {
    s->counts.spurious++;
    out->spurious++;
  }
  sent_leave(s, r);
  r->flags |= QUIC_SENT_ACKED;
  out->newly_acked++;
  out->newly_octets += r->size;
  if (r->size > s->counts.acked_size_max) {
    s->counts.acked_size_max = r->size;
  }
}

/* sent_range settles [smallest, largest] among the first |n| records.  Returns
   how many records lie below.  What was acknowledged before is jumped over in
   runs, and makes one run with the new ones afterwards. */
static uint32_t sent_range(quic_sent *s, uint32_t n, uint64_t smallest,
                           uint64_t largest, bool *eliciting,
                           quic_sent_ack *out) {
  uint32_t top = sent_upto(s, n, largest), i = top;

  while (i) {
    quic_sent_record *r = sent_at(s, i - 1);

    if (r->number < smallest) {
      break;
    }
    if (r->flags & QUIC_SENT_ACKED) {
      i -= r->run < i ? r->run : i;
      continue;
    }
    *eliciting |= (r->flags & QUIC_SENT_ELICITING) != 0;
    sent_settle(s, r, out);
    i--;
  }
  if (i < top) {
    sent_at(s, top - 1)->run = top - i;
  }
  return i;
}

/* sent_above notes the part of [smallest, largest] that was never seen.  The
   trace may have missed it; that shows when a larger number comes. */
static void sent_above(quic_sent *s, uint64_t smallest, uint64_t largest,
                       quic_sent_ack *out) {
  uint64_t start = s->largest + 1;

  if (smallest > start) {
    start = smallest;
  }
  if (s->ahead.end <= s->largest + 1 || start < s->ahead.start) {
    s->ahead.start = start;
  }
  if (largest >= s->ahead.end) {
    s->ahead.end = largest + 1;
  }
  out->above += largest + 1 - start;
}

void quic_sent_on_ack(quic_sent *s, const quic_frame *ack, quic_time now,
                      const quic_sent_rules *rules, quic_sent_ack *out) {
  uint64_t smallest, largest;
  bool eliciting = false, first = true, newest = false;
  uint32_t n = s->len;
  quic_ack_iter it;

  *out = (quic_sent_ack){0};
  if (!s->started) {
    return;
  }
  quic_ack_iter_init(&it, ack);
  for (; quic_ack_iter_next(&it, &smallest, &largest); first = false) {
    if (largest > s->largest) {
      sent_above(s, smallest, largest, out);
      if (smallest > s->largest) {
        continue;
      }
      largest = s->largest;
    }
    out->missed += quic_gaps_take(&s->gaps, smallest, largest + 1);
    if (first && n) {
      uint32_t at = sent_upto(s, n, largest);
      const quic_sent_record *r = at ? sent_at(s, at - 1) : NULL;

      newest =
          r && r->number == ack->u.ack.largest && !(r->flags & QUIC_SENT_ACKED);
      out->rtt = newest ? quic_time_since(now, r->time) : 0;
    }
    n = n ? sent_range(s, n, smallest, largest, &eliciting, out) : 0;
    if (s->largest_acked == QLOG_NONE || largest > s->largest_acked) {
      s->largest_acked = largest;
    }
    if (n == 0 && s->gaps.len == 0) {
      break;
    }
  }
  s->counts.missed += out->missed;
  s->counts.acked += out->newly_acked;
  out->sample = newest && eliciting;
  if (out->newly_acked) {
    s->last_progress = now;
    s->counts.probe_run = 0;
    sent_trim(s, now, 3 * rules->pto); /* first: who looks for what was lost
                                          now finds it */
    sent_detect(s, now, rules);
  }
}

void quic_sent_on_lost(quic_sent *s, uint64_t number) {
  uint32_t i = sent_upto(s, s->len, number);
  quic_sent_record *r = i ? sent_at(s, i - 1) : NULL;

  s->counts.told_lost++;
  if (!r || r->number != number) {
    s->counts.lost++;
  } else if (!(r->flags & (QUIC_SENT_ACKED | QUIC_SENT_LOST))) {
    sent_lose(s, r, QLOG_LOST_TIME_THRESHOLD, NULL);
  }
}

void quic_sent_discard(quic_sent *s) {
  quic_sent_free(s);
  s->in_flight = s->packets_in_flight = s->eliciting_in_flight = 0;
  s->loss_time = QUIC_TIME_NEVER;
}

const quic_sent_record *quic_sent_oldest(const quic_sent *s) {
  for (uint32_t i = 0; i < s->len && s->packets_in_flight; i++) {
    if (sent_waits(sent_at(s, i))) {
      return sent_at(s, i);
    }
  }
  return NULL;
}

uint64_t quic_sent_never_seen(const quic_sent *s) {
  return s->gaps.total + s->gaps.forgotten;
}
