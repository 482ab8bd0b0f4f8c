/* --diff: takes the packets of two captures, and reports what differs. */

#include "pcap/diff.h"
#include "pcap/out_diff.h"
#include "pcap/out_json.h"
#include "pcap/report.h"
#include "pcap/show.h"

#define DIFF_ELSEWHERE (100 * QUIC_SECOND) /* no clock is as wrong as that */

typedef struct out_diff {
  qd_output base;
  const quic_mem *mem;
  qd_diff *diff;
  qd_diff_which which;
} out_diff;

static void diff_packet(qd_output *out, const qd_packet *p) {
  out_diff *o = (out_diff *)(void *)out;

  qd_diff_packet_add(o->diff, o->which, p);
}

static void diff_del(qd_output *out) {
  out_diff *o = (out_diff *)(void *)out;

  quic_mem_free(o->mem, o);
}

int qd_output_diff_new(qd_output **out, const quic_mem *mem, qd_diff *diff,
                       qd_diff_which which) {
  out_diff *o = quic_mem_zalloc(mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.packet = diff_packet;
  o->base.del = diff_del;
  o->mem = mem;
  o->diff = diff;
  o->which = which;
  *out = &o->base;
  return 0;
}

/* Text. */

static const char *const diff_names[] = {"A", "B"};

static void text_count(quic_text *t, uint64_t n, const char *what) {
  quic_text_u64(t, n);
  quic_text_char(t, ' ');
  quic_text_str(t, what);
  quic_text_str(t, n == 1 ? "" : "s");
}

static void text_record(quic_text *t, const qd_diff_record *r,
                        const char *name) {
  quic_text_str(t, name);
  quic_text_str(t, "  ");
  quic_text_str(t, r->name);
  quic_text_str(t, r->log ? " (qlog): " : ": ");
  text_count(t, r->npackets, "packet");
  quic_text_str(t, " of ");
  text_count(t, r->nconns, "connection");
  if (r->dropped) {
    quic_text_str(t, "; ");
    quic_text_u64(t, r->dropped);
    quic_text_str(t, " more were not compared, for want of room");
  }
  quic_text_char(t, '\n');
}

/* text_signed writes "+1.5 ms" or "-1.5 ms". */
static void text_signed(quic_text *t, int64_t d) {
  quic_text_char(t, d <= -(int64_t)QUIC_MICROSECOND ? '-' : '+');
  quic_close_duration(t, d < 0 ? (quic_duration)0 - (quic_duration)d
                               : (quic_duration)d);
}

/* diff_upstream returns the record that is nearer to |side|. */
static qd_diff_which diff_upstream(const qd_diff_pair *pr, int side) {
  return (pr->near == QD_DIFF_A) == (side == QD_CLIENT) ? QD_DIFF_A : QD_DIFF_B;
}

static void text_way_lost(quic_text *t, const qd_diff_pair *pr, int side) {
  const qd_diff_way *w = &pr->way[side];
  qd_diff_which up = diff_upstream(pr, side);
  uint64_t seen = w->packets[up] - w->only[up].outside;

  quic_text_u64(t, w->only[up].packets);
  quic_text_str(t, " of ");
  quic_text_u64(t, seen);
  if (w->only[up].packets) {
    quic_text_str(t, " (");
    qd_report_share(t, w->only[up].packets, seen);
    quic_text_char(t, ')');
  }
  quic_text_str(t, " to the ");
  quic_text_str(t, quic_side_name(!side));
}

static void text_verdict(quic_text *t, const qd_diff_pair *pr) {
  qd_report_name(t, "verdict");
  quic_text_str(t, "lost between the two: ");
  text_way_lost(t, pr, QD_CLIENT);
  quic_text_str(t, ", ");
  text_way_lost(t, pr, QD_SERVER);
  if (pr->differ) {
    quic_text_str(t, "; ");
    text_count(t, pr->differ, "packet");
    quic_text_str(t, " not the same in both");
  }
  quic_text_char(t, '\n');
}

static void text_place(quic_text *t, const qd_diff_pair *pr) {
  quic_text_str(t, diff_names[pr->near]);
  quic_text_str(t, " is nearer to the client; to ");
  quic_text_str(t, diff_names[!pr->near]);
  quic_text_str(t, " and back ");
  quic_close_duration(t, pr->round_trip);
  quic_text_str(t, " at least\n");
}

/* text_offset: clocks that do not count from the same time are told exactly. */
static void text_offset(quic_text *t, int64_t d) {
  uint64_t ns = d < 0 ? (uint64_t)0 - (uint64_t)d : (uint64_t)d;

  if (ns < DIFF_ELSEWHERE) {
    text_signed(t, d);
    return;
  }
  quic_text_char(t, d < 0 ? '-' : '+');
  qd_show_seconds(t, ns, 0, 0);
  quic_text_str(t, " s");
}

static void text_clocks(quic_text *t, const qd_diff_pair *pr) {
  if (!pr->timed) {
    qd_report_name(t, "clocks");
    quic_text_str(t, "unknown: packets in both one way only; A is taken for "
                     "the one nearer to the client\n");
    return;
  }
  qd_report_name(t, "place");
  if (!pr->round_trip && pr->conn[QD_DIFF_A]->end < 0 &&
      pr->conn[QD_DIFF_B]->end < 0) {
    quic_text_str(t, "A and B are as near to the client, as far as clocks "
                     "tell\n");
  } else {
    text_place(t, pr);
  }
  qd_report_name(t, "clock of B");
  text_offset(t, pr->offset);
  quic_text_str(t, ", if both ways take as long");
  if (pr->drifts) {
    quic_text_str(t, "; drift ");
    quic_text_printf(
        t, "%c%llu.%03llu", pr->drift < 0 ? '-' : '+',
        (unsigned long long)(pr->drift < 0 ? -pr->drift : pr->drift) / 1000,
        (unsigned long long)(pr->drift < 0 ? -pr->drift : pr->drift) % 1000);
    quic_text_str(t, " ppm");
  }
  quic_text_char(t, '\n');
}

static void text_only(quic_text *t, const qd_diff_only *o, const char *name) {
  if (!o->packets && !o->outside) {
    return;
  }
  qd_report_name(t, "");
  quic_text_str(t, "only in ");
  quic_text_str(t, name);
  quic_text_str(t, ": ");
  quic_text_u64(t, o->packets);
  for (size_t i = 0; i < o->nranges; i++) {
    const qd_diff_range *r = &o->ranges[i];

    quic_text_str(t, i && o->ranges[i - 1].space == r->space ? ", " : "; ");
    if (i == 0 || o->ranges[i - 1].space != r->space) {
      quic_text_str(t, quic_packet_type_name((quic_packet_type)r->type));
      quic_text_char(t, ' ');
    }
    quic_text_u64(t, r->from);
    if (r->to != r->from) {
      quic_text_char(t, '-');
      quic_text_u64(t, r->to);
    }
  }
  if (o->more) {
    quic_text_str(t, ", ... ");
    quic_text_u64(t, o->more);
    quic_text_str(t, " more");
  }
  if (o->run_max > 1) {
    quic_text_str(t, "; at most ");
    quic_text_u64(t, o->run_max);
    quic_text_str(t, " in a row");
  }
  if (o->numberless) {
    quic_text_str(t, "; ");
    quic_text_u64(t, o->numberless);
    quic_text_str(t, " without a number");
  }
  if (o->outside) {
    quic_text_str(t, "; ");
    quic_text_u64(t, o->outside);
    quic_text_str(t, " more while the other was not recording");
  }
  quic_text_char(t, '\n');
}

static void text_way(quic_text *t, const qd_diff_pair *pr, int side) {
  const qd_diff_way *w = &pr->way[side];

  qd_report_name(t, side == QD_CLIENT ? "to the server" : "to the client");
  quic_text_u64(t, w->packets[QD_DIFF_A]);
  quic_text_str(t, " in A, ");
  quic_text_u64(t, w->packets[QD_DIFF_B]);
  quic_text_str(t, " in B, ");
  quic_text_u64(t, w->both);
  quic_text_str(t, " in both\n");
  text_only(t, &w->only[QD_DIFF_A], "A");
  text_only(t, &w->only[QD_DIFF_B], "B");
  if (!w->both) {
    return;
  }
  qd_report_name(t, "");
  quic_text_str(t, "delay ");
  if (pr->timed) {
    quic_close_duration(t, pr->round_trip / 2);
    quic_text_str(t, " and above that ");
  } else {
    quic_text_str(t, "above the fastest: ");
  }
  quic_text_str(t, "median ");
  quic_close_duration(t, w->median);
  quic_text_str(t, ", p99 ");
  quic_close_duration(t, w->p99);
  quic_text_str(t, ", max ");
  quic_close_duration(t, w->max);
  if (w->reordered) {
    quic_text_str(t, "; ");
    quic_text_u64(t, w->reordered);
    quic_text_str(t, " reordered, by up to ");
    quic_text_u64(t, w->reorder_max);
  }
  quic_text_char(t, '\n');
}

static void text_addresses(quic_text *t, const qd_diff_pair *pr) {
  for (int i = 0; i < QD_DIFF_ADDRS_MAX * QD_DIFF_ADDRS_MAX; i++) {
    const quic_addr *a = pr->conn[QD_DIFF_A]->addrs[i / 8];
    const quic_addr *b = pr->conn[QD_DIFF_B]->addrs[i % 8];

    if (!(pr->moved >> i & 1) ||
        (quic_addr_eq(&a[0], &b[0]) && quic_addr_eq(&a[1], &b[1]))) {
      continue;
    }
    qd_report_name(t, "addresses");
    qd_show_addr(t, &a[QD_CLIENT]);
    quic_text_str(t, " > ");
    qd_show_addr(t, &a[QD_SERVER]);
    quic_text_str(t, " in A is ");
    qd_show_addr(t, &b[QD_CLIENT]);
    quic_text_str(t, " > ");
    qd_show_addr(t, &b[QD_SERVER]);
    quic_text_str(t, " in B\n");
  }
}

static void text_mask(quic_text *t, uint64_t frames) {
  bool any = false;

  for (unsigned i = 0; i < 64; i++) {
    if (frames >> i & 1) {
      quic_text_str(t, any ? "+" : "");
      any = true;
      if (i == 63) {
        quic_text_str(t, "others");
      } else {
        cli_brief_frame_type(t, i);
      }
    }
  }
  quic_text_str(t, any ? "" : "no frames told");
}

static void text_first(quic_text *t, const qd_diff_pair *pr) {
  if (!pr->first[QD_DIFF_A]) {
    return;
  }
  qd_report_name(t, "first difference");
  for (int i = 0; i < QD_DIFF_BOTH; i++) {
    const qd_diff_packet *p = pr->first[i];

    quic_text_str(t, i ? "; B #" : "A #");
    quic_text_u64(t, p->record);
    if (i == 0) {
      quic_text_char(t, ' ');
      quic_text_str(t, quic_side_name(p->side));
      quic_text_char(t, ' ');
      quic_text_str(t, quic_packet_type_name((quic_packet_type)p->type));
      quic_text_char(t, ' ');
      quic_text_u64(t, p->number);
    }
    quic_text_str(t, ": ");
    if (p->size) {
      qd_show_octets(t, p->size);
      quic_text_str(t, ", ");
    }
    text_mask(t, p->frames);
  }
  quic_text_char(t, '\n');
}

static void text_pair(quic_text *t, const qd_diff_pair *pr, bool colour) {
  const qd_diff_conn *c = pr->conn[QD_DIFF_A];

  cli_colour_on(t, colour, CLI_COLOUR_BOLD);
  quic_text_char(t, '#');
  quic_text_u64(t, c->number);
  quic_text_str(t, " = #");
  quic_text_u64(t, pr->conn[QD_DIFF_B]->number);
  cli_colour_off(t, colour);
  if (c->naddrs) {
    quic_text_str(t, "  ");
    qd_show_addr(t, &c->addrs[0][QD_CLIENT]);
    quic_text_str(t, " > ");
    qd_show_addr(t, &c->addrs[0][QD_SERVER]);
  }
  if (c->sni[0]) {
    quic_text_str(t, "  ");
    quic_text_str(t, c->sni);
  }
  quic_text_str(t, "  (the same by ");
  quic_text_str(t, qd_diff_by_name(pr->by));
  quic_text_str(t, ")\n");
  text_verdict(t, pr);
  text_clocks(t, pr);
  text_addresses(t, pr);
  text_way(t, pr, QD_CLIENT);
  text_way(t, pr, QD_SERVER);
  text_first(t, pr);
}

static void text_alone(quic_text *t, const qd_diff_record *r,
                       const char *name) {
  uint64_t n = 0;

  for (size_t i = 0; i < r->nconns; i++) {
    n += r->conns[i].match == QD_DIFF_NONE;
  }
  if (!n) {
    return;
  }
  text_count(t, n, "connection");
  quic_text_str(t, " only in ");
  quic_text_str(t, name);
  quic_text_char(t, ':');
  for (size_t i = 0, shown = 0; i < r->nconns && shown < 16; i++) {
    if (r->conns[i].match == QD_DIFF_NONE) {
      quic_text_str(t, shown++ ? ", #" : " #");
      quic_text_u64(t, r->conns[i].number);
    }
  }
  quic_text_str(t, n > 16 ? ", ...\n" : "\n");
}

/* JSON. */

static void json_record(qlog_json *j, const qd_diff_record *r,
                        const char *key) {
  qlog_json_key(j, key);
  qlog_json_object(j);
  JSON_STR(j, "name", r->name);
  JSON_STR(j, "kind", r->log ? "qlog" : "capture");
  JSON_U64(j, "packets", r->npackets);
  JSON_U64(j, "connections", r->nconns);
  JSON_U64(j, "dropped", r->dropped);
  qlog_json_object_end(j);
}

static void json_only(qlog_json *j, const qd_diff_only *o, const char *key) {
  qlog_json_key(j, key);
  qlog_json_object(j);
  JSON_U64(j, "packets", o->packets);
  JSON_U64(j, "outside", o->outside);
  JSON_U64(j, "numberless", o->numberless);
  JSON_U64(j, "run_max", o->run_max);
  JSON_KEY(j, "ranges");
  qlog_json_array(j);
  for (size_t i = 0; i < o->nranges; i++) {
    qlog_json_array(j);
    qlog_json_str(j,
                  quic_packet_type_name((quic_packet_type)o->ranges[i].type));
    qlog_json_u64(j, o->ranges[i].from);
    qlog_json_u64(j, o->ranges[i].to);
    qlog_json_array_end(j);
  }
  qlog_json_array_end(j);
  JSON_U64(j, "ranges_left_out", o->more);
  qlog_json_object_end(j);
}

static void json_way(qlog_json *j, const qd_diff_pair *pr, int side) {
  const qd_diff_way *w = &pr->way[side];

  qlog_json_key(j, side == QD_CLIENT ? "to_server" : "to_client");
  qlog_json_object(j);
  JSON_U64(j, "a", w->packets[QD_DIFF_A]);
  JSON_U64(j, "b", w->packets[QD_DIFF_B]);
  JSON_U64(j, "both", w->both);
  JSON_U64(j, "lost", w->only[diff_upstream(pr, side)].packets);
  json_only(j, &w->only[QD_DIFF_A], "only_a");
  json_only(j, &w->only[QD_DIFF_B], "only_b");
  JSON_KEY(j, "median_ms");
  json_duration(j, w->both ? w->median : QUIC_TIME_NEVER);
  JSON_KEY(j, "p99_ms");
  json_duration(j, w->both ? w->p99 : QUIC_TIME_NEVER);
  JSON_KEY(j, "max_ms");
  json_duration(j, w->both ? w->max : QUIC_TIME_NEVER);
  JSON_U64(j, "reordered", w->reordered);
  JSON_U64(j, "reorder_max", w->reorder_max);
  qlog_json_object_end(j);
}

static void json_clocks(qlog_json *j, const qd_diff_pair *pr) {
  JSON_KEY(j, "nearer_to_client");
  if (!pr->timed) {
    qlog_json_null(j);
    return;
  }
  qlog_json_str(j, pr->near == QD_DIFF_A ? "a" : "b");
  JSON_KEY(j, "round_trip_ms");
  json_duration(j, pr->round_trip);
  JSON_KEY(j, "offset_ms");
  qlog_json_since(j, pr->offset < 0 ? 0 : (quic_time)pr->offset,
                  pr->offset < 0 ? (quic_time)0 - (quic_time)pr->offset : 0);
  if (pr->drifts) {
    JSON_KEY(j, "drift_ppb");
    qlog_json_i64(j, pr->drift);
  }
}

static void json_addresses(qlog_json *j, const qd_diff_pair *pr) {
  JSON_KEY(j, "addresses");
  qlog_json_array(j);
  for (int i = 0; i < QD_DIFF_ADDRS_MAX * QD_DIFF_ADDRS_MAX; i++) {
    if (pr->moved >> i & 1) {
      const quic_addr *a = pr->conn[QD_DIFF_A]->addrs[i / 8];
      const quic_addr *b = pr->conn[QD_DIFF_B]->addrs[i % 8];

      qlog_json_array(j);
      json_address(j, &a[QD_CLIENT]);
      json_address(j, &a[QD_SERVER]);
      json_address(j, &b[QD_CLIENT]);
      json_address(j, &b[QD_SERVER]);
      qlog_json_array_end(j);
    }
  }
  qlog_json_array_end(j);
}

static void json_pair(qlog_json *j, const qd_diff_pair *pr) {
  qlog_json_object(j);
  JSON_STR(j, "type", "diff");
  JSON_U64(j, "a", pr->conn[QD_DIFF_A]->number);
  JSON_U64(j, "b", pr->conn[QD_DIFF_B]->number);
  JSON_STR(j, "by", qd_diff_by_name(pr->by));
  json_clocks(j, pr);
  json_addresses(j, pr);
  json_way(j, pr, QD_CLIENT);
  json_way(j, pr, QD_SERVER);
  JSON_U64(j, "differ", pr->differ);
  if (pr->first[QD_DIFF_A]) {
    const qd_diff_packet *a = pr->first[QD_DIFF_A], *b = pr->first[QD_DIFF_B];

    JSON_KEY(j, "first_difference");
    qlog_json_object(j);
    JSON_U64(j, "a", a->record);
    JSON_U64(j, "b", b->record);
    JSON_STR(j, "dir", quic_side_name(a->side));
    JSON_STR(j, "packet", quic_packet_type_name((quic_packet_type)a->type));
    JSON_U64(j, "pn", a->number);
    JSON_U64(j, "a_length", a->size);
    JSON_U64(j, "b_length", b->size);
    qlog_json_object_end(j);
  }
  qlog_json_object_end(j);
  qlog_json_end(j);
}

static void json_alone(qlog_json *j, const qd_diff_record *r, const char *key) {
  qlog_json_key(j, key);
  qlog_json_array(j);
  for (size_t i = 0; i < r->nconns; i++) {
    if (r->conns[i].match == QD_DIFF_NONE) {
      qlog_json_u64(j, r->conns[i].number);
    }
  }
  qlog_json_array_end(j);
}

/* The whole. */

static void diff_begin(quic_text *t, qlog_json *j, const qd_diff_record *a,
                       const qd_diff_record *b, bool json) {
  if (!json) {
    text_record(t, a, "A");
    text_record(t, b, "B");
    return;
  }
  qlog_json_object(j);
  JSON_STR(j, "schema", "quicdump/1");
  JSON_STR(j, "type", "diff_begin");
  JSON_STR(j, "program", "h3kit " H3KIT_VERSION);
  json_record(j, a, "a");
  json_record(j, b, "b");
  qlog_json_object_end(j);
  qlog_json_end(j);
}

static void diff_end(quic_text *t, qlog_json *j, const qd_diff_record *a,
                     const qd_diff_record *b, bool json) {
  if (!json) {
    text_alone(t, a, "A");
    text_alone(t, b, "B");
    return;
  }
  qlog_json_object(j);
  JSON_STR(j, "type", "diff_end");
  json_alone(j, a, "only_a");
  json_alone(j, b, "only_b");
  qlog_json_object_end(j);
  qlog_json_end(j);
}

int qd_diff_report(qd_diff *d, quic_text *t, bool json, bool colour,
                   size_t *pairs) {
  const qd_diff_record *a = qd_diff_record_of(d, QD_DIFF_A);
  const qd_diff_record *b = qd_diff_record_of(d, QD_DIFF_B);
  qlog_json j;

  *pairs = 0;
  qlog_json_init(&j, t);
  diff_begin(t, &j, a, b, json);
  for (size_t i = 0; i < a->nconns; i++) {
    qd_diff_pair pr;

    if (a->conns[i].match == QD_DIFF_NONE) {
      continue;
    }
    if (qd_diff_pair_of(d, (uint32_t)i, &pr) != 0) {
      return QUIC_ERR_NOMEM;
    }
    ++*pairs;
    if (json) {
      json_pair(&j, &pr);
    } else {
      text_pair(t, &pr, colour);
    }
  }
  diff_end(t, &j, a, b, json);
  return 0;
}
