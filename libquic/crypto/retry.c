#include "crypto/retry.h"

/* The tag is that of an empty plaintext, with the Retry pseudo-packet (ODCID
   length, ODCID, Retry without tag) as associated data. */

static int retry_seal(const quic_crypto *crypto, const quic_mem *mem,
                      const quic_version *version, quic_bytes pseudo,
                      uint8_t *tag) {
  quic_aead *aead;
  int rv =
      crypto->aead_new(&aead, mem, QUIC_AEAD_AES_128_GCM, version->retry_key);

  if (rv != 0) {
    return rv;
  }
  rv = crypto->aead_seal(aead, version->retry_nonce, pseudo,
                         quic_bytes_of(NULL, 0), tag);
  crypto->aead_del(aead);
  return rv;
}

int quic_retry_tag(const quic_crypto *crypto, const quic_mem *mem,
                   const quic_version *version, quic_bytes odcid,
                   quic_bytes packet, uint8_t tag[QUIC_RETRY_TAG_LEN]) {
  size_t cap = 1 + odcid.len + packet.len;
  quic_writer wr;
  uint8_t *pseudo;
  int rv;

  if (!version->retry_key) {
    return QUIC_ERR_UNSUPPORTED;
  }
  if (odcid.len > QUIC_CID_MAX_ANY) {
    return QUIC_ERR_INVALID;
  }
  pseudo = quic_mem_alloc(mem, cap);
  if (!pseudo) {
    return QUIC_ERR_NOMEM;
  }
  quic_writer_init(&wr, pseudo, cap);
  quic_writer_u8(&wr, (uint8_t)odcid.len);
  quic_writer_bytes(&wr, odcid);
  quic_writer_bytes(&wr, packet);
  rv = retry_seal(crypto, mem, version,
                  quic_bytes_of(pseudo, quic_writer_len(&wr)), tag);
  quic_mem_free(mem, pseudo);
  return rv;
}

int quic_retry_verify(const quic_crypto *crypto, const quic_mem *mem,
                      const quic_version *version, quic_bytes odcid,
                      quic_bytes packet) {
  uint8_t tag[QUIC_RETRY_TAG_LEN];
  uint8_t diff = 0;
  size_t len;
  int rv;

  if (packet.len < QUIC_RETRY_TAG_LEN) {
    return QUIC_ERR_AUTH;
  }
  len = packet.len - QUIC_RETRY_TAG_LEN;
  rv = quic_retry_tag(crypto, mem, version, odcid,
                      quic_bytes_of(packet.data, len), tag);
  if (rv != 0) {
    return rv;
  }
  for (size_t i = 0; i < sizeof(tag); i++) {
    diff |= tag[i] ^ packet.data[len + i];
  }
  return diff == 0 ? 0 : QUIC_ERR_AUTH;
}
