#include "cli/complain.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define COMPLAIN_MAX 2048 /* octets of a line before it is escaped */

void cli_complain_va(const char *fmt, va_list ap) {
  char raw[COMPLAIN_MAX];
  char line[8 * COMPLAIN_MAX];
  quic_text t;

  vsnprintf(raw, sizeof(raw), fmt, ap);
  quic_text_init(&t, line, sizeof(line));
  quic_text_untrusted(&t, quic_bytes_of(raw, strlen(raw)), 0);
  fprintf(stderr, "%s: %s\n", program_invocation_short_name,
          quic_text_cstr(&t));
}

void cli_complain(const char *fmt, ...) {
  va_list ap;

  va_start(ap, fmt);
  cli_complain_va(fmt, ap);
  va_end(ap);
}
