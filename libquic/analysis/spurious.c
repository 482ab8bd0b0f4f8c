#include "analysis/spurious.h"

#include "analysis/evidence.h"

void quic_spurious_init(quic_spurious *s, const quic_mem *mem) {
  *s = (quic_spurious){.mem = mem,
                       .largest = QLOG_NONE,
                       .first = QUIC_TIME_NEVER,
                       .record = QLOG_NONE,
                       .last_record = QLOG_NONE};
}

void quic_spurious_free(quic_spurious *s) {
  quic_mem_free(s->mem, s->lost);
}

static quic_spurious_loss *spurious_at(const quic_spurious *s, size_t i) {
  return &s->lost[(s->head + i) % QUIC_SPURIOUS_MAX];
}

void quic_spurious_lost(quic_spurious *s, const quic_loss *loss,
                        quic_time found) {
  if (!s->lost) {
    s->lost = quic_mem_alloc(s->mem, QUIC_SPURIOUS_MAX * sizeof(*s->lost));
  }
  /* One that is told late has no place any more. */
  if (!s->lost || loss->sent == QUIC_TIME_NEVER ||
      (s->len && spurious_at(s, s->len - 1)->number >= loss->number)) {
    return;
  }
  if (s->len == QUIC_SPURIOUS_MAX) {
    s->head = (s->head + 1) % QUIC_SPURIOUS_MAX;
    s->len--;
  }
  *spurious_at(s, s->len++) =
      (quic_spurious_loss){loss->number, loss->sent, found, false};
}

static void spurious_arrived(quic_spurious *s, quic_spurious_loss *loss,
                             const quic_picture *p, const qlog_event *e) {
  uint64_t distance = s->largest != QLOG_NONE && s->largest > loss->number
                          ? s->largest - loss->number
                          : 0;

  loss->arrived = true;
  if (s->count++ == 0) {
    s->first = e->time;
    s->record = quic_event_record(e);
  }
  s->last = e->time;
  s->last_record = quic_event_record(e);
  s->by_number += distance >= QUIC_SENT_THRESHOLD;
  if (distance > s->distance) {
    s->distance = distance;
  }
  if (quic_time_since(e->time, loss->found) > s->late) {
    s->late = e->time - loss->found;
  }
  if (quic_time_since(e->time, loss->sent) > s->wait) {
    s->wait = e->time - loss->sent;
    s->rtt = p->srtt;
  }
}

/* spurious_range looks for [smallest, largest] among what was lost. */
static void spurious_range(quic_spurious *s, uint64_t smallest,
                           uint64_t largest, const quic_picture *p,
                           const qlog_event *e) {
  size_t lo = 0, hi = s->len;

  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;

    if (spurious_at(s, mid)->number < smallest) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  for (; lo < s->len && spurious_at(s, lo)->number <= largest; lo++) {
    if (!spurious_at(s, lo)->arrived) {
      spurious_arrived(s, spurious_at(s, lo), p, e);
    }
  }
}

void quic_spurious_event(quic_spurious *s, const quic_picture *p,
                         const qlog_event *e) {
  const quic_sent *sent =
      quic_analysis_sent(p->analysis, p->local, QUIC_SPACE_APP);
  const qlog_packet *packet = &e->u.packet;

  if (!sent) {
    return;
  }
  if (s->len && sent->counts.spurious != s->seen &&
      quic_evidence_app(p->analysis, e, quic_side_other(p->local))) {
    for (size_t i = 0; i < packet->nframes; i++) {
      const quic_frame *f = &packet->frames[i];
      uint64_t smallest, largest;
      quic_ack_iter it;

      if (f->type != QUIC_FRAME_ACK && f->type != QUIC_FRAME_ACK_ECN) {
        continue;
      }
      quic_ack_iter_init(&it, f);
      while (quic_ack_iter_next(&it, &smallest, &largest)) {
        spurious_range(s, smallest, largest, p, e);
      }
    }
  }
  s->seen = sent->counts.spurious;
  s->largest = sent->largest_acked;
}
