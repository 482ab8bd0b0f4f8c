#include "analysis/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/detector.h"

static const quic_finding_info findings_table[QUIC_FINDING_IDS] = {
#define QUIC_FINDING(id, key, severity, title)                                 \
  [QUIC_FOUND_##id] = {key, QUIC_##severity, title},
#include "analysis/finding.def"
#undef QUIC_FINDING
};

static const quic_detector *const findings_detectors[] = {
    &quic_detect_spiral,  &quic_detect_persistent, &quic_detect_loss,
    &quic_detect_close,   &quic_detect_silence,    &quic_detect_flow,
    &quic_detect_streams, &quic_detect_handshake,  &quic_detect_keys,
    &quic_detect_path,    &quic_detect_http3,      &quic_detect_log,
    &quic_detect_window,  &quic_detect_rtt,        &quic_detect_acks,
    &quic_detect_limits,
};

#define FINDINGS_DETECTORS                                                     \
  (sizeof(findings_detectors) / sizeof(findings_detectors[0]))

/* The detectors that want a type of event, in their order. */
typedef struct findings_wanting {
  uint8_t len;
  uint8_t of[FINDINGS_DETECTORS];
} findings_wanting;

struct quic_findings {
  const quic_mem *mem;
  quic_picture picture;
  quic_finding *items;
  size_t len, cap;
  uint64_t count[QUIC_FINDING_IDS];
  quic_duration total[QUIC_FINDING_IDS];
  bool needs[QUIC_FINDING_IDS]; /* said already */
  findings_wanting wanting[QLOG_EVENT_TYPES];
  void *state[FINDINGS_DETECTORS];
};

const char *quic_severity_name(quic_severity s) {
  static const char *const names[] = {"note", "warning", "critical"};

  return (unsigned)s <= QUIC_CRITICAL ? names[s] : "unknown";
}

const quic_finding_info *quic_finding_info_of(quic_finding_id id) {
  return (unsigned)id < QUIC_FINDING_IDS ? &findings_table[id] : NULL;
}

static void findings_want(quic_findings *f, size_t detector) {
  for (size_t type = 0; type < QLOG_EVENT_TYPES; type++) {
    if (findings_detectors[detector]->events >> type & 1) {
      findings_wanting *w = &f->wanting[type];

      w->of[w->len++] = (uint8_t)detector;
    }
  }
}

int quic_findings_new(quic_findings **out, const quic_mem *mem,
                      const quic_analysis_settings *settings,
                      const quic_analysis *analysis) {
  quic_findings *f = quic_mem_zalloc(mem, sizeof(*f));

  *out = NULL;
  if (!f) {
    return QUIC_ERR_NOMEM;
  }
  f->mem = mem;
  quic_picture_init(&f->picture, analysis, settings);
  for (size_t i = 0; i < FINDINGS_DETECTORS; i++) {
    const quic_detector *d = findings_detectors[i];

    findings_want(f, i);
    f->state[i] = quic_mem_zalloc(mem, d->size ? d->size : 1);
    if (!f->state[i]) {
      goto fail;
    }
    if (d->init) {
      d->init(f->state[i], mem);
    }
  }
  *out = f;
  return 0;

fail:
  quic_findings_del(f);
  return QUIC_ERR_NOMEM;
}

void quic_findings_del(quic_findings *f) {
  if (!f) {
    return;
  }
  for (size_t i = 0; i < FINDINGS_DETECTORS; i++) {
    if (f->state[i] && findings_detectors[i]->free) {
      findings_detectors[i]->free(f->state[i]);
    }
    quic_mem_free(f->mem, f->state[i]);
  }
  quic_mem_free(f->mem, f->items);
  quic_mem_free(f->mem, f);
}

void *quic_findings_state(const quic_findings *f, const quic_detector *d) {
  for (size_t i = FINDINGS_DETECTORS; i-- > 0;) { /* the limits, mostly */
    if (findings_detectors[i] == d) {
      return f->state[i];
    }
  }
  return NULL;
}

void quic_findings_event(quic_findings *f, const qlog_event *e) {
  const findings_wanting *w = &f->wanting[e->type];

  quic_picture_event(&f->picture, e);
  for (size_t i = 0; i < w->len; i++) {
    size_t d = w->of[i];

    findings_detectors[d]->event(f->state[d], f, &f->picture, e);
  }
}

void quic_findings_log(quic_findings *f, const qlog_reader_stats *stats) {
  f->picture.log = stats;
}

/* Worst first; what is only said to be unknown, last. */
static int findings_order(const void *pa, const void *pb) {
  const quic_finding *a = pa, *b = pb;

  if (a->determinable != b->determinable) {
    return a->determinable ? -1 : 1;
  }
  if (a->severity != b->severity) {
    return a->severity > b->severity ? -1 : 1;
  }
  if (a->id != b->id) {
    return a->id < b->id ? -1 : 1;
  }
  return a->from < b->from ? -1 : a->from > b->from;
}

void quic_findings_end(quic_findings *f, quic_time last) {
  if (last > f->picture.now) {
    f->picture.now = last;
  }
  for (size_t i = 0; i < FINDINGS_DETECTORS; i++) {
    if (findings_detectors[i]->end) {
      findings_detectors[i]->end(f->state[i], f, &f->picture);
    }
  }
  if (f->len) {
    qsort(f->items, f->len, sizeof(*f->items), findings_order);
  }
  for (size_t i = 0; i < f->len; i++) {
    quic_finding *found = &f->items[i];

    if (found->determinable && (i == 0 || f->items[i - 1].id != found->id)) {
      found->count = f->count[found->id];
      found->total = f->total[found->id];
    }
  }
}

const quic_finding *quic_findings_at(const quic_findings *f, size_t i) {
  return i < f->len ? &f->items[i] : NULL;
}

int quic_findings_worst(const quic_findings *f) {
  int worst = -1;

  for (size_t i = 0; i < f->len; i++) {
    if (f->items[i].determinable && (int)f->items[i].severity > worst) {
      worst = (int)f->items[i].severity;
    }
  }
  return worst;
}

/* Made by detectors. */

/* findings_shortest returns the shortest window kept of |id| when it gives way
   to one of |length|, or NULL. */
static quic_finding *findings_shortest(quic_findings *f, quic_finding_id id,
                                       quic_duration length) {
  quic_finding *shortest = NULL;

  for (size_t i = 0; i < f->len; i++) {
    quic_finding *item = &f->items[i];

    if (item->id == id && item->determinable &&
        (!shortest || item->to - item->from < shortest->to - shortest->from)) {
      shortest = item;
    }
  }
  return shortest && shortest->to - shortest->from < length ? shortest : NULL;
}

static quic_finding *findings_room(quic_findings *f) {
  if (f->len >= QUIC_FINDINGS_MAX ||
      quic_mem_grow(f->mem, (void **)&f->items, &f->cap, f->len + 1,
                    sizeof(*f->items))) {
    return NULL;
  }
  return &f->items[f->len++];
}

static void findings_clear(quic_finding *found, quic_finding_id id,
                           quic_time from, quic_time to) {
  memset(found, 0, sizeof(*found));
  found->id = id;
  found->severity = findings_table[id].severity;
  found->determinable = true;
  found->from = from;
  found->to = to;
  found->record = found->last = QLOG_NONE;
  found->side = QUIC_SIDE_UNKNOWN;
  found->stream_id = QLOG_NONE;
}

quic_finding *quic_findings_add(quic_findings *f, quic_finding_id id,
                                quic_time from, quic_time to) {
  quic_finding *found;

  if (to < from) {
    to = from;
  }
  f->total[id] += to - from;
  found = f->count[id]++ < QUIC_FINDING_EACH_MAX
              ? findings_room(f)
              : findings_shortest(f, id, to - from);
  if (found) {
    findings_clear(found, id, from, to);
  }
  return found;
}

void quic_findings_need(quic_findings *f, quic_finding_id id,
                        const char *needs) {
  quic_finding *found = f->needs[id] ? NULL : findings_room(f);

  if (found) {
    f->needs[id] = true;
    findings_clear(found, id, f->picture.start, f->picture.now);
    found->determinable = false;
    quic_finding_line(found, "not determinable: needs %s", needs);
  }
}

void quic_finding_fact_add(quic_finding *found, const char *name,
                           quic_unit unit, uint64_t value) {
  if (found && found->nfacts < QUIC_FINDING_FACTS_MAX) {
    found->facts[found->nfacts++] = (quic_finding_fact){name, unit, value};
  }
}

void quic_finding_line(quic_finding *found, const char *fmt, ...) {
  size_t len;
  va_list ap;

  if (!found) {
    return;
  }
  len = strlen(found->text);
  if (len && len + 1 < sizeof(found->text)) {
    found->text[len++] = '\n';
    found->text[len] = '\0';
  }
  va_start(ap, fmt);
  (void)vsnprintf(found->text + len, sizeof(found->text) - len, fmt, ap);
  va_end(ap);
}
