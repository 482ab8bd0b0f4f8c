#include "capture/link_walk.h"

static quic_link_handler link_vlan, link_pppoe, link_pbb, link_etag;

/* --- EtherTypes --------------------------------------------------------- */

static const struct link_ethertype {
  uint16_t type;
  quic_link_handler *handler;
} link_ethertypes[] = {
    {0x0800, quic_link_ipv4},     {0x86dd, quic_link_ipv6},
    {0x8100, link_vlan},          {0x88a8, link_vlan},
    {0x9100, link_vlan},          {0x9200, link_vlan},
    {0x8847, quic_link_mpls},     {0x8848, quic_link_mpls},
    {0x8864, link_pppoe},         {0x880b, quic_link_ppp},
    {0x6558, quic_link_ethernet}, {0x88e7, link_pbb},
    {0x893f, link_etag},          {0x8870, quic_link_llc},
};

static quic_link_handler *link_find_ethertype(uint16_t type) {
  size_t n = sizeof(link_ethertypes) / sizeof(link_ethertypes[0]);

  for (size_t i = 0; i < n; i++) {
    if (link_ethertypes[i].type == type) {
      return link_ethertypes[i].handler;
    }
  }
  return NULL;
}

int quic_link_by_type(quic_link_walk *w, uint16_t type) {
  quic_link_handler *next =
      type <= 1500 ? quic_link_llc : link_find_ethertype(type);

  return next ? link_go(w, next) : link_not_ip(w);
}

int quic_link_ethernet(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 14);

  return p ? quic_link_by_type(w, link_u16(p + 12)) : link_missing(w, 14);
}

static int link_vlan(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 4);

  if (!p) {
    return link_missing(w, 4);
  }
  if (w->dgram.vlan == 0) {
    w->dgram.vlan = link_u16(p) & 0x0fff;
  }
  return quic_link_by_type(w, link_u16(p + 2));
}

/* link_pbb takes the I-TAG of IEEE 802.1ah; an Ethernet frame follows. */
static int link_pbb(quic_link_walk *w) {
  return link_take(w, 4) ? link_go(w, quic_link_ethernet) : link_missing(w, 4);
}

/* link_etag takes the E-TAG of IEEE 802.1BR. */
static int link_etag(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 8);

  return p ? quic_link_by_type(w, link_u16(p + 6)) : link_missing(w, 8);
}

/* quic_link_llc takes an IEEE 802.2 header, with SNAP (RFC 1042) when it says
   so; 0000f8 is the OUI of bridge tunnels (IEEE 802.1H). */
int quic_link_llc(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 3);
  uint32_t oui;

  if (!p) {
    return link_missing(w, 3);
  }
  if (p[0] == 0x06 && p[1] == 0x06 && p[2] == 0x03) {
    return link_go(w, quic_link_ipv4);
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
  return quic_link_by_type(w, link_u16(p + 3));
}

bool quic_link_sound_ip(const uint8_t *p, size_t cap, size_t wire) {
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

/* quic_link_mpls takes the label stack (RFC 3032).  Nothing names what follows:
   an IP packet shows it in its first four bits; else it is a pseudowire that
   carries Ethernet, with or without the control word of RFC 4448. */
int quic_link_mpls(quic_link_walk *w) {
  const uint8_t *p;

  do {
    p = link_take(w, 4);
    if (!p) {
      return link_missing(w, 4);
    }
  } while (!(p[2] & 1));
  if (quic_link_sound_ip(w->p, w->cap, w->wire)) {
    return link_go(w, quic_link_raw);
  }
  if (w->cap >= 4 && w->p[0] >> 4 == 0 &&
      link_sound_ethernet(w->p + 4, w->cap - 4)) {
    link_skip(w, 4);
    return link_go(w, quic_link_ethernet);
  }
  if (link_sound_ethernet(w->p, w->cap)) {
    return link_go(w, quic_link_ethernet);
  }
  return w->cap && (w->p[0] >> 4 == 4 || w->p[0] >> 4 == 6)
             ? link_go(w, quic_link_raw)
             : link_not_ip(w);
}

/* --- PPP and its kin ---------------------------------------------------- */

/* quic_link_ppp takes a PPP protocol field (RFC 1661), perhaps compressed to
   one octet, perhaps behind the HDLC address and control of RFC 1662. */
int quic_link_ppp(quic_link_walk *w) {
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
    return link_go(w, quic_link_ipv4);
  case 0x0057:
    return link_go(w, quic_link_ipv6);
  case 0x0281:
  case 0x0283:
    return link_go(w, quic_link_mpls);
  default:
    return link_not_ip(w);
  }
}

static int link_pppoe(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 6);

  if (!p) {
    return link_missing(w, 6);
  }
  if (p[0] != 0x11) {
    return QUIC_ERR_MALFORMED;
  }
  return p[1] == 0 ? link_go(w, quic_link_ppp) : link_not_ip(w);
}

static int link_chdlc(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 4);

  return p ? quic_link_by_type(w, link_u16(p + 2)) : link_missing(w, 4);
}

/* link_ppp_hdlc tells PPP from Cisco HDLC by the address octet. */
static int link_ppp_hdlc(quic_link_walk *w) {
  bool cisco = w->cap >= 1 && (w->p[0] == 0x0f || w->p[0] == 0x8f);

  return link_go(w, cisco ? link_chdlc : quic_link_ppp);
}

/* link_ppp_dir takes the direction octet in front of LINKTYPE_PPP_WITH_DIR;
   in LINKTYPE_PPP_PPPD it stands in the place of the HDLC address. */
