#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/rng.h"
#include "crypto/backend.h"
#include "pcap/handshake.h"
#include "tests/support/capgen_tls.h"
#include "tests/support/failmem.h"
#include "wire/tlspeek.h"

#define FLIGHT 4096

typedef struct fixture {
  failmem fm;
  uint64_t total;
  qd_conn *conn;
  quic_keylog *log;
  qd_packet p;
  quic_rng rng;
  uint8_t octets[FLIGHT];
  quic_writer wr;
} fixture;

static fixture fx;

static int set_up(void **state) {
  memset(&fx, 0, sizeof(fx));
  failmem_init(&fx.fm);
  quic_rng_init(&fx.rng, 1);
  fx.conn = qd_conn_new(&fx.fm.mem, quic_crypto_null(), &fx.total);
  fx.conn->version = QUIC_VERSION_1;
  fx.p.header.version_info = quic_version_find(QUIC_VERSION_1);
  quic_writer_init(&fx.wr, fx.octets, sizeof(fx.octets));
  *state = &fx;
  return quic_keylog_new(&fx.log, quic_mem_default());
}

static int tear_down(void **state) {
  (void)state;
  qd_conn_del(fx.conn);
  quic_keylog_del(fx.log);
  assert_int_equal(fx.total, 0);
  assert_true(failmem_balanced(&fx.fm));
  return 0;
}

static const uint16_t suites[] = {0x1303, 0x1301, 0};

/* A hello whose random is all |random|. */
static capgen_hello_spec hello_of(uint8_t random) {
  static uint8_t octets[QUIC_KEYLOG_RANDOM_LEN];
  capgen_hello_spec spec = {.suites = suites,
                            .sni = "a.example",
                            .alpn = "h3,hq-interop",
                            .tparam_extension = 0x39};

  memset(octets, random, sizeof(octets));
  spec.random = quic_bytes_of(octets, sizeof(octets));
  return spec;
}

/* log_random puts a secret for the random that is all |n| into the log. */
static quic_keylog_entry *log_random(uint8_t n) {
  uint8_t random[QUIC_KEYLOG_RANDOM_LEN], line[256];
  quic_secret secret = {.len = 32};
  quic_writer wr;

  memset(random, n, sizeof(random));
  quic_writer_init(&wr, line, sizeof(line));
  assert_int_equal(
      quic_keylog_line(&wr, QUIC_KEYLOG_CLIENT_APP, random, &secret), 0);
  assert_int_equal(
      quic_keylog_feed(fx.log, 0, quic_bytes_of(line, quic_writer_len(&wr))),
      0);
  return quic_keylog_find(fx.log, random);
}

/* crypto gives octets [from, to) of the flight that was written. */
static int crypto(qd_side side, qd_level level, size_t from, size_t to) {
  fx.p.sender = side;
  fx.p.nmessages = 0;
  fx.p.notes = 0;
  return qd_handshake_crypto(fx.conn, &fx.p, level, from,
                             quic_bytes_of(fx.octets + from, to - from),
                             fx.log);
}

static size_t flight(void) {
  assert_false(fx.wr.failed);
  return quic_writer_len(&fx.wr);
}

static void client_hello(void **state) {
  capgen_hello_spec spec = hello_of(1);
  quic_keylog_entry *entry = log_random(1);
  static const uint8_t tparams[] = {0x01, 0x01, 0x05, 0x3e, 0x01,
                                    0x03, 0x6a, 0xb2, 0x00};
  const qd_facts *facts = &fx.conn->facts;

  (void)state;
  spec.tparams = quic_bytes_of(tparams, sizeof(tparams));
  spec.early = true;
  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, flight()), 0);
  assert_int_equal(fx.p.nmessages, 1);
  assert_int_equal(fx.p.messages[0].type, QUIC_TLS_CLIENT_HELLO);
  assert_int_equal(fx.p.messages[0].offset, 0);
  assert_int_equal(fx.p.messages[0].len, flight());
  assert_int_equal(qd_conn_message(fx.conn, QD_CLIENT, &fx.p.messages[0]).len,
                   flight());
  assert_true(facts->has_random && facts->hello_complete);
  assert_memory_equal(facts->random, entry->random, sizeof(entry->random));
  assert_true(entry->seen);
  assert_ptr_equal(fx.conn->ring.entries[0], entry);
  assert_string_equal(facts->sni, "a.example");
  assert_true(quic_bytes_eq(qd_conn_alpn(fx.conn), quic_bytes_of("h3", 2)));
  assert_true(facts->early_data && facts->psk);
  assert_true(fx.conn->sides[QD_CLIENT].has_tparams);
  assert_int_equal(fx.conn->sides[QD_CLIENT].tparams_len, sizeof(tparams));
  assert_true(fx.conn->sides[QD_CLIENT].grease_bit);
}

