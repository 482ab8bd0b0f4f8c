#include <strings.h>

#include "base/base64.h"
#include "pcap/out_har.h"
#include "wire/names.h"

/* Header fields. */

static bool entry_is(quic_bytes b, const char *text) {
  return b.len == strlen(text) &&
         (b.len == 0 || strncasecmp((const char *)b.data, text, b.len) == 0);
}

static void entry_pair(qlog_json *j, quic_bytes name, quic_bytes value) {
  qlog_json_object(j);
  qlog_json_key_text_value(j, "name", name);
  qlog_json_key_text_value(j, "value", value);
  qlog_json_object_end(j);
}

static void entry_fields(qlog_json *j, const char *key, const qd_fields *fs) {
  qlog_json_key(j, key);
  qlog_json_array(j);
  for (size_t i = 0; i < fs->len; i++) {
    quic_field f = qd_fields_at(fs, i);

    entry_pair(j, f.name, f.value);
  }
  qlog_json_array_end(j);
}

/* entry_cut takes what is in front of the first |c| off |rest|; all when there
   is none.  Returns false when nothing is left. */
static bool entry_cut(quic_bytes *rest, char c, quic_bytes *part) {
  const uint8_t *at;

  if (!rest->data) {
    return false;
  }
  at = rest->len ? memchr(rest->data, c, rest->len) : NULL;
  part->data = rest->data;
  part->len = at ? (size_t)(at - rest->data) : rest->len;
  if (at) {
    *rest = quic_bytes_of(at + 1, rest->len - part->len - 1);
  } else {
    *rest = (quic_bytes){0};
  }
  return true;
}

static quic_bytes entry_trim(quic_bytes b) {
  while (b.len && (b.data[0] == ' ' || b.data[0] == '\t')) {
    b.data++;
    b.len--;
  }
  while (b.len && (b.data[b.len - 1] == ' ' || b.data[b.len - 1] == '\t')) {
    b.len--;
  }
  return b;
}

static void entry_query(qlog_json *j, quic_bytes path) {
  quic_bytes part, name;

  qlog_json_key(j, "queryString");
  qlog_json_array(j);
  if (entry_cut(&path, '?', &part) && entry_cut(&path, '#', &part)) {
    path = part;
    while (entry_cut(&path, '&', &part)) {
      if (part.len && entry_cut(&part, '=', &name)) {
        entry_pair(j, name, part);
      }
    }
  }
  qlog_json_array_end(j);
}

static void entry_cookies(qlog_json *j, const qd_fields *fs) {
  qlog_json_key(j, "cookies");
  qlog_json_array(j);
  for (size_t i = 0; i < fs->len; i++) {
    quic_field f = qd_fields_at(fs, i);
    quic_bytes part, name;

    while (entry_is(f.name, "cookie") && entry_cut(&f.value, ';', &part)) {
      part = entry_trim(part);
      if (part.len && entry_cut(&part, '=', &name)) {
        entry_pair(j, name, part);
      }
    }
  }
  qlog_json_array_end(j);
}

/* entry_attributes writes those of a Set-Cookie that HAR has (RFC 6265 §4.1),
   each once; not Expires, whose dates have another form. */
static void entry_attributes(qlog_json *j, quic_bytes rest) {
  static const struct {
    const char *name;
    const char *key;
    bool flag;
  } rows[] = {{"path", "path", false},
              {"domain", "domain", false},
              {"httponly", "httpOnly", true},
              {"secure", "secure", true}};
  unsigned seen = 0;
  quic_bytes part, name;

  while (entry_cut(&rest, ';', &part)) {
    part = entry_trim(part);
    (void)entry_cut(&part, '=', &name);
    for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
      if (!entry_is(name, rows[i].name) || seen & 1u << i) {
        continue;
      }
      seen |= 1u << i;
      if (rows[i].flag) {
        qlog_json_key_bool(j, rows[i].key, true);
      } else {
        qlog_json_key_text_value(j, rows[i].key, part);
      }
    }
  }
}

static void entry_set_cookies(qlog_json *j, const qd_fields *fs) {
  qlog_json_key(j, "cookies");
  qlog_json_array(j);
  for (size_t i = 0; i < fs->len; i++) {
    quic_field f = qd_fields_at(fs, i);
    quic_bytes part, name;

    if (!entry_is(f.name, "set-cookie") || !entry_cut(&f.value, ';', &part)) {
      continue;
    }
    part = entry_trim(part);
    (void)entry_cut(&part, '=', &name);
    qlog_json_object(j);
    qlog_json_key_text_value(j, "name", name);
    qlog_json_key_text_value(j, "value", part);
    entry_attributes(j, f.value);
    qlog_json_object_end(j);
  }
  qlog_json_array_end(j);
}

