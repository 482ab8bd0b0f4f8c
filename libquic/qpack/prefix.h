#ifndef QUIC_QPACK_PREFIX_H
#define QUIC_QPACK_PREFIX_H

/* Integers and strings that begin in the low bits of an octet, RFC 9204 §4.1,
   RFC 7541 §5. */

#include "base/reader.h"
#include "base/writer.h"

/* The largest integer that is read or written, §4.1.1: 62 bits. */
#define QPACK_PREFIX_MAX ((UINT64_C(1) << 62) - 1)

/* Octets that an integer takes at most. */
#define QPACK_PREFIX_OCTETS 10

/* A string.  When read, |huffman| and |coded| are the same: |data| is as on the
   wire.  When written, |huffman| without |coded| has |data| coded. */
typedef struct qpack_string {
  quic_bytes data;
  bool huffman;  /* the H bit */
  bool coded;    /* |data| is Huffman code, good or bad */
  size_t octets; /* of |data| when it will be coded, or 0: not counted yet */
} qpack_string;

/* qpack_prefix_more reads the octets behind a full prefix and adds them to
   |*value|; use qpack_prefix_read. */
int qpack_prefix_more(quic_reader *rd, uint64_t *value) QUIC_MUST_USE;

/* qpack_prefix_read reads an integer whose first octet was |first|, in the low
   |bits| (1 to 8) of it.  Returns 0, QUIC_ERR_SHORT (|rd| has failed), or
   QUIC_ERR_MALFORMED: above 62 bits, or padded with zeros beyond that. */
static inline int qpack_prefix_read(quic_reader *rd, uint8_t first,
                                    unsigned bits, uint64_t *value) {
  uint64_t full = (UINT64_C(1) << bits) - 1;

  *value = first & full;
  return *value < full ? 0 : qpack_prefix_more(rd, value);
}

/* qpack_prefix_len returns the octets of |value| behind a prefix of |bits|. */
size_t qpack_prefix_len(unsigned bits, uint64_t value);

/* qpack_prefix_write writes |value|, with the bits of |first| above it. */
void qpack_prefix_write(quic_writer *wr, uint8_t first, unsigned bits,
                        uint64_t value);

/* qpack_string_read reads a string whose first octet was |first|: the H bit,
   and under it |bits| of the length.  |str| borrows from |rd|.  Returns 0,
   QUIC_ERR_SHORT with at least |*missing| octets wanting, QUIC_ERR_MALFORMED
   (its length), or QUIC_ERR_LIMIT: longer than |max| octets when decoded. */
int qpack_string_read(quic_reader *rd, uint8_t first, unsigned bits,
                      uint64_t max, qpack_string *str,
                      uint64_t *missing) QUIC_MUST_USE;

/* qpack_string_len returns the octets that |str| takes, with its length. */
size_t qpack_string_len(unsigned bits, const qpack_string *str);

/* qpack_string_write writes |str|; |first| has the bits above H. */
void qpack_string_write(quic_writer *wr, uint8_t first, unsigned bits,
                        const qpack_string *str);

/* qpack_string_plain returns |plain| to be written in the shorter form, which
   is Huffman code if |huffman| allows it and it saves an octet. */
qpack_string qpack_string_plain(quic_bytes plain, bool huffman);

/* qpack_string_room returns a bound of the decoded length. */
size_t qpack_string_room(const qpack_string *str);

/* qpack_string_decode gives the octets that |str|, read from the wire, stands
   for: its own, or decoded ones in |out|, which has qpack_string_room.  Returns
   0, or QUIC_ERR_MALFORMED: bad Huffman code. */
int qpack_string_decode(const qpack_string *str, uint8_t *out,
                        quic_bytes *plain) QUIC_MUST_USE;

#endif /* !defined(QUIC_QPACK_PREFIX_H) */
