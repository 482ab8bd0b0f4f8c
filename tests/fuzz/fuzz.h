#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

/* What the fuzz targets share.  A target checks more than that nothing
   crashes: what the headers promise is written down as FUZZ_CHECKs. */

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_broken(const char *what, const char *file, int line) {
  fprintf(stderr, "%s:%d: broken promise: %s\n", file, line, what);
  abort();
}

/* FUZZ_CHECK is an assert that no build leaves out. */
#define FUZZ_CHECK(cond)                                                       \
  ((cond) ? (void)0 : fuzz_broken(#cond, __FILE__, __LINE__))

/* fuzz_copy returns |data| in a block of exactly its size, so that a sanitizer
   sees the first octet read behind it; the caller frees it. */
static inline uint8_t *fuzz_copy(quic_bytes data) {
  uint8_t *copy = malloc(data.len);

  if (!copy && data.len) {
    abort();
  }
  if (data.len) {
    memcpy(copy, data.data, data.len);
  }
  return copy;
}

/* fuzz_inside tells whether |inner| lies in |outer|; empty lies anywhere. */
static inline bool fuzz_inside(quic_bytes outer, quic_bytes inner) {
  if (inner.len == 0) {
    return true;
  }
  return outer.len && inner.len <= outer.len && inner.data >= outer.data &&
         (size_t)(inner.data - outer.data) <= outer.len - inner.len;
}

/* fuzz_sum reads all of |data| and returns a checksum (FNV-1a). */
static inline uint64_t fuzz_sum(quic_bytes data) {
  uint64_t sum = UINT64_C(0xcbf29ce484222325);

  for (size_t i = 0; i < data.len; i++) {
    sum = (sum ^ data.data[i]) * UINT64_C(0x100000001b3);
  }
  return sum;
}

#endif /* !defined(TESTS_FUZZ_FUZZ_H) */
