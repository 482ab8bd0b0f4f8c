#ifndef QUIC_WIRE_PKTNUM_H
#define QUIC_WIRE_PKTNUM_H

/* Packet number encoding (RFC 9000 §17.1, appendix A). */

#include <stddef.h>
#include <stdint.h>

#define QUIC_PKTNUM_NONE UINT64_MAX /* "no packet yet" */

/* quic_pktnum_decode rebuilds a packet number from its |len| (1 to 4) low
   octets |truncated|, given the |largest| one processed in the space
   (QUIC_PKTNUM_NONE: none).  RFC 9000 A.3. */
uint64_t quic_pktnum_decode(uint64_t largest, uint64_t truncated, size_t len);

/* quic_pktnum_len returns how many octets (1 to 4) |pn| needs when
   |largest_acked| (or QUIC_PKTNUM_NONE) was acknowledged.  RFC 9000 A.2. */
size_t quic_pktnum_len(uint64_t pn, uint64_t largest_acked);

#endif /* !defined(QUIC_WIRE_PKTNUM_H) */
