/* Two kinds of lines for programs to compare:

     P frame index type version dcid pn key_phase length
     F frame index frame_index 0xTYPE key=value...

   The keys and their order are those of tshark 4.0's fields, so that the two
   can be put side by side; frame types that it does not know print all their
   fields. */

#include "pcap/output.h"
#include "pcap/walk.h"
#include "wire/varint.h"

typedef struct out_flat {
  qd_output base;
  const quic_mem *mem;
  quic_text *text;
} out_flat;

/* Keys of one row, by field index of the frame table; NULL is not printed. */
typedef struct flat_keys {
  const char *key[QUIC_FRAME_FIELDS_MAX];
} flat_keys;

#define ACK_KEYS                                                               \
  {                                                                            \
    {                                                                          \
      " ack.largest_acknowledged=", " ack.ack_delay=", NULL,                   \
          " ack.first_ack_range=", " ack.gap=", " ack.ect0_count=",            \
          " ack.ect1_count=", " ack.ecn_ce_count="                             \
    }                                                                          \
  }
#define STREAM_KEYS                                                            \
  {                                                                            \
    { " stream.stream_id=", " stream.offset=", " stream.length=" }             \
  }

#define FLAT_TYPES 0x32
static const flat_keys flat_table[FLAT_TYPES] = {
    [0x00] = {{" padding_length="}},
    [0x02] = ACK_KEYS,
    [0x03] = ACK_KEYS,
    [0x04] = {{" rsts.stream_id=", " rsts.application_error_code=",
               " rsts.final_size="}},
    [0x05] = {{" ss.stream_id=", " ss.application_error_code="}},
    [0x06] = {{" crypto.offset=", " crypto.length="}},
    [0x07] = {{" nt.length="}},
    [0x08] = STREAM_KEYS,
    [0x09] = STREAM_KEYS,
    [0x0a] = STREAM_KEYS,
    [0x0b] = STREAM_KEYS,
    [0x0c] = STREAM_KEYS,
    [0x0d] = STREAM_KEYS,
    [0x0e] = STREAM_KEYS,
    [0x0f] = STREAM_KEYS,
    [0x10] = {{" md.maximum_data="}},
    [0x11] = {{" msd.stream_id=", " msd.maximum_stream_data="}},
    [0x12] = {{" ms.max_streams="}},
    [0x13] = {{" ms.max_streams="}},
    [0x18] = {{" nci.sequence=", " nci.retire_prior_to=",
               " nci.connection_id="}},
    [0x19] = {{" rci.sequence="}},
    [0x1a] = {{" path_challenge.data="}},
    [0x1b] = {{" path_response.data="}},
    [0x1c] = {{" cc.error_code=", " cc.frame_type=", " cc.reason_phrase="}},
    [0x1d] = {{" cc.error_code.app=", " cc.reason_phrase="}},
    [0x31] = {{" dg.length="}},
};

/* flat_known: tshark 4.0 has a dissector for |type|. */
static bool flat_known(uint64_t type) {
  return type < 0x1f || type == 0x30 || type == 0x31 || type == 0xac ||
         type == 0xaf || type == 0x2f5;
}

static void flat_colons(quic_text *t, quic_bytes b) {
  for (size_t i = 0; i < b.len; i++) {
    if (i) {
      quic_text_char(t, ':');
    }
    quic_text_hex(t, quic_bytes_of(b.data + i, 1));
  }
}

/* flat_pairs prints every second number of ACK ranges: the gaps, or what
   follows them. */
static void flat_pairs(quic_text *t, const char *key, quic_bytes ranges,
                       size_t which) {
  quic_reader rd;

  if (!ranges.len) {
    return;
  }
  quic_text_str(t, key);
  quic_reader_init(&rd, ranges.data, ranges.len);
  for (size_t i = 0; quic_reader_left(&rd); i++) {
    uint64_t v = quic_reader_varint(&rd);

    if (i % 2 != which || quic_reader_failed(&rd)) {
      continue;
    }
    if (i > 1) {
      quic_text_char(t, ',');
    }
    quic_text_u64(t, v);
  }
}

/* flat_value prints the value of |field|.  Data is told by its length. */
static void flat_value(quic_text *t, const quic_frame *f,
                       const quic_frame_field *field) {
  quic_bytes b;

  if (field->kind == QUIC_FIELD_VARINT || field->kind == QUIC_FIELD_ZEROS) {
    quic_text_u64(t, quic_frame_uint(f, field));
    return;
  }
  b = quic_frame_bytes(f, field);
  if (field->role == QUIC_ROLE_TEXT) {
    quic_text_untrusted(t, b, 0);
  } else if (field->kind == QUIC_FIELD_LV || field->kind == QUIC_FIELD_REST) {
    quic_text_u64(t, b.len + f->missing);
  } else {
    flat_colons(t, b);
  }
}

static void flat_field(quic_text *t, const quic_frame *f,
                       const quic_frame_field *field, const char *key) {
  if (field->kind == QUIC_FIELD_RANGES) {
    flat_pairs(t, " ack.gap=", quic_frame_bytes(f, field), 0);
    flat_pairs(t, " ack.ack_range=", quic_frame_bytes(f, field), 1);
  } else {
    quic_text_str(t, key);
    flat_value(t, f, field);
  }
}

