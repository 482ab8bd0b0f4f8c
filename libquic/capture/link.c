#include "capture/link.h"

#include "capture/ipfrag.h"

/* A frame is peeled in a loop: each handler takes one header from the walk and
   names the next handler, so nothing recurses.  A UDP datagram on a tunnel's
   port is kept aside until a sound IP header is found inside it; when the walk
   ends without one, it was no tunnel and is given as it is. */

typedef struct link_walk link_walk;
typedef int link_handler(link_walk *w);

struct quic_link {
  const quic_mem *mem;
  quic_ipfrag fragments;
  quic_link_stats stats;
};

struct link_walk {
  quic_link *link;
  const uint8_t *p; /* captured octets that are left */
  size_t cap;
  size_t wire;        /* octets left on the wire, >= cap */
  link_handler *next; /* NULL = done */
  uint64_t *outcome;  /* counter of why it was done, or NULL */
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

/* --- the walk ----------------------------------------------------------- */

/* link_missing says why |n| octets are not there: more than the wire had, or
   more than was captured. */
static int link_missing(const link_walk *w, size_t n) {
  return n > w->wire ? QUIC_ERR_MALFORMED : QUIC_ERR_SHORT;
}

static void link_skip(link_walk *w, size_t n) {
  w->p += n;
  w->cap -= n;
  w->wire -= n;
}

/* link_take moves over |n| octets.  NULL when they are not there. */
static const uint8_t *link_take(link_walk *w, size_t n) {
  const uint8_t *p = w->p;

  if (n > w->cap) {
    return NULL;
  }
  link_skip(w, n);
  return p;
}

/* link_trim cuts the walk to |n| octets on the wire. */
static void link_trim(link_walk *w, size_t n) {
  w->wire = n;
  if (w->cap > n) {
    w->cap = n;
  }
}

/* link_stop ends the walk without a datagram and counts |outcome|. */
static int link_stop(link_walk *w, uint64_t *outcome) {
  w->next = NULL;
  w->outcome = outcome;
  return 0;
}

static int link_go(link_walk *w, link_handler *next) {
  w->next = next;
  return 0;
}

static int link_not_ip(link_walk *w) {
  return link_stop(w, &w->link->stats.not_ip);
}

static uint16_t link_u16(const uint8_t *p) {
  return (uint16_t)(p[0] << 8 | p[1]);
}

static uint32_t link_u32(const uint8_t *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
         p[3];
}

static uint16_t link_u16_le(const uint8_t *p) {
  return (uint16_t)(p[1] << 8 | p[0]);
}

static uint32_t link_u32_le(const uint8_t *p) {
  return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
         p[0];
}

static link_handler link_ethernet, link_ipv4, link_ipv6, link_vlan, link_mpls,
    link_pppoe, link_ppp, link_pbb, link_etag, link_llc, link_gre, link_udp,
    link_icmp, link_ipext, link_ah, link_fragment6, link_etherip, link_raw;

/* --- EtherTypes --------------------------------------------------------- */

static const struct link_ethertype {
  uint16_t type;
  link_handler *handler;
} link_ethertypes[] = {
    {0x0800, link_ipv4}, {0x86dd, link_ipv6},     {0x8100, link_vlan},
    {0x88a8, link_vlan}, {0x9100, link_vlan},     {0x9200, link_vlan},
    {0x8847, link_mpls}, {0x8848, link_mpls},     {0x8864, link_pppoe},
    {0x880b, link_ppp},  {0x6558, link_ethernet}, {0x88e7, link_pbb},
    {0x893f, link_etag}, {0x8870, link_llc},
};

static link_handler *link_find_ethertype(uint16_t type) {
  size_t n = sizeof(link_ethertypes) / sizeof(link_ethertypes[0]);

  for (size_t i = 0; i < n; i++) {
    if (link_ethertypes[i].type == type) {
      return link_ethertypes[i].handler;
    }
  }
  return NULL;
}

/* link_by_type goes on at EtherType |type|, or at LLC when it is a length
   (IEEE 802.3 clause 3.2.6). */
static int link_by_type(link_walk *w, uint16_t type) {
  link_handler *next = type <= 1500 ? link_llc : link_find_ethertype(type);

  return next ? link_go(w, next) : link_not_ip(w);
}

static int link_ethernet(link_walk *w) {
  const uint8_t *p = link_take(w, 14);

  return p ? link_by_type(w, link_u16(p + 12)) : link_missing(w, 14);
}

static int link_vlan(link_walk *w) {
  const uint8_t *p = link_take(w, 4);

  if (!p) {
    return link_missing(w, 4);
  }
  if (w->dgram.vlan == 0) {
    w->dgram.vlan = link_u16(p) & 0x0fff;
  }
  return link_by_type(w, link_u16(p + 2));
}

/* link_pbb takes the I-TAG of IEEE 802.1ah; an Ethernet frame follows. */
static int link_pbb(link_walk *w) {
  return link_take(w, 4) ? link_go(w, link_ethernet) : link_missing(w, 4);
}

/* link_etag takes the E-TAG of IEEE 802.1BR. */
static int link_etag(link_walk *w) {
  const uint8_t *p = link_take(w, 8);

  return p ? link_by_type(w, link_u16(p + 6)) : link_missing(w, 8);
}

/* link_llc takes an IEEE 802.2 header, with SNAP (RFC 1042) when it says so;
   0000f8 is the OUI of bridge tunnels (IEEE 802.1H). */
static int link_llc(link_walk *w) {
  const uint8_t *p = link_take(w, 3);
  uint32_t oui;

  if (!p) {
    return link_missing(w, 3);
  }
  if (p[0] == 0x06 && p[1] == 0x06 && p[2] == 0x03) {
    return link_go(w, link_ipv4);
  }
  if (p[0] != 0xaa || p[1] != 0xaa || p[2] != 0x03) {
    return link_not_ip(w);
  }
  p = link_take(w, 5);
  if (!p) {
    return link_missing(w, 5);
  }
  oui = link_u32(p) >> 8;
  if ((oui != 0 && oui != 0x0000f8) || link_u16(p + 3) <= 1500) {
    return link_not_ip(w);
  }
  return link_by_type(w, link_u16(p + 3));
}

/* link_sound_ip tells whether the octets at |p| start a believable IP packet
   of at most |wire| octets. */
static bool link_sound_ip(const uint8_t *p, size_t cap, size_t wire) {
  if (cap >= 20 && p[0] >> 4 == 4) {
    size_t header = (size_t)(p[0] & 15) * 4;
    size_t total = link_u16(p + 2);

    return header >= 20 && header <= total && total <= wire && p[8] != 0;
  }
  return cap >= 40 && p[0] >> 4 == 6 && (size_t)link_u16(p + 4) + 40 <= wire &&
         link_u16(p + 4) != 0;
}

static bool link_sound_ethernet(const uint8_t *p, size_t cap) {
  return cap >= 14 && link_find_ethertype(link_u16(p + 12));
}

/* link_mpls takes the label stack (RFC 3032).  Nothing names what follows: an
   IP packet shows it in its first four bits; else it is a pseudowire that
   carries Ethernet, with or without the control word of RFC 4448. */
static int link_mpls(link_walk *w) {
  const uint8_t *p;

  do {
    p = link_take(w, 4);
    if (!p) {
      return link_missing(w, 4);
    }
  } while (!(p[2] & 1));
  if (link_sound_ip(w->p, w->cap, w->wire)) {
    return link_go(w, link_raw);
  }
  if (w->cap >= 4 && w->p[0] >> 4 == 0 &&
      link_sound_ethernet(w->p + 4, w->cap - 4)) {
    link_skip(w, 4);
    return link_go(w, link_ethernet);
  }
  if (link_sound_ethernet(w->p, w->cap)) {
    return link_go(w, link_ethernet);
  }
  return w->cap && (w->p[0] >> 4 == 4 || w->p[0] >> 4 == 6)
             ? link_go(w, link_raw)
             : link_not_ip(w);
}

/* --- PPP and its kin ---------------------------------------------------- */

/* link_ppp takes a PPP protocol field (RFC 1661), perhaps compressed to one
   octet, perhaps behind the HDLC address and control of RFC 1662. */
static int link_ppp(link_walk *w) {
  uint16_t proto;

  if (w->cap >= 2 && w->p[0] == 0xff && w->p[1] == 0x03) {
    link_skip(w, 2);
  }
  if (w->cap >= 1 && w->p[0] & 1) {
    proto = w->p[0];
    link_skip(w, 1);
  } else if (w->cap >= 2) {
    proto = link_u16(w->p);
    link_skip(w, 2);
  } else {
    return link_missing(w, 2);
  }
  switch (proto) {
  case 0x0021:
    return link_go(w, link_ipv4);
  case 0x0057:
    return link_go(w, link_ipv6);
  case 0x0281:
  case 0x0283:
    return link_go(w, link_mpls);
  default:
    return link_not_ip(w);
  }
}

static int link_pppoe(link_walk *w) {
  const uint8_t *p = link_take(w, 6);

  if (!p) {
    return link_missing(w, 6);
  }
  if (p[0] != 0x11) {
    return QUIC_ERR_MALFORMED;
  }
  return p[1] == 0 ? link_go(w, link_ppp) : link_not_ip(w);
}

static int link_chdlc(link_walk *w) {
  const uint8_t *p = link_take(w, 4);

  return p ? link_by_type(w, link_u16(p + 2)) : link_missing(w, 4);
}

/* link_ppp_hdlc tells PPP from Cisco HDLC by the address octet. */
static int link_ppp_hdlc(link_walk *w) {
  bool cisco = w->cap >= 1 && (w->p[0] == 0x0f || w->p[0] == 0x8f);

  return link_go(w, cisco ? link_chdlc : link_ppp);
}

/* link_ppp_dir takes the direction octet in front of LINKTYPE_PPP_WITH_DIR;
   in LINKTYPE_PPP_PPPD it stands in the place of the HDLC address. */
static int link_ppp_dir(link_walk *w) {
  if (!link_take(w, 1)) {
    return link_missing(w, 1);
  }
  if (w->cap >= 1 && w->p[0] == 0x03) {
    link_skip(w, 1);
  }
  return link_go(w, link_ppp);
}

static int link_chdlc_dir(link_walk *w) {
  return link_take(w, 1) ? link_go(w, link_chdlc) : link_missing(w, 1);
}

/* --- other links -------------------------------------------------------- */

static int link_raw(link_walk *w) {
  if (w->cap == 0) {
    return link_missing(w, 1);
  }
  return w->p[0] >> 4 == 4   ? link_go(w, link_ipv4)
         : w->p[0] >> 4 == 6 ? link_go(w, link_ipv6)
                             : link_not_ip(w);
}

/* link_family goes on by an AF_ value; AF_INET6 differs among systems. */
static int link_family(link_walk *w, uint32_t family) {
  switch (family) {
  case 2:
    return link_go(w, link_ipv4);
  case 10: /* Linux */
  case 23: /* Windows */
  case 24: /* NetBSD, OpenBSD */
  case 28: /* FreeBSD */
  case 30: /* macOS */
    return link_go(w, link_ipv6);
  default:
    return link_not_ip(w);
  }
}

/* link_null takes the family in the byte order of the capturing machine, or
   of the network (LINKTYPE_LOOP): small either way. */
static int link_null(link_walk *w) {
  const uint8_t *p = link_take(w, 4);

  if (!p) {
    return link_missing(w, 4);
  }
  return link_family(w, p[0] | p[1] ? link_u32_le(p) : link_u32(p));
}

/* link_enc takes the header of OpenBSD's encapsulation device. */
static int link_enc(link_walk *w) {
  const uint8_t *p = link_take(w, 12);

  if (!p) {
    return link_missing(w, 12);
  }
  return link_family(w, p[0] | p[1] ? link_u32_le(p) : link_u32(p));
}

/* link_pflog takes the header of the packet filter's log; its first octet is
   its length without padding. */
static int link_pflog(link_walk *w) {
  size_t len = w->cap ? (w->p[0] + (size_t)3) & ~(size_t)3 : 4;
  const uint8_t *p = link_take(w, len);

  if (!p) {
    return link_missing(w, len);
  }
  return len < 4 ? QUIC_ERR_MALFORMED : link_family(w, p[1]);
}

#define ARPHRD_IPGRE 778
#define ARPHRD_IP6GRE 823
#define ARPHRD_NETLINK 824

/* link_cooked goes on by the protocol field of a Linux cooked header. */
static int link_cooked(link_walk *w, uint16_t arphrd, uint16_t type) {
  if (arphrd == ARPHRD_NETLINK) {
    return link_not_ip(w);
  }
  if (type == 0x0004) {
    return link_go(w, link_llc);
  }
  /* Tunnel devices deliver IP, and some captures say no type at all. */
  if (type == 0 && (arphrd == ARPHRD_IPGRE || arphrd == ARPHRD_IP6GRE)) {
    return link_go(w, link_raw);
  }
  return type <= 1500 ? link_not_ip(w) : link_by_type(w, type);
}

static int link_sll(link_walk *w) {
  const uint8_t *p = link_take(w, 16);

  return p ? link_cooked(w, link_u16(p + 2), link_u16(p + 14))
           : link_missing(w, 16);
}

static int link_sll2(link_walk *w) {
  const uint8_t *p = link_take(w, 20);

  return p ? link_cooked(w, link_u16(p + 8), link_u16(p)) : link_missing(w, 20);
}

/* link_nflog takes Linux's netfilter log: a family and attributes, of which
   number 9 is the packet. */
static int link_nflog(link_walk *w) {
  const uint8_t *p = link_take(w, 4);
  uint8_t family;

  if (!p) {
    return link_missing(w, 4);
  }
  family = p[0];
  while (w->cap >= 4) {
    size_t len = link_u16_le(w->p);
    uint16_t type = link_u16_le(w->p + 2) & 0x7fff;

    if (len < 4) {
      return QUIC_ERR_MALFORMED;
    }
    if (type == 9) {
      link_skip(w, 4);
      link_trim(w, len - 4 < w->wire ? len - 4 : w->wire);
      return link_family(w, family);
    }
    len = (len + 3) & ~(size_t)3;
    if (!link_take(w, len)) {
      return link_missing(w, len);
    }
  }
  return w->wire > w->cap ? QUIC_ERR_SHORT : link_not_ip(w);
}

/* --- IEEE 802.11 -------------------------------------------------------- */

#define DOT11_DATA 2
#define DOT11_HT_ORDER 0x80
#define DOT11_PROTECTED 0x40

/* link_amsdu takes one subframe of an A-MSDU and keeps the rest for later. */
static int link_amsdu(link_walk *w) {
  const uint8_t *p = link_take(w, 14);
  size_t len, padded;

  if (!p) {
    return w->wire < 14 ? link_not_ip(w) : QUIC_ERR_SHORT;
  }
  len = link_u16(p + 12);
  if (len > w->wire) {
    return QUIC_ERR_MALFORMED;
  }
  padded = len + (4 - (14 + len) % 4) % 4;
  if (padded < w->cap) {
    w->amsdu.p = w->p + padded;
    w->amsdu.cap = w->cap - padded;
    w->amsdu.wire = w->wire - padded;
  }
  link_trim(w, len);
  return link_go(w, link_llc);
}

/* dot11_data takes a data frame; |pad| says that the driver filled its header
   up to a multiple of 4. */
static int dot11_data(link_walk *w, bool pad) {
  const uint8_t *p = w->p;
  size_t len = 24;
  bool amsdu = false;

  if (w->cap < 2) {
    return link_missing(w, 2);
  }
  /* Only data frames carry data: no subtype with the null bit. */
  if ((p[0] >> 2 & 3) != DOT11_DATA || p[0] & 0x40 || p[1] & DOT11_PROTECTED) {
    return link_not_ip(w);
  }
  if ((p[1] & 3) == 3) {
    len += 6; /* fourth address */
  }
  if (p[0] & 0x80) {
    if (w->cap < len + 1) {
      return link_missing(w, len + 1);
    }
    amsdu = p[len] & 0x80;
    len += p[1] & DOT11_HT_ORDER ? 6 : 2;
  }
  if (pad) {
    len = (len + 3) & ~(size_t)3;
  }
  if (!link_take(w, len)) {
    return link_missing(w, len);
  }
  return link_go(w, amsdu ? link_amsdu : link_llc);
}

static int link_dot11(link_walk *w) {
  return dot11_data(w, false);
}

/* radiotap_flags finds the Flags field, which follows the presence words and
   an optional, aligned 8-octet time. */
static uint8_t radiotap_flags(const uint8_t *p, size_t len) {
  uint32_t present = link_u32_le(p + 4);
  size_t at = 8;

  for (uint32_t word = present; word >> 31; at += 4) {
    if (at + 4 > len) {
      return 0;
    }
    word = link_u32_le(p + at);
  }
  if (present & 1) {
    at = ((at + 7) & ~(size_t)7) + 8;
  }
  return present & 2 && at < len ? p[at] : 0;
}

static int link_radiotap(link_walk *w) {
  const uint8_t *p = w->p;
  size_t len;

  if (w->cap < 8) {
    return link_missing(w, 8);
  }
  len = link_u16_le(p + 2);
  if (p[0] != 0 || len < 8) {
    return QUIC_ERR_MALFORMED;
  }
  if (!link_take(w, len)) {
    return link_missing(w, len);
  }
  return dot11_data(w, radiotap_flags(p, len) & 0x20);
}

/* --- link types --------------------------------------------------------- */

static link_handler link_pktap, link_ppi;

static const struct link_type {
  uint32_t value;
  const char *name;
  link_handler *handler;
} link_types[] = {
    {0, "NULL", link_null},
    {1, "EN10MB", link_ethernet},
    {9, "PPP", link_ppp},
    {12, "RAW", link_raw},
    {14, "RAW", link_raw},
    {50, "PPP_HDLC", link_ppp_hdlc},
    {51, "PPP_ETHER", link_pppoe},
    {101, "RAW", link_raw},
    {104, "C_HDLC", link_chdlc},
    {105, "IEEE802_11", link_dot11},
    {108, "LOOP", link_null},
    {109, "ENC", link_enc},
    {113, "LINUX_SLL", link_sll},
    {117, "PFLOG", link_pflog},
    {127, "IEEE802_11_RADIOTAP", link_radiotap},
    {149, "PKTAP", link_pktap},
    {166, "PPP_PPPD", link_ppp_dir},
    {192, "PPI", link_ppi},
    {204, "PPP_WITH_DIR", link_ppp_dir},
    {205, "C_HDLC_WITH_DIR", link_chdlc_dir},
    {228, "IPV4", link_ipv4},
    {229, "IPV6", link_ipv6},
    {239, "NFLOG", link_nflog},
    {258, "PKTAP", link_pktap},
    {276, "LINUX_SLL2", link_sll2},
};

static const struct link_type *link_find_type(uint32_t value) {
  for (size_t i = 0; i < sizeof(link_types) / sizeof(link_types[0]); i++) {
    if (link_types[i].value == value) {
      return &link_types[i];
    }
  }
  return NULL;
}

const char *quic_linktype_name(uint32_t linktype) {
  const struct link_type *type = link_find_type(linktype);

  return type ? type->name : NULL;
}

static int link_by_linktype(link_walk *w, uint32_t linktype) {
  const struct link_type *type = link_find_type(linktype);

  return type ? link_go(w, type->handler)
              : link_stop(w, &w->link->stats.unsupported);
}

/* link_pktap takes macOS's packet tap header: length, record type, link type,
   all little endian. */
static int link_pktap(link_walk *w) {
  const uint8_t *p = w->p;
  size_t len;

  if (w->cap < 12) {
    return link_missing(w, 12);
  }
  len = link_u32_le(p);
  if (len < 12) {
    return QUIC_ERR_MALFORMED;
  }
  return link_take(w, len) ? link_by_linktype(w, link_u32_le(p + 8))
                           : link_missing(w, len);
}

/* link_ppi takes a Per-Packet Information header. */
static int link_ppi(link_walk *w) {
  const uint8_t *p = w->p;
  size_t len;

  if (w->cap < 8) {
    return link_missing(w, 8);
  }
  len = link_u16_le(p + 2);
  if (len < 8) {
    return QUIC_ERR_MALFORMED;
  }
  return link_take(w, len) ? link_by_linktype(w, link_u32_le(p + 4))
                           : link_missing(w, len);
}

/* --- IP ----------------------------------------------------------------- */

enum {
  PROTO_HOPOPT = 0,
  PROTO_ICMP = 1,
  PROTO_IPV4 = 4,
  PROTO_UDP = 17,
  PROTO_IPV6 = 41,
  PROTO_ROUTING = 43,
  PROTO_FRAGMENT = 44,
  PROTO_GRE = 47,
  PROTO_AH = 51,
  PROTO_ICMPV6 = 58,
  PROTO_DSTOPTS = 60,
  PROTO_ETHERIP = 97,
  PROTO_MOBILITY = 135,
  PROTO_MPLS = 137,
  PROTO_HIP = 139,
  PROTO_SHIM6 = 140
};

/* link_by_proto goes on with the payload of an IP header. */
static int link_by_proto(link_walk *w, uint8_t proto) {
  static const struct {
    uint8_t proto;
    link_handler *handler;
  } rows[] = {{PROTO_UDP, link_udp},         {PROTO_ICMP, link_icmp},
              {PROTO_ICMPV6, link_icmp},     {PROTO_IPV4, link_ipv4},
              {PROTO_IPV6, link_ipv6},       {PROTO_GRE, link_gre},
              {PROTO_HOPOPT, link_ipext},    {PROTO_ROUTING, link_ipext},
              {PROTO_DSTOPTS, link_ipext},   {PROTO_MOBILITY, link_ipext},
              {PROTO_HIP, link_ipext},       {PROTO_SHIM6, link_ipext},
              {PROTO_AH, link_ah},           {PROTO_FRAGMENT, link_fragment6},
              {PROTO_ETHERIP, link_etherip}, {PROTO_MPLS, link_mpls}};

  w->proto = proto;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (rows[i].proto == proto) {
      return link_go(w, rows[i].handler);
    }
  }
  return link_stop(w, &w->link->stats.not_udp);
}

