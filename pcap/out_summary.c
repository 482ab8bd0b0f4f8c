/* The table of connections: who, which version and protocol, how fast, how much
   was lost, and how it ended. */

#include "pcap/figures.h"
#include "pcap/report.h"
#include "pcap/show.h"
#include "cli/table.h"
#include "wire/names.h"

#define SUMMARY_NAME_MAX 64 /* octets of a server name */

static const cli_table_column summary_columns[] = {
    {"#", true, 0},
    {"client -> server", false, 0},
    {"version", false, 0},
    {"sni / alpn", false, 0},
    {"handshake", true, 0},
    {"packets", true, 0},
    {"octets", true, 0},
    {"loss", true, 0},
    {"rtt min / srtt", true, 0},
    {"streams", true, 0},
    {"requests", true, 0},
};

#define SUMMARY_COLUMNS (sizeof(summary_columns) / sizeof(summary_columns[0]))

typedef struct out_summary {
  qd_output base;
  qd_output_settings settings;
  cli_table table;
  uint64_t closed; /* connections with packets that were not opened */
} out_summary;

static void summary_next(out_summary *o) {
  if (cli_table_next(&o->table) != 0) {
    cli_table_write(&o->table, o->settings.text, o->settings.colour);
  }
}

static void summary_who(out_summary *o, const qd_trace *tr) {
  const qd_conn *conn = tr->conn;
  const quic_path *path = quic_analysis_path(tr->analysis);
  const quic_addr *client = &conn->sides[QD_CLIENT].addr;
  const quic_addr *server = &conn->sides[QD_SERVER].addr;

  if (path->ntuples) {
    client = &path->tuples[0].client;
    server = &path->tuples[0].server;
  }
  qd_show_addr(&o->table.text, client);
  quic_text_str(&o->table.text, " -> ");
  qd_show_addr(&o->table.text, server);
  summary_next(o);
}

static void summary_version(out_summary *o, const qd_trace *tr) {
  const quic_close *c = quic_analysis_close(tr->analysis);
  /* After a Version Negotiation there may be none but what was tried. */
  uint32_t version = tr->conn->version ? tr->conn->version : c->version;

  qd_show_version(&o->table.text, version);
  if (c->version && c->version != version) {
    quic_text_str(&o->table.text, " (");
    qd_show_version(&o->table.text, c->version);
    quic_text_char(&o->table.text, ')');
  }
  summary_next(o);
}

static void summary_names(out_summary *o, const qd_trace *tr) {
  const qd_facts *facts = &tr->conn->facts;
  quic_bytes alpn = qd_conn_alpn(tr->conn);
  quic_text *t = &o->table.text;

  if (facts->sni[0]) {
    quic_text_untrusted(t, quic_bytes_of(facts->sni, strlen(facts->sni)),
                        SUMMARY_NAME_MAX);
  } else {
    quic_text_char(t, '-');
  }
  quic_text_str(t, " / ");
  if (alpn.len) {
    qd_show_word(t, alpn);
  } else {
    quic_text_char(t, '-');
  }
  summary_next(o);
}

static void summary_handshake(out_summary *o, const qd_trace *tr) {
  const quic_phases *ph = quic_analysis_phases(tr->analysis);
  const quic_mark *from = &ph->at[QUIC_PHASE_CLIENT_INITIAL];
  const quic_mark *to = &ph->at[QUIC_PHASE_COMPLETE];

  if (quic_mark_set(from) && quic_mark_set(to)) {
    quic_close_duration(&o->table.text, quic_time_since(to->time, from->time));
  } else {
    quic_text_char(&o->table.text, '-');
  }
  summary_next(o);
}

static void summary_loss(out_summary *o, const qd_trace *tr) {
  qd_figures_loss loss;

  (void)qd_figures_lost(tr->analysis, &loss);
  qd_report_share(&o->table.text, loss.lost, loss.packets);
  summary_next(o);
}

/* summary_ms writes a duration in milliseconds, without the unit. */
static void summary_ms(quic_text *t, quic_duration d) {
  uint64_t us = d / QUIC_MICROSECOND;

  quic_text_u64(t, us / 1000);
  quic_text_char(t, '.');
  quic_text_char(t, (char)('0' + us / 100 % 10));
  if (us < 10000) {
    quic_text_char(t, (char)('0' + us / 10 % 10));
  }
}

static void summary_rtt(out_summary *o, const qd_trace *tr) {
  const quic_rtt *rtt = qd_figures_rtt(tr->analysis);
  quic_text *t = &o->table.text;

  if (rtt) {
    summary_ms(t, rtt->min);
    quic_text_str(t, " / ");
    summary_ms(t, rtt->smoothed);
    quic_text_str(t, " ms");
  } else {
    quic_text_char(t, '-');
  }
  summary_next(o);
}

static void summary_part(quic_text *t, const char *text) {
  if (t->len && t->buf[t->len - 1] != '\n') {
    quic_text_str(t, "  ");
  }
  quic_text_str(t, text);
}

static void summary_count(quic_text *t, uint64_t n, const char *text) {
  if (n) {
    summary_part(t, text);
    quic_text_char(t, ' ');
    quic_text_u64(t, n);
  }
}

static void summary_cid(quic_text *t, quic_bytes cid) {
  if (cid.len) {
    quic_text_hex(t, cid);
  } else {
    quic_text_char(t, '-');
  }
}

