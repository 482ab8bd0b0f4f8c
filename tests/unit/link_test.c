/* From frames to UDP datagrams. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "base/writer.h"
#include "capture/link.h"
#include "tests/support/failmem.h"
#include "tests/support/octets.h"

/* --- frames in hex -------------------------------------------------------- */

#define UDP "1f90 01bb 000c 0000 61626364" /* 8080 > 443 "abcd" */
#define ADDR4 "0a000001 0a000002"
#define ADDR6                                                                  \
  "20010db8000000000000000000000001 20010db8000000000000000000000002"
#define IP4(total, proto) "45 02 " total " 0007 0000 40 " proto " 0000" ADDR4
#define IP6(len, next) "60 20 0000 " len next "40" ADDR6
#define V4 IP4("0020", "11") UDP /* 32 octets */
#define V6 IP6("000c", "11") UDP /* 52 octets */
#define MACS "020000000002 020000000001"
#define ETH(type) MACS type
#define ETH4 ETH("0800") V4 /* 46 octets */
#define SNAP "aaaa03 000000 0800"
#define ADDR3 "020000000001 020000000002 020000000003"

typedef struct row {
  const char *name;
  uint32_t linktype;
  const char *hex;
  uint8_t family;
  uint8_t tunnels;
  uint16_t vlan;
} row;

