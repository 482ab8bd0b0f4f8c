#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/packets.h"

typedef struct flat_case {
  quic_packet_type type;
  const char *payload;
  const char *want;
} flat_case;

static void test_frames(void **state) {
  /* Expected values are those of tshark for the same octets. */
  static const flat_case cases[] = {
      {QUIC_PACKET_INITIAL, "00000000 01",
       "P 7 0 initial 0x00000001 0cae7f96 5 - 1200\n"
       "F 7 0 0 0x0 padding_length=4\n"
       "F 7 0 1 0x1\n"},
      {QUIC_PACKET_1RTT, "02 0a 40f9 02 01 01 00 00 02",
       "P 7 0 1rtt - 0cae7f96 5 0 1200\n"
       "F 7 0 0 0x2 ack.largest_acknowledged=10 ack.ack_delay=249 "
       "ack.first_ack_range=1 ack.gap=1,0 ack.ack_range=0,2\n"},
      {QUIC_PACKET_HANDSHAKE, "03 05 00 00 00 01 02 03",
       "P 7 0 handshake 0x00000001 0cae7f96 5 - 1200\n"
       "F 7 0 0 0x3 ack.largest_acknowledged=5 ack.ack_delay=0 "
       "ack.first_ack_range=0 ack.ect0_count=1 ack.ect1_count=2 "
       "ack.ecn_ce_count=3\n"},
      {QUIC_PACKET_1RTT, "04 04 410c 40c8 05 08 4100",
       "P 7 0 1rtt - 0cae7f96 5 0 1200\n"
       "F 7 0 0 0x4 rsts.stream_id=4 rsts.application_error_code=268 "
       "rsts.final_size=200\n"
       "F 7 0 1 0x5 ss.stream_id=8 ss.application_error_code=256\n"},
      {QUIC_PACKET_1RTT, "06 03 02 aabb 07 03 010203",
       "P 7 0 1rtt - 0cae7f96 5 0 1200\n"
       "F 7 0 0 0x6 crypto.offset=3 crypto.length=2\n"
       "F 7 0 1 0x7 nt.length=3\n"},
      {QUIC_PACKET_0RTT, "0a 00 01 61 0e 04 05 00 0f 08 00 01 62 0c 03 07 6162",
       "P 7 0 0rtt 0x00000001 0cae7f96 5 - 1200\n"
       "F 7 0 0 0xa stream.stream_id=0 stream.length=1\n"
       "F 7 0 1 0xe stream.stream_id=4 stream.offset=5 stream.length=0\n"
       "F 7 0 2 0xf stream.stream_id=8 stream.offset=0 stream.length=1\n"
       "F 7 0 3 0xc stream.stream_id=3 stream.offset=7\n"},
      {QUIC_PACKET_1RTT, "10 4400 11 04 05 12 06 13 07 14 08 15 04 09 16 0a 17",
       "P 7 0 1rtt - 0cae7f96 5 0 1200\n"
       "F 7 0 0 0x10 md.maximum_data=1024\n"
       "F 7 0 1 0x11 msd.stream_id=4 msd.maximum_stream_data=5\n"
       "F 7 0 2 0x12 ms.max_streams=6\n"
       "F 7 0 3 0x13 ms.max_streams=7\n"
       "F 7 0 4 0x14\n"
       "F 7 0 5 0x15\n"
       "F 7 0 6 0x16\n"},
      {QUIC_PACKET_1RTT,
       "18 02 01 04 8f3a0001 000102030405060708090a0b0c0d0e0f 19 01"
       "1a 0102030405060708 1b 0102030405060709 1e",
       "P 7 0 1rtt - 0cae7f96 5 0 1200\n"
       "F 7 0 0 0x18 nci.sequence=2 nci.retire_prior_to=1 "
       "nci.connection_id=8f:3a:00:01\n"
       "F 7 0 1 0x19 rci.sequence=1\n"
       "F 7 0 2 0x1a path_challenge.data=01:02:03:04:05:06:07:08\n"
       "F 7 0 3 0x1b path_response.data=01:02:03:04:05:06:07:09\n"
       "F 7 0 4 0x1e\n"},
      {QUIC_PACKET_1RTT, "1c 03 08 03 612062 1d 4100 00 31 01 61 30 6162",
       "P 7 0 1rtt - 0cae7f96 5 0 1200\n"
       "F 7 0 0 0x1c cc.error_code=3 cc.frame_type=8 cc.reason_phrase=a b\n"
       "F 7 0 1 0x1d cc.error_code.app=256 cc.reason_phrase=\n"
       "F 7 0 2 0x31 dg.length=1\n"
       "F 7 0 3 0x30\n"},
      /* Known to tshark by name alone, and not known. */
      {QUIC_PACKET_1RTT, "40af 01 02 03 04 24 04 410c 0a 05 42f5 07",
       "P 7 0 1rtt - 0cae7f96 5 0 1200\n"
       "F 7 0 0 0xaf\n"
       "F 7 0 1 0x24 reset_stream_at.stream_id=4 "
       "reset_stream_at.application_protocol_error_code=268 "
       "reset_stream_at.final_size=10 reset_stream_at.reliable_size=5\n"
       "F 7 0 2 0x2f5\n"},
      {QUIC_PACKET_1RTT, "3e 01 0a 00 01 00 00 03",
       "P 7 0 1rtt - 0cae7f96 5 0 1200\n"
       "F 7 0 0 0x3e path_ack.path_identifier=1 "
       "path_ack.largest_acknowledged=10 path_ack.ack_delay=0 "
       "path_ack.ack_range_count=1 path_ack.first_ack_range=0 ack.gap=0 "
       "ack.ack_range=3\n"},
      /* What cannot be decoded prints nothing, and nothing follows it. */
      {QUIC_PACKET_1RTT, "01 7f00 01",
       "P 7 0 1rtt - 0cae7f96 5 0 1200\nF 7 0 0 0x1\n"},
      {QUIC_PACKET_1RTT, "01 06 00 05 61",
       "P 7 0 1rtt - 0cae7f96 5 0 1200\nF 7 0 0 0x1\n"},
  };

  (void)state;
  for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
    packets pk;

    packets_init(&pk, cases[i].type);
    packets_hex(&pk, cases[i].payload);
    assert_string_equal(packets_show(&pk, qd_output_flat_new), cases[i].want);
    packets_free(&pk);
  }
}

