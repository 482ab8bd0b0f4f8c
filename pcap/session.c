#include "pcap/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "analysis/filter.h"
#include "capture/link.h"
#include "cli/complain.h"
#include "pcap/coverage.h"
#include "pcap/decoder.h"
#include "pcap/expect.h"
#include "pcap/export.h"
#include "pcap/follow.h"
#include "pcap/inject.h"
#include "cli/interrupt.h"
#include "pcap/output.h"
#include "pcap/select.h"
#include "cli/sink.h"
#include "pcap/source.h"
#include "pcap/traces.h"
#include "pcap/workers.h"

#define SESSION_PROGRESS_AFTER QUIC_SECOND
#define SESSION_PROGRESS_EVERY (200 * QUIC_MILLISECOND)
/* How long a live program may take to write a key. */
#define SESSION_PATIENCE QUIC_SECOND
#define SESSION_POLL_RECORDS 1024 /* between looks at clock and key logs */

#define SESSION_OUTPUTS_MAX 8

struct qd_session {
  const qd_options *opt;
  const quic_mem *mem;
  qd_keyfiles *keys;
  quic_link *link;
  qd_decoder *decoder;
  quic_filter *filter; /* NULL = all */
  quic_filter *expect; /* NULL = nothing is expected */
  qd_follow follow;    /* --follow */
  qd_output *expected; /* that evaluates it */
  qd_output *outputs[SESSION_OUTPUTS_MAX];
  size_t noutputs;
  bool shows_packets;    /* the first output does */
  qd_traces *traces;     /* NULL = no output asks for more than packets */
  qd_coverage *coverage; /* --why only */
  cli_sink sink;
  uint64_t seed[2]; /* for hash tables: keys come from outside */
  uint64_t shown;
  uint64_t matched; /* packets that fit the filter */
  uint64_t frame;   /* the record in work */
  quic_time now;
  quic_time started;
  quic_time progress; /* when it was shown last; 0 = not yet */
  uint32_t unknown_linktype;
  uint64_t unknown_frames;
  bool new_secrets; /* came in the capture and were not tried yet */
  bool starved;     /* memory ran out: something was lost */
  bool done;
};

static quic_time session_clock(void) {
  struct timespec ts;

  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (quic_time)ts.tv_sec * QUIC_SECOND + (quic_time)ts.tv_nsec;
}

static void session_clear_progress(qd_session *se) {
  if (se->progress) {
    fputs("\r\033[K", stderr);
    se->progress = 0;
  }
}

static void session_error(qd_session *se, const char *fmt, ...)
    QUIC_PRINTF(2, 3);

static void session_error(qd_session *se, const char *fmt, ...) {
  va_list ap;

  session_clear_progress(se);
  va_start(ap, fmt);
  cli_complain_va(fmt, ap);
  va_end(ap);
}

void qd_session_note(qd_session *se, const char *fmt, ...) {
  va_list ap;

  if (se->opt->quiet) {
    return;
  }
  session_clear_progress(se);
  va_start(ap, fmt);
  cli_complain_va(fmt, ap);
  va_end(ap);
}

/* session_no_memory says once that something was lost. */
static void session_no_memory(qd_session *se) {
  if (!se->starved) {
    session_error(se, "%s; the output has gaps", quic_err_text(QUIC_ERR_NOMEM));
  }
  se->starved = true;
}

/* session_packet gets what the decoder hands out. */
static void session_packet(void *user, const qd_packet *p) {
  qd_session *se = user;
  bool fits;

  if (se->done) {
    return;
  }
  for (size_t i = 0; i < se->noutputs; i++) {
    qd_output_start(se->outputs[i], p);
  }
  fits = !se->filter || quic_filter_match(se->filter, p, qd_select_values);
  if (se->traces && qd_traces_packet(se->traces, p, fits) != 0) {
    session_no_memory(se);
  }
  if (!fits) {
    return;
  }
  se->matched++;
  if (se->coverage) {
    qd_coverage_packet(se->coverage, p);
    return;
  }
  for (size_t i = 0; i < se->noutputs; i++) {
    if (se->outputs[i]->packet) {
      se->outputs[i]->packet(se->outputs[i], p);
    }
  }
  se->shown++;
  if (se->opt->unordered && cli_sink_flush(&se->sink) != 0) {
    se->done = true;
  }
  if (se->sink.error || (se->opt->count && se->shown == se->opt->count)) {
    se->done = true;
  }
  if (se->done) {
    qd_decoder_stop(se->decoder);
  }
}

