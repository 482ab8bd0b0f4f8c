#include "tests/support/capgen_link.h"

#include <stdlib.h>

#include "base/writer.h"

#define LINK_ROOM 1024 /* octets for all headers */
#define LINK_BUFFER (LINK_ROOM + 65536)
#define LINK_ICMP_QUOTE 548 /* octets that an ICMP error quotes at most */
#define LINK_ICMP6_QUOTE 1232

#define PROTO_IP4 4
#define PROTO_UDP 17
#define PROTO_IP6 41
#define PROTO_GRE 47
#define PROTO_FRAGMENT 44
#define PROTO_MPLS 137

/* A frame that grows from the inside out. */
typedef struct framing {
  const capgen_datagram *dg;
  uint8_t buf[LINK_BUFFER];
  uint8_t *start;
  uint8_t *end;
  const uint8_t *payload;
  size_t quoted;
  uint16_t ethertype; /* of what is there so far, as the layer outside says */
  uint8_t proto;
  uint32_t frag_id;
  uint16_t frag_field; /* IPv4: offset / 8 and the M bit; 0 = whole */
} framing;

static size_t framing_len(const framing *fr) {
  return (size_t)(fr->end - fr->start);
}

/* framing_head starts a header of |n| octets in front. */
static quic_writer framing_head(framing *fr, size_t n) {
  quic_writer wr;

  if ((size_t)(fr->start - fr->buf) < n) {
    abort();
  }
  fr->start -= n;
  quic_writer_init(&wr, fr->start, n);
  return wr;
}

static uint32_t checksum_add(uint32_t sum, const uint8_t *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    sum += i & 1 ? p[i] : (uint32_t)p[i] << 8;
  }
  return sum;
}

static void checksum_put(uint8_t *at, uint32_t sum) {
  while (sum >> 16) {
    sum = (sum & 0xffff) + (sum >> 16);
  }
  sum = ~sum & 0xffff;
  at[0] = (uint8_t)(sum >> 8);
  at[1] = (uint8_t)sum;
}

/* checksum_pseudo sums the pseudo header of an upper layer. */
static uint32_t checksum_pseudo(const quic_addr *src, const quic_addr *dst,
                                uint8_t proto, size_t len) {
  size_t n = src->family == 4 ? 4 : 16;
  uint32_t sum = checksum_add(0, src->ip, n);

  return checksum_add(sum, dst->ip, n) + proto + (uint32_t)len;
}

/* Layers. */

static void layer_udp(framing *fr) {
  const capgen_datagram *dg = fr->dg;
  size_t len = framing_len(fr) + 8;
  quic_writer wr = framing_head(fr, 8);
  uint32_t sum;

  quic_writer_u16(&wr, dg->src.port);
  quic_writer_u16(&wr, dg->dst.port);
  quic_writer_u16(&wr, (uint16_t)len);
  quic_writer_u16(&wr, 0);
  sum = checksum_pseudo(&dg->src, &dg->dst, PROTO_UDP, len);
  checksum_put(fr->start + 6, checksum_add(sum, fr->start, len));
  if (fr->start[6] == 0 && fr->start[7] == 0) {
    fr->start[6] = fr->start[7] = 0xff; /* 0 means none */
  }
  fr->proto = PROTO_UDP;
}

static void layer_ip4(framing *fr, const quic_addr *src, const quic_addr *dst) {
  size_t len = framing_len(fr) + 20;
  quic_writer wr = framing_head(fr, 20);

  quic_writer_u8(&wr, 0x45);
  quic_writer_u8(&wr, fr->dg->ecn);
  quic_writer_u16(&wr, (uint16_t)len);
  quic_writer_u16(&wr, (uint16_t)fr->frag_id);
  quic_writer_u16(&wr, fr->frag_field);
  quic_writer_u8(&wr, 64);
  quic_writer_u8(&wr, fr->proto);
  quic_writer_u16(&wr, 0);
  quic_writer_bytes(&wr, quic_bytes_of(src->ip, 4));
  quic_writer_bytes(&wr, quic_bytes_of(dst->ip, 4));
  checksum_put(fr->start + 10, checksum_add(0, fr->start, 20));
  fr->proto = PROTO_IP4;
  fr->ethertype = 0x0800;
}

