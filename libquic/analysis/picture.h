#ifndef QUIC_ANALYSIS_PICTURE_H
#define QUIC_ANALYSIS_PICTURE_H

/* quic_picture is what is known of a connection at the time of an event: what
   loggers tell now and then carried forward, and what they do not tell made out
   from packets.  All detectors look at the same one. */

#include "analysis/analysis.h"
#include "qlog/reader.h"

typedef struct quic_picture {
  const quic_analysis *analysis; /* has seen the event already */
  quic_vantage vantage;
  int logger; /* side that "local" and packet_sent mean in the events */
  int local; /* side whose window and flight this is: the endpoint's; between
                the endpoints the side that sent more STREAM data so far */
  quic_time start, now; /* first and current event */
  quic_time handshake;  /* complete; QUIC_TIME_NEVER */
  bool confirmed;

  /* carried forward; QLOG_NONE while not known */
  qlog_metrics metrics; /* as told; bytes_in_flight made out if not told */
  bool told_cwnd, told_flight, told_rtt, told_ssthresh, told_pto;
  bool coarse;    /* times in whole ms */
  bool rtt_zero;  /* RTTs told are all 0: of no use */
  uint64_t mds;   /* max_datagram_size: told, else the largest packet
                     sent, else 1200 */
  uint64_t floor; /* minimum window: told, else 2 * mds */
  bool floor_told;
  uint64_t cwnd_min;       /* smallest told so far; QLOG_NONE */
  uint64_t initial_window; /* told; QLOG_NONE */
  quic_duration srtt,
      min_rtt; /* best known: told, else measured; 0 = unknown */
  quic_duration rttvar;
  quic_duration pto; /* of it, max_ack_delay included */
  uint64_t samples;  /* of the round trip that these are made from */
  int sampled;       /* and whose */

  const char *state; /* congestion state as told: "recovery"; NULL. Lives until
                        the next event */
  uint64_t states;   /* changes told so far */

  /* losses, whichever way they are told */
  uint64_t lost;       /* packets so far */
  uint64_t lost_now;   /* by this event */
  quic_time last_loss; /* QUIC_TIME_NEVER */
  bool told_loss; /* packet_lost or a count; else by the rules of RFC 9002 */

  uint64_t sent, received;            /* packets by and to |local| */
  quic_time last_sent, last_received; /* QUIC_TIME_NEVER */
  quic_time last_ack;                 /* that acknowledged something new */
  uint64_t acked;                  /* packets of |local| acknowledged so far */
  uint64_t acked_now;              /* by this event */
  uint64_t told[QLOG_EVENT_TYPES]; /* events of each type so far */
  const qlog_reader_stats *log;    /* at the end, of a log; NULL */
} quic_picture;

void quic_picture_init(quic_picture *p, const quic_analysis *analysis,
                       const quic_analysis_settings *settings);

/* quic_picture_event takes the event that |p->analysis| took just before. */
void quic_picture_event(quic_picture *p, const qlog_event *e);

#endif /* !defined(QUIC_ANALYSIS_PICTURE_H) */