/* link_enter_ip notes one more IP header.  A guess that leads to one was
   right. */
static void link_enter_ip(link_walk *w) {
  if (w->in_ip && w->dgram.tunnels < UINT8_MAX) {
    w->dgram.tunnels++;
  }
  w->in_ip = true;
  w->guess = false;
}

/* link_reassemble hands a fragment on, and continues with the whole when it
   was the last one that was missing. */
static int link_reassemble(link_walk *w, uint32_t id, uint8_t proto,
                           size_t offset, bool more) {
  quic_ipfrag_key key;
  quic_ipfrag_piece piece = {{w->p, w->cap}, w->wire, offset,
                             more,           proto,   w->dgram.ecn};
  quic_ipfrag_whole whole;
  int rv;

  w->link->stats.fragments++;
  if (w->dgram.in_icmp) {
    /* A quoted first fragment has the ports; the others never come. */
    return offset == 0 ? link_by_proto(w, proto) : link_stop(w, NULL);
  }
  memset(&key, 0, sizeof(key));
  memcpy(key.src, w->dgram.src.ip, sizeof(key.src));
  memcpy(key.dst, w->dgram.dst.ip, sizeof(key.dst));
  key.id = id;
  key.family = w->dgram.src.family;
  key.proto = key.family == 4 ? proto : 0;
  key.depth = w->dgram.tunnels;
  rv = quic_ipfrag_add(&w->link->fragments, &key, &piece, w->now, &whole);
  w->link->stats.fragments_evicted = w->link->fragments.evicted;
  if (rv == QUIC_ERR_AGAIN) {
    return link_stop(w, NULL);
  }
  if (rv != 0) {
    return rv;
  }
  w->link->stats.reassembled++;
  w->dgram.reassembled = true;
  w->dgram.ecn = whole.ecn;
  w->p = whole.data.data;
  w->cap = whole.data.len;
  w->wire = whole.wire_len;
  return link_by_proto(w, whole.proto);
}

