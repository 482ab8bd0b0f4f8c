#ifndef QUIC_QLOG_VALIDATE_H
#define QUIC_QLOG_VALIDATE_H

/* qlog_validate compares what a qlog says, as it is written, with the newest
   drafts (qlog/schema.h).  Members that the drafts do not have are extensions
   and no fault.  It keeps no state and allocates nothing. */

#include "qlog/reader.h"
#include "qlog/token.h"

typedef enum qlog_rule {
#define QLOG_RULE(id, key, error, text) QLOG_RULE_##id,
#include "qlog/rule.def"
#undef QLOG_RULE
  QLOG_RULES
} qlog_rule;

typedef struct qlog_rule_info {
  const char *key;  /* "field_missing" */
  bool error;       /* else a warning */
  const char *text; /* a clause */
} qlog_rule_info;

const qlog_rule_info *qlog_rule_info_of(qlog_rule rule);

#define QLOG_PATH_MAX 256  /* octets of a path */
#define QLOG_WANTS_MAX 512 /* of what was expected */

/* Borrowed for the call. */
typedef struct qlog_violation {
  qlog_rule rule;
  const char *event; /* "quic:packet_sent"; "" in heads */
  const char *path;  /* "data.frames[].stream_id" */
  const char *wants; /* what was expected; "" when the rule says all */
  quic_bytes found;  /* what is there instead, untrusted; empty = nothing */
  size_t at;         /* octet of the record or head */
} qlog_violation;

typedef void qlog_violation_fn(void *user, const qlog_violation *v);

/* qlog_validate_record checks an event and calls |fn| for each violation.
   |*time| gets the octets of its time as written; empty = none. */
void qlog_validate_record(const qlog_record *record, qlog_violation_fn *fn,
                          void *user, quic_bytes *time);

/* What is known of a head. */
typedef struct qlog_validate_head_in {
  qlog_layout layout;
  quic_bytes version; /* as qlog_trace */
  quic_bytes head;
} qlog_validate_head_in;

/* qlog_validate_head checks a head. */
void qlog_validate_head(const qlog_validate_head_in *in, qlog_violation_fn *fn,
                        void *user);

#endif /* !defined(QUIC_QLOG_VALIDATE_H) */