static void session_datagram(void *user, const quic_datagram *dg) {
  qd_session *se = user;

  for (size_t i = 0; i < se->noutputs; i++) {
    if (se->outputs[i]->datagram) {
      se->outputs[i]->datagram(se->outputs[i], se->frame, se->now, dg);
    }
  }
  qd_decoder_datagram(se->decoder, se->frame, se->now, dg);
}

bool qd_session_colour(const qd_options *opt) {
  const char *no = getenv("NO_COLOR");
  const char *term = getenv("TERM");

  if (opt->colour) {
    return opt->colour > 0;
  }
  return isatty(STDOUT_FILENO) && !(no && *no) && term &&
         strcmp(term, "dumb") != 0;
}

static int (*const session_makers[])(qd_output **,
                                     const qd_output_settings *) = {
    [QD_MODE_LINE] = qd_output_line_new,
    [QD_MODE_TREE] = qd_output_tree_new,
    [QD_MODE_FLAT] = qd_output_flat_new,
    [QD_MODE_SUMMARY] = qd_output_summary_new,
    [QD_MODE_DETAIL] = qd_output_detail_new,
    [QD_MODE_CLOSE] = qd_output_close_new,
    [QD_MODE_HTTP] = qd_output_http_new,
    [QD_MODE_JSON] = qd_output_json_new,
    [QD_MODE_AUDIT] = qd_output_audit_new,
    [QD_MODE_SLOW] = qd_output_slow_new,
};

/* session_add keeps an output that was made, if |rv| says so. */
static int session_add(qd_session *se, int rv) {
  se->noutputs += rv == 0;
  return rv;
}

static qd_output **session_slot(qd_session *se) {
  return &se->outputs[se->noutputs];
}

/* session_exports makes the outputs that write files. */
static int session_exports(qd_session *se, const qd_output_settings *set) {
  const qd_options *opt = se->opt;
  int rv = 0;

  if (opt->qlog) {
    rv = session_add(se, qd_output_qlog_new(session_slot(se), set, opt->qlog,
                                            opt->qlog_compat));
  }
  if (rv == 0 && opt->har) {
    rv = session_add(se, qd_output_har_new(session_slot(se), set, opt->har,
                                           opt->har_bodies));
  }
  if (rv == 0 && opt->extract) {
    rv = session_add(se, qd_output_extract_new(session_slot(se), set,
                                               opt->extract, opt->interface));
  }
  if (rv == 0 && se->expect) {
    rv = session_add(
        se, qd_expect_new(session_slot(se), set, se->expect, opt->expect));
    se->expected = rv == 0 ? se->outputs[se->noutputs - 1] : NULL;
  }
  return rv;
}

static int session_output(qd_session *se) {
  const qd_options *opt = se->opt;
  qd_output_settings set = {.mem = se->mem,
                            .text = &se->sink.text,
                            .colour = qd_session_colour(opt),
                            .verbosity = opt->verbosity,
                            .absolute_time = opt->absolute_time,
                            .json = opt->json,
                            .seed = {se->seed[0], se->seed[1]},
                            .capture = opt->read ? opt->read : opt->interface};
  int rv = session_exports(se, &set);

  if (rv != 0) {
    return rv;
  }
  if (opt->mode == QD_MODE_DIFF) {
    return 0; /* diffrun.c adds its own */
  }
  if (opt->mode == QD_MODE_WHY) {
    return qd_coverage_new(&se->coverage, se->mem);
  }
  if (opt->mode == QD_MODE_FOLLOW) {
    return session_add(
        se, qd_output_follow_new(session_slot(se), &set, &se->follow));
  }
  if (opt->mode == QD_MODE_LINE && (se->noutputs || opt->inject)) {
    return 0; /* files were asked for, and nothing to be shown */
  }
  se->shows_packets = opt->mode == QD_MODE_LINE || opt->mode == QD_MODE_TREE ||
                      opt->mode == QD_MODE_FLAT || opt->mode == QD_MODE_JSON;
  return session_add(se, session_makers[opt->mode](session_slot(se), &set));
}

