#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/octets.h"
#include "tests/support/packets.h"
#include "tests/vectors/cert.h"

#define FROM_CLIENT                                                            \
  "packet 7.0  2025-11-28 09:05:01.001000Z  0.001000  10.0.0.2:51012 > "       \
  "10.0.0.9:443  conn 0  from client"
#define FROM_SERVER                                                            \
  "packet 7.0  2025-11-28 09:05:01.001000Z  0.001000  10.0.0.2:51012 > "       \
  "10.0.0.9:443  conn 0  from server"
#define APP                                                                    \
  FROM_CLIENT "  1rtt  dcid 0cae7f96  pn 5  len 1200 of 1200  not-ect  key "   \
              "0  TLS_AES_128_GCM_SHA256\n"

static void check(packets *pk, const char *want) {
  assert_string_equal(packets_show(pk, qd_output_tree_new), want);
}

/* One line per frame. */
static void test_lines(void **state) {
  static const struct {
    const char *payload, *want;
  } cases[] = {
      {"0000 01", "  PADDING count=2\n  PING\n"},
      {"03 07 40f9 01 00 02 03 01 02 03",
       "  ACK largest_acknowledged=7 ack_delay=249 (1.992ms) "
       "ack_range_count=1 first_ack_range=0 acknowledged=7,0-3 "
       "ect0_count=1 ect1_count=2 ecn_ce_count=3\n"},
      {"06 03 02 aabb 0f 03 05 01 61",
       "  CRYPTO offset=3 crypto_data=2 octets\n"
       "  STREAM stream_id=3 (server uni) offset=5 stream_data=1 octet fin\n"},
      {"04 04 410c 40c8 05 02 00 11 01 05",
       "  RESET_STREAM stream_id=4 (client bidi) "
       "application_protocol_error_code=H3_REQUEST_CANCELLED (0x10c) "
       "final_size=200\n"
       "  STOP_SENDING stream_id=2 (client uni) "
       "application_protocol_error_code=0x0\n"
       "  MAX_STREAM_DATA stream_id=1 (server bidi) "
       "maximum_stream_data=5\n"},
      {"12 05 17 06", "  MAX_STREAMS bidi maximum_streams=5\n"
                      "  STREAMS_BLOCKED uni maximum_streams=6\n"},
      {"18 02 01 04 8f3a0001 000102030405060708090a0b0c0d0e0f"
       "1a 0102030405060708",
       "  NEW_CONNECTION_ID sequence_number=2 retire_prior_to=1 "
       "connection_id=8f3a0001 "
       "stateless_reset_token=000102030405060708090a0b0c0d0e0f\n"
       "  PATH_CHALLENGE data=0102030405060708\n"},
      {"1c 03 08 02 6869 1d 4100 00",
       "  CONNECTION_CLOSE transport error_code=FLOW_CONTROL_ERROR (0x3) "
       "frame_type=0x8 (STREAM) reason_phrase=\"hi\"\n"
       "  CONNECTION_CLOSE application error_code=H3_NO_ERROR (0x100) "
       "reason_phrase=\"\"\n"},
      {"40af 01 02 4400 04",
       "  ACK_FREQUENCY sequence_number=1 ack_eliciting_threshold=2 "
       "requested_max_ack_delay=1024 (1.024ms) reordering_threshold=4\n"},
      {"01 7f00 0102",
       "  PING\n  unknown frame type 0x3f00: 4 octets not decoded\n"},
      {"01 06 00 05 61", "  PING\n  broken CRYPTO: 4 octets not decoded\n"},
      {"01 c0", "  PING\n  broken frame type: 1 octet not decoded\n"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    char want[1024] = APP;
    packets pk;

    packets_init(&pk, QUIC_PACKET_1RTT);
    memcpy(pk.conn->facts.alpn_chosen, "h3", 2);
    pk.conn->facts.alpn_chosen_len = 2;
    packets_hex(&pk, cases[i].payload);
    strcat(want, cases[i].want);
    check(&pk, want);
    packets_free(&pk);
  }
}

static void test_states(void **state) {
  static const uint8_t octets[] = "0123456789abcdef";
  static const uint8_t versions[] = {0x6b, 0x33, 0x43, 0xcf, 0, 0, 0, 1};
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_INITIAL);
  packets_hex(&pk, "1e");
  pk.p.ecn = 3;
  pk.p.generation = 1;
  pk.p.notes = QD_NOTE_ILLEGAL;
  check(&pk, FROM_CLIENT
        "  initial  v1  dcid 0cae7f96  scid 85ce  pn 5  len 1200 of 1200  ce  "
        "key 1  TLS_AES_128_GCM_SHA256  [illegal frame, key#1]\n"
        "  HANDSHAKE_DONE  [not allowed in Initial]\n");
  pk.p.notes = pk.p.ecn = 0;
  pk.p.generation = 0;
  pk.p.header.type = QUIC_PACKET_HANDSHAKE;
  pk.p.state = QD_STATE_CLOSED;
  pk.p.reason = QD_REASON_NO_SECRET;
  pk.conn->facts.has_random = true;
  check(&pk, FROM_CLIENT
        "  handshake  v1  dcid 0cae7f96  scid 85ce  len 1200 of 1200  not-ect\n"
        "  closed: no_secret: no CLIENT_HANDSHAKE_TRAFFIC_SECRET for client "
        "random 000000000000000000000000000000000000000000000000000000000000"
        "0000\n");
  pk.p.state = QD_STATE_RESET;
  pk.p.raw = quic_bytes_of(octets, 16);
  check(&pk, FROM_CLIENT "  reset  len 1200 of 1200  not-ect\n"
                         "  stateless_reset_token: "
                         "30313233343536373839616263646566\n");
  pk.p.state = QD_STATE_PADDING;
  check(&pk, FROM_CLIENT "  padding  len 1200 of 1200  not-ect\n");
  pk.settings.verbosity = 2;
  pk.p.raw = quic_bytes_of("\0\0\0", 3);
  check(&pk, FROM_CLIENT "  padding  len 1200 of 1200  not-ect\n  all 0\n");
  pk.p.raw = quic_bytes_of("\0a\x7f", 3);
  check(&pk, FROM_CLIENT
        "  padding  len 1200 of 1200  not-ect\n"
        "  0000  00 61 7f                                         .a.\n");
  pk.p.state = QD_STATE_CLEAR;
  pk.p.header.type = QUIC_PACKET_RETRY;
  pk.p.header.first = 0xf0;
  pk.p.header.token = quic_bytes_of(octets, 2);
  pk.p.header.retry_tag = quic_bytes_of(octets, 16);
  pk.p.notes = QD_NOTE_RETRY_OK;
  check(&pk, FROM_CLIENT
        "  retry  v1  dcid 0cae7f96  scid 85ce  len 1200 of 1200  not-ect\n"
        "  first_octet: 0xf0\n"
        "    form: long\n"
        "    fixed: 1\n"
        "    long_packet_type: 3\n"
        "  version: v1 (0x1)\n"
        "  dcid: 0cae7f96 (4 octets)\n"
        "  scid: 85ce (2 octets)\n"
        "  token: 2 octets\n"
        "    0000  30 31                                            01\n"
        "  retry_integrity_tag: 30313233343536373839616263646566 "
        "(verified)\n");
  pk.p.header.type = QUIC_PACKET_VERSION_NEGOTIATION;
  pk.p.header.version = 0;
  pk.p.header.versions = quic_bytes_of(versions, sizeof(versions));
  check(&pk, FROM_CLIENT
        "  vn  dcid 0cae7f96  scid 85ce  len 1200 of 1200  not-ect\n"
        "  first_octet: 0xf0\n"
        "    form: long\n"
        "  version: negotiation (0x0)\n"
        "  dcid: 0cae7f96 (4 octets)\n"
        "  scid: 85ce (2 octets)\n"
        "  supported_version: v2 (0x6b3343cf)\n"
        "  supported_version: v1 (0x1)\n");
  packets_free(&pk);
}

