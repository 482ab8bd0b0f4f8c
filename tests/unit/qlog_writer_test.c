/* What the writer makes of events. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "qlog/dialect.h"
#include "qlog/field.h"
#include "qlog/tee.h"
#include "qlog/write.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"
#include "tests/support/qlogsample.h"

/* A writer, and what it wrote since page_clear. */
typedef struct page {
  char *all;
  size_t len, cap;
  char buf[512];
  quic_text text;
  qlog_writer_settings set;
  qlog_writer *w;
} page;

static void page_take(void *user, const char *data, size_t len) {
  page *p = user;

  if (p->len + len >= p->cap) {
    p->cap = 2 * (p->len + len) + 1;
    p->all = realloc(p->all, p->cap);
    assert_non_null(p->all);
  }
  memcpy(p->all + p->len, data, len);
  p->len += len;
}

static void page_init(page *p) {
  memset(p, 0, sizeof(*p));
  quic_text_init(&p->text, p->buf, sizeof(p->buf));
  p->text.flush = page_take;
  p->text.user = p;
  p->set.out = &p->text;
  p->set.reference = 1000 * QUIC_MILLISECOND;
}

static const char *page_text(page *p) {
  quic_text_flush(&p->text);
  page_take(p, "", 0);
  p->all[p->len] = '\0';
  return p->all;
}

static void page_clear(page *p) {
  quic_text_flush(&p->text);
  p->len = 0;
}

static void page_open(page *p) {
  assert_int_equal(qlog_writer_new(&p->w, quic_mem_default(), &p->set), 0);
}

static void page_free(page *p) {
  qlog_writer_del(p->w);
  free(p->all);
}

/* page_event returns the data of |e|, without the braces around. */
static const char *page_event(page *p, const qlog_event *e) {
  static const char mark[] = "\"data\":{";
  char *text, *end;

  page_clear(p);
  qlog_writer_sink(p->w)->event(qlog_writer_sink(p->w), e);
  page_text(p);
  text = strstr(p->all, mark);
  end = strrchr(p->all, '}');
  assert_non_null(text);
  assert_non_null(end);
  end[-1] = '\0';
  return text + strlen(mark);
}

