/* Addresses as text (RFC 5952). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/rng.h"

static quic_addr addr(int family, const char *ip, uint16_t port) {
  quic_addr a;

  memset(&a, 0, sizeof(a));
  a.family = (uint8_t)family;
  a.port = port;
  assert_int_equal(inet_pton(family == 4 ? AF_INET : AF_INET6, ip, a.ip), 1);
  return a;
}

static void test_text(void **state) {
  static const struct {
    int family;
    const char *ip;
    uint16_t port;
    const char *text;
  } rows[] = {
      {4, "10.0.0.1", 443, "10.0.0.1:443"},
      {4, "255.255.255.255", 65535, "255.255.255.255:65535"},
      {4, "0.0.0.0", 0, "0.0.0.0:0"},
      {6, "::", 1, "[::]:1"},
      {6, "::1", 443, "[::1]:443"},
      {6, "2001:db8::1", 443, "[2001:db8::1]:443"},
      {6, "fe80::", 1, "[fe80::]:1"},
      /* section 4.1 and 4.3: no leading zeros, lower case */
      {6, "2001:0DB8:0:0:0:0:0:00aB", 1, "[2001:db8::ab]:1"},
      /* section 4.2.2: one zero group alone is written out */
      {6, "2001:db8:0:1:1:1:1:1", 1, "[2001:db8:0:1:1:1:1:1]:1"},
      /* section 4.2.3: the longest run, the first of two */
      {6, "2001:0:0:1:0:0:0:1", 1, "[2001:0:0:1::1]:1"},
      {6, "2001:db8:0:0:1:0:0:1", 1, "[2001:db8::1:0:0:1]:1"},
      /* section 5 */
      {6, "::ffff:192.0.2.1", 9, "[::ffff:192.0.2.1]:9"},
      {6, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 65535,
       "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    quic_addr a = addr(rows[i].family, rows[i].ip, rows[i].port);
    char text[QUIC_ADDR_TEXT];

    assert_string_equal(quic_addr_text(&a, text, sizeof(text)), rows[i].text);
    for (size_t cap = 1; cap <= strlen(rows[i].text); cap++) {
      char *small = malloc(cap);

      assert_non_null(small);
      quic_addr_text(&a, small, cap);
      assert_int_equal(strlen(small), cap - 1);
      assert_memory_equal(small, rows[i].text, cap - 1);
      free(small);
    }
  }
}

static void test_none(void **state) {
  quic_addr a;
  char text[QUIC_ADDR_TEXT];

  (void)state;
  memset(&a, 0, sizeof(a));
  assert_string_equal(quic_addr_text(&a, text, sizeof(text)), "?:0");
}

/* Sparse random addresses, against the C library. */
static void test_random(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 11);
  for (int i = 0; i < 2000; i++) {
    char text[QUIC_ADDR_TEXT], ip[64], want[80];
    quic_addr a;

    memset(&a, 0, sizeof(a));
    a.family = 6;
    for (int j = 0; j < 16; j += 2) {
      if (j == 0 || quic_rng_below(&rng, 3) == 0) {
        a.ip[j] = (uint8_t)quic_rng_below(&rng, 3);
        a.ip[j + 1] = (uint8_t)(1 + quic_rng_below(&rng, 255));
      }
    }
    assert_non_null(inet_ntop(AF_INET6, a.ip, ip, sizeof(ip)));
    (void)snprintf(want, sizeof(want), "[%s]:0", ip);
    assert_string_equal(quic_addr_text(&a, text, sizeof(text)), want);
  }
}

static void test_eq(void **state) {
  quic_addr a = addr(4, "10.0.0.1", 443);

  (void)state;
  quic_addr b = a;
  assert_true(quic_addr_eq(&a, &b));
  b.port = 444;
  assert_false(quic_addr_eq(&a, &b));
  b = a;
  b.family = 6;
  assert_false(quic_addr_eq(&a, &b));
  b = a;
  b.ip[15] = 1;
  assert_false(quic_addr_eq(&a, &b));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_none),
      cmocka_unit_test(test_random),
      cmocka_unit_test(test_eq),
  };

  return cmocka_run_group_tests_name("addr", tests, NULL, NULL);
}