static void layer_fragment6(framing *fr) {
  quic_writer wr = framing_head(fr, 8);

  quic_writer_u8(&wr, fr->proto);
  quic_writer_u8(&wr, 0);
  quic_writer_u16(&wr, (uint16_t)((fr->frag_field & 0x1fff) << 3 |
                                  (fr->frag_field & 0x2000 ? 1 : 0)));
  quic_writer_u32(&wr, fr->frag_id);
  fr->proto = PROTO_FRAGMENT;
}

static void layer_ip6(framing *fr, const quic_addr *src, const quic_addr *dst) {
  size_t len;
  quic_writer wr;

  if (fr->frag_id) {
    layer_fragment6(fr);
  }
  len = framing_len(fr);
  wr = framing_head(fr, 40);
  quic_writer_u32(&wr, UINT32_C(0x60000000) | (uint32_t)fr->dg->ecn << 20);
  quic_writer_u16(&wr, (uint16_t)len);
  quic_writer_u8(&wr, fr->proto);
  quic_writer_u8(&wr, 64);
  quic_writer_bytes(&wr, quic_bytes_of(src->ip, 16));
  quic_writer_bytes(&wr, quic_bytes_of(dst->ip, 16));
  fr->proto = PROTO_IP6;
  fr->ethertype = 0x86dd;
}

static void layer_ip(framing *fr) {
  const capgen_datagram *dg = fr->dg;

  if (dg->src.family == 4) {
    layer_ip4(fr, &dg->src, &dg->dst);
  } else {
    layer_ip6(fr, &dg->src, &dg->dst);
  }
  fr->frag_field = 0;
  fr->frag_id = 0;
}

static const quic_addr tunnel4[2] = {{{198, 51, 100, 1}, 0, 4},
                                     {{198, 51, 100, 2}, 0, 4}};
static const quic_addr tunnel6[2] = {
    {{0x20, 0x01, 0x0d, 0xb8, 0xff, [15] = 1}, 0, 6},
    {{0x20, 0x01, 0x0d, 0xb8, 0xff, [15] = 2}, 0, 6}};

static void layer_out4(framing *fr) {
  layer_ip4(fr, &tunnel4[0], &tunnel4[1]);
}

static void layer_out6(framing *fr) {
  layer_ip6(fr, &tunnel6[0], &tunnel6[1]);
}

/* IPv6 extension headers: the smallest of each kind. */
static void layer_extension(framing *fr, uint8_t number) {
  quic_writer wr = framing_head(fr, 8);

  quic_writer_u8(&wr, fr->proto);
  quic_writer_u8(&wr, 0);
  quic_writer_uint(&wr, number == 43 ? 0 : 0x010400000000, 6);
  fr->proto = number;
}

static void layer_hop(framing *fr) {
  layer_extension(fr, 0);
}

static void layer_route(framing *fr) {
  layer_extension(fr, 43);
}

static void layer_options(framing *fr) {
  layer_extension(fr, 60);
}

static void layer_eth(framing *fr) {
  quic_writer wr = framing_head(fr, 14);

  quic_writer_uint(&wr, 0x020000000002, 6);
  quic_writer_uint(&wr, 0x020000000001, 6);
  quic_writer_u16(&wr, fr->ethertype);
  fr->ethertype = 0x6558;
}

static void layer_tag(framing *fr, uint16_t ethertype, uint16_t vlan) {
  quic_writer wr = framing_head(fr, 4);

  quic_writer_u16(&wr, vlan);
  quic_writer_u16(&wr, fr->ethertype);
  fr->ethertype = ethertype;
}

static void layer_vlan(framing *fr) {
  layer_tag(fr, 0x8100, 42);
}

