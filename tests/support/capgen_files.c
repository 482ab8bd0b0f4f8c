/* Scenarios about capture files and links. */

#include "tests/support/capgen_scenarios.h"

#define FORMAT_BIG 1
#define FORMAT_NANO 2

/* files_pair makes a connection over IPv4 and one over IPv6. */
static void files_pair(capgen *g) {
  capgen_options opt = capgen_defaults();

  capgen_whole(capgen_conn_new(g, &opt));
  capgen_ipv6(&opt);
  opt.addr[CAPGEN_CLIENT].port++;
  capgen_whole(capgen_conn_new(g, &opt));
}

static void make_format(capgen *g, unsigned arg) {
  g->format.big_endian = (arg & FORMAT_BIG) != 0;
  g->format.nanoseconds = (arg & FORMAT_NANO) != 0;
  g->step = 1000007;
  files_pair(g);
}

/* The link whose name stands behind "link-". */
static void make_link(capgen *g, unsigned arg) {
  const char *name = g->name + strlen("link-");
  const capgen_link *link;

  (void)arg;
  for (size_t i = 0; (link = capgen_link_at(i)); i++) {
    if (strcmp(link->name, name) == 0) {
      g->link = link;
      files_pair(g);
      return;
    }
  }
}

/* IPv6 extension headers. */
static void make_extensions(capgen *g, unsigned arg) {
  static const capgen_link link = {"extensions", 1,
                                   "eth ip hop route options udp", 0, false};
  capgen_options opt = capgen_defaults();

  (void)arg;
  g->link = &link;
  capgen_ipv6(&opt);
  capgen_whole(capgen_conn_new(g, &opt));
}

/* One pcapng with an interface for each kind of link, and one connection that
   is seen on all of them in turn. */
static void make_interfaces(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_interface(g, capgen_link_at(0));
  capgen_handshake(c);
  for (size_t i = 1; capgen_link_at(i); i++) {
    capgen_interface(g, capgen_link_at(i));
    capgen_exchange(c, 4 * i, 600);
  }
  capgen_bye(c);
}

/* Two sections, the second in the other byte order; both have secrets. */
static void make_sections(capgen *g, unsigned arg) {
  (void)arg;
  files_pair(g);
  g->format.big_endian = true;
  g->format.nanoseconds = true;
  capgen_section(g);
  g->interfaces = 0;
  files_pair(g);
}

/* Other traffic in between, which counts as frames. */
static void make_mixed(capgen *g, unsigned arg) {
  static const uint8_t arp[42] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0,
                                  0,    0,    0,    1,    8,    6,    0, 1};
  static const uint8_t tcp[54] = {2, 0, 0,    0, 0, 2,  2,   0, 0, 0, 0,  1,
                                  8, 0, 0x45, 0, 0, 40, 0,   1, 0, 0, 64, 6,
                                  0, 0, 192,  0, 2, 10, 192, 0, 2, 1};
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_record(g, quic_bytes_of(arp, sizeof(arp)));
  capgen_handshake(c);
  capgen_record(g, quic_bytes_of(tcp, sizeof(tcp)));
  capgen_exchange(c, 0, 2000);
  capgen_record(g, quic_bytes_of(arp, 8));
  capgen_bye(c);
}

#define FILE_ROW(name, make, arg)                                              \
  { name, make, arg, CAPGEN_SECRETS_FIRST, false }
#define PCAP_ROW(name, make, arg)                                              \
  { name, make, arg, CAPGEN_SECRETS_FILE, true }
#define LINK_ROW(name)                                                         \
  { "link-" name, make_link, 0, CAPGEN_SECRETS_FIRST, false }

const capgen_scenario capgen_files_scenarios[] = {
    PCAP_ROW("pcap", make_format, 0),
    PCAP_ROW("pcap-nanoseconds", make_format, FORMAT_NANO),
    PCAP_ROW("pcap-big-endian", make_format, FORMAT_BIG),
    PCAP_ROW("pcap-big-endian-nanoseconds", make_format,
             FORMAT_BIG | FORMAT_NANO),
    FILE_ROW("pcapng", make_format, 0),
    FILE_ROW("pcapng-nanoseconds", make_format, FORMAT_NANO),
    FILE_ROW("pcapng-big-endian", make_format, FORMAT_BIG),
    FILE_ROW("pcapng-big-endian-nanoseconds", make_format,
             FORMAT_BIG | FORMAT_NANO),
    FILE_ROW("pcapng-interfaces", make_interfaces, 0),
    FILE_ROW("pcapng-sections", make_sections, 0),
    FILE_ROW("other-traffic", make_mixed, 0),
    LINK_ROW("ethernet"),
    LINK_ROW("vlan"),
    LINK_ROW("qinq"),
    LINK_ROW("mpls"),
    LINK_ROW("pppoe"),
    LINK_ROW("llc"),
    LINK_ROW("sll"),
    LINK_ROW("sll2"),
    LINK_ROW("raw"),
    LINK_ROW("raw-bsd"),
    LINK_ROW("null"),
    LINK_ROW("loop"),
    LINK_ROW("ppp"),
    LINK_ROW("dot11"),
    LINK_ROW("radiotap"),
    LINK_ROW("gre"),
    LINK_ROW("gre-ethernet"),
    LINK_ROW("vxlan"),
    LINK_ROW("geneve"),
    LINK_ROW("ipip"),
    LINK_ROW("ip-in-ip6"),
    LINK_ROW("mpls-in-ip"),
    LINK_ROW("tunnels"),
    LINK_ROW("fragments"),
    LINK_ROW("fragments-reversed"),
    LINK_ROW("fragments-in-gre"),
    FILE_ROW("link-extensions", make_extensions, 0),
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
