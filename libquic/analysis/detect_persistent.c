/* 5: persistent congestion (RFC 9002 §7.6). */

#include "analysis/detector.h"
#include "analysis/evidence.h"
#include "analysis/losses.h"

#define PERSISTENT_PTOS 3 /* kPersistentCongestionThreshold */

typedef struct persistent_state {
  quic_losses losses;
  quic_time sampled; /* first round trip known; QUIC_TIME_NEVER */
  /* lost packets with no ACK between them */
  bool open, told;
  uint64_t first, last;
  uint64_t record;
  quic_time from, to; /* sent */
  uint64_t packets;
  /* the window, where it alone tells */
  uint64_t window; /* before */
  quic_time ack;   /* last but one that acknowledged something */
  quic_time last_ack;
  quic_time reported; /* QUIC_TIME_NEVER */
} persistent_state;

static void persistent_init(void *state, const quic_mem *mem) {
  persistent_state *s = state;

  (void)mem;
  quic_losses_init(&s->losses);
  s->sampled = s->ack = s->last_ack = s->reported = QUIC_TIME_NEVER;
  s->window = QLOG_NONE;
}

static void persistent_found(persistent_state *s, quic_findings *f,
                             const quic_picture *p) {
  quic_duration span = s->to - s->from;
  quic_finding *found =
      quic_findings_add(f, QUIC_FOUND_PERSISTENT, s->from, p->now);

  s->told = true;
  s->reported = p->now;
  if (!found) {
    return;
  }
  found->side = p->local;
  found->record = found->last = s->record;
  quic_finding_line(found,
                    "packets %llu to %llu were lost, %s apart, and none of "
                    "those between them arrived",
                    (unsigned long long)s->first, (unsigned long long)s->last,
                    quic_evidence_duration(span).s);
  quic_finding_line(found,
                    "more than 3 x (smoothed RTT + variation + max_ack_delay) "
                    "= %s (RFC 9002 7.6): the window starts over from its "
                    "minimum",
                    quic_evidence_duration(PERSISTENT_PTOS * p->pto).s);
  quic_finding_fact_add(found, "first_lost", QUIC_UNIT_ID, s->first);
  quic_finding_fact_add(found, "last_lost", QUIC_UNIT_ID, s->last);
  quic_finding_fact_add(found, "span", QUIC_UNIT_NS, span);
  quic_finding_fact_add(found, "threshold", QUIC_UNIT_NS,
                        PERSISTENT_PTOS * p->pto);
}

/* persistent_lost extends the run, or starts another. */
static void persistent_lost(persistent_state *s, quic_findings *f,
                            const quic_picture *p, const quic_sent *sent,
                            const quic_loss *loss) {
  if (!loss->eliciting || loss->sent == QUIC_TIME_NEVER ||
      s->sampled == QUIC_TIME_NEVER || loss->sent < s->sampled) {
    return;
  }
  if (!s->open || loss->number <= s->last ||
      quic_losses_apart(sent, s->last, loss->number)) {
    s->open = true;
    s->told = false;
    s->first = loss->number;
    s->from = loss->sent;
    s->record = loss->record;
    s->packets = 0;
  }
  s->last = loss->number;
  s->to = loss->sent;
  s->packets++;
  if (!s->told && p->pto && s->to > s->from &&
      (s->to - s->from) / PERSISTENT_PTOS > p->pto) {
    persistent_found(s, f, p);
  }
}

static void persistent_batch(persistent_state *s, quic_findings *f,
                             const quic_picture *p, const quic_loss *batch,
                             size_t n) {
  const quic_sent *sent =
      quic_analysis_sent(p->analysis, p->local, QUIC_SPACE_APP);

  for (size_t i = 0; i < n && sent; i++) {
    persistent_lost(s, f, p, sent, &batch[i]);
  }
}

/* persistent_window: the window fell to its minimum after a silence that is
   long enough, though no loss says so. */
static void persistent_window(persistent_state *s, quic_findings *f,
                              const quic_picture *p, const qlog_event *e) {
  uint64_t window = p->metrics.congestion_window, before = s->window;
  quic_finding *found;

  s->window = window;
  if (before == QLOG_NONE || window > p->floor + p->floor / 20 ||
      before < 2 * p->floor || p->pto == 0 || s->ack == QUIC_TIME_NEVER ||
      (p->now - s->ack) / PERSISTENT_PTOS <= p->pto || p->lost == 0 ||
      (s->reported != QUIC_TIME_NEVER &&
       (p->now - s->reported) / PERSISTENT_PTOS < p->pto)) {
    return;
  }
  s->reported = p->now;
  found = quic_findings_add(f, QUIC_FOUND_PERSISTENT, s->ack, p->now);
  if (found) {
    found->side = p->local;
    found->record = found->last = quic_event_record(e);
    quic_finding_line(found,
                      "after %s without an ACK the window fell from %llu B to "
                      "its minimum, %llu B",
                      quic_evidence_duration(p->now - s->ack).s,
                      (unsigned long long)before, (unsigned long long)window);
    quic_finding_fact_add(found, "span", QUIC_UNIT_NS, p->now - s->ack);
    quic_finding_fact_add(found, "threshold", QUIC_UNIT_NS,
                          PERSISTENT_PTOS * p->pto);
  }
}

static void persistent_event(void *state, quic_findings *f,
                             const quic_picture *p, const qlog_event *e) {
  persistent_state *s = state;
  const quic_loss *batch;
  size_t n;

  if (s->sampled == QUIC_TIME_NEVER && p->srtt) {
    s->sampled = p->now;
  }
  if (p->acked_now) {
    s->ack = s->last_ack;
    s->last_ack = p->now;
  }
  batch = quic_losses_event(&s->losses, p, e, &n);
  if (batch) {
    persistent_batch(s, f, p, batch, n);
  }
  if (e->type == QLOG_RECOVERY_METRICS_UPDATED && p->told_cwnd) {
    persistent_window(s, f, p, e);
  }
}

static void persistent_end(void *state, quic_findings *f,
                           const quic_picture *p) {
  persistent_state *s = state;
  const quic_loss *batch;
  size_t n;

  batch = quic_losses_end(&s->losses, &n);
  if (batch) {
    persistent_batch(s, f, p, batch, n);
  }
}

const quic_detector quic_detect_persistent = {
    .name = "persistent",
    .size = sizeof(persistent_state),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(PACKET_RECEIVED) |
              QUIC_DETECTOR_ON(PACKET_LOST) |
              QUIC_DETECTOR_ON(RECOVERY_METRICS_UPDATED),
    .init = persistent_init,
    .event = persistent_event,
    .end = persistent_end,
};
