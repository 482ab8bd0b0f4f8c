#ifndef QUIC_CAPTURE_LINK_WALK_H
#define QUIC_CAPTURE_LINK_WALK_H

/* The walk through the headers of a frame: what link.c (links), link_wifi.c
   (IEEE 802.11) and link_ip.c (IP, GRE, UDP, tunnels) share.  Private to this
   folder.

   A frame is peeled in a loop: each handler takes one header from the walk and
   names the next handler, so nothing recurses.  A UDP datagram on a tunnel's
   port is kept aside until a sound IP header is found inside it; when the walk
   ends without one, it was no tunnel and is given as it is. */

#include "capture/ipfrag.h"
#include "capture/link.h"

typedef struct quic_link_walk quic_link_walk;
typedef int quic_link_handler(quic_link_walk *w);

struct quic_link {
  const quic_mem *mem;
  quic_ipfrag fragments;
  quic_link_stats stats;
};

struct quic_link_walk {
  quic_link *link;
  const uint8_t *p; /* captured octets that are left */
  size_t cap;
  size_t wire;             /* octets left on the wire, >= cap */
  quic_link_handler *next; /* NULL = done */
  uint64_t *outcome;       /* counter of why it was done, or NULL */
  quic_time now;
  quic_datagram dgram;
  quic_datagram fallback; /* tunnel's own datagram, while |guess| */
  bool guess;
  bool in_ip;    /* an IP header was passed */
  uint8_t proto; /* of the IP payload */
  struct {
    const uint8_t *p;
    size_t cap, wire;
  } amsdu; /* further subframes of an A-MSDU */
  quic_datagram_fn *fn;
  void *user;
};

/* link_missing says why |n| octets are not there: more than the wire had, or
   more than was captured. */
static inline int link_missing(const quic_link_walk *w, size_t n) {
  return n > w->wire ? QUIC_ERR_MALFORMED : QUIC_ERR_SHORT;
}

static inline void link_skip(quic_link_walk *w, size_t n) {
  w->p += n;
  w->cap -= n;
  w->wire -= n;
}

/* link_take moves over |n| octets.  NULL when they are not there. */
static inline const uint8_t *link_take(quic_link_walk *w, size_t n) {
  const uint8_t *p = w->p;

  if (n > w->cap) {
    return NULL;
  }
  link_skip(w, n);
  return p;
}

/* link_trim cuts the walk to |n| octets on the wire. */
static inline void link_trim(quic_link_walk *w, size_t n) {
  w->wire = n;
  if (w->cap > n) {
    w->cap = n;
  }
}

/* link_stop ends the walk without a datagram and counts |outcome|. */
static inline int link_stop(quic_link_walk *w, uint64_t *outcome) {
  w->next = NULL;
  w->outcome = outcome;
  return 0;
}

static inline int link_go(quic_link_walk *w, quic_link_handler *next) {
  w->next = next;
  return 0;
}

static inline int link_not_ip(quic_link_walk *w) {
  return link_stop(w, &w->link->stats.not_ip);
}

static inline uint16_t link_u16(const uint8_t *p) {
  return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t link_u32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
         p[3];
}

static inline uint16_t link_u16_le(const uint8_t *p) {
  return (uint16_t)(p[1] << 8 | p[0]);
}

static inline uint32_t link_u32_le(const uint8_t *p) {
  return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
         p[0];
}

static inline void link_emit(quic_link_walk *w, const quic_datagram *dgram) {
  w->link->stats.datagrams++;
  w->fn(w->user, dgram);
}

/* link.c */
quic_link_handler quic_link_ethernet, quic_link_llc, quic_link_mpls,
    quic_link_ppp, quic_link_raw;

/* quic_link_by_type goes on at EtherType |type|, or at LLC when it is a length
   (IEEE 802.3). */
int quic_link_by_type(quic_link_walk *w, uint16_t type);

/* quic_link_sound_ip tells whether the octets at |p| start a believable IP
   packet of at most |wire| octets, |cap| of them captured. */
bool quic_link_sound_ip(const uint8_t *p, size_t cap, size_t wire);

/* link_wifi.c */
quic_link_handler quic_link_amsdu, quic_link_dot11, quic_link_radiotap;

/* link_ip.c */
quic_link_handler quic_link_ipv4, quic_link_ipv6;

#endif /* !defined(QUIC_CAPTURE_LINK_WALK_H) */
