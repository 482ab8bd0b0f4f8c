#include "pcap/http_conn.h"
#include "wire/varint.h"

/* Requests and responses: which section is what (RFC 9114 §4.1), and what makes
   a message malformed (§4.2, §4.3). */

qd_request *http_message_request(qd_http *h, http_stream *hs) {
  uint64_t id = hs->push_id;
  qd_request *rq = hs->request;

  if (rq || hs->gone) {
    return rq;
  }
  if (hs->kind == HTTP_PUSH && hs->has_push_id) {
    rq = quic_map_remove(&h->promises, quic_bytes_of(&id, sizeof(id)));
  }
  if (!rq) {
    rq = quic_mem_zalloc(h->mem, sizeof(*rq));
    if (!rq) {
      return NULL;
    }
    qd_request_init(rq);
    rq->protocol = "h3";
    rq->number = qd_trace_request_number(h->trace);
  }
  rq->stream_id = hs->id;
  if (hs->kind == HTTP_PUSH) {
    rq->push_id = hs->push_id;
  }
  for (int side = 0; side < QD_SIDES; side++) {
    rq->side[side].stream = hs->half[side].octets;
    rq->side[side].last = hs->half[side].last;
    if (rq->side[side].first == QUIC_TIME_NEVER) { /* not of a promise */
      rq->side[side].first = hs->half[side].first;
    }
  }
  h->trace->requests++;
  hs->request = rq;
  return rq;
}

void http_message_octets(qd_http *h, http_stream *hs, qd_side side,
                         uint64_t len) {
  http_half *half = &hs->half[side];
  quic_time now = h->trace->now;

  half->first = half->first == QUIC_TIME_NEVER ? now : half->first;
  half->last = now;
  half->octets += len;
  if (hs->request) {
    qd_http_message *m = &hs->request->side[side];

    m->first = m->first == QUIC_TIME_NEVER ? now : m->first;
    m->last = now;
    m->stream += len;
  }
}

void http_message_lost(qd_http *h, http_stream *hs, qd_side side,
                       uint64_t len) {
  qd_request *rq = NULL;

  if (hs->kind == HTTP_REQUEST || (hs->kind == HTTP_PUSH && hs->has_push_id)) {
    rq = http_message_request(h, hs);
  }
  if (rq) {
    rq->side[side].lost += len;
  }
}

static inline bool message_equals(quic_bytes b, const char *text, size_t len) {
  return b.len == len && memcmp(b.data, text, len) == 0;
}

#define message_is(b, literal) message_equals(b, literal, sizeof(literal) - 1)

/* A word that names are compared with. */
typedef struct message_word {
  const char *text;
  size_t len;
  unsigned bit;
} message_word;

#define WORD(literal, bit)                                                     \
  { literal, sizeof(literal) - 1, bit }

/* message_find returns the bit of |b| among |n| words, 0 when it is none. */
static unsigned message_find(quic_bytes b, const message_word *words,
                             size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (message_equals(b, words[i].text, words[i].len)) {
      return words[i].bit;
    }
  }
  return 0;
}

/* What a field name must not be (RFC 9114 §4.2); NULL when it may. */
static const char *message_bad_name(quic_bytes name, quic_bytes value) {
  static const message_word connection[] = {
      WORD("connection", 1), WORD("keep-alive", 1), WORD("proxy-connection", 1),
      WORD("transfer-encoding", 1), WORD("upgrade", 1)};

  if (name.len == 0) {
    return "an empty field name";
  }
  for (size_t i = 0; i < name.len; i++) {
    uint8_t c = name.data[i];

    if ((c >= 'a' && c <= 'z') || c == '-') {
      continue;
    }
    if (c >= 'A' && c <= 'Z') {
      return "a field name with upper-case letters";
    }
    if (c <= ' ' || c >= 0x7f || (c == ':' && i > 0)) {
      return "a field name with a forbidden character";
    }
  }
  for (size_t i = 0; i < value.len; i++) {
    uint8_t c = value.data[i];

    if (c <= '\r' && (c == '\0' || c == '\r' || c == '\n')) {
      return "a field value with a forbidden character";
    }
  }
  if (message_find(name, connection,
                   sizeof(connection) / sizeof(connection[0]))) {
    return "a connection-specific field";
  }
  if (message_is(name, "te") && !message_is(value, "trailers")) {
    return "te with another value than trailers";
  }
  return NULL;
}

