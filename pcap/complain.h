#ifndef QD_COMPLAIN_H
#define QD_COMPLAIN_H

/* Lines on standard error.  What they quote may come from anywhere, so the
   whole line is escaped for the terminal. */

#include <stdarg.h>

#include "base/err.h"

/* qd_complain prints "quicdump: ", the formatted text and a newline. */
void qd_complain(const char *fmt, ...) QUIC_PRINTF(1, 2);
void qd_complain_va(const char *fmt, va_list ap) QUIC_PRINTF(1, 0);

#endif /* !defined(QD_COMPLAIN_H) */