/* Every field, with the widths of what is longer than it must be. */
static void test_full(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  pk.settings.verbosity = 2;
  pk.p.header.first = 0x65;
  packets_hex(&pk, "4006 8000000a 4013"
                   "1b4100414243 30313233343536373839616263"
                   "0b 04 01 61 02 07 00 01 00 02 03 01 7f00 20");
  check(&pk, APP "  first_octet: 0x65\n"
                 "    form: short\n"
                 "    fixed: 1\n"
                 "    spin: 1\n"
                 "    reserved: 0\n"
                 "    key_phase: 1\n"
                 "    packet_number_length: 1\n"
                 "  dcid: 0cae7f96 (4 octets)\n"
                 "  packet_number: 5 (low 1 octet sent)\n"
                 "  CRYPTO (0x6) (2 octets, 1 would do)\n"
                 "    offset: 10 (4 octets, 1 would do)\n"
                 "    crypto_data: 19 octets (2 octets, 1 would do)\n"
                 "      0000  1b 41 00 41 42 43 30 31 32 33 34 35 36 37 38 39"
                 "  .A.ABC0123456789\n"
                 "      0010  61 62 63"
                 "                                         abc\n"
                 "  STREAM (0xb)\n"
                 "    bits: - len fin\n"
                 "    stream_id: 4 (client bidi)\n"
                 "    stream_data: 1 octet\n"
                 "      0000  61                                             "
                 "  a\n"
                 "  ACK (0x2)\n"
                 "    largest_acknowledged: 7\n"
                 "    ack_delay: 0 (0us)\n"
                 "    ack_range_count: 1\n"
                 "    first_ack_range: 0\n"
                 "    acknowledged: 7,0-3\n"
                 "  PING (0x1)\n"
                 "  unknown frame type 0x3f00: 3 octets not decoded\n"
                 "    0000  7f 00 20                                       "
                 "  .. \n");
  packets_free(&pk);
}

