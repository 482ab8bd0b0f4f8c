#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "pcap/request.h"

static quic_bytes text(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

static void test_url(void **state) {
  static const struct {
    const char *fields[8];
    const char *want;
  } cases[] = {
      {{NULL}, ""},
      {{":scheme", "https", ":authority", "a.example", ":path", "/x?y", NULL},
       "https://a.example/x?y"},
      {{":scheme", "https", "host", "h.example", ":path", "/", NULL},
       "https://h.example/"},
      {{":authority", "proxied:443", NULL}, "proxied:443"},
      {{":path", "example.org. A", NULL}, "example.org. A"},
      {{":scheme", "\x1b[1m", ":authority", "a\n", ":path", "/\x7f", NULL},
       "\\x1b[1m://a\\x0a/\\x7f"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    const char *const *f = cases[i].fields;
    char buf[128];
    quic_text t;
    qd_request rq;

    qd_request_init(&rq);
    for (; *f; f += 2) {
      assert_int_equal(qd_fields_add(&rq.side[QD_CLIENT].fields,
                                     quic_mem_default(), text(f[0]),
                                     text(f[1])),
                       0);
    }
    quic_text_init(&t, buf, sizeof(buf));
    qd_request_url(&rq, &t);
    assert_string_equal(quic_text_cstr(&t), cases[i].want);
    qd_request_free(&rq, quic_mem_default());
  }
}

static void test_times(void **state) {
  qd_request rq;

  (void)state;
  qd_request_init(&rq);
  assert_true(qd_request_ttfb(&rq) == QUIC_TIME_NEVER);
  assert_true(qd_request_total(&rq) == QUIC_TIME_NEVER);
  rq.side[QD_CLIENT].first = 1000;
  assert_true(qd_request_ttfb(&rq) == QUIC_TIME_NEVER);
  rq.side[QD_SERVER].first = 1700;
  rq.side[QD_SERVER].last = 2500;
  assert_int_equal(qd_request_ttfb(&rq), 700);
  assert_int_equal(qd_request_total(&rq), 1500);
  /* A server that answers first: no time runs backwards. */
  rq.side[QD_CLIENT].first = 9000;
  assert_int_equal(qd_request_ttfb(&rq), 0);
}

static void test_complete(void **state) {
  qd_request rq;

  (void)state;
  qd_request_init(&rq);
  assert_false(qd_request_complete(&rq));
  rq.side[QD_SERVER].fin = true;
  assert_false(qd_request_complete(&rq));
  rq.side[QD_CLIENT].fin = true;
  assert_true(qd_request_complete(&rq));
  rq.side[QD_SERVER].lost = 1;
  assert_false(qd_request_complete(&rq));
  rq.side[QD_SERVER].lost = 0;
  rq.side[QD_CLIENT].lost = 1;
  assert_false(qd_request_complete(&rq));
  /* Of a push the client sends nothing. */
  qd_request_init(&rq);
  rq.push_id = 0;
  rq.side[QD_SERVER].fin = true;
  assert_true(qd_request_complete(&rq));
  assert_int_equal(qd_request_method(&rq).len, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_url),
      cmocka_unit_test(test_times),
      cmocka_unit_test(test_complete),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
