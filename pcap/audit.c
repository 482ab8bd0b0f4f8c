#include "pcap/audit.h"

#include "pcap/audit_data.h"

static const qd_audit_info audit_infos[QD_AUDIT_KINDS] = {
    [QD_AUDIT_AMPLIFICATION] =
        {"amplification",
         "a server sent too much to an address it had not validated",
         "more than 3 octets out for one in (RFC 9000 8.1)",
         {{"octets_in", "in", QD_AUDIT_OCTETS},
          {"octets_out", "out", QD_AUDIT_OCTETS},
          {"ratio", "octets out for one in", QD_AUDIT_MILLI}}},
    [QD_AUDIT_SPOOFED] =
        {"spoofed",
         "handshakes that were answered and never went on: spoofed addresses?",
         "8 or more of a network, 9 in 10 of all it began",
         {{"half_open", "half open", QD_AUDIT_COUNT},
          {"begun", "begun", QD_AUDIT_COUNT},
          {"server_names", "server names", QD_AUDIT_COUNT},
          {"octets_in", "in", QD_AUDIT_OCTETS},
          {"octets_out", "out", QD_AUDIT_OCTETS}}},
    [QD_AUDIT_VERSIONS] =
        {"version_negotiation",
         "Version Negotiation that nobody followed: a reflector?",
         "16 or more to a network",
         {{"answers", "answers", QD_AUDIT_COUNT},
          {"octets_out", "out", QD_AUDIT_OCTETS}}},
    [QD_AUDIT_RETRIES] = {"retry",
                          "Retry that nobody followed: a reflector, or a flood "
                          "held off",
                          "16 or more to a network",
                          {{"answers", "answers", QD_AUDIT_COUNT},
                           {"octets_out", "out", QD_AUDIT_OCTETS}}},
    [QD_AUDIT_RESETS] =
        {"reset_loop",
         "two sides answer each other with what looks like stateless resets",
         "8 datagrams of 43 octets at most, each shorter than the one before, "
         "or 64 that do not get shorter (RFC 9000 10.3.3)",
         {{"datagrams", "datagrams", QD_AUDIT_COUNT},
          {"octets_first", "at first", QD_AUDIT_OCTETS},
          {"octets_last", "at last", QD_AUDIT_OCTETS}}},
    [QD_AUDIT_CLOSES] =
        {"close_flood",
         "CONNECTION_CLOSE again and again",
         "8 datagrams with it and more than there were packets to answer, or "
         "32 (RFC 9000 10.2.1)",
         {{"closes", "closes", QD_AUDIT_COUNT},
          {"asked", "packets to answer", QD_AUDIT_COUNT},
          {"octets_in", "in", QD_AUDIT_OCTETS},
          {"octets_out", "out", QD_AUDIT_OCTETS}}},
    [QD_AUDIT_INITIALS] =
        {"initial_flood",
         "a server got more new connections than it could finish",
         "100 or more in a second, and most of all never got through",
         {{"peak", "in one second", QD_AUDIT_COUNT},
          {"begun", "in all", QD_AUDIT_COUNT},
          {"validated", "got through", QD_AUDIT_COUNT}}},
    [QD_AUDIT_ACKS] =
        {"optimistic_ack",
         "packets were acknowledged before they were sent",
         "8 or more, or 1024 numbers that were never sent (RFC 9000 21.4)",
         {{"early", "acknowledged before sent", QD_AUDIT_COUNT},
          {"ahead", "numbers never sent", QD_AUDIT_COUNT}}},
    [QD_AUDIT_TOKENS] =
        {"token_reuse",
         "one address validation token for several addresses or connections",
         "more than one IP address, or 5 connections (RFC 9000 "
         "8.1.3)",
         {{"connections", "connections", QD_AUDIT_COUNT},
          {"elsewhere", "from another IP address", QD_AUDIT_COUNT},
          {"token_octets", "in the token", QD_AUDIT_OCTETS}}},
    [QD_AUDIT_CHALLENGES] = {"challenge_flood",
                             "a side sends PATH_CHALLENGE without end",
                             "64 or more in a connection (RFC 9000 21.9)",
                             {{"challenges", "challenges", QD_AUDIT_COUNT},
                              {"responses", "responses", QD_AUDIT_COUNT}}},
    [QD_AUDIT_MIGRATIONS] = {"migration_storm",
                             "the client's address changes all the time",
                             "16 changes or more in a connection",
                             {{"changes", "changes", QD_AUDIT_COUNT},
                              {"challenges", "challenges", QD_AUDIT_COUNT}}},
};