/* Every row holds one datagram: "abcd" from port 8080 to 443, ECT(0). */
static const row rows[] = {
    {"ethernet", 1, ETH4, 4, 0, 0},
    {"ethernet ipv6", 1, ETH("86dd") V6, 6, 0, 0},
    {"ethernet padded", 1, ETH4 "0000 0000 0000 0000", 4, 0, 0},
    {"ethernet fcs", 1, ETH("86dd") V6 "deadbeef", 6, 0, 0},
    {"vlan", 1, ETH("8100") "a064 0800" V4, 4, 0, 100},
    {"qinq", 1, ETH("88a8") "0007 8100 0008 86dd" V6, 6, 0, 7},
    {"old qinq", 1, ETH("9100") "0007 8100 0008 0800" V4, 4, 0, 7},
    {"i-tag", 1, ETH("88e7") "00000001" ETH4, 4, 0, 0},
    {"e-tag", 1, ETH("893f") "000000000000 0800" V4, 4, 0, 0},
    {"mpls", 1, ETH("8847") "00010040 00020140" V4, 4, 0, 0},
    {"mpls ipv6", 1, ETH("8848") "00010140" V6, 6, 0, 0},
    {"mpls pseudowire", 1, ETH("8847") "00010140 00000000" ETH4, 4, 0, 0},
    {"mpls pseudowire without control word", 1, ETH("8847") "00010140" ETH4, 4,
     0, 0},
    {"mpls pseudowire to an address that starts with 4", 1,
     ETH("8847") "00010140 45c0ffee0001 020000000001 0800" V4, 4, 0, 0},
    {"pppoe", 1, ETH("8864") "11 00 0001 0022 0021" V4, 4, 0, 0},
    {"pppoe ipv6", 1, ETH("8864") "11 00 0001 0036 0057" V6, 6, 0, 0},
    {"llc snap", 1, MACS "0028" SNAP V4, 4, 0, 0},
    {"llc snap 802.1h", 1, MACS "0028 aaaa03 0000f8 0800" V4, 4, 0, 0},
    {"llc ip", 1, MACS "0023 060603" V4, 4, 0, 0},
    {"null little", 0, "02000000" V4, 4, 0, 0},
    {"null big", 0, "00000002" V4, 4, 0, 0},
    {"null linux", 0, "0a000000" V6, 6, 0, 0},
    {"null netbsd", 0, "18000000" V6, 6, 0, 0},
    {"null freebsd", 0, "0000001c" V6, 6, 0, 0},
    {"null macos", 0, "1e000000" V6, 6, 0, 0},
    {"loop", 108, "00000002" V4, 4, 0, 0},
    {"loop ipv6", 108, "00000018" V6, 6, 0, 0},
    {"raw", 101, V4, 4, 0, 0},
    {"raw ipv6", 101, V6, 6, 0, 0},
    {"raw 12", 12, V4, 4, 0, 0},
    {"raw 14", 14, V6, 6, 0, 0},
    {"ipv4", 228, V4, 4, 0, 0},
    {"ipv6", 229, V6, 6, 0, 0},
    {"ppp", 9, "0021" V4, 4, 0, 0},
    {"ppp hdlc framed", 9, "ff03 0057" V6, 6, 0, 0},
    {"ppp compressed", 9, "21" V4, 4, 0, 0},
    {"ppp mpls", 9, "0281 00010140" V4, 4, 0, 0},
    {"ppp_hdlc", 50, "ff03 0021" V4, 4, 0, 0},
    {"ppp_hdlc cisco", 50, "0f00 0800" V4, 4, 0, 0},
    {"ppp_ether", 51, "11 00 0001 0022 0021" V4, 4, 0, 0},
    {"ppp_pppd", 166, "01 03 0021" V4, 4, 0, 0},
    {"ppp_with_dir", 204, "00 0021" V4, 4, 0, 0},
    {"c_hdlc", 104, "0f00 86dd" V6, 6, 0, 0},
    {"c_hdlc_with_dir", 205, "01 0f00 0800" V4, 4, 0, 0},
    {"enc", 109, "02000000 00001234 00000000" V4, 4, 0, 0},
    {"pflog", 117,
     "3d 02 0000"
     "656e3000000000000000000000000000"
     "00000000000000000000000000000000 00000000 00000000 00000000 00000000"
     "00000000 00000000 00000000" V4,
     4, 0, 0},
    {"sll", 113, "0000 0001 0006 0200000000010000 0800" V4, 4, 0, 0},
    {"sll vlan", 113, "0000 0001 0006 0200000000010000 8100 0005 86dd" V6, 6, 0,
     5},
    {"sll llc", 113, "0000 0001 0006 0200000000010000 0004" SNAP V4, 4, 0, 0},
    {"sll gre device", 113, "0000 030a 0004 0a00000100000000 0000" V4, 4, 0, 0},
    {"sll2", 276, "86dd 0000 00000001 0001 00 06 0200000000010000" V6, 6, 0, 0},
    {"nflog", 239,
     "02 00 0000 0800 0100 08000000 0500 0a00 61000000"
     "2400 0900" V4,
     4, 0, 0},
    {"pktap", 258, "14000000 01000000 01000000 00000000 00000000" ETH4, 4, 0,
     0},
    {"ppi", 192, "00 00 0c00 01000000 00000000" ETH4, 4, 0, 0},
    {"802.11", 105, "0801 0000" ADDR3 "1000" SNAP V4, 4, 0, 0},
    {"802.11 qos", 105, "8802 0000" ADDR3 "1000 0000" SNAP V4, 4, 0, 0},
    {"802.11 qos with ht control", 105,
     "8882 0000" ADDR3 "1000 0000 00000000" SNAP V4, 4, 0, 0},
    {"802.11 four addresses", 105,
     "8803 0000" ADDR3 "1000 020000000004 0000" SNAP V4, 4, 0, 0},
    {"802.11 a-msdu", 105,
     "8802 0000" ADDR3 "1000 8000"
     "020000000001 020000000002 0028" SNAP V4,
     4, 0, 0},
    {"radiotap", 127, "00 00 0800 00000000 0801 0000" ADDR3 "1000" SNAP V4, 4,
     0, 0},
    {"radiotap with time, two words, and a padded header", 127,
     "00 00 1900 03000080 00000000 00000000 0000000000000000 20"
     "8802 0000" ADDR3 "1000 0000 0000" SNAP V4,
     4, 0, 0},
    /* IP */
    {"options", 228, "46 02 0024 0007 0000 40 11 0000" ADDR4 "01010101" UDP, 4,
     0, 0},
    {"total length 0", 228, IP4("0000", "11") UDP, 4, 0, 0},
    {"udp length 0", 228, IP4("0020", "11") "1f90 01bb 0000 0000 61626364", 4,
     0, 0},
    {"udp length too large", 228,
     IP4("0020", "11") "1f90 01bb ffff 0000 61626364", 4, 0, 0},
    {"udp length smaller", 228, IP4("0024", "11") UDP "ffffffff", 4, 0, 0},
    {"ipv6 length 0", 229, IP6("0000", "11") UDP, 6, 0, 0},
    {"hop by hop", 229, IP6("0014", "00") "1100 0104 00000000" UDP, 6, 0, 0},
    {"jumbo", 229, IP6("0000", "00") "1100 c204 00000014" UDP "ffff", 6, 0, 0},
    {"routing, destination", 229,
     IP6("002c", "2b") "3c02 0000 00000000 00000000 00000000 0000000000000000"
                       "1100 0000 00000000" UDP "ffff",
     6, 0, 0},
    {"ah", 229,
     IP6("0024", "33") "1104 0000 00000001 00000001"
                       "000000000000000000000000" UDP,
     6, 0, 0},
    {"atomic fragment", 229, IP6("0014", "2c") "1100 0000 00000001" UDP, 6, 0,
     0},
    /* tunnels */
    {"ip in ip", 228, IP4("0034", "04") V4, 4, 1, 0},
    {"ipv6 in ip", 228, IP4("0048", "29") V6, 6, 1, 0},
    {"ip in ipv6", 229, IP6("0020", "04") V4, 4, 1, 0},
    {"gre", 228, IP4("0038", "2f") "0000 0800" V4, 4, 1, 0},
    {"gre checksum, key, sequence", 228,
     IP4("0044", "2f") "b000 0800 00000000 00000001 00000002" V4, 4, 1, 0},
    {"gre ethernet", 228, IP4("0052", "2f") "0000 6558" ETH4, 4, 1, 0},
    {"pptp", 228,
     IP4("0048", "2f") "3081 880b 0024 0001 00000001 00000001"
                       "ff03 0021" V4,
     4, 1, 0},
    {"erspan i", 228, IP4("0052", "2f") "0000 88be" ETH4, 4, 1, 0},
    {"erspan ii", 228,
     IP4("005e", "2f") "1000 88be 00000001"
                       "1000000000000000" ETH4,
     4, 1, 0},
    {"erspan iii", 228,
     IP4("006a", "2f") "1000 22eb 00000001"
                       "200000000000000000000001 0000000000000000" ETH4,
     4, 1, 0},
    {"etherip", 228, IP4("0044", "61") "3000" ETH4, 4, 1, 0},
    {"mpls in ip", 228, IP4("0038", "89") "00010140" V4, 4, 1, 0},
    {"vxlan", 228,
     IP4("0052", "11") "c000 12b5 003e 0000"
                       "0800000000000100" ETH4,
     4, 1, 0},
    {"vxlan on 8472", 228,
     IP4("0052", "11") "c000 2118 003e 0000"
                       "0800000000000100" ETH4,
     4, 1, 0},
    {"geneve", 228,
     IP4("005a", "11") "c000 17c1 0046 0000"
                       "0200 6558 00000100 0102030000000000" ETH4,
     4, 1, 0},
    {"geneve ip", 228,
     IP4("0044", "11") "c000 17c1 0030 0000"
                       "0000 0800 00000100" V4,
     4, 1, 0},
    {"gtp-u", 228,
     IP4("0044", "11") "0868 0868 0030 0000"
                       "30ff 0020 00000001" V4,
     4, 1, 0},
    {"gtp-u with extensions", 228,
     IP4("0050", "11") "0868 0868 003c 0000"
                       "34ff 002c 00000001 00000085 01100040 01000000" V4,
     4, 1, 0},
    {"teredo", 228, IP4("0050", "11") "c000 0dd8 003c 0000" V6, 6, 1, 0},
    {"teredo with indications", 228,
     IP4("0065", "11") "0dd8 c000 0051 0000"
                       "0001 0000 0000000000000000 00 0000 1111 22222222" V6,
     6, 1, 0},
    {"l2tp", 228,
     IP4("0048", "11") "06a5 06a5 0034 0000"
                       "4002 002c 0001 0002 ff03 0021" V4,
     4, 1, 0},
    {"tunnel in a tunnel", 228,
     IP4("0066", "04")
         IP4("0052", "11") "c000 12b5 003e 0000 0800000000000100" ETH4,
     4, 2, 0},
};

