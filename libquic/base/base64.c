#include "base/base64.h"

/* Octets that are turned into text at a time; a multiple of 3. */
#define BASE64_PIECE 192

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* base64_group writes the 4 digits of |n| (1 to 3) octets at |p|. */
static void base64_group(char *out, const uint8_t *p, size_t n) {
  uint32_t v = (uint32_t)p[0] << 16;

  v |= n > 1 ? (uint32_t)p[1] << 8 : 0;
  v |= n > 2 ? p[2] : 0;
  out[0] = base64_digits[v >> 18];
  out[1] = base64_digits[v >> 12 & 63];
  out[2] = n > 1 ? base64_digits[v >> 6 & 63] : '=';
  out[3] = n > 2 ? base64_digits[v & 63] : '=';
}

void quic_base64(quic_text *t, quic_bytes b) {
  char out[BASE64_PIECE / 3 * 4];
  size_t len = 0;

  for (size_t i = 0; i < b.len; i += 3) {
    base64_group(out + len, b.data + i, b.len - i < 3 ? b.len - i : 3);
    len += 4;
    if (len == sizeof(out)) {
      quic_text_mem(t, out, len);
      len = 0;
    }
  }
  quic_text_mem(t, out, len);
}
