#include "analysis/flights.h"

#include "analysis/evidence.h"

static const quic_flight flights_none = {.first = QUIC_TIME_NEVER,
                                         .last = QUIC_TIME_NEVER,
                                         .acked = QUIC_TIME_NEVER,
                                         .record = QLOG_NONE};

void quic_flights_init(quic_flights *f) {
  *f = (quic_flights){.now = flights_none, .before = flights_none};
}

static bool flights_fin(const qlog_packet *p) {
  for (size_t i = 0; i < p->nframes; i++) {
    uint64_t type = p->frames[i].type;

    if ((type & ~(uint64_t)7) == QUIC_FRAME_STREAM && (type & 1)) {
      return true;
    }
  }
  return false;
}

/* flights_sent notes a packet that is in flight now. */
static quic_flights_news flights_sent(quic_flights *f, const qlog_event *e,
                                      uint64_t before, uint64_t octets) {
  quic_flights_news news = QUIC_FLIGHT_NOTHING;

  if (before == 0) {
    f->before = f->now;
    f->now = flights_none;
    f->now.first = e->time;
    f->now.record = quic_event_record(e);
    news = QUIC_FLIGHT_BEGAN;
  }
  f->now.last = e->time;
  f->now.packets++;
  f->now.octets += octets;
  f->now.fin |= flights_fin(&e->u.packet);
  return news;
}

/* flights_octets returns what is in flight.  Where losses are told by their
   number alone, the logger knows sooner than we that nothing is left. */
static uint64_t flights_octets(quic_flights *f, const quic_sent *s,
                               const qlog_event *e) {
  uint64_t octets = s ? s->in_flight : 0;

  if (f->stale > octets || (e->type == QLOG_RECOVERY_METRICS_UPDATED &&
                            e->u.metrics.bytes_in_flight == 0)) {
    f->stale = octets;
  }
  return octets - f->stale;
}

quic_flights_news quic_flights_event(quic_flights *f, const quic_picture *p,
                                     const qlog_event *e) {
  const quic_sent *s =
      quic_analysis_sent(p->analysis, p->local, QUIC_SPACE_APP);
  uint64_t before = f->in_flight;

  f->in_flight = flights_octets(f, s, e);
  if (f->in_flight > f->peak) {
    f->peak = f->in_flight;
  }
  if (f->in_flight > before && quic_evidence_app(p->analysis, e, p->local)) {
    return flights_sent(f, e, before, f->in_flight - before);
  }
  if (f->in_flight == 0 && before > 0) {
    f->now.acked = e->time;
    return QUIC_FLIGHT_EMPTIED;
  }
  return QUIC_FLIGHT_NOTHING;
}