static quic_bytes bytes(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

/* --- the head --------------------------------------------------------------
 */

#define CUSTOM                                                                 \
  "\"Fields of no schema: capture_frame (number of the record in the "         \
  "capture), datagram_id (packets with the same one shared a UDP datagram), "  \
  "datagram_length, ecn, path_id (multipath), side (whose it is), inferred "   \
  "(worked out from what "                                                     \
  "was seen, not told by the endpoint), acked_ranges\""

static void test_head(void **state) {
  page p;

  (void)state;
  page_init(&p);
  p.set.title = "t\"";
  p.set.description = "d";
  p.set.name = "n";
  p.set.vantage = QLOG_VANTAGE_NETWORK;
  p.set.flow = QLOG_VANTAGE_SERVER;
  p.set.reference = 1750000000123456789;
  p.set.group = "0a1b";
  p.set.schemas = QLOG_SCHEMA_QUIC | QLOG_SCHEMA_HTTP3;
  page_open(&p);
  assert_string_equal(
      page_text(&p),
      "\x1e{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\","
      "\"serialization_format\":\"application/qlog+json-seq\","
      "\"title\":\"t\\\"\",\"description\":\"d\",\"trace\":{"
      "\"description\":" CUSTOM
      ",\"vantage_point\":{\"name\":\"n\",\"type\":\"network\","
      "\"flow\":\"server\"},\"common_fields\":{\"group_id\":\"0a1b\","
      "\"time_format\":\"relative_to_epoch\",\"reference_time\":{"
      "\"clock_type\":\"system\",\"epoch\":\"2025-06-15T15:06:40.123456789Z\"}}"
      ",\"event_schemas\":[\"urn:ietf:params:qlog:events:quic-13\","
      "\"urn:ietf:params:qlog:events:http3-13\"]}}\n");
  page_free(&p);
}

static void test_head_monotonic(void **state) {
  page p;

  (void)state;
  page_init(&p);
  p.set.monotonic = true;
  p.set.vantage = QLOG_VANTAGE_CLIENT;
  page_open(&p);
  assert_non_null(strstr(page_text(&p),
                         "\"vantage_point\":{\"type\":\"client\"},"
                         "\"common_fields\":{\"time_format\":"
                         "\"relative_to_epoch\",\"reference_time\":{"
                         "\"clock_type\":\"monotonic\",\"epoch\":\"unknown\"}},"
                         "\"event_schemas\":["));
  assert_non_null(strstr(p.all, "events:quic-13\""));
  assert_non_null(strstr(p.all, "events:loglevel\""));
  assert_null(strstr(p.all, "simulation"));
  page_free(&p);
}

/* --- events ----------------------------------------------------------------
 */

static void test_frame_of_event(void **state) {
  qlog_event e;
  page p;

  (void)state;
  page_init(&p);
  page_open(&p);
  page_clear(&p);
  qlog_event_init(&e, QLOG_SPIN_BIT_UPDATED, 1001500001);
  e.u.flag.state = 0;
  e.tuple = "a\nb";
  e.group = "g";
  qlog_writer_sink(p.w)->event(qlog_writer_sink(p.w), &e);
  e.time = 999999999;
  e.tuple = e.group = NULL;
  qlog_writer_sink(p.w)->event(qlog_writer_sink(p.w), &e);
  e.type = QLOG_EVENT_TYPES;
  qlog_writer_sink(p.w)->event(qlog_writer_sink(p.w), &e);
  assert_string_equal(
      page_text(&p),
      "\x1e{\"time\":1.500001,\"name\":\"quic:spin_bit_updated\","
      "\"tuple\":\"a\\nb\",\"group_id\":\"g\",\"data\":{\"state\":false}}\n"
      "\x1e{\"time\":-0.000001,\"name\":\"quic:spin_bit_updated\","
      "\"data\":{\"state\":false}}\n");
  page_free(&p);
}

/* Nothing is told of an event whose fields are all absent, but for what the
   drafts want always. */
static void test_absent(void **state) {
  static const struct {
    qlog_event_type type;
    const char *want;
  } some[] = {
      {QLOG_CONNECTION_STARTED, "\"local\":{},\"remote\":{}"},
      {QLOG_FRAMES_CREATED, "\"frames\":[]"},
      {QLOG_FRAMES_PARSED, "\"frames\":[]"},
      {QLOG_MARKED_FOR_RETRANSMIT, "\"frames\":[]"},
      {QLOG_H3_PRIORITY_UPDATED, "\"new\":\"\""},
      {QLOG_CAPSULE_CREATED, "\"capsule\":{\"capsule_type\":\"unknown\"}"},
      {QLOG_CAPSULE_PARSED, "\"capsule\":{\"capsule_type\":\"unknown\"}"},
      {QLOG_LOG_ERROR, "\"message\":\"\""},
      {QLOG_LOG_WARNING, "\"message\":\"\""},
      {QLOG_LOG_INFO, "\"message\":\"\""},
      {QLOG_LOG_DEBUG, "\"message\":\"\""},
      {QLOG_LOG_VERBOSE, "\"message\":\"\""},
  };
  page p;

  (void)state;
  page_init(&p);
  page_open(&p);
  for (int type = 0; type < QLOG_EVENT_TYPES; type++) {
    const char *want = "";
    qlog_event e;

    for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++) {
      want = (int)some[i].type == type ? some[i].want : want;
    }
    memset(&e, 0x5a, sizeof(e));
    qlog_event_init(&e, (qlog_event_type)type, 0);
    assert_string_equal(page_event(&p, &e), want);
  }
  page_free(&p);
}

