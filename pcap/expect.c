#include "pcap/expect.h"

#include "cli/complain.h"
#include "cli/fieldhelp.h"
#include "pcap/figures.h"
#include "pcap/show.h"
#include "pcap/trace.h"
#include "wire/names.h"

#define EXPECT_SHOWN_MAX 20 /* connections that are named */
#define EXPECT_USED_MAX 16  /* fields that are told of one */

enum {
  EXPECT_CONN,
  EXPECT_HANDSHAKE,
  EXPECT_HANDSHAKE_TIME,
  EXPECT_CLASS,
  EXPECT_BY,
  EXPECT_SPACE,
  EXPECT_ERROR,
  EXPECT_ALERT,
  EXPECT_PACKETS,
  EXPECT_OCTETS,
  EXPECT_CLOSED,
  EXPECT_LOSS,
  EXPECT_LOST,
  EXPECT_SPURIOUS,
  EXPECT_RTT,
  EXPECT_SRTT,
  EXPECT_STREAMS,
  EXPECT_REQUESTS,
  EXPECT_RESPONSES,
  EXPECT_FAILED,
  EXPECT_BROKEN,
  EXPECT_DURATION,
  EXPECT_RETRY,
  EXPECT_EARLY,
  EXPECT_UPDATES,
  EXPECT_PATHS,
  EXPECT_VERSION,
  EXPECT_SNI,
  EXPECT_ALPN
};

static bool expect_row(const char *name, uint64_t value,
                       quic_filter_symbol *out) {
  out->name = name;
  out->first = out->last = value;
  return name != NULL;
}

static bool expect_class_symbol(size_t i, quic_filter_symbol *out) {
  return i < QUIC_CLOSED_CLASSES &&
         expect_row(quic_close_class_name((quic_close_class)i), i + 1, out);
}

static bool expect_side_symbol(size_t i, quic_filter_symbol *out) {
  return i < QUIC_SIDES && expect_row(quic_side_name((int)i), i + 1, out);
}

static bool expect_space_symbol(size_t i, quic_filter_symbol *out) {
  return i < QUIC_CLOSE_SPACE_APPLICATION &&
         expect_row(quic_close_space_name((quic_close_space)(i + 1)), i + 1,
                    out);
}

static bool expect_early_symbol(size_t i, quic_filter_symbol *out) {
  return i <= QUIC_EARLY_REJECTED &&
         expect_row(quic_early_name((quic_early)i), i, out);
}

static bool expect_error_symbol(size_t i, quic_filter_symbol *out) {
  static const uint64_t first[] = {0x0, 0x100, 0x200, 0x33};
  static const uint64_t count[] = {0x12, 0x11, 3, 1};

  for (size_t r = 0; r < sizeof(first) / sizeof(first[0]); r++) {
    if (i < count[r]) {
      uint64_t code = first[r] + i;
      const char *name =
          r ? quic_name_h3_error(code) : quic_name_transport_error(code);

      return expect_row(name ? name : "", code, out);
    }
    i -= count[r];
  }
  return false;
}

static bool expect_version_symbol(size_t i, quic_filter_symbol *out) {
  const quic_version *v = quic_version_at(i);

  return v && expect_row(v->name, v->number, out);
}

#define NUMBER QUIC_FILTER_NUMBER
#define TEXT QUIC_FILTER_TEXT

