#include "tests/support/qlogsample.h"

#include <stdlib.h>

#include "wire/tparam.h"

#define STEP (1500 * QUIC_MICROSECOND)
#define FRAMES_MAX 128

static quic_bytes text(const char *s) {
  return quic_bytes_of(s, strlen(s));
}

/* What is sent on: the sink, the clock, and what events point to. */
typedef struct sample {
  qlog_sink *sink;
  size_t count;
  quic_addr v4, v6;
  quic_bytes cids[2];
  quic_frame frames[FRAMES_MAX];
  size_t nframes;
  uint8_t wire[16384];
  uint8_t tparams[1024];
} sample;

static qlog_event *sample_begin(const sample *s, qlog_event *e,
                                qlog_event_type type) {
  qlog_event_init(e, type, QLOGSAMPLE_START + s->count * STEP);
  return e;
}

static void sample_send(sample *s, const qlog_event *e) {
  s->sink->event(s->sink, e);
  s->count++;
}

static void sample_ok(bool ok) {
  if (!ok) {
    abort();
  }
}

/* --- frames ----------------------------------------------------------------
 */

static void sample_field(quic_frame *f, const quic_frame_field *field,
                         size_t i) {
  uint8_t *at = (uint8_t *)f + field->offset;
  quic_bytes bytes = text("closed: h\xc3\xa9 \"q\"");
  uint64_t number = 7 * i + 1;

  switch (field->kind) {
  case QUIC_FIELD_VARINT:
    memcpy(at, &number, sizeof(number));
    return;
  case QUIC_FIELD_ZEROS:
    number = 17;
    memcpy(at, &number, sizeof(number));
    return;
  case QUIC_FIELD_FIXED:
    bytes = quic_bytes_of("0123456789abcdef", field->size);
    break;
  case QUIC_FIELD_RANGES: /* 1-3, 7, 10-12, and 40-42 */
    bytes = quic_bytes_of("\x1a\x02\x01\x00\x02\x02", 6);
    f->u.ack.largest = 42;
    f->u.ack.first_range = 2;
    f->u.ack.range_count = 3;
    break;
  case QUIC_FIELD_LV8:
    bytes.len = 8;
    break;
  default:
    break;
  }
  memcpy(at, &bytes, sizeof(bytes));
}

static void sample_frame_add(sample *s, quic_writer *wr, quic_frame *f) {
  size_t start = quic_writer_len(wr);
  quic_reader rd;

  sample_ok(quic_frame_encode(f, wr) == 0 && s->nframes < FRAMES_MAX);
  quic_reader_init(&rd, s->wire + start, quic_writer_len(wr) - start);
  sample_ok(quic_frame_decode(&s->frames[s->nframes++], &rd) == 0);
}

/* sample_frames makes one frame of each type that the table knows, some with
   errors that have names, and one of an unknown type. */
static void sample_frames(sample *s) {
  static const uint64_t errors[] = {0x0, 0x10, 0x11, 0x100, 0x128, 0x1ff};
  const quic_frame_info *info;
  quic_writer wr;
  quic_reader rd;
  quic_frame f;

  quic_writer_init(&wr, s->wire, sizeof(s->wire));
  for (size_t i = 0; (info = quic_frame_info_at(i)); i++) {
    for (uint64_t type = info->type_first; type <= info->type_last; type++) {
      memset(&f, 0, sizeof(f));
      f.type = type;
      for (size_t k = 0; info->fields[k].kind != QUIC_FIELD_END; k++) {
        sample_field(&f, &info->fields[k], k);
      }
      sample_frame_add(s, &wr, &f);
    }
  }
  for (size_t i = 0; i < 2 * sizeof(errors) / sizeof(errors[0]); i++) {
    memset(&f, 0, sizeof(f));
    f.type =
        i & 1 ? QUIC_FRAME_CONNECTION_CLOSE_APP : QUIC_FRAME_CONNECTION_CLOSE;
    f.u.close.error_code = errors[i / 2];
    f.u.close.frame_type = i & 2 ? 0x06 : 0x7777;
    f.u.close.reason = i & 4 ? quic_bytes_of("\xff\x00", 2) : text("why");
    sample_frame_add(s, &wr, &f);
  }
  quic_reader_init(&rd, "\x40\x77payload", 9);
  f = s->frames[0];
  sample_ok(quic_frame_decode(&f, &rd) == QUIC_ERR_UNSUPPORTED);
  f.wire = quic_bytes_of("\x40\x77payload", 9);
  s->frames[s->nframes++] = f;
}

