#ifndef QUIC_CLI_PARA_H
#define QUIC_CLI_PARA_H

/* A paragraph: put together first, then wrapped between words. */

#include "base/text.h"

#define CLI_PARA_WIDTH 79
#define CLI_PARA_MAX 2048 /* octets; what is longer is cut */

typedef struct cli_para {
  quic_text text; /* append here */
  char buf[CLI_PARA_MAX];
} cli_para;

void cli_para_init(cli_para *para);

/* cli_para_put writes |para| and a line end to |out|, whose line has |column|
   columns already; further lines are indented by |indent|.  A word wider than
   the line is not broken. */
void cli_para_put(cli_para *para, quic_text *out, size_t column, size_t indent);

#endif /* !defined(QUIC_CLI_PARA_H) */