/* Pseudo-header fields, where each may stand. */
#define PSEUDO_METHOD 0x01
#define PSEUDO_SCHEME 0x02
#define PSEUDO_AUTHORITY 0x04
#define PSEUDO_PATH 0x08
#define PSEUDO_PROTOCOL 0x10
#define PSEUDO_STATUS 0x20
#define PSEUDO_REQUEST                                                         \
  (PSEUDO_METHOD | PSEUDO_SCHEME | PSEUDO_AUTHORITY | PSEUDO_PATH |            \
   PSEUDO_PROTOCOL)

static unsigned message_pseudo(quic_bytes name) {
  static const message_word words[] = {
      WORD(":method", PSEUDO_METHOD),       WORD(":scheme", PSEUDO_SCHEME),
      WORD(":authority", PSEUDO_AUTHORITY), WORD(":path", PSEUDO_PATH),
      WORD(":protocol", PSEUDO_PROTOCOL),   WORD(":status", PSEUDO_STATUS)};

  return message_find(name, words, sizeof(words) / sizeof(words[0]));
}

/* message_required: what is missing from the pseudo-header fields |have| of a
   request (RFC 9114 §4.3.1, RFC 9220 §3). */
static const char *message_required(unsigned have, bool connect,
                                    bool authority) {
  if (!(have & PSEUDO_METHOD)) {
    return ":method is missing";
  }
  if (connect && !(have & PSEUDO_PROTOCOL)) {
    return have & (PSEUDO_SCHEME | PSEUDO_PATH)
               ? "CONNECT with :scheme or :path"
           : have & PSEUDO_AUTHORITY ? NULL
                                     : ":authority is missing";
  }
  if (have & PSEUDO_PROTOCOL && !connect) {
    return ":protocol without CONNECT";
  }
  return !(have & PSEUDO_SCHEME) ? ":scheme is missing"
         : !(have & PSEUDO_PATH) ? ":path is missing"
         : !authority            ? "neither :authority nor host"
                                 : NULL;
}

/* message_url: which of the fields of an http or https URL is empty or
   contradicts another (RFC 9114 §4.3.1). */
static const char *message_url(const qd_fields *fs) {
  quic_bytes scheme = qd_fields_find(fs, ":scheme");
  quic_bytes path = qd_fields_find(fs, ":path");
  quic_bytes authority = qd_fields_find(fs, ":authority");
  quic_bytes host = qd_fields_find(fs, "host");

  if (!message_is(scheme, "https") && !message_is(scheme, "http")) {
    return NULL;
  }
  return path.data && path.len == 0             ? ":path is empty"
         : authority.data && authority.len == 0 ? ":authority is empty"
         : authority.data && host.data && !quic_bytes_eq(authority, host)
             ? ":authority and host differ"
             : NULL;
}

/* message_located: a request names its authority, or its scheme has none. */
static bool message_located(const qd_fields *fs) {
  quic_bytes scheme = qd_fields_find(fs, ":scheme");

  return qd_fields_find(fs, ":authority").data ||
         qd_fields_find(fs, "host").data ||
         (!message_is(scheme, "https") && !message_is(scheme, "http"));
}

