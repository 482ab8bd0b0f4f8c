#ifndef QUIC_WIRE_TPARAM_H
#define QUIC_WIRE_TPARAM_H

/* Transport parameters (RFC 9000 §18) as an ordered list that keeps what is
   unknown, doubled or out of order.  Decoded and encoded again it gives the
   same octets. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/writer.h"
#include "wire/version.h"

enum {
  QUIC_TPARAM_ORIGINAL_DCID = 0x00,
  QUIC_TPARAM_MAX_IDLE_TIMEOUT = 0x01,
  QUIC_TPARAM_STATELESS_RESET_TOKEN = 0x02,
  QUIC_TPARAM_MAX_UDP_PAYLOAD_SIZE = 0x03,
  QUIC_TPARAM_INITIAL_MAX_DATA = 0x04,
  QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_LOCAL = 0x05,
  QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_BIDI_REMOTE = 0x06,
  QUIC_TPARAM_INITIAL_MAX_STREAM_DATA_UNI = 0x07,
  QUIC_TPARAM_INITIAL_MAX_STREAMS_BIDI = 0x08,
  QUIC_TPARAM_INITIAL_MAX_STREAMS_UNI = 0x09,
  QUIC_TPARAM_ACK_DELAY_EXPONENT = 0x0a,
  QUIC_TPARAM_MAX_ACK_DELAY = 0x0b,
  QUIC_TPARAM_DISABLE_ACTIVE_MIGRATION = 0x0c,
  QUIC_TPARAM_PREFERRED_ADDRESS = 0x0d,
  QUIC_TPARAM_ACTIVE_CONNECTION_ID_LIMIT = 0x0e,
  QUIC_TPARAM_INITIAL_SCID = 0x0f,
  QUIC_TPARAM_RETRY_SCID = 0x10,
  QUIC_TPARAM_VERSION_INFORMATION = 0x11,
  QUIC_TPARAM_MAX_DATAGRAM_FRAME_SIZE = 0x20,
  QUIC_TPARAM_INITIAL_MAX_PATH_ID = 0x3e,
  QUIC_TPARAM_LOSS_BITS = 0x1057,
  QUIC_TPARAM_GREASE_QUIC_BIT = 0x2ab2
};

typedef enum quic_tparam_kind {
  QUIC_TPARAM_OPAQUE,  /* bytes */
  QUIC_TPARAM_INTEGER, /* one varint */
  QUIC_TPARAM_FLAG,    /* empty */
  QUIC_TPARAM_CID,     /* 0 to 20 octets */
  QUIC_TPARAM_TOKEN,   /* 16 octets */
  QUIC_TPARAM_PREFERRED,
  QUIC_TPARAM_VERSIONS /* 32-bit numbers (RFC 9368) */
} quic_tparam_kind;

/* A row of the registry. */
typedef struct quic_tparam_info {
  uint64_t id;
  const char *name; /* "max_idle_timeout" */
  quic_tparam_kind kind;
  bool server_only;       /* a client must not send it */
  bool has_default;       /* |default_value| holds when absent */
  uint64_t default_value; /* INTEGER */
  uint64_t min, max;      /* INTEGER: legal values */
  const char *unit;       /* "ms", "B", "" */
} quic_tparam_info;

typedef struct quic_tparam {
  uint64_t id;
  quic_bytes value; /* borrowed */
  uint8_t id_width;
  uint8_t len_width;
} quic_tparam;

#define QUIC_TPARAMS_MAX 128 /* parameters that are kept */

typedef struct quic_tparams {
  quic_tparam items[QUIC_TPARAMS_MAX];
  size_t len;
} quic_tparams;

/* Why a value is wrong, or NULL; the texts are static. */
const char *quic_tparam_problem(const quic_tparam *p, bool from_client);

/* quic_tparams_decode reads the extension's body in the layout of |version|
   (NULL: the RFC's).  Values stay borrowed from |body|.  Values are not
   judged here.  Returns 0, QUIC_ERR_SHORT (|list| holds those before the
   cut), QUIC_ERR_LIMIT, or QUIC_ERR_MALFORMED (octets after the total length
   of the old layout). */
int quic_tparams_decode(quic_tparams *list, quic_bytes body,
                        const quic_version *version) QUIC_MUST_USE;

/* quic_tparams_encode is the twin.  Returns 0, QUIC_ERR_NOSPACE, or
   QUIC_ERR_INVALID. */
int quic_tparams_encode(const quic_tparams *list, quic_writer *wr,
                        const quic_version *version) QUIC_MUST_USE;

/* quic_tparams_find returns the first parameter |id|, or NULL. */
const quic_tparam *quic_tparams_find(const quic_tparams *list, uint64_t id);

/* quic_tparams_integer returns the integer parameter |id|, or its default
   (0 when it has none) if absent or ill-formed. */
uint64_t quic_tparams_integer(const quic_tparams *list, uint64_t id);

/* quic_tparam_integer reads the varint in |p|.  Returns 0, QUIC_ERR_SHORT, or
   QUIC_ERR_MALFORMED (octets left over). */
int quic_tparam_integer(const quic_tparam *p, uint64_t *value) QUIC_MUST_USE;

/* preferred_address (RFC 9000 §18.2), borrowed from the parameter. */
typedef struct quic_preferred_address {
  quic_bytes ipv4, ipv6; /* 4 and 16 octets */
  uint16_t ipv4_port, ipv6_port;
  quic_bytes cid;
  quic_bytes reset_token;
} quic_preferred_address;

/* quic_tparam_preferred reads the value of |p|.  Returns 0, QUIC_ERR_SHORT, or
   QUIC_ERR_MALFORMED (octets left over). */
int quic_tparam_preferred(const quic_tparam *p,
                          quic_preferred_address *pa) QUIC_MUST_USE;

/* quic_tparam_info_find returns the registry's row, or NULL. */
const quic_tparam_info *quic_tparam_info_find(uint64_t id);

/* quic_tparam_info_at returns row |i|, NULL past the end. */
const quic_tparam_info *quic_tparam_info_at(size_t i);

/* quic_tparam_reserved: 31 * N + 27 (RFC 9000 §18.1), sent as grease. */
bool quic_tparam_reserved(uint64_t id);

#endif /* !defined(QUIC_WIRE_TPARAM_H) */
