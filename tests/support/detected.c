#include "tests/support/detected.h"

#include <string.h>

static void detected_take(qlog_sink *sink, const qlog_event *e) {
  detected *d = (detected *)(void *)sink;

  quic_analysis_event(d->a, e);
  quic_findings_event(d->f, e);
}

/* detected_handshake tells one of two round trips, as the server sees them. */
static void detected_handshake(detected *d) {
  events *ev = &d->ev;
  quic_frame f[2] = {events_crypto(0, 300), events_crypto(0, 90)};

  ev->length = 1200;
  events_packet(ev, QUIC_SIDE_CLIENT, QUIC_PACKET_INITIAL, 0, f, 1);
  f[0] = events_acks(0, 0);
  events_packet(ev, QUIC_SIDE_SERVER, QUIC_PACKET_INITIAL, 0, f, 2);
  ev->joins = true;
  events_packet(ev, QUIC_SIDE_SERVER, QUIC_PACKET_HANDSHAKE, 0, f + 1, 1);
  detected_after(d, DETECTED_RTT);
  events_packet(ev, QUIC_SIDE_CLIENT, QUIC_PACKET_INITIAL, 1, f, 1);
  ev->joins = true;
  events_packet(ev, QUIC_SIDE_CLIENT, QUIC_PACKET_HANDSHAKE, 0, f, 2);
  f[1] = events_frame(QUIC_FRAME_HANDSHAKE_DONE);
  events_packet(ev, QUIC_SIDE_SERVER, QUIC_PACKET_1RTT, 0, f + 1, 1);
  detected_after(d, DETECTED_RTT);
  events_packet(ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, 0, f, 1);
}

int detected_begin(detected *d, const quic_mem *mem, bool network) {
  quic_analysis_settings settings = {.vantage = network ? QUIC_VANTAGE_NETWORK
                                                        : QUIC_VANTAGE_SERVER,
                                     .sent_is_client = network};

  memset(d, 0, sizeof(*d));
  d->network = network;
  d->sink.event = detected_take;
  if (quic_analysis_new(&d->a, mem, &settings, NULL)) {
    return QUIC_ERR_NOMEM;
  }
  if (quic_findings_new(&d->f, mem, &settings, d->a)) {
    quic_analysis_del(d->a);
    return QUIC_ERR_NOMEM;
  }
  events_init(&d->ev, &d->sink);
  d->ev.server_sends = !network;
  detected_handshake(d);
  d->next = 1; /* 0 was HANDSHAKE_DONE */
  d->ack = 1;
  d->ev.length = DETECTED_MDS;
  return 0;
}

void detected_free(detected *d) {
  quic_findings_del(d->f);
  quic_analysis_del(d->a);
}

void detected_event(detected *d, const qlog_event *e) {
  detected_take(&d->sink, e);
}

void detected_after(detected *d, quic_duration t) {
  events_after(&d->ev, t);
}

void detected_parameters(detected *d) {
  qlog_event e;

  qlog_event_init(&e, QLOG_RECOVERY_PARAMETERS_SET, d->ev.now);
  e.u.recovery.max_datagram_size = DETECTED_MDS;
  e.u.recovery.minimum_congestion_window = 2 * DETECTED_MDS;
  detected_event(d, &e);
}

void detected_send(detected *d, unsigned n, quic_duration gap) {
  for (unsigned i = 0; i < n; i++) {
    quic_frame f = events_stream(0, d->offset, DETECTED_MDS - 50, false);

    if (i) {
      detected_after(d, gap);
    }
    events_packet(&d->ev, QUIC_SIDE_SERVER, QUIC_PACKET_1RTT, d->next++, &f, 1);
    d->offset += DETECTED_MDS - 50;
  }
}

void detected_ack(detected *d, uint64_t from, uint64_t to,
                  quic_duration delay) {
  quic_frame f = events_acks(from, to);

  f.u.ack.delay = delay / QUIC_MICROSECOND / 8;
  d->ev.length = 50;
  events_packet(&d->ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, d->ack++, &f, 1);
  d->ev.length = DETECTED_MDS;
}

void detected_ack_all(detected *d) {
  detected_ack(d, d->acked, d->next - 1, 0);
  d->acked = d->next;
}

void detected_lost(detected *d, uint64_t number) {
  quic_header h = {
      .type = QUIC_PACKET_1RTT, .pn = number, .pn_len = 4, .is_long = false};
  qlog_event e;

  qlog_event_init(&e, QLOG_PACKET_LOST, d->ev.now);
  e.u.packet.header = &h;
  e.record = ++d->ev.record;
  detected_event(d, &e);
}

void detected_metrics(detected *d, uint64_t cwnd, uint64_t flight,
                      quic_duration latest, quic_duration smoothed) {
  qlog_event e;

  qlog_event_init(&e, QLOG_RECOVERY_METRICS_UPDATED, d->ev.now);
  e.u.metrics.congestion_window = cwnd;
  e.u.metrics.bytes_in_flight = flight;
  e.u.metrics.latest_rtt = latest;
  e.u.metrics.smoothed_rtt = smoothed;
  e.record = ++d->ev.record;
  detected_event(d, &e);
}

void detected_state(detected *d, const char *name) {
  qlog_event e;

  qlog_event_init(&e, QLOG_CONGESTION_STATE_UPDATED, d->ev.now);
  e.u.state.new_state = name;
  detected_event(d, &e);
}

void detected_round(detected *d, unsigned n, quic_duration gap,
                    quic_duration rtt) {
  quic_duration took = n ? (n - 1) * gap : 0;

  detected_send(d, n, gap);
  detected_after(d, rtt > took ? rtt - took : 0);
  detected_ack_all(d);
}

void detected_end(detected *d) {
  quic_analysis_end(d->a, d->ev.now, QUIC_END_OF_TRACE);
  quic_findings_end(d->f, d->ev.now);
}

const quic_finding *detected_find(const detected *d, quic_finding_id id,
                                  unsigned nth) {
  const quic_finding *found;

  for (size_t i = 0; (found = quic_findings_at(d->f, i)); i++) {
    if (found->id == id && found->determinable && nth-- == 0) {
      return found;
    }
  }
  return NULL;
}

uint64_t detected_fact(const quic_finding *found, const char *name) {
  for (size_t i = 0; i < found->nfacts; i++) {
    if (strcmp(found->facts[i].name, name) == 0) {
      return found->facts[i].value;
    }
  }
  return QLOG_NONE;
}