/* Content. */

static bool entry_has(quic_bytes b, const char *text) {
  size_t len = strlen(text);

  for (size_t i = 0; i + len <= b.len; i++) {
    if (strncasecmp((const char *)b.data + i, text, len) == 0) {
      return true;
    }
  }
  return false;
}

/* entry_textual: the content is for people to read. */
static bool entry_textual(quic_bytes type) {
  static const char *const signs[] = {"json", "xml", "javascript",
                                      "x-www-form-urlencoded"};

  if (type.len >= 5 && strncasecmp((const char *)type.data, "text/", 5) == 0) {
    return true;
  }
  for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
    if (entry_has(type, signs[i])) {
      return true;
    }
  }
  return false;
}

/* entry_encoding: the content encoding of |m|; empty when there is none. */
static quic_bytes entry_encoding(const qd_http_message *m) {
  quic_bytes b = qd_fields_find(&m->fields, "content-encoding");

  return entry_is(b, "identity") ? (quic_bytes){0} : b;
}

/* entry_text writes the octets, as text where they are such, else in base64. */
static void entry_text(har_entry *e, qd_side side, const char *encoding_key) {
  const qd_http_message *m = &e->request->side[side];
  const har_body *body = e->body[side];
  quic_bytes data = quic_bytes_of(body->data, body->len);
  qlog_json *j = &e->j;

  if (!entry_encoding(m).len &&
      entry_textual(qd_fields_find(&m->fields, "content-type")) &&
      qlog_json_utf8(data)) {
    qlog_json_key_text_value(j, "text", data);
    return;
  }
  qlog_json_key(j, "text");
  qlog_json_literal(j, "\"", 1);
  quic_base64(j->out, data);
  quic_text_char(j->out, '"');
  qlog_json_key_str(j, encoding_key, "base64");
}

/* entry_comment says what a reader would not expect of the content. */
static void entry_comment(har_entry *e, qd_side side) {
  const qd_http_message *m = &e->request->side[side];
  const har_body *body = e->body[side];
  quic_bytes encoding = entry_encoding(m);
  char text[512];
  quic_text t;

  quic_text_init(&t, text, sizeof(text));
  if (encoding.len) {
    quic_text_str(&t, "size and text are those of the content encoding ");
    quic_text_untrusted(&t, encoding, 64);
    quic_text_str(&t, ", not inflated");
  }
  if (e->bodies && !body && m->body) {
    quic_text_str(&t, t.len ? "; " : "");
    quic_text_str(&t, "content was not kept");
  }
  if (body && body->cut) {
    quic_text_str(&t, t.len ? "; " : "");
    quic_text_str(&t, "text has only the first ");
    quic_text_u64(&t, body->len);
    quic_text_str(&t, " octets");
  }
  if (m->lost) {
    quic_text_str(&t, t.len ? "; " : "");
    quic_text_u64(&t, m->lost);
    quic_text_str(&t, " octets of the stream are not in the capture");
  }
  if (t.len) {
    qlog_json_key_text_value(&e->j, "comment", quic_bytes_of(text, t.len));
  }
}

static void entry_mime(qlog_json *j, const qd_http_message *m) {
  quic_bytes type = qd_fields_find(&m->fields, "content-type");

  qlog_json_key(j, "mimeType");
  if (type.data) {
    qlog_json_text(j, type);
  } else {
    qlog_json_str(j, "x-unknown"); /* as browsers say */
  }
}

static void entry_content(har_entry *e) {
  const qd_http_message *m = &e->request->side[QD_SERVER];
  qlog_json *j = &e->j;

  qlog_json_key(j, "content");
  qlog_json_object(j);
  qlog_json_key_u64(j, "size", m->body);
  entry_mime(j, m);
  if (e->body[QD_SERVER]) {
    entry_text(e, QD_SERVER, "encoding");
  }
  entry_comment(e, QD_SERVER);
  qlog_json_object_end(j);
}

static void entry_post_data(har_entry *e) {
  const qd_http_message *m = &e->request->side[QD_CLIENT];
  qlog_json *j = &e->j;

  if (!m->body) {
    return;
  }
  qlog_json_key(j, "postData");
  qlog_json_object(j);
  entry_mime(j, m);
  qlog_json_key(j, "params");
  qlog_json_array(j);
  qlog_json_array_end(j);
  if (e->body[QD_CLIENT]) {
    entry_text(e, QD_CLIENT, "_encoding");
  } else {
    qlog_json_key_str(j, "text", "");
  }
  entry_comment(e, QD_CLIENT);
  qlog_json_object_end(j);
}

