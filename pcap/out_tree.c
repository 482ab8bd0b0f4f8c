/* Packets in full: a line about each packet, one about each frame, and when
   asked for everything, every field, TLS message and parameter. */

#include "pcap/output.h"
#include "cli/say.h"
#include "pcap/tree_frame.h"
#include "pcap/tree_tls.h"
#include "pcap/walk.h"
#include "wire/names.h"

#define TREE_FULL 2 /* verbosity */

typedef struct out_tree {
  qd_output base;
  qd_output_settings settings;
  qd_tree tree;
  cli_aside aside; /* what the packet to come says of HTTP/3 */
} out_tree;

static void tree_gap(const qd_tree *tree) {
  quic_text_mem(tree->text, "  ", 2);
}

static void tree_hex_or_none(quic_text *t, quic_bytes b) {
  if (b.len) {
    quic_text_hex(t, b);
  } else {
    quic_text_char(t, '-');
  }
}

/* The line about the packet. */

static const char *tree_ecn(uint8_t ecn) {
  static const char *const names[4] = {"not-ect", "ect(1)", "ect(0)", "ce"};

  return names[ecn & 3];
}

static void tree_place(out_tree *o, const qd_packet *p) {
  quic_text *t = o->tree.text;

  cli_colour_on(t, o->tree.colour, CLI_COLOUR_BOLD);
  quic_text_str(t, "packet ");
  quic_text_u64(t, p->frame);
  quic_text_char(t, '.');
  quic_text_u64(t, p->index);
  cli_colour_off(t, o->tree.colour);
  tree_gap(&o->tree);
  qd_show_time(t, p->time);
  tree_gap(&o->tree);
  qd_show_seconds(t, p->time, o->settings.absolute_time ? 0 : o->base.start, 0);
  tree_gap(&o->tree);
  qd_show_addr(t, &p->src);
  quic_text_str(t, " > ");
  qd_show_addr(t, &p->dst);
  quic_text_str(t, "  conn ");
  if (p->conn) {
    quic_text_u64(t, p->conn->number);
  } else {
    quic_text_char(t, '-');
  }
  quic_text_str(t, !p->sender_known         ? "  from unknown"
                   : p->sender == QD_CLIENT ? "  from client"
                                            : "  from server");
}

static void tree_identity(const qd_tree *tree, const qd_packet *p) {
  const quic_header *h = &p->header;

  tree_gap(tree);
  cli_colour_on(tree->text, tree->colour, qd_show_type_colour(p));
  quic_text_str(tree->text, qd_show_type(p));
  cli_colour_off(tree->text, tree->colour);
  if (p->state == QD_STATE_PADDING || p->state == QD_STATE_RESET) {
    return;
  }
  if (h->is_long && h->type != QUIC_PACKET_VERSION_NEGOTIATION) {
    tree_gap(tree);
    qd_show_version(tree->text, h->version);
  }
  quic_text_str(tree->text, "  dcid ");
  tree_hex_or_none(tree->text, h->dcid);
  if (h->is_long) {
    quic_text_str(tree->text, "  scid ");
    tree_hex_or_none(tree->text, h->scid);
  }
  if (qd_packet_opened(p)) {
    quic_text_str(tree->text, "  pn ");
    quic_text_u64(tree->text, h->pn);
  }
}

/* tree_key says which key opened the packet. */
static void tree_key(const qd_tree *tree, const qd_packet *p) {
  const char *suite = quic_name_cipher_suite(p->suite);

  if (!qd_packet_opened(p)) {
    return;
  }
  quic_text_str(tree->text, "  key ");
  quic_text_u64(tree->text, p->generation);
  tree_gap(tree);
  quic_text_str(tree->text, suite ? suite : "unknown suite");
}

static void tree_packet_line(out_tree *o, const qd_packet *p) {
  const qd_tree *tree = &o->tree;

  tree_place(o, p);
  tree_identity(tree, p);
  quic_text_str(tree->text, "  len ");
  quic_text_u64(tree->text, qd_show_len(p));
  quic_text_str(tree->text, " of ");
  quic_text_u64(tree->text, p->datagram_len);
  tree_gap(tree);
  quic_text_str(tree->text, tree_ecn(p->ecn));
  tree_key(tree, p);
  if (qd_show_has_notes(p)) {
    tree_gap(tree);
    cli_colour_on(tree->text, tree->colour, CLI_COLOUR_NOTE);
    quic_text_char(tree->text, '[');
    qd_show_notes(tree->text, p);
    quic_text_char(tree->text, ']');
    cli_colour_off(tree->text, tree->colour);
  }
  qd_tree_end(tree);
}