static void layer_service(framing *fr) {
  layer_tag(fr, 0x88a8, 7);
}

/* Two labels, the second at the bottom of the stack. */
static void layer_mpls(framing *fr) {
  quic_writer wr = framing_head(fr, 8);

  quic_writer_u32(&wr, 0x00010040);
  quic_writer_u32(&wr, 0x00020140);
  fr->ethertype = 0x8847;
  fr->proto = PROTO_MPLS;
}

static uint16_t framing_ppp_type(const framing *fr) {
  return fr->ethertype == 0x0800 ? 0x0021 : 0x0057;
}

static void layer_pppoe(framing *fr) {
  size_t len = framing_len(fr) + 2;
  quic_writer wr = framing_head(fr, 8);

  quic_writer_u16(&wr, 0x1100);
  quic_writer_u16(&wr, 1);
  quic_writer_u16(&wr, (uint16_t)len);
  quic_writer_u16(&wr, framing_ppp_type(fr));
  fr->ethertype = 0x8864;
}

static void layer_ppp(framing *fr) {
  quic_writer wr = framing_head(fr, 4);

  quic_writer_u16(&wr, 0xff03);
  quic_writer_u16(&wr, framing_ppp_type(fr));
}

/* 802.3 with a length, LLC and SNAP. */
static void layer_llc(framing *fr) {
  quic_writer wr = framing_head(fr, 8);

  quic_writer_uint(&wr, 0xaaaa03000000, 6);
  quic_writer_u16(&wr, fr->ethertype);
  fr->ethertype = (uint16_t)framing_len(fr);
}

static void layer_null(framing *fr) {
  quic_writer wr = framing_head(fr, 4);

  quic_writer_uint_le(&wr, fr->ethertype == 0x0800 ? 2 : 30, 4);
}

static void layer_loop(framing *fr) {
  quic_writer wr = framing_head(fr, 4);

  quic_writer_u32(&wr, fr->ethertype == 0x0800 ? 2 : 24);
}

static void layer_sll(framing *fr) {
  quic_writer wr = framing_head(fr, 16);

  quic_writer_uint(&wr, 0x000000010006, 6);
  quic_writer_uint(&wr, 0x0200000000010000, 8);
  quic_writer_u16(&wr, fr->ethertype);
}

static void layer_sll2(framing *fr) {
  quic_writer wr = framing_head(fr, 20);

  quic_writer_u16(&wr, fr->ethertype);
  quic_writer_u16(&wr, 0);
  quic_writer_u32(&wr, 2);
  quic_writer_u32(&wr, 0x00010006);
  quic_writer_uint(&wr, 0x0200000000010000, 8);
}

static void layer_gre(framing *fr) {
  quic_writer wr = framing_head(fr, 8);

  quic_writer_u16(&wr, 0x2000); /* with a key */
  quic_writer_u16(&wr, fr->ethertype);
  quic_writer_u32(&wr, 77);
  fr->proto = PROTO_GRE;
}

static void framing_udp_to(framing *fr, uint16_t port) {
  size_t len = framing_len(fr) + 8;
  quic_writer wr = framing_head(fr, 8);

  quic_writer_u16(&wr, 49152);
  quic_writer_u16(&wr, port);
  quic_writer_u16(&wr, (uint16_t)len);
  quic_writer_u16(&wr, 0);
  fr->proto = PROTO_UDP;
}

static void layer_vxlan(framing *fr) {
  quic_writer wr = framing_head(fr, 8);

  quic_writer_uint(&wr, 0x0800000000000100, 8);
  framing_udp_to(fr, 4789);
}

static void layer_geneve(framing *fr) {
  quic_writer wr = framing_head(fr, 8);

  quic_writer_u16(&wr, 0);
  quic_writer_u16(&wr, fr->ethertype);
  quic_writer_u32(&wr, 0x100);
  framing_udp_to(fr, 6081);
}