/* --- packets ---------------------------------------------------------------
 */

static quic_header sample_header(quic_packet_type type) {
  quic_header h = {.type = type, .version = QUIC_VERSION_1};

  h.is_long = type != QUIC_PACKET_1RTT;
  h.version_info = quic_version_find(h.version);
  h.first = quic_header_first(type, h.version_info);
  h.dcid = quic_bytes_of("\x01\x02\x03\x04\x05\x06\x07\x08", 8);
  if (h.is_long) {
    h.scid = quic_bytes_of("\xaa\xbb\xcc\xdd", 4);
  }
  if (quic_packet_type_encrypted(type)) {
    h.pn = 1234567;
    h.pn_len = 3;
    h.length = h.is_long ? 1180 : 0;
  }
  if (type == QUIC_PACKET_INITIAL || type == QUIC_PACKET_RETRY) {
    h.token = text("token \x01");
  }
  if (type == QUIC_PACKET_VERSION_NEGOTIATION) {
    h.version = 0;
    h.versions = quic_bytes_of("\x00\x00\x00\x01\x6b\x33\x43\xcf", 8);
  }
  return h;
}

static void sample_packet(sample *s, qlog_event_type event,
                          quic_packet_type type, size_t frames) {
  quic_header h = sample_header(type);
  qlog_event e;
  qlog_packet *p = &sample_begin(s, &e, event)->u.packet;

  e.http3 = frames & 1;
  e.tuple = frames & 1 ? "tuple 1" : NULL;
  p->header = &h;
  p->has_frames = quic_packet_type_encrypted(type);
  p->frames = s->frames;
  p->nframes = frames;
  p->length = 1200;
  p->payload_length = 1160;
  p->path_id = 2;
  p->datagram_id = 17;
  p->datagram_length = 1250;
  if (event != QLOG_PACKET_LOST) {
    p->datagram_checksum = 0xfedcba98;
  }
  p->ecn = QLOG_UNSET + (int)(s->count % 5);
  p->src = &s->v4;
  p->dst = &s->v6;
  p->number = 4711 + s->count;
  p->raw = quic_bytes_of(s->wire, 40);
  p->key_phase = type == QUIC_PACKET_1RTT && frames & 1 ? 3 : QLOG_NONE;
  sample_send(s, &e);
}

static void sample_packets(sample *s) {
  static const char *const sent[] = {"retransmit_reordered",
                                     "retransmit_timeout", "pto_probe",
                                     "retransmit_crypto", "cc_bandwidth_probe"};
  static const quic_field details[] = {
      {{(const uint8_t *)"reason", 6}, {(const uint8_t *)"no key", 6}},
      {{(const uint8_t *)"x\xff\n", 3}, {(const uint8_t *)"\xff", 1}}};
  quic_header h = sample_header(QUIC_PACKET_1RTT);
  qlog_event e;

  for (int type = 0; type < QUIC_PACKET_TYPES; type++) {
    sample_packet(s, QLOG_PACKET_SENT, (quic_packet_type)type, s->nframes);
    sample_packet(s, QLOG_PACKET_RECEIVED, (quic_packet_type)type,
                  s->nframes & ~(size_t)1);
    sample_packet(s, QLOG_PACKET_DROPPED, (quic_packet_type)type, 0);
    sample_packet(s, QLOG_PACKET_BUFFERED, (quic_packet_type)type, 0);
    sample_packet(s, QLOG_PACKET_LOST, (quic_packet_type)type, 3);
  }
  for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
    sample_begin(s, &e, QLOG_PACKET_SENT);
    e.u.packet.header = &h;
    e.u.packet.trigger = sent[i];
    e.u.packet.is_mtu_probe = i & 1;
    sample_send(s, &e);
  }
  sample_begin(s, &e, QLOG_PACKET_RECEIVED);
  e.u.packet.header = &h;
  e.u.packet.trigger = "keys_available";
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_PACKET_RECEIVED);
  e.u.packet.stateless_reset = true;
  e.u.packet.reset_token = quic_bytes_of("0123456789abcdef", 16);
  sample_send(s, &e);
  h.pn_len = 0; /* still protected */
  for (int i = 0; i <= QLOG_DROP_GENERAL; i++) {
    sample_begin(s, &e, QLOG_PACKET_DROPPED);
    e.u.packet.header = &h;
    e.u.packet.drop = i;
    e.u.packet.details = details;
    e.u.packet.ndetails = 2;
    sample_send(s, &e);
  }
  sample_begin(s, &e, QLOG_PACKET_BUFFERED);
  e.u.packet.trigger = "backpressure";
  sample_send(s, &e);
  for (int i = 0; i <= QLOG_LOST_PTO_EXPIRED; i++) {
    sample_begin(s, &e, QLOG_PACKET_LOST);
    e.u.packet.lost = i;
    e.u.packet.is_mtu_probe = i & 1;
    sample_send(s, &e);
  }
}

