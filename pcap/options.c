#include "pcap/options.h"

#include <argp.h>
#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/backend.h"
#include "pcap/workers.h"

enum {
  OPT_FLAT = 256,
  OPT_WHY,
  OPT_FILTER,
  OPT_HELP_FILTER,
  OPT_HELP_EXPECT,
  OPT_COLOUR,
  OPT_CLOSE,
  OPT_HTTP,
  OPT_JSON,
  OPT_SLOW,
  OPT_AUDIT,
  OPT_DIFF,
  OPT_FOLLOW,
  OPT_EXTRACT,
  OPT_HAR,
  OPT_HAR_BODIES,
  OPT_QLOG,
  OPT_QLOG_COMPAT,
  OPT_INJECT,
  OPT_STRIP,
  OPT_EXPECT,
  OPT_THREADS
};

static const char options_doc[] =
    "Opens QUIC and HTTP/3 in a packet capture: every packet and frame, each "
    "request, how each connection went and why it ended, and for each packet "
    "that stays closed the reason.\v"
    "FILE is pcap or pcapng; - is standard input.  Key logs are in the "
    "SSLKEYLOGFILE format; secrets inside a pcapng are used without being "
    "asked for.\n\n"
    "  quicdump -k keys.log trouble.pcapng         one line per packet\n"
    "  quicdump -vv -k keys.log -r trouble.pcapng  every field\n"
    "  quicdump --why -k keys.log -r trouble.pcapng\n"
    "                                              why packets stay closed\n"
    "  quicdump -s -k keys.log trouble.pcapng      one row per connection\n"
    "  quicdump --http -k keys.log trouble.pcapng  one row per request\n"
    "  quicdump --close -k keys.log trouble.pcapng why connections ended\n"
    "  quicdump --expect 'handshake && loss < 1%' -k keys.log x.pcap\n"
    "  quicdump --filter 'frame == connection_close' -k keys.log x.pcap\n"
    "  zcat x.pcap.gz | quicdump -k keys.log -r -\n"
    "  sudo quicdump -i eth0 -k keys.log udp port 443\n\n"
    "Exit status: 0 QUIC was found; 1 there was none, or --expect does not "
    "hold, or --audit finds something; 2 the input could not be "
    "read or the output not written; 64 a mistake on the command line.";