/* session_traces follows connections, if an output wants to know of them. */
static int session_traces(qd_session *se, const uint64_t seed[2]) {
  qd_traces_settings set = {.mem = se->mem,
                            .seed = {seed[0], seed[1]},
                            .outputs = se->outputs,
                            .noutputs = se->noutputs,
                            .findings = se->opt->mode == QD_MODE_SLOW};
  bool follow = false;

  for (size_t i = 0; i < se->noutputs; i++) {
    follow = follow || qd_output_follows(se->outputs[i]);
  }
  return follow ? qd_traces_new(&se->traces, &set) : 0;
}

/* session_compile makes the filter of option |name|; |expr| NULL = none. */
static int session_compile(qd_session *se, const char *name, const char *expr,
                           const quic_filter_field *fields, size_t nfields,
                           quic_filter **out) {
  quic_filter_error error;
  int rv;

  if (!expr) {
    return 0;
  }
  rv = quic_filter_new(out, se->mem, expr, fields, nfields, &error);
  if (rv == QUIC_ERR_NOMEM) {
    return QD_EXIT_INPUT;
  }
  if (rv != 0) {
    session_error(se, "%s '%.256s': column %zu: %s; see --help-%s", name, expr,
                  error.column + 1, error.text, name + 2);
    return QD_EXIT_USAGE;
  }
  return 0;
}

static int session_follow(qd_session *se) {
  const char *spec = se->opt->follow;
  qd_follow_error error;

  if (spec &&
      qd_follow_parse(&se->follow, spec, isatty(STDOUT_FILENO), &error) != 0) {
    session_error(se, "--follow '%.256s': column %zu: %s", spec,
                  error.column + 1, error.text);
    return QD_EXIT_USAGE;
  }
  return 0;
}

/* session_late: keys may come while the input is read. */
static bool session_late(const qd_options *opt) {
  return opt->interface || strcmp(opt->read, "-") == 0;
}

static int session_keys(qd_session *se) {
  const qd_options *opt = se->opt;

  if (qd_keyfiles_new(&se->keys, se->mem) != 0) {
    return QD_EXIT_INPUT;
  }
  for (size_t i = 0; i < opt->nkeys; i++) {
    /* A live capture may start before the program that writes the log. */
    bool absent = opt->keys_from_environment || session_late(opt);
    int rv = opt->interface ? qd_keyfiles_follow(se->keys, opt->keys[i])
                            : qd_keyfiles_add(se->keys, opt->keys[i], absent);

    if (rv != 0) {
      session_error(se, "%s", qd_keyfiles_error(se->keys));
      return QD_EXIT_INPUT;
    }
    if (!qd_keyfiles_present(se->keys, i)) {
      qd_session_note(se, "%s%s: not there%s",
                      opt->keys_from_environment ? "SSLKEYLOGFILE=" : "",
                      opt->keys[i],
                      session_late(opt) ? " yet" : "; going on without keys");
    }
  }
  if (opt->nkeys && !session_late(opt) && qd_keyfiles_present(se->keys, 0)) {
    if (qd_keyfiles_finish(se->keys) != 0) {
      session_error(se, "%s", quic_err_text(QUIC_ERR_NOMEM));
      return QD_EXIT_INPUT;
    }
    if (!quic_keylog_has_lines(qd_keyfiles_log(se->keys))) {
      qd_session_note(se,
                      "%s: no line of a key log in it (expected \"LABEL "
                      "CLIENT_RANDOM SECRET\")",
                      opt->keys[0]);
    }
  }
  return 0;
}

static int session_decoder(qd_session *se) {
  const qd_options *opt = se->opt;
  bool file = opt->read && strcmp(opt->read, "-") != 0;
  qd_decoder_settings set = {
      .mem = se->mem,
      .crypto = quic_crypto_gnutls(),
      .keylog = qd_keyfiles_log(se->keys),
      .patience = opt->unordered || (opt->interface && !opt->nkeys) ? 0
                  : file ? QUIC_TIME_NEVER
                         : SESSION_PATIENCE,
      .late_keys = !file,
      .fn = session_packet,
      .user = se};

  if (getrandom(se->seed, sizeof(se->seed), GRND_NONBLOCK) < 0) {
    se->seed[0] = session_clock();
  }
  memcpy(set.seed, se->seed, sizeof(set.seed));
  if (quic_link_new(&se->link, se->mem) != 0 ||
      qd_decoder_new(&se->decoder, &set) != 0) {
    return QD_EXIT_INPUT;
  }
  return 0;
}