/* --- the other quic events -------------------------------------------------
 */

static void sample_start(sample *s) {
  const qlog_endpoint local = {&s->v4, s->cids, 2};
  const qlog_endpoint remote = {&s->v6, s->cids, 1};
  qlog_event e;

  sample_begin(s, &e, QLOG_SERVER_LISTENING);
  e.u.listening.v4 = &s->v4;
  e.u.listening.v6 = &s->v6;
  e.u.listening.retry_required = 1;
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_CONNECTION_STARTED);
  e.u.started.local = local;
  e.u.started.remote = remote;
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_CONNECTION_ID_UPDATED);
  e.u.cid.initiator = QLOG_REMOTE;
  e.u.cid.old_cid = s->cids[0];
  e.u.cid.new_cid = s->cids[1];
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_SPIN_BIT_UPDATED);
  e.u.flag.state = 1;
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_CONNECTION_STATE_UPDATED);
  e.u.state.old_state = "attempted";
  e.u.state.new_state = "handshake_started";
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_TUPLE_ASSIGNED);
  e.u.tuple.tuple_id = "tuple 1";
  e.u.tuple.local = local;
  e.u.tuple.remote = remote;
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_TUPLE_ASSIGNED);
  e.u.tuple.tuple_id = "";
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_MTU_UPDATED);
  e.u.mtu = (qlog_mtu_updated){1200, 1452, 1};
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_MIGRATION_STATE_UPDATED);
  e.u.migration.old_state = "probing_started";
  e.u.migration.new_state = "probing_successful";
  e.u.migration.tuple_id = "tuple 1";
  e.u.migration.local = local;
  e.u.migration.remote = remote;
  sample_send(s, &e);
}

static void sample_tparam(quic_tparams *list, uint64_t id, const void *value,
                          size_t len) {
  sample_ok(list->len < QUIC_TPARAMS_MAX);
  list->items[list->len++] =
      (quic_tparam){.id = id, .value = quic_bytes_of(value, len)};
}

/* sample_tparams lists those that the registry knows, some that it does not,
   and some twice. */
static void sample_tparams(quic_tparams *list) {
  static const uint8_t value[61] = {192, 0, 2, 1, 1, 187, [22] = 1, [24] = 20};
  const quic_tparam_info *info;

  list->len = 0;
  for (uint64_t id = 0; id <= QUIC_TPARAM_GREASE_QUIC_BIT; id++) {
    info = quic_tparam_info_find(id);
    if (!info) {
      continue;
    }
    switch (info->kind) {
    case QUIC_TPARAM_INTEGER:
      sample_tparam(list, id, "\x44\xb3", 2);
      break;
    case QUIC_TPARAM_PREFERRED:
      sample_tparam(list, id, value, sizeof(value));
      break;
    case QUIC_TPARAM_FLAG:
      sample_tparam(list, id, NULL, 0);
      break;
    default:
      sample_tparam(list, id, value, 16);
      break;
    }
  }
  sample_tparam(list, 0x21, NULL, 0);
  sample_tparam(list, 0xff73db, value, 4);
  sample_tparam(list, QUIC_TPARAM_MAX_IDLE_TIMEOUT, "\x09", 1);
  sample_tparam(list, QUIC_TPARAM_GREASE_QUIC_BIT, "\x09", 1);
}

