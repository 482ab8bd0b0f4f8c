#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/octets.h"
#include "tests/support/packets.h"

#define INTRO "-- 0  10.0.0.2:51012 > 10.0.0.9:443  v1\n"
#define APP "   0.001000  0 >  1rtt      pn=5      1200"

static void check(packets *pk, const char *want) {
  assert_string_equal(packets_show(pk, qd_output_line_new), want);
}

/* What stands behind the length. */
static void test_frames(void **state) {
  static const struct {
    const char *payload, *want;
  } cases[] = {
      {"02 03 00 00 03", "  ACK 0-3"},
      {"02 07 40f9 01 00 02 03", "  ACK 0-3 7 (1.992ms)"},
      {"03 09 04 00 00 05 00 01", "  ACK 9 (32us) ecn 5/0/1"},
      {"00 00 00", "  PADDING 3"},
      {"01 01 01 06 00 01 61 01", "  PING x3  CRYPTO 0-0  PING"},
      {"06 0a 02 6162", "  CRYPTO 10-11"},
      {"0b 04 02 6162", "  STREAM 4 0-1 fin"},
      {"0e 04 05 01 61 0f 04 06 00", "  STREAM 4 5-5  STREAM 4 at 6 fin"},
      {"10 80100000", "  MAX_DATA 1048576"},
      {"11 04 4400", "  MAX_STREAM_DATA 4 1024"},
      {"12 05 13 06 16 07 17 08",
       "  MAX_STREAMS bidi 5  MAX_STREAMS uni 6  STREAMS_BLOCKED bidi 7  "
       "STREAMS_BLOCKED uni 8"},
      {"14 05 15 04 06", "  DATA_BLOCKED 5  STREAM_DATA_BLOCKED 4 6"},
      {"04 04 410c 40c8",
       "  RESET_STREAM 4 H3_REQUEST_CANCELLED (0x10c) final_size 200"},
      {"05 04 7777", "  STOP_SENDING 4 0x3777"},
      {"07 03 010203", "  NEW_TOKEN 3"},
      {"18 01 00 04 8f3a0001 000102030405060708090a0b0c0d0e0f",
       "  NEW_CONNECTION_ID 1 8f3a0001"},
      {"18 03 02 09 8f3a00010203040506 000102030405060708090a0b0c0d0e0f",
       "  NEW_CONNECTION_ID 3 8f3a000102030405.. retire<2"},
      {"19 02 1a 0102030405060708 1b 0102030405060708",
       "  RETIRE_CONNECTION_ID 2  PATH_CHALLENGE 0102030405060708  "
       "PATH_RESPONSE 0102030405060708"},
      {"1c 03 08 04 6f6f7073",
       "  CONNECTION_CLOSE transport FLOW_CONTROL_ERROR (0x3) frame STREAM "
       "\"oops\""},
      {"1c 412a 06 00",
       "  CONNECTION_CLOSE transport CRYPTO_ERROR bad_certificate (0x12a) "
       "frame CRYPTO"},
      {"1c 4181 00 00",
       "  CONNECTION_CLOSE transport CRYPTO_ERROR alert 129 (0x181)"},
      {"1c 0a 7f00 00",
       "  CONNECTION_CLOSE transport PROTOCOL_VIOLATION (0xa) frame 0x3f00"},
      {"1d 4100 00", "  CONNECTION_CLOSE application H3_NO_ERROR (0x100)"},
      {"1e 1f 31 02 6162", "  HANDSHAKE_DONE  IMMEDIATE_ACK  DATAGRAM 2"},
      {"40af 01 02 03 04",
       "  ACK_FREQUENCY 1 2 requested_max_ack_delay 3 reordering_threshold 4"},
      {"24 04 410c 0a 05",
       "  RESET_STREAM_AT 4 H3_REQUEST_CANCELLED (0x10c) final_size 10 "
       "reliable_size 5"},
      {"3e 01 0a 00 01 00 00 03", "  PATH_ACK path 1 5-8 10"},
      {"80003e78 01 02 00 04 8f3a0001 000102030405060708090a0b0c0d0e0f",
       "  PATH_NEW_CONNECTION_ID path 1 2 8f3a0001"},
      {"01 7f00 0102", "  PING  unknown frame 0x3f00: 4 octets not decoded"},
      {"01 06 00 05 61", "  PING  broken CRYPTO: 4 octets not decoded"},
      {"01 02 03 00 00 04", "  PING  broken ACK: 5 octets not decoded"},
      {"01 7f", "  PING  broken frame type: 1 octet not decoded"},
      /* gap 0 and length 0, so every second number from 40 down */
      {"02 28 00 0a 00 0000 0000 0000 0000 0000 0000 0000 0000 0000 0000",
       "  ACK 26 28 30 32 34 36 38 40 +3 ranges"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char want[512] = INTRO APP;
    packets pk;

    packets_init(&pk, QUIC_PACKET_1RTT);
    memcpy(pk.conn->facts.alpn_chosen, "h3", 2);
    pk.conn->facts.alpn_chosen_len = 2;
    packets_hex(&pk, cases[i].payload);
    strcat(want, cases[i].want);
    strcat(want, "\n");
    check(&pk, want);
    packets_free(&pk);
  }
}

static void test_headers(void **state) {
  static const uint8_t versions[] = {0x6b, 0x33, 0x43, 0xcf, 0,    0,
                                     0,    1,    0x1a, 0x2a, 0x3a, 0x4a};
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_INITIAL);
  packets_hex(&pk, "01");
  check(&pk, INTRO "   0.001000  0 >  initial   pn=5      1200  PING\n");
  pk.p.header.version = QUIC_VERSION_2;
  pk.p.index = 1;
  pk.p.sender = QD_SERVER;
  check(&pk, "-- 0  10.0.0.9:443 > 10.0.0.2:51012  v1\n"
             "   0.001000  0 < +initial   pn=5      1200  v2  PING\n");
  pk.p.sender_known = false;
  pk.p.header.type = QUIC_PACKET_HANDSHAKE;
  check(&pk, "-- 0  10.0.0.2:51012 ? 10.0.0.9:443  v1\n"
             "   0.001000  0 ? +handshake pn=5      1200  PING\n");
  pk.p.time -= 2 * QUIC_MILLISECOND;
  pk.p.conn = NULL;
  pk.p.header.type = QUIC_PACKET_0RTT;
  check(&pk, "  -0.001000  - ? +0rtt      pn=5      1200  PING\n");
  pk.settings.absolute_time = true;
  check(&pk, "1764320700.999000  - ? +0rtt      pn=5      1200  PING\n");
  packets_free(&pk);

  packets_init(&pk, QUIC_PACKET_VERSION_NEGOTIATION);
  pk.p.state = QD_STATE_CLEAR;
  pk.p.sender = QD_SERVER;
  pk.p.conn = NULL;
  pk.p.header.version = 0;
  pk.p.header.versions = quic_bytes_of(versions, sizeof(versions));
  check(&pk, "   0.001000  - <  vn                  1200  v2, v1, greased "
             "0x1a2a3a4a\n");
  pk.p.header.type = QUIC_PACKET_RETRY;
  pk.p.header.version = QUIC_VERSION_1;
  pk.p.header.token = quic_bytes_of(versions, sizeof(versions));
  pk.p.notes = QD_NOTE_RETRY_OK;
  check(&pk,
        "   0.001000  - <  retry               1200  token 12  scid 85ce\n");
  pk.p.notes = QD_NOTE_RETRY_BAD;
  check(&pk, "   0.001000  - <  retry               1200  token 12  scid 85ce"
             "  [retry tag wrong]\n");
  packets_free(&pk);
}

