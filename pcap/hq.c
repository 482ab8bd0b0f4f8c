#include "pcap/hq.h"

#include "pcap/lineapp.h"

static bool hq_request(qd_lineapp *app, qd_request *rq, quic_bytes data,
                       bool all) {
  qd_fields *fs = &rq->side[QD_CLIENT].fields;
  const uint8_t *end = data.len ? memchr(data.data, '\n', data.len) : NULL;
  const uint8_t *space;
  const char *sni = app->trace->conn->facts.sni;
  quic_bytes line = data;

  if (!end && !all) {
    return false;
  }
  if (end) {
    line.len = (size_t)(end - data.data);
  }
  if (line.len && line.data[line.len - 1] == '\r') {
    line.len--;
  }
  space = line.len ? memchr(line.data, ' ', line.len) : NULL;
  if (!space) {
    return true; /* no request line */
  }
  /* What does not fit or has no memory is missing from the report. */
  (void)!qd_fields_add(fs, app->mem, quic_bytes_of(":method", 7),
                       quic_bytes_of(line.data, (size_t)(space - line.data)));
  (void)!qd_fields_add(fs, app->mem, quic_bytes_of(":scheme", 7),
                       quic_bytes_of("https", 5));
  (void)!qd_fields_add(fs, app->mem, quic_bytes_of(":authority", 10),
                       quic_bytes_of(sni, strlen(sni)));
  (void)!qd_fields_add(
      fs, app->mem, quic_bytes_of(":path", 5),
      quic_bytes_of(space + 1, line.len - (size_t)(space + 1 - line.data)));
  return true;
}

static bool hq_read(qd_lineapp *app, qd_request *rq, qd_side side,
                    quic_bytes data, bool all) {
  /* A response has no header section. */
  return side == QD_SERVER || hq_request(app, rq, data, all);
}

int qd_hq_new(qd_protocol **out, qd_trace *tr) {
  static const qd_lineapp_ops ops = {
      .name = "hq", .keep = {QD_HQ_LINE_MAX, 1}, .read = hq_read};

  return qd_lineapp_new(out, tr, &ops);
}
