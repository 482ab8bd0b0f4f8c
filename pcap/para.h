#ifndef QD_PARA_H
#define QD_PARA_H

/* A paragraph: put together first, then wrapped between words. */

#include "base/text.h"

#define QD_PARA_WIDTH 79
#define QD_PARA_MAX 2048 /* octets; what is longer is cut */

typedef struct qd_para {
  quic_text text; /* append here */
  char buf[QD_PARA_MAX];
} qd_para;

void qd_para_init(qd_para *para);

/* qd_para_put writes |para| and a line end to |out|, whose line has |column|
   columns already; further lines are indented by |indent|.  A word wider than
   the line is not broken. */
void qd_para_put(qd_para *para, quic_text *out, size_t column, size_t indent);

#endif /* !defined(QD_PARA_H) */
