/* What --convert makes of qlogs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/exported.h"
#include "tests/support/failmem.h"
#include "tests/support/jsonvalid.h"

#define RS "\x1e"
#define MTU(time)                                                              \
  "{\"time\":" time ",\"name\":\"quic:mtu_updated\",\"data\":{}}"
#define SCHEMAS                                                                \
  "\"event_schemas\":[\"urn:ietf:params:qlog:events:quic-13\","                \
  "\"urn:ietf:params:qlog:events:http3-13\","                                  \
  "\"urn:ietf:params:qlog:events:http-13\","                                   \
  "\"urn:ietf:params:qlog:events:loglevel\","                                  \
  "\"urn:ietf:params:qlog:events:simulation\"]"
#define FILE_HEAD                                                              \
  "{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\","                 \
  "\"serialization_format\":\"application/qlog+json-seq\","
#define UNKNOWN                                                                \
  "\"reference_time\":{\"clock_type\":\"monotonic\",\"epoch\":\"unknown\"}"
#define HEAD(title, vantage, group)                                            \
  RS FILE_HEAD title                                                           \
      "\"trace\":{\"vantage_point\":{" vantage "},\"common_fields\":{" group   \
      "\"time_format\":\"relative_to_epoch\"," UNKNOWN "}," SCHEMAS "}}\n"

#define MTU_1 MTU("1")
#define MTU_1700000000001_5 MTU("1700000000001.5")
#define MTU_1700000000002 MTU("1700000000002")
#define MTU_2 MTU("2")
#define MTU_3 MTU("3")
#define MTU_4 MTU("4")
#define MTU_50 MTU("50")
#define MTU_51 MTU("51")
#define MTU_7 MTU("7")
#define MTU_8 MTU("8")
#define MTU_9 MTU("9")

static void convert_with(exported *e, const quic_mem *mem, qv_options *opt,
                         const char *in) {
  opt->mode = QV_CONVERT;
  opt->quiet = true;
  exported_run(e, mem, opt, in, strlen(in));
}

static void expect_with(qv_options *opt, const char *in, const char *out) {
  exported e;

  convert_with(&e, quic_mem_default(), opt, in);
  assert_int_equal(e.status, 0);
  assert_string_equal(e.text, out);
  exported_free(&e);
}

static void expect(const char *in, const char *out) {
  qv_options opt = {.to = QUIC_TIME_NEVER};

  expect_with(&opt, in, out);
}

static const char two_traces[] =
    "{\"qlog_version\":\"0.3\",\"title\":\"all\",\"traces\":["
    "{\"vantage_point\":{\"type\":\"client\"},\"common_fields\":{\"ODCID\":"
    "\"aabb\"},\"events\":[" MTU_1 "," MTU_2 "]},"
    "{\"vantage_point\":{\"type\":\"server\"},\"common_fields\":{"
    "\"ODCID\":\"aabb\"},\"events\":[" MTU_7 "]},"
    "{\"vantage_point\":{\"type\":\"server\"},"
    "\"common_fields\":{\"ODCID\":\"ccdd\"},\"events\":[" MTU_8 "]},"
    "{\"vantage_point\":{\"type\":\"server\"},"
    "\"events\":[" MTU_9 "]}]}";

#define JOINED(time, group)                                                    \
  RS "{\"time\":" time ",\"name\":\"quic:mtu_updated\"" group ",\"data\":{}}"  \
     "\n"

/* Traces become one, and each event says by its group where it belongs. */
static void test_traces(void **state) {
  (void)state;
  expect(two_traces, HEAD("\"title\":\"all\",", "\"type\":\"client\"",
                          "\"group_id\":\"aabb\",") JOINED("1", "")
                         JOINED("2", "") JOINED("7", ",\"group_id\":\"aabb-1\"")
                             JOINED("8", ",\"group_id\":\"ccdd\"")
                                 JOINED("9", ",\"group_id\":\"trace-3\""));
}

static void test_connection(void **state) {
  qv_options opt = {.connection = "2", .to = QUIC_TIME_NEVER};

  (void)state;
  expect_with(&opt, two_traces,
              HEAD("\"title\":\"all\",", "\"type\":\"server\"",
                   "\"group_id\":\"ccdd\",") JOINED("8", ""));
}

/* A trace whose clock is another one starts where the file does. */
static void test_clocks(void **state) {
  static const char in[] =
      "{\"qlog_version\":\"0.3\",\"traces\":[{\"vantage_point\":{\"type\":"
      "\"client\"},\"common_fields\":{\"time_format\":\"absolute\","
      "\"group_id\":\"a\"},\"events\":[" MTU_1700000000001_5
      "," MTU_1700000000002 "]},{\"common_fields\":{\"group_id\":\"b\"},"
      "\"events\":[" MTU_50 "," MTU_51 "]}]}";

  (void)state;
  expect(in, RS FILE_HEAD
         "\"trace\":{\"vantage_point\":{\"type\":\"client\"},"
         "\"common_fields\":{\"group_id\":\"a\",\"time_format\":"
         "\"relative_to_epoch\",\"reference_time\":{\"clock_type\":\"system\","
         "\"epoch\":\"2023-11-14T22:13:20.0015Z\"}}," SCHEMAS
         "}}\n" JOINED("0", "") JOINED("0.5", "")
             JOINED("0", ",\"group_id\":\"b\"")
                 JOINED("1", ",\"group_id\":\"b\""));
}

