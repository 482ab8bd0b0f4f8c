#include "analysis/rtt.h"

void quic_rtt_init(quic_rtt *rtt) {
  *rtt = (quic_rtt){0};
  rtt->smoothed = QUIC_RTT_INITIAL;
  rtt->rttvar = QUIC_RTT_INITIAL / 2;
}

void quic_rtt_sample(quic_rtt *rtt, quic_duration latest,
                     quic_duration ack_delay, quic_duration max_ack_delay,
                     bool confirmed) {
  quic_duration adjusted = latest, off;

  rtt->latest = latest;
  if (latest > rtt->max) {
    rtt->max = latest;
  }
  if (rtt->samples++ == 0) {
    rtt->min = rtt->smoothed = latest;
    rtt->rttvar = latest / 2;
    return;
  }
  /* min_rtt ignores the acknowledgment delay (§5.2). */
  if (latest < rtt->min) {
    rtt->min = latest;
  }
  if (confirmed && ack_delay > max_ack_delay) {
    ack_delay = max_ack_delay;
  }
  if (latest - rtt->min >= ack_delay) {
    adjusted = latest - ack_delay;
  }
  off = rtt->smoothed > adjusted ? rtt->smoothed - adjusted
                                 : adjusted - rtt->smoothed;
  /* Each part is divided alone, so that no sum can overflow. */
  rtt->rttvar = rtt->rttvar - rtt->rttvar / 4 + off / 4;
  rtt->smoothed = rtt->smoothed - rtt->smoothed / 8 + adjusted / 8;
}

static quic_duration rtt_add(quic_duration a, quic_duration b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

quic_duration quic_rtt_pto(const quic_rtt *rtt, quic_duration max_ack_delay) {
  quic_duration var =
      rtt->rttvar > UINT64_MAX / 4 ? UINT64_MAX : 4 * rtt->rttvar;

  if (var < QUIC_RTT_GRANULARITY) {
    var = QUIC_RTT_GRANULARITY;
  }
  return rtt_add(rtt_add(rtt->smoothed, var), max_ack_delay);
}

quic_duration quic_rtt_loss_delay(const quic_rtt *rtt) {
  quic_duration base =
      rtt->latest > rtt->smoothed ? rtt->latest : rtt->smoothed;

  base = rtt_add(base, base / 8);
  return base < QUIC_RTT_GRANULARITY ? QUIC_RTT_GRANULARITY : base;
}

quic_duration quic_rtt_ack_delay(uint64_t raw, unsigned exponent) {
  const uint64_t max = UINT64_MAX / QUIC_MICROSECOND;

  if (exponent > 63 || raw > max >> exponent) {
    return raw ? UINT64_MAX : 0;
  }
  return (raw << exponent) * QUIC_MICROSECOND;
}
