#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "qlog/head.h"
#include "tests/support/octets.h"

static qlog_head head_of(const char *json) {
  qlog_head h;

  qlog_head_init(&h);
  qlog_head_read(&h, quic_bytes_of(json, strlen(json)));
  return h;
}

static void assert_text(const qlog_head_text *t, const char *want) {
  if (t->text.len != strlen(want) ||
      (t->text.len && memcmp(t->text.data, want, t->text.len) != 0)) {
    fail_msg("%.*s instead of %s", (int)t->text.len, (const char *)t->text.data,
             want);
  }
}

static void test_generations(void **state) {
  qlog_head h = head_of(
      "{\"trace\":{\"common_fields\":{\"ODCID\":\"aa\",\"group_id\":\"bb\","
      "\"odcid\":\"cc\",\"time_format\":\"relative_to_previous_event\","
      "\"reference_time\":{\"clock_type\":\"system\",\"epoch\":"
      "\"2026-07-06T00:00:00Z\",\"wall_clock_time\":\"x\"}},\"vantage_point\":"
      "{\"flow\":\"server\",\"name\":\"n\",\"type\":\"network\"},\"title\":"
      "\"t\"},\"file_schema\":\"urn:ietf:params:qlog:file:sequential\","
      "\"qlog_version\":\"0.3\",\"description\":\"d\\n\"}");

  (void)state;
  assert_true(h.any && !h.prespec);
  assert_text(&h.version, "urn:ietf:params:qlog:file:sequential");
  assert_text(&h.title, "t");
  assert_text(&h.description, "d\\n");
  assert_true(h.description.escaped);
  assert_text(&h.group, "bb");
  assert_text(&h.vantage_name, "n");
  assert_int_equal(h.vantage, QLOG_VANTAGE_NETWORK);
  assert_int_equal(h.flow, QLOG_VANTAGE_SERVER);
  assert_int_equal(h.claim, QLOG_LAYOUT_SEQUENCE);
  assert_int_equal(h.time_format, QLOG_TIME_DELTA);
  assert_true(h.reference == UINT64_C(1783296000000000000));
  assert_int_equal(h.logging_start, 0);
}

static void test_rows(void **state) {
  static const uint8_t want[] = {
      QLOG_COLUMN_RELATIVE_TIME, QLOG_COLUMN_CATEGORY, QLOG_COLUMN_NAME,
      QLOG_COLUMN_TRIGGER,       QLOG_COLUMN_DATA,     QLOG_COLUMN_OTHER,
      QLOG_COLUMN_TUPLE};
  qlog_head h = head_of(
      "{\"vantage_point\":{\"type\":\"SERVER\"},\"common_fields\":"
      "{\"reference_time\":\"11001\"},\"configuration\":{\"time_offset\":"
      "\"-3\",\"time_units\":\"us\"},\"event_fields\":[\"relative_time\","
      "\"CATEGORY\",\"EVENT_TYPE\",\"TRIGGER\",\"DATA\",\"x\",\"path_id\"]}");

  (void)state;
  assert_int_equal(h.vantage, QLOG_VANTAGE_SERVER);
  assert_int_equal(h.unit, QLOG_STAMP_US);
  assert_true(h.reference == 11001000);
  assert_int_equal(h.reference_unit, QLOG_STAMP_US);
  assert_true(h.offset == 3000 && h.offset_negative);
  assert_int_equal(h.ncolumns, sizeof(want));
  assert_memory_equal(h.columns, want, sizeof(want));
  assert_int_equal(h.time_format, QLOG_UNSET);
}

static void test_prespec(void **state) {
  qlog_head h = head_of("{\"qlog_version\":\"0.1\",\"connections\":[]}");
  const char *own = "{\"vantagepoint\":\"CLIENT\",\"connectionid\":\"c3\","
                    "\"starttime\":1536681899.5,\"fields\":[\"time\"]}";

  (void)state;
  qlog_head_read(&h, quic_bytes_of(own, strlen(own)));
  assert_true(h.prespec);
  assert_int_equal(h.vantage, QLOG_VANTAGE_CLIENT);
  assert_text(&h.group, "c3");
  assert_true(h.reference == UINT64_C(1536681899500000000));
  assert_int_equal(h.reference_unit, QLOG_STAMP_S);
  assert_int_equal(h.ncolumns, 1);
}

static void test_claims(void **state) {
  static const struct {
    const char *json;
    qlog_layout claim;
  } claims[] = {
      {"{}", QLOG_LAYOUT_UNKNOWN},
      {"{\"qlog_format\":\"JSON\"}", QLOG_LAYOUT_CONTAINED},
      {"{\"qlog_format\":\"NDJSON\"}", QLOG_LAYOUT_NDJSON},
      {"{\"qlog_format\":\"x\"}", QLOG_LAYOUT_UNKNOWN},
      {"{\"serialization_format\":\"Application/Qlog+JSON-seq\"}",
       QLOG_LAYOUT_SEQUENCE},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
    assert_int_equal(head_of(claims[i].json).claim, claims[i].claim);
  }
}

/* Whatever is no head leaves no trace; the same names elsewhere do not. */
static void test_other(void **state) {
  static const char nested[] =
      "{\"a\":{\"title\":\"t\",\"vantage_point\":{\"type\":\"client\"}},"
      "\"title\":{\"title\":\"t\"},\"x\":[\"title\",\"t\"]}";
  static const char *const jsons[] = {"", "[]", "7", nested};

  (void)state;
  for (size_t i = 0; i < sizeof(jsons) / sizeof(jsons[0]); i++) {
    qlog_head h = head_of(jsons[i]);

    assert_false(h.any);
    assert_int_equal(h.title.text.len, 0);
    assert_int_equal(h.vantage, QLOG_VANTAGE_UNKNOWN);
  }
}

/* What stands in front of a cut counts. */
static void test_cut(void **state) {
  static const char json[] =
      "{\"title\":\"t\",\"vantage_point\":{\"name\":\"n\",\"type\":\"client\"},"
      "\"common_fields\":{\"group_id\":\"g\"},\"events\":[";
  size_t group = (size_t)(strstr(json, "\"g\"") + 3 - json);

  (void)state;
  for (size_t n = 0; n < sizeof(json); n++) {
    uint8_t *exact = octets_exact(json, n);
    qlog_head h;

    qlog_head_init(&h);
    qlog_head_read(&h, quic_bytes_of(exact, n));
    assert_text(&h.title, n >= 12 ? "t" : "");
    assert_text(&h.group, n >= group ? "g" : "");
    free(exact);
  }
}

static void test_many_columns(void **state) {
  char json[1024] = "{\"event_fields\":[";
  qlog_head h;

  (void)state;
  for (int i = 0; i < 2 * QLOG_COLUMNS_MAX; i++) {
    strcat(json, "\"data\",");
  }
  strcat(json, "]}");
  h = head_of(json);
  assert_int_equal(h.ncolumns, QLOG_COLUMNS_MAX);
}

static void test_keys(void **state) {
  (void)state;
  assert_true(qlog_head_key(quic_bytes_of("file_schema", 11)));
  assert_true(qlog_head_key(quic_bytes_of("trace", 5)));
  assert_false(qlog_head_key(quic_bytes_of("title", 5)));
  assert_false(qlog_head_key(quic_bytes_of("data", 4)));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_generations),  cmocka_unit_test(test_rows),
      cmocka_unit_test(test_prespec),      cmocka_unit_test(test_claims),
      cmocka_unit_test(test_other),        cmocka_unit_test(test_cut),
      cmocka_unit_test(test_many_columns), cmocka_unit_test(test_keys),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
