#include "pcap/diffrun.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/complain.h"
#include "cli/sink.h"
#include "pcap/diff_qlog.h"
#include "pcap/out_diff.h"
#include "pcap/session.h"

static void diffrun_name(qd_diff_record *r, const char *path) {
  quic_text t;

  quic_text_init(&t, r->name, sizeof(r->name));
  quic_text_untrusted(&t, quic_bytes_of(path, strlen(path)), 0);
  (void)quic_text_cstr(&t);
}

/* diffrun_capture takes the capture |path| as record |which|.  Returns the exit
   status. */
static int diffrun_capture(qd_diff *d, const qd_options *opt,
                           qd_diff_which which, const char *path) {
  qd_options one = *opt;
  qd_session *session;
  qd_output *out;
  int status;

  one.read = path;
  status = qd_session_new(&session, &one);
  if (status != 0) {
    return status;
  }
  if (qd_output_diff_new(&out, quic_mem_default(), d, which) == 0) {
    qd_session_add(session, out);
    status = qd_session_file(session);
  } else {
    cli_complain("%s", quic_err_text(QUIC_ERR_NOMEM));
    status = QD_EXIT_INPUT;
  }
  qd_session_del(session);
  return status;
}

static int diffrun_log(qd_diff *d, const uint64_t seed[2], qd_diff_which which,
                       const char *path) {
  char problem[QD_DIFF_QLOG_PROBLEM];

  if (qd_diff_qlog(d, quic_mem_default(), seed, which, path, problem) != 0) {
    cli_complain("%s: %s", qd_diff_record_of(d, which)->name, problem);
    return QD_EXIT_INPUT;
  }
  return QD_EXIT_OK;
}

static int diffrun_show(qd_diff *d, const qd_options *opt) {
  cli_sink sink;
  size_t pairs = 0;
  int rv = qd_diff_match(d);

  cli_sink_init(&sink, STDOUT_FILENO);
  if (rv == 0) {
    rv = qd_diff_report(d, &sink.text, opt->json, qd_session_colour(opt),
                        &pairs);
  }
  if (rv != 0) {
    cli_complain("%s", quic_err_text(rv));
    return QD_EXIT_INPUT;
  }
  rv = cli_sink_flush(&sink);
  if (rv != 0) {
    cli_complain("writing standard output: %s", strerror(rv));
    return QD_EXIT_INPUT;
  }
  return pairs ? QD_EXIT_OK : QD_EXIT_NOTHING;
}

int qd_diff_run(const qd_options *opt) {
  const char *paths[QD_DIFF_BOTH] = {opt->read, opt->other};
  uint64_t seed[2] = {0};
  int status = 0;
  qd_diff *d;

  (void)!getrandom(seed, sizeof(seed), GRND_NONBLOCK);
  if (qd_diff_new(&d, quic_mem_default(), seed) != 0) {
    cli_complain("%s", quic_err_text(QUIC_ERR_NOMEM));
    return QD_EXIT_INPUT;
  }
  for (int i = 0; i < QD_DIFF_BOTH && status != QD_EXIT_INPUT; i++) {
    qd_diff_which which = (qd_diff_which)i;

    diffrun_name(qd_diff_record_of(d, which), paths[i]);
    status = qd_diff_is_qlog(paths[i])
                 ? diffrun_log(d, seed, which, paths[i])
                 : diffrun_capture(d, opt, which, paths[i]);
  }
  if (status != QD_EXIT_INPUT) {
    status = diffrun_show(d, opt);
  }
  qd_diff_del(d);
  return status;
}
