#ifndef QD_HTTP_CONN_H
#define QD_HTTP_CONN_H

/* What the files of HTTP/3 share; nobody else includes it.  http.c routes the
   octets of streams, http_open.c reads how they begin, http_control.c knows
   control streams, http_message.c turns field sections into requests,
   http_qpack.c knows when a section can be decoded. */

#include "pcap/http.h"
#include "qpack/decoder.h"
#include "wire/tlv.h"

typedef enum http_kind {
  HTTP_UNDECIDED, /* type not read yet */
  HTTP_REQUEST,
  HTTP_CONTROL,
  HTTP_PUSH,
  HTTP_ENCODER,
  HTTP_DECODER,
  HTTP_WEBTRANSPORT, /* octets of a session */
  HTTP_OTHER         /* reserved or unknown */
} http_kind;

/* Where a message is, as DATA and HEADERS may follow each other (RFC 9114
   §4.1). */
typedef enum http_phase {
  HTTP_BEFORE,   /* nothing but 1xx */
  HTTP_CONTENT,  /* the header section was there */
  HTTP_TRAILERS, /* nothing may follow */
} http_phase;

/* One direction of a stream. */
typedef struct http_half {
  quic_tlv_reader tlv;
  uint8_t *buf; /* payload of the frame in work, when it came in pieces */
  size_t len, cap;
  http_phase phase;
  uint32_t sections; /* field sections begun */
  uint32_t pending;  /* of them waiting for the QPACK encoder stream */
  quic_time waiting; /* since when */
  bool keep;         /* the frame in work is kept whole */
  bool stray;        /* the frame in work must not be there: only shown */
  bool blind;        /* something of it was lost or not understood: what it
                        lacks is not held against it */
  bool tunnel;       /* DATA carries capsules */
  bool over;
  uint64_t length;       /* content-length; QD_REQUEST_NONE */
  quic_time first, last; /* octets before there was a request */
  uint64_t octets;
  quic_tlv_reader capsules;
} http_half;

typedef struct http_stream {
  uint64_t id;
  http_kind kind;
  qd_side opener;
  uint8_t part[16]; /* a type, push or session ID cut by the end of a piece */
  uint8_t part_len;
  bool has_type;
  uint64_t type;
  uint64_t push_id; /* or session ID; QD_REQUEST_NONE */
  bool has_push_id;
  http_half half[QD_SIDES];
  qd_request *request; /* NULL until the first octet of a message */
  bool gone;           /* the stream is over; a section still waits */
  quic_list node;      /* of those that are gone */
} http_stream;

/* What one end sends besides messages. */
typedef struct http_end {
  uint64_t control, encoder, decoder; /* stream IDs; QD_REQUEST_NONE */
  qd_http_settings settings;
  qpack_decoder *qpack; /* of what this end encodes */
  bool plain;           /* the section in work refers to no dynamic entry */
  bool limited;         /* its limits are known, or were guessed */
  uint8_t *early;       /* octets of the encoder stream before that */
  size_t early_len, early_cap;
  qpack_parser acks; /* its decoder stream */
  uint64_t goaway;   /* QD_REQUEST_NONE */
  uint64_t max_push_id;
  quic_rangeset pushes; /* IDs of push streams */
  bool deaf_encoder;    /* octets are missing: the table is not known */
  bool deaf_decoder;    /* its decoder stream cannot be read */
  qd_http_qpack stats;
} http_end;

typedef struct qd_http {
  qd_protocol base;
  const quic_mem *mem;
  qd_trace *trace;
  http_end ends[QD_SIDES];
  quic_map waiting;  /* stream ID -> http_stream that is |gone| */
  quic_list gone;    /* the same, in the order in which they ended */
  quic_map promises; /* push ID -> qd_request */
  qd_fields fields;  /* section in work */
  quic_field *list;  /* the same, for events */
  size_t list_cap;
} qd_http;

/* Who opened unidirectional or bidirectional stream |id|. */
static inline qd_side http_opener(uint64_t id) {
  return id & 1 ? QD_SERVER : QD_CLIENT;
}