static void sample_negotiation(sample *s) {
  quic_tparams list;
  quic_writer wr;
  qlog_event e;

  sample_begin(s, &e, QLOG_VERSION_INFORMATION);
  e.u.versions.server_versions = quic_bytes_of("\x6b\x33\x43\xcf", 4);
  e.u.versions.client_versions =
      quic_bytes_of("\x00\x00\x00\x01\x0a\x1a\x2a\x3a", 8);
  e.u.versions.chosen = QUIC_VERSION_2;
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_ALPN_INFORMATION);
  e.u.alpn.server_alpns = text("\x02h3\x08http/0.9");
  e.u.alpn.client_alpns = text("\x02h3\x02\xff\xfe");
  e.u.alpn.chosen = text("h3");
  sample_send(s, &e);
  quic_writer_init(&wr, s->tparams, sizeof(s->tparams));
  sample_tparams(&list);
  sample_ok(quic_tparams_encode(&list, &wr, NULL) == 0);
  for (int i = 0; i < 2; i++) {
    sample_begin(s, &e, i ? QLOG_PARAMETERS_RESTORED : QLOG_PARAMETERS_SET);
    if (i == 0) {
      e.u.parameters.initiator = QLOG_LOCAL;
      e.u.parameters.resumption_allowed = 1;
      e.u.parameters.early_data_enabled = 0;
      e.u.parameters.suite = 0x1301;
    }
    e.u.parameters.parameters = quic_bytes_of(s->tparams, quic_writer_len(&wr));
    sample_send(s, &e);
  }
}

static void sample_lists(sample *s) {
  static const uint64_t numbers[] = {1, 2, UINT64_C(1) << 61};
  static const uint64_t lengths[] = {1200, 1252};
  static const uint8_t ecn[] = {0, 1, 2, 3};
  static const uint32_t checksums[] = {1, UINT32_MAX};
  qlog_event e;

  sample_begin(s, &e, QLOG_PACKETS_ACKED);
  e.u.acked.space = QLOG_SPACE_APPLICATION;
  e.u.acked.ranges = &s->frames[2];
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_PACKETS_ACKED);
  e.u.acked.space = QLOG_SPACE_INITIAL;
  e.u.acked.packet_numbers = numbers;
  e.u.acked.npacket_numbers = 3;
  sample_send(s, &e);
  for (int i = QLOG_UDP_DATAGRAMS_SENT; i <= QLOG_UDP_DATAGRAM_DROPPED; i++) {
    sample_begin(s, &e, (qlog_event_type)i);
    e.u.datagrams = (qlog_datagrams){2, lengths, 2, ecn, 4, checksums, 2};
    sample_send(s, &e);
  }
  sample_begin(s, &e, QLOG_FRAMES_CREATED);
  e.u.frames.frames = s->frames;
  e.u.frames.nframes = 3;
  e.u.frames.packet_numbers = numbers;
  e.u.frames.npacket_numbers = 3;
  e.u.frames.ack_delay_exponent = 10;
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_FRAMES_PARSED);
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_MARKED_FOR_RETRANSMIT);
  e.u.frames.frames = s->frames;
  e.u.frames.nframes = s->nframes;
  sample_send(s, &e);
}

static void sample_streams(sample *s) {
  qlog_event e;

  sample_begin(s, &e, QLOG_STREAM_STATE_UPDATED);
  e.u.stream_state = (qlog_stream_state){
      4, QLOG_BIDIRECTIONAL, "idle", "open", QLOG_SENDING, QLOG_REMOTE};
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_STREAM_DATA_MOVED);
  e.u.moved = (qlog_data_moved){
      4, 1000, QLOG_APPLICATION, QLOG_TRANSPORT, "fin_set", 500};
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_DATAGRAM_DATA_MOVED);
  e.u.moved.from = QLOG_TRANSPORT;
  e.u.moved.to = QLOG_NETWORK;
  e.u.moved.length = 77;
  sample_send(s, &e);
  for (int i = QLOG_CONNECTION_DATA_BLOCKED_UPDATED;
       i <= QLOG_DATAGRAM_DATA_BLOCKED_UPDATED; i++) {
    sample_begin(s, &e, (qlog_event_type)i);
    e.u.blocked.old_state = QLOG_UNBLOCKED;
    e.u.blocked.new_state = QLOG_BLOCKED;
    e.u.blocked.reason = "congestion_control";
    if (i == QLOG_STREAM_DATA_BLOCKED_UPDATED) {
      e.u.blocked.stream_id = 8;
    }
    sample_send(s, &e);
  }
}

