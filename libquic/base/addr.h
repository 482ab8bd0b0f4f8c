#ifndef QUIC_BASE_ADDR_H
#define QUIC_BASE_ADDR_H

/* An IP address with a UDP port. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct quic_addr {
  uint8_t ip[16]; /* network order; IPv4 uses the first 4, the rest is 0 */
  uint16_t port;  /* host order */
  uint8_t family; /* 4, 6, or 0 = none */
} quic_addr;

#define QUIC_ADDR_TEXT 56 /* octets that quic_addr_text needs at most */

bool quic_addr_eq(const quic_addr *a, const quic_addr *b);

/* quic_addr_text writes "10.0.0.1:443" or "[2001:db8::1]:443" (RFC 5952) with
   a NUL into |out| of |cap| octets and returns |out|.  Cut when too small. */
char *quic_addr_text(const quic_addr *a, char *out, size_t cap);

#endif /* !defined(QUIC_BASE_ADDR_H) */
