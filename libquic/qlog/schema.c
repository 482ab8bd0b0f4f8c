#include "qlog/schema_parts.h"

#include "wire/names.h"

/* clang-format off */
NAMES(file_schema, "urn:ietf:params:qlog:file:contained",
      "urn:ietf:params:qlog:file:sequential");
NAMES(media, "application/qlog+json", "application/qlog+json-seq");
NAMES(vantage, "client", "server", "network", "unknown");
NAMES(flow, "client", "server", "unknown");
NAMES(time_format, "relative_to_epoch", "relative_to_previous_event");
NAMES(clock, "system", "monotonic");
NAMES(packet_type, "initial", "handshake", "0RTT", "1RTT", "retry",
      "version_negotiation", "stateless_reset", "unknown");
NAMES(token_type, "retry", "resumption");
NAMES(stream_type, "unidirectional", "bidirectional");
NAMES(error_space, "transport", "application");
NAMES(setting, "settings_qpack_max_table_capacity",
      "settings_max_field_section_size", "settings_qpack_blocked_streams",
      "settings_enable_connect_protocol", "settings_h3_datagram", "reserved",
      "unknown");

typedef const qlog_schema_field fields;

/* --- main-schema ---------------------------------------------------------- */

static fields fields_file[] = {
    MUST_SET("file_schema", file_schema),
    MUST_SET("serialization_format", media),
    MAY("title", TEXT), MAY("description", TEXT), MUST("trace", TRACE), END};

static fields fields_trace[] = {
    MAY("title", TEXT), MAY("description", TEXT),
    MAY("common_fields", COMMON_FIELDS), MAY("vantage_point", VANTAGE_POINT),
    MUST_SOME("event_schemas", TEXT), END};

static fields fields_vantage[] = {
    MAY("name", TEXT), MUST_ENUM("type", vantage), ENUM("flow", flow), END};

static fields fields_common[] = {
    MAY("tuple", TEXT), ENUM("time_format", time_format),
    MAY("reference_time", REFERENCE_TIME), MAY("group_id", TEXT), END};

static fields fields_reference[] = {
    MUST_SET("clock_type", clock), MUST("epoch", TEXT),
    MAY("wall_clock_time", TEXT), END};

static fields fields_event[] = {
    MUST("time", FLOAT), MUST("name", TEXT), MUST("data", DATA),
    MAY("tuple", TEXT), ENUM("time_format", time_format),
    MAY("group_id", TEXT), MAY("system_info", SYSTEM_INFO), END};

static fields fields_system[] = {
    MAY("processor_id", U32), MAY("process_id", U32), MAY("thread_id", U32),
    END};

static fields fields_raw[] = {
    MAY("length", U64), MAY("payload_length", U64), MAY("data", HEX), END};

/* --- quic-events: objects ------------------------------------------------- */


static fields fields_endpoint[] = {
    ADDRESSES, SOME("connection_ids", HEX), END};

static fields fields_alpn[] = {
    MAY("byte_value", HEX), MAY("string_value", TEXT), END};

static fields fields_preferred[] = {
    ADDRESSES, MUST("connection_id", HEX), MUST("stateless_reset_token", HEX),
    END};

static fields fields_parameter[] = {MUST("id", U64), MAY("value", HEX), END};

static fields fields_header[] = {
    MUST_SET("packet_type", packet_type), MAY("packet_type_bytes", U64),
    MAY("spin_bit", BOOL), MAY("key_phase", U64), MAY("key_phase_bit", BOOL),
    MAY("packet_number_length", U8), MAY("packet_number", U64),
    MAY("token", TOKEN), MAY("length", U16), MAY("version", HEX),
    MAY("scil", U8), MAY("dcil", U8), MAY("scid", HEX), MAY("dcid", HEX), END};

static fields fields_token[] = {
    SET("type", token_type), MAY("details", MAP), MAY("raw", RAW), END};

/* --- quic-events: frames -------------------------------------------------- */

#define CODE MUST("error", TEXT), MAY("error_code", U64)
#define STREAM_ID MUST("stream_id", U64)

static fields frame_plain[] = {RAW_MAY, END};
static fields frame_ack[] = {
    MAY("ack_delay", FLOAT), SOME("acked_ranges", RANGE), MAY("ect1", U64),
    MAY("ect0", U64), MAY("ce", U64), RAW_MAY, END};
static fields frame_reset_stream[] = {
    STREAM_ID, CODE, MUST("final_size", U64), RAW_MAY, END};