const qd_audit_info *qd_audit_info_of(qd_audit_kind kind) {
  return &audit_infos[kind];
}

/* Tables. */

static const struct {
  size_t max, size;
  audit_settle_fn *settle;
} audit_shapes[AUDIT_TABLES] = {
    [AUDIT_FLOWS] = {QD_AUDIT_FLOWS_MAX, sizeof(audit_flow), audit_flow_settle},
    [AUDIT_CONNS] = {QD_AUDIT_CONNS_MAX, sizeof(audit_conn), audit_conn_settle},
    [AUDIT_TOKENS] = {QD_AUDIT_TOKENS_MAX, sizeof(audit_token),
                      audit_token_settle},
    [AUDIT_PAIRS] = {QD_AUDIT_PAIRS_MAX, sizeof(audit_pair), audit_pair_settle},
    [AUDIT_NETWORKS] = {QD_AUDIT_NETWORKS_MAX, sizeof(audit_network),
                        audit_network_settle},
    [AUDIT_SERVERS] = {QD_AUDIT_SERVERS_MAX, sizeof(audit_server),
                       audit_server_settle},
};

static void table_drop(qd_audit *a, audit_table *t, audit_item *item) {
  quic_list_remove(&item->lru);
  (void)quic_map_remove(&t->map, quic_bytes_of(item->key, item->keylen));
  t->last = t->last == item ? NULL : t->last;
  quic_mem_free(a->mem, item);
}

static audit_item *table_oldest(const audit_table *t) {
  return QUIC_LIST_ITEM(t->lru.next, audit_item, lru);
}

static bool table_is(const audit_item *item, const void *key, size_t len) {
  return item && item->keylen == len && memcmp(item->key, key, len) == 0;
}

void *audit_look(qd_audit *a, audit_tables table, const void *key, size_t len) {
  audit_table *t = &a->tables[table];

  return table_is(t->last, key, len)
             ? t->last
             : quic_map_get(&t->map, quic_bytes_of(key, len));
}

void *audit_take(qd_audit *a, audit_tables table, const void *key, size_t len,
                 bool *made) {
  audit_table *t = &a->tables[table];
  audit_item *item = audit_look(a, table, key, len);

  *made = false;
  if (!item) {
    if (t->map.len >= t->max) {
      a->totals.evicted++;
      t->settle(a, table_oldest(t));
      table_drop(a, t, table_oldest(t));
    }
    item = quic_mem_zalloc(a->mem, t->size);
    if (!item || quic_map_put(&t->map, quic_bytes_of(key, len), item) != 0) {
      quic_mem_free(a->mem, item);
      return NULL;
    }
    memcpy(item->key, key, len);
    item->keylen = (uint8_t)len;
    item->first = a->frame;
    quic_list_push_back(&t->lru, &item->lru);
    *made = true;
  }
  item->last = a->frame;
  if (t->last != item) {
    quic_list_remove(&item->lru);
    quic_list_push_back(&t->lru, &item->lru);
    t->last = item;
  }
  return item;
}

size_t audit_key_addr(uint8_t *out, const quic_addr *addr) {
  memcpy(out, addr->ip, 16);
  out[16] = (uint8_t)(addr->port >> 8);
  out[17] = (uint8_t)addr->port;
  out[18] = addr->family;
  return 19;
}

