#ifndef QV_LISTS_H
#define QV_LISTS_H

/* qv_lists says what there is to ask for: views, series, fields of the filter.
   Returns the exit status. */

#include "qlogview/options.h"

int qv_lists(const qv_options *opt);

#endif /* !defined(QV_LISTS_H) */