static fields frame_reset_stream_at[] = {
    STREAM_ID, CODE, MUST("final_size", U64), MUST("reliable_size", U64),
    RAW_MAY, END};
static fields frame_stop_sending[] = {STREAM_ID, CODE, RAW_MAY, END};
static fields frame_crypto[] = {MUST("offset", U64), MUST("raw", RAW), END};
static fields frame_new_token[] = {MUST("token", TOKEN), RAW_MAY, END};
static fields frame_stream[] = {
    STREAM_ID, MAY("offset", U64), MAY("fin", BOOL), RAW_MAY, END};
static fields frame_max_data[] = {MUST("maximum", U64), RAW_MAY, END};
static fields frame_max_stream_data[] = {
    STREAM_ID, MUST("maximum", U64), RAW_MAY, END};
static fields frame_max_streams[] = {
    MUST_ENUM("stream_type", stream_type), MUST("maximum", U64), RAW_MAY, END};
static fields frame_data_blocked[] = {MUST("limit", U64), RAW_MAY, END};
static fields frame_stream_data_blocked[] = {
    STREAM_ID, MUST("limit", U64), RAW_MAY, END};
static fields frame_streams_blocked[] = {
    MUST_ENUM("stream_type", stream_type), MUST("limit", U64), RAW_MAY, END};
static fields frame_new_connection_id[] = {
    MUST("sequence_number", U64), MUST("retire_prior_to", U64),
    MAY("connection_id_length", U8), MUST("connection_id", HEX),
    MAY("stateless_reset_token", HEX), RAW_MAY, END};
static fields frame_retire_connection_id[] = {
    MUST("sequence_number", U64), RAW_MAY, END};
static fields frame_path[] = {MAY("data", HEX), RAW_MAY, END};
static fields frame_connection_close[] = {
    ENUM("error_space", error_space), MAY("error", TEXT),
    MAY("error_code", U64), MAY("reason", TEXT), MAY("reason_bytes", HEX),
    MAY("trigger_frame_type", U64_OR_TEXT), RAW_MAY, END};
static fields frame_unknown[] = {
    MUST("frame_type_bytes", U64), RAW_MAY, END};

/* --- h3-events ------------------------------------------------------------ */

static fields fields_http_field[] = {
    MAY("name", TEXT), MAY("name_bytes", HEX), MAY("value", TEXT),
    MAY("value_bytes", HEX), END};
static fields fields_http_setting[] = {
    SET("name", setting), MAY("name_bytes", U64), MUST("value", U64), END};
static fields fields_origin[] = {
    MUST("origin_len", U16), MAY("ascii_origin", TEXT), END};

static fields h3_headers[] = {MUST_LIST("headers", HTTP_FIELD), RAW_MAY, END};
static fields h3_push_id[] = {MUST("push_id", U64), RAW_MAY, END};
static fields h3_settings[] = {
    MUST_LIST("settings", HTTP_SETTING), RAW_MAY, END};
static fields h3_push_promise[] = {
    MUST("push_id", U64), MUST_LIST("headers", HTTP_FIELD), RAW_MAY, END};
static fields h3_goaway[] = {MUST("id", U64), RAW_MAY, END};
static fields h3_priority[] = {
    MAY("stream_id", U64), MAY("push_id", U64),
    MUST("priority_field_value", TEXT), RAW_MAY, END};
static fields h3_origin[] = {MUST_LIST("origin_entries", ORIGIN), END};
static fields capsule_unknown[] = {
    MAY("capsule_type_value", U64), RAW_MAY, END};

