#include "wire/pktnum.h"

#define PKTNUM_LIMIT (UINT64_C(1) << 62) /* numbers are below it */

uint64_t quic_pktnum_decode(uint64_t largest, uint64_t truncated, size_t len) {
  uint64_t expected = largest == QUIC_PKTNUM_NONE ? 0 : largest + 1;
  uint64_t window = UINT64_C(1) << (8 * len);
  uint64_t half = window / 2;
  uint64_t candidate = (expected & ~(window - 1)) | truncated;

  if (candidate + half <= expected && candidate < PKTNUM_LIMIT - window) {
    return candidate + window;
  }
  if (candidate > expected + half && candidate >= window) {
    return candidate - window;
  }
  return candidate;
}

size_t quic_pktnum_len(uint64_t pn, uint64_t largest_acked) {
  uint64_t unacked =
      largest_acked == QUIC_PKTNUM_NONE ? pn + 1 : pn - largest_acked;
  size_t len = 1;

  /* The window must be more than twice what is unacknowledged. */
  while (len < 4 && unacked > UINT64_C(1) << (8 * len - 1)) {
    len++;
  }
  return len;
}