/* A ClientHello with transport parameters of all kinds, and what is wrong. */
static void test_client_hello(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_INITIAL);
  pk.settings.verbosity = 2;
  packets_message(
      &pk, "010000b7 0303"
           "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
           "00 0004 1301 1a1a 0100 008a"
           "0000 0010 000e 00 000b 1b5b6d20 c29b e280ae 22 ff"
           "0010 0008 0006 021b 07 022c 0a"
           "002b 0003 02 0304"
           "000a 0004 0002 001d"
           "000d 0004 0002 0403"
           "0033 000a 0008 001d 0004 01020304"
           "002a 0000"
           "0039 003d"
           "01 04 80007530" /* max_idle_timeout 30000 */
           "0a 01 03"       /* ack_delay_exponent, the default */
           "03 02 4001"     /* max_udp_payload_size 1: too small */
           "02 02 aabb"     /* a token: not the client's */
           "0f 00"          /* initial SCID, empty */
           "6ab2 00"        /* grease_quic_bit */
           "11 08 00000001 6b3343cf"
           "01 01 05"     /* again */
           "1b 01 ff"     /* grease */
           "7777 02 1b5b" /* not known */
           "04 01 05"
           "20 01 40" /* not a whole varint */
           "05 04 80000001 06 01 01 07 01 01");
  check(&pk, FROM_CLIENT
        "  initial  v1  dcid 0cae7f96  scid 85ce  pn 5  len 1200 of 1200  "
        "not-ect  key 0  TLS_AES_128_GCM_SHA256\n"
        "  first_octet: 0xc0\n"
        "    form: long\n"
        "    fixed: 1\n"
        "    long_packet_type: 0\n"
        "    reserved: 0\n"
        "    packet_number_length: 1\n"
        "  version: v1 (0x1)\n"
        "  dcid: 0cae7f96 (4 octets)\n"
        "  scid: 85ce (2 octets)\n"
        "  token: 0 octets\n"
        "  length: 1180\n"
        "  packet_number: 5 (low 1 octet sent)\n"
        "  TLS ClientHello (1): 187 octets\n"
        "    random: "
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
        "    server_name: \\x1b[m \\u{009b}\\u{202e}\"\\xff\n"
        "    alpn: \\x1b\\x07,\\x2c\\x0a\n"
        "    cipher_suites: TLS_AES_128_GCM_SHA256 (0x1301), grease (0x1a1a)\n"
        "    supported_versions: TLS 1.3 (0x304)\n"
        "    supported_groups: x25519 (0x1d)\n"
        "    key_shares: x25519 (0x1d) 4 octets\n"
        "    signature_algorithms: ecdsa_secp256r1_sha256 (0x403)\n"
        "    extensions: server_name (0x0), "
        "application_layer_protocol_negotiation (0x10), supported_versions "
        "(0x2b), supported_groups (0xa), signature_algorithms (0xd), key_share "
        "(0x33), early_data (0x2a), quic_transport_parameters (0x39)\n"
        "    early_data: yes\n"
        "    transport parameters: 15\n"
        "      max_idle_timeout (0x1): 30000 ms\n"
        "      ack_delay_exponent (0xa): 3 (the default)\n"
        "      max_udp_payload_size (0x3): 1 B (2 octets, 1 would do)\n"
        "        problem: max_udp_payload_size below 1200\n"
        "      stateless_reset_token (0x2): aabb\n"
        "        problem: a client must not send it\n"
        "      initial_source_connection_id (0xf): empty\n"
        "      grease_quic_bit (0x2ab2): yes\n"
        "      version_information (0x11): chosen v1; available v2\n"
        "      max_idle_timeout (0x1): 5 ms\n"
        "        problem: this parameter was sent before\n"
        "      grease (0x1b): ff\n"
        "      unknown (0x3777): 1b5b\n"
        "      initial_max_data (0x4): 5 B\n"
        "      max_datagram_frame_size (0x20): 40\n"
        "        problem: not a whole integer\n"
        "      initial_max_stream_data_bidi_local (0x5): 1 B (4 octets, 1 "
        "would do)\n"
        "      initial_max_stream_data_bidi_remote (0x6): 1 B\n"
        "      initial_max_stream_data_uni (0x7): 1 B\n");
  packets_free(&pk);
}

