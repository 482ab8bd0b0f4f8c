#include "wire/header.h"

#include "base/reader.h"
#include "wire/varint.h"

#define HEADER_TYPE_SHIFT 4 /* of the long header's type bits */
#define HEADER_PN_LEN_MASK 0x03
#define HEADER_ODCID_MASK 0x0f /* draft-21 Retry */

static const uint8_t header_codes_v1[4] = {0, 1, 2, 3};

static const struct {
  const char *name;
  bool encrypted;
} header_types[QUIC_PACKET_TYPES] = {
    [QUIC_PACKET_INITIAL] = {"initial", true},
    [QUIC_PACKET_0RTT] = {"0rtt", true},
    [QUIC_PACKET_HANDSHAKE] = {"handshake", true},
    [QUIC_PACKET_RETRY] = {"retry", false},
    [QUIC_PACKET_1RTT] = {"1rtt", true},
    [QUIC_PACKET_VERSION_NEGOTIATION] = {"vn", false},
    [QUIC_PACKET_UNKNOWN] = {"unknown", false},
};

const char *quic_packet_type_name(quic_packet_type type) {
  return header_types[(unsigned)type < QUIC_PACKET_TYPES ? type
                                                         : QUIC_PACKET_UNKNOWN]
      .name;
}

bool quic_packet_type_encrypted(quic_packet_type type) {
  return (unsigned)type < QUIC_PACKET_TYPES && header_types[type].encrypted;
}

static bool header_known(const quic_version *v) {
  return v && v->kind == QUIC_VERSION_KIND_QUIC;
}

uint8_t quic_header_first(quic_packet_type type, const quic_version *version) {
  const uint8_t *codes =
      header_known(version) ? version->type_codes : header_codes_v1;

  if (type == QUIC_PACKET_1RTT) {
    return QUIC_FIRST_FIXED;
  }
  if (type > QUIC_PACKET_RETRY) {
    return QUIC_FIRST_LONG | QUIC_FIRST_FIXED;
  }
  return (uint8_t)(QUIC_FIRST_LONG | QUIC_FIRST_FIXED |
                   codes[type] << HEADER_TYPE_SHIFT);
}

static quic_packet_type header_long_type(const quic_header *h) {
  uint8_t code = h->first >> HEADER_TYPE_SHIFT & 0x03;
  quic_packet_type type = QUIC_PACKET_INITIAL;

  if (h->version == QUIC_VERSION_NEGOTIATION) {
    return QUIC_PACKET_VERSION_NEGOTIATION;
  }
  if (!header_known(h->version_info)) {
    return QUIC_PACKET_UNKNOWN;
  }
  while (h->version_info->type_codes[type] != code) {
    type++;
  }
  return type;
}

/* A CID length in four bits, until draft-21: 0 is 0, else 3 less than it is. */
static size_t header_unpack_len(uint8_t nibble) {
  return nibble ? nibble + 3u : 0;
}

static bool header_packable(size_t len) {
  return len == 0 || (len >= 4 && len <= 18);
}

static uint8_t header_pack_len(size_t len) {
  return (uint8_t)(len ? len - 3 : 0);
}

static void header_read_cids_packed(quic_header *h, quic_reader *rd) {
  uint8_t lengths = quic_reader_u8(rd);

  h->dcid = quic_reader_bytes(rd, header_unpack_len(lengths >> 4));
  h->scid = quic_reader_bytes(rd, header_unpack_len(lengths & 0x0f));
}

static int header_read_cid(quic_reader *rd, size_t max, quic_bytes *cid) {
  size_t len = quic_reader_u8(rd);

  if (len > max) {
    return QUIC_ERR_MALFORMED;
  }
  *cid = quic_reader_bytes(rd, len);
  return quic_reader_status(rd);
}

static int header_read_cids(quic_header *h, quic_reader *rd) {
  size_t max = header_known(h->version_info) ? QUIC_CID_MAX : QUIC_CID_MAX_ANY;
  int rv;

  if (h->version_info && h->version_info->packed_cid_lengths) {
    header_read_cids_packed(h, rd);
    return quic_reader_status(rd);
  }
  rv = header_read_cid(rd, max, &h->dcid);
  return rv ? rv : header_read_cid(rd, max, &h->scid);
}

