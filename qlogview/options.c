#include "qlogview/options.h"

#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "qlog/token.h"

enum {
  OPT_SUMMARY = 256,
  OPT_CLOSE,
  OPT_FINDINGS,
  OPT_REQUESTS,
  OPT_EVENTS,
  OPT_STATS,
  OPT_CSV,
  OPT_PRINT,
  OPT_SVG,
  OPT_SLICE,
  OPT_CONVERT,
  OPT_COMPAT,
  OPT_VALIDATE,
  OPT_ANONYMISE,
  OPT_FORMAT,
  OPT_FILTER,
  OPT_HELP_FILTER,
  OPT_ASCII,
  OPT_COLOUR
};

#define OPTIONS_SIZE_MAX 1000 /* cells of a chart, each way */

static const char options_doc[] =
    "Looks at a qlog of any generation and says what happened: what the "
    "connection did, what limited it, what went wrong, how it ended.\v"
    "FILE is a qlog (JSON, JSON text sequence, NDJSON; gzip and zstd are "
    "unpacked), or a packet capture, which quicdump opens; - is standard "
    "input.\n\n"
    "  qlogview server.sqlog                      what happened\n"
    "  qlogview --findings server.sqlog           what went wrong, and where\n"
    "  qlogview --close server.sqlog              why it ended\n"
    "  qlogview explain spiral server.sqlog       a death spiral, step by "
    "step\n"
    "  qlogview --print congestion 100x24 server.sqlog\n"
    "                                             a chart as text\n"
    "  qlogview --svg rtt -o rtt.svg server.sqlog\n"
    "  qlogview --csv cwnd,latest_rtt server.sqlog\n"
    "  qlogview --events --filter 'pn == 12' server.sqlog\n"
    "  qlogview scan DIR                          worst findings of all files\n"
    "  qlogview closes DIR                        how all connections ended\n"
    "  qlogview compare before.sqlog after.sqlog\n"
    "  qlogview --slice 2.0,2.5 -o part.sqlog server.sqlog\n"
    "  qlogview --convert -o new.sqlog old.qlog   as the newest draft has it\n"
    "  qlogview --findings -k keys.log trouble.pcapng\n\n"
    "Exit status: 0; 1 --findings, scan, explain or --validate found "
    "something; "
    "2 the "
    "input could not be read or the output not written; 64 a mistake on the "
    "command line.";

static const struct argp_option options_list[] = {
    {NULL, 0, NULL, 0, "Input:", 1},
    {"keys", 'k', "FILE", 0,
     "For captures: read secrets from FILE (may be repeated)", 1},
    {"follow", 'f', NULL, 0, "Go on as the file grows, until interrupted", 1},
    {"connection", 'c', "C", 0,
     "Only connection C: its number, or how its group_id begins", 1},
    {"time", 't', "A,B", 0,
     "Only what happened from A to B, seconds after the first event", 1},
    {"filter", OPT_FILTER, "EXPR", 0,
     "Only events that fit EXPR; see --help-filter", 1},
    {NULL, 0, NULL, 0, "What to show:", 2},
    {"summary", OPT_SUMMARY, NULL, 0,
     "What happened, in a few lines for each connection (the default)", 2},
    {"close", OPT_CLOSE, NULL, 0, "Why each connection ended, with evidence",
     2},
    {"findings", OPT_FINDINGS, "FORMAT", OPTION_ARG_OPTIONAL,
     "What is wrong, worst first: text, json or sarif", 2},
    {"requests", OPT_REQUESTS, NULL, 0, "One row for each HTTP request", 2},
    {"events", OPT_EVENTS, NULL, 0,
     "One line for each event; with --format=json its record", 2},
    {"stats", OPT_STATS, NULL, 0,
     "Counts of events, packets and frames, and how good the log is", 2},
    {"print", OPT_PRINT, "VIEW", 0,
     "A chart as text; a size such as 100x24 may stand before FILE. "
     "--print=list names the views",
     2},
    {"svg", OPT_SVG, "VIEW", 0, "The same chart as SVG", 2},
    {"csv", OPT_CSV, "SERIES", 0,
     "Samples of series (comma-separated, or all) as CSV, with --format=json "
     "as JSON. --csv=list names the series",
     2},
    {"validate", OPT_VALIDATE, NULL, 0,
     "Compare names, fields and types with the newest draft", 2},
    {NULL, 0, NULL, 0, "qlogs written:", 3},
    {"slice", OPT_SLICE, "A,B", 0,
     "The records from A to B seconds, as they are", 3},
    {"convert", OPT_CONVERT, NULL, 0, "As the newest drafts have it", 3},
    {"compat", OPT_COMPAT, NULL, 0, "Convert to qlog 0.3, which QVIS opens", 3},
    {"anonymise", OPT_ANONYMISE, NULL, 0,
     "Convert, and leave out what tells who and where: addresses, connection "
     "IDs, tokens, names and values of fields",
     3},
    {"output", 'o', "FILE", 0, "Write to FILE instead of standard output", 3},
    {NULL, 0, NULL, 0, "How to show it:", 4},
    {"format", OPT_FORMAT, "FORMAT", 0,
     "text, json, csv, sarif (--findings) or junit (scan)", 4},
    {"absolute", 'a', NULL, 0, "Times as the log has them", 4},
    {"ascii", OPT_ASCII, NULL, 0, "Charts without Unicode", 4},
    {"color", OPT_COLOUR, "WHEN", 0,
     "auto (on a terminal, unless NO_COLOR is set), always, never", 4},
    {"quiet", 'q', NULL, 0, "No progress and no notes on standard error", 4},
    {"help-filter", OPT_HELP_FILTER, NULL, 0,
     "Explain the fields of --filter and leave", 5},
    {"version", 'V', NULL, 0, "Print program version", -1},
    {NULL, 0, NULL, 0, NULL, 0}};

