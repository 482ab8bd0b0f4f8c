#ifndef QD_INTERRUPT_H
#define QD_INTERRUPT_H

/* SIGINT, SIGTERM and SIGHUP end the input, not the program: what is held is
   shown and reports are printed.  A second signal ends it at once. */

#include <stdbool.h>

/* qd_interrupt_install catches the signals from now on. */
void qd_interrupt_install(void);

/* qd_interrupted: one of them came. */
bool qd_interrupted(void);

#endif /* !defined(QD_INTERRUPT_H) */
