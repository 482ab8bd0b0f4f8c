#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "pcap/keyring.h"
#include "tests/support/failmem.h"
#include "wire/varint.h"

#define CID_LEN 4
#define MAX_PACKET 1500

typedef struct fixture {
  failmem fm;
  quic_keylog *log;
  qd_keyring ring;
  uint8_t packet[MAX_PACKET];
  size_t len;
  quic_header h; /* of |packet| */
  uint8_t out[MAX_PACKET];
  qd_opened res;
} fixture;

static fixture fx;
static const uint8_t cid[QUIC_CID_MAX] = {0xc1, 0xd0, 0x0c, 0xae, 5, 6, 7, 8};

static const quic_version *v1(void) {
  return quic_version_find(QUIC_VERSION_1);
}

static const quic_version *v2(void) {
  return quic_version_find(QUIC_VERSION_2);
}

static int set_up(void **state) {
  memset(&fx, 0, sizeof(fx));
  failmem_init(&fx.fm);
  qd_keyring_init(&fx.ring, quic_crypto_gnutls(), &fx.fm.mem);
  *state = &fx;
  return quic_keylog_new(&fx.log, quic_mem_default());
}

static int tear_down(void **state) {
  (void)state;
  qd_keyring_free(&fx.ring);
  quic_keylog_del(fx.log);
  assert_true(failmem_balanced(&fx.fm));
  return 0;
}

/* A secret of |n|; 0x1302 needs 48 octets. */
static quic_secret secret_of(uint8_t n, uint16_t suite) {
  quic_secret s = {.len = quic_suite_find(suite)->secret_len};

  memset(s.data, n, s.len);
  return s;
}

/* log_secret adds a line of the client random that is all |random| and gives
   the entry to the ring. */
static quic_keylog_entry *log_secret(uint8_t random, quic_keylog_label label,
                                     const quic_secret *secret) {
  uint8_t bytes[QUIC_KEYLOG_RANDOM_LEN], line[256];
  quic_keylog_entry *entry;
  quic_writer wr;

  memset(bytes, random, sizeof(bytes));
  quic_writer_init(&wr, line, sizeof(line));
  assert_int_equal(quic_keylog_line(&wr, label, bytes, secret), 0);
  assert_int_equal(
      quic_keylog_feed(fx.log, 0, quic_bytes_of(line, quic_writer_len(&wr))),
      0);
  entry = quic_keylog_find(fx.log, bytes);
  assert_non_null(entry);
  qd_keyring_add_entry(&fx.ring, entry);
  return entry;
}

/* What seal makes. */
typedef struct spec {
  quic_packet_type type;
  const quic_version *version;
  uint16_t suite;
  quic_secret secret; /* of generation 0 */
  uint32_t generation;
  uint32_t path;
  uint64_t pn;
  uint8_t pn_len; /* 0 = 1 octet */
} spec;

static void seal_keys(const spec *sp, quic_keys *first, quic_keys *later) {
  const quic_suite *suite = quic_suite_find(sp->suite);
  quic_secret next = sp->secret;

  assert_int_equal(quic_keys_init(first, quic_crypto_gnutls(),
                                  quic_mem_default(), sp->version, suite,
                                  &sp->secret),
                   0);
  for (uint32_t g = 0; g < sp->generation; g++) {
    assert_int_equal(quic_secret_update(quic_crypto_gnutls(), sp->version,
                                        suite, &next, &next),
                     0);
  }
  assert_int_equal(quic_keys_init_update(later, quic_crypto_gnutls(),
                                         quic_mem_default(), sp->version, suite,
                                         &next),
                   0);
}

