#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "crypto/backend.h"
#include "pcap/conntab.h"
#include "tests/support/failmem.h"

static failmem fm;
static qd_conntab tab;

static int set_up(void **state) {
  static const uint64_t seed[2] = {1, 2};

  failmem_init(&fm);
  qd_conntab_init(&tab, &fm.mem, quic_crypto_null(), seed);
  *state = &tab;
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  qd_conntab_free(&tab);
  assert_int_equal(tab.crypto_total, 0);
  assert_true(failmem_balanced(&fm));
  return 0;
}

static quic_addr addr(uint8_t host, uint16_t port) {
  quic_addr a = {.ip = {10, 0, 0, host}, .port = port, .family = 4};

  return a;
}

/* Connection |n|: client 10.0.0.1, port 1000 + n, to server 10.0.0.9:443. */
static qd_conn *add(uint16_t n) {
  quic_addr client = addr(1, (uint16_t)(1000 + n)), server = addr(9, 443);
  qd_conn *conn = qd_conntab_new(&tab, &client, &server, n);

  assert_non_null(conn);
  return conn;
}

static qd_conn *in_flow(uint16_t client_port, size_t i) {
  quic_addr client = addr(1, client_port), server = addr(9, 443);
  qd_flow *there = qd_conntab_flow(&tab, &client, &server);
  qd_flow *back = qd_conntab_flow(&tab, &server, &client);

  assert_ptr_equal(there, back);
  return there && i < there->nconns ? there->conns[i] : NULL;
}

static quic_bytes cid_of(uint8_t n) {
  static uint8_t octets[8];

  octets[0] = n;
  return quic_bytes_of(octets, sizeof(octets));
}

static void by_cid(void **state) {
  qd_cid_owner owners[QD_CID_OWNERS_MAX];
  qd_conn *conn = add(0);

  (void)state;
  assert_int_equal(qd_conntab_cid(&tab, cid_of(1), owners, 4), 0);
  qd_conntab_add_cid(&tab, conn, QD_SERVER, cid_of(1), 0);
  qd_conntab_add_cid(&tab, conn, QD_SERVER, cid_of(1), 0);
  qd_conntab_add_cid(&tab, conn, QD_CLIENT, quic_bytes_of(NULL, 0), 0);
  assert_int_equal(qd_conntab_cid(&tab, cid_of(1), owners, 4), 1);
  assert_ptr_equal(owners[0].conn, conn);
  assert_int_equal(owners[0].side, QD_SERVER);
  assert_int_equal(conn->sides[QD_CLIENT].cid_len, 0);
  assert_int_equal(conn->sides[QD_SERVER].cid_len, 8);
  assert_int_equal(tab.cid_lens[8], 1);
  /* A prefix is another one; an empty one is nobody's. */
  assert_int_equal(
      qd_conntab_cid(&tab, quic_bytes_of(cid_of(1).data, 7), owners, 4), 0);
  assert_int_equal(qd_conntab_cid(&tab, quic_bytes_of(NULL, 0), owners, 4), 0);
  qd_conntab_forget_cids(&tab, conn);
  assert_int_equal(qd_conntab_cid(&tab, cid_of(1), owners, 4), 0);
  assert_int_equal(tab.cid_lens[8], 0);
}

/* Connections may choose the same CID: the newest are known. */
static void shared_cid(void **state) {
  qd_cid_owner owners[QD_CID_OWNERS_MAX + 1];
  qd_conn *conns[QD_CID_OWNERS_MAX + 2];
  size_t n = QD_CID_OWNERS_MAX + 2;

  (void)state;
  for (size_t i = 0; i < n; i++) {
    conns[i] = add((uint16_t)i);
    qd_conntab_add_cid(&tab, conns[i], (qd_side)(i % 2), cid_of(1), 0);
  }
  assert_int_equal(qd_conntab_cid(&tab, cid_of(1), owners, n),
                   QD_CID_OWNERS_MAX);
  for (size_t i = 0; i < QD_CID_OWNERS_MAX; i++) {
    assert_ptr_equal(owners[i].conn, conns[n - 1 - i]);
    assert_int_equal(owners[i].side, (n - 1 - i) % 2);
  }
  assert_int_equal(qd_conntab_cid(&tab, cid_of(1), owners, 2), 2);
  /* Who lost the CID to others can forget it all the same. */
  for (size_t i = 0; i < n; i++) {
    qd_conntab_forget_cids(&tab, conns[i]);
  }
  assert_int_equal(qd_conntab_cid(&tab, cid_of(1), owners, n), 0);
  assert_int_equal(tab.cid_lens[8], 0);
}

