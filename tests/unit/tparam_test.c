/* Transport parameters: RFC 9000 §18, RFC 9368 §3, the drafts' old layout. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/support/octets.h"
#include "wire/tparam.h"
#include "wire/varint.h"

/* RFC 9001 A.2 */
static const char rfc9001[] =
    "0408ffffffffffffffff05048000ffff07048000ffff08011001048000753009011"
    "00f088394c8f03e51570806048000ffff";

static void check_twin(const quic_tparams *list, quic_bytes in,
                       const quic_version *v) {
  uint8_t out[2048];
  quic_writer wr;

  quic_writer_init(&wr, out, sizeof(out));
  assert_int_equal(quic_tparams_encode(list, &wr, v), 0);
  assert_true(quic_bytes_eq(in, quic_bytes_of(out, quic_writer_len(&wr))));
  for (size_t cap = 0; cap < in.len; cap++) {
    quic_writer_init(&wr, out, cap);
    assert_int_equal(quic_tparams_encode(list, &wr, v), QUIC_ERR_NOSPACE);
  }
}

static void test_rfc9001(void **state) {
  uint8_t buf[64];
  quic_bytes in = octets_hex(rfc9001, buf, sizeof(buf));
  quic_tparams list;

  (void)state;
  assert_int_equal(quic_tparams_decode(&list, in, NULL), 0);
  assert_int_equal(list.len, 8);
  assert_int_equal(quic_tparams_integer(&list, QUIC_TPARAM_INITIAL_MAX_DATA),
                   QUIC_VARINT_MAX);
  assert_int_equal(quic_tparams_integer(&list, QUIC_TPARAM_MAX_IDLE_TIMEOUT),
                   30000);
  assert_int_equal(quic_tparams_integer(&list, QUIC_TPARAM_ACK_DELAY_EXPONENT),
                   3);
  assert_int_equal(
      quic_tparams_integer(&list, QUIC_TPARAM_MAX_UDP_PAYLOAD_SIZE), 65527);
  assert_int_equal(quic_tparams_integer(&list, 0x12345), 0);
  assert_int_equal(quic_tparams_find(&list, 0x0f)->value.len, 8);
  assert_null(quic_tparams_find(&list, 0x10));
  for (size_t i = 0; i < list.len; i++) {
    assert_null(quic_tparam_problem(&list.items[i], true));
  }
  check_twin(&list, in, NULL);
}

static void check_prefixes(quic_bytes in, const quic_version *v) {
  quic_tparams whole;
  size_t ends = 0;

  assert_int_equal(quic_tparams_decode(&whole, in, v), 0);
  for (size_t len = 0; len < in.len; len++) {
    uint8_t *cut = octets_exact(in.data, len);
    quic_tparams list;
    int rv = quic_tparams_decode(&list, quic_bytes_of(cut, len), v);

    assert_true(rv == 0 || rv == QUIC_ERR_SHORT);
    assert_true(list.len <= whole.len);
    ends += rv == 0;
    for (size_t i = 0; i < list.len; i++) {
      assert_true(quic_bytes_eq(list.items[i].value, whole.items[i].value));
    }
    free(cut);
  }
  /* A cut between two parameters cannot be told, but in the old layout. */
  assert_int_equal(ends, v && v->tparam_fixed16 ? 0 : whole.len);
}

