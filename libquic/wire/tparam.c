#include "wire/tparam.h"

#include "base/reader.h"
#include "wire/header.h"
#include "wire/varint.h"

/* A row, and what to say of an integer outside [min, max]. */
struct tparam_row {
  quic_tparam_info info;
  const char *below;
  const char *above;
};

#define STREAMS_MAX (UINT64_C(1) << 60)
#define SERVER true
#define BOTH false

#define NO_NUMBER false, 0, 0, 0, ""
#define ROW(id, name, kind, server)                                            \
  { {id, name, QUIC_TPARAM_##kind, server, NO_NUMBER}, NULL, NULL }
#define NUMBER(id, name, unit)                                                 \
  {                                                                            \
    {id, name, QUIC_TPARAM_INTEGER, BOTH, true, 0, 0, QUIC_VARINT_MAX, unit},  \
        NULL, NULL                                                             \
  }
#define BOUNDED(id, name, def, min, max, unit, below, above)                   \
  {                                                                            \
    {id, name, QUIC_TPARAM_INTEGER, BOTH, true, def, min, max, unit}, below,   \
        above                                                                  \
  }
#define OPTIONAL(id, name, max, unit, above)                                   \
  { {id, name, QUIC_TPARAM_INTEGER, BOTH, false, 0, 0, max, unit}, NULL, above }

static const struct tparam_row tparam_table[] = {
    /* RFC 9000 §18.2 */
    ROW(0x00, "original_destination_connection_id", CID, SERVER),
    NUMBER(0x01, "max_idle_timeout", "ms"),
    ROW(0x02, "stateless_reset_token", TOKEN, SERVER),
    BOUNDED(0x03, "max_udp_payload_size", 65527, 1200, QUIC_VARINT_MAX, "B",
            "max_udp_payload_size below 1200", NULL),
    NUMBER(0x04, "initial_max_data", "B"),
    NUMBER(0x05, "initial_max_stream_data_bidi_local", "B"),
    NUMBER(0x06, "initial_max_stream_data_bidi_remote", "B"),
    NUMBER(0x07, "initial_max_stream_data_uni", "B"),
    BOUNDED(0x08, "initial_max_streams_bidi", 0, 0, STREAMS_MAX, "", NULL,
            "initial_max_streams_bidi above 2^60"),
    BOUNDED(0x09, "initial_max_streams_uni", 0, 0, STREAMS_MAX, "", NULL,
            "initial_max_streams_uni above 2^60"),
    BOUNDED(0x0a, "ack_delay_exponent", 3, 0, 20, "", NULL,
            "ack_delay_exponent above 20"),
    BOUNDED(0x0b, "max_ack_delay", 25, 0, (1 << 14) - 1, "ms", NULL,
            "max_ack_delay of 2^14 or above"),
    ROW(0x0c, "disable_active_migration", FLAG, BOTH),
    ROW(0x0d, "preferred_address", PREFERRED, SERVER),
    BOUNDED(0x0e, "active_connection_id_limit", 2, 2, QUIC_VARINT_MAX, "",
            "active_connection_id_limit below 2", NULL),
    ROW(0x0f, "initial_source_connection_id", CID, BOTH),
    ROW(0x10, "retry_source_connection_id", CID, SERVER),
    /* RFC 9368, RESET_STREAM_AT, RFC 9221, multipath */
    ROW(0x11, "version_information", VERSIONS, BOTH),
    ROW(0x1d, "reset_stream_at", FLAG, BOTH),
    NUMBER(0x20, "max_datagram_frame_size", "B"),
    OPTIONAL(0x3e, "initial_max_path_id", UINT32_MAX, "",
             "initial_max_path_id above 2^32-1"),
    /* registered for drafts and by implementations */
    ROW(0x1000, "cibir_encoding", OPAQUE, BOTH),
    OPTIONAL(0x1057, "loss_bits", 1, "", "loss_bits above 1"),
    ROW(0x173e, "discard", OPAQUE, BOTH),
    ROW(0x26ab, "google_handshake_message", OPAQUE, BOTH),
    ROW(0x2ab2, "grease_quic_bit", FLAG, BOTH), /* RFC 9287 */
    OPTIONAL(0x3127, "initial_round_trip_time", QUIC_VARINT_MAX, "us", NULL),
    ROW(0x3128, "google_connection_options", OPAQUE, BOTH),
    ROW(0x3129, "user_agent", OPAQUE, BOTH),
    ROW(0x312a, "google_support_handshake_done", OPAQUE, BOTH),
    ROW(0x312b, "google_key_update_not_yet_supported", OPAQUE, BOTH),
    ROW(0x4751, "google_transport_parameters", OPAQUE, BOTH),
    ROW(0x4752, "google_version", OPAQUE, BOTH),
    OPTIONAL(0x5178, "knob_frames_supported", QUIC_VARINT_MAX, "", NULL),
    ROW(0x7157, "enable_time_stamp", FLAG, BOTH),
    OPTIONAL(0x7158, "enable_time_stamp_v2", 3, "",
             "enable_time_stamp_v2 above 3"),
    OPTIONAL(0x7492, "cwnd_hint_bytes", QUIC_VARINT_MAX, "B", NULL),
    OPTIONAL(0xbaba, "enable_multipath", QUIC_VARINT_MAX, "", NULL),
    ROW(0xbaad, "disable_1rtt_encryption", FLAG, BOTH),
    OPTIONAL(0xbabf, "enable_multipath", QUIC_VARINT_MAX, "", NULL),
    OPTIONAL(0xde1a, "min_ack_delay", QUIC_VARINT_MAX, "us", NULL),
    OPTIONAL(0xebd9, "enable_bdp_frame", QUIC_VARINT_MAX, "", NULL),
    OPTIONAL(0xff99, "stream_groups_enabled", QUIC_VARINT_MAX, "", NULL),
    ROW(0xff73db, "version_information", OPAQUE, BOTH), /* its drafts */
    OPTIONAL(0xff0a001, "ack_receive_timestamps_enabled", QUIC_VARINT_MAX, "",
             NULL),
    OPTIONAL(0xff0a002, "max_receive_timestamps_per_ack", QUIC_VARINT_MAX, "",
             NULL),
    OPTIONAL(0xff0a003, "receive_timestamps_exponent", QUIC_VARINT_MAX, "",
             NULL),
    OPTIONAL(0x9f81a176, "address_discovery", 2, "",
             "address_discovery above 2"),
    OPTIONAL(0xff02de1a, "min_ack_delay", QUIC_VARINT_MAX, "us", NULL),
    OPTIONAL(0xff03de1a, "min_ack_delay", QUIC_VARINT_MAX, "us", NULL),
    OPTIONAL(0xff04de1a, "min_ack_delay", QUIC_VARINT_MAX, "us", NULL),
    OPTIONAL(0xff04de1b, "min_ack_delay", QUIC_VARINT_MAX, "us", NULL),
    ROW(0x17f7586d2cb570, "reset_stream_at", FLAG, BOTH), /* its drafts */
    ROW(0x17f7586d2cb571, "reset_stream_at", FLAG, BOTH),
    /* multipath drafts */
    OPTIONAL(0x0f739bbc1b666d04, "enable_multipath", QUIC_VARINT_MAX, "", NULL),
    OPTIONAL(0x0f739bbc1b666d05, "enable_multipath", QUIC_VARINT_MAX, "", NULL),
    OPTIONAL(0x0f739bbc1b666d06, "enable_multipath", QUIC_VARINT_MAX, "", NULL),
    OPTIONAL(0x0f739bbc1b666d07, "initial_max_paths", QUIC_VARINT_MAX, "",
             NULL),
    OPTIONAL(0x0f739bbc1b666d09, "initial_max_path_id", UINT32_MAX, "",
             "initial_max_path_id above 2^32-1"),
    OPTIONAL(0x0f739bbc1b666d11, "initial_max_path_id", UINT32_MAX, "",
             "initial_max_path_id above 2^32-1"),
    OPTIONAL(0x0f739bbc1b666d0c, "initial_max_path_id", UINT32_MAX, "",
             "initial_max_path_id above 2^32-1"),
    OPTIONAL(0x0f739bbc1b666d0d, "initial_max_path_id", UINT32_MAX, "",
             "initial_max_path_id above 2^32-1"),
};

#define TPARAM_ROWS (sizeof(tparam_table) / sizeof(tparam_table[0]))

static const struct tparam_row *tparam_row_find(uint64_t id) {
  for (size_t i = 0; i < TPARAM_ROWS; i++) {
    if (tparam_table[i].info.id == id) {
      return &tparam_table[i];
    }
  }
  return NULL;
}

const quic_tparam_info *quic_tparam_info_find(uint64_t id) {
  const struct tparam_row *row = tparam_row_find(id);

  return row ? &row->info : NULL;
}

const quic_tparam_info *quic_tparam_info_at(size_t i) {
  return i < TPARAM_ROWS ? &tparam_table[i].info : NULL;
}

bool quic_tparam_reserved(uint64_t id) {
  return id % 31 == 27;
}

int quic_tparam_integer(const quic_tparam *p, uint64_t *value) {
  quic_reader rd;

  quic_reader_init(&rd, p->value.data, p->value.len);
  *value = quic_reader_varint(&rd);
  if (quic_reader_failed(&rd)) {
    return QUIC_ERR_SHORT;
  }
  return quic_reader_left(&rd) > 0 ? QUIC_ERR_MALFORMED : 0;
}

int quic_tparam_preferred(const quic_tparam *p, quic_preferred_address *pa) {
  quic_reader rd;

  quic_reader_init(&rd, p->value.data, p->value.len);
  pa->ipv4 = quic_reader_bytes(&rd, 4);
  pa->ipv4_port = quic_reader_u16(&rd);
  pa->ipv6 = quic_reader_bytes(&rd, 16);
  pa->ipv6_port = quic_reader_u16(&rd);
  pa->cid = quic_reader_bytes(&rd, quic_reader_u8(&rd));
  pa->reset_token = quic_reader_bytes(&rd, QUIC_RESET_TOKEN_LEN);
  if (quic_reader_failed(&rd)) {
    return QUIC_ERR_SHORT;
  }
  return quic_reader_left(&rd) > 0 ? QUIC_ERR_MALFORMED : 0;
}

static const char *tparam_problem_integer(const struct tparam_row *row,
                                          const quic_tparam *p) {
  uint64_t value;
  int rv = quic_tparam_integer(p, &value);

  if (rv != 0) {
    return rv == QUIC_ERR_SHORT ? "not a whole integer"
                                : "octets after the integer";
  }
  if (value < row->info.min) {
    return row->below;
  }
  return value > row->info.max ? row->above : NULL;
}

static const char *tparam_problem_preferred(const quic_tparam *p) {
  quic_preferred_address pa;
  int rv = quic_tparam_preferred(p, &pa);

  if (rv != 0) {
    return rv == QUIC_ERR_SHORT ? "preferred_address ends early"
                                : "octets after the preferred address";
  }
  if (pa.cid.len == 0) {
    return "preferred_address with an empty connection ID";
  }
  return pa.cid.len > QUIC_CID_MAX ? "a connection ID above 20 octets" : NULL;
}

static const char *tparam_problem_versions(const quic_tparam *p) {
  static const uint8_t zero[4];

  if (p->value.len == 0) {
    return "no chosen version";
  }
  if (p->value.len % 4 != 0) {
    return "not a whole number of versions";
  }
  for (size_t i = 0; i < p->value.len; i += 4) {
    if (memcmp(p->value.data + i, zero, sizeof(zero)) == 0) {
      return "version 0 is listed";
    }
  }
  return NULL;
}

const char *quic_tparam_problem(const quic_tparam *p, bool from_client) {
  const struct tparam_row *row = tparam_row_find(p->id);

  if (!row) {
    return NULL;
  }
  if (row->info.server_only && from_client) {
    return "a client must not send it";
  }
  switch (row->info.kind) {
  case QUIC_TPARAM_INTEGER:
    return tparam_problem_integer(row, p);
  case QUIC_TPARAM_FLAG:
    return p->value.len ? "must be empty" : NULL;
  case QUIC_TPARAM_CID:
    return p->value.len > QUIC_CID_MAX ? "a connection ID above 20 octets"
                                       : NULL;
  case QUIC_TPARAM_TOKEN:
    return p->value.len != QUIC_RESET_TOKEN_LEN
               ? "a stateless reset token has 16 octets"
               : NULL;
  case QUIC_TPARAM_PREFERRED:
    return tparam_problem_preferred(p);
  case QUIC_TPARAM_VERSIONS:
    return tparam_problem_versions(p);
  case QUIC_TPARAM_OPAQUE:
    break;
  }
  return NULL;
}

static bool tparam_fixed16(const quic_version *version) {
  return version && version->tparam_fixed16;
}

static void tparam_read(quic_tparam *p, quic_reader *rd, bool fixed16) {
  uint64_t len;

  if (fixed16) {
    p->id = quic_reader_u16(rd);
    len = quic_reader_u16(rd);
    p->id_width = p->len_width = 2;
  } else {
    p->id = quic_reader_varint_width(rd, &p->id_width);
    len = quic_reader_varint_width(rd, &p->len_width);
  }
  p->value = quic_reader_bytes(rd, len);
}

/* tparams_open moves past the total length of the old layout and makes |rd|
   end there.  Returns 0, QUIC_ERR_SHORT (|rd| then holds what there is), or
   QUIC_ERR_MALFORMED. */
static int tparams_open(quic_reader *rd) {
  size_t total = quic_reader_u16(rd);
  size_t left = quic_reader_left(rd);

  if (quic_reader_failed(rd) || left < total) {
    return QUIC_ERR_SHORT;
  }
  return left > total ? QUIC_ERR_MALFORMED : 0;
}

int quic_tparams_decode(quic_tparams *list, quic_bytes body,
                        const quic_version *version) {
  bool fixed16 = tparam_fixed16(version);
  quic_reader rd;
  int rv = 0;

  list->len = 0;
  quic_reader_init(&rd, body.data, body.len);
  if (fixed16) {
    rv = tparams_open(&rd);
    if (rv == QUIC_ERR_MALFORMED) {
      return rv;
    }
  }
  while (quic_reader_left(&rd) > 0) {
    if (list->len == QUIC_TPARAMS_MAX) {
      return QUIC_ERR_LIMIT;
    }
    tparam_read(&list->items[list->len], &rd, fixed16);
    if (!quic_reader_failed(&rd)) {
      list->len++;
    }
  }
  return quic_reader_failed(&rd) ? QUIC_ERR_SHORT : rv;
}

static int tparams_encode_fixed16(const quic_tparams *list, quic_writer *wr) {
  size_t total = 0;

  for (size_t i = 0; i < list->len; i++) {
    const quic_tparam *p = &list->items[i];

    if (p->id > UINT16_MAX || p->value.len > UINT16_MAX) {
      return QUIC_ERR_INVALID;
    }
    total += 4 + p->value.len;
  }
  if (total > UINT16_MAX) {
    return QUIC_ERR_INVALID;
  }
  quic_writer_u16(wr, (uint16_t)total);
  for (size_t i = 0; i < list->len; i++) {
    quic_writer_u16(wr, (uint16_t)list->items[i].id);
    quic_writer_u16(wr, (uint16_t)list->items[i].value.len);
    quic_writer_bytes(wr, list->items[i].value);
  }
  return quic_writer_status(wr);
}

int quic_tparams_encode(const quic_tparams *list, quic_writer *wr,
                        const quic_version *version) {
  if (list->len > QUIC_TPARAMS_MAX) {
    return QUIC_ERR_INVALID;
  }
  if (tparam_fixed16(version)) {
    return tparams_encode_fixed16(list, wr);
  }
  for (size_t i = 0; i < list->len; i++) {
    const quic_tparam *p = &list->items[i];

    if (p->id > QUIC_VARINT_MAX) {
      return QUIC_ERR_INVALID;
    }
    quic_writer_varint_width(wr, p->id, p->id_width);
    quic_writer_varint_width(wr, p->value.len, p->len_width);
    quic_writer_bytes(wr, p->value);
  }
  return quic_writer_status(wr);
}

const quic_tparam *quic_tparams_find(const quic_tparams *list, uint64_t id) {
  for (size_t i = 0; i < list->len; i++) {
    if (list->items[i].id == id) {
      return &list->items[i];
    }
  }
  return NULL;
}

uint64_t quic_tparams_integer(const quic_tparams *list, uint64_t id) {
  const quic_tparam *p = quic_tparams_find(list, id);
  const quic_tparam_info *info = quic_tparam_info_find(id);
  uint64_t value;

  if (p && quic_tparam_integer(p, &value) == 0) {
    return value;
  }
  return info && info->has_default ? info->default_value : 0;
}
