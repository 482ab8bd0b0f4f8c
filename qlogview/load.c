#include "qlogview/load.h"

#include <stdio.h>
#include <unistd.h>

#include "base/list.h"
#include "base/map.h"
#include "cli/complain.h"
#include "cli/interrupt.h"
#include "qlogview/input.h"
#include "qlogview/progress.h"

typedef struct load_connection {
  qv_connection c;  /* first */
  quic_list by_age; /* the one silent longest is in front */
  size_t key_len;
  uint8_t key[sizeof(uint32_t) + QV_GROUP_MAX];
} load_connection;

/* What a trace's head says that matters. */
typedef struct load_head {
  qlog_vantage vantage, flow;
} load_head;

typedef struct load {
  const qv_load_settings *set;
  const qv_load_ops *ops;
  void *user;
  qv_file *file;
  quic_map connections; /* trace and group: load_connection */
  quic_list by_age;
  qlog_trace trace; /* the one that is read; its texts are copies below */
  char title[QV_TITLE_MAX + 1], version[QV_TITLE_MAX + 1];
  load_head *heads; /* by trace, of an earlier pass */
  size_t nheads, heads_cap;
  bool second;      /* pass: |heads| are complete */
  bool heads_first; /* heads stand behind events: pass once for them */
  bool regular;     /* the input can be read twice */
  bool starved;
} load;

static void load_copy(char *out, size_t cap, quic_bytes from) {
  size_t n = from.len < cap - 1 ? from.len : cap - 1;

  if (n) {
    memcpy(out, from.data, n);
  }
  out[n] = '\0';
}

/* Ends. */

static void load_end(load *l, load_connection *lc) {
  qv_connection *c = &lc->c;

  if (c->analysis) {
    quic_analysis_end(c->analysis, c->last, QUIC_END_OF_TRACE);
    quic_findings_log(c->findings, &l->file->stats);
    quic_findings_end(c->findings, c->last);
  }
  if (l->ops->ended) {
    l->ops->ended(l->user, c);
  }
  (void)quic_map_remove(&l->connections, quic_bytes_of(lc->key, lc->key_len));
  quic_list_remove(&lc->by_age);
  quic_requests_del(c->requests);
  quic_findings_del(c->findings);
  quic_analysis_del(c->analysis);
  quic_mem_free(l->set->mem, lc);
}

/* load_end_all ends what is left in the order of the file. */
static void load_end_all(load *l) {
  while (!quic_list_empty(&l->by_age)) {
    load_connection *first = NULL;

    for (quic_list *n = l->by_age.next; n != &l->by_age; n = n->next) {
      load_connection *lc = QUIC_LIST_ITEM(n, load_connection, by_age);

      if (!first || lc->c.number < first->c.number) {
        first = lc;
      }
    }
    load_end(l, first);
  }
}

/* Begins. */

/* load_vantage: an endpoint whose head does not say which it is shows it by
   what it logs first: a server receives. */
static void load_vantage(load *l, qv_connection *c, const qlog_record *record) {
  const load_head *known =
      l->second && record->trace < l->nheads ? &l->heads[record->trace] : NULL;
  qlog_vantage vantage = known ? known->vantage : l->trace.vantage;
  qlog_vantage flow = known ? known->flow : l->trace.flow;

  c->vantage_told = vantage != QLOG_VANTAGE_UNKNOWN;
  if (vantage == QLOG_VANTAGE_NETWORK) {
    c->vantage = QUIC_VANTAGE_NETWORK;
    c->sent_is_client = flow != QLOG_VANTAGE_SERVER;
    return;
  }
  if (!c->vantage_told) {
    qlog_event_type type =
        record->event ? record->event->type : QLOG_EVENT_TYPES;

    vantage = type == QLOG_PACKET_RECEIVED ||
                      type == QLOG_UDP_DATAGRAMS_RECEIVED ||
                      type == QLOG_SERVER_LISTENING
                  ? QLOG_VANTAGE_SERVER
                  : QLOG_VANTAGE_CLIENT;
  }
  c->vantage = vantage == QLOG_VANTAGE_SERVER ? QUIC_VANTAGE_SERVER
                                              : QUIC_VANTAGE_CLIENT;
  c->sent_is_client = c->vantage == QUIC_VANTAGE_CLIENT;
}

static int load_analysis(load *l, qv_connection *c) {
  quic_analysis_settings set = {.vantage = c->vantage,
                                .sent_is_client = c->sent_is_client,
                                .seed = {l->set->seed[0], l->set->seed[1]}};

  if (quic_analysis_new(&c->analysis, l->set->mem, &set, NULL) ||
      quic_findings_new(&c->findings, l->set->mem, &set, c->analysis) ||
      quic_requests_new(&c->requests, l->set->mem, c->sent_is_client,
                        l->set->seed)) {
    return QUIC_ERR_NOMEM;
  }
  return 0;
}