/* What a tag names. */
static const struct schema_frame {
  qlog_schema_type type;
  const char *name;
  fields *list;
} schema_frames[] = {
    {QLOG_SCHEMA_FRAME, "padding", frame_plain},
    {QLOG_SCHEMA_FRAME, "ping", frame_plain},
    {QLOG_SCHEMA_FRAME, "ack", frame_ack},
    {QLOG_SCHEMA_FRAME, "reset_stream", frame_reset_stream},
    {QLOG_SCHEMA_FRAME, "reset_stream_at", frame_reset_stream_at},
    {QLOG_SCHEMA_FRAME, "stop_sending", frame_stop_sending},
    {QLOG_SCHEMA_FRAME, "crypto", frame_crypto},
    {QLOG_SCHEMA_FRAME, "new_token", frame_new_token},
    {QLOG_SCHEMA_FRAME, "stream", frame_stream},
    {QLOG_SCHEMA_FRAME, "max_data", frame_max_data},
    {QLOG_SCHEMA_FRAME, "max_stream_data", frame_max_stream_data},
    {QLOG_SCHEMA_FRAME, "max_streams", frame_max_streams},
    {QLOG_SCHEMA_FRAME, "data_blocked", frame_data_blocked},
    {QLOG_SCHEMA_FRAME, "stream_data_blocked", frame_stream_data_blocked},
    {QLOG_SCHEMA_FRAME, "streams_blocked", frame_streams_blocked},
    {QLOG_SCHEMA_FRAME, "new_connection_id", frame_new_connection_id},
    {QLOG_SCHEMA_FRAME, "retire_connection_id", frame_retire_connection_id},
    {QLOG_SCHEMA_FRAME, "path_challenge", frame_path},
    {QLOG_SCHEMA_FRAME, "path_response", frame_path},
    {QLOG_SCHEMA_FRAME, "connection_close", frame_connection_close},
    {QLOG_SCHEMA_FRAME, "handshake_done", frame_plain},
    {QLOG_SCHEMA_FRAME, "unknown", frame_unknown},
    {QLOG_SCHEMA_FRAME, "datagram", frame_plain},
    {QLOG_SCHEMA_H3_FRAME, "data", frame_plain},
    {QLOG_SCHEMA_H3_FRAME, "headers", h3_headers},
    {QLOG_SCHEMA_H3_FRAME, "cancel_push", h3_push_id},
    {QLOG_SCHEMA_H3_FRAME, "settings", h3_settings},
    {QLOG_SCHEMA_H3_FRAME, "push_promise", h3_push_promise},
    {QLOG_SCHEMA_H3_FRAME, "goaway", h3_goaway},
    {QLOG_SCHEMA_H3_FRAME, "max_push_id", h3_push_id},
    {QLOG_SCHEMA_H3_FRAME, "reserved", frame_unknown},
    {QLOG_SCHEMA_H3_FRAME, "unknown", frame_unknown},
    {QLOG_SCHEMA_H3_FRAME, "priority_update", h3_priority},
    {QLOG_SCHEMA_H3_FRAME, "origin", h3_origin},
    {QLOG_SCHEMA_CAPSULE, "datagram", frame_plain},
    {QLOG_SCHEMA_CAPSULE, "unknown", capsule_unknown},
};
/* clang-format on */

/* Older names of members. */
static const struct {
  qlog_schema_type type;
  const char *older, *newer;
} schema_newer[] = {
    {QLOG_SCHEMA_FILE_HEAD, "qlog_version", "file_schema"},
    {QLOG_SCHEMA_FILE_HEAD, "qlog_format", "serialization_format"},
    {QLOG_SCHEMA_COMMON_FIELDS, "ODCID", "group_id"},
    {QLOG_SCHEMA_COMMON_FIELDS, "odcid", "group_id"},
    {QLOG_SCHEMA_EVENT, "event", "name"},
    {QLOG_SCHEMA_EVENT, "type", "name"},
    {QLOG_SCHEMA_EVENT, "relative_time", "time"},
    {QLOG_SCHEMA_EVENT, "path", "tuple"},
    {QLOG_SCHEMA_EVENT, "ODCID", "group_id"},
    {QLOG_SCHEMA_HEADER, "type", "packet_type"},
    {QLOG_SCHEMA_HEADER, "packet_size", "length"},
    {QLOG_SCHEMA_FRAME, "length", "raw"},
    {QLOG_SCHEMA_FRAME, "payload_length", "raw"},
    {QLOG_SCHEMA_FRAME, "id", "stream_id"},
    {QLOG_SCHEMA_FRAME, "raw_error_code", "error_code"},
    {QLOG_SCHEMA_FRAME, "error_code_value", "error_code"},
    {QLOG_SCHEMA_FRAME, "raw_frame_type", "frame_type_bytes"},
    {QLOG_SCHEMA_FRAME, "reset_token", "stateless_reset_token"},
    {QLOG_SCHEMA_TOKEN, "data", "raw"},
    {QLOG_SCHEMA_TOKEN, "length", "raw"},
    {QLOG_SCHEMA_H3_FRAME, "byte_length", "raw"},
    {QLOG_SCHEMA_H3_FRAME, "length", "raw"},
    {QLOG_SCHEMA_H3_FRAME, "fields", "headers"},
};

