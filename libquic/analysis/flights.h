#ifndef QUIC_ANALYSIS_FLIGHTS_H
#define QUIC_ANALYSIS_FLIGHTS_H

/* quic_flights cuts what one side sends into flights: from the first packet
   sent with nothing in flight to the ACK that leaves nothing in flight.  Only
   the application's packet number space counts. */

#include "analysis/picture.h"

typedef enum quic_flights_news {
  QUIC_FLIGHT_NOTHING,
  QUIC_FLIGHT_BEGAN,  /* the event is its first packet */
  QUIC_FLIGHT_EMPTIED /* the event acknowledged (or lost) all of it */
} quic_flights_news;

typedef struct quic_flight {
  quic_time first, last; /* its packets were sent */
  quic_time acked;       /* emptied; QUIC_TIME_NEVER while it is out */
  uint64_t record;       /* of its first packet */
  uint64_t packets, octets;
  bool fin; /* one of them ended a stream */
} quic_flight;

typedef struct quic_flights {
  quic_flight now;    /* out, or the last one */
  quic_flight before; /* the one before; |first| QUIC_TIME_NEVER: none */
  uint64_t in_flight; /* octets, after the last event */
  uint64_t peak;      /* most octets in flight so far */
  uint64_t stale;     /* octets that the logger does not count any more, though
                         no packet_lost says why */
} quic_flights;

void quic_flights_init(quic_flights *f);

/* quic_flights_event takes any event after |p| took it. */
quic_flights_news quic_flights_event(quic_flights *f, const quic_picture *p,
                                     const qlog_event *e);

#endif /* !defined(QUIC_ANALYSIS_FLIGHTS_H) */
