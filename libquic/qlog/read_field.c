#include "qlog/read.h"

/* Fields that had other names than those in the table, besides what 0.3 called
   them; QLOG_EVENT_TYPES: whatever event they are in. */
static const struct {
  qlog_event_type type;
  const char *name;
  const char *old;
} field_renamed[] = {
    {QLOG_EVENT_TYPES, "initiator", "owner"},
    {QLOG_RECOVERY_METRICS_UPDATED, "congestion_window", "cwnd"},
    {QLOG_RECOVERY_METRICS_UPDATED, "congestion_window", "current_cwnd"},
    {QLOG_RECOVERY_METRICS_UPDATED, "rtt_variance", "rttvar"},
    {QLOG_RECOVERY_METRICS_UPDATED, "rtt_variance", "variance"},
    {QLOG_RECOVERY_METRICS_UPDATED, "ssthresh", "slow_start_threshold"},
    {QLOG_RECOVERY_METRICS_UPDATED, "pto_count", "crypto_count"},
    {QLOG_ALPN_INFORMATION, "chosen_alpn", "new"},
    {QLOG_MTU_UPDATED, "new", "mtu"},
    {QLOG_CONGESTION_STATE_UPDATED, "new", "state"},
    {QLOG_TIMER_UPDATED, "timer_type", "alarm_type"},
    {QLOG_TIMER_UPDATED, "delta", "alarm_duration"},
    {QLOG_TIMER_UPDATED, "delta", "timeout"},
    {QLOG_H3_STREAM_TYPE_SET, "stream_type", "new"},
    {QLOG_H3_STREAM_TYPE_SET, "stream_type", "type"},
    {QLOG_STREAM_STATE_UPDATED, "stream_id", "id"},
    {QLOG_STREAM_DATA_MOVED, "raw.length", "raw.payload_length"},
    {QLOG_STREAM_DATA_MOVED, "raw.length", "byte_length"},
    {QLOG_DATAGRAM_DATA_MOVED, "raw.length", "raw.payload_length"},
    {QLOG_KEY_UPDATED, "key_type", "type"},
    {QLOG_KEY_DISCARDED, "key_type", "type"},
    {QLOG_MIGRATION_STATE_UPDATED, "tuple_id", "path_id"},
    {QLOG_SIMULATION_MARKER, "type", "marker_type"},
    {QLOG_RECOVERY_PARAMETERS_SET, "loss_reduction_factor",
     "kLossReductionFactor"},
    {QLOG_RECOVERY_PARAMETERS_SET, "initial_rtt", "kInitialRtt"},
};

static void plain_name_add(qlog_keys *keys, qlog_read_names *names,
                           const char *name) {
  qlog_key key = name ? qlog_keys_add(keys, name) : QLOG_KEY_NONE;
  size_t n = 0;

  while (n < QLOG_READ_NAMES && names->keys[n] && names->keys[n] != key) {
    n++;
  }
  if (n < QLOG_READ_NAMES) {
    names->keys[n] = key;
  }
}

/* plain_names lists the names of |f|.  Raw lengths have keys of their own;
   addresses have no names, and flat endpoints (src_ip) no single one. */
static void plain_names(qlog_keys *keys, qlog_event_type type,
                        const qlog_field *f, qlog_read_names *names) {
  const char *name = f->kind == QLOG_FIELD_RAW_LENGTH ? "raw.length" : f->name;

  if (!name) {
    return;
  }
  plain_name_add(keys, names, name);
  if (!(f->kind == QLOG_FIELD_ENDPOINT && f->required)) {
    plain_name_add(keys, names, f->compat);
  }
  for (size_t i = 0; i < sizeof(field_renamed) / sizeof(field_renamed[0]);
       i++) {
    if ((field_renamed[i].type == type ||
         field_renamed[i].type == QLOG_EVENT_TYPES) &&
        strcmp(field_renamed[i].name, name) == 0) {
      plain_name_add(keys, names, field_renamed[i].old);
    }
  }
}

/* plain_mark remembers the keys of a field; an address has those of its
   parts. */