/* Window and filter choose events. */
static void test_choice(void **state) {
  qv_options opt = {.window = true,
                    .from = 1 * QUIC_MILLISECOND,
                    .to = 9 * QUIC_MILLISECOND,
                    .filter = "record != 3"};

  (void)state;
  expect_with(&opt, MTU_1 "\n" MTU_2 "\n" MTU_3 "\n" MTU_4 "\n",
              HEAD("", "\"type\":\"unknown\"", "") JOINED("2", "")
                  JOINED("4", ""));
  opt.filter = "record > 9";
  expect_with(&opt, MTU_1 "\n", HEAD("", "\"type\":\"unknown\"", ""));
}

/* Events that no draft knows keep all but their time. */
static void test_foreign(void **state) {
  (void)state;
  expect("{\"qlog_version\":\"draft-02\",\"trace\":{\"common_fields\":{"
         "\"reference_time\":0,\"time_format\":\"delta\"}}}\n"
         "{\"time\": 1, \"name\": \"my:own\", \"data\": {\"a\": [1, 2,], "
         "\"b\\u00e9\": -1.50e3, \"c\": {}, \"d\": [true, null, \"\xff\"]}, "
         "\"tuple\": \"t\", \"type\": 7, \"time_format\": \"delta\"}\n"
         "{\"time\": 1, \"category\": \"my\", \"event\": \"own\", \"data\": "
         "\"text\", \"more\": \"\xc2\x9b\"}\n"
         "{\"time\": \"2\", \"name\": \"bare\", \"group_id\": \"g\"}\n",
         HEAD("", "\"type\":\"unknown\"", "") RS
         "{\"time\":1,\"name\":\"my:own\",\"tuple\":\"t\",\"type\":7,"
         "\"data\":{\"a\":[1,2],\"b\\u00e9\":-1.50e3,\"c\":{},"
         "\"d\":[true,null,\"\xef\xbf\xbd\"]}}\n" RS
         "{\"time\":2,\"name\":\"my:own\",\"more\":\"\\u009b\","
         "\"data\":\"text\"}\n" RS
         "{\"time\":4,\"name\":\"bare\",\"group_id\":\"g\","
         "\"data\":{}}\n");
}

static void test_foreign_row(void **state) {
  (void)state;
  expect("{\"qlog_version\":\"draft-01\",\"traces\":[{\"event_fields\":["
         "\"relative_time\",\"category\",\"event\",\"data\"],\"events\":["
         "[3,\"my\",\"own\",{\"x\":1}]],\"vantage_point\":{\"type\":"
         "\"server\"}}]}",
         HEAD("", "\"type\":\"server\"", "") RS
         "{\"time\":3,\"name\":\"my:own\",\"data\":{\"x\":1}}\n");
}

/* With --compat it is one JSON text, foreign events in it. */
static void test_compat(void **state) {
  qv_options opt = {.compat = true, .to = QUIC_TIME_NEVER};
  exported e, again;

  (void)state;
  convert_with(&e, quic_mem_default(), &opt,
               MTU_1 "\n{\"time\":2,\"name\":\"my:own\"}\n" MTU_3 "\n");
  assert_int_equal(e.status, 0);
  assert_int_equal(jsonvalid(quic_bytes_of(e.text, e.len)), e.len - 1);
  assert_non_null(strstr(e.text, "{\"time\":1,\"name\":\"connectivity:mtu_"));
  assert_non_null(
      strstr(e.text, "{\"time\":2,\"name\":\"my:own\",\"data\":{}"));
  exported_run(&again, quic_mem_default(), &opt, e.text, e.len);
  assert_string_equal(again.text, e.text);
  exported_free(&again);
  exported_free(&e);
}

/* What is no qlog leaves nothing. */
static void test_no_qlog(void **state) {
  qv_options opt = {.to = QUIC_TIME_NEVER};
  exported e;

  (void)state;
  convert_with(&e, quic_mem_default(), &opt, "<html></html>");
  assert_int_equal(e.status, QV_EXIT_INPUT);
  assert_int_equal(e.len, 0);
  exported_free(&e);
}

static void test_directory(void **state) {
  const qv_options opt = {.mode = QV_CONVERT};
  const qv_context ctx = {.opt = &opt, .mem = quic_mem_default(), .many = true};

  (void)state;
  assert_null(qv_out_convert_new(&ctx));
}

static int convert_once(const quic_mem *mem, void *user) {
  qv_options opt = {.compat = *(bool *)user, .to = QUIC_TIME_NEVER};
  exported e;
  int rv;

  convert_with(&e, mem, &opt, two_traces);
  rv = e.status ? QUIC_ERR_NOMEM : 0;
  exported_free(&e);
  return rv;
}

static void test_memory(void **state) {
  failmem fm;
  bool compat = false;

  (void)state;
  for (int i = 0; i < 2; i++, compat = true) {
    if (failmem_sweep(&fm, convert_once, &compat) == 0) {
      fail_msg("%s", fm.text);
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_traces),    cmocka_unit_test(test_connection),
      cmocka_unit_test(test_clocks),    cmocka_unit_test(test_choice),
      cmocka_unit_test(test_foreign),   cmocka_unit_test(test_foreign_row),
      cmocka_unit_test(test_compat),    cmocka_unit_test(test_no_qlog),
      cmocka_unit_test(test_directory), cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