static void test_server_messages(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_HANDSHAKE);
  pk.settings.verbosity = 2;
  pk.p.sender = QD_SERVER;
  packets_message(&pk, "02000034 0303"
                       "000102030405060708090a0b0c0d0e0f"
                       "101112131415161718191a1b1c1d1e1f"
                       "00 1301 00 000c 0033 0008 001d 0004 01020304");
  packets_message(&pk, "0800000b 0009 0010 0005 0003 026833");
  packets_message(&pk, "0b00000c 00 000008 000003 010203 0000");
  packets_message(&pk, "0f000006 0403 0002 0102");
  packets_message(&pk, "14000004 01020304");
  packets_message(&pk, "04000019 00001c20 01020304 01 00 0003 0a0b0c"
                       "0008 002a0004 0000ffff");
  packets_message(&pk, "04000003 000000");
  check(&pk, FROM_SERVER
        "  handshake  v1  dcid 0cae7f96  scid 85ce  pn 5  len 1200 of 1200  "
        "not-ect  key 0  TLS_AES_128_GCM_SHA256\n"
        "  first_octet: 0xe0\n"
        "    form: long\n"
        "    fixed: 1\n"
        "    long_packet_type: 2\n"
        "    reserved: 0\n"
        "    packet_number_length: 1\n"
        "  version: v1 (0x1)\n"
        "  dcid: 0cae7f96 (4 octets)\n"
        "  scid: 85ce (2 octets)\n"
        "  length: 1180\n"
        "  packet_number: 5 (low 1 octet sent)\n"
        "  TLS ServerHello (2): 56 octets\n"
        "    random: "
        "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
        "    cipher_suite: TLS_AES_128_GCM_SHA256 (0x1301)\n"
        "    key_share: x25519 (0x1d)\n"
        "    extensions: key_share (0x33)\n"
        "  TLS EncryptedExtensions (8): 15 octets\n"
        "    alpn: h3\n"
        "    extensions: application_layer_protocol_negotiation (0x10)\n"
        "  TLS Certificate (11): 16 octets\n"
        "    certificate 0: 3 octets\n"
        "      problem: not a certificate that can be read\n"
        "  TLS CertificateVerify (15): 10 octets\n"
        "    algorithm: ecdsa_secp256r1_sha256 (0x403)\n"
        "    signature: 2 octets\n"
        "  TLS Finished (20): 8 octets\n"
        "  TLS NewSessionTicket (4): 29 octets\n"
        "    lifetime: 7200 s\n"
        "    ticket_age_add: 0x1020304\n"
        "    ticket_nonce: 00\n"
        "    ticket: 3 octets\n"
        "    extensions: early_data (0x2a)\n"
        "    max_early_data_size: 0xffff\n"
        "    problem: QUIC allows 0xffffffff only\n"
        "  TLS NewSessionTicket (4): 7 octets\n"
        "    lifetime: 0 s\n"
        "    ticket_age_add: 0x0\n"
        "    ticket_nonce: empty\n"
        "    ticket: 0 octets\n"
        "    problem: the input ends early\n");
  pk.settings.verbosity = 1;
  check(&pk,
        FROM_SERVER "  handshake  v1  dcid 0cae7f96  scid 85ce  pn 5  len 1200 "
                    "of 1200  not-ect  key 0  TLS_AES_128_GCM_SHA256\n"
                    "  TLS ServerHello (2): 56 octets\n"
                    "  TLS EncryptedExtensions (8): 15 octets\n"
                    "  TLS Certificate (11): 16 octets\n"
                    "  TLS CertificateVerify (15): 10 octets\n"
                    "  TLS Finished (20): 8 octets\n"
                    "  TLS NewSessionTicket (4): 29 octets\n"
                    "  TLS NewSessionTicket (4): 7 octets\n");
  packets_free(&pk);
}