/* Beyond its limit a connection forgets its oldest CID but the first, and the
   table with it. */
static void many_cids(void **state) {
  qd_cid_owner owners[1];
  qd_conn *conn = add(0);

  (void)state;
  for (unsigned i = 0; i < QD_CIDS_MAX + 3; i++) {
    qd_conntab_add_cid(&tab, conn, QD_CLIENT, cid_of((uint8_t)i), 0);
  }
  for (unsigned i = 0; i < QD_CIDS_MAX + 3; i++) {
    assert_int_equal(qd_conntab_cid(&tab, cid_of((uint8_t)i), owners, 1),
                     i == 0 || i >= 4);
  }
  assert_int_equal(tab.cid_lens[8], QD_CIDS_MAX);
}

static void by_flow(void **state) {
  qd_conn *conn = add(0), *other = add(1);
  quic_addr a = addr(1, 5000), b = addr(9, 443);

  (void)state;
  assert_ptr_equal(in_flow(1000, 0), conn);
  assert_ptr_equal(in_flow(1001, 0), other);
  assert_null(in_flow(5000, 0));
  assert_int_equal(qd_conntab_bind(&tab, conn, &a, &b), 0);
  assert_int_equal(qd_conntab_bind(&tab, other, &b, &a), 0);
  assert_ptr_equal(in_flow(5000, 0), other);
  assert_ptr_equal(in_flow(5000, 1), conn);
  /* Bound again it is the newest, and there once. */
  assert_int_equal(qd_conntab_bind(&tab, conn, &a, &b), 0);
  assert_ptr_equal(in_flow(5000, 0), conn);
  assert_ptr_equal(in_flow(5000, 1), other);
  assert_null(in_flow(5000, 2));
  assert_ptr_equal(in_flow(1000, 0), conn);
}

/* The same addresses are used again and again. */
static void crowded_flow(void **state) {
  qd_conn *conns[QD_FLOW_CONNS_MAX + 3];
  size_t n = QD_FLOW_CONNS_MAX + 3;

  (void)state;
  for (size_t i = 0; i < n; i++) {
    conns[i] = add(0);
  }
  for (size_t i = 0; i < QD_FLOW_CONNS_MAX; i++) {
    assert_ptr_equal(in_flow(1000, i), conns[n - 1 - i]);
  }
  assert_null(in_flow(1000, QD_FLOW_CONNS_MAX));
  assert_int_equal(conns[0]->nflows, 0);
  assert_int_equal(conns[n - 1]->nflows, 1);
}

/* A connection that moves without end. */
static void many_flows(void **state) {
  qd_conn *conn = add(0);

  (void)state;
  for (uint16_t i = 1; i < QD_CONN_FLOWS_MAX + 4; i++) {
    quic_addr a = addr(1, (uint16_t)(1000 + i)), b = addr(9, 443);

    assert_int_equal(qd_conntab_bind(&tab, conn, &a, &b), 0);
  }
  assert_int_equal(conn->nflows, QD_CONN_FLOWS_MAX);
  assert_int_equal(tab.flows.len, QD_CONN_FLOWS_MAX);
  for (uint16_t i = 0; i < QD_CONN_FLOWS_MAX + 4; i++) {
    assert_ptr_equal(in_flow((uint16_t)(1000 + i), 0), i < 4 ? NULL : conn);
  }
}

static void by_token(void **state) {
  uint8_t octets[QUIC_RESET_TOKEN_LEN] = {1};
  quic_bytes token = quic_bytes_of(octets, sizeof(octets));
  qd_conn *conn = add(0), *other = add(1);

  (void)state;
  assert_null(qd_conntab_token(&tab, token));
  assert_true(qd_conn_add_token(conn, QD_SERVER, token));
  assert_false(qd_conn_add_token(conn, QD_SERVER, token));
  assert_null(qd_conntab_token(&tab, token));
  qd_conntab_add_tokens(&tab, conn);
  assert_ptr_equal(qd_conntab_token(&tab, token), conn);
  assert_true(qd_conn_add_token(other, QD_CLIENT, token));
  qd_conntab_add_tokens(&tab, other);
  assert_ptr_equal(qd_conntab_token(&tab, token), other);
}