static void sample_keys(sample *s) {
  qlog_event e;

  sample_begin(s, &e, QLOG_TIMER_UPDATED);
  e.u.timer =
      (qlog_timer){"pto", 3, QLOG_SPACE_HANDSHAKE, QLOG_TIMER_SET, 12345678};
  sample_send(s, &e);
  for (int i = 0; i < 2; i++) {
    sample_begin(s, &e, i ? QLOG_KEY_DISCARDED : QLOG_KEY_UPDATED);
    e.u.key.key_type = "client_1rtt_secret";
    e.u.key.key_phase = 1;
    e.u.key.trigger = "remote_update";
    e.u.key.old_key = quic_bytes_of("\x01\x02", 2);
    e.u.key.new_key = quic_bytes_of("\x03\x04", 2);
    sample_send(s, &e);
  }
}

static void sample_recovery(sample *s) {
  static const char *const ecn[] = {"testing", "unknown", "failed", "capable"};
  qlog_event e;

  sample_begin(s, &e, QLOG_RECOVERY_PARAMETERS_SET);
  e.u.recovery = (qlog_recovery_parameters){
      3,   1125, QUIC_MILLISECOND, 333 * QUIC_MILLISECOND, 1200, 12000, 2400,
      500, 3};
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_RECOVERY_METRICS_UPDATED);
  e.u.metrics = (qlog_metrics){
      10000001,       11000010, 12000100, 13001000, 2, 14520, 1234,
      UINT64_MAX - 1, 5,        9999999,  3,        0, 1};
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_CONGESTION_STATE_UPDATED);
  e.u.state.old_state = "slow_start";
  e.u.state.new_state = "recovery \x1b[0m";
  e.u.state.trigger = "ecn";
  sample_send(s, &e);
  for (size_t i = 0; i < 4; i++) {
    sample_begin(s, &e, QLOG_ECN_STATE_UPDATED);
    e.u.state.old_state = "testing";
    e.u.state.new_state = ecn[i];
    sample_send(s, &e);
  }
}

static void sample_closes(sample *s) {
  static const struct {
    uint64_t transport, application;
  } codes[] = {{0x0a, QLOG_NONE},  {0x178, QLOG_NONE},    {0x11, QLOG_NONE},
               {QLOG_NONE, 0x100}, {QLOG_NONE, 0x10e},    {QLOG_NONE, 0x77},
               {0x3e75, 0x77777},  {QLOG_NONE, QLOG_NONE}};

  for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
    qlog_event e;

    sample_begin(s, &e, QLOG_CONNECTION_CLOSED);
    e.http3 = true;
    e.u.closed.initiator = i & 1;
    e.u.closed.connection_error = codes[i].transport;
    e.u.closed.application_error = codes[i].application;
    e.u.closed.internal_code = i;
    e.u.closed.reason = quic_bytes_of("bad \xff\xe2\x80\xae"
                                      "and\0more",
                                      16);
    e.u.closed.trigger = (int)(i % (QLOG_CLOSE_UNSPECIFIED + 1));
    sample_send(s, &e);
  }
}

/* --- http3, http, loglevel, simulation -------------------------------------
 */

