#ifndef QUIC_CLI_FIELDHELP_H
#define QUIC_CLI_FIELDHELP_H

#include "analysis/filter.h"
#include "base/text.h"

/* cli_fieldhelp lists fields of the filter language with what they mean, and
   below each its symbols. */
void cli_fieldhelp(quic_text *out, const quic_filter_field *fields,
                   size_t nfields);

#endif /* !defined(QUIC_CLI_FIELDHELP_H) */
