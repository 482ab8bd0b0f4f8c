#ifndef QD_FOLLOW_H
#define QD_FOLLOW_H

/* Which stream is to be followed, and how: the argument of --follow,
   CONN:STREAM[:c|s][:raw|hex|text|http]. */

#include "base/err.h"
#include "pcap/output.h"

typedef enum qd_follow_format {
  QD_FOLLOW_TEXT, /* lines are kept, the rest is escaped */
  QD_FOLLOW_HEX,
  QD_FOLLOW_RAW,
  QD_FOLLOW_HTTP /* header sections as lines, and the content */
} qd_follow_format;

typedef struct qd_follow {
  uint32_t conn;
  uint64_t stream;
  bool sides[QD_SIDES]; /* whose octets are wanted */
  qd_follow_format format;
} qd_follow;

typedef struct qd_follow_error {
  size_t column; /* 0-based */
  char text[128];
} qd_follow_error;

/* qd_follow_parse reads |spec|.  Without a format that is raw when one side was
   named and |terminal| is false, else text.  Returns 0, or QUIC_ERR_INVALID
   with |*error|: what is wrong and what helps. */
int qd_follow_parse(qd_follow *what, const char *spec, bool terminal,
                    qd_follow_error *error) QUIC_MUST_USE;

/* qd_output_follow_new shows the stream |what|, which is copied.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qd_output_follow_new(qd_output **out, const qd_output_settings *settings,
                         const qd_follow *what) QUIC_MUST_USE;

#endif /* !defined(QD_FOLLOW_H) */
