#include "wire/h3.h"

#include "wire/varint.h"

#define H3_EITHER (QUIC_H3_FROM_CLIENT | QUIC_H3_FROM_SERVER)
#define H3_MESSAGE (QUIC_H3_ON_REQUEST | QUIC_H3_ON_PUSH | H3_EITHER)

/* RFC 9114 table 1, RFC 9218 §7.2, RFC 9412 §2, draft-ietf-webtrans-http3
   §4.3, draft-davidben-http-client-hint-reliability §3,
   draft-beky-httpbis-metadata.  Reserved types of HTTP/2 are legal nowhere. */
static const quic_h3_frame_info h3_frames[] = {
    {QUIC_H3_DATA, "DATA", "data", H3_MESSAGE | QUIC_H3_STREAMED},
    {QUIC_H3_HEADERS, "HEADERS", "headers", H3_MESSAGE},
    {0x02, "PRIORITY (HTTP/2)", "unknown", QUIC_H3_HTTP2_ONLY},
    {QUIC_H3_CANCEL_PUSH, "CANCEL_PUSH", "cancel_push",
     QUIC_H3_ON_CONTROL | H3_EITHER},
    {QUIC_H3_SETTINGS, "SETTINGS", "settings", QUIC_H3_ON_CONTROL | H3_EITHER},
    {QUIC_H3_PUSH_PROMISE, "PUSH_PROMISE", "push_promise",
     QUIC_H3_ON_REQUEST | QUIC_H3_FROM_SERVER},
    {0x06, "PING (HTTP/2)", "unknown", QUIC_H3_HTTP2_ONLY},
    {QUIC_H3_GOAWAY, "GOAWAY", "goaway", QUIC_H3_ON_CONTROL | H3_EITHER},
    {0x08, "WINDOW_UPDATE (HTTP/2)", "unknown", QUIC_H3_HTTP2_ONLY},
    {0x09, "CONTINUATION (HTTP/2)", "unknown", QUIC_H3_HTTP2_ONLY},
    {QUIC_H3_ORIGIN, "ORIGIN", "origin",
     QUIC_H3_ON_CONTROL | QUIC_H3_FROM_SERVER},
    {QUIC_H3_MAX_PUSH_ID, "MAX_PUSH_ID", "max_push_id",
     QUIC_H3_ON_CONTROL | QUIC_H3_FROM_CLIENT},
    {QUIC_H3_WEBTRANSPORT_STREAM, "WEBTRANSPORT_STREAM", "unknown",
     QUIC_H3_ON_REQUEST | H3_EITHER | QUIC_H3_NO_LENGTH},
    {0x89, "ACCEPT_CH", "unknown", QUIC_H3_ON_CONTROL | QUIC_H3_FROM_SERVER},
    {0x4d44, "METADATA", "unknown", QUIC_H3_ON_CONTROL | H3_MESSAGE},
    {QUIC_H3_PRIORITY_UPDATE_REQUEST, "PRIORITY_UPDATE", "priority_update",
     QUIC_H3_ON_CONTROL | QUIC_H3_FROM_CLIENT},
    {QUIC_H3_PRIORITY_UPDATE_PUSH, "PRIORITY_UPDATE", "priority_update",
     QUIC_H3_ON_CONTROL | QUIC_H3_FROM_CLIENT},
};

const quic_h3_frame_info *quic_h3_frame_info_find(uint64_t type) {
  for (size_t i = 0; i < sizeof(h3_frames) / sizeof(h3_frames[0]); i++) {
    if (h3_frames[i].type == type) {
      return &h3_frames[i];
    }
  }
  return NULL;
}

const char *quic_h3_stream_name(uint64_t type) {
  switch (type) {
  case QUIC_H3_STREAM_CONTROL:
    return "control";
  case QUIC_H3_STREAM_PUSH:
    return "push";
  case QUIC_H3_STREAM_QPACK_ENCODER:
    return "QPACK encoder";
  case QUIC_H3_STREAM_QPACK_DECODER:
    return "QPACK decoder";
  case QUIC_H3_STREAM_WEBTRANSPORT:
    return "WebTransport";
  default:
    return NULL;
  }
}