static void layer_dot11(framing *fr) {
  quic_writer wr;

  layer_llc(fr);
  wr = framing_head(fr, 24);
  quic_writer_u32(&wr, 0x08010000);
  quic_writer_uint(&wr, 0x020000000001, 6);
  quic_writer_uint(&wr, 0x020000000002, 6);
  quic_writer_uint(&wr, 0x020000000003, 6);
  quic_writer_u16(&wr, 0x1000);
}

static void layer_radiotap(framing *fr) {
  quic_writer wr = framing_head(fr, 8);

  quic_writer_uint(&wr, 0x0000080000000000, 8);
}

/* layer_icmp quotes what is there in an error that its receiver sends. */
static void layer_icmp(framing *fr) {
  const capgen_datagram *dg = fr->dg;
  bool v4 = dg->src.family == 4;
  size_t max = v4 ? LINK_ICMP_QUOTE : LINK_ICMP6_QUOTE;
  uint8_t proto = v4 ? 1 : 58;
  uint32_t sum;
  quic_writer wr;

  if (framing_len(fr) > max) {
    fr->end = fr->start + max;
  }
  fr->quoted = (size_t)(fr->end - fr->payload);
  wr = framing_head(fr, 8);
  quic_writer_u16(&wr, v4 ? 0x0304 : 0x0200); /* too big */
  quic_writer_u16(&wr, 0);
  quic_writer_u32(&wr, 1280);
  sum = v4 ? 0 : checksum_pseudo(&dg->dst, &dg->src, proto, framing_len(fr));
  checksum_put(fr->start + 2, checksum_add(sum, fr->start, framing_len(fr)));
  fr->proto = proto;
  if (v4) {
    layer_ip4(fr, &dg->dst, &dg->src);
  } else {
    layer_ip6(fr, &dg->dst, &dg->src);
  }
}

static const struct layer {
  const char *name;
  void (*add)(framing *fr);
} layers[] = {
    {"udp", layer_udp},           {"ip", layer_ip},
    {"out4", layer_out4},         {"out6", layer_out6},
    {"hop", layer_hop},           {"route", layer_route},
    {"options", layer_options},   {"eth", layer_eth},
    {"vlan", layer_vlan},         {"service", layer_service},
    {"mpls", layer_mpls},         {"pppoe", layer_pppoe},
    {"ppp", layer_ppp},           {"llc", layer_llc},
    {"null", layer_null},         {"loop", layer_loop},
    {"sll", layer_sll},           {"sll2", layer_sll2},
    {"gre", layer_gre},           {"vxlan", layer_vxlan},
    {"geneve", layer_geneve},     {"dot11", layer_dot11},
    {"radiotap", layer_radiotap}, {"icmp", layer_icmp},
};

static void framing_add(framing *fr, const char *name, size_t len) {
  for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
    if (strlen(layers[i].name) == len &&
        memcmp(layers[i].name, name, len) == 0) {
      layers[i].add(fr);
      return;
    }
  }
  fprintf(stderr, "capgen: no layer %.*s\n", (int)len, name);
  abort();
}

/* framing_wrap adds the layers of |names| from the last to the first. */
static void framing_wrap(framing *fr, const char *names, size_t len) {
  while (len) {
    size_t at = len;

    while (at && names[at - 1] != ' ') {
      at--;
    }
    framing_add(fr, names + at, len - at);
    len = at ? at - 1 : 0;
  }
}

static void framing_init(framing *fr, const capgen_datagram *dg,
                         const uint8_t *data, size_t len) {
  fr->dg = dg;
  fr->start = fr->buf + LINK_ROOM;
  fr->end = fr->start + len;
  if (len > LINK_BUFFER - LINK_ROOM) {
    abort();
  }
  memcpy(fr->start, data, len);
  fr->payload = fr->start;
  fr->quoted = SIZE_MAX;
  fr->ethertype = 0;
  fr->proto = 0;
  fr->frag_id = 0;
  fr->frag_field = 0;
}