typedef struct options_state {
  qv_options *opt;
  bool mode_set;
  bool size_set;
  const char *colour;
} options_state;

/* Values. */

/* options_format names a format, or ends the program. */
static qv_format options_format(const char *name, struct argp_state *state) {
  static const char *const names[] = {"text", "json", "sarif", "csv", "junit"};

  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    if (strcmp(name, names[i]) == 0) {
      return (qv_format)i;
    }
  }
  argp_error(state, "a format is text, json, csv, sarif or junit, not '%s'",
             name);
  return QV_TEXT;
}

/* options_seconds reads a number of seconds up to |end| as ns. */
static bool options_seconds(const char *s, size_t len, quic_duration *out) {
  bool negative = false;

  return len && qlog_token_scaled(quic_bytes_of(s, len), 9, out, &negative) &&
         !negative;
}

/* options_window reads "A,B"; either may be left out. */
static void options_window(qv_options *opt, const char *arg, const char *what,
                           struct argp_state *state) {
  const char *comma = strchr(arg, ',');
  size_t left = comma ? (size_t)(comma - arg) : 0;

  opt->from = 0;
  opt->to = QUIC_TIME_NEVER;
  if (!comma || (left && !options_seconds(arg, left, &opt->from)) ||
      (comma[1] && !options_seconds(comma + 1, strlen(comma + 1), &opt->to)) ||
      opt->from >= opt->to) {
    argp_error(state,
               "%s takes two times in seconds, such as 2.0,2.5, not "
               "'%s'",
               what, arg);
  }
  opt->window = true;
}

/* options_size reads "100x24". */
static bool options_size(qv_options *opt, const char *arg) {
  char *end;
  unsigned long w = strtoul(arg, &end, 10), h;

  if (end == arg || *end != 'x' || arg[0] < '0' || arg[0] > '9') {
    return false;
  }
  arg = end + 1;
  h = strtoul(arg, &end, 10);
  if (end == arg || *end || w == 0 || h == 0 || w > OPTIONS_SIZE_MAX ||
      h > OPTIONS_SIZE_MAX) {
    return false;
  }
  opt->w = (unsigned)w;
  opt->h = (unsigned)h;
  return true;
}

static void options_mode(options_state *s, qv_mode mode,
                         struct argp_state *state) {
  if (s->mode_set && s->opt->mode != mode) {
    argp_error(state, "one thing to show at a time: --summary, --close, "
                      "--findings, --requests, --events, --stats, --print, "
                      "--svg, --csv, --validate, or a file to write");
  }
  s->mode_set = true;
  s->opt->mode = mode;
}

static void options_view(options_state *s, qv_mode mode, const char *arg,
                         struct argp_state *state) {
  options_mode(s, mode, state);
  s->opt->view = arg;
  s->opt->lists = strcmp(arg, "list") == 0;
}

