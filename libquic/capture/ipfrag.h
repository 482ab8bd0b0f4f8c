#ifndef QUIC_CAPTURE_IPFRAG_H
#define QUIC_CAPTURE_IPFRAG_H

/* Reassembly of IPv4 and IPv6 fragments, bounded by QUIC_LINK_FRAGMENTS_MAX
   and QUIC_LINK_FRAGMENT_BYTES: the oldest datagram goes first.  Private to
   this folder. */

#include "base/bytes.h"
#include "base/err.h"
#include "base/list.h"
#include "base/mem.h"
#include "base/time.h"

#define QUIC_IPFRAG_TIMEOUT (30 * QUIC_SECOND) /* of capture time */

/* What makes fragments belong together. */
typedef struct quic_ipfrag_key {
  uint8_t src[16];
  uint8_t dst[16];
  uint32_t id;
  uint8_t family;
  uint8_t proto;  /* IPv4 only: in IPv6 the first fragment decides */
  uint8_t depth;  /* tunnels outside */
  uint8_t unused; /* 0: keys are compared as memory */
} quic_ipfrag_key;

typedef struct quic_ipfrag_piece {
  quic_bytes data; /* what was captured of it */
  size_t wire_len; /* >= data.len */
  size_t offset;   /* in the whole, octets */
  bool more;       /* not the last */
  uint8_t proto;   /* next header as this fragment says */
  uint8_t ecn;
} quic_ipfrag_piece;

/* A whole IP payload, valid until the next one is complete. */
typedef struct quic_ipfrag_whole {
  quic_bytes data; /* up to the first octet that was not captured */
  size_t wire_len;
  uint8_t proto;
  uint8_t ecn;
} quic_ipfrag_whole;

typedef struct quic_ipfrag_entry quic_ipfrag_entry;

typedef struct quic_ipfrag {
  const quic_mem *mem;
  quic_list entries; /* oldest first */
  size_t len;
  size_t bytes;            /* held by entries */
  quic_ipfrag_entry *done; /* the last whole one */
  uint64_t evicted;
} quic_ipfrag;

void quic_ipfrag_init(quic_ipfrag *fr, const quic_mem *mem);
void quic_ipfrag_free(quic_ipfrag *fr);

/* quic_ipfrag_add adds |piece|.  Returns 0 and fills |*whole| when that
   completes a datagram, QUIC_ERR_AGAIN when fragments are missing,
   QUIC_ERR_MALFORMED when |piece| contradicts what is there, or
   QUIC_ERR_NOMEM. */
int quic_ipfrag_add(quic_ipfrag *fr, const quic_ipfrag_key *key,
                    const quic_ipfrag_piece *piece, quic_time now,
                    quic_ipfrag_whole *whole) QUIC_MUST_USE;

#endif /* !defined(QUIC_CAPTURE_IPFRAG_H) */