/* ip_total limits the walk to the |total| octets that an IP header claims, its
   own |header| octets included.  A link's padding goes; what is missing was
   cut, or quoted in part. */
static void ip_total(link_walk *w, size_t total) {
  if (total > w->wire) {
    w->wire = total;
  } else {
    link_trim(w, total);
  }
}

static void ip_addresses(link_walk *w, uint8_t family, const uint8_t *src,
                         size_t len) {
  memset(&w->dgram.src, 0, sizeof(w->dgram.src));
  memset(&w->dgram.dst, 0, sizeof(w->dgram.dst));
  w->dgram.src.family = w->dgram.dst.family = family;
  memcpy(w->dgram.src.ip, src, len);
  memcpy(w->dgram.dst.ip, src + len, len);
}

static int link_ipv4(link_walk *w) {
  const uint8_t *p = w->p;
  size_t header, total;
  uint16_t frag;

  if (w->guess && !link_sound_ip(p, w->cap, w->wire)) {
    return QUIC_ERR_MALFORMED;
  }
  if (w->cap < 20) {
    return link_missing(w, 20);
  }
  header = (size_t)(p[0] & 15) * 4;
  total = link_u16(p + 2);
  if (p[0] >> 4 != 4 || header < 20 || (total && total < header)) {
    return QUIC_ERR_MALFORMED;
  }
  if (total) { /* 0: the sender's hardware would have filled it in */
    ip_total(w, total);
  }
  if (!link_take(w, header)) {
    return link_missing(w, header);
  }
  link_enter_ip(w);
  ip_addresses(w, 4, p + 12, 4);
  w->dgram.ecn = p[1] & 3;
  w->dgram.ttl = p[8];
  frag = link_u16(p + 6);
  if (frag & 0x3fff) {
    return link_reassemble(w, link_u16(p + 4), p[9],
                           (size_t)(frag & 0x1fff) * 8, frag & 0x2000);
  }
  return link_by_proto(w, p[9]);
}

