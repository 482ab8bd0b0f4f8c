#include "analysis/episodes.h"

#include <stdlib.h>

#define EPISODES_QUEUE (2 * QUIC_MILLISECOND)

/* episodes_queue: round trips are a quarter longer than the shortest.  The
   latest would have delays of ACKs in it. */
static bool episodes_queue(const quic_picture *p) {
  return p->min_rtt && p->srtt > p->min_rtt + p->min_rtt / 4 &&
         p->srtt > p->min_rtt + EPISODES_QUEUE;
}

static void episodes_begin(quic_episodes *ep, const quic_picture *p,
                           const quic_loss *loss, quic_time found) {
  const quic_sent *s =
      quic_analysis_sent(p->analysis, p->local, QUIC_SPACE_APP);
  const quic_mark *confirmed =
      &quic_analysis_phases(p->analysis)->at[QUIC_PHASE_CONFIRMED];
  size_t i = ep->count % QUIC_EPISODES_MAX;

  ep->open = true;
  ep->now = (quic_episode){.from = loss->sent,
                           .to = loss->sent,
                           .found = found,
                           .record = loss->record,
                           .first = loss->number,
                           .last = loss->number,
                           .lost = 1,
                           .row = 1,
                           .row_max = 1,
                           .flight = s ? s->packets_in_flight : 0,
                           .queue = episodes_queue(p),
                           .start = ep->count == 0,
                           .early = loss->sent < confirmed->time};
  ep->at[i] = loss->sent;
  ep->queue[i] = ep->now.queue;
  ep->count++;
}

static void episodes_add(quic_episode *now, const quic_loss *loss) {
  now->row = loss->number == now->last + 1 ? now->row + 1 : 1;
  if (now->row > now->row_max) {
    now->row_max = now->row;
  }
  now->last = loss->number;
  now->to = loss->sent;
  now->lost++;
}

bool quic_episodes_loss(quic_episodes *ep, const quic_picture *p,
                        const quic_loss *loss, quic_time found,
                        quic_episode *out) {
  bool ended = false;

  if (loss->sent == QUIC_TIME_NEVER) {
    return false;
  }
  if (ep->open && loss->number > ep->now.last && loss->sent >= ep->now.to &&
      loss->sent - ep->now.to <= p->srtt) {
    episodes_add(&ep->now, loss);
    return false;
  }
  if (ep->open && loss->number <= ep->now.last) {
    return false; /* told out of order */
  }
  ended = ep->open;
  *out = ep->now;
  episodes_begin(ep, p, loss, found);
  return ended;
}

bool quic_episodes_end(quic_episodes *ep, quic_episode *out) {
  *out = ep->now;
  return ep->open;
}

static int episodes_order(const void *pa, const void *pb) {
  const quic_duration *a = pa, *b = pb;

  return *a < *b ? -1 : *a > *b;
}

bool quic_episodes_regular(const quic_episodes *ep, const quic_picture *p,
                           quic_episodes_period *out) {
  size_t n = ep->count < QUIC_EPISODES_MAX ? ep->count : QUIC_EPISODES_MAX;
  uint64_t first = ep->count - n;
  quic_duration gap[QUIC_EPISODES_MAX], median;

  *out = (quic_episodes_period){0};
  if (n <= QUIC_EPISODES_PERIODS) {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    out->queued += ep->queue[i];
  }
  for (size_t i = 0; i + 1 < n; i++) {
    gap[i] = ep->at[(first + i + 1) % QUIC_EPISODES_MAX] -
             ep->at[(first + i) % QUIC_EPISODES_MAX];
  }
  qsort(gap, n - 1, sizeof(gap[0]), episodes_order);
  median = gap[(n - 1) / 2];
  for (size_t i = 0; i + 1 < n; i++) {
    out->regular +=
        gap[i] >= median - median / 5 && gap[i] <= median + median / 5;
  }
  out->period = median;
  out->periods = n - 1;
  out->from = ep->at[first % QUIC_EPISODES_MAX];
  out->to = ep->at[(ep->count - 1) % QUIC_EPISODES_MAX];
  return median / 2 > p->pto && out->regular >= QUIC_EPISODES_PERIODS &&
         out->regular * 10 >= out->periods * 7 && out->queued * 4 <= n * 3;
}
