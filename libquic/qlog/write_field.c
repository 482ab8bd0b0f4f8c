#include "qlog/write.h"

static const char write_hexdigits[] = "0123456789abcdef";

static void write_version(qlog_json *j, uint32_t version) {
  char tmp[10] = {'"'};

  for (int i = 8; i > 0; i--, version >>= 4) {
    tmp[i] = write_hexdigits[version & 15];
  }
  tmp[9] = '"';
  qlog_json_literal(j, tmp, sizeof(tmp));
}

void qlog_write_versions(qlog_writer *w, quic_bytes versions) {
  qlog_json_array(&w->json);
  for (size_t i = 0; i + 4 <= versions.len; i += 4) {
    qlog_json_hex(&w->json, quic_bytes_of(versions.data + i, 4));
  }
  qlog_json_array_end(&w->json);
}

void qlog_write_details(qlog_writer *w, const quic_field *details, size_t n) {
  qlog_json_object(&w->json);
  for (size_t i = 0; i < n; i++) {
    qlog_json_key_text(&w->json, details[i].name);
    qlog_json_text(&w->json, details[i].value);
  }
  qlog_json_object_end(&w->json);
}

void qlog_write_raw(qlog_writer *w, const char *key, uint64_t len,
                    quic_bytes data) {
  qlog_json *j = &w->json;

  qlog_json_key(j, key);
  qlog_json_object(j);
  WRITE_KEY(j, "length");
  qlog_json_u64(j, len);
  if (w->raw_max > 0 && data.len > 0) {
    data.len = data.len < w->raw_max ? data.len : w->raw_max;
    WRITE_KEY(j, "data");
    qlog_json_hex(j, data);
  }
  qlog_json_object_end(j);
}

void qlog_write_token(qlog_writer *w, const char *type, uint64_t len,
                      quic_bytes token) {
  qlog_json *j = &w->json;

  WRITE_KEY(j, "token");
  qlog_json_object(j);
  if (type) {
    qlog_json_key_str(j, "type", type);
  }
  if (!w->compat) {
    WRITE_KEY(j, "raw");
    qlog_json_object(j);
  }
  qlog_json_key_u64(j, "length", len);
  qlog_json_key_hex(j, "data", token);
  if (!w->compat) {
    qlog_json_object_end(j);
  }
  qlog_json_object_end(j);
}

/* write_alpn writes an ALPNIdentifier; in 0.3 these were plain texts. */
static void write_alpn(qlog_writer *w, quic_bytes alpn) {
  qlog_json *j = &w->json;

  if (w->compat) {
    qlog_json_text(j, alpn);
    return;
  }
  qlog_json_object(j);
  if (qlog_json_utf8(alpn)) {
    qlog_json_key_text_value(j, "string_value", alpn);
  } else {
    qlog_json_key_hex(j, "byte_value", alpn);
  }
  qlog_json_object_end(j);
}

/* write_alpns writes names behind 8-bit lengths, as far as they are whole. */
static void write_alpns(qlog_writer *w, quic_bytes list) {
  quic_reader rd;

  quic_reader_init(&rd, list.data, list.len);
  qlog_json_array(&w->json);
  while (quic_reader_left(&rd) > 0) {
    quic_bytes alpn = quic_reader_bytes(&rd, quic_reader_u8(&rd));

    if (!quic_reader_failed(&rd)) {
      write_alpn(w, alpn);
    }
  }
  qlog_json_array_end(&w->json);
}

/* write_ip writes an address without its port. */
static void write_ip(qlog_json *j, const quic_addr *addr) {
  quic_addr bare = *addr;
  char text[QUIC_ADDR_TEXT];
  const char *start = quic_addr_text(&bare, text, sizeof(text));
  size_t len = strlen(start);

  while (len > 0 && start[len - 1] != ':') {
    len--;
  }
  len -= len > 0; /* the colon */
  if (len > 1 && start[0] == '[') {
    start++;
    len -= 2;
  }
  qlog_json_text(j, quic_bytes_of(start, len));
}

void qlog_write_addr(qlog_json *j, const quic_addr *addr) {
  bool v6 = addr->family == 6;

  if (addr->family == 0) {
    return;
  }
  qlog_json_key(j, v6 ? "ip_v6" : "ip_v4");
  write_ip(j, addr);
  qlog_json_key_u64(j, v6 ? "port_v6" : "port_v4", addr->port);
}

static void write_endpoint(qlog_writer *w, const char *key,
                           const qlog_endpoint *end) {
  qlog_json *j = &w->json;

  qlog_json_key(j, key);
  qlog_json_object(j);
  if (end->addr) {
    qlog_write_addr(j, end->addr);
  }
  if (end->ncids > 0) {
    WRITE_KEY(j, "connection_ids");
    qlog_json_array(j);
    for (size_t i = 0; i < end->ncids; i++) {
      qlog_json_hex(j, end->cids[i]);
    }
    qlog_json_array_end(j);
  }
  qlog_json_object_end(j);
}

