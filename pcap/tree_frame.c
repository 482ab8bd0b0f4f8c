#include "pcap/tree_frame.h"

static void frame_ranges(const qd_tree *tree, const quic_frame *f) {
  uint64_t smallest, largest;
  const char *gap = "";
  quic_ack_iter it;

  quic_ack_iter_init(&it, f);
  while (quic_ack_iter_next(&it, &smallest, &largest)) {
    quic_text_str(tree->text, gap);
    quic_text_u64(tree->text, smallest);
    if (smallest != largest) {
      quic_text_char(tree->text, '-');
      quic_text_u64(tree->text, largest);
    }
    gap = ",";
  }
}

static void frame_stream_kind(quic_text *t, uint64_t id) {
  static const char *const kinds[4] = {" (client bidi)", " (server bidi)",
                                       " (client uni)", " (server uni)"};

  quic_text_str(t, kinds[id & 3]);
}

/* frame_delay explains the raw ACK delay: its unit is the sender's choice. */
static void frame_delay(quic_text *t, const qd_packet *p, uint64_t raw) {
  bool app = p->header.type == QUIC_PACKET_1RTT;

  quic_text_str(t, " (");
  cli_brief_delay(t, raw, app ? qd_show_ack_exponent(p->conn, p->sender) : 3);
  quic_text_char(t, ')');
}

static void frame_number(const qd_tree *tree, const qd_packet *p,
                         const quic_frame_field *field, uint64_t v) {
  quic_text *t = tree->text;

  switch (field->role) {
  case QUIC_ROLE_APP_ERROR:
  case QUIC_ROLE_TRANSPORT_ERROR:
    qd_show_error(t, field->role, v, p->conn);
    return;
  case QUIC_ROLE_FRAME_TYPE:
    quic_text_hex_u64(t, v);
    quic_text_str(t, " (");
    cli_brief_frame_type(t, v);
    quic_text_char(t, ')');
    return;
  default:
    quic_text_u64(t, v);
    break;
  }
  if (field->role == QUIC_ROLE_STREAM_ID) {
    frame_stream_kind(t, v);
  } else if (strcmp(field->name, "ack_delay") == 0) {
    frame_delay(t, p, v);
  } else if (strcmp(field->name, "requested_max_ack_delay") == 0) {
    quic_text_str(t, " (");
    cli_brief_delay(t, v, 0);
    quic_text_char(t, ')');
  }
}

static void frame_data_len(const qd_tree *tree, const quic_frame *f,
                           quic_bytes b) {
  qd_show_octets(tree->text, b.len + f->missing);
  if (f->missing) {
    quic_text_str(tree->text, " (");
    quic_text_u64(tree->text, f->missing);
    quic_text_str(tree->text, " not captured)");
  }
}

static void frame_value(const qd_tree *tree, const qd_packet *p,
                        const quic_frame *f, const quic_frame_field *field) {
  quic_bytes b;

  if (field->kind == QUIC_FIELD_VARINT || field->kind == QUIC_FIELD_ZEROS) {
    frame_number(tree, p, field, quic_frame_uint(f, field));
    return;
  }
  if (field->kind == QUIC_FIELD_RANGES) {
    frame_ranges(tree, f);
    return;
  }
  b = quic_frame_bytes(f, field);
  if (field->role == QUIC_ROLE_TEXT) {
    quic_text_quoted(tree->text, b, 0);
  } else if (field->role == QUIC_ROLE_HEX) {
    quic_text_hex(tree->text, b);
  } else {
    frame_data_len(tree, f, b);
  }
}

/* The pairs of an ACK are shown as what they say, not as gaps. */
static const char *frame_field_name(const quic_frame_field *field) {
  return field->kind == QUIC_FIELD_RANGES ? "acknowledged" : field->name;
}

static bool frame_is_stream(const quic_frame *f) {
  return f->type >> 3 == QUIC_FRAME_STREAM >> 3;
}

static bool frame_is_streams(const quic_frame *f) {
  return (f->type >= QUIC_FRAME_MAX_STREAMS_BIDI &&
          f->type <= QUIC_FRAME_MAX_STREAMS_UNI) ||
         (f->type >= QUIC_FRAME_STREAMS_BLOCKED_BIDI &&
          f->type <= QUIC_FRAME_STREAMS_BLOCKED_UNI);
}

