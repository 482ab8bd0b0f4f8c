#ifndef QUIC_CLI_COLOUR_H
#define QUIC_CLI_COLOUR_H

/* Colours of a terminal, by what they say. */

#include "base/text.h"

typedef enum cli_colour {
  CLI_COLOUR_NONE,
  CLI_COLOUR_DIM,
  CLI_COLOUR_BOLD,
  CLI_COLOUR_BAD, /* closed packets, errors, connection closes */
  CLI_COLOUR_NOTE,
  CLI_COLOUR_INITIAL,
  CLI_COLOUR_EARLY,
  CLI_COLOUR_HANDSHAKE,
  CLI_COLOUR_APP,
  CLI_COLOURS
} cli_colour;

/* cli_colour_on starts |colour| in |t| if |enabled|; CLI_COLOUR_NONE ends all.
 */
void cli_colour_on(quic_text *t, bool enabled, cli_colour colour);

static inline void cli_colour_off(quic_text *t, bool enabled) {
  cli_colour_on(t, enabled, CLI_COLOUR_NONE);
}

#endif /* !defined(QUIC_CLI_COLOUR_H) */
