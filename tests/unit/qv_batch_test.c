/* The outputs over many files, from hand-made logs to what they print. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "qlogview/out.h"
#include "qlogview/roll.h"
#include "tests/support/failmem.h"

#define HEAD                                                                   \
  "\x1e{\"file_schema\":\"urn:ietf:params:qlog:file:sequential\","             \
  "\"serialization_format\":\"application/qlog+json-seq\",\"trace\":{"         \
  "\"event_schemas\":[\"urn:ietf:params:qlog:events:quic\"],"                  \
  "\"vantage_point\":{\"type\":\"client\"},\"common_fields\":{"                \
  "\"group_id\":\"8a5e\"}}}\n"
#define PACKET(time, kind, pn, frames)                                         \
  "\x1e{\"time\":" time ",\"name\":\"quic:packet_" kind "\",\"data\":{"        \
  "\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":" pn "},\"raw\":{"   \
  "\"length\":100},\"frames\":[" frames "]}}\n"
#define CLOSE(time, space, code)                                               \
  PACKET(time, "received", "9",                                                \
         "{\"frame_type\":\"connection_close\",\"error_space\":\"" space       \
         "\",\"error\":\"unknown\",\"error_code\":" code                       \
         ",\"reason\":\"a, \\\"b\\\"\"}")
#define STREAM                                                                 \
  "{\"frame_type\":\"stream\",\"stream_id\":0,\"offset\":0,\"raw\":{"          \
  "\"payload_length\":50}}"

static const char log_application[] =
    HEAD PACKET("1.0", "sent", "0", STREAM) CLOSE("11.0", "application", "256");
static const char log_notify[] =
    HEAD PACKET("1.0", "sent", "0", STREAM) CLOSE("21.0", "transport", "256");
static const char log_alert[] =
    HEAD PACKET("1.0", "sent", "0", STREAM) CLOSE("21.0", "transport", "298");
static const char log_odd[] =
    HEAD "\x1e{\"time\":1,\"name\":\"quic:mtu_updated\",\"data\":{}}\n"
         "\x1e{\"time\":0.5,\"name\":\"x:y\",\"data\":{}}\n"
         "\x1e{\"time\":2,\"nam\n"
         "\x1e{\"time\":3,\"name\":\"quic:mtu_updated\",\"data\":{"
         "\"new\":\"1\"}}\n";

typedef struct batch_file {
  const char *name, *text;
} batch_file;

#define BATCH_FILES 3

typedef struct batch {
  char dir[64];
  char paths[BATCH_FILES][96];
  size_t nfiles;
  char *out;
  size_t cap;
} batch;

static void batch_init(batch *b, const batch_file *files, size_t n) {
  memset(b, 0, sizeof(*b));
  snprintf(b->dir, sizeof(b->dir), "/tmp/qv_batch.XXXXXX");
  assert_non_null(mkdtemp(b->dir));
  for (size_t i = 0; i < n; i++) {
    FILE *f;

    snprintf(b->paths[i], sizeof(b->paths[i]), "%s/%s", b->dir, files[i].name);
    f = fopen(b->paths[i], "w");
    assert_non_null(f);
    assert_int_equal(fwrite(files[i].text, strlen(files[i].text), 1, f), 1);
    fclose(f);
  }
  b->nfiles = n;
  b->cap = 1 << 16;
  b->out = malloc(b->cap);
  assert_non_null(b->out);
}

static void batch_free(batch *b) {
  for (size_t i = 0; i < b->nfiles; i++) {
    unlink(b->paths[i]);
  }
  rmdir(b->dir);
  free(b->out);
}

typedef qv_out *batch_maker(const qv_context *ctx);

/* batch_run shows the files as if they had been found in a directory, and
   returns the status; -1 without an output. */
static int batch_run(batch *b, const quic_mem *mem, batch_maker *make,
                     qv_format format) {
  static qv_options opt;
  quic_text text;
  qv_context ctx = {
      .opt = &opt, .mem = mem, .out = &text, .many = true, .seed = {1, 2}};
  int status = 0;
  qv_out *o;

  opt = (qv_options){.format = format, .to = QUIC_TIME_NEVER, .quiet = true};
  quic_text_init(&text, b->out, b->cap);
  o = make(&ctx);
  if (!o) {
    return -1;
  }
  for (size_t i = 0; i < b->nfiles; i++) {
    qv_load_settings set = {.mem = mem,
                            .path = b->paths[i],
                            .analyse = o->analyse,
                            .lenient = o->lenient,
                            .seed = {1, 2}};
    qv_file file;
    int rv;

    ctx.path = b->paths[i];
    ctx.arg = (uint32_t)i;
    opt.files[i] = b->paths[i];
    rv = qv_load(&set, &o->ops, o, &file);
    if (o->file) {
      o->file(o, &file, rv != 0);
    }
  }
  if (o->finish) {
    status = o->finish(o);
  }
  o->del(o);
  (void)quic_text_cstr(&text);
  assert_false(text.cut);
  return status;
}

