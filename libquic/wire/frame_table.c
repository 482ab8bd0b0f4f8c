#include "wire/frame.h"

/* clang-format off */
/* Fields of a row, in wire order.  LV is always the last. */
#define FIELD(kind, role, member, size, mask, value, name)                     \
  {QUIC_FIELD_##kind, QUIC_ROLE_##role, offsetof(quic_frame, u.member), size,  \
   mask, value, name}
#define VARINT(role, member, name)                                             \
  FIELD(VARINT, role, member, 0, 0, 0, name)
#define VARINT_IF(mask, value, role, member, name)                             \
  FIELD(VARINT, role, member, 0, mask, value, name)
#define BYTES(kind, role, member, size, name)                                  \
  FIELD(kind, role, member, size, 0, 0, name)
#define BYTES_IF(mask, value, kind, role, member, name)                        \
  FIELD(kind, role, member, 0, mask, value, name)
#define ZEROS(member, name) FIELD(ZEROS, PLAIN, member, 0, 0, 0, name)
#define END {QUIC_FIELD_END, QUIC_ROLE_PLAIN, 0, 0, 0, 0, NULL}
/* clang-format on */

/* Bits of a type that say which fields there are. */
#define ACK_ECN 0x01
#define STREAM_LEN 0x02
#define STREAM_OFF 0x04
#define DATAGRAM_LEN 0x01

typedef const quic_frame_field fields;

static fields fields_none[] = {END};

static fields fields_padding[] = {ZEROS(padding.count, "count"), END};

#define ACK_FIELDS                                                             \
  VARINT(PLAIN, ack.largest, "largest_acknowledged"),                          \
      VARINT(PLAIN, ack.delay, "ack_delay"),                                   \
      VARINT(PLAIN, ack.range_count, "ack_range_count"),                       \
      VARINT(PLAIN, ack.first_range, "first_ack_range"),                       \
      BYTES(RANGES, PLAIN, ack.ranges, 0, "ack_range"),                        \
      VARINT_IF(ACK_ECN, ACK_ECN, PLAIN, ack.ect0, "ect0_count"),              \
      VARINT_IF(ACK_ECN, ACK_ECN, PLAIN, ack.ect1, "ect1_count"),              \
      VARINT_IF(ACK_ECN, ACK_ECN, PLAIN, ack.ce, "ecn_ce_count"), END

static fields fields_ack[] = {ACK_FIELDS};

static fields fields_path_ack[] = {
    VARINT(PLAIN, ack.path_id, "path_identifier"), ACK_FIELDS};

static fields fields_reset_stream[] = {
    VARINT(STREAM_ID, reset_stream.stream_id, "stream_id"),
    VARINT(APP_ERROR, reset_stream.error_code,
           "application_protocol_error_code"),
    VARINT(OFFSET, reset_stream.final_size, "final_size"), END};

static fields fields_reset_stream_at[] = {
    VARINT(STREAM_ID, reset_stream.stream_id, "stream_id"),
    VARINT(APP_ERROR, reset_stream.error_code,
           "application_protocol_error_code"),
    VARINT(OFFSET, reset_stream.final_size, "final_size"),
    VARINT(OFFSET, reset_stream.reliable_size, "reliable_size"), END};

static fields fields_stop_sending[] = {
    VARINT(STREAM_ID, stop_sending.stream_id, "stream_id"),
    VARINT(APP_ERROR, stop_sending.error_code,
           "application_protocol_error_code"),
    END};

static fields fields_crypto[] = {VARINT(OFFSET, crypto.offset, "offset"),
                                 BYTES(LV, DATA, crypto.data, 0, "crypto_data"),
                                 END};

static fields fields_new_token[] = {BYTES(LV, HEX, new_token.token, 0, "token"),
                                    END};

static fields fields_stream[] = {
    VARINT(STREAM_ID, stream.stream_id, "stream_id"),
    VARINT_IF(STREAM_OFF, STREAM_OFF, OFFSET, stream.offset, "offset"),
    BYTES_IF(STREAM_LEN, STREAM_LEN, LV, DATA, stream.data, "stream_data"),
    BYTES_IF(STREAM_LEN, 0, REST, DATA, stream.data, "stream_data"), END};

