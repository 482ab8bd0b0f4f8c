#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcap/diff_qlog.h"
#include "tests/support/failmem.h"

static const uint64_t seed[2] = {5, 6};

static const char client_log[] =
    "\x1e{\"qlog_format\":\"JSON-SEQ\",\"qlog_version\":\"0.3\",\"trace\":{"
    "\"vantage_point\":{\"type\":\"client\"},\"common_fields\":{"
    "\"group_id\":\"0cAE7f96135ca7f2\",\"time_format\":\"relative\","
    "\"reference_time\":0}}}\n"
    "\x1e{\"time\":1,\"name\":\"transport:packet_sent\",\"data\":{\"header\":{"
    "\"packet_type\":\"1RTT\",\"packet_number\":5},\"raw\":{\"length\":40},"
    "\"frames\":[{\"frame_type\":\"ping\"}]}}\n"
    "\x1e{\"time\":2,\"name\":\"recovery:metrics_updated\",\"data\":{}}\n"
    "\x1e{\"time\":3,\"name\":\"transport:packet_received\",\"data\":{"
    "\"header\":{\"packet_type\":\"1RTT\",\"packet_number\":7}}}\n";

/* file writes |text| to a file and returns its name, to be freed. */
static char *file(const char *text, size_t len) {
  char *path = strdup("/tmp/diff_qlog_test.XXXXXX");
  int fd = mkstemp(path);

  assert_true(fd >= 0);
  assert_int_equal(write(fd, text, len), (ssize_t)len);
  close(fd);
  return path;
}

static void test_read(void **state) {
  char *path = file(client_log, sizeof(client_log) - 1);
  char problem[QD_DIFF_QLOG_PROBLEM];
  const qd_diff_record *r;
  qd_diff *d;

  (void)state;
  assert_true(qd_diff_is_qlog(path));
  assert_int_equal(qd_diff_new(&d, quic_mem_default(), seed), 0);
  assert_int_equal(
      qd_diff_qlog(d, quic_mem_default(), seed, QD_DIFF_B, path, problem), 0);
  r = qd_diff_record_of(d, QD_DIFF_B);
  assert_true(r->log);
  assert_int_equal(r->nconns, 1);
  assert_int_equal(r->conns[0].end, QD_CLIENT);
  assert_int_equal(r->conns[0].odcid_len, 8);
  assert_memory_equal(r->conns[0].odcid, "\x0c\xae\x7f\x96\x13\x5c\xa7\xf2", 8);
  assert_int_equal(r->npackets, 2);
  assert_int_equal(r->packets[0].side, QD_CLIENT);
  assert_int_equal(r->packets[0].number, 5);
  assert_int_equal(r->packets[0].size, 40);
  assert_int_equal(r->packets[0].frames, 1u << 1);
  assert_int_equal(r->packets[1].side, QD_SERVER);
  assert_int_equal(r->packets[1].number, 7);
  assert_int_equal(r->packets[1].size, 0);
  assert_true(r->packets[1].record > r->packets[0].record);
  assert_int_equal(r->packets[1].time - r->packets[0].time,
                   2 * QUIC_MILLISECOND);
  qd_diff_del(d);
  unlink(path);
  free(path);
}

static void test_no_qlog(void **state) {
  static const uint8_t pcap[] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0};
  char *capture = file((const char *)pcap, sizeof(pcap));
  char *other = file("{\"a\":1}", 7);
  char problem[QD_DIFF_QLOG_PROBLEM] = "";
  qd_diff *d;

  (void)state;
  assert_false(qd_diff_is_qlog(capture));
  assert_false(qd_diff_is_qlog("/nonexistent/file"));
  assert_false(qd_diff_is_qlog("-"));
  assert_int_equal(qd_diff_new(&d, quic_mem_default(), seed), 0);
  assert_int_equal(
      qd_diff_qlog(d, quic_mem_default(), seed, QD_DIFF_A, other, problem), -1);
  assert_true(problem[0] != '\0');
  assert_int_equal(qd_diff_qlog(d, quic_mem_default(), seed, QD_DIFF_A,
                                "/nonexistent/file", problem),
                   -1);
  assert_true(problem[0] != '\0');
  qd_diff_del(d);
  unlink(capture);
  unlink(other);
  free(capture);
  free(other);
}

static void test_memory(void **state) {
  char *path = file(client_log, sizeof(client_log) - 1);
  size_t calls = 1;

  (void)state;
  for (size_t n = 0; n <= calls; n++) {
    char problem[QD_DIFF_QLOG_PROBLEM];
    failmem fm;
    qd_diff *d;

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    if (qd_diff_new(&d, &fm.mem, seed) == 0) {
      int rv = qd_diff_qlog(d, &fm.mem, seed, QD_DIFF_A, path, problem);

      assert_true(rv == 0 || problem[0] != '\0');
      assert_true(n > 0 || rv == 0);
      qd_diff_del(d);
    }
    assert_true(failmem_balanced(&fm));
    calls = n ? calls : fm.calls;
  }
  unlink(path);
  free(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_read),
      cmocka_unit_test(test_no_qlog),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
