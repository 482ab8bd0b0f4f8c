#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "crypto/protect.h"
#include "tests/vectors/initial.h"

#define MAX_PACKET 2048

static void keys_of(quic_keys *keys, const quic_crypto *crypto,
                    const quic_version *version, const quic_suite *suite,
                    const char *hex) {
  quic_secret secret = {.len = suite->secret_len};

  if (hex) {
    secret.len = (uint8_t)hex_bytes(hex, secret.data);
  }
  assert_int_equal(
      quic_keys_init(keys, crypto, quic_mem_default(), version, suite, &secret),
      0);
}

/* Opens a packet of the RFCs and seals what came out again. */
static void check_vector(const version_vector *vec, const packet_vector *p,
                         uint16_t suite, uint64_t pn, size_t payload_len) {
  uint8_t packet[1300], copy[1300], out[1300], want[1300] = {0};
  size_t len = hex_bytes(p->packet, packet);
  size_t header_len = strlen(p->header) / 2;
  quic_header h;
  quic_unmasked um;
  quic_bytes payload;
  quic_keys keys;
  quic_writer wr;

  keys_of(&keys, quic_crypto_gnutls(), quic_version_find(vec->version),
          quic_suite_find(suite), p->secret);
  memcpy(copy, packet, len);
  assert_int_equal(quic_header_decode(&h, packet, len, len, 0), 0);
  assert_int_equal(h.packet_len, len);
  assert_int_equal(
      quic_packet_unmask(keys.crypto, keys.hp, packet, len, &h, false, &um), 0);
  assert_int_equal(um.truncated, pn & 0xffffff);
  assert_int_equal(
      quic_packet_open(&keys, packet, len, &h, &um, 0, pn, out, &payload), 0);
  assert_memory_equal(packet, copy, len);

  assert_int_equal(hex_bytes(p->header, want), header_len);
  assert_memory_equal(out, want, header_len);
  assert_ptr_equal(payload.data, out + header_len);
  memset(want, 0, sizeof(want));
  hex_bytes(p->frames, want);
  assert_int_equal(payload.len, payload_len);
  assert_memory_equal(payload.data, want, payload_len);

  h.first = um.first;
  h.pn_len = um.pn_len;
  h.pn = pn;
  quic_writer_init(&wr, want, sizeof(want));
  assert_int_equal(quic_packet_seal(&keys, keys.hp, &h, payload, 0, false, &wr),
                   0);
  assert_int_equal(quic_writer_len(&wr), len);
  assert_memory_equal(want, packet, len);
  quic_keys_free(&keys);
}

/* RFC 9001 A.2, A.3, A.5 and RFC 9369 A.2, A.3, A.5. */
static void test_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < VERSION_VECTORS; i++) {
    const version_vector *vec = &version_vectors[i];

    check_vector(vec, &vec->client, 0x1301, 2, VECTOR_CLIENT_PAYLOAD);
    check_vector(vec, &vec->server, 0x1301, 1, strlen(vec->server.frames) / 2);
    check_vector(vec, &vec->chacha, 0x1303, VECTOR_CHACHA_PN, 1);
  }
}

static void test_nonce(void **state) {
  uint8_t iv[12], nonce[12], want[12];

  (void)state;
  for (size_t i = 0; i < VERSION_VECTORS; i++) {
    hex_bytes(version_vectors[i].chacha.iv, iv);
    hex_bytes(version_vectors[i].nonce, want);
    quic_packet_nonce(iv, 0, VECTOR_CHACHA_PN, nonce);
    assert_memory_equal(nonce, want, 12);
  }
  /* The example of the multipath draft. */
  hex_bytes("6b26114b9cba2b63a9e8dd4f", iv);
  hex_bytes("6b2611489cba2b63a9e8097e", want);
  quic_packet_nonce(iv, 3, 54321, nonce);
  assert_memory_equal(nonce, want, 12);
  memset(iv, 0, sizeof(iv));
  hex_bytes("ffffffff3fffffffffffffff", want);
  quic_packet_nonce(iv, UINT32_MAX, (UINT64_C(1) << 62) - 1, nonce);
  assert_memory_equal(nonce, want, 12);
}

/* One random packet and what it was made from. */
typedef struct sample {
  quic_header h;
  uint8_t cids[2][20];
  uint8_t token[64];
  uint8_t payload[1400];
  size_t payload_len;
  uint32_t path_id;
  bool loss_bits;
  uint8_t packet[MAX_PACKET];
  size_t len;
} sample;

