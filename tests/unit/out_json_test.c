#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "pcap/trace.h"
#include "tests/support/jsonvalid.h"
#include "tests/support/octets.h"
#include "tests/support/packets.h"

#define LINE_START                                                             \
  "{\"type\":\"packet\",\"frame\":7,\"index\":0,"                              \
  "\"time\":\"1764320701.001000000\",\"ms\":1,\"conn\":0,\"dir\":\"client\","  \
  "\"src\":\"10.0.0.2:51012\",\"dst\":\"10.0.0.9:443\","

/* What a packet's line is, without the last one. */
static const char *show(packets *pk) {
  static char line[PACKETS_TEXT];
  const char *text = packets_show(pk, qd_output_json_new);
  size_t len = strcspn(text, "\n");

  assert_int_equal(jsonvalid_lines(pk->out), 4);
  memcpy(line, text, len);
  line[len] = '\0';
  assert_int_equal(strncmp(text + len + 1, "{\"type\":\"end\",", 14), 0);
  return line;
}

static void validator(void **state) {
  static const struct {
    const char *text;
    bool good;
  } cases[] = {
      {"{}", true},
      {"[]", true},
      {"[1,-2.50,0,\"\\u00e9\\n\",true,false,null]", true},
      {"{\"a\":{\"b\":[{},[[]]]},\"c\":1}", true},
      {"[1,]", false},
      {"[01]", false},
      {"[1.]", false},
      {"{\"a\"}", false},
      {"{\"a\":1,}", false},
      {"{a:1}", false},
      {"[\"\n\"]", false},
      {"[\"\\x\"]", false},
      {"[\"\xff\"]", false},
      {"[1}", false},
      {"[[1]", false},
      {"[1 2]", false},
      {"", false},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    quic_bytes b = quic_bytes_of(cases[i].text, strlen(cases[i].text));

    assert_int_equal(jsonvalid(b) == b.len && b.len, cases[i].good);
  }
}

static void first_and_last(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  pk.settings.capture = "a\"b.pcap";
  packets_hex(&pk, "01");
  (void)show(&pk);
  assert_int_equal(
      strncmp(pk.out,
              "{\"schema\":\"quicdump/1\",\"type\":\"begin\",\"program\":"
              "\"h3kit " H3KIT_VERSION "\",\"capture\":\"a\\\"b.pcap\","
              "\"time\":\"1764320701.000000000\"}\n",
              100),
      0);
  assert_non_null(strstr(pk.out, "{\"type\":\"end\",\"packets\":2,\"opened\":1,"
                                 "\"connections\":0,\"requests\":0}\n"));
  packets_free(&pk);
}

