#ifndef QUIC_WIRE_H3_H
#define QUIC_WIRE_H3_H

/* HTTP/3 on the wire: stream types and frames (RFC 9114 §6.2, §7.2), with those
   of RFC 9204, 9218, 9297, 9412 and WebTransport.  Tables of names and of the
   places where each is legal; no rule about a connection. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/reader.h"
#include "base/writer.h"
#include "wire/names.h"

/* Unidirectional stream types. */
enum {
  QUIC_H3_STREAM_CONTROL = 0x00,
  QUIC_H3_STREAM_PUSH = 0x01,
  QUIC_H3_STREAM_QPACK_ENCODER = 0x02,
  QUIC_H3_STREAM_QPACK_DECODER = 0x03,
  QUIC_H3_STREAM_WEBTRANSPORT = 0x54
};

/* Frame types. */
enum {
  QUIC_H3_DATA = 0x00,
  QUIC_H3_HEADERS = 0x01,
  QUIC_H3_CANCEL_PUSH = 0x03,
  QUIC_H3_SETTINGS = 0x04,
  QUIC_H3_PUSH_PROMISE = 0x05,
  QUIC_H3_GOAWAY = 0x07,
  QUIC_H3_ORIGIN = 0x0c,
  QUIC_H3_MAX_PUSH_ID = 0x0d,
  QUIC_H3_WEBTRANSPORT_STREAM = 0x41, /* a signal value: no length follows */
  QUIC_H3_PRIORITY_UPDATE_REQUEST = 0xf0700,
  QUIC_H3_PRIORITY_UPDATE_PUSH = 0xf0701
};

/* Settings. */
enum {
  QUIC_H3_SETTING_QPACK_MAX_TABLE_CAPACITY = 0x01,
  QUIC_H3_SETTING_MAX_FIELD_SECTION_SIZE = 0x06,
  QUIC_H3_SETTING_QPACK_BLOCKED_STREAMS = 0x07,
  QUIC_H3_SETTING_ENABLE_CONNECT_PROTOCOL = 0x08,
  QUIC_H3_SETTING_H3_DATAGRAM = 0x33
};

/* Where a frame type is legal (RFC 9114 table 1), and what its payload is. */
#define QUIC_H3_ON_CONTROL 0x01
#define QUIC_H3_ON_REQUEST 0x02
#define QUIC_H3_ON_PUSH 0x04
#define QUIC_H3_FROM_CLIENT 0x08
#define QUIC_H3_FROM_SERVER 0x10
#define QUIC_H3_STREAMED 0x20 /* DATA: any length, never kept whole */
#define QUIC_H3_NO_LENGTH 0x40
#define QUIC_H3_HTTP2_ONLY 0x80 /* 0x02, 0x06, 0x08, 0x09 (§7.2.8) */

typedef struct quic_h3_frame_info {
  uint64_t type;
  const char *name;      /* "HEADERS" */
  const char *qlog_name; /* "headers"; "unknown" when qlog has none */
  unsigned flags;
} quic_h3_frame_info;

/* quic_h3_frame_info_find returns the static row of |type|, or NULL. */
const quic_h3_frame_info *quic_h3_frame_info_find(uint64_t type);

/* quic_h3_stream_name names a unidirectional stream: "control", "push", "QPACK
   encoder", "QPACK decoder", "WebTransport", or NULL. */
const char *quic_h3_stream_name(uint64_t type);

/* quic_h3_reserved: 0x1f * N + 0x21, sent as grease (§6.2.3, §7.2.8). */
bool quic_h3_reserved(uint64_t value);

/* The payload of a frame whose octets are all there.  quic_bytes borrow from
   it. */
typedef struct quic_h3_frame {
  uint64_t type;
  uint64_t length; /* of the payload, as the wire says */
  union {
    uint64_t id; /* CANCEL_PUSH, GOAWAY, MAX_PUSH_ID: push or stream ID */
    struct {
      uint64_t push_id;
      quic_bytes section; /* encoded field section */
    } push_promise;
    struct {
      uint64_t element_id; /* stream or push ID */
      quic_bytes value;    /* Priority Field Value, ASCII */
    } priority_update;
    quic_bytes payload; /* HEADERS: encoded field section; SETTINGS: see
                           quic_h3_settings_next; all others */
  } u;
} quic_h3_frame;

/* quic_h3_frame_decode reads the |payload| of a frame of |type|.  Returns 0, or
   QUIC_ERR_MALFORMED when it ends early or has octets left over: then
   H3_FRAME_ERROR is what an endpoint answers (RFC 9114 §7.1).  What is inside
   SETTINGS and ORIGIN is not looked at. */
int quic_h3_frame_decode(quic_h3_frame *f, uint64_t type,
                         quic_bytes payload) QUIC_MUST_USE;

/* quic_h3_frame_encode writes type, length and payload of |f| (DATA and HEADERS
   from u.payload; |f->length| is ignored; after WEBTRANSPORT_STREAM no length
   is written).  Returns 0, QUIC_ERR_NOSPACE, or QUIC_ERR_INVALID (an integer is
   2^62 or more; nothing is written). */
int quic_h3_frame_encode(const quic_h3_frame *f, quic_writer *wr) QUIC_MUST_USE;

/* quic_h3_settings_next reads one setting from a reader over a SETTINGS
   payload.  Returns 0, QUIC_ERR_END, or QUIC_ERR_MALFORMED (cut). */
int quic_h3_settings_next(quic_reader *rd, uint64_t *id,
                          uint64_t *value) QUIC_MUST_USE;

#endif /* !defined(QUIC_WIRE_H3_H) */