/* seal puts a packet with PING and PADDING into fx.packet. */
static void seal(const spec *sp) {
  uint8_t payload[40] = {0x01};
  quic_header h = {.type = sp->type,
                   .is_long = sp->type != QUIC_PACKET_1RTT,
                   .version_info = sp->version,
                   .pn = sp->pn,
                   .pn_len = sp->pn_len ? sp->pn_len : 1};
  quic_keys first, later;
  quic_writer wr;

  h.first = quic_header_first(sp->type, sp->version);
  h.version = h.is_long ? sp->version->number : 0;
  h.dcid = quic_bytes_of(cid, CID_LEN);
  if (!h.is_long && sp->generation % 2) {
    h.first |= QUIC_FIRST_KEY_PHASE;
  }
  seal_keys(sp, &first, &later);
  quic_writer_init(&wr, fx.packet, sizeof(fx.packet));
  assert_int_equal(quic_packet_seal(&later, first.hp, &h,
                                    quic_bytes_of(payload, sizeof(payload)),
                                    sp->path, false, &wr),
                   0);
  fx.len = quic_writer_len(&wr);
  quic_keys_free(&first);
  quic_keys_free(&later);
  assert_int_equal(
      quic_header_decode(&fx.h, fx.packet, fx.len, fx.len, CID_LEN), 0);
}

static int open_as(qd_side side, uint32_t path) {
  return qd_keyring_open(&fx.ring, &fx.h,
                         quic_bytes_of(fx.packet, fx.h.packet_len), side, path,
                         fx.out, &fx.res);
}

/* pass seals and opens, and notes the packet number, as the decoder does. */
static int pass(const spec *sp, qd_side side) {
  int rv;

  seal(sp);
  rv = open_as(side, sp->path);
  if (rv == 0) {
    assert_int_equal(fx.res.payload.len, 40);
    assert_int_equal(fx.res.payload.data[0], 0x01);
    assert_int_equal(fx.res.pn, sp->pn);
    assert_int_equal(fx.res.suite, sp->suite);
    assert_int_equal(fx.res.generation, sp->generation);
    assert_true(fx.res.authenticated);
    qd_keyring_note_opened(&fx.ring, qd_packet_level(sp->type), side, sp->path,
                           sp->pn);
  }
  return rv;
}

static spec app_spec(uint16_t suite) {
  spec sp = {.type = QUIC_PACKET_1RTT,
             .version = v1(),
             .suite = suite,
             .secret = secret_of(0x11, suite)};

  return sp;
}

/* A ring that knows version 1 and the client's 1-RTT secret. */
static spec app_ring(uint16_t suite) {
  spec sp = app_spec(suite);

  qd_keyring_add_version(&fx.ring, v1());
  log_secret(1, QUIC_KEYLOG_CLIENT_APP, &sp.secret);
  return sp;
}

/* Initial. */

static spec initial_spec(const quic_version *version, quic_bytes dcid,
                         qd_side side) {
  spec sp = {.type = QUIC_PACKET_INITIAL, .version = version, .suite = 0x1301};
  quic_secret secrets[QD_SIDES];

  assert_int_equal(quic_initial_secrets(quic_crypto_gnutls(), version, dcid,
                                        &secrets[QD_CLIENT],
                                        &secrets[QD_SERVER]),
                   0);
  sp.secret = secrets[side];
  return sp;
}

static void initial_pair(void **state) {
  quic_bytes dcid = quic_bytes_of(cid, 8);
  spec sp = initial_spec(v1(), dcid, QD_CLIENT);

  (void)state;
  assert_int_equal(pass(&sp, QD_CLIENT), QUIC_ERR_AGAIN);
  assert_false(qd_keyring_ready(&fx.ring, QD_LEVEL_INITIAL, QD_CLIENT));
  qd_keyring_add_initial(&fx.ring, v1(), dcid);
  qd_keyring_add_initial(&fx.ring, v1(), dcid);
  assert_int_equal(fx.ring.ninitials, 1);
  assert_true(qd_keyring_ready(&fx.ring, QD_LEVEL_INITIAL, QD_CLIENT));
  assert_int_equal(pass(&sp, QD_CLIENT), 0);
  assert_int_equal(pass(&sp, QD_SERVER), QUIC_ERR_AUTH);
  fx.packet[fx.len - 1] ^= 1;
  assert_int_equal(open_as(QD_CLIENT, 0), QUIC_ERR_AUTH);
}

