/* What the audit found: a line for each kind of trouble, the worst cases below,
   and what was looked for in vain. */

#include "pcap/audit.h"
#include "pcap/out_json.h"
#include "pcap/show.h"

#define AUDIT_SCHEMA "quicdump/1"

typedef struct out_audit {
  qd_output base;
  qd_output_settings settings;
  qd_audit *audit;
} out_audit;

static void audit_packet(qd_output *out, const qd_packet *p) {
  qd_audit_packet(((out_audit *)(void *)out)->audit, p);
}

static void audit_datagram(qd_output *out, uint64_t frame, quic_time now,
                           const quic_datagram *dg) {
  qd_audit_datagram(((out_audit *)(void *)out)->audit, frame, now, dg);
}

/* Text. */

/* text_plural writes |what|, which stands in the plural, without its s for
   one. */
static void text_plural(quic_text *t, uint64_t n, const char *what) {
  size_t len = strlen(what);

  quic_text_mem(t, what, len - (n == 1 && len && what[len - 1] == 's'));
}

static void text_count(quic_text *t, uint64_t n, const char *what) {
  quic_text_u64(t, n);
  quic_text_char(t, ' ');
  text_plural(t, n, what);
}

static void text_milli(quic_text *t, uint64_t v) {
  quic_text_u64(t, v / 1000);
  quic_text_printf(t, ".%02u", (unsigned)(v % 1000 / 10));
}

static void text_network(quic_text *t, const qd_audit_case *c) {
  char text[QUIC_ADDR_TEXT];
  const char *addr = quic_addr_text(&c->client, text, sizeof(text));
  size_t len = strlen(addr);

  /* Without the port. */
  while (len && addr[len - 1] != ':') {
    len--;
  }
  len -= len > 0;
  if (c->client.family == 6 && len > 2) {
    addr++;
    len -= 2;
  }
  quic_text_mem(t, addr, len);
  quic_text_char(t, '/');
  quic_text_u64(t, c->prefix);
}

static void text_who(quic_text *t, const qd_audit_case *c) {
  if (c->prefix) {
    text_network(t, c);
  } else if (c->client.family) {
    qd_show_addr(t, &c->client);
  }
  if (c->server.family) {
    quic_text_str(t, !c->client.family      ? ""
                     : c->side == QD_CLIENT ? " > "
                     : c->side == QD_SERVER ? " < "
                                            : " - ");
    qd_show_addr(t, &c->server);
  }
}

static void text_case(quic_text *t, const qd_audit_info *info,
                      const qd_audit_case *c) {
  size_t start = quic_text_pos(t);

  quic_text_str(t, "  #");
  quic_text_u64(t, c->first);
  if (c->last != c->first) {
    quic_text_str(t, "-#");
    quic_text_u64(t, c->last);
  }
  quic_text_pad(t, start, 17);
  quic_text_char(t, ' ');
  text_who(t, c);
  quic_text_char(t, ':');
  for (const qd_audit_fact *f = info->facts; f->key; f++) {
    uint64_t v = c->facts[f - info->facts];

    quic_text_str(t, f == info->facts ? " " : ", ");
    if (f->unit == QD_AUDIT_MILLI) {
      text_milli(t, v);
    } else if (f->unit == QD_AUDIT_OCTETS) {
      qd_show_octets(t, v);
    } else {
      quic_text_u64(t, v);
    }
    quic_text_char(t, ' ');
    text_plural(t, v, f->text);
  }
  if (c->conn != UINT64_MAX) {
    quic_text_str(t, " (connection ");
    quic_text_u64(t, c->conn);
    quic_text_char(t, ')');
  }
  quic_text_char(t, '\n');
}

static void text_found(const out_audit *o, qd_audit_kind kind) {
  const qd_audit_found *found = qd_audit_found_of(o->audit, kind);
  const qd_audit_info *info = qd_audit_info_of(kind);
  quic_text *t = o->settings.text;

  if (!found->cases) {
    return;
  }
  quic_text_char(t, '\n');
  cli_colour_on(t, o->settings.colour, CLI_COLOUR_BAD);
  quic_text_str(t, info->key);
  cli_colour_off(t, o->settings.colour);
  quic_text_str(t, ": ");
  quic_text_str(t, info->title);
  quic_text_str(t, "\n  ");
  text_count(t, found->cases, "cases");
  quic_text_str(t, ", #");
  quic_text_u64(t, found->first);
  quic_text_str(t, "-#");
  quic_text_u64(t, found->last);
  quic_text_str(t, "; told from ");
  quic_text_str(t, info->threshold);
  quic_text_char(t, '\n');
  for (size_t i = 0; i < found->nworst; i++) {
    text_case(t, info, &found->worst[i]);
  }
  if (found->cases > found->nworst) {
    quic_text_str(t, "  and ");
    quic_text_u64(t, found->cases - found->nworst);
    quic_text_str(t, " more\n");
  }
}

static size_t audit_kinds(const out_audit *o) {
  size_t kinds = 0;

  for (int i = 0; i < QD_AUDIT_KINDS; i++) {
    kinds += qd_audit_found_of(o->audit, (qd_audit_kind)i)->cases > 0;
  }
  return kinds;
}

