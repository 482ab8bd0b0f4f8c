/* A connection's events, with any frames in any packets.  The first octet
   chooses the vantage point; then come commands: what, and what belongs to it.
   Integers of logs may be larger than those on the wire.  The detectors and the
   table of requests take the same events. */

#include <string.h>

#include "analysis/analysis.h"
#include "analysis/findings.h"
#include "analysis/requests.h"
#include "base/reader.h"
#include "tests/fuzz/fuzz.h"
#include "wire/varint.h"

#define ANALYSIS_FRAMES 8

typedef struct analysis_trace {
  quic_analysis *a;
  quic_findings *findings;
  quic_requests *requests;
  qlog_sink out; /* what is inferred */
  quic_time now;
  uint64_t number[QUIC_SIDES];
  uint64_t inferred;
} analysis_trace;

static void analysis_inferred(qlog_sink *sink, const qlog_event *e) {
  analysis_trace *t =
      (analysis_trace *)(void *)((char *)sink - offsetof(analysis_trace, out));

  FUZZ_CHECK(e->time <= t->now);
  t->inferred++;
}

static void analysis_hand(analysis_trace *t, const qlog_event *e) {
  quic_analysis_event(t->a, e);
  quic_findings_event(t->findings, e);
  quic_requests_event(t->requests, e);
}

/* analysis_frames reads up to ANALYSIS_FRAMES frames of a packet. */
static size_t analysis_frames(quic_frame *frames, quic_bytes octets,
                              bool large) {
  quic_reader rd;
  size_t n = 0;

  quic_reader_init(&rd, octets.data, octets.len);
  while (n < ANALYSIS_FRAMES && quic_frame_decode(&frames[n], &rd) == 0) {
    quic_frame *f = &frames[n++];

    if (large && f->type >= QUIC_FRAME_STREAM && f->type < 0x10) {
      f->u.stream.offset = ~f->u.stream.offset;
      f->u.stream.stream_id = ~f->u.stream.stream_id;
    } else if (large && f->type >= QUIC_FRAME_MAX_DATA && f->type < 0x18) {
      f->u.limit.limit = ~f->u.limit.limit;
    } else if (large && f->type == QUIC_FRAME_RESET_STREAM) {
      f->u.reset_stream.final_size = ~f->u.reset_stream.final_size;
    }
  }
  return n;
}

static void analysis_packet(analysis_trace *t, quic_reader *rd, uint8_t what) {
  quic_frame frames[ANALYSIS_FRAMES];
  quic_addr addr[2] = {{{1}, 1, 4}, {{2}, 2, 4}};
  int side = what >> 4 & 1;
  uint8_t flags = quic_reader_u8(rd);
  quic_header h = {.type = (quic_packet_type)(what & 7), .first = flags};
  qlog_event e;

  qlog_event_init(&e, side ? QLOG_PACKET_RECEIVED : QLOG_PACKET_SENT, t->now);
  t->number[side] += quic_reader_varint(rd);
  h.pn = t->number[side];
  h.pn_len = flags & 0x02 ? 0 : 4;
  h.is_long = h.type != QUIC_PACKET_1RTT;
  h.version = flags;
  addr[0].port = quic_reader_u8(rd);
  h.dcid = quic_reader_bytes(rd, addr[0].port % 9);
  e.u.packet.header = &h;
  e.u.packet.has_frames = h.pn_len != 0;
  if (h.pn_len) {
    e.u.packet.frames = frames;
    e.u.packet.nframes = analysis_frames(
        frames, quic_reader_bytes(rd, quic_reader_u8(rd)), flags & 0x10);
  }
  e.u.packet.length = flags & 0x40 ? ~quic_reader_varint(rd) : 100;
  e.u.packet.datagram_length = e.u.packet.length;
  e.u.packet.key_phase = flags & 0x08 ? quic_reader_u8(rd) : QLOG_NONE;
  e.u.packet.late = flags & 0x01;
  e.u.packet.stateless_reset = (flags & 0x84) == 0x84;
  e.u.packet.ack_delay_exponent = flags;
  e.u.packet.ecn = flags & 0x80 ? flags & 3 : QLOG_UNSET;
  e.u.packet.src = &addr[side];
  e.u.packet.dst = &addr[!side];
  analysis_hand(t, &e);
}