static fields fields_max_data[] = {VARINT(OFFSET, limit.limit, "maximum_data"),
                                   END};

static fields fields_max_stream_data[] = {
    VARINT(STREAM_ID, limit.stream_id, "stream_id"),
    VARINT(OFFSET, limit.limit, "maximum_stream_data"), END};

static fields fields_max_streams[] = {
    VARINT(PLAIN, limit.limit, "maximum_streams"), END};

static fields fields_stream_data_blocked[] = {
    VARINT(STREAM_ID, limit.stream_id, "stream_id"),
    VARINT(OFFSET, limit.limit, "maximum_stream_data"), END};

#define NEW_CID_FIELDS                                                         \
  VARINT(PLAIN, new_cid.sequence, "sequence_number"),                          \
      VARINT(PLAIN, new_cid.retire_prior_to, "retire_prior_to"),               \
      BYTES(LV8, HEX, new_cid.cid, 0, "connection_id"),                        \
      BYTES(FIXED, HEX, new_cid.reset_token, QUIC_RESET_TOKEN_LEN,             \
            "stateless_reset_token"),                                          \
      END

static fields fields_new_cid[] = {NEW_CID_FIELDS};

static fields fields_path_new_cid[] = {
    VARINT(PLAIN, new_cid.path_id, "path_identifier"), NEW_CID_FIELDS};

static fields fields_retire_cid[] = {
    VARINT(PLAIN, retire_cid.sequence, "sequence_number"), END};

static fields fields_path_retire_cid[] = {
    VARINT(PLAIN, retire_cid.path_id, "path_identifier"),
    VARINT(PLAIN, retire_cid.sequence, "sequence_number"), END};

static fields fields_path_challenge[] = {
    BYTES(FIXED, HEX, path_challenge.data, 8, "data"), END};

static fields fields_close[] = {
    VARINT(TRANSPORT_ERROR, close.error_code, "error_code"),
    VARINT(FRAME_TYPE, close.frame_type, "frame_type"),
    BYTES(LV, TEXT, close.reason, 0, "reason_phrase"), END};

static fields fields_close_app[] = {
    VARINT(APP_ERROR, close.error_code, "error_code"),
    BYTES(LV, TEXT, close.reason, 0, "reason_phrase"), END};

static fields fields_datagram[] = {
    BYTES_IF(DATAGRAM_LEN, DATAGRAM_LEN, LV, DATA, datagram.data,
             "datagram_data"),
    BYTES_IF(DATAGRAM_LEN, 0, REST, DATA, datagram.data, "datagram_data"), END};

static fields fields_ack_frequency[] = {
    VARINT(PLAIN, ack_frequency.sequence, "sequence_number"),
    VARINT(PLAIN, ack_frequency.eliciting_threshold, "ack_eliciting_threshold"),
    VARINT(PLAIN, ack_frequency.max_ack_delay, "requested_max_ack_delay"),
    VARINT(PLAIN, ack_frequency.reordering_threshold, "reordering_threshold"),
    END};

static fields fields_timestamp[] = {VARINT(PLAIN, timestamp.value, "timestamp"),
                                    END};

static fields fields_path_abandon[] = {
    VARINT(PLAIN, path.path_id, "path_identifier"),
    VARINT(TRANSPORT_ERROR, path.value, "error_code"), END};

static fields fields_path_status[] = {
    VARINT(PLAIN, path.path_id, "path_identifier"),
    VARINT(PLAIN, path.value, "path_status_sequence_number"), END};

static fields fields_max_path_id[] = {
    VARINT(PLAIN, limit.limit, "maximum_path_identifier"), END};

static fields fields_path_cids_blocked[] = {
    VARINT(PLAIN, retire_cid.path_id, "path_identifier"),
    VARINT(PLAIN, retire_cid.sequence, "next_sequence_number"), END};

/* Where a frame is legal: column Pkts of RFC 9000 table 3; APP is __01 there
   and ONE is ___1. */