static error_t options_show(options_state *s, int key, char *arg,
                            struct argp_state *state) {
  switch (key) {
  case OPT_SUMMARY:
    options_mode(s, QV_SUMMARY, state);
    break;
  case OPT_CLOSE:
    options_mode(s, QV_CLOSE, state);
    break;
  case OPT_FINDINGS:
    options_mode(s, QV_FINDINGS, state);
    if (arg) {
      s->opt->format = options_format(arg, state);
    }
    break;
  case OPT_REQUESTS:
    options_mode(s, QV_REQUESTS, state);
    break;
  case OPT_EVENTS:
    options_mode(s, QV_EVENTS, state);
    break;
  case OPT_STATS:
    options_mode(s, QV_STATS, state);
    break;
  case OPT_CSV:
    options_view(s, QV_CSV, arg, state);
    break;
  case OPT_PRINT:
    options_view(s, QV_PRINT, arg, state);
    break;
  case OPT_SVG:
    options_view(s, QV_SVG, arg, state);
    break;
  case OPT_VALIDATE:
    options_mode(s, QV_VALIDATE, state);
    break;
  default:
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

static error_t options_write(options_state *s, int key, char *arg,
                             struct argp_state *state) {
  switch (key) {
  case OPT_SLICE:
    options_mode(s, QV_CONVERT, state);
    options_window(s->opt, arg, "--slice", state);
    s->opt->slice = true;
    break;
  case OPT_CONVERT:
    options_mode(s, QV_CONVERT, state);
    break;
  case OPT_COMPAT:
    options_mode(s, QV_CONVERT, state);
    s->opt->compat = true;
    break;
  case OPT_ANONYMISE:
    options_mode(s, QV_CONVERT, state);
    s->opt->anonymise = true;
    break;
  default:
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

/* The words that may stand where the first file stands. */
static const struct options_word {
  const char *word;
  qv_mode mode;
} options_words[] = {{"scan", QV_SCAN},
                     {"closes", QV_CLOSES},
                     {"compare", QV_COMPARE},
                     {"explain", QV_EXPLAIN}};

static void options_argument(options_state *s, char *arg,
                             struct argp_state *state) {
  qv_options *opt = s->opt;
  bool chart = opt->mode == QV_PRINT || opt->mode == QV_SVG;

  if (state->arg_num == 0 && access(arg, F_OK) != 0) {
    for (size_t i = 0; i < sizeof(options_words) / sizeof(options_words[0]);
         i++) {
      if (strcmp(arg, options_words[i].word) == 0) {
        options_mode(s, options_words[i].mode, state);
        return;
      }
    }
  }
  if (opt->mode == QV_EXPLAIN && !opt->view) {
    opt->view = arg;
    return;
  }
  if (chart && !s->size_set && access(arg, F_OK) != 0 &&
      options_size(opt, arg)) {
    s->size_set = true;
    return;
  }
  if (opt->nfiles == QV_FILES_MAX) {
    argp_error(state, "at most %d files; scan takes a directory", QV_FILES_MAX);
  }
  opt->files[opt->nfiles++] = arg;
}

/* Agreement. */

/* Sets of modes: those that are for people alone, and those with tables. */
static const unsigned options_textual = 1u << QV_SUMMARY | 1u << QV_PRINT |
                                        1u << QV_SVG | 1u << QV_CONVERT |
                                        1u << QV_EXPLAIN;
static const unsigned options_tabular =
    1u << QV_CSV | 1u << QV_PRINT | 1u << QV_SCAN | 1u << QV_CLOSES;

static void options_agree(options_state *s, struct argp_state *state) {
  qv_options *opt = s->opt;

  if (opt->lists) {
    return;
  }
  if (opt->nfiles == 0) {
    argp_error(state, opt->mode == QV_SCAN || opt->mode == QV_CLOSES
                          ? "give a directory or files"
                          : "give a qlog, or - for standard input");
  }
  if (opt->mode == QV_COMPARE && opt->nfiles != 2) {
    argp_error(state, "compare takes two files: before and after");
  }
  if (opt->mode == QV_EXPLAIN && strcmp(opt->view, "spiral") != 0) {
    argp_error(state, "explain takes 'spiral' and a file, not '%s'", opt->view);
  }
  if (opt->mode == QV_CONVERT && opt->nfiles != 1) {
    argp_error(state, "one file at a time is written");
  }
  if (opt->follow && (opt->nfiles != 1 || opt->mode >= QV_CONVERT)) {
    argp_error(state, "-f follows one file, and shows it");
  }
  if (opt->format == QV_CSV_TABLE && opt->mode == QV_FINDINGS) {
    argp_error(state, "--findings has no csv; scan has");
  }
  if (opt->format == QV_SARIF && opt->mode != QV_FINDINGS) {
    argp_error(state, "sarif is a format of --findings");
  }
  if (opt->format == QV_JUNIT && opt->mode != QV_SCAN) {
    argp_error(state, "junit is a format of scan");
  }
  if (opt->format == QV_JSON && (options_textual >> opt->mode & 1)) {
    argp_error(state, "this has no json; --findings, --close, --requests, "
                      "--stats, --events and --csv have");
  }
  if (opt->format == QV_CSV_TABLE && !(options_tabular >> opt->mode & 1)) {
    argp_error(state, "this has no csv; --csv, --print, scan and closes have");
  }
  if (opt->filter && opt->mode != QV_EVENTS && opt->mode != QV_CONVERT) {
    argp_error(state, "--filter chooses events: for --events, --convert and "
                      "--slice");
  }
  if (opt->slice && (opt->compat || opt->anonymise)) {
    argp_error(state, "--slice copies records as they are; use --convert with "
                      "-t to cut and convert");
  }
}

static void options_colour(options_state *s, struct argp_state *state) {
  const char *when = s->colour ? s->colour : "auto";
  const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

  if (strcmp(when, "always") == 0) {
    s->opt->colour = true;
  } else if (strcmp(when, "auto") == 0) {
    s->opt->colour = isatty(STDOUT_FILENO) && !(none && *none) && term &&
                     strcmp(term, "dumb") != 0 && !s->opt->output;
  } else if (strcmp(when, "never") != 0) {
    argp_error(state, "--color takes auto, always or never, not '%s'", when);
  }
}

static void options_version(FILE *stream, struct argp_state *state) {
  (void)state;
  fprintf(stream, "qlogview (h3kit) %s\n", H3KIT_VERSION);
}

static error_t options_common(options_state *s, int key, char *arg,
                              struct argp_state *state) {
  qv_options *opt = s->opt;

  switch (key) {
  case 'k':
    if (opt->nkeys == QV_KEYS_MAX) {
      argp_error(state, "at most %d key logs", QV_KEYS_MAX);
    }
    opt->keys[opt->nkeys++] = arg;
    break;
  case 'f':
    opt->follow = true;
    break;
  case 'c':
    opt->connection = arg;
    break;
  case 't':
    options_window(opt, arg, "-t", state);
    break;
  case 'o':
    opt->output = arg;
    break;
  case 'a':
    opt->absolute = true;
    break;
  case 'q':
    opt->quiet = true;
    break;
  case 'V':
    options_version(stdout, state);
    exit(0);
  default:
    return ARGP_ERR_UNKNOWN;
  }
  return 0;
}

static error_t options_parser(int key, char *arg, struct argp_state *state) {
  options_state *s = state->input;
  error_t rv;

  switch (key) {
  case OPT_FILTER:
    s->opt->filter = arg;
    return 0;
  case OPT_FORMAT:
    s->opt->format = options_format(arg, state);
    return 0;
  case OPT_ASCII:
    s->opt->ascii = true;
    return 0;
  case OPT_COLOUR:
    s->colour = arg;
    return 0;
  case OPT_HELP_FILTER:
    s->opt->lists = true;
    s->opt->mode = QV_EVENTS;
    return 0;
  case ARGP_KEY_ARG:
    options_argument(s, arg, state);
    return 0;
  case ARGP_KEY_END:
    options_colour(s, state);
    options_agree(s, state);
    return 0;
  default:
    rv = options_show(s, key, arg, state);
    if (rv == ARGP_ERR_UNKNOWN) {
      rv = options_write(s, key, arg, state);
    }
    return rv == ARGP_ERR_UNKNOWN ? options_common(s, key, arg, state) : rv;
  }
}

void qv_options_parse(qv_options *opt, int argc, char **argv) {
  static const struct argp argp = {
      .options = options_list,
      .parser = options_parser,
      .args_doc = "FILE...\nscan DIR|FILE...\ncloses DIR|FILE...\ncompare "
                  "BEFORE AFTER\nexplain spiral FILE",
      .doc = options_doc};
  options_state s = {.opt = opt};

  memset(opt, 0, sizeof(*opt));
  opt->to = QUIC_TIME_NEVER;
  argp_err_exit_status = QV_EXIT_USAGE;
  (void)argp_parse(&argp, argc, argv, 0, NULL, &s);
}