/* The header, field by field. */

static void tree_bit(const qd_tree *tree, const char *name, bool set) {
  qd_tree_str(tree, name, set ? "1" : "0");
}

/* tree_long_bits: the type code of the first octet and what packet protection
   hides. */
static void tree_long_bits(const qd_tree *tree, const qd_packet *p) {
  const quic_header *h = &p->header;

  qd_tree_u64(tree, "long_packet_type", h->first >> 4 & 3);
  if (qd_packet_opened(p)) {
    qd_tree_u64(tree, "reserved", h->first >> 2 & 3);
    qd_tree_u64(tree, "packet_number_length", h->pn_len);
  } else if (quic_packet_type_encrypted(h->type)) {
    qd_tree_str(tree, "reserved, packet_number_length", "protected");
  }
}

static void tree_short_bits(const qd_tree *tree, const qd_packet *p) {
  const quic_header *h = &p->header;

  tree_bit(tree, "spin", h->first & QUIC_FIRST_SPIN);
  if (qd_packet_opened(p)) {
    qd_tree_u64(tree, "reserved", h->first >> 3 & 3);
    tree_bit(tree, "key_phase", h->first & QUIC_FIRST_KEY_PHASE);
    qd_tree_u64(tree, "packet_number_length", h->pn_len);
  } else {
    qd_tree_str(tree, "reserved, key_phase, packet_number_length", "protected");
  }
}

static void tree_first(const qd_tree *tree, const qd_packet *p) {
  const quic_header *h = &p->header;
  qd_tree deeper = *tree;

  qd_tree_name(tree, "first_octet");
  quic_text_hex_u64(tree->text, h->first);
  qd_tree_end(tree);
  deeper.depth++;
  qd_tree_str(&deeper, "form", h->is_long ? "long" : "short");
  if (h->type == QUIC_PACKET_VERSION_NEGOTIATION ||
      h->type == QUIC_PACKET_UNKNOWN) {
    return; /* the other bits have no meaning that is known */
  }
  tree_bit(&deeper, "fixed", h->first & QUIC_FIRST_FIXED);
  (h->is_long ? tree_long_bits : tree_short_bits)(&deeper, p);
}

static void tree_cid(const qd_tree *tree, const char *name, quic_bytes cid) {
  qd_tree_name(tree, name);
  if (cid.len) {
    quic_text_hex(tree->text, cid);
    quic_text_str(tree->text, " (");
    qd_show_octets(tree->text, cid.len);
    quic_text_char(tree->text, ')');
  } else {
    quic_text_str(tree->text, "empty");
  }
  qd_tree_end(tree);
}

static void tree_version(const qd_tree *tree, uint32_t version) {
  qd_tree_name(tree, "version");
  qd_show_version(tree->text, version);
  quic_text_str(tree->text, " (");
  quic_text_hex_u64(tree->text, version);
  quic_text_char(tree->text, ')');
  qd_tree_end(tree);
}

static void tree_token(const qd_tree *tree, const quic_header *h) {
  qd_tree deeper = *tree;

  qd_tree_name(tree, "token");
  qd_show_octets(tree->text, h->token.len);
  if (h->type == QUIC_PACKET_INITIAL) {
    qd_tree_width(tree, h->token.len, h->token_width);
  }
  qd_tree_end(tree);
  deeper.depth++;
  qd_tree_dump(&deeper, h->token);
}

/* tree_length writes Length; two octets are usual, since it is written before
   the payload is known. */
static void tree_length(const qd_tree *tree, const quic_header *h) {
  qd_tree_name(tree, "length");
  quic_text_u64(tree->text, h->length);
  if (h->length_width != 2) {
    quic_text_str(tree->text, " (");
    qd_show_octets(tree->text, h->length_width);
    quic_text_char(tree->text, ')');
  }
  qd_tree_end(tree);
}

static void tree_packet_number(const qd_tree *tree, const quic_header *h) {
  qd_tree_name(tree, "packet_number");
  quic_text_u64(tree->text, h->pn);
  quic_text_str(tree->text, " (low ");
  qd_show_octets(tree->text, h->pn_len);
  quic_text_str(tree->text, " sent)");
  qd_tree_end(tree);
}