static void framing_give(const framing *fr, capgen_frame_fn *fn, void *user) {
  fn(user, quic_bytes_of(fr->start, framing_len(fr)),
     (size_t)(fr->payload - fr->start), fr->quoted);
}

/* link_fragments cuts the UDP datagram in |whole| into IP fragments. */
static void link_fragments(const capgen_link *link, const framing *whole,
                           framing *fr, capgen_frame_fn *fn, void *user) {
  size_t len = framing_len(whole);
  size_t n = (len + link->fragment - 1) / link->fragment;
  /* An AEAD tag is as unique as an identification has to be. */
  uint32_t id = (uint32_t)whole->end[-1] << 8 | whole->end[-2];

  for (size_t i = 0; i < n; i++) {
    size_t at = (link->reversed ? n - 1 - i : i) * link->fragment;
    size_t part = len - at < link->fragment ? len - at : link->fragment;

    framing_init(fr, whole->dg, whole->start + at, part);
    fr->proto = PROTO_UDP;
    fr->frag_id = id | 1;
    fr->frag_field = (uint16_t)(at / 8 | (at + part < len ? 0x2000 : 0));
    framing_wrap(fr, link->layers, strlen(link->layers) - strlen(" udp"));
    framing_give(fr, fn, user);
  }
}

void capgen_link_frames(const capgen_link *link, const capgen_datagram *dg,
                        capgen_frame_fn *fn, void *user) {
  framing *fr = malloc(2 * sizeof(*fr));

  if (!fr) {
    abort();
  }
  framing_init(fr, dg, dg->data, dg->len);
  if (link->fragment && dg->len + 8 > link->fragment) {
    layer_udp(fr);
    link_fragments(link, fr, fr + 1, fn, user);
  } else {
    framing_wrap(fr, link->layers, strlen(link->layers));
    framing_give(fr, fn, user);
  }
  free(fr);
}

static const capgen_link links[] = {
    {"ethernet", 1, "eth ip udp", 0, false},
    {"vlan", 1, "eth vlan ip udp", 0, false},
    {"qinq", 1, "eth service vlan ip udp", 0, false},
    {"mpls", 1, "eth mpls ip udp", 0, false},
    {"pppoe", 1, "eth vlan pppoe ip udp", 0, false},
    {"llc", 1, "eth llc ip udp", 0, false},
    {"sll", 113, "sll ip udp", 0, false},
    {"sll2", 276, "sll2 ip udp", 0, false},
    {"raw", 101, "ip udp", 0, false},
    {"raw-bsd", 12, "ip udp", 0, false},
    {"null", 0, "null ip udp", 0, false},
    {"loop", 108, "loop ip udp", 0, false},
    {"ppp", 9, "ppp ip udp", 0, false},
    {"dot11", 105, "dot11 ip udp", 0, false},
    {"radiotap", 127, "radiotap dot11 ip udp", 0, false},
    {"gre", 1, "eth out4 gre ip udp", 0, false},
    {"gre-ethernet", 1, "eth out6 gre eth ip udp", 0, false},
    {"vxlan", 1, "eth out4 vxlan eth ip udp", 0, false},
    {"geneve", 1, "eth out6 geneve eth vlan ip udp", 0, false},
    {"ipip", 1, "eth out4 ip udp", 0, false},
    {"ip-in-ip6", 1, "eth out6 ip udp", 0, false},
    {"mpls-in-ip", 1, "eth out4 mpls ip udp", 0, false},
    {"tunnels", 1, "eth vlan out4 gre out6 vxlan eth ip udp", 0, false},
    {"fragments", 1, "eth ip udp", 576, false},
    {"fragments-reversed", 1, "eth ip udp", 400, true},
    {"fragments-in-gre", 1, "eth out4 gre ip udp", 1024, false},
};

const capgen_link *capgen_link_at(size_t i) {
  return i < sizeof(links) / sizeof(links[0]) ? &links[i] : NULL;
}