/* A real certificate. */
static void test_certificate(void **state) {
  uint8_t octets[11 + sizeof(cert_ecdsa) + 2] = {0};
  const size_t len = sizeof(cert_ecdsa);
  const char *text;
  quic_writer wr;
  packets pk;

  (void)state;
  quic_writer_init(&wr, octets, sizeof(octets));
  quic_writer_u8(&wr, 0x0b);
  quic_writer_uint(&wr, len + 9, 3);
  quic_writer_u8(&wr, 0);
  quic_writer_uint(&wr, len + 5, 3);
  quic_writer_uint(&wr, len, 3);
  quic_writer_bytes(&wr, quic_bytes_of(cert_ecdsa, len));
  packets_init(&pk, QUIC_PACKET_HANDSHAKE);
  pk.settings.verbosity = 2;
  packets_octets(&pk, quic_bytes_of(octets, sizeof(octets)));
  text = strstr(packets_show(&pk, qd_output_tree_new), "\n  TLS");
  assert_non_null(text);
  assert_string_equal(
      text + 1,
      "  TLS Certificate (11): 538 octets\n"
      "    certificate 0: 525 octets\n"
      "      subject: CN=www.example.org,O=Example GmbH,C=CH\n"
      "      issuer: CN=www.example.org,O=Example GmbH,C=CH\n"
      "      names: www.example.org, *.example.net, 192.0.2.7, "
      "2001:db8::1, https://example.org/, root@example.org\n"
      "      validity: 2026-11-20 14:12:34 to 2036-11-17 14:12:34 UTC\n"
      "      key: ECDSA 256 bits\n"
      "      signature: ECDSA-SHA256\n"
      "      serial: 0a1b2c3d4e5f\n");
  packets_free(&pk);
}

static void test_prefixes(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  packets_sample(&pk);
  packets_check_prefixes(&pk, qd_output_tree_new);
  pk.settings.verbosity = 2;
  packets_check_prefixes(&pk, qd_output_tree_new);
  packets_free(&pk);
}

static void test_memory(void **state) {
  (void)state;
  packets_check_memory(qd_output_tree_new);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_lines),
      cmocka_unit_test(test_states),
      cmocka_unit_test(test_full),
      cmocka_unit_test(test_client_hello),
      cmocka_unit_test(test_server_messages),
      cmocka_unit_test(test_certificate),
      cmocka_unit_test(test_prefixes),
      cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests_name("out_tree", tests, NULL, NULL);
}