static void tree_header(const qd_tree *tree, const qd_packet *p) {
  const quic_header *h = &p->header;

  tree_first(tree, p);
  if (h->is_long) {
    tree_version(tree, h->version);
  }
  tree_cid(tree, "dcid", h->dcid);
  if (h->is_long) {
    tree_cid(tree, "scid", h->scid);
  }
  if (h->type == QUIC_PACKET_INITIAL) {
    tree_token(tree, h);
  }
  if (h->is_long && quic_packet_type_encrypted(h->type)) {
    tree_length(tree, h);
  }
  if (qd_packet_opened(p)) {
    tree_packet_number(tree, h);
  }
}

/* What the packet holds. */

static void tree_retry(const qd_tree *tree, const qd_packet *p) {
  const quic_header *h = &p->header;

  if (h->odcid.len) {
    tree_cid(tree, "original_dcid", h->odcid);
  }
  tree_token(tree, h);
  qd_tree_name(tree, "retry_integrity_tag");
  tree_hex_or_none(tree->text, h->retry_tag);
  quic_text_str(tree->text, p->notes & QD_NOTE_RETRY_OK    ? " (verified)"
                            : p->notes & QD_NOTE_RETRY_BAD ? " (wrong)"
                                                           : " (not verified)");
  qd_tree_end(tree);
}

static void tree_negotiation(const qd_tree *tree, const quic_header *h) {
  quic_reader rd;

  quic_reader_init(&rd, h->versions.len ? (const void *)h->versions.data : "",
                   h->versions.len);
  while (quic_reader_left(&rd) >= 4) {
    uint32_t version = quic_reader_u32(&rd);

    qd_tree_name(tree, "supported_version");
    qd_show_version(tree->text, version);
    quic_text_str(tree->text, " (");
    quic_text_hex_u64(tree->text, version);
    quic_text_char(tree->text, ')');
    qd_tree_end(tree);
  }
}

static void tree_reset(const qd_tree *tree, const qd_packet *p) {
  if (p->raw.len >= QUIC_RESET_TOKEN_LEN && !p->header.missing) {
    qd_tree_hex(tree, "stateless_reset_token",
                quic_bytes_of(p->raw.data + p->raw.len - QUIC_RESET_TOKEN_LEN,
                              QUIC_RESET_TOKEN_LEN));
  }
}

static void tree_closed(const qd_tree *tree, const qd_packet *p) {
  qd_tree_indent(tree);
  cli_colour_on(tree->text, tree->colour, CLI_COLOUR_BAD);
  quic_text_str(tree->text, "closed: ");
  qd_show_closed(tree->text, p);
  cli_colour_off(tree->text, tree->colour);
  if (p->conn && p->conn->facts.has_random &&
      p->reason == QD_REASON_NO_SECRET) {
    quic_text_str(tree->text, " for client random ");
    quic_text_hex(tree->text, quic_bytes_of(p->conn->facts.random,
                                            sizeof(p->conn->facts.random)));
  }
  qd_tree_end(tree);
  if (p->notes & QD_NOTE_CHLO) {
    qd_tree_untrusted(
        tree, "server_name",
        quic_bytes_of(p->conn->facts.sni, strlen(p->conn->facts.sni)));
  }
}

/* tree_broken tells where and why the frames end before the packet does. */
static void tree_broken(const out_tree *o, const quic_frame *f,
                        const qd_walk *walk, int rv) {
  qd_tree tree = o->tree;
  quic_bytes rest = qd_walk_rest(walk);
  bool cut = walk->missing && rv == QUIC_ERR_SHORT;

  tree.depth = 1;
  qd_tree_indent(&tree);
  cli_colour_on(tree.text, tree.colour, CLI_COLOUR_BAD);
  if (rv == QUIC_ERR_UNSUPPORTED) {
    quic_text_str(tree.text, "unknown frame type ");
    quic_text_hex_u64(tree.text, f->type);
  } else {
    quic_text_str(tree.text, cut ? "cut " : "broken ");
    quic_text_str(tree.text, f->info ? f->info->name : "frame type");
  }
  quic_text_str(tree.text, ": ");
  qd_show_octets(tree.text, rest.len);
  quic_text_str(tree.text, " not decoded");
  cli_colour_off(tree.text, tree.colour);
  qd_tree_end(&tree);
  if (o->settings.verbosity >= TREE_FULL) {
    tree.depth = 2;
    qd_tree_dump(&tree, rest);
  }
}

