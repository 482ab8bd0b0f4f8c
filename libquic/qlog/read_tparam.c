#include "qlog/read.h"
#include "qlog/write.h"
#include "wire/names.h"
#include "wire/varint.h"

/* What transport parameters were called before, or by some. */
static const struct {
  const char *name;
  uint64_t id;
} tparam_renamed[] = {
    {"idle_timeout", QUIC_TPARAM_MAX_IDLE_TIMEOUT},
    {"max_packet_size", QUIC_TPARAM_MAX_UDP_PAYLOAD_SIZE},
    {"original_connection_id", QUIC_TPARAM_ORIGINAL_DCID},
    {"handshake_connection_id", QUIC_TPARAM_INITIAL_SCID},
    {"disable_migration", QUIC_TPARAM_DISABLE_ACTIVE_MIGRATION},
    {"enable_loss_bit", QUIC_TPARAM_LOSS_BITS},
    {"initial_max_uni_streams", QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI},
    {"initial_max_bidi_streams", QUIC_TPARAM_INITIAL_MAX_STREAMS_BIDI},
    {"min_ack_delay", UINT64_C(0xff04de1b)}, /* the last draft's */
};

static void tparam_add(qlog_read_tables *tables, const char *name,
                       const quic_tparam_info *info) {
  qlog_key key = qlog_keys_add(&tables->keys, name);

  for (size_t i = 0; i < tables->ntparams; i++) {
    if (tables->tparams[i].key == key) {
      return; /* the numbers of drafts come later */
    }
  }
  if (tables->ntparams == QLOG_READ_TPARAMS) {
    tables->keys.full = true;
    return;
  }
  tables->tparams[tables->ntparams].key = key;
  tables->tparams[tables->ntparams++].info = info;
}

void qlog_read_init_tparams(qlog_read_tables *tables) {
  const quic_tparam_info *info;

  for (size_t i = 0; i < sizeof(tparam_renamed) / sizeof(tparam_renamed[0]);
       i++) {
    tparam_add(tables, tparam_renamed[i].name,
               quic_tparam_info_find(tparam_renamed[i].id));
  }
  for (size_t i = 0; (info = quic_tparam_info_at(i)); i++) {
    tparam_add(tables, info->name, info);
  }
}

/* --- values ----------------------------------------------------------------
 */

static bool tparam_integer(qlog_convert *c, const qlog_value *v,
                           quic_bytes *out) {
  quic_writer wr;
  uint64_t number;
  uint8_t *p;

  /* Flags that have become numbers. */
  if (v->token == QLOG_TOKEN_TRUE || v->token == QLOG_TOKEN_FALSE) {
    number = v->token == QLOG_TOKEN_TRUE;
  } else if (!qlog_value_u64(c, v, &number)) {
    return false;
  }
  if (number > QUIC_VARINT_MAX) {
    qlog_read_bad(c);
    return false;
  }
  p = (uint8_t *)qlog_scratch_take(&c->scratch, 8);
  if (!p) {
    return false;
  }
  quic_writer_init(&wr, p, 8);
  quic_writer_varint(&wr, number);
  *out = quic_bytes_of(p, quic_writer_len(&wr));
  return true;
}

static bool tparam_flag(qlog_convert *c, const qlog_value *v, quic_bytes *out) {
  int flag = 0;

  *out = quic_bytes_of(NULL, 0);
  return qlog_value_flag(c, v, &flag) && flag;
}

/* tparam_addr writes address and port; zeros when there is none. */
static void tparam_addr(qlog_convert *c, qlog_key ip, qlog_key port,
                        quic_writer *wr, size_t len) {
  const qlog_object *o = &c->item;
  const quic_addr none = {.family = 0};
  const quic_addr *addr = &none;

  (void)qlog_value_addr(c, qlog_object_get(o, ip), qlog_object_get(o, port),
                        &addr);
  quic_writer_bytes(wr, quic_bytes_of(addr->ip, len));
  quic_writer_u16(wr, addr->port);
}

static bool tparam_preferred(qlog_convert *c, const qlog_value *v,
                             quic_bytes *out) {
  static const uint8_t zeros[QUIC_RESET_TOKEN_LEN];
  quic_bytes cid = {NULL, 0}, token = {NULL, 0};
  const qlog_value *reset, *id;
  const size_t cap = 4 + 2 + 16 + 2 + 1 + QUIC_CID_MAX + QUIC_RESET_TOKEN_LEN;
  quic_writer wr;
  uint8_t *p = (uint8_t *)qlog_scratch_take(&c->scratch, cap);

  if (!p || !qlog_read_span(c, v, &c->item)) {
    return false;
  }
  quic_writer_init(&wr, p, cap);
  tparam_addr(c, QLOG_KEY_IP_V4, QLOG_KEY_PORT_V4, &wr, 4);
  tparam_addr(c, QLOG_KEY_IP_V6, QLOG_KEY_PORT_V6, &wr, 16);
  id = qlog_object_get(&c->item, QLOG_KEY_CONNECTION_ID);
  reset = qlog_object_get(&c->item, QLOG_KEY_STATELESS_RESET_TOKEN);
  (void)qlog_value_hex(c, id, &cid);
  (void)qlog_value_token(c, reset, &token, NULL);
  if (cid.len > QUIC_CID_MAX || token.len != QUIC_RESET_TOKEN_LEN) {
    qlog_read_bad(c);
    cid.len = cid.len > QUIC_CID_MAX ? 0 : cid.len;
    token = quic_bytes_of(zeros, sizeof(zeros));
  }
  quic_writer_u8(&wr, (uint8_t)cid.len);
  quic_writer_bytes(&wr, cid);
  quic_writer_bytes(&wr, token);
  *out = quic_bytes_of(p, quic_writer_len(&wr));
  return true;
}

