#ifndef QUIC_CLI_INTERRUPT_H
#define QUIC_CLI_INTERRUPT_H

/* SIGINT, SIGTERM and SIGHUP end the input, not the program: what is held is
   shown and reports are printed.  A second signal ends it at once. */

#include <stdbool.h>

/* cli_interrupt_install catches the signals from now on. */
void cli_interrupt_install(void);

/* cli_interrupted: one of them came. */
bool cli_interrupted(void);

#endif /* !defined(QUIC_CLI_INTERRUPT_H) */
