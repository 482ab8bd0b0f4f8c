#include "crypto/protect.h"

#define PROTECT_PN_MAX 4
#define PROTECT_LENGTH_2 16383 /* largest Length in a 2-octet varint */
#define PROTECT_LENGTH_4 1073741823

/* protect_first_mask: the bits of the first octet that are masked (RFC 9001
   §5.4.1). */
static uint8_t protect_first_mask(uint8_t first, bool loss_bits) {
  if (first & QUIC_FIRST_LONG) {
    return 0x0f;
  }
  return loss_bits ? 0x07 : 0x1f;
}

int quic_packet_unmask(const quic_crypto *crypto, quic_hp *hp,
                       const uint8_t *packet, size_t len, const quic_header *h,
                       bool loss_bits, quic_unmasked *out) {
  uint8_t mask[1 + PROTECT_PN_MAX];
  const uint8_t *pn;

  if (h->pn_offset > len ||
      len - h->pn_offset < QUIC_HP_SAMPLE_OFFSET + QUIC_HP_SAMPLE_LEN) {
    return QUIC_ERR_SHORT;
  }
  pn = packet + h->pn_offset;
  if (crypto->hp_mask(hp, pn + QUIC_HP_SAMPLE_OFFSET, mask) != 0) {
    return QUIC_ERR_CRYPTO;
  }
  out->first = packet[0] ^ (mask[0] & protect_first_mask(packet[0], loss_bits));
  out->pn_len = (uint8_t)((out->first & 0x03) + 1);
  out->truncated = 0;
  for (size_t i = 0; i < out->pn_len; i++) {
    out->truncated = out->truncated << 8 | (uint8_t)(pn[i] ^ mask[1 + i]);
  }
  return 0;
}

void quic_packet_nonce(const uint8_t iv[QUIC_AEAD_NONCE_LEN], uint32_t path_id,
                       uint64_t pn, uint8_t nonce[QUIC_AEAD_NONCE_LEN]) {
  for (int i = 0; i < 4; i++) {
    nonce[i] = iv[i] ^ (uint8_t)(path_id >> (24 - 8 * i));
  }
  for (int i = 0; i < 8; i++) {
    nonce[4 + i] = iv[4 + i] ^ (uint8_t)(pn >> (56 - 8 * i));
  }
}

/* protect_header copies the header to |out| without its protection and
   returns its length. */
static size_t protect_header(const uint8_t *packet, const quic_header *h,
                             const quic_unmasked *um, uint8_t *out) {
  uint64_t pn = um->truncated;

  memcpy(out, packet, h->pn_offset);
  out[0] = um->first;
  for (size_t i = um->pn_len; i-- > 0; pn >>= 8) {
    out[h->pn_offset + i] = (uint8_t)pn;
  }
  return h->pn_offset + um->pn_len;
}

int quic_packet_open(const quic_keys *keys, const uint8_t *packet, size_t len,
                     const quic_header *h, const quic_unmasked *um,
                     uint32_t path_id, uint64_t pn, uint8_t *out,
                     quic_bytes *payload) {
  uint8_t nonce[QUIC_AEAD_NONCE_LEN];
  size_t start;
  int rv;

  if (h->pn_offset > len ||
      len - h->pn_offset < (size_t)um->pn_len + QUIC_AEAD_TAG_LEN) {
    return QUIC_ERR_SHORT;
  }
  start = protect_header(packet, h, um, out);
  quic_packet_nonce(keys->iv, path_id, pn, nonce);
  rv = keys->crypto->aead_open(keys->aead, nonce, quic_bytes_of(out, start),
                               quic_bytes_of(packet + start, len - start),
                               out + start);
  if (rv != 0) {
    return rv;
  }
  *payload = quic_bytes_of(out + start, len - start - QUIC_AEAD_TAG_LEN);
  return 0;
}

