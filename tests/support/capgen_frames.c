/* Scenarios about frames. */

#include "tests/support/capgen_scenarios.h"
#include "wire/varint.h"

static const uint8_t frames_token[QUIC_RESET_TOKEN_LEN] = "reset token 16..";

static void frames_numbers(capgen_packet *p, uint64_t type, uint64_t id,
                           uint64_t limit) {
  quic_frame f = {.type = type};

  f.u.limit.stream_id = id;
  f.u.limit.limit = limit;
  capgen_frame(p, &f);
}

/* frames_ack: a few ranges, with the ECN counts when |type| is odd. */
static void frames_ack(capgen_packet *p, uint64_t type) {
  static const uint8_t ranges[] = {0, 0, 1, 3, 0x40, 0x80, 0x41, 0};
  quic_frame f = {.type = type};

  f.u.ack.path_id = type > 3 ? 2 : 0;
  f.u.ack.largest = 1000;
  f.u.ack.delay = 12345;
  f.u.ack.range_count = 3;
  f.u.ack.first_range = 9;
  f.u.ack.ranges = quic_bytes_of(ranges, sizeof(ranges));
  f.u.ack.ect0 = 100;
  f.u.ack.ect1 = 2;
  f.u.ack.ce = 7;
  capgen_frame(p, &f);
}

static void frames_streams(capgen_packet *p) {
  quic_frame f = {.type = QUIC_FRAME_RESET_STREAM};

  f.u.reset_stream.stream_id = 4;
  f.u.reset_stream.error_code = 0x10c;
  f.u.reset_stream.final_size = 70000;
  capgen_frame(p, &f);
  f = (quic_frame){.type = QUIC_FRAME_STOP_SENDING};
  f.u.stop_sending.stream_id = 8;
  f.u.stop_sending.error_code = QUIC_VARINT_MAX;
  capgen_frame(p, &f);
  f = (quic_frame){.type = QUIC_FRAME_NEW_TOKEN};
  f.u.new_token.token = quic_bytes_of(frames_token, sizeof(frames_token));
  capgen_frame(p, &f);
  for (uint64_t type = 0x08; type <= 0x0f; type++) {
    if (!(type & 2)) {
      continue; /* runs to the packet's end */
    }
    f = (quic_frame){.type = type};
    f.u.stream.stream_id = 100 + type;
    f.u.stream.offset = type & 4 ? 1 << type : 0;
    f.u.stream.data = quic_bytes_of("some stream data", type);
    capgen_frame(p, &f);
  }
}

static void frames_limits(capgen_packet *p) {
  static const capgen_cid cid = {"\1\2\3\4\5\6\7\10", 8};
  quic_frame f;

  frames_numbers(p, QUIC_FRAME_MAX_DATA, 0, 1 << 30);
  frames_numbers(p, QUIC_FRAME_MAX_STREAM_DATA, 12, 1 << 20);
  frames_numbers(p, QUIC_FRAME_MAX_STREAMS_BIDI, 0, 100);
  frames_numbers(p, QUIC_FRAME_MAX_STREAMS_UNI, 0, UINT64_C(1) << 60);
  frames_numbers(p, QUIC_FRAME_DATA_BLOCKED, 0, 5000);
  frames_numbers(p, QUIC_FRAME_STREAM_DATA_BLOCKED, 12, 4000);
  frames_numbers(p, QUIC_FRAME_STREAMS_BLOCKED_BIDI, 0, 9);
  frames_numbers(p, QUIC_FRAME_STREAMS_BLOCKED_UNI, 0, 3);
  capgen_new_cid(p, 7, &cid, frames_token);
  f = (quic_frame){.type = QUIC_FRAME_RETIRE_CONNECTION_ID};
  f.u.retire_cid.sequence = 3;
  capgen_frame(p, &f);
  for (uint64_t type = QUIC_FRAME_PATH_CHALLENGE;
       type <= QUIC_FRAME_PATH_RESPONSE; type++) {
    f = (quic_frame){.type = type};
    f.u.path_challenge.data = quic_bytes_of(frames_token, 8);
    capgen_frame(p, &f);
  }
}

static void frames_closes(capgen_packet *p) {
  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE, 0x0a, "bad \"luck\"");
  capgen_close(p, QUIC_FRAME_CONNECTION_CLOSE_APP, 0x10a, "");
  capgen_simple(p, QUIC_FRAME_HANDSHAKE_DONE);
}