/* message_check returns what makes a section malformed, or NULL. */
static const char *message_check(const qd_fields *fs, bool request,
                                 bool trailers) {
  unsigned have = 0, bit, allowed;
  bool regular = false, connect = false;
  const char *bad;

  allowed = trailers ? 0 : request ? PSEUDO_REQUEST : PSEUDO_STATUS;
  for (size_t i = 0; i < fs->len; i++) {
    quic_field f = qd_fields_at(fs, i);

    bad = message_bad_name(f.name, f.value);
    if (bad) {
      return bad;
    }
    if (f.name.data[0] != ':') {
      regular = true;
      continue;
    }
    bit = message_pseudo(f.name);
    if (!(bit & allowed)) {
      return trailers ? "a pseudo-header field in the trailers"
                      : "a pseudo-header field that does not belong here";
    }
    if (have & bit) {
      return "a pseudo-header field stands twice";
    }
    if (regular) {
      return "a pseudo-header field behind other fields";
    }
    have |= bit;
    connect =
        connect || (bit == PSEUDO_METHOD && message_is(f.value, "CONNECT"));
  }
  if (fs->dropped || trailers) {
    return NULL;
  }
  if (!request) {
    return have & PSEUDO_STATUS ? NULL : ":status is missing";
  }
  bad = message_required(have, connect, message_located(fs));
  return bad ? bad : message_url(fs);
}

static void message_take(qd_fields *to, qd_fields *from, const quic_mem *mem) {
  qd_fields spare = *to;

  *to = *from;
  *from = spare; /* its room is used again */
  if (from->octets_cap > 16384) {
    qd_fields_free(from, mem);
  }
}

/* message_tunnel: what follows on the stream of |rq| are capsules (RFC 9297
   §3.1). */
static bool message_tunnel(const qd_request *rq) {
  static const message_word tokens[] = {
      WORD("webtransport", 1), WORD("webtransport-h3", 1),
      WORD("connect-udp", 1), WORD("connect-ip", 1),
      WORD("connect-ethernet", 1)};
  const qd_fields *fs = &rq->side[QD_CLIENT].fields;

  return message_find(qd_fields_find(fs, ":protocol"), tokens,
                      sizeof(tokens) / sizeof(tokens[0])) ||
         message_is(qd_fields_find(fs, "capsule-protocol"), "?1");
}

/* message_empty: the response of |rq| may be without content whatever
   content-length says (RFC 9110 §8.6), or nobody knows what was asked. */
static bool message_empty(const qd_request *rq) {
  return !rq->side[QD_CLIENT].has_headers || rq->status == 304 ||
         message_is(qd_request_method(rq), "HEAD");
}

/* message_opened: the response of |rq| has no content but a tunnel, and
   content-length means nothing (RFC 9110 §9.3.6). */
static bool message_opened(const qd_request *rq) {
  return message_is(qd_request_method(rq), "CONNECT") && rq->status / 100 == 2;
}

/* message_length compares content-length with what came, when both are known
   (RFC 9114 §4.1.2). */
static void message_length(qd_http *h, const http_stream *hs, qd_side side) {
  const http_half *half = &hs->half[side];
  const qd_request *rq = hs->request;
  const qd_http_message *m = &rq->side[side];
  bool none = side == QD_SERVER &&
              (message_opened(rq) || (m->body == 0 && message_empty(rq)));

  if (m->fin && half->length != QD_REQUEST_NONE && half->length != m->body &&
      !none && !m->lost && !half->blind) {
    http_note(h, hs->id, 0x10e,
              "content-length says %llu octets, the content has %llu (RFC "
              "9114 4.1.2)",
              (unsigned long long)half->length, (unsigned long long)m->body);
  }
}

/* message_capsules_begin: the content of |side| are capsules, unless some
   passed before that was known. */
static void message_capsules_begin(http_stream *hs, qd_side side) {
  http_half *half = &hs->half[side];

  half->tunnel = half->tunnel || hs->request->side[side].body == 0;
}

