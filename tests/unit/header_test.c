/* Packet headers: RFC 8999, RFC 9000 §17, RFC 9001 appendix A, RFC 9369
   appendix A, and drafts. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tests/support/octets.h"
#include "wire/header.h"
#include "wire/varint.h"

/* |hex| is the header; |payload| octets of 0 follow it. */
static const struct vector {
  const char *hex;
  size_t payload;
  size_t short_cid_len;
  quic_packet_type type;
  uint8_t pn_len; /* octets of |hex| that are the packet number */
  uint64_t pn;
  size_t dcid, scid, token, odcid, tag, versions;
} vectors[] = {
    /* RFC 9001 A.2: client Initial */
    {"c300000001088394c8f03e5157080000449e00000002", 1178, 0,
     QUIC_PACKET_INITIAL, 4, 2, 8, 0, 0, 0, 0, 0},
    /* RFC 9001 A.3: server Initial */
    {"c1000000010008f067a5502a4262b50040750001", 115, 0, QUIC_PACKET_INITIAL, 2,
     1, 0, 8, 0, 0, 0, 0},
    /* RFC 9001 A.4: Retry */
    {"ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba",
     0, 0, QUIC_PACKET_RETRY, 0, 0, 0, 8, 5, 0, 16, 0},
    /* RFC 9001 A.5: short header */
    {"4200bff4", 17, 0, QUIC_PACKET_1RTT, 3, 0xbff4, 0, 0, 0, 0, 0, 0},
    /* RFC 9369 A.2, A.3, A.4 */
    {"d36b3343cf088394c8f03e5157080000449e00000002", 1178, 0,
     QUIC_PACKET_INITIAL, 4, 2, 8, 0, 0, 0, 0, 0},
    {"d16b3343cf0008f067a5502a4262b50040750001", 115, 0, QUIC_PACKET_INITIAL, 2,
     1, 0, 8, 0, 0, 0, 0},
    {"cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6",
     0, 0, QUIC_PACKET_RETRY, 0, 0, 0, 8, 5, 0, 16, 0},
    /* 0-RTT and Handshake of v1, v2 */
    {"d00000000101aa02bbcc0507", 4, 0, QUIC_PACKET_0RTT, 1, 7, 1, 2, 0, 0, 0,
     0},
    {"e00000000101aa02bbcc8000000507", 4, 0, QUIC_PACKET_HANDSHAKE, 1, 7, 1, 2,
     0, 0, 0, 0},
    {"e06b3343cf01aa02bbcc0507", 4, 0, QUIC_PACKET_0RTT, 1, 7, 1, 2, 0, 0, 0,
     0},
    {"f06b3343cf01aa02bbcc0507", 4, 0, QUIC_PACKET_HANDSHAKE, 1, 7, 1, 2, 0, 0,
     0, 0},
    /* token length in 2 octets, Length in 8, fixed bit 0 (RFC 9287) */
    {"80000000010000400401020304c00000000000000209", 1, 0, QUIC_PACKET_INITIAL,
     1, 9, 0, 0, 4, 0, 0, 0},
    {"4200010203040506070809", 20, 8, QUIC_PACKET_1RTT, 0, 0, 8, 0, 0, 0, 0, 0},
    /* Version Negotiation, the second with an odd octet at its end */
    {"800000000001aa01bb0000000100000002ff00001d", 0, 0,
     QUIC_PACKET_VERSION_NEGOTIATION, 0, 0, 1, 1, 0, 0, 0, 12},
    {"ca000000000000000000015a", 0, 0, QUIC_PACKET_VERSION_NEGOTIATION, 0, 0, 0,
     0, 0, 0, 0, 5},
    /* a version nobody knows, with a CID of 21 octets */
    {"c31234567815000102030405060708090a0b0c0d0e0f1011121314", 0, 0,
     QUIC_PACKET_UNKNOWN, 0, 0, 0, 0, 0, 0, 0, 0},
    {"c31a2a3a4a15000102030405060708090a0b0c0d0e0f101112131401cc", 40, 0,
     QUIC_PACKET_UNKNOWN, 0, 0, 21, 1, 0, 0, 0, 0},
    /* Q046, whose CID lengths are packed */
    {"c35130343650000102030405060708", 30, 0, QUIC_PACKET_UNKNOWN, 0, 0, 8, 0,
     0, 0, 0, 0},
    /* draft-21: packed lengths; Retry with the ODCID's in the first octet */
    {"c0ff0000151501020304aabbccddeeff0011000207", 1, 0, QUIC_PACKET_INITIAL, 1,
     7, 4, 8, 0, 0, 0, 0},
    {"f5ff0000155001020304050607080a0b0c0d0e0f1011746f6b", 0, 0,
     QUIC_PACKET_RETRY, 0, 0, 8, 0, 3, 8, 0, 0},
    {"f0ff00001550010203040506070874", 0, 0, QUIC_PACKET_RETRY, 0, 0, 8, 0, 1,
     0, 0, 0},
    /* draft-24: Retry with ODCID; draft-25: with a tag */
    {"f0ff0000180101000302030474", 0, 0, QUIC_PACKET_RETRY, 0, 0, 1, 0, 1, 3, 0,
     0},
    {"f0ff0000190101007400000000000000000000000000000000", 0, 0,
     QUIC_PACKET_RETRY, 0, 0, 1, 0, 1, 0, 16, 0},
};

