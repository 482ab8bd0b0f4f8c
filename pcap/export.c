#include "pcap/export.h"

#include <stdarg.h>
#include <stdio.h>

void qd_export_name(qd_output *out, const char *path) {
  snprintf(out->subject, sizeof(out->subject), "%s", path);
}

void qd_export_note(qd_output *out, const char *fmt, ...) {
  va_list ap;

  va_start(ap, fmt);
  vsnprintf(out->note, sizeof(out->note), fmt, ap);
  va_end(ap);
}
