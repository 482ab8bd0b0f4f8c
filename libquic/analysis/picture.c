#include "analysis/picture.h"

#define PICTURE_MDS 1200 /* RFC 9000 §14.1 */
#define PICTURE_PACKET_MAX 65527

void quic_picture_init(quic_picture *p, const quic_analysis *analysis,
                       const quic_analysis_settings *settings) {
  qlog_event absent;

  memset(p, 0, sizeof(*p));
  qlog_event_init(&absent, QLOG_RECOVERY_METRICS_UPDATED, 0);
  p->metrics = absent.u.metrics;
  p->analysis = analysis;
  p->vantage = settings->vantage;
  p->local = settings->sent_is_client ? QUIC_SIDE_CLIENT : QUIC_SIDE_SERVER;
  p->logger = p->local;
  p->start = p->now = p->handshake = p->last_loss = QUIC_TIME_NEVER;
  p->last_sent = p->last_received = p->last_ack = QUIC_TIME_NEVER;
  p->mds = PICTURE_MDS;
  p->floor = 2 * PICTURE_MDS;
  p->cwnd_min = p->initial_window = QLOG_NONE;
  p->sampled = QUIC_SIDE_UNKNOWN;
}

static bool picture_carry(uint64_t *to, uint64_t from) {
  if (from != QLOG_NONE) {
    *to = from;
  }
  return from != QLOG_NONE;
}

/* picture_rtts takes the round trips as told.  Before the first sample some
   loggers tell the initial value, which says nothing. */
static void picture_rtts(quic_picture *p, const qlog_metrics *m) {
  qlog_metrics *now = &p->metrics;

  picture_carry(&now->min_rtt, m->min_rtt);
  picture_carry(&now->smoothed_rtt, m->smoothed_rtt);
  picture_carry(&now->rtt_variance, m->rtt_variance);
  picture_carry(&now->latest_rtt, m->latest_rtt);
  if (now->smoothed_rtt == QLOG_NONE) {
    return;
  }
  if (now->smoothed_rtt == QUIC_RTT_INITIAL &&
      (now->latest_rtt == QLOG_NONE || now->latest_rtt == 0)) {
    return;
  }
  p->rtt_zero = now->smoothed_rtt == 0 &&
                (now->latest_rtt == QLOG_NONE || now->latest_rtt == 0);
  p->told_rtt = !p->rtt_zero;
}

static void picture_metrics(quic_picture *p, const qlog_metrics *m) {
  qlog_metrics *now = &p->metrics;

  p->told_cwnd |= picture_carry(&now->congestion_window, m->congestion_window);
  if (m->congestion_window != QLOG_NONE &&
      (p->cwnd_min == QLOG_NONE || m->congestion_window < p->cwnd_min)) {
    p->cwnd_min = m->congestion_window;
  }
  p->told_flight |= picture_carry(&now->bytes_in_flight, m->bytes_in_flight);
  p->told_ssthresh |= picture_carry(&now->ssthresh, m->ssthresh);
  p->told_pto |= picture_carry(&now->pto_count, m->pto_count);
  picture_carry(&now->packets_in_flight, m->packets_in_flight);
  picture_carry(&now->pacing_rate, m->pacing_rate);
  if (m->app_limited != QLOG_UNSET) {
    now->app_limited = m->app_limited;
  }
  picture_rtts(p, m);
  if (m->lost != QLOG_NONE) {
    p->told_loss = true;
    p->lost_now += m->lost;
  }
}

static void picture_parameters(quic_picture *p,
                               const qlog_recovery_parameters *r) {
  if (r->max_datagram_size != QLOG_NONE && r->max_datagram_size != 0) {
    p->mds = r->max_datagram_size;
  }
  picture_carry(&p->initial_window, r->initial_congestion_window);
  if (r->minimum_congestion_window != QLOG_NONE &&
      r->minimum_congestion_window != 0) {
    p->floor = r->minimum_congestion_window;
    p->floor_told = true;
  }
}

/* picture_side: between the endpoints, the one that sends more is looked at. */
static void picture_side(quic_picture *p) {
  const quic_flow *flow = quic_analysis_flow(p->analysis);

  if (p->vantage == QUIC_VANTAGE_NETWORK && flow) {
    uint64_t client = quic_flow_side_of(flow, QUIC_SIDE_CLIENT)->octets;
    uint64_t server = quic_flow_side_of(flow, QUIC_SIDE_SERVER)->octets;

    if (client != server) {
      p->local = client > server ? QUIC_SIDE_CLIENT : QUIC_SIDE_SERVER;
    }
  }
}

