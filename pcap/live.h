#ifndef QD_LIVE_H
#define QD_LIVE_H

/* Capture from an interface, by libpcap.  Privileges are given up after the
   interface is open and before the first octet is decoded. */

#include "pcap/session.h"

/* qd_live_run captures until SIGINT, SIGTERM or -c ends it.  Returns the exit
   status; errors are printed in one line. */
int qd_live_run(qd_session *se, const qd_options *opt);

#endif /* !defined(QD_LIVE_H) */
