#include "qlog/clear.h"
#include "qlog/read.h"

/* Names of packet types; QUIC_PACKET_TYPES stands for stateless resets. */
static const struct {
  const char *name;
  quic_packet_type type;
} packet_types[] = {
    {"1RTT", QUIC_PACKET_1RTT},
    {"initial", QUIC_PACKET_INITIAL},
    {"handshake", QUIC_PACKET_HANDSHAKE},
    {"0RTT", QUIC_PACKET_0RTT},
    {"retry", QUIC_PACKET_RETRY},
    {"version_negotiation", QUIC_PACKET_VERSION_NEGOTIATION},
    {"stateless_reset", QUIC_PACKET_TYPES},
    {"unknown", QUIC_PACKET_UNKNOWN},
    {"1rtt", QUIC_PACKET_1RTT},
    {"onertt", QUIC_PACKET_1RTT},
    {"short", QUIC_PACKET_1RTT},
    {"0rtt", QUIC_PACKET_0RTT},
    {"zerortt", QUIC_PACKET_0RTT},
    {"zero_rtt", QUIC_PACKET_0RTT},
    {"one_rtt", QUIC_PACKET_1RTT},
    {"versionnegotiation", QUIC_PACKET_VERSION_NEGOTIATION},
    {"vn", QUIC_PACKET_VERSION_NEGOTIATION},
};

#define PACKET_PN_LEN 4 /* where the log does not tell */

void qlog_read_init_packets(qlog_read_tables *tables) {
  for (size_t i = 0; i < sizeof(packet_types) / sizeof(packet_types[0]); i++) {
    qlog_key key = qlog_keys_add(&tables->keys, packet_types[i].name);

    tables->packets[key] = (uint8_t)(packet_types[i].type + 1);
  }
}

/* packet_type reads the type; a packet that has a number but no type, or one
   that is not known, is taken for one of the application's: who logs so logs no
   handshake. */
static bool packet_type(qlog_convert *c, int *type) {
  const qlog_object *o = &c->top;
  const qlog_value *v = qlog_object_get(o, QLOG_KEY_PACKET_TYPE);
  bool numbered = qlog_object_has(o, QLOG_KEY_PACKET_NUMBER) ||
                  qlog_object_has(o, QLOG_KEY_PACKET_NR);
  bool folded = false;
  unsigned known = 0;

  if (!v) {
    v = qlog_object_get(o, QLOG_KEY_TYPE); /* of aioquic's packet_lost */
  }
  if (!v || v->token == QLOG_TOKEN_NULL) {
    *type = QUIC_PACKET_1RTT;
    return numbered;
  }
  if (v->token == QLOG_TOKEN_STRING && !v->escaped) {
    qlog_key key = qlog_keys_find_any_case(&c->tables.keys, v->text, &folded);

    known = c->tables.packets[key];
  }
  if (!known) {
    qlog_read_bad(c);
    known = QUIC_PACKET_UNKNOWN + 1;
  } else if (folded) {
    qlog_read_repair(c, QLOG_REPAIR_LETTER_CASE);
  }
  *type = (int)known - 1;
  if (*type == QUIC_PACKET_UNKNOWN && numbered) {
    *type = QUIC_PACKET_1RTT;
  }
  return true;
}

static void packet_number(qlog_convert *c, quic_header *h) {
  static const qlog_read_names names = {
      {QLOG_KEY_PACKET_NUMBER, QLOG_KEY_PACKET_NR}};
  uint64_t len = PACKET_PN_LEN;

  if (!qlog_value_u64(c, qlog_read_first(c, &c->top, &names), &h->pn)) {
    return;
  }
  if (h->pn >> 62) {
    qlog_read_bad(c);
    h->pn = 0;
    return;
  }
  (void)qlog_value_u64(
      c, qlog_object_get(&c->top, QLOG_KEY_PACKET_NUMBER_LENGTH), &len);
  h->pn_len = len >= 1 && len <= 4 ? (uint8_t)len : PACKET_PN_LEN;
}

/* packet_bits reads the bits of a short header's first octet.  What rows call
   key_phase is the bit, too. */