/* session_files tells of the files that were written, or not, and of what else
   went wrong.  Returns the exit status of that. */
static int session_files(qd_session *se) {
  int status = 0;

  for (size_t i = 0; i < se->noutputs; i++) {
    const qd_output *out = se->outputs[i];

    if (out->error) {
      session_error(se, "%s: %s", out->subject, strerror(out->error));
      status = QD_EXIT_INPUT;
    } else if (out->note[0]) {
      qd_session_note(se, "%s", out->note);
    }
    if (out->problem[0]) {
      session_error(se, "%s", out->problem);
    }
    status = status ? status : out->status;
  }
  return status;
}

int qd_session_new(qd_session **out, const qd_options *opt) {
  const quic_mem *mem = quic_mem_default();
  qd_session *se = quic_mem_zalloc(mem, sizeof(*se));
  int status;

  *out = NULL;
  if (!se) {
    cli_complain("%s", quic_err_text(QUIC_ERR_NOMEM));
    return QD_EXIT_INPUT;
  }
  se->opt = opt;
  se->mem = mem;
  se->started = session_clock();
  cli_sink_init(&se->sink, STDOUT_FILENO);
  status = session_compile(se, "--filter", opt->filter, qd_select_fields,
                           qd_select_nfields, &se->filter);
  if (status == 0) {
    status = session_compile(se, "--expect", opt->expect, qd_expect_fields,
                             qd_expect_nfields, &se->expect);
  }
  if (status == 0) {
    status = session_follow(se);
  }
  if (status == 0) {
    status = session_keys(se);
  }
  if (status == 0) {
    status = session_decoder(se);
    if (status == 0 &&
        (session_output(se) != 0 || session_traces(se, se->seed) != 0)) {
      status = QD_EXIT_INPUT;
    }
    if (status) {
      session_error(se, "%s", quic_err_text(QUIC_ERR_NOMEM));
    }
  }
  if (status == 0) {
    status = session_files(se); /* that cannot be written */
  }
  if (status) {
    qd_session_del(se);
    return status;
  }
  *out = se;
  return 0;
}

void qd_session_add(qd_session *se, qd_output *out) {
  if (se->noutputs < SESSION_OUTPUTS_MAX) {
    se->outputs[se->noutputs++] = out;
  }
}

void qd_session_del(qd_session *se) {
  if (!se) {
    return;
  }
  qd_traces_del(se->traces); /* holds connections of the decoder */
  qd_decoder_del(se->decoder);
  for (size_t i = 0; i < se->noutputs; i++) {
    se->outputs[i]->del(se->outputs[i]);
  }
  qd_coverage_del(se->coverage);
  quic_filter_del(se->filter);
  quic_filter_del(se->expect);
  quic_link_del(se->link);
  qd_keyfiles_del(se->keys);
  quic_mem_free(se->mem, se);
}

bool qd_session_record(qd_session *se, const quic_capture_record *rec) {
  if (rec->kind == QUIC_CAPTURE_SECRETS) {
    quic_keylog *log = qd_keyfiles_log(se->keys);
    uint64_t before = quic_keylog_generation(log);

    qd_decoder_flush(se->decoder); /* came before them */
    if (qd_keyfiles_secrets(se->keys, rec) != 0) {
      session_no_memory(se);
    }
    se->new_secrets = se->new_secrets || quic_keylog_generation(log) != before;
    return !se->done;
  }
  if (se->new_secrets) {
    /* Once for any number of blocks: it looks at every connection. */
    se->new_secrets = false;
    qd_decoder_keys_changed(se->decoder);
  }
  se->frame = rec->number;
  if (rec->has_time) {
    se->now = rec->time;
  }
  switch (quic_link_decode(se->link, rec->linktype, rec->data, rec->orig_len,
                           se->now, session_datagram, se)) {
  case QUIC_ERR_UNSUPPORTED:
    se->unknown_linktype = rec->linktype;
    se->unknown_frames++;
    break;
  case QUIC_ERR_NOMEM:
    session_no_memory(se);
    break;
  default:
    break; /* counted by the link */
  }
  return !se->done;
}

