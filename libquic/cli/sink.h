#ifndef QUIC_CLI_SINK_H
#define QUIC_CLI_SINK_H

/* Where text goes: a descriptor behind a buffer.  The first write error is
   kept, and nothing is written after it. */

#include "base/text.h"

#define CLI_SINK_BUFFER (64 << 10)

typedef struct cli_sink {
  quic_text text; /* append here */
  int fd;
  int error; /* errno of the first failed write, 0 = none */
  char buffer[CLI_SINK_BUFFER];
} cli_sink;

/* cli_sink_init makes |sink| write to |fd|, which stays the caller's. */
void cli_sink_init(cli_sink *sink, int fd);

/* cli_sink_flush writes out what is buffered.  Returns 0, or the errno of the
   first failure. */
int cli_sink_flush(cli_sink *sink);

#endif /* !defined(QUIC_CLI_SINK_H) */
