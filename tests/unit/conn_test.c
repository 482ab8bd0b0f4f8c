#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/backend.h"
#include "pcap/conn.h"
#include "tests/support/failmem.h"

static failmem fm;
static uint64_t total;
static qd_conn *conn;

static int set_up(void **state) {
  failmem_init(&fm);
  total = 0;
  conn = qd_conn_new(&fm.mem, quic_crypto_null(), &total);
  *state = conn;
  return conn ? 0 : -1;
}

static int tear_down(void **state) {
  (void)state;
  qd_conn_del(conn);
  assert_int_equal(total, 0);
  assert_true(failmem_balanced(&fm));
  return 0;
}

static bool add_cid(qd_side side, const void *data, size_t len, uint32_t path,
                    qd_cid *dropped) {
  return qd_conn_add_cid(conn, side, quic_bytes_of(data, len), path, dropped);
}

static void cids(void **state) {
  static const uint8_t octets[21] = {1, 2, 3, 4, 5, 6, 7, 8};
  qd_cid dropped;
  const qd_cid *found;

  (void)state;
  assert_int_equal(conn->sides[QD_CLIENT].cid_len, -1);
  assert_false(add_cid(QD_CLIENT, NULL, 0, 0, &dropped));
  assert_int_equal(conn->sides[QD_CLIENT].cid_len, 0);
  assert_int_equal(conn->sides[QD_CLIENT].ncids, 0);
  assert_true(add_cid(QD_SERVER, octets, 20, 3, &dropped));
  assert_false(add_cid(QD_SERVER, octets, 20, 5, &dropped));
  assert_false(add_cid(QD_SERVER, octets, 21, 0, &dropped));
  assert_int_equal(conn->sides[QD_SERVER].cid_len, 20);
  assert_true(add_cid(QD_SERVER, octets, 4, 0, &dropped));
  assert_int_equal(conn->sides[QD_SERVER].cid_len, 4);
  found = qd_conn_cid(conn, QD_SERVER, quic_bytes_of(octets, 20));
  assert_non_null(found);
  assert_int_equal(found->path_id, 3);
  assert_null(qd_conn_cid(conn, QD_CLIENT, quic_bytes_of(octets, 20)));
  assert_null(qd_conn_cid(conn, QD_SERVER, quic_bytes_of(octets, 5)));
}

static void cids_limit(void **state) {
  qd_cid dropped;

  (void)state;
  for (uint8_t i = 0; i < QD_CIDS_MAX + 5; i++) {
    assert_true(add_cid(QD_CLIENT, &i, 1, i, &dropped));
    assert_int_equal(dropped.len, i >= QD_CIDS_MAX);
    if (dropped.len) {
      assert_int_equal(dropped.data[0], i - QD_CIDS_MAX + 1);
    }
    assert_true(conn->sides[QD_CLIENT].ncids <= QD_CIDS_MAX);
  }
  for (uint8_t i = 0; i < QD_CIDS_MAX + 5; i++) {
    const qd_cid *found = qd_conn_cid(conn, QD_CLIENT, quic_bytes_of(&i, 1));

    assert_int_equal(found != NULL, i == 0 || i > 5);
    assert_true(!found || found->path_id == i);
  }
}

static void tokens_limit(void **state) {
  uint8_t octets[QUIC_RESET_TOKEN_LEN] = {0};
  quic_bytes token = quic_bytes_of(octets, sizeof(octets));

  (void)state;
  assert_false(qd_conn_add_token(conn, QD_SERVER, quic_bytes_of(octets, 15)));
  for (unsigned i = 0; i < QD_TOKENS_MAX; i++) {
    octets[0] = (uint8_t)i;
    assert_true(qd_conn_add_token(conn, QD_SERVER, token));
    assert_false(qd_conn_add_token(conn, QD_SERVER, token));
  }
  octets[0] = QD_TOKENS_MAX;
  assert_false(qd_conn_add_token(conn, QD_SERVER, token));
  assert_true(qd_conn_add_token(conn, QD_CLIENT, token));
}

