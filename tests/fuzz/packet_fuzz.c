/* Packet headers and packet protection with the null back end.  Three octets
   choose suite, short CID length and how much of the packet was not captured;
   the rest is the packet. */

#include "base/reader.h"
#include "crypto/protect.h"
#include "crypto/retry.h"
#include "tests/fuzz/fuzz.h"
#include "wire/pktnum.h"

#define PACKET_SUITES 4
/* octets that a sealed packet has above its payload */
#define PACKET_EXTRA 64

static quic_keys packet_keys[PACKET_SUITES];

static void packet_init(void) {
  for (size_t i = 0; i < PACKET_SUITES; i++) {
    const quic_suite *suite = quic_suite_at(i);
    quic_secret secret = {.len = suite->secret_len};

    memset(secret.data, (int)i + 1, secret.len);
    if (quic_keys_init(&packet_keys[i], quic_crypto_null(), quic_mem_default(),
                       quic_version_find(QUIC_VERSION_1), suite,
                       &secret) != 0) {
      abort();
    }
  }
}

static void packet_check_header(const quic_header *h, quic_bytes packet,
                                size_t wire_len) {
  const quic_bytes *fields[] = {&h->dcid,  &h->scid,      &h->token,
                                &h->odcid, &h->retry_tag, &h->versions};

  for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
    FUZZ_CHECK(fuzz_inside(packet, *fields[i]));
  }
  FUZZ_CHECK(h->packet_len <= packet.len);
  FUZZ_CHECK(h->pn_offset <= h->packet_len);
  FUZZ_CHECK(h->missing <= wire_len - packet.len);
  FUZZ_CHECK(h->missing == 0 || h->packet_len == packet.len);
  FUZZ_CHECK(h->retry_tag.len == 0 || h->retry_tag.len == QUIC_RETRY_TAG_LEN);
  FUZZ_CHECK(h->is_long == ((h->first & QUIC_FIRST_LONG) != 0));
  FUZZ_CHECK(quic_packet_type_name(h->type) != NULL);
}

/* packet_recode: a header encoded again gives the same octets. */
static void packet_recode(quic_header h, quic_bytes packet) {
  bool numbered = quic_packet_type_encrypted(h.type);
  size_t want = h.pn_offset;
  uint8_t *out;
  quic_writer wr;

  if (numbered) {
    h.pn_len = (uint8_t)((h.first & 3) + 1);
    want += h.pn_len;
  }
  if (want > packet.len || (!numbered && h.missing)) {
    return;
  }
  h.pn = 0;
  for (size_t i = h.pn_offset; numbered && i < want; i++) {
    h.pn = h.pn << 8 | packet.data[i];
  }
  out = malloc(want);
  quic_writer_init(&wr, out, want);
  FUZZ_CHECK(quic_header_encode(&h, &wr) == 0);
  FUZZ_CHECK(quic_writer_len(&wr) == want);
  FUZZ_CHECK(memcmp(out, packet.data, want) == 0);
  free(out);
  out = malloc(want - 1);
  quic_writer_init(&wr, out, want - 1);
  FUZZ_CHECK(quic_header_encode(&h, &wr) == QUIC_ERR_NOSPACE);
  free(out);
}

/* packet_number: what is truncated for the wire comes back. */
static void packet_number(uint64_t pn, uint64_t largest) {
  uint64_t full;
  size_t len;

  pn &= (UINT64_C(1) << 62) - 1;
  largest &= (UINT64_C(1) << 62) - 1;
  for (len = 1; len <= 4; len++) {
    uint64_t mask = (UINT64_C(1) << (8 * len)) - 1;

    full = quic_pktnum_decode(largest, pn & mask, len);
    FUZZ_CHECK((full & mask) == (pn & mask) && full >> 62 == 0);
  }
  if (pn > largest && pn - largest < UINT64_C(1) << 31) {
    len = quic_pktnum_len(pn, largest);
    FUZZ_CHECK(len >= 1 && len <= 4);
    full =
        quic_pktnum_decode(largest, pn & ((UINT64_C(1) << (8 * len)) - 1), len);
    FUZZ_CHECK(full == pn);
  }
}