/* The first pair stays, the oldest of the others goes. */
static void initial_limit(void **state) {
  uint8_t dcid[8] = {0};
  spec sp;

  (void)state;
  for (uint8_t i = 0; i < QD_INITIALS_MAX + 3; i++) {
    dcid[0] = i;
    qd_keyring_add_initial(&fx.ring, v1(), quic_bytes_of(dcid, 8));
    assert_true(fx.ring.ninitials <= QD_INITIALS_MAX);
    sp = initial_spec(v1(), quic_bytes_of(dcid, 8), QD_CLIENT);
    assert_int_equal(pass(&sp, QD_CLIENT), 0);
  }
  for (uint8_t i = 0; i < QD_INITIALS_MAX + 3; i++) {
    dcid[0] = i;
    sp = initial_spec(v1(), quic_bytes_of(dcid, 8), QD_CLIENT);
    assert_int_equal(pass(&sp, QD_CLIENT),
                     i == 0 || i >= 4 ? 0 : QUIC_ERR_AUTH);
  }
}

/* After a compatible upgrade some put the new version on packets under the old
   one's keys. */
static void initial_other_version(void **state) {
  quic_bytes dcid = quic_bytes_of(cid, 8);
  spec sp = initial_spec(v1(), dcid, QD_SERVER);
  spec odd = initial_spec(v2(), dcid, QD_SERVER);
  quic_keys keys;
  uint8_t payload[40] = {0x01};
  quic_header h = {.type = QUIC_PACKET_INITIAL, .is_long = true, .pn_len = 1};
  quic_writer wr;

  (void)state;
  qd_keyring_add_version(&fx.ring, v1());
  qd_keyring_add_initial(&fx.ring, v1(), dcid);
  assert_int_equal(pass(&sp, QD_SERVER), 0);
  assert_false(fx.res.other_version);
  assert_int_equal(pass(&odd, QD_SERVER), QUIC_ERR_AGAIN);
  qd_keyring_add_version(&fx.ring, v2());
  qd_keyring_add_initial(&fx.ring, v2(), dcid);
  assert_int_equal(pass(&odd, QD_SERVER), 0);
  assert_false(fx.res.other_version);

  assert_int_equal(quic_keys_init(&keys, quic_crypto_gnutls(),
                                  quic_mem_default(), v1(),
                                  quic_suite_find(0x1301), &sp.secret),
                   0);
  h.version = QUIC_VERSION_2;
  h.version_info = v2();
  h.first = quic_header_first(QUIC_PACKET_INITIAL, v2());
  h.dcid = quic_bytes_of(cid, CID_LEN);
  quic_writer_init(&wr, fx.packet, sizeof(fx.packet));
  assert_int_equal(quic_packet_seal(&keys, keys.hp, &h,
                                    quic_bytes_of(payload, sizeof(payload)), 0,
                                    false, &wr),
                   0);
  quic_keys_free(&keys);
  fx.len = quic_writer_len(&wr);
  assert_int_equal(quic_header_decode(&fx.h, fx.packet, fx.len, fx.len, 0), 0);
  assert_int_equal(open_as(QD_SERVER, 0), 0);
  assert_true(fx.res.other_version);
}

static void initial_try(void **state) {
  qd_opened res;
  spec sp;

  (void)state;
  /* A client's first Initial goes to the CID that makes its keys. */
  sp = initial_spec(v1(), quic_bytes_of(cid, CID_LEN), QD_CLIENT);
  seal(&sp);
  assert_int_equal(
      qd_keyring_try_initial(quic_crypto_gnutls(), &fx.fm.mem, NULL, &fx.h,
                             quic_bytes_of(fx.packet, fx.len), fx.out, &res),
      0);
  assert_int_equal(res.payload.len, 40);
  sp = initial_spec(v1(), quic_bytes_of(cid, 8), QD_CLIENT);
  seal(&sp);
  assert_int_equal(
      qd_keyring_try_initial(quic_crypto_gnutls(), &fx.fm.mem, NULL, &fx.h,
                             quic_bytes_of(fx.packet, fx.len), fx.out, &res),
      QUIC_ERR_AUTH);
  assert_true(failmem_balanced(&fx.fm));
}

/* Handshake and 0-RTT. */

static spec handshake_spec(uint16_t suite, uint8_t secret) {
  spec sp = {.type = QUIC_PACKET_HANDSHAKE,
             .version = v1(),
             .suite = suite,
             .secret = secret_of(secret, suite)};

  return sp;
}

