#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/complain.h"
#include "pcap/expect.h"
#include "pcap/inject.h"
#include "cli/interrupt.h"
#include "pcap/diffrun.h"
#include "pcap/live.h"
#include "pcap/select.h"
#include "pcap/session.h"
#include "cli/sink.h"

static int main_help(void (*write)(quic_text *out)) {
  cli_sink sink;

  cli_sink_init(&sink, STDOUT_FILENO);
  write(&sink.text);
  return cli_sink_flush(&sink) == 0 ? QD_EXIT_OK : QD_EXIT_INPUT;
}

/* main_copies refuses a copy that would be written over what is read. */
static int main_copies(const qd_options *opt) {
  const char *outputs[] = {opt->inject, opt->strip};
  qd_inject_report report;

  for (size_t i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
    if (outputs[i] && !qd_inject_allowed(opt->read, outputs[i], &report)) {
      cli_complain("%s", report.text);
      return QD_EXIT_USAGE;
    }
  }
  return QD_EXIT_OK;
}

/* main_strip writes the copy without secrets, and returns the exit status. */
static int main_strip(const qd_options *opt) {
  qd_inject_settings set = {
      .mem = quic_mem_default(), .input = opt->read, .output = opt->strip};
  qd_inject_report report;
  int rv;

  cli_interrupt_install();
  rv = qd_inject_run(&set, &report);
  if (report.text[0] && (rv != 0 || !opt->quiet)) {
    cli_complain("%s", report.text);
  }
  if (rv == 0 && !opt->quiet) {
    cli_complain("%s: %llu block%s of secrets left out", opt->strip,
                 (unsigned long long)report.dropped,
                 report.dropped == 1 ? "" : "s");
  }
  return rv == 0 ? QD_EXIT_OK : QD_EXIT_INPUT;
}

/* main_flush makes --help and --version fail when nobody can read them. */
static void main_flush(void) {
  if (fflush(stdout) != 0) {
    cli_complain("writing standard output: %s", strerror(errno));
    _exit(QD_EXIT_INPUT);
  }
}

static int main_decode(const qd_options *opt) {
  qd_session *session;
  int status = qd_session_new(&session, opt);

  if (status == 0) {
    status =
        opt->interface ? qd_live_run(session, opt) : qd_session_file(session);
  }
  qd_session_del(session);
  return status;
}

int main(int argc, char **argv) {
  qd_options opt;
  int status;

  (void)atexit(main_flush);
  qd_options_parse(&opt, argc, argv);
  if (opt.mode == QD_MODE_HELP_FILTER) {
    return main_help(qd_select_help);
  }
  if (opt.mode == QD_MODE_HELP_EXPECT) {
    return main_help(qd_expect_help);
  }
  status = main_copies(&opt);
  if (status == 0 && opt.strip) {
    status = main_strip(&opt);
  }
  if (status == 0 && qd_options_decode(&opt)) {
    status = opt.mode == QD_MODE_DIFF ? qd_diff_run(&opt) : main_decode(&opt);
  }
  qd_options_free(&opt);
  return status;
}