static void test_packet(void **state) {
  quic_header h = {
      .first = 0x64, .type = QUIC_PACKET_1RTT, .pn = 7, .pn_len = 2};
  qlog_event e;
  page p;

  (void)state;
  page_init(&p);
  p.set.raw_max = 2;
  page_open(&p);
  h.dcid = bytes("\x01\x02");
  qlog_event_init(&e, QLOG_PACKET_RECEIVED, 0);
  e.u.packet.header = &h;
  e.u.packet.has_frames = true;
  e.u.packet.length = 50;
  e.u.packet.raw = bytes("abcdef");
  e.u.packet.ecn = 2;
  e.u.packet.number = 12;
  e.u.packet.drop = QLOG_DROP_GENERAL; /* not of this event */
  assert_string_equal(
      page_event(&p, &e),
      "\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":7,"
      "\"packet_number_length\":2,\"spin_bit\":true,\"key_phase_bit\":true,"
      "\"dcid\":\"0102\"},\"frames\":[],\"raw\":{\"length\":50,\"data\":"
      "\"6162\"}"
      ",\"ecn\":\"ECT(0)\",\"capture_frame\":12");
  h = (quic_header){.first = 0xf0, .is_long = true, .version = 0xff00001d};
  h.type = QUIC_PACKET_UNKNOWN;
  qlog_event_init(&e, QLOG_PACKET_DROPPED, 0);
  e.u.packet.header = &h;
  e.u.packet.has_frames = true; /* not of this event */
  e.u.packet.drop = QLOG_DROP_UNSUPPORTED;
  assert_string_equal(page_event(&p, &e),
                      "\"header\":{\"packet_type\":\"unknown\","
                      "\"packet_type_bytes\":3,\"version\":\"ff00001d\","
                      "\"scid\":\"\",\"dcid\":\"\"},"
                      "\"trigger\":\"unsupported\"");
  qlog_event_init(&e, QLOG_PACKET_RECEIVED, 0);
  e.u.packet.header = &h;
  e.u.packet.stateless_reset = true;
  e.u.packet.reset_token = bytes("0123456789abcdef");
  assert_string_equal(page_event(&p, &e),
                      "\"header\":{\"packet_type\":\"stateless_reset\"},"
                      "\"stateless_reset_token\":"
                      "\"30313233343536373839616263646566\"");
  page_free(&p);
}

/* --- frames ----------------------------------------------------------------
 */

