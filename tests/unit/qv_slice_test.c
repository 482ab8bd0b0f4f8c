/* What --slice cuts out of qlogs of every layout. */

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

#define RS "\x1e"
#define MTU(time)                                                              \
  "{\"time\":" time ",\"name\":\"quic:mtu_updated\",\"data\":{}}"

typedef struct piece {
  const char *what;
  const char *connection, *filter;
  quic_duration from, to; /* ms */
  const char *in, *out;
} piece;

#define SEQ_HEAD                                                               \
  "{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\",\"trace\":{"      \
  "\"common_fields\":{\"time_format\":\"relative_to_epoch\"}}}"
#define DELTA_HEAD                                                             \
  "{\"qlog_version\":\"0.3\",\"qlog_format\":\"JSON-SEQ\",\"trace\":{"         \
  "\"common_fields\":{\"time_format\":\"delta\",\"reference_time\":0}}}"
#define DELTA(group, time)                                                     \
  "{\"name\":\"transport:mtu_updated\",\"group_id\":\"" group                  \
  "\",\"data\":{},\"time\":" time "}"
#define ROWS_HEAD                                                              \
  "{\"qlog_version\":\"draft-01\",\"traces\":[{\"configuration\":{"            \
  "\"time_units\":\"us\"},\"event_fields\":[\"delta_time\",\"category\","      \
  "\"event\",\"data\"],\"events\":["
#define ROW(time) "[" time ",\"transport\",\"mtu_updated\",{}]"

#define DELTA_a_1 DELTA("a", "1")
#define DELTA_a_1_25 DELTA("a", "1.25")
#define DELTA_a_2 DELTA("a", "2")
#define DELTA_a_5 DELTA("a", "5")
#define DELTA_a_8_25 DELTA("a", "8.25")
#define DELTA_bb_0 DELTA("bb", "0")
#define DELTA_bb_T3 DELTA("bb", "\"3\"")
#define DELTA_bb_T5 DELTA("bb", "\"5\"")
#define MTU_1 MTU("1")
#define MTU_2 MTU("2")
#define MTU_3 MTU("3")
#define MTU_5 MTU("5")
#define MTU_6 MTU("6")
#define MTU_7 MTU("7")
#define MTU_7_5 MTU("7.5")
#define MTU_8 MTU("8")
#define MTU_8_5 MTU("8.5")
#define MTU_9 MTU("9")
#define ROW_10 ROW("10")
#define ROW_20 ROW("20")
#define ROW_30 ROW("30")
#define ROW_40 ROW("40")
#define ROW_50 ROW("50")

static const piece pieces[] = {
    {"a sequence", NULL, NULL, 1, 3,
     RS SEQ_HEAD "\n" RS MTU_5 "\n" RS MTU_6 "\n" RS MTU_7_5 "\n" RS MTU_8 "\n",
     RS SEQ_HEAD "\n" RS MTU_6 "\n" RS MTU_7_5 "\n"},
    {"lines", NULL, NULL, 0, 1,
     "{\"qlog_version\":\"draft-02\",\"trace\":{}}\n" MTU_5 "\n" MTU_6 "\n",
     "{\"qlog_version\":\"draft-02\",\"trace\":{}}\n" MTU_5 "\n"},
    {"lines without a head", NULL, NULL, 1, 2, MTU_5 "\n" MTU_6 "\n",
     MTU_6 "\n"},
    {"a text, and what stands behind its events", NULL, NULL, 1, 2,
     "{\"traces\": [{\"events\": [" MTU_1 ", " MTU_2 ", " MTU_3
     "], \"vantage_point\": {\"type\": \"server\"}}], \"title\": "
     "\"t\"}",
     "{\"traces\": [{\"events\": [\n" MTU_2
     "], \"vantage_point\": {\"type\": \"server\"}}], \"title\": "
     "\"t\"}\n"},
    {"two traces", NULL, NULL, 1, 2,
     "{\"qlog_version\":\"0.3\",\"traces\":[{\"title\":\"a\",\"events\":"
     "[" MTU_1 "," MTU_2 "]},{\"title\":\"b\",\"events\":[" MTU_7 "," MTU_8
     "," MTU_8_5 "," MTU_9 "]}]}",
     "{\"qlog_version\":\"0.3\",\"traces\":[{\"title\":\"a\",\"events\":["
     "\n" MTU_2 "]},\n{\"title\":\"b\",\"events\":[\n" MTU_8 ",\n" MTU_8_5
     "]}]}\n"},
    {"the second of two traces", "1", NULL, 0, 9,
     "{\"qlog_version\":\"0.3\",\"traces\":[{\"title\":\"a\",\"events\":"
     "[" MTU_1 "]},{\"title\":\"b\",\"events\":[" MTU_7 "]}]}",
     "{\"qlog_version\":\"0.3\",\"traces\":[{\"title\":\"b\",\"events\":["
     "\n" MTU_7 "]}]}\n"},
    {"a trace that is no list", NULL, NULL, 0, 1,
     "{\"qlog_version\":\"0.3\",\"trace\":{\"events\":[" MTU_1 "," MTU_2
     "],\"title\":\"x\"}}",
     "{\"qlog_version\":\"0.3\",\"trace\":{\"events\":[\n" MTU_1
     "],\"title\":\"x\"}}\n"},
    {"a text that was cut", NULL, NULL, 0, 9,
     "{\"qlog_version\":\"0.3\",\"traces\":[{\"title\":\"]\",\"events\":"
     "[" MTU_1 "," MTU_2 ",{\"ti",
     "{\"qlog_version\":\"0.3\",\"traces\":[{\"title\":\"]\",\"events\":["
     "\n" MTU_1 ",\n" MTU_2 "]}]}\n"},
    {"no record", NULL, NULL, 5, 6,
     "{\"qlog_version\":\"0.3\",\"traces\":[{\"events\":[" MTU_1 "]}]}",
     "{\"qlog_version\":\"0.3\",\"traces\":[]}\n"},
    {"no record of a sequence", NULL, NULL, 5, 6,
     RS SEQ_HEAD "\n" RS MTU_5 "\n", RS SEQ_HEAD "\n"},
    {"deltas: the first one counts from the start", NULL, NULL, 3, 5,
     RS DELTA_HEAD "\n" RS DELTA_a_5 "\n" RS DELTA_a_2 "\n" RS DELTA_a_1_25
                   "\n" RS DELTA_a_1 "\n",
     RS DELTA_HEAD "\n" RS DELTA_a_8_25 "\n" RS DELTA_a_1 "\n"},
    {"deltas: those of another connection are made up for", "bb", NULL, 0, 99,
     RS DELTA_HEAD "\n" RS DELTA_bb_T5 "\n" RS DELTA_a_2 "\n" RS DELTA_bb_T3
                   "\n" RS DELTA_bb_0 "\n",
     RS DELTA_HEAD "\n" RS DELTA_bb_T5 "\n" RS DELTA_bb_T5 "\n" RS DELTA_bb_0
                   "\n"},
    {"deltas of rows, in us", NULL, "record != 2", 0, 99,
     ROWS_HEAD ROW_10 "," ROW_20 "," ROW_30 "," ROW_40 "]}]}",
     ROWS_HEAD "\n" ROW_10 ",\n" ROW_50 ",\n" ROW_40 "]}]}\n"},
};

