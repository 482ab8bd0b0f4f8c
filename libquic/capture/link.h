#ifndef QUIC_CAPTURE_LINK_H
#define QUIC_CAPTURE_LINK_H

/* From a captured frame to the UDP datagrams in it: link layers, VLAN and
   other tags, tunnels, IP extension headers, fragments, and datagrams quoted
   by ICMP errors. */

#include "base/addr.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/time.h"

#define QUIC_LINK_DEPTH_MAX 16             /* nested headers of all kinds */
#define QUIC_LINK_FRAGMENTS_MAX 256        /* datagrams in reassembly */
#define QUIC_LINK_FRAGMENT_BYTES (8 << 20) /* octets in reassembly, all */

typedef struct quic_datagram {
  quic_addr src;
  quic_addr dst;
  quic_bytes payload; /* UDP payload that was captured, borrowed */
  size_t wire_len;    /* UDP payload on the wire, >= payload.len */
  uint8_t ecn;        /* 0 to 3, of the innermost IP header */
  uint8_t ttl;        /* or hop limit */
  bool in_icmp;       /* quoted by an ICMP error, perhaps cut */
  bool reassembled;   /* from IP fragments */
  uint8_t tunnels;    /* outer IP headers passed */
  uint16_t vlan;      /* outermost VLAN id, 0 = none */
} quic_datagram;

typedef void quic_datagram_fn(void *user, const quic_datagram *dgram);

/* What became of the frames, counted. */
typedef struct quic_link_stats {
  uint64_t frames;
  uint64_t datagrams;
  uint64_t not_ip; /* ARP and the like */
  uint64_t not_udp;
  uint64_t unsupported; /* link type or tunnel not known */
  uint64_t malformed;   /* a header that contradicts itself */
  uint64_t cut;         /* ends inside a header */
  uint64_t fragments;   /* IP fragments */
  uint64_t reassembled;
  uint64_t fragments_evicted;
} quic_link_stats;

typedef struct quic_link quic_link;

/* quic_link_new returns 0 or QUIC_ERR_NOMEM. */
int quic_link_new(quic_link **out, const quic_mem *mem) QUIC_MUST_USE;
void quic_link_del(quic_link *link);

/* quic_link_decode calls |fn| for each UDP datagram in |frame|, |orig_len|
   octets on the wire, seen at |now|.  A tunnel's inner datagrams are given,
   and not the tunnel's own UDP datagram, when what is inside is IP.  Inside
   |fn| everything of the datagram is valid; afterwards its payload is, too,
   while |frame| is, unless it was |reassembled| (valid until the next call).
   Returns 0 (also when there is no UDP in it), QUIC_ERR_UNSUPPORTED (link type
   not known), QUIC_ERR_SHORT or QUIC_ERR_MALFORMED (all counted; |fn| may have
   been called before), or QUIC_ERR_NOMEM. */
int quic_link_decode(quic_link *link, uint32_t linktype, quic_bytes frame,
                     size_t orig_len, quic_time now, quic_datagram_fn *fn,
                     void *user);

const quic_link_stats *quic_link_get_stats(const quic_link *link);

/* quic_linktype_name returns "EN10MB" and so on, or NULL: not decoded. */
const char *quic_linktype_name(uint32_t linktype);

#endif /* !defined(QUIC_CAPTURE_LINK_H) */