/* In pieces, in any order: the random is known as soon as its octets are. */
static void shuffled_pieces(void **state) {
  capgen_hello_spec spec = hello_of(1);
  quic_keylog_entry *entry = log_random(1);
  size_t len, at;

  (void)state;
  spec.pad = 1200;
  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  len = flight();
  for (at = 10; at < len; at += 100) {
    size_t to = at + 100 < len ? at + 100 : len;

    assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, at, to), 0);
    assert_int_equal(fx.p.nmessages, 0);
    assert_false(fx.conn->facts.has_random);
  }
  /* An octet is still missing, then comes twice. */
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, 9), 0);
  assert_false(fx.conn->facts.has_random);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 5, 10), 0);
  assert_int_equal(fx.p.nmessages, 1);
  assert_true(entry->seen);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, len), 0);
  assert_int_equal(fx.p.nmessages, 0);
  assert_int_equal(fx.p.notes, 0);
}

static void random_before_the_rest(void **state) {
  capgen_hello_spec spec = hello_of(1);
  quic_keylog_entry *entry = log_random(1);

  (void)state;
  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, 37), 0);
  assert_false(fx.conn->facts.has_random);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 37, 38), 0);
  assert_true(fx.conn->facts.has_random);
  assert_true(entry->seen);
  assert_false(fx.conn->facts.hello_complete);
}

static void server_hello(void **state) {
  capgen_hello_spec spec = hello_of(9);
  uint64_t facts = fx.conn->ring.facts;

  (void)state;
  capgen_tls_server_hello(&fx.wr, &fx.rng, &spec);
  assert_int_equal(crypto(QD_SERVER, QD_LEVEL_INITIAL, 0, flight()), 0);
  assert_int_equal(fx.p.messages[0].type, QUIC_TLS_SERVER_HELLO);
  assert_int_equal(fx.conn->facts.suite, 0x1303);
  assert_int_equal(fx.conn->ring.suite->id, 0x1303);
  assert_true(fx.conn->ring.facts > facts);
  assert_false(fx.conn->facts.has_random);
}

/* Hellos of the wrong side tell nothing. */
static void wrong_side(void **state) {
  capgen_hello_spec spec = hello_of(1);

  (void)state;
  capgen_tls_server_hello(&fx.wr, &fx.rng, &spec);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, flight()), 0);
  assert_int_equal(fx.conn->facts.suite, 0);
  quic_writer_init(&fx.wr, fx.octets, sizeof(fx.octets));
  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  assert_int_equal(crypto(QD_SERVER, QD_LEVEL_INITIAL, 0, flight()), 0);
  assert_false(fx.conn->facts.has_random);
}

static void server_flight(void **state) {
  static const uint8_t tparams[] = {0x02, 0x10, 1,  2,  3,  4,  5,  6,  7,
                                    8,    9,    10, 11, 12, 13, 14, 15, 16};
  capgen_hello_spec spec = hello_of(9);

  (void)state;
  spec.tparams = quic_bytes_of(tparams, sizeof(tparams));
  spec.alpn = "hq-interop";
  capgen_tls_encrypted_extensions(&fx.wr, &spec);
  capgen_tls_certificate(&fx.wr);
  capgen_tls_certificate_verify(&fx.wr, &fx.rng);
  capgen_tls_finished(&fx.wr, &fx.rng, 32);
  assert_int_equal(crypto(QD_SERVER, QD_LEVEL_HANDSHAKE, 0, flight()), 0);
  assert_int_equal(fx.p.nmessages, 4);
  assert_int_equal(fx.p.messages[0].type, QUIC_TLS_ENCRYPTED_EXTENSIONS);
  assert_int_equal(fx.p.messages[3].type, QUIC_TLS_FINISHED);
  for (int i = 1; i < 4; i++) {
    assert_int_equal(fx.p.messages[i].offset,
                     fx.p.messages[i - 1].offset + fx.p.messages[i - 1].len);
  }
  assert_true(
      quic_bytes_eq(qd_conn_alpn(fx.conn), quic_bytes_of("hq-interop", 10)));
  assert_int_equal(fx.conn->sides[QD_SERVER].ntokens, 1);
  assert_memory_equal(fx.conn->sides[QD_SERVER].tokens[0], tparams + 2, 16);
}

/* A client sends no reset token; what it calls one is not believed. */
static void clients_token(void **state) {
  static const uint8_t tparams[18] = {0x02, 0x10, 1};
  capgen_hello_spec spec = hello_of(1);

  (void)state;
  spec.tparams = quic_bytes_of(tparams, sizeof(tparams));
  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, flight()), 0);
  assert_true(fx.conn->sides[QD_CLIENT].has_tparams);
  assert_int_equal(fx.conn->sides[QD_CLIENT].ntokens, 0);
  assert_int_equal(fx.conn->sides[QD_SERVER].ntokens, 0);
}

/* After a Retry the hello must be the same; when it is not, both randoms may
   be meant. */
