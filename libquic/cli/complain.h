#ifndef QUIC_CLI_COMPLAIN_H
#define QUIC_CLI_COMPLAIN_H

/* Lines on standard error.  What they quote may come from anywhere, so the
   whole line is escaped for the terminal. */

#include <stdarg.h>

#include "base/err.h"

/* cli_complain prints the program's name, the formatted text and a newline. */
void cli_complain(const char *fmt, ...) QUIC_PRINTF(1, 2);
void cli_complain_va(const char *fmt, va_list ap) QUIC_PRINTF(1, 0);

#endif /* !defined(QUIC_CLI_COMPLAIN_H) */
