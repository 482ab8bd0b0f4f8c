#ifndef QD_OUT_DIFF_H
#define QD_OUT_DIFF_H

/* What --diff puts in and shows. */

#include "pcap/diff.h"
#include "pcap/output.h"

/* qd_output_diff_new makes an output that hands the packets of a capture to
   |diff| as record |which|.  Returns 0 or QUIC_ERR_NOMEM. */
int qd_output_diff_new(qd_output **out, const quic_mem *mem, qd_diff *diff,
                       qd_diff_which which) QUIC_MUST_USE;

/* qd_diff_report writes what qd_diff_match found to |t|, as text or as lines of
   JSON, and stores how many connections are in both.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qd_diff_report(qd_diff *d, quic_text *t, bool json, bool colour,
                   size_t *pairs) QUIC_MUST_USE;

#endif /* !defined(QD_OUT_DIFF_H) */