/* Request and response. */

/* entry_scheme_sound: |b| is a scheme of RFC 3986 3.1, in lower case. */
static bool entry_scheme_sound(quic_bytes b) {
  for (size_t i = 0; i < b.len; i++) {
    uint8_t c = b.data[i];
    bool letter = c >= 'a' && c <= 'z';

    if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' ||
                                c == '-' || c == '.'))) {
      return false;
    }
  }
  return b.len > 0;
}

/* entry_url writes an absolute URL, whatever the request has; the fields tell
   what it was. */
static void entry_url(har_entry *e) {
  qd_request_target target = qd_request_target_of(e->request);
  const qd_conn *conn = e->trace->conn;
  char addr[QUIC_ADDR_TEXT];

  if (!entry_scheme_sound(target.scheme)) {
    target.scheme = quic_bytes_of("https", 5);
  }
  if (!target.authority.len) {
    const char *name =
        conn->facts.sni[0]
            ? conn->facts.sni
            : quic_addr_text(&conn->sides[QD_SERVER].addr, addr, sizeof(addr));

    target.authority = quic_bytes_of(name, strlen(name));
  }
  if (!target.path.len) {
    target.path = quic_bytes_of("/", 1);
  }
  qlog_json_key_text_value(
      &e->j, "url",
      quic_bytes_of(e->url, qd_request_join(&target, e->url, sizeof(e->url))));
}

static const char *entry_version(const qd_request *rq) {
  return strcmp(rq->protocol, "hq") == 0 ? "HTTP/0.9" : "HTTP/3";
}

/* entry_sizes: of a header section its encoded octets, -1 when it was not
   seen. */
static void entry_sizes(qlog_json *j, const qd_http_message *m) {
  qlog_json_key(j, "headersSize");
  qlog_json_i64(j, m->has_headers ? (int64_t)m->section_octets : -1);
  qlog_json_key_u64(j, "bodySize", m->body);
}

static void entry_code(har_entry *e, const char *key, uint64_t code) {
  quic_bytes alpn = qd_conn_alpn(e->trace->conn);
  const char *name = quic_name_app_error(alpn.data, alpn.len, code);
  qlog_json *j = &e->j;

  if (code == QD_REQUEST_NONE) {
    return;
  }
  qlog_json_key(j, key);
  if (name) {
    qlog_json_str(j, name);
  } else {
    char text[24];
    quic_text t;

    quic_text_init(&t, text, sizeof(text));
    quic_text_hex_u64(&t, code);
    qlog_json_text(j, quic_bytes_of(text, t.len));
  }
}

/* entry_custom writes what HAR has no words for. */
static void entry_custom(har_entry *e, qd_side side) {
  const qd_http_message *m = &e->request->side[side];
  qlog_json *j = &e->j;

  if (m->has_trailers) {
    entry_fields(j, "_trailers", &m->trailers);
  }
  qlog_json_key_u64(j, "_streamOctets", m->stream);
  qlog_json_key_u64(j, "_retransmittedOctets", m->retransmitted);
  if (m->lost) {
    qlog_json_key_u64(j, "_lostOctets", m->lost);
  }
  if (m->blocked) {
    qlog_json_key(j, "_qpackBlocked");
    qlog_json_ms(j, m->blocked);
  }
  if (m->interim) {
    qlog_json_key_u64(j, "_interimResponses", m->interim);
  }
  entry_code(e, "_reset", m->reset_code);
  entry_code(e, "_stopped", m->stop_code);
}

static void entry_request(har_entry *e) {
  const qd_http_message *m = &e->request->side[QD_CLIENT];
  quic_bytes method = qd_request_method(e->request);
  qlog_json *j = &e->j;

  qlog_json_key(j, "request");
  qlog_json_object(j);
  qlog_json_key_text_value(j, "method", method);
  entry_url(e);
  qlog_json_key_str(j, "httpVersion", entry_version(e->request));
  entry_cookies(j, &m->fields);
  entry_fields(j, "headers", &m->fields);
  entry_query(j, qd_fields_find(&m->fields, ":path"));
  entry_post_data(e);
  entry_sizes(j, m);
  entry_custom(e, QD_CLIENT);
  qlog_json_object_end(j);
}

