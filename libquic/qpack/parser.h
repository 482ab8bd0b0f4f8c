#ifndef QUIC_QPACK_PARSER_H
#define QUIC_QPACK_PARSER_H

/* qpack_parser cuts an encoder or decoder stream into instructions, whatever
   the pieces it comes in.  It checks no rule.  Both ends use it, and who only
   watches.

     while ((rv = qpack_parser_next(&parser, &piece, &ins)) == 0) {
       ...
     }
     if (rv != QUIC_ERR_AGAIN) ...

   An instruction that a piece ends in is copied; for strings of the longest
   allowed length that is at most about eight times |max_string|. */

#include "base/mem.h"
#include "qpack/instruction.h"

typedef struct qpack_parser {
  const quic_mem *mem;
  qpack_family family; /* ENCODER or DECODER */
  uint64_t max_string; /* decoded octets of a string; may change any time */
  uint64_t start;      /* stream offset of the last instruction, or error */
  uint64_t len;        /* octets of the last instruction */
  uint8_t *held;       /* its beginning, when a piece ended in it */
  size_t held_len;
  size_t held_cap;
  uint64_t missing; /* octets to add to |held| before it is read again */
} qpack_parser;

/* qpack_parser_init starts at offset 0 of the stream (behind its type),
   without allocating. */
void qpack_parser_init(qpack_parser *parser, const quic_mem *mem,
                       qpack_family family, uint64_t max_string);
void qpack_parser_free(qpack_parser *parser);

/* qpack_parser_next takes one instruction off |*piece|, which goes on where the
   last piece ended; its strings borrow from the piece or the parser until the
   next call.  Returns 0; QUIC_ERR_AGAIN: the piece is used up;
   QUIC_ERR_MALFORMED or QUIC_ERR_LIMIT as qpack_instruction_read, and
   QUIC_ERR_NOMEM, after which the stream cannot go on. */
int qpack_parser_next(qpack_parser *parser, quic_bytes *piece,
                      qpack_instruction *ins) QUIC_MUST_USE;

#endif /* !defined(QUIC_QPACK_PARSER_H) */