void qd_session_poll(qd_session *se) {
  if (qd_keyfiles_trouble(se->keys)) {
    qd_session_note(se, "%s%s", qd_keyfiles_error(se->keys),
                    se->opt->interface ? "; make it readable for the user of "
                                         "-Z (default: who "
                                         "called sudo, else nobody)"
                                       : "");
  }
  if (qd_keyfiles_poll(se->keys)) {
    qd_decoder_keys_changed(se->decoder);
  }
  qd_decoder_tick(se->decoder, session_clock());
  if (cli_sink_flush(&se->sink) != 0) {
    se->done = true;
  }
}

void qd_session_progress(qd_session *se, uint64_t done, uint64_t total) {
  quic_time now = session_clock();
  const qd_decoder_stats *st = qd_decoder_get_stats(se->decoder);

  if (se->opt->quiet || !isatty(STDERR_FILENO) ||
      (se->shows_packets && isatty(STDOUT_FILENO)) ||
      now - se->started < SESSION_PROGRESS_AFTER ||
      (se->progress && now - se->progress < SESSION_PROGRESS_EVERY)) {
    return;
  }
  se->progress = now;
  fprintf(stderr, "\r\033[K%llu MB", (unsigned long long)(done / 1000000));
  if (total) {
    fprintf(stderr, " of %llu MB (%llu %%)",
            (unsigned long long)(total / 1000000),
            (unsigned long long)(done * 100 / total));
  }
  fprintf(stderr, ", %llu QUIC packets, %llu opened ",
          (unsigned long long)st->packets, (unsigned long long)st->opened);
  fflush(stderr);
}

static void session_report(qd_session *se) {
  if (qd_decoder_refused(se->decoder)) {
    qd_session_note(se,
                    "%llu attempts to open packets were not made: too many "
                    "had failed",
                    (unsigned long long)qd_decoder_refused(se->decoder));
  }
  if (se->traces) {
    qd_traces_finish(se->traces);
    if (qd_traces_evicted(se->traces)) {
      qd_session_note(se,
                      "more than %d connections at one time: the %llu that "
                      "were silent longest were ended early",
                      QD_TRACES_MAX,
                      (unsigned long long)qd_traces_evicted(se->traces));
    }
  }
  for (size_t i = 0; i < se->noutputs; i++) {
    if (se->outputs[i]->finish) {
      se->outputs[i]->finish(se->outputs[i]);
    }
  }
  if (se->coverage) {
    qd_coverage_report(se->coverage, se->keys, qd_keyfiles_log(se->keys),
                       qd_decoder_get_stats(se->decoder),
                       qd_decoder_evicted(se->decoder),
                       qd_decoder_given_up(se->decoder), &se->sink.text,
                       qd_session_colour(se->opt));
    return;
  }
  if (qd_decoder_evicted(se->decoder)) {
    qd_session_note(se,
                    "more than %d connections at one time: the %llu that were "
                    "silent longest were forgotten",
                    QD_CONNS_MAX,
                    (unsigned long long)qd_decoder_evicted(se->decoder));
  }
  if (qd_decoder_given_up(se->decoder)) {
    qd_session_note(se,
                    "%llu packets waited for a key until memory was short; "
                    "see --why",
                    (unsigned long long)qd_decoder_given_up(se->decoder));
  }
}

static void session_nothing(qd_session *se) {
  const quic_link_stats *ls = quic_link_get_stats(se->link);

  if (se->unknown_frames) {
    qd_session_note(se, "no QUIC found: link type %u is not supported",
                    se->unknown_linktype);
    return;
  }
  qd_session_note(se, "no QUIC found in %llu frames with %llu UDP datagrams",
                  (unsigned long long)ls->frames,
                  (unsigned long long)ls->datagrams);
}

