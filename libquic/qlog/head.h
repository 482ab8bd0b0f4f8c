#ifndef QUIC_QLOG_HEAD_H
#define QUIC_QLOG_HEAD_H

/* What the heads of a qlog say, of the file and of a trace, in the words of any
   generation.  A head may be cut: all members in front of the cut count. */

#include "qlog/reader.h"
#include "qlog/stamp.h"

#define QLOG_COLUMNS_MAX 16 /* event_fields that are looked at */

/* What a column of rows holds. */
typedef enum qlog_column {
  QLOG_COLUMN_OTHER,
  QLOG_COLUMN_TIME, /* absolute, or relative where it is too small for that */
  QLOG_COLUMN_RELATIVE_TIME,
  QLOG_COLUMN_DELTA_TIME,
  QLOG_COLUMN_CATEGORY,
  QLOG_COLUMN_NAME,
  QLOG_COLUMN_TRIGGER,
  QLOG_COLUMN_DATA,
  QLOG_COLUMN_GROUP,
  QLOG_COLUMN_TUPLE
} qlog_column;

/* A string as it stands in JSON, escapes and all. */
typedef struct qlog_head_text {
  quic_bytes text; /* borrowed from the head */
  bool escaped;
} qlog_head_text;

typedef struct qlog_head {
  bool any;     /* it has a member that only heads have */
  bool prespec; /* "connections" */
  qlog_head_text version, title, description, vantage_name, group, error;
  qlog_vantage vantage, flow;
  qlog_layout claim;       /* the layout it names; UNKNOWN */
  int time_format;         /* qlog_time_format; QLOG_UNSET */
  qlog_stamp_unit unit;    /* of times */
  quic_time reference;     /* ns; 0 = not known */
  quic_time logging_start; /* wall_clock_time, ns; 0 = not known */
  quic_duration offset;    /* time_offset */
  bool offset_negative;
  uint8_t columns[QLOG_COLUMNS_MAX]; /* qlog_column */
  uint8_t ncolumns;
  /* inner: what takes second place, and numbers as written, for their unit may
     stand behind them */
  qlog_head_text old_version, odcid;
  quic_bytes reference_text, offset_text;
  bool reference_in_seconds;
  qlog_stamp_unit reference_unit; /* in which it was read */
} qlog_head;

void qlog_head_init(qlog_head *h);

/* qlog_head_read adds what the object |json| says: a file's head, a "trace" in
   it, or an element of "traces". */
void qlog_head_read(qlog_head *h, quic_bytes json);

/* qlog_head_key tells whether |key| stands only in heads. */
bool qlog_head_key(quic_bytes key);

/* qlog_head_time_format reads a "time_format"; QLOG_UNSET for other texts. */
int qlog_head_time_format(quic_bytes text);

#endif /* !defined(QUIC_QLOG_HEAD_H) */