static int link_ppp_dir(quic_link_walk *w) {
  if (!link_take(w, 1)) {
    return link_missing(w, 1);
  }
  if (w->cap >= 1 && w->p[0] == 0x03) {
    link_skip(w, 1);
  }
  return link_go(w, quic_link_ppp);
}

static int link_chdlc_dir(quic_link_walk *w) {
  return link_take(w, 1) ? link_go(w, link_chdlc) : link_missing(w, 1);
}

/* --- other links -------------------------------------------------------- */

int quic_link_raw(quic_link_walk *w) {
  if (w->cap == 0) {
    return link_missing(w, 1);
  }
  return w->p[0] >> 4 == 4   ? link_go(w, quic_link_ipv4)
         : w->p[0] >> 4 == 6 ? link_go(w, quic_link_ipv6)
                             : link_not_ip(w);
}

/* link_family goes on by an AF_ value; AF_INET6 differs among systems. */
static int link_family(quic_link_walk *w, uint32_t family) {
  switch (family) {
  case 2:
    return link_go(w, quic_link_ipv4);
  case 10: /* Linux */
  case 23: /* Windows */
  case 24: /* NetBSD, OpenBSD */
  case 28: /* FreeBSD */
  case 30: /* macOS */
    return link_go(w, quic_link_ipv6);
  default:
    return link_not_ip(w);
  }
}

/* link_null takes the family in the byte order of the capturing machine, or
   of the network (LINKTYPE_LOOP): small either way. */
static int link_null(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 4);

  if (!p) {
    return link_missing(w, 4);
  }
  return link_family(w, p[0] | p[1] ? link_u32_le(p) : link_u32(p));
}

/* link_enc takes the header of OpenBSD's encapsulation device. */
static int link_enc(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 12);

  if (!p) {
    return link_missing(w, 12);
  }
  return link_family(w, p[0] | p[1] ? link_u32_le(p) : link_u32(p));
}

/* link_pflog takes the header of the packet filter's log; its first octet is
   its length without padding. */
static int link_pflog(quic_link_walk *w) {
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
static int link_cooked(quic_link_walk *w, uint16_t arphrd, uint16_t type) {
  if (arphrd == ARPHRD_NETLINK) {
    return link_not_ip(w);
  }
  if (type == 0x0004) {
    return link_go(w, quic_link_llc);
  }
  /* Tunnel devices deliver IP, and some captures say no type at all. */
  if (type == 0 && (arphrd == ARPHRD_IPGRE || arphrd == ARPHRD_IP6GRE)) {
    return link_go(w, quic_link_raw);
  }
  return type <= 1500 ? link_not_ip(w) : quic_link_by_type(w, type);
}

static int link_sll(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 16);

  return p ? link_cooked(w, link_u16(p + 2), link_u16(p + 14))
           : link_missing(w, 16);
}

static int link_sll2(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 20);

  return p ? link_cooked(w, link_u16(p + 8), link_u16(p)) : link_missing(w, 20);
}

/* link_nflog takes Linux's netfilter log: a family and attributes, of which
   number 9 is the packet. */
static int link_nflog(quic_link_walk *w) {
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

/* --- link types --------------------------------------------------------- */

static quic_link_handler link_pktap, link_ppi;

static const struct link_type {
  uint32_t value;
  const char *name;
  quic_link_handler *handler;
} link_types[] = {
    {0, "NULL", link_null},
    {1, "EN10MB", quic_link_ethernet},
    {9, "PPP", quic_link_ppp},
    {12, "RAW", quic_link_raw},
    {14, "RAW", quic_link_raw},
    {50, "PPP_HDLC", link_ppp_hdlc},
    {51, "PPP_ETHER", link_pppoe},
    {101, "RAW", quic_link_raw},
    {104, "C_HDLC", link_chdlc},
    {105, "IEEE802_11", quic_link_dot11},
    {108, "LOOP", link_null},
    {109, "ENC", link_enc},
    {113, "LINUX_SLL", link_sll},
    {117, "PFLOG", link_pflog},
    {127, "IEEE802_11_RADIOTAP", quic_link_radiotap},
    {149, "PKTAP", link_pktap},
    {166, "PPP_PPPD", link_ppp_dir},
    {192, "PPI", link_ppi},
    {204, "PPP_WITH_DIR", link_ppp_dir},
    {205, "C_HDLC_WITH_DIR", link_chdlc_dir},
    {228, "IPV4", quic_link_ipv4},
    {229, "IPV6", quic_link_ipv6},
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

static int link_by_linktype(quic_link_walk *w, uint32_t linktype) {
  const struct link_type *type = link_find_type(linktype);

  return type ? link_go(w, type->handler)
              : link_stop(w, &w->link->stats.unsupported);
}

/* link_pktap takes macOS's packet tap header: length, record type, link type,
   all little endian. */
static int link_pktap(quic_link_walk *w) {
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
static int link_ppi(quic_link_walk *w) {
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
static int link_run(quic_link_walk *w) {
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
static bool link_next_subframe(quic_link_walk *w) {
  if (!w->amsdu.p) {
    return false;
  }
  w->p = w->amsdu.p;
  w->cap = w->amsdu.cap;
  w->wire = w->amsdu.wire;
  w->amsdu.p = NULL;
  w->in_ip = false;
  memset(&w->dgram, 0, sizeof(w->dgram));
  w->next = quic_link_amsdu;
  return true;
}

int quic_link_decode(quic_link *link, uint32_t linktype, quic_bytes frame,
                     size_t orig_len, quic_time now, quic_datagram_fn *fn,
                     void *user) {
  const struct link_type *type = link_find_type(linktype);
  quic_link_walk w;
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
