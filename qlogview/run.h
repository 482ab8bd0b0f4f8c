#ifndef QV_RUN_H
#define QV_RUN_H

/* qv_run does what the command line asks for and returns the exit status. */

#include "qlogview/options.h"

int qv_run(const qv_options *opt);

#endif /* !defined(QV_RUN_H) */