/* --- what was decoded ------------------------------------------------------
 */

typedef struct log {
  quic_datagram last;
  uint8_t payload[65536];
  unsigned calls;
} log;

static log seen;

static void log_take(void *user, const quic_datagram *dgram) {
  log *lg = user;

  assert_true(dgram->payload.len <= sizeof(lg->payload));
  assert_true(dgram->wire_len >= dgram->payload.len);
  lg->last = *dgram;
  if (dgram->payload.len) {
    memcpy(lg->payload, dgram->payload.data, dgram->payload.len);
  }
  lg->calls++;
}

static quic_link *link_new(void) {
  quic_link *lk;

  assert_int_equal(quic_link_new(&lk, quic_mem_default()), 0);
  return lk;
}

/* decode_at gives |in|, cut to |len| octets in a block of that size, to |lk|.
 */
static int decode_at(quic_link *lk, uint32_t linktype, quic_bytes in,
                     size_t len, quic_time now) {
  uint8_t *exact = octets_exact(in.data, len);
  int rv;

  seen.calls = 0;
  memset(&seen.last, 0, sizeof(seen.last));
  rv = quic_link_decode(lk, linktype, quic_bytes_of(exact, len), in.len, now,
                        log_take, &seen);
  free(exact);
  return rv;
}

static int decode_hex(quic_link *lk, uint32_t linktype, const char *hex) {
  uint8_t buf[1024];
  quic_bytes in = octets_hex(hex, buf, sizeof(buf));

  return decode_at(lk, linktype, in, in.len, 0);
}

static void assert_abcd(uint8_t family) {
  static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
  static const uint8_t v4[16] = {10, 0, 0, 1};
  quic_addr src = {{0}, 8080, family};

  memcpy(src.ip, family == 4 ? v4 : v6, 16);
  assert_int_equal(seen.calls, 1);
  assert_true(quic_addr_eq(&seen.last.src, &src));
  src.ip[family == 4 ? 3 : 15] = 2;
  src.port = 443;
  assert_true(quic_addr_eq(&seen.last.dst, &src));
  assert_int_equal(seen.last.payload.len, 4);
  assert_int_equal(seen.last.wire_len, 4);
  assert_memory_equal(seen.payload, "abcd", 4);
}

static void test_rows(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    quic_link *lk = link_new();

    int rv = decode_hex(lk, rows[i].linktype, rows[i].hex);

    if (rv != 0 || seen.calls != 1 || seen.last.dst.port != 443 ||
        seen.last.payload.len != 4) {
      fail_msg("%s: %d, %u datagrams, %zu octets", rows[i].name, rv, seen.calls,
               seen.last.payload.len);
    }
    assert_abcd(rows[i].family);
    assert_int_equal(seen.last.ecn, 2);
    assert_int_equal(seen.last.ttl, 64);
    assert_int_equal(seen.last.tunnels, rows[i].tunnels);
    assert_int_equal(seen.last.vlan, rows[i].vlan);
    assert_false(seen.last.in_icmp || seen.last.reassembled);
    assert_int_equal(quic_link_get_stats(lk)->frames, 1);
    assert_int_equal(quic_link_get_stats(lk)->datagrams, 1);
    assert_non_null(quic_linktype_name(rows[i].linktype));
    quic_link_del(lk);
  }
}

