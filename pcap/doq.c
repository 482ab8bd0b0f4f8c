#include "pcap/doq.h"

#include "base/reader.h"
#include "base/text.h"
#include "pcap/lineapp.h"

#define DOQ_HEADER 12    /* octets of a DNS header (RFC 1035 §4.1.1) */
#define DOQ_QUESTION 512 /* octets kept, the length field included */
#define DOQ_NAME_MAX 255 /* octets of a name */
#define DOQ_RESPONSE 6   /* length field, ID, flags */

static const char *doq_type_name(uint16_t type) {
  static const struct {
    uint16_t type;
    const char *name;
  } rows[] = {{1, "A"},      {2, "NS"},      {5, "CNAME"},  {6, "SOA"},
              {12, "PTR"},   {15, "MX"},     {16, "TXT"},   {28, "AAAA"},
              {33, "SRV"},   {35, "NAPTR"},  {43, "DS"},    {46, "RRSIG"},
              {47, "NSEC"},  {48, "DNSKEY"}, {52, "TLSA"},  {64, "SVCB"},
              {65, "HTTPS"}, {251, "IXFR"},  {252, "AXFR"}, {255, "ANY"},
              {257, "CAA"}};

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (rows[i].type == type) {
      return rows[i].name;
    }
  }
  return NULL;
}

/* doq_name writes the labels of a name with dots; a question's is never
   compressed.  Returns false when it is cut or compressed. */
static bool doq_name(quic_reader *rd, quic_text *t) {
  size_t total = 0;
  uint8_t len;

  while ((len = quic_reader_u8(rd)) != 0) {
    quic_bytes label = quic_reader_bytes(rd, len);

    total += len + 1u;
    if (len > 63 || total > DOQ_NAME_MAX || quic_reader_failed(rd)) {
      return false;
    }
    quic_text_mem(t, (const char *)label.data, label.len);
    quic_text_char(t, '.');
  }
  if (total == 0) {
    quic_text_char(t, '.');
  }
  return !quic_reader_failed(rd);
}

static bool doq_query(qd_lineapp *app, qd_request *rq, quic_bytes data,
                      bool all) {
  qd_fields *fs = &rq->side[QD_CLIENT].fields;
  char buf[DOQ_NAME_MAX + 32];
  quic_text t;
  quic_reader rd;
  const char *name;
  uint16_t type;

  quic_reader_init(&rd, data.data, data.len);
  quic_reader_skip(&rd, 2 + DOQ_HEADER);
  quic_text_init(&t, buf, sizeof(buf));
  if (!doq_name(&rd, &t)) {
    return all;
  }
  type = quic_reader_u16(&rd);
  quic_reader_skip(&rd, 2);
  if (quic_reader_failed(&rd)) {
    return all;
  }
  quic_text_char(&t, ' ');
  name = doq_type_name(type);
  if (name) {
    quic_text_str(&t, name);
  } else {
    quic_text_str(&t, "TYPE");
    quic_text_u64(&t, type);
  }
  /* What has no memory is missing from the report. */
  (void)!qd_fields_add(fs, app->mem, quic_bytes_of(":method", 7),
                       quic_bytes_of("QUERY", 5));
  (void)!qd_fields_add(fs, app->mem, quic_bytes_of(":path", 5),
                       quic_bytes_of(t.buf, t.len));
  return true;
}

static bool doq_read(qd_lineapp *app, qd_request *rq, qd_side side,
                     quic_bytes data, bool all) {
  if (side == QD_CLIENT) {
    return doq_query(app, rq, data, all);
  }
  if (data.len < DOQ_RESPONSE) {
    return all;
  }
  rq->status = data.data[5] & 0x0f; /* RCODE */
  rq->has_status = true;
  return true;
}

int qd_doq_new(qd_protocol **out, qd_trace *tr) {
  static const qd_lineapp_ops ops = {
      .name = "doq", .keep = {DOQ_QUESTION, DOQ_RESPONSE}, .read = doq_read};

  return qd_lineapp_new(out, tr, &ops);
}