/* Every suite is found, whatever the ServerHello seemed to say. */
static void suite_found(void **state) {
  static const uint16_t suites[] = {0x1301, 0x1302, 0x1303, 0x1304};

  for (size_t real = 0; real < 4; real++) {
    for (size_t told = 0; told < 4; told++) {
      spec sp = handshake_spec(suites[real], 7);
      quic_keylog_entry *entry;

      assert_int_equal(tear_down(state), 0);
      assert_int_equal(set_up(state), 0);
      entry = log_secret(1, QUIC_KEYLOG_CLIENT_HANDSHAKE, &sp.secret);
      qd_keyring_set_suite(&fx.ring, quic_suite_find(suites[told]));
      assert_false(qd_keyring_ready(&fx.ring, QD_LEVEL_HANDSHAKE, QD_CLIENT));
      assert_int_equal(pass(&sp, QD_CLIENT), 0);
      assert_true(qd_keyring_ready(&fx.ring, QD_LEVEL_HANDSHAKE, QD_CLIENT));
      assert_false(qd_keyring_ready(&fx.ring, QD_LEVEL_HANDSHAKE, QD_SERVER));
      assert_true(entry->used[QUIC_KEYLOG_CLIENT_HANDSHAKE]);
      assert_true(fx.ring.suite_proven);
      assert_int_equal(fx.ring.suite->id, suites[real]);
      /* What is proven is not talked away. */
      qd_keyring_set_suite(&fx.ring, quic_suite_find(suites[told]));
      assert_int_equal(fx.ring.suite->id, suites[real]);
    }
  }
}

static void no_secret(void **state) {
  spec sp = handshake_spec(0x1301, 7);

  (void)state;
  assert_int_equal(pass(&sp, QD_CLIENT), QUIC_ERR_AGAIN);
  log_secret(1, QUIC_KEYLOG_CLIENT_HANDSHAKE, &sp.secret);
  assert_true(qd_keyring_has_secret(&fx.ring, QD_LEVEL_HANDSHAKE, QD_CLIENT));
  assert_false(qd_keyring_has_secret(&fx.ring, QD_LEVEL_HANDSHAKE, QD_SERVER));
  assert_int_equal(pass(&sp, QD_SERVER), QUIC_ERR_AGAIN);
  sp.secret.data[0] ^= 1;
  assert_int_equal(pass(&sp, QD_CLIENT), QUIC_ERR_AUTH);
  assert_false(fx.ring.suite_proven);
  assert_int_equal(fx.fm.blocks, 0);
}

static void early_is_the_clients(void **state) {
  spec sp = {.type = QUIC_PACKET_0RTT,
             .version = v1(),
             .suite = 0x1303,
             .secret = secret_of(9, 0x1303)};
  spec later = handshake_spec(0x1301, 7);

  (void)state;
  log_secret(1, QUIC_KEYLOG_CLIENT_EARLY, &sp.secret);
  log_secret(1, QUIC_KEYLOG_SERVER_HANDSHAKE, &later.secret);
  assert_int_equal(pass(&sp, QD_SERVER), QUIC_ERR_AGAIN);
  assert_int_equal(pass(&sp, QD_CLIENT), 0);
  /* Its suite says nothing about the rest. */
  assert_false(fx.ring.suite_proven);
  assert_int_equal(pass(&later, QD_SERVER), 0);
  sp.pn = 1;
  assert_int_equal(pass(&sp, QD_CLIENT), 0);
}

/* A new ClientHello after Retry: either random may be meant. */
static void second_random(void **state) {
  spec first = handshake_spec(0x1301, 7), second = handshake_spec(0x1301, 8);

  (void)state;
  log_secret(1, QUIC_KEYLOG_SERVER_HANDSHAKE, &first.secret);
  assert_int_equal(pass(&first, QD_SERVER), 0);
  log_secret(2, QUIC_KEYLOG_SERVER_HANDSHAKE, &second.secret);
  second.pn = 1;
  assert_int_equal(pass(&second, QD_SERVER), 0);
  first.pn = 2;
  assert_int_equal(pass(&first, QD_SERVER), 0);
}