int quic_packet_open_prefix(const quic_keys *keys, const uint8_t *packet,
                            size_t len, const quic_header *h,
                            const quic_unmasked *um, uint32_t path_id,
                            uint64_t pn, uint8_t *out, quic_bytes *payload) {
  /* octets of the tag that were captured: they are not payload */
  size_t tag =
      h->missing < QUIC_AEAD_TAG_LEN ? QUIC_AEAD_TAG_LEN - h->missing : 0;
  uint8_t nonce[QUIC_AEAD_NONCE_LEN];
  size_t start;
  int rv;

  if (h->pn_offset > len || len - h->pn_offset < um->pn_len + tag) {
    return QUIC_ERR_SHORT;
  }
  start = protect_header(packet, h, um, out);
  quic_packet_nonce(keys->iv, path_id, pn, nonce);
  *payload = quic_bytes_of(out + start, len - start - tag);
  rv = keys->crypto->aead_open_prefix(
      keys->aead, nonce, quic_bytes_of(packet + start, payload->len),
      out + start);
  return rv;
}

/* protect_set_length fills what the caller left to us of the Length field. */
static void protect_set_length(quic_header *h, size_t payload_len) {
  if (!h->is_long) {
    return;
  }
  if (h->length == 0) {
    h->length = (uint64_t)h->pn_len + payload_len + QUIC_AEAD_TAG_LEN;
  }
  if (h->length_width == 0) {
    h->length_width = h->length <= PROTECT_LENGTH_2   ? 2
                      : h->length <= PROTECT_LENGTH_4 ? 4
                                                      : 8;
  }
}

/* protect_mask masks the sealed packet at |packet|, the twin of
   quic_packet_unmask. */
static int protect_mask(const quic_crypto *crypto, quic_hp *hp, uint8_t *packet,
                        size_t pn_offset, size_t pn_len, bool loss_bits) {
  uint8_t mask[1 + PROTECT_PN_MAX];
  uint8_t *pn = packet + pn_offset;

  if (crypto->hp_mask(hp, pn + QUIC_HP_SAMPLE_OFFSET, mask) != 0) {
    return QUIC_ERR_CRYPTO;
  }
  packet[0] ^= mask[0] & protect_first_mask(packet[0], loss_bits);
  for (size_t i = 0; i < pn_len; i++) {
    pn[i] ^= mask[1 + i];
  }
  return 0;
}

static int protect_seal(const quic_keys *keys, quic_hp *hp,
                        const quic_header *h, quic_bytes payload,
                        uint32_t path_id, bool loss_bits, quic_writer *wr) {
  uint8_t nonce[QUIC_AEAD_NONCE_LEN];
  uint8_t *packet = wr->pos;
  uint8_t *sealed;
  size_t start;
  int rv = quic_header_encode(h, wr);

  if (rv != 0) {
    return rv;
  }
  start = (size_t)(wr->pos - packet);
  sealed = quic_writer_take(wr, payload.len + QUIC_AEAD_TAG_LEN);
  if (!sealed) {
    return QUIC_ERR_NOSPACE;
  }
  quic_packet_nonce(keys->iv, path_id, h->pn, nonce);
  rv = keys->crypto->aead_seal(keys->aead, nonce, quic_bytes_of(packet, start),
                               payload, sealed);
  if (rv != 0) {
    return rv;
  }
  return protect_mask(keys->crypto, hp, packet, start - h->pn_len, h->pn_len,
                      loss_bits);
}

int quic_packet_seal(const quic_keys *keys, quic_hp *hp, const quic_header *h,
                     quic_bytes payload, uint32_t path_id, bool loss_bits,
                     quic_writer *wr) {
  uint8_t *start = wr->pos;
  quic_header full = *h;
  int rv;

  /* The sample starts 4 octets after the packet number does. */
  if (!quic_packet_type_encrypted(h->type) || h->pn_len < 1 ||
      h->pn_len > PROTECT_PN_MAX ||
      h->pn_len + payload.len < QUIC_HP_SAMPLE_OFFSET) {
    return QUIC_ERR_INVALID;
  }
  protect_set_length(&full, payload.len);
  rv = protect_seal(keys, hp, &full, payload, path_id, loss_bits, wr);
  if (rv != 0) {
    wr->pos = start; /* never leave plaintext of half a packet behind */
  }
  return rv;
}