static const struct argp_option options_list[] = {
    {NULL, 0, NULL, 0, "Input:", 1},
    {"read", 'r', "FILE", 0, "Read a capture file, - for standard input", 1},
    {"interface", 'i', "IF", 0,
     "Capture live from IF; an expression behind the options selects packets "
     "(pcap-filter(7))",
     1},
    {"keys", 'k', "FILE", 0,
     "Read secrets from FILE (may be repeated; default: $SSLKEYLOGFILE)", 1},
    {"user", 'Z', "USER", 0,
     "Live: become USER before decoding (default: whoever called sudo, else "
     "nobody)",
     1},
    {"threads", OPT_THREADS, "N", 0,
     "Open packets of costly ciphers in N threads more, 0 to 4 (default: one "
     "less than there are processors)",
     1},
    {NULL, 0, NULL, 0, "Output:", 2},
    {"verbose", 'v', NULL, 0, "Show frames and their fields; -vv: everything",
     2},
    {"summary", 's', NULL, 0,
     "One row for each connection: who, handshake, loss, round trips, how it "
     "ended; -ss: a report on each",
     2},
    {"http", OPT_HTTP, NULL, 0,
     "One row for each request: method, URL, status, times, octets", 2},
    {"close", OPT_CLOSE, NULL, 0,
     "How each connection ended: by whom, why, and the packets that show it",
     2},
    {"slow", OPT_SLOW, NULL, 0,
     "What made each connection slow: what limited its sender, round trips, "
     "losses, the handshake, acknowledgments, overhead, slow requests, and "
     "what is wrong",
     2},
    {"audit", OPT_AUDIT, NULL, 0,
     "What looks like an attack, or helps one: amplification, spoofed "
     "addresses, floods, loops; status 1 when there is something",
     2},
    {"diff", OPT_DIFF, NULL, 0,
     "Compare two captures of the same connections, FILE and OTHER, or a "
     "capture with the qlog of an endpoint: what each missed, loss and delay "
     "between the two, clocks, the first difference",
     2},
    {"json", OPT_JSON, NULL, 0,
     "Everything as JSON, one object on a line (schema quicdump/1); with "
     "--slow, "
     "--audit "
     "or --diff what these tell",
     2},
    {"follow", OPT_FOLLOW, "CONN:STREAM[:c|s]", 0,
     "The octets of a stream, each once and in order, of both sides or of the "
     "client or the server; :text, :hex, :raw or :http behind it change how "
     "they look",
     2},
    {"flat", OPT_FLAT, NULL, 0,
     "One P line for each packet and one F line for each frame, to compare and "
     "to grep",
     2},
    {"why", OPT_WHY, NULL, 0,
     "Report which packets were not opened, and which secrets are missing", 2},
    {"expect", OPT_EXPECT, "EXPR", 0,
     "Leave with status 1, and the reason, unless EXPR holds for every "
     "connection; see --help-expect",
     2},
    {"filter", OPT_FILTER, "EXPR", 0,
     "Show only packets that fit EXPR; see --help-filter", 2},
    {"help-filter", OPT_HELP_FILTER, NULL, 0,
     "Explain the fields of --filter and leave", 2},
    {"help-expect", OPT_HELP_EXPECT, NULL, 0,
     "Explain the fields of --expect and leave", 2},
    {"count", 'c', "N", 0, "Stop after N packets were shown", 2},
    {"absolute", 't', NULL, 0,
     "Times as seconds since 1970, not since the first packet", 2},
    {"immediate", 'l', NULL, 0,
     "Show packets at once; those that a later key opens are shown again", 2},
    {"color", OPT_COLOUR, "WHEN", 0,
     "auto (on a terminal, unless NO_COLOR is set), always, never", 2},
    {"quiet", 'q', NULL, 0, "No progress and no notes on standard error", 2},
    {NULL, 0, NULL, 0, "Files written:", 3},
    {"qlog", OPT_QLOG, "DIR", 0, "A qlog of each connection", 3},
    {"qlog-compat", OPT_QLOG_COMPAT, NULL, 0,
     "Write qlog 0.3, which QVIS opens, instead of the newest draft", 3},
    {"har", OPT_HAR, "FILE", 0, "Requests as HTTP Archive 1.2", 3},
    {"har-bodies", OPT_HAR_BODIES, NULL, 0, "Put the content into it, too", 3},
    {"extract", OPT_EXTRACT, "DIR", 0, "The content of each response as a file",
     3},
    {"inject", OPT_INJECT, "FILE", 0,
     "The capture as pcapng, with the secrets that it needs inside", 3},
    {"strip-secrets", OPT_STRIP, "FILE", 0,
     "The capture without the secrets inside it", 3},
    {0}};

static void options_version(FILE *stream, struct argp_state *state) {
  (void)state;
  fprintf(stream, "quicdump (h3kit) %s\n%s, %s\n", H3KIT_VERSION,
          quic_crypto_gnutls_version(), pcap_lib_version());
}

/* options_safe returns an argument that a terminal may see. */
static const char *options_safe(const char *arg) {
  static char text[256];
  quic_text t;

  quic_text_init(&t, text, sizeof(text));
  quic_text_untrusted(&t, quic_bytes_of(arg, strlen(arg)), 100);
  return quic_text_cstr(&t);
}

static int options_colour(const char *arg, struct argp_state *state) {
  static const char *const names[] = {"never", "auto", "always"};

  for (int i = 0; i < 3; i++) {
    if (strcmp(arg, names[i]) == 0) {
      return i - 1;
    }
  }
  argp_error(state, "--color takes auto, always or never, not '%s'",
             options_safe(arg));
  return 0;
}

static uint64_t options_count(const char *arg, struct argp_state *state) {
  char *end;
  unsigned long long n;

  errno = 0;
  n = strtoull(arg, &end, 10);

  if (*arg < '0' || *arg > '9' || *end || n == 0 || errno == ERANGE) {
    argp_error(state, "-c takes a number from 1 up, not '%s'",
               options_safe(arg));
  }
  return n;
}

static int options_threads(const char *arg, struct argp_state *state) {
  if (*arg < '0' || *arg > '0' + QD_WORKERS_MAX || arg[1]) {
    argp_error(state, "--threads takes a number from 0 to %d, not '%s'",
               QD_WORKERS_MAX, options_safe(arg));
  }
  return *arg - '0';
}

static void options_mode(qd_options *opt, qd_mode mode,
                         struct argp_state *state) {
  if (opt->mode != QD_MODE_LINE && opt->mode != mode) {
    argp_error(state,
               "-v, -s, --http, --close, --slow, --audit, --diff, --follow, "
               "--flat and --why exclude each other");
  }
  opt->mode = mode;
}

/* options_copy: the file that a copy goes to, which may be standard output. */
static const char *options_copy(const char *arg) {
  return strcmp(arg, "-") == 0 ? "/dev/stdout" : arg;
}