#define VECTORS (sizeof(vectors) / sizeof(vectors[0]))

/* vector_packet writes the packet of |v| and returns it; |*head| is what
   encoding must give back. */
static quic_bytes vector_packet(const struct vector *v, uint8_t *buf,
                                size_t cap, size_t *head) {
  quic_bytes b = octets_hex(v->hex, buf, cap);

  *head = b.len;
  memset(buf + b.len, 0, v->payload);
  return quic_bytes_of(buf, b.len + v->payload);
}

static void test_vectors(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    const struct vector *v = &vectors[i];
    uint8_t buf[1500], out[1500];
    size_t head;
    quic_bytes pkt = vector_packet(v, buf, sizeof(buf), &head);
    quic_header h;
    quic_writer wr;

    if (v->type == QUIC_PACKET_UNKNOWN && v->dcid == 0) {
      /* ends inside the source CID's length */
      assert_int_equal(quic_header_decode(&h, pkt.data, pkt.len, pkt.len, 0),
                       QUIC_ERR_SHORT);
      assert_int_equal(h.dcid.len, 21);
      continue;
    }
    assert_int_equal(
        quic_header_decode(&h, pkt.data, pkt.len, pkt.len, v->short_cid_len),
        0);
    assert_int_equal(h.type, v->type);
    assert_int_equal(h.is_long, v->type != QUIC_PACKET_1RTT);
    assert_int_equal(h.dcid.len, v->dcid);
    assert_int_equal(h.scid.len, v->scid);
    assert_int_equal(h.token.len, v->token);
    assert_int_equal(h.odcid.len, v->odcid);
    assert_int_equal(h.retry_tag.len, v->tag);
    assert_int_equal(h.versions.len, v->versions);
    assert_int_equal(h.packet_len, pkt.len);
    assert_int_equal(h.missing, 0);
    assert_int_equal(h.pn_offset + v->pn_len,
                     v->type == QUIC_PACKET_UNKNOWN || v->short_cid_len
                         ? h.pn_offset
                         : head);
    if (h.type == QUIC_PACKET_1RTT && v->short_cid_len) {
      assert_int_equal(h.pn_offset, 9);
      head = 9 + (h.first & 3) + 1;
    }
    if (quic_packet_type_encrypted(h.type)) {
      h.pn_len = (h.first & 0x03) + 1;
      h.pn = 0;
      for (size_t k = 0; k < h.pn_len; k++) {
        h.pn = h.pn << 8 | pkt.data[h.pn_offset + k];
      }
      if (v->pn_len) {
        assert_int_equal(h.pn_len, v->pn_len);
        assert_int_equal(h.pn, v->pn);
      }
    }
    if (h.type == QUIC_PACKET_UNKNOWN) {
      head = h.pn_offset;
    }
    quic_writer_init(&wr, out, sizeof(out));
    assert_int_equal(quic_header_encode(&h, &wr), 0);
    assert_int_equal(quic_writer_len(&wr), head);
    assert_memory_equal(out, pkt.data, head);
    for (size_t cap = 0; cap < head; cap++) {
      quic_writer_init(&wr, out, cap);
      assert_int_equal(quic_header_encode(&h, &wr), QUIC_ERR_NOSPACE);
    }
  }
}

/* A capture that keeps |len| octets: inside the header SHORT, behind it the
   packet with what is missing. */
