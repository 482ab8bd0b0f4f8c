#ifndef QUIC_QLOG_TEE_H
#define QUIC_QLOG_TEE_H

/* A sink that hands events to several sinks, in their order. */

#include "qlog/event.h"

typedef struct qlog_tee {
  qlog_sink sink;
  qlog_sink *const *sinks; /* borrowed */
  size_t len;
} qlog_tee;

static inline void qlog_tee_event(qlog_sink *sink, const qlog_event *e) {
  const qlog_tee *tee = (const qlog_tee *)sink;

  for (size_t i = 0; i < tee->len; i++) {
    tee->sinks[i]->event(tee->sinks[i], e);
  }
}

static inline void qlog_tee_init(qlog_tee *tee, qlog_sink *const *sinks,
                                 size_t len) {
  tee->sink.event = qlog_tee_event;
  tee->sinks = sinks;
  tee->len = len;
}

#endif /* !defined(QUIC_QLOG_TEE_H) */
