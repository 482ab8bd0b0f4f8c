/* Huffman code both ways: the input as code, and as what is to be coded. */

#include "qpack/huffman.h"
#include "tests/fuzz/fuzz.h"

/* encode writes |plain| as code to a block of just its size. */
static quic_bytes encode(quic_bytes plain) {
  size_t len = qpack_huffman_len(plain);
  uint8_t *code = malloc(len);
  quic_writer wr;

  quic_writer_init(&wr, code, len);
  qpack_huffman_encode(&wr, plain);
  FUZZ_CHECK(quic_writer_status(&wr) == 0 && quic_writer_len(&wr) == len);
  return quic_bytes_of(code, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy = fuzz_copy(quic_bytes_of(data, size));
  size_t room = qpack_huffman_decoded_max(size), len;
  uint8_t *plain = malloc(room);
  quic_bytes code;

  if (qpack_huffman_decode(quic_bytes_of(copy, size), plain, &len) == 0) {
    FUZZ_CHECK(len <= room && len >= size / 4);
    /* There is one code for a string. */
    code = encode(quic_bytes_of(plain, len));
    FUZZ_CHECK(quic_bytes_eq(code, quic_bytes_of(data, size)));
    free((void *)(uintptr_t)code.data);
  }
  free(plain);
  code = encode(quic_bytes_of(copy, size));
  plain = malloc(qpack_huffman_decoded_max(code.len));
  FUZZ_CHECK(qpack_huffman_decode(code, plain, &len) == 0);
  FUZZ_CHECK(
      quic_bytes_eq(quic_bytes_of(plain, len), quic_bytes_of(data, size)));
  free(plain);
  free((void *)(uintptr_t)code.data);
  free(copy);
  return 0;
}