bool quic_h3_reserved(uint64_t value) {
  return value >= 0x21 && (value - 0x21) % 0x1f == 0;
}

/* What the payload of a frame consists of. */
typedef enum h3_layout {
  H3_OCTETS,
  H3_ID,        /* one integer */
  H3_ID_OCTETS, /* one integer, then octets */
} h3_layout;

static h3_layout h3_layout_of(uint64_t type) {
  switch (type) {
  case QUIC_H3_CANCEL_PUSH:
  case QUIC_H3_GOAWAY:
  case QUIC_H3_MAX_PUSH_ID:
    return H3_ID;
  case QUIC_H3_PUSH_PROMISE:
  case QUIC_H3_PRIORITY_UPDATE_REQUEST:
  case QUIC_H3_PRIORITY_UPDATE_PUSH:
    return H3_ID_OCTETS;
  default:
    return H3_OCTETS;
  }
}

int quic_h3_frame_decode(quic_h3_frame *f, uint64_t type, quic_bytes payload) {
  h3_layout layout = h3_layout_of(type);
  quic_bytes rest;
  quic_reader rd;
  uint64_t id;

  memset(f, 0, sizeof(*f));
  f->type = type;
  f->length = payload.len;
  if (layout == H3_OCTETS) {
    f->u.payload = payload;
    return 0;
  }
  quic_reader_init(&rd, payload.data, payload.len);
  id = quic_reader_varint(&rd);
  rest = quic_reader_rest(&rd);
  if (quic_reader_failed(&rd) || (layout == H3_ID && rest.len)) {
    return QUIC_ERR_MALFORMED;
  }
  if (layout == H3_ID) {
    f->u.id = id;
  } else if (type == QUIC_H3_PUSH_PROMISE) {
    f->u.push_promise.push_id = id;
    f->u.push_promise.section = rest;
  } else {
    f->u.priority_update.element_id = id;
    f->u.priority_update.value = rest;
  }
  return 0;
}

int quic_h3_frame_encode(const quic_h3_frame *f, quic_writer *wr) {
  h3_layout layout = h3_layout_of(f->type);
  quic_bytes octets = quic_bytes_of(NULL, 0);
  uint64_t id = 0;
  uint64_t len;

  if (layout == H3_OCTETS) {
    octets = f->u.payload;
  } else if (layout == H3_ID) {
    id = f->u.id;
  } else if (f->type == QUIC_H3_PUSH_PROMISE) {
    id = f->u.push_promise.push_id;
    octets = f->u.push_promise.section;
  } else {
    id = f->u.priority_update.element_id;
    octets = f->u.priority_update.value;
  }
  len = octets.len;
  if (layout != H3_OCTETS) {
    len += quic_varint_len(id);
  }
  if (f->type > QUIC_VARINT_MAX || id > QUIC_VARINT_MAX ||
      len > QUIC_VARINT_MAX) {
    return QUIC_ERR_INVALID;
  }
  quic_writer_varint(wr, f->type);
  if (f->type != QUIC_H3_WEBTRANSPORT_STREAM) {
    quic_writer_varint(wr, len);
  }
  if (layout != H3_OCTETS) {
    quic_writer_varint(wr, id);
  }
  quic_writer_bytes(wr, octets);
  return quic_writer_status(wr);
}

int quic_h3_settings_next(quic_reader *rd, uint64_t *id, uint64_t *value) {
  if (!quic_reader_failed(rd) && quic_reader_left(rd) == 0) {
    return QUIC_ERR_END;
  }
  *id = quic_reader_varint(rd);
  *value = quic_reader_varint(rd);
  return quic_reader_failed(rd) ? QUIC_ERR_MALFORMED : 0;
}