static const struct frame_case {
  const char *hex;
  bool http3;
  const char *want;   /* without "frame_type" and braces */
  const char *compat; /* NULL: the same */
} frame_cases[] = {
    {"000000", false, "padding\",\"raw\":{\"payload_length\":3}",
     "padding\",\"payload_length\":3"},
    {"01", false, "ping\"", NULL},
    {"0209010000", false, "ack\",\"ack_delay\":0.008,\"acked_ranges\":[[9]]",
     NULL},
    {"03 18 4100 02 03 01 01 00 00 02 03 04", false, NULL, NULL},
    {"04040a05", false,
     "reset_stream\",\"stream_id\":4,\"error\":\"unknown\",\"error_code\":10,"
     "\"final_size\":5",
     "reset_stream\",\"stream_id\":4,\"error_code\":10,\"final_size\":5"},
    {"0404410c05", true,
     "reset_stream\",\"stream_id\":4,\"error\":\"http_request_cancelled\","
     "\"final_size\":5",
     "reset_stream\",\"stream_id\":4,\"error_code\":\"http_request_cancelled\","
     "\"final_size\":5"},
    {"0504410e", true,
     "stop_sending\",\"stream_id\":4,\"error\":\"unknown\",\"error_code\":270",
     "stop_sending\",\"stream_id\":4,\"error_code\":270"},
    {"06050261 62", false,
     "crypto\",\"offset\":5,\"raw\":{\"length\":2,\"data\":\"61\"}",
     "crypto\",\"offset\":5,\"length\":2,"
     "\"raw\":{\"length\":2,\"data\":\"61\"}"},
    {"07020102", false,
     "new_token\",\"token\":{\"type\":\"resumption\",\"raw\":{\"length\":2,"
     "\"data\":\"0102\"}}",
     "new_token\",\"token\":{\"type\":\"resumption\",\"length\":2,"
     "\"data\":\"0102\"}"},
    {"08046162", false,
     "stream\",\"stream_id\":4,\"offset\":0,"
     "\"raw\":{\"length\":2,\"data\":\"61\"}",
     "stream\",\"stream_id\":4,\"offset\":0,\"length\":2,"
     "\"raw\":{\"length\":2,\"data\":\"61\"}"},
    {"0f044003 00", false,
     "stream\",\"fin\":true,\"stream_id\":4,\"offset\":3,"
     "\"raw\":{\"length\":0}",
     "stream\",\"fin\":true,\"stream_id\":4,\"offset\":3,\"length\":0,"
     "\"raw\":{\"length\":0}"},
    {"1307", false,
     "max_streams\",\"stream_type\":\"unidirectional\",\"maximum\":7", NULL},
    {"1407", false, "data_blocked\",\"limit\":7", NULL},
    {"1607", false,
     "streams_blocked\",\"stream_type\":\"bidirectional\",\"limit\":7", NULL},
    {"1c 0a 06 02 6869", false,
     "connection_close\",\"error_space\":\"transport\","
     "\"error\":\"protocol_violation\",\"trigger_frame_type\":\"crypto\","
     "\"reason\":\"hi\"",
     "connection_close\",\"error_space\":\"transport\","
     "\"error_code\":\"protocol_violation\","
     "\"trigger_frame_type\":\"crypto\",\"reason\":\"hi\""},
    {"1c 4178 00 01 ff", false,
     "connection_close\",\"error_space\":\"transport\","
     "\"error\":\"crypto_error_0x178\",\"reason_bytes\":\"ff\"",
     "connection_close\",\"error_space\":\"transport\","
     "\"error_code\":\"crypto_error_0x178\",\"reason\":\"\xef\xbf\xbd\""},
    {"1d 4100 00", false,
     "connection_close\",\"error_space\":\"application\","
     "\"error\":\"unknown\",\"error_code\":256,\"reason\":\"\"",
     "connection_close\",\"error_space\":\"application\","
     "\"error_code\":256,\"reason\":\"\""},
    {"40af 01 02 4019 03", false,
     "ack_frequency\",\"sequence_number\":1,\"ack_eliciting_threshold\":2,"
     "\"requested_max_ack_delay\":25,\"reordering_threshold\":3",
     NULL},
};

static void test_frames(void **state) {
  (void)state;
  for (int compat = 0; compat < 2; compat++) {
    page p;

    page_init(&p);
    p.set.raw_max = 1;
    p.set.compat = compat;
    page_open(&p);
    for (size_t i = 0; i < sizeof(frame_cases) / sizeof(frame_cases[0]); i++) {
      const struct frame_case *c = &frame_cases[i];
      const char *inner = compat && c->compat ? c->compat : c->want;
      uint8_t octets[64];
      char want[512];
      quic_bytes b = octets_hex(c->hex, octets, sizeof(octets));
      quic_frame f;
      quic_reader rd;
      qlog_event e;

      if (!inner) { /* ascending, whatever the order on the wire */
        inner = "ack\",\"ack_delay\":2.048,\"acked_ranges\":[[15],[17,18],"
                "[21,24]],\"ect0\":2,\"ect1\":3,\"ce\":4";
      }
      quic_reader_init(&rd, b.data, b.len);
      assert_int_equal(quic_frame_decode(&f, &rd), 0);
      qlog_event_init(&e, QLOG_MARKED_FOR_RETRANSMIT, 0);
      e.http3 = c->http3;
      e.u.frames.frames = &f;
      e.u.frames.nframes = 1;
      snprintf(want, sizeof(want), "\"frames\":[{\"frame_type\":\"%s}]", inner);
      assert_string_equal(page_event(&p, &e), want);
    }
    page_free(&p);
  }
}

/* An ACK's delay is in the unit of its sender, and never more than the largest
   number. */
