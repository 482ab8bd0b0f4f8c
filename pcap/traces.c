#include "pcap/traces.h"

#include <stdlib.h>

#include "pcap/budget.h"
#include "pcap/conntab.h"
#include "pcap/doq.h"
#include "pcap/event.h"
#include "pcap/hq.h"
#include "pcap/http.h"
#include "pcap/news.h"

#define TRACES_ACK_DELAY_EXPONENT 3 /* RFC 9000 §18.2 */
#define TRACES_INTEGER 8            /* octets of the longest varint */

struct qd_traces {
  const quic_mem *base; /* of this struct itself */
  qd_budget budget;
  const quic_mem *mem; /* of the budget */
  qd_output *const *outputs;
  size_t noutputs;
  bool findings;
  qd_frames frames;
  qd_stream_pool pool;
  quic_map open;  /* connection number -> qd_trace */
  quic_list lru;  /* oldest first */
  qd_trace *last; /* found last */
  quic_rangeset done;
  size_t fixed; /* octets of the budget that belong to no connection */
  uint64_t evicted;
  uint64_t requests;
  quic_time now; /* of the newest packet of all */
  bool starved;  /* memory ran out since the last packet */
};

int qd_traces_new(qd_traces **out, const qd_traces_settings *settings) {
  qd_traces *ts = quic_mem_zalloc(settings->mem, sizeof(*ts));
  int rv;

  *out = NULL;
  if (!ts) {
    return QUIC_ERR_NOMEM;
  }
  ts->base = settings->mem;
  qd_budget_init(&ts->budget, settings->mem);
  ts->mem = &ts->budget.mem;
  ts->outputs = settings->outputs;
  ts->noutputs = settings->noutputs;
  ts->findings = settings->findings;
  qd_frames_init(&ts->frames, ts->base);
  quic_map_init(&ts->open, ts->mem, settings->seed);
  quic_list_init(&ts->lru);
  quic_rangeset_init(&ts->done, ts->mem, QD_TRACES_DONE_MAX);
  rv = qd_stream_pool_init(&ts->pool, ts->mem, settings->seed);
  if (rv != 0) {
    qd_traces_del(ts);
    return rv;
  }
  ts->fixed = ts->budget.used;
  *out = ts;
  return 0;
}

const quic_mem *qd_trace_mem(const qd_trace *tr) {
  return tr->all->mem;
}

quic_bytes qd_trace_odcid(const qd_trace *tr) {
  return tr->conn->has_odcid
             ? quic_bytes_of(tr->conn->odcid, tr->conn->odcid_len)
             : quic_bytes_of(tr->odcid, tr->odcid_len);
}

uint64_t qd_trace_request_number(qd_trace *tr) {
  return ++tr->all->requests;
}

/* What outputs hear of. */

static void traces_show(qd_trace *tr, const qlog_event *e) {
  const qd_traces *ts = tr->all;

  for (size_t i = 0; tr->shown && i < ts->noutputs; i++) {
    qd_output *out = ts->outputs[i];

    if (out->event) {
      out->event(out, tr, e);
    }
  }
}

void qd_trace_emit(qd_trace *tr, const qlog_event *e) {
  traces_show(tr, e);
  quic_analysis_event(tr->analysis, e);
  if (tr->findings) {
    quic_findings_event(tr->findings, e);
  }
  if (tr->costs && qlog_event_is_packet(e)) {
    qd_costs_packet(tr->costs, quic_analysis_side(tr->analysis, e),
                    &e->u.packet);
  }
}

/* traces_inferred gets what the analysis concludes. */
static void traces_inferred(qlog_sink *sink, const qlog_event *e) {
  qd_trace *tr = ((qd_inferred *)(void *)sink)->trace;
  qlog_event told = *e;

  if (tr->costs) {
    qd_costs_inferred(tr->costs, tr->analysis, e);
  }
  told.http3 = tr->http3;
  traces_show(tr, &told);
}

void qd_trace_warn(qd_trace *tr, uint64_t code, const char *text) {
  qlog_event e;

  tr->notes++;
  qlog_event_init(&e, QLOG_LOG_WARNING, tr->now);
  e.u.message.code = code;
  e.u.message.text = quic_bytes_of(text, strlen(text));
  qd_trace_emit(tr, &e);
}