static uint8_t random_width(quic_rng *rng, uint64_t value) {
  static const uint8_t widths[4] = {1, 2, 4, 8};
  size_t least = value < 64 ? 0 : value < 16384 ? 1 : 2;

  return widths[least + quic_rng_below(rng, 4 - least)];
}

static void random_header(sample *s, quic_rng *rng) {
  static const quic_packet_type types[4] = {
      QUIC_PACKET_INITIAL, QUIC_PACKET_0RTT, QUIC_PACKET_HANDSHAKE,
      QUIC_PACKET_1RTT};
  quic_header *h = &s->h;
  uint8_t low;

  memset(h, 0, sizeof(*h));
  h->type = types[quic_rng_below(rng, 4)];
  h->is_long = h->type != QUIC_PACKET_1RTT;
  h->version = quic_rng_below(rng, 2) ? QUIC_VERSION_1 : QUIC_VERSION_2;
  h->version_info = quic_version_find(h->version);
  /* All bits that are no type: fixed, reserved, spin, key phase. */
  low = (uint8_t)quic_rng_u64(rng) & (h->is_long ? 0x0f : 0x3f);
  h->first = quic_header_first(h->type, h->version_info) | low;
  h->dcid = quic_bytes_of(s->cids[0], (size_t)quic_rng_below(rng, 21));
  quic_rng_fill(rng, s->cids, sizeof(s->cids));
  if (h->is_long) {
    h->scid = quic_bytes_of(s->cids[1], (size_t)quic_rng_below(rng, 21));
  }
  if (h->type == QUIC_PACKET_INITIAL) {
    h->token = quic_bytes_of(s->token, (size_t)quic_rng_below(rng, 65));
    quic_rng_fill(rng, s->token, sizeof(s->token));
    h->token_width = random_width(rng, h->token.len);
  }
  h->pn_len = (uint8_t)(1 + quic_rng_below(rng, 4));
  h->pn = quic_rng_u64(rng) >> (2 + quic_rng_below(rng, 62));
}

static void random_sample(sample *s, quic_rng *rng) {
  random_header(s, rng);
  s->payload_len =
      4 + (size_t)quic_rng_below(
              rng, quic_rng_below(rng, 3) ? 60 : sizeof(s->payload) - 4);
  quic_rng_fill(rng, s->payload, s->payload_len);
  if (s->h.is_long) {
    s->h.length_width =
        random_width(rng, s->h.pn_len + s->payload_len + QUIC_AEAD_TAG_LEN);
  }
  s->path_id = quic_rng_below(rng, 2) ? 0 : (uint32_t)quic_rng_u64(rng);
  s->loss_bits = quic_rng_below(rng, 4) == 0;
}

static void seal_sample(sample *s, const quic_keys *keys) {
  quic_writer wr;

  quic_writer_init(&wr, s->packet, sizeof(s->packet));
  assert_int_equal(quic_packet_seal(keys, keys->hp, &s->h,
                                    quic_bytes_of(s->payload, s->payload_len),
                                    s->path_id, s->loss_bits, &wr),
                   0);
  s->len = quic_writer_len(&wr);
}

/* What opening gives, from an exactly sized copy of the first |len| octets. */
typedef struct opened {
  quic_header h;
  quic_unmasked um;
  uint8_t *packet;
  uint8_t *out;
  quic_bytes payload;
  int rv;
} opened;

static void open_sample(opened *o, const sample *s, const quic_keys *keys,
                        size_t len) {
  memset(o, 0, sizeof(*o));
  o->packet = malloc(len ? len : 1);
  o->out = malloc(len ? len : 1);
  assert_non_null(o->packet);
  assert_non_null(o->out);
  memcpy(o->packet, s->packet, len);
  o->rv = quic_header_decode(&o->h, o->packet, len, s->len, s->h.dcid.len);
  if (o->rv == 0) {
    o->rv = quic_packet_unmask(keys->crypto, keys->hp, o->packet, len, &o->h,
                               s->loss_bits, &o->um);
  }
  if (o->rv == 0 && o->h.missing) {
    o->rv = quic_packet_open_prefix(keys, o->packet, len, &o->h, &o->um,
                                    s->path_id, s->h.pn, o->out, &o->payload);
  } else if (o->rv == 0) {
    o->rv = quic_packet_open(keys, o->packet, len, &o->h, &o->um, s->path_id,
                             s->h.pn, o->out, &o->payload);
  }
}

