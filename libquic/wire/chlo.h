#ifndef QUIC_WIRE_CHLO_H
#define QUIC_WIRE_CHLO_H

/* The client hello of Google QUIC (its "QUIC Crypto" handshake), which
   travelled in the clear up to Q046: a message tag, a count, and a list of tags
   with the offsets where their values end, all little endian. */

#include "base/bytes.h"

/* quic_chlo_sni finds a CHLO in |datagram| and stores its server name, borrowed
   from it.  Returns false when there is none. */
bool quic_chlo_sni(quic_bytes datagram, quic_bytes *sni);

#endif /* !defined(QUIC_WIRE_CHLO_H) */
