#include "tests/support/octets.h"

#include <stdlib.h>

static unsigned octets_digit(char c) {
  static const char digits[] = "0123456789abcdef";
  const char *p = c ? strchr(digits, c) : NULL;

  if (!p) {
    abort();
  }
  return (unsigned)(p - digits);
}

quic_bytes octets_hex(const char *hex, uint8_t *out, size_t cap) {
  size_t n = 0;

  for (; *hex; hex++) {
    if (*hex == ' ') {
      continue;
    }
    if (n == cap) {
      abort();
    }
    out[n] = (uint8_t)(octets_digit(hex[0]) << 4 | octets_digit(hex[1]));
    n++;
    hex++;
  }
  return quic_bytes_of(out, n);
}

uint8_t *octets_exact(const void *data, size_t len) {
  uint8_t *p = malloc(len ? len : 1);

  if (!p) {
    abort();
  }
  if (len) {
    memcpy(p, data, len);
  }
  return p;
}
