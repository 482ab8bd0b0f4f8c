/* qlogview: look at a qlog. */

#include <signal.h>

#include "qlogview/run.h"

int main(int argc, char **argv) {
  static qv_options opt;

  (void)signal(SIGPIPE, SIG_IGN);
  qv_options_parse(&opt, argc, argv);
  return qv_run(&opt);
}
