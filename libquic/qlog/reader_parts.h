#ifndef QUIC_QLOG_READER_PARTS_H
#define QUIC_QLOG_READER_PARTS_H

/* The reader from inside: what reader.c, reader_trace.c and reader_record.c
   share. */

#include "qlog/convert.h"
#include "qlog/envelope.h"
#include "qlog/group.h"
#include "qlog/head.h"
#include "qlog/reader.h"
#include "qlog/slice.h"

#define QLOG_READER_WORD 128 /* octets of a name that has escapes */
#define QLOG_READER_TEXT 512 /* and of a title */
#define QLOG_READER_TRIES 64 /* records, none good, until it is no qlog */
#define QLOG_READER_BATCH 32 /* records that are told together */

/* What reading a record of a trace takes. */
typedef struct reader_trace {
  uint8_t columns[QLOG_COLUMNS_MAX];
  uint8_t ncolumns;
  uint8_t unit; /* qlog_stamp_unit */
  bool rows, prespec;
} reader_trace;

/* A string without its escapes, a NUL behind it. */
typedef struct reader_word {
  char text[QLOG_READER_WORD + 1];
} reader_word;

/* A record as it came. */
typedef struct reader_input {
  quic_bytes text;
  uint64_t offset;
  bool last, separated;
} reader_input;

/* A record as it was read. */
typedef struct reader_output {
  qlog_envelope envelope;
  quic_bytes space, name;
  bool known; /* |event| is one */
  qlog_event *event;
  const char *why; /* not NULL: it is bad */
  size_t at;
} reader_output;

/* An event that was read and not told yet. */
typedef struct reader_told {
  qlog_record record;
  qlog_event event;
} reader_told;

struct qlog_reader {
  const quic_mem *mem;
  const qlog_reader_ops *ops;
  void *user;
  qlog_slicer *slicer;
  qlog_convert *convert;
  qlog_reader_stats stats;
  int err; /* that ended the reading */
  bool finished;
  const char *problem;
  uint64_t nheads;     /* in the file */
  qlog_head file_head; /* as read from |file_head_text| */
  quic_bytes file_head_text;
  bool file_head_known;
  qlog_layout claim;
  /* the trace at hand, the last one of |traces| */
  reader_trace *traces;
  size_t traces_cap;
  bool open;
  bool ready;        /* its head was read */
  bool told;         /* and told */
  bool ended;        /* the slicer's head may be another one's by now */
  size_t told_head;  /* octets of the heads by then */
  size_t told_trace; /* octets */
  uint8_t *head;     /* a stream's, copied from its record */
  size_t head_len, head_cap;
  int time_format;     /* QLOG_UNSET: each time tells by its size */
  quic_time reference; /* 0 = not known */
  quic_time base;      /* what relative times count from */
  quic_time previous;  /* what deltas count from */
  bool wall_clock;
  qlog_time_format told_format;
  qlog_groups groups;
  bool guess; /* data is a record's last member, as far as known */
  reader_word space, name, trigger, tuple, group; /* of the record */
  reader_output out;
  quic_bytes fed; /* octets that are there until the end of the feed */
  reader_told batch[QLOG_READER_BATCH];
  size_t batch_len, batch_told;
};

/* reader_trace_start begins a trace.  |head| is the record of a stream that it
   is; empty where the slicer has it. */
int reader_trace_start(qlog_reader *r, quic_bytes head) QUIC_MUST_USE;

/* reader_trace_read reads the head of the trace at hand as far as it is
   known. */
int reader_trace_read(qlog_reader *r) QUIC_MUST_USE;

/* reader_trace_tell tells the trace; |first| is its first event, NULL when it
   has none. */
int reader_trace_tell(qlog_reader *r, const qlog_envelope *first) QUIC_MUST_USE;

/* reader_trace_end: nothing more comes of its head, or of the file's. */
int reader_trace_end(qlog_reader *r) QUIC_MUST_USE;

/* reader_trace_now returns the trace at hand. */
reader_trace *reader_trace_now(const qlog_reader *r);

/* reader_plain returns |text| without escapes, with a NUL behind it if it has
   any, and cut to |cap| octets then.  |out| has room for |cap| + 1. */
quic_bytes reader_plain(quic_bytes text, bool escaped, char *out, size_t cap);

/* reader_read reads |text|, a record of |t|, into |r->out|.  Returns 0, also
   for a bad one, or QUIC_ERR_NOMEM. */
int reader_read(qlog_reader *r, const reader_trace *t, uint64_t *repairs,
                quic_bytes text) QUIC_MUST_USE;

/* reader_event tells the event in |r->out|.  Returns 0 or QUIC_ERR_NOMEM. */
int reader_event(qlog_reader *r, const reader_input *in) QUIC_MUST_USE;

/* reader_value reads a time in the unit of |t| as ns. */
bool reader_value(const reader_trace *t, const qlog_envelope_text *text,
                  quic_time *out, bool *negative);

/* reader_batch_event returns the event that is to be read next; those that wait
   are told first when they are many. */
qlog_event *reader_batch_event(qlog_reader *r);

/* reader_batch_record returns the record of that event, and reader_batch_add
   puts it, filled, behind those that wait. */
qlog_record *reader_batch_record(qlog_reader *r);
void reader_batch_add(qlog_reader *r);

/* reader_batch_tell tells those that wait: before anything else is told, or
   what they point to changes.  The one that is being read goes on. */
void reader_batch_tell(qlog_reader *r);

/* reader_batch_end is the same between records, and gives their memory back. */
void reader_batch_end(qlog_reader *r);

/* reader_bad tells a record that could not be read. */
void reader_bad(qlog_reader *r, const reader_input *in, const char *why,
                size_t at);

#endif /* !defined(QUIC_QLOG_READER_PARTS_H) */
