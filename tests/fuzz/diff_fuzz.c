/* Two records of connections, as packets that each of them may have: what is
   told of them adds up.  Each packet takes four octets: which of both and who,
   connection, number, time. */

#include "pcap/out_diff.h"
#include "tests/fuzz/fuzz.h"

#define DIFF_START (1000 * QUIC_SECOND)
#define DIFF_CONNS 3

static void diff_one(qd_diff *d, qd_diff_which which, uint8_t how,
                     uint32_t conn, uint64_t number, quic_time now) {
  uint8_t cid[2] = {7, (uint8_t)conn};
  quic_header h = {.type = how & 4 ? QUIC_PACKET_RETRY : QUIC_PACKET_1RTT,
                   .pn = number,
                   .pn_len = (how & 8) == 0,
                   .packet_len = 40};
  qlog_event e;

  qlog_event_init(&e, how & 1 ? QLOG_PACKET_SENT : QLOG_PACKET_RECEIVED, now);
  e.record = number;
  e.u.packet.header = &h;
  e.u.packet.length = how & 16 ? 50 : 40;
  qd_diff_event(d, which, conn, quic_bytes_of(cid, how & 32 ? 0 : sizeof(cid)),
                which == QD_DIFF_A, &e);
}

static void diff_check(qd_diff *d, uint32_t conn) {
  qd_diff_pair pr;

  if (qd_diff_pair_of(d, conn, &pr) != 0) {
    abort();
  }
  for (int side = 0; side < QD_SIDES; side++) {
    const qd_diff_way *w = &pr.way[side];

    for (int i = 0; i < QD_DIFF_BOTH; i++) {
      FUZZ_CHECK(w->both + w->only[i].packets + w->only[i].outside ==
                 w->packets[i]);
      FUZZ_CHECK(w->only[i].numberless <= w->only[i].packets);
      FUZZ_CHECK(w->only[i].nranges <= QD_DIFF_RANGES_MAX);
      FUZZ_CHECK(w->only[i].run_max <= w->only[i].packets);
    }
    FUZZ_CHECK(w->median <= w->p99 && w->p99 <= w->max);
    FUZZ_CHECK(w->reordered == 0 || w->reordered < w->both);
    FUZZ_CHECK(w->reorder_max == 0 || w->reorder_max < w->both);
  }
  FUZZ_CHECK((pr.differ == 0) == (pr.first[QD_DIFF_A] == NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static char buf[1 << 16];
  static const uint64_t seed[2] = {1, 2};
  const qd_diff_record *a;
  quic_reader rd;
  quic_text t;
  size_t pairs;
  qd_diff *d;

  quic_reader_init(&rd, data, size);
  if (qd_diff_new(&d, quic_mem_default(), seed) != 0) {
    abort();
  }
  while (quic_reader_left(&rd) >= 4) {
    uint8_t how = quic_reader_u8(&rd);
    uint32_t conn = quic_reader_u8(&rd) % DIFF_CONNS;
    uint64_t number = quic_reader_u8(&rd);
    quic_time now = DIFF_START + quic_reader_u8(&rd) * 200 * QUIC_MILLISECOND;

    diff_one(d, how & 2 ? QD_DIFF_B : QD_DIFF_A, how, conn, number, now);
  }
  if (qd_diff_match(d) != 0) {
    abort();
  }
  a = qd_diff_record_of(d, QD_DIFF_A);
  for (uint32_t i = 0; i < a->nconns; i++) {
    if (a->conns[i].match != QD_DIFF_NONE) {
      diff_check(d, i);
    }
  }
  quic_text_init(&t, buf, sizeof(buf));
  FUZZ_CHECK(qd_diff_report(d, &t, size & 1, false, &pairs) == 0);
  qd_diff_del(d);
  return 0;
}