void qd_trace_request(qd_trace *tr, qd_request *rq) {
  const qd_traces *ts = tr->all;

  if (tr->costs) {
    qd_costs_request_add(tr->costs, rq, tr->now);
  }
  for (size_t i = 0; tr->selected && i < ts->noutputs; i++) {
    qd_output *out = ts->outputs[i];

    if (out->request) {
      out->request(out, tr, rq);
    }
  }
}

void qd_trace_body(qd_trace *tr, qd_request *rq, qd_side side,
                   quic_bytes data) {
  const qd_traces *ts = tr->all;

  for (size_t i = 0; tr->selected && i < ts->noutputs; i++) {
    qd_output *out = ts->outputs[i];

    if (out->body) {
      out->body(out, tr, rq, side, data);
    }
  }
}

static void traces_octets(void *user, qd_stream *st, qd_side side,
                          uint64_t offset, quic_bytes data) {
  qd_trace *tr = user;
  const qd_traces *ts = tr->all;

  for (size_t i = 0; tr->selected && i < ts->noutputs; i++) {
    qd_output *out = ts->outputs[i];

    if (out->octets) {
      out->octets(out, tr, st, side, offset, data);
    }
  }
}

/* Beginning and end of a trace. */

static void traces_free_trace(qd_trace *tr) {
  if (tr->conn) {
    qd_conn_unref(tr->conn);
  }
  quic_findings_del(tr->findings);
  quic_mem_free(tr->all->mem, tr->costs);
  quic_analysis_del(tr->analysis);
  quic_mem_free(tr->all->mem, tr);
}

/* traces_end tells that no more of |tr| can come. */
static void traces_end(qd_traces *ts, qd_trace *tr) {
  tr->packet = NULL;
  tr->shown = tr->selected;
  qd_news_end(tr);
  qd_streams_free(&tr->streams);
  quic_analysis_end(tr->analysis, ts->now, QUIC_END_OF_TRACE);
  if (tr->findings) {
    quic_findings_end(tr->findings, tr->now);
  }
  for (size_t i = 0; tr->selected && i < ts->noutputs; i++) {
    if (ts->outputs[i]->ended) {
      ts->outputs[i]->ended(ts->outputs[i], tr);
    }
  }
  quic_list_remove(&tr->lru);
  (void)quic_map_remove(&ts->open,
                        quic_bytes_of(&tr->number, sizeof(tr->number)));
  ts->last = ts->last == tr ? NULL : ts->last;
  traces_free_trace(tr);
}

/* traces_new_findings: without memory there are none. */
static void traces_new_findings(qd_traces *ts, qd_trace *tr,
                                const quic_analysis_settings *set) {
  if (quic_findings_new(&tr->findings, ts->mem, set, tr->analysis) != 0) {
    tr->findings = NULL;
    ts->starved = true;
  }
  tr->costs = quic_mem_zalloc(ts->mem, sizeof(*tr->costs));
  if (tr->costs) {
    qd_costs_init(tr->costs);
  } else {
    ts->starved = true;
  }
}

static qd_trace *traces_new_trace(qd_traces *ts, qd_conn *conn) {
  quic_analysis_settings set = {.vantage = QUIC_VANTAGE_NETWORK,
                                .sent_is_client = true};
  qd_trace *tr = quic_mem_zalloc(ts->mem, sizeof(*tr));

  if (!tr) {
    return NULL;
  }
  tr->all = ts;
  tr->number = conn->number;
  tr->inferred.base.event = traces_inferred;
  tr->inferred.trace = tr;
  memcpy(set.seed, ts->pool.seed, sizeof(set.seed));
  qd_streams_init(&tr->streams, &ts->pool);
  if (quic_analysis_new(&tr->analysis, ts->mem, &set, &tr->inferred.base) !=
          0 ||
      quic_map_put(&ts->open, quic_bytes_of(&tr->number, sizeof(tr->number)),
                   tr) != 0) {
    traces_free_trace(tr);
    return NULL;
  }
  if (ts->findings) {
    traces_new_findings(ts, tr, &set);
  }
  tr->conn = conn;
  qd_conn_ref(conn);
  tr->streams.user = tr;
  tr->ack_delay_exponent[QD_CLIENT] = tr->ack_delay_exponent[QD_SERVER] =
      TRACES_ACK_DELAY_EXPONENT;
  for (size_t i = 0; i < ts->noutputs; i++) {
    if (ts->outputs[i]->octets) {
      tr->streams.fn = traces_octets;
    }
  }
  quic_list_push_back(&ts->lru, &tr->lru);
  return tr;
}