/* ipv6_jumbo returns the Jumbo Payload Length (RFC 2675) of the hop-by-hop
   header at |p|, or 0. */
static size_t ipv6_jumbo(const uint8_t *p, size_t cap) {
  size_t end = cap >= 8 ? ((size_t)p[1] + 1) * 8 : 0;

  if (end > cap) {
    return 0;
  }
  for (size_t i = 2; i + 1 < end;) {
    if (p[i] == 0) {
      i++;
      continue;
    }
    if (p[i] == 0xc2 && p[i + 1] == 4 && i + 6 <= end) {
      return link_u32(p + i + 2);
    }
    i += 2 + (size_t)p[i + 1];
  }
  return 0;
}

static int link_ipv6(link_walk *w) {
  const uint8_t *p = w->p;
  size_t len;

  if (w->guess && !link_sound_ip(p, w->cap, w->wire)) {
    return QUIC_ERR_MALFORMED;
  }
  if (w->cap < 40) {
    return link_missing(w, 40);
  }
  if (p[0] >> 4 != 6) {
    return QUIC_ERR_MALFORMED;
  }
  len = link_u16(p + 4);
  if (len == 0 && p[6] == PROTO_HOPOPT) {
    len = ipv6_jumbo(p + 40, w->cap - 40);
  }
  if (len) {
    ip_total(w, 40 + len);
  }
  link_skip(w, 40);
  link_enter_ip(w);
  ip_addresses(w, 6, p + 8, 16);
  w->dgram.ecn = p[1] >> 4 & 3;
  w->dgram.ttl = p[7];
  return link_by_proto(w, p[6]);
}

