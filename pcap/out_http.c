/* The table of requests, a row for each when it is over. */

#include "pcap/output.h"
#include "pcap/show.h"
#include "cli/table.h"
#include "pcap/trace.h"

#define HTTP_URL_MAX 512

static const cli_table_column http_columns[] = {
    {"#", true, 3},        {"conn", true, 0},    {"stream", true, 0},
    {"start", true, 9},    {"method", false, 0}, {"status", true, 0},
    {"ttfb", true, 8},     {"total", true, 8},   {"sent", true, 6},
    {"received", true, 0}, {"again", true, 0},   {"url", false, 0},
};

#define HTTP_COLUMNS (sizeof(http_columns) / sizeof(http_columns[0]))

typedef struct out_http {
  qd_output base;
  qd_output_settings settings;
  cli_table table;
} out_http;

static void http_next(out_http *o) {
  if (cli_table_next(&o->table) != 0) {
    cli_table_write(&o->table, o->settings.text, o->settings.colour);
  }
}

static void http_duration(out_http *o, quic_duration d) {
  if (d == QUIC_TIME_NEVER) {
    quic_text_char(&o->table.text, '-');
  } else {
    quic_close_duration(&o->table.text, d);
  }
  http_next(o);
}

static void http_number(out_http *o, uint64_t v) {
  quic_text_u64(&o->table.text, v);
  http_next(o);
}

static void http_reset(quic_text *t, const qd_trace *tr, const char *who,
                       const char *what, uint64_t code) {
  if (code == QD_REQUEST_NONE) {
    return;
  }
  quic_text_str(t, ", ");
  quic_text_str(t, who);
  quic_text_str(t, what);
  qd_show_error(t, QUIC_ROLE_APP_ERROR, code, tr->conn);
}

/* http_times writes ", 1 datagram", ", 2 datagrams". */
static void http_times(quic_text *t, uint64_t n, const char *what,
                       const char *plural) {
  if (n) {
    quic_text_str(t, ", ");
    quic_text_u64(t, n);
    quic_text_char(t, ' ');
    quic_text_str(t, what);
    quic_text_str(t, n > 1 ? plural : "");
  }
}

/* http_notes says what is unusual of a request, ", " in front of each. */
static void http_notes(quic_text *t, const qd_trace *tr, const qd_request *rq) {
  const qd_http_message *c = &rq->side[QD_CLIENT], *s = &rq->side[QD_SERVER];

  if (rq->push_id != QD_REQUEST_NONE) {
    quic_text_str(t, ", push ");
    quic_text_u64(t, rq->push_id);
  }
  http_times(t, s->interim, "1xx", "");
  if (c->has_trailers || s->has_trailers) {
    quic_text_str(t, ", trailers");
  }
  http_reset(t, tr, "client", " reset ", c->reset_code);
  http_reset(t, tr, "server", " reset ", s->reset_code);
  http_reset(t, tr, "client", " stopped ", s->stop_code);
  http_reset(t, tr, "server", " stopped ", c->stop_code);
  if (c->first == QUIC_TIME_NEVER && s->first != QUIC_TIME_NEVER &&
      rq->push_id == QD_REQUEST_NONE && !c->lost) {
    quic_text_str(t, ", request not in the capture");
  }
  if (c->lost || s->lost) {
    quic_text_str(t, ", ");
    qd_show_octets(t, c->lost + s->lost);
    quic_text_str(t, " not in the capture");
  } else if (!s->fin && s->reset_code == QD_REQUEST_NONE) {
    quic_text_str(t, s->first == QUIC_TIME_NEVER ? ", not answered"
                                                 : ", not complete");
  }
  if (c->blocked || s->blocked) {
    quic_text_str(t, ", QPACK blocked ");
    quic_close_duration(t, c->blocked + s->blocked);
  }
  if (c->malformed || s->malformed) {
    quic_text_str(t, ", fields not decodable");
  }
  http_times(t, rq->capsules, "capsule", "s");
  http_times(t, rq->datagrams, "datagram", "s");
}

static void http_url(out_http *o, const qd_trace *tr, const qd_request *rq) {
  quic_text *t = &o->table.text;
  char notes[512];
  quic_bytes protocol =
      qd_fields_find(&rq->side[QD_CLIENT].fields, ":protocol");
  quic_text nt;
  char url[HTTP_URL_MAX];
  quic_text ut;

  quic_text_init(&ut, url, sizeof(url));
  qd_request_url(rq, &ut);
  quic_text_str(t, ut.len ? quic_text_cstr(&ut) : "-");
  if (protocol.data) {
    quic_text_char(t, ' ');
    qd_show_word(t, protocol);
  }
  quic_text_init(&nt, notes, sizeof(notes));
  http_notes(&nt, tr, rq);
  if (nt.len) {
    quic_text_str(t, "  [");
    quic_text_str(t, quic_text_cstr(&nt) + 2);
    quic_text_char(t, ']');
  }
  http_next(o);
}

static void http_request(qd_output *out, struct qd_trace *tr,
                         struct qd_request *rq) {
  out_http *o = (out_http *)(void *)out;
  const qd_http_message *c = &rq->side[QD_CLIENT], *s = &rq->side[QD_SERVER];
  quic_text *t = &o->table.text;
  quic_bytes method = qd_request_method(rq);
  quic_time start = c->first != QUIC_TIME_NEVER ? c->first : s->first;

  http_number(o, rq->number);
  http_number(o, tr->number);
  http_number(o, rq->stream_id);
  if (start == QUIC_TIME_NEVER) {
    quic_text_char(t, '-');
  } else {
    qd_show_seconds(t, start, o->settings.absolute_time ? 0 : o->base.start, 0);
  }
  http_next(o);
  if (method.len) {
    qd_show_word(t, method);
  } else {
    quic_text_char(t, '-');
  }
  http_next(o);
  if (rq->has_status) {
    quic_text_u64(t, rq->status);
  } else {
    quic_text_char(t, '-');
  }
  http_next(o);
  http_duration(o, qd_request_ttfb(rq));
  http_duration(o, qd_request_total(rq));
  http_number(o, c->body);
  http_number(o, s->body);
  http_number(o, c->retransmitted + s->retransmitted);
  http_url(o, tr, rq);
  if (o->settings.immediate) {
    cli_table_write(&o->table, o->settings.text, o->settings.colour);
  }
}

static void http_finish(qd_output *out) {
  out_http *o = (out_http *)(void *)out;

  if (o->table.rows) {
    cli_table_write(&o->table, o->settings.text, o->settings.colour);
  }
}

static void http_del(qd_output *out) {
  out_http *o = (out_http *)(void *)out;

  cli_table_free(&o->table);
  quic_mem_free(o->settings.mem, o);
}

int qd_output_http_new(qd_output **out, const qd_output_settings *settings) {
  out_http *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.request = http_request;
  o->base.finish = http_finish;
  o->base.del = http_del;
  o->settings = *settings;
  cli_table_init(&o->table, settings->mem, http_columns, HTTP_COLUMNS);
  if (settings->immediate) {
    cli_table_widen(&o->table);
  }
  *out = &o->base;
  return 0;
}