const qlog_schema_field *qlog_schema_fields(qlog_schema_type type) {
  static fields *const lists[QLOG_SCHEMA_TYPES] = {
#define QLOG_SCHEMA_OBJECT(id, fields) [QLOG_SCHEMA_##id] = fields,
#include "qlog/schema.def"
#undef QLOG_SCHEMA_OBJECT
  };

  return lists[type];
}

const qlog_schema_field *qlog_schema_frame(qlog_schema_type type,
                                           quic_bytes name) {
  for (size_t i = 0; i < sizeof(schema_frames) / sizeof(schema_frames[0]);
       i++) {
    if (schema_frames[i].type == type &&
        schema_is(name, schema_frames[i].name)) {
      return schema_frames[i].list;
    }
  }
  return NULL;
}

const char *qlog_schema_tag(qlog_schema_type type) {
  return type == QLOG_SCHEMA_CAPSULE ? "capsule_type" : "frame_type";
}

const char *qlog_schema_newer(qlog_schema_type type, quic_bytes name) {
  for (size_t i = 0; i < sizeof(schema_newer) / sizeof(schema_newer[0]); i++) {
    if (schema_newer[i].type == type &&
        schema_is(name, schema_newer[i].older)) {
      return schema_newer[i].newer;
    }
  }
  return NULL;
}

/* schema_lower: |name| is |upper| in lower case. */
static bool schema_lower(quic_bytes name, const char *upper) {
  if (name.len != strlen(upper)) {
    return false;
  }
  for (size_t i = 0; i < name.len; i++) {
    char c =
        upper[i] >= 'A' && upper[i] <= 'Z' ? (char)(upper[i] + 32) : upper[i];

    if ((char)name.data[i] != c) {
      return false;
    }
  }
  return true;
}

static bool schema_hex_digit(uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool qlog_schema_transport_error(quic_bytes name) {
  static const char crypto[] = "crypto_error_0x1";
  const char *known;

  if (name.len == sizeof(crypto) + 1 &&
      memcmp(name.data, crypto, sizeof(crypto) - 1) == 0) {
    return schema_hex_digit(name.data[sizeof(crypto) - 1]) &&
           schema_hex_digit(name.data[sizeof(crypto)]);
  }
  for (uint64_t code = 0; (known = quic_name_transport_error(code)); code++) {
    if (schema_lower(name, known)) {
      return true;
    }
  }
  return schema_is(name, "unknown");
}

void qlog_schema_wants(const qlog_schema_field *field, quic_text *t) {
  static const char *const texts[QLOG_SCHEMA_OBJECTS] = {
      [QLOG_SCHEMA_ANY] = "anything",
      [QLOG_SCHEMA_U8] = "an integer of 8 bits",
      [QLOG_SCHEMA_U16] = "an integer of 16 bits",
      [QLOG_SCHEMA_U32] = "an integer of 32 bits",
      [QLOG_SCHEMA_U64] = "an integer of 64 bits",
      [QLOG_SCHEMA_FLOAT] = "a number",
      [QLOG_SCHEMA_BOOL] = "true or false",
      [QLOG_SCHEMA_TEXT] = "a string",
      [QLOG_SCHEMA_HEX] = "a string of pairs of lower-case hexadecimals",
      [QLOG_SCHEMA_MAP] = "an object",
      [QLOG_SCHEMA_U64_OR_TEXT] = "an integer or a string",
      [QLOG_SCHEMA_TRANSPORT_ERROR] = "the name of a transport error",
      [QLOG_SCHEMA_RANGE] = "an array of one or two integers",
      [QLOG_SCHEMA_DATA] = "an object",
      [QLOG_SCHEMA_FRAME] = "a frame",
      [QLOG_SCHEMA_H3_FRAME] = "a frame",
      [QLOG_SCHEMA_CAPSULE] = "a capsule",
  };

  if (field->list != QLOG_SCHEMA_ONE) {
    quic_text_str(t, field->list == QLOG_SCHEMA_SOME
                         ? "an array that is not empty, each "
                         : "an array, each ");
  }
  if (field->type != QLOG_SCHEMA_NAME) {
    quic_text_str(t, field->type > QLOG_SCHEMA_OBJECTS ? "an object"
                                                       : texts[field->type]);
    return;
  }
  quic_text_str(t, "one of ");
  for (int i = 0; i < field->names->len; i++) {
    quic_text_str(t, i ? ", " : "");
    quic_text_str(t, field->names->names[i]);
  }
}