/* In 0.3 connection_started had fields src_ip, src_port, src_cid, dst_ip... */
static void write_endpoint_flat(qlog_writer *w, const char *prefix,
                                const qlog_endpoint *end) {
  static const struct {
    const char *prefix, *ip, *port, *cid;
  } keys[] = {{"src", "src_ip", "src_port", "src_cid"},
              {"dst", "dst_ip", "dst_port", "dst_cid"}};
  size_t i = strcmp(prefix, keys[0].prefix) == 0 ? 0 : 1;
  qlog_json *j = &w->json;

  if (end->addr && end->addr->family != 0) {
    qlog_json_key(j, keys[i].ip);
    write_ip(j, end->addr);
    qlog_json_key_u64(j, keys[i].port, end->addr->port);
  }
  if (end->ncids > 0) {
    qlog_json_key_hex(j, keys[i].cid, end->cids[0]);
  }
}

static void write_endpoint_field(qlog_writer *w, const qlog_field *f,
                                 const qlog_endpoint *end) {
  if (w->compat && f->required) {
    write_endpoint_flat(w, f->compat, end);
  } else if (f->required || end->addr || end->ncids > 0) {
    write_endpoint(w, w->compat && f->compat ? f->compat : f->name, end);
  }
}

static void write_number(qlog_writer *w, const qlog_field *f, const char *key,
                         uint64_t v) {
  qlog_json *j = &w->json;

  if (v == QLOG_NONE) {
    return;
  }
  if (f->kind == QLOG_FIELD_RAW_LENGTH && !w->compat) {
    qlog_write_raw(w, key, v, quic_bytes_of(NULL, 0));
    return;
  }
  qlog_json_key(j, key);
  switch (f->kind) {
  case QLOG_FIELD_MS:
    qlog_json_ms(j, v);
    break;
  case QLOG_FIELD_THOUSANDTHS:
    qlog_json_scaled(j, v, 3);
    break;
  case QLOG_FIELD_VERSION:
    write_version(j, (uint32_t)v);
    break;
  default:
    qlog_json_u64(j, v);
    break;
  }
}

static void write_int(qlog_json *j, const qlog_field *f, const char *key,
                      int v) {
  const char *name;

  if (f->kind == QLOG_FIELD_FLAG) {
    if (v != QLOG_UNSET) {
      qlog_json_key_bool(j, key, v != 0);
    }
  } else if ((name = qlog_names_at(f->names, v))) {
    qlog_json_key_str(j, key, name);
  }
}

static void write_bytes(qlog_writer *w, const qlog_field *f, const char *key,
                        quic_bytes b) {
  qlog_json *j = &w->json;

  if (b.len == 0 && !f->required) {
    return;
  }
  qlog_json_key(j, key);
  switch (f->kind) {
  case QLOG_FIELD_TEXT:
    qlog_json_text(j, b);
    break;
  case QLOG_FIELD_VERSIONS:
    qlog_write_versions(w, b);
    break;
  case QLOG_FIELD_ALPN:
    write_alpn(w, b);
    break;
  case QLOG_FIELD_ALPNS:
    write_alpns(w, b);
    break;
  default:
    qlog_json_hex(j, b);
    break;
  }
}

static void write_str(qlog_json *j, const char *key, const char *s) {
  if (s) {
    qlog_json_key_str(j, key, s);
  }
}

static void write_field(qlog_writer *w, const qlog_field *f, const void *at) {
  const char *key = w->compat && f->compat ? f->compat : f->name;

  switch (f->kind) {
  case QLOG_FIELD_U64:
  case QLOG_FIELD_MS:
  case QLOG_FIELD_THOUSANDTHS:
  case QLOG_FIELD_VERSION:
  case QLOG_FIELD_RAW_LENGTH:
    write_number(w, f, key, *(const uint64_t *)at);
    break;
  case QLOG_FIELD_FLAG:
  case QLOG_FIELD_NAME:
    write_int(&w->json, f, key, *(const int *)at);
    break;
  case QLOG_FIELD_STR:
    write_str(&w->json, key, *(const char *const *)at);
    break;
  case QLOG_FIELD_TEXT:
  case QLOG_FIELD_HEX:
  case QLOG_FIELD_VERSIONS:
  case QLOG_FIELD_ALPN:
  case QLOG_FIELD_ALPNS:
    write_bytes(w, f, key, *(const quic_bytes *)at);
    break;
  case QLOG_FIELD_ADDR:
    if (*(const quic_addr *const *)at) {
      qlog_write_addr(&w->json, *(const quic_addr *const *)at);
    }
    break;
  case QLOG_FIELD_ENDPOINT:
    write_endpoint_field(w, f, at);
    break;
  case QLOG_FIELD_END:
    break;
  }
}

void qlog_write_fields(qlog_writer *w, const qlog_event *e) {
  const qlog_field *f = qlog_field_list(e->type);

  for (; f->kind != QLOG_FIELD_END; f++) {
    write_field(w, f, (const uint8_t *)&e->u + f->offset);
  }
}
