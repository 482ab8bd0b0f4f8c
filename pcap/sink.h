#ifndef QD_SINK_H
#define QD_SINK_H

/* Where text goes: a descriptor behind a buffer.  The first write error is
   kept, and nothing is written after it. */

#include "base/text.h"

#define QD_SINK_BUFFER (64 << 10)

typedef struct qd_sink {
  quic_text text; /* append here */
  int fd;
  int error; /* errno of the first failed write, 0 = none */
  char buffer[QD_SINK_BUFFER];
} qd_sink;

/* qd_sink_init makes |sink| write to |fd|, which stays the caller's. */
void qd_sink_init(qd_sink *sink, int fd);

/* qd_sink_flush writes out what is buffered.  Returns 0, or the errno of the
   first failure. */
int qd_sink_flush(qd_sink *sink);

#endif /* !defined(QD_SINK_H) */
