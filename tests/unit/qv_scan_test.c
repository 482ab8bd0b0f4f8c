#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "qlogview/junit.h"
#include "tests/support/failmem.h"

static qv_scan_row row_of(const char *path, int rank, uint64_t serious) {
  qv_scan_row row = {.rank = rank,
                     .serious = serious,
                     .findings = serious,
                     .path = path,
                     .group = "",
                     .ended = "closed",
                     .vantage = "client"};

  return row;
}

static void add(qv_scan *scan, const char *path, int rank, uint64_t serious) {
  qv_scan_row row = row_of(path, rank, serious);

  qv_scan_add(scan, &row);
}

static void test_order(void **state) {
  static const char *const expected[] = {"d", "c", "b", "f", "a", "e", "g"};
  qv_scan scan;

  (void)state;
  qv_scan_init(&scan, quic_mem_default());
  add(&scan, "a", QUIC_NOTE, 0);
  add(&scan, "b", QUIC_WARNING, 2);
  add(&scan, "c", QUIC_CRITICAL, 1);
  add(&scan, "d", QUIC_CRITICAL, 3);
  add(&scan, "e", QV_SCAN_NONE, 0);
  add(&scan, "f", QUIC_WARNING, 2); /* as b, and later */
  add(&scan, "g", QV_SCAN_FAILED, 0);
  qv_scan_worst(&scan);
  assert_int_equal(scan.len, 7);
  for (size_t i = 0; i < scan.len; i++) {
    assert_string_equal(scan.rows[i]->path, expected[i]);
  }
  assert_int_equal(qv_scan_rank(&scan, QUIC_WARNING), 2);
  assert_int_equal(qv_scan_rank(&scan, QV_SCAN_FAILED), 1);
  qv_scan_free(&scan);
}

/* Of very many rows the worst stay, and no more than twice the bound. */
static void test_bound(void **state) {
  qv_scan scan;
  size_t most = 0;

  (void)state;
  qv_scan_init(&scan, quic_mem_default());
  scan.max = 8;
  for (unsigned i = 0; i < 1000; i++) {
    add(&scan, "p", i % 100 == 99 ? (int)QUIC_CRITICAL : QV_SCAN_NONE, i);
    most = scan.len > most ? scan.len : most;
  }
  qv_scan_worst(&scan);
  assert_int_equal(most, 16);
  assert_int_equal(scan.len, 8);
  for (unsigned i = 0; i < 8; i++) {
    assert_int_equal(scan.rows[i]->rank, QUIC_CRITICAL);
    assert_int_equal(scan.rows[i]->serious, 999 - 100 * i);
  }
  assert_int_equal(scan.added, 1000);
  assert_int_equal(scan.left_out, 992);
  assert_int_equal(qv_scan_rank(&scan, QUIC_CRITICAL), 10);
  qv_scan_free(&scan);
}

static void test_folder(void **state) {
  (void)state;
  assert_int_equal(qv_scan_folder("a"), 0);
  assert_int_equal(qv_scan_folder("a/b"), 1);
  assert_int_equal(qv_scan_folder("a/b/c"), 3);
  assert_int_equal(qv_scan_folder("/c"), 1);
}

static void test_kinds(void **state) {
  static const qv_scan_kind kinds[] = {{QUIC_FOUND_SPIRAL, QUIC_CRITICAL, 1},
                                       {QUIC_FOUND_PTO_STORM, QUIC_CRITICAL, 3},
                                       {QUIC_FOUND_IDLE_GAP, QUIC_NOTE, 1}};
  qv_scan_row row = row_of("a", QUIC_CRITICAL, 2);
  char buf[128];
  quic_text t;

  (void)state;
  row.kinds = kinds;
  row.nkinds = 3;
  quic_text_init(&t, buf, sizeof(buf));
  qv_scan_kinds(&t, &row, 2, ", ");
  assert_string_equal(quic_text_cstr(&t), "death_spiral, pto_storm x3, +1");
  quic_text_init(&t, buf, sizeof(buf));
  qv_scan_kinds(&t, &row, 0, "; ");
  assert_string_equal(quic_text_cstr(&t), "death_spiral; pto_storm x3; "
                                          "idle_gap");
}