static void test_closed(void **state) {
  static const uint8_t raw[] = "0123456789abcdefABCDEFGHIJKLMNOP";
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  pk.p.state = QD_STATE_CLOSED;
  pk.p.reason = QD_REASON_NO_SECRET;
  check(&pk, INTRO "   0.001000  0 >  1rtt                1200  "
                   "no_secret: no CLIENT_TRAFFIC_SECRET_0\n");
  pk.p.sender = QD_SERVER;
  pk.p.header.type = QUIC_PACKET_HANDSHAKE;
  check(&pk, "-- 0  10.0.0.9:443 > 10.0.0.2:51012  v1\n"
             "   0.001000  0 <  handshake           1200  "
             "no_secret: no SERVER_HANDSHAKE_TRAFFIC_SECRET\n");
  pk.p.conn = NULL;
  pk.p.sender_known = false;
  pk.p.header.type = QUIC_PACKET_1RTT;
  pk.p.reason = QD_REASON_UNKNOWN_CID;
  check(&pk, "   0.001000  - ?  1rtt                1200  "
             "10.0.0.2:51012 > 10.0.0.9:443  unknown_cid: the destination "
             "connection ID belongs to no known connection\n");
  pk.p.reason = QD_REASON_TRUNCATED;
  pk.p.header.packet_len = 20;
  pk.p.header.missing = 1180;
  check(&pk, "   0.001000  - ?  1rtt                1200  "
             "10.0.0.2:51012 > 10.0.0.9:443  truncated: the capture holds "
             "too little of the packet (20 of 1200 octets)\n");
  pk.p.header.missing = 0;
  pk.p.state = QD_STATE_RESET;
  pk.p.raw = quic_bytes_of(raw, 32);
  check(&pk, "   0.001000  - ?  reset                 20  token "
             "4142434445464748494a4b4c4d4e4f50\n");
  pk.p.state = QD_STATE_PADDING;
  check(&pk, "   0.001000  - ?  padding               20\n");
  packets_free(&pk);
}