static void test_layouts(void **state) {
  static const struct {
    uint32_t version;
    const char *hex;
    int rv;
    size_t len;
  } rows[] = {
      {1, "", 0, 0},
      {1, "4001404101020304", QUIC_ERR_SHORT, 0},
      {1, "400140010a c000000000000002 8000000101 1b00 1b00", 0, 4},
      {1, "01", QUIC_ERR_SHORT, 0},
      {1, "0100 02", QUIC_ERR_SHORT, 1},
      {0xff00001b, "0c00", 0, 1},
      {0xff00001a, "0000", 0, 0},
      {0xff00001a, "0009 0001000140 000c0000", 0, 2},
      {0xff000015, "0009 0001000140 000c0000", 0, 2},
      {0xff00001a, "0009 0001000140 000c00", QUIC_ERR_SHORT, 1},
      {0xff00001a, "000a 0001000140 000c0000", QUIC_ERR_SHORT, 2},
      {0xff00001a, "0005 0001000140 000c0000", QUIC_ERR_MALFORMED, 0},
      {0xff00001a, "0004 00010001", QUIC_ERR_SHORT, 0},
      {0xff00001a, "00", QUIC_ERR_SHORT, 0},
      {0xff00001a, "", QUIC_ERR_SHORT, 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const quic_version *v = quic_version_find(rows[i].version);
    uint8_t buf[64];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    uint8_t *exact = octets_exact(in.data, in.len);
    quic_tparams list;

    assert_int_equal(
        quic_tparams_decode(&list, quic_bytes_of(exact, in.len), v),
        rows[i].rv);
    assert_int_equal(list.len, rows[i].len);
    if (rows[i].rv == 0) {
      check_twin(&list, in, v);
      check_prefixes(in, v);
    }
    free(exact);
  }
}

static void test_limit(void **state) {
  uint8_t body[2 * (QUIC_TPARAMS_MAX + 1)] = {0};
  quic_tparams list;

  (void)state;
  assert_int_equal(
      quic_tparams_decode(&list, quic_bytes_of(body, sizeof(body) - 2), NULL),
      0);
  assert_int_equal(
      quic_tparams_decode(&list, quic_bytes_of(body, sizeof(body)), NULL),
      QUIC_ERR_LIMIT);
  assert_int_equal(list.len, QUIC_TPARAMS_MAX);
}

static void test_random(void **state) {
  static uint8_t values[256];
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 7);
  quic_rng_fill(&rng, values, sizeof(values));
  for (int i = 0; i < 500; i++) {
    const quic_version *v = quic_version_find(i & 1 ? 1 : 0xff000018);
    quic_tparams list, back;
    uint8_t out[2048];
    quic_writer wr;
    quic_bytes wire;
    uint8_t *exact;

    list.len = quic_rng_below(&rng, 12);
    for (size_t k = 0; k < list.len; k++) {
      quic_tparam *p = &list.items[k];

      p->id = quic_rng_u64(&rng) >> (i & 1 ? 2 + quic_rng_below(&rng, 62) : 48);
      p->value = quic_bytes_of(values, quic_rng_below(&rng, 80));
      p->id_width = i & 1 ? (uint8_t)quic_varint_len(p->id) : 2;
      p->len_width = i & 1 ? (uint8_t)(2u << quic_rng_below(&rng, 3)) : 2;
    }
    quic_writer_init(&wr, out, sizeof(out));
    assert_int_equal(quic_tparams_encode(&list, &wr, v), 0);
    wire = quic_bytes_of(out, quic_writer_len(&wr));
    exact = octets_exact(wire.data, wire.len);
    assert_int_equal(
        quic_tparams_decode(&back, quic_bytes_of(exact, wire.len), v), 0);
    assert_int_equal(back.len, list.len);
    for (size_t k = 0; k < list.len; k++) {
      assert_int_equal(back.items[k].id, list.items[k].id);
      assert_int_equal(back.items[k].id_width, list.items[k].id_width);
      assert_int_equal(back.items[k].len_width, list.items[k].len_width);
      assert_true(quic_bytes_eq(back.items[k].value, list.items[k].value));
    }
    check_twin(&back, wire, v);
    check_prefixes(wire, v);
    free(exact);
  }
}

static void test_invalid(void **state) {
  static const uint8_t big[70000];
  const quic_version *old = quic_version_find(0xff000018);
  quic_tparams list = {.len = 1};
  static uint8_t out[80000];
  quic_writer wr;

  (void)state;
  quic_writer_init(&wr, out, sizeof(out));
  list.items[0].id = 0x10000;
  assert_int_equal(quic_tparams_encode(&list, &wr, old), QUIC_ERR_INVALID);
  assert_int_equal(quic_tparams_encode(&list, &wr, NULL), 0);
  list.items[0].id = 1;
  list.items[0].value = quic_bytes_of(big, 65536);
  assert_int_equal(quic_tparams_encode(&list, &wr, old), QUIC_ERR_INVALID);
  list.items[0].value = quic_bytes_of(big, 65535);
  assert_int_equal(quic_tparams_encode(&list, &wr, old), QUIC_ERR_INVALID);
  list.items[0].id = QUIC_VARINT_MAX + 1;
  assert_int_equal(quic_tparams_encode(&list, &wr, NULL), QUIC_ERR_INVALID);
}

