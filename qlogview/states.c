#include "qlogview/states.h"

#define STATES_READ 28 /* octets of a name; what is cut becomes "..." */

static size_t states_add(qv_states *s, const char *name) {
  size_t i = s->n++;
  quic_text t;

  quic_text_init(&t, s->text[i], QV_STATE_OCTETS);
  quic_text_str(&t, name);
  s->names[i] = quic_text_cstr(&t);
  return i;
}

void qv_states_init(qv_states *s) {
  *s = (qv_states){.n = 0};
  states_add(s, "");
}

size_t qv_states_number(qv_states *s, const char *name) {
  char shown[QV_STATE_OCTETS * 8];
  quic_text t;

  if (!name) {
    return 0;
  }
  quic_text_init(&t, shown, sizeof(shown));
  quic_text_untrusted(&t, quic_bytes_of(name, strlen(name)), STATES_READ);
  if (t.len >= QV_STATE_OCTETS) { /* escapes, which are ASCII mostly */
    t.len = QV_STATE_OCTETS - 1;
  }
  quic_text_cstr(&t);
  for (size_t i = 0; i < s->n; i++) {
    if (strcmp(s->names[i], shown) == 0) {
      return i;
    }
  }
  if (s->n == QV_STATES_MAX) {
    return QV_STATES_MAX - 1;
  }
  return states_add(s, s->n == QV_STATES_MAX - 1 ? "other" : shown);
}
