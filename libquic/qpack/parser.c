#include "qpack/parser.h"

void qpack_parser_init(qpack_parser *parser, const quic_mem *mem,
                       qpack_family family, uint64_t max_string) {
  memset(parser, 0, sizeof(*parser));
  parser->mem = mem;
  parser->family = family;
  parser->max_string = max_string;
}

void qpack_parser_free(qpack_parser *parser) {
  quic_mem_free(parser->mem, parser->held);
  qpack_parser_init(parser, parser->mem, parser->family, parser->max_string);
}

/* parser_hold moves |n| octets from |piece| behind what is held. */
static int parser_hold(qpack_parser *parser, quic_bytes *piece, size_t n) {
  void *held = parser->held;
  int rv = quic_mem_grow(parser->mem, &held, &parser->held_cap,
                         parser->held_len + n, 1);

  if (rv) {
    return rv;
  }
  parser->held = held;
  memcpy(parser->held + parser->held_len, piece->data, n);
  parser->held_len += n;
  piece->data += n;
  piece->len -= n;
  return 0;
}

/* parser_read reads the instruction that |from| begins with. */
static int parser_read(qpack_parser *parser, quic_bytes from,
                       qpack_instruction *ins) {
  quic_reader rd;
  int rv;

  quic_reader_init(&rd, from.data, from.len);
  rv = qpack_instruction_read(ins, parser->family, &rd, parser->max_string,
                              &parser->missing);
  if (rv == 0) {
    parser->len = quic_reader_offset(&rd);
  }
  return rv;
}

int qpack_parser_next(qpack_parser *parser, quic_bytes *piece,
                      qpack_instruction *ins) {
  int rv;

  parser->start += parser->len;
  parser->len = 0;
  if (piece->len == 0) {
    return QUIC_ERR_AGAIN;
  }
  if (parser->held_len == 0) {
    rv = parser_read(parser, *piece, ins);
    if (rv == 0) {
      piece->data += parser->len;
      piece->len -= (size_t)parser->len;
    }
    if (rv != QUIC_ERR_SHORT) {
      return rv;
    }
    rv = parser_hold(parser, piece, piece->len);
    return rv ? rv : QUIC_ERR_AGAIN;
  }
  /* No octet more than what is missing is taken, so that the instruction ends
     where |held| does; it is read again as often as its parts are, not for
     every octet of a string. */
  while (piece->len) {
    size_t n =
        piece->len < parser->missing ? piece->len : (size_t)parser->missing;

    rv = parser_hold(parser, piece, n);
    if (rv) {
      return rv;
    }
    parser->missing -= n;
    if (parser->missing) {
      break;
    }
    rv =
        parser_read(parser, quic_bytes_of(parser->held, parser->held_len), ins);
    if (rv == 0) {
      parser->held_len = 0; /* its octets stay until the next call */
    }
    if (rv != QUIC_ERR_SHORT) {
      return rv;
    }
  }
  return QUIC_ERR_AGAIN;
}
