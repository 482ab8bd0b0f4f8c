#ifndef QD_OPTIONS_H
#define QD_OPTIONS_H

/* What the command line asked for. */

#include <stdbool.h>
#include <stdint.h>

#include "pcap/keyfiles.h"

/* Exit statuses, as documented in the manual. */
enum {
  QD_EXIT_OK = 0,
  QD_EXIT_NOTHING = 1, /* no QUIC found, or --expect is not met */
  QD_EXIT_INPUT = 2,   /* input that cannot be read, output that cannot be
                          written */
  QD_EXIT_USAGE = 64
};

typedef enum qd_mode {
  QD_MODE_LINE,
  QD_MODE_TREE,
  QD_MODE_FLAT,
  QD_MODE_WHY,
  QD_MODE_SUMMARY,
  QD_MODE_DETAIL, /* -ss */
  QD_MODE_CLOSE,
  QD_MODE_HTTP,
  QD_MODE_JSON,
  QD_MODE_FOLLOW,
  QD_MODE_SLOW,
  QD_MODE_AUDIT,
  QD_MODE_DIFF,
  QD_MODE_HELP_FILTER,
  QD_MODE_HELP_EXPECT
} qd_mode;

typedef struct qd_options {
  const char *read;      /* -r; NULL = live */
  const char *other;     /* --diff: the second one */
  const char *interface; /* -i; NULL = file */
  char *bpf;             /* positional expression, allocated; NULL = none */
  const char *keys[QD_KEYFILES_MAX];
  size_t nkeys;
  bool keys_from_environment; /* keys[0] is $SSLKEYLOGFILE */
  const char *filter;         /* --filter; NULL = all */
  const char *user;           /* -Z; NULL = the default */
  const char *follow;         /* --follow CONN:STREAM[:c|s][:FORMAT] */
  const char *extract;        /* --extract DIR; NULL = no */
  const char *har;            /* --har FILE */
  const char *qlog;           /* --qlog DIR */
  const char *inject;         /* --inject FILE */
  const char *strip;          /* --strip-secrets FILE */
  const char *expect;         /* --expect EXPR */
  bool qlog_compat;           /* --qlog-compat */
  bool har_bodies;            /* --har-bodies */
  uint64_t count;             /* -c: packets shown at most; 0 = all */
  qd_mode mode;
  int verbosity;
  int colour; /* -1 never, 0 auto, 1 always */
  bool json;  /* with a mode that writes JSON as well as text */
  bool absolute_time;
  bool unordered; /* -l */
  bool quiet;     /* -q: no progress, no notes */
  int threads;    /* --threads; -1 = as many as there are processors */
} qd_options;

/* qd_options_parse reads the command line.  It leaves the process with status
   0 after --help and --version, and with QD_EXIT_USAGE after a mistake. */
void qd_options_parse(qd_options *opt, int argc, char **argv);

/* qd_options_decode: packets are to be opened; false when --strip-secrets is
   all that is asked for. */
bool qd_options_decode(const qd_options *opt);
void qd_options_free(qd_options *opt);

#endif /* !defined(QD_OPTIONS_H) */
