#ifndef QUIC_QLOG_GROUP_H
#define QUIC_QLOG_GROUP_H

/* The groups of a trace: connections that share one log, each with a clock that
   never goes back. */

#include "base/map.h"
#include "base/time.h"

#define QLOG_GROUPS_MAX 65536 /* in a trace; more share the trace's own */
#define QLOG_GROUP_NAME_MAX 255

typedef struct qlog_group {
  quic_time last; /* of its events so far, ns */
  size_t len;     /* of |name| */
  char name[];    /* with a NUL behind */
} qlog_group;

typedef struct qlog_groups {
  const quic_mem *mem;
  quic_map map;
  qlog_group *own;    /* the trace's */
  qlog_group *recent; /* asked for last; NULL */
} qlog_groups;

/* qlog_groups_init makes an empty set without allocating. */
void qlog_groups_init(qlog_groups *g, const quic_mem *mem,
                      const uint64_t seed[2]);
void qlog_groups_free(qlog_groups *g);

/* qlog_groups_start forgets all groups and makes the trace's own, of |name|.
   Returns 0 or QUIC_ERR_NOMEM. */
int qlog_groups_start(qlog_groups *g, quic_bytes name) QUIC_MUST_USE;

/* qlog_groups_of finds the group of |name|, the trace's when that is empty, or
   makes it.  Names are told apart by QLOG_GROUP_NAME_MAX octets.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qlog_groups_of(qlog_groups *g, quic_bytes name,
                   qlog_group **out) QUIC_MUST_USE;

#endif /* !defined(QUIC_QLOG_GROUP_H) */
