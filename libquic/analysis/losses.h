#ifndef QUIC_ANALYSIS_LOSSES_H
#define QUIC_ANALYSIS_LOSSES_H

/* quic_losses gathers lost packets of |picture->local| in the application's
   packet number space, one batch for each time that losses were found: as
   packet_lost events tell them, else as the rules of RFC 9002 say. */

#include "analysis/picture.h"

#define QUIC_LOSSES_MAX 512 /* of a batch; further ones are only counted */

typedef struct quic_loss {
  uint64_t number;
  quic_time sent; /* QUIC_TIME_NEVER: not in the trace any more */
  bool eliciting;
  uint64_t record; /* of its packet_lost event; QLOG_NONE */
} quic_loss;

typedef struct quic_losses {
  quic_loss batch[QUIC_LOSSES_MAX];
  size_t len;
  uint64_t missed;    /* of this batch, for want of room */
  quic_time found;    /* when its first one was */
  bool ready;         /* handed out; the next event starts over */
  bool concluding;    /* the batch is concluded; a logger may tell it yet */
  bool silent;        /* this one does not */
  uint64_t concluded; /* by the rules so far */
  uint64_t from;      /* lowest number that may be concluded yet */
} quic_losses;

void quic_losses_init(quic_losses *l);

/* quic_losses_event takes an event after |p| took it.  Returns a batch that is
   complete, ascending by number, |*n| losses, or NULL.  Valid until the next
   call. */
const quic_loss *quic_losses_event(quic_losses *l, const quic_picture *p,
                                   const qlog_event *e, size_t *n);

/* quic_losses_end returns the batch that waits at the end, or NULL. */
const quic_loss *quic_losses_end(quic_losses *l, size_t *n);

/* quic_losses_told: the endpoint itself names the packets that it lost. */
static inline bool quic_losses_told(const quic_picture *p) {
  return p->told[QLOG_PACKET_LOST] != 0;
}

/* quic_losses_record returns the first record of |s| with |number| or a larger
   one, NULL when there is none. */
const quic_sent_record *quic_losses_record(const quic_sent *s, uint64_t number);

/* quic_losses_apart tells whether a packet between |a| and |b| (a < b) was
   acknowledged, or may have been. */
bool quic_losses_apart(const quic_sent *s, uint64_t a, uint64_t b);

#endif /* !defined(QUIC_ANALYSIS_LOSSES_H) */