static load_connection *load_new(load *l, const qlog_record *record,
                                 quic_bytes key) {
  load_connection *lc = quic_mem_zalloc(l->set->mem, sizeof(*lc));
  qv_connection *c;

  if (!lc) {
    return NULL;
  }
  c = &lc->c;
  c->number = l->set->number + (uint32_t)l->file->connections;
  c->trace = record->trace;
  load_copy(c->group, sizeof(c->group), record->group);
  memcpy(c->title, l->title, sizeof(c->title));
  memcpy(c->version, l->version, sizeof(c->version));
  c->layout = l->trace.layout;
  c->wall_clock = l->trace.wall_clock;
  c->first = c->last = record->time;
  c->record = record->number;
  load_vantage(l, c, record);
  memcpy(lc->key, key.data, key.len);
  lc->key_len = key.len;
  quic_list_init(&lc->by_age);
  if ((l->set->analyse && load_analysis(l, c)) ||
      quic_map_put(&l->connections, key, lc)) {
    quic_requests_del(c->requests);
    quic_findings_del(c->findings);
    quic_analysis_del(c->analysis);
    quic_mem_free(l->set->mem, lc);
    return NULL;
  }
  l->file->connections++;
  quic_list_push_back(&l->by_age, &lc->by_age);
  if (l->ops->begin) {
    l->ops->begin(l->user, c);
  }
  return lc;
}

/* load_recent returns the connection of the record before, if this one is of
   the same. */
static load_connection *load_recent(const load *l, const qlog_record *record,
                                    size_t n) {
  load_connection *lc;

  if (quic_list_empty(&l->by_age)) {
    return NULL;
  }
  lc = QUIC_LIST_ITEM(l->by_age.prev, load_connection, by_age);
  return lc->c.trace == record->trace &&
                 lc->key_len == sizeof(record->trace) + n &&
                 (n == 0 || memcmp(lc->key + sizeof(record->trace),
                                   record->group.data, n) == 0)
             ? lc
             : NULL;
}

static load_connection *load_find(load *l, const qlog_record *record) {
  uint8_t key[sizeof(uint32_t) + QV_GROUP_MAX];
  size_t n =
      record->group.len < QV_GROUP_MAX ? record->group.len : QV_GROUP_MAX;
  quic_bytes at = {key, sizeof(record->trace) + n};
  load_connection *lc = load_recent(l, record, n);

  if (lc) {
    return lc;
  }
  memcpy(key, &record->trace, sizeof(record->trace));
  if (n) {
    memcpy(key + sizeof(record->trace), record->group.data, n);
  }
  lc = quic_map_get(&l->connections, at);
  if (lc) {
    quic_list_remove(&lc->by_age);
    quic_list_push_back(&l->by_age, &lc->by_age);
    return lc;
  }
  if (l->connections.len >= QV_CONNECTIONS_MAX) {
    l->file->early++;
    load_end(l, QUIC_LIST_ITEM(l->by_age.next, load_connection, by_age));
  }
  return load_new(l, record, at);
}

/* What the reader tells. */

static void load_on_trace(void *user, const qlog_trace *trace) {
  load *l = user;
  load_head *head;

  if (quic_mem_grow(l->set->mem, (void **)&l->heads, &l->heads_cap,
                    (size_t)trace->index + 1, sizeof(*l->heads))) {
    l->starved = true;
    return;
  }
  while (l->nheads <= trace->index) {
    l->heads[l->nheads++] = (load_head){0};
  }
  head = &l->heads[trace->index];
  if (!l->second) {
    *head = (load_head){trace->vantage, trace->flow};
  }
  l->trace = *trace;
  load_copy(l->title, sizeof(l->title), trace->title);
  load_copy(l->version, sizeof(l->version), trace->version);
  if (l->ops->trace && !l->heads_first) {
    l->ops->trace(l->user, trace);
  }
}

/* load_late: JSON allows the head to stand behind the events, and one logger
   sorts its keys so.  Then the file is read for its heads first. */
static bool load_late(load *l) {
  if (l->file->connections == 0 && !l->second && l->regular &&
      l->trace.vantage == QLOG_VANTAGE_UNKNOWN &&
      l->trace.layout != QLOG_LAYOUT_SEQUENCE &&
      l->trace.layout != QLOG_LAYOUT_NDJSON) {
    l->heads_first = true;
  }
  return l->heads_first;
}

