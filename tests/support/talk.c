#include "tests/support/talk.h"

#include <stdlib.h>

#include "pcap/conntab.h"
#include "cli/say.h"
#include "tests/support/octets.h"

#define TALK_START (UINT64_C(1764320701) * QUIC_SECOND)

static talk *talk_of(qd_output *out) {
  return (talk *)(void *)((char *)out - offsetof(talk, teller));
}

static void talk_event(qd_output *out, struct qd_trace *tr,
                       const qlog_event *e) {
  (void)tr;
  cli_say_lines(&talk_of(out)->text, e, false);
}

static void talk_sizes(quic_text *t, const char *name,
                       const qd_http_message *m) {
  quic_text_printf(t, " %s %llu/%llu", name, (unsigned long long)m->body,
                   (unsigned long long)m->stream);
  quic_text_str(t, m->fin ? " fin" : "");
  quic_text_str(t, m->has_trailers ? " trailers" : "");
  if (m->interim) {
    quic_text_printf(t, " interim %u", (unsigned)m->interim);
  }
  if (m->lost) {
    quic_text_printf(t, " lost %llu", (unsigned long long)m->lost);
  }
  if (m->retransmitted) {
    quic_text_printf(t, " again %llu", (unsigned long long)m->retransmitted);
  }
  if (m->malformed) {
    quic_text_printf(t, " malformed %u", (unsigned)m->malformed);
  }
  if (m->reset_code != QD_REQUEST_NONE) {
    quic_text_printf(t, " reset 0x%llx", (unsigned long long)m->reset_code);
  }
  if (m->stop_code != QD_REQUEST_NONE) {
    quic_text_printf(t, " stopped 0x%llx", (unsigned long long)m->stop_code);
  }
}

static void talk_request(qd_output *out, struct qd_trace *tr,
                         struct qd_request *rq) {
  quic_text *t = &talk_of(out)->text;

  (void)tr;
  quic_text_printf(t, "request %llu %s stream %llu ",
                   (unsigned long long)rq->number, rq->protocol,
                   (unsigned long long)rq->stream_id);
  if (rq->push_id != QD_REQUEST_NONE) {
    quic_text_printf(t, "push %llu ", (unsigned long long)rq->push_id);
  }
  quic_text_untrusted(t, qd_request_method(rq), 0);
  quic_text_char(t, ' ');
  qd_request_url(rq, t);
  if (rq->has_status) {
    quic_text_printf(t, " %u", rq->status);
  }
  talk_sizes(t, "client", &rq->side[QD_CLIENT]);
  talk_sizes(t, "server", &rq->side[QD_SERVER]);
  if (rq->capsules || rq->datagrams) {
    quic_text_printf(t, " capsules %llu datagrams %llu",
                     (unsigned long long)rq->capsules,
                     (unsigned long long)rq->datagrams);
  }
  quic_text_char(t, '\n');
}

void talk_start(talk *t, const quic_mem *mem, const char *alpn) {
  memset(t, 0, offsetof(talk, told));
  t->mem = mem;
  t->now = TALK_START;
  t->teller = (qd_output){.event = talk_event, .request = talk_request};
  quic_text_init(&t->text, t->told, sizeof(t->told));
  t->conn = qd_conn_new(mem, quic_crypto_null(), &t->crypto_total);
  if (!t->conn) {
    return;
  }
  t->conn->refs = 1;
  t->conn->version = QUIC_VERSION_1;
  t->conn->first = t->now;
  memcpy(t->conn->facts.sni, "sni.example", 12);
  t->conn->facts.alpn_chosen_len = (uint16_t)strlen(alpn);
  memcpy(t->conn->facts.alpn_chosen, alpn, strlen(alpn));
  for (int side = 0; side < QD_SIDES; side++) {
    t->conn->sides[side].addr = (quic_addr){
        .ip = {10, 0, 0, (uint8_t)(2 + side)}, .port = 443, .family = 4};
  }
}

