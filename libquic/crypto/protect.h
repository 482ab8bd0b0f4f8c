#ifndef QUIC_CRYPTO_PROTECT_H
#define QUIC_CRYPTO_PROTECT_H

/* Seal and open packets (RFC 9001 §5.3, §5.4): twins, outside any
   connection. */

#include "crypto/keys.h"
#include "wire/header.h"

#define QUIC_HP_SAMPLE_OFFSET 4 /* octets after the packet number's start */
#define QUIC_HP_SAMPLE_LEN 16

/* What header protection hid. */
typedef struct quic_unmasked {
  uint8_t first;      /* unprotected first octet */
  uint8_t pn_len;     /* 1 to 4 */
  uint64_t truncated; /* the packet number's low octets */
} quic_unmasked;

/* quic_packet_unmask removes header protection with |hp| from |packet| of
   |len| octets, whose packet number starts at |h|->pn_offset.  |packet| is
   not changed.  |loss_bits| leaves the reserved bits of a short header
   unmasked (draft-ferrieux loss bits).  Returns 0, QUIC_ERR_SHORT (no whole
   sample, also when cut by the capture), or QUIC_ERR_CRYPTO. */
int quic_packet_unmask(const quic_crypto *crypto, quic_hp *hp,
                       const uint8_t *packet, size_t len, const quic_header *h,
                       bool loss_bits, quic_unmasked *out) QUIC_MUST_USE;

/* quic_packet_nonce makes the AEAD nonce; |path_id| is 0 without multipath. */
void quic_packet_nonce(const uint8_t iv[QUIC_AEAD_NONCE_LEN], uint32_t path_id,
                       uint64_t pn, uint8_t nonce[QUIC_AEAD_NONCE_LEN]);

/* quic_packet_open opens |packet| (|len| octets, all of them captured) as
   packet number |pn|.  |out|, of at least |len| octets, receives the
   unprotected header followed by the payload; |*payload| borrows from it.
   Returns 0, QUIC_ERR_AUTH, or QUIC_ERR_SHORT. */
int quic_packet_open(const quic_keys *keys, const uint8_t *packet, size_t len,
                     const quic_header *h, const quic_unmasked *um,
                     uint32_t path_id, uint64_t pn, uint8_t *out,
                     quic_bytes *payload) QUIC_MUST_USE;

/* quic_packet_open_prefix does the same for a packet whose end the capture
   lost (|h|->missing octets: what was captured of the tag is not payload),
   without authentication.  Returns 0, QUIC_ERR_SHORT or QUIC_ERR_CRYPTO. */
int quic_packet_open_prefix(const quic_keys *keys, const uint8_t *packet,
                            size_t len, const quic_header *h,
                            const quic_unmasked *um, uint32_t path_id,
                            uint64_t pn, uint8_t *out,
                            quic_bytes *payload) QUIC_MUST_USE;

/* quic_packet_seal appends the packet of |h| with |payload| (plaintext
   frames), protected with |keys| and masked with |hp| (often keys->hp), to
   |wr|.  |h|->first, pn, pn_len and the widths are used as they are; the
   Length field is computed from |payload| unless |h|->length is not 0, which
   is then written as it is; a length_width of 0 is 2 octets where that is
   enough.  Sealing what was opened gives the same octets.  Returns 0,
   QUIC_ERR_NOSPACE, QUIC_ERR_INVALID (no protected packet type, or payload
   too short for a sample), or QUIC_ERR_CRYPTO; after an error nothing was
   appended. */
int quic_packet_seal(const quic_keys *keys, quic_hp *hp, const quic_header *h,
                     quic_bytes payload, uint32_t path_id, bool loss_bits,
                     quic_writer *wr) QUIC_MUST_USE;

#endif /* !defined(QUIC_CRYPTO_PROTECT_H) */