/* packet_reseal: sealing what was opened gives the same octets. */
static void packet_reseal(const quic_keys *keys, quic_header h,
                          const quic_unmasked *um, uint64_t pn, bool loss_bits,
                          quic_bytes payload, quic_bytes packet) {
  uint8_t *out = malloc(packet.len);
  quic_writer wr;

  h.first = um->first;
  h.pn_len = um->pn_len;
  h.pn = pn;
  quic_writer_init(&wr, out, packet.len);
  FUZZ_CHECK(quic_packet_seal(keys, keys->hp, &h, payload, 0, loss_bits, &wr) ==
             0);
  FUZZ_CHECK(quic_writer_len(&wr) == packet.len);
  FUZZ_CHECK(memcmp(out, packet.data, packet.len) == 0);
  free(out);
}

/* packet_open opens the packet of |h|; returns what quic_packet_open does. */
static int packet_open(const quic_keys *keys, const quic_header *h,
                       quic_bytes packet, uint64_t high, bool loss_bits,
                       quic_bytes *plain) {
  uint8_t *out = malloc(packet.len);
  quic_unmasked um;
  quic_bytes payload = {NULL, 0};
  uint64_t pn;
  int rv = quic_packet_unmask(keys->crypto, keys->hp, packet.data, packet.len,
                              h, loss_bits, &um);

  if (rv != 0) {
    FUZZ_CHECK(rv == QUIC_ERR_SHORT);
    free(out);
    return rv;
  }
  FUZZ_CHECK(um.pn_len >= 1 && um.pn_len <= 4);
  FUZZ_CHECK(um.truncated >> (8 * um.pn_len) == 0);
  pn = high << (8 * um.pn_len) | um.truncated;
  if (h->missing) {
    rv = quic_packet_open_prefix(keys, packet.data, packet.len, h, &um, 0, pn,
                                 out, &payload);
  } else {
    rv = quic_packet_open(keys, packet.data, packet.len, h, &um, 0, pn, out,
                          &payload);
  }
  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_AUTH || rv == QUIC_ERR_SHORT);
  if (rv == 0) {
    FUZZ_CHECK(fuzz_inside(quic_bytes_of(out, packet.len), payload));
    (void)fuzz_sum(payload);
    if (!h->missing) {
      packet_reseal(keys, *h, &um, pn, loss_bits, payload, packet);
    }
    if (plain) {
      FUZZ_CHECK(quic_bytes_eq(*plain, payload));
    }
  }
  free(out);
  return rv;
}

/* packet_seal seals |payload| behind the header |h| and opens it again. */
static void packet_seal(const quic_keys *keys, quic_header h, uint64_t pn,
                        bool loss_bits, quic_bytes payload) {
  size_t cap = h.pn_offset + payload.len + PACKET_EXTRA;
  uint8_t *out = malloc(cap), *exact;
  quic_writer wr;
  quic_header again;
  size_t len;
  int rv;

  h.pn_len = (uint8_t)((h.first & 3) + 1);
  h.pn = pn & ((UINT64_C(1) << (8 * h.pn_len)) - 1);
  h.length = 0;
  h.length_width = 0;
  quic_writer_init(&wr, out, cap);
  rv = quic_packet_seal(keys, keys->hp, &h, payload, 0, loss_bits, &wr);
  if (rv != 0) {
    FUZZ_CHECK(rv == QUIC_ERR_INVALID && quic_writer_len(&wr) == 0);
    FUZZ_CHECK(!quic_packet_type_encrypted(h.type) ||
               h.pn_len + payload.len < 4);
    free(out);
    return;
  }
  len = quic_writer_len(&wr);
  exact = fuzz_copy(quic_bytes_of(out, len));
  FUZZ_CHECK(quic_header_decode(&again, exact, len, len, h.dcid.len) == 0);
  FUZZ_CHECK(again.type == h.type && again.packet_len == len);
  FUZZ_CHECK(packet_open(keys, &again, quic_bytes_of(exact, len), 0, loss_bits,
                         &payload) == 0);
  exact[len - 1] ^= 1;
  FUZZ_CHECK(packet_open(keys, &again, quic_bytes_of(exact, len), 0, loss_bits,
                         NULL) == QUIC_ERR_AUTH);
  free(exact);
  free(out);
}

