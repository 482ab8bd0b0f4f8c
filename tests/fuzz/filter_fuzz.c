/* Filter expressions over quicdump's fields, on a few fixed packets. */

#include "analysis/filter.h"
#include "pcap/conn.h"
#include "pcap/select.h"
#include "tests/fuzz/fuzz.h"
#include "wire/frame.h"

#define FILTER_PACKETS 4

typedef struct filter_world {
  qd_conn *conn;
  uint64_t crypto_total;
  uint8_t payload[1024];
  qd_packet packets[FILTER_PACKETS];
} filter_world;

static void filter_frames(filter_world *w, quic_writer *wr) {
  static const uint64_t types[] = {
      QUIC_FRAME_PING, QUIC_FRAME_STREAM + 2, QUIC_FRAME_MAX_DATA,
      QUIC_FRAME_CONNECTION_CLOSE, QUIC_FRAME_CONNECTION_CLOSE_APP};

  quic_writer_init(wr, w->payload, sizeof(w->payload));
  for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
    quic_frame f = {.type = types[i]};

    f.u.limit.stream_id = 4;
    f.u.limit.limit = 256;
    if (quic_frame_encode(&f, wr) != 0) {
      abort();
    }
  }
}

static void filter_init(filter_world *w) {
  quic_writer wr;

  w->conn =
      qd_conn_new(quic_mem_default(), quic_crypto_null(), &w->crypto_total);
  if (!w->conn) {
    abort();
  }
  filter_frames(w, &wr);
  w->conn->version = QUIC_VERSION_1;
  strcpy(w->conn->facts.sni, "example.org");
  memcpy(w->conn->facts.alpn, "\x02h3", 3);
  w->conn->facts.alpn_len = 3;
  for (int i = 0; i < FILTER_PACKETS; i++) {
    qd_packet *p = &w->packets[i];

    p->frame = (uint64_t)i + 1;
    p->time = (uint64_t)i * QUIC_MILLISECOND;
    p->src = p->dst = (quic_addr){.ip = {10, 0, 0, 9}, .family = 4};
    p->dst.port = 443;
    p->datagram_len = 1200;
    p->raw = quic_bytes_of(w->payload, quic_writer_len(&wr));
    p->header.packet_len = p->raw.len;
    p->header.type = (quic_packet_type)(i * 2);
    p->header.dcid = quic_bytes_of("\xab\xcd\xef\x01", 4);
    p->conn = i ? w->conn : NULL;
    p->sender_known = i > 1;
    p->state = i == 2 ? QD_STATE_OPEN : QD_STATE_CLOSED;
    p->reason = i == 2 ? QD_REASON_NONE : QD_REASON_NO_SECRET;
    p->payload = i == 2 ? p->raw : quic_bytes_of(NULL, 0);
    p->notes = (uint32_t)i;
  }
}

static int filter_new(quic_filter **out, const char *expr) {
  quic_filter_error error = {SIZE_MAX, "?"};
  int rv = quic_filter_new(out, quic_mem_default(), expr, qd_select_fields,
                           qd_select_nfields, &error);

  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_MALFORMED || rv == QUIC_ERR_LIMIT);
  if (rv != 0) {
    FUZZ_CHECK(error.column <= strlen(expr));
    FUZZ_CHECK(memchr(error.text, '\0', sizeof(error.text)) && error.text[0]);
    for (const char *c = error.text; *c; c++) {
      FUZZ_CHECK((uint8_t)*c >= 0x20 && *c != 0x7f);
    }
  }
  return rv;
}

/* filter_around compiles |expr| between |before| and ")"; its answers must be
   |want|, or its negation.  |expr| is sound; only limits may be in the way. */
static void filter_around(const filter_world *w, const char *before,
                          const char *expr, bool negated, const bool *want) {
  size_t len = strlen(before) + strlen(expr) + 2;
  char *text = malloc(len);
  quic_filter *filter;
  int rv;

  snprintf(text, len, "%s%s)", before, expr);
  rv = filter_new(&filter, text);
  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_LIMIT);
  for (int i = 0; rv == 0 && i < FILTER_PACKETS; i++) {
    FUZZ_CHECK(quic_filter_match(filter, &w->packets[i], qd_select_values) ==
               (want[i] != negated));
  }
  if (rv == 0) {
    quic_filter_del(filter);
  }
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static filter_world world;
  bool answers[FILTER_PACKETS];
  quic_filter *filter;
  char *expr = malloc(size + 1);

  if (!world.conn) {
    filter_init(&world);
  }
  if (size) {
    memcpy(expr, data, size);
  }
  expr[size] = '\0';
  if (filter_new(&filter, expr) == 0) {
    for (int i = 0; i < FILTER_PACKETS; i++) {
      answers[i] =
          quic_filter_match(filter, &world.packets[i], qd_select_values);
    }
    quic_filter_del(filter);
    filter_around(&world, "(", expr, false, answers);
    filter_around(&world, "not (", expr, true, answers);
  }
  free(expr);
  return 0;
}