static void test_notes(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  packets_hex(&pk, "01");
  pk.p.notes = QD_NOTE_LATE | QD_NOTE_DUPLICATE | QD_NOTE_GSO |
               QD_NOTE_NEW_HELLO | QD_NOTE_FIXED_ZERO | QD_NOTE_ILLEGAL |
               QD_NOTE_RESERVED | QD_NOTE_CONFLICT;
  pk.p.generation = 1;
  pk.p.path_id = 2;
  check(&pk, "-- 0  10.0.0.2:51012 > 10.0.0.9:443  v1  path 2\n" APP
             "  PING  [late, duplicate, gso, new hello after retry, fixed bit "
             "0, illegal frame, reserved bits, crypto octets changed, key#1, "
             "path 2]\n");
  /* The peer asked for it (RFC 9287). */
  pk.p.notes = QD_NOTE_FIXED_ZERO;
  pk.p.generation = pk.p.path_id = 0;
  pk.conn->sides[QD_SERVER].grease_bit = true;
  check(&pk, INTRO APP "  PING\n");
  /* An ICMP error's addresses are not the connection's. */
  pk.p.notes = QD_NOTE_ICMP;
  check(&pk, APP "  PING  [icmp]\n");
  packets_free(&pk);

  packets_init(&pk, QUIC_PACKET_1RTT);
  packets_hex(&pk, "01 0a 00 4064 616263");
  pk.p.state = QD_STATE_UNAUTHENTICATED;
  pk.p.header.packet_len = 96;
  pk.p.header.missing = 1104;
  check(&pk, INTRO APP "  PING  STREAM 0 0-99 (97 not captured)  "
                       "[unauthenticated (96 of 1200 octets)]\n");
  packets_free(&pk);
}

/* A ClientHello: legacy_version, random, session, one suite, compression, then
   the extensions given. */
#define HELLO(len, ext_len, ext)                                               \
  "010000" len                                                                 \
  "0303000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"       \
  "00 0002 1301 0100 " ext_len " " ext

static void test_messages(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_INITIAL);
  packets_hex(&pk, "01");
  packets_message(&pk, HELLO("4f", "0024",
                             "0000 0010 000e 00 000b 63646e2e6578616d706c65"
                             "0010 0008 0006 0268 33 0268 71"
                             "002a 0000"));
  check(&pk, INTRO "   0.001000  0 >  initial   pn=5      1200  PING  "
                   "ClientHello cdn.example h3,hq early_data\n");
  packets_free(&pk);

  packets_init(&pk, QUIC_PACKET_INITIAL);
  pk.p.sender = QD_SERVER;
  packets_hex(&pk, "01");
  packets_message(&pk, "02000034 0303"
                       "000102030405060708090a0b0c0d0e0f"
                       "101112131415161718191a1b1c1d1e1f"
                       "00 1301 00 000c 0033 0008 001d 0004 01020304");
  check(&pk, "-- 0  10.0.0.9:443 > 10.0.0.2:51012  v1\n"
             "   0.001000  0 <  initial   pn=5      1200  PING  "
             "ServerHello TLS_AES_128_GCM_SHA256 x25519\n");
  packets_free(&pk);

  packets_init(&pk, QUIC_PACKET_HANDSHAKE);
  pk.p.sender = QD_SERVER;
  packets_hex(&pk, "01");
  packets_message(&pk, "0800000b 0009 0010 0005 0003 026833");
  packets_message(&pk, "0b000014 00 000010 000003 010203 0000"
                       "000003 040506 0000");
  packets_message(&pk, "14000004 01020304");
  packets_message(&pk, "63000000");
  check(&pk, "-- 0  10.0.0.9:443 > 10.0.0.2:51012  v1\n"
             "   0.001000  0 <  handshake pn=5      1200  PING  "
             "EncryptedExtensions h3  Certificate 2  Finished  unknown\n");
  packets_free(&pk);
}

