#ifndef QUIC_QPACK_HUFFMAN_H
#define QUIC_QPACK_HUFFMAN_H

/* Huffman code of strings, RFC 9204 §4.1.2, RFC 7541 §5.2 and appendix B. */

#include "base/writer.h"

/* qpack_huffman_len returns how many octets |plain| takes as code. */
size_t qpack_huffman_len(quic_bytes plain);

/* qpack_huffman_encode writes |plain| as code, padded to an octet. */
void qpack_huffman_encode(quic_writer *wr, quic_bytes plain);

/* qpack_huffman_decoded_max returns a bound of what |len| octets of code give:
   no code is shorter than 5 bits. */
static inline size_t qpack_huffman_decoded_max(size_t len) {
  return len / 5 * 8 + (len % 5 * 8) / 5;
}

/* qpack_huffman_decode writes what |code| means to |out|, which has room for
   qpack_huffman_decoded_max(code.len), and its length to |*len|.  Returns 0, or
   QUIC_ERR_MALFORMED: the EOS symbol is there, or the padding is longer than 7
   bits or not of ones. */
int qpack_huffman_decode(quic_bytes code, uint8_t *out,
                         size_t *len) QUIC_MUST_USE;

#endif /* !defined(QUIC_QPACK_HUFFMAN_H) */
