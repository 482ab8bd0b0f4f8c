#ifndef QUIC_QPACK_HUFFMAN_TABLE_H
#define QUIC_QPACK_HUFFMAN_TABLE_H

/* The code of RFC 7541 appendix B, for huffman.c.  It is canonical: codes of
   one length are consecutive in the order of their symbols, and codes that are
   longer are larger when both are aligned to the left. */

#include <stdint.h>

/* How an octet is coded. */
typedef struct qpack_huffman_code {
  uint32_t code; /* aligned to the right */
  uint8_t len;   /* bits, 5 to 30 */
} qpack_huffman_code;

extern const qpack_huffman_code qpack_huffman_codes[256];

/* The code that 8 bits begin with, when it is not longer than they are; else
   |len| is 0. */
typedef struct qpack_huffman_step {
  uint8_t symbol;
  uint8_t len;
} qpack_huffman_step;

extern const qpack_huffman_step qpack_huffman_short[256];

/* The codes of one length above 8 bits. */
typedef struct qpack_huffman_row {
  uint32_t limit; /* what is behind the last one, 32 bits aligned to the left */
  uint32_t first; /* the first one, aligned to the right */
  uint8_t start;  /* where its symbols start in qpack_huffman_long_symbols */
  uint8_t len;
} qpack_huffman_row;

#define QPACK_HUFFMAN_ROWS 17
#define QPACK_HUFFMAN_LONG 182

extern const qpack_huffman_row qpack_huffman_rows[QPACK_HUFFMAN_ROWS];
extern const uint8_t qpack_huffman_long_symbols[QPACK_HUFFMAN_LONG];

#endif /* !defined(QUIC_QPACK_HUFFMAN_TABLE_H) */
