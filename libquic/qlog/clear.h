#ifndef QUIC_QLOG_CLEAR_H
#define QUIC_QLOG_CLEAR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* qlog_clear sets |n| octets to 0, for structs that are cleared with each
   record: of a memset of this size compilers make an instruction that takes
   longer to start than these few stores. */
static inline void qlog_clear(void *p, size_t n) {
  uint8_t *at = (uint8_t *)p;

  for (; n >= 64; n -= 64, at += 64) {
    memset(at, 0, 64);
  }
  if (n) {
    memset(at, 0, n);
  }
}

#endif /* !defined(QUIC_QLOG_CLEAR_H) */