static void entries_limit(void **state) {
  spec sp = handshake_spec(0x1301, 0);

  (void)state;
  for (uint8_t i = 1; i <= QD_HELLOS_MAX + 2; i++) {
    sp.secret = secret_of(i, 0x1301);
    log_secret(i, QUIC_KEYLOG_SERVER_HANDSHAKE, &sp.secret);
  }
  assert_int_equal(fx.ring.nentries, QD_HELLOS_MAX);
  assert_int_equal(fx.ring.entries[0]->random[0], 3);
  assert_int_equal(pass(&sp, QD_SERVER), 0);
}

/* The same secret under another version gives other keys. */
static void upgraded_handshake(void **state) {
  spec sp = handshake_spec(0x1301, 7);

  (void)state;
  log_secret(1, QUIC_KEYLOG_SERVER_HANDSHAKE, &sp.secret);
  assert_int_equal(pass(&sp, QD_SERVER), 0);
  sp.version = v2();
  sp.pn = 1;
  assert_int_equal(pass(&sp, QD_SERVER), 0);
}

/* 1-RTT. */

static void generations(void **state) {
  static const struct {
    uint32_t generation;
    int rv;
  } steps[] = {{0, 0},
               {1, 0},
               {0, 0},
               {2, 0},
               {1, 0},
               {0, QUIC_ERR_AUTH},  /* two behind */
               {11, QUIC_ERR_AUTH}, /* nine ahead */
               {10, 0},
               {9, 0},
               {8, QUIC_ERR_AUTH},
               {18, 0}};
  spec sp = app_ring(0x1303);

  (void)state;
  for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
    sp.generation = steps[i].generation;
    sp.pn = 100 + i;
    assert_int_equal(pass(&sp, QD_CLIENT), steps[i].rv);
  }
}

/* The first packet that is seen is already under a later key. */
static void generation_at_start(void **state) {
  (void)state;
  for (uint32_t g = 0; g <= QD_GENERATIONS_AHEAD; g++) {
    spec sp;

    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    sp = app_ring(0x1302);
    sp.generation = g;
    assert_int_equal(pass(&sp, QD_CLIENT), 0);
    sp.generation = g + 1;
    sp.pn = 1;
    assert_int_equal(pass(&sp, QD_CLIENT), 0);
  }
}

/* One direction is missing for long: the other one shows how far keys are. */
static void other_side_leads(void **state) {
  spec client = app_ring(0x1301), server = app_spec(0x1301);

  (void)state;
  server.secret = secret_of(0x22, 0x1301);
  log_secret(1, QUIC_KEYLOG_SERVER_APP, &server.secret);
  assert_int_equal(pass(&client, QD_CLIENT), 0);
  assert_int_equal(pass(&server, QD_SERVER), 0);
  server.generation = 20;
  server.pn = 1;
  assert_int_equal(pass(&server, QD_SERVER), QUIC_ERR_AUTH);
  for (uint32_t g = 1; g <= 20; g++) {
    client.generation = g;
    client.pn = g;
    assert_int_equal(pass(&client, QD_CLIENT), 0);
  }
  assert_int_equal(pass(&server, QD_SERVER), 0);
  server.generation = 19;
  server.pn = 2;
  assert_int_equal(pass(&server, QD_SERVER), 0);
}

/* Packet numbers: |base| was the largest, then |pn| comes in |len| octets. */
static void number_windows(void **state) {
  static const struct {
    uint64_t base, pn;
    uint8_t len;
    int rv;
  } rows[] = {
      {1000, 1001, 1, 0},
      {1000, 873, 1, 0},
      {1000, 700, 1, 0}, /* one window late */
      {1000, 600, 1, QUIC_ERR_AUTH},
      {1000, 1384, 1, 0}, /* one window early */
      {1000, 1400, 1, 0}, /* a hole in the capture */
      {1000, 1000 + 200 * 256, 1, 0},
      {1000, 1000 + 300 * 256, 1, QUIC_ERR_AUTH},
      {70000, 5000, 2, 0},
      {70000, 160000, 2, 0},
      {70000, 70000, 1, 0}, /* once more */
      {0, 383, 1, 0},
      {UINT64_C(0x3fffffffffffffff), UINT64_C(0x3ffffffffffffffe), 1, 0},
      {UINT64_C(0x3fffffffffffffff), UINT64_C(0x3fffffffffffff00), 1, 0},
  };

  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    spec sp;

    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    sp = app_ring(0x1301);
    assert_int_equal(pass(&sp, QD_CLIENT), 0);
    qd_keyring_note_opened(&fx.ring, QD_LEVEL_APP, QD_CLIENT, 0, rows[i].base);
    sp.pn = rows[i].pn;
    sp.pn_len = rows[i].len;
    if (pass(&sp, QD_CLIENT) != rows[i].rv) {
      fail_msg("row %zu", i);
    }
  }
}

