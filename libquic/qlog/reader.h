#ifndef QUIC_QLOG_READER_H
#define QUIC_QLOG_READER_H

/* qlog_reader turns the octets of a qlog of any generation into events.  It is
   fed as octets come, keeps no more than one record, and tells what was wrong:
   records that could not be read, and what it had to repair.

     qlog_reader_new(&r, mem, &settings, &ops, user);
     while (...) err = qlog_reader_feed(r, octets);
     err = qlog_reader_finish(r);
     qlog_reader_del(r);

   A record that is broken costs itself and at most its neighbours, and a file
   that is cut all that is behind the cut.

   What it reads is told by the content, never by a name or by what the head
   claims: pre-spec 0.1 (also as JavaScript), draft-00 and -01 rows, draft-02
   objects, NDJSON, 0.3 and 0.4, file_schema contained and sequential. */

#include "base/mem.h"
#include "qlog/event.h"
#include "qlog/writer.h"

#define QLOG_RECORD_MAX ((size_t)16 << 20) /* octets of a record */
#define QLOG_HEAD_MAX ((size_t)1 << 20)    /* octets of a head that are kept */
#define QLOG_TRACES_MAX 65536              /* in a file */

typedef enum qlog_layout {
  QLOG_LAYOUT_UNKNOWN,
  QLOG_LAYOUT_CONTAINED, /* one JSON text, events are objects */
  QLOG_LAYOUT_ROWS,      /* one JSON text, events are arrays */
  QLOG_LAYOUT_PRESPEC,   /* rows under "connections" */
  QLOG_LAYOUT_SEQUENCE,  /* JSON text sequence, RFC 7464 */
  QLOG_LAYOUT_NDJSON,
  QLOG_LAYOUTS
} qlog_layout;

/* "unknown", "contained", "rows", "prespec", "json-seq", "ndjson". */
const char *qlog_layout_name(qlog_layout layout);

/* What was not as the newest draft has it and could be put right. */
typedef enum qlog_repair {
#define QLOG_REPAIR(id, name, text) QLOG_REPAIR_##id,
#include "qlog/repair.def"
#undef QLOG_REPAIR
  QLOG_REPAIRS
} qlog_repair;

/* qlog_repair_name returns a key, _text a clause for people. */
const char *qlog_repair_name(qlog_repair repair);
const char *qlog_repair_text(qlog_repair repair);

typedef enum qlog_time_format {
  QLOG_TIME_RELATIVE, /* to reference_time */
  QLOG_TIME_ABSOLUTE, /* since 1970, or since whatever the logger counts from */
  QLOG_TIME_DELTA     /* to the event before */
} qlog_time_format;

/* What a trace says of itself; all borrowed for the call, empty when it says
   nothing.  It is told before its first event, and again, with |again|, when
   parts of its head turn out to stand behind the events, as JSON allows.  What
   the times count from stays as it was then, for events were told with it.  A
   head behind all traces of a file is told of the last one. */
typedef struct qlog_trace {
  uint32_t index; /* in the file, from 0 */
  bool again;
  qlog_layout layout;
  quic_bytes version; /* qlog_version, or file_schema */
  quic_bytes title, description;
  qlog_vantage vantage, flow;
  quic_bytes vantage_name;
  quic_bytes group; /* group_id or ODCID */
  quic_bytes error; /* TraceError: error_description */
  qlog_time_format time_format;
  bool wall_clock;      /* times count from 1970 */
  quic_time reference;  /* what relative times count from, ns; 0 = unknown */
  unsigned decimals;    /* a time as written, times 10^decimals, is ns */
  quic_bytes head;      /* JSON of the head as far as kept, to be shown */
  quic_bytes file_head; /* and of the file's around it; empty in streams */
} qlog_trace;

