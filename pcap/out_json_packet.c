#include "pcap/out_json.h"
#include "pcap/show.h"
#include "pcap/walk.h"

/* Frames. */

/* packet_ranges writes [[smallest, largest], ...] from the largest down. */
static void packet_ranges(qlog_json *j, const quic_frame *f) {
  uint64_t smallest, largest;
  quic_ack_iter it;

  qlog_json_array(j);
  quic_ack_iter_init(&it, f);
  while (quic_ack_iter_next(&it, &smallest, &largest)) {
    qlog_json_array(j);
    qlog_json_u64(j, smallest);
    qlog_json_u64(j, largest);
    qlog_json_array_end(j);
  }
  qlog_json_array_end(j);
}

/* packet_told: |field| is told by the ranges. */
static bool packet_told(const quic_frame_field *field) {
  return field->offset == offsetof(quic_frame, u.ack.range_count) ||
         field->offset == offsetof(quic_frame, u.ack.first_range);
}

static bool packet_acks(const quic_frame *f) {
  return quic_frame_meaning(f) >> 1 == QUIC_FRAME_ACK >> 1 ||
         quic_frame_meaning(f) >> 1 == QUIC_FRAME_PATH_ACK >> 1;
}

static void packet_field(qlog_json *j, const quic_frame *f,
                         const quic_frame_field *field, const qd_conn *conn) {
  if (field->kind == QUIC_FIELD_RANGES) {
    JSON_KEY(j, "ranges");
    packet_ranges(j, f);
    return;
  }
  switch (field->role) {
  case QUIC_ROLE_APP_ERROR:
  case QUIC_ROLE_TRANSPORT_ERROR:
    json_error(j, field->name, field->role, quic_frame_uint(f, field), conn);
    break;
  case QUIC_ROLE_DATA:
    JSON_U64(j, "length", quic_frame_bytes(f, field).len + f->missing);
    break;
  case QUIC_ROLE_TEXT:
    qlog_json_key_text_value(j, field->name, quic_frame_bytes(f, field));
    break;
  case QUIC_ROLE_HEX:
    qlog_json_key_hex(j, field->name, quic_frame_bytes(f, field));
    break;
  default:
    qlog_json_key_u64(j, field->name, quic_frame_uint(f, field));
    break;
  }
}

/* packet_extra writes what the type alone tells. */
static void packet_extra(qlog_json *j, const quic_frame *f) {
  if (f->type >> 3 == QUIC_FRAME_STREAM >> 3) {
    JSON_BOOL(j, "fin", f->type & 0x01);
  } else if (f->type >> 1 == QUIC_FRAME_MAX_STREAMS_BIDI >> 1 ||
             f->type >> 1 == QUIC_FRAME_STREAMS_BLOCKED_BIDI >> 1) {
    JSON_STR(j, "stream_type",
             f->type & 0x01 ? "unidirectional" : "bidirectional");
  } else if (f->type >> 1 == QUIC_FRAME_CONNECTION_CLOSE >> 1) {
    JSON_STR(j, "space", f->type & 0x01 ? "application" : "transport");
  } else if (f->info->means != f->info->type_first) {
    JSON_KEY(j, "draft_type");
    json_hex_number(j, f->type);
  }
}

static void packet_frame(qlog_json *j, const quic_frame *f,
                         const qd_conn *conn) {
  const quic_frame_field *field = f->info->fields;
  bool acks = packet_acks(f);

  qlog_json_object(j);
  JSON_STR(j, "type", f->info->short_name);
  for (; field->kind != QUIC_FIELD_END; field++) {
    if (acks && packet_told(field)) {
      continue;
    }
    if (quic_frame_field_present(f, field)) {
      packet_field(j, f, field, conn);
    } else if (field->role == QUIC_ROLE_OFFSET) {
      JSON_U64(j, "offset", 0);
    }
  }
  packet_extra(j, f);
  if (f->missing) {
    JSON_U64(j, "missing", f->missing);
  }
  qlog_json_object_end(j);
}

/* packet_undecoded tells where and why the frames end before the packet. */
static void packet_undecoded(qlog_json *j, const qd_walk *walk,
                             const quic_frame *f, int rv) {
  size_t left = qd_walk_rest(walk).len;

  JSON_KEY(j, "undecoded");
  qlog_json_object(j);
  JSON_STR(j, "why",
           rv == QUIC_ERR_UNSUPPORTED              ? "unknown_type"
           : walk->missing && rv == QUIC_ERR_SHORT ? "cut"
                                                   : "malformed");
  if (rv == QUIC_ERR_UNSUPPORTED || f->info) {
    JSON_KEY(j, "frame_type");
    json_hex_number(j, f->type);
  }
  JSON_U64(j, "length", left);
  qlog_json_object_end(j);
}

static void packet_frames(qlog_json *j, const qd_packet *p) {
  quic_frame f;
  qd_walk walk;
  int rv;

  JSON_KEY(j, "frames");
  qlog_json_array(j);
  qd_walk_init(&walk, p);
  while ((rv = qd_walk_next(&walk, &f)) == 0) {
    packet_frame(j, &f, p->conn);
  }
  qlog_json_array_end(j);
  if (rv != QUIC_ERR_END) {
    packet_undecoded(j, &walk, &f, rv);
  }
}

/* Header. */