static void test_snaplen(void **state) {
  (void)state;
  for (size_t i = 0; i < VECTORS; i++) {
    const struct vector *v = &vectors[i];
    uint8_t buf[1500];
    size_t head;
    quic_bytes pkt = vector_packet(v, buf, sizeof(buf), &head);
    quic_header whole;
    int rv = quic_header_decode(&whole, pkt.data, pkt.len, pkt.len,
                                v->short_cid_len);

    if (rv != 0) {
      continue;
    }
    for (size_t len = 0; len < pkt.len; len++) {
      uint8_t *cut = octets_exact(pkt.data, len);
      quic_header h;

      rv = quic_header_decode(&h, cut, len, pkt.len, v->short_cid_len);
      if (whole.type == QUIC_PACKET_RETRY ||
          whole.type == QUIC_PACKET_VERSION_NEGOTIATION) {
        size_t fixed = pkt.len - whole.retry_tag.len - whole.token.len -
                       whole.versions.len;

        assert_int_equal(rv, len < fixed ? QUIC_ERR_SHORT : 0);
      } else {
        assert_int_equal(rv, len < whole.pn_offset ? QUIC_ERR_SHORT : 0);
      }
      assert_int_equal(h.packet_len, len);
      assert_int_equal(h.missing, pkt.len - len);
      assert_int_equal(h.retry_tag.len, 0);
      if (rv == 0) {
        assert_true(h.token.len <= whole.token.len);
        assert_true(h.pn_offset <= len);
      }
      free(cut);
    }
  }
}

/* Two packets in a datagram that was cut. */
static void test_coalesced(void **state) {
  uint8_t buf[64];
  quic_bytes pkt =
      octets_hex("e0000000010100000401020304 e000000001010000 0801020304", buf,
                 sizeof(buf));
  quic_header h;

  (void)state;
  assert_int_equal(quic_header_decode(&h, pkt.data, pkt.len, pkt.len + 4, 0),
                   0);
  assert_int_equal(h.packet_len, 13);
  assert_int_equal(h.missing, 0);
  assert_int_equal(
      quic_header_decode(&h, pkt.data + 13, pkt.len - 13, pkt.len - 13 + 4, 0),
      0);
  assert_int_equal(h.packet_len, 13);
  assert_int_equal(h.missing, 4);
  assert_int_equal(
      quic_header_decode(&h, pkt.data + 13, pkt.len - 13, pkt.len - 13 + 3, 0),
      QUIC_ERR_MALFORMED);
  assert_int_equal(h.length, 8);
}

static void test_malformed(void **state) {
  static const struct {
    const char *hex;
    int rv;
  } rows[] = {
      /* CID of 21 octets in v1, v2, draft-24's Retry */
      {"c00000000115000102030405060708090a0b0c0d0e0f1011121314000000",
       QUIC_ERR_MALFORMED},
      {"c06b3343cf0015000102030405060708090a0b0c0d0e0f10111213140000",
       QUIC_ERR_MALFORMED},
      {"f0ff000018000015", QUIC_ERR_MALFORMED},
      {"c000000001000000", QUIC_ERR_SHORT},
      {"c00000000100000001", QUIC_ERR_MALFORMED},
      {"c000000001000000ffffffffffffffff", QUIC_ERR_MALFORMED},
      {"c0000000010000ffffffffffffffff00", QUIC_ERR_SHORT},
      {"f0000000010000000102030405060708090a0b0c0d0e", QUIC_ERR_SHORT},
      {"80", QUIC_ERR_SHORT},
      {"", QUIC_ERR_SHORT},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    uint8_t buf[64];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    uint8_t *exact = octets_exact(in.data, in.len);
    quic_header h;

    assert_int_equal(quic_header_decode(&h, exact, in.len, in.len, 0),
                     rows[i].rv);
    free(exact);
  }
}