static void frames_extensions(capgen_packet *p) {
  quic_frame f = {.type = QUIC_FRAME_RESET_STREAM_AT};

  capgen_simple(p, QUIC_FRAME_IMMEDIATE_ACK);
  capgen_simple(p, 0xac); /* of the first drafts */
  f.u.reset_stream.stream_id = 4;
  f.u.reset_stream.error_code = 1;
  f.u.reset_stream.final_size = 1000;
  f.u.reset_stream.reliable_size = 600;
  capgen_frame(p, &f);
  f = (quic_frame){.type = QUIC_FRAME_DATAGRAM + 1};
  f.u.datagram.data = quic_bytes_of("a datagram", 10);
  capgen_frame(p, &f);
  f = (quic_frame){.type = QUIC_FRAME_ACK_FREQUENCY};
  f.u.ack_frequency.sequence = 1;
  f.u.ack_frequency.eliciting_threshold = 10;
  f.u.ack_frequency.max_ack_delay = 25000;
  f.u.ack_frequency.reordering_threshold = 3;
  capgen_frame(p, &f);
  f = (quic_frame){.type = QUIC_FRAME_TIMESTAMP};
  f.u.timestamp.value = 123456789;
  capgen_frame(p, &f);
}

/* The multipath frames; |draft| is what the number of each comes from. */
static void frames_multipath(capgen_packet *p, const uint64_t numbers[8]) {
  quic_frame f;

  frames_ack(p, numbers[0]);
  frames_ack(p, numbers[0] + 1);
  for (unsigned i = 1; i <= 3; i++) {
    f = (quic_frame){.type = numbers[i]};
    f.u.path.path_id = i;
    f.u.path.value = 10 + i;
    capgen_frame(p, &f);
  }
  f = (quic_frame){.type = numbers[4]};
  f.u.new_cid.path_id = 3;
  f.u.new_cid.sequence = 5;
  f.u.new_cid.retire_prior_to = 1;
  f.u.new_cid.cid = quic_bytes_of("multipath cid", 8);
  f.u.new_cid.reset_token = quic_bytes_of(frames_token, sizeof(frames_token));
  capgen_frame(p, &f);
  f = (quic_frame){.type = numbers[5]};
  f.u.retire_cid.path_id = 1;
  f.u.retire_cid.sequence = 2;
  capgen_frame(p, &f);
  frames_numbers(p, numbers[6], 0, 6);
  frames_numbers(p, numbers[6] + 1, 0, 7);
  f.type = numbers[7];
  capgen_frame(p, &f);
}

static const uint64_t frames_final[8] = {0x3e,   0x3e75, 0x3e76, 0x3e77,
                                         0x3e78, 0x3e79, 0x3e7a, 0x3e7c};
static const uint64_t frames_draft[8] = {0x15228c00, 0x15228c05, 0x15228c07,
                                         0x15228c08, 0x15228c09, 0x15228c0a,
                                         0x15228c0c, 0x15228c0e};

static void frames_send(capgen_packet *p) {
  capgen_conn *c = p->c;
  capgen_side side = p->side;

  capgen_end_packet(p);
  capgen_flush(c, side);
}