/* A frame cut by the snapshot length gives what was captured, and tells how
   long it was.  Of a tunnel it gives the inner datagram or its own. */
static void test_prefixes(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    quic_link *lk = link_new();
    uint8_t buf[1024];
    quic_bytes in = octets_hex(rows[i].hex, buf, sizeof(buf));
    const quic_link_stats *st = quic_link_get_stats(lk);
    uint64_t sum;

    for (size_t len = 0; len < in.len; len++) {
      int rv = decode_at(lk, rows[i].linktype, in, len, 0);

      if (rv != 0 && rv != QUIC_ERR_SHORT) {
        fail_msg("%s cut to %zu: %d", rows[i].name, len, rv);
      }
      assert_true(seen.calls <= (rv == 0 ? 1u : 0u));
      if (seen.calls && seen.last.dst.port == 443) {
        assert_memory_equal(seen.payload, "abcd", seen.last.payload.len);
        /* a length that is not written counts to the frame's end */
        assert_in_range(seen.last.wire_len, 4, 16);
      }
    }
    sum = st->datagrams + st->not_ip + st->not_udp + st->cut + st->malformed;
    assert_int_equal(st->frames, in.len);
    assert_int_equal(sum, in.len);
    assert_int_equal(st->malformed, 0);
    quic_link_del(lk);
  }
}

/* Every field changed at random: nothing is read outside the frame. */
static void test_damage(void **state) {
  quic_link *lk = link_new();
  quic_rng rng;

  (void)state;
  quic_rng_init(&rng, 2);
  for (size_t round = 0; round < 40000; round++) {
    const row *r = &rows[round % (sizeof(rows) / sizeof(rows[0]))];
    uint8_t buf[1024];
    quic_bytes in = octets_hex(r->hex, buf, sizeof(buf));
    int rv;

    for (uint64_t n = 1 + quic_rng_below(&rng, 3); n-- > 0;) {
      buf[quic_rng_below(&rng, in.len)] =
          (uint8_t)(quic_rng_below(&rng, 4) ? quic_rng_u64(&rng) : 0xff);
    }
    rv = decode_at(lk, r->linktype, in, in.len - quic_rng_below(&rng, 3),
                   round * QUIC_MILLISECOND);
    assert_true(rv == 0 || rv == QUIC_ERR_SHORT || rv == QUIC_ERR_MALFORMED);
    assert_true(seen.calls <= 1 || r->linktype == 105);
  }
  assert_true(quic_link_get_stats(lk)->malformed > 1000);
  quic_link_del(lk);
}

/* --- no datagram ---------------------------------------------------------- */

static const struct {
  uint32_t linktype;
  const char *hex;
  int rv;
  size_t counter; /* of quic_link_stats */
} others[] = {
#define COUNTS(name) offsetof(quic_link_stats, name)
    {1, ETH("0806") "0001080006040001", 0, COUNTS(not_ip)},
    {1, MACS "0026 424203 0000000000", 0, COUNTS(not_ip)},
    {1, MACS "0028 aaaa03 00000c 2000 0000", 0, COUNTS(not_ip)},
    {1, ETH("8863") "11090000 0000", 0, COUNTS(not_ip)},
    {1, ETH("8864") "11 00 0001 0022 c021 0101", 0, COUNTS(not_ip)},
    {0, "07000000" V4, 0, COUNTS(not_ip)},
    {276, "0800 0000 00000001 0338 00 06 0200000000010000" V4, 0,
     COUNTS(not_ip)},
    {105, "8000 0000" ADDR3 "1000" SNAP V4, 0, COUNTS(not_ip)}, /* beacon */
    {105, "4801 0000" ADDR3 "1000" SNAP V4, 0, COUNTS(not_ip)}, /* null */
    {105, "0841 0000" ADDR3 "1000" SNAP V4, 0, COUNTS(not_ip)}, /* encrypted */
    {228, IP4("0028", "06") "0000000000000000000000000000000000000000", 0,
     COUNTS(not_udp)},
    {229, IP6("0004", "3b") "00000000", 0, COUNTS(not_udp)},
    {229, IP6("0008", "32") "0000000000000000", 0, COUNTS(not_udp)},
    {228, IP4("001c", "01") "0800 0000 00010001", 0, COUNTS(not_udp)},
    {228, IP4("0038", "2f") "4000 0800" V4, 0, COUNTS(unsupported)},
    {228, IP4("0038", "2f") "0002 0800" V4, 0, COUNTS(unsupported)},
    {147, V4, QUIC_ERR_UNSUPPORTED, COUNTS(unsupported)},
    {192, "00 00 0800 93000000" V4, 0, COUNTS(unsupported)},
    {228, V6, QUIC_ERR_MALFORMED, COUNTS(malformed)},
    {229, V4 "0000000000000000", QUIC_ERR_MALFORMED, COUNTS(malformed)},
    {228, "44 00 0020 0007 0000 40 11 0000" ADDR4 UDP, QUIC_ERR_MALFORMED,
     COUNTS(malformed)},
    {228, IP4("0013", "11") UDP, QUIC_ERR_MALFORMED, COUNTS(malformed)},
    {228, IP4("0020", "11") "1f90 01bb 0007 0000 61626364", QUIC_ERR_MALFORMED,
     COUNTS(malformed)},
    {228, IP4("001b", "11") UDP, QUIC_ERR_MALFORMED, COUNTS(malformed)},
    {1, ETH("8864") "21 00 0001 0022 0021" V4, QUIC_ERR_MALFORMED,
     COUNTS(malformed)},
    {127, "01 00 0800 00000000 0801 0000", QUIC_ERR_MALFORMED,
     COUNTS(malformed)},
    {127, "00 00 0700 00000000 0801 0000", QUIC_ERR_MALFORMED,
     COUNTS(malformed)},
    {239, "02 00 0000 0300 0100", QUIC_ERR_MALFORMED, COUNTS(malformed)},
    {258, "0b000000 01000000 01000000", QUIC_ERR_MALFORMED, COUNTS(malformed)},
    {1, MACS, QUIC_ERR_MALFORMED, COUNTS(malformed)},
    {101, "", QUIC_ERR_MALFORMED, COUNTS(malformed)},
#undef COUNTS
};