/* link_ipext takes an extension header in the common form of RFC 6564. */
static int link_ipext(link_walk *w) {
  const uint8_t *p = w->p;
  size_t len = w->cap >= 2 ? ((size_t)p[1] + 1) * 8 : 8;

  return link_take(w, len) ? link_by_proto(w, p[0]) : link_missing(w, len);
}

/* link_ah takes an Authentication Header (RFC 4302), whose length counts
   32-bit words, less two. */
static int link_ah(link_walk *w) {
  const uint8_t *p = w->p;
  size_t len = w->cap >= 2 ? ((size_t)p[1] + 2) * 4 : 8;

  return link_take(w, len) ? link_by_proto(w, p[0]) : link_missing(w, len);
}

static int link_fragment6(link_walk *w) {
  const uint8_t *p = link_take(w, 8);
  uint16_t frag;

  if (!p) {
    return link_missing(w, 8);
  }
  frag = link_u16(p + 2);
  if (!(frag & 0xfff9)) { /* the only one (RFC 6946) */
    return link_by_proto(w, p[0]);
  }
  return link_reassemble(w, link_u32(p + 4), p[0], frag & 0xfff8, frag & 1);
}

/* link_etherip takes the two octets of RFC 3378. */
static int link_etherip(link_walk *w) {
  return link_take(w, 2) ? link_go(w, link_ethernet) : link_missing(w, 2);
}