static void traces_evict(qd_traces *ts) {
  qd_trace *tr = QUIC_LIST_ITEM(ts->lru.next, qd_trace, lru);
  uint32_t number = tr->number;

  ts->evicted++;
  traces_end(ts, tr);
  /* Beyond the limit it may come again as another of the same number. */
  (void)!quic_rangeset_add(&ts->done, number, (uint64_t)number + 1);
}

/* traces_find returns the trace of |conn|; NULL when it was ended for want of
   room, or memory ran out. */
static qd_trace *traces_find(qd_traces *ts, qd_conn *conn) {
  qd_trace *tr = ts->last;

  if (tr && tr->number == conn->number) {
    return tr;
  }
  tr = quic_map_get(&ts->open,
                    quic_bytes_of(&conn->number, sizeof(conn->number)));
  if (!tr) {
    if (ts->done.len && quic_rangeset_has(&ts->done, conn->number)) {
      return NULL;
    }
    if (ts->open.len >= QD_TRACES_MAX) {
      traces_evict(ts);
    }
    tr = traces_new_trace(ts, conn);
    if (!tr) {
      ts->starved = true;
      return NULL;
    }
  }
  quic_list_remove(&tr->lru);
  quic_list_push_back(&ts->lru, &tr->lru);
  ts->last = tr;
  return tr;
}

/* What the application says. */

/* Application protocols by the start of their ALPN identifier. */
typedef struct traces_protocol {
  const char *alpn;
  int (*make)(qd_protocol **out, qd_trace *tr);
} traces_protocol;

static const traces_protocol traces_protocols[] = {
    {"h3", qd_http_new},
    {"hq", qd_hq_new},
    {"http/0.9", qd_hq_new},
    {"doq", qd_doq_new},
};

/* traces_guess looks at the first octets of a stream, when no handshake is in
   the capture. */
static const char *traces_guess(const quic_frame *f) {
  const uint8_t *d = f->u.stream.data.data;

  if (f->u.stream.offset || f->u.stream.data.len == 0) {
    return NULL;
  }
  if (f->u.stream.data.len >= 4 && memcmp(d, "GET ", 4) == 0) {
    return "hq";
  }
  if (f->u.stream.stream_id & 2 ? d[0] <= QUIC_H3_STREAM_QPACK_DECODER
                                : d[0] == QUIC_H3_HEADERS) {
    return "h3";
  }
  return NULL;
}

static void traces_choose(qd_trace *tr, const quic_frame *f) {
  quic_bytes alpn = qd_conn_alpn(tr->conn);
  const char *guess;

  if (alpn.len == 0) {
    guess = traces_guess(f);
    if (!guess) {
      return;
    }
    alpn = quic_bytes_of(guess, strlen(guess));
  }
  for (size_t i = 0; i < sizeof(traces_protocols) / sizeof(traces_protocols[0]);
       i++) {
    const traces_protocol *row = &traces_protocols[i];

    if (qd_news_alpn_is(alpn, row->alpn)) {
      qd_protocol *app;

      if (row->make(&app, tr) != 0) {
        tr->all->starved = true;
        return;
      }
      qd_streams_speak(&tr->streams, app);
      return;
    }
  }
  tr->unknown_app = true;
}

static uint64_t traces_stream(const quic_frame *f) {
  return f->type >> 3 == QUIC_FRAME_STREAM >> 3 ? f->u.stream.stream_id
         : f->type == QUIC_FRAME_STOP_SENDING   ? f->u.stop_sending.stream_id
                                                : f->u.reset_stream.stream_id;
}