static void message_header(qd_http *h, http_stream *hs, qd_side side,
                           qd_request *rq) {
  http_half *half = &hs->half[side];
  qd_http_message *m = &rq->side[side];
  quic_bytes length = qd_fields_find(&m->fields, "content-length");
  quic_bytes priority = qd_fields_find(&m->fields, "priority");
  qlog_event e;

  if (length.data && !qd_fields_decimal(length, &half->length)) {
    http_note(h, hs->id, 0x10e, "content-length is no number (RFC 9110 8.6)");
    half->length = QD_REQUEST_NONE;
  }
  message_length(h, hs, side); /* QPACK may have held this back */
  if (side == QD_CLIENT && rq->side[QD_SERVER].body == 0) {
    message_length(h, hs, QD_SERVER); /* this tells what was asked */
  }
  if (message_tunnel(rq)) {
    message_capsules_begin(hs, QD_CLIENT);
    if (rq->status / 100 == 2) { /* a refusal has content as any other */
      message_capsules_begin(hs, QD_SERVER);
    }
  }
  if (priority.data) {
    qlog_event_init(&e, QLOG_H3_PRIORITY_UPDATED, h->trace->now);
    e.u.h3_priority.stream_id = hs->id;
    e.u.h3_priority.new_value = priority;
    qd_trace_emit(h->trace, &e);
  }
}

static void message_status(qd_http *h, http_stream *hs, qd_request *rq) {
  quic_bytes text = qd_fields_find(&h->fields, ":status");
  uint64_t status;

  if (text.len != 3 || !qd_fields_decimal(text, &status)) {
    if (text.data) {
      http_note(h, hs->id, 0x10e, ":status is no number of three digits");
    }
    return;
  }
  rq->status = (unsigned)status;
  rq->has_status = true;
}

/* message_promise notes the request that a push answers. */
static void message_promise(qd_http *h, const http_stream *hs,
                            uint64_t push_id) {
  qd_request *rq;

  if (quic_map_get(&h->promises, quic_bytes_of(&push_id, sizeof(push_id))) ||
      h->promises.len >= QD_HTTP_PROMISES_MAX) {
    return;
  }
  http_push_id(h, hs, push_id, "a promise");
  rq = quic_mem_zalloc(h->mem, sizeof(*rq));
  if (!rq) {
    return;
  }
  qd_request_init(rq);
  rq->protocol = "h3";
  rq->push_id = push_id;
  rq->number = qd_trace_request_number(h->trace);
  rq->side[QD_CLIENT].first = rq->side[QD_CLIENT].headers = h->trace->now;
  rq->side[QD_CLIENT].has_headers = true;
  message_take(&rq->side[QD_CLIENT].fields, &h->fields, h->mem);
  if (quic_map_put(&h->promises, quic_bytes_of(&push_id, sizeof(push_id)),
                   rq) != 0) {
    qd_request_free(rq, h->mem);
    quic_mem_free(h->mem, rq);
  }
}

static void message_emit(qd_http *h, const http_stream *hs, qd_side side,
                         const qpack_section *section, uint64_t push_id) {
  quic_h3_frame f = {.type = QUIC_H3_HEADERS, .length = section->encoded_len};

  if (push_id != QD_REQUEST_NONE) {
    f.type = QUIC_H3_PUSH_PROMISE;
    f.length += quic_varint_len(push_id);
    f.u.push_promise.push_id = push_id;
  }
  /* With integers as short as they can be: it may have waited since. */
  http_emit_frame(h, hs, side, &f, 1 + quic_varint_len(f.length) + f.length,
                  &h->fields);
}