/* link_icmp looks for the packet that an error quotes (RFC 792, RFC 4443). */
static int link_icmp(link_walk *w) {
  const uint8_t *p = link_take(w, 8);
  bool v4 = w->proto == PROTO_ICMP;

  if (!p) {
    return link_missing(w, 8);
  }
  if (v4 ? p[0] != 3 && p[0] != 4 && p[0] != 5 && p[0] != 11 && p[0] != 12
         : p[0] < 1 || p[0] > 4) {
    return link_stop(w, &w->link->stats.not_udp);
  }
  w->dgram.in_icmp = true;
  w->in_ip = false; /* the quoted header is no tunnel's */
  return link_go(w, v4 ? link_ipv4 : link_ipv6);
}

/* --- GRE ---------------------------------------------------------------- */

enum {
  GRE_CHECKSUM = 0x8000,
  GRE_ROUTING = 0x4000,
  GRE_KEY = 0x2000,
  GRE_SEQUENCE = 0x1000,
  GRE_ACK = 0x0080 /* version 1 */
};

/* link_erspan takes the header of mirrored traffic: none without a sequence
   number (type I), 8 octets in type II, 12 or 20 in type III. */
static int link_erspan(link_walk *w, uint16_t flags, uint16_t type) {
  size_t len = type == 0x22eb ? 12 : flags & GRE_SEQUENCE ? 8 : 0;

  if (w->cap < len) {
    return link_missing(w, len);
  }
  if (len == 12 && w->p[11] & 1) {
    len += 8;
  }
  if (len && !link_take(w, len)) {
    return link_missing(w, len);
  }
  return link_go(w, link_ethernet);
}

