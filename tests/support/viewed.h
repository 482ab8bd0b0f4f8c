#ifndef TESTS_SUPPORT_VIEWED_H
#define TESTS_SUPPORT_VIEWED_H

/* A connection as a viewer takes it: events go to an analysis, to tracks and to
   lanes. */

#include "qlogview/lanes.h"
#include "qlogview/tracks.h"
#include "tests/support/events.h"

typedef struct viewed {
  qlog_sink sink; /* first */
  const quic_mem *mem;
  quic_analysis *analysis;
  qv_tracks *tracks;
  qv_lanes *lanes;
  events ev;
  uint64_t sent; /* octets that the story sent */
} viewed;

/* viewed_init starts at a server, at one second.  Returns 0 or
   QUIC_ERR_NOMEM. */
int viewed_init(viewed *v, const quic_mem *mem);
void viewed_free(viewed *v);

/* viewed_tell hands on |e| at the present time. */
void viewed_tell(viewed *v, qlog_event *e);

/* viewed_metrics tells of window and flight; QLOG_NONE is not told. */
void viewed_metrics(viewed *v, uint64_t cwnd, uint64_t flight, uint64_t srtt);

/* viewed_story tells a handshake and two seconds of three streams: a window
   that grows and is halved twice, losses, limits that are raised and reached,
   and probes at the end. */
void viewed_story(viewed *v);

#endif /* !defined(TESTS_SUPPORT_VIEWED_H) */