/* header_read_odcid reads what a Retry carried before it had a tag. */
static int header_read_odcid(quic_header *h, quic_reader *rd) {
  if (h->version_info->packed_cid_lengths) {
    h->odcid =
        quic_reader_bytes(rd, header_unpack_len(h->first & HEADER_ODCID_MASK));
    return quic_reader_status(rd);
  }
  return header_read_cid(rd, QUIC_CID_MAX, &h->odcid);
}

static int header_read_retry(quic_header *h, quic_reader *rd) {
  size_t tag = h->version_info->retry_key ? QUIC_RETRY_TAG_LEN : 0;
  int rv = h->version_info->retry_odcid ? header_read_odcid(h, rd) : 0;

  if (rv != 0) {
    return rv;
  }
  /* Of a cut packet no part of the tag may pass for token. */
  tag = h->missing < tag ? tag - h->missing : 0;
  if (quic_reader_left(rd) < tag) {
    return QUIC_ERR_SHORT;
  }
  h->token = quic_reader_bytes(rd, quic_reader_left(rd) - tag);
  if (tag == QUIC_RETRY_TAG_LEN) {
    h->retry_tag = quic_reader_bytes(rd, tag);
  }
  h->pn_offset = h->packet_len;
  return 0;
}

/* header_read_numbered reads the rest of a long header that has a Length;
   |wire_len| is that of the datagram. */
static int header_read_numbered(quic_header *h, quic_reader *rd,
                                size_t wire_len) {
  size_t captured = h->packet_len;

  if (h->type == QUIC_PACKET_INITIAL) {
    uint64_t len = quic_reader_varint_width(rd, &h->token_width);

    h->token = quic_reader_bytes(rd, len);
  }
  h->length = quic_reader_varint_width(rd, &h->length_width);
  if (quic_reader_failed(rd)) {
    return QUIC_ERR_SHORT;
  }
  h->pn_offset = quic_reader_offset(rd);
  if (h->length > wire_len - h->pn_offset) {
    return QUIC_ERR_MALFORMED;
  }
  wire_len = h->pn_offset + (size_t)h->length;
  h->packet_len = wire_len < captured ? wire_len : captured;
  h->missing = wire_len - h->packet_len;
  return 0;
}

static int header_read_long(quic_header *h, quic_reader *rd, size_t wire_len) {
  int rv;

  h->is_long = true;
  h->type = QUIC_PACKET_UNKNOWN;
  h->version = quic_reader_u32(rd);
  if (quic_reader_failed(rd)) {
    return QUIC_ERR_SHORT;
  }
  h->version_info = quic_version_find(h->version);
  h->type = header_long_type(h);
  rv = header_read_cids(h, rd);
  if (rv != 0) {
    return rv;
  }
  if (h->type == QUIC_PACKET_RETRY) {
    return header_read_retry(h, rd);
  }
  if (h->type == QUIC_PACKET_VERSION_NEGOTIATION) {
    h->versions = quic_reader_rest(rd);
    h->pn_offset = h->packet_len;
    return 0;
  }
  if (h->type == QUIC_PACKET_UNKNOWN) {
    h->pn_offset = quic_reader_offset(rd);
    return 0;
  }
  return header_read_numbered(h, rd, wire_len);
}

int quic_header_decode(quic_header *h, const uint8_t *data, size_t len,
                       size_t wire_len, size_t short_cid_len) {
  quic_reader rd;

  memset(h, 0, sizeof(*h));
  h->packet_len = len;
  h->missing = wire_len - len;
  h->type = QUIC_PACKET_UNKNOWN;
  if (len == 0) {
    return QUIC_ERR_SHORT;
  }
  quic_reader_init(&rd, data, len);
  h->first = quic_reader_u8(&rd);
  if (h->first & QUIC_FIRST_LONG) {
    return header_read_long(h, &rd, wire_len);
  }
  h->type = QUIC_PACKET_1RTT;
  h->dcid = quic_reader_bytes(&rd, short_cid_len);
  if (quic_reader_failed(&rd)) {
    return QUIC_ERR_SHORT;
  }
  h->pn_offset = quic_reader_offset(&rd);
  return 0;
}