/* Without any packet before: a guess is narrow, known keys look far. */
static void numbers_without_context(void **state) {
  spec sp = app_ring(0x1301);

  (void)state;
  sp.pn = 5 * 256 + 7;
  assert_int_equal(pass(&sp, QD_CLIENT), QUIC_ERR_AUTH);
  sp.pn = 3 * 256 + 7;
  assert_int_equal(pass(&sp, QD_CLIENT), 0);
  sp.path = 1;
  sp.pn = (QD_PN_WINDOWS - 1) * 256 + 3;
  assert_int_equal(pass(&sp, QD_CLIENT), 0);
  sp.path = 2;
  sp.pn = QD_PN_WINDOWS * 256 + 3;
  assert_int_equal(pass(&sp, QD_CLIENT), QUIC_ERR_AUTH);
  /* The paths have spaces and nonces of their own. */
  sp.path = 1;
  sp.pn = QD_PN_WINDOWS * 256 - 1;
  assert_int_equal(pass(&sp, QD_CLIENT), 0);
  seal(&sp);
  assert_int_equal(open_as(QD_CLIENT, 3), QUIC_ERR_AUTH);
}

static void paths_limit(void **state) {
  spec sp = app_ring(0x1301);

  (void)state;
  for (uint32_t path = 0; path < QD_PATHS_MAX + 5; path++) {
    sp.path = path;
    sp.pn = 1000;
    sp.pn_len = 2;
    assert_int_equal(pass(&sp, QD_CLIENT), 0);
    assert_true(fx.ring.spaces[QD_CLIENT].npaths <= QD_PATHS_MAX);
  }
  /* The first ones are still known. */
  sp.path = 3;
  sp.pn = 1100;
  sp.pn_len = 1;
  assert_int_equal(pass(&sp, QD_CLIENT), 0);
}

/* Handles are dropped and made again; what was found stays. */
static void chill(void **state) {
  spec sp = app_ring(0x1301);
  spec hs = handshake_spec(0x1301, 7);
  spec in = initial_spec(v1(), quic_bytes_of(cid, 8), QD_CLIENT);

  (void)state;
  qd_keyring_add_initial(&fx.ring, v1(), quic_bytes_of(cid, 8));
  log_secret(1, QUIC_KEYLOG_CLIENT_HANDSHAKE, &hs.secret);
  for (uint32_t g = 0; g < 14; g++) {
    size_t cold;

    sp.generation = g;
    sp.pn = 10 + g;
    hs.pn = in.pn = g;
    assert_int_equal(pass(&in, QD_CLIENT), 0);
    assert_int_equal(pass(&hs, QD_CLIENT), 0);
    assert_int_equal(pass(&sp, QD_CLIENT), 0);
    qd_keyring_chill(&fx.ring);
    cold = fx.fm.blocks;
    assert_true(cold <= 2); /* the pairs and the window, without handles */
    if (g) {
      sp.generation = g - 1;
      sp.pn += 100;
      assert_int_equal(pass(&sp, QD_CLIENT), 0);
    }
  }
  sp.generation = 3;
  assert_int_equal(pass(&sp, QD_CLIENT), QUIC_ERR_AUTH);
}