static void expect_has(const batch *b, const char *part) {
  if (!strstr(b->out, part)) {
    fail_msg("no \"%s\" in:\n%s", part, b->out);
  }
}

static const batch_file files_failed[] = {{"a.sqlog", log_application},
                                          {"b.sqlog", log_alert},
                                          {"keys.log", "CLIENT_RANDOM 00\n"}};
static const batch_file files_closed[] = {{"a.sqlog", log_application},
                                          {"b.sqlog", log_notify}};

static void test_scan(void **state) {
  const quic_mem *mem = quic_mem_default();
  batch b;

  (void)state;
  batch_init(&b, files_failed, 3);
  assert_int_equal(batch_run(&b, mem, qv_out_scan_new, QV_TEXT), QV_EXIT_FOUND);
  expect_has(&b, "tls_alert");
  expect_has(&b, "a.sqlog  0 8a5e");
  expect_has(&b, "2 connections, 1 critical");
  expect_has(&b, "1 file is no qlog: ");
  assert_int_equal(batch_run(&b, mem, qv_out_scan_new, QV_JSON), QV_EXIT_FOUND);
  expect_has(&b, "\"severity\":\"critical\",\"connection\":0,\"group\":"
                 "\"8a5e\",\"vantage\":\"client\",\"duration_ms\":20,");
  assert_int_equal(batch_run(&b, mem, qv_out_scan_new, QV_CSV_TABLE),
                   QV_EXIT_FOUND);
  expect_has(&b, ",0,8a5e,client,20.000000,");
  assert_int_equal(batch_run(&b, mem, qv_out_scan_new, QV_JUNIT),
                   QV_EXIT_FOUND);
  expect_has(&b, "tests=\"2\" failures=\"");
  batch_free(&b);
}

/* A number is another code in the other space. */
static void test_closes(void **state) {
  const quic_mem *mem = quic_mem_default();
  batch b;

  (void)state;
  batch_init(&b, files_closed, 2);
  assert_int_equal(batch_run(&b, mem, qv_out_closes_new, QV_CSV_TABLE), 0);
  expect_has(&b, ",server,application_close,application,0x100,");
  expect_has(&b, ",transport,0x100,TLS alert close_notify,,\"a, "
                 "\"\"b\"\"\",,");
  assert_int_equal(batch_run(&b, mem, qv_out_closes_new, QV_JSON), 0);
  expect_has(&b, "\"phrase\":\"a, \\\"b\\\"\"");
  assert_int_equal(batch_run(&b, mem, qv_out_closes_new, QV_TEXT), 0);
  expect_has(&b, "2 connections in 2 logs");
  batch_free(&b);
}

static void test_compare(void **state) {
  const quic_mem *mem = quic_mem_default();
  batch b;

  (void)state;
  batch_init(&b, files_failed, 2);
  assert_int_equal(batch_run(&b, mem, qv_out_compare_new, QV_TEXT), 0);
  expect_has(&b, "B is slower: A is 2.0x as fast (goodput); new: tls_alert");
  expect_has(&b, "lasted                      10.0 ms      20.0 ms     2.0x\n");
  assert_int_equal(batch_run(&b, mem, qv_out_compare_new, QV_JSON), 0);
  expect_has(&b, "\"only_b\":[\"tls_alert\"");
  expect_has(&b, "\"speed\":0.5,\"speed_by\":\"goodput\"");
  batch_free(&b);
}

static void test_stats(void **state) {
  static const batch_file files[] = {{"odd.sqlog", log_odd}};
  const quic_mem *mem = quic_mem_default();
  batch b;

  (void)state;
  batch_init(&b, files, 1);
  assert_int_equal(batch_run(&b, mem, qv_out_stats_new, QV_TEXT), 0);
  expect_has(&b, "unreadable  1 record\n");
  expect_has(&b, "unknown     x:y, 1 event\n");
  assert_int_equal(batch_run(&b, mem, qv_out_stats_new, QV_JSON), 0);
  expect_has(&b, "\"events\":{\"mtu_updated\":2,\"(unknown)\":1}");
  expect_has(&b, "\"unknown_events\":{\"x:y\":1},\"bad_records\":[{");
  batch_free(&b);
}

