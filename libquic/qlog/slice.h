#ifndef QUIC_QLOG_SLICE_H
#define QUIC_QLOG_SLICE_H

/* qlog_slicer cuts the octets of a qlog into records, whatever the layout, and
   keeps no more than the record that is not complete yet and the heads.

     stream of texts   each JSON text is a slice: RFC 7464, NDJSON, or texts
                       that follow each other with no more than a line feed
     one JSON text     each element of an "events" array is a slice; all the
                       rest is the heads, where fields have any order

   It matches brackets outside of strings and knows no more of JSON, so a slice
   is what may be a record: whoever takes it reads it.  Where brackets cannot
   match, it says so and looks for the next record. */

#include "base/mem.h"
#include "qlog/reader.h"

#define QLOG_SLICE_SHOWN 256 /* octets kept of a record that is too large */

typedef enum qlog_slice_kind {
  QLOG_SLICE_TEXT,         /* a text of a stream */
  QLOG_SLICE_EVENT,        /* an element of "events" */
  QLOG_SLICE_TRACE,        /* an element of "traces" begins; no octets */
  QLOG_SLICE_TRACE_END,    /* it ends: all of its head is known; no octets */
  QLOG_SLICE_CONTAINED,    /* this is one JSON text; no octets */
  QLOG_SLICE_CONTAINED_END /* it ends; no octets */
} qlog_slice_kind;

typedef struct qlog_slice {
  qlog_slice_kind kind;
  quic_bytes text; /* without white space around it; borrowed */
  uint64_t offset; /* of |text| in the file */
  bool separated;  /* TEXT: behind a separator of RFC 7464 */
  bool last;       /* the file ends behind it */
  bool whole;      /* |text| is all there is of it */
  const char *why; /* not NULL: no record, and why; static, a clause */
} qlog_slice;

/* Takes a slice.  Returns 0, or an error that feed and finish hand on. */
typedef int qlog_slice_fn(void *user, const qlog_slice *slice);

typedef struct qlog_slicer qlog_slicer;

/* qlog_slicer_new starts a file; records may have |record_max| octets.  Returns
   0 or QUIC_ERR_NOMEM. */
int qlog_slicer_new(qlog_slicer **out, const quic_mem *mem, size_t record_max,
                    qlog_slice_fn *fn, void *user) QUIC_MUST_USE;
void qlog_slicer_del(qlog_slicer *s);

/* qlog_slicer_feed takes the next octets.  Returns 0, what |fn| returned,
   QUIC_ERR_NOMEM, or QUIC_ERR_UNSUPPORTED when this can be no qlog, see
   qlog_slicer_problem. */
int qlog_slicer_feed(qlog_slicer *s, quic_bytes octets) QUIC_MUST_USE;

/* qlog_slicer_pause says that more may be long in coming: a text that is whole
   and ends with a line feed is handed out.  Returns what feed does. */
int qlog_slicer_pause(qlog_slicer *s) QUIC_MUST_USE;

/* qlog_slicer_finish hands out what is left and returns what feed does. */
int qlog_slicer_finish(qlog_slicer *s) QUIC_MUST_USE;

/* qlog_slicer_bad says, while an EVENT is being taken, that from its octet |at|
   on it is no JSON.  One that is longer than all before may have more records
   in it, which are looked for then. */
void qlog_slicer_bad(qlog_slicer *s, size_t at);

/* qlog_slicer_problem returns a clause after UNSUPPORTED, else NULL. */
const char *qlog_slicer_problem(const qlog_slicer *s);

/* qlog_slicer_layout tells SEQUENCE, NDJSON, CONTAINED (with rows or not), or
   UNKNOWN as long as that is open. */
qlog_layout qlog_slicer_layout(const qlog_slicer *s);

/* The heads of one JSON text as far as they were read, events left out: of the
   file, and of the current element of "traces".  Borrowed until the next
   feed. */
quic_bytes qlog_slicer_head(const qlog_slicer *s);
quic_bytes qlog_slicer_trace_head(const qlog_slicer *s);

/* qlog_slicer_cut tells, after finish, that one JSON text ended early. */
bool qlog_slicer_cut(const qlog_slicer *s);

/* qlog_slicer_loose counts commas behind the last element of an array. */
uint64_t qlog_slicer_loose(const qlog_slicer *s);

/* qlog_slicer_lines tells that each line of a stream is a text. */
bool qlog_slicer_lines(const qlog_slicer *s);

#endif /* !defined(QUIC_QLOG_SLICE_H) */
