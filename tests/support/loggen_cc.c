#include "tests/support/loggen_cc.h"

#include <string.h>

#define CC_BETA 0.7
#define CC_C 0.4
#define CC_RTT_GROWTH (4 * LG_MS) /* that ends slow start */

static double cc_max(double a, double b) {
  return a > b ? a : b;
}

/* The cube root by Newton's method; |x| >= 0. */
static double cc_root3(double x) {
  double r = x > 1 ? x : 1;

  for (int i = 0; i < 60; i++) {
    r = (2 * r + x / (r * r)) / 3;
  }
  return x > 0 ? r : 0;
}

void lg_cc_init(lg_cc *cc, lg_cc_kind kind, uint64_t mds, uint64_t initial) {
  memset(cc, 0, sizeof(*cc));
  cc->kind = kind;
  cc->mds = mds;
  cc->min = 2 * mds;
  cc->cwnd = (double)initial;
  cc->ssthresh = -1;
  cc->epoch = LG_NONE;
  cc->last_sent = LG_NONE;
  cc->low_at = LG_NONE;
}

void lg_cc_sent(lg_cc *cc, quic_time now, uint64_t in_flight) {
  if (in_flight == 0 && cc->last_sent != LG_NONE) {
    quic_time idle = cc->last_sent;

    if (cc->kind == LG_CC_LASTSENT) {
      cc->recovery += cc->recovered ? now - idle : 0;
    } else {
      if (cc->last_ack > idle) {
        idle = cc->last_ack;
      }
      cc->epoch += cc->epoch != LG_NONE && idle < now ? now - idle : 0;
    }
  }
  cc->last_sent = now;
}

/* Growth in congestion avoidance (RFC 9438 §4.2 to §4.5). */
static void cc_cubic(lg_cc *cc, quic_time now, uint64_t size) {
  double mds = (double)cc->mds, w = cc->cwnd / mds, t, target;
  quic_time epoch = cc->kind == LG_CC_LASTSENT ? cc->recovery : cc->epoch;

  if (epoch == LG_NONE) {
    epoch = cc->epoch = now;
    cc->w_est = w;
  }
  t = now > epoch ? (double)(now - epoch) / 1e9 : 0;
  t += (double)cc->rtt / 1e9;
  target = CC_C * (t - cc->k) * (t - cc->k) * (t - cc->k) + cc->w_max;
  target = target < w ? w : target > 1.5 * w ? 1.5 * w : target;
  cc->w_est += 3 * (1 - CC_BETA) / (1 + CC_BETA) * (double)size / mds / w;
  cc->cwnd += (target - w) / w * (double)size;
  cc->cwnd = cc_max(cc->cwnd, cc->w_est * mds);
}

static void cc_plateau(lg_cc *cc, quic_time now) {
  double rate = cc->rate;

  if (cc->low_at != LG_NONE && now >= cc->low_at) {
    rate *= cc->low;
  }
  cc->cwnd = cc_max(2 * rate * (double)cc->rtt / 1e9, 4 * (double)cc->mds);
}

void lg_cc_acked(lg_cc *cc, quic_time now, quic_time sent, uint64_t size,
                 bool limited, uint64_t flight) {
  cc->last_ack = now;
  if (cc->kind == LG_CC_PLATEAU) {
    cc_plateau(cc, now);
    return;
  }
  if (cc->recovered && sent <= cc->recovery) {
    return;
  }
  cc->in_recovery = false;
  if (cc->kind == LG_CC_NAIVE && flight <= 2 * cc->mds &&
      (double)flight < cc->cwnd) {
    return;
  }
  if (limited || cc->kind == LG_CC_FIXED) {
    return;
  }
  if (cc->careful && cc->ssthresh < 0 &&
      cc->latest > cc->min_rtt + cc->min_rtt / 8 + CC_RTT_GROWTH) {
    cc->ssthresh = cc->cwnd;
    cc->w_max = cc->cwnd / (double)cc->mds;
  }
  if (cc->ssthresh < 0 || cc->cwnd < cc->ssthresh) {
    cc->cwnd += (double)size;
  } else if (cc->kind == LG_CC_RENO || cc->kind == LG_CC_COLLAPSE) {
    cc->cwnd += (double)cc->mds * (double)size / cc->cwnd;
  } else {
    cc_cubic(cc, now, size);
  }
}

void lg_cc_lost(lg_cc *cc, quic_time now, quic_time sent) {
  double mds = (double)cc->mds, w = cc->cwnd / mds;

  if ((cc->recovered && sent <= cc->recovery) || cc->kind == LG_CC_FIXED ||
      cc->kind == LG_CC_PLATEAU) {
    return;
  }
  cc->recovered = cc->in_recovery = true;
  cc->recovery = now;
  cc->epoch = LG_NONE;
  cc->w_max = w < cc->w_max ? w * (1 + CC_BETA) / 2 : w;
  cc->ssthresh = cc_max(cc->cwnd * (cc->kind == LG_CC_RENO ? 0.5 : CC_BETA),
                        (double)cc->min);
  cc->cwnd = cc->kind == LG_CC_COLLAPSE ? (double)cc->min : cc->ssthresh;
  w = cc->cwnd / mds;
  cc->k = cc_root3(cc_max(cc->w_max - w, 0) / CC_C);
  cc->w_est = w;
}

void lg_cc_persistent(lg_cc *cc) {
  if (cc->kind == LG_CC_FIXED || cc->kind == LG_CC_PLATEAU) {
    return;
  }
  cc->cwnd = (double)cc->min;
  cc->recovered = cc->in_recovery = false;
  cc->epoch = LG_NONE;
}

const char *lg_cc_state(const lg_cc *cc, quic_time now) {
  bool recovery = cc->kind == LG_CC_LASTSENT
                      ? cc->recovered && now <= cc->recovery
                      : cc->in_recovery;

  if (cc->kind == LG_CC_PLATEAU) {
    return cc->low_at != LG_NONE && now >= cc->low_at ? "probe_bw" : "startup";
  }
  if (recovery) {
    return "recovery";
  }
  return cc->ssthresh < 0 || cc->cwnd < cc->ssthresh ? "slow_start"
                                                     : "congestion_avoidance";
}
