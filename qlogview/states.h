#ifndef QV_STATES_H
#define QV_STATES_H

/* qv_states numbers the names of states in the order in which they come, so
   that a series can hold them.  Number 0 is no state, "". */

#include "base/text.h"

#define QV_STATES_MAX 16 /* with 0, and the last for all that are too many */
#define QV_STATE_OCTETS 32

typedef struct qv_states {
  char text[QV_STATES_MAX][QV_STATE_OCTETS];
  const char *names[QV_STATES_MAX];
  size_t n;
} qv_states;

/* qv_states_init makes |s| know only "".  |s| must stay where it is. */
void qv_states_init(qv_states *s);

/* qv_states_number returns the number of |name|, which may come from outside:
   it is kept as quic_text_untrusted shows it, cut to fit.  NULL is "". */
size_t qv_states_number(qv_states *s, const char *name);

#endif /* !defined(QV_STATES_H) */
