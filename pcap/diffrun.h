#ifndef QD_DIFFRUN_H
#define QD_DIFFRUN_H

/* A run of --diff: reads both files, compares, and shows. */

#include "pcap/options.h"

/* qd_diff_run returns the exit status; QD_EXIT_NOTHING when no connection is in
   both. */
int qd_diff_run(const qd_options *opt);

#endif /* !defined(QD_DIFFRUN_H) */
