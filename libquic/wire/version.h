#ifndef QUIC_WIRE_VERSION_H
#define QUIC_WIRE_VERSION_H

/* The one table of QUIC versions: what differs between them on the wire. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QUIC_VERSION_NEGOTIATION 0x00000000u
#define QUIC_VERSION_1 0x00000001u
#define QUIC_VERSION_2 0x6b3343cfu

typedef enum quic_version_kind {
  QUIC_VERSION_KIND_QUIC,  /* decoded: an IETF version with known keys */
  QUIC_VERSION_KIND_NAMED, /* IETF-like, only its name is known */
  QUIC_VERSION_KIND_GQUIC, /* Google QUIC before the IETF's wire image */
  QUIC_VERSION_KIND_GREASE /* 0x?a?a?a?a (RFC 9000 §15) */
} quic_version_kind;

/* HKDF labels of a version (RFC 9001 §5, §6; RFC 9369 §3.3). */
typedef struct quic_version_labels {
  const char *key;    /* "quic key" */
  const char *iv;     /* "quic iv" */
  const char *hp;     /* "quic hp" */
  const char *update; /* "quic ku" */
} quic_version_labels;

typedef struct quic_version {
  uint32_t number;
  quic_version_kind kind;
  const char *name; /* "v1", "v2", "draft-29", "mvfst-27", "Q046" */
  /* The rest is for QUIC_VERSION_KIND_QUIC alone, else zero;
     packed_cid_lengths is set for the named ones too. */
  const uint8_t *salt; /* 20 octets, initial secrets */
  const quic_version_labels *labels;
  const uint8_t *retry_key;   /* 16 octets; NULL: Retry has no tag */
  const uint8_t *retry_nonce; /* 12 octets */
  uint8_t type_codes[4];      /* code of Initial, 0-RTT, Handshake, Retry */
  uint16_t tparam_extension;  /* TLS extension: 0x39, 0xffa5 before draft-33 */
  bool tparam_fixed16;     /* parameters with 16-bit ids and lengths (<= d26) */
  bool packed_cid_lengths; /* both CID lengths in one octet (<= draft-21) */
  bool retry_odcid;        /* Retry carries the ODCID (<= draft-24), no tag */
} quic_version;

/* quic_version_find returns the row of |number|, which is static, or NULL for
   a version that is in no row.  All of 0x?a?a?a?a share one row whose number
   is 0x0a0a0a0a, as other families (quicly, MsQuic, ...) share theirs. */
const quic_version *quic_version_find(uint32_t number);

/* quic_version_at returns row |i| of the table, NULL past its end. */
const quic_version *quic_version_at(size_t i);

#define QUIC_VERSION_TEXT 32

/* quic_version_text writes a name for any |number| ("v1", "greased
   0x1a2a3a4a", "0x12345678", "negotiation") with a NUL and returns |out| of
   QUIC_VERSION_TEXT octets. */
char *quic_version_text(uint32_t number, char *out);

#endif /* !defined(QUIC_WIRE_VERSION_H) */
