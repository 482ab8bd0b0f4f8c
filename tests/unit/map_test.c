/* The hash table, and SipHash against its published vectors. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/map.h"
#include "base/rng.h"
#include "tests/support/failmem.h"

static const uint64_t seed[2] = {1, 2};

/* The reference vectors: key 00 01 .. 0f, messages 00 01 .. of length i. */
static void test_siphash(void **state) {
  static const struct {
    size_t len;
    uint64_t hash;
  } rows[] = {
      {0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
      {7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
      {15, UINT64_C(0xa129ca6149be45e5)}, {63, UINT64_C(0x958a324ceb064572)}};
  static const uint64_t key[2] = {UINT64_C(0x0706050403020100),
                                  UINT64_C(0x0f0e0d0c0b0a0908)};
  uint8_t in[64];

  (void)state;
  for (size_t i = 0; i < sizeof(in); i++) {
    in[i] = (uint8_t)i;
  }
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_true(quic_siphash(key, quic_bytes_of(in, rows[i].len)) ==
                rows[i].hash);
  }
}

/* The map against an array indexed by the key. */
static void test_model(void **state) {
  enum { KEYS = 500 };
  char *model[KEYS] = {NULL};
  char values[8];
  size_t len = 0;
  quic_map map;
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 7);
  quic_map_init(&map, quic_mem_default(), seed);
  for (int i = 0; i < 20000; i++) {
    uint32_t k = (uint32_t)quic_rng_below(&rng, KEYS);
    quic_bytes key = quic_bytes_of(&k, k % 2 ? 4 : 2);
    char *value = &values[quic_rng_below(&rng, sizeof(values))];

    switch (quic_rng_below(&rng, 3)) {
    case 0:
      assert_int_equal(quic_map_put(&map, key, value), 0);
      len += model[k] == NULL;
      model[k] = value;
      break;
    case 1:
      assert_ptr_equal(quic_map_remove(&map, key), model[k]);
      len -= model[k] != NULL;
      model[k] = NULL;
      break;
    default:
      assert_ptr_equal(quic_map_get(&map, key), model[k]);
    }
    assert_int_equal(map.len, len);
  }
  quic_map_free(&map);
  assert_null(quic_map_get(&map, quic_bytes_of("x", 1)));
}

static void test_empty(void **state) {
  quic_map map;
  char value;

  (void)state;
  quic_map_init(&map, quic_mem_default(), seed);
  assert_null(quic_map_get(&map, quic_bytes_of("a", 1)));
  assert_null(quic_map_remove(&map, quic_bytes_of("a", 1)));
  /* the empty key is a key */
  assert_int_equal(quic_map_put(&map, quic_bytes_of(NULL, 0), &value), 0);
  assert_ptr_equal(quic_map_get(&map, quic_bytes_of("", 0)), &value);
  assert_null(quic_map_get(&map, quic_bytes_of("\0", 1)));
  quic_map_free(&map);
}

static void count_each(void *user, quic_bytes key, void *value) {
  unsigned *seen = user;

  assert_int_equal(key.len, 1);
  assert_int_equal(*(uint8_t *)value, key.data[0]);
  seen[key.data[0]]++;
}

static void test_each(void **state) {
  uint8_t values[40];
  unsigned seen[40] = {0};
  quic_map map;

  (void)state;
  quic_map_init(&map, quic_mem_default(), seed);
  for (uint8_t i = 0; i < 40; i++) {
    uint8_t key = i; /* copied */

    values[i] = i;
    assert_int_equal(quic_map_put(&map, quic_bytes_of(&key, 1), &values[i]), 0);
  }
  quic_map_each(&map, count_each, seen);
  for (int i = 0; i < 40; i++) {
    assert_int_equal(seen[i], 1);
  }
  quic_map_free(&map);
}

static int grow(const quic_mem *mem, void *user) {
  char value;
  quic_map map;
  int rv = 0;

  (void)user;
  quic_map_init(&map, mem, seed);
  for (uint8_t i = 0; i < 20 && rv == 0; i++) {
    rv = quic_map_put(&map, quic_bytes_of(&i, 1), &value);
    /* a failed put leaves all earlier ones */
    assert_int_equal(map.len, rv == 0 ? i + 1 : i);
    for (uint8_t j = 0; j <= i; j++) {
      bool there = j < i || rv == 0;

      assert_int_equal(quic_map_get(&map, quic_bytes_of(&j, 1)) != NULL, there);
    }
  }
  quic_map_free(&map);
  return rv;
}

static void test_nomem(void **state) {
  failmem fm;

  (void)state;
  assert_int_equal(failmem_sweep(&fm, grow, NULL), 22);
  assert_string_equal(fm.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_siphash), cmocka_unit_test(test_model),
      cmocka_unit_test(test_empty),   cmocka_unit_test(test_each),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