/* traces_warn warns of a stream; QLOG_NONE: of the connection. */
static void traces_warn(qd_trace *tr, uint64_t stream_id, uint64_t code,
                        const char *text) {
  char buf[160];
  quic_text t;

  quic_text_init(&t, buf, sizeof(buf));
  if (stream_id != QLOG_NONE) {
    quic_text_str(&t, "stream ");
    quic_text_u64(&t, stream_id);
    quic_text_str(&t, ": ");
  }
  quic_text_str(&t, text);
  qd_trace_warn(tr, code, quic_text_cstr(&t));
}

/* What QUIC_INORDER_ and QD_STREAM_ bits mean. */
static void traces_complain(qd_trace *tr, const quic_frame *f, unsigned found) {
  static const struct {
    unsigned bit;
    uint64_t code;
    const char *text;
  } rows[] = {
      {QUIC_INORDER_CONFLICT, 0xa,
       "stream octets came again and differ (RFC 9000 2.2)"},
      {QUIC_INORDER_FINAL_SIZE, 0x6,
       "the final size of a stream is contradicted (RFC 9000 4.5)"},
      {QD_STREAM_WRONG_SIDE, 0x5,
       "a frame on a stream on which its sender cannot send (RFC 9000 19.8)"},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (found & rows[i].bit) {
      traces_warn(tr, traces_stream(f), rows[i].code, rows[i].text);
    }
  }
}

/* traces_limits tells of flow control limits that were passed, where no packet
   that could have raised them is missing. */
static void traces_limits(qd_trace *tr) {
  static const struct {
    uint64_t code;
    const char *text;
  } rows[QUIC_FLOW_KINDS] = {
      [QUIC_FLOW_STREAM_DATA] = {0x3, "more octets than MAX_STREAM_DATA allows "
                                      "(RFC 9000 4.1)"},
      [QUIC_FLOW_CONNECTION_DATA] = {0x3, "more octets than MAX_DATA allows "
                                          "(RFC 9000 4.1)"},
      [QUIC_FLOW_STREAM_LIMIT] = {0x4, "more streams than MAX_STREAMS allows "
                                       "(RFC 9000 4.6)"},
  };
  const quic_flow *flow = quic_analysis_flow(tr->analysis);
  const quic_flow_violation *v;

  while (flow && (v = quic_flow_violation_at(flow, tr->told.violations))) {
    tr->told.violations++;
    if (v->certain && rows[v->kind].text) {
      traces_warn(tr, v->stream_id, rows[v->kind].code, rows[v->kind].text);
    }
  }
}

static bool traces_of_stream(const quic_frame *f) {
  return f->type >> 3 == QUIC_FRAME_STREAM >> 3 ||
         f->type == QUIC_FRAME_RESET_STREAM ||
         f->type == QUIC_FRAME_RESET_STREAM_AT ||
         f->type == QUIC_FRAME_STOP_SENDING;
}

/* traces_of_datagram: |f| is a DATAGRAM of which the capture has as much as an
   application reads. */
static bool traces_of_datagram(const quic_frame *f) {
  return f->type >> 1 == QUIC_FRAME_DATAGRAM >> 1 &&
         (!f->missing || f->u.datagram.data.len >= TRACES_INTEGER);
}

/* traces_early returns whether the streams of |p| count: the server reads
   nothing of a refused 0-RTT, and the client starts over (RFC 9001 §4.6.2). */
static bool traces_early(qd_trace *tr, const qd_packet *p) {
  bool early = p->header.type == QUIC_PACKET_0RTT;

  if (!tr->conn->facts.early_refused) {
    tr->early = tr->early || early;
    return true;
  }
  if (tr->early) {
    tr->early = false;
    qd_streams_restart(&tr->streams);
  }
  return !early;
}

