#include "pcap/costs.h"

#include <string.h>

void qd_costs_init(qd_costs *c) {
  memset(c, 0, sizeof(*c));
  for (int side = 0; side < QD_SIDES; side++) {
    c->side[side].first_lost = QUIC_TIME_NEVER;
    for (int i = 0; i < QUIC_PATH_TUPLES_MAX; i++) {
      quic_rtt_init(&c->side[side].paths[i]);
    }
  }
}

/* Delays of ACKs. */

/* costs_bin: below 8 us each has its own, then four for each power of two. */
static unsigned costs_bin(quic_duration d) {
  uint64_t us = d / QUIC_MICROSECOND;
  unsigned log = 0, bin;

  if (us < 8) {
    return (unsigned)us;
  }
  while (us >> log > 7) {
    log++;
  }
  bin = 4 * log + (unsigned)(us >> log);
  return bin < QD_COSTS_BINS ? bin : QD_COSTS_BINS - 1;
}

/* bin_top returns the longest delay of |bin|. */
static quic_duration bin_top(unsigned bin) {
  uint64_t log = bin < 8 ? 0 : (bin - 4) / 4;

  return (((uint64_t)bin - 4 * log + 1) << log) * QUIC_MICROSECOND -
         (bin < 8 ? QUIC_MICROSECOND : 1);
}

quic_duration qd_costs_delay(const qd_costs *c, int side, unsigned percent) {
  const qd_costs_side *s = &c->side[side];
  uint64_t want = s->acks / 100 * percent + s->acks % 100 * percent / 100;
  uint64_t sum = 0;

  for (unsigned i = 0; s->acks && i < QD_COSTS_BINS; i++) {
    sum += s->delays[i];
    if (sum > want || sum == s->acks) {
      quic_duration top = bin_top(i);

      return top < s->delay_max ? top : s->delay_max;
    }
  }
  return 0;
}

/* Packets. */

static void costs_ack(qd_costs_side *s, const qlog_packet *p,
                      const quic_frame *f) {
  quic_duration delay;

  s->ack_octets += f->wire.len;
  if (p->header->type != QUIC_PACKET_1RTT) {
    return;
  }
  delay = quic_rtt_ack_delay(f->u.ack.delay, (unsigned)p->ack_delay_exponent);
  s->acks++;
  s->delays[costs_bin(delay)]++;
  s->delay_max = delay > s->delay_max ? delay : s->delay_max;
}

void qd_costs_packet(qd_costs *c, int side, const qlog_packet *p) {
  qd_costs_side *s = &c->side[side];

  if (p->late || p->stateless_reset || p->length == QLOG_NONE) {
    return;
  }
  if (!p->has_frames || p->payload_length == QLOG_NONE) {
    s->closed += p->length;
    return;
  }
  s->opened += p->length;
  s->payload += p->payload_length;
  for (size_t i = 0; i < p->nframes; i++) {
    uint64_t type = quic_frame_meaning(&p->frames[i]);

    if (type == QUIC_FRAME_ACK || type == QUIC_FRAME_ACK_ECN ||
        type >> 1 == QUIC_FRAME_PATH_ACK >> 1) {
      costs_ack(s, p, &p->frames[i]);
    }
  }
}

/* costs_lost notes the first loss of the application's data: there a slow start
   ends. */
static void costs_lost(qd_costs_side *s, const quic_sent *sent,
                       const qlog_event *e) {
  if (s->first_lost == QUIC_TIME_NEVER && sent &&
      e->u.packet.header->type == QUIC_PACKET_1RTT) {
    s->first_lost = e->time;
    s->flight_lost = sent->in_flight_max;
  }
}

void qd_costs_inferred(qd_costs *c, const quic_analysis *a,
                       const qlog_event *e) {
  const quic_path *path = quic_analysis_path(a);
  int side = e->side && strcmp(e->side, "server") == 0;

  if (!e->side) {
    return;
  }
  if (e->type == QLOG_PACKET_LOST) {
    costs_lost(&c->side[side], quic_analysis_sent(a, side, QUIC_SPACE_APP), e);
  } else if (e->type == QLOG_RECOVERY_METRICS_UPDATED &&
             e->u.metrics.latest_rtt != QLOG_NONE &&
             path->current < path->ntuples) {
    quic_rtt_sample(&c->side[side].paths[path->current],
                    e->u.metrics.latest_rtt, 0, 0, true);
  }
}

/* Requests. */

/* costs_slower: |a| took longer; what never ended took until it was given up.
 */
static bool costs_slower(const qd_costs_request *a, const qd_costs_request *b,
                         quic_time now) {
  quic_duration x =
      a->total == QUIC_TIME_NEVER ? quic_time_since(now, a->begun) : a->total;
  quic_duration y =
      b->total == QUIC_TIME_NEVER ? quic_time_since(now, b->begun) : b->total;

  return x > y;
}

void qd_costs_request_add(qd_costs *c, const qd_request *rq, quic_time now) {
  qd_costs_request add = {.number = rq->number,
                          .stream_id = rq->stream_id,
                          .status = rq->has_status ? rq->status : 0,
                          .begun = rq->side[QD_CLIENT].first,
                          .ttfb = qd_request_ttfb(rq),
                          .total = qd_request_total(rq),
                          .body = rq->side[QD_SERVER].body};
  size_t at = c->nslowest;
  quic_text t;

  for (int side = 0; side < QD_SIDES; side++) {
    c->side[side].stream += rq->side[side].stream;
    c->side[side].body += rq->side[side].body;
  }
  if (add.begun == QUIC_TIME_NEVER) {
    return;
  }
  while (at > 0 && costs_slower(&add, &c->slowest[at - 1], now)) {
    at--;
  }
  if (at == QD_COSTS_SLOWEST) {
    return;
  }
  quic_text_init(&t, add.url, sizeof(add.url));
  qd_request_url(rq, &t);
  (void)quic_text_cstr(&t);
  c->nslowest += c->nslowest < QD_COSTS_SLOWEST;
  memmove(&c->slowest[at + 1], &c->slowest[at],
          (c->nslowest - 1 - at) * sizeof(add));
  c->slowest[at] = add;
}
