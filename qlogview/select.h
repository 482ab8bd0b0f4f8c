#ifndef QV_SELECT_H
#define QV_SELECT_H

/* The fields of --filter: what can be asked of an event. */

#include "analysis/filter.h"
#include "qlogview/load.h"

typedef struct qv_select {
  const quic_mem *mem;
  quic_filter *filter; /* NULL: everything fits */
} qv_select;

/* qv_select_init compiles |expr|; NULL selects everything.  Returns 0, or -1
   after a complaint. */
int qv_select_init(qv_select *s, const quic_mem *mem,
                   const char *expr) QUIC_MUST_USE;
void qv_select_free(qv_select *s);

bool qv_select_match(const qv_select *s, const qv_connection *c,
                     const qlog_record *record);

/* qv_select_help lists the fields and their symbols. */
void qv_select_help(quic_text *out);

#endif /* !defined(QV_SELECT_H) */