/* Every frame of the table, each kind in packets of its own. */
static void make_all_frames(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_packet *p;
  quic_frame f;

  (void)arg;
  capgen_handshake(c);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  capgen_padding(p, 3);
  capgen_ping(p);
  frames_ack(p, QUIC_FRAME_ACK);
  frames_ack(p, QUIC_FRAME_ACK_ECN);
  capgen_crypto(p, 5000, frames_token, 9);
  frames_send(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  frames_streams(p);
  frames_send(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  frames_limits(p);
  frames_send(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  frames_extensions(p);
  frames_send(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  frames_multipath(p, frames_final);
  frames_send(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_1RTT);
  frames_multipath(p, frames_draft);
  frames_send(p);
  for (uint64_t type = 0x08; type <= 0x0d; type += type == 0x09 ? 3 : 1) {
    p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
    f = (quic_frame){.type = type};
    f.u.stream.stream_id = 2;
    f.u.stream.offset = type & 4 ? QUIC_VARINT_MAX - 11 : 0;
    f.u.stream.data = quic_bytes_of("stream data", 11);
    capgen_frame(p, &f);
    frames_send(p);
  }
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  f = (quic_frame){.type = QUIC_FRAME_DATAGRAM};
  f.u.datagram.data = quic_bytes_of("a datagram", 10);
  capgen_frame(p, &f);
  frames_send(p);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  frames_closes(p);
  frames_send(p);
}

/* Numbers in more octets than they need. */
static void make_wide_frames(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  quic_frame f = {.type = QUIC_FRAME_STREAM + 6, .type_width = 8};
  capgen_packet *p;

  (void)arg;
  capgen_handshake(c);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  p->h.pn_len = 4;
  f.u.stream.offset = 1;
  f.u.stream.data = quic_bytes_of("wide", 4);
  memset(f.width, 8, sizeof(f.width));
  capgen_frame(p, &f);
  frames_send(p);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_HANDSHAKE);
  p->h.length_width = 8;
  p->h.pn_len = 1;
  capgen_ping(p);
  frames_send(p);
  capgen_bye(c);
}

/* Frames that break off, and types that nobody knows, with good frames around
   them: a reader shows what is in front. */
static void make_broken_frames(capgen *g, unsigned arg) {
  static const char *const broken[] = {
      "\x52\x34rest that cannot be read", /* unknown type 0x1234 */
      "\x06\x00\x44",                     /* CRYPTO ends in its length */
      "\x02\x05\x00\x00\x07",             /* ACK range below 0 */
      "\x18\x01\x00\x15",                 /* CID of 21 octets */
      "\x1a\x01\x02",                     /* PATH_CHALLENGE of 2 octets */
  };
  static const uint8_t lens[] = {26, 3, 5, 4, 3};
  capgen_conn *c = capgen_conn_new(g, NULL);

  (void)arg;
  capgen_handshake(c);
  for (size_t i = 0; i < CAPGEN_COUNT(broken); i++) {
    capgen_packet *p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);

    capgen_ping(p);
    capgen_stream(p, 0, 0, "before", 6, false);
    capgen_octets(p, broken[i], lens[i]);
    frames_send(p);
  }
  capgen_bye(c);
}

/* Frames where RFC 9000 table 3 has no place for them. */
static void make_illegal_frames(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_packet *p;

  (void)arg;
  capgen_hello(c);
  capgen_server_flight(c);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_HANDSHAKE);
  capgen_stream(p, 0, 0, "too early", 9, false);
  capgen_note(p, "illegal");
  frames_send(p);
  p = capgen_begin(c, CAPGEN_SERVER, QUIC_PACKET_INITIAL);
  capgen_simple(p, QUIC_FRAME_HANDSHAKE_DONE);
  capgen_padding(p, 20);
  capgen_note(p, "illegal");
  frames_send(p);
  capgen_client_finish(c);
  capgen_server_done(c);
  capgen_bye(c);
}

/* Long acknowledgements: hundreds of ranges. */
static void make_long_ack(capgen *g, unsigned arg) {
  capgen_conn *c = capgen_conn_new(g, NULL);
  capgen_packet *p;
  quic_frame f = {.type = QUIC_FRAME_ACK};
  uint8_t ranges[1024];

  memset(ranges, 1, sizeof(ranges));
  capgen_handshake(c);
  p = capgen_begin(c, CAPGEN_CLIENT, QUIC_PACKET_1RTT);
  f.u.ack.largest = 100000;
  f.u.ack.range_count = arg;
  f.u.ack.ranges = quic_bytes_of(ranges, 2 * (size_t)arg);
  capgen_frame(p, &f);
  frames_send(p);
  capgen_bye(c);
}

const capgen_scenario capgen_frames_scenarios[] = {
    {"frames", make_all_frames, 0, CAPGEN_SECRETS_FIRST, false},
    {"frames-wide", make_wide_frames, 0, CAPGEN_SECRETS_FIRST, false},
    {"frames-broken", make_broken_frames, 0, CAPGEN_SECRETS_FIRST, false},
    {"frames-illegal", make_illegal_frames, 0, CAPGEN_SECRETS_FIRST, false},
    {"frames-long-ack", make_long_ack, 400, CAPGEN_SECRETS_FIRST, false},
    {NULL, NULL, 0, CAPGEN_SECRETS_FIRST, false},
};
