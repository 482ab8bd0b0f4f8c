#ifndef QD_COVERAGE_H
#define QD_COVERAGE_H

/* The report of --why: which packets stayed closed, for want of what, and what
   is wrong with the key logs.  Keeps records of its own, for connections are
   forgotten before the end. */

#include "base/text.h"
#include "pcap/decoder.h"
#include "pcap/keyfiles.h"

#define QD_COVERAGE_CONNS_MAX 262144 /* connections told apart */
#define QD_COVERAGE_BLOCKS_MAX 16384 /* of them with closed packets */
#define QD_COVERAGE_LINES_MAX 65536  /* causes, of all connections */

typedef struct qd_coverage qd_coverage;

/* qd_coverage_new returns 0 or QUIC_ERR_NOMEM. */
int qd_coverage_new(qd_coverage **out, const quic_mem *mem) QUIC_MUST_USE;
void qd_coverage_del(qd_coverage *cov);

/* qd_coverage_packet counts |p|.  One with QD_NOTE_LATE takes back the closed
   one that it was before. */
void qd_coverage_packet(qd_coverage *cov, const qd_packet *p);

/* qd_coverage_report writes the report.  |keys| names the sources of |log| and
   says whether there are any; each may be NULL.  |evicted| and |given_up| are
   the decoder's. */
void qd_coverage_report(qd_coverage *cov, const qd_keyfiles *keys,
                        quic_keylog *log, const qd_decoder_stats *stats,
                        uint64_t evicted, uint64_t given_up, quic_text *out,
                        bool colour);

#endif /* !defined(QD_COVERAGE_H) */