static void slice_run(exported *e, const quic_mem *mem, const piece *p) {
  qv_options opt = {.mode = QV_CONVERT,
                    .slice = true,
                    .quiet = true,
                    .window = true,
                    .connection = p->connection,
                    .filter = p->filter,
                    .from = p->from * QUIC_MILLISECOND,
                    .to = p->to * QUIC_MILLISECOND};

  exported_run(e, mem, &opt, p->in, strlen(p->in));
}

static void test_pieces(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
    exported e;

    slice_run(&e, quic_mem_default(), &pieces[i]);
    if (e.status != 0 || strcmp(e.text, pieces[i].out) != 0) {
      print_error("%s: %d\n%s\n", pieces[i].what, e.status, e.text);
    }
    assert_int_equal(e.status, 0);
    assert_string_equal(e.text, pieces[i].out);
    exported_free(&e);
  }
}

/* The records that are left have the times that they had. */
static void test_times(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
    exported e;
    char *before, *after, *line, *rest;

    slice_run(&e, quic_mem_default(), &pieces[i]);
    before = exported_described(pieces[i].in, strlen(pieces[i].in));
    after = exported_described(e.text, e.len);
    for (line = strtok_r(after, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
      if (strcmp(line, "unreadable") != 0) {
        assert_non_null(strstr(before, line));
      }
    }
    free(before);
    free(after);
    exported_free(&e);
  }
}

/* A head that is larger than what is kept of heads cannot be copied, and then
   nothing shall stay. */
static void test_head_too_large(void **state) {
  static const char start[] = "{\"qlog_version\":\"0.3\",\"title\":\"";
  static const char end[] = "\",\"traces\":[{\"events\":[" MTU_1 "]}]}";
  size_t fill = QLOG_HEAD_MAX, n = strlen(start);
  char *text = malloc(n + fill + sizeof(end));
  piece p = {"", NULL, NULL, 0, 9, text, ""};
  exported e;

  (void)state;
  assert_non_null(text);
  memcpy(text, start, n);
  memset(text + n, 'x', fill);
  memcpy(text + n + fill, end, sizeof(end));
  slice_run(&e, quic_mem_default(), &p);
  assert_int_equal(e.status, QV_EXIT_INPUT);
  exported_free(&e);
  free(text);
}

static int slice_once(const quic_mem *mem, void *user) {
  exported e;
  int rv;

  slice_run(&e, mem, user);
  rv = e.status ? QUIC_ERR_NOMEM : 0;
  exported_free(&e);
  return rv;
}

static void test_memory(void **state) {
  static const char in[] =
      "{\"qlog_version\":\"0.3\",\"traces\":[{\"vantage_point\":{\"type\":"
      "\"client\"},\"events\":[" MTU_1 "," MTU_2
      "]},{\"vantage_point\":{\"type\":\"server\"},"
      "\"events\":[" MTU_7 "],\"title\":\"x\"}]}";
  failmem fm;
  piece p = {"", "1", "record > 1", 0, 9, in, NULL};

  (void)state;
  if (failmem_sweep(&fm, slice_once, &p) == 0) {
    fail_msg("%s", fm.text);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pieces), cmocka_unit_test(test_times),
      cmocka_unit_test(test_head_too_large), cmocka_unit_test(test_memory)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
