#include "pcap/http_conn.h"
#include "wire/varint.h"

/* Unidirectional streams begin with a type. */

void http_emit_type(qd_http *h, const http_stream *hs) {
  static const int kinds[] = {[HTTP_CONTROL] = QLOG_H3_CONTROL,
                              [HTTP_PUSH] = QLOG_H3_PUSH,
                              [HTTP_ENCODER] = QLOG_H3_QPACK_ENCODE,
                              [HTTP_DECODER] = QLOG_H3_QPACK_DECODE,
                              [HTTP_WEBTRANSPORT] = QLOG_H3_UNKNOWN,
                              [HTTP_OTHER] = QLOG_H3_UNKNOWN};
  qlog_event e;

  qlog_event_init(&e, QLOG_H3_STREAM_TYPE_SET, h->trace->now);
  e.u.h3_stream.initiator = hs->opener == QD_CLIENT ? QLOG_LOCAL : QLOG_REMOTE;
  e.u.h3_stream.stream_id = hs->id;
  e.u.h3_stream.kind = hs->kind == HTTP_OTHER && quic_h3_reserved(hs->type)
                           ? QLOG_H3_RESERVED
                           : kinds[hs->kind];
  e.u.h3_stream.type = hs->type;
  if (hs->kind == HTTP_PUSH) {
    e.u.h3_stream.push_id = hs->push_id;
  }
  qd_trace_emit(h->trace, &e);
}

/* open_critical notes the stream that only one may be of (RFC 9114 §6.2.1, RFC
   9204 §4.2). */
static void open_critical(qd_http *h, http_stream *hs, uint64_t *slot) {
  if (*slot != QD_REQUEST_NONE) {
    http_note(h, hs->id, 0x103, "a second %s stream (RFC 9114 6.2)",
              quic_h3_stream_name(hs->type));
    hs->kind = HTTP_OTHER;
    return;
  }
  *slot = hs->id;
}

static void open_typed(qd_http *h, http_stream *hs) {
  http_end *end = &h->ends[hs->opener];

  switch (hs->type) {
  case QUIC_H3_STREAM_CONTROL:
    hs->kind = HTTP_CONTROL;
    open_critical(h, hs, &end->control);
    break;
  case QUIC_H3_STREAM_QPACK_ENCODER:
    hs->kind = HTTP_ENCODER;
    open_critical(h, hs, &end->encoder);
    break;
  case QUIC_H3_STREAM_QPACK_DECODER:
    hs->kind = HTTP_DECODER;
    open_critical(h, hs, &end->decoder);
    break;
  case QUIC_H3_STREAM_PUSH:
    hs->kind = HTTP_PUSH;
    break;
  case QUIC_H3_STREAM_WEBTRANSPORT:
    hs->kind = HTTP_WEBTRANSPORT;
    break;
  default:
    hs->kind = HTTP_OTHER;
    break;
  }
}

/* open_prefix takes a varint at the start of a stream.  Returns false while
   it is not whole. */
static bool open_prefix(http_stream *hs, quic_bytes *data, uint64_t *value) {
  while (data->len) {
    hs->part[hs->part_len++] = *data->data++;
    data->len--;
    if (hs->part_len == (size_t)1 << (hs->part[0] >> 6)) {
      quic_reader rd;

      quic_reader_init(&rd, hs->part, hs->part_len);
      *value = quic_reader_varint(&rd);
      hs->part_len = 0;
      return true;
    }
  }
  return false;
}

/* open_pushed checks the ID of a push stream. */
static void open_pushed(qd_http *h, const http_stream *hs) {
  quic_rangeset *seen = &h->ends[QD_SERVER].pushes;

  if (hs->opener == QD_CLIENT) {
    http_note(h, hs->id, 0x103, "a push stream of the client (RFC 9114 6.2.2)");
    return;
  }
  http_push_id(h, hs, hs->push_id, "a push stream");
  if (quic_rangeset_has(seen, hs->push_id)) {
    http_note(h, hs->id, 0x108,
              "a second push stream of push ID %llu (RFC 9114 6.2.2)",
              (unsigned long long)hs->push_id);
  }
  /* Without room for it a second one is not noticed. */
  (void)!quic_rangeset_add(seen, hs->push_id, hs->push_id + 1);
}

/* open_answered reads the first integer of a bidirectional stream of the
   server: only WebTransport has them (RFC 9114 §6.1). */
static bool open_answered(qd_http *h, http_stream *hs, qd_side side,
                          quic_bytes *data) {
  if (hs->kind == HTTP_UNDECIDED) {
    /* The client answers what the capture has not. */
    if (side != hs->opener || !open_prefix(hs, data, &hs->type)) {
      return false;
    }
    hs->kind = HTTP_WEBTRANSPORT;
    if (hs->type != QUIC_H3_WEBTRANSPORT_STREAM) {
      hs->kind = HTTP_OTHER;
      http_note(h, hs->id, 0x103,
                "a bidirectional stream of the server (RFC 9114 6.1)");
    } else {
      http_emit_type(h, hs);
    }
  }
  return true;
}

bool http_opened(qd_http *h, http_stream *hs, qd_side side, quic_bytes *data) {
  if ((hs->id & 3) == 1) {
    return open_answered(h, hs, side, data);
  }
  if (!hs->has_type) {
    if (!open_prefix(hs, data, &hs->type)) {
      return false;
    }
    hs->has_type = true;
    open_typed(h, hs);
    if (hs->kind != HTTP_PUSH && hs->kind != HTTP_WEBTRANSPORT) {
      http_emit_type(h, hs);
    }
  }
  if ((hs->kind == HTTP_PUSH || hs->kind == HTTP_WEBTRANSPORT) && hs->id & 2 &&
      !hs->has_push_id) {
    if (!open_prefix(hs, data, &hs->push_id)) {
      return false;
    }
    hs->has_push_id = true;
    http_emit_type(h, hs);
    if (hs->kind == HTTP_PUSH) {
      open_pushed(h, hs);
    }
  }
  return true;
}
