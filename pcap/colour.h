#ifndef QD_COLOUR_H
#define QD_COLOUR_H

/* Colours of a terminal, by what they say. */

#include "base/text.h"

typedef enum qd_colour {
  QD_COLOUR_NONE,
  QD_COLOUR_DIM,
  QD_COLOUR_BOLD,
  QD_COLOUR_BAD, /* closed packets, errors, connection closes */
  QD_COLOUR_NOTE,
  QD_COLOUR_INITIAL,
  QD_COLOUR_EARLY,
  QD_COLOUR_HANDSHAKE,
  QD_COLOUR_APP,
  QD_COLOURS
} qd_colour;

/* qd_colour_on starts |colour| in |t| if |enabled|; QD_COLOUR_NONE ends all. */
void qd_colour_on(quic_text *t, bool enabled, qd_colour colour);

static inline void qd_colour_off(quic_text *t, bool enabled) {
  qd_colour_on(t, enabled, QD_COLOUR_NONE);
}

#endif /* !defined(QD_COLOUR_H) */
