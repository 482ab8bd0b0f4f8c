#ifndef QD_GENERATIONS_H
#define QD_GENERATIONS_H

/* 1-RTT: generations of keys (RFC 9001 §6).  Only the files of the keyring
   include this. */

#include "pcap/attempt.h"

/* qd_generations_open opens a 1-RTT packet that |side| sent.  Returns what
   qd_keyring_open does. */
int qd_generations_open(const qd_attempt *at, qd_side side) QUIC_MUST_USE;

/* qd_generations_chill drops the key handles. */
void qd_generations_chill(qd_app *app);

#endif /* !defined(QD_GENERATIONS_H) */
