#include "wire/chlo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/writer.h"
#include "tests/support/octets.h"

/* put_chlo writes a CHLO of three tags, the server name in the middle. */
static void put_chlo(quic_writer *wr, const char *name) {
  size_t len = strlen(name);

  quic_writer_bytes(wr, quic_bytes_of("CHLO", 4));
  quic_writer_uint_le(wr, 3, 2);
  quic_writer_uint_le(wr, 0, 2);
  quic_writer_bytes(wr, quic_bytes_of("PAD", 4));
  quic_writer_uint_le(wr, 5, 4);
  quic_writer_bytes(wr, quic_bytes_of("SNI", 4));
  quic_writer_uint_le(wr, 5 + len, 4);
  quic_writer_bytes(wr, quic_bytes_of("VER", 4));
  quic_writer_uint_le(wr, 9 + len, 4);
  quic_writer_fill(wr, '-', 5);
  quic_writer_bytes(wr, quic_bytes_of(name, len));
  quic_writer_bytes(wr, quic_bytes_of("Q046", 4));
}

static void finds_the_name(void **state) {
  uint8_t buf[200];
  quic_writer wr;
  quic_bytes sni;

  (void)state;
  quic_writer_init(&wr, buf, sizeof(buf));
  quic_writer_fill(&wr, 'C', 20); /* what stands before it */
  quic_writer_bytes(&wr, quic_bytes_of("CHLO\xff\xff", 6));
  put_chlo(&wr, "host.example");
  assert_true(quic_chlo_sni(quic_bytes_of(buf, quic_writer_len(&wr)), &sni));
  assert_true(quic_bytes_eq(sni, quic_bytes_of("host.example", 12)));
}

static void every_prefix(void **state) {
  uint8_t buf[200];
  quic_writer wr;
  size_t found = 0;

  (void)state;
  quic_writer_init(&wr, buf, sizeof(buf));
  put_chlo(&wr, "a.example");
  for (size_t len = 0; len <= quic_writer_len(&wr); len++) {
    uint8_t *cut = octets_exact(buf, len);
    quic_bytes sni;

    found += quic_chlo_sni(quic_bytes_of(cut, len), &sni);
    free(cut);
  }
  assert_int_equal(found, 5); /* from the name's end on */
}

static void no_name(void **state) {
  static const char backwards[] = "CHLO\x02\0\0\0PAD\0\x09\0\0\0SNI\0\x01\0\0"
                                  "\0.........";
  static const char empty[] = "CHLO\x01\0\0\0SNI\0\0\0\0\0";
  static const char many[] = "CHLO\xff\xff\0\0SNI\0\x01\0\0\0x";
  quic_bytes sni;

  (void)state;
  assert_false(
      quic_chlo_sni(quic_bytes_of(backwards, sizeof(backwards) - 1), &sni));
  assert_false(quic_chlo_sni(quic_bytes_of(empty, sizeof(empty) - 1), &sni));
  assert_false(quic_chlo_sni(quic_bytes_of(many, sizeof(many) - 1), &sni));
  assert_false(quic_chlo_sni(quic_bytes_of(NULL, 0), &sni));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(finds_the_name),
      cmocka_unit_test(every_prefix),
      cmocka_unit_test(no_name),
  };

  return cmocka_run_group_tests_name("chlo", tests, NULL, NULL);
}
