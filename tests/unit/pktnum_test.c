/* Packet numbers: RFC 9000 §17.1, appendices A.2 and A.3. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "wire/pktnum.h"

#define LIMIT (UINT64_C(1) << 62)

static void test_decode(void **state) {
  static const struct {
    uint64_t largest, truncated;
    size_t len;
    uint64_t pn;
  } rows[] = {
      {0xa82f30ea, 0x9b32, 2, 0xa82f9b32}, /* A.3 */
      {QUIC_PKTNUM_NONE, 0, 1, 0},
      {QUIC_PKTNUM_NONE, 2, 4, 2},
      {QUIC_PKTNUM_NONE, 0xff, 1, 0xff},
      {0, 0xff, 1, 0xff},
      {0xfe, 0x00, 1, 0x100},
      {0xff, 0xff, 1, 0xff},
      {0x180, 0x80, 1, 0x180},
      {0x17f, 0x80, 1, 0x180},
      {0x180, 0x01, 1, 0x201},
      {0x180, 0x02, 1, 0x102},
      {0x180, 0x00, 1, 0x200},
      {LIMIT - 2, 0xff, 1, LIMIT - 1},
      {LIMIT - 2, 0x00, 1, LIMIT - 0x100},
      {0xffffffff, 0, 4, UINT64_C(0x100000000)},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_int_equal(
        quic_pktnum_decode(rows[i].largest, rows[i].truncated, rows[i].len),
        rows[i].pn);
  }
}

static void test_len(void **state) {
  static const struct {
    uint64_t pn, acked;
    size_t len;
  } rows[] = {
      {0xac5c02, 0xabe8b3, 2}, /* A.2 */
      {0xace8fe, 0xabe8b3, 3}, /* A.2 */
      {0, QUIC_PKTNUM_NONE, 1},
      {127, QUIC_PKTNUM_NONE, 1},
      {128, QUIC_PKTNUM_NONE, 2},
      {32767, QUIC_PKTNUM_NONE, 2},
      {32768, QUIC_PKTNUM_NONE, 3},
      {0x7fffff, QUIC_PKTNUM_NONE, 3},
      {0x800000, QUIC_PKTNUM_NONE, 4},
      {LIMIT - 1, QUIC_PKTNUM_NONE, 4},
      {1000, 999, 1},
      {1128, 1000, 1},
      {1129, 1000, 2},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_int_equal(quic_pktnum_len(rows[i].pn, rows[i].acked), rows[i].len);
  }
}

/* A receiver that has any number from the acknowledged one up to the one
   before finds the number again. */
static void test_twin(void **state) {
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 2);
  for (int i = 0; i < 50000; i++) {
    uint64_t acked = quic_rng_u64(&rng) >> (3 + quic_rng_below(&rng, 60));
    uint64_t flight =
        1 + (quic_rng_u64(&rng) >> (34 + quic_rng_below(&rng, 30)));
    uint64_t pn = acked + flight;
    size_t len = quic_pktnum_len(pn, acked);
    uint64_t largest = acked + quic_rng_below(&rng, flight);
    uint64_t mask = (UINT64_C(1) << (8 * len)) - 1;

    assert_int_equal(quic_pktnum_decode(largest, pn & mask, len), pn);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_decode),
      cmocka_unit_test(test_len),
      cmocka_unit_test(test_twin),
  };

  return cmocka_run_group_tests_name("pktnum", tests, NULL, NULL);
}
