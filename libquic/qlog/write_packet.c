#include "qlog/write.h"

#define PACKET_TYPE(name) "{\"packet_type\":\"" name "\""

/* The beginning of a header object, by quic_packet_type. */
static const struct packet_type {
  const char *open;
  uint8_t len;
} packet_types[] = {
#define ROW(type, name)                                                        \
  [type] = {PACKET_TYPE(name), sizeof(PACKET_TYPE(name)) - 1}
    ROW(QUIC_PACKET_INITIAL, "initial"),
    ROW(QUIC_PACKET_0RTT, "0RTT"),
    ROW(QUIC_PACKET_HANDSHAKE, "handshake"),
    ROW(QUIC_PACKET_RETRY, "retry"),
    ROW(QUIC_PACKET_1RTT, "1RTT"),
    ROW(QUIC_PACKET_VERSION_NEGOTIATION, "version_negotiation"),
    ROW(QUIC_PACKET_UNKNOWN, "unknown"),
    ROW(QUIC_PACKET_TYPES, "stateless_reset"),
#undef ROW
};

static void packet_version(qlog_json *j, uint32_t version) {
  uint8_t octets[4] = {(uint8_t)(version >> 24), (uint8_t)(version >> 16),
                       (uint8_t)(version >> 8), (uint8_t)version};

  WRITE_KEY(j, "version");
  qlog_json_hex(j, quic_bytes_of(octets, sizeof(octets)));
}

static void packet_number(qlog_json *j, const quic_header *h) {
  if (h->pn_len > 0) {
    WRITE_KEY(j, "packet_number");
    qlog_json_u64(j, h->pn);
    WRITE_KEY(j, "packet_number_length");
    qlog_json_u64(j, h->pn_len);
  }
}

/* packet_short writes what only 1-RTT packets have.  The key phase is behind
   header protection, the spin bit is not. */
static void packet_short(qlog_json *j, const qlog_packet *p,
                         const quic_header *h) {
  packet_number(j, h);
  WRITE_KEY(j, "spin_bit");
  qlog_json_bool(j, h->first & QUIC_FIRST_SPIN);
  if (p->key_phase != QLOG_NONE) {
    WRITE_KEY(j, "key_phase");
    qlog_json_u64(j, p->key_phase);
  } else if (h->pn_len > 0) {
    WRITE_KEY(j, "key_phase_bit");
    qlog_json_bool(j, h->first & QUIC_FIRST_KEY_PHASE);
  }
  if (h->dcid.len > 0) {
    WRITE_KEY(j, "dcid");
    qlog_json_hex(j, h->dcid);
  }
}

static void packet_long(qlog_writer *w, const quic_header *h) {
  qlog_json *j = &w->json;

  if (h->type == QUIC_PACKET_UNKNOWN) {
    qlog_json_key_u64(j, w->compat ? "packet_type_value" : "packet_type_bytes",
                      h->first >> 4 & 3);
  }
  if (quic_packet_type_encrypted(h->type)) {
    packet_number(j, h);
    if (h->length > 0) {
      WRITE_KEY(j, "length");
      qlog_json_u64(j, h->length);
    }
  }
  if (h->token.len > 0) {
    qlog_write_token(w, h->type == QUIC_PACKET_RETRY ? "retry" : NULL,
                     h->token.len, h->token);
  }
  packet_version(j, h->version);
  WRITE_KEY(j, "scid");
  qlog_json_hex(j, h->scid);
  WRITE_KEY(j, "dcid");
  qlog_json_hex(j, h->dcid);
}

/* packet_header: of a lost packet there is nothing but its type and number. */
static void packet_header(qlog_writer *w, const qlog_packet *p, bool lost) {
  const quic_header *h = p->header;
  qlog_json *j = &w->json;
  size_t type;

  if (!h && !p->stateless_reset) {
    return;
  }
  type = p->stateless_reset            ? QUIC_PACKET_TYPES
         : h->type < QUIC_PACKET_TYPES ? (size_t)h->type
                                       : QUIC_PACKET_UNKNOWN;
  WRITE_KEY(j, "header");
  qlog_json_literal(j, packet_types[type].open, packet_types[type].len);
  if (lost && h) {
    packet_number(j, h);
  } else if (!p->stateless_reset) {
    if (h->is_long) {
      packet_long(w, h);
    } else {
      packet_short(j, p, h);
    }
  }
  qlog_json_object_end(j);
}

static void packet_raw(qlog_writer *w, const qlog_packet *p) {
  qlog_json *j = &w->json;
  quic_bytes data = p->raw;

  data.len = data.len < w->raw_max ? data.len : w->raw_max;
  if (p->length == QLOG_NONE && p->payload_length == QLOG_NONE &&
      data.len == 0) {
    return;
  }
  WRITE_KEY(j, "raw");
  qlog_json_object(j);
  if (p->length != QLOG_NONE) {
    WRITE_KEY(j, "length");
    qlog_json_u64(j, p->length);
  }
  if (p->payload_length != QLOG_NONE) {
    WRITE_KEY(j, "payload_length");
    qlog_json_u64(j, p->payload_length);
  }
  if (data.len > 0) {
    WRITE_KEY(j, "data");
    qlog_json_hex(j, data);
  }
  qlog_json_object_end(j);
}

/* Whether the draft lets an event have frames, and what else it may have. */
static bool packet_may_frames(qlog_event_type type) {
  return type != QLOG_PACKET_DROPPED && type != QLOG_PACKET_BUFFERED;
}

static bool packet_may_versions(qlog_event_type type) {
  return type == QLOG_PACKET_SENT || type == QLOG_PACKET_RECEIVED;
}

/* packet_trigger: what the draft has no name for is told in the log's words. */
static const char *packet_trigger(const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;
  const char *name = NULL;

  if (e->type == QLOG_PACKET_DROPPED) {
    name = qlog_names_at(&qlog_names_drop, p->drop);
  } else if (e->type == QLOG_PACKET_LOST) {
    name = qlog_names_at(&qlog_names_lost, p->lost);
  }
  return name ? name : p->trigger;
}

void qlog_write_packet(qlog_writer *w, const qlog_event *e) {
  const qlog_packet *p = &e->u.packet;
  const qlog_write_context ctx = {p->ack_delay_exponent, e->http3};
  const char *trigger = packet_trigger(e);
  qlog_json *j = &w->json;

  packet_header(w, p, e->type == QLOG_PACKET_LOST);
  if (p->has_frames && packet_may_frames(e->type)) {
    WRITE_KEY(j, "frames");
    qlog_write_frames(w, p->frames, p->nframes, &ctx);
  }
  if (p->stateless_reset && p->reset_token.len > 0) {
    qlog_json_key_hex(j, "stateless_reset_token", p->reset_token);
  }
  if (packet_may_versions(e->type) && p->header && !p->stateless_reset &&
      p->header->versions.len >= 4) {
    qlog_json_key(j, "supported_versions");
    qlog_write_versions(w, p->header->versions);
  }
  if (e->type != QLOG_PACKET_LOST) {
    packet_raw(w, p);
  }
  if (p->ndetails > 0) {
    qlog_json_key(j, "details");
    qlog_write_details(w, p->details, p->ndetails);
  }
  if (trigger) {
    qlog_json_key_str(j, "trigger", trigger);
  }
}
