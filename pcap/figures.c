#include "pcap/figures.h"

bool qd_figures_judged(const quic_analysis *a, int side) {
  const quic_totals *sum = quic_analysis_totals(a, side);
  quic_sent_counts c;

  quic_analysis_sum(a, side, &c);
  return c.acked + c.lost > 0 && sum->closed <= sum->opened;
}

bool qd_figures_lost(const quic_analysis *a, qd_figures_loss *loss) {
  bool judged = false;

  *loss = (qd_figures_loss){0};
  for (int side = 0; side < QUIC_SIDES; side++) {
    quic_sent_counts c;

    if (!qd_figures_judged(a, side)) {
      continue;
    }
    judged = true;
    quic_analysis_sum(a, side, &c);
    loss->packets += c.packets;
    loss->lost += c.lost - c.spurious;
    loss->spurious += c.spurious;
  }
  return judged;
}

const quic_rtt *qd_figures_rtt(const quic_analysis *a) {
  for (int side = 0; side < QUIC_SIDES; side++) {
    const quic_rtt *rtt = quic_analysis_rtt(a, side);

    if (rtt->samples) {
      return rtt;
    }
  }
  return NULL;
}

uint64_t qd_figures_streams(const quic_analysis *a) {
  const quic_flow *flow = quic_analysis_flow(a);
  uint64_t n = 0;

  for (unsigned type = 0; flow && type < QUIC_FLOW_STREAM_TYPES; type++) {
    n += quic_flow_streams(flow, type);
  }
  return n;
}