static void by_server(void **state) {
  quic_addr server = addr(9, 443), elsewhere = addr(8, 443);
  qd_conn *found[QD_SERVER_CONNS_MAX + 2];
  qd_conn *conns[QD_SERVER_CONNS_MAX + 2];
  size_t n = QD_SERVER_CONNS_MAX + 2;

  (void)state;
  assert_int_equal(qd_conntab_server(&tab, &server, found, n), 0);
  for (size_t i = 0; i < n; i++) {
    conns[i] = add((uint16_t)i);
  }
  assert_int_equal(qd_conntab_server(&tab, &server, found, n),
                   QD_SERVER_CONNS_MAX);
  for (size_t i = 0; i < QD_SERVER_CONNS_MAX; i++) {
    assert_ptr_equal(found[i], conns[n - 1 - i]);
  }
  assert_int_equal(qd_conntab_server(&tab, &server, found, 1), 1);
  assert_ptr_equal(found[0], conns[n - 1]);
  /* Whose server turns out to be at another address. */
  conns[n - 1]->sides[QD_SERVER].addr = elsewhere;
  qd_conntab_set_server(&tab, conns[n - 1]);
  assert_int_equal(qd_conntab_server(&tab, &elsewhere, found, n), 1);
  assert_ptr_equal(found[0], conns[n - 1]);
  assert_int_equal(qd_conntab_server(&tab, &server, found, n),
                   QD_SERVER_CONNS_MAX - 1);
  assert_ptr_equal(found[0], conns[n - 2]);
}

/* At the limit the one that was silent longest goes, with all that finds it.
   The count alone makes the table believe that it is full. */
static void eviction(void **state) {
  uint8_t octets[QUIC_RESET_TOKEN_LEN] = {1};
  quic_bytes token = quic_bytes_of(octets, sizeof(octets));
  qd_conn *first = add(0), *second = add(1), *third;
  qd_cid_owner owners[2];
  qd_conn *found[4];
  quic_addr server = addr(9, 443);

  (void)state;
  qd_conntab_add_cid(&tab, first, QD_CLIENT, cid_of(1), 0);
  qd_conntab_add_cid(&tab, second, QD_SERVER, cid_of(1), 0);
  qd_conntab_add_cid(&tab, second, QD_SERVER, cid_of(2), 0);
  assert_true(qd_conn_add_token(second, QD_SERVER, token));
  qd_conntab_add_tokens(&tab, second);
  qd_conntab_warm(&tab, second);
  qd_conntab_touch(&tab, first, 10);
  qd_conn_ref(second);

  tab.len = QD_CONNS_MAX;
  third = add(2);
  assert_int_equal(tab.len, QD_CONNS_MAX);
  assert_int_equal(tab.evicted, 1);
  assert_int_equal(third->number, 2);
  assert_int_equal(qd_conntab_cid(&tab, cid_of(1), owners, 2), 1);
  assert_ptr_equal(owners[0].conn, first);
  assert_int_equal(qd_conntab_cid(&tab, cid_of(2), owners, 2), 0);
  assert_null(qd_conntab_token(&tab, token));
  assert_null(in_flow(1001, 0));
  assert_int_equal(qd_conntab_server(&tab, &server, found, 4), 2);
  assert_ptr_equal(found[0], third);
  assert_ptr_equal(found[1], first);
  assert_int_equal(tab.nwarm, 0);
  /* Still readable for who holds it. */
  assert_int_equal(second->refs, 1);
  assert_int_equal(second->number, 1);
  qd_conn_unref(second);
  tab.len = 2;
}

/* A token that two connections share stays findable. */
static void eviction_shared_token(void **state) {
  uint8_t octets[QUIC_RESET_TOKEN_LEN] = {1};
  quic_bytes token = quic_bytes_of(octets, sizeof(octets));
  qd_conn *first = add(0), *second = add(1);

  (void)state;
  assert_true(qd_conn_add_token(first, QD_SERVER, token));
  assert_true(qd_conn_add_token(second, QD_SERVER, token));
  qd_conntab_add_tokens(&tab, first);
  qd_conntab_add_tokens(&tab, second);
  tab.len = QD_CONNS_MAX;
  (void)add(2);
  assert_ptr_equal(qd_conntab_token(&tab, token), second);
  tab.len = 2;
}