static void test_random_bytes(void **state) {
  static const uint32_t numbers[] = {0,          1,          0x6b3343cf,
                                     0xff000015, 0xff000018, 0xff00001d,
                                     0x51303436, 0x1a2a3a4a};
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 3);
  for (int i = 0; i < 50000; i++) {
    size_t len = quic_rng_below(&rng, 80);
    uint8_t fill[80], out[400];
    uint8_t *data;
    quic_header h;
    quic_writer wr;
    size_t wire = len + quic_rng_below(&rng, 3) * 20;

    quic_rng_fill(&rng, fill, sizeof(fill));
    for (int k = 0; k < 4; k++) {
      fill[1 + k] =
          (uint8_t)(numbers[i % 8] >> (24 - 8 * k)); /* a likely version */
    }
    for (size_t k = 5; k < sizeof(fill); k++) {
      fill[k] &= i & 8 ? 0xff : 0x0f; /* and likely lengths */
    }
    data = octets_exact(fill, len);
    if (quic_header_decode(&h, data, len, wire, i % 21) == 0) {
      assert_true(h.packet_len <= len);
      assert_true(h.packet_len + h.missing <= wire);
      assert_true(h.missing == 0 || h.packet_len == len);
      assert_true(h.pn_offset <= h.packet_len);
      h.pn_len = quic_packet_type_encrypted(h.type) ? (h.first & 3) + 1 : 0;
      quic_writer_init(&wr, out, sizeof(out));
      assert_int_equal(quic_header_encode(&h, &wr), 0);
      if (h.missing == 0 || h.type != QUIC_PACKET_RETRY) {
        assert_int_equal(quic_writer_len(&wr), h.pn_offset + h.pn_len);
        assert_memory_equal(out, data, h.pn_offset);
      }
    }
    free(data);
  }
}

static void test_invalid(void **state) {
  static const uint8_t cid[300];
  uint8_t out[1000];
  quic_header h = {.first = 0xc0,
                   .is_long = true,
                   .type = QUIC_PACKET_HANDSHAKE,
                   .version = QUIC_VERSION_1,
                   .length = 20,
                   .pn_len = 1};
  quic_header bad;
  quic_writer wr;

  (void)state;
  quic_writer_init(&wr, out, sizeof(out));
  assert_int_equal(quic_header_encode(&h, &wr), 0);
  bad = h;
  bad.pn_len = 0;
  assert_int_equal(quic_header_encode(&bad, &wr), QUIC_ERR_INVALID);
  bad.pn_len = 5;
  assert_int_equal(quic_header_encode(&bad, &wr), QUIC_ERR_INVALID);
  bad = h;
  bad.dcid = quic_bytes_of(cid, 256);
  assert_int_equal(quic_header_encode(&bad, &wr), QUIC_ERR_INVALID);
  bad = h;
  bad.length = QUIC_VARINT_MAX + 1;
  assert_int_equal(quic_header_encode(&bad, &wr), QUIC_ERR_INVALID);
  bad = h;
  bad.is_long = false;
  assert_int_equal(quic_header_encode(&bad, &wr), QUIC_ERR_INVALID);
  bad = h;
  bad.version = 0xff000015; /* 3 octets cannot be packed */
  bad.dcid = quic_bytes_of(cid, 3);
  assert_int_equal(quic_header_encode(&bad, &wr), QUIC_ERR_INVALID);
}

static void test_first(void **state) {
  static const char *const names[] = {
      "initial", "0rtt", "handshake", "retry",
      "1rtt",    "vn",   "unknown",   "unknown", /* of what is no type */
  };
  const quic_version *v1 = quic_version_find(QUIC_VERSION_1);
  const quic_version *v2 = quic_version_find(QUIC_VERSION_2);

  (void)state;
  assert_int_equal(quic_header_first(QUIC_PACKET_INITIAL, v1), 0xc0);
  assert_int_equal(quic_header_first(QUIC_PACKET_RETRY, v1), 0xf0);
  assert_int_equal(quic_header_first(QUIC_PACKET_INITIAL, v2), 0xd0);
  assert_int_equal(quic_header_first(QUIC_PACKET_0RTT, v2), 0xe0);
  assert_int_equal(quic_header_first(QUIC_PACKET_RETRY, v2), 0xc0);
  assert_int_equal(quic_header_first(QUIC_PACKET_1RTT, NULL), 0x40);
  assert_int_equal(quic_header_first(QUIC_PACKET_VERSION_NEGOTIATION, NULL),
                   0xc0);
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    assert_string_equal(quic_packet_type_name((quic_packet_type)i), names[i]);
  }
  assert_true(quic_packet_type_encrypted(QUIC_PACKET_1RTT));
  assert_false(quic_packet_type_encrypted(QUIC_PACKET_RETRY));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_vectors),      cmocka_unit_test(test_snaplen),
      cmocka_unit_test(test_coalesced),    cmocka_unit_test(test_malformed),
      cmocka_unit_test(test_random_bytes), cmocka_unit_test(test_invalid),
      cmocka_unit_test(test_first),
  };

  return cmocka_run_group_tests_name("header", tests, NULL, NULL);
}
