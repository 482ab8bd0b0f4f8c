#include <stdio.h>
#include <unistd.h>

#include "pcap/live.h"
#include "pcap/select.h"
#include "pcap/session.h"
#include "pcap/sink.h"

static int main_help_filter(void) {
  qd_sink sink;

  qd_sink_init(&sink, STDOUT_FILENO);
  qd_select_help(&sink.text);
  return qd_sink_flush(&sink) == 0 ? QD_EXIT_OK : QD_EXIT_INPUT;
}

int main(int argc, char **argv) {
  qd_options opt;
  qd_session *session;
  int status;

  qd_options_parse(&opt, argc, argv);
  if (opt.mode == QD_MODE_HELP_FILTER) {
    return main_help_filter();
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