/* frame_kind appends what the type says beyond the frame's name. */
static void frame_kind(quic_text *t, const quic_frame *f) {
  if (frame_is_streams(f)) {
    quic_text_str(t, f->type & 0x01 ? " uni" : " bidi");
  } else if (f->type == QUIC_FRAME_CONNECTION_CLOSE) {
    quic_text_str(t, " transport");
  } else if (f->type == QUIC_FRAME_CONNECTION_CLOSE_APP) {
    quic_text_str(t, " application");
  }
}

static cli_colour frame_colour(const qd_packet *p, const quic_frame *f) {
  return f->type == QUIC_FRAME_CONNECTION_CLOSE ||
                 f->type == QUIC_FRAME_CONNECTION_CLOSE_APP ||
                 !quic_frame_legal(f->info, p->header.type)
             ? CLI_COLOUR_BAD
             : CLI_COLOUR_BOLD;
}

static void frame_title(const qd_tree *tree, const qd_packet *p,
                        const quic_frame *f) {
  qd_tree_indent(tree);
  cli_colour_on(tree->text, tree->colour, frame_colour(p, f));
  quic_text_str(tree->text, f->info->name);
  frame_kind(tree->text, f);
  cli_colour_off(tree->text, tree->colour);
}

static void frame_illegal(const qd_tree *tree, const qd_packet *p,
                          const quic_frame *f) {
  if (!quic_frame_legal(f->info, p->header.type)) {
    quic_text_str(tree->text, "  [not allowed in ");
    quic_text_str(tree->text, qd_level_name(qd_packet_level(p->header.type)));
    quic_text_char(tree->text, ']');
  }
}

void qd_tree_frame_line(const qd_tree *tree, const qd_packet *p,
                        const quic_frame *f) {
  const quic_frame_field *field = f->info->fields;

  frame_title(tree, p, f);
  for (; field->kind != QUIC_FIELD_END; field++) {
    if (quic_frame_field_present(f, field)) {
      quic_text_char(tree->text, ' ');
      quic_text_str(tree->text, frame_field_name(field));
      quic_text_char(tree->text, '=');
      frame_value(tree, p, f, field);
    }
  }
  if (frame_is_stream(f) && (f->type & 0x01)) {
    quic_text_str(tree->text, " fin");
  }
  frame_illegal(tree, p, f);
  qd_tree_end(tree);
}

/* frame_field_full writes one field: for the byte fields the width is that of
   their length. */
static void frame_field_full(const qd_tree *tree, const qd_packet *p,
                             const quic_frame *f, const quic_frame_field *field,
                             uint8_t width) {
  quic_bytes b;

  qd_tree_name(tree, frame_field_name(field));
  frame_value(tree, p, f, field);
  if (field->kind == QUIC_FIELD_VARINT) {
    qd_tree_width(tree, quic_frame_uint(f, field), width);
    qd_tree_end(tree);
    return;
  }
  if (field->kind == QUIC_FIELD_LV) {
    b = quic_frame_bytes(f, field);
    qd_tree_width(tree, b.len + f->missing, width);
  }
  qd_tree_end(tree);
  if (field->role == QUIC_ROLE_DATA) {
    qd_tree deeper = *tree;

    deeper.depth++;
    qd_tree_dump(&deeper, quic_frame_bytes(f, field));
  }
}

static void frame_stream_bits(const qd_tree *tree, const quic_frame *f) {
  qd_tree_name(tree, "bits");
  quic_text_str(tree->text, f->type & 0x04 ? "off " : "- ");
  quic_text_str(tree->text, f->type & 0x02 ? "len " : "- ");
  quic_text_str(tree->text, f->type & 0x01 ? "fin" : "-");
  qd_tree_end(tree);
}

void qd_tree_frame_full(const qd_tree *tree, const qd_packet *p,
                        const quic_frame *f) {
  const quic_frame_field *fields = f->info->fields;
  qd_tree deeper = *tree;

  deeper.depth++;
  frame_title(tree, p, f);
  quic_text_str(tree->text, " (");
  quic_text_hex_u64(tree->text, f->type);
  quic_text_char(tree->text, ')');
  qd_tree_width(tree, f->type, f->type_width);
  frame_illegal(tree, p, f);
  qd_tree_end(tree);
  if (frame_is_stream(f)) {
    frame_stream_bits(&deeper, f);
  }
  for (size_t i = 0; fields[i].kind != QUIC_FIELD_END; i++) {
    if (quic_frame_field_present(f, &fields[i])) {
      frame_field_full(&deeper, p, f, &fields[i], f->width[i]);
    }
  }
}