static void flat_known_fields(quic_text *t, const quic_frame *f) {
  const quic_frame_field *field = f->info->fields;
  const flat_keys *keys;

  if (f->type >= FLAT_TYPES) {
    return;
  }
  keys = &flat_table[f->type];
  for (size_t i = 0; field[i].kind != QUIC_FIELD_END; i++) {
    /* Without a length field there is no length to print. */
    if (keys->key[i] && field[i].kind != QUIC_FIELD_REST &&
        quic_frame_field_present(f, &field[i])) {
      flat_field(t, f, &field[i], keys->key[i]);
    }
  }
}

static void flat_other_fields(quic_text *t, const quic_frame *f) {
  const quic_frame_field *field = f->info->fields;

  for (; field->kind != QUIC_FIELD_END; field++) {
    if (!quic_frame_field_present(f, field)) {
      continue;
    }
    if (field->kind == QUIC_FIELD_RANGES) {
      flat_field(t, f, field, NULL);
      continue;
    }
    quic_text_char(t, ' ');
    quic_text_str(t, f->info->short_name);
    quic_text_char(t, '.');
    quic_text_str(t, field->name);
    quic_text_char(t, '=');
    flat_value(t, f, field);
  }
}

/* The start of both kinds of lines. */
static void flat_place(quic_text *t, char kind, const qd_packet *p) {
  quic_text_char(t, kind);
  quic_text_char(t, ' ');
  quic_text_u64(t, p->frame);
  quic_text_char(t, ' ');
  quic_text_u64(t, p->index);
  quic_text_char(t, ' ');
}

static void flat_frames(quic_text *t, const qd_packet *p) {
  quic_frame f;
  qd_walk walk;

  qd_walk_init(&walk, p);
  for (uint64_t n = 0; qd_walk_next(&walk, &f) == 0; n++) {
    flat_place(t, 'F', p);
    quic_text_u64(t, n);
    quic_text_char(t, ' ');
    quic_text_hex_u64(t, f.type);
    if (flat_known(f.type)) {
      flat_known_fields(t, &f);
    } else {
      flat_other_fields(t, &f);
    }
    quic_text_char(t, '\n');
  }
}

static const char *flat_type(const qd_packet *p) {
  static const char *const names[QUIC_PACKET_TYPES] = {
      [QUIC_PACKET_INITIAL] = "initial",
      [QUIC_PACKET_0RTT] = "0rtt",
      [QUIC_PACKET_HANDSHAKE] = "handshake",
      [QUIC_PACKET_RETRY] = "retry",
      [QUIC_PACKET_1RTT] = "1rtt",
      [QUIC_PACKET_VERSION_NEGOTIATION] = "vn",
      [QUIC_PACKET_UNKNOWN] = "?",
  };

  return (unsigned)p->header.type < QUIC_PACKET_TYPES ? names[p->header.type]
                                                      : "?";
}

static void flat_version(quic_text *t, uint32_t version) {
  uint8_t octets[4] = {(uint8_t)(version >> 24), (uint8_t)(version >> 16),
                       (uint8_t)(version >> 8), (uint8_t)version};

  quic_text_str(t, "0x");
  quic_text_hex(t, quic_bytes_of(octets, sizeof(octets)));
}

static void flat_header(quic_text *t, const qd_packet *p) {
  const quic_header *h = &p->header;
  bool opened = qd_packet_opened(p);

  quic_text_str(t, flat_type(p));
  quic_text_char(t, ' ');
  if (h->is_long) {
    flat_version(t, h->version);
  } else {
    quic_text_char(t, '-');
  }
  quic_text_char(t, ' ');
  if (h->dcid.len) {
    quic_text_hex(t, h->dcid);
  } else {
    quic_text_char(t, '-');
  }
  quic_text_char(t, ' ');
  if (opened) {
    quic_text_u64(t, h->pn);
  } else {
    quic_text_char(t, '-');
  }
  quic_text_char(t, ' ');
  quic_text_char(t, !opened || h->type != QUIC_PACKET_1RTT ? '-'
                    : h->first & QUIC_FIRST_KEY_PHASE      ? '1'
                                                           : '0');
  quic_text_char(t, ' ');
  quic_text_u64(t, (uint64_t)h->packet_len + h->missing);
}

static void flat_packet(qd_output *out, const qd_packet *p) {
  quic_text *t = ((out_flat *)(void *)out)->text;

  flat_place(t, 'P', p);
  if (p->state == QD_STATE_PADDING) {
    quic_text_str(t, "? - - - - None\n");
    return;
  }
  flat_header(t, p);
  quic_text_char(t, '\n');
  flat_frames(t, p);
}

static void flat_del(qd_output *out) {
  if (out) {
    quic_mem_free(((out_flat *)(void *)out)->mem, out);
  }
}

int qd_output_flat_new(qd_output **out, const qd_output_settings *settings) {
  out_flat *flat = quic_mem_zalloc(settings->mem, sizeof(*flat));

  *out = NULL;
  if (!flat) {
    return QUIC_ERR_NOMEM;
  }
  flat->base.packet = flat_packet;
  flat->base.del = flat_del;
  flat->mem = settings->mem;
  flat->text = settings->text;
  *out = &flat->base;
  return 0;
}
