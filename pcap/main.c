#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pcap/complain.h"
#include "pcap/expect.h"
#include "pcap/live.h"
#include "pcap/select.h"
#include "pcap/session.h"
#include "pcap/sink.h"

static int main_help(void (*write)(quic_text *out)) {
  qd_sink sink;

  qd_sink_init(&sink, STDOUT_FILENO);
  write(&sink.text);
  return qd_sink_flush(&sink) == 0 ? QD_EXIT_OK : QD_EXIT_INPUT;
}

/* main_flush makes --help and --version fail when nobody can read them. */
static void main_flush(void) {
  if (fflush(stdout) != 0) {
    qd_complain("writing standard output: %s", strerror(errno));
    _exit(QD_EXIT_INPUT);
  }
}

int main(int argc, char **argv) {
  qd_options opt;
  qd_session *session;
  int status;

  (void)atexit(main_flush);
  qd_options_parse(&opt, argc, argv);
  if (opt.mode == QD_MODE_HELP_FILTER) {
    return main_help(qd_select_help);
  }
  if (opt.mode == QD_MODE_HELP_EXPECT) {
    return main_help(qd_expect_help);
  }
  status = qd_session_new(&session, &opt);
  if (status == 0) {
    status =
        opt.interface ? qd_live_run(session, &opt) : qd_session_file(session);
  }
  qd_session_del(session);
  qd_options_free(&opt);
  return status;
}