static void entry_response(har_entry *e) {
  const qd_http_message *m = &e->request->side[QD_SERVER];
  qlog_json *j = &e->j;

  qlog_json_key(j, "response");
  qlog_json_object(j);
  qlog_json_key_u64(j, "status",
                    e->request->has_status ? e->request->status : 0);
  qlog_json_key_str(j, "statusText", ""); /* HTTP/3 has none */
  qlog_json_key_str(j, "httpVersion", entry_version(e->request));
  entry_set_cookies(j, &m->fields);
  entry_fields(j, "headers", &m->fields);
  entry_content(e);
  qlog_json_key_text_value(j, "redirectURL",
                           qd_fields_find(&m->fields, "location"));
  entry_sizes(j, m);
  qlog_json_key_u64(j, "_transferSize", m->stream);
  entry_code(e, "_error", m->reset_code);
  entry_custom(e, QD_SERVER);
  qlog_json_object_end(j);
}

/* Times. */

quic_time har_entry_start(const qd_request *rq) {
  quic_time c = rq->side[QD_CLIENT].first, s = rq->side[QD_SERVER].first;

  return c != QUIC_TIME_NEVER ? c : s != QUIC_TIME_NEVER ? s : 0;
}

/* entry_timings: send ends with the request, or with the first octet of a
   response that does not wait for that.  The three add up to "time". */
static void entry_timings(har_entry *e) {
  static const char *const unknown[] = {"blocked", "dns", "connect", "ssl"};
  const qd_http_message *c = &e->request->side[QD_CLIENT];
  const qd_http_message *s = &e->request->side[QD_SERVER];
  quic_time sent = c->last == QUIC_TIME_NEVER ? e->start : c->last;
  quic_duration send, wait = 0, receive = 0;
  qlog_json *j = &e->j;

  if (s->first != QUIC_TIME_NEVER) {
    sent = s->first < sent ? s->first : sent;
    wait = quic_time_since(s->first, sent > e->start ? sent : e->start);
    receive = quic_time_since(s->last, s->first);
  }
  send = quic_time_since(sent, e->start);
  qlog_json_key(j, "time");
  qlog_json_ms(j, send + wait + receive);
  qlog_json_key(j, "timings");
  qlog_json_object(j);
  for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
    qlog_json_key(j, unknown[i]);
    qlog_json_i64(j, -1);
  }
  qlog_json_key(j, "send");
  qlog_json_ms(j, send);
  qlog_json_key(j, "wait");
  qlog_json_ms(j, wait);
  qlog_json_key(j, "receive");
  qlog_json_ms(j, receive);
  qlog_json_object_end(j);
}

/* entry_server writes the address without port and brackets. */
static void entry_server(qlog_json *j, const quic_addr *addr) {
  char text[QUIC_ADDR_TEXT];
  char *ip = quic_addr_text(addr, text, sizeof(text));
  char *end = strrchr(ip, addr->family == 6 ? ']' : ':');

  if (addr->family && end) {
    ip += addr->family == 6;
    qlog_json_key_text_value(j, "serverIPAddress",
                             quic_bytes_of(ip, (size_t)(end - ip)));
  }
}

static void entry_place(har_entry *e) {
  const qd_request *rq = e->request;
  char number[24];
  quic_text t;
  qlog_json *j = &e->j;

  entry_server(j, &e->trace->conn->sides[QD_SERVER].addr);
  quic_text_init(&t, number, sizeof(number));
  quic_text_u64(&t, e->trace->number);
  qlog_json_key_str(j, "connection", quic_text_cstr(&t));
  qlog_json_key_u64(j, "_request", rq->number);
  qlog_json_key_u64(j, "_streamId", rq->stream_id);
  if (rq->side[QD_CLIENT].frame) {
    qlog_json_key_u64(j, "_frame", rq->side[QD_CLIENT].frame);
  }
  if (rq->push_id != QD_REQUEST_NONE) {
    qlog_json_key_bool(j, "_pushed", true);
    qlog_json_key_u64(j, "_pushId", rq->push_id);
  }
  qlog_json_key_bool(j, "_complete", qd_request_complete(rq));
  if (rq->capsules || rq->datagrams) {
    qlog_json_key_u64(j, "_capsules", rq->capsules);
    qlog_json_key_u64(j, "_datagrams", rq->datagrams);
    qlog_json_key_u64(j, "_datagramOctets", rq->datagram_octets);
  }
}

void har_entry_write(har_entry *e) {
  qlog_json *j = &e->j;

  qlog_json_object(j);
  qlog_json_key_str(j, "pageref", "capture");
  qlog_json_key(j, "startedDateTime");
  qlog_json_date(j, e->start);
  entry_request(e);
  entry_response(e);
  qlog_json_key(j, "cache");
  qlog_json_object(j);
  qlog_json_object_end(j);
  entry_timings(e);
  entry_place(e);
  qlog_json_object_end(j);
}
