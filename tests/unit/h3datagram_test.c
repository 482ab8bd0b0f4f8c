/* HTTP Datagrams: RFC 9297 §2.1. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/octets.h"
#include "wire/h3datagram.h"

static const struct {
  const char *wire;
  uint64_t quarter;
  size_t payload;
  int rv;
} rows[] = {
    {"00", 0, 0, 0},
    {"00 00 6162", 0, 3, 0},
    {"0b 61", 11, 1, 0},
    {"4b00 61", 0xb00, 1, 0},
    {"cfffffffffffffff 61", QUIC_H3DATAGRAM_QUARTER_MAX, 1, 0},
    {"d000000000000000 61", QUIC_H3DATAGRAM_QUARTER_MAX + 1, 1,
     QUIC_ERR_MALFORMED},
    {"", 0, 0, QUIC_ERR_SHORT},
    {"40", 0, 0, QUIC_ERR_SHORT},
    {"cfffffffffffff", 0, 0, QUIC_ERR_SHORT},
};

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[16], out[16];
    quic_bytes in = octets_hex(rows[i].wire, buf, sizeof(buf));
    uint8_t *block = octets_exact(in.data, in.len);
    quic_h3datagram dg;
    quic_writer wr;

    assert_int_equal(quic_h3datagram_decode(&dg, quic_bytes_of(block, in.len)),
                     rows[i].rv);
    assert_true(dg.quarter_stream_id == rows[i].quarter);
    assert_int_equal(dg.payload.len, rows[i].payload);
    if (rows[i].rv == 0) {
      assert_true(quic_h3datagram_stream_id(&dg) == 4 * rows[i].quarter);
      quic_writer_init(&wr, out, sizeof(out));
      assert_int_equal(quic_h3datagram_encode(&dg, &wr), 0);
      assert_true(quic_bytes_eq(in, quic_bytes_of(out, quic_writer_len(&wr))));
      quic_writer_init(&wr, out, in.len - 1);
      assert_int_equal(quic_h3datagram_encode(&dg, &wr), QUIC_ERR_NOSPACE);
    } else if (rows[i].rv == QUIC_ERR_MALFORMED) {
      quic_writer_init(&wr, out, sizeof(out));
      assert_int_equal(quic_h3datagram_encode(&dg, &wr), QUIC_ERR_INVALID);
      assert_int_equal(quic_writer_len(&wr), 0);
    }
    free(block);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
  };

  return cmocka_run_group_tests_name("h3datagram", tests, NULL, NULL);
}