static void test_headers(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  pk.p.header.first |= QUIC_FIRST_KEY_PHASE;
  pk.p.header.dcid.len = 0;
  assert_string_equal(packets_show(&pk, qd_output_flat_new),
                      "P 7 0 1rtt - - 5 1 1200\n");
  pk.p.state = QD_STATE_CLOSED;
  pk.p.index = 2;
  assert_string_equal(packets_show(&pk, qd_output_flat_new),
                      "P 7 2 1rtt - - - - 1200\n");
  pk.p.state = QD_STATE_PADDING;
  assert_string_equal(packets_show(&pk, qd_output_flat_new),
                      "P 7 2 ? - - - - None\n");
  packets_free(&pk);

  packets_init(&pk, QUIC_PACKET_RETRY);
  pk.p.state = QD_STATE_CLEAR;
  pk.p.header.version = QUIC_VERSION_2;
  assert_string_equal(packets_show(&pk, qd_output_flat_new),
                      "P 7 0 retry 0x6b3343cf 0cae7f96 - - 1200\n");
  pk.p.header.type = QUIC_PACKET_VERSION_NEGOTIATION;
  pk.p.header.version = 0;
  assert_string_equal(packets_show(&pk, qd_output_flat_new),
                      "P 7 0 vn 0x00000000 0cae7f96 - - 1200\n");
  pk.p.header.type = QUIC_PACKET_UNKNOWN;
  pk.p.state = QD_STATE_CLOSED;
  pk.p.header.version = 0x1a2a3a4a;
  assert_string_equal(packets_show(&pk, qd_output_flat_new),
                      "P 7 0 ? 0x1a2a3a4a 0cae7f96 - - 1200\n");
  packets_free(&pk);
}

/* The capture lost the end: lengths are those on the wire. */
static void test_cut(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  packets_hex(&pk, "0a 00 4064 616263");
  pk.p.state = QD_STATE_UNAUTHENTICATED;
  pk.p.header.packet_len = 96;
  pk.p.header.missing = 113;
  assert_string_equal(packets_show(&pk, qd_output_flat_new),
                      "P 7 0 1rtt - 0cae7f96 5 0 209\n"
                      "F 7 0 0 0xa stream.stream_id=0 stream.length=100\n");
  packets_free(&pk);
}

static void test_hostile(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  /* ESC ] 0 ; BEL, C1 in UTF-8, U+202E, invalid UTF-8, newline */
  packets_hex(&pk, "1d 00 0e 1b5d303b07 c29b e280ae ff 0a 46 5c");
  assert_string_equal(packets_show(&pk, qd_output_flat_new),
                      "P 7 0 1rtt - 0cae7f96 5 0 1200\n"
                      "F 7 0 0 0x1d cc.error_code.app=0 cc.reason_phrase="
                      "\\x1b]0;\\x07\\u{009b}\\u{202e}\\xff\\x0aF\\\\\n");
  packets_free(&pk);
}

static void test_prefixes(void **state) {
  packets pk;

  (void)state;
  packets_init(&pk, QUIC_PACKET_1RTT);
  packets_sample(&pk);
  packets_check_prefixes(&pk, qd_output_flat_new);
  packets_free(&pk);
}

static void test_memory(void **state) {
  (void)state;
  packets_check_memory(qd_output_flat_new);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_frames),   cmocka_unit_test(test_headers),
      cmocka_unit_test(test_cut),      cmocka_unit_test(test_hostile),
      cmocka_unit_test(test_prefixes), cmocka_unit_test(test_memory),
  };

  return cmocka_run_group_tests_name("out_flat", tests, NULL, NULL);
}