/* picture_recovery sums up what the packets of |local| tell. */
static void picture_recovery(quic_picture *p) {
  uint64_t acked = 0, lost = 0, flight = 0, packets = 0;

  for (int space = 0; space < QUIC_SPACES; space++) {
    const quic_sent *s =
        quic_analysis_sent(p->analysis, p->local, (quic_space)space);

    if (s) {
      acked += s->counts.acked;
      lost += s->counts.lost;
      flight += s->in_flight;
      packets += s->packets_in_flight;
    }
  }
  p->acked_now = acked > p->acked ? acked - p->acked : 0;
  p->acked = acked;
  if (p->acked_now) {
    p->last_ack = p->now;
  }
  if (!p->told_loss && lost > p->lost) {
    p->lost_now += lost - p->lost;
  }
  if (!p->told_flight) {
    p->metrics.bytes_in_flight = flight;
    p->metrics.packets_in_flight = packets;
  }
}

/* picture_same_trips: packets change nothing but by a sample of their ACKs, or
   when another side is looked at. */
static bool picture_same_trips(const quic_picture *p, const qlog_event *e,
                               const quic_rtt *rtt) {
  return qlog_event_is_packet(e) && p->samples == rtt->samples &&
         p->sampled == p->local;
}

static void picture_round_trips(quic_picture *p, const qlog_event *e) {
  const quic_rtt *rtt = quic_analysis_rtt(p->analysis, p->local);
  const quic_analysis_limits *limits;
  quic_duration var;

  if (picture_same_trips(p, e, rtt)) {
    return;
  }
  limits = quic_analysis_limits_of(p->analysis);
  p->samples = rtt->samples;
  p->sampled = p->local;
  if (p->told_rtt) {
    p->srtt = p->metrics.smoothed_rtt;
    p->min_rtt = p->metrics.min_rtt == QLOG_NONE || p->metrics.min_rtt == 0
                     ? rtt->samples ? rtt->min : p->srtt
                     : p->metrics.min_rtt;
    p->rttvar = p->metrics.rtt_variance == QLOG_NONE
                    ? rtt->samples ? rtt->rttvar : p->srtt / 2
                    : p->metrics.rtt_variance;
  } else if (rtt->samples) {
    p->srtt = rtt->smoothed;
    p->min_rtt = rtt->min;
    p->rttvar = rtt->rttvar;
  } else {
    p->srtt = p->min_rtt = p->rttvar = 0;
  }
  var = 4 * (p->srtt ? p->rttvar : QUIC_RTT_INITIAL / 2);
  p->pto = (p->srtt ? p->srtt : QUIC_RTT_INITIAL) +
           (var > QUIC_RTT_GRANULARITY ? var : QUIC_RTT_GRANULARITY) +
           limits->max_ack_delay[quic_side_other(p->local)];
}

static void picture_packet(quic_picture *p, const qlog_event *e) {
  const qlog_packet *packet = &e->u.packet;

  picture_side(p);
  if (quic_analysis_side(p->analysis, e) == p->local) {
    p->sent++;
    p->last_sent = e->time;
    if (packet->length != QLOG_NONE && packet->length > p->mds &&
        packet->length <= PICTURE_PACKET_MAX && packet->is_mtu_probe != 1 &&
        p->told[QLOG_RECOVERY_PARAMETERS_SET] == 0) {
      p->mds = packet->length;
    }
  } else {
    p->received++;
    p->last_received = e->time;
  }
  picture_recovery(p);
}

static void picture_clock(quic_picture *p, const qlog_event *e) {
  if (p->start == QUIC_TIME_NEVER) {
    p->start = e->time;
    p->coarse = true;
  }
  p->now = e->time;
  if (p->coarse && e->time % QUIC_MILLISECOND != 0) {
    p->coarse = false;
  }
}

void quic_picture_event(quic_picture *p, const qlog_event *e) {
  const quic_phases *phases = quic_analysis_phases(p->analysis);

  picture_clock(p, e);
  p->told[e->type]++;
  p->lost_now = p->acked_now = 0;
  p->state = NULL;
  switch (e->type) {
  case QLOG_PACKET_SENT:
  case QLOG_PACKET_RECEIVED:
    picture_packet(p, e);
    break;
  case QLOG_PACKET_LOST:
    if (p->vantage == QUIC_VANTAGE_NETWORK) {
      break;
    }
    if (!p->told_loss) {
      p->told_loss = true;
      p->lost = 0; /* what was made out before is told again */
    }
    p->lost_now = 1;
    break;
  case QLOG_RECOVERY_METRICS_UPDATED:
    picture_metrics(p, &e->u.metrics);
    break;
  case QLOG_RECOVERY_PARAMETERS_SET:
    picture_parameters(p, &e->u.recovery);
    break;
  case QLOG_CONGESTION_STATE_UPDATED:
    p->state = e->u.state.new_state;
    p->states++;
    break;
  default:
    break;
  }
  if (!p->floor_told) {
    p->floor = 2 * p->mds;
  }
  if (p->lost_now) {
    p->lost += p->lost_now;
    p->last_loss = e->time;
  }
  p->handshake = phases->at[QUIC_PHASE_COMPLETE].time;
  p->confirmed = quic_mark_set(&phases->at[QUIC_PHASE_CONFIRMED]);
  picture_round_trips(p, e);
}
