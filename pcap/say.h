#ifndef QD_SAY_H
#define QD_SAY_H

/* What the application says, in words for people: HTTP/3 frames, stream types,
   datagrams, and rules that were broken. */

#include "cli/colour.h"
#include "qlog/event.h"

/* Events are told before the packet that carries them; what is said of them
   waits here.  Text that does not fit is cut. */
#define QD_ASIDE_MAX 16384

typedef struct qd_aside {
  quic_text text;
  char buffer[QD_ASIDE_MAX];
} qd_aside;

static inline void qd_aside_clear(qd_aside *a) {
  quic_text_init(&a->text, a->buffer, sizeof(a->buffer));
}

/* qd_say_line appends "  h3 0 HEADERS GET https://example.com/" for events of
   the application, nothing for others. */
void qd_say_line(quic_text *t, const qlog_event *e, bool colour);

/* qd_say_lines appends indented lines with everything that |e| tells. */
void qd_say_lines(quic_text *t, const qlog_event *e, bool colour);

#endif /* !defined(QD_SAY_H) */