static void packet_bits(qlog_convert *c, qlog_packet *p, quic_header *h) {
  const qlog_object *o = &c->top;
  uint64_t phase = QLOG_NONE;
  int bit = 0;

  if (qlog_value_flag(c, qlog_object_get(o, QLOG_KEY_SPIN_BIT), &bit) && bit) {
    h->first |= QUIC_FIRST_SPIN;
  }
  if (qlog_value_u64(c, qlog_object_get(o, QLOG_KEY_KEY_PHASE), &phase)) {
    bit = phase & 1;
    if (!c->rows) {
      p->key_phase = phase;
    }
  } else {
    bit = 0;
    (void)qlog_value_flag(c, qlog_object_get(o, QLOG_KEY_KEY_PHASE_BIT), &bit);
  }
  if (bit) {
    h->first |= QUIC_FIRST_KEY_PHASE;
  }
}

static void packet_token(qlog_convert *c, quic_header *h) {
  static const qlog_read_names names = {{QLOG_KEY_TOKEN, QLOG_KEY_RETRY_TOKEN}};
  const qlog_object *o = &c->top;

  (void)qlog_value_token(c, qlog_read_first(c, o, &names), &h->token, NULL);
  (void)qlog_value_hex(c, qlog_object_get(o, QLOG_KEY_INTEGRITY_TAG),
                       &h->retry_tag);
}

static void packet_cid(qlog_convert *c, qlog_key key, quic_bytes *out) {
  if (qlog_value_hex(c, qlog_object_get(&c->top, key), out) &&
      out->len > QUIC_CID_MAX_ANY) {
    qlog_read_bad(c);
    *out = quic_bytes_of(NULL, 0);
  }
}

static void packet_long(qlog_convert *c, quic_header *h) {
  const qlog_object *o = &c->top;
  uint64_t bits = 0;

  h->version_info = NULL;
  if (qlog_value_version(c, qlog_object_get(o, QLOG_KEY_VERSION),
                         &h->version)) {
    h->version_info = quic_version_find(h->version);
  }
  h->first = quic_header_first(h->type, h->version_info);
  if (h->type == QUIC_PACKET_UNKNOWN) {
    static const qlog_read_names names = {
        {QLOG_KEY_PACKET_TYPE_BYTES, QLOG_KEY_PACKET_TYPE_VALUE}};

    (void)qlog_value_u64(c, qlog_read_first(c, o, &names), &bits);
    h->first = (uint8_t)((h->first & ~0x30) | (bits & 3) << 4);
  }
  (void)qlog_value_u64(c, qlog_object_get(o, QLOG_KEY_HEADER_LENGTH),
                       &h->length);
  packet_cid(c, QLOG_KEY_SCID, &h->scid);
  packet_token(c, h);
}

/* packet_header reads the header, which in rows stands partly, and of packets
   that are lost at times wholly, outside of "header". */
static quic_header *packet_header(qlog_convert *c, qlog_packet *p) {
  const qlog_object *o = &c->top;
  quic_header *h;
  int type;

  if (!packet_type(c, &type)) {
    return NULL;
  }
  h = (quic_header *)qlog_scratch_take(&c->scratch, sizeof(*h));
  if (!h) {
    return NULL;
  }
  if (!qlog_object_has(o, QLOG_KEY_HEADER) && !c->rows) {
    qlog_read_repair(c, QLOG_REPAIR_MISSING_HEADER);
  }
  p->stateless_reset = type == QUIC_PACKET_TYPES;
  qlog_clear(h, sizeof(*h));
  h->type = p->stateless_reset ? QUIC_PACKET_1RTT : (quic_packet_type)type;
  h->is_long = h->type != QUIC_PACKET_1RTT;
  p->header = h;
  if (h->is_long) {
    packet_long(c, h);
  } else {
    h->first = quic_header_first(QUIC_PACKET_1RTT, NULL);
    packet_bits(c, p, h);
  }
  packet_cid(c, QLOG_KEY_DCID, &h->dcid);
  packet_number(c, h);
  return h;
}