static void load_on_record(void *user, const qlog_record *record) {
  load *l = user;
  load_connection *lc;

  if (load_late(l)) {
    return;
  }
  lc = load_find(l, record);
  if (!lc) {
    l->starved = true;
    return;
  }
  if (record->time > lc->c.last) {
    lc->c.last = record->time;
  }
  lc->c.events++;
  if (!record->event) {
    lc->c.unknown++;
  } else if (lc->c.analysis) {
    quic_analysis_event(lc->c.analysis, record->event);
    quic_findings_event(lc->c.findings, record->event);
    quic_requests_event(lc->c.requests, record->event);
  }
  if (l->ops->record) {
    l->ops->record(l->user, &lc->c, record);
  }
}

static void load_on_bad(void *user, const qlog_bad *bad) {
  load *l = user;

  if (l->ops->bad && !l->heads_first) {
    l->ops->bad(l->user, bad);
  }
}

/* The file. */

static const qlog_reader_ops load_reader_ops = {load_on_trace, load_on_record,
                                                load_on_bad};

static int load_reader(load *l, qlog_reader **r) {
  qlog_reader_settings set = {.seed = {l->set->seed[0], l->set->seed[1]}};

  qlog_reader_del(*r);
  *r = NULL;
  if (qlog_reader_new(r, l->set->mem, &set, &load_reader_ops, l)) {
    cli_complain("%s: out of memory", l->set->path);
    return -1;
  }
  return 0;
}

static int load_failed(const load *l, const qlog_reader *r, int err) {
  const char *why = qlog_reader_problem(r);
  qv_file *file = l->file;
  quic_text t;

  quic_text_init(&t, file->problem, sizeof(file->problem));
  if (err == QUIC_ERR_NOMEM) {
    quic_text_str(&t, "out of memory");
  } else {
    file->no_qlog = true;
    quic_text_printf(&t, "no qlog: %s",
                     why                     ? why
                     : err == QUIC_ERR_SHORT ? "it has not a single record"
                                             : quic_err_text(err));
  }
  (void)quic_text_cstr(&t);
  if (!file->no_qlog || !l->set->lenient) {
    cli_complain("%s: %s", l->set->path, file->problem);
  }
  return -1;
}

/* load_pump feeds the reader until the input ends. */
static int load_pump(load *l, qv_input *in, qlog_reader **r) {
  qv_progress progress;
  int rv = load_reader(l, r);

  qv_progress_init(&progress, l->set->progress, l->set->path);
  while (rv == 0) {
    quic_bytes octets;
    bool again;
    int err;

    rv = qv_input_next(in, &octets, &again);
    if (rv || octets.len == 0) {
      break;
    }
    if (again) { /* the file was written anew */
      load_end_all(l);
      rv = load_reader(l, r);
    }
    if (rv == 0 && (err = qlog_reader_feed(*r, octets)) != 0) {
      qv_progress_end(&progress);
      return load_failed(l, *r, err);
    }
    qv_progress_step(&progress, qv_input_done(in), qv_input_size(in));
    if (rv == 0 && l->set->follow && (err = qlog_reader_pause(*r)) != 0) {
      qv_progress_end(&progress);
      return load_failed(l, *r, err);
    }
    if (l->set->follow && l->ops->paused) {
      l->ops->paused(l->user);
    }
    if (cli_interrupted() || (l->set->gone && *l->set->gone)) {
      break;
    }
  }
  qv_progress_end(&progress);
  return rv;
}

static int load_pass(load *l) {
  qv_input_settings set = {.path = l->set->path, .follow = l->set->follow};
  qv_input *in = NULL;
  qlog_reader *r = NULL;
  int rv = qv_input_new(&in, l->set->mem, &set), err;

  if (rv) {
    return rv;
  }
  l->regular = qv_input_regular(in) && !l->set->follow;
  rv = load_pump(l, in, &r);
  if (r) {
    err = qlog_reader_finish(r);
    if (err && rv == 0) {
      rv = load_failed(l, r, err);
    }
    l->file->stats = *qlog_reader_stats_of(r);
  }
  l->file->cut = qv_input_cut(in);
  qlog_reader_del(r);
  qv_input_del(in);
  return rv;
}

int qv_load(const qv_load_settings *settings, const qv_load_ops *ops,
            void *user, qv_file *file) {
  load l = {.set = settings, .ops = ops, .user = user, .file = file};
  int rv;

  memset(file, 0, sizeof(*file));
  quic_map_init(&l.connections, settings->mem, settings->seed);
  quic_list_init(&l.by_age);
  rv = load_pass(&l);
  if (l.heads_first) {
    l.heads_first = false;
    l.second = true;
    rv = load_pass(&l);
  }
  load_end_all(&l);
  if (l.starved) {
    cli_complain("%s: out of memory: not all of it could be looked at",
                 settings->path);
    rv = -1;
  }
  quic_map_free(&l.connections);
  quic_mem_free(settings->mem, l.heads);
  return rv;
}