static void new_hello_after_retry(void **state) {
  capgen_hello_spec spec = hello_of(1);
  quic_keylog_entry *first = log_random(1), *second = log_random(2);

  (void)state;
  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, flight()), 0);
  fx.conn->retried = true;
  qd_conn_restart_hello(fx.conn);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, flight()), 0);
  assert_int_equal(fx.p.notes, 0);
  assert_int_equal(fx.p.messages[0].epoch, 1);
  qd_conn_restart_hello(fx.conn);
  spec = hello_of(2);
  quic_writer_init(&fx.wr, fx.octets, sizeof(fx.octets));
  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, flight()), 0);
  assert_int_equal(fx.p.notes, QD_NOTE_NEW_HELLO);
  assert_true(fx.conn->facts.hello_changed);
  assert_true(first->seen && second->seen);
  assert_int_equal(fx.conn->ring.nentries, 2);
}

/* Octets that contradict earlier ones are noted, once. */
static void conflict(void **state) {
  capgen_hello_spec spec = hello_of(1);

  (void)state;
  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, 50), 0);
  fx.octets[20] ^= 1;
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, flight()), 0);
  assert_int_equal(fx.p.notes, QD_NOTE_CONFLICT);
  /* A hello that differs is a new one, and stands. */
  assert_int_equal(fx.conn->facts.random[14], 0);
  fx.octets[20] ^= 1;
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, flight()), 0);
  assert_int_equal(fx.p.notes, QD_NOTE_CONFLICT);
  assert_int_equal(fx.conn->facts.random[14], 1);
}

/* Beyond the limit of a stream octets are let go, without a word. */
static void far_away(void **state) {
  (void)state;
  fx.p.sender = QD_CLIENT;
  assert_int_equal(qd_handshake_crypto(fx.conn, &fx.p, QD_LEVEL_INITIAL,
                                       QD_CRYPTO_MAX - 5,
                                       quic_bytes_of(fx.octets, 10), fx.log),
                   0);
  assert_int_equal(qd_handshake_crypto(fx.conn, &fx.p, QD_LEVEL_INITIAL,
                                       (UINT64_C(1) << 62) - 1,
                                       quic_bytes_of(fx.octets, 1), fx.log),
                   0);
  assert_int_equal(fx.p.nmessages, 0);
  assert_int_equal(fx.total, 0);
}

/* More messages than a packet keeps: the rest is parsed all the same. */
static void many_messages(void **state) {
  (void)state;
  for (int i = 0; i < QD_MESSAGES_MAX + 2; i++) {
    capgen_tls_ticket(&fx.wr, &fx.rng);
  }
  assert_int_equal(crypto(QD_SERVER, QD_LEVEL_APP, 0, flight()), 0);
  assert_int_equal(fx.p.nmessages, QD_MESSAGES_MAX);
  assert_int_equal(qd_conn_crypto(fx.conn, QD_SERVER, QD_LEVEL_APP)->parsed,
                   flight());
}

/* Cut and flipped hellos: nothing but facts that may be wrong. */
static void damaged(void **state) {
  capgen_hello_spec spec = hello_of(1);
  size_t len;

  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  len = flight();
  for (size_t at = 1; at < len; at++) {
    uint8_t keep[FLIGHT];

    memcpy(keep, fx.octets, len);
    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    memcpy(fx.octets, keep, len);
    fx.octets[at] ^= 0xff;
    assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, len), 0);
    assert_true(strlen(fx.conn->facts.sni) < QD_SNI_MAX);
    fx.octets[at] ^= 0xff;
  }
}

/* A name longer than there is room for is cut. */
static void long_name(void **state) {
  capgen_hello_spec spec = hello_of(1);
  char name[QD_SNI_MAX + 100];

  (void)state;
  memset(name, 'x', sizeof(name));
  spec.sni_raw = quic_bytes_of(name, sizeof(name));
  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, flight()), 0);
  assert_int_equal(strlen(fx.conn->facts.sni), QD_SNI_MAX - 1);
}

static void out_of_memory(void **state) {
  capgen_hello_spec spec = hello_of(1);
  size_t n = 1, refused, len;

  capgen_tls_client_hello(&fx.wr, &fx.rng, &spec);
  len = flight();
  do {
    uint8_t keep[FLIGHT];
    int rv;

    memcpy(keep, fx.octets, len);
    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    memcpy(fx.octets, keep, len);
    failmem_fail_nth(&fx.fm, n++);
    rv = crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, len);
    refused = fx.fm.refused;
    assert_true(rv == 0 || (rv == QUIC_ERR_NOMEM && refused));
    failmem_fail_nth(&fx.fm, 0);
    assert_int_equal(crypto(QD_CLIENT, QD_LEVEL_INITIAL, 0, len), 0);
    assert_true(fx.conn->facts.has_random);
  } while (refused);
  assert_true(n > 3);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(client_hello),
      TEST(shuffled_pieces),
      TEST(random_before_the_rest),
      TEST(server_hello),
      TEST(wrong_side),
      TEST(server_flight),
      TEST(clients_token),
      TEST(new_hello_after_retry),
      TEST(conflict),
      TEST(far_away),
      TEST(many_messages),
      TEST(damaged),
      TEST(long_name),
      TEST(out_of_memory),
  };

  return cmocka_run_group_tests_name("handshake", tests, NULL, NULL);
}