/* Beyond the limit the one whose keys rested longest loses its handles. */
static void warmth(void **state) {
  qd_conn *first = add(0), *second = add(1);
  qd_crypto *cr = qd_conn_crypto(second, QD_CLIENT, QD_LEVEL_INITIAL);

  (void)state;
  assert_non_null(cr);
  assert_int_equal(quic_reasm_add(&cr->data, 0, cid_of(1)), 0);
  tab.crypto_total += cr->data.cap;
  qd_conntab_warm(&tab, first);
  qd_conntab_warm(&tab, second);
  qd_conntab_warm(&tab, first);
  assert_int_equal(tab.nwarm, 2);
  for (uint16_t i = 2; tab.nwarm < QD_WARM_MAX; i++) {
    qd_conntab_warm(&tab, add(i));
  }
  qd_conntab_warm(&tab, first);
  assert_true(second->is_warm);
  qd_conntab_warm(&tab, add(5000));
  assert_int_equal(tab.nwarm, QD_WARM_MAX);
  assert_false(second->is_warm);
  assert_false(cr->dropped); /* octets have a limit of their own */
  assert_true(first->is_warm);
}

/* Client and server have one address, and so do all ports. */
static void one_address(void **state) {
  quic_addr a = addr(1, 443);
  qd_conn *conn = qd_conntab_new(&tab, &a, &a, 0);
  qd_conn *found[2];
  qd_flow *flow = qd_conntab_flow(&tab, &a, &a);

  (void)state;
  assert_non_null(flow);
  assert_ptr_equal(flow->conns[0], conn);
  assert_int_equal(qd_conntab_server(&tab, &a, found, 2), 1);
}

/* Families and ports are part of the address. */
static void addresses_differ(void **state) {
  quic_addr client = addr(1, 1000), server = addr(9, 443), other;

  (void)state;
  assert_non_null(qd_conntab_new(&tab, &client, &server, 0));
  other = server;
  other.family = 6;
  assert_null(qd_conntab_flow(&tab, &client, &other));
  other = server;
  other.port = 444;
  assert_null(qd_conntab_flow(&tab, &client, &other));
  other = server;
  other.port = 443 + 256;
  assert_null(qd_conntab_flow(&tab, &client, &other));
  assert_non_null(qd_conntab_flow(&tab, &client, &server));
}

/* The N-th request for memory fails: no connection, or one that is found by
   less, and nothing leaks. */
static void out_of_memory(void **state) {
  size_t n = 1, refused;

  (void)state;
  do {
    uint8_t octets[QUIC_RESET_TOKEN_LEN] = {1};
    quic_addr client = addr(1, 1000), server = addr(9, 443);
    quic_addr moved = addr(2, 1000);
    qd_cid_owner owners[2];
    qd_conn *conn;

    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    failmem_fail_nth(&fm, n++);
    conn = qd_conntab_new(&tab, &client, &server, 0);
    if (conn) {
      qd_conntab_add_cid(&tab, conn, QD_CLIENT, cid_of(1), 0);
      qd_conntab_add_cid(&tab, conn, QD_CLIENT, cid_of(2), 0);
      qd_conntab_add_cid(&tab, conn, QD_CLIENT, cid_of(3), 0);
      (void)qd_conn_add_token(conn, QD_SERVER,
                              quic_bytes_of(octets, sizeof(octets)));
      qd_conntab_add_tokens(&tab, conn);
      (void)!qd_conntab_bind(&tab, conn, &client, &moved);
    } else {
      assert_int_equal(tab.len, 0);
      assert_null(qd_conntab_flow(&tab, &client, &server));
    }
    refused = fm.refused;
    failmem_fail_nth(&fm, 0);
    if (!refused) {
      assert_int_equal(qd_conntab_cid(&tab, cid_of(3), owners, 2), 1);
    }
  } while (refused);
  assert_true(n > 10);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(by_cid),           TEST(shared_cid),
      TEST(many_cids),        TEST(by_flow),
      TEST(crowded_flow),     TEST(many_flows),
      TEST(by_token),         TEST(by_server),
      TEST(eviction),         TEST(eviction_shared_token),
      TEST(warmth),           TEST(one_address),
      TEST(addresses_differ), TEST(out_of_memory),
  };

  return cmocka_run_group_tests_name("conntab", tests, NULL, NULL);
}