static void test_ack_delay(void **state) {
  static const struct {
    uint64_t delay, exponent;
    const char *want;
  } cases[] = {{1, 0, "0.001"},
               {1000, 3, "8"},
               {1, 20, "1048.576"},
               {1, 99, "1048.576"},
               {(UINT64_C(1) << 62) - 1, 20, "18446744073709551.615"}};
  quic_frame f = {.type = QUIC_FRAME_ACK};
  qlog_event e;
  char want[128];
  page p;

  (void)state;
  page_init(&p);
  page_open(&p);
  f.info = quic_frame_info_find(f.type);
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    f.u.ack.delay = cases[i].delay;
    qlog_event_init(&e, QLOG_MARKED_FOR_RETRANSMIT, 0);
    e.u.frames.frames = &f;
    e.u.frames.nframes = 1;
    e.u.frames.ack_delay_exponent = cases[i].exponent;
    snprintf(want, sizeof(want),
             "\"frames\":[{\"frame_type\":\"ack\",\"ack_delay\":%s,"
             "\"acked_ranges\":[[0]]}]",
             cases[i].want);
    assert_string_equal(page_event(&p, &e), want);
  }
  page_free(&p);
}

/* As many numbers as the limit are listed, more are told as ranges. */
static void test_acked(void **state) {
  quic_frame f = {.type = QUIC_FRAME_ACK};
  qlog_event e;
  page p;

  (void)state;
  page_init(&p);
  page_open(&p);
  f.info = quic_frame_info_find(f.type);
  qlog_event_init(&e, QLOG_PACKETS_ACKED, 0);
  e.u.acked.ranges = &f;
  f.u.ack.largest = 10 + QLOG_ACKED_MAX;
  f.u.ack.first_range = QLOG_ACKED_MAX - 1;
  assert_memory_equal(page_event(&p, &e), "\"packet_numbers\":[11,12,", 24);
  f.u.ack.first_range = QLOG_ACKED_MAX;
  assert_string_equal(page_event(&p, &e), "\"acked_ranges\":[[10,4106]]");
  f.u.ack.largest = f.u.ack.first_range = (UINT64_C(1) << 62) - 1;
  assert_string_equal(page_event(&p, &e),
                      "\"acked_ranges\":[[0,4611686018427387903]]");
  page_free(&p);
}

/* --- all of them -----------------------------------------------------------
 */

typedef struct counter {
  qlog_sink sink;
  size_t count;
  bool seen[QLOG_EVENT_TYPES];
  bool frames[256];
} counter;

static void counter_event(qlog_sink *sink, const qlog_event *e) {
  counter *c = (counter *)sink;

  c->count++;
  c->seen[e->type] = true;
  for (size_t i = 0; qlog_event_is_packet(e) && i < e->u.packet.nframes; i++) {
    const quic_frame_info *info = e->u.packet.frames[i].info;

    c->frames[info ? info - quic_frame_info_at(0) : 255] = true;
  }
}

/* The samples, which a script checks against the drafts, leave nothing out. */
static void test_sample(void **state) {
  counter a = {.sink = {counter_event}}, b = {.sink = {counter_event}};
  qlog_sink *const sinks[] = {&a.sink, &b.sink};
  qlog_tee tee;
  size_t n;

  (void)state;
  qlog_tee_init(&tee, sinks, 2);
  n = qlogsample_all(&tee.sink);
  assert_int_equal(n, a.count);
  assert_memory_equal(a.seen, b.seen, sizeof(a.seen));
  for (int i = 0; i < QLOG_EVENT_TYPES; i++) {
    assert_true(a.seen[i]);
    assert_non_null(qlog_dialect_name((qlog_event_type)i, true));
  }
  assert_null(quic_frame_info_at(QLOG_WRITE_ROWS)); /* there is room for all */
  for (size_t i = 0; quic_frame_info_at(i); i++) {
    assert_true(a.frames[i]);
  }
  assert_true(a.frames[255]);
}

