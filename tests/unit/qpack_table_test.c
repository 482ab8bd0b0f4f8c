/* Static and dynamic table: RFC 9204 §3 and appendix A. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "qpack/static.h"
#include "qpack/table.h"
#include "tests/support/failmem.h"

static quic_bytes text(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

/* Rows of appendix A, and what is found for them. */
static void test_static(void **state) {
  static const struct {
    uint64_t index;
    const char *name, *value;
  } rows[] = {{0, ":authority", ""},
              {1, ":path", "/"},
              {17, ":method", "GET"},
              {25, ":status", "200"},
              {29, "accept", "*/*"},
              {31, "accept-encoding", "gzip, deflate, br"},
              {41, "cache-control", "public, max-age=31536000"},
              {58, "strict-transport-security",
               "max-age=31536000; includesubdomains; preload"},
              {62, "x-xss-protection", "1; mode=block"},
              {63, ":status", "100"},
              {73, "access-control-allow-credentials", "FALSE"},
              {85, "content-security-policy",
               "script-src 'none'; object-src 'none'; base-uri 'none'"},
              {98, "x-frame-options", "sameorigin"}};

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    const qpack_static_entry *e = qpack_static_get(rows[i].index);

    assert_non_null(e);
    assert_true(quic_bytes_eq(e->name, text(rows[i].name)));
    assert_true(quic_bytes_eq(e->value, text(rows[i].value)));
  }
  assert_null(qpack_static_get(QPACK_STATIC_LEN));
  assert_null(qpack_static_get(UINT64_MAX));
}

static void test_static_find(void **state) {
  uint64_t index = 1000;

  (void)state;
  for (uint64_t i = 0; i < QPACK_STATIC_LEN; i++) {
    const qpack_static_entry *e = qpack_static_get(i);

    assert_int_equal(qpack_static_find(e->name, e->value, &index),
                     QPACK_STATIC_BOTH);
    assert_int_equal(index, i);
    assert_int_equal(qpack_static_find(e->name, text("no such value"), &index),
                     QPACK_STATIC_NAME);
    assert_true(index <= i);
    assert_true(quic_bytes_eq(qpack_static_get(index)->name, e->name));
  }
  index = 1000;
  assert_int_equal(qpack_static_find(text("x-none"), text(""), &index),
                   QPACK_STATIC_NONE);
  assert_int_equal(qpack_static_find(text(""), text(""), &index),
                   QPACK_STATIC_NONE);
  assert_int_equal(index, 1000);
}

static int insert(qpack_table *t, const char *name, const char *value) {
  const qpack_entry *e;

  return qpack_table_insert(t, NULL, text(name), text(value), &e);
}

/* has tells whether entry |index| is there and has that name. */
static bool has(const qpack_table *t, uint64_t index, const char *name) {
  const qpack_entry *e = qpack_table_get(t, index);

  return e && quic_bytes_eq(e->name, text(name));
}

static void test_eviction(void **state) {
  qpack_table t;

  (void)state;
  qpack_table_init(&t, quic_mem_default());
  assert_int_equal(insert(&t, "", ""), QUIC_ERR_LIMIT);
  qpack_table_set_capacity(&t, 100);
  assert_int_equal(insert(&t, "a", "1"), 0); /* 34 */
  assert_int_equal(insert(&t, "b", "2"), 0);
  assert_int_equal(t.size, 68);
  assert_int_equal(insert(&t, "", ""), 0); /* 32: just fits */
  assert_int_equal(t.size, 100);
  assert_int_equal(t.dropped, 0);
  assert_int_equal(insert(&t, "c", "3"), 0);
  assert_int_equal(t.dropped, 1);
  assert_null(qpack_table_get(&t, 0));
  assert_true(has(&t, 1, "b"));
  assert_null(qpack_table_get(&t, 4));
  /* 34 octets of content do not fit in 65, and nothing changes */
  qpack_table_set_capacity(&t, 65);
  assert_int_equal(t.dropped, 3);
  assert_int_equal(insert(&t, "0123456789abcdef0123456789abcdef01", ""),
                   QUIC_ERR_LIMIT);
  assert_int_equal(t.dropped, 3);
  assert_int_equal(t.inserted, 4);
  /* one octet too much is too much */
  qpack_table_set_capacity(&t, 100);
  assert_int_equal(insert(&t, "d", "4"), 0);
  assert_int_equal(t.size, 68);
  assert_int_equal(insert(&t, "e", ""), 0);
  assert_int_equal(t.size, 67);
  qpack_table_set_capacity(&t, 0);
  assert_int_equal(t.size, 0);
  assert_int_equal(t.dropped, 6);
  assert_int_equal(t.peak, 100);
  qpack_table_free(&t);
}