static void packet_lengths(qlog_convert *c, qlog_packet *p) {
  static const qlog_read_names length = {
      {QLOG_KEY_RAW_LENGTH, QLOG_KEY_PACKET_SIZE, QLOG_KEY_BYTE_LENGTH}};
  static const qlog_read_names payload = {
      {QLOG_KEY_RAW_PAYLOAD_LENGTH, QLOG_KEY_PAYLOAD_LENGTH}};
  const qlog_object *o = &c->top;

  (void)qlog_value_u64(c, qlog_read_first(c, o, &length), &p->length);
  (void)qlog_value_u64(c, qlog_read_first(c, o, &payload), &p->payload_length);
  (void)qlog_value_hex(c, qlog_object_get(o, QLOG_KEY_RAW_DATA), &p->raw);
}

/* packet_trigger_column takes the trigger of a row, unless it says nothing. */
static const qlog_value *packet_trigger_column(const qlog_convert *c,
                                               qlog_value *v) {
  static const char *const nothing[] = {"", "default", "unknown", "line"};

  *v = (qlog_value){.text = c->in->trigger, .token = QLOG_TOKEN_STRING};
  for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++) {
    if (qlog_value_is(v, nothing[i])) {
      return NULL;
    }
  }
  return v;
}

/* packet_trigger: a reason that no draft has stays to be shown. */
static void packet_trigger(qlog_convert *c, qlog_event *e) {
  const qlog_value *v = qlog_object_get(&c->top, QLOG_KEY_TRIGGER);
  qlog_packet *p = &e->u.packet;
  uint64_t bad = c->repairs[QLOG_REPAIR_BAD_VALUE];
  qlog_value column;

  if (!v) {
    v = packet_trigger_column(c, &column);
  }
  if (!v || v->token == QLOG_TOKEN_NULL) {
    return;
  }
  if (e->type == QLOG_PACKET_DROPPED &&
      qlog_value_name(c, v, &qlog_names_drop, &p->drop)) {
    return;
  }
  if (e->type == QLOG_PACKET_LOST &&
      qlog_value_name(c, v, &qlog_names_lost, &p->lost)) {
    return;
  }
  c->repairs[QLOG_REPAIR_BAD_VALUE] = bad;
  (void)qlog_value_str(c, v, &p->trigger);
}

/* packet_lost_sum makes an update of metrics of what mvfst tells of several
   lost packets together. */
static bool packet_lost_sum(qlog_convert *c, qlog_event *e) {
  const qlog_value *n = qlog_object_get(&c->top, QLOG_KEY_LOST_PACKETS);

  if (e->type != QLOG_PACKET_LOST ||
      (!n && !qlog_object_has(&c->top, QLOG_KEY_LARGEST_LOST))) {
    return false;
  }
  qlog_event_init(e, QLOG_RECOVERY_METRICS_UPDATED, e->time);
  (void)qlog_value_u64(c, n, &e->u.metrics.lost);
  qlog_read_repair(c, QLOG_REPAIR_OLD_FIELD);
  return true;
}

void qlog_read_packet(qlog_convert *c, qlog_event *e) {
  const qlog_object *o = &c->top;
  qlog_packet *p = &e->u.packet;
  quic_bytes versions = {NULL, 0};
  quic_header *header;

  if (packet_lost_sum(c, e)) {
    return;
  }
  header = packet_header(c, p);
  packet_lengths(c, p);
  if (qlog_object_has(o, QLOG_KEY_FRAMES)) {
    p->has_frames = true;
    p->frames = qlog_read_frames(c);
    p->nframes = p->frames ? c->nframes : 0;
    p->ack_delay_exponent = c->ack_raw ? p->ack_delay_exponent : 0;
  }
  packet_trigger(c, e);
  (void)qlog_value_token(c, qlog_object_get(o, QLOG_KEY_STATELESS_RESET_TOKEN),
                         &p->reset_token, NULL);
  if (qlog_value_versions(c, qlog_object_get(o, QLOG_KEY_SUPPORTED_VERSIONS),
                          &versions) &&
      header) {
    header->versions = versions;
  }
  (void)qlog_value_details(c, qlog_object_get(o, QLOG_KEY_DETAILS), &p->details,
                           &p->ndetails);
}