static const char *packet_state(const qd_packet *p) {
  static const char *const names[] = {
      [QD_STATE_CLOSED] = "closed",
      [QD_STATE_CLEAR] = "clear",
      [QD_STATE_OPEN] = "open",
      [QD_STATE_UNAUTHENTICATED] = "unauthenticated",
      [QD_STATE_RESET] = "reset",
      [QD_STATE_PADDING] = "padding",
  };

  return names[p->state];
}

static void packet_long(qlog_json *j, const quic_header *h) {
  JSON_KEY(j, "version");
  json_version(j, h->version);
  JSON_HEX(j, "dcid", h->dcid);
  JSON_HEX(j, "scid", h->scid);
  if (h->token.len) {
    JSON_HEX(j, "token", h->token);
  }
  if (h->odcid.len) {
    JSON_HEX(j, "odcid", h->odcid);
  }
  if (h->type == QUIC_PACKET_VERSION_NEGOTIATION) {
    JSON_KEY(j, "versions");
    json_versions(j, h->versions);
  }
}

static void packet_short(qlog_json *j, const qd_packet *p) {
  const quic_header *h = &p->header;

  JSON_HEX(j, "dcid", h->dcid);
  JSON_U64(j, "spin", (h->first & QUIC_FIRST_SPIN) != 0);
  if (qd_packet_opened(p)) {
    JSON_U64(j, "key_phase", (h->first & QUIC_FIRST_KEY_PHASE) != 0);
    JSON_U64(j, "generation", p->generation);
  }
}

/* packet_closed says why there are no frames. */
static void packet_closed(qlog_json *j, const qd_packet *p) {
  qd_level level = qd_packet_level(p->header.type);
  quic_keylog_label label = QUIC_KEYLOG_LABELS;

  JSON_STR(j, "reason", qd_reason_name(p->reason));
  if (p->reason == QD_REASON_NO_SECRET && p->sender_known &&
      level < QD_LEVELS) {
    label = qd_keyring_secret_label(level, p->sender);
  }
  if (label < QUIC_KEYLOG_LABELS) {
    JSON_STR(j, "secret", quic_keylog_label_name(label));
  }
}

/* packet_notes uses the names of --filter. */
static void packet_notes(qlog_json *j, const qd_packet *p) {
  static const struct {
    uint32_t note;
    const char *name;
  } rows[] = {
      {QD_NOTE_LATE, "late"},
      {QD_NOTE_DUPLICATE, "duplicate"},
      {QD_NOTE_ICMP, "icmp"},
      {QD_NOTE_GSO, "gso"},
      {QD_NOTE_RETRY_BAD, "retry_bad"},
      {QD_NOTE_RETRY_OK, "retry_ok"},
      {QD_NOTE_NEW_HELLO, "new_hello"},
      {QD_NOTE_FIXED_ZERO, "fixed_zero"},
      {QD_NOTE_BAD_FRAME, "bad_frame"},
      {QD_NOTE_ILLEGAL, "illegal_frame"},
      {QD_NOTE_RESERVED, "reserved"},
      {QD_NOTE_CONFLICT, "conflict"},
      {QD_NOTE_OTHER_VERSION, "other_version"},
      {QD_NOTE_CHLO, "chlo"},
  };

  JSON_KEY(j, "notes");
  qlog_json_array(j);
  for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
    if (p->notes & rows[i].note) {
      qlog_json_str(j, rows[i].name);
    }
  }
  qlog_json_array_end(j);
}

static void packet_place(out_json *o, const qd_packet *p) {
  qlog_json *j = &o->j;

  JSON_U64(j, "frame", p->frame);
  JSON_U64(j, "index", p->index);
  JSON_KEY(j, "time");
  json_absolute(j, p->time);
  JSON_KEY(j, "ms");
  json_relative(o, p->time);
  JSON_KEY(j, "conn");
  json_known(j, p->conn ? p->conn->number : UINT64_MAX);
  JSON_KEY(j, "dir");
  json_side(j, p->sender_known ? (int)p->sender : -1);
  JSON_KEY(j, "src");
  json_address(j, &p->src);
  JSON_KEY(j, "dst");
  json_address(j, &p->dst);
}

void json_packet(out_json *o, const qd_packet *p) {
  const quic_header *h = &p->header;
  bool padding = p->state == QD_STATE_PADDING;
  qlog_json *j = &o->j;

  json_begin(o, "packet");
  packet_place(o, p);
  JSON_STR(j, "packet", qd_show_type(p));
  JSON_STR(j, "state", packet_state(p));
  JSON_U64(j, "length", qd_show_len(p));
  if (h->missing) {
    JSON_U64(j, "missing", h->missing);
  }
  JSON_U64(j, "datagram", p->datagram_len);
  JSON_U64(j, "ecn", p->ecn);
  if (h->is_long) {
    packet_long(j, h);
  } else if (!padding) {
    packet_short(j, p);
  }
  if (p->path_id) {
    JSON_U64(j, "path", p->path_id);
  }
  if (p->notes) {
    packet_notes(j, p);
  }
  if (qd_packet_opened(p)) {
    JSON_U64(j, "pn", h->pn);
    packet_frames(j, p);
    json_messages(j, p);
  } else if (p->state == QD_STATE_CLOSED) {
    packet_closed(j, p);
  } else if (p->state == QD_STATE_RESET && p->raw.len >= QUIC_RESET_TOKEN_LEN &&
             !h->missing) {
    JSON_HEX(j, "reset_token",
             quic_bytes_of(p->raw.data + p->raw.len - QUIC_RESET_TOKEN_LEN,
                           QUIC_RESET_TOKEN_LEN));
  }
  json_end(o);
}