#define IH01                                                                   \
  (QUIC_FRAME_INITIAL | QUIC_FRAME_HANDSHAKE | QUIC_FRAME_0RTT |               \
   QUIC_FRAME_1RTT)
#define IH_1 (QUIC_FRAME_INITIAL | QUIC_FRAME_HANDSHAKE | QUIC_FRAME_1RTT)
#define APP (QUIC_FRAME_0RTT | QUIC_FRAME_1RTT)
#define ONE QUIC_FRAME_1RTT
#define E QUIC_FRAME_ELICITING
#define P QUIC_FRAME_PROBING
#define F QUIC_FRAME_FLOW

/* clang-format off */
#define ROW(type, name, short_name, flags, fields)                             \
  {type, type, type, name, short_name, flags, fields}
#define DRAFT(type, means, name, short_name, flags, fields)                    \
  {type, type, means, name, short_name, flags, fields}

/* In the order of types: the search bisects. */
static const quic_frame_info frame_table[] = {
    ROW(0x00, "PADDING", "padding", IH01 | P | F, fields_padding),
    ROW(0x01, "PING", "ping", IH01 | E, fields_none),
    {0x02, 0x03, 0x02, "ACK", "ack", IH_1, fields_ack},
    ROW(0x04, "RESET_STREAM", "reset_stream", APP | E, fields_reset_stream),
    ROW(0x05, "STOP_SENDING", "stop_sending", APP | E, fields_stop_sending),
    ROW(0x06, "CRYPTO", "crypto", IH_1 | E, fields_crypto),
    ROW(0x07, "NEW_TOKEN", "new_token", ONE | E, fields_new_token),
    {0x08, 0x0f, 0x08, "STREAM", "stream", APP | E, fields_stream},
    ROW(0x10, "MAX_DATA", "max_data", APP | E, fields_max_data),
    ROW(0x11, "MAX_STREAM_DATA", "max_stream_data", APP | E,
        fields_max_stream_data),
    {0x12, 0x13, 0x12, "MAX_STREAMS", "max_streams", APP | E,
     fields_max_streams},
    ROW(0x14, "DATA_BLOCKED", "data_blocked", APP | E, fields_max_data),
    ROW(0x15, "STREAM_DATA_BLOCKED", "stream_data_blocked", APP | E,
        fields_stream_data_blocked),
    {0x16, 0x17, 0x16, "STREAMS_BLOCKED", "streams_blocked", APP | E,
     fields_max_streams},
    ROW(0x18, "NEW_CONNECTION_ID", "new_connection_id", APP | E | P,
        fields_new_cid),
    ROW(0x19, "RETIRE_CONNECTION_ID", "retire_connection_id", APP | E,
        fields_retire_cid),
    ROW(0x1a, "PATH_CHALLENGE", "path_challenge", APP | E | P,
        fields_path_challenge),
    ROW(0x1b, "PATH_RESPONSE", "path_response", ONE | E | P,
        fields_path_challenge),
    ROW(0x1c, "CONNECTION_CLOSE", "connection_close", IH01, fields_close),
    ROW(0x1d, "CONNECTION_CLOSE", "connection_close", APP, fields_close_app),
    ROW(0x1e, "HANDSHAKE_DONE", "handshake_done", ONE | E, fields_none),
    ROW(0x1f, "IMMEDIATE_ACK", "immediate_ack", ONE | E, fields_none),
    ROW(0x24, "RESET_STREAM_AT", "reset_stream_at", APP | E,
        fields_reset_stream_at),
    {0x30, 0x31, 0x30, "DATAGRAM", "datagram", APP | E, fields_datagram},
    {0x3e, 0x3f, 0x3e, "PATH_ACK", "path_ack", ONE, fields_path_ack},
    /* draft-ietf-quic-ack-frequency up to -03 */
    DRAFT(0xac, 0x1f, "IMMEDIATE_ACK", "immediate_ack", ONE | E, fields_none),
    ROW(0xaf, "ACK_FREQUENCY", "ack_frequency", ONE | E,
        fields_ack_frequency),
    ROW(0x2f5, "TIMESTAMP", "timestamp", ONE, fields_timestamp),
    ROW(0x3e75, "PATH_ABANDON", "path_abandon", ONE | E,
        fields_path_abandon),
    ROW(0x3e76, "PATH_STATUS_BACKUP", "path_status_backup", ONE | E,
        fields_path_status),
    ROW(0x3e77, "PATH_STATUS_AVAILABLE", "path_status_available", ONE | E,
        fields_path_status),
    ROW(0x3e78, "PATH_NEW_CONNECTION_ID", "path_new_connection_id", ONE | E,
        fields_path_new_cid),
    ROW(0x3e79, "PATH_RETIRE_CONNECTION_ID", "path_retire_connection_id",
        ONE | E, fields_path_retire_cid),
    ROW(0x3e7a, "MAX_PATH_ID", "max_path_id", ONE | E, fields_max_path_id),
    ROW(0x3e7b, "PATHS_BLOCKED", "paths_blocked", ONE | E,
        fields_max_path_id),
    ROW(0x3e7c, "PATH_CIDS_BLOCKED", "path_cids_blocked", ONE | E,
        fields_path_cids_blocked),
    /* the multipath drafts' own numbers, in the layout of -15 */
    {0x15228c00, 0x15228c01, 0x3e, "PATH_ACK", "path_ack", ONE,
     fields_path_ack},
    DRAFT(0x15228c05, 0x3e75, "PATH_ABANDON", "path_abandon", ONE | E,
          fields_path_abandon),
    DRAFT(0x15228c07, 0x3e76, "PATH_STATUS_BACKUP", "path_status_backup",
          ONE | E, fields_path_status),
    DRAFT(0x15228c08, 0x3e77, "PATH_STATUS_AVAILABLE", "path_status_available",
          ONE | E, fields_path_status),
    DRAFT(0x15228c09, 0x3e78, "PATH_NEW_CONNECTION_ID",
          "path_new_connection_id", ONE | E, fields_path_new_cid),
    DRAFT(0x15228c0a, 0x3e79, "PATH_RETIRE_CONNECTION_ID",
          "path_retire_connection_id", ONE | E, fields_path_retire_cid),
    DRAFT(0x15228c0c, 0x3e7a, "MAX_PATH_ID", "max_path_id", ONE | E,
          fields_max_path_id),
    DRAFT(0x15228c0d, 0x3e7b, "PATHS_BLOCKED", "paths_blocked", ONE | E,
          fields_max_path_id),
    DRAFT(0x15228c0e, 0x3e7c, "PATH_CIDS_BLOCKED", "path_cids_blocked", ONE | E,
          fields_path_cids_blocked),
};
/* clang-format on */