const quic_filter_field qd_expect_fields[] = {
    {"conn", NUMBER, "number of the connection, from 0", EXPECT_CONN, NULL},
    {"handshake", NUMBER, "1 when the handshake was complete", EXPECT_HANDSHAKE,
     NULL},
    {"handshake_time", NUMBER, "from the first Initial to its end (20ms)",
     EXPECT_HANDSHAKE_TIME, NULL},
    {"class", NUMBER, "how it ended", EXPECT_CLASS, expect_class_symbol},
    {"by", NUMBER, "who ended it", EXPECT_BY, expect_side_symbol},
    {"space", NUMBER, "whose error code it was", EXPECT_SPACE,
     expect_space_symbol},
    {"error", NUMBER, "error code of the close, by number or name",
     EXPECT_ERROR, expect_error_symbol},
    {"alert", NUMBER, "TLS alert that ended it", EXPECT_ALERT, NULL},
    {"packets", NUMBER, "packets of both sides", EXPECT_PACKETS, NULL},
    {"octets", NUMBER, "UDP payload of both sides (10M)", EXPECT_OCTETS, NULL},
    {"closed", NUMBER, "packets that were not opened", EXPECT_CLOSED, NULL},
    {"loss", NUMBER, "share of packets lost (1%, 0.5%)", EXPECT_LOSS, NULL},
    {"lost", NUMBER, "packets lost", EXPECT_LOST, NULL},
    {"spurious", NUMBER, "packets declared lost that had arrived",
     EXPECT_SPURIOUS, NULL},
    {"rtt", NUMBER, "smallest round trip (25ms)", EXPECT_RTT, NULL},
    {"srtt", NUMBER, "smoothed round trip at the end", EXPECT_SRTT, NULL},
    {"streams", NUMBER, "streams opened", EXPECT_STREAMS, NULL},
    {"requests", NUMBER, "requests begun", EXPECT_REQUESTS, NULL},
    {"responses", NUMBER, "final responses", EXPECT_RESPONSES, NULL},
    {"failed", NUMBER, "responses with status 400 and above", EXPECT_FAILED,
     NULL},
    {"broken", NUMBER, "rules broken in streams and HTTP/3", EXPECT_BROKEN,
     NULL},
    {"duration", NUMBER, "from the first packet to the last (5s)",
     EXPECT_DURATION, NULL},
    {"retry", NUMBER, "1 when there was a Retry", EXPECT_RETRY, NULL},
    {"early", NUMBER, "what became of 0-RTT", EXPECT_EARLY,
     expect_early_symbol},
    {"key_updates", NUMBER, "key updates of both sides", EXPECT_UPDATES, NULL},
    {"paths", NUMBER, "address pairs used", EXPECT_PATHS, NULL},
    {"version", NUMBER, "QUIC version", EXPECT_VERSION, expect_version_symbol},
    {"sni", TEXT, "server name", EXPECT_SNI, NULL},
    {"alpn", TEXT, "application protocol", EXPECT_ALPN, NULL},
};

#undef NUMBER
#undef TEXT

const size_t qd_expect_nfields =
    sizeof(qd_expect_fields) / sizeof(qd_expect_fields[0]);

/* What an expression looks at, and what it asked for. */
typedef struct expect_view {
  const qd_trace *trace;
  int used[EXPECT_USED_MAX];
  size_t nused;
} expect_view;

static uint64_t expect_sum(const quic_totals *c, const quic_totals *s, int id) {
  return id == EXPECT_PACKETS  ? c->packets + s->packets
         : id == EXPECT_OCTETS ? c->datagram_octets + s->datagram_octets
                               : c->closed + s->closed;
}

/* expect_loss stores a figure of what was lost; false = it cannot be told. */
static bool expect_loss(const quic_analysis *a, int id, uint64_t *v) {
  qd_figures_loss loss;
  bool known = qd_figures_lost(a, &loss);

  if (id == EXPECT_LOSS) {
    /* Thousandths of a per cent, as the literal 1% is 1000. */
    *v = loss.packets ? loss.lost * 100000 / loss.packets : 0;
  } else {
    *v = id == EXPECT_LOST ? loss.lost : loss.spurious;
  }
  return known;
}

/* expect_number stores the value of a field with a number; false = it has
   none. */
