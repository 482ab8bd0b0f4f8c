#ifndef QV_LOAD_H
#define QV_LOAD_H

/* qv_load goes once through a qlog and sorts its events by connection: each
   trace and each group_id in it is one, with an analysis of its own. */

#include "analysis/findings.h"
#include "analysis/requests.h"
#include "base/mem.h"
#include "qlog/reader.h"

#define QV_CONNECTIONS_MAX                                                     \
  512                    /* at a time; the one silent longest is ended         \
                          */
#define QV_GROUP_MAX 64  /* octets kept of a group_id */
#define QV_TITLE_MAX 128 /* of a title */

typedef struct qv_connection {
  uint32_t number; /* in the file, from 0 */
  uint32_t trace;
  char group[QV_GROUP_MAX + 1]; /* untrusted octets */
  char title[QV_TITLE_MAX + 1];
  char version[QV_TITLE_MAX + 1]; /* of the qlog */
  qlog_layout layout;
  quic_vantage vantage;
  bool vantage_told;   /* else made out from the first events */
  bool sent_is_client; /* packet_sent means: by the client */
  bool wall_clock;     /* times count from 1970 */
  quic_analysis *analysis;
  quic_findings *findings;
  quic_requests *requests; /* NULL unless asked for */
  quic_time first, last;
  uint64_t events, unknown;
  uint64_t record; /* the first one's number */
  void *data;      /* of who loads */
} qv_connection;

/* What is done on the way; any may be NULL.  A connection is told |begin|
   before its first event, every |record| after its analysis has seen it, and
   |ended| once, when its analysis is settled; then it is gone. */
typedef struct qv_load_ops {
  void (*trace)(void *user, const qlog_trace *trace);
  void (*begin)(void *user, qv_connection *c);
  void (*record)(void *user, qv_connection *c, const qlog_record *record);
  void (*bad)(void *user, const qlog_bad *bad);
  void (*ended)(void *user, qv_connection *c);
  void (*paused)(void *user); /* nothing more for now: while following */
} qv_load_ops;

typedef struct qv_load_settings {
  const quic_mem *mem;
  const char *path; /* "-" = standard input */
  bool follow;
  bool progress;   /* on standard error, if that is a terminal */
  bool analyse;    /* findings and requests; else events alone */
  bool lenient;    /* a file that is no qlog is no reason to complain */
  uint32_t number; /* of the first connection: of others in the same capture */
  uint64_t seed[2];
  const int *gone; /* not 0: nobody takes the output any more; NULL */
} qv_load_settings;

#define QV_PROBLEM_MAX 160 /* octets kept of why a file could not be read */

/* What is known of a file once it was read. */
typedef struct qv_file {
  qlog_reader_stats stats;
  char problem[QV_PROBLEM_MAX]; /* a clause; empty without a failure, or when
                                   it was complained of already */
  bool no_qlog;                 /* that is why */
  bool cut;                     /* the packed file ends early */
  uint64_t connections;         /* in all */
  uint64_t early;               /* ended at QV_CONNECTIONS_MAX */
} qv_file;

/* qv_load reads |settings->path|.  Returns 0, or -1 after a complaint; what was
   read before is told all the same. */
int qv_load(const qv_load_settings *settings, const qv_load_ops *ops,
            void *user, qv_file *file) QUIC_MUST_USE;

#endif /* !defined(QV_LOAD_H) */