/* options_export takes what names a file to be written; false = none such. */
static bool options_export(qd_options *opt, int key, const char *arg) {
  switch (key) {
  case OPT_QLOG:
    opt->qlog = arg;
    return true;
  case OPT_QLOG_COMPAT:
    opt->qlog_compat = true;
    return true;
  case OPT_HAR:
    opt->har = arg;
    return true;
  case OPT_HAR_BODIES:
    opt->har_bodies = true;
    return true;
  case OPT_EXTRACT:
    opt->extract = arg;
    return true;
  case OPT_INJECT:
    opt->inject = options_copy(arg);
    return true;
  case OPT_STRIP:
    opt->strip = options_copy(arg);
    return true;
  case OPT_EXPECT:
    opt->expect = arg;
    return true;
  default:
    return false;
  }
}

static error_t options_one(int key, char *arg, struct argp_state *state) {
  qd_options *opt = state->input;

  switch (key) {
  case 'r':
    opt->read = arg;
    return 0;
  case 'i':
    opt->interface = arg;
    return 0;
  case 'k':
    if (opt->nkeys == QD_KEYFILES_MAX) {
      argp_error(state, "at most %d key logs", QD_KEYFILES_MAX);
    }
    opt->keys[opt->nkeys++] = arg;
    return 0;
  case 'Z':
    opt->user = arg;
    return 0;
  case OPT_THREADS:
    opt->threads = options_threads(arg, state);
    return 0;
  case 'v':
    options_mode(opt, QD_MODE_TREE, state);
    opt->verbosity++;
    return 0;
  case OPT_FLAT:
    options_mode(opt, QD_MODE_FLAT, state);
    return 0;
  case OPT_WHY:
    options_mode(opt, QD_MODE_WHY, state);
    return 0;
  case 's':
    if (opt->mode == QD_MODE_SUMMARY || opt->mode == QD_MODE_DETAIL) {
      opt->mode = QD_MODE_DETAIL;
    } else {
      options_mode(opt, QD_MODE_SUMMARY, state);
    }
    return 0;
  case OPT_HTTP:
    options_mode(opt, QD_MODE_HTTP, state);
    return 0;
  case OPT_CLOSE:
    options_mode(opt, QD_MODE_CLOSE, state);
    return 0;
  case OPT_JSON:
    opt->json = true;
    return 0;
  case OPT_SLOW:
    options_mode(opt, QD_MODE_SLOW, state);
    return 0;
  case OPT_AUDIT:
    options_mode(opt, QD_MODE_AUDIT, state);
    return 0;
  case OPT_DIFF:
    options_mode(opt, QD_MODE_DIFF, state);
    return 0;
  case OPT_FOLLOW:
    options_mode(opt, QD_MODE_FOLLOW, state);
    opt->follow = arg;
    return 0;
  case OPT_HELP_FILTER:
    opt->mode = QD_MODE_HELP_FILTER;
    return 0;
  case OPT_HELP_EXPECT:
    opt->mode = QD_MODE_HELP_EXPECT;
    return 0;
  case OPT_FILTER:
    opt->filter = arg;
    return 0;
  case 'c':
    opt->count = options_count(arg, state);
    return 0;
  case 't':
    opt->absolute_time = true;
    return 0;
  case 'l':
    opt->unordered = true;
    return 0;
  case OPT_COLOUR:
    opt->colour = options_colour(arg, state);
    return 0;
  case 'q':
    opt->quiet = true;
    return 0;
  default:
    return options_export(opt, key, arg) ? 0 : ARGP_ERR_UNKNOWN;
  }
}

/* options_two takes both files of --diff. */
static void options_two(qd_options *opt, struct argp_state *state, int argc,
                        char **argv) {
  int n = 0;

  if (!opt->read && argc) {
    opt->read = argv[n++];
  }
  if (n < argc) {
    opt->other = argv[n++];
  }
  if (n < argc) {
    argp_error(state, "'%s': --diff compares two files", options_safe(argv[n]));
  }
}

/* options_rest takes what stands behind the options: a capture filter when
   live, else the capture file. */
