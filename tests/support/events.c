#include "tests/support/events.h"

#include <stdlib.h>
#include <string.h>

#include "wire/varint.h"

static const uint8_t events_octets[65536];

void events_init(events *ev, qlog_sink *sink) {
  memset(ev, 0, sizeof(*ev));
  ev->sink = sink;
  ev->now = QUIC_SECOND;
  ev->length = 100;
  ev->ecn = QLOG_UNSET;
  ev->path_id = QLOG_NONE;
  ev->version = QUIC_VERSION_1;
  ev->first = QUIC_FIRST_FIXED;
  ev->addr[0] = (quic_addr){{10, 0, 0, 1}, 50000, 4};
  ev->addr[1] = (quic_addr){{10, 0, 0, 2}, 443, 4};
}

void events_after(events *ev, quic_duration d) {
  ev->now += d;
}

void events_packet(events *ev, int side, quic_packet_type type, uint64_t number,
                   const quic_frame *frames, size_t n) {
  static const uint8_t cid[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  bool sent = (side == QUIC_SIDE_SERVER) == ev->server_sends;
  qlog_event *e = &ev->last;

  qlog_event_init(e, sent ? QLOG_PACKET_SENT : QLOG_PACKET_RECEIVED, ev->now);
  ev->header = (quic_header){.type = type,
                             .is_long = type != QUIC_PACKET_1RTT,
                             .first = ev->first,
                             .version = ev->version,
                             .dcid = {cid, sizeof(cid)}};
  if (!ev->closed) {
    ev->header.pn = number;
    ev->header.pn_len = 4;
  }
  ev->datagram_id += !ev->joins;
  ev->joins = false;
  e->u.packet.header = &ev->header;
  e->u.packet.frames = ev->closed ? NULL : frames;
  e->u.packet.nframes = ev->closed ? 0 : n;
  e->u.packet.has_frames = !ev->closed;
  e->u.packet.length = ev->length;
  e->u.packet.datagram_id = ev->datagram_id;
  e->u.packet.datagram_length = ev->length;
  e->u.packet.ecn = ev->ecn;
  e->u.packet.src = &ev->addr[side];
  e->u.packet.dst = &ev->addr[!side];
  e->u.packet.number = ++ev->record;
  e->u.packet.path_id = ev->path_id;
  if (type == QUIC_PACKET_1RTT) {
    e->u.packet.key_phase = ev->key_phase;
  }
  ev->sink->event(ev->sink, e);
}

void events_parameters(events *ev, int side, const uint64_t (*pairs)[2],
                       size_t n) {
  uint8_t body[512];
  quic_writer wr;
  qlog_event e;

  quic_writer_init(&wr, body, sizeof(body));
  for (size_t i = 0; i < n; i++) {
    quic_writer_varint(&wr, pairs[i][0]);
    quic_writer_varint(&wr, quic_varint_len(pairs[i][1]));
    quic_writer_varint(&wr, pairs[i][1]);
  }
  qlog_event_init(&e, QLOG_PARAMETERS_SET, ev->now);
  e.u.parameters.initiator =
      (side == QUIC_SIDE_SERVER) == ev->server_sends ? QLOG_LOCAL : QLOG_REMOTE;
  e.u.parameters.parameters = quic_bytes_of(body, quic_writer_len(&wr));
  ev->sink->event(ev->sink, &e);
}

quic_frame events_frame(uint64_t type) {
  quic_frame f;

  memset(&f, 0, sizeof(f));
  f.type = type;
  f.info = quic_frame_info_find(type);
  return f;
}

quic_frame events_stream(uint64_t id, uint64_t offset, size_t len, bool fin) {
  quic_frame f = events_frame(QUIC_FRAME_STREAM | 6 | (fin ? 1 : 0));

  f.u.stream.stream_id = id;
  f.u.stream.offset = offset;
  f.u.stream.data = quic_bytes_of(events_octets, len);
  return f;
}

quic_frame events_crypto(uint64_t offset, size_t len) {
  quic_frame f = events_frame(QUIC_FRAME_CRYPTO);

  f.u.crypto.offset = offset;
  f.u.crypto.data = quic_bytes_of(events_octets, len);
  return f;
}

quic_frame events_limit(uint64_t type, uint64_t id, uint64_t limit) {
  quic_frame f = events_frame(type);

  f.u.limit.stream_id = id;
  f.u.limit.limit = limit;
  return f;
}

quic_frame events_close(uint64_t type, uint64_t code, const char *phrase) {
  quic_frame f = events_frame(type);

  f.u.close.error_code = code;
  f.u.close.reason = quic_bytes_of(phrase, strlen(phrase));
  return f;
}

quic_frame events_ack(events_ranges *store, const uint64_t (*ranges)[2],
                      size_t n) {
  quic_frame f = events_frame(QUIC_FRAME_ACK);
  quic_writer wr;

  if (n > EVENTS_RANGES_MAX) {
    abort();
  }
  quic_writer_init(&wr, store->octets, sizeof(store->octets));
  for (size_t i = 1; i < n; i++) {
    quic_writer_varint(&wr, ranges[i - 1][0] - ranges[i][1] - 2);
    quic_writer_varint(&wr, ranges[i][1] - ranges[i][0]);
  }
  f.u.ack.largest = ranges[0][1];
  f.u.ack.first_range = ranges[0][1] - ranges[0][0];
  f.u.ack.range_count = n - 1;
  f.u.ack.ranges = quic_bytes_of(store->octets, quic_writer_len(&wr));
  return f;
}

quic_frame events_acks(uint64_t smallest, uint64_t largest) {
  quic_frame f = events_frame(QUIC_FRAME_ACK);

  f.u.ack.largest = largest;
  f.u.ack.first_range = largest - smallest;
  return f;
}

void events_handshake(events *ev) {
  quic_frame f[3];

  ev->length = 1200;
  f[0] = events_crypto(0, 300);
  events_packet(ev, QUIC_SIDE_CLIENT, QUIC_PACKET_INITIAL, 0, f, 1);
  events_after(ev, 5 * QUIC_MILLISECOND);
  f[0] = events_acks(0, 0);
  f[1] = events_crypto(0, 90);
  events_packet(ev, QUIC_SIDE_SERVER, QUIC_PACKET_INITIAL, 0, f, 2);
  ev->joins = true;
  f[0] = events_crypto(0, 900);
  events_packet(ev, QUIC_SIDE_SERVER, QUIC_PACKET_HANDSHAKE, 0, f, 1);
  events_after(ev, 3 * QUIC_MILLISECOND);
  f[0] = events_acks(0, 0);
  events_packet(ev, QUIC_SIDE_CLIENT, QUIC_PACKET_INITIAL, 1, f, 1);
  ev->joins = true;
  f[1] = events_crypto(0, 50);
  events_packet(ev, QUIC_SIDE_CLIENT, QUIC_PACKET_HANDSHAKE, 0, f, 2);
  events_after(ev, 2 * QUIC_MILLISECOND);
  f[0] = events_acks(0, 0);
  events_packet(ev, QUIC_SIDE_SERVER, QUIC_PACKET_HANDSHAKE, 1, f, 1);
  ev->joins = true;
  f[0] = events_frame(QUIC_FRAME_HANDSHAKE_DONE);
  events_packet(ev, QUIC_SIDE_SERVER, QUIC_PACKET_1RTT, 0, f, 1);
  f[0] = events_acks(0, 0);
  events_packet(ev, QUIC_SIDE_CLIENT, QUIC_PACKET_1RTT, 0, f, 1);
  ev->length = 100;
}