/* The octets do not depend on the size of the buffer. */
static void test_buffers(void **state) {
  char *want = NULL;

  (void)state;
  for (int compat = 0; compat < 2; compat++) {
    for (size_t cap = sizeof(((page *)0)->buf); cap > 0; cap /= 3) {
      page p;

      page_init(&p);
      p.text.cap = cap;
      p.set.compat = compat;
      page_open(&p);
      qlogsample_all(qlog_writer_sink(p.w));
      qlog_writer_finish(p.w);
      page_text(&p);
      if (!want) {
        want = strdup(p.all);
      } else {
        assert_string_equal(p.all, want);
      }
      page_free(&p);
    }
    free(want);
    want = NULL;
  }
}

/* Without memory a writer does not come about, or turns no ranges around. */
static void test_memory(void **state) {
  quic_frame f = {.type = QUIC_FRAME_ACK};
  qlog_event e;
  failmem fm;
  page p;

  (void)state;
  failmem_init(&fm);
  page_init(&p);
  failmem_fail_nth(&fm, 1);
  assert_int_equal(qlog_writer_new(&p.w, &fm.mem, &p.set), QUIC_ERR_NOMEM);
  assert_null(p.w);
  assert_int_equal(p.text.len, 0);
  qlog_writer_del(p.w);

  failmem_init(&fm);
  assert_int_equal(qlog_writer_new(&p.w, &fm.mem, &p.set), 0);
  f.info = quic_frame_info_find(f.type);
  f.u.ack.largest = 9;
  f.u.ack.range_count = 1;
  f.u.ack.ranges = bytes("\x01\x01");
  qlog_event_init(&e, QLOG_PACKETS_ACKED, 0);
  e.u.acked.ranges = &f;
  failmem_fail_from(&fm, 1);
  assert_string_equal(page_event(&p, &e), "\"acked_ranges\":[[9],[5,6]]");
  failmem_fail_from(&fm, 0);
  assert_string_equal(page_event(&p, &e), "\"packet_numbers\":[5,6,9]");
  page_free(&p);
  assert_true(failmem_balanced(&fm));
}

static void test_compat(void **state) {
  qlog_event e;
  page p;

  (void)state;
  page_init(&p);
  p.set.compat = true;
  p.set.group = "0a";
  p.set.vantage = QLOG_VANTAGE_SERVER;
  page_open(&p);
  qlog_event_init(&e, QLOG_CONNECTION_CLOSED, 1002 * QUIC_MILLISECOND);
  e.u.closed.initiator = QLOG_REMOTE;
  e.u.closed.connection_error = 0x77;
  qlog_writer_sink(p.w)->event(qlog_writer_sink(p.w), &e);
  e.u.closed.connection_error = 0;
  qlog_writer_sink(p.w)->event(qlog_writer_sink(p.w), &e);
  qlog_writer_finish(p.w);
  assert_string_equal(
      page_text(&p),
      "{\"qlog_version\":\"0.3\",\"qlog_format\":\"JSON\",\"traces\":[{"
      "\"description\":" CUSTOM ",\"vantage_point\":{\"type\":\"server\"},"
      "\"common_fields\":{\"ODCID\":\"0a\",\"group_id\":\"0a\","
      "\"protocol_type\":[\"QUIC\",\"HTTP3\"],\"time_format\":\"relative\","
      "\"reference_time\":1000},\"events\":[\n"
      "{\"time\":2,\"name\":\"connectivity:connection_closed\",\"data\":{"
      "\"owner\":\"remote\",\"connection_code\":119}},\n"
      "{\"time\":2,\"name\":\"connectivity:connection_closed\",\"data\":{"
      "\"owner\":\"remote\",\"connection_code\":\"no_error\"}}\n]}]}\n");
  page_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_head),
      cmocka_unit_test(test_head_monotonic),
      cmocka_unit_test(test_frame_of_event),
      cmocka_unit_test(test_absent),
      cmocka_unit_test(test_packet),
      cmocka_unit_test(test_frames),
      cmocka_unit_test(test_ack_delay),
      cmocka_unit_test(test_acked),
      cmocka_unit_test(test_sample),
      cmocka_unit_test(test_buffers),
      cmocka_unit_test(test_memory),
      cmocka_unit_test(test_compat),
  };

  return cmocka_run_group_tests_name("qlog_writer", tests, NULL, NULL);
}