static inline qd_side http_other(qd_side side) {
  return side == QD_CLIENT ? QD_SERVER : QD_CLIENT;
}

/* http_note warns of a broken rule: |code| is what an endpoint would close
   with. */
void http_note(qd_http *h, uint64_t stream_id, uint64_t code, const char *fmt,
               ...) QUIC_PRINTF(4, 5);

/* http_push_id checks an ID that |what| names against MAX_PUSH_ID (RFC 9114
   §4.6), when the capture has what the client said of it. */
void http_push_id(qd_http *h, const http_stream *hs, uint64_t push_id,
                  const char *what);

/* http_emit_frame tells of a frame of |side|; |fields| may be NULL. */
void http_emit_frame(qd_http *h, const http_stream *hs, qd_side side,
                     const quic_h3_frame *f, uint64_t raw_length,
                     const qd_fields *fields);

/* http_open.c */

/* http_opened reads the type of a unidirectional stream and the ID behind that
   of a push or a WebTransport stream, and the signal value of a bidirectional
   stream of the server; |data| is what |side| sent.  Returns false while they
   are not whole. */
bool http_opened(qd_http *h, http_stream *hs, qd_side side, quic_bytes *data);

/* http_emit_type tells what |hs| begins with. */
void http_emit_type(qd_http *h, const http_stream *hs);

/* http_control.c */

/* http_control_frame takes a whole frame of a control stream. */
void http_control_frame(qd_http *h, http_stream *hs, qd_side side,
                        const quic_h3_frame *f);

/* http_control_first checks the first frame of a control stream. */
void http_control_first(qd_http *h, const http_stream *hs, uint64_t type);

/* http_qpack.c */

int http_qpack_init(qd_http *h, qd_side side) QUIC_MUST_USE;
void http_qpack_free(qd_http *h, qd_side side);

/* http_qpack_limits: the SETTINGS of |receiver| are there. */
void http_qpack_limits(qd_http *h, qd_side receiver);

/* http_qpack_encoder takes octets of the encoder stream of |side|. */
void http_qpack_encoder(qd_http *h, qd_side side, quic_bytes data);

/* http_qpack_decoder takes octets of the decoder stream of |side|. */
void http_qpack_decoder(qd_http *h, qd_side side, quic_bytes data);

/* http_qpack_section decodes a section that |side| sent on |hs|; |push_id| is
   that of a promise, else QD_REQUEST_NONE. */
void http_qpack_section(qd_http *h, http_stream *hs, qd_side side,
                        quic_bytes section, uint64_t push_id);

/* http_message.c */

/* http_message_section takes a decoded section, the fields in |h->fields|;
   |section| tells how it came, its fields not. */
void http_message_section(qd_http *h, http_stream *hs, qd_side side,
                          const qpack_section *section, uint64_t push_id);

/* http_message_octets: |len| octets of the stream of |side| came, and are read
   next.  http_message_lost: they will never come. */
void http_message_octets(qd_http *h, http_stream *hs, qd_side side,
                         uint64_t len);
void http_message_lost(qd_http *h, http_stream *hs, qd_side side, uint64_t len);

/* http_message_data takes octets of DATA frames. */
void http_message_data(qd_http *h, http_stream *hs, qd_side side,
                       quic_bytes data);

/* http_message_end: |side| ended its message. */
void http_message_end(qd_http *h, http_stream *hs, qd_side side);

/* http_message_request returns the request of |hs|, made when first asked for;
   NULL when out of memory. */
qd_request *http_message_request(qd_http *h, http_stream *hs);

/* http.c */

/* http_stream_find returns the stream |id|, also one that is gone; or NULL. */
http_stream *http_stream_find(qd_http *h, uint64_t id);

/* http_stream_settle hands out the request of a stream that is gone, when
   nothing of it waits any more. */
void http_stream_settle(qd_http *h, http_stream *hs);

#endif /* !defined(QD_HTTP_CONN_H) */