static bool expect_number(const qd_trace *tr, int id, uint64_t *v) {
  const quic_analysis *a = tr->analysis;
  const quic_totals *c = quic_analysis_totals(a, QUIC_SIDE_CLIENT);
  const quic_totals *s = quic_analysis_totals(a, QUIC_SIDE_SERVER);
  const quic_phases *ph = quic_analysis_phases(a);
  const quic_path *path = quic_analysis_path(a);
  const quic_rtt *rtt = qd_figures_rtt(a);
  const quic_close *close = quic_analysis_close(a);

  switch (id) {
  case EXPECT_CONN:
    *v = tr->number;
    return true;
  case EXPECT_HANDSHAKE:
    *v = quic_phases_complete(ph);
    return true;
  case EXPECT_HANDSHAKE_TIME:
    *v = quic_time_since(ph->at[QUIC_PHASE_COMPLETE].time,
                         ph->at[QUIC_PHASE_CLIENT_INITIAL].time);
    return quic_mark_set(&ph->at[QUIC_PHASE_COMPLETE]) &&
           quic_mark_set(&ph->at[QUIC_PHASE_CLIENT_INITIAL]);
  case EXPECT_CLASS:
    *v = (uint64_t)close->class + 1;
    return true;
  case EXPECT_BY:
    *v = (uint64_t)(close->by + 1);
    return close->by >= 0;
  case EXPECT_SPACE:
    *v = (uint64_t)close->space;
    return close->space != QUIC_CLOSE_SPACE_NONE;
  case EXPECT_ERROR:
    *v = close->code;
    return close->code != QLOG_NONE;
  case EXPECT_ALERT:
    *v = (uint64_t)close->alert;
    return close->alert >= 0;
  case EXPECT_PACKETS:
  case EXPECT_OCTETS:
  case EXPECT_CLOSED:
    *v = expect_sum(c, s, id);
    return true;
  case EXPECT_LOSS:
  case EXPECT_LOST:
  case EXPECT_SPURIOUS:
    return expect_loss(a, id, v);
  case EXPECT_RTT:
  case EXPECT_SRTT:
    if (!rtt) {
      return false;
    }
    *v = id == EXPECT_RTT ? rtt->min : rtt->smoothed;
    return true;
  case EXPECT_STREAMS:
    *v = qd_figures_streams(a);
    return true;
  case EXPECT_REQUESTS:
    *v = tr->requests;
    return true;
  case EXPECT_RESPONSES:
    *v = tr->responses;
    return true;
  case EXPECT_FAILED:
    *v = tr->failed;
    return true;
  case EXPECT_BROKEN:
    *v = tr->notes;
    return true;
  case EXPECT_DURATION:
    *v = quic_time_since(tr->now, tr->conn->first);
    return true;
  case EXPECT_RETRY:
    *v = tr->conn->retried;
    return true;
  case EXPECT_EARLY:
    *v = (uint64_t)ph->early;
    return true;
  case EXPECT_UPDATES:
    *v = path->side[0].updates + path->side[1].updates;
    return true;
  case EXPECT_PATHS:
    *v = path->ntuples;
    return true;
  case EXPECT_VERSION:
    *v = tr->conn->version;
    return true;
  default:
    return false;
  }
}

static quic_bytes expect_text(const qd_trace *tr, int id) {
  const char *sni = tr->conn->facts.sni;

  return id == EXPECT_SNI ? quic_bytes_of(sni, strlen(sni))
                          : qd_conn_alpn(tr->conn);
}

static const quic_filter_field *expect_field(int id) {
  for (size_t i = 0; i < qd_expect_nfields; i++) {
    if (qd_expect_fields[i].id == id) {
      return &qd_expect_fields[i];
    }
  }
  return NULL;
}

static void expect_values(const void *record, int id, quic_filter_visitor *v) {
  /* What was asked is noted, so that a failure can be explained. */
  expect_view *view = (expect_view *)(uintptr_t)record;
  const quic_filter_field *field = expect_field(id);
  uint64_t value;
  bool known = false;

  for (size_t i = 0; i < view->nused; i++) {
    known = known || view->used[i] == id;
  }
  if (!known && view->nused < EXPECT_USED_MAX) {
    view->used[view->nused++] = id;
  }
  if (field && field->type == QUIC_FILTER_TEXT) {
    (void)quic_filter_text(v, expect_text(view->trace, id));
  } else if (expect_number(view->trace, id, &value)) {
    (void)quic_filter_number(v, value);
  }
}

