#ifndef QD_BUDGET_H
#define QD_BUDGET_H

/* An allocator that knows how much it has given out, so that its user can let
   things go before memory is short. */

#include "base/mem.h"

typedef struct qd_budget {
  quic_mem mem; /* hand this on */
  const quic_mem *base;
  size_t used; /* octets given out, with what keeping count costs */
} qd_budget;

/* qd_budget_init makes |b| take its memory from |base|.  |b| must stay where it
   is while anything of it is in use. */
void qd_budget_init(qd_budget *b, const quic_mem *base);

#endif /* !defined(QD_BUDGET_H) */