static void close_sample(opened *o) {
  free(o->packet);
  free(o->out);
}

static void check_opened(const sample *s, const quic_keys *keys) {
  uint8_t again[MAX_PACKET];
  uint8_t first = (uint8_t)((s->h.first & ~3) | (s->h.pn_len - 1));
  quic_writer wr;
  opened o;

  open_sample(&o, s, keys, s->len);
  assert_int_equal(o.rv, 0);
  assert_memory_equal(o.packet, s->packet, s->len);
  assert_int_equal(o.um.first, first);
  assert_int_equal(o.um.pn_len, s->h.pn_len);
  assert_true(o.um.truncated ==
              (s->h.pn & ((UINT64_C(1) << 8 * s->h.pn_len) - 1)));
  assert_int_equal(o.payload.len, s->payload_len);
  assert_memory_equal(o.payload.data, s->payload, s->payload_len);
  assert_int_equal(o.out[0], first);

  o.h.first = o.um.first;
  o.h.pn_len = o.um.pn_len;
  o.h.pn = s->h.pn;
  quic_writer_init(&wr, again, sizeof(again));
  assert_int_equal(quic_packet_seal(keys, keys->hp, &o.h, o.payload, s->path_id,
                                    s->loss_bits, &wr),
                   0);
  assert_int_equal(quic_writer_len(&wr), s->len);
  assert_memory_equal(again, s->packet, s->len);
  close_sample(&o);
}

/* Any flipped bit of the packet stops it from opening, unless the header then
   cannot be read at all. */
static void check_flipped(sample *s, const quic_keys *keys, quic_rng *rng) {
  size_t at = (size_t)quic_rng_below(rng, s->len);
  uint8_t bit = (uint8_t)(1u << quic_rng_below(rng, 8));
  opened o;

  s->packet[at] ^= bit;
  open_sample(&o, s, keys, s->len);
  /* A changed Length makes the datagram longer than the packet: cut there. */
  assert_true(o.rv != 0 || o.h.packet_len != s->len ||
              o.h.version != s->h.version);
  close_sample(&o);
  s->packet[at] ^= bit;
}

/* A capture that lost the end: either too short, or a prefix of the payload
   without a single octet of the tag. */
static void check_cut(const sample *s, const quic_keys *keys, size_t len) {
  size_t start = s->len - s->payload_len - QUIC_AEAD_TAG_LEN;
  size_t want = len < start ? 0 : len - start;
  opened o;

  open_sample(&o, s, keys, len);
  if (len < start - s->h.pn_len + 20) {
    assert_int_equal(o.rv, QUIC_ERR_SHORT);
  } else {
    assert_int_equal(o.rv, 0);
    assert_int_equal(o.payload.len,
                     want < s->payload_len ? want : s->payload_len);
    assert_memory_equal(o.payload.data, s->payload, o.payload.len);
  }
  close_sample(&o);
}

static void round_trips(const quic_crypto *crypto) {
  sample *s = malloc(sizeof(*s));
  quic_rng rng;

  assert_non_null(s);
  quic_rng_init(&rng, 9);
  for (size_t k = 0; quic_suite_at(k); k++) {
    quic_keys keys;

    keys_of(&keys, crypto, quic_version_find(QUIC_VERSION_1), quic_suite_at(k),
            NULL);
    for (int i = 0; i < 500; i++) {
      random_sample(s, &rng);
      seal_sample(s, &keys);
      check_opened(s, &keys);
      check_flipped(s, &keys, &rng);
      check_cut(s, &keys, (size_t)quic_rng_below(&rng, s->len));
      for (size_t n = s->len - 30; i < 20 && n < s->len; n++) {
        check_cut(s, &keys, n);
      }
    }
    quic_keys_free(&keys);
  }
  free(s);
}

static void test_round_trips(void **state) {
  (void)state;
  round_trips(quic_crypto_gnutls());
}

static void test_round_trips_null(void **state) {
  (void)state;
  round_trips(quic_crypto_null());
}

