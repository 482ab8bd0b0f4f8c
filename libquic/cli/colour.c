#include "cli/colour.h"

void cli_colour_on(quic_text *t, bool enabled, cli_colour colour) {
  static const char *const codes[CLI_COLOURS] = {
      [CLI_COLOUR_NONE] = "\033[0m",   [CLI_COLOUR_DIM] = "\033[2m",
      [CLI_COLOUR_BOLD] = "\033[1m",   [CLI_COLOUR_BAD] = "\033[31m",
      [CLI_COLOUR_NOTE] = "\033[33m",  [CLI_COLOUR_INITIAL] = "\033[36m",
      [CLI_COLOUR_EARLY] = "\033[35m", [CLI_COLOUR_HANDSHAKE] = "\033[34m",
      [CLI_COLOUR_APP] = "\033[32m",
  };

  if (enabled) {
    quic_text_str(t, codes[colour]);
  }
}
