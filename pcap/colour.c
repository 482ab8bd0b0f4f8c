#include "pcap/colour.h"

void qd_colour_on(quic_text *t, bool enabled, qd_colour colour) {
  static const char *const codes[QD_COLOURS] = {
      [QD_COLOUR_NONE] = "\033[0m",   [QD_COLOUR_DIM] = "\033[2m",
      [QD_COLOUR_BOLD] = "\033[1m",   [QD_COLOUR_BAD] = "\033[31m",
      [QD_COLOUR_NOTE] = "\033[33m",  [QD_COLOUR_INITIAL] = "\033[36m",
      [QD_COLOUR_EARLY] = "\033[35m", [QD_COLOUR_HANDSHAKE] = "\033[34m",
      [QD_COLOUR_APP] = "\033[32m",
  };

  if (enabled) {
    quic_text_str(t, codes[colour]);
  }
}
