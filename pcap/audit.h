#ifndef QD_AUDIT_H
#define QD_AUDIT_H

/* qd_audit looks through a whole capture for what an attacker does with QUIC,
   or what an endpoint does that helps one.  Most of it needs no keys.

   What is seen is kept in tables of bounded size: of address pairs, networks,
   servers, connections, tokens.  What was silent longest gives way, and is
   judged then; the others at the end. */

#include "base/mem.h"
#include "capture/link.h"
#include "pcap/packet.h"

/* Entries of each table at one time. */
#define QD_AUDIT_FLOWS_MAX 32768
#define QD_AUDIT_NETWORKS_MAX 8192
#define QD_AUDIT_SERVERS_MAX 8192
#define QD_AUDIT_CONNS_MAX 32768
#define QD_AUDIT_TOKENS_MAX 16384
#define QD_AUDIT_PAIRS_MAX 8192

/* From where on it is worth a word; qd_audit_info says it in words. */
#define QD_AUDIT_RATIO 3           /* octets out for one in, RFC 9000 §8.1 */
#define QD_AUDIT_SPOOFED_MIN 8     /* half-open handshakes of a network */
#define QD_AUDIT_REFLECTED_MIN 16  /* answers that nobody followed */
#define QD_AUDIT_LOOP_MIN 8        /* datagrams, each shorter than the last */
#define QD_AUDIT_LOOP_EVEN_MIN 64  /* datagrams that do not get shorter */
#define QD_AUDIT_CLOSES_MIN 8      /* datagrams with CONNECTION_CLOSE */
#define QD_AUDIT_CLOSES_MAX 32     /* the same, however many were asked for */
#define QD_AUDIT_INITIALS_MIN 100  /* new connections of a server in 1 s */
#define QD_AUDIT_EARLY_ACKS_MIN 8  /* packets acknowledged before sent */
#define QD_AUDIT_AHEAD_MIN 1024    /* numbers acknowledged and never sent */
#define QD_AUDIT_TOKEN_USES_MIN 5  /* connections with one token */
#define QD_AUDIT_CHALLENGES_MIN 64 /* PATH_CHALLENGE frames of a side */
#define QD_AUDIT_MIGRATIONS_MIN 16 /* changes of the client's address */
#define QD_AUDIT_PATIENCE QUIC_SECOND /* how long a client may take to answer  \
                                       */

#define QD_AUDIT_WORST 5 /* cases of a kind that are kept */
#define QD_AUDIT_FACTS 6

typedef enum qd_audit_kind {
  QD_AUDIT_AMPLIFICATION,
  QD_AUDIT_SPOOFED,
  QD_AUDIT_VERSIONS,
  QD_AUDIT_RETRIES,
  QD_AUDIT_RESETS,
  QD_AUDIT_CLOSES,
  QD_AUDIT_INITIALS,
  QD_AUDIT_ACKS,
  QD_AUDIT_TOKENS,
  QD_AUDIT_CHALLENGES,
  QD_AUDIT_MIGRATIONS,
  QD_AUDIT_KINDS
} qd_audit_kind;

typedef enum qd_audit_unit {
  QD_AUDIT_COUNT,
  QD_AUDIT_OCTETS,
  QD_AUDIT_MILLI /* thousandths */
} qd_audit_unit;

typedef struct qd_audit_fact {
  const char *key;  /* "octets_out"; NULL ends the list */
  const char *text; /* "%s out" without the value: "out" */
  qd_audit_unit unit;
} qd_audit_fact;

typedef struct qd_audit_info {
  const char *key;       /* "amplification" */
  const char *title;     /* "more sent than may be before validation" */
  const char *threshold; /* "more than 3 octets out for one in (RFC ...)" */
  qd_audit_fact facts[QD_AUDIT_FACTS + 1];
} qd_audit_info;

const qd_audit_info *qd_audit_info_of(qd_audit_kind kind);

/* One place where it was seen. */
typedef struct qd_audit_case {
  quic_addr client, server; /* family 0: it concerns none in particular */
  uint8_t prefix;           /* bits of |client|'s network; 0 = one address */
  int side;                 /* who does it: qd_side; -1 = both, or unknown */
  uint64_t conn;            /* UINT64_MAX: none in particular */
  uint64_t first, last;     /* frames of the capture */
  uint64_t weight;          /* the worse, the larger */
  uint64_t facts[QD_AUDIT_FACTS];
} qd_audit_case;

typedef struct qd_audit_found {
  uint64_t cases;
  uint64_t first, last;                /* frames of all of them */
  qd_audit_case worst[QD_AUDIT_WORST]; /* worst first */
  size_t nworst;
} qd_audit_found;

typedef struct qd_audit_totals {
  uint64_t packets, connections, flows;
  uint64_t half_open;   /* address pairs that never validated the client's */
  uint64_t worst_milli; /* most octets out for one in, thousandths */
  uint64_t evicted;     /* judged early, for want of room */
} qd_audit_totals;

typedef struct qd_audit qd_audit;

/* qd_audit_new starts one; |seed| is for hash tables.  Returns 0 or
   QUIC_ERR_NOMEM. */
int qd_audit_new(qd_audit **out, const quic_mem *mem,
                 const uint64_t seed[2]) QUIC_MUST_USE;
void qd_audit_del(qd_audit *a);

/* qd_audit_datagram takes every UDP datagram, QUIC or not: a loop of resets
   belongs to no connection.  qd_audit_packet takes what the decoder hands out.
   Memory that is not there costs what could not be kept. */
void qd_audit_datagram(qd_audit *a, uint64_t frame, quic_time now,
                       const quic_datagram *dg);
void qd_audit_packet(qd_audit *a, const qd_packet *p);

/* qd_audit_finish judges what is left.  Nothing may follow. */
void qd_audit_finish(qd_audit *a);

/* Both are valid as long as |a|. */
const qd_audit_found *qd_audit_found_of(const qd_audit *a, qd_audit_kind kind);
const qd_audit_totals *qd_audit_totals_of(const qd_audit *a);

#endif /* !defined(QD_AUDIT_H) */