/* §3.2.2: the name may be that of the entry that goes. */
static void test_own_name(void **state) {
  const qpack_entry *e;
  qpack_table t;

  (void)state;
  qpack_table_init(&t, quic_mem_default());
  qpack_table_set_capacity(&t, 40);
  assert_int_equal(insert(&t, "name", "1"), 0);
  for (int i = 0; i < 50; i++) {
    const qpack_entry *old = qpack_table_at(&t, t.dropped);

    assert_int_equal(qpack_table_insert(&t, NULL, old->name, old->value, &e),
                     0);
    assert_true(quic_bytes_eq(e->name, text("name")));
    assert_true(quic_bytes_eq(e->value, text("1")));
    assert_int_equal(t.inserted - t.dropped, 1);
  }
  qpack_table_free(&t);
}

/* An octet on the wire can make an entry as large as the table: what it has in
   common with another is not copied, and stays as long as one of them. */
static void test_sharing(void **state) {
  const qpack_entry *e, *next;
  qpack_table t;

  (void)state;
  qpack_table_init(&t, quic_mem_default());
  qpack_table_set_capacity(&t, 100);
  assert_int_equal(qpack_table_insert(&t, NULL, text("name"), text("v"), &e),
                   0);
  for (int i = 0; i < 50; i++) {
    const uint8_t *name = e->name.data, *value = e->value.data;

    assert_int_equal(qpack_table_insert(&t, e, e->name, e->value, &next), 0);
    assert_ptr_equal(next->name.data, name);
    assert_ptr_equal(next->value.data, value);
    assert_true(quic_bytes_eq(next->name, text("name")));
    e = next;
  }
  assert_int_equal(t.size, 74);
  assert_int_equal(qpack_table_insert(&t, e, e->name, text("w"), &next), 0);
  assert_ptr_equal(next->name.data, e->name.data);
  assert_true(quic_bytes_eq(next->value, text("w")));
  assert_int_equal(qpack_table_insert(&t, next, next->name, text(""), &e), 0);
  assert_int_equal(e->value.len, 0);
  qpack_table_free(&t);
}

static int run_table(const quic_mem *mem, void *user) {
  qpack_table t;
  int rv = 0;

  (void)user;
  qpack_table_init(&t, mem);
  qpack_table_set_capacity(&t, 4000);
  for (int i = 0; i < 100 && rv == 0; i++) {
    const qpack_entry *e;

    rv = insert(&t, "n", "value");
    e = qpack_table_get(&t, t.inserted - 1);
    if (rv == 0) {
      rv = qpack_table_insert(&t, e, e->name, text("another"), &e);
    }
  }
  qpack_table_free(&t);
  return rv;
}

static void test_memory(void **state) {
  failmem fm;

  (void)state;
  assert_true(failmem_sweep(&fm, run_table, NULL) > 100);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_static),   cmocka_unit_test(test_static_find),
      cmocka_unit_test(test_eviction), cmocka_unit_test(test_own_name),
      cmocka_unit_test(test_sharing),  cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests_name("qpack_table", tests, NULL, NULL);
}