/* analysis_more fills what only detectors look at. */
static void analysis_more(qlog_event *e, quic_reader *rd, uint8_t flags) {
  static const char *const reasons[] = {"connection_flow_control",
                                        "stream_flow_control",
                                        "stream_id",
                                        "amplification_protection",
                                        "pacing",
                                        NULL};
  static const char *const states[] = {"failed", "migration_abandoned",
                                       "recovery", NULL};

  switch (e->type) {
  case QLOG_RECOVERY_METRICS_UPDATED:
    e->u.metrics.pto_count = flags & 7;
    e->u.metrics.smoothed_rtt = quic_reader_varint(rd);
    e->u.metrics.latest_rtt = flags & 8 ? ~e->u.metrics.smoothed_rtt : flags;
    e->u.metrics.congestion_window = quic_reader_varint(rd);
    e->u.metrics.bytes_in_flight = quic_reader_varint(rd);
    break;
  case QLOG_CONNECTION_DATA_BLOCKED_UPDATED:
  case QLOG_STREAM_DATA_BLOCKED_UPDATED:
    e->u.blocked.new_state = flags & 1;
    e->u.blocked.reason = reasons[(flags >> 1) % 6];
    e->u.blocked.stream_id = quic_reader_varint(rd);
    break;
  case QLOG_ECN_STATE_UPDATED:
  case QLOG_CONGESTION_STATE_UPDATED:
    e->u.state.new_state = states[flags & 3];
    break;
  case QLOG_MIGRATION_STATE_UPDATED:
    e->u.migration.new_state = states[flags & 3];
    break;
  case QLOG_PACKET_DROPPED:
    e->u.packet.drop = flags & 15;
    e->u.packet.stateless_reset = flags == 0xff;
    break;
  case QLOG_MTU_UPDATED:
    e->u.mtu.new_mtu = quic_reader_varint(rd);
    break;
  case QLOG_H3_STREAM_TYPE_SET:
    e->u.h3_stream.stream_id = quic_reader_varint(rd);
    e->u.h3_stream.kind = flags & 7;
    break;
  case QLOG_LOG_WARNING:
    e->u.message.code = 0x100 + flags;
    e->u.message.text = quic_reader_bytes(rd, flags & 31);
    break;
  default:
    break;
  }
}

/* analysis_other makes an event of another type out of a few octets. */
static void analysis_other(analysis_trace *t, quic_reader *rd) {
  uint8_t type = quic_reader_u8(rd), flags = quic_reader_u8(rd);
  quic_header h = {.type = QUIC_PACKET_1RTT, .pn_len = 4};
  quic_h3_frame goaway = {.type = QUIC_H3_GOAWAY};
  qlog_event e;

  qlog_event_init(&e, (qlog_event_type)(type % QLOG_EVENT_TYPES), t->now);
  switch (e.type) {
  case QLOG_PARAMETERS_SET:
  case QLOG_PARAMETERS_RESTORED:
    e.u.parameters.initiator = flags & 1;
    e.u.parameters.early_data_enabled = (flags >> 1 & 3) - 1;
    e.u.parameters.parameters = quic_reader_bytes(rd, flags >> 2);
    break;
  case QLOG_CONNECTION_CLOSED:
    e.u.closed.initiator = (flags & 3) - 1;
    e.u.closed.trigger = (flags >> 2 & 15) - 1;
    e.u.closed.application_error =
        flags & 0x40 ? quic_reader_varint(rd) : QLOG_NONE;
    e.u.closed.connection_error =
        flags & 0x80 ? quic_reader_varint(rd) : QLOG_NONE;
    e.u.closed.reason = quic_reader_bytes(rd, flags & 31);
    break;
  case QLOG_ALPN_INFORMATION:
    e.u.alpn.chosen = quic_reader_bytes(rd, flags & 15);
    e.u.alpn.client_alpns = quic_reader_bytes(rd, flags >> 4);
    break;
  case QLOG_PACKET_LOST:
    h.pn = t->number[0] - flags;
    e.u.packet.header = &h;
    break;
  case QLOG_H3_FRAME_PARSED:
    e.u.h3_frame.frame = &goaway;
    break;
  case QLOG_CONNECTION_STATE_UPDATED:
    e.u.state.new_state =
        flags & 1 ? "handshake_complete" : "handshake_confirmed";
    break;
  case QLOG_VERSION_INFORMATION:
    e.u.versions.server_versions = quic_reader_bytes(rd, 4);
    break;
  default:
    analysis_more(&e, rd, flags);
    break;
  }
  analysis_hand(t, &e);
}