static void plain_mark(uint64_t *marks, const qlog_read_plain *plain) {
  static const qlog_key addr[] = {QLOG_KEY_IP_V4, QLOG_KEY_IP_V6};
  const bool is_addr = plain->field->kind == QLOG_FIELD_ADDR;
  const qlog_key *keys = is_addr ? addr : plain->names.keys;

  for (size_t i = 0; i < (is_addr ? 2 : QLOG_READ_NAMES) && keys[i]; i++) {
    marks[keys[i] / 64] |= UINT64_C(1) << (keys[i] % 64);
  }
}

void qlog_read_init_plains(qlog_read_tables *tables) {
  for (int type = 0; type < QLOG_EVENT_TYPES; type++) {
    const qlog_field *f = qlog_field_list((qlog_event_type)type);

    tables->plain_of[type] = (uint16_t)tables->nplains;
    for (;; f++) {
      qlog_read_plain *plain = &tables->plains[tables->nplains];

      if (tables->nplains == QLOG_READ_PLAINS) {
        tables->keys.full = true;
        return;
      }
      tables->nplains++;
      if (f->kind == QLOG_FIELD_END) {
        break; /* |plain->field| stays NULL */
      }
      plain->field = f;
      plain_names(&tables->keys, (qlog_event_type)type, f, &plain->names);
      plain_mark(tables->plain_keys[type], plain);
    }
  }
}

/* --- addresses -------------------------------------------------------------
 */

static void plain_cids(qlog_convert *c, const qlog_value *v,
                       qlog_endpoint *out) {
  qlog_tokens t;
  qlog_value item;
  quic_bytes *cids;
  size_t n = 0;

  if (!qlog_read_list(c, v, &t)) {
    return;
  }
  cids = (quic_bytes *)qlog_scratch_list(&c->scratch, v->text.len / 3 + 1,
                                         sizeof(*cids));
  while (cids && qlog_read_list_next(&t, &item)) {
    n += qlog_value_hex(c, &item, &cids[n]);
  }
  out->cids = cids;
  out->ncids = cids ? n : 0;
}

void qlog_read_endpoint(qlog_convert *c, const qlog_value *v,
                        qlog_endpoint *out) {
  const qlog_object *o = &c->item;

  if (!qlog_read_span(c, v, &c->item)) {
    return;
  }
  if (!qlog_value_addr(c, qlog_object_get(o, QLOG_KEY_IP_V4),
                       qlog_object_get(o, QLOG_KEY_PORT_V4), &out->addr)) {
    (void)qlog_value_addr(c, qlog_object_get(o, QLOG_KEY_IP_V6),
                          qlog_object_get(o, QLOG_KEY_PORT_V6), &out->addr);
  }
  plain_cids(c, qlog_object_get(o, QLOG_KEY_CONNECTION_IDS), out);
}

/* plain_addr reads an address whose parts are members: server_listening has one
   of each family. */
static void plain_addr(qlog_convert *c, const qlog_field *f,
                       const quic_addr **out) {
  bool v4 = f->offset == offsetof(qlog_server_listening, v4);
  const qlog_object *o = &c->top;

  (void)qlog_value_addr(
      c, qlog_object_get(o, v4 ? QLOG_KEY_IP_V4 : QLOG_KEY_IP_V6),
      qlog_object_get(o, v4 ? QLOG_KEY_PORT_V4 : QLOG_KEY_PORT_V6), out);
}

/* --- ALPN ------------------------------------------------------------------
 */

/* plain_alpn reads an ALPNIdentifier, or a text as it was in 0.3. */
static bool plain_alpn(qlog_convert *c, const qlog_value *v, quic_bytes *out) {
  const qlog_object *o = &c->item;

  if (!v || v->token == QLOG_TOKEN_NULL) {
    return false;
  }
  if (v->token == QLOG_TOKEN_STRING) {
    return qlog_value_text(c, v, out);
  }
  return qlog_read_span(c, v, &c->item) &&
         (qlog_value_hex(c, qlog_object_get(o, QLOG_KEY_BYTE_VALUE), out) ||
          qlog_value_text(c, qlog_object_get(o, QLOG_KEY_STRING_VALUE), out));
}