static quic_bytes summary_first_cid(const qd_conn *conn, qd_side side) {
  const qd_endpoint *end = &conn->sides[side];
  quic_bytes odcid = quic_bytes_of(conn->odcid, conn->odcid_len);

  /* The client chose the first one of the server's for it. */
  for (size_t i = 0; i < end->ncids; i++) {
    quic_bytes cid = quic_bytes_of(end->cids[i].data, end->cids[i].len);

    if (end->ncids == 1 || !conn->has_odcid || !quic_bytes_eq(cid, odcid)) {
      return cid;
    }
  }
  return end->ncids ? quic_bytes_of(end->cids[0].data, end->cids[0].len)
                    : (quic_bytes){0};
}

static void summary_tls(quic_text *t, const qd_conn *conn) {
  const qd_facts *facts = &conn->facts;
  const char *name;

  if (facts->suite) {
    name = quic_name_cipher_suite(facts->suite);
    summary_part(t, name ? name : "unknown suite");
  }
  name = facts->group ? quic_name_group(facts->group) : NULL;
  if (name) {
    summary_part(t, name);
  }
  if (facts->ech) {
    summary_part(t, "ECH offered");
  }
  if (conn->retried) {
    summary_part(t, "Retry");
  }
}

/* summary_note tells what has no column. */
static void summary_note(quic_text *t, const qd_trace *tr) {
  const quic_phases *ph = quic_analysis_phases(tr->analysis);
  const quic_path *path = quic_analysis_path(tr->analysis);
  const quic_analysis *a = tr->analysis;
  quic_sent_counts c[QUIC_SIDES];
  uint64_t updates = 0;

  summary_part(t, "cids ");
  summary_cid(t, summary_first_cid(tr->conn, QD_CLIENT));
  quic_text_str(t, " / ");
  summary_cid(t, summary_first_cid(tr->conn, QD_SERVER));
  summary_tls(t, tr->conn);
  if (ph->early != QUIC_EARLY_NONE) {
    summary_part(t, "0-RTT ");
    quic_text_str(t, quic_early_name(ph->early));
  }
  for (int side = 0; side < QUIC_SIDES; side++) {
    const quic_totals *sum = quic_analysis_totals(a, side);

    quic_analysis_sum(a, side, &c[side]);
    updates += path->side[side].updates;
    summary_count(t, sum->closed,
                  side ? "server packets not opened"
                       : "client packets not opened");
  }
  for (int side = 0; side < QUIC_SIDES; side++) {
    summary_count(t, c[side].lost, side ? "server lost" : "client lost");
    summary_count(t, c[side].spurious, "for nothing");
  }
  summary_count(t, c[0].missed + c[1].missed, "not captured");
  summary_count(t, updates, "key updates");
  summary_count(t, path->ntuples > 1 ? path->ntuples - 1 : 0, "path changes");
  summary_count(t, tr->failed, "status 4xx, 5xx");
  summary_count(t, tr->notes, "rules broken");
}

static void summary_number(out_summary *o, uint64_t v) {
  quic_text_u64(&o->table.text, v);
  summary_next(o);
}

static void summary_ended(qd_output *out, struct qd_trace *tr) {
  out_summary *o = (out_summary *)(void *)out;
  const quic_totals *c = quic_analysis_totals(tr->analysis, QUIC_SIDE_CLIENT);
  const quic_totals *s = quic_analysis_totals(tr->analysis, QUIC_SIDE_SERVER);

  o->closed += c->closed + s->closed != 0;
  summary_number(o, tr->number);
  summary_who(o, tr);
  summary_version(o, tr);
  summary_names(o, tr);
  summary_handshake(o, tr);
  summary_number(o, c->packets + s->packets);
  qd_show_bytes(&o->table.text, c->datagram_octets + s->datagram_octets);
  summary_next(o);
  summary_loss(o, tr);
  summary_rtt(o, tr);
  summary_number(o, qd_figures_streams(tr->analysis));
  summary_number(o, tr->requests);
  quic_close_sentence(quic_analysis_close(tr->analysis), &o->table.text);
  quic_text_char(&o->table.text, '\n');
  summary_note(&o->table.text, tr);
  cli_table_note(&o->table);
}

static void summary_finish(qd_output *out) {
  out_summary *o = (out_summary *)(void *)out;
  quic_text *t = o->settings.text;

  if (o->table.rows) {
    cli_table_write(&o->table, t, o->settings.colour);
  }
  if (o->closed) {
    quic_text_u64(t, o->closed);
    quic_text_str(t, o->closed == 1 ? " connection has" : " connections have");
    quic_text_str(t, " packets that could not be opened: quicdump --why\n");
  }
}

static void summary_del(qd_output *out) {
  out_summary *o = (out_summary *)(void *)out;

  cli_table_free(&o->table);
  quic_mem_free(o->settings.mem, o);
}

int qd_output_summary_new(qd_output **out, const qd_output_settings *settings) {
  out_summary *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.ended = summary_ended;
  o->base.finish = summary_finish;
  o->base.del = summary_del;
  o->settings = *settings;
  cli_table_init(&o->table, settings->mem, summary_columns, SUMMARY_COLUMNS);
  *out = &o->base;
  return 0;
}