static void test_problems(void **state) {
  static const struct {
    uint64_t id;
    const char *hex;
    bool from_client;
    const char *problem;
  } rows[] = {
      {0x00, "", false, NULL},
      {0x00, "", true, "a client must not send it"},
      {0x02, "000102030405060708090a0b0c0d0e0f", false, NULL},
      {0x02, "000102030405060708090a0b0c0d0e0f", true,
       "a client must not send it"},
      {0x02, "000102030405060708090a0b0c0d0e", false,
       "a stateless reset token has 16 octets"},
      {0x03, "44af", true, "max_udp_payload_size below 1200"},
      {0x03, "44b0", true, NULL},
      {0x08, "d000000000000000", true, NULL},
      {0x08, "d000000000000001", true, "initial_max_streams_bidi above 2^60"},
      {0x09, "d000000000000001", true, "initial_max_streams_uni above 2^60"},
      {0x0a, "14", true, NULL},
      {0x0a, "15", true, "ack_delay_exponent above 20"},
      {0x0b, "7fff", true, NULL},
      {0x0b, "80004000", true, "max_ack_delay of 2^14 or above"},
      {0x0c, "", true, NULL},
      {0x0c, "00", true, "must be empty"},
      {0x0e, "01", true, "active_connection_id_limit below 2"},
      {0x0e, "02", true, NULL},
      {0x04, "", true, "not a whole integer"},
      {0x04, "40", true, "not a whole integer"},
      {0x04, "4001ff", true, "octets after the integer"},
      {0x0f, "000102030405060708090a0b0c0d0e0f10111213", true, NULL},
      {0x0f, "000102030405060708090a0b0c0d0e0f1011121314", true,
       "a connection ID above 20 octets"},
      {0x11, "00000001", true, NULL},
      {0x11, "0000000100000001709a50c4", true, NULL},
      {0x11, "", true, "no chosen version"},
      {0x11, "0000000100", true, "not a whole number of versions"},
      {0x11, "0000000100000000", true, "version 0 is listed"},
      {0x3e, "c000000100000000", true, "initial_max_path_id above 2^32-1"},
      {0x2ab2, "01", true, "must be empty"},
      {0x1b, "0102030405", true, NULL}, /* reserved */
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[64];
    quic_tparam p = {.id = rows[i].id};
    const char *problem;

    p.value = octets_hex(rows[i].hex, buf, sizeof(buf));
    problem = quic_tparam_problem(&p, rows[i].from_client);
    if (rows[i].problem) {
      assert_non_null(problem);
      assert_string_equal(problem, rows[i].problem);
    } else {
      assert_null(problem);
    }
  }
}

static void test_preferred(void **state) {
  uint8_t buf[64];
  quic_tparam p = {.id = QUIC_TPARAM_PREFERRED_ADDRESS};
  quic_preferred_address pa;
  quic_bytes in = octets_hex("c000020101bb 20010db8000000000000000000000001"
                             "01bc 04aabbccdd 000102030405060708090a0b0c0d0e0f",
                             buf, sizeof(buf));

  (void)state;
  p.value = in;
  assert_int_equal(quic_tparam_preferred(&p, &pa), 0);
  assert_int_equal(pa.ipv4_port, 443);
  assert_int_equal(pa.ipv6_port, 444);
  assert_int_equal(pa.ipv6.data[0], 0x20);
  assert_int_equal(pa.cid.len, 4);
  assert_int_equal(pa.reset_token.len, 16);
  assert_null(quic_tparam_problem(&p, false));
  for (size_t len = 0; len < in.len; len++) {
    uint8_t *cut = octets_exact(in.data, len);

    p.value = quic_bytes_of(cut, len);
    assert_int_equal(quic_tparam_preferred(&p, &pa), QUIC_ERR_SHORT);
    assert_string_equal(quic_tparam_problem(&p, false),
                        "preferred_address ends early");
    free(cut);
  }
  buf[24] = 3;
  p.value = in;
  assert_int_equal(quic_tparam_preferred(&p, &pa), QUIC_ERR_MALFORMED);
  buf[24] = 0;
  p.value.len -= 4;
  assert_string_equal(quic_tparam_problem(&p, false),
                      "preferred_address with an empty connection ID");
}

static void test_registry(void **state) {
  (void)state;
  for (uint64_t id = 0; id <= 0x11; id++) {
    assert_non_null(quic_tparam_info_find(id));
    assert_int_equal(quic_tparam_info_find(id)->id, id);
  }
  assert_string_equal(quic_tparam_info_find(0x01)->unit, "ms");
  assert_string_equal(quic_tparam_info_find(0xff04de1b)->name, "min_ack_delay");
  assert_string_equal(quic_tparam_info_find(0x1d)->name, "reset_stream_at");
  assert_null(quic_tparam_info_find(27));
  assert_true(quic_tparam_reserved(27));
  assert_true(quic_tparam_reserved(31 * 1000 + 27));
  assert_false(quic_tparam_reserved(28));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rfc9001),   cmocka_unit_test(test_layouts),
      cmocka_unit_test(test_limit),     cmocka_unit_test(test_random),
      cmocka_unit_test(test_invalid),   cmocka_unit_test(test_problems),
      cmocka_unit_test(test_preferred), cmocka_unit_test(test_registry),
  };

  return cmocka_run_group_tests_name("tparam", tests, NULL, NULL);
}