void talk_open(talk *t) {
  qd_traces_settings set = {
      .mem = t->mem, .seed = {1, 2}, .outputs = t->outputs};

  t->outputs[set.noutputs++] = &t->teller;
  for (size_t i = 0; i < t->nothers; i++) {
    t->outputs[set.noutputs++] = t->others[i];
  }
  if (qd_traces_new(&t->traces, &set) != 0) {
    t->traces = NULL;
    t->starved = true;
  }
}

void talk_init(talk *t, const quic_mem *mem, const char *alpn) {
  talk_start(t, mem, alpn);
  talk_open(t);
}

void talk_end(talk *t) {
  if (t->traces) {
    qd_traces_finish(t->traces);
  }
  (void)quic_text_cstr(&t->text);
}

void talk_free(talk *t) {
  qd_traces_del(t->traces);
  if (t->conn) {
    qd_conn_unref(t->conn);
  }
}

void talk_frame(talk *t, qd_side side, const quic_frame *f) {
  static uint8_t payload[1 << 17];
  quic_frame copy = *f;
  qd_packet p = {.frame = t->pn + 1,
                 .time = t->now,
                 .conn = t->conn,
                 .sender = side,
                 .sender_known = true,
                 .state = QD_STATE_OPEN};
  quic_writer wr;

  quic_writer_init(&wr, payload, sizeof(payload));
  if (quic_frame_encode(&copy, &wr) != 0) {
    abort();
  }
  if (!t->traces || !t->conn) {
    return;
  }
  p.src = t->conn->sides[side].addr;
  p.dst = t->conn->sides[!side].addr;
  p.header.type = QUIC_PACKET_1RTT;
  p.header.first = 0x40;
  p.header.pn = t->pn++;
  p.header.pn_len = 4;
  p.header.packet_len = quic_writer_len(&wr) + 21;
  p.datagram_len = (uint32_t)p.header.packet_len;
  p.payload = quic_bytes_of(payload, quic_writer_len(&wr));
  t->now += QUIC_MILLISECOND;
  t->starved |= qd_traces_packet(t->traces, &p, true) != 0;
}

void talk_at(talk *t, qd_side side, uint64_t id, uint64_t offset,
             quic_bytes data, bool fin) {
  quic_frame f = {.type = QUIC_FRAME_STREAM | 0x06 | (fin ? 1 : 0)};

  f.u.stream.stream_id = id;
  f.u.stream.offset = offset;
  f.u.stream.data = data;
  talk_frame(t, side, &f);
}

void talk_octets(talk *t, qd_side side, uint64_t id, quic_bytes data,
                 bool fin) {
  uint64_t *next = &t->next[side][id % TALK_STREAMS];
  size_t at = 0;

  do {
    size_t n = t->step && data.len - at > t->step ? t->step : data.len - at;

    talk_at(t, side, id, *next, quic_bytes_of(data.data + at, n),
            fin && at + n == data.len);
    *next += n;
    at += n;
  } while (at < data.len);
}

void talk_hex(talk *t, qd_side side, uint64_t id, const char *hex, bool fin) {
  uint8_t octets[4096];

  talk_octets(t, side, id, octets_hex(hex, octets, sizeof(octets)), fin);
}

void talk_reset(talk *t, qd_side side, uint64_t id, uint64_t code) {
  quic_frame f = {.type = QUIC_FRAME_RESET_STREAM};

  f.u.reset_stream.stream_id = id;
  f.u.reset_stream.error_code = code;
  f.u.reset_stream.final_size = t->next[side][id % TALK_STREAMS];
  talk_frame(t, side, &f);
}

void talk_stop(talk *t, qd_side side, uint64_t id, uint64_t code) {
  quic_frame f = {.type = QUIC_FRAME_STOP_SENDING};

  f.u.stop_sending.stream_id = id;
  f.u.stop_sending.error_code = code;
  talk_frame(t, side, &f);
}