/* Every prefix of one packet of each suite. */
static void test_every_prefix(void **state) {
  sample *s = malloc(sizeof(*s));
  quic_rng rng;

  (void)state;
  assert_non_null(s);
  quic_rng_init(&rng, 11);
  for (size_t k = 0; quic_suite_at(k); k++) {
    quic_keys keys;

    keys_of(&keys, quic_crypto_gnutls(), quic_version_find(QUIC_VERSION_2),
            quic_suite_at(k), NULL);
    for (int i = 0; i < 4; i++) {
      random_sample(s, &rng);
      seal_sample(s, &keys);
      for (size_t n = 0; n < s->len; n++) {
        check_cut(s, &keys, n);
      }
    }
    quic_keys_free(&keys);
  }
  free(s);
}

static size_t seal_plain(const quic_keys *keys, const quic_header *h,
                         size_t payload_len, uint8_t *out, size_t cap,
                         int want) {
  static const uint8_t zeros[20000];
  quic_writer wr;

  quic_writer_init(&wr, out, cap);
  assert_int_equal(quic_packet_seal(keys, keys->hp, h,
                                    quic_bytes_of(zeros, payload_len), 0, false,
                                    &wr),
                   want);
  return quic_writer_len(&wr);
}

/* The Length field: computed, its width, and a lie when told to. */
static void test_length(void **state) {
  static const struct {
    uint8_t width;
    uint64_t length;
    size_t payload;
    uint8_t want_width;
    uint64_t want_length;
  } cases[] = {
      {0, 0, 4, 2, 21},
      {1, 0, 4, 1, 21},
      {4, 0, 4, 4, 21},
      {8, 0, 1200, 8, 1217},
      {0, 0, 16366, 2, 16383},
      {0, 0, 16367, 4, 16384},
      {2, 0, 1200, 2, 1217},
      {2, 7, 1200, 2, 7},
      {0, 5, 40, 2, 5},
      {0, 70000, 40, 4, 70000},
      {0, UINT64_C(1) << 40, 40, 8, UINT64_C(1) << 40},
  };
  static uint8_t out[20100];
  const quic_version *v1 = quic_version_find(QUIC_VERSION_1);
  quic_keys keys;

  (void)state;
  keys_of(&keys, quic_crypto_null(), v1, quic_suite_find(0x1301), NULL);
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    quic_header h = {.type = QUIC_PACKET_HANDSHAKE,
                     .is_long = true,
                     .version = QUIC_VERSION_1,
                     .version_info = v1,
                     .pn_len = 1,
                     .length = cases[i].length,
                     .length_width = cases[i].width};
    uint64_t length = 0;
    size_t len;

    h.first = quic_header_first(h.type, v1);
    len = seal_plain(&keys, &h, cases[i].payload, out, sizeof(out), 0);
    assert_int_equal(len, 7 + cases[i].want_width + 1 + cases[i].payload + 16);
    for (size_t k = 0; k < cases[i].want_width; k++) {
      length = length << 8 | out[7 + k];
    }
    length &= UINT64_MAX >> (64 - (8 * cases[i].want_width - 2));
    assert_true(length == cases[i].want_length);
  }
  quic_keys_free(&keys);
}

static void test_seal_errors(void **state) {
  const quic_version *v1 = quic_version_find(QUIC_VERSION_1);
  quic_header h = {.type = QUIC_PACKET_1RTT, .first = 0x40, .pn_len = 1};
  uint8_t out[64];
  quic_keys keys;

  (void)state;
  keys_of(&keys, quic_crypto_gnutls(), v1, quic_suite_find(0x1301), NULL);
  /* RFC 9001 §5.4.2: the sample needs 4 octets of packet number + payload. */
  for (uint8_t pn_len = 1; pn_len <= 4; pn_len++) {
    h.pn_len = pn_len;
    if (pn_len < 4) {
      seal_plain(&keys, &h, 3u - pn_len, out, sizeof(out), QUIC_ERR_INVALID);
    }
    assert_int_equal(seal_plain(&keys, &h, 4u - pn_len, out, sizeof(out), 0),
                     21);
  }
  h.pn_len = 5;
  seal_plain(&keys, &h, 20, out, sizeof(out), QUIC_ERR_INVALID);
  h.pn_len = 0;
  seal_plain(&keys, &h, 20, out, sizeof(out), QUIC_ERR_INVALID);
  h.pn_len = 1;
  h.type = QUIC_PACKET_RETRY;
  seal_plain(&keys, &h, 20, out, sizeof(out), QUIC_ERR_INVALID);
  h.type = QUIC_PACKET_1RTT;
  for (size_t cap = 0; cap < 38; cap++) {
    uint8_t *exact = malloc(cap ? cap : 1);

    assert_non_null(exact);
    assert_int_equal(seal_plain(&keys, &h, 20, exact, cap, QUIC_ERR_NOSPACE),
                     0);
    free(exact);
  }
  assert_int_equal(seal_plain(&keys, &h, 20, out, 38, 0), 38);
  quic_keys_free(&keys);
}