static void analysis_check_sent(const quic_sent *s) {
  uint64_t octets = 0, packets = 0;

  FUZZ_CHECK(s->len <= s->cap && s->cap <= QUIC_SENT_MAX);
  FUZZ_CHECK(s->undecided <= s->len);
  for (uint32_t i = 0; i < s->len; i++) {
    const quic_sent_record *r = &s->ring[(s->head + i) & (s->cap - 1)];

    if (i) {
      FUZZ_CHECK(s->ring[(s->head + i - 1) & (s->cap - 1)].number < r->number);
    }
    if ((r->flags & QUIC_SENT_IN_FLIGHT) &&
        !(r->flags & (QUIC_SENT_ACKED | QUIC_SENT_LOST))) {
      octets += r->size;
      packets++;
    }
  }
  FUZZ_CHECK(s->in_flight == octets && s->packets_in_flight == packets);
}

static void analysis_check(analysis_trace *t) {
  char buf[2048];
  quic_text text;
  const quic_close *c;

  for (int side = 0; side < QUIC_SIDES; side++) {
    for (int space = 0; space < QUIC_SPACES; space++) {
      const quic_sent *s = quic_analysis_sent(t->a, side, (quic_space)space);

      if (s) {
        analysis_check_sent(s);
      }
    }
  }
  if (quic_analysis_flow(t->a)) {
    const quic_flow *flow = quic_analysis_flow(t->a);
    uint64_t n = 0;

    for (const quic_flow_stream *s = quic_flow_first(flow); s; s = s->next) {
      FUZZ_CHECK(quic_flow_find(flow, s->id) == s);
      n++;
    }
    FUZZ_CHECK(n == quic_flow_open(flow) && n <= QUIC_FLOW_STREAMS_MAX);
  }
  quic_analysis_end(t->a, t->now, t->now & 1);
  c = quic_analysis_close(t->a);
  FUZZ_CHECK(c->nevidence <= QUIC_CLOSE_EVIDENCE_MAX);
  quic_text_init(&text, buf, sizeof(buf));
  quic_close_sentence(c, &text);
  FUZZ_CHECK(text.len > 0 && !text.cut);
  for (size_t i = 0; i < text.len; i++) {
    FUZZ_CHECK((uint8_t)buf[i] >= 0x20 && buf[i] != 0x7f);
  }
}

static void analysis_check_findings(analysis_trace *t) {
  const quic_finding *f;

  quic_findings_end(t->findings, t->now);
  for (size_t i = 0; (f = quic_findings_at(t->findings, i)); i++) {
    FUZZ_CHECK(i < QUIC_FINDINGS_MAX && f->from <= f->to);
    FUZZ_CHECK(memchr(f->text, 0, sizeof(f->text)) && f->text[0]);
    for (const char *s = f->text; *s; s++) {
      FUZZ_CHECK(*s == '\n' || ((uint8_t)*s >= 0x20 && *s != 0x7f));
    }
  }
  for (size_t i = 0; quic_requests_at(t->requests, i); i++) {
    FUZZ_CHECK(i < quic_requests_count(t->requests));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  analysis_trace t = {.out = {analysis_inferred}};
  quic_analysis_settings settings = {.seed = {1, 2}};
  quic_reader rd;
  uint8_t what;

  quic_reader_init(&rd, data, size);
  what = quic_reader_u8(&rd);
  settings.vantage = (quic_vantage)(what % 3);
  settings.sent_is_client = settings.vantage != QUIC_VANTAGE_SERVER;
  FUZZ_CHECK(quic_analysis_new(&t.a, quic_mem_default(), &settings,
                               what & 0x80 ? NULL : &t.out) == 0);
  FUZZ_CHECK(
      quic_findings_new(&t.findings, quic_mem_default(), &settings, t.a) == 0);
  FUZZ_CHECK(quic_requests_new(&t.requests, quic_mem_default(),
                               settings.sent_is_client, settings.seed) == 0);
  while (quic_reader_left(&rd)) {
    what = quic_reader_u8(&rd);
    t.now += (what & 0x20 ? quic_reader_varint(&rd) : QUIC_MICROSECOND) &
             (t.now >> 63 ? 0 : (UINT64_C(1) << 58) - 1);
    if (what & 0x08) {
      analysis_other(&t, &rd);
    } else {
      analysis_packet(&t, &rd, what);
    }
    if (what & 0x40) {
      quic_analysis_end(t.a, t.now, QUIC_END_OF_TRACE);
    }
  }
  analysis_check(&t);
  analysis_check_findings(&t);
  quic_requests_del(t.requests);
  quic_findings_del(t.findings);
  quic_analysis_del(t.a);
  return 0;
}
