#include "pcap/reason.h"

static const struct {
  const char *name;
  const char *text;
} reason_table[QD_REASONS] = {
#define QD_REASON(code, name, text) {name, text},
#include "pcap/reason.def"
#undef QD_REASON
};

const char *qd_reason_name(qd_reason reason) {
  return reason_table[reason].name;
}

const char *qd_reason_text(qd_reason reason) {
  return reason_table[reason].text;
}
