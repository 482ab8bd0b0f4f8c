#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "pcap/trial.h"
#include "tests/support/failmem.h"

#define BUDGET 1000

static failmem fm;
static quic_keylog *keylog;
static qd_trial trial;
static uint8_t packet[256], out[256];
static size_t packet_len;
static qd_trial_found found;

static int set_up(void **state) {
  failmem_init(&fm);
  qd_trial_init(&trial, quic_crypto_gnutls(), &fm.mem, BUDGET);
  *state = &trial;
  return quic_keylog_new(&keylog, quic_mem_default());
}

static int tear_down(void **state) {
  (void)state;
  quic_keylog_del(keylog);
  assert_true(failmem_balanced(&fm));
  return 0;
}

static quic_secret secret_of(uint8_t n, uint16_t suite) {
  quic_secret s = {.len = quic_suite_find(suite)->secret_len};

  memset(s.data, n, s.len);
  return s;
}

/* log_secret adds the line of the client random that is all |n|. */
static quic_keylog_entry *log_secret(uint8_t n, quic_keylog_label label,
                                     uint16_t suite) {
  quic_secret secret = secret_of(n, suite);
  uint8_t random[QUIC_KEYLOG_RANDOM_LEN], line[256];
  quic_writer wr;

  memset(random, n, sizeof(random));
  quic_writer_init(&wr, line, sizeof(line));
  assert_int_equal(quic_keylog_line(&wr, label, random, &secret), 0);
  assert_int_equal(
      quic_keylog_feed(keylog, 0, quic_bytes_of(line, quic_writer_len(&wr))),
      0);
  return quic_keylog_find(keylog, random);
}

typedef struct spec {
  uint32_t version;
  uint16_t suite;
  uint8_t secret;
  uint8_t cid_len;
  uint8_t generation; /* 0 or 1 */
  uint8_t pn_len;
  uint64_t pn;
} spec;

static void seal(const spec *sp) {
  static const uint8_t cid[QUIC_CID_MAX] = {0xde, 0xad, 3, 4, 5, 6, 7, 8};
  static const uint8_t payload[30] = {0x01};
  const quic_version *version = quic_version_find(sp->version);
  const quic_suite *suite = quic_suite_find(sp->suite);
  quic_secret secret = secret_of(sp->secret, sp->suite);
  quic_header h = {.type = QUIC_PACKET_1RTT, .pn = sp->pn};
  quic_keys first, later;
  quic_writer wr;

  h.pn_len = sp->pn_len;
  h.first = quic_header_first(QUIC_PACKET_1RTT, version);
  h.dcid = quic_bytes_of(cid, sp->cid_len);
  assert_int_equal(quic_keys_init(&first, quic_crypto_gnutls(),
                                  quic_mem_default(), version, suite, &secret),
                   0);
  if (sp->generation) {
    h.first |= QUIC_FIRST_KEY_PHASE;
    assert_int_equal(quic_secret_update(quic_crypto_gnutls(), version, suite,
                                        &secret, &secret),
                     0);
  }
  assert_int_equal(quic_keys_init_update(&later, quic_crypto_gnutls(),
                                         quic_mem_default(), version, suite,
                                         &secret),
                   0);
  quic_writer_init(&wr, packet, sizeof(packet));
  assert_int_equal(quic_packet_seal(&later, first.hp, &h,
                                    quic_bytes_of(payload, sizeof(payload)), 0,
                                    false, &wr),
                   0);
  packet_len = quic_writer_len(&wr);
  quic_keys_free(&first);
  quic_keys_free(&later);
}

static bool try_packet(uint64_t flow) {
  return qd_trial_packet(&trial, keylog, flow,
                         quic_bytes_of(packet, packet_len), out, &found);
}

