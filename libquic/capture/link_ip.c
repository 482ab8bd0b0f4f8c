#include "capture/link_walk.h"

static quic_link_handler link_gre, link_udp, link_icmp, link_ipext, link_ah,
    link_fragment6, link_etherip;

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
static int link_by_proto(quic_link_walk *w, uint8_t proto) {
  static const struct {
    uint8_t proto;
    quic_link_handler *handler;
  } rows[] = {{PROTO_UDP, link_udp},         {PROTO_ICMP, link_icmp},
              {PROTO_ICMPV6, link_icmp},     {PROTO_IPV4, quic_link_ipv4},
              {PROTO_IPV6, quic_link_ipv6},  {PROTO_GRE, link_gre},
              {PROTO_HOPOPT, link_ipext},    {PROTO_ROUTING, link_ipext},
              {PROTO_DSTOPTS, link_ipext},   {PROTO_MOBILITY, link_ipext},
              {PROTO_HIP, link_ipext},       {PROTO_SHIM6, link_ipext},
              {PROTO_AH, link_ah},           {PROTO_FRAGMENT, link_fragment6},
              {PROTO_ETHERIP, link_etherip}, {PROTO_MPLS, quic_link_mpls}};

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
static void link_enter_ip(quic_link_walk *w) {
  if (w->in_ip && w->dgram.tunnels < UINT8_MAX) {
    w->dgram.tunnels++;
  }
  w->in_ip = true;
  w->guess = false;
}

/* link_reassemble hands a fragment on, and continues with the whole when it
   was the last one that was missing. */
static int link_reassemble(quic_link_walk *w, uint32_t id, uint8_t proto,
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
static void ip_total(quic_link_walk *w, size_t total) {
  if (total > w->wire) {
    w->wire = total;
  } else {
    link_trim(w, total);
  }
}

static void ip_addresses(quic_link_walk *w, uint8_t family, const uint8_t *src,
                         size_t len) {
  memset(&w->dgram.src, 0, sizeof(w->dgram.src));
  memset(&w->dgram.dst, 0, sizeof(w->dgram.dst));
  w->dgram.src.family = w->dgram.dst.family = family;
  memcpy(w->dgram.src.ip, src, len);
  memcpy(w->dgram.dst.ip, src + len, len);
}

int quic_link_ipv4(quic_link_walk *w) {
  const uint8_t *p = w->p;
  size_t header, total;
  uint16_t frag;

  if (w->guess && !quic_link_sound_ip(p, w->cap, w->wire)) {
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

int quic_link_ipv6(quic_link_walk *w) {
  const uint8_t *p = w->p;
  size_t len;

  if (w->guess && !quic_link_sound_ip(p, w->cap, w->wire)) {
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
static int link_ipext(quic_link_walk *w) {
  const uint8_t *p = w->p;
  size_t len = w->cap >= 2 ? ((size_t)p[1] + 1) * 8 : 8;

  return link_take(w, len) ? link_by_proto(w, p[0]) : link_missing(w, len);
}

/* link_ah takes an Authentication Header (RFC 4302), whose length counts
   32-bit words, less two. */
static int link_ah(quic_link_walk *w) {
  const uint8_t *p = w->p;
  size_t len = w->cap >= 2 ? ((size_t)p[1] + 2) * 4 : 8;

  return link_take(w, len) ? link_by_proto(w, p[0]) : link_missing(w, len);
}

static int link_fragment6(quic_link_walk *w) {
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
static int link_etherip(quic_link_walk *w) {
  return link_take(w, 2) ? link_go(w, quic_link_ethernet) : link_missing(w, 2);
}

/* link_icmp looks for the packet that an error quotes (RFC 792, RFC 4443). */
static int link_icmp(quic_link_walk *w) {
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
  return link_go(w, v4 ? quic_link_ipv4 : quic_link_ipv6);
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
static int link_erspan(quic_link_walk *w, uint16_t flags, uint16_t type) {
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
  return link_go(w, quic_link_ethernet);
}

/* link_gre takes a header of RFC 2784 and RFC 2890, or of PPTP (RFC 2637). */
static int link_gre(quic_link_walk *w) {
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
  return type <= 1500 ? link_not_ip(w) : quic_link_by_type(w, type);
}

/* --- UDP and the tunnels over it ----------------------------------------- */

/* link_vxlan: RFC 7348; the flag I must be set. */
static int link_vxlan(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 8);

  return p && p[0] & 0x08 ? link_go(w, quic_link_ethernet) : QUIC_ERR_MALFORMED;
}

/* link_geneve: RFC 8926, version 0. */
static int link_geneve(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 8);
  uint16_t type;

  if (!p || p[0] >> 6 != 0 || !link_take(w, (size_t)(p[0] & 0x3f) * 4)) {
    return QUIC_ERR_MALFORMED;
  }
  type = link_u16(p + 2);
  return type <= 1500 ? QUIC_ERR_MALFORMED : quic_link_by_type(w, type);
}

/* link_gtpu: 3GPP TS 29.281 section 5; a G-PDU of version 1 whose length is
   that of the datagram. */
static int link_gtpu(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 8);
  uint8_t next;

  if (!p || (p[0] & 0xf0) != 0x30 || p[1] != 255 ||
      link_u16(p + 2) != w->wire) {
    return QUIC_ERR_MALFORMED;
  }
  if (!(p[0] & 0x07)) {
    return link_go(w, quic_link_raw);
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
  return link_go(w, quic_link_raw);
}

/* link_teredo: RFC 4380 section 5.1.1; authentication and origin indications
   may come before the IPv6 packet. */
static int link_teredo(quic_link_walk *w) {
  if (w->cap >= 4 && link_u16(w->p) == 0x0001 &&
      !link_take(w, 4 + (size_t)w->p[2] + w->p[3] + 9)) {
    return QUIC_ERR_MALFORMED;
  }
  if (w->cap >= 2 && link_u16(w->p) == 0x0000 && !link_take(w, 8)) {
    return QUIC_ERR_MALFORMED;
  }
  return link_go(w, quic_link_ipv6);
}

/* link_l2tp: RFC 2661 section 3.1, data messages. */
static int link_l2tp(quic_link_walk *w) {
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
  return link_go(w, quic_link_ppp);
}

static quic_link_handler *link_find_tunnel(uint16_t port) {
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
static int udp_length(quic_link_walk *w, size_t len) {
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

static int link_udp(quic_link_walk *w) {
  const uint8_t *p = link_take(w, 8);
  quic_link_handler *tunnel;
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