int qd_session_finish(qd_session *se, int failed) {
  const qd_decoder_stats *st = qd_decoder_get_stats(se->decoder);
  int error, status;

  if (qd_keyfiles_finish(se->keys) != 0) {
    session_error(se, "%s", quic_err_text(QUIC_ERR_NOMEM));
    failed = QD_EXIT_INPUT;
  }
  qd_decoder_finish(se->decoder);
  session_clear_progress(se);
  if (!failed || st->packets) {
    session_report(se);
  }
  error = cli_sink_flush(&se->sink);
  if (error) {
    session_error(se, "writing standard output: %s", strerror(error));
    return QD_EXIT_INPUT;
  }
  status = session_files(se);
  failed = failed ? failed : status;
  if (se->filter && st->packets && se->matched == 0 && !failed) {
    qd_session_note(se, "--filter: none of %llu packets fits",
                    (unsigned long long)st->packets);
  }
  if (failed || se->starved) {
    return failed ? failed : QD_EXIT_INPUT;
  }
  if (st->packets == 0) {
    session_nothing(se);
    return QD_EXIT_NOTHING;
  }
  if (se->expected && qd_expect_failed(se->expected)) {
    return QD_EXIT_NOTHING;
  }
  return QD_EXIT_OK;
}

/* session_inject writes the copy with the secrets that were used, and returns
   the exit status. */
static int session_inject(qd_session *se) {
  const qd_options *opt = se->opt;
  qd_inject_settings set = {.mem = se->mem,
                            .input = opt->read,
                            .output = opt->inject,
                            .log = qd_keyfiles_log(se->keys)};
  qd_inject_report report;

  if (cli_interrupted()) {
    session_error(se, "%s: not written: interrupted", opt->inject);
    return QD_EXIT_INPUT;
  }
  if (qd_inject_run(&set, &report) != 0) {
    session_error(se, "%s", report.text);
    return QD_EXIT_INPUT;
  }
  qd_session_note(se, "%s: %llu secret%s for %llu connection%s", opt->inject,
                  (unsigned long long)report.secrets,
                  report.secrets == 1 ? "" : "s",
                  (unsigned long long)report.connections,
                  report.connections == 1 ? "" : "s");
  return 0;
}

static void session_idle(void *user) {
  qd_session_poll(user);
}

static void session_scanned(void *user, const quic_capture_record *rec) {
  qd_session *se = user;

  if (qd_keyfiles_secrets(se->keys, rec) != 0) {
    session_no_memory(se);
  }
}

int qd_session_file(qd_session *se) {
  quic_capture_record rec;
  qd_source *src;
  int threads =
      se->opt->threads < 0 ? (int)qd_workers_spare() : se->opt->threads;
  unsigned n = 0;
  int status = 0;
  int rv;

  cli_interrupt_install();
  rv = qd_source_open(&src, se->mem, se->opt->read);

  if (rv == 0 && qd_source_seekable(src)) {
    rv = qd_source_secrets(src, session_scanned, se);
    if (threads > 0) {
      qd_decoder_ahead(se->decoder, (unsigned)threads, false);
    }
  } else if (rv == 0) {
    qd_session_poll(se);
    qd_source_idle(src, session_idle, se);
  }
  while (rv == 0 && (rv = qd_source_next(src, &rec)) == 0) {
    if (!qd_session_record(se, &rec)) {
      break;
    }
    if (n == 0 && se->opt->nkeys == 0 && qd_source_plain(src)) {
      qd_decoder_set_patience(se->decoder, 0); /* no key can come */
    }
    if (++n % SESSION_POLL_RECORDS == 0) {
      qd_session_progress(se, qd_source_position(src), qd_source_size(src));
      if (!qd_source_seekable(src)) {
        qd_session_poll(se);
      }
    }
  }
  qd_decoder_flush(se->decoder);
  if (se->done) {
    rv = 0; /* what is behind the last packet shown was read ahead */
  }
  if (rv == QUIC_ERR_SHORT && cli_interrupted()) {
    qd_session_note(se, "interrupted; what came before was read");
  } else if (rv == QUIC_ERR_SHORT) {
    qd_session_note(se, "%s; what is before it was read", qd_source_error(src));
  } else if (rv != 0 && rv != QUIC_ERR_END) {
    session_error(se, "%s", src ? qd_source_error(src) : quic_err_text(rv));
    status = QD_EXIT_INPUT;
  }
  status = qd_session_finish(se, status);
  qd_source_close(src);
  if (se->opt->inject && status != QD_EXIT_INPUT && session_inject(se) != 0) {
    status = QD_EXIT_INPUT;
  }
  return status;
}