static void test_others(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
    quic_link *lk = link_new();
    int rv = decode_hex(lk, others[i].linktype, others[i].hex);
    quic_link_stats want = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0};

    *(uint64_t *)(void *)((char *)&want + others[i].counter) = 1;
    if (rv != others[i].rv ||
        memcmp(&want, quic_link_get_stats(lk), sizeof(want)) != 0) {
      fail_msg("row %zu: %d", i, rv);
    }
    assert_int_equal(seen.calls, 0);
    quic_link_del(lk);
  }
  assert_null(quic_linktype_name(147));
  assert_string_equal(quic_linktype_name(1), "EN10MB");
}

/* Headers without end are given up, neither followed nor crashed on. */
static void test_depth(void **state) {
  static char hex[8192];
  quic_link *lk = link_new();

  (void)state;
  strcpy(hex, ETH("8100"));
  for (int i = 0; i < 200; i++) {
    strcat(hex, "0001 8100 ");
  }
  assert_int_equal(decode_hex(lk, 1, hex), 0);
  assert_int_equal(seen.calls, 0);
  assert_int_equal(quic_link_get_stats(lk)->unsupported, 1);
  quic_link_del(lk);
}

/* --- tunnels that are none ------------------------------------------------ */

/* On a tunnel's port, but not a tunnel: the datagram itself is given. */
static void test_no_tunnel(void **state) {
  static const struct {
    const char *hex;
    uint16_t dst;
    size_t len;
  } none[] = {
      {IP4("0024", "11") "c000 12b5 0010 0000 c300000001 010203", 4789, 8},
      {IP4("0052", "11") "c000 12b5 003e 0000 0000000000000100" ETH4, 4789, 54},
      /* ARP inside */
      {IP4("0034",
           "11") "c000 12b5 0020 0000 0800000000000100" ETH("0806") "0001",
       4789, 24},
      /* an inner packet longer than the datagram */
      {IP4("0050", "11") "c000 12b5 003c 0000 0800000000000100" ETH("0800")
           IP4("0021", "11") UDP,
       4789, 52},
      {IP4("0044", "11") "c000 17c1 0030 0000 4000 0800 00000100" V4, 6081, 40},
      {IP4("0044", "11") "0868 0868 0030 0000 30ff 0021 00000001" V4, 2152, 40},
      {IP4("0044", "11") "0868 0868 0030 0000 34ff 0020 00000001" V4, 2152, 40},
      {IP4("0020", "11") "c000 0dd8 000c 0000 60000000", 3544, 4},
      {IP4("0020", "11") "c000 06a5 000c 0000 c0000001", 1701, 4},
      {IP4("001c", "11") "c000 12b5 0008 0000", 4789, 0},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
    quic_link *lk = link_new();

    assert_int_equal(decode_hex(lk, 228, none[i].hex), 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.last.dst.port, none[i].dst);
    assert_int_equal(seen.last.payload.len, none[i].len);
    assert_int_equal(seen.last.wire_len, none[i].len);
    assert_int_equal(seen.last.tunnels, 0);
    assert_int_equal(seen.last.ecn, 2);
    assert_int_equal(quic_link_get_stats(lk)->malformed, 0);
    quic_link_del(lk);
  }
}

/* What is inside is IP, but not UDP: the tunnel's datagram is not given. */
static void test_tunnel_of_others(void **state) {
  quic_link *lk = link_new();

  (void)state;
  assert_int_equal(
      decode_hex(
          lk, 228,
          IP4("0052", "11") "c000 12b5 003e 0000"
                            "0800000000000100" ETH("0800")
                                IP4("0020", "06") "000000000000000000000000"),
      0);
  assert_int_equal(seen.calls, 0);
  assert_int_equal(quic_link_get_stats(lk)->not_udp, 1);
  quic_link_del(lk);
}

/* --- lengths -------------------------------------------------------------- */

