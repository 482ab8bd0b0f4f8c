#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "tests/support/octets.h"

static const char *encode(quic_bytes b) {
  static char out[2048];
  quic_text t;

  quic_text_init(&t, out, sizeof(out));
  quic_base64(&t, b);
  assert_false(t.cut);
  return quic_text_cstr(&t);
}

static void rfc_4648_section_10(void **state) {
  static const char *const want[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                     "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};

  (void)state;
  for (size_t n = 0; n < sizeof(want) / sizeof(want[0]); n++) {
    uint8_t *block = octets_exact("foobar", n);

    assert_string_equal(encode(quic_bytes_of(block, n)), want[n]);
    free(block);
  }
}

static void every_digit(void **state) {
  static const char hex[] = "00108310518720928b30d38f41149351559761969b71d79f"
                            "8218a39259a7a29aabb2dbafc31cb3d35db7e39ebbf3dfbf";
  uint8_t octets[48];

  (void)state;
  assert_string_equal(
      encode(octets_hex(hex, octets, sizeof(octets))),
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}

/* Whole pieces, and one octet more or less. */
static void longer_than_a_piece(void **state) {
  static const uint8_t zeros[600];

  (void)state;
  for (size_t n = 190; n < 400; n++) {
    const char *text = encode(quic_bytes_of(zeros, n));
    size_t pad = (3 - n % 3) % 3;

    assert_int_equal(strlen(text), (n + 2) / 3 * 4);
    assert_int_equal(strspn(text, "A"), strlen(text) - pad);
    assert_int_equal(strspn(text + strlen(text) - pad, "="), pad);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rfc_4648_section_10),
      cmocka_unit_test(every_digit),
      cmocka_unit_test(longer_than_a_piece),
  };

  return cmocka_run_group_tests_name("base64", tests, NULL, NULL);
}