/* Suite, direction, version, CID length, key phase, number: all are found. */
static void finds(void **state) {
  static const spec specs[] = {
      {QUIC_VERSION_1, 0x1301, 5, 0, 0, 1, 0},
      {QUIC_VERSION_1, 0x1302, 5, 8, 0, 2, 1000},
      {QUIC_VERSION_1, 0x1303, 5, 20, 0, 1, 700},
      {QUIC_VERSION_1, 0x1304, 5, 1, 0, 3, 0x10203},
      {QUIC_VERSION_2, 0x1301, 5, 4, 0, 1, 9},
      {QUIC_VERSION_2, 0x1303, 5, 18, 1, 2, 70000},
      {QUIC_VERSION_1, 0x1301, 5, 8, 1, 4, 3},
  };

  for (size_t i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
    const spec *sp = &specs[i];
    bool server = i % 2;
    quic_keylog_entry *entry;

    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    log_secret(1, QUIC_KEYLOG_CLIENT_APP, 0x1301);
    log_secret(2, QUIC_KEYLOG_SERVER_APP, 0x1302);
    log_secret(5, QUIC_KEYLOG_SERVER_HANDSHAKE, sp->suite);
    entry = log_secret(
        5, server ? QUIC_KEYLOG_SERVER_APP : QUIC_KEYLOG_CLIENT_APP, sp->suite);
    seal(sp);
    if (!try_packet(i)) {
      fail_msg("row %zu was not found", i);
    }
    assert_ptr_equal(found.entry, entry);
    assert_int_equal(found.sender, server ? QD_SERVER : QD_CLIENT);
    assert_int_equal(found.version->number, sp->version);
    assert_int_equal(found.cid_len, sp->cid_len);
    assert_true(trial.budget < BUDGET);
  }
}

/* Whose hello was seen is no candidate. */
static void claimed(void **state) {
  static const spec sp = {QUIC_VERSION_1, 0x1301, 5, 8, 0, 1, 1};
  quic_keylog_entry *entry = log_secret(5, QUIC_KEYLOG_CLIENT_APP, 0x1301);

  (void)state;
  seal(&sp);
  entry->seen = true;
  assert_false(try_packet(1));
  assert_int_equal(trial.budget, BUDGET);
  entry->seen = false;
  assert_true(try_packet(1));
}

static void too_short(void **state) {
  static const spec sp = {QUIC_VERSION_1, 0x1301, 5, 0, 0, 1, 1};

  (void)state;
  log_secret(5, QUIC_KEYLOG_CLIENT_APP, 0x1301);
  seal(&sp);
  for (size_t len = packet_len; len-- > 0;) {
    packet_len = len;
    assert_false(try_packet(len));
  }
  assert_false(try_packet(1));
}

/* A flow is given up after some packets; another one is not. */
static void tries_of_a_flow(void **state) {
  static const spec other = {QUIC_VERSION_1, 0x1301, 6, 8, 0, 1, 1};
  static const spec sp = {QUIC_VERSION_1, 0x1301, 5, 8, 0, 1, 1};
  uint32_t budget;

  (void)state;
  log_secret(5, QUIC_KEYLOG_CLIENT_APP, 0x1301);
  seal(&other);
  for (int i = 0; i < 1000; i++) {
    bool turn = i == 0 || i == 1 || i == 8 || i == 64 || i == 512;

    budget = trial.budget;
    assert_false(try_packet(1));
    assert_int_equal(trial.budget < budget, turn);
  }
  budget = trial.budget;
  seal(&sp);
  assert_false(try_packet(1));
  assert_int_equal(trial.budget, budget);
  assert_true(try_packet(2));
}

/* The budget is never overdrawn, and ends all trials. */
static void budget_ends(void **state) {
  static const spec other = {QUIC_VERSION_1, 0x1301, 99, 8, 0, 1, 1};
  static const spec sp = {QUIC_VERSION_1, 0x1301, 1, 8, 0, 1, 1};

  (void)state;
  for (uint8_t n = 1; n <= 20; n++) {
    log_secret(n, QUIC_KEYLOG_CLIENT_APP, 0x1301);
  }
  seal(&other);
  trial.budget = 100;
  trial.granted = QD_TRIAL_KEYS_MAX;
  for (uint64_t flow = 0; flow < 3; flow++) {
    assert_false(try_packet(flow));
  }
  assert_int_equal(trial.budget, 0);
  seal(&sp);
  assert_false(try_packet(7));
  trial.budget = 100;
  trial.granted = QD_TRIAL_KEYS_MAX;
  assert_true(try_packet(7));
}

/* Without memory nothing is found, and nothing leaks. */
static void out_of_memory(void **state) {
  static const spec sp = {QUIC_VERSION_1, 0x1301, 5, 8, 1, 1, 1};
  uint64_t flow = 0;
  size_t refused;

  (void)state;
  log_secret(5, QUIC_KEYLOG_CLIENT_APP, 0x1301);
  seal(&sp);
  do {
    size_t before = fm.refused;

    failmem_fail_from(&fm, (size_t)++flow);
    (void)try_packet(flow);
    refused = fm.refused - before;
    assert_true(failmem_balanced(&fm));
  } while (refused);
  assert_true(flow > 2);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(finds),           TEST(claimed),     TEST(too_short),
      TEST(tries_of_a_flow), TEST(budget_ends), TEST(out_of_memory),
  };

  return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