/* Cut by the capture: opened without its tag when the frames make sense. */
static void truncated(void **state) {
  spec sp = app_ring(0x1301);

  (void)state;
  seal(&sp);
  qd_keyring_set_suite(&fx.ring, quic_suite_find(0x1301)); /* ServerHello */
  assert_int_equal(
      quic_header_decode(&fx.h, fx.packet, fx.len - 10, fx.len, CID_LEN), 0);
  fx.h.packet_len = fx.len - 10;
  fx.h.missing = 10;
  assert_int_equal(open_as(QD_CLIENT, 0), 0);
  assert_false(fx.res.authenticated);
  assert_int_equal(fx.res.payload.data[0], 0x01);
  assert_false(fx.ring.suite_proven);
  /* Less than a sample. */
  fx.h.packet_len = 1 + CID_LEN + 19;
  fx.h.missing = fx.len - fx.h.packet_len;
  assert_int_equal(open_as(QD_CLIENT, 0), QUIC_ERR_SHORT);
}

/* Junk ends the guessing, and a new fact starts it again. */
static void trials_end(void **state) {
  spec sp = app_ring(0x1301), other = app_spec(0x1301);
  uint64_t facts;

  (void)state;
  other.secret = secret_of(0x77, 0x1301);
  for (int i = 0; i < QD_TRIALS_MAX &&
                  (!fx.ring.app[QD_CLIENT] ||
                   fx.ring.app[QD_CLIENT]->first.trials < QD_TRIALS_MAX);
       i++) {
    other.pn = (uint64_t)i;
    assert_int_equal(pass(&other, QD_CLIENT), QUIC_ERR_AUTH);
  }
  assert_int_equal(fx.ring.app[QD_CLIENT]->first.trials, QD_TRIALS_MAX);
  assert_int_equal(pass(&sp, QD_CLIENT), QUIC_ERR_AUTH);
  facts = fx.ring.facts;
  log_secret(1, QUIC_KEYLOG_SERVER_APP, &other.secret);
  assert_true(fx.ring.facts > facts);
  assert_int_equal(pass(&sp, QD_CLIENT), 0);
}

/* The N-th request for memory fails: the packet may stay closed, and opens
   when there is memory again. */
static void out_of_memory(void **state) {
  size_t n = 1, refused;

  do {
    spec sp;

    assert_int_equal(tear_down(state), 0);
    assert_int_equal(set_up(state), 0);
    sp = app_ring(0x1303);
    sp.generation = 2;
    seal(&sp);
    failmem_fail_nth(&fx.fm, n++);
    (void)open_as(QD_CLIENT, 0);
    refused = fx.fm.refused;
    failmem_fail_nth(&fx.fm, 0);
    assert_int_equal(pass(&sp, QD_CLIENT), 0);
  } while (refused);
  assert_true(n > 5);
}

static void plausible(void **state) {
  static const struct {
    const char *payload;
    size_t len;
    quic_packet_type type;
    bool good;
  } rows[] = {
      {"\x01\x00\x00", 3, QUIC_PACKET_1RTT, true},
      {"\x06\x00\x40", 3, QUIC_PACKET_INITIAL, true}, /* cut */
      {"\x08\x00", 2, QUIC_PACKET_INITIAL, false},    /* STREAM */
      {"\x21\x00", 2, QUIC_PACKET_1RTT, false},       /* unknown */
      {"\x01\x21\x00", 3, QUIC_PACKET_1RTT, true},    /* after a good one */
      {"\x02\x00\x00\x00\x05", 5, QUIC_PACKET_1RTT, false}, /* below 0 */
      {"", 0, QUIC_PACKET_1RTT, true},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    assert_int_equal(
        qd_keyring_plausible(quic_bytes_of(rows[i].payload, rows[i].len),
                             rows[i].type),
        rows[i].good);
  }
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(initial_pair),
      TEST(initial_limit),
      TEST(initial_other_version),
      TEST(initial_try),
      TEST(suite_found),
      TEST(no_secret),
      TEST(early_is_the_clients),
      TEST(second_random),
      TEST(entries_limit),
      TEST(upgraded_handshake),
      TEST(generations),
      TEST(generation_at_start),
      TEST(other_side_leads),
      TEST(number_windows),
      TEST(numbers_without_context),
      TEST(paths_limit),
      TEST(chill),
      TEST(truncated),
      TEST(trials_end),
      TEST(out_of_memory),
      TEST(plausible),
  };

  return cmocka_run_group_tests_name("keyring", tests, NULL, NULL);
}