static bool tparam_value(qlog_convert *c, const quic_tparam_info *info,
                         const qlog_value *v, quic_bytes *out) {
  *out = quic_bytes_of(NULL, 0);
  switch (info->kind) {
  case QUIC_TPARAM_INTEGER:
    return tparam_integer(c, v, out);
  case QUIC_TPARAM_FLAG:
    return tparam_flag(c, v, out);
  case QUIC_TPARAM_PREFERRED:
    return tparam_preferred(c, v, out);
  case QUIC_TPARAM_VERSIONS:
    return v->token == QLOG_TOKEN_STRING ? qlog_value_hex(c, v, out)
                                         : qlog_value_versions(c, v, out);
  default:
    return qlog_value_token(c, v, out, NULL);
  }
}

/* --- the whole -------------------------------------------------------------
 */

static void tparams_add(qlog_convert *c, quic_tparams *list, uint64_t id,
                        quic_bytes value) {
  if (list->len == QUIC_TPARAMS_MAX || id > QUIC_VARINT_MAX) {
    qlog_read_bad(c);
    return;
  }
  list->items[list->len++] = (quic_tparam){.id = id, .value = value};
}

/* tparams_settle moves the last parameter to where the registry has it, so that
   the order of those with names does not depend on how a log tells them. */
static void tparams_settle(quic_tparams *list) {
  size_t i = list->len - 1;
  quic_tparam last = list->items[i];
  const quic_tparam_info *info = quic_tparam_info_find(last.id), *other;

  while (i > 0 && (!(other = quic_tparam_info_find(list->items[i - 1].id)) ||
                   other > info)) {
    list->items[i] = list->items[i - 1];
    i--;
  }
  list->items[i] = last;
}

static void tparams_named(qlog_convert *c, quic_tparams *list) {
  quic_bytes value;

  for (size_t i = 0; i < c->tables.ntparams; i++) {
    const qlog_read_tparam *row = &c->tables.tparams[i];
    const qlog_value *v = qlog_object_get(&c->top, row->key);

    if (v && v->token != QLOG_TOKEN_NULL &&
        tparam_value(c, row->info, v, &value)) {
      tparams_add(c, list, row->info->id, value);
      tparams_settle(list);
    }
  }
}

static void tparams_unknown(qlog_convert *c, quic_tparams *list) {
  const qlog_value *v = qlog_object_get(&c->top, QLOG_KEY_UNKNOWN_PARAMETERS);
  qlog_tokens t;

  if (!qlog_read_list(c, v, &t)) {
    return;
  }
  while (qlog_read_list_next_object(c, &t)) {
    quic_bytes value = {NULL, 0};
    uint64_t id;
    bool first;

    if (qlog_value_u64(c, qlog_object_get(&c->item, QLOG_KEY_ID), &id)) {
      (void)qlog_value_hex(c, qlog_object_get(&c->item, QLOG_KEY_VALUE),
                           &value);
      first = !quic_tparams_find(list, id);
      tparams_add(c, list, id, value);
      if (first && qlog_write_tparam_named(id) && list->len > 0 &&
          list->items[list->len - 1].id == id) {
        tparams_settle(list);
      }
    }
  }
}

static void tparams_encode(qlog_convert *c, const quic_tparams *list,
                           quic_bytes *out) {
  size_t cap = 0;
  quic_writer wr;
  uint8_t *p;

  if (list->len == 0) {
    return;
  }
  for (size_t i = 0; i < list->len; i++) {
    cap += 16 + list->items[i].value.len;
  }
  p = (uint8_t *)qlog_scratch_take(&c->scratch, cap);
  if (!p) {
    return;
  }
  quic_writer_init(&wr, p, cap);
  if (quic_tparams_encode(list, &wr, NULL) == 0) {
    *out = quic_bytes_of(p, quic_writer_len(&wr));
  }
}

/* Those of TLS 1.3, which are all that QUIC can have. */
static const uint16_t tparam_suites[] = {0x1301, 0x1302, 0x1303, 0x1304, 0x1305,
                                         0x1306, 0x1307, 0x00c6, 0x00c7};

/* tparam_suite finds a TLS suite by its name, with or without "TLS_", or as
   quiche writes it: "AES128_GCM". */
static uint64_t tparam_suite(const qlog_value *v) {
  static const struct {
    const char *name;
    uint16_t id;
  } short_names[] = {{"AES128_GCM", 0x1301},
                     {"AES256_GCM", 0x1302},
                     {"CHACHA20_POLY1305", 0x1303}};

  for (size_t i = 0; i < sizeof(short_names) / sizeof(short_names[0]); i++) {
    if (qlog_value_is(v, short_names[i].name)) {
      return short_names[i].id;
    }
  }
  for (size_t i = 0; i < sizeof(tparam_suites) / sizeof(tparam_suites[0]);
       i++) {
    const char *name = quic_name_cipher_suite(tparam_suites[i]);

    if (qlog_value_is(v, name) || qlog_value_is(v, name + strlen("TLS_"))) {
      return tparam_suites[i];
    }
  }
  return QLOG_NONE;
}

void qlog_read_parameters(qlog_convert *c, qlog_event *e) {
  const qlog_value *cipher = qlog_object_get(&c->top, QLOG_KEY_TLS_CIPHER);
  qlog_parameters_set *set = &e->u.parameters;
  quic_tparams list;

  list.len = 0;
  tparams_named(c, &list);
  tparams_unknown(c, &list);
  tparams_encode(c, &list, &set->parameters);
  if (cipher && cipher->token == QLOG_TOKEN_STRING) {
    set->suite = tparam_suite(cipher);
  } else if (cipher) {
    (void)qlog_value_u64(c, cipher, &set->suite);
  }
}
