#ifndef QD_FIELDHELP_H
#define QD_FIELDHELP_H

#include "analysis/filter.h"
#include "base/text.h"

/* qd_fieldhelp lists fields of the filter language with what they mean, and
   below each its symbols. */
void qd_fieldhelp(quic_text *out, const quic_filter_field *fields,
                  size_t nfields);

#endif /* !defined(QD_FIELDHELP_H) */