/* expect_show writes "loss 2.1%". */
static void expect_show(quic_text *t, const qd_trace *tr, int id) {
  const quic_filter_field *field = expect_field(id);
  quic_filter_symbol sym;
  uint64_t v;

  if (!field) {
    return;
  }
  quic_text_str(t, field->name);
  quic_text_char(t, ' ');
  if (field->type == QUIC_FILTER_TEXT) {
    quic_text_quoted(t, expect_text(tr, id), 64);
    return;
  }
  if (!expect_number(tr, id, &v)) {
    quic_text_char(t, '-');
    return;
  }
  for (size_t i = 0; field->symbol && field->symbol(i, &sym); i++) {
    if (sym.first == v && *sym.name) {
      quic_text_str(t, sym.name);
      return;
    }
  }
  switch (id) {
  case EXPECT_LOSS:
    quic_text_printf(t, "%llu.%03llu%%", (unsigned long long)(v / 1000),
                     (unsigned long long)(v % 1000));
    break;
  case EXPECT_RTT:
  case EXPECT_SRTT:
  case EXPECT_DURATION:
  case EXPECT_HANDSHAKE_TIME:
    quic_close_duration(t, v);
    break;
  default:
    quic_text_u64(t, v);
    break;
  }
}

typedef struct out_expect {
  qd_output base;
  qd_output_settings settings;
  const quic_filter *filter;
  const char *expr;
  uint64_t failed;
} out_expect;

static void expect_ended(qd_output *out, struct qd_trace *tr) {
  out_expect *o = (out_expect *)(void *)out;
  expect_view view = {.trace = tr};
  char buf[512];
  quic_text t;

  if (quic_filter_match(o->filter, &view, expect_values)) {
    return;
  }
  if (++o->failed > EXPECT_SHOWN_MAX) {
    return;
  }
  quic_text_init(&t, buf, sizeof(buf));
  for (size_t i = 0; i < view.nused; i++) {
    quic_text_str(&t, i ? ", " : "");
    expect_show(&t, tr, view.used[i]);
  }
  cli_complain("--expect: connection %u: '%.256s' does not hold: %s",
               tr->number, o->expr, quic_text_cstr(&t));
}

static void expect_finish(qd_output *out) {
  const out_expect *o = (const out_expect *)(const void *)out;

  if (o->failed > EXPECT_SHOWN_MAX) {
    cli_complain("--expect: nor for %llu more connections",
                 (unsigned long long)(o->failed - EXPECT_SHOWN_MAX));
  }
}

static void expect_del(qd_output *out) {
  out_expect *o = (out_expect *)(void *)out;

  quic_mem_free(o->settings.mem, o);
}

int qd_expect_new(qd_output **out, const qd_output_settings *settings,
                  const quic_filter *filter, const char *expr) {
  out_expect *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.ended = expect_ended;
  o->base.finish = expect_finish;
  o->base.del = expect_del;
  o->settings = *settings;
  o->filter = filter;
  o->expr = expr;
  *out = &o->base;
  return 0;
}

uint64_t qd_expect_failed(const qd_output *out) {
  return ((const out_expect *)(const void *)out)->failed;
}

void qd_expect_help(quic_text *out) {
  quic_text_str(
      out, "An expression that must hold for every connection; otherwise the\n"
           "exit status is 1, and a line says which connection and why.\n"
           "\n"
           "  handshake && loss < 1%\n"
           "  class == application_close and error == h3_no_error\n"
           "  responses >= 10 && failed == 0 && not broken\n"
           "  early in (none, accepted) && srtt < 50ms\n"
           "\n"
           "The language is that of --filter, see --help-filter; shares take "
           "%.  With\n"
           "--filter only connections of which a packet fits are looked at.  "
           "No\n"
           "comparison but != holds for what is not known, such as the loss "
           "when no\n"
           "ACK was seen.\n"
           "\n");
  cli_fieldhelp(out, qd_expect_fields, qd_expect_nfields);
}
