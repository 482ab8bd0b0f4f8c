#include "qlogview/run.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "cli/complain.h"
#include "cli/interrupt.h"
#include "cli/outfile.h"
#include "cli/sink.h"
#include "qlogview/capture.h"
#include "qlogview/lists.h"
#include "qlogview/out.h"
#include "qlogview/paths.h"

typedef qv_out *run_maker(const qv_context *ctx);

static run_maker *const run_makers[QV_MODES] = {
    [QV_SUMMARY] = qv_out_summary_new,   [QV_CLOSE] = qv_out_close_new,
    [QV_FINDINGS] = qv_out_findings_new, [QV_REQUESTS] = qv_out_requests_new,
    [QV_EVENTS] = qv_out_events_new,     [QV_CSV] = qv_out_csv_new,
    [QV_PRINT] = qv_out_chart_new,       [QV_SVG] = qv_out_chart_new,
    [QV_EXPLAIN] = qv_out_explain_new,   [QV_SCAN] = qv_out_scan_new,
    [QV_CLOSES] = qv_out_closes_new,     [QV_COMPARE] = qv_out_compare_new,
    [QV_STATS] = qv_out_stats_new,       [QV_VALIDATE] = qv_out_validate_new,
    [QV_CONVERT] = qv_out_convert_new,
};

typedef struct run {
  const qv_options *opt;
  qv_context ctx;
  qv_out *out;
  bool failed, mistake, wanted;
} run;

/* run_told says that a file, or a connection of a capture, is over. */
static void run_told(run *r, const qv_file *file, bool failed) {
  r->failed |= failed && !r->out->lenient;
  if (r->out->file) {
    r->out->file(r->out, file, failed);
  }
}

static void run_load(run *r, const char *path, uint32_t number) {
  qv_load_settings set = {.mem = r->ctx.mem,
                          .path = path,
                          .follow = r->opt->follow,
                          .progress = !r->opt->quiet,
                          .analyse = r->out->analyse,
                          .lenient = r->out->lenient,
                          .number = number,
                          .seed = {r->ctx.seed[0], r->ctx.seed[1]},
                          .gone = r->ctx.gone};
  qv_file file;
  int rv = qv_load(&set, &r->out->ops, r->out, &file);

  run_told(r, &file, rv != 0);
}

/* run_capture shows the connections of a capture one after the other. */
static void run_capture(run *r, const char *path) {
  static const qv_file none = {.no_qlog = false};
  qv_capture *capture = NULL;
  const char *qlog;

  if (r->opt->follow) {
    cli_complain("%s: -f follows a qlog, not a capture", path);
    run_told(r, &none, true);
    return;
  }
  if (qv_capture_new(&capture, r->ctx.mem, path, r->opt)) {
    run_told(r, &none, true);
    return;
  }
  for (size_t i = 0; (qlog = qv_capture_at(capture, i)); i++) {
    run_load(r, qlog, (uint32_t)i);
  }
  qv_capture_del(capture);
}

static void run_paths(run *r, const qv_paths *paths) {
  for (size_t i = 0;
       i < paths->len && !cli_interrupted() && !(r->ctx.gone && *r->ctx.gone);
       i++) {
    r->ctx.path = paths->items[i].name;
    r->ctx.arg = paths->items[i].arg;
    r->ctx.named = paths->items[i].named;
    if (qv_capture_is(r->ctx.path)) {
      run_capture(r, r->ctx.path);
    } else {
      run_load(r, r->ctx.path, 0);
    }
  }
}

/* run_into shows all of |paths| through |out|; returns the exit status. */
static int run_into(run *r, const qv_paths *paths, quic_text *out) {
  int status;

  r->ctx.out = out;
  r->ctx.mistake = &r->mistake;
  r->ctx.wanted = &r->wanted;
  r->out = run_makers[r->opt->mode](&r->ctx);
  if (!r->out) {
    r->failed = true;
    return r->mistake ? QV_EXIT_USAGE : QV_EXIT_INPUT;
  }
  run_paths(r, paths);
  status = r->out->finish ? r->out->finish(r->out) : 0;
  r->failed |= r->out->broken;
  if (r->opt->connection && !r->wanted && !r->failed) {
    cli_complain("no connection is number %s, or of a group that begins so",
                 r->opt->connection);
    r->failed = true;
  }
  r->out->del(r->out);
  return r->failed ? QV_EXIT_INPUT : status;
}

static int run_stdout(run *r, const qv_paths *paths) {
  cli_sink sink;
  int status, error;

  cli_sink_init(&sink, STDOUT_FILENO);
  r->ctx.gone = &sink.error;
  status = run_into(r, paths, &sink.text);
  error = cli_sink_flush(&sink);
  if (error && error != EPIPE) {
    cli_complain("standard output: %s", strerror(error));
  }
  return error ? QV_EXIT_INPUT : status;
}

static int run_file(run *r, const qv_paths *paths) {
  const char *path = r->opt->output;
  cli_outfile *file = NULL;
  int error = cli_outfile_new(&file, r->ctx.mem, path, true), status;

  if (error) {
    cli_complain("%s: %s", path, strerror(error));
    return QV_EXIT_INPUT;
  }
  status = run_into(r, paths, cli_outfile_text(file));
  error = cli_outfile_error(file);
  if (!error && !r->failed) {
    error = cli_outfile_commit(file);
  }
  if (error) {
    cli_complain("%s: %s", path, strerror(error));
    status = QV_EXIT_INPUT;
  } else if (r->failed) {
    cli_complain("%s: not written", path);
  }
  cli_outfile_del(file);
  return status;
}

static int run_all(const qv_options *opt, const qv_paths *paths) {
  run r = {.opt = opt,
           .ctx = {.opt = opt,
                   .mem = quic_mem_default(),
                   .many = paths->directory || paths->len > 1}};

  if (getrandom(r.ctx.seed, sizeof(r.ctx.seed), 0) !=
      (ssize_t)sizeof(r.ctx.seed)) {
    cli_complain("no random numbers: %s", strerror(errno));
    return QV_EXIT_INPUT;
  }
  return opt->output ? run_file(&r, paths) : run_stdout(&r, paths);
}

int qv_run(const qv_options *opt) {
  qv_paths paths;
  int rv = 0;

  if (opt->lists) {
    return qv_lists(opt);
  }
  cli_interrupt_install();
  qv_paths_init(&paths, quic_mem_default());
  for (size_t i = 0; i < opt->nfiles && rv == 0; i++) {
    rv = qv_paths_add(&paths, opt->files[i]);
  }
  rv = rv ? QV_EXIT_INPUT : run_all(opt, &paths);
  qv_paths_free(&paths);
  return rv;
}
