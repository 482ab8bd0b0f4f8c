#ifndef QUIC_BASE_BYTES_H
#define QUIC_BASE_BYTES_H

/* A borrowed run of bytes.  Whoever fills one says whose memory it is. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct quic_bytes {
  const uint8_t *data; /* NULL only when len is 0 */
  size_t len;          /* octets */
} quic_bytes;

static inline quic_bytes quic_bytes_of(const void *data, size_t len) {
  quic_bytes b = {(const uint8_t *)data, len};
  return b;
}

static inline bool quic_bytes_eq(quic_bytes a, quic_bytes b) {
  return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

#endif /* !defined(QUIC_BASE_BYTES_H) */
