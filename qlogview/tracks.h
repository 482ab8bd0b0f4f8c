#ifndef QV_TRACKS_H
#define QV_TRACKS_H

/* qv_tracks makes of the events of a connection what can be drawn over time:
   one quic_series for each quantity that occurs, within QV_TRACKS_OCTETS_MAX.
   tracks.def lists them. */

#include "analysis/analysis.h"
#include "qlogview/chart.h"
#include "qlogview/states.h"

typedef enum qv_track_id {
#define TRACK(id, key, title, unit, kind, colour, marker, how, base)           \
  QV_TRACK_##id,
#include "qlogview/tracks.def"
#undef TRACK
  QV_TRACKS
} qv_track_id;

#define QV_TRACKS_STORED 27 /* that have a series of their own */
#define QV_TRACKS_OCTETS_MAX (QV_TRACKS_STORED * QUIC_SERIES_OCTETS_MAX + 8192)
#define QV_TRACKS_INTERVALS 100 /* of a rate in one picture, at most */

typedef enum qv_track_how {
  QV_TRACK_SELF, /* the values that events tell */
  QV_TRACK_AS,   /* of another track, drawn in another way */
  QV_TRACK_RATE  /* how fast another grows: octets, as bit/s */
} qv_track_how;

typedef struct qv_track {
  const char *key, *title;
  quic_unit unit;
  qv_chart_kind kind;
  uint8_t colour;
  char marker;
  qv_track_how how;
  qv_track_id base;
} qv_track;

/* qv_track_of returns the row of |id|, qv_track_find the ID of |key|, QV_TRACKS
   when there is none. */
const qv_track *qv_track_of(qv_track_id id);
qv_track_id qv_track_find(const char *key);

typedef struct qv_tracks_settings {
  const quic_analysis *analysis; /* gets each event first; NULL: none, and no
                                    flow control and no acknowledged octets */
  int local; /* quic_side whose window and packets these are; unknown: the side
                that packet_sent tells of */
  /* takes each value as it comes; NULL: nobody */
  void (*value)(void *user, qv_track_id id, quic_time time, uint64_t value);
  void *user;
} qv_tracks_settings;

typedef struct qv_tracks qv_tracks;

/* qv_tracks_new returns 0 or QUIC_ERR_NOMEM. */
int qv_tracks_new(qv_tracks **out, const quic_mem *mem,
                  const qv_tracks_settings *settings) QUIC_MUST_USE;
void qv_tracks_del(qv_tracks *t);

/* qv_tracks_event takes an event.  Metrics that were inferred count until the
   endpoint tells some. */
void qv_tracks_event(qv_tracks *t, const qlog_event *e);

/* qv_tracks_sent tells whether the packet of |e| was sent by the side whose
   tracks these are. */
bool qv_tracks_sent(const qv_tracks *t, const qlog_event *e);

/* qv_tracks_reach stores the times of the first and the last event; false: none
   came. */
bool qv_tracks_reach(const qv_tracks *t, quic_time *first, quic_time *last);

/* qv_tracks_series returns the series behind |id|, NULL when it has no value.
 */
const quic_series *qv_tracks_series(const qv_tracks *t, qv_track_id id);

/* qv_tracks_columns reduces |id| to the |c->ncolumns| columns of |c|. */
void qv_tracks_columns(const qv_tracks *t, qv_track_id id, const qv_chart *c,
                       qv_column *out);

/* qv_tracks_states returns the names that the values of |id| number; NULL where
   they are quantities. */
const qv_states *qv_tracks_states(const qv_tracks *t, qv_track_id id);

uint64_t qv_tracks_lost(const qv_tracks *t); /* values, for want of memory */
size_t qv_tracks_memory(const qv_tracks *t); /* octets */

#endif /* !defined(QV_TRACKS_H) */