static void headers(void **state) {
  static const struct {
    quic_packet_type type;
    const char *want;
  } cases[] = {
      {QUIC_PACKET_INITIAL,
       LINE_START "\"packet\":\"initial\",\"state\":\"open\",\"length\":1200,"
                  "\"datagram\":1200,\"ecn\":0,\"version\":\"0x00000001\","
                  "\"dcid\":\"0cae7f96\",\"scid\":\"85ce\",\"pn\":5,"
                  "\"frames\":[{\"type\":\"ping\"}]}"},
      {QUIC_PACKET_1RTT,
       LINE_START "\"packet\":\"1rtt\",\"state\":\"open\",\"length\":1200,"
                  "\"datagram\":1200,\"ecn\":0,\"dcid\":\"0cae7f96\","
                  "\"spin\":0,\"key_phase\":0,\"generation\":0,\"pn\":5,"
                  "\"frames\":[{\"type\":\"ping\"}]}"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    packets pk;

    packets_init(&pk, cases[i].type);
    packets_hex(&pk, "01");
    assert_string_equal(show(&pk), cases[i].want);
    packets_free(&pk);
  }
}

typedef struct part_case {
  const char *payload;
  const char *want; /* stands in the line */
} part_case;

static void frames(void **state) {
  static const part_case cases[] = {
      {"00000000 01",
       "[{\"type\":\"padding\",\"count\":4},{\"type\":\"ping\"}]"},
      {"02 0a 40f9 02 01 01 00 00 02",
       "{\"type\":\"ack\",\"largest_acknowledged\":10,\"ack_delay\":249,"
       "\"ranges\":[[9,10],[6,6],[2,4]]}"},
      {"03 05 00 00 00 01 02 03",
       "\"ranges\":[[5,5]],\"ect0_count\":1,\"ect1_count\":2,"
       "\"ecn_ce_count\":3}"},
      {"04 04 410c 40c8",
       "{\"type\":\"reset_stream\",\"stream_id\":4,"
       "\"application_protocol_error_code\":268,\"final_size\":200}"},
      {"06 03 02 aabb", "{\"type\":\"crypto\",\"offset\":3,\"length\":2}"},
      {"07 03 010203", "{\"type\":\"new_token\",\"token\":\"010203\"}"},
      {"0a 00 01 61",
       "{\"type\":\"stream\",\"stream_id\":0,\"offset\":0,\"length\":1,"
       "\"fin\":false}"},
      {"0f 08 05 01 62",
       "{\"type\":\"stream\",\"stream_id\":8,\"offset\":5,\"length\":1,"
       "\"fin\":true}"},
      {"12 06 13 07",
       "{\"type\":\"max_streams\",\"maximum_streams\":6,\"stream_type\":"
       "\"bidirectional\"},{\"type\":\"max_streams\",\"maximum_streams\":7,"
       "\"stream_type\":\"unidirectional\"}"},
      {"14 ffffffffffffffff", "\"maximum_data\":4611686018427387903}"},
      {"1c 412a 06 03 61220a",
       "{\"type\":\"connection_close\",\"error_code\":298,\"error\":"
       "\"CRYPTO_ERROR\",\"alert\":42,\"alert_name\":\"bad_certificate\","
       "\"frame_type\":6,\"reason_phrase\":\"a\\\"\\n\",\"space\":"
       "\"transport\"}"},
      {"1d 4100 00", "\"error_code\":256,\"reason_phrase\":\"\",\"space\":"
                     "\"application\"}"},
      {"40ac", "{\"type\":\"immediate_ack\",\"draft_type\":\"0xac\"}"},
      {"01 4042 01", "\"frames\":[{\"type\":\"ping\"}],\"undecoded\":{\"why\":"
                     "\"unknown_type\",\"frame_type\":\"0x42\",\"length\":3}}"},
      {"01 06 00 05 aa", "\"undecoded\":{\"why\":\"malformed\",\"frame_type\":"
                         "\"0x6\",\"length\":4}}"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    packets pk;
    const char *line;

    packets_init(&pk, QUIC_PACKET_1RTT);
    packets_hex(&pk, cases[i].payload);
    line = show(&pk);
    if (!strstr(line, cases[i].want)) {
      fail_msg("%s is not in %s", cases[i].want, line);
    }
    packets_free(&pk);
  }
}

/* Packets without frames say why. */
static void closed(void **state) {
  packets pk;
  const char *line;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  pk.p.state = QD_STATE_CLOSED;
  pk.p.reason = QD_REASON_NO_SECRET;
  pk.p.notes = QD_NOTE_DUPLICATE | QD_NOTE_GSO;
  pk.p.ecn = 3;
  pk.p.header.missing = 10;
  line = show(&pk);
  assert_non_null(strstr(line, "\"state\":\"closed\",\"length\":1210,"
                               "\"missing\":10,\"datagram\":1200,\"ecn\":3,"));
  assert_non_null(strstr(line, "\"notes\":[\"duplicate\",\"gso\"],\"reason\":"
                               "\"no_secret\",\"secret\":"
                               "\"CLIENT_TRAFFIC_SECRET_0\"}"));
  assert_null(strstr(line, "\"pn\""));
  assert_null(strstr(line, "key_phase"));
  pk.p.conn = NULL;
  pk.p.sender_known = false;
  pk.p.reason = QD_REASON_UNKNOWN_CID;
  line = show(&pk);
  assert_non_null(strstr(line, "\"conn\":null,\"dir\":null,"));
  assert_non_null(strstr(line, "\"reason\":\"unknown_cid\"}"));
  packets_free(&pk);
}

static void versions(void **state) {
  static const uint8_t list[] = {0, 0, 0, 1, 0x6b, 0x33, 0x43, 0xcf};
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_VERSION_NEGOTIATION);
  pk.p.state = QD_STATE_CLEAR;
  pk.p.header.version = 0;
  pk.p.header.versions = quic_bytes_of(list, sizeof(list));
  assert_non_null(strstr(
      show(&pk), "\"packet\":\"vn\",\"state\":\"clear\",\"length\":1200,"
                 "\"datagram\":1200,\"ecn\":0,\"version\":\"0x00000000\","
                 "\"dcid\":\"0cae7f96\",\"scid\":\"85ce\",\"versions\":"
                 "[\"0x00000001\",\"0x6b3343cf\"]}"));
  packets_free(&pk);
}

static void reset(void **state) {
  uint8_t raw[24];
  packets pk;

  (void)state;
  memset(raw, 0xab, sizeof(raw));
  packets_init(&pk, QUIC_PACKET_1RTT);
  pk.p.state = QD_STATE_RESET;
  pk.p.raw = quic_bytes_of(raw, sizeof(raw));
  assert_non_null(strstr(show(&pk), "\"reset_token\":"
                                    "\"abababababababababababababababab\"}"));
  pk.p.raw.len = 15;
  assert_null(strstr(show(&pk), "reset_token"));
  packets_free(&pk);
}

static void every_row_and_prefix(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  packets_sample(&pk);
  (void)show(&pk);
  packets_check_prefixes(&pk, qd_output_json_new);
  assert_true(jsonvalid_lines(pk.out) > 0);
  packets_free(&pk);
}

/* A connection by hand, for what is told of it. */
typedef struct conn_case {
  packets pk;
  qd_trace trace;
  qd_output *out;
} conn_case;

static void conn_begin(conn_case *c) {
  quic_analysis_settings set = {.vantage = QUIC_VANTAGE_NETWORK,
                                .sent_is_client = true};

  memset(c, 0, sizeof(*c));
  packets_init(&c->pk, QUIC_PACKET_1RTT);
  packets_hex(&c->pk, "01");
  c->pk.p.payload = quic_bytes_of(c->pk.payload, 1);
  quic_text_init(&c->pk.text, c->pk.out, sizeof(c->pk.out));
  assert_int_equal(
      quic_analysis_new(&c->trace.analysis, quic_mem_default(), &set, NULL), 0);
  c->trace.conn = c->pk.conn;
  c->trace.packet = &c->pk.p;
  c->trace.shown = c->trace.selected = true;
  c->trace.now = c->pk.p.time;
  assert_int_equal(qd_output_json_new(&c->out, &c->pk.settings), 0);
  qd_output_start(c->out, &c->pk.p);
}

static const char *conn_end(conn_case *c, size_t lines) {
  c->out->finish(c->out);
  c->out->del(c->out);
  quic_analysis_del(c->trace.analysis);
  packets_free(&c->pk);
  assert_int_equal(jsonvalid_lines(quic_text_cstr(&c->pk.text)), lines);
  return c->pk.out;
}

static void check_has(const char *text, const char *want) {
  if (!strstr(text, want)) {
    fail_msg("%s is not in %s", want, text);
  }
}

static void emit(conn_case *c, qlog_event_type type, const void *content,
                 size_t len) {
  qlog_event e;

  qlog_event_init(&e, type, c->trace.now);
  memcpy(&e.u, content, len);
  c->out->event(c->out, &c->trace, &e);
}

/* The packet's line comes once, in front of its events, and events of the
   transport have none. */
static void events(void **state) {
  static const uint8_t settings[] = {0x01, 0x40, 0x64, 0x40, 0x5f, 0x05};
  quic_field field = {quic_bytes_of(":method", 7), quic_bytes_of("G\"T", 3)};
  quic_h3_frame frame = {.type = QUIC_H3_HEADERS, .length = 9};
  qlog_h3_frame f = {.stream_id = 4,
                     .frame = &frame,
                     .fields = &field,
                     .nfields = 1,
                     .raw_length = 11};
  qlog_h3_stream_type s = {.initiator = QLOG_REMOTE,
                           .stream_id = 3,
                           .kind = QLOG_H3_CONTROL,
                           .push_id = QLOG_NONE};
  qlog_h3_datagram d = {2, 30};
  qlog_capsule capsule = {8, 0, 5};
  qlog_message m = {quic_bytes_of("bad", 3), 0x10e};
  qlog_flag_updated spin = {1};
  conn_case c;
  const char *text;

  (void)state;
  conn_begin(&c);
  emit(&c, QLOG_SPIN_BIT_UPDATED, &spin, sizeof(spin));
  assert_int_equal(c.pk.text.len, 0);
  emit(&c, QLOG_H3_FRAME_CREATED, &f, sizeof(f));
  frame.type = QUIC_H3_SETTINGS;
  frame.length = sizeof(settings);
  frame.u.payload = quic_bytes_of(settings, sizeof(settings));
  f.nfields = 0;
  emit(&c, QLOG_H3_FRAME_PARSED, &f, sizeof(f));
  frame.type = 0x21;
  emit(&c, QLOG_H3_FRAME_PARSED, &f, sizeof(f));
  emit(&c, QLOG_H3_STREAM_TYPE_SET, &s, sizeof(s));
  emit(&c, QLOG_H3_DATAGRAM_PARSED, &d, sizeof(d));
  emit(&c, QLOG_CAPSULE_CREATED, &capsule, sizeof(capsule));
  emit(&c, QLOG_LOG_WARNING, &m, sizeof(m));
  c.out->packet(c.out, &c.pk.p);
  c.out->packet(c.out, &c.pk.p);
  text = conn_end(&c, 11);
  assert_int_equal(
      strncmp(strchr(text, '\n') + 1, "{\"type\":\"packet\",\"frame\":7", 26),
      0);
#define PLACE(type, side)                                                      \
  "{\"type\":\"" type "\",\"frame\":7,\"index\":0,\"ms\":0,\"conn\":0,"        \
  "\"dir\":\"" side "\","
  check_has(text, PLACE("http3", "client") "\"event\":\"frame\",\"stream_id\":"
                                           "4,\"h3\":\"HEADERS\",\"length\":9,"
                                           "\"fields\":[[\":method\","
                                           "\"G\\\"T\"]]}\n");
  check_has(text, PLACE("http3", "server") "\"event\":\"frame\",\"stream_id\":"
                                           "4,\"h3\":\"SETTINGS\",\"length\":6,"
                                           "\"settings\":[[");
  check_has(text,
            "[[\"SETTINGS_QPACK_MAX_TABLE_CAPACITY\",100],[\"0x5f\",5]]}\n");
  check_has(text, "\"h3\":\"0x21\",\"reserved\":true,\"length\":6}\n");
  check_has(text, PLACE("http3", "server") "\"event\":\"stream\",\"stream_id\":"
                                           "3,\"stream_type\":\"control\"}\n");
  check_has(text, "\"event\":\"datagram\",\"stream_id\":8,\"length\":30}\n");
  check_has(text, PLACE("http3", "client") "\"event\":\"capsule\","
                                           "\"stream_id\":8,\"capsule\":"
                                           "\"DATAGRAM\",\"length\":5}\n");
  check_has(text, PLACE("warning", "client") "\"error_code\":270,\"error\":"
                                             "\"H3_MESSAGE_ERROR\",\"text\":"
                                             "\"bad\"}\n");
  check_has(text, "{\"type\":\"end\",\"packets\":2,\"opened\":2,");
}

static void add(qd_fields *fs, const char *name, const char *value) {
  assert_int_equal(qd_fields_add(fs, quic_mem_default(),
                                 quic_bytes_of(name, strlen(name)),
                                 quic_bytes_of(value, strlen(value))),
                   0);
}

static void request(void **state) {
  conn_case c;
  qd_request rq;
  const char *text;

  (void)state;
  conn_begin(&c);
  c.trace.packet = NULL;
  qd_request_init(&rq);
  rq.number = 3;
  rq.stream_id = 8;
  rq.protocol = "h3";
  c.out->request(c.out, &c.trace, &rq);
  add(&rq.side[QD_CLIENT].fields, ":method", "GET");
  add(&rq.side[QD_CLIENT].fields, ":scheme", "https");
  add(&rq.side[QD_CLIENT].fields, ":authority", "a.example");
  add(&rq.side[QD_CLIENT].fields, ":path", "/x?\"\\\x01");
  add(&rq.side[QD_SERVER].fields, ":status", "206");
  add(&rq.side[QD_SERVER].trailers, "a", "b");
  rq.side[QD_SERVER].has_trailers = true;
  rq.side[QD_CLIENT].first = c.trace.now;
  rq.side[QD_CLIENT].frame = 7;
  rq.side[QD_SERVER].first = c.trace.now + 1500 * QUIC_MICROSECOND;
  rq.side[QD_SERVER].last = c.trace.now + 2 * QUIC_MILLISECOND + 1;
  rq.side[QD_SERVER].reset_code = 0x10c;
  rq.side[QD_SERVER].body = 12;
  rq.has_status = true;
  rq.status = 206;
  c.out->request(c.out, &c.trace, &rq);
  qd_request_free(&rq, quic_mem_default());
  text = conn_end(&c, 4);
  check_has(text, "{\"type\":\"request\",\"request\":3,\"conn\":0,"
                  "\"stream_id\":8,\"protocol\":\"h3\",\"method\":null,"
                  "\"url\":\"\",\"status\":null,\"time\":null,\"ms\":null,"
                  "\"ttfb_ms\":null,\"total_ms\":null,\"complete\":false,"
                  "\"client\":{\"frame\":null,\"headers\":[],");
  check_has(text, "\"method\":\"GET\",\"url\":"
                  "\"https://a.example/x?\\\"\\\\\\u0001\",\"status\":206,"
                  "\"time\":\"1764320701.001000000\",\"ms\":0,\"ttfb_ms\":1.5,"
                  "\"total_ms\":2.000001,\"complete\":false,\"client\":{"
                  "\"frame\":7,\"headers\":[[\":method\",\"GET\"],");
  check_has(text, "\"headers\":[[\":status\",\"206\"]],\"trailers\":[[\"a\","
                  "\"b\"]],\"first_ms\":1.5,\"headers_ms\":null,"
                  "\"body_first_ms\":null,\"last_ms\":2.000001,\"body\":12,");
  check_has(text, "\"fin\":false,\"reset\":{\"error_code\":268}}");
  check_has(text, "{\"type\":\"end\",\"packets\":0,\"opened\":0,"
                  "\"connections\":0,\"requests\":2}\n");
}

static void connection(void **state) {
  conn_case c;
  const char *text;

  (void)state;
  conn_begin(&c);
  strcpy(c.pk.conn->facts.sni, "a\x1b.example");
  c.pk.conn->first = c.trace.now;
  c.pk.conn->last = c.trace.now + QUIC_MILLISECOND;
  c.trace.requests = 2;
  quic_analysis_end(c.trace.analysis, c.trace.now, QUIC_END_OF_TRACE);
  c.out->ended(c.out, &c.trace);
  text = conn_end(&c, 3);
  check_has(text, "{\"type\":\"connection\",\"conn\":0,\"client\":");
  check_has(text, "\"time\":\"1764320701.001000000\",\"ms\":0,"
                  "\"duration_ms\":1,\"version\":\"0x00000001\","
                  "\"odcid\":null,\"cids\":{\"client\":[],\"server\":[]},"
                  "\"sni\":\"a\\u001b.example\",\"alpn\":null,");
  check_has(text, "\"parameters\":{\"client\":null,\"server\":null},");
  check_has(text, "\"rtt\":{\"client\":null,\"server\":null},");
  check_has(text, "\"violations\":[],");
  check_has(text, "\"requests\":2,\"responses\":0,\"failed\":0,");
  check_has(text, "\"close\":{\"class\":\"");
  check_has(text, "\"connections\":1,\"requests\":0}\n");
}

/* Parameters in the order of the wire, known or not, broken or not. */
static void parameters(void **state) {
  uint8_t octets[128];
  quic_bytes b = octets_hex("01 02 4064  0c 00  0f 02 aabb  11 08 00000001 "
                            "6b3343cf  4fff 01 07  01 01 05  0a 01",
                            octets, sizeof(octets));
  conn_case c;
  const char *text;

  (void)state;
  conn_begin(&c);
  c.pk.conn->sides[QD_SERVER].tparams =
      quic_mem_alloc(quic_mem_default(), b.len);
  memcpy(c.pk.conn->sides[QD_SERVER].tparams, b.data, b.len);
  c.pk.conn->sides[QD_SERVER].tparams_len = (uint16_t)b.len;
  c.pk.conn->sides[QD_SERVER].has_tparams = true;
  quic_analysis_end(c.trace.analysis, c.trace.now, QUIC_END_OF_TRACE);
  c.out->ended(c.out, &c.trace);
  text = conn_end(&c, 3);
  check_has(text,
            "\"parameters\":{\"client\":null,\"server\":[[\"max_idle_timeout\","
            "100],[\"disable_active_migration\",true],"
            "[\"initial_source_connection_id\",\"aabb\"],"
            "[\"version_information\",[\"0x00000001\",\"0x6b3343cf\"]],"
            "[\"0xfff\",\"07\"],[\"max_idle_timeout\",5],"
            "[\"undecoded\",null]]}");
}

static void memory(void **state) {
  (void)state;
  packets_check_memory(qd_output_json_new);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(validator),  cmocka_unit_test(first_and_last),
      cmocka_unit_test(headers),    cmocka_unit_test(frames),
      cmocka_unit_test(closed),     cmocka_unit_test(versions),
      cmocka_unit_test(reset),      cmocka_unit_test(every_row_and_prefix),
      cmocka_unit_test(events),     cmocka_unit_test(request),
      cmocka_unit_test(connection), cmocka_unit_test(parameters),
      cmocka_unit_test(memory),
  };

  return cmocka_run_group_tests_name("out_json", tests, NULL, NULL);
}
