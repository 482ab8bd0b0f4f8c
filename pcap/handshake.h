#ifndef QD_HANDSHAKE_H
#define QD_HANDSHAKE_H

/* Follows the TLS handshake in CRYPTO frames and keeps what the rest of the
   decoder needs: client randoms, the suite, names, transport parameters. */

#include "crypto/keylog.h"
#include "pcap/conn.h"

/* qd_handshake_crypto takes one CRYPTO frame's |data| at |offset| that |side|
   sent at |level|.  Messages that it completes are noted in |p|.  |keylog| is
   asked for each new client random.  Returns 0 or QUIC_ERR_NOMEM; what the
   frame breaks is noted in |p|, never an error. */
int qd_handshake_crypto(qd_conn *conn, qd_packet *p, qd_level level,
                        uint64_t offset, quic_bytes data,
                        quic_keylog *keylog) QUIC_MUST_USE;

/* qd_handshake_chlo looks for the client hello of Google QUIC in |p|. */
void qd_handshake_chlo(qd_conn *conn, qd_packet *p);

/* qd_handshake_contradicts: the CRYPTO frames in |payload| of a client's
   Initial are not those of |conn|'s ClientHello. */
bool qd_handshake_contradicts(const qd_conn *conn, quic_bytes payload);

#endif /* !defined(QD_HANDSHAKE_H) */
