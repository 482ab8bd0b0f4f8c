#ifndef QV_OPTIONS_H
#define QV_OPTIONS_H

/* The command line of qlogview. */

#include "base/bytes.h"
#include "base/time.h"

/* Exit statuses. */
#define QV_EXIT_FOUND 1 /* findings, or records that break the schema */
#define QV_EXIT_INPUT 2 /* input not readable, output not writable */
#define QV_EXIT_USAGE 64

#define QV_FILES_MAX 4096 /* arguments */
#define QV_KEYS_MAX 16

typedef enum qv_mode {
  QV_SUMMARY,
  QV_CLOSE,
  QV_FINDINGS,
  QV_REQUESTS,
  QV_EVENTS,
  QV_STATS,
  QV_CSV,
  QV_PRINT,
  QV_SVG,
  QV_CONVERT,
  QV_VALIDATE,
  QV_SCAN,
  QV_CLOSES,
  QV_COMPARE,
  QV_EXPLAIN,
  QV_MODES
} qv_mode;

typedef enum qv_format {
  QV_TEXT,
  QV_JSON,
  QV_SARIF,
  QV_CSV_TABLE,
  QV_JUNIT
} qv_format;

typedef struct qv_options {
  qv_mode mode;
  qv_format format;
  const char *files[QV_FILES_MAX];
  size_t nfiles;
  const char *keys[QV_KEYS_MAX];
  size_t nkeys;
  const char *connection; /* number or start of the group_id; NULL = all */
  const char *filter;     /* expression over events; NULL */
  bool window;            /* only [from, to), ns from the first event */
  quic_duration from, to;
  const char *view;   /* --print, --svg, --csv; explain: what */
  unsigned w, h;      /* cells; 0 = as the terminal is */
  const char *output; /* -o; NULL = standard output */
  bool anonymise;     /* convert: without addresses, IDs, tokens, names */
  bool compat;        /* convert: qlog 0.3 */
  bool slice;         /* convert: the window alone, records as they are */
  bool follow, quiet, ascii, colour, absolute;
  bool lists; /* --csv=list and such: say what there is */
} qv_options;

/* qv_options_parse reads the command line; on a mistake or --help it does not
   return. */
void qv_options_parse(qv_options *opt, int argc, char **argv);

#endif /* !defined(QV_OPTIONS_H) */
