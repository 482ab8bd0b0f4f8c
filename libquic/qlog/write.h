#ifndef QUIC_QLOG_WRITE_H
#define QUIC_QLOG_WRITE_H

/* The writer from inside: what the files write_*.c share.  Each function writes
   into an object that is open. */

#include "base/rangeset.h"
#include "qlog/field.h"
#include "qlog/json.h"
#include "qlog/writer.h"

/* WRITE_KEY is qlog_json_key for a string constant. */
#define WRITE_KEY(j, name) qlog_json_key_len(j, name, sizeof(name) - 1)

/* How a field of a frame is written: see write_frame.c. */
typedef struct qlog_write_step {
  const char *key; /* NULL: not at all */
  uint8_t key_len;
  uint8_t op;
} qlog_write_step;

typedef struct qlog_write_row {
  bool ready;
  uint8_t extra;
  uint8_t name_len;
  qlog_write_step steps[QUIC_FRAME_FIELDS_MAX];
} qlog_write_row;

#define QLOG_WRITE_ROWS 64 /* rows of the frame table, at most */

struct qlog_writer {
  qlog_sink sink;
  const quic_mem *mem;
  qlog_json json;
  quic_time reference;
  size_t raw_max;
  bool compat;
  bool any;           /* an event was written */
  quic_range *ranges; /* see qlog_write_collect */
  size_t ranges_cap;
  qlog_write_row rows[QLOG_WRITE_ROWS]; /* by index in the frame table */
};

/* What the sender of frames implies about their numbers. */
typedef struct qlog_write_context {
  uint64_t ack_delay_exponent;
  bool http3; /* application errors are HTTP/3's */
} qlog_write_context;

/* qlog_write_fields writes the plain fields of |e|. */
void qlog_write_fields(qlog_writer *w, const qlog_event *e);

/* qlog_write_frames writes an array of frames. */
void qlog_write_frames(qlog_writer *w, const quic_frame *frames, size_t n,
                       const qlog_write_context *ctx);

/* qlog_write_collect stores the ranges of an ACK frame in |w->ranges|, from the
   largest down, |end| inclusive.  Returns false when out of memory. */
bool qlog_write_collect(qlog_writer *w, const quic_frame *ack, size_t *n);

/* qlog_write_ack writes [[1,3],[7]], the ranges of an ACK frame. */
void qlog_write_ack(qlog_writer *w, const quic_frame *ack);

/* qlog_write_raw writes |key|: a RawInfo of |len| octets, |data| being what
   there is of them. */
void qlog_write_raw(qlog_writer *w, const char *key, uint64_t len,
                    quic_bytes data);

/* qlog_write_token writes "token", of |type| (NULL: not known) and |len| octets
   of which |token| is there. */
void qlog_write_token(qlog_writer *w, const char *type, uint64_t len,
                      quic_bytes token);

/* qlog_write_error_name writes the name of an error code as a value and returns
   true, or returns false when the drafts have none. */
bool qlog_write_transport_error(qlog_writer *w, uint64_t code);
bool qlog_write_app_error(qlog_writer *w, uint64_t code, bool http3);

/* qlog_write_tparam_named: the drafts have a name for a transport parameter. */
bool qlog_write_tparam_named(uint64_t id);

/* qlog_write_versions writes an array of versions, 4 octets each. */
void qlog_write_versions(qlog_writer *w, quic_bytes versions);

/* qlog_write_addr writes ip_v4 and port_v4, or ip_v6 and port_v6. */
void qlog_write_addr(qlog_json *j, const quic_addr *addr);

/* qlog_write_details writes an object of texts. */
void qlog_write_details(qlog_writer *w, const quic_field *details, size_t n);

/* What the plain fields of an event's data leave. */
typedef void qlog_write_rest(qlog_writer *w, const qlog_event *e);

qlog_write_rest qlog_write_packet, qlog_write_closed, qlog_write_parameters,
    qlog_write_datagrams, qlog_write_frame_list, qlog_write_acked,
    qlog_write_h3_stream, qlog_write_h3_frame, qlog_write_h3_settings,
    qlog_write_capsule, qlog_write_simulation;

#endif /* !defined(QUIC_QLOG_WRITE_H) */