/* put appends |text| to the client's Initial CRYPTO stream. */
static qd_crypto *put(const char *text) {
  qd_crypto *cr = qd_conn_crypto(conn, QD_CLIENT, QD_LEVEL_INITIAL);
  size_t cap = cr->data.cap;

  assert_int_equal(
      quic_reasm_add(&cr->data, cr->parsed, quic_bytes_of(text, strlen(text))),
      0);
  cr->parsed += (uint32_t)strlen(text);
  total += cr->data.cap - cap;
  return cr;
}

static void messages(void **state) {
  qd_message msg = {.level = QD_LEVEL_INITIAL, .offset = 2, .len = 3};
  quic_bytes got;
  qd_crypto *cr;

  (void)state;
  assert_int_equal(qd_conn_message(conn, QD_CLIENT, &msg).len, 0);
  cr = put("abcdef");
  assert_ptr_equal(cr, qd_conn_crypto(conn, QD_CLIENT, QD_LEVEL_INITIAL));
  got = qd_conn_message(conn, QD_CLIENT, &msg);
  assert_true(quic_bytes_eq(got, quic_bytes_of("cde", 3)));
  assert_int_equal(qd_conn_message(conn, QD_SERVER, &msg).len, 0);
  msg.len = 5; /* beyond what is there */
  assert_int_equal(qd_conn_message(conn, QD_CLIENT, &msg).len, 0);
  msg.offset = UINT32_MAX;
  assert_int_equal(qd_conn_message(conn, QD_CLIENT, &msg).len, 0);
}

/* A Retry makes the client say hello again, from offset 0. */
static void restart(void **state) {
  qd_message msg = {.level = QD_LEVEL_INITIAL, .len = 3};
  qd_crypto *cr;

  (void)state;
  qd_conn_restart_hello(conn); /* nothing there yet */
  cr = put("abc");
  qd_conn_restart_hello(conn);
  assert_int_equal(total, 0);
  assert_int_equal(cr->parsed, 0);
  put("xyz");
  assert_int_equal(qd_conn_message(conn, QD_CLIENT, &msg).len, 0);
  msg.epoch = 1;
  assert_true(quic_bytes_eq(qd_conn_message(conn, QD_CLIENT, &msg),
                            quic_bytes_of("xyz", 3)));
}

static void drop(void **state) {
  qd_message msg = {.level = QD_LEVEL_INITIAL, .len = 3};
  qd_crypto *cr = put("abc");

  (void)state;
  assert_true(total > 0);
  qd_conn_drop_crypto(conn);
  qd_conn_drop_crypto(conn);
  assert_int_equal(total, 0);
  assert_true(cr->dropped);
  assert_int_equal(qd_conn_message(conn, QD_CLIENT, &msg).len, 0);
  qd_conn_restart_hello(conn);
  assert_false(cr->dropped);
}

static void alpn(void **state) {
  (void)state;
  assert_int_equal(qd_conn_alpn(conn).len, 0);
  memcpy(conn->facts.alpn, "\5h3-29\2h3", 9);
  conn->facts.alpn_len = 9;
  assert_true(quic_bytes_eq(qd_conn_alpn(conn), quic_bytes_of("h3-29", 5)));
  conn->facts.alpn_len = 3; /* less than the first name */
  assert_int_equal(qd_conn_alpn(conn).len, 0);
  conn->facts.alpn_len = 9;
  memcpy(conn->facts.alpn_chosen, "h3", 2);
  conn->facts.alpn_chosen_len = 2;
  assert_true(quic_bytes_eq(qd_conn_alpn(conn), quic_bytes_of("h3", 2)));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(cids),    TEST(cids_limit), TEST(tokens_limit), TEST(messages),
      TEST(restart), TEST(drop),       TEST(alpn),
  };

  return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
