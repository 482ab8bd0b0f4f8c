#ifndef QUIC_ANALYSIS_RTT_H
#define QUIC_ANALYSIS_RTT_H

/* quic_rtt estimates a round-trip time from samples as RFC 9002 §5 says, in
   integer nanoseconds. */

#include <stdbool.h>

#include "base/time.h"

#define QUIC_RTT_INITIAL (333 * QUIC_MILLISECOND) /* kInitialRtt, §6.2.2 */
#define QUIC_RTT_GRANULARITY QUIC_MILLISECOND     /* kGranularity, §6.1.2 */
#define QUIC_RTT_MAX                                                           \
  (24 * 3600 * QUIC_SECOND) /* of a sample; keeps all sums far from overflow   \
                             */
#define QUIC_RTT_ACK_DELAY_EXPONENT 3 /* RFC 9000 §18.2 */
#define QUIC_RTT_MAX_ACK_DELAY (25 * QUIC_MILLISECOND)

typedef struct quic_rtt {
  quic_duration latest;
  quic_duration min;
  quic_duration smoothed; /* QUIC_RTT_INITIAL before the first sample */
  quic_duration rttvar;   /* half of that */
  quic_duration max;
  uint64_t samples;
} quic_rtt;

void quic_rtt_init(quic_rtt *rtt);

/* quic_rtt_sample takes the sample |latest| of an ACK that came with
   |ack_delay|, both ns.  |max_ack_delay| bounds the latter once the handshake
   is |confirmed|; before that it is taken as it is (§5.3).  The delay of an
   Initial is 0 to the caller. */
void quic_rtt_sample(quic_rtt *rtt, quic_duration latest,
                     quic_duration ack_delay, quic_duration max_ack_delay,
                     bool confirmed);

/* quic_rtt_pto returns smoothed + max(4 * rttvar, 1 ms) + |max_ack_delay|
   (§6.2.1); |max_ack_delay| is 0 in Initial and Handshake. */
quic_duration quic_rtt_pto(const quic_rtt *rtt, quic_duration max_ack_delay);

/* quic_rtt_loss_delay returns 9/8 of the larger of smoothed and latest, at
   least 1 ms (§6.1.2). */
quic_duration quic_rtt_loss_delay(const quic_rtt *rtt);

/* quic_rtt_ack_delay scales the field |raw| of an ACK frame: microseconds times
   2^|exponent|, as ns.  Saturates. */
quic_duration quic_rtt_ack_delay(uint64_t raw, unsigned exponent);

#endif /* !defined(QUIC_ANALYSIS_RTT_H) */