/* link_gre takes a header of RFC 2784 and RFC 2890, or of PPTP (RFC 2637). */
static int link_gre(link_walk *w) {
  const uint8_t *p = link_take(w, 4);
  uint16_t flags, type;
  size_t options;

  if (!p) {
    return link_missing(w, 4);
  }
  flags = link_u16(p);
  type = link_u16(p + 2);
  if ((flags & 7) > 1 || flags & GRE_ROUTING) {
    return link_stop(w, &w->link->stats.unsupported);
  }
  options = (flags & GRE_CHECKSUM ? 4u : 0u) + (flags & GRE_KEY ? 4u : 0u) +
            (flags & GRE_SEQUENCE ? 4u : 0u) +
            ((flags & 7) == 1 && flags & GRE_ACK ? 4u : 0u);
  if (!link_take(w, options)) {
    return link_missing(w, options);
  }
  if (type == 0x88be || type == 0x22eb) {
    return link_erspan(w, flags, type);
  }
  return type <= 1500 ? link_not_ip(w) : link_by_type(w, type);
}

/* --- UDP and the tunnels over it ----------------------------------------- */

static void link_emit(link_walk *w, const quic_datagram *dgram) {
  w->link->stats.datagrams++;
  w->fn(w->user, dgram);
}

/* link_vxlan: RFC 7348; the flag I must be set. */
static int link_vxlan(link_walk *w) {
  const uint8_t *p = link_take(w, 8);

  return p && p[0] & 0x08 ? link_go(w, link_ethernet) : QUIC_ERR_MALFORMED;
}

/* link_geneve: RFC 8926, version 0. */
static int link_geneve(link_walk *w) {
  const uint8_t *p = link_take(w, 8);
  uint16_t type;

  if (!p || p[0] >> 6 != 0 || !link_take(w, (size_t)(p[0] & 0x3f) * 4)) {
    return QUIC_ERR_MALFORMED;
  }
  type = link_u16(p + 2);
  return type <= 1500 ? QUIC_ERR_MALFORMED : link_by_type(w, type);
}

/* link_gtpu: 3GPP TS 29.281 section 5; a G-PDU of version 1 whose length is
   that of the datagram. */
static int link_gtpu(link_walk *w) {
  const uint8_t *p = link_take(w, 8);
  uint8_t next;

  if (!p || (p[0] & 0xf0) != 0x30 || p[1] != 255 ||
      link_u16(p + 2) != w->wire) {
    return QUIC_ERR_MALFORMED;
  }
  if (!(p[0] & 0x07)) {
    return link_go(w, link_raw);
  }
  next = p[0] & 0x04;
  p = link_take(w, 4);
  if (!p) {
    return QUIC_ERR_MALFORMED;
  }
  for (next = next ? p[3] : 0; next;) {
    size_t len = w->cap ? (size_t)w->p[0] * 4 : 0;

    p = len ? link_take(w, len) : NULL;
    if (!p) {
      return QUIC_ERR_MALFORMED;
    }
    next = p[len - 1];
  }
  return link_go(w, link_raw);
}

/* link_teredo: RFC 4380 section 5.1.1; authentication and origin indications
   may come before the IPv6 packet. */
static int link_teredo(link_walk *w) {
  if (w->cap >= 4 && link_u16(w->p) == 0x0001 &&
      !link_take(w, 4 + (size_t)w->p[2] + w->p[3] + 9)) {
    return QUIC_ERR_MALFORMED;
  }
  if (w->cap >= 2 && link_u16(w->p) == 0x0000 && !link_take(w, 8)) {
    return QUIC_ERR_MALFORMED;
  }
  return link_go(w, link_ipv6);
}

/* link_l2tp: RFC 2661 section 3.1, data messages. */
static int link_l2tp(link_walk *w) {
  const uint8_t *p = link_take(w, 2);
  uint16_t flags = p ? link_u16(p) : 0;
  size_t len = 4 + (flags & 0x4000 ? 2u : 0u) + (flags & 0x0800 ? 4u : 0u);

  if (!p || (flags & 0x800f) != 0x0002 || !link_take(w, len)) {
    return QUIC_ERR_MALFORMED;
  }
  if (flags & 0x0200) { /* offset field and padding */
    p = link_take(w, 2);
    if (!p || !link_take(w, link_u16(p))) {
      return QUIC_ERR_MALFORMED;
    }
  }
  return link_go(w, link_ppp);
}

