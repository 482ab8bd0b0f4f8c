#include "qlogview/csv.h"

static bool csv_plain(quic_bytes b) {
  for (size_t i = 0; i < b.len; i++) {
    if (b.data[i] == ',' || b.data[i] == '"') {
      return false;
    }
  }
  return b.len == 0 || (b.data[0] != ' ' && b.data[b.len - 1] != ' ');
}

void qv_csv_text(quic_text *t, quic_bytes b) {
  size_t from = 0;

  if (csv_plain(b)) {
    quic_text_untrusted(t, b, 0);
    return;
  }
  quic_text_char(t, '"');
  for (size_t i = 0; i < b.len; i++) {
    if (b.data[i] == '"') {
      quic_text_untrusted(t, quic_bytes_of(b.data + from, i - from), 0);
      quic_text_str(t, "\"\"");
      from = i + 1;
    }
  }
  quic_text_untrusted(t, quic_bytes_of(b.data + from, b.len - from), 0);
  quic_text_char(t, '"');
}

void qv_csv_str(quic_text *t, const char *s) {
  qv_csv_text(t, quic_bytes_of(s, strlen(s)));
}
