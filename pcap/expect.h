#ifndef QD_EXPECT_H
#define QD_EXPECT_H

/* --expect: an expression that every connection must fulfil, for tests and
   CI.  It speaks of what a connection was in the end. */

#include "analysis/filter.h"
#include "pcap/output.h"

/* The fields, for compiling an expression. */
extern const quic_filter_field qd_expect_fields[];
extern const size_t qd_expect_nfields;

/* qd_expect_new makes an output that evaluates |filter|, borrowed, made from
   |expr|, for every connection.  Returns 0 or QUIC_ERR_NOMEM. */
int qd_expect_new(qd_output **out, const qd_output_settings *settings,
                  const quic_filter *filter, const char *expr) QUIC_MUST_USE;

/* qd_expect_failed returns for how many connections the expression did not
   hold; |out| was made by qd_expect_new. */
uint64_t qd_expect_failed(const qd_output *out);

/* qd_expect_help writes what --help-expect shows. */
void qd_expect_help(quic_text *out);

#endif /* !defined(QD_EXPECT_H) */