static void tree_frames(const out_tree *o, const qd_packet *p) {
  qd_tree tree = o->tree;
  quic_frame f;
  qd_walk walk;
  int rv;

  tree.depth = 1;
  qd_walk_init(&walk, p);
  while ((rv = qd_walk_next(&walk, &f)) == 0) {
    if (o->settings.verbosity >= TREE_FULL) {
      qd_tree_frame_full(&tree, p, &f);
    } else {
      qd_tree_frame_line(&tree, p, &f);
    }
  }
  if (rv != QUIC_ERR_END) {
    tree_broken(o, &f, &walk, rv);
  }
}

static void tree_messages(const out_tree *o, const qd_packet *p) {
  qd_tree tree = o->tree;

  tree.depth = 1;
  for (uint8_t i = 0; i < p->nmessages && i < QD_MESSAGES_MAX; i++) {
    if (o->settings.verbosity >= TREE_FULL) {
      qd_tree_message(&tree, p, &p->messages[i]);
    } else {
      qd_tree_message_line(&tree, p, &p->messages[i]);
    }
  }
}

/* tree_padding shows octets behind the last packet, unless they are the usual
   zeros. */
static void tree_padding(const qd_tree *tree, quic_bytes raw) {
  size_t zeros = 0;

  while (zeros < raw.len && raw.data[zeros] == 0) {
    zeros++;
  }
  if (zeros < raw.len) {
    qd_tree_dump(tree, raw);
  } else {
    qd_tree_indent(tree);
    quic_text_str(tree->text, "all 0");
    qd_tree_end(tree);
  }
}

static void tree_content(const out_tree *o, const qd_packet *p) {
  qd_tree tree = o->tree;

  tree.depth = 1;
  switch (p->state) {
  case QD_STATE_OPEN:
  case QD_STATE_UNAUTHENTICATED:
    tree_frames(o, p);
    break;
  case QD_STATE_CLEAR:
    if (p->header.type == QUIC_PACKET_RETRY) {
      tree_retry(&tree, p);
    } else {
      tree_negotiation(&tree, &p->header);
    }
    break;
  case QD_STATE_RESET:
    tree_reset(&tree, p);
    break;
  case QD_STATE_CLOSED:
    tree_closed(&tree, p);
    break;
  case QD_STATE_PADDING:
    if (o->settings.verbosity >= TREE_FULL) {
      tree_padding(&tree, p->raw);
    }
    break;
  }
}

static void tree_packet(qd_output *out, const qd_packet *p) {
  out_tree *o = (out_tree *)(void *)out;
  qd_tree tree = o->tree;

  qd_output_start(&o->base, p);
  tree_packet_line(o, p);
  tree.depth = 1;
  if (o->settings.verbosity >= TREE_FULL && p->state != QD_STATE_PADDING &&
      p->state != QD_STATE_RESET) {
    tree_header(&tree, p);
  }
  tree_content(o, p);
  tree_messages(o, p);
  quic_text_mem(o->tree.text, o->aside.buffer, o->aside.text.len);
  cli_aside_clear(&o->aside);
}

static void tree_event(qd_output *out, struct qd_trace *tr,
                       const qlog_event *e) {
  out_tree *o = (out_tree *)(void *)out;

  (void)tr;
  cli_say_lines(&o->aside.text, e, o->settings.colour);
}

static void tree_del(qd_output *out) {
  out_tree *o = (out_tree *)(void *)out;

  if (o) {
    quic_mem_free(o->settings.mem, o);
  }
}

int qd_output_tree_new(qd_output **out, const qd_output_settings *settings) {
  out_tree *o = quic_mem_zalloc(settings->mem, sizeof(*o));

  *out = NULL;
  if (!o) {
    return QUIC_ERR_NOMEM;
  }
  o->base.packet = tree_packet;
  o->base.event = tree_event;
  cli_aside_clear(&o->aside);
  o->base.del = tree_del;
  o->settings = *settings;
  o->tree.text = settings->text;
  o->tree.colour = settings->colour;
  *out = &o->base;
  return 0;
}
