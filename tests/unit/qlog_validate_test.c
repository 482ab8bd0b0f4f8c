#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qlog/schema.h"
#include "qlog/validate.h"
#include "tests/support/qlogback.h"
#include "tests/support/qlogsample.h"

/* What was told, a line for each: "rule path found". */
typedef struct told {
  char buf[4096];
  quic_text text;
  quic_bytes record;
  unsigned errors, warnings;
} told;

static void told_init(told *t, quic_bytes record) {
  quic_text_init(&t->text, t->buf, sizeof(t->buf));
  t->record = record;
  t->errors = t->warnings = 0;
}

static void told_on(void *user, const qlog_violation *v) {
  const qlog_rule_info *info = qlog_rule_info_of(v->rule);
  told *t = user;

  assert_true(v->at <= t->record.len);
  t->errors += info->error;
  t->warnings += !info->error;
  quic_text_str(&t->text, info->key);
  quic_text_char(&t->text, ' ');
  quic_text_str(&t->text, v->path);
  if (v->found.len) {
    quic_text_char(&t->text, ' ');
    quic_text_untrusted(&t->text, v->found, 0);
  }
  quic_text_char(&t->text, '\n');
}

static quic_bytes str(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

/* expect_named validates |text| as an event of |type| that was called
   |space|:|name|. */
static void expect_named(qlog_event_type type, const char *space,
                         const char *name, const char *text,
                         const char *expected) {
  qlog_record record = {
      .text = str(text), .space = str(space), .name = str(name)};
  quic_bytes time;
  qlog_event e;
  told t;

  if (type != QLOG_EVENT_TYPES) {
    qlog_event_init(&e, type, 0);
    record.event = &e;
  }
  told_init(&t, record.text);
  qlog_validate_record(&record, told_on, &t, &time);
  assert_string_equal(quic_text_cstr(&t.text), expected);
}

/* expect validates an event of |type| whose data is |data|. */
static void expect(qlog_event_type type, const char *data,
                   const char *expected) {
  const qlog_event_info *info = qlog_event_info_of(type);
  char buf[2048];
  quic_text t;

  quic_text_init(&t, buf, sizeof(buf));
  quic_text_printf(&t, "{\"time\":1.5,\"name\":\"%s:%s\",\"data\":%s}",
                   info->schema, info->name, data);
  expect_named(type, info->schema, info->name, quic_text_cstr(&t), expected);
}

static void test_required(void **state) {
  (void)state;
  expect(QLOG_PACKET_SENT, "{}", "field_missing data.header\n");
  expect(QLOG_PACKET_SENT, "{\"header\":{}}",
         "field_missing data.header.packet_type\n");
  expect(QLOG_PACKET_SENT, "{\"header\":{\"packet_type\":\"1RTT\"}}", "");
  expect(QLOG_STREAM_STATE_UPDATED, "{\"stream_id\":4}",
         "field_missing data.new\nfield_missing data.stream_side\n");
  expect(QLOG_PACKET_LOST, "{}", "");
  expect(QLOG_FRAMES_CREATED,
         "{\"frames\":[{\"frame_type\":\"crypto\"},{\"offset\":0}]}",
         "field_missing data.frames[].offset\n"
         "field_missing data.frames[].raw\n"
         "field_missing data.frames[].frame_type\n");
  expect_named(QLOG_LOG_INFO, "loglevel", "info", "{}",
               "field_missing time\nfield_missing name\nfield_missing data\n");
}

static void test_types(void **state) {
  (void)state;
  expect(QLOG_MTU_UPDATED, "{\"new\":1200,\"old\":-1,\"done\":1}",
         "field_type data.old -1\nfield_type data.done 1\n");
  expect(QLOG_MTU_UPDATED, "{\"new\":4294967296}",
         "field_type data.new 4294967296\n");
  expect(QLOG_MTU_UPDATED, "{\"new\":4294967295}", "");
  /* 64 bits may be text, others not. */
  expect(QLOG_PARAMETERS_SET, "{\"initial_max_data\":\"18446744073709551615\"}",
         "");
  expect(QLOG_MTU_UPDATED, "{\"new\":\"1200\"}",
         "field_type data.new \"1200\"\n");
  expect(QLOG_RECOVERY_METRICS_UPDATED,
         "{\"min_rtt\":1.25,\"latest_rtt\":\"2\"}",
         "field_type data.latest_rtt \"2\"\n");
  expect(QLOG_CONNECTION_ID_UPDATED,
         "{\"initiator\":\"local\",\"old\":\"0a1\",\"new\":\"0A\"}",
         "field_type data.old \"0a1\"\nfield_type data.new \"0A\"\n");
  expect(QLOG_PACKET_SENT, "{\"header\":[]}", "field_type data.header []\n");
  expect(QLOG_FRAMES_CREATED, "{\"frames\":{}}", "field_type data.frames {}\n");
  expect(QLOG_FRAMES_CREATED, "{\"frames\":[7]}",
         "field_type data.frames[] 7\n");
  expect(QLOG_MARKED_FOR_RETRANSMIT, "{\"frames\":[]}",
         "field_type data.frames[] []\n");
  expect(QLOG_FRAMES_CREATED, "{\"frames\":[]}", "");
  expect(QLOG_SPIN_BIT_UPDATED, "{\"state\":null}",
         "field_type data.state null\n");
  expect_named(QLOG_LOG_INFO, "loglevel", "info",
               "{\"time\":\"1\",\"name\":\"loglevel:info\",\"data\":[1]}",
               "field_type time \"1\"\nfield_type data [1]\n");
}

static void test_ranges(void **state) {
  (void)state;
  expect(QLOG_FRAMES_PARSED,
         "{\"frames\":[{\"frame_type\":\"ack\",\"ack_delay\":0.5,"
         "\"acked_ranges\":[[1],[3,4]]}]}",
         "");
  expect(QLOG_FRAMES_PARSED,
         "{\"frames\":[{\"frame_type\":\"ack\","
         "\"acked_ranges\":[[],[1,2,3],[\"x\"],5]}]}",
         "field_type data.frames[].acked_ranges[] []\n"
         "field_type data.frames[].acked_ranges[] [1,2,3]\n"
         "field_type data.frames[].acked_ranges[] [\"x\"]\n"
         "field_type data.frames[].acked_ranges[] 5\n");
}

static void test_values(void **state) {
  (void)state;
  expect(QLOG_PACKET_LOST, "{\"trigger\":\"pto_expired\"}", "");
  expect(QLOG_PACKET_LOST, "{\"trigger\":\"bad_luck\"}",
         "value data.trigger \"bad_luck\"\n");
  expect(QLOG_PACKET_SENT, "{\"header\":{\"packet_type\":\"1rtt\"}}",
         "value_own data.header.packet_type \"1rtt\"\n");
  /* The newest draft has not all triggers that field.c reads. */
  expect(QLOG_CONNECTION_CLOSED, "{\"trigger\":\"clean\"}",
         "value data.trigger \"clean\"\n");
  expect(QLOG_CONNECTION_CLOSED,
         "{\"connection_error\":\"crypto_error_0x12a\"}", "");
  expect(QLOG_CONNECTION_CLOSED, "{\"connection_error\":\"no_viable_path\"}",
         "");
  expect(QLOG_CONNECTION_CLOSED,
         "{\"connection_error\":\"crypto_error_0x12A\"}",
         "value_own data.connection_error \"crypto_error_0x12A\"\n");
  expect(QLOG_FRAMES_CREATED,
         "{\"frames\":[{\"frame_type\":\"mine\",\"x\":1}]}",
         "value_own data.frames[].frame_type mine\n");
  expect(QLOG_STREAM_DATA_MOVED, "{\"from\":\"kernel\"}",
         "value_own data.from \"kernel\"\n");
  /* An escaped name is the same name. */
  expect(QLOG_PACKET_LOST, "{\"trigger\":\"pto\\u005fexpired\"}", "");
}

static void test_older(void **state) {
  (void)state;
  expect(QLOG_CONNECTION_ID_UPDATED, "{\"owner\":\"local\"}",
         "field_old data.owner owner\n");
  expect(QLOG_RECOVERY_METRICS_UPDATED, "{\"cwnd\":1}",
         "field_old data.cwnd cwnd\n");
  expect(QLOG_FRAMES_CREATED,
         "{\"frames\":[{\"frame_type\":\"crypto\",\"offset\":0,"
         "\"length\":5}]}",
         "field_old data.frames[].length length\n");
  expect_named(QLOG_PACKET_LOST, "recovery", "packet_lost",
               "{\"time\":1,\"name\":\"recovery:packet_lost\",\"data\":{}}",
               "event_old name packet_lost\n");
  expect_named(QLOG_PACKET_LOST, "recovery", "packet_lost",
               "[1,\"recovery\",\"packet_lost\",{\"x\":0},"
               "{\"trigger\":7}]",
               "event_old name packet_lost\nfield_type data.trigger 7\n");
}

/* What drafts leave open. */
static void test_extensions(void **state) {
  (void)state;
  expect(QLOG_PACKET_SENT,
         "{\"header\":{\"packet_type\":\"1RTT\",\"mine\":{\"a\":[]}},"
         "\"datagram_id\":\"a7\",\"ecn\":2}",
         "");
  expect_named(QLOG_EVENT_TYPES, "vendor", "thing",
               "{\"time\":1,\"name\":\"vendor:thing\",\"data\":{\"a\":1}}", "");
  expect_named(QLOG_EVENT_TYPES, "quic", "thing",
               "{\"time\":1,\"name\":\"quic:thing\",\"data\":{}}",
               "event_unknown name thing\n");
}

static void expect_head(qlog_layout layout, const char *version,
                        const char *head, const char *expected) {
  const qlog_validate_head_in in = {
      .layout = layout, .version = str(version), .head = str(head)};
  told t;

  told_init(&t, in.head);
  qlog_validate_head(&in, told_on, &t);
  assert_string_equal(quic_text_cstr(&t.text), expected);
}

static void test_heads(void **state) {
  (void)state;
  expect_head(QLOG_LAYOUT_SEQUENCE, "",
              "{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\","
              "\"serialization_format\":\"application/qlog+json-seq\","
              "\"trace\":{\"event_schemas\":[\"urn:x\"],\"vantage_point\":{"
              "\"type\":\"network\",\"flow\":\"server\"},\"common_fields\":{"
              "\"reference_time\":{\"clock_type\":\"monotonic\",\"epoch\":"
              "\"unknown\"},\"mine\":1}}}",
              "");
  expect_head(QLOG_LAYOUT_SEQUENCE, "",
              "{\"qlog_version\":\"0.3\",\"trace\":{\"event_schemas\":[],"
              "\"vantage_point\":{\"type\":\"middle\"}}}",
              "field_old qlog_version qlog_version\n"
              "field_type trace.event_schemas[] []\n"
              "value trace.vantage_point.type \"middle\"\n"
              "field_missing serialization_format\n");
  expect_head(QLOG_LAYOUT_CONTAINED, "urn:ietf:params:qlog:file:contained",
              "{\"event_schemas\":[\"urn:x\"]}", "");
  expect_head(QLOG_LAYOUT_CONTAINED, "0.4", "{\"title\":1}",
              "field_old file_schema 0.4\n"
              "field_type traces[].title 1\n"
              "field_missing traces[].event_schemas\n");
  expect_head(QLOG_LAYOUT_ROWS, "draft-01", "{}", "layout  rows\n");
}

/* A head that is cut says nothing of what it lacks. */
static void test_cut(void **state) {
  (void)state;
  expect_head(QLOG_LAYOUT_SEQUENCE, "", "{\"title\":1,\"trace\":{",
              "field_type title 1\n");
  expect_head(QLOG_LAYOUT_SEQUENCE, "", "", "");
}

/* What our own writer writes is as the drafts want it. */
typedef struct writer {
  qlog_sink sink;
  qlogback back;
  bool compat;
  unsigned renamed;
} writer;

static void writer_event(qlog_sink *sink, const qlog_event *e) {
  writer *w = (writer *)sink;
  qlog_record record = {.event = e};
  quic_bytes name, colon, time;
  told t;

  record.text = qlogback_write(&w->back, e);
  name = qlogback_member(record.text, "name");
  colon.data = memchr(name.data, ':', name.len);
  assert_non_null(colon.data);
  record.space = quic_bytes_of(name.data, (size_t)(colon.data - name.data));
  record.name = quic_bytes_of(colon.data + 1, name.len - record.space.len - 1);
  told_init(&t, record.text);
  qlog_validate_record(&record, told_on, &t, &time);
  assert_true(time.len > 0);
  w->renamed += strstr(quic_text_cstr(&t.text), "event_old") != NULL;
  if (!w->compat && t.errors) {
    fail_msg("%.*s\n%s", (int)record.text.len, (const char *)record.text.data,
             quic_text_cstr(&t.text));
  }
}

static void test_writer(void **state) {
  static writer w;

  (void)state;
  for (int compat = 0; compat < 2; compat++) {
    w.sink.event = writer_event;
    w.compat = compat;
    qlogback_init(&w.back, compat);
    w.renamed = 0;
    assert_true(qlogsample_all(&w.sink) > 100);
    assert_true(compat ? w.renamed > 50 : w.renamed == 0);
    qlogback_free(&w.back);
  }
}

/* Each field that must be there is one that there is. */
static void test_tables(void **state) {
  (void)state;
  for (int type = 0; type < QLOG_EVENT_TYPES; type++) {
    qlog_schema_field field;
    const char *must;

    for (size_t i = 0; (must = qlog_schema_required((qlog_event_type)type, i));
         i++) {
      char buf[QLOG_WANTS_MAX];
      quic_text t;

      assert_true(qlog_schema_event((qlog_event_type)type, str(must), &field));
      assert_true(field.required);
      quic_text_init(&t, buf, sizeof(buf));
      qlog_schema_wants(&field, &t);
      assert_true(t.len > 0 && !t.cut);
    }
  }
  for (int type = QLOG_SCHEMA_OBJECTS + 1; type < QLOG_SCHEMA_TYPES; type++) {
    assert_non_null(qlog_schema_fields((qlog_schema_type)type));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_required), cmocka_unit_test(test_types),
      cmocka_unit_test(test_ranges),   cmocka_unit_test(test_values),
      cmocka_unit_test(test_older),    cmocka_unit_test(test_extensions),
      cmocka_unit_test(test_heads),    cmocka_unit_test(test_cut),
      cmocka_unit_test(test_writer),   cmocka_unit_test(test_tables),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