static void text_all(const out_audit *o, size_t kinds) {
  const qd_audit_totals *sum = qd_audit_totals_of(o->audit);
  quic_text *t = o->settings.text;
  bool any = false;

  quic_text_str(t, kinds ? "suspicious: " : "nothing suspicious: ");
  if (kinds) {
    text_count(t, kinds, "kinds");
    quic_text_str(t, " of trouble in ");
  }
  text_count(t, sum->packets, "packets");
  quic_text_str(t, " of ");
  text_count(t, sum->connections, "connections");
  quic_text_str(t, ", ");
  text_count(t, sum->flows, "address pairs");
  quic_text_char(t, '\n');
  if (sum->worst_milli) {
    quic_text_str(t, "before validation: at most ");
    text_milli(t, sum->worst_milli);
    quic_text_str(t, " octets out for one in; ");
    text_count(t, sum->half_open, "handshakes");
    quic_text_str(t, " half open\n");
  }
  if (sum->evicted) {
    quic_text_str(t, "judged early, for want of room: ");
    quic_text_u64(t, sum->evicted);
    quic_text_char(t, '\n');
  }
  for (int i = 0; i < QD_AUDIT_KINDS; i++) {
    text_found(o, (qd_audit_kind)i);
  }
  quic_text_str(t, kinds ? "\nnot found: " : "looked for: ");
  for (int i = 0; i < QD_AUDIT_KINDS; i++) {
    if (qd_audit_found_of(o->audit, (qd_audit_kind)i)->cases == 0) {
      quic_text_str(t, any ? ", " : "");
      quic_text_str(t, qd_audit_info_of((qd_audit_kind)i)->key);
      any = true;
    }
  }
  quic_text_str(t, any ? "\n" : "-\n");
}

/* JSON. */

static void json_case(qlog_json *j, const qd_audit_info *info,
                      const qd_audit_case *c) {
  qlog_json_object(j);
  JSON_U64(j, "first", c->first);
  JSON_U64(j, "last", c->last);
  JSON_KEY(j, "conn");
  json_known(j, c->conn);
  JSON_KEY(j, "side");
  json_side(j, c->side);
  if (c->client.family) {
    JSON_KEY(j, "client");
    json_address(j, &c->client);
  }
  if (c->prefix) {
    JSON_U64(j, "prefix", c->prefix);
  }
  if (c->server.family) {
    JSON_KEY(j, "server");
    json_address(j, &c->server);
  }
  for (const qd_audit_fact *f = info->facts; f->key; f++) {
    uint64_t v = c->facts[f - info->facts];

    qlog_json_key(j, f->key);
    if (f->unit == QD_AUDIT_MILLI) {
      qlog_json_scaled(j, v, 3);
    } else {
      qlog_json_u64(j, v);
    }
  }
  qlog_json_object_end(j);
}

static void json_found(qlog_json *j, const out_audit *o, qd_audit_kind kind) {
  const qd_audit_found *found = qd_audit_found_of(o->audit, kind);
  const qd_audit_info *info = qd_audit_info_of(kind);

  qlog_json_object(j);
  JSON_STR(j, "type", "audit");
  JSON_STR(j, "kind", info->key);
  JSON_STR(j, "title", info->title);
  JSON_STR(j, "threshold", info->threshold);
  JSON_U64(j, "cases", found->cases);
  if (found->cases) {
    JSON_U64(j, "first", found->first);
    JSON_U64(j, "last", found->last);
  }
  JSON_KEY(j, "worst");
  qlog_json_array(j);
  for (size_t i = 0; i < found->nworst; i++) {
    json_case(j, info, &found->worst[i]);
  }
  qlog_json_array_end(j);
  qlog_json_object_end(j);
  qlog_json_end(j);
}

static void json_all(const out_audit *o, size_t kinds) {
  const qd_audit_totals *sum = qd_audit_totals_of(o->audit);
  qlog_json j;

  qlog_json_init(&j, o->settings.text);
  qlog_json_object(&j);
  JSON_STR(&j, "schema", AUDIT_SCHEMA);
  JSON_STR(&j, "type", "audit_begin");
  JSON_STR(&j, "program", "h3kit " H3KIT_VERSION);
  qlog_json_object_end(&j);
  qlog_json_end(&j);
  for (int i = 0; i < QD_AUDIT_KINDS; i++) {
    json_found(&j, o, (qd_audit_kind)i);
  }
  qlog_json_object(&j);
  JSON_STR(&j, "type", "audit_end");
  JSON_BOOL(&j, "suspicious", kinds > 0);
  JSON_U64(&j, "packets", sum->packets);
  JSON_U64(&j, "connections", sum->connections);
  JSON_U64(&j, "address_pairs", sum->flows);
  JSON_U64(&j, "half_open", sum->half_open);
  JSON_KEY(&j, "ratio");
  qlog_json_scaled(&j, sum->worst_milli, 3);
  JSON_U64(&j, "judged_early", sum->evicted);
  qlog_json_object_end(&j);
  qlog_json_end(&j);
}

static void audit_finish(qd_output *out) {
  out_audit *o = (out_audit *)(void *)out;
  size_t kinds;

  qd_audit_finish(o->audit);
  kinds = audit_kinds(o);
  o->base.status = kinds ? 1 : 0;
  if (o->settings.json) {
    json_all(o, kinds);
  } else if (kinds || qd_audit_totals_of(o->audit)->packets) {
    text_all(o, kinds);
  }
}

static void audit_del(qd_output *out) {
  out_audit *o = (out_audit *)(void *)out;

  qd_audit_del(o->audit);
  quic_mem_free(o->settings.mem, o);
}

int qd_output_audit_new(qd_output **out, const qd_output_settings *settings) {
  out_audit *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o || qd_audit_new(&o->audit, settings->mem, settings->seed) != 0) {
    quic_mem_free(settings->mem, o);
    return QUIC_ERR_NOMEM;
  }
  o->base.packet = audit_packet;
  o->base.datagram = audit_datagram;
  o->base.finish = audit_finish;
  o->base.del = audit_del;
  o->settings = *settings;
  *out = &o->base;
  return 0;
}