/* The bits of a short header that stay as they are. */
static void test_loss_bits(void **state) {
  const quic_version *v1 = quic_version_find(QUIC_VERSION_1);
  quic_header h = {.type = QUIC_PACKET_1RTT, .pn_len = 1};
  uint8_t changed[2] = {0, 0}, changed_long = 0;
  quic_keys keys;

  (void)state;
  keys_of(&keys, quic_crypto_gnutls(), v1, quic_suite_find(0x1303), NULL);
  for (uint64_t pn = 0; pn < 200; pn++) {
    for (size_t loss = 0; loss < 2; loss++) {
      uint8_t out[64];
      quic_writer wr;

      h.pn = pn;
      h.is_long = false;
      h.type = QUIC_PACKET_1RTT;
      h.first = 0x78; /* spin and reserved bits set */
      quic_writer_init(&wr, out, sizeof(out));
      assert_int_equal(quic_packet_seal(&keys, keys.hp, &h,
                                        quic_bytes_of("abcdef", 6), 0,
                                        loss != 0, &wr),
                       0);
      changed[loss] |= out[0] ^ 0x78;
      h.is_long = true;
      h.type = QUIC_PACKET_HANDSHAKE;
      h.version = QUIC_VERSION_1;
      h.version_info = v1;
      h.first = 0xe0;
      quic_writer_init(&wr, out, sizeof(out));
      assert_int_equal(quic_packet_seal(&keys, keys.hp, &h,
                                        quic_bytes_of("abcdef", 6), 0,
                                        loss != 0, &wr),
                       0);
      changed_long |= out[0] ^ 0xe0;
    }
  }
  assert_int_equal(changed[0], 0x1f);
  assert_int_equal(changed[1], 0x07);
  assert_int_equal(changed_long, 0x0f);
  quic_keys_free(&keys);
}

/* Another path id, packet number or key does not open. */
static void test_wrong_key(void **state) {
  const quic_version *v1 = quic_version_find(QUIC_VERSION_1);
  sample *s = malloc(sizeof(*s));
  quic_keys keys, other;
  quic_rng rng;
  opened o;

  (void)state;
  assert_non_null(s);
  quic_rng_init(&rng, 5);
  keys_of(&keys, quic_crypto_gnutls(), v1, quic_suite_find(0x1302), NULL);
  keys_of(&other, quic_crypto_gnutls(), quic_version_find(QUIC_VERSION_2),
          quic_suite_find(0x1302), NULL);
  random_sample(s, &rng);
  seal_sample(s, &keys);
  s->path_id ^= 1;
  open_sample(&o, s, &keys, s->len);
  assert_int_equal(o.rv, QUIC_ERR_AUTH);
  close_sample(&o);
  s->path_id ^= 1;
  s->h.pn ^= UINT64_C(1) << 40;
  open_sample(&o, s, &keys, s->len);
  assert_int_equal(o.rv, QUIC_ERR_AUTH);
  close_sample(&o);
  s->h.pn ^= UINT64_C(1) << 40;
  open_sample(&o, s, &other, s->len);
  assert_int_equal(o.rv, QUIC_ERR_AUTH);
  close_sample(&o);
  quic_keys_free(&keys);
  quic_keys_free(&other);
  free(s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vectors),
      cmocka_unit_test(test_nonce),
      cmocka_unit_test(test_round_trips),
      cmocka_unit_test(test_round_trips_null),
      cmocka_unit_test(test_every_prefix),
      cmocka_unit_test(test_length),
      cmocka_unit_test(test_seal_errors),
      cmocka_unit_test(test_loss_bits),
      cmocka_unit_test(test_wrong_key),
  };

  return cmocka_run_group_tests_name("protect", tests, NULL, NULL);
}
