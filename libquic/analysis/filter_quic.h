#ifndef QUIC_ANALYSIS_FILTER_QUIC_H
#define QUIC_ANALYSIS_FILTER_QUIC_H

/* What the filters of all programs know of frames and errors. */

#include "analysis/filter.h"
#include "wire/frame.h"

/* Symbols, for quic_filter_field: names of frame types; names of transport
   errors, TLS alerts and errors of HTTP/3. */
bool quic_filter_frame_symbol(size_t i, quic_filter_symbol *out);
bool quic_filter_error_symbol(size_t i, quic_filter_symbol *out);

/* Values of the fields with these symbols.  Each returns true when no further
   value is needed. */
bool quic_filter_frame_type(const quic_frame *f, quic_filter_visitor *v);
bool quic_filter_frame_streams(const quic_frame *f, quic_filter_visitor *v);
bool quic_filter_frame_errors(const quic_frame *f, quic_filter_visitor *v);
bool quic_filter_error_code(bool app, uint64_t code, quic_filter_visitor *v);

#endif /* !defined(QUIC_ANALYSIS_FILTER_QUIC_H) */