/* A record that is an event.  All borrowed for the call. */
typedef struct qlog_record {
  uint64_t number; /* among all records of the file, from 1; those that could
                      not be read count, and in a stream of texts the heads */
  uint64_t offset; /* of |text| in the (unpacked) file, octets */
  quic_bytes text; /* its JSON */
  uint32_t trace;
  quic_bytes group;        /* of the event, else the trace's */
  quic_bytes space, name;  /* "transport", "packet_sent" as written */
  quic_time time;          /* ns; never falls within a group, see repairs */
  bool delta;              /* it was told as the time since the record before */
  quic_bytes stamp;        /* its time as it stands in |text|, without quotation
                              marks */
  quic_bytes data;         /* JSON value of its data; empty = none */
  const qlog_event *event; /* NULL: an event that no draft knows */
} qlog_record;

typedef struct qlog_bad {
  uint64_t number, offset;
  quic_bytes text; /* as far as kept */
  const char *why; /* static, a clause */
  size_t at;       /* octet of |text| where it shows */
} qlog_bad;

/* Records are told some at a time, in order, and all of them by the end of the
   feed they were in. */
typedef struct qlog_reader_ops {
  void (*trace)(void *user, const qlog_trace *trace); /* NULL = not told */
  void (*record)(void *user, const qlog_record *record);
  void (*bad)(void *user, const qlog_bad *bad); /* NULL = counted only */
} qlog_reader_ops;

typedef struct qlog_reader_settings {
  size_t record_max; /* octets; 0 = QLOG_RECORD_MAX */
  uint64_t seed[2];  /* for hash tables */
} qlog_reader_settings;

typedef struct qlog_reader_stats {
  qlog_layout layout;
  uint64_t octets;  /* fed */
  uint64_t records; /* all of them */
  uint64_t events;  /* with an event */
  uint64_t unknown; /* events that no draft knows */
  uint64_t bad;
  uint32_t traces;
  bool truncated; /* the file ends inside a record or before its end */
  size_t record_largest;
  uint64_t repairs[QLOG_REPAIRS]; /* how often */
  uint64_t types[QLOG_EVENT_TYPES];
} qlog_reader_stats;

typedef struct qlog_reader qlog_reader;

/* qlog_reader_new starts a file.  |ops| and |user| must outlive the reader.
   Returns 0 or QUIC_ERR_NOMEM. */
int qlog_reader_new(qlog_reader **out, const quic_mem *mem,
                    const qlog_reader_settings *settings,
                    const qlog_reader_ops *ops, void *user) QUIC_MUST_USE;
void qlog_reader_del(qlog_reader *r);

/* qlog_reader_feed takes the next octets and calls |ops| for each record that
   is complete.  Returns 0, QUIC_ERR_NOMEM, or QUIC_ERR_UNSUPPORTED when this is
   no qlog: qlog_reader_problem says what it is instead.  After an error nothing
   more is taken; after finish nothing is (QUIC_ERR_INVALID). */
int qlog_reader_feed(qlog_reader *r, quic_bytes octets) QUIC_MUST_USE;

/* qlog_reader_pause says that more may be long in coming, as in a file that is
   followed: a last record that is whole is told.  Returns what feed does. */
int qlog_reader_pause(qlog_reader *r) QUIC_MUST_USE;

/* qlog_reader_finish says that nothing follows.  What is left of a record is
   read if it is whole, else bad.  Returns what feed does; QUIC_ERR_SHORT for a
   file without a single record. */
int qlog_reader_finish(qlog_reader *r) QUIC_MUST_USE;

/* qlog_reader_problem returns a clause, or NULL: "a Chrome netlog", "not JSON:
   ... at octet 17". */
const char *qlog_reader_problem(const qlog_reader *r);

const qlog_reader_stats *qlog_reader_stats_of(const qlog_reader *r);

/* qlog_reader_again reads the |text| of one record of |trace| that was told
   before, and calls |ops->record| for it with |number|, |offset| and |time| as
   given; counts stay as they are.  The event's |group| is what the record
   itself says.  Not for calls out of |ops|.  Returns 0, QUIC_ERR_MALFORMED, or
   QUIC_ERR_NOMEM. */
int qlog_reader_again(qlog_reader *r, const qlog_record *record) QUIC_MUST_USE;

#endif /* !defined(QUIC_QLOG_READER_H) */
