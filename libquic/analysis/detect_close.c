/* How it ended, as a finding. */

#include "analysis/detector.h"
#include "wire/names.h"

#define CLOSE_H3_NO_ERROR 0x100

/* close_clean: a close that says that nothing is wrong.  0x100 is HTTP/3's
   H3_NO_ERROR in the application's space, and a close_notify in the other. */
static bool close_clean(const quic_close *c) {
  return c->code == 0 || c->code == CLOSE_H3_NO_ERROR ||
         (c->code == QLOG_NONE && c->trigger != QLOG_CLOSE_ERROR);
}

/* close_id returns the kind of finding, or -1 for none. */
static int close_id(const quic_close *c) {
  switch (c->class) {
  case QUIC_CLOSED_IDLE:
    return QUIC_FOUND_IDLE_TIMEOUT;
  case QUIC_CLOSED_RESET:
    return QUIC_FOUND_STATELESS_RESET;
  case QUIC_CLOSED_VERSION:
    return QUIC_FOUND_VERSION_FAILURE;
  case QUIC_CLOSED_NO_ANSWER:
    return QUIC_FOUND_UNREACHABLE;
  case QUIC_CLOSED_VANISHED:
    return QUIC_FOUND_VANISHED;
  case QUIC_CLOSED_STALLED:
    return QUIC_FOUND_HANDSHAKE_FAILURE;
  case QUIC_CLOSED_HANDSHAKE:
  case QUIC_CLOSED_TRANSPORT:
  case QUIC_CLOSED_APPLICATION:
    if (c->alert > 0) {
      return QUIC_FOUND_TLS_ALERT;
    }
    if (close_clean(c)) {
      return -1;
    }
    return c->class == QUIC_CLOSED_HANDSHAKE ? QUIC_FOUND_HANDSHAKE_FAILURE
                                             : QUIC_FOUND_CLOSE_ERROR;
  default:
    return -1;
  }
}

static void close_evidence(quic_finding *found, const quic_close *c) {
  for (size_t i = 0; found && i < c->nevidence; i++) {
    uint64_t record = c->evidence[i].at.record;

    if (record == QLOG_NONE) {
      continue;
    }
    if (found->record == QLOG_NONE || record < found->record) {
      found->record = record;
    }
    if (found->last == QLOG_NONE || record > found->last) {
      found->last = record;
    }
  }
}

static void close_end(void *state, quic_findings *f, const quic_picture *p) {
  const quic_close *c = quic_analysis_close(p->analysis);
  int id = close_id(c);
  char buf[QUIC_FINDING_TEXT_MAX];
  quic_finding *found;
  quic_text text;
  quic_time at;

  (void)state;
  if (id < 0) {
    return;
  }
  at = quic_mark_set(&c->at) ? c->at.time : p->now;
  found = quic_findings_add(f, (quic_finding_id)id, at,
                            c->class == QUIC_CLOSED_IDLE ? p->now : at);
  if (!found) {
    return;
  }
  quic_text_init(&text, buf, sizeof(buf));
  quic_close_sentence(c, &text);
  quic_finding_line(found, "%s", quic_text_cstr(&text));
  found->side = c->by;
  if (c->class == QUIC_CLOSED_IDLE && c->open_requests) {
    found->severity = QUIC_WARNING;
  }
  if (c->code != QLOG_NONE) {
    quic_finding_fact_add(found, "code", QUIC_UNIT_ID, c->code);
  }
  if (c->alert >= 0) {
    quic_finding_fact_add(found, "alert", QUIC_UNIT_ID, (uint64_t)c->alert);
  }
  if (c->idle_timeout != QLOG_NONE && c->class == QUIC_CLOSED_IDLE) {
    quic_finding_fact_add(found, "idle_timeout", QUIC_UNIT_NS, c->idle_timeout);
  }
  quic_finding_fact_add(found, "open_requests", QUIC_UNIT_COUNT,
                        c->open_requests);
  close_evidence(found, c);
}

const quic_detector quic_detect_close = {.name = "close", .end = close_end};
