#include "pcap/request.h"

static void request_message_init(qd_http_message *m) {
  memset(m, 0, sizeof(*m));
  m->first = m->headers = m->body_first = m->last = QUIC_TIME_NEVER;
  m->reset_code = m->stop_code = QD_REQUEST_NONE;
}

void qd_request_init(qd_request *rq) {
  memset(rq, 0, sizeof(*rq));
  rq->push_id = QD_REQUEST_NONE;
  rq->protocol = "";
  request_message_init(&rq->side[QD_CLIENT]);
  request_message_init(&rq->side[QD_SERVER]);
}

void qd_request_free(qd_request *rq, const quic_mem *mem) {
  for (int side = 0; side < QD_SIDES; side++) {
    qd_fields_free(&rq->side[side].fields, mem);
    qd_fields_free(&rq->side[side].trailers, mem);
  }
}

quic_bytes qd_request_method(const qd_request *rq) {
  return qd_fields_find(&rq->side[QD_CLIENT].fields, ":method");
}

qd_request_target qd_request_target_of(const qd_request *rq) {
  const qd_fields *fs = &rq->side[QD_CLIENT].fields;
  qd_request_target t = {.scheme = qd_fields_find(fs, ":scheme"),
                         .authority = qd_fields_find(fs, ":authority"),
                         .path = qd_fields_find(fs, ":path")};

  if (!t.authority.data) {
    t.authority = qd_fields_find(fs, "host");
  }
  return t;
}

size_t qd_request_join(const qd_request_target *target, uint8_t *out,
                       size_t cap) {
  const quic_bytes parts[] = {target->scheme,
                              quic_bytes_of("://", target->scheme.data ? 3 : 0),
                              target->authority, target->path};
  size_t len = 0;

  for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    size_t n = parts[i].len < cap - len ? parts[i].len : cap - len;

    if (n) {
      memcpy(out + len, parts[i].data, n);
    }
    len += n;
  }
  return len;
}

void qd_request_url(const qd_request *rq, quic_text *t) {
  qd_request_target target = qd_request_target_of(rq);

  if (target.scheme.data) {
    quic_text_untrusted(t, target.scheme, 0);
    quic_text_str(t, "://");
  }
  quic_text_untrusted(t, target.authority, 0);
  quic_text_untrusted(t, target.path, 0);
}

static quic_duration request_since(quic_time end, quic_time start) {
  return end == QUIC_TIME_NEVER || start == QUIC_TIME_NEVER
             ? QUIC_TIME_NEVER
             : quic_time_since(end, start);
}

quic_duration qd_request_ttfb(const qd_request *rq) {
  return request_since(rq->side[QD_SERVER].first, rq->side[QD_CLIENT].first);
}

quic_duration qd_request_total(const qd_request *rq) {
  return request_since(rq->side[QD_SERVER].last, rq->side[QD_CLIENT].first);
}

bool qd_request_complete(const qd_request *rq) {
  return (rq->side[QD_CLIENT].fin || rq->push_id != QD_REQUEST_NONE) &&
         rq->side[QD_SERVER].fin && !rq->side[QD_CLIENT].lost &&
         !rq->side[QD_SERVER].lost;
}
