#ifndef QUIC_ANALYSIS_DETECTOR_H
#define QUIC_ANALYSIS_DETECTOR_H

/* A detector watches the events of one connection for one kind of trouble.
   Its state is bounded, whatever the events; it decodes nothing. */

#include "analysis/findings.h"
#include "analysis/picture.h"

#define QUIC_DETECTOR_ON(type) ((uint64_t)1 << QLOG_##type)

_Static_assert(QLOG_EVENT_TYPES <= 64, "masks of events have 64 bits");

typedef struct quic_detector {
  const char *name;
  size_t size;     /* of its state, cleared before |init| */
  uint64_t events; /* QUIC_DETECTOR_ON(...) of what it wants */
  void (*init)(void *state, const quic_mem *mem); /* NULL = nothing to do */
  void (*event)(void *state, quic_findings *f, const quic_picture *p,
                const qlog_event *e);
  void (*end)(void *state, quic_findings *f, const quic_picture *p);
  void (*free)(void *state); /* NULL = nothing to do */
} quic_detector;

/* quic_findings_state returns what |d| keeps in |f|, or NULL. */
void *quic_findings_state(const quic_findings *f, const quic_detector *d);

/* All of them; a new one is a file and a row in findings.c. */
extern const quic_detector quic_detect_window;     /* 2, 3, 4 */
extern const quic_detector quic_detect_spiral;     /* 1 and its kin */
extern const quic_detector quic_detect_persistent; /* 5 */
extern const quic_detector quic_detect_loss;       /* 6, 7, 26 */
extern const quic_detector quic_detect_silence;    /* 8, 9, 28 */
extern const quic_detector quic_detect_rtt;        /* 10 */
extern const quic_detector quic_detect_acks;       /* 16, 17 */
extern const quic_detector quic_detect_flow;       /* 11, 12, 13 */
extern const quic_detector quic_detect_streams;    /* 25, 27 */
extern const quic_detector quic_detect_handshake;  /* 18, 19 */
extern const quic_detector quic_detect_keys;       /* 20, 21 */
extern const quic_detector quic_detect_path;       /* 22, 23, 24 */
extern const quic_detector quic_detect_http3;      /* 29 */
extern const quic_detector quic_detect_log;        /* 30 */
extern const quic_detector quic_detect_limits;     /* 14, 15 */
extern const quic_detector quic_detect_close;      /* how it ended */

#endif /* !defined(QUIC_ANALYSIS_DETECTOR_H) */