static void options_rest(qd_options *opt, struct argp_state *state, int argc,
                         char **argv) {
  size_t len = 1;

  if (opt->mode == QD_MODE_DIFF) {
    options_two(opt, state, argc, argv);
    return;
  }
  if (!opt->interface) {
    const char *word = argv[opt->read || argc < 2 ? 0 : 1];

    if ((opt->read || argc > 1) && access(word, F_OK) == 0) {
      argp_error(state, "'%s': one capture at a time (mergecap(1) joins them)",
                 options_safe(word));
    }
    if (opt->read || argc > 1) {
      argp_error(state,
                 "'%s': a capture filter works with -i only; use "
                 "--filter to select what a file shows",
                 options_safe(word));
    }
    opt->read = argv[0];
    return;
  }
  for (int i = 0; i < argc; i++) {
    len += strlen(argv[i]) + 1;
  }
  opt->bpf = calloc(1, len);
  for (int i = 0; opt->bpf && i < argc; i++) {
    if (i) {
      strcat(opt->bpf, " ");
    }
    strcat(opt->bpf, argv[i]);
  }
}

/* options_json: --json is a mode of its own, or the form of another one. */
static void options_json(qd_options *opt, struct argp_state *state) {
  if (!opt->json || opt->mode == QD_MODE_SLOW || opt->mode == QD_MODE_AUDIT ||
      opt->mode == QD_MODE_DIFF || opt->mode >= QD_MODE_HELP_FILTER) {
    return;
  }
  options_mode(opt, QD_MODE_JSON, state);
}

/* options_agree refuses what cannot go together. */
static void options_agree(const qd_options *opt, struct argp_state *state) {
  bool pipe = opt->read && strcmp(opt->read, "-") == 0;

  if (opt->interface && (opt->inject || opt->strip)) {
    argp_error(state, "%s copies a capture file, it does not go with -i",
               opt->inject ? "--inject" : "--strip-secrets");
  }
  if (opt->inject && pipe) {
    argp_error(state, "--inject reads the capture twice: give a file, not "
                      "standard input");
  }
  if (opt->inject && opt->count) {
    argp_error(state, "--inject needs all packets to know which secrets are "
                      "used: leave -c out");
  }
  if (opt->qlog_compat && !opt->qlog) {
    argp_error(state,
               "--qlog-compat says how to write qlogs: give --qlog, too");
  }
  if (opt->har_bodies && !opt->har) {
    argp_error(state, "--har-bodies goes with --har FILE");
  }
  if (opt->mode == QD_MODE_DIFF && !opt->other) {
    argp_error(state, "--diff compares two files: give both");
  }
  if (opt->mode == QD_MODE_DIFF &&
      (opt->interface || opt->count || opt->inject || opt->strip || opt->har ||
       opt->qlog || opt->extract || opt->expect)) {
    argp_error(state, "--diff compares two files, and does nothing else");
  }
  if (opt->follow && opt->filter) {
    argp_error(state, "--follow names its connection: leave --filter out");
  }
  if (opt->strip && pipe && qd_options_decode(opt)) {
    argp_error(state, "--strip-secrets leaves nothing of standard input to be "
                      "shown: give a file");
  }
}

bool qd_options_decode(const qd_options *opt) {
  return !opt->strip || opt->mode != QD_MODE_LINE || opt->extract || opt->har ||
         opt->qlog || opt->inject || opt->expect;
}

static error_t options_parser(int key, char *arg, struct argp_state *state) {
  qd_options *opt = state->input;

  switch (key) {
  case ARGP_KEY_ARGS:
    options_rest(opt, state, state->argc - state->next,
                 state->argv + state->next);
    return 0;
  case ARGP_KEY_END:
    options_json(opt, state);
    if (opt->read && opt->interface) {
      argp_error(state, "-r and -i exclude each other");
    }
    if (!opt->read && !opt->interface && opt->mode < QD_MODE_HELP_FILTER) {
      argp_error(state, "give a capture file, or an interface with -i");
    }
    options_agree(opt, state);
    return 0;
  default:
    return options_one(key, arg, state);
  }
}

void qd_options_parse(qd_options *opt, int argc, char **argv) {
  static const struct argp argp = {
      options_list,
      options_parser,
      "[FILE]\n--diff FILE OTHER\n-i IF [CAPTURE-FILTER]",
      options_doc,
      NULL,
      NULL,
      NULL};
  const char *env = getenv("SSLKEYLOGFILE");

  memset(opt, 0, sizeof(*opt));
  opt->threads = -1;
  argp_err_exit_status = QD_EXIT_USAGE;
  argp_program_version_hook = options_version;
  (void)argp_parse(&argp, argc, argv, 0, NULL, opt);
  if (opt->nkeys == 0 && env && *env) {
    opt->keys[opt->nkeys++] = env;
    opt->keys_from_environment = true;
  }
}

void qd_options_free(qd_options *opt) {
  free(opt->bpf);
  opt->bpf = NULL;
}
