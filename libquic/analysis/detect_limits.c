/* 14, 15: what limited the sender. */

#include "analysis/detector.h"
#include "analysis/evidence.h"
#include "analysis/limits.h"

#define LIMITS_LARGE 50000 /* share, thousandths of a per cent */
#define LIMITS_PACKETS 100 /* sent, for the share to be of interest */
#define LIMITS_ROUNDS 20

static void limits_init(void *state, const quic_mem *mem) {
  (void)mem;
  quic_limits_init(state);
}

static void limits_event(void *state, quic_findings *f, const quic_picture *p,
                         const qlog_event *e) {
  (void)f;
  quic_limits_event(state, p, e);
}

/* limits_end tells of a sender whose application had little to send; that is of
   interest of the side that sent more. */
static void limits_end(void *state, quic_findings *f, const quic_picture *p) {
  const quic_flow *flow = quic_analysis_flow(p->analysis);
  quic_limits *l = state;
  uint64_t application, idle;
  quic_finding *found;

  quic_limits_end(l, p->now);
  application = quic_limits_share(l, QUIC_LIMIT_APPLICATION);
  idle = quic_limits_share(l, QUIC_LIMIT_IDLE);
  if (application + idle < LIMITS_LARGE || p->sent < LIMITS_PACKETS ||
      p->srtt == 0 || (l->last - l->from) / LIMITS_ROUNDS < p->srtt || !flow ||
      quic_flow_side_of(flow, p->local)->octets <=
          quic_flow_side_of(flow, !p->local)->octets) {
    return;
  }
  found = quic_findings_add(f, QUIC_FOUND_APP_LIMITED, l->from, l->last);
  if (!found) {
    return;
  }
  found->side = p->local;
  quic_finding_line(found,
                    "%s of the time the window was open and nothing more to "
                    "send, %s nothing was under way at all%s",
                    quic_evidence_percent(application, 100000).s,
                    quic_evidence_percent(idle, 100000).s,
                    l->no_window ? " (the window is made out from what was in "
                                   "flight)"
                                 : "");
  quic_finding_fact_add(found, "application", QUIC_UNIT_PERCENT_MILLI,
                        application);
  quic_finding_fact_add(found, "idle", QUIC_UNIT_PERCENT_MILLI, idle);
}

const quic_detector quic_detect_limits = {
    .name = "limits",
    .size = sizeof(quic_limits),
    .events = QUIC_DETECTOR_ON(PACKET_SENT) |
              QUIC_DETECTOR_ON(PACKET_RECEIVED) |
              QUIC_DETECTOR_ON(PACKET_LOST) |
              QUIC_DETECTOR_ON(RECOVERY_METRICS_UPDATED) |
              QUIC_DETECTOR_ON(CONNECTION_DATA_BLOCKED_UPDATED) |
              QUIC_DETECTOR_ON(STREAM_DATA_BLOCKED_UPDATED),
    .init = limits_init,
    .event = limits_event,
    .end = limits_end,
};
