#ifndef TESTS_SUPPORT_FOUND_H
#define TESTS_SUPPORT_FOUND_H

/* What the detectors find in a connection that is told by hand.

     found_begin(&fd, QUIC_VANTAGE_CLIENT);
     events_handshake(&fd.ev);
     ...
     found_end(&fd);
     one = found_first(&fd, QUIC_FOUND_PTO_STORM);
     found_free(&fd); */

#include "analysis/findings.h"
#include "tests/support/events.h"

typedef struct found {
  qlog_sink sink; /* of |ev| */
  quic_analysis *analysis;
  quic_findings *findings;
  events ev;
  quic_frame frame; /* of found_tell */
} found;

void found_begin(found *fd, quic_vantage vantage);

/* found_begin_with returns an error where |mem| runs out. */
int found_begin_with(found *fd, quic_vantage vantage, const quic_mem *mem);

/* found_app hands on a 1-RTT packet of |side| with one frame. */
void found_app(found *fd, int side, uint64_t number, quic_frame frame);

/* found_event makes an event at the time of |fd->ev|, with a record number of
   its own, and found_tell hands it on. */
qlog_event found_event(found *fd, qlog_event_type type);
void found_tell(found *fd, const qlog_event *e);

/* found_idle hands on transport parameters of |side|: idle timeout in ms,
   MAX_DATA, MAX_STREAM_DATA, MAX_STREAMS. */
void found_limits(found *fd, int side, uint64_t idle, uint64_t data,
                  uint64_t stream, uint64_t streams);

/* found_end settles all at the time of |fd->ev|. */
void found_end(found *fd);
void found_free(found *fd);

/* found_count returns how many findings of |id| are kept and determinable,
   found_first the first. */
size_t found_count(const found *fd, quic_finding_id id);
const quic_finding *found_first(const found *fd, quic_finding_id id);

/* found_worst is quic_findings_worst, and writes to stderr what is worse than a
   note. */
int found_worst(const found *fd);

/* found_fact returns a fact by name, UINT64_MAX when there is none. */
uint64_t found_fact(const quic_finding *f, const char *name);

#endif /* !defined(TESTS_SUPPORT_FOUND_H) */
