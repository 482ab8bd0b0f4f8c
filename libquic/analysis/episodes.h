#ifndef QUIC_ANALYSIS_EPISODES_H
#define QUIC_ANALYSIS_EPISODES_H

/* quic_episodes groups losses that follow each other within a round trip, by
   the times at which the lost packets were sent: how many in a row, and how
   regularly they come. */

#include "analysis/losses.h"

#define QUIC_EPISODES_MAX 512 /* kept for their period, the latest */
#define QUIC_EPISODES_BURST 8 /* packets in a row */
#define QUIC_EPISODES_PERIODS 6

typedef struct quic_episode {
  quic_time from, to; /* sent */
  quic_time found;    /* the first loss was found */
  uint64_t record;
  uint64_t first, last; /* packet numbers */
  uint64_t lost;        /* packets */
  uint64_t row, row_max;
  uint64_t flight; /* packets in flight when the first was found */
  bool queue;      /* the round trip had grown: a queue was full */
  bool early;      /* the handshake was not confirmed yet */
  bool start;      /* no loss before: the end of slow start */
} quic_episode;

typedef struct quic_episodes {
  bool open;
  quic_episode now;
  uint64_t count;
  uint64_t queued; /* of the kept ones, those with |queue|, as a count */
  quic_time at[QUIC_EPISODES_MAX]; /* ring: begins */
  bool queue[QUIC_EPISODES_MAX];
} quic_episodes;

/* quic_episodes_loss takes a loss; they come ascending by number in each batch.
   Returns whether an episode ended before it, described in |*out|. */
bool quic_episodes_loss(quic_episodes *ep, const quic_picture *p,
                        const quic_loss *loss, quic_time found,
                        quic_episode *out);
bool quic_episodes_end(quic_episodes *ep, quic_episode *out);

typedef struct quic_episodes_period {
  quic_duration period; /* median of the times between episodes */
  uint64_t periods;     /* between those kept */
  uint64_t regular;     /* of these, within a fifth of the median */
  uint64_t queued;      /* episodes behind a full queue */
  quic_time from, to;
} quic_episodes_period;

/* quic_episodes_regular tells whether they come at a steady period and not
   because a queue is full, as every sender makes it, or because probe timeouts
   send what is lost. */
bool quic_episodes_regular(const quic_episodes *ep, const quic_picture *p,
                           quic_episodes_period *out);

#endif /* !defined(QUIC_ANALYSIS_EPISODES_H) */