/* Results. */

qd_audit_case audit_case(const audit_item *item) {
  return (qd_audit_case){
      .side = -1, .conn = UINT64_MAX, .first = item->first, .last = item->last};
}

void audit_add(qd_audit *a, qd_audit_kind kind, const qd_audit_case *c) {
  qd_audit_found *f = &a->found[kind];
  size_t at = f->nworst;

  f->first = f->cases == 0 || c->first < f->first ? c->first : f->first;
  f->last = c->last > f->last ? c->last : f->last;
  f->cases++;
  while (at > 0 && (f->worst[at - 1].weight < c->weight ||
                    (f->worst[at - 1].weight == c->weight &&
                     f->worst[at - 1].first > c->first))) {
    at--;
  }
  if (at == QD_AUDIT_WORST) {
    return;
  }
  f->nworst += f->nworst < QD_AUDIT_WORST;
  memmove(&f->worst[at + 1], &f->worst[at],
          (f->nworst - 1 - at) * sizeof(f->worst[0]));
  f->worst[at] = *c;
}

const qd_audit_found *qd_audit_found_of(const qd_audit *a, qd_audit_kind kind) {
  return &a->found[kind];
}

const qd_audit_totals *qd_audit_totals_of(const qd_audit *a) {
  return &a->totals;
}

/* The whole. */

int qd_audit_new(qd_audit **out, const quic_mem *mem, const uint64_t seed[2]) {
  qd_audit *a = quic_mem_zalloc(mem, sizeof(*a));

  *out = a;
  if (!a) {
    return QUIC_ERR_NOMEM;
  }
  a->mem = mem;
  memcpy(a->seed, seed, sizeof(a->seed));
  qd_frames_init(&a->frames, mem);
  for (int i = 0; i < AUDIT_TABLES; i++) {
    audit_table *t = &a->tables[i];

    quic_map_init(&t->map, mem, seed);
    quic_list_init(&t->lru);
    t->max = audit_shapes[i].max;
    t->size = audit_shapes[i].size;
    t->settle = audit_shapes[i].settle;
  }
  return 0;
}

void qd_audit_del(qd_audit *a) {
  if (!a) {
    return;
  }
  for (int i = 0; i < AUDIT_TABLES; i++) {
    audit_table *t = &a->tables[i];

    while (!quic_list_empty(&t->lru)) {
      table_drop(a, t, table_oldest(t));
    }
    quic_map_free(&t->map);
  }
  qd_frames_free(&a->frames);
  quic_mem_free(a->mem, a);
}

bool audit_validates(const qd_packet *p) {
  if (p->sender != QD_CLIENT || (p->header.type != QUIC_PACKET_HANDSHAKE &&
                                 p->header.type != QUIC_PACKET_1RTT)) {
    return false;
  }
  /* What keys should open and do not may be anybody's. */
  return qd_packet_opened(p) ||
         (p->state == QD_STATE_CLOSED && p->reason != QD_REASON_AEAD_FAIL &&
          p->reason != QD_REASON_MALFORMED);
}

void qd_audit_packet(qd_audit *a, const qd_packet *p) {
  if (p->state == QD_STATE_PADDING || !p->sender_known || !p->conn ||
      p->notes & (QD_NOTE_ICMP | QD_NOTE_DUPLICATE)) {
    return;
  }
  a->now = p->time;
  a->frame = p->frame;
  a->totals.packets += !(p->notes & QD_NOTE_LATE);
  (void)!qd_frames_read(&a->frames, p);
  audit_loop_known(a, p);
  audit_flow_packet(a, p);
  audit_conn_packet(a, p);
}

void qd_audit_finish(qd_audit *a) {
  for (int i = 0; i < AUDIT_TABLES; i++) {
    audit_table *t = &a->tables[i];

    while (!quic_list_empty(&t->lru)) {
      t->settle(a, table_oldest(t));
      table_drop(a, t, table_oldest(t));
    }
  }
}
