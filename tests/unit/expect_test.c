#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcap/expect.h"
#include "tests/support/failmem.h"
#include "tests/support/talk.h"

#define GET "0108 0000 d1 d7 c1 50 01 61"

/* hold runs a small conversation under |expr| and returns how many connections
   failed; what was said on standard error goes to |said|. */
static uint64_t hold(const char *expr, const quic_mem *mem, char *said,
                     size_t cap) {
  static talk t;
  quic_filter_error error;
  quic_filter *filter = NULL;
  qd_output_settings set = {.mem = mem};
  uint64_t failed = UINT64_MAX;
  FILE *file = tmpfile();
  int saved = dup(STDERR_FILENO);
  size_t n;

  assert_non_null(file);
  talk_start(&t, mem, "h3");
  if (quic_filter_new(&filter, quic_mem_default(), expr, qd_expect_fields,
                      qd_expect_nfields, &error) != 0) {
    fail_msg("%s: %s", expr, error.text);
  }
  if (t.conn && qd_expect_new(&t.others[0], &set, filter, expr) == 0) {
    t.nothers = 1;
    talk_open(&t);
    talk_hex(&t, QD_CLIENT, 2, "00 0400", false);
    talk_hex(&t, QD_SERVER, 3, "00 07 01 00", false); /* a broken rule */
    talk_hex(&t, QD_CLIENT, 0, GET, true);
    talk_hex(&t, QD_SERVER, 0, "0103 0000 db", true); /* 404 */
    fflush(stderr);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    talk_end(&t);
    t.others[0]->finish(t.others[0]);
    fflush(stderr);
    failed = qd_expect_failed(t.others[0]);
    t.others[0]->del(t.others[0]);
  }
  assert_true(dup2(saved, STDERR_FILENO) >= 0);
  close(saved);
  talk_free(&t);
  quic_filter_del(filter);
  rewind(file);
  n = fread(said, 1, cap - 1, file);
  said[n] = '\0';
  fclose(file);
  return failed;
}

static void test_values(void **state) {
  static const char *const holds[] = {
      "conn == 0",
      "requests == 1 and responses == 1 and failed == 1 and broken == 1",
      "handshake",
      "sni == \"sni.example\" and alpn == h3 and version == v1",
      "class in (open_at_end, unknown) and packets == 4 and closed == 0",
      "streams == 3",
      "retry == 0 and key_updates == 0 and early == none",
      "duration < 1s",
      /* what is not known is equal to nothing */
      "not (error == 0) and error != 0",
      "not (alert >= 0)",
      /* without an ACK that was seen nobody knows what was lost */
      "not (loss < 1%) and not (lost == 0) and not (spurious == 0)",
      "octets > 10 and octets < 1k",
  };
  char said[2048];

  (void)state;
  for (size_t i = 0; i < sizeof(holds) / sizeof(holds[0]); i++) {
    uint64_t failed = hold(holds[i], quic_mem_default(), said, sizeof(said));

    if (failed != 0 || *said) {
      fail_msg("%s: %s", holds[i], said);
    }
  }
}

/* The reason names what was asked for, once each, as far as it was looked
   at. */
static void test_reasons(void **state) {
  static const struct {
    const char *expr, *want;
  } cases[] = {
      {"requests == 2", "quicdump: --expect: connection 0: 'requests == 2' "
                        "does not hold: requests 1\n"},
      {"requests == 1 and failed == 0 and broken == 9",
       "quicdump: --expect: connection 0: 'requests == 1 and failed == 0 and "
       "broken == 9' does not hold: requests 1, failed 1\n"},
      {"conn == 1 or conn == 2", "quicdump: --expect: connection 0: 'conn == 1 "
                                 "or conn == 2' does not hold: conn 0\n"},
      {"error == h3_no_error", "quicdump: --expect: connection 0: 'error == "
                               "h3_no_error' does not hold: error -\n"},
      {"loss > 50% and sni == x", "quicdump: --expect: connection 0: 'loss > "
                                  "50% and sni == x' does not hold: loss "
                                  "-\n"},
      {"sni contains zz or alpn == y",
       "quicdump: --expect: connection 0: 'sni contains zz or alpn == y' does "
       "not hold: sni \"sni.example\", alpn \"h3\"\n"},
      {"version == v2", "quicdump: --expect: connection 0: 'version == v2' "
                        "does not hold: version v1\n"},
  };
  char said[2048];

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    assert_int_equal(
        hold(cases[i].expr, quic_mem_default(), said, sizeof(said)), 1);
    assert_string_equal(said, cases[i].want);
  }
}

/* Every field can be asked for, and has a line of help. */
static void test_fields(void **state) {
  char said[2048], expr[128];

  (void)state;
  for (size_t i = 0; i < qd_expect_nfields; i++) {
    const quic_filter_field *f = &qd_expect_fields[i];

    snprintf(expr, sizeof(expr), "%s == %s", f->name,
             f->type == QUIC_FILTER_TEXT ? "\"?\"" : "4611686018427387903");
    assert_int_equal(hold(expr, quic_mem_default(), said, sizeof(said)), 1);
    assert_non_null(strstr(said, f->name));
  }
}

static void test_memory(void **state) {
  size_t calls = 0;
  char said[2048];

  (void)state;
  for (size_t n = 0; n == 0 || n <= calls; n++) {
    failmem fm;

    failmem_init(&fm);
    failmem_fail_nth(&fm, n);
    (void)hold("requests == 2", &fm.mem, said, sizeof(said));
    assert_true(failmem_balanced(&fm));
    calls = n ? calls : fm.calls;
  }
  assert_true(calls > 10);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_values),
      cmocka_unit_test(test_reasons),
      cmocka_unit_test(test_fields),
      cmocka_unit_test(test_memory),
  };

  program_invocation_short_name = (char[]){"quicdump"};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
