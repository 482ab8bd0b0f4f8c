#ifndef QUIC_CRYPTO_WIPE_H
#define QUIC_CRYPTO_WIPE_H

#include <stddef.h>

/* quic_wipe clears |len| octets of key material; the volatile access keeps the
   compiler from dropping stores to memory that dies. */
static inline void quic_wipe(void *data, size_t len) {
  volatile unsigned char *p = data;

  while (len-- > 0) {
    *p++ = 0;
  }
}

#endif /* !defined(QUIC_CRYPTO_WIPE_H) */
