#include "cli/interrupt.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t interrupt_came;

static void interrupt_signal(int sig) {
  (void)sig;
  interrupt_came = 1;
}

void cli_interrupt_install(void) {
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction sa = {.sa_handler = interrupt_signal,
                         .sa_flags = (int)SA_RESETHAND};

  for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
    struct sigaction old;

    /* nohup(1) has the hang-up ignored. */
    if (signals[i] == SIGHUP && sigaction(SIGHUP, NULL, &old) == 0 &&
        old.sa_handler == SIG_IGN) {
      continue;
    }
    (void)sigaction(signals[i], &sa, NULL);
  }
}

bool cli_interrupted(void) {
  return interrupt_came != 0;
}