static void test_hostile(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_INITIAL);
  packets_hex(&pk, "1c 00 00 0e 1b5d303b07 c29b e280ae ff 0a 46 5c");
  packets_message(&pk, HELLO("4b", "0020",
                             "0000 0010 000e 00 000b 1b5b6d20 c29b e280ae 22 ff"
                             "0010 0008 0006 021b 07 022c 0a"));
  check(&pk, INTRO
        "   0.001000  0 >  initial   pn=5      1200  "
        "CONNECTION_CLOSE transport NO_ERROR (0x0) \"\\x1b]0;\\x07\\u{009b}"
        "\\u{202e}\\xff\\x0aF\\\\\"  "
        "ClientHello \\x1b[m\\x20\\u{009b}\\u{202e}\\x22\\xff "
        "\\x1b\\x07,\\x2c\\x0a\n");
  packets_free(&pk);
}

#define MOVED(conn) "-- " conn "  10.0.0.2:51013 > 10.0.0.9:443  v1\n"
#define PING_LINE(conn)                                                        \
  "   0.000000" conn " >  1rtt      pn=5      1200  PING\n"

/* Every line of a connection that moves. */
static void test_introductions(void **state) {
  packets pk;
  qd_output *out;
  const char *text;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  packets_hex(&pk, "01");
  pk.p.payload = quic_bytes_of(pk.payload, 1);
  quic_text_init(&pk.text, pk.out, sizeof(pk.out));
  assert_int_equal(qd_output_line_new(&out, &pk.settings), 0);
  out->packet(out, &pk.p);
  out->packet(out, &pk.p);
  pk.p.src.port = 51013;
  out->packet(out, &pk.p);
  pk.conn->number = 4096; /* takes the place of connection 0 */
  out->packet(out, &pk.p);
  pk.conn->number = 0;
  out->packet(out, &pk.p);
  out->del(out);
  text = quic_text_cstr(&pk.text);
  assert_string_equal(text, INTRO PING_LINE("  0") PING_LINE("  0") MOVED("0")
                                PING_LINE("  0") MOVED("4096") PING_LINE("4096")
                                    MOVED("0") PING_LINE("  0"));
  packets_free(&pk);
}

/* The sender's ack_delay_exponent, which holds in 1-RTT packets alone. */
static void test_exponent(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  pk.conn->sides[QD_CLIENT].tparams = quic_mem_alloc(quic_mem_default(), 3);
  memcpy(pk.conn->sides[QD_CLIENT].tparams, "\x0a\x01\x05", 3);
  pk.conn->sides[QD_CLIENT].tparams_len = 3;
  pk.conn->sides[QD_CLIENT].has_tparams = true;
  packets_hex(&pk, "02 03 04 00 00");
  check(&pk, INTRO APP "  ACK 3 (128us)\n");
  pk.p.header.type = QUIC_PACKET_HANDSHAKE;
  check(&pk,
        INTRO "   0.001000  0 >  handshake pn=5      1200  ACK 3 (32us)\n");
  packets_free(&pk);
}

/* Colour adds escape sequences and nothing else. */
static void test_colour(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  packets_hex(&pk, "01 1d 4100 00");
  pk.p.notes = QD_NOTE_LATE;
  pk.settings.colour = true;
  check(&pk, "\033[1m-- 0  10.0.0.2:51012 > 10.0.0.9:443  v1\033[0m\n"
             "   0.001000\033[2m  0 > \033[0m\033[32m 1rtt      \033[0mpn=5"
             "      1200  PING  \033[31mCONNECTION_CLOSE application 0x100"
             "\033[0m  \033[33m[late]\033[0m\n");
  packets_free(&pk);
}

static void test_prefixes(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  packets_sample(&pk);
  packets_check_prefixes(&pk, qd_output_line_new);
  packets_free(&pk);
}

static void test_memory(void **state) {
  (void)state;
  packets_check_memory(qd_output_line_new);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames),        cmocka_unit_test(test_headers),
      cmocka_unit_test(test_closed),        cmocka_unit_test(test_notes),
      cmocka_unit_test(test_messages),      cmocka_unit_test(test_hostile),
      cmocka_unit_test(test_introductions), cmocka_unit_test(test_exponent),
      cmocka_unit_test(test_colour),        cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests_name("out_line", tests, NULL, NULL);
}