static void traces_frames(qd_traces *ts, qd_trace *tr, const qd_packet *p) {
  if (!traces_early(tr, p)) {
    return;
  }
  for (size_t i = 0; i < ts->frames.len; i++) {
    const quic_frame *f = &ts->frames.items[i];
    unsigned found = 0;

    if (traces_of_stream(f)) {
      if (!tr->streams.app && !tr->unknown_app &&
          f->type >> 3 == QUIC_FRAME_STREAM >> 3) {
        traces_choose(tr, f);
      }
      if (qd_streams_frame(&tr->streams, p->sender, f, &found) != 0) {
        ts->starved = true;
      }
      if (found & ~(unsigned)QUIC_INORDER_REPEATED) {
        traces_complain(tr, f, found);
      }
    } else if (traces_of_datagram(f) && tr->streams.app &&
               tr->streams.app->datagram) {
      tr->streams.app->datagram(tr->streams.app, p->sender, f->u.datagram.data);
    }
  }
}

/* traces_fit lets go of the connection that was silent longest, and in the end
   of the oldest streams of |tr|, until what is kept fits. */
static void traces_fit(qd_traces *ts, qd_trace *tr) {
  size_t fixed = ts->fixed;

  while (ts->budget.used - fixed > QD_TRACES_OCTETS) {
    if (ts->lru.next != &tr->lru) {
      traces_evict(ts);
    } else if (!qd_streams_shed(&tr->streams) &&
               !qd_streams_evict(&tr->streams)) {
      return;
    }
  }
}

int qd_traces_packet(qd_traces *ts, const qd_packet *p, bool shown) {
  qd_trace *tr;
  qlog_event e;

  /* The copy of a datagram is the capture's doing, not the sender's; what an
     ICMP error quotes was seen before. */
  if (!p->conn || p->notes & (QD_NOTE_DUPLICATE | QD_NOTE_ICMP)) {
    return 0;
  }
  ts->starved = false;
  tr = traces_find(ts, p->conn);
  if (!tr) {
    return ts->starved ? QUIC_ERR_NOMEM : 0;
  }
  if (qd_frames_read(&ts->frames, p) != 0) {
    ts->starved = true;
  }
  tr->packet = p;
  tr->now = p->time;
  ts->now = p->time;
  tr->shown = shown;
  tr->selected = tr->selected || shown;
  qd_news_before(tr, p);
  if (qd_event_packet(&e, p, &ts->frames)) {
    e.http3 = tr->http3;
    if (p->header.type == QUIC_PACKET_1RTT) {
      e.u.packet.ack_delay_exponent = tr->ack_delay_exponent[p->sender];
    }
    qd_trace_emit(tr, &e);
    traces_limits(tr);
  }
  qd_news_behind(tr, p);
  traces_frames(ts, tr, p);
  traces_fit(ts, tr);
  tr->packet = NULL;
  return ts->starved ? QUIC_ERR_NOMEM : 0;
}

static int traces_order(const void *a, const void *b) {
  uint32_t x = (*(qd_trace *const *)a)->number;
  uint32_t y = (*(qd_trace *const *)b)->number;

  return (x > y) - (x < y);
}

void qd_traces_finish(qd_traces *ts) {
  qd_trace **all = quic_mem_alloc(ts->mem, (ts->open.len + 1) * sizeof(*all));
  size_t n = 0;

  for (quic_list *item = ts->lru.next; all && item != &ts->lru;
       item = item->next) {
    all[n++] = QUIC_LIST_ITEM(item, qd_trace, lru);
  }
  if (n) {
    qsort(all, n, sizeof(*all), traces_order);
  }
  for (size_t i = 0; i < n; i++) {
    traces_end(ts, all[i]);
  }
  quic_mem_free(ts->mem, all);
  /* Without memory for the order they end in any. */
  while (!quic_list_empty(&ts->lru)) {
    traces_end(ts, QUIC_LIST_ITEM(ts->lru.next, qd_trace, lru));
  }
}

uint64_t qd_traces_evicted(const qd_traces *ts) {
  return ts->evicted;
}

void qd_traces_del(qd_traces *ts) {
  if (!ts) {
    return;
  }
  while (!quic_list_empty(&ts->lru)) {
    qd_trace *tr = QUIC_LIST_ITEM(ts->lru.next, qd_trace, lru);

    ts->noutputs = 0;
    traces_end(ts, tr);
  }
  quic_map_free(&ts->open);
  quic_rangeset_free(&ts->done);
  qd_stream_pool_free(&ts->pool);
  qd_frames_free(&ts->frames);
  quic_mem_free(ts->base, ts);
}
