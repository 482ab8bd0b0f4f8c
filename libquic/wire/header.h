#ifndef QUIC_WIRE_HEADER_H
#define QUIC_WIRE_HEADER_H

/* Packet headers: RFC 8999 invariants, RFC 9000 §17, RFC 9369 §3.  A header
   decoded and encoded again gives the same octets. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/writer.h"
#include "wire/version.h"

#define QUIC_CID_MAX 20      /* RFC 9000 §17.2, known versions */
#define QUIC_CID_MAX_ANY 255 /* RFC 8999 */
#define QUIC_RETRY_TAG_LEN 16
#define QUIC_RESET_TOKEN_LEN 16

typedef enum quic_packet_type {
  QUIC_PACKET_INITIAL, /* these four index quic_version.type_codes */
  QUIC_PACKET_0RTT,
  QUIC_PACKET_HANDSHAKE,
  QUIC_PACKET_RETRY,
  QUIC_PACKET_1RTT,
  QUIC_PACKET_VERSION_NEGOTIATION,
  QUIC_PACKET_UNKNOWN, /* long header of a version we cannot parse */
  QUIC_PACKET_TYPES
} quic_packet_type;

/* All quic_bytes are borrowed from the packet. */
typedef struct quic_header {
  uint8_t first; /* as on the wire; after unmasking, without protection */
  bool is_long;
  quic_packet_type type;
  uint32_t version;                 /* long header only */
  const quic_version *version_info; /* NULL when not in the table */
  quic_bytes dcid;
  quic_bytes scid;      /* long header only */
  quic_bytes token;     /* Initial; Retry: the Retry token */
  quic_bytes odcid;     /* Retry of draft-24 and before */
  quic_bytes retry_tag; /* 16 octets, or empty */
  quic_bytes versions;  /* Version Negotiation: 4 octets each */
  uint64_t length;      /* Length field: packet number + payload */
  uint8_t token_width;  /* octets of the Token Length varint */
  uint8_t length_width; /* octets of the Length varint */
  size_t pn_offset;     /* where the packet number starts; for packets without
                           one, where the header ends */
  size_t packet_len;    /* octets of this packet that were captured */
  size_t missing;       /* octets of it that the capture has not */
  /* Filled by whoever removes header protection (crypto/protect.h): */
  uint8_t pn_len; /* 1 to 4; 0 while protected */
  uint64_t pn;    /* whole packet number */
} quic_header;

/* Bits of the first octet, once unprotected. */
#define QUIC_FIRST_LONG 0x80
#define QUIC_FIRST_FIXED 0x40
#define QUIC_FIRST_SPIN 0x20
#define QUIC_FIRST_KEY_PHASE 0x04
#define QUIC_FIRST_RESERVED_LONG 0x0c
#define QUIC_FIRST_RESERVED_SHORT 0x18

/* quic_header_decode reads one packet's header at the start of |data|, |len|
   octets captured out of |wire_len| (>= len) that were on the wire.  A short
   header's destination CID has |short_cid_len| octets.  A packet whose Length
   ends beyond |len| but inside |wire_len| is returned with |missing| set.
   Returns 0, QUIC_ERR_SHORT (ends inside the header), or QUIC_ERR_MALFORMED
   (CID too long for the version, or Length beyond |wire_len|).  After an
   error the fields that were read are still set. */
int quic_header_decode(quic_header *h, const uint8_t *data, size_t len,
                       size_t wire_len, size_t short_cid_len) QUIC_MUST_USE;

/* quic_header_encode writes |h| unprotected: first octet from |first| (its low
   bits are replaced by |pn_len| - 1 where there is a packet number), widths as
   kept in |h|, packet number in |pn_len| octets at the end.  For Retry and
   Version Negotiation the whole packet is written.  Returns 0,
   QUIC_ERR_NOSPACE, or QUIC_ERR_INVALID. */
int quic_header_encode(const quic_header *h, quic_writer *wr) QUIC_MUST_USE;

/* quic_header_first returns the first octet (fixed bit set, others 0) of a
   packet of |type| in |version|; |version| is ignored for 1-RTT. */
uint8_t quic_header_first(quic_packet_type type, const quic_version *version);

/* quic_packet_type_name returns "initial", "0rtt", "handshake", "retry",
   "1rtt", "vn" or "unknown". */
const char *quic_packet_type_name(quic_packet_type type);

/* quic_packet_type_encrypted: has packet protection (the first three and
   1-RTT). */
bool quic_packet_type_encrypted(quic_packet_type type);

#endif /* !defined(QUIC_WIRE_HEADER_H) */
