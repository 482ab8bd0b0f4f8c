#ifndef QV_OUT_H
#define QV_OUT_H

/* An output is one way of showing qlogs: a struct that begins with qv_out, made
   by a function of its own file, told what qv_load tells. */

#include "qlogview/load.h"
#include "qlogview/options.h"

/* What an output works with; all of it outlives the output. */
typedef struct qv_context {
  const qv_options *opt;
  const quic_mem *mem;
  quic_text *out;   /* where to write */
  const char *path; /* of the file in work, as the user knows it */
  uint32_t arg;     /* by which argument of the command line, from 0 */
  bool named;       /* it is that argument, not found in a directory */
  bool many;        /* more than one file: say which */
  uint64_t seed[2];
  bool *mistake;   /* see qv_mistake; NULL = nobody asks */
  const int *gone; /* not 0: nobody takes the output any more; NULL */
  bool *wanted;    /* set when a connection is one that -c asks for; NULL */
} qv_context;

typedef struct qv_out {
  const qv_context *ctx;
  qv_load_ops ops; /* called with the output as |user| */
  bool analyse;    /* wants findings and requests */
  bool lenient;    /* judges itself what a file that cannot be read means */
  bool broken;     /* what was written is not whole, and shall not stay */
  /* |file| follows the last connection of each file, and of each connection
     of a capture; NULL = nothing to do.  |failed|: it could not be read to its
     end. */
  void (*file)(struct qv_out *o, const qv_file *file, bool failed);
  /* |finish| follows the last file and returns the exit status, 0,
     QV_EXIT_FOUND, or if |lenient| QV_EXIT_INPUT; NULL = 0. */
  int (*finish)(struct qv_out *o);
  void (*del)(struct qv_out *o);
} qv_out;

/* qv_out_alloc returns |size| octets of zeros that begin with a qv_out of
   |ctx|, or NULL; qv_out_free is a |del| for outputs that own nothing else. */
void *qv_out_alloc(const qv_context *ctx, size_t size);
void qv_out_free(qv_out *o);

/* The makers; NULL without memory, or after a complaint. */
qv_out *qv_out_summary_new(const qv_context *ctx);
qv_out *qv_out_close_new(const qv_context *ctx);
qv_out *qv_out_findings_new(const qv_context *ctx);
qv_out *qv_out_requests_new(const qv_context *ctx);
qv_out *qv_out_events_new(const qv_context *ctx);
qv_out *qv_out_stats_new(const qv_context *ctx);
qv_out *qv_out_csv_new(const qv_context *ctx);
qv_out *qv_out_chart_new(const qv_context *ctx); /* --print, --svg */
qv_out *qv_out_convert_new(const qv_context *ctx);
qv_out *qv_out_validate_new(const qv_context *ctx);
qv_out *qv_out_scan_new(const qv_context *ctx);
qv_out *qv_out_closes_new(const qv_context *ctx);
qv_out *qv_out_compare_new(const qv_context *ctx);
qv_out *qv_out_explain_new(const qv_context *ctx);

/* qv_mistake is called by a maker that refuses its options: then the exit
   status is QV_EXIT_USAGE. */
void qv_mistake(const qv_context *ctx);

/* qv_wanted: |c| is one that -c asks for. */
bool qv_wanted(const qv_context *ctx, const qv_connection *c);

/* qv_in_window: |time| is inside what -t asks for. */
bool qv_in_window(const qv_context *ctx, const qv_connection *c,
                  quic_time time);

#endif /* !defined(QV_OUT_H) */