static void scan_fill(qv_scan *scan) {
  static const qv_scan_kind kinds[] = {
      {QUIC_FOUND_PTO_STORM, QUIC_CRITICAL, 3}};
  qv_scan_row row = row_of("b/<x>.qlog", QUIC_CRITICAL, 1);

  row.kinds = kinds;
  row.nkinds = 1;
  row.group = "8a&5e\x01";
  row.connection = 7;
  row.duration = 1500 * QUIC_MILLISECOND;
  qv_scan_add(scan, &row);
  add(scan, "top.qlog", QV_SCAN_NONE, 0);
  row = row_of("b/bad.qlog", QV_SCAN_FAILED, 0);
  row.ended = "no qlog: \"x\"";
  qv_scan_add(scan, &row);
  add(scan, "b/ok.qlog", QUIC_NOTE, 0);
}

static void test_junit(void **state) {
  char buf[4096];
  qv_scan scan;
  quic_text t;

  (void)state;
  qv_scan_init(&scan, quic_mem_default());
  scan_fill(&scan);
  quic_text_init(&t, buf, sizeof(buf));
  qv_junit_write(&scan, &t);
  assert_string_equal(
      quic_text_cstr(&t),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"qlogview scan\" tests=\"4\" failures=\"1\" "
      "errors=\"1\" skipped=\"0\" time=\"1.500000\">\n"
      "  <testsuite name=\".\" tests=\"1\" failures=\"0\" errors=\"0\" "
      "skipped=\"0\" time=\"0.000000\">\n"
      "    <testcase classname=\"top.qlog\" name=\"connection 0, client\" "
      "time=\"0.000000\"/>\n"
      "  </testsuite>\n"
      "  <testsuite name=\"b\" tests=\"3\" failures=\"1\" errors=\"1\" "
      "skipped=\"0\" time=\"1.500000\">\n"
      "    <testcase classname=\"b/&lt;x&gt;.qlog\" "
      "name=\"connection 7 8a&amp;5e\xef\xbf\xbd, client\" "
      "time=\"1.500000\">\n"
      "      <failure message=\"pto_storm x3\" type=\"critical\">critical: "
      "probe timeouts in a row without an answer, 3 times\n"
      "ended: closed</failure>\n"
      "    </testcase>\n"
      "    <testcase classname=\"b/bad.qlog\" name=\"read\" "
      "time=\"0.000000\">\n"
      "      <error type=\"input\" message=\"no qlog: &quot;x&quot;\"/>\n"
      "    </testcase>\n"
      "    <testcase classname=\"b/ok.qlog\" name=\"connection 0, client\" "
      "time=\"0.000000\"/>\n"
      "  </testsuite>\n"
      "</testsuites>\n");
  qv_scan_free(&scan);
}

static void test_empty(void **state) {
  char buf[256];
  qv_scan scan;
  quic_text t;

  (void)state;
  qv_scan_init(&scan, quic_mem_default());
  quic_text_init(&t, buf, sizeof(buf));
  qv_junit_write(&scan, &t);
  assert_non_null(strstr(quic_text_cstr(&t), "tests=\"0\""));
  qv_scan_free(&scan);
}

/* Rows that have no memory are counted, the others stay. */
static void test_memory(void **state) {
  bool starved = true;

  (void)state;
  for (size_t n = 1; starved; n++) {
    failmem fm;
    qv_scan scan;

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    qv_scan_init(&scan, &fm.mem);
    scan_fill(&scan);
    assert_int_equal(scan.added, 4);
    assert_int_equal(scan.len + scan.starved, 4);
    assert_int_equal(scan.starved, fm.refused);
    qv_scan_worst(&scan);
    starved = scan.starved != 0;
    assert_true(starved || n > 4);
    qv_scan_free(&scan);
    assert_true(failmem_balanced(&fm));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_order),  cmocka_unit_test(test_bound),
      cmocka_unit_test(test_folder), cmocka_unit_test(test_kinds),
      cmocka_unit_test(test_junit),  cmocka_unit_test(test_empty),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
