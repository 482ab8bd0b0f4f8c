#ifndef QD_DIFF_QLOG_H
#define QD_DIFF_QLOG_H

/* Takes the qlog of an endpoint as one of the two records of --diff. */

#include "pcap/diff.h"

#define QD_DIFF_QLOG_PROBLEM 200 /* octets of what went wrong */

/* qd_diff_is_qlog looks at the first octets of the file |path|: a capture does
   not begin as JSON does. */
bool qd_diff_is_qlog(const char *path);

/* qd_diff_qlog reads |path|; the packets of its connections go to |d| as record
   |which|.  Returns 0, or -1 with the reason in |problem|; what was read before
   counts. */
int qd_diff_qlog(qd_diff *d, const quic_mem *mem, const uint64_t seed[2],
                 qd_diff_which which, const char *path,
                 char problem[QD_DIFF_QLOG_PROBLEM]) QUIC_MUST_USE;

#endif /* !defined(QD_DIFF_QLOG_H) */