void http_message_section(qd_http *h, http_stream *hs, qd_side side,
                          const qpack_section *section, uint64_t push_id) {
  http_half *half = &hs->half[side];
  bool promise = push_id != QD_REQUEST_NONE;
  bool request = side == QD_CLIENT || promise;
  bool trailers = !promise && half->phase != HTTP_BEFORE;
  qd_request *rq = http_message_request(h, hs);
  qd_http_message *m;
  const char *bad;

  if (rq) {
    rq->side[side].section_octets += section->encoded_len;
    rq->side[side].field_octets += h->fields.octets_len;
    rq->side[side].malformed += section->status != 0;
  }
  message_emit(h, hs, side, section, push_id);
  half->blind |= section->status != 0 || !rq;
  if (section->status != 0 || !rq) {
    return;
  }
  bad = message_check(&h->fields, request, trailers);
  if (bad) {
    http_note(h, hs->id, 0x10e, "%s (RFC 9114 4.2, 4.3)", bad);
  }
  if (promise) {
    message_promise(h, hs, push_id);
    return;
  }
  m = &rq->side[side];
  if (half->phase == HTTP_TRAILERS) {
    http_note(h, hs->id, 0x105, "HEADERS behind the trailers (RFC 9114 4.1)");
    return;
  }
  if (trailers) {
    half->phase = HTTP_TRAILERS;
    m->has_trailers = true;
    message_take(&m->trailers, &h->fields, h->mem);
    return;
  }
  if (!request) {
    message_status(h, hs, rq);
    if (rq->status >= 100 && rq->status < 200) {
      m->interim++;
      rq->has_status = false;
      return;
    }
    h->trace->responses += rq->has_status;
    h->trace->failed += rq->has_status && rq->status >= 400;
  }
  half->phase = HTTP_CONTENT;
  m->has_headers = true;
  m->headers = h->trace->now;
  m->frame = h->trace->packet ? h->trace->packet->frame : 0;
  message_take(&m->fields, &h->fields, h->mem);
  message_header(h, hs, side, rq);
}

static void message_capsules(qd_http *h, http_stream *hs, qd_side side,
                             quic_bytes data) {
  http_half *half = &hs->half[side];
  quic_tlv_event event;
  quic_bytes piece;
  qlog_event e;

  while (quic_tlv_reader_next(&half->capsules, &data, UINT64_MAX, &event,
                              &piece) == 0) {
    if (event != QUIC_TLV_BEGIN) {
      continue;
    }
    qlog_event_init(
        &e, side == QD_CLIENT ? QLOG_CAPSULE_CREATED : QLOG_CAPSULE_PARSED,
        h->trace->now);
    e.u.capsule.stream_id = hs->id;
    e.u.capsule.type = half->capsules.type;
    e.u.capsule.length = half->capsules.length;
    qd_trace_emit(h->trace, &e);
    hs->request->capsules++;
  }
}

void http_message_data(qd_http *h, http_stream *hs, qd_side side,
                       quic_bytes data) {
  qd_request *rq = http_message_request(h, hs);
  qd_http_message *m;

  if (!rq) {
    return;
  }
  m = &rq->side[side];
  m->body += data.len;
  if (m->body_first == QUIC_TIME_NEVER) {
    m->body_first = h->trace->now;
  }
  if (hs->half[side].tunnel) {
    message_capsules(h, hs, side, data);
  }
  qd_trace_body(h->trace, rq, side, data);
}

void http_message_end(qd_http *h, http_stream *hs, qd_side side) {
  const http_half *half = &hs->half[side];
  qd_request *rq = http_message_request(h, hs);

  if (!rq) {
    return;
  }
  rq->side[side].fin = true;
  if (half->phase == HTTP_BEFORE && !half->pending && !half->blind) {
    http_note(h, hs->id, side == QD_CLIENT ? 0x10d : 0x10e,
              "the %s ended without %s (RFC 9114 4.1)",
              side == QD_CLIENT ? "request" : "response",
              half->sections ? "a final status" : "HEADERS");
  }
  if (half->tunnel && !quic_tlv_reader_between(&half->capsules) &&
      !half->blind) {
    http_note(h, hs->id, 0x10e,
              "the stream ends inside a capsule (RFC 9297 3.3)");
  }
  message_length(h, hs, side);
}
