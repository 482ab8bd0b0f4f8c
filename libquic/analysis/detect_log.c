/* What the log itself lacks: as its events show, and what its reader had to
   repair or to skip. */

#include "analysis/stretch.h"

#define LOG_EVENTS_MIN 100 /* events before their times are judged */

#define LOG_SKIPPED_MIN 10 /* numbers: some senders skip one now and then */

typedef struct log_state {
  uint64_t events, equal;
  quic_time last;
  uint64_t record;
} log_state;

static void log_init(void *state, const quic_mem *mem) {
  log_state *s = state;

  (void)mem;
  s->last = QUIC_TIME_NEVER;
  s->record = QLOG_NONE;
}

static void log_event(void *state, quic_findings *f, const quic_picture *p,
                      const qlog_event *e) {
  log_state *s = state;

  (void)f;
  (void)p;
  s->events++;
  s->equal += s->last == e->time;
  s->last = e->time;
}

/* log_holes counts packets of |side| that were never told: acknowledged ones,
   and numbers that may have been skipped. */
static void log_holes(const quic_picture *p, uint64_t *missed,
                      uint64_t *skipped, uint64_t *first) {
  *missed = *skipped = *first = 0;
  for (int space = 0; space < QUIC_SPACES; space++) {
    const quic_sent *sent =
        quic_analysis_sent(p->analysis, p->local, (quic_space)space);

    if (!sent || !sent->started) {
      continue;
    }
    *missed += sent->counts.missed;
    *skipped += quic_sent_never_seen(sent);
    if (space == QUIC_SPACE_APP) {
      *first = sent->first;
    }
  }
}

static quic_finding *log_found(quic_findings *f, const quic_picture *p,
                               quic_finding **found) {
  quic_stretch all = {p->start,  p->now,    QLOG_NONE,
                      QLOG_NONE, QLOG_NONE, QUIC_SIDE_UNKNOWN};

  if (!*found) {
    *found = quic_finding_of(f, QUIC_FOUND_LOG, &all);
  }
  return *found;
}

/* log_repairs are those that make times or figures less certain. */
static void log_repairs(quic_findings *f, const quic_picture *p,
                        quic_finding **found) {
  static const qlog_repair repairs[] = {QLOG_REPAIR_TIME_BACK,
                                        QLOG_REPAIR_TIME_BELOW};

  for (size_t i = 0; i < sizeof(repairs) / sizeof(repairs[0]); i++) {
    uint64_t times = p->log->repairs[repairs[i]];

    if (times) {
      quic_finding_line(log_found(f, p, found), "%s (%llu times)",
                        qlog_repair_text(repairs[i]),
                        (unsigned long long)times);
      quic_finding_fact_add(*found, qlog_repair_name(repairs[i]),
                            QUIC_UNIT_COUNT, times);
    }
  }
}

static void log_reader(quic_findings *f, const quic_picture *p,
                       quic_finding **found) {
  if (!p->log) {
    return;
  }
  if (p->log->bad) {
    quic_finding_line(
        log_found(f, p, found), "%llu of %llu records could not be read",
        (unsigned long long)p->log->bad, (unsigned long long)p->log->records);
    quic_finding_fact_add(*found, "bad_records", QUIC_UNIT_COUNT, p->log->bad);
  }
  if (p->log->truncated) {
    quic_finding_line(log_found(f, p, found), "the end of the file is missing");
    quic_finding_fact_add(*found, "truncated", QUIC_UNIT_COUNT, 1);
  }
  log_repairs(f, p, found);
}

static void log_end(void *state, quic_findings *f, const quic_picture *p) {
  uint64_t missed, skipped, first;
  quic_finding *found = NULL;
  log_state *s = state;

  log_reader(f, p, &found);
  log_holes(p, &missed, &skipped, &first);
  if (missed) {
    quic_finding_line(log_found(f, p, &found),
                      "%llu packets were acknowledged whose packet_sent is "
                      "missing",
                      (unsigned long long)missed);
    quic_finding_fact_add(found, "packets_missing", QUIC_UNIT_COUNT, missed);
  }
  if (skipped >= LOG_SKIPPED_MIN && skipped > p->sent / 100) {
    quic_finding_line(log_found(f, p, &found),
                      "%llu packet numbers were skipped or not told",
                      (unsigned long long)skipped);
    quic_finding_fact_add(found, "numbers_skipped", QUIC_UNIT_COUNT, skipped);
  }
  if (p->sent && p->handshake != QUIC_TIME_NEVER && first > LOG_SKIPPED_MIN &&
      p->vantage != QUIC_VANTAGE_NETWORK &&
      !quic_analysis_sent(p->analysis, p->local, QUIC_SPACE_INITIAL)) {
    quic_finding_line(log_found(f, p, &found), "the log begins at packet %llu",
                      (unsigned long long)first);
    quic_finding_fact_add(found, "first_packet", QUIC_UNIT_ID, first);
  }
  if (found && s->events >= LOG_EVENTS_MIN &&
      s->equal > s->events - s->events / 10) {
    quic_finding_line(log_found(f, p, &found),
                      "%llu of %llu events have the time of the one before",
                      (unsigned long long)s->equal,
                      (unsigned long long)s->events);
    quic_finding_fact_add(found, "equal_times", QUIC_UNIT_COUNT, s->equal);
  }
  if (found && p->rtt_zero) {
    quic_finding_line(log_found(f, p, &found), "all round trips are told as 0");
  }
}

const quic_detector quic_detect_log = {
    .name = "log",
    .size = sizeof(log_state),
    .events = UINT64_MAX,
    .init = log_init,
    .event = log_event,
    .end = log_end,
};