static void sample_h3_frames(sample *s) {
  static const quic_field fields[] = {
      {{(const uint8_t *)":method", 7}, {(const uint8_t *)"GET", 3}},
      {{(const uint8_t *)"x y", 3}, {(const uint8_t *)"\x01", 1}},
      {{(const uint8_t *)"x-utf8", 6}, {(const uint8_t *)"h\xc3\xa9\t\"", 5}},
      {{(const uint8_t *)"x-latin", 7}, {(const uint8_t *)"h\xe9", 2}},
      {{(const uint8_t *)"x-empty", 7}, {NULL, 0}}};
  static const uint64_t types[] = {QUIC_H3_DATA,
                                   QUIC_H3_HEADERS,
                                   QUIC_H3_CANCEL_PUSH,
                                   QUIC_H3_SETTINGS,
                                   QUIC_H3_PUSH_PROMISE,
                                   QUIC_H3_GOAWAY,
                                   QUIC_H3_ORIGIN,
                                   QUIC_H3_MAX_PUSH_ID,
                                   QUIC_H3_PRIORITY_UPDATE_REQUEST,
                                   QUIC_H3_PRIORITY_UPDATE_PUSH,
                                   0x21,
                                   0x77};

  for (size_t i = 0; i < 2 * sizeof(types) / sizeof(types[0]); i++) {
    quic_h3_frame f = {.type = types[i / 2], .length = 300};
    qlog_event e;

    sample_begin(s, &e, i & 1 ? QLOG_H3_FRAME_CREATED : QLOG_H3_FRAME_PARSED);
    e.u.h3_frame.stream_id = 4;
    e.u.h3_frame.frame = &f;
    e.u.h3_frame.raw_length = 303;
    e.u.h3_frame.fields = fields;
    e.u.h3_frame.nfields = 5;
    switch (f.type) {
    case QUIC_H3_SETTINGS: /* twice the datagram, grease, unknown, cut */
      f.u.payload = quic_bytes_of("\x01\x40\x64\x33\x01\x33\x00\x21\x05"
                                  "\x06\x07\x07\x08\x08\x01\x00\x00\x41",
                                  19);
      break;
    case QUIC_H3_ORIGIN:
      f.u.payload = quic_bytes_of("\x00\x09https://a\x00\x00\x00\x05"
                                  "cut",
                                  18);
      break;
    case QUIC_H3_PUSH_PROMISE:
      f.u.push_promise.push_id = 9;
      break;
    case QUIC_H3_PRIORITY_UPDATE_REQUEST:
    case QUIC_H3_PRIORITY_UPDATE_PUSH:
      f.u.priority_update.element_id = 12;
      f.u.priority_update.value = text("u=5, i");
      break;
    default:
      f.u.id = 44;
      break;
    }
    sample_send(s, &e);
  }
}

static void sample_h3(sample *s) {
  qlog_event e;

  for (int i = 0; i < 2; i++) {
    sample_begin(s, &e,
                 i ? QLOG_H3_PARAMETERS_RESTORED : QLOG_H3_PARAMETERS_SET);
    if (i == 0) {
      e.u.h3_settings.initiator = QLOG_REMOTE;
      e.u.h3_settings.waits_for_settings = 1;
    }
    e.u.h3_settings.settings =
        quic_bytes_of("\x01\x40\x64\x33\x01\x33\x00\x21\x05"
                      "\x06\x07\x07\x08\x08\x01\x00\x00\x41",
                      19);
    sample_send(s, &e);
  }
  for (int i = QLOG_H3_REQUEST; i <= QLOG_H3_QPACK_DECODE; i++) {
    sample_begin(s, &e, QLOG_H3_STREAM_TYPE_SET);
    e.u.h3_stream.initiator = i & 1;
    e.u.h3_stream.stream_id = (uint64_t)i;
    e.u.h3_stream.kind = i;
    e.u.h3_stream.type = i == QLOG_H3_UNKNOWN ? 0x54 : QLOG_NONE;
    e.u.h3_stream.push_id = i == QLOG_H3_PUSH ? 3 : QLOG_NONE;
    sample_send(s, &e);
  }
  sample_begin(s, &e, QLOG_H3_PRIORITY_UPDATED);
  e.u.h3_priority = (qlog_h3_priority){4,
                                       QLOG_NONE,
                                       text("u=3"),
                                       text("u=1, i"),
                                       "client_signal_received",
                                       "client_signal_only"};
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_H3_PRIORITY_UPDATED);
  e.u.h3_priority.push_id = 1;
  sample_send(s, &e);
  for (int i = 0; i < 2; i++) {
    sample_begin(s, &e, i ? QLOG_H3_DATAGRAM_PARSED : QLOG_H3_DATAGRAM_CREATED);
    e.u.h3_datagram = (qlog_h3_datagram){1, 100};
    sample_send(s, &e);
    sample_begin(s, &e, i ? QLOG_CAPSULE_PARSED : QLOG_CAPSULE_CREATED);
    e.u.capsule = (qlog_capsule){4, i ? 0x2843 : 0, 12};
    sample_send(s, &e);
    sample_begin(s, &e, QLOG_H3_PUSH_RESOLVED);
    e.u.h3_push = (qlog_h3_push_resolved){1, 15, i};
    sample_send(s, &e);
  }
}

