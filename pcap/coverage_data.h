#ifndef QD_COVERAGE_DATA_H
#define QD_COVERAGE_DATA_H

/* What pcap/coverage.c counts and coverage_report.c and coverage_keylog.c
   tell.  Nobody else includes this. */

#include "pcap/conn.h"
#include "pcap/coverage.h"

#define QD_COVERAGE_SNI 64 /* octets of a server name that are shown */
#define QD_COVERAGE_UNKNOWN QD_SIDES /* sender of a qd_cause */

/* A packet that opened. */
typedef struct qd_mark {
  uint64_t record; /* 0 = none */
  uint64_t pn;
} qd_mark;

/* Closed packets of one connection, one reason, level and sender. */
typedef struct qd_cause {
  uint8_t reason;
  uint8_t level;  /* QD_LEVELS: none */
  uint8_t sender; /* or QD_COVERAGE_UNKNOWN */
  bool icmp;      /* quoted by ICMP errors */
  bool versions_differ;
  bool scattered; /* 1-RTT packets opened in between */
  uint8_t cid_len;
  uint8_t cid[QUIC_CID_MAX]; /* destination of the first */
  uint32_t version;          /* of the first */
  uint32_t captured, wire;   /* octets of the first */
  uint64_t count;
  uint64_t first, last;  /* records */
  quic_addr addr;        /* the sender's latest */
  qd_mark before, after; /* the 1-RTT packets around these that opened */
} qd_cause;

/* What the report says of a connection with closed packets. */
typedef struct qd_block {
  quic_addr addrs[QD_SIDES];
  uint32_t version;
  bool has_random, settled; /* |settled|: the hello is known */
  uint8_t random[QUIC_KEYLOG_RANDOM_LEN];
  char sni[QD_COVERAGE_SNI + 2]; /* one octet more, to see that it is cut */
  qd_cause *causes;
  size_t ncauses, causes_cap;
} qd_block;

/* One connection: small, for most have nothing closed. */
typedef struct qd_tally {
  uint64_t packets; /* protected ones */
  uint64_t closed;
  qd_mark last[QD_SIDES];
  qd_block *block; /* NULL = nothing was closed, or there is no room */
} qd_tally;

struct qd_coverage {
  const quic_mem *mem;
  qd_tally *conns; /* by number */
  size_t nconns, conns_cap;
  size_t nblocks, ncauses;
  qd_tally stray; /* packets of no connection */
  qd_tally rest;  /* connections without a tally */
  uint64_t seen;  /* connections */
  uint64_t packets, opened;
  uint64_t reasons[QD_REASONS];
  uint64_t unlisted[QD_REASONS]; /* of them in no cause */
  uint64_t unauthenticated, retries, negotiations, resets, paddings;
};

/* A report on its way. */
typedef struct qd_coverage_view {
  qd_coverage *cov;
  const qd_keyfiles *keys;
  quic_keylog *log;
  bool any;         /* there is a source of secrets */
  uint64_t randoms; /* entries of |log| */
  uint64_t secrets;
  uint64_t claimed;                  /* entries whose hello was seen */
  uint64_t free[QUIC_KEYLOG_LABELS]; /* secrets of the others */
  quic_text *out;
  bool colour;
} qd_coverage_view;

/* qd_coverage_source appends "keys.log". */
void qd_coverage_source(const qd_coverage_view *view, uint16_t source,
                        quic_text *t);

/* qd_coverage_random appends "5f3a0102..f0c1". */
void qd_coverage_random(const uint8_t *random, quic_text *t);

/* qd_coverage_keylog reports on the key logs. */
void qd_coverage_keylog(const qd_coverage_view *view);

#endif /* !defined(QD_COVERAGE_DATA_H) */