static link_handler *link_find_tunnel(uint16_t port) {
  switch (port) {
  case 4789:
  case 8472: /* Linux before the port was assigned */
    return link_vxlan;
  case 6081:
    return link_geneve;
  case 2152:
    return link_gtpu;
  case 3544:
    return link_teredo;
  case 1701:
    return link_l2tp;
  default:
    return NULL;
  }
}

/* udp_length sets the payload's length.  A zero or excessive UDP length gives
   way to the IP header's, except in a quote, where the UDP length is all that
   tells how much there was. */
static int udp_length(link_walk *w, size_t len) {
  if (len && len < 8) {
    return QUIC_ERR_MALFORMED;
  }
  if (len && w->dgram.in_icmp && len - 8 > w->wire) {
    w->wire = len - 8;
  } else if (len && len - 8 < w->wire) {
    link_trim(w, len - 8);
  }
  return 0;
}

static int link_udp(link_walk *w) {
  const uint8_t *p = link_take(w, 8);
  link_handler *tunnel;
  int rv;

  if (!p) {
    return link_missing(w, 8);
  }
  rv = udp_length(w, link_u16(p + 4));
  if (rv != 0) {
    return rv;
  }
  w->dgram.src.port = link_u16(p);
  w->dgram.dst.port = link_u16(p + 2);
  w->dgram.payload = quic_bytes_of(w->p, w->cap);
  w->dgram.wire_len = w->wire;
  tunnel = link_find_tunnel(w->dgram.dst.port);
  if (!tunnel) {
    tunnel = link_find_tunnel(w->dgram.src.port);
  }
  if (tunnel) {
    w->fallback = w->dgram;
    w->guess = true;
    return link_go(w, tunnel);
  }
  link_emit(w, &w->dgram);
  return link_stop(w, NULL);
}

/* --- frames ------------------------------------------------------------- */

int quic_link_new(quic_link **out, const quic_mem *mem) {
  quic_link *link = quic_mem_zalloc(mem, sizeof(*link));

  *out = link;
  if (!link) {
    return QUIC_ERR_NOMEM;
  }
  link->mem = mem;
  quic_ipfrag_init(&link->fragments, mem);
  return 0;
}

void quic_link_del(quic_link *link) {
  if (link) {
    quic_ipfrag_free(&link->fragments);
    quic_mem_free(link->mem, link);
  }
}

const quic_link_stats *quic_link_get_stats(const quic_link *link) {
  return &link->stats;
}

/* link_run peels headers until a handler stops, and settles the guess. */
static int link_run(link_walk *w) {
  unsigned depth = 0;
  int rv = 0;

  w->outcome = NULL;
  while (rv == 0 && w->next) {
    if (++depth > QUIC_LINK_DEPTH_MAX) {
      rv = link_stop(w, &w->link->stats.unsupported);
      break;
    }
    rv = w->next(w);
  }
  w->next = NULL;
  if (w->guess && rv != QUIC_ERR_NOMEM) {
    w->guess = false;
    w->outcome = NULL;
    rv = 0;
    link_emit(w, &w->fallback);
  }
  if (w->outcome) {
    ++*w->outcome;
  }
  if (rv == QUIC_ERR_SHORT) {
    w->link->stats.cut++;
  } else if (rv == QUIC_ERR_MALFORMED) {
    w->link->stats.malformed++;
  }
  return rv;
}

/* link_next_subframe sets the walk to the next subframe of an A-MSDU. */
static bool link_next_subframe(link_walk *w) {
  if (!w->amsdu.p) {
    return false;
  }
  w->p = w->amsdu.p;
  w->cap = w->amsdu.cap;
  w->wire = w->amsdu.wire;
  w->amsdu.p = NULL;
  w->in_ip = false;
  memset(&w->dgram, 0, sizeof(w->dgram));
  w->next = link_amsdu;
  return true;
}

int quic_link_decode(quic_link *link, uint32_t linktype, quic_bytes frame,
                     size_t orig_len, quic_time now, quic_datagram_fn *fn,
                     void *user) {
  const struct link_type *type = link_find_type(linktype);
  link_walk w;
  int rv;

  link->stats.frames++;
  if (!type) {
    link->stats.unsupported++;
    return QUIC_ERR_UNSUPPORTED;
  }
  memset(&w, 0, sizeof(w));
  w.link = link;
  w.p = frame.data;
  w.cap = frame.len;
  w.wire = orig_len > frame.len ? orig_len : frame.len;
  w.next = type->handler;
  w.now = now;
  w.fn = fn;
  w.user = user;
  rv = link_run(&w);
  while (link_next_subframe(&w)) {
    int more = link_run(&w);

    rv = rv ? rv : more;
  }
  return rv;
}