static void sample_generic(sample *s) {
  static const quic_field details[] = {
      {{(const uint8_t *)"rtt", 3}, {(const uint8_t *)"10 ms", 5}}};
  qlog_event e;

  for (int i = QLOG_LOG_ERROR; i <= QLOG_LOG_VERBOSE; i++) {
    sample_begin(s, &e, (qlog_event_type)i);
    e.group = "another group";
    e.u.message.text = text("message");
    if (i <= QLOG_LOG_WARNING) {
      e.u.message.code = 42;
    }
    sample_send(s, &e);
  }
  sample_begin(s, &e, QLOG_SIMULATION_SCENARIO);
  e.u.simulation.label = text("a link");
  e.u.simulation.details = details;
  e.u.simulation.ndetails = 1;
  sample_send(s, &e);
  sample_begin(s, &e, QLOG_SIMULATION_MARKER);
  e.u.simulation.label = text("loss");
  e.u.simulation.message = text("2%");
  sample_send(s, &e);
}

static void sample_init(sample *s, qlog_sink *sink) {
  memset(s, 0, sizeof(*s));
  s->sink = sink;
  s->v4 = (quic_addr){.ip = {192, 0, 2, 1}, .port = 443, .family = 4};
  s->v6 = (quic_addr){
      .ip = {0x20, 0x01, 0x0d, 0xb8, [15] = 1}, .port = 50000, .family = 6};
  s->cids[0] = quic_bytes_of("\x01\x02\x03\x04", 4);
  s->cids[1] = quic_bytes_of("\xaa\xbb", 2);
}

size_t qlogsample_all(qlog_sink *sink) {
  sample *s = malloc(sizeof(*s));
  size_t n;

  sample_ok(s);
  sample_init(s, sink);
  sample_frames(s);
  sample_start(s);
  sample_negotiation(s);
  sample_packets(s);
  sample_lists(s);
  sample_streams(s);
  sample_keys(s);
  sample_recovery(s);
  sample_h3(s);
  sample_h3_frames(s);
  sample_generic(s);
  sample_closes(s);
  n = s->count;
  free(s);
  return n;
}

void qlogsample_bench(qlog_sink *sink, size_t n) {
  static const uint8_t octets[1200] = {0};
  quic_header h = sample_header(QUIC_PACKET_1RTT);
  quic_frame stream = {.type = 0x0e, .info = quic_frame_info_find(0x0e)};
  quic_frame ack = {.type = 0x02, .info = quic_frame_info_find(0x02)};
  qlog_event packet, metrics;

  stream.u.stream.stream_id = 4;
  stream.u.stream.data = quic_bytes_of(octets, 1160);
  ack.u.ack.range_count = 2;
  ack.u.ack.ranges = quic_bytes_of("\x01\x03\x04\x00", 4);
  ack.u.ack.first_range = 20;
  ack.u.ack.delay = 1234;
  qlog_event_init(&metrics, QLOG_RECOVERY_METRICS_UPDATED, 0);
  metrics.u.metrics.inferred = 1;
  for (size_t i = 0; i < n; i++) {
    quic_time now = QLOGSAMPLE_START + i * 123457;

    if (i % 4 == 3) {
      metrics.time = now;
      metrics.u.metrics.smoothed_rtt = 10000000 + i % 100000;
      metrics.u.metrics.latest_rtt = 10000000 + i % 1000000;
      metrics.u.metrics.bytes_in_flight = 12000 + i % 5000;
      metrics.u.metrics.congestion_window = 100000 + i;
      sink->event(sink, &metrics);
      continue;
    }
    qlog_event_init(&packet,
                    i % 4 == 2 ? QLOG_PACKET_RECEIVED : QLOG_PACKET_SENT, now);
    h.pn = i;
    stream.u.stream.offset = i * 1160;
    ack.u.ack.largest = 1000 + i;
    packet.u.packet.header = &h;
    packet.u.packet.has_frames = true;
    packet.u.packet.frames = i % 4 == 2 ? &ack : &stream;
    packet.u.packet.nframes = 1;
    packet.u.packet.length = i % 4 == 2 ? 45 : 1200;
    packet.u.packet.payload_length = i % 4 == 2 ? 16 : 1171;
    packet.u.packet.number = i;
    sink->event(sink, &packet);
  }
}
