/* Application protocols on streams: the input is a list of frames of both
   sides, which go through the traces as the frames of opened packets.  What is
   told of them may not depend on how the octets were cut into frames.

   The first octet chooses the protocol, the second the output, the third has
   flags. */

#include "pcap/conntab.h"
#include "cli/say.h"
#include "pcap/traces.h"
#include "tests/fuzz/watch.h"

#define APP_START (UINT64_C(1764320701) * QUIC_SECOND)
#define APP_STREAMS 64
#define APP_PAYLOAD 2048

enum { APP_TWICE = 0x01 };

/* Without an ALPN the first octets decide, and how many come at a time. */
#define APP_GUESSED 4
#define APP_PROTOCOLS 6

/* Where the octets of each stream go on. */
typedef struct app_run {
  watch watch;
  qd_conn *conn;
  uint64_t crypto_total;
  uint64_t next[QD_SIDES][APP_STREAMS];
  uint64_t pn, frame;
  quic_time now;
  bool cut; /* into frames of one octet */
  uint64_t told;
  qd_output teller; /* sums up what is told */
} app_run;

/* What is told, without the moments: those depend on the packets. */
static void app_tell(qd_output *out, struct qd_trace *tr, const qlog_event *e) {
  app_run *run = (app_run *)(void *)((char *)out - offsetof(app_run, teller));
  char buf[8192];
  quic_text t;

  (void)tr;
  if (e->type == QLOG_LOG_WARNING && e->u.message.code < 0x20) {
    return; /* said of frames, not of octets */
  }
  quic_text_init(&t, buf, sizeof(buf));
  cli_say_lines(&t, e, false);
  if (t.len) {
    run->told = (run->told ^ fuzz_sum(quic_bytes_of(buf, t.len))) *
                UINT64_C(0x100000001b3);
  }
}

static void app_packet(app_run *run, qd_side side, const quic_frame *f) {
  static uint8_t payload[APP_PAYLOAD];
  qd_packet p = {.frame = ++run->frame,
                 .time = run->now,
                 .conn = run->conn,
                 .sender = side,
                 .sender_known = true,
                 .state = QD_STATE_OPEN,
                 .datagram_len = APP_PAYLOAD};
  quic_writer wr;

  quic_writer_init(&wr, payload, sizeof(payload));
  if (quic_frame_encode(f, &wr) != 0) {
    return;
  }
  p.src = run->conn->sides[side].addr;
  p.dst = run->conn->sides[!side].addr;
  p.header.type = QUIC_PACKET_1RTT;
  p.header.first = 0x40;
  p.header.pn = run->pn++;
  p.header.pn_len = 4;
  p.header.packet_len = quic_writer_len(&wr) + 21;
  p.payload = quic_bytes_of(payload, quic_writer_len(&wr));
  (void)!qd_traces_packet(run->watch.traces, &p, true);
}

static void app_stream(app_run *run, qd_side side, uint64_t id, bool fin,
                       uint64_t offset, quic_bytes data) {
  size_t step = run->cut && data.len ? 1 : data.len;
  size_t at = 0;

  do {
    quic_frame f = {.type = QUIC_FRAME_STREAM | 0x06};

    f.info = quic_frame_info_find(f.type);
    f.u.stream.stream_id = id;
    f.u.stream.offset = offset + at;
    f.u.stream.data = quic_bytes_of(step ? data.data + at : NULL, step);
    at += step;
    f.type |= fin && at >= data.len;
    app_packet(run, side, &f);
  } while (at < data.len);
}

/* One step: an octet with side and kind, one with the stream, and what the kind
   needs. */