static void test_lengths(void **state) {
  static const struct {
    const char *hex;
    size_t len, wire_len;
  } cuts[] = {
      /* the IP header knows of more than the frame has */
      {IP4("05dc", "11") "1f90 01bb 05c8 0000 61626364", 4, 1472},
      /* the UDP header alone does: what IP says holds */
      {IP4("0020", "11") "1f90 01bb 05c8 0000 61626364", 4, 4},
      {IP4("001c", "11") "1f90 01bb 0008 0000", 0, 0},
  };
  quic_link *lk = link_new();

  (void)state;
  for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
    assert_int_equal(decode_hex(lk, 228, cuts[i].hex), 0);
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.last.payload.len, cuts[i].len);
    assert_int_equal(seen.last.wire_len, cuts[i].wire_len);
  }
  quic_link_del(lk);
}

static void test_amsdu(void **state) {
  quic_link *lk = link_new();

  (void)state;
  /* two subframes, the first padded; a third that is broken */
  assert_int_equal(decode_hex(lk, 105,
                              "8802 0000" ADDR3 "1000 8000"
                              "020000000001 020000000002 0028" SNAP V4 "0000"
                              "020000000001 020000000002 0028" SNAP V4 "0000"
                              "020000000001 020000000002 0fff 0000"),
                   QUIC_ERR_MALFORMED);
  assert_int_equal(seen.calls, 2);
  assert_memory_equal(seen.payload, "abcd", 4);
  assert_int_equal(quic_link_get_stats(lk)->malformed, 1);
  quic_link_del(lk);
}

/* --- ICMP ----------------------------------------------------------------- */

static void test_icmp(void **state) {
  static const struct {
    uint32_t linktype;
    const char *hex;
    size_t len, wire_len;
  } quotes[] = {
      {228, IP4("003c", "01") "0303 0000 00000000" V4, 4, 4},
      {228, IP4("003c", "01") "0b00 0000 00000000" V4, 4, 4},
      /* cut behind 8 octets, as RFC 792 wants */
      {228,
       IP4("0038", "01") "0304 0000 000005dc" IP4("05dc",
                                                  "11") "1f90 01bb 05c8 0000",
       0, 1472},
      /* a first fragment */
      {228,
       IP4("003c", "01") "0b01 0000 00000000"
                         "4502 0020 0007 2000 4011 0000" ADDR4 UDP,
       4, 4},
      {229,
       IP6("0068", "3a") "0200 0000 00000500" IP6(
           "0500",
           "11") "1f90 01bb 0500 0000"
                 "61626364 "
                 "0000000000000000000000000000000000000000000000000000000000"
                 "000000000000000000000000000000",
       48, 1272},
  };
  quic_link *lk = link_new();

  (void)state;
  for (size_t i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++) {
    assert_int_equal(decode_hex(lk, quotes[i].linktype, quotes[i].hex), 0);
    assert_int_equal(seen.calls, 1);
    assert_true(seen.last.in_icmp);
    assert_int_equal(seen.last.tunnels, 0);
    assert_int_equal(seen.last.src.port, 8080);
    assert_int_equal(seen.last.payload.len, quotes[i].len);
    assert_int_equal(seen.last.wire_len, quotes[i].wire_len);
  }
  /* a later fragment has no ports */
  assert_int_equal(
      decode_hex(lk, 228,
                 IP4("003c", "01") "0b01 0000 00000000"
                                   "4502 0020 0007 0001 4011 0000" ADDR4 UDP),
      0);
  assert_int_equal(seen.calls, 0);
  quic_link_del(lk);
}

/* --- fragments ------------------------------------------------------------ */

/* fragment builds an IPv4 fragment of the datagram |whole|. */
static quic_bytes fragment(uint8_t *buf, uint16_t id, quic_bytes whole,
                           size_t offset, size_t len, uint8_t tos) {
  bool more = offset + len < whole.len;
  quic_writer wr;

  quic_writer_init(&wr, buf, 2048);
  quic_writer_u8(&wr, 0x45);
  quic_writer_u8(&wr, tos);
  quic_writer_u16(&wr, (uint16_t)(20 + len));
  quic_writer_u16(&wr, id);
  quic_writer_u16(&wr, (uint16_t)((more ? 0x2000 : 0) | offset / 8));
  quic_writer_u32(&wr, 0x40110000);
  quic_writer_u32(&wr, 0x0a000001);
  quic_writer_u32(&wr, 0x0a000002);
  quic_writer_bytes(&wr, quic_bytes_of(whole.data + offset, len));
  assert_int_equal(quic_writer_status(&wr), 0);
  return quic_bytes_of(buf, quic_writer_len(&wr));
}

static quic_bytes datagram(uint8_t *buf, size_t len) {
  quic_writer wr;

  quic_writer_init(&wr, buf, len);
  quic_writer_u16(&wr, 8080);
  quic_writer_u16(&wr, 443);
  quic_writer_u16(&wr, (uint16_t)len);
  quic_writer_u16(&wr, 0);
  for (size_t i = 8; i < len; i++) {
    quic_writer_u8(&wr, (uint8_t)(i * 7));
  }
  return quic_bytes_of(buf, len);
}

