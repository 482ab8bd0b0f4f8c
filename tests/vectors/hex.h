#ifndef TESTS_VECTORS_HEX_H
#define TESTS_VECTORS_HEX_H

/* Vectors are written as hexadecimal text. */

#include <stdint.h>
#include <string.h>

/* hex_bytes decodes |hex| (trusted, even length) to |out| and returns the
   number of octets. */
static inline size_t hex_bytes(const char *hex, uint8_t *out) {
  static const char digits[] = "0123456789abcdef";
  size_t len = strlen(hex) / 2;

  for (size_t i = 0; i < len; i++) {
    size_t hi = (size_t)(strchr(digits, hex[2 * i]) - digits);
    size_t lo = (size_t)(strchr(digits, hex[2 * i + 1]) - digits);

    out[i] = (uint8_t)(hi << 4 | lo);
  }
  return len;
}

#endif /* !defined(TESTS_VECTORS_HEX_H) */
