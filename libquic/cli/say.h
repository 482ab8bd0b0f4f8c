#ifndef QUIC_CLI_SAY_H
#define QUIC_CLI_SAY_H

/* What the application says, in words for people: HTTP/3 frames, stream types,
   datagrams, and rules that were broken. */

#include "cli/colour.h"
#include "qlog/event.h"

/* Events are told before the packet that carries them; what is said of them
   waits here.  Text that does not fit is cut. */
#define CLI_ASIDE_MAX 16384

typedef struct cli_aside {
  quic_text text;
  char buffer[CLI_ASIDE_MAX];
} cli_aside;

static inline void cli_aside_clear(cli_aside *a) {
  quic_text_init(&a->text, a->buffer, sizeof(a->buffer));
}

/* cli_say_line appends "  h3 0 HEADERS GET https://example.com/" for events of
   the application, nothing for others. */
void cli_say_line(quic_text *t, const qlog_event *e, bool colour);

/* cli_say_lines appends indented lines with everything that |e| tells. */
void cli_say_lines(quic_text *t, const qlog_event *e, bool colour);

#endif /* !defined(QUIC_CLI_SAY_H) */
