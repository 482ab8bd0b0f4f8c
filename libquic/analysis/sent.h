#ifndef QUIC_ANALYSIS_SENT_H
#define QUIC_ANALYSIS_SENT_H

/* quic_sent keeps the packets that one side sent in one packet number space, as
   they were seen at the vantage point, until the other side acknowledged them:
   what its sender would declare lost (RFC 9002 §6), what was lost for nothing,
   reordered, doubled, missing in the trace, or acknowledged without having been
   sent.

   The cost of an ACK is bounded by the records that it settles and the ranges
   that it has, not by the numbers it covers. */

#include "analysis/gaps.h"
#include "analysis/rtt.h"
#include "analysis/side.h"

#define QUIC_SENT_MAX 8192 /* records; the oldest gives way */
#define QUIC_SENT_IDLE_MAX                                                     \
  64 /* records behind one that is not in flight                               \
        and never will be acknowledged for itself */
#define QUIC_SENT_REORDER_MAX                                                  \
  1024                        /* records that a late one may go before;        \
                                 a later one is only counted */
#define QUIC_SENT_THRESHOLD 3 /* kPacketThreshold */

#define QUIC_SENT_ELICITING 0x01
#define QUIC_SENT_IN_FLIGHT 0x02
#define QUIC_SENT_ACKED 0x04
#define QUIC_SENT_LOST 0x08
#define QUIC_SENT_TOLD_LATE 0x20 /* its place tells nothing of the order */
#define QUIC_SENT_PROBE 0x10     /* sent after a PTO, as it seems */

typedef struct quic_sent_record {
  uint64_t number;
  quic_time time; /* seen at the vantage point */
  uint32_t run;   /* acknowledged records that end here, itself included */
  uint16_t size;  /* octets */
  uint8_t flags;
} quic_sent_record;

typedef struct quic_sent_counts {
  uint64_t packets;
  uint64_t acked;
  uint64_t lost; /* declared so by the rules of the sender */
  uint64_t lost_octets;
  uint64_t lost_by_number; /* packet threshold; the others by time */
  uint64_t told_lost;      /* packet_lost events of an endpoint */
  uint64_t spurious;       /* acknowledged after having been declared lost */
  uint64_t probes;         /* PTOs that fired, as it seems */
  uint64_t probe_run;      /* of those since the last progress */
  uint64_t probe_run_max;
  uint64_t reordered;   /* seen after a larger number */
  uint64_t reorder_max; /* by how many numbers at most */
  quic_duration reorder_time_max;
  uint64_t duplicates;     /* a number seen twice */
  uint64_t missed;         /* never seen but acknowledged: not captured */
  uint64_t optimistic;     /* acknowledged before they were seen */
  uint64_t acked_size_max; /* octets of the largest one acknowledged */
  uint64_t dropped;        /* records given up at QUIC_SENT_MAX */
  uint64_t out_of_memory;  /* packets that got no record */
} quic_sent_counts;

typedef struct quic_sent {
  const quic_mem *mem;
  quic_sent_record *ring;  /* ascending by number; lazily allocated */
  uint32_t head, len, cap; /* cap is a power of two, or 0 */
  uint32_t undecided;      /* index from head: those below are acked or lost */
  bool started;
  uint64_t first;         /* number seen first */
  uint64_t largest;       /* seen */
  uint64_t largest_acked; /* QLOG_NONE before the first ACK */
  quic_range ahead;       /* acknowledged though never seen, above |largest| */
  quic_gaps gaps;         /* numbers neither seen nor acknowledged: lost before
                             the vantage point, or skipped by the sender */
  quic_time last_eliciting;
  quic_time last_progress; /* ACK that settled something */
  quic_time loss_time;     /* when the next is lost by time; QUIC_TIME_NEVER */
  uint64_t in_flight;      /* octets; at the vantage point */
  uint64_t in_flight_max;
  quic_time in_flight_max_at;
  uint64_t packets_in_flight;
  uint64_t eliciting_in_flight; /* packets */
  quic_sent_counts counts;
} quic_sent;

/* What an ACK did. */
typedef struct quic_sent_ack {
  bool sample;          /* |rtt| is a sample (RFC 9002 §5.1) */
  quic_duration rtt;    /* from seeing the packet to seeing its ACK */
  uint64_t newly_acked; /* packets */
  uint64_t newly_octets;
  uint64_t spurious;
  uint64_t missed; /* packets that the trace has not */
  uint64_t above;  /* numbers above the largest seen */
} quic_sent_ack;

/* Called for each packet that is declared lost; |why| is a qlog_lost. */
typedef void quic_sent_lost_fn(void *user, const quic_sent_record *r, int why);

/* What the rules need of the estimator and of who listens. */
typedef struct quic_sent_rules {
  quic_duration loss_delay; /* quic_rtt_loss_delay of the sender */
  quic_duration pto;
  quic_duration near_rtt;  /* of the path between the sender and here */
  quic_sent_lost_fn *lost; /* NULL = nobody */
  void *user;
} quic_sent_rules;

void quic_sent_init(quic_sent *sent, const quic_mem *mem);
void quic_sent_free(quic_sent *sent);

/* quic_sent_packet notes packet |number| of |size| octets with |flags|
   (ELICITING, IN_FLIGHT, TOLD_LATE).  Returns the flags of its record: with
   QUIC_SENT_PROBE added when it looks like a probe, QUIC_SENT_ACKED when it
   had been acknowledged before, or -1 for a number that was seen before. */
int quic_sent_packet(quic_sent *sent, uint64_t number, size_t size,
                     unsigned flags, quic_time now,
                     const quic_sent_rules *rules);

/* quic_sent_on_ack applies the peer's ACK frame |ack|, seen at |now|. */
void quic_sent_on_ack(quic_sent *sent, const quic_frame *ack, quic_time now,
                      const quic_sent_rules *rules, quic_sent_ack *out);

/* quic_sent_on_lost notes that the endpoint itself declared |number| lost. */
void quic_sent_on_lost(quic_sent *sent, uint64_t number);

/* quic_sent_discard ends the space: nothing is in flight any more (RFC 9002
   §6.4), memory is released, counts stay. */
void quic_sent_discard(quic_sent *sent);

/* quic_sent_oldest returns the oldest packet that waits for its ACK, or NULL;
   valid until the next call. */
const quic_sent_record *quic_sent_oldest(const quic_sent *sent);

/* quic_sent_never_seen returns how many numbers between those seen were neither
   seen nor acknowledged. */
uint64_t quic_sent_never_seen(const quic_sent *sent);

#endif /* !defined(QUIC_ANALYSIS_SENT_H) */