/* Three fragments in all orders, each twice. */
static void test_fragments(void **state) {
  static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                   {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  quic_link *lk = link_new();
  uint8_t whole[100], buf[2048];
  quic_bytes in = datagram(whole, sizeof(whole));

  (void)state;
  for (uint16_t i = 0; i < 6; i++) {
    for (int j = 0; j < 3; j++) {
      size_t at = (size_t)orders[i][j] * 40;
      size_t len = at == 80 ? 20 : 40;
      uint8_t tos = orders[i][j] == 1 ? 3 : 2; /* one is marked */
      quic_bytes frame = fragment(buf, i, in, at, len, tos);

      for (int twice = 0; twice < (j == 2 ? 1 : 2); twice++) {
        assert_int_equal(decode_at(lk, 228, frame, frame.len, 0), 0);
        assert_int_equal(seen.calls, j == 2);
      }
    }
    assert_true(seen.last.reassembled);
    assert_int_equal(seen.last.ecn, 3);
    assert_int_equal(seen.last.src.port, 8080);
    assert_int_equal(seen.last.wire_len, 92);
    assert_int_equal(seen.last.payload.len, 92);
    assert_memory_equal(seen.payload, whole + 8, 92);
  }
  assert_int_equal(quic_link_get_stats(lk)->fragments, 30);
  assert_int_equal(quic_link_get_stats(lk)->reassembled, 6);
  assert_int_equal(quic_link_get_stats(lk)->datagrams, 6);
  quic_link_del(lk);
}

static void test_fragments6(void **state) {
  quic_link *lk = link_new();

  (void)state;
  /* the second fragment's next header does not count (RFC 8200 4.5) */
  assert_int_equal(
      decode_hex(lk, 229, IP6("000c", "2c") "0600 0008 00000009 61626364"), 0);
  assert_int_equal(seen.calls, 0);
  assert_int_equal(
      decode_hex(lk, 229,
                 IP6("0010", "2c") "1100 0001 00000009 1f90 01bb 000c 0000"),
      0);
  assert_abcd(6);
  assert_true(seen.last.reassembled);
  quic_link_del(lk);
}

/* Fragments of different senders, ids and tunnels do not mix. */
static void test_fragment_keys(void **state) {
  static const char first[] =
      "4502 001c 0007 2000 40 11 0000" ADDR4 "1f90 01bb 000c 0000";
  static const char *const strangers[] = {
      "4502 0018 0008 0001 40 11 0000" ADDR4 "61626364",
      "4502 0018 0007 0001 40 84 0000" ADDR4 "61626364",
      "4502 0018 0007 0001 40 11 0000 0a000001 0a000003 61626364",
      "4502 0018 0007 0001 40 11 0000 0a000003 0a000002 61626364",
      IP4("002c", "04") "4502 0018 0007 0001 40 11 0000" ADDR4 "61626364",
  };
  quic_link *lk = link_new();

  (void)state;
  assert_int_equal(decode_hex(lk, 228, first), 0);
  for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
    assert_int_equal(decode_hex(lk, 228, strangers[i]), 0);
    assert_int_equal(seen.calls, 0);
  }
  assert_int_equal(
      decode_hex(lk, 228, "4502 0018 0007 0001 40 11 0000" ADDR4 "61626364"),
      0);
  assert_abcd(4);
  quic_link_del(lk);
}

/* The first octets stand, and contradictions are refused. */
static void test_fragment_conflicts(void **state) {
  static const char first[] =
      "4502 001c 0007 2000 40 11 0000" ADDR4 "1f90 01bb 0014 0000";
  static const char middle[] =
      "4502 001c 0007 2001 40 11 0000" ADDR4 "6162636465666768";
  static const char other[] =
      "4502 001c 0007 2001 40 11 0000" ADDR4 "5858585858585858";
  static const char last[] = "4502 0018 0007 0002 40 11 0000" ADDR4 "696a6b6c";
  static const char longer[] =
      "4502 001c 0007 0002 40 11 0000" ADDR4 "5858585858585858";
  static const char beyond[] =
      "4502 001c 0007 2003 40 11 0000" ADDR4 "5858585858585858";
  static const char before[] =
      "4502 0018 0007 0001 40 11 0000" ADDR4 "58585858";
  static const char odd[] = "4502 0019 0007 2001 40 11 0000" ADDR4 "5858585858";
  static const char outside[] =
      "4502 001c 0007 1fff 40 11 0000" ADDR4 "5858585858585858";
  static const char empty[] = "4502 0014 0007 2001 40 11 0000" ADDR4;
  quic_link *lk = link_new();

  (void)state;
  assert_int_equal(decode_hex(lk, 228, middle), 0);
  assert_int_equal(decode_hex(lk, 228, other), 0);
  assert_int_equal(decode_hex(lk, 228, before), QUIC_ERR_MALFORMED);
  assert_int_equal(decode_hex(lk, 228, last), 0);
  assert_int_equal(decode_hex(lk, 228, longer), QUIC_ERR_MALFORMED);
  assert_int_equal(decode_hex(lk, 228, beyond), QUIC_ERR_MALFORMED);
  assert_int_equal(decode_hex(lk, 228, odd), QUIC_ERR_MALFORMED);
  assert_int_equal(decode_hex(lk, 228, outside), QUIC_ERR_MALFORMED);
  assert_int_equal(decode_hex(lk, 228, empty), QUIC_ERR_MALFORMED);
  assert_int_equal(quic_link_get_stats(lk)->malformed, 6);
  assert_int_equal(decode_hex(lk, 228, first), 0);
  assert_int_equal(seen.calls, 1);
  assert_int_equal(seen.last.payload.len, 12);
  assert_memory_equal(seen.payload, "abcdefghijkl", 12);
  quic_link_del(lk);
}

