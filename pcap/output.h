#ifndef QD_OUTPUT_H
#define QD_OUTPUT_H

/* A way of showing packets.  Each kind is one file that makes one of these. */

#include "base/mem.h"
#include "base/text.h"
#include "pcap/conn.h"
#include "pcap/packet.h"

typedef struct qd_output qd_output;

struct qd_output {
  /* Shows one packet. */
  void (*packet)(qd_output *out, const qd_packet *p);
  /* Shows what comes after the last one; NULL = nothing. */
  void (*finish)(qd_output *out);
  void (*del)(qd_output *out);
  quic_time start; /* of the capture: times are told from here */
  bool started;
};

/* qd_output_start takes the first packet's time, whether it is shown or not. */
static inline void qd_output_start(qd_output *out, const qd_packet *p) {
  if (!out->started) {
    out->started = true;
    out->start = p->time;
  }
}

typedef struct qd_output_settings {
  const quic_mem *mem;
  quic_text *text; /* where to; flushed by its owner */
  bool colour;
  int verbosity; /* tree: 1 = frames and their fields, 2 = every field, TLS,
                    transport parameters, certificates */
  bool absolute_time; /* seconds since 1970 instead of since the first packet */
} qd_output_settings;

/* Each returns 0 or QUIC_ERR_NOMEM. */
int qd_output_line_new(qd_output **out,
                       const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_tree_new(qd_output **out,
                       const qd_output_settings *settings) QUIC_MUST_USE;
int qd_output_flat_new(qd_output **out,
                       const qd_output_settings *settings) QUIC_MUST_USE;

#endif /* !defined(QD_OUTPUT_H) */