static void test_validate(void **state) {
  static const batch_file good[] = {{"good.sqlog", log_application}};
  static const batch_file odd[] = {{"odd.sqlog", log_odd}};
  const quic_mem *mem = quic_mem_default();
  batch b;

  (void)state;
  batch_init(&b, good, 1);
  assert_int_equal(batch_run(&b, mem, qv_out_validate_new, QV_TEXT), 0);
  expect_has(&b, "0 errors and 0 warnings in 2 events");
  batch_free(&b);
  batch_init(&b, odd, 1);
  assert_int_equal(batch_run(&b, mem, qv_out_validate_new, QV_JSON),
                   QV_EXIT_FOUND);
  expect_has(&b, "\"rule\":\"field_missing\",\"count\":1,\"record\":2,");
  expect_has(&b, "\"path\":\"data.new\",\"expected\":\"an integer of 32 "
                 "bits\",\"found\":\"\\\"1\\\"\"");
  expect_has(&b, "\"rules\":{\"unreadable\":1,\"field_missing\":1,"
                 "\"field_type\":1,\"time_back\":1}");
  batch_free(&b);
}

/* Without memory something is left out, never the end. */
static void test_memory(void **state) {
  static batch_maker *const makers[] = {qv_out_scan_new, qv_out_closes_new,
                                        qv_out_compare_new, qv_out_stats_new,
                                        qv_out_validate_new};
  batch b;

  (void)state;
  batch_init(&b, files_failed, 2);
  for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
    bool refused = true;

    for (size_t n = 1; refused; n++) {
      failmem fm;

      failmem_init(&fm);
      failmem_fail_nth(&fm, n);
      (void)batch_run(&b, &fm.mem, makers[i], QV_JSON);
      refused = fm.refused != 0;
      assert_true(failmem_balanced(&fm));
    }
  }
  batch_free(&b);
}

static void test_roll(void **state) {
  qv_context ctx = {.path = "d/keys.log"};
  qv_file file = {.no_qlog = true, .problem = "no qlog"};
  char buf[1024];
  qv_roll roll;
  quic_text t;

  (void)state;
  qv_roll_init(&roll, quic_mem_default());
  assert_int_equal(qv_roll_file(&roll, &ctx, &file, true), QV_ROLL_OTHER);
  assert_int_equal(qv_roll_status(&roll, QV_EXIT_FOUND), QV_EXIT_FOUND);
  ctx.named = true; /* who names it means it */
  assert_int_equal(qv_roll_file(&roll, &ctx, &file, true), QV_ROLL_FAILED);
  assert_int_equal(qv_roll_status(&roll, QV_EXIT_FOUND), QV_EXIT_INPUT);
  ctx.named = false;
  ctx.path = "a.qlog/b"; /* the folder's name says nothing */
  assert_int_equal(qv_roll_file(&roll, &ctx, &file, true), QV_ROLL_OTHER);
  ctx.path = "d/b.sqlog.gz";
  assert_int_equal(qv_roll_file(&roll, &ctx, &file, true), QV_ROLL_FAILED);
  file.stats.bad = 1;
  assert_int_equal(qv_roll_file(&roll, &ctx, &file, false), QV_ROLL_READ);
  for (unsigned i = 0; i < 10; i++) {
    ctx.path = "\033x";
    (void)qv_roll_file(&roll, &ctx, &file, true);
  }
  quic_text_init(&t, buf, sizeof(buf));
  qv_roll_say(&roll, &t);
  assert_string_equal(
      quic_text_cstr(&t),
      "1 file damaged, and read as far as possible: see --stats\n"
      "2 files could not be read: d/keys.log, d/b.sqlog.gz\n"
      "12 files are no qlogs: d/keys.log, a.qlog/b, \\x1bx, \\x1bx, \\x1bx, "
      "and 7 more\n");
  qv_roll_free(&roll);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_scan),     cmocka_unit_test(test_closes),
      cmocka_unit_test(test_compare),  cmocka_unit_test(test_stats),
      cmocka_unit_test(test_validate), cmocka_unit_test(test_memory),
      cmocka_unit_test(test_roll),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