static void packet_retry(const quic_version *version, quic_bytes odcid,
                         quic_bytes packet) {
  uint8_t *whole = malloc(packet.len + QUIC_RETRY_TAG_LEN);
  quic_bytes all = {whole, packet.len + QUIC_RETRY_TAG_LEN};
  int rv;

  memcpy(whole, packet.data, packet.len);
  rv = quic_retry_tag(quic_crypto_null(), quic_mem_default(), version, odcid,
                      packet, whole + packet.len);
  if (rv == 0) {
    FUZZ_CHECK(quic_retry_verify(quic_crypto_null(), quic_mem_default(),
                                 version, odcid, all) == 0);
    whole[packet.len] ^= 1;
    FUZZ_CHECK(quic_retry_verify(quic_crypto_null(), quic_mem_default(),
                                 version, odcid, all) == QUIC_ERR_AUTH);
  } else {
    FUZZ_CHECK(rv == QUIC_ERR_UNSUPPORTED);
    FUZZ_CHECK(!version || !version->retry_key);
  }
  free(whole);
}

static void packet_run(quic_bytes packet, size_t lost, size_t cid_len,
                       const quic_keys *keys, bool loss_bits) {
  quic_header h;
  uint64_t number;
  quic_bytes mine, rest;
  int rv = quic_header_decode(&h, packet.data, packet.len, packet.len + lost,
                              cid_len);

  FUZZ_CHECK(rv == 0 || rv == QUIC_ERR_SHORT || rv == QUIC_ERR_MALFORMED);
  if (rv != 0) {
    return;
  }
  packet_check_header(&h, packet, packet.len + lost);
  mine = quic_bytes_of(packet.data, h.packet_len);
  rest = quic_bytes_of(packet.data + h.pn_offset, packet.len - h.pn_offset);
  number = fuzz_sum(rest);
  packet_recode(h, mine);
  packet_number(number, number - h.length);
  packet_number(number, fuzz_sum(mine));
  if (h.type == QUIC_PACKET_RETRY) {
    packet_retry(h.version_info, h.dcid, mine);
  }
  if (quic_packet_type_encrypted(h.type)) {
    (void)packet_open(keys, &h, mine, number & 1 ? 0 : number >> 40, loss_bits,
                      NULL);
    packet_seal(keys, h, number, loss_bits, rest);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  quic_reader rd;
  uint8_t flags, lost, cid_len, *packet;
  quic_bytes rest;
  const quic_keys *keys;

  if (!packet_keys[0].suite) {
    packet_init();
  }
  quic_reader_init(&rd, data, size);
  flags = quic_reader_u8(&rd);
  lost = quic_reader_u8(&rd);
  cid_len = quic_reader_u8(&rd);
  rest = quic_reader_rest(&rd);
  packet = fuzz_copy(rest);
  rest.data = packet;
  keys = &packet_keys[flags % PACKET_SUITES];
  if (rest.len && !(packet[0] & QUIC_FIRST_LONG)) {
    for (size_t len = 0; len <= QUIC_CID_MAX; len++) {
      packet_run(rest, lost, len, keys, flags & 4);
    }
  }
  packet_run(rest, lost, cid_len, keys, flags & 4);
  free(packet);
  return 0;
}