#define FRAME_ROWS (sizeof(frame_table) / sizeof(frame_table[0]))

const quic_frame_info *quic_frame_info_find(uint64_t type) {
  size_t lo = 0, hi = FRAME_ROWS;

  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;

    if (frame_table[mid].type_last < type) {
      lo = mid + 1;
    } else {
      hi = mid;
    }
  }
  return lo < FRAME_ROWS && frame_table[lo].type_first <= type
             ? &frame_table[lo]
             : NULL;
}

const quic_frame_info *quic_frame_info_at(size_t i) {
  return i < FRAME_ROWS ? &frame_table[i] : NULL;
}

uint64_t quic_frame_meaning(const quic_frame *f) {
  const quic_frame_info *info = f->info;

  return info != NULL ? info->means + (f->type - info->type_first) : f->type;
}

bool quic_frame_legal(const quic_frame_info *info, quic_packet_type type) {
  static const unsigned flag[QUIC_PACKET_TYPES] = {
      [QUIC_PACKET_INITIAL] = QUIC_FRAME_INITIAL,
      [QUIC_PACKET_0RTT] = QUIC_FRAME_0RTT,
      [QUIC_PACKET_HANDSHAKE] = QUIC_FRAME_HANDSHAKE,
      [QUIC_PACKET_1RTT] = QUIC_FRAME_1RTT,
  };

  return (unsigned)type < QUIC_PACKET_TYPES && (info->flags & flag[type]) != 0;
}
