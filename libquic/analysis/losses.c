#include "analysis/losses.h"

#include <stdlib.h>

#include "analysis/evidence.h"

#define LOSSES_BETWEEN_MAX 64 /* records looked at between two lost ones */

void quic_losses_init(quic_losses *l) {
  memset(l, 0, sizeof(*l));
}

static const quic_sent_record *losses_at(const quic_sent *s, uint32_t i) {
  return &s->ring[(s->head + i) & (s->cap - 1)];
}

/* losses_index returns how many records have smaller numbers. */
static uint32_t losses_index(const quic_sent *s, uint64_t number) {
  uint32_t lo = 0, hi = s->len;

  while (lo < hi) {
    uint32_t mid = lo + (hi - lo) / 2;

    if (losses_at(s, mid)->number < number) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo;
}

const quic_sent_record *quic_losses_record(const quic_sent *s,
                                           uint64_t number) {
  uint32_t i = losses_index(s, number);

  return i < s->len ? losses_at(s, i) : NULL;
}

bool quic_losses_apart(const quic_sent *s, uint64_t a, uint64_t b) {
  uint32_t i;

  if (b - a == 1) {
    return false;
  }
  if (b - a > LOSSES_BETWEEN_MAX) {
    return true;
  }
  i = losses_index(s, a + 1);
  for (uint64_t number = a + 1; number < b; number++, i++) {
    const quic_sent_record *r = i < s->len ? losses_at(s, i) : NULL;

    if (!r || r->number != number || r->flags & QUIC_SENT_ACKED) {
      return true;
    }
  }
  return false;
}

static void losses_add(quic_losses *l, quic_time now, quic_loss loss) {
  if (l->len == 0) {
    l->found = now;
  }
  if (l->len < QUIC_LOSSES_MAX) {
    l->batch[l->len++] = loss;
  } else {
    l->missed++;
  }
}

/* losses_tell takes a packet_lost event. */
static void losses_tell(quic_losses *l, const quic_sent *s,
                        const qlog_event *e) {
  const quic_header *h = e->u.packet.header;
  const quic_sent_record *r;
  quic_loss loss = {.sent = QUIC_TIME_NEVER,
                    .eliciting = true,
                    .record = quic_event_record(e)};

  if (!h || h->pn_len == 0 || h->type >= QUIC_PACKET_TYPES ||
      quic_space_of(h->type) != QUIC_SPACE_APP) {
    return;
  }
  loss.number = h->pn;
  r = s ? quic_losses_record(s, h->pn) : NULL;
  if (r && r->number == h->pn) {
    loss.sent = r->time;
    loss.eliciting = (r->flags & QUIC_SENT_ELICITING) != 0;
  }
  losses_add(l, e->time, loss);
}

/* losses_conclude gathers what the rules declared lost.  What is below
   |undecided| is decided and not looked at again. */
static void losses_conclude(quic_losses *l, const quic_sent *s, quic_time now) {
  uint32_t i = losses_index(s, l->from);

  for (; i < s->len && s->largest_acked != QLOG_NONE; i++) {
    const quic_sent_record *r = losses_at(s, i);

    if (r->number > s->largest_acked) {
      break;
    }
    if (r->flags & QUIC_SENT_LOST) {
      losses_add(l, now,
                 (quic_loss){.number = r->number,
                             .sent = r->time,
                             .eliciting = (r->flags & QUIC_SENT_ELICITING) != 0,
                             .record = QLOG_NONE});
    } else if (!(r->flags & QUIC_SENT_ACKED) &&
               r->flags & QUIC_SENT_IN_FLIGHT) {
      break;
    }
    l->from = r->number + 1;
  }
}

static int losses_order(const void *pa, const void *pb) {
  const quic_loss *a = pa, *b = pb;

  return a->number < b->number ? -1 : a->number > b->number;
}

static const quic_loss *losses_ready(quic_losses *l, size_t *n) {
  bool sorted = true;

  for (size_t i = 1; i < l->len && sorted; i++) {
    sorted = l->batch[i - 1].number < l->batch[i].number;
  }
  if (!sorted) {
    qsort(l->batch, l->len, sizeof(l->batch[0]), losses_order);
  }
  l->ready = true;
  *n = l->len;
  return l->len ? l->batch : NULL;
}

static void losses_restart(quic_losses *l) {
  if (l->ready) {
    l->ready = l->concluding = false;
    l->len = 0;
    l->missed = 0;
  }
}

/* losses_told: the logger tells losses itself; what was concluded for it until
   then is told again. */
static void losses_told(quic_losses *l, const quic_sent *s,
                        const qlog_event *e) {
  if (l->concluding) {
    l->concluding = false;
    l->len = 0;
    l->missed = 0;
  }
  losses_tell(l, s, e);
}

const quic_loss *quic_losses_event(quic_losses *l, const quic_picture *p,
                                   const qlog_event *e, size_t *n) {
  const quic_sent *s =
      quic_analysis_sent(p->analysis, p->local, QUIC_SPACE_APP);
  bool silent = l->silent;

  *n = 0;
  losses_restart(l);
  if (e->type == QLOG_PACKET_LOST) {
    losses_told(l, s, e);
    return NULL;
  }
  if (!qlog_event_is_packet(e) || !s) {
    return NULL;
  }
  if (l->len && l->concluding) {
    silent = l->silent = true; /* it had its chance to tell */
  } else if (l->len) {
    return losses_ready(l, n);
  }
  if (s->counts.lost != l->concluded && !quic_losses_told(p) && s->len) {
    losses_conclude(l, s, e->time);
    l->concluding = true;
  }
  l->concluded = s->counts.lost;
  return l->len && silent ? losses_ready(l, n) : NULL;
}

const quic_loss *quic_losses_end(quic_losses *l, size_t *n) {
  *n = 0;
  losses_restart(l);
  return l->len ? losses_ready(l, n) : NULL;
}