static void plain_alpns(qlog_convert *c, const qlog_value *v, quic_bytes *out) {
  qlog_tokens t;
  qlog_value item;
  quic_bytes alpn;
  uint8_t *p;
  size_t n = 0;

  if (!qlog_read_list(c, v, &t)) {
    return;
  }
  /* A text of n octets and its length need no more than "text" does. */
  p = (uint8_t *)qlog_scratch_take(&c->scratch, v->text.len);
  while (p && qlog_read_list_next(&t, &item)) {
    if (!plain_alpn(c, &item, &alpn)) {
      continue;
    }
    if (alpn.len == 0 || alpn.len > UINT8_MAX) {
      qlog_read_bad(c);
      continue;
    }
    p[n++] = (uint8_t)alpn.len;
    memcpy(p + n, alpn.data, alpn.len);
    n += alpn.len;
  }
  *out = quic_bytes_of(p, n);
}

/* --- fields ----------------------------------------------------------------
 */

static void plain_version(qlog_convert *c, const qlog_value *v, uint64_t *out) {
  uint32_t version;

  if (qlog_value_version(c, v, &version)) {
    *out = version;
  }
}

static void plain_read(qlog_convert *c, const qlog_field *f,
                       const qlog_value *v, void *at) {
  switch (f->kind) {
  case QLOG_FIELD_U64:
  case QLOG_FIELD_RAW_LENGTH:
    (void)qlog_value_u64(c, v, (uint64_t *)at);
    break;
  case QLOG_FIELD_MS:
    (void)qlog_value_duration(c, v, (uint64_t *)at);
    break;
  case QLOG_FIELD_THOUSANDTHS:
    (void)qlog_value_thousandths(c, v, (uint64_t *)at);
    break;
  case QLOG_FIELD_VERSION:
    plain_version(c, v, (uint64_t *)at);
    break;
  case QLOG_FIELD_FLAG:
    (void)qlog_value_flag(c, v, (int *)at);
    break;
  case QLOG_FIELD_NAME:
    (void)qlog_value_name(c, v, f->names, (int *)at);
    break;
  case QLOG_FIELD_STR:
    (void)qlog_value_str(c, v, (const char **)at);
    break;
  case QLOG_FIELD_TEXT:
    (void)qlog_value_text(c, v, (quic_bytes *)at);
    break;
  case QLOG_FIELD_HEX:
    (void)qlog_value_hex(c, v, (quic_bytes *)at);
    break;
  case QLOG_FIELD_VERSIONS:
    (void)qlog_value_versions(c, v, (quic_bytes *)at);
    break;
  case QLOG_FIELD_ALPN:
    (void)plain_alpn(c, v, (quic_bytes *)at);
    break;
  case QLOG_FIELD_ALPNS:
    plain_alpns(c, v, (quic_bytes *)at);
    break;
  case QLOG_FIELD_ENDPOINT:
    qlog_read_endpoint(c, v, (qlog_endpoint *)at);
    break;
  case QLOG_FIELD_ADDR:
  case QLOG_FIELD_END:
    break;
  }
}

/* plain_any: one of the plain fields is there. */
static bool plain_any(const qlog_convert *c, qlog_event_type type) {
  const uint64_t *keys = c->tables.plain_keys[type];
  uint64_t any = 0;

  for (size_t i = 0; i < QLOG_KEYS_MAX / 64; i++) {
    any |= keys[i] & c->top.present[i];
  }
  return any != 0;
}

void qlog_read_plains(qlog_convert *c, qlog_event *e) {
  const qlog_read_tables *tables = &c->tables;
  const qlog_read_plain *plain = &tables->plains[tables->plain_of[e->type]];

  if (!plain_any(c, e->type)) {
    return;
  }
  for (; plain->field; plain++) {
    const qlog_field *f = plain->field;
    void *at = (uint8_t *)&e->u + f->offset;
    const qlog_value *v;

    if (f->kind == QLOG_FIELD_ADDR) {
      plain_addr(c, f, (const quic_addr **)at);
      continue;
    }
    v = qlog_read_first(c, &c->top, &plain->names);
    if (v) {
      plain_read(c, f, v, at);
    }
  }
}