static void app_step(app_run *run, quic_reader *rd) {
  uint8_t op = quic_reader_u8(rd);
  uint64_t id = quic_reader_u8(rd) % APP_STREAMS;
  qd_side side = op & 1 ? QD_SERVER : QD_CLIENT;
  quic_frame f = {0};
  uint64_t offset = run->next[side][id];
  quic_bytes data;

  switch (op >> 1 & 7) {
  case 0: /* octets elsewhere */
  case 1: /* the next octets */
  case 2:
  case 3:
    if ((op >> 1 & 7) == 0) {
      offset += quic_reader_u16(rd);
      offset -= offset < 32768 ? offset : 32768;
    }
    data = quic_reader_bytes(rd, quic_reader_u8(rd));
    app_stream(run, side, id, op & 0x10, offset, data);
    run->next[side][id] = offset + data.len;
    return;
  case 4:
    f.type = QUIC_FRAME_RESET_STREAM;
    f.u.reset_stream.stream_id = id;
    f.u.reset_stream.error_code = quic_reader_u16(rd);
    f.u.reset_stream.final_size = offset;
    break;
  case 5:
    f.type = QUIC_FRAME_STOP_SENDING;
    f.u.stop_sending.stream_id = id;
    f.u.stop_sending.error_code = quic_reader_u16(rd);
    break;
  case 6:
    f.type = QUIC_FRAME_DATAGRAM | 1;
    f.u.datagram.data = quic_reader_bytes(rd, quic_reader_u8(rd));
    break;
  default:
    run->now += quic_reader_u8(rd) * QUIC_MILLISECOND;
    return;
  }
  f.info = quic_frame_info_find(f.type);
  app_packet(run, side, &f);
}

static void app_connect(app_run *run, uint8_t protocol) {
  static const char *const alpns[] = {"h3",  "h3", "hq-interop",
                                      "doq", "",   "moqt"};
  const char *alpn = alpns[protocol % (sizeof(alpns) / sizeof(alpns[0]))];
  qd_conn *conn =
      qd_conn_new(quic_mem_default(), quic_crypto_null(), &run->crypto_total);

  if (!conn) {
    abort();
  }
  run->conn = conn;
  conn->version = QUIC_VERSION_1;
  conn->refs = 1;
  conn->facts.alpn_chosen_len = (uint16_t)strlen(alpn);
  memcpy(conn->facts.alpn_chosen, alpn, strlen(alpn));
  for (int side = 0; side < QD_SIDES; side++) {
    conn->sides[side].addr = (quic_addr){
        .ip = {10, 0, 0, (uint8_t)(2 + side)}, .port = 443, .family = 4};
  }
}

static uint64_t app_run_once(quic_bytes input, uint8_t protocol, uint8_t show,
                             bool cut) {
  static app_run run;
  qd_output *outputs[2];
  qd_traces_settings set = {.mem = quic_mem_default(),
                            .seed = {1, 2},
                            .outputs = outputs,
                            .noutputs = 2,
                            .findings =
                                (show & 0x0f) % WATCH_OUTPUTS == WATCH_SLOW};
  quic_reader rd;

  memset(&run, 0, offsetof(app_run, watch));
  watch_init(&run.watch, quic_mem_default(), show);
  qd_traces_del(run.watch.traces);
  run.crypto_total = run.pn = run.frame = run.told = 0;
  memset(run.next, 0, sizeof(run.next));
  run.now = APP_START;
  run.cut = cut;
  run.teller = (qd_output){.event = app_tell};
  outputs[0] = run.watch.output;
  outputs[1] = &run.teller;
  if (qd_traces_new(&run.watch.traces, &set) != 0) {
    abort();
  }
  app_connect(&run, protocol);
  quic_reader_init(&rd, input.data, input.len);
  while (quic_reader_left(&rd)) {
    app_step(&run, &rd);
  }
  qd_traces_finish(run.watch.traces);
  if (run.watch.output->finish) {
    run.watch.output->finish(run.watch.output);
  }
  quic_text_flush(&run.watch.text);
  FUZZ_CHECK(!run.watch.more && !run.watch.escape && !run.watch.text.cut);
  watch_free(&run.watch);
  qd_conn_unref(run.conn);
  return run.told;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t protocol, show, flags;
  quic_reader rd;
  quic_bytes input;
  uint64_t told;

  quic_reader_init(&rd, data, size);
  protocol = quic_reader_u8(&rd);
  show = quic_reader_u8(&rd);
  flags = quic_reader_u8(&rd);
  input = quic_reader_rest(&rd);
  told = app_run_once(input, protocol, show, false);
  if (flags & APP_TWICE && protocol % APP_PROTOCOLS != APP_GUESSED) {
    FUZZ_CHECK(app_run_once(input, protocol, show, true) == told);
  }
  return 0;
}