static void header_write_cid(quic_writer *wr, quic_bytes cid) {
  quic_writer_u8(wr, (uint8_t)cid.len);
  quic_writer_bytes(wr, cid);
}

static void header_write_retry(const quic_header *h, const quic_version *v,
                               quic_writer *wr) {
  if (v && v->retry_odcid && v->packed_cid_lengths) {
    quic_writer_bytes(wr, h->odcid);
  } else if (v && v->retry_odcid) {
    header_write_cid(wr, h->odcid);
  }
  quic_writer_bytes(wr, h->token);
  quic_writer_bytes(wr, h->retry_tag);
}

static void header_write_long(const quic_header *h, const quic_version *v,
                              quic_writer *wr) {
  quic_writer_u32(wr, h->version);
  if (v && v->packed_cid_lengths) {
    quic_writer_u8(wr, (uint8_t)(header_pack_len(h->dcid.len) << 4 |
                                 header_pack_len(h->scid.len)));
    quic_writer_bytes(wr, h->dcid);
    quic_writer_bytes(wr, h->scid);
  } else {
    header_write_cid(wr, h->dcid);
    header_write_cid(wr, h->scid);
  }
  if (h->type == QUIC_PACKET_RETRY) {
    header_write_retry(h, v, wr);
  } else if (h->type == QUIC_PACKET_VERSION_NEGOTIATION) {
    quic_writer_bytes(wr, h->versions);
  } else if (h->type == QUIC_PACKET_INITIAL) {
    quic_writer_varint_width(wr, h->token.len, h->token_width);
    quic_writer_bytes(wr, h->token);
  }
  if (quic_packet_type_encrypted(h->type)) {
    quic_writer_varint_width(wr, h->length, h->length_width);
  }
}

static bool header_encodable(const quic_header *h, const quic_version *v) {
  if ((unsigned)h->type >= QUIC_PACKET_TYPES ||
      h->is_long != (h->type != QUIC_PACKET_1RTT) ||
      h->is_long != ((h->first & QUIC_FIRST_LONG) != 0)) {
    return false;
  }
  if (quic_packet_type_encrypted(h->type) && (h->pn_len < 1 || h->pn_len > 4)) {
    return false;
  }
  if (!h->is_long) {
    return true;
  }
  if (v && v->packed_cid_lengths) {
    return header_packable(h->dcid.len) && header_packable(h->scid.len) &&
           header_packable(h->odcid.len);
  }
  return h->dcid.len <= QUIC_CID_MAX_ANY && h->scid.len <= QUIC_CID_MAX_ANY &&
         h->odcid.len <= QUIC_CID_MAX_ANY && h->length <= QUIC_VARINT_MAX;
}

int quic_header_encode(const quic_header *h, quic_writer *wr) {
  const quic_version *v = NULL;
  uint8_t first = h->first;
  bool numbered = quic_packet_type_encrypted(h->type);

  if (h->is_long) {
    v = h->version_info ? h->version_info : quic_version_find(h->version);
  }
  if (!header_encodable(h, v)) {
    return QUIC_ERR_INVALID;
  }
  if (numbered) {
    first = (uint8_t)((first & ~HEADER_PN_LEN_MASK) | (h->pn_len - 1));
  } else if (h->type == QUIC_PACKET_RETRY && v && v->retry_odcid &&
             v->packed_cid_lengths) {
    first =
        (uint8_t)((first & ~HEADER_ODCID_MASK) | header_pack_len(h->odcid.len));
  }
  quic_writer_u8(wr, first);
  if (h->is_long) {
    header_write_long(h, v, wr);
  } else {
    quic_writer_bytes(wr, h->dcid);
  }
  if (numbered) {
    quic_writer_uint(wr, h->pn, h->pn_len);
  }
  return quic_writer_status(wr);
}