/* A fragment that the snapshot length cut: all of the wire is known, and the
   payload ends where it was cut. */
static void test_fragment_cut(void **state) {
  quic_link *lk = link_new();
  uint8_t whole[100], buf[2048];
  quic_bytes in = datagram(whole, sizeof(whole));
  quic_bytes frame = fragment(buf, 1, in, 0, 40, 2);

  (void)state;
  assert_int_equal(decode_at(lk, 228, frame, frame.len, 0), 0);
  frame = fragment(buf, 1, in, 40, 40, 2);
  assert_int_equal(decode_at(lk, 228, frame, 25, 0), 0);
  frame = fragment(buf, 1, in, 80, 20, 2);
  assert_int_equal(decode_at(lk, 228, frame, frame.len, 0), 0);
  assert_int_equal(seen.calls, 1);
  assert_int_equal(seen.last.wire_len, 92);
  assert_int_equal(seen.last.payload.len, 37);
  assert_memory_equal(seen.payload, whole + 8, 37);
  quic_link_del(lk);
}

static void test_fragment_timeout(void **state) {
  quic_link *lk = link_new();
  uint8_t whole[100], buf[2048];
  quic_bytes in = datagram(whole, sizeof(whole));
  quic_bytes frame;

  (void)state;
  frame = fragment(buf, 1, in, 0, 40, 2);
  assert_int_equal(decode_at(lk, 228, frame, frame.len, QUIC_SECOND), 0);
  frame = fragment(buf, 1, in, 40, 60, 2);
  assert_int_equal(decode_at(lk, 228, frame, frame.len, 31 * QUIC_SECOND + 1),
                   0);
  assert_int_equal(seen.calls, 0);
  assert_int_equal(quic_link_get_stats(lk)->fragments_evicted, 1);
  frame = fragment(buf, 1, in, 0, 40, 2);
  assert_int_equal(decode_at(lk, 228, frame, frame.len, 61 * QUIC_SECOND + 1),
                   0);
  assert_int_equal(seen.calls, 1);
  quic_link_del(lk);
}

/* The oldest go when too many are open, and when they hold too much. */
static void test_fragment_caps(void **state) {
  static uint8_t whole[65000];
  quic_link *lk = link_new();
  uint8_t buf[2048];
  quic_bytes in = datagram(whole, sizeof(whole));
  quic_bytes frame;
  failmem fm;

  (void)state;
  for (uint16_t i = 0; i <= QUIC_LINK_FRAGMENTS_MAX; i++) {
    frame = fragment(buf, i, in, 0, 8, 2);
    assert_int_equal(decode_at(lk, 228, frame, frame.len, 0), 0);
  }
  assert_int_equal(quic_link_get_stats(lk)->fragments_evicted, 1);
  quic_link_del(lk);

  failmem_init(&fm);
  assert_int_equal(quic_link_new(&lk, &fm.mem), 0);
  for (uint16_t i = 0; i < 250; i++) {
    frame = fragment(buf, i, in, 64000, 1000, 2);
    assert_int_equal(decode_at(lk, 228, frame, frame.len, 0), 0);
  }
  assert_true(quic_link_get_stats(lk)->fragments_evicted > 100);
  assert_true(fm.peak < QUIC_LINK_FRAGMENT_BYTES + (1 << 17));
  quic_link_del(lk);
  assert_true(failmem_balanced(&fm));
}

static int decode_fragments(const quic_mem *mem, void *user) {
  static const size_t at[][2] = {{80, 20}, {0, 16}, {32, 48}, {16, 16}};
  uint8_t whole[100], buf[2048];
  quic_bytes in = datagram(whole, sizeof(whole));
  quic_link *lk;
  int rv = quic_link_new(&lk, mem);

  (void)user;
  for (size_t i = 0; i < 4 && rv == 0; i++) {
    quic_bytes frame = fragment(buf, 1, in, at[i][0], at[i][1], 2);

    rv = decode_at(lk, 228, frame, frame.len, 0);
    assert_int_equal(seen.calls, rv == 0 && i == 3);
  }
  quic_link_del(lk);
  return rv;
}

static void test_nomem(void **state) {
  failmem fm;

  (void)state;
  assert_true(failmem_sweep(&fm, decode_fragments, NULL) >= 4);
  assert_string_equal(fm.text, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_rows),
      cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_damage),
      cmocka_unit_test(test_others),
      cmocka_unit_test(test_depth),
      cmocka_unit_test(test_no_tunnel),
      cmocka_unit_test(test_tunnel_of_others),
      cmocka_unit_test(test_lengths),
      cmocka_unit_test(test_amsdu),
      cmocka_unit_test(test_icmp),
      cmocka_unit_test(test_fragments),
      cmocka_unit_test(test_fragments6),
      cmocka_unit_test(test_fragment_keys),
      cmocka_unit_test(test_fragment_conflicts),
      cmocka_unit_test(test_fragment_cut),
      cmocka_unit_test(test_fragment_timeout),
      cmocka_unit_test(test_fragment_caps),
      cmocka_unit_test(test_nomem),
  };

  return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
