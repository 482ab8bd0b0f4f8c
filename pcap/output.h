#ifndef QD_OUTPUT_H
#define QD_OUTPUT_H

/* A way of showing packets, or what connections tell.  Each kind is one file
   that makes one of these.  Every function but |del| may be NULL. */

#include "base/mem.h"
#include "base/text.h"
#include "capture/link.h"
#include "pcap/conn.h"
#include "pcap/packet.h"
#include "qlog/event.h"

typedef struct qd_output qd_output;
struct qd_request;
struct qd_stream;
struct qd_trace;

struct qd_output {
  /* Every UDP datagram of record |frame|, QUIC or not; those that are opened
     ahead come before the packets of earlier ones. */
  void (*datagram)(qd_output *out, uint64_t frame, quic_time now,
                   const quic_datagram *dg);
  /* Shows one packet, after its events. */
  void (*packet)(qd_output *out, const qd_packet *p);
  /* One event of a connection, packets included. */
  void (*event)(qd_output *out, struct qd_trace *tr, const qlog_event *e);
  /* A request that ended, or of which no more can come. */
  void (*request)(qd_output *out, struct qd_trace *tr, struct qd_request *rq);
  /* Content of a request or response, in order. */
  void (*body)(qd_output *out, struct qd_trace *tr, struct qd_request *rq,
               qd_side side, quic_bytes data);
  /* Octets of a stream, in order. */
  void (*octets)(qd_output *out, struct qd_trace *tr, struct qd_stream *st,
                 qd_side side, uint64_t offset, quic_bytes data);
  /* A connection of which no more can come. */
  void (*ended)(qd_output *out, struct qd_trace *tr);
  /* Shows what comes after the last one. */
  void (*finish)(qd_output *out);
  void (*del)(qd_output *out);
  quic_time start; /* of the capture: times are told from here */
  bool started;
  int error;         /* errno of a file that could not be written; 0 = none */
  char subject[256]; /* the file */
  char note[256];    /* what was written, for standard error; "" = nothing */
  char problem[256]; /* what went wrong otherwise; "" = nothing did */
  int status;        /* exit status that comes of it all; 0 = none */
};

/* qd_output_start takes the first packet's time, whether it is shown or not. */
static inline void qd_output_start(qd_output *out, const qd_packet *p) {
  if (!out->started) {
    out->started = true;
    out->start = p->time;
  }
}

/* qd_output_follows: |out| wants more than packets. */
static inline bool qd_output_follows(const qd_output *out) {
  return out->event || out->request || out->body || out->octets || out->ended;
}

typedef struct qd_output_settings {
  const quic_mem *mem;
  quic_text *text; /* where to; flushed by its owner */
  bool colour;
  int verbosity; /* tree: 1 = frames and their fields, 2 = every field, TLS,
                    transport parameters, certificates */
  bool absolute_time; /* seconds since 1970 instead of since the first packet */
  bool json;          /* as JSON, where there is a choice */
  uint64_t seed[2];   /* for hash tables: keys come from outside */
  bool immediate;     /* rows as they come, though columns may not be even */
  const char *capture; /* file or interface that is read; NULL = not told */
} qd_output_settings;

/* Each returns 0 or QUIC_ERR_NOMEM. */
int qd_output_line_new(qd_output **out,
                       const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_tree_new(qd_output **out,
                       const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_flat_new(qd_output **out,
                       const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_summary_new(qd_output **out,
                          const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_detail_new(qd_output **out,
                         const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_close_new(qd_output **out,
                        const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_http_new(qd_output **out,
                       const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_slow_new(qd_output **out,
                       const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_audit_new(qd_output **out,
                        const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_json_new(qd_output **out,
                       const qd_output_settings *settings) QUIC_MUST_USE;

#endif /* !defined(QD_OUTPUT_H) */
