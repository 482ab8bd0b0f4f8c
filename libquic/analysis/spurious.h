#ifndef QUIC_ANALYSIS_SPURIOUS_H
#define QUIC_ANALYSIS_SPURIOUS_H

/* quic_spurious remembers packets that were declared lost and sees which of
   them are acknowledged after all, and how late. */

#include "analysis/losses.h"

#define QUIC_SPURIOUS_MAX 1024 /* losses remembered, the latest */

typedef struct quic_spurious_loss {
  uint64_t number;
  quic_time sent, found;
  bool arrived;
} quic_spurious_loss;

typedef struct quic_spurious {
  quic_spurious_loss *lost; /* ring, ascending by number; NULL until used */
  const quic_mem *mem;
  size_t head, len;
  uint64_t seen;    /* quic_sent's count of them */
  uint64_t largest; /* acknowledged before; QLOG_NONE */
  /* found */
  uint64_t count;
  uint64_t by_number; /* of these, at least the packet threshold behind */
  uint64_t distance;  /* largest, packets */
  quic_duration late; /* longest from being declared lost */
  quic_duration wait; /* longest from being sent */
  quic_duration rtt;  /* smoothed, then */
  quic_time first, last;
  uint64_t record, last_record;
} quic_spurious;

void quic_spurious_init(quic_spurious *s, const quic_mem *mem);
void quic_spurious_free(quic_spurious *s);
void quic_spurious_lost(quic_spurious *s, const quic_loss *loss,
                        quic_time found);

/* quic_spurious_event takes any packet after |p| took it. */
void quic_spurious_event(quic_spurious *s, const quic_picture *p,
                         const qlog_event *e);

#endif /* !defined(QUIC_ANALYSIS_SPURIOUS_H) */
